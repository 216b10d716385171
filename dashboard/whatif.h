/**
 * What another policy would have changed: runs `sharewatch diff` on the log, as a program of its
 * own, so that the page says what the command says and a long comparison holds up nobody.
 *
 * One comparison runs at a time; its result is kept until the log grows or something else is asked.
 */
#ifndef SHAREWATCH_DASHBOARD_WHATIF_H
#define SHAREWATCH_DASHBOARD_WHATIF_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>
#include <uv.h>

#include <sharewatch/data.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "http.h"
#include "query.h"

#define SW_WHATIF_BYTES      ((size_t)512 * 1024) // of the result; rules × a line
#define SW_WHATIF_SECONDS    120u
#define SW_WHATIF_PACKS_MAX  64u
#define SW_WHATIF_ASKED      400u
#define SW_WHATIF_PACK_BYTES 64u

enum sw_whatif_state {
    SW_WHATIF_IDLE,
    SW_WHATIF_RUNNING,
    SW_WHATIF_DONE,   // `bytes` holds the result
    SW_WHATIF_FAILED, // `bytes` holds what the program said
};

struct sw_whatif_pack {
    char name[SW_WHATIF_PACK_BYTES];
    char title[160];
    char version[32];
};

struct sw_whatif {
    uv_loop_t *loop;
    struct sw_http *http;
    const char *log_path;
    char program[SW_PATH_BYTES]; // empty: not built, there are no comparisons
    struct sw_whatif_pack packs[SW_WHATIF_PACKS_MAX];
    uint32_t pack_count;
    enum sw_whatif_state state;
    bool ending;
    int handles;                       // of the running comparison that are still open
    char asked[SW_WHATIF_ASKED];       // what the result is of: parameters and head of the log
    struct MHD_Connection *connection; // that waits, suspended; NULL: none
    uv_process_t process;
    uv_pipe_t out, err;
    uv_timer_t timeout;
    uint32_t length;
    uint32_t error_length;
    char bytes[SW_WHATIF_BYTES];
    char error[1024];
};

/** Finds the program and the packs that there are. */
void sw_whatif_init(struct sw_whatif *whatif, uv_loop_t *loop, struct sw_http *http,
                    const char *log_path);

/**
 * The comparison that @query asks for, of the log up to @head. SW_OK: `bytes` [`length`] is the
 * result; SW_EMPTY: it runs, @connection is suspended and asks again when it is resumed; SW_FULL:
 * another one runs; SW_INVALID: `error` says why it failed; SW_NOT_FOUND: there is no program.
 */
enum sw_status sw_whatif_ask(struct sw_whatif *whatif, const struct sw_query *query, int64_t head,
                             struct MHD_Connection *connection) SW_MUST_CHECK;

/** Ends a comparison that runs and lets its connection go on. */
void sw_whatif_stop(struct sw_whatif *whatif);

#endif
