/* One item of a detection. Values are read, pass through the modifiers in the order written, and
 * become predicates; the modifiers that speak of the whole item (all, neq, cased, comparisons) are
 * collected on the way. */
#include "detection.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "encode.h"
#include "lint.h"
#include "predicate.h"
#include "taxonomy_check.h"

#define MODIFIERS_MAX 16
#define VALUES_MAX    65536 // of one item, after expansion

enum modifier {
    MODIFIER_ALL,
    MODIFIER_STARTSWITH,
    MODIFIER_ENDSWITH,
    MODIFIER_CONTAINS,
    MODIFIER_EXISTS,
    MODIFIER_CASED,
    MODIFIER_NEQ,
    MODIFIER_WINDASH,
    MODIFIER_RE,
    MODIFIER_RE_I,
    MODIFIER_RE_M,
    MODIFIER_RE_S,
    MODIFIER_BASE64,
    MODIFIER_BASE64OFFSET,
    MODIFIER_UTF16LE,
    MODIFIER_UTF16BE,
    MODIFIER_UTF16,
    MODIFIER_LT,
    MODIFIER_LTE,
    MODIFIER_GT,
    MODIFIER_GTE,
    MODIFIER_MINUTE,
    MODIFIER_HOUR,
    MODIFIER_DAY,
    MODIFIER_WEEK,
    MODIFIER_MONTH,
    MODIFIER_YEAR,
    MODIFIER_CIDR,
    MODIFIER_EXPAND,
    MODIFIER_FIELDREF,
};

static const struct {
    const char *name;
    enum modifier modifier;
} modifier_names[] = {
    {"all", MODIFIER_ALL},
    {"startswith", MODIFIER_STARTSWITH},
    {"endswith", MODIFIER_ENDSWITH},
    {"contains", MODIFIER_CONTAINS},
    {"exists", MODIFIER_EXISTS},
    {"cased", MODIFIER_CASED},
    {"neq", MODIFIER_NEQ},
    {"windash", MODIFIER_WINDASH},
    {"re", MODIFIER_RE},
    {"i", MODIFIER_RE_I},
    {"ignorecase", MODIFIER_RE_I},
    {"m", MODIFIER_RE_M},
    {"multiline", MODIFIER_RE_M},
    {"s", MODIFIER_RE_S},
    {"dotall", MODIFIER_RE_S},
    {"base64", MODIFIER_BASE64},
    {"base64offset", MODIFIER_BASE64OFFSET},
    {"utf16le", MODIFIER_UTF16LE},
    {"wide", MODIFIER_UTF16LE},
    {"utf16be", MODIFIER_UTF16BE},
    {"utf16", MODIFIER_UTF16},
    {"lt", MODIFIER_LT},
    {"lte", MODIFIER_LTE},
    {"gt", MODIFIER_GT},
    {"gte", MODIFIER_GTE},
    {"minute", MODIFIER_MINUTE},
    {"hour", MODIFIER_HOUR},
    {"day", MODIFIER_DAY},
    {"week", MODIFIER_WEEK},
    {"month", MODIFIER_MONTH},
    {"year", MODIFIER_YEAR},
    {"cidr", MODIFIER_CIDR},
    {"expand", MODIFIER_EXPAND},
    {"fieldref", MODIFIER_FIELDREF},
};
#define MODIFIER_NAMES (sizeof(modifier_names) / sizeof(modifier_names[0]))

enum value_type { VALUE_PATTERN, VALUE_NUMBER, VALUE_NULL };

struct value {
    enum value_type type;
    bool boolean; // a pattern that was written as true or false
    struct sw_pattern pattern;
    struct sw_number number;
    struct sw_text written;
    const struct sw_yaml_node *node;
};

struct item {
    struct sw_loading *loading;
    struct sw_arena *arena;
    const struct sw_yaml_node *key;
    struct sw_text field;
    enum modifier modifiers[MODIFIERS_MAX];
    uint32_t modifier_count;
    struct value *values;
    uint32_t value_count, value_capacity;
    bool has[MODIFIER_FIELDREF + 1];
};

static void add_value(struct item *item, const struct value *value)
{
    if (item->value_count == item->value_capacity) {
        uint32_t capacity = item->value_capacity == 0 ? 8 : item->value_capacity * 2;
        struct value *values = sw_arena_alloc(item->arena, capacity * sizeof(*values));
        if (item->value_count > 0) {
            memcpy(values, item->values, item->value_count * sizeof(*values));
        }
        item->values = values;
        item->value_capacity = capacity;
    }
    item->values[item->value_count++] = *value;
}

static bool fail(struct item *item, const struct sw_yaml_node *node, const char *hint,
                 const char *what)
{
    sw_report_error(item->loading->report, node->place, hint, "%.*s: %s",
                    SW_TEXT_FORMAT(item->key->text), what);
    return false;
}

/* Reads one modifier name. */
static bool read_modifier(struct item *item, struct sw_text name)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (size_t i = 0; i < MODIFIER_NAMES; i++) {
        if (sw_text_equal(name, sw_text_from(modifier_names[i].name))) {
            if (item->modifier_count == MODIFIERS_MAX) {
                return fail(item, item->key, NULL, "too many modifiers");
            }
            item->modifiers[item->modifier_count++] = modifier_names[i].modifier;
            item->has[modifier_names[i].modifier] = true;
            return true;
        }
        sw_suggestion_offer(&suggestion, sw_text_from(modifier_names[i].name));
    }
    char hint[128];
    sw_report_error(item->loading->report, item->key->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown modifier %.*s",
                    SW_TEXT_FORMAT(name));
    return false;
}

/* Splits the key into field and modifiers. */
static bool read_key(struct item *item)
{
    struct sw_text key = item->key->text;
    uint32_t start = 0;
    bool good = true;
    for (uint32_t i = 0; i <= key.length; i++) {
        if (i < key.length && key.bytes[i] != '|') {
            continue;
        }
        struct sw_text part = {key.bytes + start, i - start};
        if (start == 0 && item->modifier_count == 0 && item->field.bytes == NULL) {
            item->field = sw_arena_text(item->arena, part);
        } else {
            good = read_modifier(item, part) && good;
        }
        start = i + 1;
    }
    return good;
}

static bool only_with(struct item *item, enum modifier first, enum modifier last,
                      enum modifier needed, const char *what)
{
    for (int modifier = (int)first; modifier <= (int)last; modifier++) {
        if (item->has[modifier] && !item->has[needed]) {
            return fail(item, item->key, NULL, what);
        }
    }
    return true;
}

static int count_kinds(const struct item *item)
{
    bool compares = item->has[MODIFIER_LT] || item->has[MODIFIER_LTE] || item->has[MODIFIER_GT] ||
                    item->has[MODIFIER_GTE];
    return (item->has[MODIFIER_RE] ? 1 : 0) + (item->has[MODIFIER_CIDR] ? 1 : 0) +
           (item->has[MODIFIER_EXISTS] ? 1 : 0) + (item->has[MODIFIER_FIELDREF] ? 1 : 0) +
           (compares ? 1 : 0);
}

static bool has_encoding(const struct item *item)
{
    for (int modifier = MODIFIER_BASE64; modifier <= MODIFIER_UTF16; modifier++) {
        if (item->has[modifier]) {
            return true;
        }
    }
    return item->has[MODIFIER_WINDASH];
}

static bool check_modifiers(struct item *item)
{
    if (!only_with(item, MODIFIER_RE_I, MODIFIER_RE_S, MODIFIER_RE,
                   "i, m and s are flags of re and stand after it")) {
        return false;
    }
    bool affix = item->has[MODIFIER_STARTSWITH] || item->has[MODIFIER_ENDSWITH];
    if (count_kinds(item) > 1) {
        return fail(item, item->key, NULL,
                    "only one of re, cidr, exists, fieldref and a comparison can be used");
    }
    if ((item->has[MODIFIER_RE] && affix) ||
        ((item->has[MODIFIER_RE] || item->has[MODIFIER_CIDR]) && has_encoding(item))) {
        return fail(item, item->key, "a regular expression can use ^ and $ itself",
                    "re and cidr cannot be combined with startswith, endswith or an encoding");
    }
    bool text = affix || item->has[MODIFIER_CONTAINS] || has_encoding(item);
    bool other = item->has[MODIFIER_EXISTS] || item->has[MODIFIER_LT] || item->has[MODIFIER_LTE] ||
                 item->has[MODIFIER_GT] || item->has[MODIFIER_GTE];
    if (text && other) {
        return fail(item, item->key, NULL,
                    "exists and comparisons cannot be combined with modifiers of text");
    }
    return true;
}

static void read_scalar(struct item *item, const struct sw_yaml_node *node, struct value *value)
{
    *value = (struct value){.node = node, .written = node->text};
    struct sw_value resolved = sw_yaml_value(node);
    bool raw = item->has[MODIFIER_RE] || item->has[MODIFIER_CIDR] || item->has[MODIFIER_FIELDREF];
    if (resolved.type == SW_VALUE_NULL) {
        value->type = VALUE_NULL;
    } else if (!raw && (resolved.type == SW_VALUE_INTEGER || resolved.type == SW_VALUE_REAL)) {
        value->type = VALUE_NUMBER;
        if (!sw_number_parse(node->text, &value->number)) {
            value->number = resolved.type == SW_VALUE_INTEGER ? sw_number_integer(resolved.integer)
                                                              : sw_number_real(resolved.real);
        }
        value->pattern = sw_pattern_literal(item->arena, node->text);
    } else if (!raw && resolved.type == SW_VALUE_BOOL) {
        value->boolean = true;
        value->pattern =
            sw_pattern_literal(item->arena, resolved.boolean ? SW_TEXT("true") : SW_TEXT("false"));
    } else {
        value->pattern = raw ? sw_pattern_literal(item->arena, node->text)
                             : sw_pattern_parse(item->arena, node->text);
    }
}

static bool read_values(struct item *item, const struct sw_yaml_node *node)
{
    if (node->type == SW_YAML_MAPPING) {
        return fail(item, node, "join nested names by dots: actor.agency",
                    "a value or a list of values was expected, not a map");
    }
    uint32_t count = node->type == SW_YAML_SEQUENCE ? node->count : 1;
    if (count == 0) {
        return fail(item, node, NULL, "the list of values is empty and would never match");
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *scalar = node->type == SW_YAML_SEQUENCE ? node->items[i] : node;
        if (scalar->type != SW_YAML_SCALAR) {
            return fail(item, scalar, "alternatives are written as a list of maps",
                        "a list may hold only plain values");
        }
        struct value value;
        read_scalar(item, scalar, &value);
        add_value(item, &value);
    }
    return true;
}

/* --- modifiers that change values --------------------------------------------------------------
 */

static bool need_text(struct item *item, const struct value *value, const char *name)
{
    if (value->type == VALUE_NULL) {
        char what[96];
        (void)snprintf(what, sizeof(what), "%s needs text, not null", name);
        return fail(item, value->node, NULL, what);
    }
    return true;
}

static bool open_values(struct item *item, bool before, bool after)
{
    for (uint32_t i = 0; i < item->value_count; i++) {
        struct value *value = &item->values[i];
        if (!need_text(item, value, "contains, startswith or endswith")) {
            return false;
        }
        if (!item->has[MODIFIER_RE] && !item->has[MODIFIER_FIELDREF]) {
            value->pattern = sw_pattern_open(item->arena, &value->pattern, before, after);
            value->type = VALUE_PATTERN;
        }
    }
    return true;
}

/* Puts each value through @encode, which may give several texts for one. */
static bool encode_values(struct item *item, enum modifier modifier)
{
    uint32_t count = item->value_count;
    struct value *values = item->values;
    item->values = NULL;
    item->value_count = item->value_capacity = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct value value = values[i];
        if (!need_text(item, &value, "an encoding")) {
            return false;
        }
        struct sw_pattern plain[SW_DASH_FORMS_MAX];
        uint32_t forms = sw_expand_dashes(item->arena, &value.pattern, plain);
        if (forms == 0) {
            return fail(item, value.node, NULL, "too many dashes for an encoding");
        }
        if (modifier <= MODIFIER_BASE64OFFSET && sw_pattern_has_wildcard(&plain[0])) {
            return fail(item, value.node, "escape it: \\*",
                        "wildcards cannot be encoded as base64");
        }
        value.type = VALUE_PATTERN;
        for (uint32_t form = 0; form < forms; form++) {
            uint32_t offsets = modifier == MODIFIER_BASE64OFFSET ? 3 : 1;
            for (uint32_t offset = 0; offset < offsets; offset++) {
                value.pattern =
                    modifier == MODIFIER_BASE64 ? sw_encode_base64(item->arena, &plain[form])
                    : modifier == MODIFIER_BASE64OFFSET
                        ? sw_encode_base64_offset(item->arena, &plain[form], offset)
                        : sw_encode_utf16(item->arena, &plain[form], modifier == MODIFIER_UTF16BE,
                                          modifier == MODIFIER_UTF16);
                if (sw_pattern_has_wildcard(&value.pattern) || value.pattern.count > 0) {
                    add_value(item, &value);
                }
            }
        }
    }
    return true;
}

static bool windash_values(struct item *item)
{
    for (uint32_t i = 0; i < item->value_count; i++) {
        struct value *value = &item->values[i];
        if (!need_text(item, value, "windash")) {
            return false;
        }
        value->pattern = sw_pattern_windash(item->arena, &value->pattern);
        value->type = VALUE_PATTERN;
    }
    return true;
}

/* The first placeholder, %name%, at or after @at in @text. */
static bool find_placeholder(struct sw_text text, uint32_t at, uint32_t *start, uint32_t *end)
{
    for (*start = at; *start < text.length; (*start)++) {
        if (text.bytes[*start] != '%') {
            continue;
        }
        for (*end = *start + 1; *end < text.length; (*end)++) {
            char c = text.bytes[*end];
            if (c == '%' && *end > *start + 1) {
                (*end)++;
                return true;
            }
            bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
            if (!word) {
                break;
            }
        }
    }
    return false;
}

/* Replaces the placeholder of @text between @start and @end by each value of its list and reads on;
 * at most a few placeholders stand in one value, so recursion is bounded by its length. */
static bool expand_text(struct item *item, const struct value *value, struct sw_text text,
                        uint32_t from)
{
    uint32_t start = 0;
    uint32_t end = 0;
    if (!find_placeholder(text, from, &start, &end)) {
        struct value expanded = *value;
        expanded.type = VALUE_PATTERN;
        expanded.pattern = sw_pattern_parse(item->arena, text);
        expanded.written = text;
        add_value(item, &expanded);
        return item->value_count <= VALUES_MAX ||
               fail(item, value->node, NULL, "too many values after expand");
    }
    struct sw_loading *loading = item->loading;
    struct sw_text name = {text.bytes + start + 1, end - start - 2};
    const struct sw_yaml_node *list =
        loading->find_list != NULL ? loading->find_list(loading->list_context, name) : NULL;
    if (list == NULL) {
        sw_report_error(loading->report, value->node->place,
                        "put its values, one a line, into lists/NAME.txt beside the rule",
                        "no list for the placeholder %%%.*s%%", SW_TEXT_FORMAT(name));
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        struct sw_text part = list->items[i]->text;
        uint32_t length = start + part.length + (text.length - end);
        char *joined = sw_arena_alloc(item->arena, (size_t)length + 1);
        memcpy(joined, text.bytes, start);
        memcpy(joined + start, part.bytes, part.length);
        memcpy(joined + start + part.length, text.bytes + end, text.length - end);
        if (!expand_text(item, value, (struct sw_text){joined, length}, start + part.length)) {
            return false;
        }
    }
    return true;
}

static bool expand_values(struct item *item)
{
    uint32_t count = item->value_count;
    struct value *values = item->values;
    item->values = NULL;
    item->value_count = item->value_capacity = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!need_text(item, &values[i], "expand") ||
            !expand_text(item, &values[i], values[i].written, 0)) {
            return false;
        }
    }
    return item->value_count > 0 ||
           fail(item, item->key, NULL, "the list of the placeholder is empty");
}

static bool apply_modifiers(struct item *item)
{
    for (uint32_t i = 0; i < item->modifier_count; i++) {
        enum modifier modifier = item->modifiers[i];
        bool good = true;
        if (modifier == MODIFIER_CONTAINS) {
            good = open_values(item, true, true);
        } else if (modifier == MODIFIER_STARTSWITH) {
            good = open_values(item, false, true);
        } else if (modifier == MODIFIER_ENDSWITH) {
            good = open_values(item, true, false);
        } else if (modifier == MODIFIER_WINDASH) {
            good = windash_values(item);
        } else if (modifier >= MODIFIER_BASE64 && modifier <= MODIFIER_UTF16) {
            good = encode_values(item, modifier);
        } else if (modifier == MODIFIER_EXPAND) {
            good = expand_values(item);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/* --- from values to predicates -----------------------------------------------------------------
 */

/* Chooses the cheapest test that means the same as the whole pattern. */
static void set_pattern(struct item *item, struct sw_predicate *predicate,
                        const struct sw_pattern *written)
{
    struct sw_pattern pattern = predicate->cased ? *written : sw_pattern_fold(item->arena, written);
    const struct sw_piece *pieces = pattern.pieces;
    uint32_t count = pattern.count;
    predicate->op = SW_OP_GLOB;
    if (!sw_pattern_has_wildcard(&pattern)) {
        predicate->op = SW_OP_EQUAL;
        predicate->text = sw_pattern_plain(&pattern);
    } else if (count == 2 && pieces[0].type == SW_PIECE_LITERAL &&
               pieces[1].type == SW_PIECE_ANY_RUN) {
        predicate->op = SW_OP_PREFIX;
        predicate->text = pieces[0].text;
    } else if (count == 2 && pieces[0].type == SW_PIECE_ANY_RUN &&
               pieces[1].type == SW_PIECE_LITERAL) {
        predicate->op = SW_OP_SUFFIX;
        predicate->text = pieces[1].text;
    } else if (count == 3 && pieces[0].type == SW_PIECE_ANY_RUN &&
               pieces[1].type == SW_PIECE_LITERAL && pieces[2].type == SW_PIECE_ANY_RUN) {
        predicate->op = SW_OP_CONTAINS;
        predicate->text = pieces[1].text;
    } else {
        predicate->pattern = pattern;
    }
}

static bool set_regex(struct item *item, struct sw_predicate *predicate, const struct value *value)
{
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    options |= item->has[MODIFIER_RE_I] ? PCRE2_CASELESS : 0;
    options |= item->has[MODIFIER_RE_M] ? PCRE2_MULTILINE : 0;
    options |= item->has[MODIFIER_RE_S] ? PCRE2_DOTALL : 0;
    struct sw_text source = value->written;
    int error = 0;
    PCRE2_SIZE offset = 0;
    predicate->op = SW_OP_REGEX;
    predicate->cased = true;
    predicate->regex =
        pcre2_compile((PCRE2_SPTR)source.bytes, source.length, options, &error, &offset, NULL);
    if (predicate->regex == NULL) {
        char message[160];
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof(message));
        sw_report_error(item->loading->report, value->node->place, NULL,
                        "regular expression: %s, at its byte %zu", message, (size_t)offset);
        return false;
    }
    (void)pcre2_jit_compile(predicate->regex, PCRE2_JIT_COMPLETE); // without it: slower, not wrong
    if (item->loading->lint) {
        sw_lint_regex(source, value->node->place, item->loading->report);
    }
    return true;
}

static bool set_cidr(struct item *item, struct sw_predicate *predicate, const struct value *value)
{
    bool tail = false;
    predicate->op = SW_OP_CIDR;
    predicate->cased = true;
    if (!sw_network_parse(value->written, &predicate->network, &tail)) {
        return fail(item, value->node, "for example 10.0.0.0/8 or 2001:db8::/32",
                    "cidr needs a network");
    }
    if (tail && item->loading->lint) {
        sw_report_warning(item->loading->report, value->node->place,
                          "stock pySigma refuses such a network",
                          "%.*s has bits set after its prefix, which do not count",
                          SW_TEXT_FORMAT(value->written));
    }
    return true;
}

static bool set_exists(struct item *item, struct sw_predicate *predicate, const struct value *value,
                       bool *negate)
{
    if (!value->boolean || item->value_count != 1) {
        return fail(item, value->node, NULL, "exists needs true or false");
    }
    predicate->op = SW_OP_EXISTS;
    predicate->cased = true;
    *negate = sw_text_equal(sw_pattern_plain(&value->pattern), SW_TEXT("false"));
    return true;
}

static enum sw_op comparison_of(const struct item *item)
{
    return item->has[MODIFIER_LT]    ? SW_OP_LESS
           : item->has[MODIFIER_LTE] ? SW_OP_LESS_EQUAL
           : item->has[MODIFIER_GT]  ? SW_OP_GREATER
           : item->has[MODIFIER_GTE] ? SW_OP_GREATER_EQUAL
                                     : SW_OP_NUMBER;
}

static enum sw_time_part part_of(const struct item *item)
{
    for (int modifier = MODIFIER_MINUTE; modifier <= MODIFIER_YEAR; modifier++) {
        if (item->has[modifier]) {
            return (enum sw_time_part)(SW_PART_MINUTE + (modifier - MODIFIER_MINUTE));
        }
    }
    return SW_PART_NONE;
}

static bool set_number(struct item *item, struct sw_predicate *predicate, const struct value *value)
{
    predicate->cased = true;
    predicate->op = comparison_of(item);
    predicate->part = part_of(item);
    predicate->number = value->number;
    if (value->type != VALUE_NUMBER && !sw_number_parse(value->written, &predicate->number)) {
        return fail(item, value->node, NULL, "a number was expected");
    }
    return true;
}

static bool set_reference(struct item *item, struct sw_predicate *predicate,
                          const struct value *value)
{
    predicate->op = SW_OP_FIELD;
    predicate->cased = item->has[MODIFIER_CASED];
    predicate->reference = item->has[MODIFIER_CONTAINS]     ? SW_REFERENCE_CONTAINS
                           : item->has[MODIFIER_STARTSWITH] ? SW_REFERENCE_PREFIX
                           : item->has[MODIFIER_ENDSWITH]   ? SW_REFERENCE_SUFFIX
                                                            : SW_REFERENCE_EQUAL;
    predicate->other_slot = sw_set_slot(item->loading->set, value->written);
    return !item->loading->strict ||
           sw_taxonomy_check_field(value->written, value->node->place, item->loading->report);
}

/* Makes the key by which equal predicates are found. */
static void set_key(struct item *item, struct sw_predicate *predicate)
{
    char number[SW_NUMBER_TEXT_BYTES] = "";
    struct sw_text operand = predicate->text;
    if (predicate->op == SW_OP_GLOB) {
        operand = sw_pattern_source(item->arena, &predicate->pattern);
    } else if (predicate->op == SW_OP_REGEX || predicate->op == SW_OP_CIDR) {
        operand = predicate->source;
    } else if (predicate->op >= SW_OP_NUMBER && predicate->op <= SW_OP_GREATER_EQUAL) {
        operand = sw_text_from(sw_number_text(&predicate->number, number));
    }
    uint32_t options = 0;
    if (predicate->op == SW_OP_REGEX) {
        (void)pcre2_pattern_info(predicate->regex, PCRE2_INFO_ARGOPTIONS, &options);
    }
    uint32_t most = 128 + operand.length;
    char *bytes = sw_arena_alloc(item->arena, most);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, most);
    sw_buffer_append_format(&buffer, "%u %d %d %d %x %u %d ", predicate->slot, (int)predicate->op,
                            predicate->cased ? 1 : 0, (int)predicate->part, options,
                            predicate->other_slot, (int)predicate->reference);
    sw_buffer_append(&buffer, operand);
    SW_ASSERT(!buffer.overflowed);
    predicate->key = sw_buffer_text(&buffer);
}

/* What the operand looks like to people. */
static struct sw_text source_of(struct item *item, const struct value *value)
{
    if (value->type == VALUE_NULL) {
        return SW_TEXT("null");
    }
    return sw_arena_text(item->arena, value->written);
}

/* Fills @predicate from one value. False: reported. */
static bool make_predicate(struct item *item, const struct value *value,
                           struct sw_predicate *predicate, bool *negate)
{
    predicate->source = source_of(item, value);
    bool keyword = predicate->slot == SW_SLOT_KEYWORDS;
    bool compares = comparison_of(item) != SW_OP_NUMBER || part_of(item) != SW_PART_NONE;
    if (item->has[MODIFIER_EXISTS]) {
        return set_exists(item, predicate, value, negate);
    }
    if (value->type == VALUE_NULL) {
        predicate->op = SW_OP_NULL;
        predicate->cased = true;
        return item->modifier_count == 0 || (item->modifier_count == 1 && item->has[MODIFIER_NEQ])
                   ? true
                   : fail(item, value->node, NULL, "null takes no modifier but neq");
    }
    if (item->has[MODIFIER_RE]) {
        return set_regex(item, predicate, value);
    }
    if (item->has[MODIFIER_CIDR]) {
        return set_cidr(item, predicate, value);
    }
    if (item->has[MODIFIER_FIELDREF]) {
        return set_reference(item, predicate, value);
    }
    if (compares || (value->type == VALUE_NUMBER && !keyword)) {
        return set_number(item, predicate, value);
    }
    predicate->cased = item->has[MODIFIER_CASED];
    struct sw_pattern pattern = value->pattern;
    if (keyword && !item->has[MODIFIER_CONTAINS] && !item->has[MODIFIER_STARTSWITH] &&
        !item->has[MODIFIER_ENDSWITH]) {
        pattern = sw_pattern_open(item->arena, &pattern, true, true);
    }
    set_pattern(item, predicate, &pattern);
    return true;
}

static struct sw_node *make_leaf(struct item *item, const struct value *value)
{
    struct sw_predicate predicate = {.slot = sw_set_slot(item->loading->set, item->field)};
    bool negate = false;
    if (!make_predicate(item, value, &predicate, &negate)) {
        return NULL;
    }
    set_key(item, &predicate);
    if (item->loading->strict && !sw_taxonomy_check(item->field, item->loading->kind, &predicate,
                                                    value->node->place, item->loading->report)) {
        pcre2_code_free(predicate.regex);
        return NULL;
    }
    struct sw_text label = sw_arena_text(item->arena, item->key->text);
    struct sw_node *leaf =
        sw_node_new(item->arena, SW_NODE_PREDICATE, label, value->node->place, 0);
    leaf->predicate = sw_set_predicate(item->loading->set, &predicate);
    if (!negate) {
        return leaf;
    }
    struct sw_node *not = sw_node_new(item->arena, SW_NODE_NOT, label, value->node->place, 1);
    not ->children[0] = leaf;
    return not ;
}

/* What is allowed and probably not meant. */
static void lint_item(struct item *item)
{
    struct sw_report *report = item->loading->report;
    if (item->has[MODIFIER_ALL] && item->value_count == 1) {
        sw_report_warning(report, item->key->place, NULL, "%.*s: `all` of one value says nothing",
                          SW_TEXT_FORMAT(item->key->text));
    }
    for (uint32_t i = 0; i < item->value_count && item->value_count > 1; i++) {
        if (item->values[i].type == VALUE_NULL) {
            sw_report_warning(report, item->values[i].node->place, "give it an item of its own",
                              "%.*s: Sigma has no null within a list",
                              SW_TEXT_FORMAT(item->key->text));
        }
    }
}

static struct sw_node *make_nodes(struct item *item)
{
    if (item->loading->lint) {
        lint_item(item);
    }
    struct sw_text label = sw_arena_text(item->arena, item->key->text);
    enum sw_node_type type = item->has[MODIFIER_ALL] ? SW_NODE_AND : SW_NODE_OR;
    struct sw_node *list =
        sw_node_new(item->arena, type, label, item->key->place, item->value_count);
    for (uint32_t i = 0; i < item->value_count; i++) {
        list->children[i] = make_leaf(item, &item->values[i]);
        if (list->children[i] == NULL) {
            return NULL;
        }
    }
    struct sw_node *node = item->value_count == 1 ? list->children[0] : list;
    if (!item->has[MODIFIER_NEQ]) {
        return node;
    }
    struct sw_node *not = sw_node_new(item->arena, SW_NODE_NOT, label, item->key->place, 1);
    not ->children[0] = node;
    return not ;
}

static struct sw_node *load(struct item *item, const struct sw_yaml_node *value)
{
    struct sw_loading *loading = item->loading;
    if (loading->strict && item->field.length > 0 &&
        !sw_taxonomy_check_field(item->field, item->key->place, loading->report)) {
        return NULL;
    }
    if (!check_modifiers(item) || !read_values(item, value) || !apply_modifiers(item)) {
        return NULL;
    }
    if (item->value_count == 0) {
        (void)fail(item, value, "use longer text", "nothing is left of the value when encoded");
        return NULL;
    }
    return make_nodes(item);
}

struct sw_node *sw_item_load(struct sw_loading *loading, const struct sw_yaml_node *key,
                             const struct sw_yaml_node *value)
{
    struct item item = {.loading = loading, .arena = &loading->set->arena, .key = key};
    return read_key(&item) ? load(&item, value) : NULL;
}

struct sw_node *sw_keyword_load(struct sw_loading *loading, const struct sw_yaml_node *value)
{
    static const struct sw_yaml_node key = {.type = SW_YAML_SCALAR,
                                            .text = {"keyword", sizeof("keyword") - 1}};
    struct item item = {
        .loading = loading, .arena = &loading->set->arena, .key = &key, .field = {"", 0}};
    return load(&item, value);
}
