/**
 * The events of one log under two sets of rules, or two maps: what would have been judged
 * otherwise.
 *
 * Both sides judge every event with an empty beginning, side by side, by the same pipeline as the
 * monitor; what the log says of verdicts is not looked at. So the answer depends on the events, the
 * two maps and the two policies, and on nothing else. Events that were deleted on purpose are
 * judged on neither side, and chains that had one are not compared: both are counted.
 */
#ifndef SHAREWATCH_DIFF_H
#define SHAREWATCH_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/pipeline.h>

#include "judge.h"
#include "knowledge.h"
#include "logged.h"

#define SW_DIFF_SIDES 2
#define SW_DIFF_BATCH 128 // events that a side judges before they are compared

/** How a chain stands, on one side. */
struct sw_diff_standing {
    bool there; // false: nothing to tell of it, level NONE and verdict NONE
    uint8_t level;
    uint8_t verdict;
    uint8_t verdicts; // bits
    uint8_t duties;   // bits
    bool fed_reach;
    uint32_t revision;
    uint32_t hops;
    int64_t first_ms, last_ms;
};

struct sw_diff_chain {
    char key[SW_CHAIN_KEY_MAX]; // empty: a free place
    struct sw_diff_standing sides[SW_DIFF_SIDES];
};

/** Chains by key. */
struct sw_diff_chains {
    struct sw_diff_chain *items; // [mask + 1]; NULL: none yet
    uint64_t mask, count;
};

/** The judgement of one event, on one side. */
struct sw_diff_event {
    bool has_hop;
    uint8_t level;
    uint8_t verdict;
    uint32_t cause; // 1 + index of the last cause of its revisions; 0: it was judged once
};

/** An event that had another one judged again. */
struct sw_diff_cause {
    int64_t row;
    uint32_t revision; // that came of it
    uint32_t earlier;  // 1 + index of the cause before, of the same event
};

/** What the rules said of one event: itself first, then its parent judged again. */
struct sw_diff_said {
    uint32_t spoke[2][SW_FINDINGS_MAX]; // indices in diff->rules
    uint32_t spoke_count[2];
    bool judged[2];
};

/** What one rule says, on both sides: hops on which it spoke. */
struct sw_diff_rule {
    struct sw_text name, title;
    uint64_t spoke[SW_DIFF_SIDES];
    uint64_t lost;   // in A and not in B
    uint64_t gained; // in B and not in A
};

/** Hops at level matched or more that are automatic or federal: beyond any local rule. */
struct sw_diff_edge {
    uint64_t beyond[SW_DIFF_SIDES];
};

struct sw_diff;

struct sw_diff_side {
    struct sw_diff *diff;
    int index; // 0: A, 1: B
    struct sw_knowledge knowledge;
    struct sw_pipeline *pipeline;
    struct sw_judge judge;
    uint32_t *rule_places; // [rule count]: index of each rule in diff->rules
    struct sw_logged logged;
    struct sw_logged_event event; // being judged
    struct sw_diff_event *events; // [event_capacity], by row of the log
    uint64_t event_capacity, event_last;
    struct sw_diff_cause *causes; // [cause_capacity]
    uint32_t cause_capacity, cause_count;
    struct sw_diff_chains chains;
    uint64_t event_total, refused_total;
    uint64_t gone_total;   // events whose payload was deleted on purpose: not judged
    uint64_t unsure_total; // events that cannot be judged without one that is gone
    uint64_t again_total;  // events that were not judged again, since one that is gone is needed
    struct sw_diff_said batch[SW_DIFF_BATCH]; // of the events judged last
    uint32_t batch_count;
    enum sw_status status; // of reading
};

struct sw_diff_matrix {
    uint64_t verdicts[SW_VERDICT_COUNT][SW_VERDICT_COUNT]; // [A][B]
    uint64_t levels[SW_LEVEL_COUNT][SW_LEVEL_COUNT];       // [A][B]
    uint64_t changed;
};

struct sw_diff {
    struct sw_diff_side sides[SW_DIFF_SIDES];
    int64_t until;                // the last event that is judged: a monitor may be adding more
    struct sw_diff_chains chains; // of both sides, at the end
    struct sw_diff_rule *rules;   // [rule_count], in order of name
    uint32_t rule_count;
    struct sw_diff_edge *edges; // [edge count of the map of B]
    uint64_t event_total, refused_total;
    struct sw_diff_chains partial; // chains of which an event is gone; nothing is kept of them
    uint64_t partial_total;        // of them, those of which there was something to tell
    bool switches_off;             // some edge is off on some side
    struct sw_diff_matrix by_event, by_chain;
    uint64_t crossed[SW_DIFF_SIDES]; // chains at level matched or more
    uint64_t beyond[SW_DIFF_SIDES];  // of them, those with automatic and federal hops only
    uint64_t cut, added;             // chains that B takes below level matched, or up to it
};

/** Opens the log at @path. Else sw_diff_sentence() says why. It is large: place it
 *  statically. */
enum sw_status sw_diff_open(struct sw_diff *diff, const char *path) SW_MUST_CHECK;

/** Judges side @side by the map in the file @map and the packs in @policy; NULL: by those of the
 *  log's last run. False: what is wrong was printed. */
bool sw_diff_load(struct sw_diff *diff, int side, const char *map, const char *policy);

/** Switches the edge called @edge off on side @side. SW_NOT_FOUND: the map has none. */
enum sw_status sw_diff_switch_off(struct sw_diff *diff, int side,
                                  struct sw_text edge) SW_MUST_CHECK;

/**
 * Judges all events on both sides, on a thread each when @threads is 2; the result is the same.
 * SW_DATABASE: the log could not be read. SW_NO_MEMORY: there is no second thread to be had.
 */
enum sw_status sw_diff_run(struct sw_diff *diff, uint32_t threads) SW_MUST_CHECK;

/** Why the log could not be read. */
const char *sw_diff_sentence(const struct sw_diff *diff);

/** Accepts a zeroed one. */
void sw_diff_close(struct sw_diff *diff);

/** Prints for people; @chains: also each chain that differs. */
void sw_diff_print(const struct sw_diff *diff, bool chains, FILE *stream);

/** The same as one JSON object, or as lines of `section,a,b,count`. */
void sw_diff_print_json(const struct sw_diff *diff, bool chains, FILE *stream);
void sw_diff_print_csv(const struct sw_diff *diff, bool chains, FILE *stream);

#endif
