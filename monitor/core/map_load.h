/**
 * What the loader of maps asks of map.c once its tables are filled.
 */
#ifndef SHAREWATCH_MAP_LOAD_H
#define SHAREWATCH_MAP_LOAD_H

#include <sharewatch/map.h>

/** Make the ids of agencies, systems and edges findable, the latter by action too. */
void sw_map_index_agencies(struct sw_map *map);
void sw_map_index_nodes(struct sw_map *map);
void sw_map_index_edges(struct sw_map *map);

/** Fills `ways`, [node_count * SW_DATA_CLASS_COUNT] reserved before. */
void sw_map_find_ways(struct sw_map *map);

#endif
