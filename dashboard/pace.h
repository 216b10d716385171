/**
 * How often each source sends, and which of them are silent for longer than they ever were. Read
 * from the newest entries of the log, a slice at a time, and kept while the log grows.
 *
 * Times are those at which senders learned of what they sent; "now" is the newest of them, since
 * the clock of a simulation is not ours.
 */
#ifndef SHAREWATCH_DASHBOARD_PACE_H
#define SHAREWATCH_DASHBOARD_PACE_H

#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "limits.h"
#include "store.h"

struct sw_pace_source {
    int64_t entries; // that were read
    int64_t first_ms, last_ms;
    int64_t longest_ms; // between two of them
};

struct sw_pace {
    struct sw_store *store;
    int64_t from;      // entries after this one were read, …
    int64_t to;        // … up to this one; 0: none yet
    int64_t first_ms;  // the oldest time among them
    int64_t newest_ms; // and the newest
    struct sw_pace_source
        sources[SW_PACE_SOURCES_MAX + 1]; // at the number that the log gives a source
};

void sw_pace_init(struct sw_pace *pace, struct sw_store *store);

/** Reads on. SW_OK: up to the log's end. SW_EMPTY: there is more than one slice holds, ask again.
 *  SW_DATABASE: see the store. */
enum sw_status sw_pace_read(struct sw_pace *pace) SW_MUST_CHECK;

/** Appends `,"silent":[…]`: sources that are silent for longer than ever before among the entries
 *  that were read, the longest for their habits first, at most 100. */
void sw_pace_write(struct sw_pace *pace, struct sw_buffer *out);

#endif
