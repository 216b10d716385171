/* What can be had as a file: for each list its columns, its tables and what of a query filters it.
 */
#include "export_lists.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/time.h>

#include "inbox.h"

static const struct sw_export_column alert_columns[] = {
    {"id", "a.id", SW_EXPORT_NUMBER},
    {"time", "a.ts_event", SW_EXPORT_TIME},
    {"logged", "a.ts_logged", SW_EXPORT_TIME},
    {"verdict", "a.verdict", SW_EXPORT_TEXT},
    {"level", "a.level", SW_EXPORT_NUMBER},
    {"title", "a.title", SW_EXPORT_TEXT},
    {"sentence", "a.sentence", SW_EXPORT_TEXT},
    {"path", "a.path", SW_EXPORT_TEXT},
    {"cite", "a.cite", SW_EXPORT_TEXT},
    {"duties", "a.duties", SW_EXPORT_TEXT},
    {"edge", "coalesce(a.edge, '')", SW_EXPORT_TEXT},
    {"rule", "coalesce(a.rule, '')", SW_EXPORT_TEXT},
    {"crossings", "coalesce(c.hops, 1)", SW_EXPORT_NUMBER},
    {"state",
     "CASE i.state WHEN 0 THEN 'open' WHEN 1 THEN 'escalated' WHEN 2 THEN 'acknowledged'"
     " ELSE 'closed' END",
     SW_EXPORT_TEXT},
    {"policy", "p.name", SW_EXPORT_TEXT},
    {"synthetic", "a.synthetic", SW_EXPORT_NUMBER},
    {"chain", "a.chain", SW_EXPORT_SECRET},
};

static const struct sw_export_column event_columns[] = {
    {"id", "v.id", SW_EXPORT_NUMBER},
    {"time", "v.ts_event", SW_EXPORT_TIME},
    {"logged", "v.ts_logged", SW_EXPORT_TIME},
    {"kind", "v.kind", SW_EXPORT_TEXT},
    {"action", "v.action", SW_EXPORT_TEXT},
    {"source", "s.name", SW_EXPORT_TEXT},
    {"edge", "coalesce(h.edge, '')", SW_EXPORT_TEXT},
    {"src", "coalesce(h.from_node, '')", SW_EXPORT_TEXT},
    {"dst", "coalesce(h.to_node, '')", SW_EXPORT_TEXT},
    {"level", "coalesce(h.level, 0)", SW_EXPORT_NUMBER},
    {"verdict", "coalesce(h.verdict, '')", SW_EXPORT_TEXT},
    {"alert", "coalesce(h.alert, 0)", SW_EXPORT_NUMBER},
    {"synthetic", "v.synthetic", SW_EXPORT_NUMBER},
    {"digest", "lower(hex(v.digest))", SW_EXPORT_TEXT},
    {"payload", "v.payload", SW_EXPORT_SECRET},
};

static const struct sw_export_column review_columns[] = {
    {"seq", "r.seq", SW_EXPORT_NUMBER},
    {"time", "r.ts", SW_EXPORT_TIME},
    {"actor", "r.actor", SW_EXPORT_TEXT},
    {"action", "r.action", SW_EXPORT_TEXT},
    {"alert", "coalesce(r.alert, 0)", SW_EXPORT_NUMBER},
    {"subject", "r.subject", SW_EXPORT_TEXT},
    {"note", "r.note", SW_EXPORT_TEXT},
    {"batch", "r.batch", SW_EXPORT_NUMBER},
    {"undoes", "coalesce(r.undoes, 0)", SW_EXPORT_NUMBER},
    {"hash", "lower(hex(r.hash))", SW_EXPORT_TEXT},
};

static const struct sw_export_column case_columns[] = {
    {"opened", "r.ts", SW_EXPORT_TIME},
    {"number", "r.subject", SW_EXPORT_TEXT},
    {"by", "r.actor", SW_EXPORT_TEXT},
    {"reason", "r.note", SW_EXPORT_TEXT},
    {"chains", "(SELECT count(*) FROM chain_case AS c WHERE c.number = r.subject)",
     SW_EXPORT_NUMBER},
    {"reads",
     "(SELECT count(*) FROM review AS l WHERE l.subject = r.subject AND l.subject <> ''"
     " AND l.action = 'case_read')",
     SW_EXPORT_NUMBER},
};

static const struct sw_export_column gap_columns[] = {
    {"id", "g.id", SW_EXPORT_NUMBER},           {"source", "s.name", SW_EXPORT_TEXT},
    {"first", "g.first", SW_EXPORT_NUMBER},     {"last", "g.last", SW_EXPORT_NUMBER},
    {"noticed", "g.opened_ms", SW_EXPORT_TIME}, {"came_after_all", "g.filled", SW_EXPORT_NUMBER},
};

static const struct sw_export_column loss_columns[] = {
    {"id", "o.id", SW_EXPORT_NUMBER},       {"what", "o.what", SW_EXPORT_TEXT},
    {"total", "o.total", SW_EXPORT_NUMBER}, {"logged", "o.ts_logged", SW_EXPORT_TIME},
    {"run", "o.run_id", SW_EXPORT_NUMBER},
};

static const struct sw_export_column refused_columns[] = {
    {"id", "q.id", SW_EXPORT_NUMBER},          {"reason", "q.reason", SW_EXPORT_TEXT},
    {"field", "q.field", SW_EXPORT_TEXT},      {"byte", "q.position", SW_EXPORT_NUMBER},
    {"bytes", "q.bytes", SW_EXPORT_NUMBER},    {"digest", "lower(hex(q.digest))", SW_EXPORT_TEXT},
    {"logged", "q.ts_logged", SW_EXPORT_TIME},
};

static const struct sw_export_column source_columns[] = {
    {"id", "s.id", SW_EXPORT_NUMBER},
    {"source", "s.name", SW_EXPORT_TEXT},
    {"highest", "s.highest", SW_EXPORT_NUMBER},
    {"without_holes_to", "s.contiguous", SW_EXPORT_NUMBER},
};

static const struct sw_export_column deletion_columns[] = {
    {"id", "d.id", SW_EXPORT_NUMBER},
    {"time", "d.made_ms", SW_EXPORT_TIME},
    {"class", "d.class", SW_EXPORT_TEXT},
    {"reason", "d.reason", SW_EXPORT_TEXT},
    {"payloads", "d.payloads", SW_EXPORT_NUMBER},
    {"keys", "d.keys", SW_EXPORT_NUMBER},
};

static const struct sw_export_column read_columns[] = {
    {"seq", "r.seq", SW_EXPORT_NUMBER},
    {"time", "r.ts", SW_EXPORT_TIME},
    {"case", "r.subject", SW_EXPORT_TEXT},
    {"actor", "r.actor", SW_EXPORT_TEXT},
};

static const struct sw_export_column flow_columns[] = {
    {"edge", "f.edge", SW_EXPORT_TEXT},      {"src", "f.from_node", SW_EXPORT_TEXT},
    {"dst", "f.to_node", SW_EXPORT_TEXT},    {"verdict", "f.verdict", SW_EXPORT_TEXT},
    {"level", "f.level", SW_EXPORT_NUMBER},  {"day", "f.day * 86400000", SW_EXPORT_TIME},
    {"records", "f.hops", SW_EXPORT_NUMBER},
};

static void filter_alerts(struct sw_buffer *sql, const struct sw_query *query)
{
    sw_sql_append_group(sql, query);
    sw_sql_append_set(sql, "i.state", query->states);
    sw_buffer_append_string(sql, " AND i.ts >= ?3 AND i.ts < ?4");
}

static void filter_hops(struct sw_buffer *sql, const struct sw_query *query, const char *table)
{
    char column[16];
    (void)snprintf(column, sizeof(column), "%s.verdict", table);
    sw_sql_append_verdicts(sql, column, query->verdicts);
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

static void filter_losses(struct sw_buffer *sql, const struct sw_query *query)
{
    (void)query;
    sw_buffer_append_string(sql, " AND NOT " SW_LOSS_IS_NONE);
}

static void filter_cases(struct sw_buffer *sql, const struct sw_query *query)
{
    (void)query;
    sw_buffer_append_string(sql, " AND r.action = 'case_open'");
}

static void filter_reads(struct sw_buffer *sql, const struct sw_query *query)
{
    (void)query;
    sw_buffer_append_string(sql, " AND r.action = 'case_read'");
}

static void bind_hops(sqlite3_stmt *statement, const struct sw_query *query)
{
    (void)sqlite3_bind_text(statement, 12, query->edge, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 15, query->from_node, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 16, query->to_node, -1, SQLITE_STATIC);
}

static int64_t alert_head(struct sw_store *store)
{
    return store->heads.alert;
}

static int64_t event_head(struct sw_store *store)
{
    return store->heads.event;
}

static int64_t review_head(struct sw_store *store)
{
    return store->heads.review;
}

static int64_t gap_head(struct sw_store *store)
{
    return store->heads.gap;
}

static int64_t loss_head(struct sw_store *store)
{
    return store->heads.loss;
}

static int64_t refused_head(struct sw_store *store)
{
    return store->heads.quarantine;
}

/* This table and the next stay small and have no head of their own. */
static int64_t source_head(struct sw_store *store)
{
    return sw_store_number(store, "SELECT max(id) FROM log.source");
}

static int64_t deletion_head(struct sw_store *store)
{
    return sw_store_number(store, "SELECT max(id) FROM log.redaction");
}

/* The window of flows is the day. */
static int64_t flow_head(struct sw_store *store)
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
    {"losses", "o.id", "log.loss AS o", filter_losses, bind_hops, loss_head, COLUMNS(loss_columns),
     ""},
    {"refused", "q.id", "log.quarantine AS q", filter_none, bind_hops, refused_head,
     COLUMNS(refused_columns), ""},
    {"sources", "s.id", "log.source AS s", filter_none, bind_hops, source_head,
     COLUMNS(source_columns), ""},
    {"deletions", "d.id", "log.redaction AS d", filter_none, bind_hops, deletion_head,
     COLUMNS(deletion_columns), ""},
    {"reads", "r.seq", "review AS r", filter_reads, bind_hops, review_head, COLUMNS(read_columns),
     ""},
};

const struct sw_export_list *sw_export_list_find(const struct sw_store *store, const char *name)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        bool there = lists[i].head != deletion_head || store->schema >= SW_LOG_SEALED;
        if (there && strcmp(name, lists[i].name) == 0) {
            return &lists[i];
        }
    }
    return NULL;
}

bool sw_export_list_by_day(const struct sw_export_list *list)
{
    return list->head == flow_head;
}
