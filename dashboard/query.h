/**
 * What a list is asked for: the parameters of a request's URL, read strictly.
 *
 *   state=open,escalated      verdict=PROH,REVIEW      level=3 | 2-4 | 1,3
 *   range=24h | 30d | all     from=TIME to=TIME        before=ID limit=1..200
 *   rule=NAME edge=E04 src=NODE dst=NODE group=0|1 in=GROUP q=WORDS case=NAME
 *   of exports: what=alerts|events|flows|reviews|cases|gaps|losses|refused redact=public|full
 *   of replay: as_of=ENTRY
 *   of comparisons: a=PACK,… b=PACK,… without=E16,…
 *
 * An unknown parameter or value is refused and named, so that a mistyped filter never looks like an
 * answer.
 */
#ifndef SHAREWATCH_DASHBOARD_QUERY_H
#define SHAREWATCH_DASHBOARD_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/verdict.h>

/** Where an alert stands in its review. The values are stored. */
enum sw_review_state {
    SW_STATE_OPEN,
    SW_STATE_ESCALATED,
    SW_STATE_ACKNOWLEDGED,
    SW_STATE_CLOSED,
    SW_STATE_COUNT
};

/** "open", "escalated", "acknowledged", "closed". */
const char *sw_state_name(enum sw_review_state state);

#define SW_WORD_BYTES   64
#define SW_SEARCH_BYTES 128
#define SW_LIST_BYTES   128

struct sw_query {
    uint32_t states;   // bits 1 << enum sw_review_state; 0: all
    uint32_t verdicts; // bits 1 << enum sw_verdict; 0: all
    uint32_t levels;   // bits 1 << enum sw_level; 0: all
    int64_t range_ms;  // back from the newest event; 0: no limit
    bool has_from, has_to;
    int64_t from_ms, to_ms; // [from, to)
    int64_t before;         // ids below this; 0: from the newest
    int64_t as_of;          // the log as it stood at this entry; 0: as it is
    int64_t after;          // of the live stream: the last id it has seen
    uint32_t limit;
    bool grouped;
    int64_t group;     // only this group of alerts; 0: all
    bool full;         // redact=full
    int64_t alert_max; // of as_of: the last alert by then; 0: no bound
    char rule[SW_WORD_BYTES];
    char edge[SW_WORD_BYTES];
    char from_node[SW_WORD_BYTES];
    char to_node[SW_WORD_BYTES];
    char chain_case[SW_WORD_BYTES];
    char what[SW_WORD_BYTES];
    char policy_a[SW_LIST_BYTES]; // of a comparison: packs joined by commas; empty: the log's own
    char policy_b[SW_LIST_BYTES];
    char without[SW_LIST_BYTES]; // edges
    char search[SW_SEARCH_BYTES];
};

/** Why a parameter was refused. */
struct sw_query_problem {
    char message[160];
    char hint[160]; // empty when there is none
};

/** The query of a URL without parameters. */
void sw_query_init(struct sw_query *query);

/** Takes in one parameter. SW_MALFORMED: @problem says what is wrong; @query is not to be used. */
enum sw_status sw_query_add(struct sw_query *query, struct sw_text key, struct sw_text value,
                            struct sw_query_problem *problem) SW_MUST_CHECK;

/** The same for the address of a page: an empty value says nothing, and what only tells how a page
 * is drawn (alert, flow, view, speed) is passed over. */
enum sw_status sw_query_add_of_page(struct sw_query *query, struct sw_text key,
                                    struct sw_text value,
                                    struct sw_query_problem *problem) SW_MUST_CHECK;

/** What a page shows unless its address says otherwise: open alerts, in groups. */
void sw_query_default_of_page(struct sw_query *query);

/**
 * Makes from_ms and to_ms whole hours, given the times of the oldest and newest event: a range
 * counts back from the newest, since the clock of a simulation is not ours. The roll-ups count
 * hours, so lists, map and histogram agree. @query has both bounds afterwards.
 */
void sw_query_resolve(struct sw_query *query, int64_t oldest_ms, int64_t newest_ms);

#endif
