/*
 * rehearsed_main FOLDER [VARIANT]: rehearses a scenario and prints all that a monitor would log of
 * it, one line a row, in the columns of agree_test.sh's queries of a log.
 */
#include <inttypes.h>
#include <stdio.h>

#include <sharewatch/scenario.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/verdict.h>
#include <sharewatch/wire.h>

#include "notes.h"
#include "rehearse.h"

static struct sw_text edge_id(const struct sw_map *map, uint16_t edge)
{
    return edge == SW_NONE ? (struct sw_text){0} : map->edges[edge].id;
}

static struct sw_text node_id(const struct sw_map *map, uint16_t node)
{
    return node == SW_NONE ? (struct sw_text){0} : map->nodes[node].id;
}

static struct sw_text word_of(enum sw_field field, uint16_t code)
{
    return code == 0 ? (struct sw_text){0} : sw_enum_text(sw_field_info(field)->values, code);
}

static void print_hop(const struct sw_map *map, const struct sw_log_subject *subject,
                      const struct sw_outputs *outputs)
{
    const struct sw_hop *hop = &outputs->hop;
    char duties[SW_DUTIES_TEXT_BYTES];
    (void)printf("hop|%" PRId64 "|%u|%" PRId64
                 "|%s|%.*s|%.*s|%.*s|%.*s|%.*s|%d|%s|%s|%d|%d|%" PRId64 "\n",
                 subject->event_id, hop->revision, subject->cause_id, outputs->chain.key,
                 SW_TEXT_FORMAT(edge_id(map, hop->edge)), SW_TEXT_FORMAT(node_id(map, hop->from)),
                 SW_TEXT_FORMAT(node_id(map, hop->to)),
                 SW_TEXT_FORMAT(word_of(SW_FIELD_DATA_CLASS, hop->data_class)),
                 SW_TEXT_FORMAT(word_of(SW_FIELD_FLOW_CROSSES,
                                        hop->crosses != 0 ? hop->crosses : SW_CROSSES_NONE)),
                 hop->level, sw_verdict_code(hop->verdict), sw_duties_text(hop->duties, duties),
                 hop->fed_reach, hop->late, subject->time_ms);
}

static void print_findings(const struct sw_knowledge *knowledge,
                           const struct sw_log_subject *subject, const struct sw_hop *hop)
{
    uint32_t rule_count;
    const struct sw_rule *rules = sw_policy_rule_list(knowledge->policy, &rule_count);
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        (void)printf("finding|%" PRId64 "|%u|%.*s|%s|%s\n", subject->event_id, hop->revision,
                     SW_TEXT_FORMAT(rules[finding->rule].name),
                     finding->has_verdict ? sw_verdict_code(finding->verdict) : "",
                     finding->missing < SW_FIELD_COUNT ? sw_field_info(finding->missing)->name
                                                       : "");
    }
}

static void print_chain(const struct sw_log_subject *subject, const struct sw_chain *chain)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    (void)printf("chain|%s|%u|%" PRId64 "|%d|%s|%s|%d|%u|%" PRId64 "|%" PRId64 "\n", chain->key,
                 chain->revision, subject->cause_id != 0 ? subject->cause_id : subject->event_id,
                 chain->level, sw_verdict_code(chain->verdict),
                 sw_duties_text(chain->duties, duties), chain->fed_reach, chain->hops,
                 chain->first_ms, chain->last_ms);
}

static void take(void *context, const struct sw_knowledge *knowledge,
                 const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs)
{
    const struct sw_alert *alert = &outputs->alert;
    (void)context;
    (void)event;
    print_hop(&knowledge->map, subject, outputs);
    print_findings(knowledge, subject, &outputs->hop);
    if (outputs->has_alert) {
        (void)printf("told|%" PRId64 "|%u|%" PRIu64 "\n", subject->event_id, outputs->hop.revision,
                     alert->alert_id);
    }
    if (outputs->has_alert && !alert->repeated) {
        (void)printf("alert|%" PRIu64 "|%d|%s|%.*s|%s|%s|%.*s\n", alert->alert_id, alert->level,
                     sw_verdict_code(alert->verdict),
                     SW_TEXT_FORMAT(edge_id(&knowledge->map, alert->edge)), alert->title,
                     alert->sentence, SW_TEXT_FORMAT(subject->path));
    }
    if (outputs->chain_changed) {
        print_chain(subject, &outputs->chain);
    }
}

static void take_gap(void *context, struct sw_text source, const struct sw_gap *gap)
{
    (void)context;
    (void)printf("gap|%.*s|%" PRIu64 "|%" PRIu64 "|%d\n", SW_TEXT_FORMAT(source), gap->first,
                 gap->last, gap->filled);
}

static void refuse(void *context, const struct sw_packet *packet,
                   const struct sw_rejection *rejection)
{
    (void)context;
    (void)printf("refused|%s|%u|%s|%u\n", rejection->code, rejection->position, rejection->field,
                 packet->payload.length);
}

int main(int argc, char **argv)
{
    static struct sw_scenario scenario;
    static struct sw_phases phases;
    static struct sw_rehearsal result;
    const struct sw_rehearsal_watch watch = {.take = take, .take_gap = take_gap, .refuse = refuse};
    const struct sw_rehearsal_options wanted = {.stream = stderr, .watch = &watch};
    struct sw_scenario_options options = {.variant = argc > 2 ? argv[2] : NULL};
    struct sw_report report = {0};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: rehearsed_main FOLDER [VARIANT]\n");
        return 2;
    }
    bool good = sw_scenario_open(&scenario, argv[1], &options, &report) == SW_OK &&
                sw_phases_open(&phases, &scenario, "test", NULL);
    if (good) { // once more: now there is a map for what moves by itself
        sw_scenario_free(&scenario);
        options.map = &phases.items[0].map;
        good = sw_scenario_open(&scenario, argv[1], &options, &report) == SW_OK &&
               sw_rehearse(&scenario, &phases, &wanted, &result) == SW_OK;
    }
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    sw_phases_close(&phases);
    sw_scenario_free(&scenario);
    return good ? 0 : 1;
}
