/**
 * The fields of an event as a scenario states them: fixed, or drawn for each event.
 */
#ifndef SHAREWATCH_SIM_LOAD_DATA_H
#define SHAREWATCH_SIM_LOAD_DATA_H

#include "loader.h"

/** Fields of an event, checked against the taxonomy. @node NULL: none. */
struct sw_scenario_data sw_load_data(struct sw_loader *loader, const struct sw_yaml_node *node);

#endif
