/**
 * The lists that can be had as a file, and how each is asked for: one statement, bounded to a
 * window of ids, see export.c.
 */
#ifndef SHAREWATCH_DASHBOARD_EXPORT_LISTS_H
#define SHAREWATCH_DASHBOARD_EXPORT_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#include "query.h"
#include "store.h"

enum sw_export_kind {
    SW_EXPORT_NUMBER,
    SW_EXPORT_TEXT,
    SW_EXPORT_TIME,
    SW_EXPORT_SECRET, // left out of a public export
};

struct sw_export_column {
    const char *name;
    const char *sql;
    enum sw_export_kind kind;
};

struct sw_export_list {
    const char *name;
    const char *id; // the column that the window bounds
    const char *from;
    void (*filter)(struct sw_buffer *sql, const struct sw_query *query);
    void (*bind)(sqlite3_stmt *statement, const struct sw_query *query);
    int64_t (*head)(struct sw_store *store); // the highest id
    const struct sw_export_column *columns;
    uint32_t column_count;
    const char *withheld; // of a public export
};

/** The list called @name, or NULL when there is none or the log has no such table. */
const struct sw_export_list *sw_export_list_find(const struct sw_store *store, const char *name);

/** True when the ids of @list are days, which do not begin at 1. */
bool sw_export_list_by_day(const struct sw_export_list *list);

#endif
