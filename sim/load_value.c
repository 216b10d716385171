#include "load_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

uint32_t sw_load_packs(struct sw_loader *loader, const struct sw_yaml_node *node,
                       struct sw_text packs[SW_SCENARIO_PACKS_MAX])
{
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "policy")) {
        return 0;
    }
    if (node->count < 1 || node->count > SW_SCENARIO_PACKS_MAX) {
        sw_report_error(loader->report, node->place, NULL, "policy needs 1 to %d packs",
                        SW_SCENARIO_PACKS_MAX);
        return 0;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        packs[i] = sw_load_name(loader, node->items[i], "policy pack");
    }
    return node->count;
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
