#include "fold.h"

#include <stdbool.h>
#include <stddef.h>

#include <sharewatch/assert.h>

#include "fold_table.h"
#include "hash.h"

#define RUN_COUNT (sizeof(fold_runs) / sizeof(fold_runs[0]))

uint32_t sw_fold_code(uint32_t code)
{
    if (code < 0x80) {
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    }
    size_t low = 0;
    size_t high = RUN_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fold_runs[middle].last < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == RUN_COUNT || code < fold_runs[low].first ||
        (code - fold_runs[low].first) % fold_runs[low].step != 0) {
        return code;
    }
    return (uint32_t)((int32_t)code + fold_runs[low].delta);
}

/* Continuation bytes that follow @lead, and the least code point that needs so many; 0: not a
 * lead. */
static uint32_t tail_length(unsigned char lead, uint32_t *least)
{
    if (lead >= 0xc2 && lead < 0xe0) {
        *least = 0x80;
        return 1;
    }
    if (lead >= 0xe0 && lead < 0xf0) {
        *least = 0x800;
        return 2;
    }
    *least = 0x10000;
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

uint32_t sw_utf8_character(const char *bytes, uint32_t left, uint32_t *code)
{
    SW_ASSERT(left > 0);
    const unsigned char *at = (const unsigned char *)bytes;
    uint32_t least = 0;
    uint32_t tail = tail_length(at[0], &least);
    uint32_t value = at[0];
    bool good = tail > 0 && tail < left;
    if (good) {
        value &= 0x3fU >> tail;
        for (uint32_t i = 1; i <= tail; i++) {
            good = good && (at[i] & 0xc0) == 0x80;
            value = value << 6 | (at[i] & 0x3fU);
        }
    }
    good = good && value >= least && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    if (code != NULL) {
        *code = good ? value : at[0];
    }
    return good ? tail + 1 : 1;
}

uint32_t sw_utf8_write(uint32_t code, char bytes[4])
{
    SW_ASSERT(code <= 0x10ffff);
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    uint32_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (uint32_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (char)(leads[length] | code);
    return length;
}

/* Folds eight bytes at a time while they are ASCII; returns how many it folded. */
static uint32_t fold_ascii(struct sw_text text, char *out)
{
    uint32_t at = 0;
    for (; at + 8 <= text.length; at += 8) {
        uint64_t word = sw_hash_load(text.bytes + at, 8);
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        word = sw_fold_word(word);
        memcpy(out + at, &word, 8);
    }
    return at;
}

uint32_t sw_fold(struct sw_text text, char *out)
{
    uint32_t at = fold_ascii(text, out);
    uint32_t written = at;
    while (at < text.length) {
        unsigned char byte = (unsigned char)text.bytes[at];
        if (byte < 0x80) {
            out[written++] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
            at++;
            continue;
        }
        uint32_t code = 0;
        uint32_t length = sw_utf8_character(text.bytes + at, text.length - at, &code);
        if (length == 1) { // not UTF-8
            out[written++] = text.bytes[at];
        } else {
            written += sw_utf8_write(sw_fold_code(code), out + written);
        }
        at += length;
    }
    SW_ASSERT(written <= SW_FOLD_BYTES_MAX(text.length));
    return written;
}
