/**
 * The canonical bytes of the log's rows, which entries commit to.
 *
 * A row begins with one byte, the number of its table below; then come its columns in the order of
 * the table's SELECT, each with a letter for its type:
 *
 *   n              NULL
 *   i  8 bytes     integer, big-endian
 *   t  4 + bytes   text: its length, big-endian, and its bytes, UTF-8
 *   b  4 + bytes   blob, likewise
 *
 * Columns that retention deletes go into group 1, all others into group 0; where a row has columns
 * in both, each group begins with the table's number. Columns that change in place stand in no
 * group: entries tell of them by numbers (entry.h), or they follow from other rows.
 */
#ifndef SHAREWATCH_ROW_H
#define SHAREWATCH_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#include "entry.h"

struct sqlite3_stmt;

// X(NAME, table, columns, order, columns of group 1 as bits): the values are stored, so new ones go
// at the end
#define SW_TABLE_LIST(X)                                                                           \
    X(ORIGIN, origin, "id, name, made_ms", "id", 0)                                                \
    X(RUN, run, "id, started_ms, version, broker, map_id, policy_id", "id", 0)                     \
    X(MAP, map, "id, name, version, digest, content", "id", 0)                                     \
    X(MAP_NODE, map_node, "map_id, node, place, name, agency, class, immigration", "map_id, node", \
      0)                                                                                           \
    X(MAP_EDGE, map_edge, "map_id, edge, name, modes, basis, off_switch, source", "map_id, edge",  \
      0)                                                                                           \
    X(POLICY, policy, "id, name, digest, content", "id", 0)                                        \
    X(RULE, rule, "policy_id, rule, id, name, title, pack, cite, verdict", "policy_id, rule", 0)   \
    X(SOURCE, source, "id, name", "id", 0)                                                         \
    X(EVENT, event,                                                                                \
      "id, source_id, event_id, sequence, kind, action, ts_event, ts_recorded, ts_logged, "        \
      "payload, digest, scrubbed, synthetic, run_id",                                              \
      "id", 1U << 9 | 1U << 10)                                                                    \
    X(HOP, hop,                                                                                    \
      "id, event, revision, cause, chain, edge, from_node, to_node, data_class, crosses, level, "  \
      "verdict, duties, fed_reach, late, ts_event, alert, synthetic",                              \
      "id", 1U << 4)                                                                               \
    X(FINDING, finding, "hop, policy_id, rule, verdict, missing", "hop, policy_id, rule", 0)       \
    X(CHAIN, chain,                                                                                \
      "chain, revision, event, level, verdict, verdicts, duties, fed_reach, hops, first_ms, "      \
      "last_ms, synthetic",                                                                        \
      "chain, revision", 1U << 0)                                                                  \
    X(ALERT, alert,                                                                                \
      "id, hop, chain, edge, rule, cite, level, verdict, duties, title, sentence, path, "          \
      "ts_event, ts_logged, daily, policy_id, synthetic",                                          \
      "id", 1U << 2)                                                                               \
    X(GAP, gap, "id, source_id, first, last, opened_ms, logged_ms, filled", "id", 0)               \
    X(QUARANTINE, quarantine,                                                                      \
      "id, topic, reason, position, field, digest, bytes, ts_logged, run_id", "id", 0)             \
    X(LOSS, loss, "id, what, total, ts_logged, run_id", "id", 0)                                   \
    X(EVIDENCE_FILE, evidence_file, "id, digest, name, kind, agency, bytes, run_id", "id", 0)      \
    X(EVIDENCE, evidence, "file, row, line, event, masks", "file, row", 0)                         \
    X(SIGNER, signer, "id, key, since_ms, endorsement", "id", 0)                                   \
    X(CHECKPOINT, checkpoint, "id, size, made_ms, note", "id", 0)                                  \
    X(REDACTION, redaction, "id, made_ms, class, reason, payloads, keys", "id", 0)                 \
    X(REDACTED, redacted, "entry, redaction, chain", "entry", 0)                                   \
    X(HOLD, hold, "id, held, chain, reason, made_ms", "id", 1U << 2)                               \
    X(SETTING, setting, "id, run_id, name, value", "id", 0)

#define SW_TABLE_ENUM(NAME, table, columns, order, bits) SW_TABLE_##NAME,
enum sw_table { SW_TABLE_LIST(SW_TABLE_ENUM) SW_TABLE_COUNT };
#undef SW_TABLE_ENUM

struct sw_table_info {
    const char *name;
    const char *columns; // joined by ", "
    const char *order;   // of a walk through it
    uint32_t deletable;  // bits of the columns of group 1
};

const struct sw_table_info *sw_table_info(enum sw_table table);

/** The canonical bytes of the rows of one entry. */
struct sw_rows {
    struct {
        uint8_t *bytes; // [capacity]
        size_t length, capacity;
    } groups[SW_ENTRY_GROUPS];
};

/** Reserves @bytes for each group. SW_NO_MEMORY. */
enum sw_status sw_rows_open(struct sw_rows *rows, size_t bytes) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_rows_close(struct sw_rows *rows);

/** Begins with no row. */
void sw_rows_clear(struct sw_rows *rows);

/** A row that is being bound to an INSERT's parameters 1, 2, … and written to @rows alike. */
struct sw_row {
    struct sw_rows *rows;
    struct sqlite3_stmt *statement;
    enum sw_table table;
    int column; // the next, from 0
};

/** Begins a row of @table that @statement inserts. */
struct sw_row sw_row_begin(struct sw_rows *rows, struct sqlite3_stmt *statement,
                           enum sw_table table);

/** Add the next column. Texts and blobs stay where they are until the statement is reset. */
void sw_row_integer(struct sw_row *row, int64_t value);
void sw_row_null(struct sw_row *row);
void sw_row_text(struct sw_row *row, struct sw_text text);
void sw_row_blob(struct sw_row *row, const void *bytes, uint32_t count);

/** The same for a text that is NULL when it is empty. */
void sw_row_optional(struct sw_row *row, struct sw_text text);

/** Adds the current row of @statement, which selects the columns of @table. False: there is no
 *  memory for it. */
bool sw_rows_read(struct sw_rows *rows, struct sqlite3_stmt *statement, enum sw_table table);

#endif
