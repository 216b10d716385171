/**
 * The publishers and what is missing of each: holes in their sequence numbers.
 *
 * A hole opens when a number is skipped and closes when it comes. Older than SW_HOLE_GRACE_MS it is
 * reported once as a gap, and stays known so that a late comer is told as filled. At most
 * SW_SOURCES_MAX publishers: the numbers of one more are not followed, which is counted. At most
 * SW_HOLES_MAX holes: when one more opens, the hole reported longest ago is forgotten; when none is
 * reported yet, the new one is joined to its source's last hole, or not followed. Both are counted.
 */
#ifndef SHAREWATCH_SOURCE_H
#define SHAREWATCH_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/pipeline.h>
#include <sharewatch/wire.h>

#define SW_SOURCE_SLOTS (2 * SW_SOURCES_MAX) // a power of two

/* Links are 1 + index; 0: none. A hole stands in the list of its source, by number, and in one of
 * two lists over all sources, by age: waiting for its grace time, or reported. */
struct sw_hole {
    uint64_t first, last;
    int64_t opened_ms;
    uint32_t source;        // index
    uint32_t before, after; // of the same source
    uint32_t older, newer;  // waiting or reported
    bool reported;
};

struct sw_source {
    char name[SW_SOURCE_BYTES_MAX + 1]; // NUL-terminated
    uint32_t name_bytes;
    uint64_t hash;         // of the name
    uint64_t lasting_hash; // likewise, sw_text_hash(): for keys that are stored
    uint64_t highest;      // number seen
    uint32_t first_hole;   // 1 + index
    uint32_t last_hole;
    uint32_t waiting; // holes that are not reported yet
};

struct sw_hole_list {
    uint32_t oldest, newest; // 1 + index
};

struct sw_sources {
    struct sw_source items[SW_SOURCES_MAX];
    uint16_t slots[SW_SOURCE_SLOTS]; // 1 + index, 0: free
    uint32_t count;
    struct sw_hole holes[SW_HOLES_MAX];
    uint32_t hole_count; // ever taken from the array
    uint32_t free_hole;  // 1 + index of the first that was given back, linked by `after`
    struct sw_hole_list waiting, reported;
    uint64_t refused_total;
    uint64_t merged_total;
};

/** Index of the source called @name, or UINT32_MAX. */
uint32_t sw_sources_find(const struct sw_sources *sources, struct sw_text name);

/** The same, added when it is new; UINT32_MAX: the table is full, which counts. */
uint32_t sw_sources_add(struct sw_sources *sources, struct sw_text name);

/** Takes @sequence of @source, seen at @now_ms. True: it fills part of a reported hole, so that a
 *  filled gap is to be told. */
bool sw_sources_take(struct sw_sources *sources, uint32_t source, uint64_t sequence,
                     int64_t now_ms);

/** The next hole that waited out its grace time, made a gap; false: there is none. */
bool sw_sources_expire(struct sw_sources *sources, int64_t now_ms, struct sw_gap *gap);

/** True when sw_sources_expire() would give one. */
bool sw_sources_has_expired(const struct sw_sources *sources, int64_t now_ms);

/** The source has stamped @last in all: what is missing up to there is a hole from @now_ms on. */
void sw_sources_end(struct sw_sources *sources, uint32_t source, uint64_t last, int64_t now_ms);

/** Puts a hole back as it was; those of one source in any order. */
void sw_sources_restore_hole(struct sw_sources *sources, uint32_t source, uint64_t first,
                             uint64_t last, int64_t opened_ms, bool reported);

/** The highest number up to which all came or was reported as missing. */
uint64_t sw_sources_contiguous(const struct sw_sources *sources, uint32_t source);

#endif
