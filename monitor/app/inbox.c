/*
 * Facts about Paho C 1.3 that this rests on, read in its source and kept by the kill test:
 * the PUBACK goes out after messageArrived has returned, whatever it returned; messageArrived runs
 * on the one receiving thread with Paho's lock held; MQTTAsync_send(), _disconnect() and
 * _isConnected() wait for that lock, so the loop calls none of them: a callback may wait for the
 * loop.
 */
#include "inbox.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>
#include <sharewatch/wire.h>

#define KEEP_ALIVE_S      20
#define RETRY_S_MIN       1 // the shortest that Paho knows
#define RETRY_S_MAX       8
#define CONNECT_TIMEOUT_S 10
#define INFLIGHT_MAX      1000
#define DISCONNECT_MS     1000
#define REFUSED_QOS       0x80 // in a SUBACK
#define UNTAKEN_BYTES                                                                              \
    16384 // some 25 packets: as much as the loop takes in a fraction of a millisecond
#define OFFLINE "{\"state\":\"offline\"}"

static void wake(struct sw_inbox *inbox)
{
    (void)uv_async_send(inbox->wake);
}

static void become(struct sw_inbox *inbox, enum sw_inbox_state state)
{
    atomic_store(&inbox->state, (int)state);
    wake(inbox);
}

/* Runs on the MQTT thread. */
static int on_message(void *context, char *topic, int topic_bytes, MQTTAsync_message *message)
{
    struct sw_inbox *inbox = context;
    size_t length = topic_bytes > 0 ? (size_t)topic_bytes : strlen(topic);
    struct sw_packet packet = {.topic = {topic, (uint32_t)length},
                               .payload = {message->payload, (uint32_t)message->payloadlen},
                               .received_ms = sw_now_ms()};
    sw_digest_of(&inbox->digest, packet.payload, packet.digest);
    sw_spool_append(inbox->spool, &packet);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    /* Either this sees that the loop is impatient, or the loop sees the packet. */
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load(&inbox->patient) || sw_spool_untaken(inbox->spool) > UNTAKEN_BYTES) {
        wake(inbox);
    }
    return 1;
}

/* Runs on the MQTT thread. */
static void on_lost(void *context, char *cause)
{
    (void)cause;
    become(context, SW_INBOX_LOST);
}

static void fail(struct sw_inbox *inbox, const char *sentence)
{
    (void)snprintf(inbox->sentence, sizeof(inbox->sentence), "%s", sentence);
    become(inbox, SW_INBOX_FAILED);
}

static void refuse_subscription(struct sw_inbox *inbox)
{
    char sentence[SW_MQTT_SENTENCE_BYTES];
    (void)snprintf(sentence, sizeof(sentence),
                   "%s: the broker refuses the subscription to %s; may this user read it?",
                   inbox->mqtt->shown, SW_TOPIC_EVENTS);
    fail(inbox, sentence);
}

/* Runs on the MQTT thread. A negative code is Paho's own: the connection went before the answer,
 * and the next one subscribes again. */
static void on_subscribe_failed(void *context, MQTTAsync_failureData *failure)
{
    if (failure == NULL || failure->code >= 0) {
        refuse_subscription(context);
    }
}

/* Runs on the MQTT thread. With more than one topic Paho calls success what the broker refused. */
static void on_subscribed(void *context, MQTTAsync_successData *success)
{
    struct sw_inbox *inbox = context;
    if (success->alt.qosList != NULL && success->alt.qosList[0] >= REFUSED_QOS) {
        refuse_subscription(inbox);
        return;
    }
    (void)atomic_fetch_add(&inbox->connects_total, 1);
    atomic_store(&inbox->vain_total, 0);
    become(inbox, SW_INBOX_ONLINE);
}

/* Runs on the MQTT thread, at every connect. The broker may have lost the session. */
static void on_connected(void *context, char *cause)
{
    struct sw_inbox *inbox = context;
    char events[] = SW_TOPIC_EVENTS;
    char status[] = SW_TOPIC_STATUS;
    char *const topics[] = {events, status};
    const int qos[] = {1, 1};
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    (void)cause;
    (void)atomic_fetch_add(&inbox->vain_total, 1);
    options.context = inbox;
    options.onSuccess = on_subscribed;
    options.onFailure = on_subscribe_failed;
    sw_mqtt_set_nodelay(inbox->mqtt);
    /* It fails only when the connection is gone already. */
    (void)MQTTAsync_subscribeMany(inbox->client, 2, topics, qos, &options);
}

/* Runs on an MQTT thread. Only the first connect may fail for good: Paho tells of some of its own
 * attempts after a loss, too, and goes on trying. */
static void on_connect_failed(void *context, MQTTAsync_failureData *failure)
{
    struct sw_inbox *inbox = context;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    if (atomic_load(&inbox->connects_total) != 0) {
        return;
    }
    fail(inbox, sw_mqtt_explain(inbox->mqtt, failure != NULL ? failure->code : -1, sentence));
}

static void forget(struct sw_inbox_place *place)
{
    struct sw_inbox *inbox = place->inbox;
    atomic_store(&place->used, false);
    (void)sem_post(&inbox->free_places);
    if (atomic_fetch_sub(&inbox->unsent, 1) == 1) {
        wake(inbox); // at the end somebody waits for it
    }
}

/* Runs on an MQTT thread. */
static void on_published(void *context, MQTTAsync_successData *success)
{
    struct sw_inbox_place *place = context;
    (void)success;
    if (place->tag != 0) {
        atomic_store(&place->inbox->arrived[place->tag % SW_INBOX_TAGS_MAX], place->tag);
    }
    forget(place);
}

/* Runs on an MQTT thread. */
static void on_publish_failed(void *context, MQTTAsync_failureData *failure)
{
    struct sw_inbox_place *place = context;
    (void)failure;
    (void)atomic_fetch_add(&place->inbox->failed_total, 1);
    forget(place);
}

bool sw_inbox_has_arrived(const struct sw_inbox *inbox, uint64_t tag)
{
    return atomic_load(&inbox->arrived[tag % SW_INBOX_TAGS_MAX]) == tag;
}

void sw_inbox_set_patient(struct sw_inbox *inbox, bool patient)
{
    atomic_store(&inbox->patient, patient);
    atomic_thread_fence(memory_order_seq_cst);
}

/* Runs on an MQTT thread. */
static void on_disconnected(void *context, MQTTAsync_successData *success)
{
    (void)success;
    become(context, SW_INBOX_CLOSED);
}

/* Runs on an MQTT thread. */
static void on_disconnect_failed(void *context, MQTTAsync_failureData *failure)
{
    (void)failure;
    become(context, SW_INBOX_CLOSED);
}

static void disconnect_client(struct sw_inbox *inbox)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.timeout = DISCONNECT_MS;
    options.context = inbox;
    options.onSuccess = on_disconnected;
    options.onFailure = on_disconnect_failed;
    if (MQTTAsync_disconnect(inbox->client, &options) != MQTTASYNC_SUCCESS) {
        become(inbox, SW_INBOX_CLOSED);
    }
}

/* Waits for a free place. Runs on the sender's thread, the only one that takes places. */
static struct sw_inbox_place *take_place(struct sw_inbox *inbox, uint64_t tag)
{
    uint32_t at = 0;
    while (sem_wait(&inbox->free_places) != 0) {
    }
    while (atomic_load(&inbox->places[at].used)) {
        at++;
        SW_ASSERT(at < SW_INBOX_PLACES);
    }
    inbox->places[at].inbox = inbox;
    inbox->places[at].tag = tag;
    atomic_store(&inbox->places[at].used, true);
    return &inbox->places[at];
}

/* Runs on the sender's thread. */
static void send_message(void *context, const struct sw_outgoing *message)
{
    struct sw_inbox *inbox = context;
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    if (message->last) {
        disconnect_client(inbox);
        return;
    }
    struct sw_inbox_place *place = take_place(inbox, message->tag);
    options.context = place;
    options.onSuccess = on_published;
    options.onFailure = on_publish_failed;
    if (MQTTAsync_send(inbox->client, message->topic.bytes, (int)message->payload.length,
                       message->payload.bytes, 1, message->retained ? 1 : 0,
                       &options) != MQTTASYNC_SUCCESS) {
        on_publish_failed(place, NULL);
    }
}

static int connect_client(struct sw_inbox *inbox)
{
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    will.topicName = SW_INBOX_STATUS_TOPIC;
    will.message = OFFLINE;
    will.qos = 1;
    will.retained = 1;
    options.keepAliveInterval = KEEP_ALIVE_S;
    options.cleansession = 0;
    options.maxInflight = INFLIGHT_MAX;
    options.connectTimeout = CONNECT_TIMEOUT_S;
    options.automaticReconnect = 1;
    options.minRetryInterval = RETRY_S_MIN;
    options.maxRetryInterval = RETRY_S_MAX;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.will = &will;
    options.context = inbox;
    options.onFailure = on_connect_failed;
    sw_mqtt_fill_async(inbox->mqtt, &options);
    return MQTTAsync_connect(inbox->client, &options);
}

static int create_client(struct sw_inbox *inbox, const char *client_id)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
    options.sendWhileDisconnected = 0;
    options.maxBufferedMessages = SW_INBOX_PLACES + 1; // what is over it, Paho refuses
    options.MQTTVersion = MQTTVERSION_3_1_1;
    int code = MQTTAsync_createWithOptions(&inbox->client, inbox->mqtt->uri, client_id,
                                           MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
    if (code == MQTTASYNC_SUCCESS) {
        code = MQTTAsync_setCallbacks(inbox->client, inbox, on_lost, on_message, NULL);
    }
    if (code == MQTTASYNC_SUCCESS) {
        code = MQTTAsync_setConnected(inbox->client, inbox, on_connected);
    }
    return code;
}

enum sw_status sw_inbox_start(struct sw_inbox *inbox, struct sw_mqtt *mqtt, const char *client_id,
                              struct sw_spool *spool, uv_async_t *wake)
{
    inbox->mqtt = mqtt;
    inbox->spool = spool;
    inbox->wake = wake;
    atomic_store(&inbox->state, SW_INBOX_CONNECTING);
    if (sw_digest_open(&inbox->digest) != SW_OK) {
        (void)snprintf(inbox->sentence, sizeof(inbox->sentence),
                       "the cryptographic library offers no SHA-256");
        return SW_NETWORK;
    }
    if (sem_init(&inbox->free_places, 0, SW_INBOX_PLACES) != 0 ||
        sw_sender_start(&inbox->sender, send_message, inbox) != SW_OK) {
        (void)snprintf(inbox->sentence, sizeof(inbox->sentence), "no thread can be started");
        sw_inbox_close(inbox);
        return SW_NETWORK;
    }
    int code = create_client(inbox, client_id);
    if (code == MQTTASYNC_SUCCESS) {
        code = connect_client(inbox);
    }
    if (code != MQTTASYNC_SUCCESS) {
        (void)snprintf(inbox->sentence, sizeof(inbox->sentence),
                       "%s: the MQTT library refused (%d)", mqtt->shown, code);
        sw_inbox_close(inbox);
        return SW_NETWORK;
    }
    return SW_OK;
}

enum sw_inbox_state sw_inbox_state(const struct sw_inbox *inbox)
{
    return (enum sw_inbox_state)atomic_load(&inbox->state);
}

enum sw_status sw_inbox_publish(struct sw_inbox *inbox, const char *topic, struct sw_text payload,
                                bool retained, uint64_t tag)
{
    struct sw_outgoing message = {
        .topic = sw_text_from(topic), .payload = payload, .retained = retained, .tag = tag};
    if (sw_inbox_state(inbox) != SW_INBOX_ONLINE) {
        return SW_NETWORK;
    }
    if (atomic_fetch_add(&inbox->unsent, 1) >= SW_INBOX_UNSENT_MAX ||
        sw_sender_put(&inbox->sender, &message) != SW_OK) {
        (void)atomic_fetch_sub(&inbox->unsent, 1);
        return SW_FULL;
    }
    return SW_OK;
}

void sw_inbox_disconnect(struct sw_inbox *inbox)
{
    if (inbox->client == NULL ||
        sw_sender_put(&inbox->sender, &(struct sw_outgoing){.last = true}) != SW_OK) {
        become(inbox, SW_INBOX_CLOSED);
    }
}

void sw_inbox_close(struct sw_inbox *inbox)
{
    sw_sender_stop(&inbox->sender);
    if (inbox->client != NULL) {
        MQTTAsync_destroy(&inbox->client);
        inbox->client = NULL;
    }
    sw_digest_close(&inbox->digest);
}
