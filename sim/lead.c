#include "lead.h"

#include <stdlib.h>

#include <sharewatch/assert.h>

/* Times below SW_LEAD_PARTS ms have a bucket of their own; above, each doubling has so many. */
static uint32_t bucket_of(int64_t ms)
{
    uint64_t value = (uint64_t)ms;
    uint32_t doublings = 0;
    while (value >= UINT64_C(2) * SW_LEAD_PARTS) {
        value >>= 1;
        doublings++;
    }
    return doublings * SW_LEAD_PARTS + (uint32_t)value;
}

/* The time in the middle of bucket @index. */
static int64_t middle_of(uint32_t index)
{
    if (index < 2 * SW_LEAD_PARTS) {
        return index;
    }
    uint32_t doublings = index / SW_LEAD_PARTS - 1;
    uint64_t value = index - (uint64_t)doublings * SW_LEAD_PARTS;
    return (int64_t)((value << doublings) + (UINT64_C(1) << doublings) / 2);
}

void sw_leads_add(struct sw_leads *leads, int64_t ms)
{
    SW_ASSERT(ms >= 0);
    if (leads->count < SW_LEADS_EXACT) {
        leads->exact_ms[leads->count] = ms;
    }
    leads->least_ms = leads->count == 0 || ms < leads->least_ms ? ms : leads->least_ms;
    leads->most_ms = leads->count == 0 || ms > leads->most_ms ? ms : leads->most_ms;
    leads->buckets[bucket_of(ms)]++;
    leads->count++;
}

static int compare(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;
    return (*left > *right) - (*left < *right);
}

int64_t sw_leads_median(struct sw_leads *leads, bool *about)
{
    uint64_t count = leads->count;
    *about = count > SW_LEADS_EXACT;
    if (count == 0) {
        return 0;
    }
    if (!*about) {
        qsort(leads->exact_ms, count, sizeof(leads->exact_ms[0]), compare);
        int64_t low = leads->exact_ms[(count - 1) / 2];
        int64_t high = leads->exact_ms[count / 2];
        return low + (high - low) / 2;
    }
    uint64_t before = 0;
    uint32_t index = 0;
    while (index + 1 < SW_LEAD_BUCKETS && before + leads->buckets[index] <= count / 2) {
        before += leads->buckets[index++];
    }
    return middle_of(index);
}
