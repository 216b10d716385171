/**
 * What was found for a short text, kept: fields with dear tests tend to have few texts.
 *
 * The answer to a question depends on the kind of value and its text alone. A text that falls on
 * the place of another takes it.
 */
#ifndef SHAREWATCH_MEMORY_H
#define SHAREWATCH_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hash.h"
#include "match.h"

/** Whether the answers for @datum can be kept. */
static inline bool sw_memory_fits(const struct sw_datum *datum)
{
    return datum->type != SW_DATUM_NULL && datum->type != SW_DATUM_OTHER &&
           datum->text.length > 0 && datum->text.length <= SW_MEMORY_TEXT_MAX;
}

/** The place among @memories [SW_MEMORIES] for the answer to @asked of @datum. */
static inline struct sw_memory *sw_memory_find(struct sw_memory *memories, uint32_t asked,
                                               const struct sw_datum *datum)
{
    uint64_t hash =
        sw_hash_bytes(datum->text.bytes, datum->text.length, (uint64_t)asked << 8 | datum->type);
    return &memories[hash >> (64 - SW_MEMORY_BITS)];
}

/** Whether @memory has the answer to @asked of @datum. */
static inline bool sw_memory_holds(const struct sw_memory *memory, uint32_t asked,
                                   const struct sw_datum *datum)
{
    return memory->asked == asked && memory->type == datum->type &&
           memory->length == datum->text.length &&
           sw_bytes_equal(memory->bytes, datum->text.bytes, datum->text.length);
}

/** @memory is from now on of @asked and @datum; the answer is the caller's to fill in. */
static inline void sw_memory_set(struct sw_memory *memory, uint32_t asked,
                                 const struct sw_datum *datum)
{
    memory->asked = asked;
    memory->type = datum->type;
    memory->length = (uint8_t)datum->text.length;
    memcpy(memory->bytes, datum->text.bytes, datum->text.length);
}

#endif
