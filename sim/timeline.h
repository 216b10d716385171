/**
 * A scenario for people to read before it runs: what it is, and what would happen when.
 */
#ifndef SHAREWATCH_SIM_TIMELINE_H
#define SHAREWATCH_SIM_TIMELINE_H

#include <stdio.h>

#include <sharewatch/scenario.h>

/** Title, origin, variants. */
void sw_timeline_list(const struct sw_scenario *scenario, FILE *stream);

/** One line an event in the order of time; of a repeating step only the first, and how many more.
 *  SW_NO_MEMORY: as sw_generator_open(). */
enum sw_status sw_timeline_print(const struct sw_scenario *scenario, FILE *stream) SW_MUST_CHECK;

#endif
