/**
 * A log of 20,000 made-up events in a folder of its own, and the store over it.
 */
#ifndef SHAREWATCH_LOG_FIXTURE_H
#define SHAREWATCH_LOG_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "inbox.h"
#include "store.h"

struct log_fixture {
    char folder[64];
    char path[96];
    char reviews[96];
    struct sw_store store;
    struct sw_inbox inbox;
};

static inline void fixture_make_log(struct log_fixture *fixture, const char *events)
{
    char command[512];
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/sharewatch-unit-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/log.db", fixture->folder);
    (void)snprintf(fixture->reviews, sizeof(fixture->reviews), "%s/log.reviews.db",
                   fixture->folder);
    (void)snprintf(command, sizeof(command), "%s %s/monitor/log/schema.sql %s %s 7", SW_MAKE_LOG,
                   SW_SOURCE_DIR, fixture->path, events);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command of the test
}

static inline void fixture_open(struct log_fixture *fixture)
{
    if (sw_store_open(&fixture->store, fixture->path, NULL) != SW_OK) {
        fail_msg("%s", fixture->store.problem);
    }
    assert_int_equal(sw_inbox_open(&fixture->inbox, &fixture->store), SW_OK);
    while (sw_inbox_tail(&fixture->inbox)) {
    }
}

static inline void fixture_remove(struct log_fixture *fixture)
{
    char command[128];
    sw_store_close(&fixture->store);
    (void)snprintf(command, sizeof(command), "rm -rf %s", fixture->folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command of the test
}

#endif
