/* One statement a list, bounded to a window of ids: each turn of the loop reads one window, so that
 * a file of ten million rows holds up nobody and takes no memory. */
#include "export.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "inbox.h"

#define WINDOW      256  // ids of one statement
#define WINDOWS_MAX 64   // without a row in one turn of the loop
#define ROW_BYTES   8192 // the longest row is written while so much of the block is free
#define SQL_BYTES   3072

enum kind { NUMBER, TEXT, TIME, SECRET }; // SECRET: left out of a public export

struct column {
    const char *name;
    const char *sql;
    enum kind kind;
};

struct sw_export_list {
    const char *name;
    const char *id; // the column that the window bounds
    const char *from;
    void (*filter)(struct sw_buffer *sql, const struct sw_query *query);
    void (*bind)(sqlite3_stmt *statement, const struct sw_query *query);
    int64_t (*head)(const struct sw_store *store);
    const struct column *columns;
    uint32_t column_count;
    const char *withheld; // of a public export
};

static const struct column alert_columns[] = {
    {"id", "a.id", NUMBER},
    {"time", "a.ts_event", TIME},
    {"logged", "a.ts_logged", TIME},
    {"verdict", "a.verdict", TEXT},
    {"level", "a.level", NUMBER},
    {"title", "a.title", TEXT},
    {"sentence", "a.sentence", TEXT},
    {"path", "a.path", TEXT},
    {"cite", "a.cite", TEXT},
    {"duties", "a.duties", TEXT},
    {"edge", "coalesce(a.edge, '')", TEXT},
    {"rule", "coalesce(a.rule, '')", TEXT},
    {"crossings", "coalesce(c.hops, 1)", NUMBER},
    {"state",
     "CASE i.state WHEN 0 THEN 'open' WHEN 1 THEN 'escalated' WHEN 2 THEN 'acknowledged'"
     " ELSE 'closed' END",
     TEXT},
    {"policy", "p.name", TEXT},
    {"synthetic", "a.synthetic", NUMBER},
    {"chain", "a.chain", SECRET},
};

static const struct column event_columns[] = {
    {"id", "v.id", NUMBER},
    {"time", "v.ts_event", TIME},
    {"logged", "v.ts_logged", TIME},
    {"kind", "v.kind", TEXT},
    {"action", "v.action", TEXT},
    {"source", "s.name", TEXT},
    {"edge", "coalesce(h.edge, '')", TEXT},
    {"src", "coalesce(h.from_node, '')", TEXT},
    {"dst", "coalesce(h.to_node, '')", TEXT},
    {"level", "coalesce(h.level, 0)", NUMBER},
    {"verdict", "coalesce(h.verdict, '')", TEXT},
    {"alert", "coalesce(h.alert, 0)", NUMBER},
    {"synthetic", "v.synthetic", NUMBER},
    {"digest", "lower(hex(v.digest))", TEXT},
    {"payload", "v.payload", SECRET},
};

static const struct column review_columns[] = {
    {"seq", "r.seq", NUMBER},
    {"time", "r.ts", TIME},
    {"actor", "r.actor", TEXT},
    {"action", "r.action", TEXT},
    {"alert", "coalesce(r.alert, 0)", NUMBER},
    {"subject", "r.subject", TEXT},
    {"note", "r.note", TEXT},
    {"batch", "r.batch", NUMBER},
    {"undoes", "coalesce(r.undoes, 0)", NUMBER},
    {"hash", "lower(hex(r.hash))", TEXT},
};

static const struct column case_columns[] = {
    {"opened", "r.ts", TIME},
    {"number", "r.subject", TEXT},
    {"by", "r.actor", TEXT},
    {"reason", "r.note", TEXT},
    {"chains", "(SELECT count(*) FROM chain_case AS c WHERE c.number = r.subject)", NUMBER},
    {"reads",
     "(SELECT count(*) FROM review AS l WHERE l.subject = r.subject AND l.subject <> ''"
     " AND l.action = 'case_read')",
     NUMBER},
};

static const struct column gap_columns[] = {
    {"id", "g.id", NUMBER},           {"source", "s.name", TEXT},
    {"first", "g.first", NUMBER},     {"last", "g.last", NUMBER},
    {"noticed", "g.opened_ms", TIME}, {"came_after_all", "g.filled", NUMBER},
};

static const struct column loss_columns[] = {
    {"id", "o.id", NUMBER},          {"what", "o.what", TEXT},    {"total", "o.total", NUMBER},
    {"logged", "o.ts_logged", TIME}, {"run", "o.run_id", NUMBER},
};

static const struct column refused_columns[] = {
    {"id", "q.id", NUMBER},          {"reason", "q.reason", TEXT},
    {"field", "q.field", TEXT},      {"byte", "q.position", NUMBER},
    {"bytes", "q.bytes", NUMBER},    {"digest", "lower(hex(q.digest))", TEXT},
    {"logged", "q.ts_logged", TIME},
};

static const struct column flow_columns[] = {
    {"edge", "f.edge", TEXT},       {"src", "f.from_node", TEXT}, {"dst", "f.to_node", TEXT},
    {"verdict", "f.verdict", TEXT}, {"level", "f.level", NUMBER}, {"day", "f.day * 86400000", TIME},
    {"records", "f.hops", NUMBER},
};

static void filter_alerts(struct sw_buffer *sql, const struct sw_query *query)
{
    sw_sql_append_group(sql, query);
    sw_sql_append_set(sql, "i.state", query->states);
    sw_buffer_append_string(sql, " AND i.ts >= ?3 AND i.ts < ?4");
}

static void append_codes(struct sw_buffer *sql, const char *column, uint32_t verdicts)
{
    const char *comma = "";
    if (verdicts == 0) {
        return;
    }
    sw_buffer_append_format(sql, " AND %s IN (", column);
    for (uint32_t verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if ((verdicts & (1u << verdict)) != 0) {
            sw_buffer_append_format(sql, "%s'%s'", comma,
                                    sw_verdict_code((enum sw_verdict)verdict));
            comma = ",";
        }
    }
    sw_buffer_append_string(sql, ")");
}

static void filter_hops(struct sw_buffer *sql, const struct sw_query *query, const char *table)
{
    char column[16];
    (void)snprintf(column, sizeof(column), "%s.verdict", table);
    append_codes(sql, column, query->verdicts);
    (void)snprintf(column, sizeof(column), "%s.level", table);
    sw_sql_append_set(sql, column, query->levels);
    if (query->edge[0] != '\0') {
        sw_buffer_append_format(sql, " AND %s.edge = ?12", table);
    }
    if (query->from_node[0] != '\0') {
        sw_buffer_append_format(sql, " AND %s.from_node = ?15", table);
    }
    if (query->to_node[0] != '\0') {
        sw_buffer_append_format(sql, " AND %s.to_node = ?16", table);
    }
}

static void filter_events(struct sw_buffer *sql, const struct sw_query *query)
{
    filter_hops(sql, query, "h");
    sw_buffer_append_string(sql, " AND v.ts_event >= ?3 AND v.ts_event < ?4");
}

static void filter_flows(struct sw_buffer *sql, const struct sw_query *query)
{
    filter_hops(sql, query, "f");
    sw_buffer_append_string(sql, " AND f.day >= ?3 / 86400000 AND f.day < (?4 + 86399999) /"
                                 " 86400000");
}

static void filter_none(struct sw_buffer *sql, const struct sw_query *query)
{
    (void)sql;
    (void)query;
}

static void filter_cases(struct sw_buffer *sql, const struct sw_query *query)
{
    (void)query;
    sw_buffer_append_string(sql, " AND r.action = 'case_open'");
}

static void bind_hops(sqlite3_stmt *statement, const struct sw_query *query)
{
    (void)sqlite3_bind_text(statement, 12, query->edge, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 15, query->from_node, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 16, query->to_node, -1, SQLITE_STATIC);
}

static int64_t alert_head(const struct sw_store *store)
{
    return store->heads.alert;
}

static int64_t event_head(const struct sw_store *store)
{
    return store->heads.event;
}

static int64_t review_head(const struct sw_store *store)
{
    return store->heads.review;
}

static int64_t gap_head(const struct sw_store *store)
{
    return store->heads.gap;
}

static int64_t loss_head(const struct sw_store *store)
{
    return store->heads.loss;
}

static int64_t refused_head(const struct sw_store *store)
{
    return store->heads.quarantine;
}

/* The window of flows is the day. */
static int64_t flow_head(const struct sw_store *store)
{
    return store->heads.newest_ms / SW_DAY_MS;
}

#define COLUMNS(of) of, sizeof(of) / sizeof((of)[0])
static const struct sw_export_list lists[] = {
    {"alerts", "a.id",
     "log.alert AS a JOIN inbox AS i ON i.alert = a.id JOIN grp AS g ON g.id = i.grp"
     " LEFT JOIN log.alert_count AS c ON c.alert = a.id"
     " LEFT JOIN log.policy AS p ON p.id = a.policy_id",
     filter_alerts, sw_sql_bind_group, alert_head, COLUMNS(alert_columns), "chain"},
    {"events", "v.id",
     "log.event AS v LEFT JOIN log.source AS s ON s.id = v.source_id"
     " LEFT JOIN log.hop AS h ON h.event = v.id AND h.revision ="
     " (SELECT max(revision) FROM log.hop AS l WHERE l.event = v.id)",
     filter_events, bind_hops, event_head, COLUMNS(event_columns), "payload"},
    {"flows", "f.day", "log.edge_day AS f", filter_flows, bind_hops, flow_head,
     COLUMNS(flow_columns), ""},
    {"reviews", "r.seq", "review AS r", filter_none, bind_hops, review_head,
     COLUMNS(review_columns), ""},
    {"cases", "r.seq", "review AS r", filter_cases, bind_hops, review_head, COLUMNS(case_columns),
     ""},
    {"gaps", "g.id", "log.gap AS g JOIN log.source AS s ON s.id = g.source_id", filter_none,
     bind_hops, gap_head, COLUMNS(gap_columns), ""},
    {"losses", "o.id", "log.loss AS o", filter_none, bind_hops, loss_head, COLUMNS(loss_columns),
     ""},
    {"refused", "q.id", "log.quarantine AS q", filter_none, bind_hops, refused_head,
     COLUMNS(refused_columns), ""},
};

enum sw_status sw_export_start(struct sw_export *export, struct sw_store *store,
                               const struct sw_query *query, enum sw_export_form form)
{
    const struct sw_export_list *list = NULL;
    const char *what = query->what[0] != '\0' ? query->what : "alerts";
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        list = strcmp(what, lists[i].name) == 0 ? &lists[i] : list;
    }
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
    if (list->head == flow_head) {
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
        if (list->columns[i].kind != SECRET || export->query.full) {
            sw_buffer_append_format(&export->block, i == 0 ? "%s" : ",%s", list->columns[i].name);
        }
    }
    sw_buffer_append_string(&export->block, "\r\n");
}

static void write_cell(struct sw_buffer *out, enum sw_export_form form, const struct column *column,
                       sqlite3_stmt *row, int at)
{
    char time[SW_TIME_BYTES];
    const char *text = sw_column(row, at);
    if (column->kind == TIME) {
        sw_time_format(sqlite3_column_int64(row, at), time);
        text = time;
    }
    if (form == SW_EXPORT_CSV) {
        if (column->kind == NUMBER) {
            sw_buffer_append_string(out, text);
        } else {
            sw_export_cell(out, sw_text_from(text));
        }
        return;
    }
    sw_buffer_append_format(out, "\"%s\":", column->name);
    if (column->kind == NUMBER) {
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
        const struct column *column = &export->list->columns[i];
        if (column->kind == SECRET && !export->query.full) {
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
    int64_t window = export->list->head == flow_head ? 1 : WINDOW;
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
