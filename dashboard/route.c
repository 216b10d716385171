/* One table: the whole surface of the server in one place. `#` stands for a number, `*` for one
 * name without a slash, `**` for the rest of the path. */
#include "route.h"

#include <stdbool.h>
#include <string.h>

enum methods { GET = 1, POST = 2 };

struct row {
    const char *pattern;
    enum methods methods;
    enum sw_route get;
    enum sw_route post;
};

static const struct row rows[] = {
    {"/", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/alerts/#", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/flows", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/events", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/events/#", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/cases", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/cases/*", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/what-if", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/integrity", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/replay", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/help", GET, SW_ROUTE_PAGE, SW_ROUTE_NONE},
    {"/a/**", GET, SW_ROUTE_ASSET, SW_ROUTE_NONE},
    {"/favicon.ico", GET, SW_ROUTE_ICON, SW_ROUTE_NONE},
    {"/open/*", GET, SW_ROUTE_OPEN, SW_ROUTE_NONE},
    {"/healthz", GET, SW_ROUTE_HEALTH, SW_ROUTE_NONE},
    {"/metrics", GET, SW_ROUTE_METRICS, SW_ROUTE_NONE},
    {"/api/login", POST, SW_ROUTE_NONE, SW_ROUTE_LOGIN},
    {"/api/status", GET, SW_ROUTE_STATUS, SW_ROUTE_NONE},
    {"/api/alerts", GET, SW_ROUTE_ALERTS, SW_ROUTE_NONE},
    {"/api/alerts/#", GET, SW_ROUTE_ALERT, SW_ROUTE_NONE},
    {"/api/alerts/#/evidence", GET, SW_ROUTE_EVIDENCE, SW_ROUTE_NONE},
    {"/api/flows", GET, SW_ROUTE_FLOWS, SW_ROUTE_NONE},
    {"/api/histogram", GET, SW_ROUTE_HISTOGRAM, SW_ROUTE_NONE},
    {"/api/events", GET, SW_ROUTE_EVENTS, SW_ROUTE_NONE},
    {"/api/events/#", GET, SW_ROUTE_EVENT, SW_ROUTE_NONE},
    {"/api/live", GET, SW_ROUTE_LIVE, SW_ROUTE_NONE},
    {"/api/reviews", GET | POST, SW_ROUTE_REVIEWS, SW_ROUTE_REVIEW_POST},
    {"/api/cases", GET | POST, SW_ROUTE_CASES, SW_ROUTE_CASE_POST},
    {"/api/cases/*/timeline", GET, SW_ROUTE_TIMELINE, SW_ROUTE_NONE},
    {"/api/packs", GET, SW_ROUTE_PACKS, SW_ROUTE_NONE},
    {"/api/replay", GET, SW_ROUTE_MOMENT, SW_ROUTE_NONE},
    {"/api/replay/check", GET, SW_ROUTE_REPLAY_CHECK, SW_ROUTE_NONE},
    {"/api/verify", GET, SW_ROUTE_VERIFY, SW_ROUTE_NONE},
    {"/api/integrity", GET, SW_ROUTE_INTEGRITY, SW_ROUTE_NONE},
    {"/api/what-if", GET, SW_ROUTE_WHATIF, SW_ROUTE_NONE},
    {"/api/export.csv", GET, SW_ROUTE_EXPORT_CSV, SW_ROUTE_NONE},
    {"/api/export.jsonl", GET, SW_ROUTE_EXPORT_JSONL, SW_ROUTE_NONE},
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

static bool take_name(struct sw_text path, uint32_t *at, bool rest, struct sw_text *name)
{
    uint32_t start = *at;
    while (*at < path.length && (rest || path.bytes[*at] != '/')) {
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
            if (!take_name(path, &at, rest, &routed->name)) {
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
