#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <sharewatch/assert.h>

#include "fold.h"
#include "hash.h"

#define NODE_ROOT 0
#define NODE_NONE SW_UNKNOWN
#define TABLE_MIN 64 // a power of two
#define PADDING   64 // bytes that may be written past a folded text

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);
    if (memory == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory for matching rules\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

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

/* --- the tree of names -------------------------------------------------------------------------
 */

static uint64_t hash_of_key(struct sw_text key, uint32_t parent)
{
    return sw_hash_bytes(key.bytes, key.length, parent + UINT64_C(0x51ed270b));
}

/* The node of @key under @parent; NODE_NONE: there is none. */
static uint32_t find_node(const struct sw_field_tree *tree, struct sw_text key, uint32_t parent)
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
    return NODE_NONE;
}

static uint32_t add_node(struct sw_field_tree *tree, struct sw_text key, uint32_t parent)
{
    uint32_t found = find_node(tree, key, parent);
    if (found != NODE_NONE) {
        return found;
    }
    tree->nodes = sw_grow(tree->nodes, tree->count, &tree->capacity, sizeof(*tree->nodes));
    uint64_t hash = hash_of_key(key, parent);
    const char *key_end = key.bytes + key.length;
    tree->nodes[tree->count] = (struct sw_field_node){
        .hash = hash,
        .key = key,
        .parent = parent,
        .slot = SW_UNKNOWN,
        .plain = find_special(key.bytes, key_end) == key_end,
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
    uint32_t node = NODE_ROOT;
    uint32_t start = 0;
    for (uint32_t i = 0; i <= name.length; i++) {
        if (i == name.length || name.bytes[i] == '.') {
            node = add_node(tree, (struct sw_text){name.bytes + start, i - start}, node);
            start = i + 1;
        }
    }
    tree->nodes[node].slot = slot;
    if (tree->nodes[node].key.length != name.length) {
        uint32_t flat = add_node(tree, name, NODE_ROOT);
        tree->nodes[flat].slot = slot;
        tree->nodes[flat].flat = true;
    }
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
    tree->table = allocate(tree->table_size, sizeof(uint32_t));
    tree->nodes = sw_grow(tree->nodes, 0, &tree->capacity, sizeof(*tree->nodes));
    tree->nodes[tree->count++] = (struct sw_field_node){.slot = SW_UNKNOWN};
    for (uint32_t slot = SW_SLOT_KEYWORDS + 1; slot < set->slot_count; slot++) {
        add_field(tree, set->slots[slot].name, slot);
    }
}

void sw_field_tree_free(struct sw_field_tree *tree)
{
    free(tree->nodes);
    free(tree->table);
    *tree = (struct sw_field_tree){0};
}

void sw_scanner_open(struct sw_scanner *scanner, const struct sw_field_tree *tree,
                     struct sw_matcher *matcher, bool keywords, uint32_t line_bytes)
{
    *scanner = (struct sw_scanner){
        .tree = tree, .matcher = matcher, .keywords = keywords, .text_capacity = line_bytes};
    scanner->text = allocate((size_t)line_bytes + PADDING, 1);
    scanner->seen_object = allocate(tree->count, sizeof(uint32_t));
    scanner->seen_first = allocate(tree->count, sizeof(uint32_t));
    scanner->seen_end = allocate(tree->count, sizeof(uint32_t));
    scanner->seen_next = allocate(tree->count, sizeof(uint32_t));
}

void sw_scanner_close(struct sw_scanner *scanner)
{
    free(scanner->text);
    free(scanner->seen_object);
    free(scanner->seen_first);
    free(scanner->seen_end);
    free(scanner->seen_next);
    *scanner = (struct sw_scanner){0};
}

/* --- tokens ------------------------------------------------------------------------------------
 */

static bool fail(struct sw_scanner *scanner, const char *error)
{
    if (scanner->error == NULL) {
        scanner->error = error;
    }
    return false;
}

/* The byte at `at`, or NUL at the end. */
static char peek(const struct sw_scanner *scanner)
{
    return (char)(scanner->at < scanner->end ? *scanner->at : '\0');
}

static void skip_space(struct sw_scanner *scanner)
{
    const char *at = scanner->at;
    if (at<scanner->end && * at> ' ') {
        return;
    }
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
        return fail(scanner, "the text ends inside a string");
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
        return fail(scanner, "bad escape in a string");
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

static bool put_text(struct sw_scanner *scanner, const char *bytes, size_t length)
{
    if (scanner->text_capacity - scanner->text_used < length + 8) {
        return fail(scanner, "too much text with escapes");
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
            return fail(scanner, "the text ends inside a string");
        }
        if (*special == '"') {
            break;
        }
        if (*special == '\\') {
            if (!put_text(scanner, start, (size_t)(special - start)) || !read_escape(scanner)) {
                return false;
            }
            escaped = true;
            start = scanner->at;
        } else if ((unsigned char)*special < 0x20) {
            return fail(scanner, "control character in a string");
        } else {
            uint32_t length = sw_utf8_character(special, (uint32_t)(scanner->end - special), NULL);
            if (length == 1) {
                return fail(scanner, "not UTF-8");
            }
            scanner->at += length;
        }
    }
    if (escaped) {
        if (!put_text(scanner, start, (size_t)(scanner->at - start))) {
            return false;
        }
        *text = (struct sw_text){scanner->text + first, scanner->text_used - first};
    } else {
        *text = (struct sw_text){start, (uint32_t)(scanner->at - start)};
    }
    scanner->at++;
    return true;
}

/* Reads the string whose quote stands at `at`. */
static bool read_string(struct sw_scanner *scanner, struct sw_text *text)
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

/* The end of a JSON number at `at`, or NULL. @whole: digits only. */
static const char *number_end(const struct sw_scanner *scanner, bool *whole)
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

/* --- values ------------------------------------------------------------------------------------
 */

/* A new value of @node, to be filled, or NULL: nobody asks, or there is no room. */
static struct sw_datum *add_datum(struct sw_scanner *scanner, uint32_t node)
{
    if (node == NODE_NONE || scanner->tree->nodes[node].slot == SW_UNKNOWN) {
        return NULL;
    }
    struct sw_datum *datum = sw_match_add(scanner->matcher, scanner->tree->nodes[node].slot);
    if (datum == NULL) {
        (void)fail(scanner, "too many values");
    }
    return datum;
}

/* Marks @datum as what it is: a value of @node. Its filler cleared the marks. */
static void mark_datum(const struct sw_scanner *scanner, uint32_t node, struct sw_datum *datum)
{
    datum->flat = scanner->tree->nodes[node].flat;
}

/* Hands @datum on as a keyword too. */
static void add_keyword(struct sw_scanner *scanner, const struct sw_datum *datum)
{
    struct sw_datum *keyword = sw_match_add(scanner->matcher, SW_SLOT_KEYWORDS);
    if (keyword == NULL) {
        (void)fail(scanner, "too many values");
        return;
    }
    *keyword = *datum;
    keyword->flat = false;
    keyword->next = SW_UNKNOWN;
}

static bool scan_string(struct sw_scanner *scanner, uint32_t node)
{
    struct sw_text text;
    if (!read_string(scanner, &text)) {
        return false;
    }
    struct sw_datum *datum = add_datum(scanner, node);
    if (datum != NULL) {
        sw_datum_start(datum, SW_DATUM_TEXT, text);
        mark_datum(scanner, node, datum);
    }
    if (scanner->keywords) {
        struct sw_datum keyword;
        if (datum == NULL) {
            sw_datum_start(&keyword, SW_DATUM_TEXT, text);
        }
        add_keyword(scanner, datum != NULL ? datum : &keyword);
    }
    return scanner->error == NULL;
}

static bool fill_number(struct sw_scanner *scanner, struct sw_datum *datum, struct sw_text text)
{
    struct sw_number number;
    char canonical[SW_NUMBER_TEXT_BYTES];
    if (!sw_number_parse(text, &number)) {
        return fail(scanner, "a number too large");
    }
    sw_datum_number(datum, text, &number, canonical);
    if (datum->has_canonical) {
        uint32_t first = scanner->text_used;
        if (!put_text(scanner, datum->canonical.bytes, datum->canonical.length)) {
            return false;
        }
        datum->canonical.bytes = scanner->text + first;
    }
    return true;
}

static bool scan_number(struct sw_scanner *scanner, uint32_t node)
{
    bool whole = false;
    const char *end = number_end(scanner, &whole);
    if (end == NULL) {
        return fail(scanner, "not JSON here");
    }
    struct sw_text text = {scanner->at, (uint32_t)(end - scanner->at)};
    struct sw_datum *datum = add_datum(scanner, node);
    struct sw_datum keyword;
    if (datum != NULL) {
        if (!fill_number(scanner, datum, text)) {
            sw_datum_start(datum, SW_DATUM_OTHER, text);
            return false;
        }
        mark_datum(scanner, node, datum);
    }
    if (scanner->keywords) {
        if (datum == NULL && !fill_number(scanner, &keyword, text)) {
            return false;
        }
        add_keyword(scanner, datum != NULL ? datum : &keyword);
    }
    scanner->at = end;
    return scanner->error == NULL;
}

static bool scan_word(struct sw_scanner *scanner, uint32_t node)
{
    struct sw_text rest = {scanner->at, (uint32_t)(scanner->end - scanner->at)};
    bool yes = sw_text_starts_with(rest, SW_TEXT("true"));
    bool no = !yes && sw_text_starts_with(rest, SW_TEXT("false"));
    if (!yes && !no && !sw_text_starts_with(rest, SW_TEXT("null"))) {
        return fail(scanner, "not JSON here");
    }
    scanner->at += no ? 5 : 4;
    struct sw_datum *datum = add_datum(scanner, node);
    if (datum != NULL) {
        if (yes || no) {
            sw_datum_bool(datum, yes);
        } else {
            sw_datum_start(datum, SW_DATUM_NULL, (struct sw_text){NULL, 0});
        }
        mark_datum(scanner, node, datum);
    }
    if (scanner->keywords && (yes || no)) {
        struct sw_datum keyword;
        sw_datum_bool(&keyword, yes);
        add_keyword(scanner, &keyword);
    }
    return scanner->error == NULL;
}

static bool scan_value(struct sw_scanner *scanner, uint32_t node);

static void add_other(struct sw_scanner *scanner, uint32_t node)
{
    struct sw_datum *datum = add_datum(scanner, node);
    if (datum != NULL) {
        sw_datum_start(datum, SW_DATUM_OTHER, (struct sw_text){NULL, 0});
        mark_datum(scanner, node, datum);
    }
}

static bool scan_array(struct sw_scanner *scanner, uint32_t node)
{
    scanner->at++;
    skip_space(scanner);
    if (scanner->at < scanner->end && *scanner->at == ']') {
        scanner->at++;
        add_other(scanner, node);
        return scanner->error == NULL;
    }
    for (;;) {
        if (!scan_value(scanner, node)) {
            return false;
        }
        skip_space(scanner);
        char c = peek(scanner);
        scanner->at++;
        if (c == ']') {
            return true;
        }
        if (c != ',') {
            scanner->at--;
            return fail(scanner, "expected , or ] in an array");
        }
    }
}

/* A key that stood in this object before: what its value gave does not count. */
static void forget_value(struct sw_scanner *scanner, uint32_t node)
{
    for (uint32_t i = scanner->seen_first[node]; i < scanner->seen_end[node]; i++) {
        scanner->matcher->data[i].dead = true;
    }
    scanner->has_dead = true;
}

/* Events of one kind have their keys in one order: the node that followed the last one before is
 * tried first. */
static bool guess_key(struct sw_scanner *scanner, uint32_t parent, uint32_t *node)
{
    uint32_t guess = scanner->seen_next[scanner->last];
    const struct sw_field_node *entry = &scanner->tree->nodes[guess];
    uint32_t length = entry->key.length;
    if (guess == NODE_ROOT || entry->parent != parent || !entry->plain ||
        scanner->end - scanner->at < (ptrdiff_t)length + 3 || scanner->at[length + 1] != '"' ||
        !sw_bytes_equal(entry->key.bytes, scanner->at + 1, length)) {
        return false;
    }
    scanner->at += length + 2;
    scanner->last = guess;
    *node = guess;
    return true;
}

/* Reads the key whose quote stands at `at`, and finds its node under @parent. */
static bool read_key(struct sw_scanner *scanner, uint32_t parent, uint32_t *node)
{
    struct sw_text key = {NULL, 0};
    if (scanner->at >= scanner->end || *scanner->at != '"') {
        return fail(scanner, "expected a key in quotes");
    }
    if (guess_key(scanner, parent, node)) {
        return true;
    }
    if (!read_string(scanner, &key)) {
        return false;
    }
    *node = parent != NODE_NONE ? find_node(scanner->tree, key, parent) : NODE_NONE;
    if (*node != NODE_NONE) {
        scanner->seen_next[scanner->last] = *node;
        scanner->last = *node;
    }
    return true;
}

/* Reads the value of @node's key in object number @object. */
static bool scan_member(struct sw_scanner *scanner, uint32_t node, uint32_t object)
{
    if (node == NODE_NONE) {
        return scan_value(scanner, NODE_NONE);
    }
    if (scanner->seen_object[node] == object) {
        forget_value(scanner, node);
    }
    scanner->has_flat = scanner->has_flat || scanner->tree->nodes[node].flat;
    uint32_t first = scanner->matcher->data_count;
    bool good = scan_value(scanner, node);
    scanner->seen_object[node] = object;
    scanner->seen_first[node] = first;
    scanner->seen_end[node] = scanner->matcher->data_count;
    return good;
}

static bool scan_object(struct sw_scanner *scanner, uint32_t node)
{
    uint32_t object = ++scanner->object;
    scanner->at++;
    if (node != NODE_ROOT) {
        add_other(scanner, node);
    }
    skip_space(scanner);
    if (scanner->at < scanner->end && *scanner->at == '}') {
        scanner->at++;
        return true;
    }
    for (;;) {
        uint32_t member = NODE_NONE;
        if (!read_key(scanner, node, &member)) {
            return false;
        }
        skip_space(scanner);
        if (scanner->at >= scanner->end || *scanner->at != ':') {
            return fail(scanner, "expected : after a key");
        }
        scanner->at++;
        if (!scan_member(scanner, member, object)) {
            return false;
        }
        skip_space(scanner);
        char c = peek(scanner);
        if (c == '}') {
            scanner->at++;
            return true;
        }
        if (c != ',') {
            return fail(scanner, "expected , or } in an object");
        }
        scanner->at++;
        skip_space(scanner);
    }
}

/* Recursion is bounded by SW_SCAN_DEPTH_MAX. */
static bool scan_value(struct sw_scanner *scanner, uint32_t node)
{
    skip_space(scanner);
    if (scanner->at >= scanner->end) {
        return fail(scanner, "the text ends inside the value");
    }
    char c = *scanner->at;
    if (c == '"') {
        return scan_string(scanner, node);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return scan_number(scanner, node);
    }
    if (c != '{' && c != '[') {
        return scan_word(scanner, node);
    }
    if (scanner->depth == SW_SCAN_DEPTH_MAX) {
        return fail(scanner, "nested too deeply");
    }
    scanner->depth++;
    bool good = c == '{' ? scan_object(scanner, node) : scan_array(scanner, node);
    scanner->depth--;
    return good;
}

/* A dotted name that came as one key hides what came by the path; dead data goes. */
static void drop_hidden(struct sw_scanner *scanner)
{
    struct sw_matcher *matcher = scanner->matcher;
    for (uint32_t i = 0; i < matcher->touched_count; i++) {
        uint32_t slot = matcher->touched[i];
        bool flat = false;
        for (uint32_t at = matcher->slot_first[slot]; at != SW_UNKNOWN;
             at = matcher->data[at].next) {
            flat = flat || (matcher->data[at].flat && !matcher->data[at].dead);
        }
        uint32_t *link = &matcher->slot_first[slot];
        while (*link != SW_UNKNOWN) {
            struct sw_datum *datum = &matcher->data[*link];
            if (datum->dead || datum->flat != flat) {
                *link = datum->next;
            } else {
                link = &datum->next;
            }
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < matcher->touched_count; i++) {
        if (matcher->slot_first[matcher->touched[i]] != SW_UNKNOWN) {
            matcher->touched[kept++] = matcher->touched[i];
        }
    }
    matcher->touched_count = kept;
}

bool sw_scan(struct sw_scanner *scanner, struct sw_text line)
{
    scanner->start = scanner->at = line.bytes;
    scanner->end = line.bytes + line.length;
    scanner->text_used = 0;
    scanner->depth = 0;
    scanner->last = NODE_ROOT;
    scanner->error = NULL;
    scanner->has_flat = false;
    scanner->has_dead = false;
    if (scanner->object > UINT32_MAX / 2) {
        scanner->object = 0; // old numbers would look new
        memset(scanner->seen_object, 0, scanner->tree->count * sizeof(uint32_t));
    }
    skip_space(scanner);
    if (scanner->at >= scanner->end || *scanner->at != '{') {
        return fail(scanner, "an event is a JSON object");
    }
    if (!scan_object(scanner, NODE_ROOT)) {
        return false;
    }
    skip_space(scanner);
    if (scanner->at < scanner->end) {
        return fail(scanner, "bytes after the end of the object");
    }
    if (scanner->has_flat || scanner->has_dead) {
        drop_hidden(scanner);
    }
    return true;
}
