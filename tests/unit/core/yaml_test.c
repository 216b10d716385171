#include "sw_test.h"

#include <sharewatch/yaml.h>

static void nodes_know_their_place(void **state)
{
    (void)state;
    struct sw_yaml yaml;
    struct sw_report report = {0};
    assert_int_equal(
        sw_yaml_parse(&yaml, "f.yaml", SW_TEXT("a: 1\nb:\n  - x\n  - {c: yes}\n"), &report), SW_OK);
    assert_int_equal(yaml.document_count, 1);

    const struct sw_yaml_node *list = sw_yaml_get(yaml.documents[0], "b");

    assert_int_equal(list->count, 2);
    const struct sw_yaml_node *answer = sw_yaml_get(list->items[1], "c");
    assert_text_equal(answer->text, "yes");
    assert_int_equal(answer->place.line, 4);
    assert_int_equal(answer->place.column, 9);
    assert_int_equal(sw_yaml_value(answer).type, SW_VALUE_TEXT);
    sw_yaml_free(&yaml);
}

static void plain_scalars_follow_the_core_schema(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sw_value_type type;
    } cases[] = {
        {"~", SW_VALUE_NULL},
        {"null", SW_VALUE_NULL},
        {"true", SW_VALUE_BOOL},
        {"no", SW_VALUE_TEXT},
        {"on", SW_VALUE_TEXT},
        {"12", SW_VALUE_INTEGER},
        {"-0x1", SW_VALUE_TEXT},
        {"0x1F", SW_VALUE_INTEGER},
        {"0o17", SW_VALUE_INTEGER},
        {"010", SW_VALUE_INTEGER},
        {"1.5", SW_VALUE_REAL},
        {".5", SW_VALUE_REAL},
        {"1e3", SW_VALUE_REAL},
        {".inf", SW_VALUE_REAL},
        {"1_000", SW_VALUE_TEXT},
        {"'12'", SW_VALUE_TEXT},
        {"2026-01-01", SW_VALUE_TEXT},
        {"1:20", SW_VALUE_TEXT},
        {"99999999999999999999", SW_VALUE_REAL},
        {"+", SW_VALUE_TEXT},
        {"e", SW_VALUE_TEXT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_yaml yaml;
        struct sw_report report = {0};
        assert_int_equal(sw_yaml_parse(&yaml, "f", sw_text_from(cases[i].text), &report), SW_OK);
        assert_int_equal(sw_yaml_value(yaml.documents[0]).type, cases[i].type);
        sw_yaml_free(&yaml);
    }
}

/* Parses @source, which must fail; the first diagnostic. The caller frees @report. */
static struct sw_diagnostic failure(const char *source, struct sw_report *report)
{
    struct sw_yaml yaml;
    assert_int_equal(sw_yaml_parse(&yaml, "f.yaml", sw_text_from(source), report), SW_INVALID);
    sw_yaml_free(&yaml);
    assert_true(report->count > 0);
    return report->items[0];
}

static void mistakes_are_reported_with_line_and_column(void **state)
{
    (void)state;
    struct sw_report report = {0};
    struct sw_diagnostic twice = failure("a: 1\nb: 2\na: 3\n", &report);
    assert_int_equal(twice.line, 3);
    assert_int_equal(twice.column, 1);
    assert_string_equal(twice.message, "key a stands twice, first in line 1");
    sw_report_free(&report);

    struct sw_diagnostic alias = failure("a: *nothing\n", &report);
    assert_int_equal(alias.line, 1);
    sw_report_free(&report);

    struct sw_diagnostic broken = failure("a: [1, 2\nb: 3\n", &report);
    assert_int_equal(broken.line, 2);
    sw_report_free(&report);

    (void)failure("a: \xff\n", &report);
    sw_report_free(&report);
}

static void an_anchor_gives_the_same_node_and_never_itself(void **state)
{
    (void)state;
    struct sw_yaml yaml;
    struct sw_report report = {0};
    assert_int_equal(sw_yaml_parse(&yaml, "f", SW_TEXT("a: &x [1]\nb: *x\n"), &report), SW_OK);
    assert_ptr_equal(sw_yaml_get(yaml.documents[0], "a"), sw_yaml_get(yaml.documents[0], "b"));
    sw_yaml_free(&yaml);

    (void)failure("a: &x [*x]\n", &report);
    sw_report_free(&report);
}

static void an_unknown_key_gets_a_suggestion(void **state)
{
    (void)state;
    static const char *const allowed[] = {"from", "to", "modes"};
    struct sw_yaml yaml;
    struct sw_report report = {0};
    assert_int_equal(sw_yaml_parse(&yaml, "m.yaml", SW_TEXT("from: A\nmoeds: [A]\n"), &report),
                     SW_OK);

    assert_false(sw_yaml_check_keys(yaml.documents[0], "edge", allowed, 3, &report));

    assert_string_equal(report.items[0].message, "unknown key moeds in edge");
    assert_string_equal(report.items[0].hint, "did you mean modes?");
    assert_int_equal(report.items[0].line, 2);
    sw_report_free(&report);
    sw_yaml_free(&yaml);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    char deep[SW_YAML_DEPTH_MAX * 2 + 4] = {0};
    memset(deep, '[', SW_YAML_DEPTH_MAX + 1);
    memset(deep + SW_YAML_DEPTH_MAX + 1, ']', SW_YAML_DEPTH_MAX + 1);
    struct sw_report report = {0};
    (void)failure(deep, &report);
    sw_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_their_place),
        cmocka_unit_test(plain_scalars_follow_the_core_schema),
        cmocka_unit_test(mistakes_are_reported_with_line_and_column),
        cmocka_unit_test(an_anchor_gives_the_same_node_and_never_itself),
        cmocka_unit_test(an_unknown_key_gets_a_suggestion),
        cmocka_unit_test(nesting_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
