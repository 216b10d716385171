#include "correlation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "hash.h"

#define CHAIN_DEPTH_MAX 16      // correlations, one on another
#define CHAIN_STEPS_MAX 1000000 // of the search for circles, over all correlations

static const char *const types[] = {"event_count",      "value_count", "temporal",
                                    "temporal_ordered", "value_sum",   "value_avg",
                                    "value_percentile", "value_median"};
static const char *const compares[] = {"gt", "gte", "lt", "lte", "eq", "neq"};
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

/* The document that is being read. */
struct reading {
    struct sw_set *set;
    const struct sw_document *document;
    const struct sw_yaml_node *node; // under `correlation`
    struct sw_correlation *correlation;
    struct sw_report *report;
};

static bool fail(const struct reading *reading, const struct sw_yaml_node *node, const char *hint,
                 const char *what)
{
    sw_report_error(reading->report, node->place, hint, "correlation: %s", what);
    return false;
}

static bool is_temporal(const struct sw_correlation *correlation)
{
    return correlation->type == SW_CORRELATION_TEMPORAL ||
           correlation->type == SW_CORRELATION_TEMPORAL_ORDERED;
}

static bool read_type(struct reading *reading)
{
    const struct sw_yaml_node *node = sw_yaml_get(reading->node, "type");
    if (node == NULL || node->type != SW_YAML_SCALAR) {
        return fail(reading, node != NULL ? node : reading->node, "for example event_count",
                    "there is no type");
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, node->text);
    for (uint32_t i = 0; i < COUNT(types); i++) {
        if (sw_text_equal(node->text, sw_text_from(types[i]))) {
            reading->correlation->type = (enum sw_correlation_type)i;
            return true;
        }
        sw_suggestion_offer(&suggestion, sw_text_from(types[i]));
    }
    char hint[128];
    sw_report_error(reading->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "correlation: unknown type %.*s", SW_TEXT_FORMAT(node->text));
    return false;
}

static bool read_rules(struct reading *reading)
{
    const struct sw_yaml_node *node = sw_yaml_get(reading->node, "rules");
    struct sw_correlation *correlation = reading->correlation;
    if (node == NULL) {
        return fail(reading, reading->node, "ids or names of rules", "there are no rules");
    }
    uint32_t count = node->type == SW_YAML_SEQUENCE ? node->count : 1;
    if (node->type == SW_YAML_MAPPING || count == 0 || count > SW_CORRELATION_RULES_MAX) {
        return fail(reading, node, NULL, "rules must be a list of 1 to 64 ids or names");
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *name = node->type == SW_YAML_SEQUENCE ? node->items[i] : node;
        if (name->type != SW_YAML_SCALAR) {
            return fail(reading, name, NULL, "a rule is named by its id or name");
        }
        correlation->names[i] = sw_arena_text(&reading->set->arena, name->text);
        correlation->places[i] = name->place;
        correlation->places[i].file =
            sw_arena_text(&reading->set->arena, sw_text_from(reading->document->file)).bytes;
    }
    correlation->rule_count = count;
    return true;
}

static bool read_group_by(struct reading *reading)
{
    const struct sw_yaml_node *node = sw_yaml_get(reading->node, "group-by");
    struct sw_correlation *correlation = reading->correlation;
    if (node == NULL) {
        return true;
    }
    uint32_t count = node->type == SW_YAML_SEQUENCE ? node->count : 1;
    if (node->type == SW_YAML_MAPPING || count > SW_CORRELATION_GROUPS_MAX) {
        return fail(reading, node, NULL, "group-by must be a list of at most 8 fields");
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *name = node->type == SW_YAML_SEQUENCE ? node->items[i] : node;
        if (name->type != SW_YAML_SCALAR) {
            return fail(reading, name, NULL, "a group is a field or an alias");
        }
        correlation->group_names[i] = sw_arena_text(&reading->set->arena, name->text);
    }
    correlation->group_count = count;
    return true;
}

/* A number and one unit. */
static bool read_timespan(struct reading *reading)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', SW_SECOND_MS},   {'m', SW_MINUTE_MS},  {'h', SW_HOUR_MS},
                 {'d', SW_DAY_MS},      {'w', 7 * SW_DAY_MS}, {'M', 30 * SW_DAY_MS},
                 {'y', 365 * SW_DAY_MS}};
    const struct sw_yaml_node *node = sw_yaml_get(reading->node, "timespan");
    if (node == NULL) {
        node = sw_yaml_get(reading->node, "timeframe");
    }
    if (node == NULL || node->type != SW_YAML_SCALAR) {
        return fail(reading, node != NULL ? node : reading->node, "for example 1h",
                    "there is no timespan");
    }
    struct sw_number number;
    struct sw_text digits = {node->text.bytes, node->text.length > 0 ? node->text.length - 1 : 0};
    bool good = digits.length > 0 && digits.length <= 9 && sw_number_parse(digits, &number) &&
                number.whole && !number.negative && number.magnitude > 0;
    for (uint32_t i = 0; good && i < COUNT(units); i++) {
        if (units[i].unit == node->text.bytes[node->text.length - 1]) {
            reading->correlation->timespan_ms = (int64_t)number.magnitude * units[i].ms;
            return true;
        }
    }
    return fail(reading, node, "a number and one of s, m, h, d, w, M, y: 15m, 120d",
                "not a timespan");
}

static bool read_limit(struct reading *reading, const struct sw_yaml_node *key,
                       const struct sw_yaml_node *value)
{
    struct sw_correlation *correlation = reading->correlation;
    for (uint32_t i = 0; i < COUNT(compares); i++) {
        if (!sw_text_equal(key->text, sw_text_from(compares[i]))) {
            continue;
        }
        struct sw_number number;
        bool good = value->type == SW_YAML_SCALAR && sw_number_parse(value->text, &number);
        bool counts = correlation->type <= SW_CORRELATION_TEMPORAL_ORDERED;
        if (!good || (counts && (!number.whole || number.negative ||
                                 number.magnitude > SW_CORRELATION_COUNT_MAX))) {
            return fail(reading, value, NULL,
                        counts ? "a count from 0 to 100000 was expected" : "a number was expected");
        }
        correlation->limits[correlation->limit_count++] =
            (struct sw_limit){(enum sw_compare)i, number.real};
        bool falling = i == SW_COMPARE_LT || i == SW_COMPARE_LTE;
        if (falling && reading->document->lint && counts) {
            sw_report_warning(reading->report, key->place,
                              "use an event that tells of a deadline to find what did not happen",
                              "%s is tested only when an event comes, so that it holds at once",
                              compares[i]);
        }
        return true;
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, key->text);
    for (uint32_t i = 0; i < COUNT(compares); i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(compares[i]));
    }
    sw_suggestion_offer(&suggestion, SW_TEXT("field"));
    char hint[128];
    sw_report_error(reading->report, key->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "correlation: unknown condition %.*s", SW_TEXT_FORMAT(key->text));
    return false;
}

static bool read_field(struct reading *reading, const struct sw_yaml_node *value)
{
    const struct sw_yaml_node *name =
        value->type == SW_YAML_SEQUENCE && value->count == 1 ? value->items[0] : value;
    if (name->type != SW_YAML_SCALAR) {
        return fail(reading, value, NULL, "field must be one field");
    }
    reading->correlation->field = sw_arena_text(&reading->set->arena, name->text);
    return true;
}

static bool read_percentile(struct reading *reading, const struct sw_yaml_node *value)
{
    struct sw_number number;
    bool good = value->type == SW_YAML_SCALAR && sw_number_parse(value->text, &number) &&
                number.real >= 0 && number.real <= 100;
    if (!good) {
        return fail(reading, value, NULL, "percentile lies between 0 and 100");
    }
    reading->correlation->percentile = number.real;
    return true;
}

static bool read_condition_map(struct reading *reading, const struct sw_yaml_node *node)
{
    bool good = node->count <= 8;
    for (uint32_t i = 0; good && i < node->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(node, i);
        const struct sw_yaml_node *value = sw_yaml_pair_value(node, i);
        if (sw_text_equal(key->text, SW_TEXT("field"))) {
            good = read_field(reading, value);
        } else if (sw_text_equal(key->text, SW_TEXT("percentile"))) {
            good = read_percentile(reading, value);
        } else {
            good = read_limit(reading, key, value);
        }
    }
    return good;
}

/* A boolean condition over the names of the rules. */
static bool read_condition_text(struct reading *reading, const struct sw_yaml_node *node)
{
    struct sw_correlation *correlation = reading->correlation;
    struct sw_identifier items[SW_CORRELATION_RULES_MAX];
    struct sw_identifiers identifiers = {.items = items, .count = correlation->rule_count};
    for (uint32_t i = 0; i < correlation->rule_count; i++) {
        struct sw_node *leaf = sw_node_new(&reading->set->arena, SW_NODE_PREDICATE,
                                           correlation->names[i], correlation->places[i], 0);
        leaf->predicate = i;
        items[i] = (struct sw_identifier){.name = correlation->names[i], .node = leaf};
    }
    correlation->condition =
        sw_condition_parse(&reading->set->arena, node, &identifiers, reading->report);
    return correlation->condition != NULL;
}

static void lint_condition(const struct reading *reading, const struct sw_yaml_node *node)
{
    if (reading->correlation->limit_count > 1) {
        sw_report_warning(reading->report, node->place, NULL,
                          "stock pySigma refuses a condition of two limits");
    }
    if (reading->correlation->type == SW_CORRELATION_VALUE_PERCENTILE) {
        sw_report_warning(reading->report, node->place,
                          "here: the value at `percentile` (50 unless given), linear between "
                          "neighbours",
                          "engines read value_percentile in different ways");
    }
}

static bool read_condition(struct reading *reading)
{
    const struct sw_yaml_node *node = sw_yaml_get(reading->node, "condition");
    struct sw_correlation *correlation = reading->correlation;
    correlation->percentile = 50;
    if (node == NULL) {
        return is_temporal(correlation) ||
               fail(reading, reading->node, "for example {gte: 10}", "there is no condition");
    }
    if (node->type == SW_YAML_MAPPING ? !read_condition_map(reading, node)
                                      : !(correlation->type == SW_CORRELATION_TEMPORAL
                                              ? read_condition_text(reading, node)
                                              : fail(reading, node, "for example {gte: 10}",
                                                     "the condition must be a map"))) {
        return false;
    }
    bool values = correlation->type == SW_CORRELATION_VALUE_COUNT ||
                  correlation->type >= SW_CORRELATION_VALUE_SUM;
    if (values && correlation->field.length == 0) {
        return fail(reading, node, "for example {field: vehicle_tok, gte: 50}",
                    "there is no field whose values count");
    }
    if (reading->document->lint) {
        lint_condition(reading, node);
    }
    if (!is_temporal(correlation) && correlation->limit_count == 0) {
        return fail(reading, node, "for example {gte: 10}", "the condition has no limit");
    }
    return true;
}

static bool read_aliases(struct reading *reading)
{
    const struct sw_yaml_node *aliases = sw_yaml_get(reading->node, "aliases");
    bool good = aliases == NULL || aliases->type == SW_YAML_MAPPING;
    for (uint32_t i = 0; good && aliases != NULL && i < aliases->count; i++) {
        const struct sw_yaml_node *map = sw_yaml_pair_value(aliases, i);
        good = map->type == SW_YAML_MAPPING;
        for (uint32_t j = 0; good && j < map->count; j++) {
            good = sw_yaml_pair_value(map, j)->type == SW_YAML_SCALAR;
        }
    }
    reading->correlation->aliases = aliases;
    return good || fail(reading, aliases, "for example {who: {rule_a: subject_tok}}",
                        "aliases are maps of rules and fields");
}

static bool read_generate(struct reading *reading)
{
    const struct sw_yaml_node *node = sw_yaml_get(reading->node, "generate");
    if (node == NULL) {
        node = sw_yaml_get(reading->document->node, "generate");
    }
    if (node == NULL) {
        return true;
    }
    struct sw_value value =
        node->type == SW_YAML_SCALAR ? sw_yaml_value(node) : (struct sw_value){0};
    reading->correlation->generate = value.type == SW_VALUE_BOOL && value.boolean;
    return value.type == SW_VALUE_BOOL ||
           fail(reading, node, NULL, "generate must be true or false");
}

static bool read_suppress(struct reading *reading)
{
    static const char *const keys[] = {"suppress"};
    const struct sw_yaml_node *node = sw_yaml_get(reading->document->node, "x_sharewatch");
    if (node == NULL) {
        return true;
    }
    if (node->type != SW_YAML_MAPPING) {
        return fail(reading, node, "for example {suppress: 24h}", "x_sharewatch must be a map");
    }
    const struct sw_yaml_node *value = sw_yaml_get(node, "suppress");
    bool good = sw_yaml_check_keys(node, "x_sharewatch", keys, COUNT(keys), reading->report);
    if (value != NULL &&
        (value->type != SW_YAML_SCALAR ||
         sw_duration_parse(value->text, &reading->correlation->suppress_ms) != SW_OK)) {
        return fail(reading, value, "for example 24h", "suppress must be a duration");
    }
    return good;
}

static bool check_keys(struct reading *reading)
{
    static const char *const keys[] = {"type",      "rules",   "group-by",  "timespan",
                                       "timeframe", "aliases", "condition", "generate"};
    return sw_yaml_check_keys(reading->node, "correlation", keys, COUNT(keys), reading->report);
}

bool sw_correlation_load(struct sw_set *set, const struct sw_document *document,
                         struct sw_rule *rule, struct sw_rule_source *source,
                         struct sw_report *report)
{
    *rule = (struct sw_rule){0};
    *source = (struct sw_rule_source){.kind = SW_RULE_CORRELATION};
    struct reading reading = {
        .set = set,
        .document = document,
        .node = sw_yaml_get(document->node, "correlation"),
        .correlation = sw_arena_alloc(&set->arena, sizeof(struct sw_correlation)),
        .report = report,
    };
    source->correlation = reading.correlation;
    bool good = sw_rule_load_metadata(set, document, rule, source, report);
    if (source->if_missing_count > 0) {
        sw_report_error(report, document->node->place, "put it into the rules that it counts",
                        "a correlation has no if_missing");
        good = false;
    }
    if (reading.node->type != SW_YAML_MAPPING) {
        return fail(&reading, reading.node, NULL, "a map was expected");
    }
    good = check_keys(&reading) && good;
    bool type = read_type(&reading);
    good = read_rules(&reading) && good;
    good = read_group_by(&reading) && good;
    good = read_timespan(&reading) && good;
    good = read_aliases(&reading) && good;
    good = read_generate(&reading) && good;
    good = read_suppress(&reading) && good;
    return type && read_condition(&reading) && good;
}

/* --- names to rules ----------------------------------------------------------------------------
 */

uint32_t sw_rule_find(const struct sw_rule *rules, const struct sw_rule_source *sources,
                      uint32_t count, struct sw_text name)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) { // they stand in order of id
        uint32_t middle = low + (high - low) / 2;
        int order = sw_text_compare(rules[middle].id, name);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (sources[i].name.length > 0 && sw_text_equal(sources[i].name, name)) {
            return i;
        }
    }
    return SW_UNKNOWN;
}

void sw_rule_report_unknown(const struct sw_rule *rules, const struct sw_rule_source *sources,
                            uint32_t count, struct sw_text name, struct sw_place place,
                            struct sw_report *report)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < count; i++) {
        sw_suggestion_offer(&suggestion, rules[i].id);
        sw_suggestion_offer(&suggestion, sources[i].name);
    }
    char hint[160];
    sw_report_error(report, place, sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "no rule has the id or name %.*s", SW_TEXT_FORMAT(name));
}

/* What all of resolving needs. */
struct resolving {
    struct sw_set *set;
    const struct sw_rule *rules;
    struct sw_rule_source *sources;
    uint32_t count;
    struct sw_report *report;
    uint32_t steps; // of the search for circles
};

/* The field that @name means for rule @member: itself, or what the aliases say. */
static struct sw_text resolve_alias(const struct resolving *resolving,
                                    const struct sw_correlation *correlation, uint32_t member,
                                    struct sw_text name)
{
    const struct sw_yaml_node *aliases = correlation->aliases;
    for (uint32_t i = 0; aliases != NULL && i < aliases->count; i++) {
        const struct sw_yaml_node *map = sw_yaml_pair_value(aliases, i);
        if (!sw_text_equal(sw_yaml_key(aliases, i)->text, name)) {
            continue;
        }
        for (uint32_t j = 0; j < map->count; j++) {
            struct sw_text rule = sw_yaml_key(map, j)->text;
            uint32_t index =
                sw_rule_find(resolving->rules, resolving->sources, resolving->count, rule);
            if (index == correlation->rules[member]) {
                return sw_yaml_pair_value(map, j)->text;
            }
        }
    }
    return name;
}

static bool is_alias(const struct sw_correlation *correlation, struct sw_text name)
{
    const struct sw_yaml_node *aliases = correlation->aliases;
    for (uint32_t i = 0; aliases != NULL && i < aliases->count; i++) {
        if (sw_text_equal(sw_yaml_key(aliases, i)->text, name)) {
            return true;
        }
    }
    return false;
}

static struct sw_group_source resolve_source(const struct resolving *resolving,
                                             const struct sw_correlation *correlation,
                                             uint32_t member, struct sw_text name, bool *good)
{
    struct sw_group_source source = {SW_UNKNOWN, SW_UNKNOWN};
    const struct sw_rule_source *base = &resolving->sources[correlation->rules[member]];
    struct sw_text field = resolve_alias(resolving, correlation, member, name);
    if (base->kind == SW_RULE_DETECTION) {
        bool plain = sw_text_equal(field, name) && is_alias(correlation, name);
        if (base->strict && sw_field_find(field) == SW_FIELD_COUNT) {
            char hint[128];
            sw_report_error(resolving->report, resolving->sources[correlation->rule].place,
                            plain ? "the alias says nothing of this rule"
                                  : sw_field_hint(field, hint, sizeof(hint)),
                            "correlation: the taxonomy has no field %.*s, asked of %.*s",
                            SW_TEXT_FORMAT(field), SW_TEXT_FORMAT(correlation->names[member]));
            *good = false;
        }
        source.slot = sw_set_slot(resolving->set, field);
        return source;
    }
    for (uint32_t i = 0; i < base->correlation->group_count; i++) {
        if (sw_text_equal(base->correlation->group_names[i], field)) {
            source.group = i;
        }
    }
    return source;
}

static void sign(uint64_t *signature, struct sw_text text)
{
    *signature = sw_hash_bytes(text.bytes, text.length, *signature);
}

/* The signature changes with everything that would make old state mean something else. */
static void set_signature(struct sw_correlation *correlation, struct sw_text id)
{
    uint64_t signature = UINT64_C(0x7377636f72720001);
    sign(&signature, id);
    for (uint32_t i = 0; i < correlation->rule_count; i++) {
        sign(&signature, correlation->names[i]);
    }
    for (uint32_t i = 0; i < correlation->group_count; i++) {
        sign(&signature, correlation->group_names[i]);
    }
    sign(&signature, correlation->field);
    char numbers[128];
    (void)snprintf(numbers, sizeof(numbers), "%d %lld %u", (int)correlation->type,
                   (long long)correlation->timespan_ms, correlation->limit_count);
    sign(&signature, sw_text_from(numbers));
    for (uint32_t i = 0; i < correlation->limit_count; i++) {
        (void)snprintf(numbers, sizeof(numbers), "%d %.17g", (int)correlation->limits[i].compare,
                       correlation->limits[i].number);
        sign(&signature, sw_text_from(numbers));
    }
    correlation->signature = signature;
}

static bool resolve_one(struct resolving *resolving, uint32_t index)
{
    struct sw_correlation *correlation = resolving->sources[index].correlation;
    bool good = true;
    correlation->rule = index;
    for (uint32_t i = 0; i < correlation->rule_count; i++) {
        correlation->rules[i] = sw_rule_find(resolving->rules, resolving->sources, resolving->count,
                                             correlation->names[i]);
        if (correlation->rules[i] == SW_UNKNOWN) {
            sw_rule_report_unknown(resolving->rules, resolving->sources, resolving->count,
                                   correlation->names[i], correlation->places[i],
                                   resolving->report);
            return false;
        }
        for (uint32_t j = 0; j < correlation->group_count; j++) {
            correlation->groups[i][j] =
                resolve_source(resolving, correlation, i, correlation->group_names[j], &good);
        }
        if (correlation->field.length > 0) {
            correlation->values[i] =
                resolve_source(resolving, correlation, i, correlation->field, &good);
        }
    }
    set_signature(correlation, resolving->rules[index].id);
    return good;
}

/* How many correlations stand below @index; more than CHAIN_DEPTH_MAX: a circle. */
static uint32_t depth_of(struct resolving *resolving, uint32_t index, uint32_t depth)
{
    const struct sw_rule_source *source = &resolving->sources[index];
    if (source->kind == SW_RULE_DETECTION || depth > CHAIN_DEPTH_MAX) {
        return depth;
    }
    uint32_t deepest = ++resolving->steps > CHAIN_STEPS_MAX ? CHAIN_DEPTH_MAX + 1 : depth;
    for (uint32_t i = 0; i < source->correlation->rule_count && deepest <= CHAIN_DEPTH_MAX; i++) {
        uint32_t below = depth_of(resolving, source->correlation->rules[i], depth + 1);
        deepest = below > deepest ? below : deepest;
    }
    return deepest;
}

/* A rule speaks for itself unless it serves correlations of which none says `generate`. */
static void mark_silent(struct resolving *resolving)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < resolving->count; i++) {
            const struct sw_correlation *correlation = resolving->sources[i].correlation;
            for (uint32_t j = 0; correlation != NULL && j < correlation->rule_count; j++) {
                if (pass == 0 || correlation->generate) {
                    resolving->sources[correlation->rules[j]].silent = pass == 0;
                }
            }
        }
    }
}

bool sw_correlations_resolve(struct sw_set *set, const struct sw_rule *rules,
                             struct sw_rule_source *sources, uint32_t count,
                             struct sw_report *report)
{
    struct resolving resolving = {set, rules, sources, count, report, 0};
    bool good = true;
    for (uint32_t i = 0; i < count; i++) {
        if (sources[i].kind == SW_RULE_CORRELATION) {
            good = resolve_one(&resolving, i) && good;
        }
    }
    for (uint32_t i = 0; good && i < count; i++) {
        if (depth_of(&resolving, i, 0) > CHAIN_DEPTH_MAX) {
            sw_report_error(report, sources[i].place, NULL,
                            "correlation: it stands on itself, or on more than %d others",
                            CHAIN_DEPTH_MAX);
            good = false;
        }
    }
    if (good) {
        mark_silent(&resolving);
    }
    return good;
}
