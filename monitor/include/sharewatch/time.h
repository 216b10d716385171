/**
 * Times and durations as people write them.
 *
 * A time is milliseconds since the Unix epoch, UTC, as int64_t `..._ms`. A duration is
 * milliseconds.
 */
#ifndef SHAREWATCH_TIME_H
#define SHAREWATCH_TIME_H

#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_SECOND_MS  INT64_C(1000)
#define SW_MINUTE_MS  (60 * SW_SECOND_MS)
#define SW_HOUR_MS    (60 * SW_MINUTE_MS)
#define SW_DAY_MS     (24 * SW_HOUR_MS)
#define SW_TIME_BYTES 25 // "2026-11-24T10:15:00.123Z" and its NUL

/**
 * Reads an RFC 3339 time ("2026-11-24T10:15:00.123Z", offsets allowed) or a date ("2026-11-24",
 * midnight UTC) into @time_ms. SW_MALFORMED: not such a time, or no such day; @time_ms is left.
 */
enum sw_status sw_time_parse(struct sw_text text, int64_t *time_ms) SW_MUST_CHECK;

/** Writes @time_ms as RFC 3339 with milliseconds, UTC. Years outside 0000–9999 are clamped. */
void sw_time_format(int64_t time_ms, char text[SW_TIME_BYTES]);

/**
 * Reads a duration such as "90s", "1h20m", "3d", "250ms" or "0" into @duration_ms. Units: ms s m h
 * d w. SW_MALFORMED: anything else, or more than 100 years.
 */
enum sw_status sw_duration_parse(struct sw_text text, int64_t *duration_ms) SW_MUST_CHECK;

#endif
