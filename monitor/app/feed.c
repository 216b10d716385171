#include "feed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <MQTTAsync.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

#define CLIENT_ID_BYTES   64
#define KEEP_ALIVE_S      20
#define RETRY_S_MIN       1
#define RETRY_S_MAX       10
#define DISCONNECT_MS_MAX 500

/* ---- on Paho's threads ---- */

/* A first connection that fails is final; later ones are tried again. */
enum link { LINK_LOST, LINK_UP, LINK_NOT_REACHED, LINK_DENIED };

static void tell_link(struct sw_feed *feed, enum link link, int code)
{
    uv_mutex_lock(&feed->mutex);
    feed->link_up = link == LINK_UP;
    feed->link_failed = link == LINK_DENIED || (link == LINK_NOT_REACHED && !feed->link_was_up);
    feed->link_was_up = feed->link_was_up || link == LINK_UP;
    feed->link_changed = true;
    feed->link_code = code;
    if (feed->active) {
        (void)uv_async_send(&feed->wake);
    }
    uv_mutex_unlock(&feed->mutex);
}

static void put(struct sw_feed *feed, const MQTTAsync_message *message)
{
    uv_mutex_lock(&feed->mutex);
    if (feed->count == SW_FEED_SLOTS) {
        feed->head = (feed->head + 1) % SW_FEED_SLOTS;
        feed->count--;
        feed->dropped++;
    }
    struct sw_feed_slot *slot = &feed->slots[(feed->head + feed->count) % SW_FEED_SLOTS];
    size_t length = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;
    slot->length = (uint32_t)(length <= sizeof(slot->json) ? length : 0);
    memcpy(slot->json, message->payload, slot->length);
    feed->count++;
    if (feed->active) {
        (void)uv_async_send(&feed->wake);
    }
    uv_mutex_unlock(&feed->mutex);
}

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    (void)topic_length;
    put(context, message);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

/* A negative code is Paho's own: the connection went before the answer. */
static void on_subscribe_failed(void *context, MQTTAsync_failureData *failure)
{
    if (failure != NULL && failure->code < 0) {
        tell_link(context, LINK_LOST, 0);
        return;
    }
    tell_link(context, LINK_DENIED, failure != NULL ? failure->code : 0);
}

/* Runs after each connect, the automatic ones too. */
static void on_connected(void *context, char *cause)
{
    (void)cause;
    struct sw_feed *feed = context;
    sw_mqtt_set_nodelay(&feed->mqtt);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = feed;
    options.onFailure = on_subscribe_failed;
    int code = MQTTAsync_subscribe(feed->client, SW_TOPIC_ALERTS, 1, &options);
    tell_link(feed, code == MQTTASYNC_SUCCESS ? LINK_UP : LINK_LOST, code);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    tell_link(context, LINK_LOST, 0);
}

static void on_connect_failed(void *context, MQTTAsync_failureData *failure)
{
    tell_link(context, LINK_NOT_REACHED, failure != NULL ? failure->code : -1);
}

/* ---- on the loop ---- */

static void take_link(struct sw_feed *feed)
{
    uv_mutex_lock(&feed->mutex);
    bool changed = feed->link_changed;
    bool up = feed->link_up;
    bool failed = feed->link_failed;
    int code = feed->link_code;
    feed->link_changed = false;
    feed->dropped_total = feed->dropped;
    uv_mutex_unlock(&feed->mutex);
    if (!changed) {
        return;
    }
    if (failed) {
        (void)sw_mqtt_explain(&feed->mqtt, code, feed->sentence);
        sw_feed_stop(feed);
        feed->on_failed(feed);
    } else if (up != feed->connected) {
        feed->connected = up;
        feed->on_link(feed);
    }
}

/* Takes the oldest message out of the ring. */
static bool take(struct sw_feed *feed, struct sw_log_alert *alert, bool *well_formed)
{
    uv_mutex_lock(&feed->mutex);
    bool any = feed->count != 0;
    if (any) {
        const struct sw_feed_slot *slot = &feed->slots[feed->head];
        struct sw_text json = {.bytes = slot->json, .length = slot->length};
        *well_formed = sw_alert_read_json(json, alert) == SW_OK;
        feed->head = (feed->head + 1) % SW_FEED_SLOTS;
        feed->count--;
    }
    uv_mutex_unlock(&feed->mutex);
    return any;
}

static void on_wake(uv_async_t *wake)
{
    struct sw_feed *feed = wake->data;
    take_link(feed);
    struct sw_log_alert alert;
    bool well_formed = false;
    while (feed->client != NULL && take(feed, &alert, &well_formed)) {
        if (well_formed) {
            feed->on_alert(feed, &alert);
        } else {
            feed->malformed_total++;
        }
    }
}

static enum sw_status connect_client(struct sw_feed *feed)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    options.keepAliveInterval = KEEP_ALIVE_S;
    options.cleansession = 1;
    options.automaticReconnect = 1;
    options.minRetryInterval = RETRY_S_MIN;
    options.maxRetryInterval = RETRY_S_MAX;
    options.context = feed;
    options.onFailure = on_connect_failed;
    sw_mqtt_fill_async(&feed->mqtt, &options);
    int code = MQTTAsync_setCallbacks(feed->client, feed, on_lost, on_message, NULL);
    if (code == MQTTASYNC_SUCCESS) {
        code = MQTTAsync_setConnected(feed->client, feed, on_connected);
    }
    if (code == MQTTASYNC_SUCCESS) {
        code = MQTTAsync_connect(feed->client, &options);
    }
    if (code != MQTTASYNC_SUCCESS) {
        (void)sw_mqtt_explain(&feed->mqtt, code, feed->sentence);
        return SW_NETWORK;
    }
    return SW_OK;
}

enum sw_status sw_feed_start(struct sw_feed *feed, uv_loop_t *loop,
                             const struct sw_mqtt_options *options)
{
    SW_ASSERT(feed->on_alert != NULL && feed->on_link != NULL && feed->on_failed != NULL);
    if (sw_mqtt_init(&feed->mqtt, options, feed->sentence) != SW_OK) {
        return SW_INVALID;
    }
    char id[CLIENT_ID_BYTES];
    (void)snprintf(id, sizeof(id), "sharewatch-watch-%d", (int)getpid());
    int code = MQTTAsync_create(&feed->client, feed->mqtt.uri,
                                options->client_id != NULL ? options->client_id : id,
                                MQTTCLIENT_PERSISTENCE_NONE, NULL);
    if (code != MQTTASYNC_SUCCESS) {
        (void)sw_mqtt_explain(&feed->mqtt, code, feed->sentence);
        return SW_NETWORK;
    }
    code = uv_mutex_init(&feed->mutex);
    SW_ASSERT(code == 0);
    code = uv_async_init(loop, &feed->wake, on_wake);
    SW_ASSERT(code == 0);
    feed->wake.data = feed;
    feed->active = true;
    enum sw_status status = connect_client(feed);
    if (status != SW_OK) {
        sw_feed_stop(feed);
    }
    return status;
}

void sw_feed_stop(struct sw_feed *feed)
{
    if (feed->client == NULL) {
        return;
    }
    uv_mutex_lock(&feed->mutex);
    feed->active = false;
    uv_mutex_unlock(&feed->mutex);
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.timeout = DISCONNECT_MS_MAX;
    (void)MQTTAsync_disconnect(feed->client, &options);
    MQTTAsync_destroy(&feed->client);
    feed->client = NULL;
    uv_close((uv_handle_t *)&feed->wake, NULL);
}
