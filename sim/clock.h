/**
 * The virtual clock: scenario time as a multiple of real time, or as fast as it goes.
 *
 * It starts with the first event that is sent, so that a simulator that was restarted does not wait
 * through what it has sent before.
 */
#ifndef SHAREWATCH_SIM_CLOCK_H
#define SHAREWATCH_SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>

struct sw_clock {
    double speed;         // virtual seconds a second; 0: as fast as it goes
    int64_t pause_ms_max; // real; a longer wait is cut to this; 0: none is
    bool started;
    int64_t virtual_start_ms;
    int64_t real_start_ms;
};

/** Reads `1`, `3600`, `0.5` or `max`. SW_MALFORMED: it is none of these. */
enum sw_status sw_clock_parse(const char *text, double *speed) SW_MUST_CHECK;

/** @pause_ms_max lets a scenario of months be watched: its quiet weeks are skipped. */
void sw_clock_init(struct sw_clock *clock, double speed, int64_t pause_ms_max);

/** How long to wait, in real ms, until virtual time reaches @virtual_ms; 0: it has. The first call
 *  starts the clock. */
int64_t sw_clock_wait_ms(struct sw_clock *clock, int64_t virtual_ms, int64_t real_ms);

/** Sleeps for at most @ms; a signal ends it early. */
void sw_clock_sleep(int64_t ms);

#endif
