/* A table of few places for each chain, found by its hash. Two chains with the same 64-bit hash
 * would be taken for one; with as many as the table holds, the odds are one in ten thousand
 * million. */
#include "cut.h"

#include <assert.h>

#include <sharewatch/assert.h>

static_assert((SW_CUTS_MAX & (SW_CUTS_MAX - 1)) == 0, "places are found by masking");
static_assert(SW_MAP_NODES_MAX % 64 == 0, "the systems fill whole words");

static uint64_t hash_of(const char *key)
{
    return sw_text_hash(sw_text_from(key));
}

static uint32_t place(uint64_t hash, uint32_t way)
{
    return ((uint32_t)(hash ^ hash >> 32) + way) & (SW_CUTS_MAX - 1);
}

static const struct sw_cut *find(const struct sw_cuts *cuts, uint64_t hash)
{
    for (uint32_t way = 0; way < SW_CUT_WAYS; way++) {
        const struct sw_cut *cut = &cuts->items[place(hash, way)];
        if (cut->used != 0 && cut->hash == hash) {
            return cut;
        }
    }
    return NULL;
}

/* The entry of @hash, made when there is none. */
static struct sw_cut *use(struct sw_cuts *cuts, uint64_t hash)
{
    struct sw_cut *oldest = &cuts->items[place(hash, 0)];
    for (uint32_t way = 0; way < SW_CUT_WAYS; way++) {
        struct sw_cut *cut = &cuts->items[place(hash, way)];
        if (cut->used != 0 && cut->hash == hash) {
            oldest = cut;
            break;
        }
        if (cut->used < oldest->used) {
            oldest = cut;
        }
    }
    if (oldest->used == 0 || oldest->hash != hash) {
        cuts->evicted_total += oldest->used != 0 ? 1 : 0;
        *oldest = (struct sw_cut){.hash = hash};
    }
    oldest->used = ++cuts->use_count;
    return oldest;
}

static bool has(const struct sw_cut *cut, uint16_t node)
{
    SW_ASSERT(node < SW_MAP_NODES_MAX);
    return (cut->nodes[node / 64] & UINT64_C(1) << node % 64) != 0;
}

static void add(struct sw_cut *cut, uint16_t node)
{
    SW_ASSERT(node < SW_MAP_NODES_MAX);
    cut->nodes[node / 64] |= UINT64_C(1) << node % 64;
}

bool sw_cuts_test(const struct sw_cuts *cuts, const struct sw_map *map, const char *key,
                  const struct sw_route *route)
{
    if (route->off) {
        return true;
    }
    if (cuts->use_count == 0 || route->edge == SW_NONE) {
        return false;
    }
    const struct sw_cut *cut = find(cuts, hash_of(key));
    if (cut == NULL) {
        return false;
    }
    if (route->from != SW_NONE) {
        return has(cut, route->from);
    }
    /* The event leaves open where it starts: at none that was reached, if at all from these. */
    const struct sw_edge *edge = &map->edges[route->edge];
    for (uint16_t i = 0; i < edge->from_count; i++) {
        if (has(cut, edge->from[i])) {
            return true;
        }
    }
    return false;
}

void sw_cuts_add(struct sw_cuts *cuts, const struct sw_map *map, const char *key,
                 const struct sw_route *route)
{
    SW_ASSERT(route->edge != SW_NONE);
    struct sw_cut *cut = use(cuts, hash_of(key));
    const struct sw_edge *edge = &map->edges[route->edge];
    for (uint16_t i = 0; i < edge->via_count; i++) {
        add(cut, edge->via[i]);
    }
    for (uint16_t i = 0; i < edge->to_count; i++) {
        if (route->to == SW_NONE || route->to == edge->to[i]) {
            add(cut, edge->to[i]);
        }
    }
}

void sw_cuts_reach(struct sw_cuts *cuts, const char *key, const struct sw_route *route)
{
    if (cuts->use_count == 0 || route->to == SW_NONE) {
        return;
    }
    uint64_t hash = hash_of(key);
    if (find(cuts, hash) != NULL) {
        use(cuts, hash)->nodes[route->to / 64] &= ~(UINT64_C(1) << route->to % 64);
    }
}
