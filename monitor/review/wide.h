/**
 * Text in UTF-16, as spreadsheets write it under "Unicode text", read as UTF-8.
 *
 * Streaming, through a small buffer. What is no text stays none: half a surrogate pair, or half a
 * unit at the end of the file, becomes bytes that are not valid UTF-8, so that whoever reads the
 * row refuses it.
 */
#ifndef SHAREWATCH_WIDE_H
#define SHAREWATCH_WIDE_H

#include <stdint.h>
#include <sys/types.h>

#include <sharewatch/status.h>

#define SW_WIDE_RAW_BYTES       4096
#define SW_WIDE_CHARACTER_BYTES 4 // the most that one character takes in UTF-8

enum sw_wide_order { SW_WIDE_NONE, SW_WIDE_LITTLE, SW_WIDE_BIG };

struct sw_wide {
    enum sw_wide_order order; // NONE: the file is not in UTF-16
    uint32_t first, end;      // of `raw`: what was read and not yet handed out
    uint8_t raw[SW_WIDE_RAW_BYTES];
};

/** Reads the start of @descriptor and finds out which order its bytes are in: by the mark at its
 *  start, or by the zeros of plain letters. SW_IO: reading failed, errno says why. */
enum sw_status sw_wide_begin(struct sw_wide *wide, int descriptor) SW_MUST_CHECK;

/** Reads on, at most @capacity bytes, SW_WIDE_CHARACTER_BYTES at least; into UTF-8, or as they are
 *  when the file is not in UTF-16. 0: the file has ended; below 0: as read() has it. */
ssize_t sw_wide_read(struct sw_wide *wide, int descriptor, char *bytes, uint32_t capacity);

/** How many bytes of the file the @count bytes at @bytes were made of. */
uint64_t sw_wide_raw_bytes(const struct sw_wide *wide, const char *bytes, uint32_t count);

#endif
