/* Every request goes the same way: body? host? route? session? role? parameters? answer. What fails
 * on the way is answered with what to do. */
#include "server.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "answers.h"
#include "assets.h"
#include "evidence.h"
#include "route.h"

#define ETAG_BYTES       96
#define PLACEHOLDER      "@ASSETS@"
#define PARAMETERS_MAX   32
#define METRICS_BYTES    2048
#define COOKIE_LINE      192
#define PARAMETER_FAILED MHD_HTTP_BAD_REQUEST

/* What one request is, as its steps find it out. */
struct call {
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

typedef enum MHD_Result (*answer_fn)(struct call *call);

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t steady_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static enum MHD_Result fail(struct call *call, unsigned status, const char *code,
                            const char *message, const char *hint)
{
    if (status >= MHD_HTTP_INTERNAL_SERVER_ERROR) {
        call->server->errors_total++;
    } else {
        call->server->refused_total++;
    }
    return sw_http_error(call->connection, status, code, message, hint);
}

static enum MHD_Result fail_status(struct call *call, enum sw_status status)
{
    struct sw_store *store = &call->server->store;
    if (status == SW_NOT_FOUND) {
        return fail(call, MHD_HTTP_NOT_FOUND, "not_found", "The log has nothing under this number.",
                    "Numbers are those of this log; another log has others.");
    }
    if (store->overran) {
        return fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "too_slow",
                    "The question took too long and was given up.",
                    "Ask for a shorter range or a narrower filter.");
    }
    (void)fprintf(stderr, "sharewatch dashboard: %s: %s\n", call->path, store->problem);
    return fail(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "database",
                "The log could not be read just now.",
                "The reason is on the dashboard's standard error.");
}

static const char *header(struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

/* Answers with the JSON in the answer's block, if nothing was left out of it. */
static enum MHD_Result reply_json(struct call *call, const struct sw_buffer *out, const char *etag)
{
    if (out->overflowed) {
        return fail(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "too_large",
                    "The answer is larger than the server may hold.", "Ask for fewer with limit=.");
    }
    struct sw_reply reply = {.status = MHD_HTTP_OK,
                             .type = "application/json",
                             .etag = etag,
                             .cache = etag != NULL ? "no-cache" : NULL};
    return sw_http_reply(call->connection, &reply, sw_buffer_text(out));
}

static void start_answer(struct call *call, struct sw_buffer *out)
{
    sw_buffer_init(out, call->server->answer, sizeof(call->server->answer));
    sw_store_limit(&call->server->store, SW_STATEMENT_MS_MAX);
}

/* The tag of everything that is read: it moves whenever the log or the reviews do. */
static void write_etag(struct call *call, char etag[ETAG_BYTES])
{
    const struct sw_server *server = call->server;
    const struct sw_heads *heads = &server->store.heads;
    (void)snprintf(etag, ETAG_BYTES, "\"%llx.%llx.%llx.%llx.%llx\"",
                   (unsigned long long)heads->event, (unsigned long long)heads->hop,
                   (unsigned long long)server->inbox.alert, (unsigned long long)heads->review,
                   (unsigned long long)heads->gap + (unsigned long long)heads->quarantine);
}

/* True when the reader has what @etag names already; then the answer was sent. */
static bool unchanged(struct call *call, const char *etag, enum MHD_Result *result)
{
    const char *has = header(call, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (has == NULL || strcmp(has, etag) != 0) {
        return false;
    }
    struct sw_reply reply = {.status = MHD_HTTP_NOT_MODIFIED, .etag = etag, .cache = "no-cache"};
    *result = sw_http_reply(call->connection, &reply, SW_TEXT(""));
    return true;
}

/* Pages and files. */

static enum MHD_Result reply_page(struct call *call, const char *name, unsigned status)
{
    const struct sw_asset *asset = sw_asset_find(sw_text_from(name));
    struct sw_buffer out;
    char folder[sizeof(PLACEHOLDER) + 8];
    SW_ASSERT(asset != NULL);
    sw_buffer_init(&out, call->server->answer, sizeof(call->server->answer));
    (void)snprintf(folder, sizeof(folder), "%s",
                   call->server->asset_folder != NULL ? "dev" : sw_assets_hash);
    const char *at = asset->start;
    const char *found;
    while ((found = strstr(at, PLACEHOLDER)) != NULL) {
        sw_buffer_append(&out, (struct sw_text){.bytes = at, .length = (uint32_t)(found - at)});
        sw_buffer_append_string(&out, folder);
        at = found + strlen(PLACEHOLDER);
    }
    sw_buffer_append_string(&out, at);
    struct sw_reply reply = {.status = status, .type = asset->type};
    return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
}

static enum MHD_Result answer_page(struct call *call)
{
    return reply_page(call, "index.html", MHD_HTTP_OK);
}

static enum MHD_Result asset_from_folder(struct call *call, const struct sw_asset *asset)
{
    struct sw_server *server = call->server;
    char path[SW_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", server->asset_folder, asset->name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, server->answer, sizeof(server->answer));
    if (file >= 0) {
        (void)close(file);
    }
    if (got < 0) {
        return fail(call, MHD_HTTP_NOT_FOUND, "not_found", "There is no such file.", path);
    }
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = asset->type};
    return sw_http_reply(call->connection, &reply,
                         (struct sw_text){.bytes = server->answer, .length = (uint32_t)got});
}

/* /a/HASH/NAME: only names of the table exist, so no path leads out of it. */
static enum MHD_Result answer_asset(struct call *call)
{
    struct sw_server *server = call->server;
    struct sw_text rest = call->routed.name;
    const char *folder = server->asset_folder != NULL ? "dev" : sw_assets_hash;
    struct sw_text prefix = sw_text_from(folder);
    const struct sw_asset *asset = NULL;
    if (sw_text_starts_with(rest, prefix) && rest.length > prefix.length + 1 &&
        rest.bytes[prefix.length] == '/') {
        asset = sw_asset_find((struct sw_text){.bytes = rest.bytes + prefix.length + 1,
                                               .length = rest.length - prefix.length - 1});
    }
    if (asset == NULL) {
        return fail(call, MHD_HTTP_NOT_FOUND, "not_found", "There is no such file.",
                    "Load the page anew: the dashboard may have been updated.");
    }
    if (server->asset_folder != NULL) {
        return asset_from_folder(call, asset);
    }
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = asset->type, .cache = "public, max-age=31536000, immutable"};
    return sw_http_reply_static(
        call->connection, &reply,
        (struct sw_text){.bytes = asset->start, .length = (uint32_t)(asset->end - asset->start)});
}

static enum MHD_Result answer_icon(struct call *call)
{
    const struct sw_asset *asset = sw_asset_find(SW_TEXT("icon.svg"));
    SW_ASSERT(asset != NULL);
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = asset->type, .cache = "public, max-age=86400"};
    return sw_http_reply_static(
        call->connection, &reply,
        (struct sw_text){.bytes = asset->start, .length = (uint32_t)(asset->end - asset->start)});
}

/* Sessions. */

static enum MHD_Result reply_session(struct call *call, const struct sw_session *session,
                                     unsigned status, struct sw_text body)
{
    struct sw_server *server = call->server;
    char cookie[COOKIE_LINE];
    (void)snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s",
                   server->cookie, session->secret, server->tls ? "; Secure" : "");
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.length, sw_http_memory(body.bytes), MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Set-Cookie", cookie);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_SEE_OTHER) {
        (void)MHD_add_response_header(response, "Location", "/");
    }
    enum MHD_Result result = MHD_queue_response(call->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_open(struct call *call)
{
    struct sw_server *server = call->server;
    struct sw_session *session = sw_access_redeem(&server->access, call->routed.name, steady_ms());
    if (session == NULL) {
        return reply_page(call, "closed.html", MHD_HTTP_FORBIDDEN);
    }
    if (server->link_used != NULL) {
        server->link_used(server);
    }
    return reply_session(call, session, MHD_HTTP_SEE_OTHER, SW_TEXT(""));
}

static enum MHD_Result answer_login(struct call *call)
{
    struct sw_server *server = call->server;
    struct sw_login_request request;
    if (sw_body_login(call->body, &request, &call->problem) != SW_OK) {
        return fail(call, MHD_HTTP_BAD_REQUEST, "body", call->problem.message, call->problem.hint);
    }
    struct sw_session *session =
        sw_access_login(&server->access, request.name, request.password, steady_ms());
    explicit_bzero(&request, sizeof(request));
    if (session == NULL) {
        return fail(call, MHD_HTTP_FORBIDDEN, "login", "Name and password do not fit.",
                    "Wait a moment between attempts.");
    }
    return reply_session(call, session, MHD_HTTP_OK, SW_TEXT("{}"));
}

/* State of the server. */

static enum MHD_Result answer_health(struct call *call)
{
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};
    return sw_http_reply(call->connection, &reply, SW_TEXT("ok\n"));
}

static void metric(struct sw_buffer *out, const char *name, const char *type, const char *about,
                   double value)
{
    sw_buffer_append_format(out, "# HELP sharewatch_dashboard_%s %s\n", name, about);
    sw_buffer_append_format(out, "# TYPE sharewatch_dashboard_%s %s\n", name, type);
    sw_buffer_append_format(out, "sharewatch_dashboard_%s %.17g\n", name, value);
}

static enum MHD_Result answer_metrics(struct call *call)
{
    const struct sw_server *server = call->server;
    const struct sw_heads *heads = &server->store.heads;
    struct sw_buffer out;
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "text/plain; version=0.0.4"};
    start_answer(call, &out);
    metric(&out, "requests_total", "counter", "Requests answered.", (double)server->requests_total);
    metric(&out, "refused_total", "counter", "Requests answered with 4xx.",
           (double)server->refused_total);
    metric(&out, "errors_total", "counter", "Requests answered with 5xx.",
           (double)server->errors_total);
    metric(&out, "answer_seconds_total", "counter", "Time spent on answers.",
           (double)server->answer_ns_total / 1e9);
    metric(&out, "live_pages", "gauge", "Pages on the live stream.", server->live.client_count);
    metric(&out, "live_alerts_total", "counter", "Alerts written to live pages.",
           (double)server->live.sent_total);
    metric(&out, "log_events", "gauge", "Highest event in the log.", (double)heads->event);
    metric(&out, "log_alerts", "gauge", "Highest alert in the log.", (double)heads->alert);
    metric(&out, "inbox_alerts", "gauge", "Highest alert taken into the inbox.",
           (double)server->inbox.alert);
    metric(&out, "reviews", "gauge", "Rows of the reviews file.", (double)heads->review);
    metric(&out, "logins_refused_total", "counter", "One-time links and logins refused.",
           (double)server->access.refused_total);
    metric(&out, "http_complaints_total", "counter", "Malformed requests and broken connections.",
           (double)server->http.complaints_total);
    return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
}

static enum MHD_Result answer_status(struct call *call)
{
    struct sw_buffer out;
    start_answer(call, &out);
    enum sw_status status =
        sw_answer_status(&call->server->store, &call->server->inbox, wall_ms(), &out);
    if (status != SW_OK) {
        return fail_status(call, status);
    }
    out.length -= 1; // open the object again
    sw_json_number(&out, "what_if", call->server->whatif.program[0] != '\0' ? 1 : 0);
    sw_json_number(&out, "edited_row", call->server->edited_row);
    sw_json_text(&out, "actor", call->session->actor);
    sw_json_text(&out, "role", sw_role_name(call->session->role));
    sw_buffer_append_string(&out, "}");
    return reply_json(call, &out, NULL);
}

/* Lists and single things. */

typedef enum sw_status (*list_fn)(struct sw_store *store, struct sw_query *query,
                                  struct sw_buffer *out);

static enum MHD_Result answer_list(struct call *call, list_fn list)
{
    char etag[ETAG_BYTES];
    enum MHD_Result result;
    struct sw_buffer out;
    write_etag(call, etag);
    if (unchanged(call, etag, &result)) {
        return result;
    }
    start_answer(call, &out);
    enum sw_status status = list(&call->server->store, &call->query, &out);
    return status == SW_OK ? reply_json(call, &out, etag) : fail_status(call, status);
}

static enum MHD_Result answer_alerts(struct call *call)
{
    if (call->query.from_node[0] != '\0' || call->query.to_node[0] != '\0') {
        return fail(call, MHD_HTTP_BAD_REQUEST, "parameter", "Alerts have no src and dst.",
                    "Use edge=, or ask /api/events.");
    }
    return answer_list(call, sw_answer_alerts);
}

static enum MHD_Result answer_flows(struct call *call)
{
    return answer_list(call, sw_answer_flows);
}

static enum MHD_Result answer_histogram(struct call *call)
{
    return answer_list(call, sw_answer_histogram);
}

static enum MHD_Result answer_events(struct call *call)
{
    return answer_list(call, sw_answer_events);
}

static enum sw_status list_reviews(struct sw_store *store, struct sw_query *query,
                                   struct sw_buffer *out)
{
    return sw_answer_reviews(store, query, out);
}

static enum MHD_Result answer_reviews(struct call *call)
{
    return answer_list(call, list_reviews);
}

typedef enum sw_status (*one_fn)(struct sw_store *store, int64_t id, struct sw_buffer *out);

static enum MHD_Result answer_one(struct call *call, one_fn one)
{
    char etag[ETAG_BYTES];
    enum MHD_Result result;
    struct sw_buffer out;
    write_etag(call, etag);
    if (unchanged(call, etag, &result)) {
        return result;
    }
    start_answer(call, &out);
    enum sw_status status = one(&call->server->store, call->routed.id, &out);
    return status == SW_OK ? reply_json(call, &out, etag) : fail_status(call, status);
}

static enum MHD_Result answer_alert(struct call *call)
{
    return answer_one(call, sw_answer_alert);
}

static enum MHD_Result answer_event(struct call *call)
{
    return answer_one(call, sw_answer_event);
}

static enum MHD_Result answer_live(struct call *call)
{
    const char *last = header(call, "Last-Event-ID");
    int64_t after = -1;
    MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, "after");
    if (MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, "after") != NULL) {
        after = call->query.after;
    }
    if (last != NULL) {
        struct sw_query query;
        sw_query_init(&query);
        if (sw_query_add(&query, SW_TEXT("after"), sw_text_from(last), &call->problem) == SW_OK) {
            after = query.after;
        }
    }
    return sw_live_join(&call->server->live, call->connection, after);
}

/* Reviews and cases. */

static bool may(struct call *call, enum sw_role role, enum MHD_Result *result)
{
    if (call->session->role >= role) {
        return true;
    }
    char message[128];
    (void)snprintf(message, sizeof(message), "This needs the role %s; you are %s.",
                   sw_role_name(role), sw_role_name(call->session->role));
    *result = fail(call, MHD_HTTP_FORBIDDEN, "role", message, "Ask whoever keeps the users file.");
    return false;
}

static enum MHD_Result fail_conflict(struct call *call, const struct sw_review_result *result)
{
    char message[192];
    char time[SW_TIME_BYTES];
    sw_time_format(result->first_ms, time);
    (void)snprintf(message, sizeof(message), "%s was first: %s of alert %lld at %s.",
                   result->first_actor, result->first_action, (long long)result->first_alert, time);
    return fail(call, MHD_HTTP_CONFLICT, "conflict", message,
                "Look at the alert again, then decide.");
}

static enum MHD_Result reply_review(struct call *call, const struct sw_review_result *result)
{
    struct sw_buffer out;
    start_answer(call, &out);
    sw_buffer_append_string(&out, "{");
    sw_json_number(&out, "changed", result->changed);
    sw_json_number(&out, "skipped", result->skipped);
    sw_json_number(&out, "left", (int64_t)result->left);
    sw_json_number(&out, "batch", result->batch);
    sw_json_number(&out, "review", call->server->store.heads.review);
    sw_json_text(&out, "by", call->session->actor);
    sw_buffer_append_string(&out, "}");
    return reply_json(call, &out, NULL);
}

/* If-Match: "17" refuses when an alert was reviewed after row 17. */
static bool read_match(struct call *call, struct sw_review_request *request)
{
    const char *match = header(call, MHD_HTTP_HEADER_IF_MATCH);
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

static enum MHD_Result answer_review_post(struct call *call)
{
    struct sw_server *server = call->server;
    struct sw_review_request *request = &server->review;
    struct sw_review_result result;
    enum MHD_Result refused;
    if (!may(call, SW_ROLE_REVIEWER, &refused)) {
        return refused;
    }
    if (sw_body_review(call->body, request, &call->problem) != SW_OK) {
        return fail(call, MHD_HTTP_BAD_REQUEST, "body", call->problem.message, call->problem.hint);
    }
    if (!read_match(call, request)) {
        return fail(call, MHD_HTTP_BAD_REQUEST, "if_match", "If-Match is not understood.",
                    "Give the number of a review in quotes, as /api/alerts/ID has it.");
    }
    enum sw_status status =
        sw_reviews_add(&server->store, request, call->session->actor, wall_ms(), &result);
    sw_live_wake(&server->live);
    if (status == SW_EXISTS) {
        return fail_conflict(call, &result);
    }
    if (status == SW_NOT_FOUND) {
        return fail(call, MHD_HTTP_NOT_FOUND, "not_found", server->store.problem,
                    "Nothing was changed.");
    }
    if (status == SW_INVALID) {
        return fail(call, MHD_HTTP_CONFLICT, "read_only", server->store.problem,
                    "Start the dashboard with --reviews FILE in a folder that it may write.");
    }
    return status == SW_OK ? reply_review(call, &result) : fail_status(call, status);
}

static enum MHD_Result answer_cases(struct call *call)
{
    struct sw_buffer out;
    start_answer(call, &out);
    enum sw_status status = sw_answer_cases(&call->server->store, &out);
    return status == SW_OK ? reply_json(call, &out, NULL) : fail_status(call, status);
}

static enum MHD_Result answer_case_post(struct call *call)
{
    struct sw_server *server = call->server;
    struct sw_case_request *request = &server->case_request;
    enum MHD_Result refused;
    if (!may(call, SW_ROLE_CUSTODIAN, &refused)) {
        return refused;
    }
    if (sw_body_case(call->body, request, &call->problem) != SW_OK) {
        return fail(call, MHD_HTTP_BAD_REQUEST, "body", call->problem.message, call->problem.hint);
    }
    enum sw_status status =
        sw_reviews_open_case(&server->store, request->number, request->reason, request->chains,
                             request->chain_count, call->session->actor, wall_ms());
    sw_live_wake(&server->live);
    if (status == SW_EXISTS) {
        return fail(call, MHD_HTTP_CONFLICT, "exists", "A case with this number is open already.",
                    "Open it, or give another number.");
    }
    if (status == SW_INVALID) {
        return fail(call, MHD_HTTP_CONFLICT, "read_only", server->store.problem, NULL);
    }
    if (status != SW_OK) {
        return fail_status(call, status);
    }
    struct sw_buffer out;
    start_answer(call, &out);
    sw_buffer_append_string(&out, "{");
    sw_json_text(&out, "number", request->number);
    sw_json_number(&out, "chains", request->chain_count);
    sw_buffer_append_string(&out, "}");
    return reply_json(call, &out, NULL);
}

static enum MHD_Result answer_timeline(struct call *call)
{
    struct sw_server *server = call->server;
    char number[SW_WORD_BYTES];
    struct sw_buffer out;
    enum MHD_Result refused;
    if (!may(call, SW_ROLE_REVIEWER, &refused)) {
        return refused;
    }
    (void)snprintf(number, sizeof(number), "%.*s", SW_TEXT_FORMAT(call->routed.name));
    start_answer(call, &out);
    enum sw_status status = sw_answer_timeline(&server->store, number, &out);
    if (status == SW_OK) {
        status = sw_reviews_read_case(&server->store, number, call->session->actor, wall_ms());
    }
    if (status == SW_INVALID) {
        return fail(call, MHD_HTTP_CONFLICT, "read_only", server->store.problem,
                    "A case may only be read where the reading can be recorded.");
    }
    return status == SW_OK ? reply_json(call, &out, NULL) : fail_status(call, status);
}

/* Files. */

static ssize_t read_export(void *context, uint64_t position, char *bytes, size_t capacity)
{
    ssize_t got = sw_export_read(context, bytes, capacity);
    (void)position;
    return got < 0 ? MHD_CONTENT_READER_END_OF_STREAM : got;
}

static void end_export(void *context)
{
    ((struct sw_export *)context)->store = NULL;
}

static struct sw_export *take_export(struct sw_server *server)
{
    for (uint32_t i = 0; i < SW_EXPORTS_MAX; i++) {
        if (server->exports[i].store == NULL) {
            return &server->exports[i];
        }
    }
    return NULL;
}

static enum MHD_Result answer_export(struct call *call)
{
    struct sw_server *server = call->server;
    bool csv = call->routed.route == SW_ROUTE_EXPORT_CSV;
    enum MHD_Result refused;
    char file[96];
    if (call->query.full && !may(call, SW_ROLE_CUSTODIAN, &refused)) {
        return refused;
    }
    struct sw_export *export = take_export(server);
    if (export == NULL) {
        return fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", "Too many exports at once.",
                    "Try again when one has ended.");
    }
    if (sw_export_start(export, &server->store, &call->query,
                        csv ? SW_EXPORT_CSV : SW_EXPORT_JSONL) != SW_OK) {
        return fail(call, PARAMETER_FAILED, "parameter", "There is no such list.",
                    "Give what=alerts, events, flows or reviews.");
    }
    (void)snprintf(file, sizeof(file), "sharewatch-%s.%s",
                   call->query.what[0] != '\0' ? call->query.what : "alerts",
                   csv ? "csv" : "jsonl");
    struct sw_reply reply = {.status = MHD_HTTP_OK,
                             .type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson",
                             .file = file};
    return sw_http_reply_stream(call->connection, &reply, read_export, end_export, export);
}

static enum MHD_Result answer_evidence(struct call *call)
{
    struct sw_server *server = call->server;
    struct sw_buffer out;
    enum MHD_Result refused;
    char file[64];
    if (call->query.full && !may(call, SW_ROLE_CUSTODIAN, &refused)) {
        return refused;
    }
    start_answer(call, &out);
    enum sw_status status =
        sw_evidence_write(&server->store, call->routed.id, call->query.full, wall_ms(), &out);
    if (status != SW_OK) {
        return fail_status(call, status);
    }
    if (out.overflowed) {
        return fail(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "too_large",
                    "The file is larger than the server may hold.", "Ask with redact=public.");
    }
    (void)snprintf(file, sizeof(file), "sharewatch-alert-%lld.html", (long long)call->routed.id);
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = "text/html; charset=utf-8", .file = file};
    return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
}

/* Comparisons. */

static enum MHD_Result answer_packs(struct call *call)
{
    const struct sw_whatif *whatif = &call->server->whatif;
    struct sw_buffer out;
    start_answer(call, &out);
    sw_buffer_append_string(&out, "{\"packs\":[");
    for (uint32_t i = 0; i < whatif->pack_count; i++) {
        sw_buffer_append_string(&out, i == 0 ? "{" : ",{");
        sw_json_text(&out, "name", whatif->packs[i].name);
        sw_json_text(&out, "title", whatif->packs[i].title);
        sw_json_text(&out, "version", whatif->packs[i].version);
        sw_buffer_append_string(&out, "}");
    }
    sw_buffer_append_string(&out, "]}");
    return reply_json(call, &out, NULL);
}

static enum MHD_Result answer_whatif(struct call *call)
{
    struct sw_whatif *whatif = &call->server->whatif;
    if (call->query.policy_b[0] == '\0' && call->query.without[0] == '\0') {
        return fail(call, PARAMETER_FAILED, "parameter", "There is nothing to compare with.",
                    "Give b=PACK,… or without=EDGE,…");
    }
    enum sw_status status =
        sw_whatif_ask(whatif, &call->query, call->server->store.heads.event, call->connection);
    if (status == SW_EMPTY) {
        return MHD_YES; // the connection waits
    }
    if (status == SW_FULL) {
        return fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", "Another comparison runs just now.",
                    "Try again when it is done.");
    }
    if (status == SW_NOT_FOUND) {
        return fail(call, MHD_HTTP_NOT_FOUND, "not_found",
                    "The program that compares is not beside the dashboard.",
                    "Build or install sharewatch-monitor.");
    }
    if (status != SW_OK) {
        return fail(call, MHD_HTTP_UNPROCESSABLE_CONTENT, "comparison", whatif->error,
                    "`sharewatch diff` in a terminal says the same.");
    }
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "application/json"};
    return sw_http_reply(call->connection, &reply,
                         (struct sw_text){.bytes = whatif->bytes, .length = whatif->length});
}

/* The way of a request. */

enum need { NEED_NOTHING, NEED_SESSION, NEED_PAGE_SESSION };

static const struct {
    enum need need;
    answer_fn answer;
} handlers[] = {
    [SW_ROUTE_PAGE] = {NEED_PAGE_SESSION, answer_page},
    [SW_ROUTE_ASSET] = {NEED_NOTHING, answer_asset},
    [SW_ROUTE_ICON] = {NEED_NOTHING, answer_icon},
    [SW_ROUTE_OPEN] = {NEED_NOTHING, answer_open},
    [SW_ROUTE_LOGIN] = {NEED_NOTHING, answer_login},
    [SW_ROUTE_HEALTH] = {NEED_NOTHING, answer_health},
    [SW_ROUTE_METRICS] = {NEED_NOTHING, answer_metrics},
    [SW_ROUTE_STATUS] = {NEED_SESSION, answer_status},
    [SW_ROUTE_ALERTS] = {NEED_SESSION, answer_alerts},
    [SW_ROUTE_ALERT] = {NEED_SESSION, answer_alert},
    [SW_ROUTE_FLOWS] = {NEED_SESSION, answer_flows},
    [SW_ROUTE_HISTOGRAM] = {NEED_SESSION, answer_histogram},
    [SW_ROUTE_EVENTS] = {NEED_SESSION, answer_events},
    [SW_ROUTE_EVENT] = {NEED_SESSION, answer_event},
    [SW_ROUTE_LIVE] = {NEED_SESSION, answer_live},
    [SW_ROUTE_REVIEWS] = {NEED_SESSION, answer_reviews},
    [SW_ROUTE_REVIEW_POST] = {NEED_SESSION, answer_review_post},
    [SW_ROUTE_CASES] = {NEED_SESSION, answer_cases},
    [SW_ROUTE_CASE_POST] = {NEED_SESSION, answer_case_post},
    [SW_ROUTE_TIMELINE] = {NEED_SESSION, answer_timeline},
    [SW_ROUTE_PACKS] = {NEED_SESSION, answer_packs},
    [SW_ROUTE_WHATIF] = {NEED_SESSION, answer_whatif},
    [SW_ROUTE_EVIDENCE] = {NEED_SESSION, answer_evidence},
    [SW_ROUTE_EXPORT_CSV] = {NEED_SESSION, answer_export},
    [SW_ROUTE_EXPORT_JSONL] = {NEED_SESSION, answer_export},
};

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *key,
                                      size_t key_bytes, const char *value, size_t value_bytes)
{
    struct call *call = context;
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
    call->bad_parameter = sw_query_add(&call->query, key_text, value_text, &call->problem) != SW_OK;
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
static bool check_head(struct call *call, bool post, enum MHD_Result *result)
{
    uint32_t hosts = 0;
    const char *length = header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *encoding = header(call, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    const char *host = header(call, MHD_HTTP_HEADER_HOST);
    (void)MHD_get_connection_values(call->connection, MHD_HEADER_KIND, count_host, &hosts);
    if (hosts != 1 || host == NULL) {
        *result = fail(call, MHD_HTTP_BAD_REQUEST, "host", "A request has one Host line.", NULL);
        return false;
    }
    if (!known_host(call->server, host)) {
        *result = fail(call, MHD_HTTP_MISDIRECTED_REQUEST, "host",
                       "The dashboard does not answer under this name.",
                       "Use the address that it printed, or start it with --host NAME.");
        return false;
    }
    bool has_body = encoding != NULL || (length != NULL && strcmp(length, "0") != 0);
    if ((encoding != NULL && length != NULL) || (!post && has_body)) {
        *result = fail(call, MHD_HTTP_BAD_REQUEST, "body", "This request has no body.", NULL);
        return false;
    }
    return true;
}

static bool check_post(struct call *call, enum MHD_Result *result)
{
    const char *type = header(call, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *origin = header(call, "Origin");
    const char *length = header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (origin != NULL && !known_origin(call->server, origin)) {
        *result = fail(call, MHD_HTTP_FORBIDDEN, "origin", "Another site sent this request.", NULL);
        return false;
    }
    if (type == NULL || strncmp(type, "application/json", 16) != 0) {
        *result = fail(call, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "type", "A body is JSON.",
                       "Send Content-Type: application/json.");
        return false;
    }
    if (length != NULL && (strlen(length) > 7 || strtol(length, NULL, 10) > (long)SW_BODY_BYTES)) {
        *result = fail(call, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "The body is too large.",
                       "At most 128 kB: name fewer ids, or give a filter.");
        return false;
    }
    return true;
}

/* Finds the session; false when the route needs one and there is none, which was answered. */
static bool check_session(struct call *call, enum MHD_Result *result)
{
    struct sw_server *server = call->server;
    enum need need = handlers[call->routed.route].need;
    const char *secret =
        MHD_lookup_connection_value(call->connection, MHD_COOKIE_KIND, server->cookie);
    call->session = sw_access_find(&server->access, secret, steady_ms());
    if (need == NEED_NOTHING || call->session != NULL) {
        return true;
    }
    if (need == NEED_PAGE_SESSION) {
        server->refused_total++;
        *result = reply_page(call, server->access.named ? "login.html" : "closed.html",
                             MHD_HTTP_UNAUTHORIZED);
    } else {
        *result = fail(call, MHD_HTTP_UNAUTHORIZED, "session", "You are not signed in.",
                       server->access.named ? "Sign in on the page."
                                            : "Open the link that the dashboard printed last.");
    }
    return false;
}

static bool check_route(struct call *call, enum MHD_Result *result)
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
        *result = fail(call, MHD_HTTP_NOT_FOUND, "not_found", "There is no such page.",
                       "/help lists what there is.");
        return false;
    }
    return true;
}

static bool check_parameters(struct call *call, enum MHD_Result *result)
{
    sw_query_init(&call->query);
    if (handlers[call->routed.route].need != NEED_SESSION) {
        return true; // the page reads its own URL
    }
    (void)MHD_get_connection_values_n(call->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
                                      call);
    if (call->bad_parameter) {
        *result =
            fail(call, PARAMETER_FAILED, "parameter", call->problem.message, call->problem.hint);
        return false;
    }
    return true;
}

static enum MHD_Result answer(struct call *call)
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

static enum MHD_Result begin_post(struct call *call, void **request)
{
    enum MHD_Result result;
    if (!check_post(call, &result)) {
        return result;
    }
    struct sw_post *post = take_post(call->server);
    if (post == NULL) {
        return fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                    "Too many requests with a body at once.", "Try again in a second.");
    }
    *request = post;
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
    struct call call = {.server = server, .connection = connection, .path = url};
    struct sw_post *post = *request;
    enum MHD_Result result;
    (void)version;
    if (post != NULL && *upload_bytes > 0) {
        add_upload(post, upload, upload_bytes);
        return MHD_YES;
    }
    call.routed = sw_route_find(sw_text_from(method), sw_text_from(url));
    if (post != NULL) {
        if (post->too_long) {
            return fail(&call, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "The body is too large.",
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
    (void)connection;
    (void)code;
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

bool sw_server_look(void *context)
{
    struct sw_server *server = context;
    int64_t before = server->inbox.alert;
    int64_t review = server->store.heads.review;
    int64_t event = server->store.heads.event;
    (void)sw_store_refresh(&server->store);
    if (sw_inbox_tail(&server->inbox)) {
        sw_watch_hurry(&server->watch);
    }
    bool moved = server->inbox.alert != before || server->store.heads.review != review ||
                 server->store.heads.event != event;
    if (moved) {
        sw_live_wake(&server->live);
    }
    return moved;
}
