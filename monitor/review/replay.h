/**
 * A log's events through the pipeline again, in logged order with their own times, compared with
 * what was logged: every hop, finding, chain and alert, and as far as the events tell, what was
 * lost: gaps, refused packets, tables that overflowed. Identical, or the first difference.
 *
 * Where a monitor was restarted, or read map and policy anew, the replay does so too: it begins
 * with what the log knew then. It may also be given another map or policy; then, unless it
 * compares, it judges as one monitor would have that never ended.
 *
 * An event whose payload was deleted on purpose cannot be judged again. What was logged of it is
 * taken as it stands, all the rest is compared, and `counts` tells how much that was.
 *
 * When a hole becomes a gap depends on a clock that the log does not have. So gap rows are held
 * against the numbers of the events: what was told as missing is not there or was told as come,
 * what is missing was told, and a row tells of times that can be.
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
#define SW_REPLAY_TURN      4096 // events between two calls of `turn`

/* A filter of chains' keys: words of 64 bits, a power of two of them, for about so many events
 * each; of those that it has no bits for, it says so. */
#define SW_REPLAY_KNOWN_WORDS_MIN 1024
#define SW_REPLAY_KNOWN_WORDS_MAX (UINT64_C(1) << 20)
#define SW_REPLAY_KNOWN_PER_WORD  4

/** What is compared or told; empty texts and equal times mean all. Everything is judged all the
 *  same. */
struct sw_replay_filter {
    int64_t from_ms, until_ms; // time of the event; INT64_MIN, INT64_MAX: all
    struct sw_text edge;
    struct sw_text agency; // the reporter
    struct sw_text chain;
};

struct sw_replay_counts {
    uint64_t events, hops, findings, chains, alerts; // compared
    uint64_t gaps, losses, quarantined;              // rows that were looked at
    uint64_t left_out;                               // hops that the filter left out
    uint64_t gone;       // events without a payload: deleted on purpose, not judged again
    uint64_t unsure;     // events after them that cannot be judged without them, see `replay_gone`
    uint64_t taken_hops; // of both, taken as they were logged; their chains were compared
    uint64_t taken_alerts;   // likewise
    uint64_t taken_findings; // of rules over many events, likewise
    uint64_t left_again; // earlier events that were not judged again: one that is gone is needed
    uint64_t runs;
    uint64_t losses_unsure; // rows of losses that cannot be compared, events being gone
    uint64_t groups_unsure; // likewise, since the memory for them is another, or was filled before
};

/** Why payloads were deleted. Texts live until the next one is asked for. */
struct sw_replay_reason {
    struct sw_text class, reason;
    uint64_t payloads;
};

/** A sum over rows that is the same in any order, by numbers that nobody can know beforehand. */
struct sw_replay_sum {
    uint64_t lanes[2];
};

/** What stands around a replay; each may be NULL. */
struct sw_replay_calls {
    /** Every SW_REPLAY_TURN events. False: stop. */
    bool (*turn)(void *context);
    /** A new event, before it is judged: judge.event. False: stop. */
    bool (*event)(void *context, const struct sw_logged_event *logged,
                  const struct sw_event *event);
    /** A judgement that is in the filter. */
    void (*judged)(void *context, const struct sw_log_subject *subject,
                   const struct sw_event *event, const struct sw_outputs *outputs);
};

/** Losses that the events tell: what a run says of them is compared. */
enum sw_replay_loss {
    SW_REPLAY_CHAINS_EVICTED,
    SW_REPLAY_DAILY_EVICTED,
    SW_REPLAY_CUTS_EVICTED,
    SW_REPLAY_FINDINGS_OVER,
    SW_REPLAY_PARENTS_MISSING,
    SW_REPLAY_CAUSES_MISSING,
    SW_REPLAY_GROUPS_EVICTED,
    SW_REPLAY_LOSS_COUNT
};

struct sw_replay {
    struct sw_logged logged;
    struct sw_knowledge knowledge;
    const char *map_given, *policy_given; // in place of the log's own; NULL: those
    bool plain;                           // compare nothing, only tell
    struct sw_replay_calls calls;
    void *context; // of the calls
    struct sw_pipeline *pipeline;
    struct sw_judge judge;
    struct sw_rules rules; // of the policy
    bool switches_off;     // the map switches some edge off
    FILE *tested_to;       // where it is told how often each rule could be tested; NULL: nowhere
    struct sw_tested *tested;
    struct sw_rules tested_rules; // that are counted
    struct sw_replay_filter filter;
    struct sw_replay_counts counts;
    struct sw_logged_event event; // being judged
    int64_t run_id, map_id, policy_id;
    uint32_t state_mib;                         // of the run, 0: the log does not say
    bool tells_losses;                          // of the run, all of them
    int64_t last_logged_ms;                     // of the last event of the run
    bool hop_there, finding_there, alert_there; // the cursors stand on a row
    int64_t hop_id;                             // of the last hop that was compared
    uint32_t judged;                            // judgements of the event so far
    bool by_row;                                // chains' rows are looked up one by one
    uint64_t secrets[4];                        // of the sum
    struct sw_replay_sum chain_sum;             // of the chains' rows that came out
    uint64_t *known;                            // [known_words] keys of chains that may have rows
    uint64_t known_words;                       // a power of two
    struct sw_daily_count *daily;               // [daily_capacity] by alert, of those that count
    uint64_t daily_capacity;
    bool differs;
    bool failed;  // the log could not be read; its sentence says why
    bool stopped; // by a call
    char difference[SW_DIFFERENCE_BYTES];
};

/** What a daily alert stands for. */
struct sw_daily_count {
    uint32_t hops;
    int64_t last_ms;
    int64_t last_hop;
};

/** Opens the log at @path. SW_NOT_FOUND, SW_DATABASE, SW_NO_MEMORY: the difference says why.
 * @replay is large: place it statically. */
enum sw_status sw_replay_open(struct sw_replay *replay, const char *path) SW_MUST_CHECK;

/** Judges by the map in the file @map, or by the packs in @policy, in place of the log's own. NULL:
 *  the log's. They outlive the replay, and what is wrong with them is printed when it runs. */
void sw_replay_give(struct sw_replay *replay, const char *map, const char *policy);

/**
 * Replays. SW_OK: identical. SW_INVALID: replay->difference tells of the first difference.
 * SW_DATABASE: it tells why the log could not be read. SW_STOPPED: a call stopped it.
 */
enum sw_status sw_replay_run(struct sw_replay *replay) SW_MUST_CHECK;

/** The alert of a judgement as people are told of it, for `judged`. False: there is none, or it
 *  counts to an earlier one. */
bool sw_replay_alert(const struct sw_replay *replay, const struct sw_log_subject *subject,
                     const struct sw_outputs *outputs, struct sw_log_alert *alert);

/** The next reason for which the log says that payloads were deleted; false: there are no more, and
 *  the next call begins again. */
bool sw_replay_reason(struct sw_replay *replay, struct sw_replay_reason *reason);

/** Accepts a zeroed one. */
void sw_replay_close(struct sw_replay *replay);

#endif
