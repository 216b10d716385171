#include "judge.h"

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

#define SW_JUDGE_CAUSES_MAX 64 // earlier revisions of one judgement that are brought back

void sw_judge_init(struct sw_judge *judge, struct sw_pipeline *pipeline,
                   const struct sw_judge_calls *calls, void *context)
{
    judge->pipeline = pipeline;
    judge->log = NULL;
    judge->calls = calls;
    judge->context = context;
    judge->parents_missing_total = 0;
    judge->causes_missing_total = 0;
    judge->findings_over_total = 0;
}

void sw_judge_init_log(struct sw_judge *judge, struct sw_pipeline *pipeline, struct sw_log *log,
                       const struct sw_judge_calls *calls, void *context)
{
    sw_judge_init(judge, pipeline, calls, context);
    judge->log = log;
}

struct sw_text sw_judge_stored(const struct sw_packet *packet, const struct sw_event *event,
                               char bytes[SW_JUDGE_STORED_MAX])
{
    return event->mask_count == 0 ? packet->payload : sw_judge_scrubbed(packet, event, bytes);
}

struct sw_text sw_judge_scrubbed(const struct sw_packet *packet, const struct sw_event *event,
                                 char bytes[SW_JUDGE_STORED_MAX])
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, SW_JUDGE_STORED_MAX);
    sw_pipeline_write_scrubbed(packet, event, &buffer);
    SW_ASSERT(!buffer.overflowed);
    return sw_buffer_text(&buffer);
}

static enum sw_status find_event(struct sw_judge *judge, struct sw_log_event *found)
{
    struct sw_text source = judge->event.source;
    struct sw_text id = judge->event.parent;
    return judge->log != NULL
               ? sw_log_find_event(judge->log, source, id, found, judge->parent_payload)
               : judge->calls->find_event(judge->context, source, id, found, judge->parent_payload);
}

static enum sw_status find_cause(struct sw_judge *judge, int64_t row, uint32_t revision,
                                 struct sw_log_event *found)
{
    return judge->log != NULL
               ? sw_log_find_cause(judge->log, row, revision, found, judge->cause_payload)
               : judge->calls->find_cause(judge->context, row, revision, found,
                                          judge->cause_payload);
}

static enum sw_status find_chain(struct sw_judge *judge, struct sw_text key, struct sw_chain *chain)
{
    return judge->log != NULL ? sw_log_find_chain(judge->log, key, chain)
                              : judge->calls->find_chain(judge->context, key, chain);
}

static void take_gaps(struct sw_judge *judge, int64_t at_ms)
{
    for (uint32_t i = 0; i < judge->outputs.gap_count; i++) {
        judge->calls->take_gap(judge->context, &judge->outputs.gaps[i], at_ms);
    }
}

/* A chain that was forgotten for want of room and comes again: what the log knows of it counts. */
static void remember_chain(struct sw_judge *judge)
{
    struct sw_outputs *outputs = &judge->outputs;
    struct sw_chain older;
    if (!outputs->chain_changed || outputs->chain.revision != 1 ||
        sw_pipeline_counters(judge->pipeline).chains_evicted_total == 0 ||
        find_chain(judge, sw_text_from(outputs->chain.key), &older) != SW_OK) {
        return;
    }
    outputs->chain_changed = sw_chain_merge(&outputs->chain, &older);
    sw_pipeline_restore_chain(judge->pipeline, &outputs->chain);
}

/* Hands on what was judged of @event: itself, or judged again for the event in row @cause. */
static void take_outputs(struct sw_judge *judge, const struct sw_event *event, int64_t row,
                         int64_t cause, int64_t at_ms)
{
    struct sw_outputs *outputs = &judge->outputs;
    char bytes[SW_LOG_PATH_TEXT_MAX];
    struct sw_buffer path;
    sw_buffer_init(&path, bytes, sizeof(bytes));
    if (outputs->has_alert && !outputs->alert.repeated) {
        sw_pipeline_write_path(judge->pipeline, event, &path);
    }
    struct sw_log_subject subject = {.event_id = row,
                                     .cause_id = cause,
                                     .path = sw_buffer_text(&path),
                                     .time_ms = event->time_ms,
                                     .logged_ms = at_ms,
                                     .synthetic = event->synthetic};
    remember_chain(judge);
    judge->findings_over_total += outputs->has_hop ? outputs->hop.findings_over : 0;
    judge->calls->take(judge->context, &subject, event, outputs);
}

/* The topic that an event of @found was sent to. */
static void write_topic(const struct sw_log_event *found, struct sw_buffer *topic)
{
    struct sw_text agency = {0};
    if (sw_wire_parse_source(sw_text_from(found->source), &agency) == SW_OK) {
        sw_buffer_append_format(topic, "sharewatch/v1/event/%.*s/%s", SW_TEXT_FORMAT(agency),
                                sw_kind_name(found->kind));
    }
}

/* Decodes an event of the log whose payload stands in @payload. */
static bool decode(struct sw_judge *judge, const struct sw_log_event *found, const char *payload,
                   struct sw_event *event)
{
    char bytes[SW_TOPIC_BYTES_MAX];
    struct sw_buffer topic;
    struct sw_rejection rejection;
    sw_buffer_init(&topic, bytes, sizeof(bytes));
    write_topic(found, &topic);
    struct sw_packet packet = {.topic = sw_buffer_text(&topic),
                               .payload = {payload, found->payload_length},
                               .received_ms = found->logged_ms};
    memcpy(packet.digest, found->digest, sizeof(packet.digest));
    return sw_pipeline_decode(judge->pipeline, &packet, event, &rejection) == SW_OK;
}

/* Gives the parent what earlier events taught of it. SW_STOPPED: it is left alone. */
static enum sw_status learn_again(struct sw_judge *judge, const struct sw_log_event *parent)
{
    uint32_t revisions = parent->next_revision - 1;
    for (uint32_t i = 0; i < revisions && i < SW_JUDGE_CAUSES_MAX; i++) {
        struct sw_log_event found;
        enum sw_status status = find_cause(judge, parent->id, i + 1, &found);
        if (status == SW_STOPPED) {
            return status;
        }
        bool learned = status == SW_OK &&
                       decode(judge, &found, judge->cause_payload, &judge->cause) &&
                       sw_pipeline_learn(judge->pipeline, &judge->parent, &judge->cause) == SW_OK;
        judge->causes_missing_total += learned ? 0 : 1;
    }
    return SW_OK;
}

/* Loads and decodes the parent of the event being judged, with all that is known of it. */
static enum sw_status load_parent(struct sw_judge *judge, struct sw_log_event *found)
{
    enum sw_status status = find_event(judge, found);
    if (status == SW_OK && !decode(judge, found, judge->parent_payload, &judge->parent)) {
        status = SW_NOT_FOUND;
    }
    return status == SW_OK ? learn_again(judge, found) : status;
}

static void judge_parent(struct sw_judge *judge, int64_t row, int64_t at_ms)
{
    struct sw_log_event found;
    enum sw_status status = load_parent(judge, &found);
    if (status == SW_OK) {
        sw_pipeline_again(judge->pipeline, &judge->parent, &judge->event, found.next_revision,
                          at_ms, &judge->outputs);
        take_outputs(judge, &judge->parent, found.id, row, at_ms);
    } else if (status != SW_STOPPED) {
        judge->parents_missing_total++;
        sw_pipeline_orphan(judge->pipeline, &judge->event, at_ms, &judge->outputs);
        take_outputs(judge, &judge->event, row, 0, at_ms);
    }
}

void sw_judge_event(struct sw_judge *judge, int64_t row, int64_t at_ms)
{
    SW_ASSERT(judge->pipeline != NULL);
    sw_pipeline_step(judge->pipeline, &judge->event, at_ms, &judge->outputs);
    bool again = judge->outputs.judge_parent_again;
    take_outputs(judge, &judge->event, row, 0, at_ms);
    take_gaps(judge, at_ms);
    if (again) {
        judge_parent(judge, row, at_ms);
    }
}

void sw_judge_take_hop(struct sw_judge *judge, const char *key, const struct sw_hop *hop,
                       int64_t time_ms)
{
    sw_pipeline_take_hop(judge->pipeline, key, hop, time_ms, &judge->outputs);
    remember_chain(judge);
}

uint32_t sw_judge_refused(struct sw_judge *judge, const struct sw_rejection *rejection,
                          int64_t at_ms)
{
    sw_pipeline_take_refused(judge->pipeline, rejection, at_ms, &judge->outputs);
    take_gaps(judge, at_ms);
    return judge->outputs.source;
}

void sw_judge_refuse(struct sw_judge *judge, const struct sw_packet *packet,
                     const struct sw_rejection *rejection)
{
    judge->calls->keep_refusal(judge->context, packet, rejection);
    (void)sw_judge_refused(judge, rejection, packet->received_ms);
}

static void refuse_reused_id(struct sw_judge *judge, const struct sw_packet *packet)
{
    struct sw_rejection rejection = {.reason = SW_REFUSAL_CONFLICT,
                                     .code = "id_reused",
                                     .field = "id",
                                     .source = judge->event.source,
                                     .sequence = judge->event.sequence};
    sw_judge_refuse(judge, packet, &rejection);
}

enum sw_status sw_judge_packet(struct sw_judge *judge, const struct sw_packet *packet)
{
    struct sw_rejection rejection = {0};
    int64_t row = 0;
    if (sw_pipeline_decode(judge->pipeline, packet, &judge->event, &rejection) != SW_OK) {
        sw_judge_refuse(judge, packet, &rejection);
        return SW_MALFORMED;
    }
    enum sw_status status = judge->calls->keep_event(judge->context, packet, &judge->event, &row);
    if (status == SW_OK) {
        sw_judge_event(judge, row, packet->received_ms);
    } else if (status == SW_INVALID) {
        refuse_reused_id(judge, packet);
        status = SW_MALFORMED;
    }
    return status;
}

void sw_judge_tick(struct sw_judge *judge, int64_t at_ms)
{
    bool more = true;
    for (uint32_t i = 0; more && i < SW_HOLES_MAX / SW_GAPS_PER_STEP; i++) {
        more = sw_pipeline_tick(judge->pipeline, at_ms, &judge->outputs);
        take_gaps(judge, at_ms);
    }
}
