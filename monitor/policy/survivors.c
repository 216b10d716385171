/*
 * The rules that survive one event: the `and` of a row a field, a block of rules at a time, then
 * the guards.
 *
 * How many rules of a word survive cannot be foreseen, so nothing branches on it: a few places are
 * always written and the next word writes over those that were not meant. Likewise for the guards.
 */
#include <assert.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "decide.h"

#define WORD_BITS 64
#define AHEAD     4 // survivors of a word that are written without asking

/* Appends the numbers of the bits of @word to @out; returns the new end. Writes up to AHEAD more.
 */
static inline __attribute__((always_inline)) uint32_t *append_bits(uint32_t *out, uint64_t word,
                                                                   uint32_t base)
{
    const uint64_t top = UINT64_C(1) << (WORD_BITS - 1); // so that there is always a lowest bit
    uint32_t *end = out + __builtin_popcountll(word);
    for (int i = 0; i < AHEAD; i++) {
        out[i] = base + (uint32_t)__builtin_ctzll(word | top);
        word &= word - 1;
    }
    for (out += AHEAD; out < end; out++) {
        *out = base + (uint32_t)__builtin_ctzll(word);
        word &= word - 1;
    }
    return end;
}

static inline __attribute__((always_inline)) uint32_t *
append_block(uint32_t *out, const uint64_t alive[8], uint32_t first)
{
    for (uint32_t word = 0; word < SW_DENSE_BLOCK; word++) {
        out = append_bits(out, alive[word], (first + word) * WORD_BITS);
    }
    return out;
}

static_assert(SW_DENSE_BLOCK == 8, "eight words, which stay in registers");
static_assert(SW_SURVIVORS_AHEAD >= AHEAD, "room behind the last survivor");

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,popcnt"))) static uint32_t *
join_avx2(const struct sw_matcher *matcher, uint32_t *out)
{
    const struct sw_dense *dense = &matcher->index->dense;
    for (uint32_t first = 0; first < dense->words; first += SW_DENSE_BLOCK) {
        const __m256i *at = (const void *)(matcher->apply_row + first);
        __m256i low = _mm256_loadu_si256(at);
        __m256i high = _mm256_loadu_si256(at + 1);
        for (uint32_t i = 0; i < dense->slot_count; i++) {
            at = (const void *)(matcher->rows[i] + first);
            low = _mm256_and_si256(low, _mm256_loadu_si256(at));
            high = _mm256_and_si256(high, _mm256_loadu_si256(at + 1));
        }
        uint64_t alive[SW_DENSE_BLOCK];
        __m256i *kept = (void *)alive;
        _mm256_storeu_si256(kept, low);
        _mm256_storeu_si256(kept + 1, high);
        out = append_block(out, alive, first);
    }
    return out;
}
#endif

static uint32_t *join_plain(const struct sw_matcher *matcher, uint32_t *out)
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
        out = append_block(out, alive, first);
    }
    return out;
}

/* Writes the rules that no row rules out to `survivors`. */
static void join_rows(struct sw_matcher *matcher)
{
    uint32_t *end = NULL;
#if defined(__x86_64__)
    if (matcher->has_avx2) {
        end = join_avx2(matcher, matcher->survivors);
    } else {
        end = join_plain(matcher, matcher->survivors);
    }
#else
    end = join_plain(matcher, matcher->survivors);
#endif
    matcher->survivor_count = (uint32_t)(end - matcher->survivors);
}

void sw_finish_dense(struct sw_matcher *matcher, int64_t time_ms)
{
    join_rows(matcher);
    const struct sw_guard *guards = matcher->index->guards;
    for (uint32_t i = 0; i < matcher->survivor_count; i++) {
        uint32_t rule = matcher->survivors[i];
        if (guards[rule].row[0] == SW_GUARD_COMPLEX) {
            sw_try_survivor(matcher, rule, time_ms);
            continue;
        }
        matcher->matches[matcher->match_count] = (struct sw_match){rule, SW_UNKNOWN};
        matcher->match_count += sw_match_guarded(matcher, guards[rule]) ? 0 : 1;
    }
}
