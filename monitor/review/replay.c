/*
 * What is judged, by what, and in which order; replay_rows.c compares it.
 *
 * A first pass takes the chains' rows as a sum. When anything differs, a second one looks them up
 * too and so finds the difference that comes first.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

#include "replay_rows.h"

/* --- what the judge asks for --- */

static void take(void *context, const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs)
{
    struct sw_replay *replay = context;
    replay->judged++;
    if (!outputs->has_hop || replay->differs || replay->failed) {
        return;
    }
    if (!replay->plain) {
        sw_replay_compare_outputs(replay, subject, event, outputs);
    } else if (!sw_replay_in_filter(replay, event, outputs)) {
        replay->counts.left_out++;
    } else {
        replay->counts.hops++;
        replay->counts.findings += outputs->hop.finding_count;
        replay->counts.chains += outputs->chain_changed ? 1 : 0;
        replay->counts.alerts += outputs->has_alert && !outputs->alert.repeated ? 1 : 0;
        if (replay->calls.judged != NULL) {
            replay->calls.judged(replay->context, subject, event, outputs);
        }
    }
}

/* Gap rows are held against the numbers of all events at the end. */
static void take_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    (void)context;
    (void)gap;
    (void)at_ms;
}

static enum sw_status find_event(void *context, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload)
{
    struct sw_replay *replay = context;
    enum sw_status status =
        sw_logged_find_event(&replay->logged, source, event_id, replay->event.id, found, payload);
    if (status == SW_OK && found->payload_length == 0) {
        return sw_replay_leave(replay);
    }
    if (status == SW_OK) {
        found->next_revision =
            sw_logged_next_revision(&replay->logged, found->id, replay->event.id);
    }
    return status;
}

static enum sw_status find_cause(void *context, int64_t row, uint32_t revision,
                                 struct sw_log_event *found, char *payload)
{
    struct sw_replay *replay = context;
    enum sw_status status = sw_logged_find_cause(&replay->logged, row, revision, found, payload);
    return status == SW_OK && found->payload_length == 0 ? sw_replay_leave(replay) : status;
}

/* Of this event's own rows the log has those of the judgements before. */
static enum sw_status find_chain(void *context, struct sw_text key, struct sw_chain *chain)
{
    struct sw_replay *replay = context;
    int64_t until = replay->event.id - (replay->judged == 0 ? 1 : 0);
    if (!replay->plain && !sw_replay_may_know(replay, key)) {
        return SW_NOT_FOUND;
    }
    return sw_logged_chain_before(&replay->logged, key, until, chain);
}

static const struct sw_judge_calls judge_calls = {.find_event = find_event,
                                                  .find_cause = find_cause,
                                                  .find_chain = find_chain,
                                                  .take = take,
                                                  .take_gap = take_gap};

/* --- opening --- */

/* The filter of chains' keys, as large as the log asks for: a small one stays in the cache. */
static void make_known(struct sw_replay *replay)
{
    int64_t events = 0;
    int64_t alerts = 0;
    replay->known_words = SW_REPLAY_KNOWN_WORDS_MIN;
    if (sw_log_newest(&replay->logged.reader, &events, &alerts) == SW_OK) {
        while (replay->known_words < SW_REPLAY_KNOWN_WORDS_MAX &&
               replay->known_words < (uint64_t)events / SW_REPLAY_KNOWN_PER_WORD) {
            replay->known_words *= 2;
        }
    }
    replay->known = calloc(replay->known_words, sizeof(replay->known[0]));
    SW_ASSERT(replay->known != NULL);
}

enum sw_status sw_replay_open(struct sw_replay *replay, const char *path)
{
    memset(replay, 0, sizeof(*replay));
    replay->filter = (struct sw_replay_filter){.from_ms = INT64_MIN, .until_ms = INT64_MAX};
    enum sw_status status = sw_logged_open(&replay->logged, path);
    if (status != SW_OK) {
        sw_replay_fail(replay);
        return status;
    }
    make_known(replay);
    sqlite3_randomness((int)sizeof(replay->secrets), replay->secrets);
    replay->secrets[0] |= 1; // odd numbers lose nothing when multiplied
    replay->secrets[1] |= 1;
    return SW_OK;
}

void sw_replay_close(struct sw_replay *replay)
{
    sw_replay_end_tested(replay, true);
    free(replay->pipeline);
    free(replay->daily);
    free(replay->known);
    sw_knowledge_close(&replay->knowledge);
    sw_logged_close(&replay->logged);
    replay->pipeline = NULL;
    replay->daily = NULL;
    replay->known = NULL;
}

void sw_replay_give(struct sw_replay *replay, const char *map, const char *policy)
{
    replay->map_given = map;
    replay->policy_given = policy;
}

/* --- what it is judged by --- */

/* Counts over time go on where a monitor was started again or read its rules anew: the log keeps
 * them. Both map and policy are loaded when one changes, for packs change the map. */
static bool load_knowledge(struct sw_replay *replay, const struct sw_logged_run *run)
{
    struct sw_knowledge fresh = {0};
    if (run->map_id == replay->map_id && run->policy_id == replay->policy_id &&
        run->state_mib == replay->state_mib) {
        return true;
    }
    replay->map_id = run->map_id;
    replay->policy_id = run->policy_id;
    replay->state_mib = run->state_mib;
    if (!sw_logged_load(&replay->logged, run, "replay", replay->map_given, replay->policy_given,
                        &fresh)) {
        return false;
    }
    sw_replay_end_tested(replay, true);
    if (replay->knowledge.scratch != NULL) {
        sw_scratch_take_over(fresh.scratch, replay->knowledge.scratch);
    }
    sw_knowledge_close(&replay->knowledge);
    replay->knowledge = fresh;
    replay->switches_off = sw_map_switches_off(&fresh.map);
    return true;
}

/* A pipeline that gets what the log knew before this event. */
static bool start_pipeline(struct sw_replay *replay, const struct sw_logged_run *run)
{
    struct sw_pipeline *former = replay->pipeline;
    if (!load_knowledge(replay, run)) {
        (void)snprintf(replay->difference, sizeof(replay->difference),
                       "map or policy of run %lld cannot be used", (long long)replay->run_id);
        replay->failed = true;
        return false;
    }
    struct sw_pipeline_config config = sw_knowledge_config(&replay->knowledge);
    config.rules = sw_replay_count_tested(replay, sw_replay_rules(replay, config.rules));
    void *memory = calloc(1, sw_pipeline_bytes());
    SW_ASSERT(memory != NULL);
    replay->pipeline = sw_pipeline_init(memory, &config);
    if (former != NULL) {
        sw_pipeline_take_sources(replay->pipeline, former);
        free(former);
    }
    sw_judge_init(&replay->judge, replay->pipeline, &judge_calls, replay);
    if (sw_logged_restore(&replay->logged, replay->pipeline, replay->event.id) != SW_OK) {
        sw_replay_fail(replay);
        return false;
    }
    return true;
}

/* A monitor started here, or read map and policy anew. */
static bool begin_run(struct sw_replay *replay)
{
    struct sw_logged_run run;
    if (replay->pipeline != NULL && !replay->plain) {
        sw_replay_compare_losses(replay);
    }
    replay->counts.runs++;
    if (replay->event.run_id < replay->run_id) {
        sw_replay_differ(replay, "its run %lld is over, run %lld had begun",
                         (long long)replay->event.run_id, (long long)replay->run_id);
        return false;
    }
    replay->run_id = replay->event.run_id;
    if (sw_logged_run(&replay->logged, replay->run_id, &run) != SW_OK) {
        sw_replay_differ(replay, "its run %lld is not in the log", (long long)replay->run_id);
        return false;
    }
    replay->tells_losses = run.tells_losses;
    return start_pipeline(replay, &run);
}

/* Makes sure that the pipeline is that of the event's run. */
static bool prepare_pipeline(struct sw_replay *replay)
{
    bool given = replay->map_given != NULL || replay->policy_given != NULL;
    if (replay->pipeline == NULL || replay->event.run_id != replay->run_id) {
        if (replay->pipeline == NULL || !given || !replay->plain) {
            return begin_run(replay);
        }
        replay->run_id = replay->event.run_id; // judged by one monitor that never ended
        replay->counts.runs++;
    }
    return true;
}

/* --- events --- */

/* Decodes the event as it was received; what was scrubbed stays so when it is scrubbed again. */
static bool decode_event(struct sw_replay *replay)
{
    const struct sw_logged_event *event = &replay->event;
    struct sw_rejection rejection = {0};
    struct sw_packet packet = {.topic = sw_logged_topic(&replay->logged, event),
                               .payload = event->payload,
                               .received_ms = event->logged_ms};
    if (sw_pipeline_decode(replay->pipeline, &packet, &replay->judge.event, &rejection) != SW_OK) {
        sw_replay_differ(replay, "it was accepted then, and is refused now: %s %s at byte %u",
                         rejection.code, rejection.field, rejection.position);
        return false;
    }
    if (!replay->plain) {
        sw_replay_compare_event(replay);
    }
    return !replay->differs;
}

static void judge_event(struct sw_replay *replay)
{
    const struct sw_logged_event *event = &replay->event;
    if (sw_replay_is_lost(replay)) {
        sw_replay_take_lost(replay);
        return;
    }
    if (!decode_event(replay)) {
        return;
    }
    if (replay->calls.event != NULL &&
        !replay->calls.event(replay->context, event, &replay->judge.event)) {
        replay->stopped = true;
        return;
    }
    replay->counts.events++;
    replay->judged = 0;
    replay->last_logged_ms = event->logged_ms;
    uint64_t left = replay->counts.left_again;
    sw_judge_event(&replay->judge, event->id, event->logged_ms);
    if (!replay->plain) {
        if (replay->counts.left_again > left) {
            sw_replay_take_hops(replay);
        }
        sw_replay_check_left(replay);
    }
}

static bool goes_on(struct sw_replay *replay)
{
    if (replay->calls.turn != NULL && replay->counts.events % SW_REPLAY_TURN == 0 &&
        !replay->calls.turn(replay->context)) {
        replay->stopped = true;
    }
    return !replay->differs && !replay->failed && !replay->stopped;
}

static void compare_rest(struct sw_replay *replay)
{
    if (replay->pipeline != NULL) {
        sw_replay_compare_losses(replay);
    }
    sw_replay_compare_ends(replay);
    const struct sw_replay_filter *filter = &replay->filter;
    bool all = filter->from_ms == INT64_MIN && filter->until_ms == INT64_MAX &&
               filter->edge.length == 0 && filter->agency.length == 0 && filter->chain.length == 0;
    if (!replay->differs && !replay->failed) {
        sw_replay_compare_gone(replay);
    }
    if (!replay->differs && !replay->failed && all && replay->pipeline != NULL) {
        sw_replay_compare_gaps(replay);
    }
}

static void pass(struct sw_replay *replay)
{
    replay->hop_there = !replay->plain && sw_replay_step(replay, SW_LOGGED_HOPS);
    replay->finding_there = !replay->plain && sw_replay_step(replay, SW_LOGGED_FINDINGS);
    replay->alert_there = !replay->plain && sw_replay_step(replay, SW_LOGGED_ALERTS);
    enum sw_status status = SW_OK;
    while (status == SW_OK && goes_on(replay)) {
        status = sw_logged_next_event(&replay->logged, &replay->event);
        if (status == SW_OK && prepare_pipeline(replay)) {
            judge_event(replay);
        }
    }
    if (status == SW_DATABASE) {
        sw_replay_fail(replay);
    }
    if (!replay->plain && !replay->differs && !replay->failed && !replay->stopped) {
        compare_rest(replay);
    }
}

/* Everything as it was before the first pass. */
static void begin_again(struct sw_replay *replay)
{
    sw_replay_end_tested(replay, false);
    free(replay->pipeline);
    replay->pipeline = NULL;
    sw_knowledge_close(&replay->knowledge);
    sw_logged_rewind(&replay->logged);
    memset(replay->known, 0, replay->known_words * sizeof(replay->known[0]));
    free(replay->daily);
    replay->daily = NULL;
    replay->daily_capacity = 0;
    replay->counts = (struct sw_replay_counts){0};
    replay->run_id = replay->map_id = replay->policy_id = 0;
    replay->state_mib = 0;
    replay->differs = false;
    replay->by_row = true;
}

enum sw_status sw_replay_run(struct sw_replay *replay)
{
    struct sw_pipeline *none = replay->pipeline;
    SW_ASSERT(none == NULL);
    pass(replay);
    if (replay->differs && !replay->plain) {
        char first[SW_DIFFERENCE_BYTES];
        memcpy(first, replay->difference, sizeof(first));
        begin_again(replay);
        pass(replay);
        if (!replay->differs && !replay->failed && !replay->stopped) {
            memcpy(replay->difference, first, sizeof(first));
            replay->differs = true;
        }
    }
    return replay->failed    ? SW_DATABASE
           : replay->stopped ? SW_STOPPED
           : replay->differs ? SW_INVALID
                             : SW_OK;
}
