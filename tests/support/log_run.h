/**
 * For unit tests of the log: a run under a map of one system, by rules of which there are none.
 */
#ifndef SHAREWATCH_LOG_RUN_H
#define SHAREWATCH_LOG_RUN_H

#include <sharewatch/log.h>
#include <sharewatch/map.h>

static struct sw_node test_log_nodes[] = {
    {.id = {"JAIL", 4}, .name = {"LAPD jail", 9}, .class_code = SW_AGENCY_CLASS_LOCAL}};
static struct sw_agency test_log_agencies[] = {{.id = {"LAPD", 4}, .name = {"LAPD", 4}}};
static struct sw_map test_log_map = {.id = {"test", 4},
                                     .version = {"1", 1},
                                     .agencies = test_log_agencies,
                                     .nodes = test_log_nodes,
                                     .agency_count = 1,
                                     .node_count = 1,
                                     .digest = {1}};

static const struct sw_log_run test_log_run = {.version = "0",
                                               .broker = "none",
                                               .started_ms = 1,
                                               .map = &test_log_map,
                                               .map_content = {"map: test", 9},
                                               .policy_name = {"test", 4},
                                               .policy_digest = {2},
                                               .policy_content = {"rules", 5}};

#endif
