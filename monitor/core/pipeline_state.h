/**
 * The state of the pipeline, all of it: the tables that sw_pipeline_init() lays into the caller's
 * memory. monitor/README.md lists each with its bytes and what happens when it is full.
 */
#ifndef SHAREWATCH_PIPELINE_STATE_H
#define SHAREWATCH_PIPELINE_STATE_H

#include <assert.h>

#include <sharewatch/pipeline.h>

#include "chain.h"
#include "cut.h"
#include "daily.h"
#include "enrich.h"
#include "names.h"
#include "source.h"

#define SW_PIPELINE_BYTES_MAX ((size_t)24 * 1024 * 1024) // pages that were never used cost nothing

struct sw_pipeline {
    struct sw_pipeline_config config;
    struct sw_names names; // keys of packets, constant after the start
    struct sw_chains chains;
    struct sw_sources sources;
    struct sw_daily daily;
    struct sw_cuts cuts;
    struct sw_routes routes;
    uint64_t alert_id; // the last that was given
};

static_assert(sizeof(struct sw_pipeline) <= SW_PIPELINE_BYTES_MAX, "the state keeps its budget");

#endif
