#include "fixture.h"

#include "cut.h"

static struct sw_map map;
static struct sw_cuts cuts;

static int set_up(void **state)
{
    (void)state;
    fixture_map(&map, small_map_text);
    memset(&cuts, 0, sizeof(cuts));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sw_map_free(&map);
    return 0;
}

static struct sw_route route(const char *edge, const char *from, const char *to)
{
    return (struct sw_route){
        .edge = sw_map_edge(&map, sw_text_from(edge)),
        .from = from != NULL ? sw_map_node(&map, sw_text_from(from)) : SW_NONE,
        .to = to != NULL ? sw_map_node(&map, sw_text_from(to)) : SW_NONE,
    };
}

static void nothing_is_cut_without_an_overlay(void **state)
{
    (void)state;
    struct sw_route taken = route("E02", "LACRIS", "STATE");
    assert_false(sw_cuts_test(&cuts, &map, "subject:p", &taken));
    sw_cuts_reach(&cuts, "subject:p", &taken);
    assert_true(cuts.use_count == 0);
}

static void an_event_that_leaves_open_where_it_starts_is_cut_with_its_edge(void **state)
{
    (void)state;
    struct sw_route booked = route("E01", "JAIL", NULL);
    struct sw_route open = route("E02", NULL, "STATE");
    sw_cuts_add(&cuts, &map, "subject:p", &booked);

    assert_true(sw_cuts_test(&cuts, &map, "subject:p", &open));
    assert_false(sw_cuts_test(&cuts, &map, "subject:q", &open));
    open.edge = SW_NONE;
    assert_false(sw_cuts_test(&cuts, &map, "subject:p", &open));
}

static void systems_on_the_way_of_a_cut_edge_are_cut_too(void **state)
{
    (void)state;
    struct sw_route booked = route("E01", "JAIL", "LACRIS");
    sw_cuts_add(&cuts, &map, "subject:p", &booked);

    struct sw_route from_via = route("E02", "LIVESCAN", "STATE");
    assert_true(sw_cuts_test(&cuts, &map, "subject:p", &from_via));
}

/* More chains than the table holds: some are forgotten, and each is counted. */
static void a_full_table_counts_what_it_forgets(void **state)
{
    (void)state;
    struct sw_route booked = route("E01", "JAIL", "LACRIS");
    struct sw_route sent = route("E02", "LACRIS", "STATE");
    const uint32_t count = 2 * SW_CUTS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "subject:%u", i);
        sw_cuts_add(&cuts, &map, key, &booked);
        assert_true(sw_cuts_test(&cuts, &map, key, &sent));
    }
    uint64_t kept = 0;
    for (uint32_t i = 0; i < SW_CUTS_MAX; i++) {
        kept += cuts.items[i].used != 0 ? 1 : 0;
    }
    assert_true(kept + cuts.evicted_total == count);
    assert_true(kept > SW_CUTS_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_cut_without_an_overlay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_event_that_leaves_open_where_it_starts_is_cut_with_its_edge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(systems_on_the_way_of_a_cut_edge_are_cut_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_table_counts_what_it_forgets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
