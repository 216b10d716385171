#include <sharewatch/policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <sharewatch/assert.h>

#include "correlation.h"
#include "files.h"
#include "filter.h"
#include "lint.h"
#include "policy_state.h"
#include "rule.h"

#define NAME_BYTES 256

/* What loading one set needs beside the set itself. */
struct load {
    struct sw_policy *policy;
    struct sw_files files;
    struct sw_yaml *yamls; // [files.count]
    struct sw_report *report;
    const struct sw_file *file; // whose documents are being read
    struct sw_filter *filters;
    uint32_t filter_count, filter_capacity;
    bool failed;
};

static void fail(struct load *load)
{
    load->failed = true;
}

/* --- packs and lists ---------------------------------------------------------------------------
 */

static void load_pack(struct load *load, uint32_t file)
{
    static const char *const keys[] = {"pack",  "version", "title",  "layer",
                                       "about", "extends", "overlay"};
    struct sw_policy *policy = load->policy;
    const struct sw_yaml *yaml = &load->yamls[file];
    struct sw_place place = {.file = load->files.items[file].path};
    const struct sw_yaml_node *node = yaml->document_count == 1 ? yaml->documents[0] : NULL;
    if (node == NULL || node->type != SW_YAML_MAPPING) {
        sw_report_error(load->report, place, NULL, "a pack.yaml is one map");
        fail(load);
        return;
    }
    policy->packs =
        sw_grow(policy->packs, policy->pack_count, &policy->pack_capacity, sizeof(*policy->packs));
    struct sw_policy_pack *pack = &policy->packs[policy->pack_count++];
    *pack = (struct sw_policy_pack){.overlay = sw_yaml_get(node, "overlay")};
    bool good =
        sw_yaml_check_keys(node, "pack.yaml", keys, sizeof(keys) / sizeof(keys[0]), load->report);
    good = sw_rule_text(&policy->set, node, "pack", &pack->name, load->report) && good;
    good = sw_rule_text(&policy->set, node, "version", &pack->version, load->report) && good;
    good = sw_rule_text(&policy->set, node, "title", &pack->title, load->report) && good;
    good = sw_rule_text(&policy->set, node, "layer", &pack->layer, load->report) && good;
    good = sw_rule_text(&policy->set, node, "about", &pack->about, load->report) && good;
    struct sw_text folder = sw_files_folder(load->files.items[file].name);
    if (good && !sw_text_equal(pack->name, folder)) {
        sw_report_error(load->report, node->place, "a pack has the name of its folder",
                        "the pack is called %.*s in the folder %.*s", SW_TEXT_FORMAT(pack->name),
                        SW_TEXT_FORMAT(folder));
        good = false;
    }
    load->failed = load->failed || !good;
}

static const struct sw_policy_pack *pack_of(const struct load *load, const struct sw_file *file)
{
    for (uint32_t i = 0; i < load->policy->pack_count && file->packed; i++) {
        struct sw_text name = load->policy->packs[i].name;
        if (sw_text_starts_with(file->name, name) && file->name.length > name.length &&
            file->name.bytes[name.length] == '/') {
            return &load->policy->packs[i];
        }
    }
    return NULL;
}

static void check_list(struct load *load, uint32_t file)
{
    const struct sw_yaml *yaml = &load->yamls[file];
    const struct sw_yaml_node *list = yaml->document_count == 1 ? yaml->documents[0] : NULL;
    bool good = list != NULL && list->type == SW_YAML_SEQUENCE;
    for (uint32_t i = 0; good && i < list->count; i++) {
        good = list->items[i]->type == SW_YAML_SCALAR;
    }
    if (!good) {
        sw_report_error(load->report, (struct sw_place){.file = load->files.items[file].path},
                        "one value a line, or a YAML sequence", "not a list of plain values");
        fail(load);
    }
}

/* The part of a list's file name before its ending. */
static struct sw_text list_name(struct sw_text name)
{
    struct sw_text folder = sw_files_folder(name);
    uint32_t start = folder.length > 0 ? folder.length + 1 : 0;
    struct sw_text last = {name.bytes + start, name.length - start};
    while (last.length > 0 && last.bytes[last.length - 1] != '.') {
        last.length--;
    }
    last.length -= last.length > 0 ? 1 : 0;
    return last;
}

/* A list in `lists` beside the file comes first, then one beside its folder, then any. */
static const struct sw_yaml_node *find_list(void *context, struct sw_text name)
{
    const struct load *load = context;
    struct sw_text folder = sw_files_folder(load->file->name);
    const struct sw_yaml_node *found = NULL;
    int best = -1;
    for (uint32_t i = 0; i < load->files.count; i++) {
        const struct sw_file *file = &load->files.items[i];
        if (file->role != SW_FILE_LIST || !sw_text_equal(list_name(file->name), name) ||
            load->yamls[i].document_count != 1) {
            continue;
        }
        struct sw_text owner = sw_files_folder(sw_files_folder(file->name));
        int rank = sw_text_equal(owner, folder)                    ? 2
                   : sw_text_equal(owner, sw_files_folder(folder)) ? 1
                                                                   : 0;
        if (rank > best) {
            best = rank;
            found = load->yamls[i].documents[0];
        }
    }
    return found != NULL && found->type == SW_YAML_SEQUENCE ? found : NULL;
}

/* --- documents ---------------------------------------------------------------------------------
 */

static bool refuse_collection(struct load *load, const struct sw_yaml_node *node)
{
    const struct sw_yaml_node *action = sw_yaml_get(node, "action");
    if (action == NULL || sw_yaml_get(node, "title") != NULL) {
        return false;
    }
    sw_report_error(load->report, action->place, "write each rule out in full",
                    "rule collections (action: …) were given up in Sigma 2");
    fail(load);
    return true;
}

static void add_rule(struct load *load, const struct sw_rule *rule,
                     const struct sw_rule_source *source)
{
    struct sw_policy *policy = load->policy;
    if (policy->rule_count == SW_POLICY_RULES_MAX) {
        sw_report_error(load->report, source->place, NULL, "more than %d rules",
                        SW_POLICY_RULES_MAX);
        fail(load);
        return;
    }
    policy->rules =
        sw_grow(policy->rules, policy->rule_count, &policy->rule_capacity, sizeof(*policy->rules));
    policy->sources = sw_grow(policy->sources, policy->rule_count, &policy->source_capacity,
                              sizeof(*policy->sources));
    policy->rules[policy->rule_count] = *rule;
    policy->sources[policy->rule_count] = *source;
    policy->sources[policy->rule_count].order = policy->rule_count;
    policy->rule_count++;
}

static void add_filter(struct load *load, const struct sw_document *document)
{
    load->filters =
        sw_grow(load->filters, load->filter_count, &load->filter_capacity, sizeof(*load->filters));
    if (sw_filter_load(&load->policy->set, document, &load->filters[load->filter_count],
                       load->report)) {
        load->filter_count++;
    } else {
        fail(load);
    }
}

static void load_document(struct load *load, const struct sw_document *document)
{
    const struct sw_yaml_node *node = document->node;
    if (node->type != SW_YAML_MAPPING) {
        if (node->type == SW_YAML_SCALAR && sw_yaml_value(node).type == SW_VALUE_NULL) {
            return; // an empty document
        }
        sw_report_error(load->report, node->place, NULL, "a rule is a map");
        fail(load);
        return;
    }
    if (refuse_collection(load, node)) {
        return;
    }
    struct sw_rule rule;
    struct sw_rule_source source;
    struct sw_set *set = &load->policy->set;
    if (sw_yaml_get(node, "filter") != NULL) {
        add_filter(load, document);
        return;
    }
    bool good = false;
    if (sw_yaml_get(node, "correlation") != NULL) {
        good = sw_correlation_load(set, document, &rule, &source, load->report);
    } else if (sw_yaml_get(node, "detection") != NULL) {
        good = sw_rule_load(set, document, &rule, &source, load->report);
    } else {
        sw_report_error(load->report, node->place, NULL,
                        "a rule has a detection, a correlation or a filter");
    }
    if (good) {
        add_rule(load, &rule, &source);
    } else {
        fail(load);
    }
}

static void load_rules(struct load *load, uint32_t index)
{
    const struct sw_file *file = &load->files.items[index];
    const struct sw_yaml *yaml = &load->yamls[index];
    const struct sw_policy_pack *pack = pack_of(load, file);
    load->file = file;
    for (uint32_t i = 0; i < yaml->document_count; i++) {
        struct sw_document document = {
            .node = yaml->documents[i],
            .file = file->path,
            .pack = pack != NULL ? pack->name : (struct sw_text){"", 0},
            .pack_layer = pack != NULL ? pack->layer : (struct sw_text){"", 0},
            .number = i,
            .documents = yaml->document_count,
            .strict = load->policy->options.strict,
            .lint = load->policy->options.lint,
            .find_list = find_list,
            .list_context = load,
        };
        load_document(load, &document);
    }
}

/* --- the set as a whole ------------------------------------------------------------------------
 */

struct sortable {
    struct sw_rule rule;
    struct sw_rule_source source;
};

static int compare_rules(const void *left, const void *right)
{
    const struct sortable *a = left;
    const struct sortable *b = right;
    int order = sw_text_compare(a->rule.id, b->rule.id);
    return order != 0 ? order : (a->source.order > b->source.order ? 1 : -1);
}

/* Puts the rules in order of id. */
static void sort_rules(struct load *load)
{
    struct sw_policy *policy = load->policy;
    if (policy->rule_count == 0) {
        return;
    }
    struct sortable *all = malloc(policy->rule_count * sizeof(*all));
    if (all == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory while loading rules\n");
        exit(EXIT_FAILURE);
    }
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        all[i] = (struct sortable){policy->rules[i], policy->sources[i]};
    }
    qsort(all, policy->rule_count, sizeof(*all), compare_rules);
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        policy->rules[i] = all[i].rule;
        policy->sources[i] = all[i].source;
    }
    free(all);
}

static void check_ids(struct load *load)
{
    const struct sw_policy *policy = load->policy;
    for (uint32_t i = 1; i < policy->rule_count; i++) {
        if (!sw_text_equal(policy->rules[i - 1].id, policy->rules[i].id)) {
            continue;
        }
        const struct sw_place *first = &policy->sources[i - 1].place;
        sw_report_error(load->report, policy->sources[i].place, "give each rule an id of its own",
                        "the id %.*s is used twice, first in %s:%u",
                        SW_TEXT_FORMAT(policy->rules[i].id), first->file, first->line);
        fail(load);
    }
}

static void apply_filters(struct load *load)
{
    struct sw_policy *policy = load->policy;
    for (uint32_t i = 0; i < load->filter_count; i++) {
        if (!sw_filter_apply(&policy->set, &load->filters[i], policy->rules, policy->sources,
                             policy->rule_count, load->report)) {
            fail(load);
        }
    }
}

static void name_policy(struct load *load)
{
    struct sw_policy *policy = load->policy;
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, sw_arena_alloc(&policy->set.arena, NAME_BYTES), NAME_BYTES);
    for (uint32_t i = 0; i < policy->pack_count; i++) {
        sw_buffer_append_string(&buffer, i == 0 ? "" : "+");
        sw_buffer_append(&buffer, policy->packs[i].name);
    }
    for (uint32_t i = 0; i < load->files.count && policy->pack_count == 0; i++) {
        if (load->files.items[i].role == SW_FILE_RULES) {
            sw_buffer_append_string(&buffer, buffer.length == 0 ? "" : "+");
            sw_buffer_append(&buffer, list_name(load->files.items[i].name));
        }
    }
    policy->name = sw_buffer_text(&buffer);
}

static void map_fields(struct sw_policy *policy)
{
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        policy->slot_of_field[field] =
            sw_set_find_slot(&policy->set, sw_text_from(sw_field_info((enum sw_field)field)->name));
    }
}

/* Fields of JSON events that the engine itself asks for. */
static void add_line_fields(struct sw_policy *policy)
{
    const char *time = policy->options.time_field;
    policy->time_slot = sw_set_slot(&policy->set, sw_text_from(time != NULL ? time : "time"));
    for (int i = 0; i < 3; i++) {
        const char *field = policy->options.log_source_fields[i];
        policy->log_source_slots[i] =
            field != NULL ? sw_set_slot(&policy->set, sw_text_from(field)) : SW_UNKNOWN;
    }
}

/* What matching asks of each rule, beside its plan. */
static void mark_plans(struct sw_policy *policy)
{
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        policy->index.plans[i].silent = policy->sources[i].silent;
        policy->index.plans[i].dated =
            policy->rules[i].from_ms != INT64_MIN || policy->rules[i].until_ms != INT64_MAX;
    }
}

static bool asks_time(const struct sw_policy *policy)
{
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        if (policy->sources[i].kind == SW_RULE_CORRELATION ||
            policy->rules[i].from_ms != INT64_MIN || policy->rules[i].until_ms != INT64_MAX) {
            return true;
        }
    }
    return false;
}

static bool asks_keywords(const struct sw_set *set)
{
    for (uint32_t i = 0; i < set->predicate_count; i++) {
        if (set->predicates[i].slot == SW_SLOT_KEYWORDS) {
            return true;
        }
    }
    return false;
}

static bool parse_files(struct load *load)
{
    load->yamls = calloc((size_t)load->files.count + 1, sizeof(struct sw_yaml));
    if (load->yamls == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < load->files.count; i++) {
        const struct sw_file *file = &load->files.items[i];
        if (sw_yaml_parse(&load->yamls[i], file->path, file->text, load->report) != SW_OK) {
            fail(load);
        }
    }
    return true;
}

static void load_files(struct load *load)
{
    static const enum sw_file_role order[] = {SW_FILE_PACK, SW_FILE_LIST, SW_FILE_RULES};
    for (size_t pass = 0; pass < sizeof(order) / sizeof(order[0]); pass++) {
        for (uint32_t i = 0; i < load->files.count; i++) {
            if (load->files.items[i].role != order[pass]) {
                continue;
            }
            if (order[pass] == SW_FILE_PACK) {
                load_pack(load, i);
            } else if (order[pass] == SW_FILE_LIST) {
                check_list(load, i);
            } else {
                load_rules(load, i);
            }
        }
    }
}

/* Frees what only loading needed; the trees of packs stay, since their overlays are handed out. */
static void end_load(struct load *load)
{
    struct sw_policy *policy = load->policy;
    for (uint32_t i = 0; i < load->files.count && load->yamls != NULL; i++) {
        if (load->files.items[i].role == SW_FILE_PACK) {
            policy->pack_files = sw_grow(policy->pack_files, policy->pack_file_count,
                                         &policy->pack_file_capacity, sizeof(struct sw_yaml));
            policy->pack_files[policy->pack_file_count++] = load->yamls[i];
        } else {
            sw_yaml_free(&load->yamls[i]);
        }
    }
    free(load->yamls);
    free(load->filters);
    sw_files_free(&load->files);
}

/* Warns of what only the whole set shows. */
static void lint_rules(struct load *load)
{
    const struct sw_policy *policy = load->policy;
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct sw_rule_source *source = &policy->sources[i];
        if (source->kind == SW_RULE_DETECTION) {
            sw_lint_never(&policy->index, &policy->set, policy->index.rule_codes[i], source->place,
                          load->report);
            sw_lint_neq(&policy->set, source, load->report);
        }
        for (uint32_t j = 0; j < i && source->name.length > 0; j++) {
            if (sw_text_equal(policy->sources[j].name, source->name)) {
                sw_report_warning(load->report, source->place, "give each rule a name of its own",
                                  "the name %.*s is used twice, first in %s:%u",
                                  SW_TEXT_FORMAT(source->name), policy->sources[j].place.file,
                                  policy->sources[j].place.line);
            }
        }
    }
}

static enum sw_status finish_load(struct load *load, struct sw_policy **policy)
{
    struct sw_policy *loaded = load->policy;
    if (!parse_files(load)) {
        load->failed = true;
    } else {
        load_files(load);
        sort_rules(load);
        check_ids(load);
        apply_filters(load);
        if (!sw_correlations_resolve(&loaded->set, loaded->rules, loaded->sources,
                                     loaded->rule_count, load->report)) {
            fail(load);
        }
    }
    if (!load->failed) {
        name_policy(load);
        loaded->content = sw_files_join(&load->files, &loaded->set.arena);
        (void)SHA256((const unsigned char *)loaded->content.bytes, loaded->content.length,
                     loaded->digest);
        add_line_fields(loaded);
        sw_index_build(&loaded->index, &loaded->set, loaded->sources, loaded->rule_count,
                       loaded->options.sparse);
        map_fields(loaded);
        if (loaded->options.lint) {
            lint_rules(load);
        }
        sw_field_tree_build(&loaded->fields, &loaded->set);
        mark_plans(loaded);
        sw_index_finish(&loaded->index);
        loaded->needs_time = asks_time(loaded);
        loaded->has_keywords = asks_keywords(&loaded->set);
    }
    end_load(load);
    if (load->failed) {
        sw_policy_close(loaded);
        return SW_INVALID;
    }
    *policy = loaded;
    return SW_OK;
}

static bool start_load(struct load *load, const struct sw_policy_options *options,
                       struct sw_report *report)
{
    *load = (struct load){.policy = calloc(1, sizeof(struct sw_policy)), .report = report};
    if (load->policy == NULL) {
        return false;
    }
    if (options != NULL) {
        load->policy->options = *options;
    }
    uint32_t keywords = sw_set_slot(&load->policy->set, SW_TEXT(""));
    SW_ASSERT(keywords == SW_SLOT_KEYWORDS);
    return true;
}

enum sw_status sw_policy_open(struct sw_policy **policy, const char *const *paths,
                              uint32_t path_count, const struct sw_policy_options *options,
                              struct sw_report *report)
{
    struct load load;
    *policy = NULL;
    if (!start_load(&load, options, report)) {
        return SW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < path_count; i++) {
        enum sw_status status = sw_files_collect(&load.files, paths[i], report);
        if (status != SW_OK) {
            end_load(&load);
            sw_policy_close(load.policy);
            return status;
        }
    }
    return finish_load(&load, policy);
}

enum sw_status sw_policy_open_content(struct sw_policy **policy, struct sw_text content,
                                      const struct sw_policy_options *options,
                                      struct sw_report *report)
{
    struct load load;
    *policy = NULL;
    if (!start_load(&load, options, report)) {
        return SW_NO_MEMORY;
    }
    enum sw_status status = sw_files_split(&load.files, content, report);
    if (status != SW_OK) {
        end_load(&load);
        sw_policy_close(load.policy);
        return status;
    }
    return finish_load(&load, policy);
}

void sw_policy_close(struct sw_policy *policy)
{
    if (policy == NULL) {
        return;
    }
    for (uint32_t i = 0; i < policy->pack_file_count; i++) {
        sw_yaml_free(&policy->pack_files[i]);
    }
    free(policy->pack_files);
    free(policy->packs);
    free(policy->rules);
    free(policy->sources);
    sw_field_tree_free(&policy->fields);
    sw_index_free(&policy->index);
    sw_set_free(&policy->set);
    free(policy);
}

struct sw_text sw_policy_name(const struct sw_policy *policy)
{
    return policy->name;
}

struct sw_text sw_policy_content(const struct sw_policy *policy)
{
    return policy->content;
}

const uint8_t *sw_policy_digest(const struct sw_policy *policy)
{
    return policy->digest;
}

const struct sw_policy_pack *sw_policy_packs(const struct sw_policy *policy, uint32_t *count)
{
    *count = policy->pack_count;
    return policy->packs;
}

const struct sw_rule *sw_policy_rule_list(const struct sw_policy *policy, uint32_t *count)
{
    *count = policy->rule_count;
    return policy->rules;
}

uint32_t sw_policy_find_rule(const struct sw_policy *policy, struct sw_text name)
{
    return sw_rule_find(policy->rules, policy->sources, policy->rule_count, name);
}

bool sw_policy_is_correlation(const struct sw_policy *policy, uint32_t index)
{
    SW_ASSERT(index < policy->rule_count);
    return policy->sources[index].kind == SW_RULE_CORRELATION;
}
