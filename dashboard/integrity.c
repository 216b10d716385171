/* What is missing from the log, what was deleted from it and why, and who looked up what. */
#include "answers.h"

#define ROWS_MAX 100

/* Writes one row of a list. */
typedef void (*row_fn)(sqlite3_stmt *row, struct sw_buffer *out);

static void write_rows(struct sw_store *store, const char *key, const char *sql, row_fn write,
                       struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(store, sql);
    const char *comma = "";
    sw_buffer_append_format(out, ",\"%s\":[", key);
    if (row != NULL) {
        (void)sqlite3_bind_int(row, 1, ROWS_MAX);
    }
    while (row != NULL && sw_store_step(store, row)) {
        sw_buffer_append_format(out, "%s{", comma);
        write(row, out);
        sw_buffer_append_string(out, "}");
        comma = ",";
    }
    (void)sw_store_done(store, row);
    sw_buffer_append_string(out, "]");
}

static void write_gap(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_text(out, "source", sw_column(row, 0));
    sw_json_number(out, "first", sqlite3_column_int64(row, 1));
    sw_json_number(out, "last", sqlite3_column_int64(row, 2));
    sw_json_number(out, "opened", sqlite3_column_int64(row, 3));
    sw_json_number(out, "filled", sqlite3_column_int64(row, 4));
}

static void write_loss(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_text(out, "what", sw_column(row, 0));
    sw_json_number(out, "total", sqlite3_column_int64(row, 1));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 2));
    sw_json_id(out, "run", sqlite3_column_int64(row, 3));
}

static void write_refused(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_text(out, "reason", sw_column(row, 0));
    sw_json_text(out, "field", sw_column(row, 1));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 2));
}

static void write_source(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_text(out, "source", sw_column(row, 0));
    sw_json_number(out, "highest", sqlite3_column_int64(row, 1));
    sw_json_number(out, "contiguous", sqlite3_column_int64(row, 2));
}

static void write_reader(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_text(out, "case", sw_column(row, 0));
    sw_json_text(out, "actor", sw_column(row, 1));
    sw_json_number(out, "reads", sqlite3_column_int64(row, 2));
    sw_json_number(out, "last", sqlite3_column_int64(row, 3));
}

static void write_redaction(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_number(out, "made", sqlite3_column_int64(row, 0));
    sw_json_text(out, "class", sw_column(row, 1));
    sw_json_text(out, "reason", sw_column(row, 2));
    sw_json_number(out, "payloads", sqlite3_column_int64(row, 3));
    sw_json_number(out, "keys", sqlite3_column_int64(row, 4));
}

static void write_checkpoint(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_number(out, "size", sqlite3_column_int64(row, 0));
    sw_json_number(out, "made", sqlite3_column_int64(row, 1));
    sw_json_text(out, "note", sw_column(row, 2));
}

/* How often the monitor let the broker wait, in all runs. */
static int64_t count_waits(struct sw_store *store)
{
    return sw_store_number(store,
                           "SELECT sum(total) FROM (SELECT max(total) AS total FROM log.loss WHERE"
                           " " SW_LOSS_IS_NONE " GROUP BY run_id)");
}

enum sw_status sw_answer_integrity(struct sw_store *store, struct sw_buffer *out)
{
    sw_buffer_append_string(out, "{");
    sw_json_id(out, "entry", store->heads.event);
    write_rows(store, "gaps",
               "SELECT s.name, g.first, g.last, g.opened_ms, g.filled FROM log.gap AS g JOIN"
               " log.source AS s ON s.id = g.source_id ORDER BY g.id DESC LIMIT ?1",
               write_gap, out);
    write_rows(store, "losses",
               "SELECT what, max(total), max(ts_logged), run_id FROM log.loss WHERE NOT"
               " " SW_LOSS_IS_NONE " GROUP BY run_id, what"
               " ORDER BY run_id DESC, what LIMIT ?1",
               write_loss, out);
    write_rows(store, "refused",
               "SELECT reason, field, ts_logged FROM log.quarantine ORDER BY id DESC LIMIT ?1",
               write_refused, out);
    write_rows(store, "sources",
               "SELECT name, highest, contiguous FROM log.source ORDER BY id LIMIT ?1",
               write_source, out);
    write_rows(store, "readers",
               "SELECT c.number, r.actor, count(*), max(r.ts) FROM (SELECT DISTINCT number FROM"
               " chain_case) AS c JOIN review AS r ON r.subject = c.number AND r.subject <> ''"
               " WHERE r.action = 'case_read' GROUP BY 1, 2 ORDER BY 4 DESC LIMIT ?1",
               write_reader, out);
    sw_json_number(out, "waits", count_waits(store));
    if (store->schema >= SW_LOG_SEALED) {
        write_rows(store, "redactions",
                   "SELECT made_ms, class, reason, payloads, keys FROM log.redaction"
                   " ORDER BY id DESC LIMIT ?1",
                   write_redaction, out);
        write_rows(store, "checkpoints",
                   "SELECT size, made_ms, note FROM log.checkpoint ORDER BY id DESC"
                   " LIMIT min(?1, 1)",
                   write_checkpoint, out);
    }
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}
