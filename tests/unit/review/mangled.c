/* Gentle faults leave the number of records as it is, so the test can say how many there must be;
 * rough ones tear and join records. A fault is put on a row's text after it was made. */
#include "mangled.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

#define ROW_BYTES_MAX 24000
#define CELLS_MAX     16

enum column {
    ID,
    NAME,
    ORG,
    NETWORKS,
    DEVICES,
    FRAME,
    PLATE,
    REASON,
    NUMBER,
    FILTERS,
    TIME,
    ISO,
    DATE,
    CLOCK,
    TYPE,
    PROMPT,
    MODERATION,
    OFFENSE,
    OTHER
};

struct variant {
    uint32_t count;
    enum column columns[CELLS_MAX];
    const char *names[CELLS_MAX];
};

static const struct variant variants[] = {
    {13,
     {ID, NAME, ORG, NETWORKS, FRAME, PLATE, REASON, NUMBER, FILTERS, TIME, TYPE, PROMPT,
      MODERATION},
     {"ID", "Name", "Org Name", "Total Networks Searched", "Time Frame", "License Plate", "Reason",
      "Case #", "Filters", "Search Time", "Search Type", "Text Prompt", "Moderation"}},
    {11,
     {NAME, ORG, NETWORKS, DEVICES, FRAME, PLATE, REASON, NUMBER, FILTERS, TIME, TYPE},
     {"Name", "Org Name", "Total Networks Searched", "Total Devices Searched", "Time Frame",
      "License Plate", "Reason", "Case #", "Filters", "Search Time", "Search Type"}},
    {8,
     {ID, NAME, ORG, NETWORKS, TIME, REASON, NUMBER, PLATE},
     {"ID", "Name", "Org Name", "Total Networks Searched", "Search Time", "Reason", "Case #",
      "License Plate"}},
    {5,
     {ORG, NETWORKS, FRAME, TIME, TYPE},
     {"Org Name", "Total Networks Searched", "Time Frame", "Search Time", "Search Type"}},
    {9,
     {ID, NAME, NETWORKS, FRAME, PLATE, REASON, OFFENSE, DATE, CLOCK},
     {"id", "name", "TOTAL NETWORKS SEARCHED", "time frame", "License  plate", "reason",
      "Offense Type", "Search Date", "Search Time"}},
    {7,
     {ID, NAME, ISO, NETWORKS, REASON, NUMBER, OFFENSE},
     {"id", "userId", "searchDate", "networkCount", "reason", "caseNumber", "offenseType"}},
    {4, {ID, NAME, ISO, NETWORKS}, {"id", "userId", "searchDate", "networkCount"}},
    {6,
     {OTHER, ID, ORG, TIME, REASON, OTHER},
     {"Dispatcher Note", "ID", "Organization", "Search Time", "Reason", "Unit"}},
};

/* Of free text, as much as scrubbing knows by its shape: a quote in the middle of one breaks it. */
const char *const mangled_secrets[MANGLED_SECRETS] = {
    "7QZX431",
    "8WVU902",
    "LKV9042",
    "QX7731K",
    "(213) 555-0177",
    "213-555-0148",
    "OKONKWO, CHIDI",
    "HRUBESCH, ANTON",
    "Quenneville",
    "m.quenne@",
    "chidi@mail.example.org",
    "1407 Alder St",
};

static const char *const plates[] = {"7QZX431", "8WVU902", "LKV9042", "QX7731K", "***", ""};
static const char *const users[] = {"M. Quenneville", "m.quenne@pd.example.org", "***",
                                    "Quenneville, M."};
static const char *const agencies[] = {"Oakland CA PD", "Houston TX PD", "Fresno County CA SO",
                                       "Metro Task Group", "***"};
static const char *const reasons[] = {
    "burglary",
    "stolen 7QZX431",
    "plate 8WVU902 for ICE",
    "call (213) 555-0177",
    "tip from 213-555-0148, urgent",
    "OKONKWO, CHIDI immigration hold",
    "warrant HRUBESCH, ANTON",
    "write to chidi@mail.example.org",
    "lives at 1407 Alder St",
    "",
    "***",
    "investigation",
    "two\nlines",
    "he \"said\" so",
};

/* --- chance --- */

static uint32_t any(struct mangled *mangled, uint32_t below)
{
    uint64_t x = mangled->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ x >> 31) % below);
}

static const char *one_of(struct mangled *mangled, const char *const *texts, size_t bytes)
{
    return texts[any(mangled, (uint32_t)(bytes / sizeof(texts[0])))];
}

#define ONE_OF(texts) one_of(mangled, texts, sizeof(texts))

/* --- a row's text --- */

struct row {
    char cells[CELLS_MAX + 1][160];
    uint32_t cell_count;
    char text[ROW_BYTES_MAX];
    uint32_t length;
};

static void add(struct row *row, const char *bytes, size_t count)
{
    SW_ASSERT(row->length + count <= sizeof(row->text));
    memcpy(row->text + row->length, bytes, count);
    row->length += (uint32_t)count;
}

static void insert(struct row *row, uint32_t at, const char *bytes, uint32_t count)
{
    SW_ASSERT(row->length + count <= sizeof(row->text) && at <= row->length);
    memmove(row->text + at + count, row->text + at, row->length - at);
    memcpy(row->text + at, bytes, count);
    row->length += count;
}

static void write_cell(struct mangled *mangled, enum column column, char *cell, size_t bytes)
{
    uint32_t day = (uint32_t)(mangled->number / 86400 % 28) + 1;
    uint32_t second = (uint32_t)(mangled->number % 86400);
    uint32_t hour = second / 3600;
    uint32_t minute = second / 60 % 60;
    uint32_t half = hour % 12 == 0 ? 12 : hour % 12;
    const char *noon = hour < 12 ? "AM" : "PM";
    second %= 60;
    cell[0] = '\0';
    switch (column) {
    case ID:
        (void)snprintf(cell, bytes, "%08x-0b6e-4b7e-9c39-%012x", (unsigned)mangled->number,
                       (unsigned)mangled->number);
        break;
    case NAME:
        (void)snprintf(cell, bytes, "%s", ONE_OF(users));
        break;
    case ORG:
        (void)snprintf(cell, bytes, "%s", ONE_OF(agencies));
        break;
    case NETWORKS:
    case DEVICES:
        (void)snprintf(cell, bytes, "%u", 1 + any(mangled, 6000));
        break;
    case FRAME:
        (void)snprintf(cell, bytes, "03/%02u/2025, 01:00:00 AM UTC\n03/%02u/2025, 02:00:00 AM UTC",
                       day, day);
        break;
    case PLATE:
        (void)snprintf(cell, bytes, "%s", ONE_OF(plates));
        break;
    case REASON:
    case OFFENSE:
        (void)snprintf(cell, bytes, "%s", ONE_OF(reasons));
        break;
    case NUMBER:
        (void)snprintf(cell, bytes, "25-%06u", any(mangled, 1000000));
        break;
    case FILTERS:
    case PROMPT:
    case MODERATION:
    case OTHER:
        (void)snprintf(cell, bytes, "%s",
                       any(mangled, 3) == 0 ? "white van 8WVU902; M. Quenneville" : "");
        break;
    case TIME:
        (void)snprintf(cell, bytes,
                       any(mangled, 2) == 0 ? "03/%02u/2025, %02u:%02u:%02u %s UTC"
                                            : "3/%u/2025, %u:%02u:%02u %s UTC",
                       day, half, minute, second, noon);
        break;
    case ISO:
        (void)snprintf(cell, bytes, "2025-03-%02uT%02u:%02u:%02u.901Z", day, hour, minute, second);
        break;
    case DATE:
        (void)snprintf(cell, bytes, "2025-03-%02u", day);
        break;
    case CLOCK:
        (void)snprintf(cell, bytes, "%02u:%02u:%02u", hour, minute, second);
        break;
    case TYPE:
        (void)snprintf(cell, bytes, "%s", any(mangled, 2) == 0 ? "lookup" : "search - Mobile");
        break;
    }
}

static void join_cells(struct mangled *mangled, struct row *row)
{
    row->length = 0;
    for (uint32_t i = 0; i < row->cell_count; i++) {
        const char *cell = row->cells[i];
        char special[] = {'"', '\n', '\r', mangled->delimiter, '\0'};
        bool quoted = mangled->all_quoted || strpbrk(cell, special) != NULL || any(mangled, 8) == 0;
        if (i > 0) {
            add(row, &mangled->delimiter, 1);
        }
        add(row, "\"", quoted ? 1 : 0);
        for (const char *at = cell; *at != '\0'; at++) {
            add(row, at, 1);
            add(row, "\"", *at == '"' ? 1 : 0);
        }
        add(row, "\"", quoted ? 1 : 0);
    }
}

static void make_row(struct mangled *mangled, struct row *row)
{
    const struct variant *variant = &variants[mangled->variant];
    mangled->number++;
    row->cell_count = variant->count;
    for (uint32_t i = 0; i < variant->count; i++) {
        write_cell(mangled, variant->columns[i], row->cells[i], sizeof(row->cells[i]));
    }
}

/* --- the file --- */

static void put(struct mangled *mangled, const char *bytes, uint32_t count)
{
    SW_ASSERT(mangled->count + count <= MANGLED_BYTES_MAX);
    memcpy(mangled->bytes + mangled->count, bytes, count);
    mangled->count += count;
}

static void end_line(struct mangled *mangled)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    int kind = mangled->line_end < 3 ? mangled->line_end : (int)any(mangled, 2);
    put(mangled, ends[kind], (uint32_t)strlen(ends[kind]));
}

static void put_row(struct mangled *mangled, const struct row *row)
{
    put(mangled, row->text, row->length);
    end_line(mangled);
    mangled->open_end = false;
}

static void put_header(struct mangled *mangled, struct row *row)
{
    const struct variant *variant = &variants[mangled->variant];
    row->cell_count = variant->count;
    for (uint32_t i = 0; i < variant->count; i++) {
        (void)snprintf(row->cells[i], sizeof(row->cells[i]), "%s", variant->names[i]);
    }
    join_cells(mangled, row);
    put_row(mangled, row);
    mangled->headers++;
}

/* --- faults --- */

static void drop_cell(struct mangled *mangled, struct row *row)
{
    uint32_t at = any(mangled, row->cell_count);
    row->cell_count--;
    memmove(row->cells[at], row->cells[at + 1], (row->cell_count - at) * sizeof(row->cells[0]));
}

static void insert_cell(struct mangled *mangled, struct row *row)
{
    uint32_t at = any(mangled, row->cell_count + 1);
    memmove(row->cells[at + 1], row->cells[at], (row->cell_count - at) * sizeof(row->cells[0]));
    (void)snprintf(row->cells[at], sizeof(row->cells[at]), "%s",
                   any(mangled, 2) == 0 ? "" : "extra");
    row->cell_count++;
}

/* Puts a time where there is one, in one of many forms that are none. */
static void break_time(struct mangled *mangled, struct row *row)
{
    static const char *const times[] = {"02/30/2025, 01:00:00 AM UTC",
                                        "03/01/2025, 13:00:00 PM UTC",
                                        "never",
                                        "0000-00-00",
                                        "03/01/1999, 01:00:00 AM UTC",
                                        "####",
                                        "",
                                        "99999999999999"};
    const struct variant *variant = &variants[mangled->variant];
    for (uint32_t i = 0; i < variant->count; i++) {
        enum column column = variant->columns[i];
        if (column == TIME || column == ISO || column == CLOCK) {
            (void)snprintf(row->cells[i], sizeof(row->cells[i]), "%s", ONE_OF(times));
        }
    }
}

/* Faults within a cell: what is in it, or how long it is. */
static void break_cell(struct mangled *mangled, struct row *row)
{
    static const char *const texts[] = {" Jos\xE9 \x93quoted\x94",
                                        "\xE2\x80\x8B\xC2\xA0\xE2\x80\xAE",
                                        "\xEF\xBB\xBF",
                                        "\x01\x02\x1B[31m",
                                        "\xC3\x28 \xF5\xF6",
                                        "=HYPERLINK(1)"};
    uint32_t at = any(mangled, row->cell_count);
    char *cell = row->cells[at];
    (void)snprintf(cell + strlen(cell), sizeof(row->cells[at]) - strlen(cell), "%s", ONE_OF(texts));
}

/* The place of a byte of the row that stands in no cell's quotes is not needed: a NUL goes
 * anywhere. */
static void put_nul(struct mangled *mangled, struct row *row)
{
    insert(row, any(mangled, row->length + 1), "", 1);
}

static void add_columns(struct mangled *mangled, struct row *row)
{
    uint32_t count = any(mangled, 4) == 0 ? 10000 : 300;
    bool filled = any(mangled, 2) == 0;
    for (uint32_t i = 0; i < count; i++) {
        add(row, &mangled->delimiter, 1);
        add(row, "x", filled ? 1 : 0);
    }
}

/* A fault that leaves records as they are; true: the row tells of its search all the same. */
static void put_gentle(struct mangled *mangled, struct row *row)
{
    uint32_t kind = any(mangled, 12);
    uint32_t blanks = any(mangled, 20);
    mangled->rows += kind < 9 ? 1 : 0;
    if (kind < 2) {
        drop_cell(mangled, row);
    } else if (kind < 4) {
        insert_cell(mangled, row);
    } else if (kind < 6) {
        break_time(mangled, row);
    } else if (kind < 8) {
        break_cell(mangled, row);
    }
    if (kind < 9) {
        join_cells(mangled, row);
        if (kind == 8) {
            add_columns(mangled, row);
        }
        put_row(mangled, row);
    } else if (kind == 9) {
        mangled->blanks++;
        for (uint32_t i = 0; i < blanks; i++) {
            put(mangled, &mangled->delimiter, 1);
        }
        end_line(mangled);
    } else {
        uint32_t other = any(mangled, sizeof(variants) / sizeof(variants[0]));
        /* A header of other columns that is joined to a row is lost, and its rows with it. */
        mangled->variant = kind == 10 || mangled->open_end ? mangled->variant : (int)other;
        put_header(mangled, row);
    }
}

/* A fault that may tear the row or join it with others; one quote or cut a file: two quotes that
 * happen to pair are a cell like any other, and nobody can tell. */
static void put_rough(struct mangled *mangled, struct row *row)
{
    join_cells(mangled, row);
    mangled->rows++;
    uint32_t at = any(mangled, row->length + 1);
    uint32_t kind = mangled->rough_kind;
    mangled->rough_kind = kind < 4 ? 4 : kind;
    switch (kind) {
    case 0:
        insert(row, at, "\"", 1);
        break;
    case 1:
    case 2:
        insert(row, 0, "\"", 1);
        break;
    case 3:
        row->length = at; // cut, perhaps within a quoted cell
        break;
    case 4:
        insert(row, at, "\r", 1);
        break;
    case 5:
        put_nul(mangled, row);
        break;
    case 6: // its end is lost: the next row, or header, is joined to it
        put(mangled, row->text, row->length);
        mangled->joined++;
        mangled->open_end = true;
        return;
    }
    put_row(mangled, row);
}

static void put_sure(struct mangled *mangled, struct row *row)
{
    uint32_t copies = 1 + (any(mangled, 10) == 0 ? any(mangled, 3) : 0);
    join_cells(mangled, row);
    mangled->distinct++;
    for (uint32_t i = 0; i < copies; i++) {
        put_row(mangled, row);
        mangled->rows++;
        mangled->sure++;
    }
}

/* --- as a spreadsheet writes it --- */

static void widen(struct mangled *mangled, bool big, bool marked)
{
    char *wide = mangled->bytes + MANGLED_BYTES_MAX;
    uint32_t length = 0;
    if (marked) {
        wide[length++] = (char)(big ? 0xFE : 0xFF);
        wide[length++] = (char)(big ? 0xFF : 0xFE);
    }
    for (uint32_t i = 0; i < mangled->count; i++) { // every byte a letter of Latin-1
        wide[length++] = (char)(big ? 0 : mangled->bytes[i]);
        wide[length++] = (char)(big ? mangled->bytes[i] : 0);
    }
    memmove(mangled->bytes, wide, length);
    mangled->count = length;
}

static void encode(struct mangled *mangled)
{
    uint32_t kind = any(mangled, 12);
    if (kind == 0 && mangled->count + 3 <= MANGLED_BYTES_MAX) {
        memmove(mangled->bytes + 3, mangled->bytes, mangled->count);
        memcpy(mangled->bytes, "\xEF\xBB\xBF", 3);
        mangled->count += 3;
    } else if (kind <= 4 && mangled->count * 2 + 2 <= MANGLED_BYTES_MAX && mangled->headers > 0) {
        widen(mangled, kind % 2 == 0, kind >= 3);
    }
}

static void put_rows(struct mangled *mangled, uint32_t count, uint32_t faults)
{
    static struct row row;
    for (uint32_t i = 0; i < count; i++) {
        make_row(mangled, &row);
        if (any(mangled, 100) >= faults) {
            put_sure(mangled, &row);
        } else if (mangled->rough && any(mangled, 2) == 0) {
            put_rough(mangled, &row);
        } else {
            put_gentle(mangled, &row);
        }
    }
}

/* One cell longer than the reader's buffer, plain or quoted: it costs what it holds and no more. */
static void put_giant(struct mangled *mangled)
{
    uint32_t count = (UINT32_C(4) << 20) + any(mangled, 1000000);
    put(mangled, "\"", any(mangled, 2));
    memset(mangled->bytes + mangled->count, 'x', count);
    mangled->count += count;
    end_line(mangled);
    mangled->rough = true;
}

void mangled_make(struct mangled *mangled, uint32_t index)
{
    static const char delimiters[] = {',', ',', ',', ';', '\t'};
    static struct row row;
    char *bytes = mangled->bytes;
    *mangled = (struct mangled){
        .random = index * UINT64_C(7919) + 1, .number = index * UINT64_C(100), .bytes = bytes};
    mangled->delimiter = delimiters[any(mangled, sizeof(delimiters))];
    mangled->all_quoted = any(mangled, 2) == 0;
    mangled->line_end = (int)any(mangled, 4);
    mangled->variant = (int)any(mangled, sizeof(variants) / sizeof(variants[0]));
    mangled->rough = any(mangled, 2) == 0;
    mangled->rough_kind = any(mangled, 7);
    uint32_t shape = any(mangled, 40);
    if (shape == 0) {
        return; // an empty file
    }
    put_header(mangled, &row);
    if (shape == 3) { // the first row is joined to it; what that costs depends on its last name
        mangled->count = row.length;
        mangled->rough = true;
    }
    if (shape > 1) {
        uint32_t count = 1 + any(mangled, 40);
        put_rows(mangled, count, any(mangled, 60));
    }
    if (index % 500 == 77) {
        put_giant(mangled);
        put_rows(mangled, 10, 0);
    }
    encode(mangled);
    if (shape == 2 && mangled->count > 0) { // a download that broke off
        mangled->count = any(mangled, mangled->count);
        mangled->rough = true;
    }
    if (shape == 2 || shape == 3) {
        mangled->sure = mangled->distinct = 0;
    }
}
