/**
 * Correlations as they stand in files: what is counted or awaited, per which group, over how long.
 *
 *   correlation:
 *     type: event_count            # value_count temporal temporal_ordered value_sum value_avg
 *                                  # value_percentile value_median
 *     rules: [a, b]                # ids or names; may name other correlations
 *     group-by: [subject_tok]      # optional
 *     aliases: {who: {a: subject_tok, b: person}}
 *     timespan: 120d               # s m h d w, M (30 days), y (365 days)
 *     condition: {gte: 10}         # gt gte lt lte eq neq, all must hold; `field`, `percentile`; of
 *                                  # temporal ones also a text such as `a and (b or c)`
 *     generate: false              # whether the base rules speak for themselves too
 *   x_sharewatch: {suppress: 24h}  # after it fires, be silent for the group for so long
 */
#ifndef SHAREWATCH_CORRELATION_H
#define SHAREWATCH_CORRELATION_H

#include "rule.h"

#define SW_CORRELATION_RULES_MAX  64
#define SW_CORRELATION_GROUPS_MAX 8
#define SW_CORRELATION_COUNT_MAX  100000 // the largest count that can be asked for
#define SW_CORRELATION_VALUES_MAX 1024   // values in one group for sums and the like

enum sw_correlation_type {
    SW_CORRELATION_EVENT_COUNT,
    SW_CORRELATION_VALUE_COUNT,
    SW_CORRELATION_TEMPORAL,
    SW_CORRELATION_TEMPORAL_ORDERED,
    SW_CORRELATION_VALUE_SUM,
    SW_CORRELATION_VALUE_AVG,
    SW_CORRELATION_VALUE_PERCENTILE,
    SW_CORRELATION_VALUE_MEDIAN,
};

enum sw_compare {
    SW_COMPARE_GT,
    SW_COMPARE_GTE,
    SW_COMPARE_LT,
    SW_COMPARE_LTE,
    SW_COMPARE_EQ,
    SW_COMPARE_NEQ
};

struct sw_limit {
    enum sw_compare compare;
    double number;
};

/** Where a value of the group comes from when one of the rules fires. */
struct sw_group_source {
    uint32_t slot;  // of a detection rule
    uint32_t group; // of a correlation: which of its own group values; SW_UNKNOWN: none
};

struct sw_correlation {
    enum sw_correlation_type type;
    struct sw_text names[SW_CORRELATION_RULES_MAX]; // as written
    struct sw_place places[SW_CORRELATION_RULES_MAX];
    uint32_t rules[SW_CORRELATION_RULES_MAX]; // indices, once all are known
    uint32_t rule_count;
    struct sw_text group_names[SW_CORRELATION_GROUPS_MAX];
    uint32_t group_count;
    struct sw_group_source groups[SW_CORRELATION_RULES_MAX][SW_CORRELATION_GROUPS_MAX];
    struct sw_text field;                                    // of value_…; empty: none
    struct sw_group_source values[SW_CORRELATION_RULES_MAX]; // where its value comes from
    int64_t timespan_ms;
    struct sw_limit limits[8];
    uint32_t limit_count;
    double percentile;
    struct sw_node *condition; // of temporal ones; a predicate is an index of `rules`; NULL: all
    bool generate;
    int64_t suppress_ms; // 0: fire on each event that qualifies
    const struct sw_yaml_node *aliases;
    uint32_t rule;      // its own index
    uint64_t signature; // of all that its state depends on
};

/** Reads the correlation of @document. False: @report says why. */
bool sw_correlation_load(struct sw_set *set, const struct sw_document *document,
                         struct sw_rule *rule, struct sw_rule_source *source,
                         struct sw_report *report);

/**
 * Resolves the names of all correlations among @rules [count] and marks as silent the rules that
 * only serve correlations. False: a name that is not there, or correlations that stand on each
 * other in a circle.
 */
bool sw_correlations_resolve(struct sw_set *set, const struct sw_rule *rules,
                             struct sw_rule_source *sources, uint32_t count,
                             struct sw_report *report);

/** The index of the rule with id or name @name, or SW_UNKNOWN. */
uint32_t sw_rule_find(const struct sw_rule *rules, const struct sw_rule_source *sources,
                      uint32_t count, struct sw_text name);

/** Reports that no rule is called @name, with the nearest name as a hint. */
void sw_rule_report_unknown(const struct sw_rule *rules, const struct sw_rule_source *sources,
                            uint32_t count, struct sw_text name, struct sw_place place,
                            struct sw_report *report);

#endif
