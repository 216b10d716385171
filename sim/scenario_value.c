/* The small values of a scenario file: names, times, shares, and the fields of events. */
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#define SIGMA_DEFAULT 0.8 // a log-normal delay whose upper quartile is 1.7 times its median
#define SIGMA_MAX     4.0
#define MOST_DEFAULT  20.0 // a log-normal value is cut at this many medians
#define REPEATS_MAX   INT64_C(1000000000)
#define LENGTH_MAX_MS (36525 * SW_DAY_MS)

bool sw_load_wants(struct sw_loader *loader, const struct sw_yaml_node *node,
                   enum sw_yaml_type type, const char *what)
{
    static const char *const kinds[] = {"one value", "a list", "a mapping (key: value)"};
    if (node->type == type) {
        return true;
    }
    sw_report_error(loader->report, node->place, NULL, "%s must be %s, not %s", what, kinds[type],
                    kinds[node->type]);
    return false;
}

bool sw_load_check_keys(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const struct sw_keys *keys)
{
    return sw_yaml_check_keys(node, keys->name, keys->keys, keys->count, loader->report);
}

struct sw_text sw_load_text(struct sw_loader *loader, const struct sw_yaml_node *node,
                            const char *what)
{
    if (!sw_load_wants(loader, node, SW_YAML_SCALAR, what)) {
        return (struct sw_text){0};
    }
    return node->text;
}

struct sw_text sw_load_name(struct sw_loader *loader, const struct sw_yaml_node *node,
                            const char *what)
{
    struct sw_text name = sw_load_text(loader, node, what);
    bool good = name.length >= 1 && name.length <= SW_SCENARIO_NAME_MAX;
    for (uint32_t i = 0; i < name.length && good; i++) {
        char c = name.bytes[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    }
    if (!good && node->type == SW_YAML_SCALAR) {
        sw_report_error(loader->report, node->place,
                        "lower-case letters, digits, - and . only; no real names",
                        "%s \"%.*s\" is not a name of at most %d characters", what,
                        SW_TEXT_FORMAT(name), SW_SCENARIO_NAME_MAX);
        return (struct sw_text){0};
    }
    return name;
}

bool sw_load_flag(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what)
{
    struct sw_text text = sw_load_text(loader, node, what);
    bool yes = sw_text_equal(text, SW_TEXT("true")) || sw_text_equal(text, SW_TEXT("yes"));
    bool no = sw_text_equal(text, SW_TEXT("false")) || sw_text_equal(text, SW_TEXT("no"));
    if (!yes && !no && node->type == SW_YAML_SCALAR) {
        sw_report_error(loader->report, node->place, NULL, "%s must be true or false, not \"%.*s\"",
                        what, SW_TEXT_FORMAT(text));
    }
    return yes;
}

int64_t sw_load_integer(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what,
                        int64_t min, int64_t max)
{
    if (!sw_load_wants(loader, node, SW_YAML_SCALAR, what)) {
        return min;
    }
    struct sw_value value = sw_yaml_value(node);
    if (value.type != SW_VALUE_INTEGER || value.integer < min || value.integer > max) {
        sw_report_error(loader->report, node->place, NULL,
                        "%s must be a whole number from %lld to %lld, not \"%.*s\"", what,
                        (long long)min, (long long)max, SW_TEXT_FORMAT(node->text));
        return min;
    }
    return value.integer;
}

double sw_load_number(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what)
{
    if (!sw_load_wants(loader, node, SW_YAML_SCALAR, what)) {
        return 0;
    }
    struct sw_value value = sw_yaml_value(node);
    double number = -1;
    if (value.type == SW_VALUE_INTEGER) {
        number = (double)value.integer;
    } else if (value.type == SW_VALUE_REAL) {
        number = value.real;
    }
    if (!(number >= 0 && number <= 1e12)) {
        sw_report_error(loader->report, node->place, NULL,
                        "%s must be a number of at least 0, not \"%.*s\"", what,
                        SW_TEXT_FORMAT(node->text));
        return 0;
    }
    return number;
}

double sw_load_share(struct sw_loader *loader, const struct sw_yaml_node *node, const char *what)
{
    struct sw_text text = sw_load_text(loader, node, what);
    char digits[32] = "";
    double share = -1;
    if (text.length >= 1 && text.length < sizeof(digits)) {
        memcpy(digits, text.bytes, text.length);
        char *end = NULL;
        share = strtod(digits, &end);
        if (*end == '%' && end[1] == '\0') {
            share /= 100;
        } else if (*end != '\0' || end == digits) {
            share = -1;
        }
    }
    if (!(share >= 0 && share <= 1) && node->type == SW_YAML_SCALAR) {
        sw_report_error(loader->report, node->place, "write 8% or 0.08",
                        "%s must be a share from 0 to 1, not \"%.*s\"", what, SW_TEXT_FORMAT(text));
        return 0;
    }
    return share < 0 ? 0 : share;
}

static int64_t load_duration(struct sw_loader *loader, const struct sw_yaml_node *node,
                             const char *what)
{
    struct sw_text text = sw_load_text(loader, node, what);
    if (text.length > 1 && text.bytes[0] == '+') {
        text.bytes++;
        text.length--;
    }
    int64_t ms = 0;
    if (sw_duration_parse(text, &ms) != SW_OK && node->type == SW_YAML_SCALAR) {
        sw_report_error(loader->report, node->place,
                        "write 90s, +1h20m, 3d or 0; units are ms s m h d w",
                        "%s must be a length of time, not \"%.*s\"", what, SW_TEXT_FORMAT(text));
        return 0;
    }
    return ms;
}

int64_t sw_load_shift(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    if (node->type != SW_YAML_SCALAR || node->text.length < 2 || node->text.bytes[0] != '-') {
        return load_duration(loader, node, "clock");
    }
    struct sw_yaml_node ahead = *node;
    ahead.text.bytes++;
    ahead.text.length--;
    return -load_duration(loader, &ahead, "clock");
}

static struct sw_scenario_delay load_log_normal(struct sw_loader *loader,
                                                const struct sw_yaml_node *node,
                                                const struct sw_yaml_node *median)
{
    const struct sw_yaml_node *spread = sw_yaml_get(node, "spread");
    const struct sw_yaml_node *most = sw_yaml_get(node, "most");
    struct sw_scenario_delay delay = {.spread = SW_SPREAD_LOG_NORMAL, .sigma = SIGMA_DEFAULT};
    delay.ms = load_duration(loader, median, "median");
    delay.ms_max = most != NULL ? load_duration(loader, most, "most")
                                : (int64_t)(MOST_DEFAULT * (double)delay.ms);
    if (spread != NULL) {
        delay.sigma = sw_load_number(loader, spread, "spread");
        if (delay.sigma > SIGMA_MAX) {
            sw_report_error(loader->report, spread->place, "0.5 is narrow, 1.5 is wide",
                            "spread is over %.0f", SIGMA_MAX);
        }
    }
    if (delay.ms_max < delay.ms) {
        sw_report_error(loader->report, node->place, NULL, "`most` is less than the median");
        delay.ms_max = delay.ms;
    }
    return delay;
}

struct sw_scenario_delay sw_load_delay(struct sw_loader *loader, const struct sw_yaml_node *node,
                                       const char *what)
{
    if (node->type != SW_YAML_MAPPING) {
        int64_t ms = load_duration(loader, node, what);
        return (struct sw_scenario_delay){.spread = SW_SPREAD_FIXED, .ms = ms, .ms_max = ms};
    }
    sw_load_check_keys(loader, node, &sw_keys_delay);
    const struct sw_yaml_node *between = sw_yaml_get(node, "between");
    const struct sw_yaml_node *median = sw_yaml_get(node, "median");
    if ((between == NULL) == (median == NULL)) {
        sw_report_error(loader->report, node->place, NULL,
                        "%s needs either `between: [least, most]` or `median:`", what);
        return (struct sw_scenario_delay){0};
    }
    if (median != NULL) {
        return load_log_normal(loader, node, median);
    }
    if (!sw_load_wants(loader, between, SW_YAML_SEQUENCE, "between") || between->count != 2) {
        sw_report_error(loader->report, between->place, NULL, "between needs two times");
        return (struct sw_scenario_delay){0};
    }
    struct sw_scenario_delay delay = {.spread = SW_SPREAD_EVEN};
    delay.ms = load_duration(loader, between->items[0], what);
    delay.ms_max = load_duration(loader, between->items[1], what);
    if (delay.ms_max < delay.ms) {
        sw_report_error(loader->report, between->place, NULL, "the second time is less");
        delay.ms_max = delay.ms;
    }
    return delay;
}

static uint32_t curve_index(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_text name = sw_load_text(loader, node, "curve");
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < loader->scenario->curve_count; i++) {
        if (sw_text_equal(loader->scenario->curves[i].name, name)) {
            return i;
        }
        sw_suggestion_offer(&suggestion, loader->scenario->curves[i].name);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "unknown curve \"%.*s\"",
                    SW_TEXT_FORMAT(name));
    return 0;
}

static void load_repeat_times(struct sw_loader *loader, const struct sw_yaml_node *node,
                              struct sw_scenario_repeat *repeat)
{
    const struct sw_yaml_node *times = sw_yaml_get(node, "times");
    const struct sw_yaml_node *every = sw_yaml_get(node, "every");
    const struct sw_yaml_node *over = sw_yaml_get(node, "over");
    if (times == NULL || (every == NULL) == (over == NULL)) {
        sw_report_error(loader->report, node->place, NULL,
                        "repeat needs {every, times}, {times, over} or {per_day, days}");
        repeat->times = 1;
        return;
    }
    repeat->times = (uint64_t)sw_load_integer(loader, times, "times", 1, REPEATS_MAX);
    if (every != NULL) {
        repeat->every_ms = load_duration(loader, every, "every");
        if (repeat->every_ms > 0 && repeat->times > (uint64_t)(LENGTH_MAX_MS / repeat->every_ms)) {
            sw_report_error(loader->report, every->place, NULL,
                            "the repetition lasts more than a hundred years");
            repeat->every_ms = 0;
        }
    } else {
        repeat->over_ms = load_duration(loader, over, "over");
    }
}

struct sw_scenario_repeat sw_load_repeat(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    struct sw_scenario_repeat repeat = {.repeats = true};
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "repeat")) {
        return (struct sw_scenario_repeat){0};
    }
    sw_load_check_keys(loader, node, &sw_keys_repeat);
    const struct sw_yaml_node *per_day = sw_yaml_get(node, "per_day");
    const struct sw_yaml_node *days = sw_yaml_get(node, "days");
    const struct sw_yaml_node *curve = sw_yaml_get(node, "curve");
    if (per_day == NULL) {
        load_repeat_times(loader, node, &repeat);
        return repeat;
    }
    repeat.per_day = sw_load_number(loader, per_day, "per_day");
    repeat.days = days != NULL ? (uint32_t)sw_load_integer(loader, days, "days", 1, 36500) : 1;
    repeat.curve = curve != NULL ? curve_index(loader, curve) : 0;
    if (sw_yaml_get(node, "times") != NULL || sw_yaml_get(node, "every") != NULL) {
        sw_report_error(loader->report, node->place, NULL,
                        "repeat has both per_day and times or every");
    }
    return repeat;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The forms of taxonomy.yaml: which characters, and how many. */
static bool has_form(struct sw_text text, const struct sw_field_info *info)
{
    uint32_t most = info->type == SW_TYPE_TOKEN ? SW_ID_BYTES_MAX : 32;
    if (info->type == SW_TYPE_TEXT) {
        return text.length <= (uint32_t)info->max;
    }
    if (text.length < 1 || text.length > most) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        bool capital = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        bool token = is_letter_or_digit(c) || strchr("._:-", c) != NULL;
        bool word = is_letter_or_digit(c) || strchr("()./ -", c) != NULL;
        if ((info->type == SW_TYPE_TOKEN && !token) || (info->type == SW_TYPE_WORD && !word) ||
            ((info->type == SW_TYPE_AGENCY || info->type == SW_TYPE_NODE) && !capital)) {
            return false;
        }
    }
    return true;
}

bool sw_load_check_form(struct sw_loader *loader, const struct sw_yaml_node *node,
                        const struct sw_field_info *info)
{
    static const char *const forms[] = {
        [SW_TYPE_TOKEN] = "a token: letters, digits and ._:- , at most 64",
        [SW_TYPE_AGENCY] = "an agency: capital letters, digits and -, at most 32",
        [SW_TYPE_NODE] = "a system: capital letters, digits and -, at most 32",
        [SW_TYPE_TEXT] = "text within its limit",
        [SW_TYPE_WORD] = "a word: letters, digits and ()./ -, at most 32",
    };
    if (has_form(node->text, info)) {
        return true;
    }
    sw_report_error(loader->report, node->place, NULL, "%s: \"%.*s\" is not %s", info->name,
                    SW_TEXT_FORMAT(node->text), forms[info->type]);
    return false;
}

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
