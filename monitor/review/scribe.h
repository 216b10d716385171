/**
 * Judges packets and writes what comes out into a log, as the monitor does, but with times that are
 * given and without a broker: for a log that is replayed into another one.
 */
#ifndef SHAREWATCH_SCRIBE_H
#define SHAREWATCH_SCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>

#include "judge.h"
#include "knowledge.h"

struct sw_scribe {
    struct sw_log log; // `sentence` says what went wrong
    struct sw_pipeline *pipeline;
    struct sw_judge judge;
    struct sw_scratch *scratch; // of the knowledge: what correlations count goes into the log
    struct sw_log_alert alert;
    int64_t ticked_ms;    // when holes were looked for last
    bool running;         // a run has begun and not ended
    bool scrubbed_before; // the packet being taken is not what was received
    uint64_t events, duplicates, refused, alerts;
    bool touched[SW_SOURCES_MAX];
    char scrubbed[SW_JUDGE_STORED_MAX];
};

/** Opens the log at @path, or makes it. SW_DATABASE: the sentence says why. @scribe is large: place
 *  it statically. */
enum sw_status sw_scribe_open(struct sw_scribe *scribe, const char *path) SW_MUST_CHECK;

/** Begins a run at @at_ms, which ends the one before, judged by @knowledge, which outlives it;
 *  @broker is what the log names as the origin. SW_DATABASE, SW_NO_MEMORY. */
enum sw_status sw_scribe_begin(struct sw_scribe *scribe, const struct sw_knowledge *knowledge,
                               const char *broker, int64_t at_ms) SW_MUST_CHECK;

/** Goes on with another @knowledge, as a monitor does that reads its rules anew. The former one is
 *  there until it returns. */
enum sw_status sw_scribe_reload(struct sw_scribe *scribe, const struct sw_knowledge *knowledge,
                                const char *broker, int64_t at_ms) SW_MUST_CHECK;

/** Takes one packet; @scrubbed: its payload is not what was received. A packet that is refused goes
 *  to quarantine, SW_MALFORMED. SW_EXISTS: it is there. SW_DATABASE: the log has failed. */
enum sw_status sw_scribe_take(struct sw_scribe *scribe, const struct sw_packet *packet,
                              bool scrubbed) SW_MUST_CHECK;

/** It is @now_ms: holes become gaps. Called by sw_scribe_take() with the packet's time. */
void sw_scribe_tick(struct sw_scribe *scribe, int64_t now_ms);

/** Ends the transaction. SW_DATABASE. */
enum sw_status sw_scribe_commit(struct sw_scribe *scribe) SW_MUST_CHECK;

/** Ends the run at @at_ms, if there is one, and closes the log. Accepts a zeroed one. */
enum sw_status sw_scribe_close(struct sw_scribe *scribe, int64_t at_ms) SW_MUST_CHECK;

#endif
