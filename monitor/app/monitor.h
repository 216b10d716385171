/**
 * The monitor: one loop that takes packets from the spool, has the pipeline judge them, writes the
 * log, and tells of it when it is safe.
 *
 *   MQTT thread          loop                                             worker threads
 *   digest, append ───►  take, decode, insert, step, rows ─ commit ─────► fdatasync of the WAL
 *   (spool)                                     ▲                          │     checkpoints
 *                        alerts, receipts, release of the spool ◄──────────┘
 *
 * Commits follow the disk: while one fdatasync runs, events go into an open transaction; when it is
 * done that transaction is committed and the next fdatasync begins. So batches grow with the load
 * and a lone event waits for nothing. The loop itself never waits for the disk.
 *
 * Everything is reserved before the first event; monitor/README.md lists it.
 */
#ifndef SHAREWATCH_MONITOR_H
#define SHAREWATCH_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/log.h>
#include <sharewatch/mqtt.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/policy.h>

#include "alert.h"
#include "inbox.h"
#include "judge.h"
#include "notary.h"
#include "spool.h"
#include "witness.h"

#define SW_MONITOR_ALERTS_MAX 1024 // between their insert and their being safe
#define SW_MONITOR_TAKE_MAX   256  // packets of one turn of the loop
#define SW_MONITOR_ROWS_MAX   8192 // rows of one transaction

/** What a monitor works with; all of it outlives the monitor. */
struct sw_monitor_config {
    struct sw_mqtt *mqtt;
    const char *client_id;
    const char *log_path;
    const char *spool_path;
    const char *key_folder;   // of the key that signs the log; NULL: the default one
    int64_t signer_ms;        // a signer that does not answer for so long is ended; 0: the default
    const char *witness_path; // gets a copy of each signed head; NULL: nobody
    uint64_t spool_bytes;
    int status_descriptor; // for progress as JSON lines; -1: none
    struct sw_log_run run; // map, policy and rules
    struct sw_rules rules;
    struct sw_scratch *scratch; // of the rules: what correlations count goes into the log
    /** Reads map and policy anew after SIGHUP and fills @run, @rules and @scratch; false when they
     *  have mistakes, which it reports. NULL: not offered. */
    bool (*reload)(void *context, struct sw_log_run *run, struct sw_rules *rules,
                   struct sw_scratch **scratch);
    void *context;
};

/** A publisher as the loop sees it, by its index in the pipeline. */
struct sw_monitor_source {
    bool touched;       // in the running transaction
    bool owed;          // a receipt is due
    uint64_t committed; // up to here all was in the log at the last commit
    uint64_t syncing;   // and at the commit before the running fdatasync
    uint64_t durable;   // and is safe
};

enum sw_monitor_stage {
    SW_MONITOR_RUNNING,
    SW_MONITOR_DRAINING,      // asked to stop: what is in the spool first
    SW_MONITOR_PARTING,       // said goodbye, waiting until the broker has taken it
    SW_MONITOR_DISCONNECTING, // waiting for the end of the connection
    SW_MONITOR_FINISHING,     // what came meanwhile, then the end
    SW_MONITOR_ENDED,
};

enum sw_monitor_checkpoint {
    SW_CHECKPOINT_NONE,
    SW_CHECKPOINT_BESIDE, // a first pass while commits go on
    SW_CHECKPOINT_DUE,    // a second, short one at the next commit
    SW_CHECKPOINT_ALONE,  // while nothing is written, so that the WAL starts anew
};

struct sw_monitor {
    const struct sw_monitor_config *config;
    struct sw_log log;
    struct sw_spool spool;
    struct sw_inbox inbox;
    struct sw_witness witness;
    struct sw_notary notary;
    void *pipeline_memory;
    struct sw_pipeline *pipeline;
    struct sw_pipeline_config pipeline_config;
    struct sw_scratch *scratch;

    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t tick;     // once a second: gaps, losses
    uv_timer_t progress; // receipts, status lines
    uv_signal_t signals[3];
    uv_fs_t sync;
    uv_work_t checkpoint;

    struct sw_judge judge; // of the event that is being taken
    char scrubbed[SW_JUDGE_STORED_MAX];
    char json[SW_ALERT_JSON_BYTES];

    /* Alerts by their number in the log. The ring has the newest; what is not in it, because it was
     * logged before the start or the broker was away, is read from the log. */
    struct sw_log_alert alerts[SW_MONITOR_ALERTS_MAX];
    uint64_t alerts_logged_before, alerts_added, alerts_committed, alerts_syncing, alerts_durable;
    uint64_t alerts_told;      // handed to the broker up to here
    uint64_t alerts_arrived;   // it has taken all up to here; the log keeps this number
    bool alerts_behind;        // told of less than is safe: nothing waits for that
    struct sw_log_alert alert; // as read from the log

    struct sw_monitor_source sources[SW_SOURCES_MAX];
    uint32_t source_count;

    uint64_t taken, committed, syncing, durable; // positions in the spool
    bool sync_running;
    bool dirty; // something was committed since the last fdatasync began
    enum sw_monitor_checkpoint checkpoint_state;
    char checkpoint_sentence[SW_LOG_SENTENCE_BYTES];
    enum sw_status checkpoint_status;
    int64_t checkpoint_bytes; // of the WAL, at which the next begins
    enum sw_monitor_stage stage;
    bool reload_wanted; // SIGHUP came and has not been answered
    bool announced;     // as online, since the last connect
    uint64_t connects_seen;
    uint64_t failures_seen; // of messages to the broker
    int64_t stage_ms;       // monotonic, when the stage began
    uint32_t progress_turns;
    int exit_code;

    uint64_t duplicates_total, quarantined_total, spool_damaged_total;
    uint64_t losses_seen[16];   // the counters as they were, in the order of monitor.c
    uint64_t losses_logged[16]; // what the log says already: counters begin anew after a reload
};

/**
 * Runs until SIGTERM or SIGINT, then drains, commits and closes. Returns an exit code: 0, or 3
 * after one line on standard error. @monitor is large and zeroed: place it statically.
 */
int sw_monitor_run(struct sw_monitor *monitor, const struct sw_monitor_config *config);

#endif
