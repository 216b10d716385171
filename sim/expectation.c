/* What a scenario expects: reading it, and comparing it with what was seen. */
#include "loader.h"

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/map.h>

#include "random.h"
#include "token.h"

#define COUNT_MAX INT64_C(1000000000000)

static enum sw_verdict load_verdict(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_text code = sw_load_text(loader, node, "verdict");
    enum sw_verdict verdict = sw_verdict_find(code);
    if (verdict == SW_VERDICT_COUNT) {
        sw_report_error(loader->report, node->place, "one of NONE, FED, AUTO, DISC, REVIEW, PROH",
                        "unknown verdict \"%.*s\"", SW_TEXT_FORMAT(code));
        return SW_VERDICT_NONE;
    }
    return verdict;
}

static enum sw_level load_level(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_text text = sw_load_text(loader, node, "level");
    for (int level = 0; level < SW_LEVEL_COUNT; level++) {
        char digit = (char)('0' + level);
        if (sw_text_equal(text, (struct sw_text){&digit, 1}) ||
            sw_text_equal(text, sw_text_from(sw_level_word((enum sw_level)level)))) {
            return (enum sw_level)level;
        }
    }
    sw_report_error(loader->report, node->place,
                    "0 none, 1 searched, 2 matched, 3 informed, 4 custody",
                    "unknown level \"%.*s\"", SW_TEXT_FORMAT(text));
    return SW_LEVEL_NONE;
}

static uint32_t load_duties(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    uint32_t duties = 0;
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "duties")) {
        return 0;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        struct sw_text name = sw_load_text(loader, node->items[i], "duty");
        uint32_t duty = sw_duty_find(name);
        struct sw_suggestion suggestion;
        sw_suggestion_init(&suggestion, name);
        for (uint32_t bit = 0; bit < SW_DUTY_COUNT; bit++) {
            sw_suggestion_offer(&suggestion, sw_text_from(sw_duty_name(bit)));
        }
        if (duty == 0) {
            char hint[128];
            sw_report_error(loader->report, node->items[i]->place,
                            sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                            "unknown duty \"%.*s\"", SW_TEXT_FORMAT(name));
        }
        duties |= duty;
    }
    return duties;
}

static uint32_t load_verdicts(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    uint32_t verdicts = 0;
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "verdicts")) {
        return 0;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        verdicts |= 1U << load_verdict(loader, node->items[i]);
    }
    return verdicts;
}

static struct sw_text load_edge(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_text edge = sw_load_text(loader, node, "edge");
    if (sw_text_equal(edge, SW_TEXT("none"))) {
        return (struct sw_text){0};
    }
    const struct sw_map *map = loader->options->map;
    if (map == NULL || sw_map_edge(map, edge) != SW_NONE) {
        return edge;
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, edge);
    for (uint16_t i = 0; i < map->edge_count; i++) {
        sw_suggestion_offer(&suggestion, map->edges[i].id);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "the map has no edge \"%.*s\"", SW_TEXT_FORMAT(edge));
    return edge;
}

static void load_findings(struct sw_loader *loader, const struct sw_yaml_node *node,
                          struct sw_expectation *expect)
{
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "findings")) {
        return;
    }
    struct sw_text *findings =
        sw_arena_alloc(&loader->scenario->arena, (node->count + 1) * sizeof(findings[0]));
    for (uint32_t i = 0; i < node->count; i++) {
        findings[i] = sw_load_text(loader, node->items[i], "finding");
    }
    expect->findings = findings;
    expect->finding_count = node->count;
}

/* The parts that stand directly in an expectation; `under` is its caller's. */
static void load_parts(struct sw_loader *loader, const struct sw_yaml_node *node,
                       struct sw_expectation *expect)
{
    const struct sw_yaml_node *part;
    expect->place = node->place;
    if ((part = sw_yaml_get(node, "verdict")) != NULL) {
        expect->parts |= SW_EXPECT_VERDICT;
        expect->verdict = load_verdict(loader, part);
    }
    if ((part = sw_yaml_get(node, "level")) != NULL) {
        expect->parts |= SW_EXPECT_LEVEL;
        expect->level = load_level(loader, part);
    }
    if ((part = sw_yaml_get(node, "duties")) != NULL) {
        expect->parts |= SW_EXPECT_DUTIES;
        expect->duties = load_duties(loader, part);
    }
    if ((part = sw_yaml_get(node, "fed_reach")) != NULL) {
        expect->parts |= SW_EXPECT_FED_REACH;
        expect->fed_reach = sw_load_flag(loader, part, "fed_reach");
    }
    if ((part = sw_yaml_get(node, "alert")) != NULL) {
        expect->parts |= SW_EXPECT_ALERT;
        expect->alert = sw_load_flag(loader, part, "alert");
    }
    if ((part = sw_yaml_get(node, "edge")) != NULL) {
        expect->parts |= SW_EXPECT_EDGE;
        expect->edge = load_edge(loader, part);
    }
    if ((part = sw_yaml_get(node, "verdicts")) != NULL) {
        expect->parts |= SW_EXPECT_VERDICTS;
        expect->verdicts = load_verdicts(loader, part);
    }
    if ((part = sw_yaml_get(node, "findings")) != NULL) {
        expect->parts |= SW_EXPECT_FINDINGS;
        load_findings(loader, part, expect);
    }
    if ((part = sw_yaml_get(node, "refused")) != NULL) {
        expect->parts |= SW_EXPECT_REFUSED;
        expect->refused = sw_load_text(loader, part, "refused");
    }
}

static void load_unders(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const char *const *keys, uint32_t key_count, struct sw_expectation *expect)
{
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "under")) {
        return;
    }
    if (node->count > SW_SCENARIO_UNDER_MAX) {
        sw_report_error(loader->report, node->place, NULL, "at most %d packs under one step",
                        SW_SCENARIO_UNDER_MAX);
        return;
    }
    struct sw_expectation *unders =
        sw_arena_alloc(&loader->scenario->arena, (node->count + 1) * sizeof(unders[0]));
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *value = sw_yaml_pair_value(node, i);
        expect->under_packs[i] = sw_load_name(loader, sw_yaml_key(node, i), "policy pack");
        if (sw_load_wants(loader, value, SW_YAML_MAPPING, "under")) {
            sw_yaml_check_keys(value, "expect", keys, key_count, loader->report);
            load_parts(loader, value, &unders[i]);
        }
    }
    expect->unders = unders;
    expect->under_count = node->count;
}

struct sw_expectation sw_load_expectation(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    static const char *const keys[] = {"verdict", "level",    "duties",   "fed_reach", "alert",
                                       "edge",    "verdicts", "findings", "refused",   "under"};
    struct sw_expectation expect = {0};
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "expect")) {
        return expect;
    }
    sw_yaml_check_keys(node, "expect", keys, 10, loader->report);
    load_parts(loader, node, &expect);
    const struct sw_yaml_node *under = sw_yaml_get(node, "under");
    if (under != NULL) {
        load_unders(loader, under, keys, 9, &expect);
    }
    return expect;
}

static void load_chain(struct sw_loader *loader, const struct sw_yaml_node *who,
                       const struct sw_yaml_node *node, struct sw_chain_expectation *chain)
{
    static const char *const keys[] = {"level", "verdict", "verdicts", "duties"};
    bool vehicle = sw_yaml_get(sw_yaml_get(loader->root, "vehicles"), who->text.bytes) != NULL;
    struct sw_text token = sw_load_who(loader, who, vehicle ? "vehicles" : "people");
    struct sw_expectation parts = {0};
    struct sw_buffer key;
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "chain")) {
        return;
    }
    sw_yaml_check_keys(node, "chain", keys, 4, loader->report);
    load_parts(loader, node, &parts);
    chain->who = who->text;
    chain->place = who->place;
    sw_buffer_init(&key, chain->key, sizeof(chain->key));
    sw_buffer_append_string(&key, vehicle ? "vehicle:" : "subject:");
    sw_buffer_append(&key, token);
    chain->parts = parts.parts;
    chain->level = parts.level;
    chain->verdict = parts.verdict;
    chain->verdicts = parts.verdicts;
    chain->duties = parts.duties;
}

static void load_chains(struct sw_loader *loader, const struct sw_yaml_node *node,
                        struct sw_scenario_totals *totals)
{
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "chains")) {
        return;
    }
    struct sw_chain_expectation *chains =
        sw_arena_alloc(&loader->scenario->arena, (node->count + 1) * sizeof(chains[0]));
    for (uint32_t i = 0; i < node->count; i++) {
        load_chain(loader, sw_yaml_key(node, i), sw_yaml_pair_value(node, i), &chains[i]);
    }
    totals->chains = chains;
    totals->chain_count = node->count;
}

static void load_counts(struct sw_loader *loader, const struct sw_yaml_node *node,
                        struct sw_scenario_totals *totals)
{
    static const char *const keys[] = {"verdict", "level", "count"};
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "hops")) {
        return;
    }
    struct sw_count_expectation *counts =
        sw_arena_alloc(&loader->scenario->arena, (node->count + 1) * sizeof(counts[0]));
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *item = node->items[i];
        const struct sw_yaml_node *verdict = sw_yaml_get(item, "verdict");
        const struct sw_yaml_node *level = sw_yaml_get(item, "level");
        const struct sw_yaml_node *count = sw_yaml_get(item, "count");
        if (!sw_load_wants(loader, item, SW_YAML_MAPPING, "hops") ||
            !sw_yaml_check_keys(item, "hops", keys, 3, loader->report)) {
            continue;
        }
        if (verdict == NULL || level == NULL || count == NULL) {
            sw_report_error(loader->report, item->place, NULL,
                            "hops needs a verdict, a level and a count");
            continue;
        }
        counts[i].place = item->place;
        counts[i].verdict = load_verdict(loader, verdict);
        counts[i].level = load_level(loader, level);
        counts[i].count = (uint64_t)sw_load_integer(loader, count, "count", 0, COUNT_MAX);
    }
    totals->counts = counts;
    totals->count_count = node->count;
}

void sw_load_totals(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    static const char *const keys[] = {"events",      "alerts", "crossings", "prohibited",
                                       "quarantined", "gaps",   "hops",      "chains"};
    struct sw_scenario_totals *totals = &loader->scenario->totals;
    struct sw_total *const numbers[] = {&totals->events,      &totals->alerts,
                                        &totals->crossings,   &totals->prohibited,
                                        &totals->quarantined, &totals->gaps};
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "expect")) {
        return;
    }
    sw_yaml_check_keys(node, "expect", keys, 8, loader->report);
    for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct sw_yaml_node *number = sw_yaml_get(node, keys[i]);
        if (number != NULL) {
            numbers[i]->given = true;
            numbers[i]->place = number->place;
            numbers[i]->count = (uint64_t)sw_load_integer(loader, number, keys[i], 0, COUNT_MAX);
        }
    }
    const struct sw_yaml_node *hops = sw_yaml_get(node, "hops");
    const struct sw_yaml_node *chains = sw_yaml_get(node, "chains");
    if (hops != NULL) {
        load_counts(loader, hops, totals);
    }
    if (chains != NULL) {
        load_chains(loader, chains, totals);
    }
}

static void stand_in(const struct sw_expectation *from, struct sw_expectation *to)
{
    to->place = from->place;
    to->parts |= from->parts;
    to->verdict = (from->parts & SW_EXPECT_VERDICT) != 0 ? from->verdict : to->verdict;
    to->level = (from->parts & SW_EXPECT_LEVEL) != 0 ? from->level : to->level;
    to->duties = (from->parts & SW_EXPECT_DUTIES) != 0 ? from->duties : to->duties;
    to->fed_reach = (from->parts & SW_EXPECT_FED_REACH) != 0 ? from->fed_reach : to->fed_reach;
    to->alert = (from->parts & SW_EXPECT_ALERT) != 0 ? from->alert : to->alert;
    to->edge = (from->parts & SW_EXPECT_EDGE) != 0 ? from->edge : to->edge;
    to->verdicts = (from->parts & SW_EXPECT_VERDICTS) != 0 ? from->verdicts : to->verdicts;
    to->refused = (from->parts & SW_EXPECT_REFUSED) != 0 ? from->refused : to->refused;
    if ((from->parts & SW_EXPECT_FINDINGS) != 0) {
        to->findings = from->findings;
        to->finding_count = from->finding_count;
    }
}

void sw_expectation_under(const struct sw_expectation *expectation, struct sw_text pack,
                          struct sw_expectation *under)
{
    *under = *expectation;
    for (uint32_t i = 0; i < expectation->under_count; i++) {
        if (sw_text_equal(expectation->under_packs[i], pack)) {
            stand_in(&expectation->unders[i], under);
        }
    }
}

static void differs(struct sw_buffer *difference, const char *what, const char *expected,
                    const char *seen)
{
    sw_buffer_append_format(difference, "%s%s %s expected, %s found",
                            difference->length > 0 ? "; " : "", what, expected, seen);
}

static const char *verdicts_text(uint32_t verdicts, char *text, uint32_t bytes)
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, bytes);
    for (int i = 0; i < SW_VERDICT_COUNT; i++) {
        if ((verdicts & (1U << i)) != 0) {
            sw_buffer_append_format(&buffer, "%s%s", buffer.length > 0 ? "," : "",
                                    sw_verdict_code((enum sw_verdict)i));
        }
    }
    return buffer.length > 0 ? text : "none";
}

static void compare_flags(const struct sw_expectation *expect, const struct sw_observation *seen,
                          struct sw_buffer *difference)
{
    if ((expect->parts & SW_EXPECT_FED_REACH) != 0 && expect->fed_reach != seen->fed_reach) {
        differs(difference, "fed_reach", expect->fed_reach ? "true" : "false",
                seen->fed_reach ? "true" : "false");
    }
    if ((expect->parts & SW_EXPECT_ALERT) != 0 && expect->alert != seen->alert) {
        differs(difference, "alert", expect->alert ? "yes" : "no", seen->alert ? "yes" : "no");
    }
}

static void compare_sets(const struct sw_expectation *expect, const struct sw_observation *seen,
                         struct sw_buffer *difference)
{
    char a[SW_DUTIES_TEXT_BYTES];
    char b[SW_DUTIES_TEXT_BYTES];
    if ((expect->parts & SW_EXPECT_DUTIES) != 0 && expect->duties != seen->duties) {
        differs(difference, "duties",
                expect->duties != 0 ? sw_duties_text(expect->duties, a) : "none",
                seen->duties != 0 ? sw_duties_text(seen->duties, b) : "none");
    }
    if ((expect->parts & SW_EXPECT_VERDICTS) != 0 && expect->verdicts != seen->verdicts) {
        differs(difference, "verdicts of findings", verdicts_text(expect->verdicts, a, sizeof(a)),
                verdicts_text(seen->verdicts, b, sizeof(b)));
    }
}

static bool has_finding(const struct sw_observation *seen, struct sw_text name)
{
    for (uint32_t i = 0; i < seen->finding_count; i++) {
        if (sw_text_equal(seen->findings[i], name)) {
            return true;
        }
    }
    return false;
}

static void compare_findings(const struct sw_expectation *expect, const struct sw_observation *seen,
                             struct sw_buffer *difference)
{
    for (uint32_t i = 0; i < expect->finding_count; i++) {
        if (has_finding(seen, expect->findings[i])) {
            continue;
        }
        sw_buffer_append_format(
            difference, "%sfinding %.*s expected, found:", difference->length > 0 ? "; " : "",
            SW_TEXT_FORMAT(expect->findings[i]));
        for (uint32_t j = 0; j < seen->finding_count; j++) {
            sw_buffer_append_format(difference, " %.*s", SW_TEXT_FORMAT(seen->findings[j]));
        }
        sw_buffer_append_string(difference, seen->finding_count == 0 ? " none" : "");
    }
}

static void compare_edge(const struct sw_expectation *expect, const struct sw_observation *seen,
                         struct sw_buffer *difference)
{
    struct sw_text none = SW_TEXT("none");
    if ((expect->parts & SW_EXPECT_EDGE) != 0 && !sw_text_equal(expect->edge, seen->edge)) {
        struct sw_text a = expect->edge.length > 0 ? expect->edge : none;
        struct sw_text b = seen->edge.length > 0 ? seen->edge : none;
        sw_buffer_append_format(difference, "%sedge %.*s expected, %.*s found",
                                difference->length > 0 ? "; " : "", SW_TEXT_FORMAT(a),
                                SW_TEXT_FORMAT(b));
    }
}

/* A packet that was refused has no verdict at all: nothing else is worth comparing. */
static bool refusal_holds(const struct sw_expectation *expect, const struct sw_observation *seen,
                          struct sw_buffer *difference)
{
    struct sw_text expected =
        (expect->parts & SW_EXPECT_REFUSED) != 0 ? expect->refused : (struct sw_text){0};
    if (sw_text_equal(expected, seen->refused)) {
        return true;
    }
    struct sw_text accepted = SW_TEXT("accepted");
    struct sw_text a = expected.length > 0 ? expected : accepted;
    struct sw_text b = seen->refused.length > 0 ? seen->refused : accepted;
    sw_buffer_append_format(difference, "%.*s expected, %.*s found", SW_TEXT_FORMAT(a),
                            SW_TEXT_FORMAT(b));
    return false;
}

bool sw_expectation_holds(const struct sw_expectation *expect, const struct sw_observation *seen,
                          struct sw_buffer *difference)
{
    SW_ASSERT(seen->has_hop || (seen->verdict == SW_VERDICT_NONE && seen->level == SW_LEVEL_NONE));
    uint32_t before = difference->length;
    if (expect->parts == 0) {
        return true;
    }
    if (!refusal_holds(expect, seen, difference)) {
        return false;
    }
    if ((expect->parts & SW_EXPECT_VERDICT) != 0 && expect->verdict != seen->verdict) {
        differs(difference, "verdict", sw_verdict_code(expect->verdict),
                sw_verdict_code(seen->verdict));
    }
    if ((expect->parts & SW_EXPECT_LEVEL) != 0 && expect->level != seen->level) {
        differs(difference, "level", sw_level_word(expect->level), sw_level_word(seen->level));
    }
    compare_sets(expect, seen, difference);
    compare_flags(expect, seen, difference);
    compare_edge(expect, seen, difference);
    compare_findings(expect, seen, difference);
    return difference->length == before;
}
