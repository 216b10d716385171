/* What one thread matches with: an event, decoded or as a line of JSON, becomes values in slots. */
#include <sharewatch/policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "allocate.h"
#include "policy_state.h"

#define EVENT_FOLD_BYTES (4U * SW_PACKET_BYTES_MAX) // folded text of one decoded event

/* --- decoded events ----------------------------------------------------------------------------
 */

static struct sw_scratch *open_scratch(const struct sw_policy *policy, uint32_t fold_bytes)
{
    struct sw_scratch *scratch = calloc(1, sizeof(*scratch));
    uint32_t *found = calloc((size_t)policy->rule_count + 1, sizeof(uint32_t));
    if (scratch == NULL || found == NULL) {
        (void)fprintf(stderr, "sharewatch: no memory for matching rules\n");
        exit(EXIT_FAILURE);
    }
    scratch->policy = policy;
    scratch->found = found;
    sw_matcher_open(&scratch->matcher, &policy->index, &policy->set, policy->rules, policy->sources,
                    fold_bytes, policy->options.machine);
    size_t mib = policy->options.state_mib > 0 ? policy->options.state_mib : SW_POLICY_STATE_MIB;
    sw_correlator_open(&scratch->correlator, &scratch->matcher, policy->rules, policy->sources,
                       policy->rule_count, mib << 20);
    return scratch;
}

struct sw_scratch *sw_scratch_open(const struct sw_policy *policy)
{
    struct sw_scratch *scratch = open_scratch(policy, EVENT_FOLD_BYTES);
    for (int kind = 0; kind < SW_KIND_COUNT; kind++) {
        scratch->log_sources[kind] = (struct sw_log_source){
            .product = SW_TEXT("sharewatch"),
            .category =
                kind == SW_KIND_NONE ? SW_TEXT("") : sw_text_from(sw_kind_name((enum sw_kind)kind)),
        };
    }
    return scratch;
}

void sw_scratch_close(struct sw_scratch *scratch)
{
    if (scratch != NULL) {
        sw_scanner_close(&scratch->scanner);
        sw_correlator_close(&scratch->correlator);
        sw_matcher_close(&scratch->matcher);
        free(scratch->found);
        free(scratch);
    }
}

/* Fills @datum from a value that is no list. */
static void fill_datum(struct sw_scratch *scratch, const struct sw_value *value,
                       struct sw_datum *datum)
{
    char *text = scratch->numbers[scratch->number_count];
    struct sw_number number;
    switch ((enum sw_value_type)value->type) {
    case SW_VALUE_TEXT:
        sw_datum_text(datum, value->text);
        return;
    case SW_VALUE_BOOL:
        sw_datum_bool(datum, value->boolean);
        return;
    case SW_VALUE_INTEGER:
    case SW_VALUE_REAL:
        number = value->type == SW_VALUE_INTEGER ? sw_number_integer(value->integer)
                                                 : sw_number_real(value->real);
        scratch->number_count++;
        sw_datum_number(datum, sw_text_from(sw_number_text(&number, text)), &number, text);
        return;
    case SW_VALUE_NULL:
        sw_datum_start(datum, SW_DATUM_NULL, (struct sw_text){NULL, 0});
        return;
    case SW_VALUE_MISSING:
    case SW_VALUE_LIST:
        sw_datum_start(datum, SW_DATUM_OTHER, (struct sw_text){NULL, 0});
        return;
    }
}

static void add_value(struct sw_scratch *scratch, uint32_t slot, const struct sw_value *value)
{
    struct sw_datum *datum = sw_match_add(&scratch->matcher, slot);
    SW_ASSERT(datum != NULL);
    fill_datum(scratch, value, datum);
    if (scratch->policy->has_keywords && slot != SW_SLOT_KEYWORDS && datum->type != SW_DATUM_NULL &&
        datum->type != SW_DATUM_OTHER) {
        struct sw_datum *keyword = sw_match_add(&scratch->matcher, SW_SLOT_KEYWORDS);
        SW_ASSERT(keyword != NULL);
        *keyword = *datum;
    }
}

static void add_field(struct sw_scratch *scratch, uint32_t slot, const struct sw_value *value)
{
    if (value->type != SW_VALUE_LIST) {
        add_value(scratch, slot, value);
        return;
    }
    if (value->count == 0) {
        struct sw_value empty = {.type = SW_VALUE_LIST};
        add_value(scratch, slot, &empty);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        add_value(scratch, slot, &value->items[i]);
    }
}

static void read_event(struct sw_scratch *scratch, const struct sw_event *event)
{
    scratch->number_count = 0;
    sw_match_begin(&scratch->matcher);
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const struct sw_value *value = &event->fields[field];
        uint32_t slot = scratch->policy->slot_of_field[field];
        if (value->type == SW_VALUE_MISSING) {
            continue;
        }
        if (slot != SW_UNKNOWN) {
            add_field(scratch, slot, value);
        } else if (scratch->policy->has_keywords) {
            add_field(scratch, SW_SLOT_KEYWORDS, value);
        }
    }
    if (scratch->kind != event->kind || event->kind == SW_KIND_NONE) {
        scratch->kind = event->kind;
        sw_match_log_source(&scratch->matcher, &scratch->log_sources[event->kind]);
    }
}

/* Gathers in `found` the detection rules that speak for themselves; returns how many. */
static uint32_t collect_matches(struct sw_scratch *scratch)
{
    const struct sw_match *matches = scratch->matcher.matches;
    const struct sw_plan *plans = scratch->policy->index.plans;
    const uint32_t match_count = scratch->matcher.match_count;
    uint32_t *found = scratch->found;
    if (!scratch->policy->index.has_silent) {
        for (uint32_t i = 0; i < match_count; i++) {
            found[i] = matches[i].rule;
        }
        return match_count;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < match_count; i++) {
        if (!plans[matches[i].rule].silent) {
            found[count++] = matches[i].rule;
        }
    }
    return count;
}

/* Gathers in `found` the rules that speak for themselves, in order of index. */
static uint32_t collect(struct sw_scratch *scratch)
{
    const struct sw_correlator *correlator = &scratch->correlator;
    const struct sw_plan *plans = scratch->policy->index.plans;
    uint32_t count = collect_matches(scratch);
    for (uint32_t i = 0; i < correlator->fired_count; i++) {
        uint32_t rule = correlator->fired[i];
        uint32_t at = count;
        if (plans[rule].silent) {
            continue;
        }
        for (; at > 0 && scratch->found[at - 1] > rule; at--) {
            scratch->found[at] = scratch->found[at - 1];
        }
        scratch->found[at] = rule;
        count++;
    }
    return count;
}

static struct sw_finding finding_of(const struct sw_scratch *scratch, uint32_t index)
{
    const struct sw_rule *rule = &scratch->policy->rules[index];
    struct sw_finding finding = {.rule = index,
                                 .has_verdict = rule->has_verdict,
                                 .verdict = rule->verdict,
                                 .missing = SW_FIELD_COUNT};
    if (scratch->policy->sources[index].if_missing_count == 0) {
        return finding;
    }
    for (uint32_t i = 0; i < scratch->matcher.match_count; i++) {
        const struct sw_match *match = &scratch->matcher.matches[i];
        if (match->rule == index && match->missing_slot != SW_UNKNOWN) {
            finding.has_verdict = true;
            finding.verdict = SW_VERDICT_REVIEW;
            finding.missing = scratch->policy->set.slots[match->missing_slot].field;
        }
    }
    return finding;
}

static uint32_t match_event(void *context, const struct sw_event *event, bool again,
                            struct sw_finding *findings, uint32_t capacity)
{
    struct sw_scratch *scratch = context;
    read_event(scratch, event);
    sw_match_finish(&scratch->matcher, event->time_ms);
    scratch->correlator.fired_count = 0;
    if (!again) {
        sw_correlate(&scratch->correlator, event->time_ms);
    }
    uint32_t count = collect(scratch);
    for (uint32_t i = 0; i < count && i < capacity; i++) {
        findings[i] = finding_of(scratch, scratch->found[i]);
    }
    return count;
}

struct sw_rules sw_policy_rules(const struct sw_policy *policy, struct sw_scratch *scratch)
{
    SW_ASSERT(scratch->policy == policy);
    return (struct sw_rules){
        .rules = policy->rules,
        .count = policy->rule_count,
        .match = match_event,
        .context = scratch,
    };
}

/* --- lines -------------------------------------------------------------------------------------
 */

struct sw_scratch *sw_scratch_open_lines(const struct sw_policy *policy)
{
    uint32_t bytes =
        policy->options.line_bytes > 0 ? policy->options.line_bytes : SW_POLICY_LINE_BYTES;
    SW_ASSERT(bytes < UINT32_MAX / 4);
    struct sw_scratch *scratch = open_scratch(policy, bytes * 3);
    sw_scanner_open(&scratch->scanner, &policy->fields, &scratch->matcher, policy->has_keywords,
                    policy->options.machine, bytes);
    return scratch;
}

void sw_scratch_log_source(struct sw_scratch *scratch, struct sw_text product,
                           struct sw_text category, struct sw_text service)
{
    scratch->given =
        (struct sw_log_source){.product = product, .category = category, .service = service};
    sw_match_log_source(&scratch->matcher, &scratch->given);
}

/* The log source of this event, where its fields say so. */
static void take_log_source(struct sw_scratch *scratch)
{
    struct sw_log_source given = scratch->given;
    struct sw_text *parts[] = {&given.product, &given.category, &given.service};
    bool asked = false;
    for (int i = 0; i < 3; i++) {
        uint32_t slot = scratch->policy->log_source_slots[i];
        if (slot == SW_UNKNOWN) {
            continue;
        }
        asked = true;
        uint32_t at = scratch->matcher.slot_first[slot];
        const struct sw_datum *datum = at != SW_UNKNOWN ? &scratch->matcher.data[at] : NULL;
        if (datum != NULL && datum->type == SW_DATUM_TEXT) {
            *parts[i] = datum->text;
        }
    }
    if (asked) {
        sw_match_log_source(&scratch->matcher, &given);
    }
}

/* Reads a time as events have it: RFC 3339, the same with a space or without a zone (UTC), or
 * seconds or milliseconds since the epoch. */
static bool read_time(struct sw_datum *datum, int64_t *time_ms)
{
    if (sw_datum_is_number(datum)) {
        double number = datum->number.real;
        double ms = number > 1e11 || number < -1e11 ? number : number * 1000;
        *time_ms = ms > -9e15 && ms < 9e15 ? (int64_t)ms : 0;
        return ms > -9e15 && ms < 9e15;
    }
    if (datum->type != SW_DATUM_TEXT || sw_time_parse(datum->text, time_ms) == SW_OK) {
        return datum->type == SW_DATUM_TEXT;
    }
    char text[48];
    if (datum->text.length < 16 || datum->text.length + 2 > sizeof(text)) {
        return false;
    }
    memcpy(text, datum->text.bytes, datum->text.length);
    text[10] = 'T';
    text[datum->text.length] = 'Z';
    return sw_time_parse((struct sw_text){text, datum->text.length}, time_ms) == SW_OK ||
           sw_time_parse((struct sw_text){text, datum->text.length + 1}, time_ms) == SW_OK;
}

enum sw_status sw_policy_match_line(struct sw_scratch *scratch, struct sw_text text,
                                    struct sw_line *line)
{
    SW_ASSERT(scratch->scanner.text != NULL);
    *line = (struct sw_line){.rules = scratch->found, .time_ms = INT64_MIN};
    sw_match_begin(&scratch->matcher);
    if (text.length > scratch->scanner.text_capacity) {
        line->error = "longer than the longest event that is matched";
        return SW_MALFORMED;
    }
    if (!sw_scan(&scratch->scanner, text)) {
        line->error = scratch->scanner.error;
        line->error_position = (uint32_t)(scratch->scanner.at - scratch->scanner.start);
        return SW_MALFORMED;
    }
    uint32_t at = scratch->matcher.slot_first[scratch->policy->time_slot];
    line->has_time = at != SW_UNKNOWN;
    if (line->has_time && scratch->policy->needs_time) {
        line->has_time = read_time(&scratch->matcher.data[at], &line->time_ms);
    }
    take_log_source(scratch);
    sw_match_finish(&scratch->matcher, line->time_ms);
    sw_correlate(&scratch->correlator, line->time_ms);
    line->count = collect(scratch);
    return SW_OK;
}

/* --- state -------------------------------------------------------------------------------------
 */

struct sw_policy_counters sw_policy_counters(const struct sw_scratch *scratch)
{
    struct sw_policy_counters counters = {
        .regex_exceeded_total = scratch->matcher.tools.regex_exceeded_total,
        .values_refused_total = scratch->matcher.values_refused_total,
        .candidates_total = scratch->matcher.candidates_total,
    };
    for (uint32_t i = 0; i < scratch->correlator.table_count; i++) {
        const struct sw_group_table *table = &scratch->correlator.tables[i];
        counters.groups_evicted_total += table->evicted_total;
        counters.group_missing_total += table->missing_total;
        counters.values_dropped_total += table->entries_dropped_total;
    }
    return counters;
}

void sw_policy_state_drain(struct sw_scratch *scratch, sw_policy_state_fn tell, void *context)
{
    sw_correlator_drain(&scratch->correlator, tell, context);
}

bool sw_policy_state_put(struct sw_scratch *scratch, struct sw_text key, struct sw_text value)
{
    return sw_correlator_put(&scratch->correlator, key, value);
}

void sw_policy_state_clear(struct sw_scratch *scratch)
{
    sw_correlator_clear(&scratch->correlator);
}

static void put_group(void *context, struct sw_text key, struct sw_text value)
{
    (void)sw_correlator_put(context, key, value); // false: the new set has no such correlation
}

void sw_scratch_take_over(struct sw_scratch *scratch, struct sw_scratch *old)
{
    sw_correlator_walk(&old->correlator, put_group, &scratch->correlator);
}
