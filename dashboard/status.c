/* What the status line shows: where the log ends, what is missing from it, which rules judged it.
 */
#include "answers.h"

static void write_run(struct sw_store *store, struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT r.id, r.started_ms, coalesce(r.ended_ms, 0), r.version, r.broker, p.name,"
               " m.name, m.version FROM log.run AS r JOIN log.policy AS p ON p.id = r.policy_id"
               " JOIN log.map AS m ON m.id = r.map_id ORDER BY r.id DESC LIMIT 1");
    if (row != NULL && sw_store_step(store, row)) {
        sw_buffer_append_string(out, ",\"run\":{");
        sw_json_id(out, "id", sqlite3_column_int64(row, 0));
        sw_json_number(out, "started", sqlite3_column_int64(row, 1));
        sw_json_number(out, "ended", sqlite3_column_int64(row, 2));
        sw_json_text(out, "version", sw_column(row, 3));
        sw_json_text(out, "policy", sw_column(row, 5));
        sw_json_text(out, "map", sw_column(row, 6));
        sw_json_text(out, "map_version", sw_column(row, 7));
        sw_buffer_append_string(out, "}");
    }
    (void)sw_store_done(store, row);
}

static void write_newest(struct sw_store *store, struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT ts_logged, synthetic FROM log.event ORDER BY id DESC LIMIT 1");
    if (row != NULL && sw_store_step(store, row)) {
        sw_json_number(out, "logged", sqlite3_column_int64(row, 0));
        sw_json_number(out, "synthetic", sqlite3_column_int64(row, 1));
    }
    (void)sw_store_done(store, row);
}

/* Gaps that are still open, and the sequence numbers in them. */
static void write_gaps(struct sw_store *store, struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT coalesce(sum(CASE filled WHEN 0 THEN last - first + 1"
               " ELSE first - last - 1 END), 0),"
               " coalesce(sum(CASE filled WHEN 0 THEN 1 ELSE 0 END), 0) FROM log.gap");
    if (row != NULL && sw_store_step(store, row)) {
        sw_json_number(out, "missing", sqlite3_column_int64(row, 0));
        sw_json_number(out, "gaps", sqlite3_column_int64(row, 1));
    }
    (void)sw_store_done(store, row);
    sw_json_number(out, "quarantined", store->heads.quarantine);
    sw_json_number(out, "losses", store->heads.losses);
}

enum sw_status sw_answer_status(struct sw_store *store, const struct sw_inbox *inbox,
                                int64_t now_ms, struct sw_buffer *out)
{
    sw_buffer_append_string(out, "{");
    sw_json_number(out, "now", now_ms);
    sw_json_id(out, "entry", store->heads.event);
    sw_json_id(out, "alert", store->heads.alert);
    sw_json_id(out, "hop", store->heads.hop);
    sw_json_number(out, "oldest", store->heads.oldest_ms);
    sw_json_number(out, "newest", store->heads.newest_ms);
    write_newest(store, out);
    write_gaps(store, out);
    sw_json_number(out, "review", store->heads.review);
    sw_json_number(out, "reviewable", store->reviewable ? 1 : 0);
    sw_json_id(out, "indexed", inbox->alert);
    sw_json_text(out, "trouble", store->trouble != NULL ? store->trouble : "");
    write_run(store, out);
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}
