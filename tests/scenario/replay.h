/**
 * A scenario through the real pipeline, without broker and log: generator, wire, decoder, map,
 * rules, chains; then everything the scenario expects is compared with what came out.
 *
 * It stands where the monitor's shell stands: it drops what was seen before, and it judges parents
 * again when the pipeline asks for it.
 */
#ifndef SHAREWATCH_TEST_REPLAY_H
#define SHAREWATCH_TEST_REPLAY_H

#include <stdbool.h>

#include <sharewatch/finding.h>
#include <sharewatch/map.h>
#include <sharewatch/scenario.h>

struct replay;

/** Runs @scenario under @rules. @under names the pack when it is another than the scenario's own;
 *  then only the steps' expectations count, since the totals are those of its own packs. Prints
 * each difference with scenario, variant and step to standard error; true when there is none. */
bool replay_scenario(const struct sw_scenario *scenario, const struct sw_map *map,
                     struct sw_rules rules, struct sw_text under);

#endif
