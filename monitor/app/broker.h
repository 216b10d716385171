/**
 * The private broker of a run: mosquitto on the loopback address, for this run and nobody else.
 *
 * It gets a folder of its own (mode 0700) with its configuration, its persistent state and two
 * files of mode 0600: the hashed password that mosquitto reads, and the password itself for the
 * clients of the run. The password is made anew each time and stands on no command line.
 *
 * State outlives the process: it is saved after every hundred changes. A simulator sends again what
 * no receipt has confirmed, so nothing is lost by what a killed broker forgot. Publishers that know
 * no receipts need `save_each`, which saves after every change. Saving rewrites one file each time,
 * which on a disk costs nine events in ten (measured on an idle machine, events/s: on disk 2,900
 * after each change, 41,000 after a hundred; in memory 12,300 and 49,600; never 39,000). So the
 * folder is put into memory where there is room for that. A power cut ends the run in any case.
 */
#ifndef SHAREWATCH_BROKER_H
#define SHAREWATCH_BROKER_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>

#include "supervisor.h"

#define SW_BROKER_PATH_BYTES 256
#define SW_BROKER_USER       "sharewatch"

struct sw_broker;

/** It listens; called after each start. */
typedef void (*sw_broker_ready_fn)(struct sw_broker *broker);

/** It could not start listening; @sentence says why and what to do. */
typedef void (*sw_broker_failed_fn)(struct sw_broker *broker, const char *sentence);

/** It listened, and has ended; see broker->child. */
typedef void (*sw_broker_end_fn)(struct sw_broker *broker);

struct sw_broker {
    /* Set by the caller before the start. */
    void *context;
    bool save_each; // state after every change, not after every hundred
    sw_broker_ready_fn on_ready;
    sw_broker_failed_fn on_failed;
    sw_broker_end_fn on_end;

    /* Read by anyone, once it is ready. */
    bool ready;
    uint16_t port;
    char url[40];                                  // mqtt://127.0.0.1:PORT
    char folder[SW_BROKER_PATH_BYTES];             // empty: none
    char password_file[SW_BROKER_PATH_BYTES + 16]; // for clients

    /* The broker's own. */
    uv_loop_t *loop;
    struct sw_child child;
    char program[SW_BROKER_PATH_BYTES];
    bool port_given;
    bool port_taken;
    uint32_t tries_left;
};

/**
 * Makes the folder and starts mosquitto on @port, or on a free one when that is 0. SW_NOT_FOUND: it
 * is not installed; SW_IO: folder or files cannot be made. @sentence [SW_CHILD_LINE_BYTES] says so.
 * Otherwise on_ready or on_failed follows.
 */
enum sw_status sw_broker_start(struct sw_broker *broker, uv_loop_t *loop, uint16_t port,
                               char *sentence) SW_MUST_CHECK;

/** Starts it once more after its end, on the same port and with its state. As sw_broker_start(). */
enum sw_status sw_broker_start_again(struct sw_broker *broker, char *sentence) SW_MUST_CHECK;

/** Removes the folder and all in it. Accepts a zeroed broker. */
void sw_broker_remove_folder(struct sw_broker *broker);

#endif
