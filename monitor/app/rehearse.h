/**
 * A scenario through the real pipeline, in one process, without broker and log: generator, wire,
 * decoder, map, rules, chains. For tests of scenarios, and for running one many times.
 *
 * It stands where the monitor's shell stands, around the same judge, and gives it from memory what
 * the monitor gives it from the log. What an event came to is its newest judgement.
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

/** Is told of all that a monitor would log, in that order. */
struct sw_rehearsal_watch {
    void *context;
    /** A judgement, made by @knowledge; rows are serial numbers of events. */
    void (*take)(void *context, const struct sw_knowledge *knowledge,
                 const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs);
    void (*take_gap)(void *context, struct sw_text source, const struct sw_gap *gap);
    void (*refuse)(void *context, const struct sw_packet *packet,
                   const struct sw_rejection *rejection);
};

struct sw_rehearsal_options {
    struct sw_text under; // the pack, when it is another than the scenario's own; else empty
    FILE *stream; // where differences from what is expected are told; NULL: they are only counted
    const struct sw_rehearsal_watch *watch; // NULL: nobody
};

/**
 * Runs @scenario under @phases, fresh or reset, each from its time on. SW_NO_MEMORY: there was not
 * enough; @result is unfinished. One at a time.
 */
enum sw_status sw_rehearse(const struct sw_scenario *scenario, struct sw_phases *phases,
                           const struct sw_rehearsal_options *options,
                           struct sw_rehearsal *result) SW_MUST_CHECK;

#endif
