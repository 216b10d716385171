/**
 * What the sharing map adds to an event: classes of agencies, the edge it takes, and where the data
 * can go on by itself.
 */
#ifndef SHAREWATCH_ENRICH_H
#define SHAREWATCH_ENRICH_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/event.h>
#include <sharewatch/map.h>

#define SW_ROUTE_NODES_MAX 16 // flow.path

struct sw_route {
    uint16_t edge;       // SW_NONE: the event takes no edge, or it cannot be told which
    uint16_t from, to;   // systems, SW_NONE when the event leaves them open
    uint16_t data_class; // the first of the event's that the edge carries, 0 when unknown
    uint16_t crosses;    // SW_CROSSES_…
    uint16_t path[SW_ROUTE_NODES_MAX]; // systems, this hop first
    uint16_t path_count;
    uint16_t hops;        // on the way, this one included; 0 when it ends nowhere
    int64_t onward_ms;    // typical delay of the rest of the way
    bool names_recipient; // a recipient, or somebody on whose behalf it was done
    bool declined;        // nothing was given
    bool off;             // an overlay says that the edge does not exist for such an event
};

/** What an event states of its route, packed: the ends, the data, the kind of event, the edge. */
struct sw_route_key {
    uint64_t actor, receiver; // system, agency, class, whether anything is stated
    uint64_t rest;            // data, action and edge
};

#define SW_ROUTES_KEPT 256 // power of two

/**
 * Routes that were worked out before. A route follows from the map and its key alone, so one that
 * stands here is right; one that another took the place of is worked out again.
 */
struct sw_routes {
    struct {
        struct sw_route_key key; // all zeros: free
        struct sw_route route;
    } kept[SW_ROUTES_KEPT];
};

/** Fills in the fields of @event that the monitor works out, but for those of its route. */
void sw_enrich_fields(const struct sw_map *map, struct sw_event *event);

/** Then fills in @route, and the fields that say it. @kept belongs to @map and starts as zeros. */
void sw_enrich_route(const struct sw_map *map, struct sw_routes *kept, struct sw_event *event,
                     struct sw_route *route);

#endif
