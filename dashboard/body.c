/* The JSON reader hands out tokens; each body is one object whose keys are looked up in a table. */
#include "body.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/json.h>

#include "limits.h"

#define SCRATCH_BYTES 8192
#define FILTER_BYTES  1024

struct reader {
    struct sw_json json;
    char scratch[SCRATCH_BYTES];
    struct sw_query_problem *problem;
};

static enum sw_status refuse(struct sw_query_problem *problem, const char *message,
                             const char *hint)
{
    (void)snprintf(problem->message, sizeof(problem->message), "%s", message);
    (void)snprintf(problem->hint, sizeof(problem->hint), "%s", hint);
    return SW_MALFORMED;
}

static enum sw_status refuse_json(struct reader *reader)
{
    (void)snprintf(reader->problem->message, sizeof(reader->problem->message),
                   "The body is not the JSON that is asked for: %s, at byte %u.",
                   reader->json.error != SW_JSON_ERROR_NONE ? sw_json_error_text(reader->json.error)
                                                            : "a value of another type",
                   reader->json.error != SW_JSON_ERROR_NONE ? reader->json.error_position
                                                            : reader->json.token_position);
    reader->problem->hint[0] = '\0';
    return SW_MALFORMED;
}

static bool copy_text(struct sw_text text, char *out, size_t out_bytes)
{
    if (text.length >= out_bytes) {
        return false;
    }
    if (text.length > 0) {
        memcpy(out, text.bytes, text.length);
    }
    out[text.length] = '\0';
    return true;
}

static bool read_text(struct reader *reader, char *out, size_t out_bytes)
{
    return sw_json_next(&reader->json) == SW_JSON_TEXT &&
           copy_text(reader->json.text, out, out_bytes);
}

/* An id as decimal text, or as a number. */
static bool token_id(struct reader *reader, enum sw_json_token token, int64_t *id)
{
    if (token == SW_JSON_INTEGER) {
        *id = reader->json.integer;
        return *id >= 0;
    }
    struct sw_text text = reader->json.text;
    if (token != SW_JSON_TEXT || text.length == 0 || text.length > 18) {
        return false;
    }
    *id = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        *id = *id * 10 + (text.bytes[i] - '0');
    }
    return true;
}

static bool read_id(struct reader *reader, int64_t *id)
{
    return token_id(reader, sw_json_next(&reader->json), id);
}

static bool read_ids(struct reader *reader, struct sw_review_request *request)
{
    if (sw_json_next(&reader->json) != SW_JSON_ARRAY) {
        return false;
    }
    for (;;) {
        enum sw_json_token token = sw_json_next(&reader->json);
        reader->json.scratch_used = 0;
        if (token == SW_JSON_ARRAY_END) {
            return true;
        }
        if (request->id_count == SW_REVIEW_IDS_MAX ||
            !token_id(reader, token, &request->ids[request->id_count])) {
            return false;
        }
        request->id_count++;
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Undoes percent-encoding; false when it is broken, or does not fit. */
static bool unescape(struct sw_text text, char *out, uint32_t out_bytes, uint32_t *length)
{
    *length = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (*length + 1 >= out_bytes) {
            return false;
        }
        if (c == '%') {
            int high = i + 2 < text.length ? hex_digit(text.bytes[i + 1]) : -1;
            int low = i + 2 < text.length ? hex_digit(text.bytes[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[(*length)++] = c;
    }
    out[*length] = '\0';
    return true;
}

static uint32_t find_byte(struct sw_text text, uint32_t from, char wanted)
{
    while (from < text.length && text.bytes[from] != wanted) {
        from++;
    }
    return from;
}

enum sw_status sw_body_filter(struct sw_text text, struct sw_query *query,
                              struct sw_query_problem *problem)
{
    char key[SW_WORD_BYTES];
    char value[3 * SW_SEARCH_BYTES];
    uint32_t at = 0;
    sw_query_init(query);
    while (at < text.length) {
        uint32_t end = find_byte(text, at, '&');
        uint32_t equal = find_byte(text, at, '=');
        equal = equal < end ? equal : end;
        struct sw_text key_text = {.bytes = text.bytes + at, .length = equal - at};
        uint32_t start = equal < end ? equal + 1 : end;
        struct sw_text value_text = {.bytes = text.bytes + start, .length = end - start};
        uint32_t key_length;
        uint32_t value_length;
        if (!unescape(key_text, key, sizeof(key), &key_length) ||
            !unescape(value_text, value, sizeof(value), &value_length)) {
            return refuse(problem, "The filter is not understood.",
                          "Give it as in a URL: verdict=PROH&state=open");
        }
        enum sw_status status =
            sw_query_add(query, (struct sw_text){.bytes = key, .length = key_length},
                         (struct sw_text){.bytes = value, .length = value_length}, problem);
        if (status != SW_OK) {
            return status;
        }
        at = end < text.length ? end + 1 : end;
    }
    return SW_OK;
}

static bool read_filter(struct reader *reader, struct sw_review_request *request, bool *refused)
{
    char text[FILTER_BYTES];
    if (!read_text(reader, text, sizeof(text))) {
        return false;
    }
    request->has_filter = true;
    *refused = sw_body_filter(sw_text_from(text), &request->filter, reader->problem) != SW_OK;
    return !*refused;
}

static bool read_action(struct reader *reader, struct sw_review_request *request)
{
    if (sw_json_next(&reader->json) != SW_JSON_TEXT) {
        return false;
    }
    request->action = sw_review_action_find(reader->json.text);
    return request->action <= SW_REVIEW_UNDO;
}

static bool review_key(struct reader *reader, struct sw_text key, struct sw_review_request *request,
                       bool *refused)
{
    if (sw_text_equal(key, SW_TEXT("action"))) {
        return read_action(reader, request);
    }
    if (sw_text_equal(key, SW_TEXT("ids"))) {
        return read_ids(reader, request);
    }
    if (sw_text_equal(key, SW_TEXT("filter"))) {
        return read_filter(reader, request, refused);
    }
    if (sw_text_equal(key, SW_TEXT("seen"))) {
        return read_id(reader, &request->seen);
    }
    if (sw_text_equal(key, SW_TEXT("batch"))) {
        return read_id(reader, &request->undoes);
    }
    if (sw_text_equal(key, SW_TEXT("note"))) {
        return read_text(reader, request->note, sizeof(request->note));
    }
    if (sw_text_equal(key, SW_TEXT("duty")) || sw_text_equal(key, SW_TEXT("reason"))) {
        return read_text(reader, request->subject, sizeof(request->subject));
    }
    *refused = true;
    (void)refuse(reader->problem, "The body has a key that is not known.",
                 "Keys: action, ids, filter, seen, batch, note, duty, reason.");
    return false;
}

/* What an action cannot do without. */
static enum sw_status check_review(const struct sw_review_request *request,
                                   struct sw_query_problem *problem)
{
    if (request->action == SW_REVIEW_ACTION_COUNT) {
        return refuse(problem, "The body names no action.",
                      "Actions: acknowledge, escalate, close, reopen, note, duty, undo.");
    }
    if (request->action == SW_REVIEW_UNDO) {
        return request->undoes > 0 ? SW_OK
                                   : refuse(problem, "An undo names what it takes back.",
                                            "Give \"batch\", as the answer to the action did.");
    }
    if ((request->id_count == 0) != request->has_filter) {
        return refuse(problem, "Give either \"ids\" or a \"filter\".", "");
    }
    if (request->has_filter && request->seen == 0) {
        return refuse(problem, "A filter goes with \"seen\", the newest alert on your page.",
                      "Without it, alerts that you have not seen would be reviewed.");
    }
    if (request->action == SW_REVIEW_NOTE && request->note[0] == '\0') {
        return refuse(problem, "A note has a text.", "");
    }
    if (request->action == SW_REVIEW_DUTY && sw_duty_find(sw_text_from(request->subject)) == 0) {
        return refuse(problem, "There is no such duty.", "Give \"duty\", as SERVE_COPY.");
    }
    if (request->action == SW_REVIEW_CLOSE && request->subject[0] == '\0') {
        return refuse(problem, "An alert is closed with a reason.",
                      "Such as: allowed by rule, error in source, referred, duplicate.");
    }
    return SW_OK;
}

static void start(struct reader *reader, struct sw_text body, struct sw_query_problem *problem)
{
    reader->problem = problem;
    sw_json_init(&reader->json, body, reader->scratch, sizeof(reader->scratch));
}

/* Reads the next key of the body's object: SW_OK, SW_EMPTY at the end of it, or SW_MALFORMED. */
static enum sw_status next_key(struct reader *reader, struct sw_text *key)
{
    enum sw_json_token token = sw_json_next(&reader->json);
    if (token == SW_JSON_KEY) {
        *key = reader->json.text;
        return SW_OK;
    }
    if (token == SW_JSON_OBJECT_END && sw_json_next(&reader->json) == SW_JSON_END) {
        return SW_EMPTY;
    }
    return refuse_json(reader);
}

enum sw_status sw_body_review(struct sw_text body, struct sw_review_request *request,
                              struct sw_query_problem *problem)
{
    struct reader reader;
    struct sw_text key;
    enum sw_status status;
    *request = (struct sw_review_request){.action = SW_REVIEW_ACTION_COUNT};
    start(&reader, body, problem);
    if (sw_json_next(&reader.json) != SW_JSON_OBJECT) {
        return refuse_json(&reader);
    }
    while ((status = next_key(&reader, &key)) == SW_OK) {
        bool refused = false;
        if (!review_key(&reader, key, request, &refused)) {
            return refused ? SW_MALFORMED : refuse_json(&reader);
        }
    }
    return status == SW_EMPTY ? check_review(request, problem) : status;
}

static bool read_chains(struct reader *reader, struct sw_case_request *request)
{
    if (sw_json_next(&reader->json) != SW_JSON_ARRAY) {
        return false;
    }
    for (;;) {
        enum sw_json_token token = sw_json_next(&reader->json);
        if (token == SW_JSON_ARRAY_END) {
            return true;
        }
        uint32_t at = request->chain_count;
        if (token != SW_JSON_TEXT || at == SW_CASE_CHAINS_MAX || reader->json.text.length == 0 ||
            !copy_text(reader->json.text, request->chain_bytes[at],
                       sizeof(request->chain_bytes[at]))) {
            return false;
        }
        request->chains[at] = sw_text_from(request->chain_bytes[at]);
        request->chain_count++;
    }
}

static bool plain_number(const char *number)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
        ":";
    return number[0] != '\0' && number[strspn(number, allowed)] == '\0';
}

enum sw_status sw_body_case(struct sw_text body, struct sw_case_request *request,
                            struct sw_query_problem *problem)
{
    struct reader reader;
    struct sw_text key;
    enum sw_status status;
    *request = (struct sw_case_request){.chain_count = 0};
    start(&reader, body, problem);
    if (sw_json_next(&reader.json) != SW_JSON_OBJECT) {
        return refuse_json(&reader);
    }
    while ((status = next_key(&reader, &key)) == SW_OK) {
        bool read = false;
        if (sw_text_equal(key, SW_TEXT("number"))) {
            read = read_text(&reader, request->number, sizeof(request->number));
        } else if (sw_text_equal(key, SW_TEXT("reason"))) {
            read = read_text(&reader, request->reason, sizeof(request->reason));
        } else if (sw_text_equal(key, SW_TEXT("chains"))) {
            read = read_chains(&reader, request);
        } else {
            return refuse(problem, "The body has a key that is not known.",
                          "Keys: number, reason, chains.");
        }
        if (!read) {
            return refuse_json(&reader);
        }
    }
    if (status != SW_EMPTY) {
        return status;
    }
    if (!plain_number(request->number)) {
        return refuse(problem, "A case has a number of letters, digits and -_.:",
                      "Such as OIG-2026-031. Never a name.");
    }
    if (strlen(request->reason) < 10 || request->chain_count == 0) {
        return refuse(problem, "A case opens with a reason, in a sentence, and its chains.",
                      "The reason is kept, and who opened and who read the case.");
    }
    return SW_OK;
}

enum sw_status sw_body_login(struct sw_text body, struct sw_login_request *request,
                             struct sw_query_problem *problem)
{
    struct reader reader;
    struct sw_text key;
    enum sw_status status;
    *request = (struct sw_login_request){.name = ""};
    start(&reader, body, problem);
    if (sw_json_next(&reader.json) != SW_JSON_OBJECT) {
        return refuse_json(&reader);
    }
    while ((status = next_key(&reader, &key)) == SW_OK) {
        bool read = sw_text_equal(key, SW_TEXT("name"))
                        ? read_text(&reader, request->name, sizeof(request->name))
                    : sw_text_equal(key, SW_TEXT("password"))
                        ? read_text(&reader, request->password, sizeof(request->password))
                        : false;
        if (!read) {
            return refuse_json(&reader);
        }
    }
    return status == SW_EMPTY ? SW_OK : status;
}
