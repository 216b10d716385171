#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "hash.h"
#include "token.h"

#define PADDING 64 // bytes that may be written past a folded text

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);
    if (memory == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory for matching rules\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

void sw_scanner_open(struct sw_scanner *scanner, const struct sw_field_tree *tree,
                     struct sw_matcher *matcher, bool keywords, bool portable, uint32_t line_bytes)
{
    *scanner = (struct sw_scanner){
        .tree = tree, .matcher = matcher, .keywords = keywords, .text_capacity = line_bytes};
    scanner->text = allocate((size_t)line_bytes + PADDING, 1);
    scanner->seen = allocate(tree->count, sizeof(struct sw_seen));
    scanner->can_find = !portable && sw_quotes_can_find();
    scanner->quotes.positions = allocate(SW_QUOTES_TEXT_MAX + SW_QUOTES_AHEAD, sizeof(uint32_t));
}

void sw_scanner_close(struct sw_scanner *scanner)
{
    free(scanner->text);
    free(scanner->seen);
    free(scanner->quotes.positions);
    *scanner = (struct sw_scanner){0};
}

/* The byte at `at`, or NUL at the end. */
static char peek(const struct sw_scanner *scanner)
{
    return (char)(scanner->at < scanner->end ? *scanner->at : '\0');
}

static inline void skip_space(struct sw_scanner *scanner)
{
    if (scanner->at >= scanner->end || *scanner->at <= ' ') {
        sw_skip_space(scanner);
    }
}

/* Reads the string whose quote stands at `at`. */
static inline bool read_string(struct sw_scanner *scanner, struct sw_text *text)
{
    if (!scanner->is_plain) {
        return sw_read_string(scanner, text);
    }
    uint32_t first = scanner->quotes.positions[scanner->quote];
    uint32_t last = scanner->quotes.positions[scanner->quote + 1];
    SW_ASSERT(scanner->at == scanner->start + first);
    scanner->quote += 2;
    *text = (struct sw_text){scanner->start + first + 1, last - first - 1};
    scanner->at = scanner->start + last;
    if (scanner->at >= scanner->end) {
        return sw_scan_fail(scanner, "the text ends inside a string");
    }
    scanner->at++;
    return true;
}

/* Loads @text when it is short and so far from the end of the line that it can be. */
static inline bool load_short(const struct sw_scanner *scanner, struct sw_text text,
                              struct sw_short *loaded)
{
    const ptrdiff_t bytes = sizeof(*loaded);
    if (!scanner->is_plain || text.length > bytes || scanner->end - text.bytes < bytes) {
        return false;
    }
    *loaded = sw_short_load(text.bytes, text.length);
    return true;
}

static inline uint32_t find_key(const struct sw_scanner *scanner, struct sw_text key,
                                uint32_t parent)
{
    struct sw_short loaded;
    return load_short(scanner, key, &loaded)
               ? sw_field_tree_find_short(scanner->tree, &loaded, key.length, parent)
               : sw_field_tree_find(scanner->tree, key, parent);
}

/* A new value of @node, to be filled, or NULL: nobody asks, or there is no room. */
static struct sw_datum *add_datum(struct sw_scanner *scanner, uint32_t node)
{
    if (node == SW_NODE_NONE || scanner->tree->nodes[node].slot == SW_UNKNOWN) {
        return NULL;
    }
    struct sw_datum *datum = sw_match_add(scanner->matcher, scanner->tree->nodes[node].slot);
    if (datum == NULL) {
        (void)sw_scan_fail(scanner, "too many values");
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
        (void)sw_scan_fail(scanner, "too many values");
        return;
    }
    *keyword = *datum;
    keyword->flat = false;
    keyword->next = SW_UNKNOWN;
}

/* Packs the text of @datum if that takes no more than a load. */
static inline void pack_text(const struct sw_scanner *scanner, struct sw_datum *datum)
{
    if (load_short(scanner, datum->text, &datum->packed)) {
        (void)sw_short_fold(&datum->packed); // a plain text is ASCII
        datum->pack = SW_PACK_SHORT;
    }
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
        pack_text(scanner, datum);
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

static bool scan_number(struct sw_scanner *scanner, uint32_t node)
{
    bool whole = false;
    const char *end = sw_number_end(scanner, &whole);
    if (end == NULL) {
        return sw_scan_fail(scanner, "not JSON here");
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

static inline bool is_word(const struct sw_scanner *scanner, const char *word, size_t length)
{
    return scanner->end - scanner->at >= (ptrdiff_t)length &&
           memcmp(scanner->at, word, length) == 0;
}

static bool scan_word(struct sw_scanner *scanner, uint32_t node)
{
    bool yes = is_word(scanner, "true", 4);
    bool no = !yes && is_word(scanner, "false", 5);
    if (!yes && !no && !is_word(scanner, "null", 4)) {
        return sw_scan_fail(scanner, "not JSON here");
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
            return sw_scan_fail(scanner, "expected , or ] in an array");
        }
    }
}

/* A key that stood in this object before: what its value gave does not count. */
static void forget_value(struct sw_scanner *scanner, uint32_t node)
{
    for (uint32_t i = scanner->seen[node].first; i < scanner->seen[node].end; i++) {
        scanner->matcher->data[i].dead = true;
    }
    scanner->has_dead = true;
}

/* Reads the key whose quote stands at `at`, and finds its node under @parent. */
static bool read_key(struct sw_scanner *scanner, uint32_t parent, uint32_t *node)
{
    struct sw_text key = {NULL, 0};
    if (scanner->at >= scanner->end || *scanner->at != '"') {
        return sw_scan_fail(scanner, "expected a key in quotes");
    }
    if (!read_string(scanner, &key)) {
        return false;
    }
    *node = parent != SW_NODE_NONE ? find_key(scanner, key, parent) : SW_NODE_NONE;
    return true;
}

/* Reads the value of @node's key in object number @object. */
static bool scan_member(struct sw_scanner *scanner, uint32_t node, uint32_t object)
{
    if (node == SW_NODE_NONE) {
        return scan_value(scanner, SW_NODE_NONE);
    }
    if (scanner->seen[node].object == object) {
        forget_value(scanner, node);
    }
    scanner->has_flat = scanner->has_flat || scanner->tree->nodes[node].flat;
    uint32_t first = scanner->matcher->data_count;
    bool good = scan_value(scanner, node);
    scanner->seen[node] = (struct sw_seen){object, first, scanner->matcher->data_count};
    return good;
}

/* A member of the usual form. */
struct plain_member {
    struct sw_text key;
    struct sw_text text; // its value, unless that is a word
    bool is_text;
    bool yes;      // its value is `true`
    uint32_t next; // where its comma stands
};

/* Reads the member at @quotes if it is `"key":"text",` or `"key":true,` or `"key":false,` with a
 * further key behind it, far enough from the end of the line to load sixteen bytes of each. */
static inline bool read_plain_member(const struct sw_scanner *scanner, const uint32_t *quotes,
                                     struct plain_member *member)
{
    const char *start = scanner->start;
    const uint32_t length = (uint32_t)(scanner->end - start);
    if (quotes[1] + 4 + sizeof(struct sw_short) > length || start[quotes[1] + 1] != ':') {
        return false;
    }
    const char *value = start + quotes[1] + 2;
    member->key = (struct sw_text){start + quotes[0] + 1, quotes[1] - quotes[0] - 1};
    member->is_text = *value == '"';
    member->yes = *value == 't';
    member->text = (struct sw_text){value + 1, quotes[3] - quotes[2] - 1};
    if (member->is_text) {
        member->next = quotes[3] + 1;
    } else if (memcmp(value, "true", 4) == 0) {
        member->next = quotes[1] + 6;
    } else if (memcmp(value, "false", 5) == 0) {
        member->next = quotes[1] + 7;
    } else {
        return false;
    }
    return length - 2 >= member->next && start[member->next] == ',' &&
           start[member->next + 1] == '"';
}

static inline void fill_plain(struct sw_datum *datum, const struct plain_member *member)
{
    if (!member->is_text) {
        sw_datum_bool(datum, member->yes);
        return;
    }
    uint32_t length = member->text.length;
    bool is_short = length <= sizeof(struct sw_short);
    sw_datum_start(datum, SW_DATUM_TEXT, member->text);
    datum->packed = sw_short_load(member->text.bytes, is_short ? length : 0);
    (void)sw_short_fold(&datum->packed);
    datum->pack = is_short ? SW_PACK_SHORT : SW_PACK_LONG;
}

/* Reads members of the usual form from the key whose quote stands at `at`, as long as there are
 * some, and leaves every other member to scan_member(). What changes stands in variables: through
 * memory, each member would wait for the one before. */
static void scan_plain_members(struct sw_scanner *scanner, uint32_t parent, uint32_t object)
{
    const struct sw_field_tree *tree = scanner->tree;
    struct sw_matcher *matcher = scanner->matcher;
    const uint32_t *quotes = scanner->quotes.positions + scanner->quote;
    const char *at = scanner->at;
    uint32_t count = matcher->data_count;
    struct plain_member member;
    while (read_plain_member(scanner, quotes, &member) && count < SW_VALUES_MAX) {
        struct sw_short key = {0, 0};
        bool is_short = member.key.length <= sizeof(key);
        if (is_short) {
            key = sw_short_load(member.key.bytes, member.key.length);
        }
        uint32_t node = is_short ? sw_field_tree_find_short(tree, &key, member.key.length, parent)
                                 : sw_field_tree_find(tree, member.key, parent);
        if (node != SW_NODE_NONE) {
            uint32_t slot = tree->nodes[node].slot;
            if (slot == SW_UNKNOWN || tree->nodes[node].flat ||
                matcher->slot_first[slot] != SW_UNKNOWN || scanner->seen[node].object == object) {
                break;
            }
            fill_plain(&matcher->data[count], &member);
            matcher->slot_first[slot] = matcher->slot_last[slot] = count;
            matcher->touched[matcher->touched_count++] = slot;
            scanner->seen[node] = (struct sw_seen){object, count, count + 1};
            count++;
        }
        quotes += member.is_text ? 4 : 2;
        at = scanner->start + member.next + 1;
    }
    matcher->data_count = count;
    scanner->quote = (uint32_t)(quotes - scanner->quotes.positions);
    scanner->at = at;
}

static bool scan_object(struct sw_scanner *scanner, uint32_t node)
{
    uint32_t object = ++scanner->object;
    scanner->at++;
    if (node != SW_NODE_ROOT) {
        add_other(scanner, node);
    }
    skip_space(scanner);
    if (scanner->at < scanner->end && *scanner->at == '}') {
        scanner->at++;
        return true;
    }
    bool hurry = scanner->is_plain && !scanner->keywords && node != SW_NODE_NONE;
    for (;;) {
        uint32_t member = SW_NODE_NONE;
        if (hurry && scanner->at < scanner->end && *scanner->at == '"') {
            scan_plain_members(scanner, node, object);
        }
        if (!read_key(scanner, node, &member)) {
            return false;
        }
        skip_space(scanner);
        if (scanner->at >= scanner->end || *scanner->at != ':') {
            return sw_scan_fail(scanner, "expected : after a key");
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
            return sw_scan_fail(scanner, "expected , or } in an object");
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
        return sw_scan_fail(scanner, "the text ends inside the value");
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
        return sw_scan_fail(scanner, "nested too deeply");
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
    scanner->is_plain = scanner->can_find && sw_quotes_find(&scanner->quotes, line);
    scanner->quote = 0;
    scanner->error = NULL;
    scanner->has_flat = false;
    scanner->has_dead = false;
    if (scanner->object > UINT32_MAX / 2) {
        scanner->object = 0; // old numbers would look new
        memset(scanner->seen, 0, scanner->tree->count * sizeof(struct sw_seen));
    }
    skip_space(scanner);
    if (scanner->at >= scanner->end || *scanner->at != '{') {
        return sw_scan_fail(scanner, "an event is a JSON object");
    }
    if (!scan_object(scanner, SW_NODE_ROOT)) {
        return false;
    }
    skip_space(scanner);
    if (scanner->at < scanner->end) {
        return sw_scan_fail(scanner, "bytes after the end of the object");
    }
    if (scanner->has_flat || scanner->has_dead) {
        drop_hidden(scanner);
    }
    return true;
}
