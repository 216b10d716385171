#include "sw_test.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sharewatch/mqtt.h>

static void assert_refused(struct sw_mqtt_options options, const char *part)
{
    static struct sw_mqtt mqtt;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    assert_int_equal(sw_mqtt_init(&mqtt, &options, sentence), SW_INVALID);
    if (strstr(sentence, part) == NULL) {
        fail_msg("'%s' does not say '%s'", sentence, part);
    }
}

static void assert_address(const char *url, const char *uri, const char *shown)
{
    static struct sw_mqtt mqtt;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    assert_int_equal(sw_mqtt_init(&mqtt, &(struct sw_mqtt_options){.broker = url}, sentence),
                     SW_OK);
    assert_string_equal(mqtt.uri, uri);
    assert_string_equal(mqtt.shown, shown);
}

static void reads_addresses(void **state)
{
    (void)state;
    assert_address("mqtt://localhost", "tcp://localhost:1883", "mqtt://localhost:1883");
    assert_address("mqtt://127.0.0.1:4000/", "tcp://127.0.0.1:4000", "mqtt://127.0.0.1:4000");
    assert_address("mqtts://broker.example", "ssl://broker.example:8883",
                   "mqtts://broker.example:8883");
    assert_address("mqtt://[::1]:65535", "tcp://[::1]:65535", "mqtt://[::1]:65535");
}

static void refuses_what_is_no_address(void **state)
{
    (void)state;
    assert_refused((struct sw_mqtt_options){0}, "--broker");
    assert_refused((struct sw_mqtt_options){.broker = "localhost:1883"}, "mqtt://HOST:PORT");
    assert_refused((struct sw_mqtt_options){.broker = "http://localhost"}, "mqtt://HOST:PORT");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://"}, "expected");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h:0"}, "1 to 65535");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h:65536"}, "1 to 65535");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h:+1"}, "1 to 65535");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h:1x"}, "1 to 65535");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://[::1"}, "expected");
}

/* Command lines are readable by every user of the machine. */
static void refuses_a_password_in_the_address(void **state)
{
    (void)state;
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://me:secret@h"}, "--password-file");
}

static void write_file(char path[], const char *text)
{
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    assert_int_equal(close(descriptor), 0);
}

static void takes_the_first_line_of_the_password_file(void **state)
{
    (void)state;
    static struct sw_mqtt mqtt;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    char path[] = "/tmp/sw-mqtt-test-XXXXXX";
    write_file(path, "one two\r\nthree\n");

    enum sw_status status = sw_mqtt_init(
        &mqtt,
        &(struct sw_mqtt_options){.broker = "mqtt://h", .username = "u", .password_file = path},
        sentence);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(status, SW_OK);
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
    sw_mqtt_fill_async(&mqtt, &connect);
    assert_string_equal(connect.username, "u");
    assert_string_equal(connect.password, "one two");
    assert_null(connect.ssl);
}

static void refuses_files_that_cannot_work(void **state)
{
    (void)state;
    char empty[] = "/tmp/sw-mqtt-test-XXXXXX";
    write_file(empty, "");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h", .password_file = empty},
                   "--username");
    assert_refused(
        (struct sw_mqtt_options){.broker = "mqtt://h", .username = "u", .password_file = empty},
        "empty");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h",
                                            .username = "u",
                                            .password_file = "/nowhere/p"},
                   "No such file");
    assert_refused((struct sw_mqtt_options){.broker = "mqtt://h", .ca_file = empty}, "mqtts://h");
    assert_refused((struct sw_mqtt_options){.broker = "mqtts://h", .key_file = empty}, "--cert");
    assert_refused((struct sw_mqtt_options){.broker = "mqtts://h", .ca_file = "/nowhere/ca"},
                   "CA file /nowhere/ca");
    assert_int_equal(unlink(empty), 0);
}

static void checks_certificate_and_host_name_over_tls(void **state)
{
    (void)state;
    static struct sw_mqtt mqtt;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    assert_int_equal(
        sw_mqtt_init(&mqtt, &(struct sw_mqtt_options){.broker = "mqtts://h"}, sentence), SW_OK);

    MQTTAsync_connectOptions async = MQTTAsync_connectOptions_initializer;
    MQTTClient_connectOptions client = MQTTClient_connectOptions_initializer;
    sw_mqtt_fill_async(&mqtt, &async);
    sw_mqtt_fill_client(&mqtt, &client);

    assert_int_equal(async.ssl->enableServerCertAuth, 1);
    assert_int_equal(async.ssl->verify, 1);
    assert_int_equal(client.ssl->enableServerCertAuth, 1);
    assert_int_equal(client.ssl->verify, 1);
}

/* A listening socket on a free port of the loopback interface. */
static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static void open_at(struct sw_mqtt *mqtt, uint16_t port)
{
    char url[64];
    char sentence[SW_MQTT_SENTENCE_BYTES];
    (void)snprintf(url, sizeof(url), "mqtt://127.0.0.1:%u", port);
    assert_int_equal(sw_mqtt_init(mqtt, &(struct sw_mqtt_options){.broker = url}, sentence), SW_OK);
}

static void explains_failures_in_words(void **state)
{
    (void)state;
    static struct sw_mqtt mqtt;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    uint16_t port = 0;
    int listener = listen_somewhere(&port);
    open_at(&mqtt, port);

    assert_non_null(strstr(sw_mqtt_explain(&mqtt, 4, sentence), "user or password"));
    assert_non_null(strstr(sw_mqtt_explain(&mqtt, 5, sentence), "--username"));
    assert_non_null(strstr(sw_mqtt_explain(&mqtt, -1, sentence), "does not answer as an MQTT"));
    assert_int_equal(close(listener), 0);
    assert_non_null(strstr(sw_mqtt_explain(&mqtt, -1, sentence), "connection refused"));
}

static void switches_the_delay_off_on_connections_to_the_broker(void **state)
{
    (void)state;
    static struct sw_mqtt mqtt;
    uint16_t port = 0;
    int listener = listen_somewhere(&port);
    int other = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    assert_int_equal(connect(other, (struct sockaddr *)&address, sizeof(address)), 0);
    open_at(&mqtt, port);

    sw_mqtt_set_nodelay(&mqtt);

    int on = 0;
    socklen_t length = sizeof(on);
    assert_int_equal(getsockopt(other, IPPROTO_TCP, TCP_NODELAY, &on, &length), 0);
    assert_int_equal(on, 1);
    (void)close(other);
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(refuses_a_password_in_the_address),
        cmocka_unit_test(takes_the_first_line_of_the_password_file),
        cmocka_unit_test(refuses_files_that_cannot_work),
        cmocka_unit_test(checks_certificate_and_host_name_over_tls),
        cmocka_unit_test(explains_failures_in_words),
        cmocka_unit_test(switches_the_delay_off_on_connections_to_the_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
