/*
 * A pipeline that sees everything, in order and as it happened, says what each event was; a table
 * of chains remembers what was foreseen until it comes or the scenario ends. The table is an array
 * of small sets, each searched from end to end: nothing is ever moved, and a full set gives up the
 * chain that was not touched for longest.
 */
#include <sharewatch/truth.h>

#include <assert.h>
#include <stdlib.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

#include "lead.h"
#include "random.h"

#define SET_SIZE  16
#define SET_COUNT (SW_TRUTH_CHAINS_MAX / SET_SIZE)

static_assert((SET_COUNT & (SET_COUNT - 1)) == 0, "sets are found by masking");

struct followed {
    uint64_t key;        // of the chain; 0: a free place
    uint64_t touched;    // number of the event that touched it last
    int64_t foreseen_ms; // when the monitor could know; INT64_MAX: never
    int64_t open_ms;     // until then the way on is open
    uint32_t crossings;
    uint32_t claims[SW_VERDICT_COUNT]; // hops told of as crossings that were none
    enum sw_miss failed;               // how a warning was lost; SW_MISS_COUNT: none was
    bool leads_on;                     // the monitor knows of a way on
    bool linked;
};

struct sw_truth {
    const struct sw_map *map;
    struct sw_pipeline *pipeline;
    void *memory;            // of the pipeline
    struct followed *chains; // [SW_TRUTH_CHAINS_MAX]
    int64_t end_ms;          // the latest time so far
    uint64_t taken;          // events so far
    struct sw_truth_score score;
    struct sw_leads leads;
    struct sw_scenario_event clean; // the event that is judged, without its fault
    struct sw_event event;
    struct sw_outputs outputs;
    char payload[SW_SCENARIO_PACKET_MAX];
};

/* ---- what happened ---- */

static int64_t longest_ms(const struct sw_map *map, const struct sw_way *way)
{
    int64_t sum = 0;
    for (uint16_t i = 0; i < way->edge_count; i++) {
        const struct sw_edge *edge = &map->edges[way->edges[i]];
        sum += edge->delay_ms_max > edge->delay_ms ? edge->delay_ms_max : edge->delay_ms;
    }
    return sum;
}

/* The longest that the way on from @hop may take, over all systems and classes of data that it may
 * mean. */
static int64_t way_on_ms(const struct sw_truth *truth, const struct sw_hop *hop)
{
    const struct sw_map *map = truth->map;
    int64_t longest = 0;
    if (hop->crosses != SW_CROSSES_REACHABLE || hop->edge == SW_NONE) {
        return 0;
    }
    const struct sw_edge *edge = &map->edges[hop->edge];
    for (uint16_t i = 0; i < edge->to_count; i++) {
        if (hop->to != SW_NONE && hop->to != edge->to[i]) {
            continue;
        }
        for (uint32_t class = 1; class < SW_DATA_CLASS_COUNT; class ++) {
            if ((edge->data_classes & UINT32_C(1) << class) != 0) {
                int64_t ms = longest_ms(map, sw_map_way(map, edge->to[i], (uint16_t) class));
                longest = ms > longest ? ms : longest;
            }
        }
    }
    return longest;
}

/* Into an immigration agency, by a way that the map does not have. What moves inside of them has
 * crossed before. */
static bool crosses_off_the_map(const struct sw_event *event, const struct sw_hop *hop)
{
    return hop->edge == SW_NONE && hop->crosses == SW_CROSSES_DIRECT &&
           sw_event_code(event, SW_FIELD_ACTOR_CLASS) != SW_AGENCY_CLASS_FED_IMM;
}

/* The key of the chain that @event belongs to, as the pipeline tells chains apart; @linked: a token
 * says so. */
static uint64_t chain_of(const struct sw_event *event, bool *linked)
{
    static const enum sw_field tokens[] = {SW_FIELD_CHAIN_ID, SW_FIELD_SUBJECT_TOK,
                                           SW_FIELD_VEHICLE_TOK};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct sw_text token = sw_event_text(event, tokens[i]);
        if (token.length > 0) {
            *linked = true;
            return sw_random_key(sw_text_hash(token), i) | 1;
        }
    }
    *linked = false;
    return sw_random_key(sw_text_hash(event->source), sw_text_hash(event->id)) | 1;
}

static void read_fact(const struct sw_truth *truth, struct sw_truth_fact *fact)
{
    const struct sw_outputs *outputs = &truth->outputs;
    const struct sw_hop *hop = &outputs->hop;
    fact->known = true;
    fact->chain = chain_of(&truth->event, &fact->linked);
    if (!outputs->has_hop) {
        return;
    }
    fact->edge = hop->edge;
    fact->level = hop->edge != SW_NONE ? hop->level : SW_LEVEL_NONE;
    fact->crossing = fact->level > SW_LEVEL_NONE || crosses_off_the_map(&truth->event, hop);
    fact->leads_on = hop->crosses == SW_CROSSES_REACHABLE;
    fact->way_ms = way_on_ms(truth, hop);
}

/* Writes packet 0 of @made and decodes it into `event`; false: it is refused. */
static bool decode(struct sw_truth *truth, const struct sw_scenario_event *made)
{
    char topic_bytes[SW_TOPIC_BYTES_MAX];
    struct sw_buffer topic;
    struct sw_buffer payload;
    struct sw_rejection rejection;
    sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
    sw_buffer_init(&payload, truth->payload, sizeof(truth->payload));
    sw_scenario_write_packet(made, 0, &topic, &payload);
    const struct sw_packet packet = {.topic = sw_buffer_text(&topic),
                                     .payload = sw_buffer_text(&payload),
                                     .received_ms = made->emit_ms};
    return sw_pipeline_decode(truth->pipeline, &packet, &truth->event, &rejection) == SW_OK;
}

enum sw_arrival sw_truth_arrival(struct sw_truth *truth, const struct sw_scenario_event *made)
{
    if (made->hidden) {
        return SW_ARRIVAL_HIDDEN;
    }
    if (sw_scenario_packet_count(made) == 0) {
        return SW_ARRIVAL_LOST;
    }
    bool whole = made->fault.kind == SW_FAULT_NONE || decode(truth, made);
    return whole ? SW_ARRIVAL_TAKEN : SW_ARRIVAL_REFUSED;
}

void sw_truth_judge(struct sw_truth *truth, const struct sw_scenario_event *made,
                    struct sw_truth_fact *fact)
{
    *fact = (struct sw_truth_fact){.edge = SW_NONE};
    truth->clean = *made;
    truth->clean.hidden = false;
    truth->clean.fault = (struct sw_scenario_fault){0};
    /* A correction is knowledge, not a deed. */
    if (!decode(truth, &truth->clean) || truth->event.correction) {
        return;
    }
    sw_pipeline_step(truth->pipeline, &truth->event, made->emit_ms, &truth->outputs);
    read_fact(truth, fact);
}

/* ---- what the monitor knew ---- */

static void settle(struct sw_truth *truth, const struct followed *chain)
{
    struct sw_truth_score *score = &truth->score;
    if (chain->crossings > 0) {
        return;
    }
    if (chain->leads_on && !chain->linked) {
        score->unclear_unlinked++;
    } else if (chain->leads_on && chain->open_ms > truth->end_ms) {
        score->unclear_open++;
    } else if (chain->leads_on) {
        score->false_chains++;
    }
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        uint64_t *count =
            verdict == SW_VERDICT_REVIEW ? &score->unclear_review : &score->false_hops[verdict];
        *count += chain->claims[verdict];
    }
}

/* The place of the chain of @fact: its own, a free one, or that of the chain not touched for
 * longest. */
static struct followed *follow(struct sw_truth *truth, const struct sw_truth_fact *fact)
{
    uint64_t key = fact->chain;
    SW_ASSERT(key != 0);
    struct followed *set = &truth->chains[(key >> 32 & (SET_COUNT - 1)) * SET_SIZE];
    struct followed *place = &set[0];
    for (uint32_t i = 0; i < SET_SIZE; i++) {
        if (set[i].key == key) {
            set[i].touched = truth->taken;
            return &set[i];
        }
        place = set[i].touched < place->touched ? &set[i] : place;
    }
    if (place->key != 0) {
        settle(truth, place);
        truth->score.forgotten++;
    }
    *place = (struct followed){.key = key,
                               .touched = truth->taken,
                               .foreseen_ms = INT64_MAX,
                               .failed = SW_MISS_COUNT,
                               .linked = fact->linked};
    return place;
}

/* How a sighting failed; SW_MISS_COUNT: it did not, or there was none to come. */
static enum sw_miss failure_of(enum sw_arrival arrival)
{
    switch (arrival) {
    case SW_ARRIVAL_LOST:
        return SW_MISS_LOST;
    case SW_ARRIVAL_REFUSED:
        return SW_MISS_REFUSED;
    case SW_ARRIVAL_MISSING:
        return SW_MISS_GAP;
    case SW_ARRIVAL_TAKEN:
    case SW_ARRIVAL_HIDDEN:
        break;
    }
    return SW_MISS_COUNT;
}

static enum sw_miss reason_of(const struct followed *chain, const struct sw_truth_fact *fact,
                              const struct sw_sighting *sighting)
{
    if (sighting->arrival == SW_ARRIVAL_TAKEN) {
        return SW_MISS_MISREAD;
    }
    if (sighting->arrival != SW_ARRIVAL_HIDDEN) {
        return failure_of(sighting->arrival);
    }
    if (fact->edge == SW_NONE) {
        return SW_MISS_NO_EDGE;
    }
    if (chain->failed != SW_MISS_COUNT) {
        return chain->failed;
    }
    return fact->linked ? SW_MISS_HIDDEN : SW_MISS_UNLINKED;
}

static bool is_claim(const struct sw_sighting *sighting)
{
    return sighting->arrival == SW_ARRIVAL_TAKEN && sighting->has_hop &&
           sighting->level > SW_LEVEL_NONE;
}

static bool is_taken_for_crossing(const struct sw_truth_fact *fact,
                                  const struct sw_sighting *sighting)
{
    bool off_the_map = fact->edge == SW_NONE && sighting->arrival == SW_ARRIVAL_TAKEN &&
                       sighting->has_hop && sighting->crosses == SW_CROSSES_DIRECT;
    return is_claim(sighting) || off_the_map;
}

static void count_crossing(struct sw_truth *truth, struct followed *chain, int64_t time_ms,
                           const struct sw_truth_fact *fact, const struct sw_sighting *sighting)
{
    struct sw_truth_score *score = &truth->score;
    chain->crossings++;
    score->crossings++;
    score->crossings_at[fact->level]++;
    score->crossings_hidden += sighting->arrival == SW_ARRIVAL_HIDDEN ? 1 : 0;
    if (chain->foreseen_ms < time_ms) {
        score->foreseen++;
        sw_leads_add(&truth->leads, time_ms - chain->foreseen_ms);
    } else if (is_taken_for_crossing(fact, sighting)) {
        score->seen++;
    } else {
        score->missed++;
        score->missed_by[reason_of(chain, fact, sighting)]++;
    }
}

/* What the monitor knows of the chain from this event on. */
static void learn(struct followed *chain, int64_t told_ms, const struct sw_truth_fact *fact,
                  const struct sw_sighting *sighting)
{
    bool leads_on = sighting->arrival == SW_ARRIVAL_TAKEN && sighting->has_hop &&
                    sighting->crosses == SW_CROSSES_REACHABLE;
    if (leads_on || is_claim(sighting)) {
        chain->foreseen_ms = told_ms < chain->foreseen_ms ? told_ms : chain->foreseen_ms;
    }
    if (leads_on) {
        int64_t open_ms = told_ms + fact->way_ms;
        chain->leads_on = true;
        chain->open_ms = open_ms > chain->open_ms ? open_ms : chain->open_ms;
    }
    if (is_claim(sighting) && !fact->crossing) {
        chain->claims[sighting->verdict]++;
    }
    enum sw_miss failure = failure_of(sighting->arrival);
    if (failure != SW_MISS_COUNT && chain->failed == SW_MISS_COUNT) {
        chain->failed = failure;
    }
}

void sw_truth_take(struct sw_truth *truth, const struct sw_scenario_event *made,
                   const struct sw_truth_fact *fact, const struct sw_sighting *sighting)
{
    bool leads_on = sighting->arrival == SW_ARRIVAL_TAKEN && sighting->has_hop &&
                    sighting->crosses == SW_CROSSES_REACHABLE;
    bool failed = failure_of(sighting->arrival) != SW_MISS_COUNT && fact->leads_on;
    int64_t latest_ms = made->emit_ms > made->event.time_ms ? made->emit_ms : made->event.time_ms;
    truth->taken++;
    truth->end_ms = latest_ms > truth->end_ms ? latest_ms : truth->end_ms;
    truth->score.events++;
    truth->score.hidden += made->hidden ? 1 : 0;
    if (!fact->known || !(fact->crossing || leads_on || failed || is_claim(sighting))) {
        return;
    }
    struct followed *chain = follow(truth, fact);
    if (fact->crossing) {
        count_crossing(truth, chain, made->event.time_ms, fact, sighting);
    }
    learn(chain, made->emit_ms, fact, sighting);
}

/* ---- the end ---- */

uint64_t sw_truth_false(const struct sw_truth_score *score)
{
    uint64_t sum = score->false_chains;
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        sum += score->false_hops[verdict];
    }
    return sum;
}

uint64_t sw_truth_unclear(const struct sw_truth_score *score)
{
    return score->unclear_open + score->unclear_unlinked + score->unclear_review;
}

void sw_truth_finish(struct sw_truth *truth, struct sw_truth_score *score)
{
    for (uint32_t i = 0; i < SW_TRUTH_CHAINS_MAX; i++) {
        if (truth->chains[i].key != 0) {
            settle(truth, &truth->chains[i]);
        }
    }
    *score = truth->score;
    score->lead_ms_median = sw_leads_median(&truth->leads, &score->lead_about);
    score->lead_ms_least = truth->leads.least_ms;
    score->lead_ms_most = truth->leads.most_ms;
    SW_ASSERT(score->foreseen + score->seen + score->missed == score->crossings);
}

enum sw_status sw_truth_open(struct sw_truth **out, const struct sw_scenario *scenario,
                             const struct sw_map *map)
{
    const struct sw_pipeline_config config = {.map = map};
    struct sw_truth *truth = calloc(1, sizeof(*truth));
    *out = truth;
    if (truth == NULL) {
        return SW_NO_MEMORY;
    }
    truth->map = map;
    truth->end_ms = scenario->start_ms;
    truth->memory = calloc(1, sw_pipeline_bytes());
    truth->chains = calloc(SW_TRUTH_CHAINS_MAX, sizeof(truth->chains[0]));
    if (truth->memory == NULL || truth->chains == NULL) {
        sw_truth_close(truth);
        *out = NULL;
        return SW_NO_MEMORY;
    }
    truth->pipeline = sw_pipeline_init(truth->memory, &config);
    return SW_OK;
}

enum sw_status sw_truth_go_on(struct sw_truth *truth, const struct sw_map *map)
{
    const struct sw_pipeline_config config = {.map = map};
    void *memory = calloc(1, sw_pipeline_bytes());
    if (memory == NULL) {
        return SW_NO_MEMORY;
    }
    struct sw_pipeline *pipeline = sw_pipeline_init(memory, &config);
    sw_pipeline_go_on(pipeline, truth->pipeline);
    free(truth->memory);
    truth->memory = memory;
    truth->pipeline = pipeline;
    truth->map = map;
    return SW_OK;
}

void sw_truth_close(struct sw_truth *truth)
{
    if (truth != NULL) {
        free(truth->chains);
        free(truth->memory);
        free(truth);
    }
}
