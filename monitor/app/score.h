/**
 * The log of a run held against ground truth: the scenario is made once more, with what nobody told
 * and what was lost, and each event is looked up in the log (truth.h says what is counted).
 */
#ifndef SHAREWATCH_SCORE_H
#define SHAREWATCH_SCORE_H

#include <stdbool.h>
#include <stdio.h>

#include <sharewatch/scenario.h>
#include <sharewatch/truth.h>

/**
 * Counts @score for the log at @log, which ran @scenario with the same variant, seed and instance.
 * @policy: the packs that stood in for the scenario's own, or NULL. False: what is wrong was
 * printed to standard error, beginning with the @verb.
 */
bool sw_score_log(const struct sw_scenario *scenario, const char *log, const char *policy,
                  const char *verb, struct sw_truth_score *score);

/** Prints @score in words. */
void sw_score_print(const struct sw_truth_score *score, FILE *stream);

/** Writes @score as one line of JSON to the file at @path. False: printed to standard error. */
bool sw_score_write(const struct sw_truth_score *score, const char *path, const char *verb);

#endif
