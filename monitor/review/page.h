/**
 * A report as Markdown, HTML or CSV: headings, sentences and tables, written as they come.
 *
 * Texts of a log are escaped for each form, so that none becomes markup, a script or a formula. The
 * HTML stands by itself: one file, no script, no address, fit for printing. CSV has the tables
 * only, one after another, each row led by the name of its table.
 */
#ifndef SHAREWATCH_PAGE_H
#define SHAREWATCH_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/text.h>

enum sw_page_form { SW_PAGE_MARKDOWN, SW_PAGE_CSV, SW_PAGE_HTML };

struct sw_page {
    FILE *stream;
    enum sw_page_form form;
    const char *table; // name of the table that is open, for CSV
    uint32_t cells;    // of the row that is open
};

/** Begins a page called @title. */
void sw_page_begin(struct sw_page *page, FILE *stream, enum sw_page_form form, const char *title);
void sw_page_end(struct sw_page *page);

/** A heading below the title, a paragraph, one line of a list of facts. */
void sw_page_heading(struct sw_page *page, const char *text);
void sw_page_paragraph(struct sw_page *page, const char *text);
void sw_page_fact(struct sw_page *page, const char *name, const char *text);

/** A table called @name (a short word) with @columns [@count]; its rows, cell by cell. */
void sw_page_table(struct sw_page *page, const char *name, const char *const *columns,
                   uint32_t count);
void sw_page_cell(struct sw_page *page, struct sw_text text);
void sw_page_number(struct sw_page *page, uint64_t number);
void sw_page_row_end(struct sw_page *page);
void sw_page_table_end(struct sw_page *page);

#endif
