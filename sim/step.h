/**
 * Reading the steps of a storyline.
 */
#ifndef SHAREWATCH_SIM_STEP_H
#define SHAREWATCH_SIM_STEP_H

#include "loader.h"

/** Reads the step @node of @storyline as the next of `steps`. */
void sw_load_step(struct sw_loader *loader, uint32_t storyline, const struct sw_yaml_node *node);

/** Once all steps are read: who follows whom, and which steps begin each storyline. */
void sw_load_link_steps(struct sw_loader *loader);

#endif
