/**
 * Variants, and values that the caller sets: what is changed in the tree of a scenario before
 * anything is read from it, so that every mistake is reported at the line where it stands.
 */
#ifndef SHAREWATCH_SIM_VARIANT_H
#define SHAREWATCH_SIM_VARIANT_H

#include "loader.h"

#define SW_PATCHES_MAX 8 // variants, each like the next

/** Variants that make up the one that is wanted, the most general first. */
struct sw_patches {
    const struct sw_yaml_node *list[SW_PATCHES_MAX];
    uint32_t count;
};

/** A step of the file and the storyline it belongs to, before it is read. */
struct sw_raw_step {
    uint32_t storyline;
    const struct sw_yaml_node *node;
};

struct sw_raw_steps {
    struct sw_raw_step steps[SW_SCENARIO_STEPS_MAX];
    uint32_t count;
};

/** The name of the step @node; empty when it has none. */
struct sw_text sw_raw_step_name(const struct sw_yaml_node *node);

/** Adds the step @node of @storyline at the end. */
void sw_raw_append(struct sw_loader *loader, struct sw_raw_steps *raw, uint32_t storyline,
                   const struct sw_yaml_node *node);

/** Lists the variants of the file and finds those that make up the wanted one, or the first. */
void sw_variant_choose(struct sw_loader *loader, struct sw_patches *patches);

/** Drops, replaces and adds steps, patch after patch. */
void sw_variant_apply(struct sw_loader *loader, const struct sw_patches *patches,
                      struct sw_raw_steps *raw);

/** The value of the root's @key: the last patch that has it, else the file's own; NULL: nobody has.
 *  `expect` and `automatic` are merged, so that a variant states what differs. */
const struct sw_yaml_node *sw_variant_value(struct sw_loader *loader, const char *key,
                                            const struct sw_patches *patches);

/** @node, the step or storyline called @name, with what the caller set in it. */
const struct sw_yaml_node *sw_variant_set(struct sw_loader *loader, struct sw_text name,
                                          const struct sw_yaml_node *node);

/** Reports what the caller set and nothing has. */
void sw_variant_report_unused(struct sw_loader *loader);

#endif
