/*
 * The same event under the rules of different places and times, through the whole pipeline: the
 * sharing map of Los Angeles and the policy packs as they are shipped.
 */
#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sharewatch/pipeline.h>
#include <sharewatch/policy.h>
#include <sharewatch/time.h>

#define PACKS_MAX    4
#define PATH_BYTES   512
#define NOW_MS       INT64_C(1795687200000) // 2026-11-26T10:00:00Z
#define USUAL_TIME   "2026-06-01T12:00:00Z"
#define PACKET_BYTES 4096

/* A set of packs with the map, as they change it, and a fresh pipeline over both. */
struct court {
    struct sw_map map;
    struct sw_policy *policy;
    struct sw_scratch *scratch;
    struct sw_pipeline *pipeline;
    uint64_t event_count;
};

/* Opens the packs named in @packs, separated by commas. */
static void open_court(struct court *court, const char *packs)
{
    char paths[PACKS_MAX][PATH_BYTES];
    const char *pointers[PACKS_MAX];
    uint32_t count = 0;
    for (const char *name = packs; name != NULL && count < PACKS_MAX; count++) {
        const char *comma = strchr(name, ',');
        int length = comma != NULL ? (int)(comma - name) : (int)strlen(name);
        (void)snprintf(paths[count], PATH_BYTES, SW_SOURCE_DIR "/monitor/policies/%.*s", length,
                       name);
        pointers[count] = paths[count];
        name = comma != NULL ? comma + 1 : NULL;
    }
    struct sw_report report = {0};
    enum sw_status status =
        sw_policy_open(&court->policy, pointers, count, &(struct sw_policy_options){0}, &report);
    if (status == SW_OK) {
        status = sw_map_open(&court->map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    }
    if (status == SW_OK) {
        status = sw_policy_overlay(court->policy, &court->map, &report);
    }
    sw_report_print(&report, stderr);
    assert_int_equal(status, SW_OK);
    sw_report_free(&report);
    court->scratch = sw_scratch_open(court->policy);
    void *memory = calloc(1, sw_pipeline_bytes());
    assert_non_null(memory);
    struct sw_pipeline_config config = {.map = &court->map,
                                        .rules = sw_policy_rules(court->policy, court->scratch)};
    court->pipeline = sw_pipeline_init(memory, &config);
    court->event_count = 0;
}

static void close_court(struct court *court)
{
    free(court->pipeline);
    sw_scratch_close(court->scratch);
    sw_policy_close(court->policy);
    sw_map_free(&court->map);
}

/* An event with the bytes that it points into. */
struct told {
    char topic[PATH_BYTES];
    char payload[PACKET_BYTES];
    struct sw_packet packet;
    struct sw_event event;
};

/* Decodes one event of @agency: @type is KIND.ACTION, @data the fields as JSON without braces,
 * @parent the id of the event that it follows from, or NULL. */
static void decode(struct court *court, const char *agency, const char *type, const char *time,
                   const char *parent, const char *data, struct told *told)
{
    const char *dot = strchr(type, '.');
    assert_non_null(dot);
    (void)snprintf(told->topic, sizeof(told->topic), "sharewatch/v1/event/%s/%.*s", agency,
                   (int)(dot - type), type);
    int length =
        snprintf(told->payload, sizeof(told->payload),
                 "{\"specversion\":\"1.0\",\"id\":\"e-%llu\","
                 "\"source\":\"urn:sharewatch:agency:%s\",\"type\":\"org.sharewatch.%s.v1\","
                 "\"time\":\"%s\"%s%s%s,\"data\":{%s}}",
                 (unsigned long long)++court->event_count, agency, type, time,
                 parent != NULL ? ",\"swparent\":\"" : "", parent != NULL ? parent : "",
                 parent != NULL ? "\"" : "", data);
    assert_true(length > 0 && (size_t)length < sizeof(told->payload));
    told->packet = (struct sw_packet){.topic = sw_text_from(told->topic),
                                      .payload = {told->payload, (uint32_t)length},
                                      .received_ms = NOW_MS};
    struct sw_rejection rejection;
    enum sw_status status =
        sw_pipeline_decode(court->pipeline, &told->packet, &told->event, &rejection);
    if (status != SW_OK) {
        print_error("%s refused: %s at byte %u, %s\n", type, rejection.code, rejection.position,
                    rejection.field);
    }
    assert_int_equal(status, SW_OK);
}

static void judge(struct court *court, const char *agency, const char *type, const char *time,
                  const char *data, struct sw_outputs *outputs)
{
    static struct told told;
    decode(court, agency, type, time, NULL, data, &told);
    sw_pipeline_step(court->pipeline, &told.event, NOW_MS, outputs);
}

struct row {
    const char *what;
    const char *packs;
    const char *agency;
    const char *type;
    const char *data; // without a subject
    enum sw_verdict verdict;
    enum sw_level level;
    uint32_t duties; // that must be owed, among others
};

#define TO_ICE   "\"recipient\":{\"system\":\"ERO-LA\"}"
#define LAPD_OUT "\"actor\":{\"system\":\"LAPD-JAIL\"}," TO_ICE ",\"data_class\":\"custody_access\""
#define LASD_OUT "\"actor\":{\"system\":\"LASD-AJIS\"}," TO_ICE ",\"data_class\":\"custody_access\""
#define LASD_TELLS                                                                                 \
    "\"actor\":{\"system\":\"LASD-AJIS\"}," TO_ICE ",\"data_class\":\"release_time\","             \
    "\"public_already\":false"
#define DETAINER "\"instrument\":[\"I-247A\",\"I-200\"]"

#define CITY   "ca-state,la-city-2024"
#define COUNTY "ca-state,la-county-2020"

/* Six people in jail, a detainer each, and what becomes of it in different places. */
static const struct row jail_rows[] = {
    {"LAPD hands over on a detainer", CITY, "LAPD", "custody.transferred",
     LAPD_OUT "," DETAINER ",\"conviction_basis\":\"none\"", SW_VERDICT_PROH, SW_LEVEL_CUSTODY, 0},
    {"LAPD only holds past release on it", CITY, "LAPD", "custody.held",
     "\"actor\":{\"system\":\"LAPD-JAIL\"},\"past_release\":true," DETAINER, SW_VERDICT_PROH,
     SW_LEVEL_NONE, 0},
    {"sheriff, earlier serious felony, state law", "ca-state", "LASD", "custody.transferred",
     LASD_OUT "," DETAINER ",\"conviction_basis\":\"a1\"", SW_VERDICT_DISC, SW_LEVEL_CUSTODY,
     SW_DUTY_REPORT_DOJ},
    {"sheriff, earlier serious felony, county policy", COUNTY, "LASD", "custody.transferred",
     LASD_OUT "," DETAINER ",\"conviction_basis\":\"a1\"", SW_VERDICT_PROH, SW_LEVEL_CUSTODY, 0},
    {"sheriff, federal judge's warrant, county policy", COUNTY, "LASD", "custody.transferred",
     LASD_OUT ",\"instrument\":[\"I-247A\",\"judicial_warrant\"],\"conviction_basis\":\"none\"",
     SW_VERDICT_DISC, SW_LEVEL_CUSTODY, SW_DUTY_REPORT_DOJ},
    {"sheriff, magistrate's finding only, date is given", "ca-state", "LASD", "notice.answered",
     LASD_TELLS "," DETAINER ",\"conviction_basis\":\"none\",\"magistrate_872\":true",
     SW_VERDICT_DISC, SW_LEVEL_INFORMED, SW_DUTY_SERVE_COPY},
    {"sheriff, magistrate's finding only, hand-over", "ca-state", "LASD", "custody.transferred",
     LASD_OUT "," DETAINER ",\"conviction_basis\":\"none\",\"magistrate_872\":true",
     SW_VERDICT_PROH, SW_LEVEL_CUSTODY, 0},
    {"sheriff, offence of Proposition 47, hand-over", "ca-state", "LASD", "custody.transferred",
     LASD_OUT "," DETAINER ",\"conviction_basis\":\"prop47\"", SW_VERDICT_PROH, SW_LEVEL_CUSTODY,
     0},
    {"sheriff, offence of Proposition 47, date is given", "ca-state", "LASD", "notice.answered",
     LASD_TELLS "," DETAINER ",\"conviction_basis\":\"prop47\"", SW_VERDICT_PROH, SW_LEVEL_INFORMED,
     0},
    {"a state without limits", "no-sanctuary", "LASD", "custody.transferred",
     LASD_OUT "," DETAINER ",\"conviction_basis\":\"none\"", SW_VERDICT_DISC, SW_LEVEL_CUSTODY, 0},
    {"LAPD, 1979: the order is silent", "so40-1979", "LAPD", "custody.transferred",
     LAPD_OUT "," DETAINER ",\"conviction_basis\":\"none\"", SW_VERDICT_DISC, SW_LEVEL_CUSTODY, 0},
};

/* What LAPD's people do besides, from the other scenarios that the court's order is run over. */
static const struct row local_rows[] = {
    {"prints reach the DHS store", CITY, "FBI", "fingerprint.searched",
     "\"actor\":{\"system\":\"NGI\"},\"recipient\":{\"system\":\"IDENT\"},\"data_class\":"
     "\"prints\"",
     SW_VERDICT_AUTO, SW_LEVEL_SEARCHED, 0},
    {"a detective's notice for immigration enforcement", CITY, "LAPD", "notice.sent",
     "\"actor\":{\"system\":\"LAPD-STAFF\"}," TO_ICE ",\"data_class\":[\"arrest\",\"release_time\"]"
     ",\"purpose_code\":\"immigration\",\"charge_class\":\"F\"",
     SW_VERDICT_PROH, SW_LEVEL_INFORMED, SW_DUTY_SERVE_COPY},
    {"the same under the order of 1979", "so40-1979", "LAPD", "notice.sent",
     "\"actor\":{\"system\":\"LAPD-STAFF\"}," TO_ICE ",\"data_class\":[\"arrest\",\"release_time\"]"
     ",\"purpose_code\":\"immigration\",\"charge_class\":\"F\"",
     SW_VERDICT_DISC, SW_LEVEL_INFORMED, 0},
    {"a plate search whose reason says ICE hold", CITY, "LAPD", "plate.search",
     "\"actor\":{\"system\":\"LAPD-ALPR\"},\"data_class\":\"alpr_search_result\","
     "\"reason\":\"ICE hold\"",
     SW_VERDICT_PROH, SW_LEVEL_INFORMED, 0},
    {"a plate search whose reason says HSI", CITY, "LAPD", "plate.search",
     "\"actor\":{\"system\":\"LAPD-ALPR\"},\"data_class\":\"alpr_search_result\","
     "\"reason\":\"HSI\"",
     SW_VERDICT_REVIEW, SW_LEVEL_INFORMED, 0},
    {"ICE arrests at a hearing", CITY, "ICE", "custody.arrested",
     "\"actor\":{\"system\":\"ERO-LA\"},\"recipient\":{\"system\":\"EID\"},\"data_class\":"
     "\"custody_access\"",
     SW_VERDICT_FED, SW_LEVEL_CUSTODY, 0},
};

#define PLATES_OUT "\"actor\":{\"system\":\"LAPD-ALPR\"},\"data_class\":\"alpr_read\""
#define CARD_OUT   "\"actor\":{\"system\":\"FI\"},\"data_class\":\"fi_card\""
#define CASE_OUT                                                                                   \
    "\"actor\":{\"system\":\"LAPD-STAFF\"},\"recipient\":{\"system\":\"HSI-LA\"},"                 \
    "\"data_class\":\"case_intelligence\",\"taskforce_id\":\"tf-12\",\"tf_other_crimes\":true"
#define HIT_1326                                                                                   \
    "\"actor\":{\"system\":\"LAPD-STAFF\"},\"charge_offence\":\"8 USC 1326\","                     \
    "\"agg_felony_asserted\":true,\"unrelated_detection\":true"

/* Acts of police and others around them, under the rules of LAPD today. */
static const struct row city_rows[] = {
    /* Stop data that is pooled. */
    {"a stop is reported to the state", CITY, "LAPD", "stop.reported",
     "\"actor\":{\"system\":\"STOP-AFDR\"},\"recipient\":{\"system\":\"SDCS\"},\"data_class\":"
     "\"stop_record\",\"stop_result\":\"fi_card\"",
     SW_VERDICT_NONE, SW_LEVEL_NONE, 0},
    {"a card is indexed for search", CITY, "LAPD", "stop.carded",
     CARD_OUT ",\"recipient\":{\"system\":\"JRIC\"}", SW_VERDICT_REVIEW, SW_LEVEL_NONE, 0},
    {"the FBI opens it", CITY, "FBI", "stop.shared", CARD_OUT ",\"recipient\":{\"agency\":\"FBI\"}",
     SW_VERDICT_REVIEW, SW_LEVEL_NONE, 0},
    {"HSI opens it for immigration enforcement", CITY, "HSI", "stop.shared",
     CARD_OUT ",\"recipient\":{\"system\":\"HSI-LA\"},\"purpose_code\":\"immigration\"",
     SW_VERDICT_PROH, SW_LEVEL_INFORMED, 0},
    {"HSI opens it and does not say why", CITY, "HSI", "stop.shared",
     CARD_OUT ",\"recipient\":{\"system\":\"HSI-LA\"},\"purpose_code\":\"unknown\"",
     SW_VERDICT_REVIEW, SW_LEVEL_INFORMED, 0},
    {"a stop report says that DHS was contacted", CITY, "LAPD", "stop.reported",
     "\"actor\":{\"system\":\"STOP-AFDR\"},\"recipient\":{\"system\":\"SDCS\"},\"data_class\":"
     "\"stop_record\",\"stop_result\":\"contacted_dhs\"",
     SW_VERDICT_REVIEW, SW_LEVEL_MATCHED, 0},
    /* A task force with HSI. */
    {"a joint narcotics warrant", CITY, "LAPD", "notice.shared",
     CASE_OUT ",\"tf_primary_purpose\":\"narcotics\"", SW_VERDICT_DISC, SW_LEVEL_INFORMED,
     SW_DUTY_REPORT_DOJ},
    {"a task force on immigration", CITY, "LAPD", "notice.shared",
     CASE_OUT ",\"tf_primary_purpose\":\"immigration\"", SW_VERDICT_PROH, SW_LEVEL_INFORMED,
     SW_DUTY_REPORT_DOJ},
    {"HSI tells LAPD of its case", CITY, "HSI", "notice.shared",
     "\"actor\":{\"system\":\"HSI-LA\"},\"recipient\":{\"system\":\"LAPD-STAFF\"},"
     "\"data_class\":\"case_intelligence\"",
     SW_VERDICT_NONE, SW_LEVEL_NONE, 0},
    {"HSI arrests on a civil warrant, LAPD holds the perimeter", CITY, "HSI", "custody.arrested",
     "\"actor\":{\"system\":\"HSI-LA\"},\"civil_warrant\":true,\"joint_operation\":true,"
     "\"taskforce_id\":\"tf-12\"",
     SW_VERDICT_REVIEW, SW_LEVEL_CUSTODY, SW_DUTY_REPORT_DOJ},
    {"LAPD transports the arrested person", CITY, "LAPD", "custody.transferred",
     "\"actor\":{\"system\":\"LAPD-STAFF\"}," TO_ICE ",\"instrument\":\"I-200\","
     "\"conviction_basis\":\"none\"",
     SW_VERDICT_PROH, SW_LEVEL_CUSTODY, 0},
    /* A civil warrant at a traffic stop. */
    {"an officer queries the FBI's files", CITY, "LAPD", "query.sent",
     "\"actor\":{\"system\":\"LAPD-STAFF\"},\"recipient\":{\"system\":\"NCIC\"},"
     "\"data_class\":\"demographics\",\"purpose_code\":\"criminal\"",
     SW_VERDICT_NONE, SW_LEVEL_NONE, 0},
    {"the hit is confirmed with ICE's support centre", CITY, "LAPD", "query.confirmed",
     "\"actor\":{\"system\":\"LAPD-STAFF\"},\"recipient\":{\"system\":\"LESC\"},"
     "\"data_class\":[\"demographics\",\"stop_record\"]",
     SW_VERDICT_DISC, SW_LEVEL_MATCHED, 0},
    {"the person is held for ICE", CITY, "LAPD", "custody.held",
     "\"actor\":{\"system\":\"LAPD-STAFF\"},\"civil_warrant\":true,\"past_release\":true,"
     "\"instrument\":\"I-200\"",
     SW_VERDICT_PROH, SW_LEVEL_MATCHED, 0},
    {"a hit on an aggravated felon at an unrelated stop", CITY, "LAPD", "custody.arrested",
     HIT_1326 ",\"liaison_approval\":true", SW_VERDICT_DISC, SW_LEVEL_INFORMED, 0},
    {"an officer asks ICE about a person's status", CITY, "LAPD", "query.sent",
     "\"actor\":{\"system\":\"LAPD-STAFF\"},\"recipient\":{\"system\":\"LESC\"},"
     "\"data_class\":[\"demographics\",\"status\"],\"purpose_code\":\"criminal\"",
     SW_VERDICT_PROH, SW_LEVEL_MATCHED, 0},
    /* Attempts: what was refused went nowhere. */
    {"a search by ICE is blocked", CITY, "ICE", "plate.search",
     "\"actor\":{\"agency\":\"ICE\",\"system\":\"LAPD-ALPR\"}," TO_ICE
     ",\"data_class\":\"alpr_search_result\",\"outcome\":\"declined\"",
     SW_VERDICT_PROH, SW_LEVEL_NONE, 0},
    {"an officer's search for immigration enforcement is blocked", CITY, "LAPD", "plate.search",
     "\"actor\":{\"system\":\"LAPD-ALPR\"},\"data_class\":\"alpr_search_result\","
     "\"purpose_code\":\"immigration\",\"outcome\":\"declined\"",
     SW_VERDICT_PROH, SW_LEVEL_NONE, 0},
    {"the jail refuses a hand-over", CITY, "LAPD", "custody.transferred",
     LAPD_OUT "," DETAINER ",\"outcome\":\"declined\"", SW_VERDICT_NONE, SW_LEVEL_NONE, 0},
    {"the jail answers that it will not say", CITY, "LAPD", "notice.answered",
     "\"actor\":{\"system\":\"LAPD-JAIL\"}," TO_ICE
     ",\"data_class\":\"release_time\",\"outcome\":\"declined\"",
     SW_VERDICT_NONE, SW_LEVEL_NONE, 0},
    /* Holding. */
    {"an ordinary stay before arraignment", CITY, "LAPD", "custody.held",
     "\"actor\":{\"system\":\"LAPD-JAIL\"},\"custody_state\":\"held\"", SW_VERDICT_NONE,
     SW_LEVEL_NONE, 0},
    {"a detainer is on file, and nobody says whether release is past", CITY, "LAPD", "custody.held",
     "\"actor\":{\"system\":\"LAPD-JAIL\"}," DETAINER, SW_VERDICT_REVIEW, SW_LEVEL_NONE, 0},
    /* The Games: federal guests, shares for a few days. */
    {"a federal liaison that is no immigration agency gets plate reads", CITY, "LAPD",
     "plate.share",
     PLATES_OUT ",\"recipient\":{\"agency\":\"USSS\"},\"context\":\"special_event\","
                "\"agreement_id\":\"ag-9\"",
     SW_VERDICT_PROH, SW_LEVEL_NONE, 0},
    {"a share with a Californian agency without an agreement", CITY, "LAPD", "plate.share",
     PLATES_OUT ",\"recipient\":{\"agency\":\"SISTER\"},\"context\":\"special_event\"",
     SW_VERDICT_PROH, SW_LEVEL_NONE, 0},
    /* The broker's feed. */
    {"the jail feed reaches ICE", CITY, "LASD", "booking.feed",
     "\"actor\":{\"system\":\"LASD-AJIS\"}," TO_ICE ",\"data_class\":\"custody_access\"",
     SW_VERDICT_AUTO, SW_LEVEL_INFORMED, 0},
};

/* True when the event of @row at @time, with @more fields, is judged as the row says. */
static bool check_row(const struct row *row, const char *time, const char *more)
{
    struct court court;
    static struct sw_outputs outputs;
    char data[PACKET_BYTES];
    (void)snprintf(data, sizeof(data), "%s%s", row->data, more);
    open_court(&court, row->packs);
    judge(&court, row->agency, row->type, time, data, &outputs);
    const struct sw_hop *hop = &outputs.hop;
    bool as_expected = outputs.has_hop && hop->verdict == row->verdict &&
                       hop->level == row->level && (hop->duties & row->duties) == row->duties;
    if (!as_expected) {
        print_error("%s at %s: %s, level %d, duties %x\n", row->what, time,
                    outputs.has_hop ? sw_verdict_code(hop->verdict) : "no hop", (int)hop->level,
                    hop->duties);
    }
    close_court(&court);
    return as_expected;
}

/* All rows of a table, so that one run tells every mistake. */
static bool check_rows(const struct row *rows, size_t count, const char *time, const char *more)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        all = check_row(&rows[i], time, more) && all;
    }
    return all;
}

static void a_detainer_means_something_else_in_each_place(void **state)
{
    (void)state;
    assert_true(check_rows(jail_rows, sizeof(jail_rows) / sizeof(jail_rows[0]), USUAL_TIME, ""));
}

static void local_acts_are_judged_by_their_purpose_and_place(void **state)
{
    (void)state;
    assert_true(check_rows(local_rows, sizeof(local_rows) / sizeof(local_rows[0]), USUAL_TIME, ""));
}

static void what_surrounds_the_city_is_judged_as_it_should(void **state)
{
    (void)state;
    assert_true(check_rows(city_rows, sizeof(city_rows) / sizeof(city_rows[0]), USUAL_TIME, ""));
}

/* Nobody is named to whom a query goes: that says nothing of ICE. */
static void a_query_to_nobody_in_particular_is_no_hop(void **state)
{
    (void)state;
    static struct sw_outputs outputs;
    struct court court;
    open_court(&court, CITY);
    judge(&court, "LAPD", "query.sent", USUAL_TIME,
          "\"actor\":{\"system\":\"LAPD-STAFF\"},\"data_class\":\"demographics\","
          "\"purpose_code\":\"criminal\"",
          &outputs);
    assert_false(outputs.has_hop);
    close_court(&court);
}

/* The court's order of 11 July to 8 September 2025 bound federal agents and no police. */
static void the_court_order_of_2025_changes_no_verdict(void **state)
{
    (void)state;
    static const char *const times[] = {"2025-07-10T12:00:00Z", "2025-07-11T00:00:00Z",
                                        "2025-08-15T12:00:00Z", "2025-09-08T12:00:00Z",
                                        "2025-10-01T12:00:00Z"};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        bool inside = i >= 1 && i <= 3;
        const char *more = inside ? ",\"context\":\"tro_2025\"" : "";
        assert_true(
            check_rows(jail_rows, sizeof(jail_rows) / sizeof(jail_rows[0]), times[i], more));
        assert_true(
            check_rows(local_rows, sizeof(local_rows) / sizeof(local_rows[0]), times[i], more));
    }
}

/* The ordinance is of 9 December 2024: before it, the state's rules stand alone. */
static void the_ordinance_counts_from_its_day(void **state)
{
    (void)state;
    struct row row = {"LAPD hands over after an earlier prison felony",
                      CITY,
                      "LAPD",
                      "custody.transferred",
                      LAPD_OUT "," DETAINER ",\"conviction_basis\":\"a2\"",
                      SW_VERDICT_DISC,
                      SW_LEVEL_CUSTODY,
                      0};
    assert_true(check_row(&row, "2024-12-08T23:59:59Z", ""));
    row.verdict = SW_VERDICT_PROH;
    assert_true(check_row(&row, "2024-12-09T00:00:00Z", ""));
}

static const char *edge_of(const struct court *court, const struct sw_outputs *outputs)
{
    static char id[33];
    uint16_t edge = outputs->has_hop ? outputs->hop.edge : SW_NONE;
    (void)snprintf(id, sizeof(id), "%.*s",
                   SW_TEXT_FORMAT(edge != SW_NONE ? court->map.edges[edge].id : SW_TEXT("none")));
    return id;
}

/* The prints of one arrest from the jail to ICE: how many of the six hops there are. */
static uint32_t count_print_hops(struct court *court, const char *person, const char *charge_class)
{
    static const struct {
        const char *agency, *type, *from, *to;
    } steps[] = {
        {"LAPD", "booking.booked", "LAPD-JAIL", "LAPD-ID"},
        {"LAPD", "fingerprint.submitted", "LAPD-ID", "CADOJ-ABIS"},
        {"CADOJ", "fingerprint.submitted", "CADOJ-ABIS", "NGI"},
        {"FBI", "fingerprint.searched", "NGI", "IDENT"},
        {"DHS-OBIM", "fingerprint.matched", "IDENT", "LESC"},
        {"ICE", "fingerprint.responded", "LESC", "PERC"},
    };
    static struct sw_outputs outputs;
    uint32_t hops = 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        char data[PACKET_BYTES];
        (void)snprintf(data, sizeof(data),
                       "\"actor\":{\"system\":\"%s\"},\"recipient\":{\"system\":\"%s\"},"
                       "\"data_class\":\"prints\",\"subject_tok\":\"%s\"%s%s%s",
                       steps[i].from, steps[i].to, person, i == 0 ? ",\"charge_class\":\"" : "",
                       i == 0 ? charge_class : "", i == 0 ? "\"" : "");
        judge(court, steps[i].agency, steps[i].type, USUAL_TIME, data, &outputs);
        hops += outputs.has_hop ? 1 : 0;
    }
    return hops;
}

static void citing_misdemeanours_cuts_their_prints_off(void **state)
{
    (void)state;
    struct court court;
    open_court(&court, CITY);
    assert_int_equal(count_print_hops(&court, "p-1", "M"), 6);
    close_court(&court);

    open_court(&court, CITY ",cite-more");
    assert_int_equal(count_print_hops(&court, "p-1", "M"), 0);
    assert_int_equal(count_print_hops(&court, "p-2", "F"), 6);
    close_court(&court);
}

static void closing_nlets_cuts_the_look_up_of_licences(void **state)
{
    (void)state;
    static const char look_up[] = "\"actor\":{\"system\":\"DMV\"}," TO_ICE
                                  ",\"data_class\":\"registration\",\"trigger\":\"automation\"";
    static struct sw_outputs outputs;
    struct court court;
    open_court(&court, CITY);
    judge(&court, "CADMV", "query.answered", USUAL_TIME, look_up, &outputs);
    assert_string_equal(edge_of(&court, &outputs), "E16");
    assert_int_equal(outputs.hop.verdict, SW_VERDICT_REVIEW);
    assert_int_equal(outputs.hop.level, SW_LEVEL_INFORMED);
    close_court(&court);

    open_court(&court, CITY ",nlets-off");
    judge(&court, "CADMV", "query.answered", USUAL_TIME, look_up, &outputs);
    assert_false(outputs.has_hop);
    close_court(&court);
}

/* Who searches LAPD's plates decides which edge it is, also for agencies without a system. */
static void a_search_of_plates_takes_the_edge_of_the_searcher(void **state)
{
    (void)state;
    static const struct {
        const char *recipient;
        const char *edge;
        enum sw_verdict verdict;
        bool fed_reach;
    } rows[] = {
        {"SISTER", "E19", SW_VERDICT_NONE, false}, {"SISTER-COUNTY", "E19", SW_VERDICT_NONE, false},
        {"CHP", "E19", SW_VERDICT_NONE, false},    {"JRIC", "E20", SW_VERDICT_REVIEW, true},
        {"HIDTA", "E20", SW_VERDICT_REVIEW, true}, {"ATF", "E21", SW_VERDICT_PROH, true},
        {"OOS-NV", "E21", SW_VERDICT_PROH, false},
    };
    struct court court;
    open_court(&court, CITY);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct sw_outputs outputs;
        char data[PACKET_BYTES];
        (void)snprintf(data, sizeof(data),
                       "\"actor\":{\"system\":\"LAPD-ALPR\"},\"recipient\":{\"agency\":\"%s\"},"
                       "\"data_class\":\"alpr_search_result\",\"agreement_id\":\"ag-1\","
                       "\"case_tok\":\"c-1\",\"purpose_code\":\"criminal\"",
                       rows[i].recipient);
        judge(&court, "LAPD", "plate.search", USUAL_TIME, data, &outputs);
        assert_string_equal(edge_of(&court, &outputs), rows[i].edge);
        assert_int_equal(outputs.hop.verdict, rows[i].verdict);
        assert_int_equal(outputs.hop.level, SW_LEVEL_NONE);
        assert_int_equal(outputs.hop.fed_reach, rows[i].fed_reach);
    }
    close_court(&court);
}

static bool has_finding(const struct court *court, const struct sw_hop *hop, const char *name)
{
    uint32_t count = 0;
    const struct sw_rule *rules = sw_policy_rule_list(court->policy, &count);
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        if (sw_text_equal(rules[hop->findings[i].rule].name, sw_text_from(name))) {
            return true;
        }
    }
    return false;
}

/* Which reads are too old depends on what the agency itself keeps. */
static void old_reads_are_found_by_the_retention_in_force(void **state)
{
    (void)state;
    static struct sw_outputs outputs;
    struct court court;
    open_court(&court, CITY);
    for (int kept = 30; kept <= 60; kept += 30) {
        char data[PACKET_BYTES];
        (void)snprintf(data, sizeof(data),
                       "\"actor\":{\"system\":\"LAPD-ALPR\"},\"data_class\":"
                       "\"alpr_search_result\",\"case_tok\":\"c-1\",\"read_age_days\":45,"
                       "\"retention_days\":%d",
                       kept);
        judge(&court, "LAPD", "plate.search", USUAL_TIME, data, &outputs);
        assert_int_equal(outputs.has_hop && has_finding(&court, &outputs.hop, "a07_past_retention"),
                         kept == 30);
    }
    close_court(&court);
}

/* A search that stays in the department: nobody saw a result go anywhere, and the sentence says no
 * more than is known. */
static void a_reason_alone_is_told_as_a_reason(void **state)
{
    (void)state;
    static struct sw_outputs outputs;
    struct court court;
    open_court(&court, CITY);
    judge(&court, "LAPD", "plate.search", USUAL_TIME,
          "\"actor\":{\"system\":\"LAPD-ALPR\"},\"data_class\":\"alpr_search_result\","
          "\"reason\":\"HSI\"",
          &outputs);
    assert_true(outputs.has_alert);
    assert_string_equal(outputs.alert.title,
                        "A plate search names an immigration agency and no task force");
    assert_string_equal(
        outputs.alert.sentence,
        "A plate search event (from LAPD plate store: results of a plate search). It "
        "counts as informing an immigration officer. Needs review: Civ. Code "
        "1798.90.55(b); Gov. Code 7284.6(a)(1) (ca-state). Who could stop it: "
        "Chief of Police.");
    close_court(&court);
}

/* A search that was allowed when it was made looks different once it is known that its result was
 * passed on: the later knowledge is a new judgement, and the share can be revoked. */
static void what_is_passed_on_is_held_against_the_search_it_came_from(void **state)
{
    (void)state;
    static struct told search;
    static struct told passed_on;
    static struct sw_outputs outputs;
    struct court court;
    open_court(&court, CITY);
    decode(&court, "SISTER", "plate.search", "2026-06-01T12:00:00Z", NULL,
           "\"actor\":{\"agency\":\"SISTER\",\"system\":\"LAPD-ALPR\"},"
           "\"recipient\":{\"system\":\"SISTER\"},\"data_class\":\"alpr_search_result\","
           "\"agreement_id\":\"ag-7\",\"reason\":\"investigation\",\"vehicle_tok\":\"v-1\"",
           &search);
    sw_pipeline_step(court.pipeline, &search.event, NOW_MS, &outputs);
    assert_string_equal(edge_of(&court, &outputs), "E19");
    assert_int_equal(outputs.hop.verdict, SW_VERDICT_NONE);
    assert_true(has_finding(&court, &outputs.hop, "a08_vague_reason"));
    assert_false(outputs.has_alert);

    decode(&court, "SISTER", "plate.share", "2026-06-01T12:10:00Z", "e-1",
           "\"actor\":{\"system\":\"SISTER\"},\"recipient\":{\"system\":\"HSI-LA\"},"
           "\"data_class\":\"alpr_search_result\",\"vehicle_tok\":\"v-1\"",
           &passed_on);
    sw_pipeline_step(court.pipeline, &passed_on.event, NOW_MS, &outputs);
    assert_string_equal(edge_of(&court, &outputs), "E23");
    assert_int_equal(outputs.hop.verdict, SW_VERDICT_PROH);
    assert_int_equal(outputs.hop.level, SW_LEVEL_INFORMED);
    assert_int_equal(outputs.hop.duties & SW_DUTY_REVOKE_SHARE, SW_DUTY_REVOKE_SHARE);
    assert_true(outputs.judge_parent_again);

    struct sw_rejection rejection;
    assert_int_equal(sw_pipeline_decode(court.pipeline, &search.packet, &search.event, &rejection),
                     SW_OK);
    sw_pipeline_again(court.pipeline, &search.event, &passed_on.event, 1, NOW_MS, &outputs);
    assert_true(outputs.has_hop);
    assert_int_equal(outputs.hop.revision, 1);
    assert_true(has_finding(&court, &outputs.hop, "so31_onward_origin"));
    assert_int_equal(outputs.hop.verdict, SW_VERDICT_REVIEW);
    assert_int_equal(outputs.hop.duties & SW_DUTY_REVOKE_SHARE, SW_DUTY_REVOKE_SHARE);
    close_court(&court);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_detainer_means_something_else_in_each_place),
        cmocka_unit_test(local_acts_are_judged_by_their_purpose_and_place),
        cmocka_unit_test(what_surrounds_the_city_is_judged_as_it_should),
        cmocka_unit_test(a_query_to_nobody_in_particular_is_no_hop),
        cmocka_unit_test(the_court_order_of_2025_changes_no_verdict),
        cmocka_unit_test(the_ordinance_counts_from_its_day),
        cmocka_unit_test(citing_misdemeanours_cuts_their_prints_off),
        cmocka_unit_test(closing_nlets_cuts_the_look_up_of_licences),
        cmocka_unit_test(a_search_of_plates_takes_the_edge_of_the_searcher),
        cmocka_unit_test(old_reads_are_found_by_the_retention_in_force),
        cmocka_unit_test(a_reason_alone_is_told_as_a_reason),
        cmocka_unit_test(what_is_passed_on_is_held_against_the_search_it_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
