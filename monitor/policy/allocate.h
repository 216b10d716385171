/**
 * Memory that is reserved while rules are loaded; a process without it cannot do its work.
 */
#ifndef SHAREWATCH_ALLOCATE_H
#define SHAREWATCH_ALLOCATE_H

#include <stddef.h>

/** @count times @bytes, zeroed. Never NULL: without memory the process ends with a sentence. */
void *sw_allocate(size_t count, size_t bytes);

#endif
