/*
 * Runs the examples that stand beside every rule of every pack through the engine.
 *
 * Beside RULE.yml stands RULE.events.yaml:
 *
 *   event: {FIELD: VALUE, …}       one event; names dotted, as in the taxonomy, with `kind`,
 * `action` match:                         what the rule must find: at least one
 *     - what: …                    in words
 *       with: {FIELD: VALUE, …}    changes to the event; null takes a field away
 *       verdict: REVIEW            of the finding; the rule's own when left out
 *       missing: FIELD             the fact that the finding names as missing
 *       time: 2026-06-01T…         when it happens
 *       times: 20                  so often, a minute apart; what counts is what the last one finds
 *   miss:                          near misses, of which the rule must say nothing: at least one
 *     - {what: …, with: …, time: …}
 */
#include "sw_test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sharewatch/policy.h>
#include <sharewatch/taxonomy_table.h>
#include <sharewatch/time.h>
#include <sharewatch/verdict.h>
#include <sharewatch/yaml.h>

#define PACKS_MAX  32
#define RULES_MAX  1024
#define PATH_BYTES 512
#define POLICIES   SW_SOURCE_DIR "/monitor/policies"

static const char usual_time[] = "2026-06-01T12:00:00Z";

struct pack {
    char name[64];
    struct sw_policy *policy;
    struct sw_scratch *scratch;
    struct sw_rules rules;
};

static struct pack packs[PACKS_MAX];
static uint32_t pack_count;
static uint32_t complaints; // of the running test

/* One line a mistake, so that one run shows them all. */
static void complain(const struct pack *pack, const struct sw_rule *rule, const char *what,
                     struct sw_text detail)
{
    complaints++;
    print_error("%s/%.*s: %s: %.*s\n", pack->name, SW_TEXT_FORMAT(rule->name), what,
                SW_TEXT_FORMAT(detail));
}

static void open_pack(const char *name)
{
    assert_true(pack_count < PACKS_MAX);
    struct pack *pack = &packs[pack_count++];
    (void)snprintf(pack->name, sizeof(pack->name), "%s", name);
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), POLICIES "/%s", name);
    const char *paths[] = {path};
    struct sw_report report = {0};
    enum sw_status status =
        sw_policy_open(&pack->policy, paths, 1, &(struct sw_policy_options){.lint = true}, &report);
    sw_report_print(&report, stderr);
    assert_int_equal(status, SW_OK);
    assert_int_equal(report.error_total, 0);
    assert_int_equal(report.warning_total, 0);
    sw_report_free(&report);
    pack->scratch = sw_scratch_open(pack->policy);
    pack->rules = sw_policy_rules(pack->policy, pack->scratch);
}

static int open_packs(void **state)
{
    (void)state;
    DIR *folder = opendir(POLICIES);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[PATH_BYTES];
        struct stat info;
        (void)snprintf(path, sizeof(path), POLICIES "/%s/pack.yaml", entry->d_name);
        if (entry->d_name[0] != '.' && stat(path, &info) == 0) {
            open_pack(entry->d_name);
        }
    }
    return closedir(folder);
}

static int close_packs(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < pack_count; i++) {
        sw_scratch_close(packs[i].scratch);
        sw_policy_close(packs[i].policy);
    }
    return 0;
}

static void open_beside(struct sw_yaml *yaml, const struct pack *pack, const struct sw_rule *rule,
                        const char *ending)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), POLICIES "/%s/%.*s%s", pack->name,
                   SW_TEXT_FORMAT(rule->name), ending);
    struct sw_report report = {0};
    enum sw_status status = sw_yaml_open(yaml, path, &report);
    sw_report_print(&report, stderr);
    assert_int_equal(status, SW_OK);
    sw_report_free(&report);
}

/* The value of @node as a value of @field; SW_VALUE_MISSING when the field cannot have it. */
static struct sw_value value_for(const struct sw_field_info *info, const struct sw_yaml_node *node)
{
    struct sw_value value = sw_yaml_value(node);
    if (info->type == SW_TYPE_BOOL || info->type == SW_TYPE_INTEGER) {
        uint8_t expected = info->type == SW_TYPE_BOOL ? SW_VALUE_BOOL : SW_VALUE_INTEGER;
        return value.type == expected ? value : (struct sw_value){0};
    }
    value = (struct sw_value){.type = SW_VALUE_TEXT, .text = node->text};
    if (info->type == SW_TYPE_ENUM) {
        value.code = sw_enum_find(info->values, node->text);
        return value.code != 0 ? value : (struct sw_value){0};
    }
    return value;
}

/* Sets @field of @event to @node; false when it cannot have that value. */
static bool set_field(struct sw_event *event, enum sw_field field, const struct sw_yaml_node *node)
{
    const struct sw_field_info *info = sw_field_info(field);
    if (node->type == SW_YAML_SCALAR) {
        bool gone = sw_yaml_value(node).type == SW_VALUE_NULL;
        event->fields[field] = gone ? (struct sw_value){0} : value_for(info, node);
        return gone || event->fields[field].type != SW_VALUE_MISSING;
    }
    if (node->type != SW_YAML_SEQUENCE || node->count > info->list_max ||
        event->item_count + node->count > SW_EVENT_ITEMS_MAX) {
        return false;
    }
    struct sw_value *items = &event->items[event->item_count];
    event->item_count += node->count;
    event->fields[field] =
        (struct sw_value){.type = SW_VALUE_LIST, .count = node->count, .items = items};
    for (uint32_t i = 0; i < node->count; i++) {
        items[i] = value_for(info, node->items[i]);
        if (items[i].type == SW_VALUE_MISSING) {
            return false;
        }
    }
    return true;
}

static void set_fields(const struct pack *pack, const struct sw_rule *rule, struct sw_event *event,
                       const struct sw_yaml_node *fields)
{
    for (uint32_t i = 0; fields != NULL && i < fields->count; i++) {
        struct sw_text name = sw_yaml_key(fields, i)->text;
        enum sw_field field = sw_field_find(name);
        if (field == SW_FIELD_COUNT || !set_field(event, field, sw_yaml_pair_value(fields, i))) {
            complain(pack, rule, "no such field, or no such value of it", name);
        }
    }
}

/* The event of @file with the changes of @example (or none). Lives as long as the file's tree. */
static void build_event(const struct pack *pack, const struct sw_rule *rule, struct sw_event *event,
                        const struct sw_yaml_node *file, const struct sw_yaml_node *example)
{
    *event = (struct sw_event){.sequence = 1, .id = SW_TEXT("example")};
    set_fields(pack, rule, event, sw_yaml_get(file, "event"));
    set_fields(pack, rule, event, sw_yaml_get(example, "with"));
    event->kind = sw_kind_find(sw_event_text(event, SW_FIELD_KIND));
    event->action = sw_action_find(event->kind, sw_event_text(event, SW_FIELD_ACTION));
    if (event->action == SW_ACTION_NONE) {
        complain(pack, rule, "no such kind and action", sw_event_text(event, SW_FIELD_ACTION));
    }
    const struct sw_yaml_node *time = sw_yaml_get(example, "time");
    struct sw_text text = time != NULL ? time->text : sw_text_from(usual_time);
    if (sw_time_parse(text, &event->time_ms) != SW_OK) {
        complain(pack, rule, "not a time", text);
    }
    event->recorded_ms = event->time_ms;
}

/* What rule @index says of @event; NULL: nothing. The finding lives until the next call. */
static const struct sw_finding *finding_of(const struct pack *pack, uint32_t index,
                                           const struct sw_event *event)
{
    static struct sw_finding findings[SW_FINDINGS_MAX];
    uint32_t count =
        pack->rules.match(pack->rules.context, event, false, findings, SW_FINDINGS_MAX);
    assert_true(count <= SW_FINDINGS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (findings[i].rule == index) {
            return &findings[i];
        }
    }
    return NULL;
}

static void check_finding(const struct pack *pack, const struct sw_rule *rule,
                          const struct sw_finding *finding, const struct sw_yaml_node *example)
{
    struct sw_text what = sw_yaml_get(example, "what")->text;
    const struct sw_yaml_node *verdict = sw_yaml_get(example, "verdict");
    const struct sw_yaml_node *missing = sw_yaml_get(example, "missing");
    enum sw_verdict expected = verdict != NULL ? sw_verdict_find(verdict->text) : rule->verdict;
    if (finding->has_verdict != (rule->has_verdict || verdict != NULL) ||
        (finding->has_verdict && finding->verdict != expected)) {
        complain(pack, rule, "matches with another verdict", what);
    }
    enum sw_field field = missing != NULL ? sw_field_find(missing->text) : SW_FIELD_COUNT;
    if (finding->missing != field) {
        complain(pack, rule, "names another fact as missing", what);
    }
}

/* The same of the last of @example's repetitions, with nothing before the first. */
static const struct sw_finding *finding_of_last(const struct pack *pack, uint32_t index,
                                                struct sw_event *event,
                                                const struct sw_yaml_node *example)
{
    const struct sw_yaml_node *times = sw_yaml_get(example, "times");
    int64_t count = times != NULL ? sw_yaml_value(times).integer : 1;
    sw_policy_state_clear(pack->scratch);
    for (int64_t i = 1; i < count; i++) {
        (void)finding_of(pack, index, event);
        event->time_ms += SW_MINUTE_MS;
    }
    return finding_of(pack, index, event);
}

/* Checks all examples under @list, "match" or "miss". */
static void check_examples(const struct pack *pack, uint32_t index, const struct sw_yaml_node *file,
                           const char *list)
{
    static struct sw_event event;
    const struct sw_rule *rule = &pack->rules.rules[index];
    const struct sw_yaml_node *examples = sw_yaml_get(file, list);
    if (examples == NULL || examples->count == 0) {
        complain(pack, rule, "has no example under", sw_text_from(list));
        return;
    }
    bool expected = strcmp(list, "match") == 0;
    for (uint32_t i = 0; i < examples->count; i++) {
        const struct sw_yaml_node *example = examples->items[i];
        build_event(pack, rule, &event, file, example);
        const struct sw_finding *finding = finding_of_last(pack, index, &event, example);
        if ((finding != NULL) != expected) {
            complain(pack, rule, expected ? "must match" : "must not match",
                     sw_yaml_get(example, "what")->text);
        } else if (finding != NULL) {
            check_finding(pack, rule, finding, example);
        }
    }
}

static bool known_keys(const struct sw_yaml_node *file)
{
    static const char *const keys[] = {"event", "match", "miss"};
    static const char *const example_keys[] = {"what",    "with", "verdict",
                                               "missing", "time", "times"};
    struct sw_report report = {0};
    bool known = sw_yaml_check_keys(file, "file of examples", keys, 3, &report);
    for (uint32_t list = 1; list < 3; list++) {
        const struct sw_yaml_node *examples = sw_yaml_get(file, keys[list]);
        for (uint32_t i = 0; examples != NULL && i < examples->count; i++) {
            known = sw_yaml_check_keys(examples->items[i], "example", example_keys, 6, &report) &&
                    sw_yaml_get(examples->items[i], "what") != NULL && known;
        }
    }
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    return known;
}

static void every_rule_finds_its_examples_and_no_near_miss(void **state)
{
    (void)state;
    complaints = 0;
    for (uint32_t i = 0; i < pack_count; i++) {
        for (uint32_t rule = 0; rule < packs[i].rules.count; rule++) {
            struct sw_yaml yaml;
            open_beside(&yaml, &packs[i], &packs[i].rules.rules[rule], ".events.yaml");
            assert_true(known_keys(yaml.documents[0]));
            check_examples(&packs[i], rule, yaml.documents[0], "match");
            check_examples(&packs[i], rule, yaml.documents[0], "miss");
            sw_yaml_free(&yaml);
        }
    }
    assert_int_equal(complaints, 0);
}

static void check_last_day(const struct pack *pack, uint32_t index, struct sw_event *event)
{
    const struct sw_rule *rule = &pack->rules.rules[index];
    event->time_ms = rule->until_ms - 1;
    if (finding_of(pack, index, event) == NULL) {
        complain(pack, rule, "must match to", SW_TEXT("the end of its last day"));
    }
    event->time_ms = rule->until_ms;
    if (finding_of(pack, index, event) != NULL) {
        complain(pack, rule, "must not match", SW_TEXT("after its last day"));
    }
}

/* The first example, a millisecond before the rule is in force and at that very time. */
static void every_rule_counts_from_its_first_day_to_its_last(void **state)
{
    (void)state;
    static struct sw_event event;
    complaints = 0;
    for (uint32_t i = 0; i < pack_count; i++) {
        for (uint32_t index = 0; index < packs[i].rules.count; index++) {
            const struct sw_rule *rule = &packs[i].rules.rules[index];
            struct sw_yaml yaml;
            if (sw_policy_is_correlation(packs[i].policy, index)) {
                continue; // its rules have the dates
            }
            open_beside(&yaml, &packs[i], rule, ".events.yaml");
            const struct sw_yaml_node *file = yaml.documents[0];
            build_event(&packs[i], rule, &event, file, sw_yaml_get(file, "match")->items[0]);
            event.time_ms = rule->from_ms;
            if (rule->from_ms == INT64_MIN || finding_of(&packs[i], index, &event) == NULL) {
                complain(&packs[i], rule, "must match from", SW_TEXT("its first day"));
            }
            event.time_ms = rule->from_ms - 1;
            if (finding_of(&packs[i], index, &event) != NULL) {
                complain(&packs[i], rule, "must not match", SW_TEXT("before its first day"));
            }
            if (rule->until_ms != INT64_MAX) {
                check_last_day(&packs[i], index, &event);
            }
            sw_yaml_free(&yaml);
        }
    }
    assert_int_equal(complaints, 0);
}

static bool has_text(const struct sw_yaml_node *node, const char *key, uint32_t length_min)
{
    const struct sw_yaml_node *value = sw_yaml_get(node, key);
    return value != NULL && value->type == SW_YAML_SCALAR && value->text.length >= length_min;
}

static bool has_digit(struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] >= '0' && text.bytes[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* RFC 9562: 8-4-4-4-12 lower-case hexadecimal digits, version 4. */
static bool is_random_uuid(struct sw_text id)
{
    static const char shape[] = "hhhhhhhh-hhhh-4hhh-vhhh-hhhhhhhhhhhh";
    if (id.length != sizeof(shape) - 1) {
        return false;
    }
    for (uint32_t i = 0; i < id.length; i++) {
        const char *allowed = shape[i] == 'h'   ? "0123456789abcdef"
                              : shape[i] == 'v' ? "89ab"
                              : shape[i] == '4' ? "4"
                                                : "-";
        if (strchr(allowed, id.bytes[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static void every_rule_tells_a_reader_what_it_is_and_where_it_stands(void **state)
{
    (void)state;
    complaints = 0;
    for (uint32_t i = 0; i < pack_count; i++) {
        for (uint32_t index = 0; index < packs[i].rules.count; index++) {
            const struct sw_rule *rule = &packs[i].rules.rules[index];
            struct sw_yaml yaml;
            open_beside(&yaml, &packs[i], rule, ".yml");
            const struct sw_yaml_node *file = yaml.documents[0];
            const struct sw_yaml_node *wrong = sw_yaml_get(file, "falsepositives");
            const struct sw_yaml_node *tags = sw_yaml_get(file, "tags");
            if (!has_text(file, "title", 15) || !has_text(file, "description", 60) ||
                !has_text(file, "level", 3)) {
                complain(&packs[i], rule, "lacks", SW_TEXT("a title, description or level"));
            }
            if (wrong == NULL || wrong->count == 0 || tags == NULL || tags->count == 0) {
                complain(&packs[i], rule, "lacks", SW_TEXT("falsepositives or tags"));
            }
            if (!has_digit(rule->cite)) {
                complain(&packs[i], rule, "cites no section", rule->cite);
            }
            if (!is_random_uuid(rule->id)) {
                complain(&packs[i], rule, "has no random UUID as id", rule->id);
            }
            if (rule->layer.length == 0) {
                complain(&packs[i], rule, "has no", SW_TEXT("layer"));
            }
            sw_yaml_free(&yaml);
        }
    }
    assert_int_equal(complaints, 0);
}

static int compare_ids(const void *a, const void *b)
{
    return sw_text_compare(*(const struct sw_text *)a, *(const struct sw_text *)b);
}

static void no_two_rules_share_an_id(void **state)
{
    (void)state;
    static struct sw_text ids[RULES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < pack_count; i++) {
        for (uint32_t rule = 0; rule < packs[i].rules.count; rule++) {
            assert_true(count < RULES_MAX);
            ids[count++] = packs[i].rules.rules[rule].id;
        }
    }
    assert_true(count > 80);
    qsort(ids, count, sizeof(ids[0]), compare_ids);
    for (uint32_t i = 1; i < count; i++) {
        assert_false(sw_text_equal(ids[i - 1], ids[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_finds_its_examples_and_no_near_miss),
        cmocka_unit_test(every_rule_counts_from_its_first_day_to_its_last),
        cmocka_unit_test(every_rule_tells_a_reader_what_it_is_and_where_it_stands),
        cmocka_unit_test(no_two_rules_share_an_id),
    };
    return cmocka_run_group_tests(tests, open_packs, close_packs);
}
