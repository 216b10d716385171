#include "quotes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "bits.h"

#define BLOCK           64 // bytes
#define FETCH_BYTES_MAX 1024

static_assert(SW_QUOTES_AHEAD >= SW_BITS_AHEAD, "room behind the last position");
static_assert(SW_QUOTES_TEXT_MAX % BLOCK == 0, "whole blocks");
static_assert(SW_QUOTES_PADDING >= 2 * BLOCK, "a block of spaces behind the last one");

void sw_quotes_open(struct sw_quotes *quotes, enum sw_machine machine)
{
    *quotes = (struct sw_quotes){.machine = sw_machine_at_most(machine)};
    quotes->bytes = sw_allocate(SW_QUOTES_TEXT_MAX + SW_QUOTES_PADDING, 1);
    quotes->positions = sw_allocate(SW_QUOTES_TEXT_MAX + SW_QUOTES_AHEAD, sizeof(uint32_t));
}

void sw_quotes_close(struct sw_quotes *quotes)
{
    free(quotes->bytes);
    free(quotes->positions);
    *quotes = (struct sw_quotes){0};
}

#if defined(__x86_64__)

/* Copies @text from byte @at on, less than a block, to @out and two blocks of spaces behind it. */
static void copy_rest(char *out, struct sw_text text, uint32_t at)
{
    memset(out, ' ', (size_t)2 * BLOCK);
    if (at < text.length) {
        memcpy(out, text.bytes + at, text.length - at);
    }
}

static void end_positions(uint32_t *end, struct sw_text text)
{
    end[0] = end[1] = end[2] = end[3] = text.length;
}

/* Copies the half block at @from to @to; returns its quotes. @special gathers bytes that are not
 * plain. */
static inline SW_TARGET_AVX2 uint64_t read_half(const char *from, char *to, __m256i *special)
{
    __m256i loaded = _mm256_loadu_si256((const __m256i *)(const void *)from);
    _mm256_storeu_si256((__m256i *)(void *)to, loaded);
    __m256i quotes = _mm256_cmpeq_epi8(loaded, _mm256_set1_epi8('"'));
    __m256i slashes = _mm256_cmpeq_epi8(loaded, _mm256_set1_epi8('\\'));
    __m256i others = _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), loaded); // signed: also >= 0x80
    *special = _mm256_or_si256(*special, _mm256_or_si256(slashes, others));
    return (uint32_t)_mm256_movemask_epi8(quotes);
}

static SW_TARGET_AVX2 bool find_avx2(struct sw_quotes *quotes, struct sw_text text)
{
    uint32_t *end = quotes->positions;
    __m256i special = _mm256_setzero_si256();
    uint32_t whole = text.length / BLOCK * BLOCK;
    copy_rest(quotes->bytes + whole, text, whole);
    for (uint32_t at = 0; at < text.length; at += BLOCK) {
        const char *from = at < whole ? text.bytes + at : quotes->bytes + at;
        char *to = quotes->bytes + at;
        uint64_t word = read_half(from, to, &special);
        word |= read_half(from + BLOCK / 2, to + BLOCK / 2, &special) << BLOCK / 2;
        end = sw_bits_append_avx2(end, word, at, SW_BITS_AHEAD);
    }
    end_positions(end, text);
    return _mm256_testz_si256(special, special) != 0;
}

static SW_TARGET_AVX512 bool find_avx512(struct sw_quotes *quotes, struct sw_text text)
{
    const __m512i spaces = _mm512_set1_epi8(' ');
    uint32_t *end = quotes->positions;
    __mmask64 special = 0;
    uint32_t at = 0;
    for (; at < text.length; at += BLOCK) {
        uint32_t left = text.length - at;
        __mmask64 inside = left < BLOCK ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
        __m512i loaded = _mm512_mask_loadu_epi8(spaces, inside, text.bytes + at);
        _mm512_storeu_si512(quotes->bytes + at, loaded);
        special |= _mm512_cmpeq_epi8_mask(loaded, _mm512_set1_epi8('\\')) |
                   _mm512_cmplt_epi8_mask(loaded, spaces); // signed: also >= 0x80
        uint64_t found = _mm512_cmpeq_epi8_mask(loaded, _mm512_set1_epi8('"'));
        end = sw_bits_append_avx512(end, found, at, SW_BITS_AHEAD);
    }
    _mm512_storeu_si512(quotes->bytes + at, spaces);
    end_positions(end, text);
    return special == 0;
}

#endif

/* Lines stand one behind the other in a file: by the time this one is matched, the next is there.
 * Where nothing follows, nothing is fetched. */
static inline void fetch_next(struct sw_text text)
{
    uintptr_t next = (uintptr_t)text.bytes + text.length;
    for (uintptr_t at = 0; at < text.length && at < FETCH_BYTES_MAX; at += BLOCK) {
        __builtin_prefetch((const void *)(next + at)); // NOLINT(performance-no-int-to-ptr)
    }
}

bool sw_quotes_find(struct sw_quotes *quotes, struct sw_text text)
{
    SW_ASSERT(quotes->positions != NULL);
    if (text.length > SW_QUOTES_TEXT_MAX) {
        return false;
    }
    fetch_next(text);
#if defined(__x86_64__)
    switch (quotes->machine) {
    case SW_MACHINE_AVX2:
        return find_avx2(quotes, text);
    case SW_MACHINE_AVX512:
        return find_avx512(quotes, text);
    case SW_MACHINE_THIS:
    case SW_MACHINE_PORTABLE:
        break;
    }
#endif
    return false;
}
