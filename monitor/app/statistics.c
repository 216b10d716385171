#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#include <sharewatch/assert.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

struct sw_spread_of sw_statistics(double *values, uint32_t count)
{
    SW_ASSERT(count >= 1);
    double sum = 0;
    qsort(values, count, sizeof(values[0]), by_size);
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
    }
    /* Ranks, not a normal curve: counts are skewed, and small ones are whole numbers. */
    uint32_t low = (uint32_t)floor(0.025 * (double)(count - 1));
    uint32_t high = (uint32_t)ceil(0.975 * (double)(count - 1));
    return (struct sw_spread_of){sum / count, values[low], values[high]};
}
