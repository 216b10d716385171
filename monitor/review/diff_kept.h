/**
 * What a comparison keeps of events and chains; private to it. All grow with the log.
 */
#ifndef SHAREWATCH_DIFF_KEPT_H
#define SHAREWATCH_DIFF_KEPT_H

#include "diff.h"

/** The place of the event in @row. */
struct sw_diff_event *sw_diff_event_of(struct sw_diff_side *side, int64_t row);

/** The event in row @cause had the one in @row judged again, as @revision. */
void sw_diff_add_cause(struct sw_diff_side *side, int64_t row, int64_t cause, uint32_t revision);

/** The row of the event that caused @revision of the one in @row; 0: none did. */
int64_t sw_diff_cause_of(struct sw_diff_side *side, int64_t row, uint32_t revision);

/** The revision that the event in @row gets when it is judged again. */
uint32_t sw_diff_next_revision(struct sw_diff_side *side, int64_t row);

/** The chain called @key; NULL: it is not there. */
struct sw_diff_chain *sw_diff_find_chain(const struct sw_diff_chains *chains, struct sw_text key);

/** The same, added when it is new. */
struct sw_diff_chain *sw_diff_chain_of(struct sw_diff_chains *chains, const char *key);

/** Automatic or federal: no local rule reaches it. */
bool sw_diff_is_beyond(enum sw_verdict verdict);

/** Finds the chains of which events are gone, before anything is judged. SW_DATABASE. */
enum sw_status sw_diff_open_gone(struct sw_diff *diff) SW_MUST_CHECK;

/** Whether an event of the chain called @key is gone. */
bool sw_diff_is_partial(const struct sw_diff *diff, const char *key);

/** Adds up what both sides kept, once all is judged. */
void sw_diff_sum(struct sw_diff *diff);

#endif
