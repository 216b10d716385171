/* Reviews over a real log: what is changed, counted, hashed and taken back. */
#include "sw_test.h"

#include "answers.h"
#include "log_fixture.h"
#include "reviews.h"

#define NOW_MS INT64_C(1795500000000)

static struct log_fixture fixture;
static struct sw_review_request request;
static struct sw_review_result result;

static int set_up(void **state)
{
    (void)state;
    fixture_make_log(&fixture, "20000");
    fixture_open(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_remove(&fixture);
    return 0;
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *statement = sw_store_prepare(&fixture.store, sql);
    assert_non_null(statement);
    assert_true(sw_store_step(&fixture.store, statement));
    int64_t value = sqlite3_column_int64(statement, 0);
    (void)sw_store_done(&fixture.store, statement);
    return value;
}

static enum sw_status act(enum sw_review_action action, int64_t alert)
{
    request = (struct sw_review_request){.action = action, .id_count = 1};
    request.ids[0] = alert;
    return sw_reviews_add(&fixture.store, &request, "m.ortiz", NOW_MS, &result);
}

/* The counters of groups always say what the alerts say. */
static void assert_counters_agree(void)
{
    assert_int_equal(number("SELECT count(*) FROM (SELECT grp, state, count(*) AS n FROM inbox"
                            " GROUP BY grp, state EXCEPT SELECT grp, state, n FROM grp_state)"),
                     0);
    assert_int_equal(number("SELECT count(*) FROM (SELECT grp, state, ts / 3600000, count(*)"
                            " FROM inbox GROUP BY 1, 2, 3 EXCEPT"
                            " SELECT grp, state, hour, n FROM grp_hour)"),
                     0);
}

static void takes_in_every_alert_once(void **state)
{
    (void)state;
    assert_int_equal(number("SELECT count(*) FROM inbox"), fixture.store.heads.alert);
    assert_int_equal(number("SELECT count(*) FROM inbox WHERE state <> 0"), 0);
    assert_counters_agree();
}

static void acknowledges_and_takes_back(void **state)
{
    (void)state;
    assert_int_equal(act(SW_REVIEW_ACKNOWLEDGE, 5), SW_OK);
    assert_int_equal(result.changed, 1);
    int64_t batch = result.batch;
    assert_int_equal(number("SELECT state FROM inbox WHERE alert = 5"), SW_STATE_ACKNOWLEDGED);
    assert_int_equal(act(SW_REVIEW_ACKNOWLEDGE, 5), SW_OK);
    assert_int_equal(result.changed, 0);
    assert_int_equal(result.skipped, 1);

    request = (struct sw_review_request){.action = SW_REVIEW_UNDO, .undoes = batch};
    assert_int_equal(sw_reviews_add(&fixture.store, &request, "m.ortiz", NOW_MS, &result), SW_OK);

    assert_int_equal(result.changed, 1);
    assert_int_equal(number("SELECT state FROM inbox WHERE alert = 5"), SW_STATE_OPEN);
    assert_int_equal(number("SELECT count(*) FROM review"), 2);
    assert_counters_agree();
}

/* What somebody else did in the meantime is not taken back. */
static void undo_leaves_what_was_decided_since(void **state)
{
    (void)state;
    assert_int_equal(act(SW_REVIEW_ACKNOWLEDGE, 5), SW_OK);
    int64_t batch = result.batch;
    assert_int_equal(act(SW_REVIEW_ESCALATE, 5), SW_OK);

    request = (struct sw_review_request){.action = SW_REVIEW_UNDO, .undoes = batch};
    assert_int_equal(sw_reviews_add(&fixture.store, &request, "m.ortiz", NOW_MS, &result), SW_OK);

    assert_int_equal(result.changed, 0);
    assert_int_equal(result.skipped, 1);
    assert_int_equal(number("SELECT state FROM inbox WHERE alert = 5"), SW_STATE_ESCALATED);
}

static void tells_who_was_first(void **state)
{
    (void)state;
    assert_int_equal(act(SW_REVIEW_ESCALATE, 5), SW_OK);
    request = (struct sw_review_request){
        .action = SW_REVIEW_ACKNOWLEDGE, .id_count = 1, .has_match = true, .match = 0};
    request.ids[0] = 5;

    assert_int_equal(sw_reviews_add(&fixture.store, &request, "j.chan", NOW_MS, &result),
                     SW_EXISTS);

    assert_string_equal(result.first_actor, "m.ortiz");
    assert_string_equal(result.first_action, "escalate");
    assert_int_equal(number("SELECT state FROM inbox WHERE alert = 5"), SW_STATE_ESCALATED);
    assert_int_equal(number("SELECT count(*) FROM review"), 1);
}

/* A bulk action stops at the newest alert that the reader had seen. */
static void a_filter_does_not_reach_past_what_was_seen(void **state)
{
    (void)state;
    request = (struct sw_review_request){
        .action = SW_REVIEW_ACKNOWLEDGE, .has_filter = true, .seen = 100};
    sw_query_init(&request.filter);
    request.filter.verdicts = 1u << SW_VERDICT_PROH;
    request.filter.states = 1u << SW_STATE_OPEN;
    int64_t expected =
        number("SELECT count(*) FROM log.alert WHERE verdict = 'PROH' AND id <= 100");

    assert_int_equal(sw_reviews_add(&fixture.store, &request, "m.ortiz", NOW_MS, &result), SW_OK);

    assert_true(expected > 0);
    assert_int_equal(result.changed, expected);
    assert_int_equal(number("SELECT count(*) FROM inbox WHERE state = 2"), expected);
    assert_int_equal(number("SELECT max(alert) <= 100 FROM inbox WHERE state = 2"), 1);
    assert_counters_agree();
}

static void an_unknown_alert_changes_nothing(void **state)
{
    (void)state;
    request = (struct sw_review_request){.action = SW_REVIEW_ACKNOWLEDGE, .id_count = 2};
    request.ids[0] = 5;
    request.ids[1] = 999999;

    assert_int_equal(sw_reviews_add(&fixture.store, &request, "m.ortiz", NOW_MS, &result),
                     SW_NOT_FOUND);

    assert_int_equal(number("SELECT count(*) FROM review"), 0);
    assert_int_equal(number("SELECT state FROM inbox WHERE alert = 5"), SW_STATE_OPEN);
}

static void finds_a_row_that_was_edited(void **state)
{
    (void)state;
    int64_t rows;
    assert_int_equal(act(SW_REVIEW_ACKNOWLEDGE, 5), SW_OK);
    assert_int_equal(act(SW_REVIEW_NOTE, 6), SW_OK);
    assert_int_equal(act(SW_REVIEW_ESCALATE, 7), SW_OK);
    assert_int_equal(sw_reviews_verify(&fixture.store, &rows), SW_OK);
    assert_int_equal(rows, 3);

    assert_int_equal(sw_store_run(&fixture.store, "UPDATE review SET actor = 'x' WHERE seq = 2"),
                     SW_OK);

    assert_int_equal(sw_reviews_verify(&fixture.store, &rows), SW_INVALID);
    assert_int_equal(rows, 2);
}

static void opens_a_daily_alert_again_when_its_count_has_doubled(void **state)
{
    (void)state;
    int64_t alert = number("SELECT alert FROM log.alert_count WHERE hops >= 4 LIMIT 1");
    assert_int_equal(act(SW_REVIEW_ACKNOWLEDGE, alert), SW_OK);
    assert_int_equal(sw_store_run(&fixture.store, "UPDATE inbox SET hops = hops / 2"
                                                  " WHERE state = 2"),
                     SW_OK);
    assert_int_equal(sw_inbox_open(&fixture.inbox, &fixture.store), SW_OK);

    assert_false(sw_inbox_tail(&fixture.inbox));

    assert_int_equal(number("SELECT count(*) FROM inbox WHERE state = 2"), 0);
    assert_int_equal(number("SELECT count(*) FROM review WHERE actor = 'sharewatch'"), 1);
}

static void a_case_is_opened_once_and_each_look_is_kept(void **state)
{
    (void)state;
    static char bytes[1 << 18];
    struct sw_buffer out;
    const struct sw_text chains[] = {SW_TEXT("vehicle:none")};
    assert_int_equal(
        sw_reviews_open_case(&fixture.store, "OIG-1", "a complaint", chains, 1, "m.ortiz", NOW_MS),
        SW_OK);
    assert_int_equal(
        sw_reviews_open_case(&fixture.store, "OIG-1", "a complaint", chains, 1, "m.ortiz", NOW_MS),
        SW_EXISTS);
    assert_int_equal(sw_reviews_read_case(&fixture.store, "OIG-1", "j.chan", NOW_MS), SW_OK);

    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_answer_timeline(&fixture.store, "OIG-2", &out), SW_NOT_FOUND);
    assert_int_equal(number("SELECT count(*) FROM review WHERE action = 'case_read'"
                            " AND actor = 'j.chan'"),
                     1);
}

/* A full disk writes nothing by halves, says what it is, and is over when there is space. */
static void a_full_disk_leaves_all_as_it_was(void **state)
{
    (void)state;
    char limit[64];
    assert_int_equal(act(SW_REVIEW_ACKNOWLEDGE, 5), SW_OK);
    int64_t rows = number("SELECT count(*) FROM review");
    (void)snprintf(limit, sizeof(limit), "PRAGMA main.max_page_count = %lld",
                   (long long)number("PRAGMA main.page_count"));
    assert_int_equal(number(limit) > 0, 1);
    enum sw_status status = SW_OK;
    for (int i = 0; i < 200 && status == SW_OK; i++) {
        request = (struct sw_review_request){.action = SW_REVIEW_NOTE, .id_count = 1};
        request.ids[0] = 7;
        memset(request.note, 'x', sizeof(request.note) - 1);
        sw_store_limit(&fixture.store, 0);
        status = sw_reviews_add(&fixture.store, &request, "m.ortiz", NOW_MS, &result);
        rows += status == SW_OK ? 1 : 0;
    }
    assert_int_equal(status, SW_DATABASE);
    assert_int_equal(fixture.store.code & 0xff, SQLITE_FULL);
    assert_int_equal(number("SELECT count(*) FROM review"), rows);
    assert_counters_agree();
    assert_int_equal(number("PRAGMA main.max_page_count = 1000000"), 1000000);
    sw_store_limit(&fixture.store, 0);
    assert_int_equal(act(SW_REVIEW_ESCALATE, 7), SW_OK);
    assert_int_equal(fixture.store.code, SQLITE_OK);
    int64_t edited;
    assert_int_equal(sw_reviews_verify(&fixture.store, &edited), SW_OK);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(takes_in_every_alert_once),
        EACH(acknowledges_and_takes_back),
        EACH(undo_leaves_what_was_decided_since),
        EACH(tells_who_was_first),
        EACH(a_filter_does_not_reach_past_what_was_seen),
        EACH(an_unknown_alert_changes_nothing),
        EACH(finds_a_row_that_was_edited),
        EACH(opens_a_daily_alert_again_when_its_count_has_doubled),
        EACH(a_case_is_opened_once_and_each_look_is_kept),
        EACH(a_full_disk_leaves_all_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
