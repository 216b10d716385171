#include "match.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <sharewatch/assert.h>

#include "hash.h"

#define WORD_BITS 64

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);
    if (memory == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory for matching rules\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

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
                     const struct sw_rule_source *sources, uint32_t fold_capacity)
{
    *matcher = (struct sw_matcher){.index = index, .set = set, .rules = rules, .sources = sources};
    size_t rule_words = index->plan_count / WORD_BITS + 1;
    matcher->bits = allocate(index->word_count, sizeof(uint64_t));
    memcpy(matcher->bits, index->missing, index->word_count * sizeof(uint64_t));
    matcher->data = allocate(SW_VALUES_MAX, sizeof(struct sw_datum));
    matcher->slot_first = allocate(set->slot_count, sizeof(uint32_t));
    matcher->slot_last = allocate(set->slot_count, sizeof(uint32_t));
    matcher->touched = allocate(set->slot_count, sizeof(uint32_t));
    memset(matcher->slot_first, 0xff, set->slot_count * sizeof(uint32_t));
    matcher->lazy_stamp = allocate(index->predicate_count, sizeof(uint32_t));
    matcher->hits = allocate(rule_words, sizeof(uint64_t));
    matcher->seen = allocate(rule_words, sizeof(uint64_t));
    if (index->dense.used) {
        matcher->rows = allocate(index->dense.slot_count, sizeof(uint64_t *));
        matcher->apply_row = allocate(index->dense.words, sizeof(uint64_t));
        matcher->joined =
            allocate((size_t)index->dense.slot_count * index->dense.words * 2, sizeof(uint64_t));
    }
    matcher->matches = allocate(index->plan_count, sizeof(struct sw_match));
    matcher->applies = allocate(index->log_source_count, 1);
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
    free(matcher->joined);
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
        if (slot < matcher->index->slot_count) {
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
        matcher->stamp = 2;
    }
}

struct sw_datum *sw_match_add(struct sw_matcher *matcher, uint32_t slot)
{
    SW_ASSERT(slot < matcher->set->slot_count);
    if (matcher->data_count == SW_VALUES_MAX) {
        matcher->values_refused_total++;
        return NULL;
    }
    uint32_t index = matcher->data_count++;
    struct sw_datum *datum = &matcher->data[index];
    if (matcher->slot_first[slot] == SW_UNKNOWN) {
        matcher->slot_first[slot] = index;
        matcher->touched[matcher->touched_count++] = slot;
    } else {
        matcher->data[matcher->slot_last[slot]].next = index;
    }
    matcher->slot_last[slot] = index;
    return datum;
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

static void set_row(struct sw_matcher *matcher, uint32_t first, uint32_t count)
{
    const struct sw_mask *masks = matcher->index->masks + first;
    for (uint32_t i = 0; i < count; i++) {
        matcher->bits[masks[i].word] |= masks[i].mask;
    }
}

/* Adds the rules that @predicate gains and loses to those of the field at hand. */
static void join_row(struct sw_matcher *matcher, uint32_t predicate)
{
    const struct sw_dense *dense = &matcher->index->dense;
    uint32_t position = dense->position[matcher->set->predicates[predicate].slot];
    uint64_t *gain = matcher->joined + (size_t)position * dense->words * 2;
    uint64_t *loss = gain + dense->words;
    size_t row = (size_t)dense->row_of[predicate] * dense->words;
    for (uint32_t word = 0; word < dense->words; word++) {
        gain[word] |= dense->gain[row + word];
        loss[word] |= dense->loss[row + word];
    }
}

/* The usual case is one predicate a field, whose row is ready; several are joined. */
static void fire_predicate(struct sw_matcher *matcher, uint32_t predicate)
{
    const struct sw_dense *dense = &matcher->index->dense;
    if (!dense->used || matcher->fired == predicate) {
        return;
    }
    if (matcher->fired == SW_UNKNOWN) {
        matcher->fired = predicate;
        return;
    }
    if (!matcher->is_joined) {
        matcher->is_joined = true;
        uint32_t position = dense->position[matcher->set->predicates[predicate].slot];
        memset(matcher->joined + (size_t)position * dense->words * 2, 0,
               (size_t)dense->words * 2 * sizeof(uint64_t));
        join_row(matcher, matcher->fired);
    }
    join_row(matcher, predicate);
}

/* The row of the field at hand, once all of its values were seen. */
static const uint64_t *finish_row(struct sw_matcher *matcher, uint32_t position)
{
    const struct sw_dense *dense = &matcher->index->dense;
    const uint64_t *none = dense->none + (size_t)position * dense->words;
    if (matcher->fired == SW_UNKNOWN) {
        return none;
    }
    if (!matcher->is_joined) {
        return dense->allow + (size_t)dense->row_of[matcher->fired] * dense->words;
    }
    uint64_t *row = matcher->joined + (size_t)position * dense->words * 2;
    const uint64_t *loss = row + dense->words;
    for (uint32_t word = 0; word < dense->words; word++) {
        row[word] = (none[word] | row[word]) & ~loss[word];
    }
    return row;
}

static void set_predicate(struct sw_matcher *matcher, uint32_t predicate)
{
    fire_predicate(matcher, predicate);
    set_row(matcher, matcher->index->row_first[predicate], matcher->index->row_count[predicate]);
}

/* Looks for the equality with @text. False: the text is not short, and was not looked for. */
static bool probe_short(struct sw_matcher *matcher, uint32_t slot, struct sw_text text)
{
    const struct sw_index *index = matcher->index;
    struct sw_short packed;
    if (!sw_short_pack(text.bytes, text.length, &packed)) {
        return false;
    }
    uint32_t place = slot * 32 + text.length;
    for (uint32_t at = sw_short_hash(&packed, text.length, slot) & (index->short_size - 1);
         index->shorts[at].predicate != SW_UNKNOWN; at = (at + 1) & (index->short_size - 1)) {
        const struct sw_short_entry *entry = &index->shorts[at];
        if (entry->low == packed.low && entry->high == packed.high && entry->place == place) {
            set_predicate(matcher, entry->predicate);
            break;
        }
    }
    return true;
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
            set_predicate(matcher, index->equal[at].predicate);
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
            set_predicate(matcher, index->equal[at].predicate);
            return;
        }
    }
}

static void try_predicate(struct sw_matcher *matcher, uint32_t predicate, struct sw_datum *datum)
{
    if (sw_predicate_test(&matcher->set->predicates[predicate], &matcher->tools, datum)) {
        set_predicate(matcher, predicate);
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

/* Sets the bits of all clauses that @datum satisfies. */
static void match_value(struct sw_matcher *matcher, uint32_t slot, struct sw_datum *datum)
{
    const struct sw_slot_plan *plan = &matcher->index->slots[slot];
    if (datum->type == SW_DATUM_NULL) {
        if (plan->null_predicate != SW_UNKNOWN) {
            set_predicate(matcher, plan->null_predicate);
        }
        return;
    }
    if (datum->type == SW_DATUM_OTHER) {
        return;
    }
    bool is_short = plan->has_equal && probe_short(matcher, slot, datum->text);
    if (plan->has_equal && (plan->has_long || datum->canonical.length > 0 || !is_short) &&
        sw_datum_fold(&matcher->tools, datum)) {
        probe_text(matcher, slot, false, datum->folded);
        if (!is_short) { // folding may have made it short: the Kelvin sign becomes a k
            (void)probe_short(matcher, slot, datum->folded);
        }
        if (datum->canonical.length > 0) {
            (void)probe_short(matcher, slot, datum->canonical);
            probe_text(matcher, slot, false, datum->canonical);
        }
    }
    if (plan->has_cased) {
        probe_text(matcher, slot, true, datum->text);
        if (datum->canonical.length > 0) {
            probe_text(matcher, slot, true, datum->canonical);
        }
    }
    if (plan->has_number && sw_datum_is_number(datum)) {
        probe_number(matcher, slot, &datum->number);
    }
    /* The shortest form of a number has grams of its own: it takes the tests one by one. */
    bool walks = plan->gram_count > 0 && datum->canonical.length == 0;
    uint32_t count = plan->test_count + (walks ? 0 : plan->gram_count);
    for (uint32_t i = 0; i < count; i++) {
        try_predicate(matcher, matcher->index->tests[plan->test_first + i], datum);
    }
    if (walks) {
        walk_grams(matcher, slot, datum);
    }
}

static void match_values(struct sw_matcher *matcher)
{
    const struct sw_dense *dense = &matcher->index->dense;
    if (dense->used) {
        memcpy((void *)matcher->rows, (const void *)dense->missing,
               dense->slot_count * sizeof(uint64_t *));
    }
    for (uint32_t i = 0; i < matcher->touched_count; i++) {
        uint32_t slot = matcher->touched[i];
        if (slot >= matcher->index->slot_count || matcher->index->slots[slot].word_count == 0) {
            continue;
        }
        const struct sw_slot_plan *plan = &matcher->index->slots[slot];
        for (uint32_t word = 0; word < plan->word_count; word++) {
            matcher->bits[plan->first_word + word] = 0;
        }
        matcher->fired = SW_UNKNOWN;
        matcher->is_joined = false;
        if (plan->exists_predicate != SW_UNKNOWN) {
            set_predicate(matcher, plan->exists_predicate);
        }
        for (uint32_t at = matcher->slot_first[slot]; at != SW_UNKNOWN;
             at = matcher->data[at].next) {
            match_value(matcher, slot, &matcher->data[at]);
        }
        if (dense->used) {
            uint32_t position = dense->position[slot];
            matcher->rows[position] = finish_row(matcher, position);
        }
    }
}

bool sw_match_missing(const struct sw_matcher *matcher, uint32_t slot)
{
    for (uint32_t at = matcher->slot_first[slot]; at != SW_UNKNOWN; at = matcher->data[at].next) {
        if (matcher->data[at].type != SW_DATUM_NULL) {
            return false;
        }
    }
    return true;
}

static bool has_null(const struct sw_matcher *matcher, uint32_t slot)
{
    for (uint32_t at = matcher->slot_first[slot]; at != SW_UNKNOWN; at = matcher->data[at].next) {
        if (matcher->data[at].type == SW_DATUM_NULL) {
            return true;
        }
    }
    return matcher->slot_first[slot] == SW_UNKNOWN;
}

static bool test_pairs(struct sw_matcher *matcher, const struct sw_predicate *predicate)
{
    for (uint32_t left = matcher->slot_first[predicate->slot]; left != SW_UNKNOWN;
         left = matcher->data[left].next) {
        for (uint32_t right = matcher->slot_first[predicate->other_slot]; right != SW_UNKNOWN;
             right = matcher->data[right].next) {
            if (sw_predicate_test_pair(predicate, &matcher->tools, &matcher->data[left],
                                       &matcher->data[right])) {
                return true;
            }
        }
    }
    return false;
}

bool sw_match_test(struct sw_matcher *matcher, uint32_t index)
{
    const struct sw_predicate *predicate = &matcher->set->predicates[index];
    if (predicate->op == SW_OP_EXISTS) {
        return matcher->slot_first[predicate->slot] != SW_UNKNOWN;
    }
    if (predicate->op == SW_OP_NULL) {
        return has_null(matcher, predicate->slot);
    }
    if (predicate->op == SW_OP_FIELD) {
        return test_pairs(matcher, predicate);
    }
    for (uint32_t at = matcher->slot_first[predicate->slot]; at != SW_UNKNOWN;
         at = matcher->data[at].next) {
        if (sw_predicate_test(predicate, &matcher->tools, &matcher->data[at])) {
            return true;
        }
    }
    return false;
}

static bool test_lazy(struct sw_matcher *matcher, uint32_t predicate)
{
    uint32_t *stamp = &matcher->lazy_stamp[predicate];
    if ((*stamp & ~UINT32_C(1)) != matcher->stamp) {
        *stamp = matcher->stamp | (sw_match_test(matcher, predicate) ? 1 : 0);
    }
    return (*stamp & 1) != 0;
}

static bool clause_holds(const struct sw_matcher *matcher, uint32_t index)
{
    const struct sw_clause *clause = &matcher->index->clauses[index];
    return (matcher->bits[clause->word] & clause->mask) != 0;
}

/* All bits of the masks are set. */
static bool masks_hold(const struct sw_matcher *matcher, uint32_t first, uint32_t count)
{
    const struct sw_mask *masks = matcher->index->masks + first;
    for (uint32_t i = 0; i < count; i++) {
        if ((matcher->bits[masks[i].word] & masks[i].mask) != masks[i].mask) {
            return false;
        }
    }
    return true;
}

/* Recursion is bounded by the depth of the rule's tree. */
static bool run_code(struct sw_matcher *matcher, uint32_t index)
{
    const struct sw_code *code = &matcher->index->codes[index];
    switch (code->type) {
    case SW_CODE_FALSE:
        return false;
    case SW_CODE_TRUE:
        return true;
    case SW_CODE_CLAUSE:
        return clause_holds(matcher, code->operand);
    case SW_CODE_LAZY:
        return test_lazy(matcher, code->operand);
    case SW_CODE_MASKS:
        return masks_hold(matcher, code->first, code->count);
    case SW_CODE_NOT:
        return !run_code(matcher, code->operand);
    case SW_CODE_AND:
    case SW_CODE_OR:
        break;
    }
    bool all = code->type == SW_CODE_AND;
    for (uint32_t i = 0; i < code->count; i++) {
        if (run_code(matcher, matcher->index->children[code->first + i]) != all) {
            return !all;
        }
    }
    return all;
}

static bool is_guarded(const struct sw_matcher *matcher, uint32_t rule)
{
    const struct sw_guard *guard = &matcher->index->guards[rule];
    return (matcher->bits[guard->word[0]] & guard->mask[0]) == guard->mask[0] &&
           (matcher->bits[guard->word[1]] & guard->mask[1]) == guard->mask[1];
}

static bool plan_holds(struct sw_matcher *matcher, uint32_t rule)
{
    const struct sw_plan *plan = &matcher->index->plans[rule];
    const struct sw_mask *masks = matcher->index->masks;
    if (!masks_hold(matcher, plan->required_first, plan->required_count)) {
        return false;
    }
    for (uint32_t i = 0; i < plan->forbidden_count; i++) {
        const struct sw_mask *mask = &masks[plan->forbidden_first + i];
        if ((matcher->bits[mask->word] & mask->mask) != 0) {
            return false;
        }
    }
    return !(plan->guarded && is_guarded(matcher, rule)) && run_code(matcher, plan->residual);
}

static void try_rule(struct sw_matcher *matcher, uint32_t rule)
{
    uint64_t bit = UINT64_C(1) << rule % WORD_BITS;
    const struct sw_plan *plan = &matcher->index->plans[rule];
    if ((matcher->seen[rule / WORD_BITS] & bit) != 0 || matcher->applies[plan->log_source] == 0) {
        return;
    }
    matcher->seen[rule / WORD_BITS] |= bit;
    if (plan_holds(matcher, rule)) {
        matcher->hits[rule / WORD_BITS] |= bit;
    }
}

static void try_key(struct sw_matcher *matcher, uint32_t bit)
{
    const struct sw_index *index = matcher->index;
    for (uint32_t i = index->posting_first[bit]; i < index->posting_first[bit + 1]; i++) {
        const struct sw_posting *posting = &index->postings[i];
        if ((matcher->bits[posting->word] & posting->mask) == posting->mask) {
            try_rule(matcher, posting->plan);
        }
    }
}

static void try_candidates(struct sw_matcher *matcher)
{
    const struct sw_index *index = matcher->index;
    for (uint32_t i = 0; i < matcher->touched_count; i++) {
        if (matcher->touched[i] >= index->slot_count) {
            continue;
        }
        const struct sw_slot_plan *plan = &index->slots[matcher->touched[i]];
        for (uint32_t word = plan->first_word; word < plan->first_word + plan->word_count; word++) {
            uint64_t keys = matcher->bits[word] & index->key_bits[word];
            while (keys != 0) {
                try_key(matcher, word * WORD_BITS + (uint32_t)__builtin_ctzll(keys));
                keys &= keys - 1;
            }
        }
    }
    for (uint32_t i = 0; i < index->always_count; i++) {
        try_rule(matcher, index->always[i]);
    }
}

/* Kleene's value of a tree with @unknown's tests unknown: -1 false, 0 unknown, 1 true. */
static int kleene(struct sw_matcher *matcher, const struct sw_node *node, uint32_t unknown)
{
    if (node->type == SW_NODE_PREDICATE) {
        const struct sw_predicate *predicate = &matcher->set->predicates[node->predicate];
        bool presence = predicate->op == SW_OP_EXISTS || predicate->op == SW_OP_NULL;
        bool asks = predicate->slot == unknown ||
                    (predicate->op == SW_OP_FIELD && predicate->other_slot == unknown);
        return asks && !presence ? 0 : sw_match_test(matcher, node->predicate) ? 1 : -1;
    }
    if (node->type == SW_NODE_NOT) {
        return -kleene(matcher, node->children[0], unknown);
    }
    int worst = node->type == SW_NODE_AND ? 1 : -1;
    for (uint32_t i = 0; i < node->count; i++) {
        int value = kleene(matcher, node->children[i], unknown);
        bool takes = node->type == SW_NODE_AND ? value < worst : value > worst;
        worst = takes ? value : worst;
    }
    return worst;
}

/* The first missing field of if_missing on whose tests alone the answer hangs; when it takes
 * several at once, the first that is missing. */
static uint32_t find_missing(struct sw_matcher *matcher, uint32_t rule)
{
    const struct sw_rule_source *source = &matcher->sources[rule];
    uint32_t first = SW_UNKNOWN;
    for (uint32_t i = 0; i < source->if_missing_count; i++) {
        uint32_t slot = source->if_missing[i];
        if (!sw_match_missing(matcher, slot)) {
            continue;
        }
        first = first == SW_UNKNOWN ? slot : first;
        if (kleene(matcher, source->tree, slot) == 0) {
            return slot;
        }
    }
    return first;
}

static void report_rule(struct sw_matcher *matcher, uint32_t rule, int64_t time_ms)
{
    const struct sw_plan *plan = &matcher->index->plans[rule];
    if (plan->dated && time_ms != INT64_MIN) {
        const struct sw_rule *dates = &matcher->rules[rule];
        if (time_ms < dates->from_ms || time_ms >= dates->until_ms) {
            return;
        }
    }
    struct sw_match match = {rule, SW_UNKNOWN};
    uint32_t sure = plan->sure;
    if (sure != SW_UNKNOWN && !run_code(matcher, sure)) {
        match.missing_slot = find_missing(matcher, rule);
        SW_ASSERT(match.missing_slot != SW_UNKNOWN);
    }
    matcher->matches[matcher->match_count++] = match;
}

/* What the rows left open: log source, further bits, and the residual code. */
static void try_survivor(struct sw_matcher *matcher, uint32_t rule, int64_t time_ms)
{
    const struct sw_index *index = matcher->index;
    const struct sw_plan *plan = &index->plans[rule];
    const struct sw_mask *extra = index->masks + plan->extra_first;
    if (plan->guarded && is_guarded(matcher, rule)) {
        return;
    }
    for (uint32_t i = 0; i < plan->extra_count; i++) {
        if ((matcher->bits[extra[i].word] & extra[i].mask) == 0) {
            return;
        }
    }
    if (plan->residual == SW_CODE_ALWAYS || run_code(matcher, plan->residual)) {
        report_rule(matcher, rule, time_ms);
    }
}

/* The rules of one block that no row rules out. */
static void join_block(const struct sw_matcher *matcher, uint32_t first, uint64_t alive[8])
{
    static_assert(SW_DENSE_BLOCK == 8, "eight words, which stay in registers");
    uint32_t count = matcher->index->dense.slot_count;
#if defined(__SSE2__)
    const __m128i *at = (const void *)(matcher->apply_row + first);
    __m128i a = _mm_loadu_si128(at);
    __m128i b = _mm_loadu_si128(at + 1);
    __m128i c = _mm_loadu_si128(at + 2);
    __m128i d = _mm_loadu_si128(at + 3);
    for (uint32_t i = 0; i < count; i++) {
        at = (const void *)(matcher->rows[i] + first);
        a = _mm_and_si128(a, _mm_loadu_si128(at));
        b = _mm_and_si128(b, _mm_loadu_si128(at + 1));
        c = _mm_and_si128(c, _mm_loadu_si128(at + 2));
        d = _mm_and_si128(d, _mm_loadu_si128(at + 3));
    }
    __m128i *out = (void *)alive;
    _mm_storeu_si128(out, a);
    _mm_storeu_si128(out + 1, b);
    _mm_storeu_si128(out + 2, c);
    _mm_storeu_si128(out + 3, d);
#else
    memcpy(alive, matcher->apply_row + first, 8 * sizeof(uint64_t));
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *row = matcher->rows[i] + first;
        for (int word = 0; word < 8; word++) {
            alive[word] &= row[word];
        }
    }
#endif
}

static void finish_word(struct sw_matcher *matcher, uint32_t word, uint64_t rules, int64_t time_ms)
{
    uint64_t simple = matcher->index->dense.simple[word];
    uint64_t guarded = matcher->index->dense.guarded[word];
    while (rules != 0) {
        uint32_t bit = (uint32_t)__builtin_ctzll(rules);
        uint32_t rule = word * WORD_BITS + bit;
        rules &= rules - 1;
        if ((simple >> bit & 1) != 0) {
            if ((guarded >> bit & 1) != 0 && is_guarded(matcher, rule)) {
                continue;
            }
            matcher->matches[matcher->match_count++] = (struct sw_match){rule, SW_UNKNOWN};
        } else {
            try_survivor(matcher, rule, time_ms);
        }
    }
}

static void finish_dense(struct sw_matcher *matcher, int64_t time_ms)
{
    const struct sw_dense *dense = &matcher->index->dense;
    for (uint32_t first = 0; first < dense->words; first += SW_DENSE_BLOCK) {
        uint64_t alive[SW_DENSE_BLOCK];
        join_block(matcher, first, alive);
        for (uint32_t word = 0; word < SW_DENSE_BLOCK; word++) {
            finish_word(matcher, first + word, alive[word], time_ms);
        }
    }
}

void sw_match_finish(struct sw_matcher *matcher, int64_t time_ms)
{
    match_values(matcher);
    if (matcher->index->dense.used) {
        finish_dense(matcher, time_ms);
        return;
    }
    try_candidates(matcher);
    for (uint32_t word = 0; word <= matcher->index->plan_count / WORD_BITS; word++) {
        uint64_t hits = matcher->hits[word];
        matcher->hits[word] = 0;
        matcher->seen[word] = 0;
        while (hits != 0) {
            report_rule(matcher, word * WORD_BITS + (uint32_t)__builtin_ctzll(hits), time_ms);
            hits &= hits - 1;
        }
    }
}
