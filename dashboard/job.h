/**
 * Another verb of sharewatch, run as a program of its own: so the page says what the command says,
 * and a long one holds up nobody. The program is started without a shell.
 *
 * A job runs one thing at a time; what came of it is kept until something else is asked.
 */
#ifndef SHAREWATCH_DASHBOARD_JOB_H
#define SHAREWATCH_DASHBOARD_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>
#include <uv.h>

#include <sharewatch/data.h>
#include <sharewatch/status.h>

#include "http.h"

#define SW_JOB_SECONDS     120u // unless `seconds` says otherwise
#define SW_JOB_ASKED_BYTES 400u
#define SW_JOB_ERROR_BYTES 1024u

enum sw_job_state {
    SW_JOB_IDLE,
    SW_JOB_RUNNING,
    SW_JOB_DONE,   // `bytes` holds the result
    SW_JOB_FAILED, // `error` holds what the program said
};

struct sw_job {
    uv_loop_t *loop;
    struct sw_http *http;
    char program[SW_PATH_BYTES]; // empty: not built, there are no jobs
    uint32_t seconds;            // a run may take
    bool background;             // it yields to all that somebody waits for
    enum sw_job_state state;
    bool ending;
    int handles;                       // of what runs that are still open
    char asked[SW_JOB_ASKED_BYTES];    // what the result is of
    struct MHD_Connection *connection; // that waits, suspended; NULL: none
    uv_process_t process;
    uv_pipe_t out, err;
    uv_timer_t timeout;
    char *bytes; // [capacity], the caller's
    uint32_t capacity;
    uint32_t length;
    uint32_t error_length;
    char error[SW_JOB_ERROR_BYTES];
};

/** Finds the program. Results go to @bytes [@capacity], which outlives the job. */
void sw_job_init(struct sw_job *job, uv_loop_t *loop, struct sw_http *http, char *bytes,
                 uint32_t capacity);

/**
 * Asks for what @words (the verb and its arguments, ended by NULL) print; @asked names it, with all
 * that it depends on. SW_OK: `bytes` [`length`] is the result. SW_EMPTY: it runs now; @connection,
 * unless NULL, is suspended and asks again when it is resumed. SW_FULL: something else runs, or the
 * same for another connection. SW_INVALID: `error` says why it failed. SW_NOT_FOUND: there is no
 * program.
 */
enum sw_status sw_job_ask(struct sw_job *job, const char *const *words, const char *asked,
                          struct MHD_Connection *connection) SW_MUST_CHECK;

/** Ends what runs and lets its connection go on. */
void sw_job_stop(struct sw_job *job);

#endif
