#include "expectation.h"

#include <string.h>

#include <sharewatch/map.h>

#include "keys.h"
#include "load_actor.h"
#include "load_value.h"

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
    sw_load_check_edge(loader, node);
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
                        struct sw_expectation *expect)
{
    /* `under` is the last key, and does not stand in itself. */
    struct sw_keys parts = sw_keys_expect;
    parts.count--;
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
            sw_load_check_keys(loader, value, &parts);
            load_parts(loader, value, &unders[i]);
        }
    }
    expect->unders = unders;
    expect->under_count = node->count;
}

struct sw_expectation sw_load_expectation(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_expectation expect = {0};
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "expect")) {
        return expect;
    }
    sw_load_check_keys(loader, node, &sw_keys_expect);
    load_parts(loader, node, &expect);
    const struct sw_yaml_node *under = sw_yaml_get(node, "under");
    if (under != NULL) {
        load_unders(loader, under, &expect);
    }
    return expect;
}

static void load_chain(struct sw_loader *loader, const struct sw_yaml_node *who,
                       const struct sw_yaml_node *node, struct sw_chain_expectation *chain)
{
    bool vehicle = sw_yaml_get(sw_yaml_get(loader->root, "vehicles"), who->text.bytes) != NULL;
    struct sw_text token = sw_load_who(loader, who, vehicle ? "vehicles" : "people");
    struct sw_expectation parts = {0};
    struct sw_buffer key;
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "chain")) {
        return;
    }
    sw_load_check_keys(loader, node, &sw_keys_chain);
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
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "hops")) {
        return;
    }
    if (node->count > SW_SCENARIO_COUNTS_MAX) {
        sw_report_error(loader->report, node->place, NULL, "at most %d counts",
                        SW_SCENARIO_COUNTS_MAX);
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
            !sw_load_check_keys(loader, item, &sw_keys_count)) {
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
    static const char *const names[] = {"events",     "alerts",      "crossings",
                                        "prohibited", "quarantined", "gaps"};
    struct sw_scenario_totals *totals = &loader->scenario->totals;
    struct sw_total *const numbers[] = {&totals->events,      &totals->alerts,
                                        &totals->crossings,   &totals->prohibited,
                                        &totals->quarantined, &totals->gaps};
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "expect")) {
        return;
    }
    sw_load_check_keys(loader, node, &sw_keys_totals);
    for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct sw_yaml_node *number = sw_yaml_get(node, names[i]);
        if (number != NULL) {
            numbers[i]->given = true;
            numbers[i]->place = number->place;
            numbers[i]->count = (uint64_t)sw_load_integer(loader, number, names[i], 0, COUNT_MAX);
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
