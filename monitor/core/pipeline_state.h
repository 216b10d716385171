/**
 * The state of the pipeline, all of it: the tables that sw_pipeline_init() lays into the caller's
 * memory. monitor/README.md lists each with its bytes and what happens when it is full.
 */
#ifndef SHAREWATCH_PIPELINE_STATE_H
#define SHAREWATCH_PIPELINE_STATE_H

#include <sharewatch/pipeline.h>

#include "names.h"

struct sw_pipeline {
    struct sw_pipeline_config config;
    struct sw_names names; // keys of packets, constant after the start
};

#endif
