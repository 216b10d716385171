/**
 * Sends the events of a scenario to a broker, so that each is in the monitor's log exactly once,
 * whatever is killed meanwhile: the broker, the monitor or the simulator itself.
 *
 * Sending again is always safe, since ids and bytes are the same each time and the monitor knows
 * what it has. After a broken connection everything without a receipt goes out again; a simulator
 * that was killed makes its events anew from the seed and leaves out those that the retained
 * receipts cover. At the end each source's `ended` status (retained) tells its last number.
 */
#ifndef SHAREWATCH_SIM_PUBLISHER_H
#define SHAREWATCH_SIM_PUBLISHER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/mqtt.h>
#include <sharewatch/scenario.h>

#include "clock.h"
#include "hold.h"
#include "progress.h"

/**
 * Sends all of @scenario, paced by @clock, holds at each of its changes, and waits until the
 * monitor has it all in its log; with
 * @receipts false, until the broker has. Ends early when @stop is set. @events: how many there
 * were, those that were left out included. SW_INVALID, SW_NETWORK or SW_NO_MEMORY: said why on
 * standard error.
 */
enum sw_status sw_publisher_run(const struct sw_scenario *scenario,
                                const struct sw_mqtt_options *options, bool receipts,
                                struct sw_clock *clock, struct sw_progress *progress,
                                const struct sw_hold *hold, const volatile sig_atomic_t *stop,
                                uint64_t *events) SW_MUST_CHECK;

#endif
