/*
 * A prune that is killed between its commit and its signature: the log says what it is, and the
 * next prune signs it.
 */
#include "sw_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sharewatch/log.h>
#include <sharewatch/now.h>
#include <sharewatch/prune.h>
#include <sharewatch/verify.h>

#include "processes.h"

#define YEARS_10_MS (INT64_C(3653) * 24 * 3600 * 1000)

static struct test_place place;
static char path[TEST_PATH_BYTES];

static void run_program(const char *const *arguments, const char *name, const char *says)
{
    struct test_child child = {0};
    test_start(&place, &child, name, arguments);
    bool said = says == NULL || test_wait_output(&child, says, 120000);
    if (!test_wait_end(&child, 120000) || child.status != 0 || !said) {
        test_print_output(&place, name);
        fail_msg("%s failed", name);
    }
}

static struct sw_verify_report verify(void)
{
    static struct sw_verify_report report;
    const struct sw_verify_options options = {.threads = 1};
    if (sw_verify_log(path, &options, &report) != SW_OK) {
        fail_msg("%s", report.problem);
    }
    return report;
}

/* In a process of its own, as SQLite's locks go with it. */
static void prune_and_die(void)
{
    static struct sw_log log;
    struct sw_prune_counts counts;
    if (sw_log_open(&log, path) == SW_OK && sw_prune(&log, sw_now_ms() + YEARS_10_MS, &counts) &&
        sw_log_commit(&log) == SW_OK) {
        (void)raise(SIGKILL);
    }
    _exit(1);
}

static void a_killed_prune_is_told_of_and_signed_by_the_next(void **state)
{
    const char *const prune[] = {test_program(), "prune", path, NULL};
    const char *const look[] = {test_program(), "verify", path, NULL};
    int status = 0;
    (void)state;
    struct sw_verify_report before = verify();
    assert_int_equal(before.state, SW_VERIFY_WHOLE);
    assert_true(before.checkpoints > 0);
    assert_int_equal(before.unsigned_entries, 0);

    pid_t child = fork();
    if (child == 0) {
        prune_and_die();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));

    struct sw_verify_report killed = verify();
    assert_string_equal(killed.problem, "");
    assert_int_equal(killed.state, SW_VERIFY_WHOLE);
    assert_true(killed.unsigned_deletion);
    assert_true(killed.unsigned_entries > 0);
    assert_int_equal(killed.payloads_gone, killed.events);
    run_program(look, "verify", "was broken off before it was signed");

    run_program(prune, "prune", NULL);
    struct sw_verify_report after = verify();
    assert_int_equal(after.state, SW_VERIFY_WHOLE);
    assert_false(after.unsigned_deletion);
    assert_int_equal(after.unsigned_entries, 0);
    assert_int_equal(after.payloads_gone, after.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_prune_is_told_of_and_signed_by_the_next),
    };
    char scenario[TEST_PATH_BYTES];
    const char *source = getenv("SOURCE");
    test_place_open(&place, NULL);
    (void)test_path(&place, "log.db", path);
    (void)snprintf(scenario, sizeof(scenario), "%s/scenarios/subject-a",
                   source != NULL ? source : ".");
    const char *const live[] = {test_program(),   "run",   scenario, "--speed", "max",
                                "--no-dashboard", "--log", path,     NULL};
    run_program(live, "run", NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_place_close(&place, failed != 0);
    return failed;
}
