/**
 * The heads that a verification holds the tree against: the log's own signed checkpoints, and those
 * that witnesses keep.
 */
#ifndef SHAREWATCH_HEADS_H
#define SHAREWATCH_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/verify.h>

#include "note.h"

struct sqlite3;

#define SW_HEAD_OWN (-1) // not a witness's

struct sw_known_head {
    uint64_t size;
    uint8_t root[SW_HASH_BYTES];
    int32_t witness; // index of the file, or SW_HEAD_OWN
};

struct sw_heads {
    struct sw_known_head *heads; // [count] by size
    uint64_t count, capacity;
    uint64_t next;                            // the first that the tree has not reached
    char *witnesses[SW_VERIFY_WITNESSES_MAX]; // what their files hold
    size_t witness_bytes[SW_VERIFY_WITNESSES_MAX];
};

/** Accepts zeroed ones. */
void sw_heads_close(struct sw_heads *heads);

/**
 * Reads the witnesses' files in @options into the zeroed @heads. To be called before the log is
 * opened: a head that a witness hears of while a monitor writes is not in what was read before.
 * SW_INVALID, with report->problem: one cannot be read.
 */
enum sw_status sw_heads_read(struct sw_heads *heads, const struct sw_verify_options *options,
                             struct sw_verify_report *report) SW_MUST_CHECK;

/**
 * Reads and checks the signers and checkpoints of @database, and what sw_heads_read() read,
 * and fills report's fields about signatures and witnesses. SW_INVALID: the log is broken, or a
 * witness or key cannot be used: report->problem says how, and report->state which of the two.
 * SW_DATABASE, SW_NO_MEMORY.
 */
enum sw_status sw_heads_open(struct sw_heads *heads, struct sqlite3 *database,
                             const struct sw_verify_options *options,
                             struct sw_verify_report *report) SW_MUST_CHECK;

/** The tree has @size leaves now and the root @root(): NULL when the next head is not of this size,
 *  so that the root need not be computed. */
bool sw_heads_wants(const struct sw_heads *heads, uint64_t size);

/** Holds all heads of @size against @root. SW_INVALID: report->problem tells. */
enum sw_status sw_heads_check(struct sw_heads *heads, uint64_t size,
                              const uint8_t root[SW_HASH_BYTES],
                              const struct sw_verify_options *options,
                              struct sw_verify_report *report) SW_MUST_CHECK;

#endif
