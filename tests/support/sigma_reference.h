/**
 * Sigma, slow and obvious: evaluates a rule straight from its YAML over a tree of the event.
 *
 * Written from the specification alone, to compare the compiled engine with. It shares nothing with
 * the engine but the readers of YAML and JSON and the table of case folding. Rules must be valid.
 */
#ifndef SHAREWATCH_SIGMA_REFERENCE_H
#define SHAREWATCH_SIGMA_REFERENCE_H

#include <stdbool.h>

#include <sharewatch/arena.h>
#include <sharewatch/text.h>
#include <sharewatch/yaml.h>

struct reference_event;

/** Reads @json into a tree in @arena. NULL: not JSON. */
const struct reference_event *reference_read(struct sw_arena *arena, struct sw_text json);

/** True when the detection of the rule document @rule holds for @event. */
bool reference_match(const struct sw_yaml_node *rule, const struct reference_event *event);

#endif
