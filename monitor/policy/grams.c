#include "grams.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "compile.h"
#include "hash.h"

#define COUNT_SIZE 65536 // of the table that counts how many tests have a gram
#define SIZE_MIN   1024

/* The longest literal of a test, or empty. */
static struct sw_text literal_of(const struct sw_predicate *predicate)
{
    if (predicate->op == SW_OP_PREFIX || predicate->op == SW_OP_SUFFIX ||
        predicate->op == SW_OP_CONTAINS) {
        return predicate->text;
    }
    struct sw_text longest = {NULL, 0};
    for (uint32_t i = 0; predicate->op == SW_OP_GLOB && i < predicate->pattern.count; i++) {
        struct sw_text text = predicate->pattern.pieces[i].text;
        longest = text.length > longest.length ? text : longest;
    }
    return longest;
}

/* The four bytes at @at, folded. False: not all are ASCII. */
static bool gram_at(struct sw_text text, uint32_t at, uint32_t *gram)
{
    uint64_t word = sw_hash_load(text.bytes + at, SW_GRAM_BYTES);
    *gram = (uint32_t)sw_fold_word(word);
    return (word & UINT64_C(0x80808080)) == 0;
}

static uint32_t *count_of(uint32_t *counts, uint32_t gram, uint32_t slot)
{
    return &counts[sw_gram_hash(gram, slot) >> 16];
}

static void count_grams(uint32_t *counts, const struct sw_predicate *predicate)
{
    struct sw_text text = literal_of(predicate);
    uint32_t gram = 0;
    for (uint32_t at = 0; at + SW_GRAM_BYTES <= text.length; at++) {
        if (gram_at(text, at, &gram)) {
            (*count_of(counts, gram, predicate->slot))++;
        }
    }
}

/* The gram of @predicate that fewest others have. False: it has none. */
static bool rarest_gram(uint32_t *counts, const struct sw_predicate *predicate, uint32_t *rarest)
{
    struct sw_text text = literal_of(predicate);
    uint32_t least = UINT32_MAX;
    uint32_t gram = 0;
    for (uint32_t at = 0; at + SW_GRAM_BYTES <= text.length; at++) {
        if (gram_at(text, at, &gram) && *count_of(counts, gram, predicate->slot) < least) {
            least = *count_of(counts, gram, predicate->slot);
            *rarest = gram;
        }
    }
    return least < UINT32_MAX;
}

static void add_gram(struct sw_grams *grams, uint32_t gram, uint32_t slot, uint32_t predicate)
{
    uint32_t hash = sw_gram_hash(gram, slot);
    uint32_t bit = hash >> (32 - SW_GRAM_BITS);
    grams->filter[bit / 64] |= UINT64_C(1) << bit % 64;
    uint32_t at = hash & (grams->size - 1);
    while (grams->table[at].predicate != SW_UNKNOWN) {
        at = (at + 1) & (grams->size - 1);
    }
    grams->table[at] = (struct sw_gram){gram, slot, predicate};
}

/* Puts the tests of one field that have a gram behind the others; returns how many there are. */
static uint32_t part_tests(uint32_t *tests, uint32_t count, const struct sw_set *set,
                           uint32_t *counts)
{
    uint32_t single = 0;
    uint32_t gram = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!rarest_gram(counts, &set->predicates[tests[i]], &gram)) {
            uint32_t swapped = tests[single];
            tests[single++] = tests[i];
            tests[i] = swapped;
        }
    }
    return count - single;
}

static void build_slot(struct sw_grams *grams, struct sw_slot_plan *slot, uint32_t *tests,
                       const struct sw_set *set, uint32_t *counts)
{
    uint32_t with_gram = part_tests(tests, slot->test_count, set, counts);
    if (with_gram < SW_GRAM_TESTS_MIN) {
        return;
    }
    slot->gram_count = with_gram;
    slot->test_count -= with_gram;
    for (uint32_t i = 0; i < with_gram; i++) {
        uint32_t predicate = tests[slot->test_count + i];
        uint32_t gram = 0;
        bool found = rarest_gram(counts, &set->predicates[predicate], &gram);
        SW_ASSERT(found);
        add_gram(grams, gram, set->predicates[predicate].slot, predicate);
    }
}

void sw_grams_build(struct sw_grams *grams, struct sw_index *index, const struct sw_set *set)
{
    uint32_t *counts = sw_allocate(COUNT_SIZE, sizeof(uint32_t));
    grams->size = SIZE_MIN;
    while (grams->size < index->test_count * 2) {
        grams->size *= 2;
    }
    grams->table = sw_allocate(grams->size, sizeof(struct sw_gram));
    grams->filter = sw_allocate((size_t)1 << (SW_GRAM_BITS - 6), sizeof(uint64_t));
    for (uint32_t i = 0; i < grams->size; i++) {
        grams->table[i].predicate = SW_UNKNOWN;
    }
    for (uint32_t i = 0; i < index->test_count; i++) {
        count_grams(counts, &set->predicates[index->tests[i]]);
    }
    for (uint32_t i = 0; i < index->slot_count; i++) {
        build_slot(grams, &index->slots[i], index->tests + index->slots[i].test_first, set, counts);
    }
    free(counts);
}

void sw_grams_free(struct sw_grams *grams)
{
    free(grams->table);
    free(grams->filter);
    *grams = (struct sw_grams){0};
}
