#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "plain.h"
#include "token.h"

#define PADDING 64 // bytes that may be written past a folded text

void sw_scanner_open(struct sw_scanner *scanner, const struct sw_field_tree *tree,
                     struct sw_matcher *matcher, bool keywords, enum sw_machine machine,
                     uint32_t line_bytes)
{
    *scanner = (struct sw_scanner){
        .tree = tree, .matcher = matcher, .keywords = keywords, .text_capacity = line_bytes};
    scanner->text = sw_allocate((size_t)line_bytes + PADDING, 1);
    scanner->seen = sw_allocate(tree->count, sizeof(struct sw_seen));
    sw_quotes_open(&scanner->quotes, machine);
}

void sw_scanner_close(struct sw_scanner *scanner)
{
    free(scanner->text);
    free(scanner->seen);
    sw_quotes_close(&scanner->quotes);
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

static bool scan_string(struct sw_scanner *scanner, uint32_t node)
{
    struct sw_text text;
    if (!sw_read_string(scanner, &text)) {
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
        if (!sw_fill_number(scanner, datum, text)) {
            sw_datum_start(datum, SW_DATUM_OTHER, text);
            return false;
        }
        mark_datum(scanner, node, datum);
    }
    if (scanner->keywords) {
        if (datum == NULL && !sw_fill_number(scanner, &keyword, text)) {
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
    if (!sw_read_string(scanner, &key)) {
        return false;
    }
    *node = parent != SW_NODE_NONE ? sw_field_tree_find(scanner->tree, key, parent) : SW_NODE_NONE;
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
    for (;;) {
        uint32_t member = SW_NODE_NONE;
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
    scanner->text_used = 0;
    scanner->depth = 0;
    scanner->error = NULL;
    scanner->has_flat = false;
    scanner->has_dead = false;
    if (scanner->object > UINT32_MAX / 2) {
        scanner->object = 0; // old numbers would look new
        memset(scanner->seen, 0, scanner->tree->count * sizeof(struct sw_seen));
    }
    if (!scanner->keywords && sw_quotes_find(&scanner->quotes, line)) {
        if (sw_scan_plain(scanner, line.length)) {
            return true;
        }
        sw_match_begin(scanner->matcher); // forgets what was read so far
        scanner->text_used = 0;
        scanner->error = NULL;
    }
    scanner->start = scanner->at = line.bytes;
    scanner->end = line.bytes + line.length;
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
