/**
 * What a POST carries, as strict JSON; unknown keys are refused.
 *
 *   /api/reviews   {"action": "acknowledge", "ids": ["4112", …], "note": "…"}
 *                  {"action": "escalate", "filter": "verdict=PROH&state=open", "seen": "4113"}
 *                  {"action": "close", "ids": […], "reason": "allowed by rule", "note": "…"}
 *                  {"action": "duty", "ids": […], "duty": "SERVE_COPY"}
 *                  {"action": "undo", "batch": 17}
 *   /api/cases     {"number": "OIG-2026-031", "reason": "…", "chains": ["subject:TOK", …]}
 *   /api/login     {"name": "…", "password": "…"}
 */
#ifndef SHAREWATCH_DASHBOARD_BODY_H
#define SHAREWATCH_DASHBOARD_BODY_H

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "query.h"
#include "reviews.h"

#define SW_CASE_CHAINS_MAX 64u

struct sw_case_request {
    char number[SW_WORD_BYTES];
    char reason[SW_NOTE_BYTES];
    char chain_bytes[SW_CASE_CHAINS_MAX][SW_WORD_BYTES * 2];
    struct sw_text chains[SW_CASE_CHAINS_MAX]; // [chain_count], into chain_bytes
    uint32_t chain_count;
};

struct sw_login_request {
    char name[SW_ACTOR_BYTES];
    char password[256];
};

/** Each reads @body; SW_MALFORMED: @problem says what is wrong. */
enum sw_status sw_body_review(struct sw_text body, struct sw_review_request *request,
                              struct sw_query_problem *problem) SW_MUST_CHECK;
enum sw_status sw_body_case(struct sw_text body, struct sw_case_request *request,
                            struct sw_query_problem *problem) SW_MUST_CHECK;
enum sw_status sw_body_login(struct sw_text body, struct sw_login_request *request,
                             struct sw_query_problem *problem) SW_MUST_CHECK;

/** Reads `a=b&c=d`, percent-encoded, into @query. */
enum sw_status sw_body_filter(struct sw_text text, struct sw_query *query,
                              struct sw_query_problem *problem) SW_MUST_CHECK;

#endif
