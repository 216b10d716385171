#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/log.h>
#include <sharewatch/verify.h>

#include "log_place.h"
#include "log_run.h"

static struct test_log_place place;
static struct sw_log log_file;

static void open_log(void)
{
    if (sw_log_open(&log_file, place.path) != SW_OK ||
        sw_log_start_run(&log_file, &test_log_run) != SW_OK) {
        fail_msg("%s", log_file.sentence);
    }
}

static int set_up(void **state)
{
    (void)state;
    test_log_place_open(&place);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sw_log_close(&log_file);
    return test_log_place_close(&place);
}

static struct sw_verify_report verify_on(uint32_t threads)
{
    static struct sw_verify_report report;
    const struct sw_verify_options options = {.threads = threads};
    if (sw_verify_log(place.path, &options, &report) != SW_OK) {
        fail_msg("%s", report.problem);
    }
    return report;
}

static struct sw_verify_report verify(void)
{
    return verify_on(1);
}

static void add_losses(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        sw_log_add_loss(&log_file, "packets", i, 7);
    }
    assert_int_equal(sw_log_commit(&log_file), SW_OK);
}

static void change(const char *sql)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(place.path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* Around every border of a tile, and once over 65,536, where the tree gets a third level. */
static void goes_on_after_each_restart(void **state)
{
    static const uint64_t steps[] = {0, 1, 248, 1, 1, 253, 3, 500, 66000, 1};
    uint64_t losses = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        open_log();
        add_losses(steps[i]);
        losses += steps[i];
        sw_log_close(&log_file);
        struct sw_verify_report report = verify();
        assert_string_equal(report.problem, "");
        assert_int_equal(report.state, SW_VERIFY_WHOLE);
        /* Its name, map and policy once, then the runs. */
        assert_int_equal(report.entries, 3 + i + 1 + losses);
    }
}

static void verifies_while_a_writer_has_it_open(void **state)
{
    (void)state;
    open_log();
    add_losses(10);
    sw_log_add_loss(&log_file, "not committed yet", 1, 7);
    struct sw_verify_report report = verify();
    assert_int_equal(report.state, SW_VERIFY_WHOLE);
    assert_int_equal(report.entries, 4 + 10);
    assert_int_equal(sw_log_commit(&log_file), SW_OK);
    assert_int_equal(verify().entries, 4 + 11);
}

static void names_the_entry_and_the_row_that_was_changed(void **state)
{
    (void)state;
    open_log();
    add_losses(10);
    sw_log_close(&log_file);
    change("UPDATE loss SET total = 99 WHERE id = 5");
    struct sw_verify_report report = verify();
    assert_int_equal(report.state, SW_VERIFY_BROKEN);
    assert_int_equal(report.bad_entry, 8);
    assert_string_equal(report.problem,
                        "entry 8 (loss, row 5 of `loss`) does not fit: the row was changed");
    change("UPDATE loss SET total = 4 WHERE id = 5");
    assert_int_equal(verify().state, SW_VERIFY_WHOLE);
}

/* Several pieces, of which each thread gets some. Of two bad places the first one counts. */
static void answers_the_same_on_any_number_of_threads(void **state)
{
    static const char *const changes[] = {
        "UPDATE loss SET what = what WHERE id = 1", // nothing
        "UPDATE loss SET total = -1 WHERE id IN (4321, 6789)",
        "UPDATE loss SET total = id - 1 WHERE id = 4321",
        "UPDATE entry SET id = -1 WHERE id = 6000",
        "UPDATE entry SET salts = x'00' WHERE id = 2500",
        "UPDATE tile SET hashes = zeroblob(8192) WHERE id = 5",
        "DELETE FROM loss WHERE id = 1020",
        "DELETE FROM entry WHERE id = 1023",
    };
    static const uint32_t threads[] = {2, 3, 7, 16, 0};
    (void)state;
    open_log();
    add_losses(9000);
    sw_log_close(&log_file);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        change(changes[i]);
        struct sw_verify_report one = verify_on(1);
        assert_int_equal(one.state, i == 0 ? SW_VERIFY_WHOLE : SW_VERIFY_BROKEN);
        for (size_t j = 0; j < sizeof(threads) / sizeof(threads[0]); j++) {
            struct sw_verify_report some = verify_on(threads[j]);
            assert_int_equal(some.state, one.state);
            assert_int_equal(some.bad_entry, one.bad_entry);
            assert_string_equal(some.problem, one.problem);
            assert_int_equal(some.rows, one.rows);
            assert_memory_equal(some.root, one.root, sizeof(one.root));
        }
    }
}

static bool stop_late(void *context, uint64_t entries, uint64_t total)
{
    uint64_t *seen = context;
    assert_true(entries > *seen);
    assert_int_equal(total, 4 + 9000);
    *seen = entries;
    return entries < 5000;
}

static void tells_how_far_it_is_and_stops_when_asked(void **state)
{
    static struct sw_verify_report report;
    static const uint32_t threads[] = {1, 3};
    (void)state;
    open_log();
    add_losses(9000);
    sw_log_close(&log_file);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        uint64_t seen = 0;
        const struct sw_verify_options options = {
            .threads = threads[i], .progress = stop_late, .context = &seen};
        assert_int_equal(sw_verify_log(place.path, &options, &report), SW_STOPPED);
        assert_true(seen >= 5000 && seen < 9000);
    }
}

static void names_a_row_that_was_put_in(void **state)
{
    (void)state;
    open_log();
    add_losses(3);
    sw_log_close(&log_file);
    change("INSERT INTO loss SELECT 9, what, total, ts_logged, run_id FROM loss WHERE id = 1");
    struct sw_verify_report report = verify();
    assert_int_equal(report.state, SW_VERIFY_BROKEN);
    assert_string_equal(report.problem, "`loss` has 4 rows, the entries know 3: row 9 was put in");
}

static void seals_settings_also_in_a_log_that_was_begun_without_their_table(void **state)
{
    (void)state;
    struct sw_log_run run = test_log_run;
    open_log();
    sw_log_close(&log_file);
    change("DROP TABLE setting");
    assert_int_equal(verify().state, SW_VERIFY_WHOLE);

    run.state_mib = 5;
    assert_int_equal(sw_log_open(&log_file, place.path), SW_OK);
    assert_int_equal(sw_log_start_run(&log_file, &run), SW_OK);
    sw_log_close(&log_file);
    struct sw_verify_report report = verify();
    assert_string_equal(report.problem, "");
    assert_int_equal(report.state, SW_VERIFY_WHOLE);
    assert_int_equal(report.entries, 3 + 1 + 2);

    change("UPDATE setting SET value = 6");
    assert_int_equal(verify().state, SW_VERIFY_BROKEN);
    change("DROP TABLE setting");
    assert_int_equal(verify().state, SW_VERIFY_BROKEN);
}

static void says_that_a_log_has_no_seal(void **state)
{
    (void)state;
    open_log();
    sw_log_close(&log_file);
    change("DELETE FROM entry");
    assert_int_equal(verify().state, SW_VERIFY_UNSEALED);
}

/* A log of the version before is read, and not gone on with. */
static void refuses_to_write_a_log_without_a_seal(void **state)
{
    (void)state;
    open_log();
    sw_log_close(&log_file);
    change("PRAGMA user_version = 1");
    assert_int_equal(sw_log_open(&log_file, place.path), SW_DATABASE);
    assert_non_null(strstr(log_file.sentence, "--to NEW"));
    assert_int_equal(verify().state, SW_VERIFY_UNSEALED);
}

/* What the writer needs of the tree at its start is looked at there. */
static void refuses_to_go_on_with_a_damaged_seal(void **state)
{
    (void)state;
    open_log();
    add_losses(300);
    sw_log_close(&log_file);
    change("DELETE FROM tile");
    assert_int_equal(sw_log_open(&log_file, place.path), SW_DATABASE);
    assert_non_null(strstr(log_file.sentence, "its seal is damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_on_after_each_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(verifies_while_a_writer_has_it_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_the_entry_and_the_row_that_was_changed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(answers_the_same_on_any_number_of_threads, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tells_how_far_it_is_and_stops_when_asked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_a_row_that_was_put_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            seals_settings_also_in_a_log_that_was_begun_without_their_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_a_log_has_no_seal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_to_write_a_log_without_a_seal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_to_go_on_with_a_damaged_seal, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
