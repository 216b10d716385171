/* What the handlers of all routes need: the clock, failures as sentences, answers with their tag.
 */
#include "call.h"

#include <stdio.h>
#include <string.h>

int64_t sw_call_steady_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

enum MHD_Result sw_call_fail(struct sw_call *call, unsigned status, const char *code,
                             const char *message, const char *hint)
{
    if (status >= MHD_HTTP_INTERNAL_SERVER_ERROR) {
        call->server->errors_total++;
    } else {
        call->server->refused_total++;
    }
    return sw_http_error(call->connection, status, code, message, hint);
}

/* What a file can do to a request, and what to do about it. Nothing is half written: a review is
 * one transaction. */
static const struct {
    int sqlite;
    unsigned status;
    const char *code;
    const char *message;
    const char *hint;
} failures[] = {
    {SQLITE_FULL, MHD_HTTP_INSUFFICIENT_STORAGE, "disk_full",
     "The disk is full: nothing was written.",
     "Free some space where the reviews file is, then do it again."},
    {SQLITE_BUSY, MHD_HTTP_SERVICE_UNAVAILABLE, "locked",
     "Another program holds the reviews file or the log locked: nothing was written.",
     "Close what has it open for writing, then do it again. A monitor does not lock it."},
    {SQLITE_READONLY, MHD_HTTP_CONFLICT, "read_only",
     "The reviews file cannot be written any more: nothing was written.",
     "Look at the permissions of the file and of its folder, then do it again."},
    {SQLITE_CANTOPEN, MHD_HTTP_CONFLICT, "read_only",
     "A file beside the reviews or the log cannot be opened: nothing was written.",
     "Look at the permissions of the files and of their folder, then do it again."},
    {SQLITE_CORRUPT, MHD_HTTP_INTERNAL_SERVER_ERROR, "damaged",
     "The log or the reviews file is damaged.",
     "Keep a copy of both as they are; `sharewatch verify LOG` tells whether it is the log."},
    {SQLITE_NOTADB, MHD_HTTP_INTERNAL_SERVER_ERROR, "damaged",
     "The log or the reviews file is damaged.",
     "Keep a copy of both as they are; `sharewatch verify LOG` tells whether it is the log."},
    {SQLITE_IOERR, MHD_HTTP_INTERNAL_SERVER_ERROR, "disk", "The disk gave an error.",
     "The dashboard's standard error says which file; look at the disk before anything else."},
};

enum MHD_Result sw_call_fail_status(struct sw_call *call, enum sw_status status)
{
    struct sw_store *store = &call->server->store;
    if (status == SW_NOT_FOUND) {
        return sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found",
                            "The log has nothing under this number.",
                            "Numbers are those of this log; another log has others.");
    }
    if (store->overran) {
        return sw_call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "too_slow",
                            "The question took too long and was given up.",
                            "Ask for a shorter range or a narrower filter.");
    }
    (void)fprintf(stderr, "sharewatch dashboard: %s: %s\n", call->path, store->problem);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].sqlite == (store->code & 0xff)) {
            return sw_call_fail(call, failures[i].status, failures[i].code, failures[i].message,
                                failures[i].hint);
        }
    }
    return sw_call_fail(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "database",
                        "The log could not be read just now.",
                        "The reason is on the dashboard's standard error.");
}

const char *sw_call_header(struct sw_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

/* Answers with the JSON in the answer's block, if nothing was left out of it. */
enum MHD_Result sw_call_json(struct sw_call *call, const struct sw_buffer *out, const char *etag)
{
    if (out->overflowed) {
        return sw_call_fail(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "too_large",
                            "The answer is larger than the server may hold.",
                            "Ask for fewer with limit=.");
    }
    struct sw_reply reply = {.status = MHD_HTTP_OK,
                             .type = "application/json",
                             .etag = etag,
                             .cache = etag != NULL ? "no-cache" : NULL};
    return sw_http_reply(call->connection, &reply, sw_buffer_text(out));
}

void sw_call_start(struct sw_call *call, struct sw_buffer *out)
{
    sw_buffer_init(out, call->server->answer, sizeof(call->server->answer));
    sw_store_limit(&call->server->store, SW_STATEMENT_MS_MAX);
}

/* The tag of everything that is read: it moves whenever the log or the reviews do. */
void sw_call_etag(struct sw_call *call, char etag[SW_ETAG_BYTES])
{
    const struct sw_server *server = call->server;
    const struct sw_heads *heads = &server->store.heads;
    (void)snprintf(etag, SW_ETAG_BYTES, "\"%llx.%llx.%llx.%llx.%llx\"",
                   (unsigned long long)heads->event, (unsigned long long)heads->hop,
                   (unsigned long long)server->inbox.alert, (unsigned long long)heads->review,
                   (unsigned long long)heads->gap + (unsigned long long)heads->quarantine);
}

/* True when the reader has what @etag names already; then the answer was sent. */
bool sw_call_unchanged(struct sw_call *call, const char *etag, enum MHD_Result *result)
{
    const char *has = sw_call_header(call, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (has == NULL || strcmp(has, etag) != 0) {
        return false;
    }
    struct sw_reply reply = {.status = MHD_HTTP_NOT_MODIFIED, .etag = etag, .cache = "no-cache"};
    *result = sw_http_reply(call->connection, &reply, SW_TEXT(""));
    return true;
}

bool sw_call_may(struct sw_call *call, enum sw_role role, enum MHD_Result *result)
{
    if (call->session->role >= role) {
        return true;
    }
    char message[128];
    (void)snprintf(message, sizeof(message), "This needs the role %s; you are %s.",
                   sw_role_name(role), sw_role_name(call->session->role));
    *result = sw_call_fail(call, MHD_HTTP_FORBIDDEN, "role", message,
                           "Ask whoever keeps the users file.");
    return false;
}
