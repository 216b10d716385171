#include "load_actor.h"

#include <string.h>

#include <sharewatch/wire.h>

#include "load_value.h"
#include "random.h"
#include "token.h"

struct sw_text sw_load_who(struct sw_loader *loader, const struct sw_yaml_node *node,
                           const char *list)
{
    struct sw_text name = sw_load_text(loader, node, list);
    const struct sw_yaml_node *known = sw_yaml_get(loader->root, list);
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; known != NULL && known->type == SW_YAML_MAPPING && i < known->count; i++) {
        if (sw_text_equal(sw_yaml_key(known, i)->text, name)) {
            char token[SW_SIM_TOKEN_BYTES];
            uint64_t key = sw_random_key(loader->key, sw_text_hash(name));
            struct sw_text prefix = list[0] == 'p' ? SW_TEXT("p") : SW_TEXT("v");
            return sw_arena_text(&loader->scenario->arena, sw_sim_token(token, prefix, key));
        }
        sw_suggestion_offer(&suggestion, sw_yaml_key(known, i)->text);
    }
    char hint[128];
    const char *near = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    sw_report_error(loader->report, node->place,
                    near != NULL ? near : "name it under `people` or `vehicles` at the top",
                    "\"%.*s\" is not among the %s of the scenario", SW_TEXT_FORMAT(name), list);
    return (struct sw_text){0};
}

uint32_t sw_load_actor_index(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_text name = sw_load_text(loader, node, "actor");
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < loader->scenario->actor_count; i++) {
        if (sw_text_equal(loader->actors[i].name, name)) {
            return i;
        }
        sw_suggestion_offer(&suggestion, loader->actors[i].name);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "no actor \"%.*s\"",
                    SW_TEXT_FORMAT(name));
    return SW_ACTOR_NONE;
}

uint32_t sw_load_source(struct sw_loader *loader, struct sw_text reporter, struct sw_place place)
{
    struct sw_scenario *scenario = loader->scenario;
    char text[SW_SOURCE_BYTES_MAX + 1];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, sizeof(text));
    sw_buffer_append_format(&buffer, "%s%.*s:sim-%.*s", SW_SOURCE_PREFIX, SW_TEXT_FORMAT(reporter),
                            SW_TEXT_FORMAT(scenario->name));
    if (scenario->variant.length > 0) {
        sw_buffer_append_format(&buffer, "-%.*s", SW_TEXT_FORMAT(scenario->variant));
    }
    sw_buffer_append_format(&buffer, "-%llu", (unsigned long long)scenario->seed);
    if (scenario->instance.length > 0) {
        sw_buffer_append_format(&buffer, "-%.*s", SW_TEXT_FORMAT(scenario->instance));
    }
    for (uint32_t i = 0; i < scenario->source_count; i++) {
        if (sw_text_equal(scenario->sources[i], sw_buffer_text(&buffer))) {
            return i;
        }
    }
    if (buffer.overflowed || scenario->source_count == SW_SCENARIO_SOURCES_MAX) {
        sw_report_error(loader->report, place, "shorten the names, or let fewer agencies report",
                        "the name of a source is over %d bytes, or there are over %d sources",
                        SW_SOURCE_BYTES_MAX, SW_SCENARIO_SOURCES_MAX);
        return 0;
    }
    scenario->sources[scenario->source_count] =
        sw_arena_text(&scenario->arena, sw_buffer_text(&buffer));
    return scenario->source_count++;
}

void sw_load_check_system(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    const struct sw_map *map = loader->options->map;
    if (map == NULL || sw_map_node(map, node->text) != SW_NONE) {
        return;
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, node->text);
    for (uint16_t i = 0; i < map->node_count; i++) {
        sw_suggestion_offer(&suggestion, map->nodes[i].id);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "the map has no system \"%.*s\"", SW_TEXT_FORMAT(node->text));
}

void sw_load_check_edge(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    const struct sw_map *map = loader->options->map;
    if (map == NULL || sw_map_edge(map, node->text) != SW_NONE) {
        return;
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, node->text);
    for (uint16_t i = 0; i < map->edge_count; i++) {
        sw_suggestion_offer(&suggestion, map->edges[i].id);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "the map has no edge \"%.*s\"", SW_TEXT_FORMAT(node->text));
}

static void load_agencies(struct sw_loader *loader, const struct sw_yaml_node *node,
                          struct sw_scenario_actor *actor)
{
    const struct sw_field_info *info = sw_field_info(SW_FIELD_ACTOR_AGENCY);
    bool list = node->type == SW_YAML_SEQUENCE;
    uint32_t count = list ? node->count : 1;
    struct sw_text *agencies =
        sw_arena_alloc(&loader->scenario->arena, (count + 1) * sizeof(agencies[0]));
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *item = list ? node->items[i] : node;
        agencies[i] = sw_load_text(loader, item, "agency");
        sw_load_check_form(loader, item, info);
    }
    actor->agencies = agencies;
    actor->agency_count = count;
}

static uint16_t load_code(struct sw_loader *loader, const struct sw_yaml_node *node,
                          enum sw_field field)
{
    const struct sw_enum_info *values = sw_field_info(field)->values;
    struct sw_text text = sw_load_text(loader, node, values->name);
    uint16_t code = sw_enum_find(values, text);
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, text);
    for (uint16_t i = 1; i <= values->value_count; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(values->values[i]));
    }
    if (code == 0) {
        char hint[128];
        sw_report_error(loader->report, node->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown %s \"%.*s\"",
                        values->name, SW_TEXT_FORMAT(text));
    }
    return code;
}

static void load_one_actor(struct sw_loader *loader, const struct sw_yaml_node *name,
                           const struct sw_yaml_node *node)
{
    struct sw_scenario_actor *actor = &loader->actors[loader->scenario->actor_count++];
    const struct sw_yaml_node *part;
    actor->name = sw_load_name(loader, name, "actor");
    actor->place = name->place;
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "actor")) {
        return;
    }
    sw_load_check_keys(loader, node, &sw_keys_actor);
    if ((part = sw_yaml_get(node, "agency")) == NULL) {
        sw_report_error(loader->report, name->place, NULL, "actor %.*s needs an agency",
                        SW_TEXT_FORMAT(actor->name));
        return;
    }
    load_agencies(loader, part, actor);
    actor->reporter = actor->agencies[0];
    if ((part = sw_yaml_get(node, "class")) != NULL) {
        actor->class_code = load_code(loader, part, SW_FIELD_ACTOR_CLASS);
    }
    if ((part = sw_yaml_get(node, "role")) != NULL) {
        actor->role_code = load_code(loader, part, SW_FIELD_ACTOR_ROLE);
    }
    if ((part = sw_yaml_get(node, "system")) != NULL) {
        actor->system = sw_load_text(loader, part, "system");
        sw_load_check_form(loader, part, sw_field_info(SW_FIELD_ACTOR_SYSTEM));
        sw_load_check_system(loader, part);
    }
    if ((part = sw_yaml_get(node, "reports")) != NULL) {
        actor->reporter = sw_load_text(loader, part, "reports");
        sw_load_check_form(loader, part, sw_field_info(SW_FIELD_ACTOR_AGENCY));
    } else if (actor->agency_count > 1) {
        sw_report_error(loader->report, name->place,
                        "reports: FLOCK, the agency whose audit log shows what they all do",
                        "actor %.*s has several agencies and needs `reports`",
                        SW_TEXT_FORMAT(actor->name));
    }
}

void sw_load_actors(struct sw_loader *loader)
{
    const struct sw_yaml_node *node = sw_yaml_get(loader->root, "actors");
    if (node == NULL || !sw_load_wants(loader, node, SW_YAML_MAPPING, "actors")) {
        sw_report_error(loader->report, loader->root->place, NULL, "the scenario has no actors");
        return;
    }
    loader->actors =
        sw_arena_alloc(&loader->scenario->arena, (node->count + 1) * sizeof(loader->actors[0]));
    loader->scenario->actors = loader->actors;
    for (uint32_t i = 0; i < node->count; i++) {
        load_one_actor(loader, sw_yaml_key(node, i), sw_yaml_pair_value(node, i));
    }
}
