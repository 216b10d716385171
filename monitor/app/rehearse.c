/* The notes stand where the monitor has its log, the generator's times where it has a clock. */
#include "rehearse.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <sharewatch/assert.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/time.h>
#include <sharewatch/truth.h>
#include <sharewatch/wire.h>

#include "judge.h"
#include "notes.h"

struct rehearsal {
    const struct sw_scenario *scenario;
    struct sw_phases *phases;
    uint32_t phase; // index in `phases`
    const struct sw_rehearsal_watch *watch;
    struct sw_score score;
    struct sw_truth *truth;
    struct sw_pipeline *pipeline;
    struct sw_judge *judge;
    void *memory; // of the pipeline
    struct sw_notes notes;
    uint64_t serial;   // of the packet being taken
    int64_t ticked_ms; // when holes were looked for last
    struct sw_rehearsal *result;
    char stored[SW_JUDGE_STORED_MAX];
};

/* --- what the judge asks for and hands out --- */

static enum sw_status find_event(void *context, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload)
{
    struct rehearsal *rehearsal = context;
    (void)source; // a serial number is nobody else's
    return sw_notes_find_event(&rehearsal->notes, sw_notes_serial(event_id), found, payload);
}

static enum sw_status find_cause(void *context, int64_t row, uint32_t revision,
                                 struct sw_log_event *found, char *payload)
{
    struct rehearsal *rehearsal = context;
    return sw_notes_find_cause(&rehearsal->notes, (uint64_t)row, revision, found, payload);
}

static enum sw_status find_chain(void *context, struct sw_text key, struct sw_chain *chain)
{
    struct rehearsal *rehearsal = context;
    const struct sw_chain *found = sw_notes_chain(&rehearsal->notes, key);
    if (found == NULL) {
        return SW_NOT_FOUND;
    }
    *chain = *found;
    return SW_OK;
}

/* Only what may have to be judged again, or has others judged again, is asked for later. */
static bool may_be_asked_for(const struct rehearsal *rehearsal, const struct sw_note *note,
                             const struct sw_event *event)
{
    return rehearsal->scenario->steps[note->step].child_count > 0 || event->parent.length > 0;
}

static enum sw_status keep_event(void *context, const struct sw_packet *packet,
                                 const struct sw_event *event, int64_t *row)
{
    struct rehearsal *rehearsal = context;
    struct sw_note *note = sw_notes_of(&rehearsal->notes, rehearsal->serial);
    if (note->accepted) {
        bool same = memcmp(note->digest, packet->digest, sizeof(packet->digest)) == 0;
        return same ? SW_EXISTS : SW_INVALID;
    }
    note->accepted = true;
    note->kind = event->kind;
    note->received_ms = packet->received_ms;
    memcpy(note->digest, packet->digest, sizeof(note->digest));
    if (may_be_asked_for(rehearsal, note, event)) {
        sw_note_keep_payload(note, sw_judge_stored(packet, event, rehearsal->stored));
    }
    *row = (int64_t)rehearsal->serial;
    return SW_OK;
}

static void keep_refusal(void *context, const struct sw_packet *packet,
                         const struct sw_rejection *rejection)
{
    struct rehearsal *rehearsal = context;
    struct sw_note *note = sw_notes_of(&rehearsal->notes, rehearsal->serial);
    note->refused = note->accepted ? NULL : rejection->code;
    rehearsal->result->quarantined++;
    if (rehearsal->watch != NULL) {
        rehearsal->watch->refuse(rehearsal->watch->context, packet, rejection);
    }
}

static void take(void *context, const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs)
{
    struct rehearsal *rehearsal = context;
    if (!outputs->has_hop) {
        return;
    }
    struct sw_note *note = sw_notes_of(&rehearsal->notes, (uint64_t)subject->event_id);
    if (subject->cause_id != 0) {
        sw_note_add_cause(note, (uint64_t)subject->cause_id);
    }
    sw_note_take_hop(note, &outputs->hop, rehearsal->phase);
    note->alert = note->alert || outputs->has_alert;
    rehearsal->result->alerts += outputs->has_alert && !outputs->alert.repeated ? 1 : 0;
    if (outputs->chain_changed) {
        sw_notes_set_chain(&rehearsal->notes, &outputs->chain);
    }
    if (rehearsal->watch != NULL) {
        rehearsal->watch->take(rehearsal->watch->context,
                               &rehearsal->phases->items[rehearsal->phase], subject, event,
                               outputs);
    }
}

static void take_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    struct rehearsal *rehearsal = context;
    (void)at_ms;
    rehearsal->result->gaps++;
    if (rehearsal->watch != NULL) {
        rehearsal->watch->take_gap(rehearsal->watch->context,
                                   sw_pipeline_source_name(rehearsal->pipeline, gap->source), gap);
    }
}

static const struct sw_judge_calls judge_calls = {
    .find_event = find_event,
    .find_cause = find_cause,
    .find_chain = find_chain,
    .keep_event = keep_event,
    .keep_refusal = keep_refusal,
    .take = take,
    .take_gap = take_gap,
};

/* --- events --- */

static void fill_packet(struct sw_packet *packet, struct sw_text topic, struct sw_text payload,
                        int64_t received_ms)
{
    *packet = (struct sw_packet){.topic = topic, .payload = payload, .received_ms = received_ms};
    (void)SHA256((const unsigned char *)payload.bytes, payload.length, packet->digest);
}

static void send_packet(struct rehearsal *rehearsal, const struct sw_scenario_event *made,
                        uint32_t index)
{
    static char payload_bytes[SW_SCENARIO_PACKET_MAX];
    char topic_bytes[SW_TOPIC_BYTES_MAX];
    struct sw_buffer payload;
    struct sw_buffer topic;
    struct sw_packet packet;
    sw_buffer_init(&payload, payload_bytes, sizeof(payload_bytes));
    sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
    sw_scenario_write_packet(made, index, &topic, &payload);
    fill_packet(&packet, sw_buffer_text(&topic), sw_buffer_text(&payload), made->emit_ms);
    enum sw_status status = sw_judge_packet(rehearsal->judge, &packet);
    SW_ASSERT(status != SW_DATABASE);
}

static void send(struct rehearsal *rehearsal, const struct sw_scenario_event *made)
{
    uint32_t packets = sw_scenario_packet_count(made);
    rehearsal->serial = sw_notes_serial(made->event.id);
    *sw_notes_of(&rehearsal->notes, rehearsal->serial) =
        (struct sw_note){.expect = made->expect,
                         .step = made->step,
                         .source = rehearsal->scenario->sources[made->source],
                         .refused = packets == 0 ? "not sent" : NULL};
    if (made->emit_ms - rehearsal->ticked_ms >= SW_SECOND_MS) {
        rehearsal->ticked_ms = made->emit_ms;
        sw_judge_tick(rehearsal->judge, made->emit_ms);
    }
    for (uint32_t i = 0; i < packets; i++) {
        send_packet(rehearsal, made, i);
    }
}

/* What never came becomes gaps once the sources have ended and the time of grace is over. */
static void close_gaps(struct rehearsal *rehearsal, const struct sw_generator *generator,
                       int64_t now_ms)
{
    for (uint32_t i = 0; i < rehearsal->scenario->source_count; i++) {
        sw_pipeline_source_ended(rehearsal->pipeline, rehearsal->scenario->sources[i],
                                 sw_generator_sequence(generator, i), now_ms);
    }
    sw_judge_tick(rehearsal->judge, now_ms + SW_HOLE_GRACE_MS + SW_MINUTE_MS);
}

/* --- what came out --- */

static void observe(const struct rehearsal *rehearsal, const struct sw_note *note,
                    struct sw_text names[SW_NOTE_FINDINGS_MAX], struct sw_observation *seen)
{
    uint32_t count;
    *seen = (struct sw_observation){
        .alert = note->alert, .refused = sw_text_from(note->refused), .findings = names};
    if (!note->has_hop) {
        return;
    }
    seen->has_hop = true;
    seen->verdict = note->verdict;
    seen->level = note->level;
    seen->duties = note->duties;
    seen->fed_reach = note->fed_reach;
    seen->verdicts = note->verdicts;
    const struct sw_knowledge *knowledge = &rehearsal->phases->items[note->phase];
    const struct sw_rule *rules = sw_policy_rule_list(knowledge->policy, &count);
    seen->edge = note->edge != SW_NONE ? knowledge->map.edges[note->edge].id : seen->edge;
    seen->finding_count = note->finding_count;
    for (uint32_t i = 0; i < note->finding_count; i++) {
        names[i] = rules[note->findings[i]].name;
    }
}

static void check_all(struct rehearsal *rehearsal)
{
    struct sw_score *score = &rehearsal->score;
    for (uint64_t serial = 0; serial < rehearsal->notes.capacity; serial++) {
        const struct sw_note *note = &rehearsal->notes.items[serial];
        struct sw_text names[SW_NOTE_FINDINGS_MAX];
        struct sw_observation seen;
        if (note->expect != NULL) {
            observe(rehearsal, note, names, &seen);
            sw_score_event(score, note->step, note->expect, &seen);
        }
    }
    if (score->under.length == 0) {
        for (uint32_t i = 0; i < rehearsal->scenario->totals.chain_count; i++) {
            struct sw_text key = sw_text_from(rehearsal->scenario->totals.chains[i].key);
            sw_score_chain(score, i, sw_notes_chain(&rehearsal->notes, key));
        }
    }
    sw_score_finish(score, rehearsal->result->alerts, rehearsal->result->quarantined,
                    rehearsal->result->gaps);
}

/* Under the first map's number of the edge: another map may list it elsewhere. */
static void count_edge(const struct rehearsal *rehearsal, const struct sw_note *note)
{
    const struct sw_knowledge *items = rehearsal->phases->items;
    if (note->edge != SW_NONE) {
        struct sw_text id = items[note->phase].map.edges[note->edge].id;
        uint16_t edge = sw_map_edge(&items[0].map, id);
        if (edge != SW_NONE) {
            rehearsal->result->edges[edge][note->level]++;
        }
    }
}

static void count_all(const struct rehearsal *rehearsal)
{
    struct sw_rehearsal *result = rehearsal->result;
    for (uint64_t serial = 0; serial < rehearsal->notes.capacity; serial++) {
        const struct sw_note *note = &rehearsal->notes.items[serial];
        if (note->has_hop) {
            result->hops[note->verdict]++;
            count_edge(rehearsal, note);
        }
    }
    for (uint32_t i = 0; i < rehearsal->notes.chain_count; i++) {
        result->chains[rehearsal->notes.chains[i].level]++;
    }
    result->events = rehearsal->score.events;
    result->differences = rehearsal->score.differences;
}

static void start_judging(struct rehearsal *rehearsal, struct sw_pipeline *pipeline, void *memory)
{
    rehearsal->pipeline = pipeline;
    rehearsal->memory = memory;
    sw_judge_init(rehearsal->judge, pipeline, &judge_calls, rehearsal);
}

static enum sw_status set_up(struct rehearsal *rehearsal)
{
    const struct sw_pipeline_config config = sw_knowledge_config(&rehearsal->phases->items[0]);
    void *memory = calloc(1, sw_pipeline_bytes());
    enum sw_status status = sw_notes_open(&rehearsal->notes);
    if (status != SW_OK || memory == NULL) {
        free(memory);
        return SW_NO_MEMORY;
    }
    start_judging(rehearsal, sw_pipeline_init(memory, &config), memory);
    return SW_OK;
}

/* From now on by the map and rules after the next change, as after a reload of the monitor. */
static void begin_phase(struct rehearsal *rehearsal)
{
    void *memory = calloc(1, sw_pipeline_bytes());
    SW_ASSERT(memory != NULL);
    struct sw_knowledge *former = &rehearsal->phases->items[rehearsal->phase];
    struct sw_knowledge *next = &rehearsal->phases->items[++rehearsal->phase];
    sw_scratch_take_over(next->scratch, former->scratch);
    const struct sw_pipeline_config config = sw_knowledge_config(next);
    struct sw_pipeline *pipeline = sw_pipeline_init(memory, &config);
    sw_pipeline_go_on(pipeline, rehearsal->pipeline);
    free(rehearsal->memory);
    start_judging(rehearsal, pipeline, memory);
    enum sw_status status = sw_truth_go_on(rehearsal->truth, &next->map);
    SW_ASSERT(status == SW_OK);
}

static void begin_phases(struct rehearsal *rehearsal, int64_t at_ms)
{
    const struct sw_phases *phases = rehearsal->phases;
    while (rehearsal->phase + 1 < phases->count && phases->from_ms[rehearsal->phase + 1] <= at_ms) {
        begin_phase(rehearsal);
    }
}

/* What was made of @made when it came: nothing can have judged it again yet. */
static struct sw_sighting sighting_of(struct rehearsal *rehearsal,
                                      const struct sw_scenario_event *made)
{
    if (made->hidden) {
        return (struct sw_sighting){.arrival = SW_ARRIVAL_HIDDEN};
    }
    const struct sw_note *note = sw_notes_of(&rehearsal->notes, sw_notes_serial(made->event.id));
    if (!note->accepted) {
        return (struct sw_sighting){
            .arrival = made->fault.kind == SW_FAULT_LOST ? SW_ARRIVAL_LOST : SW_ARRIVAL_REFUSED};
    }
    return (struct sw_sighting){.arrival = SW_ARRIVAL_TAKEN,
                                .has_hop = note->has_hop,
                                .level = note->level,
                                .verdict = note->verdict,
                                .crosses = note->crosses};
}

static void score_truth(struct rehearsal *rehearsal, const struct sw_scenario_event *made)
{
    struct sw_truth_fact fact;
    const struct sw_sighting sighting = sighting_of(rehearsal, made);
    sw_truth_judge(rehearsal->truth, made, &fact);
    sw_truth_take(rehearsal->truth, made, &fact, &sighting);
}

static void run_all(struct rehearsal *rehearsal, struct sw_generator *generator)
{
    static struct sw_scenario_event made;
    int64_t now_ms = rehearsal->scenario->start_ms;
    while (sw_generator_next(generator, &made) == SW_OK) {
        begin_phases(rehearsal, made.emit_ms);
        if (made.hidden) {
            rehearsal->result->hidden++;
        } else {
            send(rehearsal, &made);
            now_ms = made.emit_ms;
        }
        score_truth(rehearsal, &made);
    }
    close_gaps(rehearsal, generator, now_ms);
    sw_truth_finish(rehearsal->truth, &rehearsal->result->truth);
}

enum sw_status sw_rehearse(const struct sw_scenario *scenario, struct sw_phases *phases,
                           const struct sw_rehearsal_options *options, struct sw_rehearsal *result)
{
    static struct sw_judge judge;
    static struct rehearsal rehearsal;
    struct sw_generator *generator = NULL;
    rehearsal = (struct rehearsal){.scenario = scenario,
                                   .phases = phases,
                                   .watch = options->watch,
                                   .judge = &judge,
                                   .result = result};
    *result = (struct sw_rehearsal){0};
    enum sw_status status = set_up(&rehearsal);
    if (status == SW_OK) {
        status = sw_truth_open(&rehearsal.truth, scenario, &phases->items[0].map);
    }
    if (status == SW_OK) {
        status = sw_generator_open(&generator, scenario);
    }
    if (status == SW_OK) {
        sw_score_init(&rehearsal.score, scenario, options->under, options->stream);
        run_all(&rehearsal, generator);
        check_all(&rehearsal);
        count_all(&rehearsal);
    }
    sw_generator_close(generator);
    sw_truth_close(rehearsal.truth);
    sw_notes_close(&rehearsal.notes);
    free(rehearsal.memory);
    return status;
}
