#include "sw_test.h"

#include <stdio.h>

#include "outbox.h"

static struct sw_outbox outbox;
static char long_reason[1024];

static struct sw_scenario_event made;

static const struct sw_scenario_event *event_of(uint64_t sequence, uint32_t source, bool large)
{
    made.source = source;
    made.event = (struct sw_event){.id = SW_TEXT("1-x"),
                                   .source = SW_TEXT("urn:sharewatch:agency:LAPD:sim-x"),
                                   .reporter = SW_TEXT("LAPD"),
                                   .kind = SW_KIND_PLATE,
                                   .action = SW_ACTION_PLATE_READ,
                                   .time_ms = 1800000000000,
                                   .recorded_ms = 1800000000000,
                                   .sequence = sequence};
    if (large) {
        sw_event_set_text(&made.event, SW_FIELD_REASON,
                          (struct sw_text){long_reason, sizeof(long_reason)});
    }
    return &made;
}

static void receipts_let_events_go_in_order(void **state)
{
    (void)state;
    uint64_t receipts[2] = {0, 1};
    sw_outbox_init(&outbox);
    for (uint64_t i = 1; i <= 2; i++) {
        for (uint32_t source = 0; source < 2; source++) {
            assert_int_equal(sw_outbox_add(&outbox, event_of(i, source, false), 0), SW_OK);
        }
    }

    sw_outbox_release(&outbox, receipts);
    assert_int_equal(outbox.count, 4); // the oldest is of source 0
    receipts[0] = 1;
    sw_outbox_release(&outbox, receipts);
    assert_int_equal(outbox.count, 2);
    assert_int_equal(sw_outbox_at(&outbox, 0)->sequence, 2);
}

static void a_full_outbox_refuses(void **state)
{
    (void)state;
    sw_outbox_init(&outbox);
    const struct sw_scenario_event *event = event_of(1, 0, false);
    for (uint32_t i = 0; i < SW_OUTBOX_EVENTS; i++) {
        assert_int_equal(sw_outbox_add(&outbox, event, 0), SW_OK);
    }

    assert_int_equal(sw_outbox_add(&outbox, event, 0), SW_FULL);
    sw_outbox_release_oldest(&outbox);
    assert_int_equal(sw_outbox_add(&outbox, event, 0), SW_OK);
}

/* Long and short events, added and let go for many times the ring's size: bytes stay whole. */
static void the_ring_keeps_bytes_whole_as_it_wraps(void **state)
{
    (void)state;
    memset(long_reason, 'x', sizeof(long_reason));
    sw_outbox_init(&outbox);
    uint64_t added = 0;
    for (uint64_t i = 0; i < 60000; i++) {
        const struct sw_scenario_event *event = event_of(added + 1, 0, i % 3 != 0);
        if (sw_outbox_add(&outbox, event, 0) == SW_OK) {
            added++;
        } else {
            for (uint32_t j = 0; j < 777; j++) {
                const struct sw_outbox_entry *oldest = sw_outbox_at(&outbox, 0);
                struct sw_text payload = sw_outbox_payload(&outbox, oldest);
                assert_string_equal(sw_outbox_topic(&outbox, oldest),
                                    "sharewatch/v1/event/LAPD/plate");
                char wanted[64];
                (void)snprintf(wanted, sizeof(wanted), "\"sequence\":\"%020llu\"",
                               (unsigned long long)oldest->sequence);
                assert_int_equal(payload.bytes[0], '{');
                assert_int_equal(payload.bytes[payload.length - 1], '}');
                bool found = false;
                for (uint32_t k = 0; k + 33 < payload.length && !found; k++) {
                    found = memcmp(payload.bytes + k, wanted, 33) == 0;
                }
                assert_true(found);
                sw_outbox_release_oldest(&outbox);
            }
        }
    }
    assert_true(added > 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipts_let_events_go_in_order),
        cmocka_unit_test(a_full_outbox_refuses),
        cmocka_unit_test(the_ring_keeps_bytes_whole_as_it_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
