/*
 * Paho's synchronous client, which costs about half of the asynchronous one for each event. Its
 * callbacks run on a thread of Paho's; they only store numbers under a mutex and wake the main
 * thread, which does everything else.
 */
#include "publisher.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sharewatch/json.h>
#include <sharewatch/now.h>
#include <sharewatch/wire.h>

#include "outbox.h"

#define QOS 1
#define UNACKNOWLEDGED_MAX                                                                         \
    1000 // stays below what the socket takes: Paho sleeps 100 ms when it is full
#define CONNECT_SECONDS    10
#define RETRY_MS_MAX       2000
#define RESEND_MS          90000 // silence for longer than the monitor waits for holes: all is sent again
#define PATIENCE_MS        5000  // before a person is told what is waited for
#define COMPLAINT_MS       10000 // between two such lines
#define GREETING_MS        10000
#define DISCONNECT_MS      1000
#define TOPIC_RECEIPT      "sharewatch/v1/receipt/"
#define TOPIC_STATUS       "sharewatch/v1/status/"
#define STATUS_PAYLOAD_MAX 256
#define CLIENT_ID_BYTES    128

struct publisher {
    const struct sw_scenario *scenario;
    const volatile sig_atomic_t *stop;
    const struct sw_hold *hold;
    uint32_t change; // of the scenario, the next
    bool wants_receipts;
    struct sw_mqtt mqtt;
    MQTTClient client;
    char client_id[CLIENT_ID_BYTES];
    char greeting_topic[SW_TOPIC_BYTES_MAX];
    struct sw_generator *generator;
    struct sw_outbox outbox;
    uint32_t sent;      // of the outbox, counted from its oldest
    int64_t receipt_ms; // real time of the last receipt, or of the last sending again
    int64_t complained_ms;
    uint64_t left_out; // events that were receipted before this start

    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t changed;
    uint64_t receipts[SW_SCENARIO_SOURCES_MAX]; // per source
    uint64_t receipt_total;
    uint32_t unacknowledged; // by the broker
    bool connected;
    bool greeted;      // all retained receipts have come
    bool monitor_came; // its status turned online since we last looked
};

/* ---- on Paho's thread ---- */

/* The number under @key in the flat JSON object @payload; 0 when there is none. */
static uint64_t number_in(struct sw_text payload, const char *key)
{
    char scratch[STATUS_PAYLOAD_MAX];
    struct sw_json json;
    bool here = false;
    sw_json_init(&json, payload, scratch, sizeof(scratch));
    for (int i = 0; i < 64; i++) {
        enum sw_json_token token = sw_json_next(&json);
        if (token == SW_JSON_END || token == SW_JSON_ERROR) {
            return 0;
        }
        if (token == SW_JSON_INTEGER && here) {
            return json.integer > 0 ? (uint64_t)json.integer : 0;
        }
        here = token == SW_JSON_KEY && sw_text_equal(json.text, sw_text_from(key));
    }
    return 0;
}

static bool text_has(struct sw_text text, const char *part)
{
    size_t length = strlen(part);
    for (uint32_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.bytes + i, part, length) == 0) {
            return true;
        }
    }
    return false;
}

static void take_receipt(struct publisher *publisher, const char *source, struct sw_text payload)
{
    uint64_t sequence = number_in(payload, "sequence");
    for (uint32_t i = 0; i < publisher->scenario->source_count; i++) {
        if (!sw_text_equal(publisher->scenario->sources[i], sw_text_from(source))) {
            continue;
        }
        if (sequence > publisher->receipts[i]) {
            publisher->receipts[i] = sequence;
            publisher->receipt_total++;
        }
    }
}

/* Runs on the MQTT thread. */
static int on_message(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    struct publisher *publisher = context;
    struct sw_text payload = {message->payload, (uint32_t)message->payloadlen};
    (void)topic_length;
    (void)pthread_mutex_lock(&publisher->mutex);
    if (strncmp(topic, TOPIC_RECEIPT, strlen(TOPIC_RECEIPT)) == 0) {
        take_receipt(publisher, topic + strlen(TOPIC_RECEIPT), payload);
    } else if (strcmp(topic, publisher->greeting_topic) == 0) {
        publisher->greeted = true;
    } else if (strcmp(topic, TOPIC_STATUS "monitor") == 0 && text_has(payload, "\"online\"")) {
        publisher->monitor_came = true;
    }
    (void)pthread_cond_signal(&publisher->changed);
    (void)pthread_mutex_unlock(&publisher->mutex);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

/* Runs on the MQTT thread. */
static void on_delivered(void *context, MQTTClient_deliveryToken token)
{
    struct publisher *publisher = context;
    (void)token;
    (void)pthread_mutex_lock(&publisher->mutex);
    publisher->unacknowledged -= publisher->unacknowledged > 0 ? 1 : 0;
    (void)pthread_cond_signal(&publisher->changed);
    (void)pthread_mutex_unlock(&publisher->mutex);
}

/* Runs on the MQTT thread. */
static void on_lost(void *context, char *cause)
{
    struct publisher *publisher = context;
    (void)cause;
    (void)pthread_mutex_lock(&publisher->mutex);
    publisher->connected = false;
    (void)pthread_cond_signal(&publisher->changed);
    (void)pthread_mutex_unlock(&publisher->mutex);
}

/* ---- on the main thread ---- */

static void wait_for_change(struct publisher *publisher, int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&publisher->changed, &publisher->mutex, &until);
}

static bool is_connected(struct publisher *publisher)
{
    (void)pthread_mutex_lock(&publisher->mutex);
    bool connected = publisher->connected;
    (void)pthread_mutex_unlock(&publisher->mutex);
    return connected;
}

static int publish(struct publisher *publisher, const char *topic, struct sw_text payload,
                   bool retained)
{
    MQTTClient_message message = MQTTClient_message_initializer;
    /* Paho takes the payload without const and copies it. */
    union {
        const char *given;
        void *taken;
    } bytes = {.given = payload.bytes};
    message.payload = bytes.taken;
    message.payloadlen = (int)payload.length;
    message.qos = QOS;
    message.retained = retained ? 1 : 0;
    (void)pthread_mutex_lock(&publisher->mutex);
    publisher->unacknowledged++;
    (void)pthread_mutex_unlock(&publisher->mutex);
    int code = MQTTClient_publishMessage(publisher->client, topic, &message, NULL);
    if (code != MQTTCLIENT_SUCCESS) {
        (void)pthread_mutex_lock(&publisher->mutex);
        publisher->connected = false;
        (void)pthread_mutex_unlock(&publisher->mutex);
    }
    return code;
}

static int subscribe(struct publisher *publisher)
{
    static char names[SW_SCENARIO_SOURCES_MAX + 2][SW_TOPIC_BYTES_MAX];
    char *topics[SW_SCENARIO_SOURCES_MAX + 2];
    int qos[SW_SCENARIO_SOURCES_MAX + 2];
    int count = 0;
    for (uint32_t i = 0; i < publisher->scenario->source_count; i++) {
        (void)snprintf(names[count++], SW_TOPIC_BYTES_MAX, TOPIC_RECEIPT "%.*s",
                       SW_TEXT_FORMAT(publisher->scenario->sources[i]));
    }
    (void)snprintf(names[count++], SW_TOPIC_BYTES_MAX, TOPIC_STATUS "monitor");
    (void)snprintf(names[count++], SW_TOPIC_BYTES_MAX, "%s", publisher->greeting_topic);
    for (int i = 0; i < count; i++) {
        topics[i] = names[i];
        qos[i] = QOS;
    }
    return MQTTClient_subscribeMany(publisher->client, count, topics, qos);
}

/* Our own status, published after subscribing: when it comes back, every receipt that the broker
 * had retained has come before it. */
static int greet(struct publisher *publisher)
{
    int code = publish(publisher, publisher->greeting_topic,
                       SW_TEXT("{\"state\":\"online\",\"part\":\"sim\"}"), true);
    if (code != MQTTCLIENT_SUCCESS) {
        return code;
    }
    int64_t until = sw_steady_ms() + GREETING_MS;
    (void)pthread_mutex_lock(&publisher->mutex);
    while (!publisher->greeted && publisher->connected && *publisher->stop == 0 &&
           sw_steady_ms() < until) {
        wait_for_change(publisher, 100);
    }
    bool greeted = publisher->greeted;
    publisher->monitor_came = false;
    (void)pthread_mutex_unlock(&publisher->mutex);
    return greeted ? MQTTCLIENT_SUCCESS : MQTTCLIENT_FAILURE;
}

static int connect_once(struct publisher *publisher)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = publisher->greeting_topic;
    will.message = "{\"state\":\"offline\",\"part\":\"sim\"}";
    will.retained = 1;
    will.qos = QOS;
    options.will = &will;
    options.cleansession = 1;
    options.keepAliveInterval = 20;
    options.connectTimeout = CONNECT_SECONDS;
    options.maxInflightMessages = SW_OUTBOX_EVENTS;
    sw_mqtt_fill_client(&publisher->mqtt, &options);
    (void)pthread_mutex_lock(&publisher->mutex);
    publisher->unacknowledged = 0;
    publisher->greeted = false;
    publisher->connected = true;
    (void)pthread_mutex_unlock(&publisher->mutex);
    int code = MQTTClient_connect(publisher->client, &options);
    if (code != MQTTCLIENT_SUCCESS) {
        on_lost(publisher, NULL);
        return code;
    }
    sw_mqtt_set_nodelay(&publisher->mqtt);
    code = subscribe(publisher);
    return code == MQTTCLIENT_SUCCESS ? greet(publisher) : code;
}

/* What the receipts say is let go, and the rest is to be sent again. */
static void rewind_outbox(struct publisher *publisher)
{
    publisher->sent = 0;
    publisher->receipt_ms = sw_steady_ms();
}

/* Connects; the first time a failure is final, later it is tried until @stop. */
static enum sw_status connect(struct publisher *publisher, bool first)
{
    char sentence[SW_MQTT_SENTENCE_BYTES];
    int64_t pause_ms = 50;
    for (bool told = false; *publisher->stop == 0;) {
        int code = connect_once(publisher);
        if (code == MQTTCLIENT_SUCCESS) {
            rewind_outbox(publisher);
            return SW_OK;
        }
        (void)MQTTClient_disconnect(publisher->client, 0);
        if (first || !told) {
            (void)fprintf(stderr, "sharewatch sim: %s%s\n",
                          sw_mqtt_explain(&publisher->mqtt, code, sentence),
                          first ? "" : "; trying again until it answers");
            told = true;
        }
        if (first) {
            return SW_NETWORK;
        }
        sw_clock_sleep(pause_ms);
        pause_ms = pause_ms * 2 < RETRY_MS_MAX ? pause_ms * 2 : RETRY_MS_MAX;
    }
    return SW_STOPPED;
}

/* Lets go of what is receipted; `sent` counts from the oldest, so it moves along. */
static void release(struct publisher *publisher)
{
    uint32_t before = publisher->outbox.count;
    (void)pthread_mutex_lock(&publisher->mutex);
    if (publisher->wants_receipts) {
        sw_outbox_release(&publisher->outbox, publisher->receipts);
    } else {
        while (publisher->outbox.count > 0 && publisher->sent > publisher->unacknowledged &&
               before - publisher->outbox.count < publisher->sent - publisher->unacknowledged) {
            sw_outbox_release_oldest(&publisher->outbox);
        }
    }
    bool came = publisher->monitor_came;
    publisher->monitor_came = false;
    (void)pthread_mutex_unlock(&publisher->mutex);
    uint32_t released = before - publisher->outbox.count;
    publisher->sent -= released < publisher->sent ? released : publisher->sent;
    int64_t now_ms = sw_steady_ms();
    if (released > 0) {
        publisher->receipt_ms = now_ms;
    }
    bool silent = publisher->wants_receipts && publisher->outbox.count > 0 &&
                  now_ms - publisher->receipt_ms > RESEND_MS;
    if (came || silent) {
        rewind_outbox(publisher);
    }
}

static bool send_entry(struct publisher *publisher, const struct sw_outbox_entry *entry)
{
    const char *topic = sw_outbox_topic(&publisher->outbox, entry);
    struct sw_text payload = sw_outbox_payload(&publisher->outbox, entry);
    return publish(publisher, topic, payload, false) == MQTTCLIENT_SUCCESS;
}

/* Sends what is in the outbox and has not been sent on this connection. False: the connection
 * broke. */
static bool send_outbox(struct publisher *publisher)
{
    while (publisher->sent < publisher->outbox.count) {
        (void)pthread_mutex_lock(&publisher->mutex);
        bool connected = publisher->connected;
        if (connected && publisher->unacknowledged >= UNACKNOWLEDGED_MAX) {
            wait_for_change(publisher, 100);
        }
        bool room = publisher->unacknowledged < UNACKNOWLEDGED_MAX;
        (void)pthread_mutex_unlock(&publisher->mutex);
        if (!connected || *publisher->stop != 0) {
            return connected;
        }
        if (!room) {
            continue;
        }
        if (!send_entry(publisher, sw_outbox_at(&publisher->outbox, publisher->sent))) {
            return false;
        }
        publisher->sent++;
    }
    return true;
}

/* A person who waits is told for what, once every few seconds. */
static void complain(struct publisher *publisher)
{
    int64_t now_ms = sw_steady_ms();
    if (now_ms - publisher->receipt_ms < PATIENCE_MS ||
        now_ms - publisher->complained_ms < COMPLAINT_MS) {
        return;
    }
    publisher->complained_ms = now_ms;
    (void)fprintf(stderr,
                  "sharewatch sim: %u events wait for a receipt; is a monitor running at %s? "
                  "(--no-receipts does not wait)\n",
                  publisher->outbox.count, publisher->mqtt.shown);
}

/* One turn: connection, receipts, sending. SW_STOPPED: the user wants to end. */
static enum sw_status turn(struct publisher *publisher)
{
    if (*publisher->stop != 0) {
        return SW_STOPPED;
    }
    release(publisher);
    if (!is_connected(publisher) || !send_outbox(publisher)) {
        (void)MQTTClient_disconnect(publisher->client, 0);
        return connect(publisher, false);
    }
    return SW_OK;
}

/* Turns until there is room for one more event, or until the outbox holds at most @events. */
static enum sw_status drain_to(struct publisher *publisher, uint32_t events)
{
    while (publisher->outbox.count > events) {
        enum sw_status status = turn(publisher);
        if (status != SW_OK) {
            return status;
        }
        if (publisher->outbox.count > events) {
            complain(publisher);
            (void)pthread_mutex_lock(&publisher->mutex);
            wait_for_change(publisher, 20);
            (void)pthread_mutex_unlock(&publisher->mutex);
        }
    }
    return SW_OK;
}

static enum sw_status wait_until(struct publisher *publisher, struct sw_clock *clock,
                                 int64_t virtual_ms)
{
    int64_t wait_ms;
    while ((wait_ms = sw_clock_wait_ms(clock, virtual_ms, sw_steady_ms())) > 0) {
        enum sw_status status = turn(publisher);
        if (status != SW_OK) {
            return status;
        }
        sw_clock_sleep(wait_ms < 50 ? wait_ms : 50);
    }
    return SW_OK;
}

static enum sw_status send_packet(struct publisher *publisher, const struct sw_scenario_event *made,
                                  uint32_t index)
{
    while (sw_outbox_add(&publisher->outbox, made, index) == SW_FULL) {
        enum sw_status status = drain_to(publisher, publisher->outbox.count - 1);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

static enum sw_status send_event(struct publisher *publisher, const struct sw_scenario_event *made,
                                 struct sw_clock *clock)
{
    enum sw_status status = wait_until(publisher, clock, made->emit_ms);
    for (uint32_t i = 0; status == SW_OK && i < sw_scenario_packet_count(made); i++) {
        status = send_packet(publisher, made, i);
    }
    /* At full speed events go out in small groups; paced ones go at once. */
    bool group = clock->speed <= 0 && publisher->outbox.count - publisher->sent < 32;
    return group || status != SW_OK ? status : turn(publisher);
}

/* The next change of the scenario. Other rules count from here on, so what was told before must be
 * in the log first; a machine that fails does so in the midst of things. */
static enum sw_status hold_at_change(struct publisher *publisher, struct sw_clock *clock)
{
    const struct sw_scenario_change *change = &publisher->scenario->changes[publisher->change];
    enum sw_status status = SW_OK;
    /* Before the first event that is sent there is nothing to pace: it may all have been before. */
    if (clock->started) {
        status = wait_until(publisher, clock, change->at_ms);
    }
    if (status == SW_OK && change->kind == SW_CHANGE_RULES) {
        status = drain_to(publisher, 0);
    }
    if (status == SW_OK && publisher->hold->status_fd >= 0) {
        sw_hold_ask(publisher->hold, publisher->change);
    }
    while (status == SW_OK && !sw_hold_answered(publisher->hold, 10)) {
        status = turn(publisher);
    }
    publisher->change++;
    return status;
}

static enum sw_status hold_until(struct publisher *publisher, struct sw_clock *clock,
                                 int64_t virtual_ms)
{
    enum sw_status status = SW_OK;
    while (status == SW_OK && publisher->change < publisher->scenario->change_count &&
           publisher->scenario->changes[publisher->change].at_ms <= virtual_ms) {
        status = hold_at_change(publisher, clock);
    }
    return status;
}

static enum sw_status send_all(struct publisher *publisher, struct sw_clock *clock,
                               struct sw_progress *progress, uint64_t *events)
{
    static struct sw_scenario_event made;
    enum sw_status status = SW_OK;
    while (status == SW_OK && sw_generator_next(publisher->generator, &made) == SW_OK) {
        if (made.hidden) {
            continue;
        }
        status = hold_until(publisher, clock, made.emit_ms);
        if (status != SW_OK) {
            break;
        }
        ++*events;
        (void)pthread_mutex_lock(&publisher->mutex);
        bool receipted =
            publisher->wants_receipts && made.event.sequence <= publisher->receipts[made.source];
        (void)pthread_mutex_unlock(&publisher->mutex);
        if (receipted) {
            publisher->left_out++;
            continue;
        }
        status = send_event(publisher, &made, clock);
        sw_progress_running(progress, *events, made.emit_ms, sw_steady_ms());
    }
    return status == SW_OK ? hold_until(publisher, clock, INT64_MAX) : status;
}

static enum sw_status tell_end(struct publisher *publisher, uint32_t source)
{
    char topic[SW_TOPIC_BYTES_MAX];
    char payload[STATUS_PAYLOAD_MAX];
    struct sw_text name = publisher->scenario->sources[source];
    (void)snprintf(topic, sizeof(topic), TOPIC_STATUS "%.*s", SW_TEXT_FORMAT(name));
    int length = snprintf(
        payload, sizeof(payload), "{\"state\":\"ended\",\"source\":\"%.*s\",\"last\":%" PRIu64 "}",
        SW_TEXT_FORMAT(name), sw_generator_sequence(publisher->generator, source));
    while (publish(publisher, topic, (struct sw_text){payload, (uint32_t)length}, true) !=
           MQTTCLIENT_SUCCESS) {
        enum sw_status status = turn(publisher);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* Everything is sent: says so for each source, and waits until it is in a log. */
static enum sw_status finish(struct publisher *publisher)
{
    enum sw_status status = turn(publisher);
    for (uint32_t i = 0; status == SW_OK && i < publisher->scenario->source_count; i++) {
        status = tell_end(publisher, i);
    }
    if (status == SW_OK) {
        status = drain_to(publisher, 0);
    }
    (void)pthread_mutex_lock(&publisher->mutex);
    int64_t until = sw_steady_ms() + PATIENCE_MS;
    while (status == SW_OK && publisher->unacknowledged > 0 && publisher->connected &&
           sw_steady_ms() < until) {
        wait_for_change(publisher, 20);
    }
    (void)pthread_mutex_unlock(&publisher->mutex);
    return status;
}

static void say_left_out(const struct publisher *publisher, uint64_t events)
{
    if (publisher->left_out == 0) {
        return;
    }
    (void)fprintf(stderr,
                  "sharewatch sim: %" PRIu64 " of %" PRIu64 " events were in the log already%s\n",
                  publisher->left_out, events,
                  publisher->left_out == events
                      ? "; give this run another name with --instance to send them as new ones"
                      : "");
}

/* The name of the run, "sim-subject-a-a-1", from its first source: one that is started again takes
 * the place of its forerunner at the broker. */
static void set_client_id(struct publisher *publisher, const char *given)
{
    const struct sw_scenario *scenario = publisher->scenario;
    const char *colon =
        scenario->source_count > 0 ? strrchr(scenario->sources[0].bytes, ':') : NULL;
    (void)snprintf(publisher->client_id, sizeof(publisher->client_id), "%s",
                   given != NULL   ? given
                   : colon != NULL ? colon + 1
                                   : "sim");
}

static enum sw_status set_up(struct publisher *publisher, const struct sw_mqtt_options *options)
{
    char sentence[SW_MQTT_SENTENCE_BYTES];
    enum sw_status status = sw_mqtt_init(&publisher->mqtt, options, sentence);
    if (status != SW_OK) {
        (void)fprintf(stderr, "sharewatch sim: %s\n", sentence);
        return status;
    }
    set_client_id(publisher, options->client_id);
    (void)snprintf(publisher->greeting_topic, sizeof(publisher->greeting_topic), TOPIC_STATUS "%s",
                   publisher->client_id);
    int code = MQTTClient_create(&publisher->client, publisher->mqtt.uri, publisher->client_id,
                                 MQTTCLIENT_PERSISTENCE_NONE, NULL);
    if (code == MQTTCLIENT_SUCCESS) {
        code = MQTTClient_setCallbacks(publisher->client, publisher, on_lost, on_message,
                                       on_delivered);
    }
    if (code != MQTTCLIENT_SUCCESS) {
        (void)fprintf(stderr, "sharewatch sim: the MQTT client could not be made (%d)\n", code);
        return SW_NETWORK;
    }
    status = sw_generator_open(&publisher->generator, publisher->scenario);
    if (status != SW_OK) {
        (void)fprintf(stderr, "sharewatch sim: %s\n",
                      status == SW_TOO_LONG ? SW_GENERATOR_TOO_LONG : sw_status_text(status));
    }
    return status;
}

enum sw_status sw_publisher_run(const struct sw_scenario *scenario,
                                const struct sw_mqtt_options *options, bool receipts,
                                struct sw_clock *clock, struct sw_progress *progress,
                                const struct sw_hold *hold, const volatile sig_atomic_t *stop,
                                uint64_t *events)
{
    static struct publisher publisher;
    publisher.scenario = scenario;
    publisher.stop = stop;
    publisher.hold = hold;
    publisher.wants_receipts = receipts;
    (void)pthread_mutex_init(&publisher.mutex, NULL);
    (void)pthread_cond_init(&publisher.changed, NULL);
    sw_outbox_init(&publisher.outbox);
    *events = 0;
    enum sw_status status = set_up(&publisher, options);
    if (status == SW_OK) {
        status = connect(&publisher, true);
    }
    if (status == SW_OK) {
        sw_progress_ready(progress);
        status = send_all(&publisher, clock, progress, events);
    }
    if (status == SW_OK) {
        status = finish(&publisher);
        say_left_out(&publisher, *events);
    }
    if (publisher.client != NULL) {
        (void)publish(&publisher, publisher.greeting_topic,
                      SW_TEXT("{\"state\":\"offline\",\"part\":\"sim\"}"), true);
        (void)MQTTClient_disconnect(publisher.client, DISCONNECT_MS);
        MQTTClient_destroy(&publisher.client);
    }
    sw_generator_close(publisher.generator);
    return status;
}
