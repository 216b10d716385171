#include "sw_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/wire.h>

#include "digest.h"
#include "spool.h"

#define RING SW_SPOOL_BYTES_MIN

static char path[64];
static struct sw_spool spool;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/sw-spool-test-XXXXXX");
    int descriptor = mkstemp(path);
    return descriptor >= 0 ? close(descriptor) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sw_spool_close(&spool);
    return unlink(path);
}

static void open_spool(int64_t file, int64_t position)
{
    if (sw_spool_open(&spool, path, RING, file, position) != SW_OK) {
        fail_msg("%s", spool.sentence);
    }
}

static void append(const char *topic, const char *payload, uint32_t payload_bytes)
{
    struct sw_packet packet = {
        .topic = sw_text_from(topic), .payload = {payload, payload_bytes}, .received_ms = 42};
    assert_true(sw_digest_once(packet.payload, packet.digest));
    sw_spool_append(&spool, &packet);
}

static void append_string(const char *payload)
{
    append("a/b", payload, (uint32_t)strlen(payload));
}

static void assert_next(const char *payload)
{
    struct sw_spooled taken;
    assert_int_equal(sw_spool_take(&spool, &taken), SW_OK);
    assert_true(taken.kept);
    assert_text_equal(taken.packet.topic, "a/b");
    assert_text_equal(taken.packet.payload, payload);
    assert_int_equal(taken.packet.received_ms, 42);
}

static void assert_empty(void)
{
    struct sw_spooled taken;
    assert_int_equal(sw_spool_take(&spool, &taken), SW_EMPTY);
}

static void gives_packets_in_their_order(void **state)
{
    (void)state;
    open_spool(0, 0);
    assert_empty();
    append_string("one");
    append_string("");
    append_string("three");
    assert_int_equal(sw_spool_oldest_ms(&spool), 42);

    assert_next("one");
    assert_next("");
    assert_next("three");
    assert_empty();

    sw_spool_release(&spool, spool.next);
    assert_int_equal(sw_spool_used(&spool), 0);
    assert_int_equal(sw_spool_oldest_ms(&spool), 0);
}

/* The ring is mapped twice, so a packet may lie over its end. */
static void goes_round_many_times(void **state)
{
    (void)state;
    static char payload[30000];
    open_spool(0, 0);
    for (int i = 0; i < 200; i++) {
        uint32_t length = (uint32_t)(10000 + i * 100);
        memset(payload, 'a' + i % 26, length);
        append("a/b", payload, length);
        struct sw_spooled taken;
        assert_int_equal(sw_spool_take(&spool, &taken), SW_OK);
        assert_int_equal(taken.packet.payload.length, length);
        assert_memory_equal(taken.packet.payload.bytes, payload, length);
        sw_spool_release(&spool, taken.after);
    }
    assert_true(spool.next > RING * 8);
}

static void takes_again_what_the_log_does_not_have(void **state)
{
    (void)state;
    open_spool(0, 0);
    append_string("one");
    append_string("two");
    append_string("three");
    assert_next("one");
    int64_t file = spool.header->file;
    int64_t position = (int64_t)spool.next;
    assert_next("two");
    sw_spool_close(&spool);

    open_spool(file, position);
    assert_next("two");
    assert_next("three");
    assert_empty();
}

/* After a change of the log everything that is kept is taken; the log knows duplicates. */
static void takes_all_when_the_log_knows_another_file(void **state)
{
    (void)state;
    open_spool(0, 0);
    append_string("one");
    append_string("two");
    int64_t file = spool.header->file;
    sw_spool_close(&spool);

    open_spool(file + 1, 999);
    assert_next("one");
    sw_spool_close(&spool);
    open_spool(file, 1000000);
    assert_next("one");
}

/* A child appends and is killed in the middle of it: what it finished is there, whole. */
static void outlives_a_kill(void **state)
{
    (void)state;
    open_spool(0, 0);
    sw_spool_close(&spool);
    pid_t child = fork();
    if (child == 0) {
        open_spool(0, 0);
        for (int i = 0;; i++) {
            char payload[32];
            (void)snprintf(payload, sizeof(payload), "%d", i);
            append_string(payload);
        }
    }
    (void)nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);

    open_spool(0, 0);
    struct sw_spooled taken;
    int count = 0;
    for (; sw_spool_take(&spool, &taken) == SW_OK; count++) {
        char payload[32];
        (void)snprintf(payload, sizeof(payload), "%d", count);
        assert_text_equal(taken.packet.payload, payload);
    }
    assert_true(count > 100);
    assert_empty();
}

static void *append_until_full(void *context)
{
    _Atomic int *appended = context;
    static char payload[20000];
    for (int i = 0; i < 20; i++) {
        append("a/b", payload, sizeof(payload));
        (void)atomic_fetch_add(appended, 1);
    }
    return NULL;
}

static void wait_for(_Atomic int *value, int at_least)
{
    for (int i = 0; i < 2000 && atomic_load(value) < at_least; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* A full spool holds the MQTT thread, and with it the broker, until the loop has made room. */
static void waits_while_it_is_full(void **state)
{
    (void)state;
    _Atomic int appended = 0;
    pthread_t thread;
    open_spool(0, 0);
    assert_int_equal(pthread_create(&thread, NULL, append_until_full, &appended), 0);
    wait_for(&appended, 13);
    (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(atomic_load(&appended), 13); // 13 × 20 kB fit into 256 KiB
    assert_int_equal(atomic_load(&spool.waits_total), 1);

    for (int i = 0; i < 20; i++) {
        struct sw_spooled taken;
        wait_for(&appended, i + 1);
        assert_int_equal(sw_spool_take(&spool, &taken), SW_OK);
        sw_spool_release(&spool, taken.after);
    }

    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&appended), 20);
    assert_true(atomic_load(&spool.wait_ms_total) >= 40);
}

static void keeps_the_length_of_what_is_too_long_to_keep(void **state)
{
    (void)state;
    static char payload[SW_PACKET_BYTES_MAX + 1];
    char topic[SW_TOPIC_BYTES_MAX + 40];
    struct sw_spooled taken;
    memset(topic, 't', sizeof(topic) - 1);
    topic[sizeof(topic) - 1] = '\0';
    open_spool(0, 0);
    append(topic, payload, sizeof(payload));
    append_string("after");

    assert_int_equal(sw_spool_take(&spool, &taken), SW_OK);
    assert_false(taken.kept);
    assert_int_equal(taken.packet.payload.length, SW_PACKET_BYTES_MAX + 1);
    assert_int_equal(taken.packet.topic.length, SW_TOPIC_BYTES_MAX + 1);
    assert_next("after");
}

/* Pages of a ring may be older than its header after a power cut. */
static void notices_damage_and_goes_on_after_it(void **state)
{
    (void)state;
    open_spool(0, 0);
    append_string("one");
    append_string("two");
    assert_next("one");
    spool.ring[spool.next + 20] ^= 1;
    sw_spool_close(&spool);

    open_spool(0, 0);
    append_string("new");
    struct sw_spooled taken;
    assert_next("one");
    assert_int_equal(sw_spool_take(&spool, &taken), SW_MALFORMED);
    assert_next("new");
}

static void notices_a_payload_that_is_not_what_was_digested(void **state)
{
    (void)state;
    open_spool(0, 0);
    append_string("one");
    append_string("two");
    uint32_t place = 0;
    while (place < 4096 && memcmp(spool.ring + place, "one", 3) != 0) {
        place++;
    }
    assert_memory_equal(spool.ring + place, "one", 3);
    spool.ring[place] = 'O';
    sw_spool_close(&spool);

    open_spool(0, 0);
    struct sw_spooled taken;
    assert_int_equal(sw_spool_take(&spool, &taken), SW_MALFORMED);
    assert_next("two");
}

static void refuses_a_file_that_is_no_spool(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("holiday pictures", file) >= 0);
    assert_int_equal(fclose(file), 0);

    assert_int_equal(sw_spool_open(&spool, path, RING, 0, 0), SW_IO);

    assert_non_null(strstr(spool.sentence, "not a spool"));
}

static void is_used_by_one_monitor_and_readable_by_nobody_else(void **state)
{
    (void)state;
    struct stat status;
    static struct sw_spool second;
    assert_int_equal(unlink(path), 0);
    open_spool(0, 0);

    assert_int_equal(sw_spool_open(&second, path, RING, 0, 0), SW_IO);

    assert_non_null(strstr(second.sentence, "another monitor"));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_packets_in_their_order),
        TEST(goes_round_many_times),
        TEST(takes_again_what_the_log_does_not_have),
        TEST(takes_all_when_the_log_knows_another_file),
        TEST(outlives_a_kill),
        TEST(waits_while_it_is_full),
        TEST(keeps_the_length_of_what_is_too_long_to_keep),
        TEST(notices_damage_and_goes_on_after_it),
        TEST(notices_a_payload_that_is_not_what_was_digested),
        TEST(refuses_a_file_that_is_no_spool),
        TEST(is_used_by_one_monitor_and_readable_by_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
