/**
 * Which edges would have had to be switched off, so that no record had got to an immigration
 * agency?
 *
 * A crossing took a path: its own edge and those by which the data had come to where it started. It
 * is cut when one of them is off. So the question is for the smallest sets of edges that have one
 * edge of every path: minimum hitting sets. Since each path was taken as it was, there is no
 * network left to cut, in which a minimum cut could be found by flows; and hitting sets are small
 * here: a log has few different paths, over at most the map's edges, and a path has a handful of
 * them. They are found by trying sizes from 1 up, branching on the edges of a path that is not yet
 * hit, with disjoint paths as the lower bound. That is exact and takes milliseconds, without a
 * library.
 */
#ifndef SHAREWATCH_SWITCHES_H
#define SHAREWATCH_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/map.h>

#define SW_EDGE_SET_WORDS   (SW_MAP_EDGES_MAX / 64)
#define SW_SWITCH_PATHS_MAX 1024 // different ones
#define SW_SWITCH_SETS_MAX  16   // smallest sets that are told
#define SW_SWITCH_STEPS_MAX UINT64_C(20000000)

/** Edges by their index in the map. */
struct sw_edge_set {
    uint64_t words[SW_EDGE_SET_WORDS];
};

bool sw_edge_set_has(const struct sw_edge_set *set, uint16_t edge);
void sw_edge_set_add(struct sw_edge_set *set, uint16_t edge);
void sw_edge_set_join(struct sw_edge_set *set, const struct sw_edge_set *other);
bool sw_edge_set_meets(const struct sw_edge_set *a, const struct sw_edge_set *b);
/** True when all of @a is in @b. */
bool sw_edge_set_within(const struct sw_edge_set *a, const struct sw_edge_set *b);
uint32_t sw_edge_set_count(const struct sw_edge_set *set);

/** Different paths. */
struct sw_switch_paths {
    struct sw_edge_set sets[SW_SWITCH_PATHS_MAX];
    uint32_t count;
    bool overflowed; // there were more
};

/** Adds @path unless it is there. */
void sw_switch_paths_add(struct sw_switch_paths *paths, const struct sw_edge_set *path);

/** Adds @path unless it holds one that is there; those that hold it go. For paths that must all be
 *  hit: who hits the shorter hits the longer. */
void sw_switch_paths_add_shortest(struct sw_switch_paths *paths, const struct sw_edge_set *path);

struct sw_switch_answer {
    uint32_t size;                               // edges of each set; 0: nothing is to be cut
    struct sw_edge_set sets[SW_SWITCH_SETS_MAX]; // [set_count], all of the smallest size
    uint32_t set_count;
    bool more;              // there are more such sets than are told
    bool proven;            // no smaller set does it; false: the search was given up
    uint32_t left_in_peace; // paths that have no edge of @allowed
};

/** The smallest sets of edges of @allowed that hit each path that can be hit. */
void sw_switches_solve(const struct sw_switch_paths *paths, const struct sw_edge_set *allowed,
                       struct sw_switch_answer *answer);

#endif
