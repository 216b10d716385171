/**
 * Strings and numbers of a JSON text, byte by byte: the way of texts that are not plain (quotes.h).
 */
#ifndef SHAREWATCH_TOKEN_H
#define SHAREWATCH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "scan.h"

/** Sets the error of @scanner unless it has one; always false. */
bool sw_scan_fail(struct sw_scanner *scanner, const char *error);

/** Moves `at` past white space. */
void sw_skip_space(struct sw_scanner *scanner);

/** Reads the string whose quote stands at `at`. */
bool sw_read_string(struct sw_scanner *scanner, struct sw_text *text);

/** Appends to `text` of @scanner. False: there is no room. */
bool sw_put_text(struct sw_scanner *scanner, const char *bytes, size_t length);

/** The end of a JSON number at `at`, or NULL. @whole: digits only. */
const char *sw_number_end(const struct sw_scanner *scanner, bool *whole);

/** Fills @datum with the number written as @text. False: it is too large, or there is no room. */
bool sw_fill_number(struct sw_scanner *scanner, struct sw_datum *datum, struct sw_text text);

#endif
