/* Memory grows with the number of events: each keeps a short record until the end. */
#include "rehearse.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <sharewatch/assert.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/time.h>
#include <sharewatch/truth.h>
#include <sharewatch/wire.h>

#define FINDINGS_KEPT      8
#define RECORDS_AT_FIRST   4096
#define STANDINGS_AT_FIRST 1024

/* What is kept of one event until the end, by its serial number: later knowledge may still change
 * how it is judged. */
struct record {
    const struct sw_expectation *expect; // NULL: no such event
    uint32_t step;
    uint32_t revision;
    /* Of the newest judgement. */
    bool has_hop;
    bool fed_reach;
    bool alert;
    uint16_t edge;
    uint8_t phase; // of its newest judgement: whose edge and rules these are
    enum sw_level level;
    enum sw_verdict verdict;
    uint16_t crosses;
    uint32_t duties;
    uint32_t verdicts;
    uint32_t findings[FINDINGS_KEPT]; // index of the rule
    uint32_t finding_count;
    const char *refused; // reason code, or NULL
    bool accepted;
    uint8_t digest[32];
    char *topic;   // of events that others follow; else NULL
    char *payload; // likewise
    uint32_t payload_bytes;
    int64_t received_ms;
};

struct rehearsal {
    const struct sw_scenario *scenario;
    struct sw_phases *phases;
    uint32_t phase; // index in `phases`
    struct sw_score score;
    struct sw_truth *truth;
    struct sw_pipeline *pipeline;
    void *memory;
    struct record *records; // [capacity], by serial
    uint64_t capacity;
    struct sw_chain *chains; // [chain_count of the scenario], as they stand
    bool *has_chain;
    struct standing *standings; // [standing_capacity], a power of two
    uint32_t standing_capacity;
    uint32_t standing_count;
    struct sw_rehearsal *result;
};

/* How far a chain got, under the hash of its key. */
struct standing {
    uint64_t hash; // 0: a free place
    enum sw_level level;
};

/* The number in front of "0000000017-notice"; 0 when it is none of ours. */
static uint64_t serial_of(struct sw_text id)
{
    uint64_t serial = 0;
    for (uint32_t i = 0; i < id.length && id.bytes[i] >= '0' && id.bytes[i] <= '9'; i++) {
        serial = serial * 10 + (uint64_t)(id.bytes[i] - '0');
    }
    return serial;
}

static struct record *record_of(struct rehearsal *rehearsal, uint64_t serial)
{
    SW_ASSERT(rehearsal->capacity > 0);
    while (serial >= rehearsal->capacity) {
        uint64_t capacity = rehearsal->capacity * 2;
        struct record *records = realloc(rehearsal->records, capacity * sizeof(records[0]));
        SW_ASSERT(records != NULL);
        memset(records + rehearsal->capacity, 0, rehearsal->capacity * sizeof(records[0]));
        rehearsal->records = records;
        rehearsal->capacity = capacity;
    }
    return &rehearsal->records[serial];
}

static void grow_standings(struct rehearsal *rehearsal);

static void set_standing(struct rehearsal *rehearsal, uint64_t hash, enum sw_level level)
{
    uint32_t mask = rehearsal->standing_capacity - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (rehearsal->standings[at].hash != 0 && rehearsal->standings[at].hash != hash) {
        at = (at + 1) & mask;
    }
    bool fresh = rehearsal->standings[at].hash == 0;
    rehearsal->standings[at] = (struct standing){hash, level};
    rehearsal->standing_count += fresh ? 1 : 0;
    if (rehearsal->standing_count > rehearsal->standing_capacity / 2) {
        grow_standings(rehearsal);
    }
}

static void grow_standings(struct rehearsal *rehearsal)
{
    struct standing *old = rehearsal->standings;
    uint32_t old_capacity = rehearsal->standing_capacity;
    rehearsal->standing_capacity = old_capacity * 2;
    rehearsal->standing_count = 0;
    rehearsal->standings = calloc(rehearsal->standing_capacity, sizeof(struct standing));
    SW_ASSERT(rehearsal->standings != NULL);
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (old[i].hash != 0) {
            set_standing(rehearsal, old[i].hash, old[i].level);
        }
    }
    free(old);
}

static void take_chain(struct rehearsal *rehearsal, const struct sw_outputs *outputs)
{
    const struct sw_scenario_totals *totals = &rehearsal->scenario->totals;
    if (!outputs->chain_changed) {
        return;
    }
    uint64_t hash = sw_text_hash(sw_text_from(outputs->chain.key));
    set_standing(rehearsal, hash != 0 ? hash : 1, outputs->chain.level);
    for (uint32_t i = 0; i < totals->chain_count; i++) {
        if (strcmp(totals->chains[i].key, outputs->chain.key) == 0) {
            rehearsal->chains[i] = outputs->chain;
            rehearsal->has_chain[i] = true;
        }
    }
}

static void take_hop(struct record *record, const struct sw_hop *hop, uint32_t phase)
{
    record->has_hop = true;
    record->phase = (uint8_t)phase;
    record->fed_reach = hop->fed_reach;
    record->edge = hop->edge;
    record->level = hop->level;
    record->verdict = hop->verdict;
    record->crosses = hop->crosses;
    record->duties = hop->duties;
    record->verdicts = 0;
    record->finding_count = 0;
    for (uint32_t i = 0; i < hop->finding_count && i < SW_FINDINGS_MAX; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        record->verdicts |= finding->has_verdict ? 1U << finding->verdict : 0;
        if (record->finding_count < FINDINGS_KEPT) {
            record->findings[record->finding_count++] = finding->rule;
        }
    }
}

static void take_outputs(struct rehearsal *rehearsal, struct record *record,
                         const struct sw_outputs *outputs)
{
    if (outputs->has_hop) {
        take_hop(record, &outputs->hop, rehearsal->phase);
    }
    record->alert = record->alert || outputs->has_alert;
    rehearsal->result->alerts += outputs->has_alert && !outputs->alert.repeated ? 1 : 0;
    rehearsal->result->gaps += outputs->gap_count;
    take_chain(rehearsal, outputs);
}

static void fill_packet(struct sw_packet *packet, struct sw_text topic, struct sw_text payload,
                        int64_t received_ms)
{
    *packet = (struct sw_packet){.topic = topic, .payload = payload, .received_ms = received_ms};
    (void)SHA256((const unsigned char *)payload.bytes, payload.length, packet->digest);
}

/* Judges the parent of @late again, from its bytes, as the monitor does from its log. */
static void judge_again(struct rehearsal *rehearsal, const struct sw_event *late, int64_t now_ms)
{
    static struct sw_event parent;
    static struct sw_outputs outputs;
    struct record *record = record_of(rehearsal, serial_of(late->parent));
    struct sw_packet packet;
    struct sw_rejection rejection;
    if (record->payload == NULL) {
        return;
    }
    fill_packet(&packet, sw_text_from(record->topic),
                (struct sw_text){record->payload, record->payload_bytes}, record->received_ms);
    enum sw_status status = sw_pipeline_decode(rehearsal->pipeline, &packet, &parent, &rejection);
    SW_ASSERT(status == SW_OK);
    sw_pipeline_again(rehearsal->pipeline, &parent, late, ++record->revision, now_ms, &outputs);
    take_outputs(rehearsal, record, &outputs);
}

static void keep_payload(struct record *record, const struct sw_packet *packet)
{
    record->payload = malloc(packet->payload.length);
    SW_ASSERT(record->payload != NULL);
    memcpy(record->payload, packet->payload.bytes, packet->payload.length);
    record->payload_bytes = packet->payload.length;
    record->topic = calloc(1, packet->topic.length + 1);
    SW_ASSERT(record->topic != NULL);
    memcpy(record->topic, packet->topic.bytes, packet->topic.length);
}

/* The same id again: known by its bytes, or somebody wrote other bytes under it. */
static bool was_seen(struct rehearsal *rehearsal, const struct record *record,
                     const struct sw_packet *packet)
{
    if (!record->accepted) {
        return false;
    }
    bool same = memcmp(record->digest, packet->digest, sizeof(packet->digest)) == 0;
    rehearsal->result->quarantined += same ? 0 : 1;
    return true;
}

static void take_packet(struct rehearsal *rehearsal, const struct sw_packet *packet,
                        uint64_t serial)
{
    static struct sw_event event;
    static struct sw_outputs outputs;
    struct sw_rejection rejection;
    struct record *record = record_of(rehearsal, serial);
    if (sw_pipeline_decode(rehearsal->pipeline, packet, &event, &rejection) != SW_OK) {
        record->refused = rejection.code;
        rehearsal->result->quarantined++;
        sw_pipeline_take_refused(rehearsal->pipeline, &rejection, packet->received_ms, &outputs);
        return;
    }
    if (was_seen(rehearsal, record, packet)) {
        return;
    }
    record->accepted = true;
    memcpy(record->digest, packet->digest, sizeof(record->digest));
    if (rehearsal->scenario->steps[record->step].child_count > 0) {
        keep_payload(record, packet);
    }
    sw_pipeline_step(rehearsal->pipeline, &event, packet->received_ms, &outputs);
    take_outputs(rehearsal, record, &outputs);
    if (outputs.judge_parent_again) {
        judge_again(rehearsal, &event, packet->received_ms);
    }
}

static void send(struct rehearsal *rehearsal, const struct sw_scenario_event *made)
{
    static char payload_bytes[SW_SCENARIO_PACKET_MAX];
    char topic_bytes[SW_TOPIC_BYTES_MAX];
    uint64_t serial = serial_of(made->event.id);
    *record_of(rehearsal, serial) = (struct record){.expect = made->expect,
                                                    .step = made->step,
                                                    .refused = "not sent",
                                                    .received_ms = made->emit_ms};
    for (uint32_t i = 0; i < sw_scenario_packet_count(made); i++) {
        struct sw_buffer payload;
        struct sw_buffer topic;
        struct sw_packet packet;
        sw_buffer_init(&payload, payload_bytes, sizeof(payload_bytes));
        sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
        sw_scenario_write_packet(made, i, &topic, &payload);
        fill_packet(&packet, sw_buffer_text(&topic), sw_buffer_text(&payload), made->emit_ms);
        record_of(rehearsal, serial)->refused = NULL;
        take_packet(rehearsal, &packet, serial);
    }
}

/* What never came becomes gaps once the sources have ended and the time of grace is over. */
static void close_gaps(struct rehearsal *rehearsal, const struct sw_generator *generator,
                       int64_t now_ms)
{
    static struct sw_outputs outputs;
    bool more = true;
    for (uint32_t i = 0; i < rehearsal->scenario->source_count; i++) {
        sw_pipeline_source_ended(rehearsal->pipeline, rehearsal->scenario->sources[i],
                                 sw_generator_sequence(generator, i), now_ms);
    }
    while (more) {
        more = sw_pipeline_tick(rehearsal->pipeline, now_ms + SW_HOLE_GRACE_MS + SW_MINUTE_MS,
                                &outputs);
        rehearsal->result->gaps += outputs.gap_count;
    }
}

static void observe(const struct rehearsal *rehearsal, const struct record *record,
                    struct sw_text names[FINDINGS_KEPT], struct sw_observation *seen)
{
    uint32_t count;
    *seen = (struct sw_observation){
        .alert = record->alert, .refused = sw_text_from(record->refused), .findings = names};
    if (!record->has_hop) {
        return;
    }
    seen->has_hop = true;
    seen->verdict = record->verdict;
    seen->level = record->level;
    seen->duties = record->duties;
    seen->fed_reach = record->fed_reach;
    seen->verdicts = record->verdicts;
    const struct sw_knowledge *knowledge = &rehearsal->phases->items[record->phase];
    const struct sw_rule *rules = sw_policy_rule_list(knowledge->policy, &count);
    seen->edge = record->edge != SW_NONE ? knowledge->map.edges[record->edge].id : seen->edge;
    seen->finding_count = record->finding_count;
    for (uint32_t i = 0; i < record->finding_count; i++) {
        names[i] = rules[record->findings[i]].name;
    }
}

static void check_all(struct rehearsal *rehearsal)
{
    struct sw_score *score = &rehearsal->score;
    for (uint64_t serial = 0; serial < rehearsal->capacity; serial++) {
        const struct record *record = &rehearsal->records[serial];
        struct sw_text names[FINDINGS_KEPT];
        struct sw_observation seen;
        if (record->expect != NULL) {
            observe(rehearsal, record, names, &seen);
            sw_score_event(score, record->step, record->expect, &seen);
        }
    }
    if (score->under.length == 0) {
        for (uint32_t i = 0; i < rehearsal->scenario->totals.chain_count; i++) {
            sw_score_chain(score, i, rehearsal->has_chain[i] ? &rehearsal->chains[i] : NULL);
        }
    }
    sw_score_finish(score, rehearsal->result->alerts, rehearsal->result->quarantined,
                    rehearsal->result->gaps);
}

/* Under the first map's number of the edge: another map may list it elsewhere. */
static void count_edge(const struct rehearsal *rehearsal, const struct record *record)
{
    const struct sw_knowledge *items = rehearsal->phases->items;
    if (record->edge != SW_NONE) {
        struct sw_text id = items[record->phase].map.edges[record->edge].id;
        uint16_t edge = sw_map_edge(&items[0].map, id);
        if (edge != SW_NONE) {
            rehearsal->result->edges[edge][record->level]++;
        }
    }
}

static void count_all(const struct rehearsal *rehearsal)
{
    struct sw_rehearsal *result = rehearsal->result;
    for (uint64_t serial = 0; serial < rehearsal->capacity; serial++) {
        const struct record *record = &rehearsal->records[serial];
        if (record->has_hop) {
            result->hops[record->verdict]++;
            count_edge(rehearsal, record);
        }
    }
    for (uint32_t i = 0; i < rehearsal->standing_capacity; i++) {
        if (rehearsal->standings[i].hash != 0) {
            result->chains[rehearsal->standings[i].level]++;
        }
    }
    result->events = rehearsal->score.events;
    result->differences = rehearsal->score.differences;
}

static bool set_up(struct rehearsal *rehearsal)
{
    const struct sw_pipeline_config config = sw_knowledge_config(&rehearsal->phases->items[0]);
    uint32_t chains = rehearsal->scenario->totals.chain_count + 1;
    rehearsal->memory = calloc(1, sw_pipeline_bytes());
    rehearsal->capacity = RECORDS_AT_FIRST;
    rehearsal->standing_capacity = STANDINGS_AT_FIRST;
    rehearsal->records = calloc(rehearsal->capacity, sizeof(rehearsal->records[0]));
    rehearsal->standings = calloc(rehearsal->standing_capacity, sizeof(struct standing));
    rehearsal->chains = calloc(chains, sizeof(rehearsal->chains[0]));
    rehearsal->has_chain = calloc(chains, sizeof(rehearsal->has_chain[0]));
    if (rehearsal->memory == NULL || rehearsal->records == NULL || rehearsal->standings == NULL ||
        rehearsal->chains == NULL || rehearsal->has_chain == NULL) {
        return false;
    }
    rehearsal->pipeline = sw_pipeline_init(rehearsal->memory, &config);
    return true;
}

static void tear_down(struct rehearsal *rehearsal)
{
    for (uint64_t i = 0; rehearsal->records != NULL && i < rehearsal->capacity; i++) {
        free(rehearsal->records[i].payload);
        free(rehearsal->records[i].topic);
    }
    free(rehearsal->records);
    free(rehearsal->standings);
    free(rehearsal->chains);
    free(rehearsal->has_chain);
    free(rehearsal->memory);
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
    rehearsal->memory = memory;
    rehearsal->pipeline = pipeline;
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
    const struct record *record = record_of(rehearsal, serial_of(made->event.id));
    if (!record->accepted) {
        return (struct sw_sighting){
            .arrival = made->fault.kind == SW_FAULT_LOST ? SW_ARRIVAL_LOST : SW_ARRIVAL_REFUSED};
    }
    return (struct sw_sighting){.arrival = SW_ARRIVAL_TAKEN,
                                .has_hop = record->has_hop,
                                .level = record->level,
                                .verdict = record->verdict,
                                .crosses = record->crosses};
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
                           struct sw_text under, FILE *stream, struct sw_rehearsal *result)
{
    struct rehearsal rehearsal = {.scenario = scenario, .phases = phases, .result = result};
    struct sw_generator *generator = NULL;
    *result = (struct sw_rehearsal){0};
    enum sw_status status = set_up(&rehearsal) ? SW_OK : SW_NO_MEMORY;
    if (status == SW_OK) {
        status = sw_truth_open(&rehearsal.truth, scenario, &phases->items[0].map);
    }
    if (status == SW_OK) {
        status = sw_generator_open(&generator, scenario);
    }
    if (status == SW_OK) {
        sw_score_init(&rehearsal.score, scenario, under, stream);
        run_all(&rehearsal, generator);
        check_all(&rehearsal);
        count_all(&rehearsal);
    }
    sw_generator_close(generator);
    sw_truth_close(rehearsal.truth);
    tear_down(&rehearsal);
    return status;
}
