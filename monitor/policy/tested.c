/* Counted beside matching, by whoever asks for it: matching itself pays nothing. A test that asks
 * whether a field is there can always be made; keywords look at whatever is there. */
#include <sharewatch/policy.h>

#include <stdlib.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "decide.h"
#include "policy_state.h"

#define FIELDS_TOLD 6 // of one rule

/* A field that a rule tests, and in how many of the rule's events it was missing. */
struct field {
    uint32_t slot;
    uint64_t missing;
};

struct tested_rule {
    struct field *fields; // [field_count]
    uint32_t field_count;
    uint64_t events; // of its log source
    uint64_t whole;  // of them, those that had every field
};

struct sw_tested {
    const struct sw_policy *policy;
    struct tested_rule *rules; // [rule_count]; a correlation has no fields of its own
};

static bool has_field(const struct tested_rule *rule, uint32_t slot)
{
    for (uint32_t i = 0; i < rule->field_count; i++) {
        if (rule->fields[i].slot == slot) {
            return true;
        }
    }
    return false;
}

static void add_field(struct tested_rule *rule, uint32_t slot)
{
    if (slot == SW_SLOT_KEYWORDS || has_field(rule, slot)) {
        return;
    }
    struct field *fields = realloc(rule->fields, (rule->field_count + 1) * sizeof(fields[0]));
    SW_ASSERT(fields != NULL);
    fields[rule->field_count++] = (struct field){.slot = slot};
    rule->fields = fields;
}

/* Ends: a tree is at most SW_TREE_DEPTH deep. */
static void add_fields(const struct sw_policy *policy, struct tested_rule *rule,
                       const struct sw_node *node)
{
    if (node->type == SW_NODE_PREDICATE) {
        const struct sw_predicate *predicate = &policy->set.predicates[node->predicate];
        if (predicate->op != SW_OP_EXISTS && predicate->op != SW_OP_NULL) {
            add_field(rule, predicate->slot);
        }
        if (predicate->op == SW_OP_FIELD) {
            add_field(rule, predicate->other_slot);
        }
    }
    for (uint32_t i = 0; i < node->count; i++) {
        add_fields(policy, rule, node->children[i]);
    }
}

struct sw_tested *sw_tested_open(const struct sw_policy *policy)
{
    struct sw_tested *tested = sw_allocate(1, sizeof(*tested));
    tested->policy = policy;
    tested->rules = sw_allocate((size_t)policy->rule_count + 1, sizeof(tested->rules[0]));
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        if (policy->sources[i].kind == SW_RULE_DETECTION) {
            add_fields(policy, &tested->rules[i], policy->sources[i].tree);
        }
    }
    return tested;
}

void sw_tested_close(struct sw_tested *tested)
{
    for (uint32_t i = 0; tested != NULL && i < tested->policy->rule_count; i++) {
        free(tested->rules[i].fields);
    }
    free(tested != NULL ? tested->rules : NULL);
    free(tested);
}

void sw_tested_count(struct sw_tested *tested, const struct sw_scratch *scratch)
{
    const struct sw_matcher *matcher = &scratch->matcher;
    SW_ASSERT(scratch->policy == tested->policy);
    for (uint32_t i = 0; i < tested->policy->rule_count; i++) {
        struct tested_rule *rule = &tested->rules[i];
        uint32_t missing = 0;
        if (rule->field_count == 0 ||
            matcher->applies[tested->policy->index.plans[i].log_source] == 0) {
            continue;
        }
        for (uint32_t j = 0; j < rule->field_count; j++) {
            bool lacks = sw_match_missing(matcher, rule->fields[j].slot);
            rule->fields[j].missing += lacks ? 1 : 0;
            missing += lacks ? 1 : 0;
        }
        rule->events++;
        rule->whole += missing == 0 ? 1 : 0;
    }
}

static double percent(uint64_t part, uint64_t whole)
{
    return 100.0 * (double)part / (double)whole;
}

/* The fields of @rule that were missing, the most frequent ones first. */
static void write_missing(const struct sw_tested *tested, const struct tested_rule *rule,
                          FILE *stream)
{
    bool *told = sw_allocate(rule->field_count, sizeof(told[0]));
    for (uint32_t count = 0; count < FIELDS_TOLD; count++) {
        const struct field *most = NULL;
        for (uint32_t i = 0; i < rule->field_count; i++) {
            const struct field *field = &rule->fields[i];
            if (!told[i] && field->missing > 0 &&
                (most == NULL || field->missing > most->missing)) {
                most = field;
            }
        }
        if (most == NULL) {
            break;
        }
        told[most - rule->fields] = true;
        (void)fprintf(stream, "%s %.*s in %.0f %%", count == 0 ? "; missing:" : ",",
                      SW_TEXT_FORMAT(tested->policy->set.slots[most->slot].name),
                      percent(most->missing, rule->events));
    }
    free(told);
}

static bool is_blind(const struct tested_rule *rule)
{
    for (uint32_t i = 0; i < rule->field_count; i++) {
        if (rule->events > 0 && rule->fields[i].missing == rule->events) {
            return true;
        }
    }
    return false;
}

void sw_tested_write(const struct sw_tested *tested, FILE *stream)
{
    uint32_t blind = 0;
    uint32_t idle = 0;
    uint32_t counted = 0;
    for (uint32_t i = 0; i < tested->policy->rule_count; i++) {
        const struct tested_rule *rule = &tested->rules[i];
        counted += rule->field_count > 0 ? 1 : 0;
        blind += is_blind(rule) ? 1 : 0;
        idle += rule->field_count > 0 && rule->events == 0 ? 1 : 0;
        if (rule->events > rule->whole) {
            (void)fprintf(stream, "%.*s: all it tests was there in %.0f %% of %llu events",
                          SW_TEXT_FORMAT(tested->policy->rules[i].name),
                          percent(rule->whole, rule->events), (unsigned long long)rule->events);
            write_missing(tested, rule, stream);
            (void)fputs("\n", stream);
        }
    }
    (void)fprintf(stream,
                  "%u rules: %u have a field that no event had, %u had no event of their log "
                  "source\n",
                  counted, blind, idle);
}
