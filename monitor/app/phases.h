/**
 * What the events of a scenario are judged by, from its start and after each of its changes.
 */
#ifndef SHAREWATCH_PHASES_H
#define SHAREWATCH_PHASES_H

#include <sharewatch/scenario.h>

#include "knowledge.h"

struct sw_phases {
    struct sw_knowledge items[SW_SCENARIO_CHANGES_MAX + 1]; // [count]
    int64_t from_ms[SW_SCENARIO_CHANGES_MAX + 1];           // of all but the first
    uint32_t count;                                         // at least 1
};

/**
 * Loads them for @scenario. @policy, names or paths of packs joined by commas, stands in for the
 * scenario's own packs and for its changes of packs; NULL: there is none. False: what is wrong was
 * printed to standard error, each line beginning with the @verb; @phases is empty.
 */
bool sw_phases_open(struct sw_phases *phases, const struct sw_scenario *scenario, const char *verb,
                    const char *policy);

/** Accepts a zeroed one. */
void sw_phases_close(struct sw_phases *phases);

/** Opens each scratch anew: for the next of several rehearsals, each of which counts over time. */
void sw_phases_reset(struct sw_phases *phases);

#endif
