/**
 * The keys of all fields that rules name, as a tree by the dots of their names, and as tables to
 * find a key in while an event is read.
 */
#ifndef SHAREWATCH_FIELD_TREE_H
#define SHAREWATCH_FIELD_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "hash.h"

#define SW_NODE_ROOT 0 // the outermost object
#define SW_NODE_NONE SW_UNKNOWN

/** A key on the way to a named field, under its parent. */
struct sw_field_node {
    uint64_t hash; // of the key under its parent
    struct sw_text key;
    uint32_t parent;
    uint32_t slot; // SW_UNKNOWN: only on the way
    bool flat;     // the whole dotted name as one key
};

/** A key of at most 16 bytes, found by one probe of one line of memory. */
struct sw_key_entry {
    struct sw_short key;
    uint64_t place; // see sw_key_place()
    uint32_t node;  // SW_NODE_NONE: empty
    uint32_t slot;  // of the node, unless that is flat: then SW_UNKNOWN
};

struct sw_field_tree {
    struct sw_field_node *nodes; // [count]; the first is the root
    uint32_t count, capacity;
    uint32_t *table; // [table_size] of index, 0: empty
    uint32_t table_size;
    struct sw_key_entry *keys; // [key_size], open addressing
    uint32_t key_size;
    uint32_t key_shift; // of a hash, to a place in `keys`
    uint64_t key_multiplier;
};

void sw_field_tree_build(struct sw_field_tree *tree, const struct sw_set *set);
void sw_field_tree_free(struct sw_field_tree *tree);

/** The node of @key under @parent, or SW_NODE_NONE. */
uint32_t sw_field_tree_find(const struct sw_field_tree *tree, struct sw_text key, uint32_t parent);

static inline uint64_t sw_key_place(uint32_t parent, uint32_t length)
{
    return (uint64_t)parent * 32 + length;
}

/** The entry of @key, at most 16 bytes, at @place; an empty one when there is none. */
static inline const struct sw_key_entry *sw_field_tree_find_short(const struct sw_field_tree *tree,
                                                                  const struct sw_short *key,
                                                                  uint64_t place)
{
    uint32_t at = (uint32_t)(sw_short_hash(key, place, tree->key_multiplier) >> tree->key_shift);
    for (;;) {
        const struct sw_key_entry *entry = &tree->keys[at];
        uint64_t differs =
            (entry->key.low ^ key->low) | (entry->key.high ^ key->high) | (entry->place ^ place);
        if (differs == 0 || entry->node == SW_NODE_NONE) {
            return entry;
        }
        at = (at + 1) & (tree->key_size - 1);
    }
}

#endif
