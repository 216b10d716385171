#include "fixture.h"

#include <sharewatch/diagnostic.h>

static struct sw_map map;

static int set_up(void **state)
{
    (void)state;
    fixture_map(&map, small_map_text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sw_map_free(&map);
    return 0;
}

static uint16_t node(const char *id)
{
    uint16_t index = sw_map_node(&map, sw_text_from(id));
    assert_int_not_equal(index, SW_NONE);
    return index;
}

static uint16_t edge(const char *id)
{
    uint16_t index = sw_map_edge(&map, sw_text_from(id));
    assert_int_not_equal(index, SW_NONE);
    return index;
}

static void everything_is_found_by_its_id(void **state)
{
    (void)state;
    assert_int_equal(map.edge_count, 8);
    assert_text_equal(map.edges[edge("E04")].name, "FBI searches the DHS store with the prints");
    assert_text_equal(map.nodes[node("NGI")].name, "FBI prints (NGI)");
    assert_int_equal(map.nodes[node("NGI")].class_code, SW_AGENCY_CLASS_FED_NONIMM);
    assert_true(map.nodes[node("IDENT")].immigration);
    assert_false(map.nodes[node("NGI")].immigration);
    assert_int_equal(map.agencies[sw_map_agency(&map, SW_TEXT("ICE"))].class_code,
                     SW_AGENCY_CLASS_FED_IMM);
    assert_int_equal(sw_map_agency(&map, SW_TEXT("NOBODY")), SW_NONE);
    assert_int_equal(sw_map_edge(&map, SW_TEXT("E99")), SW_NONE);
    assert_int_equal(map.edges[edge("E19")].arms_count, 1);
    assert_int_equal(map.edges[edge("E19")].arms[0], edge("E23"));
    assert_true(map.edges[edge("E04")].delay_ms == SW_MINUTE_MS);
    assert_true(map.edges[edge("E04")].delay_ms_max == 10 * SW_MINUTE_MS);
    assert_int_equal(map.edges_of_action_count[SW_ACTION_FINGERPRINT_SUBMITTED], 3);
    for (uint16_t i = 1; i < map.edge_count; i++) {
        assert_true(sw_text_compare(map.edges[i - 1].id, map.edges[i].id) < 0);
    }
}

static void the_shortest_automatic_way_is_known(void **state)
{
    (void)state;
    static const char *const edges[] = {"E01", "E02", "E03", "E04"};
    static const char *const nodes[] = {"LACRIS", "STATE", "NGI", "IDENT"};

    const struct sw_way *way = sw_map_way(&map, node("JAIL"), SW_DATA_CLASS_PRINTS);

    assert_int_equal(way->edge_count, 4);
    assert_true(way->delay_ms == 29 * SW_MINUTE_MS);
    for (uint16_t i = 0; i < way->edge_count; i++) {
        assert_int_equal(way->edges[i], edge(edges[i]));
        assert_int_equal(way->nodes[i], node(nodes[i]));
    }
    assert_int_equal(sw_map_way(&map, node("LIVESCAN"), SW_DATA_CLASS_PRINTS)->edge_count, 4);
    assert_int_equal(sw_map_way(&map, node("IDENT"), SW_DATA_CLASS_PRINTS)->edge_count, 0);
}

static void choices_and_other_data_make_no_way(void **state)
{
    (void)state;
    assert_int_equal(sw_map_way(&map, node("JAIL"), SW_DATA_CLASS_RELEASE_TIME)->edge_count, 0);
    assert_int_equal(sw_map_way(&map, node("JAIL"), SW_DATA_CLASS_DEMOGRAPHICS)->edge_count, 0);
    assert_int_equal(sw_map_way(&map, node("ALPR"), SW_DATA_CLASS_ALPR_SEARCH_RESULT)->edge_count,
                     0);
}

static void an_edge_switched_off_cuts_its_ways(void **state)
{
    (void)state;
    sw_map_enable(&map, edge("E03"), false);
    assert_int_equal(sw_map_way(&map, node("JAIL"), SW_DATA_CLASS_PRINTS)->edge_count, 0);
    assert_int_equal(sw_map_way(&map, node("NGI"), SW_DATA_CLASS_PRINTS)->edge_count, 1);

    sw_map_enable(&map, edge("E03"), true);
    assert_int_equal(sw_map_way(&map, node("JAIL"), SW_DATA_CLASS_PRINTS)->edge_count, 4);
}

#define HEAD                                                                                       \
    "map: m\nversion: 1\ntitle: t\n"                                                               \
    "agencies: {A: {name: a, class: local}, I: {name: i, class: fed_imm}}\n"
#define NODE(id) "  " id ": {name: n, agency: A, source: s}\n"
#define EDGE(id, from, to, delay)                                                                  \
    "  " id ": {name: e, from: " from ", to: " to ", data: prints, events: plate.share,\n"         \
    "    mode: automatic, delay: {typical: " delay "}, basis: b, off_switch: o, source: s,\n"      \
    "    default: [{verdict: NONE, level: 0}]}\n"

static void shortest_means_hops_then_delay(void **state)
{
    (void)state;
    static const char text[] = HEAD "nodes:\n" NODE("N1") NODE("N2") NODE("N3") NODE("N4")
        NODE("N5") "  X: {name: x, agency: I, immigration: true, source: s}\n"
                   "edges:\n"
        /* three hops at once, two hops in five minutes, two hops in three */
        EDGE("E01", "N1", "N2", "0") EDGE("E02", "N2", "N3", "0") EDGE("E03", "N3", "X", "0")
            EDGE("E04", "N1", "N4", "4m") EDGE("E05", "N4", "X", "1m") EDGE("E06", "N1", "N5", "1m")
                EDGE("E07", "N5", "X", "2m") EDGE("E08", "N3", "N1", "0");
    struct sw_map other;
    fixture_map(&other, text);

    const struct sw_way *way =
        sw_map_way(&other, sw_map_node(&other, SW_TEXT("N1")), SW_DATA_CLASS_PRINTS);

    assert_int_equal(way->edge_count, 2);
    assert_true(way->delay_ms == 3 * SW_MINUTE_MS);
    assert_text_equal(other.edges[way->edges[0]].id, "E06");
    assert_text_equal(other.edges[way->edges[1]].id, "E07");
    sw_map_free(&other);
}

static void the_first_case_that_holds_applies(void **state)
{
    (void)state;
    static struct sw_event event;
    event = (struct sw_event){.kind = SW_KIND_NOTICE, .action = SW_ACTION_NOTICE_SENT};
    const struct sw_edge *notice = &map.edges[edge("E08")];
    assert_int_equal(sw_map_case(notice, &event)->verdict, SW_VERDICT_REVIEW);

    sw_event_set_code(&event, SW_FIELD_PUBLIC_ALREADY, SW_TRISTATE_TRUE);
    assert_int_equal(sw_map_case(notice, &event)->verdict, SW_VERDICT_DISC);

    sw_event_set_code(&event, SW_FIELD_PUBLIC_ALREADY, SW_TRISTATE_UNKNOWN);
    assert_int_equal(sw_map_case(notice, &event)->verdict, SW_VERDICT_REVIEW);
}

static void conditions_test_lists_flags_numbers_and_absence(void **state)
{
    (void)state;
    static const char text[] = HEAD "nodes:\n" NODE("N1")
        NODE("N2") "edges:\n"
                   "  E1: {name: e, from: N1, to: N2, data: prints, events: notice.sent, mode: "
                   "automatic,\n"
                   "    basis: b, off_switch: o, source: s, default: [\n"
                   "    {when: {instrument: [I-200, I-205], consent_form: true}, verdict: PROH, "
                   "level: 4},\n"
                   "    {when: {records: [1, 2]}, verdict: DISC, level: 3},\n"
                   "    {when: {taskforce_id: null}, verdict: AUTO, level: 2},\n"
                   "    {verdict: REVIEW, level: 1}]}\n";
    struct sw_map other;
    fixture_map(&other, text);
    const struct sw_edge *only = &other.edges[0];
    static struct sw_event event;
    event = (struct sw_event){0};
    assert_int_equal(sw_map_case(only, &event)->verdict, SW_VERDICT_AUTO);
    sw_event_set_text(&event, SW_FIELD_TASKFORCE_ID, SW_TEXT("tf-1"));
    assert_int_equal(sw_map_case(only, &event)->verdict, SW_VERDICT_REVIEW);
    sw_event_set_integer(&event, SW_FIELD_RECORDS, 2);
    assert_int_equal(sw_map_case(only, &event)->verdict, SW_VERDICT_DISC);
    event.items[0] = (struct sw_value){.type = SW_VALUE_TEXT, .code = SW_INSTRUMENT_NONE};
    event.items[1] = (struct sw_value){.type = SW_VALUE_TEXT, .code = SW_INSTRUMENT_I_205};
    event.fields[SW_FIELD_INSTRUMENT] =
        (struct sw_value){.type = SW_VALUE_LIST, .count = 2, .items = event.items};
    assert_int_equal(sw_map_case(only, &event)->verdict, SW_VERDICT_DISC);
    sw_event_set_bool(&event, SW_FIELD_CONSENT_FORM, true);
    assert_int_equal(sw_map_case(only, &event)->verdict, SW_VERDICT_PROH);
    sw_map_free(&other);
}

struct mistake {
    const char *find, *put; // in the small map
    const char *message;
    const char *hint;
};

/* The small map with the first @find replaced by @put. */
static const char *spoil(const struct mistake *mistake)
{
    static char text[sizeof(small_map_text) + 512];
    const char *found = strstr(small_map_text, mistake->find);
    assert_non_null(found);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(found - small_map_text), small_map_text,
                   mistake->put, found + strlen(mistake->find));
    return text;
}

static void mistakes_are_told_with_place_and_hint(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"to: LACRIS,", "to: LACRlS,", "unknown node LACRlS", "did you mean LACRIS?"},
        {"agency: CADOJ", "agency: CADJO", "unknown agency CADJO", "did you mean CADOJ?"},
        {"class: local", "class: lokal", "unknown agency_class lokal", "did you mean local?"},
        {"mode: mandated", "mode: mandatd", "unknown edge_mode mandatd", "did you mean mandated?"},
        {"data: [prints, d", "data: [pints, d", "unknown data_class pints", "did you mean prints?"},
        {"booking.booked", "booking.boked", "unknown event booking.boked; it is to be KIND.ACTION",
         "did you mean booking.booked?"},
        {"arms: [E23]", "arms: [E77]", "unknown edge E77", ""},
        {"public_already: true", "public_alredy: true", "unknown field public_alredy",
         "did you mean public_already?"},
        {"public_already: true", "public_already: maybe", "unknown tristate maybe", ""},
        {"public_already: true", "networks: many", "networks is a whole number", ""},
        {"public_already: true", "hit: 1", "hit is true or false", ""},
        {"verdict: NONE", "verdict: NOPE", "unknown verdict NOPE", "did you mean NONE?"},
        {"level: 0", "level: 7", "a level is a number from 0 to 4",
         "0 none, 1 searched, 2 matched, 3 informed, 4 custody"},
        {"typical: 3m", "typical: 3 minutes", "not a duration", "write it like 90s, 5m, 2h, 3d"},
        {"max: 2h", "max: 2m", "`max` is below `typical`", ""},
        {"basis: Pen. Code 13150, off", "off", "E02 has no `basis`", ""},
        {"off_switch: Chief", "of_switch: Chief", "unknown key of_switch in edge",
         "did you mean off_switch?"},
        {"{verdict: AUTO, level: 1}", "{when: {hit: true}, verdict: AUTO, level: 1}",
         "the last row is to have no `when`, so that some row always holds", ""},
        {"{when: {public_already: true}, verdict: DISC", "{verdict: DISC",
         "a row without `when` hides the rows after it; put it last", ""},
        {"E01:", "e01:", "e01 cannot be an id", "capital letters, digits and -, at most 32"},
        {"immigration: true", "immigration: perhaps", "`immigration` is true or false", ""},
        {"from: JAIL", "from: []", "`from` holds 1 to 16 items, not 0", ""},
    };
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct sw_map other;
        struct sw_report report = {0};
        enum sw_status status =
            sw_map_parse(&other, "m.yaml", sw_text_from(spoil(&mistakes[i])), &report);
        assert_int_equal(status, SW_INVALID);
        assert_true(report.count >= 1);
        bool told = false;
        for (uint32_t j = 0; j < report.count; j++) {
            told = told || (strcmp(report.items[j].message, mistakes[i].message) == 0 &&
                            strcmp(report.items[j].hint, mistakes[i].hint) == 0 &&
                            report.items[j].line > 0 && report.items[j].column > 0 &&
                            strcmp(report.items[j].file, "m.yaml") == 0);
        }
        if (!told) {
            sw_report_print(&report, stderr);
            fail_msg("not told: %s", mistakes[i].message);
        }
        sw_report_free(&report);
        sw_map_free(&other);
    }
}

static void the_place_of_a_mistake_is_exact(void **state)
{
    (void)state;
    struct sw_map other;
    struct sw_report report = {0};
    const struct mistake mistake = {"agency: FBI, source", "agency: FBX, source", "", ""};
    assert_int_equal(sw_map_parse(&other, "m.yaml", sw_text_from(spoil(&mistake)), &report),
                     SW_INVALID);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].line, 17);
    assert_int_equal(report.items[0].column, 41);
    sw_report_free(&report);
    sw_map_free(&other);
}

static void a_missing_file_is_told(void **state)
{
    (void)state;
    struct sw_map other;
    struct sw_report report = {0};
    assert_int_equal(sw_map_open(&other, "/nonexistent/map.yaml", &report), SW_IO);
    assert_int_equal(report.error_total, 1);
    sw_report_free(&report);
    sw_map_free(&other);
}

/* The map that is shipped: loads, and says of the central case what the domain notes say. */
static void the_map_of_los_angeles_loads(void **state)
{
    (void)state;
    struct sw_map city;
    struct sw_report report = {0};
    enum sw_status status =
        sw_map_open(&city, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    assert_int_equal(status, SW_OK);
    assert_int_equal(city.edge_count, 37);
    uint16_t jail = sw_map_node(&city, SW_TEXT("LAPD-JAIL"));
    const struct sw_way *way = sw_map_way(&city, jail, SW_DATA_CLASS_PRINTS);
    assert_int_equal(way->edge_count, 4);
    for (uint16_t i = 0; i < 4; i++) {
        char id[] = "E01";
        id[2] = (char)('1' + i);
        assert_text_equal(city.edges[way->edges[i]].id, id);
    }
    assert_text_equal(city.nodes[way->nodes[3]].id, "IDENT");
    sw_map_free(&city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found_by_its_id),
        cmocka_unit_test(the_shortest_automatic_way_is_known),
        cmocka_unit_test(choices_and_other_data_make_no_way),
        cmocka_unit_test(an_edge_switched_off_cuts_its_ways),
        cmocka_unit_test(shortest_means_hops_then_delay),
        cmocka_unit_test(the_first_case_that_holds_applies),
        cmocka_unit_test(conditions_test_lists_flags_numbers_and_absence),
        cmocka_unit_test(mistakes_are_told_with_place_and_hint),
        cmocka_unit_test(the_place_of_a_mistake_is_exact),
        cmocka_unit_test(a_missing_file_is_told),
        cmocka_unit_test(the_map_of_los_angeles_loads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
