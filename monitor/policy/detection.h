/**
 * The detection of a rule: from YAML to a tree of predicates.
 *
 *   identifier: map             all of its items
 *               list of maps    any of them
 *               list of scalars keywords: any of them anywhere in the event
 *   item:       field|modifier|…: value or list of values (any; with `all`, all)
 */
#ifndef SHAREWATCH_DETECTION_H
#define SHAREWATCH_DETECTION_H

#include <stdbool.h>

#include "condition.h"
#include "engine.h"

/** Finds the values of the list @name for the modifier `expand`, as a YAML sequence of scalars.
 *  NULL: there is none. */
typedef const struct sw_yaml_node *(*sw_list_fn)(void *context, struct sw_text name);

/** What reading one document needs. */
struct sw_loading {
    struct sw_set *set;
    struct sw_report *report;
    sw_list_fn find_list;
    void *list_context;
    enum sw_kind kind; // of the log source of a strict rule; SW_KIND_NONE: any
    bool strict;       // check fields and values against the taxonomy
    bool lint;
};

/**
 * Reads the detection (or filter) @node: its identifiers and its condition. Keys in @others
 * [other_count] are no identifiers. NULL: the report says why.
 */
struct sw_node *sw_detection_load(struct sw_loading *loading, const struct sw_yaml_node *node,
                                  const char *const *others, uint32_t other_count);

/** Reads one item, `field|modifier: value`. NULL: the report says why. */
struct sw_node *sw_item_load(struct sw_loading *loading, const struct sw_yaml_node *key,
                             const struct sw_yaml_node *value);

/** Reads one value without a field: a keyword. */
struct sw_node *sw_keyword_load(struct sw_loading *loading, const struct sw_yaml_node *value);

#endif
