#include "sigma_reference.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <sharewatch/assert.h>
#include <sharewatch/json.h>

#include "fold.h"

#define TEXT_MAX   4096 // characters of one text that is compared
#define VALUES_MAX 512  // values that one name leads to

/* --- the event as a tree -----------------------------------------------------------------------
 */

enum type { TYPE_NULL, TYPE_TEXT, TYPE_NUMBER, TYPE_BOOL, TYPE_OBJECT, TYPE_ARRAY };

struct node {
    enum type type;
    struct sw_text key;
    struct sw_text text; // as written; of a bool `true` or `false`
    struct node *first;  // child
    struct node *next;   // sibling
};

struct reference_event {
    struct node root;
};

struct reader {
    struct sw_json json;
    struct sw_arena *arena;
    struct sw_text source;
};

static bool read_node(struct reader *reader, enum sw_json_token token, struct node *node);

static bool read_children(struct reader *reader, struct node *parent)
{
    struct node **link = &parent->first;
    for (;;) {
        enum sw_json_token token = sw_json_next(&reader->json);
        if (token == SW_JSON_OBJECT_END || token == SW_JSON_ARRAY_END) {
            return true;
        }
        struct node *child = sw_arena_alloc(reader->arena, sizeof(*child));
        if (token == SW_JSON_KEY) {
            child->key = sw_arena_text(reader->arena, reader->json.text);
            token = sw_json_next(&reader->json);
        }
        if (!read_node(reader, token, child)) {
            return false;
        }
        *link = child;
        link = &child->next;
    }
}

static bool read_node(struct reader *reader, enum sw_json_token token, struct node *node)
{
    uint32_t start = reader->json.token_position;
    struct sw_text raw = {reader->source.bytes + start, reader->json.position - start};
    switch (token) {
    case SW_JSON_OBJECT:
    case SW_JSON_ARRAY:
        node->type = token == SW_JSON_OBJECT ? TYPE_OBJECT : TYPE_ARRAY;
        return read_children(reader, node);
    case SW_JSON_TEXT:
        node->type = TYPE_TEXT;
        node->text = sw_arena_text(reader->arena, reader->json.text);
        return true;
    case SW_JSON_INTEGER:
    case SW_JSON_REAL:
        node->type = TYPE_NUMBER;
        node->text = sw_arena_text(reader->arena, raw);
        return true;
    case SW_JSON_BOOL:
        node->type = TYPE_BOOL;
        node->text = reader->json.boolean ? SW_TEXT("true") : SW_TEXT("false");
        return true;
    case SW_JSON_NULL:
        node->type = TYPE_NULL;
        return true;
    case SW_JSON_OBJECT_END:
    case SW_JSON_ARRAY_END:
    case SW_JSON_KEY:
    case SW_JSON_END:
    case SW_JSON_ERROR:
        break;
    }
    return false;
}

const struct reference_event *reference_read(struct sw_arena *arena, struct sw_text json)
{
    struct reader reader = {.arena = arena, .source = json};
    char *scratch = sw_arena_alloc(arena, json.length + 1);
    struct reference_event *event = sw_arena_alloc(arena, sizeof(*event));
    sw_json_init(&reader.json, json, scratch, json.length + 1);
    return read_node(&reader, sw_json_next(&reader.json), &event->root) ? event : NULL;
}

/* The values that a name leads to. */
struct values {
    const struct node *items[VALUES_MAX];
    uint32_t count;
};

static void add_value(struct values *values, const struct node *node)
{
    if (node->type == TYPE_ARRAY && node->first != NULL) {
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            add_value(values, child);
        }
        return;
    }
    SW_ASSERT(values->count < VALUES_MAX);
    values->items[values->count++] = node;
}

/* The last child with that key, as the last of two equal keys counts. */
static const struct node *child_of(const struct node *object, struct sw_text key)
{
    const struct node *found = NULL;
    for (const struct node *child = object->first; child != NULL; child = child->next) {
        found = sw_text_equal(child->key, key) ? child : found;
    }
    return found;
}

static void follow(const struct node *node, struct sw_text path, struct values *values)
{
    if (node->type == TYPE_ARRAY) {
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            follow(child, path, values);
        }
        return;
    }
    if (node->type != TYPE_OBJECT) {
        return;
    }
    const char *dot = memchr(path.bytes, '.', path.length);
    struct sw_text key = path;
    key.length = dot != NULL ? (uint32_t)(dot - path.bytes) : path.length;
    const struct node *child = child_of(node, key);
    if (child == NULL) {
        return;
    }
    if (dot == NULL) {
        add_value(values, child);
    } else {
        follow(child, (struct sw_text){dot + 1, path.length - key.length - 1}, values);
    }
}

static void collect_all(const struct node *node, struct values *values)
{
    if (node->type != TYPE_OBJECT && node->type != TYPE_ARRAY) {
        add_value(values, node);
        return;
    }
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (node->type == TYPE_ARRAY || child_of(node, child->key) == child) {
            collect_all(child, values);
        }
    }
}

static void look_up(const struct reference_event *event, struct sw_text name, struct values *values)
{
    values->count = 0;
    if (name.length == 0) {
        collect_all(&event->root, values);
        return;
    }
    const struct node *flat = child_of(&event->root, name);
    if (flat != NULL) {
        add_value(values, flat);
    } else {
        follow(&event->root, name, values);
    }
}

/* --- text --------------------------------------------------------------------------------------
 */

#define SIGN_RUN 0x200000 // not code points
#define SIGN_ONE 0x200001

struct characters {
    uint32_t items[TEXT_MAX];
    uint32_t count;
};

static void append(struct characters *characters, uint32_t code)
{
    SW_ASSERT(characters->count < TEXT_MAX);
    characters->items[characters->count++] = code;
}

static void append_text(struct characters *characters, struct sw_text text)
{
    for (uint32_t at = 0; at < text.length;) {
        uint32_t code = 0;
        at += sw_utf8_character(text.bytes + at, text.length - at, &code);
        append(characters, code);
    }
}

static void fold_all(struct characters *characters)
{
    for (uint32_t i = 0; i < characters->count; i++) {
        if (characters->items[i] <= 0x10ffff) {
            characters->items[i] = sw_fold_code(characters->items[i]);
        }
    }
}

/* Two runs in a row are one: trying both would take for ever. */
static void append_sign(struct characters *pattern, uint32_t sign)
{
    if (sign != SIGN_RUN || pattern->count == 0 || pattern->items[pattern->count - 1] != SIGN_RUN) {
        append(pattern, sign);
    }
}

/* Sigma's escapes: \* \? \\ ; a backslash before anything else is itself. */
static void append_pattern(struct characters *pattern, struct sw_text source)
{
    struct characters plain = {.count = 0};
    append_text(&plain, source);
    for (uint32_t i = 0; i < plain.count; i++) {
        uint32_t c = plain.items[i];
        uint32_t next = i + 1 < plain.count ? plain.items[i + 1] : 0;
        if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
            append(pattern, next);
            i++;
        } else {
            append_sign(pattern, c == '*' ? SIGN_RUN : c == '?' ? SIGN_ONE : c);
        }
    }
}

static bool fits(const uint32_t *pattern, uint32_t pattern_count, const uint32_t *text,
                 uint32_t text_count)
{
    if (pattern_count == 0) {
        return text_count == 0;
    }
    if (pattern[0] == SIGN_RUN) {
        for (uint32_t taken = 0; taken <= text_count; taken++) {
            if (fits(pattern + 1, pattern_count - 1, text + taken, text_count - taken)) {
                return true;
            }
        }
        return false;
    }
    return text_count > 0 && (pattern[0] == SIGN_ONE || pattern[0] == text[0]) &&
           fits(pattern + 1, pattern_count - 1, text + 1, text_count - 1);
}

static bool text_fits(const struct characters *pattern, struct sw_text text, bool cased)
{
    struct characters value = {.count = 0};
    append_text(&value, text);
    if (!cased) {
        fold_all(&value);
    }
    return fits(pattern->items, pattern->count, value.items, value.count);
}

static bool read_number(struct sw_text text, long double *number)
{
    char copy[128];
    char *end = NULL;
    if (text.length == 0 || text.length >= sizeof(copy) ||
        strspn(text.bytes, "+-.0123456789eE") < text.length) {
        return false;
    }
    memcpy(copy, text.bytes, text.length);
    copy[text.length] = '\0';
    *number = strtold(copy, &end);
    /* More than a double holds is no number to the engine. */
    return *end == '\0' && end != copy && isfinite((double)*number);
}

/* The shortest way to write the number in @text: 7.0 is 7. */
static struct sw_text shortest(struct sw_text text, char out[64])
{
    long double number = 0;
    if (!read_number(text, &number)) {
        return text;
    }
    if (floorl(number) == number && fabsl(number) < 18446744073709551616.0L) {
        (void)snprintf(out, 64, "%.0Lf", number == 0 ? 0.0L : number);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            (void)snprintf(out, 64, "%.*g", digits, (double)number);
            if (strtod(out, NULL) == (double)number) {
                break;
            }
        }
    }
    return sw_text_from(out);
}

static bool node_fits(const struct characters *pattern, const struct node *node, bool cased)
{
    char out[64];
    if (node->type == TYPE_NUMBER && text_fits(pattern, shortest(node->text, out), cased)) {
        return true;
    }
    return text_fits(pattern, node->text, cased);
}

static bool is_value(const struct node *node)
{
    return node->type == TYPE_TEXT || node->type == TYPE_NUMBER || node->type == TYPE_BOOL;
}

/* --- items -------------------------------------------------------------------------------------
 */

struct item {
    struct sw_text field;
    char modifiers[16][16];
    uint32_t modifier_count;
};

static struct item split(struct sw_text key)
{
    struct item item = {.field = key};
    const char *bar = memchr(key.bytes, '|', key.length);
    if (bar == NULL) {
        return item;
    }
    item.field.length = (uint32_t)(bar - key.bytes);
    char rest[256];
    (void)snprintf(rest, sizeof(rest), "%.*s", (int)(key.length - item.field.length - 1), bar + 1);
    char *state = NULL;
    for (char *part = strtok_r(rest, "|", &state); part != NULL;
         part = strtok_r(NULL, "|", &state)) {
        (void)snprintf(item.modifiers[item.modifier_count++], 16, "%s", part);
    }
    return item;
}

static bool has(const struct item *item, const char *modifier)
{
    for (uint32_t i = 0; i < item->modifier_count; i++) {
        if (strcmp(item->modifiers[i], modifier) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wordy(uint32_t c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= 0x80 && c < SIGN_RUN);
}

/* Tries each way to write the dashes from @from on. */
static bool any_dash(struct characters *pattern, uint32_t from, const struct node *node, bool cased)
{
    static const uint32_t dashes[] = {'-', '/', 0x2013, 0x2014, 0x2015};
    for (uint32_t i = from; i < pattern->count; i++) {
        uint32_t c = pattern->items[i];
        bool starts = (c == '-' || c == '/') && i + 1 < pattern->count &&
                      is_wordy(pattern->items[i + 1]) &&
                      (i == 0 || !is_wordy(pattern->items[i - 1]));
        if (!starts) {
            continue;
        }
        for (size_t d = 0; d < 5; d++) {
            pattern->items[i] = dashes[d];
            if (any_dash(pattern, i + 1, node, cased)) {
                pattern->items[i] = c;
                return true;
            }
        }
        pattern->items[i] = c;
        return false;
    }
    return node_fits(pattern, node, cased);
}

static void base64(const unsigned char *bytes, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t bits = length * 8;
    size_t count = 0;
    for (size_t bit = 0; bit < bits; bit += 6) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 6; i++) {
            value = value << 1 | (i < bits ? bytes[i / 8] >> (7 - i % 8) & 1U : 0);
        }
        out[count++] = digits[value];
    }
    out[count] = '\0';
}

/* The digits that stay the same whatever stands before (@offset bytes) and after the value. */
static void stable_base64(struct sw_text value, uint32_t offset, struct characters *pattern)
{
    unsigned char low[256] = {0};
    unsigned char high[256];
    char first[512] = {0};
    char second[512] = {0};
    memset(high, 0xff, sizeof(high));
    memcpy(low + offset, value.bytes, value.length);
    memcpy(high + offset, value.bytes, value.length);
    base64(low, offset + value.length + 3, first);
    base64(high, offset + value.length + 3, second);
    size_t end = (offset + value.length) * 8 / 6;
    for (size_t i = (offset * 8 + 5) / 6; i < end; i++) {
        SW_ASSERT(first[i] == second[i]);
        append(pattern, (unsigned char)first[i]);
    }
}

static bool any_offset(struct sw_text value, const struct item *item, const struct node *node)
{
    for (uint32_t offset = 0; offset < 3; offset++) {
        struct characters pattern = {.count = 0};
        append(&pattern, SIGN_RUN);
        uint32_t before = pattern.count;
        stable_base64(value, offset, &pattern);
        if (pattern.count == before) {
            continue;
        }
        append(&pattern, SIGN_RUN);
        fold_all(&pattern);
        if (node_fits(&pattern, node, has(item, "cased"))) {
            return true;
        }
    }
    return false;
}

static bool regex_fits(struct sw_text source, const struct item *item, const struct node *node)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    uint32_t options = PCRE2_UTF | (has(item, "i") ? PCRE2_CASELESS : 0) |
                       (has(item, "m") ? PCRE2_MULTILINE : 0) | (has(item, "s") ? PCRE2_DOTALL : 0);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)source.bytes, source.length, options, &error, &at, NULL);
    pcre2_match_data *data = pcre2_match_data_create(8, NULL);
    SW_ASSERT(code != NULL);
    int result =
        pcre2_match(code, (PCRE2_SPTR)node->text.bytes, node->text.length, 0, 0, data, NULL);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return result >= 0;
}

static bool in_network(struct sw_text source, const struct node *node)
{
    char network[64];
    char address[64];
    unsigned char a[16];
    unsigned char b[16];
    (void)snprintf(network, sizeof(network), "%.*s", SW_TEXT_FORMAT(source));
    (void)snprintf(address, sizeof(address), "%.*s", SW_TEXT_FORMAT(node->text));
    char *slash = strchr(network, '/');
    int family = strchr(network, ':') != NULL ? AF_INET6 : AF_INET;
    long bits = slash != NULL ? strtol(slash + 1, NULL, 10) : family == AF_INET ? 32 : 128;
    if (slash != NULL) {
        *slash = '\0';
    }
    if (inet_pton(family, network, a) != 1 || inet_pton(family, address, b) != 1) {
        return false;
    }
    for (long i = 0; i < bits; i++) {
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

static bool compares(const struct item *item)
{
    return has(item, "gt") || has(item, "gte") || has(item, "lt") || has(item, "lte");
}

static bool number_fits(struct sw_text source, const struct item *item, const struct node *node)
{
    long double left = 0;
    long double right = 0;
    if (node->type == TYPE_BOOL || !read_number(node->text, &left) ||
        !read_number(source, &right)) {
        return false;
    }
    return has(item, "gt")    ? left > right
           : has(item, "gte") ? left >= right
           : has(item, "lt")  ? left < right
           : has(item, "lte") ? left <= right
                              : left == right;
}

static bool same_number(const struct node *a, const struct node *b)
{
    long double left = 0;
    long double right = 0;
    return (a->type == TYPE_NUMBER || b->type == TYPE_NUMBER) && a->type != TYPE_BOOL &&
           b->type != TYPE_BOOL && read_number(a->text, &left) && read_number(b->text, &right) &&
           left == right;
}

static bool reference_fits(const struct item *item, const struct node *node,
                           const struct node *other)
{
    struct characters pattern = {.count = 0};
    bool open = has(item, "contains");
    if (open || has(item, "endswith")) {
        append(&pattern, SIGN_RUN);
    }
    append_text(&pattern, other->text);
    if (open || has(item, "startswith")) {
        append(&pattern, SIGN_RUN);
    }
    fold_all(&pattern);
    return text_fits(&pattern, node->text, false) ||
           (!open && !has(item, "endswith") && !has(item, "startswith") &&
            same_number(node, other));
}

/* Whether one value of the event passes one value of the item. */
static bool value_fits(const struct item *item, const struct sw_yaml_node *wanted,
                       const struct node *node)
{
    struct sw_value resolved = sw_yaml_value(wanted);
    if (!is_value(node)) {
        return false;
    }
    if (has(item, "re")) {
        return regex_fits(wanted->text, item, node);
    }
    if (has(item, "cidr")) {
        return in_network(wanted->text, node);
    }
    bool number = resolved.type == SW_VALUE_INTEGER || resolved.type == SW_VALUE_REAL;
    bool keyword = item->field.length == 0;
    bool text = has(item, "contains") || has(item, "startswith") || has(item, "endswith") ||
                has(item, "windash");
    if (compares(item) || (number && !text && !keyword)) {
        return number_fits(wanted->text, item, node);
    }
    if (has(item, "base64offset")) {
        return any_offset(wanted->text, item, node);
    }
    struct characters pattern = {.count = 0};
    bool open =
        has(item, "contains") || (keyword && !has(item, "startswith") && !has(item, "endswith"));
    if (open || has(item, "endswith")) {
        append(&pattern, SIGN_RUN);
    }
    if (resolved.type == SW_VALUE_BOOL) {
        append_text(&pattern, resolved.boolean ? SW_TEXT("true") : SW_TEXT("false"));
    } else if (number) {
        append_text(&pattern, wanted->text);
    } else {
        append_pattern(&pattern, wanted->text);
    }
    if (open || has(item, "startswith")) {
        append(&pattern, SIGN_RUN);
    }
    if (!has(item, "cased")) {
        fold_all(&pattern);
    }
    return has(item, "windash") ? any_dash(&pattern, 0, node, has(item, "cased"))
                                : node_fits(&pattern, node, has(item, "cased"));
}

static bool one_holds(const struct reference_event *event, const struct item *item,
                      const struct sw_yaml_node *wanted)
{
    struct values values;
    look_up(event, item->field, &values);
    struct sw_value resolved = sw_yaml_value(wanted);
    if (has(item, "exists")) {
        return (values.count > 0) == resolved.boolean;
    }
    if (has(item, "fieldref")) {
        struct values others;
        look_up(event, wanted->text, &others);
        for (uint32_t i = 0; i < values.count; i++) {
            for (uint32_t j = 0; j < others.count; j++) {
                if (is_value(values.items[i]) && is_value(others.items[j]) &&
                    reference_fits(item, values.items[i], others.items[j])) {
                    return true;
                }
            }
        }
        return false;
    }
    bool null = resolved.type == SW_VALUE_NULL;
    bool found = null && values.count == 0;
    for (uint32_t i = 0; i < values.count; i++) {
        found = found || (null ? values.items[i]->type == TYPE_NULL
                               : value_fits(item, wanted, values.items[i]));
    }
    return found;
}

static bool item_holds(const struct reference_event *event, struct sw_text key,
                       const struct sw_yaml_node *wanted)
{
    struct item item = split(key);
    bool all = has(&item, "all");
    bool holds = all;
    uint32_t count = wanted->type == SW_YAML_SEQUENCE ? wanted->count : 1;
    for (uint32_t i = 0; i < count; i++) {
        bool one =
            one_holds(event, &item, wanted->type == SW_YAML_SEQUENCE ? wanted->items[i] : wanted);
        holds = all ? holds && one : holds || one;
    }
    return has(&item, "neq") ? !holds : holds;
}

static bool search_holds(const struct reference_event *event, const struct sw_yaml_node *search)
{
    if (search->type == SW_YAML_SCALAR) {
        return item_holds(event, SW_TEXT(""), search);
    }
    bool map = search->type == SW_YAML_MAPPING;
    for (uint32_t i = 0; i < search->count; i++) {
        bool one =
            map ? item_holds(event, sw_yaml_key(search, i)->text, sw_yaml_pair_value(search, i))
                : search_holds(event, search->items[i]);
        if (one != map) {
            return one;
        }
    }
    return map;
}

/* --- conditions --------------------------------------------------------------------------------
 */

#define WORD_BYTES 256 // of a condition; longer ones are not compared

struct condition {
    const struct reference_event *event;
    const struct sw_yaml_node *detection;
    char words[128][WORD_BYTES];
    uint32_t count, at;
};

static bool next_is(const struct condition *condition, const char *word)
{
    return condition->at < condition->count && strcmp(condition->words[condition->at], word) == 0;
}

static bool take(struct condition *condition, const char *word)
{
    bool is = next_is(condition, word);
    condition->at += is ? 1 : 0;
    return is;
}

static bool name_fits(const char *pattern, struct sw_text name)
{
    if (strcmp(pattern, "them") == 0) {
        return name.bytes[0] != '_';
    }
    struct characters wanted = {.count = 0};
    append_pattern(&wanted, sw_text_from(pattern));
    return text_fits(&wanted, name, true);
}

static bool read_or(struct condition *condition);

static bool read_primary(struct condition *condition)
{
    if (take(condition, "(")) {
        bool holds = read_or(condition);
        SW_ASSERT(take(condition, ")"));
        return holds;
    }
    const char *word = condition->words[condition->at++];
    bool counted = next_is(condition, "of");
    bool all = counted && strcmp(word, "all") == 0;
    if (counted) {
        condition->at++;
        word = condition->words[condition->at++];
    }
    bool holds = all;
    for (uint32_t i = 0; i < condition->detection->count; i++) {
        struct sw_text name = sw_yaml_key(condition->detection, i)->text;
        if (sw_text_equal(name, SW_TEXT("condition")) ||
            !(counted ? name_fits(word, name) : sw_text_equal(name, sw_text_from(word)))) {
            continue;
        }
        bool one = search_holds(condition->event, sw_yaml_pair_value(condition->detection, i));
        holds = all ? holds && one : holds || one;
    }
    return holds;
}

static bool read_not(struct condition *condition)
{
    return take(condition, "not") ? !read_not(condition) : read_primary(condition);
}

static bool read_and(struct condition *condition)
{
    bool holds = read_not(condition);
    while (take(condition, "and")) {
        bool right = read_not(condition);
        holds = holds && right;
    }
    return holds;
}

static bool read_or(struct condition *condition)
{
    bool holds = read_and(condition);
    while (take(condition, "or")) {
        bool right = read_and(condition);
        holds = holds || right;
    }
    return holds;
}

bool reference_match(const struct sw_yaml_node *rule, const struct reference_event *event)
{
    struct condition condition = {.event = event, .detection = sw_yaml_get(rule, "detection")};
    struct sw_text text = sw_yaml_get(condition.detection, "condition")->text;
    for (uint32_t i = 0; i < text.length;) {
        char c = text.bytes[i];
        if (strchr(" \t\r\n", c) != NULL) {
            i++;
            continue;
        }
        size_t length = c == '(' || c == ')' ? 1 : strcspn(text.bytes + i, " \t\r\n()");
        (void)snprintf(condition.words[condition.count++], WORD_BYTES, "%.*s", (int)length,
                       text.bytes + i);
        i += (uint32_t)length;
    }
    bool holds = read_or(&condition);
    SW_ASSERT(condition.at == condition.count);
    return holds;
}
