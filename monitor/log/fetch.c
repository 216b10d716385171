#include "fetch.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "database.h"

#define ROWS_BYTES ((size_t)64 << 10)

#define NO_HOP INT64_MAX // the statement for findings stands nowhere

/* How a table is looked up; from its own row number on where nothing is said. */
static const char *const lookups[SW_TABLE_COUNT] = {
    [SW_TABLE_MAP_NODE] = "map_id = ?1",
    [SW_TABLE_MAP_EDGE] = "map_id = ?1",
    [SW_TABLE_RULE] = "policy_id = ?1",
    [SW_TABLE_FINDING] = "hop >= ?1",
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
    [SW_ENTRY_SETTING] = SW_TABLE_SETTING,
};

enum sw_table sw_fetch_table(enum sw_entry_kind kind)
{
    return tables_of_kinds[kind];
}

enum sw_status sw_fetch_open(struct sw_fetch *fetch, struct sqlite3 *database)
{
    *fetch = (struct sw_fetch){.database = database, .findings_of = NO_HOP};
    for (int i = 0; i < SW_TABLE_COUNT; i++) {
        char sql[512];
        const struct sw_table_info *info = sw_table_info((enum sw_table)i);
        (void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s ORDER BY %s", info->columns,
                       info->name, lookups[i] != NULL ? lookups[i] : "id >= ?1", info->order);
        if (i == SW_TABLE_SETTING && !sw_database_has_settings(database)) {
            continue; // a log that was begun before there were any
        }
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
        fetch->places[i] = 0;
    }
    fetch->findings_of = NO_HOP;
}

static enum sw_status read_row(struct sw_fetch *fetch, enum sw_table table)
{
    fetch->counts[table]++;
    return sw_rows_read(&fetch->rows, fetch->statements[table], table) ? SW_OK : SW_NO_MEMORY;
}

/* The row that a step gave, if it is the one wanted. */
static enum sw_status take_row(struct sw_fetch *fetch, enum sw_table table, int code, bool wanted)
{
    if (code == SQLITE_DONE || (code == SQLITE_ROW && !wanted)) {
        fetch->missing = table;
        return SW_NOT_FOUND;
    }
    return code == SQLITE_ROW ? read_row(fetch, table) : SW_DATABASE;
}

static enum sw_status fetch_by_id(struct sw_fetch *fetch, enum sw_table table, int64_t id)
{
    sqlite3_stmt *statement = fetch->statements[table];
    if (statement == NULL) {
        fetch->missing = table;
        return SW_NOT_FOUND;
    }
    if (fetch->places[table] == 0 || fetch->places[table] != id - 1) {
        (void)sqlite3_reset(statement);
        (void)sqlite3_bind_int64(statement, 1, id);
    }
    int code = sqlite3_step(statement);
    bool wanted = code == SQLITE_ROW && sqlite3_column_int64(statement, 0) == id;
    fetch->places[table] = wanted ? id : 0;
    return take_row(fetch, table, code, wanted);
}

/* The one row of @table with the keys @first and @second. */
static enum sw_status fetch_by_keys(struct sw_fetch *fetch, enum sw_table table,
                                    const sqlite3_value *first, int64_t second)
{
    sqlite3_stmt *statement = fetch->statements[table];
    (void)sqlite3_reset(statement);
    (void)sqlite3_bind_value(statement, 1, first);
    (void)sqlite3_bind_int64(statement, 2, second);
    return take_row(fetch, table, sqlite3_step(statement), true);
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

/* Steps to the next finding, whose hop is then the statement's place. */
static enum sw_status step_findings(struct sw_fetch *fetch)
{
    sqlite3_stmt *statement = fetch->statements[SW_TABLE_FINDING];
    int code = sqlite3_step(statement);
    fetch->on_finding = code == SQLITE_ROW;
    fetch->places[SW_TABLE_FINDING] = fetch->on_finding ? sqlite3_column_int64(statement, 0) : 0;
    return code == SQLITE_ROW || code == SQLITE_DONE ? SW_OK : SW_DATABASE;
}

/* The findings of @hop; there may be none. The statement stands on the first that is of a later
 * hop than the one asked for last, so that it need not be sent anywhere for the hops between. */
static enum sw_status fetch_findings(struct sw_fetch *fetch, int64_t hop)
{
    sqlite3_stmt *statement = fetch->statements[SW_TABLE_FINDING];
    const int64_t *place = &fetch->places[SW_TABLE_FINDING];
    enum sw_status status = SW_OK;
    if (fetch->findings_of >= hop || (fetch->on_finding && *place < hop)) {
        (void)sqlite3_reset(statement);
        (void)sqlite3_bind_int64(statement, 1, hop);
        status = step_findings(fetch);
    }
    while (status == SW_OK && fetch->on_finding && *place == hop) {
        status = read_row(fetch, SW_TABLE_FINDING);
        status = status == SW_OK ? step_findings(fetch) : status;
    }
    fetch->findings_of = status == SW_OK ? hop : NO_HOP;
    return status;
}

static enum sw_status fetch_judgement(struct sw_fetch *fetch, const struct sw_entry *entry)
{
    enum sw_status status = fetch_findings(fetch, entry->row);
    if (status == SW_OK && entry->numbers[0] != 0) {
        status = fetch_by_id(fetch, SW_TABLE_ALERT, entry->numbers[0]);
    }
    if (status == SW_OK && entry->numbers[1] != 0) {
        status = fetch_by_keys(fetch, SW_TABLE_CHAIN,
                               sqlite3_column_value(fetch->statements[SW_TABLE_HOP], 4),
                               entry->numbers[1]);
    }
    return status;
}

/* File and row of the file name it. */
static enum sw_status fetch_evidence(struct sw_fetch *fetch, const struct sw_entry *entry)
{
    sqlite3_stmt *statement = fetch->statements[SW_TABLE_EVIDENCE];
    (void)sqlite3_reset(statement);
    (void)sqlite3_bind_int64(statement, 1, entry->row);
    (void)sqlite3_bind_int64(statement, 2, entry->numbers[0]);
    return take_row(fetch, SW_TABLE_EVIDENCE, sqlite3_step(statement), true);
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
    if (entry->kind == SW_ENTRY_EVIDENCE) {
        return fetch_evidence(fetch, entry);
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
