#include "sw_test.h"

#include "alert.h"

static struct sw_log_alert sample(void)
{
    return (struct sw_log_alert){.id = 12,
                                 .time_ms = 1795516500000,
                                 .logged_ms = 1795516502120,
                                 .level = SW_LEVEL_INFORMED,
                                 .verdict = SW_VERDICT_PROH,
                                 .duties = SW_DUTY_SERVE_COPY | SW_DUTY_PUBLIC_RECORD,
                                 .daily = true,
                                 .hops = 71,
                                 .synthetic = true,
                                 .chain = "subject:t1",
                                 .edge = "E11",
                                 .rule = "notice",
                                 .cite = "Gov. Code 7284.6(a)(1)(C)",
                                 .title = "A \"quoted\" title",
                                 .sentence = "One\nsentence.",
                                 .path = "LAPD › ERO"};
}

static enum sw_status read_string(const char *json, struct sw_log_alert *alert)
{
    return sw_alert_read_json(sw_text_from(json), alert);
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    static char bytes[SW_ALERT_JSON_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    struct sw_log_alert alert = sample();

    sw_alert_write_json(&alert, &buffer);

    struct sw_log_alert again;
    assert_false(buffer.overflowed);
    assert_true(sw_text_starts_with(sw_buffer_text(&buffer),
                                    SW_TEXT("{\"schema\":\"sharewatch.alert.v1\",\"id\":\"12\",")));
    assert_int_equal(sw_alert_read_json(sw_buffer_text(&buffer), &again), SW_OK);
    assert_int_equal(again.id, 12);
    assert_int_equal(again.time_ms, alert.time_ms);
    assert_int_equal(again.logged_ms, alert.logged_ms);
    assert_int_equal(again.level, alert.level);
    assert_int_equal(again.verdict, alert.verdict);
    assert_int_equal(again.duties, alert.duties);
    assert_int_equal(again.hops, 71);
    assert_true(again.daily);
    assert_true(again.synthetic);
    assert_string_equal(again.chain, alert.chain);
    assert_string_equal(again.edge, alert.edge);
    assert_string_equal(again.rule, alert.rule);
    assert_string_equal(again.cite, alert.cite);
    assert_string_equal(again.title, alert.title);
    assert_string_equal(again.sentence, alert.sentence);
    assert_string_equal(again.path, alert.path);
}

static void fills_its_buffer_at_most(void **state)
{
    (void)state;
    static char bytes[SW_ALERT_JSON_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    struct sw_log_alert alert = sample();
    memset(alert.title, 1, sizeof(alert.title) - 1);
    memset(alert.sentence, 1, sizeof(alert.sentence) - 1);
    memset(alert.path, 1, sizeof(alert.path) - 1);
    memset(alert.cite, 1, sizeof(alert.cite) - 1);
    memset(alert.rule, 1, sizeof(alert.rule) - 1);
    memset(alert.chain, 1, sizeof(alert.chain) - 1);

    sw_alert_write_json(&alert, &buffer);

    assert_false(buffer.overflowed);
}

static void passes_over_keys_of_later_versions(void **state)
{
    (void)state;
    struct sw_log_alert alert;

    assert_int_equal(
        read_string("{\"id\":\"1\",\"new\":{\"a\":[1,{}]},\"list\":[[1],2],\"none\":null,"
                    "\"time\":\"2026-11-24T10:15:00Z\",\"verdict\":\"AUTO\","
                    "\"level\":2,\"duties\":[\"LATER_DUTY\",\"FORUM\"]}",
                    &alert),
        SW_OK);

    assert_int_equal(alert.duties, SW_DUTY_FORUM);
    assert_int_equal(alert.hops, 1);
}

static void refuses_what_is_no_alert(void **state)
{
    (void)state;
    struct sw_log_alert alert;
    const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"id\":\"x\",\"time\":\"2026-11-24\",\"verdict\":\"AUTO\",\"level\":2}",
        "{\"id\":\"1\",\"time\":\"today\",\"verdict\":\"AUTO\",\"level\":2}",
        "{\"id\":\"1\",\"time\":\"2026-11-24\",\"verdict\":\"auto\",\"level\":2}",
        "{\"id\":\"1\",\"time\":\"2026-11-24\",\"verdict\":\"AUTO\",\"level\":5}",
        "{\"id\":\"1\",\"time\":\"2026-11-24\",\"verdict\":\"AUTO\",\"level\":2} x",
        "{\"id\":\"1\",\"time\":\"2026-11-24\",\"verdict\":\"AUTO\",\"level\":2",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(read_string(wrong[i], &alert), SW_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(fills_its_buffer_at_most),
        cmocka_unit_test(passes_over_keys_of_later_versions),
        cmocka_unit_test(refuses_what_is_no_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
