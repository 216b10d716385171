/**
 * Reading the steps of a storyline.
 */
#ifndef SHAREWATCH_SIM_STEP_H
#define SHAREWATCH_SIM_STEP_H

#include "loader.h"

/** Reads the step @node of @storyline as the next of `steps`. */
void sw_load_step(struct sw_loader *loader, uint32_t storyline, const struct sw_yaml_node *node);

/** `truncated`, or {clock: 7h}: hours that the sender's clock is ahead, behind with a minus;
 * {burst: 10m} and {reordered: 10m}: how long something is held back at most. */
struct sw_scenario_fault sw_load_event_fault(struct sw_loader *loader,
                                             const struct sw_yaml_node *node);

/** Once all steps are read: who follows whom, and which steps begin each storyline. */
void sw_load_link_steps(struct sw_loader *loader);

#endif
