/* What people do: reviews and cases, each by somebody who may. */
#include "call.h"

#include <stdio.h>

#include <sharewatch/now.h>
#include <sharewatch/time.h>

#include "answers.h"

static enum MHD_Result fail_conflict(struct sw_call *call, const struct sw_review_result *result)
{
    char message[192];
    char time[SW_TIME_BYTES];
    sw_time_format(result->first_ms, time);
    (void)snprintf(message, sizeof(message), "%s was first: %s of alert %lld at %s.",
                   result->first_actor, result->first_action, (long long)result->first_alert, time);
    return sw_call_fail(call, MHD_HTTP_CONFLICT, "conflict", message,
                        "Look at the alert again, then decide.");
}

static enum MHD_Result reply_review(struct sw_call *call, const struct sw_review_result *result)
{
    struct sw_buffer out;
    sw_call_start(call, &out);
    sw_buffer_append_string(&out, "{");
    sw_json_number(&out, "changed", result->changed);
    sw_json_number(&out, "skipped", result->skipped);
    sw_json_number(&out, "left", (int64_t)result->left);
    sw_json_number(&out, "batch", result->batch);
    sw_json_number(&out, "review", call->server->store.heads.review);
    sw_json_text(&out, "by", call->session->actor);
    sw_buffer_append_string(&out, "}");
    return sw_call_json(call, &out, NULL);
}

/* If-Match: "17" refuses when an alert was reviewed after row 17. */
static bool read_match(struct sw_call *call, struct sw_review_request *request)
{
    const char *match = sw_call_header(call, MHD_HTTP_HEADER_IF_MATCH);
    if (match == NULL) {
        return true;
    }
    struct sw_text text = sw_text_from(match);
    if (text.length < 3 || text.bytes[0] != '"' || text.bytes[text.length - 1] != '"') {
        return false;
    }
    struct sw_query query;
    sw_query_init(&query);
    struct sw_text number = {.bytes = text.bytes + 1, .length = text.length - 2};
    if (sw_query_add(&query, SW_TEXT("after"), number, &call->problem) != SW_OK) {
        return false;
    }
    request->has_match = true;
    request->match = query.after;
    return true;
}

enum MHD_Result sw_serve_review_post(struct sw_call *call)
{
    struct sw_server *server = call->server;
    struct sw_review_request *request = &server->review;
    struct sw_review_result result;
    enum MHD_Result refused;
    if (!sw_call_may(call, SW_ROLE_REVIEWER, &refused)) {
        return refused;
    }
    if (sw_body_review(call->body, request, &call->problem) != SW_OK) {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "body", call->problem.message,
                            call->problem.hint);
    }
    if (!read_match(call, request)) {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "if_match", "If-Match is not understood.",
                            "Give the number of a review in quotes, as /api/alerts/ID has it.");
    }
    enum sw_status status =
        sw_reviews_add(&server->store, request, call->session->actor, sw_now_ms(), &result);
    sw_live_wake(&server->live);
    if (status == SW_EXISTS) {
        return fail_conflict(call, &result);
    }
    if (status == SW_NOT_FOUND) {
        return sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found", server->store.problem,
                            "Nothing was changed.");
    }
    if (status == SW_INVALID) {
        return sw_call_fail(
            call, MHD_HTTP_CONFLICT, "read_only", server->store.problem,
            "Start the dashboard with --reviews FILE in a folder that it may write.");
    }
    return status == SW_OK ? reply_review(call, &result) : sw_call_fail_status(call, status);
}

enum MHD_Result sw_serve_cases(struct sw_call *call)
{
    struct sw_buffer out;
    sw_call_start(call, &out);
    enum sw_status status = sw_answer_cases(&call->server->store, &out);
    return status == SW_OK ? sw_call_json(call, &out, NULL) : sw_call_fail_status(call, status);
}

enum MHD_Result sw_serve_case_post(struct sw_call *call)
{
    struct sw_server *server = call->server;
    struct sw_case_request *request = &server->case_request;
    enum MHD_Result refused;
    if (!sw_call_may(call, SW_ROLE_CUSTODIAN, &refused)) {
        return refused;
    }
    if (sw_body_case(call->body, request, &call->problem) != SW_OK) {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "body", call->problem.message,
                            call->problem.hint);
    }
    enum sw_status status =
        sw_reviews_open_case(&server->store, request->number, request->reason, request->chains,
                             request->chain_count, call->session->actor, sw_now_ms());
    sw_live_wake(&server->live);
    if (status == SW_EXISTS) {
        return sw_call_fail(call, MHD_HTTP_CONFLICT, "exists",
                            "A case with this number is open already.",
                            "Open it, or give another number.");
    }
    if (status == SW_INVALID) {
        return sw_call_fail(call, MHD_HTTP_CONFLICT, "read_only", server->store.problem, NULL);
    }
    if (status != SW_OK) {
        return sw_call_fail_status(call, status);
    }
    struct sw_buffer out;
    sw_call_start(call, &out);
    sw_buffer_append_string(&out, "{");
    sw_json_text(&out, "number", request->number);
    sw_json_number(&out, "chains", request->chain_count);
    sw_buffer_append_string(&out, "}");
    return sw_call_json(call, &out, NULL);
}

enum MHD_Result sw_serve_timeline(struct sw_call *call)
{
    struct sw_server *server = call->server;
    char number[SW_WORD_BYTES];
    struct sw_buffer out;
    enum MHD_Result refused;
    if (!sw_call_may(call, SW_ROLE_REVIEWER, &refused)) {
        return refused;
    }
    (void)snprintf(number, sizeof(number), "%.*s", SW_TEXT_FORMAT(call->routed.name));
    sw_call_start(call, &out);
    enum sw_status status = sw_answer_timeline(&server->store, number, &out);
    if (status == SW_OK) {
        status = sw_reviews_read_case(&server->store, number, call->session->actor, sw_now_ms());
    }
    if (status == SW_INVALID) {
        return sw_call_fail(call, MHD_HTTP_CONFLICT, "read_only", server->store.problem,
                            "A case may only be read where the reading can be recorded.");
    }
    return status == SW_OK ? sw_call_json(call, &out, NULL) : sw_call_fail_status(call, status);
}
