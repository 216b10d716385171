/* A row's text, from which its hash is made, is a JSON array of its columns in their order: anybody
 * can make it again from the table with a few lines of any language.
 *
 *   [seq, ts, actor, action, alert|null, subject, note, before|null, after|null, batch,
 * undoes|null] hash = SHA-256(prev_hash || text)
 *
 * The hash before the first row is 32 zero bytes. */
#include "reviews.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>

#include "inbox.h"

#define HASH_BYTES     32
#define ROW_TEXT_BYTES (8 * SW_NOTE_BYTES)
#define NO_STATE       (-1)

static const char *const action_names[SW_REVIEW_ACTION_COUNT] = {
    "acknowledge", "escalate", "close", "reopen", "note", "duty", "undo", "case_open", "case_read"};

struct row {
    int64_t seq, ts;
    const char *actor;
    const char *action;
    int64_t alert; // 0: none
    const char *subject;
    const char *note;
    int before, after; // NO_STATE: none
    int64_t batch;
    int64_t undoes; // 0: none
};

enum sw_review_action sw_review_action_find(struct sw_text name)
{
    uint32_t action = 0;
    while (action < SW_REVIEW_ACTION_COUNT &&
           !sw_text_equal(name, sw_text_from(action_names[action]))) {
        action++;
    }
    return (enum sw_review_action)action;
}

static void append_or_null(struct sw_buffer *text, int64_t number, bool is_null)
{
    if (is_null) {
        sw_buffer_append_string(text, ",null");
    } else {
        sw_buffer_append_format(text, ",%lld", (long long)number);
    }
}

static bool hash_row(const struct row *row, const unsigned char previous[HASH_BYTES],
                     unsigned char hash[HASH_BYTES])
{
    char bytes[HASH_BYTES + ROW_TEXT_BYTES];
    struct sw_buffer text;
    memcpy(bytes, previous, HASH_BYTES);
    sw_buffer_init(&text, bytes + HASH_BYTES, ROW_TEXT_BYTES);
    sw_buffer_append_format(&text, "[%lld,%lld,", (long long)row->seq, (long long)row->ts);
    sw_buffer_append_json(&text, sw_text_from(row->actor));
    sw_buffer_append_string(&text, ",");
    sw_buffer_append_json(&text, sw_text_from(row->action));
    append_or_null(&text, row->alert, row->alert == 0);
    sw_buffer_append_string(&text, ",");
    sw_buffer_append_json(&text, sw_text_from(row->subject));
    sw_buffer_append_string(&text, ",");
    sw_buffer_append_json(&text, sw_text_from(row->note));
    append_or_null(&text, row->before, row->before == NO_STATE);
    append_or_null(&text, row->after, row->after == NO_STATE);
    append_or_null(&text, row->batch, false);
    append_or_null(&text, row->undoes, row->undoes == 0);
    sw_buffer_append_string(&text, "]");
    return !text.overflowed &&
           EVP_Digest(bytes, HASH_BYTES + (size_t)text.length, hash, NULL, EVP_sha256(), NULL) == 1;
}

static void read_last(struct sw_store *store, int64_t *seq, unsigned char hash[HASH_BYTES])
{
    *seq = 0;
    memset(hash, 0, HASH_BYTES);
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT seq, hash FROM review ORDER BY seq DESC LIMIT 1");
    if (statement != NULL && sw_store_step(store, statement) &&
        sqlite3_column_bytes(statement, 1) == HASH_BYTES) {
        *seq = sqlite3_column_int64(statement, 0);
        memcpy(hash, sqlite3_column_blob(statement, 1), HASH_BYTES);
    }
    (void)sw_store_done(store, statement);
}

/* The rows of one action as they are added: number and hash of the last one. */
struct writer {
    struct sw_store *store;
    sqlite3_stmt *insert;
    int64_t seq;
    unsigned char hash[HASH_BYTES];
    int64_t batch;
    int64_t now_ms;
    const char *actor;
};

static enum sw_status start(struct writer *writer, struct sw_store *store, const char *actor,
                            int64_t now_ms)
{
    *writer = (struct writer){.store = store, .now_ms = now_ms, .actor = actor};
    if (!store->reviewable) {
        (void)snprintf(store->problem, sizeof(store->problem),
                       "Reviews are off: %s cannot be written.", store->reviews_path);
        return SW_INVALID;
    }
    if (sw_store_run(store, "BEGIN IMMEDIATE") != SW_OK) {
        return SW_DATABASE;
    }
    writer->insert = sw_store_prepare(
        store, "INSERT INTO review (seq, ts, actor, action, alert, subject, note, before, after,"
               " batch, undoes, prev_hash, hash)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    read_last(store, &writer->seq, writer->hash);
    writer->batch = writer->seq + 1;
    return writer->insert != NULL ? SW_OK : SW_DATABASE;
}

static enum sw_status finish(struct writer *writer, enum sw_status status)
{
    (void)sw_store_done(writer->store, writer->insert);
    if (status == SW_OK) {
        status = sw_store_run(writer->store, "COMMIT");
    }
    if (status != SW_OK) {
        (void)sqlite3_exec(writer->store->database, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    writer->store->heads.review = writer->seq;
    return SW_OK;
}

static void bind_or_null(sqlite3_stmt *statement, int at, int64_t number, bool is_null)
{
    if (is_null) {
        (void)sqlite3_bind_null(statement, at);
    } else {
        (void)sqlite3_bind_int64(statement, at, number);
    }
}

/* Adds @row; its number, time, actor and batch are the writer's. */
static enum sw_status add_row(struct writer *writer, struct row row)
{
    unsigned char hash[HASH_BYTES];
    sqlite3_stmt *insert = writer->insert;
    row.seq = writer->seq + 1;
    row.ts = writer->now_ms;
    row.actor = writer->actor;
    row.batch = writer->batch;
    if (!hash_row(&row, writer->hash, hash)) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(insert, 1, row.seq);
    (void)sqlite3_bind_int64(insert, 2, row.ts);
    (void)sqlite3_bind_text(insert, 3, row.actor, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(insert, 4, row.action, -1, SQLITE_STATIC);
    bind_or_null(insert, 5, row.alert, row.alert == 0);
    (void)sqlite3_bind_text(insert, 6, row.subject, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(insert, 7, row.note, -1, SQLITE_TRANSIENT);
    bind_or_null(insert, 8, row.before, row.before == NO_STATE);
    bind_or_null(insert, 9, row.after, row.after == NO_STATE);
    (void)sqlite3_bind_int64(insert, 10, row.batch);
    bind_or_null(insert, 11, row.undoes, row.undoes == 0);
    (void)sqlite3_bind_blob(insert, 12, writer->hash, HASH_BYTES, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(insert, 13, hash, HASH_BYTES, SQLITE_TRANSIENT);
    (void)sw_store_step(writer->store, insert);
    if (sqlite3_reset(insert) != SQLITE_OK) {
        return SW_DATABASE;
    }
    writer->seq = row.seq;
    memcpy(writer->hash, hash, HASH_BYTES);
    return SW_OK;
}

/* The state of @alert, or NO_STATE when the log has no such alert. */
static int state_of(struct sw_store *store, int64_t alert)
{
    int state = NO_STATE;
    sqlite3_stmt *statement = sw_store_prepare(store, "SELECT state FROM inbox WHERE alert = ?1");
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, alert);
        state = sw_store_step(store, statement) ? sqlite3_column_int(statement, 0) : NO_STATE;
    }
    (void)sw_store_done(store, statement);
    return state;
}

static int state_after(enum sw_review_action action, int before)
{
    switch (action) {
    case SW_REVIEW_ACKNOWLEDGE:
        return SW_STATE_ACKNOWLEDGED;
    case SW_REVIEW_ESCALATE:
        return SW_STATE_ESCALATED;
    case SW_REVIEW_CLOSE:
        return SW_STATE_CLOSED;
    case SW_REVIEW_REOPEN:
        return SW_STATE_OPEN;
    case SW_REVIEW_NOTE:
    case SW_REVIEW_DUTY:
    case SW_REVIEW_UNDO:
    case SW_REVIEW_CASE_OPEN:
    case SW_REVIEW_CASE_READ:
    case SW_REVIEW_ACTION_COUNT:
        return before;
    }
    return before;
}

/* Does one action to one alert. A note and a duty leave the state alone and are always added. */
static enum sw_status review_alert(struct writer *writer, const struct sw_review_request *request,
                                   int64_t alert, struct sw_review_result *result)
{
    struct sw_store *store = writer->store;
    int before = state_of(store, alert);
    if (before == NO_STATE) {
        (void)snprintf(store->problem, sizeof(store->problem), "There is no alert %lld.",
                       (long long)alert);
        return SW_NOT_FOUND;
    }
    bool stays = request->action == SW_REVIEW_NOTE || request->action == SW_REVIEW_DUTY;
    int after = state_after(request->action, before);
    if (!stays && after == before) {
        result->skipped++;
        return SW_OK;
    }
    struct row row = {.action = action_names[request->action],
                      .alert = alert,
                      .subject = request->subject,
                      .note = request->note,
                      .before = stays ? NO_STATE : before,
                      .after = stays ? NO_STATE : after};
    enum sw_status status = add_row(writer, row);
    if (status == SW_OK && !stays) {
        status =
            sw_inbox_move(store, alert, (enum sw_review_state)before, (enum sw_review_state)after);
    }
    result->changed++;
    return status;
}

/* Finds who reviewed @alert after row @seq, if anybody did. */
static bool reviewed_since(struct sw_store *store, int64_t alert, int64_t seq,
                           struct sw_review_result *result)
{
    bool found = false;
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT ts, actor, action FROM review WHERE alert = ?1"
                                " AND seq > ?2 ORDER BY seq LIMIT 1");
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, alert);
        (void)sqlite3_bind_int64(statement, 2, seq);
        found = sw_store_step(store, statement);
    }
    if (found) {
        result->first_alert = alert;
        result->first_ms = sqlite3_column_int64(statement, 0);
        (void)snprintf(result->first_actor, sizeof(result->first_actor), "%s",
                       sw_column(statement, 1));
        (void)snprintf(result->first_action, sizeof(result->first_action), "%s",
                       sw_column(statement, 2));
    }
    (void)sw_store_done(store, statement);
    return found;
}

/* Fills `ids` with what the filter finds up to `seen`; the rest is counted in `left`. */
static void collect(struct sw_store *store, struct sw_review_request *request,
                    struct sw_review_result *result)
{
    static struct sw_inbox_group groups[SW_GROUPS_MAX];
    struct sw_query *filter = &request->filter;
    filter->before = request->seen + 1;
    sw_query_resolve(filter, store->heads.oldest_ms, store->heads.newest_ms);
    uint32_t count = sw_inbox_groups(store, filter, groups);
    for (uint32_t i = 0; i < count; i++) {
        if (filter->states != 0 && (filter->states & (1u << groups[i].state)) == 0) {
            continue;
        }
        uint32_t room = SW_REVIEW_IDS_MAX - request->id_count;
        uint32_t got = room == 0 ? 0
                                 : sw_inbox_ids(store, filter, &groups[i],
                                                request->ids + request->id_count, room);
        request->id_count += got;
        if (got == room) {
            result->left += (uint64_t)(groups[i].count - (int64_t)got);
        }
    }
}

static enum sw_status undo_row(struct writer *writer, const struct sw_review_request *request,
                               int64_t alert, int64_t seq, int before,
                               struct sw_review_result *result)
{
    struct sw_store *store = writer->store;
    int64_t latest = 0;
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT seq FROM review WHERE alert = ?1 AND after IS NOT NULL"
                                " ORDER BY seq DESC LIMIT 1");
    if (statement != NULL) {
        (void)sqlite3_bind_int64(statement, 1, alert);
        latest = sw_store_step(store, statement) ? sqlite3_column_int64(statement, 0) : 0;
    }
    (void)sw_store_done(store, statement);
    int now = state_of(store, alert);
    if (latest != seq || now == before || now == NO_STATE) {
        result->skipped++;
        return SW_OK;
    }
    struct row row = {.action = action_names[SW_REVIEW_UNDO],
                      .alert = alert,
                      .subject = "",
                      .note = request->note,
                      .before = now,
                      .after = before,
                      .undoes = request->undoes};
    enum sw_status status = add_row(writer, row);
    if (status == SW_OK) {
        status =
            sw_inbox_move(store, alert, (enum sw_review_state)now, (enum sw_review_state)before);
    }
    result->changed++;
    return status;
}

static enum sw_status undo(struct writer *writer, const struct sw_review_request *request,
                           struct sw_review_result *result)
{
    struct sw_store *store = writer->store;
    enum sw_status status = SW_OK;
    bool found = false;
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT seq, alert, before FROM review WHERE batch = ?1 AND alert IS NOT NULL"
               " AND before IS NOT NULL ORDER BY seq");
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_int64(statement, 1, request->undoes);
    while (status == SW_OK && sw_store_step(store, statement)) {
        found = true;
        status =
            undo_row(writer, request, sqlite3_column_int64(statement, 1),
                     sqlite3_column_int64(statement, 0), sqlite3_column_int(statement, 2), result);
    }
    (void)sw_store_done(store, statement);
    if (status == SW_OK && !found) {
        (void)snprintf(store->problem, sizeof(store->problem),
                       "There is no action %lld that can be taken back.",
                       (long long)request->undoes);
        return SW_NOT_FOUND;
    }
    return status;
}

static enum sw_status review_all(struct writer *writer, struct sw_review_request *request,
                                 struct sw_review_result *result)
{
    if (request->action == SW_REVIEW_UNDO) {
        return undo(writer, request, result);
    }
    if (request->has_filter) {
        collect(writer->store, request, result);
    }
    for (uint32_t i = 0; request->has_match && i < request->id_count; i++) {
        if (reviewed_since(writer->store, request->ids[i], request->match, result)) {
            return SW_EXISTS;
        }
    }
    for (uint32_t i = 0; i < request->id_count; i++) {
        enum sw_status status = review_alert(writer, request, request->ids[i], result);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

enum sw_status sw_reviews_add(struct sw_store *store, struct sw_review_request *request,
                              const char *actor, int64_t now_ms, struct sw_review_result *result)
{
    struct writer writer;
    *result = (struct sw_review_result){.changed = 0};
    enum sw_status status = start(&writer, store, actor, now_ms);
    if (status == SW_INVALID) {
        return status;
    }
    if (status == SW_OK) {
        status = review_all(&writer, request, result);
    }
    status = finish(&writer, status);
    result->batch = status == SW_OK && result->changed > 0 ? writer.batch : 0;
    return status;
}

void sw_reviews_reopen(struct sw_store *store, int64_t alert, int64_t then, int64_t now)
{
    static struct sw_review_request request; // too large for the stack
    struct sw_review_result result;
    request = (struct sw_review_request){.action = SW_REVIEW_REOPEN, .id_count = 1};
    request.ids[0] = alert;
    (void)snprintf(request.note, sizeof(request.note),
                   "The count went from %lld to %lld since it was acknowledged.", (long long)then,
                   (long long)now);
    if (sw_reviews_add(store, &request, "sharewatch", sw_now_ms(), &result) != SW_OK) {
        (void)fprintf(stderr, "sharewatch dashboard: alert %lld could not be opened again: %s\n",
                      (long long)alert, store->problem);
    }
}

static bool case_is_open(struct sw_store *store, const char *number)
{
    bool found = false;
    sqlite3_stmt *statement =
        sw_store_prepare(store, "SELECT 1 FROM review WHERE subject = ?1 AND subject <> ''"
                                " AND action = 'case_open' LIMIT 1");
    if (statement != NULL) {
        (void)sqlite3_bind_text(statement, 1, number, -1, SQLITE_STATIC);
        found = sw_store_step(store, statement);
    }
    (void)sw_store_done(store, statement);
    return found;
}

static enum sw_status add_chains(struct writer *writer, const char *number,
                                 const struct sw_text *chains, uint32_t chain_count)
{
    sqlite3_stmt *statement = sw_store_prepare(
        writer->store, "INSERT OR IGNORE INTO chain_case (number, chain, seq) VALUES (?1, ?2, ?3)");
    if (statement == NULL) {
        return SW_DATABASE;
    }
    (void)sqlite3_bind_text(statement, 1, number, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 3, writer->seq);
    for (uint32_t i = 0; i < chain_count; i++) {
        (void)sqlite3_bind_text(statement, 2, chains[i].bytes, (int)chains[i].length,
                                SQLITE_STATIC);
        (void)sw_store_step(writer->store, statement);
        (void)sqlite3_reset(statement);
    }
    return sw_store_done(writer->store, statement) == SQLITE_OK ? SW_OK : SW_DATABASE;
}

enum sw_status sw_reviews_open_case(struct sw_store *store, const char *number, const char *reason,
                                    const struct sw_text *chains, uint32_t chain_count,
                                    const char *actor, int64_t now_ms)
{
    struct writer writer;
    if (case_is_open(store, number)) {
        return SW_EXISTS;
    }
    enum sw_status status = start(&writer, store, actor, now_ms);
    if (status == SW_INVALID) {
        return status;
    }
    struct row row = {.action = action_names[SW_REVIEW_CASE_OPEN],
                      .subject = number,
                      .note = reason,
                      .before = NO_STATE,
                      .after = NO_STATE};
    if (status == SW_OK) {
        status = add_row(&writer, row);
    }
    if (status == SW_OK) {
        status = add_chains(&writer, number, chains, chain_count);
    }
    return finish(&writer, status);
}

enum sw_status sw_reviews_read_case(struct sw_store *store, const char *number, const char *actor,
                                    int64_t now_ms)
{
    struct writer writer;
    enum sw_status status = start(&writer, store, actor, now_ms);
    if (status == SW_INVALID) {
        return status;
    }
    struct row row = {.action = action_names[SW_REVIEW_CASE_READ],
                      .subject = number,
                      .note = "",
                      .before = NO_STATE,
                      .after = NO_STATE};
    if (status == SW_OK) {
        status = add_row(&writer, row);
    }
    return finish(&writer, status);
}

static struct row read_row(sqlite3_stmt *statement)
{
    bool has_states = sqlite3_column_type(statement, 7) != SQLITE_NULL;
    return (struct row){
        .seq = sqlite3_column_int64(statement, 0),
        .ts = sqlite3_column_int64(statement, 1),
        .actor = sw_column(statement, 2),
        .action = sw_column(statement, 3),
        .alert = sqlite3_column_int64(statement, 4),
        .subject = sw_column(statement, 5),
        .note = sw_column(statement, 6),
        .before = has_states ? sqlite3_column_int(statement, 7) : NO_STATE,
        .after = has_states ? sqlite3_column_int(statement, 8) : NO_STATE,
        .batch = sqlite3_column_int64(statement, 9),
        .undoes = sqlite3_column_int64(statement, 10),
    };
}

enum sw_status sw_reviews_verify(struct sw_store *store, int64_t *rows)
{
    unsigned char previous[HASH_BYTES] = {0};
    enum sw_status status = SW_OK;
    *rows = 0;
    sqlite3_stmt *statement = sw_store_prepare(
        store, "SELECT seq, ts, actor, action, alert, subject, note, before, after, batch, undoes,"
               " hash FROM review ORDER BY seq");
    while (status == SW_OK && statement != NULL && sw_store_step(store, statement)) {
        unsigned char hash[HASH_BYTES];
        struct row row = read_row(statement);
        ++*rows;
        if (row.seq != *rows || !hash_row(&row, previous, hash) ||
            sqlite3_column_bytes(statement, 11) != HASH_BYTES ||
            memcmp(sqlite3_column_blob(statement, 11), hash, HASH_BYTES) != 0) {
            status = SW_INVALID;
        }
        memcpy(previous, hash, HASH_BYTES);
    }
    (void)sw_store_done(store, statement);
    return status;
}
