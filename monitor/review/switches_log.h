/**
 * The paths that a log's crossings took, chain by chain, and what switched-off edges would have
 * cut.
 *
 * A chain is cut when none of its hops would have got to level 2 (matched) or further. What a hop
 * stands on is told as in a what-if (core/cut.h): data leaves a system only if it came there, where
 * a hop of the chain brought it.
 */
#ifndef SHAREWATCH_SWITCHES_LOG_H
#define SHAREWATCH_SWITCHES_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/log.h>
#include <sharewatch/map.h>

#include "switches.h"

#define SW_CHAIN_PATHS_MAX 32 // of one chain, of which none holds another

/** Chains whose crossings took the same paths. */
struct sw_chain_kind {
    struct sw_edge_set paths[SW_CHAIN_PATHS_MAX]; // [path_count]
    uint32_t path_count;
    uint64_t chains;
};

struct sw_switches {
    struct sw_log_reader reader;
    struct sw_map map;           // of the newest run
    struct sw_chain_kind *kinds; // [kind_count]
    uint32_t kind_count, kind_capacity;
    uint64_t chains;   // that got to level 2 or further
    uint64_t edgeless; // of them, with a crossing over no edge of the map: nothing cuts it
    struct sw_switch_paths paths; // of all chains
};

/** Opens the log at @path and reads its paths. SW_NOT_FOUND, SW_DATABASE, SW_INVALID (its map),
 *  SW_NO_MEMORY: reader.sentence says why. It is large: place it statically. */
enum sw_status sw_switches_open(struct sw_switches *switches, const char *path) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_switches_close(struct sw_switches *switches);

/** Chains that @off would have cut. */
uint64_t sw_switches_cut(const struct sw_switches *switches, const struct sw_edge_set *off);

/** Prints for people, or as one JSON object. */
void sw_switches_print(const struct sw_switches *switches, FILE *stream);
void sw_switches_print_json(const struct sw_switches *switches, FILE *stream);

#endif
