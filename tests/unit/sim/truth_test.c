/* The score against ground truth, on scenarios small enough to count by hand. The map is that of
 * Los Angeles; where a test needs a rule, it brings one. */
#include "scenario_file.h"

#include <string.h>

#include <sharewatch/map.h>
#include <sharewatch/time.h>
#include <sharewatch/truth.h>

#include "lead.h"
#include "rehearse.h"

static struct sw_map map;

static int open_map(void **state)
{
    (void)state;
    struct sw_report report = {0};
    enum sw_status status =
        sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    return status == SW_OK ? 0 : 1;
}

static int close_map(void **state)
{
    (void)state;
    sw_map_free(&map);
    return 0;
}

#define ACTORS                                                                                     \
    HEAD "  ice: {agency: ICE, class: fed_imm, system: PERC}\n"                                    \
         "  sister: {agency: SISTER, class: local, system: SISTER}\n"                              \
         "  store: {agency: LAPD, class: local, system: LAPD-ALPR, role: detective}\n"             \
         "  field: {agency: ICE, class: fed_imm, system: ERO-LA}\n"                                \
         "vehicles: {car: x}\n"                                                                    \
         "steps:\n"

#define BOOKED "  - {step: booked, at: 0, event: booking.booked, actor: jail, subject: somebody}\n"
#define NOTICE                                                                                     \
    "  - {step: notice, at: 1d, event: notice.sent, actor: jail, to: ice, subject: somebody,\n"    \
    "     data: {data_class: release_time, public_already: 'false'}"

/* @policy NULL: the packs of today. */
static struct sw_truth_score score_under(const char *source, const char *policy)
{
    static struct sw_phases phases;
    struct sw_scenario scenario;
    struct sw_rehearsal result;
    load_good(&scenario, source, NULL);
    assert_true(sw_phases_open(&phases, &scenario, "test", policy));
    const struct sw_rehearsal_options options = {0};
    assert_int_equal(sw_rehearse(&scenario, &phases, &options, &result), SW_OK);
    sw_phases_close(&phases);
    sw_scenario_free(&scenario);
    assert_int_equal(result.truth.foreseen + result.truth.seen + result.truth.missed,
                     result.truth.crossings);
    return result.truth;
}

/* By a pack that has no rule: the map alone judges. */
static struct sw_truth_score score_of(const char *source)
{
    return score_under(source, "nlets-off");
}

#define UNSEEN                                                                                     \
    ACTORS BOOKED "automatic:\n"                                                                   \
                  "  E01: {delay: 10m}\n"                                                          \
                  "  E02: {delay: 10m}\n"                                                          \
                  "  E03: {delay: 10m}\n"                                                          \
                  "  E04: {delay: 10m, visible: no}\n"                                             \
                  "  E05: {delay: 10m, visible: no, chance: 100%}\n"                               \
                  "  E06: {delay: 30m, visible: no}\n"

/* Booked at 0:00; searched at 0:40, matched at 0:50, told to the field office at 1:20. */
static void what_nobody_tells_is_foreseen_by_the_map(void **state)
{
    (void)state;
    char text[SW_TRUTH_TEXT_BYTES];
    struct sw_buffer buffer;
    const struct sw_truth_score score = score_of(UNSEEN);
    assert_int_equal(score.events, 7);
    assert_int_equal(score.hidden, 3);
    assert_int_equal(score.crossings, 3);
    assert_int_equal(score.crossings_hidden, 3);
    assert_int_equal(score.crossings_at[SW_LEVEL_SEARCHED], 1);
    assert_int_equal(score.crossings_at[SW_LEVEL_MATCHED], 2);
    assert_int_equal(score.foreseen, 3);
    assert_int_equal(score.lead_ms_least, 40 * SW_MINUTE_MS);
    assert_int_equal(score.lead_ms_median, 50 * SW_MINUTE_MS);
    assert_int_equal(score.lead_ms_most, 80 * SW_MINUTE_MS);
    assert_false(score.lead_about);
    assert_int_equal(sw_truth_false(&score), 0);
    assert_int_equal(sw_truth_unclear(&score), 0);
    sw_buffer_init(&buffer, text, sizeof(text));
    sw_truth_write_text(&score, &buffer);
    assert_string_equal(
        text, "What happened:       3 crossings: 2 matched, 1 searched; nobody told of 3 of them.\n"
              "Foreseen:            3, half of them 50 min before or more (from 40 min to 1 h 20 "
              "min).\n"
              "Seen as it happened: 0.\n"
              "Missed:              0.\n"
              "False alarms:        0.\n"
              "Cannot be assessed:  0.\n");
}

static void the_score_is_json_too(void **state)
{
    (void)state;
    char text[SW_TRUTH_TEXT_BYTES];
    struct sw_buffer buffer;
    const struct sw_truth_score score = score_of(UNSEEN);
    sw_buffer_init(&buffer, text, sizeof(text));
    sw_truth_write_json(&score, &buffer);
    assert_string_equal(
        text,
        "{\"events\":7,\"hidden\":3,\"crossings\":{\"count\":3,\"hidden\":3,\"by_level\":"
        "{\"not_on_map\":0,\"searched\":1,\"matched\":2,\"informed\":0,\"custody\":0}},"
        "\"foreseen\":{\"count\":3,\"before_ms\":{\"least\":2400000,\"median\":3000000,"
        "\"most\":4800000,\"exact\":true}},\"seen_as_it_happened\":0,\"missed\":{\"count\":0,"
        "\"hidden\":0,\"unlinked\":0,\"not_on_map\":0,\"lost\":0,\"quarantined\":0,\"gap\":0,"
        "\"misread\":0},\"false_alarms\":{\"count\":0,\"foreseen\":0,\"NONE\":0,\"FED\":0,"
        "\"AUTO\":0,\"DISC\":0,\"PROH\":0},\"cannot_be_assessed\":{\"count\":0,\"still_open\":0,"
        "\"unlinked\":0,\"needs_review\":0,\"chains_forgotten\":0}}");
}

/* Nothing announces a letter; whoever sees it knows it then, and not before. */
static void what_comes_without_warning_is_seen_as_it_happens(void **state)
{
    (void)state;
    const struct sw_truth_score score = score_of(ACTORS NOTICE "}\n");
    assert_int_equal(score.crossings, 1);
    assert_int_equal(score.crossings_at[SW_LEVEL_INFORMED], 1);
    assert_int_equal(score.crossings_hidden, 0);
    assert_int_equal(score.seen, 1);
    assert_int_equal(score.foreseen, 0);
}

/* The booking said that the prints would go there; the letter comes a day later. */
static void a_chain_that_crossed_or_might_is_a_warning(void **state)
{
    (void)state;
    const struct sw_truth_score score = score_of(ACTORS BOOKED NOTICE ", hidden: yes}\n");
    assert_int_equal(score.crossings, 1);
    assert_int_equal(score.foreseen, 1);
    assert_int_equal(score.lead_ms_least, SW_DAY_MS);
    assert_int_equal(score.false_chains, 0);
}

static void each_miss_has_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        enum sw_miss miss;
    } cases[] = {
        {ACTORS NOTICE ", hidden: yes}\n", SW_MISS_HIDDEN},
        {ACTORS "  - {step: notice, at: 0, event: notice.sent, actor: jail, to: ice, hidden: yes,\n"
                "     data: {data_class: release_time}}\n",
         SW_MISS_UNLINKED},
        {ACTORS "  - {step: list, at: 0, event: custody.listed, actor: jail, to: field,\n"
                "     subject: somebody, hidden: yes, data: {data_class: custody_access}}\n",
         SW_MISS_NO_EDGE},
        {ACTORS NOTICE ", fault: lost}\n", SW_MISS_LOST},
        {ACTORS NOTICE ", fault: truncated}\n", SW_MISS_REFUSED},
        /* What was lost would have warned of what nobody tells. */
        {ACTORS "  - {step: booked, at: 0, event: booking.booked, actor: jail, to: unit,\n"
                "     subject: somebody, data: {data_class: prints}, fault: lost}\n" NOTICE
                ", hidden: yes}\n",
         SW_MISS_LOST},
        {ACTORS "  - {step: booked, at: 0, event: booking.booked, actor: jail, to: unit,\n"
                "     subject: somebody, data: {data_class: prints}, fault: bom}\n" NOTICE
                ", hidden: yes}\n",
         SW_MISS_REFUSED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct sw_truth_score score = score_of(cases[i].source);
        assert_int_equal(score.crossings, 1);
        assert_int_equal(score.missed, 1);
        assert_int_equal(score.missed_by[cases[i].miss], 1);
        assert_int_equal(sw_truth_false(&score), 0);
    }
}

/* The prints could go on within seven hours at most; a month later they have not. */
static void a_way_that_nothing_took_is_a_false_alarm_once_it_is_closed(void **state)
{
    (void)state;
    static const char later[] = "  - {step: read, at: 30d, event: plate.read, actor: store}\n";
    char source[2048];
    (void)snprintf(source, sizeof(source), ACTORS BOOKED "%s", later);
    struct sw_truth_score score = score_of(source);
    assert_int_equal(score.crossings, 0);
    assert_int_equal(score.false_chains, 1);
    assert_int_equal(sw_truth_false(&score), 1);
    assert_int_equal(sw_truth_unclear(&score), 0);

    score = score_of(ACTORS BOOKED);
    assert_int_equal(sw_truth_false(&score), 0);
    assert_int_equal(score.unclear_open, 1);

    (void)snprintf(source, sizeof(source),
                   ACTORS "  - {step: booked, at: 0, event: booking.booked, actor: jail}\n%s",
                   later);
    score = score_of(source);
    assert_int_equal(sw_truth_false(&score), 0);
    assert_int_equal(score.unclear_unlinked, 1);
}

#define SEARCH(reason)                                                                             \
    ACTORS "  - {step: search, at: 0, event: plate.search, actor: store, vehicle: car,\n"          \
           "     data: {data_class: alpr_search_result, reason: " reason "}}\n"
#define PASSED_ON                                                                                  \
    "  - {step: passed-on, at: 2d, event: plate.share, actor: store, to: field, vehicle: car,\n"   \
    "     hidden: yes, data: {data_class: alpr_search_result}}\n"

/* A rule says of a search that ICE was told. Whether it was, the truth knows. */
static void what_a_rule_says_is_held_against_what_happened(void **state)
{
    (void)state;
    struct sw_truth_score score = score_under(SEARCH("ICE hold"), NULL);
    assert_int_equal(score.crossings, 0);
    assert_int_equal(score.false_hops[SW_VERDICT_PROH], 1);
    assert_int_equal(sw_truth_false(&score), 1);

    score = score_under(SEARCH("ICE hold") PASSED_ON, NULL);
    assert_int_equal(score.crossings, 1);
    assert_int_equal(score.foreseen, 1);
    assert_int_equal(score.lead_ms_median, 2 * SW_DAY_MS);
    assert_int_equal(sw_truth_false(&score), 0);

    score = score_under(SEARCH("HSI"), NULL);
    assert_int_equal(sw_truth_false(&score), 0);
    assert_int_equal(score.unclear_review, 1);
}

static void the_same_seed_gives_the_same_score(void **state)
{
    (void)state;
    static const char city[] =
        ACTORS "  - {step: booked, at: 0, event: booking.booked, actor: jail, subject: new,\n"
               "     repeat: {times: 300, over: 1d}}\n"
               "automatic: {E04: {visible: 50%}, E05: {chance: 8%, visible: no}}\n";
    const struct sw_truth_score first = score_of(city);
    const struct sw_truth_score second = score_of(city);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(first.crossings_at[SW_LEVEL_SEARCHED], 300);
    assert_int_equal(first.foreseen, first.crossings);
    assert_in_range(first.crossings_at[SW_LEVEL_MATCHED], 2 * 10, 2 * 45);
}

/* ---- what only a log can show, and what must not grow ---- */

static struct sw_truth *open_truth(struct sw_scenario *scenario)
{
    struct sw_truth *truth = NULL;
    load_good(scenario, ACTORS NOTICE "}\n", NULL);
    assert_int_equal(sw_truth_open(&truth, scenario, &map), SW_OK);
    return truth;
}

static void what_came_and_is_not_there_is_told_apart(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_truth *truth = open_truth(&scenario);
    const struct sw_scenario_event made = {.emit_ms = scenario.start_ms};
    const struct sw_truth_fact fact = {
        .known = true, .crossing = true, .linked = true, .level = SW_LEVEL_CUSTODY, .chain = 1};
    struct sw_truth_score score;
    sw_truth_take(truth, &made, &fact, &(struct sw_sighting){.arrival = SW_ARRIVAL_MISSING});
    sw_truth_take(truth, &made, &fact,
                  &(struct sw_sighting){
                      .arrival = SW_ARRIVAL_TAKEN, .has_hop = true, .crosses = SW_CROSSES_NONE});
    sw_truth_finish(truth, &score);
    assert_int_equal(score.crossings_at[SW_LEVEL_CUSTODY], 2);
    assert_int_equal(score.missed_by[SW_MISS_GAP], 1);
    assert_int_equal(score.missed_by[SW_MISS_MISREAD], 1);
    sw_truth_close(truth);
    sw_scenario_free(&scenario);
}

#define CHAINS (2 * SW_TRUTH_CHAINS_MAX)

/* More chains than fit: each is settled once, and those that were forgotten are counted. */
static void the_table_does_not_grow(void **state)
{
    (void)state;
    struct sw_scenario scenario;
    struct sw_truth *truth = open_truth(&scenario);
    struct sw_scenario_event made = {.emit_ms = scenario.start_ms};
    struct sw_truth_fact fact = {.known = true, .leads_on = true, .linked = true, .way_ms = 1};
    struct sw_truth_score score;
    for (uint32_t i = 0; i < CHAINS; i++) {
        fact.chain = (uint64_t)i << 32 | 1;
        made.emit_ms += SW_SECOND_MS;
        sw_truth_take(truth, &made, &fact,
                      &(struct sw_sighting){.arrival = SW_ARRIVAL_TAKEN,
                                            .has_hop = true,
                                            .crosses = SW_CROSSES_REACHABLE});
    }
    sw_truth_finish(truth, &score);
    assert_int_equal(score.events, CHAINS);
    assert_int_equal(score.false_chains + score.unclear_open, CHAINS);
    assert_in_range(score.forgotten, CHAINS - SW_TRUTH_CHAINS_MAX, CHAINS);
    assert_int_equal(score.unclear_open, 1); // the last one, whose way is open for a moment more
    sw_truth_close(truth);
    sw_scenario_free(&scenario);
}

static void the_middle_of_many_times_is_within_one_percent(void **state)
{
    (void)state;
    static struct sw_leads leads;
    bool about = false;
    for (int64_t i = 1; i <= 4; i++) {
        sw_leads_add(&leads, i * 1000);
    }
    assert_int_equal(sw_leads_median(&leads, &about), 2500);
    assert_false(about);
    for (int64_t i = 5; i <= 100001; i++) {
        sw_leads_add(&leads, i * 1000);
    }
    assert_in_range(sw_leads_median(&leads, &about), 49500000, 50500000);
    assert_true(about);
    assert_int_equal(leads.most_ms, 100001000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_tells_is_foreseen_by_the_map),
        cmocka_unit_test(the_score_is_json_too),
        cmocka_unit_test(what_comes_without_warning_is_seen_as_it_happens),
        cmocka_unit_test(a_chain_that_crossed_or_might_is_a_warning),
        cmocka_unit_test(each_miss_has_its_reason),
        cmocka_unit_test(a_way_that_nothing_took_is_a_false_alarm_once_it_is_closed),
        cmocka_unit_test(what_a_rule_says_is_held_against_what_happened),
        cmocka_unit_test(the_same_seed_gives_the_same_score),
        cmocka_unit_test(what_came_and_is_not_there_is_told_apart),
        cmocka_unit_test(the_table_does_not_grow),
        cmocka_unit_test(the_middle_of_many_times_is_within_one_percent),
    };
    return cmocka_run_group_tests(tests, open_map, close_map);
}
