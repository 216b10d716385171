#include "automatic.h"

#include <stdio.h>

#include <sharewatch/assert.h>
#include <sharewatch/data.h>

#include "load_actor.h"
#include "load_value.h"
#include "random.h"

#define DATA_MAX   4 // classes of data that one event names
#define NAME_BYTES (SW_SCENARIO_NAME_MAX + 8)

struct automatic {
    struct sw_loader *loader;
    const struct sw_map *map;
    struct sw_place place;               // of the scenario's `automatic`
    const struct sw_automatic_hop *hops; // [edge_count]
    uint32_t *actors;                    // [node_count], SW_ACTOR_NONE until one is needed
    uint32_t *roots;  // [SW_SCENARIO_STEPS_MAX], the step by hand each follows from
    uint16_t *edges;  // [SW_SCENARIO_STEPS_MAX], that a step added here takes
    uint32_t written; // steps by hand: they come first
    struct sw_scenario_actor *actor_list;
};

/* ---- which step sets off which edge ---- */

static struct sw_text constant(const struct sw_scenario_step *step, enum sw_field field)
{
    for (uint32_t i = 0; i < step->data.field_count; i++) {
        if (step->data.fields[i] == field) {
            return step->data.values[i].text;
        }
    }
    return (struct sw_text){0};
}

/* The system at one side of @step; SW_NONE: not stated, or an agency with several systems. */
static uint16_t system_of(const struct automatic *automatic, const struct sw_scenario_step *step,
                          uint32_t actor, enum sw_field field)
{
    const struct sw_map *map = automatic->map;
    struct sw_text said = constant(step, field);
    if (said.length > 0) {
        return sw_map_node(map, said);
    }
    if (actor == SW_ACTOR_NONE) {
        return SW_NONE;
    }
    const struct sw_scenario_actor *who = &automatic->actor_list[actor];
    if (who->system.length > 0) {
        return sw_map_node(map, who->system);
    }
    uint16_t agency = who->agency_count == 1 ? sw_map_agency(map, who->agencies[0]) : SW_NONE;
    if (agency == SW_NONE || map->agencies[agency].node_count != 1) {
        return SW_NONE;
    }
    for (uint16_t i = 0; i < map->node_count; i++) {
        if (map->nodes[i].agency == agency) {
            return i;
        }
    }
    return SW_NONE;
}

static uint16_t leaves(const struct automatic *automatic, const struct sw_scenario_step *step)
{
    return system_of(automatic, step, step->actor, SW_FIELD_ACTOR_SYSTEM);
}

static uint16_t enters(const struct automatic *automatic, const struct sw_scenario_step *step)
{
    return system_of(automatic, step, step->recipient, SW_FIELD_RECIPIENT_SYSTEM);
}

/* True when @step, written by hand, is a hop of @edge. */
static bool is_hop_of(const struct automatic *automatic, const struct sw_scenario_step *step,
                      const struct sw_edge *edge)
{
    uint16_t from = leaves(automatic, step);
    return sw_automatic_takes(edge, step->kind, step->action) &&
           (sw_automatic_holds(edge->from, edge->from_count, from) ||
            sw_automatic_holds(edge->via, edge->via_count, from)) &&
           sw_automatic_holds(edge->to, edge->to_count, enters(automatic, step));
}

static bool takes(const struct automatic *automatic, uint32_t step, uint16_t edge)
{
    if (step >= automatic->written) {
        return automatic->edges[step] == edge;
    }
    return is_hop_of(automatic, &automatic->loader->steps[step], &automatic->map->edges[edge]);
}

static bool follows(const struct automatic *automatic, uint32_t index,
                    const struct sw_yaml_node *after)
{
    const struct sw_scenario_step *step = &automatic->loader->steps[index];
    for (uint32_t i = 0; after->type == SW_YAML_SEQUENCE && i < after->count; i++) {
        enum sw_kind kind;
        enum sw_action action;
        struct sw_text name = after->items[i]->text;
        if (sw_automatic_event(name, &kind, &action)) {
            if (kind == step->kind && action == step->action) {
                return true;
            }
        } else if (takes(automatic, index, sw_map_edge(automatic->map, name))) {
            return true;
        }
    }
    return false;
}

/* Bits of the classes of data that @data states; the last word counts. */
static uint32_t data_bits(const struct sw_scenario_data *data)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < data->field_count; i++) {
        const struct sw_value *value = &data->values[i];
        if (data->fields[i] != SW_FIELD_DATA_CLASS) {
            continue;
        }
        bits = value->type == SW_VALUE_TEXT ? UINT32_C(1) << value->code : 0;
        for (uint32_t j = 0; value->type == SW_VALUE_LIST && j < value->count; j++) {
            bits |= UINT32_C(1) << value->items[j].code;
        }
    }
    return bits;
}

/* The system from which @step sets @edge off; SW_NONE: it does not. */
static uint16_t start_of(const struct automatic *automatic, uint32_t index, uint16_t edge_index)
{
    const struct sw_scenario_step *step = &automatic->loader->steps[index];
    const struct sw_edge *edge = &automatic->map->edges[edge_index];
    const struct sw_automatic_hop *hop = &automatic->hops[edge_index];
    uint16_t from = leaves(automatic, step);
    uint16_t to = enters(automatic, step);
    if (!hop->moves || step->corrects) {
        return SW_NONE;
    }
    if (hop->after != NULL) {
        if (!follows(automatic, index, hop->after)) {
            return SW_NONE;
        }
        return sw_automatic_holds(edge->from, edge->from_count, to)     ? to
               : sw_automatic_holds(edge->from, edge->from_count, from) ? from
                                                                        : SW_NONE;
    }
    if (step->recipient == SW_ACTOR_NONE) {
        bool own = sw_automatic_takes(edge, step->kind, step->action);
        return own && sw_automatic_holds(edge->from, edge->from_count, from) ? from : SW_NONE;
    }
    bool carried = (edge->data_classes & data_bits(&step->data)) != 0;
    return carried && sw_automatic_holds(edge->from, edge->from_count, to) ? to : SW_NONE;
}

/* True when the storyline has a step by hand for @edge, or @root has set it off already. */
static bool is_there(const struct automatic *automatic, uint32_t root, uint16_t edge)
{
    const struct sw_scenario_step *steps = automatic->loader->steps;
    uint32_t count = automatic->loader->scenario->step_count;
    for (uint32_t i = 0; i < count; i++) {
        bool same = i < automatic->written ? steps[i].storyline == steps[root].storyline
                                           : automatic->roots[i] == root;
        if (same && takes(automatic, i, edge)) {
            return true;
        }
    }
    return false;
}

/* ---- the steps that are added ---- */

static uint32_t actor_of(struct automatic *automatic, uint16_t node)
{
    struct sw_loader *loader = automatic->loader;
    struct sw_arena *arena = &loader->scenario->arena;
    const struct sw_node *system = &automatic->map->nodes[node];
    const struct sw_agency *agency = &automatic->map->agencies[system->agency];
    if (automatic->actors[node] != SW_ACTOR_NONE) {
        return automatic->actors[node];
    }
    uint32_t index = loader->scenario->actor_count++;
    struct sw_text *agencies = sw_arena_alloc(arena, sizeof(agencies[0]));
    agencies[0] = sw_arena_text(arena, agency->id);
    automatic->actor_list[index] =
        (struct sw_scenario_actor){.name = sw_arena_text(arena, system->id),
                                   .agencies = agencies,
                                   .agency_count = 1,
                                   .class_code = agency->class_code,
                                   .system = sw_arena_text(arena, system->id),
                                   .role_code = SW_ROLE_SYSTEM,
                                   .reporter = agencies[0],
                                   .place = automatic->place};
    automatic->actors[node] = index;
    return index;
}

static struct sw_value class_value(struct sw_arena *arena, uint32_t bits)
{
    const struct sw_enum_info *values = sw_field_info(SW_FIELD_DATA_CLASS)->values;
    struct sw_value *items = sw_arena_alloc(arena, DATA_MAX * sizeof(items[0]));
    uint32_t count = 0;
    for (uint16_t code = 1; code < SW_DATA_CLASS_COUNT && count < DATA_MAX; code++) {
        if ((bits & UINT32_C(1) << code) != 0) {
            items[count++] = (struct sw_value){
                .type = SW_VALUE_TEXT, .code = code, .text = sw_enum_text(values, code)};
        }
    }
    return count == 1 ? items[0]
                      : (struct sw_value){.type = SW_VALUE_LIST, .count = count, .items = items};
}

static void append_data(struct sw_scenario_data *data, enum sw_field *fields,
                        struct sw_value *values, struct sw_scenario_draw *draws,
                        const struct sw_scenario_data *more)
{
    for (uint32_t i = 0; i < more->field_count; i++) {
        fields[data->field_count] = more->fields[i];
        values[data->field_count++] = more->values[i];
    }
    for (uint32_t i = 0; i < more->draw_count; i++) {
        draws[data->draw_count++] = more->draws[i];
    }
}

/* What has arrived of what the edge carries, then what the files say. */
static struct sw_scenario_data hop_data(struct sw_arena *arena, const struct sw_automatic_hop *hop,
                                        uint32_t bits)
{
    uint32_t field_count = 2 + hop->common.field_count + hop->own.field_count;
    uint32_t draw_count = 1 + hop->common.draw_count + hop->own.draw_count;
    enum sw_field *fields = sw_arena_alloc(arena, field_count * sizeof(fields[0]));
    struct sw_value *values = sw_arena_alloc(arena, field_count * sizeof(values[0]));
    struct sw_scenario_draw *draws = sw_arena_alloc(arena, draw_count * sizeof(draws[0]));
    struct sw_scenario_data data = {.fields = fields, .values = values, .draws = draws};
    fields[data.field_count] = SW_FIELD_DATA_CLASS;
    values[data.field_count++] = class_value(arena, bits);
    append_data(&data, fields, values, draws, &hop->common);
    append_data(&data, fields, values, draws, &hop->own);
    return data;
}

/* "booked.e05": the step by hand from which it follows, and the edge. */
static bool name_hop(struct automatic *automatic, uint32_t root, const struct sw_edge *edge,
                     struct sw_text *name)
{
    char bytes[NAME_BYTES];
    struct sw_loader *loader = automatic->loader;
    const struct sw_scenario_step *step = &loader->steps[root];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append_format(&buffer, "%.*s.", SW_TEXT_FORMAT(step->name));
    for (uint32_t i = 0; i < edge->id.length; i++) {
        char c = edge->id.bytes[i];
        sw_buffer_append_format(&buffer, "%c", c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    *name = sw_arena_text(&loader->scenario->arena, sw_buffer_text(&buffer));
    if (buffer.overflowed || name->length > SW_SCENARIO_NAME_MAX) {
        sw_report_error(loader->report, step->place, "shorten the name of the step",
                        "the name of what follows by itself, \"%.*s\", is over %d characters",
                        SW_TEXT_FORMAT(*name), SW_SCENARIO_NAME_MAX);
        return false;
    }
    for (uint32_t i = 0; i < loader->scenario->step_count; i++) {
        if (sw_text_equal(loader->steps[i].name, *name)) {
            sw_report_error(loader->report, loader->steps[i].place, NULL,
                            "the name %.*s belongs to what follows by itself from step %.*s",
                            SW_TEXT_FORMAT(*name), SW_TEXT_FORMAT(step->name));
            return false;
        }
    }
    return true;
}

/* True when what enters @node by @edge is in an immigration system, or can get there. */
static bool leads_on(const struct sw_map *map, const struct sw_edge *edge, uint16_t node)
{
    bool leads = map->nodes[node].immigration;
    for (uint32_t class = 1; class < SW_DATA_CLASS_COUNT; class ++) {
        bool carried = (edge->data_classes & UINT32_C(1) << class) != 0;
        leads = leads || (carried && sw_map_way(map, node, (uint16_t) class)->edge_count > 0);
    }
    return leads;
}

/* Hops are one chain because they are about the same person or vehicle. */
static void warn_of_nobody(const struct automatic *automatic, uint32_t before,
                           const struct sw_edge *edge, uint16_t to)
{
    const struct sw_scenario_step *step = &automatic->loader->steps[before];
    bool linked = step->subject_of != SW_TOKEN_NONE || step->vehicle_of != SW_TOKEN_NONE;
    for (uint32_t i = 0; i < step->data.field_count; i++) {
        linked = linked || step->data.fields[i] == SW_FIELD_CHAIN_ID;
    }
    if (before < automatic->written && !linked && leads_on(automatic->map, edge, to)) {
        sw_report_warning(automatic->loader->report, step->place,
                          "write subject: NAME, with NAME under `people`, or subject: new",
                          "step %.*s is about nobody: what follows by itself is not tied to it",
                          SW_TEXT_FORMAT(step->name));
    }
}

static void add_hop(struct automatic *automatic, uint32_t before, uint16_t edge_index,
                    uint16_t from)
{
    struct sw_loader *loader = automatic->loader;
    struct sw_scenario *scenario = loader->scenario;
    const struct sw_automatic_hop *hop = &automatic->hops[edge_index];
    const struct sw_edge *edge = &automatic->map->edges[edge_index];
    const struct sw_scenario_step *parent = &loader->steps[before];
    uint32_t index = scenario->step_count;
    uint32_t common = edge->data_classes & data_bits(&parent->data);
    struct sw_text name;
    if (index == SW_SCENARIO_STEPS_MAX) {
        sw_report_error(loader->report, automatic->place, "use repeat",
                        "more than %d steps with those that follow by themselves",
                        SW_SCENARIO_STEPS_MAX);
        return;
    }
    if (!name_hop(automatic, automatic->roots[before], edge, &name)) {
        return;
    }
    warn_of_nobody(automatic, before, edge, hop->to);
    uint32_t actor = actor_of(automatic, from);
    loader->steps[index] = (struct sw_scenario_step){
        .name = name,
        .place = parent->place,
        .storyline = parent->storyline,
        .parent = before,
        .delay = hop->delay,
        .probability = hop->chance,
        .visible = hop->visible,
        .automatic = true,
        .kind = hop->kind,
        .action = hop->action,
        .actor = actor,
        .recipient = actor_of(automatic, hop->to),
        .behalf = SW_ACTOR_NONE,
        .source = sw_load_source(loader, automatic->actor_list[actor].reporter, parent->place),
        .subject_of = parent->subject_of,
        .subject = parent->subject,
        .vehicle_of = parent->vehicle_of,
        .vehicle = parent->vehicle,
        .data = hop_data(&scenario->arena, hop, common != 0 ? common : edge->data_classes),
        .fault = hop->fault,
        .expect = hop->expect,
        .key = sw_random_key(loader->key, sw_text_hash(name)),
        .token_key = parent->token_key};
    automatic->roots[index] = automatic->roots[before];
    automatic->edges[index] = edge_index;
    scenario->step_count++;
}

/* Each step in turn, those that are added here, too. Ends, since a step by hand sets each edge off
 * once at most. */
static void add_hops(struct automatic *automatic)
{
    struct sw_scenario *scenario = automatic->loader->scenario;
    struct sw_report *report = automatic->loader->report;
    uint32_t errors_before = report->error_total;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        for (uint16_t edge = 0; edge < automatic->map->edge_count; edge++) {
            uint16_t from = start_of(automatic, i, edge);
            if (from != SW_NONE && !is_there(automatic, automatic->roots[i], edge)) {
                add_hop(automatic, i, edge, from);
            }
            if (report->error_total > errors_before) {
                return;
            }
        }
    }
}

/* Makes room for the most that can be added. */
static void make_room(struct automatic *automatic)
{
    struct sw_loader *loader = automatic->loader;
    struct sw_scenario *scenario = loader->scenario;
    struct sw_arena *arena = &scenario->arena;
    const struct sw_map *map = automatic->map;
    struct sw_scenario_step *steps =
        sw_arena_alloc(arena, SW_SCENARIO_STEPS_MAX * sizeof(steps[0]));
    const struct sw_yaml_node **afters =
        sw_arena_alloc(arena, SW_SCENARIO_STEPS_MAX * sizeof(void *));
    automatic->actor_list =
        sw_arena_alloc(arena, ((size_t)scenario->actor_count + map->node_count) *
                                  sizeof(struct sw_scenario_actor));
    automatic->actors =
        sw_arena_alloc(arena, (size_t)map->node_count * sizeof(automatic->actors[0]));
    automatic->roots = sw_arena_alloc(arena, SW_SCENARIO_STEPS_MAX * sizeof(automatic->roots[0]));
    automatic->edges = sw_arena_alloc(arena, SW_SCENARIO_STEPS_MAX * sizeof(automatic->edges[0]));
    for (uint16_t i = 0; i < map->node_count; i++) {
        automatic->actors[i] = SW_ACTOR_NONE;
    }
    automatic->written = scenario->step_count;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        steps[i] = loader->steps[i];
        afters[i] = loader->afters[i];
        automatic->roots[i] = i;
    }
    for (uint32_t i = 0; i < scenario->actor_count; i++) {
        automatic->actor_list[i] = loader->actors[i];
    }
    loader->steps = steps;
    loader->afters = afters;
    loader->actors = automatic->actor_list;
    scenario->steps = steps;
    scenario->actors = automatic->actor_list;
}

/* The path of FILE below the data folder; reported at @place when it is not there. */
static bool find_file(struct sw_loader *loader, struct sw_place place, const char *suffix,
                      char path[SW_PATH_BYTES])
{
    char name[128];
    (void)snprintf(name, sizeof(name), "maps/%.*s%s.yaml", SW_TEXT_FORMAT(loader->scenario->map),
                   suffix);
    if (sw_data_path(name, path) == SW_OK) {
        return true;
    }
    sw_report_error(loader->report, place, NULL, "`automatic` needs the file %s", path);
    return false;
}

void sw_load_automatic(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct automatic automatic = {
        .loader = loader, .map = loader->options->map, .place = node->place};
    struct sw_map own_map = {0};
    char path[SW_PATH_BYTES];
    uint32_t errors_before = loader->report->error_total;
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "automatic")) {
        return;
    }
    if (automatic.map == NULL && find_file(loader, node->place, "", path) &&
        sw_map_open(&own_map, path, loader->report) == SW_OK) {
        automatic.map = &own_map;
    }
    if (automatic.map != NULL && find_file(loader, node->place, ".automatic", path)) {
        automatic.hops = sw_automatic_load(loader, automatic.map, path, node);
        if (loader->report->error_total == errors_before) {
            make_room(&automatic);
            add_hops(&automatic);
        }
    }
    sw_map_free(&own_map);
}
