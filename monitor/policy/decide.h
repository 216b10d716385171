/**
 * The second half of matching: from the bits of one event to the rules that match.
 */
#ifndef SHAREWATCH_DECIDE_H
#define SHAREWATCH_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "match.h"

/** The clause bits of @word of the index, for this event. */
static inline uint64_t sw_match_word(const struct sw_matcher *matcher, uint32_t word)
{
    const struct sw_place_of_word *place = &matcher->index->places[word];
    return matcher->rows[place->row][place->offset];
}

/** True when both bits of @guard are set in @rows of the matcher: its rule does not match. */
static inline bool sw_guard_holds(const uint64_t *const *rows, struct sw_guard guard)
{
    uint64_t first = rows[guard.row[0]][guard.bit[0] / 64] >> guard.bit[0] % 64;
    uint64_t second = rows[guard.row[1]][guard.bit[1] / 64] >> guard.bit[1] % 64;
    return (first & second & 1) != 0;
}

/** Decides all rules by their keys. */
void sw_finish_sparse(struct sw_matcher *matcher, int64_t time_ms);

/** The best way of joining rows on this machine, taken as @machine at most. */
sw_join_fn sw_join_choose(enum sw_machine machine);

/** Decides all rules by rows (dense.h). */
void sw_finish_dense(struct sw_matcher *matcher, int64_t time_ms);

/** What rows leave open of @rule: further bits and the residual code. */
void sw_try_survivor(struct sw_matcher *matcher, uint32_t rule, int64_t time_ms);

/** @rule matches, if it is in force at @time_ms. */
void sw_report_rule(struct sw_matcher *matcher, uint32_t rule, int64_t time_ms);

#endif
