/* The file stands by itself: no script, no address, one short style. Everything that came from the
 * log goes through sw_html(). */
#include "evidence.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/time.h>
#include <sharewatch/verdict.h>

#include "query.h"

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #bbb;padding:.4em .6em;"
    "text-align:left;vertical-align:top}code{font-size:12px;overflow-wrap:anywhere}"
    "dt{font-weight:600}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}"
    "@media print{body{margin:0}}";

void sw_html(struct sw_buffer *out, const char *text)
{
    const char *start = text;
    for (const char *p = text;; p++) {
        const char *entity = *p == '<'    ? "&lt;"
                             : *p == '>'  ? "&gt;"
                             : *p == '&'  ? "&amp;"
                             : *p == '"'  ? "&quot;"
                             : *p == '\'' ? "&#39;"
                                          : NULL;
        if (entity != NULL || *p == '\0') {
            sw_buffer_append(out,
                             (struct sw_text){.bytes = start, .length = (uint32_t)(p - start)});
            sw_buffer_append_string(out, entity != NULL ? entity : "");
            start = p + 1;
        }
        if (*p == '\0') {
            return;
        }
    }
}

static void tag(struct sw_buffer *out, const char *name, const char *text)
{
    sw_buffer_append_format(out, "<%s>", name);
    sw_html(out, text);
    sw_buffer_append_format(out, "</%s>", name);
}

static void time_tag(struct sw_buffer *out, const char *name, int64_t time_ms)
{
    char text[SW_TIME_BYTES];
    sw_time_format(time_ms, text);
    tag(out, name, text);
}

static void fact(struct sw_buffer *out, const char *name, const char *text)
{
    if (text[0] != '\0') {
        tag(out, "dt", name);
        tag(out, "dd", text);
    }
}

static const char *verdict_word(const char *code)
{
    enum sw_verdict verdict = sw_verdict_find(sw_text_from(code));
    return verdict < SW_VERDICT_COUNT ? sw_verdict_word(verdict) : code;
}

static void judgement(char text[64], const char *verdict, int level)
{
    (void)snprintf(text, 64, "%s, level %d (%s)", verdict_word(verdict), level,
                   sw_level_word((enum sw_level)level));
}

static const char head_sql[] =
    "SELECT a.title, a.sentence, a.path, a.cite, a.verdict, a.level, a.duties, a.edge, a.rule,"
    " a.ts_event, a.ts_logged, a.chain, p.name, lower(hex(p.digest)), r.title, r.pack, e.name,"
    " e.basis, e.off_switch, e.source, m.name, m.version, lower(hex(m.digest)), a.synthetic,"
    " coalesce(c.hops, 1) FROM log.alert AS a LEFT JOIN log.alert_count AS c ON c.alert = a.id"
    " LEFT JOIN log.policy AS p ON p.id = a.policy_id"
    " LEFT JOIN log.rule AS r ON r.policy_id = a.policy_id AND r.name = a.rule"
    " LEFT JOIN log.hop AS h ON h.id = a.hop LEFT JOIN log.event AS v ON v.id = h.event"
    " LEFT JOIN log.run AS n ON n.id = v.run_id LEFT JOIN log.map AS m ON m.id = n.map_id"
    " LEFT JOIN log.map_edge AS e ON e.map_id = n.map_id AND e.edge = a.edge WHERE a.id = ?1";

static void write_head(sqlite3_stmt *row, int64_t id, bool full, struct sw_buffer *out)
{
    char text[160];
    sw_buffer_append_format(out,
                            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                            "<title>sharewatch: alert %lld</title><style>%s</style>\n",
                            (long long)id, style);
    tag(out, "h1", sw_column(row, 0));
    tag(out, "p", sw_column(row, 1));
    sw_buffer_append_string(out, "\n<dl>");
    judgement(text, sw_column(row, 4), sqlite3_column_int(row, 5));
    fact(out, "Verdict", text);
    fact(out, "Path", sw_column(row, 2));
    fact(out, "Law", sw_column(row, 3));
    (void)snprintf(text, sizeof(text), "%.80s (%.60s)", sw_column(row, 8), sw_column(row, 15));
    fact(out, "Rule",
         sqlite3_column_type(row, 8) == SQLITE_NULL
             ? "none: the verdict is the default of the sharing map"
             : text);
    fact(out, "What the rule says", sw_column(row, 14));
    fact(out, "Edge of the map", sw_column(row, 16));
    fact(out, "Legal basis", sw_column(row, 17));
    fact(out, "Who could stop it", sw_column(row, 18));
    fact(out, "How well known", sw_column(row, 19));
    fact(out, "Duties", sw_column(row, 6));
    tag(out, "dt", "Happened");
    time_tag(out, "dd", sqlite3_column_int64(row, 9));
    tag(out, "dt", "Logged");
    time_tag(out, "dd", sqlite3_column_int64(row, 10));
    (void)snprintf(text, sizeof(text), "%lld", (long long)sqlite3_column_int64(row, 24));
    fact(out, "Crossings it stands for", text);
    fact(out, "Policy", sw_column(row, 12));
    fact(out, "SHA-256 of the policy", sw_column(row, 13));
    (void)snprintf(text, sizeof(text), "%.80s, version %.40s", sw_column(row, 20),
                   sw_column(row, 21));
    fact(out, "Sharing map", text);
    fact(out, "SHA-256 of the map", sw_column(row, 22));
    if (full) {
        fact(out, "Key of the chain", sw_column(row, 11));
    }
    fact(out, "Data",
         sqlite3_column_int(row, 23) != 0 ? "synthetic: made by a simulator" : "from an agency");
    sw_buffer_append_string(out, "</dl>\n");
}

static void write_hop(sqlite3_stmt *row, bool full, struct sw_buffer *out)
{
    char text[96];
    sw_buffer_append_string(out, "<tr>");
    time_tag(out, "td", sqlite3_column_int64(row, 0));
    tag(out, "td", sw_column(row, 1));
    tag(out, "td", sw_column(row, 2));
    tag(out, "td", sw_column(row, 3));
    judgement(text, sw_column(row, 4), sqlite3_column_int(row, 5));
    tag(out, "td", text);
    time_tag(out, "td", sqlite3_column_int64(row, 6));
    sw_buffer_append_string(out, "<td>");
    (void)snprintf(text, sizeof(text), "entry %lld, judgement %lld",
                   (long long)sqlite3_column_int64(row, 7),
                   (long long)sqlite3_column_int64(row, 8));
    sw_html(out, text);
    sw_buffer_append_string(out, "<br>");
    tag(out, "code", sw_column(row, 9));
    sw_buffer_append_string(out, "</td></tr>");
    if (full) {
        sw_buffer_append_string(out, "<tr><td colspan=7>");
        tag(out, "pre", sw_column(row, 10));
        sw_buffer_append_string(out, "</td></tr>");
    }
    sw_buffer_append_string(out, "\n");
}

static enum sw_status write_hops(struct sw_store *store, const char *chain, bool full,
                                 struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT h.ts_event, coalesce(f.name, h.from_node, ''), coalesce(t.name, h.to_node,"
               " ''), coalesce(e.name, v.kind || ' ' || v.action), h.verdict, h.level, v.ts_logged,"
               " v.id, h.revision, lower(hex(v.digest)), v.payload FROM log.hop AS h"
               " JOIN log.event AS v ON v.id = h.event JOIN log.run AS n ON n.id = v.run_id"
               " LEFT JOIN log.map_node AS f ON f.map_id = n.map_id AND f.node = h.from_node"
               " LEFT JOIN log.map_node AS t ON t.map_id = n.map_id AND t.node = h.to_node"
               " LEFT JOIN log.map_edge AS e ON e.map_id = n.map_id AND e.edge = h.edge"
               " WHERE h.chain = ?1 ORDER BY h.ts_event, h.id LIMIT 64");
    if (row == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_text(row, 1, chain, -1, SQLITE_STATIC);
    sw_buffer_append_string(out, "<h2>Path, hop by hop</h2><table><tr><th>Happened<th>From<th>To"
                                 "<th>What<th>Judgement<th>Logged<th>Entry and its SHA-256</tr>\n");
    while (sw_store_step(store, row)) {
        write_hop(row, full, out);
    }
    (void)sw_store_done(store, row);
    sw_buffer_append_string(out, "</table>\n");
    return SW_OK;
}

static void write_history(struct sw_store *store, int64_t id, struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT ts, actor, action, subject, note, lower(hex(hash)) FROM review"
               " WHERE alert = ?1 ORDER BY seq LIMIT 200");
    if (row == NULL) {
        return;
    }
    (void)sqlite3_bind_int64(row, 1, id);
    sw_buffer_append_string(out, "<h2>Reviews</h2><table><tr><th>When<th>Who<th>What<th>Note<th>"
                                 "Hash</tr>\n");
    while (sw_store_step(store, row)) {
        sw_buffer_append_string(out, "<tr>");
        time_tag(out, "td", sqlite3_column_int64(row, 0));
        tag(out, "td", sw_column(row, 1));
        sw_buffer_append_string(out, "<td>");
        sw_html(out, sw_column(row, 2));
        sw_buffer_append_string(out, " ");
        sw_html(out, sw_column(row, 3));
        sw_buffer_append_string(out, "</td>");
        tag(out, "td", sw_column(row, 4));
        sw_buffer_append_string(out, "<td>");
        tag(out, "code", sw_column(row, 5));
        sw_buffer_append_string(out, "</td></tr>\n");
    }
    (void)sw_store_done(store, row);
    sw_buffer_append_string(out, "</table>\n");
}

static void write_withheld(bool full, int64_t now_ms, struct sw_buffer *out)
{
    sw_buffer_append_string(out, "<h2>What is not in this file</h2><p>");
    sw_html(out, full ? "Nothing of the log was left out. Names, plates and numbers of persons are "
                        "in no log of sharewatch."
                      : "Left out: the key of the chain and the payloads of the entries, because "
                        "they link the records of one person or vehicle. Whoever keeps the log can "
                        "give them under a case. The digests let anybody compare them then.");
    sw_buffer_append_string(out, "</p><p>Made ");
    time_tag(out, "time", now_ms);
    sw_buffer_append_string(out, " by sharewatch. A finding is the reading of a rule, not the "
                                 "judgement of a court.</p></html>\n");
}

enum sw_status sw_evidence_write(struct sw_store *store, int64_t id, bool full, int64_t now_ms,
                                 struct sw_buffer *out)
{
    char chain[2 * SW_WORD_BYTES];
    sqlite3_stmt *row = sw_store_prepare(store, head_sql);
    if (row == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(row, 1, id);
    if (!sw_store_step(store, row)) {
        (void)sw_store_done(store, row);
        return store->overran ? SW_DATABASE : SW_NOT_FOUND;
    }
    (void)snprintf(chain, sizeof(chain), "%s", sw_column(row, 11));
    write_head(row, id, full, out);
    (void)sw_store_done(store, row);
    enum sw_status status = write_hops(store, chain, full, out);
    write_history(store, id, out);
    write_withheld(full, now_ms, out);
    return store->overran ? SW_DATABASE : status;
}
