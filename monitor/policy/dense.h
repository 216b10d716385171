/**
 * The second half of the index, for sets of few fields: all rules at once, as bits.
 *
 * For each field and each predicate on it there is a row: one bit a rule, set when the rule can
 * still match although, of all predicates on that field, just this one holds. The rules that
 * survive an event are the `and` of one row a field, and what is left of each is checked by its
 * plan. The cost is fields times rules over 128 and does not depend on how the values fall, so that
 * a set of 3,000 rules over 30 fields takes about a tenth of a microsecond here.
 *
 * Behind its rules a row has the bits of the clauses of its field that hold, so that choosing the
 * row of a field is all that an event changes: nothing is written bit by bit, nor cleared.
 *
 * Sets with many fields use the keys of compile.h instead.
 */
#ifndef SHAREWATCH_DENSE_H
#define SHAREWATCH_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

#define SW_DENSE_SLOTS_MAX 128                // fields that have predicates
#define SW_DENSE_BYTES_MAX ((size_t)48 << 20) // of all rows
#define SW_DENSE_BLOCK     8                  // words of rules that are worked on at a time

struct sw_index;

struct sw_dense {
    bool used;
    uint32_t words;           // of rules in a row, a multiple of SW_DENSE_BLOCK
    uint32_t stride;          // words of a row: the rules, then the clauses of its field
    uint32_t slot_count;      // fields with predicates
    uint32_t *slots;          // [slot_count]
    uint32_t *position;       // [all slots], of its row; SW_UNKNOWN: no predicates
    uint64_t *rows;           // [slot_count + predicates with rows][stride]: of each field when no
                              // predicate holds, then of each predicate when just it holds
    const uint64_t **missing; // [slot_count], row when the field is missing
    uint32_t *row_of;         // [predicate_count], number of its gain; SW_UNKNOWN: none
    uint64_t *gain; // [predicates with rows][words], rules that need a clause with this predicate
    uint64_t *loss; // [predicates with rows][words], rules that must not have one
    uint64_t *log_rows; // [log sources][words], rules of each
};

/** The row of field @position when no predicate holds. */
static inline uint64_t *sw_dense_none(const struct sw_dense *dense, uint32_t position)
{
    return dense->rows + (size_t)position * dense->stride;
}

/** The row when just @predicate holds, which has one. */
static inline uint64_t *sw_dense_allow(const struct sw_dense *dense, uint32_t predicate)
{
    return dense->rows + (size_t)(dense->slot_count + dense->row_of[predicate]) * dense->stride;
}

/** Memory for rows, @words long, zeroed and at the start of a cache line; to be freed. */
void *sw_rows_allocate(size_t words);

/** Builds the rows, unless the set has too many fields or predicates. */
void sw_dense_build(struct sw_dense *dense, struct sw_index *index, const struct sw_set *set);

/** Once the plans are complete. */
void sw_dense_finish(struct sw_dense *dense, const struct sw_index *index);

void sw_dense_free(struct sw_dense *dense);

#endif
