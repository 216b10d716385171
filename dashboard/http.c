/* libmicrohttpd has no thread here: its epoll descriptor is one handle of the loop, its next
 * timeout one timer. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <sharewatch/assert.h>

#include "limits.h"

#define ERROR_BYTES  1024
#define TURNS_MAX    8 // of libmicrohttpd in one turn of the loop
#define STREAM_BYTES 4096

static const char *const security_headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
     "require-trusted-types-for 'script'; trusted-types 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

void *sw_http_memory(const void *memory)
{
    void *same;
    memcpy(&same, &memory, sizeof(same));
    return same;
}

static void on_time(uv_timer_t *timer);

static void turn(struct sw_http *http)
{
    unsigned long long timeout_ms;
    int turns = 0;
    do {
        http->again = false;
        (void)MHD_run(http->daemon);
    } while (http->again && ++turns < TURNS_MAX);
    if (http->again) {
        (void)uv_timer_start(&http->timer, on_time, 0, 0);
    } else if (MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES) {
        (void)uv_timer_start(&http->timer, on_time, timeout_ms, 0);
    } else {
        (void)uv_timer_stop(&http->timer);
    }
}

static void on_time(uv_timer_t *timer)
{
    turn(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(poll->data);
}

static void count_complaint(void *context, const char *format, va_list arguments)
{
    struct sw_http *http = context;
    (void)format;
    (void)arguments;
    http->complaints_total++;
}

void sw_http_wait(struct MHD_Connection *connection, uint32_t milliseconds)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct sw_http_wait *wait = info != NULL ? info->socket_context : NULL;
    if (wait != NULL) {
        wait->until_ms = milliseconds > 0 ? uv_hrtime() / 1000000 + milliseconds : 0;
    }
}

/* There are as many places as connections. */
static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct sw_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context != NULL) {
            ((struct sw_http_wait *)*socket_context)->used = false;
        }
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (uint32_t i = 0; info != NULL && i < SW_CONNECTIONS_MAX; i++) {
        struct sw_http_wait *wait = &http->waits[i];
        if (!wait->used) {
            *wait = (struct sw_http_wait){.used = true,
                                          .descriptor = info->connect_fd,
                                          .until_ms = uv_hrtime() / 1000000 + SW_HEAD_MS};
            *socket_context = wait;
            return;
        }
    }
}

static void each_second(uv_timer_t *timer)
{
    struct sw_http *http = timer->data;
    uint64_t now_ms = uv_hrtime() / 1000000;
    for (uint32_t i = 0; i < SW_CONNECTIONS_MAX; i++) {
        struct sw_http_wait *wait = &http->waits[i];
        if (wait->used && wait->until_ms != 0 && now_ms > wait->until_ms) {
            wait->until_ms = 0;
            http->ended_total++;
            (void)shutdown(wait->descriptor, SHUT_RDWR); // libmicrohttpd sees it and closes
        }
    }
    turn(http); // at its limit it stops accepting, and takes that up only in a later turn
}

/* Writes the socket address of @text and @port; false when @text is no address. */
static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *address,
                          bool *six, bool *loopback)
{
    struct sockaddr_in four_part = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six_part = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, text, &four_part.sin_addr) == 1) {
        memcpy(address, &four_part, sizeof(four_part));
        *six = false;
        *loopback = (ntohl(four_part.sin_addr.s_addr) >> 24) == 127;
        return true;
    }
    if (inet_pton(AF_INET6, text, &six_part.sin6_addr) == 1) {
        memcpy(address, &six_part, sizeof(six_part));
        *six = true;
        *loopback = IN6_IS_ADDR_LOOPBACK(&six_part.sin6_addr);
        return true;
    }
    return false;
}

static struct MHD_Daemon *start_daemon(struct sw_http *http, const struct sw_http_config *config,
                                       const struct sockaddr_storage *address, bool six)
{
    struct MHD_OptionItem tls[3] = {{.option = MHD_OPTION_END}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    flags |= six ? MHD_USE_IPv6 : 0u;
    if (config->tls_cert != NULL) {
        flags |= MHD_USE_TLS;
        tls[0] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, sw_http_memory(config->tls_cert)};
        tls[1] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, sw_http_memory(config->tls_key)};
        tls[2] = (struct MHD_OptionItem){.option = MHD_OPTION_END};
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, config->handle, config->context, MHD_OPTION_EXTERNAL_LOGGER,
        count_complaint, http, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)address,
        MHD_OPTION_NOTIFY_COMPLETED, config->completed, config->context,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_LIMIT, SW_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        config->per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT, SW_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, SW_CONNECTION_IDLE_SECONDS,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

enum sw_status sw_http_start(struct sw_http *http, uv_loop_t *loop,
                             const struct sw_http_config *config, char problem[256])
{
    struct sockaddr_storage address;
    bool six;
    *http = (struct sw_http){.daemon = NULL};
    if (!parse_address(config->address, config->port, &address, &six, &http->loopback)) {
        (void)snprintf(problem, 256, "'%.60s' is no address; give one as 127.0.0.1:8080",
                       config->address);
        return SW_INVALID;
    }
    errno = 0;
    http->daemon = start_daemon(http, config, &address, six);
    if (http->daemon == NULL) {
        (void)snprintf(problem, 256, "%.60s:%u: %s", config->address, config->port,
                       errno != 0
                           ? strerror(errno)
                           : "the server cannot start there; are certificate and key a pair?");
        return SW_NETWORK;
    }
    http->port = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    int descriptor = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    (void)uv_poll_init(loop, &http->poll, descriptor);
    (void)uv_timer_init(loop, &http->timer);
    http->poll.data = http;
    http->timer.data = http;
    (void)uv_poll_start(&http->poll, UV_READABLE, on_ready);
    (void)uv_timer_init(loop, &http->second);
    http->second.data = http;
    (void)uv_timer_start(&http->second, each_second, 1000, 1000);
    return SW_OK;
}

void sw_http_kick(struct sw_http *http)
{
    http->again = true;
    (void)uv_timer_start(&http->timer, on_time, 0, 0);
}

void sw_http_stop(struct sw_http *http)
{
    if (http->daemon == NULL) {
        return;
    }
    (void)uv_poll_stop(&http->poll);
    uv_close((uv_handle_t *)&http->poll, NULL);
    uv_close((uv_handle_t *)&http->timer, NULL);
    uv_close((uv_handle_t *)&http->second, NULL);
    MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}

static void add_headers(struct MHD_Response *response, const struct sw_reply *reply)
{
    for (size_t i = 0; i < sizeof(security_headers) / sizeof(security_headers[0]); i++) {
        (void)MHD_add_response_header(response, security_headers[i][0], security_headers[i][1]);
    }
    (void)MHD_add_response_header(response, "Cache-Control",
                                  reply->cache != NULL ? reply->cache : "no-store");
    if (reply->type != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", reply->type);
    }
    if (reply->etag != NULL) {
        (void)MHD_add_response_header(response, "ETag", reply->etag);
    }
    if (reply->header != NULL) {
        (void)MHD_add_response_header(response, reply->header, reply->value);
    }
    if (reply->location != NULL) {
        (void)MHD_add_response_header(response, "Location", reply->location);
    }
    if (reply->file != NULL) {
        char disposition[160];
        (void)snprintf(disposition, sizeof(disposition), "attachment; filename=\"%.100s\"",
                       reply->file);
        (void)MHD_add_response_header(response, "Content-Disposition", disposition);
    }
}

static enum MHD_Result queue(struct MHD_Connection *connection, const struct sw_reply *reply,
                             struct MHD_Response *response)
{
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, reply);
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *from_text(struct sw_text body, enum MHD_ResponseMemoryMode mode)
{
    return MHD_create_response_from_buffer(
        body.length, sw_http_memory(body.bytes != NULL ? body.bytes : ""), mode);
}

enum MHD_Result sw_http_reply(struct MHD_Connection *connection, const struct sw_reply *reply,
                              struct sw_text body)
{
    return queue(connection, reply, from_text(body, MHD_RESPMEM_MUST_COPY));
}

enum MHD_Result sw_http_reply_static(struct MHD_Connection *connection,
                                     const struct sw_reply *reply, struct sw_text body)
{
    return queue(connection, reply, from_text(body, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result sw_http_reply_stream(struct MHD_Connection *connection,
                                     const struct sw_reply *reply, MHD_ContentReaderCallback read,
                                     MHD_ContentReaderFreeCallback done, void *context)
{
    return queue(
        connection, reply,
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BYTES, read, context, done));
}

enum MHD_Result sw_http_error(struct MHD_Connection *connection, unsigned status, const char *code,
                              const char *message, const char *hint)
{
    char bytes[ERROR_BYTES];
    struct sw_buffer body;
    struct sw_reply reply = {.status = status, .type = "application/json"};
    sw_buffer_init(&body, bytes, sizeof(bytes));
    sw_buffer_append_string(&body, "{\"error\":{\"code\":");
    sw_buffer_append_json(&body, sw_text_from(code));
    sw_buffer_append_string(&body, ",\"message\":");
    sw_buffer_append_json(&body, sw_text_from(message));
    if (hint != NULL && hint[0] != '\0') {
        sw_buffer_append_string(&body, ",\"hint\":");
        sw_buffer_append_json(&body, sw_text_from(hint));
    }
    sw_buffer_append_string(&body, "}}\n");
    return sw_http_reply(connection, &reply, sw_buffer_text(&body));
}
