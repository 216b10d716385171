/* Data that moves by itself along the map of Los Angeles, from a scenario that does not say it. */
#include "scenario_file.h"

#include <sharewatch/map.h>
#include <sharewatch/time.h>

#define MAP_FILE      SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml"
#define DEFAULTS_FILE SW_SOURCE_DIR "/monitor/maps/los-angeles.automatic.yaml"

#define BOOKING                                                                                    \
    HEAD "  county: {agency: LASD, class: county, system: LASD-AJIS}\n"                            \
         "  state: {agency: CADOJ, system: CADOJ-ABIS}\n"                                          \
         "  ice: {agency: ICE, system: LESC}\n"                                                    \
         "  ero: {agency: ICE, system: ERO-LA}\n"                                                  \
         "storylines:\n"                                                                           \
         "  main:\n"                                                                               \
         "    people: [somebody]\n"                                                                \
         "    steps:\n"

#define BOOKED "      - {step: booked, at: 0, event: booking.booked, actor: jail}\n"

static struct sw_scenario_event made;

/* The names of the steps that happen, joined by blanks; `!` before those that nobody tells. */
static void happens(const char *source, const char *expected)
{
    struct sw_scenario scenario;
    struct sw_generator *generator = NULL;
    static char bytes[4096];
    struct sw_buffer names;
    sw_buffer_init(&names, bytes, sizeof(bytes));
    load_good(&scenario, source, NULL);
    assert_int_equal(sw_generator_open(&generator, &scenario), SW_OK);
    while (sw_generator_next(generator, &made) == SW_OK) {
        sw_buffer_append_format(&names, "%s%s%.*s", names.length > 0 ? " " : "",
                                made.hidden ? "!" : "",
                                SW_TEXT_FORMAT(scenario.steps[made.step].name));
    }
    assert_text_equal(sw_buffer_text(&names), expected);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

static void a_booking_leads_to_the_store_and_a_match_to_ice(void **state)
{
    (void)state;
    happens(BOOKING BOOKED "automatic: {E05: {chance: 100%}}\n",
            "booked booked.e01 booked.e02 booked.e03 booked.e04 booked.e05 booked.e06");
    happens(BOOKING BOOKED "automatic: {E05: {chance: 0}}\n",
            "booked booked.e01 booked.e02 booked.e03 booked.e04");
    happens(BOOKING BOOKED, "booked");
    happens(BOOKING BOOKED "automatic: no\n", "booked");
}

static void each_hop_says_what_the_map_says(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    load_good(&scenario, BOOKING BOOKED "automatic: yes\n", NULL);
    const struct sw_scenario_step *match = NULL;
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        match = sw_text_equal(scenario.steps[i].name, SW_TEXT("booked.e05")) ? &scenario.steps[i]
                                                                             : match;
    }
    if (match == NULL) {
        fail_msg("no step booked.e05");
        return;
    }
    assert_true(match->automatic);
    assert_int_equal(match->kind, SW_KIND_FINGERPRINT);
    assert_text_equal(scenario.actors[match->actor].system, "IDENT");
    assert_text_equal(scenario.actors[match->actor].agencies[0], "DHS-OBIM");
    assert_int_equal(scenario.actors[match->actor].class_code, SW_AGENCY_CLASS_FED_IMM);
    assert_text_equal(scenario.actors[match->recipient].system, "LESC");
    assert_int_equal(match->delay.spread, SW_SPREAD_LOG_NORMAL);
    assert_int_equal(match->delay.ms, 2 * SW_MINUTE_MS);
    assert_int_equal(match->delay.ms_max, 30 * SW_MINUTE_MS);
    assert_true(match->probability > 0.0799 && match->probability < 0.0801);
    assert_text_equal(scenario.steps[match->parent].name, "booked.e04");
    sw_scenario_free(&scenario);
}

/* What somebody wrote down happens as it is written; only what follows from it is added. */
static void a_step_by_hand_comes_first(void **state)
{
    (void)state;
    happens(BOOKING BOOKED
            "      - {step: mine, after: booked, delay: 1d, actor: unit, to: state,\n"
            "         event: fingerprint.submitted, data: {data_class: prints}}\n"
            "automatic: {E05: no}\n",
            "booked booked.e01 mine mine.e03 mine.e04");
    happens(BOOKING "      - {step: booked, at: 0, event: booking.booked, actor: jail, to: unit,\n"
                    "         data: {data_class: prints}}\n"
                    "automatic: {E05: no}\n",
            "booked booked.e02 booked.e03 booked.e04");
}

/* A citation takes no prints, a person who leaves custody brings none, and a query is no match. */
static void other_steps_set_nothing_off(void **state)
{
    (void)state;
    happens(BOOKING "      - {step: a, at: 0, event: booking.cited, actor: jail,\n"
                    "         data: {data_class: arrest}}\n"
                    "      - {step: b, at: 1h, event: custody.released, actor: jail}\n"
                    "      - {step: c, at: 2h, event: query.sent, actor: jail, to: ice,\n"
                    "         data: {data_class: demographics}}\n"
                    "automatic: yes\n",
            "a b c");
}

static void the_county_feed_goes_its_own_way(void **state)
{
    (void)state;
    happens(BOOKING "      - {step: booked, at: 0, event: booking.booked, actor: county}\n"
                    "automatic: {E02: no}\n",
            "booked booked.e01 booked.e27");
}

/* ICE's arrest is nobody's automatism on the map; who names it says that it follows. */
static void an_edge_that_is_named_moves_by_itself(void **state)
{
    (void)state;
    happens(BOOKING "      - {step: told, at: 0, event: notice.sent, actor: jail, to: ero,\n"
                    "         data: {data_class: release_time}}\n"
                    "automatic: {E36: {after: [E08], delay: 3d, visible: no}}\n",
            "told !told.e36");
}

static void what_is_not_visible_happens_and_is_not_told(void **state)
{
    (void)state;
    happens(BOOKING BOOKED "automatic: {E04: {visible: no}, E05: {chance: 100%}, E06: no}\n",
            "booked booked.e01 booked.e02 booked.e03 !booked.e04 booked.e05");
}

#define MANY                                                                                       \
    HEAD "steps:\n"                                                                                \
         "  - {step: booked, at: 0, event: booking.booked, actor: jail, subject: new,\n"           \
         "     repeat: {times: 1000, over: 1d}}\n"                                                 \
         "automatic: {E02: no, E01: {visible: 30%}}\n"

/* A thousand bookings of a thousand people: what follows is of the same person. */
static void what_follows_is_about_the_same_person(void **state)
{
    (void)state;
    static char tokens[1001][64];
    struct sw_scenario scenario;
    struct sw_generator *generator = NULL;
    uint32_t booked = 0;
    uint32_t followed = 0;
    uint32_t hidden = 0;
    load_good(&scenario, MANY, NULL);
    assert_int_equal(sw_generator_open(&generator, &scenario), SW_OK);
    while (sw_generator_next(generator, &made) == SW_OK) {
        struct sw_text token = sw_event_text(&made.event, SW_FIELD_SUBJECT_TOK);
        assert_true(token.length > 0 && token.length < sizeof(tokens[0]));
        if (!scenario.steps[made.step].automatic) {
            memcpy(tokens[booked++], token.bytes, token.length);
            continue;
        }
        uint32_t at = 0;
        while (at < booked && strncmp(tokens[at], token.bytes, token.length) != 0) {
            at++;
        }
        assert_true(at < booked);
        tokens[at][0] = '\0'; // each of them once
        followed++;
        hidden += made.hidden ? 1 : 0;
    }
    assert_int_equal(booked, 1000);
    assert_int_equal(followed, 1000);
    assert_in_range(hidden, 640, 760);
    assert_int_equal(scenario.events_expected, 1300);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

static void mistakes_are_told_where_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *automatic;
        const char *message;
        const char *hint;
    } cases[] = {
        {"{E99: yes}", "the map has no edge \"E99\"", NULL},
        {"{E05: {event: plate.read}}", "edge E05 has no event \"plate.read\" on the map",
         "one of the edge's `events`"},
        {"{E06: {to: NGI}}", "edge E06 does not lead to \"NGI\" on the map",
         "one of the edge's `to`"},
        {"{E05: {chanse: 8%}}", "unknown key chanse in automatic", "did you mean chance?"},
        {"{E06: {after: [E0]}}", "the map has no edge \"E0\"", NULL},
        {"{E05: 8%}", "an edge under `automatic` must be a mapping (key: value), not one value",
         NULL},
        {"maybe", "automatic must be true or false, not \"maybe\"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_scenario scenario;
        struct sw_report report = {0};
        struct sw_scenario_options options = {0};
        char source[2048];
        (void)snprintf(source, sizeof(source), BOOKING BOOKED "automatic: %s\n",
                       cases[i].automatic);
        assert_int_equal(load_source(&scenario, source, &options, &report), SW_INVALID);
        assert_true(report.count >= 1);
        assert_string_equal(report.items[0].message, cases[i].message);
        assert_true(report.items[0].line > 1);
        if (cases[i].hint != NULL) {
            assert_string_equal(report.items[0].hint, cases[i].hint);
        }
        sw_report_free(&report);
        sw_scenario_free(&scenario);
    }
}

/* A sweep may change an assumption that the scenario does not spell out. */
static void an_assumption_can_be_set_from_outside(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_report report = {0};
    const char *sets[] = {"automatic.E05.chance=50%"};
    struct sw_scenario_options options = {.sets = sets, .set_count = 1};
    enum sw_status status =
        load_source(&scenario, BOOKING BOOKED "automatic: yes\n", &options, &report);
    sw_report_print(&report, stderr);
    assert_int_equal(status, SW_OK);
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        bool match = sw_text_equal(scenario.steps[i].name, SW_TEXT("booked.e05"));
        assert_true(match == (scenario.steps[i].probability < 1));
        assert_true(!match || (scenario.steps[i].probability > 0.499 &&
                               scenario.steps[i].probability < 0.501));
    }
    sw_report_free(&report);
    sw_scenario_free(&scenario);
}

/* Without a person the hops are there, and nothing ties them together. */
static void a_booking_of_nobody_is_warned_of(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {0};
    assert_int_equal(load_source(&scenario,
                                 HEAD
                                 "  street: {agency: LAPD, system: LAPD-STAFF}\n"
                                 "steps:\n"
                                 "  - {step: booked, at: 0, event: booking.booked, actor: jail}\n"
                                 "  - {step: stop, at: 0, event: stop.stopped, actor: street}\n"
                                 "automatic: yes\n",
                                 &options, &report),
                     SW_OK);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].severity, SW_SEVERITY_WARNING);
    assert_string_equal(report.items[0].message,
                        "step booked is about nobody: what follows by itself is not tied to it");
    sw_report_free(&report);
    sw_scenario_free(&scenario);
}

static void the_defaults_fit_their_map(void **state)
{
    (void)state;
    struct sw_map map;
    struct sw_report report = {0};
    assert_int_equal(sw_map_open(&map, MAP_FILE, &report), SW_OK);
    enum sw_status status = sw_automatic_check(DEFAULTS_FILE, &map, &report);
    sw_report_print(&report, stderr);
    assert_int_equal(status, SW_OK);
    assert_int_equal(sw_automatic_check(MAP_FILE, &map, &report), SW_INVALID);
    sw_report_free(&report);
    sw_map_free(&map);
}

static void a_hop_by_itself_can_fail_on_its_way(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_generator *generator = NULL;
    load_good(&scenario,
              BOOKING BOOKED "automatic:\n"
                             "  E02: {fault: truncated}\n"
                             "  E03: {fault: {clock: -7h}}\n"
                             "  E04: {delay: 1m, fault: {burst: 1h}}\n"
                             "  E05: {chance: 0}\n",
              NULL);
    assert_int_equal(sw_generator_open(&generator, &scenario), SW_OK);
    static const enum sw_fault_kind faults[] = {SW_FAULT_NONE, SW_FAULT_NONE, SW_FAULT_TRUNCATED,
                                                SW_FAULT_CLOCK, SW_FAULT_BURST};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(sw_generator_next(generator, &made), SW_OK);
        assert_int_equal(made.fault.kind, faults[i]);
    }
    assert_int_equal((made.emit_ms - scenario.start_ms) % SW_HOUR_MS, 0);
    assert_int_equal(sw_generator_next(generator, &made), SW_EMPTY);
    sw_generator_close(generator);
    sw_scenario_free(&scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_booking_leads_to_the_store_and_a_match_to_ice),
        cmocka_unit_test(each_hop_says_what_the_map_says),
        cmocka_unit_test(a_step_by_hand_comes_first),
        cmocka_unit_test(a_hop_by_itself_can_fail_on_its_way),
        cmocka_unit_test(other_steps_set_nothing_off),
        cmocka_unit_test(the_county_feed_goes_its_own_way),
        cmocka_unit_test(an_edge_that_is_named_moves_by_itself),
        cmocka_unit_test(what_is_not_visible_happens_and_is_not_told),
        cmocka_unit_test(what_follows_is_about_the_same_person),
        cmocka_unit_test(mistakes_are_told_where_they_stand),
        cmocka_unit_test(an_assumption_can_be_set_from_outside),
        cmocka_unit_test(a_booking_of_nobody_is_warned_of),
        cmocka_unit_test(the_defaults_fit_their_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
