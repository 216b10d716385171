/**
 * The parts of the engine that its files share: fields as slots, predicates, the tree of a rule as
 * it was written, and the set.
 *
 * Loading builds for each rule a tree that mirrors the file (for `explain` and for the reference
 * evaluator); compiling turns the trees of all rules into one index (compile.h). Predicates are
 * shared over all rules: the same test of the same field is one predicate.
 */
#ifndef SHAREWATCH_ENGINE_H
#define SHAREWATCH_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <sharewatch/arena.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/finding.h>
#include <sharewatch/policy.h>
#include <sharewatch/text.h>
#include <sharewatch/yaml.h>

#include "number.h"
#include "pattern.h"

#define SW_SLOT_KEYWORDS 0   // the slot that every value of the event belongs to
#define SW_TREE_DEPTH    128 // of a rule's tree
#define SW_UNKNOWN       UINT32_MAX

/** A field that some rule names. */
struct sw_slot {
    struct sw_text name;
    enum sw_field field; // SW_FIELD_COUNT: not of the taxonomy
};

enum sw_op {
    SW_OP_EXISTS,   // the field is there, be it null or empty
    SW_OP_NULL,     // it is missing or null
    SW_OP_EQUAL,    // `text`
    SW_OP_PREFIX,   // `text`
    SW_OP_SUFFIX,   // `text`
    SW_OP_CONTAINS, // `text`
    SW_OP_GLOB,     // `pattern`
    SW_OP_NUMBER,   // equal to `number`
    SW_OP_LESS,
    SW_OP_LESS_EQUAL,
    SW_OP_GREATER,
    SW_OP_GREATER_EQUAL,
    SW_OP_REGEX,
    SW_OP_CIDR,
    SW_OP_FIELD, // compared with another field, by `reference`
};

enum sw_reference {
    SW_REFERENCE_EQUAL,
    SW_REFERENCE_CONTAINS,
    SW_REFERENCE_PREFIX,
    SW_REFERENCE_SUFFIX
};

enum sw_time_part {
    SW_PART_NONE,
    SW_PART_MINUTE,
    SW_PART_HOUR,
    SW_PART_DAY,
    SW_PART_WEEK,
    SW_PART_MONTH,
    SW_PART_YEAR
};

/** A network: an address and how many of its leading bits count. */
struct sw_network {
    uint8_t address[16];
    uint8_t bytes; // 4 or 16
    uint8_t bits;
};

/** One test of one field. True when any value of the field passes; false when there is none,
 *  save for SW_OP_NULL. */
struct sw_predicate {
    enum sw_op op;
    uint32_t slot;
    bool cased;          // `text` and `pattern` are as written, else folded
    struct sw_text text; // literal
    struct sw_pattern pattern;
    struct sw_number number;
    enum sw_time_part part; // the number is compared with this part of a time
    pcre2_code *regex;
    struct sw_network network;
    uint32_t other_slot; // of SW_OP_FIELD
    enum sw_reference reference;
    struct sw_text key;    // op, slot and operand as text: equal tests have equal keys
    struct sw_text source; // the operand for people
};

enum sw_node_type { SW_NODE_AND, SW_NODE_OR, SW_NODE_NOT, SW_NODE_PREDICATE };

/** A node of a rule's tree. An identifier that is used twice is one node with two parents. */
struct sw_node {
    enum sw_node_type type;
    struct sw_text label; // what stood in the file: `selection`, `actor.class|contains`, `1 of x*`
    struct sw_place place;
    struct sw_node **children; // [count]; one for NOT, none for a predicate
    uint32_t count;
    uint32_t predicate; // index
};

struct sw_log_source {
    struct sw_text category; // each may be empty: any
    struct sw_text product;
    struct sw_text service;
};

enum sw_rule_kind { SW_RULE_DETECTION, SW_RULE_CORRELATION };

struct sw_correlation;

/** What stands in a file besides `struct sw_rule`. Index as there. */
struct sw_rule_source {
    enum sw_rule_kind kind;
    struct sw_node *tree; // of a detection rule, filters included
    struct sw_correlation *correlation;
    struct sw_log_source log_source;
    bool strict;         // checked against the taxonomy
    bool silent;         // only the base of correlations: tells nothing on its own
    struct sw_text name; // as written, may be empty
    struct sw_text id;   // as written, may be empty
    struct sw_text description;
    struct sw_text status;
    struct sw_text severity; // `level`
    struct sw_text off_switch;
    const uint32_t *if_missing; // [if_missing_count], slots
    uint32_t if_missing_count;
    uint32_t document; // number of its document in the file, from 0
    uint32_t order;    // number of its document over all files
    struct sw_place place;
};

/** A growing array of one kind of thing while loading. */
struct sw_set {
    struct sw_slot *slots;
    uint32_t slot_count, slot_capacity;
    struct sw_predicate *predicates;
    uint32_t predicate_count, predicate_capacity;
    uint32_t *slot_table; // hash tables of indices + 1, open addressing
    uint32_t slot_table_size;
    uint32_t *predicate_table;
    uint32_t predicate_table_size;
    struct sw_arena arena;
};

/** The slot of the field called @name, made when it is new. */
uint32_t sw_set_slot(struct sw_set *set, struct sw_text name);

/** The slot of @name, or SW_UNKNOWN. */
uint32_t sw_set_find_slot(const struct sw_set *set, struct sw_text name);

/** The predicate equal to @predicate by its key, made when it is new. Owns the regex: that of a
 *  second equal predicate is freed. */
uint32_t sw_set_predicate(struct sw_set *set, const struct sw_predicate *predicate);

void sw_set_free(struct sw_set *set);

/** Makes room for one more of @bytes each in *@items. */
void *sw_grow(void *items, uint32_t count, uint32_t *capacity, size_t bytes);

#endif
