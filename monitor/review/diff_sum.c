#include "diff_kept.h"

bool sw_diff_is_beyond(enum sw_verdict verdict)
{
    return verdict == SW_VERDICT_AUTO || verdict == SW_VERDICT_FED;
}

static void add_to(struct sw_diff_matrix *matrix, const uint8_t verdicts[SW_DIFF_SIDES],
                   const uint8_t levels[SW_DIFF_SIDES])
{
    matrix->verdicts[verdicts[0]][verdicts[1]]++;
    matrix->levels[levels[0]][levels[1]]++;
    matrix->changed += verdicts[0] != verdicts[1] || levels[0] != levels[1] ? 1 : 0;
}

static void sum_events(struct sw_diff *diff)
{
    uint64_t last = diff->sides[0].event_last > diff->sides[1].event_last
                        ? diff->sides[0].event_last
                        : diff->sides[1].event_last;
    for (uint64_t row = 1; row <= last; row++) {
        const struct sw_diff_event *a = sw_diff_event_of(&diff->sides[0], (int64_t)row);
        const struct sw_diff_event *b = sw_diff_event_of(&diff->sides[1], (int64_t)row);
        if (a->has_hop || b->has_hop) {
            add_to(&diff->by_event, (const uint8_t[]){a->verdict, b->verdict},
                   (const uint8_t[]){a->level, b->level});
        }
    }
}

static void sum_chain(struct sw_diff *diff, const struct sw_diff_chain *chain)
{
    const struct sw_diff_standing *a = &chain->sides[0];
    const struct sw_diff_standing *b = &chain->sides[1];
    bool crossed[SW_DIFF_SIDES];
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        crossed[i] = chain->sides[i].level >= SW_LEVEL_MATCHED;
        diff->crossed[i] += crossed[i] ? 1 : 0;
        diff->beyond[i] +=
            crossed[i] && sw_diff_is_beyond((enum sw_verdict)chain->sides[i].verdict) ? 1 : 0;
    }
    diff->cut += crossed[0] && !crossed[1] ? 1 : 0;
    diff->added += !crossed[0] && crossed[1] ? 1 : 0;
    add_to(&diff->by_chain, (const uint8_t[]){a->verdict, b->verdict},
           (const uint8_t[]){a->level, b->level});
}

/* The chains of both sides in one table. */
static void join_chains(struct sw_diff *diff)
{
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        const struct sw_diff_chains *chains = &diff->sides[i].chains;
        for (uint64_t place = 0; chains->items != NULL && place <= chains->mask; place++) {
            const struct sw_diff_chain *chain = &chains->items[place];
            if (chain->key[0] != '\0') {
                sw_diff_chain_of(&diff->chains, chain->key)->sides[i] = chain->sides[i];
            }
        }
    }
}

void sw_diff_sum(struct sw_diff *diff)
{
    join_chains(diff);
    sum_events(diff);
    for (int i = 0; i < SW_DIFF_SIDES; i++) {
        diff->refused_total += diff->sides[i].refused_total;
    }
    diff->event_total = diff->sides[0].event_total;
    for (uint64_t i = 0; diff->chains.items != NULL && i <= diff->chains.mask; i++) {
        if (diff->chains.items[i].key[0] != '\0') {
            sum_chain(diff, &diff->chains.items[i]);
        }
    }
}
