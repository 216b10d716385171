/* Warnings: each trap once, and that sound rules have none. */
#include "policy_test.h"

#define HEAD                                                                                       \
    "title: T\nid: 8c5a2b9e-2f0d-4d0c-9c65-3f2f7b6a1d10\n"                                         \
    "logsource: {product: sharewatch, category: custody}\ndetection:\n"

static void assert_warned(const char *yaml, const char *message, uint32_t line, uint32_t column)
{
    struct sw_report report = {0};
    struct sw_policy *policy = load_yaml(yaml, &report);
    assert_non_null(policy);
    bool found = false;
    for (uint32_t i = 0; i < report.count; i++) {
        const struct sw_diagnostic *item = &report.items[i];
        found = found || (item->line == line && item->column == column &&
                          strstr(item->message, message) != NULL);
    }
    if (!found || report.count != 1) {
        print_message("expected only %u:%u: %s\n", line, column, message);
        sw_report_print(&report, stdout);
    }
    assert_true(found);
    assert_int_equal(report.count, 1);
    sw_report_free(&report);
    sw_policy_close(policy);
}

static void a_sound_rule_has_no_warning(void **state)
{
    (void)state;
    struct sw_report report = {0};
    struct sw_policy *policy =
        load_yaml(HEAD "  s: {action: held, past_release: true}\n"
                       "  filter_judge: {instrument: [judicial_warrant, judicial_pc]}\n"
                       "  condition: s and not 1 of filter_*\n",
                  &report);
    assert_int_equal(report.count, 0);
    sw_policy_close(policy);
    sw_report_free(&report);
}

static void traps_are_told(void **state)
{
    (void)state;
    assert_warned(HEAD "  s: {action: held}\n  filter: {past_release: true}\n"
                       "  condition: s and filter\n",
                  "filter is used without `not`", 7, 14);
    assert_warned(HEAD "  s: {action: held}\n  t: {past_release: true}\n  condition: s\n",
                  "t is not used by the condition", 6, 3);
    assert_warned(HEAD "  s: {action: held, action|contains|all: [transf]}\n  condition: s\n",
                  "`all` of one value", 5, 21);
    assert_warned(HEAD "  s: {action: held}\n  t: {action: transferred}\n  condition: s and t\n",
                  "its tests of action exclude each other", 1, 1);
    assert_warned(HEAD "  s: {action: held}\n  condition: s and not s\n", "can never match", 1, 1);
    assert_warned(HEAD "  s: {reason|re: '(a+)+$'}\n  condition: s\n", "could run away", 5, 18);
    assert_warned(HEAD "  s: {reason|re: '^(?!ice)'}\n  condition: s\n", "look-around", 5, 18);
    assert_warned(HEAD "  s: {custody_state|neq: held}\n  condition: s\n",
                  "is also true of an event without the field", 5, 7);
    assert_warned(HEAD "  s: {place: [a, null]}\n  condition: s\n", "no null within a list", 5, 18);
    assert_warned("title: T\nid: short\nlogsource: {product: any}\ndetection:\n"
                  "  s: {f: 1}\n  condition: s\n",
                  "refuses an id that is no UUID", 2, 5);
    assert_warned("title: T\nlogsource: {product: any}\ndetection:\n"
                  "  s: {f|cidr: 10.0.0.1/8}\n  condition: s\n",
                  "has bits set after its prefix", 4, 15);
    assert_warned("title: T\ntags: [Policy]\nlogsource: {product: any}\ndetection:\n"
                  "  s: {f: 1}\n  condition: s\n",
                  "a tag is a name space", 2, 8);
    assert_warned("title: T\ndate: 2026/11/24\nlogsource: {product: any}\ndetection:\n"
                  "  s: {f: 1}\n  condition: s\n",
                  "not a date", 2, 7);
}

static void lists_may_hold_two_values_at_once(void **state)
{
    (void)state;
    struct sw_report report = {0};
    struct sw_policy *policy = load_yaml(HEAD "  s: {data_class: prints}\n"
                                              "  t: {data_class: arrest}\n  condition: s and t\n",
                                         &report);
    assert_int_equal(report.count, 0);
    sw_policy_close(policy);
    sw_report_free(&report);
}

#define BASE                                                                                       \
    "title: A\nname: a\nlogsource: {product: any}\ndetection:\n  s: {f: 1}\n  condition: s\n---\n"

static void correlations_and_filters_have_traps_too(void **state)
{
    (void)state;
    assert_warned(BASE "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n"
                       "  timespan: 1h\n  condition: {lt: 3}\n",
                  "tested only when an event comes", 13, 15);
    assert_warned(BASE "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n"
                       "  timespan: 1h\n  condition: {gt: 3, neq: 5}\n",
                  "stock pySigma refuses a condition of two limits", 13, 14);
    assert_warned(BASE "title: F\nlogsource: {product: any}\nfilter:\n  rules: [a]\n"
                       "  s: {g: 1}\n  condition: s\n",
                  "without `not`", 13, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_rule_has_no_warning),
        cmocka_unit_test(traps_are_told),
        cmocka_unit_test(lists_may_hold_two_values_at_once),
        cmocka_unit_test(correlations_and_filters_have_traps_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
