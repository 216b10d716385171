#include "expect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>
#include <sharewatch/log.h>

#define FINDINGS_MAX 16

struct expect {
    const struct sw_scenario *scenario;
    struct sw_log_reader reader;
    struct sw_log_totals totals;
    struct sw_score score;
    uint64_t missing;     // events of the scenario that are not in the log
    uint64_t alerts;      // that tell of events of the scenario
    uint8_t *alerts_seen; // [totals.alerts + 1], 1 when counted
};

static uint32_t split_rules(char *rules, struct sw_text names[FINDINGS_MAX])
{
    uint32_t count = 0;
    char *rest = NULL;
    for (char *name = strtok_r(rules, ",", &rest); name != NULL && count < FINDINGS_MAX;
         name = strtok_r(NULL, ",", &rest)) {
        names[count++] = sw_text_from(name);
    }
    return count;
}

static void count_alert(struct expect *expect, int64_t alert_id)
{
    if (alert_id > 0 && (uint64_t)alert_id <= expect->totals.alerts &&
        expect->alerts_seen[alert_id] == 0) {
        expect->alerts_seen[alert_id] = 1;
        expect->alerts++;
    }
}

/* One event of the scenario as the log has it. An event that is not there was refused, or never
 * came: the log keeps nothing of it that could be found. */
static enum sw_status compare_event(struct expect *expect, const struct sw_scenario_event *made)
{
    struct sw_log_hop hop;
    struct sw_text names[FINDINGS_MAX];
    struct sw_observation seen = {.findings = names};
    enum sw_status status =
        sw_log_hop_of(&expect->reader, made->event.source, made->event.id, &hop);
    if (status == SW_NOT_FOUND) {
        expect->missing++;
        bool refused = (made->expect->parts & SW_EXPECT_REFUSED) != 0;
        seen.refused = refused ? made->expect->refused : SW_TEXT("not in the log");
    } else if (status != SW_OK) {
        return status;
    } else if (hop.has_hop) {
        seen.has_hop = true;
        seen.verdict = hop.verdict;
        seen.level = hop.level;
        seen.duties = hop.duties;
        seen.fed_reach = hop.fed_reach;
        seen.edge = sw_text_from(hop.edge);
        seen.verdicts = hop.verdicts;
        seen.alert = hop.alert_id > 0;
        seen.finding_count = split_rules(hop.rules, names);
        count_alert(expect, hop.alert_id);
    }
    sw_score_event(&expect->score, made->step, made->expect, &seen);
    return SW_OK;
}

static enum sw_status compare_events(struct expect *expect)
{
    static struct sw_scenario_event made;
    struct sw_generator *generator = NULL;
    enum sw_status status = sw_generator_open(&generator, expect->scenario);
    while (status == SW_OK && sw_generator_next(generator, &made) == SW_OK) {
        if (!made.hidden) {
            status = compare_event(expect, &made);
        }
    }
    sw_generator_close(generator);
    return status;
}

static enum sw_status compare_chains(struct expect *expect)
{
    const struct sw_scenario_totals *totals = &expect->scenario->totals;
    for (uint32_t i = 0; i < totals->chain_count; i++) {
        struct sw_chain chain;
        enum sw_status status =
            sw_log_chain_of(&expect->reader, sw_text_from(totals->chains[i].key), &chain);
        if (status != SW_OK && status != SW_NOT_FOUND) {
            return status;
        }
        sw_score_chain(&expect->score, i, status == SW_OK ? &chain : NULL);
    }
    return SW_OK;
}

static enum sw_status compare_all(struct expect *expect, const char *log_path)
{
    enum sw_status status = sw_log_reader_open(&expect->reader, log_path);
    if (status != SW_OK) {
        return status;
    }
    status = sw_log_totals(&expect->reader, &expect->totals);
    if (status != SW_OK) {
        return status;
    }
    expect->alerts_seen = calloc(expect->totals.alerts + 1, 1);
    if (expect->alerts_seen == NULL) {
        return SW_NO_MEMORY;
    }
    status = compare_events(expect);
    if (status == SW_OK && expect->score.under.length == 0) {
        status = compare_chains(expect);
    }
    sw_score_finish(&expect->score, expect->alerts, expect->totals.quarantined,
                    expect->totals.gaps);
    return status;
}

static void say_outcome(const struct expect *expect, FILE *stream)
{
    const struct sw_scenario *scenario = expect->scenario;
    (void)fprintf(stream, "%.*s", SW_TEXT_FORMAT(scenario->name));
    if (scenario->variant.length > 0) {
        (void)fprintf(stream, " variant %.*s", SW_TEXT_FORMAT(scenario->variant));
    }
    if (expect->score.differences == 0) {
        (void)fprintf(stream, ": %" PRIu64 " events, all as expected\n", expect->score.events);
    } else {
        (void)fprintf(stream, ": %" PRIu64 " differences in %" PRIu64 " events\n",
                      expect->score.differences, expect->score.events);
    }
    if (expect->missing > 0 && expect->score.events == 0) {
        (void)fprintf(stream,
                      "none of its events are in this log; variant, seed and instance must be "
                      "those it ran with\n");
    }
}

int sw_expect(const char *scenario_path, const struct sw_scenario_options *options,
              const char *log_path, const char *under, FILE *stream)
{
    static struct sw_scenario scenario;
    static struct expect expect;
    struct sw_report report = {0};
    enum sw_status status = sw_scenario_open(&scenario, scenario_path, options, &report);
    sw_report_print(&report, stream);
    sw_report_free(&report);
    if (status != SW_OK) {
        sw_scenario_free(&scenario);
        return status == SW_INVALID ? SW_EXIT_NO : SW_EXIT_ENVIRONMENT;
    }
    expect = (struct expect){.scenario = &scenario};
    sw_score_init(&expect.score, &scenario, sw_text_from(under), stream);
    status = compare_all(&expect, log_path);
    if (status == SW_OK) {
        say_outcome(&expect, stream);
    } else {
        (void)fprintf(stream, "sharewatch expect: %s\n",
                      expect.reader.sentence[0] != '\0' ? expect.reader.sentence
                                                        : sw_status_text(status));
    }
    int exit_code = expect.score.differences == 0 ? SW_EXIT_OK : SW_EXIT_NO;
    sw_log_reader_close(&expect.reader);
    free(expect.alerts_seen);
    sw_scenario_free(&scenario);
    return status == SW_OK ? exit_code : SW_EXIT_ENVIRONMENT;
}
