/*
 * Brings the pipeline's memory back from the log after a restart.
 *
 * Numbers that are missing are not stored as such: they are the gap rows that were not filled, and
 * what is absent among the numbers of the events since a source was last whole.
 */
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "database.h"

#define ALERTS_READ_MAX 262144 // in which today's daily alerts are looked for

#define PREPARE(log, statement, sql)                                                               \
    (sqlite3_prepare_v2((log)->database, sql, -1, &(statement), NULL) == SQLITE_OK)

#define IS_NEWEST                                                                                  \
    "NOT EXISTS (SELECT 1 FROM chain AS newer WHERE newer.chain = older.chain "                    \
    "AND newer.revision > older.revision)"

/* The event from which on there are as many chains as the pipeline has room for. Found by walking
 * back over an index: a year of chains does not fit into memory to be sorted. */
static bool find_first_chain(struct sw_log *log, int64_t *event)
{
    sqlite3_stmt *statement = NULL;
    bool done = PREPARE(log, statement,
                        "SELECT event FROM chain AS older WHERE " IS_NEWEST
                        " ORDER BY event DESC LIMIT 1 OFFSET ?1") &&
                sqlite3_bind_int64(statement, 1, SW_CHAINS_MAX - 1) == SQLITE_OK;
    int code = done ? sqlite3_step(statement) : SQLITE_ERROR;
    *event = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* The newest chains last, so that they are the last to be forgotten. */
static bool restore_chains(struct sw_log *log, struct sw_pipeline *pipeline)
{
    sqlite3_stmt *statement = NULL;
    int64_t first = 0;
    bool done =
        find_first_chain(log, &first) &&
        PREPARE(log, statement,
                "SELECT " SW_CHAIN_COLUMNS " FROM chain AS older WHERE event >= ?1 AND " IS_NEWEST
                " ORDER BY event") &&
        sqlite3_bind_int64(statement, 1, first) == SQLITE_OK;
    int code = SQLITE_ROW;
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct sw_chain chain;
        sw_database_chain(statement, &chain);
        sw_pipeline_restore_chain(pipeline, &chain);
    }
    (void)sqlite3_finalize(statement);
    return done && code == SQLITE_DONE;
}

/* What of the gap @first to @last of @source, row @gap, was not filled later. */
static bool restore_gap(struct sw_log *log, struct sw_pipeline *pipeline, struct sw_text name,
                        int64_t source, int64_t gap, int64_t first, int64_t last, int64_t opened_ms)
{
    sqlite3_stmt *statement = NULL;
    bool done = PREPARE(log, statement,
                        "SELECT first, last FROM gap WHERE source_id = ?1 AND filled = 1 "
                        "AND id > ?2 AND first <= ?4 AND last >= ?3 ORDER BY first");
    int code = SQLITE_ROW;
    (void)sqlite3_bind_int64(statement, 1, source);
    (void)sqlite3_bind_int64(statement, 2, gap);
    (void)sqlite3_bind_int64(statement, 3, first);
    (void)sqlite3_bind_int64(statement, 4, last);
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t filled_first = sqlite3_column_int64(statement, 0);
        if (filled_first > first) {
            sw_pipeline_restore_hole(pipeline, name, (uint64_t)first, (uint64_t)filled_first - 1,
                                     opened_ms, true);
        }
        int64_t after = sqlite3_column_int64(statement, 1) + 1;
        first = after > first ? after : first;
    }
    if (first <= last) {
        sw_pipeline_restore_hole(pipeline, name, (uint64_t)first, (uint64_t)last, opened_ms, true);
    }
    (void)sqlite3_finalize(statement);
    return done && code == SQLITE_DONE;
}

static bool restore_gaps(struct sw_log *log, struct sw_pipeline *pipeline, struct sw_text name,
                         int64_t source)
{
    sqlite3_stmt *statement = NULL;
    bool done = PREPARE(log, statement,
                        "SELECT id, first, last, opened_ms FROM gap WHERE source_id = ?1 "
                        "AND filled = 0 ORDER BY first");
    int code = SQLITE_ROW;
    (void)sqlite3_bind_int64(statement, 1, source);
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        done = restore_gap(log, pipeline, name, source, sqlite3_column_int64(statement, 0),
                           sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2),
                           sqlite3_column_int64(statement, 3));
    }
    (void)sqlite3_finalize(statement);
    return done && code == SQLITE_DONE;
}

/* Holes that are not told of yet. Numbers in unfilled gap rows count as seen here. */
static bool restore_holes(struct sw_log *log, struct sw_pipeline *pipeline, struct sw_text name,
                          int64_t source, int64_t contiguous, int64_t whole)
{
    sqlite3_stmt *statement = NULL;
    bool done = PREPARE(log, statement,
                        "SELECT sequence AS first, sequence AS last, ts_logged FROM event "
                        "WHERE id > ?2 AND source_id = ?1 AND sequence > ?3 "
                        "UNION ALL SELECT first, last, opened_ms FROM gap "
                        "WHERE source_id = ?1 AND filled = 0 AND last > ?3 ORDER BY 1");
    int code = SQLITE_ROW;
    int64_t expected = contiguous + 1;
    (void)sqlite3_bind_int64(statement, 1, source);
    (void)sqlite3_bind_int64(statement, 2, whole);
    (void)sqlite3_bind_int64(statement, 3, contiguous);
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t first = sqlite3_column_int64(statement, 0);
        int64_t last = sqlite3_column_int64(statement, 1);
        if (first > expected) {
            sw_pipeline_restore_hole(pipeline, name, (uint64_t)expected, (uint64_t)first - 1,
                                     sqlite3_column_int64(statement, 2), false);
        }
        expected = last >= expected ? last + 1 : expected;
    }
    (void)sqlite3_finalize(statement);
    return done && code == SQLITE_DONE;
}

static bool restore_sources(struct sw_log *log, struct sw_pipeline *pipeline)
{
    sqlite3_stmt *statement = NULL;
    char bytes[SW_SOURCE_BYTES_MAX + 1];
    bool done = PREPARE(
        log, statement,
        "SELECT id, name, highest, contiguous, whole FROM source WHERE highest > 0 ORDER BY id");
    int code = SQLITE_ROW;
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        int64_t highest = sqlite3_column_int64(statement, 2);
        int64_t contiguous = sqlite3_column_int64(statement, 3);
        sw_database_copy(statement, 1, bytes, sizeof(bytes));
        struct sw_text name = sw_text_from(bytes);
        sw_pipeline_restore_source(pipeline, name, (uint64_t)highest);
        done = restore_gaps(log, pipeline, name, id) &&
               (contiguous == highest || restore_holes(log, pipeline, name, id, contiguous,
                                                       sqlite3_column_int64(statement, 4)));
    }
    (void)sqlite3_finalize(statement);
    return done && code == SQLITE_DONE;
}

static bool restore_daily(struct sw_log *log, struct sw_pipeline *pipeline)
{
    sqlite3_stmt *statement = NULL;
    bool done = PREPARE(log, statement,
                        "SELECT * FROM (SELECT id, rule, coalesce(edge, ''), verdict, level, "
                        "ts_event FROM alert WHERE daily = 1 AND rule IS NOT NULL AND id > ?2 "
                        "ORDER BY id DESC LIMIT ?1) ORDER BY id") &&
                sqlite3_bind_int64(statement, 1, SW_DAILY_MAX) == SQLITE_OK &&
                sqlite3_bind_int64(statement, 2, log->alert_id - ALERTS_READ_MAX) == SQLITE_OK;
    int code = SQLITE_ROW;
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        char rule[128];
        char edge[128];
        char verdict[16];
        sw_database_copy(statement, 1, rule, sizeof(rule));
        sw_database_copy(statement, 2, edge, sizeof(edge));
        sw_database_copy(statement, 3, verdict, sizeof(verdict));
        sw_pipeline_restore_daily(pipeline, sw_text_from(rule), sw_text_from(edge),
                                  sw_verdict_find(sw_text_from(verdict)),
                                  (enum sw_level)sqlite3_column_int(statement, 4),
                                  sqlite3_column_int64(statement, 5) / SW_DAY_MS,
                                  (uint64_t)sqlite3_column_int64(statement, 0));
    }
    (void)sqlite3_finalize(statement);
    return done && code == SQLITE_DONE;
}

enum sw_status sw_log_restore(struct sw_log *log, struct sw_pipeline *pipeline,
                              struct sw_log_spool *spool)
{
    SW_ASSERT(log->map != NULL);
    if (!restore_chains(log, pipeline) || !restore_sources(log, pipeline) ||
        !restore_daily(log, pipeline)) {
        sw_database_explain(log->database, log->path, "restoring what was known", log->sentence);
        log->failed = true;
        return SW_DATABASE;
    }
    sw_pipeline_restore_alert_id(pipeline, (uint64_t)log->alert_id);
    spool->file = sw_database_number(log->database, "SELECT file FROM spool", 0);
    spool->position = sw_database_number(log->database, "SELECT position FROM spool", 0);
    spool->told = sw_database_number(log->database, "SELECT told FROM spool", log->alert_id);
    return SW_OK;
}
