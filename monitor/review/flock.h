/**
 * Plate-search audit files of one vendor: what a row of one says (DOMAIN notes, part 5.5).
 *
 * Columns are found by name, whatever their case, spacing and order. A file may hold several
 * headers: the same one repeated, or another because two exports were stacked. A cell is in one of
 * five states, and what is masked is never taken for what is empty or was not exported.
 *
 * Kinds of file: an agency's own searches (portal, organisation), all searches that touched its
 * cameras (network), and changes of settings and shares (events).
 */
#ifndef SHAREWATCH_FLOCK_H
#define SHAREWATCH_FLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "csv.h"

// X(name, text): how much a cell says
#define SW_CELL_STATE_LIST(X)                                                                      \
    X(SW_CELL_NOT_EXPORTED, "not exported") /* the file has no such column */                      \
    X(SW_CELL_EMPTY, "empty")                                                                      \
    X(SW_CELL_REDACTED, "redacted") /* a mask and nothing else */                                  \
    X(SW_CELL_PARTIAL, "partial")   /* a mask and some text */                                     \
    X(SW_CELL_VALUE, "value")

#define SW_CELL_STATE_ENUM(name, text) name,
enum sw_cell_state { SW_CELL_STATE_LIST(SW_CELL_STATE_ENUM) SW_CELL_STATE_COUNT };
#undef SW_CELL_STATE_ENUM

enum sw_flock_column {
    SW_FLOCK_ID,
    SW_FLOCK_USER, // never read: names of officers
    SW_FLOCK_ORG,
    SW_FLOCK_NETWORKS,
    SW_FLOCK_DEVICES,
    SW_FLOCK_TIME_FRAME,
    SW_FLOCK_PLATE, // read only to be made a token
    SW_FLOCK_REASON,
    SW_FLOCK_CASE, // read for whether there is one, and to be made a token
    SW_FLOCK_OFFENSE,
    SW_FLOCK_FILTERS,     // never read: can hold plates
    SW_FLOCK_TEXT_PROMPT, // never read
    SW_FLOCK_MODERATION,  // never read
    SW_FLOCK_SEARCH_TIME,
    SW_FLOCK_SEARCH_DATE,
    SW_FLOCK_SEARCH_TYPE,
    SW_FLOCK_TIMESTAMP, // from here on: event logs
    SW_FLOCK_EVENT_TYPE,
    SW_FLOCK_ENTITY_TYPE,
    SW_FLOCK_ENTITY_DETAILS,
    SW_FLOCK_EVENT_ID,
    SW_FLOCK_COLUMN_COUNT
};

// X(name, code for reports)
#define SW_FLOCK_KIND_LIST(X)                                                                      \
    X(SW_FLOCK_NONE, "none")                                                                       \
    X(SW_FLOCK_PORTAL, "portal search audit")                                                      \
    X(SW_FLOCK_OWN, "organization audit")                                                          \
    X(SW_FLOCK_NETWORK, "network audit")                                                           \
    X(SW_FLOCK_EVENTS, "event log")

#define SW_FLOCK_KIND_ENUM(name, text) name,
enum sw_flock_kind { SW_FLOCK_KIND_LIST(SW_FLOCK_KIND_ENUM) SW_FLOCK_KIND_COUNT };
#undef SW_FLOCK_KIND_ENUM

#define SW_FLOCK_ABSENT UINT16_MAX

/** The columns of one header. A zeroed one has none: `kind` is SW_FLOCK_NONE. */
struct sw_flock_header {
    enum sw_flock_kind kind;
    uint16_t columns[SW_FLOCK_COLUMN_COUNT]; // index of the cell, or SW_FLOCK_ABSENT
    uint32_t cell_count;
    uint32_t cells_over;                // names beyond the most
    bool holds_data;                    // a time stands in it: a row was joined to it
    uint16_t unknown[SW_CSV_CELLS_MAX]; // indices of cells whose name is not known
    uint32_t unknown_count;
};

struct sw_flock_cell {
    enum sw_cell_state state;
    struct sw_text text; // without blanks around it; empty unless VALUE or PARTIAL
};

/** One search, or one change of a setting. */
struct sw_flock_row {
    int64_t time_ms;
    struct sw_flock_cell id;
    struct sw_flock_cell org;
    struct sw_flock_cell reason; // the reason, or, when that says nothing, the offence type
    struct sw_flock_cell offense;
    bool has_case;                      // a case number stands there, masked or not
    struct sw_flock_cell plate, number; // as they stand there: for tokens and nothing else
    int64_t networks;                   // -1: not known
    int64_t frame_from_ms, frame_to_ms; // the window that was searched; 0, 0: not known
    struct sw_flock_cell search_type;
    struct sw_flock_cell event_type; // of an event log, as the rest
    struct sw_flock_cell entity_type;
    struct sw_flock_cell details;
};

// X(name, code as it stands in the quarantine table, text for people)
#define SW_FLOCK_FAULT_LIST(X)                                                                     \
    X(SW_FAULT_NONE, "none", "nothing wrong")                                                      \
    X(SW_FAULT_NO_HEADER, "no_header", "no header with known columns stands above it")             \
    X(SW_FAULT_CELLS, "cell_count", "more or fewer cells than its header")                         \
    X(SW_FAULT_SHIFTED, "shifted_cells", "cells stand under the wrong columns")                    \
    X(SW_FAULT_TIME, "time", "no time of search that can be read, or one out of range")            \
    X(SW_FAULT_UTF8, "utf8", "text that is not valid UTF-8")                                       \
    X(SW_FAULT_NUL, "nul", "a NUL byte in a text")                                                 \
    X(SW_FAULT_QUOTE, "quote", "a quote that is not closed, or one within several lines")          \
    X(SW_FAULT_ROW_LENGTH, "row_too_long", "a row over 4 MiB")                                     \
    X(SW_FAULT_TEXT_LENGTH, "text_too_long", "a reason over 1024 bytes")                           \
    X(SW_FAULT_PERSONAL, "personal_data", "an organisation that looks like a person's data")       \
    X(SW_FAULT_SHARE, "share_unclear", "a change of sharing whose reach or partner is not clear")

#define SW_FLOCK_FAULT_ENUM(name, code, text) name,
enum sw_flock_fault { SW_FLOCK_FAULT_LIST(SW_FLOCK_FAULT_ENUM) SW_FAULT_COUNT };
#undef SW_FLOCK_FAULT_ENUM

/** Reads the row of @csv as a header. False: it is none, @header is untouched. */
bool sw_flock_read_header(const struct sw_csv *csv, struct sw_flock_header *header);

/** Reads the row of @csv, which stands below @header, into @row, whose texts point into it. */
enum sw_flock_fault sw_flock_read_row(const struct sw_csv *csv,
                                      const struct sw_flock_header *header,
                                      struct sw_flock_row *row);

/** The state of a cell with @text, and what is left of it without its mask. */
struct sw_flock_cell sw_flock_cell(struct sw_text text);

/**
 * Reads a time as these files have it, UTC: "03/01/2025, 07:05:09 PM UTC", unpadded or not, ISO
 * 8601 with T or a blank, a date alone, or a spreadsheet's count of days. SW_MALFORMED: none of
 * these.
 */
enum sw_status sw_flock_time(struct sw_text text, int64_t *time_ms) SW_MUST_CHECK;

/** The value of the first `Label: value` line of @details whose label holds @label; empty when
 * there is none. */
struct sw_text sw_flock_detail(struct sw_text details, const char *label);

const char *sw_cell_state_text(enum sw_cell_state state);
const char *sw_flock_kind_text(enum sw_flock_kind kind);
const char *sw_flock_fault_code(enum sw_flock_fault fault);
const char *sw_flock_fault_text(enum sw_flock_fault fault);

#endif
