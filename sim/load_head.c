#include "load_head.h"

#include <sharewatch/time.h>

#include "curve.h"
#include "load_value.h"
#include "random.h"

#define CURVES_MAX   32
#define SEED_DEFAULT 1

static struct sw_text copy_string(struct sw_loader *loader, const char *string)
{
    return sw_arena_text(&loader->scenario->arena, sw_text_from(string));
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
    scenario->pack_count = sw_load_packs(loader, node, scenario->packs);
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

void sw_load_head(struct sw_loader *loader, const struct sw_patches *patches)
{
    struct sw_scenario *scenario = loader->scenario;
    const struct sw_yaml_node *name = sw_yaml_get(loader->root, "scenario");
    scenario->title = root_text(loader, "title", true);
    scenario->from = root_text(loader, "from", true);
    scenario->about = root_text(loader, "about", false);
    scenario->name =
        name != NULL ? sw_load_name(loader, name, "scenario") : root_text(loader, "scenario", true);
    load_seed(loader, sw_variant_value(loader, "seed", patches));
    load_start(loader, sw_variant_value(loader, "start", patches));
    load_packs(loader, sw_variant_value(loader, "policy", patches));
    const struct sw_yaml_node *map = sw_variant_value(loader, "map", patches);
    scenario->map =
        map != NULL ? sw_load_name(loader, map, "map") : copy_string(loader, "los-angeles");
    load_curves(loader);
}
