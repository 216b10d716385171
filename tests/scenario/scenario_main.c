/*
 * scenario_main FOLDER: every variant of the scenario in FOLDER, under the packs that it names and
 * under each pack that a step names, must come out as it expects.
 */
#include <stdio.h>
#include <string.h>

#include <sharewatch/data.h>
#include <sharewatch/scenario.h>

#include "rehearse.h"

#define UNDERS_MAX 16

static bool open_map(const struct sw_scenario *scenario, struct sw_map *map,
                     struct sw_report *report)
{
    char name[128];
    char path[SW_PATH_BYTES];
    (void)snprintf(name, sizeof(name), "maps/%.*s.yaml", SW_TEXT_FORMAT(scenario->map));
    if (sw_data_path(name, path) != SW_OK) {
        (void)fprintf(stderr, "no map at %s\n", path);
        return false;
    }
    return sw_map_open(map, path, report) == SW_OK;
}

static bool run_under(const struct sw_scenario *scenario, struct sw_text under)
{
    static struct sw_phases phases;
    static struct sw_rehearsal result;
    const char *policy = under.length > 0 ? under.bytes : NULL;
    const struct sw_rehearsal_options options = {.under = under, .stream = stderr};
    bool good = sw_phases_open(&phases, scenario, "test", policy) &&
                sw_rehearse(scenario, &phases, &options, &result) == SW_OK &&
                result.differences == 0;
    sw_phases_close(&phases);
    return good;
}

/* Adds @expect's packs to @unders, each once. */
static uint32_t add_unders(const struct sw_expectation *expect, struct sw_text *unders,
                           uint32_t count)
{
    for (uint32_t i = 0; i < expect->under_count && count < UNDERS_MAX; i++) {
        bool known = false;
        for (uint32_t j = 0; j < count; j++) {
            known = known || sw_text_equal(unders[j], expect->under_packs[i]);
        }
        if (!known) {
            unders[count++] = expect->under_packs[i];
        }
    }
    return count;
}

static bool run_variant(const char *folder, const char *variant)
{
    struct sw_scenario scenario;
    struct sw_map map = {0};
    struct sw_report report = {0};
    struct sw_scenario_options options = {.variant = variant};
    struct sw_text unders[UNDERS_MAX];
    uint32_t under_count = 0;
    bool good = sw_scenario_open(&scenario, folder, &options, &report) == SW_OK &&
                open_map(&scenario, &map, &report);
    if (good) {
        sw_scenario_free(&scenario);
        options.map = &map;
        good = sw_scenario_open(&scenario, folder, &options, &report) == SW_OK;
    }
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (good) {
        good = run_under(&scenario, (struct sw_text){0});
        for (uint32_t i = 0; i < scenario.step_count; i++) {
            under_count = add_unders(&scenario.steps[i].expect, unders, under_count);
        }
    }
    for (uint32_t i = 0; i < under_count; i++) {
        good = run_under(&scenario, unders[i]) && good;
    }
    (void)printf("%s%s%s: %s\n", folder, variant != NULL ? " " : "", variant != NULL ? variant : "",
                 good ? "as expected" : "NOT as expected");
    sw_scenario_free(&scenario);
    sw_map_free(&map);
    return good;
}

int main(int argc, char **argv)
{
    struct sw_scenario first;
    struct sw_report report = {0};
    struct sw_scenario_options options = {0};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: scenario_main FOLDER\n");
        return 2;
    }
    bool good = sw_scenario_open(&first, argv[1], &options, &report) == SW_OK;
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    for (uint32_t i = 0; i < first.variant_count; i++) {
        good = run_variant(argv[1], first.variants[i].name.bytes) && good;
    }
    if (good && first.variant_count == 0) {
        good = run_variant(argv[1], NULL);
    }
    sw_scenario_free(&first);
    return good ? 0 : 1;
}
