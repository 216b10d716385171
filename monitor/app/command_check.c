/*
 * `sharewatch check`: finds the mistakes in files that people write, before anything runs.
 *
 * What a file is shows in its top-level keys, not in its name. Folders are searched for *.yaml and
 * *.yml; one that holds pack.yaml is a policy pack and is checked as a whole, since its rules work
 * together. All files are read and all mistakes shown in one run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>
#include <sharewatch/data.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/map.h>
#include <sharewatch/policy.h>
#include <sharewatch/scenario.h>
#include <sharewatch/yaml.h>

#include "verbs.h"

#define PATH_BYTES_MAX 4096
#define NAME_BYTES     96
#define MAP_DEFAULT    "los-angeles" // of a scenario that names none
#define DEPTH_MAX      16            // folders, one in another

struct check {
    struct sw_report report;
    uint32_t file_count;
    bool unreadable;           // a file or folder could not be read
    struct sw_map map;         // of the scenario that was checked last
    char map_name[NAME_BYTES]; // empty: none is open
    char **rules;              // [rule_count], rule files outside packs, under one argument
    uint32_t rule_count, rule_capacity;
};

enum content {
    CONTENT_UNREADABLE, // and reported
    CONTENT_UNKNOWN,
    CONTENT_MAP,
    CONTENT_PACK,
    CONTENT_RULE,
    CONTENT_EXAMPLES,
    CONTENT_TAXONOMY,
    CONTENT_SCENARIO,
    CONTENT_AUTOMATIC, // MAP.automatic.yaml
};

/* ---- what a file is ---- */

/* The key that makes a file what it is, the most telling first. */
static enum content content_of(const struct sw_yaml_node *root)
{
    static const struct {
        const char *key;
        enum content content;
    } signs[] = {
        {"scenario", CONTENT_SCENARIO}, {"storylines", CONTENT_SCENARIO},
        {"pack", CONTENT_PACK},         {"detection", CONTENT_RULE},
        {"correlation", CONTENT_RULE},  {"filter", CONTENT_RULE},
        {"logsource", CONTENT_RULE},    {"automatic", CONTENT_AUTOMATIC},
        {"edges", CONTENT_MAP},         {"nodes", CONTENT_MAP},
        {"map", CONTENT_MAP},           {"kinds", CONTENT_TAXONOMY},
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (sw_yaml_get(root, signs[i].key) != NULL) {
            return signs[i].content;
        }
    }
    return CONTENT_UNKNOWN;
}

/* The examples beside a rule are a list of events, each with what the rule must say. */
static bool is_examples(const char *path)
{
    static const char end[] = ".events.yaml";
    size_t length = strlen(path);
    return length > sizeof(end) - 1 && strcmp(path + length - (sizeof(end) - 1), end) == 0;
}

/* Reads the file for its kind, and a scenario's map's name into @map_name. */
static enum content look(struct check *check, const char *path, char map_name[NAME_BYTES])
{
    struct sw_yaml yaml = {0};
    enum content content = CONTENT_UNREADABLE;
    (void)snprintf(map_name, NAME_BYTES, MAP_DEFAULT);
    enum sw_status status = sw_yaml_open(&yaml, path, &check->report);
    check->unreadable = check->unreadable || status == SW_IO;
    if (status == SW_OK) {
        const struct sw_yaml_node *root = yaml.document_count != 0 ? yaml.documents[0] : NULL;
        content = is_examples(path) ? CONTENT_EXAMPLES
                  : root != NULL    ? content_of(root)
                                    : CONTENT_UNKNOWN;
        const char *key = content == CONTENT_AUTOMATIC ? "automatic" : "map";
        const struct sw_yaml_node *map = root != NULL ? sw_yaml_get(root, key) : NULL;
        if (map != NULL && map->type == SW_YAML_SCALAR) {
            (void)snprintf(map_name, NAME_BYTES, "%.*s", SW_TEXT_FORMAT(map->text));
        }
    }
    sw_yaml_free(&yaml);
    return content;
}

/* ---- each kind ---- */

static void check_map(struct check *check, const char *path)
{
    struct sw_map map = {0};
    check->unreadable = check->unreadable || sw_map_open(&map, path, &check->report) == SW_IO;
    sw_map_free(&map);
}

/* What a pack changes of the map is checked against the map that it is used with by default. */
static void check_overlays(struct check *check, const struct sw_policy *policy)
{
    uint32_t count = 0;
    const struct sw_policy_pack *packs = sw_policy_packs(policy, &count);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        any = any || packs[i].overlay != NULL;
    }
    char path[SW_PATH_BYTES];
    if (!any || sw_data_path("maps/los-angeles.yaml", path) != SW_OK) {
        return;
    }
    struct sw_map map = {0};
    struct sw_report ignored = {0}; // a bad map is told of when it is checked itself
    if (sw_map_open(&map, path, &ignored) == SW_OK) {
        enum sw_status status = sw_policy_overlay(policy, &map, &check->report);
        SW_ASSERT(status == SW_OK || check->report.error_total > 0);
    }
    sw_report_free(&ignored);
    sw_map_free(&map);
}

static void check_rules(struct check *check, const char *const *paths, uint32_t count)
{
    struct sw_policy *policy = NULL;
    const struct sw_policy_options options = {.lint = true};
    enum sw_status status = sw_policy_open(&policy, paths, count, &options, &check->report);
    check->unreadable = check->unreadable || status == SW_IO;
    if (status == SW_OK) {
        check_overlays(check, policy);
    }
    sw_policy_close(policy);
}

static void check_policy(struct check *check, const char *path)
{
    check_rules(check, &path, 1);
}

/* Rules outside packs are checked together, since correlations and filters name others. */
static void keep_rule(struct check *check, const char *path)
{
    if (check->rule_count == check->rule_capacity) {
        uint32_t capacity = check->rule_capacity == 0 ? 64 : check->rule_capacity * 2;
        char **rules = realloc((void *)check->rules, capacity * sizeof(char *));
        SW_ASSERT(rules != NULL);
        check->rules = rules;
        check->rule_capacity = capacity;
    }
    check->rules[check->rule_count] = strdup(path);
    SW_ASSERT(check->rules[check->rule_count] != NULL);
    check->rule_count++;
}

static void check_kept_rules(struct check *check)
{
    if (check->rule_count > 0) {
        check_rules(check, (const char *const *)(const void *)check->rules, check->rule_count);
    }
    for (uint32_t i = 0; i < check->rule_count; i++) {
        free(check->rules[i]);
    }
    check->rule_count = 0;
}

/* The map called @name, or NULL: then the scenario's systems and edges are not checked. */
static const struct sw_map *find_map(struct check *check, const char *path, const char *name)
{
    char file[NAME_BYTES + 16];
    char found[SW_PATH_BYTES];
    struct sw_report ignored = {0}; // a bad map is told of when it is checked itself
    if (check->map_name[0] != '\0' && strcmp(check->map_name, name) == 0) {
        return &check->map;
    }
    sw_map_free(&check->map);
    check->map = (struct sw_map){0};
    check->map_name[0] = '\0';
    (void)snprintf(file, sizeof(file), "maps/%s.yaml", name);
    bool open = strchr(name, '/') == NULL && sw_data_path(file, found) == SW_OK &&
                sw_map_open(&check->map, found, &ignored) == SW_OK;
    sw_report_free(&ignored);
    if (!open) {
        sw_report_warning(&check->report, (struct sw_place){.file = path}, NULL,
                          "its map '%s' cannot be read, so names of systems and edges are not "
                          "checked",
                          name);
        return NULL;
    }
    (void)snprintf(check->map_name, sizeof(check->map_name), "%s", name);
    return &check->map;
}

static void check_scenario(struct check *check, const char *path, const char *map_name)
{
    const struct sw_map *map = find_map(check, path, map_name);
    enum sw_status status = sw_scenario_check(path, map, &check->report);
    check->unreadable = check->unreadable || status == SW_IO;
}

static void check_automatic(struct check *check, const char *path, const char *map_name)
{
    const struct sw_map *map = find_map(check, path, map_name);
    if (map != NULL && sw_automatic_check(path, map, &check->report) == SW_IO) {
        check->unreadable = true;
    }
}

/* ---- files and folders ---- */

/* The pack that @path, a pack.yaml, stands for is its folder. */
static void check_pack_of(struct check *check, const char *path)
{
    char folder[PATH_BYTES_MAX];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, sizeof(folder), ".");
    } else {
        *slash = '\0';
    }
    check_policy(check, folder);
}

static void check_file(struct check *check, const char *path)
{
    char map_name[NAME_BYTES];
    check->file_count++;
    switch (look(check, path, map_name)) {
    case CONTENT_UNREADABLE:
    case CONTENT_EXAMPLES:
    case CONTENT_TAXONOMY: // checked when sharewatch is built
        break;
    case CONTENT_MAP:
        check_map(check, path);
        break;
    case CONTENT_PACK:
        check_pack_of(check, path);
        break;
    case CONTENT_RULE:
        keep_rule(check, path);
        break;
    case CONTENT_SCENARIO:
        check_scenario(check, path, map_name);
        break;
    case CONTENT_AUTOMATIC:
        check_automatic(check, path, map_name);
        break;
    case CONTENT_UNKNOWN:
        sw_report_error(&check->report, (struct sw_place){.file = path, .line = 1, .column = 1},
                        "a map has `map:` and `edges:`, a pack `pack:`, a rule `detection:`, a "
                        "scenario `scenario:`",
                        "this is no map, policy pack, rule or scenario");
        break;
    }
}

static bool is_yaml(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void check_path(struct check *check, const char *path, bool in_pack, uint32_t depth);

static bool holds_pack(const char *folder)
{
    char path[PATH_BYTES_MAX];
    int length = snprintf(path, sizeof(path), "%s/pack.yaml", folder);
    return length < (int)sizeof(path) && access(path, R_OK) == 0;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void check_folder(struct check *check, const char *path, uint32_t depth)
{
    struct dirent **entries = NULL;
    int count = depth < DEPTH_MAX ? scandir(path, &entries, visible, alphasort) : 0;
    if (count < 0) {
        sw_report_error(&check->report, (struct sw_place){.file = path}, NULL,
                        "cannot read the folder: %s", strerror(errno));
        check->unreadable = true;
        return;
    }
    bool pack = holds_pack(path);
    if (pack) {
        check_policy(check, path);
    }
    for (int i = 0; i < count; i++) {
        char child[PATH_BYTES_MAX];
        int length = snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
        if (length > 0 && (size_t)length < sizeof(child)) {
            check_path(check, child, pack, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
}

/* A file of a pack, but for its examples, was checked with the whole. */
static void check_in_pack(struct check *check, const char *path)
{
    if (is_examples(path)) {
        check_file(check, path);
    } else if (is_yaml(path)) {
        check->file_count++;
    }
}

static void check_path(struct check *check, const char *path, bool in_pack, uint32_t depth)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        sw_report_error(&check->report, (struct sw_place){.file = path}, NULL, "cannot read it: %s",
                        strerror(errno));
        check->unreadable = true;
    } else if (S_ISDIR(info.st_mode)) {
        check_folder(check, path, depth);
    } else if (in_pack) {
        check_in_pack(check, path);
    } else if (depth == 0 || is_yaml(path)) { // what the user named is checked in any case
        check_file(check, path);
    }
}

int sw_command_check(int argc, char **argv)
{
    bool json = false;
    const struct sw_option options[] = {
        {.name = "json", .flag = &json, .about = "print one JSON array instead of lines"},
    };
    const struct sw_command command = {
        .name = "check",
        .arguments = "FILE|DIR…",
        .about = "Find the mistakes in maps, policy packs and scenarios",
        .details = "Each mistake is told as FILE:LINE:COLUMN with a hint. Exit 0: no errors; 1: "
                   "errors; 3: a file\ncannot be read.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = UINT32_MAX,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    struct check check = {0};
    for (uint32_t i = 1; i <= count; i++) {
        check_path(&check, argv[i], false, 0);
        check_kept_rules(&check);
    }
    if (json) {
        sw_report_print_json(&check.report, stdout);
    } else {
        sw_report_print(&check.report, stdout);
        (void)printf("%u file%s checked: %u error%s, %u warning%s\n", check.file_count,
                     check.file_count == 1 ? "" : "s", check.report.error_total,
                     check.report.error_total == 1 ? "" : "s", check.report.warning_total,
                     check.report.warning_total == 1 ? "" : "s");
    }
    int code = check.unreadable                ? SW_EXIT_ENVIRONMENT
               : check.report.error_total != 0 ? SW_EXIT_NO
                                               : SW_EXIT_OK;
    sw_report_free(&check.report);
    sw_map_free(&check.map);
    free((void *)check.rules);
    return code;
}
