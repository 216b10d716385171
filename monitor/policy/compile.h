/**
 * The index over all rules: what makes matching cheap.
 *
 * 1. Clauses. A clause is an `or` of predicates on one field (`actor.class: [local, county]`). All
 *    clauses of all rules are shared, and each is one bit. The bits of a field stand in words of
 *    their own, so that a value sets the bits of all clauses that it satisfies by a few `or`s: its
 *    row. An equality costs one probe of a hash table, however many rules ask for it.
 * 2. Codes. What remains of a rule's tree, over clauses: and, or, not, constants, and lazy
 *    predicates (regular expressions and other dear tests), evaluated only when asked and once an
 *    event.
 * 3. Plans. A rule is a set of bits that must be set, bits that must not, and a residual code.
 * 4. Keys. Each rule stands under its rarest necessary clause, beside its second rarest: only rules
 *    whose two bits are set are looked at. A rule without a necessary clause is looked at always.
 *
 * `if_missing` needs no third truth value at run time: a rule is compiled twice, once as if every
 * unknown test came out in its favour (may match), once as if against it (surely matches).
 */
#ifndef SHAREWATCH_COMPILE_H
#define SHAREWATCH_COMPILE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dense.h"
#include "engine.h"
#include "grams.h"
#include "hash.h"

enum sw_code_type {
    SW_CODE_FALSE,
    SW_CODE_TRUE,
    SW_CODE_CLAUSE,
    SW_CODE_LAZY,
    SW_CODE_NOT,
    SW_CODE_AND,
    SW_CODE_OR,
    SW_CODE_MASKS, // an `and` of clauses only, once their bits have a place
};

#define SW_CODE_NEVER  0 // the codes that every index has
#define SW_CODE_ALWAYS 1

struct sw_code {
    enum sw_code_type type;
    uint32_t operand; // clause, predicate, or the code that is negated
    uint32_t first;   // of `children`
    uint32_t count;
};

struct sw_clause {
    uint32_t slot;
    uint32_t first; // of `clause_predicates`, ascending
    uint32_t count;
    uint32_t word; // where its bit stands
    uint64_t mask;
};

struct sw_mask {
    uint32_t word;
    uint64_t mask;
};

/** A rule under its key. */
struct sw_posting {
    uint64_t mask; // second necessary clause; with `word` 0 and `mask` 0 there is none
    uint32_t word;
    uint32_t plan;
};

/** Where a word of clause bits stands while matching. */
struct sw_place_of_word {
    uint32_t row;    // of the matcher's rows
    uint32_t offset; // words
};

/** The most frequent residual, a filter of two items: the rule does not match when both of these
 * bits are set. A rule without one has a bit of the row that is always zero. Eight bytes a rule,
 * since each that survives an event is asked. */
struct sw_guard {
    uint16_t row[2]; // of the matcher's rows; SW_GUARD_COMPLEX: more is left to check
    uint16_t bit[2]; // of the row
};
#define SW_GUARD_COMPLEX UINT16_MAX

/** How one rule is decided. */
struct sw_plan {
    uint32_t required_first, required_count;   // of `masks`: all bits set
    uint32_t forbidden_first, forbidden_count; // of `masks`: no bit set
    uint32_t residual;                         // code
    uint32_t sure; // code that decides between its verdict and REVIEW; SW_UNKNOWN: no if_missing
    uint32_t log_source;               // index
    uint32_t extra_first, extra_count; // of `masks`: required bits that no row has, see dense.h
    struct sw_guard guard;
    bool dated;  // has a first or a last day
    bool silent; // only serves correlations
};

/** How the values of one field are tested. */
struct sw_slot_plan {
    uint32_t position; // of its row, if rows are used
    uint32_t first_word, word_count;
    uint32_t exists_predicate, null_predicate; // SW_UNKNOWN: no rule asks
    uint32_t test_first, test_count;           // of `tests`: predicates tried one by one
    uint32_t gram_count; // of `tests`, after those: predicates found by their grams
    bool has_equal;      // uncased equalities
    bool has_long;       // of which some are long or not ASCII
    bool has_cased, has_number;
    bool plain;  // short equalities only: one probe decides
    bool direct; // and the probe tells the row
};

/** An equality with a short text: the usual case, decided by one probe of one line of memory. */
struct sw_short_entry {
    struct sw_short text;  // folded
    struct sw_short cased; // bits that tell a letter's case: of no account
    uint32_t place;        // slot * 32 + length
    uint32_t predicate;    // SW_UNKNOWN: empty
    uint32_t row;          // of dense.rows, if those are used
    uint32_t unused[5];    // to the end of a cache line, so that none lies across two
};
static_assert(sizeof(struct sw_short_entry) == 64, "one cache line");

struct sw_equal_entry {
    uint32_t predicate; // SW_UNKNOWN: empty
    uint32_t hash;
};

struct sw_index {
    struct sw_code *codes;
    uint32_t *children;
    uint32_t *code_table;
    struct sw_clause *clauses;
    uint32_t *clause_predicates;
    uint32_t *clause_table;
    struct sw_mask *masks;
    struct sw_plan *plans;           // [plan_count], by rule
    struct sw_slot_plan *slots;      // [slot_count]
    uint32_t *row_first, *row_count; // [predicate_count], of `masks`
    uint32_t *tests;
    struct sw_short_entry *shorts; // [short_size], open addressing: texts up to 16 ASCII bytes
    struct sw_equal_entry *equal;  // [equal_size], open addressing: the other equalities
    uint64_t *missing;             // [word_count], the bits of an event without fields
    uint64_t *key_bits;            // [word_count], bits of clauses that are keys
    uint32_t *posting_first;       // [64 * word_count + 1], by bit
    struct sw_posting *postings;
    uint32_t *always; // [always_count], rules without a key
    struct sw_log_source *log_sources;
    struct sw_guard *guards;         // [plan_count]
    struct sw_place_of_word *places; // [word_count]
    uint32_t *rule_codes;            // [plan_count], what each rule came to
    struct sw_grams grams;
    struct sw_dense dense;
    uint32_t code_count, code_capacity, code_table_size;
    uint32_t child_count, child_capacity;
    uint32_t clause_count, clause_capacity, clause_table_size;
    uint32_t clause_predicate_count, clause_predicate_capacity;
    uint32_t mask_count, mask_capacity;
    uint32_t plan_count, slot_count, test_count;
    uint32_t short_size, equal_size;
    uint32_t short_shift; // of a hash, to a place in `shorts`
    uint64_t short_multiplier;
    uint32_t posting_count, always_count, word_count;
    uint32_t log_source_count, log_source_capacity;
    uint32_t predicate_count;
    uint32_t zero_row; // of the matcher's rows: one whose first word is zero; the last
    bool has_silent;   // some rule is silent
};

/** Compiles @rules [rule_count] over @set, which gets no more predicates afterwards. @sparse: do
 *  not use rows (dense.h) even where they fit, to test the keys. */
void sw_index_build(struct sw_index *index, struct sw_set *set, const struct sw_rule_source *rules,
                    uint32_t rule_count, bool sparse);

/** Once nothing looks at the codes of rules any more: the last step towards matching. */
void sw_index_finish(struct sw_index *index);

void sw_index_free(struct sw_index *index);

/** True for predicates that are decided as soon as a value is seen. */
bool sw_op_is_eager(const struct sw_predicate *predicate);

/** The equality of field @slot with the @length bytes of @packed, ASCII, or NULL. */
static inline const struct sw_short_entry *sw_index_find_short(const struct sw_index *index,
                                                               uint32_t slot,
                                                               const struct sw_short *packed,
                                                               uint32_t length)
{
    uint32_t place = slot * 32 + length;
    struct sw_short blurred = sw_short_blur(packed);
    uint32_t at =
        (uint32_t)(sw_short_hash(&blurred, place, index->short_multiplier) >> index->short_shift);
    for (;;) {
        const struct sw_short_entry *entry = &index->shorts[at];
        uint64_t differs = ((entry->text.low ^ packed->low) & ~entry->cased.low) |
                           ((entry->text.high ^ packed->high) & ~entry->cased.high) |
                           (entry->place ^ place);
        if (differs == 0) {
            return entry;
        }
        if (entry->predicate == SW_UNKNOWN) {
            return NULL;
        }
        at = (at + 1) & (index->short_size - 1);
    }
}

/** Hashes for the table of equalities. */
uint32_t sw_equal_hash_text(uint32_t slot, bool cased, struct sw_text text);
uint32_t sw_equal_hash_number(uint32_t slot, const struct sw_number *number);

#endif
