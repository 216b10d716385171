#include <sharewatch/diagnostic.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#define KEPT_MAX     1000 // diagnostics; the rest is only counted
#define WORD_MAX     64   // bytes of a word that is compared with others
#define CAPACITY_MIN 16

__attribute__((format(printf, 5, 0))) static void add(struct sw_report *report,
                                                      enum sw_severity severity,
                                                      struct sw_place place, const char *hint,
                                                      const char *format, va_list arguments)
{
    *(severity == SW_SEVERITY_ERROR ? &report->error_total : &report->warning_total) += 1;
    if (report->count == report->capacity) {
        uint32_t capacity = report->capacity == 0 ? CAPACITY_MIN : report->capacity * 2;
        struct sw_diagnostic *items =
            capacity > KEPT_MAX ? NULL : realloc(report->items, capacity * sizeof(*items));
        if (items == NULL) {
            return;
        }
        report->items = items;
        report->capacity = capacity;
    }
    struct sw_diagnostic *diagnostic = &report->items[report->count++];
    *diagnostic =
        (struct sw_diagnostic){.severity = severity, .line = place.line, .column = place.column};
    (void)snprintf(diagnostic->file, sizeof(diagnostic->file), "%s",
                   place.file != NULL ? place.file : "");
    (void)vsnprintf(diagnostic->message, sizeof(diagnostic->message), format, arguments);
    (void)snprintf(diagnostic->hint, sizeof(diagnostic->hint), "%s", hint != NULL ? hint : "");
}

void sw_report_error(struct sw_report *report, struct sw_place place, const char *hint,
                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(report, SW_SEVERITY_ERROR, place, hint, format, arguments);
    va_end(arguments);
}

void sw_report_warning(struct sw_report *report, struct sw_place place, const char *hint,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(report, SW_SEVERITY_WARNING, place, hint, format, arguments);
    va_end(arguments);
}

static int compare(const void *left, const void *right)
{
    const struct sw_diagnostic *a = left;
    const struct sw_diagnostic *b = right;
    int order = strcmp(a->file, b->file);
    if (order != 0) {
        return order;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    return (a->column > b->column) - (a->column < b->column);
}

static const char *severity_word(enum sw_severity severity)
{
    return severity == SW_SEVERITY_ERROR ? "error" : "warning";
}

static void sort(struct sw_report *report)
{
    if (report->count > 1) {
        qsort(report->items, report->count, sizeof(*report->items), compare);
    }
}

void sw_report_print(struct sw_report *report, FILE *stream)
{
    sort(report);
    for (uint32_t i = 0; i < report->count; i++) {
        const struct sw_diagnostic *item = &report->items[i];
        if (item->line == 0) {
            (void)fprintf(stream, "%s: %s: %s\n", item->file, severity_word(item->severity),
                          item->message);
        } else {
            (void)fprintf(stream, "%s:%u:%u: %s: %s\n", item->file, item->line, item->column,
                          severity_word(item->severity), item->message);
        }
        if (item->hint[0] != '\0') {
            (void)fprintf(stream, "    hint: %s\n", item->hint);
        }
    }
    uint64_t total = (uint64_t)report->error_total + report->warning_total;
    if (total > report->count) {
        (void)fprintf(stream, "… and %llu more\n", (unsigned long long)(total - report->count));
    }
}

void sw_report_print_json(struct sw_report *report, FILE *stream)
{
    sort(report);
    (void)fputs("[", stream);
    for (uint32_t i = 0; i < report->count; i++) {
        const struct sw_diagnostic *item = &report->items[i];
        char bytes[6 * sizeof(*item)]; // every byte may become six
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, bytes, sizeof(bytes));
        sw_buffer_append_string(&buffer, "{\"file\":");
        sw_buffer_append_json(&buffer, sw_text_from(item->file));
        sw_buffer_append_format(&buffer, ",\"line\":%u,\"column\":%u,\"severity\":\"%s\"",
                                item->line, item->column, severity_word(item->severity));
        sw_buffer_append_string(&buffer, ",\"message\":");
        sw_buffer_append_json(&buffer, sw_text_from(item->message));
        sw_buffer_append_string(&buffer, ",\"hint\":");
        sw_buffer_append_json(&buffer, sw_text_from(item->hint));
        sw_buffer_append_string(&buffer, "}");
        (void)fprintf(stream, "%s\n  %s", i == 0 ? "" : ",", bytes);
    }
    (void)fputs(report->count == 0 ? "]\n" : "\n]\n", stream);
}

void sw_report_free(struct sw_report *report)
{
    free(report->items);
    *report = (struct sw_report){0};
}

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment distance; both texts at most WORD_MAX bytes, case of ASCII ignored. */
static uint32_t edit_distance(struct sw_text a, struct sw_text b)
{
    uint32_t rows[3][WORD_MAX + 1]; // the row before the last, the last, this one
    for (uint32_t j = 0; j <= b.length; j++) {
        rows[1][j] = j;
        rows[0][j] = 0;
    }
    for (uint32_t i = 1; i <= a.length; i++) {
        rows[2][0] = i;
        for (uint32_t j = 1; j <= b.length; j++) {
            struct sw_text left = {a.bytes + i - 1, 1};
            struct sw_text right = {b.bytes + j - 1, 1};
            uint32_t change = sw_text_equal_fold(left, right) ? 0 : 1;
            rows[2][j] = min3(rows[1][j] + 1, rows[2][j - 1] + 1, rows[1][j - 1] + change);
            bool swapped = i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] &&
                           a.bytes[i - 2] == b.bytes[j - 1];
            if (swapped && rows[0][j - 2] + 1 < rows[2][j]) {
                rows[2][j] = rows[0][j - 2] + 1;
            }
        }
        memcpy(rows[0], rows[1], sizeof(rows[0]));
        memcpy(rows[1], rows[2], sizeof(rows[1]));
    }
    return rows[1][b.length];
}

void sw_suggestion_init(struct sw_suggestion *suggestion, struct sw_text word)
{
    *suggestion = (struct sw_suggestion){.word = word, .distance = UINT32_MAX};
}

void sw_suggestion_offer(struct sw_suggestion *suggestion, struct sw_text candidate)
{
    struct sw_text word = suggestion->word;
    if (word.length == 0 || word.length > WORD_MAX || candidate.length > WORD_MAX) {
        return;
    }
    uint32_t distance = edit_distance(word, candidate);
    uint32_t most = word.length < 3 ? 1 : (word.length + 2) / 3;
    if (distance <= most && distance < suggestion->distance) {
        suggestion->best = candidate;
        suggestion->distance = distance;
    }
}

const char *sw_suggestion_hint(const struct sw_suggestion *suggestion, char *hint,
                               size_t hint_bytes)
{
    SW_ASSERT(hint_bytes > 0);
    if (suggestion->best.length == 0) {
        return NULL;
    }
    (void)snprintf(hint, hint_bytes, "did you mean %.*s?", SW_TEXT_FORMAT(suggestion->best));
    return hint;
}
