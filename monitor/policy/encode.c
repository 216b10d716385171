#include "encode.h"

#include <string.h>

#include <openssl/evp.h>

#include <sharewatch/assert.h>

#include "fold.h"

static struct sw_text base64(struct sw_arena *arena, const uint8_t *bytes, uint32_t length)
{
    unsigned char *text = sw_arena_alloc(arena, ((size_t)length + 2) / 3 * 4 + 1);
    int written = EVP_EncodeBlock(text, bytes, (int)length);
    SW_ASSERT(written >= 0);
    return (struct sw_text){(const char *)text, (uint32_t)written};
}

struct sw_pattern sw_encode_base64(struct sw_arena *arena, const struct sw_pattern *pattern)
{
    struct sw_text plain = sw_pattern_plain(pattern);
    return sw_pattern_literal(arena, base64(arena, (const uint8_t *)plain.bytes, plain.length));
}

struct sw_pattern sw_encode_base64_offset(struct sw_arena *arena, const struct sw_pattern *pattern,
                                          uint32_t offset)
{
    SW_ASSERT(offset < 3);
    struct sw_text plain = sw_pattern_plain(pattern);
    uint32_t length = plain.length + offset;
    uint8_t *bytes = sw_arena_alloc(arena, (size_t)length + 1);
    memcpy(bytes + offset, plain.bytes, plain.length);
    struct sw_text whole = base64(arena, bytes, length);
    /* Digits that hold a bit of what stands before or after are unstable. */
    static const uint32_t first_stable[] = {0, 2, 3};
    static const uint32_t unstable_end[] = {0, 3, 2};
    uint32_t start = first_stable[offset];
    uint32_t end = whole.length - unstable_end[length % 3];
    if (end <= start) {
        return (struct sw_pattern){0};
    }
    return sw_pattern_literal(arena, (struct sw_text){whole.bytes + start, end - start});
}

static uint32_t write_unit(uint32_t unit, bool big, char *out)
{
    out[big ? 0 : 1] = (char)(unit >> 8);
    out[big ? 1 : 0] = (char)(unit & 0xff);
    return 2;
}

static struct sw_text utf16(struct sw_arena *arena, struct sw_text text, bool big, bool mark)
{
    char *out = sw_arena_alloc(arena, (size_t)text.length * 2 + 4);
    uint32_t written = mark ? write_unit(0xfeff, big, out) : 0;
    uint32_t at = 0;
    while (at < text.length) {
        uint32_t code = 0;
        at += sw_utf8_character(text.bytes + at, text.length - at, &code);
        if (code > 0xffff) {
            written += write_unit(0xd800 + ((code - 0x10000) >> 10), big, out + written);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        written += write_unit(code, big, out + written);
    }
    return (struct sw_text){out, written};
}

struct sw_pattern sw_encode_utf16(struct sw_arena *arena, const struct sw_pattern *pattern,
                                  bool big, bool mark)
{
    struct sw_pattern encoded = sw_pattern_open(arena, pattern, false, false);
    for (uint32_t i = 0; i < encoded.count; i++) {
        if (encoded.pieces[i].type == SW_PIECE_LITERAL) {
            encoded.pieces[i].text = utf16(arena, encoded.pieces[i].text, big, mark);
            mark = false;
        }
    }
    return encoded;
}

static bool is_word(struct sw_text text, uint32_t at)
{
    if (at >= text.length) {
        return false;
    }
    char c = text.bytes[at];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool is_option_dash(struct sw_text text, uint32_t at)
{
    return (text.bytes[at] == '-' || text.bytes[at] == '/') && is_word(text, at + 1) &&
           (at == 0 || !is_word(text, at - 1));
}

static uint32_t count_dashes(const struct sw_pattern *pattern)
{
    uint32_t dashes = 0;
    for (uint32_t i = 0; i < pattern->count; i++) {
        for (uint32_t j = 0; j < pattern->pieces[i].text.length; j++) {
            dashes += is_option_dash(pattern->pieces[i].text, j) ? 1 : 0;
        }
    }
    return dashes;
}

static void split_literal(struct sw_pattern *split, struct sw_text text)
{
    uint32_t start = 0;
    for (uint32_t i = 0; i <= text.length; i++) {
        bool dash = i < text.length && is_option_dash(text, i);
        if ((dash || i == text.length) && i > start) {
            split->pieces[split->count++] =
                (struct sw_piece){SW_PIECE_LITERAL, {text.bytes + start, i - start}};
        }
        if (dash) {
            split->pieces[split->count++] = (struct sw_piece){.type = SW_PIECE_DASH};
            start = i + 1;
        }
    }
}

struct sw_pattern sw_pattern_windash(struct sw_arena *arena, const struct sw_pattern *pattern)
{
    size_t most = (size_t)pattern->count + 2 * (size_t)count_dashes(pattern) + 1;
    struct sw_pattern split = {.pieces = sw_arena_alloc(arena, most * sizeof(struct sw_piece))};
    for (uint32_t i = 0; i < pattern->count; i++) {
        if (pattern->pieces[i].type == SW_PIECE_LITERAL) {
            split_literal(&split, pattern->pieces[i].text);
        } else {
            split.pieces[split.count++] = pattern->pieces[i];
        }
    }
    SW_ASSERT(split.count <= most);
    return split;
}

/* Joins the pieces of @pattern with the dashes that the digits of @form, base 5, choose. */
static struct sw_pattern write_dashes(struct sw_arena *arena, const struct sw_pattern *pattern,
                                      uint32_t form)
{
    struct sw_pattern written = {
        .pieces = sw_arena_alloc(arena, ((size_t)pattern->count + 1) * sizeof(struct sw_piece))};
    for (uint32_t i = 0; i < pattern->count; i++) {
        struct sw_piece piece = pattern->pieces[i];
        if (piece.type == SW_PIECE_DASH) {
            piece = (struct sw_piece){SW_PIECE_LITERAL, sw_text_from(sw_dashes[form % 5])};
            form /= 5;
        }
        struct sw_piece *last = written.count > 0 ? &written.pieces[written.count - 1] : NULL;
        if (last != NULL && last->type == SW_PIECE_LITERAL && piece.type == SW_PIECE_LITERAL) {
            char *joined = sw_arena_alloc(arena, (size_t)last->text.length + piece.text.length);
            memcpy(joined, last->text.bytes, last->text.length);
            memcpy(joined + last->text.length, piece.text.bytes, piece.text.length);
            last->text = (struct sw_text){joined, last->text.length + piece.text.length};
        } else {
            written.pieces[written.count++] = piece;
        }
    }
    return written;
}

uint32_t sw_expand_dashes(struct sw_arena *arena, const struct sw_pattern *pattern,
                          struct sw_pattern forms[SW_DASH_FORMS_MAX])
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < pattern->count; i++) {
        if (pattern->pieces[i].type == SW_PIECE_DASH) {
            count *= 5;
            if (count > SW_DASH_FORMS_MAX) {
                return 0;
            }
        }
    }
    for (uint32_t form = 0; form < count; form++) {
        forms[form] = write_dashes(arena, pattern, form);
    }
    return count;
}
