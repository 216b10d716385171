#include "diff_kept.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#define EVENTS_AT_FIRST 65536
#define CAUSES_AT_FIRST 1024
#define CHAINS_AT_FIRST 4096 // a power of two

struct sw_diff_event *sw_diff_event_of(struct sw_diff_side *side, int64_t row)
{
    SW_ASSERT(row > 0);
    while ((uint64_t)row >= side->event_capacity) {
        uint64_t capacity = side->event_capacity == 0 ? EVENTS_AT_FIRST : 2 * side->event_capacity;
        void *grown = realloc(side->events, capacity * sizeof(side->events[0]));
        SW_ASSERT(grown != NULL);
        side->events = grown;
        memset(side->events + side->event_capacity, 0,
               (capacity - side->event_capacity) * sizeof(side->events[0]));
        side->event_capacity = capacity;
    }
    side->event_last = (uint64_t)row > side->event_last ? (uint64_t)row : side->event_last;
    return &side->events[row];
}

void sw_diff_add_cause(struct sw_diff_side *side, int64_t row, int64_t cause, uint32_t revision)
{
    struct sw_diff_event *event = sw_diff_event_of(side, row);
    if (side->cause_count == side->cause_capacity) {
        uint32_t capacity = side->cause_capacity == 0 ? CAUSES_AT_FIRST : 2 * side->cause_capacity;
        void *grown = realloc(side->causes, capacity * sizeof(side->causes[0]));
        SW_ASSERT(grown != NULL);
        side->causes = grown;
        side->cause_capacity = capacity;
    }
    side->causes[side->cause_count++] =
        (struct sw_diff_cause){.row = cause, .revision = revision, .earlier = event->cause};
    event->cause = side->cause_count;
}

int64_t sw_diff_cause_of(struct sw_diff_side *side, int64_t row, uint32_t revision)
{
    uint32_t number = sw_diff_event_of(side, row)->cause;
    while (number != 0 && side->causes[number - 1].revision != revision) {
        number = side->causes[number - 1].earlier;
    }
    return number == 0 ? 0 : side->causes[number - 1].row;
}

uint32_t sw_diff_next_revision(struct sw_diff_side *side, int64_t row)
{
    uint32_t number = sw_diff_event_of(side, row)->cause;
    return number == 0 ? 1 : side->causes[number - 1].revision + 1;
}

static struct sw_diff_chain *find_place(const struct sw_diff_chains *chains, struct sw_text key)
{
    uint64_t place = sw_text_hash(key);
    for (;; place++) {
        struct sw_diff_chain *chain = &chains->items[place & chains->mask];
        if (chain->key[0] == '\0' || sw_text_equal(sw_text_from(chain->key), key)) {
            return chain;
        }
    }
}

static void grow_chains(struct sw_diff_chains *chains)
{
    struct sw_diff_chains grown = {.mask = chains->items == NULL ? CHAINS_AT_FIRST - 1
                                                                 : 2 * chains->mask + 1,
                                   .count = chains->count};
    grown.items = calloc(grown.mask + 1, sizeof(grown.items[0]));
    SW_ASSERT(grown.items != NULL);
    for (uint64_t i = 0; chains->items != NULL && i <= chains->mask; i++) {
        if (chains->items[i].key[0] != '\0') {
            *find_place(&grown, sw_text_from(chains->items[i].key)) = chains->items[i];
        }
    }
    free(chains->items);
    *chains = grown;
}

struct sw_diff_chain *sw_diff_find_chain(const struct sw_diff_chains *chains, struct sw_text key)
{
    struct sw_diff_chain *found = chains->items == NULL ? NULL : find_place(chains, key);
    return found == NULL || found->key[0] == '\0' ? NULL : found;
}

struct sw_diff_chain *sw_diff_chain_of(struct sw_diff_chains *chains, const char *key)
{
    if (chains->items == NULL || 2 * chains->count > chains->mask) {
        grow_chains(chains);
    }
    struct sw_diff_chain *chain = find_place(chains, sw_text_from(key));
    if (chain->key[0] == '\0') {
        memcpy(chain->key, key, strlen(key) + 1);
        chains->count++;
    }
    return chain;
}
