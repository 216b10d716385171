/* Every request goes the same way: body? host? route? session? role? parameters? answer. What fails
 * on the way is answered with what to do. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define PARAMETERS_MAX 32

typedef enum MHD_Result (*answer_fn)(struct sw_call *call);

enum need { NEED_NOTHING, NEED_SESSION, NEED_PAGE_SESSION };

static const struct {
    enum need need;
    answer_fn answer;
} handlers[] = {
    [SW_ROUTE_PAGE] = {NEED_PAGE_SESSION, sw_serve_page},
    [SW_ROUTE_ASSET] = {NEED_NOTHING, sw_serve_asset},
    [SW_ROUTE_ICON] = {NEED_NOTHING, sw_serve_icon},
    [SW_ROUTE_OPEN] = {NEED_NOTHING, sw_serve_open},
    [SW_ROUTE_LOGIN] = {NEED_NOTHING, sw_serve_login},
    [SW_ROUTE_HEALTH] = {NEED_NOTHING, sw_serve_health},
    [SW_ROUTE_METRICS] = {NEED_NOTHING, sw_serve_metrics},
    [SW_ROUTE_STATUS] = {NEED_SESSION, sw_serve_status},
    [SW_ROUTE_ALERTS] = {NEED_SESSION, sw_serve_alerts},
    [SW_ROUTE_ALERT] = {NEED_SESSION, sw_serve_alert},
    [SW_ROUTE_FLOWS] = {NEED_SESSION, sw_serve_flows},
    [SW_ROUTE_HISTOGRAM] = {NEED_SESSION, sw_serve_histogram},
    [SW_ROUTE_EVENTS] = {NEED_SESSION, sw_serve_events},
    [SW_ROUTE_EVENT] = {NEED_SESSION, sw_serve_event},
    [SW_ROUTE_LIVE] = {NEED_SESSION, sw_serve_live},
    [SW_ROUTE_REVIEWS] = {NEED_SESSION, sw_serve_reviews},
    [SW_ROUTE_REVIEW_POST] = {NEED_SESSION, sw_serve_review_post},
    [SW_ROUTE_CASES] = {NEED_SESSION, sw_serve_cases},
    [SW_ROUTE_CASE_POST] = {NEED_SESSION, sw_serve_case_post},
    [SW_ROUTE_TIMELINE] = {NEED_SESSION, sw_serve_timeline},
    [SW_ROUTE_PACKS] = {NEED_SESSION, sw_serve_packs},
    [SW_ROUTE_WHATIF] = {NEED_SESSION, sw_serve_whatif},
    [SW_ROUTE_MOMENT] = {NEED_SESSION, sw_serve_moment},
    [SW_ROUTE_REPLAY_CHECK] = {NEED_SESSION, sw_serve_replay_check},
    [SW_ROUTE_VERIFY] = {NEED_SESSION, sw_serve_verify},
    [SW_ROUTE_INTEGRITY] = {NEED_SESSION, sw_serve_integrity},
    [SW_ROUTE_EVIDENCE] = {NEED_SESSION, sw_serve_evidence},
    [SW_ROUTE_EXPORT_CSV] = {NEED_SESSION, sw_serve_export},
    [SW_ROUTE_EXPORT_JSONL] = {NEED_SESSION, sw_serve_export},
};

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *key,
                                      size_t key_bytes, const char *value, size_t value_bytes)
{
    struct sw_call *call = context;
    (void)kind;
    if (++call->parameter_count > PARAMETERS_MAX) {
        (void)snprintf(call->problem.message, sizeof(call->problem.message),
                       "More than %d parameters.", PARAMETERS_MAX);
        call->problem.hint[0] = '\0';
        call->bad_parameter = true;
        return MHD_NO;
    }
    struct sw_text key_text = {.bytes = key, .length = (uint32_t)key_bytes};
    struct sw_text value_text = {.bytes = value,
                                 .length = value != NULL ? (uint32_t)value_bytes : 0};
    enum sw_status status =
        call->routed.list != NULL
            ? sw_query_add_of_page(&call->query, key_text, value_text, &call->problem)
            : sw_query_add(&call->query, key_text, value_text, &call->problem);
    call->bad_parameter = status != SW_OK;
    return call->bad_parameter ? MHD_NO : MHD_YES;
}

static enum MHD_Result count_host(void *context, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    uint32_t *count = context;
    (void)kind;
    (void)value;
    *count += sw_text_equal_fold(sw_text_from(key), SW_TEXT("Host")) ? 1 : 0;
    return MHD_YES;
}

static bool known_host(const struct sw_server *server, const char *host)
{
    for (uint32_t i = 0; i < server->host_count; i++) {
        if (sw_text_equal_fold(sw_text_from(host), sw_text_from(server->hosts[i]))) {
            return true;
        }
    }
    return false;
}

static bool known_origin(const struct sw_server *server, const char *origin)
{
    for (uint32_t i = 0; i < server->host_count; i++) {
        if (sw_text_equal_fold(sw_text_from(origin), sw_text_from(server->origins[i]))) {
            return true;
        }
    }
    return false;
}

/* What is wrong with the head of a request whatever it asks for; false when that was answered. */
static bool check_head(struct sw_call *call, bool post, enum MHD_Result *result)
{
    uint32_t hosts = 0;
    const char *length = sw_call_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *encoding = sw_call_header(call, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    const char *host = sw_call_header(call, MHD_HTTP_HEADER_HOST);
    (void)MHD_get_connection_values(call->connection, MHD_HEADER_KIND, count_host, &hosts);
    if (hosts != 1 || host == NULL) {
        *result =
            sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "host", "A request has one Host line.", NULL);
        return false;
    }
    if (!known_host(call->server, host)) {
        *result = sw_call_fail(call, MHD_HTTP_MISDIRECTED_REQUEST, "host",
                               "The dashboard does not answer under this name.",
                               "Use the address that it printed, or start it with --host NAME.");
        return false;
    }
    bool has_body = encoding != NULL || (length != NULL && strcmp(length, "0") != 0);
    if ((encoding != NULL && length != NULL) || (!post && has_body)) {
        *result =
            sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "body", "This request has no body.", NULL);
        return false;
    }
    return true;
}

static bool check_post(struct sw_call *call, enum MHD_Result *result)
{
    const char *type = sw_call_header(call, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *origin = sw_call_header(call, "Origin");
    const char *length = sw_call_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (origin != NULL && !known_origin(call->server, origin)) {
        *result = sw_call_fail(call, MHD_HTTP_FORBIDDEN, "origin",
                               "Another site sent this request.", NULL);
        return false;
    }
    if (type == NULL || strncmp(type, "application/json", 16) != 0) {
        *result = sw_call_fail(call, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "type", "A body is JSON.",
                               "Send Content-Type: application/json.");
        return false;
    }
    if (length != NULL && (strlen(length) > 7 || strtol(length, NULL, 10) > (long)SW_BODY_BYTES)) {
        *result =
            sw_call_fail(call, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "The body is too large.",
                         "At most 128 kB: name fewer ids, or give a filter.");
        return false;
    }
    return true;
}

/* Finds the session; false when the route needs one and there is none, which was answered. */
static bool check_session(struct sw_call *call, enum MHD_Result *result)
{
    struct sw_server *server = call->server;
    enum need need = handlers[call->routed.route].need;
    const char *secret =
        MHD_lookup_connection_value(call->connection, MHD_COOKIE_KIND, server->cookie);
    call->session = sw_access_find(&server->access, secret, sw_call_steady_ms());
    if (need == NEED_NOTHING || call->session != NULL) {
        return true;
    }
    if (need == NEED_PAGE_SESSION) {
        server->refused_total++;
        *result = sw_serve_page_named(call, server->access.named ? "login.html" : "closed.html",
                                      MHD_HTTP_UNAUTHORIZED);
    } else {
        *result =
            sw_call_fail(call, MHD_HTTP_UNAUTHORIZED, "session", "You are not signed in.",
                         server->access.named ? "Sign in on the page."
                                              : "Open the link that the dashboard printed last.");
    }
    return false;
}

/* True for what a person typed or followed, not a program. */
static bool wants_page(struct sw_call *call)
{
    const char *accept = sw_call_header(call, MHD_HTTP_HEADER_ACCEPT);
    return accept != NULL && strstr(accept, "text/html") != NULL &&
           strncmp(call->path, "/api/", 5) != 0 && strncmp(call->path, "/a/", 3) != 0;
}

static bool check_route(struct sw_call *call, enum MHD_Result *result)
{
    if (call->routed.route == SW_ROUTE_NOT_METHOD) {
        char body[] = "{\"error\":{\"code\":\"method\",\"message\":\"This path is not asked for "
                      "that way.\"}}\n";
        struct sw_reply reply = {.status = MHD_HTTP_METHOD_NOT_ALLOWED,
                                 .type = "application/json",
                                 .header = "Allow",
                                 .value = call->routed.allow};
        call->server->refused_total++;
        *result = sw_http_reply(call->connection, &reply, sw_text_from(body));
        return false;
    }
    if (call->routed.route == SW_ROUTE_NONE || handlers[call->routed.route].answer == NULL) {
        if (wants_page(call)) {
            call->server->refused_total++;
            *result = sw_serve_page_named(call, "lost.html", MHD_HTTP_NOT_FOUND);
        } else {
            *result = sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found", "There is no such page.",
                                   "/help lists what there is.");
        }
        return false;
    }
    return true;
}

static bool check_parameters(struct sw_call *call, enum MHD_Result *result)
{
    sw_query_init(&call->query);
    if (handlers[call->routed.route].need != NEED_SESSION) {
        return true; // the page reads its own URL
    }
    (void)MHD_get_connection_values_n(call->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
                                      call);
    if (call->bad_parameter) {
        *result = sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "parameter", call->problem.message,
                               call->problem.hint);
        return false;
    }
    if (call->routed.list != NULL) {
        sw_query_default_of_page(&call->query);
    }
    return true;
}

static enum MHD_Result answer(struct sw_call *call)
{
    enum MHD_Result result;
    uint64_t start_ns = uv_hrtime();
    if (check_session(call, &result) && check_parameters(call, &result)) {
        result = handlers[call->routed.route].answer(call);
    }
    call->server->answer_ns_total += uv_hrtime() - start_ns;
    return result;
}

static struct sw_post *take_post(struct sw_server *server)
{
    for (uint32_t i = 0; i < SW_BODIES_MAX; i++) {
        if (!server->posts[i].used) {
            server->posts[i].used = true;
            server->posts[i].length = 0;
            server->posts[i].too_long = false;
            return &server->posts[i];
        }
    }
    return NULL;
}

static enum MHD_Result begin_post(struct sw_call *call, void **request)
{
    enum MHD_Result result;
    if (!check_post(call, &result)) {
        return result;
    }
    struct sw_post *post = take_post(call->server);
    if (post == NULL) {
        return sw_call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                            "Too many requests with a body at once.", "Try again in a second.");
    }
    *request = post;
    sw_http_wait(call->connection, SW_BODY_MS);
    return MHD_YES;
}

static void add_upload(struct sw_post *post, const char *upload, size_t *upload_bytes)
{
    if (*upload_bytes > sizeof(post->bytes) - post->length) {
        post->too_long = true;
    } else {
        memcpy(post->bytes + post->length, upload, *upload_bytes);
        post->length += (uint32_t)*upload_bytes;
    }
    *upload_bytes = 0;
}

enum MHD_Result sw_server_handle(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_bytes, void **request)
{
    struct sw_server *server = context;
    struct sw_call call = {.server = server, .connection = connection, .path = url};
    struct sw_post *post = *request;
    enum MHD_Result result;
    (void)version;
    if (post != NULL && *upload_bytes > 0) {
        add_upload(post, upload, upload_bytes);
        return MHD_YES;
    }
    sw_http_wait(connection, 0);
    call.routed = sw_route_find(sw_text_from(method), sw_text_from(url));
    if (post != NULL) {
        if (post->too_long) {
            return sw_call_fail(&call, MHD_HTTP_CONTENT_TOO_LARGE, "too_large",
                                "The body is too large.",
                                "At most 128 kB: name fewer ids, or give a filter.");
        }
        call.body = (struct sw_text){.bytes = post->bytes, .length = post->length};
        return answer(&call);
    }
    server->requests_total++;
    bool is_post = strcmp(method, "POST") == 0;
    if (!check_head(&call, is_post, &result) || !check_route(&call, &result)) {
        return result;
    }
    return is_post ? begin_post(&call, request) : answer(&call);
}

void sw_server_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct sw_post *post = *request;
    (void)context;
    (void)code;
    sw_http_wait(connection, SW_NEXT_MS);
    if (post != NULL) {
        post->used = false;
        *request = NULL;
    }
}

static enum sw_status add_host(struct sw_server *server, const char *host)
{
    if (server->host_count == SW_HOSTS_MAX || strlen(host) >= sizeof(server->hosts[0])) {
        return SW_FULL;
    }
    uint32_t at = server->host_count++;
    (void)snprintf(server->hosts[at], sizeof(server->hosts[at]), "%s", host);
    (void)snprintf(server->origins[at], sizeof(server->origins[at]), "%s://%s",
                   server->tls ? "https" : "http", host);
    return SW_OK;
}

enum sw_status sw_server_set_hosts(struct sw_server *server, const char *address,
                                   const char *const *names, uint32_t name_count)
{
    char host[160];
    const char *own[] = {address, "localhost"};
    bool six = strchr(address, ':') != NULL;
    for (uint32_t i = 0; i < (server->http.loopback ? 2 : 1) + name_count; i++) {
        uint32_t first = server->http.loopback ? 2 : 1;
        const char *name = i < first ? own[i] : names[i - first];
        (void)snprintf(host, sizeof(host), i == 0 && six ? "[%.128s]:%u" : "%.128s:%u", name,
                       server->http.port);
        if (add_host(server, host) != SW_OK) {
            return SW_FULL;
        }
    }
    return SW_OK;
}

/* The inbox is kept in the reviews file: when that cannot grow, new alerts do not show. */
static void look_for_space(struct sw_server *server)
{
    static const char full[] =
        "The disk is full: alerts that came since are not in the inbox. Free "
        "some space where the reviews file is.";
    struct sw_store *store = &server->store;
    bool behind = server->inbox.alert < store->heads.alert;
    if (behind && (store->code & 0xff) == SQLITE_FULL) {
        store->trouble = full;
    } else if (!behind && store->trouble == full) {
        store->trouble = NULL;
    }
}

bool sw_server_look(void *context)
{
    struct sw_server *server = context;
    int64_t before = server->inbox.alert;
    int64_t review = server->store.heads.review;
    int64_t event = server->store.heads.event;
    const char *trouble = server->store.trouble;
    (void)sw_store_refresh(&server->store);
    sw_store_look(&server->store);
    if (sw_inbox_tail(&server->inbox)) {
        sw_watch_hurry(&server->watch);
    }
    look_for_space(server);
    bool moved = server->inbox.alert != before || server->store.heads.review != review ||
                 server->store.heads.event != event || server->store.trouble != trouble;
    if (moved) {
        sw_live_wake(&server->live);
    }
    return moved;
}
