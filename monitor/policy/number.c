/* Whole reals within 2^64 become whole numbers at once, so that equality of the two kinds needs no
 * tolerance and equal numbers hash alike. */
#include "number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#define DIGITS_MAX   400 // of a number that is read; longer is text
#define TWO_POWER_64 18446744073709551616.0

struct sw_number sw_number_integer(int64_t integer)
{
    uint64_t magnitude = integer < 0 ? (uint64_t)0 - (uint64_t)integer : (uint64_t)integer;
    return (struct sw_number){
        .whole = true, .negative = integer < 0, .magnitude = magnitude, .real = (double)integer};
}

struct sw_number sw_number_real(double real)
{
    struct sw_number number = {.real = real};
    double positive = fabs(real);
    if (positive < TWO_POWER_64 && floor(positive) == positive) {
        number.whole = true;
        number.magnitude = (uint64_t)positive;
        number.negative = real < 0;
    }
    return number;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint32_t skip_digits(struct sw_text text, uint32_t at)
{
    while (at < text.length && is_digit(text.bytes[at])) {
        at++;
    }
    return at;
}

/* True when all of @text from @at has the form of a number; @whole: digits only. */
static bool has_form(struct sw_text text, uint32_t at, bool *whole)
{
    uint32_t end = skip_digits(text, at);
    uint32_t digits = end - at;
    *whole = end == text.length && digits > 0;
    if (end < text.length && text.bytes[end] == '.') {
        uint32_t fraction = end + 1;
        end = skip_digits(text, fraction);
        digits += end - fraction;
    }
    if (digits == 0) {
        return false;
    }
    if (end < text.length && (text.bytes[end] == 'e' || text.bytes[end] == 'E')) {
        uint32_t exponent = end + 1;
        if (exponent < text.length &&
            (text.bytes[exponent] == '+' || text.bytes[exponent] == '-')) {
            exponent++;
        }
        end = skip_digits(text, exponent);
        return end == text.length && end > exponent;
    }
    return end == text.length;
}

static bool read_whole(struct sw_text text, uint32_t at, uint64_t *magnitude)
{
    *magnitude = 0;
    for (; at < text.length; at++) {
        uint64_t digit = (uint64_t)(text.bytes[at] - '0');
        if (*magnitude > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *magnitude = *magnitude * 10 + digit;
    }
    return true;
}

bool sw_number_parse(struct sw_text text, struct sw_number *number)
{
    if (text.length == 0 || text.length > DIGITS_MAX) {
        return false;
    }
    bool negative = text.bytes[0] == '-';
    uint32_t start = negative || text.bytes[0] == '+' ? 1 : 0;
    bool whole = false;
    if (!has_form(text, start, &whole)) {
        return false;
    }
    uint64_t magnitude = 0;
    if (whole && read_whole(text, start, &magnitude)) {
        double real = (double)magnitude;
        *number = (struct sw_number){.whole = true,
                                     .negative = negative && magnitude != 0,
                                     .magnitude = magnitude,
                                     .real = negative ? -real : real};
        return true;
    }
    char copy[DIGITS_MAX + 1];
    memcpy(copy, text.bytes, text.length);
    copy[text.length] = '\0';
    errno = 0;
    double real = strtod(copy, NULL);
    *number = sw_number_real(real);
    return isfinite(real) != 0;
}

int sw_number_compare(const struct sw_number *a, const struct sw_number *b)
{
    if (a->whole && b->whole) {
        if (a->negative != b->negative) {
            return a->negative ? -1 : 1;
        }
        int order = (a->magnitude > b->magnitude) - (a->magnitude < b->magnitude);
        return a->negative ? -order : order;
    }
    return (a->real > b->real) - (a->real < b->real);
}

uint64_t sw_number_hash(const struct sw_number *number)
{
    uint64_t bits = 0;
    if (number->whole) {
        bits = number->magnitude * 2 + (number->negative ? 1 : 0);
    } else {
        memcpy(&bits, &number->real, sizeof(bits));
    }
    bits ^= bits >> 31;
    bits *= UINT64_C(0x9e3779b97f4a7c15);
    return bits ^ bits >> 29;
}

bool sw_number_is_shortest(struct sw_text text)
{
    uint32_t at = text.length > 1 && text.bytes[0] == '-' ? 1 : 0;
    if (text.length == at || text.length > 18 || (text.bytes[at] == '0' && text.length > 1)) {
        return false;
    }
    return skip_digits(text, at) == text.length;
}

const char *sw_number_text(const struct sw_number *number, char text[SW_NUMBER_TEXT_BYTES])
{
    if (number->whole) {
        (void)snprintf(text, SW_NUMBER_TEXT_BYTES, "%s%llu", number->negative ? "-" : "",
                       (unsigned long long)number->magnitude);
        return text;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, SW_NUMBER_TEXT_BYTES, "%.*g", digits, number->real);
        if (digits == 17 || strtod(text, NULL) == number->real) {
            break;
        }
    }
    return text;
}
