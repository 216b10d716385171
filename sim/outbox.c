/* Payloads lie in one piece: one that would run over the end of the ring starts at its front. */
#include "outbox.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

#define ROOM (SW_TOPIC_BYTES_MAX + SW_SCENARIO_PACKET_MAX) // of the longest event

static_assert(SW_OUTBOX_BYTES >= 4 * ROOM, "room for the longest events");

void sw_outbox_init(struct sw_outbox *outbox)
{
    outbox->head = 0;
    outbox->count = 0;
    outbox->write_at = 0;
}

/* Where a payload of up to ROOM bytes may be written; false when nowhere. */
static bool find_room(const struct sw_outbox *outbox, uint32_t *offset)
{
    uint32_t end = outbox->write_at + ROOM;
    if (outbox->count == 0) {
        *offset = 0;
        return true;
    }
    uint32_t oldest = sw_outbox_at(outbox, 0)->offset;
    if (oldest < outbox->write_at) {
        *offset = end <= SW_OUTBOX_BYTES ? outbox->write_at : 0;
        return end <= SW_OUTBOX_BYTES || oldest > ROOM;
    }
    *offset = outbox->write_at;
    return end < oldest;
}

enum sw_status sw_outbox_add(struct sw_outbox *outbox, const struct sw_scenario_event *made,
                             uint32_t index)
{
    uint32_t offset = 0;
    if (outbox->count == SW_OUTBOX_EVENTS || !find_room(outbox, &offset)) {
        return SW_FULL;
    }
    struct sw_buffer topic;
    struct sw_buffer payload;
    char topic_bytes[SW_TOPIC_BYTES_MAX];
    sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
    sw_buffer_init(&payload, outbox->bytes + offset + SW_TOPIC_BYTES_MAX, SW_SCENARIO_PACKET_MAX);
    sw_scenario_write_packet(made, index, &topic, &payload);
    memcpy(outbox->bytes + offset, topic.bytes, topic.length + 1);
    uint32_t slot = (outbox->head + outbox->count) % SW_OUTBOX_EVENTS;
    outbox->entries[slot] = (struct sw_outbox_entry){.sequence = made->event.sequence,
                                                     .source = made->source,
                                                     .offset = offset,
                                                     .length = payload.length};
    outbox->write_at = offset + SW_TOPIC_BYTES_MAX + payload.length;
    outbox->count++;
    return SW_OK;
}

void sw_outbox_release_oldest(struct sw_outbox *outbox)
{
    SW_ASSERT(outbox->count > 0);
    outbox->head = (outbox->head + 1) % SW_OUTBOX_EVENTS;
    outbox->count--;
}

void sw_outbox_release(struct sw_outbox *outbox, const uint64_t *receipts)
{
    while (outbox->count > 0) {
        const struct sw_outbox_entry *oldest = sw_outbox_at(outbox, 0);
        if (oldest->sequence > receipts[oldest->source]) {
            return;
        }
        sw_outbox_release_oldest(outbox);
    }
}

const struct sw_outbox_entry *sw_outbox_at(const struct sw_outbox *outbox, uint32_t position)
{
    SW_ASSERT(position < outbox->count);
    return &outbox->entries[(outbox->head + position) % SW_OUTBOX_EVENTS];
}

const char *sw_outbox_topic(const struct sw_outbox *outbox, const struct sw_outbox_entry *entry)
{
    return outbox->bytes + entry->offset;
}

struct sw_text sw_outbox_payload(const struct sw_outbox *outbox,
                                 const struct sw_outbox_entry *entry)
{
    return (struct sw_text){outbox->bytes + entry->offset + SW_TOPIC_BYTES_MAX, entry->length};
}
