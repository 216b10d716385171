/* What a POST carries. */
#include "sw_test.h"

#include "body.h"

static struct sw_review_request request; // too large for the stack

static enum sw_status read(const char *body, struct sw_query_problem *problem)
{
    return sw_body_review(sw_text_from(body), &request, problem);
}

static void reads_a_review_of_ids(void **state)
{
    (void)state;
    struct sw_query_problem problem;
    assert_int_equal(
        read("{\"action\":\"acknowledge\",\"ids\":[\"4112\",7],\"note\":\"known \\u00e9\"}",
             &problem),
        SW_OK);
    assert_int_equal(request.action, SW_REVIEW_ACKNOWLEDGE);
    assert_int_equal(request.id_count, 2);
    assert_int_equal(request.ids[0], 4112);
    assert_int_equal(request.ids[1], 7);
    assert_string_equal(request.note, "known \xc3\xa9");
}

static void reads_a_review_by_filter(void **state)
{
    (void)state;
    struct sw_query_problem problem;
    assert_int_equal(read("{\"action\":\"escalate\",\"filter\":\"verdict=PROH%2CREVIEW&level=3\","
                          "\"seen\":\"4113\"}",
                          &problem),
                     SW_OK);
    assert_true(request.has_filter);
    assert_int_equal(request.filter.verdicts, 1u << SW_VERDICT_PROH | 1u << SW_VERDICT_REVIEW);
    assert_int_equal(request.filter.levels, 1u << 3);
    assert_int_equal(request.seen, 4113);
}

static void refuses_what_cannot_be_done(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"action\":\"delete\",\"ids\":[1]}",
        "{\"action\":\"case_open\",\"ids\":[1]}",
        "{\"action\":\"acknowledge\"}",
        "{\"action\":\"acknowledge\",\"ids\":[]}",
        "{\"action\":\"acknowledge\",\"ids\":[-1]}",
        "{\"action\":\"acknowledge\",\"ids\":[1.5]}",
        "{\"action\":\"acknowledge\",\"ids\":[1],\"filter\":\"state=open\",\"seen\":1}",
        "{\"action\":\"acknowledge\",\"filter\":\"state=open\"}",
        "{\"action\":\"acknowledge\",\"filter\":\"state=%zz\",\"seen\":1}",
        "{\"action\":\"acknowledge\",\"filter\":\"stat=open\",\"seen\":1}",
        "{\"action\":\"acknowledge\",\"ids\":[1],\"extra\":1}",
        "{\"action\":\"acknowledge\",\"ids\":[1]} x",
        "{\"action\":\"note\",\"ids\":[1]}",
        "{\"action\":\"close\",\"ids\":[1]}",
        "{\"action\":\"duty\",\"ids\":[1],\"duty\":\"NO_SUCH\"}",
        "{\"action\":\"undo\"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sw_query_problem problem = {.message = ""};
        assert_int_equal(read(bad[i], &problem), SW_MALFORMED);
        assert_int_not_equal(problem.message[0], '\0');
    }
}

static void opens_a_case_only_with_a_reason(void **state)
{
    (void)state;
    struct sw_case_request opened;
    struct sw_query_problem problem;
    assert_int_equal(sw_body_case(SW_TEXT("{\"number\":\"OIG-2026-031\",\"reason\":\"complaint of "
                                          "12 November\",\"chains\":[\"vehicle:7c41\"]}"),
                                  &opened, &problem),
                     SW_OK);
    assert_string_equal(opened.number, "OIG-2026-031");
    assert_text_equal(opened.chains[0], "vehicle:7c41");
    assert_int_equal(sw_body_case(SW_TEXT("{\"number\":\"OIG-2026-031\",\"reason\":\"\","
                                          "\"chains\":[\"vehicle:7c41\"]}"),
                                  &opened, &problem),
                     SW_MALFORMED);
    assert_int_equal(sw_body_case(SW_TEXT("{\"number\":\"Jane Doe\",\"reason\":\"complaint of "
                                          "12 November\",\"chains\":[\"vehicle:7c41\"]}"),
                                  &opened, &problem),
                     SW_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_review_of_ids),
        cmocka_unit_test(reads_a_review_by_filter),
        cmocka_unit_test(refuses_what_cannot_be_done),
        cmocka_unit_test(opens_a_case_only_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
