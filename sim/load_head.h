/**
 * What stands at the top of a scenario file: what it is, when it begins, by which rules and curves.
 */
#ifndef SHAREWATCH_SIM_LOAD_HEAD_H
#define SHAREWATCH_SIM_LOAD_HEAD_H

#include "loader.h"
#include "variant.h"

/** Reads all of it, each value from the newest of @patches that has it. */
void sw_load_head(struct sw_loader *loader, const struct sw_patches *patches);

#endif
