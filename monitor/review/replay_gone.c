/*
 * Events whose payload was deleted on purpose. They cannot be judged again; what the log says of
 * them is taken as it stands, so that everything after them can still be compared:
 *
 * - their chains go on from their logged hops, and the chains' rows are compared all the same;
 * - their alerts keep their numbers, open ones of the day stay open, and counts still add up;
 * - their sequence numbers came;
 * - rules over many events counted them: from the first such event on, what those rules say is
 *   taken from the log;
 * - an event of before that was to be judged again for what one of them taught, or for whose
 *   judgement one of them is needed, is left as it was logged;
 * - what an overlay cut off in a chain hangs on all of its events: under a map that switches edges
 *   off nothing after the first such event is judged.
 *
 * How many there are must be what the deletions in the log add up to.
 */
#include "replay_rows.h"

#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "database.h"

bool sw_replay_is_lost(struct sw_replay *replay)
{
    if (sw_logged_is_gone(&replay->event)) {
        replay->counts.gone++;
        return true;
    }
    if (replay->counts.gone > 0 && !replay->plain && replay->switches_off) {
        replay->counts.unsure++;
        return true;
    }
    return false;
}

/* --- hops as they were logged --- */

static void read_hop(sqlite3_stmt *hops, struct sw_hop *hop, struct sw_log_subject *subject)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    sw_database_copy(hops, 11, duties, sizeof(duties));
    hop->revision = (uint32_t)sqlite3_column_int64(hops, 1);
    hop->level = (enum sw_level)sqlite3_column_int(hops, 9);
    hop->verdict = sw_verdict_find(sw_replay_column(hops, 10));
    hop->duties = sw_database_duties(duties);
    hop->fed_reach = sqlite3_column_int(hops, 12) != 0;
    *subject = (struct sw_log_subject){.event_id = sqlite3_column_int64(hops, 0),
                                       .cause_id = sqlite3_column_int64(hops, 2),
                                       .time_ms = sqlite3_column_int64(hops, 14),
                                       .synthetic = sqlite3_column_int(hops, 16) != 0};
}

/* Opens the daily alert that the alerts' cursor stands on for the hops that repeat it. */
static void open_daily(struct sw_replay *replay)
{
    sqlite3_stmt *alerts = replay->logged.statements[SW_LOGGED_ALERTS];
    sw_pipeline_restore_daily(
        replay->pipeline, sw_replay_column(alerts, 3), sw_replay_column(alerts, 2),
        sw_verdict_find(sw_replay_column(alerts, 6)), (enum sw_level)sqlite3_column_int(alerts, 5),
        sqlite3_column_int64(alerts, 11) / SW_DAY_MS, (uint64_t)sqlite3_column_int64(alerts, 14));
}

/* The alert that tells of the hop at @time_ms: a new one, or one of the day. */
static void take_alert(struct sw_replay *replay, uint64_t alert, int64_t time_ms)
{
    sqlite3_stmt *alerts = replay->logged.statements[SW_LOGGED_ALERTS];
    bool fresh = replay->alert_there && sqlite3_column_int64(alerts, 0) == replay->hop_id;
    bool daily = fresh ? sqlite3_column_int(alerts, 13) != 0
                       : alert < replay->daily_capacity && replay->daily[alert].hops > 0;
    if (fresh && daily) {
        open_daily(replay);
    }
    if (daily) {
        sw_replay_count_daily(replay, alert, time_ms);
    }
    if (fresh) {
        sw_pipeline_restore_alert_id(replay->pipeline, alert);
        replay->alert_there = sw_replay_step(replay, SW_LOGGED_ALERTS);
        replay->counts.taken_alerts++;
    }
}

static void take_hop(struct sw_replay *replay)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    static struct sw_hop hop;
    struct sw_log_subject subject;
    char key[SW_CHAIN_KEY_MAX];
    replay->hop_id = sqlite3_column_int64(hops, 17);
    sw_database_copy(hops, 3, key, sizeof(key));
    read_hop(hops, &hop, &subject);
    sw_judge_take_hop(&replay->judge, key, &hop, subject.time_ms);
    replay->judged++;
    replay->counts.taken_hops++;
    if (replay->judge.outputs.chain_changed) {
        (void)sw_replay_same_chain(replay, &subject, &replay->judge.outputs.chain);
    }
    if (sqlite3_column_type(hops, 15) != SQLITE_NULL) {
        take_alert(replay, (uint64_t)sqlite3_column_int64(hops, 15), subject.time_ms);
    }
    sw_replay_pass_findings(replay);
    replay->hop_there = sw_replay_step(replay, SW_LOGGED_HOPS);
}

void sw_replay_take_hops(struct sw_replay *replay)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    while (replay->hop_there && !replay->differs && !replay->failed) {
        int64_t cause = sqlite3_column_int64(hops, 2);
        if ((cause != 0 ? cause : sqlite3_column_int64(hops, 0)) != replay->event.id) {
            return;
        }
        take_hop(replay);
    }
}

void sw_replay_take_lost(struct sw_replay *replay)
{
    sqlite3_stmt *events = replay->logged.statements[SW_LOGGED_EVENTS];
    struct sw_rejection number = {
        .source = replay->event.source,
        .sequence = (uint64_t)sqlite3_column_int64(events, SW_LOGGED_EVENT_SEQUENCE)};
    (void)sw_judge_refused(&replay->judge, &number, replay->event.logged_ms);
    replay->judged = 0;
    replay->last_logged_ms = replay->event.logged_ms;
    if (!replay->plain) {
        sw_replay_take_hops(replay);
        sw_replay_check_left(replay);
    }
}

enum sw_status sw_replay_leave(struct sw_replay *replay)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    bool there = !replay->plain && replay->hop_there;
    if (there && sqlite3_column_int64(hops, 0) == replay->event.id &&
        sqlite3_column_int64(hops, 2) == 0) {
        return SW_NOT_FOUND; // it was gone already when the event came, which was judged for itself
    }
    replay->counts.left_again++;
    return SW_STOPPED;
}

/* --- rules over many events --- */

/* The rules of this kind that the log has for the hop on which the cursor stands, in order. */
static uint32_t logged_correlations(struct sw_replay *replay, const struct sw_event *event,
                                    uint32_t *found)
{
    sqlite3_stmt *hops = replay->logged.statements[SW_LOGGED_HOPS];
    sqlite3_stmt *findings = replay->logged.statements[SW_LOGGED_FINDINGS_OF];
    uint32_t count = 0;
    if (!replay->hop_there || event != &replay->judge.event ||
        sqlite3_column_int64(hops, 0) != replay->event.id || sqlite3_column_int64(hops, 2) != 0) {
        return 0;
    }
    (void)sqlite3_bind_int64(findings, 1, sqlite3_column_int64(hops, 17));
    while (count < SW_FINDINGS_MAX && sw_replay_step(replay, SW_LOGGED_FINDINGS_OF)) {
        const char *name = sw_logged_rule_name(&replay->logged, sqlite3_column_int64(findings, 0),
                                               sqlite3_column_int64(findings, 1));
        uint32_t rule = sw_rules_find(&replay->rules, sw_text_from(name));
        if (rule != UINT32_MAX && sw_policy_is_correlation(replay->knowledge.policy, rule)) {
            found[count++] = rule;
        }
    }
    (void)sqlite3_reset(findings);
    return count;
}

static void insert(struct sw_finding *findings, uint32_t count, const struct sw_rule *rule,
                   uint32_t index)
{
    uint32_t at = count;
    for (; at > 0 && findings[at - 1].rule > index; at--) {
        findings[at] = findings[at - 1];
    }
    findings[at] = (struct sw_finding){.rule = index,
                                       .has_verdict = rule->has_verdict,
                                       .verdict = rule->verdict,
                                       .missing = SW_FIELD_COUNT};
}

static bool is_among(const uint32_t *rules, uint32_t count, uint32_t rule)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rules[i] == rule) {
            return true;
        }
    }
    return false;
}

/* Those of the log in place of those that came out; what does not agree is counted. */
static uint32_t replace(struct sw_replay *replay, const uint32_t *logged, uint32_t logged_count,
                        struct sw_finding *findings, uint32_t count, uint32_t capacity)
{
    uint32_t kept = 0;
    uint32_t agreed = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool counts_over = sw_policy_is_correlation(replay->knowledge.policy, findings[i].rule);
        bool agrees = counts_over && is_among(logged, logged_count, findings[i].rule);
        agreed += agrees ? 1 : 0;
        replay->counts.taken_findings += counts_over && !agrees ? 1 : 0;
        if (!counts_over) {
            findings[kept++] = findings[i];
        }
    }
    replay->counts.taken_findings += logged_count - agreed;
    for (uint32_t i = 0; i < logged_count && kept < capacity; i++) {
        insert(findings, kept++, &replay->rules.rules[logged[i]], logged[i]);
    }
    return kept;
}

static uint32_t match(void *context, const struct sw_event *event, bool again,
                      struct sw_finding *findings, uint32_t capacity)
{
    struct sw_replay *replay = context;
    uint32_t logged[SW_FINDINGS_MAX];
    uint32_t found = replay->rules.match(replay->rules.context, event, again, findings, capacity);
    if (replay->counts.gone == 0 || replay->plain || again || found > capacity) {
        return found;
    }
    uint32_t count = logged_correlations(replay, event, logged);
    return replace(replay, logged, count, findings, found, capacity);
}

struct sw_rules sw_replay_rules(struct sw_replay *replay, struct sw_rules rules)
{
    replay->rules = rules;
    for (uint32_t i = 0; i < rules.count; i++) {
        if (sw_policy_is_correlation(replay->knowledge.policy, i)) {
            rules.match = match;
            rules.context = replay;
            return rules;
        }
    }
    return rules;
}

/* --- the count of them --- */

bool sw_replay_reason(struct sw_replay *replay, struct sw_replay_reason *reason)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_REDACTIONS];
    if (!sw_replay_step(replay, SW_LOGGED_REDACTIONS)) {
        (void)sqlite3_reset(statement);
        return false;
    }
    reason->class = sw_replay_column(statement, 0);
    reason->reason = sw_replay_column(statement, 1);
    reason->payloads = (uint64_t)sqlite3_column_int64(statement, 2);
    return true;
}

void sw_replay_compare_gone(struct sw_replay *replay)
{
    struct sw_replay_reason reason;
    uint64_t told = 0;
    while (sw_replay_reason(replay, &reason)) {
        told += reason.payloads;
    }
    if (told != replay->counts.gone) {
        sw_replay_differ_in(replay,
                            "%llu events have no payload, the log tells of %llu that were deleted "
                            "on purpose; `sharewatch verify` says more",
                            (unsigned long long)replay->counts.gone, (unsigned long long)told);
    }
}
