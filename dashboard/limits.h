/**
 * The most of everything that the dashboard holds, with the sum beside each.
 */
#ifndef SHAREWATCH_DASHBOARD_LIMITS_H
#define SHAREWATCH_DASHBOARD_LIMITS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// 300 live pages and 84 short requests at once; MHD makes further ones wait.
#define SW_CONNECTIONS_MAX 384u
// What one connection may hold: its header lines, then its answer's head and one chunk.
#define SW_CONNECTION_BYTES ((size_t)16 * 1024)
// A reader elsewhere (not loopback) has six connections a browser and a few browsers behind one
// address.
#define SW_CONNECTIONS_PER_ADDRESS 64u
#define SW_CONNECTION_IDLE_SECONDS 60u
// The head of a request, and a body, have to be here within so long; the next request of a
// connection within what idle connections have, and this.
#define SW_HEAD_MS 15000u
#define SW_BODY_MS 30000u
#define SW_NEXT_MS (SW_CONNECTION_IDLE_SECONDS * 1000u + SW_HEAD_MS)
// The largest list: 200 alerts of about 2 kB, with room for text that needs escapes.
#define SW_ANSWER_BYTES ((size_t)2 * 1024 * 1024)
// 5,000 ids of 20 digits, and a note.
#define SW_BODY_BYTES ((size_t)128 * 1024)
// Requests with a body that are read at the same time; more are asked to come again.
#define SW_BODIES_MAX 8u
// Streamed lists and files at the same time; each has a connection to the log and a block.
#define SW_EXPORTS_MAX        8u
#define SW_EXPORT_BLOCK_BYTES ((size_t)192 * 1024) // an event's payload of 64 kB, escaped
// Groups of alerts: rule × edge × verdict × level, several times what the map and its rules give.
#define SW_GROUPS_MAX 4096u
// Pairs of systems, verdicts and levels in one map.
#define SW_FLOWS_MAX    2048u
#define SW_PAGE_DEFAULT 50u
#define SW_PAGE_MAX     200u
// Ids in one review; more are answered with what remains.
#define SW_REVIEW_IDS_MAX 5000u
#define SW_NOTE_BYTES     1001u
#define SW_ACTOR_BYTES    65u
// A statement that runs longer than this ends, and its answer says so.
#define SW_STATEMENT_MS_MAX 2000
// Alerts taken into the inbox in one turn of the loop: about 10 ms.
#define SW_TAIL_BATCH 2000
// A live page that is further behind is told to load anew.
#define SW_LIVE_BEHIND_MAX 500

// Sources whose habits are followed, as many as the monitor follows; 40 bytes each.
#define SW_PACE_SOURCES_MAX 4096u

static_assert((size_t)SW_CONNECTIONS_MAX * SW_CONNECTION_BYTES + SW_ANSWER_BYTES +
                      (size_t)SW_BODIES_MAX * SW_BODY_BYTES +
                      (size_t)SW_EXPORTS_MAX * SW_EXPORT_BLOCK_BYTES <
                  (size_t)12 * 1024 * 1024,
              "what connections, answers and bodies may take stays below 12 MB");

#endif
