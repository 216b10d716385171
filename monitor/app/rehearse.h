/**
 * A scenario through the real pipeline, in one process, without broker and log: generator, wire,
 * decoder, map, rules, chains. For tests of scenarios, and for running one many times.
 *
 * It stands where the monitor's shell stands: it drops what was seen before, and it judges parents
 * again when the pipeline asks for it. What an event came to is its newest judgement.
 */
#ifndef SHAREWATCH_REHEARSE_H
#define SHAREWATCH_REHEARSE_H

#include <stdio.h>

#include <sharewatch/map.h>
#include <sharewatch/scenario.h>
#include <sharewatch/status.h>
#include <sharewatch/truth.h>

#include "phases.h"

/** What came out, in numbers. */
struct sw_rehearsal {
    uint64_t events; // accepted
    uint64_t alerts; // a daily alert counts once
    uint64_t quarantined;
    uint64_t gaps;
    uint64_t hidden;                 // events that happened and nobody told
    uint64_t chains[SW_LEVEL_COUNT]; // by the highest level reached; level 0: those with a verdict
    uint64_t hops[SW_VERDICT_COUNT]; // by verdict
    uint64_t edges[SW_MAP_EDGES_MAX][SW_LEVEL_COUNT]; // hops by edge of the map and level
    struct sw_truth_score truth;                      // what really crossed, and who knew
    uint64_t differences;                             // from what the scenario expects
};

/**
 * Runs @scenario under @phases, fresh or reset, each from its time on. @under names the pack when
 * it is another than the scenario's own, else it is empty; differences from what the scenario
 * expects are told on @stream, or only counted when that is NULL. SW_NO_MEMORY: there was not
 * enough; @result is unfinished.
 */
enum sw_status sw_rehearse(const struct sw_scenario *scenario, struct sw_phases *phases,
                           struct sw_text under, FILE *stream,
                           struct sw_rehearsal *result) SW_MUST_CHECK;

#endif
