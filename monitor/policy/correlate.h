/**
 * Correlations at work: groups of events over time, in memory that is reserved at the start.
 *
 * Each correlation has a table of groups. A group is known by a 128-bit hash of its values, so that
 * no value is kept. A group is over when none of its events can count any more, not even beside one
 * that arrives SW_CORRELATION_LATE_MS late; then its place is free. A full table gives up the group
 * that was quiet longest; if that one's time span was still open it counts as a forced eviction: a
 * crossing might be missed, so it is told. All of this hangs on the events alone, so the same
 * events give the same state, whenever it was saved and put back.
 *
 * Choices where the specification is silent: events count in the order in which they arrive; the
 * edges of the time span are inclusive; an event without a group's field belongs to the group
 * "missing" of that field, and is counted; a correlation fires on each event that qualifies, unless
 * `suppress` keeps it silent; `lt`, `lte`, `eq` are tested when an event arrives; an event that
 * several of the rules match counts once.
 */
#ifndef SHAREWATCH_CORRELATE_H
#define SHAREWATCH_CORRELATE_H

#include <sharewatch/time.h>

#include "correlation.h"
#include "match.h"

#define SW_CORRELATION_LATE_MS (7 * SW_DAY_MS) // how late an event may come and still count

/** One group of one correlation. Its data follow: entries, or one time a stage. */
struct sw_group {
    uint64_t key[2];
    int64_t last_ms;       // time of its latest event
    int64_t touched_ms;    // the table's clock when its newest event arrived
    int64_t fired_ms;      // INT64_MIN: never
    uint32_t next;         // in its bucket; SW_UNKNOWN: the last
    uint32_t older, newer; // in order of arrival
    uint32_t first, count; // entries: a ring
    bool dirty;            // changed since it was last saved
};

/** An event that counts: its time, and the hash or the number of its value. */
struct sw_entry {
    int64_t time_ms;
    union {
        uint64_t hash;
        double number;
    };
};

/** The groups of one correlation. */
struct sw_group_table {
    const struct sw_correlation *correlation;
    char *groups; // [capacity * group_bytes]
    uint32_t group_bytes;
    uint32_t entry_max; // entries in a group; 0: stages
    uint32_t capacity;
    uint32_t count;        // places that were ever used
    uint32_t free;         // index of one that is free again, linked by `next`; SW_UNKNOWN: none
    int64_t clock_ms;      // latest time of its events; INT64_MIN: it had none
    int64_t kept_ms;       // a group is over when the clock is so far past its touched_ms
    uint32_t *buckets;     // [bucket_count], of group index
    uint32_t bucket_count; // a power of two
    uint32_t oldest, newest;
    uint64_t evicted_total;         // forced
    uint64_t missing_total;         // events without a group's field
    uint64_t entries_dropped_total; // values beyond SW_CORRELATION_VALUES_MAX in a group
};

/** Which correlations a rule feeds, and as which of their rules. */
struct sw_feed {
    uint32_t table;
    uint32_t member;
};

/** A group that is gone, still to be told to whoever saves the state. */
struct sw_gone {
    uint32_t table;
    uint64_t key[2];
};

struct sw_correlator {
    struct sw_group_table *tables; // [table_count]
    uint32_t table_count;
    uint32_t *feed_first; // [rule_count + 1], of `feeds`
    struct sw_feed *feeds;
    struct sw_matcher *matcher;
    const struct sw_rule *rules;
    const struct sw_rule_source *sources;
    struct sw_gone *gone; // beyond its capacity nothing is told: what was saved expires by itself
    uint32_t gone_count;
    double *sorted;  // [SW_CORRELATION_VALUES_MAX]
    char *saved;     // room for the largest group as it is saved
    uint32_t *fired; // [table_count], rules that fired in this event
    uint32_t fired_count;
    uint64_t *touched; // [table_count], group index + 1 that this event already counted in
    int64_t latest_ms;
};

/** Reserves the tables of all correlations among @sources [rule_count], together @bytes. */
void sw_correlator_open(struct sw_correlator *correlator, struct sw_matcher *matcher,
                        const struct sw_rule *rules, const struct sw_rule_source *sources,
                        uint32_t rule_count, size_t bytes);
void sw_correlator_close(struct sw_correlator *correlator);

/**
 * Moves the state by the matches of the event, at @time_ms (INT64_MIN: unknown, taken as the latest
 * seen). `fired` has the rules of the correlations that fired, in no order, each once.
 */
void sw_correlate(struct sw_correlator *correlator, int64_t time_ms);

#define SW_STATE_KEY_BYTES 24 // signature of the correlation, key of the group

/** Tells of one group: @value is what to keep under @key, empty when the key is gone. */
typedef void (*sw_state_fn)(void *context, struct sw_text key, struct sw_text value);

/** Hands out every group that changed or went since the last call, in order of arrival. */
void sw_correlator_drain(struct sw_correlator *correlator, sw_state_fn tell, void *context);

/** Hands out all groups in order of arrival. */
void sw_correlator_walk(const struct sw_correlator *correlator, sw_state_fn tell, void *context);

/** Forgets all groups, and tells nobody; the counters go on. */
void sw_correlator_clear(struct sw_correlator *correlator);

/** Takes a group back. False: no correlation has that signature, or the value is damaged. */
bool sw_correlator_put(struct sw_correlator *correlator, struct sw_text key, struct sw_text value);

#endif
