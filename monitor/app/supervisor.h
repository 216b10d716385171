/**
 * Child programs under one roof: started, listened to, told to end, and never left behind.
 *
 * A child stands in a session and process group of its own, so that Ctrl-C reaches only the
 * supervisor, which ends its children in order. The kernel kills a child when the supervisor is
 * gone, however that came about: each is started through `sharewatch-monitor tether`, which asks
 * for that and then becomes the program.
 *
 * A child may report on its descriptor SW_CHILD_STATUS_FD, a line of JSON a time. What it writes to
 * standard error is kept, the last lines of it, as the reason of its death.
 */
#ifndef SHAREWATCH_SUPERVISOR_H
#define SHAREWATCH_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_CHILD_STATUS_FD     3
#define SW_CHILD_ARGUMENTS_MAX 48
#define SW_CHILD_LINE_BYTES    1024
#define SW_CHILD_TAIL_LINES    6

struct sw_child;

/** A whole line came from the child, without its end. */
typedef void (*sw_child_line_fn)(struct sw_child *child, struct sw_text line);

/** The child is gone and all it wrote has been read; it may be started again at once. */
typedef void (*sw_child_end_fn)(struct sw_child *child);

/** Cuts a stream of bytes into lines; one that is too long is cut. */
struct sw_child_stream {
    uv_pipe_t pipe;
    struct sw_child *child;
    sw_child_line_fn on_line;
    char line[SW_CHILD_LINE_BYTES];
    uint32_t used;
};

struct sw_child {
    /* Set by the caller before the start. */
    const char *name;           // for people: "broker"
    void *context;              // the caller's
    sw_child_line_fn on_status; // NULL: not listened to
    sw_child_line_fn on_error;  // of standard error, besides the tail; may be NULL
    sw_child_end_fn on_end;

    bool planned; // its next end is wanted: the caller sets it and takes it back

    /* Read by anyone. */
    bool running;
    int64_t exit_code;                                   // after the end
    int exit_signal;                                     // after the end; 0: it ended by itself
    uint32_t start_total;                                // how often it was started
    char tail[SW_CHILD_TAIL_LINES][SW_CHILD_LINE_BYTES]; // a ring of its last lines
    uint32_t tail_total;                                 // lines it has written

    /* The supervisor's own. */
    uv_process_t process;
    uv_timer_t patience; // runs from sw_child_stop() to the end
    struct sw_child_stream status;
    struct sw_child_stream errors;
    char read_buffer[4096];
    uint32_t handles_open;
};

/**
 * Starts @program with @arguments, NULL-terminated, the first of them its own name. SW_IO: it could
 * not be started, libuv's reason is in @sentence [SW_CHILD_LINE_BYTES]. A program that does not
 * exist ends by itself, with exit code 127 and a sentence in its tail.
 */
enum sw_status sw_child_start(struct sw_child *child, uv_loop_t *loop, const char *program,
                              const char *const *arguments, char *sentence) SW_MUST_CHECK;

/** Sends @signal to the child and all that it started; nothing when it is not running. */
void sw_child_signal(struct sw_child *child, int signal);

/**
 * Asks the child to end (SIGTERM), and kills it when it has not after @grace_ms. mosquitto 2.0.11
 * needs the second: a SIGTERM between its word that it runs and the start of its loop is lost.
 */
void sw_child_stop(struct sw_child *child, uint64_t grace_ms);

/** Says in @text how the child ended: "was killed by signal 9 (Killed)". */
void sw_child_reason(const struct sw_child *child, char *text, size_t text_bytes);

/** Prints the last lines the child wrote to standard error, each after @prefix. */
void sw_child_print_tail(const struct sw_child *child, const char *prefix);

/** The command behind `tether PARENT PROGRAM ARGV0 …`: becomes PROGRAM, bound to the parent's life.
 *  Returns only when it fails. */
int sw_child_tether(int argc, char **argv);

#endif
