/**
 * How long before: least, median and most of many times, in memory that does not grow. Exact for
 * the first SW_LEADS_EXACT, then the median within 1 %.
 */
#ifndef SHAREWATCH_SIM_LEAD_H
#define SHAREWATCH_SIM_LEAD_H

#include <stdbool.h>
#include <stdint.h>

#define SW_LEADS_EXACT  1024
#define SW_LEAD_PARTS   UINT32_C(64) // of each doubling of the time
#define SW_LEAD_BUCKETS (UINT32_C(64) * SW_LEAD_PARTS)

struct sw_leads {
    uint64_t count;
    int64_t least_ms, most_ms;
    int64_t exact_ms[SW_LEADS_EXACT];
    uint64_t buckets[SW_LEAD_BUCKETS];
};

/** Adds @ms, at least 0. */
void sw_leads_add(struct sw_leads *leads, int64_t ms);

/** The middle one, the mean of the two middle ones of an even number; 0 when there is none.
 *  @about: it is not exact. Sorts what it holds. */
int64_t sw_leads_median(struct sw_leads *leads, bool *about);

#endif
