/*
 * `sharewatch sweep`: a scenario run many times, each time with another seed, through the pipeline
 * in this process and its children, without broker and log. What comes out differs by chance; the
 * sweep says how far, and what it rests on. With --set, --variant or --policy it answers what a
 * changed share, step or rule would have changed: the seeds are the same, so what differs is the
 * change.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>
#include <sharewatch/scenario.h>

#include "rehearse.h"
#include "statistics.h"
#include "verbs.h"

#define SEEDS_MAX   100000
#define JOBS_MAX    64
#define SETS_MAX    32
#define METRICS_MAX (24 + SW_MAP_EDGES_MAX)
#define LABEL_BYTES 160
#define LINE_BYTES  512

static const char *seeds_text = "100";
static const char *variant;
static const char *policy_text;
static const char *set_text;
static const char *jobs_text;
static bool as_csv;
static bool as_json;

static const struct sw_option options[] = {
    {"seeds", "N", NULL, &seeds_text, "how many runs, with the seeds 1 to N (default 100)"},
    {"variant", "NAME", NULL, &variant, "which variant; the first by default"},
    {"policy", "PACK[,PACK…]", NULL, &policy_text, "rules (default: the scenario's)"},
    {"set", "NAME.KEY=VALUE[,…]", NULL, &set_text,
     "a step's or storyline's value, e.g. booked.chance=50%"},
    {"jobs", "N", NULL, &jobs_text, "processes at once (default: one a core)"},
    {"csv", NULL, &as_csv, NULL, "print metric,mean,low,high"},
    {"json", NULL, &as_json, NULL, "print one JSON object"},
};

static const struct sw_command command = {
    .name = "sweep",
    .arguments = "SCENARIO",
    .about = "run a scenario many times, and say how far the answers spread",
    .details = "Each run has its own seed; `95 of 100` is the range in which that share of the\n"
               "runs lies. Lines of the scenario that say `uncertain` are printed below: the\n"
               "answer rests on them.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .arguments_min = 1,
    .arguments_max = 1,
};

/* One thing that is counted in each run. */
struct metric {
    char label[LABEL_BYTES];
    const char *heading; // printed before the first of a group
    double *values;      // [seeds]
};

struct sweep {
    const char *path;
    struct sw_scenario scenario; // as first loaded
    struct sw_phases phases;
    const char *sets[SETS_MAX];
    char *set_copy;
    uint32_t set_count;
    uint32_t seeds;
    uint32_t jobs;
    struct sw_rehearsal *results; // [seeds]
    struct metric metrics[METRICS_MAX];
    uint32_t metric_count;
};

static bool split_sets(struct sweep *sweep)
{
    if (set_text == NULL) {
        return true;
    }
    char *rest = NULL;
    sweep->set_copy = strdup(set_text);
    for (char *set = sweep->set_copy != NULL ? strtok_r(sweep->set_copy, ",", &rest) : NULL;
         set != NULL; set = strtok_r(NULL, ",", &rest)) {
        if (sweep->set_count == SETS_MAX) {
            return false;
        }
        sweep->sets[sweep->set_count++] = set;
    }
    return sweep->set_copy != NULL;
}

static struct sw_scenario_options options_for(const struct sweep *sweep, uint64_t seed)
{
    return (struct sw_scenario_options){.variant = variant,
                                        .has_seed = true,
                                        .seed = seed,
                                        .map = sweep->phases.count > 0 ? &sweep->phases.items[0].map
                                                                       : NULL,
                                        .sets = sweep->sets,
                                        .set_count = sweep->set_count};
}

static enum sw_status load_all(struct sweep *sweep)
{
    struct sw_report report = {0};
    struct sw_scenario_options wanted = options_for(sweep, 1);
    enum sw_status status = sw_scenario_open(&sweep->scenario, sweep->path, &wanted, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (status == SW_OK &&
        !sw_phases_open(&sweep->phases, &sweep->scenario, "sweep", policy_text)) {
        status = SW_NOT_FOUND;
    }
    return status;
}

/* One run, in a child. */
static enum sw_status run_seed(struct sweep *sweep, uint64_t seed, struct sw_rehearsal *result)
{
    static struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options wanted = options_for(sweep, seed);
    enum sw_status status = sw_scenario_open(&scenario, sweep->path, &wanted, &report);
    if (status == SW_OK) {
        status = sw_rehearse(&scenario, &sweep->phases, (struct sw_text){0}, NULL, result);
    }
    sw_report_free(&report);
    sw_scenario_free(&scenario);
    return status;
}

/* Child @job runs every jobs-th seed and writes the result of each to @fd. */
static _Noreturn void work(struct sweep *sweep, uint32_t job, int fd)
{
    static struct sw_rehearsal result;
    for (uint32_t i = job; i < sweep->seeds; i += sweep->jobs) {
        enum sw_status status = run_seed(sweep, i + 1, &result);
        sw_phases_reset(&sweep->phases);
        FILE *stream = status == SW_OK ? fdopen(dup(fd), "w") : NULL;
        bool written = stream != NULL && fwrite(&result, sizeof(result), 1, stream) == 1;
        if (stream == NULL || fclose(stream) != 0 || !written) {
            _exit(SW_EXIT_ENVIRONMENT);
        }
    }
    _exit(SW_EXIT_OK);
}

static bool read_result(int fd, struct sw_rehearsal *result)
{
    size_t have = 0;
    while (have < sizeof(*result)) {
        ssize_t got = read(fd, (char *)result + have, sizeof(*result) - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        have += (size_t)got;
    }
    return true;
}

static void show_progress(const struct sweep *sweep, uint32_t done)
{
    if (isatty(STDERR_FILENO) == 1) {
        (void)fprintf(stderr, "\r%u of %u runs\033[K%s", done, sweep->seeds,
                      done == sweep->seeds ? "\r\033[K" : "");
    }
}

/* Starts the children and takes their results in turn; SW_IO when one of them failed. */
static enum sw_status run_all(struct sweep *sweep)
{
    int fds[JOBS_MAX];
    pid_t children[JOBS_MAX];
    enum sw_status status = SW_OK;
    SW_ASSERT(sweep->jobs >= 1 && sweep->jobs <= JOBS_MAX);
    (void)fflush(NULL);
    for (uint32_t job = 0; job < sweep->jobs; job++) {
        int ends[2];
        if (pipe(ends) != 0 || (children[job] = fork()) < 0) {
            (void)fprintf(stderr, "sharewatch sweep: %s\n", strerror(errno));
            return SW_IO;
        }
        if (children[job] == 0) {
            (void)close(ends[0]);
            work(sweep, job, ends[1]);
        }
        (void)close(ends[1]);
        fds[job] = ends[0];
    }
    for (uint32_t i = 0; i < sweep->seeds && status == SW_OK; i++) {
        status = read_result(fds[i % sweep->jobs], &sweep->results[i]) ? SW_OK : SW_IO;
        show_progress(sweep, i + 1);
    }
    for (uint32_t job = 0; job < sweep->jobs; job++) {
        int ended = 0;
        (void)close(fds[job]);
        (void)waitpid(children[job], &ended, 0);
    }
    return status;
}

static double *add_metric(struct sweep *sweep, const char *heading, const char *label)
{
    struct metric *metric = &sweep->metrics[sweep->metric_count++];
    metric->heading = heading;
    (void)snprintf(metric->label, sizeof(metric->label), "%s", label);
    metric->values = calloc(sweep->seeds, sizeof(metric->values[0]));
    if (metric->values == NULL) {
        sweep->metric_count--;
    }
    return metric->values;
}

static void count_chains(struct sweep *sweep)
{
    for (int level = SW_LEVEL_SEARCHED; level < SW_LEVEL_COUNT; level++) {
        char label[LABEL_BYTES];
        (void)snprintf(label, sizeof(label), "%s%s", sw_level_word((enum sw_level)level),
                       level + 1 < SW_LEVEL_COUNT ? " or more" : "");
        double *values = add_metric(sweep, "chains that reach", label);
        for (uint32_t i = 0; values != NULL && i < sweep->seeds; i++) {
            for (int at = level; at < SW_LEVEL_COUNT; at++) {
                values[i] += (double)sweep->results[i].chains[at];
            }
        }
    }
}

static void count_verdicts(struct sweep *sweep)
{
    for (int verdict = SW_VERDICT_COUNT - 1; verdict > SW_VERDICT_NONE; verdict--) {
        double *values =
            add_metric(sweep, "hops, by verdict", sw_verdict_word((enum sw_verdict)verdict));
        for (uint32_t i = 0; values != NULL && i < sweep->seeds; i++) {
            values[i] = (double)sweep->results[i].hops[verdict];
        }
    }
}

static void count_told(struct sweep *sweep)
{
    double *alerts = add_metric(sweep, "told, and not", "alerts");
    double *hidden = add_metric(sweep, "told, and not", "steps that nobody told the monitor");
    for (uint32_t i = 0; alerts != NULL && hidden != NULL && i < sweep->seeds; i++) {
        alerts[i] = (double)sweep->results[i].alerts;
        hidden[i] = (double)sweep->results[i].hidden;
    }
}

/* Only edges that carried something in some run. */
static void count_edges(struct sweep *sweep)
{
    const struct sw_map *map = &sweep->phases.items[0].map;
    for (uint16_t edge = 0; edge < map->edge_count; edge++) {
        char label[LABEL_BYTES];
        double sum = 0;
        (void)snprintf(label, sizeof(label), "%.*s %.*s", SW_TEXT_FORMAT(map->edges[edge].id),
                       SW_TEXT_FORMAT(map->edges[edge].name));
        double *values = add_metric(sweep, "hops at matched or more, by edge", label);
        for (uint32_t i = 0; values != NULL && i < sweep->seeds; i++) {
            for (int level = SW_LEVEL_MATCHED; level < SW_LEVEL_COUNT; level++) {
                values[i] += (double)sweep->results[i].edges[edge][level];
            }
            sum += values[i];
        }
        if (values != NULL && sum <= 0) {
            free(values);
            sweep->metric_count--;
        }
    }
}

/* What really crossed, and what the monitor knew of it. */
static void count_truth(struct sweep *sweep)
{
    static const char heading[] = "held against what really happened";
    double *crossings = add_metric(sweep, heading, "crossings");
    double *foreseen = add_metric(sweep, heading, "foreseen");
    double *missed = add_metric(sweep, heading, "missed");
    double *false_alarms = add_metric(sweep, heading, "false alarms");
    double *unclear = add_metric(sweep, heading, "cannot be assessed");
    for (uint32_t i = 0; unclear != NULL && i < sweep->seeds; i++) {
        const struct sw_truth_score *score = &sweep->results[i].truth;
        crossings[i] = (double)score->crossings;
        foreseen[i] = (double)score->foreseen;
        missed[i] = (double)score->missed;
        false_alarms[i] = (double)sw_truth_false(score);
        unclear[i] = (double)sw_truth_unclear(score);
    }
}

static void print_table(const struct sweep *sweep)
{
    const char *heading = "";
    (void)printf("%-56s %10s   95 of 100\n", "", "mean");
    for (uint32_t i = 0; i < sweep->metric_count; i++) {
        const struct metric *metric = &sweep->metrics[i];
        struct sw_spread_of spread = sw_statistics(metric->values, sweep->seeds);
        if (strcmp(heading, metric->heading) != 0 && strcmp(metric->heading, metric->label) != 0) {
            (void)printf("%s\n", metric->heading);
        }
        heading = metric->heading;
        (void)printf("  %-54.54s %10.1f   %.0f to %.0f\n", metric->label, spread.mean, spread.low,
                     spread.high);
    }
}

static void print_csv(const struct sweep *sweep)
{
    (void)printf("group,metric,mean,low,high\n");
    for (uint32_t i = 0; i < sweep->metric_count; i++) {
        const struct metric *metric = &sweep->metrics[i];
        struct sw_spread_of spread = sw_statistics(metric->values, sweep->seeds);
        (void)printf("\"%s\",\"%s\",%.3f,%.0f,%.0f\n", metric->heading, metric->label, spread.mean,
                     spread.low, spread.high);
    }
}

static void print_json(const struct sweep *sweep)
{
    struct sw_text name = sw_policy_name(sweep->phases.items[0].policy);
    (void)printf("{\"scenario\":\"%.*s\",\"variant\":\"%.*s\",\"policy\":\"%.*s\",\"seeds\":%u,"
                 "\"synthetic\":true,\"metrics\":[",
                 SW_TEXT_FORMAT(sweep->scenario.name), SW_TEXT_FORMAT(sweep->scenario.variant),
                 SW_TEXT_FORMAT(name), sweep->seeds);
    for (uint32_t i = 0; i < sweep->metric_count; i++) {
        const struct metric *metric = &sweep->metrics[i];
        struct sw_spread_of spread = sw_statistics(metric->values, sweep->seeds);
        char bytes[2 * LABEL_BYTES];
        struct sw_buffer label;
        sw_buffer_init(&label, bytes, sizeof(bytes));
        sw_buffer_append_json(&label, sw_text_from(metric->label));
        (void)printf(
            "%s\n{\"group\":\"%s\",\"metric\":%s,\"mean\":%.3f,\"low\":%.0f,\"high\":%.0f}",
            i > 0 ? "," : "", metric->heading, bytes, spread.mean, spread.low, spread.high);
    }
    (void)printf("]}\n");
}

/* The lines of @path that say `uncertain`; true when there were any, or @any before. */
static bool print_uncertain(const char *path, const char *where, bool any)
{
    char line[LINE_BYTES];
    FILE *file = fopen(path, "r");
    uint32_t number = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        number++;
        if (strstr(line, "uncertain") == NULL || strchr(line, '#') == NULL) {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        (void)printf("%s  %sline %u: %s\n", any ? "" : "It rests on what nobody has counted:\n",
                     where, number, line + strspn(line, " "));
        any = true;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return any;
}

/* What the answer rests on. */
static void print_assumptions(const struct sweep *sweep)
{
    const struct sw_scenario *scenario = &sweep->scenario;
    bool any = print_uncertain(scenario->yaml.file, "", false);
    if (scenario->automatic.file != NULL) {
        any = print_uncertain(scenario->automatic.file, "what moves by itself, ", any);
    }
    for (uint32_t i = 0; i < sweep->set_count; i++) {
        (void)printf("%s  set: %s\n", any || i > 0 ? "" : "It rests on:\n", sweep->sets[i]);
    }
}

static void print_all(struct sweep *sweep)
{
    struct sw_text name = sw_policy_name(sweep->phases.items[0].policy);
    count_chains(sweep);
    count_verdicts(sweep);
    count_told(sweep);
    count_truth(sweep);
    count_edges(sweep);
    if (as_csv) {
        print_csv(sweep);
        return;
    }
    if (as_json) {
        print_json(sweep);
        return;
    }
    (void)printf("%.*s%s%.*s, %u runs, rules %.*s, simulated\n",
                 SW_TEXT_FORMAT(sweep->scenario.name),
                 sweep->scenario.variant.length > 0 ? " variant " : "",
                 SW_TEXT_FORMAT(sweep->scenario.variant), sweep->seeds, SW_TEXT_FORMAT(name));
    print_table(sweep);
    print_assumptions(sweep);
}

static int read_numbers(struct sweep *sweep)
{
    int64_t number = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (sw_command_number(seeds_text, 1, SEEDS_MAX, &number) != SW_OK) {
        return sw_command_usage_error(&command, "--seeds %s is not 1 to %d", seeds_text, SEEDS_MAX);
    }
    sweep->seeds = (uint32_t)number;
    number = cores > 0 && cores < JOBS_MAX ? cores : 1;
    if (jobs_text != NULL && sw_command_number(jobs_text, 1, JOBS_MAX, &number) != SW_OK) {
        return sw_command_usage_error(&command, "--jobs %s is not 1 to %d", jobs_text, JOBS_MAX);
    }
    sweep->jobs = (uint32_t)number < sweep->seeds ? (uint32_t)number : sweep->seeds;
    if (!split_sets(sweep)) {
        return sw_command_usage_error(&command, "--set takes at most %d values", SETS_MAX);
    }
    return SW_EXIT_OK;
}

static void free_all(struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->metric_count; i++) {
        free(sweep->metrics[i].values);
    }
    free(sweep->results);
    free(sweep->set_copy);
    sw_phases_close(&sweep->phases);
    sw_scenario_free(&sweep->scenario);
}

int sw_command_sweep(int argc, char **argv)
{
    static struct sweep sweep;
    uint32_t argument_count;
    enum sw_status parsed = sw_command_parse(&command, argc, argv, &argument_count);
    if (parsed != SW_OK) {
        return parsed == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    int exit_code = read_numbers(&sweep);
    if (exit_code != SW_EXIT_OK) {
        free(sweep.set_copy);
        return exit_code;
    }
    sweep.path = argv[1];
    enum sw_status status = load_all(&sweep);
    if (status == SW_OK) {
        sweep.results = calloc(sweep.seeds, sizeof(sweep.results[0]));
        status = sweep.results != NULL ? run_all(&sweep) : SW_NO_MEMORY;
        if (status == SW_OK) {
            print_all(&sweep);
        } else {
            (void)fprintf(stderr, "sharewatch sweep: a run failed: %s\n", sw_status_text(status));
        }
    }
    free_all(&sweep);
    if (status == SW_INVALID) {
        return SW_EXIT_NO;
    }
    return status == SW_OK ? SW_EXIT_OK : SW_EXIT_ENVIRONMENT;
}
