#include "sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/text.h>

#include "database.h"
#include "row.h"

#define HOURS_AT_FIRST 1024

/* Columns of `hop` as row.h selects them. */
enum {
    HOP_REVISION = 2,
    HOP_EDGE = 5,
    HOP_FROM = 6,
    HOP_TO = 7,
    HOP_LEVEL = 10,
    HOP_VERDICT = 11,
    HOP_TIME = 15,
    HOP_ALERT = 16
};

static uint64_t ids_of(sqlite3 *database, const char *table)
{
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "SELECT max(id) FROM %s", table);
    int64_t most = sw_database_number(database, sql, 0);
    int64_t rows = 0;
    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    rows = sw_database_number(database, sql, 0);
    /* Ids are gapless; a foreign row with a huge one is found elsewhere. */
    return (uint64_t)(most >= 0 && most <= rows ? most : rows) + 1;
}

enum sw_status sw_sums_open(struct sw_sums *sums, sqlite3 *database)
{
    *sums = (struct sw_sums){.hour_capacity = HOURS_AT_FIRST,
                             .alert_capacity = ids_of(database, "alert"),
                             .source_capacity = ids_of(database, "source"),
                             .run_capacity = ids_of(database, "run")};
    sums->hours = calloc(sums->hour_capacity, sizeof(sums->hours[0]));
    sums->alerts = calloc(sums->alert_capacity, sizeof(sums->alerts[0]));
    sums->sources = calloc(sums->source_capacity, sizeof(sums->sources[0]));
    sums->runs = calloc(sums->run_capacity, sizeof(sums->runs[0]));
    if (sums->hours == NULL || sums->alerts == NULL || sums->sources == NULL ||
        sums->runs == NULL) {
        sw_sums_close(sums);
        return SW_NO_MEMORY;
    }
    return SW_OK;
}

void sw_sums_close(struct sw_sums *sums)
{
    free(sums->hours);
    free(sums->alerts);
    free(sums->sources);
    free(sums->runs);
    *sums = (struct sw_sums){0};
}

/* The place of the sum of @hour and the key in @wanted, or a free one. */
static struct sw_sum *find_sum(struct sw_sum *hours, uint64_t capacity, const struct sw_sum *wanted)
{
    struct sw_text key = {wanted->key, wanted->key_length};
    uint64_t place = sw_text_hash(key) * 31 + (uint64_t)wanted->hour;
    for (;; place++) {
        struct sw_sum *sum = &hours[place & (capacity - 1)];
        if (sum->hops == 0 || (sum->hour == wanted->hour &&
                               sw_text_equal((struct sw_text){sum->key, sum->key_length}, key))) {
            return sum;
        }
    }
}

static bool grow(struct sw_sums *sums)
{
    uint64_t capacity = sums->hour_capacity * 2;
    struct sw_sum *hours = calloc(capacity, sizeof(hours[0]));
    if (hours == NULL) {
        return false;
    }
    for (uint64_t i = 0; i < sums->hour_capacity; i++) {
        if (sums->hours[i].hops > 0) {
            *find_sum(hours, capacity, &sums->hours[i]) = sums->hours[i];
        }
    }
    free(sums->hours);
    sums->hours = hours;
    sums->hour_capacity = capacity;
    return true;
}

static bool add_sum(struct sw_sums *sums, const struct sw_sum *more)
{
    if (sums->hour_count > sums->hour_capacity / 2 && !grow(sums)) {
        return false;
    }
    struct sw_sum *sum = find_sum(sums->hours, sums->hour_capacity, more);
    if (sum->hops == 0) {
        *sum = *more;
        sums->hour_count++;
    } else {
        sum->hops += more->hops;
    }
    return true;
}

/* Appends a column as text with a NUL; what is too long is cut, here as in every other sum. */
static void put_key(struct sw_sum *sum, sqlite3_stmt *statement, int column)
{
    size_t room = SW_SUM_KEY_BYTES - sum->key_length;
    if (room > 0) {
        sw_database_copy(statement, column, sum->key + sum->key_length, room);
        sum->key_length += (uint32_t)strlen(sum->key + sum->key_length) + 1;
    }
}

bool sw_sums_add_hop(struct sw_sums *sums, sqlite3_stmt *hop)
{
    static const int columns[] = {HOP_EDGE, HOP_FROM, HOP_TO, HOP_VERDICT, HOP_LEVEL};
    int64_t alert = sqlite3_column_int64(hop, HOP_ALERT);
    if (alert > 0 && (uint64_t)alert < sums->alert_capacity) {
        struct sw_alert_sum *sum = &sums->alerts[alert];
        int64_t time_ms = sqlite3_column_int64(hop, HOP_TIME);
        sum->last_ms = sum->hops == 0 || time_ms > sum->last_ms ? time_ms : sum->last_ms;
        sum->last_hop = sqlite3_column_int64(hop, 0);
        sum->hops++;
    }
    if (sqlite3_column_int64(hop, HOP_REVISION) != 0) {
        return true;
    }
    struct sw_sum more = {.hour = sqlite3_column_int64(hop, HOP_TIME) / 3600000, .hops = 1};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        put_key(&more, hop, columns[i]);
    }
    return add_sum(sums, &more);
}

static void take_newest(struct sw_newest *newest, const struct sw_newest *other)
{
    if (other->entry > newest->entry) {
        newest->entry = other->entry;
        memcpy(newest->numbers, other->numbers, sizeof(newest->numbers));
    }
    if (other->settled > newest->settled) {
        newest->settled = other->settled;
        newest->whole = other->whole;
    }
}

void sw_sums_add_numbers(struct sw_sums *sums, const struct sw_entry *entry)
{
    struct sw_newest fresh = {.entry = entry->index + 1};
    memcpy(fresh.numbers, entry->numbers, sizeof(fresh.numbers));
    uint64_t row = (uint64_t)entry->row;
    if (entry->kind == SW_ENTRY_SPOOL) {
        take_newest(&sums->spool, &fresh);
    } else if (entry->kind == SW_ENTRY_RUN_END && row < sums->run_capacity) {
        take_newest(&sums->runs[row], &fresh);
    } else if (entry->kind == SW_ENTRY_SOURCE_NUMBERS && row < sums->source_capacity) {
        /* `whole` moves only when no number is missing, see the writer; 0: it did not yet. */
        if (fresh.numbers[0] == fresh.numbers[1]) {
            fresh.settled = fresh.entry;
            fresh.whole = fresh.numbers[2];
        }
        take_newest(&sums->sources[row], &fresh);
    }
}

static void add_alert(struct sw_alert_sum *sum, const struct sw_alert_sum *more)
{
    if (more->hops > 0) {
        sum->last_ms =
            sum->hops == 0 || more->last_ms > sum->last_ms ? more->last_ms : sum->last_ms;
        sum->last_hop = more->last_hop > sum->last_hop ? more->last_hop : sum->last_hop;
        sum->hops += more->hops;
    }
}

static uint64_t least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

bool sw_sums_add(struct sw_sums *sums, const struct sw_sums *more)
{
    bool done = true;
    for (uint64_t i = 0; done && i < more->hour_capacity; i++) {
        done = more->hours[i].hops == 0 || add_sum(sums, &more->hours[i]);
    }
    for (uint64_t i = 0; i < least(sums->alert_capacity, more->alert_capacity); i++) {
        add_alert(&sums->alerts[i], &more->alerts[i]);
    }
    for (uint64_t i = 0; i < least(sums->source_capacity, more->source_capacity); i++) {
        take_newest(&sums->sources[i], &more->sources[i]);
    }
    for (uint64_t i = 0; i < least(sums->run_capacity, more->run_capacity); i++) {
        take_newest(&sums->runs[i], &more->runs[i]);
    }
    take_newest(&sums->spool, &more->spool);
    return done;
}

/* ---- what is kept in place ---- */

/* What a comparison works with. */
struct compare {
    const struct sw_sums *sums;
    sqlite3 *database;
    char *problem;
    size_t capacity;
};

typedef bool (*compare_fn)(const struct compare *compare, sqlite3_stmt *row);

/* Gives each row of @sql to @check, which says what is wrong and answers false. */
static enum sw_status each(const struct compare *compare, const char *sql, compare_fn check,
                           uint64_t *count)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(compare->database, sql, -1, &statement, NULL);
    bool right = true;
    while (code == SQLITE_OK || (right && code == SQLITE_ROW)) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            (*count)++;
            right = check(compare, statement);
        }
    }
    (void)sqlite3_finalize(statement);
    return !right ? SW_INVALID : code == SQLITE_DONE ? SW_OK : SW_DATABASE;
}

static bool is_hour_right(const struct compare *compare, sqlite3_stmt *row)
{
    struct sw_sum wanted = {.hour = sqlite3_column_int64(row, 0)};
    for (int i = 1; i <= 5; i++) {
        put_key(&wanted, row, i);
    }
    const struct sw_sum *sum =
        find_sum(compare->sums->hours, compare->sums->hour_capacity, &wanted);
    if (sqlite3_column_int64(row, 6) == (int64_t)sum->hops && sum->hops > 0) {
        return true;
    }
    (void)snprintf(compare->problem, compare->capacity,
                   "the count in `edge_hour` of hour %" PRId64
                   ", edge '%s' is %lld, the sealed hops give %" PRIu64,
                   wanted.hour, wanted.key, (long long)sqlite3_column_int64(row, 6), sum->hops);
    return false;
}

static bool is_alert_right(const struct compare *compare, sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    bool counted = sqlite3_column_type(row, 2) != SQLITE_NULL;
    struct sw_alert_sum sum = {0};
    if (id > 0 && (uint64_t)id < compare->sums->alert_capacity) {
        sum = compare->sums->alerts[id];
    }
    bool right = sqlite3_column_int(row, 1) == 0
                     ? !counted
                     : counted && sqlite3_column_int64(row, 2) == sum.hops &&
                           sqlite3_column_int64(row, 3) == sum.last_ms &&
                           sqlite3_column_int64(row, 4) == sum.last_hop;
    if (!right) {
        (void)snprintf(compare->problem, compare->capacity,
                       "`alert_count` of alert %" PRId64
                       " is not what the sealed hops give: %" PRId64 " hops, the last is %" PRId64,
                       id, sum.hops, sum.last_hop);
    }
    return right;
}

static bool is_source_right(const struct compare *compare, sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    struct sw_newest newest = {0};
    if (id > 0 && (uint64_t)id < compare->sums->source_capacity) {
        newest = compare->sums->sources[id];
        newest.numbers[2] = newest.whole;
    }
    for (int i = 0; i < 3; i++) {
        if (sqlite3_column_int64(row, i + 1) != newest.numbers[i]) {
            (void)snprintf(
                compare->problem, compare->capacity,
                "the numbers in row %" PRId64 " of `source` are not the last sealed ones", id);
            return false;
        }
    }
    return true;
}

static bool is_run_right(const struct compare *compare, sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    struct sw_newest newest = {0};
    if (id > 0 && (uint64_t)id < compare->sums->run_capacity) {
        newest = compare->sums->runs[id];
    }
    bool ended = sqlite3_column_type(row, 1) != SQLITE_NULL;
    if (ended == (newest.entry > 0) &&
        (!ended || sqlite3_column_int64(row, 1) == newest.numbers[0])) {
        return true;
    }
    (void)snprintf(compare->problem, compare->capacity,
                   "the end of run %" PRId64 " in `run` is not the sealed one", id);
    return false;
}

static bool is_spool_right(const struct compare *compare, sqlite3_stmt *row)
{
    const struct sw_newest *spool = &compare->sums->spool;
    bool right = spool->entry > 0 && sqlite3_column_int64(row, 0) == 1 &&
                 sqlite3_column_int64(row, 1) == spool->numbers[0] &&
                 sqlite3_column_int64(row, 2) == spool->numbers[1] &&
                 sqlite3_column_int64(row, 3) == spool->numbers[2];
    if (!right) {
        (void)snprintf(compare->problem, compare->capacity,
                       "the place in `spool` is not the last sealed one");
    }
    return right;
}

static bool is_day_wrong(const struct compare *compare, sqlite3_stmt *row)
{
    (void)snprintf(compare->problem, compare->capacity,
                   "the count in `edge_day` of day %lld, edge '%s' is not the sum of its hours",
                   (long long)sqlite3_column_int64(row, 0),
                   (const char *)sqlite3_column_text(row, 1));
    return false;
}

#define DAYS                                                                                       \
    "SELECT hour / 24, edge, from_node, to_node, verdict, level, sum(hops) FROM edge_hour "        \
    "GROUP BY 1, 2, 3, 4, 5, 6"
#define DAY_ROWS "SELECT day, edge, from_node, to_node, verdict, level, hops FROM edge_day"

enum sw_status sw_sums_compare(const struct sw_sums *sums, sqlite3 *database, char *problem,
                               size_t capacity)
{
    const struct compare compare = {sums, database, problem, capacity};
    uint64_t hours = 0;
    uint64_t others = 0;
    enum sw_status status = each(&compare,
                                 "SELECT hour, edge, from_node, to_node, verdict, level, hops "
                                 "FROM edge_hour",
                                 is_hour_right, &hours);
    if (status == SW_OK && hours != sums->hour_count) {
        (void)snprintf(problem, capacity,
                       "`edge_hour` has %" PRIu64 " rows, the sealed hops give %" PRIu64, hours,
                       sums->hour_count);
        return SW_INVALID;
    }
    const struct {
        const char *sql;
        compare_fn check;
    } others_to_check[] = {
        {"SELECT * FROM (" DAYS " EXCEPT " DAY_ROWS ") LIMIT 1", is_day_wrong},
        {"SELECT * FROM (" DAY_ROWS " EXCEPT " DAYS ") LIMIT 1", is_day_wrong},
        {"SELECT id, daily, hops, last_ms, last_hop FROM alert LEFT JOIN alert_count "
         "ON alert_count.alert = alert.id",
         is_alert_right},
        {"SELECT id, highest, contiguous, whole FROM source", is_source_right},
        {"SELECT id, ended_ms FROM run", is_run_right},
    };
    for (size_t i = 0; status == SW_OK && i < sizeof(others_to_check) / sizeof(others_to_check[0]);
         i++) {
        status = each(&compare, others_to_check[i].sql, others_to_check[i].check, &others);
    }
    uint64_t places = 0;
    if (status == SW_OK) {
        status =
            each(&compare, "SELECT id, file, position, told FROM spool", is_spool_right, &places);
    }
    if (status == SW_OK && (places > 0) != (sums->spool.entry > 0)) {
        (void)snprintf(problem, capacity, "the place in `spool` is missing");
        status = SW_INVALID;
    }
    if (status == SW_OK && sw_database_number(database,
                                              "SELECT count(*) FROM alert_count WHERE alert NOT IN "
                                              "(SELECT id FROM alert)",
                                              0) != 0) {
        (void)snprintf(problem, capacity, "`alert_count` has a row without an alert");
        status = SW_INVALID;
    }
    return status;
}
