#include "timeline.h"

#include <stdlib.h>

#include <sharewatch/time.h>

void sw_timeline_list(const struct sw_scenario *scenario, FILE *stream)
{
    (void)fprintf(stream, "%.*s: %.*s\n", SW_TEXT_FORMAT(scenario->name),
                  SW_TEXT_FORMAT(scenario->title));
    (void)fprintf(stream, "  from: %.*s\n", SW_TEXT_FORMAT(scenario->from));
    (void)fprintf(stream, "  about %llu events, seed %llu\n",
                  (unsigned long long)scenario->events_expected,
                  (unsigned long long)scenario->seed);
    for (uint32_t i = 0; i < scenario->variant_count; i++) {
        (void)fprintf(stream, "  --variant %-16.*s %.*s\n",
                      SW_TEXT_FORMAT(scenario->variants[i].name),
                      SW_TEXT_FORMAT(scenario->variants[i].about));
    }
}

static void print_parties(const struct sw_event *event, FILE *stream)
{
    struct sw_text actor = sw_event_text(event, SW_FIELD_ACTOR_SYSTEM);
    struct sw_text recipient = sw_event_text(event, SW_FIELD_RECIPIENT_SYSTEM);
    actor = actor.length > 0 ? actor : sw_event_text(event, SW_FIELD_ACTOR_AGENCY);
    recipient = recipient.length > 0 ? recipient : sw_event_text(event, SW_FIELD_RECIPIENT_AGENCY);
    (void)fprintf(stream, "  %.*s", SW_TEXT_FORMAT(actor));
    if (recipient.length > 0) {
        (void)fprintf(stream, " > %.*s", SW_TEXT_FORMAT(recipient));
    }
}

static void print_expectation(const struct sw_expectation *expect, FILE *stream)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    if ((expect->parts & SW_EXPECT_VERDICT) != 0) {
        (void)fprintf(stream, "  %s", sw_verdict_code(expect->verdict));
    }
    if ((expect->parts & SW_EXPECT_LEVEL) != 0) {
        (void)fprintf(stream, "/%d %s", (int)expect->level, sw_level_word(expect->level));
    }
    if ((expect->parts & SW_EXPECT_DUTIES) != 0 && expect->duties != 0) {
        (void)fprintf(stream, " + %s", sw_duties_text(expect->duties, duties));
    }
}

static void print_event(const struct sw_scenario *scenario, const struct sw_scenario_event *made,
                        FILE *stream)
{
    char time[SW_TIME_BYTES];
    const struct sw_scenario_step *step = &scenario->steps[made->step];
    sw_time_format(made->event.time_ms, time);
    (void)fprintf(stream, "%.10s %.8s  %-18.*s %s.%s", time, time + 11, SW_TEXT_FORMAT(step->name),
                  sw_kind_name(made->event.kind), sw_action_name(made->event.action));
    print_parties(&made->event, stream);
    print_expectation(made->expect, stream);
    (void)fprintf(stream, "%s%s\n", step->automatic ? "  (by itself)" : "",
                  made->hidden ? "  (hidden)" : "");
}

struct timeline {
    uint64_t events, hidden, by_itself;
    uint64_t *counts; // [step_count], of each step
};

static void print_totals(const struct sw_scenario *scenario, const struct timeline *timeline,
                         FILE *stream)
{
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        if (scenario->steps[i].repeat.repeats && timeline->counts[i] > 1) {
            (void)fprintf(stream, "%.*s: %llu in all\n", SW_TEXT_FORMAT(scenario->steps[i].name),
                          (unsigned long long)timeline->counts[i]);
        }
    }
    (void)fprintf(stream, "seed %llu: %llu events, %llu of them by themselves, %llu hidden\n",
                  (unsigned long long)scenario->seed, (unsigned long long)timeline->events,
                  (unsigned long long)timeline->by_itself, (unsigned long long)timeline->hidden);
}

static void print_change(const struct sw_scenario_change *change, FILE *stream)
{
    char time[SW_TIME_BYTES];
    sw_time_format(change->at_ms, time);
    (void)fprintf(stream, "%.10s %.8s  * %.*s:", time, time + 11, SW_TEXT_FORMAT(change->name));
    if (change->map.length > 0) {
        (void)fprintf(stream, " map %.*s", SW_TEXT_FORMAT(change->map));
    }
    for (uint32_t i = 0; i < change->pack_count; i++) {
        (void)fprintf(stream, "%s%.*s", i == 0 ? " rules " : "+", SW_TEXT_FORMAT(change->packs[i]));
    }
    for (uint32_t i = 0; i < change->switch_count; i++) {
        (void)fprintf(stream, " %.*s %s", SW_TEXT_FORMAT(change->switches[i].edge),
                      change->switches[i].on ? "on" : "off");
    }
    (void)fprintf(stream, "%s\n", change->kind != SW_CHANGE_RULES ? " a machine fails" : "");
}

/* Those up to @until_ms; how many were printed by now. */
static uint32_t print_changes(const struct sw_scenario *scenario, uint32_t printed,
                              int64_t until_ms, FILE *stream)
{
    while (printed < scenario->change_count && scenario->changes[printed].at_ms <= until_ms) {
        print_change(&scenario->changes[printed++], stream);
    }
    return printed;
}

enum sw_status sw_timeline_print(const struct sw_scenario *scenario, FILE *stream)
{
    static struct sw_scenario_event made;
    struct timeline timeline = {0};
    struct sw_generator *generator = NULL;
    uint32_t changes = 0;
    enum sw_status status = sw_generator_open(&generator, scenario);
    timeline.counts = calloc(scenario->step_count + 1, sizeof(timeline.counts[0]));
    if (status != SW_OK || timeline.counts == NULL) {
        sw_generator_close(generator);
        free(timeline.counts);
        return SW_NO_MEMORY;
    }
    while (sw_generator_next(generator, &made) == SW_OK) {
        const struct sw_scenario_step *step = &scenario->steps[made.step];
        changes = print_changes(scenario, changes, made.emit_ms, stream);
        if (timeline.counts[made.step]++ == 0 || !step->repeat.repeats) {
            print_event(scenario, &made, stream);
        }
        timeline.events++;
        timeline.hidden += made.hidden ? 1 : 0;
        timeline.by_itself += step->automatic ? 1 : 0;
    }
    (void)print_changes(scenario, changes, INT64_MAX, stream);
    print_totals(scenario, &timeline, stream);
    free(timeline.counts);
    sw_generator_close(generator);
    return SW_OK;
}
