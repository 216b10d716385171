/*
 * `sharewatch ways`: where data goes by itself. For each system of the map and each class of data,
 * the shortest automatic way to a federal immigration component, what it takes, and who could
 * switch each edge of it off. `--without E27` shows the map as if that edge were switched off.
 */
#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/data.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/map.h>
#include <sharewatch/time.h>

#include "verbs.h"

#define MAP_DEFAULT "maps/los-angeles.yaml"
#define JSON_BYTES  (16 * 1024) // one way as JSON

struct ways {
    const struct sw_map *map;
    uint16_t from; // the only system to show, or SW_NONE
    uint16_t data; // the only class of data to show, or 0
    bool json;
    uint32_t shown;
    uint32_t open; // of all pairs: those with a way
    uint32_t pairs;
};

static const char *data_class_name(uint16_t data_class)
{
    return sw_field_info(SW_FIELD_DATA_CLASS)->values->values[data_class];
}

/* ---- text ---- */

/* "26 min", "3 h 20 min", "40 d" */
static void print_duration(int64_t duration_ms)
{
    if (duration_ms >= 2 * SW_DAY_MS) {
        (void)printf("%d d", (int)(duration_ms / SW_DAY_MS));
    } else if (duration_ms >= SW_HOUR_MS) {
        (void)printf("%d h %d min", (int)(duration_ms / SW_HOUR_MS),
                     (int)(duration_ms % SW_HOUR_MS / SW_MINUTE_MS));
    } else {
        (void)printf("%d min", (int)(duration_ms / SW_MINUTE_MS));
    }
}

static void print_text(const struct ways *ways, const struct sw_node *node, uint16_t data_class,
                       const struct sw_way *way)
{
    const struct sw_map *map = ways->map;
    (void)printf("%s%.*s, %s: ", ways->shown == 0 ? "" : "\n", SW_TEXT_FORMAT(node->id),
                 data_class_name(data_class));
    if (way->edge_count == 0) {
        (void)printf("no automatic way\n");
        return;
    }
    (void)printf("%u hop%s, about ", way->edge_count, way->edge_count == 1 ? "" : "s");
    print_duration(way->delay_ms);
    (void)printf("\n  %.*s", SW_TEXT_FORMAT(node->name));
    for (uint16_t i = 0; i < way->edge_count; i++) {
        (void)printf(" › %.*s", SW_TEXT_FORMAT(map->nodes[way->nodes[i]].name));
    }
    (void)printf("\n");
    for (uint16_t i = 0; i < way->edge_count; i++) {
        const struct sw_edge *edge = &map->edges[way->edges[i]];
        (void)printf("  %.*s  off switch: %.*s\n", SW_TEXT_FORMAT(edge->id),
                     SW_TEXT_FORMAT(edge->off_switch));
    }
}

/* ---- JSON ---- */

static void append_edge(struct sw_buffer *buffer, const struct sw_map *map,
                        const struct sw_way *way, uint16_t index)
{
    const struct sw_edge *edge = &map->edges[way->edges[index]];
    sw_buffer_append_string(buffer, index == 0 ? "{\"edge\":" : ",{\"edge\":");
    sw_buffer_append_json(buffer, edge->id);
    sw_buffer_append_string(buffer, ",\"to\":");
    sw_buffer_append_json(buffer, map->nodes[way->nodes[index]].id);
    sw_buffer_append_string(buffer, ",\"basis\":");
    sw_buffer_append_json(buffer, edge->basis);
    sw_buffer_append_string(buffer, ",\"off_switch\":");
    sw_buffer_append_json(buffer, edge->off_switch);
    sw_buffer_append_string(buffer, "}");
}

static void print_json(const struct ways *ways, const struct sw_node *node, uint16_t data_class,
                       const struct sw_way *way)
{
    char bytes[JSON_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append_string(&buffer, "{\"from\":");
    sw_buffer_append_json(&buffer, node->id);
    sw_buffer_append_format(&buffer, ",\"data_class\":\"%s\",\"hops\":%u,\"delay_ms\":%lld",
                            data_class_name(data_class), way->edge_count, (long long)way->delay_ms);
    sw_buffer_append_string(&buffer, ",\"way\":[");
    for (uint16_t i = 0; i < way->edge_count; i++) {
        append_edge(&buffer, ways->map, way, i);
    }
    sw_buffer_append_string(&buffer, "]}");
    (void)printf("%s%s", ways->shown == 0 ? "[" : ",\n ", bytes);
}

/* ---- which ---- */

/* Systems are shown for the data that some edge takes out of them. */
static bool leaves(const struct sw_map *map, uint16_t node, uint16_t data_class)
{
    for (uint16_t i = 0; i < map->edge_count; i++) {
        const struct sw_edge *edge = &map->edges[i];
        bool takes = (edge->data_classes & UINT32_C(1) << data_class) != 0;
        for (uint16_t j = 0; takes && j < edge->from_count; j++) {
            if (edge->from[j] == node) {
                return true;
            }
        }
    }
    return false;
}

static void consider(struct ways *ways, uint16_t node_index, uint16_t data_class)
{
    const struct sw_node *node = &ways->map->nodes[node_index];
    if (node->immigration || !leaves(ways->map, node_index, data_class)) {
        return;
    }
    const struct sw_way *way = sw_map_way(ways->map, node_index, data_class);
    ways->pairs++;
    ways->open += way->edge_count != 0 ? 1 : 0;
    bool asked = ways->from != SW_NONE || ways->data != 0;
    bool chosen = (ways->from == SW_NONE || ways->from == node_index) &&
                  (ways->data == 0 || ways->data == data_class);
    if (!chosen || (!asked && way->edge_count == 0)) {
        return;
    }
    if (ways->json) {
        print_json(ways, node, data_class, way);
    } else {
        print_text(ways, node, data_class, way);
    }
    ways->shown++;
}

static void print_all(struct ways *ways)
{
    for (uint16_t node = 0; node < ways->map->node_count; node++) {
        for (int data_class = 1; data_class < SW_DATA_CLASS_COUNT; data_class++) {
            consider(ways, node, (uint16_t)data_class);
        }
    }
    if (ways->json) {
        (void)printf("%s]\n", ways->shown == 0 ? "[" : "");
    } else {
        (void)printf("%s%u of %u pairs of system and data reach an immigration component by "
                     "themselves.\n",
                     ways->shown == 0 ? "" : "\n", ways->open, ways->pairs);
    }
}

/* ---- the command line ---- */

static uint16_t find_node(const struct sw_command *command, const struct sw_map *map,
                          const char *name)
{
    uint16_t node = sw_map_node(map, sw_text_from(name));
    if (node == SW_NONE) {
        struct sw_suggestion suggestion;
        char hint[64];
        sw_suggestion_init(&suggestion, sw_text_from(name));
        for (uint16_t i = 0; i < map->node_count; i++) {
            sw_suggestion_offer(&suggestion, map->nodes[i].id);
        }
        const char *found = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
        (void)sw_command_usage_error(command, "the map has no system '%s'%s%s", name,
                                     found != NULL ? "; " : "", found != NULL ? found : "");
    }
    return node;
}

/* Switches off the edges of @list, "E04,E27". False: one is not in the map, and was told. */
static bool switch_off(const struct sw_command *command, struct sw_map *map, const char *list)
{
    while (*list != '\0') {
        uint32_t length = (uint32_t)strcspn(list, ",");
        uint16_t edge = sw_map_edge(map, (struct sw_text){list, length});
        if (edge == SW_NONE) {
            (void)sw_command_usage_error(command, "the map has no edge '%.*s'", (int)length, list);
            return false;
        }
        sw_map_enable(map, edge, false);
        list += length;
        list += *list == ',' ? 1 : 0;
    }
    return true;
}

static enum sw_status open_map(struct sw_map *map, const char *given)
{
    char path[SW_PATH_BYTES];
    struct sw_report report = {0};
    if (given == NULL) {
        if (sw_data_path(MAP_DEFAULT, path) != SW_OK) {
            (void)fprintf(stderr, "sharewatch ways: there is no map at %s: name one\n", path);
            return SW_IO;
        }
        given = path;
    }
    enum sw_status status = sw_map_open(map, given, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    return status;
}

int sw_command_ways(int argc, char **argv)
{
    const char *from = NULL;
    const char *data = NULL;
    const char *without = NULL;
    bool json = false;
    const struct sw_option options[] = {
        {.name = "from", .value = "SYSTEM", .text = &from, .about = "only from this system"},
        {.name = "data", .value = "CLASS", .text = &data, .about = "only for this class of data"},
        {.name = "without",
         .value = "EDGE[,EDGE…]",
         .text = &without,
         .about = "as if these edges were switched off"},
        {.name = "json", .flag = &json, .about = "print one JSON array"},
    };
    const struct sw_command command = {
        .name = "ways",
        .arguments = "[MAP]",
        .about = "Show by which ways data reaches an immigration component by itself",
        .details = "Shortest ways over automatic and mandated edges, with who could switch each "
                   "edge off.\nThe map is that of Los Angeles when none is named.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 0,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    struct sw_map map = {0};
    status = open_map(&map, count == 1 ? argv[1] : NULL);
    if (status != SW_OK) {
        sw_map_free(&map);
        return status == SW_INVALID ? SW_EXIT_NO : SW_EXIT_ENVIRONMENT;
    }
    struct ways ways = {.map = &map, .from = SW_NONE, .json = json};
    bool usable = without == NULL || switch_off(&command, &map, without);
    if (usable && from != NULL) {
        ways.from = find_node(&command, &map, from);
        usable = ways.from != SW_NONE;
    }
    if (usable && data != NULL) {
        ways.data = sw_enum_find(sw_field_info(SW_FIELD_DATA_CLASS)->values, sw_text_from(data));
        usable = ways.data != 0;
        if (!usable) {
            (void)sw_command_usage_error(&command, "there is no class of data '%s'", data);
        }
    }
    if (usable) {
        print_all(&ways);
    }
    sw_map_free(&map);
    return usable ? SW_EXIT_OK : SW_EXIT_USAGE;
}
