#include <sharewatch/now.h>

#include <time.h>

static struct timespec read_clock(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now); // it cannot fail for the two clocks below
    return now;
}

static int64_t milliseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t sw_now_ms(void)
{
    return milliseconds(read_clock(CLOCK_REALTIME));
}

int64_t sw_steady_ms(void)
{
    return milliseconds(read_clock(CLOCK_MONOTONIC));
}

double sw_steady_s(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
