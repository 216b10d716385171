/**
 * How far the log is verified: what `sharewatch verify` said last, kept while it runs again.
 *
 * It runs by itself, at a low priority, as a page asks how far the log is verified, whatever its
 * size, and at once when somebody asks for that.
 */
#ifndef SHAREWATCH_DASHBOARD_VERIFIED_H
#define SHAREWATCH_DASHBOARD_VERIFIED_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sharewatch/text.h>

#include "http.h"
#include "job.h"

#define SW_VERIFIED_BYTES   8192u
#define SW_VERIFIED_SECONDS 7200u

struct sw_verified {
    const char *log_path;
    const char *key;       // whom to trust, as `verify --key` takes it; NULL: the log's own
    const char *witnesses; // files of heads kept elsewhere, joined by commas; NULL: none
    struct sw_job job;
    int64_t asked;     // entry at which what runs, or ran last, began
    uint64_t asked_ms; // and when, on the loop's clock
    uint64_t took_ms;  // the last run
    int64_t entry;     // the result below is of the log up to here; 0: there is none
    uint32_t length;
    char result[SW_VERIFIED_BYTES];   // JSON of the command
    char problem[SW_JOB_ERROR_BYTES]; // why there was none the last time; empty: there was one
    char bytes[SW_VERIFIED_BYTES];    // of the job
};

void sw_verified_init(struct sw_verified *verified, uv_loop_t *loop, struct sw_http *http,
                      const char *log_path, const char *key, const char *witnesses);

/**
 * Takes in what came of the last run, and begins another when the log, which ends at @head, has
 * grown since: at once when @now, else when the last run is a while ago. True while one runs.
 * @now_ms: the loop's clock.
 */
bool sw_verified_look(struct sw_verified *verified, int64_t head, bool now, uint64_t now_ms);

#endif
