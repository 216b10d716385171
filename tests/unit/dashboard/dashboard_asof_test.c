/* As of an entry: what is counted part by part is what one question over all rows would count. */
#include "sw_test.h"

#include "answers.h"
#include "asof.h"
#include "log_fixture.h"

static struct log_fixture fixture;
static struct sw_asof asof;
static char bytes[1 << 21];

static int set_up(void **state)
{
    (void)state;
    fixture_make_log(&fixture, "9000");
    fixture_open(&fixture);
    sw_asof_init(&asof, &fixture.store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_remove(&fixture);
    return 0;
}

static int64_t ask(const char *sql, int64_t entry)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(fixture.store.database, sql, -1, &statement, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(statement, 1, entry);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

static struct sw_moment seek(int64_t entry)
{
    struct sw_moment moment;
    int permille;
    enum sw_status status;
    do {
        status = sw_asof_seek(&asof, entry, &moment, &permille);
    } while (status == SW_EMPTY);
    assert_int_equal(status, SW_OK);
    return moment;
}

static void assert_counts(int64_t entry)
{
    struct sw_moment moment = seek(entry);
    assert_int_equal(moment.hop, ask("SELECT coalesce(max(id), 0) FROM hop"
                                     " WHERE coalesce(cause, event) <= ?1",
                                     entry));
    assert_int_equal(moment.alert, ask("SELECT coalesce(max(a.id), 0) FROM alert AS a JOIN hop AS h"
                                       " ON h.id = a.hop WHERE coalesce(h.cause, h.event) <= ?1",
                                       entry));
    assert_int_equal(ask("SELECT coalesce(sum(n), 0) FROM temp.flow", 0),
                     ask("SELECT count(*) FROM hop WHERE event <= ?1 AND revision = 0", entry));
    assert_int_equal(
        ask("SELECT coalesce(sum(n * (level + 1) * (unicode(verdict) + length(edge))), 0)"
            " FROM temp.flow",
            0),
        ask("SELECT coalesce(sum((level + 1) * (unicode(verdict) + length(coalesce(edge, '')))), 0)"
            " FROM hop WHERE event <= ?1 AND revision = 0",
            entry));
    /* Of each daily alert of that time, how many hops it stood for and when the last of them was.
     */
    assert_int_equal(
        ask("SELECT coalesce(sum(c.hops * c.alert + c.last_ms % 9973), 0)"
            " FROM temp.alert_count_then AS c JOIN alert AS a ON a.id = c.alert"
            " WHERE a.daily = 1 AND a.id <= ?1",
            moment.alert),
        ask("SELECT coalesce(sum(n * alert + last % 9973), 0) FROM (SELECT h.alert AS alert,"
            " count(*) AS n, max(h.ts_event) AS last FROM hop AS h JOIN alert AS a ON a.id = "
            "h.alert"
            " WHERE coalesce(h.cause, h.event) <= ?1 AND a.daily = 1 GROUP BY h.alert)",
            entry));
}

/* Forward, backward, at borders of parts and beyond the end. */
static void counts_what_one_question_counts(void **state)
{
    (void)state;
    static const int64_t entries[] = {1,    5000, 1024, 1025, 8999, 2,    9000,
                                      4096, 4097, 1,    9000, 6143, 6144, 6145};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        assert_counts(entries[i]);
    }
    assert_int_equal(seek(INT64_MAX).entry, fixture.store.heads.event);
}

/* The log grows while somebody looks back; the moments before stay as they were. */
static void goes_on_when_the_log_grows(void **state)
{
    (void)state;
    int64_t head = fixture.store.heads.event;
    fixture.store.heads.event = 2000;
    fixture.store.heads.hop = ask("SELECT max(id) FROM hop WHERE event <= ?1", 2000);
    fixture.store.heads.alert = ask("SELECT max(a.id) FROM alert AS a JOIN hop AS h"
                                    " ON h.id = a.hop WHERE h.event <= ?1",
                                    2000);
    assert_counts(2000);
    fixture.store.data_version = -1;
    assert_true(sw_store_refresh(&fixture.store));
    assert_int_equal(fixture.store.heads.event, head);
    assert_counts(2000);
    assert_counts(head);
    /* When the sums that are kept become too many, they are made anew, of larger parts. */
    int64_t before = asof.part_hops;
    asof.sums = INT64_C(1) << 40;
    assert_counts(head);
    assert_int_equal(asof.part_hops, 2 * before);
    assert_in_range(asof.sums, 1, 1 << 20);
    assert_counts(2000);
}

static void tells_of_a_moment_and_its_neighbours(void **state)
{
    (void)state;
    struct sw_buffer out;
    struct sw_moment moment = seek(4000);
    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_asof_answer(&asof, &moment, &out), SW_OK);
    assert_non_null(strstr(bytes, "\"entry\":\"4000\",\"of\":\"9000\""));
    assert_non_null(strstr(bytes, "\"raised\":0"));
    int64_t next = ask("SELECT min(h.event) FROM alert AS a JOIN hop AS h ON h.id = a.hop"
                       " WHERE h.event > ?1",
                       4000);
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), "\"alert_after\":\"%lld\"", (long long)next);
    assert_non_null(strstr(bytes, wanted));
    moment = seek(next);
    sw_buffer_init(&out, bytes, sizeof(bytes));
    assert_int_equal(sw_asof_answer(&asof, &moment, &out), SW_OK);
    assert_non_null(strstr(bytes, "\"raised\":1"));
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(counts_what_one_question_counts),
        EACH(goes_on_when_the_log_grows),
        EACH(tells_of_a_moment_and_its_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
