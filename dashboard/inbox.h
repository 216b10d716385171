/**
 * The inbox: every alert of the log with its group and its state. Filled from the log as it grows,
 * in batches, so that a large log does not hold up the page.
 */
#ifndef SHAREWATCH_DASHBOARD_INBOX_H
#define SHAREWATCH_DASHBOARD_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "query.h"
#include "store.h"

struct sw_inbox {
    struct sw_store *store;
    int64_t alert; // the highest alert that was taken in
    int64_t hop;   // the highest hop whose daily alert was looked at
    bool groups_full;
};

/** Finds how far the inbox is. SW_DATABASE: `problem` of @store says why. */
enum sw_status sw_inbox_open(struct sw_inbox *inbox, struct sw_store *store) SW_MUST_CHECK;

/**
 * Takes in at most SW_TAIL_BATCH alerts, and opens acknowledged daily alerts again whose count has
 * doubled since. True when there is more to take in.
 */
bool sw_inbox_tail(struct sw_inbox *inbox);

/** Moves @alert to @state within the caller's transaction. */
enum sw_status sw_inbox_move(struct sw_store *store, int64_t alert, enum sw_review_state from,
                             enum sw_review_state to) SW_MUST_CHECK;

/** Appends ` AND COLUMN IN (1,4)` for the bits of @set, nothing when it is empty. */
void sw_sql_append_set(struct sw_buffer *sql, const char *column, uint32_t set);

/** Appends ` AND COLUMN IN ('PROH','AUTO')` likewise, for a column that holds codes of verdicts. */
void sw_sql_append_verdicts(struct sw_buffer *sql, const char *column, uint32_t verdicts);

/** Appends the conditions of @query on a group `g`, with the parameters ?11 to ?14; binds them. */
void sw_sql_append_group(struct sw_buffer *sql, const struct sw_query *query);
void sw_sql_bind_group(sqlite3_stmt *statement, const struct sw_query *query);

/** A group in one state, and what of it a query asks for. */
struct sw_inbox_group {
    int64_t id;
    enum sw_review_state state;
    bool daily;
    int64_t total;  // alerts in this state
    int64_t count;  // of these in the range of the query
    int64_t newest; // the newest of these; 0 when there is none
};

/**
 * Writes the groups that @query (resolved) asks for, in all states, into @groups [SW_GROUPS_MAX]
 * and returns how many there are.
 */
uint32_t sw_inbox_groups(struct sw_store *store, const struct sw_query *query,
                         struct sw_inbox_group *groups);

/**
 * Writes the ids of the alerts of one group and state that @query asks for, newest first, below
 * `before`, at most @capacity, into @ids and returns how many.
 */
uint32_t sw_inbox_ids(struct sw_store *store, const struct sw_query *query,
                      const struct sw_inbox_group *group, int64_t *ids, uint32_t capacity);

#endif
