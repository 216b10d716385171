/* A guess of how often a clause is true is enough: a bad one costs time and no finding. */
#include "key.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"

static double cost_of_predicate(const struct sw_key_maker *maker,
                                const struct sw_predicate *predicate)
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
        return SW_KEY_NONE; // true without any value
    case SW_OP_REGEX:
    case SW_OP_CIDR:
    case SW_OP_FIELD:
        break;
    }
    SW_ASSERT(false);
    return SW_KEY_NONE;
}

static double cost_of_clause(const struct sw_key_maker *maker, uint32_t clause)
{
    const struct sw_clause *entry = &maker->index->clauses[clause];
    double cost = 0;
    for (uint32_t i = 0; i < entry->count; i++) {
        uint32_t predicate = maker->index->clause_predicates[entry->first + i];
        cost += cost_of_predicate(maker, &maker->set->predicates[predicate]);
        if (maker->set->predicates[predicate].op == SW_OP_NULL) {
            return SW_KEY_NONE;
        }
    }
    return cost < 1.0 ? cost : 1.0;
}

static struct sw_key key_of_lazy(struct sw_key_maker *maker, uint32_t predicate)
{
    uint32_t slot = maker->set->predicates[predicate].slot;
    uint32_t exists = sw_presence_predicate(maker->set, SW_OP_EXISTS, slot);
    struct sw_key key = {.cost = 0.8};
    sw_list_add(&key.clauses, sw_clause_intern(maker->index, slot, &exists, 1));
    return key;
}

static struct sw_key key_of_and(struct sw_key_maker *maker, struct sw_code code)
{
    struct sw_key best = {.cost = SW_KEY_NONE};
    for (uint32_t i = 0; i < code.count; i++) {
        struct sw_key key = sw_key_of(maker, maker->index->children[code.first + i]);
        if (key.cost < best.cost) {
            free(best.clauses.items);
            best = key;
        } else {
            free(key.clauses.items);
        }
    }
    return best;
}

static struct sw_key key_of_or(struct sw_key_maker *maker, struct sw_code code)
{
    struct sw_key all = {.cost = 0};
    for (uint32_t i = 0; i < code.count && all.cost < SW_KEY_NONE; i++) {
        struct sw_key key = sw_key_of(maker, maker->index->children[code.first + i]);
        for (uint32_t j = 0; j < key.clauses.count; j++) {
            sw_list_add(&all.clauses, key.clauses.items[j]);
        }
        all.cost = key.cost >= SW_KEY_NONE ? SW_KEY_NONE : all.cost + key.cost;
        all.cost = key.cost < SW_KEY_NONE && all.cost > 1.5 ? 1.5 : all.cost;
        free(key.clauses.items);
    }
    return all;
}

/* The cheapest necessary key of @code; its list is the caller's to free. */
struct sw_key sw_key_of(struct sw_key_maker *maker, uint32_t code)
{
    struct sw_code entry = maker->index->codes[code];
    struct sw_key key = {.cost = SW_KEY_NONE};
    switch (entry.type) {
    case SW_CODE_CLAUSE:
        key.cost = cost_of_clause(maker, entry.operand);
        if (key.cost < SW_KEY_NONE) {
            sw_list_add(&key.clauses, entry.operand);
        }
        return key;
    case SW_CODE_LAZY:
        return key_of_lazy(maker, entry.operand);
    case SW_CODE_AND:
        return key_of_and(maker, entry);
    case SW_CODE_OR:
        return key_of_or(maker, entry);
    case SW_CODE_NEVER:
        key.cost = 0; // never
        return key;
    case SW_CODE_ALWAYS:
    case SW_CODE_NOT:
    case SW_CODE_MASKS:
        break;
    }
    return key;
}

uint32_t sw_key_second(const struct sw_key_maker *maker, uint32_t code, const struct sw_key *key)
{
    const struct sw_code *entry = &maker->index->codes[code];
    uint32_t best = SW_UNKNOWN;
    double best_cost = SW_KEY_NONE;
    for (uint32_t i = 0; entry->type == SW_CODE_AND && i < entry->count; i++) {
        const struct sw_code *child =
            &maker->index->codes[maker->index->children[entry->first + i]];
        bool own = child->type != SW_CODE_CLAUSE ||
                   (key->clauses.count == 1 && key->clauses.items[0] == child->operand);
        double cost = own ? SW_KEY_NONE : cost_of_clause(maker, child->operand);
        if (cost < best_cost) {
            best_cost = cost;
            best = child->operand;
        }
    }
    return best;
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

void sw_key_begin(struct sw_key_maker *maker, struct sw_index *index, struct sw_set *set)
{
    *maker = (struct sw_key_maker){index, set, count_distinct(set), set->slot_count};
}

void sw_key_end(struct sw_key_maker *maker)
{
    free(maker->distinct);
    *maker = (struct sw_key_maker){0};
}
