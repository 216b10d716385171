#include "phases.h"

#include <stdio.h>

#include <sharewatch/assert.h>
#include <sharewatch/data.h>

#define LIST_BYTES 512

static void join(const struct sw_scenario_rules *rules, char *list, uint32_t bytes)
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, list, bytes);
    for (uint32_t i = 0; i < rules->pack_count; i++) {
        sw_buffer_append_format(&buffer, "%s%.*s", i > 0 ? "," : "",
                                SW_TEXT_FORMAT(rules->packs[i]));
    }
}

static bool find_map(const struct sw_scenario_rules *rules, const char *verb,
                     char path[SW_PATH_BYTES])
{
    char name[SW_SCENARIO_NAME_MAX + 16];
    (void)snprintf(name, sizeof(name), "maps/%.*s.yaml", SW_TEXT_FORMAT(rules->map));
    if (sw_data_path(name, path) == SW_OK) {
        return true;
    }
    (void)fprintf(stderr, "sharewatch %s: the scenario's map is not at %s\n", verb, path);
    return false;
}

static bool open_phase(struct sw_knowledge *knowledge, const struct sw_scenario_rules *rules,
                       const char *verb, const char *policy)
{
    char map[SW_PATH_BYTES];
    char list[LIST_BYTES];
    join(rules, list, sizeof(list));
    if (!find_map(rules, verb, map) ||
        !sw_knowledge_load(knowledge, verb, map, policy != NULL ? policy : list)) {
        return false;
    }
    for (uint32_t i = 0; i < rules->edge_off_count; i++) {
        uint16_t edge = sw_map_edge(&knowledge->map, rules->edges_off[i]);
        if (edge == SW_NONE) {
            (void)fprintf(stderr, "sharewatch %s: the map has no edge %.*s to switch off\n", verb,
                          SW_TEXT_FORMAT(rules->edges_off[i]));
            sw_knowledge_close(knowledge);
            return false;
        }
        sw_map_enable(&knowledge->map, edge, false);
    }
    return true;
}

bool sw_phases_open(struct sw_phases *phases, const struct sw_scenario *scenario, const char *verb,
                    const char *policy)
{
    static struct sw_scenario_rules rules;
    *phases = (struct sw_phases){0};
    for (uint32_t i = 0; i <= scenario->change_count; i++) {
        if (i > 0 && scenario->changes[i - 1].kind != SW_CHANGE_RULES) {
            continue;
        }
        sw_scenario_rules_after(scenario, i, &rules);
        phases->from_ms[phases->count] = i > 0 ? scenario->changes[i - 1].at_ms : INT64_MIN;
        if (!open_phase(&phases->items[phases->count], &rules, verb, policy)) {
            sw_phases_close(phases);
            return false;
        }
        phases->count++;
    }
    return true;
}

void sw_phases_close(struct sw_phases *phases)
{
    for (uint32_t i = 0; i < phases->count; i++) {
        sw_knowledge_close(&phases->items[i]);
    }
    phases->count = 0;
}

void sw_phases_reset(struct sw_phases *phases)
{
    for (uint32_t i = 0; i < phases->count; i++) {
        struct sw_knowledge *knowledge = &phases->items[i];
        sw_scratch_close(knowledge->scratch);
        knowledge->scratch = sw_scratch_open(knowledge->policy);
    }
}
