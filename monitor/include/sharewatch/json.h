/**
 * A strict JSON reader that allocates nothing (RFC 8259, UTF-8 only).
 *
 * It hands out one token after the other. Text without escapes points into the input; text with
 * escapes is written to the caller's scratch memory. Every error has a reason and a byte position.
 * Not accepted: a byte order mark, bytes after the value, invalid UTF-8, lone surrogates, `\u0000`,
 * more than SW_JSON_DEPTH_MAX levels. Duplicate keys are the caller's to find, since only the
 * caller knows its keys.
 */
#ifndef SHAREWATCH_JSON_H
#define SHAREWATCH_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#define SW_JSON_DEPTH_MAX 32 // objects and arrays, one in another

enum sw_json_token {
    SW_JSON_OBJECT,     // {
    SW_JSON_OBJECT_END, // }
    SW_JSON_ARRAY,      // [
    SW_JSON_ARRAY_END,  // ]
    SW_JSON_KEY,        // `text` is the key
    SW_JSON_TEXT,       // `text`
    SW_JSON_INTEGER,    // `integer`; a whole number that fits 64 bits
    SW_JSON_REAL,       // `real`; any other number
    SW_JSON_BOOL,       // `boolean`
    SW_JSON_NULL,
    SW_JSON_END,   // the value is complete and nothing follows
    SW_JSON_ERROR, // `error` and `error_position`; every further call gives it again
};

// X(name, code as it stands in the quarantine table, text)
#define SW_JSON_ERROR_LIST(X)                                                                      \
    X(SW_JSON_ERROR_NONE, "none", "no error")                                                      \
    X(SW_JSON_ERROR_SYNTAX, "json_syntax", "not JSON here")                                        \
    X(SW_JSON_ERROR_END, "json_truncated", "the text ends inside the value")                       \
    X(SW_JSON_ERROR_TRAILING, "json_trailing", "bytes after the end of the value")                 \
    X(SW_JSON_ERROR_UTF8, "utf8", "not valid UTF-8")                                               \
    X(SW_JSON_ERROR_ESCAPE, "json_escape", "bad escape, lone surrogate or NUL in text")            \
    X(SW_JSON_ERROR_CONTROL, "json_control", "control character in text")                          \
    X(SW_JSON_ERROR_NUMBER, "json_number", "not a number, or too large")                           \
    X(SW_JSON_ERROR_DEPTH, "json_depth", "nested too deeply")                                      \
    X(SW_JSON_ERROR_SCRATCH, "text_too_long", "escaped text over the limit")

#define SW_JSON_ERROR_ENUM(name, code, text) name,
enum sw_json_error { SW_JSON_ERROR_LIST(SW_JSON_ERROR_ENUM) };
#undef SW_JSON_ERROR_ENUM

struct sw_json {
    const char *bytes; // [length], the input
    uint32_t length;
    uint32_t position;       // of the next byte to read
    uint32_t token_position; // where the last token starts
    char *scratch;           // [scratch_capacity], for text with escapes
    uint32_t scratch_capacity;
    uint32_t scratch_used;
    uint32_t depth;
    uint8_t state;                        // what may follow
    uint8_t in_object[SW_JSON_DEPTH_MAX]; // per level: 1 object, 0 array
    struct sw_text text;
    int64_t integer;
    double real;
    bool boolean;
    enum sw_json_error error;
    uint32_t error_position; // byte
};

/** Starts reading @input; @scratch lives as long as the texts that are handed out. */
void sw_json_init(struct sw_json *json, struct sw_text input, char *scratch,
                  uint32_t scratch_capacity);

/** The next token. */
enum sw_json_token sw_json_next(struct sw_json *json);

/** Reads on past the end of the object or array that @token began; a scalar @token is done already.
 *  False on an error in it. */
bool sw_json_skip(struct sw_json *json, enum sw_json_token token);

/** The code of @error as the quarantine table holds it, and its text for people. */
const char *sw_json_error_code(enum sw_json_error error);
const char *sw_json_error_text(enum sw_json_error error);

#endif
