/**
 * Data that moves by itself: the automatic edges of the map as steps of a scenario.
 *
 * A scenario that says `automatic: yes` gets, for each step whose data has reached a system where
 * an automatic or mandated edge begins, one more step that follows from it, and so on along the
 * map. What was written by hand comes first: where a storyline has a step that takes the edge
 * itself, none is added.
 *
 *   automatic: yes            # as MAP.automatic.yaml beside the map says
 *   automatic:                # the same, with other assumptions
 *     E05: {chance: 12%}
 *     E27: no
 *
 * Of an edge: `chance` that it moves on (all), `delay` (of the map), `visible` (the share that the
 * monitor is told of: all), `event` (the map's first), `to` (the map's first), `after` (edges or
 * events it follows), `data`, `expect`. An edge that the map does not call automatic moves by
 * itself, too, once it is named.
 */
#ifndef SHAREWATCH_SIM_AUTOMATIC_H
#define SHAREWATCH_SIM_AUTOMATIC_H

#include "loader.h"

/** What the two files say of one edge; the scenario's word counts. */
struct sw_automatic_hop {
    bool moves;
    double chance;
    double visible;
    struct sw_scenario_delay delay;
    enum sw_kind kind;
    enum sw_action action;
    uint16_t to;                         // index of the system
    const struct sw_yaml_node *after;    // NULL: whatever arrives
    struct sw_scenario_data common, own; // of the defaults, of the scenario
    struct sw_scenario_fault fault;      // of its telling
    struct sw_expectation expect;
};

/** Reads the file at @path and @own, what the scenario says of each edge (NULL: nothing), against
 *  @map. The hops are in the scenario's arena, one an edge; mistakes are reported. */
const struct sw_automatic_hop *sw_automatic_load(struct sw_loader *loader, const struct sw_map *map,
                                                 const char *path, const struct sw_yaml_node *own);

/** The share that the monitor is told of: yes, no, or a share. */
double sw_load_visible(struct sw_loader *loader, const struct sw_yaml_node *node);

/** True when @edge has this event on the map. */
bool sw_automatic_takes(const struct sw_edge *edge, enum sw_kind kind, enum sw_action action);

/** "booking.booked" as kind and action; false when there is no such event. */
bool sw_automatic_event(struct sw_text text, enum sw_kind *kind, enum sw_action *action);

/** True when @node, an index that may be SW_NONE, is among @nodes [count]. */
bool sw_automatic_holds(const uint16_t *nodes, uint16_t count, uint16_t node);

/** Once all steps of the file are read: adds those that follow by themselves. @node is a mapping,
 *  what the scenario says of each edge; empty for `automatic: yes`. */
void sw_load_automatic(struct sw_loader *loader, const struct sw_yaml_node *node);

#endif
