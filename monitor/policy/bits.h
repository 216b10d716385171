/**
 * The places of the bits of a word, written as numbers. How many bits a word has cannot be
 * foreseen, so nothing branches on it: a few places are always written, and the next word writes
 * over those that were not meant.
 */
#ifndef SHAREWATCH_BITS_H
#define SHAREWATCH_BITS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <sharewatch/policy.h>

/** The machine this is, or @machine if that is less. */
static inline enum sw_machine sw_machine_at_most(enum sw_machine machine)
{
    enum sw_machine best = SW_MACHINE_PORTABLE;
#if defined(__x86_64__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("popcnt");
    bool avx512 =
        avx2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
    best = avx512 ? SW_MACHINE_AVX512 : avx2 ? SW_MACHINE_AVX2 : SW_MACHINE_PORTABLE;
#endif
    return machine == SW_MACHINE_THIS || machine > best ? best : machine;
}

#define SW_BITS_AHEAD 16 // numbers that may be written past the last one

/** Appends @base plus the place of each bit of @word to @out; returns the new end. */
static inline uint32_t *sw_bits_append(uint32_t *out, uint64_t word, uint32_t base)
{
    for (; word != 0; word &= word - 1) {
        *out++ = base + (uint32_t)__builtin_ctzll(word);
    }
    return out;
}

#if defined(__x86_64__)

#define SW_TARGET_AVX2   __attribute__((target("avx2,bmi,popcnt")))
#define SW_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt")))

/** The same; @ahead, a constant up to SW_BITS_AHEAD, is how many are written without asking. */
static inline SW_TARGET_AVX2 uint32_t *sw_bits_append_avx2(uint32_t *out, uint64_t word,
                                                           uint32_t base, int ahead)
{
    uint32_t *end = out + __builtin_popcountll(word);
#pragma GCC unroll 16
    for (int i = 0; i < ahead; i++) {
        out[i] = base + (uint32_t)_tzcnt_u64(word);
        word &= word - 1;
    }
    for (out += ahead; out < end; out++) {
        *out = base + (uint32_t)_tzcnt_u64(word);
        word &= word - 1;
    }
    return end;
}

/** The same, all at once: of the bytes 0 to 63 those are kept that have a bit. @ahead is 8 or 16.
 */
static inline SW_TARGET_AVX512 uint32_t *sw_bits_append_avx512(uint32_t *out, uint64_t word,
                                                               uint32_t base, int ahead)
{
    static const uint8_t ascending[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    __m512i places = _mm512_maskz_compress_epi8(word, _mm512_loadu_si512(ascending));
    __m512i numbers = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
    uint32_t *end = out + __builtin_popcountll(word);
    numbers = _mm512_add_epi32(numbers, _mm512_set1_epi32((int)base));
    if (ahead == 8) {
        _mm256_storeu_si256((__m256i *)(void *)out, _mm512_castsi512_si256(numbers));
    } else {
        _mm512_storeu_si512(out, numbers);
    }
    if (end - out > ahead) {
        uint8_t rest[64];
        _mm512_storeu_si512(rest, places);
        for (int i = ahead; out + i < end; i++) {
            out[i] = base + rest[i];
        }
    }
    return end;
}

#endif

#endif
