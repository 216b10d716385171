#include "sw_test.h"

#include <sharewatch/event.h>
#include <sharewatch/taxonomy.h>

static void every_field_is_found_by_its_name(void **state)
{
    (void)state;
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        assert_int_equal(sw_field_find(sw_text_from(sw_field_info((enum sw_field)field)->name)),
                         field);
    }
    assert_int_equal(sw_field_find(SW_TEXT("name")), SW_FIELD_COUNT);
    assert_int_equal(sw_field_find(SW_TEXT("")), SW_FIELD_COUNT);
}

static void values_start_at_one(void **state)
{
    (void)state;
    const struct sw_field_info *info = sw_field_info(SW_FIELD_ACTOR_CLASS);
    assert_int_equal(sw_enum_find(info->values, SW_TEXT("local")), SW_AGENCY_CLASS_LOCAL);
    assert_int_equal(SW_AGENCY_CLASS_LOCAL, 1);
    assert_int_equal(sw_enum_find(info->values, SW_TEXT("federal")), 0);
}

static void actions_belong_to_their_kind(void **state)
{
    (void)state;
    assert_int_equal(sw_kind_find(SW_TEXT("plate")), SW_KIND_PLATE);
    assert_int_equal(sw_kind_find(SW_TEXT("none")), SW_KIND_NONE);
    assert_int_equal(sw_action_find(SW_KIND_PLATE, SW_TEXT("search")), SW_ACTION_PLATE_SEARCH);
    assert_int_equal(sw_action_find(SW_KIND_BOOKING, SW_TEXT("search")), SW_ACTION_NONE);
    assert_string_equal(sw_action_name(SW_ACTION_CUSTODY_DETAINER), "detainer");
}

static void a_misspelt_field_gets_a_hint(void **state)
{
    (void)state;
    char hint[64];
    assert_string_equal(sw_field_hint(SW_TEXT("actor.agnecy"), hint, sizeof(hint)),
                        "did you mean actor.agency?");
    assert_null(sw_field_hint(SW_TEXT("colour_of_car"), hint, sizeof(hint)));
}

static void lists_hold_any_of_their_values(void **state)
{
    (void)state;
    static struct sw_event event;
    assert_false(sw_event_has(&event, SW_FIELD_DATA_CLASS, SW_DATA_CLASS_PRINTS));
    event.items[0] = (struct sw_value){.type = SW_VALUE_TEXT, .code = SW_DATA_CLASS_ARREST};
    event.items[1] = (struct sw_value){.type = SW_VALUE_TEXT, .code = SW_DATA_CLASS_PRINTS};
    event.fields[SW_FIELD_DATA_CLASS] =
        (struct sw_value){.type = SW_VALUE_LIST, .count = 2, .items = event.items};
    assert_true(sw_event_has(&event, SW_FIELD_DATA_CLASS, SW_DATA_CLASS_PRINTS));
    assert_false(sw_event_has(&event, SW_FIELD_DATA_CLASS, SW_DATA_CLASS_STATUS));

    sw_event_set_code(&event, SW_FIELD_TRIGGER, SW_TRIGGER_AUTOMATION);
    assert_text_equal(sw_event_text(&event, SW_FIELD_TRIGGER), "automation");
    assert_int_equal(sw_event_code(&event, SW_FIELD_TRIGGER), SW_TRIGGER_AUTOMATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found_by_its_name),
        cmocka_unit_test(values_start_at_one),
        cmocka_unit_test(actions_belong_to_their_kind),
        cmocka_unit_test(a_misspelt_field_gets_a_hint),
        cmocka_unit_test(lists_hold_any_of_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
