#include "row.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "database.h"

static const struct sw_table_info tables[] = {
#define ROW(NAME, table, columns, order, bits) [SW_TABLE_##NAME] = {#table, columns, order, bits},
    SW_TABLE_LIST(ROW)
#undef ROW
};

const struct sw_table_info *sw_table_info(enum sw_table table)
{
    SW_ASSERT(table < SW_TABLE_COUNT);
    return &tables[table];
}

enum sw_status sw_rows_open(struct sw_rows *rows, size_t bytes)
{
    *rows = (struct sw_rows){0};
    for (int i = 0; i < SW_ENTRY_GROUPS; i++) {
        rows->groups[i].bytes = malloc(bytes);
        rows->groups[i].capacity = bytes;
        if (rows->groups[i].bytes == NULL) {
            sw_rows_close(rows);
            return SW_NO_MEMORY;
        }
    }
    return SW_OK;
}

void sw_rows_close(struct sw_rows *rows)
{
    for (int i = 0; i < SW_ENTRY_GROUPS; i++) {
        free(rows->groups[i].bytes);
    }
    *rows = (struct sw_rows){0};
}

void sw_rows_clear(struct sw_rows *rows)
{
    for (int i = 0; i < SW_ENTRY_GROUPS; i++) {
        rows->groups[i].length = 0;
    }
}

/* Grows only for maps and policies at a start and for redactions: an event fits what was reserved,
 * see RESERVED_BYTES in seal.c. */
static bool make_room(struct sw_rows *rows, uint32_t group, size_t more)
{
    size_t needed = rows->groups[group].length + more;
    size_t capacity = rows->groups[group].capacity;
    if (needed <= capacity) {
        return true;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *bytes = realloc(rows->groups[group].bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    rows->groups[group].bytes = bytes;
    rows->groups[group].capacity = capacity;
    return true;
}

static uint32_t group_of(enum sw_table table, int column)
{
    return tables[table].deletable >> column & 1;
}

static bool put_table(struct sw_rows *rows, enum sw_table table)
{
    for (uint32_t group = 0; group < (tables[table].deletable != 0 ? 2U : 1U); group++) {
        if (!make_room(rows, group, 1)) {
            return false;
        }
        rows->groups[group].bytes[rows->groups[group].length++] = (uint8_t)table;
    }
    return true;
}

static bool put_integer(struct sw_rows *rows, uint32_t group, int64_t value)
{
    if (!make_room(rows, group, 9)) {
        return false;
    }
    uint8_t *at = rows->groups[group].bytes + rows->groups[group].length;
    at[0] = 'i';
    sw_put_number(at + 1, (uint64_t)value);
    rows->groups[group].length += 9;
    return true;
}

static bool put_null(struct sw_rows *rows, uint32_t group)
{
    if (!make_room(rows, group, 1)) {
        return false;
    }
    rows->groups[group].bytes[rows->groups[group].length++] = 'n';
    return true;
}

static bool put_bytes(struct sw_rows *rows, uint32_t group, char type, const void *bytes,
                      uint32_t count)
{
    if (!make_room(rows, group, count + (size_t)5)) {
        return false;
    }
    uint8_t *at = rows->groups[group].bytes + rows->groups[group].length;
    at[0] = (uint8_t)type;
    at[1] = (uint8_t)(count >> 24);
    at[2] = (uint8_t)(count >> 16);
    at[3] = (uint8_t)(count >> 8);
    at[4] = (uint8_t)count;
    if (count > 0) {
        memcpy(at + 5, bytes, count);
    }
    rows->groups[group].length += count + (size_t)5;
    return true;
}

struct sw_row sw_row_begin(struct sw_rows *rows, struct sqlite3_stmt *statement,
                           enum sw_table table)
{
    struct sw_row row = {.rows = rows, .statement = statement, .table = table};
    bool done = put_table(rows, table);
    SW_ASSERT(done);
    return row;
}

void sw_row_integer(struct sw_row *row, int64_t value)
{
    (void)sqlite3_bind_int64(row->statement, row->column + 1, value);
    bool done = put_integer(row->rows, group_of(row->table, row->column), value);
    SW_ASSERT(done);
    row->column++;
}

void sw_row_null(struct sw_row *row)
{
    (void)sqlite3_bind_null(row->statement, row->column + 1);
    bool done = put_null(row->rows, group_of(row->table, row->column));
    SW_ASSERT(done);
    row->column++;
}

void sw_row_text(struct sw_row *row, struct sw_text text)
{
    (void)sw_database_bind(row->statement, row->column + 1, text);
    bool done =
        put_bytes(row->rows, group_of(row->table, row->column), 't', text.bytes, text.length);
    SW_ASSERT(done);
    row->column++;
}

void sw_row_blob(struct sw_row *row, const void *bytes, uint32_t count)
{
    (void)sqlite3_bind_blob(row->statement, row->column + 1, bytes, (int)count, SQLITE_STATIC);
    bool done = put_bytes(row->rows, group_of(row->table, row->column), 'b', bytes, count);
    SW_ASSERT(done);
    row->column++;
}

void sw_row_optional(struct sw_row *row, struct sw_text text)
{
    if (text.length == 0) {
        sw_row_null(row);
    } else {
        sw_row_text(row, text);
    }
}

/* Text is taken as a blob, which gives the same bytes without the copy that a NUL behind it asks
 * for; its type must be known before. */
static bool read_value(struct sw_rows *rows, uint32_t group, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER) {
        return put_integer(rows, group, sqlite3_value_int64(value));
    }
    if (type == SQLITE_NULL) {
        return put_null(rows, group);
    }
    /* A real would be foreign to every table; its text tells it apart. */
    const void *bytes = sqlite3_value_blob(value);
    return put_bytes(rows, group, type == SQLITE_TEXT ? 't' : 'b', bytes,
                     (uint32_t)sqlite3_value_bytes(value));
}

bool sw_rows_read(struct sw_rows *rows, struct sqlite3_stmt *statement, enum sw_table table)
{
    int count = sqlite3_column_count(statement);
    uint32_t deletable = tables[table].deletable;
    bool done = put_table(rows, table);
    for (int i = 0; done && i < count; i++) {
        done = read_value(rows, deletable >> i & 1, sqlite3_column_value(statement, i));
    }
    return done;
}
