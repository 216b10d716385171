#include "source.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

static_assert((SW_SOURCE_SLOTS & (SW_SOURCE_SLOTS - 1)) == 0, "slots are found by masking");
static_assert(SW_SOURCES_MAX < UINT16_MAX, "an index fits a slot");

static uint32_t find_slot(const struct sw_sources *sources, struct sw_text name, uint64_t hash)
{
    uint32_t slot = (uint32_t)(hash ^ hash >> 32) & (SW_SOURCE_SLOTS - 1);
    while (sources->slots[slot] != 0) {
        const struct sw_source *source = &sources->items[sources->slots[slot] - 1];
        struct sw_text other = {source->name, source->name_bytes};
        if (source->hash == hash && sw_text_equal(other, name)) {
            break;
        }
        slot = (slot + 1) & (SW_SOURCE_SLOTS - 1);
    }
    return slot;
}

uint32_t sw_sources_find(const struct sw_sources *sources, struct sw_text name)
{
    uint16_t number = sources->slots[find_slot(sources, name, sw_text_mix(name))];
    return number == 0 ? UINT32_MAX : (uint32_t)number - 1;
}

uint32_t sw_sources_add(struct sw_sources *sources, struct sw_text name)
{
    SW_ASSERT(name.length >= 1 && name.length <= SW_SOURCE_BYTES_MAX);
    uint64_t hash = sw_text_mix(name);
    uint32_t slot = find_slot(sources, name, hash);
    if (sources->slots[slot] != 0) {
        return (uint32_t)sources->slots[slot] - 1;
    }
    if (sources->count == SW_SOURCES_MAX) {
        sources->refused_total++;
        return UINT32_MAX;
    }
    uint32_t index = sources->count++;
    struct sw_source *source = &sources->items[index];
    *source = (struct sw_source){
        .name_bytes = name.length, .hash = hash, .lasting_hash = sw_text_hash(name)};
    memcpy(source->name, name.bytes, name.length);
    sources->slots[slot] = (uint16_t)(index + 1);
    return index;
}

/* --- lists of holes --- */

static struct sw_hole *hole_of(struct sw_sources *sources, uint32_t number)
{
    SW_ASSERT(number >= 1 && number <= sources->hole_count);
    return &sources->holes[number - 1];
}

static struct sw_hole_list *list_of(struct sw_sources *sources, const struct sw_hole *hole)
{
    return hole->reported ? &sources->reported : &sources->waiting;
}

/* Links @number by age: behind the newest hole that was opened no later. Holes open in order of
 * time, so that this looks at one of them nearly always. */
static void link_by_age(struct sw_sources *sources, uint32_t number)
{
    struct sw_hole *hole = hole_of(sources, number);
    struct sw_hole_list *list = list_of(sources, hole);
    uint32_t older = list->newest;
    while (older != 0 && hole_of(sources, older)->opened_ms > hole->opened_ms) {
        older = hole_of(sources, older)->older;
    }
    hole->older = older;
    hole->newer = older != 0 ? hole_of(sources, older)->newer : list->oldest;
    *(older != 0 ? &hole_of(sources, older)->newer : &list->oldest) = number;
    *(hole->newer != 0 ? &hole_of(sources, hole->newer)->older : &list->newest) = number;
    sources->items[hole->source].waiting += hole->reported ? 0 : 1;
}

static void unlink_by_age(struct sw_sources *sources, uint32_t number)
{
    const struct sw_hole *hole = hole_of(sources, number);
    struct sw_hole_list *list = list_of(sources, hole);
    *(hole->older != 0 ? &hole_of(sources, hole->older)->newer : &list->oldest) = hole->newer;
    *(hole->newer != 0 ? &hole_of(sources, hole->newer)->older : &list->newest) = hole->older;
    sources->items[hole->source].waiting -= hole->reported ? 0 : 1;
}

/* Links @number among its source's holes behind @before, 0: as the first. */
static void link_by_number(struct sw_sources *sources, uint32_t number, uint32_t before)
{
    struct sw_hole *hole = hole_of(sources, number);
    struct sw_source *source = &sources->items[hole->source];
    hole->before = before;
    hole->after = before != 0 ? hole_of(sources, before)->after : source->first_hole;
    *(before != 0 ? &hole_of(sources, before)->after : &source->first_hole) = number;
    *(hole->after != 0 ? &hole_of(sources, hole->after)->before : &source->last_hole) = number;
}

static void release(struct sw_sources *sources, uint32_t number)
{
    struct sw_hole *hole = hole_of(sources, number);
    struct sw_source *source = &sources->items[hole->source];
    unlink_by_age(sources, number);
    *(hole->before != 0 ? &hole_of(sources, hole->before)->after : &source->first_hole) =
        hole->after;
    *(hole->after != 0 ? &hole_of(sources, hole->after)->before : &source->last_hole) =
        hole->before;
    hole->after = sources->free_hole;
    sources->free_hole = number;
}

/* A free hole, taken from the one reported longest ago but for @kept when the table is full; 0: all
 * others wait. */
static uint32_t take_hole(struct sw_sources *sources, uint32_t kept)
{
    if (sources->free_hole == 0 && sources->hole_count < SW_HOLES_MAX) {
        return ++sources->hole_count;
    }
    uint32_t oldest = sources->reported.oldest;
    if (oldest != 0 && oldest == kept) {
        oldest = hole_of(sources, oldest)->newer;
    }
    if (sources->free_hole == 0 && oldest != 0) {
        release(sources, oldest);
        sources->merged_total++;
    }
    uint32_t number = sources->free_hole;
    if (number != 0) {
        sources->free_hole = hole_of(sources, number)->after;
    }
    return number;
}

static void open_hole(struct sw_sources *sources, const struct sw_hole *hole, uint32_t before)
{
    uint32_t number = take_hole(sources, before);
    if (number == 0) {
        sources->merged_total++;
        if (before != 0) { // claims that what lies between is missing too: too much, not too little
            hole_of(sources, before)->last = hole->last;
        }
        return;
    }
    *hole_of(sources, number) = *hole;
    link_by_number(sources, number, before);
    link_by_age(sources, number);
}

/* The hole of @source that holds @sequence, or 0; late comers are mostly among the last. */
static uint32_t find_hole(struct sw_sources *sources, uint32_t source, uint64_t sequence)
{
    uint32_t number = sources->items[source].last_hole;
    while (number != 0 && hole_of(sources, number)->first > sequence) {
        number = hole_of(sources, number)->before;
    }
    return number != 0 && hole_of(sources, number)->last >= sequence ? number : 0;
}

/* Takes @sequence out of the hole @number: it shrinks, vanishes or becomes two. */
static void fill(struct sw_sources *sources, uint32_t number, uint64_t sequence)
{
    struct sw_hole *hole = hole_of(sources, number);
    if (hole->first == hole->last) {
        release(sources, number);
    } else if (hole->first == sequence) {
        hole->first++;
    } else if (hole->last == sequence) {
        hole->last--;
    } else {
        struct sw_hole rest = *hole;
        rest.first = sequence + 1;
        hole->last = sequence - 1;
        open_hole(sources, &rest, number);
    }
}

bool sw_sources_take(struct sw_sources *sources, uint32_t index, uint64_t sequence, int64_t now_ms)
{
    SW_ASSERT(index < sources->count);
    SW_ASSERT(sequence >= 1);
    struct sw_source *source = &sources->items[index];
    if (sequence <= source->highest) {
        uint32_t number = find_hole(sources, index, sequence);
        bool reported = number != 0 && hole_of(sources, number)->reported;
        if (number != 0) {
            fill(sources, number, sequence);
        }
        return reported;
    }
    if (sequence > source->highest + 1) {
        struct sw_hole hole = {.first = source->highest + 1,
                               .last = sequence - 1,
                               .opened_ms = now_ms,
                               .source = index};
        open_hole(sources, &hole, source->last_hole);
    }
    source->highest = sequence;
    return false;
}

void sw_sources_end(struct sw_sources *sources, uint32_t index, uint64_t last, int64_t now_ms)
{
    SW_ASSERT(index < sources->count);
    struct sw_source *source = &sources->items[index];
    if (last > source->highest) {
        struct sw_hole hole = {
            .first = source->highest + 1, .last = last, .opened_ms = now_ms, .source = index};
        open_hole(sources, &hole, source->last_hole);
        source->highest = last;
    }
}

bool sw_sources_has_expired(const struct sw_sources *sources, int64_t now_ms)
{
    uint32_t number = sources->waiting.oldest;
    return number != 0 && now_ms - sources->holes[number - 1].opened_ms >= SW_HOLE_GRACE_MS;
}

bool sw_sources_expire(struct sw_sources *sources, int64_t now_ms, struct sw_gap *gap)
{
    if (!sw_sources_has_expired(sources, now_ms)) {
        return false;
    }
    uint32_t number = sources->waiting.oldest;
    struct sw_hole *hole = hole_of(sources, number);
    unlink_by_age(sources, number);
    hole->reported = true;
    link_by_age(sources, number);
    *gap = (struct sw_gap){.source = hole->source,
                           .first = hole->first,
                           .last = hole->last,
                           .opened_ms = hole->opened_ms};
    return true;
}

void sw_sources_restore_hole(struct sw_sources *sources, uint32_t source, uint64_t first,
                             uint64_t last, int64_t opened_ms, bool reported)
{
    SW_ASSERT(source < sources->count);
    SW_ASSERT(first >= 1 && first <= last);
    uint32_t before = sources->items[source].last_hole;
    while (before != 0 && hole_of(sources, before)->first > first) {
        before = hole_of(sources, before)->before;
    }
    struct sw_hole hole = {.first = first,
                           .last = last,
                           .opened_ms = opened_ms,
                           .source = source,
                           .reported = reported};
    open_hole(sources, &hole, before);
    if (last > sources->items[source].highest) {
        sources->items[source].highest = last;
    }
}

uint64_t sw_sources_contiguous(const struct sw_sources *sources, uint32_t index)
{
    SW_ASSERT(index < sources->count);
    const struct sw_source *source = &sources->items[index];
    uint32_t number = source->waiting > 0 ? source->first_hole : 0;
    while (number != 0 && sources->holes[number - 1].reported) {
        number = sources->holes[number - 1].after;
    }
    return number != 0 ? sources->holes[number - 1].first - 1 : source->highest;
}
