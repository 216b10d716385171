/* Opening: every kind of wrong file gets a sentence. Asking: no question walks a whole table. */
#include "sw_test.h"

#include "answers.h"
#include "asof.h"
#include "log_fixture.h"

static struct log_fixture fixture;
static char bytes[1 << 21];

static int set_up(void **state)
{
    (void)state;
    fixture_make_log(&fixture, "3000");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_remove(&fixture);
    return 0;
}

static void shell(const char *format)
{
    char command[512];
    (void)snprintf(command, sizeof(command), "cd %s && %s", fixture.folder, format);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command of the test
}

static void assert_refused(const char *name, enum sw_status status, const char *words)
{
    struct sw_store store;
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture.folder, name);
    assert_int_equal(sw_store_open(&store, path, NULL), status);
    if (strstr(store.problem, words) == NULL || strstr(store.problem, path) == NULL) {
        fail_msg("'%s' lacks '%s'", store.problem, words);
    }
}

static void says_what_is_wrong_with_a_file(void **state)
{
    (void)state;
    assert_refused("missing.db", SW_NOT_FOUND, "A monitor makes it");
    shell("mkdir folder.db");
    assert_refused("folder.db", SW_INVALID, "this is no file");
    shell(": > empty.db");
    assert_refused("empty.db", SW_INVALID, "the file is empty");
    shell("echo hello > text.db");
    assert_refused("text.db", SW_INVALID, "no sharewatch log");
    shell("head -c 5000 /dev/zero > zero.db");
    assert_refused("zero.db", SW_INVALID, "no sharewatch log");
    shell("sqlite3 foreign.db 'CREATE TABLE x (y)'");
    assert_refused("foreign.db", SW_INVALID, "no sharewatch log");
    shell("cp log.db newer.db && sqlite3 newer.db 'PRAGMA user_version=99'");
    assert_refused("newer.db", SW_INVALID, "A newer sharewatch wrote it");
    shell("head -c 30000 log.db > short.db");
    assert_refused("short.db", SW_INVALID, "cut short");
}

static void refuses_reviews_of_another_log(void **state)
{
    (void)state;
    fixture_open(&fixture);
    sw_store_close(&fixture.store);
    shell("cp log.db other.db && sqlite3 other.db 'UPDATE run SET started_ms = 1'"
          " && cp log.reviews.db other.reviews.db");
    struct sw_store store;
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/other.db", fixture.folder);
    assert_int_equal(sw_store_open(&store, path, NULL), SW_INVALID);
    assert_non_null(strstr(store.problem, "belong to another log"));
}

static void never_writes_to_the_log(void **state)
{
    (void)state;
    fixture_open(&fixture);
    sqlite3_stmt *statement = NULL;
    assert_int_not_equal(
        sqlite3_prepare_v2(fixture.store.database, "DELETE FROM log.event", -1, &statement, NULL),
        SQLITE_OK);
    assert_null(statement);
}

/* An ordered walk that ends at its first row is no scan; cases are few and listed by hand. */
static bool ends_at_once(const char *sql)
{
    static const char *const ends[] = {"ORDER BY id DESC LIMIT 1", "ORDER BY seq DESC LIMIT 1"};
    size_t length = strlen(sql);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t end = strlen(ends[i]);
        if (length > end && strcmp(sql + length - end, ends[i]) == 0) {
            return true;
        }
    }
    return strncmp(sql, "SELECT max(", 11) == 0 || strncmp(sql, "SELECT min(", 11) == 0;
}

/* Collects the plan of each statement; a walk through a table that grows with the log fails. */
static void check_plan(void *context, const char *sql)
{
    static const char *const large[] = {"SCAN event",   "SCAN v",     "SCAN alert",  "SCAN a",
                                        "SCAN hop",     "SCAN h",     "SCAN inbox",  "SCAN i",
                                        "SCAN finding", "SCAN chain", "SCAN review", "SCAN edge_"};
    char explain[8192];
    uint32_t *count = context;
    sqlite3_stmt *statement;
    (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    assert_null(strstr(sql, "OFFSET"));
    if (strncmp(sql, "PRAGMA", 6) == 0) {
        return;
    }
    assert_int_equal(sqlite3_prepare_v2(fixture.store.database, explain, -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(statement, 3);
        for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
            size_t length = strlen(large[i]);
            bool whole =
                strncmp(step, large[i], length) == 0 &&
                (step[length] == '\0' || step[length] == ' ' || large[i][length - 1] == '_');
            if (whole && !ends_at_once(sql)) {
                fail_msg("%s\n  of: %s", step, sql);
            }
        }
    }
    (void)sqlite3_finalize(statement);
    ++*count;
}

static void ask_all(struct sw_query query)
{
    struct sw_buffer out;
    struct sw_store *store = &fixture.store;
    enum sw_status (*const lists[])(struct sw_store *, struct sw_query *, struct sw_buffer *) = {
        sw_answer_alerts, sw_answer_flows, sw_answer_histogram, sw_answer_events};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct sw_query own = query;
        sw_buffer_init(&out, bytes, sizeof(bytes));
        assert_int_equal(lists[i](store, &own, &out), SW_OK);
        assert_false(out.overflowed);
    }
}

static void no_question_walks_a_whole_table(void **state)
{
    (void)state;
    struct sw_buffer out;
    struct sw_query query;
    uint32_t count = 0;
    fixture_open(&fixture);
    fixture.store.watcher = check_plan;
    fixture.store.watcher_context = &count;
    for (uint32_t bits = 0; bits < 64; bits++) {
        sw_query_init(&query);
        query.states = (bits & 1) != 0 ? 1u << SW_STATE_OPEN : 0;
        query.verdicts = (bits & 2) != 0 ? 1u << SW_VERDICT_PROH : 0;
        query.levels = (bits & 4) != 0 ? 1u << 3 : 0;
        query.range_ms = (bits & 8) != 0 ? 3600000 * 24 : 0;
        query.grouped = (bits & 16) != 0;
        query.before = (bits & 32) != 0 ? 20 : 0;
        (void)snprintf(query.edge, sizeof(query.edge), "%s", (bits & 3) == 3 ? "E23" : "");
        (void)snprintf(query.search, sizeof(query.search), "%s", (bits & 12) == 12 ? "plate" : "");
        ask_all(query);
    }
    struct sw_asof asof;
    struct sw_moment moment;
    int permille;
    sw_asof_init(&asof, &fixture.store);
    while (sw_asof_seek(&asof, 2000, &moment, &permille) == SW_EMPTY) {
    }
    sw_query_init(&query);
    query.as_of = 2000;
    query.alert_max = moment.alert;
    for (uint32_t grouped = 0; grouped < 2; grouped++) {
        query.grouped = grouped == 1;
        ask_all(query);
    }
    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_asof_answer(&asof, &moment, &out), SW_OK);
    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_answer_alert(&fixture.store, 3, &out), SW_OK);
    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_answer_event(&fixture.store, 3, &out), SW_OK);
    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_answer_status(&fixture.store, &fixture.inbox, 0, &out), SW_OK);
    fixture.store.data_version = -1;
    assert_true(sw_store_refresh(&fixture.store));
    assert_true(count > 200);
}

static void opens_a_closed_log_in_a_folder_that_may_not_be_written(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        skip(); // root may write everywhere
    }
    shell("chmod 0500 .");
    fixture_open(&fixture);
    assert_false(fixture.store.reviewable);
    shell("chmod 0700 .");
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(says_what_is_wrong_with_a_file),
        EACH(refuses_reviews_of_another_log),
        EACH(never_writes_to_the_log),
        EACH(no_question_walks_a_whole_table),
        EACH(opens_a_closed_log_in_a_folder_that_may_not_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
