#include "yaml_patch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_null(const struct sw_yaml_node *node)
{
    return node->type == SW_YAML_SCALAR && sw_yaml_value(node).type == SW_VALUE_NULL;
}

static const struct sw_yaml_node **alloc_nodes(struct sw_arena *arena, size_t count)
{
    return sw_arena_alloc(arena, count * sizeof(void *));
}

static void add_pair(struct sw_yaml_node *mapping, const struct sw_yaml_node **items,
                     const struct sw_yaml_node *key, const struct sw_yaml_node *value)
{
    size_t at = 2 * (size_t)mapping->count++;
    items[at] = key;
    items[at + 1] = value;
}

/* @base with the pairs of @patch in place of its own; a null takes a pair away. Mappings under
 * `data` are merged likewise, everything else is taken whole. */
const struct sw_yaml_node *sw_yaml_merge(struct sw_arena *arena, const struct sw_yaml_node *base,
                                         const struct sw_yaml_node *patch)
{
    struct sw_yaml_node *merged = sw_arena_alloc(arena, sizeof(*merged));
    const struct sw_yaml_node **items =
        alloc_nodes(arena, 2 * ((size_t)base->count + patch->count + 1));
    *merged = *base;
    merged->items = items;
    merged->count = 0;
    for (uint32_t i = 0; i < base->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(base, i);
        const struct sw_yaml_node *value = sw_yaml_pair_value(base, i);
        const struct sw_yaml_node *other = sw_yaml_get(patch, key->text.bytes);
        if (other != NULL && is_null(other)) {
            continue;
        }
        if (other != NULL && strcmp(key->text.bytes, "data") == 0 &&
            other->type == SW_YAML_MAPPING && value->type == SW_YAML_MAPPING) {
            value = sw_yaml_merge(arena, value, other);
        } else if (other != NULL) {
            value = other;
        }
        add_pair(merged, items, key, value);
    }
    for (uint32_t i = 0; i < patch->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(patch, i);
        if (sw_yaml_get(base, key->text.bytes) == NULL && !is_null(sw_yaml_pair_value(patch, i))) {
            add_pair(merged, items, key, sw_yaml_pair_value(patch, i));
        }
    }
    return merged;
}

/* A copy of @mapping in which the value under @path ("repeat.per_day", [length] bytes) is @value.
 */
const struct sw_yaml_node *sw_yaml_with_value(struct sw_arena *arena,
                                              const struct sw_yaml_node *mapping,
                                              struct sw_text path, struct sw_text value)
{
    const char *dot = memchr(path.bytes, '.', path.length);
    uint32_t head = dot != NULL ? (uint32_t)(dot - path.bytes) : path.length;
    struct sw_text key = sw_arena_text(arena, (struct sw_text){path.bytes, head});
    const struct sw_yaml_node *old = sw_yaml_get(mapping, key.bytes);
    struct sw_yaml_node *nodes = sw_arena_alloc(arena, 2 * sizeof(nodes[0]));
    struct sw_yaml_node *patch = sw_arena_alloc(arena, sizeof(*patch));
    nodes[0] = (struct sw_yaml_node){.plain = true, .text = key, .place = mapping->place};
    nodes[1] = (struct sw_yaml_node){.plain = true, .text = value, .place = mapping->place};
    const struct sw_yaml_node **items = alloc_nodes(arena, 2);
    *patch =
        (struct sw_yaml_node){.type = SW_YAML_MAPPING, .place = mapping->place, .items = items};
    const struct sw_yaml_node *inner = &nodes[1];
    if (dot != NULL) {
        static const struct sw_yaml_node nothing = {.type = SW_YAML_MAPPING};
        struct sw_text rest = {dot + 1, path.length - head - 1};
        bool deeper = old != NULL && old->type == SW_YAML_MAPPING;
        inner = sw_yaml_with_value(arena, deeper ? old : &nothing, rest, value);
    }
    add_pair(patch, items, &nodes[0], inner);
    return sw_yaml_merge(arena, mapping, patch);
}

/* ---- a number taken otherwise ---- */

struct factor {
    struct sw_arena *arena;
    uint32_t line;
    double factor;
    bool done;
};

/* Seconds of a unit of time, 0 of anything else. */
static double seconds_of(const char *unit)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].unit, unit) == 0) {
            return units[i].seconds;
        }
    }
    return 0;
}

/* Writes @text times the factor; false when it is no number. */
static bool multiply(const char *text, double factor, char number[48])
{
    char *unit = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    double value = strtod(text, &unit);
    double product = value * factor;
    double seconds = seconds_of(unit);
    if (seconds > 0) {
        (void)snprintf(number, 48, "%.0fs", fmax(1, product * seconds));
    } else if (strcmp(unit, "%") == 0) {
        (void)snprintf(number, 48, "%.6g%%", fmin(100, product));
    } else if (unit[0] == '\0' && strchr(text, '.') != NULL) {
        (void)snprintf(number, 48, "%.6g", value <= 1 ? fmin(1, product) : product);
    } else {
        (void)snprintf(number, 48, "%.0f", fmax(1, product));
    }
    return unit[0] == '\0' || unit[0] == '%' || seconds > 0;
}

static const struct sw_yaml_node *copy_scalar(struct factor *factor,
                                              const struct sw_yaml_node *node)
{
    char number[48];
    if (factor->done || node->place.line != factor->line || !node->plain ||
        !multiply(node->text.bytes, factor->factor, number)) {
        return node;
    }
    struct sw_yaml_node *copy = sw_arena_alloc(factor->arena, sizeof(*copy));
    *copy = *node;
    copy->text = sw_arena_text(factor->arena, sw_text_from(number));
    factor->done = true;
    return copy;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allows, SW_YAML_DEPTH_MAX */
static const struct sw_yaml_node *copy_tree(struct factor *factor, const struct sw_yaml_node *node)
{
    if (node->type == SW_YAML_SCALAR) {
        return copy_scalar(factor, node);
    }
    bool mapping = node->type == SW_YAML_MAPPING;
    uint32_t count = mapping ? 2 * node->count : node->count;
    struct sw_yaml_node *copy = sw_arena_alloc(factor->arena, sizeof(*copy));
    const struct sw_yaml_node **items = alloc_nodes(factor->arena, (size_t)count + 1);
    *copy = *node;
    copy->items = items;
    for (uint32_t i = 0; i < count; i++) {
        bool key = mapping && i % 2 == 0;
        items[i] = key ? node->items[i] : copy_tree(factor, node->items[i]);
    }
    return copy;
}

const struct sw_yaml_node *sw_yaml_with_factor(struct sw_arena *arena,
                                               const struct sw_yaml_node *node, uint32_t line,
                                               double factor)
{
    struct factor state = {.arena = arena, .line = line, .factor = factor};
    return copy_tree(&state, node);
}
