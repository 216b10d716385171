/**
 * Where the data of a chain never came, because an overlay switched off the edge that brought it.
 *
 * What-if: when a booking takes no prints, the state gets none, the FBI searches none, and ICE asks
 * for nobody. The events of the log that say so stand for what would not have happened. For each
 * such chain the systems that were not reached are kept as bits; an edge that starts at one of them
 * is not taken either, and adds where it leads. Without overlays nothing is kept.
 *
 * At most SW_CUTS_MAX chains are kept. When their places are full, the one used longest ago among
 * the few where the new one may stand makes room, and is counted.
 */
#ifndef SHAREWATCH_CUT_H
#define SHAREWATCH_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/map.h>

#include "enrich.h"

#define SW_CUTS_MAX  65536 // a power of two
#define SW_CUT_WAYS  8     // places where one chain may stand, from its own on
#define SW_CUT_WORDS (SW_MAP_NODES_MAX / 64)

struct sw_cut {
    uint64_t hash;                // of the chain's key
    uint64_t used;                // number of the last use, 0: the place is free
    uint64_t nodes[SW_CUT_WORDS]; // bits of the systems that were not reached
};

struct sw_cuts {
    struct sw_cut items[SW_CUTS_MAX];
    uint64_t use_count;
    uint64_t evicted_total;
};

/** True when @route of the chain called @key would not have happened. */
bool sw_cuts_test(const struct sw_cuts *cuts, const struct sw_map *map, const char *key,
                  const struct sw_route *route);

/** Keeps that the systems at the end of @route were not reached. */
void sw_cuts_add(struct sw_cuts *cuts, const struct sw_map *map, const char *key,
                 const struct sw_route *route);

/** Forgets it for the system at the end of @route, which was reached by another way. */
void sw_cuts_reach(struct sw_cuts *cuts, const char *key, const struct sw_route *route);

#endif
