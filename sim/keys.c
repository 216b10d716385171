#include "keys.h"

static const char *const scenario_keys[] = {
    "scenario", "title",    "from",      "about",   "seed",   "start", "map",
    "policy",   "people",   "vehicles",  "curves",  "actors", "steps", "storylines",
    "expect",   "variants", "automatic", "changes", "faults"};
const struct sw_keys sw_keys_scenario = {"scenario", scenario_keys, 19};

static const char *const variant_keys[] = {"about",     "like",    "start",   "seed", "map",
                                           "policy",    "drop",    "replace", "add",  "expect",
                                           "automatic", "changes", "faults"};
const struct sw_keys sw_keys_variant = {"variant", variant_keys, 13};

static const char *const change_keys[] = {"change", "about", "at", "policy", "map", "edges"};
const struct sw_keys sw_keys_change = {"change", change_keys, 6};

static const char *const fault_keys[] = {"fault", "about", "at", "lasts"};
const struct sw_keys sw_keys_fault = {"machine-fault", fault_keys, 4};

static const char *const actor_keys[] = {"agency", "class", "system", "role", "reports", "about"};
const struct sw_keys sw_keys_actor = {"actor", actor_keys, 6};

static const char *const curve_keys[] = {"hours", "days", "about"};
const struct sw_keys sw_keys_curve = {"curve", curve_keys, 3};

static const char *const storyline_keys[] = {"about", "at", "repeat", "people", "steps"};
const struct sw_keys sw_keys_storyline = {"storyline", storyline_keys, 5};

static const char *const step_keys[] = {
    "step",   "about",  "storyline", "at",    "after",  "delay",   "known",   "chance",
    "repeat", "event",  "actor",     "to",    "behalf", "subject", "vehicle", "data",
    "either", "hidden", "corrects",  "fault", "expect", "visible"};
const struct sw_keys sw_keys_step = {"step", step_keys, 22};

static const char *const way_keys[] = {"share", "about", "data", "fault", "expect"};
const struct sw_keys sw_keys_way = {"way", way_keys, 5};

static const char *const repeat_keys[] = {"every", "times", "over", "per_day", "days", "curve"};
const struct sw_keys sw_keys_repeat = {"repeat", repeat_keys, 6};

static const char *const delay_keys[] = {"between", "median", "spread", "most"};
const struct sw_keys sw_keys_delay = {"delay", delay_keys, 4};

static const char *const draw_keys[] = {"pick", "between", "median", "spread",
                                        "most", "token",   "new"};
const struct sw_keys sw_keys_draw = {"draw", draw_keys, 7};

static const char *const pick_keys[] = {"value", "share"};
const struct sw_keys sw_keys_pick = {"pick", pick_keys, 2};

static const char *const expect_keys[] = {"verdict", "level",    "duties",   "fed_reach", "alert",
                                          "edge",    "verdicts", "findings", "refused",   "under"};
const struct sw_keys sw_keys_expect = {"expect", expect_keys, 10};

static const char *const totals_keys[] = {"events",      "alerts", "crossings", "prohibited",
                                          "quarantined", "gaps",   "hops",      "chains"};
const struct sw_keys sw_keys_totals = {"totals", totals_keys, 8};

static const char *const count_keys[] = {"verdict", "level", "count"};
const struct sw_keys sw_keys_count = {"count", count_keys, 3};

static const char *const chain_keys[] = {"level", "verdict", "verdicts", "duties"};
const struct sw_keys sw_keys_chain = {"chain", chain_keys, 4};

static const char *const automatic_keys[] = {"chance", "delay", "visible", "event", "to",
                                             "after",  "data",  "fault",   "expect"};
const struct sw_keys sw_keys_automatic = {"automatic", automatic_keys, 9};

static const char *const automatic_file_keys[] = {"automatic", "title", "edges"};
const struct sw_keys sw_keys_automatic_file = {"file", automatic_file_keys, 3};

const struct sw_keys *const *sw_keys_all(uint32_t *count)
{
    static const struct sw_keys *const all[] = {
        &sw_keys_scenario,  &sw_keys_variant, &sw_keys_actor,  &sw_keys_curve, &sw_keys_storyline,
        &sw_keys_step,      &sw_keys_way,     &sw_keys_repeat, &sw_keys_delay, &sw_keys_draw,
        &sw_keys_pick,      &sw_keys_expect,  &sw_keys_totals, &sw_keys_count, &sw_keys_chain,
        &sw_keys_automatic, &sw_keys_change,  &sw_keys_fault};
    *count = sizeof(all) / sizeof(all[0]);
    return all;
}
