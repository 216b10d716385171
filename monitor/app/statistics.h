/**
 * Numbers that were counted many times: their middle and how far they spread.
 */
#ifndef SHAREWATCH_STATISTICS_H
#define SHAREWATCH_STATISTICS_H

#include <stdint.h>

struct sw_spread_of {
    double mean;
    double low, high; // 95 of 100 lie between these, both included
};

/** The spread of @values [count], at least one; they are sorted in place. */
struct sw_spread_of sw_statistics(double *values, uint32_t count);

#endif
