/**
 * One document of a rule file: metadata, log source, detection, and the block x_policy.
 */
#ifndef SHAREWATCH_RULE_H
#define SHAREWATCH_RULE_H

#include "detection.h"
#include "engine.h"

/** What the file around a document gives it. */
struct sw_document {
    const struct sw_yaml_node *node;
    const char *file;          // as in diagnostics
    struct sw_text pack;       // may be empty
    struct sw_text pack_layer; // may be empty
    uint32_t number;           // in its file, from 0
    uint32_t documents;        // of its file
    bool strict;               // whatever its product
    bool lint;
    sw_list_fn find_list;
    void *list_context;
};

/** Reads a detection rule. False: @report says why; @rule and @source are not to be used. */
bool sw_rule_load(struct sw_set *set, const struct sw_document *document, struct sw_rule *rule,
                  struct sw_rule_source *source, struct sw_report *report);

/** Reads what every kind of document has: title, id, name, status, tags, dates, x_policy. */
bool sw_rule_load_metadata(struct sw_set *set, const struct sw_document *document,
                           struct sw_rule *rule, struct sw_rule_source *source,
                           struct sw_report *report);

/** Reads the log source @node; NULL: there is none. */
bool sw_rule_load_log_source(struct sw_set *set, const struct sw_yaml_node *node, bool strict,
                             struct sw_log_source *log_source, enum sw_kind *kind,
                             struct sw_report *report);

/** The text of the scalar under @key of @map, or empty. Reports one that is no scalar. */
bool sw_rule_text(struct sw_set *set, const struct sw_yaml_node *map, const char *key,
                  struct sw_text *text, struct sw_report *report);

#endif
