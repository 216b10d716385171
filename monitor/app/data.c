#include <sharewatch/data.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum sw_status join(const char *folder, const char *name, char path[SW_PATH_BYTES])
{
    int length = snprintf(path, SW_PATH_BYTES, "%s/%s", folder, name);
    if (length < 0 || length >= SW_PATH_BYTES) {
        path[0] = '\0';
        return SW_TOO_LONG;
    }
    return access(path, R_OK) == 0 ? SW_OK : SW_NOT_FOUND;
}

/* Cuts the last part of @path off; what is left has no slash at its end. */
static void cut(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash == NULL ? path : slash) = '\0';
}

/* Below the data folder of an installation, wherever that was put: PREFIX/bin/PROGRAM knows. */
static enum sw_status join_installed(const char *name, char path[SW_PATH_BYTES])
{
    char folder[SW_PATH_BYTES + sizeof("/" SW_DATA_FROM_PREFIX)];
    ssize_t length = readlink("/proc/self/exe", folder, SW_PATH_BYTES);
    if (length <= 0 || length >= SW_PATH_BYTES) {
        return SW_NOT_FOUND;
    }
    folder[length] = '\0';
    cut(folder);
    cut(folder);
    memcpy(folder + strlen(folder), "/" SW_DATA_FROM_PREFIX, sizeof("/" SW_DATA_FROM_PREFIX));
    return join(folder, name, path);
}

enum sw_status sw_data_path(const char *name, char path[SW_PATH_BYTES])
{
    const char *folder = getenv("SHAREWATCH_DATA");
    if (folder != NULL && folder[0] != '\0') {
        return join(folder, name, path);
    }
    if (join_installed(name, path) == SW_OK || join(SW_SOURCE_DIR, name, path) == SW_OK) {
        return SW_OK;
    }
    return join(SW_SOURCE_DIR "/monitor", name, path);
}
