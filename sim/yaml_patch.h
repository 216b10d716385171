/**
 * Trees of YAML with something changed in them; the originals stay as they are.
 */
#ifndef SHAREWATCH_SIM_YAML_PATCH_H
#define SHAREWATCH_SIM_YAML_PATCH_H

#include <sharewatch/arena.h>
#include <sharewatch/yaml.h>

/** @base with the pairs of @patch in place of its own; a null takes a pair away. Mappings under
 *  `data` are merged likewise, everything else is taken whole. */
const struct sw_yaml_node *sw_yaml_merge(struct sw_arena *arena, const struct sw_yaml_node *base,
                                         const struct sw_yaml_node *patch);

/** A copy of @mapping in which the value under @path ("repeat.per_day") is @value. */
const struct sw_yaml_node *sw_yaml_with_value(struct sw_arena *arena,
                                              const struct sw_yaml_node *mapping,
                                              struct sw_text path, struct sw_text value);

/** A copy of the tree @node in which the first number on @line is @factor times what it was, see
 *  struct sw_scenario_doubt. */
const struct sw_yaml_node *sw_yaml_with_factor(struct sw_arena *arena,
                                               const struct sw_yaml_node *node, uint32_t line,
                                               double factor);

#endif
