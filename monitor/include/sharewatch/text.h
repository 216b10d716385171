/**
 * Text as bytes and a length, and a bounded buffer to write text into.
 *
 * A text does not own its bytes and need not end in NUL. A buffer never grows: what does not fit is
 * left out whole and the buffer says so, so that a cut value is never mistaken for a value.
 */
#ifndef SHAREWATCH_TEXT_H
#define SHAREWATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sw_text {
    const char *bytes; // [length], or NULL when length is 0
    uint32_t length;   // bytes
};

/** A text from a string literal. */
#define SW_TEXT(literal) ((struct sw_text){.bytes = (literal), .length = sizeof(literal) - 1})

/** For printf: `"%.*s", SW_TEXT_FORMAT(text)`. */
#define SW_TEXT_FORMAT(text) (int)(text).length, (text).bytes != NULL ? (text).bytes : ""

/** A text over the NUL-terminated @string, which must outlive it; NULL gives the empty text. */
struct sw_text sw_text_from(const char *string);

bool sw_text_equal(struct sw_text a, struct sw_text b);

/** Equality that ignores the case of the ASCII letters. */
bool sw_text_equal_fold(struct sw_text a, struct sw_text b);

bool sw_text_starts_with(struct sw_text text, struct sw_text prefix);

/** Less than, equal to or greater than zero, in byte order. */
int sw_text_compare(struct sw_text a, struct sw_text b);

/** A 64-bit FNV-1a hash. Not for anything an adversary may choose the cost of. */
uint64_t sw_text_hash(struct sw_text text);

/** A quicker one for tables in memory: eight bytes at a time, so it differs between machines of
 *  other byte order and must never be stored. */
uint64_t sw_text_mix(struct sw_text text);

struct sw_buffer {
    char *bytes;       // [capacity], owned by the caller, NUL-terminated after every call
    uint32_t capacity; // bytes, at least 1
    uint32_t length;   // bytes written, below capacity
    bool overflowed;   // something did not fit and was left out
};

/** Starts an empty buffer over @bytes. */
void sw_buffer_init(struct sw_buffer *buffer, char *bytes, uint32_t capacity);

/** Each append is all or nothing: when it does not fit, the buffer stays and `overflowed` is set.
 */
void sw_buffer_append(struct sw_buffer *buffer, struct sw_text text);
void sw_buffer_append_string(struct sw_buffer *buffer, const char *string);
void sw_buffer_append_format(struct sw_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Appends @text as a JSON string with its quotes; control characters are escaped. */
void sw_buffer_append_json(struct sw_buffer *buffer, struct sw_text text);

/** Writes @text likewise, however long it is; what fails shows in ferror() of @stream. */
void sw_text_print_json(struct sw_text text, FILE *stream);

/** Writes @count @bytes as 2 * @count lower-case hexadecimal digits and a NUL. */
void sw_text_hex(const uint8_t *bytes, size_t count, char *text);

/** What was written so far. */
struct sw_text sw_buffer_text(const struct sw_buffer *buffer);

#endif
