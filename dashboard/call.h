/**
 * One request on its way, and what the handlers of all routes share. The handlers stand in
 * serve_*.c, by what they are about; server.c has the table that names them.
 */
#ifndef SHAREWATCH_DASHBOARD_CALL_H
#define SHAREWATCH_DASHBOARD_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "access.h"
#include "query.h"
#include "route.h"
#include "server.h"

#define SW_ETAG_BYTES SW_TAG_BYTES

/** What one request is, as its steps find it out. */
struct sw_call {
    struct sw_server *server;
    struct MHD_Connection *connection;
    const char *path;
    struct sw_routed routed;
    const struct sw_session *session; // NULL: none
    struct sw_query query;
    struct sw_query_problem problem;
    uint32_t parameter_count;
    bool bad_parameter;
    struct sw_text body;
};

/** The steady clock of the loop, in milliseconds. */
int64_t sw_call_steady_ms(void);

/** Answers with an error and counts it; @hint may be NULL. */
enum MHD_Result sw_call_fail(struct sw_call *call, unsigned status, const char *code,
                             const char *message, const char *hint);

/** The same for what the store said: not found, too slow, or broken. */
enum MHD_Result sw_call_fail_status(struct sw_call *call, enum sw_status status);

/** A header of the request, or NULL. */
const char *sw_call_header(struct sw_call *call, const char *name);

/** Starts an answer in the server's block, and the time its statements may take. */
void sw_call_start(struct sw_call *call, struct sw_buffer *out);

/** Answers with the JSON in @out, if nothing was left out of it; @etag may be NULL. */
enum MHD_Result sw_call_json(struct sw_call *call, const struct sw_buffer *out, const char *etag);

/** The tag of everything that is read: it moves whenever the log or the reviews do. */
void sw_call_etag(struct sw_call *call, char etag[SW_ETAG_BYTES]);

/** True when the reader has what @etag names already; @result is then that of the answer. */
bool sw_call_unchanged(struct sw_call *call, const char *etag, enum MHD_Result *result);

/** True when the session has @role at least; else @result is that of the refusal. */
bool sw_call_may(struct sw_call *call, enum sw_role role, enum MHD_Result *result);

/** Makes the query of as_of= one of a moment; false when it cannot be asked for now, which @result
 *  has told. */
bool sw_call_as_of(struct sw_call *call, enum MHD_Result *result);

/** Answers with a page of ours, with the address of its files put in. */
enum MHD_Result sw_serve_page_named(struct sw_call *call, const char *name, unsigned status);

enum MHD_Result sw_serve_page(struct sw_call *call);
enum MHD_Result sw_serve_asset(struct sw_call *call);
enum MHD_Result sw_serve_icon(struct sw_call *call);
enum MHD_Result sw_serve_open(struct sw_call *call);
enum MHD_Result sw_serve_login(struct sw_call *call);
enum MHD_Result sw_serve_health(struct sw_call *call);
enum MHD_Result sw_serve_metrics(struct sw_call *call);
enum MHD_Result sw_serve_status(struct sw_call *call);
enum MHD_Result sw_serve_live(struct sw_call *call);
enum MHD_Result sw_serve_alerts(struct sw_call *call);
enum MHD_Result sw_serve_alert(struct sw_call *call);
enum MHD_Result sw_serve_flows(struct sw_call *call);
enum MHD_Result sw_serve_histogram(struct sw_call *call);
enum MHD_Result sw_serve_events(struct sw_call *call);
enum MHD_Result sw_serve_event(struct sw_call *call);
enum MHD_Result sw_serve_reviews(struct sw_call *call);
enum MHD_Result sw_serve_review_post(struct sw_call *call);
enum MHD_Result sw_serve_cases(struct sw_call *call);
enum MHD_Result sw_serve_case_post(struct sw_call *call);
enum MHD_Result sw_serve_timeline(struct sw_call *call);
enum MHD_Result sw_serve_export(struct sw_call *call);
enum MHD_Result sw_serve_evidence(struct sw_call *call);
enum MHD_Result sw_serve_moment(struct sw_call *call);
enum MHD_Result sw_serve_replay_check(struct sw_call *call);
enum MHD_Result sw_serve_verify(struct sw_call *call);
enum MHD_Result sw_serve_integrity(struct sw_call *call);
enum MHD_Result sw_serve_packs(struct sw_call *call);
enum MHD_Result sw_serve_whatif(struct sw_call *call);

#endif
