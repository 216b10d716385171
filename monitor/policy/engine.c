#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"

#define TABLE_MIN 256 // a power of two

void *sw_grow(void *items, uint32_t count, uint32_t *capacity, size_t bytes)
{
    if (count < *capacity) {
        return items;
    }
    uint32_t larger = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = realloc(items, larger * bytes);
    if (grown == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory while loading rules (%zu bytes asked for)\n",
                      larger * bytes);
        exit(EXIT_FAILURE);
    }
    *capacity = larger;
    return grown;
}

static struct sw_text slot_name(const struct sw_set *set, uint32_t index)
{
    return set->slots[index].name;
}

static struct sw_text predicate_key(const struct sw_set *set, uint32_t index)
{
    return set->predicates[index].key;
}

typedef struct sw_text (*name_of_fn)(const struct sw_set *set, uint32_t index);

/* The entry of @name in the table, or the empty one where it belongs. */
static uint32_t *find_entry(const struct sw_set *set, uint32_t *table, uint32_t size,
                            name_of_fn name_of, struct sw_text name)
{
    SW_ASSERT(size > 0);
    uint32_t at = (uint32_t)sw_text_hash(name) & (size - 1);
    while (table[at] != 0 && !sw_text_equal(name_of(set, table[at] - 1), name)) {
        at = (at + 1) & (size - 1);
    }
    return &table[at];
}

/* Doubles the table when it is more than half full with @count names. */
static void make_room(const struct sw_set *set, uint32_t **table, uint32_t *size, uint32_t count,
                      name_of_fn name_of)
{
    if (*size > 0 && count * 2 < *size) {
        return;
    }
    uint32_t larger = *size == 0 ? TABLE_MIN : *size * 2;
    free(*table);
    *table = sw_allocate(larger, sizeof(uint32_t));
    *size = larger;
    for (uint32_t i = 0; i < count; i++) {
        *find_entry(set, *table, larger, name_of, name_of(set, i)) = i + 1;
    }
}

uint32_t sw_set_find_slot(const struct sw_set *set, struct sw_text name)
{
    if (set->slot_table_size == 0) {
        return SW_UNKNOWN;
    }
    uint32_t entry = *find_entry(set, set->slot_table, set->slot_table_size, slot_name, name);
    return entry == 0 ? SW_UNKNOWN : entry - 1;
}

uint32_t sw_set_slot(struct sw_set *set, struct sw_text name)
{
    uint32_t found = sw_set_find_slot(set, name);
    if (found != SW_UNKNOWN) {
        return found;
    }
    set->slots = sw_grow(set->slots, set->slot_count, &set->slot_capacity, sizeof(*set->slots));
    set->slots[set->slot_count] =
        (struct sw_slot){.name = sw_arena_text(&set->arena, name), .field = sw_field_find(name)};
    make_room(set, &set->slot_table, &set->slot_table_size, set->slot_count, slot_name);
    *find_entry(set, set->slot_table, set->slot_table_size, slot_name, name) = set->slot_count + 1;
    return set->slot_count++;
}

uint32_t sw_set_predicate(struct sw_set *set, const struct sw_predicate *predicate)
{
    make_room(set, &set->predicate_table, &set->predicate_table_size, set->predicate_count,
              predicate_key);
    uint32_t *entry = find_entry(set, set->predicate_table, set->predicate_table_size,
                                 predicate_key, predicate->key);
    if (*entry != 0) {
        pcre2_code_free(predicate->regex);
        return *entry - 1;
    }
    set->predicates = sw_grow(set->predicates, set->predicate_count, &set->predicate_capacity,
                              sizeof(*set->predicates));
    set->predicates[set->predicate_count] = *predicate;
    *entry = set->predicate_count + 1;
    return set->predicate_count++;
}

void sw_set_free(struct sw_set *set)
{
    for (uint32_t i = 0; i < set->predicate_count; i++) {
        pcre2_code_free(set->predicates[i].regex);
    }
    free(set->slots);
    free(set->predicates);
    free(set->slot_table);
    free(set->predicate_table);
    sw_arena_free(&set->arena);
    *set = (struct sw_set){0};
}
