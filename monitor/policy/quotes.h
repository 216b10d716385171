/**
 * Where the quotes of a JSON text stand, found 32 or 64 bytes at a time before the text is read.
 *
 * In a text without backslash, control character and anything that is not ASCII, each quote begins
 * or ends a string, and what stands between the two is the string. Such a text is plain.
 */
#ifndef SHAREWATCH_QUOTES_H
#define SHAREWATCH_QUOTES_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/policy.h>
#include <sharewatch/text.h>

#define SW_QUOTES_TEXT_MAX 32768 // bytes of a text that is looked through
#define SW_QUOTES_AHEAD    64    // positions that may be written past the last one
#define SW_QUOTES_PADDING  128   // bytes behind the text, of which 64 at least are spaces

struct sw_quotes {
    enum sw_machine machine; // on SW_MACHINE_PORTABLE no text counts as plain
    char *bytes;             // [SW_QUOTES_TEXT_MAX + SW_QUOTES_PADDING], the text
    uint32_t *positions; // [SW_QUOTES_TEXT_MAX + SW_QUOTES_AHEAD], ascending; four of the text's
                         // length stand behind the last
};

/** Reserves memory. @machine: take this one for no better than that. */
void sw_quotes_open(struct sw_quotes *quotes, enum sw_machine machine);
void sw_quotes_close(struct sw_quotes *quotes);

/** Copies @text and finds its quotes. False: it is not plain, or too long. */
bool sw_quotes_find(struct sw_quotes *quotes, struct sw_text text);

#endif
