#include "match.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "decide.h"
#include "fold.h"
#include "hash.h"
#include "memory.h"

#define WORD_BITS 64

static const uint64_t zero_word;

static void fill_apply_row(struct sw_matcher *matcher)
{
    const struct sw_index *index = matcher->index;
    if (!index->dense.used) {
        return;
    }
    memset(matcher->apply_row, 0, index->dense.words * sizeof(uint64_t));
    for (uint32_t i = 0; i < index->log_source_count; i++) {
        const uint64_t *row = index->dense.log_rows + (size_t)i * index->dense.words;
        for (uint32_t word = 0; word < index->dense.words && matcher->applies[i] != 0; word++) {
            matcher->apply_row[word] |= row[word];
        }
    }
}

void sw_matcher_open(struct sw_matcher *matcher, const struct sw_index *index,
                     const struct sw_set *set, const struct sw_rule *rules,
                     const struct sw_rule_source *sources, uint32_t fold_capacity,
                     enum sw_machine machine)
{
    *matcher = (struct sw_matcher){.index = index, .set = set, .rules = rules, .sources = sources};
    SW_ASSERT(index->slot_count == set->slot_count);
    size_t rule_words = index->plan_count / WORD_BITS + 1;
    matcher->bits = sw_allocate(index->word_count, sizeof(uint64_t));
    memcpy(matcher->bits, index->missing, index->word_count * sizeof(uint64_t));
    matcher->data = sw_allocate(SW_VALUES_MAX, sizeof(struct sw_datum));
    matcher->slot_first = sw_allocate(set->slot_count, sizeof(uint32_t));
    matcher->slot_last = sw_allocate(set->slot_count, sizeof(uint32_t));
    matcher->touched = sw_allocate(set->slot_count, sizeof(uint32_t));
    memset(matcher->slot_first, 0xff, set->slot_count * sizeof(uint32_t));
    matcher->lazy_stamp = sw_allocate(index->predicate_count, sizeof(uint32_t));
    matcher->stamps = sw_allocate(index->predicate_count, sizeof(uint32_t));
    matcher->fired = sw_allocate((size_t)index->predicate_count + 1, sizeof(uint32_t));
    matcher->memories = sw_allocate(SW_MEMORIES, sizeof(struct sw_memory));
    for (uint32_t i = 0; i < SW_MEMORIES; i++) {
        matcher->memories[i].asked = SW_UNKNOWN;
    }
    matcher->hits = sw_allocate(rule_words, sizeof(uint64_t));
    matcher->seen = sw_allocate(rule_words, sizeof(uint64_t));
    matcher->join = sw_join_choose(machine);
    matcher->rows = sw_allocate((size_t)index->zero_row + 1, sizeof(uint64_t *));
    matcher->rows[0] = matcher->bits;
    matcher->rows[index->zero_row] = &zero_word;
    if (index->dense.used) {
        size_t places = (size_t)index->dense.slot_count * (SW_COMBINATION_WAYS + 1);
        matcher->apply_row = sw_rows_allocate(index->dense.words);
        matcher->combinations = sw_allocate(places, sizeof(struct sw_combination));
        matcher->combined = sw_rows_allocate(places * index->dense.stride);
        matcher->survivors = sw_allocate(
            (size_t)index->dense.words * WORD_BITS + SW_SURVIVORS_AHEAD, sizeof(uint32_t));
    }
    matcher->matches = sw_allocate((size_t)index->plan_count + 1, sizeof(struct sw_match));
    matcher->applies = sw_allocate(index->log_source_count, 1);
    memset(matcher->applies, 1, index->log_source_count);
    fill_apply_row(matcher);
    sw_tools_open(&matcher->tools, fold_capacity);
}

void sw_matcher_close(struct sw_matcher *matcher)
{
    free(matcher->bits);
    free(matcher->data);
    free(matcher->slot_first);
    free(matcher->slot_last);
    free(matcher->touched);
    free(matcher->lazy_stamp);
    free((void *)matcher->rows);
    free(matcher->apply_row);
    free(matcher->stamps);
    free(matcher->fired);
    free(matcher->memories);
    free(matcher->combinations);
    free(matcher->combined);
    free(matcher->survivors);
    free(matcher->hits);
    free(matcher->seen);
    free(matcher->matches);
    free(matcher->applies);
    sw_tools_close(&matcher->tools);
    *matcher = (struct sw_matcher){0};
}

/* Puts back what the last event changed. */
static void forget_event(struct sw_matcher *matcher)
{
    for (uint32_t i = 0; i < matcher->touched_count; i++) {
        uint32_t slot = matcher->touched[i];
        matcher->slot_first[slot] = SW_UNKNOWN;
        if (!matcher->index->dense.used) {
            const struct sw_slot_plan *plan = &matcher->index->slots[slot];
            for (uint32_t word = plan->first_word; word < plan->first_word + plan->word_count;
                 word++) {
                matcher->bits[word] = matcher->index->missing[word];
            }
        }
    }
    matcher->touched_count = 0;
    matcher->data_count = 0;
    matcher->tools.fold_used = 0;
    matcher->match_count = 0;
}

void sw_match_begin(struct sw_matcher *matcher)
{
    forget_event(matcher);
    matcher->stamp += 2;
    if (matcher->stamp == 0) { // wrapped: old stamps would look new
        memset(matcher->lazy_stamp, 0, matcher->index->predicate_count * sizeof(uint32_t));
        memset(matcher->stamps, 0, matcher->index->predicate_count * sizeof(uint32_t));
        matcher->stamp = 2;
    }
}

static bool log_source_fits(const struct sw_log_source *asked, const struct sw_log_source *given)
{
    return (asked->category.length == 0 || sw_text_equal_fold(asked->category, given->category)) &&
           (asked->product.length == 0 || sw_text_equal_fold(asked->product, given->product)) &&
           (asked->service.length == 0 || sw_text_equal_fold(asked->service, given->service));
}

void sw_match_log_source(struct sw_matcher *matcher, const struct sw_log_source *given)
{
    bool changed = false;
    for (uint32_t i = 0; i < matcher->index->log_source_count; i++) {
        uint8_t applies =
            given == NULL || log_source_fits(&matcher->index->log_sources[i], given) ? 1 : 0;
        changed = changed || matcher->applies[i] != applies;
        matcher->applies[i] = applies;
    }
    if (changed) {
        fill_apply_row(matcher);
    }
}

/* Notes that @predicate holds for the field at hand, once. */
static void fire(struct sw_matcher *matcher, uint32_t predicate)
{
    if (matcher->fired_count > 0) {
        if (matcher->stamps[predicate] == matcher->stamp) {
            return;
        }
        if (matcher->fired_count == 1) {
            matcher->stamps[matcher->fired[0]] = matcher->stamp;
            if (matcher->fired[0] == predicate) {
                return;
            }
        }
        matcher->stamps[predicate] = matcher->stamp;
    }
    matcher->fired[matcher->fired_count++] = predicate;
}

/* Makes the row of field @position when all of `fired` hold. */
static void combine(const struct sw_matcher *matcher, uint32_t position, uint64_t *row)
{
    const struct sw_dense *dense = &matcher->index->dense;
    memcpy(row, sw_dense_none(dense, position), dense->stride * sizeof(uint64_t));
    for (uint32_t i = 0; i < matcher->fired_count; i++) {
        uint32_t number = dense->row_of[matcher->fired[i]];
        const uint64_t *gain = dense->gain + (size_t)number * dense->words;
        const uint64_t *allow = sw_dense_allow(dense, matcher->fired[i]);
        for (uint32_t word = 0; word < dense->words; word++) {
            row[word] |= gain[word];
        }
        for (uint32_t word = dense->words; word < dense->stride; word++) {
            row[word] |= allow[word];
        }
    }
    for (uint32_t i = 0; i < matcher->fired_count; i++) {
        const uint64_t *loss =
            dense->loss + (size_t)dense->row_of[matcher->fired[i]] * dense->words;
        for (uint32_t word = 0; word < dense->words; word++) {
            row[word] &= ~loss[word];
        }
    }
}

/* The row of several predicates, which is kept: the same ones tend to hold together again. */
static const uint64_t *combined_row(struct sw_matcher *matcher, uint32_t position)
{
    const uint32_t *fired = matcher->fired;
    uint32_t count = matcher->fired_count;
    uint32_t hash = 0;
    for (uint32_t i = 0; i < count && i < SW_COMBINATION_MAX; i++) {
        hash = (hash ^ fired[i]) * UINT32_C(0x9e3779b1);
    }
    /* The last place of a field is for what is too long to be kept. */
    uint32_t way =
        count > SW_COMBINATION_MAX ? SW_COMBINATION_WAYS : hash >> (32 - SW_COMBINATION_WAY_BITS);
    uint32_t place = position * (SW_COMBINATION_WAYS + 1) + way;
    uint64_t *row = matcher->combined + (size_t)place * matcher->index->dense.stride;
    struct sw_combination *kept = &matcher->combinations[place];
    if (way == SW_COMBINATION_WAYS) {
        combine(matcher, position, row);
    } else if (kept->count != count ||
               memcmp(kept->predicates, fired, count * sizeof(uint32_t)) != 0) {
        kept->count = count;
        memcpy(kept->predicates, fired, count * sizeof(uint32_t));
        combine(matcher, position, row);
    }
    return row;
}

/* Chooses the row of @slot, or sets its bits, once all of its values were seen. */
static void take_fired(struct sw_matcher *matcher, uint32_t slot)
{
    const struct sw_index *index = matcher->index;
    const struct sw_dense *dense = &index->dense;
    if (dense->used) {
        uint32_t position = dense->position[slot];
        matcher->rows[position] = matcher->fired_count == 0 ? sw_dense_none(dense, position)
                                  : matcher->fired_count == 1
                                      ? sw_dense_allow(dense, matcher->fired[0])
                                      : combined_row(matcher, position);
        return;
    }
    for (uint32_t i = 0; i < matcher->fired_count; i++) {
        const struct sw_mask *masks = index->masks + index->row_first[matcher->fired[i]];
        for (uint32_t j = 0; j < index->row_count[matcher->fired[i]]; j++) {
            matcher->bits[masks[j].word] |= masks[j].mask;
        }
    }
}

static void probe_packed(struct sw_matcher *matcher, uint32_t slot, const struct sw_short *packed,
                         uint32_t length)
{
    const struct sw_short_entry *entry = sw_index_find_short(matcher->index, slot, packed, length);
    if (entry != NULL) {
        fire(matcher, entry->predicate);
    }
}

/* Looks for the equality with @text if it is short. */
static void probe_short(struct sw_matcher *matcher, uint32_t slot, struct sw_text text)
{
    struct sw_short packed;
    if (sw_short_pack(text.bytes, text.length, &packed)) {
        probe_packed(matcher, slot, &packed, text.length);
    }
}

static bool is_short(struct sw_datum *datum)
{
    if (datum->pack == SW_PACK_OPEN) {
        sw_datum_pack(datum);
    }
    return datum->pack == SW_PACK_SHORT;
}

static void probe_text(struct sw_matcher *matcher, uint32_t slot, bool cased, struct sw_text text)
{
    const struct sw_index *index = matcher->index;
    uint32_t hash = sw_equal_hash_text(slot, cased, text);
    for (uint32_t at = hash & (index->equal_size - 1); index->equal[at].predicate != SW_UNKNOWN;
         at = (at + 1) & (index->equal_size - 1)) {
        if (index->equal[at].hash != hash) {
            continue;
        }
        const struct sw_predicate *predicate =
            &matcher->set->predicates[index->equal[at].predicate];
        if (predicate->op == SW_OP_EQUAL && predicate->slot == slot && predicate->cased == cased &&
            predicate->text.length == text.length &&
            sw_bytes_equal(predicate->text.bytes, text.bytes, text.length)) {
            fire(matcher, index->equal[at].predicate);
            return;
        }
    }
}

static void probe_number(struct sw_matcher *matcher, uint32_t slot, const struct sw_number *number)
{
    const struct sw_index *index = matcher->index;
    uint32_t hash = sw_equal_hash_number(slot, number);
    for (uint32_t at = hash & (index->equal_size - 1); index->equal[at].predicate != SW_UNKNOWN;
         at = (at + 1) & (index->equal_size - 1)) {
        const struct sw_predicate *predicate =
            &matcher->set->predicates[index->equal[at].predicate];
        if (index->equal[at].hash == hash && predicate->op == SW_OP_NUMBER &&
            predicate->slot == slot && sw_number_compare(&predicate->number, number) == 0) {
            fire(matcher, index->equal[at].predicate);
            return;
        }
    }
}

static void try_predicate(struct sw_matcher *matcher, uint32_t predicate, struct sw_datum *datum)
{
    if (sw_predicate_test(&matcher->set->predicates[predicate], &matcher->tools, datum)) {
        fire(matcher, predicate);
    }
}

/* Tries the predicates of @slot that have the gram @gram, with hash @hash. */
static void try_gram(struct sw_matcher *matcher, uint32_t slot, uint32_t gram, uint32_t hash,
                     struct sw_datum *datum)
{
    const struct sw_grams *grams = &matcher->index->grams;
    for (uint32_t at = hash & (grams->size - 1); grams->table[at].predicate != SW_UNKNOWN;
         at = (at + 1) & (grams->size - 1)) {
        if (grams->table[at].gram == gram && grams->table[at].slot == slot) {
            try_predicate(matcher, grams->table[at].predicate, datum);
        }
    }
}

static void walk_grams(struct sw_matcher *matcher, uint32_t slot, struct sw_datum *datum)
{
    const uint64_t *filter = matcher->index->grams.filter;
    if (!sw_datum_fold(&matcher->tools, datum)) {
        return;
    }
    for (uint32_t at = 0; at + SW_GRAM_BYTES <= datum->folded.length; at++) {
        uint32_t gram = (uint32_t)sw_hash_load(datum->folded.bytes + at, SW_GRAM_BYTES);
        uint32_t hash = sw_gram_hash(gram, slot);
        uint32_t bit = hash >> (32 - SW_GRAM_BITS);
        if ((filter[bit / 64] >> bit % 64 & 1) != 0) {
            try_gram(matcher, slot, gram, hash, datum);
        }
    }
}

/* The uncased equalities. */
static void match_equal(struct sw_matcher *matcher, uint32_t slot, const struct sw_slot_plan *plan,
                        struct sw_datum *datum)
{
    bool packed = is_short(datum);
    if (packed) {
        probe_packed(matcher, slot, &datum->packed, datum->text.length);
    }
    if ((packed && !plan->has_long && !datum->has_canonical) ||
        !sw_datum_fold(&matcher->tools, datum)) {
        return;
    }
    probe_text(matcher, slot, false, datum->folded);
    if (!packed) { // folding may have made it short: the Kelvin sign becomes a k
        probe_short(matcher, slot, datum->folded);
    }
    if (datum->has_canonical) {
        probe_short(matcher, slot, datum->canonical);
        probe_text(matcher, slot, false, datum->canonical);
    }
}

/* Fires all predicates that @datum satisfies. */
static void match_value(struct sw_matcher *matcher, uint32_t slot, struct sw_datum *datum)
{
    const struct sw_slot_plan *plan = &matcher->index->slots[slot];
    if (datum->type == SW_DATUM_NULL) {
        if (plan->null_predicate != SW_UNKNOWN) {
            fire(matcher, plan->null_predicate);
        }
        return;
    }
    if (datum->type == SW_DATUM_OTHER) {
        return;
    }
    if (plan->has_equal) {
        match_equal(matcher, slot, plan, datum);
    }
    if (plan->has_cased) {
        probe_text(matcher, slot, true, datum->text);
        if (datum->has_canonical) {
            probe_text(matcher, slot, true, datum->canonical);
        }
    }
    if (plan->has_number && sw_datum_is_number(datum)) {
        probe_number(matcher, slot, &datum->number);
    }
    /* The shortest form of a number has grams of its own: it takes the tests one by one. */
    bool walks = plan->gram_count > 0 && !datum->has_canonical;
    uint32_t count = plan->test_count + (walks ? 0 : plan->gram_count);
    for (uint32_t i = 0; i < count; i++) {
        try_predicate(matcher, matcher->index->tests[plan->test_first + i], datum);
    }
    if (walks) {
        walk_grams(matcher, slot, datum);
    }
}

/* Fires all predicates of @slot that hold. */
static void fire_slot(struct sw_matcher *matcher, uint32_t slot, struct sw_datum *datum)
{
    const struct sw_slot_plan *plan = &matcher->index->slots[slot];
    if (plan->exists_predicate != SW_UNKNOWN) {
        fire(matcher, plan->exists_predicate);
    }
    for (;;) {
        match_value(matcher, slot, datum);
        if (datum->next == SW_UNKNOWN) {
            break;
        }
        datum = &matcher->data[datum->next];
    }
}

/* What fires depends on the field and the text alone, and fields with dear tests tend to have few
 * texts. */
static void fire_remembered(struct sw_matcher *matcher, uint32_t slot, struct sw_datum *datum)
{
    struct sw_memory *memory = sw_memory_find(matcher->memories, slot, datum);
    if (sw_memory_holds(memory, slot, datum)) {
        matcher->fired_count = memory->count;
        memcpy(matcher->fired, memory->fired, memory->count * sizeof(uint32_t));
        return;
    }
    fire_slot(matcher, slot, datum);
    /* Without room to fold, a text fits no test. */
    const struct sw_tools *tools = &matcher->tools;
    bool folded = tools->fold_capacity - tools->fold_used >= SW_FOLD_BYTES_MAX(SW_MEMORY_TEXT_MAX);
    if (folded && matcher->fired_count <= SW_COMBINATION_MAX) {
        sw_memory_set(memory, slot, datum);
        memory->count = (uint8_t)matcher->fired_count;
        memcpy(memory->fired, matcher->fired, matcher->fired_count * sizeof(uint32_t));
    }
}

static void match_slot(struct sw_matcher *matcher, uint32_t slot, struct sw_datum *datum)
{
    const struct sw_index *index = matcher->index;
    if (index->slots[slot].word_count == 0) {
        return;
    }
    matcher->fired_count = 0;
    for (uint32_t word = 0; !index->dense.used && word < index->slots[slot].word_count; word++) {
        matcher->bits[index->slots[slot].first_word + word] = 0;
    }
    if (!index->slots[slot].plain && datum->next == SW_UNKNOWN && sw_memory_fits(datum)) {
        fire_remembered(matcher, slot, datum);
    } else {
        fire_slot(matcher, slot, datum);
    }
    take_fired(matcher, slot);
}

static void match_values(struct sw_matcher *matcher)
{
    const struct sw_index *index = matcher->index;
    const struct sw_dense *dense = &index->dense;
    if (dense->used) {
        memcpy((void *)matcher->rows, (const void *)dense->missing,
               dense->slot_count * sizeof(uint64_t *));
    }
    for (uint32_t i = 0; i < matcher->touched_count; i++) {
        uint32_t slot = matcher->touched[i];
        struct sw_datum *datum = &matcher->data[matcher->slot_first[slot]];
        const struct sw_slot_plan *plan = &index->slots[slot];
        if (!plan->direct || datum->next != SW_UNKNOWN || datum->pack != SW_PACK_SHORT) {
            match_slot(matcher, slot, datum);
            continue;
        }
        /* The usual case: one short text and nothing but equalities. */
        const struct sw_short_entry *entry =
            sw_index_find_short(index, slot, &datum->packed, datum->text.length);
        uint32_t row = entry != NULL ? entry->row : plan->position;
        matcher->rows[plan->position] = dense->rows + (size_t)row * dense->stride;
    }
}

void sw_match_finish(struct sw_matcher *matcher, int64_t time_ms)
{
    match_values(matcher);
    if (matcher->index->dense.used) {
        sw_finish_dense(matcher, time_ms);
    } else {
        sw_finish_sparse(matcher, time_ms);
    }
}
