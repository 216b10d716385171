/**
 * What the tests of the pipeline share: the small map, and packets around a
 * payload.
 */
#ifndef SHAREWATCH_CORE_FIXTURE_H
#define SHAREWATCH_CORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "small_map.h"
#include "sw_test.h"

#include <sharewatch/pipeline.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#define NOW_MS INT64_C(1795687200000) // 2026-11-26T10:00:00Z

/* A map from @text; a mistake in it fails the test and is printed. */
static inline void fixture_map(struct sw_map *map, const char *text)
{
    struct sw_report report = {0};
    enum sw_status status = sw_map_parse(map, "small.yaml", sw_text_from(text), &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    assert_int_equal(status, SW_OK);
}

static inline struct sw_pipeline *fixture_pipeline(const struct sw_map *map, struct sw_rules rules)
{
    void *memory = calloc(1, sw_pipeline_bytes());
    assert_non_null(memory);
    struct sw_pipeline_config config = {.map = map, .rules = rules};
    return sw_pipeline_init(memory, &config);
}

static inline struct sw_packet fixture_packet(const char *topic, struct sw_text payload)
{
    return (struct sw_packet){
        .topic = sw_text_from(topic), .payload = payload, .received_ms = NOW_MS};
}

#endif
