/**
 * One event: what a sender said, decoded and checked, then enriched from the sharing map.
 *
 * On the wire an event is a CloudEvents 1.0 object in structured JSON (wire.h). Its `data` holds
 * the sender's fields of the taxonomy. Texts point into the packet, into static tables, into the
 * map or into the event's own `storage`; an event therefore lives as long as its packet.
 */
#ifndef SHAREWATCH_EVENT_H
#define SHAREWATCH_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/taxonomy.h>
#include <sharewatch/text.h>
#include <sharewatch/value.h>

#define SW_PACKET_BYTES_MAX 65536 // payload of one PUBLISH
#define SW_EVENT_STORAGE    4096  // bytes: unescaped and scrubbed text of one event
#define SW_EVENT_ITEMS_MAX  64    // items of all lists of one event
#define SW_ID_BYTES_MAX     64    // `id`, and every token
#define SW_TEXT_BYTES_MAX   1024  // free text
#define SW_SEQUENCE_DIGITS  20    // `sequence` is zero-padded to this
#define SW_EVENT_MASKS_MAX  4     // free texts of one event that were changed by scrubbing

/** Where a free text that was changed by scrubbing stands in the packet, with its quotes. */
struct sw_event_mask {
    enum sw_field field; // whose text in the event is the scrubbed one
    uint32_t first, end; // bytes of the payload, `end` exclusive
};

struct sw_event {
    struct sw_text id;       // unique within `source`
    struct sw_text source;   // urn:sharewatch:agency:REPORTER[:PART]
    struct sw_text reporter; // the agency within `source`
    enum sw_kind kind;
    enum sw_action action;
    int64_t time_ms;     // when it happened (`time`)
    int64_t recorded_ms; // when the sender learned of it (`recordedtime`, else `time`)
    uint64_t sequence;   // of its source, from 1; 0 when the sender stamps none
    struct sw_text
        parent;      // `swparent`: id of the event that this one follows from, same or other source
    bool correction; // `swcorrects`: this event corrects `parent` by the fields it carries
    bool synthetic;  // `swsynthetic`: made by a simulator
    struct sw_value fields[SW_FIELD_COUNT];
    struct sw_value items[SW_EVENT_ITEMS_MAX]; // of the lists among `fields`
    uint32_t item_count;
    struct sw_event_mask masks[SW_EVENT_MASKS_MAX];
    uint32_t mask_count; // 0: the payload may be stored as it was received
    char storage[SW_EVENT_STORAGE];
    uint32_t storage_used;
};

/** The text of @field, or the empty text when it is missing or is not text. */
struct sw_text sw_event_text(const struct sw_event *event, enum sw_field field);

/** The code of the enumerated @field, or 0. */
uint16_t sw_event_code(const struct sw_event *event, enum sw_field field);

/** True when the enumerated @field is @code or, being a list, holds it. */
bool sw_event_has(const struct sw_event *event, enum sw_field field, uint16_t code);

/** True when @field is the boolean true. */
bool sw_event_flag(const struct sw_event *event, enum sw_field field);

/** Sets @field; monitor and simulator only. Text is not copied. */
void sw_event_set_code(struct sw_event *event, enum sw_field field, uint16_t code);
void sw_event_set_text(struct sw_event *event, enum sw_field field, struct sw_text text);
void sw_event_set_integer(struct sw_event *event, enum sw_field field, int64_t integer);
void sw_event_set_bool(struct sw_event *event, enum sw_field field, bool boolean);

#endif
