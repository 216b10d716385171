/* What the bits of an event mean for each rule: codes, plans, candidates. The rules of a set with
 * rows come from survivors.c. */
#include "decide.h"

#include <sharewatch/assert.h>

#include "memory.h"

#define WORD_BITS 64

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

/* sw_match_test(), from memory when the field has one short text. */
static bool test_remembered(struct sw_matcher *matcher, uint32_t index)
{
    const struct sw_predicate *predicate = &matcher->set->predicates[index];
    uint32_t first = matcher->slot_first[predicate->slot];
    const struct sw_datum *datum = first != SW_UNKNOWN ? &matcher->data[first] : NULL;
    if (predicate->op == SW_OP_FIELD || datum == NULL || datum->next != SW_UNKNOWN ||
        !sw_memory_fits(datum)) {
        return sw_match_test(matcher, index);
    }
    uint32_t asked = matcher->set->slot_count + index;
    struct sw_memory *memory = sw_memory_find(matcher->memories, asked, datum);
    if (!sw_memory_holds(memory, asked, datum)) {
        uint64_t exceeded = matcher->tools.regex_exceeded_total;
        bool holds = sw_match_test(matcher, index);
        if (matcher->tools.regex_exceeded_total != exceeded) {
            return holds; // each time counts
        }
        sw_memory_set(memory, asked, datum);
        memory->count = holds ? 1 : 0;
    }
    return memory->count != 0;
}

static bool test_lazy(struct sw_matcher *matcher, uint32_t predicate)
{
    uint32_t *stamp = &matcher->lazy_stamp[predicate];
    if ((*stamp & ~UINT32_C(1)) != matcher->stamp) {
        *stamp = matcher->stamp | (test_remembered(matcher, predicate) ? 1 : 0);
    }
    return (*stamp & 1) != 0;
}

static bool clause_holds(const struct sw_matcher *matcher, uint32_t index)
{
    const struct sw_clause *clause = &matcher->index->clauses[index];
    return (sw_match_word(matcher, clause->word) & clause->mask) != 0;
}

/* All bits of the masks are set. */
static bool masks_hold(const struct sw_matcher *matcher, uint32_t first, uint32_t count)
{
    const struct sw_mask *masks = matcher->index->masks + first;
    for (uint32_t i = 0; i < count; i++) {
        if ((sw_match_word(matcher, masks[i].word) & masks[i].mask) != masks[i].mask) {
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
    return !sw_guard_holds(matcher->rows, plan->guard) && run_code(matcher, plan->residual);
}

static void try_rule(struct sw_matcher *matcher, uint32_t rule)
{
    uint64_t bit = UINT64_C(1) << rule % WORD_BITS;
    const struct sw_plan *plan = &matcher->index->plans[rule];
    if ((matcher->seen[rule / WORD_BITS] & bit) != 0 || matcher->applies[plan->log_source] == 0) {
        return;
    }
    matcher->seen[rule / WORD_BITS] |= bit;
    matcher->candidates_total++;
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

void sw_report_rule(struct sw_matcher *matcher, uint32_t rule, int64_t time_ms)
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

void sw_try_survivor(struct sw_matcher *matcher, uint32_t rule, int64_t time_ms)
{
    const struct sw_index *index = matcher->index;
    const struct sw_plan *plan = &index->plans[rule];
    const struct sw_mask *extra = index->masks + plan->extra_first;
    if (sw_guard_holds(matcher->rows, plan->guard)) {
        return;
    }
    for (uint32_t i = 0; i < plan->extra_count; i++) {
        if ((sw_match_word(matcher, extra[i].word) & extra[i].mask) == 0) {
            return;
        }
    }
    if (plan->residual == SW_CODE_ALWAYS || run_code(matcher, plan->residual)) {
        sw_report_rule(matcher, rule, time_ms);
    }
}

void sw_finish_sparse(struct sw_matcher *matcher, int64_t time_ms)
{
    try_candidates(matcher);
    for (uint32_t word = 0; word <= matcher->index->plan_count / WORD_BITS; word++) {
        uint64_t hits = matcher->hits[word];
        matcher->hits[word] = 0;
        matcher->seen[word] = 0;
        while (hits != 0) {
            sw_report_rule(matcher, word * WORD_BITS + (uint32_t)__builtin_ctzll(hits), time_ms);
            hits &= hits - 1;
        }
    }
}
