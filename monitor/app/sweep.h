/**
 * A scenario run many times, each time with another seed, in children of this process, and what is
 * counted in each run.
 */
#ifndef SHAREWATCH_SWEEP_H
#define SHAREWATCH_SWEEP_H

#include <stdint.h>

#include <sharewatch/scenario.h>
#include <sharewatch/status.h>

#include "phases.h"
#include "rehearse.h"

#define SW_SWEEP_JOBS_MAX    64
#define SW_SWEEP_SETS_MAX    32
#define SW_SWEEP_LABEL_BYTES 160
#define SW_SWEEP_METRICS_MAX (24 + SW_MAP_EDGES_MAX)

/** One thing that is counted in each run. */
struct sw_metric {
    char label[SW_SWEEP_LABEL_BYTES];
    const char *heading; // of the group it belongs to
    double *values;      // [runs], by seed
};

struct sw_metrics {
    struct sw_metric items[SW_SWEEP_METRICS_MAX]; // [count]
    uint32_t count;
};

struct sw_sweep {
    const char *path;
    const char *variant;         // NULL: the first
    struct sw_scenario scenario; // as first loaded
    struct sw_phases phases;
    const char *sets[SW_SWEEP_SETS_MAX];
    uint32_t set_count;
    uint32_t seeds;
    uint32_t jobs; // processes at once
};

/** How the scenario is loaded for the run with @seed. */
struct sw_scenario_options sw_sweep_options(const struct sw_sweep *sweep, uint64_t seed,
                                            const struct sw_scenario_doubt *doubt);

/**
 * Runs the scenario with the seeds 1 to @runs, with @doubt unless that is NULL, and counts into
 * @metrics, which is to be freed in any case. On a terminal it shows how far it is with @what.
 * SW_IO: a run failed; SW_NO_MEMORY.
 */
enum sw_status sw_sweep_run(const struct sw_sweep *sweep, uint32_t runs,
                            const struct sw_scenario_doubt *doubt, const char *what,
                            struct sw_metrics *metrics) SW_MUST_CHECK;

void sw_metrics_free(struct sw_metrics *metrics);

#endif
