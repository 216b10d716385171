/**
 * Seals the log's rows: an entry for them goes into the tree, in the transaction that writes them.
 *
 * The writer of a row calls sw_seal_begin(), binds rows through sw_row_…() of seal->rows, and ends
 * with sw_seal_add(); a row that is rare is read back instead, sw_seal_row(). Full tiles of the
 * tree are stored as they become full; what is not full yet is brought back from entries and tiles
 * at the next start. Nothing is allocated for an event.
 */
#ifndef SHAREWATCH_SEAL_H
#define SHAREWATCH_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>

#include "entry.h"
#include "fetch.h"
#include "row.h"
#include "tree.h"

#define SW_SEAL_RANDOM_BYTES 4096 // drawn from the kernel at a time

struct sw_seal {
    struct sw_hasher hasher;
    struct sw_tree tree;
    struct sw_rows rows;   // of the entry that is being made
    struct sw_fetch fetch; // for reading back
    struct sqlite3_stmt *add_entry, *add_tile, *find_tile;
    uint8_t random[SW_SEAL_RANDOM_BYTES];
    uint32_t random_used;
    int64_t time_ms; // of the newest entry
    int64_t spool_file, spool_position;
    bool signs;            // somebody signs its heads
    int64_t checkpoint_id; // the newest
    uint64_t signed_size;  // entries that it covers
    uint64_t quiet_size;   // entries when it was written, if that added only what tells of it
    char origin[SW_LOG_ORIGIN_BYTES];
};

/** Opens log->seal of a log whose tables are there; gives a new log its name. SW_DATABASE:
 *  log->sentence says why. */
enum sw_status sw_seal_open(struct sw_log *log) SW_MUST_CHECK;

/** Accepts a log without one. */
void sw_seal_close(struct sw_log *log);

/** Begins an entry; gives the rows to write to. */
struct sw_rows *sw_seal_begin(struct sw_log *log);

/** Adds the entry of the rows since sw_seal_begin(): of @kind, for @row, logged at @time_ms, or at
 *  the time of the entry before when 0. Nothing happens in a log that has failed. */
void sw_seal_add(struct sw_log *log, enum sw_entry_kind kind, int64_t row, int64_t time_ms,
                 const int64_t *numbers, uint32_t number_count);

/** Reads the row back that was just written and adds its entry. */
void sw_seal_row(struct sw_log *log, enum sw_entry_kind kind, int64_t row, int64_t time_ms);

/** The root of the tree now. */
void sw_seal_root(struct sw_log *log, uint8_t root[SW_HASH_BYTES]);

/** The root of the full subtree of 2^@bits entries number @place of a struct sw_log, as the proofs
 *  of tree.h want it. False: a tile cannot be read. */
bool sw_seal_subtree(void *log, uint32_t bits, uint64_t place, uint8_t hash[SW_HASH_BYTES]);

#endif
