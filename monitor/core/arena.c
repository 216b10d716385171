#include <sharewatch/arena.h>

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

struct sw_arena_chunk {
    struct sw_arena_chunk *older;
    size_t capacity;
    alignas(max_align_t) char bytes[];
};

static void add_chunk(struct sw_arena *arena, size_t bytes)
{
    size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct sw_arena_chunk *chunk = calloc(1, sizeof(*chunk) + capacity);
    if (chunk == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory while loading (%zu bytes asked for)\n",
                      capacity);
        exit(EXIT_FAILURE);
    }
    chunk->older = arena->chunk;
    chunk->capacity = capacity;
    arena->chunk = chunk;
    arena->used = 0;
    arena->total_bytes += capacity;
}

void *sw_arena_alloc(struct sw_arena *arena, size_t bytes)
{
    SW_ASSERT(bytes <= SIZE_MAX / 2);
    size_t rounded = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (arena->chunk == NULL || arena->chunk->capacity - arena->used < rounded) {
        add_chunk(arena, rounded);
    }
    void *memory = arena->chunk->bytes + arena->used;
    arena->used += rounded;
    SW_ASSERT(arena->used <= arena->chunk->capacity);
    return memory;
}

struct sw_text sw_arena_text(struct sw_arena *arena, struct sw_text text)
{
    char *copy = sw_arena_alloc(arena, (size_t)text.length + 1);
    if (text.length > 0) {
        memcpy(copy, text.bytes, text.length);
    }
    return (struct sw_text){.bytes = copy, .length = text.length};
}

void sw_arena_free(struct sw_arena *arena)
{
    struct sw_arena_chunk *chunk = arena->chunk;
    while (chunk != NULL) {
        struct sw_arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    *arena = (struct sw_arena){0};
}
