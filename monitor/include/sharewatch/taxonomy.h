/**
 * The closed list of kinds, fields and values: tables made at build time from core/taxonomy.yaml.
 *
 * taxonomy_table.h (generated) has the enums: `SW_KIND_BOOKING`, `SW_ACTION_BOOKED`,
 * `SW_FIELD_ACTOR_AGENCY`, and one enum a list of values: `SW_AGENCY_CLASS_FED_IMM`. Values start
 * at 1, so that 0 means none.
 */
#ifndef SHAREWATCH_TAXONOMY_H
#define SHAREWATCH_TAXONOMY_H

#include <stddef.h>
#include <stdint.h>

#include <sharewatch/taxonomy_table.h>
#include <sharewatch/text.h>

enum sw_field_type {
    SW_TYPE_ENUM,
    SW_TYPE_BOOL,
    SW_TYPE_INTEGER,
    SW_TYPE_TOKEN,
    SW_TYPE_AGENCY,
    SW_TYPE_NODE,
    SW_TYPE_TEXT,
    SW_TYPE_WORD,
};

enum sw_field_by { SW_BY_ENVELOPE, SW_BY_SENDER, SW_BY_MONITOR };

struct sw_enum_info {
    const char *name;          // of the list
    const char *const *values; // [value_count + 1]; values[0] is NULL
    uint16_t value_count;
    const uint8_t *lengths; // [value_count + 1], bytes of each value
};

struct sw_field_info {
    const char *name; // dotted
    const char *what; // for people
    enum sw_field_type type;
    enum sw_field_by by;
    const struct sw_enum_info *values; // of SW_TYPE_ENUM, else NULL
    int64_t min;                       // of SW_TYPE_INTEGER
    int64_t max;                       // of SW_TYPE_INTEGER; of text, bytes
    uint32_t list_max;                 // items; 1 when no list is allowed
    uint8_t name_bytes;                // length of `name`
    uint8_t group_bytes;               // length of what stands before its dot, 0: no dot
};

/** The description of @field. */
const struct sw_field_info *sw_field_info(enum sw_field field);

/** The field called @name (dotted), or SW_FIELD_COUNT when there is none. */
enum sw_field sw_field_find(struct sw_text name);

/** The value of @list with @code, as text. */
struct sw_text sw_enum_text(const struct sw_enum_info *list, uint16_t code);

/** The code of @text in @list, or 0. Case-sensitive, as everything on the wire. */
uint16_t sw_enum_find(const struct sw_enum_info *list, struct sw_text text);

/** Names as they stand in topics and types; the find functions give the _NONE member for unknown.
 */
const char *sw_kind_name(enum sw_kind kind);
enum sw_kind sw_kind_find(struct sw_text name);
const char *sw_action_name(enum sw_action action);

/** The action called @name among those of @kind, or SW_ACTION_NONE. */
enum sw_action sw_action_find(enum sw_kind kind, struct sw_text name);

/** The actions of @kind are consecutive: the first, and how many there are. */
enum sw_action sw_kind_first_action(enum sw_kind kind);
uint32_t sw_kind_action_count(enum sw_kind kind);

/** Writes the nearest known field name to @name as a hint, see sw_suggestion_hint(). */
const char *sw_field_hint(struct sw_text name, char *hint, size_t hint_bytes);

#endif
