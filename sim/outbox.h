/**
 * Events that were sent but are not yet known to be in a log.
 *
 * A broker's acknowledgement is no evidence: only the monitor's receipt, given after its commit,
 * lets an event go. The outbox keeps their bytes in a ring, so that after a broken connection they
 * can be sent again, the same bytes under the same ids. When it is full the simulator waits.
 */
#ifndef SHAREWATCH_SIM_OUTBOX_H
#define SHAREWATCH_SIM_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/scenario.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/wire.h>

#define SW_OUTBOX_EVENTS 8192
#define SW_OUTBOX_BYTES  (UINT32_C(8) * 1024 * 1024) // 1 KiB an event; texts may be longer

struct sw_outbox_entry {
    uint64_t sequence;
    uint32_t source;
    uint32_t offset; // in `bytes`: the topic and its NUL, the payload SW_TOPIC_BYTES_MAX on
    uint32_t length; // of the payload
};

struct sw_outbox {
    struct sw_outbox_entry entries[SW_OUTBOX_EVENTS]; // ring
    uint32_t head;                                    // index of the oldest
    uint32_t count;
    uint32_t write_at; // in `bytes`, where the next payload goes
    char bytes[SW_OUTBOX_BYTES];
};

/** Starts empty. */
void sw_outbox_init(struct sw_outbox *outbox);

/** Writes packet @index of @made as the newest. SW_FULL: no room; the outbox is unchanged. */
enum sw_status sw_outbox_add(struct sw_outbox *outbox, const struct sw_scenario_event *made,
                             uint32_t index) SW_MUST_CHECK;

/** Lets go, oldest first, of every event whose sequence is within @receipts [source_count]. An
 *  event that waits behind one without a receipt keeps its place. */
void sw_outbox_release(struct sw_outbox *outbox, const uint64_t *receipts);

/** Lets go of the oldest event whatever is known of it. */
void sw_outbox_release_oldest(struct sw_outbox *outbox);

/** The event at @position, 0 being the oldest, its topic and its payload. */
const struct sw_outbox_entry *sw_outbox_at(const struct sw_outbox *outbox, uint32_t position);
const char *sw_outbox_topic(const struct sw_outbox *outbox, const struct sw_outbox_entry *entry);
struct sw_text sw_outbox_payload(const struct sw_outbox *outbox,
                                 const struct sw_outbox_entry *entry);

#endif
