#include "scenario_file.h"

#include <sharewatch/time.h>

static void a_variant_drops_replaces_and_adds(void **state)
{
    (void)state;
    static const char source[] =
        HEAD "steps:\n"
             "  - {step: one, at: 0, event: booking.booked, actor: jail, data: {hit: true, "
             "records: 3}}\n"
             "  - {step: two, after: one, delay: 1h, event: booking.booked, actor: jail}\n"
             "variants:\n"
             "  a: {about: all}\n"
             "  b:\n"
             "    drop: [two]\n"
             "    replace: {one: {at: +2h, data: {records: null, charge_class: F}}}\n"
             "    add: [{step: three, at: 3d, event: plate.read, actor: jail}]\n"
             "  c: {like: b, drop: [three]}\n";
    struct sw_scenario scenario;

    load_good(&scenario, source, NULL);
    assert_text_equal(scenario.variant, "a");
    assert_int_equal(scenario.step_count, 2);
    assert_int_equal(scenario.steps[1].parent, 0);
    sw_scenario_free(&scenario);

    load_good(&scenario, source, "b");
    assert_int_equal(scenario.step_count, 2);
    assert_text_equal(scenario.steps[1].name, "three");
    assert_int_equal(scenario.steps[0].delay.ms, 2 * SW_HOUR_MS);
    assert_int_equal(scenario.steps[0].data.field_count, 2);
    assert_int_equal(scenario.steps[0].data.fields[0], SW_FIELD_HIT);
    assert_int_equal(scenario.steps[0].data.fields[1], SW_FIELD_CHARGE_CLASS);
    sw_scenario_free(&scenario);

    load_good(&scenario, source, "c");
    assert_int_equal(scenario.step_count, 1);
    sw_scenario_free(&scenario);
}

static void the_source_names_scenario_variant_seed_and_instance(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {
        .variant = "v", .instance = "again", .has_seed = true, .seed = 42};
    static const char source[] =
        HEAD "steps: [{step: one, at: 0, event: booking.booked, actor: jail, subject: somebody}]\n"
             "variants: {v: {}}\n";

    assert_int_equal(load_source(&scenario, source, &options, &report), SW_OK);

    assert_int_equal(scenario.source_count, 1);
    assert_text_equal(scenario.sources[0], "urn:sharewatch:agency:LAPD:sim-s-v-42-again");
    assert_int_equal(scenario.zone_ms, -8 * SW_HOUR_MS);
    assert_text_equal(scenario.packs[1], "la-city-2024");
    sw_scenario_free(&scenario);
    sw_report_free(&report);
}

/* Loads what must not load; the first diagnostic. */
static struct sw_diagnostic mistake(const char *source)
{
    struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {0};
    assert_int_equal(load_source(&scenario, source, &options, &report), SW_INVALID);
    assert_true(report.count > 0);
    struct sw_diagnostic first = report.items[0];
    sw_report_free(&report);
    sw_scenario_free(&scenario);
    return first;
}

/* Where the last @anchor of @source stands: line and column, from 1. */
static void find_place(const char *source, const char *anchor, uint32_t *line, uint32_t *column)
{
    const char *found = NULL;
    for (const char *at = source; (at = strstr(at, anchor)) != NULL; at++) {
        found = at;
    }
    assert_non_null(found);
    *line = 1;
    *column = 1;
    for (const char *at = source; at < found; at++) {
        *column = *at == '\n' ? 1 : *column + 1;
        *line += *at == '\n' ? 1 : 0;
    }
}

static void mistakes_are_told_with_place_and_hint(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        const char *anchor; // where the mistake stands
        const char *message;
        const char *hint;
    } cases[] = {
        {HEAD "steps: [{step: one, at: 0, event: fingerprint.serched, actor: jail}]\n",
         "fingerprint", "unknown event \"fingerprint.serched\"",
         "did you mean fingerprint.searched?"},
        {HEAD "steps: [{step: one, at: 0, event: plate.read, actor: jial}]\n", "jial",
         "no actor \"jial\"", "did you mean jail?"},
        {HEAD "steps: [{step: one, at: 0, event: plate.read, actor: jail, data: {data_clas: x}}]\n",
         "data_clas", "unknown field \"data_clas\"", "did you mean data_class?"},
        {HEAD
         "steps: [{step: o, at: 0, event: plate.read, actor: jail, data: {data_class: print}}]\n",
         "print}", "data_class: \"print\" is not among the values of data_class",
         "did you mean prints?"},
        {HEAD "steps: [{step: one, at: 0, event: plate.read, actor: jail, data: {late: true}}]\n",
         "late:", "field late is not for a sender to fill in",
         "state what the sender knows; the monitor works this out"},
        {HEAD "steps: [{step: one, at: 1 hour, event: plate.read, actor: jail}]\n", "1 hour",
         "at must be a length of time, not \"1 hour\"",
         "write 90s, +1h20m, 3d or 0; units are ms s m h d w"},
        {HEAD "steps:\n"
              "  - {step: booked, at: 0, event: plate.read, actor: jail}\n"
              "  - {step: two, after: boked, event: plate.read, actor: jail}\n",
         "boked", "no step \"boked\" in this storyline", "did you mean booked?"},
        {HEAD "steps:\n"
              "  - {step: one, after: two, event: plate.read, actor: jail}\n"
              "  - {step: two, after: one, event: plate.read, actor: jail}\n",
         "{step: one", "step one follows itself", ""},
        {HEAD "steps: [{step: o, at: 0, event: plate.read, actor: jail, expect: {verdict: BAD}}]\n",
         "BAD", "unknown verdict \"BAD\"", "one of NONE, FED, AUTO, DISC, REVIEW, PROH"},
        {HEAD "steps: [{step: one, at: 0, event: plate.read, actor: jail, subject: somebdy}]\n",
         "somebdy", "\"somebdy\" is not among the people of the scenario",
         "did you mean somebody?"},
        {HEAD "steps:\n"
              "  - step: one\n"
              "    at: 0\n"
              "    event: plate.read\n"
              "    actor: jail\n"
              "    either: [{share: 60%}, {share: 30%}]\n",
         "[{share", "the shares under `either` add up to 0.9000, not to 1", ""},
        {HEAD "steps:\n"
              "  - {step: one, at: 0, event: plate.read, actor: jail,\n"
              "     repeat: {times: 1000000000, every: 5000w}}\n",
         "5000w", "the repetition lasts more than a hundred years", ""},
        {HEAD "steps: [{step: one, at: 0, event: plate.read, actor: jail, fault: truncted}]\n",
         "truncted", "unknown fault \"truncted\"", "did you mean truncated?"},
        {HEAD "steps: [{step: John Doe, at: 0, event: plate.read, actor: jail}]\n", "John Doe",
         "step \"John Doe\" is not a name of at most 40 characters",
         "lower-case letters, digits, - and . only; no real names"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_diagnostic found = mistake(cases[i].source);
        uint32_t line;
        uint32_t column;
        find_place(cases[i].source, cases[i].anchor, &line, &column);
        assert_string_equal(found.message, cases[i].message);
        assert_string_equal(found.hint, cases[i].hint);
        assert_int_equal(found.line, line);
        assert_int_equal(found.column, column);
    }
}

static void an_unknown_variant_is_named(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {.variant = "tranfser"};
    static const char source[] = HEAD
        "steps: [{step: one, at: 0, event: plate.read, actor: jail}]\nvariants: {transfer: {}}\n";

    assert_int_equal(load_source(&scenario, source, &options, &report), SW_INVALID);

    assert_string_equal(report.items[0].message, "the scenario has no variant \"tranfser\"");
    assert_string_equal(report.items[0].hint, "did you mean transfer?");
    sw_report_free(&report);
    sw_scenario_free(&scenario);
}

/* A mistake in a variant that is not the first is found by the check; those of the base once. */
static void the_check_reads_every_variant(void **state)
{
    (void)state;
    struct sw_report report = {0};
    char path[] = "/tmp/sharewatch-scenario-XXXXXX";
    int fd = mkstemp(path);
    static const char source[] =
        HEAD "steps: [{step: one, at: 0, event: plate.read, actor: jail, data: {hti: true}}]\n"
             "variants: {a: {}, b: {drop: [onne]}}\n";
    assert_true(fd >= 0);
    assert_int_equal(write(fd, source, strlen(source)), strlen(source));
    assert_int_equal(close(fd), 0);

    assert_int_equal(sw_scenario_check(path, NULL, &report), SW_INVALID);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(report.count, 2);
    assert_string_equal(report.items[0].message, "unknown field \"hti\"");
    assert_string_equal(report.items[1].message, "no step \"onne\" in the scenario");
    sw_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variant_drops_replaces_and_adds),
        cmocka_unit_test(the_source_names_scenario_variant_seed_and_instance),
        cmocka_unit_test(mistakes_are_told_with_place_and_hint),
        cmocka_unit_test(an_unknown_variant_is_named),
        cmocka_unit_test(the_check_reads_every_variant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
