/* Correlations: rules over several events. Each test is a policy and a story; every event of it
 * says what must fire. */
#include "policy_test.h"

#include <sharewatch/time.h>

#define BASE(name, value)                                                                          \
    "title: " name "\nname: " name "\nlogsource: {product: any}\ndetection:\n  s: {k: " value      \
    "}\n  condition: s\n---\n"

struct step {
    const char *event;
    const char *fires; // ids joined by commas
};

static struct sw_scratch *scratch;
static struct sw_policy *policy;

static void start(const char *yaml)
{
    policy = load_good(yaml);
    scratch = sw_scratch_open_lines(policy);
}

static void end(void)
{
    sw_scratch_close(scratch);
    sw_policy_close(policy);
}

static void tell(const struct step *steps, size_t count)
{
    uint32_t rule_count = 0;
    const struct sw_rule *rules = sw_policy_rule_list(policy, &rule_count);
    for (size_t i = 0; i < count; i++) {
        struct sw_line line;
        assert_int_equal(sw_policy_match_line(scratch, sw_text_from(steps[i].event), &line), SW_OK);
        char fired[256] = "";
        for (uint32_t j = 0; j < line.count; j++) {
            size_t used = strlen(fired);
            (void)snprintf(fired + used, sizeof(fired) - used, "%s%.*s", j == 0 ? "" : ",",
                           SW_TEXT_FORMAT(rules[line.rules[j]].id));
        }
        if (strcmp(fired, steps[i].fires) != 0) {
            fail_msg("step %zu %s fired \"%s\", expected \"%s\"", i, steps[i].event, fired,
                     steps[i].fires);
        }
    }
}
#define TELL(steps)       tell((steps), sizeof(steps) / sizeof((steps)[0]))
#define AT(seconds, more) "{\"time\":\"2026-01-01T00:" seconds "Z\"," more "}"

static void counts_of_events_slide_with_an_inclusive_edge(void **state)
{
    (void)state;
    start(BASE("a", "1") "title: C\nid: c\ncorrelation: {type: event_count, rules: [a], "
                         "group-by: [u], timespan: 1m, condition: {gte: 3}}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1,\"u\":\"x\""), ""},
        {AT("00:10", "\"k\":1,\"u\":\"y\""), ""},
        {AT("00:20", "\"k\":1,\"u\":\"x\""), ""},
        {AT("00:30", "\"k\":2,\"u\":\"x\""), ""},
        {AT("01:00", "\"k\":1,\"u\":\"x\""), "c"},
        {AT("01:01", "\"k\":1,\"u\":\"x\""), "c"},
        {AT("02:02", "\"k\":1,\"u\":\"x\""), ""},
        {AT("02:02", "\"k\":1"), ""},
        {AT("02:03", "\"k\":1"), ""},
        {AT("02:04", "\"k\":1,\"u\":null"), "c"},
    };
    TELL(steps);
    assert_int_equal(sw_policy_counters(scratch).group_missing_total, 3);
    end();
}

static void ranges_and_equality_are_exact(void **state)
{
    (void)state;
    start(BASE("a", "1") "title: C\nid: c\ncorrelation: {type: event_count, rules: a, "
                         "timespan: 1h, condition: {gt: 1, lt: 4}}\n---\n"
                         "title: D\nid: d\ncorrelation: {type: event_count, rules: [a], "
                         "timespan: 1h, condition: {eq: 4}}\n---\n"
                         "title: E\nid: e\ncorrelation: {type: event_count, rules: [a], "
                         "timespan: 1h, condition: {neq: 1}}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1"), ""},    {AT("00:01", "\"k\":1"), "c,e"},
        {AT("00:02", "\"k\":1"), "c,e"}, {AT("00:03", "\"k\":1"), "d,e"},
        {AT("00:04", "\"k\":1"), "e"},
    };
    TELL(steps);
    end();
}

static void distinct_values_count(void **state)
{
    (void)state;
    start(BASE("a", "1") "title: C\nid: c\ncorrelation: {type: value_count, rules: [a], "
                         "group-by: [u], timespan: 1m, condition: {field: v, gte: 2}}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1,\"v\":7"), ""}, {AT("00:01", "\"k\":1,\"v\":7.0"), ""},
        {AT("00:02", "\"k\":1"), ""},         {AT("00:03", "\"k\":1,\"v\":8"), "c"},
        {AT("01:02", "\"k\":1,\"v\":8"), ""}, {AT("01:50", "\"k\":1,\"v\":9"), "c"},
    };
    TELL(steps);
    end();
}

static void all_rules_in_any_order(void **state)
{
    (void)state;
    start(BASE("a", "1") BASE("b", "2") "title: C\nid: c\ncorrelation: {type: temporal, "
                                        "rules: [a, b], group-by: [u], timespan: 1m}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":2,\"u\":1"), ""},  {AT("00:10", "\"k\":1,\"u\":2"), ""},
        {AT("01:00", "\"k\":1,\"u\":1"), "c"}, {AT("01:01", "\"k\":1,\"u\":1"), ""},
        {AT("01:09", "\"k\":2,\"u\":2"), "c"}, {AT("01:12", "\"k\":2,\"u\":1"), "c"},
    };
    TELL(steps);
    end();
}

static void a_boolean_condition_over_rules(void **state)
{
    (void)state;
    start(BASE("a", "1") BASE("b", "2") BASE("d", "3") "title: C\nid: c\ncorrelation:\n"
                                                       "  type: temporal\n  rules: [a, b, d]\n"
                                                       "  timespan: 1m\n"
                                                       "  condition: a and (b or d)\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":2"), ""},
        {AT("00:01", "\"k\":3"), ""},
        {AT("00:02", "\"k\":1"), "c"},
    };
    TELL(steps);
    end();
}

static void rules_in_their_order_only(void **state)
{
    (void)state;
    start(BASE("a", "1") BASE("b", "2") BASE("d", "3") "title: C\nid: c\ncorrelation: {type: "
                                                       "temporal_ordered, rules: [a, b, d], "
                                                       "group-by: [u], timespan: 1m}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":2"), ""}, {AT("00:01", "\"k\":1"), ""}, {AT("00:02", "\"k\":3"), ""},
        {AT("00:30", "\"k\":2"), ""}, {AT("00:40", "\"k\":1"), ""}, {AT("01:01", "\"k\":3"), "c"},
        {AT("01:02", "\"k\":3"), ""}, {AT("01:03", "\"k\":2"), ""}, {AT("01:40", "\"k\":3"), "c"},
        {AT("01:41", "\"k\":3"), ""},
    };
    TELL(steps);
    end();
}

/* One event that fits two stages is one of them. */
static void one_event_is_one_stage(void **state)
{
    (void)state;
    start(BASE("a", "1") "title: B\nname: b\nlogsource: {product: any}\ndetection:\n"
                         "  s: {k: [1, 2]}\n  condition: s\n---\n"
                         "title: C\nid: c\ncorrelation: {type: temporal_ordered, rules: [a, b], "
                         "timespan: 1m}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1"), ""},
        {AT("00:01", "\"k\":1"), "c"},
        {AT("00:02", "\"k\":2"), "c"},
    };
    TELL(steps);
    end();
}

static void aliases_and_generate(void **state)
{
    (void)state;
    start(BASE("a", "1") BASE("b", "2") "title: C\nid: c\ncorrelation:\n  type: temporal\n"
                                        "  rules: [a, b]\n  group-by: [who]\n  timespan: 1m\n"
                                        "  generate: true\n"
                                        "  aliases: {who: {a: src, b: dst.name}}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1,\"src\":\"x\""), "a"},
        {AT("00:01", "\"k\":2,\"dst\":{\"name\":\"y\"}"), "b"},
        {AT("00:02", "\"k\":2,\"dst\":{\"name\":\"x\"}"), "b,c"},
    };
    TELL(steps);
    end();
}

static void correlations_stand_on_correlations(void **state)
{
    (void)state;
    start(BASE("a", "1") BASE("b", "2") "title: M\nname: many\ncorrelation: {type: event_count, "
                                        "rules: [a], group-by: [u], timespan: 1m, condition: "
                                        "{gte: 2}}\n---\n"
                                        "title: C\nid: c\ncorrelation: {type: temporal_ordered, "
                                        "rules: [many, b], group-by: [u], timespan: 5m}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1,\"u\":\"x\""), ""},  {AT("00:01", "\"k\":2,\"u\":\"x\""), ""},
        {AT("00:02", "\"k\":1,\"u\":\"x\""), ""},  {AT("00:03", "\"k\":2,\"u\":\"y\""), ""},
        {AT("03:00", "\"k\":2,\"u\":\"x\""), "c"},
    };
    TELL(steps);
    end();
}

static void sums_means_and_medians(void **state)
{
    (void)state;
    start(BASE("a", "1") "title: S\nid: s\ncorrelation: {type: value_sum, rules: [a], timespan: "
                         "1m, condition: {field: v, gt: 9}}\n---\n"
                         "title: A\nid: v\ncorrelation: {type: value_avg, rules: [a], timespan: "
                         "1m, condition: {field: v, gte: 4}}\n---\n"
                         "title: M\nid: m\ncorrelation: {type: value_median, rules: [a], "
                         "timespan: 1m, condition: {field: v, eq: 2.5}}\n---\n"
                         "title: P\nid: p\ncorrelation: {type: value_percentile, rules: [a], "
                         "timespan: 1m, condition: {field: v, percentile: 100, gte: 7}}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1,\"v\":2"), ""},
        {AT("00:01", "\"k\":1,\"v\":\"3\""), "m"},
        {AT("00:02", "\"k\":1,\"v\":\"x\""), ""},
        {AT("00:03", "\"k\":1,\"v\":7"), "p,s,v"},
    };
    TELL(steps);
    end();
}

static void suppress_keeps_a_group_silent(void **state)
{
    (void)state;
    start(BASE("a", "1") "title: C\nid: c\ncorrelation: {type: event_count, rules: [a], "
                         "group-by: [u], timespan: 1m, condition: {gte: 1}}\n"
                         "x_sharewatch: {suppress: 30s}\n");
    static const struct step steps[] = {
        {AT("00:00", "\"k\":1,\"u\":1"), "c"},
        {AT("00:29", "\"k\":1,\"u\":1"), ""},
        {AT("00:29", "\"k\":1,\"u\":2"), "c"},
        {AT("00:30", "\"k\":1,\"u\":1"), "c"},
    };
    TELL(steps);
    end();
}

static void filters_narrow_the_rules_they_name(void **state)
{
    (void)state;
    start("title: A\nid: a\nname: na\nlogsource: {product: any, category: x}\ndetection:\n"
          "  selection: {k: 1}\n  condition: selection\n---\n"
          "title: B\nid: b\nlogsource: {product: any}\ndetection:\n"
          "  selection: {k: 1}\n  condition: selection\n---\n"
          "title: F\nlogsource: {product: any}\nfilter:\n  rules: [na]\n"
          "  selection: {u: admin}\n  condition: not selection\n");
    static const struct step steps[] = {
        {"{\"k\":1}", "a,b"},
        {"{\"k\":1,\"u\":\"Admin\"}", "b"},
        {"{\"k\":2}", ""},
    };
    TELL(steps);
    end();
}

/* What was saved, as a log would keep it: one row a key. */
struct rows {
    struct {
        char key[SW_POLICY_STATE_KEY];
        char value[512];
        uint32_t length;
        uint32_t number;
    } items[32];
    uint32_t count, number;
};

static void keep(void *context, struct sw_text key, struct sw_text value)
{
    struct rows *rows = context;
    uint32_t at = 0;
    assert_int_equal(key.length, SW_POLICY_STATE_KEY);
    while (at < rows->count && memcmp(rows->items[at].key, key.bytes, key.length) != 0) {
        at++;
    }
    assert_in_range(at, 0, 31);
    if (value.length == 0) {
        assert_int_not_equal(at, rows->count);
        rows->items[at] = rows->items[--rows->count];
        return;
    }
    assert_in_range(value.length, 1, sizeof(rows->items[0].value));
    rows->count = at == rows->count ? rows->count + 1 : rows->count;
    memcpy(rows->items[at].key, key.bytes, key.length);
    memcpy(rows->items[at].value, value.bytes, value.length);
    rows->items[at].length = value.length;
    rows->items[at].number = ++rows->number;
}

static const char pipeline[] =
    BASE("a", "1") BASE("b", "2") "title: C\nid: c\ncorrelation: {type: temporal_ordered, rules: "
                                  "[a, b], group-by: [u], timespan: 1m}\n---\n"
                                  "title: D\nid: d\ncorrelation: {type: event_count, rules: [a], "
                                  "group-by: [u], timespan: 1m, condition: {gte: 2}}\n";

/* A restart must not forget what was counted, nor count it twice. */
static void state_survives_a_restart(void **state)
{
    (void)state;
    struct rows rows = {0};
    start(pipeline);
    static const struct step before[] = {
        {AT("00:00", "\"k\":1,\"u\":1"), ""},
        {AT("00:01", "\"k\":1,\"u\":2"), ""},
    };
    TELL(before);
    sw_policy_state_drain(scratch, keep, &rows);
    assert_int_equal(rows.count, 4);
    sw_policy_state_drain(scratch, keep, &rows);
    assert_int_equal(rows.number, 4);
    end();

    start(pipeline);
    for (uint32_t i = 0; i < rows.count; i++) {
        struct sw_text key = {rows.items[i].key, SW_POLICY_STATE_KEY};
        assert_true(sw_policy_state_put(
            scratch, key, (struct sw_text){rows.items[i].value, rows.items[i].length}));
        assert_false(sw_policy_state_put(
            scratch, key, (struct sw_text){rows.items[i].value, rows.items[i].length - 1}));
    }
    static const struct step after[] = {
        {AT("00:30", "\"k\":2,\"u\":1"), "c"},
        {AT("00:40", "\"k\":1,\"u\":2"), "d"},
    };
    TELL(after);
    sw_policy_state_drain(scratch, keep, &rows);
    assert_int_equal(rows.count, 4);
    end();
}

static void state_survives_a_reload_unless_the_rule_changed(void **state)
{
    (void)state;
    start(pipeline);
    static const struct step before[] = {{AT("00:00", "\"k\":1,\"u\":1"), ""}};
    TELL(before);
    struct sw_policy *old_policy = policy;
    struct sw_scratch *old = scratch;
    start(BASE("a", "1") BASE("b", "2") "title: C\nid: c\ncorrelation: {type: temporal_ordered, "
                                        "rules: [a, b], group-by: [u], timespan: 1m}\n---\n"
                                        "title: D\nid: d\ncorrelation: {type: event_count, "
                                        "rules: [a], group-by: [u], timespan: 2m, condition: "
                                        "{gte: 2}}\n");
    sw_scratch_take_over(scratch, old);
    sw_scratch_close(old);
    sw_policy_close(old_policy);
    static const struct step after[] = {
        {AT("00:30", "\"k\":2,\"u\":1"), "c"},
        {AT("00:31", "\"k\":1,\"u\":1"), ""},
        {AT("00:32", "\"k\":1,\"u\":1"), "d"},
    };
    TELL(after);
    end();
}

/* A silent cap would be a missed crossing: forced evictions are counted. */
static void full_tables_evict_what_is_over_first_and_count_the_rest(void **state)
{
    (void)state;
    struct sw_report report = {0};
    struct sw_policy_options options = {.state_mib = 1};
    static const char content[] =
        "# sharewatch-file: r.yml\n" BASE("a", "1") "title: C\nid: c\ncorrelation: {type: "
                                                    "event_count, rules: [a], group-by: [u], "
                                                    "timespan: 1m, condition: {gte: 2000}}\n";
    assert_int_equal(sw_policy_open_content(&policy, SW_TEXT(content), &options, &report), SW_OK);
    scratch = sw_scratch_open_lines(policy);
    for (int i = 0; i < 80; i++) {
        char event[128];
        (void)snprintf(event, sizeof(event),
                       "{\"k\":1,\"u\":%d,\"time\":\"2026-01-01T00:%02d:%02dZ\"}", i,
                       i < 70 ? 0 : 2, i < 60 ? i : 59);
        struct sw_line line;
        assert_int_equal(sw_policy_match_line(scratch, sw_text_from(event), &line), SW_OK);
    }
    assert_int_equal(sw_policy_counters(scratch).groups_evicted_total, 6);
    end();
    sw_report_free(&report);
}

/* What cannot count any more gives its place back and leaves the log; what arrives late still
 * counts. */
static void groups_that_are_over_are_forgotten_and_late_events_count(void **state)
{
    (void)state;
    struct rows rows = {0};
    start(BASE("a", "1") "title: C\nid: c\ncorrelation: {type: event_count, rules: [a], group-by: "
                         "[u], timespan: 1h, condition: {gte: 2}}\n");
#define DAY(day, time, user) "{\"time\":\"2026-01-" day "T" time "Z\",\"k\":1,\"u\":" user "}"
    static const struct step first[] = {
        {DAY("01", "00:00:00", "1"), ""},
        {DAY("05", "00:00:00", "2"), ""},
        {DAY("01", "00:30:00", "1"), "c"}, // four days late
    };
    TELL(first);
    sw_policy_state_drain(scratch, keep, &rows);
    assert_int_equal(rows.count, 2);
    static const struct step later[] = {
        {DAY("12", "02:00:00", "3"), ""}, // both are over
        {DAY("05", "00:30:00", "2"), ""}, // 7 days and an hour and a half late: it begins anew
    };
    TELL(later);
    sw_policy_state_drain(scratch, keep, &rows);
    assert_int_equal(rows.count, 2);
    assert_int_equal(sw_policy_counters(scratch).groups_evicted_total, 0);
    sw_policy_state_clear(scratch);
    static const struct step anew[] = {
        {DAY("12", "02:10:00", "3"), ""},
        {DAY("12", "02:20:00", "3"), "c"},
    };
    TELL(anew);
#undef DAY
    end();
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
#define BAD(fields, message, line, column)                                                         \
    assert_refused(BASE("a", "1") "title: C\ncorrelation:\n" fields "\n", message, line, column)
    BAD("  type: event_cuont\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 1}",
        "unknown type event_cuont", 10, 9);
    BAD("  type: event_count\n  rules: [b]\n  timespan: 1m\n  condition: {gte: 1}",
        "no rule has the id or name b", 11, 11);
    BAD("  type: event_count\n  timespan: 1m\n  condition: {gte: 1}", "there are no rules", 10, 3);
    BAD("  type: event_count\n  rules: [a]\n  timespan: 1 m\n  condition: {gte: 1}",
        "not a timespan", 12, 13);
    BAD("  type: event_count\n  rules: [a]\n  timespan: 1m", "there is no condition", 10, 3);
    BAD("  type: value_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 1}",
        "there is no field", 13, 14);
    BAD("  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: -1}",
        "a count from 0", 13, 20);
    assert_refused("title: C\nname: c\ncorrelation: {type: event_count, rules: [c], timespan: 1m, "
                   "condition: {gte: 1}}\n",
                   "it stands on itself", 1, 1);
#undef BAD
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_events_slide_with_an_inclusive_edge),
        cmocka_unit_test(ranges_and_equality_are_exact),
        cmocka_unit_test(distinct_values_count),
        cmocka_unit_test(all_rules_in_any_order),
        cmocka_unit_test(a_boolean_condition_over_rules),
        cmocka_unit_test(rules_in_their_order_only),
        cmocka_unit_test(one_event_is_one_stage),
        cmocka_unit_test(aliases_and_generate),
        cmocka_unit_test(correlations_stand_on_correlations),
        cmocka_unit_test(sums_means_and_medians),
        cmocka_unit_test(suppress_keeps_a_group_silent),
        cmocka_unit_test(filters_narrow_the_rules_they_name),
        cmocka_unit_test(state_survives_a_restart),
        cmocka_unit_test(state_survives_a_reload_unless_the_rule_changed),
        cmocka_unit_test(full_tables_evict_what_is_over_first_and_count_the_rest),
        cmocka_unit_test(groups_that_are_over_are_forgotten_and_late_events_count),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
