#include "sw_test.h"

#include <stdlib.h>

#include "daily.h"

static void the_oldest_alert_makes_room(void **state)
{
    (void)state;
    struct sw_daily *daily = calloc(1, sizeof(*daily));
    assert_non_null(daily);
    const uint32_t total = SW_DAILY_MAX + 500;
    for (uint32_t i = 0; i < total; i++) {
        struct sw_daily_key key = {.day = i / 7, .rule = i % 7, .edge = 3, .verdict = 5};
        assert_true(sw_daily_find(daily, &key) == 0);
        sw_daily_add(daily, &key, i + 1);
        assert_true(sw_daily_find(daily, &key) == i + 1);
    }
    assert_true(daily->evicted_total == 500);
    for (uint32_t i = 0; i < total; i++) {
        struct sw_daily_key key = {.day = i / 7, .rule = i % 7, .edge = 3, .verdict = 5};
        assert_true(sw_daily_find(daily, &key) == (i < 500 ? 0 : i + 1));
    }
    free(daily);
}

static void every_part_of_the_key_counts(void **state)
{
    (void)state;
    struct sw_daily *daily = calloc(1, sizeof(*daily));
    assert_non_null(daily);
    const struct sw_daily_key key = {.day = 1, .rule = 2, .edge = 3, .verdict = 4, .level = 3};
    const struct sw_daily_key others[] = {
        {.day = 2, .rule = 2, .edge = 3, .verdict = 4, .level = 3},
        {.day = 1, .rule = 3, .edge = 3, .verdict = 4, .level = 3},
        {.day = 1, .rule = 2, .edge = 4, .verdict = 4, .level = 3},
        {.day = 1, .rule = 2, .edge = 3, .verdict = 5, .level = 3},
        {.day = 1, .rule = 2, .edge = 3, .verdict = 4, .level = 2},
    };
    sw_daily_add(daily, &key, 9);
    assert_true(sw_daily_find(daily, &key) == 9);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_true(sw_daily_find(daily, &others[i]) == 0);
    }
    free(daily);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_alert_makes_room),
        cmocka_unit_test(every_part_of_the_key_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
