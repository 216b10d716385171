/*
 * Strictness: whatever this file takes, scan.c takes too, with the same values. Every byte is
 * looked at: those of strings by quotes.c, which found them free of anything special, all others
 * here. Behind the line stand spaces, with which nothing goes on, so that no length is checked.
 *
 * What changes from member to member stands in a struct that never leaves its function, and so in
 * registers: through memory, each member would wait for the one before.
 */
#include "plain.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "token.h"

#define DEPTH_MAX 8 // objects in one another
#define INLINE    static inline __attribute__((always_inline))

static_assert(SW_QUOTES_TEXT_MAX / 2 < SW_VALUES_MAX, "a value and its comma take two bytes");

struct reader {
    const char *bytes;      // the line
    const uint32_t *quotes; // the next one
    uint32_t at;            // the next byte
    uint32_t data_count;    // as in the matcher
    uint32_t touched_count; // as in the matcher
    uint32_t parent;        // node of the object that is read
    uint32_t object;        // its number
};

/* A member's key: where it belongs. */
struct place {
    uint32_t node;
    uint32_t slot; // SW_UNKNOWN: nobody asks, or it is left to the slow way
};

/* The place behind @at if a space stands there, else @at. */
INLINE uint32_t skip_one_space(const struct reader *reader, uint32_t at)
{
    if (__builtin_expect(reader->bytes[at] == ' ', 0)) {
        at++;
    }
    return at;
}

INLINE struct place find_place(const struct sw_field_tree *tree, uint32_t parent, const char *bytes,
                               uint32_t length)
{
    if (length <= sizeof(struct sw_short)) {
        struct sw_short key = sw_short_load(bytes, length);
        const struct sw_key_entry *entry =
            sw_field_tree_find_short(tree, &key, sw_key_place(parent, length));
        return (struct place){entry->node, entry->slot};
    }
    uint32_t node = sw_field_tree_find(tree, (struct sw_text){bytes, length}, parent);
    bool direct = node != SW_NODE_NONE && !tree->nodes[node].flat;
    return (struct place){node, direct ? tree->nodes[node].slot : SW_UNKNOWN};
}

/* A new value of @slot. NULL: it has one already, not in this array, which is left to the slow way.
 */
INLINE struct sw_datum *add_value(struct sw_matcher *matcher, struct reader *reader, uint32_t slot,
                                  bool in_array)
{
    uint32_t index = reader->data_count++;
    if (matcher->slot_first[slot] == SW_UNKNOWN) {
        matcher->slot_first[slot] = index;
        matcher->touched[reader->touched_count++] = slot;
    } else if (in_array) {
        matcher->data[matcher->slot_last[slot]].next = index;
    } else {
        return NULL;
    }
    matcher->slot_last[slot] = index;
    return &matcher->data[index];
}

INLINE void fill_text(struct sw_datum *datum, const char *bytes, uint32_t length)
{
    bool is_short = length <= sizeof(struct sw_short);
    sw_datum_start(datum, SW_DATUM_TEXT, (struct sw_text){bytes, length});
    datum->packed = sw_short_load(bytes, is_short ? length : 0);
    datum->pack = is_short ? SW_PACK_SHORT : SW_PACK_LONG;
}

/* Reads the text whose quote stands at `at`. False: the slow way. */
INLINE bool read_text(struct sw_matcher *matcher, struct reader *reader, uint32_t slot,
                      bool in_array)
{
    const char *bytes = reader->bytes + reader->quotes[0] + 1;
    uint32_t length = reader->quotes[1] - reader->quotes[0] - 1;
    reader->at = reader->quotes[1] + 1;
    reader->quotes += 2;
    if (slot != SW_UNKNOWN) {
        struct sw_datum *datum = add_value(matcher, reader, slot, in_array);
        if (datum == NULL) {
            return false;
        }
        fill_text(datum, bytes, length);
    }
    return true;
}

INLINE bool is_word(const struct reader *reader, const char *word, size_t length)
{
    return memcmp(reader->bytes + reader->at, word, length) == 0;
}

/* Reads a word. False: it is none, or the slow way. */
INLINE bool read_word(struct sw_matcher *matcher, struct reader *reader, uint32_t slot,
                      bool in_array)
{
    bool yes = is_word(reader, "true", 4);
    bool null = !yes && is_word(reader, "null", 4);
    if (!yes && !null && !is_word(reader, "false", 5)) {
        return false;
    }
    reader->at += yes || null ? 4 : 5;
    if (slot != SW_UNKNOWN) {
        struct sw_datum *datum = add_value(matcher, reader, slot, in_array);
        if (datum == NULL) {
            return false;
        }
        if (null) {
            sw_datum_start(datum, SW_DATUM_NULL, (struct sw_text){NULL, 0});
        } else {
            sw_datum_bool(datum, yes);
        }
    }
    return true;
}

/* Reads the number at byte @at into @datum, unless that is NULL; returns where it ends, or 0: it is
 * none. Stands apart, so that the reader need not be in memory. */
static uint32_t read_digits(struct sw_scanner *scanner, uint32_t at, struct sw_datum *datum)
{
    bool whole = false;
    scanner->at = scanner->start + at;
    const char *end = sw_number_end(scanner, &whole);
    if (end == NULL) {
        return 0;
    }
    struct sw_text text = {scanner->at, (uint32_t)(end - scanner->at)};
    if (datum != NULL && !sw_fill_number(scanner, datum, text)) {
        return 0;
    }
    return (uint32_t)(end - scanner->start);
}

INLINE bool read_number(struct sw_scanner *scanner, struct reader *reader, uint32_t slot,
                        bool in_array)
{
    struct sw_datum *datum = NULL;
    if (slot != SW_UNKNOWN) {
        datum = add_value(scanner->matcher, reader, slot, in_array);
        if (datum == NULL) {
            return false;
        }
    }
    reader->at = read_digits(scanner, reader->at, datum);
    return reader->at != 0;
}

/* Reads a value that is neither object nor array. */
INLINE bool read_scalar(struct sw_scanner *scanner, struct reader *reader, uint32_t slot,
                        bool in_array)
{
    char c = reader->bytes[reader->at];
    if (c == '"') {
        return read_text(scanner->matcher, reader, slot, in_array);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return read_number(scanner, reader, slot, in_array);
    }
    return read_word(scanner->matcher, reader, slot, in_array);
}

/* Reads an array of scalars. */
INLINE bool read_array(struct sw_scanner *scanner, struct reader *reader, uint32_t slot)
{
    if (slot != SW_UNKNOWN && scanner->matcher->slot_first[slot] != SW_UNKNOWN) {
        return false;
    }
    do {
        reader->at = skip_one_space(reader, reader->at + 1);
        if (!read_scalar(scanner, reader, slot, true)) {
            return false;
        }
    } while (reader->bytes[reader->at] == ',');
    return reader->bytes[reader->at++] == ']';
}

/* The object in which an object stands. */
struct frame {
    uint32_t parent;
    uint32_t object;
};

/* Reads a key and its colon; `at` is then the value's. False: the slow way. */
INLINE bool read_key(const struct sw_scanner *scanner, struct reader *reader, struct place *place)
{
    uint32_t start = reader->quotes[0] + 1;
    uint32_t end = reader->quotes[1];
    if (reader->bytes[reader->at] != '"' || reader->bytes[end + 1] != ':') {
        return false;
    }
    reader->quotes += 2;
    reader->at = skip_one_space(reader, end + 2);
    *place = find_place(scanner->tree, reader->parent, reader->bytes + start, end - start);
    return true;
}

/* A key that nobody asks for itself may still be on the way to others: true when it came before in
 * this object, or is one for the slow way. */
INLINE bool is_odd(const struct sw_scanner *scanner, const struct reader *reader,
                   struct place place)
{
    if (place.node == SW_NODE_NONE || place.slot != SW_UNKNOWN) {
        return false;
    }
    struct sw_seen *seen = &scanner->seen[place.node];
    bool again = seen->object == reader->object;
    seen->object = reader->object;
    return again || scanner->tree->nodes[place.node].flat;
}

/* Begins the object at `at` under @place. */
INLINE bool enter(struct sw_scanner *scanner, struct reader *reader, struct place place,
                  struct frame *frames, uint32_t *depth)
{
    if (*depth == DEPTH_MAX || place.slot != SW_UNKNOWN) {
        return false;
    }
    frames[(*depth)++] = (struct frame){reader->parent, reader->object};
    reader->parent = place.node;
    reader->object = ++scanner->object;
    reader->at++;
    return true;
}

/* Reads on from the first key. */
INLINE bool read_members(struct sw_scanner *scanner, struct reader *reader)
{
    struct frame frames[DEPTH_MAX];
    uint32_t depth = 0;
    for (;;) {
        struct place place;
        if (!read_key(scanner, reader, &place) || is_odd(scanner, reader, place)) {
            return false;
        }
        char c = reader->bytes[reader->at];
        if (c == '{') {
            if (!enter(scanner, reader, place, frames, &depth)) {
                return false;
            }
            continue;
        }
        if (c == '[' ? !read_array(scanner, reader, place.slot)
                     : !read_scalar(scanner, reader, place.slot, false)) {
            return false;
        }
        while (reader->bytes[reader->at] == '}') {
            reader->at++;
            if (depth == 0) {
                return true;
            }
            depth--;
            reader->parent = frames[depth].parent;
            reader->object = frames[depth].object;
        }
        if (reader->bytes[reader->at] != ',') {
            return false;
        }
        reader->at = skip_one_space(reader, reader->at + 1);
    }
}

bool sw_scan_plain(struct sw_scanner *scanner, uint32_t length)
{
    struct sw_matcher *matcher = scanner->matcher;
    struct reader reader = {
        .bytes = scanner->quotes.bytes,
        .quotes = scanner->quotes.positions,
        .at = 1,
        .data_count = matcher->data_count,
        .touched_count = matcher->touched_count,
        .parent = SW_NODE_ROOT,
        .object = ++scanner->object,
    };
    scanner->start = scanner->quotes.bytes;
    scanner->end = scanner->start + length;
    bool good = reader.bytes[0] == '{' && read_members(scanner, &reader) && reader.at == length;
    matcher->data_count = reader.data_count;
    matcher->touched_count = reader.touched_count;
    return good;
}
