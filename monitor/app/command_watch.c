/*
 * `sharewatch watch`: alerts as they come, from a log or from a broker.
 *
 * Standard output is data, standard error is talk. An alert is shown when verdict, level and time
 * (when it happened) all fit what was asked for.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>
#include <sharewatch/now.h>
#include <sharewatch/time.h>

#include "alert.h"
#include "feed.h"
#include "follow.h"
#include "render.h"
#include "verbs.h"

#define RECENT       10 // alerts shown at the start when nothing else is asked for
#define FOOTER_MS    1000
#define FOOTER_BYTES 400
#define ALL_VERDICTS ((1U << SW_VERDICT_COUNT) - 1)

struct wanted {
    uint32_t verdicts; // bits 1 << enum sw_verdict
    int64_t level_min, level_max;
    int64_t since_ms, until_ms;
    int64_t after;    // id
    int64_t limit;    // alerts
    uint32_t exit_on; // bits of verdicts
};

struct watch {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    uv_timer_t footer_timer;
    struct sw_follow follow;
    struct sw_feed feed;
    struct sw_render render;
    struct sw_footer footer;
    struct wanted wanted;
    const char *log;
    bool json;
    bool once;
    int64_t shown_total;
    int64_t last_id;
    int code; // the exit status; -1 while it goes on
};

static void finish(struct watch *watch, int code)
{
    if (watch->code < 0) {
        watch->code = code;
        uv_stop(&watch->loop);
    }
}

/* ---- one alert ---- */

static bool is_wanted(const struct wanted *wanted, const struct sw_log_alert *alert)
{
    return (wanted->verdicts & (1U << alert->verdict)) != 0 && alert->level >= wanted->level_min &&
           (int64_t)alert->level <= wanted->level_max && alert->time_ms >= wanted->since_ms &&
           alert->time_ms < wanted->until_ms && alert->id > wanted->after;
}

static void print(struct watch *watch, const struct sw_log_alert *alert)
{
    static char bytes[SW_ALERT_JSON_BYTES + 1];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    if (watch->json) {
        sw_alert_write_json(alert, &buffer);
        sw_buffer_append_string(&buffer, "\n");
    } else {
        sw_render_alert(&watch->render, alert, &buffer);
    }
    sw_footer_clear(&watch->footer);
    if (fwrite(buffer.bytes, 1, buffer.length, stdout) != buffer.length || fflush(stdout) != 0) {
        /* Nobody reads any more: `watch | head` has had enough. */
        finish(watch, errno == EPIPE ? SW_EXIT_OK : SW_EXIT_ENVIRONMENT);
    }
}

/* `!watch->code`: alerts of the same turn may still come after the end was decided. */
static void show(struct watch *watch, const struct sw_log_alert *alert)
{
    if (watch->code >= 0) {
        return;
    }
    watch->last_id = alert->id;
    if (!is_wanted(&watch->wanted, alert)) {
        return;
    }
    print(watch, alert);
    watch->shown_total++;
    if ((watch->wanted.exit_on & (1U << alert->verdict)) != 0) {
        finish(watch, SW_EXIT_MET);
    } else if (watch->shown_total == watch->wanted.limit) {
        finish(watch, SW_EXIT_OK);
    }
}

static void on_log_alert(struct sw_follow *follow, const struct sw_log_alert *alert)
{
    show(follow->context, alert);
}

static void on_broker_alert(struct sw_feed *feed, const struct sw_log_alert *alert)
{
    show(feed->context, alert);
}

/* ---- talk ---- */

static void complain(struct watch *watch, const char *sentence)
{
    sw_footer_clear(&watch->footer);
    (void)fprintf(stderr, "sharewatch watch: %s\n", sentence);
}

/* " · event 54 · policy ca-state · signed 190 of 197": by what it is judged, and what vouches for
 * it. */
static void write_standing(struct watch *watch, const char *dot, int64_t event_id, char *text,
                           uint32_t text_bytes)
{
    struct sw_log_standing standing;
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, text_bytes);
    sw_buffer_append_format(&buffer, " %s event %lld", dot, (long long)event_id);
    if (sw_log_standing(&watch->follow.reader, &standing) != SW_OK) {
        return; // what follows the log tells of it
    }
    if (standing.policy[0] != '\0') {
        sw_buffer_append_format(&buffer, " %s policy %s", dot, standing.policy);
    }
    if (standing.signed_records > 0) {
        sw_buffer_append_format(&buffer, " %s signed %lld of %lld", dot,
                                (long long)standing.signed_records, (long long)standing.sealed);
    } else {
        sw_buffer_append_format(&buffer, " %s %s", dot,
                                standing.sealed > 0 ? "sealed, not signed" : "not sealed");
    }
}

static void show_footer(struct watch *watch)
{
    char text[FOOTER_BYTES];
    const char *bar = watch->render.ascii ? "--" : "──";
    const char *dot = watch->render.ascii ? "-" : "·";
    const char *state = watch->log != NULL || watch->feed.connected ? "live" : "NOT CONNECTED";
    char behind[256] = "";
    int64_t event_id = 0;
    int64_t alert_id = 0;
    if (watch->follow.open && sw_log_newest(&watch->follow.reader, &event_id, &alert_id) == SW_OK) {
        write_standing(watch, dot, event_id, behind, sizeof(behind));
    }
    (void)snprintf(text, sizeof(text), "%s %s %s %s %s %lld alert%s shown%s %s", bar, state, dot,
                   watch->log != NULL ? watch->log : watch->feed.mqtt.shown, dot,
                   (long long)watch->shown_total, watch->shown_total == 1 ? "" : "s", behind, bar);
    sw_footer_show(&watch->footer, text);
}

/* The reader of a pipe may go while there is nothing to write: `watch | head -n 1`. */
static bool reader_is_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

static void on_footer_timer(uv_timer_t *timer)
{
    if (reader_is_gone()) {
        finish(timer->data, SW_EXIT_OK);
    } else {
        show_footer(timer->data);
    }
}

static void on_log_failed(struct sw_follow *follow)
{
    complain(follow->context, follow->reader.sentence);
    finish(follow->context, SW_EXIT_ENVIRONMENT);
}

static void on_feed_failed(struct sw_feed *feed)
{
    complain(feed->context, feed->sentence);
    finish(feed->context, SW_EXIT_ENVIRONMENT);
}

/* A page that looks alive when its link is dead would be worse than none. */
static void on_feed_link(struct sw_feed *feed)
{
    struct watch *watch = feed->context;
    char sentence[SW_MQTT_URL_BYTES + 64];
    (void)snprintf(sentence, sizeof(sentence),
                   feed->connected ? "connected to %s" : "lost %s; trying again", feed->mqtt.shown);
    complain(watch, sentence);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    finish(handle->data, SW_EXIT_INTERRUPTED);
}

/* ---- the two ways to watch ---- */

static void watch_live(struct watch *watch)
{
    (void)uv_signal_init(&watch->loop, &watch->interrupt);
    (void)uv_signal_init(&watch->loop, &watch->terminate);
    (void)uv_timer_init(&watch->loop, &watch->footer_timer);
    watch->interrupt.data = watch;
    watch->terminate.data = watch;
    watch->footer_timer.data = watch;
    (void)uv_signal_start(&watch->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&watch->terminate, on_signal, SIGTERM);
    (void)uv_timer_start(&watch->footer_timer, on_footer_timer, 0, FOOTER_MS);
    (void)uv_run(&watch->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&watch->interrupt, NULL);
    uv_close((uv_handle_t *)&watch->terminate, NULL);
    uv_close((uv_handle_t *)&watch->footer_timer, NULL);
}

static enum sw_status watch_log(struct watch *watch, bool from_recent)
{
    struct sw_follow *follow = &watch->follow;
    follow->context = watch;
    follow->on_alert = on_log_alert;
    follow->on_failed = on_log_failed;
    follow->last_id = watch->wanted.after;
    enum sw_status status = sw_follow_start(follow, &watch->loop, watch->log);
    if (status == SW_OK && !follow->open) {
        status = SW_NOT_FOUND; // a log that is not there is more likely a mistyped name
    }
    if (status != SW_OK) {
        complain(watch, follow->reader.sentence);
        return status;
    }
    int64_t event_id = 0;
    int64_t alert_id = 0;
    if (from_recent && sw_log_newest(&follow->reader, &event_id, &alert_id) == SW_OK) {
        follow->last_id = alert_id > RECENT ? alert_id - RECENT : 0;
    }
    if (watch->once) {
        sw_follow_drain(follow);
        finish(watch, watch->shown_total != 0 ? SW_EXIT_OK : SW_EXIT_NO);
    } else {
        watch_live(watch);
    }
    return SW_OK;
}

static enum sw_status watch_broker(struct watch *watch, const struct sw_mqtt_options *options)
{
    watch->feed.context = watch;
    watch->feed.on_alert = on_broker_alert;
    watch->feed.on_link = on_feed_link;
    watch->feed.on_failed = on_feed_failed;
    enum sw_status status = sw_feed_start(&watch->feed, &watch->loop, options);
    if (status != SW_OK) {
        complain(watch, watch->feed.sentence);
        return status;
    }
    watch_live(watch);
    if (watch->feed.dropped_total != 0) {
        char sentence[100];
        (void)snprintf(sentence, sizeof(sentence),
                       "%llu alerts came faster than they could be shown; they are in the log",
                       (unsigned long long)watch->feed.dropped_total);
        complain(watch, sentence);
    }
    return SW_OK;
}

/* ---- what is asked for ---- */

/* Reads "PROH,REVIEW" into bits; false when one is no verdict. */
static bool read_verdicts(const char *text, uint32_t *verdicts)
{
    *verdicts = 0;
    while (*text != '\0') {
        struct sw_text code = {.bytes = text, .length = (uint32_t)strcspn(text, ",")};
        enum sw_verdict verdict = sw_verdict_find(code);
        if (verdict == SW_VERDICT_COUNT) {
            return false;
        }
        *verdicts |= 1U << verdict;
        text += code.length;
        text += *text == ',';
    }
    return *verdicts != 0;
}

/* Reads "2", "2-" or "1-3". */
static bool read_levels(const char *text, struct wanted *wanted)
{
    const int64_t top = SW_LEVEL_COUNT - 1;
    char first[8] = "";
    size_t length = strcspn(text, "-");
    if (length == 0 || length >= sizeof(first)) {
        return false;
    }
    memcpy(first, text, length);
    if (sw_command_number(first, 0, top, &wanted->level_min) != SW_OK) {
        return false;
    }
    wanted->level_max = text[length] == '\0' ? wanted->level_min : top;
    return text[length] == '\0' || text[length + 1] == '\0' ||
           sw_command_number(text + length + 1, wanted->level_min, top, &wanted->level_max) ==
               SW_OK;
}

/* Reads "24h" (before now) or a date or time. */
static bool read_moment(const char *text, int64_t *moment_ms)
{
    int64_t ago_ms = 0;
    if (sw_time_parse(sw_text_from(text), moment_ms) == SW_OK) {
        return true;
    }
    if (sw_duration_parse(sw_text_from(text), &ago_ms) != SW_OK) {
        return false;
    }
    *moment_ms = sw_now_ms() - ago_ms;
    return true;
}

struct given {
    const char *since, *until, *verdict, *level, *limit, *exit_on, *after, *color;
};

/* NULL, or the name of the option that is wrong. */
static const char *read_wanted(const struct given *given, struct wanted *wanted)
{
    *wanted = (struct wanted){.verdicts = ALL_VERDICTS,
                              .level_max = SW_LEVEL_COUNT - 1,
                              .since_ms = INT64_MIN,
                              .until_ms = INT64_MAX};
    int64_t first = 0;
    if (given->after != NULL &&
        sw_command_number(given->after, 0, INT64_MAX, &wanted->after) != SW_OK) {
        return "after";
    }
    if (given->since != NULL && sw_command_number(given->since, 1, INT64_MAX, &first) == SW_OK) {
        wanted->after = first - 1 > wanted->after ? first - 1 : wanted->after;
    } else if (given->since != NULL && !read_moment(given->since, &wanted->since_ms)) {
        return "since";
    }
    if (given->until != NULL && !read_moment(given->until, &wanted->until_ms)) {
        return "until";
    }
    if (given->verdict != NULL && !read_verdicts(given->verdict, &wanted->verdicts)) {
        return "verdict";
    }
    if (given->exit_on != NULL && !read_verdicts(given->exit_on, &wanted->exit_on)) {
        return "exit-on";
    }
    if (given->level != NULL && !read_levels(given->level, wanted)) {
        return "level";
    }
    if (given->limit != NULL &&
        sw_command_number(given->limit, 1, INT64_MAX, &wanted->limit) != SW_OK) {
        return "limit";
    }
    return NULL;
}

static const char details[] =
    "From --log FILE the alerts in the log, then the new ones; without --since or --after it\n"
    "begins with the last 10. From --broker URL the new ones only.\n"
    "Verdicts: NONE FED AUTO DISC REVIEW PROH. Levels: 0 none, 1 searched, 2 matched,\n"
    "3 informed, 4 custody. Times are when it happened, UTC.\n"
    "Exit 0: done; 1: --once found nothing; 3: log or broker; 4: --exit-on was met; 130: Ctrl-C.\n";

int sw_command_watch(int argc, char **argv)
{
    static struct watch watch;
    static struct sw_mqtt_options broker;
    struct given given = {0};
    bool local = false;
    bool ascii = false;
    const struct sw_option options[] = {
        {.name = "log", .value = "FILE", .text = &watch.log, .about = "the log to watch"},
        {.name = "since", .value = "24h|TIME|ID", .text = &given.since, .about = "from then on"},
        {.name = "until", .value = "TIME", .text = &given.until, .about = "before then"},
        {.name = "after", .value = "ID", .text = &given.after, .about = "go on after this alert"},
        {.name = "verdict", .value = "A,B", .text = &given.verdict, .about = "only these"},
        {.name = "level", .value = "2|2-|1-3", .text = &given.level, .about = "only these"},
        {.name = "limit", .value = "N", .text = &given.limit, .about = "end after N alerts"},
        {.name = "once", .flag = &watch.once, .about = "show what is there, then end"},
        {.name = "exit-on",
         .value = "A,B",
         .text = &given.exit_on,
         .about = "end at the first of these verdicts"},
        {.name = "json", .flag = &watch.json, .about = "one JSON object a line"},
        {.name = "color", .value = "WHEN", .text = &given.color, .about = "auto, always or never"},
        {.name = "ascii", .flag = &ascii, .about = "no characters beyond ASCII of our own"},
        {.name = "local", .flag = &local, .about = "times in this machine's zone"},
        SW_MQTT_OPTION_ROWS(broker),
    };
    const struct sw_command command = {
        .name = "watch",
        .arguments = "",
        .about = "Show alerts as they come, from a log or a broker",
        .details = details,
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    const char *wrong = read_wanted(&given, &watch.wanted);
    if (wrong != NULL) {
        return sw_command_usage_error(&command, "--%s has a value that it cannot have", wrong);
    }
    if ((watch.log == NULL) == (broker.broker == NULL)) {
        return sw_command_usage_error(&command, "give either --log FILE or --broker URL");
    }
    if (watch.once && watch.log == NULL) {
        return sw_command_usage_error(&command, "--once needs --log: a broker keeps no alerts");
    }
    if (sw_render_init(&watch.render, stdout, given.color) != SW_OK) {
        return sw_command_usage_error(&command, "--color is auto, always or never");
    }
    watch.render.ascii = ascii;
    watch.render.local = local;
    watch.code = -1;
    sw_footer_init(&watch.footer, stderr);
    (void)signal(SIGPIPE, SIG_IGN);
    int loop = uv_loop_init(&watch.loop);
    SW_ASSERT(loop == 0);
    status = watch.log != NULL
                 ? watch_log(&watch, given.since == NULL && given.after == NULL && !watch.once)
                 : watch_broker(&watch, &broker);
    sw_follow_stop(&watch.follow);
    sw_feed_stop(&watch.feed);
    (void)uv_run(&watch.loop, UV_RUN_DEFAULT); // closes the handles
    (void)uv_loop_close(&watch.loop);
    sw_footer_clear(&watch.footer);
    if (status != SW_OK) {
        return status == SW_INVALID ? SW_EXIT_USAGE : SW_EXIT_ENVIRONMENT;
    }
    if (watch.last_id != 0) {
        (void)fprintf(stderr, "last alert %lld; go on with --after %lld\n",
                      (long long)watch.last_id, (long long)watch.last_id);
    }
    return watch.code;
}
