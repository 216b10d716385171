#include "fixture.h"

#include <sharewatch/taxonomy.h>

/* Rules of these tests, each a plain function of the event. */
enum { RULE_BARRED, RULE_DOUBT, RULE_RECORD, RULE_DAILY, RULE_QUIET, RULE_COUNT };

static const struct sw_rule rules[RULE_COUNT] = {
    [RULE_BARRED] = {.name = {"barred", 6},
                     .title = {"Release time given to ICE", 25},
                     .pack = {"ca-state", 8},
                     .cite = {"Gov. Code 7284.6(a)(1)(C)", 25},
                     .has_verdict = true,
                     .verdict = SW_VERDICT_PROH,
                     .level = SW_LEVEL_INFORMED,
                     .duties = SW_DUTY_PUBLIC_RECORD},
    [RULE_DOUBT] = {.name = {"doubt", 5},
                    .title = {"Instrument not told", 19},
                    .has_verdict = true,
                    .verdict = SW_VERDICT_DISC},
    [RULE_RECORD] = {.name = {"record", 6},
                     .title = {"Purpose not logged", 18},
                     .duties = SW_DUTY_LOG_PURPOSE},
    [RULE_DAILY] = {.name = {"daily", 5},
                    .title = {"Plate results shared", 20},
                    .cite = {"Civ. Code 1798.90.55(b)", 23},
                    .has_verdict = true,
                    .verdict = SW_VERDICT_PROH,
                    .alert = SW_ALERT_DAILY},
    [RULE_QUIET] = {.name = {"quiet", 5},
                    .title = {"Vague reason", 12},
                    .duties = SW_DUTY_LOG_PURPOSE,
                    .alert = SW_ALERT_NEVER},
};

struct matches {
    struct sw_finding findings[RULE_COUNT];
    uint32_t count;
};

static void add_match(struct matches *matches, uint32_t rule, enum sw_verdict verdict,
                      enum sw_field missing)
{
    matches->findings[matches->count++] =
        (struct sw_finding){.rule = rule,
                            .has_verdict = rules[rule].has_verdict,
                            .verdict = verdict,
                            .missing = missing};
}

static uint32_t match(void *context, const struct sw_event *event, bool again,
                      struct sw_finding *findings, uint32_t capacity)
{
    uint32_t *moved = context; // counts over time move once an event
    *moved += again ? 0 : 1;
    struct matches found = {0};
    bool told = event->action == SW_ACTION_NOTICE_SENT &&
                sw_event_code(event, SW_FIELD_RECIPIENT_CLASS) == SW_AGENCY_CLASS_FED_IMM;
    if (told && sw_event_code(event, SW_FIELD_PUBLIC_ALREADY) != SW_TRISTATE_TRUE) {
        add_match(&found, RULE_BARRED, SW_VERDICT_PROH, SW_FIELD_COUNT);
    }
    if (sw_event_code(event, SW_FIELD_CUSTODY_STATE) == SW_CUSTODY_STATE_HELD) {
        add_match(&found, RULE_DOUBT, SW_VERDICT_REVIEW, SW_FIELD_INSTRUMENT);
    }
    if (event->kind == SW_KIND_PLATE && event->fields[SW_FIELD_REASON].type == SW_VALUE_MISSING &&
        event->action == SW_ACTION_PLATE_SEARCH) {
        add_match(&found, RULE_RECORD, SW_VERDICT_NONE, SW_FIELD_COUNT);
    }
    if (event->action == SW_ACTION_PLATE_SHARE && sw_event_flag(event, SW_FIELD_ENABLED)) {
        add_match(&found, RULE_DAILY, SW_VERDICT_PROH, SW_FIELD_COUNT);
    }
    if (sw_event_code(event, SW_FIELD_REASON_QUALITY) == SW_REASON_QUALITY_VAGUE) {
        add_match(&found, RULE_QUIET, SW_VERDICT_NONE, SW_FIELD_COUNT);
    }
    for (uint32_t i = 0; i < found.count && i < capacity; i++) {
        findings[i] = found.findings[i];
    }
    return found.count;
}

/* The same rules, each one place later. */
static uint32_t match_one_later(void *context, const struct sw_event *event, bool again,
                                struct sw_finding *findings, uint32_t capacity)
{
    uint32_t count = match(context, event, again, findings, capacity);
    for (uint32_t i = 0; i < count && i < capacity; i++) {
        findings[i].rule++;
    }
    return count;
}

static struct sw_map map;
static uint32_t moved;
static struct sw_pipeline *pipeline;
static struct sw_event event;
static struct sw_outputs outputs;

static int set_up(void **state)
{
    (void)state;
    fixture_map(&map, small_map_text);
    moved = 0;
    struct sw_rules set = {.rules = rules, .count = RULE_COUNT, .match = match, .context = &moved};
    pipeline = fixture_pipeline(&map, set);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(pipeline);
    sw_map_free(&map);
    return 0;
}

static char payloads[2][2048]; // events live as long as their packets

static void decode_into(struct sw_event *to, char *payload, const char *type, const char *id,
                        const char *time, const char *more, const char *data)
{
    (void)snprintf(
        payload, 2048,
        "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:sharewatch:agency:LAPD\","
        "\"type\":\"org.sharewatch.%s.v1\",\"time\":\"2026-11-%sZ\"%s,\"data\":%s}",
        id, type, time, more, data);
    char topic[128];
    (void)snprintf(topic, sizeof(topic), "sharewatch/v1/event/LAPD/%.*s", (int)strcspn(type, "."),
                   type);
    struct sw_rejection rejection = {0};
    struct sw_packet packet = fixture_packet(topic, sw_text_from(payload));
    enum sw_status status = sw_pipeline_decode(pipeline, &packet, to, &rejection);
    if (status != SW_OK) {
        print_error("%s\n%s %s\n", payload, rejection.code, rejection.field);
    }
    assert_int_equal(status, SW_OK);
}

/* Steps an event of @type, KIND.ACTION, at "DDTHH:MM:SS" with envelope attributes @more. */
static void step_more(const char *type, const char *id, const char *time, const char *more,
                      const char *data)
{
    decode_into(&event, payloads[0], type, id, time, more, data);
    sw_pipeline_step(pipeline, &event, NOW_MS, &outputs);
}

static void step(const char *type, const char *id, const char *time, const char *data)
{
    step_more(type, id, time, "", data);
}

static void assert_edge(const char *id)
{
    assert_true(outputs.has_hop);
    assert_int_not_equal(outputs.hop.edge, SW_NONE);
    assert_text_equal(map.edges[outputs.hop.edge].id, id);
}

static void assert_judged(enum sw_verdict verdict, enum sw_level level)
{
    assert_true(outputs.has_hop);
    assert_string_equal(sw_verdict_code(outputs.hop.verdict), sw_verdict_code(verdict));
    assert_int_equal(outputs.hop.level, level);
}

#define JAIL_PRINTS                                                                                \
    "{\"subject_tok\":\"s-a\",\"actor\":{\"system\":\"JAIL\"},\"data_class\":\"prints\"}"

static void a_booking_can_go_on_by_itself(void **state)
{
    (void)state;
    step("booking.booked", "b-1", "24T10:00:00", JAIL_PRINTS);

    assert_edge("E01");
    assert_judged(SW_VERDICT_NONE, SW_LEVEL_NONE);
    assert_int_equal(outputs.hop.crosses, SW_CROSSES_REACHABLE);
    assert_true(outputs.hop.defaulted);
    assert_false(outputs.has_alert);
    assert_false(outputs.has_chain);
    assert_string_equal(outputs.chain.key, "subject:s-a");
    assert_text_equal(map.nodes[outputs.hop.from].id, "JAIL");
    assert_text_equal(map.nodes[outputs.hop.to].id, "LACRIS");
    assert_int_equal(outputs.hop.data_class, SW_DATA_CLASS_PRINTS);
    assert_int_equal(event.fields[SW_FIELD_FLOW_HOPS].integer, 4);
    assert_text_equal(sw_event_text(&event, SW_FIELD_FLOW_OFF_SWITCH), "Legislature");
    assert_text_equal(sw_event_text(&event, SW_FIELD_ACTOR_AGENCY), "LAPD");
    assert_int_equal(sw_event_code(&event, SW_FIELD_ACTOR_CLASS), SW_AGENCY_CLASS_LOCAL);
    assert_true(sw_event_has(&event, SW_FIELD_MODE, SW_EDGE_MODE_MANDATED));
    char path[256];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, path, sizeof(path));
    sw_pipeline_write_path(pipeline, &event, &buffer);
    assert_string_equal(path, "LAPD jail › Live Scan › LACRIS › state print system › "
                              "FBI prints (NGI) › DHS print store");
}

/* The central case: it crosses, and no rule in force forbade it. */
static void prints_reach_the_store_and_no_rule_is_broken(void **state)
{
    (void)state;
    step("booking.booked", "b-1", "24T10:00:00", JAIL_PRINTS);
    step("fingerprint.submitted", "f-1", "24T10:05:00",
         "{\"subject_tok\":\"s-a\",\"actor\":{\"system\":\"LACRIS\"},\"data_class\":\"prints\"}");
    assert_edge("E02");
    step("fingerprint.submitted", "f-2", "24T10:10:00",
         "{\"subject_tok\":\"s-a\",\"actor\":{\"system\":\"STATE\"},\"recipient\":{\"agency\":"
         "\"FBI\"},\"data_class\":\"prints\"}");
    assert_edge("E03");
    assert_judged(SW_VERDICT_NONE, SW_LEVEL_NONE);
    assert_true(outputs.hop.fed_reach);
    step("fingerprint.searched", "f-3", "24T10:11:00", "{\"subject_tok\":\"s-a\"}");
    assert_edge("E04");
    assert_judged(SW_VERDICT_AUTO, SW_LEVEL_SEARCHED);
    assert_int_equal(outputs.hop.crosses, SW_CROSSES_DIRECT);
    assert_true(outputs.has_chain && outputs.chain_changed);
    assert_false(outputs.has_alert);
    step("fingerprint.matched", "f-4", "24T10:12:00", "{\"subject_tok\":\"s-a\"}");
    assert_edge("E05");
    assert_judged(SW_VERDICT_AUTO, SW_LEVEL_MATCHED);

    assert_true(outputs.has_alert);
    assert_true(outputs.alert.alert_id == 1);
    assert_int_equal(outputs.alert.rule, UINT32_MAX);
    assert_string_equal(outputs.alert.title, "Prints matched in the DHS store");
    assert_string_equal(outputs.alert.sentence,
                        "Prints matched in the DHS store (from DHS print store to ICE support "
                        "centre: prints). An immigration agency was told of this person or "
                        "vehicle. No rule in force forbade it: it happens by itself, without a "
                        "local choice. Who could stop it: Congress and DHS only.");
    assert_int_equal(outputs.chain.level, SW_LEVEL_MATCHED);
    assert_int_equal(outputs.chain.verdict, SW_VERDICT_AUTO);
    assert_int_equal(outputs.chain.verdicts, 1 << SW_VERDICT_AUTO);
    assert_int_equal(moved, 5);
}

static void the_strictest_finding_is_the_headline(void **state)
{
    (void)state;
    step("notice.sent", "n-1", "24T10:00:00",
         "{\"subject_tok\":\"s-b\",\"actor\":{\"system\":\"JAIL\"},\"recipient\":{\"agency\":"
         "\"ICE\"},"
         "\"data_class\":\"release_time\",\"custody_state\":\"held\"}");

    assert_edge("E08");
    assert_judged(SW_VERDICT_PROH, SW_LEVEL_INFORMED);
    assert_int_equal(outputs.hop.finding_count, 2);
    assert_false(outputs.hop.defaulted);
    assert_int_equal(outputs.hop.duties, SW_DUTY_PUBLIC_RECORD);
    assert_int_equal(outputs.alert.rule, RULE_BARRED);
    assert_string_equal(outputs.alert.title, "Release time given to ICE");
    assert_string_equal(
        outputs.alert.sentence,
        "Jail tells ICE of a release (from LAPD jail to ICE in Los Angeles: the time of release). "
        "An "
        "immigration officer "
        "got what can be acted on. A rule in force forbids it: Gov. Code 7284.6(a)(1)(C) "
        "(ca-state). Owed: keep it as a public record. Who could stop it: Council, Chief.");
}

static void the_map_speaks_where_no_rule_does(void **state)
{
    (void)state;
    step("notice.sent", "n-1", "24T10:00:00",
         "{\"actor\":{\"system\":\"JAIL\"},\"recipient\":{\"agency\":\"ICE\"},"
         "\"data_class\":\"release_time\",\"public_already\":true}");
    assert_judged(SW_VERDICT_DISC, SW_LEVEL_INFORMED);
    assert_true(outputs.hop.defaulted);
    assert_true(outputs.has_alert);
}

static void a_missing_fact_is_named(void **state)
{
    (void)state;
    step("custody.held", "c-1", "24T10:00:00", "{\"custody_state\":\"held\"}");

    assert_judged(SW_VERDICT_REVIEW, SW_LEVEL_NONE);
    assert_int_equal(outputs.hop.edge, SW_NONE);
    assert_string_equal(outputs.alert.title, "Instrument not told");
    assert_non_null(
        strstr(outputs.alert.sentence,
               "Needs review: Instrument not told; the event does not say instrument."));
}

/* Unknown is never NONE: somebody received something that the map does not know. */
static void a_recipient_without_an_edge_needs_review(void **state)
{
    (void)state;
    step("stop.shared", "x-1", "24T10:00:00",
         "{\"actor\":{\"agency\":\"LAPD\"},\"recipient\":{\"agency\":\"HSI\"}}");
    assert_true(outputs.has_hop);
    assert_int_equal(outputs.hop.edge, SW_NONE);
    assert_judged(SW_VERDICT_REVIEW, SW_LEVEL_MATCHED);
    assert_int_equal(outputs.hop.crosses, SW_CROSSES_DIRECT);
    assert_true(outputs.has_alert);

    step("stop.shared", "x-2", "24T10:00:00", "{\"recipient\":{\"agency\":\"UNKNOWN-7\"}}");
    assert_judged(SW_VERDICT_REVIEW, SW_LEVEL_NONE);

    step("stop.stopped", "x-3", "24T10:00:00", "{\"actor\":{\"agency\":\"LAPD\"}}");
    assert_false(outputs.has_hop);
    assert_false(outputs.has_alert);
}

static void declined_requests_move_nothing(void **state)
{
    (void)state;
    step("stop.shared", "x-1", "24T10:00:00",
         "{\"recipient\":{\"agency\":\"ICE\"},\"outcome\":\"declined\"}");
    assert_judged(SW_VERDICT_NONE, SW_LEVEL_NONE);
    assert_int_equal(outputs.hop.crosses, SW_CROSSES_NONE);
    assert_false(outputs.hop.fed_reach);
}

/* Equal fits are not guessed between. */
static void an_edge_is_only_inferred_when_one_fits_best(void **state)
{
    (void)state;
    step("fingerprint.submitted", "f-1", "24T10:00:00", "{\"data_class\":\"prints\"}");
    assert_false(outputs.has_hop);
    step("fingerprint.submitted", "f-2", "24T10:00:00",
         "{\"data_class\":\"prints\",\"recipient\":{\"agency\":\"CADOJ\"}}");
    assert_edge("E02");
    step("fingerprint.submitted", "f-3", "24T10:00:00", "{\"edge\":\"E03\"}");
    assert_edge("E03");
    step("plate.share", "p-1", "24T10:00:00",
         "{\"actor\":{\"agency\":\"SISTER-9\",\"class\":\"local\"},\"recipient\":{\"class\":"
         "\"fed_imm\"},\"data_class\":\"alpr_search_result\"}");
    assert_edge("E23");
    assert_int_equal(outputs.hop.from, map.edges[outputs.hop.edge].from[0]);
}

static void record_findings_only_add_duties(void **state)
{
    (void)state;
    step("plate.search", "p-1", "24T10:00:00",
         "{\"actor\":{\"system\":\"ALPR\"},\"recipient\":{\"system\":\"SISTER\"}}");
    assert_edge("E19");
    assert_judged(SW_VERDICT_NONE, SW_LEVEL_NONE);
    assert_true(outputs.hop.defaulted);
    assert_int_equal(outputs.hop.duties, SW_DUTY_LOG_PURPOSE);
    assert_true(outputs.has_alert);
    assert_int_equal(outputs.alert.rule, RULE_RECORD);
    assert_non_null(strstr(outputs.alert.sentence, "Owed: log the purpose."));
}

static void quiet_rules_tell_nobody_but_are_kept(void **state)
{
    (void)state;
    step("plate.search", "p-1", "24T10:00:00", "{\"reason\":\"Investigation\"}");
    assert_true(outputs.has_hop);
    assert_int_equal(outputs.hop.finding_count, 1);
    assert_int_equal(outputs.hop.duties, SW_DUTY_LOG_PURPOSE);
    assert_false(outputs.has_alert);
    step("notice.sent", "n-1", "24T10:00:00",
         "{\"actor\":{\"system\":\"JAIL\"},\"recipient\":{\"agency\":\"ICE\"},"
         "\"reason\":\"Investigation\"}");
    assert_judged(SW_VERDICT_PROH, SW_LEVEL_INFORMED); // and does not silence the others
    assert_true(outputs.has_alert);
}

static void daily_alerts_are_rolled_up(void **state)
{
    (void)state;
    const char *data = "{\"actor\":{\"system\":\"ALPR\"},\"recipient\":{\"system\":\"SISTER\"},"
                       "\"enabled\":true}";
    step("plate.share", "p-1", "24T10:00:00", data);
    assert_true(outputs.has_alert);
    assert_false(outputs.alert.repeated);
    assert_true(outputs.alert.alert_id == 1);
    step("plate.share", "p-2", "24T23:59:59", data);
    assert_true(outputs.alert.repeated);
    assert_true(outputs.alert.alert_id == 1);
    step("plate.share", "p-3", "25T00:00:00", data);
    assert_false(outputs.alert.repeated);
    assert_true(outputs.alert.alert_id == 2);
    step("plate.share", "p-4", "24T12:00:00", data); // late, of the day before
    assert_true(outputs.alert.repeated);
    assert_true(outputs.alert.alert_id == 1);
}

static void what_comes_after_later_hops_is_late(void **state)
{
    (void)state;
    step("fingerprint.matched", "f-2", "24T10:12:00", "{\"subject_tok\":\"s-a\"}");
    assert_false(outputs.hop.late);
    step("fingerprint.searched", "f-1", "24T10:11:00", "{\"subject_tok\":\"s-a\"}");
    assert_true(outputs.hop.late);
    assert_true(sw_event_flag(&event, SW_FIELD_LATE));
    assert_int_equal(outputs.chain.hops, 2);
    step("fingerprint.searched", "f-3", "24T10:13:00", "{\"subject_tok\":\"s-a\"}");
    assert_false(outputs.hop.late);
}

static void a_correction_judges_its_parent_again(void **state)
{
    (void)state;
    static struct sw_event parent;
    const char *data = "{\"subject_tok\":\"s-b\",\"actor\":{\"system\":\"JAIL\"},"
                       "\"recipient\":{\"agency\":\"ICE\"},\"data_class\":\"release_time\"}";
    step("notice.sent", "n-1", "24T10:00:00", data);
    assert_judged(SW_VERDICT_PROH, SW_LEVEL_INFORMED);
    step_more("notice.sent", "n-2", "25T10:00:00", ",\"swparent\":\"n-1\",\"swcorrects\":true",
              "{\"public_already\":true}");
    assert_true(outputs.judge_parent_again);
    assert_false(outputs.has_hop);
    uint32_t moved_before = moved;

    decode_into(&parent, payloads[1], "notice.sent", "n-1", "24T10:00:00", "", data);
    sw_pipeline_again(pipeline, &parent, &event, 1, NOW_MS, &outputs);

    assert_judged(SW_VERDICT_DISC, SW_LEVEL_INFORMED);
    assert_int_equal(outputs.hop.revision, 1);
    assert_true(outputs.hop.late);
    assert_int_equal(outputs.chain.hops, 1);
    assert_int_equal(moved, moved_before);
    assert_true(outputs.has_alert);
    assert_non_null(strstr(outputs.alert.sentence, "Judged again with what was learned later."));
}

/* What an earlier correction taught stays known when the next one comes. */
static void corrections_add_up(void **state)
{
    (void)state;
    static struct sw_event parent;
    static struct sw_event earlier;
    static char earlier_payload[2048];
    const char *data = "{\"subject_tok\":\"s-b\",\"actor\":{\"system\":\"JAIL\"},"
                       "\"recipient\":{\"agency\":\"ICE\"},\"data_class\":\"release_time\"}";
    decode_into(&parent, payloads[1], "notice.sent", "n-1", "24T10:00:00", "", data);
    decode_into(&earlier, earlier_payload, "notice.sent", "n-2", "25T10:00:00",
                ",\"swparent\":\"n-1\",\"swcorrects\":true",
                "{\"public_already\":true,\"reason\":\"a \\\"public\\\" list\",\"instrument\":"
                "[\"I-247A\",\"I-200\"]}");
    assert_int_equal(sw_pipeline_learn(pipeline, &parent, &earlier), SW_OK);
    memset(earlier_payload, 'x', sizeof(earlier_payload)); // it was copied
    memset(&earlier, 'x', sizeof(earlier));
    step_more("notice.sent", "n-3", "26T10:00:00", ",\"swparent\":\"n-1\",\"swcorrects\":true",
              "{\"charge_class\":\"F\"}");

    sw_pipeline_again(pipeline, &parent, &event, 2, NOW_MS, &outputs);

    assert_judged(SW_VERDICT_DISC, SW_LEVEL_INFORMED);
    assert_int_equal(outputs.hop.revision, 2);
    assert_false(outputs.has_alert); // nothing new since the first correction
    assert_text_equal(sw_event_text(&parent, SW_FIELD_REASON), "a \"public\" list");
    assert_true(sw_event_has(&parent, SW_FIELD_INSTRUMENT, SW_INSTRUMENT_I_200));
    assert_int_equal(sw_event_code(&parent, SW_FIELD_CHARGE_CLASS), SW_CHARGE_CLASS_F);
}

static void what_is_learned_has_its_bounds(void **state)
{
    (void)state;
    static struct sw_event parent;
    static struct sw_event earlier;
    char data[1100];
    (void)snprintf(data, sizeof(data), "{\"reason\":\"%01000d\"}", 0);
    memset(strchr(data, '0'), 'a', 1000);
    decode_into(&parent, payloads[1], "notice.sent", "n-1", "24T10:00:00", "", "{}");
    decode_into(&earlier, payloads[0], "notice.sent", "n-2", "25T10:00:00",
                ",\"swparent\":\"n-1\",\"swcorrects\":true", data);
    for (uint32_t i = 0; i < SW_EVENT_STORAGE / 1000; i++) {
        assert_int_equal(sw_pipeline_learn(pipeline, &parent, &earlier), SW_OK);
    }
    assert_int_equal(sw_pipeline_learn(pipeline, &parent, &earlier), SW_FULL);
    decode_into(&parent, payloads[1], "notice.sent", "n-1", "24T10:00:00", "",
                "{\"recipient\":{\"agency\":\"ICE\"},\"actor\":{\"system\":\"JAIL\"}}");
    decode_into(&earlier, payloads[0], "notice.sent", "n-2", "25T10:00:00",
                ",\"swparent\":\"n-1\",\"swcorrects\":true",
                "{\"instrument\":[\"I-247A\",\"I-200\",\"I-205\",\"none\"]}");
    enum sw_status status = SW_OK;
    for (uint32_t i = 0; i < SW_EVENT_ITEMS_MAX && status == SW_OK; i++) {
        status = sw_pipeline_learn(pipeline, &parent, &earlier);
    }
    assert_int_equal(status, SW_FULL);
    sw_pipeline_again(pipeline, &parent, &earlier, 1, NOW_MS, &outputs); // and still has room
    assert_true(outputs.has_hop);
}

static void a_correction_that_changes_nothing_tells_nobody(void **state)
{
    (void)state;
    static struct sw_event parent;
    const char *data = "{\"subject_tok\":\"s-b\",\"actor\":{\"system\":\"JAIL\"},"
                       "\"recipient\":{\"agency\":\"ICE\"},\"data_class\":\"release_time\"}";
    step("notice.sent", "n-1", "24T10:00:00", data);
    step_more("notice.sent", "n-2", "25T10:00:00", ",\"swparent\":\"n-1\",\"swcorrects\":true",
              "{\"charge_class\":\"F\"}");
    decode_into(&parent, payloads[1], "notice.sent", "n-1", "24T10:00:00", "", data);
    sw_pipeline_again(pipeline, &parent, &event, 1, NOW_MS, &outputs);
    assert_judged(SW_VERDICT_PROH, SW_LEVEL_INFORMED);
    assert_false(outputs.has_alert);
    assert_false(outputs.chain_changed);
}

static void a_correction_of_nothing_known_is_judged_itself(void **state)
{
    (void)state;
    step_more("notice.sent", "n-2", "25T10:00:00", ",\"swparent\":\"n-1\",\"swcorrects\":true",
              "{\"actor\":{\"system\":\"JAIL\"},\"recipient\":{\"agency\":\"ICE\"}}");
    assert_true(outputs.judge_parent_again);
    sw_pipeline_orphan(pipeline, &event, NOW_MS, &outputs);
    assert_judged(SW_VERDICT_PROH, SW_LEVEL_INFORMED);
    assert_false(outputs.judge_parent_again);
}

static void onward_sharing_judges_the_share_again(void **state)
{
    (void)state;
    static struct sw_event parent;
    const char *shared = "{\"actor\":{\"system\":\"ALPR\"},\"recipient\":{\"system\":\"SISTER\"},"
                         "\"data_class\":\"alpr_search_result\",\"vehicle_tok\":\"v-1\","
                         "\"reason\":\"robbery\"}";
    step("plate.share", "p-1", "24T10:00:00", shared);
    assert_edge("E19");
    assert_judged(SW_VERDICT_NONE, SW_LEVEL_NONE);
    step_more("plate.share", "p-2", "24T10:10:00", ",\"swparent\":\"p-1\"",
              "{\"actor\":{\"system\":\"SISTER\"},\"recipient\":{\"agency\":\"ICE\"},"
              "\"data_class\":\"alpr_search_result\",\"vehicle_tok\":\"v-1\"}");
    assert_edge("E23");
    assert_true(outputs.judge_parent_again);

    decode_into(&parent, payloads[1], "plate.share", "p-1", "24T10:00:00", "", shared);
    sw_pipeline_again(pipeline, &parent, &event, 1, NOW_MS, &outputs);

    assert_true(outputs.has_hop);
    assert_edge("E19");
    assert_int_equal(sw_event_code(&parent, SW_FIELD_FLOW_ONWARD), SW_CROSSES_DIRECT);
    assert_int_equal(outputs.hop.revision, 1);
    assert_false(outputs.has_alert); // the rules of these tests do not look at what went on later

    /* A parent whose edge does not arm the late one is left as it is. */
    decode_into(&parent, payloads[1], "fingerprint.searched", "f-1", "24T10:00:00", "", "{}");
    sw_pipeline_again(pipeline, &parent, &event, 1, NOW_MS, &outputs);
    assert_false(outputs.has_hop);
}

static void sequence_numbers_are_followed(void **state)
{
    (void)state;
    step_more("stop.stopped", "x-1", "24T10:00:00", ",\"sequence\":\"1\"", "{}");
    assert_int_equal(outputs.source, 0);
    step_more("stop.stopped", "x-3", "24T10:00:00", ",\"sequence\":\"3\"", "{}");
    assert_true(sw_pipeline_source_contiguous(pipeline, 0) == 1);
    assert_true(sw_pipeline_source_highest(pipeline, 0) == 3);
    assert_text_equal(sw_pipeline_source_name(pipeline, 0), "urn:sharewatch:agency:LAPD");
    assert_false(sw_pipeline_tick(pipeline, NOW_MS + SW_HOLE_GRACE_MS - 1, &outputs));
    assert_int_equal(outputs.gap_count, 0);
    assert_false(sw_pipeline_tick(pipeline, NOW_MS + SW_HOLE_GRACE_MS, &outputs));
    assert_int_equal(outputs.gap_count, 1);
    assert_true(outputs.gaps[0].first == 2 && outputs.gaps[0].last == 2);

    step_more("stop.stopped", "x-2", "24T10:00:00", ",\"sequence\":\"2\"", "{}");
    assert_int_equal(outputs.gap_count, 1);
    assert_true(outputs.gaps[0].filled && outputs.gaps[0].first == 2);

    step("stop.stopped", "x-9", "24T10:00:00", "{}");
    assert_int_equal(outputs.source, UINT32_MAX);
    sw_pipeline_source_ended(pipeline, SW_TEXT("urn:sharewatch:agency:LAPD"), 5, NOW_MS);
    sw_pipeline_source_ended(pipeline, SW_TEXT("nonsense"), 5, NOW_MS);
    assert_false(sw_pipeline_tick(pipeline, NOW_MS + SW_HOLE_GRACE_MS, &outputs));
    assert_true(outputs.gaps[0].first == 4 && outputs.gaps[0].last == 5);
}

static void a_refused_packet_is_not_missing(void **state)
{
    (void)state;
    struct sw_rejection rejection = {
        .reason = SW_REFUSAL_TYPE, .source = SW_TEXT("urn:sharewatch:agency:LAPD"), .sequence = 2};
    step_more("stop.stopped", "x-1", "24T10:00:00", ",\"sequence\":\"1\"", "{}");
    sw_pipeline_take_refused(pipeline, &rejection, NOW_MS, &outputs);
    assert_int_equal(outputs.source, 0);
    assert_false(outputs.has_hop);
    step_more("stop.stopped", "x-3", "24T10:00:00", ",\"sequence\":\"3\"", "{}");
    assert_true(sw_pipeline_source_contiguous(pipeline, 0) == 3);

    sw_pipeline_take_refused(pipeline, &(struct sw_rejection){0}, NOW_MS, &outputs);
    assert_int_equal(outputs.source, UINT32_MAX);
    assert_int_equal(outputs.gap_count, 0);
}

static void many_gaps_come_in_portions(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 20; i++) {
        sw_pipeline_restore_hole(pipeline, SW_TEXT("urn:sharewatch:agency:LAPD"), 10 * i,
                                 10 * i + 3, NOW_MS, false);
    }
    assert_true(sw_pipeline_tick(pipeline, NOW_MS + SW_HOLE_GRACE_MS, &outputs));
    assert_int_equal(outputs.gap_count, SW_GAPS_PER_STEP);
    assert_false(sw_pipeline_tick(pipeline, NOW_MS + SW_HOLE_GRACE_MS, &outputs));
    assert_int_equal(outputs.gap_count, 4);
}

static void a_restart_goes_on_where_it_stopped(void **state)
{
    (void)state;
    struct sw_chain chain = {.key = "subject:s-a",
                             .revision = 4,
                             .level = SW_LEVEL_MATCHED,
                             .verdict = SW_VERDICT_AUTO,
                             .verdicts = 1 << SW_VERDICT_AUTO,
                             .hops = 3,
                             .first_ms = NOW_MS - 10 * SW_DAY_MS,
                             .last_ms = NOW_MS - 9 * SW_DAY_MS};
    sw_pipeline_restore_chain(pipeline, &chain);
    sw_pipeline_restore_alert_id(pipeline, 41);
    sw_pipeline_restore_daily(pipeline, SW_TEXT("daily"), SW_TEXT("E19"), SW_VERDICT_PROH,
                              SW_LEVEL_NONE, 20781, 17); // 2026-11-24
    sw_pipeline_restore_daily(pipeline, SW_TEXT("no-such-rule"), SW_TEXT("E19"), SW_VERDICT_PROH,
                              SW_LEVEL_NONE, 20781, 18);
    step("fingerprint.matched", "f-9", "24T10:12:00", "{\"subject_tok\":\"s-a\"}");
    assert_int_equal(outputs.chain.hops, 4);
    assert_int_equal(outputs.chain.revision, 4);
    assert_true(outputs.alert.alert_id == 42);
    step("plate.share", "p-1", "24T10:00:00",
         "{\"actor\":{\"system\":\"ALPR\"},\"recipient\":{\"system\":\"SISTER\"},"
         "\"enabled\":true}");
    assert_true(outputs.alert.repeated);
    assert_true(outputs.alert.alert_id == 17);
    struct sw_pipeline_counters counters = sw_pipeline_counters(pipeline);
    assert_true(counters.chains_evicted_total == 0 && counters.sources_refused_total == 0);
    assert_true(counters.holes_merged_total == 0 && counters.daily_evicted_total == 0);
}

/* Other rules from now on: chains, alert numbers and the open daily alert stay, the latter found by
 * the name of its rule. */
static void other_rules_go_on_where_the_former_were(void **state)
{
    (void)state;
    const char *share = "{\"actor\":{\"system\":\"ALPR\"},\"recipient\":{\"system\":\"SISTER\"},"
                        "\"enabled\":true}";
    const char *prints = "{\"subject_tok\":\"s-a\"}";
    step("fingerprint.matched", "f-1", "24T10:00:00", prints);
    step("plate.share", "p-1", "24T10:00:00", share);
    uint64_t daily = outputs.alert.alert_id;
    struct sw_pipeline *former = pipeline;
    static struct sw_rule others[RULE_COUNT + 1]; // the same, with one more in front
    others[0] = (struct sw_rule){.name = {"new", 3}};
    memcpy(others + 1, rules, sizeof(rules));
    struct sw_rules set = {
        .rules = others, .count = RULE_COUNT + 1, .match = match_one_later, .context = &moved};
    pipeline = fixture_pipeline(&map, set);

    sw_pipeline_go_on(pipeline, former);

    free(former);
    step("fingerprint.matched", "f-2", "24T11:00:00", prints);
    assert_int_equal(outputs.chain.hops, 2);
    assert_true(outputs.alert.alert_id == daily + 1);
    step("plate.share", "p-2", "24T12:00:00", share);
    assert_true(outputs.alert.repeated);
    assert_true(outputs.alert.alert_id == daily);
}

/* A title longer than its place is cut between characters, and says so. */
static void a_long_title_is_cut(void **state)
{
    (void)state;
    static char name[400] = "é";
    for (size_t i = 2; i + 2 < sizeof(name); i += 2) {
        memcpy(name + i, "é", 3);
    }
    uint16_t edge = sw_map_edge(&map, SW_TEXT("E05"));
    map.edges[edge].name = sw_text_from(name);
    step("fingerprint.matched", "f-1", "24T10:12:00", "{}");
    assert_true(outputs.has_alert);
    size_t length = strlen(outputs.alert.title);
    assert_in_range(length, SW_TITLE_MAX - 6, SW_TITLE_MAX - 1);
    assert_string_equal(outputs.alert.title + length - 3, "…");
    assert_memory_equal(outputs.alert.title + length - 5, "é", 2);
}

/* No sentence calls anybody anything. */
static void sentences_keep_to_the_facts(void **state)
{
    (void)state;
    static const char *const types[] = {"fingerprint.matched", "notice.sent", "plate.share",
                                        "stop.shared", "custody.held"};
    static const char *const words[] = {"illegal",      "alien",     "immigrant",
                                        "undocumented", "violation", "criminal"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        step(types[i], "x", "24T10:00:00",
             "{\"recipient\":{\"agency\":\"ICE\"},\"custody_state\":\"held\",\"enabled\":true}");
        assert_true(outputs.has_alert);
        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            assert_null(strstr(outputs.alert.sentence, words[j]));
            assert_null(strstr(outputs.alert.title, words[j]));
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_booking_can_go_on_by_itself),
        TEST(prints_reach_the_store_and_no_rule_is_broken),
        TEST(the_strictest_finding_is_the_headline),
        TEST(the_map_speaks_where_no_rule_does),
        TEST(a_missing_fact_is_named),
        TEST(a_recipient_without_an_edge_needs_review),
        TEST(declined_requests_move_nothing),
        TEST(an_edge_is_only_inferred_when_one_fits_best),
        TEST(record_findings_only_add_duties),
        TEST(quiet_rules_tell_nobody_but_are_kept),
        TEST(daily_alerts_are_rolled_up),
        TEST(what_comes_after_later_hops_is_late),
        TEST(a_correction_judges_its_parent_again),
        TEST(corrections_add_up),
        TEST(what_is_learned_has_its_bounds),
        TEST(a_correction_that_changes_nothing_tells_nobody),
        TEST(a_correction_of_nothing_known_is_judged_itself),
        TEST(onward_sharing_judges_the_share_again),
        TEST(sequence_numbers_are_followed),
        TEST(a_refused_packet_is_not_missing),
        TEST(many_gaps_come_in_portions),
        TEST(a_restart_goes_on_where_it_stopped),
        TEST(other_rules_go_on_where_the_former_were),
        TEST(a_long_title_is_cut),
        TEST(sentences_keep_to_the_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
