/**
 * A file that somebody wants imported, before its rows are looked at: its name, its digest, and
 * whether it is text at all.
 */
#ifndef SHAREWATCH_AUDIT_FILE_H
#define SHAREWATCH_AUDIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sharewatch/text.h>

#define SW_IMPORT_NAME_BYTES 64

/** Why a whole file is passed over. */
// X(name, text)
#define SW_IMPORT_SKIP_LIST(X)                                                                     \
    X(SW_IMPORT_READ, "")                                                                          \
    X(SW_IMPORT_UNREADABLE, "it cannot be read")                                                   \
    X(SW_IMPORT_SHEET, "a spreadsheet or document of an office program (XLSX, XLSB, XLS, DOC, "    \
                       "DOCX), or an archive; save it as CSV and import that")                     \
    X(SW_IMPORT_PDF, "a PDF; ask for the data as CSV, or convert it")                              \
    X(SW_IMPORT_PAGE, "a web page or rich text; save its table as CSV and import that")            \
    X(SW_IMPORT_PACKED, "packed with gzip; unpack it and import what comes out")                   \
    X(SW_IMPORT_SEEN, "the same file as one before it")

#define SW_IMPORT_SKIP_ENUM(name, text) name,
enum sw_import_skip { SW_IMPORT_SKIP_LIST(SW_IMPORT_SKIP_ENUM) };
#undef SW_IMPORT_SKIP_ENUM

/** Writes the name of the file at @path without its folder, scrubbed: people name files after
 *  persons and plates. */
void sw_audit_file_name(const char *path, char *name, uint32_t capacity);

/** Writes the name of a column as people may see it: scrubbed, printable, in whole. False: it is
 *  too long for @capacity. */
bool sw_audit_file_column(struct sw_text text, char *name, uint32_t capacity);

/** Reads the whole file at @descriptor once, through @buffer [capacity], for its SHA-256 and its
 *  length, and goes back to its start. */
enum sw_import_skip sw_audit_file_look(int descriptor, char *buffer, size_t capacity,
                                       uint8_t digest[32], uint64_t *bytes);

const char *sw_import_skip_text(enum sw_import_skip skip);

#endif
