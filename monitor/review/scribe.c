/* The same calls in the same order as in the monitor's loop, so that the same rows come out. */
#include "scribe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#define WAL_BYTES_MAX (INT64_C(64) << 20)

static void touch(struct sw_scribe *scribe, uint32_t source)
{
    if (source < SW_SOURCES_MAX) {
        scribe->touched[source] = true;
    }
}

/* --- what the judge hands out --- */

static void add_outputs(void *context, const struct sw_log_subject *subject,
                        const struct sw_event *event, const struct sw_outputs *outputs)
{
    struct sw_scribe *scribe = context;
    (void)event;
    touch(scribe, outputs->source);
    if (sw_log_add_outputs(&scribe->log, subject, outputs, &scribe->alert)) {
        scribe->alerts++;
    }
}

static void add_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    struct sw_scribe *scribe = context;
    sw_log_add_gap(&scribe->log, sw_pipeline_source_name(scribe->pipeline, gap->source), gap,
                   at_ms);
    touch(scribe, gap->source);
}

static enum sw_status keep_event(void *context, const struct sw_packet *packet,
                                 const struct sw_event *event, int64_t *row)
{
    struct sw_scribe *scribe = context;
    /* Scrubbed now, or then; the log tells by the place that it is not what came. */
    struct sw_text stored = scribe->scrubbed_before
                                ? sw_judge_scrubbed(packet, event, scribe->scrubbed)
                                : sw_judge_stored(packet, event, scribe->scrubbed);
    enum sw_status status = sw_log_add_event(&scribe->log, packet, event, stored);
    *row = scribe->log.event_id;
    return status;
}

static void keep_refusal(void *context, const struct sw_packet *packet,
                         const struct sw_rejection *rejection)
{
    struct sw_scribe *scribe = context;
    sw_log_add_quarantine(&scribe->log, packet, rejection);
}

static const struct sw_judge_calls judge_calls = {
    .keep_event = keep_event,
    .keep_refusal = keep_refusal,
    .take = add_outputs,
    .take_gap = add_gap,
};

/* --- runs --- */

enum sw_status sw_scribe_open(struct sw_scribe *scribe, const char *path)
{
    memset(scribe, 0, sizeof(*scribe));
    return sw_log_open(&scribe->log, path);
}

static enum sw_status start_pipeline(struct sw_scribe *scribe, const struct sw_knowledge *knowledge)
{
    struct sw_pipeline_config config = sw_knowledge_config(knowledge);
    struct sw_log_spool spool;
    free(scribe->pipeline);
    scribe->pipeline = NULL;
    void *memory = calloc(1, sw_pipeline_bytes());
    if (memory == NULL) {
        (void)snprintf(scribe->log.sentence, sizeof(scribe->log.sentence), "not enough memory");
        return SW_NO_MEMORY;
    }
    scribe->pipeline = sw_pipeline_init(memory, &config);
    sw_judge_init_log(&scribe->judge, scribe->pipeline, &scribe->log, &judge_calls, scribe);
    scribe->scratch = knowledge->scratch;
    memset(scribe->touched, 0, sizeof(scribe->touched));
    enum sw_status status = sw_log_restore(&scribe->log, scribe->pipeline, &spool);
    return status == SW_OK ? sw_knowledge_restore_state(scribe->scratch, &scribe->log) : status;
}

static struct sw_log_run describe(const struct sw_knowledge *knowledge, const char *broker,
                                  int64_t at_ms)
{
    struct sw_log_run run = {.broker = broker, .started_ms = at_ms};
    sw_knowledge_fill_run(knowledge, &run);
    return run;
}

static enum sw_status end_run(struct sw_scribe *scribe, int64_t at_ms)
{
    enum sw_status status = sw_scribe_commit(scribe);
    if (status == SW_OK && scribe->running) {
        status = sw_log_end_run(&scribe->log, at_ms);
    }
    scribe->running = false;
    return status;
}

enum sw_status sw_scribe_begin(struct sw_scribe *scribe, const struct sw_knowledge *knowledge,
                               const char *broker, int64_t at_ms)
{
    struct sw_log_run run = describe(knowledge, broker, at_ms);
    enum sw_status status = end_run(scribe, at_ms - 1);
    if (status == SW_OK) {
        status = sw_log_start_run(&scribe->log, &run);
    }
    scribe->running = status == SW_OK;
    return status == SW_OK ? start_pipeline(scribe, knowledge) : status;
}

enum sw_status sw_scribe_reload(struct sw_scribe *scribe, const struct sw_knowledge *knowledge,
                                const char *broker, int64_t at_ms)
{
    struct sw_log_run run = describe(knowledge, broker, at_ms);
    enum sw_status status = sw_scribe_commit(scribe);
    if (status == SW_OK) {
        status = sw_log_set_policy(&scribe->log, &run);
    }
    return status == SW_OK ? start_pipeline(scribe, knowledge) : status;
}

/* --- packets --- */

enum sw_status sw_scribe_take(struct sw_scribe *scribe, const struct sw_packet *packet,
                              bool scrubbed)
{
    if (packet->received_ms - scribe->ticked_ms >= SW_SECOND_MS) {
        sw_scribe_tick(scribe, packet->received_ms);
    }
    scribe->scrubbed_before = scrubbed;
    enum sw_status status = sw_judge_packet(&scribe->judge, packet);
    scribe->events += status == SW_OK ? 1 : 0;
    scribe->duplicates += status == SW_EXISTS ? 1 : 0;
    if (status == SW_MALFORMED) {
        scribe->refused++;
        touch(scribe, scribe->judge.outputs.source);
    }
    return scribe->log.failed ? SW_DATABASE : status;
}

void sw_scribe_tick(struct sw_scribe *scribe, int64_t now_ms)
{
    scribe->ticked_ms = now_ms;
    sw_judge_tick(&scribe->judge, now_ms);
}

enum sw_status sw_scribe_commit(struct sw_scribe *scribe)
{
    uint32_t count = scribe->pipeline != NULL ? sw_pipeline_source_count(scribe->pipeline) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (scribe->touched[i]) {
            sw_log_set_source(&scribe->log, sw_pipeline_source_name(scribe->pipeline, i),
                              sw_pipeline_source_highest(scribe->pipeline, i),
                              sw_pipeline_source_contiguous(scribe->pipeline, i));
            scribe->touched[i] = false;
        }
    }
    if (scribe->scratch != NULL) {
        sw_knowledge_keep_state(scribe->scratch, &scribe->log);
    }
    enum sw_status status = sw_log_commit(&scribe->log);
    if (status == SW_OK && sw_log_wal_bytes(&scribe->log) > WAL_BYTES_MAX) {
        status = sw_log_checkpoint(scribe->log.path, scribe->log.sentence);
    }
    return status;
}

enum sw_status sw_scribe_close(struct sw_scribe *scribe, int64_t at_ms)
{
    enum sw_status status = SW_OK;
    if (scribe->log.database != NULL && !scribe->log.failed) {
        status = end_run(scribe, at_ms);
    }
    sw_log_close(&scribe->log);
    free(scribe->pipeline);
    scribe->pipeline = NULL;
    return status;
}
