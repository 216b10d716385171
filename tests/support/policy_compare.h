/**
 * The engine against the reference: random rules over random events, the same answer on every pair.
 */
#ifndef SHAREWATCH_POLICY_COMPARE_H
#define SHAREWATCH_POLICY_COMPARE_H

#include <stdint.h>

#include "policy_random.h"

struct comparison {
    uint64_t pairs;
    uint64_t hits;       // of the engine
    uint64_t mismatches; // printed, the first ten
};

/** Adds @rules times @events pairs, made from @seed, to @total. Odd seeds take rows of bits, even
 * ones keys: the two ways in which the engine finds its rules. */
void policy_compare(uint64_t seed, enum rule_mix mix, uint32_t rules, uint32_t events,
                    struct comparison *total);

#endif
