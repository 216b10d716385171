/* Codes and clauses are made once and shared; a clause swallows the `or` of tests of one field. */
#include "code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "hash.h"

#define TABLE_MIN    1024  // a power of two
#define CHILDREN_MAX 65536 // of one node

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
uint32_t sw_clause_intern(struct sw_index *index, uint32_t slot, const uint32_t *predicates,
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

void sw_list_add(struct sw_list *list, uint32_t item)
{
    list->items = sw_grow(list->items, list->count, &list->capacity, sizeof(uint32_t));
    list->items[list->count++] = item;
}

void sw_code_flatten(const struct sw_index *index, enum sw_code_type type, uint32_t code,
                     struct sw_list *list)
{
    const struct sw_code *entry = &index->codes[code];
    if (entry->type != type) {
        sw_list_add(list, code);
        return;
    }
    for (uint32_t i = 0; i < entry->count; i++) {
        sw_list_add(list, index->children[entry->first + i]);
    }
}

/* Takes the clauses of each slot out of @list and puts their union in. */
static void merge_clauses(struct sw_index *index, struct sw_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (index->codes[list->items[i]].type != SW_CODE_CLAUSE) {
            continue;
        }
        uint32_t slot = index->clauses[index->codes[list->items[i]].operand].slot;
        struct sw_list predicates = {0};
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
                sw_list_add(&predicates, index->clause_predicates[clause->first + k]);
            }
        }
        uint32_t count = sort_unique(predicates.items, predicates.count);
        uint32_t clause = sw_clause_intern(index, slot, predicates.items, count);
        free(predicates.items);
        list->items[kept++] =
            intern_code(index, (struct sw_code){.type = SW_CODE_CLAUSE, .operand = clause});
        uint32_t merged = list->items[kept - 1]; // stands first, so that the walk goes on behind it
        list->items[kept - 1] = list->items[i];
        list->items[i] = merged;
        list->count = kept;
    }
}

uint32_t sw_code_join(struct sw_index *index, enum sw_code_type type, struct sw_list *list)
{
    uint32_t neutral = type == SW_CODE_AND ? SW_CODE_ALWAYS : SW_CODE_NEVER;
    uint32_t absorbing = type == SW_CODE_AND ? SW_CODE_NEVER : SW_CODE_ALWAYS;
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
    if (code <= SW_CODE_ALWAYS) {
        return code == SW_CODE_ALWAYS ? SW_CODE_NEVER : SW_CODE_ALWAYS;
    }
    if (negated.type == SW_CODE_NOT) {
        return negated.operand;
    }
    if (negated.type != SW_CODE_OR) {
        return intern_code(index, (struct sw_code){.type = SW_CODE_NOT, .operand = code});
    }
    struct sw_list list = {0};
    for (uint32_t i = 0; i < negated.count; i++) {
        uint32_t child = index->children[negated.first + i];
        sw_code_flatten(index, SW_CODE_AND, not_code(index, child), &list);
    }
    return sw_code_join(index, SW_CODE_AND, &list);
}

uint32_t sw_presence_predicate(struct sw_set *set, enum sw_op op, uint32_t slot)
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
    uint32_t clause = sw_clause_intern(compiler->index, slot, &predicate, 1);
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
    struct sw_list list = {0};
    sw_list_add(&list, code);
    if (may_be_unknown(compiler, predicate.slot)) {
        sw_list_add(&list, clause_code(compiler, sw_presence_predicate(compiler->set, SW_OP_NULL,
                                                                       predicate.slot)));
    }
    if (predicate.op == SW_OP_FIELD && may_be_unknown(compiler, predicate.other_slot)) {
        sw_list_add(&list, clause_code(compiler, sw_presence_predicate(compiler->set, SW_OP_NULL,
                                                                       predicate.other_slot)));
    }
    return sw_code_join(codes, SW_CODE_OR, &list);
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
    struct sw_list list = {0};
    for (uint32_t i = 0; i < node->count; i++) {
        sw_code_flatten(compiler->index, type, compile_node(compiler, node->children[i], negated),
                        &list);
    }
    return sw_code_join(compiler->index, type, &list);
}

void sw_code_begin(struct sw_index *index)
{
    uint32_t never = intern_code(index, (struct sw_code){.type = SW_CODE_FALSE});
    uint32_t always = intern_code(index, (struct sw_code){.type = SW_CODE_TRUE});
    SW_ASSERT(never == SW_CODE_NEVER);
    SW_ASSERT(always == SW_CODE_ALWAYS);
}

uint32_t sw_code_of_rule(struct sw_index *index, struct sw_set *set,
                         const struct sw_rule_source *rule, bool generous)
{
    struct compiler compiler = {index, set, rule, generous};
    return compile_node(&compiler, rule->tree, false);
}
