/* `sharewatch replay`: a log's events judged again: compared with what was logged, played, or
 * written into a new log. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/json.h>
#include <sharewatch/now.h>
#include <sharewatch/time.h>

#include "play.h"
#include "replay.h"
#include "rewrite.h"
#include "verbs.h"

#define SPEED_MAX     1e9
#define FOOTER_EVENTS 65536 // between two lines of progress

static struct sw_replay replay;
static struct sw_rewrite rewrite;
static struct sw_footer footer;
static uint64_t event_total; // in the log
static volatile sig_atomic_t interrupted;

struct arguments {
    const char *map;
    const char *policy;
    const char *from;
    const char *until;
    const char *edge;
    const char *agency;
    const char *chain;
    const char *speed;
    const char *to;
    const char *state_mib;
    const char *color;
    bool ascii;
    bool json;
    bool tested;
};

static struct arguments arguments;
static uint32_t state_mib; // 0: the log's own
static struct sw_mqtt_options broker;

static const struct sw_option options[] = {
    {"map", "FILE", NULL, &arguments.map, "judge by this map (default: the one in the log)"},
    {"policy", "PACK[,PACK…]|DIR", NULL, &arguments.policy,
     "judge by these packs (default: those in the log)"},
    {"from", "TIME", NULL, &arguments.from, "only events from this time on"},
    {"until", "TIME", NULL, &arguments.until, "only events before this time"},
    {"edge", "EDGE", NULL, &arguments.edge, "only hops over this edge"},
    {"agency", "AGENCY", NULL, &arguments.agency, "only what this agency reported"},
    {"chain", "CHAIN", NULL, &arguments.chain, "only hops of this chain"},
    {"speed", "N|max", NULL, &arguments.speed,
     "play it: N seconds of the log in one second, alerts to the terminal"},
    {"to", "mqtt://…|FILE", NULL, &arguments.to,
     "play its events to a broker, or judge them into a new log"},
    {"state-mib", "N", NULL, &arguments.state_mib,
     "memory for what rules over many events count (default: as the log says of each run)"},
    {"tested", NULL, &arguments.tested, NULL,
     "say at the end how often each rule had the fields that it tests"},
    {"json", NULL, &arguments.json, NULL, "print the result, or the alerts, as JSON"},
    {"color", "WHEN", NULL, &arguments.color, "auto, always or never"},
    {"ascii", NULL, &arguments.ascii, NULL, "no characters beyond ASCII of our own"},
    {"client-id", "ID", NULL, &broker.client_id, "name of this client at the broker"},
    {"username", "USER", NULL, &broker.username, "user at the broker"},
    {"password-file", "FILE", NULL, &broker.password_file, "its first line is the password"},
    {"ca-file", "FILE", NULL, &broker.ca_file,
     "PEM certificates to trust, instead of the system's"},
    {"cert", "FILE", NULL, &broker.cert_file, "PEM certificate of this client"},
    {"key", "FILE", NULL, &broker.key_file, "PEM key of that certificate"},
};

static const char details[] =
    "Feeds the events in logged order with their own times through the same pipeline and\n"
    "compares every hop, finding, chain and alert, and what the log says was lost. Exit 0:\n"
    "identical; 1: the first difference is named. Events whose payload was deleted on purpose\n"
    "cannot be judged again: it says how many and why, compares all the rest, and exits 0 when\n"
    "that is identical (--json: `identical` is null then, neither true nor false).\n"
    "With --speed it is played instead: alerts come as `watch` shows them, or with --to mqtt://…\n"
    "events go to sharewatch/v1/replay/AGENCY/KIND, marked so that no monitor takes them. With\n"
    "--to FILE a new log is written, by --map and --policy if they are given.\n"
    "All events are judged whatever the filters say; they choose what is compared, told or sent.\n"
    "A new log gets the chosen events only, judged as though the others had never come: those of\n"
    "that time and agency, and of these, with --edge or --chain, the ones of which a judgement in\n"
    "the log took that edge or belongs to that chain, and the ones that taught such a judgement.\n"
    "The numbers of the others stand as gaps in it, and its runs name the filter.\n";

static const struct sw_command command = {
    .name = "replay",
    .arguments = "LOG",
    .about = "judge a log's events again, and compare with what was logged",
    .details = details,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .arguments_min = 1,
    .arguments_max = 1,
};

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static bool read_time(const char *text, int64_t *time_ms)
{
    return text == NULL || sw_time_parse(sw_text_from(text), time_ms) == SW_OK;
}

static bool has_filter(void)
{
    return arguments.from != NULL || arguments.until != NULL || arguments.edge != NULL ||
           arguments.agency != NULL || arguments.chain != NULL;
}

/* The times were read before and are fine. */
static struct sw_replay_filter read_filter(void)
{
    struct sw_replay_filter filter = {.from_ms = INT64_MIN,
                                      .until_ms = INT64_MAX,
                                      .edge = sw_text_from(arguments.edge),
                                      .agency = sw_text_from(arguments.agency),
                                      .chain = sw_text_from(arguments.chain)};
    (void)read_time(arguments.from, &filter.from_ms);
    (void)read_time(arguments.until, &filter.until_ms);
    return filter;
}

static void complain(const char *sentence)
{
    sw_footer_clear(&footer);
    (void)fprintf(stderr, "sharewatch replay: %s\n", sentence);
}

/* --- compare --- */

/* What was not judged again, and why. */
static void tell_gone(void)
{
    const struct sw_replay_counts *counts = &replay.counts;
    struct sw_replay_reason reason;
    const char *comma = "";
    if (counts->gone == 0) {
        return;
    }
    (void)printf("not judged again: %" PRIu64 " events whose payload was deleted on purpose (",
                 counts->gone);
    while (sw_replay_reason(&replay, &reason)) {
        (void)printf("%s%" PRIu64 " %.*s: %.*s", comma, reason.payloads,
                     SW_TEXT_FORMAT(reason.class), SW_TEXT_FORMAT(reason.reason));
        comma = "; ";
    }
    (void)printf(")\n");
    if (counts->unsure > 0) {
        (void)printf("nor %" PRIu64
                     " events after the first of them: the map switches edges off, and what that "
                     "cuts hangs on all events of a chain\n",
                     counts->unsure);
    }
    if (counts->left_again > 0) {
        (void)printf("nor %" PRIu64
                     " earlier events in the light of a later one: one of the two is gone\n",
                     counts->left_again);
    }
    if (counts->losses_unsure > 0) {
        (void)printf("nor compared: %" PRIu64
                     " rows of losses, in which events that are gone may have a part\n",
                     counts->losses_unsure);
    }
    (void)printf("taken as they were logged, since they cannot be compared: %" PRIu64
                 " hops, %" PRIu64 " alerts, and %" PRIu64
                 " findings of rules that counted such events; their chains were compared\n",
                 counts->taken_hops, counts->taken_alerts, counts->taken_findings);
}

static const char *outcome(enum sw_status status)
{
    if (status == SW_INVALID) {
        return "first difference: ";
    }
    if (status == SW_STOPPED) {
        return "interrupted; identical so far";
    }
    return replay.counts.gone > 0 ? "identical in all that can be judged again" : "identical";
}

static void tell(const char *log, enum sw_status status, double seconds)
{
    const struct sw_replay_counts *counts = &replay.counts;
    (void)printf("%s: %" PRIu64 " events replayed in %.2f s (%.0f a second): %" PRIu64
                 " hops, %" PRIu64 " findings, %" PRIu64 " chain rows and %" PRIu64
                 " alerts compared, %" PRIu64 " gaps, %" PRIu64 " losses and %" PRIu64
                 " refused packets looked at, %" PRIu64 " run%s\n",
                 log, counts->events, seconds, seconds > 0 ? (double)counts->events / seconds : 0.0,
                 counts->hops, counts->findings, counts->chains, counts->alerts, counts->gaps,
                 counts->losses, counts->quarantined, counts->runs, counts->runs == 1 ? "" : "s");
    if (counts->left_out > 0) {
        (void)printf("%" PRIu64 " hops were left out by the filter\n", counts->left_out);
    }
    tell_gone();
    if (counts->groups_unsure > 0) {
        (void)printf("not compared: %" PRIu64
                     " rows of groups that were given up for want of memory (another --state-mib, "
                     "or not the log's first run)\n",
                     counts->groups_unsure);
    }
    (void)printf("%s%s\n", outcome(status), status == SW_INVALID ? replay.difference : "");
}

static void tell_json(enum sw_status status, double seconds)
{
    const struct sw_replay_counts *counts = &replay.counts;
    char bytes[2 * SW_DIFFERENCE_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append_json(&buffer, sw_text_from(status == SW_INVALID ? replay.difference : ""));
    const char *identical = counts->gone > 0 ? "null" : "true";
    (void)printf("{\"identical\":%s,\"complete\":%s,\"difference\":%s,\"events\":%" PRIu64
                 ",\"hops\":%" PRIu64 ",\"findings\":%" PRIu64 ",\"chains\":%" PRIu64
                 ",\"alerts\":%" PRIu64 ",\"gaps\":%" PRIu64 ",\"losses\":%" PRIu64
                 ",\"quarantined\":%" PRIu64 ",\"left_out\":%" PRIu64 ",\"runs\":%" PRIu64
                 ",\"losses_not_compared\":%" PRIu64 ",\"not_judged\":{\"gone\":%" PRIu64
                 ",\"unsure\":%" PRIu64 ",\"again\":%" PRIu64 "},\"as_logged\":{\"hops\":%" PRIu64
                 ",\"alerts\":%" PRIu64 ",\"findings\":%" PRIu64 "},\"seconds\":%.3f}\n",
                 status == SW_INVALID ? "false" : identical,
                 status == SW_STOPPED ? "false" : "true", buffer.length > 0 ? bytes : "\"\"",
                 counts->events, counts->hops, counts->findings, counts->chains, counts->alerts,
                 counts->gaps, counts->losses, counts->quarantined, counts->left_out, counts->runs,
                 counts->losses_unsure + counts->groups_unsure, counts->gone, counts->unsure,
                 counts->left_again, counts->taken_hops, counts->taken_alerts,
                 counts->taken_findings, seconds);
}

static void show_progress(uint64_t events)
{
    char text[96];
    if (events % FOOTER_EVENTS == 0 && events > 0) {
        (void)snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " events", events,
                       event_total);
        sw_footer_show(&footer, text);
    }
}

static bool compare_turn(void *context)
{
    (void)context;
    show_progress(replay.counts.events);
    return interrupted == 0;
}

static int compare(const char *log)
{
    replay.calls.turn = compare_turn;
    double start = sw_steady_s();
    enum sw_status status = sw_replay_run(&replay);
    double seconds = sw_steady_s() - start;
    sw_footer_clear(&footer);
    if (status == SW_DATABASE) {
        complain(replay.difference);
        return SW_EXIT_ENVIRONMENT;
    }
    if (arguments.json) {
        tell_json(status, seconds);
    } else {
        tell(log, status, seconds);
    }
    return status == SW_OK ? SW_EXIT_OK : status == SW_STOPPED ? SW_EXIT_INTERRUPTED : SW_EXIT_NO;
}

/* --- play --- */

static int play(double speed, bool to_broker)
{
    static struct sw_play player;
    player = (struct sw_play){.replay = &replay,
                              .speed = speed,
                              .json = arguments.json,
                              .broker = to_broker ? &broker : NULL,
                              .interrupted = &interrupted};
    if (sw_render_init(&player.render, stdout, arguments.color) != SW_OK) {
        return sw_command_usage_error(&command, "--color is auto, always or never");
    }
    player.render.ascii = arguments.ascii;
    return sw_play_run(&player);
}

static int replay_log(const char *log, double speed, bool plays, bool to_broker)
{
    if (sw_replay_open(&replay, log) != SW_OK) {
        complain(replay.difference);
        return SW_EXIT_ENVIRONMENT;
    }
    int64_t events = 0;
    int64_t alerts = 0;
    if (sw_log_newest(&replay.logged.reader, &events, &alerts) == SW_OK) {
        event_total = (uint64_t)events;
    }
    replay.filter = read_filter();
    replay.logged.state_mib = state_mib;
    sw_replay_give(&replay, arguments.map, arguments.policy);
    replay.tested_to = arguments.tested ? stdout : NULL;
    int code = plays ? play(speed, to_broker) : compare(log);
    sw_replay_close(&replay);
    return code;
}

/* --- into a new log --- */

static bool write_turn(void *context)
{
    (void)context;
    show_progress(rewrite.events);
    return interrupted == 0;
}

/* What was left out goes into the origin, so that nobody takes the new log for all of it. */
static void choose(void)
{
    const struct sw_replay_filter filter = read_filter();
    const char *const names[] = {"from", "until", "edge", "agency", "chain"};
    const char *const values[] = {arguments.from, arguments.until, arguments.edge, arguments.agency,
                                  arguments.chain};
    char chosen[SW_REWRITE_CHOSEN_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, chosen, sizeof(chosen));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (values[i] != NULL) {
            sw_buffer_append_string(&buffer, ", only ");
            sw_buffer_append_string(&buffer, names[i]);
            sw_buffer_append_string(&buffer, " ");
            sw_buffer_append_string(&buffer, values[i]);
        }
    }
    sw_rewrite_choose(&rewrite, &filter, sw_buffer_text(&buffer));
}

static int write_log(const char *log)
{
    if (sw_rewrite_open(&rewrite, log, arguments.to) != SW_OK) {
        complain(rewrite.sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    if (has_filter()) {
        choose();
    }
    rewrite.logged.state_mib = state_mib;
    rewrite.map_given = arguments.map;
    rewrite.policy_given = arguments.policy;
    rewrite.turn = write_turn;
    enum sw_status status = sw_rewrite_run(&rewrite);
    enum sw_status closed = sw_rewrite_close(&rewrite);
    sw_footer_clear(&footer);
    if ((status != SW_OK && status != SW_STOPPED) || closed != SW_OK) {
        complain(rewrite.sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    (void)printf(
        "%s: %" PRIu64 " events of %s judged%s, %" PRIu64 " alerts, %" PRIu64 " events refused%s\n",
        arguments.to, rewrite.events, log,
        arguments.map != NULL || arguments.policy != NULL ? " anew" : " again", rewrite.alerts,
        rewrite.refused, status == SW_STOPPED ? "; interrupted, the rest is missing" : "");
    if (rewrite.left_out > 0) {
        (void)printf("%" PRIu64 " events were left out by the filter\n", rewrite.left_out);
    }
    if (rewrite.gone > 0) {
        (void)printf("%" PRIu64
                     " events are missing in it: their payloads were deleted on purpose\n",
                     rewrite.gone);
    }
    return status == SW_STOPPED ? SW_EXIT_INTERRUPTED : SW_EXIT_OK;
}

/* --- the command line --- */

static bool read_speed(double *speed)
{
    char *end = NULL;
    if (arguments.speed == NULL || strcmp(arguments.speed, "max") == 0) {
        return true;
    }
    *speed = strtod(arguments.speed, &end);
    return end != arguments.speed && *end == '\0' && *speed > 0 && *speed <= SPEED_MAX;
}

static int run(const char *log)
{
    double speed = 0;
    int64_t time_ms = 0;
    bool url = arguments.to != NULL && strstr(arguments.to, "://") != NULL;
    bool file = arguments.to != NULL && !url;
    if (!read_time(arguments.from, &time_ms) || !read_time(arguments.until, &time_ms)) {
        return sw_command_usage_error(
            &command, "--from and --until want a time such as 2026-11-24T10:15:00Z or 2026-11-24");
    }
    if (!read_speed(&speed)) {
        return sw_command_usage_error(&command, "--speed wants a number such as 60, or max");
    }
    if (arguments.tested && (arguments.json || arguments.speed != NULL || arguments.to != NULL)) {
        return sw_command_usage_error(&command, "--tested is text and goes with a comparison, "
                                                "without --json, --speed and --to");
    }
    if (file && arguments.speed != NULL) {
        return sw_command_usage_error(&command, "a log is written at once: --to FILE goes "
                                                "without --speed");
    }
    int64_t mib = 0;
    if (arguments.state_mib != NULL &&
        sw_command_number(arguments.state_mib, 1, SW_POLICY_STATE_MIB_MAX, &mib) != SW_OK) {
        return sw_command_usage_error(&command, "--state-mib wants 1 to 65536");
    }
    state_mib = (uint32_t)mib;
    broker.broker = url ? arguments.to : NULL;
    return file ? write_log(log) : replay_log(log, speed, url || arguments.speed != NULL, url);
}

int sw_command_replay(int argc, char **argv)
{
    uint32_t count = 0;
    struct sigaction action = {.sa_handler = on_signal};
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    sw_footer_init(&footer, stderr);
    return run(argv[1]);
}
