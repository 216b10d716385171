/* Codes (code.h) and keys (key.h) come first; here they are laid out for matching. */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "code.h"
#include "hash.h"
#include "key.h"
#include "shorts.h"

#define TABLE_MIN 1024 // a power of two
#define WORD_BITS 64

/* --- layout ------------------------------------------------------------------------------------
 */

static void add_mask(struct sw_index *index, uint32_t first, uint32_t word, uint64_t mask)
{
    for (uint32_t i = first; i < index->mask_count; i++) {
        if (index->masks[i].word == word) {
            index->masks[i].mask |= mask;
            return;
        }
    }
    index->masks =
        sw_grow(index->masks, index->mask_count, &index->mask_capacity, sizeof(struct sw_mask));
    index->masks[index->mask_count++] = (struct sw_mask){word, mask};
}

/* Gives each clause its bit; those of a slot stand together. */
static void place_clauses(struct sw_index *index, uint32_t slot_count)
{
    uint32_t *counts = sw_allocate(slot_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->clause_count; i++) {
        counts[index->clauses[i].slot]++;
    }
    index->slots = sw_allocate(slot_count, sizeof(struct sw_slot_plan));
    index->slot_count = slot_count;
    for (uint32_t slot = 0; slot < slot_count; slot++) {
        index->slots[slot].exists_predicate = SW_UNKNOWN;
        index->slots[slot].null_predicate = SW_UNKNOWN;
        index->slots[slot].first_word = index->word_count;
        index->slots[slot].word_count = (counts[slot] + WORD_BITS - 1) / WORD_BITS;
        index->word_count += index->slots[slot].word_count;
        counts[slot] = 0;
    }
    for (uint32_t i = 0; i < index->clause_count; i++) {
        struct sw_clause *clause = &index->clauses[i];
        uint32_t bit = counts[clause->slot]++;
        clause->word = index->slots[clause->slot].first_word + bit / WORD_BITS;
        clause->mask = UINT64_C(1) << bit % WORD_BITS;
    }
    free(counts);
}

/* Makes the row of each predicate: the bits of the clauses that it satisfies. */
static void make_rows(struct sw_index *index)
{
    uint32_t *heads = sw_allocate(index->predicate_count + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->clause_predicate_count; i++) {
        heads[index->clause_predicates[i] + 1]++;
    }
    for (uint32_t i = 0; i < index->predicate_count; i++) {
        heads[i + 1] += heads[i];
    }
    uint32_t *clauses = sw_allocate(index->clause_predicate_count, sizeof(uint32_t));
    uint32_t *next = sw_allocate(index->predicate_count + 1, sizeof(uint32_t));
    memcpy(next, heads, index->predicate_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < index->clause_count; i++) {
        for (uint32_t j = 0; j < index->clauses[i].count; j++) {
            clauses[next[index->clause_predicates[index->clauses[i].first + j]]++] = i;
        }
    }
    index->row_first = sw_allocate(index->predicate_count, sizeof(uint32_t));
    index->row_count = sw_allocate(index->predicate_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->predicate_count; i++) {
        index->row_first[i] = index->mask_count;
        for (uint32_t j = heads[i]; j < heads[i + 1]; j++) {
            const struct sw_clause *clause = &index->clauses[clauses[j]];
            add_mask(index, index->row_first[i], clause->word, clause->mask);
        }
        index->row_count[i] = index->mask_count - index->row_first[i];
    }
    free(heads);
    free(clauses);
    free(next);
}

uint32_t sw_equal_hash_text(uint32_t slot, bool cased, struct sw_text text)
{
    uint64_t hash = sw_hash_bytes(text.bytes, text.length, (uint64_t)slot << 1 | (cased ? 1 : 0));
    return (uint32_t)(hash >> 32);
}

uint32_t sw_equal_hash_number(uint32_t slot, const struct sw_number *number)
{
    uint64_t hash = sw_number_hash(number) + slot;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(hash >> 32);
}

static void add_equal(struct sw_index *index, uint32_t predicate, uint32_t hash)
{
    uint32_t at = hash & (index->equal_size - 1);
    while (index->equal[at].predicate != SW_UNKNOWN) {
        at = (at + 1) & (index->equal_size - 1);
    }
    index->equal[at] = (struct sw_equal_entry){predicate, hash};
}

/* Sorts the eager predicates that a clause uses into table, rows and lists of single tests. */
static void make_tests(struct sw_index *index, const struct sw_set *set)
{
    index->equal_size = TABLE_MIN;
    while (index->equal_size < index->predicate_count * 2) {
        index->equal_size *= 2;
    }
    struct sw_short_entry *shorts = sw_allocate(index->predicate_count, sizeof(*shorts));
    uint32_t short_count = 0;
    index->equal = sw_allocate(index->equal_size, sizeof(struct sw_equal_entry));
    for (uint32_t i = 0; i < index->equal_size; i++) {
        index->equal[i].predicate = SW_UNKNOWN;
    }
    uint32_t *counts = sw_allocate(index->slot_count + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->predicate_count; i++) {
        const struct sw_predicate *predicate = &set->predicates[i];
        struct sw_slot_plan *slot = &index->slots[predicate->slot];
        if (index->row_count[i] == 0) {
            continue;
        }
        struct sw_short packed;
        if (predicate->op == SW_OP_EQUAL && !predicate->cased &&
            sw_short_pack(predicate->text.bytes, predicate->text.length, &packed)) {
            slot->has_equal = true;
            shorts[short_count++] = sw_short_entry_of(predicate, i, &packed);
        } else if (predicate->op == SW_OP_EQUAL) {
            slot->has_long = slot->has_long || !predicate->cased;
            *(predicate->cased ? &slot->has_cased : &slot->has_equal) = true;
            add_equal(index, i,
                      sw_equal_hash_text(predicate->slot, predicate->cased, predicate->text));
        } else if (predicate->op == SW_OP_NUMBER) {
            slot->has_number = true;
            add_equal(index, i, sw_equal_hash_number(predicate->slot, &predicate->number));
        } else if (predicate->op == SW_OP_EXISTS) {
            slot->exists_predicate = i;
        } else if (predicate->op == SW_OP_NULL) {
            slot->null_predicate = i;
        } else {
            counts[predicate->slot + 1]++;
        }
    }
    for (uint32_t slot = 0; slot < index->slot_count; slot++) {
        counts[slot + 1] += counts[slot];
        index->slots[slot].test_first = counts[slot];
    }
    index->test_count = counts[index->slot_count];
    index->tests = sw_allocate(index->test_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->predicate_count; i++) {
        enum sw_op op = set->predicates[i].op;
        bool single = op != SW_OP_EQUAL && op != SW_OP_NUMBER && op != SW_OP_EXISTS &&
                      op != SW_OP_NULL && index->row_count[i] > 0;
        if (single) {
            struct sw_slot_plan *slot = &index->slots[set->predicates[i].slot];
            index->tests[slot->test_first + slot->test_count++] = i;
        }
    }
    free(counts);
    sw_shorts_build(index, shorts, short_count);
    free(shorts);
    for (uint32_t i = 0; i < index->slot_count; i++) {
        struct sw_slot_plan *slot = &index->slots[i];
        slot->plain = !slot->has_long && !slot->has_cased && !slot->has_number &&
                      slot->test_count == 0 && slot->exists_predicate == SW_UNKNOWN;
    }
}

/* The bits of an event that has no field at all. */
static void make_missing(struct sw_index *index)
{
    index->missing = sw_allocate(index->word_count, sizeof(uint64_t));
    for (uint32_t slot = 0; slot < index->slot_count; slot++) {
        uint32_t null = index->slots[slot].null_predicate;
        uint32_t count = null != SW_UNKNOWN ? index->row_count[null] : 0;
        for (uint32_t i = 0; i < count; i++) {
            const struct sw_mask *mask = &index->masks[index->row_first[null] + i];
            index->missing[mask->word] |= mask->mask;
        }
    }
}

/* Turns the operands of the rule's code into masks and what is left. */
static void make_plan(struct sw_index *index, struct sw_plan *plan, uint32_t code)
{
    struct sw_list list = {0};
    struct sw_list rest = {0};
    sw_code_flatten(index, SW_CODE_AND, code, &list);
    plan->required_first = index->mask_count;
    for (uint32_t i = 0; i < list.count; i++) {
        const struct sw_code *part = &index->codes[list.items[i]];
        if (part->type == SW_CODE_CLAUSE) {
            const struct sw_clause *clause = &index->clauses[part->operand];
            add_mask(index, plan->required_first, clause->word, clause->mask);
        }
    }
    plan->required_count = index->mask_count - plan->required_first;
    plan->forbidden_first = index->mask_count;
    for (uint32_t i = 0; i < list.count; i++) {
        const struct sw_code *part = &index->codes[list.items[i]];
        bool negative =
            part->type == SW_CODE_NOT && index->codes[part->operand].type == SW_CODE_CLAUSE;
        if (negative) {
            const struct sw_clause *clause = &index->clauses[index->codes[part->operand].operand];
            add_mask(index, plan->forbidden_first, clause->word, clause->mask);
        } else if (part->type != SW_CODE_CLAUSE) {
            sw_list_add(&rest, list.items[i]);
        }
    }
    plan->forbidden_count = index->mask_count - plan->forbidden_first;
    plan->residual = sw_code_join(index, SW_CODE_AND, &rest);
    free(list.items);
}

/* Turns each `and` of clauses only into its masks. Comes last, since it changes codes in place. */
static void mask_codes(struct sw_index *index)
{
    for (uint32_t i = 0; i < index->code_count; i++) {
        struct sw_code *code = &index->codes[i];
        bool plain = code->type == SW_CODE_AND;
        for (uint32_t j = 0; plain && j < code->count; j++) {
            plain = index->codes[index->children[code->first + j]].type == SW_CODE_CLAUSE;
        }
        if (!plain) {
            continue;
        }
        uint32_t first = index->mask_count;
        for (uint32_t j = 0; j < code->count; j++) {
            uint32_t child = index->children[code->first + j];
            const struct sw_clause *clause = &index->clauses[index->codes[child].operand];
            add_mask(index, first, clause->word, clause->mask);
        }
        code->type = SW_CODE_MASKS;
        code->first = first;
        code->count = index->mask_count - first;
    }
}

static uint32_t bit_of(const struct sw_clause *clause)
{
    return clause->word * WORD_BITS + (uint32_t)__builtin_ctzll(clause->mask);
}

/* Without rows all clause bits stand in one. */
static void place_words(struct sw_index *index)
{
    index->places = sw_allocate(index->word_count, sizeof(struct sw_place_of_word));
    for (uint32_t i = 0; i < index->word_count; i++) {
        index->places[i].offset = i;
    }
    index->zero_row = 1;
}

/* What stands under a clause while postings are sorted. */
struct raw_posting {
    uint32_t bit;
    uint32_t rule;
    uint32_t second; // clause or SW_UNKNOWN
};

static int compare_postings(const void *left, const void *right)
{
    const struct raw_posting *a = left;
    const struct raw_posting *b = right;
    if (a->bit != b->bit) {
        return a->bit < b->bit ? -1 : 1;
    }
    return (a->rule > b->rule) - (a->rule < b->rule);
}

struct raw_postings {
    struct raw_posting *items;
    uint32_t count;
    uint32_t capacity;
};

static void make_postings(struct sw_index *index, struct raw_postings *raw)
{
    if (raw->count > 0) {
        qsort(raw->items, raw->count, sizeof(*raw->items), compare_postings);
    }
    uint32_t bits = index->word_count * WORD_BITS;
    index->key_bits = sw_allocate(index->word_count, sizeof(uint64_t));
    index->posting_first = sw_allocate((size_t)bits + 1, sizeof(uint32_t));
    index->postings = sw_allocate(raw->count, sizeof(struct sw_posting));
    for (uint32_t i = 0; i < raw->count; i++) {
        const struct raw_posting *item = &raw->items[i];
        if (i > 0 && raw->items[i - 1].bit == item->bit && raw->items[i - 1].rule == item->rule) {
            continue;
        }
        struct sw_posting *posting = &index->postings[index->posting_count++];
        posting->plan = item->rule;
        if (item->second != SW_UNKNOWN) {
            posting->word = index->clauses[item->second].word;
            posting->mask = index->clauses[item->second].mask;
        }
        index->key_bits[item->bit / WORD_BITS] |= UINT64_C(1) << item->bit % WORD_BITS;
        index->posting_first[item->bit + 1] = index->posting_count;
    }
    for (uint32_t bit = 0; bit < bits; bit++) {
        if (index->posting_first[bit + 1] < index->posting_first[bit]) {
            index->posting_first[bit + 1] = index->posting_first[bit];
        }
    }
}

static uint32_t intern_log_source(struct sw_index *index, const struct sw_log_source *log_source)
{
    for (uint32_t i = 0; i < index->log_source_count; i++) {
        const struct sw_log_source *other = &index->log_sources[i];
        if (sw_text_equal_fold(other->category, log_source->category) &&
            sw_text_equal_fold(other->product, log_source->product) &&
            sw_text_equal_fold(other->service, log_source->service)) {
            return i;
        }
    }
    index->log_sources = sw_grow(index->log_sources, index->log_source_count,
                                 &index->log_source_capacity, sizeof(struct sw_log_source));
    index->log_sources[index->log_source_count] = *log_source;
    return index->log_source_count++;
}

/* Compiles the tree of each rule: into @codes the generous code, into the plan the sure one. */
static void compile_rules(struct sw_index *index, struct sw_set *set,
                          const struct sw_rule_source *rules, uint32_t rule_count, uint32_t *codes)
{
    sw_code_begin(index);
    for (uint32_t i = 0; i < rule_count; i++) {
        struct sw_plan *plan = &index->plans[i];
        plan->sure = SW_UNKNOWN;
        plan->log_source = intern_log_source(index, &rules[i].log_source);
        codes[i] = SW_CODE_NEVER;
        if (rules[i].kind != SW_RULE_DETECTION) {
            continue;
        }
        codes[i] = sw_code_of_rule(index, set, &rules[i], true);
        if (rules[i].if_missing_count > 0) {
            plan->sure = sw_code_of_rule(index, set, &rules[i], false);
        }
    }
}

void sw_index_build(struct sw_index *index, struct sw_set *set, const struct sw_rule_source *rules,
                    uint32_t rule_count, bool sparse)
{
    *index = (struct sw_index){.plan_count = rule_count};
    index->masks = sw_grow(NULL, 0, &index->mask_capacity, sizeof(struct sw_mask)); // never NULL,
    index->children = sw_grow(NULL, 0, &index->child_capacity, sizeof(uint32_t));   // since offsets
    index->clause_predicates = // into them are taken even when there is nothing to read
        sw_grow(NULL, 0, &index->clause_predicate_capacity, sizeof(uint32_t));
    index->plans = sw_allocate(rule_count, sizeof(struct sw_plan));
    uint32_t *codes = sw_allocate(rule_count, sizeof(uint32_t));
    compile_rules(index, set, rules, rule_count, codes);
    index->rule_codes = codes;
    struct sw_key_maker maker;
    sw_key_begin(&maker, index, set);
    struct sw_key *keys = sw_allocate(rule_count, sizeof(struct sw_key));
    uint32_t *seconds = sw_allocate(rule_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < rule_count; i++) {
        keys[i] = sw_key_of(&maker, codes[i]);
        seconds[i] = sw_key_second(&maker, codes[i], &keys[i]);
    }
    index->predicate_count = set->predicate_count; // keys may have added tests of presence
    place_clauses(index, set->slot_count);
    make_rows(index);
    make_tests(index, set);
    sw_grams_build(&index->grams, index, set);
    make_missing(index);
    index->always = sw_allocate(rule_count, sizeof(uint32_t));
    struct raw_postings raw = {0};
    for (uint32_t i = 0; i < rule_count; i++) {
        make_plan(index, &index->plans[i], codes[i]);
        if (keys[i].cost >= SW_KEY_NONE) {
            index->always[index->always_count++] = i;
        }
        for (uint32_t j = 0; keys[i].cost < SW_KEY_NONE && j < keys[i].clauses.count; j++) {
            raw.items = sw_grow(raw.items, raw.count, &raw.capacity, sizeof(*raw.items));
            raw.items[raw.count++] = (struct raw_posting){
                bit_of(&index->clauses[keys[i].clauses.items[j]]), i, seconds[i]};
        }
        free(keys[i].clauses.items);
    }
    make_postings(index, &raw);
    place_words(index);
    if (!sparse) {
        sw_dense_build(&index->dense, index, set);
    }
    free(raw.items);
    free(keys);
    free(seconds);
    sw_key_end(&maker);
}

/* Adds the bits of @mask to @guard, which has @count. False: there is no room. */
static bool add_guard(const struct sw_index *index, const struct sw_mask *mask,
                      struct sw_guard *guard, uint32_t *count)
{
    const struct sw_place_of_word *place = &index->places[mask->word];
    for (uint64_t bits = mask->mask; bits != 0; bits &= bits - 1) {
        uint64_t bit = (uint64_t)place->offset * WORD_BITS + (uint32_t)__builtin_ctzll(bits);
        if (*count == 2 || bit > UINT16_MAX) {
            return false;
        }
        guard->row[*count] = (uint16_t)place->row;
        guard->bit[*count] = (uint16_t)bit;
        (*count)++;
    }
    return true;
}

/* Takes the most frequent residual, a filter of two or more items, into the plan itself. */
static void make_guard(struct sw_index *index, uint32_t rule)
{
    struct sw_plan *plan = &index->plans[rule];
    const struct sw_code *residual = &index->codes[plan->residual];
    uint16_t zero = (uint16_t)index->zero_row;
    plan->guard = (struct sw_guard){{zero, zero}, {0, 0}};
    if (residual->type != SW_CODE_NOT || index->codes[residual->operand].type != SW_CODE_MASKS) {
        return;
    }
    const struct sw_code *filter = &index->codes[residual->operand];
    struct sw_guard guard;
    uint32_t count = 0;
    for (uint32_t i = 0; i < filter->count; i++) {
        if (!add_guard(index, &index->masks[filter->first + i], &guard, &count)) {
            return;
        }
    }
    SW_ASSERT(count == 2); // an `and` has two parts at least
    plan->guard = guard;
    plan->residual = SW_CODE_ALWAYS;
}

/* Whether more than the guard is left to check once the rows let the rule pass. */
static bool is_complex(const struct sw_plan *plan)
{
    return plan->residual != SW_CODE_ALWAYS || plan->extra_count > 0 || plan->sure != SW_UNKNOWN ||
           plan->dated;
}

void sw_index_finish(struct sw_index *index)
{
    mask_codes(index);
    index->guards = sw_allocate(index->plan_count, sizeof(struct sw_guard));
    for (uint32_t i = 0; i < index->plan_count; i++) {
        make_guard(index, i);
        index->guards[i] = index->plans[i].guard;
        if (is_complex(&index->plans[i])) {
            index->guards[i].row[0] = SW_GUARD_COMPLEX;
        }
        index->has_silent = index->has_silent || index->plans[i].silent;
    }
    sw_dense_finish(&index->dense, index);
}

void sw_index_free(struct sw_index *index)
{
    free(index->codes);
    free(index->children);
    free(index->code_table);
    free(index->clauses);
    free(index->clause_predicates);
    free(index->clause_table);
    free(index->masks);
    free(index->plans);
    free(index->slots);
    free(index->row_first);
    free(index->row_count);
    free(index->tests);
    free(index->equal);
    free(index->shorts);
    free(index->guards);
    free(index->places);
    free(index->missing);
    free(index->key_bits);
    free(index->posting_first);
    free(index->postings);
    sw_dense_free(&index->dense);
    sw_grams_free(&index->grams);
    free(index->always);
    free(index->rule_codes);
    free(index->log_sources);
    *index = (struct sw_index){0};
}
