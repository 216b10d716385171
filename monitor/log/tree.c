/* A leaf costs one node on average: the carry of adding one to a binary number. */
#include "tree.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

#define TILE_BITS 8

static_assert(SW_TILE_BYTES == SW_TILE_HASHES * SW_HASH_BYTES, "as C2SP says");
static_assert(1 << TILE_BITS == SW_TILE_HASHES, "a tile is eight levels of nodes");
static_assert(SW_TREE_LEVELS * TILE_BITS == SW_TREE_BITS, "every node is in a tile's subtree");

/* Puts the hash number @place of @level into its tile. */
static bool place_hash(struct sw_tree *tree, uint32_t level, uint64_t place,
                       const uint8_t hash[SW_HASH_BYTES], sw_tile_fn take, void *context)
{
    uint32_t slot = (uint32_t)(place % SW_TILE_HASHES);
    memcpy(tree->tiles[level][slot], hash, SW_HASH_BYTES);
    return slot + 1 < SW_TILE_HASHES || take == NULL ||
           take(context, level, place / SW_TILE_HASHES, &tree->tiles[level][0][0]);
}

bool sw_tree_add(struct sw_tree *tree, struct sw_hasher *hasher, const uint8_t leaf[SW_HASH_BYTES],
                 sw_tile_fn take, void *context)
{
    uint8_t hash[SW_HASH_BYTES];
    uint32_t bit = 0;
    SW_ASSERT(tree->size >> SW_TREE_BITS == 0);
    memcpy(hash, leaf, sizeof(hash));
    bool done = place_hash(tree, 0, tree->size, hash, take, context);
    for (; (tree->size >> bit & 1) != 0; bit++) {
        sw_hash_node(hasher, tree->edge[bit], hash, hash);
        if ((bit + 1) % TILE_BITS == 0) {
            uint32_t level = (bit + 1) / TILE_BITS;
            SW_ASSERT(level < SW_TREE_LEVELS);
            done = place_hash(tree, level, tree->size >> (bit + 1), hash, take, context) && done;
        }
    }
    memcpy(tree->edge[bit], hash, sizeof(hash));
    tree->size++;
    return done;
}

void sw_tree_root(const struct sw_tree *tree, struct sw_hasher *hasher, uint8_t root[SW_HASH_BYTES])
{
    bool begun = false;
    if (tree->size == 0) {
        sw_hasher_begin(hasher);
        sw_hasher_end(hasher, root);
        return;
    }
    for (uint32_t bit = 0; bit < SW_TREE_BITS; bit++) {
        if ((tree->size >> bit & 1) == 0) {
            continue;
        }
        if (begun) {
            sw_hash_node(hasher, tree->edge[bit], root, root);
        } else {
            memcpy(root, tree->edge[bit], SW_HASH_BYTES);
            begun = true;
        }
    }
}

/* The root over leaves @first to before @end: full subtrees from the right, as the tree's own. */
static bool range_root(uint64_t first, uint64_t end, struct sw_hasher *hasher,
                       sw_subtree_fn subtree, void *context, uint8_t root[SW_HASH_BYTES])
{
    uint64_t count = end - first;
    bool begun = false;
    SW_ASSERT(count > 0);
    for (uint32_t bit = 0; count >> bit != 0; bit++) {
        uint8_t hash[SW_HASH_BYTES];
        if ((count >> bit & 1) == 0) {
            continue;
        }
        end -= UINT64_C(1) << bit;
        if (!subtree(context, bit, end >> bit, hash)) {
            return false;
        }
        if (begun) {
            sw_hash_node(hasher, hash, root, root);
        } else {
            memcpy(root, hash, sizeof(hash));
            begun = true;
        }
    }
    return true;
}

/* The largest power of two below @count, which is at least 2. */
static uint64_t split(uint64_t count)
{
    uint64_t half = 1;
    while (half * 2 < count) {
        half *= 2;
    }
    return half;
}

static void reverse(uint8_t (*hashes)[SW_HASH_BYTES], uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        uint8_t swapped[SW_HASH_BYTES];
        memcpy(swapped, hashes[i], SW_HASH_BYTES);
        memcpy(hashes[i], hashes[count - 1 - i], SW_HASH_BYTES);
        memcpy(hashes[count - 1 - i], swapped, SW_HASH_BYTES);
    }
}

/* What a proof is made with. */
struct prover {
    struct sw_hasher *hasher;
    sw_subtree_fn subtree;
    void *context;
    uint8_t (*proof)[SW_HASH_BYTES]; // [SW_PROOF_HASHES], from the root down
    uint32_t count;
};

struct range {
    uint64_t first, end; // leaves
};

static bool add_range(struct prover *prover, uint64_t first, uint64_t end)
{
    SW_ASSERT(prover->count < SW_PROOF_HASHES);
    return range_root(first, end, prover->hasher, prover->subtree, prover->context,
                      prover->proof[prover->count++]);
}

/* Goes one step down, into the half of @range that has leaf @index; the other half's root is part
 * of the proof. */
static bool descend(struct prover *prover, struct range *range, uint64_t index)
{
    uint64_t middle = range->first + split(range->end - range->first);
    bool left = index < middle;
    bool done =
        left ? add_range(prover, middle, range->end) : add_range(prover, range->first, middle);
    *(left ? &range->end : &range->first) = middle;
    return done;
}

bool sw_tree_prove(uint64_t size, uint64_t index, struct sw_hasher *hasher, sw_subtree_fn subtree,
                   void *context, uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES], uint32_t *count)
{
    struct prover prover = {hasher, subtree, context, proof, 0};
    struct range range = {0, size};
    SW_ASSERT(index < size);
    while (range.end - range.first > 1) {
        if (!descend(&prover, &range, index)) {
            return false;
        }
    }
    reverse(proof, prover.count);
    *count = prover.count;
    return true;
}

bool sw_tree_prove_growth(uint64_t from, uint64_t size, struct sw_hasher *hasher,
                          sw_subtree_fn subtree, void *context,
                          uint8_t proof[SW_PROOF_HASHES][SW_HASH_BYTES], uint32_t *count)
{
    struct prover prover = {hasher, subtree, context, proof, 0};
    struct range range = {0, size};
    SW_ASSERT(from > 0);
    SW_ASSERT(from <= size);
    while (range.end != from) {
        if (!descend(&prover, &range, from - 1)) {
            return false;
        }
    }
    /* The old tree may end in the middle of the new one: then its last part is asked for. */
    if (range.first > 0 && !add_range(&prover, range.first, range.end)) {
        return false;
    }
    reverse(proof, prover.count);
    *count = prover.count;
    return true;
}

/* Climbs from the old tree's right edge to the top of the new one; both roots come on the way. */
bool sw_tree_has_grown(uint64_t from, const uint8_t from_root[SW_HASH_BYTES], uint64_t size,
                       const uint8_t root[SW_HASH_BYTES], struct sw_hasher *hasher,
                       const uint8_t (*proof)[SW_HASH_BYTES], uint32_t count)
{
    uint8_t old[SW_HASH_BYTES];
    uint8_t grown[SW_HASH_BYTES];
    if (from == 0 || from >= size) {
        return from == size && from > 0 && count == 0 && memcmp(from_root, root, sizeof(old)) == 0;
    }
    uint64_t place = from - 1;
    uint64_t last = size - 1;
    while ((place & 1) != 0) {
        place >>= 1;
        last >>= 1;
    }
    uint32_t used = 0;
    if (place != 0 && count == 0) {
        return false;
    }
    memcpy(old, place == 0 ? from_root : proof[used++], sizeof(old)); // 0: a full tree is its edge
    memcpy(grown, old, sizeof(grown));
    for (; used < count; used++) {
        if (last == 0) {
            return false;
        }
        if ((place & 1) != 0 || place == last) {
            sw_hash_node(hasher, proof[used], old, old);
            sw_hash_node(hasher, proof[used], grown, grown);
            while ((place & 1) == 0 && place != 0) {
                place >>= 1;
                last >>= 1;
            }
        } else {
            sw_hash_node(hasher, grown, proof[used], grown);
        }
        place >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(old, from_root, sizeof(old)) == 0 &&
           memcmp(grown, root, sizeof(grown)) == 0;
}

bool sw_tree_root_of(uint64_t size, uint64_t index, struct sw_hasher *hasher,
                     const uint8_t leaf[SW_HASH_BYTES], uint8_t (*proof)[SW_HASH_BYTES],
                     uint32_t count, uint8_t root[SW_HASH_BYTES])
{
    uint64_t place = index;
    uint64_t last = size - 1;
    if (size == 0 || index >= size) {
        return false;
    }
    memcpy(root, leaf, SW_HASH_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        if (last == 0) {
            return false;
        }
        if ((place & 1) != 0 || place == last) {
            sw_hash_node(hasher, proof[i], root, root);
            while ((place & 1) == 0 && place != 0) {
                place >>= 1;
                last >>= 1;
            }
        } else {
            sw_hash_node(hasher, root, proof[i], root);
        }
        place >>= 1;
        last >>= 1;
    }
    return last == 0;
}

void sw_tree_fold(struct sw_hasher *hasher, uint8_t (*hashes)[SW_HASH_BYTES], uint32_t count,
                  uint8_t root[SW_HASH_BYTES])
{
    SW_ASSERT(count > 0);
    SW_ASSERT((count & (count - 1)) == 0);
    for (; count > 1; count /= 2) {
        for (uint32_t i = 0; i < count / 2; i++) {
            sw_hash_node(hasher, hashes[(size_t)2 * i], hashes[(size_t)2 * i + 1], hashes[i]);
        }
    }
    memcpy(root, hashes[0], SW_HASH_BYTES);
}
