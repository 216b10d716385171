#include "rules_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/data.h>

#define MAP_LINK      "map.yaml"
#define POLICY_FOLDER "policy"
#define SWITCH_PACK   "edges-off"
#define PACK_FILE     "pack.yaml"
#define PATH_BYTES    (SW_PATH_BYTES + 256)

/* Empties the folder @path: what we put there is links and one pack. */
static void empty(const char *path)
{
    DIR *folder = opendir(path);
    char pack[PATH_BYTES];
    if (folder == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, SWITCH_PACK) == 0) {
            (void)snprintf(pack, sizeof(pack), "%s/" SWITCH_PACK "/" PACK_FILE, path);
            (void)unlink(pack);
            (void)unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
        } else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    (void)closedir(folder);
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0750) == 0 || errno == EEXIST;
}

/* @link stands for NAME in our data. */
static bool link_data(const char *name, const char *link)
{
    char found[SW_PATH_BYTES];
    char full[PATH_BYTES];
    if (sw_data_path(name, found) != SW_OK) {
        errno = ENOENT;
        return false;
    }
    /* The link is read from another folder than this one. */
    if (found[0] == '/') {
        (void)snprintf(full, sizeof(full), "%s", found);
    } else if (getcwd(full, SW_PATH_BYTES) != NULL) {
        size_t length = strlen(full);
        (void)snprintf(full + length, sizeof(full) - length, "/%s", found);
    }
    return symlink(full, link) == 0;
}

static bool write_switches(const char *policy, const struct sw_scenario_rules *rules)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/" SWITCH_PACK, policy);
    if (!make_folder(path)) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/" SWITCH_PACK "/" PACK_FILE, policy);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return false;
    }
    (void)fprintf(file,
                  "pack: " SWITCH_PACK "\nversion: '1'\nlayer: state\n"
                  "title: Edges that the scenario switched off\n"
                  "about: What if nothing moved along these edges. It changes the map, no rule.\n"
                  "overlay:\n    edges:\n");
    for (uint32_t i = 0; i < rules->edge_off_count; i++) {
        (void)fprintf(file, "        %.*s: {enabled: false}\n",
                      SW_TEXT_FORMAT(rules->edges_off[i]));
    }
    return fclose(file) == 0;
}

/* False: @name is what could not be put there. */
static bool fill(const char *path, const struct sw_scenario_rules *rules, bool packs,
                 char name[SW_PATH_BYTES])
{
    char policy[SW_PATH_BYTES];
    char link[PATH_BYTES];
    (void)snprintf(name, SW_PATH_BYTES, "%s", path);
    (void)snprintf(policy, sizeof(policy), "%s/" POLICY_FOLDER, path);
    if (!make_folder(path) || !make_folder(policy)) {
        return false;
    }
    empty(policy);
    (void)snprintf(link, sizeof(link), "%s/" MAP_LINK, path);
    (void)unlink(link);
    (void)snprintf(name, SW_PATH_BYTES, "maps/%.*s.yaml", SW_TEXT_FORMAT(rules->map));
    if (!link_data(name, link)) {
        return false;
    }
    for (uint32_t i = 0; packs && i < rules->pack_count; i++) {
        (void)snprintf(link, sizeof(link), "%s/%.*s", policy, SW_TEXT_FORMAT(rules->packs[i]));
        (void)snprintf(name, SW_PATH_BYTES, "policies/%.*s", SW_TEXT_FORMAT(rules->packs[i]));
        if (!link_data(name, link)) {
            return false;
        }
    }
    (void)snprintf(name, SW_PATH_BYTES, SWITCH_PACK);
    return rules->edge_off_count == 0 || write_switches(policy, rules);
}

bool sw_rules_folder_write(const char *path, const struct sw_scenario_rules *rules, bool packs,
                           char *sentence, size_t sentence_bytes)
{
    char name[SW_PATH_BYTES];
    if (fill(path, rules, packs, name)) {
        return true;
    }
    (void)snprintf(sentence, sentence_bytes,
                   "%s of the scenario cannot be put into %s: %s; is its name right?", name, path,
                   strerror(errno));
    return false;
}

void sw_rules_folder_remove(const char *path)
{
    char part[PATH_BYTES];
    (void)snprintf(part, sizeof(part), "%s/" POLICY_FOLDER, path);
    empty(part);
    (void)rmdir(part);
    (void)snprintf(part, sizeof(part), "%s/" MAP_LINK, path);
    (void)unlink(part);
    (void)rmdir(path);
}
