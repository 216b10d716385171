/** Inside of the writer: its statements and its transaction. */
#ifndef SHAREWATCH_WRITER_H
#define SHAREWATCH_WRITER_H

#include <stdbool.h>

#include <sharewatch/log.h>

/** Prepares all statements of @log once. */
bool sw_writer_prepare(struct sw_log *log);

/** Begins the transaction before its first row. False: the log has failed. */
bool sw_writer_begin(struct sw_log *log);

/** Runs a statement that gives no rows. False: the log has failed. */
bool sw_writer_run(struct sw_log *log, enum sw_log_statement which);

/** Keeps the first failure of SQLite, in words. */
void sw_writer_fail(struct sw_log *log);

#endif
