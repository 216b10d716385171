/* The list of alerts. Groups are few (rule × edge × verdict × level), so the list is made from the
 * groups: their counts come from roll-ups, and of each only as many ids are read as a page shows.
 */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "limits.h"

struct entry {
    int64_t alert;
    const struct sw_inbox_group *group;
};

struct page {
    struct entry entries[2 * SW_GROUPS_MAX]; // candidates; a page's worth is kept when it is full
    uint32_t count;
    uint32_t limit; // entries of a page
    bool more;
};

static int newest_first(const void *a, const void *b)
{
    int64_t left = ((const struct entry *)a)->alert;
    int64_t right = ((const struct entry *)b)->alert;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* Sorts what was gathered and keeps one page of it. */
static void trim(struct page *page)
{
    qsort(page->entries, page->count, sizeof(page->entries[0]), newest_first);
    if (page->count > page->limit) {
        page->count = page->limit;
        page->more = true;
    }
}

static void add_entry(struct page *page, int64_t alert, const struct sw_inbox_group *group)
{
    if (page->count == sizeof(page->entries) / sizeof(page->entries[0])) {
        trim(page);
    }
    page->entries[page->count++] = (struct entry){.alert = alert, .group = group};
}

static bool wanted(const struct sw_query *query, const struct sw_inbox_group *group)
{
    return group->count > 0 &&
           (query->states == 0 || (query->states & (1u << (uint32_t)group->state)) != 0);
}

/* Newest alert of each group. A group whose newest is not below `before` was on an earlier page. */
static void gather_groups(struct sw_store *store, const struct sw_query *query,
                          struct sw_inbox_group *groups, uint32_t count, struct page *page)
{
    struct sw_query newest = *query;
    newest.before = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t id;
        if (wanted(query, &groups[i]) && sw_inbox_ids(store, &newest, &groups[i], &id, 1) == 1 &&
            (query->before == 0 || id < query->before)) {
            groups[i].newest = id;
            add_entry(page, id, &groups[i]);
        }
    }
}

static void gather_alerts(struct sw_store *store, const struct sw_query *query,
                          struct sw_inbox_group *groups, uint32_t count, struct page *page)
{
    int64_t ids[SW_PAGE_MAX + 1];
    for (uint32_t i = 0; i < count; i++) {
        if (!wanted(query, &groups[i])) {
            continue;
        }
        uint32_t got = sw_inbox_ids(store, query, &groups[i], ids, query->limit + 1);
        for (uint32_t k = 0; k < got; k++) {
            add_entry(page, ids[k], &groups[i]);
        }
    }
}

/* A number in the search box is the number of an alert. */
static int64_t searched_number(const char *search)
{
    int64_t number = 0;
    const char *p = *search == '#' ? search + 1 : search;
    size_t length = strlen(p);
    if (length == 0 || length > 15 || strspn(p, "0123456789") != length) {
        return 0;
    }
    for (; *p != '\0'; p++) {
        number = number * 10 + (*p - '0');
    }
    return number;
}

/* Daily alerts stand for many hops; COUNT_TABLE tells of how many, today or at a moment of the log.
 */
#define ALERT_BY_ID(COUNT_TABLE)                                                                   \
    "SELECT a.id, a.verdict, a.level, a.title, a.path, a.cite, a.duties, a.chain, a.edge, a.rule," \
    " a.ts_event, a.ts_logged, a.daily, a.synthetic,"                                              \
    " coalesce((SELECT c.hops FROM " COUNT_TABLE " AS c WHERE c.alert = a.id), 1),"                \
    " coalesce((SELECT c.last_ms FROM " COUNT_TABLE " AS c WHERE c.alert = a.id), a.ts_event)"     \
    " FROM log.alert AS a WHERE a.id = ?1"

static sqlite3_stmt *prepare_alert(struct sw_store *store, const struct sw_query *query)
{
    return sw_store_prepare(store, query->as_of != 0 ? ALERT_BY_ID("temp.alert_count_then")
                                                     : ALERT_BY_ID("log.alert_count"));
}

static void write_alert(sqlite3_stmt *row, struct sw_buffer *out)
{
    sw_json_id(out, "id", sqlite3_column_int64(row, 0));
    sw_json_text(out, "verdict", sw_column(row, 1));
    sw_json_number(out, "level", sqlite3_column_int64(row, 2));
    sw_json_text(out, "title", sw_column(row, 3));
    sw_json_text(out, "path", sw_column(row, 4));
    sw_json_text(out, "cite", sw_column(row, 5));
    sw_json_names(out, "duties", sw_column(row, 6));
    sw_json_text(out, "chain", sw_column(row, 7));
    sw_json_text(out, "edge", sw_column(row, 8));
    sw_json_text(out, "rule", sw_column(row, 9));
    sw_json_number(out, "ts", sqlite3_column_int64(row, 10));
    sw_json_number(out, "logged", sqlite3_column_int64(row, 11));
    sw_json_number(out, "daily", sqlite3_column_int64(row, 12));
    sw_json_number(out, "synthetic", sqlite3_column_int64(row, 13));
    sw_json_number(out, "hops", sqlite3_column_int64(row, 14));
    sw_json_number(out, "last", sqlite3_column_int64(row, 15));
}

#define SUM_OF_GROUP(COUNT_TABLE)                                                                  \
    "SELECT sum(coalesce((SELECT c.hops FROM " COUNT_TABLE " AS c WHERE c.alert = i.alert), 1))"   \
    " FROM inbox AS i WHERE i.grp = ?1 AND i.state = ?2"

/* Hops that a group of daily alerts stands for. */
static int64_t daily_hops(struct sw_store *store, const struct sw_query *query,
                          const struct sw_inbox_group *group)
{
    int64_t hops = group->count;
    bool then = query->as_of != 0;
    sqlite3_stmt *statement = sw_store_prepare(
        store, then ? SUM_OF_GROUP("temp.alert_count_then") " AND i.alert <= ?3"
                    : SUM_OF_GROUP("log.alert_count") " AND i.ts >= ?3 AND i.ts < ?4");
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, group->id);
        (void)sqlite3_bind_int(statement, 2, (int)group->state);
        (void)sqlite3_bind_int64(statement, 3, then ? query->alert_max : query->from_ms);
        (void)sqlite3_bind_int64(statement, 4, query->to_ms); // of a range; else there is no ?4
        hops = sw_store_step(store, statement) ? sqlite3_column_int64(statement, 0) : hops;
    }
    (void)sw_store_done(store, statement);
    return hops;
}

static int64_t group_hops(struct sw_store *store, const struct sw_query *query,
                          const struct sw_inbox_group *group)
{
    return group->daily ? daily_hops(store, query, group) : group->count;
}

static void write_page(struct sw_store *store, const struct sw_query *query,
                       const struct page *page, struct sw_buffer *out)
{
    sqlite3_stmt *statement = prepare_alert(store, query);
    sw_buffer_append_string(out, "\"alerts\":[");
    for (uint32_t i = 0; statement != NULL && i < page->count; i++) {
        const struct entry *entry = &page->entries[i];
        (void)sqlite3_bind_int64(statement, 1, entry->alert);
        if (sw_store_step(store, statement)) {
            sw_buffer_append_string(out, i == 0 ? "{" : ",{");
            write_alert(statement, out);
            sw_json_id(out, "group", entry->group->id);
            sw_json_text(out, "state", sw_state_name(entry->group->state));
            if (query->grouped) {
                sw_json_number(out, "count", entry->group->count);
                sw_json_number(out, "group_hops", group_hops(store, query, entry->group));
            }
            sw_buffer_append_string(out, "}");
        }
        (void)sqlite3_reset(statement);
    }
    (void)sw_store_done(store, statement);
    sw_buffer_append_string(out, "]");
}

static void write_counts(const struct sw_inbox_group *groups, uint32_t count, struct sw_buffer *out)
{
    int64_t counts[SW_STATE_COUNT] = {0};
    for (uint32_t i = 0; i < count; i++) {
        counts[groups[i].state] += groups[i].count;
    }
    sw_buffer_append_string(out, ",\"counts\":{");
    for (uint32_t state = 0; state < SW_STATE_COUNT; state++) {
        sw_json_number(out, sw_state_name((enum sw_review_state)state), counts[state]);
    }
    sw_buffer_append_string(out, "}");
}

static void write_tail(struct sw_store *store, const struct sw_query *query,
                       const struct page *page, struct sw_buffer *out)
{
    if (page->more && page->count > 0) {
        sw_json_id(out, "next", page->entries[page->count - 1].alert);
    }
    sw_json_number(out, "from", query->from_ms);
    sw_json_number(out, "to", query->to_ms);
    sw_buffer_append_string(out, ",\"log\":{");
    sw_json_id(out, "head", store->heads.alert);
    sw_json_id(out, "entry", store->heads.event);
    sw_json_number(out, "as_of", store->heads.newest_ms);
    sw_buffer_append_string(out, "}");
}

/* Only the alert with the searched number, if it is in one of the groups. */
static void gather_number(struct sw_store *store, const struct sw_query *query, int64_t number,
                          struct sw_inbox_group *groups, uint32_t count, struct page *page)
{
    struct sw_query one = *query;
    one.before = number + 1;
    for (uint32_t i = 0; i < count; i++) {
        int64_t id;
        if (sw_inbox_ids(store, &one, &groups[i], &id, 1) == 1 && id == number) {
            add_entry(page, id, &groups[i]);
        }
    }
}

enum sw_status sw_answer_alerts(struct sw_store *store, struct sw_query *query,
                                struct sw_buffer *out)
{
    static struct sw_inbox_group groups[SW_GROUPS_MAX]; // one thread answers; too large for a stack
    static struct page page;
    page.count = 0;
    page.more = false;
    page.limit = query->limit;
    sw_query_resolve(query, store->heads.oldest_ms, store->heads.newest_ms);
    int64_t number = searched_number(query->search);
    if (number != 0) {
        query->search[0] = '\0';
        query->states = 0;
        query->grouped = false;
    }
    uint32_t count = sw_inbox_groups(store, query, groups);
    if (number != 0) {
        gather_number(store, query, number, groups, count, &page);
    } else if (query->grouped) {
        gather_groups(store, query, groups, count, &page);
    } else {
        gather_alerts(store, query, groups, count, &page);
    }
    trim(&page);
    sw_buffer_append_string(out, "{");
    write_page(store, query, &page, out);
    write_counts(groups, count, out);
    write_tail(store, query, &page, out);
    sw_buffer_append_string(out, "}");
    return store->overran ? SW_DATABASE : SW_OK;
}

int64_t sw_answer_alert_line(struct sw_store *store, int64_t id, struct sw_buffer *out)
{
    int64_t logged_ms = 0;
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT a.id, a.verdict, a.level, a.title, a.ts_event, a.ts_logged, i.grp"
               " FROM log.alert AS a LEFT JOIN inbox AS i ON i.alert = a.id WHERE a.id = ?1");
    if (statement == NULL) {
        return 0;
    }
    (void)sqlite3_bind_int64(statement, 1, id);
    if (sw_store_step(store, statement)) {
        sw_buffer_append_string(out, "{");
        sw_json_id(out, "id", id);
        sw_json_text(out, "verdict", sw_column(statement, 1));
        sw_json_number(out, "level", sqlite3_column_int64(statement, 2));
        sw_json_text(out, "title", sw_column(statement, 3));
        sw_json_number(out, "ts", sqlite3_column_int64(statement, 4));
        logged_ms = sqlite3_column_int64(statement, 5);
        sw_json_number(out, "logged", logged_ms);
        sw_json_id(out, "group", sqlite3_column_int64(statement, 6));
        sw_buffer_append_string(out, "}");
    }
    (void)sw_store_done(store, statement);
    return logged_ms;
}
