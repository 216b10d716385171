/* One event in, its judgement out: enrich, match, judge, move the chain, decide whether people are
 * told. Each step is a small function over one struct on the stack. */
#include <sharewatch/pipeline.h>

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#include "enrich.h"
#include "pipeline_state.h"
#include "sentence.h"

#define RULE_NONE      UINT32_MAX
#define ITEMS_ENRICHED (SW_EDGE_MODE_COUNT + SW_ROUTE_NODES_MAX) // lists that enrichment adds

/* One judgement as it is worked out. */
struct judgement {
    struct sw_route route;
    struct sw_hop *hop;
    bool exists; // there is a hop
    bool cut;    // under an overlay it would not have happened
};

size_t sw_pipeline_bytes(void)
{
    return sizeof(struct sw_pipeline);
}

struct sw_pipeline *sw_pipeline_init(void *memory, const struct sw_pipeline_config *config)
{
    SW_ASSERT(memory != NULL);
    SW_ASSERT(config->map != NULL);
    struct sw_pipeline *pipeline = memory;
    pipeline->config = *config;
    sw_names_init(&pipeline->names);
    return pipeline;
}

/* --- judging --- */

static void match(const struct sw_pipeline *pipeline, const struct sw_event *event, bool again,
                  struct sw_hop *hop)
{
    const struct sw_rules *rules = &pipeline->config.rules;
    if (rules->match == NULL) {
        return;
    }
    uint32_t found = rules->match(rules->context, event, again, hop->findings, SW_FINDINGS_MAX);
    hop->finding_count = found < SW_FINDINGS_MAX ? found : SW_FINDINGS_MAX;
    hop->findings_over = found - hop->finding_count;
}

/* The map's word on the hop, which stands where no rule speaks: unknown is never NONE. @row is that
 * of the edge, NULL when the event takes none. */
static void judge_by_map(const struct sw_map_case *row, const struct sw_route *route,
                         struct sw_hop *hop)
{
    if (row != NULL) {
        hop->verdict = row->verdict;
        hop->level = row->level;
    } else if (route->names_recipient && !route->declined) {
        hop->verdict = SW_VERDICT_REVIEW;
        hop->level = route->crosses == SW_CROSSES_DIRECT ? SW_LEVEL_MATCHED : SW_LEVEL_NONE;
    } else {
        hop->verdict = SW_VERDICT_NONE;
        hop->level = SW_LEVEL_NONE;
    }
    hop->defaulted = true;
}

/* The strictest of the findings that carry a verdict replaces the map's; levels only rise. */
static void judge_by_rules(const struct sw_rules *rules, struct sw_hop *hop)
{
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        SW_ASSERT(finding->rule < rules->count);
        const struct sw_rule *rule = &rules->rules[finding->rule];
        hop->duties |= rule->duties;
        if (!finding->has_verdict) {
            continue;
        }
        hop->verdict = hop->defaulted ? finding->verdict
                                      : sw_verdict_strictest(hop->verdict, finding->verdict);
        hop->defaulted = false;
        hop->level = rule->level > hop->level ? rule->level : hop->level;
    }
}

static bool reaches_federal(const struct sw_map *map, const struct sw_event *event,
                            const struct sw_route *route, const struct sw_map_case *row)
{
    bool recipient = sw_event_code(event, SW_FIELD_RECIPIENT_CLASS) == SW_AGENCY_CLASS_FED_NONIMM;
    bool system =
        route->to != SW_NONE && map->nodes[route->to].class_code == SW_AGENCY_CLASS_FED_NONIMM;
    bool said = row != NULL && row->fed_reach;
    return !route->declined && (recipient || system || said);
}

/* Routes and judges @event of the chain called @key. @again: it was matched before. */
static void judge(struct sw_pipeline *pipeline, const char *key, struct sw_event *event, bool again,
                  struct judgement *judgement)
{
    const struct sw_map *map = pipeline->config.map;
    struct sw_hop *hop = judgement->hop;
    struct sw_route *route = &judgement->route;
    sw_enrich_route(map, &pipeline->routes, event, route);
    hop->edge = route->edge;
    hop->from = route->from;
    hop->to = route->to;
    hop->data_class = route->data_class;
    hop->crosses = route->crosses;
    hop->duties = 0;
    hop->late = sw_event_flag(event, SW_FIELD_LATE);
    hop->revision = 0;
    hop->finding_count = 0;
    hop->findings_over = 0;
    const struct sw_map_case *row =
        route->edge != SW_NONE ? sw_map_case(&map->edges[route->edge], event) : NULL;
    judge_by_map(row, route, hop);
    judgement->cut = sw_cuts_test(&pipeline->cuts, map, key, route);
    if (judgement->cut) {
        hop->verdict = SW_VERDICT_NONE;
        hop->level = SW_LEVEL_NONE;
        hop->crosses = SW_CROSSES_NONE;
        hop->fed_reach = false;
        judgement->exists = false;
        return;
    }
    match(pipeline, event, again, hop);
    judge_by_rules(&pipeline->config.rules, hop);
    if (route->declined) {
        hop->level = SW_LEVEL_NONE; // an attempt may be forbidden, but nothing was given
    }
    hop->fed_reach = reaches_federal(map, event, route, row);
    judgement->exists = route->edge != SW_NONE || route->names_recipient || hop->finding_count > 0;
}

/* --- telling --- */

/* The rule that made the hop what it is and how its alert is told: among the findings that carry
 * the verdict, or else that owe duties, the one that is told most; RULE_NONE: the map's default. */
static uint32_t headline(const struct sw_rules *rules, const struct sw_hop *hop, bool by_verdict)
{
    uint32_t best = RULE_NONE;
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        const struct sw_rule *rule = &rules->rules[finding->rule];
        bool fits = by_verdict ? finding->has_verdict && finding->verdict == hop->verdict
                               : rule->duties != 0;
        if (fits && (best == RULE_NONE || rule->alert < rules->rules[best].alert)) {
            best = finding->rule;
        }
    }
    return best;
}

static bool calls_for_alert(const struct sw_hop *hop)
{
    return hop->verdict == SW_VERDICT_PROH || hop->verdict == SW_VERDICT_REVIEW ||
           hop->level >= SW_LEVEL_MATCHED;
}

static void tell(struct sw_pipeline *pipeline, const struct sw_event *event,
                 const struct judgement *judgement, struct sw_outputs *outputs)
{
    const struct sw_rules *rules = &pipeline->config.rules;
    const struct sw_hop *hop = judgement->hop;
    bool by_verdict = calls_for_alert(hop);
    if (!by_verdict && hop->duties == 0) {
        return;
    }
    uint32_t rule = headline(rules, hop, by_verdict);
    enum sw_alert_mode mode = rule == RULE_NONE ? SW_ALERT_EACH : rules->rules[rule].alert;
    if (mode == SW_ALERT_NEVER) {
        return;
    }
    outputs->has_alert = true;
    struct sw_alert *alert = &outputs->alert;
    alert->verdict = hop->verdict;
    alert->level = hop->level;
    alert->duties = hop->duties;
    alert->rule = rule;
    alert->edge = hop->edge;
    alert->repeated = false;
    if (mode == SW_ALERT_DAILY) {
        int64_t day = event->time_ms / SW_DAY_MS;
        struct sw_daily_key key = {.day = day,
                                   .rule = rule,
                                   .edge = hop->edge,
                                   .verdict = (uint8_t)hop->verdict,
                                   .level = (uint8_t)hop->level};
        alert->alert_id = sw_daily_find(&pipeline->daily, &key);
        alert->repeated = alert->alert_id != 0;
        if (!alert->repeated) {
            alert->alert_id = ++pipeline->alert_id;
            sw_daily_add(&pipeline->daily, &key, alert->alert_id);
        }
    } else {
        alert->alert_id = ++pipeline->alert_id;
    }
    if (alert->repeated) {
        alert->title[0] = '\0';
        alert->sentence[0] = '\0';
        return;
    }
    struct sw_telling telling = {.map = pipeline->config.map,
                                 .rule = rule == RULE_NONE ? NULL : &rules->rules[rule],
                                 .event = event,
                                 .route = &judgement->route,
                                 .hop = hop};
    sw_sentence_write(&telling, alert);
}

/* --- the calls --- */

static void clear(struct sw_outputs *outputs)
{
    outputs->source = UINT32_MAX;
    outputs->has_hop = false;
    outputs->has_chain = false;
    outputs->chain_changed = false;
    outputs->has_alert = false;
    outputs->gap_count = 0;
    outputs->judge_parent_again = false;
}

static void take_sequence(struct sw_pipeline *pipeline, struct sw_text source, uint64_t sequence,
                          int64_t now_ms, struct sw_outputs *outputs)
{
    if (sequence == 0) {
        return;
    }
    outputs->source = sw_sources_add(&pipeline->sources, source);
    if (outputs->source != UINT32_MAX &&
        sw_sources_take(&pipeline->sources, outputs->source, sequence, now_ms)) {
        outputs->gaps[outputs->gap_count++] = (struct sw_gap){.source = outputs->source,
                                                              .first = sequence,
                                                              .last = sequence,
                                                              .opened_ms = now_ms,
                                                              .filled = true};
    }
}

/* Judges a new event as a hop of its chain. */
static void step_hop(struct sw_pipeline *pipeline, struct sw_event *event,
                     struct sw_outputs *outputs)
{
    struct sw_chain_key key;
    sw_chain_key(event,
                 outputs->source != UINT32_MAX
                     ? pipeline->sources.items[outputs->source].lasting_hash
                     : sw_text_hash(event->source),
                 &key);
    sw_chains_expect(&pipeline->chains, &key);
    sw_enrich_fields(pipeline->config.map, event);
    const struct sw_chain *chain = sw_chains_find(&pipeline->chains, &key);
    sw_event_set_bool(event, SW_FIELD_LATE, chain != NULL && event->time_ms < chain->last_ms);
    struct judgement judgement = {.hop = &outputs->hop};
    judge(pipeline, key.bytes, event, false, &judgement);
    const struct sw_hop *hop = judgement.hop;
    bool onward = hop->edge != SW_NONE && pipeline->config.map->edges[hop->edge].armed &&
                  hop->crosses != SW_CROSSES_NONE;
    outputs->judge_parent_again = event->parent.length > 0 && onward && !judgement.cut;
    if (judgement.cut) {
        sw_cuts_add(&pipeline->cuts, pipeline->config.map, key.bytes, &judgement.route);
    } else {
        sw_cuts_reach(&pipeline->cuts, key.bytes, &judgement.route);
    }
    if (!judgement.exists) {
        return;
    }
    outputs->has_hop = true;
    sw_chains_add(&pipeline->chains, &key, hop, event->time_ms, true, outputs);
    tell(pipeline, event, &judgement, outputs);
}

void sw_pipeline_step(struct sw_pipeline *pipeline, struct sw_event *event, int64_t now_ms,
                      struct sw_outputs *outputs)
{
    clear(outputs);
    take_sequence(pipeline, event->source, event->sequence, now_ms, outputs);
    if (event->correction) {
        SW_ASSERT(event->parent.length > 0); // the decoder saw to it
        outputs->judge_parent_again = true;
        return;
    }
    step_hop(pipeline, event, outputs);
}

void sw_pipeline_take_refused(struct sw_pipeline *pipeline, const struct sw_rejection *rejection,
                              int64_t now_ms, struct sw_outputs *outputs)
{
    clear(outputs);
    take_sequence(pipeline, rejection->source, rejection->sequence, now_ms, outputs);
}

void sw_pipeline_orphan(struct sw_pipeline *pipeline, struct sw_event *event, int64_t now_ms,
                        struct sw_outputs *outputs)
{
    (void)now_ms;
    clear(outputs);
    if (event->correction) {
        step_hop(pipeline, event, outputs);
        outputs->judge_parent_again = false;
    }
}

/* Replaces the sender's fields of @parent by those that @late carries. */
static void correct(struct sw_event *parent, const struct sw_event *late)
{
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        bool sent = sw_field_info((enum sw_field)field)->by == SW_BY_SENDER;
        if (sent && late->fields[field].type != SW_VALUE_MISSING) {
            parent->fields[field] = late->fields[field];
        }
    }
}

/* A copy of the scalar @value whose text stands in @event. Texts of enumerated fields are static.
 */
static bool copy_scalar(struct sw_event *event, const struct sw_value *value, struct sw_value *copy)
{
    *copy = *value;
    if (value->type != SW_VALUE_TEXT || value->code != 0 || value->text.length == 0) {
        return true;
    }
    if (SW_EVENT_STORAGE - event->storage_used < value->text.length) {
        return false;
    }
    memcpy(event->storage + event->storage_used, value->text.bytes, value->text.length);
    copy->text.bytes = event->storage + event->storage_used;
    event->storage_used += value->text.length;
    return true;
}

static bool copy_value(struct sw_event *event, const struct sw_value *value, struct sw_value *copy)
{
    if (value->type != SW_VALUE_LIST) {
        return copy_scalar(event, value, copy);
    }
    if (event->item_count + value->count > SW_EVENT_ITEMS_MAX - ITEMS_ENRICHED) {
        return false;
    }
    struct sw_value *items = event->items + event->item_count;
    for (uint32_t i = 0; i < value->count; i++) {
        if (!copy_scalar(event, &value->items[i], &items[i])) {
            return false;
        }
    }
    event->item_count += value->count;
    *copy = *value;
    copy->items = items;
    return true;
}

enum sw_status sw_pipeline_learn(struct sw_pipeline *pipeline, struct sw_event *parent,
                                 struct sw_event *earlier)
{
    if (!earlier->correction) {
        struct sw_route route;
        sw_enrich_fields(pipeline->config.map, earlier);
        sw_enrich_route(pipeline->config.map, &pipeline->routes, earlier, &route);
        sw_event_set_code(parent, SW_FIELD_FLOW_ONWARD, route.crosses);
        return SW_OK;
    }
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const struct sw_value *value = &earlier->fields[field];
        bool sent = sw_field_info((enum sw_field)field)->by == SW_BY_SENDER;
        if (sent && value->type != SW_VALUE_MISSING &&
            !copy_value(parent, value, &parent->fields[field])) {
            return SW_FULL;
        }
    }
    return SW_OK;
}

/* Takes away what enrichment added, so that the event can be enriched anew. */
struct sent {
    struct sw_value fields[SW_FIELD_COUNT];
    uint32_t item_count;
};

static void keep_sent(const struct sw_event *event, struct sent *sent)
{
    memcpy(sent->fields, event->fields, sizeof(sent->fields));
    sent->item_count = event->item_count;
}

static void put_sent_back(struct sw_event *event, const struct sent *sent)
{
    memcpy(event->fields, sent->fields, sizeof(sent->fields));
    event->item_count = sent->item_count;
}

static bool arms(const struct sw_map *map, uint16_t edge, const struct sw_event *late)
{
    uint16_t onward = sw_map_edge(map, sw_event_text(late, SW_FIELD_EDGE));
    for (uint16_t i = 0; edge != SW_NONE && i < map->edges[edge].arms_count; i++) {
        if (map->edges[edge].arms[i] == onward) {
            return true;
        }
    }
    return false;
}

static bool differs(const struct sw_hop *a, const struct sw_hop *b)
{
    return a->verdict != b->verdict || a->level != b->level || a->duties != b->duties;
}

void sw_pipeline_again(struct sw_pipeline *pipeline, struct sw_event *parent,
                       const struct sw_event *late, uint32_t revision, int64_t now_ms,
                       struct sw_outputs *outputs)
{
    (void)now_ms;
    SW_ASSERT(revision >= 1);
    clear(outputs);
    struct sw_hop former;
    struct judgement before = {.hop = &former};
    struct judgement after = {.hop = &outputs->hop};
    struct sent sent;
    struct sw_chain_key key;
    sw_chain_key(parent, sw_text_hash(parent->source), &key);
    keep_sent(parent, &sent);
    sw_enrich_fields(pipeline->config.map, parent);
    judge(pipeline, key.bytes, parent, true, &before);
    bool onward = arms(pipeline->config.map, former.edge, late);
    put_sent_back(parent, &sent);
    if (!late->correction && !onward) {
        return;
    }
    if (late->correction) {
        correct(parent, late);
    }
    if (onward) {
        sw_event_set_code(parent, SW_FIELD_FLOW_ONWARD, sw_event_code(late, SW_FIELD_FLOW_CROSSES));
    }
    sw_enrich_fields(pipeline->config.map, parent);
    judge(pipeline, key.bytes, parent, true, &after);
    if (!after.exists && !before.exists) {
        return;
    }
    outputs->hop.revision = revision;
    outputs->hop.late = true;
    outputs->has_hop = true;
    sw_chains_add(&pipeline->chains, &key, &outputs->hop, parent->time_ms, false, outputs);
    if (differs(&former, &outputs->hop)) {
        tell(pipeline, parent, &after, outputs);
    }
}

void sw_pipeline_take_hop(struct sw_pipeline *pipeline, const char *key, const struct sw_hop *hop,
                          int64_t time_ms, struct sw_outputs *outputs)
{
    struct sw_chain_key chain;
    clear(outputs);
    sw_chain_key_set(&chain, sw_text_from(key));
    sw_chains_add(&pipeline->chains, &chain, hop, time_ms, hop->revision == 0, outputs);
}

bool sw_pipeline_tick(struct sw_pipeline *pipeline, int64_t now_ms, struct sw_outputs *outputs)
{
    clear(outputs);
    while (outputs->gap_count < SW_GAPS_PER_STEP &&
           sw_sources_expire(&pipeline->sources, now_ms, &outputs->gaps[outputs->gap_count])) {
        outputs->gap_count++;
    }
    return sw_sources_has_expired(&pipeline->sources, now_ms);
}

void sw_pipeline_source_ended(struct sw_pipeline *pipeline, struct sw_text source, uint64_t last,
                              int64_t now_ms)
{
    struct sw_text agency;
    bool valid = sw_wire_parse_source(source, &agency) == SW_OK && last >= 1 && last <= INT64_MAX;
    uint32_t index = valid ? sw_sources_add(&pipeline->sources, source) : UINT32_MAX;
    if (index != UINT32_MAX) {
        sw_sources_end(&pipeline->sources, index, last, now_ms);
    }
}

/* --- restoring and asking --- */

void sw_pipeline_restore_chain(struct sw_pipeline *pipeline, const struct sw_chain *chain)
{
    sw_chains_restore(&pipeline->chains, chain);
}

void sw_pipeline_restore_source(struct sw_pipeline *pipeline, struct sw_text source,
                                uint64_t highest)
{
    uint32_t index = sw_sources_add(&pipeline->sources, source);
    if (index != UINT32_MAX && highest > pipeline->sources.items[index].highest) {
        pipeline->sources.items[index].highest = highest;
    }
}

void sw_pipeline_restore_hole(struct sw_pipeline *pipeline, struct sw_text source, uint64_t first,
                              uint64_t last, int64_t opened_ms, bool reported)
{
    uint32_t index = sw_sources_add(&pipeline->sources, source);
    if (index != UINT32_MAX) {
        sw_sources_restore_hole(&pipeline->sources, index, first, last, opened_ms, reported);
    }
}

void sw_pipeline_restore_daily(struct sw_pipeline *pipeline, struct sw_text rule,
                               struct sw_text edge, enum sw_verdict verdict, enum sw_level level,
                               int64_t day, uint64_t alert_id)
{
    const struct sw_pipeline_config *config = &pipeline->config;
    uint32_t index = sw_rules_find(&config->rules, rule);
    if (index == UINT32_MAX) {
        return;
    }
    struct sw_daily_key key = {.day = day,
                               .rule = index,
                               .edge = edge.length > 0 ? sw_map_edge(config->map, edge) : SW_NONE,
                               .verdict = (uint8_t)verdict,
                               .level = (uint8_t)level};
    if (sw_daily_find(&pipeline->daily, &key) == 0) {
        sw_daily_add(&pipeline->daily, &key, alert_id);
    }
}

void sw_pipeline_restore_alert_id(struct sw_pipeline *pipeline, uint64_t last_alert_id)
{
    pipeline->alert_id = last_alert_id;
}

uint32_t sw_pipeline_source(const struct sw_pipeline *pipeline, struct sw_text source)
{
    return sw_sources_find(&pipeline->sources, source);
}

uint32_t sw_pipeline_source_count(const struct sw_pipeline *pipeline)
{
    return pipeline->sources.count;
}

struct sw_text sw_pipeline_source_name(const struct sw_pipeline *pipeline, uint32_t source)
{
    SW_ASSERT(source < pipeline->sources.count);
    const struct sw_source *item = &pipeline->sources.items[source];
    return (struct sw_text){item->name, item->name_bytes};
}

uint64_t sw_pipeline_source_contiguous(const struct sw_pipeline *pipeline, uint32_t source)
{
    return sw_sources_contiguous(&pipeline->sources, source);
}

uint64_t sw_pipeline_source_highest(const struct sw_pipeline *pipeline, uint32_t source)
{
    SW_ASSERT(source < pipeline->sources.count);
    return pipeline->sources.items[source].highest;
}

bool sw_pipeline_hole(const struct sw_pipeline *pipeline, uint32_t source, uint32_t *cursor,
                      uint64_t *first, uint64_t *last)
{
    SW_ASSERT(source < pipeline->sources.count);
    const struct sw_sources *sources = &pipeline->sources;
    *cursor = *cursor == 0 ? sources->items[source].first_hole : sources->holes[*cursor - 1].after;
    if (*cursor == 0) {
        return false;
    }
    *first = sources->holes[*cursor - 1].first;
    *last = sources->holes[*cursor - 1].last;
    return true;
}

void sw_pipeline_take_sources(struct sw_pipeline *pipeline, const struct sw_pipeline *former)
{
    pipeline->sources = former->sources;
}

void sw_pipeline_write_path(const struct sw_pipeline *pipeline, const struct sw_event *event,
                            struct sw_buffer *buffer)
{
    const struct sw_value *path = &event->fields[SW_FIELD_FLOW_PATH];
    const struct sw_map *map = pipeline->config.map;
    for (uint32_t i = 0; path->type == SW_VALUE_LIST && i < path->count; i++) {
        uint16_t node = sw_map_node(map, path->items[i].text);
        SW_ASSERT(node != SW_NONE);
        sw_buffer_append_string(buffer, i > 0 ? " › " : "");
        sw_buffer_append(buffer, map->nodes[node].name);
    }
}

struct sw_pipeline_counters sw_pipeline_counters(const struct sw_pipeline *pipeline)
{
    return (struct sw_pipeline_counters){
        .chains_evicted_total = pipeline->chains.evicted_total,
        .sources_refused_total = pipeline->sources.refused_total,
        .holes_merged_total = pipeline->sources.merged_total,
        .daily_evicted_total = pipeline->daily.evicted_total,
        .cuts_evicted_total = pipeline->cuts.evicted_total,
    };
}
