#include "rule.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "lint.h"
#include "taxonomy_check.h"

#define TITLE_MAX       256   // characters, by the specification
#define DESCRIPTION_MAX 65535 // likewise

static const char *const statuses[] = {"stable", "test", "experimental", "deprecated",
                                       "unsupported"};
static const char *const severities[] = {"informational", "low", "medium", "high", "critical"};
static const char *const layers[] = {"federal", "state", "county", "city", "department"};
static const char *const alert_modes[] = {"each", "daily", "never"}; // as enum sw_alert_mode

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

bool sw_rule_text(struct sw_set *set, const struct sw_yaml_node *map, const char *key,
                  struct sw_text *text, struct sw_report *report)
{
    const struct sw_yaml_node *node = sw_yaml_get(map, key);
    *text = (struct sw_text){"", 0};
    if (node == NULL) {
        return true;
    }
    if (node->type != SW_YAML_SCALAR) {
        sw_report_error(report, node->place, NULL, "%s must be text", key);
        return false;
    }
    if (sw_yaml_value(node).type != SW_VALUE_NULL) {
        *text = sw_arena_text(&set->arena, node->text);
    }
    return true;
}

/* The index of the text of @node in @words, or -1, reported. */
static int find_word(const struct sw_yaml_node *node, const char *what, const char *const *words,
                     uint32_t word_count, struct sw_report *report)
{
    struct sw_text text = node->type == SW_YAML_SCALAR ? node->text : (struct sw_text){NULL, 0};
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, text);
    char all[160];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, all, sizeof(all));
    for (uint32_t i = 0; i < word_count; i++) {
        if (sw_text_equal(text, sw_text_from(words[i]))) {
            return (int)i;
        }
        sw_suggestion_offer(&suggestion, sw_text_from(words[i]));
        sw_buffer_append_format(&buffer, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
    char hint[128];
    const char *nearest = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    sw_report_error(report, node->place, nearest != NULL ? nearest : all, "unknown %s %.*s", what,
                    SW_TEXT_FORMAT(text));
    return -1;
}

/* --- log source --------------------------------------------------------------------------------
 */

static bool check_log_source(const struct sw_yaml_node *node,
                             const struct sw_log_source *log_source, enum sw_kind *kind,
                             struct sw_report *report)
{
    if (log_source->service.length > 0) {
        sw_report_error(report, sw_yaml_get(node, "service")->place,
                        "test the field action instead", "events of sharewatch have no service");
        return false;
    }
    if (log_source->category.length == 0) {
        return true;
    }
    *kind = sw_kind_find(log_source->category);
    if (*kind != SW_KIND_NONE) {
        return true;
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, log_source->category);
    char all[160];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, all, sizeof(all));
    for (int i = SW_KIND_NONE + 1; i < SW_KIND_COUNT; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(sw_kind_name((enum sw_kind)i)));
        sw_buffer_append_format(&buffer, "%s%s", i == SW_KIND_NONE + 1 ? "" : ", ",
                                sw_kind_name((enum sw_kind)i));
    }
    char hint[128];
    const char *nearest = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    sw_report_error(report, sw_yaml_get(node, "category")->place, nearest != NULL ? nearest : all,
                    "unknown kind of event %.*s", SW_TEXT_FORMAT(log_source->category));
    return false;
}

bool sw_rule_load_log_source(struct sw_set *set, const struct sw_yaml_node *node, bool strict,
                             struct sw_log_source *log_source, enum sw_kind *kind,
                             struct sw_report *report)
{
    *log_source = (struct sw_log_source){{"", 0}, {"", 0}, {"", 0}};
    *kind = SW_KIND_NONE;
    if (node == NULL) {
        return true;
    }
    if (node->type != SW_YAML_MAPPING) {
        sw_report_error(report, node->place, "for example {product: sharewatch, category: booking}",
                        "logsource must be a map");
        return false;
    }
    bool good = sw_rule_text(set, node, "category", &log_source->category, report);
    good = sw_rule_text(set, node, "product", &log_source->product, report) && good;
    good = sw_rule_text(set, node, "service", &log_source->service, report) && good;
    bool ours = sw_text_equal(log_source->product, SW_TEXT("sharewatch"));
    if (good && (strict || ours)) {
        good = check_log_source(node, log_source, kind, report);
    }
    return good;
}

/* --- x_policy ----------------------------------------------------------------------------------
 */

static bool read_verdict(const struct sw_yaml_node *node, struct sw_rule *rule,
                         struct sw_report *report)
{
    static const char *const verdicts[] = {"NONE", "FED", "AUTO", "DISC", "REVIEW", "PROH"};
    if (find_word(node, "verdict", verdicts, COUNT(verdicts), report) < 0) {
        return false;
    }
    rule->has_verdict = true;
    rule->verdict = sw_verdict_find(node->text);
    SW_ASSERT(rule->verdict < SW_VERDICT_COUNT);
    return true;
}

static bool read_level(const struct sw_yaml_node *node, struct sw_rule *rule,
                       struct sw_report *report)
{
    struct sw_value value =
        node->type == SW_YAML_SCALAR ? sw_yaml_value(node) : (struct sw_value){0};
    if (value.type == SW_VALUE_INTEGER && value.integer >= 0 && value.integer < SW_LEVEL_COUNT) {
        rule->level = (enum sw_level)value.integer;
        return true;
    }
    for (int level = 0; level < SW_LEVEL_COUNT && value.type == SW_VALUE_TEXT; level++) {
        if (sw_text_equal(node->text, sw_text_from(sw_level_word((enum sw_level)level)))) {
            rule->level = (enum sw_level)level;
            return true;
        }
    }
    sw_report_error(report, node->place, "0 none, 1 searched, 2 matched, 3 informed, 4 custody",
                    "cross_level must be 0 to 4, or its word");
    return false;
}

static bool read_date(const struct sw_yaml_node *node, const char *what, int64_t *time_ms,
                      struct sw_report *report)
{
    if (node == NULL ||
        (node->type == SW_YAML_SCALAR && sw_yaml_value(node).type == SW_VALUE_NULL)) {
        return true;
    }
    if (node->type == SW_YAML_SCALAR && sw_time_parse(node->text, time_ms) == SW_OK) {
        return true;
    }
    sw_report_error(report, node->place, "for example 2018-01-01", "%s is no date", what);
    return false;
}

static bool read_in_force(const struct sw_yaml_node *node, struct sw_rule *rule,
                          struct sw_report *report)
{
    static const char *const keys[] = {"from", "until"};
    if (node->type != SW_YAML_MAPPING) {
        sw_report_error(report, node->place, "for example {from: 2018-01-01}",
                        "in_force must be a map of from and until");
        return false;
    }
    bool good = sw_yaml_check_keys(node, "in_force", keys, COUNT(keys), report);
    good = read_date(sw_yaml_get(node, "from"), "from", &rule->from_ms, report) && good;
    good = read_date(sw_yaml_get(node, "until"), "until", &rule->until_ms, report) && good;
    if (good && rule->from_ms >= rule->until_ms) {
        sw_report_error(report, node->place, "`until` is the first day on which it is not in force",
                        "in force from a day that is not before its end");
        return false;
    }
    return good;
}

static bool read_if_missing(struct sw_set *set, const struct sw_yaml_node *node,
                            struct sw_rule_source *source, struct sw_report *report)
{
    static const char *const verdicts[] = {"REVIEW"};
    if (node->type != SW_YAML_MAPPING) {
        sw_report_error(report, node->place, "for example {instrument: REVIEW}",
                        "if_missing must be a map of fields");
        return false;
    }
    bool good = true;
    uint32_t *slots = sw_arena_alloc(&set->arena, ((size_t)node->count + 1) * sizeof(*slots));
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(node, i);
        if (source->strict && !sw_taxonomy_check_field(key->text, key->place, report)) {
            good = false;
        }
        good = find_word(sw_yaml_pair_value(node, i), "answer to a missing fact", verdicts,
                         COUNT(verdicts), report) >= 0 &&
               good;
        slots[i] = sw_set_slot(set, key->text);
    }
    source->if_missing = slots;
    source->if_missing_count = node->count;
    return good;
}

static bool read_duties(const struct sw_yaml_node *node, struct sw_rule *rule,
                        struct sw_report *report)
{
    const char *names[SW_DUTY_COUNT];
    for (uint32_t bit = 0; bit < SW_DUTY_COUNT; bit++) {
        names[bit] = sw_duty_name(bit);
    }
    if (node->type != SW_YAML_SEQUENCE) {
        sw_report_error(report, node->place, "for example [SERVE_COPY]", "duties must be a list");
        return false;
    }
    bool good = true;
    for (uint32_t i = 0; i < node->count; i++) {
        int bit = find_word(node->items[i], "duty", names, SW_DUTY_COUNT, report);
        good = good && bit >= 0;
        rule->duties |= bit >= 0 ? UINT32_C(1) << bit : 0;
    }
    return good;
}

static bool read_x_policy(struct sw_set *set, const struct sw_yaml_node *node, struct sw_rule *rule,
                          struct sw_rule_source *source, struct sw_report *report)
{
    static const char *const keys[] = {"verdict", "cross_level", "cite",  "in_force",  "if_missing",
                                       "duties",  "layer",       "alert", "off_switch"};
    if (node->type != SW_YAML_MAPPING) {
        sw_report_error(report, node->place, NULL, "x_policy must be a map");
        return false;
    }
    bool good = sw_yaml_check_keys(node, "x_policy", keys, COUNT(keys), report);
    const struct sw_yaml_node *value = sw_yaml_get(node, "verdict");
    good = (value == NULL || read_verdict(value, rule, report)) && good;
    value = sw_yaml_get(node, "cross_level");
    good = (value == NULL || read_level(value, rule, report)) && good;
    value = sw_yaml_get(node, "in_force");
    good = (value == NULL || read_in_force(value, rule, report)) && good;
    value = sw_yaml_get(node, "if_missing");
    good = (value == NULL || read_if_missing(set, value, source, report)) && good;
    value = sw_yaml_get(node, "duties");
    good = (value == NULL || read_duties(value, rule, report)) && good;
    value = sw_yaml_get(node, "layer");
    if (value != NULL) {
        good = find_word(value, "layer", layers, COUNT(layers), report) >= 0 && good;
        good = sw_rule_text(set, node, "layer", &rule->layer, report) && good;
    }
    value = sw_yaml_get(node, "alert");
    if (value != NULL) {
        int mode = find_word(value, "way of alerting", alert_modes, COUNT(alert_modes), report);
        good = good && mode >= 0;
        rule->alert = mode >= 0 ? (enum sw_alert_mode)mode : SW_ALERT_EACH;
    }
    good = sw_rule_text(set, node, "cite", &rule->cite, report) && good;
    good = sw_rule_text(set, node, "off_switch", &source->off_switch, report) && good;
    rule->off_switch = source->off_switch;
    return good;
}

/* --- metadata ----------------------------------------------------------------------------------
 */

static uint32_t count_characters(struct sw_text text)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        count += ((unsigned char)text.bytes[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

static bool tag_byte(char c, bool after_dot)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           (after_dot && c == '.');
}

static bool is_tag(struct sw_text tag)
{
    uint32_t dot = 0;
    while (dot < tag.length && tag_byte(tag.bytes[dot], false)) {
        dot++;
    }
    if (dot == 0 || dot + 1 >= tag.length || tag.bytes[dot] != '.') {
        return false;
    }
    for (uint32_t i = dot + 1; i < tag.length; i++) {
        if (!tag_byte(tag.bytes[i], true)) {
            return false;
        }
    }
    return true;
}

static void lint_tags(const struct sw_yaml_node *tags, struct sw_report *report)
{
    for (uint32_t i = 0; tags != NULL && tags->type == SW_YAML_SEQUENCE && i < tags->count; i++) {
        const struct sw_yaml_node *tag = tags->items[i];
        if (tag->type != SW_YAML_SCALAR || !is_tag(tag->text)) {
            sw_report_warning(report, tag->place, "for example policy.ca-sb54",
                              "a tag is a name space, a dot and a name, in lower case");
        }
    }
}

static void lint_id(const struct sw_yaml_node *id, struct sw_report *report)
{
    if (id != NULL && id->type == SW_YAML_SCALAR && !sw_lint_is_uuid(id->text)) {
        sw_report_warning(report, id->place, "use `name` for a readable one",
                          "stock pySigma refuses an id that is no UUID");
    }
}

static void lint_date(const struct sw_yaml_node *date, struct sw_report *report)
{
    int64_t time_ms = 0;
    if (date != NULL && (date->type != SW_YAML_SCALAR || date->text.length != 10 ||
                         sw_time_parse(date->text, &time_ms) != SW_OK)) {
        sw_report_warning(report, date->place, "for example 2026-11-24", "not a date");
    }
}

/* The last part of @file without its ending. */
static struct sw_text stem_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    struct sw_text stem = sw_text_from(slash != NULL ? slash + 1 : file);
    const char *dot = stem.length > 0 ? strrchr(stem.bytes, '.') : NULL;
    if (dot != NULL && dot != stem.bytes) {
        stem.length = (uint32_t)(dot - stem.bytes);
    }
    return stem;
}

/* A name that may stand in a topic: other bytes become `_`. */
static struct sw_text topic_name(struct sw_set *set, struct sw_text text)
{
    uint32_t length = text.length < 64 ? text.length : 64;
    char *name = sw_arena_alloc(&set->arena, (size_t)length + 1);
    for (uint32_t i = 0; i < length; i++) {
        char c = text.bytes[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        name[i] = '_';
        if (good) {
            name[i] = c;
        }
    }
    return (struct sw_text){name, length};
}

/* The id of a document: its own, else its name, else its file's (with a number when the file holds
 * several). */
static void name_rule(struct sw_set *set, const struct sw_document *document, struct sw_rule *rule,
                      const struct sw_rule_source *source)
{
    struct sw_text stem = stem_of(document->file);
    if (document->documents > 1) {
        uint32_t most = stem.length + 16;
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, sw_arena_alloc(&set->arena, most), most);
        sw_buffer_append(&buffer, stem);
        sw_buffer_append_format(&buffer, "-%u", document->number + 1);
        stem = sw_buffer_text(&buffer);
    } else {
        stem = sw_arena_text(&set->arena, stem);
    }
    rule->id = source->id.length > 0 ? source->id : source->name.length > 0 ? source->name : stem;
    rule->name = topic_name(set, source->name.length > 0 ? source->name : stem);
}

static bool check_title(const struct sw_document *document, const struct sw_rule *rule,
                        struct sw_report *report)
{
    const struct sw_yaml_node *title = sw_yaml_get(document->node, "title");
    if (rule->title.length == 0) {
        sw_report_error(report, title != NULL ? title->place : document->node->place,
                        "one line that says what the rule finds", "there is no title");
        return false;
    }
    if (count_characters(rule->title) > TITLE_MAX && document->lint) {
        sw_report_warning(report, title->place, NULL, "the title is longer than %d characters",
                          TITLE_MAX);
    }
    return true;
}

static bool check_word(const struct sw_document *document, const char *key,
                       const char *const *words, uint32_t word_count, struct sw_report *report)
{
    const struct sw_yaml_node *node = sw_yaml_get(document->node, key);
    return node == NULL || find_word(node, key, words, word_count, report) >= 0;
}

bool sw_rule_load_metadata(struct sw_set *set, const struct sw_document *document,
                           struct sw_rule *rule, struct sw_rule_source *source,
                           struct sw_report *report)
{
    const struct sw_yaml_node *node = document->node;
    rule->from_ms = INT64_MIN;
    rule->until_ms = INT64_MAX;
    rule->layer = document->pack_layer;
    rule->pack = document->pack;
    rule->file = sw_arena_text(&set->arena, sw_text_from(document->file));
    rule->cite = (struct sw_text){"", 0};
    source->off_switch = (struct sw_text){"", 0};
    source->document = document->number;
    source->place = node->place;
    source->place.file = rule->file.bytes;
    bool good = sw_rule_text(set, node, "title", &rule->title, report);
    good = sw_rule_text(set, node, "id", &source->id, report) && good;
    good = sw_rule_text(set, node, "name", &source->name, report) && good;
    good = sw_rule_text(set, node, "description", &source->description, report) && good;
    good = sw_rule_text(set, node, "status", &source->status, report) && good;
    good = sw_rule_text(set, node, "level", &source->severity, report) && good;
    good = good && check_title(document, rule, report);
    good = check_word(document, "status", statuses, COUNT(statuses), report) && good;
    good = check_word(document, "level", severities, COUNT(severities), report) && good;
    name_rule(set, document, rule, source);
    const struct sw_yaml_node *policy = sw_yaml_get(node, "x_policy");
    good = (policy == NULL || read_x_policy(set, policy, rule, source, report)) && good;
    if (document->lint) {
        lint_tags(sw_yaml_get(node, "tags"), report);
        lint_id(sw_yaml_get(node, "id"), report);
        lint_date(sw_yaml_get(node, "date"), report);
        lint_date(sw_yaml_get(node, "modified"), report);
        if (source->description.length > DESCRIPTION_MAX) {
            sw_report_warning(report, node->place, NULL, "the description is longer than %d bytes",
                              DESCRIPTION_MAX);
        }
    }
    return good;
}

bool sw_rule_load(struct sw_set *set, const struct sw_document *document, struct sw_rule *rule,
                  struct sw_rule_source *source, struct sw_report *report)
{
    static const char *const others[] = {"condition", "timeframe"};
    const struct sw_yaml_node *node = document->node;
    const struct sw_yaml_node *log_source = sw_yaml_get(node, "logsource");
    *rule = (struct sw_rule){0};
    *source = (struct sw_rule_source){.kind = SW_RULE_DETECTION};
    enum sw_kind kind = SW_KIND_NONE;
    bool good = log_source != NULL;
    if (!good) {
        sw_report_error(report, node->place, "for example {product: sharewatch, category: booking}",
                        "there is no logsource");
    }
    good = sw_rule_load_log_source(set, log_source, document->strict, &source->log_source, &kind,
                                   report) &&
           good;
    source->strict =
        document->strict || sw_text_equal(source->log_source.product, SW_TEXT("sharewatch"));
    good = sw_rule_load_metadata(set, document, rule, source, report) && good;
    const struct sw_yaml_node *detection = sw_yaml_get(node, "detection");
    SW_ASSERT(detection != NULL);
    if (detection->type == SW_YAML_MAPPING && sw_yaml_get(detection, "timeframe") != NULL) {
        sw_report_warning(report, sw_yaml_get(detection, "timeframe")->place, "write a correlation",
                          "timeframe was given up in Sigma 2 and is ignored");
    }
    struct sw_loading loading = {
        .set = set,
        .report = report,
        .find_list = document->find_list,
        .list_context = document->list_context,
        .kind = kind,
        .strict = source->strict,
        .lint = document->lint,
    };
    source->tree = sw_detection_load(&loading, detection, others, COUNT(others));
    return good && source->tree != NULL;
}
