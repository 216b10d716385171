/* What correlations remember, kept beside the rows of the events that changed it. */
#include <sqlite3.h>

#include "database.h"
#include "writer.h"

static void bind_blob(sqlite3_stmt *statement, int index, struct sw_text bytes)
{
    (void)sqlite3_bind_blob(statement, index, bytes.bytes, (int)bytes.length, SQLITE_STATIC);
}

static void forget(struct sw_log *log, struct sw_text key)
{
    if (sw_writer_begin(log)) {
        bind_blob(log->statements[SW_LOG_STATE_FORGET], 1, key);
        (void)sw_writer_run(log, SW_LOG_STATE_FORGET);
    }
}

void sw_log_set_state(struct sw_log *log, struct sw_text key, struct sw_text value)
{
    sqlite3_stmt *statement = log->statements[SW_LOG_STATE_SET];
    if (value.length == 0) {
        forget(log, key);
        return;
    }
    if (!sw_writer_begin(log)) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 1, ++log->state_number);
    bind_blob(statement, 2, key);
    bind_blob(statement, 3, value);
    (void)sw_writer_run(log, SW_LOG_STATE_SET);
}

static struct sw_text column(sqlite3_stmt *statement, int index)
{
    const void *bytes = sqlite3_column_blob(statement, index);
    return (struct sw_text){bytes, (uint32_t)sqlite3_column_bytes(statement, index)};
}

enum sw_status sw_log_restore_state(struct sw_log *log, sw_log_put_fn put, void *context)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        log->database, "SELECT key, value FROM correlation ORDER BY number", -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && !put(context, column(statement, 0), column(statement, 1))) {
            forget(log, column(statement, 0));
        }
    }
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_DONE) {
        sw_writer_fail(log);
    }
    return log->failed ? SW_DATABASE : SW_OK;
}
