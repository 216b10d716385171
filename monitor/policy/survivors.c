/*
 * The rules that survive one event: the `and` of a row a field, a block of rules at a time, then
 * the guards. As with the bits (bits.h), nothing branches on whether a guard holds.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "bits.h"
#include "decide.h"

#define WORD_BITS    64
#define AHEAD_AVX2   4 // of a word; few rules survive
#define AHEAD_AVX512 8
#define BLOCKS_MAX   4 // of rules joined at a time

static_assert(SW_DENSE_BLOCK == 8, "eight words, which stay in registers");
static_assert(SW_SURVIVORS_AHEAD >= SW_BITS_AHEAD, "room behind the last survivor");

#if defined(__x86_64__)

/* Joins @count blocks, a constant, from word @first on: of each row a few cache lines in a run. */
static inline __attribute__((always_inline)) SW_TARGET_AVX2 uint32_t *
join_blocks_avx2(const struct sw_matcher *matcher, uint32_t *out, uint32_t first, uint32_t count)
{
    __m256i halves[BLOCKS_MAX * 2];
    uint64_t alive[BLOCKS_MAX * SW_DENSE_BLOCK];
    const __m256i *at = (const void *)(matcher->apply_row + first);
#pragma GCC unroll 8 // so that the halves are registers
    for (uint32_t i = 0; i < count * 2; i++) {
        halves[i] = _mm256_loadu_si256(at + i);
    }
    for (uint32_t row = 0; row < matcher->index->dense.slot_count; row++) {
        at = (const void *)(matcher->rows[row] + first);
#pragma GCC unroll 8
        for (uint32_t i = 0; i < count * 2; i++) {
            halves[i] = _mm256_and_si256(halves[i], _mm256_loadu_si256(at + i));
        }
    }
    __m256i *kept = (void *)alive;
#pragma GCC unroll 8
    for (uint32_t i = 0; i < count * 2; i++) {
        _mm256_storeu_si256(kept + i, halves[i]);
    }
    for (uint32_t i = 0; i < count * SW_DENSE_BLOCK; i++) {
        out = sw_bits_append_avx2(out, alive[i], (first + i) * WORD_BITS, AHEAD_AVX2);
    }
    return out;
}

static SW_TARGET_AVX2 uint32_t *join_avx2(const struct sw_matcher *matcher, uint32_t *out)
{
    uint32_t left = matcher->index->dense.words / SW_DENSE_BLOCK;
    uint32_t first = 0;
    for (; left >= BLOCKS_MAX; left -= BLOCKS_MAX, first += BLOCKS_MAX * SW_DENSE_BLOCK) {
        out = join_blocks_avx2(matcher, out, first, BLOCKS_MAX);
    }
    for (; left > 0; left--, first += SW_DENSE_BLOCK) {
        out = join_blocks_avx2(matcher, out, first, 1);
    }
    return out;
}

static inline __attribute__((always_inline)) SW_TARGET_AVX512 uint32_t *
join_blocks_avx512(const struct sw_matcher *matcher, uint32_t *out, uint32_t first, uint32_t count)
{
    __m512i blocks[BLOCKS_MAX];
    uint64_t alive[BLOCKS_MAX * SW_DENSE_BLOCK];
#pragma GCC unroll 4 // so that the blocks are registers
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = _mm512_loadu_si512(matcher->apply_row + first + (size_t)i * SW_DENSE_BLOCK);
    }
    for (uint32_t row = 0; row < matcher->index->dense.slot_count; row++) {
        const uint64_t *at = matcher->rows[row] + first;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++) {
            blocks[i] =
                _mm512_and_si512(blocks[i], _mm512_loadu_si512(at + (size_t)i * SW_DENSE_BLOCK));
        }
    }
#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++) {
        _mm512_storeu_si512(alive + (size_t)i * SW_DENSE_BLOCK, blocks[i]);
    }
    for (uint32_t i = 0; i < count * SW_DENSE_BLOCK; i++) {
        out = sw_bits_append_avx512(out, alive[i], (first + i) * WORD_BITS, AHEAD_AVX512);
    }
    return out;
}

static SW_TARGET_AVX512 uint32_t *join_avx512(const struct sw_matcher *matcher, uint32_t *out)
{
    uint32_t left = matcher->index->dense.words / SW_DENSE_BLOCK;
    uint32_t first = 0;
    for (; left >= BLOCKS_MAX; left -= BLOCKS_MAX, first += BLOCKS_MAX * SW_DENSE_BLOCK) {
        out = join_blocks_avx512(matcher, out, first, BLOCKS_MAX);
    }
    for (; left > 0; left--, first += SW_DENSE_BLOCK) {
        out = join_blocks_avx512(matcher, out, first, 1);
    }
    return out;
}

#endif

static uint32_t *join_portable(const struct sw_matcher *matcher, uint32_t *out)
{
    const struct sw_dense *dense = &matcher->index->dense;
    for (uint32_t first = 0; first < dense->words; first += SW_DENSE_BLOCK) {
        uint64_t alive[SW_DENSE_BLOCK];
        memcpy(alive, matcher->apply_row + first, sizeof(alive));
        for (uint32_t i = 0; i < dense->slot_count; i++) {
            const uint64_t *row = matcher->rows[i] + first;
            for (uint32_t word = 0; word < SW_DENSE_BLOCK; word++) {
                alive[word] &= row[word];
            }
        }
        for (uint32_t word = 0; word < SW_DENSE_BLOCK; word++) {
            out = sw_bits_append(out, alive[word], (first + word) * WORD_BITS);
        }
    }
    return out;
}

sw_join_fn sw_join_choose(enum sw_machine machine)
{
#if defined(__x86_64__)
    switch (sw_machine_at_most(machine)) {
    case SW_MACHINE_AVX512:
        return join_avx512;
    case SW_MACHINE_AVX2:
        return join_avx2;
    case SW_MACHINE_THIS:
    case SW_MACHINE_PORTABLE:
        break;
    }
#else
    (void)machine;
#endif
    return join_portable;
}

void sw_finish_dense(struct sw_matcher *matcher, int64_t time_ms)
{
    uint32_t *const survivors = matcher->survivors;
    uint32_t survivor_count = (uint32_t)(matcher->join(matcher, survivors) - survivors);
    const struct sw_guard *guards = matcher->index->guards;
    const uint64_t *const *rows = matcher->rows;
    struct sw_match *matches = matcher->matches;
    uint32_t count = 0; // in a variable: through memory, each rule would wait for the one before
    for (uint32_t i = 0; i < survivor_count; i++) {
        uint32_t rule = survivors[i];
        if (guards[rule].row[0] == SW_GUARD_COMPLEX) {
            matcher->match_count = count;
            sw_try_survivor(matcher, rule, time_ms);
            count = matcher->match_count;
            continue;
        }
        matches[count] = (struct sw_match){rule, SW_UNKNOWN};
        count += sw_guard_holds(rows, guards[rule]) ? 0 : 1;
    }
    matcher->match_count = count;
    matcher->candidates_total += survivor_count;
}
