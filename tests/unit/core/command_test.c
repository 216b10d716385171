#include "sw_test.h"

#include <sharewatch/command.h>

struct parsed {
    bool keep;
    const char *broker;
    uint32_t count;
};

static enum sw_status parse(struct parsed *parsed, int argc, char **argv)
{
    const struct sw_option options[] = {
        {.name = "keep", .flag = &parsed->keep, .about = "keep it"},
        {.name = "broker", .value = "URL", .text = &parsed->broker, .about = "where"},
    };
    const struct sw_command command = {.name = "try",
                                       .arguments = "FILE",
                                       .about = "Try",
                                       .options = options,
                                       .option_count = 2,
                                       .arguments_min = 1,
                                       .arguments_max = 2};
    return sw_command_parse(&command, argc, argv, &parsed->count);
}

#define PARSE(parsed, ...)                                                                         \
    parse(parsed, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[]){__VA_ARGS__})

static void reads_options_wherever_they_stand(void **state)
{
    (void)state;
    struct parsed parsed = {0};

    assert_int_equal(PARSE(&parsed, "try", "--broker", "mqtt://a", "one", "--keep"), SW_OK);

    assert_true(parsed.keep);
    assert_string_equal(parsed.broker, "mqtt://a");
    assert_int_equal(parsed.count, 1);
}

static void reads_a_value_after_an_equals_sign(void **state)
{
    (void)state;
    struct parsed parsed = {0};

    assert_int_equal(PARSE(&parsed, "try", "--broker=a=b", "one"), SW_OK);

    assert_string_equal(parsed.broker, "a=b");
}

static void moves_the_arguments_to_the_front(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    char *argv[] = {"try", "--keep", "-", "--", "--not-an-option"};

    assert_int_equal(parse(&parsed, 5, argv), SW_OK);

    assert_int_equal(parsed.count, 2);
    assert_string_equal(argv[1], "-");
    assert_string_equal(argv[2], "--not-an-option");
}

static void refuses_what_is_not_in_the_table(void **state)
{
    (void)state;
    struct parsed parsed = {0};

    assert_int_equal(PARSE(&parsed, "try", "one", "--brokr", "x"), SW_INVALID);
    assert_int_equal(PARSE(&parsed, "try", "one", "-k"), SW_INVALID);
    assert_int_equal(PARSE(&parsed, "try", "one", "--keep=yes"), SW_INVALID);
    assert_int_equal(PARSE(&parsed, "try", "one", "--broker"), SW_INVALID);
}

static void counts_the_arguments(void **state)
{
    (void)state;
    struct parsed parsed = {0};

    assert_int_equal(PARSE(&parsed, "try"), SW_INVALID);
    assert_int_equal(PARSE(&parsed, "try", "1", "2"), SW_OK);
    assert_int_equal(PARSE(&parsed, "try", "1", "2", "3"), SW_INVALID);
}

static void a_number_is_whole_and_within_its_bounds(void **state)
{
    (void)state;
    int64_t number = 7;

    assert_int_equal(sw_command_number("42", 1, 100, &number), SW_OK);
    assert_int_equal(number, 42);

    const char *const wrong[] = {"", "x", "4x", "0", "101", "99999999999999999999", "1.5"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sw_command_number(wrong[i], 1, 100, &number), SW_MALFORMED);
    }
    assert_int_equal(number, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_options_wherever_they_stand),
        cmocka_unit_test(reads_a_value_after_an_equals_sign),
        cmocka_unit_test(moves_the_arguments_to_the_front),
        cmocka_unit_test(refuses_what_is_not_in_the_table),
        cmocka_unit_test(counts_the_arguments),
        cmocka_unit_test(a_number_is_whole_and_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
