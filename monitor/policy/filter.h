/**
 * Filters: documents that narrow rules of other files.
 *
 *   filter:
 *     rules: [a, b]        # ids or names, or `any`
 *     selection: {…}
 *     condition: not selection
 *
 * Each named rule becomes `(rule) and (filter's condition)`, as pySigma reads it; so the condition
 * of a filter nearly always says `not`. A rule of another log source stays as it is.
 */
#ifndef SHAREWATCH_FILTER_H
#define SHAREWATCH_FILTER_H

#include "rule.h"

#define SW_FILTER_RULES_MAX 256

struct sw_filter {
    struct sw_text title;
    struct sw_text names[SW_FILTER_RULES_MAX];
    struct sw_place places[SW_FILTER_RULES_MAX];
    uint32_t name_count; // 0: any rule
    struct sw_log_source log_source;
    struct sw_node *tree;
};

/** Reads the filter of @document. False: @report says why. */
bool sw_filter_load(struct sw_set *set, const struct sw_document *document,
                    struct sw_filter *filter, struct sw_report *report);

/** Narrows the rules that @filter names. False: it names one that is not there. */
bool sw_filter_apply(struct sw_set *set, const struct sw_filter *filter,
                     const struct sw_rule *rules, struct sw_rule_source *sources, uint32_t count,
                     struct sw_report *report);

#endif
