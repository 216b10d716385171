/* A page that has been told everything is suspended; a wake resumes it and the reader writes what
 * it lacks. The reader only ever writes whole events. */
#include "live.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>

#include "answers.h"
#include "limits.h"

#define STATUS_SECONDS 5
#define BEAT_SECONDS   15
// The most one event takes with its frame: a status, or an alert whose every byte needs an escape.
#define EVENT_BYTES_MAX 2200

const int64_t sw_live_delays_ms[SW_LIVE_DELAYS - 1] = {25, 100, 250, 1000};

static void render_status(struct sw_live *live)
{
    struct sw_buffer out;
    sw_buffer_init(&out, live->status_bytes, sizeof(live->status_bytes));
    if (sw_answer_status(live->store, live->inbox, sw_now_ms(), &out) != SW_OK || out.overflowed) {
        out.length = 0;
    }
    live->status_length = out.length;
}

static void each_second(uv_timer_t *timer)
{
    struct sw_live *live = timer->data;
    live->seconds++;
    live->hop = live->store->heads.hop;
    if (live->seconds % STATUS_SECONDS == 0) {
        live->status++;
        render_status(live);
    }
    live->beat += live->seconds % BEAT_SECONDS == 0 ? 1 : 0;
    sw_live_wake(live);
}

void sw_live_start(struct sw_live *live, uv_loop_t *loop, struct sw_store *store,
                   const struct sw_inbox *inbox, struct sw_http *http)
{
    memset(live, 0, sizeof(*live));
    live->store = store;
    live->inbox = inbox;
    live->http = http;
    live->hop = store->heads.hop;
    live->fresh = store->heads.alert;
    (void)uv_timer_init(loop, &live->second);
    live->second.data = live;
    (void)uv_timer_start(&live->second, each_second, 1000, 1000);
}

static void count_delay(struct sw_live *live, int64_t delay_ms)
{
    uint32_t at = 0;
    while (at < SW_LIVE_DELAYS - 1 && delay_ms > sw_live_delays_ms[at]) {
        at++;
    }
    live->delays_total[at]++;
    live->delay_ms_total += delay_ms > 0 ? delay_ms : 0;
}

/* The event of alert @id, rendered once for all pages. */
static const struct sw_live_line *line_of(struct sw_live *live, int64_t id)
{
    struct sw_live_line *line = &live->lines[id % SW_LIVE_LINES];
    if (line->alert != id) {
        struct sw_buffer out;
        sw_buffer_init(&out, line->bytes, sizeof(line->bytes));
        sw_buffer_append_format(&out, "event: alert\nid: %lld\ndata: ", (long long)id);
        int64_t logged_ms = sw_answer_alert_line(live->store, id, &out);
        if (logged_ms != 0 && id > live->fresh) {
            count_delay(live, sw_now_ms() - logged_ms);
        }
        sw_buffer_append_string(&out, "\n\n");
        line->alert = id;
        line->length = out.overflowed ? 0 : out.length;
    }
    return line;
}

static void write_alerts(struct sw_live_client *client, struct sw_buffer *out)
{
    struct sw_live *live = client->live;
    int64_t head = live->inbox->alert;
    if (head - client->alert > SW_LIVE_BEHIND_MAX) {
        sw_buffer_append_format(out, "event: gap\nid: %lld\ndata: {\"behind\":%lld}\n\n",
                                (long long)head, (long long)(head - client->alert));
        client->alert = head;
    }
    while (client->alert < head && out->capacity - out->length > EVENT_BYTES_MAX) {
        const struct sw_live_line *line = line_of(live, ++client->alert);
        sw_buffer_append(out, (struct sw_text){.bytes = line->bytes, .length = line->length});
        live->sent_total++;
    }
}

static bool has_room(const struct sw_buffer *out)
{
    return out->capacity - out->length > EVENT_BYTES_MAX;
}

static void write_rest(struct sw_live_client *client, struct sw_buffer *out)
{
    struct sw_live *live = client->live;
    if (client->review != live->store->heads.review && has_room(out)) {
        client->review = live->store->heads.review;
        sw_buffer_append_format(out, "event: review\ndata: {\"review\":%lld}\n\n",
                                (long long)client->review);
    }
    if (client->hop != live->hop && has_room(out)) {
        client->hop = live->hop;
        sw_buffer_append_format(out, "event: flow\ndata: {\"hop\":\"%lld\"}\n\n",
                                (long long)client->hop);
    }
    if (client->status != live->status && has_room(out)) {
        client->status = live->status;
        sw_buffer_append_format(out, "event: status\ndata: %.*s\n\n", (int)live->status_length,
                                live->status_bytes);
    }
    if (client->beat != live->beat && has_room(out)) {
        client->beat = live->beat;
        sw_buffer_append_string(out, ": beat\n\n");
    }
}

static ssize_t read_events(void *context, uint64_t position, char *bytes, size_t capacity)
{
    struct sw_live_client *client = context;
    struct sw_live *live = client->live;
    struct sw_buffer out;
    (void)position;
    if (capacity < EVENT_BYTES_MAX + 2) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    sw_buffer_init(&out, bytes, (uint32_t)(capacity < UINT32_MAX ? capacity : UINT32_MAX));
    if (live->ending) {
        if (client->greeted) {
            client->greeted = false;
            sw_buffer_append_string(&out, "event: bye\ndata: {}\n\n");
            return (ssize_t)out.length;
        }
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (!client->greeted) {
        client->greeted = true;
        sw_buffer_append_string(&out, "retry: 1000\n\n");
    }
    write_alerts(client, &out);
    write_rest(client, &out);
    if (out.length == 0) {
        client->suspended = true;
        MHD_suspend_connection(client->connection);
    }
    return (ssize_t)out.length;
}

static void leave(void *context)
{
    struct sw_live_client *client = context;
    client->live->client_count--;
    client->live = NULL;
}

enum MHD_Result sw_live_join(struct sw_live *live, struct MHD_Connection *connection, int64_t after)
{
    struct sw_live_client *client = NULL;
    for (uint32_t i = 0; i < SW_CONNECTIONS_MAX && client == NULL; i++) {
        client = live->clients[i].live == NULL ? &live->clients[i] : NULL;
    }
    if (client == NULL || live->ending) {
        return sw_http_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "full",
                             "All places on the live stream are taken.",
                             "The page loads anew by itself.");
    }
    render_status(live);
    *client = (struct sw_live_client){
        .live = live,
        .connection = connection,
        .alert = after >= 0 && after <= live->inbox->alert ? after : live->inbox->alert,
        .review = live->store->heads.review,
        .hop = live->hop,
        .status = live->status - 1, // a status at once
        .beat = live->beat,
    };
    live->client_count++;
    struct sw_reply reply = {.status = MHD_HTTP_OK,
                             .type = "text/event-stream; charset=utf-8",
                             .header = "X-Accel-Buffering",
                             .value = "no"};
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    return sw_http_reply_stream(connection, &reply, read_events, leave, client);
}

void sw_live_wake(struct sw_live *live)
{
    bool woken = false;
    for (uint32_t i = 0; i < SW_CONNECTIONS_MAX; i++) {
        struct sw_live_client *client = &live->clients[i];
        bool due = live->ending || client->alert < live->inbox->alert ||
                   client->review != live->store->heads.review || client->hop != live->hop ||
                   client->status != live->status || client->beat != live->beat;
        if (client->live != NULL && client->suspended && due) {
            client->suspended = false;
            MHD_resume_connection(client->connection);
            woken = true;
        }
    }
    if (woken) {
        sw_http_kick(live->http);
    }
}

void sw_live_stop(struct sw_live *live)
{
    live->ending = true;
    uv_close((uv_handle_t *)&live->second, NULL);
    sw_live_wake(live);
}
