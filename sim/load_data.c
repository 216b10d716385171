/* The fields of an event: fixed, or drawn for each. */
#include "load_data.h"

#include <sharewatch/text.h>

#include "load_actor.h"
#include "load_value.h"

#define SIGMA_DEFAULT 0.8 // a log-normal number whose upper quartile is 1.7 times its median

static struct sw_value load_enum(struct sw_loader *loader, const struct sw_yaml_node *node,
                                 const struct sw_field_info *info)
{
    uint16_t code = sw_enum_find(info->values, node->text);
    if (code != 0) {
        return (struct sw_value){
            .type = SW_VALUE_TEXT, .code = code, .text = sw_text_from(info->values->values[code])};
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, node->text);
    for (uint16_t i = 1; i <= info->values->value_count; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(info->values->values[i]));
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "%s: \"%.*s\" is not among the values of %s", info->name,
                    SW_TEXT_FORMAT(node->text), info->values->name);
    return (struct sw_value){0};
}

/* One value of @info's field, no list. */
static struct sw_value load_scalar(struct sw_loader *loader, const struct sw_yaml_node *node,
                                   const struct sw_field_info *info)
{
    if (!sw_load_wants(loader, node, SW_YAML_SCALAR, info->name)) {
        return (struct sw_value){0};
    }
    switch (info->type) {
    case SW_TYPE_ENUM:
        return load_enum(loader, node, info);
    case SW_TYPE_BOOL:
        return (struct sw_value){.type = SW_VALUE_BOOL,
                                 .boolean = sw_load_flag(loader, node, info->name)};
    case SW_TYPE_INTEGER:
        return (struct sw_value){
            .type = SW_VALUE_INTEGER,
            .integer = sw_load_integer(loader, node, info->name, info->min, info->max)};
    case SW_TYPE_NODE:
        sw_load_check_system(loader, node);
        break;
    case SW_TYPE_TOKEN:
    case SW_TYPE_AGENCY:
    case SW_TYPE_TEXT:
    case SW_TYPE_WORD:
        break;
    }
    if (!sw_load_check_form(loader, node, info)) {
        return (struct sw_value){0};
    }
    return (struct sw_value){.type = SW_VALUE_TEXT, .text = node->text};
}

static struct sw_value load_constant(struct sw_loader *loader, const struct sw_yaml_node *node,
                                     const struct sw_field_info *info)
{
    if (node->type != SW_YAML_SEQUENCE) {
        return load_scalar(loader, node, info);
    }
    if (info->list_max < 2 || node->count < 1 || node->count > info->list_max) {
        sw_report_error(loader->report, node->place, NULL, "%s takes %s%.0u%s", info->name,
                        info->list_max < 2 ? "one value, not a list" : "1 to ",
                        info->list_max < 2 ? 0 : info->list_max,
                        info->list_max < 2 ? "" : " values");
        return (struct sw_value){0};
    }
    struct sw_value *items =
        sw_arena_alloc(&loader->scenario->arena, node->count * sizeof(items[0]));
    for (uint32_t i = 0; i < node->count; i++) {
        items[i] = load_scalar(loader, node->items[i], info);
    }
    return (struct sw_value){.type = SW_VALUE_LIST, .count = node->count, .items = items};
}

/* {pick: [a, b, {value: c, share: 3}]}: shares are weights, 1 when not given. */
static void load_pick(struct sw_loader *loader, const struct sw_yaml_node *node,
                      const struct sw_field_info *info, struct sw_scenario_draw *draw)
{
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "pick") || node->count == 0) {
        return;
    }
    struct sw_arena *arena = &loader->scenario->arena;
    struct sw_value *values = sw_arena_alloc(arena, node->count * sizeof(values[0]));
    double *shares = sw_arena_alloc(arena, node->count * sizeof(shares[0]));
    double sum = 0;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *item = node->items[i];
        const struct sw_yaml_node *value = item;
        double weight = 1;
        if (item->type == SW_YAML_MAPPING) {
            sw_load_check_keys(loader, item, &sw_keys_pick);
            const struct sw_yaml_node *share = sw_yaml_get(item, "share");
            value = sw_yaml_get(item, "value");
            weight = share != NULL ? sw_load_number(loader, share, "share") : 1;
        }
        if (value != NULL) {
            values[i] = load_constant(loader, value, info);
        }
        sum += weight;
        shares[i] = sum;
    }
    if (!(sum > 0)) {
        sw_report_error(loader->report, node->place, NULL, "the shares of pick add up to nothing");
        sum = 1;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        shares[i] /= sum;
    }
    draw->kind = SW_DRAW_PICK;
    draw->values = values;
    draw->shares = shares;
    draw->value_count = node->count;
}

static void load_number_draw(struct sw_loader *loader, const struct sw_yaml_node *node,
                             const struct sw_field_info *info, struct sw_scenario_draw *draw)
{
    const struct sw_yaml_node *between = sw_yaml_get(node, "between");
    const struct sw_yaml_node *median = sw_yaml_get(node, "median");
    const struct sw_yaml_node *spread = sw_yaml_get(node, "spread");
    const struct sw_yaml_node *most = sw_yaml_get(node, "most");
    if (info->type != SW_TYPE_INTEGER) {
        sw_report_error(loader->report, node->place, NULL, "%s is no number", info->name);
        return;
    }
    draw->min = info->min;
    draw->max = info->max;
    if (median != NULL) {
        draw->kind = SW_DRAW_LOG_NORMAL;
        draw->median = sw_load_number(loader, median, "median");
        draw->sigma = spread != NULL ? sw_load_number(loader, spread, "spread") : SIGMA_DEFAULT;
        if (most != NULL) {
            draw->max = sw_load_integer(loader, most, "most", info->min, info->max);
        }
        return;
    }
    draw->kind = SW_DRAW_BETWEEN;
    if (!sw_load_wants(loader, between, SW_YAML_SEQUENCE, "between") || between->count != 2) {
        sw_report_error(loader->report, between->place, NULL, "between needs two numbers");
        return;
    }
    draw->min = sw_load_integer(loader, between->items[0], "between", info->min, info->max);
    draw->max = sw_load_integer(loader, between->items[1], "between", draw->min, info->max);
}

static void load_token_draw(struct sw_loader *loader, const struct sw_yaml_node *prefix,
                            enum sw_draw_kind kind, const struct sw_field_info *info,
                            struct sw_scenario_draw *draw)
{
    if (info->type != SW_TYPE_TOKEN) {
        sw_report_error(loader->report, prefix->place, NULL, "%s is no token", info->name);
    }
    draw->kind = kind;
    draw->prefix = sw_load_name(loader, prefix, "token");
}

/* A mapping as a value: drawn for each event. */
static bool load_draw(struct sw_loader *loader, const struct sw_yaml_node *node,
                      const struct sw_field_info *info, struct sw_scenario_draw *draw)
{
    const struct sw_yaml_node *pick = sw_yaml_get(node, "pick");
    const struct sw_yaml_node *token = sw_yaml_get(node, "token");
    const struct sw_yaml_node *fresh = sw_yaml_get(node, "new");
    if (!sw_load_check_keys(loader, node, &sw_keys_draw)) {
        return false;
    }
    if (pick != NULL) {
        load_pick(loader, pick, info, draw);
    } else if (token != NULL) {
        load_token_draw(loader, token, SW_DRAW_TOKEN, info, draw);
    } else if (fresh != NULL) {
        load_token_draw(loader, fresh, SW_DRAW_NEW, info, draw);
    } else if (sw_yaml_get(node, "between") != NULL || sw_yaml_get(node, "median") != NULL) {
        load_number_draw(loader, node, info, draw);
    } else {
        sw_report_error(loader->report, node->place, NULL,
                        "%s needs a value, or one of pick, between, median, token, new",
                        info->name);
        return false;
    }
    return true;
}

static enum sw_field load_field(struct sw_loader *loader, const struct sw_yaml_node *key)
{
    enum sw_field field = sw_field_find(key->text);
    char hint[128];
    if (field == SW_FIELD_COUNT) {
        sw_report_error(loader->report, key->place, sw_field_hint(key->text, hint, sizeof(hint)),
                        "unknown field \"%.*s\"", SW_TEXT_FORMAT(key->text));
        return SW_FIELD_COUNT;
    }
    if (sw_field_info(field)->by != SW_BY_SENDER) {
        sw_report_error(loader->report, key->place,
                        "state what the sender knows; the monitor works this out",
                        "field %.*s is not for a sender to fill in", SW_TEXT_FORMAT(key->text));
        return SW_FIELD_COUNT;
    }
    return field;
}

struct sw_scenario_data sw_load_data(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    if (node == NULL || !sw_load_wants(loader, node, SW_YAML_MAPPING, "data")) {
        return (struct sw_scenario_data){0};
    }
    struct sw_arena *arena = &loader->scenario->arena;
    enum sw_field *fields = sw_arena_alloc(arena, (node->count + 1) * sizeof(fields[0]));
    struct sw_value *values = sw_arena_alloc(arena, (node->count + 1) * sizeof(values[0]));
    struct sw_scenario_draw *draws = sw_arena_alloc(arena, (node->count + 1) * sizeof(draws[0]));
    struct sw_scenario_data data = {.fields = fields, .values = values, .draws = draws};
    for (uint32_t i = 0; i < node->count; i++) {
        enum sw_field field = load_field(loader, sw_yaml_key(node, i));
        const struct sw_yaml_node *value = sw_yaml_pair_value(node, i);
        if (field == SW_FIELD_COUNT) {
            continue;
        }
        if (value->type == SW_YAML_MAPPING) {
            draws[data.draw_count].field = field;
            if (load_draw(loader, value, sw_field_info(field), &draws[data.draw_count])) {
                data.draw_count++;
            }
            continue;
        }
        fields[data.field_count] = field;
        values[data.field_count++] = load_constant(loader, value, sw_field_info(field));
    }
    return data;
}
