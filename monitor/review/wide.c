#include "wide.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/assert.h>

#define LOOKED_AT_MAX 64   // bytes in which zeros are looked for
#define UNITS_MIN     4    // fewer tell nothing
#define HALF_UNIT     0xFF // stands in no UTF-8: the file ends within a unit

/* --- which order --- */

static bool starts_with(const struct sw_wide *wide, uint8_t first, uint8_t second)
{
    return wide->end >= 2 && wide->raw[0] == first && wide->raw[1] == second;
}

/* Without a mark: names of columns are plain letters, so one half of nearly all units is zero. */
static enum sw_wide_order guess(const struct sw_wide *wide)
{
    uint32_t units = (wide->end < LOOKED_AT_MAX ? wide->end : LOOKED_AT_MAX) / 2;
    uint32_t zeros[2] = {0, 0};
    for (uint32_t i = 0; i < 2 * units; i++) {
        zeros[i % 2] += wide->raw[i] == 0 ? 1 : 0;
    }
    uint32_t most = zeros[0] > zeros[1] ? zeros[0] : zeros[1];
    uint32_t least = zeros[0] > zeros[1] ? zeros[1] : zeros[0];
    if (units < UNITS_MIN || most * 4 < units * 3 || least * 4 > units) {
        return SW_WIDE_NONE;
    }
    return most == zeros[1] ? SW_WIDE_LITTLE : SW_WIDE_BIG;
}

/* Moves what is left to the front and reads once. As read(). */
static ssize_t refill(struct sw_wide *wide, int descriptor)
{
    memmove(wide->raw, wide->raw + wide->first, wide->end - wide->first);
    wide->end -= wide->first;
    wide->first = 0;
    ssize_t count = read(descriptor, wide->raw + wide->end, sizeof(wide->raw) - wide->end);
    wide->end += count > 0 ? (uint32_t)count : 0;
    return count;
}

enum sw_status sw_wide_begin(struct sw_wide *wide, int descriptor)
{
    ssize_t count = 1;
    *wide = (struct sw_wide){.order = SW_WIDE_NONE};
    while (count != 0 && wide->end < sizeof(wide->raw)) {
        count = refill(wide, descriptor);
        if (count < 0 && errno != EINTR) {
            return SW_IO;
        }
    }
    if (starts_with(wide, 0xFF, 0xFE)) {
        wide->order = SW_WIDE_LITTLE;
    } else if (starts_with(wide, 0xFE, 0xFF)) {
        wide->order = SW_WIDE_BIG;
    } else {
        wide->order = guess(wide);
    }
    return SW_OK;
}

/* --- reading --- */

static uint32_t unit_at(const struct sw_wide *wide, uint32_t place)
{
    uint32_t low = wide->raw[place];
    uint32_t high = wide->raw[place + 1];
    return wide->order == SW_WIDE_LITTLE ? high << 8 | low : low << 8 | high;
}

static bool is_high_half(uint32_t unit)
{
    return (unit & 0xFC00) == 0xD800;
}

static uint32_t write_utf8(uint32_t point, char *bytes)
{
    if (point < 0x80) {
        bytes[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        bytes[0] = (char)(0xC0 | point >> 6);
        bytes[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        bytes[0] = (char)(0xE0 | point >> 12);
        bytes[1] = (char)(0x80 | (point >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    bytes[0] = (char)(0xF0 | point >> 18);
    bytes[1] = (char)(0x80 | (point >> 12 & 0x3F));
    bytes[2] = (char)(0x80 | (point >> 6 & 0x3F));
    bytes[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

/* Writes one character; 0: what is there is not all of it, and more of the file may come. */
static uint32_t convert_one(struct sw_wide *wide, bool ended, char *bytes)
{
    uint32_t left = wide->end - wide->first;
    if (left < 2) {
        if (left == 0 || !ended) {
            return 0;
        }
        wide->first++;
        bytes[0] = (char)HALF_UNIT;
        return 1;
    }
    uint32_t point = unit_at(wide, wide->first);
    if (is_high_half(point) && left < 4 && !ended) {
        return 0;
    }
    uint32_t second = is_high_half(point) && left >= 4 ? unit_at(wide, wide->first + 2) : 0;
    bool paired = (second & 0xFC00) == 0xDC00;
    if (paired) {
        point = 0x10000 + ((point & 0x3FF) << 10 | (second & 0x3FF));
    }
    wide->first += paired ? 4 : 2;
    return write_utf8(point, bytes);
}

static ssize_t read_as_they_are(struct sw_wide *wide, int descriptor, char *bytes,
                                uint32_t capacity)
{
    uint32_t left = wide->end - wide->first;
    uint32_t count = left < capacity ? left : capacity;
    if (count == 0) {
        return read(descriptor, bytes, capacity);
    }
    memcpy(bytes, wide->raw + wide->first, count);
    wide->first += count;
    return (ssize_t)count;
}

ssize_t sw_wide_read(struct sw_wide *wide, int descriptor, char *bytes, uint32_t capacity)
{
    SW_ASSERT(capacity >= SW_WIDE_CHARACTER_BYTES);
    if (wide->order == SW_WIDE_NONE) {
        return read_as_they_are(wide, descriptor, bytes, capacity);
    }
    bool ended = false;
    uint32_t length = 0;
    while (length == 0 && !ended) {
        if (wide->end - wide->first < SW_WIDE_CHARACTER_BYTES) {
            ssize_t count = refill(wide, descriptor);
            if (count < 0) {
                return count;
            }
            ended = count == 0;
        }
        uint32_t count = 1;
        while (count > 0 && capacity - length >= SW_WIDE_CHARACTER_BYTES) {
            count = convert_one(wide, ended, bytes + length);
            length += count;
        }
    }
    return (ssize_t)length;
}

uint64_t sw_wide_raw_bytes(const struct sw_wide *wide, const char *bytes, uint32_t count)
{
    uint64_t raw = 0;
    if (wide->order == SW_WIDE_NONE) {
        return count;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t c = (uint8_t)bytes[i];
        bool continues = (c & 0xC0) == 0x80;
        raw += c == HALF_UNIT ? 1 : continues ? 0 : c >= 0xF0 ? 4 : 2;
    }
    return raw;
}
