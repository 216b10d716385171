/**
 * The key of a rule: the rarest clauses one of which must be true for it to match, so that the rule
 * is looked at only when one of them is. Beside it a second clause, checked before the rule is. The
 * second of the steps in compile.h; only while loading.
 */
#ifndef SHAREWATCH_KEY_H
#define SHAREWATCH_KEY_H

#include <stdint.h>

#include "code.h"

#define SW_KEY_NONE 2.0 // the cost when there is no key

/** Clauses one of which is necessary; `cost` guesses how often one is true. */
struct sw_key {
    struct sw_list clauses; // the caller frees its items
    double cost;            // SW_KEY_NONE: there is none
};

struct sw_key_maker {
    struct sw_index *index;
    struct sw_set *set;
    uint32_t *distinct;  // [slot_count], values that rules compare the field with
    uint32_t slot_count; // of `distinct`
};

/** Once all rules have their codes. */
void sw_key_begin(struct sw_key_maker *maker, struct sw_index *index, struct sw_set *set);
void sw_key_end(struct sw_key_maker *maker);

/** The key of the rule whose code is @code. May add tests of presence to the set. */
struct sw_key sw_key_of(struct sw_key_maker *maker, uint32_t code);

/** The rarest clause that the rule needs, beside those of its @key; SW_UNKNOWN: none. */
uint32_t sw_key_second(const struct sw_key_maker *maker, uint32_t code, const struct sw_key *key);

#endif
