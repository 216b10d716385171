#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "hash.h"
#include "shorts.h"

#define TABLE_MIN    1024 // a power of two
#define WORD_BITS    64
#define CHILDREN_MAX 65536 // of one node

#define CODE_FALSE SW_CODE_NEVER
#define CODE_TRUE  SW_CODE_ALWAYS

bool sw_op_is_eager(const struct sw_predicate *predicate)
{
    return predicate->op < SW_OP_REGEX && predicate->part == SW_PART_NONE;
}

/* --- hash-consing ------------------------------------------------------------------------------
 */

static uint64_t hash_words(uint64_t seed, const uint32_t *words, uint32_t count)
{
    uint64_t hash = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint64_t hash_of_code(const struct sw_index *index, const struct sw_code *code)
{
    /* Before the first child there is no array to point into. */
    const uint32_t *children = code->count != 0 ? index->children + code->first : NULL;
    return hash_words((uint64_t)code->type << 32 | code->operand, children, code->count);
}

static bool same_code(const struct sw_index *index, const struct sw_code *a,
                      const struct sw_code *b)
{
    return a->type == b->type && a->operand == b->operand && a->count == b->count &&
           (a->count == 0 || memcmp(index->children + a->first, index->children + b->first,
                                    a->count * sizeof(uint32_t)) == 0);
}

static uint32_t *find_code(const struct sw_index *index, const struct sw_code *code)
{
    uint32_t at = (uint32_t)hash_of_code(index, code) & (index->code_table_size - 1);
    while (index->code_table[at] != 0 &&
           !same_code(index, &index->codes[index->code_table[at] - 1], code)) {
        at = (at + 1) & (index->code_table_size - 1);
    }
    return &index->code_table[at];
}

static void grow_code_table(struct sw_index *index)
{
    if (index->code_count * 2 < index->code_table_size) {
        return;
    }
    free(index->code_table);
    index->code_table_size = index->code_table_size == 0 ? TABLE_MIN : index->code_table_size * 2;
    index->code_table = sw_allocate(index->code_table_size, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->code_count; i++) {
        *find_code(index, &index->codes[i]) = i + 1;
    }
}

static void add_child(struct sw_index *index, uint32_t child)
{
    index->children =
        sw_grow(index->children, index->child_count, &index->child_capacity, sizeof(uint32_t));
    index->children[index->child_count++] = child;
}

/* The code equal to @code, whose children stand last in `children`; they go when it exists. */
static uint32_t intern_code(struct sw_index *index, struct sw_code code)
{
    grow_code_table(index);
    uint32_t *entry = find_code(index, &code);
    if (*entry != 0) {
        index->child_count -= code.count;
        return *entry - 1;
    }
    index->codes =
        sw_grow(index->codes, index->code_count, &index->code_capacity, sizeof(struct sw_code));
    index->codes[index->code_count] = code;
    *entry = index->code_count + 1;
    return index->code_count++;
}

static uint32_t *find_clause(const struct sw_index *index, uint32_t slot,
                             const uint32_t *predicates, uint32_t count)
{
    uint32_t at = (uint32_t)hash_words(slot, predicates, count) & (index->clause_table_size - 1);
    for (;;) {
        uint32_t entry = index->clause_table[at];
        if (entry == 0) {
            return &index->clause_table[at];
        }
        const struct sw_clause *clause = &index->clauses[entry - 1];
        if (clause->slot == slot && clause->count == count &&
            memcmp(index->clause_predicates + clause->first, predicates,
                   count * sizeof(uint32_t)) == 0) {
            return &index->clause_table[at];
        }
        at = (at + 1) & (index->clause_table_size - 1);
    }
}

static void grow_clause_table(struct sw_index *index)
{
    if (index->clause_count * 2 < index->clause_table_size) {
        return;
    }
    free(index->clause_table);
    index->clause_table_size =
        index->clause_table_size == 0 ? TABLE_MIN : index->clause_table_size * 2;
    index->clause_table = sw_allocate(index->clause_table_size, sizeof(uint32_t));
    for (uint32_t i = 0; i < index->clause_count; i++) {
        const struct sw_clause *clause = &index->clauses[i];
        *find_clause(index, clause->slot, index->clause_predicates + clause->first, clause->count) =
            i + 1;
    }
}

/* The clause over the ascending @predicates [count], all of @slot. */
static uint32_t intern_clause(struct sw_index *index, uint32_t slot, const uint32_t *predicates,
                              uint32_t count)
{
    grow_clause_table(index);
    uint32_t *entry = find_clause(index, slot, predicates, count);
    if (*entry != 0) {
        return *entry - 1;
    }
    index->clauses = sw_grow(index->clauses, index->clause_count, &index->clause_capacity,
                             sizeof(struct sw_clause));
    index->clauses[index->clause_count] =
        (struct sw_clause){.slot = slot, .first = index->clause_predicate_count, .count = count};
    *entry = index->clause_count + 1;
    for (uint32_t i = 0; i < count; i++) {
        index->clause_predicates = sw_grow(index->clause_predicates, index->clause_predicate_count,
                                           &index->clause_predicate_capacity, sizeof(uint32_t));
        index->clause_predicates[index->clause_predicate_count++] = predicates[i];
    }
    return index->clause_count++;
}

/* --- from trees to codes -----------------------------------------------------------------------
 */

struct compiler {
    struct sw_index *index;
    struct sw_set *set;
    const struct sw_rule_source *rule;
    bool generous; // unknown tests count for the rule, else against it
};

static int compare_words(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t sort_unique(uint32_t *words, uint32_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(words, count, sizeof(uint32_t), compare_words);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || words[kept - 1] != words[i]) {
            words[kept++] = words[i];
        }
    }
    return kept;
}

/* A growing list of codes or predicates. */
struct list {
    uint32_t *items;
    uint32_t count;
    uint32_t capacity;
};

static void add(struct list *list, uint32_t item)
{
    list->items = sw_grow(list->items, list->count, &list->capacity, sizeof(uint32_t));
    list->items[list->count++] = item;
}

/* Adds @code to the operands of an `and` or `or`, those of the same kind one by one. */
static void add_flat(const struct sw_index *index, enum sw_code_type type, uint32_t code,
                     struct list *list)
{
    const struct sw_code *entry = &index->codes[code];
    if (entry->type != type) {
        add(list, code);
        return;
    }
    for (uint32_t i = 0; i < entry->count; i++) {
        add(list, index->children[entry->first + i]);
    }
}

/* Takes the clauses of each slot out of @list and puts their union in. */
static void merge_clauses(struct sw_index *index, struct list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (index->codes[list->items[i]].type != SW_CODE_CLAUSE) {
            continue;
        }
        uint32_t slot = index->clauses[index->codes[list->items[i]].operand].slot;
        struct list predicates = {0};
        uint32_t kept = i;
        for (uint32_t j = i; j < list->count; j++) {
            const struct sw_code *code = &index->codes[list->items[j]];
            bool same = code->type == SW_CODE_CLAUSE && index->clauses[code->operand].slot == slot;
            if (!same) {
                list->items[kept++] = list->items[j];
                continue;
            }
            const struct sw_clause *clause = &index->clauses[code->operand];
            for (uint32_t k = 0; k < clause->count; k++) {
                add(&predicates, index->clause_predicates[clause->first + k]);
            }
        }
        uint32_t count = sort_unique(predicates.items, predicates.count);
        uint32_t clause = intern_clause(index, slot, predicates.items, count);
        free(predicates.items);
        list->items[kept++] =
            intern_code(index, (struct sw_code){.type = SW_CODE_CLAUSE, .operand = clause});
        uint32_t merged = list->items[kept - 1]; // stands first, so that the walk goes on behind it
        list->items[kept - 1] = list->items[i];
        list->items[i] = merged;
        list->count = kept;
    }
}

/* The `and` or `or` of @list, which is freed. */
static uint32_t join(struct sw_index *index, enum sw_code_type type, struct list *list)
{
    uint32_t neutral = type == SW_CODE_AND ? CODE_TRUE : CODE_FALSE;
    uint32_t absorbing = type == SW_CODE_AND ? CODE_FALSE : CODE_TRUE;
    if (type == SW_CODE_OR) {
        merge_clauses(index, list);
    }
    uint32_t count = sort_unique(list->items, list->count);
    SW_ASSERT(count == 0 || list->items != NULL);
    uint32_t result = neutral;
    uint32_t first = index->child_count;
    bool absorbed = false;
    for (uint32_t i = 0; i < count; i++) {
        absorbed = absorbed || list->items[i] == absorbing;
    }
    for (uint32_t i = 0; i < count && !absorbed; i++) {
        if (list->items[i] != neutral) {
            add_child(index, list->items[i]);
        }
    }
    uint32_t kept = index->child_count - first;
    if (absorbed) {
        result = absorbing;
    } else if (kept == 1) {
        result = index->children[first];
        index->child_count = first;
    } else if (kept > 1) {
        result = intern_code(index, (struct sw_code){.type = type, .first = first, .count = kept});
    }
    free(list->items);
    return result;
}

/* The `not` of @code. Of an `or` it is the `and` of its parts' negations, so that each filter of a
 * rule stands for itself. */
static uint32_t not_code(struct sw_index *index, uint32_t code)
{
    const struct sw_code negated = index->codes[code];
    if (code <= CODE_TRUE) {
        return code == CODE_TRUE ? CODE_FALSE : CODE_TRUE;
    }
    if (negated.type == SW_CODE_NOT) {
        return negated.operand;
    }
    if (negated.type != SW_CODE_OR) {
        return intern_code(index, (struct sw_code){.type = SW_CODE_NOT, .operand = code});
    }
    struct list list = {0};
    for (uint32_t i = 0; i < negated.count; i++) {
        uint32_t child = index->children[negated.first + i];
        add_flat(index, SW_CODE_AND, not_code(index, child), &list);
    }
    return join(index, SW_CODE_AND, &list);
}

static uint32_t predicate_of_presence(struct sw_set *set, enum sw_op op, uint32_t slot)
{
    char key[64];
    (void)snprintf(key, sizeof(key), "%u %d 1 0 0 0 0 ", slot, (int)op);
    struct sw_predicate predicate = {
        .op = op,
        .slot = slot,
        .cased = true,
        .key = sw_arena_text(&set->arena, sw_text_from(key)),
        .source = op == SW_OP_NULL ? SW_TEXT("null") : SW_TEXT("true"),
    };
    return sw_set_predicate(set, &predicate);
}

static uint32_t clause_code(struct compiler *compiler, uint32_t predicate)
{
    uint32_t slot = compiler->set->predicates[predicate].slot;
    uint32_t clause = intern_clause(compiler->index, slot, &predicate, 1);
    return intern_code(compiler->index,
                       (struct sw_code){.type = SW_CODE_CLAUSE, .operand = clause});
}

static bool may_be_unknown(const struct compiler *compiler, uint32_t slot)
{
    for (uint32_t i = 0; i < compiler->rule->if_missing_count; i++) {
        if (compiler->rule->if_missing[i] == slot) {
            return true;
        }
    }
    return false;
}

static uint32_t compile_predicate(struct compiler *compiler, uint32_t index, bool negated)
{
    struct sw_predicate predicate = compiler->set->predicates[index];
    struct sw_index *codes = compiler->index;
    uint32_t code =
        sw_op_is_eager(&predicate)
            ? clause_code(compiler, index)
            : intern_code(codes, (struct sw_code){.type = SW_CODE_LAZY, .operand = index});
    bool asks_presence = predicate.op == SW_OP_EXISTS || predicate.op == SW_OP_NULL;
    if (asks_presence || compiler->generous == negated) {
        return code;
    }
    struct list list = {0};
    add(&list, code);
    if (may_be_unknown(compiler, predicate.slot)) {
        add(&list, clause_code(compiler,
                               predicate_of_presence(compiler->set, SW_OP_NULL, predicate.slot)));
    }
    if (predicate.op == SW_OP_FIELD && may_be_unknown(compiler, predicate.other_slot)) {
        add(&list, clause_code(compiler, predicate_of_presence(compiler->set, SW_OP_NULL,
                                                               predicate.other_slot)));
    }
    return join(codes, SW_CODE_OR, &list);
}

/* Recursion is bounded by the depth of YAML and of conditions. */
static uint32_t compile_node(struct compiler *compiler, const struct sw_node *node, bool negated)
{
    if (node->type == SW_NODE_PREDICATE) {
        return compile_predicate(compiler, node->predicate, negated);
    }
    if (node->type == SW_NODE_NOT) {
        return not_code(compiler->index, compile_node(compiler, node->children[0], !negated));
    }
    enum sw_code_type type = node->type == SW_NODE_AND ? SW_CODE_AND : SW_CODE_OR;
    struct list list = {0};
    for (uint32_t i = 0; i < node->count; i++) {
        add_flat(compiler->index, type, compile_node(compiler, node->children[i], negated), &list);
    }
    return join(compiler->index, type, &list);
}

/* --- keys --------------------------------------------------------------------------------------
 */

/* Clauses one of which is necessary; `cost` guesses how often one is true. */
struct key {
    struct list clauses;
    double cost; // 2: there is none
};
#define NO_KEY 2.0

struct key_maker {
    struct sw_index *index;
    struct sw_set *set;
    uint32_t *distinct;  // [slot], values that rules compare the field with
    uint32_t slot_count; // of `distinct`
};

static double cost_of_predicate(const struct key_maker *maker, const struct sw_predicate *predicate)
{
    double values = predicate->slot < maker->slot_count ? maker->distinct[predicate->slot] : 1;
    switch (predicate->op) {
    case SW_OP_EQUAL:
    case SW_OP_NUMBER:
        return 1.0 / (values + 1.0);
    case SW_OP_PREFIX:
    case SW_OP_SUFFIX:
    case SW_OP_CONTAINS:
    case SW_OP_GLOB:
        return 0.05;
    case SW_OP_LESS:
    case SW_OP_LESS_EQUAL:
    case SW_OP_GREATER:
    case SW_OP_GREATER_EQUAL:
        return 0.4;
    case SW_OP_EXISTS:
        return 0.8;
    case SW_OP_NULL:
        return NO_KEY; // true without any value
    case SW_OP_REGEX:
    case SW_OP_CIDR:
    case SW_OP_FIELD:
        break;
    }
    SW_ASSERT(false);
    return NO_KEY;
}

static double cost_of_clause(const struct key_maker *maker, uint32_t clause)
{
    const struct sw_clause *entry = &maker->index->clauses[clause];
    double cost = 0;
    for (uint32_t i = 0; i < entry->count; i++) {
        uint32_t predicate = maker->index->clause_predicates[entry->first + i];
        cost += cost_of_predicate(maker, &maker->set->predicates[predicate]);
        if (maker->set->predicates[predicate].op == SW_OP_NULL) {
            return NO_KEY;
        }
    }
    return cost < 1.0 ? cost : 1.0;
}

static struct key key_of(struct key_maker *maker, uint32_t code);

static struct key key_of_lazy(struct key_maker *maker, uint32_t predicate)
{
    uint32_t slot = maker->set->predicates[predicate].slot;
    uint32_t exists = predicate_of_presence(maker->set, SW_OP_EXISTS, slot);
    struct key key = {.cost = 0.8};
    add(&key.clauses, intern_clause(maker->index, slot, &exists, 1));
    return key;
}

static struct key key_of_and(struct key_maker *maker, struct sw_code code)
{
    struct key best = {.cost = NO_KEY};
    for (uint32_t i = 0; i < code.count; i++) {
        struct key key = key_of(maker, maker->index->children[code.first + i]);
        if (key.cost < best.cost) {
            free(best.clauses.items);
            best = key;
        } else {
            free(key.clauses.items);
        }
    }
    return best;
}

static struct key key_of_or(struct key_maker *maker, struct sw_code code)
{
    struct key all = {.cost = 0};
    for (uint32_t i = 0; i < code.count && all.cost < NO_KEY; i++) {
        struct key key = key_of(maker, maker->index->children[code.first + i]);
        for (uint32_t j = 0; j < key.clauses.count; j++) {
            add(&all.clauses, key.clauses.items[j]);
        }
        all.cost = key.cost >= NO_KEY ? NO_KEY : all.cost + key.cost;
        all.cost = key.cost < NO_KEY && all.cost > 1.5 ? 1.5 : all.cost;
        free(key.clauses.items);
    }
    return all;
}

/* The cheapest necessary key of @code; its list is the caller's to free. */
static struct key key_of(struct key_maker *maker, uint32_t code)
{
    struct sw_code entry = maker->index->codes[code];
    struct key key = {.cost = NO_KEY};
    switch (entry.type) {
    case SW_CODE_CLAUSE:
        key.cost = cost_of_clause(maker, entry.operand);
        if (key.cost < NO_KEY) {
            add(&key.clauses, entry.operand);
        }
        return key;
    case SW_CODE_LAZY:
        return key_of_lazy(maker, entry.operand);
    case SW_CODE_AND:
        return key_of_and(maker, entry);
    case SW_CODE_OR:
        return key_of_or(maker, entry);
    case SW_CODE_FALSE:
        key.cost = 0; // never
        return key;
    case SW_CODE_TRUE:
    case SW_CODE_NOT:
    case SW_CODE_MASKS:
        break;
    }
    return key;
}

/* The rarest clause that the rule needs, beside those of its key; SW_UNKNOWN: none. */
static uint32_t second_clause(const struct key_maker *maker, uint32_t code, const struct key *key)
{
    const struct sw_code *entry = &maker->index->codes[code];
    uint32_t best = SW_UNKNOWN;
    double best_cost = NO_KEY;
    for (uint32_t i = 0; entry->type == SW_CODE_AND && i < entry->count; i++) {
        const struct sw_code *child =
            &maker->index->codes[maker->index->children[entry->first + i]];
        bool own = child->type != SW_CODE_CLAUSE ||
                   (key->clauses.count == 1 && key->clauses.items[0] == child->operand);
        double cost = own ? NO_KEY : cost_of_clause(maker, child->operand);
        if (cost < best_cost) {
            best_cost = cost;
            best = child->operand;
        }
    }
    return best;
}

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
    struct list list = {0};
    struct list rest = {0};
    add_flat(index, SW_CODE_AND, code, &list);
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
            add(&rest, list.items[i]);
        }
    }
    plan->forbidden_count = index->mask_count - plan->forbidden_first;
    plan->residual = join(index, SW_CODE_AND, &rest);
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

/* How many values each field is compared with, over all rules. */
static uint32_t *count_distinct(const struct sw_set *set)
{
    uint32_t *distinct = sw_allocate(set->slot_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < set->predicate_count; i++) {
        enum sw_op op = set->predicates[i].op;
        distinct[set->predicates[i].slot] += op == SW_OP_EQUAL || op == SW_OP_NUMBER ? 1 : 0;
    }
    return distinct;
}

/* Compiles the tree of each rule: into @codes the generous code, into the plan the sure one. */
static void compile_rules(struct sw_index *index, struct sw_set *set,
                          const struct sw_rule_source *rules, uint32_t rule_count, uint32_t *codes)
{
    (void)intern_code(index, (struct sw_code){.type = SW_CODE_FALSE});
    (void)intern_code(index, (struct sw_code){.type = SW_CODE_TRUE});
    for (uint32_t i = 0; i < rule_count; i++) {
        struct sw_plan *plan = &index->plans[i];
        plan->sure = SW_UNKNOWN;
        plan->log_source = intern_log_source(index, &rules[i].log_source);
        codes[i] = CODE_FALSE;
        if (rules[i].kind != SW_RULE_DETECTION) {
            continue;
        }
        struct compiler compiler = {index, set, &rules[i], true};
        codes[i] = compile_node(&compiler, rules[i].tree, false);
        if (rules[i].if_missing_count > 0) {
            compiler.generous = false;
            plan->sure = compile_node(&compiler, rules[i].tree, false);
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
    struct key_maker maker = {index, set, count_distinct(set), set->slot_count};
    struct key *keys = sw_allocate(rule_count, sizeof(struct key));
    uint32_t *seconds = sw_allocate(rule_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < rule_count; i++) {
        keys[i] = key_of(&maker, codes[i]);
        seconds[i] = second_clause(&maker, codes[i], &keys[i]);
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
        if (keys[i].cost >= NO_KEY) {
            index->always[index->always_count++] = i;
        }
        for (uint32_t j = 0; keys[i].cost < NO_KEY && j < keys[i].clauses.count; j++) {
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
    free(maker.distinct);
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
