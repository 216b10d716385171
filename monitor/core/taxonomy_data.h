/**
 * The generated tables behind taxonomy.h; nobody else reads them.
 */
#ifndef SHAREWATCH_TAXONOMY_DATA_H
#define SHAREWATCH_TAXONOMY_DATA_H

#include <sharewatch/taxonomy.h>

struct sw_kind_info {
    const char *name;
    int first_action; // enum sw_action
    int action_count;
};

extern const struct sw_field_info sw_taxonomy_fields[SW_FIELD_COUNT]; // sorted by name
extern const struct sw_kind_info sw_taxonomy_kinds[SW_KIND_COUNT];
extern const char *const sw_taxonomy_actions[SW_ACTION_COUNT];

#endif
