#include "sw_test.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "sender.h"

static struct sw_sender sender;
static sem_t gate;           // posted once for each message that may be sent
static _Atomic uint32_t got; // messages sent
static uint32_t lengths[4096];
static char last_topic[64];

static void take(void *context, const struct sw_outgoing *message)
{
    (void)context;
    (void)sem_wait(&gate);
    uint32_t index = atomic_load(&got);
    lengths[index] = message->payload.length;
    for (uint32_t i = 0; i < message->payload.length; i++) {
        assert_int_equal(message->payload.bytes[i], (char)('a' + message->payload.length % 26));
    }
    (void)snprintf(last_topic, sizeof(last_topic), "%s", message->topic.bytes);
    atomic_store(&got, index + 1);
}

static enum sw_status put(uint32_t length)
{
    static char payload[SW_SENDER_BYTES];
    memset(payload, 'a' + (int)(length % 26), length);
    return sw_sender_put(
        &sender, &(struct sw_outgoing){.topic = SW_TEXT("a/topic"), .payload = {payload, length}});
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&got, 0);
    return sem_init(&gate, 0, 0) == 0 && sw_sender_start(&sender, take, NULL) == SW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < 4096; i++) {
        (void)sem_post(&gate);
    }
    sw_sender_stop(&sender);
    return 0;
}

static void open_gate(uint32_t count)
{
    uint32_t wanted = atomic_load(&got) + count;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(sem_post(&gate), 0);
    }
    while (atomic_load(&got) < wanted) {
    }
}

static void hands_over_in_order_and_whole_while_going_round(void **state)
{
    (void)state;
    uint32_t sent = 0;
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < 20; i++) {
            assert_int_equal(put(1000 + (sent * 37) % 5000), SW_OK);
            sent++;
        }
        open_gate(20);
    }
    for (uint32_t i = 0; i < sent; i++) {
        assert_int_equal(lengths[i], 1000 + (i * 37) % 5000);
    }
    assert_string_equal(last_topic, "a/topic");
}

/* The loop never waits: what does not fit is refused, what was taken is kept. */
static void refuses_the_newest_when_full_and_keeps_the_rest(void **state)
{
    (void)state;
    uint32_t taken = 0;
    while (put(3000) == SW_OK) {
        taken++;
    }
    assert_true(taken > SW_SENDER_BYTES / 3100 - 2);
    assert_int_equal(put(3000), SW_FULL);

    open_gate(2);
    assert_int_equal(put(2000), SW_OK);
    open_gate(taken - 1);

    assert_int_equal(atomic_load(&got), taken + 1);
    assert_int_equal(lengths[taken], 2000);
    assert_int_equal(put(10), SW_OK);
    open_gate(1);
}

static void refuses_what_could_never_fit(void **state)
{
    (void)state;
    assert_int_equal(put(SW_SENDER_BYTES - 1), SW_FULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hands_over_in_order_and_whole_while_going_round),
        TEST(refuses_the_newest_when_full_and_keeps_the_rest),
        TEST(refuses_what_could_never_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
