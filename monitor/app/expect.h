/**
 * Compares a log with what a scenario expects of it.
 *
 * The events of the scenario are made anew from its seed, and the log is asked how it judged each
 * of them; so the log may hold other events besides, and the whole comparison takes no more memory
 * than the scenario itself.
 */
#ifndef SHAREWATCH_EXPECT_H
#define SHAREWATCH_EXPECT_H

#include <stdio.h>

#include <sharewatch/scenario.h>

/**
 * Compares the log at @log_path with the scenario at @scenario_path, which ran with @options.
 * @under: the policy pack that the log was made under, when it is another than the scenario's own;
 * else NULL. Differences, mistakes of the scenario, and a closing line go to @stream. Returns how
 * the program is to end: SW_EXIT_OK, SW_EXIT_NO when something differs, SW_EXIT_ENVIRONMENT when
 * the log or the scenario cannot be read.
 */
int sw_expect(const char *scenario_path, const struct sw_scenario_options *options,
              const char *log_path, const char *under, FILE *stream);

#endif
