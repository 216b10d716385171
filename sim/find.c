#include "find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sharewatch/data.h>
#include <sharewatch/text.h>

#define FILE_NAME "scenario.yaml"

static const char *keep(struct sw_arena *arena, const char *path)
{
    return sw_arena_text(arena, sw_text_from(path)).bytes;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Appends the names of the folders below @folder that hold a scenario. */
static void list_names(struct sw_buffer *out, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char file[SW_PATH_BYTES + sizeof(entries[i]->d_name)];
        struct stat info;
        (void)snprintf(file, sizeof(file), "%s/%s/" FILE_NAME, folder, entries[i]->d_name);
        if (stat(file, &info) == 0) {
            sw_buffer_append_format(out, "%s%s", out->length == 0 ? "" : ", ", entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
}

static void report_unknown(struct sw_report *report, const char *name)
{
    char bytes[1024];
    char folder[SW_PATH_BYTES];
    struct sw_buffer hint;
    sw_buffer_init(&hint, bytes, sizeof(bytes));
    if (sw_data_path("scenarios", folder) == SW_OK) {
        list_names(&hint, folder);
    }
    sw_report_error(report, (struct sw_place){.file = name}, hint.length != 0 ? bytes : NULL,
                    "is no file, no folder, and no scenario that comes with sharewatch");
}

const char *sw_scenario_find(struct sw_arena *arena, const char *path, struct sw_report *report)
{
    struct stat info;
    char full[SW_PATH_BYTES];
    char found[SW_PATH_BYTES];
    if (stat(path, &info) == 0) {
        if (!S_ISDIR(info.st_mode)) {
            return keep(arena, path);
        }
        size_t length = strlen(path);
        const char *slash = length > 0 && path[length - 1] == '/' ? "" : "/";
        int written = snprintf(full, sizeof(full), "%s%s" FILE_NAME, path, slash);
        return keep(arena, written > 0 && (size_t)written < sizeof(full) ? full : path);
    }
    if (strchr(path, '/') != NULL || strlen(path) > sizeof(full) / 2) {
        return keep(arena, path); // whoever reads it says why it cannot be read
    }
    (void)snprintf(full, sizeof(full), "scenarios/%s/" FILE_NAME, path);
    if (sw_data_path(full, found) == SW_OK) {
        return keep(arena, found);
    }
    report_unknown(report, path);
    return NULL;
}
