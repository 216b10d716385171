/*
 * Rows of the log have ascending numbers and the pipeline judges in the same order, so each table
 * is walked once beside the events. A table's rows are compared column by column; the first that
 * differs ends the replay.
 */
#include "replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/wire.h>

#define ALERTS_AT_FIRST 1024

/* One column of a row as the replay has it. */
struct cell {
    const char *name;
    bool is_text;
    int64_t integer;
    struct sw_text text;
};

static struct cell number(const char *name, int64_t integer)
{
    return (struct cell){.name = name, .integer = integer};
}

static struct cell words(const char *name, struct sw_text text)
{
    return (struct cell){.name = name, .is_text = true, .text = text};
}

/* --- telling --- */

static void differ(struct sw_replay *replay, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void differ(struct sw_replay *replay, const char *format, ...)
{
    if (replay->differs || replay->failed) {
        return;
    }
    char what[SW_DIFFERENCE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    (void)snprintf(replay->difference, sizeof(replay->difference), "event %lld (%.*s of %.*s): %s",
                   (long long)replay->event.id, SW_TEXT_FORMAT(replay->event.event_id),
                   SW_TEXT_FORMAT(replay->event.source), what);
    replay->differs = true;
}

static void fail(struct sw_replay *replay)
{
    (void)snprintf(replay->difference, sizeof(replay->difference), "%s",
                   replay->logged.reader.sentence);
    replay->failed = true;
}

static struct sw_text column_text(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_text(statement, column);
    return (struct sw_text){bytes, (uint32_t)sqlite3_column_bytes(statement, column)};
}

/* Compares the row with @cells [count], the first columns of it. */
static bool same_row(struct sw_replay *replay, sqlite3_stmt *statement, const char *table,
                     const struct cell *cells, int count)
{
    for (int i = 0; i < count; i++) {
        const struct cell *cell = &cells[i];
        if (cell->is_text) {
            struct sw_text logged = column_text(statement, i);
            if (!sw_text_equal(logged, cell->text)) {
                differ(replay, "%s.%s was logged as '%.*s', replayed as '%.*s'", table, cell->name,
                       SW_TEXT_FORMAT(logged), SW_TEXT_FORMAT(cell->text));
                return false;
            }
        } else if (sqlite3_column_int64(statement, i) != cell->integer) {
            differ(replay, "%s.%s was logged as %lld, replayed as %lld", table, cell->name,
                   (long long)sqlite3_column_int64(statement, i), (long long)cell->integer);
            return false;
        }
    }
    return true;
}

/* Moves a cursor to its next row. */
static bool step(struct sw_replay *replay, enum sw_logged_statement which)
{
    int code = sqlite3_step(replay->logged.statements[which]);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        (void)snprintf(replay->logged.reader.sentence, sizeof(replay->logged.reader.sentence),
                       "reading the log failed: %s",
                       sqlite3_errmsg(replay->logged.reader.database));
        fail(replay);
    }
    return code == SQLITE_ROW;
}

/* --- names --- */

static struct sw_text node_name(const struct sw_replay *replay, uint16_t node)
{
    return node == SW_NONE ? (struct sw_text){0} : replay->knowledge.map.nodes[node].id;
}

static struct sw_text edge_name(const struct sw_replay *replay, uint16_t edge)
{
    return edge == SW_NONE ? (struct sw_text){0} : replay->knowledge.map.edges[edge].id;
}

static struct sw_text enum_name(enum sw_field field, uint16_t code)
{
    return sw_text_from(sw_field_info(field)->values->values[code]);
}

static const struct sw_rule *rule_of(const struct sw_replay *replay, uint32_t index)
{
    uint32_t count = 0;
    const struct sw_rule *rules = sw_policy_rule_list(replay->knowledge.policy, &count);
    return index < count ? &rules[index] : NULL;
}

static bool in_filter(const struct sw_replay *replay, const struct sw_event *event,
                      const struct sw_outputs *outputs)
{
    const struct sw_replay_filter *filter = &replay->filter;
    return event->time_ms >= filter->from_ms && event->time_ms < filter->until_ms &&
           (filter->edge.length == 0 ||
            sw_text_equal(filter->edge, edge_name(replay, outputs->hop.edge))) &&
           (filter->agency.length == 0 || sw_text_equal(filter->agency, event->reporter)) &&
           (filter->chain.length == 0 ||
            sw_text_equal(filter->chain, sw_text_from(outputs->chain.key)));
}

/* --- comparing --- */

static bool same_hop(struct sw_replay *replay, const struct sw_log_subject *subject,
                     const struct sw_outputs *outputs)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    const struct sw_hop *hop = &outputs->hop;
    uint16_t crosses = hop->crosses != 0 ? hop->crosses : (uint16_t)SW_CROSSES_NONE;
    const struct cell cells[] = {
        number("event", subject->event_id),
        number("revision", hop->revision),
        number("cause", subject->cause_id),
        words("chain", sw_text_from(outputs->chain.key)),
        words("edge", edge_name(replay, hop->edge)),
        words("from_node", node_name(replay, hop->from)),
        words("to_node", node_name(replay, hop->to)),
        words("data_class", enum_name(SW_FIELD_DATA_CLASS, hop->data_class)),
        words("crosses", enum_name(SW_FIELD_FLOW_CROSSES, crosses)),
        number("level", (int64_t)hop->level),
        words("verdict", sw_text_from(sw_verdict_code(hop->verdict))),
        words("duties", sw_text_from(sw_duties_text(hop->duties, duties))),
        number("fed_reach", hop->fed_reach),
        number("late", hop->late),
        number("ts_event", subject->time_ms),
        number("alert", outputs->has_alert ? (int64_t)outputs->alert.alert_id : 0),
        number("synthetic", subject->synthetic),
    };
    replay->counts.hops++;
    return same_row(replay, replay->logged.statements[SW_LOGGED_HOPS], "hop", cells,
                    (int)(sizeof(cells) / sizeof(cells[0])));
}

/* The name of the rule that the findings' cursor stands on. */
static const char *logged_rule(const struct sw_replay *replay, sqlite3_stmt *statement)
{
    return sw_logged_rule_name(&replay->logged, sqlite3_column_int64(statement, 1),
                               sqlite3_column_int64(statement, 2));
}

static bool same_finding(struct sw_replay *replay, const struct sw_finding *finding)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_FINDINGS];
    const struct sw_rule *rule = rule_of(replay, finding->rule);
    SW_ASSERT(rule != NULL);
    bool there = replay->finding_there && sqlite3_column_int64(statement, 0) == replay->hop_id;
    if (!there || !sw_text_equal(rule->name, sw_text_from(logged_rule(replay, statement)))) {
        differ(replay, "rule %.*s speaks now, the log has %s", SW_TEXT_FORMAT(rule->name),
               there ? logged_rule(replay, statement) : "no such finding");
        return false;
    }
    struct sw_text verdict =
        sw_text_from(finding->has_verdict ? sw_verdict_code(finding->verdict) : "");
    struct sw_text missing = sw_text_from(
        finding->missing < SW_FIELD_COUNT ? sw_field_info(finding->missing)->name : "");
    bool same = sw_text_equal(column_text(statement, 3), verdict) &&
                sw_text_equal(column_text(statement, 4), missing);
    if (!same) {
        differ(replay, "the finding of %.*s was logged as %s, replayed as %.*s",
               SW_TEXT_FORMAT(rule->name), (const char *)sqlite3_column_text(statement, 3),
               SW_TEXT_FORMAT(verdict));
    }
    return same;
}

static bool is_finding_of(const struct sw_replay *replay, int64_t hop)
{
    return replay->finding_there &&
           sqlite3_column_int64(replay->logged.statements[SW_LOGGED_FINDINGS], 0) <= hop;
}

static bool same_findings(struct sw_replay *replay, const struct sw_hop *hop)
{
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        if (!same_finding(replay, &hop->findings[i])) {
            return false;
        }
        replay->counts.findings++;
        replay->finding_there = step(replay, SW_LOGGED_FINDINGS);
    }
    if (is_finding_of(replay, replay->hop_id)) {
        differ(replay, "rule %s spoke then, and does not now",
               logged_rule(replay, replay->logged.statements[SW_LOGGED_FINDINGS]));
        return false;
    }
    return true;
}

static struct sw_text verdicts_text(uint32_t verdicts, char *bytes, uint32_t capacity)
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, capacity);
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if ((verdicts & (UINT32_C(1) << verdict)) != 0) {
            sw_buffer_append_string(&buffer, buffer.length > 0 ? "," : "");
            sw_buffer_append_string(&buffer, sw_verdict_code((enum sw_verdict)verdict));
        }
    }
    return sw_buffer_text(&buffer);
}

static bool same_chain(struct sw_replay *replay, const struct sw_log_subject *subject,
                       const struct sw_chain *chain)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_CHAIN_ROW];
    char duties[SW_DUTIES_TEXT_BYTES];
    char verdicts[64];
    const struct cell cells[] = {
        number("event", subject->cause_id != 0 ? subject->cause_id : subject->event_id),
        number("level", (int64_t)chain->level),
        words("verdict", sw_text_from(sw_verdict_code(chain->verdict))),
        words("verdicts", verdicts_text(chain->verdicts, verdicts, sizeof(verdicts))),
        words("duties", sw_text_from(sw_duties_text(chain->duties, duties))),
        number("fed_reach", chain->fed_reach),
        number("hops", chain->hops),
        number("first_ms", chain->first_ms),
        number("last_ms", chain->last_ms),
        number("synthetic", subject->synthetic),
    };
    struct sw_text key = sw_text_from(chain->key);
    (void)sqlite3_bind_text(statement, 1, key.bytes, (int)key.length, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, chain->revision);
    replay->counts.chains++;
    bool same = step(replay, SW_LOGGED_CHAIN_ROW);
    if (same) {
        same = same_row(replay, statement, "chain", cells, (int)(sizeof(cells) / sizeof(cells[0])));
    } else {
        differ(replay, "chain %s gets revision %u now, the log has none", chain->key,
               chain->revision);
    }
    (void)sqlite3_reset(statement);
    return same;
}

static struct sw_text alert_cite(const struct sw_replay *replay, const struct sw_alert *alert)
{
    const struct sw_rule *rule = rule_of(replay, alert->rule);
    if (rule != NULL) {
        return rule->cite;
    }
    return alert->edge == SW_NONE ? (struct sw_text){0}
                                  : replay->knowledge.map.edges[alert->edge].basis;
}

static bool same_alert(struct sw_replay *replay, const struct sw_log_subject *subject,
                       const struct sw_outputs *outputs)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    const struct sw_alert *alert = &outputs->alert;
    const struct sw_rule *rule = rule_of(replay, alert->rule);
    const struct cell cells[] = {
        number("hop", replay->hop_id),
        words("chain", sw_text_from(outputs->chain.key)),
        words("edge", edge_name(replay, alert->edge)),
        words("rule", rule != NULL ? rule->name : (struct sw_text){0}),
        words("cite", alert_cite(replay, alert)),
        number("level", (int64_t)alert->level),
        words("verdict", sw_text_from(sw_verdict_code(alert->verdict))),
        words("duties", sw_text_from(sw_duties_text(alert->duties, duties))),
        words("title", sw_text_from(alert->title)),
        words("sentence", sw_text_from(alert->sentence)),
        words("path", subject->path),
        number("ts_event", subject->time_ms),
        number("ts_logged", subject->logged_ms),
        number("daily", rule != NULL && rule->alert == SW_ALERT_DAILY),
        number("id", (int64_t)alert->alert_id),
    };
    replay->counts.alerts++;
    if (!replay->alert_there) {
        differ(replay, "alert %llu is told now, the log ends before it",
               (unsigned long long)alert->alert_id);
        return false;
    }
    return same_row(replay, replay->logged.statements[SW_LOGGED_ALERTS], "alert", cells,
                    (int)(sizeof(cells) / sizeof(cells[0])));
}

/* Counts what a daily alert stands for; compared with the log's counter at the end. */
static void count_daily(struct sw_replay *replay, const struct sw_alert *alert)
{
    const struct sw_rule *rule = rule_of(replay, alert->rule);
    if (rule == NULL || rule->alert != SW_ALERT_DAILY) {
        return;
    }
    while (alert->alert_id >= replay->daily_capacity) {
        uint64_t capacity =
            replay->daily_capacity == 0 ? ALERTS_AT_FIRST : 2 * replay->daily_capacity;
        uint32_t *counts = realloc(replay->daily_counts, capacity * sizeof(counts[0]));
        SW_ASSERT(counts != NULL);
        memset(counts + replay->daily_capacity, 0,
               (capacity - replay->daily_capacity) * sizeof(counts[0]));
        replay->daily_counts = counts;
        replay->daily_capacity = capacity;
    }
    replay->daily_counts[alert->alert_id]++;
}

static void compare(struct sw_replay *replay, const struct sw_log_subject *subject,
                    const struct sw_event *event, const struct sw_outputs *outputs)
{
    bool wanted = in_filter(replay, event, outputs);
    bool new_alert = outputs->has_alert && !outputs->alert.repeated;
    replay->counts.left_out += wanted ? 0 : 1;
    if (wanted) {
        bool same = same_hop(replay, subject, outputs) && same_findings(replay, &outputs->hop) &&
                    (!outputs->chain_changed || same_chain(replay, subject, &outputs->chain)) &&
                    (!new_alert || same_alert(replay, subject, outputs));
        (void)same; // the difference is kept
    }
    while (is_finding_of(replay, replay->hop_id)) {
        replay->finding_there = step(replay, SW_LOGGED_FINDINGS);
    }
    if (new_alert && replay->alert_there) {
        replay->alert_there = step(replay, SW_LOGGED_ALERTS);
    }
}

/* --- what the judge asks for --- */

static void take(void *context, const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs)
{
    struct sw_replay *replay = context;
    replay->judged++;
    if (!outputs->has_hop || replay->differs || replay->failed) {
        return;
    }
    if (!replay->hop_there) {
        differ(replay, "a hop comes out now, the log ends before it");
        return;
    }
    replay->hop_id = sqlite3_column_int64(replay->logged.statements[SW_LOGGED_HOPS], 17);
    if (outputs->has_alert) {
        count_daily(replay, &outputs->alert);
    }
    compare(replay, subject, event, outputs);
    replay->hop_there = step(replay, SW_LOGGED_HOPS);
}

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
    if (status == SW_OK) {
        char sql[128];
        sqlite3_stmt *statement = NULL;
        (void)snprintf(sql, sizeof(sql),
                       "SELECT coalesce(max(revision), 0) + 1 FROM hop WHERE event = %lld AND "
                       "id <= %lld",
                       (long long)found->id, (long long)replay->hop_id);
        found->next_revision = 1;
        if (sqlite3_prepare_v2(replay->logged.reader.database, sql, -1, &statement, NULL) ==
                SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW) {
            found->next_revision = (uint32_t)sqlite3_column_int64(statement, 0);
        }
        (void)sqlite3_finalize(statement);
    }
    return status;
}

/* Of this event's own rows the log has those of the judgements before. */
static enum sw_status find_chain(void *context, struct sw_text key, struct sw_chain *chain)
{
    struct sw_replay *replay = context;
    int64_t until = replay->event.id - (replay->judged == 0 ? 1 : 0);
    return sw_logged_chain_before(&replay->logged, key, until, chain);
}

static const struct sw_judge_calls judge_calls = {
    .find_event = find_event, .find_chain = find_chain, .take = take, .take_gap = take_gap};

/* --- events --- */

enum sw_status sw_replay_open(struct sw_replay *replay, const char *path)
{
    memset(replay, 0, sizeof(*replay));
    replay->filter = (struct sw_replay_filter){.from_ms = INT64_MIN, .until_ms = INT64_MAX};
    enum sw_status status = sw_logged_open(&replay->logged, path);
    if (status != SW_OK) {
        fail(replay);
        return status;
    }
    replay->pipeline = NULL;
    return SW_OK;
}

void sw_replay_close(struct sw_replay *replay)
{
    free(replay->pipeline);
    free(replay->daily_counts);
    sw_knowledge_close(&replay->knowledge);
    sw_logged_close(&replay->logged);
    replay->pipeline = NULL;
    replay->daily_counts = NULL;
}

void sw_replay_give(struct sw_replay *replay, const char *map, const char *policy)
{
    replay->map_given = map;
    replay->policy_given = policy;
}

static bool load_map(struct sw_replay *replay, int64_t map_id)
{
    if (replay->map_given != NULL) {
        return sw_knowledge_load_map(&replay->knowledge, "replay", replay->map_given);
    }
    char *content = sw_logged_content(&replay->logged, "map", map_id);
    bool done = sw_knowledge_parse_map(&replay->knowledge, "replay", sw_text_from(content));
    free(content);
    return done;
}

static bool load_policy(struct sw_replay *replay, int64_t policy_id)
{
    if (replay->policy_given != NULL) {
        return sw_knowledge_load_policy(&replay->knowledge, "replay", replay->policy_given);
    }
    char *content = sw_logged_content(&replay->logged, "policy", policy_id);
    bool done = sw_knowledge_parse_policy(&replay->knowledge, "replay", sw_text_from(content));
    free(content);
    return done;
}

/* Both anew when one changes: the packs change the map. */
static bool load_knowledge(struct sw_replay *replay, int64_t map_id, int64_t policy_id)
{
    if (map_id == replay->map_id && policy_id == replay->policy_id) {
        return true;
    }
    replay->map_id = map_id;
    replay->policy_id = policy_id;
    sw_knowledge_close(&replay->knowledge);
    return load_map(replay, map_id) && load_policy(replay, policy_id) &&
           sw_knowledge_overlay(&replay->knowledge);
}

/* An empty pipeline that gets what the log knew before this event. */
static bool start_pipeline(struct sw_replay *replay, int64_t map_id, int64_t policy_id)
{
    if (!load_knowledge(replay, map_id, policy_id)) {
        (void)snprintf(replay->difference, sizeof(replay->difference),
                       "map or policy of run %lld cannot be used", (long long)replay->run_id);
        replay->failed = true;
        return false;
    }
    struct sw_pipeline_config config = sw_knowledge_config(&replay->knowledge);
    free(replay->pipeline);
    void *memory = calloc(1, sw_pipeline_bytes());
    SW_ASSERT(memory != NULL);
    replay->pipeline = sw_pipeline_init(memory, &config);
    sw_judge_init(&replay->judge, replay->pipeline, &judge_calls, replay);
    if (sw_logged_restore(&replay->logged, replay->pipeline, &config, replay->event.id) != SW_OK) {
        fail(replay);
        return false;
    }
    return true;
}

/* A monitor started here. */
static bool begin_run(struct sw_replay *replay)
{
    int64_t map_id = 0;
    int64_t policy_id = 0;
    replay->counts.runs++;
    replay->run_id = replay->event.run_id;
    if (sw_logged_run(&replay->logged, replay->run_id, &map_id, &policy_id) != SW_OK) {
        differ(replay, "its run %lld is not in the log", (long long)replay->run_id);
        return false;
    }
    return start_pipeline(replay, map_id, policy_id);
}

/* The policy that the findings of this event name, 0 when there are none: a monitor that was told
 * to read its policy anew went on in the same run. */
static int64_t logged_policy(const struct sw_replay *replay)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    sqlite3_stmt *findings = replay->logged.statements[SW_LOGGED_FINDINGS];
    if (!replay->hop_there || !replay->finding_there) {
        return 0;
    }
    int64_t cause = sqlite3_column_int64(hops, 2);
    bool of_event = (cause != 0 ? cause : sqlite3_column_int64(hops, 0)) == replay->event.id;
    bool of_hop = sqlite3_column_int64(findings, 0) == sqlite3_column_int64(hops, 17);
    return of_event && of_hop ? sqlite3_column_int64(findings, 1) : 0;
}

/* Makes sure that the pipeline is that of the event's run and policy. */
static bool prepare_pipeline(struct sw_replay *replay)
{
    if (replay->pipeline == NULL || replay->event.run_id != replay->run_id) {
        return begin_run(replay);
    }
    int64_t policy_id = logged_policy(replay);
    bool same = policy_id == 0 || policy_id == replay->policy_id || replay->policy_given != NULL;
    return same || start_pipeline(replay, replay->map_id, policy_id);
}

/* A hop that this event made or taught, and that did not come out. */
static void check_left(struct sw_replay *replay)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    if (!replay->hop_there || replay->differs) {
        return;
    }
    int64_t cause = sqlite3_column_int64(hops, 2);
    if ((cause != 0 ? cause : sqlite3_column_int64(hops, 0)) <= replay->event.id) {
        differ(replay, "the log has a hop of it (verdict %s) that does not come out now",
               (const char *)sqlite3_column_text(hops, 10));
    }
}

/* Decodes the event as it was received; what was scrubbed stays so when it is scrubbed again. */
static void judge_event(struct sw_replay *replay)
{
    const struct sw_logged_event *event = &replay->event;
    char bytes[SW_TOPIC_BYTES_MAX];
    struct sw_buffer topic;
    struct sw_text agency = {0};
    struct sw_rejection rejection = {0};
    sw_buffer_init(&topic, bytes, sizeof(bytes));
    if (sw_wire_parse_source(event->source, &agency) == SW_OK) {
        sw_buffer_append_format(&topic, "sharewatch/v1/event/%.*s/%.*s", SW_TEXT_FORMAT(agency),
                                SW_TEXT_FORMAT(event->kind));
    }
    struct sw_packet packet = {.topic = sw_buffer_text(&topic),
                               .payload = event->payload,
                               .received_ms = event->logged_ms};
    memcpy(packet.digest, event->digest, sizeof(packet.digest));
    if (sw_pipeline_decode(replay->pipeline, &packet, &replay->judge.event, &rejection) != SW_OK) {
        differ(replay, "it was accepted then, and is refused now: %s %s at byte %u", rejection.code,
               rejection.field, rejection.position);
        return;
    }
    replay->counts.events++;
    replay->judged = 0;
    sw_judge_event(&replay->judge, event->id, event->logged_ms);
    check_left(replay);
}

/* Rows that belong to no event that was replayed. */
static void compare_ends(struct sw_replay *replay)
{
    if (replay->hop_there || replay->alert_there || replay->finding_there) {
        differ(replay, "after this last one, the log has %s that no event makes",
               replay->hop_there     ? "hops"
               : replay->alert_there ? "alerts"
                                     : "findings");
    }
}

static int64_t ask(struct sw_replay *replay, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;
    if (sqlite3_prepare_v2(replay->logged.reader.database, sql, -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        answer = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return answer;
}

static void compare_chains_end(struct sw_replay *replay)
{
    int64_t logged = ask(replay, "SELECT count(*) FROM chain");
    if (replay->counts.left_out == 0 && logged != (int64_t)replay->counts.chains) {
        differ(replay, "after this last one, the log has %lld rows of chains, the replay made %llu",
               (long long)logged, (unsigned long long)replay->counts.chains);
    }
}

static void compare_daily(struct sw_replay *replay)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(replay->logged.reader.database,
                           "SELECT alert, hops FROM alert_count ORDER BY alert", -1, &statement,
                           NULL) != SQLITE_OK) {
        return;
    }
    while (!replay->differs && sqlite3_step(statement) == SQLITE_ROW) {
        uint64_t alert = (uint64_t)sqlite3_column_int64(statement, 0);
        int64_t hops = sqlite3_column_int64(statement, 1);
        int64_t counted = alert < replay->daily_capacity ? replay->daily_counts[alert] : 0;
        if (hops != counted) {
            differ(replay, "after this last one, alert %llu stands for %lld hops, replayed %lld",
                   (unsigned long long)alert, (long long)hops, (long long)counted);
        }
    }
    (void)sqlite3_finalize(statement);
}

enum sw_status sw_replay_run(struct sw_replay *replay)
{
    replay->hop_there = step(replay, SW_LOGGED_HOPS);
    replay->finding_there = step(replay, SW_LOGGED_FINDINGS);
    replay->alert_there = step(replay, SW_LOGGED_ALERTS);
    enum sw_status status = SW_OK;
    while (!replay->differs && !replay->failed) {
        status = sw_logged_next_event(&replay->logged, &replay->event);
        if (status != SW_OK) {
            break;
        }
        if (!prepare_pipeline(replay)) {
            break;
        }
        judge_event(replay);
    }
    if (status == SW_DATABASE) {
        fail(replay);
    }
    if (!replay->differs && !replay->failed) {
        replay->event.source = replay->event.event_id = (struct sw_text){0};
        compare_ends(replay);
        compare_chains_end(replay);
        compare_daily(replay);
    }
    return replay->failed ? SW_DATABASE : replay->differs ? SW_INVALID : SW_OK;
}
