/* The smallest sets of edges that hit every path: by hand, and against trying all subsets. */
#include "sw_test.h"

#include <stdarg.h>

#include "switches.h"

static struct sw_switch_paths paths; // large
static struct sw_switch_answer answer;

/* A set from edges, ended by -1. */
static struct sw_edge_set set_of(int first, ...)
{
    struct sw_edge_set set = {{0}};
    va_list rest;
    va_start(rest, first);
    for (int edge = first; edge >= 0; edge = va_arg(rest, int)) {
        sw_edge_set_add(&set, (uint16_t)edge);
    }
    va_end(rest);
    return set;
}

static struct sw_edge_set all_edges(void)
{
    struct sw_edge_set all;
    memset(&all, 0xff, sizeof(all));
    return all;
}

static void given(const struct sw_edge_set *sets, uint32_t count)
{
    memset(&paths, 0, sizeof(paths));
    for (uint32_t i = 0; i < count; i++) {
        sw_switch_paths_add(&paths, &sets[i]);
    }
}

static bool told(const struct sw_edge_set *set)
{
    for (uint32_t i = 0; i < answer.set_count; i++) {
        if (memcmp(&answer.sets[i], set, sizeof(*set)) == 0) {
            return true;
        }
    }
    return false;
}

/* What all paths share is enough, and each shared edge is an answer of its own. */
static void cuts_where_all_paths_pass(void **state)
{
    (void)state;
    const struct sw_edge_set taken[] = {set_of(1, 2, 3, -1), set_of(1, 2, 100, -1)};
    const struct sw_edge_set everything = all_edges();
    given(taken, 2);

    sw_switches_solve(&paths, &everything, &answer);

    assert_int_equal(answer.size, 1);
    assert_int_equal(answer.set_count, 2);
    assert_true(answer.proven);
    const struct sw_edge_set one = set_of(1, -1);
    const struct sw_edge_set two = set_of(2, -1);
    assert_true(told(&one) && told(&two));
}

/* A triangle needs two of its three edges. */
static void needs_two_for_a_triangle(void **state)
{
    (void)state;
    const struct sw_edge_set taken[] = {set_of(1, 2, -1), set_of(2, 3, -1), set_of(1, 3, -1)};
    const struct sw_edge_set everything = all_edges();
    given(taken, 3);

    sw_switches_solve(&paths, &everything, &answer);

    assert_int_equal(answer.size, 2);
    assert_int_equal(answer.set_count, 3);
}

static void leaves_paths_that_have_no_allowed_edge(void **state)
{
    (void)state;
    const struct sw_edge_set taken[] = {set_of(1, 2, -1), set_of(7, -1)};
    const struct sw_edge_set allowed = set_of(2, 3, -1);
    const struct sw_edge_set none = {{0}};
    given(taken, 2);

    sw_switches_solve(&paths, &allowed, &answer);

    const struct sw_edge_set two = set_of(2, -1);
    assert_int_equal(answer.left_in_peace, 1);
    assert_int_equal(answer.size, 1);
    assert_true(told(&two));

    sw_switches_solve(&paths, &none, &answer);
    assert_int_equal(answer.size, 0);
    assert_int_equal(answer.set_count, 0);
    assert_int_equal(answer.left_in_peace, 2);
}

static void keeps_each_path_once_or_the_shortest(void **state)
{
    (void)state;
    const struct sw_edge_set taken[] = {set_of(1, 2, 3, -1), set_of(1, 2, -1), set_of(1, 2, 4, -1),
                                        set_of(1, 2, -1)};
    given(taken, 4);
    assert_int_equal(paths.count, 3);
    memset(&paths, 0, sizeof(paths));
    for (uint32_t i = 0; i < 4; i++) {
        sw_switch_paths_add_shortest(&paths, &taken[i]);
    }
    assert_int_equal(paths.count, 1);
    assert_int_equal(sw_edge_set_count(&paths.sets[0]), 2);
}

/* --- against all subsets --- */

#define EDGES 12

static uint32_t seed = 7;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1103515245U + 12345U;
    return (seed >> 16) % below;
}

/* Edges 0 … 11 stand at both ends of the map, so that both words are used. */
static struct sw_edge_set spread(uint32_t bits)
{
    struct sw_edge_set set = {{0}};
    for (uint16_t i = 0; i < EDGES; i++) {
        if (bits & 1U << i) {
            sw_edge_set_add(&set, i < EDGES / 2 ? i : (uint16_t)(SW_MAP_EDGES_MAX - 1 - i));
        }
    }
    return set;
}

static bool hits_all(const struct sw_edge_set *taken, uint32_t count, uint32_t allowed,
                     uint32_t chosen)
{
    struct sw_edge_set may = spread(allowed);
    struct sw_edge_set set = spread(chosen);
    for (uint32_t i = 0; i < count; i++) {
        if (sw_edge_set_meets(&taken[i], &may) && !sw_edge_set_meets(&taken[i], &set)) {
            return false;
        }
    }
    return true;
}

static void agrees_with_trying_all_subsets(void **state)
{
    (void)state;
    for (int round = 0; round < 150; round++) {
        struct sw_edge_set taken[10];
        uint32_t count = 1 + draw(10);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bits = 0;
            for (int edge = 0; edge < 3; edge++) {
                bits |= 1U << draw(EDGES);
            }
            taken[i] = spread(bits);
        }
        uint32_t allowed = draw(3) == 0 ? (draw(1U << EDGES)) : (1U << EDGES) - 1;
        uint32_t smallest = EDGES + 1;
        uint32_t sets = 0;
        for (uint32_t chosen = 0; chosen < 1U << EDGES; chosen++) {
            uint32_t size = (uint32_t)__builtin_popcount(chosen);
            if ((chosen & ~allowed) == 0 && size <= smallest &&
                hits_all(taken, count, allowed, chosen)) {
                sets = size < smallest ? 1 : sets + 1;
                smallest = size;
            }
        }
        given(taken, count);
        struct sw_edge_set may = spread(allowed);
        sw_switches_solve(&paths, &may, &answer);
        assert_true(answer.proven);
        assert_int_equal(answer.size, smallest);
        if (smallest > 0) {
            assert_int_equal(answer.set_count,
                             sets < SW_SWITCH_SETS_MAX ? sets : SW_SWITCH_SETS_MAX);
            assert_int_equal(answer.more, sets > SW_SWITCH_SETS_MAX);
        }
        for (uint32_t i = 0; i < answer.set_count; i++) {
            for (uint32_t j = 0; j < count; j++) {
                assert_true(!sw_edge_set_meets(&taken[j], &may) ||
                            sw_edge_set_meets(&taken[j], &answer.sets[i]));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_where_all_paths_pass),
        cmocka_unit_test(needs_two_for_a_triangle),
        cmocka_unit_test(leaves_paths_that_have_no_allowed_edge),
        cmocka_unit_test(keeps_each_path_once_or_the_shortest),
        cmocka_unit_test(agrees_with_trying_all_subsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
