/* Recursive descent; every level of recursion is counted, so that a long file cannot exhaust the
 * stack. */
#include "condition.h"

#include <string.h>

#include <sharewatch/assert.h>

#define DEPTH_MAX 64 // parentheses and `not`, one in another

struct parser {
    struct sw_arena *arena;
    struct sw_report *report;
    struct sw_identifiers *identifiers;
    struct sw_place place; // of the first byte of `source`
    struct sw_text source;
    uint32_t at;         // the byte after `word`
    uint32_t start;      // of `word`
    struct sw_text word; // the current token; empty at the end
    uint32_t depth;
    bool failed;
};

struct sw_node *sw_node_new(struct sw_arena *arena, enum sw_node_type type, struct sw_text label,
                            struct sw_place place, uint32_t count)
{
    struct sw_node *node = sw_arena_alloc(arena, sizeof(*node));
    *node = (struct sw_node){.type = type, .label = label, .place = place, .count = count};
    if (count > 0) {
        node->children = sw_arena_alloc(arena, count * sizeof(struct sw_node *));
    }
    return node;
}

static struct sw_place place_of_word(const struct parser *parser)
{
    struct sw_place place = parser->place;
    for (uint32_t i = 0; i < parser->start; i++) {
        if (parser->source.bytes[i] == '\n') {
            return parser->place; // a block: columns are not known
        }
    }
    place.column += parser->start;
    return place;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '*';
}

static void advance(struct parser *parser)
{
    struct sw_text source = parser->source;
    while (parser->at < source.length && strchr(" \t\r\n", source.bytes[parser->at]) != NULL) {
        parser->at++;
    }
    parser->start = parser->at;
    while (parser->at < source.length && is_word_byte(source.bytes[parser->at])) {
        parser->at++;
    }
    if (parser->at == parser->start && parser->at < source.length) {
        parser->at++; // a parenthesis, or what does not belong here
    }
    parser->word = (struct sw_text){source.bytes + parser->start, parser->at - parser->start};
}

static bool word_is(const struct parser *parser, const char *word)
{
    return sw_text_equal(parser->word, sw_text_from(word));
}

static struct sw_node *fail(struct parser *parser, const char *hint, const char *what)
{
    if (!parser->failed) {
        parser->failed = true;
        if (parser->word.length == 0) {
            sw_report_error(parser->report, place_of_word(parser), hint,
                            "condition: %s, but it ends here", what);
        } else {
            sw_report_error(parser->report, place_of_word(parser), hint,
                            "condition: %s, not \"%.*s\"", what, SW_TEXT_FORMAT(parser->word));
        }
    }
    return NULL;
}

static bool is_operator(struct sw_text word)
{
    static const char *const operators[] = {"and", "or", "not", "of", "them"};
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (sw_text_equal_fold(word, sw_text_from(operators[i]))) {
            return true;
        }
    }
    return false;
}

/* What to say of a word that cannot stand where an identifier is due. */
static const char *hint_of_word(const struct parser *parser, char *hint, size_t hint_bytes)
{
    if (word_is(parser, "|")) {
        return "counts over time are rules of their own: see correlation, event_count";
    }
    if (is_operator(parser->word)) {
        return "operators are written in lower case and stand between identifiers";
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, parser->word);
    for (uint32_t i = 0; i < parser->identifiers->count; i++) {
        sw_suggestion_offer(&suggestion, parser->identifiers->items[i].name);
    }
    return sw_suggestion_hint(&suggestion, hint, hint_bytes);
}

static struct sw_node *parse_or(struct parser *parser);

static struct sw_node *parse_identifier(struct parser *parser)
{
    for (uint32_t i = 0; i < parser->identifiers->count; i++) {
        struct sw_identifier *identifier = &parser->identifiers->items[i];
        if (sw_text_equal(identifier->name, parser->word)) {
            identifier->used = true;
            advance(parser);
            return identifier->node;
        }
    }
    char hint[128];
    bool word = parser->word.length > 0 && is_word_byte(parser->word.bytes[0]);
    return fail(parser, hint_of_word(parser, hint, sizeof(hint)),
                word ? "expected an identifier of this detection" : "expected an identifier");
}

static bool pattern_fits(struct sw_text pattern, struct sw_text name)
{
    if (sw_text_equal(pattern, SW_TEXT("them"))) {
        return name.length > 0 && name.bytes[0] != '_';
    }
    struct sw_piece pieces[128];
    struct sw_pattern parsed = {.pieces = pieces};
    uint32_t at = 0;
    while (at < pattern.length && parsed.count < 127) {
        uint32_t start = at;
        while (at < pattern.length && pattern.bytes[at] != '*') {
            at++;
        }
        if (at > start) {
            pieces[parsed.count++] =
                (struct sw_piece){SW_PIECE_LITERAL, {pattern.bytes + start, at - start}};
        }
        start = at;
        while (at < pattern.length && pattern.bytes[at] == '*') {
            at++;
        }
        if (at > start) {
            pieces[parsed.count++] = (struct sw_piece){.type = SW_PIECE_ANY_RUN};
        }
    }
    return at == pattern.length && sw_pattern_match(&parsed, name);
}

/* `1 of PATTERN`, `all of PATTERN`: the word is the pattern. */
static struct sw_node *parse_of(struct parser *parser, enum sw_node_type type, uint32_t label_start)
{
    if (parser->word.length == 0 || !is_word_byte(parser->word.bytes[0])) {
        return fail(parser, NULL, "expected `them` or a pattern such as filter_*");
    }
    uint32_t count = 0;
    struct sw_identifiers *identifiers = parser->identifiers;
    for (uint32_t i = 0; i < identifiers->count; i++) {
        count += pattern_fits(parser->word, identifiers->items[i].name) ? 1 : 0;
    }
    if (count == 0) {
        char hint[128];
        return fail(parser, hint_of_word(parser, hint, sizeof(hint)),
                    "expected a pattern that fits an identifier of this detection");
    }
    struct sw_text label = {parser->source.bytes + label_start, parser->at - label_start};
    struct sw_node *node = sw_node_new(parser->arena, type, sw_arena_text(parser->arena, label),
                                       place_of_word(parser), count);
    count = 0;
    for (uint32_t i = 0; i < identifiers->count; i++) {
        if (pattern_fits(parser->word, identifiers->items[i].name)) {
            identifiers->items[i].used = true;
            node->children[count++] = identifiers->items[i].node;
        }
    }
    advance(parser);
    return node;
}

/* True when the word after the current one is `of`. */
static bool of_follows(const struct parser *parser)
{
    struct parser ahead = *parser;
    advance(&ahead);
    return word_is(&ahead, "of");
}

static struct sw_node *parse_primary(struct parser *parser)
{
    if (word_is(parser, "(")) {
        advance(parser);
        struct sw_node *node = parse_or(parser);
        if (node == NULL) {
            return NULL;
        }
        if (!word_is(parser, ")")) {
            return fail(parser, NULL, "expected `)`, `and` or `or`");
        }
        advance(parser);
        return node;
    }
    if (of_follows(parser)) {
        uint32_t start = parser->start;
        bool any = word_is(parser, "1") || word_is(parser, "any");
        if (!any && !word_is(parser, "all")) {
            return fail(parser, "Sigma knows `1 of`, `any of` and `all of`",
                        "expected 1, any or all before `of`");
        }
        advance(parser);
        advance(parser);
        return parse_of(parser, any ? SW_NODE_OR : SW_NODE_AND, start);
    }
    return parse_identifier(parser);
}

static struct sw_node *parse_not(struct parser *parser)
{
    if (++parser->depth > DEPTH_MAX) {
        return fail(parser, NULL, "expected fewer levels of parentheses and `not`");
    }
    struct sw_node *node = NULL;
    if (word_is(parser, "not")) {
        struct sw_place place = place_of_word(parser);
        advance(parser);
        struct sw_node *child = parse_not(parser);
        if (child != NULL) {
            node = sw_node_new(parser->arena, SW_NODE_NOT, SW_TEXT("not"), place, 1);
            node->children[0] = child;
        }
    } else {
        node = parse_primary(parser);
    }
    parser->depth--;
    return node;
}

typedef struct sw_node *(*parse_fn)(struct parser *parser);

/* Operands of `next` between the operator @word, as one node of @type. */
static struct sw_node *parse_list(struct parser *parser, const char *word, enum sw_node_type type,
                                  parse_fn next)
{
    struct sw_node *children[256];
    struct sw_place place = place_of_word(parser);
    uint32_t count = 0;
    for (;;) {
        struct sw_node *child = next(parser);
        if (child == NULL) {
            return NULL;
        }
        children[count++] = child;
        if (!word_is(parser, word)) {
            break;
        }
        if (count == sizeof(children) / sizeof(children[0])) {
            return fail(parser, "use `1 of` or `all of`", "expected at most 256 operands");
        }
        advance(parser);
    }
    if (count == 1) {
        return children[0];
    }
    struct sw_node *node = sw_node_new(parser->arena, type, sw_text_from(word), place, count);
    memcpy(node->children, children, count * sizeof(struct sw_node *));
    return node;
}

static struct sw_node *parse_and(struct parser *parser)
{
    return parse_list(parser, "and", SW_NODE_AND, parse_not);
}

static struct sw_node *parse_or(struct parser *parser)
{
    return parse_list(parser, "or", SW_NODE_OR, parse_and);
}

static struct sw_node *parse_scalar(struct sw_arena *arena, const struct sw_yaml_node *scalar,
                                    struct sw_identifiers *identifiers, struct sw_report *report)
{
    if (scalar->type != SW_YAML_SCALAR) {
        sw_report_error(report, scalar->place, NULL, "a condition must be text");
        return NULL;
    }
    struct parser parser = {
        .arena = arena,
        .report = report,
        .identifiers = identifiers,
        .place = scalar->place,
        .source = scalar->text,
    };
    parser.place.column += scalar->plain ? 0 : 1;
    advance(&parser);
    struct sw_node *node = parse_or(&parser);
    if (node != NULL && parser.word.length > 0) {
        char hint[128];
        return fail(&parser, hint_of_word(&parser, hint, sizeof(hint)),
                    "expected `and`, `or` or the end");
    }
    return node;
}

struct sw_node *sw_condition_parse(struct sw_arena *arena, const struct sw_yaml_node *node,
                                   struct sw_identifiers *identifiers, struct sw_report *report)
{
    if (node->type != SW_YAML_SEQUENCE) {
        return parse_scalar(arena, node, identifiers, report);
    }
    if (node->count == 0) {
        sw_report_error(report, node->place, NULL, "the list of conditions is empty");
        return NULL;
    }
    struct sw_node *any =
        sw_node_new(arena, SW_NODE_OR, SW_TEXT("any condition"), node->place, node->count);
    bool good = true;
    for (uint32_t i = 0; i < node->count; i++) {
        any->children[i] = parse_scalar(arena, node->items[i], identifiers, report);
        good = good && any->children[i] != NULL;
    }
    return good ? any : NULL;
}
