/*
 * Whatever is changed in a sealed log is found: copies of a log that a monitor and an import wrote
 * are edited at random, one edit a copy, and each must be named as broken.
 *
 *   SHAREWATCH_EDITS   how many, 300 by default
 *   SHAREWATCH_SEED    of the edits, printed at the start
 */
#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/verify.h>

#include "processes.h"

#define EDITS      300
#define TABLES_MAX 40
#define SQL_BYTES  4096

static struct test_place place;
static char original[TEST_PATH_BYTES];
static char copied[TEST_PATH_BYTES];
static char tables[TABLES_MAX][64];
static int table_count;
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    assert_true(below > 0);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return below > 0 ? random_state % below : 0;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void run_program(const char *const *arguments, const char *name)
{
    struct test_child child = {0};
    test_start(&place, &child, name, arguments);
    if (!test_wait_end(&child, 120000) || child.status != 0) {
        test_print_output(&place, name);
        fail_msg("%s failed", name);
    }
}

/* A log with a row in nearly every table: a live run, then an import. */
static void make_log(void)
{
    char scenario[TEST_PATH_BYTES];
    char files[3][TEST_PATH_BYTES];
    const char *source = getenv("SOURCE");
    static const char *const names[] = {"network_13.csv", "events.csv", "network_5.csv"};
    assert_non_null(source);
    (void)test_path(&place, "log.db", original);
    (void)test_path(&place, "copy.db", copied);
    (void)snprintf(scenario, sizeof(scenario), "%s/scenarios/sister-agency", source);
    const char *const live[] = {test_program(),   "run",   scenario, "--speed", "max",
                                "--no-dashboard", "--log", original, NULL};
    run_program(live, "run");
    for (int i = 0; i < 3; i++) {
        (void)snprintf(files[i], sizeof(files[i]), "LAPD=%s/tests/data/flock/%s", source, names[i]);
    }
    const char *const import[] = {test_program(), "import", "flock",    files[0],   files[1],
                                  "--log",        original, "--policy", "ca-state", NULL};
    run_program(import, "import");
}

static sqlite3 *open_copy(void)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(copied, &database), SQLITE_OK);
    return database;
}

static int64_t number(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t found = 0;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        found = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return found;
}

static void execute(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    }
}

/* All tables that hold a row, but for what is not sealed: what correlations remember. */
static void list_tables(void)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(original, &database), SQLITE_OK);
    execute(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(sqlite3_prepare_v2(database,
                                        "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                                        "name NOT LIKE 'sqlite_%' AND "
                                        "name <> 'correlation' ORDER BY name",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        char sql[128];
        assert_true(table_count < TABLES_MAX);
        (void)snprintf(tables[table_count], sizeof(tables[0]), "%s",
                       (const char *)sqlite3_column_text(statement, 0));
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[table_count]);
        table_count += number(database, sql) > 0;
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
}

static void copy_log(void)
{
    char buffer[65536];
    size_t count = 0;
    char wal[TEST_PATH_BYTES + 8];
    (void)snprintf(wal, sizeof(wal), "%s-wal", copied);
    (void)unlink(wal);
    FILE *from = fopen(original, "rb");
    FILE *to = fopen(copied, "wb");
    assert_non_null(from);
    assert_non_null(to);
    while ((count = fread(buffer, 1, sizeof(buffer), from)) > 0) {
        assert_int_equal(fwrite(buffer, 1, count, to), count);
    }
    assert_int_equal(fclose(from), 0);
    assert_int_equal(fclose(to), 0);
}

/* Writes a condition that holds for one random row of @table. */
static void choose_row(sqlite3 *database, const char *table, char *where, size_t capacity)
{
    char sql[SQL_BYTES];
    sqlite3_stmt *statement = NULL;
    size_t used = 0;
    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    int64_t rows = number(database, sql);
    (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2 LIMIT 1 OFFSET %lld", table,
                   (long long)draw((uint64_t)rows));
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    /* The first columns tell rows apart in every table, six of them in the roll-ups. */
    for (int i = 0; i < sqlite3_column_count(statement) && i < 6; i++) {
        char *value =
            sqlite3_mprintf(sqlite3_column_type(statement, i) == SQLITE_INTEGER ? "%s" : "%Q",
                            (const char *)sqlite3_column_text(statement, i));
        bool is_blob = sqlite3_column_type(statement, i) == SQLITE_BLOB;
        bool is_null = sqlite3_column_type(statement, i) == SQLITE_NULL;
        if (!is_blob && !is_null && strlen(value) < 200) {
            used +=
                (size_t)snprintf(where + used, capacity - used, "%s%s = %s",
                                 used > 0 ? " AND " : "", sqlite3_column_name(statement, i), value);
        }
        sqlite3_free(value);
    }
    assert_true(used < capacity);
    (void)sqlite3_finalize(statement);
}

/* Changes one column of one row: by one, by a letter, by a bit, to NULL or to another row's. */
static bool edit_column(sqlite3 *database, const char *table, char *sql)
{
    char where[2048];
    char columns[256];
    sqlite3_stmt *statement = NULL;
    choose_row(database, table, where, sizeof(where));
    (void)snprintf(columns, sizeof(columns), "SELECT * FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(database, columns, -1, &statement, NULL), SQLITE_OK);
    int column = (int)draw((uint64_t)sqlite3_column_count(statement));
    const char *name = sqlite3_column_name(statement, column);
    char value[512];
    switch (draw(3)) {
    case 0:
        (void)snprintf(value, sizeof(value),
                       "CASE typeof(%s) WHEN 'integer' THEN %s + 1 WHEN 'text' THEN %s || 'x' "
                       "ELSE zeroblob(32) END",
                       name, name, name);
        break;
    case 1:
        (void)snprintf(value, sizeof(value),
                       "CASE typeof(%s) WHEN 'integer' THEN %s - 1 WHEN 'text' THEN "
                       "substr(%s, 2) ELSE x'00' END",
                       name, name, name);
        break;
    default:
        (void)snprintf(value, sizeof(value),
                       "CASE typeof(%s) WHEN 'integer' THEN %s + 1000000 WHEN 'text' THEN "
                       "'y' || %s ELSE 7 END",
                       name, name, name);
        break;
    }
    (void)snprintf(sql, SQL_BYTES, "UPDATE %s SET %s = %s WHERE %s", table, name, value, where);
    (void)sqlite3_finalize(statement);
    /* A value that the table refuses is no edit. */
    return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_changes(database) == 1;
}

static bool delete_row(sqlite3 *database, const char *table, char *sql)
{
    char where[2048];
    choose_row(database, table, where, sizeof(where));
    (void)snprintf(sql, SQL_BYTES, "DELETE FROM %s WHERE %s", table, where);
    execute(database, sql);
    return sqlite3_changes(database) == 1;
}

/* Deletes the newest rows of one table. */
static bool cut_table(sqlite3 *database, const char *table, char *sql)
{
    (void)snprintf(sql, SQL_BYTES, "DELETE FROM %s WHERE rowid > (SELECT max(rowid) FROM %s) - %d",
                   table, table, 1 + (int)draw(3));
    return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_changes(database) > 0;
}

/* A copy of a row under a number or key of its own. */
static bool insert_row(sqlite3 *database, const char *table, char *sql)
{
    char where[2048];
    char columns[256];
    size_t used = 0;
    sqlite3_stmt *statement = NULL;
    choose_row(database, table, where, sizeof(where));
    (void)snprintf(columns, sizeof(columns), "SELECT * FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(database, columns, -1, &statement, NULL), SQLITE_OK);
    int key = (int)draw(2);
    int count = sqlite3_column_count(statement);
    used = (size_t)snprintf(sql, SQL_BYTES, "INSERT INTO %s SELECT ", table);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(statement, i);
        used += (size_t)snprintf(sql + used, SQL_BYTES - used, "%s", i > 0 ? ", " : "");
        if (i == key) {
            used += (size_t)snprintf(sql + used, SQL_BYTES - used,
                                     "CASE typeof(%s) WHEN 'integer' THEN %s + 777 ELSE %s || 'z' "
                                     "END",
                                     name, name, name);
        } else {
            used += (size_t)snprintf(sql + used, SQL_BYTES - used, "%s", name);
        }
    }
    (void)snprintf(sql + used, SQL_BYTES - used, " FROM %s WHERE %s LIMIT 1", table, where);
    (void)sqlite3_finalize(statement);
    return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_changes(database) == 1;
}

/* Two rows change places, all but their number. */
static bool swap_rows(sqlite3 *database, const char *table, char *sql)
{
    (void)snprintf(sql, SQL_BYTES, "SELECT max(rowid) FROM %s", table);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        return false; // a table without row numbers
    }
    (void)sqlite3_finalize(statement);
    int64_t last = number(database, sql);
    int64_t one = 1 + (int64_t)draw((uint64_t)last);
    (void)snprintf(sql, SQL_BYTES,
                   "UPDATE %s SET rowid = -1 WHERE rowid = %lld; UPDATE %s SET rowid = %lld WHERE "
                   "rowid = %lld; UPDATE %s SET rowid = %lld WHERE rowid = -1",
                   table, (long long)one, table, (long long)one, (long long)one + 1, table,
                   (long long)one + 1);
    return one < last && sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

typedef bool (*edit_fn)(sqlite3 *database, const char *table, char *sql);

static struct sw_verify_report verify_on(const char *path, uint32_t threads)
{
    static struct sw_verify_report report;
    const struct sw_verify_options options = {.threads = threads};
    enum sw_status status = sw_verify_log(path, &options, &report);
    if (status != SW_OK) {
        fail_msg("%s", report.problem);
    }
    return report;
}

/* On one thread and on some: the answer is the same. */
static struct sw_verify_report verify(const char *path)
{
    struct sw_verify_report one = verify_on(path, 1);
    struct sw_verify_report some = verify_on(path, 2 + (uint32_t)draw(6));
    assert_int_equal(some.state, one.state);
    assert_int_equal(some.bad_entry, one.bad_entry);
    assert_string_equal(some.problem, one.problem);
    return some;
}

/* A sum over all that is in the table, so that an edit that changes nothing is told from one. */
static uint64_t fingerprint(sqlite3 *database, const char *table)
{
    char sql[128];
    sqlite3_stmt *statement = NULL;
    uint64_t sum = 0;
    (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const void *bytes = sqlite3_column_blob(statement, i);
            uint32_t length = (uint32_t)sqlite3_column_bytes(statement, i);
            sum = sum * 31 + sw_text_hash((struct sw_text){bytes, length}) + length;
            sum = sum * 31 + (uint64_t)sqlite3_column_type(statement, i);
        }
    }
    (void)sqlite3_finalize(statement);
    return sum;
}

static bool try_edit(const char *table, edit_fn edit)
{
    static char sql[SQL_BYTES];
    copy_log();
    sqlite3 *database = open_copy();
    execute(database, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
    uint64_t before = fingerprint(database, table);
    bool edited = edit(database, table, sql) && fingerprint(database, table) != before;
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    if (!edited) {
        return false;
    }
    struct sw_verify_report report = verify(copied);
    if (report.state == SW_VERIFY_WHOLE) {
        fail_msg("not found: %s", sql);
    }
    assert_true(report.state == SW_VERIFY_UNSEALED || report.problem[0] != '\0');
    return true;
}

static void an_untouched_log_is_whole(void **state)
{
    (void)state;
    struct sw_verify_report report = verify(original);
    assert_string_equal(report.problem, "");
    assert_int_equal(report.state, SW_VERIFY_WHOLE);
    assert_true(table_count > 15);
}

static void every_random_edit_is_found(void **state)
{
    static const edit_fn edits[] = {edit_column, edit_column, edit_column, delete_row,
                                    insert_row,  swap_rows,   cut_table};
    uint64_t count = setting("SHAREWATCH_EDITS", EDITS);
    (void)state;
    for (uint64_t done = 0; done < count;) {
        const char *table = tables[draw((uint64_t)table_count)];
        done += try_edit(table, edits[draw(sizeof(edits) / sizeof(edits[0]))]);
    }
}

/* A view that shows people something else is an edit, too. */
static void a_changed_view_is_found(void **state)
{
    static const char *const changes[] = {
        "DROP VIEW chain_now; CREATE VIEW chain_now AS SELECT * FROM chain WHERE 0",
        "CREATE TRIGGER quiet BEFORE INSERT ON alert BEGIN SELECT raise(IGNORE); END",
        "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT", "DROP INDEX alert_verdict"};
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        copy_log();
        sqlite3 *database = open_copy();
        execute(database, changes[i]);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
        struct sw_verify_report report = verify(copied);
        assert_int_equal(report.state, SW_VERIFY_BROKEN);
        assert_non_null(strstr(report.problem, "tables and views"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_log_is_whole),
        cmocka_unit_test(every_random_edit_is_found),
        cmocka_unit_test(a_changed_view_is_found),
    };
    random_state = setting("SHAREWATCH_SEED", (uint64_t)test_now_ms()) | 1;
    (void)printf("SHAREWATCH_SEED=%llu\n", (unsigned long long)random_state);
    (void)fflush(stdout);
    test_place_open(&place, NULL);
    make_log();
    list_tables();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_place_close(&place, failed != 0);
    return failed;
}
