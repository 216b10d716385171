/**
 * Lists as files: CSV and JSON lines, of exactly what a filter finds, written while they are read.
 *
 * An export covers the log up to where it stood when it was asked for. Its last line says how many
 * rows there are and whether that is all; a file without that line was cut short. Cells that a
 * spreadsheet would take for a formula get an apostrophe. `redact=public` (the default) leaves out
 * keys of chains and payloads, and says so in the last line.
 */
#ifndef SHAREWATCH_DASHBOARD_EXPORT_H
#define SHAREWATCH_DASHBOARD_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "limits.h"
#include "query.h"
#include "store.h"

enum sw_export_form { SW_EXPORT_CSV, SW_EXPORT_JSONL };

struct sw_export_list; // columns and tables, see export_lists.h

struct sw_export {
    struct sw_store *store; // NULL: the slot is free
    const struct sw_export_list *list;
    enum sw_export_form form;
    struct sw_query query;
    int64_t last;  // id of the last row that was written
    int64_t until; // the head when the export began
    uint64_t rows;
    bool headed;
    bool ended;
    bool failed;
    uint32_t given; // bytes of the block that were handed out
    struct sw_buffer block;
    char bytes[SW_EXPORT_BLOCK_BYTES];
};

/**
 * Starts an export of what `what` of @query names. SW_NOT_FOUND: there is no such list. The query
 * is resolved here.
 */
enum sw_status sw_export_start(struct sw_export *export, struct sw_store *store,
                               const struct sw_query *query,
                               enum sw_export_form form) SW_MUST_CHECK;

/** Writes the next part into @bytes: its length, 0 when it has to be asked again, negative at the
 *  end. */
ssize_t sw_export_read(struct sw_export *export, char *bytes, size_t capacity);

/** Appends @text as a cell of CSV, safe in a spreadsheet. */
void sw_export_cell(struct sw_buffer *out, struct sw_text text);

#endif
