/**
 * A scenario written into a file for one test.
 */
#ifndef SHAREWATCH_SCENARIO_FILE_H
#define SHAREWATCH_SCENARIO_FILE_H

#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sharewatch/scenario.h>

/* What most tests do not care about. */
#define HEAD                                                                                       \
    "scenario: s\n"                                                                                \
    "title: t\n"                                                                                   \
    "from: a test\n"                                                                               \
    "start: 2026-03-02T00:00:00-08:00\n"                                                           \
    "people: {somebody: x}\n"                                                                      \
    "actors:\n"                                                                                    \
    "  jail: {agency: LAPD, class: local, system: LAPD-JAIL, role: jail_clerk}\n"                  \
    "  unit: {agency: LAPD, system: LAPD-ID}\n"

/** Loads @source as a scenario; the caller frees @scenario and @report. */
static inline enum sw_status load_source(struct sw_scenario *scenario, const char *source,
                                         const struct sw_scenario_options *options,
                                         struct sw_report *report)
{
    char path[] = "/tmp/sharewatch-scenario-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, source, strlen(source)), strlen(source));
    assert_int_equal(close(fd), 0);
    enum sw_status status = sw_scenario_open(scenario, path, options, report);
    assert_int_equal(unlink(path), 0);
    return status;
}

/** As load_source(), for a scenario without mistakes. */
static inline void load_good(struct sw_scenario *scenario, const char *source, const char *variant)
{
    struct sw_report report = {0};
    struct sw_scenario_options options = {.variant = variant};
    enum sw_status status = load_source(scenario, source, &options, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    assert_int_equal(status, SW_OK);
}

#endif
