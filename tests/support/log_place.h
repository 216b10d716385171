/**
 * For unit tests: a folder of their own for one log, and its end.
 */
#ifndef SHAREWATCH_LOG_PLACE_H
#define SHAREWATCH_LOG_PLACE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sw_test.h"

struct test_log_place {
    char folder[64];
    char path[128]; // of the log; nothing is there yet
};

static inline void test_log_place_open(struct test_log_place *place)
{
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/sw-log-test-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/test.db", place->folder);
}

/** Removes the log, which is closed; not 0 when anything else was left beside it. */
static inline int test_log_place_close(const struct test_log_place *place)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char name[160];
        (void)snprintf(name, sizeof(name), "%s%s", place->path, endings[i]);
        (void)unlink(name);
    }
    return rmdir(place->folder);
}

#endif
