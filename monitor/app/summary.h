/**
 * What a run came to, read from its log: how far each chain got, which verdicts lie on the way, and
 * which rules in force were broken, if any. The two questions are answered apart.
 */
#ifndef SHAREWATCH_SUMMARY_H
#define SHAREWATCH_SUMMARY_H

#include <stdio.h>

#include <sharewatch/log.h>
#include <sharewatch/status.h>

#include "render.h"

/** Prints the summary of the log at @path to @stream. Otherwise as sw_log_reader_open(); @sentence
 *  [SW_LOG_SENTENCE_BYTES] says what is wrong. */
enum sw_status sw_summary_print(const char *path, const struct sw_render *render, FILE *stream,
                                char *sentence) SW_MUST_CHECK;

#endif
