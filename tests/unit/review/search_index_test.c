#include <sw_test.h>

#include <stdbool.h>

#include "search_index.h"

static struct sw_search_index table;

static int open_table(void **state)
{
    (void)state;
    return sw_search_index_open(&table, 0) == SW_OK ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    sw_search_index_close(&table);
    return 0;
}

static void finds_a_search_by_its_id(void **state)
{
    (void)state;
    struct sw_search_key key = {.id = 11, .where = 22, .frame = 3};
    assert_null(sw_search_index_find(&table, &key));
    struct sw_search *search = sw_search_index_add(&table, &key);
    assert_non_null(search);
    assert_ptr_equal(sw_search_index_find(&table, &key), search);
    struct sw_search_key elsewhere = {.id = 11, .where = 99};
    assert_ptr_equal(sw_search_index_find(&table, &elsewhere), search);
}

/* Two ids are two searches, even at the same place in the same second. */
static void keeps_searches_with_different_ids_apart(void **state)
{
    (void)state;
    struct sw_search_key a = {.id = 1, .where = 22};
    struct sw_search_key b = {.id = 2, .where = 22};
    assert_non_null(sw_search_index_add(&table, &a));
    assert_null(sw_search_index_find(&table, &b));
}

static void links_a_log_with_ids_and_one_without(void **state)
{
    (void)state;
    struct sw_search_key without = {.where = 22, .frame = 3};
    struct sw_search_key with = {.id = 7, .where = 22, .frame = 3};
    struct sw_search *search = sw_search_index_add(&table, &without);
    assert_ptr_equal(sw_search_index_find(&table, &with), search);
    struct sw_search_key again = {.id = 7};
    assert_ptr_equal(sw_search_index_find(&table, &again), search);
    assert_ptr_equal(sw_search_index_find(&table, &without), search);
}

static void tells_windows_apart_where_both_are_known(void **state)
{
    (void)state;
    struct sw_search_key one = {.where = 22, .frame = 3};
    struct sw_search_key other = {.where = 22, .frame = 4};
    struct sw_search_key unknown = {.where = 22};
    struct sw_search *search = sw_search_index_add(&table, &one);
    assert_null(sw_search_index_find(&table, &other));
    assert_ptr_equal(sw_search_index_find(&table, &unknown), search);
}

static void refuses_and_counts_when_full(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < table.capacity; i++) {
        struct sw_search_key key = {.id = i + 1, .where = 1 + i * UINT64_C(0x9E3779B97F4A7C15)};
        assert_non_null(sw_search_index_add(&table, &key));
    }
    struct sw_search_key late = {.id = UINT64_MAX};
    assert_null(sw_search_index_add(&table, &late));
    assert_int_equal(table.refused_total, 1);
    assert_null(sw_search_index_find(&table, &late));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_a_search_by_its_id, open_table, close_table),
        cmocka_unit_test_setup_teardown(keeps_searches_with_different_ids_apart, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(links_a_log_with_ids_and_one_without, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(tells_windows_apart_where_both_are_known, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(refuses_and_counts_when_full, open_table, close_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
