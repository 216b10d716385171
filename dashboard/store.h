/**
 * The two files behind the page: the monitor's log, which is only read, and the reviews file, which
 * only the dashboard writes. One connection holds both, so that a list is one question.
 *
 * Nothing keeps a transaction open from one turn of the loop to the next: that would keep the
 * monitor from trimming its write-ahead log.
 */
#ifndef SHAREWATCH_DASHBOARD_STORE_H
#define SHAREWATCH_DASHBOARD_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include <sharewatch/data.h>
#include <sharewatch/status.h>

#define SW_REVIEWS_APPLICATION_ID 0x73777231
#define SW_REVIEWS_SCHEMA         1
#define SW_STORE_PROBLEM_BYTES    640
#define SW_LOG_SEALED             2 // version of the schema from which logs are sealed
/* The monitor let the broker wait: counted beside losses, but nothing is lost. */
#define SW_LOSS_IS_NONE "what = 'spool_waits'"
#define SW_KEPT_MAX     64u

/** How far both files are; 0 when a table is empty. */
struct sw_heads {
    int64_t alert, event, hop, review; // highest ids
    int64_t gap, quarantine, loss;
    int64_t losses;               // kinds of losses of all runs; waiting is none
    int64_t oldest_ms, newest_ms; // event time of the oldest and newest event
};

/** A statement that is kept: to prepare one costs several times what it costs to run it. */
struct sw_kept {
    uint64_t hash;           // of its text
    sqlite3_stmt *statement; // NULL: a free place
    bool lent;
    uint64_t used; // turn of its last use
};

struct sw_store {
    sqlite3 *database; // main: reviews; log: the log
    char log_path[SW_PATH_BYTES];
    char reviews_path[SW_PATH_BYTES]; // empty: kept in memory, see `reviewable`
    bool reviewable;                  // false: the reviews file cannot be written, reading only
    bool immutable;                   // the log's folder is read-only: opened as it is
    int64_t data_version;
    int64_t schema; // version of the log's
    struct sw_heads heads;
    struct sw_kept kept[SW_KEPT_MAX];
    uint64_t turn;
    uint64_t deadline_ns; // of the statements of this request, on the loop's clock; 0: none
    bool overran;         // a statement was ended for it
    int code;             // of the last statement of this request that failed, as SQLite has it; 0
    uint64_t log_device, log_inode; // the log's file when it was opened
    const char *trouble; // what is wrong with the files, a sentence for people; NULL: nothing
    void (*watcher)(void *context, const char *sql); // of tests: sees each statement; may be NULL
    void *watcher_context;
    char problem[SW_STORE_PROBLEM_BYTES]; // of the last failure, a sentence for people
};

/**
 * Opens the log at @log_path and the reviews at @reviews_path (NULL: beside the log). SW_NOT_FOUND,
 * SW_INVALID (no log of ours, or of another version), SW_IO, SW_DATABASE (locked or damaged):
 * `problem` says what is wrong and what to do; @store is closed.
 */
enum sw_status sw_store_open(struct sw_store *store, const char *log_path,
                             const char *reviews_path) SW_MUST_CHECK;

void sw_store_close(struct sw_store *store);

/** Prepares @sql, or takes it from those that are kept; NULL when it cannot be, which is logged to
 *  standard error. */
sqlite3_stmt *sw_store_prepare(struct sw_store *store, const char *sql);

/** Gives a prepared statement back (NULL: nothing); the code of its last step. */
int sw_store_done(struct sw_store *store, sqlite3_stmt *statement);

/** Runs @sql without results. */
enum sw_status sw_store_run(struct sw_store *store, const char *sql) SW_MUST_CHECK;

/** One step of @statement: true when there is a row. Ends a statement that overruns. */
bool sw_store_step(struct sw_store *store, sqlite3_stmt *statement);

/** The single integer that @sql gives; 0 when it gives none. */
int64_t sw_store_number(struct sw_store *store, const char *sql);

/** True when the files have moved since the last call; heads are then read anew. */
bool sw_store_refresh(struct sw_store *store);

/** Looks whether the log's file is still the one that was opened; `trouble` tells. */
void sw_store_look(struct sw_store *store);

/** Gives the statements from now on @milliseconds. */
void sw_store_limit(struct sw_store *store, uint32_t milliseconds);

/** A column as text that lives until the next step; never NULL. */
const char *sw_column(sqlite3_stmt *statement, int column);

#endif
