/* Late knowledge through a real log: the parent is found there, and so is what was learned of it
 * before. */
#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/sha.h>

#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>

#include "judge.h"
#include "log_place.h"
#include "small_map.h"

#define NOW_MS INT64_C(1795687200000)
#define TOPIC  "sharewatch/v1/event/LAPD/notice"

static struct test_log_place place;
static struct sw_log log_file;
static struct sw_map map;
static struct sw_judge judge;
static struct sw_outputs last; // that the judge gave out with a hop
static uint32_t hops;
static uint32_t gaps;
static const char *refused; // reason of the last refusal

static void take(void *context, const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs)
{
    static struct sw_log_alert alert;
    (void)event;
    (void)sw_log_add_outputs(context, subject, outputs, &alert);
    if (outputs->has_hop) {
        last = *outputs;
        hops++;
    }
}

static void take_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    (void)context;
    (void)at_ms;
    gaps += gap->filled ? 0 : 1;
}

static enum sw_status keep_event(void *context, const struct sw_packet *packet,
                                 const struct sw_event *event, int64_t *row)
{
    struct sw_log *log = context;
    enum sw_status status = sw_log_add_event(log, packet, event, packet->payload);
    *row = log->event_id;
    return status;
}

static void keep_refusal(void *context, const struct sw_packet *packet,
                         const struct sw_rejection *rejection)
{
    (void)context;
    (void)packet;
    refused = rejection->code;
}

static const struct sw_judge_calls calls = {
    .keep_event = keep_event, .keep_refusal = keep_refusal, .take = take, .take_gap = take_gap};

static int set_up(void **state)
{
    (void)state;
    struct sw_report report = {0};
    test_log_place_open(&place);
    assert_int_equal(sw_map_parse(&map, "small", sw_text_from(small_map_text), &report), SW_OK);
    void *memory = calloc(1, sw_pipeline_bytes());
    assert_non_null(memory);
    struct sw_pipeline_config config = {.map = &map};
    sw_judge_init_log(&judge, sw_pipeline_init(memory, &config), &log_file, &calls, &log_file);
    struct sw_log_run run = {.version = "0",
                             .broker = "none",
                             .started_ms = 1,
                             .map = &map,
                             .map_content = map.content,
                             .policy_name = SW_TEXT("none"),
                             .policy_content = SW_TEXT("none")};
    hops = 0;
    gaps = 0;
    refused = NULL;
    return sw_log_open(&log_file, place.path) == SW_OK && sw_log_start_run(&log_file, &run) == SW_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sw_log_close(&log_file);
    free(judge.pipeline);
    sw_map_free(&map);
    return test_log_place_close(&place);
}

/* Has a notice with id @id, envelope attributes @more and fields @data judged. */
static enum sw_status packet(const char *id, const char *more, const char *data)
{
    static char payload[2048];
    (void)snprintf(
        payload, sizeof(payload),
        "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:sharewatch:agency:LAPD\","
        "\"type\":\"org.sharewatch.notice.sent.v1\",\"time\":\"2026-11-24T10:00:00Z\"%s,"
        "\"data\":%s}",
        id, more, data);
    struct sw_packet packet = {
        .topic = SW_TEXT(TOPIC), .payload = sw_text_from(payload), .received_ms = NOW_MS};
    (void)SHA256((const unsigned char *)payload, packet.payload.length, packet.digest);
    return sw_judge_packet(&judge, &packet);
}

static void notice(const char *id, const char *more, const char *data)
{
    assert_int_equal(packet(id, more, data), SW_OK);
}

#define TOLD                                                                                       \
    "{\"actor\":{\"system\":\"JAIL\"},\"recipient\":{\"agency\":\"ICE\"},\"data_class\":"          \
    "\"release_time\",\"subject_tok\":\"s-1\"}"
#define CORRECTS ",\"swparent\":\"n-1\",\"swcorrects\":true"

static void corrections_add_up_over_the_log(void **state)
{
    (void)state;
    notice("n-1", "", TOLD);
    assert_int_equal(last.hop.verdict, SW_VERDICT_REVIEW);
    notice("n-2", CORRECTS, "{\"public_already\":true}");
    assert_int_equal(hops, 2);
    assert_int_equal(last.hop.revision, 1);
    assert_int_equal(last.hop.verdict, SW_VERDICT_DISC);

    notice("n-3", CORRECTS, "{\"charge_class\":\"F\"}");

    assert_int_equal(hops, 3);
    assert_int_equal(last.hop.revision, 2);
    assert_int_equal(last.hop.verdict, SW_VERDICT_DISC);
    assert_false(last.has_alert);
    assert_true(judge.causes_missing_total == 0);
    notice("n-4", CORRECTS, "{\"public_already\":false}");
    assert_int_equal(last.hop.revision, 3);
    assert_int_equal(last.hop.verdict, SW_VERDICT_REVIEW);
    assert_true(last.has_alert);
    assert_int_equal(sw_log_commit(&log_file), SW_OK);
}

static void a_correction_without_a_parent_counts_for_itself(void **state)
{
    (void)state;
    notice("n-2", CORRECTS, TOLD);
    assert_int_equal(hops, 1);
    assert_int_equal(last.hop.revision, 0);
    assert_int_equal(last.hop.verdict, SW_VERDICT_REVIEW);
    assert_true(judge.parents_missing_total == 1);
}

/* What came twice is judged once; another content under its id is refused; a number that came in a
 * refused packet is not missing, one that never came is. */
static void judges_what_is_new_and_refuses_the_rest(void **state)
{
    (void)state;
    notice("n-1", ",\"sequence\":\"1\"", TOLD);
    assert_int_equal(packet("n-1", ",\"sequence\":\"1\"", TOLD), SW_EXISTS);
    assert_int_equal(hops, 1);
    assert_null(refused);

    assert_int_equal(packet("n-1", ",\"sequence\":\"2\"", TOLD), SW_MALFORMED);
    assert_string_equal(refused, "id_reused");
    assert_int_equal(judge.outputs.source, 0);
    assert_int_equal(packet("n-3", ",\"sequence\":\"3\"", "{\"full_name\":\"x\"}"), SW_MALFORMED);
    assert_string_equal(refused, "unknown_field");
    assert_int_equal(hops, 1);

    notice("n-5", ",\"sequence\":\"5\"", TOLD);
    sw_judge_tick(&judge, NOW_MS + SW_HOLE_GRACE_MS + 1);
    assert_int_equal(gaps, 1);
    assert_int_equal(sw_pipeline_source_highest(judge.pipeline, 0), 5);
    assert_int_equal(sw_log_commit(&log_file), SW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(corrections_add_up_over_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_correction_without_a_parent_counts_for_itself, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(judges_what_is_new_and_refuses_the_rest, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
