/**
 * Case folding: simple, one code point to one (Unicode CaseFolding.txt, statuses C and S).
 *
 * Sigma compares text without regard to case. Both sides are folded: rules when they are loaded,
 * values of an event once. Bytes that are not UTF-8 stay as they are.
 */
#ifndef SHAREWATCH_FOLD_H
#define SHAREWATCH_FOLD_H

#include <stdint.h>

#include <sharewatch/text.h>

/** The most bytes that @length bytes fold to: a two-byte letter may fold to a three-byte one. */
#define SW_FOLD_BYTES_MAX(length) ((length) + (length) / 2 + 1)

/** Writes @text, folded, to @out of at least SW_FOLD_BYTES_MAX bytes; returns the length. */
uint32_t sw_fold(struct sw_text text, char *out);

/** The folded form of the code point @code. */
uint32_t sw_fold_code(uint32_t code);

/** Bytes of the UTF-8 character at @bytes of at most @left (at least 1); a byte that starts no
 *  well-formed character counts as one of its own. @code, unless NULL, gets the code point. */
uint32_t sw_utf8_character(const char *bytes, uint32_t left, uint32_t *code);

/** Writes @code as UTF-8 to @bytes and returns how many they are. */
uint32_t sw_utf8_write(uint32_t code, char bytes[4]);

#endif
