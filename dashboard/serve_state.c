/* How the server and the log stand, once or as a stream. */
#include "call.h"

#include <stdio.h>

#include <sharewatch/now.h>

#include "answers.h"

enum MHD_Result sw_serve_health(struct sw_call *call)
{
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};
    return sw_http_reply(call->connection, &reply, SW_TEXT("ok\n"));
}

static void metric(struct sw_buffer *out, const char *name, const char *type, const char *about,
                   double value)
{
    sw_buffer_append_format(out, "# HELP sharewatch_dashboard_%s %s\n", name, about);
    sw_buffer_append_format(out, "# TYPE sharewatch_dashboard_%s %s\n", name, type);
    sw_buffer_append_format(out, "sharewatch_dashboard_%s %.17g\n", name, value);
}

/* A histogram as Prometheus has it: each count is of all up to its bound. */
static void write_delays(const struct sw_live *live, struct sw_buffer *out)
{
    static const char name[] = "sharewatch_dashboard_live_delay_seconds";
    uint64_t count = 0;
    sw_buffer_append_format(out,
                            "# HELP %s From the monitor having an event to the first page being "
                            "sent its alert.\n# TYPE %s histogram\n",
                            name, name);
    for (uint32_t i = 0; i < SW_LIVE_DELAYS; i++) {
        char bound[32] = "+Inf";
        count += live->delays_total[i];
        if (i < SW_LIVE_DELAYS - 1) {
            (void)snprintf(bound, sizeof(bound), "%g", (double)sw_live_delays_ms[i] / 1000);
        }
        sw_buffer_append_format(out, "%s_bucket{le=\"%s\"} %llu\n", name, bound,
                                (unsigned long long)count);
    }
    sw_buffer_append_format(out, "%s_sum %.3f\n%s_count %llu\n", name,
                            (double)live->delay_ms_total / 1000, name, (unsigned long long)count);
}

enum MHD_Result sw_serve_metrics(struct sw_call *call)
{
    const struct sw_server *server = call->server;
    const struct sw_heads *heads = &server->store.heads;
    struct sw_buffer out;
    struct sw_reply reply = {.status = MHD_HTTP_OK, .type = "text/plain; version=0.0.4"};
    sw_call_start(call, &out);
    metric(&out, "requests_total", "counter", "Requests answered.", (double)server->requests_total);
    metric(&out, "refused_total", "counter", "Requests answered with 4xx.",
           (double)server->refused_total);
    metric(&out, "errors_total", "counter", "Requests answered with 5xx.",
           (double)server->errors_total);
    metric(&out, "answer_seconds_total", "counter", "Time spent on answers.",
           (double)server->answer_ns_total / 1e9);
    metric(&out, "answers_kept_total", "counter", "Lists answered as they were answered before.",
           (double)server->kept.found_total);
    metric(&out, "live_pages", "gauge", "Pages on the live stream.", server->live.client_count);
    metric(&out, "live_alerts_total", "counter", "Alerts written to live pages.",
           (double)server->live.sent_total);
    write_delays(&server->live, &out);
    metric(&out, "log_events", "gauge", "Highest event in the log.", (double)heads->event);
    metric(&out, "log_alerts", "gauge", "Highest alert in the log.", (double)heads->alert);
    metric(&out, "inbox_alerts", "gauge", "Highest alert taken into the inbox.",
           (double)server->inbox.alert);
    metric(&out, "reviews", "gauge", "Rows of the reviews file.", (double)heads->review);
    metric(&out, "logins_refused_total", "counter", "One-time links and logins refused.",
           (double)server->access.refused_total);
    metric(&out, "http_complaints_total", "counter", "Malformed requests and broken connections.",
           (double)server->http.complaints_total);
    metric(&out, "slow_requests_ended_total", "counter",
           "Connections ended because their request did not come.",
           (double)server->http.ended_total);
    return sw_http_reply(call->connection, &reply, sw_buffer_text(&out));
}

enum MHD_Result sw_serve_status(struct sw_call *call)
{
    struct sw_buffer out;
    sw_call_start(call, &out);
    enum sw_status status =
        sw_answer_status(&call->server->store, &call->server->inbox, sw_now_ms(), &out);
    if (status != SW_OK) {
        return sw_call_fail_status(call, status);
    }
    out.length -= 1; // open the object again
    sw_json_number(&out, "what_if", call->server->whatif.job.program[0] != '\0' ? 1 : 0);
    sw_json_number(&out, "edited_row", call->server->edited_row);
    sw_json_text(&out, "actor", call->session->actor);
    sw_json_text(&out, "role", sw_role_name(call->session->role));
    sw_buffer_append_string(&out, "}");
    return sw_call_json(call, &out, NULL);
}

enum MHD_Result sw_serve_live(struct sw_call *call)
{
    const char *last = sw_call_header(call, "Last-Event-ID");
    int64_t after = -1;
    MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, "after");
    if (MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, "after") != NULL) {
        after = call->query.after;
    }
    if (last != NULL) {
        struct sw_query query;
        sw_query_init(&query);
        if (sw_query_add(&query, SW_TEXT("after"), sw_text_from(last), &call->problem) == SW_OK) {
            after = query.after;
        }
    }
    return sw_live_join(&call->server->live, call->connection, after);
}
