/**
 * What another policy would have changed: `sharewatch diff` on the log. Its result is kept until
 * the log grows or something else is asked.
 */
#ifndef SHAREWATCH_DASHBOARD_WHATIF_H
#define SHAREWATCH_DASHBOARD_WHATIF_H

#include <stdint.h>

#include <microhttpd.h>
#include <uv.h>

#include <sharewatch/status.h>

#include "http.h"
#include "job.h"
#include "query.h"

#define SW_WHATIF_BYTES      ((size_t)512 * 1024) // of the result; rules × a line
#define SW_WHATIF_PACKS_MAX  64u
#define SW_WHATIF_PACK_BYTES 64u

struct sw_whatif_pack {
    char name[SW_WHATIF_PACK_BYTES];
    char title[160];
    char version[32];
};

struct sw_whatif {
    const char *log_path;
    struct sw_whatif_pack packs[SW_WHATIF_PACKS_MAX];
    uint32_t pack_count;
    struct sw_job job;
    char bytes[SW_WHATIF_BYTES];
};

/** Finds the program and the packs that there are. */
void sw_whatif_init(struct sw_whatif *whatif, uv_loop_t *loop, struct sw_http *http,
                    const char *log_path);

/** The comparison that @query asks for, of the log up to @head; answers as sw_job_ask(), the result
 *  being `job.bytes`. */
enum sw_status sw_whatif_ask(struct sw_whatif *whatif, const struct sw_query *query, int64_t head,
                             struct MHD_Connection *connection) SW_MUST_CHECK;

#endif
