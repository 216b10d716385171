/* What holds for any input, tried on many made from a seed. */
#include "fixture.h"

#include <sharewatch/diagnostic.h>
#include <sharewatch/taxonomy.h>

#define EVENTS 4000

static struct sw_map map;

static int set_up(void **state)
{
    (void)state;
    struct sw_report report = {0};
    enum sw_status status =
        sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    return status == SW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sw_map_free(&map);
    return 0;
}

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (uint32_t)((uint64_t)(*seed >> 4) * below >> 28);
}

/* One byte wrong in a notice to an immigration agency: it is refused, or it is judged. It never
 * slips through as nothing. */
static void a_wrong_byte_never_makes_a_crossing_vanish(void **state)
{
    (void)state;
    static const char valid[] =
        "{\"specversion\":\"1.0\",\"id\":\"n-1\",\"source\":\"urn:sharewatch:agency:LAPD:jail\","
        "\"type\":\"org.sharewatch.notice.sent.v1\",\"time\":\"2026-11-24T10:15:00Z\",\"sequence\":"
        "\"17\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"LAPD\",\"system\":"
        "\"LAPD-JAIL\"},\"recipient\":{\"agency\":\"ICE\",\"class\":\"fed_imm\"},\"data_class\":"
        "\"release_time\",\"subject_tok\":\"s-1\",\"reason\":\"asked by phone\"}}";
    static struct sw_event event;
    static struct sw_outputs outputs;
    struct sw_pipeline *pipeline = fixture_pipeline(&map, (struct sw_rules){0});
    uint32_t accepted = 0;
    uint32_t refused = 0;
    for (size_t place = 0; place < sizeof(valid) - 1; place++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            char payload[sizeof(valid)];
            struct sw_rejection rejection = {0};
            memcpy(payload, valid, sizeof(valid));
            payload[place] = (char)byte;
            struct sw_packet packet = fixture_packet("sharewatch/v1/event/LAPD/notice",
                                                     (struct sw_text){payload, sizeof(valid) - 1});
            if (sw_pipeline_decode(pipeline, &packet, &event, &rejection) != SW_OK) {
                assert_int_not_equal(rejection.reason, SW_REFUSAL_NONE);
                assert_true(rejection.position <= sizeof(valid));
                refused++;
                continue;
            }
            accepted++;
            sw_pipeline_step(pipeline, &event, NOW_MS, &outputs);
            assert_true(outputs.has_hop);
            assert_int_not_equal(outputs.hop.verdict, SW_VERDICT_NONE);
        }
    }
    assert_true(accepted > 1000);
    assert_true(refused > 50000);
    free(pipeline);
}

static const char *const kinds[][2] = {
    {"booking", "booking.booked"},
    {"fingerprint", "fingerprint.submitted"},
    {"fingerprint", "fingerprint.matched"},
    {"plate", "plate.search"},
    {"plate", "plate.share"},
    {"notice", "notice.sent"},
    {"custody", "custody.transferred"},
    {"query", "query.sent"},
};

/* A random but valid event into @payload; its topic's kind. */
static const char *make(uint32_t *seed, uint32_t number, char *payload, size_t bytes)
{
    static const char *const agencies[] = {"LAPD", "LASD", "SISTER", "OOS-TX", "NEW-1"};
    static const char *const recipients[] = {"ICE",    "HSI",    "FBI",  "CADOJ",
                                             "SISTER", "OOS-TX", "NEW-2"};
    static const char *const classes[] = {"prints", "release_time", "alpr_search_result", "arrest"};
    static const char *const reasons[] = {"ICE hold", "Investigation", "plate 7ABC123", "robbery"};
    uint32_t kind = next(seed, sizeof(kinds) / sizeof(kinds[0]));
    char recipient[64] = "";
    char sequence[64] = "";
    if (next(seed, 3) > 0) {
        (void)snprintf(recipient, sizeof(recipient), ",\"recipient\":{\"agency\":\"%s\"}",
                       recipients[next(seed, 7)]);
    }
    if (next(seed, 4) > 0) {
        (void)snprintf(sequence, sizeof(sequence), ",\"sequence\":\"%u\"",
                       number - next(seed, 5 < number ? 5 : 1));
    }
    uint32_t agency = next(seed, 5);
    uint32_t hour = next(seed, 24);
    uint32_t class = next(seed, 4);
    uint32_t subject = next(seed, 50);
    uint32_t reason = next(seed, 4);
    int length = snprintf(
        payload, bytes,
        "{\"specversion\":\"1.0\",\"id\":\"e-%u\",\"source\":\"urn:sharewatch:agency:LAPD:p\","
        "\"type\":\"org.sharewatch.%s.v1\",\"time\":\"2026-11-%02uT%02u:00:00Z\"%s,\"data\":{"
        "\"actor\":{\"agency\":\"%s\"},\"data_class\":\"%s\",\"subject_tok\":\"s-%u\",\"reason\":"
        "\"%s\"%s}}",
        number, kinds[kind][1], 1 + number * 24 / EVENTS, hour, sequence, agencies[agency],
        classes[class], subject, reasons[reason], recipient);
    assert_true(length > 0 && (size_t)length < bytes);
    return kinds[kind][0];
}

static void add_bytes(uint64_t *hash, const void *bytes, size_t length)
{
    struct sw_text text = {bytes, (uint32_t)length};
    *hash = (*hash ^ sw_text_hash(text)) * UINT64_C(0x100000001b3);
}

#define ADD(hash, value) add_bytes(hash, &(value), sizeof(value))

/* Everything that the shell makes rows of. */
static void add_outputs(uint64_t *hash, const struct sw_outputs *outputs)
{
    const struct sw_hop *hop = &outputs->hop;
    ADD(hash, outputs->has_hop);
    if (outputs->has_hop) {
        ADD(hash, hop->edge);
        ADD(hash, hop->from);
        ADD(hash, hop->to);
        ADD(hash, hop->data_class);
        ADD(hash, hop->crosses);
        ADD(hash, hop->level);
        ADD(hash, hop->verdict);
        ADD(hash, hop->duties);
        ADD(hash, hop->late);
        add_bytes(hash, outputs->chain.key, strlen(outputs->chain.key));
        ADD(hash, outputs->chain.revision);
        ADD(hash, outputs->chain.verdicts);
        ADD(hash, outputs->chain.last_ms);
    }
    if (outputs->has_alert) {
        ADD(hash, outputs->alert.alert_id);
        add_bytes(hash, outputs->alert.title, strlen(outputs->alert.title));
        add_bytes(hash, outputs->alert.sentence, strlen(outputs->alert.sentence));
    }
    for (uint32_t i = 0; i < outputs->gap_count; i++) {
        ADD(hash, outputs->gaps[i].first);
        ADD(hash, outputs->gaps[i].last);
        ADD(hash, outputs->gaps[i].filled);
    }
}

/* Runs all events; @dirty fills what the pipeline does not promise to read with another byte. */
static uint64_t run(uint32_t seed, int dirty)
{
    static struct sw_event event;
    static struct sw_outputs outputs;
    struct sw_pipeline *pipeline = fixture_pipeline(&map, (struct sw_rules){0});
    uint64_t hash = 0;
    for (uint32_t number = 1; number <= EVENTS; number++) {
        char payload[1024];
        char topic[64];
        (void)snprintf(topic, sizeof(topic), "sharewatch/v1/event/LAPD/%s",
                       make(&seed, number, payload, sizeof(payload)));
        struct sw_rejection rejection = {0};
        struct sw_packet packet = fixture_packet(topic, sw_text_from(payload));
        memset(&event, dirty, sizeof(event));
        memset(&outputs, dirty, sizeof(outputs));
        enum sw_status status = sw_pipeline_decode(pipeline, &packet, &event, &rejection);
        if (status != SW_OK) {
            print_error("%s\n%s %s\n", payload, rejection.code, rejection.field);
        }
        assert_int_equal(status, SW_OK);
        int64_t now_ms = NOW_MS + (int64_t)number * 1000;
        sw_pipeline_step(pipeline, &event, now_ms, &outputs);
        add_outputs(&hash, &outputs);
        if (number % 10 == 0) {
            (void)sw_pipeline_tick(pipeline, now_ms, &outputs);
            add_outputs(&hash, &outputs);
        }
    }
    free(pipeline);
    return hash;
}

static void the_same_packets_give_the_same_outputs(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 4; seed++) {
        uint64_t hash = run(seed, 0);
        assert_true(run(seed, 0) == hash);
        assert_true(run(seed, 0xa5) == hash);
        assert_true(run(seed + 100, 0) != hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_byte_never_makes_a_crossing_vanish),
        cmocka_unit_test(the_same_packets_give_the_same_outputs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
