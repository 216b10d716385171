/* One function a parameter, found in a table: what is not in the table is refused by name. */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/diagnostic.h>
#include <sharewatch/time.h>

#include "limits.h"

static const char *const state_names[SW_STATE_COUNT] = {"open", "escalated", "acknowledged",
                                                        "closed"};

const char *sw_state_name(enum sw_review_state state)
{
    return state < SW_STATE_COUNT ? state_names[state] : "unknown";
}

void sw_query_init(struct sw_query *query)
{
    memset(query, 0, sizeof(*query)); // all of it, see kept.c
    query->limit = SW_PAGE_DEFAULT;
}

/* Cuts the next item off @list; false when none is left. An empty item is an item. */
static bool next_item(struct sw_text *list, bool *done, struct sw_text *item)
{
    if (*done) {
        return false;
    }
    uint32_t end = 0;
    while (end < list->length && list->bytes[end] != ',') {
        end++;
    }
    *item = (struct sw_text){.bytes = list->bytes, .length = end};
    *done = end == list->length;
    if (!*done) {
        list->bytes += end + 1;
        list->length -= end + 1;
    }
    return true;
}

static bool parse_number(struct sw_text text, int64_t max, int64_t *number)
{
    int64_t value = 0;
    if (text.length == 0 || text.length > 18) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        value = value * 10 + (text.bytes[i] - '0');
    }
    *number = value;
    return value <= max;
}

static bool add_state(struct sw_query *query, struct sw_text value)
{
    struct sw_text item;
    bool done = false;
    while (next_item(&value, &done, &item)) {
        uint32_t state = 0;
        while (state < SW_STATE_COUNT && !sw_text_equal(item, sw_text_from(state_names[state]))) {
            state++;
        }
        if (state < SW_STATE_COUNT) {
            query->states |= 1u << state;
        } else if (sw_text_equal(item, SW_TEXT("all"))) {
            query->states |= (1u << SW_STATE_COUNT) - 1;
        } else {
            return false;
        }
    }
    return true;
}

static bool add_verdict(struct sw_query *query, struct sw_text value)
{
    struct sw_text item;
    bool done = false;
    while (next_item(&value, &done, &item)) {
        enum sw_verdict verdict = sw_verdict_find(item);
        if (verdict == SW_VERDICT_COUNT) {
            return false;
        }
        query->verdicts |= 1u << verdict;
    }
    return true;
}

static bool add_level(struct sw_query *query, struct sw_text value)
{
    struct sw_text item;
    bool done = false;
    while (next_item(&value, &done, &item)) {
        bool range = item.length == 3 && item.bytes[1] == '-';
        if (item.length != 1 && !range) {
            return false;
        }
        char first = item.bytes[0];
        char last = item.bytes[range ? 2 : 0];
        if (first < '0' || last > '4' || first > last) {
            return false;
        }
        for (char level = first; level <= last; level++) {
            query->levels |= 1u << (uint32_t)(level - '0');
        }
    }
    return true;
}

static bool add_range(struct sw_query *query, struct sw_text value)
{
    if (sw_text_equal(value, SW_TEXT("all"))) {
        query->range_ms = 0;
        return true;
    }
    return sw_duration_parse(value, &query->range_ms) == SW_OK && query->range_ms > 0;
}

static bool add_from(struct sw_query *query, struct sw_text value)
{
    query->has_from = sw_time_parse(value, &query->from_ms) == SW_OK;
    return query->has_from;
}

static bool add_to(struct sw_query *query, struct sw_text value)
{
    query->has_to = sw_time_parse(value, &query->to_ms) == SW_OK;
    return query->has_to;
}

static bool add_before(struct sw_query *query, struct sw_text value)
{
    return parse_number(value, INT64_MAX, &query->before) && query->before > 0;
}

static bool add_after(struct sw_query *query, struct sw_text value)
{
    return parse_number(value, INT64_MAX, &query->after);
}

static bool add_as_of(struct sw_query *query, struct sw_text value)
{
    return parse_number(value, INT64_MAX, &query->as_of) && query->as_of > 0;
}

static bool add_limit(struct sw_query *query, struct sw_text value)
{
    int64_t limit;
    if (!parse_number(value, SW_PAGE_MAX, &limit) || limit == 0) {
        return false;
    }
    query->limit = (uint32_t)limit;
    return true;
}

static bool add_group(struct sw_query *query, struct sw_text value)
{
    int64_t grouped;
    if (!parse_number(value, 1, &grouped)) {
        return false;
    }
    query->grouped = grouped == 1;
    return true;
}

static bool add_in(struct sw_query *query, struct sw_text value)
{
    return parse_number(value, INT64_MAX, &query->group) && query->group > 0;
}

static bool add_redact(struct sw_query *query, struct sw_text value)
{
    query->full = sw_text_equal(value, SW_TEXT("full"));
    return query->full || sw_text_equal(value, SW_TEXT("public"));
}

/* Copies a word: letters, digits and the marks of ids. */
static bool copy_word(char word[SW_WORD_BYTES], struct sw_text value)
{
    if (value.length == 0 || value.length >= SW_WORD_BYTES) {
        return false;
    }
    for (uint32_t i = 0; i < value.length; i++) {
        char c = value.bytes[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || strchr("_-.:", c) == NULL)) {
            return false;
        }
        word[i] = c;
    }
    word[value.length] = '\0';
    return true;
}

static bool add_rule(struct sw_query *query, struct sw_text value)
{
    return copy_word(query->rule, value);
}

static bool add_edge(struct sw_query *query, struct sw_text value)
{
    return copy_word(query->edge, value);
}

static bool add_src(struct sw_query *query, struct sw_text value)
{
    return copy_word(query->from_node, value);
}

static bool add_dst(struct sw_query *query, struct sw_text value)
{
    return copy_word(query->to_node, value);
}

static bool add_case(struct sw_query *query, struct sw_text value)
{
    return copy_word(query->chain_case, value);
}

static bool add_what(struct sw_query *query, struct sw_text value)
{
    return copy_word(query->what, value);
}

/* Copies a list of words joined by commas; none begins with `-`, so that none is an option. */
static bool copy_list(char list[SW_LIST_BYTES], struct sw_text value)
{
    struct sw_text item;
    struct sw_text rest = value;
    bool done = false;
    char word[SW_WORD_BYTES];
    while (next_item(&rest, &done, &item)) {
        if (!copy_word(word, item) || word[0] == '-' || word[0] == '.' || word[0] == ':') {
            return false;
        }
    }
    if (value.length >= SW_LIST_BYTES) {
        return false;
    }
    memcpy(list, value.bytes, value.length);
    list[value.length] = '\0';
    return true;
}

static bool add_a(struct sw_query *query, struct sw_text value)
{
    return copy_list(query->policy_a, value);
}

static bool add_b(struct sw_query *query, struct sw_text value)
{
    return copy_list(query->policy_b, value);
}

static bool add_without(struct sw_query *query, struct sw_text value)
{
    return copy_list(query->without, value);
}

static bool add_search(struct sw_query *query, struct sw_text value)
{
    if (value.length >= SW_SEARCH_BYTES || memchr(value.bytes, '\0', value.length) != NULL) {
        return false;
    }
    memcpy(query->search, value.bytes, value.length);
    query->search[value.length] = '\0';
    return true;
}

struct parameter {
    const char *name;
    bool (*add)(struct sw_query *query, struct sw_text value);
    const char *form; // for people
};

static const struct parameter parameters[] = {
    {"state", add_state, "open, escalated, acknowledged, closed or all, joined by commas"},
    {"verdict", add_verdict, "PROH, REVIEW, DISC, AUTO, FED or NONE, joined by commas"},
    {"level", add_level, "0 to 4: one, a list 1,3 or a range 2-4"},
    {"range", add_range, "a duration such as 24h or 30d, or all"},
    {"from", add_from, "a time such as 2026-11-24T06:00:00Z, or a date"},
    {"to", add_to, "a time such as 2026-11-24T06:00:00Z, or a date"},
    {"before", add_before, "an id: a whole number above 0"},
    {"as_of", add_as_of, "an entry of the log: a whole number above 0"},
    {"after", add_after, "an id: a whole number"},
    {"limit", add_limit, "1 to 200"},
    {"group", add_group, "0 or 1"},
    {"in", add_in, "the number of a group"},
    {"redact", add_redact, "public or full"},
    {"rule", add_rule, "the name of a rule: letters, digits and _-.:"},
    {"edge", add_edge, "an edge of the map, such as E04"},
    {"src", add_src, "a system of the map, such as NGI"},
    {"dst", add_dst, "a system of the map, such as IDENT"},
    {"case", add_case, "the number of a case"},
    {"what", add_what,
     "alerts, events, flows, reviews, cases, gaps, losses, refused, sources,"
     " deletions or reads"},
    {"a", add_a, "names of packs, joined by commas"},
    {"b", add_b, "names of packs, joined by commas"},
    {"without", add_without, "edges of the map, such as E16,E27"},
    {"q", add_search, "words, at most 127 bytes"},
};
#define PARAMETER_COUNT (sizeof(parameters) / sizeof(parameters[0]))

/* At most 40 bytes of @text in which every byte is printable ASCII. */
static void printable(struct sw_text text, char out[41])
{
    uint32_t length = text.length < 40 ? text.length : 40;
    for (uint32_t i = 0; i < length; i++) {
        char c = text.bytes[i];
        out[i] = (char)(c >= ' ' && c < 0x7f ? c : '?');
    }
    out[length] = '\0';
}

static void unknown(struct sw_text key, struct sw_query_problem *problem)
{
    struct sw_suggestion suggestion;
    char shown[41];
    sw_suggestion_init(&suggestion, key);
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(parameters[i].name));
    }
    printable(key, shown);
    (void)snprintf(problem->message, sizeof(problem->message), "There is no parameter '%s'.",
                   shown);
    problem->hint[0] = '\0';
    (void)sw_suggestion_hint(&suggestion, problem->hint, sizeof(problem->hint));
}

static const struct parameter *find(struct sw_text key)
{
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        if (sw_text_equal(key, sw_text_from(parameters[i].name))) {
            return &parameters[i];
        }
    }
    return NULL;
}

enum sw_status sw_query_add(struct sw_query *query, struct sw_text key, struct sw_text value,
                            struct sw_query_problem *problem)
{
    const struct parameter *parameter = find(key);
    char shown[41];
    if (value.bytes == NULL) {
        value = SW_TEXT("");
    }
    if (parameter == NULL) {
        unknown(key, problem);
        return SW_MALFORMED;
    }
    if (parameter->add(query, value)) {
        return SW_OK;
    }
    printable(value, shown);
    (void)snprintf(problem->message, sizeof(problem->message), "%s='%s' is not understood.",
                   parameter->name, shown);
    (void)snprintf(problem->hint, sizeof(problem->hint), "Give %s.", parameter->form);
    return SW_MALFORMED;
}

enum sw_status sw_query_add_of_page(struct sw_query *query, struct sw_text key,
                                    struct sw_text value, struct sw_query_problem *problem)
{
    static const char *const drawn[] = {"alert", "flow", "view", "speed"};
    for (size_t i = 0; i < sizeof(drawn) / sizeof(drawn[0]); i++) {
        if (sw_text_equal(key, sw_text_from(drawn[i]))) {
            return SW_OK;
        }
    }
    key = sw_text_equal(key, SW_TEXT("entry")) ? SW_TEXT("as_of") : key;
    if (value.length == 0 && find(key) != NULL) {
        return SW_OK;
    }
    return sw_query_add(query, key, value, problem);
}

void sw_query_default_of_page(struct sw_query *query)
{
    query->states = query->states != 0 ? query->states : 1u << SW_STATE_OPEN;
    query->grouped = query->group == 0;
}

static int64_t hour_floor(int64_t time_ms)
{
    int64_t rest = time_ms % SW_HOUR_MS;
    return time_ms - (rest < 0 ? rest + SW_HOUR_MS : rest);
}

void sw_query_resolve(struct sw_query *query, int64_t oldest_ms, int64_t newest_ms)
{
    int64_t end_ms = hour_floor(newest_ms) + SW_HOUR_MS;
    if (!query->has_to) {
        query->to_ms = end_ms;
    }
    if (!query->has_from) {
        query->from_ms = query->range_ms > 0 ? newest_ms - query->range_ms : oldest_ms;
    }
    query->from_ms = hour_floor(query->from_ms);
    int64_t rest = query->to_ms - hour_floor(query->to_ms);
    query->to_ms += rest > 0 ? SW_HOUR_MS - rest : 0;
    query->has_from = true;
    query->has_to = true;
}
