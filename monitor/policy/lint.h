/**
 * Warnings: what Sigma allows and what was probably not meant.
 */
#ifndef SHAREWATCH_LINT_H
#define SHAREWATCH_LINT_H

#include "compile.h"
#include "condition.h"

/** Warns of identifiers called `filter…` that the condition @tree uses without `not`. */
void sw_lint_filters(const struct sw_node *tree, const struct sw_identifiers *identifiers,
                     struct sw_place condition, struct sw_report *report);

/** Warns of a regular expression that could run away, or that the portable flavour does not have.
 */
void sw_lint_regex(struct sw_text regex, struct sw_place place, struct sw_report *report);

/** Warns of `neq` on a field whose presence the rule does not ask for. */
void sw_lint_neq(const struct sw_set *set, const struct sw_rule_source *source,
                 struct sw_report *report);

/** Warns of a rule that can never match, as far as its compiled @code shows. */
void sw_lint_never(const struct sw_index *index, const struct sw_set *set, uint32_t code,
                   struct sw_place place, struct sw_report *report);

/** True when @text has the form of a UUID. */
bool sw_lint_is_uuid(struct sw_text text);

#endif
