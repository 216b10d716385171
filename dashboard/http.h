/**
 * libmicrohttpd on the libuv loop, and the answers in the one form that all of them have: security
 * headers on each, errors as JSON.
 */
#ifndef SHAREWATCH_DASHBOARD_HTTP_H
#define SHAREWATCH_DASHBOARD_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>
#include <uv.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "limits.h"

struct sw_http_config {
    const char *address;  // "127.0.0.1", "::1", "0.0.0.0"
    uint16_t port;        // 0: any free one
    const char *tls_cert; // PEM text, or NULL
    const char *tls_key;  // PEM text, or NULL
    uint32_t per_address; // connections of one address
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    void *context; // of both
};

/** A connection, and until when the rest of its request has to be here. */
struct sw_http_wait {
    bool used;
    int descriptor;
    uint64_t until_ms; // on the loop's clock; 0: the server's turn
};

struct sw_http {
    struct MHD_Daemon *daemon;
    uv_timer_t second;
    struct sw_http_wait waits[SW_CONNECTIONS_MAX];
    uint64_t ended_total; // connections that were ended because their request did not come
    uv_poll_t poll;
    uv_timer_t timer;
    uint16_t port;
    bool loopback;
    bool again;                // a resumed connection waits for another turn
    uint64_t complaints_total; // lines of libmicrohttpd's log, which abuse would make a flood
};

/** Starts to serve. SW_INVALID: not an address; SW_NETWORK: the address cannot be had; @problem
 *  [256] says why. */
enum sw_status sw_http_start(struct sw_http *http, uv_loop_t *loop,
                             const struct sw_http_config *config, char problem[256]) SW_MUST_CHECK;

/**
 * The request of @connection is here whole (@milliseconds 0), or its next part has to be within
 * @milliseconds; else the connection is ended. The head of a first request has SW_HEAD_MS. Without
 * this, who sends a byte now and then would hold a connection for ever.
 */
void sw_http_wait(struct MHD_Connection *connection, uint32_t milliseconds);

/** Goes on with connections that were resumed. */
void sw_http_kick(struct sw_http *http);

/** Ends all connections; those that are suspended are to be resumed before. */
void sw_http_stop(struct sw_http *http);

/** @memory as libmicrohttpd takes it: without const, although it only reads. */
void *sw_http_memory(const void *memory);

/** What an answer is made of. */
struct sw_reply {
    unsigned status;
    const char *type;     // Content-Type
    const char *etag;     // with quotes, or NULL
    const char *cache;    // Cache-Control; NULL: no-store
    const char *header;   // one more header's name, or NULL
    const char *value;    // its value
    const char *location; // Location, or NULL
    const char *file;     // Content-Disposition: attachment with this name, or NULL
};

/** Answers with a copy of @body. */
enum MHD_Result sw_http_reply(struct MHD_Connection *connection, const struct sw_reply *reply,
                              struct sw_text body);

/** Answers with @body, which outlives the server. */
enum MHD_Result sw_http_reply_static(struct MHD_Connection *connection,
                                     const struct sw_reply *reply, struct sw_text body);

/** Answers with what @read writes until it ends the stream; @done gets @context at the end. */
enum MHD_Result sw_http_reply_stream(struct MHD_Connection *connection,
                                     const struct sw_reply *reply, MHD_ContentReaderCallback read,
                                     MHD_ContentReaderFreeCallback done, void *context);

/** Answers `{"error": {"code", "message", "hint"}}`. @hint may be NULL. */
enum MHD_Result sw_http_error(struct MHD_Connection *connection, unsigned status, const char *code,
                              const char *message, const char *hint);

#endif
