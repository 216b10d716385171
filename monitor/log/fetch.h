/**
 * Fetches the rows that an entry stands for, in the order in which it commits to them.
 *
 *   judgement    hop, its findings, its alert when there is one, its chain's row when there is one
 *   map, policy  the row, then its nodes and edges, its rules
 *   redaction    the row, then its `redacted`
 *   all others   one row
 */
#ifndef SHAREWATCH_FETCH_H
#define SHAREWATCH_FETCH_H

#include <stdint.h>

#include "entry.h"
#include "row.h"

struct sqlite3;
struct sqlite3_stmt;

struct sw_fetch {
    struct sqlite3 *database;
    struct sqlite3_stmt *statements[SW_TABLE_COUNT]; // stay on their row until the next fetch
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
