/**
 * An entry: what is hashed as a leaf of the log's tree. It stands for one or more rows, by
 * commitments to them, and holds no personal data itself.
 *
 *   byte 0      version, 1
 *        1      kind, enum sw_entry_kind
 *        2      how many numbers follow, at most 4
 *        3      how many commitments follow, at most 2
 *        4      place of the entry in the tree, from 0
 *       12      time in ms since the epoch: when it was logged
 *       20      the row that it stands for
 *       28      the numbers, 8 bytes each; what they mean is told at each kind
 *        …      the commitments, 32 bytes each
 *
 * All numbers are big-endian, eight bytes. A commitment is
 *
 *   SHA-256("sharewatch-row-1" ‖ group ‖ salt ‖ rows)
 *
 * where `group` is one byte, `salt` 32 random bytes, stored beside the entry, and `rows` the
 * canonical bytes of the rows (row.h), of each only the columns that belong to the group. Group 0
 * is what is kept for good; group 1 what retention deletes, with its salt: the payload and digest
 * of an event, the chain key of a judgement. Who has neither the salt nor the rows learns nothing
 * from a commitment, and who has one group of an entry nothing of the other.
 */
#ifndef SHAREWATCH_ENTRY_H
#define SHAREWATCH_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

#define SW_ENTRY_VERSION     1
#define SW_ENTRY_HEAD_BYTES  28
#define SW_ENTRY_NUMBERS_MAX 4
#define SW_ENTRY_GROUPS      2
#define SW_SALT_BYTES        32
#define SW_ENTRY_BYTES_MAX                                                                         \
    (SW_ENTRY_HEAD_BYTES + SW_ENTRY_NUMBERS_MAX * 8 + SW_ENTRY_GROUPS * SW_HASH_BYTES)

// X(NAME, name, groups): the values are stored, so new ones go at the end
#define SW_ENTRY_KIND_LIST(X)                                                                      \
    X(ORIGIN, "origin", 1)                   /* row of `origin`: the log's name for good */        \
    X(RUN, "run", 1)                         /* row of `run`, without its end */                   \
    X(RUN_END, "end of run", 0)              /* numbers: ended_ms */                               \
    X(MAP, "map", 1)                         /* row of `map`, its nodes and edges */               \
    X(POLICY, "policy", 1)                   /* row of `policy`, its rules */                      \
    X(SOURCE, "source", 1)                   /* row of `source`: id and name */                    \
    X(SOURCE_NUMBERS, "source's numbers", 0) /* numbers: highest, contiguous, whole */             \
    X(EVENT, "event", 2)                     /* row of `event` */                                  \
    X(JUDGEMENT, "judgement", 2) /* row of `hop`, its findings, the alert and the chain's */       \
                                 /* row that came with it; numbers: id of that alert and */        \
                                 /* revision of the chain, 0 when there was none */                \
    X(GAP, "gap", 1)                                                                               \
    X(QUARANTINE, "quarantine", 1)                                                                 \
    X(LOSS, "loss", 1)                                                                             \
    X(EVIDENCE_FILE, "evidence file", 1)                                                           \
    X(EVIDENCE, "evidence", 1)        /* row: of `evidence_file`; numbers: row of the file */      \
    X(SPOOL, "place in the spool", 0) /* numbers: file, position, told */                          \
    X(SIGNER, "signer", 1)            /* row of `signer`: a public key */                          \
    X(CHECKPOINT, "checkpoint", 1)    /* row of `checkpoint`, told of by the next transaction */   \
    X(REDACTION, "redaction", 1)      /* row of `redaction` and all of its `redacted` */           \
    X(HOLD, "hold", 2)                                                                             \
    X(SETTING, "setting of a run", 1)

#define SW_ENTRY_KIND_ENUM(NAME, name, groups) SW_ENTRY_##NAME,
enum sw_entry_kind { SW_ENTRY_KIND_LIST(SW_ENTRY_KIND_ENUM) SW_ENTRY_KIND_COUNT };
#undef SW_ENTRY_KIND_ENUM

struct sw_entry {
    enum sw_entry_kind kind;
    uint8_t number_count;
    uint8_t group_count;
    uint64_t index;
    int64_t time_ms;
    int64_t row;
    int64_t numbers[SW_ENTRY_NUMBERS_MAX];
    uint8_t commitments[SW_ENTRY_GROUPS][SW_HASH_BYTES];
};

/** Writes @entry into @bytes, returns how many there are. */
uint32_t sw_entry_write(const struct sw_entry *entry, uint8_t bytes[SW_ENTRY_BYTES_MAX]);

/** Reads @count @bytes. False: they are no entry. */
bool sw_entry_read(const uint8_t *bytes, uint32_t count, struct sw_entry *entry);

/** For people: "judgement". */
const char *sw_entry_kind_name(enum sw_entry_kind kind);

/** How many commitments an entry of @kind has. */
uint32_t sw_entry_kind_groups(enum sw_entry_kind kind);

/** The commitment to the @count @bytes of rows. */
void sw_entry_commit(struct sw_hasher *hasher, uint32_t group, const uint8_t salt[SW_SALT_BYTES],
                     const void *bytes, size_t count, uint8_t commitment[SW_HASH_BYTES]);

#endif
