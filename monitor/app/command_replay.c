/* `sharewatch replay`: a log's events through the pipeline again, compared with what was logged. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <sharewatch/command.h>
#include <sharewatch/time.h>

#include "replay.h"
#include "verbs.h"

static struct sw_replay replay;

struct arguments {
    const char *map;
    const char *policy;
    const char *from;
    const char *until;
    const char *edge;
    const char *agency;
    const char *chain;
    bool json;
};

static bool read_time(const char *text, int64_t *time_ms)
{
    return text == NULL || sw_time_parse(sw_text_from(text), time_ms) == SW_OK;
}

static double clock_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell(const char *log, enum sw_status status, double seconds)
{
    const struct sw_replay_counts *counts = &replay.counts;
    (void)printf("%s: %" PRIu64 " events replayed in %.2f s (%.0f a second): %" PRIu64
                 " hops, %" PRIu64 " findings, %" PRIu64 " chain rows and %" PRIu64
                 " alerts compared, %" PRIu64 " run%s\n",
                 log, counts->events, seconds, seconds > 0 ? (double)counts->events / seconds : 0.0,
                 counts->hops, counts->findings, counts->chains, counts->alerts, counts->runs,
                 counts->runs == 1 ? "" : "s");
    if (counts->left_out > 0) {
        (void)printf("%" PRIu64 " hops were left out by the filter\n", counts->left_out);
    }
    (void)printf("%s%s\n", status == SW_OK ? "identical" : "first difference: ",
                 status == SW_OK ? "" : replay.difference);
}

static void tell_json(enum sw_status status, double seconds)
{
    const struct sw_replay_counts *counts = &replay.counts;
    char bytes[2 * SW_DIFFERENCE_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append_json(&buffer, sw_text_from(status == SW_OK ? "" : replay.difference));
    (void)printf("{\"identical\":%s,\"difference\":%s,\"events\":%" PRIu64 ",\"hops\":%" PRIu64
                 ",\"findings\":%" PRIu64 ",\"chains\":%" PRIu64 ",\"alerts\":%" PRIu64
                 ",\"left_out\":%" PRIu64 ",\"runs\":%" PRIu64 ",\"seconds\":%.3f}\n",
                 status == SW_OK ? "true" : "false", buffer.length > 0 ? bytes : "\"\"",
                 counts->events, counts->hops, counts->findings, counts->chains, counts->alerts,
                 counts->left_out, counts->runs, seconds);
}

static int run(const struct arguments *arguments, const char *log)
{
    if (sw_replay_open(&replay, log) != SW_OK) {
        (void)fprintf(stderr, "sharewatch replay: %s\n", replay.difference);
        return SW_EXIT_ENVIRONMENT;
    }
    struct sw_replay_filter *filter = &replay.filter;
    filter->edge = sw_text_from(arguments->edge);
    filter->agency = sw_text_from(arguments->agency);
    filter->chain = sw_text_from(arguments->chain);
    (void)read_time(arguments->from, &filter->from_ms);
    (void)read_time(arguments->until, &filter->until_ms);
    sw_replay_give(&replay, arguments->map, arguments->policy);
    double start = clock_s();
    enum sw_status status = sw_replay_run(&replay);
    double seconds = clock_s() - start;
    if (status == SW_DATABASE) {
        (void)fprintf(stderr, "sharewatch replay: %s\n", replay.difference);
    } else if (arguments->json) {
        tell_json(status, seconds);
    } else {
        tell(log, status, seconds);
    }
    int code = status == SW_OK        ? SW_EXIT_OK
               : status == SW_INVALID ? SW_EXIT_NO
                                      : SW_EXIT_ENVIRONMENT;
    sw_replay_close(&replay);
    return code;
}

int sw_command_replay(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct sw_option options[] = {
        {"map", "FILE", NULL, &arguments.map, "judge by this map (default: the one in the log)"},
        {"policy", "PACK[,PACK…]|DIR", NULL, &arguments.policy,
         "judge by these packs (default: those in the log)"},
        {"from", "TIME", NULL, &arguments.from, "compare events from this time on"},
        {"until", "TIME", NULL, &arguments.until, "compare events before this time"},
        {"edge", "EDGE", NULL, &arguments.edge, "compare hops over this edge"},
        {"agency", "AGENCY", NULL, &arguments.agency, "compare what this agency reported"},
        {"chain", "CHAIN", NULL, &arguments.chain, "compare hops of this chain"},
        {"json", NULL, &arguments.json, NULL, "print the result as JSON"},
    };
    const struct sw_command command = {
        .name = "replay",
        .arguments = "LOG",
        .about = "judge a log's events again, and compare with what was logged",
        .details =
            "Feeds the events in logged order with their own times through the same pipeline and\n"
            "compares every hop, finding, chain and alert. Exit 0: identical; 1: the first\n"
            "difference is named. All events are judged whatever the filters say.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    int64_t time_ms = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (!read_time(arguments.from, &time_ms) || !read_time(arguments.until, &time_ms)) {
        return sw_command_usage_error(
            &command, "--from and --until want a time such as 2026-11-24T10:15:00Z or 2026-11-24");
    }
    return run(&arguments, argv[1]);
}
