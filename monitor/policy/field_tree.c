#include "field_tree.h"
#include "allocate.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_MIN_BITS 6
#define TABLE_MIN      (1U << TABLE_MIN_BITS)

static uint64_t hash_of_key(struct sw_text key, uint32_t parent)
{
    return sw_hash_bytes(key.bytes, key.length, parent + UINT64_C(0x51ed270b));
}

uint32_t sw_field_tree_find(const struct sw_field_tree *tree, struct sw_text key, uint32_t parent)
{
    uint64_t hash = hash_of_key(key, parent);
    uint32_t at = (uint32_t)hash & (tree->table_size - 1);
    while (tree->table[at] != 0) {
        const struct sw_field_node *node = &tree->nodes[tree->table[at]];
        if (node->hash == hash && node->parent == parent && node->key.length == key.length &&
            sw_bytes_equal(node->key.bytes, key.bytes, key.length)) {
            return tree->table[at];
        }
        at = (at + 1) & (tree->table_size - 1);
    }
    return SW_NODE_NONE;
}

static uint32_t add_node(struct sw_field_tree *tree, struct sw_text key, uint32_t parent)
{
    uint32_t found = sw_field_tree_find(tree, key, parent);
    if (found != SW_NODE_NONE) {
        return found;
    }
    tree->nodes = sw_grow(tree->nodes, tree->count, &tree->capacity, sizeof(*tree->nodes));
    uint64_t hash = hash_of_key(key, parent);
    tree->nodes[tree->count] = (struct sw_field_node){
        .hash = hash,
        .key = key,
        .parent = parent,
        .slot = SW_UNKNOWN,
    };
    uint32_t at = (uint32_t)hash & (tree->table_size - 1);
    while (tree->table[at] != 0) {
        at = (at + 1) & (tree->table_size - 1);
    }
    tree->table[at] = tree->count;
    return tree->count++;
}

static void add_field(struct sw_field_tree *tree, struct sw_text name, uint32_t slot)
{
    uint32_t node = SW_NODE_ROOT;
    uint32_t start = 0;
    for (uint32_t i = 0; i <= name.length; i++) {
        if (i == name.length || name.bytes[i] == '.') {
            node = add_node(tree, (struct sw_text){name.bytes + start, i - start}, node);
            start = i + 1;
        }
    }
    tree->nodes[node].slot = slot;
    if (tree->nodes[node].key.length != name.length) {
        uint32_t flat = add_node(tree, name, SW_NODE_ROOT);
        tree->nodes[flat].slot = slot;
        tree->nodes[flat].flat = true;
    }
}

/* Puts the key of @node into `keys`, if it is short. True: not where it is looked for first. */
static bool add_key(struct sw_field_tree *tree, uint32_t node)
{
    const struct sw_field_node *entry = &tree->nodes[node];
    char bytes[sizeof(struct sw_short)] = {0};
    if (entry->key.length > sizeof(bytes)) {
        return false;
    }
    memcpy(bytes, entry->key.bytes, entry->key.length);
    struct sw_short packed = sw_short_load(bytes, entry->key.length);
    uint64_t place = sw_key_place(entry->parent, entry->key.length);
    uint32_t first =
        (uint32_t)(sw_short_hash(&packed, place, tree->key_multiplier) >> tree->key_shift);
    uint32_t at = first;
    while (tree->keys[at].node != SW_NODE_NONE) {
        at = (at + 1) & (tree->key_size - 1);
    }
    tree->keys[at] =
        (struct sw_key_entry){packed, place, node, entry->flat ? SW_UNKNOWN : entry->slot};
    return at != first;
}

/* Fills `keys`; returns how many do not stand where they are looked for first. */
static uint32_t fill_keys(struct sw_field_tree *tree)
{
    uint32_t displaced = 0;
    for (uint32_t i = 0; i < tree->key_size; i++) {
        tree->keys[i] =
            (struct sw_key_entry){.place = UINT64_MAX, .node = SW_NODE_NONE, .slot = SW_UNKNOWN};
    }
    for (uint32_t node = SW_NODE_ROOT + 1; node < tree->count; node++) {
        displaced += add_key(tree, node) ? 1 : 0;
    }
    return displaced;
}

/* Makes `keys` with the best multiplier. */
static void build_keys(struct sw_field_tree *tree)
{
    tree->key_size = TABLE_MIN;
    tree->key_shift = 64 - TABLE_MIN_BITS;
    while (tree->key_size < tree->count * 4) {
        tree->key_size *= 2;
        tree->key_shift--;
    }
    tree->keys = sw_allocate(tree->key_size, sizeof(struct sw_key_entry));
    uint32_t best = 0;
    uint32_t least = UINT32_MAX;
    for (uint32_t try = 0; try < SW_SHORT_TRIES && least > 0; try++) {
        tree->key_multiplier = sw_short_multiplier(try);
        uint32_t displaced = fill_keys(tree);
        best = displaced < least ?
        try : best
            ;
        least = displaced < least ? displaced : least;
    }
    tree->key_multiplier = sw_short_multiplier(best);
    (void)fill_keys(tree);
}

void sw_field_tree_build(struct sw_field_tree *tree, const struct sw_set *set)
{
    *tree = (struct sw_field_tree){0};
    uint32_t most = 2;
    for (uint32_t slot = 0; slot < set->slot_count; slot++) {
        most += 2;
        for (uint32_t i = 0; i < set->slots[slot].name.length; i++) {
            most += set->slots[slot].name.bytes[i] == '.' ? 1 : 0;
        }
    }
    tree->table_size = TABLE_MIN;
    while (tree->table_size < most * 2) {
        tree->table_size *= 2;
    }
    tree->table = sw_allocate(tree->table_size, sizeof(uint32_t));
    tree->nodes = sw_grow(tree->nodes, 0, &tree->capacity, sizeof(*tree->nodes));
    tree->nodes[tree->count++] = (struct sw_field_node){.slot = SW_UNKNOWN};
    for (uint32_t slot = SW_SLOT_KEYWORDS + 1; slot < set->slot_count; slot++) {
        add_field(tree, set->slots[slot].name, slot);
    }
    build_keys(tree);
}

void sw_field_tree_free(struct sw_field_tree *tree)
{
    free(tree->nodes);
    free(tree->table);
    free(tree->keys);
    *tree = (struct sw_field_tree){0};
}
