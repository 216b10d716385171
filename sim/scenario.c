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
 *   automatic                      what follows by itself along the map (automatic.h)
 *   changes, faults                other rules from a time on; machines that fail (load_change.c)
 *   expect                         what must come out in all (expectation.c)
 *   variants                       the same with steps dropped, replaced or added
 *
 * A variant is applied to the tree of the file before anything is read from it, so that every
 * mistake is reported at the line where it stands.
 */
#include <sharewatch/scenario.h>

#include <string.h>

#include "automatic.h"
#include "curve.h"
#include "expectation.h"
#include "find.h"
#include "load_actor.h"
#include "load_change.h"
#include "load_head.h"
#include "load_value.h"
#include "random.h"
#include "step.h"
#include "variant.h"
#include "yaml_patch.h"

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
                           const struct sw_yaml_node *node, struct sw_raw_steps *raw)
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
    node = sw_variant_set(loader, storyline->name, node);
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
        sw_raw_append(loader, raw, index, part->items[i]);
    }
}

static void load_storylines(struct sw_loader *loader, struct sw_raw_steps *raw)
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
        loader->storylines[0].name = sw_arena_text(arena, SW_TEXT("main"));
        loader->storylines[0].place = steps->place;
        loader->storylines[0].key = sw_random_key(loader->key, 1);
        loader->scenario->storyline_count = 1;
        for (uint32_t i = 0; i < steps->count; i++) {
            sw_raw_append(loader, raw, 0, steps->items[i]);
        }
    }
}

/* What moves by itself follows from the steps by hand. */
static void load_automatic(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    if (node == NULL ||
        (node->type == SW_YAML_SCALAR && !sw_load_flag(loader, node, "automatic"))) {
        return;
    }
    struct sw_yaml_node *edges = sw_arena_alloc(&loader->scenario->arena, sizeof(*edges));
    *edges = *node;
    if (node->type == SW_YAML_SCALAR) {
        *edges = (struct sw_yaml_node){.type = SW_YAML_MAPPING, .place = node->place};
    }
    sw_load_automatic(loader, sw_variant_set(loader, SW_TEXT("automatic"), edges));
}

static void load_steps(struct sw_loader *loader, const struct sw_raw_steps *raw,
                       const struct sw_yaml_node *automatic)
{
    struct sw_arena *arena = &loader->scenario->arena;
    loader->steps = sw_arena_alloc(arena, (raw->count + 1) * sizeof(loader->steps[0]));
    loader->afters = sw_arena_alloc(arena, ((size_t)raw->count + 1) * sizeof(void *));
    loader->scenario->steps = loader->steps;
    for (uint32_t i = 0; i < raw->count; i++) {
        const struct sw_yaml_node *node = raw->steps[i].node;
        sw_load_step(loader, raw->steps[i].storyline,
                     sw_variant_set(loader, sw_raw_step_name(node), node));
    }
    load_automatic(loader, automatic);
    sw_variant_report_unused(loader);
    sw_load_link_steps(loader);
}

/* So many a day follow their curve: a Tuesday has more of some things than a Sunday. */
static double times_of(const struct sw_scenario *scenario, const struct sw_scenario_repeat *repeat)
{
    if (!repeat->repeats || repeat->times != 0) {
        return repeat->repeats ? (double)repeat->times : 1;
    }
    double times = 0;
    for (uint32_t day = 0; day < repeat->days; day++) {
        times += (double)sw_curve_day_count(&scenario->curves[repeat->curve], repeat->per_day,
                                            scenario->start_ms + scenario->zone_ms, day);
    }
    return times;
}

/* How often step @index is likely to be told of, with all that goes before it. */
static double likely(const struct sw_scenario *scenario, uint32_t index)
{
    double events = scenario->steps[index].visible;
    if (events == 0) {
        return 0;
    }
    for (uint32_t at = index; at != SW_STEP_NONE; at = scenario->steps[at].parent) {
        events *= scenario->steps[at].probability * times_of(scenario, &scenario->steps[at].repeat);
    }
    const struct sw_scenario_storyline *storyline =
        &scenario->storylines[scenario->steps[index].storyline];
    uint32_t people = storyline->people_count > 0 ? storyline->people_count : 1;
    return events * people * times_of(scenario, &storyline->repeat);
}

/* How many events there are likely to be. */
static void count_events(struct sw_loader *loader)
{
    double events = 0;
    for (uint32_t i = 0; loader->report->error_total == 0 && i < loader->scenario->step_count;
         i++) {
        events += likely(loader->scenario, i);
    }
    loader->scenario->events_expected = (uint64_t)(events + 0.5);
}

static void load_all(struct sw_loader *loader, struct sw_raw_steps *raw)
{
    struct sw_patches patches;
    sw_load_check_keys(loader, loader->root, &sw_keys_scenario);
    sw_variant_choose(loader, &patches);
    sw_load_head(loader, &patches);
    sw_load_actors(loader);
    sw_load_changes(loader, &patches);
    load_storylines(loader, raw);
    sw_variant_apply(loader, &patches, raw);
    load_steps(loader, raw, sw_variant_value(loader, "automatic", &patches));
    const struct sw_yaml_node *expect = sw_variant_value(loader, "expect", &patches);
    if (expect != NULL) {
        sw_load_totals(loader, expect);
    }
    count_events(loader);
}

enum sw_status sw_scenario_open(struct sw_scenario *scenario, const char *path,
                                const struct sw_scenario_options *options, struct sw_report *report)
{
    *scenario = (struct sw_scenario){0};
    uint32_t errors_before = report->error_total;
    const char *file = sw_scenario_find(&scenario->arena, path, report);
    if (file == NULL) {
        return SW_NOT_FOUND;
    }
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
    const struct sw_scenario_doubt *doubt = options->doubt;
    if (doubt != NULL && !doubt->automatic) {
        loader.root =
            sw_yaml_with_factor(&scenario->arena, loader.root, doubt->line, doubt->factor);
    }
    struct sw_raw_steps *raw = sw_arena_alloc(&scenario->arena, sizeof(*raw));
    load_all(&loader, raw);
    return report->error_total == errors_before ? SW_OK : SW_INVALID;
}

void sw_scenario_free(struct sw_scenario *scenario)
{
    sw_yaml_free(&scenario->yaml);
    sw_yaml_free(&scenario->automatic);
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
