#include "fixture.h"

#include <sharewatch/yaml.h>

static struct sw_map map;
static struct sw_pipeline *pipeline;
static uint32_t event_count;

static int set_up(void **state)
{
    (void)state;
    fixture_map(&map, small_map_text);
    pipeline = fixture_pipeline(&map, (struct sw_rules){0});
    event_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(pipeline);
    sw_map_free(&map);
    return 0;
}

static enum sw_status overlay(const char *text, struct sw_report *report)
{
    struct sw_yaml yaml;
    *report = (struct sw_report){0};
    assert_int_equal(sw_yaml_parse(&yaml, "pack.yaml", sw_text_from(text), report), SW_OK);
    enum sw_status status = sw_map_overlay(&map, yaml.documents[0], report);
    sw_yaml_free(&yaml);
    return status;
}

static void apply(const char *text)
{
    struct sw_report report;
    assert_int_equal(overlay(text, &report), SW_OK);
    sw_report_free(&report);
}

/* Steps one event of @agency; @data is JSON without braces. */
static const struct sw_outputs *step(const char *agency, const char *kind, const char *action,
                                     const char *data)
{
    static struct sw_event event;
    static struct sw_outputs outputs;
    char topic[128];
    char payload[1024];
    (void)snprintf(topic, sizeof(topic), "sharewatch/v1/event/%s/%s", agency, kind);
    (void)snprintf(payload, sizeof(payload),
                   "{\"specversion\":\"1.0\",\"id\":\"e-%u\",\"source\":\"urn:sharewatch:agency:"
                   "%s\",\"type\":\"org.sharewatch.%s.%s.v1\",\"time\":\"2026-11-24T10:00:00Z\","
                   "\"data\":{%s}}",
                   ++event_count, agency, kind, action, data);
    struct sw_packet packet = fixture_packet(topic, sw_text_from(payload));
    struct sw_rejection rejection;
    assert_int_equal(sw_pipeline_decode(pipeline, &packet, &event, &rejection), SW_OK);
    sw_pipeline_step(pipeline, &event, NOW_MS, &outputs);
    return &outputs;
}

/* The prints of one person on their way, each step from system to system. */
static const struct sw_outputs *book(const char *person, const char *charge_class)
{
    char data[256];
    (void)snprintf(data, sizeof(data),
                   "\"actor\":{\"system\":\"JAIL\"},\"data_class\":\"prints\",\"subject_tok\":"
                   "\"%s\",\"charge_class\":\"%s\"",
                   person, charge_class);
    return step("LAPD", "booking", "booked", data);
}

static const struct sw_outputs *move(const char *person, const char *agency, const char *action,
                                     const char *from, const char *to)
{
    char data[256];
    (void)snprintf(data, sizeof(data),
                   "\"actor\":{\"system\":\"%s\"},\"recipient\":{\"system\":\"%s\"},"
                   "\"data_class\":\"prints\",\"subject_tok\":\"%s\"",
                   from, to, person);
    return step(agency, "fingerprint", action, data);
}

static const char misdemeanours_cited[] =
    "edges: {E01: {enabled: false, when: {charge_class: [M, I]}}}";

static void an_edge_that_is_switched_off_is_taken_by_nobody(void **state)
{
    (void)state;
    assert_true(move("p", "FBI", "searched", "NGI", "IDENT")->has_hop);

    apply("edges: {E04: {enabled: false}}");

    assert_false(move("p", "FBI", "searched", "NGI", "IDENT")->has_hop);
}

static void what_follows_from_a_cut_edge_does_not_happen_either(void **state)
{
    (void)state;
    apply(misdemeanours_cited);

    assert_false(book("p", "M")->has_hop);
    assert_false(move("p", "LASD", "submitted", "LACRIS", "STATE")->has_hop);
    assert_false(move("p", "CADOJ", "submitted", "STATE", "NGI")->has_hop);
    assert_false(move("p", "FBI", "searched", "NGI", "IDENT")->has_hop);
    const struct sw_outputs *outputs = move("p", "ICE", "matched", "IDENT", "LESC");
    assert_false(outputs->has_hop);
    assert_false(outputs->has_alert);
    assert_false(outputs->chain_changed);
}

static void other_chains_and_other_charges_go_on(void **state)
{
    (void)state;
    apply(misdemeanours_cited);
    (void)book("p", "M");

    assert_true(book("q", "F")->has_hop);
    assert_true(move("q", "LASD", "submitted", "LACRIS", "STATE")->has_hop);
    assert_true(move("q", "FBI", "searched", "NGI", "IDENT")->has_hop);
}

/* The same person is booked again, now for a felony: the prints go their way. */
static void a_system_that_is_reached_by_another_way_is_cut_off_no_longer(void **state)
{
    (void)state;
    apply(misdemeanours_cited);
    (void)book("p", "M");
    (void)move("p", "LASD", "submitted", "LACRIS", "STATE");

    assert_true(book("p", "F")->has_hop);
    assert_true(move("p", "LASD", "submitted", "LACRIS", "STATE")->has_hop);
}

static void mistakes_in_an_overlay_are_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "edges: {E99: {enabled: false}}",
        "edges: {E01: {enabled: true}}",
        "edges: {E01: {level: 0}}",
        "edges: {E01: {enabled: false, verdict: NONE}}",
        "edges: {E01: {enabled: false, when: {charge_clas: M}}}",
        "edges: {E01: {enabled: false, when: {charge_class: X}}}",
        "edges: [E01]",
        "nodes: {}",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sw_report report;
        assert_int_equal(overlay(wrong[i], &report), SW_INVALID);
        assert_true(report.error_total >= 1);
        assert_int_equal(report.items[0].line, 1);
        sw_report_free(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_edge_that_is_switched_off_is_taken_by_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_follows_from_a_cut_edge_does_not_happen_either, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(other_chains_and_other_charges_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_system_that_is_reached_by_another_way_is_cut_off_no_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_in_an_overlay_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
