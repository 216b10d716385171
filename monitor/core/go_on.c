/* Another map or other rules while events go on: what the tables know is kept, and what they name
 * by its place in map or rules is found again by its name. */
#include <sharewatch/assert.h>
#include <sharewatch/pipeline.h>

#include "pipeline_state.h"

/* The same alert under the new rules; false when its rule or its edge is gone. */
static bool translate(const struct sw_pipeline *pipeline, const struct sw_pipeline *former,
                      struct sw_daily_key *key)
{
    if (key->rule != UINT32_MAX) {
        key->rule =
            sw_rules_find(&pipeline->config.rules, former->config.rules.rules[key->rule].name);
        if (key->rule == UINT32_MAX) {
            return false;
        }
    }
    if (key->edge != SW_NONE) {
        key->edge = sw_map_edge(pipeline->config.map, former->config.map->edges[key->edge].id);
        return key->edge != SW_NONE;
    }
    return true;
}

void sw_pipeline_go_on(struct sw_pipeline *pipeline, const struct sw_pipeline *former)
{
    SW_ASSERT(pipeline != former);
    SW_ASSERT(pipeline->alert_id == 0);
    pipeline->chains = former->chains;
    pipeline->sources = former->sources;
    pipeline->alert_id = former->alert_id;
    for (uint32_t i = 0; i < former->daily.count; i++) {
        uint32_t at = (former->daily.oldest + i) % SW_DAILY_MAX; // a ring, the oldest first
        struct sw_daily_key key = former->daily.entries[at].key;
        if (translate(pipeline, former, &key) && sw_daily_find(&pipeline->daily, &key) == 0) {
            sw_daily_add(&pipeline->daily, &key, former->daily.entries[at].alert_id);
        }
    }
}
