#include "sw_test.h"

#include <sharewatch/bar.h>

static void tells_how_far_it_is(void **state)
{
    char text[SW_BAR_BYTES];
    (void)state;
    sw_bar_write(text, &(struct sw_bar){250, 1000, "events", 50, false});
    assert_string_equal(text, "▮▮▯▯▯▯▯▯ 250 of 1000 events · 50/s · 15 s left");
    sw_bar_write(text, &(struct sw_bar){1, 100, "runs", 0.25, true});
    assert_string_equal(text, "-------- 1 of 100 runs - 0.2/s - 7 min left");
    sw_bar_write(text, &(struct sw_bar){0, 100, "runs", 0.001, true});
    assert_string_equal(text, "-------- 0 of 100 runs - 0.0/s - 28 h left");
}

static void says_nothing_that_it_does_not_know(void **state)
{
    char text[SW_BAR_BYTES];
    (void)state;
    sw_bar_write(text, &(struct sw_bar){7, 0, "events", 3, false});
    assert_string_equal(text, "7 events · 3.0/s");
    sw_bar_write(text, &(struct sw_bar){7, 10, "events", 0, false});
    assert_string_equal(text, "▮▮▮▮▮▯▯▯ 7 of 10 events");
    // An estimate that was too low is no reason to promise an end.
    sw_bar_write(text, &(struct sw_bar){12, 10, "events", 3, false});
    assert_string_equal(text, "▮▮▮▮▮▮▮▮ 12 of 10 events · 3.0/s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_far_it_is),
        cmocka_unit_test(says_nothing_that_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
