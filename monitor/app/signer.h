/** The signing key of a log that is being written, made when there is none yet. */
#ifndef SHAREWATCH_SIGNER_H
#define SHAREWATCH_SIGNER_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>

/**
 * Has @log signed with the key in @folder, or in the default folder when NULL. Where no key can be
 * kept at all the log goes on unsigned, unless it was signed before, and a line on standard error
 * that begins with @verb says so. False: log->sentence says what is wrong.
 */
bool sw_signer_open(struct sw_log *log, const char *verb, const char *folder, int64_t now_ms);

#endif
