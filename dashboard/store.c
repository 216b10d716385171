/* Everything that can be wrong with a file is found before SQLite is asked, where SQLite's own
 * words
 * ("file is not a database") would not help anybody. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <uv.h>

#include <sharewatch/log.h>

#define BUSY_MS            2000
#define HEADER_BYTES       100 // of an SQLite file
#define URI_BYTES          (3 * SW_PATH_BYTES + 32)
#define PROGRESS_STEPS     4000 // of SQLite's machine between two looks at the clock, about 0.1 ms
#define CACHE_KIB          "8192"
#define NANOSECONDS_PER_MS UINT64_C(1000000)

extern const char sw_reviews_sql[]; // embedded, see assets.cmake

static void say(struct sw_store *store, const char *what, const char *path, const char *help)
{
    (void)snprintf(store->problem, sizeof(store->problem), "%s: %s. %s", path, what, help);
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

/* True when @path has a write-ahead log with something in it. */
static bool has_wal(const char *path)
{
    char wal[SW_PATH_BYTES + 8];
    struct stat file;
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    return stat(wal, &file) == 0 && file.st_size > 0;
}

/* Looks at the header of an SQLite file: is it ours, whole, and of a version that we know? */
static enum sw_status check_header(struct sw_store *store, const char *path,
                                   const unsigned char *header, off_t size)
{
    if (memcmp(header, "SQLite format 3", 16) != 0) {
        say(store, "this is no sharewatch log (it does not begin as an SQLite file does)", path,
            "Give --log the file that `sharewatch run` or `sharewatch monitor` wrote.");
        return SW_INVALID;
    }
    uint32_t page_bytes = (uint32_t)header[16] << 8 | header[17];
    page_bytes = page_bytes == 1 ? 65536 : page_bytes;
    uint32_t pages = big_endian(header + 28);
    if ((uint64_t)size < (uint64_t)page_bytes * pages && !has_wal(path)) {
        (void)snprintf(store->problem, sizeof(store->problem),
                       "%s: the file is cut short: it has %lld bytes and its header speaks of "
                       "%llu. Copy it again, together with its -wal file.",
                       path, (long long)size, (unsigned long long)page_bytes * pages);
        return SW_INVALID;
    }
    return SW_OK;
}

static enum sw_status check_file(struct sw_store *store, const char *path)
{
    unsigned char header[HEADER_BYTES];
    struct stat file;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &file) != 0) {
        say(store, strerror(errno), path,
            errno == ENOENT ? "A monitor makes it: `sharewatch run SCENARIO --log FILE` or "
                              "`sharewatch monitor --log FILE`."
                            : "The dashboard needs to read it, and to search its folder.");
        enum sw_status status = errno == ENOENT ? SW_NOT_FOUND : SW_IO;
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
        return status;
    }
    store->log_device = (uint64_t)file.st_dev;
    store->log_inode = (uint64_t)file.st_ino;
    ssize_t got = S_ISREG(file.st_mode) ? read(descriptor, header, sizeof(header)) : -1;
    (void)close(descriptor);
    if (!S_ISREG(file.st_mode)) {
        say(store, "this is no file", path, "Give --log the log file itself, not its folder.");
        return SW_INVALID;
    }
    if (got == 0 && !has_wal(path)) {
        say(store, "the file is empty", path,
            "A monitor fills it: wait until it says that it is ready, or give another file.");
        return SW_INVALID;
    }
    if (got > 0 && got < HEADER_BYTES) {
        say(store, "this is no sharewatch log (too short for one)", path,
            "Give --log the file that `sharewatch run` or `sharewatch monitor` wrote.");
        return SW_INVALID;
    }
    return got > 0 ? check_header(store, path, header, file.st_size) : SW_OK;
}

/* Writes @path as the path of a file: URI. */
static void write_uri(char uri[URI_BYTES], const char *path, const char *parameters)
{
    size_t at = (size_t)snprintf(uri, URI_BYTES, "file:");
    for (const char *p = path; *p != '\0' && at + 40 < URI_BYTES; p++) {
        if (strchr("?#%", *p) != NULL) {
            at += (size_t)snprintf(uri + at, URI_BYTES - at, "%%%02X", (unsigned)*p);
        } else {
            uri[at++] = *p;
        }
    }
    (void)snprintf(uri + at, URI_BYTES - at, "?%s", parameters);
}

static int watch_clock(void *context)
{
    struct sw_store *store = context;
    store->overran = store->deadline_ns != 0 && uv_hrtime() > store->deadline_ns;
    return store->overran ? 1 : 0;
}

/* Lets statements read everything and write only the reviews. */
static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)context;
    (void)first;
    (void)second;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_PRAGMA:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return database != NULL && (strcmp(database, "main") == 0 || strcmp(database, "temp") == 0)
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

int64_t sw_store_number(struct sw_store *store, const char *sql)
{
    int64_t number = 0;
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement != NULL && sw_store_step(store, statement)) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sw_store_done(store, statement);
    return number;
}

static enum sw_status explain_database(struct sw_store *store, const char *path)
{
    int code = sqlite3_errcode(store->database);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        say(store, "another program holds the file locked", path,
            "Close what else has it open for writing (a monitor does not lock it), then try "
            "again.");
    } else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
        say(store, "the file is damaged", path,
            "Copy it again together with its -wal file, or try `sqlite3 FILE .recover`.");
    } else {
        say(store, sqlite3_errmsg(store->database), path,
            "The dashboard needs to read the file, its -wal and its -shm, and to search their "
            "folder.");
    }
    return SW_DATABASE;
}

static enum sw_status attach_log(struct sw_store *store, const char *parameters)
{
    char uri[URI_BYTES];
    sqlite3_stmt *statement = NULL;
    write_uri(uri, store->log_path, parameters);
    if (sqlite3_prepare_v2(store->database, "ATTACH ?1 AS log", -1, &statement, NULL) ==
        SQLITE_OK) {
        (void)sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
        (void)sqlite3_step(statement);
    }
    if (sqlite3_finalize(statement) != SQLITE_OK) {
        return explain_database(store, store->log_path);
    }
    if (sqlite3_exec(store->database, "SELECT count(*) FROM log.sqlite_schema", NULL, NULL, NULL) !=
        SQLITE_OK) {
        enum sw_status status = explain_database(store, store->log_path);
        (void)sqlite3_exec(store->database, "DETACH log", NULL, NULL, NULL);
        return status;
    }
    return SW_OK;
}

/* A closed log in a folder that we may not write cannot have the small files beside it that a
 * reader of a live log needs. Nobody writes it either, so it is read as it is. */
static enum sw_status attach(struct sw_store *store)
{
    enum sw_status status = attach_log(store, "mode=ro");
    if (status == SW_OK || has_wal(store->log_path)) {
        return status;
    }
    int code = sqlite3_errcode(store->database) & 0xff;
    if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || strstr(store->problem, "unable")) {
        store->immutable = true;
        return attach_log(store, "mode=ro&immutable=1");
    }
    return status;
}

static enum sw_status check_log(struct sw_store *store)
{
    if (sw_store_number(store, "PRAGMA log.application_id") != SW_LOG_APPLICATION_ID) {
        say(store, "this is an SQLite file, but no sharewatch log", store->log_path,
            "Give --log the file that `sharewatch run` or `sharewatch monitor` wrote.");
        return SW_INVALID;
    }
    int64_t schema = sw_store_number(store, "PRAGMA log.user_version");
    store->schema = schema;
    if (schema < SW_LOG_VERSION_OLDEST || schema > SW_LOG_VERSION) {
        (void)snprintf(store->problem, sizeof(store->problem),
                       "%s: the log has schema %lld and this dashboard reads schema %d. %s",
                       store->log_path, (long long)schema, SW_LOG_VERSION,
                       schema > SW_LOG_VERSION ? "A newer sharewatch wrote it: update this one."
                                               : "An older sharewatch wrote it: read it with that "
                                                 "one.");
        return SW_INVALID;
    }
    return SW_OK;
}

/* The reviews stand beside the log: run.db has run.reviews.db. */
static bool reviews_beside(struct sw_store *store)
{
    size_t length = strlen(store->log_path);
    bool suffix = length > 3 && strcmp(store->log_path + length - 3, ".db") == 0;
    int written = snprintf(store->reviews_path, sizeof(store->reviews_path), "%.*s.reviews.db",
                           (int)(suffix ? length - 3 : length), store->log_path);
    return written > 0 && (size_t)written < sizeof(store->reviews_path);
}

static enum sw_status open_reviews(struct sw_store *store)
{
    char uri[URI_BYTES];
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    write_uri(uri, store->reviews_path, "mode=rwc");
    int code = sqlite3_open_v2(store->reviewable ? uri : ":memory:", &store->database, flags, NULL);
    if (code != SQLITE_OK) {
        return explain_database(store, store->reviews_path);
    }
    (void)sqlite3_busy_timeout(store->database, BUSY_MS);
    (void)sqlite3_extended_result_codes(store->database, 0);
    const char *set_up = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                         "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                         "PRAGMA cache_size=-" CACHE_KIB ";";
    if (sqlite3_exec(store->database, set_up, NULL, NULL, NULL) != SQLITE_OK) {
        return explain_database(store, store->reviews_path);
    }
    return SW_OK;
}

static enum sw_status make_reviews(struct sw_store *store)
{
    int64_t tables = sw_store_number(store, "SELECT count(*) FROM main.sqlite_schema");
    if (tables == 0) {
        char pragmas[128];
        (void)snprintf(pragmas, sizeof(pragmas),
                       "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
                       SW_REVIEWS_APPLICATION_ID, SW_REVIEWS_SCHEMA);
        if (sqlite3_exec(store->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(store->database, sw_reviews_sql, NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(store->database, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
            return explain_database(store, store->reviews_path);
        }
        return SW_OK;
    }
    if (sw_store_number(store, "PRAGMA main.application_id") != SW_REVIEWS_APPLICATION_ID ||
        sw_store_number(store, "PRAGMA main.user_version") != SW_REVIEWS_SCHEMA) {
        say(store, "this is no reviews file of this dashboard", store->reviews_path,
            "Give --reviews a new file; the dashboard makes it.");
        return SW_INVALID;
    }
    return SW_OK;
}

/* SHA-256 over what makes a log this log and no other; false when it has no run yet. */
static bool read_identity(struct sw_store *store, unsigned char identity[32])
{
    bool found = false;
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT run.started_ms || '|' || run.version || '|' || hex(map.digest) || '|' ||"
               " hex(policy.digest) FROM log.run JOIN log.map ON map.id = run.map_id"
               " JOIN log.policy ON policy.id = run.policy_id ORDER BY run.id LIMIT 1");
    if (statement != NULL && sw_store_step(store, statement)) {
        const char *text = sw_column(statement, 0);
        found = EVP_Digest(text, strlen(text), identity, NULL, EVP_sha256(), NULL) == 1;
    }
    (void)sw_store_done(store, statement);
    return found;
}

/* Reviews name alerts by number, so they must not be read with another log. */
static enum sw_status check_identity(struct sw_store *store)
{
    unsigned char identity[32];
    if (!read_identity(store, identity)) {
        return SW_OK;
    }
    enum sw_status status = SW_OK;
    sqlite3_stmt *statement = sw_store_prepare(store, "SELECT log FROM about");
    if (statement != NULL && sw_store_step(store, statement)) {
        if (sqlite3_column_bytes(statement, 0) != 32 ||
            memcmp(sqlite3_column_blob(statement, 0), identity, 32) != 0) {
            say(store, "these reviews belong to another log", store->reviews_path,
                "Give --reviews another file, or move this one away; nothing was changed.");
            status = SW_INVALID;
        }
        (void)sw_store_done(store, statement);
        return status;
    }
    (void)sw_store_done(store, statement);
    statement = sw_store_prepare(store, "INSERT INTO about (id, log) VALUES (1, ?1)");
    if (statement != NULL) {
        (void)sqlite3_bind_blob(statement, 1, identity, 32, SQLITE_STATIC);
        (void)sw_store_step(store, statement);
    }
    (void)sw_store_done(store, statement);
    return SW_OK;
}

/* Counted anew for moments of the log, see asof.c; in memory. */
static enum sw_status make_parts(struct sw_store *store)
{
    const char *tables =
        "PRAGMA temp_store = MEMORY;"
        "CREATE TEMP TABLE flow (id INTEGER PRIMARY KEY, edge TEXT, from_node TEXT, to_node TEXT,"
        " verdict TEXT, level INTEGER, whole INTEGER NOT NULL, n INTEGER NOT NULL,"
        " UNIQUE (edge, from_node, to_node, verdict, level));"
        "CREATE TEMP TABLE flow_part (part INTEGER PRIMARY KEY, counts BLOB NOT NULL);"
        "CREATE TEMP TABLE daily_part (alert INTEGER, part INTEGER, n INTEGER NOT NULL,"
        " last_ms INTEGER NOT NULL, PRIMARY KEY (alert, part)) WITHOUT ROWID;"
        "CREATE TEMP TABLE daily_piece (alert INTEGER PRIMARY KEY, n INTEGER NOT NULL,"
        " last_ms INTEGER NOT NULL);"
        "CREATE TEMP TABLE moment (id INTEGER PRIMARY KEY, hop INTEGER NOT NULL,"
        " parts INTEGER NOT NULL);"
        "INSERT INTO temp.moment VALUES (1, 0, 0);";
    return sqlite3_exec(store->database, tables, NULL, NULL, NULL) == SQLITE_OK
               ? SW_OK
               : explain_database(store, store->reviews_path);
}

/* log.alert_count as of the moment: what got its last hop by then is as it is today, the rest (the
 * alerts of that day) is counted from its parts. */
static enum sw_status make_views(struct sw_store *store)
{
    const char *views =
        "CREATE TEMP VIEW alert_count_then AS SELECT c.alert AS alert,"
        " CASE WHEN c.last_hop <= (SELECT hop FROM temp.moment WHERE id = 1) THEN c.hops ELSE"
        "  coalesce((SELECT n FROM temp.daily_part AS p WHERE p.alert = c.alert AND p.part <"
        "   (SELECT parts FROM temp.moment WHERE id = 1) ORDER BY p.part DESC LIMIT 1), 0)"
        "  + coalesce((SELECT n FROM temp.daily_piece AS p WHERE p.alert = c.alert), 0) END"
        "  AS hops,"
        " CASE WHEN c.last_hop <= (SELECT hop FROM temp.moment WHERE id = 1) THEN c.last_ms ELSE"
        "  max(coalesce((SELECT last_ms FROM temp.daily_part AS p WHERE p.alert = c.alert AND"
        "    p.part < (SELECT parts FROM temp.moment WHERE id = 1) ORDER BY p.part DESC LIMIT 1),"
        "    0),"
        "   coalesce((SELECT last_ms FROM temp.daily_piece AS p WHERE p.alert = c.alert), 0)) END"
        "  AS last_ms"
        " FROM log.alert_count AS c";
    return sqlite3_exec(store->database, views, NULL, NULL, NULL) == SQLITE_OK
               ? SW_OK
               : explain_database(store, store->log_path);
}

static enum sw_status open_both(struct sw_store *store)
{
    enum sw_status status = open_reviews(store);
    if (status == SW_OK) {
        status = make_parts(store);
    }
    if (status == SW_OK) {
        status = make_reviews(store);
    }
    if (status == SW_OK) {
        status = attach(store);
    }
    if (status == SW_OK) {
        status = check_log(store);
    }
    if (status == SW_OK) {
        status = make_views(store);
    }
    if (status == SW_OK) {
        status = check_identity(store);
    }
    return status;
}

/* Whether the reviews can be written: the file, or its folder when there is none. */
static bool writable(const char *path)
{
    if (access(path, F_OK) == 0) {
        return access(path, W_OK) == 0;
    }
    char folder[SW_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
                   slash != NULL ? path : ".");
    return access(folder, W_OK) == 0;
}

enum sw_status sw_store_open(struct sw_store *store, const char *log_path, const char *reviews_path)
{
    *store = (struct sw_store){.database = NULL};
    if (strlen(log_path) + 16 > sizeof(store->log_path) ||
        (reviews_path != NULL && strlen(reviews_path) + 1 > sizeof(store->reviews_path))) {
        say(store, "the path is too long", log_path, "Move the file nearer to the root.");
        return SW_IO;
    }
    (void)snprintf(store->log_path, sizeof(store->log_path), "%s", log_path);
    if (reviews_path != NULL) {
        (void)snprintf(store->reviews_path, sizeof(store->reviews_path), "%s", reviews_path);
    } else if (!reviews_beside(store)) {
        say(store, "the path is too long", log_path, "Move the file nearer to the root.");
        return SW_IO;
    }
    store->reviewable = writable(store->reviews_path);
    enum sw_status status = check_file(store, log_path);
    if (status == SW_OK) {
        status = open_both(store);
    }
    if (status != SW_OK) {
        sw_store_close(store);
        return status;
    }
    (void)sqlite3_set_authorizer(store->database, authorize, NULL);
    sqlite3_progress_handler(store->database, PROGRESS_STEPS, watch_clock, store);
    store->data_version = -1;
    (void)sw_store_refresh(store);
    return SW_OK;
}

void sw_store_close(struct sw_store *store)
{
    for (uint32_t i = 0; i < SW_KEPT_MAX; i++) {
        (void)sqlite3_finalize(store->kept[i].statement);
        store->kept[i] = (struct sw_kept){.statement = NULL};
    }
    (void)sqlite3_close_v2(store->database);
    store->database = NULL;
}

/* A kept statement of this text that nobody has now, or NULL; @place is where one may be put. */
static sqlite3_stmt *find_kept(struct sw_store *store, const char *sql, uint64_t hash,
                               struct sw_kept **place)
{
    *place = NULL;
    for (uint32_t i = 0; i < SW_KEPT_MAX; i++) {
        struct sw_kept *kept = &store->kept[i];
        if (kept->statement != NULL && !kept->lent && kept->hash == hash &&
            strcmp(sqlite3_sql(kept->statement), sql) == 0) {
            kept->lent = true;
            kept->used = ++store->turn;
            return kept->statement;
        }
        bool better = *place == NULL || kept->used < (*place)->used;
        *place = !kept->lent && better ? kept : *place;
    }
    return NULL;
}

sqlite3_stmt *sw_store_prepare(struct sw_store *store, const char *sql)
{
    struct sw_kept *place;
    uint64_t hash = sw_text_hash(sw_text_from(sql));
    sqlite3_stmt *statement = find_kept(store, sql, hash, &place);
    if (store->watcher != NULL) {
        store->watcher(store->watcher_context, sql);
    }
    if (statement != NULL) {
        return statement;
    }
    if (sqlite3_prepare_v3(store->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        store->code = sqlite3_errcode(store->database);
        (void)snprintf(store->problem, sizeof(store->problem), "%s",
                       sqlite3_errmsg(store->database));
        (void)fprintf(stderr, "sharewatch dashboard: SQLite: %s\n  in: %.300s\n", store->problem,
                      sql);
        return NULL;
    }
    if (place != NULL) {
        (void)sqlite3_finalize(place->statement);
        *place = (struct sw_kept){
            .hash = hash, .statement = statement, .lent = true, .used = ++store->turn};
    }
    return statement;
}

int sw_store_done(struct sw_store *store, sqlite3_stmt *statement)
{
    for (uint32_t i = 0; i < SW_KEPT_MAX && statement != NULL; i++) {
        if (store->kept[i].statement == statement) {
            store->kept[i].lent = false;
            int code = sqlite3_reset(statement);
            (void)sqlite3_clear_bindings(statement);
            return code;
        }
    }
    return sqlite3_finalize(statement);
}

enum sw_status sw_store_run(struct sw_store *store, const char *sql)
{
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK) {
        return SW_OK;
    }
    store->code = sqlite3_errcode(store->database);
    (void)snprintf(store->problem, sizeof(store->problem), "%s", sqlite3_errmsg(store->database));
    (void)fprintf(stderr, "sharewatch dashboard: SQLite: %s\n", store->problem);
    return SW_DATABASE;
}

bool sw_store_step(struct sw_store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_INTERRUPT) {
        store->overran = true;
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        store->code = code;
        (void)snprintf(store->problem, sizeof(store->problem), "%s",
                       sqlite3_errmsg(store->database));
    }
    return code == SQLITE_ROW;
}

/* Each number has an index, or is the highest row id: a look at one page. */
static void read_heads(struct sw_store *store)
{
    struct sw_heads *heads = &store->heads;
    heads->alert = sw_store_number(store, "SELECT max(id) FROM log.alert");
    heads->event = sw_store_number(store, "SELECT max(id) FROM log.event");
    heads->hop = sw_store_number(store, "SELECT max(id) FROM log.hop");
    heads->gap = sw_store_number(store, "SELECT max(id) FROM log.gap");
    heads->quarantine = sw_store_number(store, "SELECT max(id) FROM log.quarantine");
    int64_t loss = sw_store_number(store, "SELECT max(id) FROM log.loss");
    if (loss != heads->loss) {
        heads->loss = loss;
        heads->losses =
            sw_store_number(store, "SELECT count(*) FROM (SELECT DISTINCT run_id, what FROM"
                                   " log.loss WHERE NOT " SW_LOSS_IS_NONE ")");
    }
    heads->oldest_ms = sw_store_number(store, "SELECT min(ts_event) FROM log.event");
    heads->newest_ms = sw_store_number(store, "SELECT max(ts_event) FROM log.event");
    heads->review = sw_store_number(store, "SELECT max(seq) FROM review");
}

bool sw_store_refresh(struct sw_store *store)
{
    sw_store_limit(store, 0);
    int64_t version = sw_store_number(store, "PRAGMA log.data_version");
    if (version == store->data_version) {
        return false;
    }
    int64_t before = store->heads.event;
    store->data_version = version;
    read_heads(store);
    if (store->heads.event < before) {
        store->trouble = "The log file was changed underneath: it has fewer entries than before. "
                         "Keep a copy of it, and start the dashboard again.";
    }
    return true;
}

void sw_store_look(struct sw_store *store)
{
    static const char gone[] = "The log file is gone: this page shows what was in it. Put it back, "
                               "or start the dashboard with another.";
    struct stat file;
    if (stat(store->log_path, &file) != 0) {
        store->trouble = errno == ENOENT ? gone : store->trouble;
    } else if ((uint64_t)file.st_dev != store->log_device ||
               (uint64_t)file.st_ino != store->log_inode) {
        store->trouble = "The log file was replaced by another: this page shows the old one. Start "
                         "the dashboard again.";
    } else if (store->trouble == gone) {
        store->trouble = NULL;
    }
}

void sw_store_limit(struct sw_store *store, uint32_t milliseconds)
{
    store->overran = false;
    store->code = SQLITE_OK;
    store->deadline_ns = milliseconds == 0 ? 0 : uv_hrtime() + milliseconds * NANOSECONDS_PER_MS;
}

const char *sw_column(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}
