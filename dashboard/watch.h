/**
 * Notices that another process wrote to the log.
 *
 * The kernel tells when the write-ahead log was touched, but a row becomes visible only a little
 * later, so each touch is followed by a few looks within 64 ms; and because a touch can be missed
 * (network file systems), there is a look each second in any case.
 */
#ifndef SHAREWATCH_DASHBOARD_WATCH_H
#define SHAREWATCH_DASHBOARD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/status.h>

/** Looks whether there is something new; true when there was. */
typedef bool (*sw_look_fn)(void *context);

struct sw_watch {
    uv_fs_event_t folder;
    uv_timer_t again;
    uv_timer_t second;
    uint32_t step;  // of the looks after a touch
    char name[256]; // of the log, without its folder
    sw_look_fn look;
    void *context;
};

/** Starts to look after the log at @path. SW_IO: the folder cannot be watched; the look each second
 *  works nevertheless. */
enum sw_status sw_watch_start(struct sw_watch *watch, uv_loop_t *loop, const char *path,
                              sw_look_fn look, void *context) SW_MUST_CHECK;

/** Looks again in a moment: there is more to take in. */
void sw_watch_hurry(struct sw_watch *watch);

void sw_watch_stop(struct sw_watch *watch);

#endif
