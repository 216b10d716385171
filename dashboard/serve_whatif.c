/* Comparisons, which another program makes. */
#include "call.h"

#include "answers.h"

enum MHD_Result sw_serve_packs(struct sw_call *call)
{
    const struct sw_whatif *whatif = &call->server->whatif;
    struct sw_buffer out;
    sw_call_start(call, &out);
    sw_buffer_append_string(&out, "{\"packs\":[");
    for (uint32_t i = 0; i < whatif->pack_count; i++) {
        sw_buffer_append_string(&out, i == 0 ? "{" : ",{");
        sw_json_text(&out, "name", whatif->packs[i].name);
        sw_json_text(&out, "title", whatif->packs[i].title);
        sw_json_text(&out, "version", whatif->packs[i].version);
        sw_buffer_append_string(&out, "}");
    }
    sw_buffer_append_string(&out, "]}");
    return sw_call_json(call, &out, NULL);
}

enum MHD_Result sw_serve_whatif(struct sw_call *call)
{
    struct sw_whatif *whatif = &call->server->whatif;
    if (call->query.policy_b[0] == '\0' && call->query.without[0] == '\0') {
        return sw_call_fail(call, MHD_HTTP_BAD_REQUEST, "parameter",
                            "There is nothing to compare with.", "Give b=PACK,… or without=EDGE,…");
    }
    enum sw_status status =
        sw_whatif_ask(whatif, &call->query, call->server->store.heads.event, call->connection);
    if (status == SW_EMPTY) {
        return MHD_YES; // the connection waits
    }
    if (status == SW_FULL) {
        return sw_call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                            "Another comparison runs just now.", "Try again when it is done.");
    }
    if (status == SW_NOT_FOUND) {
        return sw_call_fail(call, MHD_HTTP_NOT_FOUND, "not_found",
                            "The program that compares is not beside the dashboard.",
                            "Build or install sharewatch-monitor.");
    }
    if (status != SW_OK) {
        return sw_call_fail(call, MHD_HTTP_UNPROCESSABLE_CONTENT, "comparison", whatif->job.error,
                            "`sharewatch diff` in a terminal says the same.");
    }
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "application/json"};
    return sw_http_reply(call->connection, &reply,
                         (struct sw_text){.bytes = whatif->bytes, .length = whatif->job.length});
}
