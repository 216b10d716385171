/**
 * Waiting at what a scenario changes in rules or machines, until a supervisor has done it.
 *
 * The simulator says `{"state":"waiting","change":N}` on its status descriptor and goes on when it
 * gets SIGUSR1. One that was killed asks for changes that were made before again.
 */
#ifndef SHAREWATCH_SIM_HOLD_H
#define SHAREWATCH_SIM_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct sw_hold {
    int status_fd; // -1: nobody makes the changes, so none is waited for
};

/** Before any other thread starts. @status_fd -1: nothing is held. */
void sw_hold_init(struct sw_hold *hold, int status_fd);

/** Asks for change number @change of the scenario. */
void sw_hold_ask(const struct sw_hold *hold, uint32_t change);

/** Waits for the answer for at most @ms, below a second; true when it has come. It is taken once.
 */
bool sw_hold_answered(const struct sw_hold *hold, int ms);

#endif
