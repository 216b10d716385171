#include "tile.h"

#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

int64_t sw_tile_id(uint32_t level, uint64_t place)
{
    return (int64_t)((uint64_t)level << 48 | place);
}

bool sw_tile_copy(struct sqlite3_stmt *find, uint32_t level, uint64_t place, uint32_t first,
                  uint32_t count, uint8_t (*hashes)[SW_HASH_BYTES])
{
    SW_ASSERT(first + count <= SW_TILE_HASHES);
    (void)sqlite3_bind_int64(find, 1, sw_tile_id(level, place));
    bool there = sqlite3_step(find) == SQLITE_ROW && sqlite3_column_bytes(find, 0) == SW_TILE_BYTES;
    if (there) {
        const uint8_t *bytes = sqlite3_column_blob(find, 0);
        memcpy(hashes, bytes + (size_t)first * SW_HASH_BYTES, (size_t)count * SW_HASH_BYTES);
    }
    (void)sqlite3_reset(find);
    return there;
}
