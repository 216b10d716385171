#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sharewatch/log.h>

#include "log_place.h"

#define SOURCE "urn:sharewatch:agency:LAPD"
#define T0     INT64_C(1790000000000)

static struct test_log_place place;
static struct sw_log log_file;
static struct sw_map map;
static struct sw_pipeline *pipeline;
static void *memory;
static struct sw_outputs outputs;

static uint32_t match_nothing(void *context, const struct sw_event *event, bool again,
                              struct sw_finding *findings, uint32_t capacity)
{
    (void)context;
    (void)event;
    (void)again;
    (void)findings;
    (void)capacity;
    return 0;
}

static struct sw_pipeline_config config = {.map = &map, .rules = {.match = match_nothing}};

static void open_log(void)
{
    struct sw_log_run run = {.version = "0",
                             .broker = "mqtt://h",
                             .started_ms = 1,
                             .map = &map,
                             .map_content = SW_TEXT("map"),
                             .policy_name = SW_TEXT("none"),
                             .policy_content = SW_TEXT("none")};
    if (sw_log_open(&log_file, place.path) != SW_OK || sw_log_start_run(&log_file, &run) != SW_OK) {
        fail_msg("%s", log_file.sentence);
    }
}

static void restore(struct sw_log_spool *spool)
{
    free(memory);
    memory = calloc(1, sw_pipeline_bytes());
    assert_non_null(memory);
    pipeline = sw_pipeline_init(memory, &config);
    if (sw_log_restore(&log_file, pipeline, spool) != SW_OK) {
        fail_msg("%s", log_file.sentence);
    }
}

static int set_up_all(void **state)
{
    (void)state;
    struct sw_report report = {0};
    return sw_log_reserve_memory((size_t)32 << 20) == SW_OK &&
                   sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report) ==
                       SW_OK
               ? 0
               : -1;
}

static int tear_down_all(void **state)
{
    (void)state;
    free(memory);
    sw_map_free(&map);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    test_log_place_open(&place);
    open_log();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sw_log_close(&log_file);
    return test_log_place_close(&place);
}

static struct sw_event make_event(uint64_t sequence, char id[16])
{
    (void)snprintf(id, 16, "e-%llu", (unsigned long long)sequence);
    return (struct sw_event){.id = sw_text_from(id),
                             .source = SW_TEXT(SOURCE),
                             .reporter = SW_TEXT("LAPD"),
                             .sequence = sequence,
                             .kind = SW_KIND_BOOKING,
                             .action = sw_kind_first_action(SW_KIND_BOOKING),
                             .time_ms = T0,
                             .recorded_ms = T0};
}

static void add_event(uint64_t sequence, int64_t received_ms)
{
    static struct sw_event event;
    char id[16];
    struct sw_packet packet = {.payload = SW_TEXT("{}"), .received_ms = received_ms};
    event = make_event(sequence, id);
    assert_int_equal(sw_log_add_event(&log_file, &packet, &event, packet.payload), SW_OK);
}

static void step(uint64_t sequence, int64_t now_ms)
{
    static struct sw_event event;
    char id[16];
    event = make_event(sequence, id);
    sw_pipeline_step(pipeline, &event, now_ms, &outputs);
}

static void knows_the_place_in_the_spool(void **state)
{
    (void)state;
    struct sw_log_spool spool;
    restore(&spool);
    assert_int_equal(spool.position, 0);
    sw_log_set_spool(&log_file, 77, 1234, 0);
    assert_int_equal(sw_log_commit(&log_file), SW_OK);

    restore(&spool);

    assert_int_equal(spool.file, 77);
    assert_int_equal(spool.position, 1234);
}

/* 1 2 . . 5 . . 8: the first hole was told of, the second was not yet. */
static void finds_holes_again(void **state)
{
    (void)state;
    struct sw_log_spool spool;
    add_event(1, 10);
    add_event(2, 10);
    add_event(5, 10);
    sw_log_add_gap(&log_file, SW_TEXT(SOURCE), &(struct sw_gap){.first = 3, .last = 4}, 70000);
    add_event(8, 80000);
    sw_log_set_source(&log_file, SW_TEXT(SOURCE), 8, 5);
    assert_int_equal(sw_log_commit(&log_file), SW_OK);

    restore(&spool);

    uint32_t source = sw_pipeline_source(pipeline, SW_TEXT(SOURCE));
    assert_int_equal(sw_pipeline_source_count(pipeline), 1);
    assert_int_equal(sw_pipeline_source_highest(pipeline, source), 8);
    assert_int_equal(sw_pipeline_source_contiguous(pipeline, source), 5);
    assert_false(sw_pipeline_tick(pipeline, 80000 + SW_HOLE_GRACE_MS - 1, &outputs));
    assert_int_equal(outputs.gap_count, 0);
    assert_false(sw_pipeline_tick(pipeline, 80000 + SW_HOLE_GRACE_MS + 1, &outputs));
    assert_int_equal(outputs.gap_count, 1);
    assert_int_equal(outputs.gaps[0].first, 6);
    assert_int_equal(outputs.gaps[0].last, 7);
    assert_int_equal(sw_pipeline_source_contiguous(pipeline, source), 8);
}

static void knows_what_a_gap_still_misses(void **state)
{
    (void)state;
    struct sw_log_spool spool;
    add_event(1, 10);
    add_event(9, 10);
    sw_log_add_gap(&log_file, SW_TEXT(SOURCE), &(struct sw_gap){.first = 2, .last = 8}, 70000);
    sw_log_add_gap(&log_file, SW_TEXT(SOURCE),
                   &(struct sw_gap){.first = 4, .last = 5, .filled = true}, 70001);
    sw_log_set_source(&log_file, SW_TEXT(SOURCE), 9, 9);
    assert_int_equal(sw_log_commit(&log_file), SW_OK);

    restore(&spool);

    assert_int_equal(
        sw_pipeline_source_contiguous(pipeline, sw_pipeline_source(pipeline, SW_TEXT(SOURCE))), 9);
    step(4, 80000); // it was filled, so this fills nothing
    assert_int_equal(outputs.gap_count, 0);
    step(3, 80000);
    assert_int_equal(outputs.gap_count, 1);
    assert_true(outputs.gaps[0].filled);
    assert_int_equal(outputs.gaps[0].first, 3);
}

/* More chains than the pipeline has room for, and more than there is memory to sort. */
static void restores_the_newest_chains_of_very_many(void **state)
{
    (void)state;
    struct sw_log_spool spool;
    struct sw_log_alert alert;
    struct sw_outputs many = {.has_hop = true,
                              .has_chain = true,
                              .chain_changed = true,
                              .hop = {.edge = SW_NONE, .from = SW_NONE, .to = SW_NONE},
                              .chain = {.revision = 1, .level = SW_LEVEL_MATCHED, .hops = 1}};
    uint64_t count = SW_CHAINS_MAX * UINT64_C(3);
    for (uint64_t i = 1; i <= count; i++) {
        add_event(i, 10);
        unsigned long long scattered = i * UINT64_C(0x9e3779b97f4a7c15);
        (void)snprintf(many.chain.key, sizeof(many.chain.key), "subject:p-%016llx", scattered);
        assert_false(sw_log_add_outputs(
            &log_file, &(struct sw_log_subject){.event_id = log_file.event_id, .time_ms = T0},
            &many, &alert));
    }
    assert_int_equal(sw_log_commit(&log_file), SW_OK);

    restore(&spool);

    assert_int_equal(sw_pipeline_counters(pipeline).chains_evicted_total, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_the_place_in_the_spool),
        TEST(finds_holes_again),
        TEST(knows_what_a_gap_still_misses),
        TEST(restores_the_newest_chains_of_very_many),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
