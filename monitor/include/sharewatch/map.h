/**
 * The sharing map: which system passes which data to which other, and who could stop it.
 *
 * Loaded once from a YAML file (maps/README.md has the format) and then constant. The way from each
 * system to an immigration component is worked out at load, per class of data, so that enriching an
 * event is a look-up.
 */
#ifndef SHAREWATCH_MAP_H
#define SHAREWATCH_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/arena.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/event.h>
#include <sharewatch/status.h>
#include <sharewatch/verdict.h>
#include <sharewatch/yaml.h>

#define SW_MAP_NODES_MAX     128
#define SW_MAP_AGENCIES_MAX  1024
#define SW_MAP_EDGES_MAX     128
#define SW_MAP_EDGE_ENDS_MAX 16         // systems at one end of an edge
#define SW_MAP_PATH_MAX      12         // edges on a way
#define SW_NONE              UINT16_MAX // no such node, agency or edge

/** A class of agencies or one agency with its class: LAPD is local. */
struct sw_agency {
    struct sw_text id;   // as in actor.agency
    struct sw_text name; // for people
    uint16_t class_code; // SW_AGENCY_CLASS_…
    uint16_t node_count; // systems of the map that it owns
};

struct sw_node {
    struct sw_text id;     // as in actor.system
    struct sw_text name;   // for people, short
    uint16_t agency;       // index of its owner in `agencies`
    uint16_t class_code;   // its owner's class
    bool immigration;      // a federal immigration component: where crossing begins
    uint32_t stands_for;   // bits of SW_AGENCY_CLASS_…: it stands for agencies of these classes
                           // that own no system of the map
    struct sw_text source; // the mark of the domain notes
};

/** A condition on one field: it has one of these values, or a list with one of them. A value of
 * type SW_VALUE_NULL stands for "the field is missing". */
struct sw_map_condition {
    enum sw_field field;
    const struct sw_value *values; // [value_count]
    uint32_t value_count;
};

/** Level or verdict of an edge under conditions; the first row whose conditions all hold applies.
 */
struct sw_map_case {
    const struct sw_map_condition *conditions; // [condition_count], all must hold
    uint32_t condition_count;
    enum sw_level level;
    enum sw_verdict verdict;
    bool fed_reach; // a federal agency gets it, whatever the recipient's class
};

struct sw_edge {
    struct sw_text id;   // "E04"
    struct sw_text name; // what moves, for people: "Search of the DHS store by the FBI"
    uint16_t from[SW_MAP_EDGE_ENDS_MAX];
    uint16_t via[SW_MAP_EDGE_ENDS_MAX];
    uint16_t to[SW_MAP_EDGE_ENDS_MAX];
    uint16_t from_count, via_count, to_count;
    uint32_t data_classes;          // bit (1 << SW_DATA_CLASS_…)
    uint32_t modes;                 // bit (1 << SW_EDGE_MODE_…)
    uint32_t events[SW_KIND_COUNT]; // per kind, bits of the actions that make this hop: 1 <<
                                    // (action - first of kind)
    int64_t delay_ms;               // typical; of the way, summed
    int64_t delay_ms_max;
    struct sw_text delay;            // in words
    struct sw_text basis;            // legal basis
    struct sw_text off_switch;       // who could stop it
    struct sw_text source;           // the mark of the domain notes
    const struct sw_map_case *cases; // [case_count], at least one; the last has no condition
    uint32_t case_count;
    uint16_t arms[8]; // edges that a record which took this one may go on by
    uint16_t arms_count;
    bool armed;                                    // some edge arms this one
    bool enabled;                                  // false when an overlay switched it off
    const struct sw_map_condition *off_conditions; // [off_condition_count]: an overlay switched it
                                                   // off for events where all of these hold
    uint32_t off_condition_count;
    struct sw_place place;
};

/** The shortest automatic way from a node, for a class of data, to an immigration component. */
struct sw_way {
    uint16_t edges[SW_MAP_PATH_MAX];
    uint16_t nodes[SW_MAP_PATH_MAX]; // the system that each of the edges leads to
    uint16_t edge_count; // 0: there is none, or the node is an immigration component itself
    int64_t delay_ms;    // sum of the typical delays
};

/** A hash table over the ids of agencies, systems or edges. */
struct sw_map_index {
    uint16_t *slots; // [mask + 1]: index, or SW_NONE
    uint32_t mask;   // a power of two less one
};

struct sw_map {
    struct sw_text id;      // "los-angeles"
    struct sw_text version; // "2026-11-01"
    struct sw_text title;
    struct sw_agency *agencies; // [agency_count]
    struct sw_node *nodes;      // [node_count]
    struct sw_edge *edges;      // [edge_count], in order of id
    struct sw_way *ways;        // [node_count * SW_DATA_CLASS_COUNT]
    uint16_t agency_count, node_count, edge_count;
    struct sw_map_index agency_index, node_index, edge_index;
    const uint16_t *edges_of_action[SW_ACTION_COUNT]; // [edges_of_action_count], in order of id
    uint16_t edges_of_action_count[SW_ACTION_COUNT];
    struct sw_text content; // the file itself
    uint8_t digest[32];     // SHA-256 of it
    struct sw_arena arena;
};

/** Loads the map at @path. SW_INVALID or SW_IO: @report says what is wrong; @map is to be freed. */
enum sw_status sw_map_open(struct sw_map *map, const char *path,
                           struct sw_report *report) SW_MUST_CHECK;

/** The same from the text of a map file, such as the log keeps; @file is its name in diagnostics.
 */
enum sw_status sw_map_parse(struct sw_map *map, const char *file, struct sw_text content,
                            struct sw_report *report) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_map_free(struct sw_map *map);

/** The index of the agency, system or edge called @id, or SW_NONE. */
uint16_t sw_map_agency(const struct sw_map *map, struct sw_text id);
uint16_t sw_map_node(const struct sw_map *map, struct sw_text id);
uint16_t sw_map_edge(const struct sw_map *map, struct sw_text id);

/** The way of @data_class from @node; never NULL. */
const struct sw_way *sw_map_way(const struct sw_map *map, uint16_t node, uint16_t data_class);

/** True when an event of this kind and action makes the hop of @edge. */
bool sw_map_edge_takes(const struct sw_edge *edge, const struct sw_event *event);

/** The first row of @edge's cases that holds for @event. */
const struct sw_map_case *sw_map_case(const struct sw_edge *edge, const struct sw_event *event);

/** True when @edge does not exist for @event: an overlay switched it off, for all or for such. */
bool sw_map_edge_off(const struct sw_edge *edge, const struct sw_event *event);

/**
 * Changes @map by the overlay of a policy pack:
 *
 *   edges:
 *     E16: {enabled: false}                                # nobody takes it
 *     E01: {enabled: false, when: {charge_class: [M, I]}}  # events where all of these hold do not
 *
 * SW_INVALID: @report says what is wrong; the map may be half changed.
 */
enum sw_status sw_map_overlay(struct sw_map *map, const struct sw_yaml_node *overlay,
                              struct sw_report *report) SW_MUST_CHECK;

/** True when some edge is switched off, for all events or for some. */
bool sw_map_switches_off(const struct sw_map *map);

/** Switches @edge off (or on) and works the ways out again: for overlays and what-if. */
void sw_map_enable(struct sw_map *map, uint16_t edge, bool enabled);

#endif
