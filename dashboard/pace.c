/* Habits change, and a log may be large: the newest entries tell what is usual, and cost the same
 * however long the log is. */
#include "pace.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <sharewatch/assert.h>
#include <sharewatch/pipeline.h>

#include "answers.h"

#define WINDOW      INT64_C(200000) // entries: some 100 MB of the file, read once
#define PIECE       5000            // entries of one statement, some 5 ms
#define SLICE_NS    (UINT64_C(40) * 1000000)
#define ENTRIES_MIN 5 // fewer say nothing of what is usual
#define WRITTEN_MAX 100

static_assert(SW_PACE_SOURCES_MAX == SW_SOURCES_MAX, "as many as the monitor follows");

/* A source that is silent, and for how many times its longest silence before. */
struct silent {
    int64_t id;
    double times;
};

void sw_pace_init(struct sw_pace *pace, struct sw_store *store)
{
    memset(pace, 0, sizeof(*pace));
    pace->store = store;
}

static void count(struct sw_pace *pace, int64_t source, int64_t recorded_ms)
{
    if (source < 1 || source > SW_PACE_SOURCES_MAX) {
        return;
    }
    struct sw_pace_source *one = &pace->sources[source];
    if (one->entries == 0) {
        one->first_ms = recorded_ms;
        one->last_ms = recorded_ms;
    }
    if (recorded_ms > one->last_ms) {
        int64_t interval = recorded_ms - one->last_ms;
        one->longest_ms = interval > one->longest_ms ? interval : one->longest_ms;
        one->last_ms = recorded_ms;
    }
    one->entries++;
    pace->first_ms =
        pace->first_ms == 0 || recorded_ms < pace->first_ms ? recorded_ms : pace->first_ms;
    pace->newest_ms = recorded_ms > pace->newest_ms ? recorded_ms : pace->newest_ms;
}

static enum sw_status read_piece(struct sw_pace *pace)
{
    struct sw_store *store = pace->store;
    sqlite3_stmt *row = sw_store_prepare(
        store, "SELECT id, source_id, ts_recorded FROM log.event WHERE id > ?1 AND id <= ?2"
               " ORDER BY id");
    if (row == NULL) {
        return SW_DATABASE;
    }
    int64_t last = pace->to + PIECE < store->heads.event ? pace->to + PIECE : store->heads.event;
    (void)sqlite3_bind_int64(row, 1, pace->to);
    (void)sqlite3_bind_int64(row, 2, last);
    while (sw_store_step(store, row)) {
        pace->to = sqlite3_column_int64(row, 0);
        count(pace, sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2));
    }
    if (sw_store_done(store, row) != SQLITE_OK) {
        return SW_DATABASE;
    }
    pace->to = last;
    return SW_OK;
}

enum sw_status sw_pace_read(struct sw_pace *pace)
{
    uint64_t end_ns = uv_hrtime() + SLICE_NS;
    int64_t head = pace->store->heads.event;
    if (pace->to == 0 && head > WINDOW) {
        pace->from = head - WINDOW;
        pace->to = pace->from;
    }
    while (pace->to < head) {
        enum sw_status status = read_piece(pace);
        if (status != SW_OK) {
            return status;
        }
        if (pace->to < head && uv_hrtime() >= end_ns) {
            return SW_EMPTY;
        }
    }
    return SW_OK;
}

/* How many times its longest silence a source is silent now; @highest numbers it stamped so far. 0:
 * it is not, or nothing can be said. */
static double times_of(const struct sw_pace *pace, const struct sw_pace_source *one,
                       int64_t highest)
{
    if (one->entries == 0) {
        /* None of the newest entries is its own: at its mean rate there would have been some. */
        int64_t span_ms = pace->newest_ms - pace->store->heads.oldest_ms;
        int64_t silent_ms = pace->newest_ms - pace->first_ms;
        double mean_ms = highest >= ENTRIES_MIN ? (double)span_ms / (double)highest : 0;
        return mean_ms > 0 && (double)silent_ms > 4 * mean_ms ? (double)silent_ms / mean_ms : 0;
    }
    int64_t silent_ms = pace->newest_ms - one->last_ms;
    bool known = one->entries >= ENTRIES_MIN && one->longest_ms > 0;
    return known && silent_ms > one->longest_ms ? (double)silent_ms / (double)one->longest_ms : 0;
}

static int longest_first(const void *a, const void *b)
{
    const struct silent *left = a;
    const struct silent *right = b;
    return left->times < right->times ? 1 : left->times > right->times ? -1 : 0;
}

static uint32_t gather(struct sw_pace *pace, struct silent found[SW_PACE_SOURCES_MAX])
{
    uint32_t silent_count = 0;
    sqlite3_stmt *row =
        sw_store_prepare(pace->store, "SELECT id, highest FROM log.source WHERE id <= ?1");
    if (row != NULL) {
        (void)sqlite3_bind_int64(row, 1, SW_PACE_SOURCES_MAX);
    }
    while (row != NULL && sw_store_step(pace->store, row)) {
        int64_t id = sqlite3_column_int64(row, 0);
        SW_ASSERT(id >= 1 && id <= SW_PACE_SOURCES_MAX);
        double times = times_of(pace, &pace->sources[id], sqlite3_column_int64(row, 1));
        if (times > 0) {
            found[silent_count++] = (struct silent){.id = id, .times = times};
        }
    }
    (void)sw_store_done(pace->store, row);
    qsort(found, silent_count, sizeof(found[0]), longest_first);
    return silent_count;
}

static void write_source(struct sw_pace *pace, int64_t id, struct sw_buffer *out)
{
    const struct sw_pace_source *one = &pace->sources[id];
    sqlite3_stmt *row = sw_store_prepare(pace->store, "SELECT name FROM log.source WHERE id = ?1");
    if (row != NULL) {
        (void)sqlite3_bind_int64(row, 1, id);
        sw_json_text(out, "source", sw_store_step(pace->store, row) ? sw_column(row, 0) : "");
    }
    (void)sw_store_done(pace->store, row);
    int64_t mean_ms = one->entries > 1 ? (one->last_ms - one->first_ms) / (one->entries - 1) : 0;
    sw_json_number(out, "entries", one->entries);
    sw_json_number(out, "last", one->last_ms); // 0: before all that was read
    sw_json_number(out, "silent",
                   pace->newest_ms - (one->entries > 0 ? one->last_ms : pace->first_ms));
    sw_json_number(out, "longest", one->longest_ms);
    sw_json_number(out, "mean", mean_ms);
}

void sw_pace_write(struct sw_pace *pace, struct sw_buffer *out)
{
    static struct silent found[SW_PACE_SOURCES_MAX]; // one thread answers; too large for a stack
    uint32_t silent_count = gather(pace, found);
    sw_buffer_append_string(out, ",\"silent\":[");
    for (uint32_t i = 0; i < silent_count && i < WRITTEN_MAX; i++) {
        sw_buffer_append_string(out, i == 0 ? "{" : ",{");
        write_source(pace, found[i].id, out);
        sw_buffer_append_string(out, "}");
    }
    sw_buffer_append_string(out, "]");
    sw_json_number(out, "silent_count", silent_count);
    sw_json_number(out, "newest_recorded", pace->newest_ms);
    sw_json_id(out, "read_from", pace->from + 1);
    sw_json_id(out, "read_to", pace->to);
}
