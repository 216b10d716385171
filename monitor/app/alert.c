#include "alert.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/json.h>
#include <sharewatch/time.h>

#define SCRATCH_BYTES 4096

/* ---- writing ---- */

static void append_key(struct sw_buffer *buffer, const char *key)
{
    sw_buffer_append_format(buffer,
                            "%s\"%s\":", buffer->bytes[buffer->length - 1] == '{' ? "" : ",", key);
}

static void append_text(struct sw_buffer *buffer, const char *key, const char *text)
{
    append_key(buffer, key);
    sw_buffer_append_json(buffer, sw_text_from(text));
}

static void append_time(struct sw_buffer *buffer, const char *key, int64_t time_ms)
{
    char text[SW_TIME_BYTES];
    sw_time_format(time_ms, text);
    append_text(buffer, key, text);
}

static void append_bool(struct sw_buffer *buffer, const char *key, bool value)
{
    append_key(buffer, key);
    sw_buffer_append_string(buffer, value ? "true" : "false");
}

static void append_duties(struct sw_buffer *buffer, uint32_t duties)
{
    append_key(buffer, "duties");
    sw_buffer_append_string(buffer, "[");
    const char *separator = "";
    for (uint32_t bit = 0; bit < SW_DUTY_COUNT; bit++) {
        if ((duties & (1U << bit)) != 0) {
            sw_buffer_append_format(buffer, "%s\"%s\"", separator, sw_duty_name(bit));
            separator = ",";
        }
    }
    sw_buffer_append_string(buffer, "]");
}

void sw_alert_write_json(const struct sw_log_alert *alert, struct sw_buffer *buffer)
{
    char id[24];
    (void)snprintf(id, sizeof(id), "%lld", (long long)alert->id);
    sw_buffer_append_string(buffer, "{");
    append_text(buffer, "schema", SW_ALERT_SCHEMA);
    append_text(buffer, "id", id);
    append_time(buffer, "time", alert->time_ms);
    append_time(buffer, "logged", alert->logged_ms);
    append_text(buffer, "verdict", sw_verdict_code(alert->verdict));
    append_key(buffer, "level");
    sw_buffer_append_format(buffer, "%d", (int)alert->level);
    append_text(buffer, "crossed", sw_level_word(alert->level));
    append_text(buffer, "title", alert->title);
    append_text(buffer, "sentence", alert->sentence);
    append_text(buffer, "path", alert->path);
    append_text(buffer, "edge", alert->edge);
    append_text(buffer, "rule", alert->rule);
    append_text(buffer, "cite", alert->cite);
    append_duties(buffer, alert->duties);
    append_text(buffer, "chain", alert->chain);
    append_key(buffer, "hops");
    sw_buffer_append_format(buffer, "%llu", (unsigned long long)alert->hops);
    append_bool(buffer, "daily", alert->daily);
    append_bool(buffer, "synthetic", alert->synthetic);
    sw_buffer_append_string(buffer, "}");
}

/* ---- reading ---- */

enum part { PART_ID = 1, PART_TIME = 2, PART_VERDICT = 4, PART_LEVEL = 8, PARTS_NEEDED = 15 };

struct reading {
    struct sw_json json;
    struct sw_log_alert *alert;
    uint32_t parts; // seen, of those needed
};

static void copy(char *target, size_t target_bytes, struct sw_text text)
{
    (void)snprintf(target, target_bytes, "%.*s", SW_TEXT_FORMAT(text));
}

static bool key_is(struct sw_text key, const char *name)
{
    return sw_text_equal(key, sw_text_from(name));
}

static void take_id(struct reading *reading, struct sw_text text)
{
    char digits[24];
    copy(digits, sizeof(digits), text);
    if (sw_command_number(digits, 1, INT64_MAX, &reading->alert->id) == SW_OK) {
        reading->parts |= PART_ID;
    }
}

static void take_verdict(struct reading *reading, struct sw_text text)
{
    enum sw_verdict verdict = sw_verdict_find(text);
    if (verdict != SW_VERDICT_COUNT) {
        reading->alert->verdict = verdict;
        reading->parts |= PART_VERDICT;
    }
}

static void take_text(struct reading *reading, struct sw_text key, struct sw_text text)
{
    struct sw_log_alert *alert = reading->alert;
    const struct {
        const char *key;
        char *target;
        size_t target_bytes;
    } texts[] = {
        {"title", alert->title, sizeof(alert->title)},
        {"sentence", alert->sentence, sizeof(alert->sentence)},
        {"path", alert->path, sizeof(alert->path)},
        {"edge", alert->edge, sizeof(alert->edge)},
        {"rule", alert->rule, sizeof(alert->rule)},
        {"cite", alert->cite, sizeof(alert->cite)},
        {"chain", alert->chain, sizeof(alert->chain)},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (key_is(key, texts[i].key)) {
            copy(texts[i].target, texts[i].target_bytes, text);
            return;
        }
    }
    if (key_is(key, "id")) {
        take_id(reading, text);
    } else if (key_is(key, "verdict")) {
        take_verdict(reading, text);
    } else if (key_is(key, "time")) {
        reading->parts |= sw_time_parse(text, &alert->time_ms) == SW_OK ? PART_TIME : 0U;
    } else if (key_is(key, "logged") && sw_time_parse(text, &alert->logged_ms) != SW_OK) {
        alert->logged_ms = 0;
    }
}

static void take_integer(struct reading *reading, struct sw_text key, int64_t integer)
{
    if (key_is(key, "level") && integer >= 0 && integer < SW_LEVEL_COUNT) {
        reading->alert->level = (enum sw_level)integer;
        reading->parts |= PART_LEVEL;
    } else if (key_is(key, "hops") && integer > 0) {
        reading->alert->hops = (uint64_t)integer;
    }
}

static void take_bool(struct reading *reading, struct sw_text key, bool boolean)
{
    if (key_is(key, "daily")) {
        reading->alert->daily = boolean;
    } else if (key_is(key, "synthetic")) {
        reading->alert->synthetic = boolean;
    }
}

/* The array after the key `duties`; anything else in an array is passed over. */
static bool take_array(struct reading *reading, struct sw_text key)
{
    if (!key_is(key, "duties")) {
        return sw_json_skip(&reading->json, SW_JSON_ARRAY);
    }
    enum sw_json_token token = sw_json_next(&reading->json);
    while (token == SW_JSON_TEXT) {
        reading->alert->duties |= sw_duty_find(reading->json.text);
        token = sw_json_next(&reading->json);
    }
    return token == SW_JSON_ARRAY_END;
}

static bool take_value(struct reading *reading, struct sw_text key)
{
    enum sw_json_token token = sw_json_next(&reading->json);
    if (token == SW_JSON_TEXT) {
        take_text(reading, key, reading->json.text);
    } else if (token == SW_JSON_INTEGER) {
        take_integer(reading, key, reading->json.integer);
    } else if (token == SW_JSON_BOOL) {
        take_bool(reading, key, reading->json.boolean);
    } else if (token == SW_JSON_ARRAY) {
        return take_array(reading, key);
    } else {
        return sw_json_skip(&reading->json, token);
    }
    return true;
}

enum sw_status sw_alert_read_json(struct sw_text json, struct sw_log_alert *alert)
{
    char scratch[SCRATCH_BYTES];
    struct reading reading = {.alert = alert};
    *alert = (struct sw_log_alert){.hops = 1};
    sw_json_init(&reading.json, json, scratch, sizeof(scratch));
    if (sw_json_next(&reading.json) != SW_JSON_OBJECT) {
        return SW_MALFORMED;
    }
    enum sw_json_token token = sw_json_next(&reading.json);
    while (token == SW_JSON_KEY) {
        struct sw_text key = reading.json.text;
        if (!take_value(&reading, key)) {
            return SW_MALFORMED;
        }
        token = sw_json_next(&reading.json);
    }
    bool whole = token == SW_JSON_OBJECT_END && sw_json_next(&reading.json) == SW_JSON_END;
    return whole && reading.parts == PARTS_NEEDED ? SW_OK : SW_MALFORMED;
}
