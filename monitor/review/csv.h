/**
 * Reads comma-separated files as people get them: streaming, in bounded memory, never giving up.
 *
 * RFC 4180 with what real files do beside it: a byte order mark, CRLF, LF or CR, cells over several
 * lines, quotes that nobody doubled, NUL bytes, cells of a megabyte; commas, semicolons or tabs
 * between cells; UTF-8 or UTF-16. A row lies in the reader's buffer as a whole, so cells are pieces
 * of it and are gone with the next row.
 *
 * A quote that is never closed would swallow the rest of the file. A row that looks like that is
 * `irregular`; when it turns out to be none, sw_csv_again() goes back to its second line, so that
 * one bad row costs one row.
 */
#ifndef SHAREWATCH_CSV_H
#define SHAREWATCH_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "wide.h"

#define SW_CSV_CELLS_MAX    128
#define SW_CSV_BUFFER_BYTES (UINT32_C(1) << 22) // 4 MiB; also the longest row

struct sw_csv {
    int descriptor;      // of the file, the caller's
    char *buffer;        // [SW_CSV_BUFFER_BYTES], the caller's
    uint32_t first;      // of the buffer: where the next row starts
    uint32_t end;        // of the bytes that were read
    bool ended;          // the file has no more
    char delimiter;      // found out from the first lines: , ; or tab
    struct sw_wide wide; // what is read passes through it
    uint64_t place;      // bytes of the file before `first`
    uint64_t back_total; // bytes that were read again
    uint32_t back;       // of the buffer: the second line of an irregular row, 0 when there is none

    uint64_t row;    // of the row just read, from 1
    uint64_t line;   // where it starts, from 1
    uint64_t lines;  // that it takes
    uint64_t offset; // bytes of the file before it
    uint32_t bytes;  // that it takes
    struct sw_text cells[SW_CSV_CELLS_MAX];
    uint32_t cell_count;
    uint32_t cells_over; // that hold something and did not fit
    bool irregular;      // a quote is not closed, or not doubled
    bool torn;           // a cell goes on behind a line's end and then has a quote not doubled
    bool unclosed;       // the file, or the buffer, ended in a quoted cell
    bool too_long;       // the row is longer than the buffer: cells are not to be relied on
};

/** Starts reading @descriptor from where it stands, which is taken for the start of the file. */
void sw_csv_init(struct sw_csv *csv, int descriptor, char *buffer);

/** Reads the next row. SW_EMPTY: there is none; SW_IO: reading failed, errno says why. */
enum sw_status sw_csv_next(struct sw_csv *csv) SW_MUST_CHECK;

/**
 * Goes back to the second line of the irregular row just read. False: it has only one, or so much
 * was read again already that a file made to waste time must have done it.
 */
bool sw_csv_again(struct sw_csv *csv);

#endif
