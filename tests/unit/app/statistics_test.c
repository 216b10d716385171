#include "sw_test.h"

#include "statistics.h"

static void ninety_five_of_a_hundred_lie_within(void **state)
{
    (void)state;
    double values[200];
    for (int i = 0; i < 200; i++) {
        values[i] = (double)((i * 77) % 200); // 0 to 199, shuffled
    }

    struct sw_spread_of spread = sw_statistics(values, 200);

    assert_true(spread.mean > 99.49 && spread.mean < 99.51);
    assert_int_equal((int)spread.low, 4);
    assert_int_equal((int)spread.high, 195);
}

static void one_value_is_its_own_spread(void **state)
{
    (void)state;
    double value = 7;

    struct sw_spread_of spread = sw_statistics(&value, 1);

    assert_int_equal((int)spread.mean, 7);
    assert_int_equal((int)spread.low, 7);
    assert_int_equal((int)spread.high, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ninety_five_of_a_hundred_lie_within),
        cmocka_unit_test(one_value_is_its_own_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
