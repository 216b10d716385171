#include <sharewatch/data.h>

#include <stdio.h>
#include <stdlib.h>
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

enum sw_status sw_data_path(const char *name, char path[SW_PATH_BYTES])
{
    const char *folder = getenv("SHAREWATCH_DATA");
    if (folder != NULL && folder[0] != '\0') {
        return join(folder, name, path);
    }
    enum sw_status status = join(SW_DATA_SOURCE_DIR, name, path);
    if (status == SW_OK) {
        return SW_OK;
    }
    return join(SW_DATA_INSTALL_DIR, name, path);
}
