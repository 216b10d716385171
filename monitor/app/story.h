/**
 * What happens between the alerts: one quiet line for each event that nobody needs to be told of.
 *
 * For scenarios small enough to be read as a story, so that a person sees the data move and not
 * only where it raised an alert. Read from the log, like everything that is shown.
 */
#ifndef SHAREWATCH_STORY_H
#define SHAREWATCH_STORY_H

#include <stdint.h>
#include <stdio.h>

#include <sharewatch/log.h>

#include "render.h"

struct sw_story {
    int64_t last_event; // row up to which all was told
};

/** Tells to @stream what came before the event of alert @alert_id, or, when that is 0, all there
 *  is. What had an alert is left to the alert. A log that cannot be read tells nothing. */
void sw_story_tell(struct sw_story *story, struct sw_log_reader *reader, int64_t alert_id,
                   struct sw_render *render, FILE *stream);

#endif
