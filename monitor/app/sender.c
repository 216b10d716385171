/* A ring of records that are never split: where the end is too near, a record begins anew at 0. The
 * place of the oldest message stays taken until it has been sent, so it is not copied out. */
#include "sender.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

struct record {
    uint32_t bytes; // with this head, padded; 0: go on at the start of the ring
    uint32_t topic_bytes;
    uint32_t payload_bytes;
    bool retained;
    bool last;
    uint64_t tag;
};

#define ALIGNMENT 8U

static_assert(sizeof(struct record) % ALIGNMENT == 0, "heads stay aligned");

static uint32_t record_bytes(const struct sw_outgoing *message)
{
    uint64_t bytes =
        sizeof(struct record) + (uint64_t)message->topic.length + 1 + message->payload.length + 1;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return bytes < SW_SENDER_BYTES / 2 ? (uint32_t)bytes : SW_SENDER_BYTES;
}

/* Where a record of @bytes may go, or SW_SENDER_BYTES. One head's room is kept at the end for the
 * mark that the ring goes on at 0. */
static uint32_t find_place(const struct sw_sender *sender, uint32_t bytes)
{
    uint32_t end = SW_SENDER_BYTES - (uint32_t)sizeof(struct record);
    if (sender->count == 0) {
        return bytes <= end ? 0 : SW_SENDER_BYTES;
    }
    if (sender->head > sender->tail) {
        if (bytes <= end - sender->head) {
            return sender->head;
        }
        return bytes < sender->tail ? 0 : SW_SENDER_BYTES;
    }
    return bytes < sender->tail - sender->head ? sender->head : SW_SENDER_BYTES;
}

static void write_record(struct sw_sender *sender, uint32_t place, uint32_t bytes,
                         const struct sw_outgoing *message)
{
    struct record record = {.bytes = bytes,
                            .topic_bytes = message->topic.length,
                            .payload_bytes = message->payload.length,
                            .retained = message->retained,
                            .last = message->last,
                            .tag = message->tag};
    char *at = sender->ring + place;
    memcpy(at, &record, sizeof(record));
    at += sizeof(record);
    if (message->topic.length > 0) {
        memcpy(at, message->topic.bytes, message->topic.length);
    }
    at[message->topic.length] = '\0';
    at += message->topic.length + 1;
    if (message->payload.length > 0) {
        memcpy(at, message->payload.bytes, message->payload.length);
    }
    at[message->payload.length] = '\0';
}

enum sw_status sw_sender_put(struct sw_sender *sender, const struct sw_outgoing *message)
{
    uint32_t bytes = record_bytes(message);
    (void)pthread_mutex_lock(&sender->mutex);
    uint32_t place = find_place(sender, bytes);
    if (place == SW_SENDER_BYTES) {
        (void)pthread_mutex_unlock(&sender->mutex);
        return SW_FULL;
    }
    if (sender->count == 0) {
        sender->tail = 0;
    } else if (place == 0) {
        struct record turn = {.bytes = 0};
        memcpy(sender->ring + sender->head, &turn, sizeof(turn));
    }
    write_record(sender, place, bytes, message);
    sender->head = place + bytes;
    sender->count++;
    if (sender->waiting) {
        (void)pthread_cond_signal(&sender->filled);
    }
    (void)pthread_mutex_unlock(&sender->mutex);
    return SW_OK;
}

/* Waits for a message, under the mutex. False: the end. */
static bool wait_for_message(struct sw_sender *sender)
{
    while (sender->count == 0 && !sender->stopping) {
        sender->waiting = true;
        (void)pthread_cond_wait(&sender->filled, &sender->mutex);
        sender->waiting = false;
    }
    return !sender->stopping;
}

static uint32_t read_record(const struct sw_sender *sender, struct record *record)
{
    uint32_t place = sender->tail;
    memcpy(record, sender->ring + place, sizeof(*record));
    if (record->bytes == 0) {
        place = 0;
        memcpy(record, sender->ring, sizeof(*record));
    }
    SW_ASSERT(record->bytes > 0);
    return place;
}

static void *hand_over(void *context)
{
    struct sw_sender *sender = context;
    (void)pthread_mutex_lock(&sender->mutex);
    while (wait_for_message(sender)) {
        struct record record;
        sender->tail = read_record(sender, &record);
        const char *topic = sender->ring + sender->tail + sizeof(record);
        struct sw_outgoing message = {
            .topic = {topic, record.topic_bytes},
            .payload = {topic + record.topic_bytes + 1, record.payload_bytes},
            .retained = record.retained,
            .last = record.last,
            .tag = record.tag};
        (void)pthread_mutex_unlock(&sender->mutex);
        sender->send(sender->context, &message);
        (void)pthread_mutex_lock(&sender->mutex);
        sender->tail += record.bytes;
        sender->count--;
    }
    (void)pthread_mutex_unlock(&sender->mutex);
    return NULL;
}

enum sw_status sw_sender_start(struct sw_sender *sender, sw_sender_send_fn send, void *context)
{
    sender->send = send;
    sender->context = context;
    sender->stopping = false;
    sender->count = sender->head = sender->tail = 0;
    bool ready = pthread_mutex_init(&sender->mutex, NULL) == 0 &&
                 pthread_cond_init(&sender->filled, NULL) == 0;
    SW_ASSERT(ready);
    sender->started = pthread_create(&sender->thread, NULL, hand_over, sender) == 0;
    return sender->started ? SW_OK : SW_NO_MEMORY;
}

void sw_sender_stop(struct sw_sender *sender)
{
    if (sender->started) {
        (void)pthread_mutex_lock(&sender->mutex);
        sender->stopping = true;
        (void)pthread_cond_signal(&sender->filled);
        (void)pthread_mutex_unlock(&sender->mutex);
        (void)pthread_join(sender->thread, NULL);
        sender->started = false;
    }
}
