#include "logged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#include "database.h"

#define EVENT_COLUMNS                                                                              \
    "event.id, event.ts_logged, source.name, event.kind, event.digest, event.payload "             \
    "FROM event JOIN source ON source.id = event.source_id "

/* What is NULL is read as 0 or as the empty text. */
static const char *const statements_sql[SW_LOGGED_STATEMENT_COUNT] = {
    [SW_LOGGED_EVENTS] =
        "SELECT id, run_id, ts_logged, source_id, event_id, kind, action, ts_event, ts_recorded, "
        "sequence, synthetic, scrubbed, payload, digest FROM event ORDER BY id",
    [SW_LOGGED_HOPS] = "SELECT event, revision, cause, chain, edge, "
                       "from_node, to_node, data_class, crosses, level, "
                       "verdict, duties, fed_reach, late, ts_event, alert, synthetic, id FROM hop "
                       "ORDER BY id",
    [SW_LOGGED_FINDINGS] = "SELECT hop, policy_id, rule, verdict, "
                           "missing FROM finding ORDER BY hop, policy_id, rule",
    [SW_LOGGED_ALERTS] = "SELECT hop, chain, edge, rule, cite, level, "
                         "verdict, duties, title, sentence, path, ts_event, ts_logged, daily, id, "
                         "synthetic FROM alert ORDER BY id",
    [SW_LOGGED_CHAIN_ROW] = "SELECT event, level, verdict, verdicts, duties, fed_reach, hops, "
                            "first_ms, last_ms, synthetic FROM chain WHERE chain = ?1 AND "
                            "revision = ?2",
    [SW_LOGGED_CHAINS] = "SELECT chain, verdict, verdicts, duties, revision, event, level, "
                         "fed_reach, hops, first_ms, last_ms, synthetic FROM chain",
    [SW_LOGGED_ALERT_COUNTS] = "SELECT alert, hops, last_ms, last_hop FROM alert_count",
    [SW_LOGGED_GAPS] = "SELECT id, first, last, opened_ms, logged_ms, filled FROM gap "
                       "WHERE source_id = ?1 ORDER BY first, filled, id",
    [SW_LOGGED_SOURCES] = "SELECT id, name, highest, contiguous FROM source ORDER BY id",
    [SW_LOGGED_QUARANTINE] =
        "SELECT quarantine.id, reason, position, bytes, length(digest), run.id, "
        "coalesce(run.broker = '(import)', 0) FROM quarantine LEFT JOIN run ON "
        "run.id = quarantine.run_id ORDER BY quarantine.id",
    [SW_LOGGED_LOSSES] = "SELECT what, total FROM loss WHERE run_id = ?1 ORDER BY id",
    [SW_LOGGED_FIND_EVENT] = "SELECT " EVENT_COLUMNS "WHERE event.source_id = "
                             "(SELECT id FROM source WHERE name = ?1) AND event.event_id = ?2 "
                             "AND event.id <= ?3",
    [SW_LOGGED_FIND_ANY_EVENT] =
        "SELECT " EVENT_COLUMNS "WHERE event.source_id IN (SELECT id FROM source) "
        "AND event.event_id = ?2 AND event.id <= ?3 ORDER BY event.id DESC LIMIT 1",
    [SW_LOGGED_EVENT] = "SELECT " EVENT_COLUMNS "WHERE event.id = ?1",
    [SW_LOGGED_FIND_CAUSE] =
        "SELECT " EVENT_COLUMNS "JOIN hop AS judged ON judged.cause = event.id "
        "WHERE judged.event = ?1 AND judged.revision = ?2",
    [SW_LOGGED_NEXT_REVISION] = "SELECT coalesce(max(revision), 0) + 1 FROM hop WHERE event = ?1 "
                                "AND coalesce(cause, event) < ?2",
    [SW_LOGGED_CHAIN_BEFORE] = "SELECT " SW_CHAIN_COLUMNS " FROM chain WHERE chain = ?1 AND "
                               "event <= ?2 ORDER BY revision DESC LIMIT 1",
    [SW_LOGGED_RUN] =
        "SELECT map_id, policy_id, started_ms, coalesce(ended_ms, 0), coalesce((SELECT value FROM "
        "setting WHERE run_id = run.id AND name = 'state_mib'), 0), ended_ms IS NOT NULL AND "
        "broker NOT LIKE '(%' FROM run WHERE id = ?1",
    [SW_LOGGED_FINDINGS_OF] = "SELECT policy_id, rule FROM finding WHERE hop = ?1 "
                              "ORDER BY policy_id, rule",
    [SW_LOGGED_REDACTIONS] = "SELECT class, reason, sum(payloads) FROM redaction "
                             "WHERE payloads > 0 GROUP BY class, reason ORDER BY min(id)",
    [SW_LOGGED_GONE_CHAINS] =
        "SELECT chain, chain IN (SELECT chain FROM chain) FROM hop WHERE event <= ?1 AND event IN "
        "(SELECT id FROM event WHERE payload = '') GROUP BY chain",
};

/* Logs that an older sharewatch began lack tables, of which they had nothing to tell: empty ones
 * that only this reader sees stand in for them. */
static const struct {
    const char *name;
    const char *make;
} later_tables[] = {
    {"redaction", "CREATE TEMP TABLE redaction (id, class, reason, payloads)"},
    {"setting", "CREATE TEMP TABLE setting (run_id, name, value)"},
};

/* The log is read from end to end: mapped, it is not copied. */
static const char settings[] =
    "PRAGMA mmap_size = 1099511627776; PRAGMA cache_size = -16384; BEGIN";

static enum sw_status fail(struct sw_logged *logged)
{
    const char *path = sqlite3_db_filename(logged->reader.database, "main");
    sw_database_explain(logged->reader.database, path != NULL ? path : "", "reading",
                        logged->reader.sentence);
    return SW_DATABASE;
}

/* --- opening --- */

static bool load_rules(struct sw_logged *logged)
{
    sqlite3_stmt *statement = NULL;
    int64_t count = sw_database_number(logged->reader.database, "SELECT count(*) FROM rule", -1);
    if (count < 0 || count > UINT32_MAX / 2 ||
        sqlite3_prepare_v2(logged->reader.database,
                           "SELECT policy_id, rule, name FROM rule ORDER BY policy_id, rule", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    logged->rules = calloc((size_t)count + 1, sizeof(logged->rules[0]));
    while (logged->rules != NULL && logged->rule_count < (uint32_t)count &&
           sqlite3_step(statement) == SQLITE_ROW) {
        struct sw_logged_rule *rule = &logged->rules[logged->rule_count++];
        rule->policy_id = sqlite3_column_int64(statement, 0);
        rule->rule = (uint32_t)sqlite3_column_int64(statement, 1);
        sw_database_copy(statement, 2, rule->name, sizeof(rule->name));
    }
    return sqlite3_finalize(statement) == SQLITE_OK && logged->rules != NULL;
}

static void read_source(sqlite3_stmt *statement, struct sw_logged_source *source)
{
    struct sw_text agency = {0};
    struct sw_text name = {(const char *)sqlite3_column_text(statement, 1),
                           (uint32_t)sqlite3_column_bytes(statement, 1)};
    source->id = sqlite3_column_int64(statement, 0);
    source->length = name.length < sizeof(source->name) ? name.length : sizeof(source->name);
    if (source->length > 0) {
        memcpy(source->name, name.bytes, source->length);
    }
    name = (struct sw_text){source->name, source->length};
    if (sw_wire_parse_source(name, &agency) == SW_OK) {
        source->agency_first = (uint32_t)(agency.bytes - source->name);
        source->agency_length = agency.length;
    }
}

static bool load_sources(struct sw_logged *logged)
{
    sqlite3_stmt *statement = NULL;
    int64_t count = sw_database_number(logged->reader.database, "SELECT count(*) FROM source", -1);
    if (count < 0 || count > UINT32_MAX / 2 ||
        sqlite3_prepare_v2(logged->reader.database, "SELECT id, name FROM source ORDER BY id", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    logged->sources = calloc((size_t)count + 1, sizeof(logged->sources[0]));
    while (logged->sources != NULL && logged->source_count < (uint32_t)count &&
           sqlite3_step(statement) == SQLITE_ROW) {
        read_source(statement, &logged->sources[logged->source_count++]);
    }
    return sqlite3_finalize(statement) == SQLITE_OK && logged->sources != NULL;
}

static bool stand_in(struct sw_logged *logged)
{
    sqlite3 *database = logged->reader.database;
    bool done = sqlite3_exec(database, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL) == SQLITE_OK;
    for (size_t i = 0; done && i < sizeof(later_tables) / sizeof(later_tables[0]); i++) {
        char sql[96];
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM sqlite_schema WHERE name = '%s'",
                       later_tables[i].name);
        done = sw_database_number(database, sql, -1) == 1 ||
               sqlite3_exec(database, later_tables[i].make, NULL, NULL, NULL) == SQLITE_OK;
    }
    return done;
}

enum sw_status sw_logged_open(struct sw_logged *logged, const char *path)
{
    *logged = (struct sw_logged){0};
    enum sw_status status = sw_log_reader_open(&logged->reader, path);
    if (status != SW_OK) {
        return status;
    }
    bool done = stand_in(logged) &&
                sqlite3_exec(logged->reader.database, settings, NULL, NULL, NULL) == SQLITE_OK &&
                load_rules(logged) && load_sources(logged);
    for (int i = 0; done && i < SW_LOGGED_STATEMENT_COUNT; i++) {
        done = sqlite3_prepare_v3(logged->reader.database, statements_sql[i], -1,
                                  SQLITE_PREPARE_PERSISTENT, &logged->statements[i],
                                  NULL) == SQLITE_OK;
    }
    if (!done) {
        (void)fail(logged);
        sw_logged_close(logged);
        return SW_DATABASE;
    }
    return SW_OK;
}

void sw_logged_close(struct sw_logged *logged)
{
    for (int i = 0; i < SW_LOGGED_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(logged->statements[i]);
        logged->statements[i] = NULL;
    }
    free(logged->rules);
    free(logged->sources);
    logged->rules = NULL;
    logged->sources = NULL;
    sw_log_reader_close(&logged->reader);
}

/* --- events --- */

static struct sw_text text_of(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_text(statement, column);
    return (struct sw_text){bytes, (uint32_t)sqlite3_column_bytes(statement, column)};
}

static void copy_digest(sqlite3_stmt *statement, int column, uint8_t digest[32])
{
    const void *bytes = sqlite3_column_blob(statement, column);
    if (bytes != NULL && sqlite3_column_bytes(statement, column) == 32) {
        memcpy(digest, bytes, 32);
    }
}

/* The source in row @id; mostly the same as before. NULL: the log has none. */
static const struct sw_logged_source *source_of(struct sw_logged *logged, int64_t id)
{
    uint32_t first = 0;
    uint32_t end = logged->source_count;
    if (end > 0 && logged->sources[logged->source_last].id == id) {
        return &logged->sources[logged->source_last];
    }
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (logged->sources[middle].id == id) {
            logged->source_last = middle;
            return &logged->sources[middle];
        }
        first = logged->sources[middle].id < id ? middle + 1 : first;
        end = logged->sources[middle].id < id ? end : middle;
    }
    return NULL;
}

enum sw_status sw_logged_next_event(struct sw_logged *logged, struct sw_logged_event *event)
{
    sqlite3_stmt *statement = logged->statements[SW_LOGGED_EVENTS];
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        return code == SQLITE_DONE ? SW_EMPTY : fail(logged);
    }
    const struct sw_logged_source *source =
        source_of(logged, sqlite3_column_int64(statement, SW_LOGGED_EVENT_SOURCE));
    event->id = sqlite3_column_int64(statement, SW_LOGGED_EVENT_ROW);
    event->run_id = sqlite3_column_int64(statement, SW_LOGGED_EVENT_RUN);
    event->logged_ms = sqlite3_column_int64(statement, SW_LOGGED_EVENT_LOGGED);
    event->source =
        source != NULL ? (struct sw_text){source->name, source->length} : (struct sw_text){0};
    event->event_id = text_of(statement, SW_LOGGED_EVENT_ID);
    event->kind = text_of(statement, SW_LOGGED_EVENT_KIND);
    event->payload = text_of(statement, SW_LOGGED_EVENT_PAYLOAD);
    event->scrubbed = sqlite3_column_int(statement, SW_LOGGED_EVENT_SCRUBBED) != 0;
    copy_digest(statement, SW_LOGGED_EVENT_DIGEST, event->digest);
    return SW_OK;
}

/* An event that was accepted has bytes. */
bool sw_logged_is_gone(const struct sw_logged_event *event)
{
    return event->payload.length == 0;
}

/* Appends what fits; a topic that does not is refused by the decoder. */
static void append(struct sw_logged *logged, uint32_t *length, const char *bytes, uint32_t count)
{
    if (count > 0 && count <= sizeof(logged->topic) - *length) {
        memcpy(logged->topic + *length, bytes, count);
        *length += count;
    }
}

struct sw_text sw_logged_topic(struct sw_logged *logged, const struct sw_logged_event *event)
{
    static const char prefix[] = "sharewatch/v1/event/";
    const struct sw_logged_source *source =
        logged->source_count > 0 ? &logged->sources[logged->source_last] : NULL;
    uint32_t length = 0;
    if (source == NULL || source->name != event->source.bytes || source->agency_length == 0) {
        return (struct sw_text){0};
    }
    append(logged, &length, prefix, sizeof(prefix) - 1);
    append(logged, &length, source->name + source->agency_first, source->agency_length);
    append(logged, &length, "/", 1);
    append(logged, &length, event->kind.bytes, event->kind.length);
    return (struct sw_text){logged->topic, length};
}

void sw_logged_rewind(struct sw_logged *logged)
{
    for (int i = 0; i < SW_LOGGED_STATEMENT_COUNT; i++) {
        (void)sqlite3_reset(logged->statements[i]);
    }
}

/* Steps @which, whose parameters are bound, to the one event that it finds. */
static enum sw_status step_to_event(struct sw_logged *logged, enum sw_logged_statement which,
                                    struct sw_log_event *found, char *payload)
{
    sqlite3_stmt *statement = logged->statements[which];
    enum sw_status status = SW_NOT_FOUND;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        char kind[32];
        struct sw_text text = text_of(statement, 5);
        found->id = sqlite3_column_int64(statement, 0);
        found->logged_ms = sqlite3_column_int64(statement, 1);
        sw_database_copy(statement, 2, found->source, sizeof(found->source));
        sw_database_copy(statement, 3, kind, sizeof(kind));
        found->kind = sw_kind_find(sw_text_from(kind));
        copy_digest(statement, 4, found->digest);
        found->payload_length =
            text.length < SW_PACKET_BYTES_MAX ? text.length : SW_PACKET_BYTES_MAX;
        if (found->payload_length > 0) {
            memcpy(payload, text.bytes, found->payload_length);
        }
        status = SW_OK;
    } else if (code != SQLITE_DONE) {
        status = fail(logged);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum sw_status sw_logged_find_event(struct sw_logged *logged, struct sw_text source,
                                    struct sw_text event_id, int64_t until,
                                    struct sw_log_event *found, char *payload)
{
    enum sw_status status = SW_NOT_FOUND;
    *found = (struct sw_log_event){0};
    for (int which = SW_LOGGED_FIND_EVENT;
         status == SW_NOT_FOUND && which <= SW_LOGGED_FIND_ANY_EVENT; which++) {
        sqlite3_stmt *statement = logged->statements[which];
        (void)sw_database_bind(statement, 1, source);
        (void)sw_database_bind(statement, 2, event_id);
        (void)sqlite3_bind_int64(statement, 3, until);
        status = step_to_event(logged, (enum sw_logged_statement)which, found, payload);
    }
    return status;
}

enum sw_status sw_logged_event(struct sw_logged *logged, int64_t row, struct sw_log_event *found,
                               char *payload)
{
    *found = (struct sw_log_event){0};
    (void)sqlite3_bind_int64(logged->statements[SW_LOGGED_EVENT], 1, row);
    return step_to_event(logged, SW_LOGGED_EVENT, found, payload);
}

enum sw_status sw_logged_find_cause(struct sw_logged *logged, int64_t row, uint32_t revision,
                                    struct sw_log_event *found, char *payload)
{
    *found = (struct sw_log_event){0};
    (void)sqlite3_bind_int64(logged->statements[SW_LOGGED_FIND_CAUSE], 1, row);
    (void)sqlite3_bind_int64(logged->statements[SW_LOGGED_FIND_CAUSE], 2, revision);
    return step_to_event(logged, SW_LOGGED_FIND_CAUSE, found, payload);
}

uint32_t sw_logged_next_revision(struct sw_logged *logged, int64_t row, int64_t before)
{
    sqlite3_stmt *statement = logged->statements[SW_LOGGED_NEXT_REVISION];
    (void)sqlite3_bind_int64(statement, 1, row);
    (void)sqlite3_bind_int64(statement, 2, before);
    uint32_t revision =
        sqlite3_step(statement) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(statement, 0) : 1;
    (void)sqlite3_reset(statement);
    return revision;
}

/* --- what it was judged by --- */

enum sw_status sw_logged_run(struct sw_logged *logged, int64_t run_id, struct sw_logged_run *run)
{
    sqlite3_stmt *statement = logged->statements[SW_LOGGED_RUN];
    enum sw_status status = SW_NOT_FOUND;
    (void)sqlite3_bind_int64(statement, 1, run_id);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *run = (struct sw_logged_run){.map_id = sqlite3_column_int64(statement, 0),
                                      .policy_id = sqlite3_column_int64(statement, 1),
                                      .started_ms = sqlite3_column_int64(statement, 2),
                                      .ended_ms = sqlite3_column_int64(statement, 3),
                                      .state_mib = (uint32_t)sqlite3_column_int64(statement, 4)};
        run->tells_losses = run->state_mib > 0 && sqlite3_column_int(statement, 5) != 0;
        status = SW_OK;
    }
    (void)sqlite3_reset(statement);
    return status;
}

int64_t sw_logged_last_run(struct sw_logged *logged)
{
    return sw_database_number(logged->reader.database, "SELECT max(id) FROM run", 0);
}

/* The content of a row of @table, to be freed; NULL when there is none. */
static char *read_content(struct sw_logged *logged, const char *table, int64_t id)
{
    sqlite3_stmt *statement = NULL;
    char sql[96];
    char *content = NULL;
    (void)snprintf(sql, sizeof(sql), "SELECT content FROM %s WHERE id = ?1", table);
    if (sqlite3_prepare_v2(logged->reader.database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 1, id) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        struct sw_text found = text_of(statement, 0);
        content = calloc(1, (size_t)found.length + 1);
        if (content != NULL && found.length > 0) {
            memcpy(content, found.bytes, found.length);
        }
    }
    (void)sqlite3_finalize(statement);
    return content;
}

static bool load_map(struct sw_logged *logged, int64_t map_id, const char *verb, const char *map,
                     struct sw_knowledge *knowledge)
{
    if (map != NULL) {
        return sw_knowledge_load_map(knowledge, verb, map);
    }
    char *content = read_content(logged, "map", map_id);
    bool done = sw_knowledge_parse_map(knowledge, verb, sw_text_from(content));
    free(content);
    return done;
}

static bool load_policy(struct sw_logged *logged, int64_t policy_id, const char *verb,
                        const char *policy, struct sw_knowledge *knowledge)
{
    if (policy != NULL) {
        return sw_knowledge_load_policy(knowledge, verb, policy);
    }
    char *content = read_content(logged, "policy", policy_id);
    bool done = sw_knowledge_parse_policy(knowledge, verb, sw_text_from(content));
    free(content);
    return done;
}

bool sw_logged_load(struct sw_logged *logged, const struct sw_logged_run *run, const char *verb,
                    const char *map, const char *policy, struct sw_knowledge *knowledge)
{
    knowledge->state_mib = logged->state_mib > 0 ? logged->state_mib : run->state_mib;
    bool done = load_map(logged, run->map_id, verb, map, knowledge) &&
                load_policy(logged, run->policy_id, verb, policy, knowledge) &&
                sw_knowledge_overlay(knowledge);
    if (!done) {
        sw_knowledge_close(knowledge);
    }
    return done;
}

const char *sw_logged_rule_name(const struct sw_logged *logged, int64_t policy_id, int64_t rule)
{
    uint32_t first = 0;
    uint32_t end = logged->rule_count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        const struct sw_logged_rule *found = &logged->rules[middle];
        if (found->policy_id == policy_id && found->rule == rule) {
            return found->name;
        }
        bool after =
            found->policy_id < policy_id || (found->policy_id == policy_id && found->rule < rule);
        first = after ? middle + 1 : first;
        end = after ? end : middle;
    }
    return "?";
}

/* --- what a monitor that starts finds --- */

enum sw_status sw_logged_chain_before(struct sw_logged *logged, struct sw_text key, int64_t until,
                                      struct sw_chain *chain)
{
    sqlite3_stmt *statement = logged->statements[SW_LOGGED_CHAIN_BEFORE];
    enum sw_status status = SW_NOT_FOUND;
    (void)sw_database_bind(statement, 1, key);
    (void)sqlite3_bind_int64(statement, 2, until);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        sw_database_chain(statement, chain);
        status = SW_OK;
    }
    (void)sqlite3_reset(statement);
    return status;
}

static bool restore_chains(struct sw_logged *logged, struct sw_pipeline *pipeline, int64_t before)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(logged->reader.database,
                           "SELECT " SW_CHAIN_COLUMNS
                           " FROM (SELECT *, max(revision) FROM chain WHERE event < ?2 "
                           "GROUP BY chain ORDER BY event DESC LIMIT ?1) ORDER BY event",
                           -1, &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, SW_CHAINS_MAX);
    (void)sqlite3_bind_int64(statement, 2, before);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct sw_chain chain;
        sw_database_chain(statement, &chain);
        sw_pipeline_restore_chain(pipeline, &chain);
    }
    return sqlite3_finalize(statement) == SQLITE_OK;
}

static bool restore_daily(struct sw_logged *logged, struct sw_pipeline *pipeline,
                          int64_t last_alert)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(logged->reader.database,
                           "SELECT * FROM (SELECT id, rule, coalesce(edge, ''), verdict, level, "
                           "ts_event FROM alert WHERE daily = 1 AND rule IS NOT NULL AND id <= ?2 "
                           "ORDER BY id DESC LIMIT ?1) ORDER BY id",
                           -1, &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, SW_DAILY_MAX);
    (void)sqlite3_bind_int64(statement, 2, last_alert);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        sw_pipeline_restore_daily(pipeline, text_of(statement, 1), text_of(statement, 2),
                                  sw_verdict_find(text_of(statement, 3)),
                                  (enum sw_level)sqlite3_column_int(statement, 4),
                                  sqlite3_column_int64(statement, 5) / SW_DAY_MS,
                                  (uint64_t)sqlite3_column_int64(statement, 0));
    }
    return sqlite3_finalize(statement) == SQLITE_OK;
}

enum sw_status sw_logged_restore(struct sw_logged *logged, struct sw_pipeline *pipeline,
                                 int64_t before)
{
    char sql[192];
    if (before <= sw_database_number(logged->reader.database, "SELECT min(id) FROM event", 0)) {
        return SW_OK; // before the first event there is nothing, and looking for it takes long
    }
    /* The hop that an alert tells of may be an older event's, judged again: its cause counts. */
    (void)snprintf(sql, sizeof(sql),
                   "SELECT coalesce(max(alert.id), 0) FROM alert JOIN hop ON hop.id = alert.hop "
                   "WHERE coalesce(hop.cause, hop.event) < %lld",
                   (long long)before);
    int64_t last_alert = sw_database_number(logged->reader.database, sql, -1);
    if (last_alert < 0 || !restore_chains(logged, pipeline, before) ||
        !restore_daily(logged, pipeline, last_alert)) {
        return fail(logged);
    }
    sw_pipeline_restore_alert_id(pipeline, (uint64_t)last_alert);
    return SW_OK;
}
