/*
 * The rows of events. Row numbers are given here and not by SQLite, so that they are gapless and
 * known before the insert. An alert and its hop name each other; only one of the two can be a
 * foreign key, as a deferred one makes SQLite walk through all alerts for each hop that is added.
 */
#include "writer.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#include "database.h"
#include "seal.h"

#define EVENT_COLUMNS                                                                              \
    "event.id, event.ts_logged, source.name, event.kind, event.digest, event.payload, "            \
    "(SELECT coalesce(max(revision), 0) + 1 FROM hop WHERE hop.event = event.id) "                 \
    "FROM event JOIN source ON source.id = event.source_id "

static const char *const statements_sql[SW_LOG_STATEMENT_COUNT] = {
    [SW_LOG_BEGIN] = "BEGIN IMMEDIATE",
    [SW_LOG_COMMIT] = "COMMIT",
    [SW_LOG_SOURCE_FIND] = "SELECT id FROM source WHERE name = ?1",
    [SW_LOG_SOURCE_ADD] =
        "INSERT INTO source (name, highest, contiguous, whole) VALUES (?1, 0, 0, 0)",
    [SW_LOG_SOURCE_SET] = "UPDATE source SET highest = ?2, contiguous = ?3, "
                          "whole = iif(?2 = ?3, ?4, whole) WHERE id = ?1",
    [SW_LOG_EVENT_ADD] =
        "INSERT INTO event VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14) "
        "ON CONFLICT (source_id, event_id) DO NOTHING",
    [SW_LOG_EVENT_SAME] = "SELECT digest = ?3 OR length(digest) = 0 FROM event WHERE source_id = "
                          "?1 AND event_id = ?2",
    [SW_LOG_EVENT_FIND] =
        "SELECT " EVENT_COLUMNS "WHERE event.source_id = ?1 AND event.event_id = ?2",
    [SW_LOG_EVENT_FIND_ANY] =
        "SELECT " EVENT_COLUMNS "WHERE event.source_id IN (SELECT id FROM source) "
        "AND event.event_id = ?2 ORDER BY event.id DESC LIMIT 1",
    [SW_LOG_CAUSE_FIND] = "SELECT " EVENT_COLUMNS "JOIN hop AS judged ON judged.cause = event.id "
                          "WHERE judged.event = ?1 AND judged.revision = ?2",
    [SW_LOG_HOP_ADD] = "INSERT INTO hop VALUES "
                       "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
    [SW_LOG_FINDING_ADD] = "INSERT INTO finding VALUES (?1,?2,?3,?4,?5)",
    [SW_LOG_CHAIN_FIND] =
        "SELECT " SW_CHAIN_COLUMNS " FROM chain WHERE chain = ?1 ORDER BY revision DESC LIMIT 1",
    [SW_LOG_CHAIN_ADD] = "INSERT INTO chain VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [SW_LOG_ALERT_ADD] = "INSERT INTO alert VALUES "
                         "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
    [SW_LOG_ALERT_FIND] = "SELECT " SW_ALERT_COLUMNS "WHERE alert.id = ?1",
    [SW_LOG_ALERT_COUNT] =
        "INSERT INTO alert_count VALUES (?1, 1, ?2, ?3) ON CONFLICT (alert) DO UPDATE SET "
        "hops = hops + 1, last_ms = max(last_ms, excluded.last_ms), last_hop = excluded.last_hop",
    [SW_LOG_GAP_ADD] = "INSERT INTO gap (source_id, first, last, opened_ms, logged_ms, filled) "
                       "VALUES (?1,?2,?3,?4,?5,?6)",
    [SW_LOG_QUARANTINE_ADD] =
        "INSERT INTO quarantine (topic, reason, position, field, digest, bytes, ts_logged, run_id) "
        "VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
    [SW_LOG_LOSS_ADD] = "INSERT INTO loss (what, total, ts_logged, run_id) VALUES (?1,?2,?3,?4)",
    [SW_LOG_EDGE_HOUR] = "INSERT INTO edge_hour VALUES (?1,?2,?3,?4,?5,?6,?7) "
                         "ON CONFLICT DO UPDATE SET hops = hops + excluded.hops",
    [SW_LOG_EDGE_DAY] = "INSERT INTO edge_day VALUES (?1,?2,?3,?4,?5,?6,?7) "
                        "ON CONFLICT DO UPDATE SET hops = hops + excluded.hops",
    [SW_LOG_SPOOL_SET] = "INSERT INTO spool VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET "
                         "file = excluded.file, position = excluded.position, told = excluded.told",
    [SW_LOG_STATE_SET] = "INSERT INTO correlation VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE "
                         "SET number = excluded.number, value = excluded.value",
    [SW_LOG_STATE_FORGET] = "DELETE FROM correlation WHERE key = ?1",
};

bool sw_writer_prepare(struct sw_log *log)
{
    for (int i = 0; i < SW_LOG_STATEMENT_COUNT; i++) {
        SW_ASSERT(statements_sql[i] != NULL);
        if (sqlite3_prepare_v3(log->database, statements_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &log->statements[i], NULL) != SQLITE_OK) {
            return false;
        }
    }
    return true;
}

void sw_writer_fail(struct sw_log *log)
{
    if (!log->failed) {
        sw_database_explain(log->database, log->path, "writing", log->sentence);
        log->failed = true;
    }
}

/* Runs a statement that gives no rows. */
static bool run(struct sw_log *log, enum sw_log_statement which)
{
    if (log->failed) {
        return false;
    }
    int code = sqlite3_step(log->statements[which]);
    if (code != SQLITE_DONE) {
        sw_writer_fail(log);
    }
    (void)sqlite3_reset(log->statements[which]);
    return code == SQLITE_DONE;
}

bool sw_writer_run(struct sw_log *log, enum sw_log_statement which)
{
    return run(log, which);
}

bool sw_writer_begin(struct sw_log *log)
{
    if (!log->writing && !log->failed) {
        log->writing = run(log, SW_LOG_BEGIN);
    }
    log->row_count++;
    return log->writing && !log->failed;
}

static void bind_verdict(sqlite3_stmt *statement, int index, enum sw_verdict verdict)
{
    (void)sw_database_bind(statement, index, sw_text_from(sw_verdict_code(verdict)));
}

static void put_verdict(struct sw_row *row, enum sw_verdict verdict)
{
    sw_row_text(row, sw_text_from(sw_verdict_code(verdict)));
}

static void put_duties(struct sw_row *row, uint32_t duties, char text[SW_DUTIES_TEXT_BYTES])
{
    sw_row_text(row, sw_text_from(sw_duties_text(duties, text)));
}

static struct sw_text node_id(const struct sw_log *log, uint16_t node)
{
    return node == SW_NONE ? (struct sw_text){0} : log->map->nodes[node].id;
}

static struct sw_text edge_id(const struct sw_log *log, uint16_t edge)
{
    return edge == SW_NONE ? (struct sw_text){0} : log->map->edges[edge].id;
}

static struct sw_text enum_text(enum sw_field field, uint16_t code)
{
    return sw_text_from(sw_field_info(field)->values->values[code]);
}

/* ---- sources ---- */

static int64_t load_source(struct sw_log *log, struct sw_text name)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_SOURCE_FIND];
    int64_t id = 0;
    (void)sw_database_bind(statement, 1, name);
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        id = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_reset(statement);
    if (id == 0 && sw_writer_begin(log)) {
        (void)sw_database_bind(log->statements[SW_LOG_SOURCE_ADD], 1, name);
        if (run(log, SW_LOG_SOURCE_ADD)) {
            id = sqlite3_last_insert_rowid(log->database);
            sw_seal_row(log, SW_ENTRY_SOURCE, id, 0);
        }
    }
    return id;
}

/* The row of @name, made when it is new; 0 when the log has failed. */
static int64_t source_id(struct sw_log *log, struct sw_text name)
{
    SW_ASSERT(name.length <= SW_SOURCE_BYTES_MAX);
    static_assert((SW_LOG_SOURCES_CACHED & (SW_LOG_SOURCES_CACHED - 1)) == 0, "a power of two");
    uint64_t place = sw_text_hash(name) & (SW_LOG_SOURCES_CACHED - 1);
    struct sw_log_source *cached = &log->sources[place];
    if (cached->id != 0 && sw_text_equal(name, (struct sw_text){cached->name, cached->length})) {
        return cached->id;
    }
    int64_t id = log->failed ? 0 : load_source(log, name);
    if (id != 0) {
        cached->id = id;
        cached->length = name.length;
        memcpy(cached->name, name.bytes, name.length);
    }
    return id;
}

void sw_log_set_source(struct sw_log *log, struct sw_text source, uint64_t highest,
                       uint64_t contiguous)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_SOURCE_SET];
    int64_t id = source_id(log, source);
    if (id == 0 || !sw_writer_begin(log)) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 1, id);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)highest);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)contiguous);
    (void)sqlite3_bind_int64(statement, 4, log->event_id);
    if (run(log, SW_LOG_SOURCE_SET)) {
        const int64_t numbers[] = {(int64_t)highest, (int64_t)contiguous, log->event_id};
        sw_seal_begin(log);
        sw_seal_add(log, SW_ENTRY_SOURCE_NUMBERS, id, 0, numbers, 3);
    }
}

/* ---- events ---- */

/* SW_EXISTS or SW_INVALID for an event whose source and id are there. */
static enum sw_status compare_digest(struct sw_log *log, int64_t source,
                                     const struct sw_packet *packet, struct sw_text event_id)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_EVENT_SAME];
    (void)sqlite3_bind_int64(statement, 1, source);
    (void)sw_database_bind(statement, 2, event_id);
    (void)sqlite3_bind_blob(statement, 3, packet->digest, sizeof(packet->digest), SQLITE_STATIC);
    enum sw_status status = SW_DATABASE;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        status = sqlite3_column_int(statement, 0) == 1 ? SW_EXISTS : SW_INVALID;
    } else {
        sw_writer_fail(log);
    }
    (void)sqlite3_reset(statement);
    return status;
}

static void put_event(struct sw_log *log, struct sw_row *row, const struct sw_packet *packet,
                      const struct sw_event *event, struct sw_text payload)
{
    sw_row_text(row, event->id);
    if (event->sequence == 0) {
        sw_row_null(row);
    } else {
        sw_row_integer(row, (int64_t)event->sequence);
    }
    sw_row_text(row, sw_text_from(sw_kind_name(event->kind)));
    sw_row_text(row, sw_text_from(sw_action_name(event->action)));
    sw_row_integer(row, event->time_ms);
    sw_row_integer(row, event->recorded_ms);
    sw_row_integer(row, packet->received_ms);
    sw_row_text(row, payload);
    sw_row_blob(row, packet->digest, sizeof(packet->digest));
    sw_row_integer(row, payload.bytes != packet->payload.bytes);
    sw_row_integer(row, event->synthetic);
    sw_row_integer(row, log->run_id);
}

enum sw_status sw_log_add_event(struct sw_log *log, const struct sw_packet *packet,
                                const struct sw_event *event, struct sw_text payload)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_EVENT_ADD];
    int64_t source = source_id(log, event->source);
    if (source == 0 || !sw_writer_begin(log)) {
        return SW_DATABASE;
    }
    struct sw_row row = sw_row_begin(sw_seal_begin(log), statement, SW_TABLE_EVENT);
    sw_row_integer(&row, log->event_id + 1);
    sw_row_integer(&row, source);
    put_event(log, &row, packet, event, payload);
    if (!run(log, SW_LOG_EVENT_ADD)) {
        return SW_DATABASE;
    }
    if (sqlite3_changes(log->database) == 0) {
        return compare_digest(log, source, packet, event->id);
    }
    log->event_id++;
    sw_seal_add(log, SW_ENTRY_EVENT, log->event_id, packet->received_ms, NULL, 0);
    return SW_OK;
}

static void read_event(sqlite3_stmt *statement, struct sw_log_event *found, char *payload)
{
    char kind[32];
    found->id = sqlite3_column_int64(statement, 0);
    found->logged_ms = sqlite3_column_int64(statement, 1);
    sw_database_copy(statement, 2, found->source, sizeof(found->source));
    sw_database_copy(statement, 3, kind, sizeof(kind));
    found->kind = sw_kind_find(sw_text_from(kind));
    const void *digest = sqlite3_column_blob(statement, 4);
    if (digest != NULL && sqlite3_column_bytes(statement, 4) == (int)sizeof(found->digest)) {
        memcpy(found->digest, digest, sizeof(found->digest));
    }
    const unsigned char *bytes = sqlite3_column_text(statement, 5);
    int length = sqlite3_column_bytes(statement, 5);
    found->payload_length = length > SW_PACKET_BYTES_MAX ? SW_PACKET_BYTES_MAX : (uint32_t)length;
    if (bytes != NULL) {
        memcpy(payload, bytes, found->payload_length);
    }
    found->next_revision = (uint32_t)sqlite3_column_int64(statement, 6);
}

/* Steps @which, whose parameters are bound, to the one event that it finds. */
static enum sw_status step_to_event(struct sw_log *log, enum sw_log_statement which,
                                    struct sw_log_event *found, char *payload)
{
    sqlite3_stmt *statement = log->statements[which];
    enum sw_status status = SW_NOT_FOUND;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        read_event(statement, found, payload);
        status = SW_OK;
    } else if (code != SQLITE_DONE) {
        sw_writer_fail(log);
        status = SW_DATABASE;
    }
    (void)sqlite3_reset(statement);
    return status;
}

static enum sw_status find_event(struct sw_log *log, enum sw_log_statement which, int64_t source,
                                 struct sw_text event_id, struct sw_log_event *found, char *payload)
{
    (void)sqlite3_bind_int64(log->statements[which], 1, source);
    (void)sw_database_bind(log->statements[which], 2, event_id);
    return step_to_event(log, which, found, payload);
}

enum sw_status sw_log_find_cause(struct sw_log *log, int64_t row, uint32_t revision,
                                 struct sw_log_event *found, char *payload)
{
    *found = (struct sw_log_event){0};
    (void)sqlite3_bind_int64(log->statements[SW_LOG_CAUSE_FIND], 1, row);
    (void)sqlite3_bind_int64(log->statements[SW_LOG_CAUSE_FIND], 2, revision);
    return step_to_event(log, SW_LOG_CAUSE_FIND, found, payload);
}

enum sw_status sw_log_find_event(struct sw_log *log, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload)
{
    *found = (struct sw_log_event){0};
    int64_t id = source_id(log, source);
    if (id == 0) {
        return SW_DATABASE;
    }
    enum sw_status status = find_event(log, SW_LOG_EVENT_FIND, id, event_id, found, payload);
    if (status == SW_NOT_FOUND) {
        status = find_event(log, SW_LOG_EVENT_FIND_ANY, id, event_id, found, payload);
    }
    return status;
}

/* ---- what was judged ---- */

static void flush_rollups(struct sw_log *log)
{
    for (uint32_t i = 0; i < SW_LOG_ROLLUPS_MAX && log->rollup_count > 0; i++) {
        struct sw_log_rollup *sum = &log->rollups[i];
        if (sum->hops == 0) {
            continue;
        }
        for (int which = SW_LOG_EDGE_HOUR; which <= SW_LOG_EDGE_DAY; which++) {
            sqlite3_stmt *statement = log->statements[which];
            (void)sqlite3_bind_int64(statement, 1,
                                     which == SW_LOG_EDGE_HOUR ? sum->hour : sum->hour / 24);
            (void)sw_database_bind(statement, 2, edge_id(log, sum->edge));
            (void)sw_database_bind(statement, 3, node_id(log, sum->from));
            (void)sw_database_bind(statement, 4, node_id(log, sum->to));
            bind_verdict(statement, 5, (enum sw_verdict)sum->verdict);
            (void)sqlite3_bind_int(statement, 6, sum->level);
            (void)sqlite3_bind_int64(statement, 7, sum->hops);
            (void)run(log, (enum sw_log_statement)which);
        }
        sum->hops = 0;
        log->rollup_count--;
    }
}

static bool is_same_sum(const struct sw_log_rollup *a, const struct sw_log_rollup *b)
{
    return a->hour == b->hour && a->edge == b->edge && a->from == b->from && a->to == b->to &&
           a->verdict == b->verdict && a->level == b->level;
}

static void count_hop(struct sw_log *log, const struct sw_hop *hop, int64_t time_ms)
{
    static_assert((SW_LOG_ROLLUPS_MAX & (SW_LOG_ROLLUPS_MAX - 1)) == 0, "a power of two");
    static_assert(SW_LOG_EDGE_DAY == SW_LOG_EDGE_HOUR + 1, "walked one after the other");
    struct sw_log_rollup sum = {.hour = time_ms / SW_HOUR_MS,
                                .edge = hop->edge,
                                .from = hop->from,
                                .to = hop->to,
                                .verdict = (uint8_t)hop->verdict,
                                .level = (uint8_t)hop->level};
    if (log->rollup_count > SW_LOG_ROLLUPS_MAX / 2) {
        flush_rollups(log);
    }
    uint64_t place = (uint64_t)sum.hour * 31 + sum.edge * UINT64_C(7) + sum.from * UINT64_C(5) +
                     sum.to * UINT64_C(3) + sum.verdict * UINT64_C(8) + sum.level;
    for (;; place++) {
        struct sw_log_rollup *found = &log->rollups[place & (SW_LOG_ROLLUPS_MAX - 1)];
        if (found->hops == 0) {
            *found = sum;
            log->rollup_count++;
        }
        if (is_same_sum(found, &sum)) {
            found->hops++;
            return;
        }
    }
}

static struct sw_text alert_cite(const struct sw_log *log, const struct sw_alert *alert)
{
    if (alert->rule < log->rule_count) {
        return log->rules[alert->rule].cite;
    }
    return alert->edge == SW_NONE ? (struct sw_text){0} : log->map->edges[alert->edge].basis;
}

static bool is_daily(const struct sw_log *log, const struct sw_alert *alert)
{
    return alert->rule < log->rule_count && log->rules[alert->rule].alert == SW_ALERT_DAILY;
}

static void copy(char *bytes, size_t capacity, struct sw_text text)
{
    size_t kept = text.length < capacity ? text.length : capacity - 1;
    if (kept > 0) {
        memcpy(bytes, text.bytes, kept);
    }
    bytes[kept] = '\0';
}

static void fill_alert(const struct sw_log *log, const struct sw_log_subject *subject,
                       const struct sw_outputs *outputs, struct sw_log_alert *row)
{
    const struct sw_alert *alert = &outputs->alert;
    row->id = (int64_t)alert->alert_id;
    row->time_ms = subject->time_ms;
    row->logged_ms = subject->logged_ms;
    row->level = alert->level;
    row->verdict = alert->verdict;
    row->duties = alert->duties;
    row->daily = is_daily(log, alert);
    row->hops = 1;
    row->synthetic = subject->synthetic;
    copy(row->chain, sizeof(row->chain), sw_text_from(outputs->chain.key));
    copy(row->edge, sizeof(row->edge), edge_id(log, alert->edge));
    copy(row->rule, sizeof(row->rule),
         alert->rule < log->rule_count ? log->rules[alert->rule].name : (struct sw_text){0});
    copy(row->cite, sizeof(row->cite), alert_cite(log, alert));
    copy(row->title, sizeof(row->title), sw_text_from(alert->title));
    copy(row->sentence, sizeof(row->sentence), sw_text_from(alert->sentence));
    copy(row->path, sizeof(row->path), subject->path);
}

static void add_alert(struct sw_log *log, struct sw_rows *rows, const struct sw_log_alert *alert)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    struct sw_row row = sw_row_begin(rows, log->statements[SW_LOG_ALERT_ADD], SW_TABLE_ALERT);
    sw_row_integer(&row, alert->id);
    sw_row_integer(&row, log->hop_id);
    sw_row_text(&row, sw_text_from(alert->chain));
    sw_row_optional(&row, sw_text_from(alert->edge));
    sw_row_optional(&row, sw_text_from(alert->rule));
    sw_row_text(&row, sw_text_from(alert->cite));
    sw_row_integer(&row, alert->level);
    put_verdict(&row, alert->verdict);
    put_duties(&row, alert->duties, duties);
    sw_row_text(&row, sw_text_from(alert->title));
    sw_row_text(&row, sw_text_from(alert->sentence));
    sw_row_text(&row, sw_text_from(alert->path));
    sw_row_integer(&row, alert->time_ms);
    sw_row_integer(&row, alert->logged_ms);
    sw_row_integer(&row, alert->daily);
    sw_row_integer(&row, log->policy_id);
    sw_row_integer(&row, alert->synthetic);
    if (run(log, SW_LOG_ALERT_ADD)) {
        log->alert_id = alert->id;
    }
}

static void count_alert(struct sw_log *log, const struct sw_log_subject *subject,
                        const struct sw_alert *alert)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_ALERT_COUNT];
    (void)sqlite3_bind_int64(statement, 1, (int64_t)alert->alert_id);
    (void)sqlite3_bind_int64(statement, 2, subject->time_ms);
    (void)sqlite3_bind_int64(statement, 3, log->hop_id);
    (void)run(log, SW_LOG_ALERT_COUNT);
}

static void add_hop(struct sw_log *log, struct sw_rows *rows, const struct sw_log_subject *subject,
                    const struct sw_outputs *outputs)
{
    const struct sw_hop *hop = &outputs->hop;
    char duties[SW_DUTIES_TEXT_BYTES];
    struct sw_row row = sw_row_begin(rows, log->statements[SW_LOG_HOP_ADD], SW_TABLE_HOP);
    sw_row_integer(&row, log->hop_id + 1);
    sw_row_integer(&row, subject->event_id);
    sw_row_integer(&row, hop->revision);
    if (subject->cause_id == 0) {
        sw_row_null(&row);
    } else {
        sw_row_integer(&row, subject->cause_id);
    }
    sw_row_text(&row, sw_text_from(outputs->chain.key));
    sw_row_optional(&row, edge_id(log, hop->edge));
    sw_row_optional(&row, node_id(log, hop->from));
    sw_row_optional(&row, node_id(log, hop->to));
    sw_row_optional(&row, enum_text(SW_FIELD_DATA_CLASS, hop->data_class));
    sw_row_text(
        &row, enum_text(SW_FIELD_FLOW_CROSSES, hop->crosses != 0 ? hop->crosses : SW_CROSSES_NONE));
    sw_row_integer(&row, hop->level);
    put_verdict(&row, hop->verdict);
    put_duties(&row, hop->duties, duties);
    sw_row_integer(&row, hop->fed_reach);
    sw_row_integer(&row, hop->late);
    sw_row_integer(&row, subject->time_ms);
    if (outputs->has_alert) {
        sw_row_integer(&row, (int64_t)outputs->alert.alert_id);
    } else {
        sw_row_null(&row);
    }
    sw_row_integer(&row, subject->synthetic);
    if (run(log, SW_LOG_HOP_ADD)) {
        log->hop_id++;
    }
}

/* In the order of the rules, as the pipeline gives them: that of the table's key. */
static void add_findings(struct sw_log *log, struct sw_rows *rows, const struct sw_hop *hop)
{
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        struct sw_row row =
            sw_row_begin(rows, log->statements[SW_LOG_FINDING_ADD], SW_TABLE_FINDING);
        SW_ASSERT(i == 0 || finding->rule > hop->findings[i - 1].rule);
        sw_row_integer(&row, log->hop_id);
        sw_row_integer(&row, log->policy_id);
        sw_row_integer(&row, finding->rule);
        if (finding->has_verdict) {
            put_verdict(&row, finding->verdict);
        } else {
            sw_row_null(&row);
        }
        if (finding->missing < SW_FIELD_COUNT) {
            sw_row_text(&row, sw_text_from(sw_field_info(finding->missing)->name));
        } else {
            sw_row_null(&row);
        }
        (void)run(log, SW_LOG_FINDING_ADD);
    }
}

static void write_verdicts(uint32_t verdicts, struct sw_buffer *buffer)
{
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if ((verdicts & (UINT32_C(1) << verdict)) != 0) {
            sw_buffer_append_string(buffer, buffer->length > 0 ? "," : "");
            sw_buffer_append_string(buffer, sw_verdict_code((enum sw_verdict)verdict));
        }
    }
}

enum sw_status sw_log_find_chain(struct sw_log *log, struct sw_text key, struct sw_chain *chain)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_CHAIN_FIND];
    enum sw_status status = SW_NOT_FOUND;
    (void)sw_database_bind(statement, 1, key);
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        sw_database_chain(statement, chain);
        status = SW_OK;
    } else if (code != SQLITE_DONE) {
        sw_writer_fail(log);
        status = SW_DATABASE;
    }
    (void)sqlite3_reset(statement);
    return status;
}

static void add_chain(struct sw_log *log, struct sw_rows *rows,
                      const struct sw_log_subject *subject, const struct sw_chain *chain)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    char bytes[64];
    struct sw_buffer verdicts;
    sw_buffer_init(&verdicts, bytes, sizeof(bytes));
    write_verdicts(chain->verdicts, &verdicts);
    struct sw_row row = sw_row_begin(rows, log->statements[SW_LOG_CHAIN_ADD], SW_TABLE_CHAIN);
    sw_row_text(&row, sw_text_from(chain->key));
    sw_row_integer(&row, chain->revision);
    sw_row_integer(&row, subject->cause_id != 0 ? subject->cause_id : subject->event_id);
    sw_row_integer(&row, chain->level);
    put_verdict(&row, chain->verdict);
    sw_row_text(&row, sw_buffer_text(&verdicts));
    put_duties(&row, chain->duties, duties);
    sw_row_integer(&row, chain->fed_reach);
    sw_row_integer(&row, chain->hops);
    sw_row_integer(&row, chain->first_ms);
    sw_row_integer(&row, chain->last_ms);
    sw_row_integer(&row, subject->synthetic);
    (void)run(log, SW_LOG_CHAIN_ADD);
}

/* The rows of a judgement in the order in which its entry commits to them, see fetch.h. */
static void seal_judgement(struct sw_log *log, const struct sw_log_subject *subject,
                           const struct sw_outputs *outputs, struct sw_log_alert *alert,
                           bool is_new)
{
    struct sw_rows *rows = sw_seal_begin(log);
    add_hop(log, rows, subject, outputs);
    add_findings(log, rows, &outputs->hop);
    if (is_new) {
        fill_alert(log, subject, outputs, alert);
        add_alert(log, rows, alert);
    }
    if (outputs->chain_changed) {
        add_chain(log, rows, subject, &outputs->chain);
    }
    const int64_t numbers[] = {is_new ? alert->id : 0,
                               outputs->chain_changed ? outputs->chain.revision : 0};
    sw_seal_add(log, SW_ENTRY_JUDGEMENT, log->hop_id, subject->logged_ms, numbers, 2);
}

bool sw_log_add_outputs(struct sw_log *log, const struct sw_log_subject *subject,
                        const struct sw_outputs *outputs, struct sw_log_alert *alert)
{
    if (!outputs->has_hop || !sw_writer_begin(log)) {
        return false;
    }
    bool is_new = outputs->has_alert && !outputs->alert.repeated;
    seal_judgement(log, subject, outputs, alert, is_new);
    if (outputs->has_alert && is_daily(log, &outputs->alert)) {
        count_alert(log, subject, &outputs->alert);
    }
    if (outputs->hop.revision == 0) {
        count_hop(log, &outputs->hop, subject->time_ms);
    }
    return is_new;
}

/* ---- what was lost ---- */

void sw_log_add_gap(struct sw_log *log, struct sw_text source, const struct sw_gap *gap,
                    int64_t now_ms)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_GAP_ADD];
    int64_t id = source_id(log, source);
    if (id == 0 || !sw_writer_begin(log)) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 1, id);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)gap->first);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)gap->last);
    (void)sqlite3_bind_int64(statement, 4, gap->opened_ms);
    (void)sqlite3_bind_int64(statement, 5, now_ms);
    (void)sqlite3_bind_int(statement, 6, gap->filled);
    if (run(log, SW_LOG_GAP_ADD)) {
        sw_seal_row(log, SW_ENTRY_GAP, sqlite3_last_insert_rowid(log->database), now_ms);
    }
}

/* A topic that is none of ours may hold anything; one of ours holds an agency and a kind. */
static struct sw_text storable_topic(struct sw_text topic)
{
    struct sw_text agency;
    struct sw_text kind;
    bool ours = sw_wire_parse_event_topic(topic, &agency, &kind) == SW_OK;
    return ours ? topic : (struct sw_text){0};
}

void sw_log_add_quarantine(struct sw_log *log, const struct sw_packet *packet,
                           const struct sw_rejection *rejection)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_QUARANTINE_ADD];
    if (!sw_writer_begin(log)) {
        return;
    }
    (void)sw_database_bind(statement, 1, storable_topic(packet->topic));
    (void)sw_database_bind(statement, 2, sw_text_from(rejection->code));
    (void)sqlite3_bind_int64(statement, 3, rejection->position);
    (void)sw_database_bind(statement, 4, sw_text_from(rejection->field));
    (void)sqlite3_bind_blob(statement, 5, packet->digest, sizeof(packet->digest), SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 6, packet->payload.length);
    (void)sqlite3_bind_int64(statement, 7, packet->received_ms);
    (void)sqlite3_bind_int64(statement, 8, log->run_id);
    if (run(log, SW_LOG_QUARANTINE_ADD)) {
        sw_seal_row(log, SW_ENTRY_QUARANTINE, sqlite3_last_insert_rowid(log->database),
                    packet->received_ms);
    }
}

void sw_log_add_loss(struct sw_log *log, const char *what, uint64_t total, int64_t now_ms)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_LOSS_ADD];
    if (!sw_writer_begin(log)) {
        return;
    }
    (void)sw_database_bind(statement, 1, sw_text_from(what));
    (void)sqlite3_bind_int64(statement, 2, (int64_t)total);
    (void)sqlite3_bind_int64(statement, 3, now_ms);
    (void)sqlite3_bind_int64(statement, 4, log->run_id);
    if (run(log, SW_LOG_LOSS_ADD)) {
        sw_seal_row(log, SW_ENTRY_LOSS, sqlite3_last_insert_rowid(log->database), now_ms);
    }
}

/* ---- the end of a transaction ---- */

void sw_log_set_spool(struct sw_log *log, int64_t file, int64_t position, int64_t told)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_SPOOL_SET];
    struct sw_seal *seal = log->seal;
    bool moved = seal->spool_file != file || seal->spool_position != position;
    if (!sw_writer_begin(log) || (!moved && log->told == told)) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 1, file);
    (void)sqlite3_bind_int64(statement, 2, position);
    (void)sqlite3_bind_int64(statement, 3, told);
    log->told = told;
    if (run(log, SW_LOG_SPOOL_SET)) {
        const int64_t numbers[] = {file, position, told};
        seal->spool_file = file;
        seal->spool_position = position;
        sw_seal_begin(log);
        sw_seal_add(log, SW_ENTRY_SPOOL, 1, 0, numbers, 3);
    }
}

enum sw_status sw_log_commit(struct sw_log *log)
{
    if (!log->writing) {
        return log->failed ? SW_DATABASE : SW_OK;
    }
    flush_rollups(log);
    if (log->failed || !run(log, SW_LOG_COMMIT)) {
        return SW_DATABASE;
    }
    log->writing = false;
    log->row_count = 0;
    return SW_OK;
}
