#include "sw_test.h"

#include <math.h>

#include "random.h"

/* The first outputs from the state 1, 2, 3, 4, as other implementations publish them. */
static void is_xoshiro256_star_star(void **state)
{
    (void)state;
    struct sw_random random = {.state = {1, 2, 3, 4}};

    assert_int_equal(sw_random_next(&random), 11520);
    assert_int_equal(sw_random_next(&random), 0);
    assert_int_equal(sw_random_next(&random), 1509978240);
    assert_int_equal(sw_random_next(&random), UINT64_C(1215971899390074240));
}

static void the_same_key_gives_the_same_numbers(void **state)
{
    (void)state;
    struct sw_random a;
    struct sw_random b;
    struct sw_random other;
    sw_random_init(&a, sw_random_key(7, 1));
    sw_random_init(&b, sw_random_key(7, 1));
    sw_random_init(&other, sw_random_key(1, 7));

    uint64_t first = sw_random_next(&a);

    assert_int_equal(first, sw_random_next(&b));
    assert_int_not_equal(first, sw_random_next(&other));
}

static void whole_numbers_stay_below_their_bound_and_are_even(void **state)
{
    (void)state;
    struct sw_random random;
    int counts[6] = {0};
    sw_random_init(&random, 3);
    for (int i = 0; i < 60000; i++) {
        uint64_t number = sw_random_below(&random, 6);
        assert_true(number < 6);
        counts[number]++;
    }
    for (int i = 0; i < 6; i++) {
        assert_in_range(counts[i], 9600, 10400); // four standard deviations
    }
}

static void log_normal_numbers_have_their_median(void **state)
{
    (void)state;
    struct sw_random random;
    int below = 0;
    int below_upper = 0;
    sw_random_init(&random, 4);
    for (int i = 0; i < 20000; i++) {
        double number = sw_random_log_normal(&random, 40, 0.8);
        assert_true(number > 0 && isfinite(number));
        below += number < 40 ? 1 : 0;
        below_upper += number < 40 * exp(0.8) ? 1 : 0;
    }
    assert_in_range(below, 9700, 10300);
    assert_in_range(below_upper, 16600, 17050); // 84.1 %
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_xoshiro256_star_star),
        cmocka_unit_test(the_same_key_gives_the_same_numbers),
        cmocka_unit_test(whole_numbers_stay_below_their_bound_and_are_even),
        cmocka_unit_test(log_normal_numbers_have_their_median),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
