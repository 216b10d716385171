/**
 * Where imported events come from: the file, by its digest, and the row in it.
 *
 * Rows go into the running transaction of the log's writer and fail with it.
 */
#ifndef SHAREWATCH_EVIDENCE_H
#define SHAREWATCH_EVIDENCE_H

#include <stdint.h>

#include <sharewatch/log.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

/** A file that is being imported. */
struct sw_evidence_file {
    uint8_t digest[32]; // SHA-256
    struct sw_text name;
    struct sw_text kind;
    struct sw_text agency; // empty when not told
    uint64_t bytes;
};

struct sw_evidence {
    struct sw_log *log;
    struct sqlite3_stmt *add_file;
    struct sqlite3_stmt *find_file;
    struct sqlite3_stmt *add_row;
    int64_t file; // row of the current file
};

/** Prepares for adding to @log, which outlives it. SW_DATABASE: log->sentence says why. */
enum sw_status sw_evidence_open(struct sw_evidence *evidence, struct sw_log *log) SW_MUST_CHECK;

/** Accepts a zeroed one. Before the log is closed. */
void sw_evidence_close(struct sw_evidence *evidence);

/** @file is what the rows from now on stand in; it is added unless it is known by its digest. */
void sw_evidence_begin_file(struct sw_evidence *evidence, const struct sw_evidence_file *file);

/** Row @row of the current file, which starts at @line, tells of the event in row @event of the
 * log. Nothing happens when that is known. */
void sw_evidence_add(struct sw_evidence *evidence, uint64_t row, uint64_t line, int64_t event,
                     uint32_t masks);

#endif
