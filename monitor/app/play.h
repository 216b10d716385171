/**
 * A log played: its alerts to the terminal as they were told, or its events to a broker, in scaled
 * time or as fast as that goes.
 */
#ifndef SHAREWATCH_PLAY_H
#define SHAREWATCH_PLAY_H

#include <signal.h>
#include <stdbool.h>

#include <sharewatch/mqtt.h>

#include "render.h"
#include "replay.h"

/** How it is played. */
struct sw_play {
    struct sw_replay *replay; // opened; its filter says what is told
    double speed;             // seconds of the log in one of ours; 0: as fast as possible
    bool json;                // alerts as JSON
    struct sw_render render;
    const struct sw_mqtt_options *broker; // events go there; NULL: alerts go to standard output
    const volatile sig_atomic_t *interrupted;
};

/** Plays. Returns the exit code; what went wrong was printed. */
int sw_play_run(struct sw_play *play);

#endif
