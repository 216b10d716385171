/**
 * Alerts as the monitor publishes them on a broker, handed to the loop.
 *
 * Paho's thread copies each message into a ring and wakes the loop. A live view drops the oldest
 * when the ring is full, and counts it. A lost connection is told, and Paho tries again by itself.
 * The struct is large and lives as long as the program: a callback of Paho may still be running
 * when the feed is stopped.
 */
#ifndef SHAREWATCH_FEED_H
#define SHAREWATCH_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/log.h>
#include <sharewatch/mqtt.h>
#include <sharewatch/status.h>

#include "alert.h"

#define SW_FEED_SLOTS 128

struct sw_feed;

typedef void (*sw_feed_alert_fn)(struct sw_feed *feed, const struct sw_log_alert *alert);

/** The connection came up or went away: feed->connected. */
typedef void (*sw_feed_link_fn)(struct sw_feed *feed);

/** The first connection failed; feed->sentence says why and what to do. */
typedef void (*sw_feed_failed_fn)(struct sw_feed *feed);

struct sw_feed_slot {
    uint32_t length;
    char json[SW_ALERT_JSON_BYTES];
};

struct sw_feed {
    /* Set by the caller before the start. */
    void *context;
    sw_feed_alert_fn on_alert;
    sw_feed_link_fn on_link;
    sw_feed_failed_fn on_failed;

    /* Read by anyone, on the loop's thread. */
    bool connected;
    uint64_t dropped_total;   // alerts that came faster than they could be shown
    uint64_t malformed_total; // messages that are no alerts
    char sentence[SW_MQTT_SENTENCE_BYTES];

    /* The module's own. */
    struct sw_mqtt mqtt;
    void *client;
    uv_async_t wake;
    uv_mutex_t mutex; // guards what follows, shared with Paho's threads
    bool active;
    uint32_t head, count;
    uint64_t dropped;
    bool link_up;
    bool link_was_up;
    bool link_changed;
    bool link_failed;
    int link_code;
    struct sw_feed_slot slots[SW_FEED_SLOTS];
};

/** Connects and subscribes. SW_INVALID: an option is wrong; SW_NETWORK: Paho refuses to begin;
 *  feed->sentence says so. Otherwise on_link or on_failed follows. */
enum sw_status sw_feed_start(struct sw_feed *feed, uv_loop_t *loop,
                             const struct sw_mqtt_options *options) SW_MUST_CHECK;

/** Disconnects; accepts one that has stopped or was never started. */
void sw_feed_stop(struct sw_feed *feed);

#endif
