/**
 * How events spread over the hours of a day and the days of a week.
 */
#ifndef SHAREWATCH_SIM_CURVE_H
#define SHAREWATCH_SIM_CURVE_H

#include <stdint.h>

#include <sharewatch/scenario.h>

/** Every hour and every day alike. */
struct sw_curve sw_curve_flat(void);

/** Plate searches by the hour (Pacific) and the day, as counted over public audit logs: least at
 *  04 h, most at 14 h, weekends weaker (domain notes, section 6). Bookings follow it by default. */
struct sw_curve sw_curve_search(void);

/** Scales hours and days so that they are 1 on average. */
void sw_curve_scale(struct sw_curve *curve);

/**
 * The moment, in ms after a day's start, before which the share @quantile (0 to 1) of that day's
 * events lies. The day starts at @local_ms, local time in ms since midnight.
 */
int64_t sw_curve_moment(const struct sw_curve *curve, int64_t local_ms, double quantile);

/**
 * How many events fall on day @day, 0 being the one that starts at @local_time_ms (local, since the
 * epoch), when there are @per_day on average. What a day's share leaves over goes to the next day,
 * so that 0.3 a day makes three in ten days.
 */
uint64_t sw_curve_day_count(const struct sw_curve *curve, double per_day, int64_t local_time_ms,
                            uint32_t day);

/** The most that any day can have. */
uint64_t sw_curve_day_count_max(const struct sw_curve *curve, double per_day);

#endif
