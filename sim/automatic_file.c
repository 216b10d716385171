/* What moves data by itself along the map: the file beside it, and what a scenario says of it. */
#include "automatic.h"

#include <string.h>

#include "expectation.h"
#include "load_data.h"
#include "load_value.h"
#include "step.h"
#include "yaml_patch.h"

#define SIGMA 0.8 // of the delays, as in a scenario file

struct reader {
    struct sw_loader *loader;
    const struct sw_map *map;
    struct sw_automatic_hop *hops; // [edge_count]
};

static bool is_word(const struct sw_yaml_node *node, const char *word)
{
    return node != NULL && node->type == SW_YAML_SCALAR &&
           sw_text_equal(node->text, sw_text_from(word));
}

static bool is_no(const struct sw_yaml_node *node)
{
    return is_word(node, "no") || is_word(node, "false");
}

static bool is_yes(const struct sw_yaml_node *node)
{
    return is_word(node, "yes") || is_word(node, "true");
}

/* The value of @key by the scenario, else by the defaults. */
static const struct sw_yaml_node *either(const struct sw_yaml_node *own,
                                         const struct sw_yaml_node *common, const char *key)
{
    const struct sw_yaml_node *value = sw_yaml_get(own, key);
    return value != NULL ? value : sw_yaml_get(common, key);
}

/* The edge that @node names; SW_NONE and reported when the map has none. */
static uint16_t find_edge(const struct reader *reader, const struct sw_yaml_node *node)
{
    const struct sw_map *map = reader->map;
    uint16_t edge = sw_map_edge(map, node->text);
    if (edge != SW_NONE) {
        return edge;
    }
    struct sw_suggestion suggestion;
    char hint[128];
    sw_suggestion_init(&suggestion, node->text);
    for (uint16_t i = 0; i < map->edge_count; i++) {
        sw_suggestion_offer(&suggestion, map->edges[i].id);
    }
    sw_report_error(reader->loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "the map has no edge \"%.*s\"", SW_TEXT_FORMAT(node->text));
    return SW_NONE;
}

bool sw_automatic_takes(const struct sw_edge *edge, enum sw_kind kind, enum sw_action action)
{
    return action != SW_ACTION_NONE &&
           (edge->events[kind] & UINT32_C(1) << (action - sw_kind_first_action(kind))) != 0;
}

bool sw_automatic_event(struct sw_text text, enum sw_kind *kind, enum sw_action *action)
{
    const char *dot = text.length > 0 ? memchr(text.bytes, '.', text.length) : NULL;
    if (dot == NULL) {
        return false;
    }
    uint32_t at = (uint32_t)(dot - text.bytes);
    *kind = sw_kind_find((struct sw_text){text.bytes, at});
    *action = sw_action_find(*kind, (struct sw_text){dot + 1, text.length - at - 1});
    return *action != SW_ACTION_NONE;
}

static void first_event(const struct sw_edge *edge, struct sw_automatic_hop *hop)
{
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        enum sw_action first = sw_kind_first_action((enum sw_kind)kind);
        for (uint32_t i = 0; i < sw_kind_action_count((enum sw_kind)kind); i++) {
            if (sw_automatic_takes(edge, (enum sw_kind)kind, (enum sw_action)(first + i))) {
                hop->kind = (enum sw_kind)kind;
                hop->action = (enum sw_action)(first + i);
                return;
            }
        }
    }
}

static void load_event(struct reader *reader, const struct sw_edge *edge,
                       const struct sw_yaml_node *node, struct sw_automatic_hop *hop)
{
    first_event(edge, hop);
    if (node == NULL) {
        return;
    }
    struct sw_text text = sw_load_text(reader->loader, node, "event");
    enum sw_kind kind;
    enum sw_action action;
    if (!sw_automatic_event(text, &kind, &action) || !sw_automatic_takes(edge, kind, action)) {
        sw_report_error(reader->loader->report, node->place, "one of the edge's `events`",
                        "edge %.*s has no event \"%.*s\" on the map", SW_TEXT_FORMAT(edge->id),
                        SW_TEXT_FORMAT(text));
        return;
    }
    hop->kind = kind;
    hop->action = action;
}

bool sw_automatic_holds(const uint16_t *nodes, uint16_t count, uint16_t node)
{
    for (uint16_t i = 0; i < count; i++) {
        if (nodes[i] == node) {
            return node != SW_NONE;
        }
    }
    return false;
}

static void load_to(struct reader *reader, const struct sw_edge *edge,
                    const struct sw_yaml_node *node, struct sw_automatic_hop *hop)
{
    hop->to = edge->to[0];
    if (node == NULL) {
        return;
    }
    struct sw_text text = sw_load_text(reader->loader, node, "to");
    uint16_t to = sw_map_node(reader->map, text);
    if (!sw_automatic_holds(edge->to, edge->to_count, to)) {
        sw_report_error(reader->loader->report, node->place, "one of the edge's `to`",
                        "edge %.*s does not lead to \"%.*s\" on the map", SW_TEXT_FORMAT(edge->id),
                        SW_TEXT_FORMAT(text));
        return;
    }
    hop->to = to;
}

/* Edges or events; reports those that there are not. */
static void check_after(struct reader *reader, const struct sw_yaml_node *node)
{
    if (!sw_load_wants(reader->loader, node, SW_YAML_SEQUENCE, "after")) {
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        enum sw_kind kind;
        enum sw_action action;
        if (sw_load_wants(reader->loader, node->items[i], SW_YAML_SCALAR, "after") &&
            !sw_automatic_event(node->items[i]->text, &kind, &action)) {
            (void)find_edge(reader, node->items[i]);
        }
    }
}

static struct sw_scenario_delay map_delay(const struct sw_edge *edge)
{
    int64_t most = edge->delay_ms_max > edge->delay_ms ? edge->delay_ms_max : edge->delay_ms;
    return (struct sw_scenario_delay){
        .spread = SW_SPREAD_LOG_NORMAL, .ms = edge->delay_ms, .ms_max = most, .sigma = SIGMA};
}

double sw_load_visible(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    if (is_yes(node) || is_no(node)) {
        return is_yes(node) ? 1 : 0;
    }
    return sw_load_share(loader, node, "visible");
}

static void check_hop_node(struct reader *reader, const struct sw_yaml_node *node)
{
    if (node == NULL || is_yes(node) || is_no(node)) {
        return;
    }
    if (sw_load_wants(reader->loader, node, SW_YAML_MAPPING, "an edge under `automatic`")) {
        sw_load_check_keys(reader->loader, node, &sw_keys_automatic);
    }
}

static void load_hop(struct reader *reader, uint16_t index, const struct sw_yaml_node *own,
                     const struct sw_yaml_node *common)
{
    static const uint32_t by_itself =
        UINT32_C(1) << SW_EDGE_MODE_AUTOMATIC | UINT32_C(1) << SW_EDGE_MODE_MANDATED;
    struct sw_loader *loader = reader->loader;
    const struct sw_edge *edge = &reader->map->edges[index];
    struct sw_automatic_hop *hop = &reader->hops[index];
    const struct sw_yaml_node *part;
    const struct sw_yaml_node *said = own != NULL ? own : common;
    check_hop_node(reader, own);
    check_hop_node(reader, common);
    hop->moves = said != NULL ? !is_no(said) : (edge->modes & by_itself) != 0;
    load_event(reader, edge, either(own, common, "event"), hop);
    load_to(reader, edge, either(own, common, "to"), hop);
    part = either(own, common, "chance");
    hop->chance = part != NULL ? sw_load_share(loader, part, "chance") : 1;
    part = either(own, common, "visible");
    hop->visible = part != NULL ? sw_load_visible(loader, part) : 1;
    part = either(own, common, "delay");
    hop->delay = part != NULL ? sw_load_delay(loader, part, "delay") : map_delay(edge);
    hop->after = either(own, common, "after");
    if (hop->after != NULL) {
        check_after(reader, hop->after);
    }
    hop->common = sw_load_data(loader, sw_yaml_get(common, "data"));
    hop->own = sw_load_data(loader, sw_yaml_get(own, "data"));
    part = either(own, common, "fault");
    hop->fault = part != NULL ? sw_load_event_fault(loader, part) : hop->fault;
    if ((part = sw_yaml_get(own, "expect")) != NULL) {
        hop->expect = sw_load_expectation(loader, part);
    }
}

static void check_edges(struct reader *reader, const struct sw_yaml_node *node)
{
    for (uint32_t i = 0; node != NULL && node->type == SW_YAML_MAPPING && i < node->count; i++) {
        (void)find_edge(reader, sw_yaml_key(node, i));
    }
}

static void load_hops(struct reader *reader, const struct sw_yaml_node *own,
                      const struct sw_yaml_node *common)
{
    check_edges(reader, own);
    check_edges(reader, common);
    for (uint16_t i = 0; i < reader->map->edge_count; i++) {
        const char *id = reader->map->edges[i].id.bytes;
        load_hop(reader, i, sw_yaml_get(own, id), sw_yaml_get(common, id));
    }
}

/* Reads the defaults beside the map; NULL and reported when they cannot be used. */
static const struct sw_yaml_node *open_defaults(struct sw_loader *loader, const char *path)
{
    struct sw_yaml *yaml = &loader->scenario->automatic;
    if (sw_yaml_open(yaml, path, loader->report) != SW_OK) {
        return NULL;
    }
    if (yaml->document_count != 1 || yaml->documents[0]->type != SW_YAML_MAPPING) {
        sw_report_error(loader->report, (struct sw_place){.file = path, .line = 1, .column = 1},
                        NULL, "what moves by itself is one mapping with `edges`");
        return NULL;
    }
    const struct sw_yaml_node *root = yaml->documents[0];
    const struct sw_scenario_doubt *doubt = loader->options->doubt;
    if (doubt != NULL && doubt->automatic) {
        root = sw_yaml_with_factor(&loader->scenario->arena, root, doubt->line, doubt->factor);
    }
    sw_load_check_keys(loader, root, &sw_keys_automatic_file);
    return sw_yaml_get(root, "edges");
}

const struct sw_automatic_hop *sw_automatic_load(struct sw_loader *loader, const struct sw_map *map,
                                                 const char *path, const struct sw_yaml_node *own)
{
    struct reader reader = {.loader = loader, .map = map};
    reader.hops =
        sw_arena_alloc(&loader->scenario->arena, (size_t)map->edge_count * sizeof(reader.hops[0]));
    load_hops(&reader, own, open_defaults(loader, path));
    return reader.hops;
}

enum sw_status sw_automatic_check(const char *path, const struct sw_map *map,
                                  struct sw_report *report)
{
    struct sw_scenario scenario = {0};
    const struct sw_scenario_options options = {.map = map};
    struct sw_loader loader = {.scenario = &scenario, .options = &options, .report = report};
    uint32_t errors_before = report->error_total;
    (void)sw_automatic_load(&loader, map, path, NULL);
    sw_scenario_free(&scenario);
    return report->error_total == errors_before ? SW_OK : SW_INVALID;
}
