/**
 * The check that keeps rules from failing silently: a field that no event has, or a value that the
 * field cannot take, never matches, and nobody would notice.
 */
#ifndef SHAREWATCH_TAXONOMY_CHECK_H
#define SHAREWATCH_TAXONOMY_CHECK_H

#include <stdbool.h>

#include "engine.h"

/** Reports a field that the taxonomy does not have. */
bool sw_taxonomy_check_field(struct sw_text name, struct sw_place place, struct sw_report *report);

/** Reports a @predicate on @field that no event could pass. @kind narrows the actions; NONE: any.
 */
bool sw_taxonomy_check(struct sw_text field, enum sw_kind kind,
                       const struct sw_predicate *predicate, struct sw_place place,
                       struct sw_report *report);

#endif
