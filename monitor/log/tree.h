/**
 * A Merkle tree that only grows, as RFC 6962, section 2.1, defines it: its root, and proofs that a
 * leaf is in it.
 *
 * Hashes are kept in tiles of 256, as C2SP tlog-tiles lays them out: tile N of level L holds the
 * roots of the full subtrees of 256^L leaves number 256·N to 256·N + 255; level 0 holds the leaves'
 * hashes. A full tile never changes and is the caller's to store; the newest of each level, which
 * is not full yet, is here, with the roots of the full subtrees on the right edge.
 */
#ifndef SHAREWATCH_TREE_H
#define SHAREWATCH_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

#define SW_TREE_LEVELS  5  // of tiles: 2^40 leaves
#define SW_TREE_BITS    40 // levels of nodes
#define SW_TILE_HASHES  256
#define SW_TILE_BYTES   8192 // of a tile
#define SW_PROOF_HASHES 41   // of one proof, at most

struct sw_tree {
    uint64_t size;                                                // leaves
    uint8_t tiles[SW_TREE_LEVELS][SW_TILE_HASHES][SW_HASH_BYTES]; // the newest of each level
    uint8_t edge[SW_TREE_BITS][SW_HASH_BYTES]; // [bit] is in use when that bit of size is set
};

/** Takes tile @place of @level, which is full. False: it could not be stored, stop. */
typedef bool (*sw_tile_fn)(void *context, uint32_t level, uint64_t place,
                           const uint8_t hashes[SW_TILE_BYTES]);

/** Adds a leaf by its hash. @take gets each tile that is full now; NULL: nobody wants them. False:
 *  @take said so. */
bool sw_tree_add(struct sw_tree *tree, struct sw_hasher *hasher, const uint8_t leaf[SW_HASH_BYTES],
                 sw_tile_fn take, void *context);

/** The root of all leaves; of an empty tree the hash of nothing. */
void sw_tree_root(const struct sw_tree *tree, struct sw_hasher *hasher,
                  uint8_t root[SW_HASH_BYTES]);

/** Gives the root of the full subtree of 2^@bits leaves number @place. False: it cannot. */
typedef bool (*sw_subtree_fn)(void *context, uint32_t bits, uint64_t place,
                              uint8_t hash[SW_HASH_BYTES]);

/**
 * The proof that leaf @index is in the tree of the first @size leaves, from the leaf up, into
 * @proof; @count of them. @index is below @size. False: @subtree said so.
 */
bool sw_tree_prove(uint64_t size, uint64_t index, struct sw_hasher *hasher, sw_subtree_fn subtree,
                   void *context, uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES], uint32_t *count);

/** Computes from leaf and proof the root that they belong to (RFC 9162, section 2.1.3.2). False:
 *  the proof has not the length that @index and @size ask for. */
bool sw_tree_root_of(uint64_t size, uint64_t index, struct sw_hasher *hasher,
                     const uint8_t leaf[SW_HASH_BYTES], uint8_t (*proof)[SW_HASH_BYTES],
                     uint32_t count, uint8_t root[SW_HASH_BYTES]);

/**
 * The proof that the tree of the first @size leaves is that of the first @from leaves, grown (RFC
 * 6962, section 2.1.2), into @proof; @count of them. @from is 1 to @size. False: @subtree said so.
 */
bool sw_tree_prove_growth(uint64_t from, uint64_t size, struct sw_hasher *hasher,
                          sw_subtree_fn subtree, void *context,
                          uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES], uint32_t *count);

/** True when @proof shows that the tree with @root over @size leaves has grown from that with
 *  @from_root over @from (RFC 9162, section 2.1.4.2). */
bool sw_tree_has_grown(uint64_t from, const uint8_t from_root[SW_HASH_BYTES], uint64_t size,
                       const uint8_t root[SW_HASH_BYTES], struct sw_hasher *hasher,
                       const uint8_t (*proof)[SW_HASH_BYTES], uint32_t count);

/** The root over the @count hashes in @hashes, a power of two; they are overwritten. */
void sw_tree_fold(struct sw_hasher *hasher, uint8_t (*hashes)[SW_HASH_BYTES], uint32_t count,
                  uint8_t root[SW_HASH_BYTES]);

#endif
