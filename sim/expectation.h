/**
 * Reading what a scenario expects.
 */
#ifndef SHAREWATCH_SIM_EXPECTATION_H
#define SHAREWATCH_SIM_EXPECTATION_H

#include "loader.h"

/** What a step expects. */
struct sw_expectation sw_load_expectation(struct sw_loader *loader,
                                          const struct sw_yaml_node *node);

/** What the whole scenario expects: totals, counts and chains. */
void sw_load_totals(struct sw_loader *loader, const struct sw_yaml_node *node);

#endif
