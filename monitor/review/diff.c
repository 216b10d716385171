#include "diff.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "diff_kept.h"

/* --- what the judge asks for --- */

static enum sw_status find_event(void *context, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload)
{
    struct sw_diff_side *side = context;
    enum sw_status status =
        sw_logged_find_event(&side->logged, source, event_id, side->event.id, found, payload);
    if (status == SW_OK && found->payload_length == 0) {
        side->again_total++;
        return SW_STOPPED;
    }
    if (status == SW_OK) {
        found->next_revision = sw_diff_next_revision(side, found->id);
    }
    return status;
}

static enum sw_status find_cause(void *context, int64_t row, uint32_t revision,
                                 struct sw_log_event *found, char *payload)
{
    struct sw_diff_side *side = context;
    return sw_logged_event(&side->logged, sw_diff_cause_of(side, row, revision), found, payload);
}

static enum sw_status find_chain(void *context, struct sw_text key, struct sw_chain *chain)
{
    struct sw_diff_side *side = context;
    const struct sw_diff_chain *found = sw_diff_find_chain(&side->chains, key);
    if (found == NULL) {
        return SW_NOT_FOUND;
    }
    const struct sw_diff_standing *standing = &found->sides[side->index];
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
    struct sw_diff_standing *standing =
        &sw_diff_chain_of(&side->chains, chain->key)->sides[side->index];
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
    struct sw_diff_said *said = &side->batch[side->batch_count];
    said->judged[which] = true;
    said->spoke_count[which] = hop->finding_count;
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        uint32_t place = side->rule_places[hop->findings[i].rule];
        said->spoke[which][i] = place;
        side->diff->rules[place].spoke[side->index]++;
    }
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
    bool partial = diff->partial.count > 0 && sw_diff_is_partial(diff, outputs->chain.key);
    if (partial && diff->switches_off) {
        side->unsure_total += subject->cause_id == 0 ? 1 : 0;
        return;
    }
    struct sw_diff_event *kept = sw_diff_event_of(side, subject->event_id);
    kept->has_hop = true;
    kept->level = (uint8_t)hop->level;
    kept->verdict = (uint8_t)hop->verdict;
    if (subject->cause_id != 0) {
        sw_diff_add_cause(side, subject->event_id, subject->cause_id, hop->revision);
    }
    keep_findings(side, subject->cause_id != 0 ? 1 : 0, hop);
    if (outputs->has_chain && !partial) {
        keep_chain(side, &outputs->chain);
    }
    bool crossed = subject->cause_id == 0 && hop->level >= SW_LEVEL_MATCHED;
    if (crossed && sw_diff_is_beyond(hop->verdict) && hop->edge != SW_NONE) {
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

static const struct sw_judge_calls judge_calls = {.find_event = find_event,
                                                  .find_cause = find_cause,
                                                  .find_chain = find_chain,
                                                  .take = take,
                                                  .take_gap = take_gap};

/* --- opening --- */

enum sw_status sw_diff_open(struct sw_diff *diff, const char *path)
{
    enum sw_status status = SW_OK;
    memset(diff, 0, sizeof(*diff));
    diff->until = INT64_MAX;
    for (int i = 0; i < SW_DIFF_SIDES && status == SW_OK; i++) {
        struct sw_diff_side *side = &diff->sides[i];
        int64_t last = 0;
        int64_t alert = 0;
        side->diff = diff;
        side->index = i;
        side->status = status = sw_logged_open(&side->logged, path);
        if (status == SW_OK) {
            status = sw_log_newest(&side->logged.reader, &last, &alert);
            diff->until = last < diff->until ? last : diff->until;
        }
    }
    return status;
}

const char *sw_diff_sentence(const struct sw_diff *diff)
{
    bool second = diff->sides[0].logged.reader.sentence[0] == '\0';
    return diff->sides[second ? 1 : 0].logged.reader.sentence;
}

void sw_diff_close(struct sw_diff *diff)
{
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        struct sw_diff_side *side = &diff->sides[i];
        free(side->pipeline);
        free(side->rule_places);
        free(side->events);
        free(side->causes);
        free(side->chains.items);
        sw_knowledge_close(&side->knowledge);
        sw_logged_close(&side->logged);
        side->pipeline = NULL;
        side->rule_places = NULL;
        side->events = NULL;
        side->causes = NULL;
        side->chains.items = NULL;
    }
    free(diff->chains.items);
    free(diff->partial.items);
    free(diff->rules);
    free(diff->edges);
    diff->chains.items = NULL;
    diff->partial.items = NULL;
    diff->rules = NULL;
    diff->edges = NULL;
}

bool sw_diff_load(struct sw_diff *diff, int side, const char *map, const char *policy)
{
    struct sw_knowledge *knowledge = &diff->sides[side].knowledge;
    struct sw_logged_run run = {0};
    struct sw_logged *logged = &diff->sides[0].logged;
    int64_t last = sw_logged_last_run(logged);
    if (sw_logged_run(logged, last, &run) != SW_OK && (map == NULL || policy == NULL)) {
        (void)fprintf(stderr, "sharewatch diff: the log has no run, so no map and no policy\n");
        return false;
    }
    return sw_logged_load(logged, &run, "diff", map, policy, knowledge);
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

/* Judges up to SW_DIFF_BATCH events of one side. Touches nothing of the other. */
static void judge_batch(struct sw_diff_side *side)
{
    struct sw_rejection rejection;
    side->batch_count = 0;
    while (side->batch_count < SW_DIFF_BATCH) {
        side->status = sw_logged_next_event(&side->logged, &side->event);
        if (side->status == SW_OK && side->event.id > side->diff->until) {
            side->status = SW_EMPTY;
        }
        if (side->status != SW_OK) {
            return;
        }
        struct sw_packet packet = {.topic = sw_logged_topic(&side->logged, &side->event),
                                   .payload = side->event.payload,
                                   .received_ms = side->event.logged_ms};
        struct sw_diff_said *said = &side->batch[side->batch_count];
        memset(said->spoke_count, 0, sizeof(said->spoke_count));
        memset(said->judged, 0, sizeof(said->judged));
        side->event_total++;
        if (sw_logged_is_gone(&side->event)) {
            side->gone_total++;
        } else if (sw_pipeline_decode(side->pipeline, &packet, &side->judge.event, &rejection) ==
                   SW_OK) {
            sw_judge_event(&side->judge, side->event.id, side->event.logged_ms);
        } else {
            side->refused_total++; // the map of this side does not have what it names
        }
        side->batch_count++;
    }
}

static bool spoke(const struct sw_diff_said *said, int which, uint32_t rule)
{
    for (uint32_t i = 0; i < said->spoke_count[which]; i++) {
        if (said->spoke[which][i] == rule) {
            return true;
        }
    }
    return false;
}

/* Findings of one judgement that only one side has. A side that judged the parent again alone has
 * no counterpart to compare with. */
static void compare_findings(struct sw_diff *diff, const struct sw_diff_said *a,
                             const struct sw_diff_said *b, int which)
{
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

static void compare_batch(struct sw_diff *diff)
{
    const struct sw_diff_side *a = &diff->sides[0];
    const struct sw_diff_side *b = &diff->sides[1];
    for (uint32_t i = 0; i < a->batch_count && i < b->batch_count; i++) {
        compare_findings(diff, &a->batch[i], &b->batch[i], 0);
        compare_findings(diff, &a->batch[i], &b->batch[i], 1);
    }
}

/* --- the second thread --- */

/* Side B on a thread of its own: both sides judge a batch, then one compares while the other
 * waits. */
struct worker {
    struct sw_diff_side *side;
    pthread_t thread;
    pthread_barrier_t barrier;
    bool over; // written between two barriers
};

static void *work(void *context)
{
    struct worker *worker = context;
    for (;;) {
        (void)pthread_barrier_wait(&worker->barrier);
        if (worker->over) {
            return NULL;
        }
        judge_batch(worker->side);
        (void)pthread_barrier_wait(&worker->barrier);
    }
}

static bool start_worker(struct worker *worker, struct sw_diff_side *side)
{
    worker->side = side;
    worker->over = false;
    if (pthread_barrier_init(&worker->barrier, NULL, 2) != 0) {
        return false;
    }
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        (void)pthread_barrier_destroy(&worker->barrier);
        return false;
    }
    return true;
}

static void stop_worker(struct worker *worker)
{
    worker->over = true;
    (void)pthread_barrier_wait(&worker->barrier);
    (void)pthread_join(worker->thread, NULL);
    (void)pthread_barrier_destroy(&worker->barrier);
}

static void judge_both(struct sw_diff *diff, struct worker *worker)
{
    if (worker == NULL) {
        judge_batch(&diff->sides[0]);
        judge_batch(&diff->sides[1]);
        return;
    }
    (void)pthread_barrier_wait(&worker->barrier);
    judge_batch(&diff->sides[0]);
    (void)pthread_barrier_wait(&worker->barrier);
}

static enum sw_status judge_all(struct sw_diff *diff, struct worker *worker)
{
    do {
        judge_both(diff, worker);
        compare_batch(diff);
    } while (diff->sides[0].status == SW_OK && diff->sides[1].status == SW_OK);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        if (diff->sides[i].status != SW_EMPTY) {
            return diff->sides[i].status;
        }
    }
    return SW_OK;
}

static void open_side(struct sw_diff_side *side)
{
    struct sw_pipeline_config config = sw_knowledge_config(&side->knowledge);
    void *memory = calloc(1, sw_pipeline_bytes());
    SW_ASSERT(memory != NULL);
    side->pipeline = sw_pipeline_init(memory, &config);
    sw_judge_init(&side->judge, side->pipeline, &judge_calls, side);
}

enum sw_status sw_diff_run(struct sw_diff *diff, uint32_t threads)
{
    struct worker worker;
    SW_ASSERT(threads >= 1);
    join_rules(diff);
    diff->edges =
        calloc((size_t)diff->sides[1].knowledge.map.edge_count + 1, sizeof(diff->edges[0]));
    SW_ASSERT(diff->edges != NULL);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        open_side(&diff->sides[i]);
    }
    enum sw_status status = sw_diff_open_gone(diff);
    if (status != SW_OK) {
        return status;
    }
    if (threads > 1 && !start_worker(&worker, &diff->sides[1])) {
        return SW_NO_MEMORY;
    }
    status = judge_all(diff, threads > 1 ? &worker : NULL);
    if (threads > 1) {
        stop_worker(&worker);
    }
    sw_diff_sum(diff);
    return status;
}
