/**
 * The keys of each mapping of a scenario file. The loader reports any other key, and the JSON
 * Schema for editors (scenarios/scenario.schema.json) is held to these lists by a test.
 */
#ifndef SHAREWATCH_SIM_KEYS_H
#define SHAREWATCH_SIM_KEYS_H

#include <stdint.h>

struct sw_keys {
    const char *name;        // of the mapping: in messages, and under $defs in the schema
    const char *const *keys; // [count]
    uint32_t count;
};

extern const struct sw_keys sw_keys_scenario; // the whole file
extern const struct sw_keys sw_keys_variant;
extern const struct sw_keys sw_keys_change; // of rules
extern const struct sw_keys sw_keys_fault;  // of a machine
extern const struct sw_keys sw_keys_actor;
extern const struct sw_keys sw_keys_curve;
extern const struct sw_keys sw_keys_storyline;
extern const struct sw_keys sw_keys_step;
extern const struct sw_keys sw_keys_way; // an item of `either`
extern const struct sw_keys sw_keys_repeat;
extern const struct sw_keys sw_keys_delay;
extern const struct sw_keys sw_keys_draw;   // a value that differs from event to event
extern const struct sw_keys sw_keys_pick;   // an item of `pick`
extern const struct sw_keys sw_keys_expect; // of a step; `under` last
extern const struct sw_keys sw_keys_totals; // `expect` of the whole scenario
extern const struct sw_keys sw_keys_count;  // an item of `hops`
extern const struct sw_keys sw_keys_chain;
extern const struct sw_keys sw_keys_automatic; // an edge under `automatic`

extern const struct sw_keys sw_keys_automatic_file; // MAP.automatic.yaml; no part of a scenario

/** All of a scenario file, [*count]. */
const struct sw_keys *const *sw_keys_all(uint32_t *count);

#endif
