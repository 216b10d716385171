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

#include "doubt.h"
#include "statistics.h"
#include "sweep.h"
#include "verbs.h"

#define SEEDS_MAX 100000

static const char *seeds_text = "100";
static const char *variant;
static const char *policy_text;
static const char *set_text;
static const char *jobs_text;
static const char *doubts_text = "10";
static bool as_csv;
static bool as_json;
static struct sw_doubts doubts;

static const struct sw_option options[] = {
    {"seeds", "N", NULL, &seeds_text, "how many runs, with the seeds 1 to N (default 100)"},
    {"variant", "NAME", NULL, &variant, "which variant; the first by default"},
    {"policy", "PACK[,PACK…]", NULL, &policy_text, "rules (default: the scenario's)"},
    {"set", "NAME.KEY=VALUE[,…]", NULL, &set_text,
     "a step's or storyline's value, e.g. booked.chance=50%"},
    {"jobs", "N", NULL, &jobs_text, "processes at once (default: one a core)"},
    {"doubts", "N", NULL, &doubts_text,
     "runs for each uncertain line, halved and doubled (default 10; 0: none)"},
    {"csv", NULL, &as_csv, NULL, "print metric,mean,low,high"},
    {"json", NULL, &as_json, NULL, "print one JSON object"},
};

static const struct sw_command command = {
    .name = "sweep",
    .arguments = "SCENARIO",
    .about = "run a scenario many times, and say how far the answers spread",
    .details = "Each run has its own seed; `95 of 100` is the range in which that share of the\n"
               "runs lies. Each number that the scenario calls `uncertain` is then halved and\n"
               "doubled, with the same seeds; what that moves is printed below.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .arguments_min = 1,
    .arguments_max = 1,
};

/* The values of --set; they stay in @copy. */
static bool split_sets(struct sw_sweep *sweep, char **copy)
{
    if (set_text == NULL) {
        return true;
    }
    char *rest = NULL;
    *copy = strdup(set_text);
    for (char *set = *copy != NULL ? strtok_r(*copy, ",", &rest) : NULL; set != NULL;
         set = strtok_r(NULL, ",", &rest)) {
        if (sweep->set_count == SW_SWEEP_SETS_MAX) {
            return false;
        }
        sweep->sets[sweep->set_count++] = set;
    }
    return *copy != NULL;
}

static enum sw_status load_all(struct sw_sweep *sweep)
{
    struct sw_report report = {0};
    struct sw_scenario_options wanted = sw_sweep_options(sweep, 1, NULL);
    enum sw_status status = sw_scenario_open(&sweep->scenario, sweep->path, &wanted, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (status == SW_OK &&
        !sw_phases_open(&sweep->phases, &sweep->scenario, "sweep", policy_text)) {
        status = SW_NOT_FOUND;
    }
    return status;
}

static void print_table(const struct sw_metrics *metrics, uint32_t runs)
{
    const char *heading = "";
    (void)printf("%-56s %10s   95 of 100\n", "", "mean");
    for (uint32_t i = 0; i < metrics->count; i++) {
        const struct sw_metric *metric = &metrics->items[i];
        struct sw_spread_of spread = sw_statistics(metric->values, runs);
        if (strcmp(heading, metric->heading) != 0 && strcmp(metric->heading, metric->label) != 0) {
            (void)printf("%s\n", metric->heading);
        }
        heading = metric->heading;
        (void)printf("  %-54.54s %10.1f   %.0f to %.0f\n", metric->label, spread.mean, spread.low,
                     spread.high);
    }
}

static void print_csv(const struct sw_metrics *metrics, uint32_t runs)
{
    (void)printf("group,metric,mean,low,high\n");
    for (uint32_t i = 0; i < metrics->count; i++) {
        const struct sw_metric *metric = &metrics->items[i];
        struct sw_spread_of spread = sw_statistics(metric->values, runs);
        (void)printf("\"%s\",\"%s\",%.3f,%.0f,%.0f\n", metric->heading, metric->label, spread.mean,
                     spread.low, spread.high);
    }
}

static void print_json(const struct sw_sweep *sweep, const struct sw_metrics *metrics)
{
    struct sw_text name = sw_policy_name(sweep->phases.items[0].policy);
    (void)printf("{\"scenario\":\"%.*s\",\"variant\":\"%.*s\",\"policy\":\"%.*s\",\"seeds\":%u,"
                 "\"synthetic\":true,\"metrics\":[",
                 SW_TEXT_FORMAT(sweep->scenario.name), SW_TEXT_FORMAT(sweep->scenario.variant),
                 SW_TEXT_FORMAT(name), sweep->seeds);
    for (uint32_t i = 0; i < metrics->count; i++) {
        const struct sw_metric *metric = &metrics->items[i];
        struct sw_spread_of spread = sw_statistics(metric->values, sweep->seeds);
        (void)printf("%s\n{\"group\":\"%s\",\"metric\":", i > 0 ? "," : "", metric->heading);
        sw_text_print_json(sw_text_from(metric->label), stdout);
        (void)printf(",\"mean\":%.3f,\"low\":%.0f,\"high\":%.0f}", spread.mean, spread.low,
                     spread.high);
    }
    (void)printf("],\n\"uncertain\":");
    sw_doubts_print_json(&doubts, stdout);
    (void)printf("}\n");
}

static void print_all(const struct sw_sweep *sweep, const struct sw_metrics *metrics)
{
    struct sw_text name = sw_policy_name(sweep->phases.items[0].policy);
    if (as_csv) {
        print_csv(metrics, sweep->seeds);
        return;
    }
    if (as_json) {
        print_json(sweep, metrics);
        return;
    }
    (void)printf("%.*s%s%.*s, %u runs, rules %.*s, simulated\n",
                 SW_TEXT_FORMAT(sweep->scenario.name),
                 sweep->scenario.variant.length > 0 ? " variant " : "",
                 SW_TEXT_FORMAT(sweep->scenario.variant), sweep->seeds, SW_TEXT_FORMAT(name));
    print_table(metrics, sweep->seeds);
    sw_doubts_print(&doubts, stdout);
    for (uint32_t i = 0; i < sweep->set_count; i++) {
        (void)printf("%s  %s\n", i > 0 ? "" : "Set by hand:\n", sweep->sets[i]);
    }
}

static int read_numbers(struct sw_sweep *sweep, uint32_t *doubt_runs)
{
    int64_t number = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (sw_command_number(seeds_text, 1, SEEDS_MAX, &number) != SW_OK) {
        return sw_command_usage_error(&command, "--seeds %s is not 1 to %d", seeds_text, SEEDS_MAX);
    }
    sweep->seeds = (uint32_t)number;
    number = cores > 0 && cores < SW_SWEEP_JOBS_MAX ? cores : 1;
    if (jobs_text != NULL && sw_command_number(jobs_text, 1, SW_SWEEP_JOBS_MAX, &number) != SW_OK) {
        return sw_command_usage_error(&command, "--jobs %s is not 1 to %d", jobs_text,
                                      SW_SWEEP_JOBS_MAX);
    }
    sweep->jobs = (uint32_t)number < sweep->seeds ? (uint32_t)number : sweep->seeds;
    if (sw_command_number(doubts_text, 0, SEEDS_MAX, &number) != SW_OK) {
        return sw_command_usage_error(&command, "--doubts %s is not 0 to %d", doubts_text,
                                      SEEDS_MAX);
    }
    *doubt_runs = (uint32_t)number < sweep->seeds ? (uint32_t)number : sweep->seeds;
    return SW_EXIT_OK;
}

/* Runs it as written, then in doubt where that is told; prints. */
static enum sw_status run_and_print(const struct sw_sweep *sweep, uint32_t doubt_runs)
{
    static struct sw_metrics metrics;
    enum sw_status status = sw_sweep_run(sweep, sweep->seeds, NULL, "", &metrics);
    sw_doubts_find(&doubts, sweep);
    if (status == SW_OK && doubt_runs > 0 && !as_csv) {
        status = sw_doubts_try(&doubts, sweep, doubt_runs, &metrics);
    }
    if (status == SW_OK) {
        print_all(sweep, &metrics);
    } else {
        (void)fprintf(stderr, "sharewatch sweep: a run failed: %s\n", sw_status_text(status));
    }
    sw_metrics_free(&metrics);
    return status;
}

int sw_command_sweep(int argc, char **argv)
{
    static struct sw_sweep sweep;
    char *sets = NULL;
    uint32_t argument_count;
    uint32_t doubt_runs = 0;
    enum sw_status parsed = sw_command_parse(&command, argc, argv, &argument_count);
    if (parsed != SW_OK) {
        return parsed == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    int exit_code = read_numbers(&sweep, &doubt_runs);
    if (exit_code == SW_EXIT_OK && !split_sets(&sweep, &sets)) {
        exit_code =
            sw_command_usage_error(&command, "--set takes at most %d values", SW_SWEEP_SETS_MAX);
    }
    if (exit_code != SW_EXIT_OK) {
        free(sets);
        return exit_code;
    }
    sweep.path = argv[1];
    sweep.variant = variant;
    enum sw_status status = load_all(&sweep);
    if (status == SW_OK) {
        status = run_and_print(&sweep, doubt_runs);
    }
    free(sets);
    sw_phases_close(&sweep.phases);
    sw_scenario_free(&sweep.scenario);
    if (status == SW_INVALID) {
        return SW_EXIT_NO;
    }
    return status == SW_OK ? SW_EXIT_OK : SW_EXIT_ENVIRONMENT;
}
