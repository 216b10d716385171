/**
 * Fetches the rows that an entry stands for, in the order in which it commits to them.
 *
 *   judgement    hop, its findings, its alert when there is one, its chain's row when there is one
 *   map, policy  the row, then its nodes and edges, its rules
 *   redaction    the row, then its `redacted`
 *   all others   one row
 *
 * Entries name the rows of a table mostly one after the other, so that a statement walks: it stays
 * where it is and is stepped, and is only sent elsewhere when another row is asked for.
 */
#ifndef SHAREWATCH_FETCH_H
#define SHAREWATCH_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "row.h"

struct sqlite3;
struct sqlite3_stmt;

struct sw_fetch {
    struct sqlite3 *database;
    struct sqlite3_stmt *statements[SW_TABLE_COUNT]; // stay on their row until the next fetch
    int64_t places[SW_TABLE_COUNT];                  // the number of that row; 0: on none
    int64_t findings_of;                             // the hop whose findings were asked for last
    bool on_finding;                                 // their statement stands on a row
    struct sw_rows rows;                             // what was fetched
    uint64_t counts[SW_TABLE_COUNT];                 // rows fetched so far
    enum sw_table missing;                           // the table that lacks a row
};

/** Prepares for @database, which outlives it. SW_DATABASE, SW_NO_MEMORY. */
enum sw_status sw_fetch_open(struct sw_fetch *fetch, struct sqlite3 *database) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_fetch_close(struct sw_fetch *fetch);

/** Lets go of the rows, so that a transaction can end. */
void sw_fetch_reset(struct sw_fetch *fetch);

/** Fetches into fetch->rows. SW_NOT_FOUND: fetch->missing has no such row. SW_DATABASE: it cannot
 *  be read. SW_NO_MEMORY. */
enum sw_status sw_fetch_entry(struct sw_fetch *fetch, const struct sw_entry *entry) SW_MUST_CHECK;

/** The table in which entry->row is, or SW_TABLE_COUNT. */
enum sw_table sw_fetch_table(enum sw_entry_kind kind);

#endif
