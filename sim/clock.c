#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sharewatch/assert.h>

#define SPEED_MAX 1e9

enum sw_status sw_clock_parse(const char *text, double *speed)
{
    if (strcmp(text, "max") == 0) {
        *speed = 0;
        return SW_OK;
    }
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number) || number <= 0 || number > SPEED_MAX) {
        return SW_MALFORMED;
    }
    *speed = number;
    return SW_OK;
}

void sw_clock_init(struct sw_clock *clock, double speed, int64_t pause_ms_max)
{
    SW_ASSERT(speed >= 0 && pause_ms_max >= 0);
    *clock = (struct sw_clock){.speed = speed, .pause_ms_max = pause_ms_max};
}

int64_t sw_clock_wait_ms(struct sw_clock *clock, int64_t virtual_ms, int64_t real_ms)
{
    if (clock->speed <= 0) {
        return 0;
    }
    if (!clock->started) {
        clock->started = true;
        clock->virtual_start_ms = virtual_ms;
        clock->real_start_ms = real_ms;
    }
    double due_ms = (double)(virtual_ms - clock->virtual_start_ms) / clock->speed;
    double wait_ms = due_ms - (double)(real_ms - clock->real_start_ms);
    int64_t whole_ms = wait_ms > 0 ? (int64_t)ceil(wait_ms) : 0;
    if (clock->pause_ms_max != 0 && whole_ms > clock->pause_ms_max) {
        clock->real_start_ms -= whole_ms - clock->pause_ms_max;
        whole_ms = clock->pause_ms_max;
    }
    return whole_ms;
}

void sw_clock_sleep(int64_t ms)
{
    struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}
