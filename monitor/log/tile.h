/**
 * Tiles of the tree, see tree.h, as the log's table `tile` keeps them.
 */
#ifndef SHAREWATCH_TILE_H
#define SHAREWATCH_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "tree.h"

struct sqlite3_stmt;

/** The statement that sw_tile_copy() takes. */
#define SW_TILE_SQL "SELECT hashes FROM tile WHERE id = ?1"

/** The row of tile @place of @level. */
int64_t sw_tile_id(uint32_t level, uint64_t place);

/** Copies @count hashes from @first on out of tile @place of @level. False: there is no such tile,
 *  or it is not whole. The statement @find is reset. */
bool sw_tile_copy(struct sqlite3_stmt *find, uint32_t level, uint64_t place, uint32_t first,
                  uint32_t count, uint8_t (*hashes)[SW_HASH_BYTES]);

#endif
