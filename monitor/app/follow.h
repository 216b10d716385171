/**
 * Alerts as they come into a log that another process writes.
 *
 * The folder of the log is watched, since its -wal file comes and goes; the watch fires before the
 * row can be seen, so each firing is followed by a second look, and a slow poll finds what both
 * missed (without it one row in some ten thousand was never seen, measured).
 */
#ifndef SHAREWATCH_FOLLOW_H
#define SHAREWATCH_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/log.h>
#include <sharewatch/status.h>

struct sw_follow;

/** One alert, in order of id. It may stop the following. */
typedef void (*sw_follow_alert_fn)(struct sw_follow *follow, const struct sw_log_alert *alert);

/** The log cannot be read; follow->reader.sentence says why. The following has stopped. */
typedef void (*sw_follow_failed_fn)(struct sw_follow *follow);

struct sw_follow {
    /* Set by the caller before the start. */
    void *context;
    sw_follow_alert_fn on_alert;
    sw_follow_failed_fn on_failed;
    int64_t last_id; // alerts after this one are told; moves on

    /* The module's own, the reader is free to use. */
    struct sw_log_reader reader;
    bool open; // the log is there
    bool active;
    const char *path;
    uv_fs_event_t watch;
    uv_timer_t recheck;
    uv_timer_t poll;
};

/**
 * Begins to follow the log at @path, which stays the caller's and may not be there yet. SW_IO: its
 * folder cannot be watched; SW_DATABASE: it is no log. follow->reader.sentence says so.
 */
enum sw_status sw_follow_start(struct sw_follow *follow, uv_loop_t *loop,
                               const char *path) SW_MUST_CHECK;

/** Tells of all alerts that are there now. */
void sw_follow_drain(struct sw_follow *follow);

/** Stops and closes; accepts one that has stopped or was never started. */
void sw_follow_stop(struct sw_follow *follow);

#endif
