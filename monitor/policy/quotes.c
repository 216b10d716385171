/* As in survivors.c, positions are written without asking how many there are: the next 64 bytes
 * write over those that were none. */
#include "quotes.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <sharewatch/assert.h>

#define BLOCK 64 // bytes
#define AHEAD 16 // positions of a block that are written without asking

static_assert(SW_QUOTES_AHEAD >= AHEAD + 2, "room behind the last position");
static_assert(SW_QUOTES_TEXT_MAX % BLOCK == 0, "whole blocks");

#if defined(__x86_64__)

bool sw_quotes_can_find(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}

#define TARGET __attribute__((target("avx2,bmi,popcnt")))

/* The quotes among the 32 bytes at @bytes; @special gathers bytes of texts that are not plain. */
static inline TARGET uint64_t quotes_of(const char *bytes, __m256i *special)
{
    __m256i loaded = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i quotes = _mm256_cmpeq_epi8(loaded, _mm256_set1_epi8('"'));
    __m256i slashes = _mm256_cmpeq_epi8(loaded, _mm256_set1_epi8('\\'));
    __m256i others = _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), loaded); // signed: also >= 0x80
    *special = _mm256_or_si256(*special, _mm256_or_si256(slashes, others));
    return (uint32_t)_mm256_movemask_epi8(quotes);
}

/* Writes the positions of the quotes of one block that starts at @base; returns the new end. */
static inline TARGET uint32_t *append_block(uint32_t *out, const char *bytes, uint32_t base,
                                            __m256i *special)
{
    uint64_t quotes = quotes_of(bytes, special);
    quotes |= quotes_of(bytes + BLOCK / 2, special) << BLOCK / 2;
    uint32_t *end = out + __builtin_popcountll(quotes);
    for (int i = 0; i < AHEAD; i++) {
        out[i] = base + (uint32_t)_tzcnt_u64(quotes);
        quotes &= quotes - 1;
    }
    for (out += AHEAD; out < end; out++) {
        *out = base + (uint32_t)_tzcnt_u64(quotes);
        quotes &= quotes - 1;
    }
    return end;
}

static TARGET bool find(struct sw_quotes *quotes, struct sw_text text)
{
    uint32_t *end = quotes->positions;
    __m256i special = _mm256_setzero_si256();
    uint32_t at = 0;
    for (; at + BLOCK <= text.length; at += BLOCK) {
        end = append_block(end, text.bytes + at, at, &special);
    }
    if (at < text.length) {
        char rest[BLOCK];
        memset(rest, ' ', sizeof(rest));
        memcpy(rest, text.bytes + at, text.length - at);
        end = append_block(end, rest, at, &special);
    }
    end[0] = end[1] = text.length;
    quotes->count = (uint32_t)(end - quotes->positions);
    return _mm256_testz_si256(special, special) != 0;
}

bool sw_quotes_find(struct sw_quotes *quotes, struct sw_text text)
{
    SW_ASSERT(quotes->positions != NULL);
    return text.length <= SW_QUOTES_TEXT_MAX && find(quotes, text);
}

#else

bool sw_quotes_can_find(void)
{
    return false;
}

bool sw_quotes_find(struct sw_quotes *quotes, struct sw_text text)
{
    (void)quotes;
    (void)text;
    return false;
}

#endif
