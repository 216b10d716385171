/* What a log's policy says of a rule, and how facts are written in both forms. */
#include "sw_test.h"

#include "exhibit_rule.h"
#include "exhibit_sheet.h"

static const char policy[] =
    "# sharewatch-file: a/pack.yaml\n---\npack: a\nversion: 2026-11-01\n"
    "# sharewatch-file: a/one.yml\n---\ntitle: One\nname: one\n"
    "description: Words of one.\nx_policy:\n    in_force: {from: 2018-01-01}\n"
    "# sharewatch-file: b/one.yml\n---\nname: one\ndescription: Another.\n"
    "# sharewatch-file: b/two.yml\n---\nname: two\ndescription: one\n"
    "x_policy: {in_force: {from: 2018-01-01, until: 2020-01-01}}\n";

static void finds_a_rule_within_its_pack(void **state)
{
    (void)state;
    struct sw_exhibit_rule rule;
    sw_exhibit_find_rule(SW_TEXT(policy), SW_TEXT("a"), SW_TEXT("one"), &rule);
    assert_string_equal(rule.description, "Words of one.");
    assert_string_equal(rule.pack_version, "2026-11-01");
    assert_string_equal(rule.in_force, "from 2018-01-01");
    assert_int_equal(strlen(rule.digest), 64);

    sw_exhibit_find_rule(SW_TEXT(policy), SW_TEXT("b"), SW_TEXT("two"), &rule);
    assert_string_equal(rule.in_force, "from 2018-01-01 until 2020-01-01");
    assert_string_equal(rule.pack_version, "");
}

static void leaves_empty_what_is_not_there(void **state)
{
    (void)state;
    static const char *const contents[] = {"", "# sharewatch-file: a/one.yml", "no policy",
                                           "# sharewatch-file: a/one.yml\n---\nname: one\n\tbad"};
    struct sw_exhibit_rule rule;
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        sw_exhibit_find_rule(sw_text_from(contents[i]), SW_TEXT("a"), SW_TEXT("one"), &rule);
        assert_string_equal(rule.description, "");
        assert_string_equal(rule.digest, "");
    }
    sw_exhibit_find_rule(SW_TEXT(policy), SW_TEXT(""), SW_TEXT(""), &rule);
    assert_string_equal(rule.digest, "");
}

static void write_sheet(enum sw_exhibit_form form, struct sw_buffer *out)
{
    static const char *const columns[] = {"First", "Second"};
    static const char *const sentences[] = {"One <left> out.", "Two."};
    struct sw_exhibit_sheet sheet = {.out = out, .form = form};
    sw_exhibit_begin(&sheet, "A \"title\"");
    sw_exhibit_facts(&sheet, "facts", NULL);
    sw_exhibit_fact(&sheet, "a", "A", "<script>");
    sw_exhibit_fact(&sheet, "b", "B", "");
    sw_exhibit_facts_end(&sheet);
    sw_exhibit_table(&sheet, "rows", "Rows", columns, 2);
    for (int i = 0; i < 2; i++) {
        sw_exhibit_row(&sheet, i == 0);
        sw_exhibit_cell(&sheet, "x", "1");
        sw_exhibit_cell(&sheet, "y", "2");
        sw_exhibit_row_end(&sheet);
    }
    sw_exhibit_table_end(&sheet);
    sw_exhibit_list(&sheet, "list", "List", sentences, 2);
    sw_exhibit_end(&sheet);
}

static void writes_json(void **state)
{
    (void)state;
    char bytes[4096];
    struct sw_buffer out;
    sw_buffer_init(&out, bytes, sizeof(bytes));
    write_sheet(SW_EXHIBIT_JSON, &out);
    assert_string_equal(bytes, "{\"title\":\"A \\\"title\\\"\",\"facts\":{\"a\":\"<script>\"},"
                               "\"rows\":[{\"x\":\"1\",\"y\":\"2\"},{\"x\":\"1\",\"y\":\"2\"}],"
                               "\"list\":[\"One <left> out.\",\"Two.\"]}\n");
}

static void writes_html_without_markup_of_others(void **state)
{
    (void)state;
    char bytes[4096];
    struct sw_buffer out;
    sw_buffer_init(&out, bytes, sizeof(bytes));
    write_sheet(SW_EXHIBIT_HTML, &out);
    assert_non_null(strstr(bytes, "<dt>A</dt><dd>&lt;script&gt;</dd></dl>"));
    assert_null(strstr(bytes, "<dt>B</dt>"));
    assert_non_null(strstr(bytes, "<tr><td>1</td><td>2</td></tr>"));
    assert_non_null(strstr(bytes, "<li>One &lt;left&gt; out.</li>"));
    assert_false(out.overflowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_rule_within_its_pack),
        cmocka_unit_test(leaves_empty_what_is_not_there),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(writes_html_without_markup_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
