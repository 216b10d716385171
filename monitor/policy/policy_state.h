/**
 * A compiled set of rules, and the scratch that matches against it. The public face is policy.h.
 */
#ifndef SHAREWATCH_POLICY_STATE_H
#define SHAREWATCH_POLICY_STATE_H

#include "compile.h"
#include "correlate.h"
#include "engine.h"
#include "match.h"
#include "scan.h"

struct sw_policy {
    struct sw_set set;
    struct sw_index index;
    struct sw_rule *rules;          // [rule_count], in order of id
    struct sw_rule_source *sources; // [rule_count]
    uint32_t rule_count, rule_capacity, source_capacity;
    struct sw_policy_pack *packs;
    struct sw_yaml *pack_files; // [pack_count], since overlays are handed out
    uint32_t pack_count, pack_capacity, pack_file_count, pack_file_capacity;
    struct sw_text name;
    struct sw_text content;
    uint8_t digest[32];
    struct sw_policy_options options;
    struct sw_field_tree fields;  // of JSON events
    uint32_t time_slot;           // of JSON events
    uint32_t log_source_slots[3]; // product, category, service; SW_UNKNOWN: not in the event
    bool needs_time;              // some rule has dates, or is a correlation
    bool has_keywords;            // some rule looks at every value
    uint32_t slot_of_field[SW_FIELD_COUNT]; // SW_UNKNOWN: no rule asks
};

struct sw_scratch {
    const struct sw_policy *policy;
    struct sw_matcher matcher;
    struct sw_correlator correlator;
    struct sw_scanner scanner;                       // for lines
    uint32_t *found;                                 // [rule_count], rules of the last line
    struct sw_log_source given;                      // of lines
    struct sw_log_source log_sources[SW_KIND_COUNT]; // of decoded events
    enum sw_kind kind;                               // whose log source is set
    char numbers[SW_FIELD_COUNT + SW_EVENT_ITEMS_MAX][SW_NUMBER_TEXT_BYTES];
    uint32_t number_count;
};

#endif
