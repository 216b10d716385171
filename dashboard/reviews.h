/**
 * What people decide about alerts: rows that are added and never changed, each hashed with the one
 * before, so that nobody can later take one out unseen.
 */
#ifndef SHAREWATCH_DASHBOARD_REVIEWS_H
#define SHAREWATCH_DASHBOARD_REVIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "limits.h"
#include "query.h"
#include "store.h"

enum sw_review_action {
    SW_REVIEW_ACKNOWLEDGE,
    SW_REVIEW_ESCALATE,
    SW_REVIEW_CLOSE, // with a reason
    SW_REVIEW_REOPEN,
    SW_REVIEW_NOTE,
    SW_REVIEW_DUTY, // a duty was done
    SW_REVIEW_UNDO, // takes back a batch
    SW_REVIEW_CASE_OPEN,
    SW_REVIEW_CASE_READ,
    SW_REVIEW_ACTION_COUNT
};

/** The action called @name ("acknowledge", …), or SW_REVIEW_ACTION_COUNT. */
enum sw_review_action sw_review_action_find(struct sw_text name);

/** The body of POST /api/reviews, see body.h. */
struct sw_review_request {
    enum sw_review_action action;
    int64_t ids[SW_REVIEW_IDS_MAX]; // [id_count], alerts
    uint32_t id_count;
    bool has_filter; // all that `filter` finds, up to alert `seen`, instead of `ids`
    struct sw_query filter;
    int64_t seen;   // the highest alert that was on the reader's page
    int64_t undoes; // of SW_REVIEW_UNDO: the batch
    bool has_match; // refuse when an alert was reviewed after `match`
    int64_t match;
    char note[SW_NOTE_BYTES];
    char subject[SW_WORD_BYTES]; // name of the duty; reason of a closing
};

struct sw_review_result {
    uint32_t changed;
    uint32_t skipped; // were in that state already, or are gone on since
    uint64_t left;    // a filter found more than SW_REVIEW_IDS_MAX: so many remain
    int64_t batch;    // what an undo names; 0 when nothing changed
    // Of SW_EXISTS: who was first.
    int64_t first_alert;
    int64_t first_ms;
    char first_actor[SW_ACTOR_BYTES];
    char first_action[32];
};

/**
 * Does what @request says, as @actor, at @now_ms; all of it or nothing. SW_EXISTS: somebody changed
 * an alert since (`first_…`); SW_NOT_FOUND: there is no such alert or batch (`problem` of @store);
 * SW_INVALID: reviews are off, or the action needs what is not there (`problem`); SW_DATABASE.
 */
enum sw_status sw_reviews_add(struct sw_store *store, struct sw_review_request *request,
                              const char *actor, int64_t now_ms,
                              struct sw_review_result *result) SW_MUST_CHECK;

/** Opens the acknowledged daily @alert again, because its count went from @then to @now. */
void sw_reviews_reopen(struct sw_store *store, int64_t alert, int64_t then, int64_t now);

/** Opens the case @number with @reason over @chains [@chain_count]. SW_EXISTS: it is open already;
 *  SW_INVALID and SW_DATABASE as above. */
enum sw_status sw_reviews_open_case(struct sw_store *store, const char *number, const char *reason,
                                    const struct sw_text *chains, uint32_t chain_count,
                                    const char *actor, int64_t now_ms) SW_MUST_CHECK;

/** Records that @actor read the case @number. */
enum sw_status sw_reviews_read_case(struct sw_store *store, const char *number, const char *actor,
                                    int64_t now_ms) SW_MUST_CHECK;

/**
 * Walks the chain of hashes. SW_OK: all @rows rows are as they were written; SW_INVALID: @rows is
 * the first row that is not.
 */
enum sw_status sw_reviews_verify(struct sw_store *store, int64_t *rows) SW_MUST_CHECK;

#endif
