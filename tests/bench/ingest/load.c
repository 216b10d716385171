#include "load.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packets.h"

#define INPUT_BYTES  262144
#define OUTPUT_BYTES 1048576
#define PACKET_ROOM  1024
#define TIMEOUT_NS   (INT64_C(60) * 1000000000)
#define SETTLE_NS    (INT64_C(300) * 1000000)
static_assert(LOAD_WINDOW * PACKET_ROOM / 2 <= OUTPUT_BYTES / 2, "room for acknowledgements");

#define SOURCE_PREFIX "urn:sharewatch:agency:"

/* One connection and where a run of the load stands. */
struct run {
    struct load *load;
    int socket;
    uint8_t *input;
    size_t input_bytes;
    uint8_t *output;
    size_t output_first, output_bytes;
    uint32_t sent, acknowledged;
    uint64_t receipts[2]; // of the two sources
    bool all_receipted;
    int64_t *sent_ns;  // [events]
    double *delays_ms; // [events]
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Ten events a subject. Nine: prints go from the state to the FBI. One: a match opens a query at
 * ICE, which makes an alert. */
static size_t write_event(const struct load *load, uint32_t index, uint8_t *bytes)
{
    static const char *const agencies[] = {"CADOJ", "DHS-OBIM"};
    static const char *const types[] = {"submitted", "matched"};
    static const char *const data[] = {
        "\"actor\":{\"agency\":\"CADOJ\",\"class\":\"state\",\"system\":\"CADOJ-ABIS\"},"
        "\"data_class\":\"prints\","
        "\"recipient\":{\"agency\":\"FBI\",\"class\":\"fed_nonimm\",\"system\":\"NGI\"}",
        "\"actor\":{\"agency\":\"DHS-OBIM\",\"class\":\"fed_imm\",\"system\":\"IDENT\"},"
        "\"data_class\":[\"prints\"],"
        "\"recipient\":{\"agency\":\"ICE\",\"class\":\"fed_imm\",\"system\":\"LESC\"}"};
    int alerting = index % LOAD_ALERT_EVERY == LOAD_ALERT_EVERY - 1;
    uint32_t of_source = index / LOAD_ALERT_EVERY;
    uint32_t sequence = alerting
                            ? of_source + 1
                            : of_source * (LOAD_ALERT_EVERY - 1) + index % LOAD_ALERT_EVERY + 1;
    char topic[64];
    char payload[PACKET_ROOM - 100];
    (void)snprintf(topic, sizeof(topic), "sharewatch/v1/event/%s/fingerprint", agencies[alerting]);
    int length = snprintf(
        payload, sizeof(payload),
        "{\"specversion\":\"1.0\",\"id\":\"%010u\",\"source\":\"" SOURCE_PREFIX "%s:%s\","
        "\"type\":\"org.sharewatch.fingerprint.%s.v1\",\"time\":\"2026-03-03T23:%02u:%02u.000Z\","
        "\"sequence\":\"%020u\",\"swsynthetic\":true,\"data\":{%s,"
        "\"subject_tok\":\"p-%016x\",\"trigger\":\"automation\"}}",
        sequence, agencies[alerting], load->instance, types[alerting], index / 60 % 60, index % 60,
        sequence, data[alerting], of_source);
    return packet_write_publish(bytes, topic, payload, (size_t)length,
                                (uint16_t)(index % 65535 + 1));
}

static uint64_t wanted_of(const struct load *load, int alerting)
{
    uint32_t alerts = load->events / LOAD_ALERT_EVERY;
    return alerting ? alerts : load->events - alerts;
}

/* ---- the socket ---- */

static bool flush(struct run *run)
{
    while (run->output_bytes > 0) {
        ssize_t count =
            send(run->socket, run->output + run->output_first, run->output_bytes, MSG_NOSIGNAL);
        if (count < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        run->output_first += (size_t)count;
        run->output_bytes -= (size_t)count;
    }
    run->output_first = 0;
    return true;
}

/* Room for a packet behind what waits to be sent, or NULL. The window of events takes half of the
 * buffer at most, so that an acknowledgement always finds room. */
static uint8_t *room(struct run *run)
{
    if (OUTPUT_BYTES - run->output_first - run->output_bytes < PACKET_ROOM) {
        memmove(run->output, run->output + run->output_first, run->output_bytes);
        run->output_first = 0;
    }
    size_t end = run->output_first + run->output_bytes;
    return OUTPUT_BYTES - end >= PACKET_ROOM ? run->output + end : NULL;
}

static void put_short(struct run *run, uint8_t type, uint16_t identifier)
{
    uint8_t *bytes = room(run);
    if (bytes != NULL) {
        run->output_bytes += packet_write_short(bytes, type, identifier);
    }
}

/* ---- what comes back ---- */

static bool starts_with(const struct publish *publish, const char *prefix)
{
    size_t length = strlen(prefix);
    return publish->topic_bytes >= length && memcmp(publish->topic, prefix, length) == 0;
}

/* The number behind @key in the payload, or -1. */
static int64_t find_number(const struct publish *publish, const char *key, int base)
{
    char text[4096];
    size_t kept = publish->payload_bytes < sizeof(text) ? publish->payload_bytes : sizeof(text) - 1;
    memcpy(text, publish->payload, kept);
    text[kept] = '\0';
    const char *found = strstr(text, key);
    return found != NULL ? (int64_t)strtoull(found + strlen(key), NULL, base) : -1;
}

static void take_receipt(struct run *run, const struct publish *publish)
{
    bool bare = starts_with(publish, "sharewatch/v1/receipt/bare");
    int64_t sequence = find_number(publish, "\"sequence\":", 10);
    for (int i = 0; i < 2; i++) {
        char topic[128];
        (void)snprintf(topic, sizeof(topic), "sharewatch/v1/receipt/" SOURCE_PREFIX "%s:%s",
                       i == 0 ? "CADOJ" : "DHS-OBIM", run->load->instance);
        if (sequence > 0 && starts_with(publish, topic)) {
            run->receipts[i] = (uint64_t)sequence;
        }
    }
    run->all_receipted = bare || (run->receipts[0] >= wanted_of(run->load, 0) &&
                                  run->receipts[1] >= wanted_of(run->load, 1));
}

static void take_alert(struct run *run, const struct publish *publish)
{
    int64_t subject = find_number(publish, "\"chain\":\"subject:p-", 16);
    int64_t index = subject * LOAD_ALERT_EVERY + LOAD_ALERT_EVERY - 1;
    if (subject >= 0 && index < run->sent && run->load->alerts < run->load->events) {
        run->delays_ms[run->load->alerts++] = (double)(now_ns() - run->sent_ns[index]) / 1e6;
    }
}

static void take_packet(struct run *run, const struct packet *packet)
{
    struct publish publish;
    if (packet->type == PACKET_PUBACK) {
        run->acknowledged++;
    } else if (packet->type == PACKET_PINGREQ) {
        put_short(run, PACKET_PINGRESP, 0);
    } else if (packet->type == PACKET_PUBLISH && packet_read_publish(packet, &publish)) {
        if (publish.identifier != 0) {
            put_short(run, PACKET_PUBACK, publish.identifier);
        }
        if (starts_with(&publish, "sharewatch/v1/receipt/")) {
            take_receipt(run, &publish);
        } else if (starts_with(&publish, "sharewatch/v1/alert/")) {
            take_alert(run, &publish);
        }
    }
}

/* Reads what is there and hands each whole packet to @take; false when the other side is gone. */
static bool read_packets(struct run *run, void (*take)(struct run *, const struct packet *))
{
    ssize_t count =
        recv(run->socket, run->input + run->input_bytes, INPUT_BYTES - run->input_bytes, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        return false;
    }
    run->input_bytes += count > 0 ? (size_t)count : 0;
    size_t at = 0;
    struct packet packet;
    while (packet_read(run->input + at, run->input_bytes - at, &packet)) {
        take(run, &packet);
        at += packet.bytes;
    }
    memmove(run->input, run->input + at, run->input_bytes - at);
    run->input_bytes -= at;
    return true;
}

/* ---- sending ---- */

static uint32_t due(const struct run *run, int64_t since_ns)
{
    const struct load *load = run->load;
    if (load->rate == 0) {
        return load->events;
    }
    double count = (double)since_ns / 1e9 * load->rate + 1;
    return count < load->events ? (uint32_t)count : load->events;
}

static void put_events(struct run *run, int64_t start_ns)
{
    uint32_t until = due(run, now_ns() - start_ns);
    while (run->sent < until && run->sent - run->acknowledged < LOAD_WINDOW) {
        uint8_t *bytes = room(run);
        if (bytes == NULL) {
            return;
        }
        run->output_bytes += write_event(run->load, run->sent, bytes);
        run->sent_ns[run->sent++] = now_ns();
    }
}

/* Until something comes, can go, or is due. */
static void wait_for_work(struct run *run)
{
    struct pollfd waiting = {.fd = run->socket, .events = POLLIN};
    bool idle = run->sent == run->load->events || run->sent - run->acknowledged >= LOAD_WINDOW;
    bool paced = run->load->rate != 0 && !idle;
    struct timespec timeout = {.tv_nsec = paced ? 50000 : 10000000};
    if (run->output_bytes > 0) {
        waiting.events |= POLLOUT;
    }
    if (paced) {
        (void)nanosleep(&timeout, NULL);
        timeout.tv_nsec = 0;
    }
    (void)poll(&waiting, 1, (int)(timeout.tv_nsec / 1000000));
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void note_delays(struct run *run)
{
    struct load *load = run->load;
    if (load->alerts > 0) {
        qsort(run->delays_ms, load->alerts, sizeof(*run->delays_ms), compare);
        load->p50_ms = run->delays_ms[load->alerts / 2];
        load->p99_ms = run->delays_ms[(uint64_t)load->alerts * 99 / 100];
    }
}

static bool send_all(struct run *run)
{
    int64_t start_ns = now_ns();
    while (!run->all_receipted) {
        put_events(run, start_ns);
        if (!flush(run) || !read_packets(run, take_packet) || now_ns() - start_ns > TIMEOUT_NS) {
            return false;
        }
        if (!run->all_receipted) {
            wait_for_work(run);
        }
    }
    run->load->seconds = (double)(now_ns() - start_ns) / 1e9;
    /* The last alerts may come just behind the last receipt. */
    for (int64_t until_ns = now_ns() + SETTLE_NS; now_ns() < until_ns;) {
        (void)flush(run);
        if (!read_packets(run, take_packet)) {
            break;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    note_delays(run);
    return true;
}

/* ---- the two ways ---- */

static bool open_run(struct run *run, struct load *load, int socket_descriptor)
{
    int on = 1;
    load->alerts = 0;
    *run = (struct run){.load = load,
                        .socket = socket_descriptor,
                        .input = malloc(INPUT_BYTES),
                        .output = malloc(OUTPUT_BYTES),
                        .sent_ns = calloc(load->events, sizeof(int64_t)),
                        .delays_ms = calloc(load->events, sizeof(double))};
    (void)setsockopt(socket_descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return run->input != NULL && run->output != NULL && run->sent_ns != NULL &&
           run->delays_ms != NULL && fcntl(socket_descriptor, F_SETFL, O_NONBLOCK) == 0;
}

static void close_run(struct run *run)
{
    (void)close(run->socket);
    free(run->input);
    free(run->output);
    free(run->sent_ns);
    free(run->delays_ms);
}

static bool subscribed;

/* What a client says before the load: as its broker. */
static void greet(struct run *run, const struct packet *packet)
{
    if (packet->type == PACKET_CONNECT) {
        put_short(run, PACKET_CONNACK, 0);
    } else if (packet->type == PACKET_SUBSCRIBE) {
        uint8_t *bytes = room(run);
        if (bytes != NULL) {
            run->output_bytes += packet_write_suback(bytes, packet);
        }
        subscribed = true;
    } else {
        take_packet(run, packet);
    }
}

static void note_suback(struct run *run, const struct packet *packet)
{
    subscribed = subscribed || packet->type == PACKET_SUBACK;
    (void)run;
}

/* Until the subscription stands, and a little longer for what follows it. */
static bool wait_until_ready(struct run *run, void (*take)(struct run *, const struct packet *))
{
    int64_t start_ns = now_ns();
    int64_t ready_ns = 0;
    subscribed = false;
    while (ready_ns == 0 || now_ns() - ready_ns < SETTLE_NS) {
        if (!flush(run) || !read_packets(run, take) || now_ns() - start_ns > TIMEOUT_NS) {
            return false;
        }
        ready_ns = ready_ns == 0 && subscribed ? now_ns() : ready_ns;
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

int load_listen(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
        listen(listener, 4) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

bool load_serve(int listener, struct load *load, void (*before)(void *), void *context)
{
    struct run run;
    int client = accept(listener, NULL, NULL);
    bool done = open_run(&run, load, client) && wait_until_ready(&run, greet);
    if (done) {
        before(context);
        done = send_all(&run);
    }
    close_run(&run);
    return done;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client >= 0 && connect(client, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(client);
        return -1;
    }
    return client;
}

bool load_publish(uint16_t port, struct load *load, void (*before)(void *), void *context)
{
    struct run run;
    int client = connect_to(port);
    if (client < 0) {
        return false;
    }
    if (!open_run(&run, load, client)) {
        close_run(&run);
        return false;
    }
    run.output_bytes += packet_write_connect(room(&run), "bench-load");
    run.output_bytes += packet_write_subscribe(room(&run), 1, "sharewatch/v1/receipt/#");
    run.output_bytes += packet_write_subscribe(room(&run), 2, "sharewatch/v1/alert/#");
    bool done = wait_until_ready(&run, note_suback);
    if (done) {
        before(context);
        done = send_all(&run);
    }
    close_run(&run);
    return done;
}
