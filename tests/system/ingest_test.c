/*
 * The monitor alone, against a real broker: what it takes, what it tells, how it ends, and that it
 * neither loses nor allocates when there is much to do.
 */
#include "sw_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "processes.h"

#define WAIT_MS 15000

static struct test_place place;
static struct test_child broker, monitor, other;
static char log_path[TEST_PATH_BYTES];
static char port[16];

/* The README's smallest event; @id and the rest of its data vary. */
static void publish(const char *id, const char *data)
{
    char payload[1024];
    (void)snprintf(payload, sizeof(payload),
                   "{\"specversion\":\"1.0\",\"id\":\"%s\","
                   "\"source\":\"urn:sharewatch:agency:DHS-OBIM\","
                   "\"type\":\"org.sharewatch.fingerprint.matched.v1\","
                   "\"time\":\"2026-11-24T10:15:00Z\",\"data\":{%s}}",
                   id, data);
    test_start(&place, &other, "publisher",
               (const char *const[]){"mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1",
                                     "-t", "sharewatch/v1/event/DHS-OBIM/fingerprint", "-m",
                                     payload, NULL});
    assert_true(test_wait_end(&other, WAIT_MS));
    assert_int_equal(other.status, 0);
}

#define MATCH                                                                                      \
    "\"actor\":{\"agency\":\"DHS-OBIM\",\"class\":\"fed_imm\",\"system\":\"IDENT\"},"              \
    "\"data_class\":\"prints\",\"subject_tok\":\"p-1\","                                           \
    "\"recipient\":{\"agency\":\"ICE\",\"class\":\"fed_imm\",\"system\":\"LESC\"}"

static void start_monitor_with(const char *option, const char *value)
{
    test_start(&place, &monitor, "monitor",
               (const char *const[]){test_program(), "monitor", "--broker", place.url, "--log",
                                     log_path, "--status-fd", "1", option, value, NULL});
    assert_true(test_wait_output(&monitor, "\"state\":\"ready\"", WAIT_MS));
}

static void start_monitor(void)
{
    start_monitor_with(NULL, NULL);
}

static void end_monitor(void)
{
    test_end(&monitor, SIGTERM);
    assert_true(WIFEXITED(monitor.status));
    assert_int_equal(WEXITSTATUS(monitor.status), 0);
}

static void assert_number(const char *sql, int64_t number)
{
    if (!test_wait_number(log_path, sql, number, WAIT_MS)) {
        fail_msg("%s gives %lld instead of %lld", sql, (long long)test_number(log_path, sql),
                 (long long)number);
    }
}

static int set_up(void **state)
{
    (void)state;
    test_place_open(&place, NULL);
    (void)test_path(&place, "log.db", log_path);
    (void)snprintf(port, sizeof(port), "%u", place.port);
    test_start_broker(&place, &broker);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_end(&other, SIGKILL);
    test_end(&monitor, SIGKILL);
    test_end(&broker, SIGKILL);
    test_place_close(&place, false);
    return 0;
}

static void start_listener(const char *topic)
{
    test_start(&place, &other, "listener",
               (const char *const[]){"mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-q", "1",
                                     "-v", "-t", topic, NULL});
}

/* What mosquitto_pub sends by hand is judged like any other, and the alert goes out on MQTT. */
static void judges_an_event_written_by_hand(void **state)
{
    (void)state;
    struct test_child listener;
    start_monitor();
    start_listener("sharewatch/v1/alert/#");
    test_sleep_ms(300);
    listener = other;

    publish("1", MATCH);

    assert_number("SELECT count(*) FROM hop WHERE edge = 'E05' AND level = 2", 1);
    assert_number("SELECT count(*) FROM event WHERE synthetic = 0 AND sequence IS NULL", 1);
    assert_true(test_wait_output(&listener, "sharewatch/v1/alert/AUTO/map {", WAIT_MS));
    test_end(&listener, SIGTERM);
    end_monitor();
}

static void takes_an_event_once_across_restarts_and_a_reused_id_never(void **state)
{
    (void)state;
    start_monitor();
    publish("1", MATCH);
    publish("1", MATCH);
    assert_number("SELECT count(*) FROM event", 1);
    end_monitor();
    publish("2", MATCH); // while it is away
    start_monitor();
    publish("1", MATCH);
    publish("1", MATCH ",\"trigger\":\"automation\"");

    assert_number("SELECT count(*) FROM event", 2);
    assert_number("SELECT count(*) FROM quarantine WHERE reason = 'id_reused'", 1);
    end_monitor();
    assert_number("SELECT count(*) FROM event", 2);
    assert_number("SELECT count(*) FROM run WHERE ended_ms >= started_ms", 2);
}

static void quarantines_what_it_does_not_understand_and_goes_on(void **state)
{
    (void)state;
    start_monitor();
    publish("1", "\"nonsense\":1");
    publish("2", MATCH);

    assert_number("SELECT count(*) FROM event", 1);
    assert_number("SELECT count(*) FROM quarantine WHERE reason = 'unknown_field'", 1);
    end_monitor();
}

static void says_that_it_is_online_and_offline(void **state)
{
    (void)state;
    start_listener("sharewatch/v1/status/monitor");
    start_monitor();
    assert_true(test_wait_output(&other, "\"state\":\"online\"", WAIT_MS));
    end_monitor();
    assert_true(test_wait_output(&other, "\"state\":\"offline\"", WAIT_MS));
}

static void says_offline_by_its_last_will_when_it_is_killed(void **state)
{
    (void)state;
    start_listener("sharewatch/v1/status/monitor");
    start_monitor();
    assert_true(test_wait_output(&other, "\"state\":\"online\"", WAIT_MS));
    test_end(&monitor, SIGKILL);
    assert_true(test_wait_output(&other, "\"state\":\"offline\"", WAIT_MS));
}

static void ends_at_once_with_a_sentence_when_there_is_no_broker(void **state)
{
    (void)state;
    test_end(&broker, SIGKILL);
    test_start(&place, &monitor, "monitor",
               (const char *const[]){test_program(), "monitor", "--broker", place.url, "--log",
                                     log_path, NULL});
    assert_true(test_wait_end(&monitor, WAIT_MS));
    assert_int_equal(WEXITSTATUS(monitor.status), 3);
    assert_true(test_wait_output(&monitor, "connection refused", 0));
}

static bool copy_policy(void)
{
    char command[TEST_PATH_BYTES * 3];
    (void)snprintf(command, sizeof(command), "cp -r '%s/monitor/policies/ca-state' '%s/'",
                   getenv("SOURCE"), place.folder);
    return system(command) == 0; // NOLINT(cert-env33-c): a fixed command
}

/* The rules may change while events come: what was known stays known, later rows name the new set.
 */
static void reads_the_policy_anew_when_told(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    assert_true(copy_policy());
    start_monitor_with("--policy", test_path(&place, "ca-state", path));
    publish("1", MATCH);
    assert_number("SELECT count(*) FROM alert", 1);

    FILE *pack = fopen(test_path(&place, "ca-state/pack.yaml", path), "a");
    assert_non_null(pack);
    assert_true(fputs("# changed\n", pack) >= 0);
    assert_int_equal(fclose(pack), 0);
    assert_int_equal(kill(monitor.pid, SIGHUP), 0);

    assert_number("SELECT count(*) FROM policy", 2);
    assert_true(test_wait_output(&monitor, "were read anew", WAIT_MS));
    publish("1", MATCH);
    publish("2", MATCH ",\"trigger\":\"automation\"");
    assert_number("SELECT policy_id FROM alert WHERE id = 2", 2);
    assert_number("SELECT count(*) FROM event", 2);
    end_monitor();
}

static void keeps_the_policy_when_the_new_one_has_mistakes(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    assert_true(copy_policy());
    start_monitor_with("--policy", test_path(&place, "ca-state", path));
    FILE *pack = fopen(test_path(&place, "ca-state/pack.yaml", path), "a");
    assert_non_null(pack);
    assert_true(fputs("nonsense: [\n", pack) >= 0);
    assert_int_equal(fclose(pack), 0);

    assert_int_equal(kill(monitor.pid, SIGHUP), 0);

    assert_true(test_wait_output(&monitor, "stay as they were", WAIT_MS));
    publish("1", MATCH);
    assert_number("SELECT count(*) FROM alert WHERE policy_id = 1", 1);
    assert_number("SELECT count(*) FROM policy", 1);
    end_monitor();
}

/* ---- much to do ---- */

static const char scenario[] =
    "scenario: much\n"
    "title: Many searches\n"
    "from: the test of the monitor\n"
    "about: much to do\n"
    "seed: 7\n"
    "start: 2025-02-01T16:00:00-08:00\n"
    "actors:\n"
    "  one: {agency: OOS-AZ, class: oos, system: FLOCK, role: detective, reports: FLOCK}\n"
    "storylines:\n"
    "  searches:\n"
    "    steps:\n"
    "      - step: search\n"
    "        at: 0\n"
    "        event: plate.search\n"
    "        actor: one\n"
    "        to: one\n"
    "        repeat: {per_day: 3000, days: 2}\n"
    "        data: {data_class: alpr_search_result, trigger: vendor_fault, share_scope: national,\n"
    "               recipient.system: OOS, reason: ICE}\n";

static void start_simulator(const char *instance)
{
    char path[TEST_PATH_BYTES];
    FILE *file = fopen(test_path(&place, "scenario.yaml", path), "w");
    assert_non_null(file);
    assert_true(fputs(scenario, file) >= 0);
    assert_int_equal(fclose(file), 0);
    test_start(&place, &other, "simulator",
               (const char *const[]){test_program(), "sim", path, "--broker", place.url,
                                     "--instance", instance, NULL});
}

static void wait_for_simulator(void)
{
    assert_true(test_wait_end(&other, 60000));
    assert_int_equal(other.status, 0);
}

#define BURST 600

/* More alerts at once than Paho holds by default. */
static void publishes_every_alert_of_a_burst(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    char command[TEST_PATH_BYTES * 2];
    struct test_child listener;
    FILE *file = fopen(test_path(&place, "burst", path), "w");
    assert_non_null(file);
    for (int i = 1; i <= BURST; i++) {
        (void)fprintf(file,
                      "{\"specversion\":\"1.0\",\"id\":\"%d\","
                      "\"source\":\"urn:sharewatch:agency:DHS-OBIM\",\"sequence\":\"%020d\","
                      "\"type\":\"org.sharewatch.fingerprint.matched.v1\","
                      "\"time\":\"2026-11-24T10:15:00Z\",\"data\":{" MATCH "}}\n",
                      i, i);
    }
    assert_int_equal(fclose(file), 0);
    start_monitor();
    start_listener("sharewatch/v1/#");
    test_sleep_ms(300);
    listener = other;
    (void)snprintf(command, sizeof(command),
                   "exec mosquitto_pub -h 127.0.0.1 -p %s -q 1 -l "
                   "-t sharewatch/v1/event/DHS-OBIM/fingerprint <'%s'",
                   port, path);

    test_start(&place, &other, "publisher", (const char *const[]){"sh", "-c", command, NULL});

    assert_true(test_wait_end(&other, WAIT_MS));
    (void)snprintf(command, sizeof(command), "{\"schema\":\"sharewatch.alert.v1\",\"id\":\"%d\"",
                   BURST);
    assert_true(test_wait_output(&listener, command, WAIT_MS));
    assert_true(test_wait_output(&listener, "\"sequence\":600}", WAIT_MS));
    for (int i = 1; i <= BURST; i++) {
        (void)snprintf(command, sizeof(command),
                       "{\"schema\":\"sharewatch.alert.v1\",\"id\":\"%d\"", i);
        assert_true(test_wait_output(&listener, command, 0));
    }
    end_monitor();
}

/* Somebody else holds the log for a while: the spool fills, nothing more is acknowledged, the
 * broker keeps the rest, and alerts and receipts go on when the log is free again. */
static void pushes_back_towards_the_broker_while_the_spool_is_full(void **state)
{
    (void)state;
    sqlite3 *database = NULL;
    start_monitor_with("--spool-mib", "1");
    assert_int_equal(sqlite3_open(log_path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    start_simulator("full");
    test_sleep_ms(2500);
    assert_true(test_is_running(&other));
    assert_int_equal(sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);

    wait_for_simulator();

    assert_number("SELECT count(*) FROM event", 6000);
    assert_number("SELECT total > 0 FROM loss WHERE what = 'spool_waits' LIMIT 1", 1);
    end_monitor();
}

static const uint64_t *map_counts(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    (void)close(file);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

/* The loop allocates nothing once it runs, and neither does SQLite, whose memory was reserved at
 * the start; heads are signed in another process. Nothing is left to libraries but the odd buffer
 * of libuv or the C library, should a connection be lost meanwhile. */
static void allocates_nothing_for_an_event(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    if (SW_ALLOCATION_COUNTER[0] == '\0') {
        skip(); // a sanitizer has an allocator of its own
    }
    assert_int_equal(setenv("SW_ALLOCATIONS", test_path(&place, "allocations", path), 1), 0);
    assert_int_equal(setenv("LD_PRELOAD", SW_ALLOCATION_COUNTER, 1), 0);
    start_monitor();
    assert_int_equal(unsetenv("LD_PRELOAD"), 0);
    volatile const uint64_t *counts = map_counts(path);
    start_simulator("first");
    wait_for_simulator();
    uint64_t own = counts[0];
    uint64_t libraries = counts[1];
    assert_true(own > 0); // it counts

    start_simulator("second");
    wait_for_simulator();

    assert_number("SELECT count(*) FROM event", 12000);
    (void)printf("6000 events: %llu allocations of the monitor, %llu of its libraries\n",
                 (unsigned long long)(counts[0] - own),
                 (unsigned long long)(counts[1] - libraries));
    assert_int_equal(counts[0] - own, 0);
    assert_in_range(counts[1] - libraries, 0, 49);

    end_monitor();
}

/* ---- TLS ---- */

static bool make_certificates(void)
{
    char command[TEST_PATH_BYTES * 4];
    (void)snprintf(
        command, sizeof(command),
        "cd '%s' && for who in server other; do openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
        "-keyout $who.key -out $who.crt -subj /CN=broker.test "
        "-addext subjectAltName=IP:127.0.0.1 2>/dev/null || exit 1; done",
        place.folder);
    return system(command) == 0; // NOLINT(cert-env33-c): a fixed command
}

static void start_tls_broker(void)
{
    char path[TEST_PATH_BYTES];
    FILE *file = fopen(test_path(&place, "broker.conf", path), "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "listener %u 127.0.0.1\nallow_anonymous true\ncertfile %s/server.crt\n"
                  "keyfile %s/server.key\n%s",
                  place.port, place.folder, place.folder, geteuid() == 0 ? "user root\n" : "");
    assert_int_equal(fclose(file), 0);
    test_end(&broker, SIGKILL);
    test_start(&place, &broker, "broker",
               (const char *const[]){
                   access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto",
                   "-c", path, NULL});
    for (int i = 0; i < 500 && !test_port_is_open(place.port); i++) {
        test_sleep_ms(10);
    }
}

static int run_with_tls(const char *host, const char *ca)
{
    char url[64];
    char path[TEST_PATH_BYTES];
    (void)snprintf(url, sizeof(url), "mqtts://%s:%u", host, place.port);
    test_start(&place, &monitor, "monitor",
               (const char *const[]){test_program(), "monitor", "--broker", url, "--log", log_path,
                                     "--ca-file", test_path(&place, ca, path), "--status-fd", "1",
                                     NULL});
    bool ready = test_wait_output(&monitor, "\"state\":\"ready\"", WAIT_MS);
    test_end(&monitor, ready ? SIGTERM : SIGKILL);
    return WIFEXITED(monitor.status) ? WEXITSTATUS(monitor.status) : -1;
}

static void checks_the_broker_by_its_certificate(void **state)
{
    (void)state;
    if (!make_certificates()) {
        skip(); // openssl is not installed
    }
    start_tls_broker();
    assert_int_equal(run_with_tls("127.0.0.1", "server.crt"), 0);
    assert_int_equal(run_with_tls("127.0.0.1", "other.crt"), 3);
    assert_true(test_wait_output(&monitor, "not signed by anyone we trust", 0));
    assert_int_equal(run_with_tls("localhost", "server.crt"), 3);
    assert_true(test_wait_output(&monitor, "another host name", 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(judges_an_event_written_by_hand),
        TEST(takes_an_event_once_across_restarts_and_a_reused_id_never),
        TEST(quarantines_what_it_does_not_understand_and_goes_on),
        TEST(says_that_it_is_online_and_offline),
        TEST(says_offline_by_its_last_will_when_it_is_killed),
        TEST(ends_at_once_with_a_sentence_when_there_is_no_broker),
        TEST(reads_the_policy_anew_when_told),
        TEST(keeps_the_policy_when_the_new_one_has_mistakes),
        TEST(publishes_every_alert_of_a_burst),
        TEST(pushes_back_towards_the_broker_while_the_spool_is_full),
        TEST(allocates_nothing_for_an_event),
        TEST(checks_the_broker_by_its_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
