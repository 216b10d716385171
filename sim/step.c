#include "step.h"

#include <string.h>

#include "automatic.h"
#include "expectation.h"
#include "load_actor.h"
#include "load_data.h"
#include "load_value.h"
#include "random.h"

static void load_event_type(struct sw_loader *loader, const struct sw_yaml_node *node,
                            struct sw_scenario_step *step)
{
    struct sw_text type = sw_load_text(loader, node, "event");
    const char *dot = type.length > 0 ? memchr(type.bytes, '.', type.length) : NULL;
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, type);
    if (dot != NULL) {
        uint32_t at = (uint32_t)(dot - type.bytes);
        step->kind = sw_kind_find((struct sw_text){type.bytes, at});
        step->action = sw_action_find(step->kind, (struct sw_text){dot + 1, type.length - at - 1});
    }
    if (step->action != SW_ACTION_NONE) {
        return;
    }
    char names[SW_ACTION_COUNT][64];
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        enum sw_action first = sw_kind_first_action((enum sw_kind)kind);
        for (uint32_t i = 0; i < sw_kind_action_count((enum sw_kind)kind); i++) {
            struct sw_buffer name;
            sw_buffer_init(&name, names[first + i], sizeof(names[0]));
            sw_buffer_append_format(&name, "%s.%s", sw_kind_name((enum sw_kind)kind),
                                    sw_action_name((enum sw_action)(first + i)));
            sw_suggestion_offer(&suggestion, sw_buffer_text(&name));
        }
    }
    char hint[128];
    const char *near = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    sw_report_error(loader->report, node->place,
                    near != NULL ? near : "KIND.ACTION of the taxonomy", "unknown event \"%.*s\"",
                    SW_TEXT_FORMAT(type));
}

static void load_who(struct sw_loader *loader, const struct sw_yaml_node *node, const char *list,
                     enum sw_token_of *of, struct sw_text *token)
{
    const struct sw_scenario_storyline *storyline =
        &loader->storylines[loader->steps[loader->scenario->step_count].storyline];
    bool people = strcmp(list, "people") == 0;
    if (node == NULL) {
        *of = people && (storyline->people_count > 0 || storyline->repeat.repeats) ? SW_TOKEN_RUN
                                                                                   : SW_TOKEN_NONE;
        return;
    }
    struct sw_text name = sw_load_text(loader, node, people ? "subject" : "vehicle");
    if (sw_text_equal(name, SW_TEXT("none"))) {
        *of = SW_TOKEN_NONE;
    } else if (sw_text_equal(name, SW_TEXT("new"))) {
        *of = SW_TOKEN_NEW;
    } else if (sw_text_equal(name, SW_TEXT("same"))) {
        *of = SW_TOKEN_RUN;
    } else {
        *of = SW_TOKEN_NAMED;
        *token = sw_load_who(loader, node, list);
    }
}

/* A fault that takes a length of time: `clock`, which may be behind, `burst` and `reordered`. */
static struct sw_scenario_fault load_timed_fault(struct sw_loader *loader,
                                                 const struct sw_yaml_node *node)
{
    struct sw_scenario_fault fault = {.kind = SW_FAULT_NONE};
    enum sw_fault_kind kind =
        node->count == 1 ? sw_fault_find(sw_yaml_key(node, 0)->text) : SW_FAULT_COUNT;
    if (kind != SW_FAULT_CLOCK && kind != SW_FAULT_BURST && kind != SW_FAULT_REORDERED) {
        sw_report_error(loader->report, node->place,
                        "fault: {clock: -7h}, {burst: 10m} or {reordered: 10m}",
                        "only the faults clock, burst and reordered take a value");
        return fault;
    }
    const struct sw_yaml_node *value = sw_yaml_get(node, sw_fault_word(kind));
    int64_t ms = sw_load_shift(loader, value);
    fault.kind = kind;
    if (kind == SW_FAULT_CLOCK) {
        fault.clock_ms = ms;
    } else if (ms > 0) {
        fault.hold_ms = ms;
    } else {
        sw_report_error(loader->report, value->place, "10m", "%s needs a length of time over 0",
                        sw_fault_word(kind));
        fault.kind = SW_FAULT_NONE;
    }
    return fault;
}

static const char *timed_hint(enum sw_fault_kind kind)
{
    if (kind == SW_FAULT_CLOCK) {
        return "fault: {clock: -7h}";
    }
    if (kind == SW_FAULT_BURST) {
        return "fault: {burst: 10m}";
    }
    return kind == SW_FAULT_REORDERED ? "fault: {reordered: 10m}" : NULL;
}

struct sw_scenario_fault sw_load_event_fault(struct sw_loader *loader,
                                             const struct sw_yaml_node *node)
{
    struct sw_scenario_fault fault = {.kind = SW_FAULT_NONE};
    if (node->type == SW_YAML_MAPPING) {
        return load_timed_fault(loader, node);
    }
    struct sw_text word = sw_load_text(loader, node, "fault");
    struct sw_suggestion suggestion;
    char hint[128];
    sw_suggestion_init(&suggestion, word);
    for (int i = 0; i < SW_FAULT_COUNT; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(sw_fault_word((enum sw_fault_kind)i)));
    }
    enum sw_fault_kind kind = sw_fault_find(word);
    const char *timed = timed_hint(kind);
    if (kind == SW_FAULT_COUNT) {
        sw_report_error(loader->report, node->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                        "unknown fault \"%.*s\"", SW_TEXT_FORMAT(word));
    } else if (timed != NULL) {
        sw_report_error(loader->report, node->place, timed,
                        "the fault \"%.*s\" needs a length of time", SW_TEXT_FORMAT(word));
    } else {
        fault.kind = kind;
    }
    return fault;
}

/* A way is drawn when the event is told; when it is told is known before. */
static struct sw_scenario_fault load_way_fault(struct sw_loader *loader,
                                               const struct sw_yaml_node *node)
{
    struct sw_scenario_fault fault = sw_load_event_fault(loader, node);
    if (fault.hold_ms > 0) {
        sw_report_error(loader->report, node->place, "write it beside `either`, for all its ways",
                        "the fault \"%s\" stands at a step", sw_fault_word(fault.kind));
    }
    return fault;
}

static void load_ways(struct sw_loader *loader, const struct sw_yaml_node *node,
                      struct sw_scenario_step *step)
{
    if (!sw_load_wants(loader, node, SW_YAML_SEQUENCE, "either") || node->count == 0) {
        return;
    }
    struct sw_scenario_way *ways =
        sw_arena_alloc(&loader->scenario->arena, node->count * sizeof(ways[0]));
    double sum = 0;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *item = node->items[i];
        const struct sw_yaml_node *share = sw_yaml_get(item, "share");
        const struct sw_yaml_node *expect = sw_yaml_get(item, "expect");
        if (!sw_load_wants(loader, item, SW_YAML_MAPPING, "either")) {
            continue;
        }
        sw_load_check_keys(loader, item, &sw_keys_way);
        if (share == NULL) {
            sw_report_error(loader->report, item->place, "write share: 8%",
                            "each way under `either` needs its share");
            continue;
        }
        sum += sw_load_share(loader, share, "share");
        ways[i].share = sum;
        ways[i].data = sw_load_data(loader, sw_yaml_get(item, "data"));
        const struct sw_yaml_node *fault = sw_yaml_get(item, "fault");
        ways[i].fault = fault != NULL ? load_way_fault(loader, fault) : step->fault;
        ways[i].expect = expect != NULL ? sw_load_expectation(loader, expect) : step->expect;
    }
    if (sum < 0.999999 || sum > 1.000001) {
        sw_report_error(loader->report, node->place, NULL,
                        "the shares under `either` add up to %.4f, not to 1", sum);
    }
    step->ways = ways;
    step->way_count = node->count;
}

static uint32_t load_actor(struct sw_loader *loader, const struct sw_yaml_node *step,
                           const char *key)
{
    const struct sw_yaml_node *node = sw_yaml_get(step, key);
    return node != NULL ? sw_load_actor_index(loader, node) : SW_ACTOR_NONE;
}

static void load_timing(struct sw_loader *loader, const struct sw_yaml_node *node,
                        struct sw_scenario_step *step)
{
    const struct sw_yaml_node *at = sw_yaml_get(node, "at");
    const struct sw_yaml_node *after = sw_yaml_get(node, "after");
    const struct sw_yaml_node *delay = sw_yaml_get(node, "delay");
    const struct sw_yaml_node *known = sw_yaml_get(node, "known");
    const struct sw_yaml_node *chance = sw_yaml_get(node, "chance");
    const struct sw_yaml_node *repeat = sw_yaml_get(node, "repeat");
    if ((at == NULL) == (after == NULL)) {
        sw_report_error(loader->report, node->place,
                        "at: +1h counts from the start of the storyline; after: NAME with delay: "
                        "1h counts from another step",
                        "a step needs either `at` or `after`");
    }
    if (delay != NULL && after == NULL) {
        sw_report_error(loader->report, delay->place, NULL, "`delay` belongs to `after`");
    }
    if (at != NULL) {
        step->delay = sw_load_delay(loader, at, "at");
    } else if (delay != NULL) {
        step->delay = sw_load_delay(loader, delay, "delay");
    }
    if (known != NULL) {
        step->known = sw_load_delay(loader, known, "known");
    }
    step->probability = chance != NULL ? sw_load_share(loader, chance, "chance") : 1;
    if (repeat != NULL) {
        step->repeat = sw_load_repeat(loader, repeat);
    }
}

static void load_parties(struct sw_loader *loader, const struct sw_yaml_node *node,
                         struct sw_scenario_step *step)
{
    const struct sw_yaml_node *hidden = sw_yaml_get(node, "hidden");
    const struct sw_yaml_node *visible = sw_yaml_get(node, "visible");
    const struct sw_yaml_node *corrects = sw_yaml_get(node, "corrects");
    const struct sw_yaml_node *fault = sw_yaml_get(node, "fault");
    if (fault != NULL) {
        step->fault = sw_load_event_fault(loader, fault);
    }
    step->actor = load_actor(loader, node, "actor");
    step->recipient = load_actor(loader, node, "to");
    step->behalf = load_actor(loader, node, "behalf");
    step->visible = hidden != NULL && sw_load_flag(loader, hidden, "hidden") ? 0 : 1;
    if (visible != NULL) {
        step->visible = sw_load_visible(loader, visible);
    }
    if (hidden != NULL && visible != NULL) {
        sw_report_error(loader->report, visible->place, NULL,
                        "`hidden` and `visible` say the same thing; keep one");
    }
    step->corrects = corrects != NULL && sw_load_flag(loader, corrects, "corrects");
    if (step->corrects && sw_yaml_get(node, "after") == NULL) {
        sw_report_error(loader->report, corrects->place, NULL,
                        "a correction needs `after: STEP`, the step that it corrects");
    }
    if (step->actor == SW_ACTOR_NONE) {
        if (sw_yaml_get(node, "actor") == NULL) {
            sw_report_error(loader->report, node->place, NULL, "a step needs an actor");
        }
        return;
    }
    struct sw_text reporter = loader->actors[step->actor].reporter;
    step->source = sw_load_source(loader, reporter, node->place);
}

void sw_load_step(struct sw_loader *loader, uint32_t storyline, const struct sw_yaml_node *node)
{
    struct sw_scenario *scenario = loader->scenario;
    struct sw_scenario_step *step = &loader->steps[scenario->step_count];
    *step = (struct sw_scenario_step){.place = node->place,
                                      .storyline = storyline,
                                      .parent = SW_STEP_NONE,
                                      .actor = SW_ACTOR_NONE,
                                      .recipient = SW_ACTOR_NONE,
                                      .behalf = SW_ACTOR_NONE};
    const struct sw_yaml_node *name = sw_yaml_get(node, "step");
    const struct sw_yaml_node *event = sw_yaml_get(node, "event");
    const struct sw_yaml_node *either = sw_yaml_get(node, "either");
    const struct sw_yaml_node *expect = sw_yaml_get(node, "expect");
    sw_load_check_keys(loader, node, &sw_keys_step);
    if (name == NULL || event == NULL) {
        sw_report_error(loader->report, node->place, NULL,
                        "a step needs `step: NAME` and `event: KIND.ACTION`");
        return;
    }
    step->name = sw_load_name(loader, name, "step");
    step->key = sw_random_key(loader->key, sw_text_hash(step->name));
    step->token_key = step->key;
    load_event_type(loader, event, step);
    load_timing(loader, node, step);
    load_parties(loader, node, step);
    load_who(loader, sw_yaml_get(node, "subject"), "people", &step->subject_of, &step->subject);
    load_who(loader, sw_yaml_get(node, "vehicle"), "vehicles", &step->vehicle_of, &step->vehicle);
    loader->afters[scenario->step_count] = sw_yaml_get(node, "after");
    step->data = sw_load_data(loader, sw_yaml_get(node, "data"));
    if (expect != NULL) {
        step->expect = sw_load_expectation(loader, expect);
    }
    if (either != NULL) {
        load_ways(loader, either, step);
    }
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        if (sw_text_equal(loader->steps[i].name, step->name) && step->name.length > 0) {
            sw_report_error(loader->report, name->place,
                            "names are unique in a scenario: reports name a step by it",
                            "step %.*s stands twice, first in line %u", SW_TEXT_FORMAT(step->name),
                            loader->steps[i].place.line);
        }
    }
    scenario->step_count++;
}

static uint32_t find_step(struct sw_loader *loader, const struct sw_yaml_node *node,
                          uint32_t storyline)
{
    struct sw_text name = sw_load_text(loader, node, "after");
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < loader->scenario->step_count; i++) {
        if (loader->steps[i].storyline != storyline) {
            continue;
        }
        if (sw_text_equal(loader->steps[i].name, name)) {
            return i;
        }
        sw_suggestion_offer(&suggestion, loader->steps[i].name);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                    "no step \"%.*s\" in this storyline", SW_TEXT_FORMAT(name));
    return SW_STEP_NONE;
}

/* A step that follows itself, by however many others, would never happen. */
static void break_circle(struct sw_loader *loader, uint32_t index)
{
    uint32_t at = loader->steps[index].parent;
    for (uint32_t i = 0; i < loader->scenario->step_count && at != SW_STEP_NONE; i++) {
        if (at == index) {
            sw_report_error(loader->report, loader->steps[index].place, NULL,
                            "step %.*s follows itself", SW_TEXT_FORMAT(loader->steps[index].name));
            loader->steps[index].parent = SW_STEP_NONE;
            return;
        }
        at = loader->steps[at].parent;
    }
}

/* The steps whose parent is @parent, of @storyline; how many there are. */
static uint32_t collect(struct sw_loader *loader, uint32_t storyline, uint32_t parent,
                        const uint32_t **list)
{
    uint32_t total = loader->scenario->step_count;
    uint32_t count = 0;
    uint32_t *found = sw_arena_alloc(&loader->scenario->arena, (total + 1) * sizeof(found[0]));
    for (uint32_t i = 0; i < total; i++) {
        if (loader->steps[i].storyline == storyline && loader->steps[i].parent == parent) {
            found[count++] = i;
        }
    }
    *list = found;
    return count;
}

void sw_load_link_steps(struct sw_loader *loader)
{
    struct sw_scenario *scenario = loader->scenario;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        if (loader->afters[i] != NULL) {
            loader->steps[i].parent =
                find_step(loader, loader->afters[i], loader->steps[i].storyline);
        }
    }
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        break_circle(loader, i);
    }
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        struct sw_scenario_step *step = &loader->steps[i];
        step->child_count = collect(loader, step->storyline, i, &step->children);
    }
    for (uint32_t i = 0; i < scenario->storyline_count; i++) {
        struct sw_scenario_storyline *storyline = &loader->storylines[i];
        storyline->root_count = collect(loader, i, SW_STEP_NONE, &storyline->roots);
    }
}
