/**
 * What is wrong in a file that a person wrote: where, what, and what to do about it.
 *
 * Loaders of maps, packs, scenarios add to a report and go on, so that one run shows every mistake.
 * A diagnostic prints as `FILE:LINE:COLUMN: error: MESSAGE` with the hint on a line of its own.
 */
#ifndef SHAREWATCH_DIAGNOSTIC_H
#define SHAREWATCH_DIAGNOSTIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/text.h>

enum sw_severity { SW_SEVERITY_ERROR, SW_SEVERITY_WARNING };

struct sw_diagnostic {
    enum sw_severity severity;
    char file[256];
    uint32_t line;   // from 1; 0 means the whole file
    uint32_t column; // from 1, in characters
    char message[320];
    char hint[512]; // empty when there is none
};

struct sw_report {
    struct sw_diagnostic *items; // [capacity]; NULL when there are none yet
    uint32_t count;
    uint32_t capacity;
    uint32_t error_total;   // also those beyond the most that are kept
    uint32_t warning_total; // likewise
};

struct sw_place {
    const char *file;
    uint32_t line;
    uint32_t column;
};

/** Adds an error at @place. @hint may be NULL. A zeroed report is empty and ready. */
void sw_report_error(struct sw_report *report, struct sw_place place, const char *hint,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/** As sw_report_error(), for what is allowed but probably not meant. */
void sw_report_warning(struct sw_report *report, struct sw_place place, const char *hint,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Prints all, in order of file, line and column. */
void sw_report_print(struct sw_report *report, FILE *stream);

/** Prints the same as one JSON array of {file, line, column, severity, message, hint}. */
void sw_report_print_json(struct sw_report *report, FILE *stream);

/** Frees the items; the report is empty and ready again. */
void sw_report_free(struct sw_report *report);

/**
 * Finds what was probably meant. Offer each candidate in turn; `best` is the nearest within a third
 * of the length of the word, or empty.
 */
struct sw_suggestion {
    struct sw_text word;
    struct sw_text best;
    uint32_t distance; // of `best`; edits, a swap of neighbours counts one
};

void sw_suggestion_init(struct sw_suggestion *suggestion, struct sw_text word);
void sw_suggestion_offer(struct sw_suggestion *suggestion, struct sw_text candidate);

/** Writes `did you mean X?` into @hint and returns it, or NULL when nothing is near. */
const char *sw_suggestion_hint(const struct sw_suggestion *suggestion, char *hint,
                               size_t hint_bytes);

#endif
