/**
 * Where the quotes of a JSON text stand, found 64 bytes at a time before the text is read.
 *
 * In a text without backslash, control character and anything that is not ASCII, each quote begins
 * or ends a string, and every string between two of them is valid. So the strings of such a text,
 * the usual case, need not be walked through again. Others are read byte by byte.
 */
#ifndef SHAREWATCH_QUOTES_H
#define SHAREWATCH_QUOTES_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#define SW_QUOTES_TEXT_MAX 32768 // bytes of a text that is indexed
#define SW_QUOTES_AHEAD    64    // positions that may be written past the last one

struct sw_quotes {
    uint32_t *positions; // [SW_QUOTES_TEXT_MAX + SW_QUOTES_AHEAD], ascending; two of the length
                         // stand behind the last
    uint32_t count;
};

/** True when this machine has the instructions that finding takes. */
bool sw_quotes_can_find(void);

/** Finds the quotes of @text. False: it is not plain, or too long. */
bool sw_quotes_find(struct sw_quotes *quotes, struct sw_text text);

#endif
