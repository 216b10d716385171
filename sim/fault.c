/*
 * Faults on the way: an event is written as its sender would, then its bytes are spoiled. The
 * places that are spoiled are found by the keys that every event has, so that a fault works on any
 * step.
 */
#include <sharewatch/scenario.h>

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#define DEEP_LEVELS     40
#define LONG_TEXT_BYTES 2000
#define DATA_KEY        "\"data\":{"
#define TIME_1970       INT64_C(86400000)
#define TIME_2100       INT64_C(4102444800000)

const char *sw_fault_word(enum sw_fault_kind fault)
{
#define WORD_ROW(name, word, what) word,
    static const char *const words[] = {SW_FAULT_LIST(WORD_ROW)};
#undef WORD_ROW
    SW_ASSERT(fault < SW_FAULT_COUNT);
    return words[fault];
}

enum sw_fault_kind sw_fault_find(struct sw_text word)
{
    int fault = 0;
    while (fault < SW_FAULT_COUNT &&
           !sw_text_equal(word, sw_text_from(sw_fault_word((enum sw_fault_kind)fault)))) {
        fault++;
    }
    return (enum sw_fault_kind)fault;
}

uint32_t sw_scenario_packet_count(const struct sw_scenario_event *made)
{
    if (made->hidden || made->fault.kind == SW_FAULT_LOST) {
        return 0;
    }
    bool twice = made->fault.kind == SW_FAULT_DUPLICATE || made->fault.kind == SW_FAULT_ID_REUSED;
    return twice ? 2 : 1;
}

/* Puts @text in at byte @at. */
static void insert(struct sw_buffer *payload, uint32_t at, struct sw_text text)
{
    SW_ASSERT(payload->length + text.length < payload->capacity);
    SW_ASSERT(at <= payload->length);
    memmove(payload->bytes + at + text.length, payload->bytes + at, payload->length - at + 1);
    memcpy(payload->bytes + at, text.bytes, text.length);
    payload->length += text.length;
}

/* Where the fields of `data` begin. */
static uint32_t data_start(const struct sw_buffer *payload)
{
    const char *found = strstr(payload->bytes, DATA_KEY);
    SW_ASSERT(found != NULL);
    return (uint32_t)(found - payload->bytes) + (uint32_t)strlen(DATA_KEY);
}

static void add_field(struct sw_buffer *payload, const char *field)
{
    insert(payload, data_start(payload), sw_text_from(field));
}

static void add_deep(struct sw_buffer *payload)
{
    char text[2 * DEEP_LEVELS + 16];
    struct sw_buffer field;
    sw_buffer_init(&field, text, sizeof(text));
    sw_buffer_append_string(&field, "\"deep\":");
    for (int i = 0; i < DEEP_LEVELS; i++) {
        sw_buffer_append_string(&field, "[");
    }
    for (int i = 0; i < DEEP_LEVELS; i++) {
        sw_buffer_append_string(&field, "]");
    }
    sw_buffer_append_string(&field, ",");
    insert(payload, 1, sw_buffer_text(&field));
}

/* Sets @field of the copy @event to a text of @bytes bytes. */
static void set_long_text(struct sw_event *event)
{
    static char text[LONG_TEXT_BYTES];
    memset(text, 'x', sizeof(text));
    sw_event_set_text(event, SW_FIELD_REASON, (struct sw_text){text, sizeof(text)});
}

static void make_huge(struct sw_buffer *payload)
{
    static char text[SW_PACKET_BYTES_MAX];
    memset(text, ' ', sizeof(text));
    insert(payload, 1, (struct sw_text){text, sizeof(text)});
}

/* Faults that the sender makes before it writes: a wrong clock, a wrong field. */
static void spoil_event(struct sw_scenario_fault fault, uint32_t index, struct sw_event *event)
{
    switch (fault.kind) {
    case SW_FAULT_CLOCK:
    case SW_FAULT_BURST:
    case SW_FAULT_REORDERED:
        event->time_ms += fault.clock_ms;
        event->recorded_ms += fault.clock_ms;
        return;
    case SW_FAULT_TIME_1970:
    case SW_FAULT_TIME_2100:
        event->time_ms = fault.kind == SW_FAULT_TIME_1970 ? TIME_1970 : TIME_2100;
        event->recorded_ms = event->time_ms;
        return;
    case SW_FAULT_LONG_TEXT:
        set_long_text(event);
        return;
    case SW_FAULT_ID_REUSED:
        event->time_ms += index * SW_MINUTE_MS;
        return;
    case SW_FAULT_UNKNOWN_EDGE:
        sw_event_set_text(event, SW_FIELD_EDGE, SW_TEXT("E99"));
        return;
    case SW_FAULT_UNKNOWN_SYSTEM:
        sw_event_set_text(event, SW_FIELD_ACTOR_SYSTEM, SW_TEXT("NOWHERE"));
        return;
    case SW_FAULT_WRONG_CLASS:
        sw_event_set_code(event, SW_FIELD_ACTOR_CLASS, SW_AGENCY_CLASS_FED_NONIMM);
        return;
    case SW_FAULT_NONE:
    case SW_FAULT_LOST:
    case SW_FAULT_DUPLICATE:
    case SW_FAULT_TRUNCATED:
    case SW_FAULT_TRAILING:
    case SW_FAULT_BOM:
    case SW_FAULT_NUL:
    case SW_FAULT_UTF8:
    case SW_FAULT_SURROGATE:
    case SW_FAULT_DEEP:
    case SW_FAULT_HUGE:
    case SW_FAULT_DUPLICATE_KEY:
    case SW_FAULT_UNKNOWN_FIELD:
    case SW_FAULT_MONITOR_FIELD:
    case SW_FAULT_WRONG_TYPE:
    case SW_FAULT_UNKNOWN_VALUE:
    case SW_FAULT_FORGED:
    case SW_FAULT_TOPIC_KIND:
    case SW_FAULT_COUNT:
        return;
    }
}

/* Faults of the bytes. */
static void spoil_bytes(enum sw_fault_kind fault, struct sw_buffer *payload)
{
    switch (fault) {
    case SW_FAULT_TRUNCATED:
        payload->length -= 10;
        payload->bytes[payload->length] = '\0';
        return;
    case SW_FAULT_TRAILING:
        sw_buffer_append_string(payload, "{}");
        return;
    case SW_FAULT_BOM:
        insert(payload, 0, SW_TEXT("\xEF\xBB\xBF"));
        return;
    case SW_FAULT_NUL:
        add_field(payload, "\"reason\":\"?\",");
        payload->bytes[data_start(payload) + 10] = '\0';
        return;
    case SW_FAULT_UTF8:
        add_field(payload, "\"reason\":\"\xC3(\",");
        return;
    case SW_FAULT_SURROGATE:
        add_field(payload, "\"reason\":\"\\ud800\",");
        return;
    case SW_FAULT_DEEP:
        add_deep(payload);
        return;
    case SW_FAULT_HUGE:
        make_huge(payload);
        return;
    case SW_FAULT_DUPLICATE_KEY:
        insert(payload, 1, SW_TEXT("\"specversion\":\"1.0\","));
        return;
    case SW_FAULT_UNKNOWN_FIELD:
        add_field(payload, "\"full_name\":\"withheld\",");
        return;
    case SW_FAULT_MONITOR_FIELD:
        add_field(payload, "\"late\":false,");
        return;
    case SW_FAULT_WRONG_TYPE:
        add_field(payload, "\"retention_days\":\"thirty\",");
        return;
    case SW_FAULT_UNKNOWN_VALUE:
        add_field(payload, "\"context\":\"full_moon\",");
        return;
    case SW_FAULT_NONE:
    case SW_FAULT_LOST:
    case SW_FAULT_DUPLICATE:
    case SW_FAULT_ID_REUSED:
    case SW_FAULT_CLOCK:
    case SW_FAULT_BURST:
    case SW_FAULT_REORDERED:
    case SW_FAULT_TIME_1970:
    case SW_FAULT_TIME_2100:
    case SW_FAULT_LONG_TEXT:
    case SW_FAULT_UNKNOWN_EDGE:
    case SW_FAULT_UNKNOWN_SYSTEM:
    case SW_FAULT_WRONG_CLASS:
    case SW_FAULT_FORGED:
    case SW_FAULT_TOPIC_KIND:
    case SW_FAULT_COUNT:
        return;
    }
}

static void write_topic(const struct sw_scenario_event *made, struct sw_buffer *topic)
{
    struct sw_event of = {.reporter = made->event.reporter, .kind = made->event.kind};
    if (made->fault.kind == SW_FAULT_FORGED) {
        of.reporter = SW_TEXT("FORGER");
    } else if (made->fault.kind == SW_FAULT_TOPIC_KIND) {
        of.kind = made->event.kind == SW_KIND_COURT ? SW_KIND_QUERY : SW_KIND_COURT;
    }
    sw_wire_event_topic(&of, topic);
}

void sw_scenario_write_packet(const struct sw_scenario_event *made, uint32_t index,
                              struct sw_buffer *topic, struct sw_buffer *payload)
{
    static struct sw_event spoilt;
    const struct sw_event *event = &made->event;
    SW_ASSERT(index < sw_scenario_packet_count(made));
    if (made->fault.kind != SW_FAULT_NONE) {
        spoilt = made->event;
        spoil_event(made->fault, index, &spoilt);
        event = &spoilt;
    }
    write_topic(made, topic);
    sw_wire_write_event(event, payload);
    spoil_bytes(made->fault.kind, payload);
    SW_ASSERT(!topic->overflowed && !payload->overflowed);
}
