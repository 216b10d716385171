/* Events are written by copying runs of bytes: the simulator's speed is the speed of this file. The
 * taxonomy's fields are sorted by name and a dot sorts before every letter, so that the members of
 * one nested object stand side by side and an object is opened and closed once. */
#include <sharewatch/wire.h>

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/time.h>

#include "form.h"

#define TOPIC_EVENT_PREFIX "sharewatch/v1/event/"
#define TYPE_PREFIX        "org.sharewatch."
#define TYPE_SUFFIX        ".v1"
#define DIGITS_MAX         20 // of a 64-bit number

/* As sw_buffer_append(), where the compiler can see the length of a literal. */
static inline void put(struct sw_buffer *buffer, struct sw_text text)
{
    if (text.length >= buffer->capacity - buffer->length) {
        buffer->overflowed = true;
        return;
    }
    memcpy(buffer->bytes + buffer->length, text.bytes, text.length);
    buffer->length += text.length;
}

/* put() leaves the NUL to the end. */
static void finish(struct sw_buffer *buffer)
{
    buffer->bytes[buffer->length] = '\0';
}

void sw_wire_event_topic(const struct sw_event *event, struct sw_buffer *buffer)
{
    sw_buffer_append(buffer, SW_TEXT(TOPIC_EVENT_PREFIX));
    sw_buffer_append(buffer, event->reporter);
    sw_buffer_append(buffer, SW_TEXT("/"));
    sw_buffer_append_string(buffer, sw_kind_name(event->kind));
}

/* The decimal digits of @number at the end of @digits; returns where they start. */
static uint32_t digits_of(uint64_t number, char digits[DIGITS_MAX])
{
    uint32_t start = DIGITS_MAX;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return start;
}

static void append_integer(struct sw_buffer *buffer, int64_t integer)
{
    char digits[DIGITS_MAX];
    uint64_t magnitude = integer < 0 ? ~(uint64_t)integer + 1 : (uint64_t)integer;
    uint32_t start = digits_of(magnitude, digits);
    put(buffer, integer < 0 ? SW_TEXT("-") : SW_TEXT(""));
    put(buffer, (struct sw_text){digits + start, DIGITS_MAX - start});
}

static void append_sequence(struct sw_buffer *buffer, uint64_t sequence)
{
    static_assert(SW_SEQUENCE_DIGITS == DIGITS_MAX, "every 64-bit number fits the padded form");
    char digits[DIGITS_MAX];
    uint32_t start = digits_of(sequence, digits);
    memset(digits, '0', start);
    put(buffer, SW_TEXT(",\"sequence\":\""));
    put(buffer, (struct sw_text){digits, DIGITS_MAX});
    put(buffer, SW_TEXT("\""));
}

static void append_time(struct sw_buffer *buffer, struct sw_text key, int64_t time_ms)
{
    char time[SW_TIME_BYTES];
    sw_time_format(time_ms, time);
    put(buffer, key);
    put(buffer, (struct sw_text){time, SW_TIME_BYTES - 1});
    put(buffer, SW_TEXT("\""));
}

/* Texts of enumerated fields are plain by the taxonomy; `true` and `false` of a tristate stand
 * without quotes. */
static void append_code(struct sw_buffer *buffer, struct sw_text text)
{
    bool bare = sw_text_equal(text, SW_TEXT("true")) || sw_text_equal(text, SW_TEXT("false"));
    put(buffer, bare ? SW_TEXT("") : SW_TEXT("\""));
    put(buffer, text);
    put(buffer, bare ? SW_TEXT("") : SW_TEXT("\""));
}

/* Quotes around what needs no escape, which is nearly everything. */
static void append_string(struct sw_buffer *buffer, struct sw_text text)
{
    bool plain = true;
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        plain = plain && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
    }
    if (!plain) {
        sw_buffer_append_json(buffer, text);
        return;
    }
    put(buffer, SW_TEXT("\""));
    put(buffer, text);
    put(buffer, SW_TEXT("\""));
}

static void append_scalar(struct sw_buffer *buffer, const struct sw_value *value)
{
    switch ((enum sw_value_type)value->type) {
    case SW_VALUE_BOOL:
        put(buffer, value->boolean ? SW_TEXT("true") : SW_TEXT("false"));
        return;
    case SW_VALUE_INTEGER:
        append_integer(buffer, value->integer);
        return;
    case SW_VALUE_TEXT:
        if (value->code != 0) {
            append_code(buffer, value->text);
        } else {
            append_string(buffer, value->text);
        }
        return;
    case SW_VALUE_MISSING:
    case SW_VALUE_NULL:
    case SW_VALUE_REAL:
    case SW_VALUE_LIST:
        break;
    }
    SW_NEVER("no field of the taxonomy holds such a value");
}

static void append_value(struct sw_buffer *buffer, const struct sw_value *value)
{
    if (value->type != SW_VALUE_LIST) {
        append_scalar(buffer, value);
        return;
    }
    put(buffer, SW_TEXT("["));
    for (uint32_t i = 0; i < value->count; i++) {
        put(buffer, i > 0 ? SW_TEXT(",") : SW_TEXT(""));
        append_scalar(buffer, &value->items[i]);
    }
    put(buffer, SW_TEXT("]"));
}

static void append_key(struct sw_buffer *buffer, struct sw_text key)
{
    put(buffer, SW_TEXT("\""));
    put(buffer, key);
    put(buffer, SW_TEXT("\":"));
}

static void append_data(struct sw_buffer *buffer, const struct sw_event *event)
{
    struct sw_text open = {0}; // the nested object that is open
    bool first = true;
    put(buffer, SW_TEXT("{"));
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const struct sw_value *value = &event->fields[field];
        if (value->type == SW_VALUE_MISSING) {
            continue;
        }
        const struct sw_field_info *info = sw_field_info((enum sw_field)field);
        if (info->by != SW_BY_SENDER) {
            continue;
        }
        struct sw_text name = {info->name, info->name_bytes};
        struct sw_text group = {info->name, info->group_bytes};
        bool same = sw_text_equal(group, open);
        put(buffer, open.length > 0 && !same ? SW_TEXT("}") : SW_TEXT(""));
        put(buffer, first ? SW_TEXT("") : SW_TEXT(","));
        if (group.length > 0) {
            if (!same) {
                append_key(buffer, group);
                put(buffer, SW_TEXT("{"));
            }
            uint32_t skipped = group.length + 1;
            name = (struct sw_text){name.bytes + skipped, name.length - skipped};
        }
        append_key(buffer, name);
        append_value(buffer, value);
        open = group;
        first = false;
    }
    put(buffer, open.length > 0 ? SW_TEXT("}}") : SW_TEXT("}"));
}

static void append_text(struct sw_buffer *buffer, struct sw_text key, struct sw_text text)
{
    put(buffer, key);
    append_string(buffer, text);
}

void sw_wire_write_event(const struct sw_event *event, struct sw_buffer *buffer)
{
    SW_ASSERT(event->kind != SW_KIND_NONE);
    SW_ASSERT(event->action != SW_ACTION_NONE);
    append_text(buffer, SW_TEXT("{\"specversion\":\"1.0\",\"id\":"), event->id);
    append_text(buffer, SW_TEXT(",\"source\":"), event->source);
    put(buffer, SW_TEXT(",\"type\":\"" TYPE_PREFIX));
    put(buffer, sw_text_from(sw_kind_name(event->kind)));
    put(buffer, SW_TEXT("."));
    put(buffer, sw_text_from(sw_action_name(event->action)));
    put(buffer, SW_TEXT(TYPE_SUFFIX "\""));
    append_time(buffer, SW_TEXT(",\"time\":\""), event->time_ms);
    if (event->recorded_ms != event->time_ms) {
        append_time(buffer, SW_TEXT(",\"recordedtime\":\""), event->recorded_ms);
    }
    if (event->sequence != 0) {
        append_sequence(buffer, event->sequence);
    }
    if (event->parent.length > 0) {
        append_text(buffer, SW_TEXT(",\"swparent\":"), event->parent);
    }
    put(buffer, event->correction ? SW_TEXT(",\"swcorrects\":true") : SW_TEXT(""));
    put(buffer, event->synthetic ? SW_TEXT(",\"swsynthetic\":true") : SW_TEXT(""));
    put(buffer, SW_TEXT(",\"data\":"));
    append_data(buffer, event);
    put(buffer, SW_TEXT("}"));
    finish(buffer);
}

enum sw_status sw_wire_parse_event_topic(struct sw_text topic, struct sw_text *agency,
                                         struct sw_text *kind)
{
    struct sw_text prefix = SW_TEXT(TOPIC_EVENT_PREFIX);
    if (!sw_text_starts_with(topic, prefix)) {
        return SW_MALFORMED;
    }
    struct sw_text rest = {topic.bytes + prefix.length, topic.length - prefix.length};
    const char *slash = rest.length > 0 ? memchr(rest.bytes, '/', rest.length) : NULL;
    if (slash == NULL) {
        return SW_MALFORMED;
    }
    *agency = (struct sw_text){rest.bytes, (uint32_t)(slash - rest.bytes)};
    *kind = (struct sw_text){slash + 1, rest.length - agency->length - 1};
    bool more = kind->length > 0 && memchr(kind->bytes, '/', kind->length) != NULL;
    return agency->length > 0 && kind->length > 0 && !more ? SW_OK : SW_MALFORMED;
}

enum sw_status sw_wire_parse_source(struct sw_text source, struct sw_text *agency)
{
    struct sw_text prefix = SW_TEXT(SW_SOURCE_PREFIX);
    if (source.length > SW_SOURCE_BYTES_MAX || !sw_text_starts_with(source, prefix)) {
        return SW_MALFORMED;
    }
    struct sw_text rest = {source.bytes + prefix.length, source.length - prefix.length};
    const char *colon = rest.length > 0 ? memchr(rest.bytes, ':', rest.length) : NULL;
    uint32_t length = colon != NULL ? (uint32_t)(colon - rest.bytes) : rest.length;
    bool part_missing = colon != NULL && length + 1 == rest.length;
    *agency = (struct sw_text){rest.bytes, length};
    bool formed = !part_missing && sw_form_is_agency(*agency) && sw_form_has_token_bytes(rest);
    return formed ? SW_OK : SW_MALFORMED;
}
