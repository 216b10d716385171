/* Reads a map file, whose format maps/README.md has in full. Mistakes are reported and the reading
 * goes on, so that one run shows them all; a map with any is not used. */
#include <sharewatch/map.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <sharewatch/assert.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/time.h>
#include <sharewatch/yaml.h>

#include "form.h"
#include "map_load.h"

#define HINT_BYTES      160
#define LIST_MAX        64 // items of any list in a map file
#define LIST_LENGTH(of) (uint32_t)(sizeof(of) / sizeof((of)[0]))

struct loader {
    struct sw_map *map;
    struct sw_report *report;
    const char *file;
};

static bool fail(const struct loader *loader, const struct sw_yaml_node *node, const char *message)
{
    sw_report_error(loader->report, node->place, NULL, "%s", message);
    return false;
}

/* The value of @key, which must be there. */
static const struct sw_yaml_node *require(const struct loader *loader,
                                          const struct sw_yaml_node *node, const char *key,
                                          struct sw_text of)
{
    const struct sw_yaml_node *value = sw_yaml_get(node, key);
    if (value == NULL) {
        sw_report_error(loader->report, node->place, NULL, "%.*s has no `%s`", SW_TEXT_FORMAT(of),
                        key);
    }
    return value;
}

/* The text of the scalar under @key; empty when it is missing or no text, which is reported when
 * @required. */
static struct sw_text read_text(const struct loader *loader, const struct sw_yaml_node *node,
                                const char *key, struct sw_text of, bool required)
{
    const struct sw_yaml_node *value =
        required ? require(loader, node, key, of) : sw_yaml_get(node, key);
    if (value == NULL) {
        return (struct sw_text){0};
    }
    if (value->type != SW_YAML_SCALAR) {
        sw_report_error(loader->report, value->place, NULL, "`%s` is to be text", key);
        return (struct sw_text){0};
    }
    return sw_arena_text(&loader->map->arena, value->text);
}

/* The items of a list, or the one item that stands in its place. */
static uint32_t item_count(const struct sw_yaml_node *node)
{
    return node == NULL ? 0 : node->type == SW_YAML_SEQUENCE ? node->count : 1;
}

static const struct sw_yaml_node *item_at(const struct sw_yaml_node *node, uint32_t index)
{
    return node->type == SW_YAML_SEQUENCE ? node->items[index] : node;
}

/* Checks that each item of the list under @key is a scalar and that there are at most @most. */
static const struct sw_yaml_node *read_list(const struct loader *loader,
                                            const struct sw_yaml_node *node, const char *key,
                                            struct sw_text of, uint32_t most, bool required)
{
    const struct sw_yaml_node *list =
        required ? require(loader, node, key, of) : sw_yaml_get(node, key);
    for (uint32_t i = 0; i < item_count(list); i++) {
        if (item_at(list, i)->type != SW_YAML_SCALAR) {
            sw_report_error(loader->report, item_at(list, i)->place, NULL,
                            "`%s` is to be a list of words", key);
            return NULL;
        }
    }
    if (list != NULL && (item_count(list) > most || (required && item_count(list) == 0))) {
        sw_report_error(loader->report, list->place, NULL, "`%s` holds 1 to %u items, not %u", key,
                        most, item_count(list));
        return NULL;
    }
    return list;
}

/* The code of the word @node in @values, or 0, which is reported. */
static uint16_t read_code(const struct loader *loader, const struct sw_yaml_node *node,
                          const struct sw_enum_info *values)
{
    uint16_t code = sw_enum_find(values, node->text);
    if (code == 0) {
        struct sw_suggestion suggestion;
        sw_suggestion_init(&suggestion, node->text);
        for (uint16_t i = 1; i <= values->value_count; i++) {
            sw_suggestion_offer(&suggestion, sw_text_from(values->values[i]));
        }
        char hint[HINT_BYTES];
        sw_report_error(loader->report, node->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown %s %.*s",
                        values->name, SW_TEXT_FORMAT(node->text));
    }
    return code;
}

/* The bits of the words in the list under @key. */
static uint32_t read_codes(const struct loader *loader, const struct sw_yaml_node *node,
                           const char *key, struct sw_text of, const struct sw_enum_info *values,
                           bool required)
{
    const struct sw_yaml_node *list = read_list(loader, node, key, of, LIST_MAX, required);
    uint32_t bits = 0;
    for (uint32_t i = 0; i < item_count(list); i++) {
        bits |= UINT32_C(1) << read_code(loader, item_at(list, i), values);
    }
    return bits & ~UINT32_C(1); // bit 0 stands for unknown words
}

static const struct sw_enum_info *values_of(enum sw_field field)
{
    const struct sw_field_info *info = sw_field_info(field);
    SW_ASSERT(info->values != NULL);
    return info->values;
}

static bool check_id(const struct loader *loader, const struct sw_yaml_node *key)
{
    if (sw_form_is_agency(key->text)) {
        return true;
    }
    sw_report_error(loader->report, key->place, "capital letters, digits and -, at most 32",
                    "%.*s cannot be an id", SW_TEXT_FORMAT(key->text));
    return false;
}

/* The mapping under @key of the file, with at most @most pairs; NULL after a report. */
static const struct sw_yaml_node *read_section(const struct loader *loader,
                                               const struct sw_yaml_node *root, const char *key,
                                               uint32_t most)
{
    const struct sw_yaml_node *section = require(loader, root, key, SW_TEXT("the map"));
    if (section == NULL) {
        return NULL;
    }
    if (section->type != SW_YAML_MAPPING) {
        sw_report_error(loader->report, section->place, NULL, "`%s` is to be a mapping by id", key);
        return NULL;
    }
    if (section->count > most) {
        sw_report_error(loader->report, section->place, NULL, "more than %u %s", most, key);
        return NULL;
    }
    return section;
}

/* Pair @index of @section: its id and its body, which must be a mapping with known keys. */
static const struct sw_yaml_node *read_entry(const struct loader *loader,
                                             const struct sw_yaml_node *section, uint32_t index,
                                             const char *what, const char *const *keys,
                                             uint32_t key_count)
{
    const struct sw_yaml_node *id = sw_yaml_key(section, index);
    const struct sw_yaml_node *body = sw_yaml_pair_value(section, index);
    bool named = check_id(loader, id);
    if (body->type != SW_YAML_MAPPING) {
        sw_report_error(loader->report, body->place, NULL, "%s %.*s is to be a mapping", what,
                        SW_TEXT_FORMAT(id->text));
        return NULL;
    }
    bool known = sw_yaml_check_keys(body, what, keys, key_count, loader->report);
    return named && known ? body : NULL;
}

/* --- agencies and systems --- */

static void load_agencies(const struct loader *loader, const struct sw_yaml_node *root)
{
    static const char *const keys[] = {"name", "class", "about", "source"};
    struct sw_map *map = loader->map;
    const struct sw_yaml_node *section =
        read_section(loader, root, "agencies", SW_MAP_AGENCIES_MAX);
    uint32_t count = section != NULL ? section->count : 0;
    map->agencies = sw_arena_alloc(&map->arena, (count + 1) * sizeof(*map->agencies));
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *body =
            read_entry(loader, section, i, "agency", keys, LIST_LENGTH(keys));
        struct sw_agency *agency = &map->agencies[map->agency_count++];
        agency->id = sw_arena_text(&map->arena, sw_yaml_key(section, i)->text);
        agency->name = agency->id;
        if (body == NULL) {
            continue;
        }
        agency->name = read_text(loader, body, "name", agency->id, true);
        const struct sw_yaml_node *class = require(loader, body, "class", agency->id);
        if (class != NULL) {
            agency->class_code = read_code(loader, class, values_of(SW_FIELD_ACTOR_CLASS));
        }
    }
    sw_map_index_agencies(map);
}

static uint16_t read_agency(const struct loader *loader, const struct sw_yaml_node *name)
{
    const struct sw_map *map = loader->map;
    uint16_t index = sw_map_agency(map, name->text);
    if (index == SW_NONE) {
        struct sw_suggestion suggestion;
        sw_suggestion_init(&suggestion, name->text);
        for (uint16_t i = 0; i < map->agency_count; i++) {
            sw_suggestion_offer(&suggestion, map->agencies[i].id);
        }
        char hint[HINT_BYTES];
        sw_report_error(loader->report, name->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown agency %.*s",
                        SW_TEXT_FORMAT(name->text));
    }
    return index;
}

/* The truth value under @key; false when there is none. */
static bool read_flag(const struct loader *loader, const struct sw_yaml_node *body, const char *key)
{
    const struct sw_yaml_node *node = sw_yaml_get(body, key);
    struct sw_value value = {0};
    if (node != NULL && node->type == SW_YAML_SCALAR) {
        value = sw_yaml_value(node);
    }
    if (node != NULL && value.type != SW_VALUE_BOOL) {
        sw_report_error(loader->report, node->place, NULL, "`%s` is true or false", key);
    }
    return value.type == SW_VALUE_BOOL && value.boolean;
}

static void load_node(const struct loader *loader, const struct sw_yaml_node *body,
                      struct sw_node *node)
{
    node->name = read_text(loader, body, "name", node->id, true);
    node->source = read_text(loader, body, "source", node->id, true);
    const struct sw_yaml_node *agency = require(loader, body, "agency", node->id);
    if (agency != NULL && agency->type == SW_YAML_SCALAR) {
        node->agency = read_agency(loader, agency);
        if (node->agency != SW_NONE) {
            node->class_code = loader->map->agencies[node->agency].class_code;
            loader->map->agencies[node->agency].node_count++;
        }
    }
    node->immigration = read_flag(loader, body, "immigration");
    node->stands_for =
        read_codes(loader, body, "stands_for", node->id, values_of(SW_FIELD_ACTOR_CLASS), false);
}

static void load_nodes(const struct loader *loader, const struct sw_yaml_node *root)
{
    static const char *const keys[] = {"name",       "agency", "immigration",
                                       "stands_for", "about",  "source"};
    struct sw_map *map = loader->map;
    const struct sw_yaml_node *section = read_section(loader, root, "nodes", SW_MAP_NODES_MAX);
    uint32_t count = section != NULL ? section->count : 0;
    map->nodes = sw_arena_alloc(&map->arena, (count + 1) * sizeof(*map->nodes));
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *body =
            read_entry(loader, section, i, "node", keys, LIST_LENGTH(keys));
        struct sw_node *node = &map->nodes[map->node_count++];
        node->id = sw_arena_text(&map->arena, sw_yaml_key(section, i)->text);
        node->agency = SW_NONE;
        if (body != NULL) {
            load_node(loader, body, node);
        }
    }
    sw_map_index_nodes(map);
}

/* --- edges --- */

static uint16_t read_node(const struct loader *loader, const struct sw_yaml_node *name)
{
    const struct sw_map *map = loader->map;
    uint16_t index = sw_map_node(map, name->text);
    if (index == SW_NONE) {
        struct sw_suggestion suggestion;
        sw_suggestion_init(&suggestion, name->text);
        for (uint16_t i = 0; i < map->node_count; i++) {
            sw_suggestion_offer(&suggestion, map->nodes[i].id);
        }
        char hint[HINT_BYTES];
        sw_report_error(loader->report, name->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown node %.*s",
                        SW_TEXT_FORMAT(name->text));
    }
    return index;
}

static uint16_t read_ends(const struct loader *loader, const struct sw_yaml_node *body,
                          const char *key, struct sw_text of, bool required, uint16_t *ends)
{
    const struct sw_yaml_node *list =
        read_list(loader, body, key, of, SW_MAP_EDGE_ENDS_MAX, required);
    uint16_t count = 0;
    for (uint32_t i = 0; i < item_count(list); i++) {
        uint16_t node = read_node(loader, item_at(list, i));
        if (node != SW_NONE) {
            ends[count++] = node;
        }
    }
    return count;
}

/* KIND.ACTION: sets the bit of the action in @edge. */
static bool read_event(const struct loader *loader, const struct sw_yaml_node *name,
                       struct sw_edge *edge)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name->text);
    for (int k = SW_KIND_NONE + 1; k < SW_KIND_COUNT; k++) {
        enum sw_kind kind = (enum sw_kind)k;
        for (uint32_t i = 0; i < sw_kind_action_count(kind); i++) {
            enum sw_action action = (enum sw_action)((uint32_t)sw_kind_first_action(kind) + i);
            char known[64];
            (void)snprintf(known, sizeof(known), "%s.%s", sw_kind_name(kind),
                           sw_action_name(action));
            if (sw_text_equal(name->text, sw_text_from(known))) {
                edge->events[kind] |= UINT32_C(1) << i;
                return true;
            }
            struct sw_text copy = sw_arena_text(&loader->map->arena, sw_text_from(known));
            sw_suggestion_offer(&suggestion, copy);
        }
    }
    char hint[HINT_BYTES];
    sw_report_error(loader->report, name->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "unknown event %.*s; it is to be KIND.ACTION", SW_TEXT_FORMAT(name->text));
    return false;
}

static void read_events(const struct loader *loader, const struct sw_yaml_node *body,
                        struct sw_edge *edge)
{
    const struct sw_yaml_node *list = read_list(loader, body, "events", edge->id, LIST_MAX, true);
    for (uint32_t i = 0; i < item_count(list); i++) {
        (void)read_event(loader, item_at(list, i), edge);
    }
}

static int64_t read_duration(const struct loader *loader, const struct sw_yaml_node *node,
                             int64_t otherwise_ms)
{
    int64_t duration_ms = otherwise_ms;
    if (node != NULL &&
        (node->type != SW_YAML_SCALAR || sw_duration_parse(node->text, &duration_ms) != SW_OK)) {
        sw_report_error(loader->report, node->place, "write it like 90s, 5m, 2h, 3d",
                        "not a duration");
    }
    return duration_ms;
}

static void read_delay(const struct loader *loader, const struct sw_yaml_node *body,
                       struct sw_edge *edge)
{
    static const char *const keys[] = {"typical", "max", "text"};
    const struct sw_yaml_node *delay = sw_yaml_get(body, "delay");
    if (delay == NULL) {
        return;
    }
    if (delay->type != SW_YAML_MAPPING) {
        (void)fail(loader, delay, "`delay` is to be {typical: …, max: …, text: …}");
        return;
    }
    (void)sw_yaml_check_keys(delay, "delay", keys, LIST_LENGTH(keys), loader->report);
    edge->delay = read_text(loader, delay, "text", edge->id, false);
    edge->delay_ms = read_duration(loader, sw_yaml_get(delay, "typical"), 0);
    edge->delay_ms_max = read_duration(loader, sw_yaml_get(delay, "max"), edge->delay_ms);
    if (edge->delay_ms_max < edge->delay_ms) {
        (void)fail(loader, delay, "`max` is below `typical`");
    }
}

/* --- conditions and cases --- */

static bool read_condition_integer(const struct loader *loader, const struct sw_yaml_node *node,
                                   const struct sw_field_info *info, struct sw_value *value)
{
    if (value->type != SW_VALUE_INTEGER) {
        sw_report_error(loader->report, node->place, NULL, "%s is a whole number", info->name);
        return false;
    }
    return true;
}

/* A value that the field @info may have, as the decoder would make it; null: the field is missing.
 */
static bool read_condition_value(const struct loader *loader, const struct sw_yaml_node *node,
                                 const struct sw_field_info *info, struct sw_value *value)
{
    if (node->type != SW_YAML_SCALAR) {
        return fail(loader, node, "a condition tests for a value or a list of values");
    }
    *value = sw_yaml_value(node);
    if (value->type == SW_VALUE_NULL) {
        return true;
    }
    if (info->type == SW_TYPE_BOOL && value->type != SW_VALUE_BOOL) {
        sw_report_error(loader->report, node->place, NULL, "%s is true or false", info->name);
        return false;
    }
    if (info->type == SW_TYPE_INTEGER) {
        return read_condition_integer(loader, node, info, value);
    }
    if (info->type == SW_TYPE_BOOL) {
        return true;
    }
    *value = (struct sw_value){.type = SW_VALUE_TEXT,
                               .text = sw_arena_text(&loader->map->arena, node->text)};
    if (info->type == SW_TYPE_ENUM) {
        value->code = read_code(loader, node, info->values);
        return value->code != 0;
    }
    return true;
}

static bool read_condition(const struct loader *loader, const struct sw_yaml_node *key,
                           const struct sw_yaml_node *wanted, struct sw_map_condition *condition)
{
    condition->field = sw_field_find(key->text);
    if (condition->field == SW_FIELD_COUNT) {
        char hint[HINT_BYTES];
        sw_report_error(loader->report, key->place, sw_field_hint(key->text, hint, sizeof(hint)),
                        "unknown field %.*s", SW_TEXT_FORMAT(key->text));
        return false;
    }
    uint32_t count = item_count(wanted);
    struct sw_value *values = sw_arena_alloc(&loader->map->arena, (count + 1) * sizeof(*values));
    bool valid = true;
    for (uint32_t i = 0; i < count; i++) {
        valid = read_condition_value(loader, item_at(wanted, i), sw_field_info(condition->field),
                                     &values[i]) &&
                valid;
    }
    condition->values = values;
    condition->value_count = count;
    return valid;
}

static const struct sw_map_condition *
read_conditions(const struct loader *loader, const struct sw_yaml_node *when, uint32_t *count)
{
    *count = 0;
    if (when->type != SW_YAML_MAPPING || when->count == 0) {
        (void)fail(loader, when, "`when` is to be a mapping of fields to values");
        return NULL;
    }
    struct sw_map_condition *conditions =
        sw_arena_alloc(&loader->map->arena, when->count * sizeof(*conditions));
    for (uint32_t i = 0; i < when->count; i++) {
        (void)read_condition(loader, sw_yaml_key(when, i), sw_yaml_pair_value(when, i),
                             &conditions[i]);
    }
    *count = when->count;
    return conditions;
}

static void read_verdict(const struct loader *loader, const struct sw_yaml_node *node,
                         struct sw_map_case *row)
{
    const struct sw_yaml_node *verdict = require(loader, node, "verdict", SW_TEXT("this row"));
    if (verdict == NULL || verdict->type != SW_YAML_SCALAR) {
        return;
    }
    row->verdict = sw_verdict_find(verdict->text);
    if (row->verdict == SW_VERDICT_COUNT) {
        struct sw_suggestion suggestion;
        sw_suggestion_init(&suggestion, verdict->text);
        for (int i = 0; i < SW_VERDICT_COUNT; i++) {
            sw_suggestion_offer(&suggestion, sw_text_from(sw_verdict_code((enum sw_verdict)i)));
        }
        char hint[HINT_BYTES];
        sw_report_error(loader->report, verdict->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown verdict %.*s",
                        SW_TEXT_FORMAT(verdict->text));
    }
}

static void read_level(const struct loader *loader, const struct sw_yaml_node *node,
                       struct sw_map_case *row)
{
    const struct sw_yaml_node *level = require(loader, node, "level", SW_TEXT("this row"));
    if (level == NULL) {
        return;
    }
    struct sw_value value =
        level->type == SW_YAML_SCALAR ? sw_yaml_value(level) : (struct sw_value){0};
    if (value.type != SW_VALUE_INTEGER || value.integer < 0 || value.integer >= SW_LEVEL_COUNT) {
        sw_report_error(loader->report, level->place,
                        "0 none, 1 searched, 2 matched, 3 informed, 4 custody",
                        "a level is a number from 0 to 4");
        return;
    }
    row->level = (enum sw_level)value.integer;
}

static void read_case(const struct loader *loader, const struct sw_yaml_node *node,
                      struct sw_map_case *row)
{
    static const char *const keys[] = {"when", "verdict", "level", "fed_reach"};
    if (node->type != SW_YAML_MAPPING) {
        (void)fail(loader, node, "a row of `default` is {when: …, verdict: …, level: …}");
        return;
    }
    (void)sw_yaml_check_keys(node, "row of default", keys, LIST_LENGTH(keys), loader->report);
    read_verdict(loader, node, row);
    read_level(loader, node, row);
    row->fed_reach = read_flag(loader, node, "fed_reach");
    const struct sw_yaml_node *when = sw_yaml_get(node, "when");
    if (when != NULL) {
        row->conditions = read_conditions(loader, when, &row->condition_count);
    }
}

static void read_cases(const struct loader *loader, const struct sw_yaml_node *body,
                       struct sw_edge *edge)
{
    const struct sw_yaml_node *list = require(loader, body, "default", edge->id);
    if (list == NULL) {
        return;
    }
    if (list->type != SW_YAML_SEQUENCE || list->count == 0 || list->count > LIST_MAX) {
        (void)fail(loader, list, "`default` is a list of rows, at least one");
        return;
    }
    struct sw_map_case *cases = sw_arena_alloc(&loader->map->arena, list->count * sizeof(*cases));
    for (uint32_t i = 0; i < list->count; i++) {
        read_case(loader, list->items[i], &cases[i]);
        bool last = i + 1 == list->count;
        bool conditional = sw_yaml_get(list->items[i], "when") != NULL;
        if (last && conditional) {
            (void)fail(loader, list->items[i],
                       "the last row is to have no `when`, so that some row always holds");
        } else if (!last && !conditional) {
            (void)fail(loader, list->items[i],
                       "a row without `when` hides the rows after it; put it last");
        }
    }
    edge->cases = cases;
    edge->case_count = list->count;
}

static void load_edge(const struct loader *loader, const struct sw_yaml_node *body,
                      struct sw_edge *edge)
{
    edge->name = read_text(loader, body, "name", edge->id, true);
    edge->basis = read_text(loader, body, "basis", edge->id, true);
    edge->off_switch = read_text(loader, body, "off_switch", edge->id, true);
    edge->source = read_text(loader, body, "source", edge->id, true);
    edge->from_count = read_ends(loader, body, "from", edge->id, true, edge->from);
    edge->via_count = read_ends(loader, body, "via", edge->id, false, edge->via);
    edge->to_count = read_ends(loader, body, "to", edge->id, true, edge->to);
    edge->data_classes =
        read_codes(loader, body, "data", edge->id, values_of(SW_FIELD_DATA_CLASS), true);
    edge->modes = read_codes(loader, body, "mode", edge->id, values_of(SW_FIELD_MODE), true);
    read_events(loader, body, edge);
    read_delay(loader, body, edge);
    read_cases(loader, body, edge);
}

static int by_id(const void *left, const void *right)
{
    const struct sw_edge *a = left;
    const struct sw_edge *b = right;
    return sw_text_compare(a->id, b->id);
}

/* `arms` names other edges, so it is read when all are there. */
static void load_arms(const struct loader *loader, const struct sw_yaml_node *section)
{
    struct sw_map *map = loader->map;
    for (uint32_t i = 0; i < section->count; i++) {
        uint16_t index = sw_map_edge(map, sw_yaml_key(section, i)->text);
        SW_ASSERT(index != SW_NONE);
        struct sw_edge *edge = &map->edges[index];
        const uint32_t most = LIST_LENGTH(edge->arms);
        const struct sw_yaml_node *list =
            read_list(loader, sw_yaml_pair_value(section, i), "arms", edge->id, most, false);
        for (uint32_t j = 0; j < item_count(list); j++) {
            const struct sw_yaml_node *name = item_at(list, j);
            uint16_t armed = sw_map_edge(map, name->text);
            if (armed == SW_NONE) {
                sw_report_error(loader->report, name->place, NULL, "unknown edge %.*s",
                                SW_TEXT_FORMAT(name->text));
            } else {
                edge->arms[edge->arms_count++] = armed;
                map->edges[armed].armed = true;
            }
        }
    }
}

static void load_edges(const struct loader *loader, const struct sw_yaml_node *root)
{
    static const char *const keys[] = {"name",   "from",    "via",   "to",    "data",
                                       "events", "mode",    "delay", "basis", "off_switch",
                                       "source", "default", "arms",  "about"};
    struct sw_map *map = loader->map;
    const struct sw_yaml_node *section = read_section(loader, root, "edges", SW_MAP_EDGES_MAX);
    uint32_t count = section != NULL ? section->count : 0;
    map->edges = sw_arena_alloc(&map->arena, (count + 1) * sizeof(*map->edges));
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *body =
            read_entry(loader, section, i, "edge", keys, LIST_LENGTH(keys));
        struct sw_edge *edge = &map->edges[map->edge_count++];
        edge->id = sw_arena_text(&map->arena, sw_yaml_key(section, i)->text);
        edge->enabled = true;
        edge->place = sw_yaml_key(section, i)->place;
        edge->place.file = loader->file;
        if (body != NULL) {
            load_edge(loader, body, edge);
        }
    }
    if (count > 0) {
        qsort(map->edges, map->edge_count, sizeof(*map->edges), by_id);
    }
    sw_map_index_edges(map);
    if (section != NULL) {
        load_arms(loader, section);
    }
}

/* --- overlays --- */

static void overlay_edge(const struct loader *loader, const struct sw_yaml_node *name,
                         const struct sw_yaml_node *body)
{
    static const char *const keys[] = {"enabled", "when"};
    uint16_t index = sw_map_edge(loader->map, name->text);
    if (index == SW_NONE) {
        sw_report_error(loader->report, name->place, NULL, "the map has no edge %.*s",
                        SW_TEXT_FORMAT(name->text));
        return;
    }
    const struct sw_yaml_node *enabled = sw_yaml_get(body, "enabled");
    if (enabled == NULL || read_flag(loader, body, "enabled")) {
        (void)fail(loader, name, "an overlay switches an edge off: {enabled: false}");
        return;
    }
    (void)sw_yaml_check_keys(body, "edge of an overlay", keys, LIST_LENGTH(keys), loader->report);
    struct sw_edge *edge = &loader->map->edges[index];
    const struct sw_yaml_node *when = sw_yaml_get(body, "when");
    if (when == NULL) {
        sw_map_enable(loader->map, index, false);
    } else {
        edge->off_conditions = read_conditions(loader, when, &edge->off_condition_count);
    }
}

enum sw_status sw_map_overlay(struct sw_map *map, const struct sw_yaml_node *overlay,
                              struct sw_report *report)
{
    static const char *const keys[] = {"edges"};
    struct loader loader = {.map = map, .report = report, .file = overlay->place.file};
    uint32_t errors_before = report->error_total;
    const struct sw_yaml_node *edges = sw_yaml_get(overlay, "edges");
    if (edges == NULL || edges->type != SW_YAML_MAPPING) {
        (void)fail(&loader, overlay, "an overlay is {edges: {E01: {enabled: false}}}");
        return SW_INVALID;
    }
    (void)sw_yaml_check_keys(overlay, "overlay", keys, LIST_LENGTH(keys), report);
    for (uint32_t i = 0; i < edges->count; i++) {
        overlay_edge(&loader, sw_yaml_key(edges, i), sw_yaml_pair_value(edges, i));
    }
    return report->error_total == errors_before ? SW_OK : SW_INVALID;
}

/* --- the file --- */

static void load_root(const struct loader *loader, const struct sw_yaml_node *root)
{
    static const char *const keys[] = {"map",      "version", "title", "about",
                                       "agencies", "nodes",   "edges"};
    struct sw_map *map = loader->map;
    if (root->type != SW_YAML_MAPPING) {
        (void)fail(loader, root, "a map file is a mapping");
        return;
    }
    (void)sw_yaml_check_keys(root, "map", keys, LIST_LENGTH(keys), loader->report);
    map->id = read_text(loader, root, "map", SW_TEXT("the map"), true);
    map->version = read_text(loader, root, "version", SW_TEXT("the map"), true);
    map->title = read_text(loader, root, "title", SW_TEXT("the map"), true);
    load_agencies(loader, root);
    load_nodes(loader, root);
    load_edges(loader, root);
    map->ways = sw_arena_alloc(&map->arena, ((size_t)map->node_count * SW_DATA_CLASS_COUNT + 1) *
                                                sizeof(*map->ways));
}

enum sw_status sw_map_parse(struct sw_map *map, const char *file, struct sw_text content,
                            struct sw_report *report)
{
    *map = (struct sw_map){0};
    map->content = sw_arena_text(&map->arena, content);
    (void)SHA256((const unsigned char *)map->content.bytes, content.length, map->digest);
    struct sw_yaml yaml;
    uint32_t errors_before = report->error_total;
    enum sw_status status = sw_yaml_parse(&yaml, file, content, report);
    struct loader loader = {
        .map = map, .report = report, .file = sw_arena_text(&map->arena, sw_text_from(file)).bytes};
    if (status == SW_OK && yaml.document_count != 1) {
        sw_report_error(report, (struct sw_place){.file = file}, NULL,
                        "a map file holds one document, this one %u", yaml.document_count);
    } else if (status == SW_OK) {
        load_root(&loader, yaml.documents[0]);
    }
    if (status == SW_OK && report->error_total != errors_before) {
        status = SW_INVALID;
    }
    if (status == SW_OK) {
        sw_map_find_ways(map);
    }
    sw_yaml_free(&yaml);
    return status;
}

/* Reads all of the file at @path into fresh memory; NULL with errno set when that fails. */
static char *read_file(const char *path, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return NULL;
    }
    char *bytes = malloc(SW_YAML_FILE_BYTES);
    *length = bytes != NULL ? fread(bytes, 1, SW_YAML_FILE_BYTES, stream) : 0;
    bool failed = bytes == NULL || ferror(stream) != 0 || *length == SW_YAML_FILE_BYTES;
    int error = bytes != NULL && *length == SW_YAML_FILE_BYTES ? EFBIG : errno;
    (void)fclose(stream);
    if (failed) {
        free(bytes);
        errno = error;
        return NULL;
    }
    return bytes;
}

enum sw_status sw_map_open(struct sw_map *map, const char *path, struct sw_report *report)
{
    *map = (struct sw_map){0};
    size_t length = 0;
    char *bytes = read_file(path, &length);
    if (bytes == NULL) {
        sw_report_error(report, (struct sw_place){.file = path}, NULL, "cannot be read: %s",
                        strerror(errno));
        return SW_IO;
    }
    enum sw_status status =
        sw_map_parse(map, path, (struct sw_text){bytes, (uint32_t)length}, report);
    free(bytes);
    return status;
}
