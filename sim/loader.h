/**
 * The state of one load of a scenario, which the files that read it share.
 *
 * They stand on one another in this order: load_value (numbers, names, times), load_actor,
 * load_data (fields of events), expectation, step; load_head (the top of the file) and variant (the
 * tree of steps before they are read) beside them; scenario calls them all. Readers report what is
 * wrong and go on with a harmless value, so that one run shows all mistakes.
 */
#ifndef SHAREWATCH_SIM_LOADER_H
#define SHAREWATCH_SIM_LOADER_H

#include <sharewatch/scenario.h>

struct sw_loader {
    struct sw_scenario *scenario;
    const struct sw_scenario_options *options;
    struct sw_report *report;
    const struct sw_yaml_node *root; // after the variant was applied
    uint64_t key;                    // of all draws: seed
    uint32_t sets_used;              // bits of the options' sets that found their place
    struct sw_scenario_actor *actors;
    struct sw_scenario_storyline *storylines;
    struct sw_scenario_step *steps;
    const struct sw_yaml_node **afters; // [step], the name of the step it follows, or NULL
};

#endif
