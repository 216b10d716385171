#include "lint.h"

#include <string.h>

#define GROUPS_MAX 64

/* --- filters -----------------------------------------------------------------------------------
 */

/* Whether @wanted stands in @tree without an odd number of `not` above it. */
static bool stands_plain(const struct sw_node *tree, const struct sw_node *wanted, bool negated)
{
    if (tree == wanted) {
        return !negated;
    }
    bool flips = tree->type == SW_NODE_NOT;
    for (uint32_t i = 0; i < tree->count; i++) {
        if (stands_plain(tree->children[i], wanted, negated != flips)) {
            return true;
        }
    }
    return false;
}

void sw_lint_filters(const struct sw_node *tree, const struct sw_identifiers *identifiers,
                     struct sw_place condition, struct sw_report *report)
{
    for (uint32_t i = 0; i < identifiers->count; i++) {
        const struct sw_identifier *identifier = &identifiers->items[i];
        if (identifier->used && sw_text_starts_with(identifier->name, SW_TEXT("filter")) &&
            stands_plain(tree, identifier->node, false)) {
            sw_report_warning(report, condition, "for example `selection and not 1 of filter_*`",
                              "%.*s is used without `not`", SW_TEXT_FORMAT(identifier->name));
        }
    }
}

/* --- regular expressions -----------------------------------------------------------------------
 */

/* The length of an unbounded quantifier at @at: * + {n,}; 0: none. */
static uint32_t unbounded_at(struct sw_text regex, uint32_t at)
{
    if (at >= regex.length) {
        return 0;
    }
    if (regex.bytes[at] == '*' || regex.bytes[at] == '+') {
        return 1;
    }
    if (regex.bytes[at] != '{') {
        return 0;
    }
    uint32_t end = at + 1;
    while (end < regex.length && regex.bytes[end] >= '0' && regex.bytes[end] <= '9') {
        end++;
    }
    bool open = end > at + 1 && end + 1 < regex.length && regex.bytes[end] == ',' &&
                regex.bytes[end + 1] == '}';
    return open ? end + 2 - at : 0;
}

/* The byte after the class that starts at @at. */
static uint32_t skip_class(struct sw_text regex, uint32_t at)
{
    at++;
    at += at < regex.length && regex.bytes[at] == '^' ? 1 : 0;
    at += at < regex.length && regex.bytes[at] == ']' ? 1 : 0;
    while (at < regex.length && regex.bytes[at] != ']') {
        at += regex.bytes[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

/* (a+)+ and the like: what repeats without bound holds what repeats without bound, so that a text
 * that does not match is tried in exponentially many ways. */
static bool repeats_repetition(struct sw_text regex)
{
    bool inner[GROUPS_MAX] = {false};
    uint32_t depth = 0;
    for (uint32_t at = 0; at < regex.length;) {
        char c = regex.bytes[at];
        if (c == '\\') {
            at += 2;
        } else if (c == '[') {
            at = skip_class(regex, at);
        } else if (c == '(') {
            depth += depth + 1 < GROUPS_MAX ? 1 : 0;
            inner[depth] = false;
            at++;
        } else if (c == ')') {
            bool repeated = inner[depth];
            depth -= depth > 0 ? 1 : 0;
            if (repeated && unbounded_at(regex, at + 1) > 0) {
                return true;
            }
            inner[depth] = inner[depth] || repeated;
            at++;
        } else {
            uint32_t length = unbounded_at(regex, at);
            inner[depth] = inner[depth] || length > 0;
            at += length > 0 ? length : 1;
        }
    }
    return false;
}

static bool has_lookaround(struct sw_text regex)
{
    for (uint32_t at = 0; at + 2 < regex.length; at++) {
        if (regex.bytes[at] == '\\') {
            at++;
        } else if (regex.bytes[at] == '(' && regex.bytes[at + 1] == '?' &&
                   strchr("=!<>", regex.bytes[at + 2]) != NULL) {
            return true;
        }
    }
    return false;
}

void sw_lint_regex(struct sw_text regex, struct sw_place place, struct sw_report *report)
{
    if (repeats_repetition(regex)) {
        sw_report_warning(report, place, "a search that hits its limit counts as no match",
                          "this regular expression could run away: a repetition of a repetition");
    }
    if (has_lookaround(regex)) {
        sw_report_warning(
            report, place, "use a filter with `not`",
            "look-around is not in the portable flavour: other engines may refuse it");
    }
}

/* --- presence ----------------------------------------------------------------------------------
 */

static bool asks_presence(const struct sw_set *set, const struct sw_node *node, uint32_t slot)
{
    if (node->type == SW_NODE_PREDICATE) {
        const struct sw_predicate *predicate = &set->predicates[node->predicate];
        return predicate->slot == slot &&
               (predicate->op == SW_OP_EXISTS || predicate->op == SW_OP_NULL);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (asks_presence(set, node->children[i], slot)) {
            return true;
        }
    }
    return false;
}

static bool ends_with_neq(struct sw_text label)
{
    for (uint32_t i = 0; i + 4 <= label.length; i++) {
        if (memcmp(label.bytes + i, "|neq", 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Only where it counts for the rule: a filter may well be meant to hold without the field. */
static void find_neq(const struct sw_set *set, const struct sw_node *root,
                     const struct sw_node *node, const struct sw_rule_source *source,
                     struct sw_report *report)
{
    if (node->type == SW_NODE_NOT && !ends_with_neq(node->label)) {
        return;
    }
    if (node->type == SW_NODE_NOT && ends_with_neq(node->label)) {
        const struct sw_node *leaf = node->children[0];
        while (leaf->count > 0) {
            leaf = leaf->children[0];
        }
        uint32_t slot = set->predicates[leaf->predicate].slot;
        bool reviewed = false;
        for (uint32_t i = 0; i < source->if_missing_count; i++) {
            reviewed = reviewed || source->if_missing[i] == slot;
        }
        if (!reviewed && !asks_presence(set, root, slot)) {
            sw_report_warning(
                report, node->place, "add FIELD|exists: true, or name it in if_missing",
                "%.*s is also true of an event without the field", SW_TEXT_FORMAT(node->label));
        }
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        find_neq(set, root, node->children[i], source, report);
    }
}

void sw_lint_neq(const struct sw_set *set, const struct sw_rule_source *source,
                 struct sw_report *report)
{
    find_neq(set, source->tree, source->tree, source, report);
}

/* --- never -------------------------------------------------------------------------------------
 */

/* True when every predicate of @clause is a plain equality. */
static bool is_equality(const struct sw_index *index, const struct sw_set *set,
                        const struct sw_clause *clause)
{
    for (uint32_t i = 0; i < clause->count; i++) {
        const struct sw_predicate *predicate =
            &set->predicates[index->clause_predicates[clause->first + i]];
        if (predicate->op != SW_OP_EQUAL || predicate->cased) {
            return false;
        }
    }
    return true;
}

static bool shares_value(const struct sw_index *index, const struct sw_clause *a,
                         const struct sw_clause *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        for (uint32_t j = 0; j < b->count; j++) {
            if (index->clause_predicates[a->first + i] == index->clause_predicates[b->first + j]) {
                return true;
            }
        }
    }
    return false;
}

/* One field that can hold one value only cannot have one of two lists that share none. */
static bool excludes(const struct sw_index *index, const struct sw_set *set,
                     const struct sw_code *left, const struct sw_code *right)
{
    if (left->type != SW_CODE_CLAUSE || right->type != SW_CODE_CLAUSE) {
        return false;
    }
    const struct sw_clause *a = &index->clauses[left->operand];
    const struct sw_clause *b = &index->clauses[right->operand];
    enum sw_field field = set->slots[a->slot].field;
    return a->slot == b->slot && field != SW_FIELD_COUNT && sw_field_info(field)->list_max == 1 &&
           is_equality(index, set, a) && is_equality(index, set, b) && !shares_value(index, a, b);
}

/* The field that makes the parts of an `and` impossible, or SW_UNKNOWN. */
static uint32_t find_contradiction(const struct sw_index *index, const struct sw_set *set,
                                   const struct sw_code *code)
{
    for (uint32_t i = 0; i < code->count; i++) {
        uint32_t left_index = index->children[code->first + i];
        const struct sw_code *left = &index->codes[left_index];
        for (uint32_t j = 0; j < code->count; j++) {
            const struct sw_code *right = &index->codes[index->children[code->first + j]];
            bool negates = right->type == SW_CODE_NOT && right->operand == left_index;
            if (negates || (j > i && excludes(index, set, left, right))) {
                return left->type == SW_CODE_CLAUSE ? index->clauses[left->operand].slot
                                                    : SW_SLOT_KEYWORDS;
            }
        }
    }
    return SW_UNKNOWN;
}

void sw_lint_never(const struct sw_index *index, const struct sw_set *set, uint32_t code,
                   struct sw_place place, struct sw_report *report)
{
    const struct sw_code *entry = &index->codes[code];
    if (entry->type == SW_CODE_FALSE) {
        sw_report_warning(report, place, NULL, "this rule can never match");
        return;
    }
    if (entry->type == SW_CODE_TRUE) {
        sw_report_warning(report, place, NULL, "this rule matches every event");
        return;
    }
    uint32_t slot = entry->type == SW_CODE_AND ? find_contradiction(index, set, entry) : SW_UNKNOWN;
    if (slot != SW_UNKNOWN) {
        struct sw_text name = set->slots[slot].name;
        sw_report_warning(report, place,
                          "items of a map must all hold; a list of maps means any of them",
                          "this rule can never match: its tests of %.*s exclude each other",
                          SW_TEXT_FORMAT(name.length > 0 ? name : SW_TEXT("the same thing")));
    }
}

bool sw_lint_is_uuid(struct sw_text text)
{
    if (text.length != 36) {
        return false;
    }
    for (uint32_t i = 0; i < 36; i++) {
        char c = text.bytes[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return true;
}
