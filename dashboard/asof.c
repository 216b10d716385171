/* Judgements and alerts are numbered in the order of the entries that brought them, so the last of
 * a moment is found by halving.
 */
#include "asof.h"

#include <string.h>

#include <uv.h>

#include <sharewatch/assert.h>

#include "answers.h"
#include "limits.h"

#define PART_HOPS_MIN  1024               // judgements: a piece of them is counted in a millisecond
#define PARTS_MAX      INT64_C(16384)     // more than twice as many: counted anew, in larger parts
#define SUMS_MAX       (INT64_C(4) << 20) // of 4 bytes; likewise
#define SLICE_NS       (UINT64_C(60) * 1000000)
#define BROUGHT_BY_HOP "SELECT coalesce(cause, event) FROM log.hop WHERE id = ?1"
#define BROUGHT_BY_ALERT                                                                           \
    "SELECT coalesce(h.cause, h.event) FROM log.alert AS a JOIN log.hop AS h ON h.id = a.hop"      \
    " WHERE a.id = ?1"

void sw_asof_init(struct sw_asof *asof, struct sw_store *store)
{
    *asof = (struct sw_asof){.store = store, .sought = -1};
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

/* Runs @sql with up to three numbers bound to it. */
static enum sw_status run(struct sw_store *store, const char *sql, int64_t first, int64_t second,
                          int64_t third)
{
    sqlite3_stmt *statement = sw_store_prepare(store, sql);
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(statement, 1, first);
    (void)sqlite3_bind_int64(statement, 2, second);
    (void)sqlite3_bind_int64(statement, 3, third);
    (void)sw_store_step(store, statement);
    return sw_store_done(store, statement) == SQLITE_OK ? SW_OK : SW_DATABASE;
}

/* Flows as the monitor's roll-ups count them, without revisions; COLUMN grows by what comes after
 * judgement ?1 up to ?2. */
#define ADD_FLOWS(COLUMN)                                                                          \
    "INSERT INTO temp.flow (edge, from_node, to_node, verdict, level, whole, n)"                   \
    " SELECT coalesce(edge, ''), coalesce(from_node, ''), coalesce(to_node, ''), verdict, level,"  \
    " count(*) * ('" COLUMN "' = 'whole'), count(*) * ('" COLUMN "' = 'n') FROM log.hop"           \
    " WHERE id > ?1 AND id <= ?2 AND revision = 0 GROUP BY 1, 2, 3, 4, 5"                          \
    " ON CONFLICT (edge, from_node, to_node, verdict, level)"                                      \
    " DO UPDATE SET " COLUMN " = " COLUMN " + excluded." COLUMN

/* Daily alerts count their revisions too. */
#define DAILY_OF_HOPS                                                                              \
    " FROM log.hop AS h JOIN log.alert AS a ON a.id = h.alert WHERE h.id > ?1 AND h.id <= ?2"      \
    " AND a.daily = 1 GROUP BY h.alert"

#define BEFORE_PART(COLUMN)                                                                        \
    "coalesce((SELECT " COLUMN " FROM temp.daily_part AS p WHERE p.alert = h.alert AND p.part <"   \
    " ?3 ORDER BY p.part DESC LIMIT 1), 0)"

/* Keeps what all flows sum up to at the end of @part. */
static enum sw_status keep_sums(struct sw_asof *asof, int64_t part)
{
    static uint32_t sums[SW_FLOWS_MAX]; // of a flow at its number, from 1
    struct sw_store *store = asof->store;
    uint32_t count = 0;
    sqlite3_stmt *row = sw_store_prepare(store, "SELECT whole FROM temp.flow ORDER BY id");
    while (row != NULL && count < SW_FLOWS_MAX && sw_store_step(store, row)) {
        sums[count++] = (uint32_t)sqlite3_column_int64(row, 0);
    }
    if (sw_store_done(store, row) != SQLITE_OK || row == NULL) {
        return SW_DATABASE;
    }
    sqlite3_stmt *insert =
        sw_store_prepare(store, "INSERT OR REPLACE INTO temp.flow_part VALUES (?1, ?2)");
    if (insert == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(insert, 1, part);
    (void)sqlite3_bind_blob(insert, 2, sums, (int)(count * sizeof(sums[0])), SQLITE_STATIC);
    (void)sw_store_step(store, insert);
    asof->sums += count;
    return sw_store_done(store, insert) == SQLITE_OK ? SW_OK : SW_DATABASE;
}

static enum sw_status count_part(struct sw_asof *asof, int64_t part)
{
    struct sw_store *store = asof->store;
    int64_t after = part * asof->part_hops;
    int64_t last = after + asof->part_hops;
    enum sw_status status = run(store, ADD_FLOWS("whole"), after, last, 0);
    if (status == SW_OK) {
        status = run(store,
                     "INSERT OR REPLACE INTO temp.daily_part SELECT h.alert, ?3, count(*)"
                     " + " BEFORE_PART("n") ", max(max(h.ts_event), " BEFORE_PART(
                         "last_ms") ")" DAILY_OF_HOPS,
                     after, last, part);
    }
    return status == SW_OK ? keep_sums(asof, part) : status;
}

static enum sw_status forget(struct sw_asof *asof)
{
    asof->counted = 0;
    asof->sums = 0;
    asof->sought = -1;
    return sw_store_run(asof->store, "DELETE FROM temp.flow; DELETE FROM temp.flow_part;"
                                     " DELETE FROM temp.daily_part; DELETE FROM temp.daily_piece");
}

/* Larger parts when there are too many, or when what is kept of them is too much. */
static enum sw_status fit_parts(struct sw_asof *asof)
{
    int64_t hops = asof->store->heads.hop;
    int64_t least = asof->sums > SUMS_MAX ? 2 * asof->part_hops : PART_HOPS_MIN;
    if (asof->part_hops != 0 && asof->sums <= SUMS_MAX && hops <= 2 * PARTS_MAX * asof->part_hops) {
        return SW_OK;
    }
    asof->part_hops = least;
    while (asof->part_hops * PARTS_MAX < hops) {
        asof->part_hops *= 2;
    }
    return forget(asof);
}

/* Counts whole parts up to @hop. SW_EMPTY: the slice of time ended before. */
static enum sw_status count_parts(struct sw_asof *asof, int64_t hop)
{
    SW_ASSERT(asof->part_hops > 0);
    uint64_t end_ns = uv_hrtime() + SLICE_NS;
    int64_t goal = hop - hop % asof->part_hops;
    while (asof->counted < goal) {
        enum sw_status status = count_part(asof, asof->counted / asof->part_hops);
        if (status != SW_OK) {
            asof->part_hops = 0; // half a part may stand there: from the start next time
            return status;
        }
        asof->counted += asof->part_hops;
        if (asof->counted < goal && uv_hrtime() >= end_ns) {
            return SW_EMPTY;
        }
    }
    return SW_OK;
}

/* Puts temp.flow where it stood at the end of the part before @part. */
static enum sw_status restore_sums(struct sw_asof *asof, int64_t part)
{
    static uint32_t sums[SW_FLOWS_MAX];
    struct sw_store *store = asof->store;
    size_t bytes = 0;
    sqlite3_stmt *row =
        sw_store_prepare(store, "SELECT counts FROM temp.flow_part WHERE part = ?1 - 1");
    if (row == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(row, 1, part);
    if (sw_store_step(store, row)) {
        bytes = (size_t)sqlite3_column_bytes(row, 0);
        SW_ASSERT(bytes <= sizeof(sums));
        memcpy(sums, sqlite3_column_blob(row, 0), bytes);
    }
    enum sw_status status = sw_store_done(store, row) == SQLITE_OK ? SW_OK : SW_DATABASE;
    if (status == SW_OK) {
        status = sw_store_run(store, "UPDATE temp.flow SET n = 0 WHERE n <> 0");
    }
    for (size_t i = 0; status == SW_OK && i < bytes / sizeof(sums[0]); i++) {
        status =
            run(store, "UPDATE temp.flow SET n = ?1 WHERE id = ?2", sums[i], (int64_t)i + 1, 0);
    }
    return status;
}

/* Brings the tables to @hop: the whole parts before it, and a piece of the next. */
static enum sw_status stand_at(struct sw_asof *asof, int64_t hop)
{
    struct sw_store *store = asof->store;
    SW_ASSERT(asof->part_hops > 0);
    if (asof->sought == hop) {
        return SW_OK;
    }
    int64_t part = hop / asof->part_hops;
    int64_t after = part * asof->part_hops;
    asof->sought = -1;
    enum sw_status status = restore_sums(asof, part);
    if (status == SW_OK) {
        status = run(store, ADD_FLOWS("n"), after, hop, 0);
    }
    if (status == SW_OK) {
        status = sw_store_run(store, "DELETE FROM temp.daily_piece");
    }
    if (status == SW_OK) {
        status = run(
            store,
            "INSERT INTO temp.daily_piece SELECT h.alert, count(*), max(h.ts_event)" DAILY_OF_HOPS,
            after, hop, 0);
    }
    if (status == SW_OK) {
        status =
            run(store, "UPDATE temp.moment SET hop = ?1, parts = ?2 WHERE id = 1", hop, part, 0);
    }
    asof->sought = status == SW_OK ? hop : -1;
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
    return status == SW_OK ? stand_at(asof, moment->hop) : status;
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
