#include "filter.h"

#include <string.h>

#include <sharewatch/assert.h>

#include "correlation.h"

static bool fail(struct sw_report *report, const struct sw_yaml_node *node, const char *hint,
                 const char *what)
{
    sw_report_error(report, node->place, hint, "filter: %s", what);
    return false;
}

static bool read_rules(struct sw_set *set, const struct sw_document *document,
                       const struct sw_yaml_node *node, struct sw_filter *filter,
                       struct sw_report *report)
{
    if (node == NULL) {
        return fail(report, document->node, "ids or names of rules, or any", "there are no rules");
    }
    if (node->type == SW_YAML_SCALAR && sw_text_equal(node->text, SW_TEXT("any"))) {
        return true;
    }
    uint32_t count = node->type == SW_YAML_SEQUENCE ? node->count : 1;
    if (node->type == SW_YAML_MAPPING || count == 0 || count > SW_FILTER_RULES_MAX) {
        return fail(report, node, NULL, "rules must be a list of 1 to 256 ids or names");
    }
    const char *file = sw_arena_text(&set->arena, sw_text_from(document->file)).bytes;
    for (uint32_t i = 0; i < count; i++) {
        const struct sw_yaml_node *name = node->type == SW_YAML_SEQUENCE ? node->items[i] : node;
        if (name->type != SW_YAML_SCALAR) {
            return fail(report, name, NULL, "a rule is named by its id or name");
        }
        filter->names[i] = sw_arena_text(&set->arena, name->text);
        filter->places[i] = name->place;
        filter->places[i].file = file;
    }
    filter->name_count = count;
    return true;
}

/* True when `not` stands somewhere in the tree above the predicates that were written. */
static bool has_not(const struct sw_node *node)
{
    if (node->type == SW_NODE_NOT) {
        return true;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (has_not(node->children[i])) {
            return true;
        }
    }
    return false;
}

bool sw_filter_load(struct sw_set *set, const struct sw_document *document,
                    struct sw_filter *filter, struct sw_report *report)
{
    static const char *const others[] = {"condition", "rules"};
    const struct sw_yaml_node *node = sw_yaml_get(document->node, "filter");
    *filter = (struct sw_filter){0};
    if (node->type != SW_YAML_MAPPING) {
        return fail(report, node, NULL, "a map was expected");
    }
    enum sw_kind kind = SW_KIND_NONE;
    bool good = sw_rule_load_log_source(set, sw_yaml_get(document->node, "logsource"),
                                        document->strict, &filter->log_source, &kind, report);
    good = sw_rule_text(set, document->node, "title", &filter->title, report) && good;
    good = read_rules(set, document, sw_yaml_get(node, "rules"), filter, report) && good;
    struct sw_loading loading = {
        .set = set,
        .report = report,
        .find_list = document->find_list,
        .list_context = document->list_context,
        .kind = kind,
        .strict =
            document->strict || sw_text_equal(filter->log_source.product, SW_TEXT("sharewatch")),
        .lint = document->lint,
    };
    filter->tree = sw_detection_load(&loading, node, others, 2);
    const struct sw_yaml_node *condition = sw_yaml_get(node, "condition");
    if (filter->tree != NULL && document->lint && !has_not(filter->tree)) {
        sw_report_warning(report, condition->place, "for example `condition: not selection`",
                          "filter: without `not` it keeps only what it describes");
    }
    return good && filter->tree != NULL;
}

static bool covers(struct sw_text asked, struct sw_text given)
{
    return asked.length == 0 || sw_text_equal_fold(asked, given);
}

static bool log_source_covers(const struct sw_log_source *filter, const struct sw_log_source *rule)
{
    return covers(filter->category, rule->category) && covers(filter->product, rule->product) &&
           covers(filter->service, rule->service);
}

static void narrow(struct sw_set *set, const struct sw_filter *filter,
                   struct sw_rule_source *source)
{
    struct sw_node *both =
        sw_node_new(&set->arena, SW_NODE_AND, SW_TEXT("rule and filter"), source->tree->place, 2);
    struct sw_node *named =
        sw_node_new(&set->arena, SW_NODE_AND, filter->title, filter->tree->place, 1);
    named->children[0] = filter->tree;
    both->children[0] = source->tree;
    both->children[1] = named;
    source->tree = both;
}

bool sw_filter_apply(struct sw_set *set, const struct sw_filter *filter,
                     const struct sw_rule *rules, struct sw_rule_source *sources, uint32_t count,
                     struct sw_report *report)
{
    bool good = true;
    for (uint32_t i = 0; i < count && filter->name_count == 0; i++) {
        if (sources[i].kind == SW_RULE_DETECTION &&
            log_source_covers(&filter->log_source, &sources[i].log_source)) {
            narrow(set, filter, &sources[i]);
        }
    }
    for (uint32_t i = 0; i < filter->name_count; i++) {
        uint32_t rule = sw_rule_find(rules, sources, count, filter->names[i]);
        if (rule == SW_UNKNOWN) {
            sw_rule_report_unknown(rules, sources, count, filter->names[i], filter->places[i],
                                   report);
            good = false;
        } else if (sources[rule].kind != SW_RULE_DETECTION ||
                   !log_source_covers(&filter->log_source, &sources[rule].log_source)) {
            sw_report_warning(report, filter->places[i], NULL,
                              "filter: %.*s is a correlation or has another log source and stays "
                              "as it is",
                              SW_TEXT_FORMAT(filter->names[i]));
        } else {
            narrow(set, filter, &sources[rule]);
        }
    }
    return good;
}
