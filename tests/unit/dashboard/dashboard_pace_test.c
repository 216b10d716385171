/* Sources that are silent for longer than they ever were. */
#include "sw_test.h"

#include "answers.h"
#include "log_fixture.h"
#include "pace.h"

static struct log_fixture fixture;
static struct sw_pace pace;
static char bytes[1 << 18];

static int set_up(void **state)
{
    (void)state;
    fixture_make_log(&fixture, "9000");
    fixture_open(&fixture);
    sw_pace_init(&pace, &fixture.store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_remove(&fixture);
    return 0;
}

static int64_t ask(const char *sql, int64_t source)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(fixture.store.database, sql, -1, &statement, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(statement, 1, source);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

static void read_all(void)
{
    enum sw_status status;
    do {
        status = sw_pace_read(&pace);
    } while (status == SW_EMPTY);
    assert_int_equal(status, SW_OK);
    assert_int_equal(pace.to, fixture.store.heads.event);
}

static const char *write_silent(void)
{
    struct sw_buffer out;
    sw_buffer_init(&out, bytes, sizeof(bytes));
    sw_pace_write(&pace, &out);
    assert_false(out.overflowed);
    return bytes;
}

static void counts_what_one_question_counts(void **state)
{
    (void)state;
    read_all();
    int64_t sources = ask("SELECT max(id) FROM log.source WHERE id <> ?1", 0);
    assert_in_range(sources, 2, SW_PACE_SOURCES_MAX);
    for (int64_t id = 1; id <= sources; id++) {
        const struct sw_pace_source *one = &pace.sources[id];
        assert_int_equal(one->entries,
                         ask("SELECT count(*) FROM log.event WHERE source_id = ?1", id));
        assert_int_equal(one->last_ms,
                         ask("SELECT max(ts_recorded) FROM log.event WHERE source_id = ?1", id));
        assert_int_equal(
            one->longest_ms,
            ask("SELECT max(0, max(later - before)) FROM (SELECT ts_recorded AS later,"
                " max(ts_recorded) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1"
                " PRECEDING) AS before FROM log.event WHERE source_id = ?1)",
                id));
    }
    assert_int_equal(pace.newest_ms,
                     ask("SELECT max(ts_recorded) FROM log.event WHERE id > ?1", 0));
}

/* Longer than ever before, and only then; the longest for its habits comes first. */
static void names_who_is_silent_for_longer_than_ever(void **state)
{
    (void)state;
    read_all();
    for (int64_t id = 1; id <= SW_PACE_SOURCES_MAX; id++) {
        pace.sources[id].last_ms = pace.newest_ms - pace.sources[id].longest_ms;
    }
    assert_non_null(strstr(write_silent(), "\"silent_count\":0"));
    pace.sources[1].last_ms = pace.newest_ms - pace.sources[1].longest_ms - 1;
    assert_non_null(strstr(write_silent(), "\"silent_count\":1"));
    pace.sources[2].last_ms = pace.newest_ms - 3 * pace.sources[2].longest_ms;
    assert_non_null(strstr(write_silent(), "\"silent_count\":2"));
    char first[128];
    (void)snprintf(first, sizeof(first), "\"last\":%lld", (long long)pace.sources[2].last_ms);
    char *second = strstr(bytes, "},{");
    assert_non_null(second);
    *second = '\0';
    assert_non_null(strstr(bytes, first));
    /* Four entries say nothing of what is usual. */
    pace.sources[1].entries = 4;
    assert_non_null(strstr(write_silent(), "\"silent_count\":1"));
}

/* Of a large log the newest entries are read; who is in none of them, but has numbered many, is
 * silent at its mean rate. */
static void tells_of_a_source_that_has_not_been_heard_of(void **state)
{
    (void)state;
    sqlite3 *writer = NULL;
    assert_int_equal(sqlite3_open(fixture.path, &writer), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(writer, "UPDATE source SET highest = 9000 WHERE id = 1", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
    pace.from = 5000;
    pace.to = 5000;
    read_all();
    pace.sources[1] = (struct sw_pace_source){.entries = 0};
    assert_non_null(strstr(write_silent(), "\"entries\":0,\"last\":0"));
    assert_non_null(strstr(bytes, "\"read_from\":\"5001\""));
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(counts_what_one_question_counts),
        EACH(names_who_is_silent_for_longer_than_ever),
        EACH(tells_of_a_source_that_has_not_been_heard_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
