/**
 * Heads of a log on their way out: retained on MQTT, and in a file of its own. Who keeps either on
 * another machine is a witness: the log can then not be rewritten or rolled back unseen.
 */
#ifndef SHAREWATCH_WITNESS_H
#define SHAREWATCH_WITNESS_H

#include <stdint.h>

#include <sharewatch/log.h>

#include "inbox.h"

struct sw_witness {
    int descriptor;                                                // of the file; -1: none
    char committed[SW_LOG_NOTE_BYTES], syncing[SW_LOG_NOTE_BYTES]; // newest heads; empty: none
};

/** Opens the file at @path for appending, or makes it; none when NULL. SW_IO: @sentence. */
enum sw_status sw_witness_open(struct sw_witness *witness, const char *path,
                               char sentence[SW_LOG_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Accepts a zeroed one that has no file. */
void sw_witness_close(struct sw_witness *witness);

/** The head in @log was committed; what was committed is being made safe. */
void sw_witness_committed(struct sw_witness *witness, struct sw_log *log);
void sw_witness_syncing(struct sw_witness *witness);

/** It is safe: tell of it, on MQTT through @inbox when that is not NULL. False: the file could not
 *  be written. */
bool sw_witness_tell(struct sw_witness *witness, struct sw_inbox *inbox);

#endif
