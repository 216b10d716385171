/**
 * Messages on their way from the loop to Paho, and the thread that hands them over.
 *
 * MQTTAsync_send() waits for Paho's lock, which a callback holds while it waits for room in the
 * spool, which only the loop can make. So the loop never calls Paho: it puts a message here and
 * goes on, and a thread of its own does the waiting. A full sender refuses the newest.
 */
#ifndef SHAREWATCH_SENDER_H
#define SHAREWATCH_SENDER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_SENDER_BYTES (1U << 20) // some 900 alerts; a power of two is not needed

/** A message as it is handed over; texts end in NUL and are gone when the call returns. */
struct sw_outgoing {
    struct sw_text topic;
    struct sw_text payload;
    bool retained;
    bool last;    // nothing follows: disconnect
    uint64_t tag; // of the caller, 0: none
};

typedef void (*sw_sender_send_fn)(void *context, const struct sw_outgoing *message);

struct sw_sender {
    sw_sender_send_fn send; // runs on the sender's thread
    void *context;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex; // of what follows
    pthread_cond_t filled;
    bool waiting; // the thread has nothing to do
    bool stopping;
    uint32_t head;  // where the next message goes
    uint32_t tail;  // the oldest message
    uint32_t count; // messages
    char ring[SW_SENDER_BYTES];
};

/** Starts the thread, which calls @send with @context. SW_NO_MEMORY: there is no thread to be had.
 */
enum sw_status sw_sender_start(struct sw_sender *sender, sw_sender_send_fn send,
                               void *context) SW_MUST_CHECK;

/** Copies @message in as the newest. SW_FULL: no room. */
enum sw_status sw_sender_put(struct sw_sender *sender,
                             const struct sw_outgoing *message) SW_MUST_CHECK;

/** Ends the thread when it has returned from @send; what waits is dropped. Accepts a zeroed one. */
void sw_sender_stop(struct sw_sender *sender);

#endif
