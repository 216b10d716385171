/* Payloads lie in one piece: one that would run over the end of the ring starts at its front. */
#include "outbox.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

static_assert(SW_OUTBOX_BYTES >= 4 * SW_PACKET_BYTES_MAX, "room for the longest events");

void sw_outbox_init(struct sw_outbox *outbox)
{
    outbox->head = 0;
    outbox->count = 0;
    outbox->write_at = 0;
}

/* Where a payload of up to SW_PACKET_BYTES_MAX may be written; false when nowhere. */
static bool find_room(const struct sw_outbox *outbox, uint32_t *offset)
{
    uint32_t end = outbox->write_at + SW_PACKET_BYTES_MAX;
    if (outbox->count == 0) {
        *offset = 0;
        return true;
    }
    uint32_t oldest = sw_outbox_at(outbox, 0)->offset;
    if (oldest < outbox->write_at) {
        *offset = end <= SW_OUTBOX_BYTES ? outbox->write_at : 0;
        return end <= SW_OUTBOX_BYTES || oldest > SW_PACKET_BYTES_MAX;
    }
    *offset = outbox->write_at;
    return end < oldest;
}

enum sw_status sw_outbox_add(struct sw_outbox *outbox, const struct sw_event *event,
                             uint32_t source)
{
    uint32_t offset = 0;
    if (outbox->count == SW_OUTBOX_EVENTS || !find_room(outbox, &offset)) {
        return SW_FULL;
    }
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, outbox->bytes + offset, SW_PACKET_BYTES_MAX);
    sw_wire_write_event(event, &buffer);
    SW_ASSERT(!buffer.overflowed);
    uint32_t index = (outbox->head + outbox->count) % SW_OUTBOX_EVENTS;
    outbox->entries[index] = (struct sw_outbox_entry){.sequence = event->sequence,
                                                      .source = source,
                                                      .offset = offset,
                                                      .length = buffer.length,
                                                      .kind = event->kind};
    outbox->write_at = offset + buffer.length;
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

struct sw_text sw_outbox_payload(const struct sw_outbox *outbox,
                                 const struct sw_outbox_entry *entry)
{
    return (struct sw_text){outbox->bytes + entry->offset, entry->length};
}
