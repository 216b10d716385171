#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

#define EVENTS_AT_FIRST 65536
#define CHAINS_AT_FIRST 4096 // a power of two

/* --- what is kept --- */

static struct sw_diff_event *event_of(struct sw_diff *diff, int64_t row)
{
    SW_ASSERT(row > 0);
    while ((uint64_t)row >= diff->event_capacity) {
        uint64_t capacity = diff->event_capacity == 0 ? EVENTS_AT_FIRST : 2 * diff->event_capacity;
        void *grown = realloc(diff->events, capacity * sizeof(diff->events[0]));
        SW_ASSERT(grown != NULL);
        diff->events = grown;
        memset(diff->events + diff->event_capacity, 0,
               (capacity - diff->event_capacity) * sizeof(diff->events[0]));
        diff->event_capacity = capacity;
    }
    diff->event_last = (uint64_t)row > diff->event_last ? (uint64_t)row : diff->event_last;
    return diff->events[row];
}

static struct sw_diff_chain *find_place(struct sw_diff_chain *chains, uint64_t mask,
                                        struct sw_text key)
{
    uint64_t place = sw_text_hash(key);
    for (;; place++) {
        struct sw_diff_chain *chain = &chains[place & mask];
        if (chain->key[0] == '\0' || sw_text_equal(sw_text_from(chain->key), key)) {
            return chain;
        }
    }
}

static void grow_chains(struct sw_diff *diff)
{
    uint64_t mask = diff->chains == NULL ? CHAINS_AT_FIRST - 1 : 2 * diff->chain_mask + 1;
    struct sw_diff_chain *chains = calloc(mask + 1, sizeof(chains[0]));
    SW_ASSERT(chains != NULL);
    for (uint64_t i = 0; diff->chains != NULL && i <= diff->chain_mask; i++) {
        if (diff->chains[i].key[0] != '\0') {
            *find_place(chains, mask, sw_text_from(diff->chains[i].key)) = diff->chains[i];
        }
    }
    free(diff->chains);
    diff->chains = chains;
    diff->chain_mask = mask;
}

static struct sw_diff_chain *chain_of(struct sw_diff *diff, const char *key)
{
    if (diff->chains == NULL || 2 * diff->chain_count > diff->chain_mask) {
        grow_chains(diff);
    }
    struct sw_diff_chain *chain = find_place(diff->chains, diff->chain_mask, sw_text_from(key));
    if (chain->key[0] == '\0') {
        memcpy(chain->key, key, strlen(key) + 1);
        diff->chain_count++;
    }
    return chain;
}

/* --- what the judge asks for --- */

static enum sw_status find_event(void *context, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload)
{
    struct sw_diff_side *side = context;
    enum sw_status status = sw_logged_find_event(&side->diff->logged, source, event_id,
                                                 side->diff->event.id, found, payload);
    found->next_revision = 1;
    return status;
}

static enum sw_status find_chain(void *context, struct sw_text key, struct sw_chain *chain)
{
    struct sw_diff_side *side = context;
    struct sw_diff *diff = side->diff;
    if (diff->chains == NULL) {
        return SW_NOT_FOUND;
    }
    const struct sw_diff_chain *found = find_place(diff->chains, diff->chain_mask, key);
    const struct sw_diff_standing *standing = &found->sides[side->index];
    if (found->key[0] == '\0' || !standing->there) {
        return SW_NOT_FOUND;
    }
    *chain = (struct sw_chain){.revision = standing->revision,
                               .level = (enum sw_level)standing->level,
                               .verdict = (enum sw_verdict)standing->verdict,
                               .verdicts = standing->verdicts,
                               .duties = standing->duties,
                               .hops = standing->hops,
                               .first_ms = standing->first_ms,
                               .last_ms = standing->last_ms,
                               .fed_reach = standing->fed_reach};
    memcpy(chain->key, found->key, sizeof(chain->key));
    return SW_OK;
}

static void keep_chain(struct sw_diff_side *side, const struct sw_chain *chain)
{
    struct sw_diff_standing *standing = &chain_of(side->diff, chain->key)->sides[side->index];
    *standing = (struct sw_diff_standing){.there = true,
                                          .level = (uint8_t)chain->level,
                                          .verdict = (uint8_t)chain->verdict,
                                          .verdicts = (uint8_t)chain->verdicts,
                                          .duties = (uint8_t)chain->duties,
                                          .fed_reach = chain->fed_reach,
                                          .revision = chain->revision,
                                          .hops = chain->hops,
                                          .first_ms = chain->first_ms,
                                          .last_ms = chain->last_ms};
}

static void keep_findings(struct sw_diff_side *side, int which, const struct sw_hop *hop)
{
    side->judged[which] = true;
    side->spoke_count[which] = hop->finding_count;
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        uint32_t place = side->rule_places[hop->findings[i].rule];
        side->spoke[which][i] = place;
        side->diff->rules[place].spoke[side->index]++;
    }
}

static bool is_beyond(enum sw_verdict verdict)
{
    return verdict == SW_VERDICT_AUTO || verdict == SW_VERDICT_FED;
}

static void take(void *context, const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs)
{
    struct sw_diff_side *side = context;
    struct sw_diff *diff = side->diff;
    const struct sw_hop *hop = &outputs->hop;
    (void)event;
    if (!outputs->has_hop) {
        return;
    }
    event_of(diff, subject->event_id)[side->index] = (struct sw_diff_event){
        .has_hop = true, .level = (uint8_t)hop->level, .verdict = (uint8_t)hop->verdict};
    keep_findings(side, subject->cause_id != 0 ? 1 : 0, hop);
    if (outputs->has_chain) {
        keep_chain(side, &outputs->chain);
    }
    bool crossed = subject->cause_id == 0 && hop->level >= SW_LEVEL_MATCHED;
    if (crossed && is_beyond(hop->verdict) && hop->edge != SW_NONE) {
        /* Edges are counted by those of B, which may have fewer or others. */
        struct sw_text id = side->knowledge.map.edges[hop->edge].id;
        uint16_t edge = sw_map_edge(&diff->sides[1].knowledge.map, id);
        if (edge != SW_NONE) {
            diff->edges[edge].beyond[side->index]++;
        }
    }
}

static void take_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    (void)context;
    (void)gap;
    (void)at_ms;
}

static const struct sw_judge_calls judge_calls = {
    .find_event = find_event, .find_chain = find_chain, .take = take, .take_gap = take_gap};

/* --- opening --- */

enum sw_status sw_diff_open(struct sw_diff *diff, const char *path)
{
    memset(diff, 0, sizeof(*diff));
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        diff->sides[i].diff = diff;
        diff->sides[i].index = i;
    }
    return sw_logged_open(&diff->logged, path);
}

void sw_diff_close(struct sw_diff *diff)
{
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        free(diff->sides[i].pipeline);
        free(diff->sides[i].rule_places);
        sw_knowledge_close(&diff->sides[i].knowledge);
        diff->sides[i].pipeline = NULL;
        diff->sides[i].rule_places = NULL;
    }
    free(diff->events);
    free(diff->chains);
    free(diff->rules);
    free(diff->edges);
    diff->events = NULL;
    diff->chains = NULL;
    diff->rules = NULL;
    diff->edges = NULL;
    sw_logged_close(&diff->logged);
}

bool sw_diff_load(struct sw_diff *diff, int side, const char *map, const char *policy)
{
    struct sw_knowledge *knowledge = &diff->sides[side].knowledge;
    struct sw_logged_run run = {0};
    int64_t last = sw_logged_last_run(&diff->logged);
    if ((map == NULL || policy == NULL) && sw_logged_run(&diff->logged, last, &run) != SW_OK) {
        (void)fprintf(stderr, "sharewatch diff: the log has no run, so no map and no policy\n");
        return false;
    }
    return sw_logged_load(&diff->logged, &run, "diff", map, policy, knowledge);
}

enum sw_status sw_diff_switch_off(struct sw_diff *diff, int side, struct sw_text edge)
{
    struct sw_map *map = &diff->sides[side].knowledge.map;
    uint16_t index = sw_map_edge(map, edge);
    if (index == SW_NONE) {
        return SW_NOT_FOUND;
    }
    sw_map_enable(map, index, false);
    return SW_OK;
}

/* --- rules of both sides, by name --- */

static int by_name(const void *a, const void *b)
{
    const struct sw_diff_rule *left = a;
    const struct sw_diff_rule *right = b;
    return sw_text_compare(left->name, right->name);
}

static uint32_t place_of(const struct sw_diff *diff, struct sw_text name)
{
    struct sw_diff_rule wanted = {.name = name};
    const struct sw_diff_rule *found =
        bsearch(&wanted, diff->rules, diff->rule_count, sizeof(diff->rules[0]), by_name);
    SW_ASSERT(found != NULL);
    return (uint32_t)(found - diff->rules);
}

static void drop_repeated(struct sw_diff *diff)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < diff->rule_count; i++) {
        if (kept == 0 || by_name(&diff->rules[kept - 1], &diff->rules[i]) != 0) {
            diff->rules[kept++] = diff->rules[i];
        }
    }
    diff->rule_count = kept;
}

static void join_rules(struct sw_diff *diff)
{
    uint32_t counts[SW_DIFF_SIDES];
    const struct sw_rule *lists[SW_DIFF_SIDES];
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        lists[i] = sw_policy_rule_list(diff->sides[i].knowledge.policy, &counts[i]);
    }
    diff->rules = calloc((size_t)counts[0] + counts[1] + 1, sizeof(diff->rules[0]));
    SW_ASSERT(diff->rules != NULL);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        for (uint32_t k = 0; k < counts[i]; k++) {
            diff->rules[diff->rule_count++] =
                (struct sw_diff_rule){.name = lists[i][k].name, .title = lists[i][k].title};
        }
    }
    qsort(diff->rules, diff->rule_count, sizeof(diff->rules[0]), by_name);
    drop_repeated(diff);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        struct sw_diff_side *side = &diff->sides[i];
        side->rule_places = calloc((size_t)counts[i] + 1, sizeof(side->rule_places[0]));
        SW_ASSERT(side->rule_places != NULL);
        for (uint32_t k = 0; k < counts[i]; k++) {
            side->rule_places[k] = place_of(diff, lists[i][k].name);
        }
    }
}

/* --- judging --- */

static bool spoke(const struct sw_diff_side *side, int which, uint32_t rule)
{
    for (uint32_t i = 0; i < side->spoke_count[which]; i++) {
        if (side->spoke[which][i] == rule) {
            return true;
        }
    }
    return false;
}

/* Findings of one judgement that only one side has. A side that judged the parent again alone has
 * no counterpart to compare with. */
static void compare_findings(struct sw_diff *diff, int which)
{
    const struct sw_diff_side *a = &diff->sides[0];
    const struct sw_diff_side *b = &diff->sides[1];
    if (which == 1 && (!a->judged[1] || !b->judged[1])) {
        return;
    }
    for (uint32_t i = 0; i < a->spoke_count[which]; i++) {
        diff->rules[a->spoke[which][i]].lost += spoke(b, which, a->spoke[which][i]) ? 0 : 1;
    }
    for (uint32_t i = 0; i < b->spoke_count[which]; i++) {
        diff->rules[b->spoke[which][i]].gained += spoke(a, which, b->spoke[which][i]) ? 0 : 1;
    }
}

static void judge_on(struct sw_diff_side *side, const struct sw_packet *packet)
{
    struct sw_rejection rejection;
    memset(side->spoke_count, 0, sizeof(side->spoke_count));
    memset(side->judged, 0, sizeof(side->judged));
    if (sw_pipeline_decode(side->pipeline, packet, &side->judge.event, &rejection) == SW_OK) {
        sw_judge_event(&side->judge, side->diff->event.id, side->diff->event.logged_ms);
    } else {
        side->diff->refused_total++; // the map of this side does not have what it names
    }
}

static void judge_event(struct sw_diff *diff)
{
    struct sw_packet packet = {.topic = sw_logged_topic(&diff->logged, &diff->event),
                               .payload = diff->event.payload,
                               .received_ms = diff->event.logged_ms};
    (void)event_of(diff, diff->event.id);
    diff->event_total++;
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        judge_on(&diff->sides[i], &packet);
    }
    compare_findings(diff, 0);
    compare_findings(diff, 1);
}

static void add_to(struct sw_diff_matrix *matrix, const uint8_t verdicts[SW_DIFF_SIDES],
                   const uint8_t levels[SW_DIFF_SIDES])
{
    matrix->verdicts[verdicts[0]][verdicts[1]]++;
    matrix->levels[levels[0]][levels[1]]++;
    matrix->changed += verdicts[0] != verdicts[1] || levels[0] != levels[1] ? 1 : 0;
}

static void sum_events(struct sw_diff *diff)
{
    for (uint64_t row = 1; row <= diff->event_last; row++) {
        const struct sw_diff_event *event = diff->events[row];
        if (event[0].has_hop || event[1].has_hop) {
            add_to(&diff->by_event, (const uint8_t[]){event[0].verdict, event[1].verdict},
                   (const uint8_t[]){event[0].level, event[1].level});
        }
    }
}

static void sum_chain(struct sw_diff *diff, const struct sw_diff_chain *chain)
{
    const struct sw_diff_standing *a = &chain->sides[0];
    const struct sw_diff_standing *b = &chain->sides[1];
    bool crossed[SW_DIFF_SIDES];
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        crossed[i] = chain->sides[i].level >= SW_LEVEL_MATCHED;
        diff->crossed[i] += crossed[i] ? 1 : 0;
        diff->beyond[i] +=
            crossed[i] && is_beyond((enum sw_verdict)chain->sides[i].verdict) ? 1 : 0;
    }
    diff->cut += crossed[0] && !crossed[1] ? 1 : 0;
    diff->added += !crossed[0] && crossed[1] ? 1 : 0;
    add_to(&diff->by_chain, (const uint8_t[]){a->verdict, b->verdict},
           (const uint8_t[]){a->level, b->level});
}

static void open_side(struct sw_diff_side *side)
{
    struct sw_pipeline_config config = sw_knowledge_config(&side->knowledge);
    void *memory = calloc(1, sw_pipeline_bytes());
    SW_ASSERT(memory != NULL);
    side->pipeline = sw_pipeline_init(memory, &config);
    sw_judge_init(&side->judge, side->pipeline, &judge_calls, side);
}

enum sw_status sw_diff_run(struct sw_diff *diff)
{
    join_rules(diff);
    diff->edges =
        calloc((size_t)diff->sides[1].knowledge.map.edge_count + 1, sizeof(diff->edges[0]));
    SW_ASSERT(diff->edges != NULL);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        open_side(&diff->sides[i]);
    }
    enum sw_status status = SW_OK;
    while ((status = sw_logged_next_event(&diff->logged, &diff->event)) == SW_OK) {
        judge_event(diff);
    }
    sum_events(diff);
    for (uint64_t i = 0; diff->chains != NULL && i <= diff->chain_mask; i++) {
        if (diff->chains[i].key[0] != '\0') {
            sum_chain(diff, &diff->chains[i]);
        }
    }
    return status == SW_EMPTY ? SW_OK : status;
}
