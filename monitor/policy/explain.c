/* The tree is walked as it was written, with the same tests that the index stands for. A test is
 * "not testable" when the event does not have its field; for a field of if_missing that carries up
 * as "unknown", for others it counts as false, as Sigma has it. */
#include <sharewatch/policy.h>

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "policy_state.h"

#define INDENT_MAX  200
#define VALUE_BYTES 64 // of a value of the event that is shown

enum answer { ANSWER_FALSE = -1, ANSWER_UNKNOWN = 0, ANSWER_TRUE = 1 };

struct explanation {
    struct sw_scratch *scratch;
    const struct sw_rule_source *source;
    FILE *stream;
    bool json;
    char indent[INDENT_MAX];
};

static const struct sw_predicate *predicate_of(const struct explanation *explanation,
                                               const struct sw_node *node)
{
    return &explanation->scratch->policy->set.predicates[node->predicate];
}

static bool asks_presence(const struct sw_predicate *predicate)
{
    return predicate->op == SW_OP_EXISTS || predicate->op == SW_OP_NULL;
}

/* The field whose absence makes the test impossible, or SW_UNKNOWN. */
static uint32_t missing_slot(const struct explanation *explanation,
                             const struct sw_predicate *predicate)
{
    const struct sw_matcher *matcher = &explanation->scratch->matcher;
    if (asks_presence(predicate)) {
        return SW_UNKNOWN;
    }
    if (sw_match_missing(matcher, predicate->slot)) {
        return predicate->slot;
    }
    bool other = predicate->op == SW_OP_FIELD && sw_match_missing(matcher, predicate->other_slot);
    return other ? predicate->other_slot : SW_UNKNOWN;
}

static bool is_in_if_missing(const struct explanation *explanation, uint32_t slot)
{
    for (uint32_t i = 0; i < explanation->source->if_missing_count; i++) {
        if (explanation->source->if_missing[i] == slot) {
            return true;
        }
    }
    return false;
}

static enum answer answer_of(struct explanation *explanation, const struct sw_node *node)
{
    if (node->type == SW_NODE_PREDICATE) {
        const struct sw_predicate *predicate = predicate_of(explanation, node);
        uint32_t slot = missing_slot(explanation, predicate);
        if (slot != SW_UNKNOWN && is_in_if_missing(explanation, slot)) {
            return ANSWER_UNKNOWN;
        }
        return sw_match_test(&explanation->scratch->matcher, node->predicate) ? ANSWER_TRUE
                                                                              : ANSWER_FALSE;
    }
    if (node->type == SW_NODE_NOT) {
        return (enum answer)(-(int)answer_of(explanation, node->children[0]));
    }
    enum answer worst = node->type == SW_NODE_AND ? ANSWER_TRUE : ANSWER_FALSE;
    for (uint32_t i = 0; i < node->count; i++) {
        enum answer answer = answer_of(explanation, node->children[i]);
        bool takes = node->type == SW_NODE_AND ? answer < worst : answer > worst;
        worst = takes ? answer : worst;
    }
    return worst;
}

static const char *word_of(enum answer answer)
{
    return answer == ANSWER_TRUE ? "true" : answer == ANSWER_FALSE ? "false" : "unknown";
}

static const char *sign_of(enum answer answer)
{
    return answer == ANSWER_TRUE ? "✓" : answer == ANSWER_FALSE ? "✗" : "?";
}

/* Writes @text as a JSON string. */
static void put_json(FILE *stream, struct sw_text text)
{
    char bytes[2048];
    uint32_t part_max = (uint32_t)sizeof(bytes) / 6 - 2;
    (void)fputc('"', stream);
    for (uint32_t at = 0; at < text.length; at += part_max) {
        uint32_t left = text.length - at;
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, bytes, sizeof(bytes));
        sw_buffer_append_json(&buffer,
                              (struct sw_text){text.bytes + at, left < part_max ? left : part_max});
        (void)fwrite(bytes + 1, 1, buffer.length - 2, stream); // without the quotes
    }
    (void)fputc('"', stream);
}

/* The values that the event has in @slot, as people read them. */
static void put_values(const struct explanation *explanation, uint32_t slot)
{
    const struct sw_matcher *matcher = &explanation->scratch->matcher;
    uint32_t shown = 0;
    for (uint32_t at = matcher->slot_first[slot]; at != SW_UNKNOWN && shown < 4;
         at = matcher->data[at].next, shown++) {
        const struct sw_datum *datum = &matcher->data[at];
        const char *before = shown > 0 ? ", " : "";
        if (datum->type == SW_DATUM_NULL) {
            (void)fprintf(explanation->stream, "%snull", before);
        } else if (datum->type == SW_DATUM_OTHER) {
            (void)fprintf(explanation->stream, "%san object", before);
        } else {
            struct sw_text text = datum->text;
            bool cut = text.length > VALUE_BYTES;
            text.length = cut ? VALUE_BYTES : text.length;
            (void)fprintf(explanation->stream, "%s%.*s%s", before, SW_TEXT_FORMAT(text),
                          cut ? "…" : "");
        }
    }
}

static void put_leaf(struct explanation *explanation, const struct sw_node *node,
                     enum answer answer)
{
    const struct sw_predicate *predicate = predicate_of(explanation, node);
    const struct sw_slot *slots = explanation->scratch->policy->set.slots;
    uint32_t missing = missing_slot(explanation, predicate);
    bool keyword = predicate->slot == SW_SLOT_KEYWORDS;
    (void)fprintf(explanation->stream, "%s %.*s: %.*s",
                  missing != SW_UNKNOWN ? "?" : sign_of(answer), SW_TEXT_FORMAT(node->label),
                  SW_TEXT_FORMAT(predicate->source));
    if (keyword) {
        (void)fprintf(explanation->stream, "   %s, anywhere in the event\n", word_of(answer));
    } else if (missing != SW_UNKNOWN) {
        (void)fprintf(explanation->stream, "   not testable: the event has no %.*s%s\n",
                      SW_TEXT_FORMAT(slots[missing].name),
                      answer == ANSWER_UNKNOWN ? ", so this is unknown" : ", so this is false");
    } else if (explanation->scratch->matcher.slot_first[predicate->slot] == SW_UNKNOWN) {
        (void)fprintf(explanation->stream, "   %s: the event has none\n", word_of(answer));
    } else {
        (void)fprintf(explanation->stream, "   %s: the event has ", word_of(answer));
        put_values(explanation, predicate->slot);
        (void)fputc('\n', explanation->stream);
    }
}

static const char *join_word(const struct sw_node *node)
{
    return node->type == SW_NODE_AND ? "all of" : node->type == SW_NODE_OR ? "any of" : "not";
}

static void put_branch(struct explanation *explanation, const struct sw_node *node)
{
    enum answer answer = answer_of(explanation, node);
    if (node->type == SW_NODE_PREDICATE) {
        put_leaf(explanation, node, answer);
        return;
    }
    (void)fprintf(explanation->stream, "%s %.*s", sign_of(answer), SW_TEXT_FORMAT(node->label));
    if (node->type != SW_NODE_NOT && node->count > 1) {
        (void)fprintf(explanation->stream, " (%s)", join_word(node));
    }
    (void)fprintf(explanation->stream, "   %s\n", word_of(answer));
    size_t used = strlen(explanation->indent);
    for (uint32_t i = 0; i < node->count && used + 8 < INDENT_MAX; i++) {
        bool last = i + 1 == node->count;
        (void)fprintf(explanation->stream, "%s%s", explanation->indent, last ? "└─ " : "├─ ");
        (void)snprintf(explanation->indent + used, INDENT_MAX - used, "%s", last ? "   " : "│  ");
        put_branch(explanation, node->children[i]);
        explanation->indent[used] = '\0';
    }
}

static void put_branch_json(struct explanation *explanation, const struct sw_node *node)
{
    FILE *stream = explanation->stream;
    enum answer answer = answer_of(explanation, node);
    (void)fputs("{\"label\":", stream);
    put_json(stream, node->label);
    if (node->type == SW_NODE_PREDICATE) {
        const struct sw_predicate *predicate = predicate_of(explanation, node);
        uint32_t missing = missing_slot(explanation, predicate);
        (void)fputs(",\"value\":", stream);
        put_json(stream, predicate->source);
        (void)fprintf(stream, ",\"line\":%u,\"answer\":\"%s\"", node->place.line,
                      missing != SW_UNKNOWN ? "not testable" : word_of(answer));
        if (missing != SW_UNKNOWN) {
            (void)fputs(",\"missing\":", stream);
            put_json(stream, explanation->scratch->policy->set.slots[missing].name);
        }
        (void)fputc('}', stream);
        return;
    }
    (void)fprintf(stream, ",\"join\":\"%s\",\"answer\":\"%s\",\"parts\":[", join_word(node),
                  word_of(answer));
    for (uint32_t i = 0; i < node->count; i++) {
        (void)fputs(i > 0 ? "," : "", stream);
        put_branch_json(explanation, node->children[i]);
    }
    (void)fputs("]}", stream);
}

/* --- the words around the tree -----------------------------------------------------------------
 */

/* "2018-01-01", or with its time when it is not midnight. */
static const char *date_of(int64_t time_ms, char text[SW_TIME_BYTES])
{
    sw_time_format(time_ms, text);
    if (time_ms % SW_DAY_MS == 0) {
        text[10] = '\0';
    }
    return text;
}

static bool in_force(const struct sw_rule *rule, const struct sw_line *line)
{
    return !line->has_time || (line->time_ms >= rule->from_ms && line->time_ms < rule->until_ms);
}

static void put_dates(const struct sw_rule *rule, const struct sw_line *line, FILE *stream)
{
    char from[SW_TIME_BYTES];
    char until[SW_TIME_BYTES];
    char time[SW_TIME_BYTES];
    if (rule->from_ms == INT64_MIN && rule->until_ms == INT64_MAX) {
        return;
    }
    (void)fputs("  In force:  ", stream);
    if (rule->from_ms != INT64_MIN) {
        (void)fprintf(stream, "from %s ", date_of(rule->from_ms, from));
    }
    if (rule->until_ms != INT64_MAX) {
        (void)fprintf(stream, "until before %s ", date_of(rule->until_ms, until));
    }
    if (!line->has_time) {
        (void)fputs("(the event has no time)\n", stream);
        return;
    }
    (void)fprintf(stream, "(event of %s: %s)\n", date_of(line->time_ms, time),
                  in_force(rule, line) ? "in force" : "not in force");
}

static void put_text(FILE *stream, const char *label, struct sw_text text)
{
    if (text.length > 0) {
        (void)fprintf(stream, "  %-10s %.*s\n", label, SW_TEXT_FORMAT(text));
    }
}

static void put_head(const struct explanation *explanation, const struct sw_rule *rule,
                     const struct sw_line *line)
{
    FILE *stream = explanation->stream;
    char duties[SW_DUTIES_TEXT_BYTES];
    (void)fprintf(stream, "%.*s\n", SW_TEXT_FORMAT(rule->title));
    put_text(stream, "Rule:", rule->id);
    (void)fprintf(stream, "  %-10s %.*s:%u\n", "File:", SW_TEXT_FORMAT(rule->file),
                  explanation->source->place.line);
    put_text(stream, "Citation:", rule->cite);
    put_text(stream, "Layer:", rule->layer);
    put_dates(rule, line, stream);
    if (rule->has_verdict) {
        (void)fprintf(stream, "  %-10s %s (%s)\n", "Verdict:", sw_verdict_code(rule->verdict),
                      sw_verdict_word(rule->verdict));
    }
    if (rule->level != SW_LEVEL_NONE) {
        (void)fprintf(stream, "  %-10s at least %d (%s)\n", "Level:", (int)rule->level,
                      sw_level_word(rule->level));
    }
    if (rule->duties != 0) {
        put_text(stream, "Duties:", sw_text_from(sw_duties_text(rule->duties, duties)));
    }
    put_text(stream, "Off switch:", explanation->source->off_switch);
    put_text(stream, "About:", explanation->source->description);
}

static bool has_fired(const struct sw_scratch *scratch, uint32_t rule)
{
    for (uint32_t i = 0; i < scratch->correlator.fired_count; i++) {
        if (scratch->correlator.fired[i] == rule) {
            return true;
        }
    }
    return false;
}

/* What the engine itself said: matched, and for want of which field. */
static bool has_matched(const struct sw_scratch *scratch, uint32_t rule, uint32_t *missing)
{
    *missing = SW_UNKNOWN;
    for (uint32_t i = 0; i < scratch->matcher.match_count; i++) {
        if (scratch->matcher.matches[i].rule == rule) {
            *missing = scratch->matcher.matches[i].missing_slot;
            return true;
        }
    }
    return has_fired(scratch, rule);
}

static void put_result(const struct explanation *explanation, uint32_t index,
                       const struct sw_line *line)
{
    const struct sw_policy *policy = explanation->scratch->policy;
    const struct sw_rule *rule = &policy->rules[index];
    uint32_t missing = SW_UNKNOWN;
    bool matched = has_matched(explanation->scratch, index, &missing);
    bool applies =
        explanation->scratch->matcher.applies[policy->index.plans[index].log_source] != 0;
    FILE *stream = explanation->stream;
    if (matched && missing != SW_UNKNOWN) {
        struct sw_text name = policy->set.slots[missing].name;
        (void)fprintf(stream,
                      "Result: needs review (REVIEW). The answer hangs on %.*s, which the event "
                      "does not have.\n",
                      SW_TEXT_FORMAT(name));
    } else if (matched && rule->has_verdict) {
        (void)fprintf(stream, "Result: matches; verdict %s (%s).\n", sw_verdict_code(rule->verdict),
                      sw_verdict_word(rule->verdict));
    } else if (matched) {
        (void)fputs("Result: matches.\n", stream);
    } else if (!applies) {
        (void)fputs("Result: does not apply: the event is of another log source.\n", stream);
    } else if (!in_force(rule, line)) {
        (void)fputs("Result: does not match: not in force at the time of the event.\n", stream);
    } else {
        (void)fputs("Result: does not match.\n", stream);
    }
}

static void put_json_result(const struct explanation *explanation, uint32_t index,
                            const struct sw_line *line)
{
    const struct sw_policy *policy = explanation->scratch->policy;
    const struct sw_rule *rule = &policy->rules[index];
    uint32_t missing = SW_UNKNOWN;
    bool matched = has_matched(explanation->scratch, index, &missing);
    FILE *stream = explanation->stream;
    const struct {
        const char *key;
        struct sw_text text;
    } texts[] = {{"rule", rule->id},
                 {"title", rule->title},
                 {"file", rule->file},
                 {"citation", rule->cite},
                 {"layer", rule->layer},
                 {"pack", rule->pack},
                 {"off_switch", explanation->source->off_switch}};
    char separator = '{';
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        (void)fprintf(stream, "%c\"%s\":", separator, texts[i].key);
        put_json(stream, texts[i].text);
        separator = ',';
    }
    char time[SW_TIME_BYTES];
    if (rule->from_ms != INT64_MIN) {
        (void)fprintf(stream, ",\"from\":\"%s\"", date_of(rule->from_ms, time));
    }
    if (rule->until_ms != INT64_MAX) {
        (void)fprintf(stream, ",\"until\":\"%s\"", date_of(rule->until_ms, time));
    }
    enum sw_verdict verdict = missing != SW_UNKNOWN ? SW_VERDICT_REVIEW : rule->verdict;
    (void)fprintf(stream, ",\"in_force\":%s,\"matches\":%s",
                  in_force(rule, line) ? "true" : "false", matched ? "true" : "false");
    if (rule->has_verdict || missing != SW_UNKNOWN) {
        (void)fprintf(stream, ",\"verdict\":\"%s\"", sw_verdict_code(verdict));
    }
    if (missing != SW_UNKNOWN) {
        (void)fputs(",\"missing\":", stream);
        put_json(stream, policy->set.slots[missing].name);
    }
}

/* A correlation has no tree of its own: what it waits for, and the rules that feed it. */
static void put_correlation(struct explanation *explanation, const struct sw_line *line)
{
    const struct sw_correlation *correlation = explanation->source->correlation;
    const struct sw_policy *policy = explanation->scratch->policy;
    FILE *stream = explanation->stream;
    if (explanation->json) {
        (void)fputs(",\"rules\":[", stream);
    } else {
        (void)fprintf(stream, "\nWatches %u rules over %lld seconds", correlation->rule_count,
                      (long long)(correlation->timespan_ms / SW_SECOND_MS));
        for (uint32_t i = 0; i < correlation->group_count; i++) {
            (void)fprintf(stream, "%s%.*s", i == 0 ? ", by " : ", ",
                          SW_TEXT_FORMAT(correlation->group_names[i]));
        }
        (void)fputs(":\n", stream);
    }
    for (uint32_t i = 0; i < correlation->rule_count; i++) {
        uint32_t missing = SW_UNKNOWN;
        bool matched = has_matched(explanation->scratch, correlation->rules[i], &missing);
        if (explanation->json) {
            (void)fputs(i > 0 ? ",{\"rule\":" : "{\"rule\":", stream);
            put_json(stream, policy->rules[correlation->rules[i]].id);
            (void)fprintf(stream, ",\"matches\":%s}", matched ? "true" : "false");
        } else {
            (void)fprintf(stream, "  %s %.*s\n", sign_of(matched ? ANSWER_TRUE : ANSWER_FALSE),
                          SW_TEXT_FORMAT(policy->rules[correlation->rules[i]].title));
        }
    }
    (void)fputs(explanation->json ? "]" : "", stream);
    (void)line;
}

void sw_policy_explain(struct sw_scratch *scratch, uint32_t rule, const struct sw_line *line,
                       bool json, FILE *stream)
{
    const struct sw_policy *policy = scratch->policy;
    SW_ASSERT(rule < policy->rule_count);
    struct explanation explanation = {
        .scratch = scratch, .source = &policy->sources[rule], .stream = stream, .json = json};
    if (json) {
        put_json_result(&explanation, rule, line);
    } else {
        put_head(&explanation, &policy->rules[rule], line);
    }
    if (explanation.source->kind == SW_RULE_CORRELATION) {
        put_correlation(&explanation, line);
    } else if (json) {
        (void)fputs(",\"tree\":", stream);
        put_branch_json(&explanation, explanation.source->tree);
    } else {
        (void)fputc('\n', stream);
        put_branch(&explanation, explanation.source->tree);
    }
    if (json) {
        (void)fputs("}\n", stream);
    } else {
        (void)fputc('\n', stream);
        put_result(&explanation, rule, line);
    }
}
