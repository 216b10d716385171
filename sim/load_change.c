/*
 * Lines of `changes`, for the rules, and of `faults`, for the machines:
 *
 *   changes:
 *     - {change: packs-of-2026, at: 30d, policy: [ca-state, la-city-2024]}
 *     - {change: nlets-closed, at: 40d, edges: {E16: off}}
 *   faults:
 *     - {fault: broker-restart, at: 2h}
 *     - {fault: disk-full, at: 3h, lasts: 2s}
 *
 * Times count from the start of the scenario. The simulator comes to each line between the events
 * before and those from that time on, see publisher.c.
 */
#include "load_change.h"

#include <stdlib.h>

#include <sharewatch/assert.h>

#include "load_actor.h"
#include "load_value.h"

#define DISK_FULL_MS     2000
#define DISK_FULL_MS_MAX 600000

const char *sw_change_word(enum sw_change_kind kind)
{
#define WORD_ROW(name, word, what) word,
    static const char *const words[] = {SW_CHANGE_LIST(WORD_ROW)};
#undef WORD_ROW
    SW_ASSERT(kind < SW_CHANGE_COUNT);
    return words[kind];
}

enum sw_change_kind sw_change_find(struct sw_text word)
{
    int kind = 0;
    while (kind < SW_CHANGE_COUNT &&
           !sw_text_equal(word, sw_text_from(sw_change_word((enum sw_change_kind)kind)))) {
        kind++;
    }
    return (enum sw_change_kind)kind;
}

static void load_at(struct sw_loader *loader, const struct sw_yaml_node *node,
                    struct sw_scenario_change *change)
{
    const struct sw_yaml_node *at = sw_yaml_get(node, "at");
    if (at == NULL || at->type != SW_YAML_SCALAR) {
        sw_report_error(loader->report, node->place, "at: +30d counts from the start",
                        "a change or fault needs `at`, one length of time");
        return;
    }
    change->at_ms = loader->scenario->start_ms + sw_load_delay(loader, at, "at").ms;
}

static void load_switches(struct sw_loader *loader, const struct sw_yaml_node *node,
                          struct sw_scenario_change *change)
{
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "edges")) {
        return;
    }
    if (node->count > SW_SCENARIO_EDGES_MAX) {
        sw_report_error(loader->report, node->place, "write a second change at the same time",
                        "at most %d edges in one change", SW_SCENARIO_EDGES_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *value = sw_yaml_pair_value(node, i);
        struct sw_text word = sw_load_text(loader, value, "edges");
        bool on = sw_text_equal(word, SW_TEXT("on"));
        if (!on && !sw_text_equal(word, SW_TEXT("off"))) {
            sw_report_error(loader->report, value->place, "edges: {E16: off}",
                            "an edge is switched off or on, not \"%.*s\"", SW_TEXT_FORMAT(word));
        }
        sw_load_check_edge(loader, sw_yaml_key(node, i));
        change->switches[i] = (struct sw_scenario_switch){sw_yaml_key(node, i)->text, on};
    }
    change->switch_count = node->count;
}

static void load_rules(struct sw_loader *loader, const struct sw_yaml_node *node,
                       struct sw_scenario_change *change)
{
    const struct sw_yaml_node *name = sw_yaml_get(node, "change");
    const struct sw_yaml_node *policy = sw_yaml_get(node, "policy");
    const struct sw_yaml_node *map = sw_yaml_get(node, "map");
    const struct sw_yaml_node *edges = sw_yaml_get(node, "edges");
    sw_load_check_keys(loader, node, &sw_keys_change);
    if (name == NULL || (policy == NULL && map == NULL && edges == NULL)) {
        sw_report_error(loader->report, node->place,
                        "- {change: nlets-closed, at: 30d, edges: {E16: off}}",
                        "a change needs `change: NAME` and one of policy, map, edges");
        return;
    }
    change->name = sw_load_name(loader, name, "change");
    load_at(loader, node, change);
    if (policy != NULL) {
        change->pack_count = sw_load_packs(loader, policy, change->packs);
    }
    if (map != NULL) {
        change->map = sw_load_name(loader, map, "map");
    }
    if (edges != NULL) {
        load_switches(loader, edges, change);
    }
}

static void load_fault(struct sw_loader *loader, const struct sw_yaml_node *node,
                       struct sw_scenario_change *change)
{
    const struct sw_yaml_node *word = sw_yaml_get(node, "fault");
    const struct sw_yaml_node *lasts = sw_yaml_get(node, "lasts");
    sw_load_check_keys(loader, node, &sw_keys_fault);
    struct sw_text text = word != NULL ? sw_load_text(loader, word, "fault") : (struct sw_text){0};
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, text);
    for (int i = SW_CHANGE_RULES + 1; i < SW_CHANGE_COUNT; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(sw_change_word((enum sw_change_kind)i)));
    }
    change->name = text;
    change->kind = sw_change_find(text);
    if (change->kind == SW_CHANGE_COUNT || change->kind == SW_CHANGE_RULES) {
        char hint[128];
        const char *near = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
        sw_report_error(loader->report, node->place,
                        near != NULL ? near
                                     : "broker-restart, monitor-restart, monitor-kill, disk-full; "
                                       "what happens to one event stands at its step",
                        "unknown fault \"%.*s\"", SW_TEXT_FORMAT(text));
        change->kind = SW_CHANGE_MONITOR_RESTART;
    }
    load_at(loader, node, change);
    change->lasts_ms = DISK_FULL_MS;
    if (lasts != NULL) {
        change->lasts_ms = sw_load_delay(loader, lasts, "lasts").ms;
        if (change->kind != SW_CHANGE_DISK_FULL || change->lasts_ms > DISK_FULL_MS_MAX) {
            sw_report_error(loader->report, lasts->place, NULL,
                            "only disk-full lasts, and at most ten minutes of real time");
        }
    }
}

/* Those at the same time keep the order of the file, changes of rules first. */
static void sort(struct sw_scenario_change *changes, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct sw_scenario_change change = changes[i];
        uint32_t at = i;
        for (; at > 0 && changes[at - 1].at_ms > change.at_ms; at--) {
            changes[at] = changes[at - 1];
        }
        changes[at] = change;
    }
}

void sw_load_changes(struct sw_loader *loader, const struct sw_patches *patches)
{
    const char *const keys[] = {"changes", "faults"};
    struct sw_scenario *scenario = loader->scenario;
    struct sw_scenario_change *changes =
        sw_arena_alloc(&scenario->arena, SW_SCENARIO_CHANGES_MAX * sizeof(changes[0]));
    for (int key = 0; key < 2; key++) {
        const struct sw_yaml_node *list = sw_variant_value(loader, keys[key], patches);
        if (list == NULL || !sw_load_wants(loader, list, SW_YAML_SEQUENCE, keys[key])) {
            continue;
        }
        for (uint32_t i = 0; i < list->count; i++) {
            if (scenario->change_count == SW_SCENARIO_CHANGES_MAX) {
                sw_report_error(loader->report, list->items[i]->place, NULL,
                                "at most %d changes and faults", SW_SCENARIO_CHANGES_MAX);
                break;
            }
            struct sw_scenario_change *change = &changes[scenario->change_count];
            change->place = list->items[i]->place;
            if (sw_load_wants(loader, list->items[i], SW_YAML_MAPPING, keys[key])) {
                (key == 0 ? load_rules : load_fault)(loader, list->items[i], change);
                scenario->change_count++;
            }
        }
    }
    sort(changes, scenario->change_count);
    scenario->changes = changes;
}

static void switch_edge(struct sw_scenario_rules *rules, const struct sw_scenario_switch *edge)
{
    uint32_t at = 0;
    while (at < rules->edge_off_count && !sw_text_equal(rules->edges_off[at], edge->edge)) {
        at++;
    }
    if (at == rules->edge_off_count && !edge->on) {
        rules->edges_off[rules->edge_off_count++] = edge->edge;
    } else if (at < rules->edge_off_count && edge->on) {
        rules->edges_off[at] = rules->edges_off[--rules->edge_off_count];
    }
}

void sw_scenario_rules_after(const struct sw_scenario *scenario, uint32_t count,
                             struct sw_scenario_rules *rules)
{
    SW_ASSERT(count <= scenario->change_count);
    *rules = (struct sw_scenario_rules){.map = scenario->map, .pack_count = scenario->pack_count};
    for (uint32_t i = 0; i < scenario->pack_count; i++) {
        rules->packs[i] = scenario->packs[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_scenario_change *change = &scenario->changes[i];
        rules->map = change->map.length > 0 ? change->map : rules->map;
        for (uint32_t pack = 0; pack < change->pack_count; pack++) {
            rules->packs[pack] = change->packs[pack];
            rules->pack_count = change->pack_count;
        }
        for (uint32_t edge = 0; edge < change->switch_count; edge++) {
            switch_edge(rules, &change->switches[edge]);
        }
    }
}
