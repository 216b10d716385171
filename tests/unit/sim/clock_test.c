#include "sw_test.h"

#include "clock.h"

static void speeds_are_numbers_or_max(void **state)
{
    (void)state;
    double speed = -1;
    assert_int_equal(sw_clock_parse("3600", &speed), SW_OK);
    assert_true(speed > 3599.9 && speed < 3600.1);
    assert_int_equal(sw_clock_parse("max", &speed), SW_OK);
    assert_true(speed < 0.1);
    static const char *const wrong[] = {"", "0", "-1", "fast", "1x", "nan", "inf", "1e99"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sw_clock_parse(wrong[i], &speed), SW_MALFORMED);
    }
}

static void virtual_time_runs_from_the_first_event(void **state)
{
    (void)state;
    struct sw_clock clock;
    sw_clock_init(&clock, 3600, 0);

    assert_int_equal(sw_clock_wait_ms(&clock, 1000000, 500), 0);
    assert_int_equal(sw_clock_wait_ms(&clock, 1000000 + 3600000, 500), 1000);
    assert_int_equal(sw_clock_wait_ms(&clock, 1000000 + 3600000, 1400), 100);
    assert_int_equal(sw_clock_wait_ms(&clock, 1000000 + 3600000, 1600), 0);
}

static void at_full_speed_nothing_waits(void **state)
{
    (void)state;
    struct sw_clock clock;
    sw_clock_init(&clock, 0, 0);
    assert_int_equal(sw_clock_wait_ms(&clock, 0, 0), 0);
    assert_int_equal(sw_clock_wait_ms(&clock, INT64_C(1) << 50, 0), 0);
}

static void a_long_wait_is_cut_and_time_goes_on_from_there(void **state)
{
    (void)state;
    struct sw_clock clock;
    sw_clock_init(&clock, 3600, 2000);

    assert_int_equal(sw_clock_wait_ms(&clock, 0, 0), 0);
    assert_int_equal(sw_clock_wait_ms(&clock, INT64_C(86400000), 0), 2000);
    assert_int_equal(sw_clock_wait_ms(&clock, INT64_C(86400000), 500), 1500);
    assert_int_equal(sw_clock_wait_ms(&clock, INT64_C(86400000), 2000), 0);
    assert_int_equal(sw_clock_wait_ms(&clock, INT64_C(86400000) + 3600000, 2000), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speeds_are_numbers_or_max),
        cmocka_unit_test(virtual_time_runs_from_the_first_event),
        cmocka_unit_test(at_full_speed_nothing_waits),
        cmocka_unit_test(a_long_wait_is_cut_and_time_goes_on_from_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
