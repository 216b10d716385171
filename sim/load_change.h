/**
 * What changes in the rules, or fails among the machines, while a scenario runs.
 */
#ifndef SHAREWATCH_SIM_LOAD_CHANGE_H
#define SHAREWATCH_SIM_LOAD_CHANGE_H

#include "loader.h"
#include "variant.h"

/** Reads `changes` and `faults`, each from the newest of @patches that has it. After the head. */
void sw_load_changes(struct sw_loader *loader, const struct sw_patches *patches);

#endif
