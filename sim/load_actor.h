/**
 * Who acts in a scenario and whom it is about: actors, people, vehicles, and who reports it.
 */
#ifndef SHAREWATCH_SIM_LOAD_ACTOR_H
#define SHAREWATCH_SIM_LOAD_ACTOR_H

#include "loader.h"

/** Reads `actors` of the file. */
void sw_load_actors(struct sw_loader *loader);

/** The index of the actor that @node names; SW_ACTOR_NONE and reported when there is none. */
uint32_t sw_load_actor_index(struct sw_loader *loader, const struct sw_yaml_node *node);

/** The token of the person or vehicle that the scenario calls @node; empty and reported when
 *  unknown. @list is "people" or "vehicles". */
struct sw_text sw_load_who(struct sw_loader *loader, const struct sw_yaml_node *node,
                           const char *list);

/** The index of the source under which @reporter tells of events; made when it is new. */
uint32_t sw_load_source(struct sw_loader *loader, struct sw_text reporter, struct sw_place place);

/** Checks @node, the name of a system, against the map when there is one. */
void sw_load_check_system(struct sw_loader *loader, const struct sw_yaml_node *node);

/** The same for an edge of the map. */
void sw_load_check_edge(struct sw_loader *loader, const struct sw_yaml_node *node);

#endif
