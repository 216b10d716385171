/* One alert as a person reads it: the sentence, each hop of its chain with its map edge and rules,
 * the law, who holds the off switch, what was learned later, and who did what. */
#include "answers.h"

#include <stdio.h>

#include "limits.h"

#define HOPS_MAX 64 // of one chain that are shown; the count of all is given

static void write_head(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_id(out, "id", sqlite3_column_int64(row, 0));
    sw_json_text(out, "verdict", sw_column(row, 1));
    sw_json_number(out, "level", sqlite3_column_int64(row, 2));
    sw_json_text(out, "title", sw_column(row, 3));
    sw_json_text(out, "sentence", sw_column(row, 4));
    sw_json_text(out, "path", sw_column(row, 5));
    sw_json_text(out, "cite", sw_column(row, 6));
    sw_json_names(out, "duties", sw_column(row, 7));
    sw_json_text(out, "chain", sw_column(row, 8));
    sw_json_text(out, "edge", sw_column(row, 9));
    sw_json_text(out, "rule", sw_column(row, 10));
    sw_json_number(out, "ts", sqlite3_column_int64(row, 11));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 12));
    sw_json_number(out, "daily", sqlite3_column_int64(row, 13));
    sw_json_number(out, "synthetic", sqlite3_column_int64(row, 14));
    sw_json_number(out, "hops", sqlite3_column_int64(row, 15));
    sw_json_number(out, "last", sqlite3_column_int64(row, 16));
    sw_json_id(out, "hop", sqlite3_column_int64(row, 17));
    sw_json_text(out, "policy", sw_column(row, 18));
    sw_json_text(out, "rule_title", sw_column(row, 19));
    sw_json_text(out, "pack", sw_column(row, 20));
    sw_json_id(out, "group", sqlite3_column_int64(row, 21));
    sw_json_text(out, "state", sw_state_name((enum sw_review_state)sqlite3_column_int(row, 22)));
    sw_json_text(out, "edge_name", sw_column(row, 23));
    sw_json_text(out, "basis", sw_column(row, 24));
    sw_json_text(out, "off_switch", sw_column(row, 25));
    sw_json_text(out, "known", sw_column(row, 26));
    sw_json_names(out, "modes", sw_column(row, 27));
    sw_json_id(out, "event", sqlite3_column_int64(row, 28));
}

static const char head_sql[] =
    "SELECT a.id, a.verdict, a.level, a.title, a.sentence, a.path, a.cite, a.duties, a.chain,"
    " a.edge, a.rule, a.ts_event, a.ts_logged, a.daily, a.synthetic, coalesce(c.hops, 1),"
    " coalesce(c.last_ms, a.ts_event), a.hop, p.name, r.title, r.pack, i.grp, i.state,"
    " e.name, e.basis, e.off_switch, e.source, e.modes, h.event"
    " FROM log.alert AS a LEFT JOIN log.alert_count AS c ON c.alert = a.id"
    " LEFT JOIN log.policy AS p ON p.id = a.policy_id"
    " LEFT JOIN inbox AS i ON i.alert = a.id"
    " LEFT JOIN log.hop AS h ON h.id = a.hop"
    " LEFT JOIN log.event AS v ON v.id = h.event"
    " LEFT JOIN log.run AS n ON n.id = v.run_id"
    " LEFT JOIN log.map_edge AS e ON e.map_id = n.map_id AND e.edge = a.edge"
    " LEFT JOIN log.rule AS r ON r.policy_id = a.policy_id AND r.name = a.rule"
    " WHERE a.id = ?1";

static void write_findings(struct sw_store *store, int64_t hop, struct sw_buffer *out)
{
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT r.name, r.title, r.cite, r.pack, f.verdict, f.missing FROM log.finding AS f"
               " LEFT JOIN log.rule AS r ON r.policy_id = f.policy_id AND r.rule = f.rule"
               " WHERE f.hop = ?1 LIMIT 32");
    if (statement == NULL) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 1, hop);
    sw_buffer_append_string(out, ",\"findings\":[");
    for (const char *comma = ""; sw_store_step(store, statement); comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        sw_json_text(out, "rule", sw_column(statement, 0));
        sw_json_text(out, "title", sw_column(statement, 1));
        sw_json_text(out, "cite", sw_column(statement, 2));
        sw_json_text(out, "pack", sw_column(statement, 3));
        sw_json_text(out, "verdict", sw_column(statement, 4));
        sw_json_text(out, "missing", sw_column(statement, 5));
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]");
    (void)sw_store_done(store, statement);
}

static void write_hop(struct sw_store *store, sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_id(out, "id", sqlite3_column_int64(row, 0));
    sw_json_id(out, "event", sqlite3_column_int64(row, 1));
    sw_json_number(out, "revision", sqlite3_column_int64(row, 2));
    sw_json_text(out, "edge", sw_column(row, 3));
    sw_json_text(out, "from", sw_column(row, 4));
    sw_json_text(out, "to", sw_column(row, 5));
    sw_json_text(out, "from_name", sw_column(row, 6));
    sw_json_text(out, "to_name", sw_column(row, 7));
    sw_json_text(out, "data_class", sw_column(row, 8));
    sw_json_text(out, "crosses", sw_column(row, 9));
    sw_json_number(out, "level", sqlite3_column_int64(row, 10));
    sw_json_text(out, "verdict", sw_column(row, 11));
    sw_json_names(out, "duties", sw_column(row, 12));
    sw_json_number(out, "fed_reach", sqlite3_column_int64(row, 13));
    sw_json_number(out, "late", sqlite3_column_int64(row, 14));
    sw_json_number(out, "ts", sqlite3_column_int64(row, 15));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 16));
    sw_json_number(out, "recorded", sqlite3_column_int64(row, 24));
    sw_json_text(out, "kind", sw_column(row, 17));
    sw_json_text(out, "action", sw_column(row, 18));
    sw_json_text(out, "source", sw_column(row, 19));
    sw_json_text(out, "edge_name", sw_column(row, 20));
    sw_json_text(out, "off_switch", sw_column(row, 21));
    sw_json_id(out, "alert", sqlite3_column_int64(row, 22));
    sw_json_id(out, "cause", sqlite3_column_int64(row, 23));
    write_findings(store, sqlite3_column_int64(row, 0), out);
}

#define HOP_FROM                                                                                   \
    "SELECT h.id, h.event, h.revision, h.edge, h.from_node, h.to_node, f.name, t.name,"            \
    " h.data_class, h.crosses, h.level, h.verdict, h.duties, h.fed_reach, h.late, h.ts_event,"     \
    " v.ts_logged, v.kind, v.action, s.name, e.name, e.off_switch, h.alert, h.cause, "             \
    "v.ts_recorded"                                                                                \
    " FROM log.hop AS h JOIN log.event AS v ON v.id = h.event"                                     \
    " JOIN log.run AS n ON n.id = v.run_id"                                                        \
    " LEFT JOIN log.source AS s ON s.id = v.source_id"                                             \
    " LEFT JOIN log.map_node AS f ON f.map_id = n.map_id AND f.node = h.from_node"                 \
    " LEFT JOIN log.map_node AS t ON t.map_id = n.map_id AND t.node = h.to_node"                   \
    " LEFT JOIN log.map_edge AS e ON e.map_id = n.map_id AND e.edge = h.edge"

static void write_hops(struct sw_store *store, sqlite3_stmt *statement, struct sw_buffer *out)
{
    sw_buffer_append_string(out, ",\"path_hops\":[");
    for (const char *comma = ""; sw_store_step(store, statement); comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        write_hop(store, statement, out);
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]");
}

/* The hops of a chain in the order of what happened. A daily alert stands for many chains and shows
 * the first. */
static void write_chain(struct sw_store *store, const char *chain, struct sw_buffer *out)
{
    char sql[1600];
    (void)snprintf(sql, sizeof(sql), "%s WHERE h.chain = ?1 ORDER BY h.ts_event, h.id LIMIT %d",
                   HOP_FROM, HOPS_MAX);
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement != NULL) {
        (void)sqlite3_bind_text(statement, 1, chain, -1, SQLITE_TRANSIENT);
        write_hops(store, statement, out);
    }
    (void)sw_store_done(store, statement);
}

static void write_standing(struct sw_store *store, const char *chain, struct sw_buffer *out)
{
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT level, verdict, verdicts, hops, first_ms, last_ms, revision"
                                " FROM log.chain WHERE chain = ?1 ORDER BY revision DESC LIMIT 1");
    if (statement == NULL) {
        return;
    }
    (void)sqlite3_bind_text(statement, 1, chain, -1, SQLITE_TRANSIENT);
    if (sw_store_step(store, statement)) {
        sw_buffer_append_string(out, ",\"standing\":{");
        sw_json_number(out, "level", sqlite3_column_int64(statement, 0));
        sw_json_text(out, "verdict", sw_column(statement, 1));
        sw_json_names(out, "verdicts", sw_column(statement, 2));
        sw_json_number(out, "hops", sqlite3_column_int64(statement, 3));
        sw_json_number(out, "first", sqlite3_column_int64(statement, 4));
        sw_json_number(out, "last", sqlite3_column_int64(statement, 5));
        sw_buffer_append_string(out, "}");
    }
    (void)sw_store_done(store, statement);
}

static void write_review(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_number(out, "seq", sqlite3_column_int64(row, 0));
    sw_json_number(out, "ts", sqlite3_column_int64(row, 1));
    sw_json_text(out, "actor", sw_column(row, 2));
    sw_json_text(out, "action", sw_column(row, 3));
    sw_json_id(out, "alert", sqlite3_column_int64(row, 4));
    sw_json_text(out, "subject", sw_column(row, 5));
    sw_json_text(out, "note", sw_column(row, 6));
    sw_json_number(out, "batch", sqlite3_column_int64(row, 7));
    sw_json_number(out, "undoes", sqlite3_column_int64(row, 8));
}

#define REVIEW_COLUMNS "seq, ts, actor, action, alert, subject, note, batch, undoes"

static void write_history(struct sw_store *store, sqlite3_stmt *statement, struct sw_buffer *out)
{
    sw_buffer_append_string(out, "\"history\":[");
    for (const char *comma = ""; sw_store_step(store, statement); comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        write_review(statement, out);
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]");
}

static void write_alert_history(struct sw_store *store, int64_t id, struct sw_buffer *out)
{
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT " REVIEW_COLUMNS " FROM review WHERE alert = ?1"
                                " ORDER BY seq DESC LIMIT 100");
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, id);
        sw_buffer_append_string(out, ",");
        write_history(store, statement, out);
    }
    (void)sw_store_done(store, statement);
}

enum sw_status sw_answer_alert(struct sw_store *store, int64_t id, struct sw_buffer *out)
{
    char chain[SW_WORD_BYTES * 2];
    sqlite3_stmt *statement = sw_store_prepare(store, head_sql);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(statement, 1, id);
    if (!sw_store_step(store, statement)) {
        (void)sw_store_done(store, statement);
        return store->overran ? SW_DATABASE : SW_NOT_FOUND;
    }
    sw_buffer_append_string(out, "{");
    write_head(statement, out);
    (void)snprintf(chain, sizeof(chain), "%s", sw_column(statement, 8));
    (void)sw_store_done(store, statement);
    write_chain(store, chain, out);
    write_standing(store, chain, out);
    write_alert_history(store, id, out);
    sw_json_number(out, "review", store->heads.review);
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}

enum sw_status sw_answer_reviews(struct sw_store *store, const struct sw_query *query,
                                 struct sw_buffer *out)
{
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT " REVIEW_COLUMNS " FROM review WHERE seq < ?1"
                                " ORDER BY seq DESC LIMIT ?2");
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(statement, 1, query->before != 0 ? query->before : INT64_MAX);
    (void)sqlite3_bind_int64(statement, 2, query->limit);
    sw_buffer_append_string(out, "{");
    write_history(store, statement, out);
    sw_buffer_append_string(out, "}");
    (void)sw_store_done(store, statement);
    return store->overran ? SW_DATABASE : SW_OK;
}

static enum sw_status event_hops(struct sw_store *store, int64_t id, struct sw_buffer *out)
{
    char sql[1600];
    (void)snprintf(sql, sizeof(sql), "%s WHERE h.event = ?1 ORDER BY h.revision LIMIT %d", HOP_FROM,
                   HOPS_MAX);
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(statement, 1, id);
    write_hops(store, statement, out);
    (void)sw_store_done(store, statement);
    return SW_OK;
}

static void write_digest(struct sw_buffer *out, const char *key, sqlite3_stmt *row, int column)
{
    char hex[65];
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    int count = sqlite3_column_bytes(row, column);
    sw_text_hex(bytes, count < 32 ? (size_t)count : 32, hex);
    sw_json_text(out, key, hex);
}

enum sw_status sw_answer_event(struct sw_store *store, int64_t id, struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT v.id, s.name, v.event_id, coalesce(v.sequence, 0), v.kind, v.action,"
               " v.ts_event, v.ts_recorded, v.ts_logged, v.payload, v.digest, v.scrubbed,"
               " v.synthetic, v.run_id FROM log.event AS v"
               " LEFT JOIN log.source AS s ON s.id = v.source_id WHERE v.id = ?1");
    if (row == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(row, 1, id);
    if (!sw_store_step(store, row)) {
        (void)sw_store_done(store, row);
        return store->overran ? SW_DATABASE : SW_NOT_FOUND;
    }
    sw_buffer_append_string(out, "{");
    sw_json_id(out, "id", id);
    sw_json_text(out, "source", sw_column(row, 1));
    sw_json_text(out, "event_id", sw_column(row, 2));
    sw_json_number(out, "sequence", sqlite3_column_int64(row, 3));
    sw_json_text(out, "kind", sw_column(row, 4));
    sw_json_text(out, "action", sw_column(row, 5));
    sw_json_number(out, "ts", sqlite3_column_int64(row, 6));
    sw_json_number(out, "recorded", sqlite3_column_int64(row, 7));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 8));
    sw_json_text(out, "payload", sw_column(row, 9));
    write_digest(out, "digest", row, 10);
    sw_json_number(out, "scrubbed", sqlite3_column_int64(row, 11));
    sw_json_number(out, "synthetic", sqlite3_column_int64(row, 12));
    sw_json_number(out, "run", sqlite3_column_int64(row, 13));
    (void)sw_store_done(store, row);
    enum sw_status status = event_hops(store, id, out);
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : status;
}

/* The hops of the chains of a case, oldest first. Who asks has been recorded by the caller. */
enum sw_status sw_answer_timeline(struct sw_store *store, const char *number, struct sw_buffer *out)
{
    char sql[1800];
    sw_buffer_append_string(out, "{");
    sw_json_text(out, "number", number);
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT ts, actor, note FROM review WHERE subject = ?1 AND subject <> ''"
               " AND action = 'case_open' LIMIT 1");
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_text(statement, 1, number, -1, SQLITE_STATIC);
    if (!sw_store_step(store, statement)) {
        (void)sw_store_done(store, statement);
        return SW_NOT_FOUND;
    }
    sw_json_number(out, "opened", sqlite3_column_int64(statement, 0));
    sw_json_text(out, "actor", sw_column(statement, 1));
    sw_json_text(out, "reason", sw_column(statement, 2));
    (void)sw_store_done(store, statement);
    (void)snprintf(sql, sizeof(sql),
                   "%s JOIN chain_case AS c ON c.chain = h.chain WHERE c.number = ?1"
                   " ORDER BY h.ts_event, h.id LIMIT 500",
                   HOP_FROM);
    statement = sw_store_prepare(store, sql);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_text(statement, 1, number, -1, SQLITE_STATIC);
    write_hops(store, statement, out);
    (void)sw_store_done(store, statement);
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}

enum sw_status sw_answer_cases(struct sw_store *store, struct sw_buffer *out)
{
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT r.subject, r.ts, r.actor, r.note, (SELECT count(*) FROM chain_case AS c"
               " WHERE c.number = r.subject), (SELECT count(*) FROM review AS q"
               " WHERE q.subject = r.subject AND q.subject <> '' AND q.action = 'case_read')"
               " FROM review AS r WHERE r.subject <> '' AND r.action = 'case_open'"
               " ORDER BY r.seq DESC LIMIT 200");
    if (statement == NULL) {
        return SW_DATABASE;
    }
    sw_buffer_append_string(out, "{\"cases\":[");
    for (const char *comma = ""; sw_store_step(store, statement); comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        sw_json_text(out, "number", sw_column(statement, 0));
        sw_json_number(out, "opened", sqlite3_column_int64(statement, 1));
        sw_json_text(out, "actor", sw_column(statement, 2));
        sw_json_text(out, "reason", sw_column(statement, 3));
        sw_json_number(out, "chains", sqlite3_column_int64(statement, 4));
        sw_json_number(out, "reads", sqlite3_column_int64(statement, 5));
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]}");
    (void)sw_store_done(store, statement);
    return store->overran ? SW_DATABASE : SW_OK;
}
