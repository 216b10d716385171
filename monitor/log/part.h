/**
 * One worker of a verification: a connection of its own, with which it checks entries in pieces of
 * SW_PIECE_ENTRIES, one piece after the other or beside other workers.
 */
#ifndef SHAREWATCH_PART_H
#define SHAREWATCH_PART_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/verify.h>

#include "entry.h"
#include "fetch.h"
#include "sums.h"

#define SW_PIECE_ENTRIES 1024

/** Rows of one kind within a piece; their numbers have no hole. */
struct sw_span {
    int64_t first, last; // 0: none
};

/** What was found in entries @first to before @first + @count. */
struct sw_piece {
    uint64_t first;
    uint32_t count;
    uint8_t leaves[SW_PIECE_ENTRIES][SW_HASH_BYTES];
    struct sw_span spans[SW_TABLE_COUNT]; // of tables whose rows are numbered without a hole
    enum sw_status status; // SW_INVALID: problem names the first bad entry; SW_DATABASE, …
    int64_t bad_entry;
    char problem[SW_VERIFY_SENTENCE_BYTES];
};

struct sw_part {
    struct sqlite3 *database;
    struct sqlite3_stmt *entries; // from ?1 on, ?2 of them
    struct sqlite3_stmt *redacted;
    struct sw_hasher hasher;
    struct sw_fetch fetch;
    struct sw_sums sums;
    uint8_t *blank; // what a group that was redacted must be, [blank_capacity]
    size_t blank_capacity;
    uint64_t payloads_gone, keys_gone;
    uint64_t kinds[SW_ENTRY_KIND_COUNT]; // entries of each
};

/** Opens the log at @path. SW_DATABASE: @sentence says why. SW_NO_MEMORY. */
enum sw_status sw_part_open(struct sw_part *part, const char *path,
                            char sentence[SW_VERIFY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_part_close(struct sw_part *part);

/** Adds to @part what @other has counted over other entries. False: no memory. */
bool sw_part_add(struct sw_part *part, const struct sw_part *other) SW_MUST_CHECK;

/** Checks the entries that piece->first and piece->count name: that each is there, in its place,
 *  and that its rows are what it commits to. */
void sw_part_check(struct sw_part *part, struct sw_piece *piece);

#endif
