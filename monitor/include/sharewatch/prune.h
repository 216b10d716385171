/**
 * Retention: deletes what has been kept long enough, or what somebody must not be in the log by,
 * and keeps the proof that it was there. The payload and digest of an event go with their salt, the
 * key of a chain (a token) becomes `redacted:N`; entries, tree and every proof made before stand,
 * and a sealed row tells what went and why.
 *
 *   plate events that are no finding   60 days     payload
 *   all other events                   1 year      payload
 *   chain keys                         5 years where the chain holds a finding, else with the
 *                                      last payload of the chain
 *
 * Counted from when they were logged. What a chain on hold has to do with stays.
 */
#ifndef SHAREWATCH_PRUNE_H
#define SHAREWATCH_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>

#define SW_REASON_BYTES 256

struct sw_prune_counts {
    uint64_t plates;  // payloads of plate events
    uint64_t events;  // payloads of others
    uint64_t request; // payloads that were asked for
    uint64_t keys;    // judgements whose chain key went
    uint64_t held;    // events that a hold kept
};

/** Deletes by the periods above, as of @now_ms, in the running transaction. False: the log failed.
 */
bool sw_prune(struct sw_log *log, int64_t now_ms, struct sw_prune_counts *counts);

/** Deletes the payload of the event in row @event for @reason, and the key of its chain when no
 *  payload of that is left. SW_NOT_FOUND: no such event, or it is gone. SW_INVALID: its chain is on
 *  hold. SW_DATABASE. */
enum sw_status sw_redact(struct sw_log *log, int64_t event, const char *reason, int64_t now_ms,
                         struct sw_prune_counts *counts) SW_MUST_CHECK;

/** Puts @chain on hold, or lets it go. SW_NOT_FOUND: there is no such chain. SW_DATABASE. */
enum sw_status sw_hold(struct sw_log *log, const char *chain, bool held, const char *reason,
                       int64_t now_ms) SW_MUST_CHECK;

/** Makes sure that no byte of what was deleted is left in the file or its WAL: writes the file
 * anew. After the commit. SW_DATABASE: log->sentence, also when a reader keeps the WAL from going.
 */
enum sw_status sw_prune_wipe(struct sw_log *log) SW_MUST_CHECK;

#endif
