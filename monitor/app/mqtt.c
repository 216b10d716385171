#include <sharewatch/mqtt.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include <sharewatch/assert.h>
#include <sharewatch/text.h>

#define PORT_PLAIN       1883
#define PORT_TLS         8883
#define KNOCK_TIMEOUT_MS 2000
#define DESCRIPTORS_MAX  1024 // sockets above it would not be found; no program of ours has so many

/* Level 2 of OpenSSL 3 refuses everything before TLS 1.2, keys under 2048 bits and SHA-1
 * signatures. Paho's own TLS_1_2 setting is ignored with OpenSSL 1.1 and later. */
#define CIPHERS "DEFAULT:@SECLEVEL=2"

/* Answers of a broker to CONNECT: MQTT 3.1.1 section 3.2.2.3, MQTT 5.0 section 3.2.2.2. */
enum {
    REFUSED_VERSION = 1,
    REFUSED_CLIENT_ID = 2,
    REFUSED_UNAVAILABLE = 3,
    REFUSED_PASSWORD = 4,
    REFUSED_AUTHORISATION = 5,
};

/* Splits `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`. */
static bool split_host(struct sw_mqtt *mqtt, const char *rest)
{
    const char *host = rest;
    const char *end = rest + strcspn(rest, ":/");
    if (rest[0] == '[') {
        host = rest + 1;
        end = rest + strcspn(rest, "]");
    }
    size_t length = (size_t)(end - host);
    const char *after = *end == ']' ? end + 1 : end;
    if (length == 0 || length >= sizeof(mqtt->host) || (rest[0] == '[' && *end != ']')) {
        return false;
    }
    memcpy(mqtt->host, host, length);
    mqtt->host[length] = '\0';
    if (*after == ':') {
        char *digits_end = NULL;
        errno = 0;
        unsigned long port = strtoul(after + 1, &digits_end, 10);
        if (after[1] < '0' || after[1] > '9' || errno != 0 || port == 0 || port > UINT16_MAX) {
            return false;
        }
        mqtt->port = (uint16_t)port;
        after = digits_end;
    }
    return after[0] == '\0' || (after[0] == '/' && after[1] == '\0');
}

static enum sw_status parse_url(struct sw_mqtt *mqtt, const char *url, char *sentence)
{
    struct sw_text text = sw_text_from(url);
    const char *rest = url + strcspn(url, "/");
    mqtt->tls = sw_text_starts_with(text, SW_TEXT("mqtts://"));
    if (!mqtt->tls && !sw_text_starts_with(text, SW_TEXT("mqtt://"))) {
        (void)snprintf(
            sentence, SW_MQTT_SENTENCE_BYTES,
            "broker '%s' is not an address; write mqtt://HOST:PORT, or mqtts://HOST:PORT "
            "for TLS",
            url);
        return SW_INVALID;
    }
    rest += 2;
    if (strchr(rest, '@') != NULL) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "the broker's address must not hold a user or password, other users could "
                       "read it; use --username and --password-file");
        return SW_INVALID;
    }
    mqtt->port = mqtt->tls ? PORT_TLS : PORT_PLAIN;
    if (!split_host(mqtt, rest)) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "broker '%s': after the // a host and, if need be, :PORT (1 to 65535) is "
                       "expected",
                       url);
        return SW_INVALID;
    }
    bool ipv6 = strchr(mqtt->host, ':') != NULL;
    const char *open = ipv6 ? "[" : "";
    const char *close = ipv6 ? "]" : "";
    (void)snprintf(mqtt->uri, sizeof(mqtt->uri), "%s://%s%s%s:%u", mqtt->tls ? "ssl" : "tcp", open,
                   mqtt->host, close, mqtt->port);
    (void)snprintf(mqtt->shown, sizeof(mqtt->shown), "%s://%s%s%s:%u", mqtt->tls ? "mqtts" : "mqtt",
                   open, mqtt->host, close, mqtt->port);
    return SW_OK;
}

static enum sw_status read_password(struct sw_mqtt *mqtt, const char *path, char *sentence)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "password file %s: %s", path,
                       strerror(errno));
        return SW_INVALID;
    }
    bool read = fgets(mqtt->password, sizeof(mqtt->password), file) != NULL;
    bool cut = read && strchr(mqtt->password, '\n') == NULL && fgetc(file) != EOF;
    (void)fclose(file);
    if (!read || cut) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "password file %s: %s", path,
                       cut ? "the first line is longer than 254 bytes" : "it is empty");
        return SW_INVALID;
    }
    mqtt->password[strcspn(mqtt->password, "\r\n")] = '\0';
    mqtt->has_password = true;
    return SW_OK;
}

static enum sw_status check_readable(const char *what, const char *path, char *sentence)
{
    if (path == NULL || access(path, R_OK) == 0) {
        return SW_OK;
    }
    (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "%s %s: %s", what, path, strerror(errno));
    return SW_INVALID;
}

static enum sw_status check_files(const struct sw_mqtt *mqtt, const struct sw_mqtt_options *options,
                                  char *sentence)
{
    bool any = options->ca_file != NULL || options->cert_file != NULL || options->key_file != NULL;
    if (any && !mqtt->tls) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "certificates are given but the connection is not encrypted; write the "
                       "broker as mqtts://%s",
                       mqtt->host);
        return SW_INVALID;
    }
    if (options->key_file != NULL && options->cert_file == NULL) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "--key needs --cert: the certificate that the key belongs to");
        return SW_INVALID;
    }
    if (check_readable("CA file", options->ca_file, sentence) != SW_OK ||
        check_readable("certificate", options->cert_file, sentence) != SW_OK) {
        return SW_INVALID;
    }
    return check_readable("key", options->key_file, sentence);
}

/* Called by Paho with each line of the TLS library's error queue; the last is the cause. */
static int keep_tls_error(const char *text, size_t length, void *context)
{
    struct sw_mqtt *mqtt = context;
    (void)snprintf(mqtt->tls_error, sizeof(mqtt->tls_error), "%.*s", (int)length, text);
    mqtt->tls_error[strcspn(mqtt->tls_error, "\r\n")] = '\0';
    return 1;
}

static void set_tls(struct sw_mqtt *mqtt, const struct sw_mqtt_options *options)
{
    mqtt->async_tls = (MQTTAsync_SSLOptions)MQTTAsync_SSLOptions_initializer;
    mqtt->async_tls.trustStore = options->ca_file;
    mqtt->async_tls.keyStore = options->cert_file;
    mqtt->async_tls.privateKey = options->key_file;
    mqtt->async_tls.enabledCipherSuites = CIPHERS;
    mqtt->async_tls.enableServerCertAuth = 1;
    mqtt->async_tls.verify = 1;
    mqtt->async_tls.ssl_error_cb = keep_tls_error;
    mqtt->async_tls.ssl_error_context = mqtt;

    mqtt->client_tls = (MQTTClient_SSLOptions)MQTTClient_SSLOptions_initializer;
    mqtt->client_tls.trustStore = options->ca_file;
    mqtt->client_tls.keyStore = options->cert_file;
    mqtt->client_tls.privateKey = options->key_file;
    mqtt->client_tls.enabledCipherSuites = CIPHERS;
    mqtt->client_tls.enableServerCertAuth = 1;
    mqtt->client_tls.verify = 1;
    mqtt->client_tls.ssl_error_cb = keep_tls_error;
    mqtt->client_tls.ssl_error_context = mqtt;
}

/* Paho's threads are detached and outlive its own end by a moment. What OpenSSL frees at exit, such
 * a thread would free once more, or touch after; so OpenSSL leaves its memory to the system. */
static bool keep_tls_until_the_end(void)
{
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) == 1;
}

enum sw_status sw_mqtt_init(struct sw_mqtt *mqtt, const struct sw_mqtt_options *options,
                            char sentence[SW_MQTT_SENTENCE_BYTES])
{
    *mqtt = (struct sw_mqtt){.username = options->username};
    sentence[0] = '\0';
    if (!keep_tls_until_the_end()) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "the TLS library cannot be started");
        return SW_INVALID;
    }
    if (options->broker == NULL) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "no broker given; say which with --broker mqtt://HOST:PORT");
        return SW_INVALID;
    }
    enum sw_status status = parse_url(mqtt, options->broker, sentence);
    if (status != SW_OK) {
        return status;
    }
    if (options->password_file != NULL && options->username == NULL) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "--password-file needs --username: whose password it is");
        return SW_INVALID;
    }
    if (options->password_file != NULL) {
        status = read_password(mqtt, options->password_file, sentence);
        if (status != SW_OK) {
            return status;
        }
    }
    status = check_files(mqtt, options, sentence);
    set_tls(mqtt, options);
    return status;
}

void sw_mqtt_fill_async(struct sw_mqtt *mqtt, MQTTAsync_connectOptions *options)
{
    options->username = mqtt->username;
    options->password = mqtt->has_password ? mqtt->password : NULL;
    options->ssl = mqtt->tls ? &mqtt->async_tls : NULL;
}

void sw_mqtt_fill_client(struct sw_mqtt *mqtt, MQTTClient_connectOptions *options)
{
    options->username = mqtt->username;
    options->password = mqtt->has_password ? mqtt->password : NULL;
    options->ssl = mqtt->tls ? &mqtt->client_tls : NULL;
}

static bool is_connected_to(int descriptor, uint16_t port)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    if (getpeername(descriptor, (struct sockaddr *)&peer, &length) != 0) {
        return false;
    }
    if (peer.ss_family == AF_INET) {
        struct sockaddr_in address;
        memcpy(&address, &peer, sizeof(address));
        return ntohs(address.sin_port) == port;
    }
    if (peer.ss_family == AF_INET6) {
        struct sockaddr_in6 address;
        memcpy(&address, &peer, sizeof(address));
        return ntohs(address.sin6_port) == port;
    }
    return false;
}

void sw_mqtt_set_nodelay(const struct sw_mqtt *mqtt)
{
    int on = 1;
    for (int descriptor = 3; descriptor < DESCRIPTORS_MAX; descriptor++) {
        if (is_connected_to(descriptor, mqtt->port)) {
            (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        }
    }
}

/* Connects to one address and answers 0 or the errno. */
static int knock_at(const struct addrinfo *address)
{
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return errno;
    }
    int error = 0;
    if (fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0 ||
        connect(descriptor, address->ai_addr, address->ai_addrlen) != 0) {
        error = errno;
    }
    if (error == EINPROGRESS) {
        struct pollfd waiting = {.fd = descriptor, .events = POLLOUT};
        socklen_t length = sizeof(error);
        error = poll(&waiting, 1, KNOCK_TIMEOUT_MS) == 1 ? 0 : ETIMEDOUT;
        if (error == 0 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
            error = errno;
        }
    }
    (void)close(descriptor);
    return error;
}

/* Writes why the port cannot be reached; false when it can. */
static bool explain_network(const struct sw_mqtt *mqtt, char *sentence)
{
    char service[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    (void)snprintf(service, sizeof(service), "%u", mqtt->port);
    int failed = getaddrinfo(mqtt->host, service, &hints, &addresses);
    if (failed != 0) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "%s: the host's name is not known (%s)",
                       mqtt->shown, gai_strerror(failed));
        return true;
    }
    int error = knock_at(addresses);
    freeaddrinfo(addresses);
    if (error == 0) {
        return false;
    }
    if (error == ECONNREFUSED) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "%s: nothing listens on that port (connection refused); start the broker, "
                       "or correct host and port",
                       mqtt->shown);
    } else {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "%s: the host cannot be reached (%s)",
                       mqtt->shown, strerror(error));
    }
    return true;
}

static void explain_tls(const struct sw_mqtt *mqtt, char *sentence)
{
    const char *said = mqtt->tls_error;
    const char *advice = "the TLS handshake failed";
    if (strstr(said, "certificate verify failed") != NULL) {
        advice = "the broker's certificate is not signed by anyone we trust, or has expired; give "
                 "the CA with --ca-file";
    } else if (said[0] == '\0') {
        advice = "the broker's certificate is for another host name";
    } else if (strstr(said, "wrong version number") != NULL) {
        advice = "that port does not speak TLS; use mqtt:// or another port";
    } else if (strstr(said, "unsupported protocol") != NULL ||
               strstr(said, "protocol version") != NULL) {
        advice = "the broker offers nothing from TLS 1.2 on";
    } else if (strstr(said, "certificate required") != NULL ||
               strstr(said, "handshake failure") != NULL) {
        advice = "the broker asks for a certificate of ours; give it with --cert and --key";
    }
    (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "%s: %s%s%s%s", mqtt->shown, advice,
                   said[0] != '\0' ? " (" : "", said, said[0] != '\0' ? ")" : "");
}

static const char *refusal(const struct sw_mqtt *mqtt, int code)
{
    switch (code) {
    case REFUSED_VERSION:
    case MQTTREASONCODE_UNSUPPORTED_PROTOCOL_VERSION:
        return "the broker does not speak this version of MQTT";
    case REFUSED_CLIENT_ID:
    case MQTTREASONCODE_CLIENT_IDENTIFIER_NOT_VALID:
        return "the broker refuses the client's name; choose another with --client-id";
    case REFUSED_UNAVAILABLE:
    case MQTTREASONCODE_SERVER_UNAVAILABLE:
        return "the broker says that it is not available now";
    case REFUSED_PASSWORD:
    case MQTTREASONCODE_BAD_USER_NAME_OR_PASSWORD:
        return "the broker refuses user or password";
    case REFUSED_AUTHORISATION:
    case MQTTREASONCODE_NOT_AUTHORIZED:
        return mqtt->username == NULL
                   ? "the broker wants a user; give --username and --password-file"
                   : "the broker refuses user or password, or the user has no right to connect";
    default:
        return NULL;
    }
}

const char *sw_mqtt_explain(const struct sw_mqtt *mqtt, int code,
                            char sentence[SW_MQTT_SENTENCE_BYTES])
{
    SW_ASSERT(mqtt->shown[0] != '\0');
    const char *refused = refusal(mqtt, code);
    if (refused != NULL) {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES, "%s: %s", mqtt->shown, refused);
    } else if (explain_network(mqtt, sentence)) {
        return sentence;
    } else if (mqtt->tls) {
        explain_tls(mqtt, sentence);
    } else {
        (void)snprintf(sentence, SW_MQTT_SENTENCE_BYTES,
                       "%s: something listens there but does not answer as an MQTT broker "
                       "(code %d); a TLS port needs mqtts://",
                       mqtt->shown, code);
    }
    return sentence;
}
