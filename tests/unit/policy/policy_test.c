#include "policy_test.h"

#include <sharewatch/time.h>

#define HEAD "title: T\nlogsource: {product: sharewatch, category: custody}\n"

static struct sw_event event;

static void start_event(enum sw_kind kind, enum sw_action action)
{
    event = (struct sw_event){.kind = kind, .action = action};
    assert_int_equal(sw_time_parse(SW_TEXT("2026-11-24T10:00:00Z"), &event.time_ms), SW_OK);
    sw_event_set_text(&event, SW_FIELD_KIND, sw_text_from(sw_kind_name(kind)));
    sw_event_set_text(&event, SW_FIELD_ACTION, sw_text_from(sw_action_name(action)));
}

/* Matches the event against @policy; at most 8 findings. */
static uint32_t match(struct sw_policy *policy, struct sw_finding findings[8])
{
    struct sw_scratch *scratch = sw_scratch_open(policy);
    struct sw_rules rules = sw_policy_rules(policy, scratch);
    uint32_t count = rules.match(rules.context, &event, false, findings, 8);
    assert_int_equal(rules.match(rules.context, &event, false, findings, 8), count);
    sw_scratch_close(scratch);
    return count;
}

static const char transfer_rule[] = HEAD "id: transfer\n"
                                         "detection:\n"
                                         "  selection:\n"
                                         "    action: transferred\n"
                                         "    actor.class: [local, county]\n"
                                         "    recipient.class: fed_imm\n"
                                         "  filter_warrant:\n"
                                         "    instrument: [judicial_warrant, judicial_pc]\n"
                                         "  condition: selection and not 1 of filter_*\n"
                                         "x_policy:\n"
                                         "  verdict: PROH\n"
                                         "  cross_level: custody\n"
                                         "  cite: Gov. Code 7284.6(a)(4)\n"
                                         "  in_force: {from: 2018-01-01, until: 2030-01-01}\n"
                                         "  if_missing: {instrument: REVIEW}\n"
                                         "  duties: [REPORT_DOJ]\n"
                                         "  layer: state\n";

static void start_transfer(void)
{
    start_event(SW_KIND_CUSTODY, SW_ACTION_CUSTODY_TRANSFERRED);
    sw_event_set_code(&event, SW_FIELD_ACTOR_CLASS, SW_AGENCY_CLASS_COUNTY);
    sw_event_set_code(&event, SW_FIELD_RECIPIENT_CLASS, SW_AGENCY_CLASS_FED_IMM);
}

static void a_rule_finds_what_it_describes(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(transfer_rule);
    uint32_t count = 0;
    const struct sw_rule *rules = sw_policy_rule_list(policy, &count);
    assert_int_equal(count, 1);
    assert_text_equal(rules[0].id, "transfer");
    assert_text_equal(rules[0].cite, "Gov. Code 7284.6(a)(4)");
    assert_int_equal(rules[0].level, SW_LEVEL_CUSTODY);
    assert_int_equal(rules[0].duties, SW_DUTY_REPORT_DOJ);

    start_transfer();
    sw_event_set_code(&event, SW_FIELD_INSTRUMENT, SW_INSTRUMENT_I_247A);
    struct sw_finding findings[8];
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].verdict, SW_VERDICT_PROH);
    assert_int_equal(findings[0].missing, SW_FIELD_COUNT);

    sw_event_set_code(&event, SW_FIELD_INSTRUMENT, SW_INSTRUMENT_JUDICIAL_WARRANT);
    assert_int_equal(match(policy, findings), 0);
    sw_policy_close(policy);
}

/* Two-valued logic would turn "unknown" into "not exempt". */
static void a_missing_fact_gives_review_not_prohibited(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(transfer_rule);
    start_transfer();
    struct sw_finding findings[8];
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].verdict, SW_VERDICT_REVIEW);
    assert_int_equal(findings[0].missing, SW_FIELD_INSTRUMENT);

    event.fields[SW_FIELD_INSTRUMENT] = (struct sw_value){.type = SW_VALUE_NULL};
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].missing, SW_FIELD_INSTRUMENT);

    sw_event_set_code(&event, SW_FIELD_RECIPIENT_CLASS, SW_AGENCY_CLASS_STATE);
    assert_int_equal(match(policy, findings), 0);
    sw_policy_close(policy);
}

static void a_missing_fact_that_decides_nothing_is_passed_over(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(HEAD "detection:\n"
                                              "  a: {action: transferred}\n"
                                              "  b: {instrument: I-200}\n"
                                              "  condition: a or b\n"
                                              "x_policy:\n"
                                              "  verdict: PROH\n"
                                              "  if_missing: {instrument: REVIEW}\n");
    struct sw_finding findings[8];
    start_transfer();
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].verdict, SW_VERDICT_PROH);

    start_event(SW_KIND_CUSTODY, SW_ACTION_CUSTODY_HELD);
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].verdict, SW_VERDICT_REVIEW);
    sw_event_set_code(&event, SW_FIELD_INSTRUMENT, SW_INSTRUMENT_NONE);
    assert_int_equal(match(policy, findings), 0);
    sw_policy_close(policy);
}

/* `exists` and null ask for the absence itself: they stay two-valued. */
static void a_question_for_presence_is_never_unknown(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(HEAD "detection:\n"
                                              "  a: {action: transferred, instrument: null}\n"
                                              "  b: {instrument|exists: false}\n"
                                              "  condition: a and b\n"
                                              "x_policy:\n"
                                              "  verdict: PROH\n"
                                              "  if_missing: {instrument: REVIEW}\n");
    struct sw_finding findings[8];
    start_transfer();
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].verdict, SW_VERDICT_PROH);
    sw_policy_close(policy);
}

static void the_missing_field_that_is_named_is_the_one_that_decides(void **state)
{
    (void)state;
    struct sw_policy *policy =
        load_good(HEAD "detection:\n"
                       "  a: {action: transferred}\n"
                       "  listed: {charge_class: M, instrument: I-200}\n"
                       "  filter: {conviction_basis: [a1, a2]}\n"
                       "  condition: (a or listed) and not filter\n"
                       "x_policy:\n"
                       "  verdict: PROH\n"
                       "  if_missing: {instrument: REVIEW, conviction_basis: REVIEW}\n");
    struct sw_finding findings[8];
    start_transfer();
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].missing, SW_FIELD_CONVICTION_BASIS);
    sw_policy_close(policy);
}

static void rules_hold_from_their_first_day_to_before_their_last(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(transfer_rule);
    struct sw_finding findings[8];
    static const struct {
        const char *time;
        uint32_t findings;
    } cases[] = {{"2017-12-31T23:59:59.999Z", 0},
                 {"2018-01-01T00:00:00Z", 1},
                 {"2029-12-31T23:59:59.999Z", 1},
                 {"2030-01-01T00:00:00Z", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start_transfer();
        assert_int_equal(sw_time_parse(sw_text_from(cases[i].time), &event.time_ms), SW_OK);
        assert_int_equal(match(policy, findings), cases[i].findings);
    }
    sw_policy_close(policy);
}

static void the_category_is_the_kind_of_event(void **state)
{
    (void)state;
    struct sw_policy *policy =
        load_good("title: A\nid: a\nlogsource: {product: sharewatch, category: plate}\n"
                  "detection: {s: {actor.agency: LAPD}, condition: s}\n"
                  "---\n"
                  "title: B\nid: b\nlogsource: {product: sharewatch}\n"
                  "detection: {s: {actor.agency: LAPD}, condition: s}\n"
                  "---\n"
                  "title: C\nid: c\nlogsource: {product: windows}\n"
                  "detection: {s: {actor.agency: LAPD}, condition: s}\n");
    struct sw_finding findings[8];
    start_event(SW_KIND_PLATE, SW_ACTION_PLATE_SEARCH);
    sw_event_set_text(&event, SW_FIELD_ACTOR_AGENCY, SW_TEXT("LAPD"));
    assert_int_equal(match(policy, findings), 2);
    assert_int_equal(findings[0].rule, 0);
    assert_int_equal(findings[1].rule, 1);
    assert_false(findings[0].has_verdict);

    start_event(SW_KIND_STOP, SW_ACTION_STOP_STOPPED);
    sw_event_set_text(&event, SW_FIELD_ACTOR_AGENCY, SW_TEXT("LAPD"));
    assert_int_equal(match(policy, findings), 1);
    assert_int_equal(findings[0].rule, 1);
    sw_policy_close(policy);
}

static void lists_match_by_any_of_their_values(void **state)
{
    (void)state;
    struct sw_policy *policy =
        load_good(HEAD "detection: {s: {data_class: prints, data_class|startswith: arr}, "
                       "condition: s}\n");
    struct sw_finding findings[8];
    start_event(SW_KIND_CUSTODY, SW_ACTION_CUSTODY_HELD);
    event.items[0] = (struct sw_value){
        .type = SW_VALUE_TEXT, .code = SW_DATA_CLASS_ARREST, .text = SW_TEXT("arrest")};
    event.items[1] = (struct sw_value){
        .type = SW_VALUE_TEXT, .code = SW_DATA_CLASS_PRINTS, .text = SW_TEXT("prints")};
    event.fields[SW_FIELD_DATA_CLASS] =
        (struct sw_value){.type = SW_VALUE_LIST, .count = 2, .items = event.items};
    assert_int_equal(match(policy, findings), 1);
    event.fields[SW_FIELD_DATA_CLASS].count = 1;
    assert_int_equal(match(policy, findings), 0);
    sw_policy_close(policy);
}

static void numbers_and_booleans_compare(void **state)
{
    (void)state;
    struct sw_policy *policy =
        load_good(HEAD "detection: {s: {flow.hops|gte: 2, flow.hops|lt: 5, past_release: true}, "
                       "condition: s}\n");
    struct sw_finding findings[8];
    static const int64_t hops[] = {1, 2, 4, 5};
    for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++) {
        start_event(SW_KIND_CUSTODY, SW_ACTION_CUSTODY_HELD);
        sw_event_set_integer(&event, SW_FIELD_FLOW_HOPS, hops[i]);
        sw_event_set_bool(&event, SW_FIELD_PAST_RELEASE, true);
        assert_int_equal(match(policy, findings), hops[i] >= 2 && hops[i] < 5 ? 1 : 0);
    }
    sw_policy_close(policy);
}

static void keywords_look_at_every_value(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(HEAD "detection: {k: [ice hold], condition: k}\n");
    struct sw_finding findings[8];
    start_event(SW_KIND_CUSTODY, SW_ACTION_CUSTODY_HELD);
    sw_event_set_text(&event, SW_FIELD_REASON, SW_TEXT("an ICE HOLD was lodged"));
    assert_int_equal(match(policy, findings), 1);
    sw_event_set_text(&event, SW_FIELD_REASON, SW_TEXT("a hold by ice"));
    assert_int_equal(match(policy, findings), 0);
    sw_policy_close(policy);
}

static void what_can_never_match_is_refused(void **state)
{
    (void)state;
    assert_refused(HEAD "detection:\n  s: {actor.agnecy: LAPD}\n  condition: s\n",
                   "the taxonomy has no field actor.agnecy", 4, 7);
    assert_refused(HEAD "detection:\n  s: {actor.class: federal}\n  condition: s\n",
                   "actor.class can never be federal", 4, 20);
    assert_refused(HEAD "detection:\n  s: {action: booked}\n  condition: s\n",
                   "action can never be booked: it is an action of custody", 4, 15);
    assert_refused(HEAD "detection:\n  s: {past_release: maybe}\n  condition: s\n",
                   "past_release can never be maybe", 4, 21);
    assert_refused(HEAD "detection:\n  s: {flow.hops: 99}\n  condition: s\n",
                   "flow.hops lies between 0 and 16", 4, 18);
    assert_refused("title: T\nlogsource: {product: sharewatch, category: share}\n"
                   "detection: {s: {past_release: true}, condition: s}\n",
                   "unknown kind of event share", 2, 44);
    assert_refused(HEAD "detection:\n  s: {past_release: true}\n  condition: s and filter\n",
                   "expected an identifier of this detection", 5, 20);
    assert_refused(HEAD "detection:\n  s: {past_release: true}\n  condition: all of x*\n",
                   "expected a pattern that fits", 5, 21);
    assert_refused(HEAD "detection:\n  s: {place|containz: x}\n  condition: s\n",
                   "unknown modifier containz", 4, 7);
    assert_refused(HEAD "detection:\n  s: {instrument|re: '(I-2'}\n  condition: s\n",
                   "regular expression", 4, 22);
}

static void the_block_x_policy_is_checked(void **state)
{
    (void)state;
#define RULE HEAD "detection: {s: {past_release: true}, condition: s}\nx_policy:\n"
    assert_refused(RULE "  verdict: FORBIDDEN\n", "unknown verdict FORBIDDEN", 5, 12);
    assert_refused(RULE "  verdikt: PROH\n", "unknown key verdikt", 5, 3);
    assert_refused(RULE "  cross_level: 5\n", "cross_level must be 0 to 4", 5, 16);
    assert_refused(RULE "  in_force: {from: 2018-13-01}\n", "from is no date", 5, 20);
    assert_refused(RULE "  in_force: {from: 2020-01-01, until: 2020-01-01}\n",
                   "in force from a day", 5, 13);
    assert_refused(RULE "  if_missing: {instrumnet: REVIEW}\n", "no field instrumnet", 5, 16);
    assert_refused(RULE "  if_missing: {instrument: PROH}\n", "unknown answer", 5, 28);
    assert_refused(RULE "  duties: [SERVE_COPIES]\n", "unknown duty SERVE_COPIES", 5, 12);
    assert_refused(RULE "  layer: nation\n", "unknown layer nation", 5, 10);
    assert_refused(RULE "  alert: weekly\n", "unknown way of alerting weekly", 5, 10);
#undef RULE
}

static void other_products_may_use_any_field(void **state)
{
    (void)state;
    struct sw_policy *policy =
        load_good("title: T\nlogsource: {product: windows, category: process_creation}\n"
                  "detection:\n  s: {Image|endswith: '\\cmd.exe', CommandLine|contains|all: "
                  "[a, b]}\n  condition: s\n");
    sw_policy_close(policy);
}

/* A replay loads the policy from the log and must get the same one. */
static void the_content_gives_the_same_policy_again(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good(transfer_rule);
    struct sw_policy *again = NULL;
    struct sw_report report = {0};
    assert_int_equal(sw_policy_open_content(&again, sw_policy_content(policy), NULL, &report),
                     SW_OK);
    assert_memory_equal(sw_policy_digest(policy), sw_policy_digest(again), 32);
    assert_text_equal(sw_policy_name(again), "rule");
    sw_policy_close(again);
    sw_policy_close(policy);
    sw_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_finds_what_it_describes),
        cmocka_unit_test(a_missing_fact_gives_review_not_prohibited),
        cmocka_unit_test(a_missing_fact_that_decides_nothing_is_passed_over),
        cmocka_unit_test(a_question_for_presence_is_never_unknown),
        cmocka_unit_test(the_missing_field_that_is_named_is_the_one_that_decides),
        cmocka_unit_test(rules_hold_from_their_first_day_to_before_their_last),
        cmocka_unit_test(the_category_is_the_kind_of_event),
        cmocka_unit_test(lists_match_by_any_of_their_values),
        cmocka_unit_test(numbers_and_booleans_compare),
        cmocka_unit_test(keywords_look_at_every_value),
        cmocka_unit_test(what_can_never_match_is_refused),
        cmocka_unit_test(the_block_x_policy_is_checked),
        cmocka_unit_test(other_products_may_use_any_field),
        cmocka_unit_test(the_content_gives_the_same_policy_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
