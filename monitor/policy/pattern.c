#include "pattern.h"

#include <string.h>

#include <sharewatch/assert.h>

#include "fold.h"

const char *const sw_dashes[5] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};

/* Appends one piece; neighbours of the same kind become one. @pieces has room. */
static void add_run(struct sw_pattern *pattern)
{
    if (pattern->count == 0 || pattern->pieces[pattern->count - 1].type != SW_PIECE_ANY_RUN) {
        pattern->pieces[pattern->count++] = (struct sw_piece){.type = SW_PIECE_ANY_RUN};
    }
}

static void add_one(struct sw_pattern *pattern)
{
    pattern->pieces[pattern->count++] = (struct sw_piece){.type = SW_PIECE_ANY_ONE};
}

/* Ends the literal that was collected in @literal since @start. */
static void add_literal(struct sw_pattern *pattern, const char *literal, uint32_t start,
                        uint32_t end)
{
    if (end > start) {
        pattern->pieces[pattern->count++] =
            (struct sw_piece){SW_PIECE_LITERAL, {literal + start, end - start}};
    }
}

struct sw_pattern sw_pattern_parse(struct sw_arena *arena, struct sw_text source)
{
    struct sw_pattern pattern = {0};
    pattern.pieces = sw_arena_alloc(arena, ((size_t)source.length + 1) * sizeof(struct sw_piece));
    char *literal = sw_arena_alloc(arena, (size_t)source.length + 1);
    uint32_t start = 0;
    uint32_t end = 0;
    for (uint32_t i = 0; i < source.length; i++) {
        char c = source.bytes[i];
        char next = '\0';
        if (i + 1 < source.length) {
            next = source.bytes[i + 1];
        }
        if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
            literal[end++] = next;
            i++;
        } else if (c == '*' || c == '?') {
            add_literal(&pattern, literal, start, end);
            start = end;
            if (c == '*') {
                add_run(&pattern);
            } else {
                add_one(&pattern);
            }
        } else {
            literal[end++] = c;
        }
    }
    add_literal(&pattern, literal, start, end);
    return pattern;
}

struct sw_pattern sw_pattern_literal(struct sw_arena *arena, struct sw_text text)
{
    struct sw_pattern pattern = {0};
    pattern.pieces = sw_arena_alloc(arena, sizeof(struct sw_piece));
    add_literal(&pattern, sw_arena_text(arena, text).bytes, 0, text.length);
    return pattern;
}

struct sw_pattern sw_pattern_open(struct sw_arena *arena, const struct sw_pattern *pattern,
                                  bool before, bool after)
{
    struct sw_pattern opened = {0};
    opened.pieces = sw_arena_alloc(arena, ((size_t)pattern->count + 2) * sizeof(struct sw_piece));
    if (before) {
        add_run(&opened);
    }
    for (uint32_t i = 0; i < pattern->count; i++) {
        if (pattern->pieces[i].type == SW_PIECE_ANY_RUN) {
            add_run(&opened);
        } else {
            opened.pieces[opened.count++] = pattern->pieces[i];
        }
    }
    if (after) {
        add_run(&opened);
    }
    return opened;
}

struct sw_pattern sw_pattern_fold(struct sw_arena *arena, const struct sw_pattern *pattern)
{
    struct sw_pattern folded = {.count = pattern->count};
    folded.pieces = sw_arena_alloc(arena, ((size_t)pattern->count + 1) * sizeof(struct sw_piece));
    for (uint32_t i = 0; i < pattern->count; i++) {
        folded.pieces[i] = pattern->pieces[i];
        if (pattern->pieces[i].type == SW_PIECE_LITERAL) {
            struct sw_text text = pattern->pieces[i].text;
            char *bytes = sw_arena_alloc(arena, SW_FOLD_BYTES_MAX((size_t)text.length));
            folded.pieces[i].text = (struct sw_text){bytes, sw_fold(text, bytes)};
        }
    }
    return folded;
}

bool sw_pattern_has_wildcard(const struct sw_pattern *pattern)
{
    return pattern->count > 1 ||
           (pattern->count == 1 && pattern->pieces[0].type != SW_PIECE_LITERAL);
}

struct sw_text sw_pattern_plain(const struct sw_pattern *pattern)
{
    SW_ASSERT(!sw_pattern_has_wildcard(pattern));
    return pattern->count == 0 ? SW_TEXT("") : pattern->pieces[0].text;
}

struct sw_text sw_pattern_source(struct sw_arena *arena, const struct sw_pattern *pattern)
{
    size_t bytes = 1;
    for (uint32_t i = 0; i < pattern->count; i++) {
        bytes += (size_t)pattern->pieces[i].text.length * 2 + 1;
    }
    char *source = sw_arena_alloc(arena, bytes);
    uint32_t length = 0;
    for (uint32_t i = 0; i < pattern->count; i++) {
        const struct sw_piece *piece = &pattern->pieces[i];
        if (piece->type != SW_PIECE_LITERAL) {
            static const char signs[] = {'\0', '*', '?', '\x01'}; // by type
            source[length++] = signs[piece->type];
        }
        for (uint32_t j = 0; j < piece->text.length; j++) {
            char c = piece->text.bytes[j];
            if (c == '*' || c == '?' || c == '\\') {
                source[length++] = '\\';
            }
            source[length++] = c;
        }
    }
    SW_ASSERT(length < bytes);
    return (struct sw_text){source, length};
}

/* Where matching stands: a piece, and a byte of the value. */
struct position {
    uint32_t piece;
    uint32_t byte;
};

static bool take_dash(struct sw_text value, uint32_t *byte)
{
    for (size_t i = 0; i < sizeof(sw_dashes) / sizeof(sw_dashes[0]); i++) {
        struct sw_text dash = sw_text_from(sw_dashes[i]);
        if (value.length - *byte >= dash.length &&
            memcmp(value.bytes + *byte, dash.bytes, dash.length) == 0) {
            *byte += dash.length;
            return true;
        }
    }
    return false;
}

/* Moves over one piece that is no run. False: it does not fit here. */
static bool take_piece(const struct sw_piece *piece, struct sw_text value, uint32_t *byte)
{
    uint32_t left = value.length - *byte;
    if (piece->type == SW_PIECE_ANY_ONE) {
        if (left == 0) {
            return false;
        }
        *byte += sw_utf8_character(value.bytes + *byte, left, NULL);
        return true;
    }
    if (piece->type == SW_PIECE_DASH) {
        return take_dash(value, byte);
    }
    if (left < piece->text.length ||
        memcmp(value.bytes + *byte, piece->text.bytes, piece->text.length) != 0) {
        return false;
    }
    *byte += piece->text.length;
    return true;
}

/* The usual walk with one place to fall back to: a later run makes earlier choices final. */
bool sw_pattern_match(const struct sw_pattern *pattern, struct sw_text value)
{
    struct position at = {0, 0};
    struct position retry = {0, 0};
    bool can_retry = false;
    for (;;) {
        if (at.piece == pattern->count && at.byte == value.length) {
            return true;
        }
        if (at.piece < pattern->count && pattern->pieces[at.piece].type == SW_PIECE_ANY_RUN) {
            at.piece++;
            if (at.piece == pattern->count) {
                return true;
            }
            retry = at;
            can_retry = true;
            continue;
        }
        if (at.piece < pattern->count && take_piece(&pattern->pieces[at.piece], value, &at.byte)) {
            at.piece++;
            continue;
        }
        if (!can_retry || retry.byte >= value.length) {
            return false;
        }
        retry.byte += sw_utf8_character(value.bytes + retry.byte, value.length - retry.byte, NULL);
        at = retry;
    }
}
