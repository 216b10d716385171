/**
 * A YAML file as a tree whose every node knows its line and column.
 *
 * Scalars keep their text; what type a plain scalar has is asked with sw_yaml_value(), by the YAML
 * 1.2 core schema: `yes` and `no` are text. Duplicate keys, tabs in indentation, undefined aliases
 * and more than SW_YAML_DEPTH_MAX levels are errors. Anchors and aliases work; `<<` is an ordinary
 * key.
 */
#ifndef SHAREWATCH_YAML_H
#define SHAREWATCH_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/arena.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/value.h>

#define SW_YAML_DEPTH_MAX  64
#define SW_YAML_FILE_BYTES ((size_t)16 * 1024 * 1024) // the largest file that is read

enum sw_yaml_type { SW_YAML_SCALAR, SW_YAML_SEQUENCE, SW_YAML_MAPPING };

struct sw_yaml_node {
    enum sw_yaml_type type;
    bool plain;          // of a scalar: neither quoted nor a block
    struct sw_text text; // of a scalar; NUL-terminated beyond its length
    struct sw_place place;
    uint32_t count;                    // of a sequence: items; of a mapping: pairs
    const struct sw_yaml_node **items; // [count], or [2 * count]: key, value, key, value, …
};

struct sw_yaml {
    const char *file;                      // as given
    const struct sw_yaml_node **documents; // [document_count]
    uint32_t document_count;
    struct sw_arena arena;
};

/** Reads the file at @path. SW_IO: cannot be read; SW_INVALID: not YAML; @report says what and
 *  where. @yaml is to be freed in either case. */
enum sw_status sw_yaml_open(struct sw_yaml *yaml, const char *path,
                            struct sw_report *report) SW_MUST_CHECK;

/** Reads @source; @file is its name in diagnostics. SW_INVALID as above. */
enum sw_status sw_yaml_parse(struct sw_yaml *yaml, const char *file, struct sw_text source,
                             struct sw_report *report) SW_MUST_CHECK;

/** Frees the tree. Accepts a zeroed one. */
void sw_yaml_free(struct sw_yaml *yaml);

/** The value under @key in the mapping @node; NULL when there is none or @node is no mapping. */
const struct sw_yaml_node *sw_yaml_get(const struct sw_yaml_node *node, const char *key);

/** The key and the value of pair @index of the mapping @node. */
const struct sw_yaml_node *sw_yaml_key(const struct sw_yaml_node *node, uint32_t index);
const struct sw_yaml_node *sw_yaml_pair_value(const struct sw_yaml_node *node, uint32_t index);

/** A scalar's value by the core schema: null, bool, integer, real or text. */
struct sw_value sw_yaml_value(const struct sw_yaml_node *node);

/**
 * Reports each key of the mapping @node that is not among @allowed [allowed_count], with "did you
 * mean". @what names the mapping: "edge", "step". True when all are known.
 */
bool sw_yaml_check_keys(const struct sw_yaml_node *node, const char *what,
                        const char *const *allowed, uint32_t allowed_count,
                        struct sw_report *report);

#endif
