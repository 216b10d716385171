#include "monitor.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>
#include <sharewatch/json.h>
#include <sharewatch/now.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#include "knowledge.h"

#define TICK_MS           1000
#define PROGRESS_MS       50                 // receipts: at most 20 a second for each source
#define STATUS_EVERY      5                  // of those: four status lines a second
#define LOG_MEMORY_BYTES  ((size_t)16 << 20) // cache 4 MiB, statements 1, restart's sorting
#define WAL_BYTES_MAX     (INT64_C(16) << 20)
#define DRAIN_MS_MAX      1000 // asked to stop, while events go on coming
#define PART_MS_MAX       1000
#define DISCONNECT_MS_MAX 3000
#define VAIN_CONNECTS_MAX 3 // in a row, once the connection had been there
#define TOPIC_BYTES       (SW_SOURCE_BYTES_MAX + 64)

static_assert((SW_MONITOR_ALERTS_MAX & (SW_MONITOR_ALERTS_MAX - 1)) == 0, "a power of two");

static void say(const char *sentence)
{
    (void)fprintf(stderr, "sharewatch monitor: %s\n", sentence);
}

static void enter(struct sw_monitor *monitor, enum sw_monitor_stage stage)
{
    monitor->stage = stage;
    monitor->stage_ms = (int64_t)uv_now(&monitor->loop);
}

/* Ends at once; what was acknowledged is in the spool or in the log. */
static void give_up(struct sw_monitor *monitor, const char *sentence)
{
    if (monitor->stage != SW_MONITOR_ENDED) {
        say(sentence);
        monitor->exit_code = SW_EXIT_ENVIRONMENT;
        enter(monitor, SW_MONITOR_ENDED);
        uv_stop(&monitor->loop);
    }
}

/* ---- one event ---- */

static struct sw_monitor_source *touch_source(struct sw_monitor *monitor, uint32_t source)
{
    if (source >= SW_SOURCES_MAX) {
        return NULL;
    }
    if (source >= monitor->source_count) {
        monitor->source_count = source + 1;
    }
    monitor->sources[source].touched = true;
    monitor->sources[source].owed = true;
    return &monitor->sources[source];
}

static void add_outputs(void *context, const struct sw_log_subject *subject,
                        const struct sw_event *event, const struct sw_outputs *outputs)
{
    struct sw_monitor *monitor = context;
    (void)event;
    uint64_t place = (monitor->alerts_added + 1) & (SW_MONITOR_ALERTS_MAX - 1);
    (void)touch_source(monitor, outputs->source);
    if (sw_log_add_outputs(&monitor->log, subject, outputs, &monitor->alerts[place])) {
        monitor->alerts_added = (uint64_t)monitor->alerts[place].id;
    }
}

static void add_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    struct sw_monitor *monitor = context;
    sw_log_add_gap(&monitor->log, sw_pipeline_source_name(monitor->pipeline, gap->source), gap,
                   at_ms);
    (void)touch_source(monitor, gap->source);
}

static enum sw_status keep_event(void *context, const struct sw_packet *packet,
                                 const struct sw_event *event, int64_t *row)
{
    struct sw_monitor *monitor = context;
    struct sw_text stored = sw_judge_stored(packet, event, monitor->scrubbed);
    enum sw_status status = sw_log_add_event(&monitor->log, packet, event, stored);
    *row = monitor->log.event_id;
    return status;
}

static void keep_refusal(void *context, const struct sw_packet *packet,
                         const struct sw_rejection *rejection)
{
    struct sw_monitor *monitor = context;
    sw_log_add_quarantine(&monitor->log, packet, rejection);
    monitor->quarantined_total++;
}

static const struct sw_judge_calls judge_calls = {
    .keep_event = keep_event,
    .keep_refusal = keep_refusal,
    .take = add_outputs,
    .take_gap = add_gap,
};

/* A sender that sends again is owed the receipt again: it may have missed the first. */
static void take_duplicate(struct sw_monitor *monitor)
{
    uint32_t source = sw_pipeline_source(monitor->pipeline, monitor->judge.event.source);
    monitor->duplicates_total++;
    if (source < monitor->source_count) {
        monitor->sources[source].owed = true;
    }
}

static void take_event(struct sw_monitor *monitor, const struct sw_packet *packet)
{
    enum sw_status status = sw_judge_packet(&monitor->judge, packet);
    if (status == SW_EXISTS) {
        take_duplicate(monitor);
    } else if (status == SW_MALFORMED) {
        (void)touch_source(monitor, monitor->judge.outputs.source);
    }
}

/* {"state":"ended","source":"…","last":N}; everything else on a status topic is not for us. */
static void take_status(struct sw_monitor *monitor, const struct sw_packet *packet)
{
    char scratch[SW_SOURCE_BYTES_MAX];
    struct sw_json json;
    struct sw_text key = {0};
    struct sw_text source = {0};
    bool ended = false;
    int64_t last = 0;
    sw_json_init(&json, packet->payload, scratch, sizeof(scratch));
    for (int tokens = 0; tokens < 64; tokens++) {
        enum sw_json_token token = sw_json_next(&json);
        if (token == SW_JSON_KEY) {
            key = json.text;
        } else if (token == SW_JSON_TEXT && sw_text_equal(key, SW_TEXT("state"))) {
            ended = sw_text_equal(json.text, SW_TEXT("ended"));
        } else if (token == SW_JSON_TEXT && sw_text_equal(key, SW_TEXT("source"))) {
            source = json.text;
        } else if (token == SW_JSON_INTEGER && sw_text_equal(key, SW_TEXT("last"))) {
            last = json.integer;
        } else if (token == SW_JSON_END || token == SW_JSON_ERROR) {
            ended = ended && token == SW_JSON_END;
            break;
        }
    }
    if (ended && last > 0 && source.length > 0 && source.length <= SW_SOURCE_BYTES_MAX) {
        sw_pipeline_source_ended(monitor->pipeline, source, (uint64_t)last, packet->received_ms);
    }
}

static void take_packet(struct sw_monitor *monitor, const struct sw_spooled *taken)
{
    if (sw_text_starts_with(taken->packet.topic, SW_TEXT("sharewatch/v1/status/"))) {
        if (taken->kept) {
            take_status(monitor, &taken->packet);
        }
    } else if (!taken->kept) {
        struct sw_rejection rejection = {
            .reason = SW_REFUSAL_SIZE, .code = "packet_too_long", .position = SW_PACKET_BYTES_MAX};
        sw_judge_refuse(&monitor->judge, &taken->packet, &rejection);
    } else {
        take_event(monitor, &taken->packet);
    }
}

/* ---- commit, fdatasync, and what may be told then ---- */

static void set_sources(struct sw_monitor *monitor)
{
    for (uint32_t i = 0; i < monitor->source_count; i++) {
        struct sw_monitor_source *source = &monitor->sources[i];
        if (source->touched) {
            source->committed = sw_pipeline_source_contiguous(monitor->pipeline, i);
            sw_log_set_source(&monitor->log, sw_pipeline_source_name(monitor->pipeline, i),
                              sw_pipeline_source_highest(monitor->pipeline, i), source->committed);
            source->touched = false;
        }
    }
}

static bool has_uncommitted(const struct sw_monitor *monitor)
{
    return monitor->log.writing || monitor->taken != monitor->committed;
}

/* Looks which alerts the broker has taken meanwhile. */
static void note_arrived(struct sw_monitor *monitor)
{
    while (monitor->alerts_arrived < monitor->alerts_told &&
           sw_inbox_has_arrived(&monitor->inbox, monitor->alerts_arrived + 1)) {
        monitor->alerts_arrived++;
    }
}

static void set_place(struct sw_monitor *monitor)
{
    note_arrived(monitor);
    sw_log_set_spool(&monitor->log, monitor->spool.header->file, (int64_t)monitor->taken,
                     (int64_t)monitor->alerts_arrived);
}

static void commit(struct sw_monitor *monitor)
{
    set_sources(monitor);
    sw_knowledge_keep_state(monitor->scratch, &monitor->log);
    set_place(monitor);
    if (sw_log_commit(&monitor->log) != SW_OK) {
        give_up(monitor, monitor->log.sentence);
        return;
    }
    monitor->committed = monitor->taken;
    monitor->alerts_committed = monitor->alerts_added;
    sw_witness_committed(&monitor->witness, &monitor->log);
    monitor->dirty = true;
}

/* False: not now. */
static bool tell_alert(struct sw_monitor *monitor, const struct sw_log_alert *alert)
{
    char topic[TOPIC_BYTES + sizeof(alert->rule)];
    struct sw_buffer json;
    sw_buffer_init(&json, monitor->json, sizeof(monitor->json));
    sw_alert_write_json(alert, &json);
    (void)snprintf(topic, sizeof(topic), "sharewatch/v1/alert/%s/%s",
                   sw_verdict_code(alert->verdict), alert->rule[0] != '\0' ? alert->rule : "map");
    SW_ASSERT(!json.overflowed);
    return sw_inbox_publish(&monitor->inbox, topic, sw_buffer_text(&json), false,
                            (uint64_t)alert->id) == SW_OK;
}

static void tell_receipt(struct sw_monitor *monitor, uint32_t index)
{
    struct sw_monitor_source *source = &monitor->sources[index];
    struct sw_text name = sw_pipeline_source_name(monitor->pipeline, index);
    char topic[TOPIC_BYTES];
    char bytes[TOPIC_BYTES + 64];
    struct sw_buffer json;
    sw_buffer_init(&json, bytes, sizeof(bytes));
    sw_buffer_append_string(&json, "{\"source\":");
    sw_buffer_append_json(&json, name);
    sw_buffer_append_format(&json, ",\"sequence\":%llu}", (unsigned long long)source->durable);
    (void)snprintf(topic, sizeof(topic), "sharewatch/v1/receipt/%.*s", SW_TEXT_FORMAT(name));
    if (sw_inbox_publish(&monitor->inbox, topic, sw_buffer_text(&json), true, 0) == SW_OK) {
        /* What came meanwhile is told when it is safe. */
        source->owed = source->touched || source->committed != source->durable;
    }
}

static void tell_receipts(struct sw_monitor *monitor)
{
    for (uint32_t i = 0; i < monitor->source_count; i++) {
        if (monitor->sources[i].owed && monitor->sources[i].durable > 0) {
            tell_receipt(monitor, i);
        }
    }
}

static bool take(struct sw_monitor *monitor);
static void settle(struct sw_monitor *monitor, bool more);
static void advance_stage(struct sw_monitor *monitor);
static void reload(struct sw_monitor *monitor);

static void note_safe(struct sw_monitor *monitor)
{
    monitor->durable = monitor->syncing;
    monitor->alerts_durable = monitor->alerts_syncing;
    sw_spool_release(&monitor->spool, monitor->durable);
    for (uint32_t i = 0; i < monitor->source_count; i++) {
        monitor->sources[i].durable = monitor->sources[i].syncing;
    }
}

/* The alert with @number, NULL when it cannot be read. */
static const struct sw_log_alert *find_alert(struct sw_monitor *monitor, uint64_t number)
{
    if (number > monitor->alerts_logged_before &&
        number + SW_MONITOR_ALERTS_MAX > monitor->alerts_added) {
        return &monitor->alerts[number & (SW_MONITOR_ALERTS_MAX - 1)];
    }
    enum sw_status status = sw_log_find_alert(&monitor->log, (int64_t)number, &monitor->alert);
    return status == SW_OK ? &monitor->alert : NULL;
}

/* Tells of what is safe, as far as the broker takes it; the rest stays for later. */
static void tell_alerts(struct sw_monitor *monitor)
{
    note_arrived(monitor);
    for (uint32_t i = 0; i < SW_MONITOR_ALERTS_MAX; i++) {
        uint64_t next = monitor->alerts_told + 1;
        if (next > monitor->alerts_durable || next - monitor->alerts_arrived >= SW_INBOX_TAGS_MAX ||
            sw_inbox_state(&monitor->inbox) != SW_INBOX_ONLINE) {
            break;
        }
        const struct sw_log_alert *alert = find_alert(monitor, next);
        if (alert == NULL || !tell_alert(monitor, alert)) {
            break;
        }
        monitor->alerts_told = next;
    }
    monitor->alerts_behind = monitor->alerts_told < monitor->alerts_durable;
}

/* What Paho gave up, as it does when the connection goes, is told again. */
static void tell_again(struct sw_monitor *monitor)
{
    if (atomic_load(&monitor->inbox.unsent) == 0) {
        note_arrived(monitor);
        monitor->alerts_told = monitor->alerts_arrived;
    }
    tell_alerts(monitor);
}

static void on_synced(uv_fs_t *request)
{
    struct sw_monitor *monitor = request->data;
    ssize_t result = request->result;
    uv_fs_req_cleanup(request);
    monitor->sync_running = false;
    if (monitor->stage == SW_MONITOR_ENDED) {
        return;
    }
    if (result < 0) {
        char sentence[SW_LOG_SENTENCE_BYTES];
        (void)snprintf(sentence, sizeof(sentence),
                       "log %s: it cannot be made safe on disk: %s; look at the system's log",
                       monitor->config->log_path, uv_strerror((int)result));
        give_up(monitor, sentence);
        return;
    }
    note_safe(monitor);
    sw_notary_safe(&monitor->notary);
    if (!sw_witness_tell(&monitor->witness, &monitor->inbox)) {
        say("the witness file cannot be written; the log goes on, and misses its newest head "
            "there");
    }
    sw_inbox_set_patient(&monitor->inbox, false);
    bool more = take(monitor);
    settle(monitor, more); // the disk works on while alerts are told
    tell_alerts(monitor);
    if (!monitor->sync_running && sw_spool_untaken(&monitor->spool) > 0) {
        (void)uv_async_send(&monitor->wake); // there was no room for alerts, now there is
    }
    advance_stage(monitor);
}

static void start_sync(struct sw_monitor *monitor)
{
    monitor->syncing = monitor->committed;
    monitor->alerts_syncing = monitor->alerts_committed;
    sw_witness_syncing(&monitor->witness);
    for (uint32_t i = 0; i < monitor->source_count; i++) {
        monitor->sources[i].syncing = monitor->sources[i].committed;
    }
    monitor->dirty = false;
    if (!monitor->log.writing) {
        sw_notary_before_sync(&monitor->notary);
    }
    monitor->sync.data = monitor;
    int code = uv_fs_fdatasync(&monitor->loop, &monitor->sync,
                               sw_log_sync_descriptor(&monitor->log), on_synced);
    SW_ASSERT(code == 0);
    monitor->sync_running = true;
}

/* ---- checkpoints: a first pass beside the commits, then a short one alone ---- */

static void work_checkpoint(uv_work_t *request)
{
    struct sw_monitor *monitor = request->data;
    monitor->checkpoint_status =
        sw_log_checkpoint(monitor->config->log_path, monitor->checkpoint_sentence);
}

static void on_checkpoint(uv_work_t *request, int code);

static void start_checkpoint(struct sw_monitor *monitor, enum sw_monitor_checkpoint pass)
{
    monitor->checkpoint_state = pass;
    monitor->checkpoint.data = monitor;
    int code = uv_queue_work(&monitor->loop, &monitor->checkpoint, work_checkpoint, on_checkpoint);
    SW_ASSERT(code == 0);
}

static void on_checkpoint(uv_work_t *request, int code)
{
    struct sw_monitor *monitor = request->data;
    (void)code;
    bool first = monitor->checkpoint_state == SW_CHECKPOINT_BESIDE;
    monitor->checkpoint_state = SW_CHECKPOINT_NONE;
    if (monitor->checkpoint_status != SW_OK) {
        say(monitor->checkpoint_sentence);
        first = false;
    }
    if (first) {
        monitor->checkpoint_state = SW_CHECKPOINT_DUE;
    } else {
        /* A reader that holds an old state keeps the WAL from starting anew: try again later. */
        monitor->checkpoint_bytes = sw_log_wal_bytes(&monitor->log) + WAL_BYTES_MAX;
    }
    settle(monitor, true);
    advance_stage(monitor);
}

static void look_at_wal(struct sw_monitor *monitor)
{
    int64_t bytes = sw_log_wal_bytes(&monitor->log);
    if (monitor->checkpoint_state == SW_CHECKPOINT_DUE && !has_uncommitted(monitor)) {
        start_checkpoint(monitor, SW_CHECKPOINT_ALONE);
    } else if (monitor->checkpoint_state == SW_CHECKPOINT_NONE) {
        if (bytes < monitor->checkpoint_bytes - WAL_BYTES_MAX) {
            monitor->checkpoint_bytes = WAL_BYTES_MAX; // it has started anew
        }
        if (bytes >= monitor->checkpoint_bytes) {
            start_checkpoint(monitor, SW_CHECKPOINT_BESIDE);
        }
    }
}

/* ---- the loop's turns ---- */

static bool may_write(const struct sw_monitor *monitor)
{
    return monitor->checkpoint_state != SW_CHECKPOINT_ALONE && monitor->stage != SW_MONITOR_ENDED;
}

/* Commits when the disk is free or the batch is full, starts the disk, and comes again for more. */
static void settle(struct sw_monitor *monitor, bool more)
{
    bool full = monitor->log.row_count >= SW_MONITOR_ROWS_MAX;
    bool due = !monitor->sync_running || full || monitor->checkpoint_state == SW_CHECKPOINT_DUE;
    if (may_write(monitor) && has_uncommitted(monitor) && due) {
        commit(monitor);
    }
    if (monitor->stage == SW_MONITOR_ENDED) {
        return;
    }
    if (!monitor->sync_running && monitor->dirty) {
        start_sync(monitor);
    }
    sw_inbox_set_patient(&monitor->inbox, monitor->sync_running && may_write(monitor));
    look_at_wal(monitor);
    if (more && may_write(monitor)) {
        (void)uv_async_send(&monitor->wake);
    }
}

static bool alerts_have_room(const struct sw_monitor *monitor)
{
    /* An event may bring two: its own, and that of its parent judged again. */
    return monitor->alerts_behind ||
           monitor->alerts_added - monitor->alerts_told <= SW_MONITOR_ALERTS_MAX - 2;
}

/* Takes up to SW_MONITOR_TAKE_MAX packets. True when there may be more. */
static bool take(struct sw_monitor *monitor)
{
    for (uint32_t i = 0; i < SW_MONITOR_TAKE_MAX; i++) {
        struct sw_spooled taken;
        if (!may_write(monitor) || !alerts_have_room(monitor)) {
            return false; // the end of the fdatasync or the checkpoint comes back to it
        }
        enum sw_status status = sw_spool_take(&monitor->spool, &taken);
        if (status == SW_EMPTY) {
            return false;
        }
        if (status == SW_OK) {
            take_packet(monitor, &taken);
        } else {
            monitor->spool_damaged_total++;
        }
        monitor->taken = monitor->spool.next;
        if (monitor->log.failed) {
            give_up(monitor, monitor->log.sentence);
            return false;
        }
    }
    return true;
}

static void say_state(struct sw_monitor *monitor, const char *state)
{
    char line[320];
    int64_t oldest_ms = sw_spool_oldest_ms(&monitor->spool);
    if (monitor->config->status_descriptor < 0) {
        return;
    }
    int length = snprintf(
        line, sizeof(line),
        "{\"state\":\"%s\",\"run\":%lld,\"events\":%lld,\"alerts\":%lld,"
        "\"duplicates\":%llu,\"quarantined\":%llu,\"lag_ms\":%lld,"
        "\"spooled\":%llu,\"signer\":\"%s\"}\n",
        state, (long long)monitor->log.run_id, (long long)monitor->log.event_id,
        (long long)monitor->log.alert_id, (unsigned long long)monitor->duplicates_total,
        (unsigned long long)monitor->quarantined_total,
        (long long)(oldest_ms == 0 ? 0 : sw_now_ms() - oldest_ms),
        (unsigned long long)sw_spool_used(&monitor->spool), sw_notary_state(&monitor->notary));
    /* A line fits a pipe whole or not at all; a supervisor that does not read misses some. */
    ssize_t written = write(monitor->config->status_descriptor, line, (size_t)length);
    (void)written;
}

static void owe_all(struct sw_monitor *monitor)
{
    for (uint32_t i = 0; i < monitor->source_count; i++) {
        monitor->sources[i].owed = true;
    }
}

static void announce(struct sw_monitor *monitor)
{
    char json[160];
    int length = snprintf(json, sizeof(json), "{\"state\":\"online\",\"run\":%lld}",
                          (long long)monitor->log.run_id);
    if (sw_inbox_publish(&monitor->inbox, SW_INBOX_STATUS_TOPIC,
                         (struct sw_text){json, (uint32_t)length}, true, 0) != SW_OK) {
        return;
    }
    if (monitor->connects_seen == 0) {
        say_state(monitor, "ready");
    }
    monitor->announced = true;
    owe_all(monitor); // the broker may have lost what it retained
}

static void look_at_inbox(struct sw_monitor *monitor)
{
    enum sw_inbox_state state = sw_inbox_state(&monitor->inbox);
    uint64_t connects = atomic_load(&monitor->inbox.connects_total);
    if (state == SW_INBOX_FAILED) {
        give_up(monitor, monitor->inbox.sentence);
        return;
    }
    if (state == SW_INBOX_LOST && atomic_load(&monitor->inbox.vain_total) >= VAIN_CONNECTS_MAX) {
        /* Paho 1.3.12 sends again what it had in flight when the connection broke, sometimes from
         * memory that it has freed; the broker refuses that each time. Nothing is lost by a start:
         * the spool and the log have all that was taken. */
        give_up(monitor,
                "the broker ends each connection before it has answered; this process ends "
                "with code 75 so that a fresh one takes its place");
        monitor->exit_code = SW_EXIT_AGAIN;
        return;
    }
    if (state == SW_INBOX_LOST && monitor->announced) {
        say("the connection to the broker is lost; trying again");
        monitor->announced = false;
    }
    if (state == SW_INBOX_ONLINE && (!monitor->announced || connects != monitor->connects_seen)) {
        announce(monitor);
        monitor->connects_seen = connects;
    }
}

static void on_wake(uv_async_t *handle)
{
    struct sw_monitor *monitor = handle->data;
    look_at_inbox(monitor);
    if (monitor->stage != SW_MONITOR_ENDED) {
        bool more = take(monitor);
        settle(monitor, more);
        advance_stage(monitor);
    }
}

/* ---- losses: a row when a number grew ---- */

/* @anew: a run begins, in which nothing was told yet; counters of what is new begin anew, too. */
static void look_at_losses(struct sw_monitor *monitor, bool anew)
{
    struct sw_pipeline_counters counters = sw_pipeline_counters(monitor->pipeline);
    struct sw_policy_counters policy = sw_policy_counters(monitor->scratch);
    const struct {
        const char *what;
        uint64_t total;
    } losses[] = {
        {"chains_evicted", counters.chains_evicted_total},
        {"sources_refused", counters.sources_refused_total},
        {"holes_merged", counters.holes_merged_total},
        {"daily_evicted", counters.daily_evicted_total},
        {"cuts_evicted", counters.cuts_evicted_total},
        {"correlation_groups_evicted", policy.groups_evicted_total},
        {"correlation_values_dropped", policy.values_dropped_total},
        {"regex_limits_exceeded", policy.regex_exceeded_total},
        {"values_refused", policy.values_refused_total},
        {"findings_left_out", monitor->judge.findings_over_total},
        {"parents_missing", monitor->judge.parents_missing_total},
        {"causes_missing", monitor->judge.causes_missing_total},
        {"spool_damaged", monitor->spool_damaged_total},
        {"spool_waits", atomic_load(&monitor->spool.waits_total)},
        {"signers_ended", monitor->notary.ended_total},
        {"heads_refused", monitor->notary.refused_total},
    };
    static_assert(sizeof(losses) / sizeof(losses[0]) <=
                      sizeof(monitor->losses_logged) / sizeof(monitor->losses_logged[0]),
                  "each has its place");
    for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
        uint64_t grown = anew ? 0 : losses[i].total - monitor->losses_seen[i];
        monitor->losses_seen[i] = losses[i].total;
        if (grown > 0) {
            monitor->losses_logged[i] += grown;
            sw_log_add_loss(&monitor->log, losses[i].what, monitor->losses_logged[i], sw_now_ms());
        }
    }
}

static void add_losses(struct sw_monitor *monitor)
{
    look_at_losses(monitor, false);
}

/* After a reload. A row counts from the start of its run: that may have begun anew, or not. */
static void begin_losses(struct sw_monitor *monitor, bool other_run)
{
    if (other_run) {
        memset(monitor->losses_logged, 0, sizeof(monitor->losses_logged));
    }
    look_at_losses(monitor, true);
}

/* What the signer said goes into the log as soon as that can be written. */
static void hear_notary(struct sw_monitor *monitor)
{
    if (!sw_notary_look(&monitor->notary) || !may_write(monitor)) {
        return;
    }
    if (sw_notary_wants_commit(&monitor->notary) && has_uncommitted(monitor)) {
        commit(monitor);
    }
    if (monitor->stage == SW_MONITOR_ENDED) {
        return;
    }
    sw_notary_write(&monitor->notary, sw_now_ms());
    if (monitor->log.failed) {
        give_up(monitor, monitor->log.sentence);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct sw_monitor *monitor = timer->data;
    int64_t at_ms = sw_now_ms();
    if (!may_write(monitor)) {
        return;
    }
    sw_judge_tick(&monitor->judge, at_ms);
    add_losses(monitor);
    note_arrived(monitor);
    if ((int64_t)monitor->alerts_arrived != monitor->log.told) {
        set_place(monitor); // no event may come for long
    }
    sw_notary_tick(&monitor->notary);
    hear_notary(monitor);
    settle(monitor, false);
    if (!monitor->sync_running && !monitor->log.writing) { // all is safe already
        sw_notary_before_sync(&monitor->notary);
        sw_notary_safe(&monitor->notary);
    }
    reload(monitor);
    advance_stage(monitor);
}

static void on_progress(uv_timer_t *timer)
{
    struct sw_monitor *monitor = timer->data;
    if (monitor->notary.signer.state == SW_SIGNER_ASKED) {
        hear_notary(monitor);
        settle(monitor, false);
    }
    uint64_t failures = atomic_load(&monitor->inbox.failed_total);
    if (failures != monitor->failures_seen) {
        monitor->failures_seen = failures;
        owe_all(monitor); // a receipt may have been among them
    }
    tell_receipts(monitor);
    tell_again(monitor);
    if (++monitor->progress_turns % STATUS_EVERY == 0 && monitor->connects_seen > 0) {
        say_state(monitor, "running");
    }
    advance_stage(monitor);
}

/* ---- the end ---- */

static bool is_at_rest(const struct sw_monitor *monitor)
{
    return monitor->taken == atomic_load(&monitor->spool.header->head) &&
           !has_uncommitted(monitor) && !monitor->sync_running && !monitor->dirty &&
           monitor->checkpoint_state != SW_CHECKPOINT_BESIDE &&
           monitor->checkpoint_state != SW_CHECKPOINT_ALONE;
}

static void say_goodbye(struct sw_monitor *monitor)
{
    static const struct sw_text offline = {"{\"state\":\"offline\"}", 19};
    tell_receipts(monitor);
    enum sw_status status =
        sw_inbox_publish(&monitor->inbox, SW_INBOX_STATUS_TOPIC, offline, true, 0);
    if (status != SW_OK) {
        say("the broker was away at the end; it will say offline by our last will");
    }
    enter(monitor, SW_MONITOR_PARTING);
}

/* Called at the end of every turn. */
static void advance_stage(struct sw_monitor *monitor)
{
    int64_t since_ms = (int64_t)uv_now(&monitor->loop) - monitor->stage_ms;
    bool closed = sw_inbox_state(&monitor->inbox) == SW_INBOX_CLOSED;
    switch (monitor->stage) {
    case SW_MONITOR_RUNNING:
    case SW_MONITOR_ENDED:
        break;
    case SW_MONITOR_DRAINING:
        if (is_at_rest(monitor) || since_ms > DRAIN_MS_MAX) {
            say_goodbye(monitor);
        }
        break;
    case SW_MONITOR_PARTING:
        if (atomic_load(&monitor->inbox.unsent) == 0 || since_ms > PART_MS_MAX) {
            enter(monitor, SW_MONITOR_DISCONNECTING);
            sw_inbox_disconnect(&monitor->inbox);
        }
        break;
    case SW_MONITOR_DISCONNECTING:
        if (closed || since_ms > DISCONNECT_MS_MAX) {
            enter(monitor, SW_MONITOR_FINISHING);
            (void)uv_async_send(&monitor->wake);
        }
        break;
    case SW_MONITOR_FINISHING:
        if (is_at_rest(monitor)) {
            say_state(monitor, "ended");
            enter(monitor, SW_MONITOR_ENDED);
            uv_stop(&monitor->loop);
        }
        break;
    }
}

static void on_stop(uv_signal_t *handle, int number)
{
    struct sw_monitor *monitor = handle->data;
    if (monitor->stage != SW_MONITOR_RUNNING) {
        _exit(SW_EXIT_INTERRUPTED);
    }
    (void)number;
    enter(monitor, SW_MONITOR_DRAINING);
    (void)uv_async_send(&monitor->wake);
}

/* ---- start ---- */

static bool start_pipeline(struct sw_monitor *monitor, struct sw_log_spool *place)
{
    /* Fresh pages that the kernel zeroes when they are first used: a table costs what is in it. */
    free(monitor->pipeline_memory);
    monitor->pipeline_memory = calloc(1, sw_pipeline_bytes());
    if (monitor->pipeline_memory == NULL) {
        say("there is not enough memory for the pipeline's tables");
        return false;
    }
    monitor->pipeline = sw_pipeline_init(monitor->pipeline_memory, &monitor->pipeline_config);
    sw_judge_init_log(&monitor->judge, monitor->pipeline, &monitor->log, &judge_calls, monitor);
    if (sw_log_restore(&monitor->log, monitor->pipeline, place) != SW_OK ||
        sw_knowledge_restore_state(monitor->scratch, &monitor->log) != SW_OK) {
        say(monitor->log.sentence);
        return false;
    }
    return true;
}

/* What the log knows of the sources is committed; the first fdatasync makes it safe to tell. */
static void restore_sources(struct sw_monitor *monitor)
{
    memset(monitor->sources, 0, sizeof(monitor->sources));
    monitor->source_count = 0;
    monitor->dirty = true;
    for (uint32_t i = 0; i < sw_pipeline_source_count(monitor->pipeline); i++) {
        monitor->sources[i] = (struct sw_monitor_source){
            .owed = true, .committed = sw_pipeline_source_contiguous(monitor->pipeline, i)};
    }
    monitor->source_count = sw_pipeline_source_count(monitor->pipeline);
}

/* Answers SIGHUP, now or when writing is possible again. */
static void reload(struct sw_monitor *monitor)
{
    struct sw_log_run run = monitor->config->run;
    struct sw_log_spool place;
    struct sw_rules rules;
    struct sw_scratch *scratch = NULL;
    run.started_ms = sw_now_ms();
    if (!monitor->reload_wanted || monitor->stage != SW_MONITOR_RUNNING || !may_write(monitor)) {
        return;
    }
    monitor->reload_wanted = false;
    if (monitor->config->reload == NULL ||
        !monitor->config->reload(monitor->config->context, &run, &rules, &scratch)) {
        say("map and policy stay as they were");
        say_state(monitor, "kept");
        return;
    }
    int64_t run_id = monitor->log.run_id;
    add_losses(monitor); // those of the run that ends here
    if (has_uncommitted(monitor)) {
        commit(monitor);
    }
    if (monitor->stage == SW_MONITOR_RUNNING && sw_log_set_policy(&monitor->log, &run) == SW_OK) {
        monitor->pipeline_config = (struct sw_pipeline_config){.map = run.map, .rules = rules};
        monitor->scratch = scratch;
        if (start_pipeline(monitor, &place)) {
            begin_losses(monitor, monitor->log.run_id != run_id);
            say("map and policy were read anew");
            restore_sources(monitor);
            settle(monitor, true);
            say_state(monitor, "reloaded");
            return;
        }
    }
    give_up(monitor, monitor->log.sentence);
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct sw_monitor *monitor = handle->data;
    (void)number;
    monitor->reload_wanted = true;
    reload(monitor);
}

/* After a restart: those that the broker had not taken are told again. */
static void restore_alerts(struct sw_monitor *monitor, int64_t told)
{
    monitor->alerts_logged_before = (uint64_t)monitor->log.alert_id;
    monitor->alerts_added = monitor->alerts_committed = monitor->alerts_logged_before;
    monitor->alerts_told = monitor->alerts_arrived = (uint64_t)told;
    monitor->alerts_syncing = monitor->alerts_durable = monitor->alerts_told;
    monitor->alerts_behind = monitor->alerts_told < monitor->alerts_added;
}

static bool open_files(struct sw_monitor *monitor)
{
    const struct sw_monitor_config *config = monitor->config;
    struct sw_log_spool place;
    sw_notary_start(&monitor->notary, config->key_folder,
                    config->signer_ms > 0 ? config->signer_ms
                                          : SW_NOTARY_HANG_MS); // it reads its key meanwhile
    if (sw_log_reserve_memory(LOG_MEMORY_BYTES) != SW_OK) {
        say("there is not enough memory for the log");
        return false;
    }
    if (sw_witness_open(&monitor->witness, config->witness_path, monitor->log.sentence) != SW_OK ||
        sw_log_open(&monitor->log, config->log_path) != SW_OK ||
        !sw_notary_open(&monitor->notary, &monitor->log, config->run.started_ms) ||
        sw_log_start_run(&monitor->log, &config->run) != SW_OK) {
        say(monitor->log.sentence);
        return false;
    }
    monitor->pipeline_config =
        (struct sw_pipeline_config){.map = config->run.map, .rules = config->rules};
    monitor->scratch = config->scratch;
    if (!start_pipeline(monitor, &place)) {
        return false;
    }
    restore_sources(monitor);
    if (sw_spool_open(&monitor->spool, config->spool_path, config->spool_bytes, place.file,
                      place.position) != SW_OK) {
        say(monitor->spool.sentence);
        return false;
    }
    restore_alerts(monitor, place.told);
    monitor->taken = monitor->spool.next;
    monitor->committed = monitor->syncing = monitor->durable = monitor->taken;
    monitor->checkpoint_bytes = WAL_BYTES_MAX;
    return true;
}

static void start_handles(struct sw_monitor *monitor)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    int code = uv_loop_init(&monitor->loop);
    code = code != 0 ? code : uv_async_init(&monitor->loop, &monitor->wake, on_wake);
    code = code != 0 ? code : uv_timer_init(&monitor->loop, &monitor->tick);
    code = code != 0 ? code : uv_timer_init(&monitor->loop, &monitor->progress);
    code = code != 0 ? code : uv_timer_start(&monitor->tick, on_tick, TICK_MS, TICK_MS);
    code = code != 0 ? code
                     : uv_timer_start(&monitor->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
    for (size_t i = 0; i < 3; i++) {
        code = code != 0 ? code : uv_signal_init(&monitor->loop, &monitor->signals[i]);
        code = code != 0 ? code
                         : uv_signal_start(&monitor->signals[i],
                                           numbers[i] == SIGHUP ? on_reload : on_stop, numbers[i]);
        monitor->signals[i].data = monitor;
    }
    SW_ASSERT(code == 0);
    monitor->wake.data = monitor;
    monitor->tick.data = monitor;
    monitor->progress.data = monitor;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* Ends the loop's work in hand: a request that runs is waited for. */
static void stop_handles(struct sw_monitor *monitor)
{
    uv_walk(&monitor->loop, close_handle, NULL);
    while (uv_run(&monitor->loop, UV_RUN_DEFAULT) != 0) {
    }
    (void)uv_loop_close(&monitor->loop);
}

static void close_files(struct sw_monitor *monitor)
{
    if (monitor->exit_code == SW_EXIT_OK && !monitor->log.failed &&
        sw_signer_end_run(&monitor->notary.signer, &monitor->log, "monitor", sw_now_ms()) !=
            SW_OK) {
        say(monitor->log.sentence);
        monitor->exit_code = SW_EXIT_ENVIRONMENT;
    }
    sw_witness_committed(&monitor->witness, &monitor->log);
    sw_witness_syncing(&monitor->witness);
    (void)sw_witness_tell(&monitor->witness, NULL); // closing the log makes it safe
    sw_witness_close(&monitor->witness);
    sw_signer_stop(&monitor->notary.signer);
    sw_log_close(&monitor->log);
    free(monitor->pipeline_memory);
}

/* What the broker took in the end, and what was lost since the last second. */
static void keep_place(struct sw_monitor *monitor)
{
    add_losses(monitor);
    set_place(monitor);
    if (sw_log_commit(&monitor->log) != SW_OK) {
        say(monitor->log.sentence);
        monitor->exit_code = SW_EXIT_ENVIRONMENT;
    }
}

int sw_monitor_run(struct sw_monitor *monitor, const struct sw_monitor_config *config)
{
    monitor->config = config;
    monitor->exit_code = SW_EXIT_OK;
    (void)signal(SIGPIPE, SIG_IGN);
    if (!open_files(monitor)) {
        monitor->exit_code = SW_EXIT_ENVIRONMENT;
        close_files(monitor);
        return monitor->exit_code;
    }
    start_handles(monitor);
    (void)uv_async_send(&monitor->wake); // what a former process left in the spool
    if (sw_inbox_start(&monitor->inbox, config->mqtt, config->client_id, &monitor->spool,
                       &monitor->wake) != SW_OK) {
        give_up(monitor, monitor->inbox.sentence);
    } else {
        (void)uv_run(&monitor->loop, UV_RUN_DEFAULT);
    }
    /* A callback of Paho's may hang in the full spool for ever: then the process's end is the end
     * of that thread, and the spool stays mapped until there. */
    if (sw_inbox_state(&monitor->inbox) == SW_INBOX_CLOSED) {
        sw_inbox_close(&monitor->inbox);
    }
    stop_handles(monitor);
    if (monitor->exit_code == SW_EXIT_OK) {
        keep_place(monitor);
    }
    if (sw_inbox_state(&monitor->inbox) == SW_INBOX_CLOSED) {
        sw_spool_close(&monitor->spool);
    }
    close_files(monitor);
    return monitor->exit_code;
}
