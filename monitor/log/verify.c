/* Pieces are checked in order; what the workers cannot see for themselves is looked at here: the
 * tree, the joints between pieces, rows that no entry knows, and what is kept in place. */
#include <sharewatch/now.h>
#include <sharewatch/verify.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "crew.h"
#include "database.h"
#include "heads.h"
#include "schema.h"
#include "tile.h"
#include "tree.h"

struct verify {
    const char *path;
    const struct sw_verify_options *options;
    struct sw_verify_report *report;
    struct sw_crew crew;
    struct sw_part *part; // the caller's of the crew
    struct sw_tree tree;
    struct sw_heads heads;
    struct sqlite3_stmt *tile;
    int64_t next_rows[SW_TABLE_COUNT]; // of tables that are numbered without a hole
};

static enum sw_status broken(struct verify *verify, int64_t entry, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum sw_status broken(struct verify *verify, int64_t entry, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(verify->report->problem, sizeof(verify->report->problem), format, arguments);
    va_end(arguments);
    verify->report->state = SW_VERIFY_BROKEN;
    verify->report->bad_entry = entry;
    return SW_INVALID;
}

static enum sw_status unreadable(struct verify *verify)
{
    char text[SW_LOG_SENTENCE_BYTES];
    sw_database_explain(verify->part->database, verify->path, "reading", text);
    (void)snprintf(verify->report->problem, sizeof(verify->report->problem), "%s", text);
    return SW_DATABASE;
}

/* ---- tables and views are those of sharewatch ---- */

#define SCHEMA_ROWS                                                                                \
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' "          \
    "ORDER BY type, name"

static bool same_row(sqlite3_stmt *one, sqlite3_stmt *other)
{
    for (int i = 0; i < 4; i++) {
        const char *a = (const char *)sqlite3_column_text(one, i);
        const char *b = (const char *)sqlite3_column_text(other, i);
        if (a == NULL || b == NULL || strcmp(a, b) != 0) {
            return false;
        }
    }
    return true;
}

static enum sw_status compare_schema(struct verify *verify, sqlite3 *fresh)
{
    sqlite3_stmt *ours = NULL;
    sqlite3_stmt *theirs = NULL;
    int code = SQLITE_ROW;
    enum sw_status status = SW_OK;
    if (sqlite3_exec(fresh, (const char *)sw_log_schema, NULL, NULL, NULL) != SQLITE_OK ||
        (!sw_database_has_settings(verify->part->database) &&
         sqlite3_exec(fresh, "DROP TABLE setting", NULL, NULL, NULL) != SQLITE_OK) ||
        sqlite3_prepare_v2(fresh, SCHEMA_ROWS, -1, &ours, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(verify->part->database, SCHEMA_ROWS, -1, &theirs, NULL) != SQLITE_OK) {
        status = unreadable(verify);
    }
    while (status == SW_OK && code == SQLITE_ROW) {
        code = sqlite3_step(ours);
        int other = sqlite3_step(theirs);
        if (code != other || (code == SQLITE_ROW && !same_row(ours, theirs))) {
            const char *name = other == SQLITE_ROW ? (const char *)sqlite3_column_text(theirs, 1)
                                                   : (const char *)sqlite3_column_text(ours, 1);
            status =
                broken(verify, -1,
                       "the tables and views are not those that sharewatch makes: look at `%s`",
                       name != NULL ? name : "?");
        }
    }
    (void)sqlite3_finalize(ours);
    (void)sqlite3_finalize(theirs);
    return status;
}

static enum sw_status check_schema(struct verify *verify)
{
    sqlite3 *fresh = NULL;
    enum sw_status status = SW_NO_MEMORY;
    if (sqlite3_open(":memory:", &fresh) == SQLITE_OK) {
        status = compare_schema(verify, fresh);
    }
    (void)sqlite3_close(fresh);
    return status;
}

/* ---- the tree ---- */

static bool is_tile_right(void *context, uint32_t level, uint64_t place,
                          const uint8_t hashes[SW_TILE_BYTES])
{
    struct verify *verify = context;
    uint8_t kept[SW_TILE_HASHES][SW_HASH_BYTES];
    bool right = sw_tile_copy(verify->tile, level, place, 0, SW_TILE_HASHES, kept) &&
                 memcmp(kept, hashes, SW_TILE_BYTES) == 0;
    if (!right && verify->report->state != SW_VERIFY_BROKEN) {
        int64_t first = (int64_t)(place << (8 * (level + 1)));
        (void)broken(verify, first,
                     "the tree is not that of its entries: tile %" PRIu64 " of level %" PRIu32
                     ", from entry %" PRId64 " on, has other hashes or is missing",
                     place, level, first);
    }
    return right;
}

/* The rows of each kind go on where those of the piece before ended. */
static enum sw_status join_spans(struct verify *verify, const struct sw_piece *piece)
{
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        const struct sw_span *span = &piece->spans[i];
        int64_t *next = &verify->next_rows[i];
        if (span->first != 0 && span->first != *next) {
            return broken(verify, (int64_t)piece->first,
                          "rows of `%s` are out of order: %" PRId64 " follows %" PRId64
                          ", from entry %" PRIu64 " on",
                          sw_table_info((enum sw_table)i)->name, span->first, *next - 1,
                          piece->first);
        }
        *next = span->first != 0 ? span->last + 1 : *next;
    }
    return SW_OK;
}

/* A head of the tree as it is now, if there is one. */
static enum sw_status check_head(struct verify *verify)
{
    uint8_t root[SW_HASH_BYTES];
    if (!sw_heads_wants(&verify->heads, verify->tree.size)) {
        return SW_OK;
    }
    sw_tree_root(&verify->tree, &verify->part->hasher, root);
    return sw_heads_check(&verify->heads, verify->tree.size, root, verify->options, verify->report);
}

static enum sw_status add_leaves(struct verify *verify, const struct sw_piece *piece)
{
    for (uint32_t i = 0; i < piece->count; i++) {
        if (!sw_tree_add(&verify->tree, &verify->part->hasher, piece->leaves[i], is_tile_right,
                         verify) ||
            check_head(verify) != SW_OK) {
            return SW_INVALID;
        }
    }
    return SW_OK;
}

static enum sw_status take_piece(struct verify *verify, const struct sw_piece *piece)
{
    if (piece->status == SW_INVALID) {
        return broken(verify, piece->bad_entry, "%s", piece->problem);
    }
    if (piece->status != SW_OK) {
        (void)snprintf(verify->report->problem, sizeof(verify->report->problem), "%s",
                       piece->problem);
        return piece->status;
    }
    enum sw_status status = join_spans(verify, piece);
    return status == SW_OK ? add_leaves(verify, piece) : status;
}

static bool goes_on(const struct verify *verify)
{
    const struct sw_verify_options *options = verify->options;
    return options->progress == NULL ||
           options->progress(options->context, verify->tree.size, verify->report->entries);
}

static enum sw_status check_pieces(struct verify *verify)
{
    enum sw_status status = SW_OK;
    const struct sw_piece *piece = NULL;
    sw_crew_start(&verify->crew, verify->tree.size, verify->report->entries);
    while (status == SW_OK && (piece = sw_crew_take(&verify->crew)) != NULL) {
        status = take_piece(verify, piece);
        if (status == SW_OK && !goes_on(verify)) {
            status = SW_STOPPED;
        }
    }
    if (!sw_crew_end(&verify->crew) && status == SW_OK) {
        status = SW_NO_MEMORY;
    }
    return status;
}

/* ---- rows that no entry knows ---- */

static enum sw_status check_count(struct verify *verify, const char *table, uint64_t wanted,
                                  int64_t next)
{
    char sql[160];
    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    int64_t count = sw_database_number(verify->part->database, sql, -1);
    if (count < 0) {
        return unreadable(verify);
    }
    if ((uint64_t)count == wanted) {
        return SW_OK;
    }
    if (next > 0) {
        (void)snprintf(sql, sizeof(sql),
                       "SELECT id FROM %s WHERE id < 1 OR id >= %" PRId64
                       " ORDER BY id DESC LIMIT 1",
                       table, next);
        return broken(verify, -1,
                      "`%s` has %" PRId64 " rows, the entries know %" PRIu64 ": row %" PRId64
                      " was put in",
                      table, count, wanted, sw_database_number(verify->part->database, sql, -1));
    }
    return broken(verify, -1,
                  "`%s` has %" PRId64 " rows, the entries know %" PRIu64 ": rows were put in",
                  table, count, wanted);
}

static bool is_numbered(enum sw_table table)
{
    static const uint32_t others = 1U << SW_TABLE_MAP_NODE | 1U << SW_TABLE_MAP_EDGE |
                                   1U << SW_TABLE_RULE | 1U << SW_TABLE_FINDING |
                                   1U << SW_TABLE_CHAIN | 1U << SW_TABLE_EVIDENCE |
                                   1U << SW_TABLE_REDACTED;
    return (others >> table & 1) == 0;
}

static uint64_t tiles_of(uint64_t entries)
{
    uint64_t tiles = 0;
    for (uint64_t hashes = entries / SW_TILE_HASHES; hashes > 0; hashes /= SW_TILE_HASHES) {
        tiles += hashes;
    }
    return tiles;
}

static enum sw_status check_strangers(struct verify *verify)
{
    enum sw_status status = check_count(verify, "entry", verify->report->entries, 0);
    if (status == SW_OK) {
        status = check_count(verify, "tile", tiles_of(verify->report->entries), 0);
    }
    bool settings = sw_database_has_settings(verify->part->database);
    for (int i = 0; status == SW_OK && i < SW_TABLE_COUNT; i++) {
        if (i == SW_TABLE_SETTING && !settings) {
            continue;
        }
        uint64_t count = verify->part->fetch.counts[i];
        int64_t next = is_numbered((enum sw_table)i) ? verify->next_rows[i] : 0;
        if (i == SW_TABLE_CHECKPOINT && verify->report->checkpoints > 0) {
            count++; // the newest is told of by the next; its signature was looked at
            next++;
        }
        verify->report->rows += count;
        status = check_count(verify, sw_table_info((enum sw_table)i)->name, count, next);
    }
    return status;
}

/* ---- all of it ---- */

static enum sw_status check_sums(struct verify *verify)
{
    char problem[SW_VERIFY_SENTENCE_BYTES];
    enum sw_status status =
        sw_sums_compare(&verify->part->sums, verify->part->database, problem, sizeof(problem));
    if (status == SW_INVALID) {
        return broken(verify, -1, "%s", problem);
    }
    return status == SW_OK ? SW_OK : unreadable(verify);
}

static void tell_counts(struct verify *verify)
{
    struct sw_verify_report *report = verify->report;
    const struct sw_part *part = verify->part;
    sw_tree_root(&verify->tree, &verify->part->hasher, report->root);
    report->events = part->kinds[SW_ENTRY_EVENT];
    report->judgements = part->kinds[SW_ENTRY_JUDGEMENT];
    report->alerts = part->fetch.counts[SW_TABLE_ALERT];
    report->redactions = part->kinds[SW_ENTRY_REDACTION];
    report->payloads_gone = part->payloads_gone;
    report->keys_gone = part->keys_gone;
    report->ended =
        sw_database_number(part->database, "SELECT ended_ms FROM run ORDER BY id DESC", 0) > 0;
}

/* Entries behind the last head that are of no kind in @kinds, such as "x'02', x'10'". */
static int64_t count_unsigned(const struct verify *verify, const char *kinds)
{
    char sql[192];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM entry WHERE id >= %" PRIu64
                   " AND substr(data, 2, 1) NOT IN (%s)",
                   verify->report->signed_entries, kinds);
    return sw_database_number(verify->part->database, sql, -1);
}

/* A run ends in order only when all was signed; what comes after the last head is the entry of the
 * head before and that of the end. Deletions and holds come after an end, too, and may have been
 * broken off between their commit and their signature: that is told, as of a run that was killed.
 */
static enum sw_status check_unsigned(struct verify *verify)
{
    struct sw_verify_report *report = verify->report;
    char kinds[64];
    int length = snprintf(kinds, sizeof(kinds), "x'%02x', x'%02x'", (unsigned)SW_ENTRY_CHECKPOINT,
                          (unsigned)SW_ENTRY_RUN_END);
    int64_t count = count_unsigned(verify, kinds);
    (void)snprintf(kinds + length, sizeof(kinds) - (size_t)length, ", x'%02x', x'%02x', x'%02x'",
                   (unsigned)SW_ENTRY_REDACTION, (unsigned)SW_ENTRY_HOLD,
                   (unsigned)SW_ENTRY_SIGNER);
    int64_t others = count > 0 ? count_unsigned(verify, kinds) : count;
    if (others < 0) {
        return unreadable(verify);
    }
    report->unsigned_entries = (uint64_t)count;
    report->unsigned_deletion = report->ended && count > 0 && others == 0;
    if (report->ended && report->checkpoints > 0 && others > 0) {
        return broken(verify, (int64_t)report->signed_entries,
                      "the last run ended in order, but %" PRId64
                      " entries behind the last signature are under none",
                      count);
    }
    return SW_OK;
}

static void read_origin(struct verify *verify)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(verify->part->database, "SELECT name FROM origin WHERE id = 1", -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        sw_database_copy(statement, 0, verify->report->origin, sizeof(verify->report->origin));
    }
    (void)sqlite3_finalize(statement);
}

static enum sw_status check_all(struct verify *verify)
{
    enum sw_status status = check_schema(verify);
    if (status == SW_OK && sqlite3_prepare_v2(verify->part->database, SW_TILE_SQL, -1,
                                              &verify->tile, NULL) != SQLITE_OK) {
        status = unreadable(verify);
    }
    read_origin(verify);
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        verify->next_rows[i] = 1;
    }
    if (status == SW_OK) {
        status =
            sw_heads_open(&verify->heads, verify->part->database, verify->options, verify->report);
        if (status == SW_DATABASE) {
            return unreadable(verify);
        }
    }
    if (status == SW_OK) {
        status = check_pieces(verify);
    }
    tell_counts(verify);
    if (status == SW_OK) {
        sw_fetch_reset(&verify->part->fetch);
        status = check_strangers(verify);
    }
    if (status == SW_OK) {
        status = check_sums(verify);
    }
    if (status == SW_OK) {
        status = check_unsigned(verify);
    }
    (void)sqlite3_finalize(verify->tile);
    return status;
}

/* Opens the log's reader first, whose sentences tell what is wrong with a file. */
static enum sw_status look(struct verify *verify, bool *sealed)
{
    struct sw_log_reader reader;
    enum sw_status status = sw_log_reader_open(&reader, verify->path);
    if (status != SW_OK) {
        (void)snprintf(verify->report->problem, sizeof(verify->report->problem), "%s",
                       reader.sentence);
        return status;
    }
    int64_t last = -1;
    *sealed = sw_database_number(reader.database, "PRAGMA user_version", 0) > 1;
    if (*sealed) {
        last = sw_database_number(reader.database, "SELECT max(id) FROM entry", -1);
        *sealed = last >= 0;
    }
    verify->report->entries = (uint64_t)(last + 1);
    sw_log_reader_close(&reader);
    return SW_OK;
}

static uint32_t thread_count(const struct verify *verify)
{
    long count = verify->options->threads;
    count = count == 0 ? sysconf(_SC_NPROCESSORS_ONLN) : count;
    count = count < 1 ? 1 : count;
    return count > SW_VERIFY_THREADS_MAX ? SW_VERIFY_THREADS_MAX : (uint32_t)count;
}

static enum sw_status run(struct verify *verify)
{
    bool sealed = false;
    enum sw_status status = look(verify, &sealed);
    if (status != SW_OK) {
        return status;
    }
    if (!sealed) {
        verify->report->state = SW_VERIFY_UNSEALED;
        return SW_OK;
    }
    status = sw_heads_read(&verify->heads, verify->options, verify->report);
    if (status == SW_OK) {
        status = sw_crew_open(&verify->crew, verify->path, thread_count(verify),
                              verify->report->problem);
        verify->part = &verify->crew.parts[0];
    }
    if (status == SW_OK) {
        /* Counted again in the snapshot that all is read from: a monitor may be writing. */
        int64_t last = sw_database_number(verify->part->database, "SELECT max(id) FROM entry", -1);
        verify->report->entries = (uint64_t)(last + 1);
        status = check_all(verify);
    }
    sw_heads_close(&verify->heads);
    sw_crew_close(&verify->crew);
    return status == SW_INVALID && verify->report->state == SW_VERIFY_BROKEN ? SW_OK : status;
}

enum sw_status sw_verify_log(const char *path, const struct sw_verify_options *options,
                             struct sw_verify_report *report)
{
    double start = sw_steady_s();
    struct verify *verify = calloc(1, sizeof(*verify));
    *report = (struct sw_verify_report){.bad_entry = -1};
    if (verify == NULL) {
        (void)snprintf(report->problem, sizeof(report->problem), "not enough memory");
        return SW_NO_MEMORY;
    }
    verify->path = path;
    verify->options = options;
    verify->report = report;
    enum sw_status status = run(verify);
    free(verify);
    report->seconds = sw_steady_s() - start;
    return status;
}
