/* What a rehearsal remembers, as a log would. */
#include "sw_test.h"

#include <stdio.h>
#include <string.h>

#include "notes.h"

static struct sw_notes notes;

static int set_up(void **state)
{
    (void)state;
    return sw_notes_open(&notes) == SW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sw_notes_close(&notes);
    return 0;
}

static void a_serial_number_stands_in_front_of_an_id(void **state)
{
    (void)state;
    assert_true(sw_notes_serial(SW_TEXT("0000000017-notice")) == 17);
    assert_true(sw_notes_serial(SW_TEXT("notice")) == 0);
    assert_true(sw_notes_serial(SW_TEXT("")) == 0);
}

static void finds_an_event_and_what_taught_of_it(void **state)
{
    static struct sw_log_event found;
    static char payload[SW_PACKET_BYTES_MAX];
    const uint64_t far = 100000; // the notes grow up to it
    (void)state;
    assert_int_equal(sw_notes_find_event(&notes, 3, &found, payload), SW_NOT_FOUND);
    struct sw_note *note = sw_notes_of(&notes, 3);
    note->accepted = true;
    note->kind = SW_KIND_NOTICE;
    note->source = SW_TEXT("urn:sharewatch:agency:LAPD");
    note->received_ms = 7;
    assert_int_equal(sw_notes_find_event(&notes, 3, &found, payload), SW_NOT_FOUND);
    sw_note_keep_payload(note, SW_TEXT("{3}"));
    sw_note_add_cause(note, far);
    sw_notes_of(&notes, far)->accepted = true;
    sw_notes_of(&notes, far)->source = SW_TEXT("urn:sharewatch:agency:LAPD");
    sw_note_keep_payload(sw_notes_of(&notes, far), SW_TEXT("{far}"));

    assert_int_equal(sw_notes_find_event(&notes, 3, &found, payload), SW_OK);
    assert_true(found.id == 3);
    assert_true(found.logged_ms == 7);
    assert_int_equal(found.kind, SW_KIND_NOTICE);
    assert_string_equal(found.source, "urn:sharewatch:agency:LAPD");
    assert_int_equal(found.next_revision, 2);
    assert_int_equal(found.payload_length, 3);
    assert_memory_equal(payload, "{3}", 3);
    assert_int_equal(sw_notes_find_cause(&notes, 3, 1, &found, payload), SW_OK);
    assert_true(found.id == (int64_t)far);
    assert_memory_equal(payload, "{far}", 5);
    assert_int_equal(sw_notes_find_cause(&notes, 3, 2, &found, payload), SW_NOT_FOUND);
    assert_int_equal(sw_notes_find_cause(&notes, 3, 0, &found, payload), SW_NOT_FOUND);
}

/* More chains than there was room for at first, each told twice. */
static void remembers_how_each_chain_stands(void **state)
{
    struct sw_chain chain = {0};
    (void)state;
    assert_null(sw_notes_chain(&notes, SW_TEXT("subject:1")));
    for (uint32_t i = 0; i < 6000; i++) {
        (void)snprintf(chain.key, sizeof(chain.key), "subject:%u", i % 3000);
        chain.hops = i;
        sw_notes_set_chain(&notes, &chain);
    }
    assert_int_equal(notes.chain_count, 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        (void)snprintf(chain.key, sizeof(chain.key), "subject:%u", i);
        const struct sw_chain *found = sw_notes_chain(&notes, sw_text_from(chain.key));
        assert_non_null(found);
        assert_int_equal(found->hops, 3000 + i);
    }
    assert_null(sw_notes_chain(&notes, SW_TEXT("subject:3000")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_number_stands_in_front_of_an_id),
        cmocka_unit_test_setup_teardown(finds_an_event_and_what_taught_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(remembers_how_each_chain_stands, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
