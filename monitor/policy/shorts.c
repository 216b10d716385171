/* The multiplier of the hash is chosen so that most entries, usually all, stand where they are
 * looked for first: then a probe takes one line of memory and no branch that cannot be foreseen. */
#include "shorts.h"

#define TABLE_MIN_BITS 10
#define TABLE_MIN      (1U << TABLE_MIN_BITS)

/* The bits of @word that tell the case of a letter, where it has one. */
static uint64_t case_bits(uint64_t folded)
{
    uint64_t bits = 0;
    for (int at = 0; at < 64; at += 8) {
        uint64_t byte = folded >> at & 0xff;
        bits |= byte >= 'a' && byte <= 'z' ? UINT64_C(0x20) << at : 0;
    }
    return bits;
}

struct sw_short_entry sw_short_entry_of(const struct sw_predicate *predicate, uint32_t number,
                                        const struct sw_short *packed)
{
    struct sw_short folded = {sw_fold_word(packed->low), sw_fold_word(packed->high)};
    return (struct sw_short_entry){
        .text = folded,
        .cased = {case_bits(folded.low), case_bits(folded.high)},
        .place = predicate->slot * 32 + predicate->text.length,
        .predicate = number,
    };
}

/* Fills `shorts` with @entries [count]; returns how many do not stand where they are looked for. */
static uint32_t fill_shorts(struct sw_index *index, const struct sw_short_entry *entries,
                            uint32_t count)
{
    uint32_t displaced = 0;
    for (uint32_t i = 0; i < index->short_size; i++) {
        index->shorts[i] = (struct sw_short_entry){.place = UINT32_MAX, .predicate = SW_UNKNOWN};
    }
    for (uint32_t i = 0; i < count; i++) {
        struct sw_short blurred = sw_short_blur(&entries[i].text);
        uint64_t hash = sw_short_hash(&blurred, entries[i].place, index->short_multiplier);
        uint32_t at = (uint32_t)(hash >> index->short_shift);
        displaced += index->shorts[at].predicate != SW_UNKNOWN ? 1 : 0;
        while (index->shorts[at].predicate != SW_UNKNOWN) {
            at = (at + 1) & (index->short_size - 1);
        }
        index->shorts[at] = entries[i];
    }
    return displaced;
}

void sw_shorts_build(struct sw_index *index, const struct sw_short_entry *entries, uint32_t count)
{
    index->short_size = TABLE_MIN;
    index->short_shift = 64 - TABLE_MIN_BITS;
    while (index->short_size < count * 4) {
        index->short_size *= 2;
        index->short_shift--;
    }
    index->shorts = sw_rows_allocate((size_t)index->short_size * sizeof(struct sw_short_entry) /
                                     sizeof(uint64_t));
    uint32_t best = 0;
    uint32_t least = UINT32_MAX;
    for (uint32_t try = 0; try < SW_SHORT_TRIES && least > 0; try++) {
        index->short_multiplier = sw_short_multiplier(try);
        uint32_t displaced = fill_shorts(index, entries, count);
        best = displaced < least ?
        try : best
            ;
        least = displaced < least ? displaced : least;
    }
    index->short_multiplier = sw_short_multiplier(best);
    (void)fill_shorts(index, entries, count);
}
