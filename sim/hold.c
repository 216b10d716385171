/* The signal is blocked, in Paho's threads too, and taken when it is asked for: a handler would
 * break into their system calls. */
#include "hold.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static sigset_t answers(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    return set;
}

void sw_hold_init(struct sw_hold *hold, int status_fd)
{
    sigset_t set = answers();
    hold->status_fd = status_fd;
    if (status_fd >= 0) {
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    }
}

void sw_hold_ask(const struct sw_hold *hold, uint32_t change)
{
    char line[64];
    int length = snprintf(line, sizeof(line), "{\"state\":\"waiting\",\"change\":%u}\n", change);
    ssize_t written = write(hold->status_fd, line, (size_t)length);
    (void)written; // a supervisor that is gone takes this process with it
}

bool sw_hold_answered(const struct sw_hold *hold, int ms)
{
    const struct timespec patience = {.tv_nsec = (long)ms * 1000000};
    sigset_t set = answers();
    return hold->status_fd < 0 || sigtimedwait(&set, NULL, &patience) == SIGUSR1;
}
