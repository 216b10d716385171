/* One table: the whole surface of the server in one place. `#` stands for a number, `*` for one
 * name without a slash, `**` for the rest of the path. A page's address with .json or .csv behind
 * it gives the rows of that page. */
#include "route.h"

#include <stdbool.h>
#include <string.h>

enum methods { GET = 1, POST = 2 };

struct row {
    const char *pattern;
    enum methods methods;
    enum sw_route get;
    enum sw_route post;
    const char *list; // of a page's rows: the list that a file has, "" where there is none
};

#define PAGE(pattern)                                                                              \
    {                                                                                              \
        pattern, GET, SW_ROUTE_PAGE, SW_ROUTE_NONE, NULL                                           \
    }
#define ROWS(pattern, route, list)                                                                 \
    {                                                                                              \
        pattern, GET, route, SW_ROUTE_NONE, list                                                   \
    }

static const struct row rows[] = {
    ROWS("/alerts.json", SW_ROUTE_ALERTS, ""),
    ROWS("/alerts.csv", SW_ROUTE_EXPORT_CSV, "alerts"),
    ROWS("/alerts/#.json", SW_ROUTE_ALERT, ""),
    ROWS("/flows.json", SW_ROUTE_FLOWS, ""),
    ROWS("/flows.csv", SW_ROUTE_EXPORT_CSV, "flows"),
    ROWS("/events.json", SW_ROUTE_EVENTS, ""),
    ROWS("/events.csv", SW_ROUTE_EXPORT_CSV, "events"),
    ROWS("/events/#.json", SW_ROUTE_EVENT, ""),
    ROWS("/cases.json", SW_ROUTE_CASES, ""),
    ROWS("/cases.csv", SW_ROUTE_EXPORT_CSV, "cases"),
    ROWS("/cases/*.json", SW_ROUTE_TIMELINE, ""),
    ROWS("/replay.json", SW_ROUTE_MOMENT, ""),
    ROWS("/what-if.json", SW_ROUTE_WHATIF, ""),
    ROWS("/integrity.json", SW_ROUTE_INTEGRITY, ""),
    ROWS("/integrity.csv", SW_ROUTE_EXPORT_CSV, "gaps"),
    PAGE("/"),
    PAGE("/alerts"),
    PAGE("/alerts/#"),
    PAGE("/flows"),
    PAGE("/events"),
    PAGE("/events/#"),
    PAGE("/cases"),
    PAGE("/cases/*"),
    PAGE("/what-if"),
    PAGE("/integrity"),
    PAGE("/replay"),
    PAGE("/help"),
    {"/a/**", GET, SW_ROUTE_ASSET, SW_ROUTE_NONE, NULL},
    {"/favicon.ico", GET, SW_ROUTE_ICON, SW_ROUTE_NONE, NULL},
    {"/open/*", GET, SW_ROUTE_OPEN, SW_ROUTE_NONE, NULL},
    {"/healthz", GET, SW_ROUTE_HEALTH, SW_ROUTE_NONE, NULL},
    {"/metrics", GET, SW_ROUTE_METRICS, SW_ROUTE_NONE, NULL},
    {"/api/login", POST, SW_ROUTE_NONE, SW_ROUTE_LOGIN, NULL},
    {"/api/status", GET, SW_ROUTE_STATUS, SW_ROUTE_NONE, NULL},
    {"/api/alerts", GET, SW_ROUTE_ALERTS, SW_ROUTE_NONE, NULL},
    {"/api/alerts/#", GET, SW_ROUTE_ALERT, SW_ROUTE_NONE, NULL},
    {"/api/alerts/#/evidence", GET, SW_ROUTE_EVIDENCE, SW_ROUTE_NONE, NULL},
    {"/api/flows", GET, SW_ROUTE_FLOWS, SW_ROUTE_NONE, NULL},
    {"/api/histogram", GET, SW_ROUTE_HISTOGRAM, SW_ROUTE_NONE, NULL},
    {"/api/events", GET, SW_ROUTE_EVENTS, SW_ROUTE_NONE, NULL},
    {"/api/events/#", GET, SW_ROUTE_EVENT, SW_ROUTE_NONE, NULL},
    {"/api/live", GET, SW_ROUTE_LIVE, SW_ROUTE_NONE, NULL},
    {"/api/reviews", GET | POST, SW_ROUTE_REVIEWS, SW_ROUTE_REVIEW_POST, NULL},
    {"/api/cases", GET | POST, SW_ROUTE_CASES, SW_ROUTE_CASE_POST, NULL},
    {"/api/cases/*/timeline", GET, SW_ROUTE_TIMELINE, SW_ROUTE_NONE, NULL},
    {"/api/packs", GET, SW_ROUTE_PACKS, SW_ROUTE_NONE, NULL},
    {"/api/replay", GET, SW_ROUTE_MOMENT, SW_ROUTE_NONE, NULL},
    {"/api/replay/check", GET, SW_ROUTE_REPLAY_CHECK, SW_ROUTE_NONE, NULL},
    {"/api/verify", GET, SW_ROUTE_VERIFY, SW_ROUTE_NONE, NULL},
    {"/api/integrity", GET, SW_ROUTE_INTEGRITY, SW_ROUTE_NONE, NULL},
    {"/api/what-if", GET, SW_ROUTE_WHATIF, SW_ROUTE_NONE, NULL},
    {"/api/export.csv", GET, SW_ROUTE_EXPORT_CSV, SW_ROUTE_NONE, NULL},
    {"/api/export.jsonl", GET, SW_ROUTE_EXPORT_JSONL, SW_ROUTE_NONE, NULL},
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* Reads a number without leading zeros at @path[*at]. */
static bool take_number(struct sw_text path, uint32_t *at, int64_t *number)
{
    uint32_t start = *at;
    int64_t value = 0;
    while (*at < path.length && path.bytes[*at] >= '0' && path.bytes[*at] <= '9') {
        if (*at - start == 18) { // digits that surely fit
            return false;
        }
        value = value * 10 + (path.bytes[*at] - '0');
        (*at)++;
    }
    *number = value;
    return *at > start && path.bytes[start] != '0';
}

/* Takes what stands before @suffix at the end of the path, or before the next slash. */
static bool take_name(struct sw_text path, uint32_t *at, bool rest, const char *suffix,
                      struct sw_text *name)
{
    uint32_t start = *at;
    uint32_t length = *suffix == '.' ? (uint32_t)strlen(suffix) : 0;
    uint32_t end = path.length > length ? path.length - length : 0;
    while (*at < end && (rest || path.bytes[*at] != '/')) {
        (*at)++;
    }
    *name = (struct sw_text){.bytes = path.bytes + start, .length = *at - start};
    return name->length > 0;
}

static bool matches(const char *pattern, struct sw_text path, struct sw_routed *routed)
{
    uint32_t at = 0;
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '#') {
            if (!take_number(path, &at, &routed->id)) {
                return false;
            }
        } else if (*p == '*') {
            bool rest = p[1] == '*';
            if (!take_name(path, &at, rest, rest ? p + 2 : p + 1, &routed->name)) {
                return false;
            }
            p += rest ? 1 : 0;
        } else if (at >= path.length || path.bytes[at++] != *p) {
            return false;
        }
    }
    return at == path.length;
}

struct sw_routed sw_route_find(struct sw_text method, struct sw_text path)
{
    bool get = sw_text_equal(method, SW_TEXT("GET")) || sw_text_equal(method, SW_TEXT("HEAD"));
    bool post = sw_text_equal(method, SW_TEXT("POST"));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct sw_routed routed = {.route = SW_ROUTE_NONE};
        if (!matches(rows[i].pattern, path, &routed)) {
            continue;
        }
        enum sw_route found = get ? rows[i].get : post ? rows[i].post : SW_ROUTE_NONE;
        if (found != SW_ROUTE_NONE) {
            routed.route = found;
            routed.list = rows[i].list;
            return routed;
        }
        routed.route = SW_ROUTE_NOT_METHOD;
        routed.allow = rows[i].methods == (GET | POST) ? "GET, HEAD, POST"
                       : rows[i].methods == POST       ? "POST"
                                                       : "GET, HEAD";
        return routed;
    }
    return (struct sw_routed){.route = SW_ROUTE_NONE};
}
