/**
 * Answers to lists that are asked for again before anything has changed: after an alert, each of
 * many pages asks for the same list. Kept with the tag of what they were read from, so that an
 * answer is never older than the log and the reviews are.
 */
#ifndef SHAREWATCH_DASHBOARD_KEPT_H
#define SHAREWATCH_DASHBOARD_KEPT_H

#include <stdint.h>

#include <sharewatch/text.h>

#include "query.h"
#include "route.h"

#define SW_KEPT_ANSWERS 8u
#define SW_KEPT_ANSWER_BYTES                                                                       \
    ((size_t)96 * 1024) // 50 alerts are about 40 kB; longer ones are not kept
#define SW_TAG_BYTES 96

struct sw_kept_answer {
    enum sw_route route;
    struct sw_query query; // as it was asked, before it was resolved
    char tag[SW_TAG_BYTES];
    uint64_t turn; // of its last use; 0: the place is free
    uint32_t length;
    char bytes[SW_KEPT_ANSWER_BYTES];
};

struct sw_kept_answers {
    uint64_t turn;
    uint64_t found_total;
    struct sw_kept_answer places[SW_KEPT_ANSWERS];
};

/** The answer to @query of @route under @tag; empty when it is not kept. */
struct sw_text sw_kept_find(struct sw_kept_answers *kept, enum sw_route route,
                            const struct sw_query *query, const char *tag);

/** Keeps @answer in the place that was used longest ago, unless it is too long. */
void sw_kept_put(struct sw_kept_answers *kept, enum sw_route route, const struct sw_query *query,
                 const char *tag, struct sw_text answer);

#endif
