/** Inside of exhibit.c: facts and tables, written as HTML or as JSON. Each has a short name for
 *  programs and a long one for people. */
#ifndef SHAREWATCH_EXHIBIT_SHEET_H
#define SHAREWATCH_EXHIBIT_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#include "exhibit.h"

struct sw_exhibit_sheet {
    struct sw_buffer *out;
    enum sw_exhibit_form form;
    bool first; // of the members of an object, or the cells of a row
};

void sw_exhibit_begin(struct sw_exhibit_sheet *sheet, const char *title);
void sw_exhibit_end(struct sw_exhibit_sheet *sheet);

/** A group of facts; empty texts are left out. */
void sw_exhibit_facts(struct sw_exhibit_sheet *sheet, const char *key, const char *heading);
void sw_exhibit_fact(struct sw_exhibit_sheet *sheet, const char *key, const char *name,
                     const char *text);
void sw_exhibit_facts_end(struct sw_exhibit_sheet *sheet);

/** A table; cells are given with the short name of their column. */
void sw_exhibit_table(struct sw_exhibit_sheet *sheet, const char *key, const char *heading,
                      const char *const *columns, uint32_t count);
void sw_exhibit_row(struct sw_exhibit_sheet *sheet, bool first);
void sw_exhibit_cell(struct sw_exhibit_sheet *sheet, const char *key, const char *text);
void sw_exhibit_row_end(struct sw_exhibit_sheet *sheet);
void sw_exhibit_table_end(struct sw_exhibit_sheet *sheet);

/** A list of sentences. */
void sw_exhibit_list(struct sw_exhibit_sheet *sheet, const char *key, const char *heading,
                     const char *const *sentences, uint32_t count);

#endif
