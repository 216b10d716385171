#include <sharewatch/pipeline.h>

#include <sharewatch/assert.h>

#include "pipeline_state.h"

size_t sw_pipeline_bytes(void)
{
    return sizeof(struct sw_pipeline);
}

struct sw_pipeline *sw_pipeline_init(void *memory, const struct sw_pipeline_config *config)
{
    SW_ASSERT(config->map != NULL);
    struct sw_pipeline *pipeline = memory;
    pipeline->config = *config;
    sw_names_init(&pipeline->names);
    return pipeline;
}
