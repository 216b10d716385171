#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "source.h"

static struct sw_sources *sources;

static int set_up(void **state)
{
    (void)state;
    sources = calloc(1, sizeof(*sources));
    return sources == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(sources);
    return 0;
}

static uint32_t add(const char *name)
{
    uint32_t index = sw_sources_add(sources, sw_text_from(name));
    assert_int_not_equal(index, UINT32_MAX);
    return index;
}

static void numbers_in_order_leave_no_hole(void **state)
{
    (void)state;
    uint32_t a = add("a");
    for (uint64_t number = 1; number <= 100; number++) {
        assert_false(sw_sources_take(sources, a, number, 0));
    }
    assert_true(sw_sources_contiguous(sources, a) == 100);
    assert_false(sw_sources_has_expired(sources, INT64_MAX));
    assert_int_equal(sw_sources_find(sources, SW_TEXT("a")), a);
    assert_int_equal(sw_sources_find(sources, SW_TEXT("b")), UINT32_MAX);
}

static void a_hole_becomes_a_gap_after_its_grace_time(void **state)
{
    (void)state;
    uint32_t a = add("a");
    struct sw_gap gap;
    (void)sw_sources_take(sources, a, 1, 1000);
    (void)sw_sources_take(sources, a, 5, 1000);
    assert_true(sw_sources_contiguous(sources, a) == 1);
    assert_false(sw_sources_expire(sources, 1000 + SW_HOLE_GRACE_MS - 1, &gap));

    assert_true(sw_sources_expire(sources, 1000 + SW_HOLE_GRACE_MS, &gap));

    assert_true(gap.first == 2 && gap.last == 4 && gap.opened_ms == 1000 && gap.source == a);
    assert_false(gap.filled);
    assert_true(sw_sources_contiguous(sources, a) == 5);
    assert_false(sw_sources_expire(sources, INT64_MAX, &gap));
}

static void late_comers_fill_holes(void **state)
{
    (void)state;
    uint32_t a = add("a");
    struct sw_gap gap;
    (void)sw_sources_take(sources, a, 10, 0);
    assert_false(sw_sources_take(sources, a, 5, 0));
    assert_false(sw_sources_take(sources, a, 1, 0));
    assert_false(sw_sources_take(sources, a, 9, 0));
    assert_false(sw_sources_take(sources, a, 9, 0)); // a number twice is no news
    assert_true(sw_sources_contiguous(sources, a) == 1);

    assert_true(sw_sources_expire(sources, SW_HOLE_GRACE_MS, &gap));
    assert_true(gap.first == 2 && gap.last == 4);
    assert_true(sw_sources_contiguous(sources, a) == 5);
    assert_true(sw_sources_expire(sources, SW_HOLE_GRACE_MS, &gap));
    assert_true(gap.first == 6 && gap.last == 8);

    assert_true(sw_sources_take(sources, a, 7, 0)); // was told, and came after all
    assert_false(sw_sources_take(sources, a, 7, 0));
    assert_true(sw_sources_take(sources, a, 2, 0));
    assert_true(sw_sources_contiguous(sources, a) == 10);
}

static void an_ended_source_misses_what_it_stamped_last(void **state)
{
    (void)state;
    uint32_t a = add("a");
    struct sw_gap gap;
    (void)sw_sources_take(sources, a, 1, 0);
    sw_sources_end(sources, a, 3, 50);
    sw_sources_end(sources, a, 2, 60);
    (void)sw_sources_take(sources, a, 2, 70);

    assert_true(sw_sources_expire(sources, 50 + SW_HOLE_GRACE_MS, &gap));
    assert_true(gap.first == 3 && gap.last == 3);
}

static void holes_come_back_as_they_were(void **state)
{
    (void)state;
    uint32_t a = add("a");
    struct sw_gap gap;
    sw_sources_restore_hole(sources, a, 30, 39, 500, false);
    sw_sources_restore_hole(sources, a, 10, 19, 100, true);
    sw_sources_restore_hole(sources, a, 20, 22, 400, false);
    sources->items[a].highest = 50;
    assert_true(sw_sources_contiguous(sources, a) == 19);
    assert_true(sw_sources_take(sources, a, 15, 600));
    assert_false(sw_sources_take(sources, a, 35, 600));

    assert_true(sw_sources_expire(sources, 400 + SW_HOLE_GRACE_MS, &gap));
    assert_true(gap.first == 20 && gap.last == 22);
    assert_false(sw_sources_expire(sources, 400 + SW_HOLE_GRACE_MS, &gap));
    assert_true(sw_sources_expire(sources, 500 + SW_HOLE_GRACE_MS, &gap));
    assert_true(gap.first == 30 && gap.last == 34);
    assert_true(sw_sources_expire(sources, 500 + SW_HOLE_GRACE_MS, &gap));
    assert_true(gap.first == 36 && gap.last == 39);
    assert_true(sw_sources_contiguous(sources, a) == 50);
}

static void a_full_table_of_sources_counts_refusals(void **state)
{
    (void)state;
    char name[16];
    for (uint32_t i = 0; i < SW_SOURCES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "s%u", i);
        assert_int_equal(add(name), i);
    }
    assert_int_equal(sw_sources_add(sources, SW_TEXT("one-more")), UINT32_MAX);
    assert_int_equal(sw_sources_add(sources, SW_TEXT("s17")), 17);
    assert_true(sources->refused_total == 1);
}

/* Every other number is missing: more holes than the table has. */
static void a_full_table_of_holes_forgets_reported_ones_first(void **state)
{
    (void)state;
    uint32_t a = add("a");
    struct sw_gap gap;
    for (uint64_t i = 1; i <= SW_HOLES_MAX; i++) {
        (void)sw_sources_take(sources, a, 2 * i, 0);
    }
    assert_true(sources->merged_total == 0);

    (void)sw_sources_take(sources, a, 2 * SW_HOLES_MAX + 2, 0); // none is reported: joined
    assert_true(sources->merged_total == 1);
    assert_true(sw_sources_contiguous(sources, a) == 0);

    for (uint32_t i = 0; i < 10; i++) {
        assert_true(sw_sources_expire(sources, SW_HOLE_GRACE_MS, &gap));
    }
    (void)sw_sources_take(sources, a, 2 * SW_HOLES_MAX + 4, SW_HOLE_GRACE_MS);
    assert_true(sources->merged_total == 2);
    assert_false(sw_sources_take(sources, a, 1, SW_HOLE_GRACE_MS)); // forgotten
    assert_true(sw_sources_take(sources, a, 3, SW_HOLE_GRACE_MS));
}

/* Against a plain table of flags: any order of arrival leaves exactly the numbers that are missing.
 */
static void any_order_leaves_what_is_missing(void **state)
{
    (void)state;
    enum { NUMBERS = 300 };
    uint32_t seed = 7;
    uint32_t a = add("a");
    bool came[NUMBERS + 1] = {false};
    for (uint32_t i = 0; i < 400; i++) {
        seed = seed * 1664525U + 1013904223U;
        uint32_t number = 1 + (seed >> 8) % NUMBERS;
        came[number] = true;
        (void)sw_sources_take(sources, a, number, 0);
    }
    sw_sources_end(sources, a, NUMBERS, 0);
    bool missing[NUMBERS + 1] = {false};
    struct sw_gap gap;
    while (sw_sources_expire(sources, SW_HOLE_GRACE_MS, &gap)) {
        for (uint64_t number = gap.first; number <= gap.last; number++) {
            assert_false(missing[number]);
            missing[number] = true;
        }
    }
    for (uint32_t number = 1; number <= NUMBERS; number++) {
        assert_int_not_equal(missing[number], came[number]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_in_order_leave_no_hole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hole_becomes_a_gap_after_its_grace_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(late_comers_fill_holes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_ended_source_misses_what_it_stamped_last, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(holes_come_back_as_they_were, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_table_of_sources_counts_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_table_of_holes_forgets_reported_ones_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(any_order_leaves_what_is_missing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
