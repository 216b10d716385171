/* The edge is taken from the event or inferred: among the edges that this kind of event makes, the
 * one whose ends and data fit best what the event states. When two fit equally well the facts do
 * not say which, and none is taken: a guess would look like a fact. */
#include "enrich.h"

#include <sharewatch/assert.h>
#include <sharewatch/taxonomy.h>

#include "reason.h"

/* How well a stated end fits, from "not at all" to the very system. */
enum fit {
    FIT_NOT = -1,
    FIT_UNSTATED = 0,
    FIT_CLASS = 1,
    FIT_STAND_IN = 2,
    FIT_AGENCY = 3,
    FIT_SYSTEM = 4
};

#define FIT_DATA_ALL  2
#define FIT_DATA_SOME 1

/* What an event states of one side of a flow. */
struct side {
    uint16_t system; // SW_NONE when not stated
    uint16_t agency; // likewise, or not on the map
    uint16_t class_code;
    bool stated;
};

struct ends {
    uint16_t nodes[2 * SW_MAP_EDGE_ENDS_MAX];
    uint16_t count;
};

static void fill_class(const struct sw_map *map, struct sw_event *event, enum sw_field agency,
                       enum sw_field class)
{
    struct sw_text name = sw_event_text(event, agency);
    if (name.length == 0 || event->fields[class].type != SW_VALUE_MISSING) {
        return;
    }
    uint16_t index = sw_map_agency(map, name);
    if (index != SW_NONE) {
        sw_event_set_code(event, class, map->agencies[index].class_code);
    }
}

/* A system says whose it is. */
static void fill_owner(const struct sw_map *map, struct sw_event *event, enum sw_field system,
                       enum sw_field agency, enum sw_field class)
{
    struct sw_text name = sw_event_text(event, system);
    if (name.length > 0 && event->fields[agency].type == SW_VALUE_MISSING) {
        uint16_t node = sw_map_node(map, name);
        SW_ASSERT(node != SW_NONE); // the decoder saw to it
        sw_event_set_text(event, agency, map->agencies[map->nodes[node].agency].id);
    }
    fill_class(map, event, agency, class);
}

static void read_side(const struct sw_map *map, const struct sw_event *event, enum sw_field system,
                      enum sw_field agency, enum sw_field class, struct side *side)
{
    *side = (struct side){.system = SW_NONE, .agency = SW_NONE};
    struct sw_text system_name =
        system != SW_FIELD_COUNT ? sw_event_text(event, system) : (struct sw_text){0};
    struct sw_text agency_name = sw_event_text(event, agency);
    if (system_name.length > 0) {
        side->system = sw_map_node(map, system_name);
    }
    if (agency_name.length > 0) {
        side->agency = sw_map_agency(map, agency_name);
    }
    side->class_code = sw_event_code(event, class);
    side->stated = system_name.length > 0 || agency_name.length > 0 || side->class_code != 0;
}

/* Keeps those of @nodes that @side may mean, the best kind of fit first. */
static enum fit fit_side(const struct sw_map *map, const struct side *side, const uint16_t *nodes,
                         uint16_t count, struct ends *ends)
{
    enum fit best = FIT_NOT;
    ends->count = 0;
    /* An agency with systems of its own on the map is not meant by another's of the same class. */
    bool by_class = side->agency == SW_NONE || map->agencies[side->agency].node_count == 0;
    for (uint16_t i = 0; i < count; i++) {
        const struct sw_node *node = &map->nodes[nodes[i]];
        enum fit fit = FIT_NOT;
        if (!side->stated) {
            fit = FIT_UNSTATED;
        } else if (side->system != SW_NONE) {
            fit = side->system == nodes[i] ? FIT_SYSTEM : FIT_NOT;
        } else if (side->agency != SW_NONE && side->agency == node->agency) {
            fit = FIT_AGENCY;
        } else if (by_class && side->class_code != 0 &&
                   (node->stands_for & UINT32_C(1) << side->class_code) != 0) {
            fit = FIT_STAND_IN;
        } else if (by_class && side->class_code != 0 && side->class_code == node->class_code) {
            fit = FIT_CLASS;
        }
        if (fit == FIT_NOT || fit < best) {
            continue;
        }
        if (fit > best) {
            ends->count = 0;
            best = fit;
        }
        ends->nodes[ends->count++] = nodes[i];
    }
    return best;
}

/* Bits of the classes of data that the event states. */
static uint32_t stated_data(const struct sw_event *event)
{
    const struct sw_value *value = &event->fields[SW_FIELD_DATA_CLASS];
    if (value->type == SW_VALUE_TEXT) {
        return UINT32_C(1) << value->code;
    }
    uint32_t bits = 0;
    for (uint32_t i = 0; value->type == SW_VALUE_LIST && i < value->count; i++) {
        bits |= UINT32_C(1) << value->items[i].code;
    }
    return bits;
}

struct sides {
    struct side actor;
    struct side receiver;
    uint32_t data; // bits
};

/* The ends of @edge that the event means. The score of the fit, or FIT_NOT. */
static int fit_edge(const struct sw_map *map, const struct sw_edge *edge, const struct sides *sides,
                    struct ends *from, struct ends *to)
{
    struct ends via;
    enum fit start = fit_side(map, &sides->actor, edge->from, edge->from_count, from);
    enum fit middle = fit_side(map, &sides->actor, edge->via, edge->via_count, &via);
    if (middle == FIT_SYSTEM || start == FIT_NOT) {
        start = middle;
        *from = via;
    }
    enum fit end = fit_side(map, &sides->receiver, edge->to, edge->to_count, to);
    uint32_t common = edge->data_classes & sides->data;
    if (start == FIT_NOT || end == FIT_NOT || (sides->data != 0 && common == 0)) {
        return FIT_NOT;
    }
    /* That some agency of a class acted does not say that it passed anything on. */
    if (end == FIT_UNSTATED && (start == FIT_CLASS || start == FIT_STAND_IN)) {
        return FIT_NOT;
    }
    int data = common == 0 ? 0 : common == sides->data ? FIT_DATA_ALL : FIT_DATA_SOME;
    return (int)start + (int)end + data;
}

/* The edge that fits best, SW_NONE when none does or two do equally. */
static uint16_t infer_edge(const struct sw_map *map, const struct sw_event *event,
                           const struct sides *sides)
{
    uint16_t best = SW_NONE;
    int best_score = FIT_NOT;
    bool tied = false;
    for (uint16_t i = 0; i < map->edges_of_action_count[event->action]; i++) {
        uint16_t index = map->edges_of_action[event->action][i];
        struct ends from;
        struct ends to;
        int score = fit_edge(map, &map->edges[index], sides, &from, &to);
        if (score == FIT_NOT || score < best_score) {
            continue;
        }
        tied = score == best_score;
        best = index;
        best_score = score;
    }
    return tied ? SW_NONE : best;
}

/* The systems at the ends of the edge that was taken, all of them where the event does not say. */
static void find_ends(const struct sw_map *map, const struct sw_edge *edge,
                      const struct sides *sides, struct ends *from, struct ends *to)
{
    if (fit_edge(map, edge, sides, from, to) != FIT_NOT && from->count > 0 && to->count > 0) {
        return;
    }
    /* An edge that the sender names stands even where its ends do not fit what the map says; it may
     * also be taken against its direction. */
    const struct side open = {.system = SW_NONE, .agency = SW_NONE};
    struct ends all;
    if (fit_side(map, &sides->actor, edge->from, edge->from_count, from) == FIT_NOT &&
        fit_side(map, &sides->actor, edge->via, edge->via_count, from) == FIT_NOT &&
        fit_side(map, &sides->actor, edge->to, edge->to_count, from) == FIT_NOT) {
        (void)fit_side(map, &open, edge->from, edge->from_count, from);
    }
    if (fit_side(map, &sides->receiver, edge->to, edge->to_count, to) == FIT_NOT &&
        fit_side(map, &sides->receiver, edge->from, edge->from_count, &all) != FIT_NOT &&
        all.nodes[0] != from->nodes[0]) {
        *to = all;
    }
    if (to->count == 0) {
        (void)fit_side(map, &open, edge->to, edge->to_count, to);
    }
}

/* The shortest way on from @node for any of the classes in @data; NULL: none. */
static const struct sw_way *way_on(const struct sw_map *map, uint16_t node, uint32_t data)
{
    const struct sw_way *best = NULL;
    for (uint32_t code = 1; code < SW_DATA_CLASS_COUNT; code++) {
        if ((data & UINT32_C(1) << code) == 0) {
            continue;
        }
        const struct sw_way *way = sw_map_way(map, node, (uint16_t)code);
        bool better = best == NULL || way->edge_count < best->edge_count ||
                      (way->edge_count == best->edge_count && way->delay_ms < best->delay_ms);
        if (way->edge_count > 0 && better) {
            best = way;
        }
    }
    return best;
}

static void add_to_path(struct sw_route *route, uint16_t node)
{
    bool repeated = route->path_count > 0 && route->path[route->path_count - 1] == node;
    if (route->path_count < SW_ROUTE_NODES_MAX && !repeated) {
        route->path[route->path_count++] = node;
    }
}

/* Of the systems that the data may have entered: one that is an immigration component, else the one
 * with the shortest way to one. */
static uint16_t nearest_end(const struct sw_map *map, const struct ends *to, uint32_t data,
                            const struct sw_way **way)
{
    SW_ASSERT(to->count > 0);
    uint16_t nearest = to->nodes[0];
    *way = NULL;
    for (uint16_t i = 0; i < to->count; i++) {
        if (map->nodes[to->nodes[i]].immigration) {
            *way = NULL;
            return to->nodes[i];
        }
        const struct sw_way *candidate = way_on(map, to->nodes[i], data);
        bool better =
            candidate != NULL && (*way == NULL || candidate->edge_count < (*way)->edge_count);
        if (better) {
            *way = candidate;
            nearest = to->nodes[i];
        }
    }
    return nearest;
}

static bool all_immigration(const struct sw_map *map, const struct ends *ends)
{
    bool all = ends->count > 0;
    for (uint16_t i = 0; i < ends->count; i++) {
        all = all && map->nodes[ends->nodes[i]].immigration;
    }
    return all;
}

/* How far the data gets: into an immigration component by this hop, to one by itself later, or
 * neither. What comes back out of one has crossed before. */
static void find_way(const struct sw_map *map, const struct sw_edge *edge, const struct ends *from,
                     const struct ends *to, uint32_t data, struct sw_route *route)
{
    const struct sw_way *way = NULL;
    uint32_t moved = data != 0 ? data & edge->data_classes : edge->data_classes;
    uint16_t end = nearest_end(map, to, moved != 0 ? moved : edge->data_classes, &way);
    add_to_path(route, from->nodes[0]);
    for (uint16_t i = 0; i < edge->via_count; i++) {
        if (edge->via[i] != from->nodes[0]) {
            add_to_path(route, edge->via[i]);
        }
    }
    add_to_path(route, end);
    bool from_inside = all_immigration(map, from);
    if (map->nodes[end].immigration) {
        route->crosses =
            all_immigration(map, to) ? SW_CROSSES_DIRECT : (uint16_t)SW_CROSSES_REACHABLE;
        route->hops = 1;
    } else if (way != NULL && !from_inside) {
        route->crosses = SW_CROSSES_REACHABLE;
        route->hops = (uint16_t)(1 + way->edge_count);
        route->onward_ms = way->delay_ms;
        for (uint16_t i = 0; i < way->edge_count; i++) {
            add_to_path(route, way->nodes[i]);
        }
    }
    if (route->crosses == SW_CROSSES_REACHABLE && from_inside) {
        route->crosses = SW_CROSSES_NONE;
        route->hops = 0;
    }
}

static uint16_t first_class(uint32_t bits)
{
    for (uint32_t code = 1; code < SW_DATA_CLASS_COUNT; code++) {
        if ((bits & UINT32_C(1) << code) != 0) {
            return (uint16_t)code;
        }
    }
    return 0;
}

/* The class of data of the hop: what the event states first among what the edge carries, or the
 * only one that the edge carries. */
static uint16_t hop_class(const struct sw_edge *edge, uint32_t data)
{
    uint32_t carried = edge != NULL ? edge->data_classes : UINT32_MAX;
    if ((data & carried) != 0) {
        return first_class(data & carried);
    }
    bool single = edge != NULL && (carried & (carried - 1)) == 0;
    return single ? first_class(carried) : first_class(data);
}

static struct sw_value *new_items(struct sw_event *event, uint32_t count)
{
    SW_ASSERT(event->item_count + count <= SW_EVENT_ITEMS_MAX);
    struct sw_value *items = event->items + event->item_count;
    event->item_count += count;
    return items;
}

static void set_modes(struct sw_event *event, const struct sw_edge *edge)
{
    const struct sw_enum_info *modes = sw_field_info(SW_FIELD_MODE)->values;
    struct sw_value *items = event->items + event->item_count;
    uint32_t count = 0;
    for (uint32_t mode = 1; mode < SW_EDGE_MODE_COUNT; mode++) {
        if ((edge->modes & UINT32_C(1) << mode) != 0) {
            *new_items(event, 1) = (struct sw_value){.type = SW_VALUE_TEXT,
                                                     .code = (uint16_t)mode,
                                                     .text = sw_enum_text(modes, (uint16_t)mode)};
            count++;
        }
    }
    event->fields[SW_FIELD_MODE] =
        (struct sw_value){.type = SW_VALUE_LIST, .count = count, .items = items};
}

static void set_path(const struct sw_map *map, struct sw_event *event, const struct sw_route *route)
{
    struct sw_value *items = new_items(event, route->path_count);
    for (uint16_t i = 0; i < route->path_count; i++) {
        items[i] = (struct sw_value){.type = SW_VALUE_TEXT, .text = map->nodes[route->path[i]].id};
    }
    event->fields[SW_FIELD_FLOW_PATH] =
        (struct sw_value){.type = SW_VALUE_LIST, .count = route->path_count, .items = items};
}

static void route_over_edge(const struct sw_map *map, const struct sides *sides,
                            struct sw_route *route)
{
    const struct sw_edge *edge = &map->edges[route->edge];
    struct ends from;
    struct ends to;
    find_ends(map, edge, sides, &from, &to);
    route->from = from.count == 1 ? from.nodes[0] : SW_NONE;
    route->to = to.count == 1 ? to.nodes[0] : SW_NONE;
    find_way(map, edge, &from, &to, sides->data, route);
    route->data_class = hop_class(edge, sides->data);
}

/* Without an edge the recipient alone says whether the data entered an immigration component. */
static void route_without_edge(const struct sides *sides, struct sw_route *route)
{
    route->from = sides->actor.system;
    route->to = sides->receiver.system;
    route->data_class = hop_class(NULL, sides->data);
    if (sides->receiver.class_code == SW_AGENCY_CLASS_FED_IMM) {
        route->crosses = SW_CROSSES_DIRECT;
        route->hops = 1;
    }
}

static void read_reason(struct sw_event *event)
{
    const struct sw_value *reason = &event->fields[SW_FIELD_REASON];
    if (reason->type == SW_VALUE_TEXT) {
        sw_event_set_code(event, SW_FIELD_PURPOSE_TEXT_CLASS, sw_reason_class(reason->text));
        sw_event_set_code(event, SW_FIELD_REASON_QUALITY, sw_reason_quality(reason->text));
    }
}

/* A request that was refused, or a share that is being switched off: nothing moves. */
static bool is_declined(const struct sw_event *event)
{
    const struct sw_value *enabled = &event->fields[SW_FIELD_ENABLED];
    return event->action == SW_ACTION_NOTICE_DECLINED ||
           sw_event_code(event, SW_FIELD_OUTCOME) == SW_OUTCOME_DECLINED ||
           (enabled->type == SW_VALUE_BOOL && !enabled->boolean);
}

/* Rules compare fields with values, not with each other. */
static void compare_retention(struct sw_event *event)
{
    const struct sw_value *age = &event->fields[SW_FIELD_READ_AGE_DAYS];
    const struct sw_value *kept = &event->fields[SW_FIELD_RETENTION_DAYS];
    if (age->type == SW_VALUE_INTEGER && kept->type == SW_VALUE_INTEGER) {
        sw_event_set_bool(event, SW_FIELD_READ_PAST_RETENTION, age->integer > kept->integer);
    }
}

void sw_enrich_fields(const struct sw_map *map, struct sw_event *event)
{
    fill_owner(map, event, SW_FIELD_ACTOR_SYSTEM, SW_FIELD_ACTOR_AGENCY, SW_FIELD_ACTOR_CLASS);
    fill_owner(map, event, SW_FIELD_RECIPIENT_SYSTEM, SW_FIELD_RECIPIENT_AGENCY,
               SW_FIELD_RECIPIENT_CLASS);
    fill_class(map, event, SW_FIELD_BEHALF_AGENCY, SW_FIELD_BEHALF_CLASS);
    read_reason(event);
    compare_retention(event);
}

static void read_sides(const struct sw_map *map, const struct sw_event *event, struct sides *sides)
{
    struct side behalf;
    sides->data = stated_data(event);
    read_side(map, event, SW_FIELD_ACTOR_SYSTEM, SW_FIELD_ACTOR_AGENCY, SW_FIELD_ACTOR_CLASS,
              &sides->actor);
    read_side(map, event, SW_FIELD_RECIPIENT_SYSTEM, SW_FIELD_RECIPIENT_AGENCY,
              SW_FIELD_RECIPIENT_CLASS, &sides->receiver);
    if (!sides->receiver.stated) {
        read_side(map, event, SW_FIELD_COUNT, SW_FIELD_BEHALF_AGENCY, SW_FIELD_BEHALF_CLASS,
                  &behalf);
        sides->receiver = behalf;
    }
}

static uint64_t pack_side(const struct side *side)
{
    return (uint64_t)side->system | (uint64_t)side->agency << 16 |
           (uint64_t)side->class_code << 32 | (uint64_t)side->stated << 48;
}

static bool same_key(const struct sw_route_key *a, const struct sw_route_key *b)
{
    return a->actor == b->actor && a->receiver == b->receiver && a->rest == b->rest;
}

/* The route of an event with these @sides; @stated: the edge that it names, or SW_NONE. */
static void work_out(const struct sw_map *map, const struct sw_event *event, uint16_t stated,
                     const struct sides *sides, struct sw_route *route)
{
    *route = (struct sw_route){.from = SW_NONE, .to = SW_NONE, .crosses = SW_CROSSES_NONE};
    route->edge = stated != SW_NONE ? stated : infer_edge(map, event, sides);
    if (route->edge != SW_NONE) {
        route_over_edge(map, sides, route);
    } else {
        route_without_edge(sides, route);
    }
}

/* The same, out of those that are kept when it is among them. */
static void find_route(const struct sw_map *map, struct sw_routes *kept,
                       const struct sw_event *event, const struct sides *sides,
                       struct sw_route *route)
{
    struct sw_text name = sw_event_text(event, SW_FIELD_EDGE);
    uint16_t stated = name.length > 0 ? sw_map_edge(map, name) : SW_NONE;
    struct sw_route_key key = {.actor = pack_side(&sides->actor),
                               .receiver = pack_side(&sides->receiver),
                               .rest = (uint64_t)sides->data | (uint64_t)event->action << 32 |
                                       (uint64_t)stated << 48};
    uint64_t mixed = (key.actor * 31 + key.receiver) * 31 + key.rest;
    size_t at = (size_t)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SW_ROUTES_KEPT;
    if (!same_key(&kept->kept[at].key, &key)) {
        kept->kept[at].key = key;
        work_out(map, event, stated, sides, &kept->kept[at].route);
    }
    *route = kept->kept[at].route;
}

/* What the event says by itself of a flow over @edge. */
static void set_flow(const struct sw_map *map, const struct sw_edge *edge, struct sw_event *event,
                     const struct sw_route *route)
{
    set_modes(event, edge);
    set_path(map, event, route);
    if (edge->off_switch.length > 0) {
        sw_event_set_text(event, SW_FIELD_FLOW_OFF_SWITCH, edge->off_switch);
    }
    sw_event_set_text(event, SW_FIELD_EDGE, edge->id);
}

void sw_enrich_route(const struct sw_map *map, struct sw_routes *kept, struct sw_event *event,
                     struct sw_route *route)
{
    struct sides sides;
    read_sides(map, event, &sides);
    find_route(map, kept, event, &sides, route);
    route->names_recipient = sides.receiver.stated;
    route->declined = is_declined(event);
    const struct sw_edge *edge = route->edge != SW_NONE ? &map->edges[route->edge] : NULL;
    if (edge != NULL) {
        set_flow(map, edge, event, route);
    }
    route->off = edge != NULL && sw_map_edge_off(edge, event);
    bool stayed = edge != NULL && sw_map_case(edge, event)->level == SW_LEVEL_NONE;
    if (route->declined || (stayed && route->crosses == SW_CROSSES_DIRECT)) {
        route->crosses = SW_CROSSES_NONE;
        route->hops = 0;
    }
    if (edge != NULL) {
        sw_event_set_integer(event, SW_FIELD_FLOW_HOPS, route->hops);
    }
    sw_event_set_code(event, SW_FIELD_FLOW_CROSSES, route->crosses);
}
