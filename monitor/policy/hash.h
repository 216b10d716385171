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
