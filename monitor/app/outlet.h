/**
 * Messages to a broker from a program that has nothing else to do: it waits until the broker has
 * taken them. What is on its way is bounded; a lost connection is the end.
 */
#ifndef SHAREWATCH_OUTLET_H
#define SHAREWATCH_OUTLET_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <MQTTAsync.h>

#include <sharewatch/mqtt.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

struct sw_outlet {
    MQTTAsync client;
    struct sw_mqtt mqtt;
    const volatile sig_atomic_t *interrupted; // looked at while waiting; NULL: never
    pthread_mutex_t mutex;                    // of what follows
    pthread_cond_t changed;
    bool connected;
    bool closed; // the connection was ended
    bool failed; // it could not be made, or was lost; `sentence` says why
    uint32_t unacknowledged;
    char sentence[SW_MQTT_SENTENCE_BYTES];
};

/** Connects. SW_INVALID: the options; SW_NETWORK: no connection; the sentence says why. SW_STOPPED:
 *  interrupted. The strings of @options outlive it. */
enum sw_status sw_outlet_open(struct sw_outlet *outlet, const struct sw_mqtt_options *options,
                              const volatile sig_atomic_t *interrupted) SW_MUST_CHECK;

/** Sends @payload to @topic, which ends in NUL, with QoS 1, and waits for room first. SW_NETWORK,
 *  SW_STOPPED: as above. */
enum sw_status sw_outlet_publish(struct sw_outlet *outlet, const char *topic,
                                 struct sw_text payload) SW_MUST_CHECK;

/** Waits until the broker has taken everything. SW_NETWORK, SW_STOPPED: as above. */
enum sw_status sw_outlet_drain(struct sw_outlet *outlet) SW_MUST_CHECK;

/** Disconnects. Accepts a zeroed one. */
void sw_outlet_close(struct sw_outlet *outlet);

#endif
