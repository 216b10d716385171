#include "curve.h"

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

struct sw_curve sw_curve_flat(void)
{
    struct sw_curve curve = {.name = SW_TEXT("flat")};
    for (int i = 0; i < SW_CURVE_HOURS; i++) {
        curve.hours[i] = 1.0;
    }
    for (int i = 0; i < 7; i++) {
        curve.days[i] = 1.0;
    }
    return curve;
}

struct sw_curve sw_curve_search(void)
{
    /* Percent of a day. The ends (1.8 and 6.7) are counted, the way between them is drawn. */
    struct sw_curve curve = {
        .name = SW_TEXT("search"),
        .hours = {3.1, 2.6, 2.2, 1.9, 1.8, 1.9, 2.4, 3.2, 4.1, 4.9, 5.6, 6.0,
                  6.3, 6.6, 6.7, 6.5, 6.1, 5.5, 4.9, 4.4, 4.0, 3.8, 3.7, 3.4},
        .days = {15.0, 16.5, 17.0, 16.5, 15.0, 10.0, 10.0},
    };
    sw_curve_scale(&curve);
    return curve;
}

static void scale(double *weights, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        SW_ASSERT(weights[i] >= 0);
        sum += weights[i];
    }
    SW_ASSERT(sum > 0);
    for (int i = 0; i < count; i++) {
        weights[i] *= count / sum;
    }
}

void sw_curve_scale(struct sw_curve *curve)
{
    scale(curve->hours, SW_CURVE_HOURS);
    scale(curve->days, 7);
}

int64_t sw_curve_moment(const struct sw_curve *curve, int64_t local_ms, double quantile)
{
    SW_ASSERT(local_ms >= 0 && local_ms < SW_DAY_MS);
    SW_ASSERT(quantile >= 0.0 && quantile <= 1.0);
    /* Walks hour by hour from the day's start; `left` is what is still to be passed, in hours of
     * average weight. A day that starts within an hour comes back to it at the end. */
    double left = quantile * SW_CURVE_HOURS;
    int64_t at = local_ms;
    for (int i = 0; i <= SW_CURVE_HOURS; i++) {
        double weight = curve->hours[(at / SW_HOUR_MS) % SW_CURVE_HOURS];
        int64_t rest_ms = SW_HOUR_MS - at % SW_HOUR_MS;
        double passes = weight * (double)rest_ms / (double)SW_HOUR_MS;
        if (left < passes) {
            int64_t moment = at - local_ms + (int64_t)(left / weight * (double)SW_HOUR_MS);
            return moment < SW_DAY_MS ? moment : SW_DAY_MS - 1;
        }
        left -= passes;
        at += rest_ms;
    }
    return SW_DAY_MS - 1;
}

/* Monday is 0; the epoch was a Thursday. */
static int64_t weekday(int64_t local_time_ms)
{
    int64_t day = local_time_ms / SW_DAY_MS - (local_time_ms % SW_DAY_MS < 0 ? 1 : 0);
    return ((day + 3) % 7 + 7) % 7;
}

/* The weights of the first @days days, of which the first falls on weekday @first. */
static double weight_until(const struct sw_curve *curve, int64_t first, uint32_t days)
{
    uint32_t weeks = days / 7;
    double weight = 7.0 * weeks; // a scaled week adds up to 7
    for (uint32_t i = 0; i < days % 7; i++) {
        weight += curve->days[(first + i) % 7];
    }
    return weight;
}

uint64_t sw_curve_day_count(const struct sw_curve *curve, double per_day, int64_t local_time_ms,
                            uint32_t day)
{
    int64_t first = weekday(local_time_ms);
    double before = per_day * weight_until(curve, first, day);
    double after = per_day * weight_until(curve, first, day + 1);
    /* Half an event more on both sides: sums of weights are a hair off whole numbers. */
    return (uint64_t)(after + 0.5) - (uint64_t)(before + 0.5);
}

uint64_t sw_curve_day_count_max(const struct sw_curve *curve, double per_day)
{
    double most = 0;
    for (int i = 0; i < 7; i++) {
        most = curve->days[i] > most ? curve->days[i] : most;
    }
    return (uint64_t)(per_day * most) + 1;
}
