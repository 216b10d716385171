/* The entries of the log, newest first. Without a filter the row id is the order; with one, an
 * index that begins with what the filter fixes. No page counts rows and none skips any. */
#include "answers.h"

#include <string.h>

#include <sharewatch/assert.h>

#include "limits.h"

// Hops looked at for one page when a filter has no index of its own; the page says where to go on.
#define LOOK_MAX 5000

/* A system's name for people, as the newest run's map has it; nothing for one that it has not. */
static void write_name(struct sw_store *store, const char *key, const char *node,
                       struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT name FROM log.map_node WHERE map_id ="
               " (SELECT map_id FROM log.run ORDER BY id DESC LIMIT 1) AND node = ?1");
    if (row != NULL) {
        (void)sqlite3_bind_text(row, 1, node, -1, SQLITE_STATIC);
        if (sw_store_step(store, row)) {
            sw_json_text(out, key, sw_column(row, 0));
        }
    }
    (void)sw_store_done(store, row);
}

static void write_event(struct sw_store *store, sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_id(out, "id", sqlite3_column_int64(row, 0));
    sw_json_text(out, "kind", sw_column(row, 1));
    sw_json_text(out, "action", sw_column(row, 2));
    sw_json_number(out, "ts", sqlite3_column_int64(row, 3));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 4));
    sw_json_text(out, "source", sw_column(row, 5));
    sw_json_number(out, "synthetic", sqlite3_column_int64(row, 6));
    if (sqlite3_column_type(row, 7) != SQLITE_NULL) {
        sw_json_text(out, "edge", sw_column(row, 8));
        sw_json_text(out, "src", sw_column(row, 9));
        sw_json_text(out, "dst", sw_column(row, 10));
        write_name(store, "src_name", sw_column(row, 9), out);
        write_name(store, "dst_name", sw_column(row, 10), out);
        sw_json_number(out, "level", sqlite3_column_int64(row, 11));
        sw_json_text(out, "verdict", sw_column(row, 12));
        sw_json_id(out, "alert", sqlite3_column_int64(row, 13));
    }
}

/* Whether @row, a row of the list, is what the filter asks for. */
static bool fits(const struct sw_query *query, sqlite3_stmt *row)
{
    bool has_hop = sqlite3_column_type(row, 7) != SQLITE_NULL;
    enum sw_verdict verdict = sw_verdict_find(sw_text_from(sw_column(row, 12)));
    int64_t ts = sqlite3_column_int64(row, 3);
    if (ts < query->from_ms || ts >= query->to_ms) {
        return false;
    }
    if (query->verdicts != 0 && (!has_hop || (query->verdicts & (1u << verdict)) == 0)) {
        return false;
    }
    if (query->levels != 0 &&
        (!has_hop || (query->levels & (1u << (uint32_t)sqlite3_column_int(row, 11))) == 0)) {
        return false;
    }
    return (query->edge[0] == '\0' || strcmp(query->edge, sw_column(row, 8)) == 0) &&
           (query->from_node[0] == '\0' || strcmp(query->from_node, sw_column(row, 9)) == 0) &&
           (query->to_node[0] == '\0' || strcmp(query->to_node, sw_column(row, 10)) == 0);
}

enum sw_status sw_answer_events(struct sw_store *store, struct sw_query *query,
                                struct sw_buffer *out)
{
    sw_query_resolve(query, store->heads.oldest_ms, store->heads.newest_ms);
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT v.id, v.kind, v.action, v.ts_event, v.ts_logged, s.name, v.synthetic, h.id,"
               " h.edge, h.from_node, h.to_node, h.level, h.verdict, h.alert FROM log.event AS v"
               " LEFT JOIN log.source AS s ON s.id = v.source_id"
               " LEFT JOIN log.hop AS h ON h.event = v.id AND h.revision ="
               " (SELECT max(revision) FROM log.hop AS l WHERE l.event = v.id)"
               " WHERE v.id < ?1 ORDER BY v.id DESC LIMIT ?2");
    if (row == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(row, 1, query->before != 0 ? query->before : INT64_MAX);
    (void)sqlite3_bind_int64(row, 2, LOOK_MAX);
    int64_t last = 0;
    uint32_t looked = 0;
    uint32_t written = 0;
    sw_buffer_append_string(out, "{\"events\":[");
    while (written < query->limit && sw_store_step(store, row)) {
        last = sqlite3_column_int64(row, 0);
        looked++;
        if (fits(query, row)) {
            sw_buffer_append_string(out, written++ == 0 ? "{" : ",{");
            write_event(store, row, out);
            sw_buffer_append_string(out, "}");
        }
    }
    (void)sw_store_done(store, row);
    sw_buffer_append_string(out, "]");
    if (last > 1 && (written == query->limit || looked == LOOK_MAX)) {
        sw_json_id(out, "next", last);
    }
    sw_json_number(out, "looked_at", looked);
    sw_json_number(out, "from", query->from_ms);
    sw_json_number(out, "to", query->to_ms);
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}
