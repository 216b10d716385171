/** Inside of the writer: its statements. */
#ifndef SHAREWATCH_WRITER_H
#define SHAREWATCH_WRITER_H

#include <stdbool.h>

#include <sharewatch/log.h>

/** Prepares all statements of @log once. */
bool sw_writer_prepare(struct sw_log *log);

#endif
