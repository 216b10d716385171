/* Every fault, made of a real event, must come out of the decoder as what it is. */
#include "sw_test.h"

#include <stdlib.h>

#include <sharewatch/pipeline.h>
#include <sharewatch/scenario.h>
#include <sharewatch/wire.h>

static struct sw_map map;
static struct sw_pipeline *pipeline;
static struct sw_scenario_event made;
static char topic_bytes[SW_TOPIC_BYTES_MAX];
static char payload_bytes[SW_SCENARIO_PACKET_MAX];

static int set_up(void **state)
{
    (void)state;
    struct sw_report report = {0};
    struct sw_pipeline_config config = {.map = &map};
    enum sw_status status =
        sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    assert_int_equal(status, SW_OK);
    void *memory = calloc(1, sw_pipeline_bytes());
    assert_non_null(memory);
    pipeline = sw_pipeline_init(memory, &config);
    made.event = (struct sw_event){.id = SW_TEXT("0000000001-search"),
                                   .source = SW_TEXT("urn:sharewatch:agency:LAPD:sim-x-1"),
                                   .reporter = SW_TEXT("LAPD"),
                                   .kind = SW_KIND_PLATE,
                                   .action = SW_ACTION_PLATE_SEARCH,
                                   .time_ms = INT64_C(1780000000000),
                                   .recorded_ms = INT64_C(1780000000000),
                                   .sequence = 1,
                                   .synthetic = true};
    sw_event_set_text(&made.event, SW_FIELD_ACTOR_AGENCY, SW_TEXT("LAPD"));
    sw_event_set_text(&made.event, SW_FIELD_ACTOR_SYSTEM, SW_TEXT("LAPD-ALPR"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(pipeline);
    sw_map_free(&map);
    return 0;
}

static struct sw_packet packet_of(enum sw_fault_kind fault, uint32_t index)
{
    struct sw_buffer topic;
    struct sw_buffer payload;
    made.fault = (struct sw_scenario_fault){.kind = fault, .clock_ms = INT64_C(25200000)};
    sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
    sw_buffer_init(&payload, payload_bytes, sizeof(payload_bytes));
    sw_scenario_write_packet(&made, index, &topic, &payload);
    return (struct sw_packet){.topic = sw_buffer_text(&topic),
                              .payload = sw_buffer_text(&payload),
                              .received_ms = made.event.time_ms};
}

/* The reason code of the packet, or "none". */
static const char *judged(enum sw_fault_kind fault, uint32_t index)
{
    static struct sw_event event;
    struct sw_packet packet = packet_of(fault, index);
    struct sw_rejection rejection;
    return sw_pipeline_decode(pipeline, &packet, &event, &rejection) == SW_OK ? "none"
                                                                              : rejection.code;
}

static void each_fault_is_what_it_says(void **state)
{
    (void)state;
    static const char *const codes[SW_FAULT_COUNT] = {
        [SW_FAULT_NONE] = "none",
        [SW_FAULT_DUPLICATE] = "none",
        [SW_FAULT_ID_REUSED] = "none",
        [SW_FAULT_CLOCK] = "none",
        [SW_FAULT_BURST] = "none",
        [SW_FAULT_REORDERED] = "none",
        [SW_FAULT_TIME_1970] = "time",
        [SW_FAULT_TIME_2100] = "time",
        [SW_FAULT_TRUNCATED] = "json_truncated",
        [SW_FAULT_TRAILING] = "json_trailing",
        [SW_FAULT_BOM] = "json_syntax",
        [SW_FAULT_NUL] = "json_control",
        [SW_FAULT_UTF8] = "utf8",
        [SW_FAULT_SURROGATE] = "json_escape",
        [SW_FAULT_DEEP] = "unknown_field",
        [SW_FAULT_HUGE] = "packet_too_long",
        [SW_FAULT_LONG_TEXT] = "text_too_long",
        [SW_FAULT_DUPLICATE_KEY] = "duplicate_key",
        [SW_FAULT_UNKNOWN_FIELD] = "unknown_field",
        [SW_FAULT_MONITOR_FIELD] = "monitor_field",
        [SW_FAULT_WRONG_TYPE] = "wrong_type",
        [SW_FAULT_UNKNOWN_VALUE] = "unknown_value",
        [SW_FAULT_UNKNOWN_EDGE] = "unknown_edge",
        [SW_FAULT_UNKNOWN_SYSTEM] = "unknown_node",
        [SW_FAULT_WRONG_CLASS] = "agency_class",
        [SW_FAULT_FORGED] = "topic_agency",
        [SW_FAULT_TOPIC_KIND] = "topic_kind",
    };
    for (int fault = 0; fault < SW_FAULT_COUNT; fault++) {
        if (fault != SW_FAULT_LOST) {
            assert_string_equal(judged((enum sw_fault_kind)fault, 0), codes[fault]);
        }
    }
}

static void a_fault_decides_how_many_packets_there_are(void **state)
{
    (void)state;
    made.fault.kind = SW_FAULT_LOST;
    assert_int_equal(sw_scenario_packet_count(&made), 0);
    made.fault.kind = SW_FAULT_NONE;
    assert_int_equal(sw_scenario_packet_count(&made), 1);
    made.hidden = true;
    assert_int_equal(sw_scenario_packet_count(&made), 0);
    made.hidden = false;
    made.fault.kind = SW_FAULT_DUPLICATE;
    assert_int_equal(sw_scenario_packet_count(&made), 2);
}

static void a_duplicate_has_the_same_bytes_and_a_reused_id_has_not(void **state)
{
    (void)state;
    char first[1024];
    struct sw_packet packet = packet_of(SW_FAULT_DUPLICATE, 0);
    uint32_t length = packet.payload.length;
    assert_true(length < sizeof(first));
    memcpy(first, packet.payload.bytes, length);

    packet = packet_of(SW_FAULT_DUPLICATE, 1);
    assert_int_equal(packet.payload.length, length);
    assert_memory_equal(packet.payload.bytes, first, length);
    packet = packet_of(SW_FAULT_ID_REUSED, 0);
    assert_memory_equal(packet.payload.bytes, first, length);
    packet = packet_of(SW_FAULT_ID_REUSED, 1);
    assert_memory_not_equal(packet.payload.bytes, first, length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_what_it_says),
        cmocka_unit_test(a_fault_decides_how_many_packets_there_are),
        cmocka_unit_test(a_duplicate_has_the_same_bytes_and_a_reused_id_has_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
