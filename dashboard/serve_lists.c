/* Lists and single things: each is answered from the store, under a tag that moves with it. */
#include "call.h"

#include <string.h>

#include "answers.h"

typedef enum sw_status (*list_fn)(struct sw_store *store, struct sw_query *query,
                                  struct sw_buffer *out);

static bool has_range(const struct sw_query *query)
{
    return query->range_ms != 0 || query->has_from || query->has_to;
}

/* What counts by the hour or has no moments is not asked as of an entry. */
static bool check_as_of(struct sw_call *call, bool has_moments, enum MHD_Result *result)
{
    if (call->query.as_of == 0 || (has_moments && !has_range(&call->query))) {
        return true;
    }
    *result = sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "parameter",
                           has_moments ? "as_of= counts all of the log up to that entry."
                                       : "This list has no as_of=.",
                           "Leave range, from and to out, or leave as_of out.");
    return false;
}

static enum MHD_Result reply_kept(struct sw_call *call, const char *etag, struct sw_text answer)
{
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = "application/json", .etag = etag, .cache = "no-cache"};
    return sw_http_reply(call->connection, &reply, answer);
}

static enum MHD_Result answer_list(struct sw_call *call, list_fn list)
{
    struct sw_kept_answers *kept = &call->server->kept;
    char etag[SW_ETAG_BYTES];
    enum MHD_Result result;
    struct sw_buffer out;
    sw_call_etag(call, etag);
    if (sw_call_unchanged(call, etag, &result)) {
        return result;
    }
    struct sw_text answer = sw_kept_find(kept, call->routed.route, &call->query, etag);
    if (answer.length > 0) {
        return reply_kept(call, etag, answer);
    }
    struct sw_query asked;
    memcpy(&asked, &call->query, sizeof(asked)); // paddings too, see kept.c
    sw_call_start(call, &out);
    if (call->query.as_of != 0 && !sw_call_as_of(call, &result)) {
        return result;
    }
    enum sw_status status = list(&call->server->store, &call->query, &out);
    if (status != SW_OK) {
        return sw_call_fail_status(call, status);
    }
    if (!out.overflowed) {
        sw_kept_put(kept, call->routed.route, &asked, etag, sw_buffer_text(&out));
    }
    return sw_call_json(call, &out, etag);
}

enum MHD_Result sw_serve_alerts(struct sw_call *call)
{
    enum MHD_Result result;
    if (!check_as_of(call, true, &result)) {
        return result;
    }
    if (call->query.from_node[0] != '\0' || call->query.to_node[0] != '\0') {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "parameter", "Alerts have no src and dst.",
                            "Use edge=, or ask /api/events.");
    }
    return answer_list(call, sw_answer_alerts);
}

enum MHD_Result sw_serve_flows(struct sw_call *call)
{
    enum MHD_Result result;
    if (!check_as_of(call, true, &result)) {
        return result;
    }
    return answer_list(call, sw_answer_flows);
}

enum MHD_Result sw_serve_histogram(struct sw_call *call)
{
    enum MHD_Result result;
    if (!check_as_of(call, false, &result)) {
        return result;
    }
    return answer_list(call, sw_answer_histogram);
}

enum MHD_Result sw_serve_events(struct sw_call *call)
{
    enum MHD_Result result;
    if (!check_as_of(call, false, &result)) {
        return result;
    }
    return answer_list(call, sw_answer_events);
}

static enum sw_status list_reviews(struct sw_store *store, struct sw_query *query,
                                   struct sw_buffer *out)
{
    return sw_answer_reviews(store, query, out);
}

enum MHD_Result sw_serve_reviews(struct sw_call *call)
{
    enum MHD_Result result;
    if (!check_as_of(call, false, &result)) {
        return result;
    }
    return answer_list(call, list_reviews);
}

typedef enum sw_status (*one_fn)(struct sw_store *store, int64_t id, struct sw_buffer *out);

static enum MHD_Result answer_one(struct sw_call *call, one_fn one)
{
    char etag[SW_ETAG_BYTES];
    enum MHD_Result result;
    struct sw_buffer out;
    sw_call_etag(call, etag);
    if (sw_call_unchanged(call, etag, &result)) {
        return result;
    }
    sw_call_start(call, &out);
    enum sw_status status = one(&call->server->store, call->routed.id, &out);
    return status == SW_OK ? sw_call_json(call, &out, etag) : sw_call_fail_status(call, status);
}

enum MHD_Result sw_serve_alert(struct sw_call *call)
{
    return answer_one(call, sw_answer_alert);
}

enum MHD_Result sw_serve_event(struct sw_call *call)
{
    return answer_one(call, sw_answer_event);
}
