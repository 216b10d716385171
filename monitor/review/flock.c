/* Whether a row is a header is only asked when it is no data row: when no time stands where one
 * should be. So the common row costs nothing for it. */
#include "flock.h"

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#define HEADER_NAMES_MIN 2     // known columns that make a row a header
#define EXCEL_EPOCH_DAYS 25569 // 1970-01-01 as a spreadsheet counts days
#define EXCEL_DAYS_MIN   36526 // 2000-01-01: smaller numbers are no times of searches
#define EXCEL_DAYS_MAX   73050 // 2099-12-31
#define NETWORKS_MAX     100000
#define NAME_BYTES_MAX   40
#define MASK_STARS_MIN   2
#define TIME_MIN_MS      INT64_C(1262304000000) // 2010-01-01: the vendor did not exist
#define TIME_MAX_MS      INT64_C(3155760000000) // 2070-01-01

struct column_name {
    const char *name; // letters and digits, lower case
    enum sw_flock_column column;
};

static const struct column_name column_names[] = {
    {"id", SW_FLOCK_ID},
    {"searchid", SW_FLOCK_ID},
    {"name", SW_FLOCK_USER},
    {"user", SW_FLOCK_USER},
    {"userid", SW_FLOCK_USER},
    {"username", SW_FLOCK_USER},
    {"orgname", SW_FLOCK_ORG},
    {"org", SW_FLOCK_ORG},
    {"organization", SW_FLOCK_ORG},
    {"organizationname", SW_FLOCK_ORG},
    {"agency", SW_FLOCK_ORG},
    {"totalnetworkssearched", SW_FLOCK_NETWORKS},
    {"networkssearched", SW_FLOCK_NETWORKS},
    {"networkcount", SW_FLOCK_NETWORKS},
    {"totalnetworks", SW_FLOCK_NETWORKS},
    {"networks", SW_FLOCK_NETWORKS},
    {"totaldevicessearched", SW_FLOCK_DEVICES},
    {"devicessearched", SW_FLOCK_DEVICES},
    {"timeframe", SW_FLOCK_TIME_FRAME},
    {"licenseplate", SW_FLOCK_PLATE},
    {"plate", SW_FLOCK_PLATE},
    {"platenumber", SW_FLOCK_PLATE},
    {"reason", SW_FLOCK_REASON},
    {"searchreason", SW_FLOCK_REASON},
    {"case", SW_FLOCK_CASE},
    {"casenumber", SW_FLOCK_CASE},
    {"offensetype", SW_FLOCK_OFFENSE},
    {"offense", SW_FLOCK_OFFENSE},
    {"filters", SW_FLOCK_FILTERS},
    {"textprompt", SW_FLOCK_TEXT_PROMPT},
    {"moderation", SW_FLOCK_MODERATION},
    {"searchtime", SW_FLOCK_SEARCH_TIME},
    {"searchdate", SW_FLOCK_SEARCH_DATE},
    {"searchtype", SW_FLOCK_SEARCH_TYPE},
    {"timestamp", SW_FLOCK_TIMESTAMP},
    {"eventtype", SW_FLOCK_EVENT_TYPE},
    {"entitytype", SW_FLOCK_ENTITY_TYPE},
    {"entitydetails", SW_FLOCK_ENTITY_DETAILS},
    {"eventid", SW_FLOCK_EVENT_ID},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static struct sw_text trim(struct sw_text text)
{
    if (text.bytes == NULL) {
        return (struct sw_text){0};
    }
    while (text.length > 0 && is_blank(text.bytes[0])) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.bytes[text.length - 1])) {
        text.length--;
    }
    return text;
}

/* --- cells --- */

/* The bytes that a mask takes at @position, or 0. */
static uint32_t mask_mark(struct sw_text text, uint32_t position)
{
    /* full, dark, medium and light blocks, squares */
    static const char *const marks[] = {"\xE2\x96\x88", "\xE2\x96\x93", "\xE2\x96\x92",
                                        "\xE2\x96\x91", "\xE2\x96\xA0", "\xE2\x96\xAC"};
    SW_ASSERT(position < text.length);
    SW_ASSERT(text.bytes != NULL);
    char c = text.bytes[position];
    if (c == '*' || c == '#') {
        return 1;
    }
    for (size_t i = 0; c == '\xE2' && i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (text.length - position >= 3 && memcmp(text.bytes + position, marks[i], 3) == 0) {
            return 3;
        }
    }
    return 0;
}

static bool starts_fold(struct sw_text text, uint32_t position, const char *word)
{
    uint32_t length = (uint32_t)strlen(word);
    return text.length - position >= length &&
           sw_text_equal_fold((struct sw_text){text.bytes + position, length},
                              (struct sw_text){word, length});
}

/* The end of "[REDACTED]", "(redacted)" or the word alone at @position, or 0. */
static uint32_t mask_word(struct sw_text text, uint32_t position)
{
    char open = text.bytes[position];
    bool framed = open == '[' || open == '(' || open == '<';
    uint32_t word = position + (framed ? 1 : 0);
    bool starts_word = word == 0 || !is_letter(text.bytes[word - 1]);
    if (word >= text.length || !starts_word || !starts_fold(text, word, "redacted")) {
        return 0;
    }
    uint32_t end = word + 8;
    if (framed && end < text.length) {
        end++;
    }
    return end == text.length || !is_letter(text.bytes[end]) || framed ? end : 0;
}

/* The end of an exemption that is cited in place of the text, such as "7923.600 GC", or 0. */
static uint32_t mask_citation(struct sw_text text, uint32_t position)
{
    static const char *const before[] = {"GC ", "Gov. Code ", "Gov Code ", "Government Code "};
    static const char *const exemptions[] = {"7923.6", "7927.7", "7922.0", "7929.0", "6254"};
    uint32_t start = position;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        if (starts_fold(text, start, before[i])) {
            start += (uint32_t)strlen(before[i]);
            break;
        }
    }
    bool cited = false;
    for (size_t i = 0; !cited && start < text.length && i < 5; i++) {
        cited = starts_fold(text, start, exemptions[i]);
    }
    if (!cited || (position > 0 && is_digit(text.bytes[position - 1]))) {
        return 0;
    }
    while (start < text.length && (is_digit(text.bytes[start]) || text.bytes[start] == '.' ||
                                   text.bytes[start] == '(' || text.bytes[start] == ')')) {
        start++;
    }
    return starts_fold(text, start, " gc") ? start + 3 : start;
}

/* The end of the run of marks at @position, blanks between them included; 0: fewer than it takes.
 */
static uint32_t mask_run(struct sw_text text, uint32_t position)
{
    uint32_t end = 0;
    uint32_t count = 0;
    uint32_t at = position;
    while (at < text.length) {
        uint32_t mark = mask_mark(text, at);
        if (mark > 0) {
            at += mark;
            end = at;
            count += mark == 3 ? MASK_STARS_MIN : 1;
        } else if (text.bytes[at] == ' ' && count > 0) {
            at++;
        } else {
            break;
        }
    }
    return count >= MASK_STARS_MIN ? end : 0;
}

static bool may_mask(char c)
{
    return c == '*' || c == '#' || c == '\xE2' || c == '[' || c == '(' || c == '<' || c == 'R' ||
           c == 'r' || c == '7' || c == '6' || c == 'G' || c == 'g';
}

struct sw_flock_cell sw_flock_cell(struct sw_text text)
{
    text = trim(text);
    bool masked = false;
    struct sw_text rest = {text.bytes, 0}; // the longest piece without a mask
    uint32_t piece = 0;
    for (uint32_t at = 0; at < text.length;) {
        uint32_t end = 0;
        if (may_mask(text.bytes[at])) {
            end = mask_run(text, at);
            end = end != 0 ? end : mask_word(text, at);
            end = end != 0 ? end : mask_citation(text, at);
        }
        if (end == 0) {
            at++;
            continue;
        }
        struct sw_text before = trim((struct sw_text){text.bytes + piece, at - piece});
        rest = before.length > rest.length ? before : rest;
        masked = true;
        at = piece = end;
    }
    if (!masked) {
        return (struct sw_flock_cell){text.length > 0 ? SW_CELL_VALUE : SW_CELL_EMPTY, text};
    }
    struct sw_text last = trim((struct sw_text){text.bytes + piece, text.length - piece});
    rest = last.length > rest.length ? last : rest;
    return (struct sw_flock_cell){rest.length > 0 ? SW_CELL_PARTIAL : SW_CELL_REDACTED, rest};
}

/* --- times --- */

struct scan {
    struct sw_text text;
    uint32_t at;
};

static bool take(struct scan *scan, char wanted)
{
    bool there = scan->at < scan->text.length && scan->text.bytes[scan->at] == wanted;
    scan->at += there ? 1 : 0;
    return there;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->text.length && is_blank(scan->text.bytes[scan->at])) {
        scan->at++;
    }
    /* The narrow space that newer browsers put before AM and PM. */
    while (scan->text.length - scan->at >= 3 &&
           memcmp(scan->text.bytes + scan->at, "\xE2\x80\xAF", 3) == 0) {
        scan->at += 3;
    }
}

/* A number of 1 to @digits digits, or -1. */
static int32_t take_number(struct scan *scan, uint32_t digits)
{
    int32_t number = 0;
    uint32_t first = scan->at;
    while (scan->at < scan->text.length && scan->at - first < digits &&
           is_digit(scan->text.bytes[scan->at])) {
        number = number * 10 + (scan->text.bytes[scan->at++] - '0');
    }
    return scan->at > first ? number : -1;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_since_epoch(int32_t year, int32_t month, int32_t day)
{
    int64_t years = month <= 2 ? year - 1 : year;
    int64_t era = years / 400;
    int64_t of_era = years - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_date(int32_t year, int32_t month, int32_t day)
{
    static const int32_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (month != 2 || day < 29 || leap);
}

/* "07:05:09", with AM or PM or neither, seconds and their fraction left out or not. */
static bool take_clock(struct scan *scan, int64_t *clock_ms)
{
    int32_t hour = take_number(scan, 2);
    int32_t minute = take(scan, ':') ? take_number(scan, 2) : -1;
    int32_t second = take(scan, ':') ? take_number(scan, 2) : 0;
    if (take(scan, '.')) {
        (void)take_number(scan, 9);
    }
    skip_blanks(scan);
    char half = (char)(scan->at + 1 < scan->text.length ? lower(scan->text.bytes[scan->at]) : 0);
    if ((half == 'a' || half == 'p') && lower(scan->text.bytes[scan->at + 1]) == 'm') {
        scan->at += 2;
        if (hour < 1 || hour > 12) {
            return false;
        }
        hour = hour % 12 + (half == 'p' ? 12 : 0);
    }
    *clock_ms = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * SW_SECOND_MS;
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
}

/* "3/1/2025, 7:05:09 PM UTC" */
static bool take_month_first(struct scan *scan, int64_t *time_ms)
{
    int32_t month = take_number(scan, 2);
    int32_t day = take(scan, '/') ? take_number(scan, 2) : -1;
    int32_t year = take(scan, '/') ? take_number(scan, 4) : -1;
    int64_t clock_ms = 0;
    if (!is_date(year, month, day)) {
        return false;
    }
    (void)take(scan, ',');
    skip_blanks(scan);
    if (scan->at < scan->text.length && is_digit(scan->text.bytes[scan->at]) &&
        !take_clock(scan, &clock_ms)) {
        return false;
    }
    skip_blanks(scan);
    if (starts_fold(scan->text, scan->at, "utc")) {
        scan->at += 3;
    }
    *time_ms = days_since_epoch(year, month, day) * SW_DAY_MS + clock_ms;
    return true;
}

/* "2026-03-10 04:31:52", with T or a blank, with or without a Z: always UTC. */
static bool take_year_first(struct scan *scan, int64_t *time_ms)
{
    int32_t year = take_number(scan, 4);
    int32_t month = take(scan, '-') ? take_number(scan, 2) : -1;
    int32_t day = take(scan, '-') ? take_number(scan, 2) : -1;
    int64_t clock_ms = 0;
    if (!is_date(year, month, day)) {
        return false;
    }
    if ((take(scan, 'T') || take(scan, ' ')) && !take_clock(scan, &clock_ms)) {
        return false;
    }
    *time_ms = days_since_epoch(year, month, day) * SW_DAY_MS + clock_ms;
    if (!take(scan, 'Z') && starts_fold(scan->text, scan->at, "utc")) {
        scan->at += 3;
    }
    return true;
}

/* "45717.2951": days since the end of 1899 with their fraction. */
static bool take_day_count(struct scan *scan, int64_t *time_ms)
{
    int32_t days = take_number(scan, 5);
    if (days < EXCEL_DAYS_MIN || days > EXCEL_DAYS_MAX) {
        return false;
    }
    int64_t fraction = 0;
    int64_t scale = 1;
    bool point = take(scan, '.');
    while (point && scan->at < scan->text.length && is_digit(scan->text.bytes[scan->at])) {
        if (scale < INT64_C(1000000000)) {
            fraction = fraction * 10 + (scan->text.bytes[scan->at] - '0');
            scale *= 10;
        }
        scan->at++;
    }
    int64_t seconds = (fraction * 86400 + scale / 2) / scale; // rounded: the count is not exact
    *time_ms = (days - EXCEL_EPOCH_DAYS) * SW_DAY_MS + seconds * SW_SECOND_MS;
    return true;
}

enum sw_status sw_flock_time(struct sw_text text, int64_t *time_ms)
{
    text = trim(text);
    struct scan scan = {.text = text};
    int64_t found = 0;
    bool read = take_month_first(&scan, &found) && scan.at == text.length;
    if (!read) {
        scan.at = 0;
        read = take_year_first(&scan, &found) && scan.at == text.length;
    }
    if (!read) { // with an offset from UTC
        read = text.length > 10 && sw_time_parse(text, &found) == SW_OK;
    }
    if (!read) {
        scan.at = 0;
        read = take_day_count(&scan, &found) && scan.at == text.length;
    }
    if (!read) {
        return SW_MALFORMED;
    }
    *time_ms = found;
    return SW_OK;
}

/* Two times with a line's end, " to " or a dash between them. */
static bool read_frame(struct sw_text text, int64_t *from_ms, int64_t *to_ms)
{
    struct scan scan = {.text = trim(text)};
    int64_t ends[2];
    for (int i = 0; i < 2; i++) {
        uint32_t start = scan.at;
        if (!take_month_first(&scan, &ends[i])) {
            scan.at = start;
            if (!take_year_first(&scan, &ends[i])) {
                return false;
            }
        }
        skip_blanks(&scan);
        if (i == 0 && starts_fold(scan.text, scan.at, "to ")) {
            scan.at += 3;
        } else if (i == 0) {
            (void)take(&scan, '-');
        }
        skip_blanks(&scan);
    }
    *from_ms = ends[0];
    *to_ms = ends[1];
    return scan.at == scan.text.length;
}

/* --- headers --- */

/* The column called @text, or SW_FLOCK_COLUMN_COUNT. Only letters and digits count. */
static enum sw_flock_column find_column(struct sw_text text)
{
    char bytes[NAME_BYTES_MAX];
    uint32_t length = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = lower(text.bytes[i]);
        if (!is_letter(c) && !is_digit(c)) {
            continue;
        }
        if (length == sizeof(bytes)) {
            return SW_FLOCK_COLUMN_COUNT;
        }
        bytes[length++] = c;
    }
    for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++) {
        const char *name = column_names[i].name;
        if (strlen(name) == length && memcmp(name, bytes, length) == 0) {
            return column_names[i].column;
        }
    }
    return SW_FLOCK_COLUMN_COUNT;
}

static bool has(const struct sw_flock_header *header, enum sw_flock_column column)
{
    return header->columns[column] != SW_FLOCK_ABSENT;
}

/* What kind of file has these columns; NONE without a time or with nothing beside it. */
static enum sw_flock_kind find_kind(const struct sw_flock_header *header, uint32_t known)
{
    bool searched = has(header, SW_FLOCK_SEARCH_TIME) || has(header, SW_FLOCK_SEARCH_DATE);
    if (has(header, SW_FLOCK_TIMESTAMP) && has(header, SW_FLOCK_ENTITY_TYPE)) {
        return SW_FLOCK_EVENTS;
    }
    if (!searched || known < HEADER_NAMES_MIN) {
        return SW_FLOCK_NONE;
    }
    if (has(header, SW_FLOCK_ORG)) {
        return SW_FLOCK_NETWORK;
    }
    return has(header, SW_FLOCK_SEARCH_TIME) ? SW_FLOCK_OWN : SW_FLOCK_PORTAL;
}

bool sw_flock_read_header(const struct sw_csv *csv, struct sw_flock_header *header)
{
    struct sw_flock_header read = {.cell_count = csv->cell_count, .cells_over = csv->cells_over};
    uint32_t known = 0;
    bool joined = false; // a time stands in it
    for (int i = 0; i < SW_FLOCK_COLUMN_COUNT; i++) {
        read.columns[i] = SW_FLOCK_ABSENT;
    }
    for (uint32_t i = 0; i < csv->cell_count; i++) {
        struct sw_text name = trim(csv->cells[i]);
        int64_t time_ms;
        joined = joined || sw_flock_time(name, &time_ms) == SW_OK;
        enum sw_flock_column column = find_column(name);
        if (column == SW_FLOCK_COLUMN_COUNT || read.columns[column] != SW_FLOCK_ABSENT) {
            if (name.length > 0) {
                read.unknown[read.unknown_count++] = (uint16_t)i;
            }
            continue;
        }
        if (joined) { // behind a row whose end is lost: rows do not have them there
            return false;
        }
        read.columns[column] = (uint16_t)i;
        known++;
    }
    read.kind = find_kind(&read, known);
    if (read.kind == SW_FLOCK_NONE) {
        return false;
    }
    *header = read;
    return true;
}

/* --- rows --- */

static struct sw_flock_cell cell_of(const struct sw_csv *csv, const struct sw_flock_header *header,
                                    enum sw_flock_column column)
{
    uint16_t index = header->columns[column];
    if (index == SW_FLOCK_ABSENT) {
        return (struct sw_flock_cell){.state = SW_CELL_NOT_EXPORTED};
    }
    if (index >= csv->cell_count) { // cells at the end that are empty may be left out
        return (struct sw_flock_cell){.state = SW_CELL_EMPTY};
    }
    return sw_flock_cell(csv->cells[index]);
}

/* Joins the date and the time that stand in two columns, or takes the one that holds both. */
static bool read_time(const struct sw_csv *csv, const struct sw_flock_header *header,
                      int64_t *time_ms)
{
    enum sw_flock_column column =
        header->kind == SW_FLOCK_EVENTS ? SW_FLOCK_TIMESTAMP : SW_FLOCK_SEARCH_TIME;
    struct sw_flock_cell clock = cell_of(csv, header, column);
    struct sw_flock_cell date = cell_of(csv, header, SW_FLOCK_SEARCH_DATE);
    if (clock.state == SW_CELL_VALUE && sw_flock_time(clock.text, time_ms) == SW_OK) {
        return true;
    }
    if (date.state != SW_CELL_VALUE || sw_flock_time(date.text, time_ms) != SW_OK) {
        return false;
    }
    if (clock.state == SW_CELL_NOT_EXPORTED) {
        return true;
    }
    struct scan scan = {.text = clock.text};
    int64_t clock_ms = 0;
    bool read = clock.state == SW_CELL_VALUE && take_clock(&scan, &clock_ms);
    if (starts_fold(scan.text, scan.at, "utc")) {
        scan.at += 3;
    }
    *time_ms += clock_ms;
    return read && scan.at == clock.text.length;
}

/* The number of networks: -1 when it is not told, false when something else stands there. */
static bool read_networks(struct sw_flock_cell cell, int64_t *networks)
{
    *networks = -1;
    if (cell.state != SW_CELL_VALUE) {
        return cell.state != SW_CELL_PARTIAL;
    }
    int64_t number = 0;
    for (uint32_t i = 0; i < cell.text.length; i++) {
        char c = cell.text.bytes[i];
        if (c == ',' && i > 0) {
            continue;
        }
        if (!is_digit(c) || number > NETWORKS_MAX) {
            return false;
        }
        number = number * 10 + (c - '0');
    }
    *networks = number > NETWORKS_MAX ? NETWORKS_MAX : number;
    return true;
}

/* Cells beyond the header's must be empty; fewer are fine as long as those missing are the last. */
static bool fits(const struct sw_csv *csv, const struct sw_flock_header *header)
{
    for (uint32_t i = header->cell_count; i < csv->cell_count; i++) {
        if (trim(csv->cells[i]).length > 0) {
            return false;
        }
    }
    return csv->cells_over <= header->cells_over;
}

/* When cells are missing, a time that stands where it should shows that none is missing before it;
 * a text behind it may be that of another column, such as a plate or an officer's name. */
static bool is_unsure(const struct sw_csv *csv, const struct sw_flock_header *header,
                      const struct sw_flock_row *row)
{
    enum sw_flock_column sure =
        has(header, SW_FLOCK_SEARCH_TIME) ? SW_FLOCK_SEARCH_TIME : SW_FLOCK_SEARCH_DATE;
    enum sw_flock_column told = row->reason.text.length > 0 ? SW_FLOCK_REASON : SW_FLOCK_OFFENSE;
    bool any = row->reason.text.length + row->offense.text.length > 0;
    return csv->cell_count < header->cell_count && any &&
           header->columns[told] > header->columns[sure];
}

static bool is_utf8(struct sw_text text)
{
    for (uint32_t i = 0; i < text.length;) {
        unsigned char c = (unsigned char)text.bytes[i];
        uint32_t more = c < 0x80                ? 0
                        : c >= 0xC2 && c < 0xE0 ? 1
                        : c >= 0xE0 && c < 0xF0 ? 2
                        : c >= 0xF0 && c < 0xF5 ? 3
                                                : 4;
        if (more == 4 || more >= text.length - i) {
            return false;
        }
        for (uint32_t k = 1; k <= more; k++) {
            if (((unsigned char)text.bytes[i + k] & 0xC0) != 0x80) {
                return false;
            }
        }
        unsigned char second = more > 0 ? (unsigned char)text.bytes[i + 1] : 0;
        if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) ||
            (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

static enum sw_flock_fault check_text(struct sw_text text)
{
    if (text.length == 0) {
        return SW_FAULT_NONE;
    }
    if (memchr(text.bytes, '\0', text.length) != NULL) {
        return SW_FAULT_NUL;
    }
    return is_utf8(text) ? SW_FAULT_NONE : SW_FAULT_UTF8;
}

/* A header under another: a search type that reads like a time, an organisation that is a number.
 */
static bool is_shifted(const struct sw_flock_row *row)
{
    int64_t time_ms;
    bool org_is_number = row->org.text.length > 0;
    for (uint32_t i = 0; i < row->org.text.length; i++) {
        org_is_number = org_is_number && is_digit(row->org.text.bytes[i]);
    }
    return org_is_number || sw_flock_time(row->search_type.text, &time_ms) == SW_OK ||
           (row->org.text.length >= 8 && sw_flock_time(row->org.text, &time_ms) == SW_OK) ||
           (row->reason.text.length >= 16 && sw_flock_time(row->reason.text, &time_ms) == SW_OK);
}

/* A quote that is not closed may find another one that ends a cell: the cell then holds rows. */
static bool holds_rows(const struct sw_flock_row *row)
{
    const struct sw_text texts[] = {row->id.text, row->org.text, row->search_type.text};
    bool holds = false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        holds = holds ||
                (texts[i].length > 0 && (memchr(texts[i].bytes, '\n', texts[i].length) != NULL ||
                                         memchr(texts[i].bytes, '\r', texts[i].length) != NULL));
    }
    return holds;
}

/* Some way of writing times that we do not know. */
static bool looks_like_time(struct sw_text text)
{
    bool digit = false;
    bool sign = false;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        digit = digit || is_digit(c);
        sign = sign || c == '/' || c == ':' || c == '-';
    }
    return digit && sign;
}

static enum sw_flock_fault read_search(const struct sw_csv *csv,
                                       const struct sw_flock_header *header,
                                       struct sw_flock_row *row)
{
    struct sw_flock_cell frame = cell_of(csv, header, SW_FLOCK_TIME_FRAME);
    struct sw_flock_cell number = cell_of(csv, header, SW_FLOCK_CASE);
    row->id = cell_of(csv, header, SW_FLOCK_ID);
    row->org = cell_of(csv, header, SW_FLOCK_ORG);
    row->reason = cell_of(csv, header, SW_FLOCK_REASON);
    row->offense = cell_of(csv, header, SW_FLOCK_OFFENSE);
    row->search_type = cell_of(csv, header, SW_FLOCK_SEARCH_TYPE);
    row->has_case = number.state >= SW_CELL_REDACTED;
    row->number = number;
    row->plate = cell_of(csv, header, SW_FLOCK_PLATE);
    if (holds_rows(row)) {
        return SW_FAULT_QUOTE;
    }
    if (frame.state == SW_CELL_VALUE &&
        !read_frame(frame.text, &row->frame_from_ms, &row->frame_to_ms) &&
        !looks_like_time(frame.text)) {
        return SW_FAULT_SHIFTED;
    }
    if (!read_networks(cell_of(csv, header, SW_FLOCK_NETWORKS), &row->networks) ||
        is_shifted(row)) {
        return SW_FAULT_SHIFTED;
    }
    if (is_unsure(csv, header, row)) {
        return SW_FAULT_CELLS;
    }
    if (row->reason.text.length == 0 && row->offense.text.length > 0) {
        row->reason = row->offense;
    }
    return SW_FAULT_NONE;
}

static enum sw_flock_fault read_change(const struct sw_csv *csv,
                                       const struct sw_flock_header *header,
                                       struct sw_flock_row *row)
{
    row->id = cell_of(csv, header, SW_FLOCK_EVENT_ID);
    row->event_type = cell_of(csv, header, SW_FLOCK_EVENT_TYPE);
    row->entity_type = cell_of(csv, header, SW_FLOCK_ENTITY_TYPE);
    row->details = cell_of(csv, header, SW_FLOCK_ENTITY_DETAILS);
    return SW_FAULT_NONE;
}

enum sw_flock_fault sw_flock_read_row(const struct sw_csv *csv,
                                      const struct sw_flock_header *header,
                                      struct sw_flock_row *row)
{
    *row = (struct sw_flock_row){.networks = -1};
    if (csv->too_long) {
        return SW_FAULT_ROW_LENGTH;
    }
    if (csv->unclosed || csv->torn) {
        return SW_FAULT_QUOTE;
    }
    if (header->kind == SW_FLOCK_NONE) {
        return SW_FAULT_NO_HEADER;
    }
    if (!fits(csv, header)) {
        return SW_FAULT_CELLS;
    }
    if (!read_time(csv, header, &row->time_ms) || row->time_ms < TIME_MIN_MS ||
        row->time_ms > TIME_MAX_MS) {
        return csv->cell_count < header->cell_count ? SW_FAULT_CELLS : SW_FAULT_TIME;
    }
    enum sw_flock_fault fault = header->kind == SW_FLOCK_EVENTS ? read_change(csv, header, row)
                                                                : read_search(csv, header, row);
    const struct sw_text texts[] = {row->id.text, row->org.text, row->reason.text,
                                    row->search_type.text, row->details.text};
    for (size_t i = 0; fault == SW_FAULT_NONE && i < sizeof(texts) / sizeof(texts[0]); i++) {
        fault = check_text(texts[i]);
    }
    return fault;
}

struct sw_text sw_flock_detail(struct sw_text details, const char *label)
{
    uint32_t wanted = (uint32_t)strlen(label);
    while (details.length > 0) {
        const char *feed = memchr(details.bytes, '\n', details.length);
        uint32_t length = feed != NULL ? (uint32_t)(feed - details.bytes) : details.length;
        const char *colon = memchr(details.bytes, ':', length);
        uint32_t name = colon != NULL ? (uint32_t)(colon - details.bytes) : 0;
        for (uint32_t i = 0; i + wanted <= name; i++) {
            if (starts_fold((struct sw_text){details.bytes, name}, i, label)) {
                return trim((struct sw_text){colon + 1, length - name - 1});
            }
        }
        uint32_t line = feed != NULL ? length + 1 : length;
        details = (struct sw_text){details.bytes + line, details.length - line};
    }
    return (struct sw_text){0};
}

/* --- words --- */

const char *sw_cell_state_text(enum sw_cell_state state)
{
#define STATE_TEXT(name, text) [name] = (text),
    static const char *const texts[] = {SW_CELL_STATE_LIST(STATE_TEXT)};
#undef STATE_TEXT
    SW_ASSERT(state < SW_CELL_STATE_COUNT);
    return texts[state];
}

const char *sw_flock_kind_text(enum sw_flock_kind kind)
{
#define KIND_TEXT(name, text) [name] = (text),
    static const char *const texts[] = {SW_FLOCK_KIND_LIST(KIND_TEXT)};
#undef KIND_TEXT
    SW_ASSERT(kind < SW_FLOCK_KIND_COUNT);
    return texts[kind];
}

const char *sw_flock_fault_code(enum sw_flock_fault fault)
{
#define FAULT_CODE(name, code, text) [name] = (code),
    static const char *const codes[] = {SW_FLOCK_FAULT_LIST(FAULT_CODE)};
#undef FAULT_CODE
    SW_ASSERT(fault < SW_FAULT_COUNT);
    return codes[fault];
}

const char *sw_flock_fault_text(enum sw_flock_fault fault)
{
#define FAULT_TEXT(name, code, text) [name] = (text),
    static const char *const texts[] = {SW_FLOCK_FAULT_LIST(FAULT_TEXT)};
#undef FAULT_TEXT
    SW_ASSERT(fault < SW_FAULT_COUNT);
    return texts[fault];
}
