/**
 * What is kept up to date in place, computed from sealed rows: the roll-ups, the counts of daily
 * alerts, the newest numbers of sources, the spool's place, and the ends of runs.
 */
#ifndef SHAREWATCH_SUMS_H
#define SHAREWATCH_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>

#include "entry.h"

struct sqlite3;
struct sqlite3_stmt;

#define SW_SUM_KEY_BYTES 120

/** Hops of one hour, edge, pair of systems, verdict and level. */
struct sw_sum {
    int64_t hour;
    uint64_t hops; // 0: a free place
    uint32_t key_length;
    char key[SW_SUM_KEY_BYTES]; // the rest, each with a NUL
};

struct sw_alert_sum {
    int64_t hops, last_ms, last_hop;
};

/** The newest of what entries tell by numbers; `entry` is its place + 1, 0 when there was none. */
struct sw_newest {
    uint64_t entry;
    int64_t numbers[3];
    uint64_t settled; // of a source: the same for the newest entry that says that no number is
    int64_t whole;    // missing, and up to which event that was so
};

struct sw_sums {
    struct sw_sum *hours; // [hour_capacity], a power of two
    uint64_t hour_count, hour_capacity;
    struct sw_alert_sum *alerts; // [alert_capacity], by id
    uint64_t alert_capacity;
    struct sw_newest *sources; // [source_capacity], by id
    uint64_t source_capacity;
    struct sw_newest *runs; // [run_capacity], by id
    uint64_t run_capacity;
    struct sw_newest spool;
};

/** Reserves for the alerts, sources and runs that @database has. SW_NO_MEMORY. */
enum sw_status sw_sums_open(struct sw_sums *sums, struct sqlite3 *database) SW_MUST_CHECK;

/** Accepts zeroed ones. */
void sw_sums_close(struct sw_sums *sums);

/** Counts the hop that @hop, a row of the table, stands on. False: no memory. */
bool sw_sums_add_hop(struct sw_sums *sums, struct sqlite3_stmt *hop);

/** Takes the numbers of an entry that has some, in any order of entries. */
void sw_sums_add_numbers(struct sw_sums *sums, const struct sw_entry *entry);

/** Adds what @more has counted over other entries. False: no memory. */
bool sw_sums_add(struct sw_sums *sums, const struct sw_sums *more) SW_MUST_CHECK;

/** Compares with what @database keeps in place. SW_INVALID: @problem [capacity] names the first
 *  difference. SW_DATABASE: it cannot be read. */
enum sw_status sw_sums_compare(const struct sw_sums *sums, struct sqlite3 *database, char *problem,
                               size_t capacity) SW_MUST_CHECK;

#endif
