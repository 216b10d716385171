/* The parameters of a URL. */
#include "sw_test.h"

#include <sharewatch/time.h>

#include "query.h"

static enum sw_status add(struct sw_query *query, const char *key, const char *value,
                          struct sw_query_problem *problem)
{
    return sw_query_add(query, sw_text_from(key), sw_text_from(value), problem);
}

static void reads_every_parameter(void **state)
{
    (void)state;
    struct sw_query query;
    struct sw_query_problem problem;
    sw_query_init(&query);
    assert_int_equal(add(&query, "state", "open,escalated", &problem), SW_OK);
    assert_int_equal(add(&query, "verdict", "PROH,REVIEW", &problem), SW_OK);
    assert_int_equal(add(&query, "level", "2-4", &problem), SW_OK);
    assert_int_equal(add(&query, "range", "24h", &problem), SW_OK);
    assert_int_equal(add(&query, "before", "4112", &problem), SW_OK);
    assert_int_equal(add(&query, "limit", "200", &problem), SW_OK);
    assert_int_equal(add(&query, "group", "1", &problem), SW_OK);
    assert_int_equal(add(&query, "edge", "E04", &problem), SW_OK);
    assert_int_equal(add(&query, "q", "plate % history", &problem), SW_OK);

    assert_int_equal(query.states, 1u << SW_STATE_OPEN | 1u << SW_STATE_ESCALATED);
    assert_int_equal(query.verdicts, 1u << SW_VERDICT_PROH | 1u << SW_VERDICT_REVIEW);
    assert_int_equal(query.levels, 1u << 2 | 1u << 3 | 1u << 4);
    assert_int_equal(query.range_ms, 24 * SW_HOUR_MS);
    assert_int_equal(query.before, 4112);
    assert_int_equal(query.limit, 200);
    assert_true(query.grouped);
    assert_string_equal(query.edge, "E04");
    assert_string_equal(query.search, "plate % history");
}

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"state", "opened"},    {"verdict", "proh"}, {"verdict", "PROH,"},
        {"level", "5"},         {"level", "3-2"},    {"level", ""},
        {"range", "-1h"},       {"range", "0"},      {"from", "today"},
        {"before", "0"},        {"before", "1e9"},   {"limit", "201"},
        {"limit", "0"},         {"group", "2"},      {"in", "x"},
        {"redact", "none"},     {"edge", "E 04"},    {"edge", "../etc"},
        {"rule", ""},           {"before", "-1"},    {"before", "99999999999999999999999999"},
        {"src", "NGI' OR 1=1"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sw_query query;
        struct sw_query_problem problem = {.message = ""};
        sw_query_init(&query);
        assert_int_equal(add(&query, bad[i][0], bad[i][1], &problem), SW_MALFORMED);
        assert_non_null(strstr(problem.message, bad[i][0]));
        assert_int_not_equal(problem.hint[0], '\0');
    }
}

static void names_the_parameter_that_was_meant(void **state)
{
    (void)state;
    struct sw_query query;
    struct sw_query_problem problem;
    sw_query_init(&query);

    assert_int_equal(add(&query, "verdcit", "PROH", &problem), SW_MALFORMED);

    assert_string_equal(problem.message, "There is no parameter 'verdcit'.");
    assert_non_null(strstr(problem.hint, "verdict"));
}

/* A hostile value must not come back as it was sent. */
static void shows_only_printable_bytes(void **state)
{
    (void)state;
    struct sw_query query;
    struct sw_query_problem problem;
    sw_query_init(&query);

    assert_int_equal(add(&query, "state", "a\x1b[2Jb\xff", &problem), SW_MALFORMED);

    for (const char *p = problem.message; *p != '\0'; p++) {
        assert_in_range(*p, ' ', '~');
    }
}

static void counts_a_range_back_from_the_newest_event_in_whole_hours(void **state)
{
    (void)state;
    struct sw_query query;
    struct sw_query_problem problem;
    const int64_t oldest = 100 * SW_HOUR_MS + 5;
    const int64_t newest = 500 * SW_HOUR_MS + 1234;
    sw_query_init(&query);
    assert_int_equal(add(&query, "range", "24h", &problem), SW_OK);
    sw_query_resolve(&query, oldest, newest);
    assert_int_equal(query.from_ms, 476 * SW_HOUR_MS);
    assert_int_equal(query.to_ms, 501 * SW_HOUR_MS);

    sw_query_init(&query);
    sw_query_resolve(&query, oldest, newest);
    assert_int_equal(query.from_ms, 100 * SW_HOUR_MS);
    assert_int_equal(query.to_ms, 501 * SW_HOUR_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_parameter),
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(names_the_parameter_that_was_meant),
        cmocka_unit_test(shows_only_printable_bytes),
        cmocka_unit_test(counts_a_range_back_from_the_newest_event_in_whole_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
