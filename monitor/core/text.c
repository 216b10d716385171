#include <sharewatch/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

struct sw_text sw_text_from(const char *string)
{
    if (string == NULL) {
        return (struct sw_text){0};
    }
    size_t length = strlen(string);
    SW_ASSERT(length <= UINT32_MAX);
    return (struct sw_text){.bytes = string, .length = (uint32_t)length};
}

static uint64_t load_8(const char *bytes)
{
    uint64_t word = 0;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static uint32_t load_4(const char *bytes)
{
    uint32_t word = 0;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Texts are short nearly always: whole words, the last one reaching back over bytes already seen.
 */
bool sw_text_equal(struct sw_text a, struct sw_text b)
{
    uint32_t length = a.length;
    uint64_t differ = 0;
    if (length != b.length) {
        return false;
    }
    if (length > 64) {
        return memcmp(a.bytes, b.bytes, length) == 0;
    }
    if (length >= 8) {
        for (uint32_t i = 0; i + 8 < length; i += 8) {
            differ |= load_8(a.bytes + i) ^ load_8(b.bytes + i);
        }
        return (differ | (load_8(a.bytes + length - 8) ^ load_8(b.bytes + length - 8))) == 0;
    }
    if (length >= 4) {
        return ((load_4(a.bytes) ^ load_4(b.bytes)) |
                (load_4(a.bytes + length - 4) ^ load_4(b.bytes + length - 4))) == 0;
    }
    for (uint32_t i = 0; i < length; i++) {
        differ |= (uint64_t)(a.bytes[i] ^ b.bytes[i]);
    }
    return differ == 0;
}

static unsigned char lower(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + 32) : byte;
}

bool sw_text_equal_fold(struct sw_text a, struct sw_text b)
{
    if (a.length != b.length) {
        return false;
    }
    for (uint32_t i = 0; i < a.length; i++) {
        if (lower(a.bytes[i]) != lower(b.bytes[i])) {
            return false;
        }
    }
    return true;
}

bool sw_text_starts_with(struct sw_text text, struct sw_text prefix)
{
    return text.length >= prefix.length &&
           sw_text_equal((struct sw_text){text.bytes, prefix.length}, prefix);
}

int sw_text_compare(struct sw_text a, struct sw_text b)
{
    uint32_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.bytes, b.bytes, common);
    if (order != 0) {
        return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

uint64_t sw_text_hash(struct sw_text text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < text.length; i++) {
        hash = (hash ^ (unsigned char)text.bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* The one to seven bytes of a text as a number; with the length, no two are the same. */
static uint64_t load_short(struct sw_text text)
{
    if (text.length >= 4) {
        return load_4(text.bytes) | (uint64_t)load_4(text.bytes + text.length - 4) << 32;
    }
    return (uint64_t)(unsigned char)text.bytes[0] |
           (uint64_t)(unsigned char)text.bytes[text.length / 2] << 8 |
           (uint64_t)(unsigned char)text.bytes[text.length - 1] << 16;
}

/* A product is mixed best at its top; swapping the bytes brings that to where slots are taken from.
 */
uint64_t sw_text_mix(struct sw_text text)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = text.length * factor;
    uint32_t at = 0;
    for (; text.length - at >= 8; at += 8) {
        hash = __builtin_bswap64((hash ^ load_8(text.bytes + at)) * factor);
    }
    if (at < text.length) {
        hash ^= at > 0 ? load_8(text.bytes + text.length - 8) : load_short(text);
        hash = __builtin_bswap64(hash * factor);
    }
    return hash;
}

void sw_buffer_init(struct sw_buffer *buffer, char *bytes, uint32_t capacity)
{
    SW_ASSERT(bytes != NULL);
    SW_ASSERT(capacity >= 1);
    *buffer = (struct sw_buffer){.bytes = bytes, .capacity = capacity};
    bytes[0] = '\0';
}

void sw_buffer_append(struct sw_buffer *buffer, struct sw_text text)
{
    SW_ASSERT(buffer->length < buffer->capacity);
    if (text.length >= buffer->capacity - buffer->length) {
        buffer->overflowed = true;
        return;
    }
    if (text.length > 0) {
        memcpy(buffer->bytes + buffer->length, text.bytes, text.length);
    }
    buffer->length += text.length;
    buffer->bytes[buffer->length] = '\0';
}

void sw_buffer_append_string(struct sw_buffer *buffer, const char *string)
{
    sw_buffer_append(buffer, sw_text_from(string));
}

void sw_buffer_append_format(struct sw_buffer *buffer, const char *format, ...)
{
    SW_ASSERT(buffer->length < buffer->capacity);
    va_list arguments;
    va_start(arguments, format);
    uint32_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->bytes + buffer->length, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (uint32_t)length >= room) {
        buffer->bytes[buffer->length] = '\0';
        buffer->overflowed = true;
        return;
    }
    buffer->length += (uint32_t)length;
}

/* The escaped form of @c, or NULL when it stands for itself; control characters use @unicode. */
static const char *json_escape(unsigned char c, char unicode[7])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    if (c >= 0x20 && c != 0x7f) {
        return NULL;
    }
    (void)snprintf(unicode, 7, "\\u%04x", c);
    return unicode;
}

void sw_buffer_append_json(struct sw_buffer *buffer, struct sw_text text)
{
    uint32_t start = buffer->length;
    bool overflowed = buffer->overflowed;
    buffer->overflowed = false;
    sw_buffer_append(buffer, SW_TEXT("\""));
    uint32_t plain = 0; // start of the run that stands for itself
    for (uint32_t i = 0; i < text.length && !buffer->overflowed; i++) {
        char unicode[7];
        const char *escape = json_escape((unsigned char)text.bytes[i], unicode);
        if (escape != NULL) {
            sw_buffer_append(buffer, (struct sw_text){text.bytes + plain, i - plain});
            sw_buffer_append_string(buffer, escape);
            plain = i + 1;
        }
    }
    if (plain < text.length) {
        sw_buffer_append(buffer, (struct sw_text){text.bytes + plain, text.length - plain});
    }
    sw_buffer_append(buffer, SW_TEXT("\""));
    if (buffer->overflowed) {
        buffer->length = start;
        buffer->bytes[start] = '\0';
    }
    buffer->overflowed = buffer->overflowed || overflowed;
}

void sw_text_print_json(struct sw_text text, FILE *stream)
{
    uint32_t plain = 0; // start of the run that stands for itself
    (void)fputc('"', stream);
    for (uint32_t i = 0; i < text.length; i++) {
        char unicode[7];
        const char *escape = json_escape((unsigned char)text.bytes[i], unicode);
        if (escape != NULL) {
            (void)fwrite(text.bytes + plain, 1, i - plain, stream);
            (void)fputs(escape, stream);
            plain = i + 1;
        }
    }
    if (plain < text.length) {
        (void)fwrite(text.bytes + plain, 1, text.length - plain, stream);
    }
    (void)fputc('"', stream);
}

void sw_text_hex(const uint8_t *bytes, size_t count, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}

struct sw_text sw_buffer_text(const struct sw_buffer *buffer)
{
    return (struct sw_text){.bytes = buffer->bytes, .length = buffer->length};
}
