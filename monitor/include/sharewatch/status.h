/**
 * What a function that can fail answers. One list makes the enum and its texts.
 *
 * Bad input, a full queue and a failed call are values here; a programmer's error is an assertion
 * (assert.h).
 */
#ifndef SHAREWATCH_STATUS_H
#define SHAREWATCH_STATUS_H

#define SW_MUST_CHECK __attribute__((warn_unused_result))

// X(name, text). SW_OK comes first and is 0.
#define SW_STATUS_LIST(X)                                                                          \
    X(SW_OK, "ok")                                                                                 \
    X(SW_MALFORMED, "malformed input")                                                             \
    X(SW_TOO_LONG, "longer than its limit")                                                        \
    X(SW_NOT_FOUND, "not found")                                                                   \
    X(SW_EXISTS, "exists already")                                                                 \
    X(SW_FULL, "full")                                                                             \
    X(SW_EMPTY, "empty")                                                                           \
    X(SW_INVALID, "refused, see the report")                                                       \
    X(SW_NO_MEMORY, "no memory")                                                                   \
    X(SW_IO, "input or output failed")                                                             \
    X(SW_DATABASE, "the database refused")                                                         \
    X(SW_NETWORK, "the network failed")                                                            \
    X(SW_STOPPED, "stopped")

#define SW_STATUS_ENUM(name, text) name,
enum sw_status { SW_STATUS_LIST(SW_STATUS_ENUM) };
#undef SW_STATUS_ENUM

/** The text of @status, in lower case, for the end of a message. */
const char *sw_status_text(enum sw_status status);

#endif
