/*
 * `sharewatch explain`: why a rule matches an event, or does not.
 *
 * The event is any JSON object. One in the form of the wire (CloudEvents, see wire.h) is taken
 * apart: the fields of its `data`, with kind and action from its type, its reporter from its
 * source, and its time. What the monitor would add from the sharing map is not there, unless the
 * file has it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/json.h>
#include <sharewatch/policy.h>
#include <sharewatch/wire.h>

#include "verbs.h"

#define EVENT_BYTES_MAX ((size_t)SW_POLICY_LINE_BYTES)

struct explain {
    const char *rule;  // as given
    const char *event; // as given
    const char *id;    // of several in one file; NULL: all
    const char *time_field;
    bool json;
};

/* Reads the event: JSON itself, a file, or - for standard input. NULL: told why. */
static char *read_event(const char *event)
{
    if (event[0] == '{') {
        return strdup(event);
    }
    FILE *stream = strcmp(event, "-") == 0 ? stdin : fopen(event, "rb");
    char *bytes = calloc(1, EVENT_BYTES_MAX + 1);
    if (stream == NULL || bytes == NULL) {
        (void)fprintf(stderr, "sharewatch explain: cannot read %s: %s\n", event, strerror(errno));
        free(bytes);
        if (stream != NULL && stream != stdin) {
            (void)fclose(stream);
        }
        return NULL;
    }
    size_t length = fread(bytes, 1, EVENT_BYTES_MAX, stream);
    bytes[length] = '\0';
    if (stream != stdin) {
        (void)fclose(stream);
    }
    return bytes;
}

/* What the envelope of an event says, as far as rules can ask for it. */
struct envelope {
    struct sw_text type, source, time;
    struct sw_text data; // with its braces
    bool is_event;       // has a specversion
};

static bool read_envelope(struct sw_text text, struct envelope *envelope)
{
    static char scratch[SW_POLICY_LINE_BYTES];
    struct sw_json json;
    sw_json_init(&json, text, scratch, sizeof(scratch));
    enum sw_json_token token = sw_json_next(&json);
    *envelope = (struct envelope){.is_event = false};
    while (token == SW_JSON_OBJECT || token == SW_JSON_KEY) {
        token = sw_json_next(&json);
        if (token != SW_JSON_KEY) {
            break;
        }
        struct sw_text key = json.text;
        enum sw_json_token value = sw_json_next(&json);
        uint32_t start = json.token_position;
        struct sw_text *part = sw_text_equal(key, SW_TEXT("type"))     ? &envelope->type
                               : sw_text_equal(key, SW_TEXT("source")) ? &envelope->source
                               : sw_text_equal(key, SW_TEXT("time"))   ? &envelope->time
                                                                       : NULL;
        envelope->is_event = envelope->is_event || sw_text_equal(key, SW_TEXT("specversion"));
        if (part != NULL && value == SW_JSON_TEXT) {
            *part = json.text;
        }
        if (!sw_json_skip(&json, value)) {
            return false;
        }
        if (value == SW_JSON_OBJECT && sw_text_equal(key, SW_TEXT("data"))) {
            envelope->data = (struct sw_text){text.bytes + start, json.position - start};
        }
        token = SW_JSON_KEY;
    }
    return envelope->is_event && envelope->data.length >= 2;
}

/* The part of @text before the first @separator, which goes with it. */
static struct sw_text take_part(struct sw_text *text, char separator)
{
    struct sw_text part = *text;
    const char *end = text->length > 0 ? memchr(text->bytes, separator, text->length) : NULL;
    if (end != NULL) {
        part.length = (uint32_t)(end - text->bytes);
        *text = (struct sw_text){end + 1, text->length - part.length - 1};
    } else {
        *text = (struct sw_text){NULL, 0};
    }
    return part;
}

static void put_field(struct sw_buffer *buffer, const char *name, struct sw_text value)
{
    sw_buffer_append_format(buffer, "%s\"%s\":", buffer->length == 1 ? "" : ",", name);
    sw_buffer_append_json(buffer, value);
}

/* Writes an event of the wire as the flat object that rules see. */
static char *flatten(const struct envelope *envelope)
{
    uint32_t most = envelope->data.length + 1024;
    char *bytes = malloc(most);
    if (bytes == NULL) {
        return NULL;
    }
    struct sw_buffer buffer;
    struct sw_text type = envelope->type;
    struct sw_text agency = {NULL, 0};
    sw_buffer_init(&buffer, bytes, most);
    sw_buffer_append_string(&buffer, "{");
    if (sw_text_starts_with(type, SW_TEXT("org.sharewatch."))) {
        (void)take_part(&type, '.');
        (void)take_part(&type, '.');
        put_field(&buffer, "kind", take_part(&type, '.'));
        put_field(&buffer, "action", take_part(&type, '.'));
    }
    if (sw_wire_parse_source(envelope->source, &agency) == SW_OK) {
        put_field(&buffer, "reporter", agency);
    }
    put_field(&buffer, "time", envelope->time);
    struct sw_text data = {envelope->data.bytes + 1, envelope->data.length - 1};
    while (data.length > 0 && strchr(" \t\r\n", data.bytes[0]) != NULL) {
        data = (struct sw_text){data.bytes + 1, data.length - 1};
    }
    sw_buffer_append_string(&buffer, data.bytes[0] == '}' ? "" : ",");
    sw_buffer_append(&buffer, data);
    return bytes;
}

static int explain_rules(const struct explain *explain, struct sw_policy *policy,
                         struct sw_scratch *scratch, const struct sw_line *line)
{
    uint32_t count = 0;
    (void)sw_policy_rule_list(policy, &count);
    uint32_t only =
        explain->id != NULL ? sw_policy_find_rule(policy, sw_text_from(explain->id)) : 0;
    if (only == UINT32_MAX) {
        (void)fprintf(stderr, "sharewatch explain: no rule %s in %s\n", explain->id, explain->rule);
        return SW_EXIT_USAGE;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (explain->id == NULL || i == only) {
            (void)fputs(i > 0 && explain->id == NULL && !explain->json ? "\n" : "", stdout);
            sw_policy_explain(scratch, i, line, explain->json, stdout);
        }
    }
    return line->count > 0 ? SW_EXIT_OK : SW_EXIT_NO;
}

static int explain_event(const struct explain *explain, struct sw_policy *policy, const char *event)
{
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    struct sw_line line;
    struct envelope envelope;
    char *flat = read_envelope(sw_text_from(event), &envelope) ? flatten(&envelope) : NULL;
    int code = SW_EXIT_NO;
    if (sw_policy_match_line(scratch, sw_text_from(flat != NULL ? flat : event), &line) != SW_OK) {
        (void)fprintf(stderr, "sharewatch explain: not an event: %s, at byte %u\n", line.error,
                      line.error_position);
    } else {
        code = explain_rules(explain, policy, scratch, &line);
    }
    free(flat);
    sw_scratch_close(scratch);
    return code;
}

static int explain_rule(const struct explain *explain)
{
    struct sw_report report = {0};
    struct sw_policy *policy = NULL;
    struct sw_policy_options options = {.time_field = explain->time_field, .state_mib = 1};
    enum sw_status status = sw_policy_open(&policy, &explain->rule, 1, &options, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (status != SW_OK) {
        (void)fprintf(stderr, "sharewatch explain: the rule was refused\n");
        return status == SW_INVALID ? SW_EXIT_NO : SW_EXIT_ENVIRONMENT;
    }
    char *event = read_event(explain->event);
    int code = event != NULL ? explain_event(explain, policy, event) : SW_EXIT_ENVIRONMENT;
    free(event);
    sw_policy_close(policy);
    return code;
}

int sw_command_explain(int argc, char **argv)
{
    struct explain explain = {0};
    const struct sw_option options[] = {
        {.name = "id",
         .value = "ID",
         .text = &explain.id,
         .about = "which rule of several, by id or name"},
        {.name = "time-field",
         .value = "NAME",
         .text = &explain.time_field,
         .about = "where the event has its time (time)"},
        {.name = "json", .flag = &explain.json, .about = "print a JSON object a rule"},
    };
    const struct sw_command command = {
        .name = "explain",
        .arguments = "RULE EVENT",
        .about = "Show why a rule matches an event, or does not",
        .details = "RULE is a file or a folder of rules. EVENT is a file with one JSON object, the "
                   "object itself, or -.\nExit 0: it matches; 1: it does not; 3: a file cannot be "
                   "read.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 2,
        .arguments_max = 2,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    explain.rule = argv[1];
    explain.event = argv[2];
    return explain_rule(&explain);
}
