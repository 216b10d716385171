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

#include "field_tree.h"
#include "match.h"
#include "quotes.h"

#define SW_SCAN_DEPTH_MAX 128

/** When a key came last. */
struct sw_seen {
    uint32_t object; // number of the object that had it
    uint32_t first;  // of the data that its value gave
    uint32_t end;
};

/** What scanning one event after the other needs. */
struct sw_scanner {
    const struct sw_field_tree *tree;
    struct sw_matcher *matcher;
    bool keywords;
    char *text; // [text_capacity], for text with escapes
    uint32_t text_capacity;
    uint32_t text_used;
    struct sw_seen *seen;    // [tree->count]
    struct sw_quotes quotes; // of the line, when it is plain
    uint32_t object;         // number of objects begun so far
    bool has_flat;           // a flat key with a dotted name came
    bool has_dead;           // a key came twice: some data does not count
    const char *start, *at, *end;
    uint32_t depth;
    const char *error; // for people; NULL: none
};

/** @machine: take this one for no better than that. */
void sw_scanner_open(struct sw_scanner *scanner, const struct sw_field_tree *tree,
                     struct sw_matcher *matcher, bool keywords, enum sw_machine machine,
                     uint32_t line_bytes);
void sw_scanner_close(struct sw_scanner *scanner);

/** Reads @line into the matcher, after sw_match_begin(). False: `error`, at `at` - `start`. */
bool sw_scan(struct sw_scanner *scanner, struct sw_text line);

#endif
