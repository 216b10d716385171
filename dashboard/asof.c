/* Judgements and alerts are numbered in the order of the entries that brought them, so the last of
 * a moment is found by halving. Part -1 is the piece beyond the whole parts, made for one moment.
 */
#include "asof.h"

#include <uv.h>

#include <sharewatch/assert.h>

#include "answers.h"

#define PARTS_MAX      INT64_C(1024) // more than twice as many: counted anew in parts of twice the size
#define PART_HOPS_MIN  1024          // judgements
#define PIECE_HOPS     8192          // counted by one statement, some 10 ms
#define SLICE_NS       (UINT64_C(60) * 1000000)
#define TAIL           (-1)
#define BROUGHT_BY_HOP "SELECT coalesce(cause, event) FROM log.hop WHERE id = ?1"
#define BROUGHT_BY_ALERT                                                                           \
    "SELECT coalesce(h.cause, h.event) FROM log.alert AS a JOIN log.hop AS h ON h.id = a.hop"      \
    " WHERE a.id = ?1"

void sw_asof_init(struct sw_asof *asof, struct sw_store *store)
{
    *asof = (struct sw_asof){.store = store};
}

static int64_t number_of(struct sw_store *store, const char *sql, int64_t id)
{
    int64_t number = 0;
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, id);
        number = sw_store_step(store, statement) ? sqlite3_column_int64(statement, 0) : 0;
    }
    (void)sw_store_done(store, statement);
    return number;
}

/* The highest number up to @last that an entry up to @entry brought; @sql tells which brought one.
 */
static int64_t last_brought(struct sw_store *store, const char *sql, int64_t last, int64_t entry)
{
    int64_t low = 0; // brought by then
    int64_t high = last + 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (number_of(store, sql, middle) <= entry) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum sw_status count_into(struct sw_store *store, const char *sql, int64_t part,
                                 int64_t after, int64_t last)
{
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(statement, 1, part);
    (void)sqlite3_bind_int64(statement, 2, after);
    (void)sqlite3_bind_int64(statement, 3, last);
    (void)sw_store_step(store, statement);
    return sw_store_done(store, statement) == SQLITE_OK ? SW_OK : SW_DATABASE;
}

/* Flows as the monitor's roll-ups count them, without revisions; daily alerts with them. */
static enum sw_status count_piece(struct sw_store *store, int64_t part, int64_t after, int64_t last)
{
    enum sw_status status = count_into(
        store,
        "INSERT INTO temp.flow_part SELECT ?1, coalesce(edge, ''), coalesce(from_node, ''),"
        " coalesce(to_node, ''), verdict, level, count(*) FROM log.hop WHERE id > ?2 AND id <= ?3"
        " AND revision = 0 GROUP BY 2, 3, 4, 5, 6"
        " ON CONFLICT DO UPDATE SET n = n + excluded.n",
        part, after, last);
    if (status != SW_OK) {
        return status;
    }
    return count_into(
        store,
        "INSERT INTO temp.daily_part SELECT h.alert, ?1, count(*), max(h.ts_event) FROM log.hop AS"
        " h JOIN log.alert AS a ON a.id = h.alert WHERE h.id > ?2 AND h.id <= ?3 AND a.daily = 1"
        " GROUP BY h.alert ON CONFLICT DO UPDATE SET n = n + excluded.n,"
        " last_ms = max(last_ms, excluded.last_ms)",
        part, after, last);
}

static enum sw_status forget(struct sw_asof *asof)
{
    asof->counted = 0;
    asof->tail = 0;
    enum sw_status status = sw_store_run(asof->store, "DELETE FROM temp.flow_part");
    return status == SW_OK ? sw_store_run(asof->store, "DELETE FROM temp.daily_part") : status;
}

static enum sw_status fit_parts(struct sw_asof *asof)
{
    int64_t hops = asof->store->heads.hop;
    if (asof->part_hops != 0 && hops <= 2 * PARTS_MAX * asof->part_hops) {
        return SW_OK;
    }
    asof->part_hops = PART_HOPS_MIN;
    while (asof->part_hops * PARTS_MAX < hops) {
        asof->part_hops *= 2;
    }
    return forget(asof);
}

/* Counts whole parts up to @hop. SW_EMPTY: the slice of time ended before. */
static enum sw_status count_parts(struct sw_asof *asof, int64_t hop)
{
    uint64_t end_ns = uv_hrtime() + SLICE_NS;
    int64_t goal = hop - hop % asof->part_hops;
    while (asof->counted < goal) {
        int64_t last = asof->counted + PIECE_HOPS;
        int64_t part = asof->counted / asof->part_hops;
        int64_t part_end = (part + 1) * asof->part_hops;
        last = last < part_end ? last : part_end;
        enum sw_status status = count_piece(asof->store, part, asof->counted, last);
        if (status != SW_OK) {
            asof->part_hops = 0; // half a piece may stand there: from the start next time
            return status;
        }
        asof->counted = last;
        if (asof->counted < goal && uv_hrtime() >= end_ns) {
            return SW_EMPTY;
        }
    }
    return SW_OK;
}

static enum sw_status count_tail(struct sw_asof *asof, int64_t hop)
{
    if (asof->tail == hop) {
        return SW_OK;
    }
    asof->tail = 0;
    enum sw_status status = sw_store_run(asof->store, "DELETE FROM temp.flow_part WHERE part = -1");
    if (status == SW_OK) {
        status = sw_store_run(asof->store, "DELETE FROM temp.daily_part WHERE part = -1");
    }
    if (status == SW_OK) {
        status = count_piece(asof->store, TAIL, hop - hop % asof->part_hops, hop);
    }
    asof->tail = status == SW_OK ? hop : 0;
    return status;
}

enum sw_status sw_asof_seek(struct sw_asof *asof, int64_t entry, struct sw_moment *moment,
                            int *permille)
{
    struct sw_store *store = asof->store;
    const struct sw_heads *heads = &store->heads;
    *moment = (struct sw_moment){.entry = entry < heads->event ? entry : heads->event};
    *permille = 0;
    if (moment->entry <= 0) {
        return SW_NOT_FOUND;
    }
    moment->hop = last_brought(store, BROUGHT_BY_HOP, heads->hop, moment->entry);
    moment->alert = last_brought(store, BROUGHT_BY_ALERT, heads->alert, moment->entry);
    enum sw_status status = fit_parts(asof);
    if (status == SW_OK) {
        status = count_parts(asof, moment->hop);
    }
    if (status == SW_EMPTY) {
        *permille = (int)(asof->counted * 1000 / moment->hop);
    }
    if (status == SW_OK) {
        moment->parts = moment->hop / asof->part_hops;
        status = count_tail(asof, moment->hop);
    }
    return status;
}

static bool write_entry(struct sw_store *store, int64_t entry, struct sw_buffer *out)
{
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT kind, action, ts_event, ts_logged, synthetic FROM log.event WHERE id = ?1");
    bool found = false;
    if (row != NULL) {
        (void)sqlite3_bind_int64(row, 1, entry);
        found = sw_store_step(store, row);
    }
    if (found) {
        sw_json_text(out, "kind", sw_column(row, 0));
        sw_json_text(out, "action", sw_column(row, 1));
        sw_json_number(out, "ts", sqlite3_column_int64(row, 2));
        sw_json_number(out, "logged", sqlite3_column_int64(row, 3));
        sw_json_number(out, "synthetic", sqlite3_column_int64(row, 4));
    }
    (void)sw_store_done(store, row);
    return found;
}

enum sw_status sw_asof_answer(struct sw_asof *asof, const struct sw_moment *moment,
                              struct sw_buffer *out)
{
    struct sw_store *store = asof->store;
    SW_ASSERT(moment->entry > 0);
    sw_json_id(out, "entry", moment->entry);
    sw_json_id(out, "of", store->heads.event);
    sw_json_id(out, "hop", moment->hop);
    sw_json_id(out, "alert", moment->alert);
    if (!write_entry(store, moment->entry, out)) {
        return store->overran ? SW_DATABASE : SW_NOT_FOUND;
    }
    /* The alerts that this very entry raised, and where the neighbours are. */
    int64_t before = last_brought(store, BROUGHT_BY_ALERT, moment->alert, moment->entry - 1);
    sw_json_number(out, "raised", moment->alert - before);
    sw_json_id(out, "alert_before", before > 0 ? number_of(store, BROUGHT_BY_ALERT, before) : 0);
    sw_json_id(out, "alert_after",
               moment->alert < store->heads.alert
                   ? number_of(store, BROUGHT_BY_ALERT, moment->alert + 1)
                   : 0);
    return SW_OK;
}
