/*
 * A row is first found, as spans of the buffer, and only then are its doubled quotes undone in
 * place: while more of the file has to be read, the row can be begun again from unchanged bytes.
 */
#include "csv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/assert.h>

#define SNIFFED_BYTES    4096
#define HEADER_SIGNS_MIN 3 // of the narrowest header
/* Bytes that may be read again, in all: enough for a broken quote in each of many thousand rows. */
#define BACK_BYTES_MAX (UINT64_C(256) * SW_CSV_BUFFER_BYTES)

#define SIGN_COUNT 3
static const char signs[SIGN_COUNT] = {',', ';', '\t'};

/* How the look for the end of a cell or row went. */
enum found { FOUND_CELL, FOUND_ROW, FOUND_NOTHING };

void sw_csv_init(struct sw_csv *csv, int descriptor, char *buffer)
{
    *csv = (struct sw_csv){.descriptor = descriptor, .buffer = buffer, .line = 1, .lines = 0};
}

/* Moves what is left to the front and reads until the buffer is full or the file ends. */
static enum sw_status fill(struct sw_csv *csv)
{
    if (csv->first > 0) {
        memmove(csv->buffer, csv->buffer + csv->first, csv->end - csv->first);
        csv->end -= csv->first;
        csv->first = 0;
    }
    while (!csv->ended && SW_CSV_BUFFER_BYTES - csv->end >= SW_WIDE_CHARACTER_BYTES) {
        ssize_t count = sw_wide_read(&csv->wide, csv->descriptor, csv->buffer + csv->end,
                                     SW_CSV_BUFFER_BYTES - csv->end);
        if (count < 0 && errno != EINTR) {
            return SW_IO;
        }
        csv->ended = count == 0;
        csv->end += count > 0 ? (uint32_t)count : 0;
    }
    return SW_OK;
}

/* Where the line from @position ends, outside quotes, and how often each sign stands in it. */
static uint32_t count_signs(const struct sw_csv *csv, uint32_t position, uint32_t end,
                            uint32_t counts[SIGN_COUNT])
{
    bool quoted = false;
    memset(counts, 0, SIGN_COUNT * sizeof(counts[0]));
    for (; position < end; position++) {
        char c = csv->buffer[position];
        quoted = c == '"' ? !quoted : quoted;
        if (!quoted && (c == '\n' || c == '\r')) {
            break;
        }
        for (size_t sign = 0; !quoted && sign < SIGN_COUNT; sign++) {
            counts[sign] += c == signs[sign] ? 1 : 0;
        }
    }
    return position;
}

/* The sign that stands most often in one line: the first with as many as a header has, since titles
 * stand above headers, or else the line that has most. */
static char sniff(const struct sw_csv *csv)
{
    uint32_t end = csv->end < SNIFFED_BYTES ? csv->end : SNIFFED_BYTES;
    uint32_t most = 0;
    char found = signs[0];
    for (uint32_t at = csv->first; at < end && most < HEADER_SIGNS_MIN; at++) {
        uint32_t counts[SIGN_COUNT];
        at = count_signs(csv, at, end, counts);
        for (size_t sign = 0; sign < SIGN_COUNT; sign++) {
            if (counts[sign] > most) {
                found = signs[sign];
                most = counts[sign];
            }
        }
    }
    return found;
}

static enum sw_status begin(struct sw_csv *csv)
{
    static const char mark[] = {'\xEF', '\xBB', '\xBF'};
    enum sw_status status = sw_wide_begin(&csv->wide, csv->descriptor);
    if (status == SW_OK) {
        status = fill(csv);
    }
    if (status == SW_OK && csv->end >= sizeof(mark) &&
        memcmp(csv->buffer, mark, sizeof(mark)) == 0) {
        csv->first = sizeof(mark);
        csv->place = sw_wide_raw_bytes(&csv->wide, csv->buffer, csv->first);
    }
    csv->delimiter = sniff(csv);
    return status;
}

static void add_cell(struct sw_csv *csv, uint32_t first, uint32_t end)
{
    if (csv->cell_count == SW_CSV_CELLS_MAX) {
        csv->cells_over += end > first ? 1 : 0;
        return;
    }
    csv->cells[csv->cell_count++] = (struct sw_text){csv->buffer + first, end - first};
}

/* Steps over the end of a line at @position, if one is there. */
static uint32_t skip_line_end(const struct sw_csv *csv, uint32_t position)
{
    if (position < csv->end && csv->buffer[position] == '\r') {
        position++;
    }
    bool after_return = position > 0 && csv->buffer[position - 1] == '\r';
    if (position < csv->end && csv->buffer[position] == '\n') {
        return position + 1;
    }
    SW_ASSERT(after_return || position == csv->end);
    return position;
}

/* What ends at @position: the sign after a cell. A CR that is the last byte so far may be half of a
 * CRLF. */
static enum found end_at(const struct sw_csv *csv, uint32_t position)
{
    if (position == csv->end) {
        return csv->ended ? FOUND_ROW : FOUND_NOTHING;
    }
    char c = csv->buffer[position];
    if (c == '\r' && position + 1 == csv->end && !csv->ended) {
        return FOUND_NOTHING;
    }
    return c == csv->delimiter ? FOUND_CELL : FOUND_ROW;
}

static enum found find_plain(struct sw_csv *csv, uint32_t *position)
{
    const char *buffer = csv->buffer;
    uint32_t first = *position;
    uint32_t at = first;
    while (at < csv->end && buffer[at] != csv->delimiter && buffer[at] != '\n' &&
           buffer[at] != '\r') {
        at++;
    }
    enum found found = end_at(csv, at);
    if (found != FOUND_NOTHING) {
        add_cell(csv, first, at);
    }
    *position = at;
    return found;
}

static bool ends_cell(const struct sw_csv *csv, uint32_t position)
{
    char c = (char)(position < csv->end ? csv->buffer[position] : '\n');
    return c == csv->delimiter || c == '\n' || c == '\r';
}

/* A cell whose opening quote stands before @position. A quote that neither ends the cell nor is
 * doubled is taken as a letter. */
static enum found find_quoted(struct sw_csv *csv, uint32_t *position)
{
    uint32_t first = *position;
    uint32_t at = first;
    bool goes_on = false; // behind a line's end
    for (;;) {
        const char *quote = memchr(csv->buffer + at, '"', csv->end - at);
        uint32_t place = quote != NULL ? (uint32_t)(quote - csv->buffer) : csv->end;
        if (place == csv->end || (place + 1 == csv->end && !csv->ended)) {
            *position = csv->end;
            if (csv->ended) {
                csv->irregular = csv->unclosed = true;
                add_cell(csv, first, csv->end);
            }
            return csv->ended ? FOUND_ROW : FOUND_NOTHING;
        }
        if (ends_cell(csv, place + 1)) {
            enum found found = end_at(csv, place + 1);
            *position = place + 1;
            if (found != FOUND_NOTHING) {
                add_cell(csv, first, place);
            }
            return found;
        }
        bool doubled = csv->buffer[place + 1] == '"';
        goes_on = goes_on || memchr(csv->buffer + at, '\n', place - at) != NULL ||
                  memchr(csv->buffer + at, '\r', place - at) != NULL;
        csv->irregular = csv->irregular || !doubled;
        csv->torn = csv->torn || (!doubled && goes_on);
        at = place + (doubled ? 2 : 1);
    }
}

/* Finds the cells of the row at `first`. */
static enum found find_row(struct sw_csv *csv, uint32_t *end)
{
    uint32_t position = csv->first;
    enum found found = FOUND_CELL;
    csv->cell_count = csv->cells_over = 0;
    csv->irregular = csv->torn = csv->unclosed = csv->too_long = false;
    while (found == FOUND_CELL) {
        uint32_t start = position;
        while (start < csv->end && csv->buffer[start] == ' ') {
            start++;
        }
        if (start < csv->end && csv->buffer[start] == '"') {
            position = start + 1;
            found = find_quoted(csv, &position);
        } else {
            found = find_plain(csv, &position);
        }
        position += found == FOUND_CELL ? 1 : 0;
    }
    *end = found == FOUND_ROW ? skip_line_end(csv, position) : position;
    return found;
}

/* Where the line after that at `first` starts; 0: it stands before @end, or there is none. */
static uint32_t second_line(const struct sw_csv *csv, uint32_t end)
{
    uint32_t at = csv->first;
    while (at < end && csv->buffer[at] != '\n' && csv->buffer[at] != '\r') {
        at++;
    }
    at += at + 1 < end && csv->buffer[at] == '\r' && csv->buffer[at + 1] == '\n' ? 2 : 1;
    return at < end ? at : 0;
}

/* Ends of lines in the row, a last line without one included; and where the second line starts. */
static void count_lines(struct sw_csv *csv, uint32_t end)
{
    uint32_t at = csv->first;
    csv->lines = 0;
    csv->back = csv->irregular ? second_line(csv, end) : 0;
    while (at < end) {
        const char *feed = memchr(csv->buffer + at, '\n', end - at);
        at = feed != NULL ? (uint32_t)(feed - csv->buffer) + 1 : end;
        csv->lines++;
    }
    csv->lines = csv->lines == 0 ? 1 : csv->lines;
}

/* Undoes doubled quotes in place. */
static void undouble(struct sw_text *cell, char *bytes)
{
    uint32_t length = 0;
    for (uint32_t i = 0; i < cell->length; i++) {
        bytes[length++] = bytes[i];
        if (bytes[i] == '"' && i + 1 < cell->length && bytes[i + 1] == '"') {
            i++;
        }
    }
    cell->length = length;
}

/* An irregular row may be read again, so its bytes stay as they are. */
static void finish_cells(struct sw_csv *csv)
{
    for (uint32_t i = 0; i < csv->cell_count && csv->back == 0; i++) {
        struct sw_text *cell = &csv->cells[i];
        char *bytes = csv->buffer + (cell->bytes - csv->buffer);
        bool quoted = bytes > csv->buffer && bytes[-1] == '"';
        if (quoted && memchr(bytes, '"', cell->length) != NULL) {
            undouble(cell, bytes);
        }
    }
}

/* Bytes of the file that a piece of the buffer was made of; before doubled quotes are undone. */
static uint32_t raw_bytes(const struct sw_csv *csv, uint32_t first, uint32_t end)
{
    return (uint32_t)sw_wide_raw_bytes(&csv->wide, csv->buffer + first, end - first);
}

/* A row that fills the buffer and goes on: it ends with its first line, or with the buffer. */
static uint32_t cut(struct sw_csv *csv)
{
    uint32_t second = second_line(csv, csv->end);
    csv->too_long = true;
    csv->unclosed = false;
    csv->irregular = csv->torn = false;
    csv->cell_count = 0;
    return second != 0 ? second : csv->end;
}

enum sw_status sw_csv_next(struct sw_csv *csv)
{
    if (csv->delimiter == '\0') {
        enum sw_status status = begin(csv);
        if (status != SW_OK) {
            return status;
        }
    }
    uint32_t end = 0;
    enum found found = csv->first < csv->end ? find_row(csv, &end) : FOUND_NOTHING;
    if (found == FOUND_NOTHING) {
        enum sw_status status = fill(csv);
        if (status != SW_OK) {
            return status;
        }
        if (csv->end == 0) {
            return SW_EMPTY;
        }
        found = find_row(csv, &end);
        end = found == FOUND_NOTHING ? cut(csv) : end;
    }
    SW_ASSERT(end > csv->first);
    csv->line += csv->lines;
    csv->row++;
    csv->offset = csv->place;
    csv->bytes = raw_bytes(csv, csv->first, end);
    csv->place += csv->bytes;
    count_lines(csv, end);
    finish_cells(csv);
    csv->first = end;
    return SW_OK;
}

bool sw_csv_again(struct sw_csv *csv)
{
    if (csv->back == 0 || csv->back_total > BACK_BYTES_MAX) {
        return false;
    }
    SW_ASSERT(csv->back < csv->first);
    csv->back_total += csv->first - csv->back;
    csv->place -= raw_bytes(csv, csv->back, csv->first);
    csv->first = csv->back;
    csv->back = 0;
    csv->lines = 1;
    return true;
}
