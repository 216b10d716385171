/**
 * Ground truth: what really crossed in a simulation, and what the monitor knew of it.
 *
 * A scenario knows more than its monitor: steps that nobody tells, events that are lost on the way.
 * Each event is judged here as it happened, before any fault, by the map alone and by no rule: the
 * truth is a fact about where data went. It crossed when it reached a federal immigration system
 * (level 1 or higher), or such an agency by a way that the map does not have. Beside that stands
 * what the monitor made of the same event, and the two are counted:
 *
 *   foreseen             an earlier event of the same chain, told in time, could go on there by
 *                        itself, or had crossed already
 *   seen as it happened  no warning, but the event itself came and was taken for what it was
 *   missed               neither; the reason is counted
 *   false alarm          foreseen, and the scenario ended without it; or told of as having crossed
 *                        on the word of a rule, and nothing of the chain ever did
 *   cannot be assessed   the scenario ended while a way was still open; a rule said "needs review";
 *                        no token links the event to any other
 *
 * The truth is counted, not stored: memory is reserved at the start and does not grow. Of chains
 * that do not fit, those not touched for longest are settled and forgotten, and counted.
 */
#ifndef SHAREWATCH_TRUTH_H
#define SHAREWATCH_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/map.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/scenario.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/verdict.h>

#define SW_TRUTH_CHAINS_MAX 131072 // followed at once: those that crossed, might, or were said to

/** How one event fared between its sender and the monitor. */
enum sw_arrival {
    SW_ARRIVAL_TAKEN,   // judged
    SW_ARRIVAL_HIDDEN,  // nobody told
    SW_ARRIVAL_LOST,    // by a fault of the scenario
    SW_ARRIVAL_REFUSED, // in quarantine
    SW_ARRIVAL_MISSING, // told, and never logged
};

/** What the monitor made of one event when it came. */
struct sw_sighting {
    enum sw_arrival arrival;
    bool has_hop; // the following count
    enum sw_level level;
    enum sw_verdict verdict;
    uint16_t crosses; // SW_CROSSES_…
};

/** One event as it happened. */
struct sw_truth_fact {
    bool known; // false: it could not be judged, and is counted as an event only
    bool crossing;
    bool leads_on;  // its data can go on to an immigration system by itself
    bool linked;    // a token ties it to other events
    uint64_t chain; // key of its chain, not 0
    enum sw_level level;
    uint16_t edge;  // index in the map, or SW_NONE
    int64_t way_ms; // the longest that the way on may take
};

/** Why a crossing was missed. X(name, code, text for people) */
#define SW_MISS_LIST(X)                                                                            \
    X(SW_MISS_HIDDEN, "hidden", "nobody told, and nothing before it led there")                    \
    X(SW_MISS_UNLINKED, "unlinked", "nobody told, and no token ties it to what came before")       \
    X(SW_MISS_NO_EDGE, "not_on_map", "nobody told, and the map does not have that way")            \
    X(SW_MISS_LOST, "lost", "what would have told of it was lost on the way")                      \
    X(SW_MISS_REFUSED, "quarantined", "what would have told of it is in quarantine")               \
    X(SW_MISS_GAP, "gap", "what would have told of it never came to the log")                      \
    X(SW_MISS_MISREAD, "misread", "it came, and was not taken for a crossing")

#define SW_MISS_ENUM(name, code, text) name,
enum sw_miss { SW_MISS_LIST(SW_MISS_ENUM) SW_MISS_COUNT };
#undef SW_MISS_ENUM

struct sw_truth_score {
    uint64_t events; // that happened
    uint64_t hidden; // of them, that nobody told
    uint64_t crossings;
    uint64_t crossings_hidden;
    uint64_t crossings_at[SW_LEVEL_COUNT]; // at 0: by a way that the map does not have
    uint64_t foreseen, seen, missed;       // together all crossings
    uint64_t missed_by[SW_MISS_COUNT];
    /* How long before, over the foreseen ones. */
    int64_t lead_ms_least, lead_ms_median, lead_ms_most;
    bool lead_about; // the median is within 1 %, since there were too many to keep
    /* False alarms. */
    uint64_t false_chains;                 // foreseen, and did not come
    uint64_t false_hops[SW_VERDICT_COUNT]; // told of as crossings, by verdict; REVIEW: none
    /* Cannot be assessed. */
    uint64_t unclear_open;     // chains whose way was still open when the scenario ended
    uint64_t unclear_unlinked; // events that lead on, with no token to follow
    uint64_t unclear_review;   // hops at level 1 or higher that need review, and did not cross
    uint64_t forgotten;        // chains that did not fit
};

/** All false alarms; all that cannot be assessed. */
uint64_t sw_truth_false(const struct sw_truth_score *score);
uint64_t sw_truth_unclear(const struct sw_truth_score *score);

struct sw_truth;

/** Reserves all memory. @scenario and @map outlive @truth. SW_NO_MEMORY: there is not enough. */
enum sw_status sw_truth_open(struct sw_truth **truth, const struct sw_scenario *scenario,
                             const struct sw_map *map) SW_MUST_CHECK;

/** From now on by @map, which outlives @truth; the former one is still there. SW_NO_MEMORY: there
 * is not enough, and nothing has changed. */
enum sw_status sw_truth_go_on(struct sw_truth *truth, const struct sw_map *map) SW_MUST_CHECK;

/** Judges @made, the next event of the generator, as it happened. */
void sw_truth_judge(struct sw_truth *truth, const struct sw_scenario_event *made,
                    struct sw_truth_fact *fact);

/** How @made fares on the way to a monitor that takes all that arrives whole. */
enum sw_arrival sw_truth_arrival(struct sw_truth *truth, const struct sw_scenario_event *made);

/** Counts @made with its @fact and what the monitor made of it. */
void sw_truth_take(struct sw_truth *truth, const struct sw_scenario_event *made,
                   const struct sw_truth_fact *fact, const struct sw_sighting *sighting);

/** Once the generator has no more events: settles what is open, and writes @score. */
void sw_truth_finish(struct sw_truth *truth, struct sw_truth_score *score);

/** Accepts NULL. */
void sw_truth_close(struct sw_truth *truth);

/** What a person reads: about ten lines. */
void sw_truth_write_text(const struct sw_truth_score *score, struct sw_buffer *buffer);

/** One JSON object, without a line end. */
void sw_truth_write_json(const struct sw_truth_score *score, struct sw_buffer *buffer);

#define SW_TRUTH_TEXT_BYTES 4096 // always enough for either

#endif
