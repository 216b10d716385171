/**
 * One alert as a file that can be read without the dashboard: plain HTML with the facts in words
 * and the digests of the entries. It says what was left out.
 */
#ifndef SHAREWATCH_DASHBOARD_EVIDENCE_H
#define SHAREWATCH_DASHBOARD_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "store.h"

/** Writes the file of alert @id into @out. @full: with keys of chains and payloads. SW_NOT_FOUND,
 *  SW_DATABASE as in answers.h. */
enum sw_status sw_evidence_write(struct sw_store *store, int64_t id, bool full, int64_t now_ms,
                                 struct sw_buffer *out) SW_MUST_CHECK;

/** Appends @text so that HTML shows it as it is. */
void sw_html(struct sw_buffer *out, const char *text);

#endif
