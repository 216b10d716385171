/**
 * Matching one event: values go in, indices of rules come out.
 *
 *   sw_match_begin → sw_match_add (for each value) … → sw_match_finish
 *
 * Both kinds of events, decoded ones and JSON, end in these calls.
 */
#ifndef SHAREWATCH_MATCH_H
#define SHAREWATCH_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/assert.h>

#include "compile.h"
#include "predicate.h"

#define SW_VALUES_MAX 65536 // values of one event that rules may ask for

/** A rule that matched. */
struct sw_match {
    uint32_t rule;
    uint32_t missing_slot; // SW_UNKNOWN: it surely matches; else REVIEW, for want of this field
};

/** Several predicates of one field that held together; their row is kept. */
#define SW_COMBINATION_MAX      7
#define SW_COMBINATION_WAY_BITS 4
#define SW_COMBINATION_WAYS     (1U << SW_COMBINATION_WAY_BITS) // of each field
struct sw_combination {
    uint32_t count; // 0: none kept
    uint32_t predicates[SW_COMBINATION_MAX];
};

/** What was found for a text, see memory.h. */
#define SW_MEMORY_BITS     10
#define SW_MEMORIES        (1U << SW_MEMORY_BITS)
#define SW_MEMORY_TEXT_MAX 32
struct sw_memory {
    uint32_t asked; // what all tests of this slot say, or (behind the slots) one lazy predicate;
                    // SW_UNKNOWN: empty
    uint8_t type, length;
    uint8_t count; // of `fired`; of a predicate, 1 when it holds
    char bytes[SW_MEMORY_TEXT_MAX];
    uint32_t fired[SW_COMBINATION_MAX]; // [count]
};

#define SW_SURVIVORS_AHEAD 64 // rules that may be written past the last one

struct sw_matcher;

/** Writes the rules that no row rules out to @out; returns the end. */
typedef uint32_t *(*sw_join_fn)(const struct sw_matcher *matcher, uint32_t *out);

/** Everything that matching changes. */
struct sw_matcher {
    const struct sw_index *index;
    const struct sw_set *set;
    const struct sw_rule *rules;          // for their dates
    const struct sw_rule_source *sources; // for if_missing
    uint64_t *bits;                       // [index->word_count]
    struct sw_datum *data;                // [SW_VALUES_MAX]
    uint32_t data_count;
    uint64_t candidates_total;     // rules that were looked at one by one
    uint64_t values_refused_total; // values beyond SW_VALUES_MAX
    uint32_t *slot_first;          // [slot_count], of the data; SW_UNKNOWN: none
    uint32_t *slot_last;           // [slot_count]
    uint32_t *touched;             // [slot_count], slots that have values
    uint32_t touched_count;
    uint32_t *lazy_stamp;       // [predicate_count]: 2 * event, plus 1 when true
    uint32_t stamp;             // of this event
    const uint64_t **rows;      // [zero_row + 1], row of each field for this event; else the bits
    uint64_t *apply_row;        // [dense.words], rules whose log source applies
    struct sw_memory *memories; // [SW_MEMORIES]
    uint32_t *fired;            // [predicate_count], predicates of the field at hand that hold
    uint32_t fired_count;
    uint32_t *stamps; // [predicate_count], event for which it fired, when it was not the only one
    struct sw_combination *combinations; // [dense.slot_count][SW_COMBINATION_WAYS + 1]
    uint64_t *combined;                  // [the same][dense.stride], their rows
    uint32_t *survivors; // [64 * dense.words + SW_SURVIVORS_AHEAD], rules that no row rules out
    sw_join_fn join;     // how rows are joined on this machine
    uint64_t *hits;      // [plan_count / 64 + 1], rules that matched
    uint64_t *seen;      // [plan_count / 64 + 1], rules that were looked at
    struct sw_match *matches; // [plan_count + 1]
    uint32_t match_count;
    uint8_t *applies; // [log_source_count]
    struct sw_tools tools;
};

/** @machine: take this one for no better than that. */
void sw_matcher_open(struct sw_matcher *matcher, const struct sw_index *index,
                     const struct sw_set *set, const struct sw_rule *rules,
                     const struct sw_rule_source *sources, uint32_t fold_capacity,
                     enum sw_machine machine);
void sw_matcher_close(struct sw_matcher *matcher);

/** Starts an event. */
void sw_match_begin(struct sw_matcher *matcher);

/** Room for one more value of @slot; it is the caller's to fill. NULL:
 *  the event has too many. */
static inline struct sw_datum *sw_match_add(struct sw_matcher *matcher, uint32_t slot)
{
    SW_ASSERT(slot < matcher->set->slot_count);
    if (matcher->data_count == SW_VALUES_MAX) {
        matcher->values_refused_total++;
        return NULL;
    }
    uint32_t index = matcher->data_count++;
    if (matcher->slot_first[slot] == SW_UNKNOWN) {
        matcher->slot_first[slot] = index;
        matcher->touched[matcher->touched_count++] = slot;
    } else {
        matcher->data[matcher->slot_last[slot]].next = index;
    }
    matcher->slot_last[slot] = index;
    return &matcher->data[index];
}

/** Which log sources apply: all, or those that ask for nothing but what @given has. */
void sw_match_log_source(struct sw_matcher *matcher, const struct sw_log_source *given);

/**
 * Decides all rules whose log source applies and that are in force at @time_ms (unless it is
 * INT64_MIN, unknown). `matches` holds them in order of index.
 */
void sw_match_finish(struct sw_matcher *matcher, int64_t time_ms);

/** True when @predicate holds for the event, whatever the index says: for lazy ones and explain. */
bool sw_match_test(struct sw_matcher *matcher, uint32_t predicate);

/** True when the event has no value but null in @slot. */
bool sw_match_missing(const struct sw_matcher *matcher, uint32_t slot);

#endif
