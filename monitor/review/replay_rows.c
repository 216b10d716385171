/*
 * Rows of the log have ascending numbers and the pipeline judges in the same order, so hops,
 * findings and alerts are walked once beside the events.
 */
#include "replay_rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/taxonomy.h>

#define ALERTS_AT_FIRST 1024

/* --- telling --- */

void sw_replay_differ(struct sw_replay *replay, const char *format, ...)
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

void sw_replay_differ_in(struct sw_replay *replay, const char *format, ...)
{
    if (replay->differs || replay->failed) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(replay->difference, sizeof(replay->difference), format, arguments);
    va_end(arguments);
    replay->differs = true;
}

void sw_replay_fail(struct sw_replay *replay)
{
    (void)snprintf(replay->difference, sizeof(replay->difference), "%s",
                   replay->logged.reader.sentence);
    replay->failed = true;
}

struct sw_text sw_replay_column(sqlite3_stmt *statement, int column)
{
    sqlite3_value *value = sqlite3_column_value(statement, column);
    const void *bytes = sqlite3_value_text(value);
    return (struct sw_text){bytes, (uint32_t)sqlite3_value_bytes(value)};
}

bool sw_replay_is_number(const struct sw_replay_row *row, int column, const char *name,
                         int64_t number)
{
    int64_t logged = sqlite3_column_int64(row->statement, column);
    if (logged != number) {
        sw_replay_differ(row->replay, "%s.%s was logged as %lld, replayed as %lld", row->table,
                         name, (long long)logged, (long long)number);
    }
    return logged == number;
}

bool sw_replay_is_text(const struct sw_replay_row *row, int column, const char *name,
                       struct sw_text text)
{
    struct sw_text logged = sw_replay_column(row->statement, column);
    bool same = sw_text_equal(logged, text);
    if (!same) {
        sw_replay_differ(row->replay, "%s.%s was logged as '%.*s', replayed as '%.*s'", row->table,
                         name, SW_TEXT_FORMAT(logged), SW_TEXT_FORMAT(text));
    }
    return same;
}

bool sw_replay_step(struct sw_replay *replay, enum sw_logged_statement which)
{
    int code = sqlite3_step(replay->logged.statements[which]);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        (void)snprintf(replay->logged.reader.sentence, sizeof(replay->logged.reader.sentence),
                       "reading the log failed: %s",
                       sqlite3_errmsg(replay->logged.reader.database));
        sw_replay_fail(replay);
    }
    return code == SQLITE_ROW;
}

/* --- names --- */

static struct sw_text node_name(const struct sw_replay *replay, uint16_t node)
{
    return node == SW_NONE ? (struct sw_text){0} : replay->knowledge.map.nodes[node].id;
}

struct sw_text sw_replay_edge(const struct sw_replay *replay, uint16_t edge)
{
    return edge == SW_NONE ? (struct sw_text){0} : replay->knowledge.map.edges[edge].id;
}

static struct sw_text enum_name(enum sw_field field, uint16_t code)
{
    return sw_text_from(sw_field_info(field)->values->values[code]);
}

const struct sw_rule *sw_replay_rule(const struct sw_replay *replay, uint32_t index)
{
    uint32_t count = 0;
    const struct sw_rule *rules = sw_policy_rule_list(replay->knowledge.policy, &count);
    return index < count ? &rules[index] : NULL;
}

struct sw_text sw_replay_duties(uint32_t duties, char text[SW_DUTIES_TEXT_BYTES])
{
    return duties == 0 ? (struct sw_text){0} : sw_text_from(sw_duties_text(duties, text));
}

bool sw_replay_in_filter(const struct sw_replay *replay, const struct sw_event *event,
                         const struct sw_outputs *outputs)
{
    const struct sw_replay_filter *filter = &replay->filter;
    return event->time_ms >= filter->from_ms && event->time_ms < filter->until_ms &&
           (filter->edge.length == 0 ||
            sw_text_equal(filter->edge, sw_replay_edge(replay, outputs->hop.edge))) &&
           (filter->agency.length == 0 || sw_text_equal(filter->agency, event->reporter)) &&
           (filter->chain.length == 0 ||
            sw_text_equal(filter->chain, sw_text_from(outputs->chain.key)));
}

/* --- the event itself --- */

void sw_replay_compare_event(struct sw_replay *replay)
{
    const struct sw_logged_event *logged = &replay->event;
    const struct sw_event *event = &replay->judge.event;
    struct sw_replay_row row = {.replay = replay,
                                .statement = replay->logged.statements[SW_LOGGED_EVENTS],
                                .table = "event"};
    bool same =
        sw_replay_is_text(&row, SW_LOGGED_EVENT_ID, "event_id", event->id) &&
        sw_replay_is_text(&row, SW_LOGGED_EVENT_KIND, "kind",
                          sw_event_text(event, SW_FIELD_KIND)) &&
        sw_replay_is_text(&row, SW_LOGGED_EVENT_ACTION, "action",
                          sw_event_text(event, SW_FIELD_ACTION)) &&
        sw_replay_is_number(&row, SW_LOGGED_EVENT_TIME, "ts_event", event->time_ms) &&
        sw_replay_is_number(&row, SW_LOGGED_EVENT_RECORDED, "ts_recorded", event->recorded_ms) &&
        sw_replay_is_number(&row, SW_LOGGED_EVENT_SEQUENCE, "sequence", (int64_t)event->sequence) &&
        sw_replay_is_number(&row, SW_LOGGED_EVENT_SYNTHETIC, "synthetic", event->synthetic);
    if (same && !sw_text_equal(logged->source, event->source)) {
        sw_replay_differ(replay, "its source was logged as '%.*s', its payload says '%.*s'",
                         SW_TEXT_FORMAT(logged->source), SW_TEXT_FORMAT(event->source));
    }
    if (same && event->mask_count > 0) {
        sw_replay_differ(replay, "the log holds free text of it that should have been scrubbed");
    }
}

/* --- hop and findings --- */

static bool same_hop(struct sw_replay *replay, const struct sw_log_subject *subject,
                     const struct sw_outputs *outputs)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    const struct sw_hop *hop = &outputs->hop;
    uint16_t crosses = hop->crosses != 0 ? hop->crosses : (uint16_t)SW_CROSSES_NONE;
    struct sw_replay_row row = {
        .replay = replay, .statement = replay->logged.statements[SW_LOGGED_HOPS], .table = "hop"};
    replay->counts.hops++;
    return sw_replay_is_number(&row, 0, "event", subject->event_id) &&
           sw_replay_is_number(&row, 1, "revision", hop->revision) &&
           sw_replay_is_number(&row, 2, "cause", subject->cause_id) &&
           sw_replay_is_text(&row, 3, "chain", sw_text_from(outputs->chain.key)) &&
           sw_replay_is_text(&row, 4, "edge", sw_replay_edge(replay, hop->edge)) &&
           sw_replay_is_text(&row, 5, "from_node", node_name(replay, hop->from)) &&
           sw_replay_is_text(&row, 6, "to_node", node_name(replay, hop->to)) &&
           sw_replay_is_text(&row, 7, "data_class",
                             enum_name(SW_FIELD_DATA_CLASS, hop->data_class)) &&
           sw_replay_is_text(&row, 8, "crosses", enum_name(SW_FIELD_FLOW_CROSSES, crosses)) &&
           sw_replay_is_number(&row, 9, "level", (int64_t)hop->level) &&
           sw_replay_is_text(&row, 10, "verdict", sw_text_from(sw_verdict_code(hop->verdict))) &&
           sw_replay_is_text(&row, 11, "duties", sw_replay_duties(hop->duties, duties)) &&
           sw_replay_is_number(&row, 12, "fed_reach", hop->fed_reach) &&
           sw_replay_is_number(&row, 13, "late", hop->late) &&
           sw_replay_is_number(&row, 14, "ts_event", subject->time_ms) &&
           sw_replay_is_number(&row, 15, "alert",
                               outputs->has_alert ? (int64_t)outputs->alert.alert_id : 0) &&
           sw_replay_is_number(&row, 16, "synthetic", subject->synthetic);
}

/* The name of the rule that the findings' cursor stands on. */
static const char *logged_rule(const struct sw_replay *replay)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_FINDINGS];
    return sw_logged_rule_name(&replay->logged, sqlite3_column_int64(statement, 1),
                               sqlite3_column_int64(statement, 2));
}

/* The same rule: by number under the run's policy, by name where another one was given. */
static bool is_rule(const struct sw_replay *replay, uint32_t index, const struct sw_rule *rule)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_FINDINGS];
    if (replay->policy_given == NULL) {
        return sqlite3_column_int64(statement, 2) == index;
    }
    return sw_text_equal(rule->name, sw_text_from(logged_rule(replay)));
}

/* A run has one policy. */
static bool is_of_policy(struct sw_replay *replay)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_FINDINGS];
    int64_t logged = sqlite3_column_int64(statement, 1);
    if (logged != replay->policy_id) {
        sw_replay_differ(replay, "the finding of %s was logged under policy %lld, its run has %lld",
                         logged_rule(replay), (long long)logged, (long long)replay->policy_id);
    }
    return logged == replay->policy_id;
}

static bool same_finding(struct sw_replay *replay, const struct sw_finding *finding)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_FINDINGS];
    const struct sw_rule *rule = sw_replay_rule(replay, finding->rule);
    SW_ASSERT(rule != NULL);
    bool there = replay->finding_there && sqlite3_column_int64(statement, 0) == replay->hop_id;
    if (there && !is_of_policy(replay)) {
        return false;
    }
    if (!there || !is_rule(replay, finding->rule, rule)) {
        sw_replay_differ(replay, "rule %.*s speaks now, the log has %s", SW_TEXT_FORMAT(rule->name),
                         there ? logged_rule(replay) : "no such finding");
        return false;
    }
    struct sw_text verdict =
        sw_text_from(finding->has_verdict ? sw_verdict_code(finding->verdict) : "");
    struct sw_text missing = sw_text_from(
        finding->missing < SW_FIELD_COUNT ? sw_field_info(finding->missing)->name : "");
    bool same = sw_text_equal(sw_replay_column(statement, 3), verdict) &&
                sw_text_equal(sw_replay_column(statement, 4), missing);
    if (!same) {
        struct sw_text logged = sw_replay_column(statement, 3);
        struct sw_text lacked = sw_replay_column(statement, 4);
        sw_replay_differ(replay,
                         "the finding of %.*s was logged as %.*s%s%.*s, replayed as %.*s%s%.*s",
                         SW_TEXT_FORMAT(rule->name), SW_TEXT_FORMAT(logged),
                         lacked.length > 0 ? " for want of " : "", SW_TEXT_FORMAT(lacked),
                         SW_TEXT_FORMAT(verdict), missing.length > 0 ? " for want of " : "",
                         SW_TEXT_FORMAT(missing));
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
        replay->finding_there = sw_replay_step(replay, SW_LOGGED_FINDINGS);
    }
    if (is_finding_of(replay, replay->hop_id)) {
        sw_replay_differ(replay, "rule %s spoke then, and does not now", logged_rule(replay));
        return false;
    }
    return true;
}

/* --- alerts --- */

struct sw_text sw_replay_cite(const struct sw_replay *replay, const struct sw_alert *alert)
{
    const struct sw_rule *rule = sw_replay_rule(replay, alert->rule);
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
    const struct sw_rule *rule = sw_replay_rule(replay, alert->rule);
    struct sw_replay_row row = {.replay = replay,
                                .statement = replay->logged.statements[SW_LOGGED_ALERTS],
                                .table = "alert"};
    replay->counts.alerts++;
    if (!replay->alert_there) {
        sw_replay_differ(replay, "alert %llu is told now, the log ends before it",
                         (unsigned long long)alert->alert_id);
        return false;
    }
    return sw_replay_is_number(&row, 14, "id", (int64_t)alert->alert_id) &&
           sw_replay_is_number(&row, 0, "hop", replay->hop_id) &&
           sw_replay_is_text(&row, 1, "chain", sw_text_from(outputs->chain.key)) &&
           sw_replay_is_text(&row, 2, "edge", sw_replay_edge(replay, alert->edge)) &&
           sw_replay_is_text(&row, 3, "rule", rule != NULL ? rule->name : (struct sw_text){0}) &&
           sw_replay_is_text(&row, 4, "cite", sw_replay_cite(replay, alert)) &&
           sw_replay_is_number(&row, 5, "level", (int64_t)alert->level) &&
           sw_replay_is_text(&row, 6, "verdict", sw_text_from(sw_verdict_code(alert->verdict))) &&
           sw_replay_is_text(&row, 7, "duties", sw_replay_duties(alert->duties, duties)) &&
           sw_replay_is_text(&row, 8, "title", sw_text_from(alert->title)) &&
           sw_replay_is_text(&row, 9, "sentence", sw_text_from(alert->sentence)) &&
           sw_replay_is_text(&row, 10, "path", subject->path) &&
           sw_replay_is_number(&row, 11, "ts_event", subject->time_ms) &&
           sw_replay_is_number(&row, 12, "ts_logged", subject->logged_ms) &&
           sw_replay_is_number(&row, 13, "daily", rule != NULL && rule->alert == SW_ALERT_DAILY) &&
           sw_replay_is_number(&row, 15, "synthetic", subject->synthetic);
}

/* Counts what a daily alert stands for; compared with the log's counter at the end. */
void sw_replay_count_daily(struct sw_replay *replay, uint64_t alert, int64_t time_ms)
{
    while (alert >= replay->daily_capacity) {
        uint64_t capacity =
            replay->daily_capacity == 0 ? ALERTS_AT_FIRST : 2 * replay->daily_capacity;
        struct sw_daily_count *counts = realloc(replay->daily, capacity * sizeof(counts[0]));
        SW_ASSERT(counts != NULL);
        memset(counts + replay->daily_capacity, 0,
               (capacity - replay->daily_capacity) * sizeof(counts[0]));
        replay->daily = counts;
        replay->daily_capacity = capacity;
    }
    struct sw_daily_count *count = &replay->daily[alert];
    count->last_ms = count->hops == 0 || time_ms > count->last_ms ? time_ms : count->last_ms;
    count->last_hop = replay->hop_id;
    count->hops++;
}

void sw_replay_pass_findings(struct sw_replay *replay)
{
    while (is_finding_of(replay, replay->hop_id)) {
        replay->finding_there = sw_replay_step(replay, SW_LOGGED_FINDINGS);
    }
}

/* --- one judgement --- */

static bool is_daily(const struct sw_replay *replay, const struct sw_alert *alert)
{
    const struct sw_rule *rule = sw_replay_rule(replay, alert->rule);
    return rule != NULL && rule->alert == SW_ALERT_DAILY;
}

static void compare_wanted(struct sw_replay *replay, const struct sw_log_subject *subject,
                           const struct sw_event *event, const struct sw_outputs *outputs)
{
    bool wanted = sw_replay_in_filter(replay, event, outputs);
    bool new_alert = outputs->has_alert && !outputs->alert.repeated;
    replay->counts.left_out += wanted ? 0 : 1;
    if (wanted) {
        bool same =
            same_hop(replay, subject, outputs) && same_findings(replay, &outputs->hop) &&
            (!outputs->chain_changed || sw_replay_same_chain(replay, subject, &outputs->chain)) &&
            (!new_alert || same_alert(replay, subject, outputs));
        (void)same; // the difference is kept
    } else if (outputs->chain_changed && outputs->chain.revision == 1) {
        sw_replay_note_known(replay, sw_text_from(outputs->chain.key));
    }
    sw_replay_pass_findings(replay);
    if (new_alert && replay->alert_there) {
        replay->alert_there = sw_replay_step(replay, SW_LOGGED_ALERTS);
    }
}

void sw_replay_compare_outputs(struct sw_replay *replay, const struct sw_log_subject *subject,
                               const struct sw_event *event, const struct sw_outputs *outputs)
{
    if (!replay->hop_there) {
        sw_replay_differ(replay, "a hop comes out now, the log ends before it");
        return;
    }
    replay->hop_id = sqlite3_column_int64(replay->logged.statements[SW_LOGGED_HOPS], 17);
    if (outputs->has_alert && is_daily(replay, &outputs->alert)) {
        sw_replay_count_daily(replay, outputs->alert.alert_id, subject->time_ms);
    }
    compare_wanted(replay, subject, event, outputs);
    replay->hop_there = sw_replay_step(replay, SW_LOGGED_HOPS);
}

void sw_replay_check_left(struct sw_replay *replay)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    if (!replay->hop_there || replay->differs) {
        return;
    }
    int64_t cause = sqlite3_column_int64(hops, 2);
    if ((cause != 0 ? cause : sqlite3_column_int64(hops, 0)) <= replay->event.id) {
        sw_replay_differ(replay, "the log has a hop of it (verdict %s) that does not come out now",
                         (const char *)sqlite3_column_text(hops, 10));
    }
}

/* --- what is left at the end --- */

static void compare_daily(struct sw_replay *replay)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_ALERT_COUNTS];
    uint64_t left = 0; // alerts that count and have no row
    for (uint64_t i = 0; i < replay->daily_capacity; i++) {
        left += replay->daily[i].hops > 0 ? 1 : 0;
    }
    while (!replay->differs && sw_replay_step(replay, SW_LOGGED_ALERT_COUNTS)) {
        uint64_t alert = (uint64_t)sqlite3_column_int64(statement, 0);
        struct sw_daily_count none = {0};
        const struct sw_daily_count *count =
            alert < replay->daily_capacity ? &replay->daily[alert] : &none;
        left -= count->hops > 0 ? 1 : 0;
        if (sqlite3_column_int64(statement, 1) != count->hops ||
            sqlite3_column_int64(statement, 2) != count->last_ms ||
            sqlite3_column_int64(statement, 3) != count->last_hop) {
            sw_replay_differ_in(
                replay,
                "alert %llu was logged as standing for %lld hops, the last one %lld, replayed as "
                "%u, the last one %lld",
                (unsigned long long)alert, (long long)sqlite3_column_int64(statement, 1),
                (long long)sqlite3_column_int64(statement, 3), count->hops,
                (long long)count->last_hop);
        }
    }
    if (left > 0) {
        sw_replay_differ_in(replay, "%llu alerts stand for a day, and the log does not count them",
                            (unsigned long long)left);
    }
}

void sw_replay_compare_ends(struct sw_replay *replay)
{
    if (replay->hop_there || replay->alert_there || replay->finding_there) {
        sw_replay_differ_in(replay, "after the last event, the log has %s that no event makes",
                            replay->hop_there     ? "hops"
                            : replay->alert_there ? "alerts"
                                                  : "findings");
    }
    if (!replay->differs && !replay->failed && replay->counts.left_out == 0) {
        sw_replay_compare_chains(replay);
    }
    if (!replay->differs && !replay->failed) {
        compare_daily(replay);
    }
}
