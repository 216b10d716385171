/* A pull reader by a small state machine: one byte is looked at once, text is copied only when it
 * holds escapes, and nesting is a stack of bits in the reader itself. */
#include <sharewatch/json.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <sharewatch/assert.h>

#define NUMBER_BYTES 64 // longer numbers are refused

enum state {
    STATE_VALUE,       // a value must follow
    STATE_FIRST_ITEM,  // a value or ]
    STATE_FIRST_KEY,   // a key or }
    STATE_AFTER_VALUE, // , or the end of what is open, or the end of the input
    STATE_DONE,
    STATE_FAILED,
};

static enum sw_json_token fail(struct sw_json *json, enum sw_json_error error, uint32_t position)
{
    json->error = error;
    json->error_position = position;
    json->state = STATE_FAILED;
    return SW_JSON_ERROR;
}

/* The reason that fits a byte that cannot stand at @position. */
static enum sw_json_token fail_here(struct sw_json *json)
{
    bool ended = json->position >= json->length;
    return fail(json, ended ? SW_JSON_ERROR_END : SW_JSON_ERROR_SYNTAX, json->position);
}

void sw_json_init(struct sw_json *json, struct sw_text input, char *scratch,
                  uint32_t scratch_capacity)
{
    SW_ASSERT(input.length == 0 || input.bytes != NULL);
    *json = (struct sw_json){
        .bytes = input.bytes,
        .length = input.length,
        .scratch = scratch,
        .scratch_capacity = scratch_capacity,
        .state = STATE_VALUE,
    };
}

static void skip_space(struct sw_json *json)
{
    while (json->position < json->length) {
        unsigned char c = (unsigned char)json->bytes[json->position];
        if (c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) {
            return;
        }
        json->position++;
    }
}

/* Bytes of the well-formed UTF-8 sequence at @bytes (RFC 3629, table 3-7 of Unicode), or 0. */
static uint32_t utf8_length(const unsigned char *bytes, uint32_t left)
{
    unsigned char lead = bytes[0];
    uint32_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4 || length > left) {
        return 0;
    }
    for (uint32_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (lead == 0xe0 && bytes[1] < 0xa0) || (lead == 0xf0 && bytes[1] < 0x90);
    bool surrogate = lead == 0xed && bytes[1] > 0x9f;
    bool beyond = lead == 0xf4 && bytes[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hex digits at @position, or -1. */
static int32_t read_hex4(const struct sw_json *json, uint32_t position)
{
    if (json->length - position < 4) {
        return -1;
    }
    int32_t code = 0;
    for (uint32_t i = 0; i < 4; i++) {
        int digit = hex_digit(json->bytes[position + i]);
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code;
}

/* The code point of the \u escape whose digits start at the position, which moves past it; -1: bad.
 */
static int32_t read_unicode_escape(struct sw_json *json)
{
    int32_t code = read_hex4(json, json->position);
    if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return -1;
    }
    json->position += 4;
    if (code < 0xd800 || code > 0xdbff) {
        return code;
    }
    if (json->length - json->position < 6 || json->bytes[json->position] != '\\' ||
        json->bytes[json->position + 1] != 'u') {
        return -1;
    }
    int32_t low = read_hex4(json, json->position + 2);
    if (low < 0xdc00 || low > 0xdfff) {
        return -1;
    }
    json->position += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

/* Writes @code as UTF-8 and returns how many bytes that are. */
static uint32_t write_utf8(int32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (char)(0xc0 | (code >> 6));
        bytes[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | (code >> 12));
        bytes[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        bytes[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    bytes[0] = (char)(0xf0 | (code >> 18));
    bytes[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    bytes[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    bytes[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static bool put_scratch(struct sw_json *json, const char *bytes, uint32_t length)
{
    if (json->scratch_capacity - json->scratch_used < length) {
        return false;
    }
    memcpy(json->scratch + json->scratch_used, bytes, length);
    json->scratch_used += length;
    return true;
}

/* Reads the escape after the backslash at the position into the scratch. False: failed. */
static bool read_escape(struct sw_json *json)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    uint32_t start = json->position++;
    if (json->position >= json->length) {
        (void)fail(json, SW_JSON_ERROR_END, json->position);
        return false;
    }
    char c = json->bytes[json->position++];
    char bytes[4];
    uint32_t length = 1;
    const char *simple = c != '\0' ? strchr(from, c) : NULL;
    if (simple != NULL) {
        bytes[0] = to[simple - from];
    } else {
        int32_t code = c == 'u' ? read_unicode_escape(json) : -1;
        if (code < 0) {
            (void)fail(json, SW_JSON_ERROR_ESCAPE, start);
            return false;
        }
        length = write_utf8(code, bytes);
    }
    if (!put_scratch(json, bytes, length)) {
        (void)fail(json, SW_JSON_ERROR_SCRATCH, start);
        return false;
    }
    return true;
}

/* How many of the eight bytes in @word come before the first that is not plain ASCII: a control
 * character, quote or backslash, or part of a longer sequence. A byte that is 0 after the exclusive
 * or, or below 0x20, borrows from its own top bit; a borrow only reaches bytes behind it. */
static uint32_t count_plain(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t quotes = word ^ ones * '"';
    uint64_t slashes = word ^ ones * '\\';
    uint64_t special = ((word - ones * 0x20) | (quotes - ones) | (slashes - ones) | word) & tops;
    return special == 0 ? 8 : (uint32_t)__builtin_ctzll(special) / 8;
}

/* The eight bytes at @bytes, the first one lowest. */
static uint64_t load_word(const unsigned char *bytes)
{
    uint64_t word = 0;
    memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The end of the plain ASCII from @at on, found by as many bytes at once as the machine compares;
 * the last few of the input may be left to whoever looks at single bytes. */
static inline uint32_t plain_end(const struct sw_json *json, uint32_t at)
{
    const unsigned char *bytes = (const unsigned char *)json->bytes;
    uint32_t length = json->length;
#if defined(__SSE2__)
    while (length - at >= sizeof(__m128i)) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at));
        __m128i quotes = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        __m128i slashes = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        /* As signed bytes those of longer sequences are below the control characters. */
        __m128i others = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
        __m128i special = _mm_or_si128(_mm_or_si128(quotes, slashes), others);
        uint32_t found = (uint32_t)_mm_movemask_epi8(special);
        if (found != 0) {
            return at + (uint32_t)__builtin_ctz(found);
        }
        at += (uint32_t)sizeof(__m128i);
    }
#endif
    while (length - at >= sizeof(uint64_t)) {
        uint32_t plain = count_plain(load_word(bytes + at));
        at += plain;
        if (plain < sizeof(uint64_t)) {
            break;
        }
    }
    return at;
}

/* Moves past text without escapes up to a quote, backslash or the end. False: failed. */
static bool read_plain(struct sw_json *json)
{
    const unsigned char *bytes = (const unsigned char *)json->bytes;
    json->position = plain_end(json, json->position);
    while (json->position < json->length) {
        unsigned char c = bytes[json->position];
        if (c == '"' || c == '\\') {
            return true;
        }
        if (c < 0x20) {
            (void)fail(json, SW_JSON_ERROR_CONTROL, json->position);
            return false;
        }
        uint32_t length =
            c < 0x80 ? 1 : utf8_length(bytes + json->position, json->length - json->position);
        if (length == 0) {
            (void)fail(json, SW_JSON_ERROR_UTF8, json->position);
            return false;
        }
        json->position += length;
    }
    (void)fail(json, SW_JSON_ERROR_END, json->position);
    return false;
}

/* Reads the string that starts with the quote at the position into `text`. False: failed. */
static bool read_string(struct sw_json *json)
{
    uint32_t start = ++json->position;
    uint32_t scratch_start = json->scratch_used;
    bool escaped = false;
    while (read_plain(json)) {
        uint32_t plain = json->position - start;
        bool closed = json->bytes[json->position] == '"';
        if (closed && !escaped) {
            json->text = (struct sw_text){json->bytes + start, plain};
            json->position++;
            return true;
        }
        escaped = true;
        if (!put_scratch(json, json->bytes + start, plain)) {
            (void)fail(json, SW_JSON_ERROR_SCRATCH, start);
            return false;
        }
        if (closed) {
            json->text =
                (struct sw_text){json->scratch + scratch_start, json->scratch_used - scratch_start};
            json->position++;
            return true;
        }
        if (!read_escape(json)) {
            return false;
        }
        start = json->position;
    }
    return false;
}

static bool digit_at(const struct sw_json *json, uint32_t position)
{
    return position < json->length && json->bytes[position] >= '0' && json->bytes[position] <= '9';
}

static uint32_t skip_digits(const struct sw_json *json, uint32_t position)
{
    while (digit_at(json, position)) {
        position++;
    }
    return position;
}

static bool char_at(const struct sw_json *json, uint32_t position, char c)
{
    return position < json->length && json->bytes[position] == c;
}

/* The end of the number at the position by RFC 8259, or 0; @whole: it has no fraction or exponent.
 */
static uint32_t number_end(const struct sw_json *json, bool *whole)
{
    uint32_t at = json->position;
    *whole = true;
    if (char_at(json, at, '-')) {
        at++;
    }
    if (!digit_at(json, at)) {
        return 0;
    }
    at = char_at(json, at, '0') ? at + 1 : skip_digits(json, at);
    if (char_at(json, at, '.')) {
        *whole = false;
        if (!digit_at(json, at + 1)) {
            return 0;
        }
        at = skip_digits(json, at + 1);
    }
    if (char_at(json, at, 'e') || char_at(json, at, 'E')) {
        *whole = false;
        at++;
        if (char_at(json, at, '+') || char_at(json, at, '-')) {
            at++;
        }
        if (!digit_at(json, at)) {
            return 0;
        }
        at = skip_digits(json, at);
    }
    return at;
}

/* Whole numbers of up to 18 digits, which is nearly all of them, without strtoll(). */
static bool read_short_integer(struct sw_json *json, uint32_t end)
{
    uint32_t at = json->position;
    bool negative = json->bytes[at] == '-';
    at += negative ? 1 : 0;
    if (end - at > 18) {
        return false;
    }
    int64_t number = 0;
    for (; at < end; at++) {
        number = number * 10 + (json->bytes[at] - '0');
    }
    json->integer = negative ? -number : number;
    return true;
}

static enum sw_json_token read_number(struct sw_json *json)
{
    bool whole = true;
    uint32_t end = number_end(json, &whole);
    if (end == 0) {
        return fail(json, SW_JSON_ERROR_NUMBER, json->position);
    }
    if (whole && read_short_integer(json, end)) {
        json->position = end;
        return SW_JSON_INTEGER;
    }
    char digits[NUMBER_BYTES];
    uint32_t length = end - json->position;
    if (length >= NUMBER_BYTES) {
        return fail(json, SW_JSON_ERROR_NUMBER, json->position);
    }
    memcpy(digits, json->bytes + json->position, length);
    digits[length] = '\0';
    errno = 0;
    if (whole) {
        json->integer = strtoll(digits, NULL, 10);
        if (errno == 0) {
            json->position = end;
            return SW_JSON_INTEGER;
        }
        errno = 0;
    }
    json->real = strtod(digits, NULL);
    if (errno != 0 && (json->real > 1 || json->real < -1)) { // overflow, not underflow
        return fail(json, SW_JSON_ERROR_NUMBER, json->position);
    }
    json->position = end;
    return SW_JSON_REAL;
}

static bool read_word(struct sw_json *json, struct sw_text word)
{
    struct sw_text rest = {json->bytes + json->position, json->length - json->position};
    if (!sw_text_starts_with(rest, word)) {
        return false;
    }
    json->position += word.length;
    return true;
}

static enum sw_json_token open_level(struct sw_json *json, bool object)
{
    if (json->depth == SW_JSON_DEPTH_MAX) {
        return fail(json, SW_JSON_ERROR_DEPTH, json->position);
    }
    json->in_object[json->depth++] = object ? 1 : 0;
    json->position++;
    json->state = object ? STATE_FIRST_KEY : STATE_FIRST_ITEM;
    return object ? SW_JSON_OBJECT : SW_JSON_ARRAY;
}

static enum sw_json_token close_level(struct sw_json *json)
{
    SW_ASSERT(json->depth > 0);
    bool object = json->in_object[--json->depth] == 1;
    json->position++;
    json->state = STATE_AFTER_VALUE;
    return object ? SW_JSON_OBJECT_END : SW_JSON_ARRAY_END;
}

static enum sw_json_token read_value(struct sw_json *json)
{
    if (json->position >= json->length) {
        return fail(json, SW_JSON_ERROR_END, json->position);
    }
    char c = json->bytes[json->position];
    json->state = STATE_AFTER_VALUE;
    if (c == '"') {
        return read_string(json) ? SW_JSON_TEXT : SW_JSON_ERROR;
    }
    if (c == '{' || c == '[') {
        return open_level(json, c == '{');
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return read_number(json);
    }
    if (read_word(json, SW_TEXT("true"))) {
        json->boolean = true;
        return SW_JSON_BOOL;
    }
    if (read_word(json, SW_TEXT("false"))) {
        json->boolean = false;
        return SW_JSON_BOOL;
    }
    if (read_word(json, SW_TEXT("null"))) {
        return SW_JSON_NULL;
    }
    return fail(json, SW_JSON_ERROR_SYNTAX, json->position);
}

static enum sw_json_token read_key(struct sw_json *json)
{
    if (!char_at(json, json->position, '"')) {
        return fail_here(json);
    }
    if (!read_string(json)) {
        return SW_JSON_ERROR;
    }
    skip_space(json);
    if (!char_at(json, json->position, ':')) {
        return fail_here(json);
    }
    json->position++;
    json->state = STATE_VALUE;
    return SW_JSON_KEY;
}

/* What follows a complete value: a comma, the end of the level, or the end of the input. */
static enum sw_json_token read_after_value(struct sw_json *json)
{
    if (json->depth == 0) {
        if (json->position < json->length) {
            return fail(json, SW_JSON_ERROR_TRAILING, json->position);
        }
        json->state = STATE_DONE;
        return SW_JSON_END;
    }
    bool object = json->in_object[json->depth - 1] == 1;
    if (char_at(json, json->position, object ? '}' : ']')) {
        return close_level(json);
    }
    if (!char_at(json, json->position, ',')) {
        return fail_here(json);
    }
    json->position++;
    skip_space(json);
    json->token_position = json->position;
    return object ? read_key(json) : read_value(json);
}

/* --- what nearly all of a packet is --- */

static inline bool is_at(const struct sw_json *json, uint32_t at, char c)
{
    return at < json->length && json->bytes[at] == c;
}

/* Takes the string that starts at @at into `text` if it is plain ASCII and ends. Its end, or 0. */
static inline uint32_t take_plain_string(struct sw_json *json, uint32_t at)
{
    uint32_t end = plain_end(json, at + 1);
    if (!is_at(json, end, '"')) {
        return 0;
    }
    json->text = (struct sw_text){json->bytes + at + 1, end - at - 1};
    json->token_position = at;
    return end + 1;
}

/* Takes the next key of an object when it comes as ,"key": without spaces or escapes. */
static inline bool take_plain_key(struct sw_json *json)
{
    uint32_t at = json->position;
    if (!is_at(json, at, ',') || !is_at(json, at + 1, '"') || json->depth == 0 ||
        json->in_object[json->depth - 1] == 0) {
        return false;
    }
    at = take_plain_string(json, at + 1);
    if (at == 0 || !is_at(json, at, ':')) {
        return false;
    }
    json->position = at + 1;
    json->state = STATE_VALUE;
    return true;
}

static inline bool take_plain_text(struct sw_json *json)
{
    uint32_t at = json->position;
    if (!is_at(json, at, '"') || (at = take_plain_string(json, at)) == 0) {
        return false;
    }
    json->position = at;
    json->state = STATE_AFTER_VALUE;
    return true;
}

/* --- any token --- */

static enum sw_json_token read_token(struct sw_json *json)
{
    skip_space(json);
    json->token_position = json->position;
    switch ((enum state)json->state) {
    case STATE_VALUE:
        return read_value(json);
    case STATE_FIRST_ITEM:
        return char_at(json, json->position, ']') ? close_level(json) : read_value(json);
    case STATE_FIRST_KEY:
        return char_at(json, json->position, '}') ? close_level(json) : read_key(json);
    case STATE_AFTER_VALUE:
        return read_after_value(json);
    case STATE_DONE:
        return SW_JSON_END;
    case STATE_FAILED:
        return SW_JSON_ERROR;
    }
    return SW_JSON_ERROR;
}

enum sw_json_token sw_json_next(struct sw_json *json)
{
    if (json->state == STATE_AFTER_VALUE && take_plain_key(json)) {
        return SW_JSON_KEY;
    }
    if (json->state == STATE_VALUE && take_plain_text(json)) {
        return SW_JSON_TEXT;
    }
    return read_token(json);
}

bool sw_json_skip(struct sw_json *json, enum sw_json_token token)
{
    uint32_t depth = json->depth;
    while ((token == SW_JSON_OBJECT || token == SW_JSON_ARRAY) && json->depth >= depth) {
        if (sw_json_next(json) == SW_JSON_ERROR) {
            return false;
        }
    }
    return token != SW_JSON_ERROR;
}

const char *sw_json_error_code(enum sw_json_error error)
{
    switch (error) {
#define ERROR_CODE(name, code, text)                                                               \
    case name:                                                                                     \
        return code;
        SW_JSON_ERROR_LIST(ERROR_CODE)
#undef ERROR_CODE
    }
    return "json";
}

const char *sw_json_error_text(enum sw_json_error error)
{
    switch (error) {
#define ERROR_TEXT(name, code, text)                                                               \
    case name:                                                                                     \
        return text;
        SW_JSON_ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
    }
    return "not JSON";
}
