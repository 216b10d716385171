/*
 * The memory of SQLite in the monitor: one block, reserved at the start, instead of the heap.
 *
 * SQLite allocates some thirty times an event and frees it all again. Here a block of a size comes
 * from the list of freed blocks of that size, or else from what was never used; nothing is joined
 * or split, as the same sizes come again and again. Sizes are four to a doubling, so that at most a
 * fifth of a block is unused. When the memory is used up SQLite is told so and the log fails with a
 * sentence, as on a full disk.
 */
#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/log.h>

#define SIZE_MIN     64U // bytes of the smallest block
#define DOUBLINGS    16U // up to 4 MiB
#define PER_DOUBLING 4U
#define SIZES        (DOUBLINGS * PER_DOUBLING)

/* Before each block; 16 bytes, so that blocks are aligned for any type. */
struct block {
    uint32_t size; // index of its size
    uint32_t reserved;
    struct block *next; // while it is free
};

static_assert(sizeof(struct block) == 16, "blocks stay aligned");

static struct {
    char *memory;
    size_t bytes;
    size_t used;
    struct block *free[SIZES];
    atomic_flag taken; // the loop's and the checkpoint's thread, for a few instructions
} pool = {.taken = ATOMIC_FLAG_INIT};

static uint32_t size_bytes(uint32_t size)
{
    uint32_t doubling = SIZE_MIN << (size / PER_DOUBLING);
    return doubling + doubling / PER_DOUBLING * (size % PER_DOUBLING);
}

/* The smallest size of at least @bytes, or SIZES. */
static uint32_t size_for(uint32_t bytes)
{
    if (bytes <= SIZE_MIN) {
        return 0;
    }
    uint32_t doubling = 31U - (uint32_t)__builtin_clz((bytes - 1) / SIZE_MIN);
    uint32_t base = SIZE_MIN << doubling;
    uint32_t step = base / PER_DOUBLING;
    uint32_t size = doubling * PER_DOUBLING + (bytes - base + step - 1) / step;
    return size < SIZES ? size : SIZES;
}

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&pool.taken, memory_order_acquire)) {
        (void)sched_yield();
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&pool.taken, memory_order_release);
}

static struct block *block_of(void *memory)
{
    return (struct block *)memory - 1;
}

static void *take(int bytes)
{
    uint32_t size = size_for((uint32_t)bytes);
    struct block *block = NULL;
    if (size == SIZES) {
        return NULL;
    }
    size_t needed = sizeof(*block) + size_bytes(size);
    lock();
    if (pool.free[size] != NULL) {
        block = pool.free[size];
        pool.free[size] = block->next;
    } else if (pool.bytes - pool.used >= needed) {
        block = (struct block *)(void *)(pool.memory + pool.used);
        pool.used += needed;
    }
    unlock();
    if (block == NULL) {
        return NULL;
    }
    block->size = size;
    return block + 1;
}

static void give_back(void *memory)
{
    if (memory != NULL) {
        struct block *block = block_of(memory);
        SW_ASSERT(block->size < SIZES);
        lock();
        block->next = pool.free[block->size];
        pool.free[block->size] = block;
        unlock();
    }
}

static int usable(void *memory)
{
    return memory != NULL ? (int)size_bytes(block_of(memory)->size) : 0;
}

static void *resize(void *memory, int bytes)
{
    int old = usable(memory);
    if (bytes <= old && size_for((uint32_t)bytes) == block_of(memory)->size) {
        return memory;
    }
    void *fresh = take(bytes);
    if (fresh != NULL) {
        memcpy(fresh, memory, (size_t)(bytes < old ? bytes : old));
        give_back(memory);
    }
    return fresh;
}

static int round_up(int bytes)
{
    uint32_t size = size_for((uint32_t)bytes);
    return size < SIZES ? (int)size_bytes(size) : bytes;
}

static int begin(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void end(void *context)
{
    (void)context;
}

enum sw_status sw_log_reserve_memory(size_t bytes)
{
    static const sqlite3_mem_methods methods = {.xMalloc = take,
                                                .xFree = give_back,
                                                .xRealloc = resize,
                                                .xSize = usable,
                                                .xRoundup = round_up,
                                                .xInit = begin,
                                                .xShutdown = end};
    SW_ASSERT(pool.memory == NULL);
    pool.memory = calloc(1, bytes);
    pool.bytes = pool.memory != NULL ? bytes : 0;
    bool done = pool.memory != NULL &&
                sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
                sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
    return done ? SW_OK : SW_NO_MEMORY;
}
