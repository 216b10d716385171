#include "scenario_file.h"

#include <sharewatch/time.h>

#define STEPS "steps: [{step: one, at: 0, event: booking.booked, actor: jail}]\n"

static void changes_and_faults_come_in_order_of_time(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_scenario_rules rules;

    load_good(&scenario,
              HEAD STEPS "changes:\n"
                         "  - {change: open, at: 3d, edges: {E16: on}}\n"
                         "  - {change: closed, at: 1d, edges: {E16: off, E27: off}}\n"
                         "  - {change: state-only, at: 2d, policy: [ca-state], map: other}\n"
                         "faults:\n"
                         "  - {fault: disk-full, at: 36h, lasts: 3s}\n"
                         "  - {fault: broker-restart, at: 1d}\n",
              NULL);

    assert_int_equal(scenario.change_count, 5);
    assert_text_equal(scenario.changes[0].name, "closed");
    assert_int_equal(scenario.changes[1].kind, SW_CHANGE_BROKER_RESTART);
    assert_int_equal(scenario.changes[2].kind, SW_CHANGE_DISK_FULL);
    assert_int_equal(scenario.changes[2].lasts_ms, 3000);
    assert_text_equal(scenario.changes[3].name, "state-only");
    assert_true(scenario.changes[4].at_ms == scenario.start_ms + 3 * SW_DAY_MS);

    sw_scenario_rules_after(&scenario, 0, &rules);
    assert_int_equal(rules.pack_count, 2);
    assert_int_equal(rules.edge_off_count, 0);
    sw_scenario_rules_after(&scenario, 1, &rules);
    assert_int_equal(rules.edge_off_count, 2);
    assert_text_equal(rules.map, "los-angeles");
    sw_scenario_rules_after(&scenario, 5, &rules);
    assert_int_equal(rules.edge_off_count, 1);
    assert_text_equal(rules.edges_off[0], "E27");
    assert_int_equal(rules.pack_count, 1);
    assert_text_equal(rules.map, "other");
    sw_scenario_free(&scenario);
}

static void a_variant_has_changes_of_its_own(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    static const char source[] =
        HEAD STEPS "changes: [{change: closed, at: 1d, edges: {E16: off}}]\n"
                   "variants: {a: {about: as above}, b: {changes: []}}\n";

    load_good(&scenario, source, "a");
    assert_int_equal(scenario.change_count, 1);
    sw_scenario_free(&scenario);

    load_good(&scenario, source, "b");
    assert_int_equal(scenario.change_count, 0);
    sw_scenario_free(&scenario);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        const char *message;
    } cases[] = {
        {"changes: [{change: x, at: 1d}]\n", "a change needs `change: NAME` and one of"},
        {"changes: [{change: x, policy: [ca-state]}]\n", "needs `at`"},
        {"changes: [{change: x, at: 1d, edges: {E16: maybe}}]\n", "switched off or on"},
        {"changes: [{change: x, at: 1d, polcy: [ca-state]}]\n", "polcy"},
        {"faults: [{fault: broker-restrat, at: 1d}]\n", "unknown fault \"broker-restrat\""},
        {"faults: [{fault: rules, at: 1d}]\n", "unknown fault \"rules\""},
        {"faults: [{fault: monitor-kill, at: 1d, lasts: 2s}]\n", "only disk-full lasts"},
        {"faults: [{fault: disk-full, at: 1d, lasts: 1h}]\n", "at most ten minutes"},
        {"faults: [{fault: disk-full}]\n", "needs `at`"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char source[2048];
        struct sw_scenario scenario;
        struct sw_report report = {0};
        struct sw_scenario_options options = {0};
        (void)snprintf(source, sizeof(source), "%s%s", HEAD STEPS, cases[i].source);

        assert_int_equal(load_source(&scenario, source, &options, &report), SW_INVALID);

        bool told = false;
        for (uint32_t j = 0; j < report.count; j++) {
            told = told || strstr(report.items[j].message, cases[i].message) != NULL;
            assert_true(report.items[j].line > 0);
        }
        if (!told) {
            sw_report_print(&report, stderr);
            fail_msg("%s: \"%s\" is not told", cases[i].source, cases[i].message);
        }
        sw_report_free(&report);
        sw_scenario_free(&scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_and_faults_come_in_order_of_time),
        cmocka_unit_test(a_variant_has_changes_of_its_own),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
