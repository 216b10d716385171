#include "token.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "fold.h"

/* The first byte at or after @at that is a quote, a backslash, a control or not ASCII. */
static const char *find_special(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i special =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        special = _mm_or_si128(special, _mm_cmplt_epi8(bytes, space)); // signed: also >= 0x80
        int mask = _mm_movemask_epi8(special);
        if (mask != 0) {
            return at + __builtin_ctz((unsigned)mask);
        }
        at += 16;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20 &&
           (unsigned char)*at < 0x80) {
        at++;
    }
    return at;
}

bool sw_scan_fail(struct sw_scanner *scanner, const char *error)
{
    if (scanner->error == NULL) {
        scanner->error = error;
    }
    return false;
}

void sw_skip_space(struct sw_scanner *scanner)
{
    const char *at = scanner->at;
    while (at < scanner->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    scanner->at = at;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Reads four hex digits at @at. */
static bool read_hex4(const struct sw_scanner *scanner, const char *at, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = scanner->end - at > i ? hex_digit(at[i]) : -1;
        if (digit < 0) {
            return false;
        }
        *code = *code * 16 + (uint32_t)digit;
    }
    return true;
}

/* Reads the escape whose backslash stands at `at`; a lone surrogate becomes U+FFFD. */
static bool read_escape(struct sw_scanner *scanner)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (scanner->end - scanner->at < 2) {
        return sw_scan_fail(scanner, "the text ends inside a string");
    }
    char c = scanner->at[1];
    const char *simple = c != '\0' ? strchr(from, c) : NULL;
    char *out = scanner->text + scanner->text_used;
    if (simple != NULL) {
        *out = to[simple - from];
        scanner->text_used++;
        scanner->at += 2;
        return true;
    }
    uint32_t code = 0;
    uint32_t low = 0;
    if (c != 'u' || !read_hex4(scanner, scanner->at + 2, &code)) {
        return sw_scan_fail(scanner, "bad escape in a string");
    }
    scanner->at += 6;
    bool pair = code >= 0xd800 && code < 0xdc00 && scanner->end - scanner->at >= 6 &&
                scanner->at[0] == '\\' && scanner->at[1] == 'u' &&
                read_hex4(scanner, scanner->at + 2, &low) && low >= 0xdc00 && low < 0xe000;
    if (pair) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        scanner->at += 6;
    } else if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd;
    }
    scanner->text_used += sw_utf8_write(code, out);
    return true;
}

bool sw_put_text(struct sw_scanner *scanner, const char *bytes, size_t length)
{
    if (scanner->text_capacity - scanner->text_used < length + 8) {
        return sw_scan_fail(scanner, "too much text with escapes");
    }
    memcpy(scanner->text + scanner->text_used, bytes, length);
    scanner->text_used += (uint32_t)length;
    return true;
}

/* Reads on from the first special byte of a string that started at @start. */
static bool read_string_slowly(struct sw_scanner *scanner, const char *start, struct sw_text *text)
{
    uint32_t first = scanner->text_used;
    bool escaped = false;
    for (;;) {
        const char *special = find_special(scanner->at, scanner->end);
        scanner->at = special;
        if (special >= scanner->end) {
            return sw_scan_fail(scanner, "the text ends inside a string");
        }
        if (*special == '"') {
            break;
        }
        if (*special == '\\') {
            if (!sw_put_text(scanner, start, (size_t)(special - start)) || !read_escape(scanner)) {
                return false;
            }
            escaped = true;
            start = scanner->at;
        } else if ((unsigned char)*special < 0x20) {
            return sw_scan_fail(scanner, "control character in a string");
        } else {
            uint32_t length = sw_utf8_character(special, (uint32_t)(scanner->end - special), NULL);
            if (length == 1) {
                return sw_scan_fail(scanner, "not UTF-8");
            }
            scanner->at += length;
        }
    }
    if (escaped) {
        if (!sw_put_text(scanner, start, (size_t)(scanner->at - start))) {
            return false;
        }
        *text = (struct sw_text){scanner->text + first, scanner->text_used - first};
    } else {
        *text = (struct sw_text){start, (uint32_t)(scanner->at - start)};
    }
    scanner->at++;
    return true;
}

bool sw_read_string(struct sw_scanner *scanner, struct sw_text *text)
{
    const char *start = scanner->at + 1;
    const char *special = find_special(start, scanner->end);
    scanner->at = special;
    if (special < scanner->end && *special == '"') {
        *text = (struct sw_text){start, (uint32_t)(special - start)};
        scanner->at++;
        return true;
    }
    return read_string_slowly(scanner, start, text);
}

const char *sw_number_end(const struct sw_scanner *scanner, bool *whole)
{
    const char *at = scanner->at;
    const char *end = scanner->end;
    *whole = true;
    at += at < end && *at == '-' ? 1 : 0;
    const char *digits = at;
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return NULL;
    }
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        *whole = false;
        while (at < end && *at >= '0' && *at <= '9') {
            at++;
        }
        if (at == fraction) {
            return NULL;
        }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        *whole = false;
        at++;
        at += at < end && (*at == '+' || *at == '-') ? 1 : 0;
        const char *exponent = at;
        while (at < end && *at >= '0' && *at <= '9') {
            at++;
        }
        if (at == exponent) {
            return NULL;
        }
    }
    return at;
}

bool sw_fill_number(struct sw_scanner *scanner, struct sw_datum *datum, struct sw_text text)
{
    struct sw_number number;
    char canonical[SW_NUMBER_TEXT_BYTES];
    if (!sw_number_parse(text, &number)) {
        return sw_scan_fail(scanner, "a number too large");
    }
    sw_datum_number(datum, text, &number, canonical);
    if (datum->has_canonical) {
        uint32_t first = scanner->text_used;
        if (!sw_put_text(scanner, datum->canonical.bytes, datum->canonical.length)) {
            return false;
        }
        datum->canonical.bytes = scanner->text + first;
    }
    return true;
}
