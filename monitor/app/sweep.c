#include "sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/bar.h>
#include <sharewatch/command.h>
#include <sharewatch/now.h>

#define TERMINAL_MS 250
#define PLAIN_MS    5000

/* Some runs of a sweep. */
struct batch {
    const struct sw_sweep *sweep;
    struct sw_phases phases; // a run moves through them and sets them back
    const struct sw_scenario_doubt *doubt;
    const char *what;
    uint32_t runs;
    uint32_t jobs;
    struct sw_rehearsal *results; // [runs]
    struct sw_metrics *metrics;
    int64_t started_ms;
    int64_t shown_ms; // when it was last told how far it is
};

struct sw_scenario_options sw_sweep_options(const struct sw_sweep *sweep, uint64_t seed,
                                            const struct sw_scenario_doubt *doubt)
{
    return (struct sw_scenario_options){.variant = sweep->variant,
                                        .has_seed = true,
                                        .seed = seed,
                                        .map = sweep->phases.count > 0 ? &sweep->phases.items[0].map
                                                                       : NULL,
                                        .sets = sweep->sets,
                                        .set_count = sweep->set_count,
                                        .doubt = doubt};
}

/* One run, in a child. */
static enum sw_status run_seed(struct batch *batch, uint64_t seed, struct sw_rehearsal *result)
{
    static struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options wanted = sw_sweep_options(batch->sweep, seed, batch->doubt);
    enum sw_status status = sw_scenario_open(&scenario, batch->sweep->path, &wanted, &report);
    if (status == SW_OK) {
        const struct sw_rehearsal_options options = {0};
        status = sw_rehearse(&scenario, &batch->phases, &options, result);
    }
    sw_report_free(&report);
    sw_scenario_free(&scenario);
    return status;
}

/* Child @job runs every jobs-th seed and writes the result of each to @fd. */
static _Noreturn void work(struct batch *batch, uint32_t job, int fd)
{
    static struct sw_rehearsal result;
    for (uint32_t i = job; i < batch->runs; i += batch->jobs) {
        enum sw_status status = run_seed(batch, i + 1, &result);
        sw_phases_reset(&batch->phases);
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

/* A line that is written over at a terminal, else a line now and then. */
static void show_progress(struct batch *batch, uint32_t done)
{
    char bar[SW_BAR_BYTES];
    bool terminal = isatty(STDERR_FILENO) == 1;
    int64_t now = sw_steady_ms();
    if (now - batch->shown_ms < (terminal ? TERMINAL_MS : PLAIN_MS) && done < batch->runs) {
        return;
    }
    double seconds = (double)(now - batch->started_ms) / 1000;
    sw_bar_write(bar, &(struct sw_bar){.done = done,
                                       .total = batch->runs,
                                       .unit = "runs",
                                       .rate = seconds > 0 ? done / seconds : 0,
                                       .ascii = !terminal});
    if (terminal) {
        (void)fprintf(stderr, "\r%s%s\033[K%s", batch->what, bar,
                      done == batch->runs ? "\r\033[K" : "");
    } else if (now - batch->shown_ms >= PLAIN_MS) {
        (void)fprintf(stderr, "%s%s\n", batch->what, bar);
    }
    batch->shown_ms = now;
}

/* Starts the children and takes their results in turn; SW_IO when one of them failed. */
static enum sw_status run_all(struct batch *batch)
{
    int fds[SW_SWEEP_JOBS_MAX] = {0};
    pid_t children[SW_SWEEP_JOBS_MAX] = {0};
    enum sw_status status = SW_OK;
    SW_ASSERT(batch->jobs >= 1 && batch->jobs <= SW_SWEEP_JOBS_MAX);
    (void)fflush(NULL);
    for (uint32_t job = 0; job < batch->jobs; job++) {
        int ends[2];
        if (pipe(ends) != 0 || (children[job] = fork()) < 0) {
            (void)fprintf(stderr, "sharewatch sweep: %s\n", strerror(errno));
            return SW_IO;
        }
        if (children[job] == 0) {
            (void)close(ends[0]);
            work(batch, job, ends[1]);
        }
        (void)close(ends[1]);
        fds[job] = ends[0];
    }
    for (uint32_t i = 0; i < batch->runs && status == SW_OK; i++) {
        status = read_result(fds[i % batch->jobs], &batch->results[i]) ? SW_OK : SW_IO;
        show_progress(batch, i + 1);
    }
    for (uint32_t job = 0; job < batch->jobs; job++) {
        int ended = 0;
        (void)close(fds[job]);
        (void)waitpid(children[job], &ended, 0);
    }
    return status;
}

static double *add_metric(struct batch *batch, const char *heading, const char *label)
{
    struct sw_metric *metric = &batch->metrics->items[batch->metrics->count++];
    metric->heading = heading;
    (void)snprintf(metric->label, sizeof(metric->label), "%s", label);
    metric->values = calloc(batch->runs, sizeof(metric->values[0]));
    if (metric->values == NULL) {
        batch->metrics->count--;
    }
    return metric->values;
}

static void count_chains(struct batch *batch)
{
    for (int level = SW_LEVEL_SEARCHED; level < SW_LEVEL_COUNT; level++) {
        char label[SW_SWEEP_LABEL_BYTES];
        (void)snprintf(label, sizeof(label), "%s%s", sw_level_word((enum sw_level)level),
                       level + 1 < SW_LEVEL_COUNT ? " or more" : "");
        double *values = add_metric(batch, "chains that reach", label);
        for (uint32_t i = 0; values != NULL && i < batch->runs; i++) {
            for (int at = level; at < SW_LEVEL_COUNT; at++) {
                values[i] += (double)batch->results[i].chains[at];
            }
        }
    }
}

static void count_verdicts(struct batch *batch)
{
    for (int verdict = SW_VERDICT_COUNT - 1; verdict > SW_VERDICT_NONE; verdict--) {
        double *values =
            add_metric(batch, "hops, by verdict", sw_verdict_word((enum sw_verdict)verdict));
        for (uint32_t i = 0; values != NULL && i < batch->runs; i++) {
            values[i] = (double)batch->results[i].hops[verdict];
        }
    }
}

static void count_told(struct batch *batch)
{
    double *alerts = add_metric(batch, "told, and not", "alerts");
    double *hidden = add_metric(batch, "told, and not", "steps that nobody told the monitor");
    for (uint32_t i = 0; alerts != NULL && hidden != NULL && i < batch->runs; i++) {
        alerts[i] = (double)batch->results[i].alerts;
        hidden[i] = (double)batch->results[i].hidden;
    }
}

/* Only edges that carried something in some run. */
static void count_edges(struct batch *batch)
{
    const struct sw_map *map = &batch->phases.items[0].map;
    for (uint16_t edge = 0; edge < map->edge_count; edge++) {
        char label[SW_SWEEP_LABEL_BYTES];
        double sum = 0;
        (void)snprintf(label, sizeof(label), "%.*s %.*s", SW_TEXT_FORMAT(map->edges[edge].id),
                       SW_TEXT_FORMAT(map->edges[edge].name));
        double *values = add_metric(batch, "hops at matched or more, by edge", label);
        for (uint32_t i = 0; values != NULL && i < batch->runs; i++) {
            for (int level = SW_LEVEL_MATCHED; level < SW_LEVEL_COUNT; level++) {
                values[i] += (double)batch->results[i].edges[edge][level];
            }
            sum += values[i];
        }
        if (values != NULL && sum <= 0) {
            free(values);
            batch->metrics->count--;
        }
    }
}

/* What really crossed, and what the monitor knew of it. */
static void count_truth(struct batch *batch)
{
    static const char heading[] = "held against what really happened";
    double *crossings = add_metric(batch, heading, "crossings");
    double *foreseen = add_metric(batch, heading, "foreseen");
    double *missed = add_metric(batch, heading, "missed");
    double *false_alarms = add_metric(batch, heading, "false alarms");
    double *unclear = add_metric(batch, heading, "cannot be assessed");
    for (uint32_t i = 0; unclear != NULL && i < batch->runs; i++) {
        const struct sw_truth_score *score = &batch->results[i].truth;
        crossings[i] = (double)score->crossings;
        foreseen[i] = (double)score->foreseen;
        missed[i] = (double)score->missed;
        false_alarms[i] = (double)sw_truth_false(score);
        unclear[i] = (double)sw_truth_unclear(score);
    }
}

enum sw_status sw_sweep_run(const struct sw_sweep *sweep, uint32_t runs,
                            const struct sw_scenario_doubt *doubt, const char *what,
                            struct sw_metrics *metrics)
{
    static struct batch batch;
    batch = (struct batch){.sweep = sweep,
                           .phases = sweep->phases,
                           .doubt = doubt,
                           .what = what,
                           .runs = runs,
                           .jobs = sweep->jobs < runs ? sweep->jobs : runs,
                           .results = calloc(runs, sizeof(struct sw_rehearsal)),
                           .metrics = metrics};
    batch.started_ms = batch.shown_ms = sw_steady_ms();
    metrics->count = 0;
    enum sw_status status = batch.results != NULL ? run_all(&batch) : SW_NO_MEMORY;
    if (status == SW_OK) {
        count_chains(&batch);
        count_verdicts(&batch);
        count_told(&batch);
        count_truth(&batch);
        count_edges(&batch);
    }
    free(batch.results);
    return status;
}

void sw_metrics_free(struct sw_metrics *metrics)
{
    for (uint32_t i = 0; i < metrics->count; i++) {
        free(metrics->items[i].values);
    }
    metrics->count = 0;
}
