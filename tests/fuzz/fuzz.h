/**
 * The function that every fuzz target has, and how it says that a promise was broken.
 */
#ifndef SHAREWATCH_FUZZ_H
#define SHAREWATCH_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <sharewatch/assert.h>

/** Tries @bytes [length]; aborts when something that must hold does not. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
