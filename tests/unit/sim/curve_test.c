#include "sw_test.h"

#include <sharewatch/time.h>

#include "curve.h"

static void a_flat_day_is_evenly_spread(void **state)
{
    (void)state;
    struct sw_curve curve = sw_curve_flat();

    assert_int_equal(sw_curve_moment(&curve, 0, 0.0), 0);
    assert_int_equal(sw_curve_moment(&curve, 0, 0.25), 6 * SW_HOUR_MS);
    assert_int_equal(sw_curve_moment(&curve, 9 * SW_HOUR_MS + 1800000, 0.5), 12 * SW_HOUR_MS);
    assert_in_range(sw_curve_moment(&curve, 0, 1.0), SW_DAY_MS - 1, SW_DAY_MS);
}

/* Six of the busiest afternoon hours hold more than a third of the searches. */
static void searches_gather_in_the_afternoon(void **state)
{
    (void)state;
    struct sw_curve curve = sw_curve_search();
    int afternoon = 0;
    int early = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t hour = sw_curve_moment(&curve, 0, (i + 0.5) / 1000) / SW_HOUR_MS;
        afternoon += hour >= 11 && hour < 17 ? 1 : 0;
        early += hour >= 2 && hour < 6 ? 1 : 0;
    }
    assert_in_range(afternoon, 370, 400);
    assert_in_range(early, 70, 85);
}

/* A day that starts at noon passes the same hours in another order. */
static void a_day_may_start_at_any_hour(void **state)
{
    (void)state;
    struct sw_curve curve = sw_curve_flat();
    for (int i = 0; i < SW_CURVE_HOURS; i++) {
        curve.hours[i] = i < 12 ? 0 : 1;
    }
    sw_curve_scale(&curve);

    assert_int_equal(sw_curve_moment(&curve, 12 * SW_HOUR_MS, 0.5), 6 * SW_HOUR_MS);
    assert_int_equal(sw_curve_moment(&curve, 0, 0.5), 18 * SW_HOUR_MS);
}

static void moments_never_go_back(void **state)
{
    (void)state;
    struct sw_curve curve = sw_curve_search();
    int64_t last = 0;
    for (int i = 0; i <= 10000; i++) {
        int64_t moment = sw_curve_moment(&curve, 13 * SW_HOUR_MS + 77, i / 10000.0);
        assert_true(moment >= last && moment < SW_DAY_MS);
        last = moment;
    }
}

static void weekends_are_weaker(void **state)
{
    (void)state;
    struct sw_curve curve = sw_curve_search();
    int64_t monday_ms;
    assert_int_equal(sw_time_parse(SW_TEXT("2026-03-02"), &monday_ms), SW_OK);

    uint64_t monday = sw_curve_day_count(&curve, 700, monday_ms, 0);
    uint64_t sunday = sw_curve_day_count(&curve, 700, monday_ms, 6);

    assert_int_equal(monday, 735);
    assert_int_equal(sunday, 490);
    assert_in_range(sw_curve_day_count_max(&curve, 700), 833, 834);
}

/* Rare things happen too: what a day leaves over is not forgotten. */
static void a_share_of_an_event_goes_to_the_next_day(void **state)
{
    (void)state;
    struct sw_curve flat = sw_curve_flat();
    struct sw_curve search = sw_curve_search();
    uint64_t rare = 0;
    uint64_t many = 0;
    for (uint32_t day = 0; day < 70; day++) {
        rare += sw_curve_day_count(&flat, 0.3, 0, day);
        many += sw_curve_day_count(&search, 9000, 0, day);
    }
    assert_int_equal(rare, 21);
    assert_int_equal(many, 630000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_day_is_evenly_spread),
        cmocka_unit_test(searches_gather_in_the_afternoon),
        cmocka_unit_test(a_day_may_start_at_any_hour),
        cmocka_unit_test(moments_never_go_back),
        cmocka_unit_test(weekends_are_weaker),
        cmocka_unit_test(a_share_of_an_event_goes_to_the_next_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
