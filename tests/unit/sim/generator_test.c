#include "scenario_file.h"

#include <sharewatch/time.h>
#include <sharewatch/wire.h>

static struct sw_scenario_event made;

static struct sw_generator *open_generator(const struct sw_scenario *scenario)
{
    struct sw_generator *generator = NULL;
    assert_int_equal(sw_generator_open(&generator, scenario), SW_OK);
    return generator;
}

static void steps_come_in_the_order_of_time(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario,
              HEAD "steps:\n"
                   "  - {step: late, at: 1d, event: plate.read, actor: jail}\n"
                   "  - {step: first, at: 0, event: booking.booked, actor: jail, to: unit}\n"
                   "  - {step: child, after: first, delay: 90s, event: plate.hit, actor: jail}\n",
              NULL);
    struct sw_generator *generator = open_generator(&scenario);

    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_text_equal(made.event.id, "0000000001-first");
    assert_int_equal(made.event.sequence, 1);
    assert_int_equal(made.emit_ms, scenario.start_ms);
    assert_true(made.event.synthetic);
    assert_text_equal(sw_event_text(&made.event, SW_FIELD_RECIPIENT_SYSTEM), "LAPD-ID");
    assert_int_equal(sw_event_code(&made.event, SW_FIELD_ACTOR_ROLE), SW_ROLE_JAIL_CLERK);
    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_text_equal(made.event.id, "0000000002-child");
    assert_text_equal(made.event.parent, "0000000001-first");
    assert_int_equal(made.emit_ms, scenario.start_ms + 90 * SW_SECOND_MS);
    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_text_equal(made.event.id, "0000000003-late");
    assert_int_equal(made.event.parent.length, 0);
    assert_int_equal(sw_generator_next(generator, &made), SW_EMPTY);
    assert_int_equal(sw_generator_sequence(generator, 0), 3);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

#define CITY                                                                                       \
    HEAD "storylines:\n"                                                                           \
         "  bookings:\n"                                                                           \
         "    repeat: {per_day: 180, days: 3, curve: search}\n"                                    \
         "    steps:\n"                                                                            \
         "      - {step: booked, at: 0, event: booking.booked, actor: jail, data: {tcn: {token: "  \
         "tcn}}}\n"                                                                                \
         "      - {step: match, after: booked, delay: {median: 40m, most: 4h}, chance: 8%,\n"      \
         "         event: fingerprint.matched, actor: jail, data: {tcr: {token: tcn}}}\n"          \
         "  reads:\n"                                                                              \
         "    steps:\n"                                                                            \
         "      - {step: read, at: 0, repeat: {per_day: 500, days: 3}, vehicle: new,\n"            \
         "         event: plate.read, actor: jail, data: {networks: {between: [1, 6]}}}\n"

/* All events of @source as the bytes that go over the wire, hashed. */
static uint64_t hash_of(const char *source, uint64_t seed, uint64_t *count)
{
    struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {.has_seed = true, .seed = seed};
    assert_int_equal(load_source(&scenario, source, &options, &report), SW_OK);
    struct sw_generator *generator = open_generator(&scenario);
    uint64_t hash = 0;
    int64_t last_ms = INT64_MIN;
    *count = 0;
    while (sw_generator_next(generator, &made) == SW_OK) {
        char bytes[4096];
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, bytes, sizeof(bytes));
        sw_wire_write_event(&made.event, &buffer);
        assert_false(buffer.overflowed);
        hash = hash * 31 + sw_text_hash(sw_buffer_text(&buffer));
        assert_true(made.emit_ms >= last_ms);
        last_ms = made.emit_ms;
        ++*count;
    }
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
    sw_report_free(&report);
    return hash;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    uint64_t count = 0;
    uint64_t count_other = 0;

    uint64_t first = hash_of(CITY, 5, &count);

    assert_int_equal(first, hash_of(CITY, 5, &count_other));
    assert_int_equal(count, count_other);
    assert_int_not_equal(first, hash_of(CITY, 6, &count_other));
    /* 540 bookings by the weights of Monday to Wednesday, 8 % of them with a match, 1,500 reads. */
    assert_in_range(count, 1500 + 566, 1500 + 700);
}

/* A new step must not move the chance of the others: two variants differ by what was changed. */
static void draws_do_not_depend_on_other_steps(void **state)
{
    (void)state;
    struct sw_scenario plain;
    struct sw_scenario more;
    load_good(&plain, CITY, NULL);
    load_good(&more,
              CITY "      - {step: extra, at: 5m, repeat: {times: 9, every: 1h}, event: plate.hit, "
                   "actor: jail}\n",
              NULL);
    struct sw_generator *a = open_generator(&plain);
    struct sw_generator *b = open_generator(&more);
    uint32_t compared = 0;
    static struct sw_scenario_event other;
    while (sw_generator_next(a, &made) == SW_OK) {
        do {
            assert_int_equal(sw_generator_next(b, &other), SW_OK);
        } while (other.event.action == SW_ACTION_PLATE_HIT);
        assert_int_equal(other.emit_ms, made.emit_ms);
        assert_true(sw_text_equal(sw_event_text(&other.event, SW_FIELD_SUBJECT_TOK),
                                  sw_event_text(&made.event, SW_FIELD_SUBJECT_TOK)));
        compared++;
    }
    assert_true(compared > 2000);
    sw_generator_close(a);
    sw_generator_close(b);
    sw_scenario_free(&plain);
    sw_scenario_free(&more);
}

/* Each run of a storyline is one person's; its steps share the token, and the control number. */
static void a_run_keeps_its_tokens(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario, CITY, NULL);
    struct sw_generator *generator = open_generator(&scenario);
    char subject[8][24];
    char tcn[8][32];
    uint32_t matches = 0;
    static char booked[2000][2][32];
    uint32_t bookings = 0;
    while (sw_generator_next(generator, &made) == SW_OK) {
        struct sw_text person = sw_event_text(&made.event, SW_FIELD_SUBJECT_TOK);
        if (made.event.action == SW_ACTION_BOOKING_BOOKED) {
            struct sw_text number = sw_event_text(&made.event, SW_FIELD_TCN);
            assert_true(bookings < 2000);
            (void)snprintf(booked[bookings][0], 32, "%.*s", SW_TEXT_FORMAT(person));
            (void)snprintf(booked[bookings++][1], 32, "%.*s", SW_TEXT_FORMAT(number));
        } else if (made.event.action == SW_ACTION_FINGERPRINT_MATCHED && matches < 8) {
            struct sw_text number = sw_event_text(&made.event, SW_FIELD_TCR);
            (void)snprintf(subject[matches], sizeof(subject[0]), "%.*s", SW_TEXT_FORMAT(person));
            (void)snprintf(tcn[matches++], sizeof(tcn[0]), "%.*s", SW_TEXT_FORMAT(number));
        }
    }
    assert_int_equal(matches, 8);
    for (uint32_t i = 0; i < matches; i++) {
        uint32_t found = 0;
        for (uint32_t j = 0; j < bookings; j++) {
            if (strcmp(booked[j][0], subject[i]) == 0) {
                assert_string_equal(booked[j][1], tcn[i]);
                found++;
            }
        }
        assert_int_equal(found, 1);
    }
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

/* What is told later comes later, with the time at which it happened. */
static void late_knowledge_is_told_late(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario,
              HEAD "steps:\n"
                   "  - {step: deed, at: 0, known: 9d, event: plate.share, actor: jail}\n"
                   "  - {step: next, after: deed, delay: 1h, event: plate.read, actor: jail}\n"
                   "  - {step: secret, at: 2h, hidden: true, event: plate.read, actor: jail}\n"
                   "  - {step: seen, after: secret, delay: 1h, event: plate.read, actor: jail}\n",
              NULL);
    struct sw_generator *generator = open_generator(&scenario);

    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_text_equal(made.event.id, "0000000002-next");
    assert_text_equal(made.event.parent, "0000000001-deed");
    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_true(made.hidden);
    assert_int_equal(made.event.sequence, 0);
    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_text_equal(made.event.id, "0000000004-seen");
    assert_int_equal(made.event.sequence, 2);
    assert_int_equal(made.event.parent.length, 0);
    assert_int_equal(sw_generator_next(generator, &made), SW_OK);
    assert_text_equal(made.event.id, "0000000001-deed");
    assert_int_equal(made.event.time_ms, scenario.start_ms);
    assert_int_equal(made.event.recorded_ms, scenario.start_ms + 9 * SW_DAY_MS);
    assert_int_equal(made.emit_ms, scenario.start_ms + 9 * SW_DAY_MS);
    assert_int_equal(sw_generator_next(generator, &made), SW_EMPTY);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

static void shares_come_out_as_written(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario,
              HEAD "steps:\n"
                   "  - step: search\n"
                   "    at: 0\n"
                   "    event: plate.search\n"
                   "    actor: jail\n"
                   "    repeat: {times: 10000, over: 1d}\n"
                   "    data: {reason: {pick: [a, {value: b, share: 3}]}}\n"
                   "    either:\n"
                   "      - {share: 90%, expect: {verdict: NONE}}\n"
                   "      - {share: 10%, data: {hit: true}, expect: {verdict: PROH}}\n",
              NULL);
    struct sw_generator *generator = open_generator(&scenario);
    uint32_t forbidden = 0;
    uint32_t picked_b = 0;
    while (sw_generator_next(generator, &made) == SW_OK) {
        bool hit = sw_event_flag(&made.event, SW_FIELD_HIT);
        assert_int_equal(made.expect->verdict, hit ? SW_VERDICT_PROH : SW_VERDICT_NONE);
        forbidden += hit ? 1 : 0;
        picked_b +=
            sw_text_equal(sw_event_text(&made.event, SW_FIELD_REASON), SW_TEXT("b")) ? 1 : 0;
    }
    assert_in_range(forbidden, 880, 1120);
    assert_in_range(picked_b, 7330, 7670);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

/* A burst: what happened within ten minutes is sent at their end, in the order in which it was. */
static void a_burst_is_held_back_and_sent_at_once(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario,
              HEAD "steps:\n"
                   "  - {step: read, at: 0, event: plate.read, actor: jail, fault: {burst: 10m},\n"
                   "     repeat: {every: 1m, times: 21}}\n",
              NULL);
    struct sw_generator *generator = open_generator(&scenario);
    for (int64_t i = 0; i < 21; i++) {
        assert_int_equal(sw_generator_next(generator, &made), SW_OK);
        assert_true(made.event.time_ms == scenario.start_ms + i * SW_MINUTE_MS);
        assert_true(made.event.recorded_ms == made.event.time_ms);
        assert_true(made.emit_ms == scenario.start_ms + (i / 10 + 1) * 10 * SW_MINUTE_MS);
        assert_true(made.event.sequence == (uint64_t)i + 1);
    }
    assert_int_equal(sw_generator_next(generator, &made), SW_EMPTY);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

/* Others overtake an event that is held back by chance; none is lost, none is held longer. */
static void reordered_events_overtake_each_other(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario,
              HEAD "steps:\n"
                   "  - {step: read, at: 0, event: plate.read, actor: jail,\n"
                   "     fault: {reordered: 5m}, repeat: {every: 1m, times: 200}}\n",
              NULL);
    struct sw_generator *generator = open_generator(&scenario);
    int64_t newest_ms = 0;
    uint32_t overtaken = 0;
    uint32_t events = 0;
    for (; sw_generator_next(generator, &made) == SW_OK; events++) {
        assert_true(made.emit_ms >= made.event.time_ms);
        assert_true(made.emit_ms < made.event.time_ms + 5 * SW_MINUTE_MS);
        overtaken += made.event.time_ms < newest_ms ? 1 : 0;
        newest_ms = made.event.time_ms > newest_ms ? made.event.time_ms : newest_ms;
    }
    assert_int_equal(events, 200);
    assert_true(overtaken > 50);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

/* One line of a file that is wrong in its fault, and what is said of it. */
static void is_refused(const char *fault, const char *message)
{
    struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {0};
    char source[2048];
    (void)snprintf(source, sizeof(source),
                   HEAD "steps:\n  - {step: read, at: 0, event: plate.read, actor: jail, %s}\n",
                   fault);
    assert_int_equal(load_source(&scenario, source, &options, &report), SW_INVALID);
    assert_int_equal(report.error_total, 1);
    assert_string_equal(report.items[0].message, message);
    sw_report_free(&report);
    sw_scenario_free(&scenario);
}

static void a_fault_that_makes_no_sense_is_told(void **state)
{
    (void)state;
    is_refused("fault: burst", "the fault \"burst\" needs a length of time");
    is_refused("fault: clock", "the fault \"clock\" needs a length of time");
    is_refused("fault: {burst: 0}", "burst needs a length of time over 0");
    is_refused("fault: {lost: 1h}", "only the faults clock, burst and reordered take a value");
    is_refused("fault: shuffled", "unknown fault \"shuffled\"");
    is_refused("either: [{share: 1, fault: {burst: 1h}}]", "the fault \"burst\" stands at a step");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_come_in_the_order_of_time),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(draws_do_not_depend_on_other_steps),
        cmocka_unit_test(a_run_keeps_its_tokens),
        cmocka_unit_test(late_knowledge_is_told_late),
        cmocka_unit_test(shares_come_out_as_written),
        cmocka_unit_test(a_burst_is_held_back_and_sent_at_once),
        cmocka_unit_test(reordered_events_overtake_each_other),
        cmocka_unit_test(a_fault_that_makes_no_sense_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
