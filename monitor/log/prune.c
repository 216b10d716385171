#include <sharewatch/prune.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "database.h"
#include "seal.h"
#include "writer.h"

#define BATCH 1024 // entries that are looked at, and then changed

#define PLATE_DAYS   INT64_C(60)
#define EVENT_DAYS   INT64_C(365)
#define FINDING_DAYS (5 * INT64_C(365))

/* A hop of the event belongs to a chain whose newest row of `hold` holds it. */
#define IS_HELD                                                                                    \
    "EXISTS (SELECT 1 FROM hop JOIN hold ON hold.chain = hop.chain WHERE (hop.event = event.id "   \
    "OR hop.cause = event.id) AND hold.held = 1 AND hold.id = "                                    \
    "(SELECT max(id) FROM hold AS newer WHERE newer.chain = hold.chain))"
#define IS_FINDING                                                                                 \
    "EXISTS (SELECT 1 FROM hop WHERE hop.event = event.id AND (level > 0 OR verdict <> 'NONE' OR " \
    "alert IS NOT NULL))"

/* One deletion: which entries it takes, and by which question. */
struct prune {
    struct sw_log *log;
    sqlite3_stmt *events; // an event ?1: 1 when its payload goes
    sqlite3_stmt *chains; // a hop ?1: row of its chain in `gone`, and its new number
    sqlite3_stmt *holds;  // the same for a row of `hold`
    sqlite3_stmt *blank;  // the payload of event ?1
    sqlite3_stmt *number; // of chain ?1 in `gone`, ?2
    sqlite3_stmt *cut;    // the salts of entry ?1
    sqlite3_stmt *note;   // entry ?1, redaction ?2, chain ?3
    int64_t redaction;
    uint64_t payloads, keys;
};

struct candidate {
    int64_t entry, row;
    enum sw_entry_kind kind;
};

static bool prepare(struct prune *prune, sqlite3_stmt **statement, const char *sql)
{
    if (!prune->log->failed &&
        sqlite3_prepare_v2(prune->log->database, sql, -1, statement, NULL) != SQLITE_OK) {
        sw_writer_fail(prune->log);
    }
    return !prune->log->failed;
}

/* Runs a statement whose parameters are bound and that gives no rows. */
static void change(struct prune *prune, sqlite3_stmt *statement)
{
    if (!prune->log->failed && sqlite3_step(statement) != SQLITE_DONE) {
        sw_writer_fail(prune->log);
    }
    (void)sqlite3_reset(statement);
}

static bool execute(struct sw_log *log, const char *sql)
{
    if (!log->failed && sqlite3_exec(log->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        sw_writer_fail(log);
    }
    return !log->failed;
}

static void redact_entry(struct prune *prune, int64_t entry, int64_t chain)
{
    (void)sqlite3_bind_int64(prune->cut, 1, entry);
    change(prune, prune->cut);
    (void)sqlite3_bind_int64(prune->note, 1, entry);
    (void)sqlite3_bind_int64(prune->note, 2, prune->redaction);
    if (chain >= 0) {
        (void)sqlite3_bind_int64(prune->note, 3, chain);
    } else {
        (void)sqlite3_bind_null(prune->note, 3);
    }
    change(prune, prune->note);
}

static void look_at_event(struct prune *prune, const struct candidate *candidate)
{
    (void)sqlite3_bind_int64(prune->events, 1, candidate->row);
    int code = sqlite3_step(prune->events);
    (void)sqlite3_reset(prune->events);
    if (code == SQLITE_ROW) {
        (void)sqlite3_bind_int64(prune->blank, 1, candidate->row);
        change(prune, prune->blank);
        redact_entry(prune, candidate->entry, -1);
        prune->payloads++;
    } else if (code != SQLITE_DONE) {
        sw_writer_fail(prune->log);
    }
}

/* A judgement or a hold of a chain that goes; the first entry gives the chain its number. */
static void look_at_chain(struct prune *prune, sqlite3_stmt *find,
                          const struct candidate *candidate)
{
    (void)sqlite3_bind_int64(find, 1, candidate->row);
    int code = sqlite3_step(find);
    int64_t row = code == SQLITE_ROW ? sqlite3_column_int64(find, 0) : 0;
    bool numbered = code == SQLITE_ROW && sqlite3_column_type(find, 1) != SQLITE_NULL;
    int64_t number = numbered ? sqlite3_column_int64(find, 1) : candidate->entry;
    (void)sqlite3_reset(find);
    if (code != SQLITE_ROW) {
        if (code != SQLITE_DONE) {
            sw_writer_fail(prune->log);
        }
        return;
    }
    if (!numbered) {
        (void)sqlite3_bind_int64(prune->number, 1, row);
        (void)sqlite3_bind_int64(prune->number, 2, number);
        change(prune, prune->number);
    }
    redact_entry(prune, candidate->entry, number);
    prune->keys += candidate->kind == SW_ENTRY_JUDGEMENT;
}

/* Reads the next entries that still have both salts. */
static uint32_t read_batch(struct prune *prune, sqlite3_stmt *walk, int64_t *after,
                           struct candidate *batch)
{
    uint32_t count = 0;
    int code = SQLITE_ROW;
    (void)sqlite3_bind_int64(walk, 1, *after);
    while (count < BATCH && (code = sqlite3_step(walk)) == SQLITE_ROW) {
        struct sw_entry entry;
        *after = sqlite3_column_int64(walk, 0);
        if (sw_entry_read(sqlite3_column_blob(walk, 1), (uint32_t)sqlite3_column_bytes(walk, 1),
                          &entry)) {
            batch[count++] = (struct candidate){*after, entry.row, entry.kind};
        }
    }
    (void)sqlite3_reset(walk);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        sw_writer_fail(prune->log);
    }
    return count;
}

static void walk_entries(struct prune *prune)
{
    static struct candidate batch[BATCH];
    sqlite3_stmt *walk = NULL;
    int64_t after = -1;
    uint32_t count = BATCH;
    (void)prepare(prune, &walk,
                  "SELECT id, data FROM entry WHERE id > ?1 AND length(salts) = 64 ORDER BY id");
    while (!prune->log->failed && count == BATCH) {
        count = read_batch(prune, walk, &after, batch);
        for (uint32_t i = 0; i < count && !prune->log->failed; i++) {
            if (batch[i].kind == SW_ENTRY_EVENT && prune->events != NULL) {
                look_at_event(prune, &batch[i]);
            } else if (batch[i].kind == SW_ENTRY_JUDGEMENT && prune->chains != NULL) {
                look_at_chain(prune, prune->chains, &batch[i]);
            } else if (batch[i].kind == SW_ENTRY_HOLD && prune->holds != NULL) {
                look_at_chain(prune, prune->holds, &batch[i]);
            }
        }
    }
    (void)sqlite3_finalize(walk);
}

static void begin(struct prune *prune, struct sw_log *log)
{
    *prune = (struct prune){.log = log};
    prune->redaction = sw_database_number(log->database, "SELECT max(id) FROM redaction", 0) + 1;
    (void)(sw_writer_begin(log) &&
           prepare(prune, &prune->blank,
                   "UPDATE event SET payload = '', digest = x'' WHERE id = ?1") &&
           prepare(prune, &prune->cut,
                   "UPDATE entry SET salts = substr(salts, 1, 32) WHERE id = ?1") &&
           prepare(prune, &prune->note, "INSERT INTO redacted VALUES (?1, ?2, ?3)"));
}

/* Adds the row that tells of what was deleted; it is there before, for `redacted` refers to it. */
static void add_redaction(struct prune *prune, const char *class, const char *reason,
                          int64_t now_ms)
{
    sqlite3_stmt *statement = NULL;
    if (prepare(prune, &statement, "INSERT INTO redaction VALUES (?1, ?2, ?3, ?4, 0, 0)")) {
        (void)sqlite3_bind_int64(statement, 1, prune->redaction);
        (void)sqlite3_bind_int64(statement, 2, now_ms);
        (void)sw_database_bind(statement, 3, sw_text_from(class));
        (void)sw_database_bind(statement, 4, sw_text_from(reason));
        change(prune, statement);
    }
    (void)sqlite3_finalize(statement);
}

/* Seals the row, or takes it back when nothing was deleted. */
static void end(struct prune *prune, int64_t now_ms)
{
    char sql[192];
    bool any = prune->payloads + prune->keys > 0;
    (void)snprintf(
        sql, sizeof(sql),
        any ? "UPDATE redaction SET payloads = %" PRIu64 ", keys = %" PRIu64 " WHERE id = %" PRId64
            : "DELETE FROM redaction WHERE %" PRIu64 " + %" PRIu64 " = 0 AND id = %" PRId64,
        prune->payloads, prune->keys, prune->redaction);
    if (execute(prune->log, sql) && any) {
        sw_seal_row(prune->log, SW_ENTRY_REDACTION, prune->redaction, now_ms);
    }
    sqlite3_stmt *const statements[] = {prune->events, prune->chains, prune->holds, prune->blank,
                                        prune->number, prune->cut,    prune->note};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        (void)sqlite3_finalize(statements[i]);
    }
}

/* Deletes the payloads of the events for which @condition holds. */
static uint64_t prune_payloads(struct sw_log *log, const char *class, const char *reason,
                               const char *condition, int64_t now_ms)
{
    struct prune prune;
    char sql[1024];
    begin(&prune, log);
    add_redaction(&prune, class, reason, now_ms);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT 1 FROM event WHERE id = ?1 AND length(digest) > 0 AND %s", condition);
    (void)prepare(&prune, &prune.events, sql);
    walk_entries(&prune);
    end(&prune, now_ms);
    return prune.payloads;
}

/* Deletes the keys of chains without any payload that are no findings, or for which @more holds. */
static uint64_t prune_keys(struct sw_log *log, const char *class, const char *reason,
                           const char *more, int64_t now_ms)
{
    struct prune prune;
    char sql[1024];
    (void)snprintf(
        sql, sizeof(sql),
        "DROP TABLE IF EXISTS temp.gone; CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY, "
        "chain TEXT UNIQUE, number INTEGER); INSERT INTO temp.gone (chain) "
        "SELECT chain FROM hop JOIN event ON event.id = hop.event "
        "WHERE chain NOT LIKE 'redacted:%%' GROUP BY chain "
        "HAVING max(length(digest)) = 0 AND sum(" IS_HELD ") = 0 AND "
        "((max(level) = 0 AND max(verdict <> 'NONE') = 0 AND max(alert) IS NULL) "
        "OR %s)",
        more);
    (void)execute(log, sql);
    begin(&prune, log);
    add_redaction(&prune, class, reason, now_ms);
    (void)(prepare(&prune, &prune.chains,
                   "SELECT gone.id, gone.number FROM hop JOIN temp.gone ON gone.chain = hop.chain "
                   "WHERE hop.id = ?1") &&
           prepare(&prune, &prune.holds,
                   "SELECT gone.id, gone.number FROM hold JOIN temp.gone ON gone.chain = "
                   "hold.chain WHERE hold.id = ?1") &&
           prepare(&prune, &prune.number, "UPDATE temp.gone SET number = ?2 WHERE id = ?1"));
    walk_entries(&prune);
    static const char *const tables[] = {"hop", "alert", "chain", "hold"};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE %s SET chain = (SELECT 'redacted:' || number FROM temp.gone WHERE "
                       "gone.chain = %s.chain) WHERE chain IN (SELECT chain FROM temp.gone)",
                       tables[i], tables[i]);
        (void)execute(log, sql);
    }
    end(&prune, now_ms);
    (void)execute(log, "DELETE FROM temp.gone");
    return prune.keys;
}

/* The keys that go must get into no other file, so that what is kept of them meanwhile stands in
 * memory: the limit of a monitor, which reads and writes a row at a time, is too low for that. */
static void prepare_memory(struct sw_log *log)
{
    (void)sqlite3_hard_heap_limit64(0);
    (void)execute(log, "PRAGMA temp_store = MEMORY");
}

bool sw_prune(struct sw_log *log, int64_t now_ms, struct sw_prune_counts *counts)
{
    char condition[768];
    *counts = (struct sw_prune_counts){0};
    prepare_memory(log);
    (void)snprintf(condition, sizeof(condition),
                   "SELECT count(*) FROM event WHERE length(digest) > 0 AND ts_logged < %" PRId64
                   " AND " IS_HELD,
                   now_ms - PLATE_DAYS * SW_DAY_MS);
    counts->held = (uint64_t)sw_database_number(log->database, condition, 0);
    (void)snprintf(condition, sizeof(condition),
                   "ts_logged < %" PRId64 " AND kind = 'plate' AND NOT " IS_FINDING
                   " AND NOT " IS_HELD,
                   now_ms - PLATE_DAYS * SW_DAY_MS);
    counts->plates = prune_payloads(log, "plate event", "60 days have passed", condition, now_ms);
    (void)snprintf(condition, sizeof(condition), "ts_logged < %" PRId64 " AND NOT " IS_HELD,
                   now_ms - EVENT_DAYS * SW_DAY_MS);
    counts->events = prune_payloads(log, "event", "1 year has passed", condition, now_ms);
    (void)snprintf(condition, sizeof(condition), "max(event.ts_logged) < %" PRId64,
                   now_ms - FINDING_DAYS * SW_DAY_MS);
    counts->keys = prune_keys(log, "chain key",
                              "no payload of the chain is left; 5 years where it holds a finding",
                              condition, now_ms);
    return !log->failed;
}

enum sw_status sw_redact(struct sw_log *log, int64_t event, const char *reason, int64_t now_ms,
                         struct sw_prune_counts *counts)
{
    char condition[768];
    *counts = (struct sw_prune_counts){0};
    prepare_memory(log);
    (void)snprintf(condition, sizeof(condition),
                   "SELECT " IS_HELD " FROM event WHERE length(digest) > 0 AND id = %" PRId64,
                   event);
    int64_t held = sw_database_number(log->database, condition, -1);
    if (held != 0) {
        return held < 0 ? SW_NOT_FOUND : SW_INVALID;
    }
    (void)snprintf(condition, sizeof(condition), "id = %" PRId64, event);
    counts->request = prune_payloads(log, "request", reason, condition, now_ms);
    (void)snprintf(condition, sizeof(condition),
                   "chain IN (SELECT chain FROM hop WHERE event = %" PRId64 ")", event);
    counts->keys = prune_keys(log, "request", reason, condition, now_ms);
    return log->failed ? SW_DATABASE : SW_OK;
}

enum sw_status sw_hold(struct sw_log *log, const char *chain, bool held, const char *reason,
                       int64_t now_ms)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(log->database, "SELECT 1 FROM hop WHERE chain = ?1 LIMIT 1", -1,
                                  &statement, NULL);
    (void)sw_database_bind(statement, 1, sw_text_from(chain));
    bool known = code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
    (void)sqlite3_finalize(statement);
    if (!known) {
        return SW_NOT_FOUND;
    }
    if (!sw_writer_begin(log) ||
        sqlite3_prepare_v2(log->database,
                           "INSERT INTO hold (held, chain, reason, made_ms) VALUES (?1,?2,?3,?4)",
                           -1, &statement, NULL) != SQLITE_OK) {
        sw_writer_fail(log);
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int(statement, 1, held);
    (void)sw_database_bind(statement, 2, sw_text_from(chain));
    (void)sw_database_bind(statement, 3, sw_text_from(reason));
    (void)sqlite3_bind_int64(statement, 4, now_ms);
    if (sqlite3_step(statement) != SQLITE_DONE) {
        sw_writer_fail(log);
    }
    (void)sqlite3_finalize(statement);
    sw_seal_row(log, SW_ENTRY_HOLD, sqlite3_last_insert_rowid(log->database), now_ms);
    return log->failed ? SW_DATABASE : SW_OK;
}

/* A page keeps remains of rows that moved when it was split, so that the file is written anew. What
 * stays passes through a file of SQLite's without a name: a large log has no room in memory. */
enum sw_status sw_prune_wipe(struct sw_log *log)
{
    SW_ASSERT(!log->writing);
    sw_fetch_reset(&log->seal->fetch);
    if (!execute(log, "PRAGMA temp_store = FILE; PRAGMA secure_delete = ON; VACUUM") ||
        sqlite3_wal_checkpoint_v2(log->database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
            SQLITE_OK) {
        (void)snprintf(
            log->sentence, sizeof(log->sentence),
            "log %s: the rows are gone, but its file could not be written anew: %s; close "
            "what reads it (a dashboard?) and call prune again",
            log->path, sqlite3_errmsg(log->database));
        return SW_DATABASE;
    }
    return SW_OK;
}
