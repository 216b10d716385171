/**
 * A fast hash of short texts, for tables whose keys come from the rules. Not for anything an
 * adversary may choose the cost of: a probe for a value that is not there ends at once, however
 * many such values there are.
 */
#ifndef SHAREWATCH_HASH_H
#define SHAREWATCH_HASH_H

#include <stdint.h>
#include <string.h>

static inline uint64_t sw_hash_load(const char *bytes, size_t count)
{
    uint64_t word = 0;
    memcpy(&word, bytes, count);
    return word;
}

static inline uint64_t sw_hash_mix(uint64_t a, uint64_t b)
{
    uint64_t mixed = (a ^ b) * UINT64_C(0x9e3779b97f4a7c15);
    return mixed ^ mixed >> 32;
}

/** The hash of @length bytes under @seed. */
static inline uint64_t sw_hash_bytes(const char *bytes, uint32_t length, uint64_t seed)
{
    uint64_t hash = seed ^ (uint64_t)length * UINT64_C(0xff51afd7ed558ccd);
    if (length >= 8) {
        for (uint32_t at = 0; at + 8 < length; at += 8) {
            hash = sw_hash_mix(hash, sw_hash_load(bytes + at, 8));
        }
        return sw_hash_mix(hash, sw_hash_load(bytes + length - 8, 8));
    }
    if (length >= 4) {
        uint64_t low = sw_hash_load(bytes, 4);
        uint64_t high = sw_hash_load(bytes + length - 4, 4);
        return sw_hash_mix(hash, low | high << 32);
    }
    uint64_t word = 0;
    for (uint32_t i = 0; i < length; i++) {
        word = word << 8 | (unsigned char)bytes[i];
    }
    return sw_hash_mix(hash, word);
}

/** A text of at most 16 bytes in two words, zeros behind it. Texts of equal length are equal when
 *  their words are. */
struct sw_short {
    uint64_t low, high;
};

/** Folds the ASCII letters among the eight bytes of @word. */
static inline uint64_t sw_fold_word(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t after_z = word + (0x7f - 'Z') * ones; // the top bit of each byte, for bytes below 128
    uint64_t from_a = word + (0x80 - 'A') * ones;
    return word | ((from_a ^ after_z) & 0x80 * ones) >> 2;
}

/** The first @length bytes of the 16 at @bytes, zeros behind them; @length is at most 16. */
static inline struct sw_short sw_short_load(const char *bytes, uint32_t length)
{
    static const unsigned char ones_then_zeros[32] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}; // a mask of n bytes starts at 16 - n
    struct sw_short mask;
    struct sw_short loaded;
    memcpy(&mask, ones_then_zeros + 16 - length, sizeof(mask));
    memcpy(&loaded, bytes, sizeof(loaded));
    return (struct sw_short){loaded.low & mask.low, loaded.high & mask.high};
}

/** Packs the text of @length bytes at @bytes. False: it is longer than 16, or not ASCII. */
static inline int sw_short_pack(const char *bytes, uint32_t length, struct sw_short *packed)
{
    *packed = (struct sw_short){0, 0};
    if (length > sizeof(*packed)) {
        return 0;
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* As memcpy() would, without its call: the loads overlap where they must. */
    if (length > 8) {
        packed->low = sw_hash_load(bytes, 8);
        packed->high = sw_hash_load(bytes + length - 8, 8) >> (16 - length) * 8;
    } else if (length >= 4) {
        packed->low = sw_hash_load(bytes, 4) | sw_hash_load(bytes + length - 4, 4)
                                                   << (length - 4) * 8;
    } else if (length > 0) {
        packed->low = (unsigned char)bytes[0] |
                      (uint64_t)(unsigned char)bytes[length / 2] << length / 2 * 8 |
                      (uint64_t)(unsigned char)bytes[length - 1] << (length - 1) * 8;
    }
#else
    if (length > 0) {
        memcpy(packed, bytes, length);
    }
#endif
    return ((packed->low | packed->high) & UINT64_C(0x8080808080808080)) == 0;
}

/** A table of short texts takes the best of so many multipliers: that with which most entries stand
 *  where they are looked for first. */
#define SW_SHORT_TRIES 64

/** Number @try of the multipliers, an odd one. */
static inline uint64_t sw_short_multiplier(uint32_t try)
{
    uint64_t mixed = (try + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return (mixed ^ mixed >> 27) | 1;
}

/** The hash of @packed at @place, which tells field and length. The top bits are the best. */
static inline uint64_t sw_short_hash(const struct sw_short *packed, uint64_t place,
                                     uint64_t multiplier)
{
    return ((packed->low ^ place) + packed->high * UINT64_C(0xff51afd7ed558ccd)) * multiplier;
}

/** @packed so that letters of either case are the same, and some other characters too. */
static inline struct sw_short sw_short_blur(const struct sw_short *packed)
{
    const uint64_t cases = UINT64_C(0x2020202020202020);
    return (struct sw_short){packed->low | cases, packed->high | cases};
}

/** Equality of @length bytes, without a call for the short texts that fields have. */
static inline int sw_bytes_equal(const char *a, const char *b, uint32_t length)
{
    if (length > 32) {
        return memcmp(a, b, length) == 0;
    }
    if (length >= 8) {
        for (uint32_t at = 0; at + 8 < length; at += 8) {
            if (sw_hash_load(a + at, 8) != sw_hash_load(b + at, 8)) {
                return 0;
            }
        }
        return sw_hash_load(a + length - 8, 8) == sw_hash_load(b + length - 8, 8);
    }
    if (length >= 4) {
        return sw_hash_load(a, 4) == sw_hash_load(b, 4) &&
               sw_hash_load(a + length - 4, 4) == sw_hash_load(b + length - 4, 4);
    }
    for (uint32_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return 0;
        }
    }
    return 1;
}

#endif
