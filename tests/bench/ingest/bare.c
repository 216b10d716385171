/*
 * The bare subscriber that the monitor is compared with: Paho, the monitor's way of connecting, a
 * callback that counts. It says with the monitor's own receipts when it has seen COUNT events.
 *
 *   bench_ingest_bare URL COUNT
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <MQTTAsync.h>

#include <sharewatch/mqtt.h>
#include <sharewatch/wire.h>

static MQTTAsync client;
static struct sw_mqtt mqtt;
static long wanted;
static long seen; // by Paho's receiving thread only

static void publish_receipt(void)
{
    static const char receipt[] = "{\"source\":\"bare\",\"sequence\":0}";
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    (void)MQTTAsync_send(client, "sharewatch/v1/receipt/bare", (int)strlen(receipt), receipt, 1, 0,
                         &options);
}

static int on_message(void *context, char *topic, int topic_bytes, MQTTAsync_message *message)
{
    (void)context;
    (void)topic_bytes;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    if (++seen == wanted) {
        publish_receipt();
    }
    return 1;
}

static void on_connected(void *context, char *cause)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    (void)context;
    (void)cause;
    sw_mqtt_set_nodelay(&mqtt);
    (void)MQTTAsync_subscribe(client, SW_TOPIC_EVENTS, 1, &options);
}

static int connect_client(void)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    MQTTAsync_createOptions creation = MQTTAsync_createOptions_initializer;
    options.cleansession = 0;
    options.maxInflight = 1000;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    creation.MQTTVersion = MQTTVERSION_3_1_1;
    sw_mqtt_fill_async(&mqtt, &options);
    int code = MQTTAsync_createWithOptions(&client, mqtt.uri, "bench-bare",
                                           MQTTCLIENT_PERSISTENCE_NONE, NULL, &creation);
    code = code != 0 ? code : MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL);
    code = code != 0 ? code : MQTTAsync_setConnected(client, NULL, on_connected);
    return code != 0 ? code : MQTTAsync_connect(client, &options);
}

int main(int argc, char **argv)
{
    char sentence[SW_MQTT_SENTENCE_BYTES];
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bench_ingest_bare URL COUNT\n");
        return 2;
    }
    struct sw_mqtt_options options = {.broker = argv[1]};
    wanted = strtol(argv[2], NULL, 10);
    if (sw_mqtt_init(&mqtt, &options, sentence) != SW_OK) {
        (void)fprintf(stderr, "%s\n", sentence);
        return 2;
    }
    if (connect_client() != MQTTASYNC_SUCCESS) {
        return 3;
    }
    for (;;) {
        (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL); // until it is killed
    }
}
