/* The flow map and the histogram, both from the roll-ups that the monitor keeps: hours for up to
 * two weeks, days beyond, so that a year costs what an hour costs. */
#include "answers.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "inbox.h"
#include "limits.h"

#define SQL_BYTES   1024
#define BINS_MAX    64
#define BY_HOUR_MAX (14 * SW_DAY_MS)

static void append_filter(struct sw_buffer *sql, const struct sw_query *query)
{
    sw_sql_append_verdicts(sql, "verdict", query->verdicts);
    sw_sql_append_set(sql, "level", query->levels);
    sw_buffer_append_string(sql, query->edge[0] != '\0' ? " AND edge = ?3" : "");
    sw_buffer_append_string(sql, query->from_node[0] != '\0' ? " AND from_node = ?4" : "");
    sw_buffer_append_string(sql, query->to_node[0] != '\0' ? " AND to_node = ?5" : "");
}

static sqlite3_stmt *prepare(struct sw_store *store, const struct sw_query *query, const char *sql,
                             int64_t first, int64_t last)
{
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, first);
        (void)sqlite3_bind_int64(statement, 2, last);
        (void)sqlite3_bind_text(statement, 3, query->edge, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(statement, 4, query->from_node, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(statement, 5, query->to_node, -1, SQLITE_STATIC);
    }
    return statement;
}

/* Whole days are read from the daily roll-up, the hours at both ends from the hourly one. */
static void flow_sql(struct sw_buffer *sql, const struct sw_query *query, bool by_hour)
{
    const char *columns = "SELECT edge, from_node, to_node, verdict, level, hops FROM ";
    sw_buffer_append_string(sql, "SELECT edge, from_node, to_node, verdict, level, sum(hops)"
                                 " FROM (");
    if (by_hour) {
        sw_buffer_append_format(sql, "%slog.edge_hour WHERE hour >= ?1 AND hour < ?2", columns);
        append_filter(sql, query);
    } else {
        sw_buffer_append_format(sql, "%slog.edge_day WHERE day >= (?1 + 23) / 24 AND day < ?2 / 24",
                                columns);
        append_filter(sql, query);
        sw_buffer_append_format(
            sql, " UNION ALL %slog.edge_hour WHERE hour >= ?1 AND hour < (?1 + 23) / 24 * 24",
            columns);
        append_filter(sql, query);
        sw_buffer_append_format(
            sql, " UNION ALL %slog.edge_hour WHERE hour >= ?2 / 24 * 24 AND hour < ?2", columns);
        append_filter(sql, query);
    }
    sw_buffer_append_format(sql, ") GROUP BY 1, 2, 3, 4, 5 LIMIT %u", SW_FLOWS_MAX);
}

/* At the moment of the log that was sought last, see asof.h. */
static sqlite3_stmt *prepare_as_of(struct sw_store *store, const struct sw_query *query)
{
    char text[SQL_BYTES];
    struct sw_buffer sql;
    sw_buffer_init(&sql, text, sizeof(text));
    sw_buffer_append_string(&sql, "SELECT edge, from_node, to_node, verdict, level, n"
                                  " FROM temp.flow WHERE n > 0");
    append_filter(&sql, query);
    sw_buffer_append_format(&sql, " ORDER BY 1, 2, 3, 4, 5 LIMIT %u", SW_FLOWS_MAX);
    SW_ASSERT(!sql.overflowed);
    return prepare(store, query, text, 0, 0);
}

static sqlite3_stmt *prepare_range(struct sw_store *store, const struct sw_query *query,
                                   bool by_hour)
{
    char text[4 * SQL_BYTES];
    struct sw_buffer sql;
    sw_buffer_init(&sql, text, sizeof(text));
    flow_sql(&sql, query, by_hour);
    SW_ASSERT(!sql.overflowed);
    return prepare(store, query, text, query->from_ms / SW_HOUR_MS, query->to_ms / SW_HOUR_MS);
}

static void write_nodes(struct sw_store *store, struct sw_buffer *out)
{
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT node, name, agency, class, immigration FROM log.map_node WHERE map_id ="
               " (SELECT map_id FROM log.run ORDER BY id DESC LIMIT 1) ORDER BY place LIMIT 256");
    sw_buffer_append_string(out, "\"nodes\":[");
    for (const char *comma = ""; statement != NULL && sw_store_step(store, statement);
         comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        sw_json_text(out, "node", sw_column(statement, 0));
        sw_json_text(out, "name", sw_column(statement, 1));
        sw_json_text(out, "agency", sw_column(statement, 2));
        sw_json_text(out, "class", sw_column(statement, 3));
        sw_json_number(out, "immigration", sqlite3_column_int64(statement, 4));
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]");
    (void)sw_store_done(store, statement);
}

static void write_edges(struct sw_store *store, struct sw_buffer *out)
{
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT edge, name, modes, basis, off_switch, source FROM log.map_edge"
               " WHERE map_id = (SELECT map_id FROM log.run ORDER BY id DESC LIMIT 1) LIMIT 256");
    sw_buffer_append_string(out, ",\"edges\":[");
    for (const char *comma = ""; statement != NULL && sw_store_step(store, statement);
         comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        sw_json_text(out, "edge", sw_column(statement, 0));
        sw_json_text(out, "name", sw_column(statement, 1));
        sw_json_names(out, "modes", sw_column(statement, 2));
        sw_json_text(out, "basis", sw_column(statement, 3));
        sw_json_text(out, "off_switch", sw_column(statement, 4));
        sw_json_text(out, "source", sw_column(statement, 5));
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]");
    (void)sw_store_done(store, statement);
}

enum sw_status sw_answer_flows(struct sw_store *store, struct sw_query *query,
                               struct sw_buffer *out)
{
    sw_query_resolve(query, store->heads.oldest_ms, store->heads.newest_ms);
    bool by_hour = query->to_ms - query->from_ms <= BY_HOUR_MAX;
    sqlite3_stmt *statement =
        query->as_of != 0 ? prepare_as_of(store, query) : prepare_range(store, query, by_hour);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    sw_buffer_append_string(out, "{");
    write_nodes(store, out);
    write_edges(store, out);
    sw_buffer_append_string(out, ",\"flows\":[");
    for (const char *comma = ""; sw_store_step(store, statement); comma = ",") {
        sw_buffer_append_format(out, "%s{", comma);
        sw_json_text(out, "edge", sw_column(statement, 0));
        sw_json_text(out, "src", sw_column(statement, 1));
        sw_json_text(out, "dst", sw_column(statement, 2));
        sw_json_text(out, "verdict", sw_column(statement, 3));
        sw_json_number(out, "level", sqlite3_column_int64(statement, 4));
        sw_json_number(out, "n", sqlite3_column_int64(statement, 5));
        sw_buffer_append_string(out, "}");
    }
    (void)sw_store_done(store, statement);
    sw_buffer_append_string(out, "]");
    sw_json_number(out, "from", query->from_ms);
    sw_json_number(out, "to", query->to_ms);
    sw_json_text(out, "rollup", query->as_of != 0 ? "entry" : by_hour ? "hour" : "day");
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}

struct bins {
    int64_t start_ms;
    int64_t step_ms;
    uint32_t count;
    int64_t hops[BINS_MAX][SW_VERDICT_COUNT];
};

/* The shortest of these steps that fits the range into BINS_MAX bins; whole days where days are
 * read. */
static int64_t choose_step(int64_t range_ms)
{
    static const int64_t steps[] = {
        SW_MINUTE_MS,    2 * SW_MINUTE_MS, 5 * SW_MINUTE_MS, 10 * SW_MINUTE_MS,
        SW_HOUR_MS,      2 * SW_HOUR_MS,   3 * SW_HOUR_MS,   6 * SW_HOUR_MS,
        12 * SW_HOUR_MS, SW_DAY_MS,        2 * SW_DAY_MS,    7 * SW_DAY_MS,
        14 * SW_DAY_MS,  30 * SW_DAY_MS,   91 * SW_DAY_MS,   365 * SW_DAY_MS,
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        bool fine = steps[i] >= SW_DAY_MS || range_ms <= BY_HOUR_MAX;
        if (fine && (range_ms + steps[i] - 1) / steps[i] < BINS_MAX) {
            return steps[i];
        }
    }
    return 3652 * SW_DAY_MS;
}

static void add_to_bin(struct bins *bins, int64_t time_ms, const char *verdict, int64_t hops)
{
    enum sw_verdict code = sw_verdict_find(sw_text_from(verdict));
    int64_t bin = (time_ms - bins->start_ms) / bins->step_ms;
    if (code < SW_VERDICT_COUNT && bin >= 0 && bin < bins->count) {
        bins->hops[bin][code] += hops;
    }
}

/* Of short ranges: hop by hop, through the index of crossings, one verdict and level at a time. */
static void fill_from_hops(struct sw_store *store, const struct sw_query *query, struct bins *bins)
{
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT ts_event FROM log.hop WHERE (level > 0 OR verdict <> 'NONE') AND level = ?1"
               " AND verdict = ?2 AND ts_event >= ?3 AND ts_event < ?4 LIMIT 20000");
    for (int level = 0; statement != NULL && level < SW_LEVEL_COUNT; level++) {
        for (uint32_t verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
            const char *code = sw_verdict_code((enum sw_verdict)verdict);
            (void)sqlite3_bind_int(statement, 1, level);
            (void)sqlite3_bind_text(statement, 2, code, -1, SQLITE_STATIC);
            (void)sqlite3_bind_int64(statement, 3, query->from_ms);
            (void)sqlite3_bind_int64(statement, 4, query->to_ms);
            while (sw_store_step(store, statement)) {
                add_to_bin(bins, sqlite3_column_int64(statement, 0), code, 1);
            }
            (void)sqlite3_reset(statement);
        }
    }
    (void)sw_store_done(store, statement);
}

/* Reads rows of (hour, verdict, hops). */
static void histogram_sql(struct sw_buffer *sql, const struct sw_query *query, bool by_day)
{
    static const char by_hours[] = "SELECT hour, verdict, hops FROM log.edge_hour WHERE hour >= %s"
                                   " AND hour < %s AND (level > 0 OR verdict <> 'NONE')";
    if (!by_day) {
        sw_buffer_append_format(sql, by_hours, "?1", "?2");
        append_filter(sql, query);
        return;
    }
    sw_buffer_append_string(sql, "SELECT day * 24, verdict, hops FROM log.edge_day WHERE day >="
                                 " (?1 + 23) / 24 AND day < ?2 / 24"
                                 " AND (level > 0 OR verdict <> 'NONE')");
    append_filter(sql, query);
    sw_buffer_append_string(sql, " UNION ALL ");
    sw_buffer_append_format(sql, by_hours, "?1", "(?1 + 23) / 24 * 24");
    append_filter(sql, query);
    sw_buffer_append_string(sql, " UNION ALL ");
    sw_buffer_append_format(sql, by_hours, "?2 / 24 * 24", "?2");
    append_filter(sql, query);
}

static void fill_from_rollup(struct sw_store *store, const struct sw_query *query,
                             struct bins *bins)
{
    char text[4 * SQL_BYTES];
    struct sw_buffer sql;
    sw_buffer_init(&sql, text, sizeof(text));
    histogram_sql(&sql, query, bins->step_ms >= SW_DAY_MS);
    SW_ASSERT(!sql.overflowed);
    sqlite3_stmt *statement =
        prepare(store, query, text, query->from_ms / SW_HOUR_MS, query->to_ms / SW_HOUR_MS);
    while (statement != NULL && sw_store_step(store, statement)) {
        add_to_bin(bins, sqlite3_column_int64(statement, 0) * SW_HOUR_MS, sw_column(statement, 1),
                   sqlite3_column_int64(statement, 2));
    }
    (void)sw_store_done(store, statement);
}

enum sw_status sw_answer_histogram(struct sw_store *store, struct sw_query *query,
                                   struct sw_buffer *out)
{
    static struct bins bins;
    sw_query_resolve(query, store->heads.oldest_ms, store->heads.newest_ms);
    int64_t range_ms = query->to_ms - query->from_ms;
    range_ms = range_ms > 0 ? range_ms : SW_HOUR_MS;
    bins = (struct bins){.step_ms = choose_step(range_ms)};
    int64_t unit = bins.step_ms >= SW_DAY_MS ? SW_DAY_MS : bins.step_ms;
    bins.start_ms = query->from_ms - query->from_ms % unit;
    bins.count = (uint32_t)((query->to_ms - bins.start_ms + bins.step_ms - 1) / bins.step_ms);
    bins.count = bins.count < BINS_MAX ? bins.count : BINS_MAX;
    if (bins.step_ms < SW_HOUR_MS) {
        fill_from_hops(store, query, &bins);
    } else {
        fill_from_rollup(store, query, &bins);
    }
    sw_buffer_append_string(out, "{");
    sw_json_number(out, "start", bins.start_ms);
    sw_json_number(out, "step", bins.step_ms);
    sw_json_number(out, "from", query->from_ms);
    sw_json_number(out, "to", query->to_ms);
    sw_buffer_append_string(out, ",\"bins\":[");
    for (uint32_t bin = 0; bin < bins.count; bin++) {
        sw_buffer_append_string(out, bin == 0 ? "[" : ",[");
        for (uint32_t verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
            sw_buffer_append_format(out, verdict == 0 ? "%lld" : ",%lld",
                                    (long long)bins.hops[bin][verdict]);
        }
        sw_buffer_append_string(out, "]");
    }
    sw_buffer_append_string(out, "]}");
    return store->overran ? SW_DATABASE : SW_OK;
}
