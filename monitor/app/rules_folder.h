/**
 * A folder with the map and the policy packs that are in force, for a monitor that reads them anew
 * when they change:
 *
 *   FOLDER/map.yaml              a link to the map
 *   FOLDER/policy/ca-state       a link to each pack
 *   FOLDER/policy/edges-off      a pack of its own, when edges are switched off
 */
#ifndef SHAREWATCH_RULES_FOLDER_H
#define SHAREWATCH_RULES_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include <sharewatch/scenario.h>

/** Makes the folder at @path, or takes one that is there, and fills it with @rules; without packs
 *  when @packs is false. False: @sentence [sentence_bytes] says what is wrong and what to do. */
bool sw_rules_folder_write(const char *path, const struct sw_scenario_rules *rules, bool packs,
                           char *sentence, size_t sentence_bytes) SW_MUST_CHECK;

/** Removes it, if it is there. */
void sw_rules_folder_remove(const char *path);

#endif
