/**
 * What time it is. For the shell around the pipeline: the pipeline itself is told the time.
 */
#ifndef SHAREWATCH_NOW_H
#define SHAREWATCH_NOW_H

#include <stdint.h>

/** Milliseconds since the Unix epoch, UTC. May jump when somebody sets the clock. */
int64_t sw_now_ms(void);

/** Milliseconds, and seconds, since some moment before the process began. Never jumps back. */
int64_t sw_steady_ms(void);
double sw_steady_s(void);

#endif
