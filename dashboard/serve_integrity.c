/* Whether the log is whole, as far as `sharewatch verify` said last, and what is missing from it.
 */
#include "call.h"

#include "answers.h"

static void trim_line(struct sw_text *text)
{
    while (text->length > 0 && text->bytes[text->length - 1] == '\n') {
        text->length--;
    }
}

/* as_of=ENTRY: verify now unless the log is verified up to there. */
enum MHD_Result sw_serve_verify(struct sw_call *call)
{
    struct sw_verified *verified = &call->server->verified;
    struct sw_buffer out;
    bool now = call->query.as_of != 0 && call->query.as_of > verified->entry;
    sw_call_start(call, &out);
    bool running = sw_verified_look(verified, call->server->store.heads.event, now,
                                    (uint64_t)sw_call_steady_ms());
    struct sw_text result = {.bytes = verified->result, .length = verified->length};
    trim_line(&result);
    sw_buffer_append_string(&out, "{");
    sw_json_number(&out, "running", running ? 1 : 0);
    sw_json_id(&out, "entry", verified->entry);
    sw_json_id(&out, "of", call->server->store.heads.event);
    sw_json_text(&out, "problem", verified->problem);
    if (result.length > 0) {
        sw_buffer_append_string(&out, ",\"result\":");
        sw_buffer_append(&out, result);
    }
    sw_buffer_append_string(&out, "}");
    return sw_call_json(call, &out, NULL);
}

enum MHD_Result sw_serve_integrity(struct sw_call *call)
{
    struct sw_buffer out;
    sw_call_start(call, &out);
    enum sw_status status = sw_answer_integrity(&call->server->store, &out);
    if (status == SW_OK) {
        status = sw_pace_read(&call->server->pace); // as far as a slice comes; `read_to` tells
    }
    if (status == SW_OK || status == SW_EMPTY) {
        status = SW_OK;
        out.length -= 1; // open the object again
        sw_pace_write(&call->server->pace, &out);
        sw_buffer_append_string(&out, "}");
    }
    return status == SW_OK ? sw_call_json(call, &out, NULL) : sw_call_fail_status(call, status);
}
