/*
 * `sharewatch match`: the rule engine alone. For each line of events, one line with a JSON array of
 * the rules that match.
 *
 * A line that is no JSON object gets an empty array, so that lines stay side by side, and a message
 * on standard error. Empty lines are passed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/policy.h>

#include "verbs.h"

#define READ_BYTES     ((size_t)SW_POLICY_LINE_BYTES * 2)
#define WRITE_BYTES    ((size_t)1024 * 1024)
#define COMPLAINTS_MAX 10 // malformed lines that are told of one by one

/* One run over one file of events. */
struct match {
    struct sw_policy *policy;
    struct sw_scratch *scratch;
    struct sw_tested *tested; // NULL: nobody asked
    const char *events;       // as given
    struct sw_text *names;    // [rule_count], as JSON strings
    char *out;                // [WRITE_BYTES]
    size_t out_used;
    uint64_t line_number, event_count, hit_count, malformed_count, untimed_count;
    bool failed; // writing failed
};

static void flush(struct match *match)
{
    if (match->out_used > 0 && fwrite(match->out, 1, match->out_used, stdout) != match->out_used) {
        match->failed = true;
    }
    match->out_used = 0;
}

static void put(struct match *match, struct sw_text text)
{
    if (match->out_used + text.length > WRITE_BYTES) {
        flush(match);
    }
    if (text.length > WRITE_BYTES) {
        match->failed = match->failed || fwrite(text.bytes, 1, text.length, stdout) != text.length;
        return;
    }
    memcpy(match->out + match->out_used, text.bytes, text.length);
    match->out_used += text.length;
}

static void complain(struct match *match, const struct sw_line *line)
{
    match->malformed_count++;
    if (match->malformed_count <= COMPLAINTS_MAX) {
        (void)fprintf(stderr, "%s:%llu: not an event: %s, at byte %u\n", match->events,
                      (unsigned long long)match->line_number, line->error, line->error_position);
    }
}

static bool is_blank(struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        if (strchr(" \t\r", text.bytes[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static void match_line(struct match *match, const char *bytes, size_t length)
{
    struct sw_line line;
    struct sw_text text = {bytes, length < UINT32_MAX ? (uint32_t)length : UINT32_MAX};
    match->line_number++;
    if (text.length == 0 || (text.bytes[0] != '{' && is_blank(text))) {
        return;
    }
    if (sw_policy_match_line(match->scratch, text, &line) != SW_OK) {
        complain(match, &line);
    } else if (match->tested != NULL) {
        sw_tested_count(match->tested, match->scratch);
    }
    match->event_count++;
    match->hit_count += line.count;
    match->untimed_count += line.error == NULL && !line.has_time ? 1 : 0;
    put(match, SW_TEXT("["));
    for (uint32_t i = 0; i < line.count; i++) {
        if (i > 0) {
            put(match, SW_TEXT(","));
        }
        put(match, match->names[line.rules[i]]);
    }
    put(match, SW_TEXT("]\n"));
}

/* Matches the whole lines of @buffer [used] and returns how many bytes they took. */
static size_t match_lines(struct match *match, const char *buffer, size_t used)
{
    size_t start = 0;
    for (;;) {
        const char *end = memchr(buffer + start, '\n', used - start);
        if (end == NULL) {
            return start;
        }
        match_line(match, buffer + start, (size_t)(end - buffer) - start);
        start = (size_t)(end - buffer) + 1;
    }
}

/* Reads @descriptor to its end. False: errno says why. */
static bool match_stream(struct match *match, int descriptor)
{
    char *buffer = malloc(READ_BYTES);
    size_t used = 0;
    bool good = buffer != NULL;
    while (good) {
        ssize_t got = read(descriptor, buffer + used, READ_BYTES - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        good = got >= 0;
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
        size_t taken = match_lines(match, buffer, used);
        if (taken == 0 && used == READ_BYTES) {
            match_line(match, buffer, used); // too long, and told so; its end comes as another
            taken = used;
        }
        memmove(buffer, buffer + taken, used - taken);
        used -= taken;
    }
    if (good && used > 0) {
        match_line(match, buffer, used);
    }
    free(buffer);
    return good;
}

/* Writes each rule's id or title as a JSON string into one block of memory. */
static char *render_names(struct match *match, bool titles)
{
    uint32_t count = 0;
    const struct sw_rule *rules = sw_policy_rule_list(match->policy, &count);
    size_t bytes = 1;
    for (uint32_t i = 0; i < count; i++) {
        bytes += (size_t)(titles ? rules[i].title : rules[i].id).length * 6 + 3;
    }
    char *block = malloc(bytes);
    match->names = calloc((size_t)count + 1, sizeof(*match->names));
    size_t used = 0;
    for (uint32_t i = 0; i < count && block != NULL && match->names != NULL; i++) {
        struct sw_text name = titles ? rules[i].title : rules[i].id;
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, block + used, 6 * name.length + 3);
        sw_buffer_append_json(&buffer, name);
        match->names[i] = sw_buffer_text(&buffer);
        used += match->names[i].length + 1;
    }
    return block;
}

/* Takes `product=…,category=…,service=…` apart. @keyed: each part must have a key; else a bare
 * field counts for the key that its last name is, or comes next in that order. */
static bool read_log_source(char *text, bool keyed, const char *values[3])
{
    static const char *const keys[] = {"product", "category", "service"};
    int next = 0;
    for (char *rest = NULL, *part = strtok_r(text, ",", &rest); part != NULL;
         part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        const char *last = strrchr(part, '.');
        const char *name = equals != NULL ? part : last != NULL ? last + 1 : part;
        size_t length = equals != NULL ? (size_t)(equals - part) : strlen(name);
        int found = -1;
        for (int i = 0; i < 3; i++) {
            if (strlen(keys[i]) == length && strncmp(name, keys[i], length) == 0) {
                found = i;
            }
        }
        if (found < 0 && equals == NULL && !keyed && next < 3) {
            found = next;
        }
        if (found < 0 || (keyed && equals == NULL)) {
            return false;
        }
        values[found] = equals != NULL ? equals + 1 : part;
        next = found + 1;
    }
    return true;
}

static void report_losses(const struct match *match)
{
    struct sw_policy_counters losses = sw_policy_counters(match->scratch);
    const struct {
        uint64_t total;
        const char *what;
    } lines[] = {
        {match->malformed_count, "lines were no events"},
        {losses.groups_evicted_total, "groups of correlations were given up for want of memory"},
        {losses.group_missing_total, "events lacked a field that a correlation groups by"},
        {losses.values_dropped_total, "values of sums were dropped"},
        {losses.regex_exceeded_total, "regular expressions ran into their limit: no match"},
        {losses.values_refused_total, "values of events were not looked at"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (lines[i].total > 0) {
            (void)fprintf(stderr, "sharewatch match: %llu %s\n", (unsigned long long)lines[i].total,
                          lines[i].what);
        }
    }
}

static void report_cost(const struct match *match, const struct timespec *start)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double us =
        (double)(end.tv_sec - start->tv_sec) * 1e6 + (double)(end.tv_nsec - start->tv_nsec) / 1e3;
    (void)fprintf(stderr, "%llu events, %llu matches, %.3f µs of CPU an event\n",
                  (unsigned long long)match->event_count, (unsigned long long)match->hit_count,
                  match->event_count > 0 ? us / (double)match->event_count : 0.0);
}

static int run(struct match *match, bool titles, bool cost)
{
    int descriptor =
        strcmp(match->events, "-") == 0 ? STDIN_FILENO : open(match->events, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        (void)fprintf(stderr, "sharewatch match: cannot read %s: %s\n", match->events,
                      strerror(errno));
        return SW_EXIT_ENVIRONMENT;
    }
    char *block = render_names(match, titles);
    match->out = malloc(WRITE_BYTES);
    struct timespec start;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    int code = SW_EXIT_ENVIRONMENT;
    if (block == NULL || match->names == NULL || match->out == NULL) {
        (void)fprintf(stderr, "sharewatch match: no memory\n");
    } else if (!match_stream(match, descriptor)) {
        (void)fprintf(stderr, "sharewatch match: reading %s: %s\n", match->events, strerror(errno));
    } else {
        flush(match);
        code = match->failed || fflush(stdout) != 0 ? SW_EXIT_ENVIRONMENT
               : match->hit_count > 0               ? SW_EXIT_OK
                                                    : SW_EXIT_NO;
    }
    report_losses(match);
    if (cost) {
        report_cost(match, &start);
    }
    free(block);
    free(match->names);
    free(match->out);
    if (descriptor != STDIN_FILENO) {
        (void)close(descriptor);
    }
    return code;
}

static int load_and_run(struct match *match, const char *rules,
                        const struct sw_policy_options *options, const char *const given[3],
                        bool titles, bool cost, bool tested)
{
    struct sw_report report = {0};
    enum sw_status status = sw_policy_open(&match->policy, &rules, 1, options, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (status != SW_OK) {
        (void)fprintf(stderr, "sharewatch match: the rules were refused\n");
        return status == SW_INVALID ? SW_EXIT_NO : SW_EXIT_ENVIRONMENT;
    }
    match->scratch = sw_scratch_open_lines(match->policy);
    if (given[0] != NULL || given[1] != NULL || given[2] != NULL) {
        sw_scratch_log_source(match->scratch, sw_text_from(given[0]), sw_text_from(given[1]),
                              sw_text_from(given[2]));
    }
    match->tested = tested ? sw_tested_open(match->policy) : NULL;
    int code = run(match, titles, cost);
    if (match->tested != NULL) {
        sw_tested_write(match->tested, stderr);
    }
    sw_tested_close(match->tested);
    sw_scratch_close(match->scratch);
    sw_policy_close(match->policy);
    return code;
}

int sw_command_match(int argc, char **argv)
{
    const char *rules = NULL;
    const char *events = NULL;
    const char *time_field = NULL;
    const char *log_source = NULL;
    const char *log_source_from = NULL;
    bool titles = false;
    bool strict = false;
    bool cost = false;
    bool tested = false;
    const struct sw_option options[] = {
        {.name = "rules", .value = "DIR", .text = &rules, .about = "rules: a folder or a file"},
        {.name = "events", .value = "FILE", .text = &events, .about = "JSON lines; - is input"},
        {.name = "names", .flag = &titles, .about = "print titles instead of ids"},
        {.name = "time-field",
         .value = "NAME",
         .text = &time_field,
         .about = "where an event has its time (time)"},
        {.name = "log-source",
         .value = "KEY=VALUE,…",
         .text = &log_source,
         .about = "of all events: product=, category=, service="},
        {.name = "log-source-from",
         .value = "FIELD,…",
         .text = &log_source_from,
         .about = "fields that hold it: KEY=FIELD, or fields in this order"},
        {.name = "strict", .flag = &strict, .about = "check all rules against the taxonomy"},
        {.name = "tested",
         .flag = &tested,
         .about = "say at the end how often each rule had the fields that it tests"},
        {.name = "cost", .flag = &cost, .about = "print the CPU time of an event at the end"},
    };
    const struct sw_command command = {
        .name = "match",
        .arguments = "",
        .about = "Match rules against JSON lines; prints a JSON array of rule ids for each",
        .details =
            "Without --log-source and --log-source-from, all rules run. Exit 0: something "
            "matched; 1: nothing\ndid, or the rules were refused; 3: a file cannot be read.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (rules == NULL || events == NULL) {
        return sw_command_usage_error(&command, "--rules and --events are needed");
    }
    const char *given[3] = {NULL, NULL, NULL};
    struct sw_policy_options policy_options = {.strict = strict, .time_field = time_field};
    char given_text[512];
    char from_text[512];
    (void)snprintf(given_text, sizeof(given_text), "%s", log_source != NULL ? log_source : "");
    (void)snprintf(from_text, sizeof(from_text), "%s",
                   log_source_from != NULL ? log_source_from : "");
    if (!read_log_source(given_text, true, given)) {
        return sw_command_usage_error(&command, "--log-source knows product=, category=, service=");
    }
    if (!read_log_source(from_text, false, policy_options.log_source_fields)) {
        return sw_command_usage_error(&command, "--log-source-from: product=, category=, service=");
    }
    struct match match = {.events = events};
    return load_and_run(&match, rules, &policy_options, given, titles, cost, tested);
}
