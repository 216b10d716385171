/**
 * Events into a file, one JSON object a line, instead of to a broker.
 */
#ifndef SHAREWATCH_SIM_WRITER_H
#define SHAREWATCH_SIM_WRITER_H

#include <signal.h>
#include <stdint.h>

#include <sharewatch/scenario.h>

#include "clock.h"
#include "progress.h"
#include "truth_file.h"

/**
 * Writes all events of @scenario to @path, `-` being standard output, paced by @clock. Ends early
 * when @stop is set. @truth takes what happens, told or not; NULL: nobody wants it. SW_IO: said why
 * on standard error. @events: how many were written.
 */
enum sw_status sw_writer_run(const struct sw_scenario *scenario, const char *path,
                             struct sw_truth_file *truth, struct sw_clock *clock,
                             struct sw_progress *progress, const volatile sig_atomic_t *stop,
                             uint64_t *events) SW_MUST_CHECK;

#endif
