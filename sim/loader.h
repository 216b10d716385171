/**
 * What the files that read a scenario share: the state of one load, and readers of small values.
 *
 * Readers report what is wrong and go on with a harmless value, so that one run shows all mistakes.
 */
#ifndef SHAREWATCH_SIM_LOADER_H
#define SHAREWATCH_SIM_LOADER_H

#include <sharewatch/scenario.h>

#include "keys.h"

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

/* scenario_value.c */

/** Reports each key of @node that is not among @keys; true when all are. */
bool sw_load_check_keys(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const struct sw_keys *keys);

/** The text of the scalar @node, copied; empty and reported when it is none. */
struct sw_text sw_load_text(struct sw_loader *loader, const struct sw_yaml_node *node,
                            const char *what);

/** As sw_load_text(), for a name: lower-case letters, digits, `-` and `.`, at most 40. */
struct sw_text sw_load_name(struct sw_loader *loader, const struct sw_yaml_node *node,
                            const char *what);

/** true, false, yes or no. */
bool sw_load_flag(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what);

/** A whole number between @min and @max. */
int64_t sw_load_integer(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what,
                        int64_t min, int64_t max);

/** A number of at least zero. */
double sw_load_number(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what);

/** A share: `8%` or 0.08. */
double sw_load_share(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what);

/** `+1h20m`, `3d`, {between: [20d, 120d]}, or {median: 40m, spread: 0.6, most: 4h}. */
struct sw_scenario_delay sw_load_delay(struct sw_loader *loader, const struct sw_yaml_node *node,
                                       const char *what);

/** A length of time that may be negative: `-7h`. */
int64_t sw_load_shift(struct sw_loader *loader, const struct sw_yaml_node *node);

/** {every: 1h, times: 3}, {times: 25, over: 24h}, or {per_day: 9000, days: 40, curve: search}. */
struct sw_scenario_repeat sw_load_repeat(struct sw_loader *loader, const struct sw_yaml_node *node);

/** Fields of an event, checked against the taxonomy. @node NULL: none. */
struct sw_scenario_data sw_load_data(struct sw_loader *loader, const struct sw_yaml_node *node);

/** Reports that @node is of the wrong kind; false, for chaining. */
bool sw_load_wants(struct sw_loader *loader, const struct sw_yaml_node *node,
                   enum sw_yaml_type type, const char *what);

/** Checks that @text has the form of @type; false and reported when it has not. */
bool sw_load_check_form(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const struct sw_field_info *info);

/* expectation.c */

struct sw_expectation sw_load_expectation(struct sw_loader *loader,
                                          const struct sw_yaml_node *node);
void sw_load_totals(struct sw_loader *loader, const struct sw_yaml_node *node);

/* step.c */

/** Reads the step @node of @storyline as the next of `steps`. */
void sw_load_step(struct sw_loader *loader, uint32_t storyline, const struct sw_yaml_node *node);

/** Once all steps are read: who follows whom, and which steps begin each storyline. */
void sw_load_link_steps(struct sw_loader *loader);

/* scenario.c */

/** The token of the person or vehicle that the scenario calls @node; empty and reported when
 *  unknown. @list is "people" or "vehicles". */
struct sw_text sw_load_who(struct sw_loader *loader, const struct sw_yaml_node *node,
                           const char *list);
uint32_t sw_load_actor_index(struct sw_loader *loader, const struct sw_yaml_node *node);
uint32_t sw_load_source(struct sw_loader *loader, struct sw_text reporter, struct sw_place place);

/** Checks @node, the name of a system, against the map when there is one. */
void sw_load_check_system(struct sw_loader *loader, const struct sw_yaml_node *node);

#endif
