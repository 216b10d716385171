/**
 * The ground truth of a simulation as a file: one JSON line for each crossing that happened, told
 * or not, and as the last line the score of a monitor that judges by the map alone and gets all
 * that is told and arrives whole. Edges that the scenario switches off or on again are followed;
 * other packs and maps that it changes to are not, since a simulator has no rules.
 */
#ifndef SHAREWATCH_SIM_TRUTH_FILE_H
#define SHAREWATCH_SIM_TRUTH_FILE_H

#include <sharewatch/scenario.h>
#include <sharewatch/truth.h>

struct sw_truth_file;

/** Opens the file at @path; @map is changed as the scenario says. SW_IO, SW_NO_MEMORY: printed to
 * standard error. */
enum sw_status sw_truth_file_open(struct sw_truth_file **file, const char *path,
                                  const struct sw_scenario *scenario,
                                  struct sw_map *map) SW_MUST_CHECK;

/** Takes @made, the next event of the generator. */
void sw_truth_file_take(struct sw_truth_file *file, const struct sw_scenario_event *made);

/** Writes the score to the file, and in words to standard error. SW_IO: not all could be written;
 *  printed. */
enum sw_status sw_truth_file_finish(struct sw_truth_file *file) SW_MUST_CHECK;

/** Accepts NULL. */
void sw_truth_file_close(struct sw_truth_file *file);

#endif
