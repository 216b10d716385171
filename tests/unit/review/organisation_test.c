#include <sw_test.h>

#include <stdio.h>

#include "organisation.h"
#include <sharewatch/taxonomy.h>

static struct sw_map map;

static int open_map(void **state)
{
    (void)state;
    struct sw_report report = {0};
    enum sw_status status =
        sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    return status == SW_OK ? 0 : -1;
}

static int close_map(void **state)
{
    (void)state;
    sw_map_free(&map);
    return 0;
}

static void assert_read(const char *name, const char *id, uint16_t class_code, bool on_map)
{
    struct sw_organisation read;
    sw_organisation_read(&map, sw_text_from(name), &read);
    if (class_code != read.class_code) {
        print_error("%s: class %u\n", name, read.class_code);
    }
    assert_string_equal(read.id, id);
    assert_int_equal(read.class_code, class_code);
    assert_int_equal(read.on_map, on_map);
}

static void finds_agencies_of_the_map_under_any_name(void **state)
{
    (void)state;
    assert_read("LAPD", "LAPD", SW_AGENCY_CLASS_LOCAL, true);
    assert_read("Los Angeles CA PD", "LAPD", SW_AGENCY_CLASS_LOCAL, true);
    assert_read("Los Angeles Police Department", "LAPD", SW_AGENCY_CLASS_LOCAL, true);
    assert_read("Los Angeles County CA SO", "LASD", SW_AGENCY_CLASS_COUNTY, true);
    assert_read("HSI", "HSI", SW_AGENCY_CLASS_FED_IMM, true);
}

static void classes_by_the_words_of_a_name(void **state)
{
    (void)state;
    assert_read("Oakland CA PD", "OAKLAND-CA-PD", SW_AGENCY_CLASS_LOCAL, false);
    assert_read("Ventura County CA SO", "VENTURA-COUNTY-CA-SO", SW_AGENCY_CLASS_COUNTY, false);
    assert_read("La Mesa CA PD", "LA-MESA-CA-PD", SW_AGENCY_CLASS_LOCAL, false);
    assert_read("Houston TX PD", "HOUSTON-TX-PD", SW_AGENCY_CLASS_OOS, false);
    assert_read("Texas Parks and Wildlife", "TEXAS-PARKS-AND-WILDLIFE", SW_AGENCY_CLASS_OOS, false);
    assert_read("U.S. Border Patrol - San Diego", "US-BORDER-PATROL-SAN-DIEGO",
                SW_AGENCY_CLASS_FED_IMM, false);
    assert_read("ICE ERO Dallas TX", "ICE-ERO-DALLAS-TX", SW_AGENCY_CLASS_FED_IMM, false);
    assert_read("US Postal Inspection Service", "US-POSTAL-INSPECTION-SERVICE",
                SW_AGENCY_CLASS_FED_NONIMM, false);
    assert_read("California Highway Patrol", "CHP", SW_AGENCY_CLASS_STATE, true);
    assert_read("Willow Creek HOA CA", "WILLOW-CREEK-HOA-CA", SW_AGENCY_CLASS_PRIVATE, false);
    assert_read("Metro Task Group", "METRO-TASK-GROUP", 0, false);
    assert_read("", "", 0, false);
    assert_read("\xE2\x96\x88", "", 0, false);
}

/* Two long names must not become one agency. */
static void keeps_long_names_apart(void **state)
{
    (void)state;
    struct sw_organisation a;
    struct sw_organisation b;
    sw_organisation_read(&map, SW_TEXT("Very Long County Consolidated Public Safety Agency North"),
                         &a);
    sw_organisation_read(&map, SW_TEXT("Very Long County Consolidated Public Safety Agency South"),
                         &b);
    assert_true(strlen(a.id) < SW_ORGANISATION_ID_BYTES);
    assert_string_not_equal(a.id, b.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_agencies_of_the_map_under_any_name),
        cmocka_unit_test(classes_by_the_words_of_a_name),
        cmocka_unit_test(keeps_long_names_apart),
    };
    return cmocka_run_group_tests(tests, open_map, close_map);
}
