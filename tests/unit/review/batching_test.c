/* The same packets give the same log, row for row, however they are gathered into transactions, and
 * whichever compiler built it: the rows are held against a file that is kept with the tests. */
#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "story_log.h"

#define PATTERNS 24
#define DUMP     SW_SOURCE_DIR "/tests/data/replay/story.txt"

static char folder[64];
static uint64_t random_state;

static int set_up(void **state)
{
    (void)state;
    story_make_folder(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    story_remove_folder(folder);
    return 0;
}

/* One transaction for all, but for those that a new run ends. */
static bool never(uint32_t packet)
{
    (void)packet;
    return false;
}

static bool by_chance(uint32_t packet)
{
    (void)packet;
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % 4 == 0;
}

static void name_log(const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s.db", folder, name);
}

/* What the events make; proofs of who wrote it when are another matter. */
static const char *const tables[] = {
    "run",   "map",   "policy",      "rule", "source",     "event", "hop",       "finding",
    "chain", "alert", "alert_count", "gap",  "quarantine", "loss",  "edge_hour", "edge_day"};

/* `whole` names the event up to which a source had no holes when a transaction ended: a hint for a
 * restart, and the one number that may differ. */
static void assert_same_rows(const char *first, const char *second)
{
    story_change(first, "UPDATE source SET whole = 0");
    story_change(second, "UPDATE source SET whole = 0");
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (story_differences(first, second, tables[i]) != 0) {
            fail_msg("%s and %s differ in table %s", first, second, tables[i]);
        }
    }
}

static void transactions_make_no_difference(void **state)
{
    (void)state;
    char each[128];
    char other[128];
    name_log("each", each);
    story_write(each, NULL);
    name_log("never", other);
    story_write(other, never);
    assert_same_rows(each, other);
    for (uint64_t pattern = 1; pattern <= PATTERNS; pattern++) {
        char name[32];
        random_state = pattern * UINT64_C(0x9e3779b97f4a7c15);
        (void)snprintf(name, sizeof(name), "chance-%d", (int)pattern);
        name_log(name, other);
        story_write(other, by_chance);
        assert_same_rows(each, other);
    }
}

static const char *const dumps[] = {
    "SELECT 'hop', id, event, revision, cause, chain, edge, from_node, to_node, data_class, "
    "crosses, "
    "level, verdict, duties, fed_reach, late, ts_event, alert FROM hop ORDER BY id",
    "SELECT 'finding', hop, policy_id, rule, verdict, missing FROM finding ORDER BY 2, 3, 4",
    "SELECT 'chain', chain, revision, event, level, verdict, verdicts, duties, fed_reach, hops, "
    "first_ms, last_ms FROM chain ORDER BY chain, revision",
    "SELECT 'alert', id, hop, chain, edge, rule, cite, level, verdict, duties, daily FROM alert "
    "ORDER BY id",
    "SELECT 'gap', first, last, opened_ms, logged_ms, filled FROM gap ORDER BY id",
    "SELECT 'quarantine', reason, position, field, bytes FROM quarantine ORDER BY id",
};

static void dump_rows(sqlite3 *database, const char *sql, FILE *stream)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            (void)fprintf(stream, "%s%s", i > 0 ? "|" : "", text != NULL ? text : "-");
        }
        (void)fprintf(stream, "\n");
    }
    (void)sqlite3_finalize(statement);
}

static void read_all(const char *path, char *bytes, size_t capacity)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t length = fread(bytes, 1, capacity - 1, stream);
    bytes[length] = '\0';
    assert_int_equal(fclose(stream), 0);
}

/* After a change of what is judged: run this with SW_WRITE_STORY=1, and look at the difference. */
static void every_build_gives_the_rows_that_are_kept(void **state)
{
    (void)state;
    static char made[32768];
    static char kept[32768];
    char log[128];
    char text[128];
    sqlite3 *database = NULL;
    name_log("kept", log);
    (void)snprintf(text, sizeof(text), "%s/kept.txt", folder);
    story_write(log, NULL);
    FILE *stream = fopen(getenv("SW_WRITE_STORY") != NULL ? DUMP : text, "wb");
    assert_non_null(stream);
    assert_int_equal(sqlite3_open(log, &database), SQLITE_OK);
    for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
        dump_rows(database, dumps[i], stream);
    }
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    assert_int_equal(fclose(stream), 0);
    read_all(getenv("SW_WRITE_STORY") != NULL ? DUMP : text, made, sizeof(made));
    read_all(DUMP, kept, sizeof(kept));
    assert_true(strlen(kept) > 1000);
    assert_string_equal(made, kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_make_no_difference),
        cmocka_unit_test(every_build_gives_the_rows_that_are_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
