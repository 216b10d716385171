/**
 * What the files behind `sharewatch run` share: the run, its children and its end.
 *
 * command_run.c reads the command line and tells what happens, run_children.c starts the broker,
 * the monitor, the simulator and the dashboard and sees to their ends, run_changes.c carries out
 * what the scenario changes in rules and machines.
 */
#ifndef SHAREWATCH_RUN_H
#define SHAREWATCH_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/data.h>
#include <sharewatch/log.h>
#include <sharewatch/scenario.h>

#include "broker.h"
#include "follow.h"
#include "render.h"
#include "story.h"
#include "supervisor.h"

#define SW_RUN_PACKS_BYTES 512
#define SW_RUN_PAGE_BYTES  256

/** What a child says of itself on its status descriptor. */
struct sw_run_progress {
    char url[SW_RUN_PAGE_BYTES]; // of the dashboard's page
    uint64_t events;
    uint64_t total;
    int64_t virtual_ms;
    int64_t lag_ms;
    char state[16];
    int64_t change; // that a simulator waits for
};

struct sw_run {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate, hangup;
    uv_timer_t tick;
    struct sw_broker broker;
    struct sw_child monitor, sim, dashboard;
    struct sw_follow follow;
    struct sw_story story;
    struct sw_render render;
    struct sw_footer footer;
    struct sw_run_progress monitor_says, sim_says;
    uint64_t ticks;
    uint64_t events_before; // of the monitor, at the last tick
    double rate;            // events a second, smoothed
    uint64_t alert_total;
    bool sim_started;
    bool monitor_ready;    // since its last start
    uint32_t changes_done; // of the scenario's
    bool reload_due;       // the monitor has been told to read other rules
    bool disk_full;        // for the monitor
    bool fault_due;        // of a machine, when all of them work again
    struct sw_child *hit;  // that the scenario made fail, until it is ready again
    uv_timer_t disk;       // until it is not
    bool ending;
    bool finished; // the simulator sent all there is
    bool staying;  // the scenario is over, and told
    bool interrupted;
    int code;

    /* What was asked for. */
    const char *scenario_path, *variant, *seed_text, *speed, *pause, *policy, *log_given,
        *port_text, *score_path;
    bool expect, stay, alerts_only, no_dashboard;
    uint16_t port;
    int64_t seed;
    struct sw_scenario scenario;
    char folder[PATH_MAX]; // of the programs
    char log[SW_LOG_PATH_BYTES];
    char map[SW_PATH_BYTES];
    char packs[SW_PATH_BYTES + SW_RUN_PACKS_BYTES];
    char rules[SW_PATH_BYTES];    // folder of the rules in force; empty: the scenario changes none
    char page[SW_RUN_PAGE_BYTES]; // address of the dashboard; empty: there is none
};

/* command_run.c */

/** One line for the person who watches. */
void sw_run_complain(struct sw_run *run, const char *sentence);

/** Tells what is in the log by now: alerts, and events between them. */
void sw_run_catch_up(struct sw_run *run);

/** The simulator is done and the run stays (--keep): tells all. */
void sw_run_stay(struct sw_run *run);

/** An alert came into the log; it could not be read. */
void sw_run_on_alert(struct sw_follow *follow, const struct sw_log_alert *alert);
void sw_run_on_follow_failed(struct sw_follow *follow);

/** All children are gone: tells what is left to tell and lets the loop end. */
void sw_run_close(struct sw_run *run);

/* run_children.c */

/** Who is told of what; before the broker is started. */
void sw_run_prepare_children(struct sw_run *run);

/** Ends the run in order, with exit code @code unless it is ending already. */
void sw_run_end(struct sw_run *run, int code);

/** Starts the monitor, with the rules that are in force. */
void sw_run_start_monitor(struct sw_run *run);

/** The next step of the end, when it has begun. */
void sw_run_advance_end(struct sw_run *run);

/* run_changes.c */

/** The simulator waits at @change of the scenario: sees to it, and answers. */
void sw_run_change(struct sw_run *run, uint32_t change);

/** The monitor said that it is "ready", has "reloaded" its rules or has "kept" the former. */
void sw_run_monitor_said(struct sw_run *run, const char *state);

/** @child is ready, or the disk has room again: the next fault may come. */
void sw_run_recovered(struct sw_run *run, const struct sw_child *child);

/** Writes the rules that are in force after the first @changes of the scenario for the monitor to
 *  read. False: said why. */
bool sw_run_write_rules(struct sw_run *run, uint32_t changes);

/** Ends a full disk early; nothing when there is none. */
void sw_run_free_disk(struct sw_run *run);

#endif
