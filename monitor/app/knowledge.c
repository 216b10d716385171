#include "knowledge.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/data.h>

#define PACKS_MAX   32
#define NAMES_BYTES (2 * SW_PATH_BYTES)

/* Prints and frees the report. */
static bool told(struct sw_report *report, bool loaded)
{
    sw_report_print(report, stderr);
    sw_report_free(report);
    return loaded;
}

bool sw_knowledge_load_map(struct sw_knowledge *knowledge, const char *verb, const char *map)
{
    char found[SW_PATH_BYTES];
    struct sw_report report = {0};
    if (map == NULL && sw_data_path(SW_MAP_DEFAULT, found) != SW_OK) {
        (void)fprintf(stderr,
                      "sharewatch %s: the sharing map is not at %s; give one with --map, or set "
                      "SHAREWATCH_DATA\n",
                      verb, found);
        return false;
    }
    return told(&report, sw_map_open(&knowledge->map, map != NULL ? map : found, &report) == SW_OK);
}

bool sw_knowledge_parse_map(struct sw_knowledge *knowledge, const char *verb,
                            struct sw_text content)
{
    struct sw_report report = {0};
    bool loaded =
        told(&report, sw_map_parse(&knowledge->map, "(map in the log)", content, &report) == SW_OK);
    if (!loaded) {
        (void)fprintf(stderr,
                      "sharewatch %s: the map that the log keeps is not one that this sharewatch "
                      "reads; give one with --map\n",
                      verb);
    }
    return loaded;
}

/* A pack is a folder among our data, or any path. */
static bool find_pack(const char *verb, const char *name, char path[SW_PATH_BYTES])
{
    char relative[SW_PATH_BYTES];
    int length = snprintf(relative, sizeof(relative), "policies/%s", name);
    bool short_enough = length >= 0 && length < (int)sizeof(relative);
    if (short_enough && strchr(name, '/') == NULL && sw_data_path(relative, path) == SW_OK) {
        return true;
    }
    (void)snprintf(path, SW_PATH_BYTES, "%s", name);
    if (short_enough && access(path, R_OK) == 0) {
        return true;
    }
    (void)fprintf(stderr, "sharewatch %s: there is no policy pack or path '%s'\n", verb, name);
    return false;
}

bool sw_knowledge_load_policy(struct sw_knowledge *knowledge, const char *verb, const char *policy)
{
    static char paths[PACKS_MAX][SW_PATH_BYTES];
    const char *list[PACKS_MAX];
    char names[NAMES_BYTES];
    uint32_t count = 0;
    char *rest = NULL;
    const struct sw_policy_options options = {.state_mib = knowledge->state_mib};
    struct sw_report report = {0};
    int length = snprintf(names, sizeof(names), "%s", policy != NULL ? policy : SW_POLICY_DEFAULT);
    if (length < 0 || length >= (int)sizeof(names)) {
        (void)fprintf(stderr, "sharewatch %s: the list of packs is too long\n", verb);
        return false;
    }
    for (char *name = strtok_r(names, ",", &rest); name != NULL && count < PACKS_MAX;
         name = strtok_r(NULL, ",", &rest)) {
        if (!find_pack(verb, name, paths[count])) {
            return false;
        }
        list[count] = paths[count];
        count++;
    }
    if (!told(&report,
              sw_policy_open(&knowledge->policy, list, count, &options, &report) == SW_OK)) {
        return false;
    }
    knowledge->scratch = sw_scratch_open(knowledge->policy);
    return true;
}

bool sw_knowledge_parse_policy(struct sw_knowledge *knowledge, const char *verb,
                               struct sw_text content)
{
    const struct sw_policy_options options = {.state_mib = knowledge->state_mib};
    struct sw_report report = {0};
    enum sw_status status = sw_policy_open_content(&knowledge->policy, content, &options, &report);
    if (!told(&report, status == SW_OK)) {
        (void)fprintf(stderr,
                      "sharewatch %s: the policy that the log keeps is not one that this "
                      "sharewatch reads; give one with --policy\n",
                      verb);
        return false;
    }
    knowledge->scratch = sw_scratch_open(knowledge->policy);
    return true;
}

bool sw_knowledge_overlay(struct sw_knowledge *knowledge)
{
    struct sw_report report = {0};
    enum sw_status status = sw_policy_overlay(knowledge->policy, &knowledge->map, &report);
    return told(&report, status == SW_OK);
}

bool sw_knowledge_load(struct sw_knowledge *knowledge, const char *verb, const char *map,
                       const char *policy)
{
    *knowledge = (struct sw_knowledge){.state_mib = knowledge->state_mib};
    bool loaded = sw_knowledge_load_map(knowledge, verb, map) &&
                  sw_knowledge_load_policy(knowledge, verb, policy) &&
                  sw_knowledge_overlay(knowledge);
    if (!loaded) {
        sw_knowledge_close(knowledge);
    }
    return loaded;
}

void sw_knowledge_close(struct sw_knowledge *knowledge)
{
    sw_scratch_close(knowledge->scratch);
    sw_policy_close(knowledge->policy);
    sw_map_free(&knowledge->map);
    *knowledge = (struct sw_knowledge){0};
}

void sw_knowledge_fill_run(const struct sw_knowledge *knowledge, struct sw_log_run *run)
{
    run->version = SW_VERSION;
    run->map = &knowledge->map;
    run->map_content = knowledge->map.content;
    run->policy_name = sw_policy_name(knowledge->policy);
    memcpy(run->policy_digest, sw_policy_digest(knowledge->policy), sizeof(run->policy_digest));
    run->policy_content = sw_policy_content(knowledge->policy);
    run->rules = sw_policy_rule_list(knowledge->policy, &run->rule_count);
    run->state_mib = knowledge->state_mib > 0 ? knowledge->state_mib : SW_POLICY_STATE_MIB;
}

static void keep_state(void *context, struct sw_text key, struct sw_text value)
{
    sw_log_set_state(context, key, value);
}

void sw_knowledge_keep_state(struct sw_scratch *scratch, struct sw_log *log)
{
    sw_policy_state_drain(scratch, keep_state, log);
}

static bool put_state(void *context, struct sw_text key, struct sw_text value)
{
    return sw_policy_state_put(context, key, value);
}

enum sw_status sw_knowledge_restore_state(struct sw_scratch *scratch, struct sw_log *log)
{
    sw_policy_state_clear(scratch);
    return sw_log_restore_state(log, put_state, scratch);
}

struct sw_pipeline_config sw_knowledge_config(const struct sw_knowledge *knowledge)
{
    return (struct sw_pipeline_config){
        .map = &knowledge->map, .rules = sw_policy_rules(knowledge->policy, knowledge->scratch)};
}
