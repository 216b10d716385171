/* Files to keep: streamed lists and the evidence file. */
#include "call.h"

#include <stdio.h>

#include <sharewatch/now.h>

#include "exhibit.h"

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

enum MHD_Result sw_serve_export(struct sw_call *call)
{
    struct sw_server *server = call->server;
    bool csv = call->routed.route == SW_ROUTE_EXPORT_CSV;
    enum MHD_Result refused;
    char file[96];
    if (call->query.full && !sw_call_may(call, SW_ROLE_CUSTODIAN, &refused)) {
        return refused;
    }
    if (call->query.as_of != 0) {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "parameter", "A file has no as_of=.",
                            "It holds the log as it is; the .json of a list has moments.");
    }
    if (call->query.what[0] == '\0') {
        bool named = call->routed.list != NULL && call->routed.list[0] != '\0';
        (void)snprintf(call->query.what, sizeof(call->query.what), "%s",
                       named ? call->routed.list : "alerts");
    }
    struct sw_export *export = take_export(server);
    if (export == NULL) {
        return sw_call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", "Too many exports at once.",
                            "Try again when one has ended.");
    }
    if (sw_export_start(export, &server->store, &call->query,
                        csv ? SW_EXPORT_CSV : SW_EXPORT_JSONL) != SW_OK) {
        return sw_call_fail(
            call, MHD_HTTP_BAD_REQUEST, "parameter", "There is no such list.",
            "Give what=alerts, events, flows, reviews, cases, gaps, losses, refused, sources,"
            " deletions or reads.");
    }
    (void)snprintf(file, sizeof(file), "sharewatch-%s.%s", call->query.what, csv ? "csv" : "jsonl");
    struct sw_reply reply = {.status = MHD_HTTP_OK,
                             .type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson",
                             .file = file};
    return sw_http_reply_stream(call->connection, &reply, read_export, end_export, export);
}

enum MHD_Result sw_serve_evidence(struct sw_call *call)
{
    struct sw_server *server = call->server;
    struct sw_buffer out;
    enum MHD_Result refused;
    char file[64];
    if (call->query.full && !sw_call_may(call, SW_ROLE_CUSTODIAN, &refused)) {
        return refused;
    }
    sw_call_start(call, &out);
    struct sw_exhibit exhibit = {
        .database = server->store.database,
        .alert = call->routed.id,
        .full = call->query.full,
        .reviews = true,
        .form = SW_EXHIBIT_HTML,
        .now_ms = sw_now_ms(),
    };
    enum sw_status status = sw_exhibit_write(&exhibit, &out);
    if (status != SW_OK) {
        return sw_call_fail_status(call, status);
    }
    if (out.overflowed) {
        return sw_call_fail(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "too_large",
                            "The file is larger than the server may hold.",
                            "Ask with redact=public.");
    }
    (void)snprintf(file, sizeof(file), "sharewatch-alert-%lld.html", (long long)call->routed.id);
    struct sw_reply reply = {
        .status = MHD_HTTP_OK, .type = "text/html; charset=utf-8", .file = file};
    return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
}
