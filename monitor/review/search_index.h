/**
 * Which searches were seen before: the same search stands in the logs of every agency whose cameras
 * it touched, with an id or without, under different masks. What counts is the search.
 *
 * Two rows are one search when their ids are the same, or, when one of them has no id, when
 * organisation, second and number of networks are the same and no window that was searched says
 * otherwise. The table is made once, for as many searches as the files can hold; when it is full,
 * later searches are new each time and counted as such.
 */
#ifndef SHAREWATCH_SEARCH_INDEX_H
#define SHAREWATCH_SEARCH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sharewatch/status.h>

#define SW_SEARCHES_MAX    (UINT32_C(1) << 22)
#define SW_SEARCH_ID_BYTES 16

/** What a row says of which search it is; hashes, 0: not told. */
struct sw_search_key {
    uint64_t id;
    uint64_t where; // organisation, second, networks
    uint32_t frame; // the window that was searched
};

struct sw_search {
    uint8_t event_id[SW_SEARCH_ID_BYTES]; // of its event
    int64_t event_row;                    // in the log; 0 when there is none
    uint8_t reason_state;                 // enum sw_cell_state
    uint8_t reason_class;                 // SW_PURPOSE_CLASS_…
    uint8_t reason_quality;               // SW_REASON_QUALITY_…
    uint8_t has_id;
};

struct sw_search_slot {
    uint64_t key;
    uint32_t frame;
    uint32_t search; // its index and 1; 0: free
};

struct sw_search_index {
    struct sw_search *searches;   // [capacity]
    struct sw_search_slot *slots; // [mask + 1]
    uint32_t capacity;
    uint32_t mask;
    uint32_t count;
    uint64_t refused_total;
    size_t bytes; // reserved
};

/** Reserves room for about @expected searches, at most SW_SEARCHES_MAX. SW_NO_MEMORY. */
enum sw_status sw_search_index_open(struct sw_search_index *index, uint64_t expected) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_search_index_close(struct sw_search_index *index);

/** The search of @key; NULL when it is new. A search that had no id takes the one of @key. */
struct sw_search *sw_search_index_find(struct sw_search_index *index,
                                       const struct sw_search_key *key);

/** Adds a new search of @key. NULL: there is no room. */
struct sw_search *sw_search_index_add(struct sw_search_index *index,
                                      const struct sw_search_key *key);

#endif
