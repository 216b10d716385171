/* Open addressing. A search stands in the table under its id and under where and when it was made,
 * whichever it has; several searches may share the second key. */
#include "search_index.h"

#include <stdlib.h>

#include <sharewatch/assert.h>

#define SLOTS_PER_SEARCH 4 // two are used, so the table is half full at most
#define SEARCHES_MIN     1024

enum sw_status sw_search_index_open(struct sw_search_index *index, uint64_t expected)
{
    uint32_t capacity = SEARCHES_MIN;
    while (capacity < expected && capacity < SW_SEARCHES_MAX) {
        capacity *= 2;
    }
    size_t slots = (size_t)capacity * SLOTS_PER_SEARCH;
    *index = (struct sw_search_index){0};
    index->searches = calloc(capacity, sizeof(struct sw_search)); // untouched pages cost nothing
    index->slots = calloc(slots, sizeof(struct sw_search_slot));
    if (index->searches == NULL || index->slots == NULL) {
        sw_search_index_close(index);
        return SW_NO_MEMORY;
    }
    index->capacity = capacity;
    index->mask = capacity * SLOTS_PER_SEARCH - 1;
    index->bytes = capacity * sizeof(struct sw_search) + slots * sizeof(struct sw_search_slot);
    return SW_OK;
}

void sw_search_index_close(struct sw_search_index *index)
{
    free(index->searches);
    free(index->slots);
    *index = (struct sw_search_index){0};
}

static struct sw_search *search_of(struct sw_search_index *index, const struct sw_search_slot *slot)
{
    SW_ASSERT(slot->search >= 1 && slot->search <= index->count);
    return &index->searches[slot->search - 1];
}

static void put(struct sw_search_index *index, uint64_t key, uint32_t frame, uint32_t search)
{
    uint64_t place = key;
    while (index->slots[place & index->mask].search != 0) {
        place++;
    }
    index->slots[place & index->mask] =
        (struct sw_search_slot){.key = key, .frame = frame, .search = search + 1};
}

static struct sw_search *find_id(struct sw_search_index *index, uint64_t id)
{
    for (uint64_t place = id;; place++) {
        const struct sw_search_slot *slot = &index->slots[place & index->mask];
        if (slot->search == 0) {
            return NULL;
        }
        if (slot->key == id) {
            return search_of(index, slot);
        }
    }
}

/* By place and time, with a search that has no id or for a row that has none. */
static struct sw_search *find_where(struct sw_search_index *index, const struct sw_search_key *key)
{
    for (uint64_t place = key->where;; place++) {
        const struct sw_search_slot *slot = &index->slots[place & index->mask];
        if (slot->search == 0) {
            return NULL;
        }
        if (slot->key != key->where) {
            continue;
        }
        struct sw_search *search = search_of(index, slot);
        bool framed = slot->frame == 0 || key->frame == 0 || slot->frame == key->frame;
        if (framed && (key->id == 0 || !search->has_id)) {
            return search;
        }
    }
}

struct sw_search *sw_search_index_find(struct sw_search_index *index,
                                       const struct sw_search_key *key)
{
    struct sw_search *search = key->id != 0 ? find_id(index, key->id) : NULL;
    if (search != NULL || key->where == 0) {
        return search;
    }
    search = find_where(index, key);
    if (search != NULL && key->id != 0) {
        put(index, key->id, 0, (uint32_t)(search - index->searches));
        search->has_id = 1;
    }
    return search;
}

struct sw_search *sw_search_index_add(struct sw_search_index *index,
                                      const struct sw_search_key *key)
{
    if (index->count == index->capacity) {
        index->refused_total++;
        return NULL;
    }
    uint32_t search = index->count++;
    index->searches[search] = (struct sw_search){.has_id = key->id != 0};
    if (key->id != 0) {
        put(index, key->id, 0, search);
    }
    if (key->where != 0) {
        put(index, key->where, key->frame, search);
    }
    return &index->searches[search];
}
