/**
 * Which path and method ask for what. Pure: text in, route out.
 */
#ifndef SHAREWATCH_DASHBOARD_ROUTE_H
#define SHAREWATCH_DASHBOARD_ROUTE_H

#include <stdint.h>

#include <sharewatch/text.h>

enum sw_route {
    SW_ROUTE_NONE,       // no such path
    SW_ROUTE_NOT_METHOD, // the path is there, the method is not
    SW_ROUTE_PAGE,       // the one page; what it shows is in its URL
    SW_ROUTE_ASSET,
    SW_ROUTE_ICON,
    SW_ROUTE_OPEN, // the one-time link
    SW_ROUTE_LOGIN,
    SW_ROUTE_HEALTH,
    SW_ROUTE_METRICS,
    SW_ROUTE_STATUS,
    SW_ROUTE_ALERTS,
    SW_ROUTE_ALERT,
    SW_ROUTE_EVIDENCE,
    SW_ROUTE_FLOWS,
    SW_ROUTE_HISTOGRAM,
    SW_ROUTE_EVENTS,
    SW_ROUTE_EVENT,
    SW_ROUTE_LIVE,
    SW_ROUTE_REVIEWS,
    SW_ROUTE_REVIEW_POST,
    SW_ROUTE_CASES,
    SW_ROUTE_CASE_POST,
    SW_ROUTE_TIMELINE,
    SW_ROUTE_EXPORT_CSV,
    SW_ROUTE_EXPORT_JSONL,
    SW_ROUTE_PACKS,
    SW_ROUTE_WHATIF,
    SW_ROUTE_MOMENT,
    SW_ROUTE_REPLAY_CHECK,
    SW_ROUTE_VERIFY,
    SW_ROUTE_INTEGRITY,
};

struct sw_routed {
    enum sw_route route;
    int64_t id;          // of a path with a number, else 0
    struct sw_text name; // of an asset, a token or a case; points into the path
    const char *list;    // of a page's rows: "" or the list that a file has; NULL: not of a page
    const char *allow;   // of SW_ROUTE_NOT_METHOD: the methods that are there
};

/** Finds the route of @path, unescaped and without its query, for @method. */
struct sw_routed sw_route_find(struct sw_text method, struct sw_text path);

#endif
