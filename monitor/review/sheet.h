/**
 * A table of counts as reports have it, and what of it may be published.
 *
 * A sheet has rows and columns of counts. Its last column is the sum of the others, its last row
 * the sum of all rows, once sw_sheet_total() was called.
 *
 * Small numbers tell of single people, so a public copy withholds them, and with them whatever
 * would give them away: a number can be worked out from a sum and the other numbers of its line.
 */
#ifndef SHAREWATCH_SHEET_H
#define SHAREWATCH_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#define SW_SHEET_COLUMNS_MAX 8   // with the sum
#define SW_SHEET_ROWS_MAX    130 // with the sum; rows beyond are added to "all others"
#define SW_SHEET_LABEL_BYTES 200
#define SW_SHEET_SMALL       11 // the smallest number that is published

struct sw_sheet_cell {
    uint64_t value;
    bool hidden;
};

struct sw_sheet_row {
    char label[SW_SHEET_LABEL_BYTES];
    bool fixed; // stays in a public copy as a row of its own
    struct sw_sheet_cell cells[SW_SHEET_COLUMNS_MAX];
};

struct sw_sheet {
    const char *columns[SW_SHEET_COLUMNS_MAX]; // [column_count]
    uint32_t column_count;                     // with the sum, if there is one
    uint32_t row_count;                        // likewise
    bool totalled;                             // the last row and column are sums
    struct sw_sheet_row rows[SW_SHEET_ROWS_MAX];
};

/** Starts an empty sheet with @columns [@column_count], which outlive it; the sum is added later.
 */
void sw_sheet_init(struct sw_sheet *sheet, const char *const *columns, uint32_t column_count);

/** The row called @label, made when it is not there; the last one, "all others", when there is no
 *  room. */
struct sw_sheet_row *sw_sheet_row(struct sw_sheet *sheet, struct sw_text label);

/** Adds the row and the column of sums. Once. */
void sw_sheet_total(struct sw_sheet *sheet);

/** The sum of all cells. */
uint64_t sw_sheet_sum(const struct sw_sheet *sheet);

/**
 * Makes a public copy of the totalled @sheet. Rows that are not fixed and small as a whole become
 * one row. Then numbers from 1 to @small - 1 are hidden, and as many others as it takes that each
 * hidden one could still be at least @small different numbers, for somebody who knows all that is
 * shown, all sums, and that what is hidden is not zero. Zeros are shown: they tell of nobody, and
 * they are what is asked for. Which sums of columns are hidden follows, where that is possible,
 * from these sums alone, so that tables of the same events in other rows do not give away each
 * other's.
 * @small: at least 2.
 */
void sw_sheet_publish(struct sw_sheet *sheet, uint32_t small);

#endif
