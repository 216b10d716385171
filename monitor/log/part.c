#include "part.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "database.h"

#define HOP_CHAIN_COLUMN 4
#define BLANK_BYTES      ((size_t)4 << 10)

/* The log is read from end to end: mapped, it is not copied. */
static const char settings[] =
    "PRAGMA mmap_size = 1099511627776; PRAGMA cache_size = -16384; PRAGMA trusted_schema = OFF; "
    "BEGIN";

static enum sw_status explain(struct sw_part *part, const char *path,
                              char sentence[SW_VERIFY_SENTENCE_BYTES])
{
    char text[SW_LOG_SENTENCE_BYTES];
    sw_database_explain(part->database, path, "reading", text);
    (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "%s", text);
    return SW_DATABASE;
}

enum sw_status sw_part_open(struct sw_part *part, const char *path,
                            char sentence[SW_VERIFY_SENTENCE_BYTES])
{
    *part = (struct sw_part){.blank_capacity = BLANK_BYTES};
    if (sqlite3_open_v2(path, &part->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        return explain(part, path, sentence);
    }
    (void)sqlite3_busy_timeout(part->database, SW_BUSY_TIMEOUT_MS);
    if (sqlite3_exec(part->database, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(part->database,
                           "SELECT id, data, salts FROM entry WHERE id >= ?1 ORDER BY id", -1,
                           SQLITE_PREPARE_PERSISTENT, &part->entries, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(part->database, "SELECT chain FROM redacted WHERE entry = ?1", -1,
                           SQLITE_PREPARE_PERSISTENT, &part->redacted, NULL) != SQLITE_OK ||
        sw_fetch_open(&part->fetch, part->database) != SW_OK) {
        return explain(part, path, sentence);
    }
    part->blank = malloc(part->blank_capacity);
    if (part->blank == NULL || sw_sums_open(&part->sums, part->database) != SW_OK) {
        (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "log %s: not enough memory", path);
        return SW_NO_MEMORY;
    }
    return SW_OK;
}

void sw_part_close(struct sw_part *part)
{
    (void)sqlite3_finalize(part->entries);
    (void)sqlite3_finalize(part->redacted);
    sw_fetch_close(&part->fetch);
    sw_sums_close(&part->sums);
    free(part->blank);
    (void)sqlite3_close(part->database);
    *part = (struct sw_part){0};
}

bool sw_part_add(struct sw_part *part, const struct sw_part *other)
{
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        part->fetch.counts[i] += other->fetch.counts[i];
    }
    for (int i = 0; i < SW_ENTRY_KIND_COUNT; i++) {
        part->kinds[i] += other->kinds[i];
    }
    part->payloads_gone += other->payloads_gone;
    part->keys_gone += other->keys_gone;
    return sw_sums_add(&part->sums, &other->sums);
}

static void blame(struct sw_piece *piece, const struct sw_entry *entry, const char *what)
{
    enum sw_table table = sw_fetch_table(entry->kind);
    piece->status = SW_INVALID;
    piece->bad_entry = (int64_t)entry->index;
    if (table == SW_TABLE_COUNT) {
        (void)snprintf(piece->problem, sizeof(piece->problem),
                       "entry %" PRIu64 " (%s %" PRId64 ") %s", entry->index,
                       sw_entry_kind_name(entry->kind), entry->row, what);
    } else {
        (void)snprintf(piece->problem, sizeof(piece->problem),
                       "entry %" PRIu64 " (%s, row %" PRId64 " of `%s`) %s", entry->index,
                       sw_entry_kind_name(entry->kind), entry->row, sw_table_info(table)->name,
                       what);
    }
}

/* ---- what was redacted ---- */

static void blank_text(uint8_t *bytes, size_t *length, enum sw_table table, char type,
                       const char *text)
{
    size_t count = strlen(text);
    if (table != SW_TABLE_COUNT) {
        bytes[(*length)++] = (uint8_t)table;
    }
    bytes[(*length)++] = (uint8_t)type;
    bytes[(*length)++] = 0;
    bytes[(*length)++] = 0;
    bytes[(*length)++] = 0;
    bytes[(*length)++] = (uint8_t)count;
    memcpy(bytes + *length, text, count);
    *length += count;
}

/* What group 1 of @entry is once it was redacted. */
static size_t write_blank(struct sw_part *part, const struct sw_entry *entry, int64_t chain)
{
    char name[40];
    size_t length = 0;
    (void)snprintf(name, sizeof(name), "redacted:%" PRId64, chain);
    if (entry->kind == SW_ENTRY_EVENT) {
        blank_text(part->blank, &length, SW_TABLE_EVENT, 't', "");
        blank_text(part->blank, &length, SW_TABLE_COUNT, 'b', "");
        return length;
    }
    blank_text(part->blank, &length, entry->kind == SW_ENTRY_HOLD ? SW_TABLE_HOLD : SW_TABLE_HOP,
               't', name);
    if (entry->kind == SW_ENTRY_JUDGEMENT && entry->numbers[0] != 0) {
        blank_text(part->blank, &length, SW_TABLE_ALERT, 't', name);
    }
    if (entry->kind == SW_ENTRY_JUDGEMENT && entry->numbers[1] != 0) {
        blank_text(part->blank, &length, SW_TABLE_CHAIN, 't', name);
    }
    return length;
}

static void check_blank(struct sw_part *part, struct sw_piece *piece, const struct sw_entry *entry)
{
    sqlite3_stmt *statement = part->redacted;
    (void)sqlite3_reset(statement);
    (void)sqlite3_bind_int64(statement, 1, (int64_t)entry->index);
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        piece->status = SW_DATABASE;
    } else if (code == SQLITE_DONE) {
        blame(piece, entry,
              entry->kind == SW_ENTRY_EVENT
                  ? "lacks the salt of its payload, and no redaction tells why"
                  : "lacks the salt of its chain key, and no redaction tells why");
    } else {
        size_t length = write_blank(part, entry, sqlite3_column_int64(statement, 0));
        if (length != part->fetch.rows.groups[1].length ||
            memcmp(part->blank, part->fetch.rows.groups[1].bytes, length) != 0) {
            blame(piece, entry, "was redacted, and has content again");
        }
    }
    (void)sqlite3_reset(statement);
    part->payloads_gone += entry->kind == SW_ENTRY_EVENT;
    part->keys_gone += entry->kind == SW_ENTRY_JUDGEMENT;
}

/* ---- one entry ---- */

static const char *changed_text(const struct sw_entry *entry, uint32_t group)
{
    if (group == 1) {
        return entry->kind == SW_ENTRY_EVENT ? "does not fit: its payload or digest was changed"
                                             : "does not fit: the key of its chain was changed";
    }
    return entry->kind == SW_ENTRY_JUDGEMENT
               ? "does not fit: its hop, a finding, its alert or its chain's row was changed"
               : "does not fit: the row was changed";
}

/* The rows that were fetched against the entry's commitments. */
static void check_rows(struct sw_part *part, struct sw_piece *piece, const struct sw_entry *entry,
                       const uint8_t *salts, uint32_t salt_count)
{
    uint8_t commitment[SW_HASH_BYTES];
    for (uint32_t i = 0; i < salt_count && piece->status == SW_OK; i++) {
        sw_entry_commit(&part->hasher, i, salts + (size_t)i * SW_SALT_BYTES,
                        part->fetch.rows.groups[i].bytes, part->fetch.rows.groups[i].length,
                        commitment);
        if (memcmp(commitment, entry->commitments[i], sizeof(commitment)) != 0) {
            blame(piece, entry, changed_text(entry, i));
        }
    }
    if (piece->status == SW_OK && salt_count < entry->group_count) {
        check_blank(part, piece, entry);
    }
}

static void span_row(struct sw_piece *piece, const struct sw_entry *entry, enum sw_table table,
                     int64_t row)
{
    struct sw_span *span = &piece->spans[table];
    if (span->first != 0 && row != span->last + 1) {
        blame(piece, entry, "is out of order: its row does not follow the one before");
    }
    span->first = span->first == 0 ? row : span->first;
    span->last = row;
}

static void fetch_and_check(struct sw_part *part, struct sw_piece *piece,
                            const struct sw_entry *entry, const uint8_t *salts, uint32_t salt_count)
{
    char what[96];
    enum sw_table table = sw_fetch_table(entry->kind);
    enum sw_status status = sw_fetch_entry(&part->fetch, entry);
    if (status == SW_NOT_FOUND) {
        (void)snprintf(what, sizeof(what), "has lost its row of `%s`",
                       sw_table_info(part->fetch.missing)->name);
        blame(piece, entry, what);
        return;
    }
    if (status != SW_OK) {
        piece->status = status;
        return;
    }
    check_rows(part, piece, entry, salts, salt_count);
    if (table != SW_TABLE_COUNT && table != SW_TABLE_EVIDENCE) {
        span_row(piece, entry, table, entry->row);
    }
    if (entry->kind == SW_ENTRY_JUDGEMENT) {
        if (entry->numbers[0] != 0) {
            span_row(piece, entry, SW_TABLE_ALERT, entry->numbers[0]);
        }
        if (!sw_sums_add_hop(&part->sums, part->fetch.statements[SW_TABLE_HOP])) {
            piece->status = SW_NO_MEMORY;
        }
    }
    sw_sums_add_numbers(&part->sums, entry);
}

/* The entry that part->entries stands on. */
static void check_entry(struct sw_part *part, struct sw_piece *piece, uint32_t place)
{
    struct sw_entry entry;
    const uint8_t *data = sqlite3_column_blob(part->entries, 1);
    uint32_t count = (uint32_t)sqlite3_column_bytes(part->entries, 1);
    const uint8_t *salts = sqlite3_column_blob(part->entries, 2);
    uint32_t salt_bytes = (uint32_t)sqlite3_column_bytes(part->entries, 2);
    uint64_t index = piece->first + place;
    if (!sw_entry_read(data, count, &entry) || entry.index != index ||
        sqlite3_column_int64(part->entries, 0) != (int64_t)index) {
        piece->status = SW_INVALID;
        piece->bad_entry = (int64_t)index;
        (void)snprintf(piece->problem, sizeof(piece->problem),
                       "entry %" PRIu64 " was changed, or is missing or out of its place", index);
        return;
    }
    sw_hash_leaf(&part->hasher, data, count, piece->leaves[place]);
    part->kinds[entry.kind]++;
    uint32_t salt_count = salt_bytes / SW_SALT_BYTES;
    if (salt_bytes % SW_SALT_BYTES != 0 || salt_count > entry.group_count ||
        (salt_count < entry.group_count && (salt_count != 1 || entry.group_count != 2))) {
        blame(piece, &entry, "has not the salts that it needs");
        return;
    }
    fetch_and_check(part, piece, &entry, salts, salt_count);
}

void sw_part_check(struct sw_part *part, struct sw_piece *piece)
{
    memset(piece->spans, 0, sizeof(piece->spans));
    piece->status = SW_OK;
    piece->bad_entry = -1;
    (void)sqlite3_bind_int64(part->entries, 1, (int64_t)piece->first);
    for (uint32_t i = 0; i < piece->count && piece->status == SW_OK; i++) {
        int code = sqlite3_step(part->entries);
        if (code == SQLITE_ROW) {
            check_entry(part, piece, i);
        } else if (code == SQLITE_DONE) {
            piece->status = SW_INVALID;
            piece->bad_entry = (int64_t)(piece->first + i);
            (void)snprintf(piece->problem, sizeof(piece->problem), "entry %" PRId64 " is missing",
                           piece->bad_entry);
        } else {
            piece->status = SW_DATABASE;
        }
    }
    if (piece->status == SW_DATABASE) {
        (void)explain(part, sqlite3_db_filename(part->database, "main"), piece->problem);
    }
    (void)sqlite3_reset(part->entries);
}
