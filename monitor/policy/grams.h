/**
 * Many substrings at once: for fields that rules search for many pieces of text.
 *
 * Each prefix, suffix, substring or pattern has some four ASCII bytes in a row, its gram: a value
 * without them cannot fit. A value is walked once, each of its grams is looked up, and only the
 * tests that stand there are made. Fields with few such tests make them one by one.
 */
#ifndef SHAREWATCH_GRAMS_H
#define SHAREWATCH_GRAMS_H

#include <stdint.h>

#include "engine.h"

#define SW_GRAM_BYTES     4
#define SW_GRAM_TESTS_MIN 8 // of one field, for this to pay
#define SW_GRAM_BITS      18

struct sw_index;

struct sw_gram {
    uint32_t gram;
    uint32_t slot;
    uint32_t predicate; // SW_UNKNOWN: empty
};

struct sw_grams {
    struct sw_gram *table; // [size], open addressing, one entry a predicate
    uint32_t size;
    uint64_t *filter; // [2^SW_GRAM_BITS bits], whether a gram may stand in the table
};

/** The hash of @gram in field @slot; its top bits are the place in the filter. */
static inline uint32_t sw_gram_hash(uint32_t gram, uint32_t slot)
{
    return (gram ^ slot * UINT32_C(0x85ebca6b)) * UINT32_C(0x9e3779b1);
}

/** Moves the tests of each field that have a gram, if they are enough, from its single tests into
 *  the table. */
void sw_grams_build(struct sw_grams *grams, struct sw_index *index, const struct sw_set *set);

void sw_grams_free(struct sw_grams *grams);

#endif
