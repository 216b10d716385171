/* A small share of the comparison with the reference evaluator; tests/bench/policy runs the long
 * one. */
#include "policy_test.h"

#include "policy_compare.h"

static void compare(enum rule_mix mix, uint64_t first_seed, uint32_t rounds)
{
    struct comparison total = {0};
    for (uint64_t seed = first_seed; seed < first_seed + rounds; seed++) {
        policy_compare(seed, mix, 100, 50, &total);
    }
    print_message("%llu pairs, %llu matches\n", (unsigned long long)total.pairs,
                  (unsigned long long)total.hits);
    assert_int_equal(total.mismatches, 0);
    assert_in_range(total.hits, total.pairs / 1000, total.pairs - 1);
}

static void agrees_on_rules_of_the_domain(void **state)
{
    (void)state;
    compare(RULE_MIX_DOMAIN, 1, 10);
}

static void agrees_on_wild_rules(void **state)
{
    (void)state;
    compare(RULE_MIX_WILD, 1, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_rules_of_the_domain),
        cmocka_unit_test(agrees_on_wild_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
