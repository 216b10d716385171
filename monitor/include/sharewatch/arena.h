/**
 * Memory for what is loaded once at start-up and freed together: maps, rules, scenarios.
 *
 * Grows in chunks while loading; nothing in the event path may use it. Running out of memory at
 * start-up ends the program with one line, so callers need not check.
 */
#ifndef SHAREWATCH_ARENA_H
#define SHAREWATCH_ARENA_H

#include <stddef.h>

#include <sharewatch/text.h>

struct sw_arena_chunk;

struct sw_arena {
    struct sw_arena_chunk *chunk; // the newest; NULL in an empty arena
    size_t used;                  // bytes of the newest chunk
    size_t total_bytes;           // reserved so far
};

/** Zeroed memory of @bytes, aligned for any type. A zeroed arena is empty and ready. */
void *sw_arena_alloc(struct sw_arena *arena, size_t bytes);

/** A copy of @text, NUL-terminated beyond its length. */
struct sw_text sw_arena_text(struct sw_arena *arena, struct sw_text text);

/** Frees everything; the arena is empty and ready again. */
void sw_arena_free(struct sw_arena *arena);

#endif
