/**
 * From the tree of a rule to its code: `and`, `or` and `not` over clauses, each of which is made
 * once for all rules. The first of the steps in compile.h; only while loading.
 */
#ifndef SHAREWATCH_CODE_H
#define SHAREWATCH_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "compile.h"
#include "engine.h"

/** A growing list of codes, clauses or predicates; whoever made it frees `items`. */
struct sw_list {
    uint32_t *items; // [count]
    uint32_t count;
    uint32_t capacity;
};

void sw_list_add(struct sw_list *list, uint32_t item);

/** Makes the two codes that stand for never and always. Once, before any other. */
void sw_code_begin(struct sw_index *index);

/** The code of @rule's tree. @generous: a test of a fact that is missing and named in `if_missing`
 *  counts for the rule, else against it; where the two differ, the answer hangs on it. */
uint32_t sw_code_of_rule(struct sw_index *index, struct sw_set *set,
                         const struct sw_rule_source *rule, bool generous);

/** Adds @code to @list, or the operands of it when it is of @type itself. */
void sw_code_flatten(const struct sw_index *index, enum sw_code_type type, uint32_t code,
                     struct sw_list *list);

/** The `and` or `or` of @list, which is freed. */
uint32_t sw_code_join(struct sw_index *index, enum sw_code_type type, struct sw_list *list);

/** The test of field @slot for SW_OP_EXISTS or SW_OP_NULL; added to @set when no rule has it. */
uint32_t sw_presence_predicate(struct sw_set *set, enum sw_op op, uint32_t slot);

/** The clause of field @slot that is the `or` of @predicates [count], ascending; made when new. */
uint32_t sw_clause_intern(struct sw_index *index, uint32_t slot, const uint32_t *predicates,
                          uint32_t count);

#endif
