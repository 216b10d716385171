#include "dense.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "compile.h"

#define WORD_BITS  64
#define LINE_BYTES 64 // of a cache line
#define LINE_WORDS 8U

void *sw_rows_allocate(size_t words)
{
    /* A row that lies across cache lines would take twice as many. */
    size_t bytes = (words * sizeof(uint64_t) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    void *rows = aligned_alloc(LINE_BYTES, bytes > 0 ? bytes : LINE_BYTES);
    if (rows == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory while compiling rules\n");
        exit(EXIT_FAILURE);
    }
    memset(rows, 0, bytes);
    return rows;
}

static uint64_t *row_at(uint64_t *rows, uint32_t row, uint32_t words)
{
    return rows + (size_t)row * words;
}

static void set_bit(uint64_t *row, uint32_t rule)
{
    row[rule / WORD_BITS] |= UINT64_C(1) << rule % WORD_BITS;
}

/* Counts fields and predicates that clauses use; false: too many for this way. */
static bool measure(struct sw_dense *dense, const struct sw_index *index, const struct sw_set *set,
                    uint32_t *row_count)
{
    uint32_t blocks =
        (index->plan_count + WORD_BITS * SW_DENSE_BLOCK - 1) / (WORD_BITS * SW_DENSE_BLOCK);
    dense->words = (blocks > 0 ? blocks : 1) * SW_DENSE_BLOCK;
    dense->position = sw_allocate(set->slot_count, sizeof(uint32_t));
    dense->row_of = sw_allocate(index->predicate_count, sizeof(uint32_t));
    dense->slots = sw_allocate(SW_DENSE_SLOTS_MAX, sizeof(uint32_t));
    memset(dense->position, 0xff, set->slot_count * sizeof(uint32_t));
    memset(dense->row_of, 0xff, index->predicate_count * sizeof(uint32_t));
    *row_count = 0;
    for (uint32_t i = 0; i < index->predicate_count; i++) {
        if (index->row_count[i] == 0) {
            continue;
        }
        uint32_t slot = set->predicates[i].slot;
        dense->row_of[i] = (*row_count)++;
        if (dense->position[slot] == SW_UNKNOWN) {
            if (dense->slot_count == SW_DENSE_SLOTS_MAX) {
                return false;
            }
            dense->slots[dense->slot_count] = slot;
            dense->position[slot] = dense->slot_count++;
        }
    }
    uint32_t clause_words = 0;
    for (uint32_t i = 0; i < dense->slot_count; i++) {
        uint32_t count = index->slots[dense->slots[i]].word_count;
        clause_words = count > clause_words ? count : clause_words;
    }
    uint32_t clause_lines = (clause_words + LINE_WORDS - 1) / LINE_WORDS;
    dense->stride = dense->words + clause_lines * LINE_WORDS;
    return ((size_t)*row_count * 3 + dense->slot_count) * dense->stride * sizeof(uint64_t) <=
           SW_DENSE_BYTES_MAX;
}

/* Notes where each clause bit stands: in the row of its field, behind the rules. */
static void place_words(const struct sw_dense *dense, struct sw_index *index)
{
    for (uint32_t i = 0; i < dense->slot_count; i++) {
        const struct sw_slot_plan *plan = &index->slots[dense->slots[i]];
        for (uint32_t word = 0; word < plan->word_count; word++) {
            index->places[plan->first_word + word] =
                (struct sw_place_of_word){i, dense->words + word};
        }
    }
    index->zero_row = dense->slot_count;
}

/* Sets in @row the bits of all clauses that @predicate satisfies. */
static void add_clauses(const struct sw_dense *dense, const struct sw_index *index,
                        uint32_t predicate, uint64_t *row)
{
    const struct sw_mask *masks = index->masks + index->row_first[predicate];
    for (uint32_t i = 0; i < index->row_count[predicate]; i++) {
        SW_ASSERT(index->places[masks[i].word].offset < dense->stride);
        row[index->places[masks[i].word].offset] |= masks[i].mask;
    }
}

/* Enters @clause of @rule into the rows of its predicates. */
static void enter_clause(const struct sw_dense *dense, const struct sw_index *index,
                         const struct sw_clause *clause, uint64_t *rows, uint32_t rule)
{
    for (uint32_t i = 0; i < clause->count; i++) {
        uint32_t row = dense->row_of[index->clause_predicates[clause->first + i]];
        SW_ASSERT(row != SW_UNKNOWN);
        set_bit(row_at(rows, row, dense->words), rule);
    }
}

static void add_extra(struct sw_index *index, uint32_t rule, const struct sw_clause *clause)
{
    index->masks =
        sw_grow(index->masks, index->mask_count, &index->mask_capacity, sizeof(struct sw_mask));
    index->masks[index->mask_count++] = (struct sw_mask){clause->word, clause->mask};
    index->plans[rule].extra_count++;
}

/* Enters the clauses that rule @rule needs or must not have. @need gets the fields it needs; a
 * second clause on the same field is left to the plan. */
static void enter_rule(struct sw_dense *dense, struct sw_index *index, uint32_t rule,
                       uint64_t *need)
{
    uint32_t code = index->rule_codes[rule];
    const struct sw_code whole = index->codes[code];
    uint32_t count = whole.type == SW_CODE_AND ? whole.count : 1;
    index->plans[rule].extra_first = index->mask_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t part_index = whole.type == SW_CODE_AND ? index->children[whole.first + i] : code;
        const struct sw_code *part = &index->codes[part_index];
        bool negative =
            part->type == SW_CODE_NOT && index->codes[part->operand].type == SW_CODE_CLAUSE;
        if (negative) {
            enter_clause(dense, index, &index->clauses[index->codes[part->operand].operand],
                         dense->loss, rule);
        } else if (part->type == SW_CODE_CLAUSE) {
            const struct sw_clause *clause = &index->clauses[part->operand];
            uint64_t *row = row_at(need, dense->position[clause->slot], dense->stride);
            if ((row[rule / WORD_BITS] >> rule % WORD_BITS & 1) != 0) {
                add_extra(index, rule, clause);
                continue;
            }
            set_bit(row, rule);
            enter_clause(dense, index, clause, dense->gain, rule);
        }
    }
}

/* From what is needed, gained and lost to the rows that are and-ed. */
static void finish_rows(struct sw_dense *dense, const struct sw_index *index,
                        const struct sw_set *set)
{
    for (uint32_t i = 0; i < dense->slot_count; i++) {
        uint64_t *none = sw_dense_none(dense, i);
        for (uint32_t word = 0; word < dense->words; word++) {
            none[word] = ~none[word]; // held what is needed until here
        }
    }
    for (uint32_t i = 0; i < index->predicate_count; i++) {
        uint32_t row = dense->row_of[i];
        if (row == SW_UNKNOWN) {
            continue;
        }
        const struct sw_predicate *predicate = &set->predicates[i];
        uint32_t position = dense->position[predicate->slot];
        const uint64_t *none = sw_dense_none(dense, position);
        const uint64_t *gain = row_at(dense->gain, row, dense->words);
        const uint64_t *loss = row_at(dense->loss, row, dense->words);
        uint64_t *allow = sw_dense_allow(dense, i);
        add_clauses(dense, index, i, allow);
        for (uint32_t word = 0; word < dense->words; word++) {
            allow[word] = (none[word] | gain[word]) & ~loss[word];
        }
        if (predicate->op == SW_OP_NULL) {
            dense->missing[position] = allow;
        }
    }
}

void sw_dense_build(struct sw_dense *dense, struct sw_index *index, const struct sw_set *set)
{
    uint32_t rows = 0;
    *dense = (struct sw_dense){0};
    if (!measure(dense, index, set, &rows)) {
        return;
    }
    size_t row_words = (size_t)rows * dense->words;
    dense->rows = sw_rows_allocate((size_t)(dense->slot_count + rows) * dense->stride);
    dense->gain = sw_allocate(row_words, sizeof(uint64_t));
    dense->loss = sw_allocate(row_words, sizeof(uint64_t));
    dense->missing = sw_allocate(dense->slot_count, sizeof(uint64_t *));
    for (uint32_t rule = 0; rule < index->plan_count; rule++) {
        enter_rule(dense, index, rule, dense->rows);
    }
    for (uint32_t i = 0; i < dense->slot_count; i++) {
        dense->missing[i] = sw_dense_none(dense, i);
    }
    place_words(dense, index);
    finish_rows(dense, index, set);
    for (uint32_t i = 0; i < dense->slot_count; i++) {
        struct sw_slot_plan *plan = &index->slots[dense->slots[i]];
        plan->position = i;
        plan->direct = plan->plain;
    }
    for (uint32_t i = 0; i < index->short_size; i++) {
        if (index->shorts[i].predicate != SW_UNKNOWN) {
            index->shorts[i].row = dense->slot_count + dense->row_of[index->shorts[i].predicate];
        }
    }
    dense->used = true;
}

void sw_dense_finish(struct sw_dense *dense, const struct sw_index *index)
{
    if (!dense->used) {
        return;
    }
    dense->log_rows = sw_allocate((size_t)index->log_source_count * dense->words, sizeof(uint64_t));
    for (uint32_t i = 0; i < index->plan_count; i++) {
        const struct sw_plan *plan = &index->plans[i];
        set_bit(row_at(dense->log_rows, plan->log_source, dense->words), i);
    }
}

void sw_dense_free(struct sw_dense *dense)
{
    free(dense->slots);
    free(dense->position);
    free(dense->rows);
    free((void *)dense->missing);
    free(dense->row_of);
    free(dense->gain);
    free(dense->loss);
    free(dense->log_rows);
    *dense = (struct sw_dense){0};
}
