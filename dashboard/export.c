/* One statement a list, bounded to a window of ids: each turn of the loop reads one window, so that
 * a file of ten million rows holds up nobody and takes no memory. */
#include "export.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "export_lists.h"

#define WINDOW      256  // ids of one statement
#define WINDOWS_MAX 64   // without a row in one turn of the loop
#define ROW_BYTES   8192 // the longest row is written while so much of the block is free
#define SQL_BYTES   3072

enum sw_status sw_export_start(struct sw_export *export, struct sw_store *store,
                               const struct sw_query *query, enum sw_export_form form)
{
    const struct sw_export_list *list =
        sw_export_list_find(store, query->what[0] != '\0' ? query->what : "alerts");
    if (list == NULL) {
        return SW_NOT_FOUND;
    }
    memset(export, 0, offsetof(struct sw_export, bytes));
    export->store = store;
    export->list = list;
    export->form = form;
    export->query = *query;
    sw_query_resolve(&export->query, store->heads.oldest_ms, store->heads.newest_ms);
    export->until = list->head(store);
    sw_buffer_init(&export->block, export->bytes, sizeof(export->bytes));
    if (sw_export_list_by_day(list)) {
        export->last = export->query.from_ms / SW_DAY_MS - 1; // days do not begin at 1
    }
    return SW_OK;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

void sw_export_cell(struct sw_buffer *out, struct sw_text text)
{
    bool formula = text.length > 0 && is_one_of(text.bytes[0], "=+-@\t\r");
    bool quoted = formula;
    for (uint32_t i = 0; i < text.length && !quoted; i++) {
        quoted = is_one_of(text.bytes[i], ",\"\r\n");
    }
    sw_buffer_append_string(out, quoted ? "\"" : "");
    sw_buffer_append_string(out, formula ? "'" : "");
    uint32_t start = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '"') {
            sw_buffer_append(out, (struct sw_text){text.bytes + start, i + 1 - start});
            sw_buffer_append_string(out, "\"");
            start = i + 1;
        }
    }
    if (start < text.length) {
        sw_buffer_append(out, (struct sw_text){text.bytes + start, text.length - start});
    }
    sw_buffer_append_string(out, quoted ? "\"" : "");
}

static void write_header(struct sw_export *export)
{
    const struct sw_export_list *list = export->list;
    export->headed = true;
    if (export->form == SW_EXPORT_JSONL) {
        return;
    }
    for (uint32_t i = 0; i < list->column_count; i++) {
        if (list->columns[i].kind != SW_EXPORT_SECRET || export->query.full) {
            sw_buffer_append_format(&export->block, i == 0 ? "%s" : ",%s", list->columns[i].name);
        }
    }
    sw_buffer_append_string(&export->block, "\r\n");
}

static void write_cell(struct sw_buffer *out, enum sw_export_form form,
                       const struct sw_export_column *column, sqlite3_stmt *row, int at)
{
    char time[SW_TIME_BYTES];
    const char *text = sw_column(row, at);
    if (column->kind == SW_EXPORT_TIME) {
        sw_time_format(sqlite3_column_int64(row, at), time);
        text = time;
    }
    if (form == SW_EXPORT_CSV) {
        if (column->kind == SW_EXPORT_NUMBER) {
            sw_buffer_append_string(out, text);
        } else {
            sw_export_cell(out, sw_text_from(text));
        }
        return;
    }
    sw_buffer_append_format(out, "\"%s\":", column->name);
    if (column->kind == SW_EXPORT_NUMBER) {
        sw_buffer_append_string(out, text);
    } else {
        sw_buffer_append_json(out, sw_text_from(text));
    }
}

/* Writes one row whole; false when the block has no room for it. */
static bool write_row(struct sw_export *export, sqlite3_stmt *row)
{
    struct sw_buffer *out = &export->block;
    uint32_t start = out->length;
    bool json = export->form == SW_EXPORT_JSONL;
    sw_buffer_append_string(out, json ? "{" : "");
    const char *comma = "";
    for (uint32_t i = 0; i < export->list->column_count; i++) {
        const struct sw_export_column *column = &export->list->columns[i];
        if (column->kind == SW_EXPORT_SECRET && !export->query.full) {
            continue;
        }
        sw_buffer_append_string(out, comma);
        write_cell(out, export->form, column, row, (int)i + 1);
        comma = ",";
    }
    sw_buffer_append_string(out, json ? "}\n" : "\r\n");
    if (out->overflowed) {
        out->overflowed = false;
        out->length = start;
        return false;
    }
    export->rows++;
    return true;
}

static void write_end(struct sw_export *export)
{
    const char *withheld = export->query.full ? "" : export->list->withheld;
    const char *complete = export->failed ? "false" : "true";
    struct sw_buffer *out = &export->block;
    export->ended = true;
    if (export->form == SW_EXPORT_CSV) {
        sw_buffer_append_format(out, "#end,rows=%llu,complete=%s", (unsigned long long)export->rows,
                                complete);
        if (withheld[0] != '\0') {
            sw_buffer_append_format(out, ",withheld=%s (links records of one person or vehicle)",
                                    withheld);
        }
        sw_buffer_append_string(out, "\r\n");
    } else {
        sw_buffer_append_format(out,
                                "{\"end\":true,\"rows\":%llu,\"complete\":%s,\"withheld\":\"%s\""
                                "}\n",
                                (unsigned long long)export->rows, complete, withheld);
    }
}

static sqlite3_stmt *prepare_window(struct sw_export *export, int64_t first, int64_t last)
{
    char text[SQL_BYTES];
    struct sw_buffer sql;
    const struct sw_export_list *list = export->list;
    sw_buffer_init(&sql, text, sizeof(text));
    sw_buffer_append_format(&sql, "SELECT %s", list->id);
    for (uint32_t i = 0; i < list->column_count; i++) {
        sw_buffer_append_format(&sql, ", %s", list->columns[i].sql);
    }
    sw_buffer_append_format(&sql, " FROM %s WHERE %s > ?1 AND %s <= ?2", list->from, list->id,
                            list->id);
    list->filter(&sql, &export->query);
    sw_buffer_append_format(&sql, " ORDER BY %s", list->id);
    SW_ASSERT(!sql.overflowed);
    sqlite3_stmt *statement = sw_store_prepare(export->store, text);
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, first);
        (void)sqlite3_bind_int64(statement, 2, last);
        (void)sqlite3_bind_int64(statement, 3, export->query.from_ms);
        (void)sqlite3_bind_int64(statement, 4, export->query.to_ms);
        list->bind(statement, &export->query);
    }
    return statement;
}

/* Rows of one id (a day of flows) are never split: a block holds a day of flows many times over. */
static void write_window(struct sw_export *export)
{
    int64_t window = sw_export_list_by_day(export->list) ? 1 : WINDOW;
    int64_t last = export->until - export->last > window ? export->last + window : export->until;
    sqlite3_stmt *row = prepare_window(export, export->last, last);
    bool full = false;
    while (row != NULL && !full && sw_store_step(export->store, row)) {
        full = !write_row(export, row);
        if (!full) {
            export->last = sqlite3_column_int64(row, 0);
        }
        full = full || (window > 1 && export->block.capacity - export->block.length < ROW_BYTES);
    }
    /* A row that an empty block cannot hold would be tried for ever. */
    export->failed = row == NULL || (full && export->block.length == 0);
    export->failed = sw_store_done(export->store, row) != SQLITE_OK || export->failed;
    if (!full) {
        export->last = last;
    }
}

static void fill(struct sw_export *export)
{
    export->block.length = 0;
    export->given = 0;
    sw_store_limit(export->store, SW_STATEMENT_MS_MAX);
    if (!export->headed) {
        write_header(export);
    }
    for (int i = 0; i < WINDOWS_MAX && export->block.length < SW_EXPORT_BLOCK_BYTES / 2 &&
                    export->last < export->until && !export->failed;
         i++) {
        write_window(export);
    }
    if ((export->last >= export->until || export->failed) &&
        export->block.capacity - export->block.length > 256) {
        write_end(export);
    }
}

ssize_t sw_export_read(struct sw_export *export, char *bytes, size_t capacity)
{
    if (export->given == export->block.length) {
        if (export->ended) {
            return -1;
        }
        fill(export);
    }
    size_t part = export->block.length - export->given;
    part = part < capacity ? part : capacity;
    memcpy(bytes, export->block.bytes + export->given, part);
    export->given += (uint32_t)part;
    return (ssize_t)part;
}
