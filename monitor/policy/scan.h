/**
 * One pass over a JSON object: the values that rules ask for go to the matcher, the rest is
 * skipped.
 *
 * Names are joined by dots: `a.b` is the key "a.b" of the outermost object if there is one, else
 * the key b of the object under a. Arrays stand for each of their elements. Of a key that stands
 * twice in an object, the last counts. When some rule has keywords, all values are handed on.
 */
#ifndef SHAREWATCH_SCAN_H
#define SHAREWATCH_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "match.h"

#define SW_SCAN_DEPTH_MAX 128

/** A key on the way to a named field, under its parent. */
struct sw_field_node {
    uint64_t hash; // of the key under its parent
    struct sw_text key;
    uint32_t parent;
    uint32_t slot; // SW_UNKNOWN: only on the way
    bool plain;    // the key stands in JSON as it is: ASCII, nothing to escape
    bool flat;     // the whole dotted name as one key
};

/** The keys of all named fields as one table. Node 0 is the outermost object. */
struct sw_field_tree {
    struct sw_field_node *nodes; // [count]
    uint32_t count, capacity;
    uint32_t *table; // [table_size] of index, 0: empty
    uint32_t table_size;
};

void sw_field_tree_build(struct sw_field_tree *tree, const struct sw_set *set);
void sw_field_tree_free(struct sw_field_tree *tree);

/** What scanning one event after the other needs. */
struct sw_scanner {
    const struct sw_field_tree *tree;
    struct sw_matcher *matcher;
    bool keywords;
    char *text; // [text_capacity], for text with escapes
    uint32_t text_capacity;
    uint32_t text_used;
    uint32_t *seen_object; // [tree->count], number of the object that had the key last
    uint32_t *seen_first;  // [tree->count], data that its value gave: first and end
    uint32_t *seen_end;
    uint32_t *seen_next; // [tree->count], node whose key came next after this one's
    uint32_t last;       // node whose key came last
    uint32_t object;     // number of objects begun so far
    bool has_flat;       // a flat key with a dotted name came
    bool has_dead;       // a key came twice: some data does not count
    const char *start, *at, *end;
    uint32_t depth;
    const char *error; // for people; NULL: none
};

void sw_scanner_open(struct sw_scanner *scanner, const struct sw_field_tree *tree,
                     struct sw_matcher *matcher, bool keywords, uint32_t line_bytes);
void sw_scanner_close(struct sw_scanner *scanner);

/** Reads @line into the matcher, after sw_match_begin(). False: `error`, at `at` - `start`. */
bool sw_scan(struct sw_scanner *scanner, struct sw_text line);

#endif
