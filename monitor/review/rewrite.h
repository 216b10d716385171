/**
 * A log's events judged again into a new log, by the log's own map and policy or by given ones.
 *
 * The new log is written as a monitor writes it. Each of its runs names the log it was made from in
 * place of a broker, so that nobody takes it for one that a monitor wrote. What was refused then
 * has left no bytes: its numbers become gaps, and so do those of events whose payload was deleted.
 *
 * A filter chooses events: by their time and their reporter; by edge and chain those of which a
 * logged judgement took that edge or belongs to that chain, and those that taught such a judgement.
 * They are judged as though the others had never come, and the numbers of those become gaps.
 */
#ifndef SHAREWATCH_REWRITE_H
#define SHAREWATCH_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>

#include "knowledge.h"
#include "logged.h"
#include "replay.h"
#include "scribe.h"

#define SW_REWRITE_SENTENCE_BYTES 1024
#define SW_REWRITE_CHOSEN_BYTES   256 // of what the origin says of a filter

struct sw_rewrite {
    struct sw_logged logged;
    struct sw_scribe scribe;
    struct sw_knowledge knowledge[2];     // in turn: what is judged by stays where it is
    uint32_t turn_of;                     // index of the one in use
    const char *map_given, *policy_given; // in place of the log's own; NULL: those
    bool (*turn)(void *context);          // every thousands of events; false: stop. May be NULL
    void *context;
    struct sw_replay_filter filter; // all of it when nothing was set
    bool filtered;
    struct sqlite3_stmt *chosen; // rows of the events that the filter chooses, in order
    int64_t chosen_row;          // of those the next, 0: there are no more
    int64_t run_id;              // in the log that is read
    struct sw_logged_run run;
    int64_t last_ms; // when the last event was logged
    char origin[SW_LOG_PATH_BYTES + SW_REWRITE_CHOSEN_BYTES + 16];
    uint64_t events, alerts, refused;
    uint64_t left_out; // events, by the filter
    uint64_t gone;     // events that were left out, since their payload was deleted on purpose
    char sentence[SW_REWRITE_SENTENCE_BYTES]; // what went wrong
};

/**
 * Opens the log at @from and makes one at @to, which must not be there. SW_EXISTS: it is;
 * SW_NOT_FOUND, SW_DATABASE, SW_IO: the sentence says why. Large: place it statically.
 */
enum sw_status sw_rewrite_open(struct sw_rewrite *rewrite, const char *from,
                               const char *to) SW_MUST_CHECK;

/** Chooses events, before the run; what the new log's origin says of that is @chosen, such as
 *  ", only edge E04". The filter's texts outlive the rewriting. */
void sw_rewrite_choose(struct sw_rewrite *rewrite, const struct sw_replay_filter *filter,
                       struct sw_text chosen);

/** Judges and writes. SW_STOPPED: the turn said so; what was judged is in the new log. SW_INVALID:
 *  map or policy cannot be used. SW_DATABASE: the sentence says why. */
enum sw_status sw_rewrite_run(struct sw_rewrite *rewrite) SW_MUST_CHECK;

/** Ends the run and closes both logs. Accepts a zeroed one. SW_DATABASE: as above. */
enum sw_status sw_rewrite_close(struct sw_rewrite *rewrite) SW_MUST_CHECK;

#endif
