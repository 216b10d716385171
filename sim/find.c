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

/* What is told of a name that was not found: the names there are, and the nearest. */
struct others {
    struct sw_buffer list;
    struct sw_suggestion nearest;
    char bytes[1024];
    char names[1024]; // of those that the suggestion points to
    size_t used;
};

static void offer(struct others *others, const char *name)
{
    size_t length = strlen(name);
    sw_buffer_append_format(&others->list, "%s%s", others->list.length == 0 ? "" : ", ", name);
    if (length <= sizeof(others->names) - others->used) {
        memcpy(others->names + others->used, name, length);
        sw_suggestion_offer(&others->nearest,
                            (struct sw_text){others->names + others->used, (uint32_t)length});
        others->used += length;
    }
}

/* Offers the folders below @folder that hold a scenario. */
static void offer_all(struct others *others, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char file[SW_PATH_BYTES + sizeof(entries[i]->d_name)];
        struct stat info;
        (void)snprintf(file, sizeof(file), "%s/%s/" FILE_NAME, folder, entries[i]->d_name);
        if (stat(file, &info) == 0) {
            offer(others, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
}

static void begin_others(struct others *others, const char *name)
{
    sw_buffer_init(&others->list, others->bytes, sizeof(others->bytes));
    sw_suggestion_init(&others->nearest, sw_text_from(name));
    others->used = 0;
}

static void report_unknown(struct sw_report *report, const char *name)
{
    struct others others;
    char folder[SW_PATH_BYTES];
    begin_others(&others, name);
    if (sw_data_path("scenarios", folder) == SW_OK) {
        offer_all(&others, folder);
    }
    char hint[sizeof(others.bytes) + 256];
    struct sw_text best = others.nearest.best;
    (void)snprintf(hint, sizeof(hint), "%s%.*s%s%s", best.length > 0 ? "did you mean " : "",
                   SW_TEXT_FORMAT(best), best.length > 0 ? "? There are: " : "", others.bytes);
    sw_report_error(report, (struct sw_place){.file = name}, others.list.length != 0 ? hint : NULL,
                    "is no file, no folder, and no scenario that comes with sharewatch");
}

/* A path whose last part is wrong: the scenarios that are beside it, or the nearest of them. */
static void report_missing(struct sw_report *report, const char *path)
{
    struct others others;
    char folder[SW_PATH_BYTES];
    char hint[SW_PATH_BYTES + 1024];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    for (size_t end = strlen(folder); end > 1 && folder[end - 1] == '/'; end--) {
        folder[end - 1] = '\0';
    }
    char *slash = strrchr(folder, '/');
    begin_others(&others, slash != NULL ? path + (slash - folder) + 1 : path);
    if (slash != NULL && slash != folder) {
        *slash = '\0';
        offer_all(&others, folder);
    }
    struct sw_text best = others.nearest.best;
    (void)snprintf(hint, sizeof(hint), "did you mean %s/%.*s?", folder, SW_TEXT_FORMAT(best));
    if (best.length == 0) {
        (void)snprintf(hint, sizeof(hint), "in %s there are: %s", folder, others.bytes);
    }
    sw_report_error(report, (struct sw_place){.file = path}, others.list.length != 0 ? hint : NULL,
                    "is no file and no folder");
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
    if (strlen(path) > sizeof(full) / 2) {
        return keep(arena, path); // whoever reads it says why it cannot be read
    }
    if (strchr(path, '/') != NULL) {
        report_missing(report, path);
        return NULL;
    }
    (void)snprintf(full, sizeof(full), "scenarios/%s/" FILE_NAME, path);
    if (sw_data_path(full, found) == SW_OK) {
        return keep(arena, found);
    }
    report_unknown(report, path);
    return NULL;
}
