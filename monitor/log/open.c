/* Opening for writing, the life of a run, commits and checkpoints. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/assert.h>

#include "database.h"
#include "schema.h"
#include "seal.h"
#include "writer.h"

#define FILE_MODE 0640 // the reader's group may read, nobody else
#define HEAP_BYTES_MAX                                                                             \
    ((sqlite3_int64)24 << 20) // of SQLite in this process; cache and statements need 6
#define WAL_PAGE_BYTES 4096

static const char *const settings[] = {
    "PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON",    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA cache_size = -4096",   "PRAGMA trusted_schema = OFF",
};

static enum sw_status fail(struct sw_log *log, const char *doing)
{
    if (!log->failed) {
        sw_database_explain(log->database, log->path, doing, log->sentence);
        log->failed = true;
    }
    return SW_DATABASE;
}

static bool execute(struct sw_log *log, const char *sql)
{
    return sqlite3_exec(log->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int remember_wal_pages(void *context, sqlite3 *database, const char *name, int pages)
{
    struct sw_log *log = context;
    (void)database;
    (void)name;
    log->wal_pages = pages;
    return SQLITE_OK;
}

/* SQLite would make the file with mode 0644. */
static enum sw_status make_file(struct sw_log *log)
{
    int file = open(log->path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    struct stat status;
    bool made = file >= 0 && fstat(file, &status) == 0 &&
                (status.st_size > 0 || fchmod(file, FILE_MODE) == 0);
    if (!made) {
        (void)snprintf(log->sentence, sizeof(log->sentence),
                       "log %s: it cannot be made or written: %s", log->path, strerror(errno));
    }
    if (file >= 0) {
        (void)close(file);
    }
    return made ? SW_OK : SW_DATABASE;
}

static enum sw_status configure(struct sw_log *log)
{
    int persist = 1;
    (void)sqlite3_hard_heap_limit64(HEAP_BYTES_MAX);
    if (sqlite3_db_readonly(log->database, "main") == 1) {
        (void)snprintf(log->sentence, sizeof(log->sentence),
                       "log %s: it can be read but not written; correct its owner or mode, or "
                       "choose another log",
                       log->path);
        return SW_DATABASE;
    }
    if (!execute(log, "PRAGMA journal_mode = WAL")) {
        return fail(log, "opening");
    }
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (!execute(log, settings[i])) {
            return fail(log, "opening");
        }
    }
    if (sqlite3_file_control(log->database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) !=
        SQLITE_OK) {
        return fail(log, "keeping the -wal file");
    }
    (void)sqlite3_wal_hook(log->database, remember_wal_pages, log);
    return SW_OK;
}

static enum sw_status refuse_version(struct sw_log *log, int64_t version)
{
    if (version > SW_LOG_VERSION) {
        (void)snprintf(log->sentence, sizeof(log->sentence),
                       "log %s was written by a newer sharewatch (version %lld of the schema, this "
                       "one knows %d); use that one, or choose another log",
                       log->path, (long long)version, SW_LOG_VERSION);
    } else {
        (void)snprintf(
            log->sentence, sizeof(log->sentence),
            "log %s was written by an older sharewatch, which did not seal its rows "
            "(version %lld of the schema, this one writes %d); it can still be read; "
            "`sharewatch replay %.100s --to NEW` judges its events again into a new log, "
            "which can be gone on with",
            log->path, (long long)version, SW_LOG_VERSION, log->path);
    }
    return SW_DATABASE;
}

/* A log that was begun before there were settings gets their table as a new one has it. */
static bool add_settings_table(struct sw_log *log)
{
    static const char begins[] = "CREATE TABLE setting (";
    char sql[512];
    const char *from = strstr((const char *)sw_log_schema, begins);
    const char *end = from != NULL ? strchr(from, ';') : NULL;
    SW_ASSERT(end != NULL);
    SW_ASSERT((size_t)(end - from) < sizeof(sql));
    (void)snprintf(sql, sizeof(sql), "%.*s", (int)(end - from), from);
    return sw_database_has_settings(log->database) || execute(log, sql);
}

/* Makes the tables, all or nothing. A log without a seal is not gone on with: nobody could say from
 * when on its rows are proven. */
static enum sw_status prepare_schema(struct sw_log *log)
{
    char stamp[96];
    if (!execute(log, "BEGIN IMMEDIATE")) {
        return fail(log, "opening");
    }
    int64_t version = sw_database_number(log->database, "PRAGMA user_version", -1);
    if (version != 0 && version != SW_LOG_VERSION) {
        return refuse_version(log, version);
    }
    bool ready = version != 0 ? add_settings_table(log) : execute(log, (const char *)sw_log_schema);
    (void)snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   SW_LOG_APPLICATION_ID, SW_LOG_VERSION);
    if (!ready || !execute(log, stamp) || !execute(log, "COMMIT")) {
        return fail(log, "making its tables");
    }
    return SW_OK;
}

/* One writer at a time. The lock goes with the process, however that ends. */
static enum sw_status take_wal(struct sw_log *log)
{
    char wal[SW_LOG_PATH_BYTES + 8];
    (void)snprintf(wal, sizeof(wal), "%s-wal", log->path);
    log->sync_descriptor = open(wal, O_RDWR | O_CLOEXEC);
    if (log->sync_descriptor < 0) {
        (void)snprintf(log->sentence, sizeof(log->sentence), "log %s: %s: %s", log->path, wal,
                       strerror(errno));
        return SW_DATABASE;
    }
    if (flock(log->sync_descriptor, LOCK_EX | LOCK_NB) != 0) {
        (void)snprintf(
            log->sentence, sizeof(log->sentence),
            "log %s: another monitor is writing it; stop that one, or choose another log",
            log->path);
        return SW_DATABASE;
    }
    return SW_OK;
}

static enum sw_status open_database(struct sw_log *log)
{
    enum sw_status status = sw_database_inspect(log->path, log->sentence);
    if (status == SW_DATABASE) {
        return status;
    }
    status = make_file(log);
    if (status != SW_OK) {
        return status;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(log->path, &log->database, flags, NULL) != SQLITE_OK) {
        return fail(log, "opening");
    }
    (void)sqlite3_busy_timeout(log->database, SW_BUSY_TIMEOUT_MS);
    status = sw_database_identify(log->database, log->path, log->sentence);
    if (status == SW_DATABASE) {
        return status;
    }
    status = configure(log);
    if (status == SW_OK) {
        status = prepare_schema(log);
    }
    if (status == SW_OK) {
        status = take_wal(log);
    }
    if (status == SW_OK && !sw_writer_prepare(log)) {
        status = fail(log, "preparing its statements");
    }
    if (status == SW_OK) {
        status = sw_seal_open(log);
    }
    return status;
}

enum sw_status sw_log_open(struct sw_log *log, const char *path)
{
    *log = (struct sw_log){.sync_descriptor = -1};
    if (strlen(path) >= sizeof(log->path)) {
        (void)snprintf(log->sentence, sizeof(log->sentence), "the path of the log is too long");
        return SW_DATABASE;
    }
    (void)snprintf(log->path, sizeof(log->path), "%s", path);
    enum sw_status status = open_database(log);
    if (status != SW_OK) {
        sw_log_close(log);
        return status;
    }
    log->event_id = sw_database_number(log->database, "SELECT max(id) FROM event", 0);
    log->hop_id = sw_database_number(log->database, "SELECT max(id) FROM hop", 0);
    log->alert_id = sw_database_number(log->database, "SELECT max(id) FROM alert", 0);
    log->told = sw_database_number(log->database, "SELECT told FROM spool", 0);
    log->state_number = sw_database_number(log->database, "SELECT max(number) FROM correlation", 0);
    return SW_OK;
}

void sw_log_close(struct sw_log *log)
{
    for (int i = 0; i < SW_LOG_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(log->statements[i]);
        log->statements[i] = NULL;
    }
    sw_seal_close(log);
    if (log->database != NULL) {
        if (!log->failed && log->sync_descriptor >= 0) {
            (void)sqlite3_wal_checkpoint_v2(log->database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                            NULL);
        }
        (void)sqlite3_close(log->database);
        log->database = NULL;
    }
    if (log->sync_descriptor > 0) {
        (void)close(log->sync_descriptor);
    }
    log->sync_descriptor = -1;
}

int sw_log_sync_descriptor(const struct sw_log *log)
{
    SW_ASSERT(log->sync_descriptor >= 0);
    return log->sync_descriptor;
}

int64_t sw_log_wal_bytes(const struct sw_log *log)
{
    return log->wal_pages * WAL_PAGE_BYTES;
}

enum sw_status sw_log_checkpoint(const char *path, char sentence[SW_LOG_SENTENCE_BYTES])
{
    sqlite3 *database = NULL;
    int persist = 1;
    sentence[0] = '\0';
    bool done =
        sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) == SQLITE_OK &&
        sqlite3_exec(database, "PRAGMA cache_size = -256", NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) ==
            SQLITE_OK;
    if (!done) {
        sw_database_explain(database, path, "copying its WAL", sentence);
    }
    (void)sqlite3_close(database);
    return done ? SW_OK : SW_DATABASE;
}

/* ---- runs ---- */

/* Runs @sql with up to three bound values and answers the row number that it gave or made. */
static int64_t find_digest(struct sw_log *log, const char *sql, const uint8_t digest[32])
{
    sqlite3_stmt *statement = NULL;
    int64_t id = 0;
    if (sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_blob(statement, 1, digest, 32, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        id = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return id;
}

static bool finish(sqlite3_stmt *statement)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    return sqlite3_finalize(statement) == SQLITE_OK && done;
}

static bool add_node(struct sw_log *log, const struct sw_map *map, uint16_t place)
{
    sqlite3_stmt *statement = NULL;
    const struct sw_node *node = &map->nodes[place];
    const struct sw_agency *owner = &map->agencies[node->agency];
    const struct sw_enum_info *classes = sw_field_info(SW_FIELD_RECIPIENT_CLASS)->values;
    if (sqlite3_prepare_v2(log->database, "INSERT INTO map_node VALUES (?1,?2,?3,?4,?5,?6,?7)", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, log->map_id);
    (void)sw_database_bind(statement, 2, node->id);
    (void)sqlite3_bind_int(statement, 3, place);
    (void)sw_database_bind(statement, 4, node->name);
    (void)sw_database_bind(statement, 5, owner->id);
    (void)sw_database_bind(statement, 6, sw_text_from(classes->values[node->class_code]));
    (void)sqlite3_bind_int(statement, 7, node->immigration);
    return finish(statement);
}

static void append_modes(struct sw_buffer *buffer, uint32_t modes)
{
    const struct sw_enum_info *names = sw_field_info(SW_FIELD_MODE)->values;
    for (uint16_t code = 1; code <= names->value_count; code++) {
        if ((modes & (UINT32_C(1) << code)) != 0) {
            sw_buffer_append_string(buffer, buffer->length > 0 ? "," : "");
            sw_buffer_append_string(buffer, names->values[code]);
        }
    }
}

static bool add_edge(struct sw_log *log, const struct sw_edge *edge)
{
    sqlite3_stmt *statement = NULL;
    char bytes[128];
    struct sw_buffer modes;
    sw_buffer_init(&modes, bytes, sizeof(bytes));
    append_modes(&modes, edge->modes);
    if (sqlite3_prepare_v2(log->database, "INSERT INTO map_edge VALUES (?1,?2,?3,?4,?5,?6,?7)", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, log->map_id);
    (void)sw_database_bind(statement, 2, edge->id);
    (void)sw_database_bind(statement, 3, edge->name);
    (void)sw_database_bind(statement, 4, sw_buffer_text(&modes));
    (void)sw_database_bind(statement, 5, edge->basis);
    (void)sw_database_bind(statement, 6, edge->off_switch);
    (void)sw_database_bind(statement, 7, edge->source);
    return finish(statement);
}

static bool add_map(struct sw_log *log, const struct sw_log_run *run)
{
    sqlite3_stmt *statement = NULL;
    const struct sw_map *map = run->map;
    log->map_id = find_digest(log, "SELECT id FROM map WHERE digest = ?1", map->digest);
    if (log->map_id != 0) {
        return true;
    }
    if (sqlite3_prepare_v2(log->database,
                           "INSERT INTO map (name, version, digest, content) VALUES (?1,?2,?3,?4)",
                           -1, &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sw_database_bind(statement, 1, map->id);
    (void)sw_database_bind(statement, 2, map->version);
    (void)sqlite3_bind_blob(statement, 3, map->digest, sizeof(map->digest), SQLITE_STATIC);
    (void)sw_database_bind(statement, 4, run->map_content);
    bool done = finish(statement);
    log->map_id = sqlite3_last_insert_rowid(log->database);
    for (uint16_t i = 0; done && i < map->node_count; i++) {
        done = add_node(log, map, i);
    }
    for (uint16_t i = 0; done && i < map->edge_count; i++) {
        done = add_edge(log, &map->edges[i]);
    }
    sw_seal_row(log, SW_ENTRY_MAP, log->map_id, run->started_ms);
    return done && !log->failed;
}

static bool add_rule(struct sw_log *log, uint32_t index, const struct sw_rule *rule)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(log->database, "INSERT INTO rule VALUES (?1,?2,?3,?4,?5,?6,?7,?8)", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, log->policy_id);
    (void)sqlite3_bind_int64(statement, 2, index);
    (void)sw_database_bind(statement, 3, rule->id);
    (void)sw_database_bind(statement, 4, rule->name);
    (void)sw_database_bind(statement, 5, rule->title);
    (void)sw_database_bind(statement, 6, rule->pack);
    (void)sw_database_bind(statement, 7, rule->cite);
    if (rule->has_verdict) {
        (void)sw_database_bind(statement, 8, sw_text_from(sw_verdict_code(rule->verdict)));
    }
    return finish(statement);
}

static bool add_policy(struct sw_log *log, const struct sw_log_run *run)
{
    sqlite3_stmt *statement = NULL;
    log->policy_id =
        find_digest(log, "SELECT id FROM policy WHERE digest = ?1", run->policy_digest);
    if (log->policy_id != 0) {
        return true;
    }
    if (sqlite3_prepare_v2(log->database,
                           "INSERT INTO policy (name, digest, content) VALUES (?1,?2,?3)", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sw_database_bind(statement, 1, run->policy_name);
    (void)sqlite3_bind_blob(statement, 2, run->policy_digest, sizeof(run->policy_digest),
                            SQLITE_STATIC);
    (void)sw_database_bind(statement, 3, run->policy_content);
    bool done = finish(statement);
    log->policy_id = sqlite3_last_insert_rowid(log->database);
    for (uint32_t i = 0; done && i < run->rule_count; i++) {
        done = add_rule(log, i, &run->rules[i]);
    }
    sw_seal_row(log, SW_ENTRY_POLICY, log->policy_id, run->started_ms);
    return done && !log->failed;
}

static bool add_setting(struct sw_log *log, const struct sw_log_run *run, const char *name,
                        int64_t value)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(log->database,
                           "INSERT INTO setting (run_id, name, value) VALUES (?1,?2,?3)", -1,
                           &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, log->run_id);
    (void)sw_database_bind(statement, 2, sw_text_from(name));
    (void)sqlite3_bind_int64(statement, 3, value);
    bool done = finish(statement);
    sw_seal_row(log, SW_ENTRY_SETTING, sqlite3_last_insert_rowid(log->database), run->started_ms);
    return done;
}

static bool add_run(struct sw_log *log, const struct sw_log_run *run)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(log->database,
                           "INSERT INTO run (started_ms, version, broker, map_id, policy_id) "
                           "VALUES (?1,?2,?3,?4,?5)",
                           -1, &statement, NULL) != SQLITE_OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, run->started_ms);
    (void)sw_database_bind(statement, 2, sw_text_from(run->version));
    (void)sw_database_bind(statement, 3, sw_text_from(run->broker));
    (void)sqlite3_bind_int64(statement, 4, log->map_id);
    (void)sqlite3_bind_int64(statement, 5, log->policy_id);
    bool done = finish(statement);
    log->run_id = sqlite3_last_insert_rowid(log->database);
    sw_seal_row(log, SW_ENTRY_RUN, log->run_id, run->started_ms);
    if (done && run->state_mib > 0) {
        done = add_setting(log, run, "state_mib", run->state_mib);
    }
    return done && !log->failed;
}

static bool note_end(struct sw_log *log, int64_t now_ms)
{
    char sql[96];
    (void)snprintf(sql, sizeof(sql), "UPDATE run SET ended_ms = %lld WHERE id = %lld",
                   (long long)now_ms, (long long)log->run_id);
    if (!execute(log, sql)) {
        return false;
    }
    sw_seal_begin(log);
    sw_seal_add(log, SW_ENTRY_RUN_END, log->run_id, now_ms, &now_ms, 1);
    return !log->failed;
}

static void use(struct sw_log *log, const struct sw_log_run *run)
{
    log->map = run->map;
    log->rules = run->rules;
    log->rule_count = run->rule_count;
}

enum sw_status sw_log_start_run(struct sw_log *log, const struct sw_log_run *run)
{
    SW_ASSERT(!log->writing);
    bool done = sw_writer_begin(log) && add_map(log, run) && add_policy(log, run) &&
                add_run(log, run) && sw_log_commit(log) == SW_OK;
    if (!done) {
        return fail(log, "beginning a run");
    }
    use(log, run);
    return SW_OK;
}

enum sw_status sw_log_set_policy(struct sw_log *log, const struct sw_log_run *run)
{
    SW_ASSERT(!log->writing);
    int64_t map_id = log->map_id;
    int64_t policy_id = log->policy_id;
    bool done = sw_writer_begin(log) && add_map(log, run) && add_policy(log, run);
    if (done && (map_id != log->map_id || policy_id != log->policy_id)) {
        done = note_end(log, run->started_ms) && add_run(log, run);
    }
    if (!done || sw_log_commit(log) != SW_OK) {
        return fail(log, "taking another policy into use");
    }
    use(log, run);
    return SW_OK;
}

enum sw_status sw_log_end_run(struct sw_log *log, int64_t now_ms)
{
    if (!sw_writer_begin(log) || !note_end(log, now_ms)) {
        return fail(log, "ending the run");
    }
    return sw_log_commit(log);
}
