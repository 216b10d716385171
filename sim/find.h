/*
 * Where a scenario is.
 */
#ifndef SIM_FIND_H
#define SIM_FIND_H

#include <sharewatch/arena.h>
#include <sharewatch/diagnostic.h>

/*
 * The file of the scenario at @path: the file itself, scenario.yaml in that folder, or the one of
 * that name ("subject-a") among those that come with the program. Allocated from @arena, since
 * places in messages name it. NULL when a name is none of these; @report lists those there are.
 */
const char *sw_scenario_find(struct sw_arena *arena, const char *path, struct sw_report *report);

#endif
