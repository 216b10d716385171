/**
 * Numbers as rules compare them: integers exactly to 64 bits, others as doubles.
 *
 * A number may come from JSON, from YAML, or from text that looks like one ("7", "007", "7.0").
 */
#ifndef SHAREWATCH_NUMBER_H
#define SHAREWATCH_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

#define SW_NUMBER_TEXT_BYTES 40

struct sw_number {
    bool whole;         // `negative` and `magnitude` are exact; else `real` counts
    bool negative;      // false for zero
    uint64_t magnitude; // of a whole number
    double real;        // always set, the nearest double
};

/** Reads all of @text as a decimal number: sign, digits, fraction, exponent. False: it is none. */
bool sw_number_parse(struct sw_text text, struct sw_number *number);

struct sw_number sw_number_integer(int64_t integer);
struct sw_number sw_number_real(double real);

/** Less than, equal to or greater than zero. */
int sw_number_compare(const struct sw_number *a, const struct sw_number *b);

/** Equal numbers have equal hashes. */
uint64_t sw_number_hash(const struct sw_number *number);

/** True when @text is surely the shortest form of its number: a whole one without leading zeros. */
bool sw_number_is_shortest(struct sw_text text);

/** Writes @number in its shortest form (7.0 is "7") and returns it. */
const char *sw_number_text(const struct sw_number *number, char text[SW_NUMBER_TEXT_BYTES]);

#endif
