/**
 * The inbox: MQTT in, through Paho, into the spool; and what the monitor publishes, out.
 *
 * Paho acknowledges a message when its callback has returned. The callback digests the packet and
 * appends it to the spool, where it survives the death of the process; it waits there while the
 * spool is full, so nothing is acknowledged that could be lost, and the broker keeps the rest. The
 * session is persistent: what is published while we are away comes later. A lost connection is
 * taken up again by itself.
 *
 * Callbacks run on Paho's threads and hold Paho's lock while they wait for room in the spool, so
 * the loop publishes through the sender. The loop is woken with uv_async_send() and looks at the
 * state.
 */
#ifndef SHAREWATCH_INBOX_H
#define SHAREWATCH_INBOX_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <MQTTAsync.h>
#include <uv.h>

#include <sharewatch/mqtt.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "digest.h"
#include "sender.h"
#include "spool.h"

#define SW_INBOX_CLIENT_ID    "sharewatch-monitor"
#define SW_INBOX_STATUS_TOPIC "sharewatch/v1/status/monitor"
#define SW_INBOX_PLACES       64 // messages in Paho at once: it looks through all for each new one
#define SW_INBOX_TAGS_MAX     4096 // from the oldest tag that has not arrived to the newest
#define SW_INBOX_UNSENT_MAX   2048 // publishes that the broker has not taken yet; more are refused

enum sw_inbox_state {
    SW_INBOX_CONNECTING, // for the first time
    SW_INBOX_ONLINE,     // connected and subscribed
    SW_INBOX_LOST,       // will come back by itself
    SW_INBOX_FAILED,     // the first connect or a subscription was refused: `sentence`
    SW_INBOX_CLOSED,     // disconnected on purpose
};

/** A message in Paho. */
struct sw_inbox_place {
    struct sw_inbox *inbox;
    uint64_t tag;
    _Atomic bool used;
};

struct sw_inbox {
    MQTTAsync client;
    struct sw_mqtt *mqtt;
    struct sw_spool *spool;
    struct sw_digest digest; // the receiving thread's
    uv_async_t *wake;        // the loop's
    struct sw_sender sender;
    _Atomic int state;       // enum sw_inbox_state
    _Atomic uint32_t unsent; // in the sender and in Paho
    sem_t free_places;
    struct sw_inbox_place places[SW_INBOX_PLACES];
    _Atomic uint64_t arrived[SW_INBOX_TAGS_MAX]; // the last tag that arrived, by its lowest bits
    _Atomic uint64_t connects_total;
    _Atomic uint32_t vain_total;   // connects since the last that came as far as a subscription
    _Atomic uint64_t failed_total; // messages that Paho took and could not deliver
    _Atomic bool patient; // the loop comes back by itself soon: wake it for many packets only
    char sentence[SW_MQTT_SENTENCE_BYTES]; // written before the state becomes FAILED
};

/**
 * Begins to connect a zeroed @inbox to @mqtt as @client_id; packets go into @spool, and @wake is
 * sent when there is something to look at. SW_NETWORK: inbox->sentence says why it could not even
 * begin.
 */
enum sw_status sw_inbox_start(struct sw_inbox *inbox, struct sw_mqtt *mqtt, const char *client_id,
                              struct sw_spool *spool, uv_async_t *wake) SW_MUST_CHECK;

/** What state it is in. */
enum sw_inbox_state sw_inbox_state(const struct sw_inbox *inbox);

/** Publishes at QoS 1. SW_FULL: too much is unsent; SW_NETWORK: not connected. A @tag other than 0
 *  is known by sw_inbox_has_arrived() once the broker has taken the message; tags rise by one. */
enum sw_status sw_inbox_publish(struct sw_inbox *inbox, const char *topic, struct sw_text payload,
                                bool retained, uint64_t tag) SW_MUST_CHECK;

/** Whether the broker has taken the message with @tag, one of the last SW_INBOX_TAGS_MAX. */
bool sw_inbox_has_arrived(const struct sw_inbox *inbox, uint64_t tag);

/**
 * While @patient, packets wake the loop only when some have gathered. For the time in which the
 * loop waits for the disk and will look into the spool in any case. It looks once more after it has
 * become impatient again.
 */
void sw_inbox_set_patient(struct sw_inbox *inbox, bool patient);

/** Begins to disconnect; the state becomes CLOSED. What was published before goes out first, for
 *  up to a second. */
void sw_inbox_disconnect(struct sw_inbox *inbox);

/** Ends Paho's threads. Accepts a zeroed inbox. The spool must have room, or be drained. */
void sw_inbox_close(struct sw_inbox *inbox);

#endif
