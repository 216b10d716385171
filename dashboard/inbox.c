/* Set after set, not row after row: a batch of alerts is four statements whatever its size. */
#include "inbox.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/text.h>
#include <sharewatch/time.h>

#include "limits.h"
#include "reviews.h"

#define SQL_BYTES 2048

#define VERDICT_NUMBER                                                                             \
    "CASE a.verdict WHEN 'PROH' THEN 5 WHEN 'REVIEW' THEN 4 WHEN 'DISC' THEN 3"                    \
    " WHEN 'AUTO' THEN 2 WHEN 'FED' THEN 1 ELSE 0 END"
static_assert(SW_VERDICT_PROH == 5 && SW_VERDICT_REVIEW == 4 && SW_VERDICT_DISC == 3 &&
                  SW_VERDICT_AUTO == 2 && SW_VERDICT_FED == 1,
              "the statement above numbers the verdicts as verdict.h does");

/* Each with the batch's bounds: after ?1, up to ?2. */
static const char *const batch_statements[] = {
    "INSERT OR IGNORE INTO grp (rule, edge, verdict, level, daily, words)"
    " SELECT coalesce(a.rule, ''), coalesce(a.edge, ''), " VERDICT_NUMBER ", a.level, a.daily,"
    " a.title || ' ' || a.cite || ' ' || a.path || ' ' || coalesce(a.rule, '') || ' ' ||"
    " coalesce(a.edge, '') FROM log.alert AS a WHERE a.id > ?1 AND a.id <= ?2",
    "INSERT OR IGNORE INTO inbox (alert, grp, state, ts, hops)"
    " SELECT a.id, g.id, 0, a.ts_event, 0 FROM log.alert AS a JOIN grp AS g"
    " ON g.rule = coalesce(a.rule, '') AND g.edge = coalesce(a.edge, '')"
    " AND g.verdict = " VERDICT_NUMBER " AND g.level = a.level AND g.daily = a.daily"
    " WHERE a.id > ?1 AND a.id <= ?2",
    "INSERT INTO grp_state (grp, state, n) SELECT grp, 0, count(*) FROM inbox"
    " WHERE alert > ?1 AND alert <= ?2 GROUP BY grp"
    " ON CONFLICT DO UPDATE SET n = n + excluded.n",
    "INSERT INTO grp_hour (grp, state, hour, n) SELECT grp, 0, ts / 3600000, count(*) FROM inbox"
    " WHERE alert > ?1 AND alert <= ?2 GROUP BY grp, ts / 3600000"
    " ON CONFLICT DO UPDATE SET n = n + excluded.n",
};

static int64_t one_number(struct sw_store *store, const char *sql)
{
    int64_t number = 0;
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement != NULL && sw_store_step(store, statement)) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sw_store_done(store, statement);
    return number;
}

enum sw_status sw_inbox_open(struct sw_inbox *inbox, struct sw_store *store)
{
    *inbox = (struct sw_inbox){.store = store};
    inbox->alert = one_number(store, "SELECT max(alert) FROM inbox");
    inbox->hop = 0;
    if (inbox->alert > store->heads.alert) {
        (void)snprintf(store->problem, sizeof(store->problem),
                       "%s: the reviews know alert %lld, but the log ends at %lld. The log was cut "
                       "or replaced: give --reviews another file.",
                       store->reviews_path, (long long)inbox->alert, (long long)store->heads.alert);
        return SW_DATABASE;
    }
    return SW_OK;
}

static enum sw_status take_batch(struct sw_store *store, int64_t after, int64_t last)
{
    for (size_t i = 0; i < sizeof(batch_statements) / sizeof(batch_statements[0]); i++) {
        sqlite3_stmt *statement = sw_store_prepare(store, batch_statements[i]);
        if (statement == NULL) {
            return SW_DATABASE;
        }
        (void)sqlite3_bind_int64(statement, 1, after);
        (void)sqlite3_bind_int64(statement, 2, last);
        (void)sw_store_step(store, statement);
        if (sw_store_done(store, statement) != SQLITE_OK) {
            return SW_DATABASE;
        }
    }
    return SW_OK;
}

static bool take_alerts(struct sw_inbox *inbox)
{
    struct sw_store *store = inbox->store;
    int64_t last = store->heads.alert;
    if (last - inbox->alert > SW_TAIL_BATCH) {
        last = inbox->alert + SW_TAIL_BATCH;
    }
    if (last <= inbox->alert || sw_store_run(store, "BEGIN IMMEDIATE") != SW_OK) {
        return false;
    }
    enum sw_status status = take_batch(store, inbox->alert, last);
    if (status == SW_OK) {
        status = sw_store_run(store, "COMMIT");
    }
    if (status != SW_OK) {
        (void)sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
        return false;
    }
    inbox->alert = last;
    return last < store->heads.alert;
}

/* The daily alerts to open again: of those that new hops added to, or of all at the first look. */
static const char doubled_sql[] =
    "SELECT i.alert, i.hops, c.hops FROM (SELECT DISTINCT alert FROM log.hop"
    " WHERE id > ?1 AND id <= ?2 AND alert IS NOT NULL) AS h"
    " JOIN inbox AS i ON i.alert = h.alert JOIN log.alert_count AS c ON c.alert = i.alert"
    " WHERE i.state = 2 AND i.hops > 0 AND c.hops >= 2 * i.hops LIMIT 64";
static const char doubled_at_start_sql[] =
    "SELECT i.alert, i.hops, c.hops FROM grp AS g JOIN inbox AS i ON i.grp = g.id AND i.state = 2"
    " JOIN log.alert_count AS c ON c.alert = i.alert"
    " WHERE g.daily = 1 AND i.hops > 0 AND c.hops >= 2 * i.hops LIMIT 64";
static_assert(SW_STATE_ACKNOWLEDGED == 2, "the statements above know the state by number");

static void reopen_doubled(struct sw_inbox *inbox)
{
    struct sw_store *store = inbox->store;
    struct {
        int64_t alert, then, now;
    } found[64];
    uint32_t count = 0;
    int64_t head = store->heads.hop;
    sqlite3_stmt *statement =
        sw_store_prepare(store, inbox->hop == 0 ? doubled_at_start_sql : doubled_sql);
    if (statement == NULL) {
        return;
    }
    if (inbox->hop != 0) {
        (void)sqlite3_bind_int64(statement, 1, inbox->hop);
        (void)sqlite3_bind_int64(statement, 2, head);
    }
    while (count < 64 && sw_store_step(store, statement)) {
        found[count].alert = sqlite3_column_int64(statement, 0);
        found[count].then = sqlite3_column_int64(statement, 1);
        found[count].now = sqlite3_column_int64(statement, 2);
        count++;
    }
    (void)sw_store_done(store, statement);
    for (uint32_t i = 0; i < count; i++) {
        sw_reviews_reopen(store, found[i].alert, found[i].then, found[i].now);
    }
    inbox->hop = count < 64 ? head : inbox->hop;
}

bool sw_inbox_tail(struct sw_inbox *inbox)
{
    bool more = take_alerts(inbox);
    if (!more && inbox->store->reviewable && inbox->hop != inbox->store->heads.hop) {
        reopen_doubled(inbox);
    }
    return more;
}

static enum sw_status bump(struct sw_store *store, const char *sql, const int64_t *values,
                           int value_count)
{
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    for (int i = 0; i < value_count; i++) {
        (void)sqlite3_bind_int64(statement, i + 1, values[i]);
    }
    (void)sw_store_step(store, statement);
    return sw_store_done(store, statement) == SQLITE_OK ? SW_OK : SW_DATABASE;
}

enum sw_status sw_inbox_move(struct sw_store *store, int64_t alert, enum sw_review_state from,
                             enum sw_review_state to)
{
    const int64_t values[] = {alert, (int64_t)from, (int64_t)to};
    static const char *const steps[] = {
        "UPDATE grp_state SET n = n - 1 WHERE state = ?2"
        " AND grp = (SELECT grp FROM inbox WHERE alert = ?1)",
        "UPDATE grp_hour SET n = n - 1 WHERE state = ?2"
        " AND (grp, hour) = (SELECT grp, ts / 3600000 FROM inbox WHERE alert = ?1)",
        "INSERT INTO grp_state (grp, state, n) SELECT grp, ?3, 1 FROM inbox WHERE alert = ?1"
        " ON CONFLICT DO UPDATE SET n = n + 1",
        "INSERT INTO grp_hour (grp, state, hour, n) SELECT grp, ?3, ts / 3600000, 1 FROM inbox"
        " WHERE alert = ?1 ON CONFLICT DO UPDATE SET n = n + 1",
        "UPDATE inbox SET state = ?3, hops = coalesce((SELECT hops FROM log.alert_count"
        " WHERE alert_count.alert = ?1), 0) WHERE alert = ?1",
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (bump(store, steps[i], values, i < 2 ? 2 : 3) != SW_OK) {
            return SW_DATABASE;
        }
    }
    return SW_OK;
}

void sw_sql_append_set(struct sw_buffer *sql, const char *column, uint32_t set)
{
    if (set == 0) {
        return;
    }
    sw_buffer_append_format(sql, " AND %s IN (", column);
    const char *comma = "";
    for (uint32_t bit = 0; bit < 32; bit++) {
        if ((set & (1u << bit)) != 0) {
            sw_buffer_append_format(sql, "%s%u", comma, bit);
            comma = ",";
        }
    }
    sw_buffer_append_string(sql, ")");
}

void sw_sql_append_verdicts(struct sw_buffer *sql, const char *column, uint32_t verdicts)
{
    if (verdicts == 0) {
        return;
    }
    sw_buffer_append_format(sql, " AND %s IN (", column);
    const char *comma = "";
    for (uint32_t verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if ((verdicts & (1u << verdict)) != 0) {
            sw_buffer_append_format(sql, "%s'%s'", comma,
                                    sw_verdict_code((enum sw_verdict)verdict));
            comma = ",";
        }
    }
    sw_buffer_append_string(sql, ")");
}

/* The pattern of LIKE that finds @words as they stand. */
static void like_pattern(const char *words, char pattern[2 * SW_SEARCH_BYTES + 4])
{
    size_t at = 0;
    pattern[at++] = '%';
    for (const char *p = words; *p != '\0'; p++) {
        if (strchr("%_\\", *p) != NULL) {
            pattern[at++] = '\\';
        }
        pattern[at++] = *p;
    }
    pattern[at++] = '%';
    pattern[at] = '\0';
}

void sw_sql_append_group(struct sw_buffer *sql, const struct sw_query *query)
{
    sw_sql_append_set(sql, "g.verdict", query->verdicts);
    sw_sql_append_set(sql, "g.level", query->levels);
    sw_buffer_append_string(sql, query->rule[0] != '\0' ? " AND g.rule = ?11" : "");
    sw_buffer_append_string(sql, query->edge[0] != '\0' ? " AND g.edge = ?12" : "");
    sw_buffer_append_string(sql, query->group != 0 ? " AND g.id = ?13" : "");
    sw_buffer_append_string(sql,
                            query->search[0] != '\0' ? " AND g.words LIKE ?14 ESCAPE '\\'" : "");
}

void sw_sql_bind_group(sqlite3_stmt *statement, const struct sw_query *query)
{
    char pattern[2 * SW_SEARCH_BYTES + 4];
    like_pattern(query->search, pattern);
    (void)sqlite3_bind_text(statement, 11, query->rule, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(statement, 12, query->edge, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(statement, 13, query->group);
    (void)sqlite3_bind_text(statement, 14, pattern, -1, SQLITE_TRANSIENT);
}

static sqlite3_stmt *prepare_groups(struct sw_store *store, const struct sw_query *query)
{
    char text[SQL_BYTES];
    struct sw_buffer sql;
    sw_buffer_init(&sql, text, sizeof(text));
    sw_buffer_append_string(&sql, "SELECT s.grp, s.state, s.n, g.daily FROM grp AS g JOIN"
                                  " grp_state AS s ON s.grp = g.id WHERE s.n > 0");
    sw_sql_append_group(&sql, query);
    sw_buffer_append_format(&sql, " LIMIT %u", SW_GROUPS_MAX);
    SW_ASSERT(!sql.overflowed);
    sqlite3_stmt *statement = sw_store_prepare(store, text);
    if (statement != NULL) {
        sw_sql_bind_group(statement, query);
    }
    return statement;
}

static bool whole_range(const struct sw_store *store, const struct sw_query *query)
{
    return query->from_ms <= store->heads.oldest_ms && query->to_ms > store->heads.newest_ms;
}

/* Of a moment of the log, where roll-ups do not help: a walk through the index of one group. */
static void count_alerts(struct sw_store *store, const struct sw_query *query,
                         struct sw_inbox_group *groups, uint32_t count)
{
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT count(*) FROM inbox WHERE grp = ?1 AND state = ?2 AND alert <= ?3");
    if (statement == NULL) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 3, query->alert_max);
    for (uint32_t i = 0; i < count; i++) {
        (void)sqlite3_bind_int64(statement, 1, groups[i].id);
        (void)sqlite3_bind_int(statement, 2, (int)groups[i].state);
        groups[i].count = sw_store_step(store, statement) ? sqlite3_column_int64(statement, 0) : 0;
        (void)sqlite3_reset(statement);
    }
    (void)sw_store_done(store, statement);
}

static void count_range(struct sw_store *store, const struct sw_query *query,
                        struct sw_inbox_group *groups, uint32_t count)
{
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT sum(n) FROM grp_hour WHERE grp = ?1 AND state = ?2"
                                " AND hour >= ?3 AND hour < ?4");
    if (statement == NULL) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 3, query->from_ms / SW_HOUR_MS);
    (void)sqlite3_bind_int64(statement, 4, query->to_ms / SW_HOUR_MS);
    for (uint32_t i = 0; i < count; i++) {
        (void)sqlite3_bind_int64(statement, 1, groups[i].id);
        (void)sqlite3_bind_int(statement, 2, (int)groups[i].state);
        groups[i].count = sw_store_step(store, statement) ? sqlite3_column_int64(statement, 0) : 0;
        (void)sqlite3_reset(statement);
    }
    (void)sw_store_done(store, statement);
}

uint32_t sw_inbox_groups(struct sw_store *store, const struct sw_query *query,
                         struct sw_inbox_group *groups)
{
    uint32_t count = 0;
    sqlite3_stmt *statement = prepare_groups(store, query);
    while (statement != NULL && count < SW_GROUPS_MAX && sw_store_step(store, statement)) {
        int64_t total = sqlite3_column_int64(statement, 2);
        groups[count++] = (struct sw_inbox_group){
            .id = sqlite3_column_int64(statement, 0),
            .state = (enum sw_review_state)sqlite3_column_int(statement, 1),
            .daily = sqlite3_column_int(statement, 3) != 0,
            .total = total,
            .count = total,
        };
    }
    (void)sw_store_done(store, statement);
    if (query->as_of != 0) {
        count_alerts(store, query, groups, count);
    } else if (!whole_range(store, query)) {
        count_range(store, query, groups, count);
    }
    return count;
}

uint32_t sw_inbox_ids(struct sw_store *store, const struct sw_query *query,
                      const struct sw_inbox_group *group, int64_t *ids, uint32_t capacity)
{
    uint32_t count = 0;
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT alert FROM inbox WHERE grp = ?1 AND state = ?2 AND alert < ?3"
               " AND ts >= ?4 AND ts < ?5 ORDER BY alert DESC LIMIT ?6");
    if (statement == NULL) {
        return 0;
    }
    (void)sqlite3_bind_int64(statement, 1, group->id);
    (void)sqlite3_bind_int(statement, 2, (int)group->state);
    int64_t before = query->before != 0 ? query->before : INT64_MAX;
    if (query->as_of != 0 && query->alert_max < before) {
        before = query->alert_max + 1;
    }
    (void)sqlite3_bind_int64(statement, 3, before);
    (void)sqlite3_bind_int64(statement, 4, query->from_ms);
    (void)sqlite3_bind_int64(statement, 5, query->to_ms);
    (void)sqlite3_bind_int64(statement, 6, capacity);
    while (count < capacity && sw_store_step(store, statement)) {
        ids[count++] = sqlite3_column_int64(statement, 0);
    }
    (void)sw_store_done(store, statement);
    return count;
}
