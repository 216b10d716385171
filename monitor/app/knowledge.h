/**
 * What events are judged by: the sharing map and the policy, loaded from files or taken from a log.
 */
#ifndef SHAREWATCH_KNOWLEDGE_H
#define SHAREWATCH_KNOWLEDGE_H

#include <stdbool.h>

#include <sharewatch/finding.h>
#include <sharewatch/log.h>
#include <sharewatch/map.h>
#include <sharewatch/policy.h>

#define SW_MAP_DEFAULT    "maps/los-angeles.yaml"
#define SW_POLICY_DEFAULT "ca-state,la-city-2024"

struct sw_knowledge {
    struct sw_map map;
    struct sw_policy *policy;
    struct sw_scratch *scratch;
    uint32_t state_mib; // memory for correlations, set before loading; 0: the default
};

/**
 * Loads the map at @map, or the default when NULL, and the packs in @policy, names or paths joined
 * by commas, or the default when NULL. Of what @knowledge had only `state_mib` counts. False: what
 * is wrong was printed to standard error, each line beginning with the @verb; @knowledge is empty.
 */
bool sw_knowledge_load(struct sw_knowledge *knowledge, const char *verb, const char *map,
                       const char *policy);

/** Adds a map from @map, or from @content, the text of one that a log keeps, when NULL. */
bool sw_knowledge_load_map(struct sw_knowledge *knowledge, const char *verb, const char *map);
bool sw_knowledge_parse_map(struct sw_knowledge *knowledge, const char *verb,
                            struct sw_text content);

/** The same for a policy. */
bool sw_knowledge_load_policy(struct sw_knowledge *knowledge, const char *verb, const char *policy);
bool sw_knowledge_parse_policy(struct sw_knowledge *knowledge, const char *verb,
                               struct sw_text content);

/** Changes the map as the packs of the policy say, once both are there; sw_knowledge_load() did. */
bool sw_knowledge_overlay(struct sw_knowledge *knowledge);

/** Accepts a zeroed one. */
void sw_knowledge_close(struct sw_knowledge *knowledge);

/** Describes it for the log: everything of @run but broker and time. */
void sw_knowledge_fill_run(const struct sw_knowledge *knowledge, struct sw_log_run *run);

/** Writes into @log what correlations counted since the last call, in the running transaction: call
 *  it before each commit. */
void sw_knowledge_keep_state(struct sw_scratch *scratch, struct sw_log *log);

/** Brings back into @scratch what the log has of it. SW_DATABASE: as always. */
enum sw_status sw_knowledge_restore_state(struct sw_scratch *scratch,
                                          struct sw_log *log) SW_MUST_CHECK;

/** As the pipeline wants it. */
struct sw_pipeline_config sw_knowledge_config(const struct sw_knowledge *knowledge);

#endif
