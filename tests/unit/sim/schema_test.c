/* The JSON Schema that editors use says the same as the loader and the taxonomy. JSON is read as
 * the YAML that it also is. */
#include "sw_test.h"

#include <sharewatch/taxonomy.h>
#include <sharewatch/yaml.h>

#include "keys.h"

static struct sw_yaml schema;
static const struct sw_yaml_node *root;

static int open_schema(void **state)
{
    (void)state;
    struct sw_report report = {0};
    enum sw_status status =
        sw_yaml_open(&schema, SW_SOURCE_DIR "/scenarios/scenario.schema.json", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    assert_int_equal(status, SW_OK);
    root = schema.documents[0];
    return 0;
}

static int close_schema(void **state)
{
    (void)state;
    sw_yaml_free(&schema);
    return 0;
}

static const struct sw_yaml_node *definition(const char *name)
{
    return strcmp(name, "scenario") == 0 ? root : sw_yaml_get(sw_yaml_get(root, "$defs"), name);
}

static void the_schema_has_the_keys_of_the_loader(void **state)
{
    (void)state;
    uint32_t count;
    const struct sw_keys *const *all = sw_keys_all(&count);
    assert_true(count >= 15);
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *properties = sw_yaml_get(definition(all[i]->name), "properties");
        if (properties == NULL || properties->count != all[i]->count) {
            fail_msg("$defs/%s: %u keys, the loader has %u", all[i]->name,
                     properties != NULL ? properties->count : 0, all[i]->count);
        }
        for (uint32_t j = 0; j < all[i]->count; j++) {
            if (sw_yaml_get(properties, all[i]->keys[j]) == NULL) {
                fail_msg("$defs/%s: key %s is missing", all[i]->name, all[i]->keys[j]);
            }
        }
    }
}

static bool list_has(const struct sw_yaml_node *list, const char *text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (sw_text_equal(list->items[i]->text, sw_text_from(text))) {
            return true;
        }
    }
    return false;
}

static void the_schema_has_the_fields_of_the_taxonomy(void **state)
{
    (void)state;
    const struct sw_yaml_node *properties = sw_yaml_get(definition("data"), "properties");
    uint32_t sender = 0;
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const struct sw_field_info *info = sw_field_info((enum sw_field)field);
        if (info->by != SW_BY_SENDER) {
            continue;
        }
        sender++;
        const struct sw_yaml_node *any = sw_yaml_get(sw_yaml_get(properties, info->name), "anyOf");
        if (any == NULL) {
            fail_msg("$defs/data: field %s is missing", info->name);
            return;
        }
        for (uint16_t i = 1; info->type == SW_TYPE_ENUM && i <= info->values->value_count; i++) {
            if (!list_has(sw_yaml_get(any->items[0], "enum"), info->values->values[i])) {
                fail_msg("$defs/data: %s lacks %s", info->name, info->values->values[i]);
            }
        }
    }
    assert_int_equal(properties->count, sender);
}

static void the_schema_has_every_kind_of_event(void **state)
{
    (void)state;
    const struct sw_yaml_node *events =
        sw_yaml_get(sw_yaml_get(sw_yaml_get(definition("step"), "properties"), "event"), "enum");
    uint32_t count = 0;
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        enum sw_action first = sw_kind_first_action((enum sw_kind)kind);
        for (uint32_t i = 0; i < sw_kind_action_count((enum sw_kind)kind); i++) {
            char name[96];
            (void)snprintf(name, sizeof(name), "%s.%s", sw_kind_name((enum sw_kind)kind),
                           sw_action_name((enum sw_action)(first + i)));
            if (!list_has(events, name)) {
                fail_msg("$defs/step: event %s is missing", name);
            }
            count++;
        }
    }
    assert_int_equal(events->count, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_has_the_keys_of_the_loader),
        cmocka_unit_test(the_schema_has_the_fields_of_the_taxonomy),
        cmocka_unit_test(the_schema_has_every_kind_of_event),
    };
    return cmocka_run_group_tests(tests, open_schema, close_schema);
}
