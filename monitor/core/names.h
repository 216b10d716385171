/**
 * The keys that a packet may hold, for the decoder: where each may stand and what it fills.
 *
 * A hash table made once at start-up from the taxonomy. Looking a key up costs a few reads and two
 * comparisons, whatever the size of the taxonomy.
 */
#ifndef SHAREWATCH_NAMES_H
#define SHAREWATCH_NAMES_H

#include <stdint.h>

#include <sharewatch/taxonomy.h>
#include <sharewatch/text.h>

#define SW_NAMES_SLOTS    512 // a power of two, at least three times the names
#define SW_GROUPS_MAX     8   // nested objects in `data`
#define SW_TYPE_BYTES_MAX 32  // of KIND.ACTION
#define SW_NAMES_READABLE 16

enum sw_attribute {
    SW_ATTRIBUTE_SPECVERSION,
    SW_ATTRIBUTE_ID,
    SW_ATTRIBUTE_SOURCE,
    SW_ATTRIBUTE_TYPE,
    SW_ATTRIBUTE_TIME,
    SW_ATTRIBUTE_RECORDEDTIME,
    SW_ATTRIBUTE_SEQUENCE,
    SW_ATTRIBUTE_SWPARENT,
    SW_ATTRIBUTE_SWCORRECTS,
    SW_ATTRIBUTE_SWSYNTHETIC,
    SW_ATTRIBUTE_DATACONTENTTYPE,
    SW_ATTRIBUTE_DATA,
    SW_ATTRIBUTE_COUNT
};

/** Where a name stands: as a key of the envelope, of `data`, or of SW_SCOPE_GROUPS + a group of it;
 *  or as the KIND.ACTION of `type`. */
enum sw_scope { SW_SCOPE_ENVELOPE, SW_SCOPE_DATA, SW_SCOPE_TYPE, SW_SCOPE_GROUPS };

enum sw_name_kind {
    SW_NAME_UNKNOWN,
    SW_NAME_ATTRIBUTE,
    SW_NAME_FIELD,
    SW_NAME_GROUP,
    SW_NAME_ACTION
};

struct sw_name {
    uint64_t head, tail; // the key's first sixteen bytes, zeros after its end
    struct sw_text key;
    uint8_t scope;
    uint8_t kind;   // enum sw_name_kind; 0 in a free slot
    uint8_t target; // the attribute, field, group or action
    uint8_t event;  // of an action: its kind
};

struct sw_names {
    struct sw_name slots[SW_NAMES_SLOTS];
    uint32_t group_count;
    struct sw_text groups[SW_GROUPS_MAX];           // "actor", …
    char types[SW_ACTION_COUNT][SW_TYPE_BYTES_MAX]; // "booking.booked", …
};

/** Fills the zeroed @names. */
void sw_names_init(struct sw_names *names);

/** What @key in @scope stands for; its kind is SW_NAME_UNKNOWN when nothing. From the start of @key
 *  @readable bytes may be read: with SW_NAMES_READABLE it is quicker. */
const struct sw_name *sw_names_find(const struct sw_names *names, uint8_t scope, struct sw_text key,
                                    uint32_t readable);

/** The name of @attribute as on the wire. */
const char *sw_attribute_name(enum sw_attribute attribute);

#endif
