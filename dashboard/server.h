/**
 * The server: what each route does, who may ask for it, and what is written to whom.
 */
#ifndef SHAREWATCH_DASHBOARD_SERVER_H
#define SHAREWATCH_DASHBOARD_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "access.h"
#include "asof.h"
#include "body.h"
#include "export.h"
#include "http.h"
#include "inbox.h"
#include "job.h"
#include "kept.h"
#include "limits.h"
#include "live.h"
#include "pace.h"
#include "store.h"
#include "verified.h"
#include "watch.h"
#include "whatif.h"

#define SW_HOSTS_MAX    8u
#define SW_REPLAY_BYTES 4096u

struct sw_post {
    bool used;
    uint32_t length;
    bool too_long;
    char bytes[SW_BODY_BYTES];
};

struct sw_server {
    uv_loop_t *loop;
    struct sw_store store;
    struct sw_inbox inbox;
    int64_t edited_row; // the first review that is not as it was written; 0: none
    struct sw_access access;
    struct sw_http http;
    struct sw_live live;
    struct sw_watch watch;
    struct sw_whatif whatif;
    struct sw_asof asof;
    struct sw_pace pace;
    struct sw_verified verified;
    struct sw_kept_answers kept;
    struct sw_job replay; // `sharewatch replay` over the whole log
    char replay_bytes[SW_REPLAY_BYTES];
    const char *asset_folder;      // --assets: the page's files from there; NULL: embedded
    char hosts[SW_HOSTS_MAX][128]; // what may stand in Host; [host_count]
    uint32_t host_count;
    char origins[SW_HOSTS_MAX][144]; // likewise in Origin
    char cookie[32];                 // the cookie's name, which holds the port
    bool tls;
    void (*link_used)(struct sw_server *server); // tells the next one-time link
    int status_fd;                               // of the caller; -1: none
    uint64_t requests_total;
    uint64_t errors_total;  // answers of 500 and above
    uint64_t refused_total; // answers of 400 to 499
    uint64_t answer_ns_total;
    char answer[SW_ANSWER_BYTES];
    struct sw_post posts[SW_BODIES_MAX];
    struct sw_export exports[SW_EXPORTS_MAX];
    struct sw_review_request review;
    struct sw_case_request case_request;
};

/** Callbacks of libmicrohttpd; @context is the server. */
enum MHD_Result sw_server_handle(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_bytes, void **request);
void sw_server_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code);

/** Works out what may stand in Host and Origin, given the address; @names [@name_count] are more.
 */
enum sw_status sw_server_set_hosts(struct sw_server *server, const char *address,
                                   const char *const *names, uint32_t name_count) SW_MUST_CHECK;

/** Takes in what the log has new; for sw_watch. */
bool sw_server_look(void *context);

#endif
