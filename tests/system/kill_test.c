/*
 * The promise: an event that was published is in the log exactly once, whatever is killed when.
 *
 * Simulators send scenario after scenario at full speed while monitor, broker and simulator are
 * killed with SIGKILL at random moments. Then the log is compared, byte for byte, with what the
 * same simulators write to files.
 *
 *   SHAREWATCH_KILLS   how often the monitor dies, 20 by default; 1000 for a night
 *   SHAREWATCH_SEED    of the moments, printed at the start
 */
#include "sw_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/verify.h>

#include "processes.h"

#define KILLS         20
#define UPTIME_MS_MIN 150
#define UPTIME_MS_MAX 1800
#define BROKER_EVERY  5 // of the monitor's deaths, the broker dies too at every fifth
#define SIM_EVERY     3
#define SETTLE_MS_MAX 60000
#define GAP_MS_MAX    90000 // a hole is told of after a minute

static const char scenario[] =
    "scenario: kill\n"
    "title: Many searches and reads\n"
    "from: the kill test\n"
    "about: nothing is to be lost of it\n"
    "seed: 7\n"
    "start: 2025-02-01T16:00:00-08:00\n"
    "actors:\n"
    "  one: {agency: OOS-AZ, class: oos, system: FLOCK, role: detective, reports: FLOCK}\n"
    "  two: {agency: LAPD, class: local, system: LAPD-STAFF, role: detective}\n"
    "storylines:\n"
    "  searches:\n"
    "    steps:\n"
    "      - step: search\n"
    "        at: 0\n"
    "        event: plate.search\n"
    "        actor: one\n"
    "        to: one\n"
    "        repeat: {per_day: 2000, days: 3}\n"
    "        data: {data_class: alpr_search_result, trigger: vendor_fault, share_scope: national,\n"
    "               recipient.system: OOS, reason: ICE}\n"
    "  reads:\n"
    "    steps:\n"
    "      - step: read\n"
    "        at: 0\n"
    "        event: plate.read\n"
    "        actor: two\n"
    "        repeat: {per_day: 1000, days: 3}\n"
    "        data: {data_class: alpr_read, trigger: automation}\n";

struct chaos {
    struct test_place place;
    struct test_child broker, monitor, simulator;
    char scenario[TEST_PATH_BYTES];
    char log[TEST_PATH_BYTES];
    char instance[32]; // of the running simulator
    int instances;     // begun, from 1
    uint64_t random;
};

static struct chaos chaos;

/* xorshift64: repeatable moments. */
static int64_t random_below(int64_t limit)
{
    chaos.random ^= chaos.random << 13;
    chaos.random ^= chaos.random >> 7;
    chaos.random ^= chaos.random << 17;
    return (int64_t)(chaos.random % (uint64_t)limit);
}

static void start_monitor(void)
{
    test_start(&chaos.place, &chaos.monitor, "monitor",
               (const char *const[]){test_program(), "monitor", "--broker", chaos.place.url,
                                     "--log", chaos.log, "--spool-mib", "1", NULL});
}

static void start_simulator(void)
{
    test_start(&chaos.place, &chaos.simulator, "simulator",
               (const char *const[]){test_program(), "sim", chaos.scenario, "--broker",
                                     chaos.place.url, "--instance", chaos.instance, NULL});
}

static void start_next_instance(void)
{
    (void)snprintf(chaos.instance, sizeof(chaos.instance), "i%d", ++chaos.instances);
    start_simulator();
}

static bool ended_well(const struct test_child *child)
{
    return WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
}

/* Whoever died comes back, as under a supervisor; a simulator that is done makes room for the
 * next, when @more is wanted. */
static void keep_alive(bool more)
{
    if (!test_is_running(&chaos.broker)) {
        test_start_broker(&chaos.place, &chaos.broker);
    }
    if (!test_is_running(&chaos.monitor)) {
        start_monitor();
    }
    if (!test_is_running(&chaos.simulator)) {
        if (!ended_well(&chaos.simulator)) {
            start_simulator();
        } else if (more) {
            start_next_instance();
        }
    }
}

static void live_for(int64_t ms)
{
    for (int64_t until_ms = test_now_ms() + ms; test_now_ms() < until_ms;) {
        keep_alive(true);
        test_sleep_ms(10);
    }
}

/* An event by hand from a source of its own: the test's own gap is at number 2. */
static void publish_by_hand(int sequence)
{
    char payload[512];
    char port[16];
    struct test_child publisher;
    (void)snprintf(port, sizeof(port), "%u", chaos.place.port);
    (void)snprintf(payload, sizeof(payload),
                   "{\"specversion\":\"1.0\",\"id\":\"hand-%d\","
                   "\"source\":\"urn:sharewatch:agency:LAPD:hand\","
                   "\"type\":\"org.sharewatch.plate.read.v1\",\"time\":\"2026-11-24T10:15:00Z\","
                   "\"sequence\":\"%020d\",\"data\":{\"actor\":{\"agency\":\"LAPD\"}}}",
                   sequence, sequence);
    test_start(&chaos.place, &publisher, "by-hand",
               (const char *const[]){"mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1",
                                     "-t", "sharewatch/v1/event/LAPD/plate", "-m", payload, NULL});
    while (test_is_running(&publisher)) {
        test_sleep_ms(5);
    }
    assert_true(ended_well(&publisher));
}

static void kill_at_random(long kills)
{
    for (long i = 1; i <= kills; i++) {
        live_for(UPTIME_MS_MIN + random_below(UPTIME_MS_MAX - UPTIME_MS_MIN));
        test_end(&chaos.monitor, SIGKILL);
        if (i % BROKER_EVERY == 0) {
            test_end(&chaos.broker, SIGKILL);
        }
        if (i % SIM_EVERY == 0) {
            test_end(&chaos.simulator, SIGKILL);
        }
    }
}

static void settle(void)
{
    for (int64_t until_ms = test_now_ms() + SETTLE_MS_MAX; test_now_ms() < until_ms;) {
        keep_alive(false);
        if (chaos.simulator.pid == 0 && ended_well(&chaos.simulator)) {
            return;
        }
        test_sleep_ms(20);
    }
    fail_msg("the last simulator does not get its receipts");
}

/* Copies the text behind `"@key":"` in @line to @value. */
static void read_attribute(const char *line, const char *key, char *value, size_t value_bytes)
{
    char pattern[32];
    (void)snprintf(pattern, sizeof(pattern), "\"%s\":\"", key);
    const char *found = strstr(line, pattern);
    assert_non_null(found);
    found += strlen(pattern);
    (void)snprintf(value, value_bytes, "%.*s", (int)strcspn(found, "\""), found);
}

/* Each line of the simulator's file is in the log, as it is. Returns how many lines there are. */
static int64_t compare_file(sqlite3_stmt *find, FILE *file)
{
    static char line[65536];
    int64_t count = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        char source[160];
        char id[80];
        line[strcspn(line, "\n")] = '\0';
        read_attribute(line, "source", source, sizeof(source));
        read_attribute(line, "id", id, sizeof(id));
        (void)sqlite3_bind_text(find, 1, source, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(find, 2, id, -1, SQLITE_STATIC);
        if (sqlite3_step(find) != SQLITE_ROW) {
            fail_msg("%s of %s is not in the log", id, source);
        }
        assert_string_equal((const char *)sqlite3_column_text(find, 0), line);
        (void)sqlite3_reset(find);
        count++;
    }
    return count;
}

static int64_t compare_instance(sqlite3_stmt *find, int instance)
{
    char name[32];
    char path[TEST_PATH_BYTES];
    struct test_child writer;
    (void)snprintf(name, sizeof(name), "i%d", instance);
    (void)test_path(&chaos.place, "expected.jsonl", path);
    test_start(&chaos.place, &writer, "writer",
               (const char *const[]){test_program(), "sim", chaos.scenario, "--to", path,
                                     "--instance", name, NULL});
    while (test_is_running(&writer)) {
        test_sleep_ms(5);
    }
    assert_true(ended_well(&writer));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int64_t count = compare_file(find, file);
    (void)fclose(file);
    (void)unlink(path);
    return count;
}

static void compare_log(void)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *find = NULL;
    int64_t expected = 2; // by hand
    assert_int_equal(sqlite3_open_v2(chaos.log, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(database, 5000); // a WAL being recovered is locked
    assert_int_equal(
        sqlite3_prepare_v2(database,
                           "SELECT payload FROM event WHERE event_id = ?2 AND source_id = "
                           "(SELECT id FROM source WHERE name = ?1)",
                           -1, &find, NULL),
        SQLITE_OK);
    for (int i = 1; i <= chaos.instances; i++) {
        expected += compare_instance(find, i);
    }
    (void)sqlite3_finalize(find);
    (void)sqlite3_close(database);
    (void)printf("%lld events of %d simulators, %lld runs of the monitor\n", (long long)expected,
                 chaos.instances, (long long)test_number(chaos.log, "SELECT count(*) FROM run"));
    assert_int_equal(test_number(chaos.log, "SELECT count(*) FROM event"), expected);
    assert_int_equal(test_number(chaos.log, "SELECT max(id) FROM event"), expected);
}

/* What holds of every log, whatever happened. */
static void check_rows(void)
{
    const struct {
        const char *sql;
        int64_t number;
    } facts[] = {
        {"SELECT count(*) FROM quarantine", 0},
        {"SELECT count(*) FROM source WHERE highest <> contiguous", 0},
        {"SELECT count(*) - max(id) FROM alert", 0},
        {"SELECT count(*) - max(id) FROM hop", 0},
        {"SELECT count(*) FROM (SELECT 1 FROM hop GROUP BY event HAVING count(*) > 1)", 0},
        {"SELECT sum(hops) - (SELECT count(*) FROM hop) FROM edge_day", 0},
        {"SELECT count(*) FROM hop WHERE alert NOT IN (SELECT id FROM alert)", 0},
        {"SELECT count(*) FROM pragma_foreign_key_check", 0},
        {"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'", 1},
        {"SELECT count(*) FROM loss WHERE what <> 'chains_evicted' AND what <> 'spool_waits'", 0},
        {"SELECT count(*) FROM gap", 1},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        int64_t number = test_number(chaos.log, facts[i].sql);
        if (number != facts[i].number) {
            fail_msg("%s gives %lld", facts[i].sql, (long long)number);
        }
    }
}

/* Deaths leave a sealed log whole: a row and its entry are in it, or neither. */
static void check_seal(void)
{
    static struct sw_verify_report report;
    static const struct sw_verify_options options;
    assert_int_equal(sw_verify_log(chaos.log, &options, &report), SW_OK);
    assert_string_equal(report.problem, "");
    assert_int_equal(report.state, SW_VERIFY_WHOLE);
}

static void loses_nothing_and_doubles_nothing_whatever_is_killed(void **state)
{
    (void)state;
    const char *kills = getenv("SHAREWATCH_KILLS");
    test_start_broker(&chaos.place, &chaos.broker);
    start_monitor();
    assert_true(test_wait_number(chaos.log, "SELECT count(*) FROM run", 1, 10000));
    test_sleep_ms(500); // it subscribes
    publish_by_hand(1);
    publish_by_hand(3);
    start_next_instance();

    kill_at_random(kills != NULL ? strtol(kills, NULL, 10) : KILLS);
    settle();

    compare_log();
    assert_true(test_wait_number(chaos.log,
                                 "SELECT count(*) FROM gap JOIN source ON source.id = source_id "
                                 "WHERE first = 2 AND last = 2 AND filled = 0 "
                                 "AND name = 'urn:sharewatch:agency:LAPD:hand'",
                                 1, GAP_MS_MAX));
    test_end(&chaos.monitor, SIGTERM);
    assert_true(ended_well(&chaos.monitor));
    check_rows();
    check_seal();
}

/* A mistake in the scenario above is told at once. */
static bool scenario_is_good(void)
{
    struct test_child lister;
    test_start(&chaos.place, &lister, "simulator",
               (const char *const[]){test_program(), "sim", chaos.scenario, "--list", NULL});
    while (test_is_running(&lister)) {
        test_sleep_ms(5);
    }
    return ended_well(&lister);
}

static int set_up(void **state)
{
    (void)state;
    const char *seed = getenv("SHAREWATCH_SEED");
    chaos.random = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    (void)printf("SHAREWATCH_SEED=%llu\n", (unsigned long long)chaos.random);
    test_place_open(&chaos.place, NULL);
    FILE *file = fopen(test_path(&chaos.place, "scenario.yaml", chaos.scenario), "w");
    if (file == NULL || fputs(scenario, file) < 0) {
        return -1;
    }
    (void)test_path(&chaos.place, "log.db", chaos.log);
    return fclose(file) == 0 && scenario_is_good() ? 0 : -1;
}

static int failed_tests = 1;

static int tear_down(void **state)
{
    (void)state;
    test_end(&chaos.simulator, SIGKILL);
    test_end(&chaos.monitor, SIGKILL);
    test_end(&chaos.broker, SIGKILL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loses_nothing_and_doubles_nothing_whatever_is_killed,
                                        set_up, tear_down),
    };
    failed_tests = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed_tests != 0) {
        test_print_output(&chaos.place, "monitor");
        test_print_output(&chaos.place, "simulator");
        test_print_output(&chaos.place, "broker");
    }
    test_place_close(&chaos.place, failed_tests != 0);
    return failed_tests;
}
