#include "detection.h"

#include <stdlib.h>

#include <sharewatch/assert.h>

#include "lint.h"

static struct sw_node *load_search(struct sw_loading *loading, struct sw_text label,
                                   const struct sw_yaml_node *node);

static struct sw_node *load_map(struct sw_loading *loading, struct sw_text label,
                                const struct sw_yaml_node *map)
{
    struct sw_node *all =
        sw_node_new(&loading->set->arena, SW_NODE_AND, label, map->place, map->count);
    bool good = true;
    for (uint32_t i = 0; i < map->count; i++) {
        all->children[i] = sw_item_load(loading, sw_yaml_key(map, i), sw_yaml_pair_value(map, i));
        good = good && all->children[i] != NULL;
    }
    return good ? all : NULL;
}

static struct sw_node *load_list(struct sw_loading *loading, struct sw_text label,
                                 const struct sw_yaml_node *list)
{
    struct sw_node *any =
        sw_node_new(&loading->set->arena, SW_NODE_OR, label, list->place, list->count);
    bool good = true;
    for (uint32_t i = 0; i < list->count; i++) {
        any->children[i] = load_search(loading, SW_TEXT("item"), list->items[i]);
        good = good && any->children[i] != NULL;
    }
    return good ? any : NULL;
}

static struct sw_node *load_search(struct sw_loading *loading, struct sw_text label,
                                   const struct sw_yaml_node *node)
{
    if (node->type == SW_YAML_SCALAR) {
        return sw_keyword_load(loading, node);
    }
    if (node->count == 0) {
        sw_report_error(loading->report, node->place, NULL, "%.*s is empty and would never match",
                        SW_TEXT_FORMAT(label));
        return NULL;
    }
    return node->type == SW_YAML_MAPPING ? load_map(loading, label, node)
                                         : load_list(loading, label, node);
}

static bool is_other(struct sw_text key, const char *const *others, uint32_t other_count)
{
    for (uint32_t i = 0; i < other_count; i++) {
        if (sw_text_equal(key, sw_text_from(others[i]))) {
            return true;
        }
    }
    return false;
}

/* Fills @identifiers; false: something is wrong in one of them. */
static bool load_identifiers(struct sw_loading *loading, const struct sw_yaml_node *node,
                             const char *const *others, uint32_t other_count,
                             struct sw_identifiers *identifiers)
{
    bool good = true;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(node, i);
        if (is_other(key->text, others, other_count)) {
            continue;
        }
        struct sw_text name = sw_arena_text(&loading->set->arena, key->text);
        struct sw_identifier *identifier = &identifiers->items[identifiers->count];
        *identifier = (struct sw_identifier){
            .name = name,
            .place = key->place,
            .node = load_search(loading, name, sw_yaml_pair_value(node, i)),
        };
        good = good && identifier->node != NULL;
        identifiers->count++;
    }
    return good;
}

static void warn_of_unused(struct sw_loading *loading, const struct sw_identifiers *identifiers)
{
    for (uint32_t i = 0; i < identifiers->count && loading->lint; i++) {
        const struct sw_identifier *identifier = &identifiers->items[i];
        if (!identifier->used) {
            sw_report_warning(
                loading->report, identifier->place, "name it in the condition or remove it",
                "%.*s is not used by the condition", SW_TEXT_FORMAT(identifier->name));
        }
    }
}

struct sw_node *sw_detection_load(struct sw_loading *loading, const struct sw_yaml_node *node,
                                  const char *const *others, uint32_t other_count)
{
    if (node->type != SW_YAML_MAPPING) {
        sw_report_error(loading->report, node->place, NULL,
                        "detection must be a map of identifiers and a condition");
        return NULL;
    }
    const struct sw_yaml_node *condition = sw_yaml_get(node, "condition");
    if (condition == NULL) {
        sw_report_error(loading->report, node->place, "for example `condition: selection`",
                        "there is no condition");
    }
    struct sw_identifiers identifiers = {
        .items = calloc((size_t)node->count + 1, sizeof(struct sw_identifier))};
    if (identifiers.items == NULL) {
        sw_report_error(loading->report, node->place, NULL, "no memory");
        return NULL;
    }
    bool good = load_identifiers(loading, node, others, other_count, &identifiers);
    struct sw_node *tree = NULL;
    if (condition != NULL) {
        tree = sw_condition_parse(&loading->set->arena, condition, &identifiers, loading->report);
        if (tree != NULL && good) {
            warn_of_unused(loading, &identifiers);
            if (loading->lint) {
                sw_lint_filters(tree, &identifiers, condition->place, loading->report);
            }
        }
    }
    free(identifiers.items);
    return good ? tree : NULL;
}
