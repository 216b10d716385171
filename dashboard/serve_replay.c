/* The log as it stood at an entry, and whether `sharewatch replay` finds it as it was written. */
#include "call.h"

#include <stdio.h>

#include "answers.h"
#include "asof.h"

bool sw_call_as_of(struct sw_call *call, enum MHD_Result *result)
{
    struct sw_moment moment;
    int permille;
    enum sw_status status =
        sw_asof_seek(&call->server->asof, call->query.as_of, &moment, &permille);
    if (status == SW_OK) {
        call->query.alert_max = moment.alert;
        return true;
    }
    *result = status == SW_EMPTY ? sw_call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "counting",
                                                "The log is being counted for the first time.",
                                                "Ask /api/replay until it is ready.")
                                 : sw_call_fail_status(call, status);
    return false;
}

enum MHD_Result sw_serve_moment(struct sw_call *call)
{
    struct sw_asof *asof = &call->server->asof;
    struct sw_moment moment;
    struct sw_buffer out;
    int permille;
    sw_call_start(call, &out);
    enum sw_status status = sw_asof_seek(
        asof, call->query.as_of != 0 ? call->query.as_of : INT64_MAX, &moment, &permille);
    sw_buffer_append_string(&out, "{");
    if (status == SW_EMPTY) {
        sw_json_number(&out, "counted_permille", permille);
        sw_buffer_append_string(&out, "}");
        struct sw_reply reply = {.status = MHD_HTTP_ACCEPTED, .type = "application/json"};
        return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
    }
    status = status == SW_OK ? sw_asof_answer(asof, &moment, &out) : status;
    sw_buffer_append_string(&out, "}");
    return status == SW_OK ? sw_call_json(call, &out, NULL) : sw_call_fail_status(call, status);
}

enum MHD_Result sw_serve_replay_check(struct sw_call *call)
{
    struct sw_server *server = call->server;
    const char *words[] = {"replay", server->store.log_path, "--json", NULL};
    char asked[32];
    /* Who asks names the entry at which it began to ask: a log that grows would never be done. */
    (void)snprintf(
        asked, sizeof(asked), "%lld",
        (long long)(call->query.as_of != 0 ? call->query.as_of : server->store.heads.event));
    enum sw_status status = sw_job_ask(&server->replay, words, asked, NULL);
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "application/json"};
    if (status == SW_EMPTY || status == SW_FULL) {
        reply.status = MHD_HTTP_ACCEPTED;
        return sw_http_reply(call->connection, &reply, SW_TEXT("{\"running\":1}"));
    }
    if (status == SW_NOT_FOUND) {
        return sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found",
                            "The program that replays is not beside the dashboard.",
                            "Build or install sharewatch-monitor.");
    }
    if (status != SW_OK) {
        /* An answer all the same: that a log cannot be judged again is something to know of it. */
        struct sw_buffer out;
        sw_call_start(call, &out);
        sw_buffer_append_string(&out, "{");
        sw_json_text(&out, "failed", server->replay.error);
        sw_buffer_append_string(&out, "}");
        return sw_call_json(call, &out, NULL);
    }
    return sw_http_reply(
        call->connection, &reply,
        (struct sw_text){.bytes = server->replay.bytes, .length = server->replay.length});
}
