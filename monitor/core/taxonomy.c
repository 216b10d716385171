#include <sharewatch/taxonomy.h>

#include <stddef.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/diagnostic.h>

#include "taxonomy_data.h"

const struct sw_field_info *sw_field_info(enum sw_field field)
{
    SW_ASSERT(field < SW_FIELD_COUNT);
    return &sw_taxonomy_fields[field];
}

/* The generator sorts fields by name and the enum follows, so that a name is found by halving. */
enum sw_field sw_field_find(struct sw_text name)
{
    uint32_t low = 0;
    uint32_t high = SW_FIELD_COUNT;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = sw_text_compare(name, sw_text_from(sw_taxonomy_fields[middle].name));
        if (order == 0) {
            return (enum sw_field)middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return SW_FIELD_COUNT;
}

struct sw_text sw_enum_text(const struct sw_enum_info *list, uint16_t code)
{
    SW_ASSERT(code >= 1 && code <= list->value_count);
    return (struct sw_text){list->values[code], list->lengths[code]};
}

/* Few values of a list have the same length, so nearly all are told apart without reading them. */
uint16_t sw_enum_find(const struct sw_enum_info *list, struct sw_text text)
{
    for (uint16_t code = 1; code <= list->value_count; code++) {
        if (list->lengths[code] == text.length &&
            memcmp(list->values[code], text.bytes, text.length) == 0) {
            return code;
        }
    }
    return 0;
}

const char *sw_kind_name(enum sw_kind kind)
{
    SW_ASSERT(kind < SW_KIND_COUNT);
    return sw_taxonomy_kinds[kind].name;
}

enum sw_kind sw_kind_find(struct sw_text name)
{
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        if (sw_text_equal(name, sw_text_from(sw_taxonomy_kinds[kind].name))) {
            return (enum sw_kind)kind;
        }
    }
    return SW_KIND_NONE;
}

const char *sw_action_name(enum sw_action action)
{
    SW_ASSERT(action < SW_ACTION_COUNT);
    return sw_taxonomy_actions[action];
}

enum sw_action sw_action_find(enum sw_kind kind, struct sw_text name)
{
    SW_ASSERT(kind < SW_KIND_COUNT);
    for (int action = sw_taxonomy_kinds[kind].first_action;
         action < sw_taxonomy_kinds[kind].first_action + sw_taxonomy_kinds[kind].action_count;
         action++) {
        if (sw_text_equal(name, sw_text_from(sw_taxonomy_actions[action]))) {
            return (enum sw_action)action;
        }
    }
    return SW_ACTION_NONE;
}

enum sw_action sw_kind_first_action(enum sw_kind kind)
{
    SW_ASSERT(kind < SW_KIND_COUNT);
    return (enum sw_action)sw_taxonomy_kinds[kind].first_action;
}

uint32_t sw_kind_action_count(enum sw_kind kind)
{
    SW_ASSERT(kind < SW_KIND_COUNT);
    return (uint32_t)sw_taxonomy_kinds[kind].action_count;
}

const char *sw_field_hint(struct sw_text name, char *hint, size_t hint_bytes)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        sw_suggestion_offer(&suggestion, sw_text_from(sw_taxonomy_fields[field].name));
    }
    return sw_suggestion_hint(&suggestion, hint, hint_bytes);
}
