/**
 * The condition of a rule: how its identifiers are put together.
 *
 *   condition = and {"or" and}      and = not {"and" not}      not = {"not"} primary
 *   primary   = "(" condition ")" | ("1" | "any" | "all") "of" ("them" | PATTERN) | IDENTIFIER
 *
 * Identifiers are letters, digits, `_`, `-`; a pattern may hold `*` anywhere. `them` is every
 * identifier that does not start with `_`. Operators are lower case.
 */
#ifndef SHAREWATCH_CONDITION_H
#define SHAREWATCH_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

/** What a name in a condition stands for. */
struct sw_identifier {
    struct sw_text name;
    struct sw_node *node;
    struct sw_place place;
    bool used; // set when a condition names it
};

struct sw_identifiers {
    struct sw_identifier *items; // [count]
    uint32_t count;
};

/** Parses the scalar or list of scalars (any of which may hold) @node. NULL: @report says why. */
struct sw_node *sw_condition_parse(struct sw_arena *arena, const struct sw_yaml_node *node,
                                   struct sw_identifiers *identifiers, struct sw_report *report);

/** A new tree node. */
struct sw_node *sw_node_new(struct sw_arena *arena, enum sw_node_type type, struct sw_text label,
                            struct sw_place place, uint32_t count);

#endif
