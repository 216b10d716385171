#include "outlet.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>

#define KEEP_ALIVE_S       20
#define UNACKNOWLEDGED_MAX 512
#define CONNECT_TIMEOUT_S  10
#define DISCONNECT_MS      1000
#define LOOK_MS            100 // how often a wait looks whether it was interrupted
#define CLIENT_ID_BYTES    64

/* ---- on Paho's threads ---- */

static void lock(struct sw_outlet *outlet)
{
    int code = pthread_mutex_lock(&outlet->mutex);
    SW_ASSERT(code == 0);
}

static void tell_and_unlock(struct sw_outlet *outlet)
{
    (void)pthread_cond_broadcast(&outlet->changed);
    (void)pthread_mutex_unlock(&outlet->mutex);
}

static void on_connected(void *context, MQTTAsync_successData *success)
{
    struct sw_outlet *outlet = context;
    (void)success;
    sw_mqtt_set_nodelay(&outlet->mqtt);
    lock(outlet);
    outlet->connected = true;
    tell_and_unlock(outlet);
}

static void fail(struct sw_outlet *outlet, int code)
{
    char sentence[SW_MQTT_SENTENCE_BYTES];
    (void)sw_mqtt_explain(&outlet->mqtt, code, sentence);
    lock(outlet);
    if (!outlet->failed && !outlet->closed) {
        (void)snprintf(outlet->sentence, sizeof(outlet->sentence), "%s", sentence);
        outlet->failed = true;
    }
    tell_and_unlock(outlet);
}

static void on_connect_failed(void *context, MQTTAsync_failureData *failure)
{
    fail(context, failure != NULL ? failure->code : MQTTASYNC_FAILURE);
}

static void on_lost(void *context, char *cause)
{
    struct sw_outlet *outlet = context;
    (void)cause;
    lock(outlet);
    if (!outlet->closed && !outlet->failed) {
        (void)snprintf(outlet->sentence, sizeof(outlet->sentence),
                       "the connection to %s was lost; the replay ends there", outlet->mqtt.shown);
        outlet->failed = true;
    }
    tell_and_unlock(outlet);
}

static void on_sent(void *context, MQTTAsync_successData *success)
{
    struct sw_outlet *outlet = context;
    (void)success;
    lock(outlet);
    outlet->unacknowledged--;
    tell_and_unlock(outlet);
}

static void on_send_failed(void *context, MQTTAsync_failureData *failure)
{
    struct sw_outlet *outlet = context;
    lock(outlet);
    outlet->unacknowledged--;
    tell_and_unlock(outlet);
    fail(context, failure != NULL ? failure->code : MQTTASYNC_FAILURE);
}

static void on_disconnected(void *context, MQTTAsync_successData *success)
{
    struct sw_outlet *outlet = context;
    (void)success;
    lock(outlet);
    outlet->connected = false;
    tell_and_unlock(outlet);
}

/* Nobody sends us anything: we subscribe to nothing. */
static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    (void)context;
    (void)topic_length;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

/* ---- on the caller's thread ---- */

static bool is_interrupted(const struct sw_outlet *outlet)
{
    return outlet->interrupted != NULL && *outlet->interrupted != 0;
}

/* Waits a little for a change; the mutex is held. */
static void wait_a_little(struct sw_outlet *outlet)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&outlet->changed, &outlet->mutex, &until);
}

/* Waits until no more than @most are on their way. */
static enum sw_status wait_for_room(struct sw_outlet *outlet, uint32_t most)
{
    lock(outlet);
    while (!outlet->failed && !is_interrupted(outlet) &&
           (!outlet->connected || outlet->unacknowledged > most)) {
        wait_a_little(outlet);
    }
    bool failed = outlet->failed;
    (void)pthread_mutex_unlock(&outlet->mutex);
    return failed ? SW_NETWORK : is_interrupted(outlet) ? SW_STOPPED : SW_OK;
}

static int start_connecting(struct sw_outlet *outlet, const char *client_id)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    options.keepAliveInterval = KEEP_ALIVE_S;
    options.cleansession = 1;
    options.maxInflight = UNACKNOWLEDGED_MAX;
    options.connectTimeout = CONNECT_TIMEOUT_S;
    options.context = outlet;
    options.onSuccess = on_connected;
    options.onFailure = on_connect_failed;
    sw_mqtt_fill_async(&outlet->mqtt, &options);
    int code = MQTTAsync_create(&outlet->client, outlet->mqtt.uri, client_id,
                                MQTTCLIENT_PERSISTENCE_NONE, NULL);
    if (code == MQTTASYNC_SUCCESS) {
        code = MQTTAsync_setCallbacks(outlet->client, outlet, on_lost, on_message, NULL);
    }
    return code == MQTTASYNC_SUCCESS ? MQTTAsync_connect(outlet->client, &options) : code;
}

enum sw_status sw_outlet_open(struct sw_outlet *outlet, const struct sw_mqtt_options *options,
                              const volatile sig_atomic_t *interrupted)
{
    char id[CLIENT_ID_BYTES];
    *outlet = (struct sw_outlet){.interrupted = interrupted};
    if (sw_mqtt_init(&outlet->mqtt, options, outlet->sentence) != SW_OK) {
        return SW_INVALID;
    }
    int code = pthread_mutex_init(&outlet->mutex, NULL);
    SW_ASSERT(code == 0);
    code = pthread_cond_init(&outlet->changed, NULL);
    SW_ASSERT(code == 0);
    (void)snprintf(id, sizeof(id), "sharewatch-replay-%d", (int)getpid());
    code = start_connecting(outlet, options->client_id != NULL ? options->client_id : id);
    if (code != MQTTASYNC_SUCCESS) {
        fail(outlet, code);
    }
    enum sw_status status = wait_for_room(outlet, UNACKNOWLEDGED_MAX);
    if (status != SW_OK) {
        sw_outlet_close(outlet);
    }
    return status;
}

enum sw_status sw_outlet_publish(struct sw_outlet *outlet, const char *topic,
                                 struct sw_text payload)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = outlet;
    options.onSuccess = on_sent;
    options.onFailure = on_send_failed;
    enum sw_status status = wait_for_room(outlet, UNACKNOWLEDGED_MAX - 1);
    if (status != SW_OK) {
        return status;
    }
    lock(outlet);
    outlet->unacknowledged++;
    (void)pthread_mutex_unlock(&outlet->mutex);
    int code =
        MQTTAsync_send(outlet->client, topic, (int)payload.length, payload.bytes, 1, 0, &options);
    if (code != MQTTASYNC_SUCCESS) {
        lock(outlet);
        outlet->unacknowledged--;
        tell_and_unlock(outlet);
        fail(outlet, code);
        return SW_NETWORK;
    }
    return SW_OK;
}

enum sw_status sw_outlet_drain(struct sw_outlet *outlet)
{
    return wait_for_room(outlet, 0);
}

void sw_outlet_close(struct sw_outlet *outlet)
{
    if (outlet->client == NULL) {
        return;
    }
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.timeout = DISCONNECT_MS;
    options.context = outlet;
    options.onSuccess = on_disconnected;
    lock(outlet);
    outlet->closed = true;
    bool connected = outlet->connected && !outlet->failed;
    (void)pthread_mutex_unlock(&outlet->mutex);
    if (connected && MQTTAsync_disconnect(outlet->client, &options) == MQTTASYNC_SUCCESS) {
        lock(outlet);
        for (int i = 0; outlet->connected && i < DISCONNECT_MS / LOOK_MS; i++) {
            wait_a_little(outlet);
        }
        (void)pthread_mutex_unlock(&outlet->mutex);
    }
    MQTTAsync_destroy(&outlet->client);
    outlet->client = NULL;
    (void)pthread_cond_destroy(&outlet->changed);
    (void)pthread_mutex_destroy(&outlet->mutex);
}
