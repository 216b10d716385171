/* Reading: each call is a read transaction of its own, so that no reader stops a checkpoint. */
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "database.h"
#include "writer.h"

#define NO_LOG_YET "there is no log at %s yet"

#define NEWEST_HOP                                                                                 \
    "hop.revision = (SELECT max(revision) FROM hop AS newer WHERE newer.event = hop.event)"

static const char alert_after_sql[] =
    "SELECT " SW_ALERT_COLUMNS "WHERE alert.id > ?1 ORDER BY alert.id LIMIT 1";

static const char hop_of_sql[] =
    "SELECT event.id, hop.id, hop.revision, hop.level, hop.verdict, hop.duties, hop.fed_reach, "
    "hop.late, coalesce(hop.edge, ''), hop.chain, "
    "(SELECT group_concat(rule.name) FROM finding JOIN rule USING (policy_id, rule) "
    "WHERE finding.hop = hop.id), "
    "(SELECT group_concat(verdict) FROM finding WHERE finding.hop = hop.id), "
    "(SELECT max(alert) FROM hop AS any WHERE any.event = event.id) "
    "FROM event LEFT JOIN hop ON hop.event = event.id "
    "WHERE event.source_id = (SELECT id FROM source WHERE name = ?1) AND event.event_id = ?2 "
    "ORDER BY hop.revision DESC LIMIT 1";

static const char chain_of_sql[] =
    "SELECT revision, level, verdict, verdicts, duties, hops, first_ms, last_ms, fed_reach "
    "FROM chain WHERE chain = ?1 ORDER BY revision DESC LIMIT 1";

static enum sw_status fail(struct sw_log_reader *reader, const char *path, const char *doing)
{
    sw_database_explain(reader->database, path, doing, reader->sentence);
    return SW_DATABASE;
}

static enum sw_status failed_reading(struct sw_log_reader *reader)
{
    const char *path = sqlite3_db_filename(reader->database, "main");
    return fail(reader, path != NULL ? path : "", "reading");
}

/* The number of the schema that the reader's statements are written for. */
static enum sw_status check_version(struct sw_log_reader *reader, const char *path)
{
    enum sw_status status = sw_database_identify(reader->database, path, reader->sentence);
    int64_t version = sw_database_number(reader->database, "PRAGMA user_version", -1);
    if (status == SW_EMPTY) {
        (void)snprintf(reader->sentence, sizeof(reader->sentence), NO_LOG_YET, path);
        return SW_NOT_FOUND;
    }
    if (status == SW_OK && (version < SW_LOG_VERSION_OLDEST || version > SW_LOG_VERSION)) {
        (void)snprintf(reader->sentence, sizeof(reader->sentence),
                       "log %s has version %lld of the schema, this sharewatch reads %d to %d; use "
                       "the sharewatch that wrote it",
                       path, (long long)version, SW_LOG_VERSION_OLDEST, SW_LOG_VERSION);
        return SW_DATABASE;
    }
    return status;
}

static enum sw_status open_database(struct sw_log_reader *reader, const char *path)
{
    enum sw_status status = sw_database_inspect(path, reader->sentence);
    if (status != SW_OK) {
        if (status == SW_NOT_FOUND) {
            (void)snprintf(reader->sentence, sizeof(reader->sentence), NO_LOG_YET, path);
        }
        return status;
    }
    if (sqlite3_open_v2(path, &reader->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        return fail(reader, path, "opening");
    }
    (void)sqlite3_busy_timeout(reader->database, SW_BUSY_TIMEOUT_MS);
    status = check_version(reader, path);
    if (status != SW_OK) {
        return status;
    }
    bool prepared =
        sqlite3_prepare_v3(reader->database, alert_after_sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &reader->alert_after, NULL) == SQLITE_OK &&
        sqlite3_prepare_v3(reader->database, hop_of_sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &reader->hop_of, NULL) == SQLITE_OK &&
        sqlite3_prepare_v3(reader->database, chain_of_sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &reader->chain_of, NULL) == SQLITE_OK;
    return prepared ? SW_OK : fail(reader, path, "opening");
}

enum sw_status sw_log_reader_open(struct sw_log_reader *reader, const char *path)
{
    *reader = (struct sw_log_reader){0};
    enum sw_status status = open_database(reader, path);
    if (status != SW_OK) {
        sw_log_reader_close(reader);
    }
    return status;
}

void sw_log_reader_close(struct sw_log_reader *reader)
{
    (void)sqlite3_finalize(reader->alert_after);
    (void)sqlite3_finalize(reader->hop_of);
    (void)sqlite3_finalize(reader->chain_of);
    (void)sqlite3_close(reader->database);
    reader->alert_after = NULL;
    reader->hop_of = NULL;
    reader->chain_of = NULL;
    reader->database = NULL;
}

static enum sw_level column_level(sqlite3_stmt *statement, int column)
{
    int level = sqlite3_column_int(statement, column);
    return level >= 0 && level < SW_LEVEL_COUNT ? (enum sw_level)level : SW_LEVEL_NONE;
}

static enum sw_verdict column_verdict(sqlite3_stmt *statement, int column)
{
    char code[16];
    sw_database_copy(statement, column, code, sizeof(code));
    enum sw_verdict verdict = sw_verdict_find(sw_text_from(code));
    return verdict < SW_VERDICT_COUNT ? verdict : SW_VERDICT_NONE;
}

static uint32_t column_duties(sqlite3_stmt *statement, int column)
{
    char names[SW_DUTIES_TEXT_BYTES];
    sw_database_copy(statement, column, names, sizeof(names));
    return sw_database_duties(names);
}

/* The bits of the codes in the column, joined by commas: "AUTO,FED". */
static uint32_t column_verdicts(sqlite3_stmt *statement, int column)
{
    char codes[512];
    uint32_t verdicts = 0;
    sw_database_copy(statement, column, codes, sizeof(codes));
    for (const char *at = codes; *at != '\0';) {
        size_t length = strcspn(at, ",");
        enum sw_verdict verdict =
            sw_verdict_find((struct sw_text){.bytes = at, .length = (uint32_t)length});
        verdicts |= verdict < SW_VERDICT_COUNT ? 1U << verdict : 0;
        at += length + (at[length] == ',' ? 1 : 0);
    }
    return verdicts;
}

static void read_alert(sqlite3_stmt *statement, struct sw_log_alert *alert)
{
    alert->id = sqlite3_column_int64(statement, 0);
    alert->time_ms = sqlite3_column_int64(statement, 1);
    alert->logged_ms = sqlite3_column_int64(statement, 2);
    alert->level = column_level(statement, 3);
    alert->verdict = column_verdict(statement, 4);
    alert->duties = column_duties(statement, 5);
    alert->daily = sqlite3_column_int(statement, 6) != 0;
    alert->hops = (uint64_t)sqlite3_column_int64(statement, 7);
    alert->synthetic = sqlite3_column_int(statement, 8) != 0;
    sw_database_copy(statement, 9, alert->chain, sizeof(alert->chain));
    sw_database_copy(statement, 10, alert->edge, sizeof(alert->edge));
    sw_database_copy(statement, 11, alert->rule, sizeof(alert->rule));
    sw_database_copy(statement, 12, alert->cite, sizeof(alert->cite));
    sw_database_copy(statement, 13, alert->title, sizeof(alert->title));
    sw_database_copy(statement, 14, alert->sentence, sizeof(alert->sentence));
    sw_database_copy(statement, 15, alert->path, sizeof(alert->path));
}

enum sw_status sw_log_alert_after(struct sw_log_reader *reader, int64_t id,
                                  struct sw_log_alert *alert)
{
    sqlite3_stmt *statement = reader->alert_after;
    (void)sqlite3_bind_int64(statement, 1, id);
    int code = sqlite3_step(statement);
    enum sw_status status = code == SQLITE_DONE ? SW_EMPTY : SW_OK;
    if (code == SQLITE_ROW) {
        read_alert(statement, alert);
    } else if (code != SQLITE_DONE) {
        status = failed_reading(reader);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum sw_status sw_log_find_alert(struct sw_log *log, int64_t id, struct sw_log_alert *alert)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_ALERT_FIND];
    (void)sqlite3_bind_int64(statement, 1, id);
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        read_alert(statement, alert);
    } else if (code != SQLITE_DONE) {
        sw_writer_fail(log);
    }
    (void)sqlite3_reset(statement);
    return code == SQLITE_ROW ? SW_OK : code == SQLITE_DONE ? SW_NOT_FOUND : SW_DATABASE;
}

static void read_hop(sqlite3_stmt *statement, struct sw_log_hop *hop)
{
    *hop = (struct sw_log_hop){.event_id = sqlite3_column_int64(statement, 0)};
    hop->has_hop = sqlite3_column_type(statement, 1) != SQLITE_NULL;
    if (!hop->has_hop) {
        return;
    }
    hop->revision = (uint32_t)sqlite3_column_int64(statement, 2);
    hop->level = column_level(statement, 3);
    hop->verdict = column_verdict(statement, 4);
    hop->duties = column_duties(statement, 5);
    hop->fed_reach = sqlite3_column_int(statement, 6) != 0;
    hop->late = sqlite3_column_int(statement, 7) != 0;
    sw_database_copy(statement, 8, hop->edge, sizeof(hop->edge));
    sw_database_copy(statement, 9, hop->chain, sizeof(hop->chain));
    sw_database_copy(statement, 10, hop->rules, sizeof(hop->rules));
    hop->verdicts = column_verdicts(statement, 11);
    hop->alert_id = sqlite3_column_int64(statement, 12);
}

enum sw_status sw_log_hop_of(struct sw_log_reader *reader, struct sw_text source,
                             struct sw_text event_id, struct sw_log_hop *hop)
{
    sqlite3_stmt *statement = reader->hop_of;
    (void)sw_database_bind(statement, 1, source);
    (void)sw_database_bind(statement, 2, event_id);
    int code = sqlite3_step(statement);
    enum sw_status status = code == SQLITE_DONE ? SW_NOT_FOUND : SW_OK;
    if (code == SQLITE_ROW) {
        read_hop(statement, hop);
    } else if (code != SQLITE_DONE) {
        status = failed_reading(reader);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum sw_status sw_log_chain_of(struct sw_log_reader *reader, struct sw_text key,
                               struct sw_chain *chain)
{
    sqlite3_stmt *statement = reader->chain_of;
    struct sw_buffer name;
    *chain = (struct sw_chain){0};
    sw_buffer_init(&name, chain->key, sizeof(chain->key));
    sw_buffer_append(&name, key);
    (void)sw_database_bind(statement, 1, key);
    int code = sqlite3_step(statement);
    enum sw_status status = code == SQLITE_DONE ? SW_NOT_FOUND : SW_OK;
    if (code == SQLITE_ROW) {
        chain->revision = (uint32_t)sqlite3_column_int64(statement, 0);
        chain->level = column_level(statement, 1);
        chain->verdict = column_verdict(statement, 2);
        chain->verdicts = column_verdicts(statement, 3);
        chain->duties = column_duties(statement, 4);
        chain->hops = (uint32_t)sqlite3_column_int64(statement, 5);
        chain->first_ms = sqlite3_column_int64(statement, 6);
        chain->last_ms = sqlite3_column_int64(statement, 7);
        chain->fed_reach = sqlite3_column_int(statement, 8) != 0;
    } else if (code != SQLITE_DONE) {
        status = failed_reading(reader);
    }
    (void)sqlite3_reset(statement);
    return status;
}

/* Adds up `SELECT code, count(*) …` by verdict or, where the first column is a number, by level. */
static bool count_groups(sqlite3 *database, const char *sql, uint64_t *counts, int count)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            int group = sqlite3_column_type(statement, 0) == SQLITE_INTEGER
                            ? (int)column_level(statement, 0)
                            : (int)column_verdict(statement, 0);
            SW_ASSERT(group < count);
            counts[group] += (uint64_t)sqlite3_column_int64(statement, 1);
        }
    }
    (void)sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

static uint64_t number(sqlite3 *database, const char *sql)
{
    int64_t value = sw_database_number(database, sql, 0);
    return value > 0 ? (uint64_t)value : 0;
}

enum sw_status sw_log_totals(struct sw_log_reader *reader, struct sw_log_totals *totals)
{
    sqlite3 *database = reader->database;
    *totals = (struct sw_log_totals){
        .events = number(database, "SELECT max(id) FROM event"),
        .hops = number(database, "SELECT count(*) FROM hop WHERE revision = 0"),
        .revisions = number(database, "SELECT count(*) FROM hop WHERE revision > 0"),
        .alerts = number(database, "SELECT max(id) FROM alert"),
        .chains = number(database, "SELECT count(DISTINCT chain) FROM chain"),
        .quarantined = number(database, "SELECT count(*) FROM quarantine"),
        .missing = number(database, "SELECT sum((last - first + 1) * iif(filled, -1, 1)) FROM gap"),
        .gaps = number(database, "SELECT count(*) FROM gap WHERE filled = 0"),
        .sources = number(database, "SELECT count(*) FROM source"),
        .first_ms = sw_database_number(database, "SELECT min(ts_event) FROM event", 0),
        .last_ms = sw_database_number(database, "SELECT max(ts_event) FROM event", 0),
    };
    bool done =
        count_groups(database,
                     "SELECT verdict, count(*) FROM hop WHERE " NEWEST_HOP " GROUP BY verdict",
                     totals->hops_by_verdict, SW_VERDICT_COUNT) &&
        count_groups(database, "SELECT verdict, count(*) FROM alert GROUP BY verdict",
                     totals->alerts_by_verdict, SW_VERDICT_COUNT) &&
        count_groups(database, "SELECT level, count(*) FROM chain_now GROUP BY level",
                     totals->chains_by_level, SW_LEVEL_COUNT);
    return done ? SW_OK : failed_reading(reader);
}

enum sw_status sw_log_newest(struct sw_log_reader *reader, int64_t *event_id, int64_t *alert_id)
{
    *event_id = sw_database_number(reader->database, "SELECT max(id) FROM event", 0);
    *alert_id = sw_database_number(reader->database, "SELECT max(id) FROM alert", 0);
    return sqlite3_errcode(reader->database) == SQLITE_OK ||
                   sqlite3_errcode(reader->database) == SQLITE_DONE ||
                   sqlite3_errcode(reader->database) == SQLITE_ROW
               ? SW_OK
               : failed_reading(reader);
}

/* Tables of the seal are not there in logs of the first version. */
static int64_t seal_number(struct sw_log_reader *reader, const char *sql)
{
    int64_t version = sw_database_number(reader->database, "PRAGMA user_version", 0);
    return version > SW_LOG_VERSION_OLDEST ? sw_database_number(reader->database, sql, 0) : 0;
}

enum sw_status sw_log_standing(struct sw_log_reader *reader, struct sw_log_standing *standing)
{
    static const char sql[] = "SELECT policy.name FROM run JOIN policy ON policy.id = run.policy_id"
                              " ORDER BY run.id DESC LIMIT 1";
    sqlite3_stmt *statement = NULL;
    *standing = (struct sw_log_standing){.sealed = 0};
    if (sqlite3_prepare_v2(reader->database, sql, -1, &statement, NULL) != SQLITE_OK) {
        return failed_reading(reader);
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        (void)snprintf(standing->policy, sizeof(standing->policy), "%s",
                       (const char *)sqlite3_column_text(statement, 0));
    }
    if (sqlite3_finalize(statement) != SQLITE_OK) {
        return failed_reading(reader);
    }
    standing->sealed = seal_number(reader, "SELECT max(id) + 1 FROM entry");
    standing->signed_records =
        seal_number(reader, "SELECT size FROM checkpoint ORDER BY id DESC LIMIT 1");
    return SW_OK;
}
