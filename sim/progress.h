/**
 * How far the simulator is: JSON lines for a supervisor, a line for a person at a terminal.
 */
#ifndef SHAREWATCH_SIM_PROGRESS_H
#define SHAREWATCH_SIM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct sw_progress {
    int status_fd; // JSON lines; -1: none
    bool terminal; // a line on standard error that is written over
    uint64_t total;
    int64_t started_ms;
    int64_t shown_ms; // when something was last shown
};

void sw_progress_init(struct sw_progress *progress, int status_fd, uint64_t total, int64_t now_ms);

/** `{"state":"ready"}`. */
void sw_progress_ready(struct sw_progress *progress);

/** About four times a second: how many @events were made, at which @virtual_ms. */
void sw_progress_running(struct sw_progress *progress, uint64_t events, int64_t virtual_ms,
                         int64_t now_ms);

/** The end: @events in all. */
void sw_progress_done(struct sw_progress *progress, uint64_t events, int64_t now_ms);

#endif
