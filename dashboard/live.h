/**
 * The live stream (Server-Sent Events). The log is the queue: a page on the stream is one number,
 * the last alert it was sent, so nothing is buffered for it and nothing can be dropped.
 *
 *   event: alert   id: ALERT  data: the line of one alert
 *   event: review  data: {"review": SEQ}       somebody reviewed
 *   event: flow    data: {"hop": ID}           the counts of the map moved; at most one a second
 *   event: status  data: as /api/status        each five seconds
 *   event: gap     data: {"behind": N}         too far behind: load anew
 *   event: bye                                 the server ends
 */
#ifndef SHAREWATCH_DASHBOARD_LIVE_H
#define SHAREWATCH_DASHBOARD_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>
#include <uv.h>

#include <sharewatch/status.h>

#include "http.h"
#include "inbox.h"
#include "store.h"

#define SW_LIVE_LINES      64 // rendered alerts that are kept, so that 300 pages cost one query
#define SW_LIVE_LINE_BYTES 1536
#define SW_LIVE_DELAYS     5 // see sw_live_delays_ms

/** Bounds of the counts in `delays_total`; what is above all of them counts in the last place. */
extern const int64_t sw_live_delays_ms[SW_LIVE_DELAYS - 1];

struct sw_live_client {
    struct sw_live *live; // NULL: the slot is free
    struct MHD_Connection *connection;
    bool suspended;
    bool greeted;
    int64_t alert; // the last one sent
    int64_t review;
    int64_t hop;
    uint64_t status; // turns of the five-second clock that were sent
    uint64_t beat;
};

struct sw_live_line {
    int64_t alert;
    uint32_t length;
    char bytes[SW_LIVE_LINE_BYTES];
};

struct sw_live {
    struct sw_store *store;
    const struct sw_inbox *inbox;
    struct sw_http *http;
    uv_timer_t second;
    uint64_t seconds;
    int64_t hop;     // that pages are told of
    uint64_t status; // turns of the five-second clock
    uint64_t beat;
    bool ending;
    uint32_t client_count;
    uint64_t sent_total;
    int64_t fresh;                         // alerts above this came while the server ran
    uint64_t delays_total[SW_LIVE_DELAYS]; // of fresh alerts: from the monitor having the event to
    int64_t delay_ms_total;                // the first page being sent the alert
    char status_bytes[2048];
    uint32_t status_length;
    struct sw_live_line lines[SW_LIVE_LINES];
    struct sw_live_client clients[SW_CONNECTIONS_MAX];
};

void sw_live_start(struct sw_live *live, uv_loop_t *loop, struct sw_store *store,
                   const struct sw_inbox *inbox, struct sw_http *http);

/** Takes @connection on the stream, after alert @after (negative: from the head). */
enum MHD_Result sw_live_join(struct sw_live *live, struct MHD_Connection *connection,
                             int64_t after);

/** Something is new: wakes the pages that wait. */
void sw_live_wake(struct sw_live *live);

/** Says goodbye and lets all go on, so that the server can end. */
void sw_live_stop(struct sw_live *live);

#endif
