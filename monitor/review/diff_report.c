#include "diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

static bool chain_changed(const struct sw_diff_chain *chain)
{
    return chain->sides[0].level != chain->sides[1].level ||
           chain->sides[0].verdict != chain->sides[1].verdict;
}

static int by_key(const void *a, const void *b)
{
    const struct sw_diff_chain *const *left = a;
    const struct sw_diff_chain *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

/* The chains that differ, in order of their keys; to be freed. */
static const struct sw_diff_chain **changed_chains(const struct sw_diff *diff, uint64_t *count)
{
    const struct sw_diff_chain **list = calloc(diff->chains.count + 1, sizeof(void *));
    SW_ASSERT(list != NULL);
    *count = 0;
    for (uint64_t i = 0; diff->chains.items != NULL && i <= diff->chains.mask; i++) {
        if (diff->chains.items[i].key[0] != '\0' && chain_changed(&diff->chains.items[i])) {
            list[(*count)++] = &diff->chains.items[i];
        }
    }
    qsort(list, *count, sizeof(void *), by_key);
    return list;
}

/* What one side left out since it hangs on deleted events: the larger of both, for an edge that is
 * off on one side keeps events from getting that far. */
static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t unsure_events(const struct sw_diff *diff)
{
    return larger(diff->sides[0].unsure_total, diff->sides[1].unsure_total);
}

static uint64_t left_again(const struct sw_diff *diff)
{
    return larger(diff->sides[0].again_total, diff->sides[1].again_total);
}

static bool rule_changed(const struct sw_diff_rule *rule)
{
    return rule->lost > 0 || rule->gained > 0;
}

static const char *verdict_code(int verdict)
{
    return sw_verdict_code((enum sw_verdict)verdict);
}

static const char *level_word(int level)
{
    return sw_level_word((enum sw_level)level);
}

/* --- for people --- */

static void print_verdicts(const struct sw_diff_matrix *matrix, const char *what, FILE *stream)
{
    (void)fprintf(stream, "\n%s by verdict: A down, B across\n%10s", what, "");
    for (int b = 0; b < SW_VERDICT_COUNT; b++) {
        (void)fprintf(stream, "%10s", verdict_code(b));
    }
    for (int a = 0; a < SW_VERDICT_COUNT; a++) {
        (void)fprintf(stream, "\n%10s", verdict_code(a));
        for (int b = 0; b < SW_VERDICT_COUNT; b++) {
            (void)fprintf(stream, "%10" PRIu64, matrix->verdicts[a][b]);
        }
    }
    (void)fprintf(stream, "\n");
}

static void print_levels(const struct sw_diff_matrix *matrix, const char *what, FILE *stream)
{
    (void)fprintf(stream, "\n%s by level: A down, B across\n%10s", what, "");
    for (int b = 0; b < SW_LEVEL_COUNT; b++) {
        (void)fprintf(stream, "%10s", level_word(b));
    }
    for (int a = 0; a < SW_LEVEL_COUNT; a++) {
        (void)fprintf(stream, "\n%10s", level_word(a));
        for (int b = 0; b < SW_LEVEL_COUNT; b++) {
            (void)fprintf(stream, "%10" PRIu64, matrix->levels[a][b]);
        }
    }
    (void)fprintf(stream, "\n");
}

static void print_side(const struct sw_diff_side *side, FILE *stream)
{
    const struct sw_map *map = &side->knowledge.map;
    struct sw_text policy = sw_policy_name(side->knowledge.policy);
    (void)fprintf(stream, "%c: %.*s; map %.*s of %.*s", side->index == 0 ? 'A' : 'B',
                  SW_TEXT_FORMAT(policy), SW_TEXT_FORMAT(map->id), SW_TEXT_FORMAT(map->version));
    bool first = true;
    for (uint16_t i = 0; i < map->edge_count; i++) {
        if (!map->edges[i].enabled) {
            (void)fprintf(stream, "%s%.*s", first ? ", without " : " ",
                          SW_TEXT_FORMAT(map->edges[i].id));
            first = false;
        }
    }
    (void)fprintf(stream, "\n");
}

static void print_rules(const struct sw_diff *diff, FILE *stream)
{
    bool any = false;
    for (uint32_t i = 0; i < diff->rule_count; i++) {
        const struct sw_diff_rule *rule = &diff->rules[i];
        if (!rule_changed(rule)) {
            continue;
        }
        if (!any) {
            (void)fprintf(stream, "\nFindings that differ\n%10s%10s%10s%10s  rule\n", "A", "B",
                          "lost", "gained");
        }
        any = true;
        (void)fprintf(stream, "%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "  %.*s: %.*s\n",
                      rule->spoke[0], rule->spoke[1], rule->lost, rule->gained,
                      SW_TEXT_FORMAT(rule->name), SW_TEXT_FORMAT(rule->title));
    }
    if (!any) {
        (void)fprintf(stream, "\nNo finding differs.\n");
    }
}

static void print_beyond(const struct sw_diff *diff, FILE *stream)
{
    const struct sw_map *map = &diff->sides[1].knowledge.map;
    (void)fprintf(stream,
                  "\nChains that reached an immigration system (level matched or more): A %" PRIu64
                  ", B %" PRIu64 "; B cuts %" PRIu64 " and adds %" PRIu64 "\n",
                  diff->crossed[0], diff->crossed[1], diff->cut, diff->added);
    (void)fprintf(stream,
                  "What no local rule reaches, automatic and federal hops only: A %" PRIu64
                  ", B %" PRIu64 " chains\n",
                  diff->beyond[0], diff->beyond[1]);
    for (uint16_t i = 0; i < map->edge_count; i++) {
        const struct sw_diff_edge *edge = &diff->edges[i];
        if (edge->beyond[0] > 0 || edge->beyond[1] > 0) {
            (void)fprintf(
                stream, "  %.*s A %" PRIu64 ", B %" PRIu64 " hops: %.*s; off switch: %.*s\n",
                SW_TEXT_FORMAT(map->edges[i].id), edge->beyond[0], edge->beyond[1],
                SW_TEXT_FORMAT(map->edges[i].name), SW_TEXT_FORMAT(map->edges[i].off_switch));
        }
    }
}

/* What could not be compared, and what that does to the rest. */
static void print_gone(const struct sw_diff *diff, FILE *stream)
{
    const struct sw_diff_side *side = &diff->sides[0];
    if (side->gone_total == 0) {
        return;
    }
    (void)fprintf(
        stream,
        "not judged on either side: %" PRIu64 " events whose payload was deleted on purpose\n"
        "not compared: %" PRIu64 " chains of such events, of which the log had something to tell\n",
        side->gone_total, diff->partial_total);
    if (unsure_events(diff) > 0) {
        (void)fprintf(
            stream,
            "nor %" PRIu64
            " later events of such chains: what a switched-off edge cuts hangs on what is "
            "gone\n",
            unsure_events(diff));
    }
    if (left_again(diff) > 0) {
        (void)fprintf(stream,
                      "nor %" PRIu64
                      " earlier events in the light of a later one: one of the two is gone\n",
                      left_again(diff));
    }
    (void)fprintf(stream, "rules that count over many events counted without them\n");
}

void sw_diff_print(const struct sw_diff *diff, bool chains, FILE *stream)
{
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        print_side(&diff->sides[i], stream);
    }
    (void)fprintf(stream,
                  "%" PRIu64 " events: %" PRIu64 " judged otherwise; %" PRIu64 " chains: %" PRIu64
                  " stand otherwise\n",
                  diff->event_total, diff->by_event.changed, diff->chains.count,
                  diff->by_chain.changed);
    if (diff->refused_total > 0) {
        (void)fprintf(stream, "%" PRIu64 " times an event names what the map does not have\n",
                      diff->refused_total);
    }
    print_gone(diff, stream);
    print_verdicts(&diff->by_chain, "Chains", stream);
    print_levels(&diff->by_chain, "Chains", stream);
    print_verdicts(&diff->by_event, "Events", stream);
    print_levels(&diff->by_event, "Events", stream);
    print_rules(diff, stream);
    print_beyond(diff, stream);
    if (chains) {
        uint64_t count = 0;
        const struct sw_diff_chain **list = changed_chains(diff, &count);
        (void)fprintf(stream, "\nChains that stand otherwise\n");
        for (uint64_t i = 0; i < count; i++) {
            const struct sw_diff_standing *sides = list[i]->sides;
            (void)fprintf(stream, "  %s: %s/%s, then %s/%s\n", list[i]->key,
                          verdict_code(sides[0].verdict), level_word(sides[0].level),
                          verdict_code(sides[1].verdict), level_word(sides[1].level));
        }
        free(list);
    }
}

/* --- for programs --- */

static void print_json_gone(FILE *stream, const struct sw_diff *diff)
{
    (void)fprintf(stream,
                  ",\"not_compared\":{\"gone\":%" PRIu64 ",\"unsure\":%" PRIu64
                  ",\"again\":%" PRIu64 ",\"chains\":%" PRIu64 "}",
                  diff->sides[0].gone_total, unsure_events(diff), left_again(diff),
                  diff->partial_total);
}

static void print_json_matrix(FILE *stream, const char *name, const struct sw_diff_matrix *matrix)
{
    (void)fprintf(stream, ",\"%s\":{\"changed\":%" PRIu64 ",\"verdicts\":{", name, matrix->changed);
    for (int a = 0; a < SW_VERDICT_COUNT; a++) {
        (void)fprintf(stream, "%s\"%s\":{", a > 0 ? "," : "", verdict_code(a));
        for (int b = 0; b < SW_VERDICT_COUNT; b++) {
            (void)fprintf(stream, "%s\"%s\":%" PRIu64, b > 0 ? "," : "", verdict_code(b),
                          matrix->verdicts[a][b]);
        }
        (void)fprintf(stream, "}");
    }
    (void)fprintf(stream, "},\"levels\":[");
    for (int a = 0; a < SW_LEVEL_COUNT; a++) {
        (void)fprintf(stream, "%s[", a > 0 ? "," : "");
        for (int b = 0; b < SW_LEVEL_COUNT; b++) {
            (void)fprintf(stream, "%s%" PRIu64, b > 0 ? "," : "", matrix->levels[a][b]);
        }
        (void)fprintf(stream, "]");
    }
    (void)fprintf(stream, "]}");
}

static void print_json_rules(FILE *stream, const struct sw_diff *diff)
{
    const char *comma = "";
    (void)fprintf(stream, ",\"findings\":[");
    for (uint32_t i = 0; i < diff->rule_count; i++) {
        const struct sw_diff_rule *rule = &diff->rules[i];
        if (rule_changed(rule)) {
            (void)fprintf(stream, "%s{\"rule\":", comma);
            sw_text_print_json(rule->name, stream);
            (void)fprintf(stream,
                          ",\"a\":%" PRIu64 ",\"b\":%" PRIu64 ",\"lost\":%" PRIu64
                          ",\"gained\":%" PRIu64 "}",
                          rule->spoke[0], rule->spoke[1], rule->lost, rule->gained);
            comma = ",";
        }
    }
    (void)fprintf(stream, "]");
}

static void print_json_beyond(FILE *stream, const struct sw_diff *diff)
{
    const struct sw_map *map = &diff->sides[1].knowledge.map;
    const char *comma = "";
    (void)fprintf(stream,
                  ",\"crossed\":{\"a\":%" PRIu64 ",\"b\":%" PRIu64 ",\"cut\":%" PRIu64
                  ",\"added\":%" PRIu64 "},\"beyond_local_rules\":{\"a\":%" PRIu64 ",\"b\":%" PRIu64
                  ",\"edges\":[",
                  diff->crossed[0], diff->crossed[1], diff->cut, diff->added, diff->beyond[0],
                  diff->beyond[1]);
    for (uint16_t i = 0; i < map->edge_count; i++) {
        const struct sw_diff_edge *edge = &diff->edges[i];
        if (edge->beyond[0] > 0 || edge->beyond[1] > 0) {
            (void)fprintf(stream, "%s{\"edge\":", comma);
            sw_text_print_json(map->edges[i].id, stream);
            (void)fprintf(stream,
                          ",\"a\":%" PRIu64 ",\"b\":%" PRIu64 ",\"off_switch\":", edge->beyond[0],
                          edge->beyond[1]);
            sw_text_print_json(map->edges[i].off_switch, stream);
            (void)fprintf(stream, "}");
            comma = ",";
        }
    }
    (void)fprintf(stream, "]}");
}

static void print_json_chains(FILE *stream, const struct sw_diff *diff)
{
    uint64_t count = 0;
    const struct sw_diff_chain **list = changed_chains(diff, &count);
    (void)fprintf(stream, ",\"chains\":[");
    for (uint64_t i = 0; i < count; i++) {
        const struct sw_diff_standing *sides = list[i]->sides;
        (void)fprintf(stream, "%s{\"chain\":", i > 0 ? "," : "");
        sw_text_print_json(sw_text_from(list[i]->key), stream);
        (void)fprintf(stream,
                      ",\"a\":{\"verdict\":\"%s\",\"level\":%u},\"b\":{\"verdict\":\"%s\","
                      "\"level\":%u}}",
                      verdict_code(sides[0].verdict), sides[0].level,
                      verdict_code(sides[1].verdict), sides[1].level);
    }
    (void)fprintf(stream, "]");
    free(list);
}

void sw_diff_print_json(const struct sw_diff *diff, bool chains, FILE *stream)
{
    (void)fprintf(stream, "{\"a\":");
    sw_text_print_json(sw_policy_name(diff->sides[0].knowledge.policy), stream);
    (void)fprintf(stream, ",\"b\":");
    sw_text_print_json(sw_policy_name(diff->sides[1].knowledge.policy), stream);
    (void)fprintf(stream,
                  ",\"events\":%" PRIu64 ",\"chain_count\":%" PRIu64 ",\"refused\":%" PRIu64,
                  diff->event_total, diff->chains.count, diff->refused_total);
    print_json_gone(stream, diff);
    print_json_matrix(stream, "by_chain", &diff->by_chain);
    print_json_matrix(stream, "by_event", &diff->by_event);
    print_json_rules(stream, diff);
    print_json_beyond(stream, diff);
    if (chains) {
        print_json_chains(stream, diff);
    }
    (void)fprintf(stream, "}\n");
}

static void print_csv_matrix(FILE *stream, const char *what, const struct sw_diff_matrix *matrix)
{
    for (int a = 0; a < SW_VERDICT_COUNT; a++) {
        for (int b = 0; b < SW_VERDICT_COUNT; b++) {
            (void)fprintf(stream, "%s_verdict,%s,%s,%" PRIu64 "\n", what, verdict_code(a),
                          verdict_code(b), matrix->verdicts[a][b]);
        }
    }
    for (int a = 0; a < SW_LEVEL_COUNT; a++) {
        for (int b = 0; b < SW_LEVEL_COUNT; b++) {
            (void)fprintf(stream, "%s_level,%d,%d,%" PRIu64 "\n", what, a, b, matrix->levels[a][b]);
        }
    }
}

/* Keys of chains and names of rules have the form of tokens, so nothing needs quotes. */
void sw_diff_print_csv(const struct sw_diff *diff, bool chains, FILE *stream)
{
    (void)fprintf(stream, "section,a,b,count\n");
    print_csv_matrix(stream, "chain", &diff->by_chain);
    print_csv_matrix(stream, "event", &diff->by_event);
    for (uint32_t i = 0; i < diff->rule_count; i++) {
        const struct sw_diff_rule *rule = &diff->rules[i];
        if (rule_changed(rule)) {
            (void)fprintf(
                stream, "finding_lost,%.*s,,%" PRIu64 "\nfinding_gained,,%.*s,%" PRIu64 "\n",
                SW_TEXT_FORMAT(rule->name), rule->lost, SW_TEXT_FORMAT(rule->name), rule->gained);
        }
    }
    (void)fprintf(stream,
                  "chains_crossed,A,,%" PRIu64 "\nchains_crossed,,B,%" PRIu64
                  "\nchains_beyond_local_rules,A,,%" PRIu64
                  "\nchains_beyond_local_rules,,B,%" PRIu64 "\n",
                  diff->crossed[0], diff->crossed[1], diff->beyond[0], diff->beyond[1]);
    (void)fprintf(stream,
                  "events_gone,,,%" PRIu64 "\nevents_unsure,,,%" PRIu64
                  "\nevents_not_judged_again,,,%" PRIu64 "\nchains_not_compared,,,%" PRIu64 "\n",
                  diff->sides[0].gone_total, unsure_events(diff), left_again(diff),
                  diff->partial_total);
    if (chains) {
        uint64_t count = 0;
        const struct sw_diff_chain **list = changed_chains(diff, &count);
        for (uint64_t i = 0; i < count; i++) {
            const struct sw_diff_standing *sides = list[i]->sides;
            (void)fprintf(stream, "chain:%s,%s/%u,%s/%u,1\n", list[i]->key,
                          verdict_code(sides[0].verdict), sides[0].level,
                          verdict_code(sides[1].verdict), sides[1].level);
        }
        free(list);
    }
}
