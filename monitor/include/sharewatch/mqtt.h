/**
 * How to reach the broker: the address, who we are, and TLS, for every program that speaks MQTT.
 *
 * Paho C does the talking; this part reads the options that monitor, simulator and watch share,
 * fills Paho's option structures, and says in plain words why a connection failed. It calls no Paho
 * function, so that a program links the one Paho library it uses (…3as or …3cs).
 *
 * Addresses are `mqtt://HOST[:PORT]` (port 1883) and `mqtts://HOST[:PORT]` (8883, TLS 1.2 or later,
 * certificate and host name are checked). Paho 1.3 knows no unix sockets. A password never stands
 * in an address or on the command line, where every user of the machine can read it, but in a file.
 */
#ifndef SHAREWATCH_MQTT_H
#define SHAREWATCH_MQTT_H

#include <stdbool.h>
#include <stdint.h>

#include <MQTTAsync.h>
#include <MQTTClient.h>

#include <sharewatch/status.h>

#define SW_MQTT_URL_BYTES      300
#define SW_MQTT_PASSWORD_BYTES 256
#define SW_MQTT_SENTENCE_BYTES 640

/** What a person gave on the command line; NULL where nothing was given. The strings are not
 *  copied. */
struct sw_mqtt_options {
    const char *broker; // mqtt://… or mqtts://…
    const char *client_id;
    const char *username;
    const char *password_file; // its first line is the password
    const char *ca_file;       // PEM; NULL: the certificates that the system trusts
    const char *cert_file;     // PEM, of this client
    const char *key_file;      // PEM; NULL: it stands in cert_file
};

/** Rows for the option table of a verb (struct sw_option, command.h) that fill @options, a struct
 *  sw_mqtt_options with static storage. */
#define SW_MQTT_OPTION_ROWS(options)                                                               \
    {"broker", "URL", NULL, &(options).broker, "mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"},       \
        {"client-id", "ID", NULL, &(options).client_id, "name of this client at the broker"},      \
        {"username", "USER", NULL, &(options).username, "user at the broker"},                     \
        {"password-file", "FILE", NULL, &(options).password_file,                                  \
         "its first line is the password"},                                                        \
        {"ca-file", "FILE", NULL, &(options).ca_file,                                              \
         "PEM certificates to trust, instead of the system's"},                                    \
        {"cert", "FILE", NULL, &(options).cert_file, "PEM certificate of this client"},            \
    {                                                                                              \
        "key", "FILE", NULL, &(options).key_file, "PEM key of that certificate"                    \
    }

/** A broker as Paho wants it. */
struct sw_mqtt {
    char uri[SW_MQTT_URL_BYTES];   // tcp://HOST:PORT or ssl://HOST:PORT, for MQTTAsync_create
    char shown[SW_MQTT_URL_BYTES]; // mqtt://HOST:PORT, for people and for the log
    char host[256];                // without the brackets of an IPv6 address
    uint16_t port;
    bool tls;
    const char *username; // NULL when there is none
    char password[SW_MQTT_PASSWORD_BYTES];
    bool has_password;
    MQTTAsync_SSLOptions async_tls;
    MQTTClient_SSLOptions client_tls;
    char tls_error[256]; // what the TLS library said last
};

/**
 * Reads @options into @mqtt: parses the address, reads the password, checks that the files can be
 * read. Call it before anything else uses OpenSSL: it settles how the library ends. SW_INVALID:
 * @sentence says what is wrong and what to do. @mqtt stays where it is while Paho uses it, and so
 * do the strings of @options.
 */
enum sw_status sw_mqtt_init(struct sw_mqtt *mqtt, const struct sw_mqtt_options *options,
                            char sentence[SW_MQTT_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Sets user, password and TLS in Paho's options; everything else is the caller's. */
void sw_mqtt_fill_async(struct sw_mqtt *mqtt, MQTTAsync_connectOptions *options);
void sw_mqtt_fill_client(struct sw_mqtt *mqtt, MQTTClient_connectOptions *options);

/**
 * Switches Nagle's delay off on this process's connections to the broker; call it after each
 * connect (Paho has no option for it). Without it a small packet waits for the acknowledgement of
 * the one before.
 */
void sw_mqtt_set_nodelay(const struct sw_mqtt *mqtt);

/**
 * Says in @sentence why connecting failed with Paho's @code (negative: Paho's own; positive: the
 * broker's answer) and what to do; returns @sentence. Where Paho says only "failed" it knocks at
 * the port once, waiting at most two seconds.
 */
const char *sw_mqtt_explain(const struct sw_mqtt *mqtt, int code,
                            char sentence[SW_MQTT_SENTENCE_BYTES]);

#endif
