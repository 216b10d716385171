#include "sw_test.h"

#include <sharewatch/json.h>

/* Reads all of @input; the last token, and how many came before it. */
static enum sw_json_token read_all(struct sw_json *json, struct sw_text input, uint32_t *tokens)
{
    static char scratch[256];
    sw_json_init(json, input, scratch, sizeof(scratch));
    enum sw_json_token token = sw_json_next(json);
    for (*tokens = 0; token != SW_JSON_END && token != SW_JSON_ERROR; (*tokens)++) {
        token = sw_json_next(json);
    }
    return token;
}

static void accepts_json(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t tokens;
    } cases[] = {
        {"{}", 2},
        {" [ ] ", 2},
        {"[1,-2,3.5,1e9,true,false,null,\"x\"]", 10},
        {"{\"a\":{\"b\":[{}]}}", 10},
        {"\"\\u00e9\\ud83d\\ude00\\n\"", 1},
        {"0", 1},
        {"9223372036854775807", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_json json;
        uint32_t tokens = 0;
        assert_int_equal(read_all(&json, sw_text_from(cases[i].text), &tokens), SW_JSON_END);
        assert_int_equal(tokens, cases[i].tokens);
    }
}

static void refuses_with_reason_and_position(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sw_json_error error;
        uint32_t position;
    } cases[] = {
        {"", SW_JSON_ERROR_END, 0},
        {"{\"a\":1", SW_JSON_ERROR_END, 6},
        {"{\"a\":1}x", SW_JSON_ERROR_TRAILING, 7},
        {"[1,]", SW_JSON_ERROR_SYNTAX, 3},
        {"[1 2]", SW_JSON_ERROR_SYNTAX, 3},
        {"{\"a\" 1}", SW_JSON_ERROR_SYNTAX, 5},
        {"{a:1}", SW_JSON_ERROR_SYNTAX, 1},
        {"{\"a\":1,}", SW_JSON_ERROR_SYNTAX, 7},
        {"[01]", SW_JSON_ERROR_SYNTAX, 2},
        {"[1.]", SW_JSON_ERROR_NUMBER, 1},
        {"[-]", SW_JSON_ERROR_NUMBER, 1},
        {"[1e999]", SW_JSON_ERROR_NUMBER, 1},
        {"[\"\\x\"]", SW_JSON_ERROR_ESCAPE, 2},
        {"[\"\\u0000\"]", SW_JSON_ERROR_ESCAPE, 2},
        {"[\"\\ud800\"]", SW_JSON_ERROR_ESCAPE, 2},
        {"[\"\\udc00\\ud800\"]", SW_JSON_ERROR_ESCAPE, 2},
        {"[\"a\nb\"]", SW_JSON_ERROR_CONTROL, 3},
        {"[\"\xff\"]", SW_JSON_ERROR_UTF8, 2},
        {"[\"\xc0\xaf\"]", SW_JSON_ERROR_UTF8, 2},
        {"[\"\xed\xa0\x80\"]", SW_JSON_ERROR_UTF8, 2},
        {"\xef\xbb\xbf{}", SW_JSON_ERROR_SYNTAX, 0},
        {"[nul]", SW_JSON_ERROR_SYNTAX, 1},
        {"NaN", SW_JSON_ERROR_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_json json;
        uint32_t tokens = 0;
        assert_int_equal(read_all(&json, sw_text_from(cases[i].text), &tokens), SW_JSON_ERROR);
        assert_int_equal(json.error, cases[i].error);
        assert_int_equal(json.error_position, cases[i].position);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    char deep[2 * SW_JSON_DEPTH_MAX + 2];
    memset(deep, '[', SW_JSON_DEPTH_MAX + 1);
    memset(deep + SW_JSON_DEPTH_MAX + 1, ']', SW_JSON_DEPTH_MAX + 1);
    struct sw_json json;
    uint32_t tokens = 0;

    struct sw_text too_deep = {deep, sizeof(deep)};
    assert_int_equal(read_all(&json, too_deep, &tokens), SW_JSON_ERROR);
    assert_int_equal(json.error, SW_JSON_ERROR_DEPTH);

    struct sw_text deepest = {deep + 1, 2 * SW_JSON_DEPTH_MAX};
    assert_int_equal(read_all(&json, deepest, &tokens), SW_JSON_END);
}

static void escapes_are_undone(void **state)
{
    (void)state;
    char scratch[32];
    struct sw_json json;
    sw_json_init(&json, SW_TEXT("\"a\\u00e9\\ud83d\\ude00\\t\\\"z\""), scratch, sizeof(scratch));

    assert_int_equal(sw_json_next(&json), SW_JSON_TEXT);

    assert_text_equal(json.text, "aé😀\t\"z");
}

static void escaped_text_over_the_scratch_is_refused(void **state)
{
    (void)state;
    char scratch[4];
    struct sw_json json;
    sw_json_init(&json, SW_TEXT("\"ab\\ncd\""), scratch, sizeof(scratch));

    assert_int_equal(sw_json_next(&json), SW_JSON_ERROR);

    assert_int_equal(json.error, SW_JSON_ERROR_SCRATCH);
}

static void whole_numbers_are_exact_and_others_real(void **state)
{
    (void)state;
    char scratch[8];
    struct sw_json json;
    sw_json_init(&json,
                 SW_TEXT("[9223372036854775807,-9223372036854775808,9223372036854775808,-0.5]"),
                 scratch, sizeof(scratch));
    assert_int_equal(sw_json_next(&json), SW_JSON_ARRAY);
    assert_int_equal(sw_json_next(&json), SW_JSON_INTEGER);
    assert_true(json.integer == INT64_MAX);
    assert_int_equal(sw_json_next(&json), SW_JSON_INTEGER);
    assert_true(json.integer == INT64_MIN);
    assert_int_equal(sw_json_next(&json), SW_JSON_REAL);
    assert_true(json.real > 9.2e18);
    assert_int_equal(sw_json_next(&json), SW_JSON_REAL);
    assert_true(json.real < 0 && json.real * 2 > -1.5);
}

static void a_value_can_be_skipped(void **state)
{
    (void)state;
    char scratch[8];
    struct sw_json json;
    sw_json_init(&json, SW_TEXT("{\"a\":[1,{\"b\":[2]}],\"c\":3}"), scratch, sizeof(scratch));
    assert_int_equal(sw_json_next(&json), SW_JSON_OBJECT);
    assert_int_equal(sw_json_next(&json), SW_JSON_KEY);

    assert_true(sw_json_skip(&json, sw_json_next(&json)));

    assert_int_equal(sw_json_next(&json), SW_JSON_KEY);
    assert_text_equal(json.text, "c");
    assert_true(sw_json_skip(&json, sw_json_next(&json)));
    assert_int_equal(sw_json_next(&json), SW_JSON_OBJECT_END);
}

/* Text is read eight bytes at once: every byte at every place of a text must be told apart. */
static void every_byte_is_seen_at_every_place(void **state)
{
    (void)state;
    for (uint32_t place = 0; place < 20; place++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            char input[24];
            char scratch[64];
            memset(input, 'a', sizeof(input));
            input[0] = '"';
            input[1 + place] = (char)byte;
            input[21] = '"';
            struct sw_json json;
            sw_json_init(&json, (struct sw_text){input, 22}, scratch, sizeof(scratch));
            enum sw_json_token token = sw_json_next(&json);
            enum sw_json_error error = byte == '"'                   ? SW_JSON_ERROR_NONE
                                       : byte == '\\' && place != 19 ? SW_JSON_ERROR_ESCAPE
                                       : byte == '\\'                ? SW_JSON_ERROR_END
                                       : byte < 0x20                 ? SW_JSON_ERROR_CONTROL
                                       : byte >= 0x80                ? SW_JSON_ERROR_UTF8
                                                                     : SW_JSON_ERROR_NONE;
            assert_int_equal(json.error, error);
            assert_int_equal(token, error == SW_JSON_ERROR_NONE ? SW_JSON_TEXT : SW_JSON_ERROR);
            if (token == SW_JSON_TEXT) {
                assert_int_equal(json.text.length, byte == '"' ? place : 20);
            } else if (error != SW_JSON_ERROR_END) {
                assert_int_equal(json.error_position, 1 + place);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_json),
        cmocka_unit_test(refuses_with_reason_and_position),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(escaped_text_over_the_scratch_is_refused),
        cmocka_unit_test(whole_numbers_are_exact_and_others_real),
        cmocka_unit_test(a_value_can_be_skipped),
        cmocka_unit_test(every_byte_is_seen_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
