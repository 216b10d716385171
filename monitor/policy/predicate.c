#include "predicate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "fold.h"

#define MATCH_LIMIT    200000 // steps of one regular expression over one value
#define DEPTH_LIMIT    5000
#define HEAP_LIMIT_KIB 8192
#define JIT_STACK_MIN  ((size_t)32 * 1024)
#define JIT_STACK_MAX  ((size_t)512 * 1024)
#define ADDRESS_BYTES  64

static void end_without_memory(void)
{
    (void)fprintf(stderr, "sharewatch: no memory for matching rules\n");
    exit(EXIT_FAILURE);
}

void sw_tools_open(struct sw_tools *tools, uint32_t fold_capacity)
{
    *tools = (struct sw_tools){.fold_capacity = fold_capacity};
    tools->fold = malloc(fold_capacity);
    tools->match_data = pcre2_match_data_create(1, NULL);
    tools->match_context = pcre2_match_context_create(NULL);
    tools->jit_stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (tools->fold == NULL || tools->match_data == NULL || tools->match_context == NULL ||
        tools->jit_stack == NULL) {
        end_without_memory();
    }
    (void)pcre2_set_match_limit(tools->match_context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(tools->match_context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(tools->match_context, HEAP_LIMIT_KIB);
    pcre2_jit_stack_assign(tools->match_context, NULL, tools->jit_stack);
}

void sw_tools_close(struct sw_tools *tools)
{
    pcre2_match_data_free(tools->match_data);
    pcre2_match_context_free(tools->match_context);
    pcre2_jit_stack_free(tools->jit_stack);
    free(tools->fold);
    *tools = (struct sw_tools){0};
}

void sw_datum_pack(struct sw_datum *datum)
{
    bool is_short = sw_short_pack(datum->text.bytes, datum->text.length, &datum->packed);
    datum->pack = is_short ? SW_PACK_SHORT : SW_PACK_LONG;
}

void sw_datum_text(struct sw_datum *datum, struct sw_text text)
{
    sw_datum_start(datum, SW_DATUM_TEXT, text);
}

void sw_datum_number(struct sw_datum *datum, struct sw_text text, const struct sw_number *number,
                     char canonical[SW_NUMBER_TEXT_BYTES])
{
    sw_datum_start(datum, SW_DATUM_NUMBER, text);
    datum->has_number = true;
    datum->number = *number;
    if (!sw_number_is_shortest(text)) {
        struct sw_text shortest = sw_text_from(sw_number_text(number, canonical));
        if (!sw_text_equal(shortest, text)) {
            datum->canonical = shortest;
            datum->has_canonical = true;
        }
    }
}

bool sw_datum_fold(struct sw_tools *tools, struct sw_datum *datum)
{
    if (datum->is_folded) {
        return true;
    }
    uint32_t most = SW_FOLD_BYTES_MAX(datum->text.length);
    if (tools->fold_capacity - tools->fold_used < most) {
        return false;
    }
    char *folded = tools->fold + tools->fold_used;
    datum->folded = (struct sw_text){folded, sw_fold(datum->text, folded)};
    datum->is_folded = true;
    tools->fold_used += datum->folded.length;
    return true;
}

bool sw_datum_is_number(struct sw_datum *datum)
{
    if (!datum->number_known) {
        datum->number_known = true;
        datum->has_number =
            datum->type == SW_DATUM_TEXT && sw_number_parse(datum->text, &datum->number);
    }
    return datum->has_number;
}

static bool ends_with(struct sw_text text, struct sw_text tail)
{
    return text.length >= tail.length &&
           (tail.length == 0 ||
            memcmp(text.bytes + text.length - tail.length, tail.bytes, tail.length) == 0);
}

static bool contains(struct sw_text text, struct sw_text part)
{
    if (part.length == 0) {
        return true;
    }
    const char *at = text.bytes;
    uint32_t left = text.length;
    while (left >= part.length) {
        const char *found = memchr(at, part.bytes[0], left - part.length + 1);
        if (found == NULL) {
            return false;
        }
        if (memcmp(found, part.bytes, part.length) == 0) {
            return true;
        }
        left -= (uint32_t)(found - at) + 1;
        at = found + 1;
    }
    return false;
}

/* The tests of literal text and patterns against one form of the value. */
static bool test_text(const struct sw_predicate *predicate, struct sw_text text)
{
    switch (predicate->op) {
    case SW_OP_EQUAL:
        return sw_text_equal(text, predicate->text);
    case SW_OP_PREFIX:
        return sw_text_starts_with(text, predicate->text);
    case SW_OP_SUFFIX:
        return ends_with(text, predicate->text);
    case SW_OP_CONTAINS:
        return contains(text, predicate->text);
    case SW_OP_GLOB:
        return sw_pattern_match(&predicate->pattern, text);
    case SW_OP_EXISTS:
    case SW_OP_NULL:
    case SW_OP_NUMBER:
    case SW_OP_LESS:
    case SW_OP_LESS_EQUAL:
    case SW_OP_GREATER:
    case SW_OP_GREATER_EQUAL:
    case SW_OP_REGEX:
    case SW_OP_CIDR:
    case SW_OP_FIELD:
        break;
    }
    SW_ASSERT(false);
    return false;
}

static bool test_order(enum sw_op op, int order)
{
    return op == SW_OP_NUMBER       ? order == 0
           : op == SW_OP_LESS       ? order < 0
           : op == SW_OP_LESS_EQUAL ? order <= 0
           : op == SW_OP_GREATER    ? order > 0
                                    : order >= 0;
}

/* Days since 1970-01-01 of a civil date, proleptic Gregorian. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* ISO 8601 week of the year; @days since the epoch, which was a Thursday. */
static int64_t week_of(int64_t year, int64_t days)
{
    int64_t weekday = ((days + 3) % 7 + 7) % 7; // Monday is 0
    int64_t thursday = days - weekday + 3;
    int64_t first = days_of(year, 1, 1);
    if (thursday < first) {
        first = days_of(year - 1, 1, 1);
    } else if (thursday >= days_of(year + 1, 1, 1)) {
        first = days_of(year + 1, 1, 1);
    }
    return (thursday - first) / 7 + 1;
}

static bool read_digits(struct sw_text text, uint32_t at, uint32_t count, int64_t *number)
{
    *number = 0;
    if (at + count > text.length) {
        return false;
    }
    for (uint32_t i = at; i < at + count; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        *number = *number * 10 + (text.bytes[i] - '0');
    }
    return true;
}

/* The part of a time as it is written, "2026-11-24T10:15:00+01:00" or with a space: no zone is
 * converted. A number is milliseconds since the epoch, UTC. */
static bool part_of_time(enum sw_time_part part, const struct sw_datum *datum, int64_t *number)
{
    struct sw_text text = datum->text;
    char formatted[SW_TIME_BYTES];
    if (datum->type == SW_DATUM_NUMBER) {
        if (!datum->number.whole || datum->number.magnitude > INT64_MAX) {
            return false;
        }
        int64_t time_ms = (int64_t)datum->number.magnitude;
        sw_time_format(datum->number.negative ? -time_ms : time_ms, formatted);
        text = sw_text_from(formatted);
    }
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    bool date = text.length >= 10 && text.bytes[4] == '-' && text.bytes[7] == '-' &&
                read_digits(text, 0, 4, &year) && read_digits(text, 5, 2, &month) &&
                read_digits(text, 8, 2, &day) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    bool clock = date && text.length >= 16 && text.bytes[13] == ':' &&
                 (text.bytes[10] == 'T' || text.bytes[10] == 't' || text.bytes[10] == ' ');
    switch (part) {
    case SW_PART_MINUTE:
        return clock && read_digits(text, 14, 2, number);
    case SW_PART_HOUR:
        return clock && read_digits(text, 11, 2, number);
    case SW_PART_DAY:
        *number = day;
        return date;
    case SW_PART_WEEK:
        *number = date ? week_of(year, days_of(year, month, day)) : 0;
        return date;
    case SW_PART_MONTH:
        *number = month;
        return date;
    case SW_PART_YEAR:
        *number = year;
        return date;
    case SW_PART_NONE:
        break;
    }
    return false;
}

static bool test_number(const struct sw_predicate *predicate, struct sw_datum *datum)
{
    if (predicate->part != SW_PART_NONE) {
        int64_t part = 0;
        if (!part_of_time(predicate->part, datum, &part)) {
            return false;
        }
        struct sw_number number = sw_number_integer(part);
        return test_order(predicate->op, sw_number_compare(&number, &predicate->number));
    }
    return sw_datum_is_number(datum) &&
           test_order(predicate->op, sw_number_compare(&datum->number, &predicate->number));
}

static bool test_regex(const struct sw_predicate *predicate, struct sw_tools *tools,
                       struct sw_text text)
{
    int result = pcre2_match(predicate->regex, (PCRE2_SPTR)(text.bytes != NULL ? text.bytes : ""),
                             text.length, 0, 0, tools->match_data, tools->match_context);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
        tools->regex_exceeded_total++;
    }
    return result >= 0;
}

static bool parse_address(struct sw_text text, uint8_t address[16], uint8_t *bytes)
{
    char copy[ADDRESS_BYTES];
    if (text.length == 0 || text.length >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.bytes, text.length);
    copy[text.length] = '\0';
    bool six = strchr(copy, ':') != NULL;
    *bytes = six ? 16 : 4;
    return strlen(copy) == text.length && inet_pton(six ? AF_INET6 : AF_INET, copy, address) == 1;
}

/* Clears the bits after the first @bits. True: some were set. */
static bool clear_tail(uint8_t address[16], uint8_t bytes, uint8_t bits)
{
    bool set = false;
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t left = bits > i * 8 ? bits - i * 8 : 0;
        uint8_t mask = left >= 8 ? 0xff : (uint8_t)(0xff00 >> left);
        set = set || (address[i] & (uint8_t)~mask) != 0;
        address[i] &= mask;
    }
    return set;
}

bool sw_network_parse(struct sw_text text, struct sw_network *network, bool *tail)
{
    *network = (struct sw_network){0};
    *tail = false;
    const char *slash = text.length > 0 ? memchr(text.bytes, '/', text.length) : NULL;
    struct sw_text address = text;
    if (slash != NULL) {
        address.length = (uint32_t)(slash - text.bytes);
    }
    if (!parse_address(address, network->address, &network->bytes)) {
        return false;
    }
    network->bits = (uint8_t)(network->bytes * 8);
    if (slash != NULL) {
        struct sw_text digits = {slash + 1, text.length - address.length - 1};
        int64_t bits = 0;
        if (digits.length == 0 || digits.length > 3 ||
            !read_digits(digits, 0, digits.length, &bits) || bits > network->bits) {
            return false;
        }
        network->bits = (uint8_t)bits;
    }
    *tail = clear_tail(network->address, network->bytes, network->bits);
    return true;
}

static bool test_cidr(const struct sw_network *network, struct sw_text text)
{
    uint8_t address[16];
    uint8_t bytes = 0;
    if (!parse_address(text, address, &bytes) || bytes != network->bytes) {
        return false;
    }
    (void)clear_tail(address, bytes, network->bits);
    return memcmp(address, network->address, bytes) == 0;
}

bool sw_predicate_test(const struct sw_predicate *predicate, struct sw_tools *tools,
                       struct sw_datum *datum)
{
    if (datum->type == SW_DATUM_NULL || datum->type == SW_DATUM_OTHER) {
        return false;
    }
    switch (predicate->op) {
    case SW_OP_EQUAL:
    case SW_OP_PREFIX:
    case SW_OP_SUFFIX:
    case SW_OP_CONTAINS:
    case SW_OP_GLOB:
        if (!predicate->cased && !sw_datum_fold(tools, datum)) {
            return false;
        }
        return test_text(predicate, predicate->cased ? datum->text : datum->folded) ||
               (datum->has_canonical && test_text(predicate, datum->canonical));
    case SW_OP_NUMBER:
    case SW_OP_LESS:
    case SW_OP_LESS_EQUAL:
    case SW_OP_GREATER:
    case SW_OP_GREATER_EQUAL:
        return test_number(predicate, datum);
    case SW_OP_REGEX:
        return test_regex(predicate, tools, datum->text);
    case SW_OP_CIDR:
        return test_cidr(&predicate->network, datum->text);
    case SW_OP_EXISTS:
    case SW_OP_NULL:
    case SW_OP_FIELD:
        break;
    }
    SW_ASSERT(false);
    return false;
}

bool sw_predicate_test_pair(const struct sw_predicate *predicate, struct sw_tools *tools,
                            struct sw_datum *left, struct sw_datum *right)
{
    bool none = left->type == SW_DATUM_NULL || left->type == SW_DATUM_OTHER ||
                right->type == SW_DATUM_NULL || right->type == SW_DATUM_OTHER;
    if (none ||
        (!predicate->cased && (!sw_datum_fold(tools, left) || !sw_datum_fold(tools, right)))) {
        return false;
    }
    struct sw_text a = predicate->cased ? left->text : left->folded;
    struct sw_text b = predicate->cased ? right->text : right->folded;
    switch (predicate->reference) {
    case SW_REFERENCE_EQUAL:
        return sw_text_equal(a, b) ||
               ((left->type == SW_DATUM_NUMBER || right->type == SW_DATUM_NUMBER) &&
                sw_datum_is_number(left) && sw_datum_is_number(right) &&
                sw_number_compare(&left->number, &right->number) == 0);
    case SW_REFERENCE_CONTAINS:
        return contains(a, b);
    case SW_REFERENCE_PREFIX:
        return sw_text_starts_with(a, b);
    case SW_REFERENCE_SUFFIX:
        return ends_with(a, b);
    }
    return false;
}
