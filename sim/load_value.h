/**
 * The small values of a scenario file: names, numbers, times, shares.
 */
#ifndef SHAREWATCH_SIM_LOAD_VALUE_H
#define SHAREWATCH_SIM_LOAD_VALUE_H

#include "keys.h"
#include "loader.h"

/** Reports that @node is of the wrong kind; false, for chaining. */
bool sw_load_wants(struct sw_loader *loader, const struct sw_yaml_node *node,
                   enum sw_yaml_type type, const char *what);

/** Reports each key of @node that is not among @keys; true when all are. */
bool sw_load_check_keys(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const struct sw_keys *keys);

/** The text of the scalar @node, copied; empty and reported when it is none. */
struct sw_text sw_load_text(struct sw_loader *loader, const struct sw_yaml_node *node,
                            const char *what);

/** As sw_load_text(), for a name: lower-case letters, digits, `-` and `.`, at most 40. */
struct sw_text sw_load_name(struct sw_loader *loader, const struct sw_yaml_node *node,
                            const char *what);

/** A list of policy packs into @packs; how many there are, 0 and reported when it is none. */
uint32_t sw_load_packs(struct sw_loader *loader, const struct sw_yaml_node *node,
                       struct sw_text packs[SW_SCENARIO_PACKS_MAX]);

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

/** Checks that @node's text has the form of @info's type; false and reported when it has not. */
bool sw_load_check_form(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const struct sw_field_info *info);

#endif
