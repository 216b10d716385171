/* Ways are found from their end: every immigration component is at distance 0, and an edge brings
 * the systems it starts from one hop nearer, until nothing changes. A map has some dozens of
 * systems, so the simplest relaxation does. */
#include <sharewatch/map.h>

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "map_load.h"

#define HOPS_NONE UINT16_MAX

/* The best known step from a system towards an immigration component. */
struct step {
    uint16_t hops; // HOPS_NONE: no way is known
    uint16_t edge;
    uint16_t node; // that the edge leads to
    int64_t delay_ms;
};

static uint16_t find(const struct sw_map_index *index, struct sw_text id,
                     struct sw_text (*id_of)(const struct sw_map *, uint16_t),
                     const struct sw_map *map)
{
    if (index->slots == NULL) {
        return SW_NONE;
    }
    uint32_t slot = (uint32_t)sw_text_mix(id) & index->mask;
    while (index->slots[slot] != SW_NONE) {
        if (sw_text_equal(id_of(map, index->slots[slot]), id)) {
            return index->slots[slot];
        }
        slot = (slot + 1) & index->mask;
    }
    return SW_NONE;
}

static struct sw_text agency_id(const struct sw_map *map, uint16_t index)
{
    return map->agencies[index].id;
}

static struct sw_text node_id(const struct sw_map *map, uint16_t index)
{
    return map->nodes[index].id;
}

static struct sw_text edge_id(const struct sw_map *map, uint16_t index)
{
    return map->edges[index].id;
}

uint16_t sw_map_agency(const struct sw_map *map, struct sw_text id)
{
    return find(&map->agency_index, id, agency_id, map);
}

uint16_t sw_map_node(const struct sw_map *map, struct sw_text id)
{
    return find(&map->node_index, id, node_id, map);
}

uint16_t sw_map_edge(const struct sw_map *map, struct sw_text id)
{
    return find(&map->edge_index, id, edge_id, map);
}

static void fill_index(struct sw_map *map, struct sw_map_index *index, uint16_t count,
                       struct sw_text (*id_of)(const struct sw_map *, uint16_t))
{
    uint32_t slots = 16;
    while (slots < 4U * count) {
        slots *= 2;
    }
    index->mask = slots - 1;
    index->slots = sw_arena_alloc(&map->arena, slots * sizeof(*index->slots));
    memset(index->slots, 0xff, slots * sizeof(*index->slots));
    static_assert(SW_NONE == 0xffff, "bytes of ones mark a free slot");
    for (uint16_t i = 0; i < count; i++) {
        uint32_t slot = (uint32_t)sw_text_mix(id_of(map, i)) & index->mask;
        while (index->slots[slot] != SW_NONE) {
            slot = (slot + 1) & index->mask;
        }
        index->slots[slot] = i;
    }
}

void sw_map_index_agencies(struct sw_map *map)
{
    fill_index(map, &map->agency_index, map->agency_count, agency_id);
}

void sw_map_index_nodes(struct sw_map *map)
{
    fill_index(map, &map->node_index, map->node_count, node_id);
}

static uint32_t action_bit(enum sw_kind kind, enum sw_action action)
{
    return UINT32_C(1) << (uint32_t)(action - sw_kind_first_action(kind));
}

bool sw_map_edge_takes(const struct sw_edge *edge, const struct sw_event *event)
{
    SW_ASSERT(event->kind < SW_KIND_COUNT);
    return event->kind != SW_KIND_NONE &&
           (edge->events[event->kind] & action_bit(event->kind, event->action)) != 0;
}

/* The edges of each action, in order of id, as one run of memory. */
static void list_edges_of_action(struct sw_map *map, enum sw_kind kind, enum sw_action action)
{
    uint16_t *list = sw_arena_alloc(&map->arena, (map->edge_count + 1U) * sizeof(*list));
    uint16_t count = 0;
    for (uint16_t i = 0; i < map->edge_count; i++) {
        if ((map->edges[i].events[kind] & action_bit(kind, action)) != 0) {
            list[count++] = i;
        }
    }
    map->edges_of_action[action] = list;
    map->edges_of_action_count[action] = count;
}

void sw_map_index_edges(struct sw_map *map)
{
    fill_index(map, &map->edge_index, map->edge_count, edge_id);
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        enum sw_action first = sw_kind_first_action((enum sw_kind)kind);
        for (uint32_t i = 0; i < sw_kind_action_count((enum sw_kind)kind); i++) {
            list_edges_of_action(map, (enum sw_kind)kind, (enum sw_action)((uint32_t)first + i));
        }
    }
}

/* --- ways --- */

/* Data goes on by itself over edges that are automatic or that the law orders. */
static bool moves_by_itself(const struct sw_edge *edge)
{
    uint32_t by_itself = UINT32_C(1) << SW_EDGE_MODE_AUTOMATIC | UINT32_C(1)
                                                                     << SW_EDGE_MODE_MANDATED;
    return edge->enabled && (edge->modes & by_itself) != 0;
}

static bool better(const struct step *a, const struct step *b)
{
    return a->hops != b->hops ? a->hops < b->hops : a->delay_ms < b->delay_ms;
}

/* Offers the step over @edge to the systems in @starts. True: one of them took it. */
static bool relax(const uint16_t *starts, uint16_t start_count, const struct step *offer,
                  struct step *steps)
{
    bool changed = false;
    for (uint16_t i = 0; i < start_count; i++) {
        if (better(offer, &steps[starts[i]])) {
            steps[starts[i]] = *offer;
            changed = true;
        }
    }
    return changed;
}

static bool relax_edge(const struct sw_map *map, uint16_t index, struct step *steps)
{
    const struct sw_edge *edge = &map->edges[index];
    bool changed = false;
    for (uint16_t i = 0; i < edge->to_count; i++) {
        const struct step *end = &steps[edge->to[i]];
        if (end->hops >= SW_MAP_PATH_MAX) { // also HOPS_NONE
            continue;
        }
        struct step offer = {.hops = (uint16_t)(end->hops + 1),
                             .edge = index,
                             .node = edge->to[i],
                             .delay_ms = end->delay_ms + edge->delay_ms};
        changed = relax(edge->from, edge->from_count, &offer, steps) || changed;
        changed = relax(edge->via, edge->via_count, &offer, steps) || changed;
    }
    return changed;
}

/* The best step from each system for data of @data_class. Every round fixes the ways of one more
 * hop, so as many rounds as a way may have hops suffice. */
static void find_steps(const struct sw_map *map, uint16_t data_class, struct step *steps)
{
    for (uint16_t node = 0; node < map->node_count; node++) {
        steps[node] = (struct step){.hops = map->nodes[node].immigration ? 0 : HOPS_NONE};
    }
    bool changed = true;
    for (uint32_t round = 0; changed && round <= SW_MAP_PATH_MAX; round++) {
        changed = false;
        for (uint16_t i = 0; i < map->edge_count; i++) {
            const struct sw_edge *edge = &map->edges[i];
            if (moves_by_itself(edge) && (edge->data_classes & UINT32_C(1) << data_class) != 0) {
                changed = relax_edge(map, i, steps) || changed;
            }
        }
    }
}

static void follow_steps(const struct step *steps, uint16_t node, struct sw_way *way)
{
    *way = (struct sw_way){0};
    if (steps[node].hops == HOPS_NONE) {
        return;
    }
    way->delay_ms = steps[node].delay_ms;
    while (steps[node].hops > 0) {
        SW_ASSERT(way->edge_count < SW_MAP_PATH_MAX);
        way->edges[way->edge_count] = steps[node].edge;
        way->nodes[way->edge_count] = steps[node].node;
        way->edge_count++;
        node = steps[node].node;
    }
}

void sw_map_find_ways(struct sw_map *map)
{
    struct step steps[SW_MAP_NODES_MAX];
    SW_ASSERT(map->node_count <= SW_MAP_NODES_MAX);
    for (uint32_t data_class = 0; data_class < SW_DATA_CLASS_COUNT; data_class++) {
        find_steps(map, (uint16_t)data_class, steps);
        for (uint16_t node = 0; node < map->node_count; node++) {
            follow_steps(steps, node, &map->ways[(size_t)node * SW_DATA_CLASS_COUNT + data_class]);
        }
    }
}

const struct sw_way *sw_map_way(const struct sw_map *map, uint16_t node, uint16_t data_class)
{
    SW_ASSERT(node < map->node_count);
    SW_ASSERT(data_class < SW_DATA_CLASS_COUNT);
    return &map->ways[(size_t)node * SW_DATA_CLASS_COUNT + data_class];
}

bool sw_map_switches_off(const struct sw_map *map)
{
    for (uint16_t i = 0; i < map->edge_count; i++) {
        if (!map->edges[i].enabled || map->edges[i].off_condition_count > 0) {
            return true;
        }
    }
    return false;
}

void sw_map_enable(struct sw_map *map, uint16_t edge, bool enabled)
{
    SW_ASSERT(edge < map->edge_count);
    map->edges[edge].enabled = enabled;
    sw_map_find_ways(map);
}

/* --- conditions --- */

static bool same_scalar(const struct sw_value *wanted, const struct sw_value *value)
{
    if (wanted->type != value->type) {
        return false;
    }
    switch ((enum sw_value_type)wanted->type) {
    case SW_VALUE_BOOL:
        return wanted->boolean == value->boolean;
    case SW_VALUE_INTEGER:
        return wanted->integer == value->integer;
    case SW_VALUE_TEXT:
        return wanted->code != 0 ? wanted->code == value->code
                                 : sw_text_equal(wanted->text, value->text);
    case SW_VALUE_MISSING:
    case SW_VALUE_NULL:
    case SW_VALUE_REAL:
    case SW_VALUE_LIST:
        break;
    }
    return false;
}

static bool holds_value(const struct sw_value *wanted, const struct sw_value *value)
{
    if (wanted->type == SW_VALUE_NULL) {
        return value->type == SW_VALUE_MISSING;
    }
    if (value->type != SW_VALUE_LIST) {
        return same_scalar(wanted, value);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (same_scalar(wanted, &value->items[i])) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct sw_map_condition *condition, const struct sw_event *event)
{
    for (uint32_t i = 0; i < condition->value_count; i++) {
        if (holds_value(&condition->values[i], &event->fields[condition->field])) {
            return true;
        }
    }
    return false;
}

static bool all_hold(const struct sw_map_condition *conditions, uint32_t count,
                     const struct sw_event *event)
{
    bool all = true;
    for (uint32_t i = 0; all && i < count; i++) {
        all = holds(&conditions[i], event);
    }
    return all;
}

const struct sw_map_case *sw_map_case(const struct sw_edge *edge, const struct sw_event *event)
{
    SW_ASSERT(edge->case_count >= 1);
    for (uint32_t i = 0; i < edge->case_count; i++) {
        const struct sw_map_case *row = &edge->cases[i];
        if (all_hold(row->conditions, row->condition_count, event)) {
            return row;
        }
    }
    SW_NEVER("the last row of an edge has no condition");
}

bool sw_map_edge_off(const struct sw_edge *edge, const struct sw_event *event)
{
    return !edge->enabled || (edge->off_condition_count > 0 &&
                              all_hold(edge->off_conditions, edge->off_condition_count, event));
}

void sw_map_free(struct sw_map *map)
{
    sw_arena_free(&map->arena);
    *map = (struct sw_map){0};
}
