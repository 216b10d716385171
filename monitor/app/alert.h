/**
 * An alert as JSON: what goes out on MQTT and what `watch --json` prints, one object a line.
 *
 *   {"schema": "sharewatch.alert.v1", "id": "12", "time": "2026-11-24T10:15:00.000Z",
 *    "logged": "2026-11-24T10:15:02.120Z", "verdict": "PROH", "level": 3, "crossed": "informed",
 *    "title": "…", "sentence": "…", "path": "LAPD jail › …", "edge": "E11", "rule": "…",
 *    "cite": "…", "duties": ["SERVE_COPY"], "chain": "…", "hops": 1, "daily": false,
 *    "synthetic": true}
 *
 * `id` is text, as numbers over 2^53 are not safe in JSON; `crossed` is `level` in words. An empty
 * `rule` means that the sharing map's own default made the verdict.
 */
#ifndef SHAREWATCH_ALERT_H
#define SHAREWATCH_ALERT_H

#include <sharewatch/log.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_ALERT_SCHEMA     "sharewatch.alert.v1"
#define SW_ALERT_JSON_BYTES 16384 // all texts at their longest, every byte of them escaped

/** Appends @alert to @buffer. */
void sw_alert_write_json(const struct sw_log_alert *alert, struct sw_buffer *buffer);

/**
 * Reads @json into @alert. Unknown keys are skipped, texts cut at their capacity. SW_MALFORMED: it
 * is not such an object, or id, time, verdict or level are missing.
 */
enum sw_status sw_alert_read_json(struct sw_text json, struct sw_log_alert *alert) SW_MUST_CHECK;

#endif
