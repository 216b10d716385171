#include "hold.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t granted;

static void on_signal(int number)
{
    (void)number;
    granted = 1;
}

void sw_hold_init(struct sw_hold *hold, int status_fd)
{
    struct sigaction action = {.sa_handler = on_signal};
    hold->status_fd = status_fd;
    if (status_fd >= 0) {
        (void)sigemptyset(&action.sa_mask);
        (void)sigaction(SIGUSR1, &action, NULL);
    }
}

void sw_hold_ask(const struct sw_hold *hold, uint32_t change)
{
    char line[64];
    granted = 0;
    int length = snprintf(line, sizeof(line), "{\"state\":\"waiting\",\"change\":%u}\n", change);
    ssize_t written = write(hold->status_fd, line, (size_t)length);
    (void)written; // a supervisor that is gone takes this process with it
}

bool sw_hold_granted(const struct sw_hold *hold)
{
    return hold->status_fd < 0 || granted != 0;
}
