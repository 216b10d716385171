/* Pages: what a log says never becomes markup, a script or a formula. */
#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "page.h"

static char *written; // by write_page(); freed by the test

static const char *write_page(enum sw_page_form form, const char *evil)
{
    static const char *const columns[] = {"who", "how many"};
    struct sw_page page;
    size_t bytes = 0;
    FILE *stream = open_memstream(&written, &bytes);
    assert_non_null(stream);
    sw_page_begin(&page, stream, form, "A title");
    sw_page_heading(&page, "A heading");
    sw_page_fact(&page, "Fact", evil);
    sw_page_table(&page, "words", columns, 2);
    sw_page_cell(&page, sw_text_from(evil));
    sw_page_number(&page, 7);
    sw_page_row_end(&page);
    sw_page_table_end(&page);
    sw_page_end(&page);
    assert_int_equal(fclose(stream), 0);
    return written;
}

static void escapes_html(void **state)
{
    (void)state;
    const char *page = write_page(SW_PAGE_HTML, "<script>&\"'");
    assert_null(strstr(page, "<script>"));
    assert_non_null(strstr(page, "<td>&lt;script&gt;&amp;&quot;&#39;</td><td class=\"n\">7</td>"));
    free(written);
}

static void escapes_markdown(void **state)
{
    (void)state;
    const char *page = write_page(SW_PAGE_MARKDOWN, "a|b\n<i>[x](y)");
    assert_non_null(strstr(page, "# A title\n"));
    assert_non_null(strstr(page, "| a\\|b \\<i\\>\\[x\\](y) | 7 |\n"));
    free(written);
}

static void writes_tables_only_as_csv_and_no_formulas(void **state)
{
    (void)state;
    const char *page = write_page(SW_PAGE_CSV, "=1+\"1\"");
    assert_string_equal(page,
                        "\"table\",\"who\",\"how many\"\r\n\"words\",\"'=1+\"\"1\"\"\",7\r\n");
    free(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_html),
        cmocka_unit_test(escapes_markdown),
        cmocka_unit_test(writes_tables_only_as_csv_and_no_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
