#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <sharewatch/assert.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#define FINDINGS_KEPT    8
#define RECORDS_AT_FIRST 4096

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
    enum sw_level level;
    enum sw_verdict verdict;
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

struct replay {
    const struct sw_scenario *scenario;
    const struct sw_map *map;
    struct sw_rules rules;
    struct sw_score score;
    struct sw_pipeline *pipeline;
    void *memory;
    struct record *records; // [capacity], by serial
    uint64_t capacity;
    struct sw_chain *chains; // [chain_count of the scenario], as they stand
    bool *has_chain;
    uint64_t alerts, quarantined, gaps;
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

static struct record *record_of(struct replay *replay, uint64_t serial)
{
    SW_ASSERT(replay->capacity > 0);
    while (serial >= replay->capacity) {
        uint64_t capacity = replay->capacity * 2;
        struct record *records = realloc(replay->records, capacity * sizeof(records[0]));
        SW_ASSERT(records != NULL);
        memset(records + replay->capacity, 0, replay->capacity * sizeof(records[0]));
        replay->records = records;
        replay->capacity = capacity;
    }
    return &replay->records[serial];
}

static void take_chain(struct replay *replay, const struct sw_outputs *outputs)
{
    const struct sw_scenario_totals *totals = &replay->scenario->totals;
    for (uint32_t i = 0; outputs->chain_changed && i < totals->chain_count; i++) {
        if (strcmp(totals->chains[i].key, outputs->chain.key) == 0) {
            replay->chains[i] = outputs->chain;
            replay->has_chain[i] = true;
        }
    }
}

static void take_hop(struct record *record, const struct sw_hop *hop)
{
    record->has_hop = true;
    record->fed_reach = hop->fed_reach;
    record->edge = hop->edge;
    record->level = hop->level;
    record->verdict = hop->verdict;
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

static void take_outputs(struct replay *replay, struct record *record,
                         const struct sw_outputs *outputs)
{
    if (outputs->has_hop) {
        take_hop(record, &outputs->hop);
    }
    record->alert = record->alert || outputs->has_alert;
    replay->alerts += outputs->has_alert && !outputs->alert.repeated ? 1 : 0;
    replay->gaps += outputs->gap_count;
    take_chain(replay, outputs);
}

static void fill_packet(struct sw_packet *packet, struct sw_text topic, struct sw_text payload,
                        int64_t received_ms)
{
    *packet = (struct sw_packet){.topic = topic, .payload = payload, .received_ms = received_ms};
    (void)SHA256((const unsigned char *)payload.bytes, payload.length, packet->digest);
}

/* Judges the parent of @late again, from its bytes, as the monitor does from its log. */
static void judge_again(struct replay *replay, const struct sw_event *late, int64_t now_ms)
{
    static struct sw_event parent;
    static struct sw_outputs outputs;
    struct record *record = record_of(replay, serial_of(late->parent));
    struct sw_packet packet;
    struct sw_rejection rejection;
    if (record->payload == NULL) {
        return;
    }
    fill_packet(&packet, sw_text_from(record->topic),
                (struct sw_text){record->payload, record->payload_bytes}, record->received_ms);
    enum sw_status status = sw_pipeline_decode(replay->pipeline, &packet, &parent, &rejection);
    SW_ASSERT(status == SW_OK);
    sw_pipeline_again(replay->pipeline, &parent, late, ++record->revision, now_ms, &outputs);
    take_outputs(replay, record, &outputs);
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
static bool was_seen(struct replay *replay, const struct record *record,
                     const struct sw_packet *packet)
{
    if (!record->accepted) {
        return false;
    }
    bool same = memcmp(record->digest, packet->digest, sizeof(packet->digest)) == 0;
    replay->quarantined += same ? 0 : 1;
    return true;
}

static void take_packet(struct replay *replay, const struct sw_packet *packet, uint64_t serial)
{
    static struct sw_event event;
    static struct sw_outputs outputs;
    struct sw_rejection rejection;
    struct record *record = record_of(replay, serial);
    if (sw_pipeline_decode(replay->pipeline, packet, &event, &rejection) != SW_OK) {
        record->refused = rejection.code;
        replay->quarantined++;
        sw_pipeline_take_refused(replay->pipeline, &rejection, packet->received_ms, &outputs);
        return;
    }
    if (was_seen(replay, record, packet)) {
        return;
    }
    record->accepted = true;
    memcpy(record->digest, packet->digest, sizeof(record->digest));
    if (replay->scenario->steps[record->step].child_count > 0) {
        keep_payload(record, packet);
    }
    sw_pipeline_step(replay->pipeline, &event, packet->received_ms, &outputs);
    take_outputs(replay, record, &outputs);
    if (outputs.judge_parent_again) {
        judge_again(replay, &event, packet->received_ms);
    }
}

static void send(struct replay *replay, const struct sw_scenario_event *made)
{
    static char payload_bytes[SW_SCENARIO_PACKET_MAX];
    char topic_bytes[SW_TOPIC_BYTES_MAX];
    uint64_t serial = serial_of(made->event.id);
    *record_of(replay, serial) = (struct record){.expect = made->expect,
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
        record_of(replay, serial)->refused = NULL;
        take_packet(replay, &packet, serial);
    }
}

/* What never came becomes gaps once the sources have ended and the time of grace is over. */
static void close_gaps(struct replay *replay, const struct sw_generator *generator, int64_t now_ms)
{
    static struct sw_outputs outputs;
    bool more = true;
    for (uint32_t i = 0; i < replay->scenario->source_count; i++) {
        sw_pipeline_source_ended(replay->pipeline, replay->scenario->sources[i],
                                 sw_generator_sequence(generator, i), now_ms);
    }
    while (more) {
        more =
            sw_pipeline_tick(replay->pipeline, now_ms + SW_HOLE_GRACE_MS + SW_MINUTE_MS, &outputs);
        replay->gaps += outputs.gap_count;
    }
}

static void observe(const struct replay *replay, const struct record *record,
                    struct sw_text names[FINDINGS_KEPT], struct sw_observation *seen)
{
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
    seen->edge = record->edge != SW_NONE ? replay->map->edges[record->edge].id : seen->edge;
    seen->finding_count = record->finding_count;
    for (uint32_t i = 0; i < record->finding_count; i++) {
        names[i] = replay->rules.rules[record->findings[i]].name;
    }
}

static void check_all(struct replay *replay)
{
    struct sw_score *score = &replay->score;
    for (uint64_t serial = 0; serial < replay->capacity; serial++) {
        const struct record *record = &replay->records[serial];
        struct sw_text names[FINDINGS_KEPT];
        struct sw_observation seen;
        if (record->expect != NULL) {
            observe(replay, record, names, &seen);
            sw_score_event(score, record->step, record->expect, &seen);
        }
    }
    if (score->under.length == 0) {
        for (uint32_t i = 0; i < replay->scenario->totals.chain_count; i++) {
            sw_score_chain(score, i, replay->has_chain[i] ? &replay->chains[i] : NULL);
        }
    }
    sw_score_finish(score, replay->alerts, replay->quarantined, replay->gaps);
}

static void set_up(struct replay *replay)
{
    const struct sw_pipeline_config config = {.map = replay->map, .rules = replay->rules};
    uint32_t chains = replay->scenario->totals.chain_count + 1;
    replay->memory = calloc(1, sw_pipeline_bytes());
    replay->capacity = RECORDS_AT_FIRST;
    replay->records = calloc(replay->capacity, sizeof(replay->records[0]));
    replay->chains = calloc(chains, sizeof(replay->chains[0]));
    replay->has_chain = calloc(chains, sizeof(replay->has_chain[0]));
    SW_ASSERT(replay->memory != NULL && replay->records != NULL);
    SW_ASSERT(replay->chains != NULL && replay->has_chain != NULL);
    replay->pipeline = sw_pipeline_init(replay->memory, &config);
}

static void tear_down(struct replay *replay)
{
    for (uint64_t i = 0; i < replay->capacity; i++) {
        free(replay->records[i].payload);
        free(replay->records[i].topic);
    }
    free(replay->records);
    free(replay->chains);
    free(replay->has_chain);
    free(replay->memory);
}

bool replay_scenario(const struct sw_scenario *scenario, const struct sw_map *map,
                     struct sw_rules rules, struct sw_text under)
{
    static struct sw_scenario_event made;
    struct replay replay = {.scenario = scenario, .map = map, .rules = rules};
    struct sw_generator *generator = NULL;
    enum sw_status status = sw_generator_open(&generator, scenario);
    SW_ASSERT(status == SW_OK);
    set_up(&replay);
    sw_score_init(&replay.score, scenario, under, stderr);
    int64_t now_ms = scenario->start_ms;
    while (sw_generator_next(generator, &made) == SW_OK) {
        if (!made.hidden) {
            send(&replay, &made);
            now_ms = made.emit_ms;
        }
    }
    close_gaps(&replay, generator, now_ms);
    sw_generator_close(generator);
    check_all(&replay);
    tear_down(&replay);
    return replay.score.differences == 0;
}
