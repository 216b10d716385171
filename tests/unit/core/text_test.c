#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

static void a_buffer_keeps_whole_appends_only(void **state)
{
    (void)state;
    char bytes[8];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append(&buffer, SW_TEXT("abcd"));

    sw_buffer_append(&buffer, SW_TEXT("efgh"));

    assert_true(buffer.overflowed);
    assert_text_equal(sw_buffer_text(&buffer), "abcd");
}

static void a_format_that_does_not_fit_leaves_nothing(void **state)
{
    (void)state;
    char bytes[6];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));

    sw_buffer_append_format(&buffer, "%d", 1234567);

    assert_true(buffer.overflowed);
    assert_string_equal(bytes, "");
}

static void json_text_is_escaped(void **state)
{
    (void)state;
    char bytes[64];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));

    sw_buffer_append_json(&buffer, SW_TEXT("a\"\\\n\x01 é"));

    assert_string_equal(bytes, "\"a\\\"\\\\\\n\\u0001 é\"");
}

static void bytes_are_two_digits_each(void **state)
{
    (void)state;
    char text[9];

    sw_text_hex((const uint8_t[]){0, 0x0f, 0xa5, 0xff}, 4, text);
    assert_string_equal(text, "000fa5ff");
    sw_text_hex(NULL, 0, text);
    assert_string_equal(text, "");
}

static void json_text_goes_to_a_stream_whole(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t count = 0;
    char long_text[4096];
    memset(long_text, 'x', sizeof(long_text));
    FILE *stream = open_memstream(&bytes, &count);
    assert_non_null(stream);

    sw_text_print_json(SW_TEXT("a\"\\\n\x01 é"), stream);
    sw_text_print_json((struct sw_text){0}, stream);
    sw_text_print_json((struct sw_text){long_text, sizeof(long_text)}, stream);

    assert_int_equal(fclose(stream), 0);
    assert_memory_equal(bytes, "\"a\\\"\\\\\\n\\u0001 é\"\"\"\"xxx", 24);
    assert_int_equal(count, 18 + 2 + sizeof(long_text) + 2);
    free(bytes);
}

static void json_text_that_does_not_fit_leaves_nothing(void **state)
{
    (void)state;
    char bytes[8];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append(&buffer, SW_TEXT("x"));

    sw_buffer_append_json(&buffer, SW_TEXT("\n\n\n"));

    assert_true(buffer.overflowed);
    assert_string_equal(bytes, "x");
}

static void comparison_is_by_bytes_and_length(void **state)
{
    (void)state;
    assert_true(sw_text_compare(SW_TEXT("ab"), SW_TEXT("abc")) < 0);
    assert_true(sw_text_compare(SW_TEXT("b"), SW_TEXT("abc")) > 0);
    assert_int_equal(sw_text_compare(SW_TEXT(""), (struct sw_text){0}), 0);
    assert_true(sw_text_equal_fold(SW_TEXT("LAPD"), SW_TEXT("lapd")));
    assert_false(sw_text_equal_fold(SW_TEXT("["), SW_TEXT("{")));
    assert_true(sw_text_starts_with(SW_TEXT("alpr_read"), SW_TEXT("alpr_")));
    assert_false(sw_text_starts_with(SW_TEXT("al"), SW_TEXT("alpr_")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_keeps_whole_appends_only),
        cmocka_unit_test(a_format_that_does_not_fit_leaves_nothing),
        cmocka_unit_test(json_text_is_escaped),
        cmocka_unit_test(bytes_are_two_digits_each),
        cmocka_unit_test(json_text_goes_to_a_stream_whole),
        cmocka_unit_test(json_text_that_does_not_fit_leaves_nothing),
        cmocka_unit_test(comparison_is_by_bytes_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
