#include "fetch.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#define ROWS_BYTES ((size_t)64 << 10)

/* How a table is looked up; its own row number where nothing is said. */
static const char *const lookups[SW_TABLE_COUNT] = {
    [SW_TABLE_MAP_NODE] = "map_id = ?1",
    [SW_TABLE_MAP_EDGE] = "map_id = ?1",
    [SW_TABLE_RULE] = "policy_id = ?1",
    [SW_TABLE_FINDING] = "hop = ?1",
    [SW_TABLE_REDACTED] = "redaction = ?1",
    [SW_TABLE_CHAIN] = "chain = ?1 AND revision = ?2",
    [SW_TABLE_EVIDENCE] = "file = ?1 AND row = ?2",
};

static const enum sw_table tables_of_kinds[SW_ENTRY_KIND_COUNT] = {
    [SW_ENTRY_ORIGIN] = SW_TABLE_ORIGIN,
    [SW_ENTRY_RUN] = SW_TABLE_RUN,
    [SW_ENTRY_RUN_END] = SW_TABLE_COUNT,
    [SW_ENTRY_MAP] = SW_TABLE_MAP,
    [SW_ENTRY_POLICY] = SW_TABLE_POLICY,
    [SW_ENTRY_SOURCE] = SW_TABLE_SOURCE,
    [SW_ENTRY_SOURCE_NUMBERS] = SW_TABLE_COUNT,
    [SW_ENTRY_EVENT] = SW_TABLE_EVENT,
    [SW_ENTRY_JUDGEMENT] = SW_TABLE_HOP,
    [SW_ENTRY_GAP] = SW_TABLE_GAP,
    [SW_ENTRY_QUARANTINE] = SW_TABLE_QUARANTINE,
    [SW_ENTRY_LOSS] = SW_TABLE_LOSS,
    [SW_ENTRY_EVIDENCE_FILE] = SW_TABLE_EVIDENCE_FILE,
    [SW_ENTRY_EVIDENCE] = SW_TABLE_EVIDENCE,
    [SW_ENTRY_SPOOL] = SW_TABLE_COUNT,
    [SW_ENTRY_SIGNER] = SW_TABLE_SIGNER,
    [SW_ENTRY_CHECKPOINT] = SW_TABLE_CHECKPOINT,
    [SW_ENTRY_REDACTION] = SW_TABLE_REDACTION,
    [SW_ENTRY_HOLD] = SW_TABLE_HOLD,
};

enum sw_table sw_fetch_table(enum sw_entry_kind kind)
{
    return tables_of_kinds[kind];
}

enum sw_status sw_fetch_open(struct sw_fetch *fetch, struct sqlite3 *database)
{
    *fetch = (struct sw_fetch){.database = database};
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        char sql[512];
        const struct sw_table_info *info = sw_table_info((enum sw_table)i);
        (void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s ORDER BY %s", info->columns,
                       info->name, lookups[i] != NULL ? lookups[i] : "id = ?1", info->order);
        if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &fetch->statements[i],
                               NULL) != SQLITE_OK) {
            sw_fetch_close(fetch);
            return SW_DATABASE;
        }
    }
    enum sw_status status = sw_rows_open(&fetch->rows, ROWS_BYTES);
    if (status != SW_OK) {
        sw_fetch_close(fetch);
    }
    return status;
}

void sw_fetch_close(struct sw_fetch *fetch)
{
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        (void)sqlite3_finalize(fetch->statements[i]);
        fetch->statements[i] = NULL;
    }
    sw_rows_close(&fetch->rows);
}

void sw_fetch_reset(struct sw_fetch *fetch)
{
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        (void)sqlite3_reset(fetch->statements[i]);
    }
}

static enum sw_status read_row(struct sw_fetch *fetch, enum sw_table table)
{
    fetch->counts[table]++;
    return sw_rows_read(&fetch->rows, fetch->statements[table], table) ? SW_OK : SW_NO_MEMORY;
}

/* The one row of @table, whose statement is bound; it stays on the row. */
static enum sw_status fetch_one(struct sw_fetch *fetch, enum sw_table table)
{
    int code = sqlite3_step(fetch->statements[table]);
    if (code == SQLITE_DONE) {
        fetch->missing = table;
        return SW_NOT_FOUND;
    }
    return code == SQLITE_ROW ? read_row(fetch, table) : SW_DATABASE;
}

static enum sw_status fetch_by_id(struct sw_fetch *fetch, enum sw_table table, int64_t id)
{
    (void)sqlite3_reset(fetch->statements[table]);
    (void)sqlite3_bind_int64(fetch->statements[table], 1, id);
    return fetch_one(fetch, table);
}

/* All rows of @table that belong to @parent; there may be none. */
static enum sw_status fetch_children(struct sw_fetch *fetch, enum sw_table table, int64_t parent)
{
    sqlite3_stmt *statement = fetch->statements[table];
    enum sw_status status = SW_OK;
    int code = SQLITE_ROW;
    (void)sqlite3_bind_int64(statement, 1, parent);
    while (status == SW_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = read_row(fetch, table);
    }
    (void)sqlite3_reset(statement);
    return status == SW_OK && code != SQLITE_DONE ? SW_DATABASE : status;
}

static enum sw_status fetch_judgement(struct sw_fetch *fetch, const struct sw_entry *entry)
{
    sqlite3_stmt *chain = fetch->statements[SW_TABLE_CHAIN];
    enum sw_status status = fetch_children(fetch, SW_TABLE_FINDING, entry->row);
    if (status == SW_OK && entry->numbers[0] != 0) {
        status = fetch_by_id(fetch, SW_TABLE_ALERT, entry->numbers[0]);
    }
    if (status == SW_OK && entry->numbers[1] != 0) {
        (void)sqlite3_reset(chain);
        (void)sqlite3_bind_value(chain, 1,
                                 sqlite3_column_value(fetch->statements[SW_TABLE_HOP], 4));
        (void)sqlite3_bind_int64(chain, 2, entry->numbers[1]);
        status = fetch_one(fetch, SW_TABLE_CHAIN);
    }
    return status;
}

static enum sw_status fetch_map(struct sw_fetch *fetch, int64_t map)
{
    enum sw_status status = fetch_children(fetch, SW_TABLE_MAP_NODE, map);
    return status == SW_OK ? fetch_children(fetch, SW_TABLE_MAP_EDGE, map) : status;
}

enum sw_status sw_fetch_entry(struct sw_fetch *fetch, const struct sw_entry *entry)
{
    enum sw_table table = tables_of_kinds[entry->kind];
    sw_rows_clear(&fetch->rows);
    if (table == SW_TABLE_COUNT) {
        return SW_OK;
    }
    (void)sqlite3_reset(fetch->statements[table]);
    if (entry->kind == SW_ENTRY_EVIDENCE) {
        (void)sqlite3_bind_int64(fetch->statements[table], 2, entry->numbers[0]);
    }
    enum sw_status status = fetch_by_id(fetch, table, entry->row);
    if (status != SW_OK) {
        return status;
    }
    if (table == SW_TABLE_HOP) {
        return fetch_judgement(fetch, entry);
    }
    if (table == SW_TABLE_MAP) {
        return fetch_map(fetch, entry->row);
    }
    if (table == SW_TABLE_POLICY) {
        return fetch_children(fetch, SW_TABLE_RULE, entry->row);
    }
    return table == SW_TABLE_REDACTION ? fetch_children(fetch, SW_TABLE_REDACTED, entry->row)
                                       : SW_OK;
}
