/**
 * A log's events through the pipeline again, in logged order with their own times, compared with
 * what was logged: every hop, finding, chain and alert. Identical, or the first difference.
 *
 * Where a monitor was restarted, or read its policy anew, the replay does so too: it begins with
 * what the log knew then. Of a policy that was read anew only the findings tell, so hops between
 * that and the next finding are still judged by the former one. Gaps are not compared: when a hole
 * becomes a gap depends on a clock that the log does not have.
 */
#ifndef SHAREWATCH_REPLAY_H
#define SHAREWATCH_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>

#include "judge.h"
#include "knowledge.h"
#include "logged.h"

#define SW_DIFFERENCE_BYTES 1024

/** What is compared; empty texts and equal times mean all. Everything is judged all the same. */
struct sw_replay_filter {
    int64_t from_ms, until_ms; // time of the event; INT64_MIN, INT64_MAX: all
    struct sw_text edge;
    struct sw_text agency; // the reporter
    struct sw_text chain;
};

struct sw_replay_counts {
    uint64_t events, hops, findings, chains, alerts; // compared
    uint64_t left_out;                               // hops that the filter left out
    uint64_t runs;
};

struct sw_replay {
    struct sw_logged logged;
    struct sw_knowledge knowledge;
    const char *map_given, *policy_given; // in place of the log's own; NULL: those
    struct sw_pipeline *pipeline;
    struct sw_judge judge;
    struct sw_replay_filter filter;
    struct sw_replay_counts counts;
    struct sw_logged_event event; // being judged
    int64_t run_id, map_id, policy_id;
    bool hop_there, finding_there, alert_there; // the cursors stand on a row
    int64_t hop_id;                             // of the last hop that was compared
    uint32_t judged;                            // judgements of the event so far
    uint32_t *daily_counts;                     // [daily_capacity] by alert, of those that count
    uint64_t daily_capacity;
    bool differs;
    bool failed; // the log could not be read; its sentence says why
    char difference[SW_DIFFERENCE_BYTES];
};

/** Opens the log at @path. SW_NOT_FOUND, SW_DATABASE, SW_NO_MEMORY: the difference says why.
 * @replay is large: place it statically. */
enum sw_status sw_replay_open(struct sw_replay *replay, const char *path) SW_MUST_CHECK;

/** Judges by the map in the file @map, or by the packs in @policy, in place of the log's own. NULL:
 *  the log's. They outlive the replay, and what is wrong with them is printed when it runs. */
void sw_replay_give(struct sw_replay *replay, const char *map, const char *policy);

/**
 * Replays. SW_OK: identical. SW_INVALID: replay->difference tells of the first difference.
 * SW_DATABASE: it tells why the log could not be read.
 */
enum sw_status sw_replay_run(struct sw_replay *replay) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_replay_close(struct sw_replay *replay);

#endif
