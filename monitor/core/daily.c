#include "daily.h"

#include <assert.h>

#include <sharewatch/assert.h>

static_assert((SW_DAILY_SLOTS & (SW_DAILY_SLOTS - 1)) == 0, "slots are found by masking");
static_assert(SW_DAILY_MAX < UINT16_MAX, "an index fits a slot");

static bool same(const struct sw_daily_key *a, const struct sw_daily_key *b)
{
    return a->day == b->day && a->rule == b->rule && a->edge == b->edge &&
           a->verdict == b->verdict && a->level == b->level;
}

static uint32_t home(const struct sw_daily_key *key)
{
    uint64_t hash = (uint64_t)key->day * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= ((uint64_t)key->rule << 32 | (uint64_t)key->edge << 16 | (uint64_t)key->verdict << 8 |
             key->level) *
            UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)(hash >> 40) & (SW_DAILY_SLOTS - 1);
}

static uint32_t find_slot(const struct sw_daily *daily, const struct sw_daily_key *key)
{
    uint32_t slot = home(key);
    while (daily->slots[slot] != 0 && !same(&daily->entries[daily->slots[slot] - 1].key, key)) {
        slot = (slot + 1) & (SW_DAILY_SLOTS - 1);
    }
    return slot;
}

uint64_t sw_daily_find(const struct sw_daily *daily, const struct sw_daily_key *key)
{
    uint32_t slot = find_slot(daily, key);
    return daily->slots[slot] == 0 ? 0 : daily->entries[daily->slots[slot] - 1].alert_id;
}

/* As in chain.c: what was pushed past the freed slot moves back. */
static void free_slot(struct sw_daily *daily, uint32_t slot)
{
    uint32_t hole = slot;
    uint32_t next = (slot + 1) & (SW_DAILY_SLOTS - 1);
    while (daily->slots[next] != 0) {
        uint32_t wanted = home(&daily->entries[daily->slots[next] - 1].key);
        uint32_t distance = (next - wanted) & (SW_DAILY_SLOTS - 1);
        if (distance >= ((next - hole) & (SW_DAILY_SLOTS - 1))) {
            daily->slots[hole] = daily->slots[next];
            hole = next;
        }
        next = (next + 1) & (SW_DAILY_SLOTS - 1);
    }
    daily->slots[hole] = 0;
}

void sw_daily_add(struct sw_daily *daily, const struct sw_daily_key *key, uint64_t alert_id)
{
    SW_ASSERT(sw_daily_find(daily, key) == 0);
    uint32_t index = daily->count;
    if (daily->count == SW_DAILY_MAX) {
        index = daily->oldest;
        free_slot(daily, find_slot(daily, &daily->entries[index].key));
        daily->oldest = (daily->oldest + 1) % SW_DAILY_MAX;
        daily->evicted_total++;
    } else {
        daily->count++;
    }
    daily->entries[index] = (struct sw_daily_entry){.key = *key, .alert_id = alert_id};
    daily->slots[find_slot(daily, key)] = (uint16_t)(index + 1);
}
