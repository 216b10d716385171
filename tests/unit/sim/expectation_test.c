#include "sw_test.h"

#include <sharewatch/scenario.h>

static void differences_are_told_in_words(void **state)
{
    (void)state;
    char text[320];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, sizeof(text));
    struct sw_text rule = SW_TEXT("a03_immigration_search");
    struct sw_expectation expect = {.parts = SW_EXPECT_VERDICT | SW_EXPECT_LEVEL |
                                             SW_EXPECT_DUTIES | SW_EXPECT_ALERT |
                                             SW_EXPECT_FINDINGS | SW_EXPECT_EDGE,
                                    .verdict = SW_VERDICT_PROH,
                                    .level = SW_LEVEL_INFORMED,
                                    .duties = SW_DUTY_SERVE_COPY,
                                    .alert = true,
                                    .edge = SW_TEXT("E22"),
                                    .findings = &rule,
                                    .finding_count = 1};
    struct sw_observation seen = {.verdict = SW_VERDICT_NONE};

    assert_false(sw_expectation_holds(&expect, &seen, &buffer));

    assert_string_equal(text, "verdict PROH expected, NONE found; "
                              "level informed expected, none found; "
                              "duties SERVE_COPY expected, none found; "
                              "alert yes expected, no found; "
                              "edge E22 expected, none found; "
                              "finding a03_immigration_search expected, found: none");
}

static void what_is_not_stated_is_not_compared(void **state)
{
    (void)state;
    char text[64];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, sizeof(text));
    struct sw_expectation expect = {.parts = SW_EXPECT_VERDICT, .verdict = SW_VERDICT_FED};
    struct sw_observation seen = {.has_hop = true,
                                  .verdict = SW_VERDICT_FED,
                                  .level = SW_LEVEL_CUSTODY,
                                  .alert = true,
                                  .duties = SW_DUTY_FORUM};

    assert_true(sw_expectation_holds(&expect, &seen, &buffer));
    assert_int_equal(buffer.length, 0);
    seen.refused = SW_TEXT("time");
    assert_false(sw_expectation_holds(&expect, &seen, &buffer));
    assert_string_equal(text, "accepted expected, time found");
}

static void a_pack_changes_only_what_it_names(void **state)
{
    (void)state;
    struct sw_expectation other = {.parts = SW_EXPECT_VERDICT, .verdict = SW_VERDICT_DISC};
    struct sw_expectation expect = {.parts = SW_EXPECT_VERDICT | SW_EXPECT_LEVEL,
                                    .verdict = SW_VERDICT_PROH,
                                    .level = SW_LEVEL_INFORMED,
                                    .under_packs = {SW_TEXT("so40-1979")},
                                    .unders = &other,
                                    .under_count = 1};
    struct sw_expectation under;

    sw_expectation_under(&expect, SW_TEXT("so40-1979"), &under);
    assert_int_equal(under.verdict, SW_VERDICT_DISC);
    assert_int_equal(under.level, SW_LEVEL_INFORMED);
    sw_expectation_under(&expect, SW_TEXT("ca-state"), &under);
    assert_int_equal(under.verdict, SW_VERDICT_PROH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_told_in_words),
        cmocka_unit_test(what_is_not_stated_is_not_compared),
        cmocka_unit_test(a_pack_changes_only_what_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
