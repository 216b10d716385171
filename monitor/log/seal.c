#include "seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/keys.h>
#include <sharewatch/now.h>

#include "database.h"
#include "tile.h"
#include "writer.h"

/* The largest payload that is stored, scrubbed: 88 KiB, see sw_monitor.scrubbed. */
#define RESERVED_BYTES ((size_t)128 << 10)

static bool draw(struct sw_seal *seal, uint8_t *bytes, uint32_t count)
{
    SW_ASSERT(count <= sizeof(seal->random));
    if (sizeof(seal->random) - seal->random_used < count) {
        if (getrandom(seal->random, sizeof(seal->random), 0) != (ssize_t)sizeof(seal->random)) {
            return false;
        }
        seal->random_used = 0;
    }
    memcpy(bytes, seal->random + seal->random_used, count);
    memset(seal->random + seal->random_used, 0, count); // a salt is deleted with its payload
    seal->random_used += count;
    return true;
}

struct sw_rows *sw_seal_begin(struct sw_log *log)
{
    sw_rows_clear(&log->seal->rows);
    return &log->seal->rows;
}

static bool insert(struct sw_log *log, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) {
        sw_writer_fail(log);
    }
    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE;
}

static bool store_tile(void *context, uint32_t level, uint64_t place,
                       const uint8_t hashes[SW_TILE_BYTES])
{
    struct sw_log *log = context;
    sqlite3_stmt *statement = log->seal->add_tile;
    (void)sqlite3_bind_int64(statement, 1, sw_tile_id(level, place));
    (void)sqlite3_bind_blob(statement, 2, hashes, SW_TILE_BYTES, SQLITE_STATIC);
    return insert(log, statement);
}

static void fail(struct sw_log *log, const char *what)
{
    if (!log->failed) {
        (void)snprintf(log->sentence, sizeof(log->sentence), "log %s: %s", log->path, what);
        log->failed = true;
    }
}

static void store_entry(struct sw_log *log, const struct sw_entry *entry, const uint8_t *salts)
{
    struct sw_seal *seal = log->seal;
    uint8_t bytes[SW_ENTRY_BYTES_MAX];
    uint8_t leaf[SW_HASH_BYTES];
    uint32_t count = sw_entry_write(entry, bytes);
    (void)sqlite3_bind_int64(seal->add_entry, 1, (int64_t)entry->index);
    (void)sqlite3_bind_blob(seal->add_entry, 2, bytes, (int)count, SQLITE_STATIC);
    (void)sqlite3_bind_blob(seal->add_entry, 3, salts, (int)(entry->group_count * SW_SALT_BYTES),
                            SQLITE_STATIC);
    if (insert(log, seal->add_entry)) {
        sw_hash_leaf(&seal->hasher, bytes, count, leaf);
        (void)sw_tree_add(&seal->tree, &seal->hasher, leaf, store_tile, log);
    }
}

/* Adds the entry of what is in @rows. */
static void add(struct sw_log *log, const struct sw_rows *rows, struct sw_entry *entry)
{
    struct sw_seal *seal = log->seal;
    uint8_t salts[SW_ENTRY_GROUPS][SW_SALT_BYTES];
    if (log->failed) {
        return;
    }
    SW_ASSERT(log->writing);
    entry->group_count = (uint8_t)sw_entry_kind_groups(entry->kind);
    entry->index = seal->tree.size;
    entry->time_ms = entry->time_ms != 0 ? entry->time_ms : seal->time_ms;
    if (!draw(seal, salts[0], entry->group_count * SW_SALT_BYTES)) {
        fail(log, "the kernel gave no random bytes for its seal");
        return;
    }
    for (uint32_t i = 0; i < SW_ENTRY_GROUPS && i < entry->group_count; i++) {
        sw_entry_commit(&seal->hasher, i, salts[i], rows->groups[i].bytes, rows->groups[i].length,
                        entry->commitments[i]);
    }
    seal->time_ms = entry->time_ms;
    store_entry(log, entry, salts[0]);
}

static struct sw_entry make_entry(enum sw_entry_kind kind, int64_t row, int64_t time_ms,
                                  const int64_t *numbers, uint32_t number_count)
{
    struct sw_entry entry = {
        .kind = kind, .row = row, .time_ms = time_ms, .number_count = (uint8_t)number_count};
    SW_ASSERT(number_count <= SW_ENTRY_NUMBERS_MAX);
    for (uint32_t i = 0; i < number_count; i++) {
        entry.numbers[i] = numbers[i];
    }
    return entry;
}

void sw_seal_add(struct sw_log *log, enum sw_entry_kind kind, int64_t row, int64_t time_ms,
                 const int64_t *numbers, uint32_t number_count)
{
    struct sw_entry entry = make_entry(kind, row, time_ms, numbers, number_count);
    add(log, &log->seal->rows, &entry);
}

void sw_seal_row(struct sw_log *log, enum sw_entry_kind kind, int64_t row, int64_t time_ms)
{
    struct sw_fetch *fetch = &log->seal->fetch;
    struct sw_entry entry = make_entry(kind, row, time_ms, NULL, 0);
    if (log->failed) {
        return;
    }
    enum sw_status status = sw_fetch_entry(fetch, &entry);
    if (status == SW_OK) {
        add(log, &fetch->rows, &entry);
    } else if (status == SW_DATABASE) {
        sw_writer_fail(log);
    } else {
        fail(log, "a row that was just written cannot be read back for its seal");
    }
    sw_fetch_reset(fetch);
}

void sw_seal_root(struct sw_log *log, uint8_t root[SW_HASH_BYTES])
{
    sw_tree_root(&log->seal->tree, &log->seal->hasher, root);
}

/* A tile that is full is in the log, the newest of each level in memory. */
static bool copy_hashes(struct sw_seal *seal, uint32_t level, uint64_t place, uint32_t first,
                        uint32_t count, uint8_t (*hashes)[SW_HASH_BYTES])
{
    if ((place + 1) * SW_TILE_HASHES > seal->tree.size >> (8 * level)) {
        memcpy(hashes, seal->tree.tiles[level][first], (size_t)count * SW_HASH_BYTES);
        return true;
    }
    return sw_tile_copy(seal->find_tile, level, place, first, count, hashes);
}

bool sw_seal_subtree(void *log, uint32_t bits, uint64_t place, uint8_t hash[SW_HASH_BYTES])
{
    struct sw_seal *seal = ((struct sw_log *)log)->seal;
    uint8_t hashes[SW_TILE_HASHES][SW_HASH_BYTES];
    uint32_t rest = bits % 8;
    uint32_t count = UINT32_C(1) << rest;
    SW_ASSERT((place + 1) << bits <= seal->tree.size);
    if (!copy_hashes(seal, bits / 8, place >> (8 - rest),
                     (uint32_t)(place << rest) & (SW_TILE_HASHES - 1), count, hashes)) {
        return false;
    }
    sw_tree_fold(&seal->hasher, hashes, count, hash);
    return true;
}

/* ---- a restart ---- */

/* The leaves behind the last full tile, from their entries. */
static bool restore_leaves(struct sw_seal *seal, sqlite3 *database, uint64_t size)
{
    sqlite3_stmt *statement = NULL;
    uint64_t index = size - size % SW_TILE_HASHES;
    bool done =
        sqlite3_prepare_v2(database, "SELECT id, data FROM entry WHERE id >= ?1 ORDER BY id", -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 1, (int64_t)index) == SQLITE_OK;
    for (; done && index < size; index++) {
        done = sqlite3_step(statement) == SQLITE_ROW &&
               (uint64_t)sqlite3_column_int64(statement, 0) == index;
        if (done) {
            sw_hash_leaf(&seal->hasher, sqlite3_column_blob(statement, 1),
                         (size_t)sqlite3_column_bytes(statement, 1),
                         seal->tree.tiles[0][index % SW_TILE_HASHES]);
        }
    }
    (void)sqlite3_finalize(statement);
    return done;
}

/* The hashes of @level, at least 1, behind its last full tile: the roots of the tiles below. */
static bool restore_level(struct sw_seal *seal, uint32_t level, uint64_t size)
{
    uint8_t hashes[SW_TILE_HASHES][SW_HASH_BYTES];
    uint64_t count = size >> (8 * level);
    bool done = true;
    for (uint64_t place = count - count % SW_TILE_HASHES; done && place < count; place++) {
        done = sw_tile_copy(seal->find_tile, level - 1, place, 0, SW_TILE_HASHES, hashes);
        if (done) {
            sw_tree_fold(&seal->hasher, hashes, SW_TILE_HASHES,
                         seal->tree.tiles[level][place % SW_TILE_HASHES]);
        }
    }
    return done;
}

static void restore_edge(struct sw_seal *seal, uint32_t level)
{
    uint64_t count = seal->tree.size >> (8 * level) & (SW_TILE_HASHES - 1);
    uint32_t first = 0;
    for (uint32_t bit = 8; bit-- > 0;) {
        uint8_t hashes[SW_TILE_HASHES][SW_HASH_BYTES];
        uint32_t width = UINT32_C(1) << bit;
        if ((count & width) != 0) {
            memcpy(hashes, seal->tree.tiles[level][first], (size_t)width * SW_HASH_BYTES);
            sw_tree_fold(&seal->hasher, hashes, width, seal->tree.edge[8 * level + bit]);
            first += width;
        }
    }
}

static bool restore_tree(struct sw_seal *seal, sqlite3 *database)
{
    int64_t last = sw_database_number(database, "SELECT max(id) FROM entry", -1);
    uint64_t size = (uint64_t)(last + 1);
    seal->tree.size = size;
    bool done = size == 0 || restore_leaves(seal, database, size);
    for (uint32_t level = 1; done && level < SW_TREE_LEVELS && size >> (8 * level) != 0; level++) {
        done = restore_level(seal, level, size);
    }
    for (uint32_t level = 0; done && level < SW_TREE_LEVELS; level++) {
        restore_edge(seal, level);
    }
    return done;
}

/* ---- the log's name ---- */

static void make_origin(struct sw_log *log)
{
    struct sw_seal *seal = log->seal;
    uint8_t bytes[8];
    char sql[192];
    if (!draw(seal, bytes, sizeof(bytes))) {
        fail(log, "the kernel gave no random bytes for its name");
        return;
    }
    (void)snprintf(seal->origin, sizeof(seal->origin), "sharewatch.log/%016llx",
                   (unsigned long long)sw_get_number(bytes));
    int64_t made_ms = sw_now_ms();
    (void)snprintf(sql, sizeof(sql), "INSERT INTO origin VALUES (1, '%s', %lld)", seal->origin,
                   (long long)made_ms);
    if (!sw_writer_begin(log)) {
        return;
    }
    if (sqlite3_exec(log->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        sw_writer_fail(log);
        return;
    }
    sw_seal_row(log, SW_ENTRY_ORIGIN, 1, made_ms);
}

/* The time of the newest entry; of a new log, now. */
static int64_t newest_time(sqlite3 *database)
{
    sqlite3_stmt *statement = NULL;
    struct sw_entry entry = {.time_ms = 0};
    bool found = sqlite3_prepare_v2(database, "SELECT data FROM entry ORDER BY id DESC LIMIT 1", -1,
                                    &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW &&
                 sw_entry_read(sqlite3_column_blob(statement, 0),
                               (uint32_t)sqlite3_column_bytes(statement, 0), &entry);
    (void)sqlite3_finalize(statement);
    return found ? entry.time_ms : sw_now_ms();
}

static void load_origin(struct sw_log *log)
{
    struct sw_seal *seal = log->seal;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(log->database, "SELECT name FROM origin", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        sw_database_copy(statement, 0, seal->origin, sizeof(seal->origin));
    }
    (void)sqlite3_finalize(statement);
    seal->time_ms = newest_time(log->database);
    seal->spool_file = sw_database_number(log->database, "SELECT file FROM spool", 0);
    seal->spool_position = sw_database_number(log->database, "SELECT position FROM spool", 0);
}

static bool prepare(struct sw_log *log)
{
    struct sw_seal *seal = log->seal;
    return sqlite3_prepare_v3(log->database, "INSERT INTO entry VALUES (?1,?2,?3)", -1,
                              SQLITE_PREPARE_PERSISTENT, &seal->add_entry, NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(log->database, "INSERT INTO tile VALUES (?1,?2)", -1,
                              SQLITE_PREPARE_PERSISTENT, &seal->add_tile, NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(log->database, SW_TILE_SQL, -1, SQLITE_PREPARE_PERSISTENT,
                              &seal->find_tile, NULL) == SQLITE_OK;
}

enum sw_status sw_seal_open(struct sw_log *log)
{
    struct sw_seal *seal = calloc(1, sizeof(*seal));
    log->seal = seal;
    if (seal == NULL || sw_rows_open(&seal->rows, RESERVED_BYTES) != SW_OK) {
        fail(log, "there is not enough memory for its seal");
        return SW_DATABASE;
    }
    seal->random_used = sizeof(seal->random);
    if (!prepare(log) || sw_fetch_open(&seal->fetch, log->database) != SW_OK) {
        sw_writer_fail(log);
        return SW_DATABASE;
    }
    if (!restore_tree(seal, log->database)) {
        fail(log, "its seal is damaged; `sharewatch verify` names the place. Keep the file as it "
                  "is, and restore a copy or choose another log");
        return SW_DATABASE;
    }
    load_origin(log);
    if (seal->origin[0] == '\0') {
        make_origin(log);
    }
    return log->failed ? SW_DATABASE : sw_log_commit(log);
}

void sw_seal_close(struct sw_log *log)
{
    struct sw_seal *seal = log->seal;
    if (seal == NULL) {
        return;
    }
    (void)sqlite3_finalize(seal->add_entry);
    (void)sqlite3_finalize(seal->add_tile);
    (void)sqlite3_finalize(seal->find_tile);
    sw_fetch_close(&seal->fetch);
    sw_rows_close(&seal->rows);
    sw_keys_forget(seal->random, sizeof(seal->random));
    free(seal);
    log->seal = NULL;
}
