/* map.schema.json is for editors; the loader does not read it. These tests keep the two together.
 */
#include "sw_test.h"

#include <stdio.h>

#include <sharewatch/diagnostic.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/yaml.h>

static struct sw_yaml schema; // JSON is YAML
static const struct sw_yaml_node *defs;

static int set_up(void **state)
{
    (void)state;
    struct sw_report report = {0};
    enum sw_status status =
        sw_yaml_open(&schema, SW_SOURCE_DIR "/monitor/maps/map.schema.json", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    defs = status == SW_OK ? sw_yaml_get(schema.documents[0], "$defs") : NULL;
    return defs != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sw_yaml_free(&schema);
    return 0;
}

static bool has_item(const struct sw_yaml_node *list, struct sw_text text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (sw_text_equal(list->items[i]->text, text)) {
            return true;
        }
    }
    return false;
}

static void conditions_may_test_every_field(void **state)
{
    (void)state;
    const struct sw_yaml_node *fields = sw_yaml_get(sw_yaml_get(defs, "when"), "properties");
    assert_int_equal(fields->count, SW_FIELD_COUNT);
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const char *name = sw_field_info((enum sw_field)field)->name;
        if (sw_yaml_get(fields, name) == NULL) {
            fail_msg("$defs/when lacks %s", name);
        }
    }
}

static void every_list_of_values_is_whole(void **state)
{
    (void)state;
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const struct sw_enum_info *values = sw_field_info((enum sw_field)field)->values;
        for (uint16_t code = 1; values != NULL && code <= values->value_count; code++) {
            const struct sw_yaml_node *list = sw_yaml_get(sw_yaml_get(defs, values->name), "enum");
            if (!has_item(list, sw_enum_text(values, code))) {
                fail_msg("$defs/%s lacks %s", values->name, values->values[code]);
            }
        }
    }
}

static void every_event_is_there(void **state)
{
    (void)state;
    const struct sw_yaml_node *events = sw_yaml_get(sw_yaml_get(defs, "event"), "enum");
    uint32_t count = 0;
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        for (uint32_t i = 0; i < sw_kind_action_count((enum sw_kind)kind); i++) {
            uint32_t action = (uint32_t)sw_kind_first_action((enum sw_kind)kind) + i;
            char name[64];
            (void)snprintf(name, sizeof(name), "%s.%s", sw_kind_name((enum sw_kind)kind),
                           sw_action_name((enum sw_action)action));
            if (!has_item(events, sw_text_from(name))) {
                fail_msg("$defs/event lacks %s", name);
            }
            count++;
        }
    }
    assert_int_equal(events->count, count);
}

static void assert_has_keys(const char *def, const struct sw_yaml_node *entries)
{
    const struct sw_yaml_node *keys = sw_yaml_get(sw_yaml_get(defs, def), "properties");
    for (uint32_t i = 0; i < entries->count; i++) {
        const struct sw_yaml_node *entry = sw_yaml_pair_value(entries, i);
        for (uint32_t j = 0; j < entry->count; j++) {
            const char *key = sw_yaml_key(entry, j)->text.bytes;
            if (sw_yaml_get(keys, key) == NULL) {
                fail_msg("$defs/%s lacks %s", def, key);
            }
        }
    }
}

static void the_map_of_los_angeles_uses_no_other_key(void **state)
{
    (void)state;
    struct sw_yaml map;
    struct sw_report report = {0};
    assert_int_equal(sw_yaml_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report),
                     SW_OK);
    assert_has_keys("agency", sw_yaml_get(map.documents[0], "agencies"));
    assert_has_keys("node", sw_yaml_get(map.documents[0], "nodes"));
    assert_has_keys("edge", sw_yaml_get(map.documents[0], "edges"));
    sw_report_free(&report);
    sw_yaml_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_may_test_every_field),
        cmocka_unit_test(every_list_of_values_is_whole),
        cmocka_unit_test(every_event_is_there),
        cmocka_unit_test(the_map_of_los_angeles_uses_no_other_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
