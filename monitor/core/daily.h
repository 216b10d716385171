/**
 * The daily alerts that are open: one a rule, edge, verdict, level and UTC day of event time.
 *
 * At most SW_DAILY_MAX. When one more comes, the one raised first is forgotten and counted; a hop
 * that belonged to it would raise a second alert for that day.
 */
#ifndef SHAREWATCH_DAILY_H
#define SHAREWATCH_DAILY_H

#include <stdint.h>

#include <sharewatch/pipeline.h>

#define SW_DAILY_SLOTS (2 * SW_DAILY_MAX) // a power of two

struct sw_daily_key {
    int64_t day;
    uint32_t rule;
    uint16_t edge;
    uint8_t verdict;
    uint8_t level;
};

struct sw_daily {
    struct sw_daily_entry {
        struct sw_daily_key key;
        uint64_t alert_id;
    } entries[SW_DAILY_MAX];        // a ring in order of their raising
    uint16_t slots[SW_DAILY_SLOTS]; // 1 + index, 0: free
    uint32_t count;
    uint32_t oldest; // index of the entry raised first, once the ring is full
    uint64_t evicted_total;
};

/** The alert that is open for @key, or 0. */
uint64_t sw_daily_find(const struct sw_daily *daily, const struct sw_daily_key *key);

/** Opens @alert_id for @key, which has none. */
void sw_daily_add(struct sw_daily *daily, const struct sw_daily_key *key, uint64_t alert_id);

#endif
