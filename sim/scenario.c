/*
 * Loading a scenario. The file, in full:
 *
 *   scenario, title, from, about   what it is, and the sentence or case it comes from
 *   seed, start                    of all chance; the date and time at which it begins
 *   map, policy                    the sharing map and the policy packs it is meant for
 *   people, vehicles               names within the scenario; each gets a token
 *   curves                         weights of the hours of a day and the days of a week
 *   actors                         who acts: agency, class, system, role
 *   steps | storylines             what happens (step.c)
 *   expect                         what must come out in all (expectation.c)
 *   variants                       the same with steps dropped, replaced or added
 *
 * A variant is applied to the tree of the file before anything is read from it, so that every
 * mistake is reported at the line where it stands.
 */
#include "loader.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#include "curve.h"
#include "random.h"
#include "token.h"

#define CURVES_MAX   32
#define LIKES_MAX    8 // variants, each like the next
#define PATH_MAX_    4096
#define SEED_DEFAULT 1
#define SETS_MAX     32

/* A step of the file and the storyline it belongs to, before it is read. */
struct raw_step {
    uint32_t storyline;
    const struct sw_yaml_node *node;
};

struct raw {
    struct raw_step steps[SW_SCENARIO_STEPS_MAX];
    uint32_t count;
};

static struct sw_text step_name(const struct sw_yaml_node *node)
{
    const struct sw_yaml_node *name = sw_yaml_get(node, "step");
    return name != NULL && name->type == SW_YAML_SCALAR ? name->text : (struct sw_text){0};
}

static bool is_null(const struct sw_yaml_node *node)
{
    return node->type == SW_YAML_SCALAR && sw_yaml_value(node).type == SW_VALUE_NULL;
}

static const struct sw_yaml_node **alloc_nodes(struct sw_arena *arena, size_t count)
{
    return sw_arena_alloc(arena, count * sizeof(void *));
}

static void add_pair(struct sw_yaml_node *mapping, const struct sw_yaml_node **items,
                     const struct sw_yaml_node *key, const struct sw_yaml_node *value)
{
    size_t at = 2 * (size_t)mapping->count++;
    items[at] = key;
    items[at + 1] = value;
}

/* @base with the pairs of @patch in place of its own; a null takes a pair away. Mappings under
 * `data` are merged likewise, everything else is taken whole. */
static const struct sw_yaml_node *merge(struct sw_arena *arena, const struct sw_yaml_node *base,
                                        const struct sw_yaml_node *patch)
{
    struct sw_yaml_node *merged = sw_arena_alloc(arena, sizeof(*merged));
    const struct sw_yaml_node **items =
        alloc_nodes(arena, 2 * ((size_t)base->count + patch->count + 1));
    *merged = *base;
    merged->items = items;
    merged->count = 0;
    for (uint32_t i = 0; i < base->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(base, i);
        const struct sw_yaml_node *value = sw_yaml_pair_value(base, i);
        const struct sw_yaml_node *other = sw_yaml_get(patch, key->text.bytes);
        if (other != NULL && is_null(other)) {
            continue;
        }
        if (other != NULL && strcmp(key->text.bytes, "data") == 0 &&
            other->type == SW_YAML_MAPPING && value->type == SW_YAML_MAPPING) {
            value = merge(arena, value, other);
        } else if (other != NULL) {
            value = other;
        }
        add_pair(merged, items, key, value);
    }
    for (uint32_t i = 0; i < patch->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(patch, i);
        if (sw_yaml_get(base, key->text.bytes) == NULL && !is_null(sw_yaml_pair_value(patch, i))) {
            add_pair(merged, items, key, sw_yaml_pair_value(patch, i));
        }
    }
    return merged;
}

/* A copy of @mapping in which the value under @path ("repeat.per_day", [length] bytes) is @value.
 */
static const struct sw_yaml_node *with_value(struct sw_arena *arena,
                                             const struct sw_yaml_node *mapping,
                                             struct sw_text path, struct sw_text value)
{
    const char *dot = memchr(path.bytes, '.', path.length);
    uint32_t head = dot != NULL ? (uint32_t)(dot - path.bytes) : path.length;
    struct sw_text key = sw_arena_text(arena, (struct sw_text){path.bytes, head});
    const struct sw_yaml_node *old = sw_yaml_get(mapping, key.bytes);
    struct sw_yaml_node *nodes = sw_arena_alloc(arena, 2 * sizeof(nodes[0]));
    struct sw_yaml_node *patch = sw_arena_alloc(arena, sizeof(*patch));
    nodes[0] = (struct sw_yaml_node){.plain = true, .text = key, .place = mapping->place};
    nodes[1] = (struct sw_yaml_node){.plain = true, .text = value, .place = mapping->place};
    const struct sw_yaml_node **items = alloc_nodes(arena, 2);
    *patch =
        (struct sw_yaml_node){.type = SW_YAML_MAPPING, .place = mapping->place, .items = items};
    const struct sw_yaml_node *inner = &nodes[1];
    if (dot != NULL && old != NULL && old->type == SW_YAML_MAPPING) {
        struct sw_text rest = {dot + 1, path.length - head - 1};
        inner = with_value(arena, old, rest, value);
    }
    add_pair(patch, items, &nodes[0], inner);
    return merge(arena, mapping, patch);
}

/* @node, the step or storyline called @name, with what the caller set in it. */
static const struct sw_yaml_node *apply_sets(struct sw_loader *loader, struct sw_text name,
                                             const struct sw_yaml_node *node)
{
    for (uint32_t i = 0; i < loader->options->set_count && i < SETS_MAX; i++) {
        struct sw_text set = sw_text_from(loader->options->sets[i]);
        const char *equals = memchr(set.bytes, '=', set.length);
        const char *dot = memchr(set.bytes, '.', set.length);
        if (equals == NULL || dot == NULL || dot > equals ||
            !sw_text_equal((struct sw_text){set.bytes, (uint32_t)(dot - set.bytes)}, name)) {
            continue;
        }
        struct sw_text path = {dot + 1, (uint32_t)(equals - dot - 1)};
        struct sw_text value = sw_text_from(equals + 1);
        node = with_value(&loader->scenario->arena, node, path,
                          sw_arena_text(&loader->scenario->arena, value));
        loader->sets_used |= 1U << i;
    }
    return node;
}

static void report_unused_sets(struct sw_loader *loader)
{
    for (uint32_t i = 0; i < loader->options->set_count; i++) {
        if (i >= SETS_MAX || (loader->sets_used & (1U << i)) == 0) {
            sw_report_error(loader->report, loader->root->place,
                            "NAME.KEY=VALUE, where NAME is a step or a storyline",
                            "nothing to set by \"%s\"", loader->options->sets[i]);
        }
    }
}

static void suggest_step(const struct raw *raw, struct sw_text name, char *hint, uint32_t bytes)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < raw->count; i++) {
        sw_suggestion_offer(&suggestion, step_name(raw->steps[i].node));
    }
    if (sw_suggestion_hint(&suggestion, hint, bytes) == NULL) {
        hint[0] = '\0';
    }
}

static struct raw_step *find_raw(struct sw_loader *loader, struct raw *raw,
                                 const struct sw_yaml_node *name)
{
    struct sw_text text = sw_load_text(loader, name, "step");
    for (uint32_t i = 0; i < raw->count; i++) {
        if (sw_text_equal(step_name(raw->steps[i].node), text)) {
            return &raw->steps[i];
        }
    }
    char hint[128];
    suggest_step(raw, text, hint, sizeof(hint));
    sw_report_error(loader->report, name->place, hint[0] != '\0' ? hint : NULL,
                    "no step \"%.*s\" in the scenario", SW_TEXT_FORMAT(text));
    return NULL;
}

static void drop_steps(struct sw_loader *loader, struct raw *raw, const struct sw_yaml_node *drop)
{
    if (!sw_load_wants(loader, drop, SW_YAML_SEQUENCE, "drop")) {
        return;
    }
    for (uint32_t i = 0; i < drop->count; i++) {
        struct raw_step *step = find_raw(loader, raw, drop->items[i]);
        if (step != NULL) {
            uint32_t after = raw->count - 1 - (uint32_t)(step - raw->steps);
            memmove(step, step + 1, after * sizeof(*step));
            raw->count--;
        }
    }
}

static void replace_steps(struct sw_loader *loader, struct raw *raw,
                          const struct sw_yaml_node *replace)
{
    if (!sw_load_wants(loader, replace, SW_YAML_MAPPING, "replace")) {
        return;
    }
    for (uint32_t i = 0; i < replace->count; i++) {
        struct raw_step *step = find_raw(loader, raw, sw_yaml_key(replace, i));
        const struct sw_yaml_node *patch = sw_yaml_pair_value(replace, i);
        if (step != NULL && sw_load_wants(loader, patch, SW_YAML_MAPPING, "replace")) {
            step->node = merge(&loader->scenario->arena, step->node, patch);
        }
    }
}

static void append_step(struct sw_loader *loader, struct raw *raw, uint32_t storyline,
                        const struct sw_yaml_node *node)
{
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "step")) {
        return;
    }
    if (raw->count == SW_SCENARIO_STEPS_MAX) {
        sw_report_error(loader->report, node->place, "use repeat", "more than %d steps",
                        SW_SCENARIO_STEPS_MAX);
        return;
    }
    raw->steps[raw->count++] = (struct raw_step){storyline, node};
}

static uint32_t storyline_index(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    if (node == NULL) {
        return 0;
    }
    struct sw_text name = sw_load_text(loader, node, "storyline");
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < loader->scenario->storyline_count; i++) {
        if (sw_text_equal(loader->storylines[i].name, name)) {
            return i;
        }
        sw_suggestion_offer(&suggestion, loader->storylines[i].name);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "no storyline \"%.*s\"",
                    SW_TEXT_FORMAT(name));
    return 0;
}

static void add_steps(struct sw_loader *loader, struct raw *raw, const struct sw_yaml_node *add)
{
    if (!sw_load_wants(loader, add, SW_YAML_SEQUENCE, "add")) {
        return;
    }
    for (uint32_t i = 0; i < add->count; i++) {
        const struct sw_yaml_node *storyline = sw_yaml_get(add->items[i], "storyline");
        append_step(loader, raw, storyline_index(loader, storyline), add->items[i]);
    }
}

/* The variants that make up @variant, the most general first. */
static uint32_t patches_of(struct sw_loader *loader, const struct sw_yaml_node *variants,
                           const struct sw_yaml_node *variant,
                           const struct sw_yaml_node *patches[LIKES_MAX])
{
    const struct sw_yaml_node *chain[LIKES_MAX];
    uint32_t count = 0;
    while (variant != NULL) {
        const struct sw_yaml_node *like = sw_yaml_get(variant, "like");
        if (count == LIKES_MAX) {
            sw_report_error(loader->report, variant->place, NULL,
                            "more than %d variants are like one another", LIKES_MAX);
            break;
        }
        chain[count++] = variant;
        variant = NULL;
        if (like != NULL && like->type == SW_YAML_SCALAR) {
            variant = sw_yaml_get(variants, like->text.bytes);
            if (variant == NULL) {
                sw_report_error(loader->report, like->place, NULL, "no variant \"%.*s\"",
                                SW_TEXT_FORMAT(like->text));
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        patches[i] = chain[count - 1 - i];
    }
    return count;
}

static void apply_patch(struct sw_loader *loader, struct raw *raw, const struct sw_yaml_node *patch)
{
    const struct sw_yaml_node *part;
    if (!sw_load_wants(loader, patch, SW_YAML_MAPPING, "variant")) {
        return;
    }
    sw_load_check_keys(loader, patch, &sw_keys_variant);
    if ((part = sw_yaml_get(patch, "drop")) != NULL) {
        drop_steps(loader, raw, part);
    }
    if ((part = sw_yaml_get(patch, "replace")) != NULL) {
        replace_steps(loader, raw, part);
    }
    if ((part = sw_yaml_get(patch, "add")) != NULL) {
        add_steps(loader, raw, part);
    }
}

/* The value of the root's @key: the last patch that has it, else the file's own. `expect` is
 * merged, so that a variant states what differs. */
static const struct sw_yaml_node *root_value(struct sw_loader *loader, const char *key,
                                             const struct sw_yaml_node *const *patches,
                                             uint32_t count)
{
    const struct sw_yaml_node *value = sw_yaml_get(loader->root, key);
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *other = sw_yaml_get(patches[i], key);
        if (other == NULL) {
            continue;
        }
        bool merges = value != NULL && value->type == SW_YAML_MAPPING &&
                      other->type == SW_YAML_MAPPING && strcmp(key, "expect") == 0;
        value = merges ? merge(&loader->scenario->arena, value, other) : other;
    }
    return value;
}

static struct sw_text copy_string(struct sw_loader *loader, const char *string)
{
    return sw_arena_text(&loader->scenario->arena, sw_text_from(string));
}

static void load_variant_list(struct sw_loader *loader, const struct sw_yaml_node *variants)
{
    struct sw_scenario_variant *list =
        sw_arena_alloc(&loader->scenario->arena, (variants->count + 1) * sizeof(list[0]));
    for (uint32_t i = 0; i < variants->count; i++) {
        const struct sw_yaml_node *about = sw_yaml_get(sw_yaml_pair_value(variants, i), "about");
        list[i].name = sw_load_name(loader, sw_yaml_key(variants, i), "variant");
        if (about != NULL) {
            list[i].about = sw_load_text(loader, about, "about");
        }
    }
    loader->scenario->variants = list;
    loader->scenario->variant_count = variants->count;
}

/* The mapping of the variant that is wanted; NULL when there are none. */
static const struct sw_yaml_node *choose_variant(struct sw_loader *loader,
                                                 const struct sw_yaml_node *variants)
{
    const char *wanted = loader->options->variant;
    struct sw_scenario *scenario = loader->scenario;
    if (variants != NULL && sw_load_wants(loader, variants, SW_YAML_MAPPING, "variants")) {
        load_variant_list(loader, variants);
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, sw_text_from(wanted));
    for (uint32_t i = 0; i < scenario->variant_count; i++) {
        struct sw_text name = scenario->variants[i].name;
        if (wanted == NULL || sw_text_equal(name, sw_text_from(wanted))) {
            scenario->variant = name;
            return sw_yaml_pair_value(variants, i);
        }
        sw_suggestion_offer(&suggestion, name);
    }
    if (wanted != NULL) {
        char hint[128];
        sw_report_error(loader->report, loader->root->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                        "the scenario has no variant \"%s\"", wanted);
    }
    return NULL;
}

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

static void load_actors(struct sw_loader *loader)
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

static void load_weights(struct sw_loader *loader, const struct sw_yaml_node *node,
                         const char *what, double *weights, uint32_t count)
{
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, what)) {
        return;
    }
    double sum = 0;
    for (uint32_t i = 0; i < node->count && i < count; i++) {
        weights[i] = sw_load_number(loader, node->items[i], what);
        sum += weights[i];
    }
    if (node->count != count || !(sum > 0)) {
        sw_report_error(loader->report, node->place, NULL, "%s needs %u weights, not all 0", what,
                        count);
        for (uint32_t i = 0; i < count; i++) {
            weights[i] = 1;
        }
    }
}

static void load_curves(struct sw_loader *loader)
{
    struct sw_scenario *scenario = loader->scenario;
    const struct sw_yaml_node *node = sw_yaml_get(loader->root, "curves");
    scenario->curves = sw_arena_alloc(&scenario->arena, CURVES_MAX * sizeof(scenario->curves[0]));
    scenario->curves[scenario->curve_count++] = sw_curve_flat();
    scenario->curves[scenario->curve_count++] = sw_curve_search();
    if (node == NULL || !sw_load_wants(loader, node, SW_YAML_MAPPING, "curves")) {
        return;
    }
    for (uint32_t i = 0; i < node->count && scenario->curve_count < CURVES_MAX; i++) {
        const struct sw_yaml_node *value = sw_yaml_pair_value(node, i);
        const struct sw_yaml_node *hours = sw_yaml_get(value, "hours");
        const struct sw_yaml_node *days = sw_yaml_get(value, "days");
        struct sw_curve curve = sw_curve_flat();
        sw_load_check_keys(loader, value, &sw_keys_curve);
        curve.name = sw_load_name(loader, sw_yaml_key(node, i), "curve");
        if (hours != NULL) {
            load_weights(loader, hours, "hours", curve.hours, SW_CURVE_HOURS);
        }
        if (days != NULL) {
            load_weights(loader, days, "days", curve.days, 7);
        }
        sw_curve_scale(&curve);
        scenario->curves[scenario->curve_count++] = curve;
    }
}

static void load_packs(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_scenario *scenario = loader->scenario;
    if (node == NULL) {
        scenario->packs[0] = copy_string(loader, "ca-state");
        scenario->packs[1] = copy_string(loader, "la-city-2024");
        scenario->pack_count = 2;
        return;
    }
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "policy")) {
        return;
    }
    if (node->count < 1 || node->count > SW_SCENARIO_PACKS_MAX) {
        sw_report_error(loader->report, node->place, NULL, "policy needs 1 to %d packs",
                        SW_SCENARIO_PACKS_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        scenario->packs[i] = sw_load_name(loader, node->items[i], "policy pack");
    }
    scenario->pack_count = node->count;
}

/* Local time minus UTC, from the end of an RFC 3339 time: curves follow the local clock. */
static int64_t zone_of(struct sw_text time)
{
    if (time.length < 6 ||
        (time.bytes[time.length - 6] != '+' && time.bytes[time.length - 6] != '-') ||
        time.bytes[time.length - 3] != ':') {
        return 0;
    }
    const char *at = time.bytes + time.length - 6;
    int64_t minutes = (at[1] - '0') * 600 + (at[2] - '0') * 60 + (at[4] - '0') * 10 + (at[5] - '0');
    return (at[0] == '-' ? -minutes : minutes) * SW_MINUTE_MS;
}

static void load_start(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_scenario *scenario = loader->scenario;
    if (node == NULL) {
        sw_report_error(loader->report, loader->root->place, "start: 2026-03-02T06:00:00-08:00",
                        "the scenario has no start");
        return;
    }
    struct sw_text text = sw_load_text(loader, node, "start");
    if (sw_time_parse(text, &scenario->start_ms) != SW_OK) {
        sw_report_error(loader->report, node->place, "write 2026-03-02T06:00:00-08:00",
                        "start \"%.*s\" is not a time", SW_TEXT_FORMAT(text));
        return;
    }
    scenario->zone_ms = zone_of(text);
}

static void load_seed(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_scenario *scenario = loader->scenario;
    scenario->seed = SEED_DEFAULT;
    if (node != NULL) {
        scenario->seed = (uint64_t)sw_load_integer(loader, node, "seed", 0, INT64_MAX);
    }
    uint64_t own = scenario->seed;
    if (loader->options->has_seed) {
        scenario->seed = loader->options->seed;
    }
    scenario->own_seed = scenario->seed == own;
    if (loader->options->instance != NULL) {
        scenario->instance = copy_string(loader, loader->options->instance);
    }
    /* Two instances of one scenario are two cities: nobody is in both. */
    loader->key = sw_random_key(scenario->seed, sw_text_hash(scenario->instance));
}

static struct sw_text root_text(struct sw_loader *loader, const char *key, bool needed)
{
    const struct sw_yaml_node *node = sw_yaml_get(loader->root, key);
    if (node == NULL && needed) {
        sw_report_error(loader->report, loader->root->place, NULL, "the scenario has no %s", key);
    }
    return node != NULL ? sw_load_text(loader, node, key) : (struct sw_text){0};
}

static void load_people(struct sw_loader *loader, const struct sw_yaml_node *node,
                        struct sw_scenario_storyline *storyline)
{
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "people")) {
        return;
    }
    struct sw_text *people =
        sw_arena_alloc(&loader->scenario->arena, (node->count + 1) * sizeof(people[0]));
    for (uint32_t i = 0; i < node->count; i++) {
        people[i] = sw_load_who(loader, node->items[i], "people");
    }
    storyline->people = people;
    storyline->people_count = node->count;
}

static void load_storyline(struct sw_loader *loader, const struct sw_yaml_node *name,
                           const struct sw_yaml_node *node, struct raw *raw)
{
    uint32_t index = loader->scenario->storyline_count++;
    struct sw_scenario_storyline *storyline = &loader->storylines[index];
    const struct sw_yaml_node *part;
    storyline->name = sw_load_name(loader, name, "storyline");
    storyline->place = name->place;
    storyline->key = sw_random_key(loader->key, sw_text_hash(storyline->name) ^ 1);
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "storyline")) {
        return;
    }
    node = apply_sets(loader, storyline->name, node);
    sw_load_check_keys(loader, node, &sw_keys_storyline);
    if ((part = sw_yaml_get(node, "at")) != NULL) {
        storyline->at = sw_load_delay(loader, part, "at");
    }
    if ((part = sw_yaml_get(node, "repeat")) != NULL) {
        storyline->repeat = sw_load_repeat(loader, part);
    }
    if ((part = sw_yaml_get(node, "people")) != NULL) {
        load_people(loader, part, storyline);
    }
    part = sw_yaml_get(node, "steps");
    if (part == NULL || !sw_load_wants(loader, part, SW_YAML_SEQUENCE, "steps")) {
        sw_report_error(loader->report, name->place, NULL, "storyline %.*s has no steps",
                        SW_TEXT_FORMAT(storyline->name));
        return;
    }
    for (uint32_t i = 0; i < part->count; i++) {
        append_step(loader, raw, index, part->items[i]);
    }
}

static void load_storylines(struct sw_loader *loader, struct raw *raw)
{
    const struct sw_yaml_node *steps = sw_yaml_get(loader->root, "steps");
    const struct sw_yaml_node *storylines = sw_yaml_get(loader->root, "storylines");
    struct sw_arena *arena = &loader->scenario->arena;
    uint32_t count = storylines != NULL ? storylines->count : 1;
    loader->storylines = sw_arena_alloc(arena, (count + 1) * sizeof(loader->storylines[0]));
    loader->scenario->storylines = loader->storylines;
    if ((steps == NULL) == (storylines == NULL)) {
        sw_report_error(loader->report, loader->root->place, NULL,
                        "the scenario needs either `steps` or `storylines`");
        return;
    }
    if (storylines != NULL && sw_load_wants(loader, storylines, SW_YAML_MAPPING, "storylines")) {
        for (uint32_t i = 0; i < storylines->count; i++) {
            load_storyline(loader, sw_yaml_key(storylines, i), sw_yaml_pair_value(storylines, i),
                           raw);
        }
    }
    if (steps != NULL && sw_load_wants(loader, steps, SW_YAML_SEQUENCE, "steps")) {
        loader->storylines[0].name = copy_string(loader, "main");
        loader->storylines[0].place = steps->place;
        loader->storylines[0].key = sw_random_key(loader->key, 1);
        loader->scenario->storyline_count = 1;
        for (uint32_t i = 0; i < steps->count; i++) {
            append_step(loader, raw, 0, steps->items[i]);
        }
    }
}

static void load_steps(struct sw_loader *loader, const struct raw *raw)
{
    struct sw_arena *arena = &loader->scenario->arena;
    loader->steps = sw_arena_alloc(arena, (raw->count + 1) * sizeof(loader->steps[0]));
    loader->afters = alloc_nodes(arena, (size_t)raw->count + 1);
    loader->scenario->steps = loader->steps;
    for (uint32_t i = 0; i < raw->count; i++) {
        const struct sw_yaml_node *node = raw->steps[i].node;
        sw_load_step(loader, raw->steps[i].storyline, apply_sets(loader, step_name(node), node));
    }
    report_unused_sets(loader);
    sw_load_link_steps(loader);
}

static double times_of(const struct sw_scenario_repeat *repeat)
{
    if (!repeat->repeats) {
        return 1;
    }
    return repeat->times != 0 ? (double)repeat->times : repeat->per_day * repeat->days;
}

/* How often step @index is likely to be told of, with all that goes before it. */
static double likely(const struct sw_scenario *scenario, uint32_t index)
{
    double events = scenario->steps[index].hidden ? 0 : 1;
    if (events == 0) {
        return 0;
    }
    for (uint32_t at = index; at != SW_STEP_NONE; at = scenario->steps[at].parent) {
        events *= scenario->steps[at].probability * times_of(&scenario->steps[at].repeat);
    }
    const struct sw_scenario_storyline *storyline =
        &scenario->storylines[scenario->steps[index].storyline];
    uint32_t people = storyline->people_count > 0 ? storyline->people_count : 1;
    return events * people * times_of(&storyline->repeat);
}

static void load_all(struct sw_loader *loader, struct raw *raw)
{
    struct sw_scenario *scenario = loader->scenario;
    const struct sw_yaml_node *patches[LIKES_MAX];
    sw_load_check_keys(loader, loader->root, &sw_keys_scenario);
    const struct sw_yaml_node *variants = sw_yaml_get(loader->root, "variants");
    const struct sw_yaml_node *variant = choose_variant(loader, variants);
    uint32_t patch_count = patches_of(loader, variants, variant, patches);
    const struct sw_yaml_node *name = sw_yaml_get(loader->root, "scenario");
    scenario->title = root_text(loader, "title", true);
    scenario->from = root_text(loader, "from", true);
    scenario->about = root_text(loader, "about", false);
    scenario->name =
        name != NULL ? sw_load_name(loader, name, "scenario") : root_text(loader, "scenario", true);
    load_seed(loader, root_value(loader, "seed", patches, patch_count));
    load_start(loader, root_value(loader, "start", patches, patch_count));
    load_packs(loader, root_value(loader, "policy", patches, patch_count));
    const struct sw_yaml_node *map = root_value(loader, "map", patches, patch_count);
    scenario->map =
        map != NULL ? sw_load_name(loader, map, "map") : copy_string(loader, "los-angeles");
    load_curves(loader);
    load_actors(loader);
    load_storylines(loader, raw);
    for (uint32_t i = 0; i < patch_count; i++) {
        apply_patch(loader, raw, patches[i]);
    }
    load_steps(loader, raw);
    const struct sw_yaml_node *expect = root_value(loader, "expect", patches, patch_count);
    if (expect != NULL) {
        sw_load_totals(loader, expect);
    }
    double events = 0;
    for (uint32_t i = 0; loader->report->error_total == 0 && i < scenario->step_count; i++) {
        events += likely(scenario, i);
    }
    scenario->events_expected = (uint64_t)(events + 0.5);
}

/* @path, or scenario.yaml in it when it is a folder; kept by the scenario, since places name it. */
static const char *file_at(struct sw_scenario *scenario, const char *path)
{
    struct stat info;
    char full[PATH_MAX_];
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        size_t length = strlen(path);
        const char *slash = length > 0 && path[length - 1] == '/' ? "" : "/";
        int written = snprintf(full, sizeof(full), "%s%sscenario.yaml", path, slash);
        if (written > 0 && (size_t)written < sizeof(full)) {
            path = full;
        }
    }
    return sw_arena_text(&scenario->arena, sw_text_from(path)).bytes;
}

enum sw_status sw_scenario_open(struct sw_scenario *scenario, const char *path,
                                const struct sw_scenario_options *options, struct sw_report *report)
{
    *scenario = (struct sw_scenario){0};
    const char *file = file_at(scenario, path);
    uint32_t errors_before = report->error_total;
    enum sw_status status = sw_yaml_open(&scenario->yaml, file, report);
    if (status != SW_OK) {
        return status;
    }
    if (scenario->yaml.document_count != 1 ||
        scenario->yaml.documents[0]->type != SW_YAML_MAPPING) {
        sw_report_error(report, (struct sw_place){.file = file, .line = 1, .column = 1},
                        "see scenarios/README.md", "a scenario is one mapping (key: value)");
        return SW_INVALID;
    }
    struct sw_loader loader = {.scenario = scenario,
                               .options = options,
                               .report = report,
                               .root = scenario->yaml.documents[0]};
    struct raw *raw = sw_arena_alloc(&scenario->arena, sizeof(*raw));
    load_all(&loader, raw);
    return report->error_total == errors_before ? SW_OK : SW_INVALID;
}

void sw_scenario_free(struct sw_scenario *scenario)
{
    sw_yaml_free(&scenario->yaml);
    sw_arena_free(&scenario->arena);
    *scenario = (struct sw_scenario){0};
}

static bool has_diagnostic(const struct sw_report *report, const struct sw_diagnostic *other)
{
    for (uint32_t i = 0; i < report->count; i++) {
        const struct sw_diagnostic *item = &report->items[i];
        if (item->line == other->line && item->column == other->column &&
            strcmp(item->message, other->message) == 0 && strcmp(item->file, other->file) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds to @report what @other has and it has not: the base is read once for each variant. */
static void add_new(struct sw_report *report, const struct sw_report *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        const struct sw_diagnostic *item = &other->items[i];
        struct sw_place place = {.file = item->file, .line = item->line, .column = item->column};
        const char *hint = item->hint[0] != '\0' ? item->hint : NULL;
        if (has_diagnostic(report, item)) {
            continue;
        }
        if (item->severity == SW_SEVERITY_ERROR) {
            sw_report_error(report, place, hint, "%s", item->message);
        } else {
            sw_report_warning(report, place, hint, "%s", item->message);
        }
    }
}

enum sw_status sw_scenario_check(const char *path, const struct sw_map *map,
                                 struct sw_report *report)
{
    struct sw_scenario first;
    struct sw_scenario_options options = {.map = map};
    enum sw_status status = sw_scenario_open(&first, path, &options, report);
    for (uint32_t i = 1; i < first.variant_count; i++) {
        struct sw_scenario other;
        struct sw_report more = {0};
        options.variant = first.variants[i].name.bytes;
        enum sw_status outcome = SW_OK;
        if (options.variant != NULL) {
            outcome = sw_scenario_open(&other, path, &options, &more);
            add_new(report, &more);
            sw_scenario_free(&other);
        }
        sw_report_free(&more);
        status = status == SW_OK ? outcome : status;
    }
    sw_scenario_free(&first);
    return status;
}
