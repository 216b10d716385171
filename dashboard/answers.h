/**
 * What the server answers: each function asks the store and writes JSON into @out, which the caller
 * lends. All times are milliseconds since the Unix epoch; ids are decimal strings.
 *
 * Each answers SW_OK; SW_NOT_FOUND: there is no such thing; SW_DATABASE: SQLite failed (`problem`)
 * or the statement ran too long (`overran`). @out may then hold anything.
 */
#ifndef SHAREWATCH_DASHBOARD_ANSWERS_H
#define SHAREWATCH_DASHBOARD_ANSWERS_H

#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "inbox.h"
#include "query.h"
#include "store.h"

/** The list of alerts, grouped or one by one, with counts for each state. */
enum sw_status sw_answer_alerts(struct sw_store *store, struct sw_query *query,
                                struct sw_buffer *out) SW_MUST_CHECK;

/** One alert with its hops, rules, law, edge, event and history. */
enum sw_status sw_answer_alert(struct sw_store *store, int64_t id,
                               struct sw_buffer *out) SW_MUST_CHECK;

/** One short line for the live stream; when the monitor had the alert's event, in milliseconds. 0:
 *  there is no such alert, and nothing is written. */
int64_t sw_answer_alert_line(struct sw_store *store, int64_t id, struct sw_buffer *out);

/** Systems and flows between them in a range. */
enum sw_status sw_answer_flows(struct sw_store *store, struct sw_query *query,
                               struct sw_buffer *out) SW_MUST_CHECK;

/** Crossings over time by verdict, in at most 64 bins. */
enum sw_status sw_answer_histogram(struct sw_store *store, struct sw_query *query,
                                   struct sw_buffer *out) SW_MUST_CHECK;

/** Entries of the log, newest first; one entry with its payload and hops. */
enum sw_status sw_answer_events(struct sw_store *store, struct sw_query *query,
                                struct sw_buffer *out) SW_MUST_CHECK;
enum sw_status sw_answer_event(struct sw_store *store, int64_t id,
                               struct sw_buffer *out) SW_MUST_CHECK;

/** The newest reviews, or those before `before` of @query. */
enum sw_status sw_answer_reviews(struct sw_store *store, const struct sw_query *query,
                                 struct sw_buffer *out) SW_MUST_CHECK;

/** Where the log, the inbox and the reviews stand. @now_ms: wall clock. */
enum sw_status sw_answer_status(struct sw_store *store, const struct sw_inbox *inbox,
                                int64_t now_ms, struct sw_buffer *out) SW_MUST_CHECK;

/** Gaps, losses, what was refused, what was deleted and why, the newest checkpoint, and who read
 *  which case. */
enum sw_status sw_answer_integrity(struct sw_store *store, struct sw_buffer *out) SW_MUST_CHECK;

/** All cases; the hops of the chains of one case. */
enum sw_status sw_answer_cases(struct sw_store *store, struct sw_buffer *out) SW_MUST_CHECK;
enum sw_status sw_answer_timeline(struct sw_store *store, const char *number,
                                  struct sw_buffer *out) SW_MUST_CHECK;

/** `"KEY":"TEXT"`, `"KEY":NUMBER` and `"KEY":"NUMBER"` (an id), with a comma before unless first in
 *  its object. */
void sw_json_text(struct sw_buffer *out, const char *key, const char *text);
void sw_json_number(struct sw_buffer *out, const char *key, int64_t number);
void sw_json_id(struct sw_buffer *out, const char *key, int64_t id);

/** `"KEY":["A","B"]` from names joined by commas. */
void sw_json_names(struct sw_buffer *out, const char *key, const char *names);

#endif
