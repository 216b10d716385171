/*
 * Events in the order of virtual time, made as they are asked for.
 *
 * A heap holds what is about to happen: the next start of each storyline, the next occurrence of
 * each repeating step, the steps that follow from what has happened, and tellings that come later
 * than the deed. How much can be pending at once follows from rates and longest delays, so the heap
 * is reserved when the generator is opened and never grows.
 */
#include <sharewatch/scenario.h>

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "curve.h"
#include "random.h"
#include "token.h"

#define PENDING_MAX   (UINT64_C(1) << 24) // entries; 1.3 GB would be a mistake in the scenario
#define SERIAL_DIGITS 10
#define VISIBLE_SALT  UINT64_C(0x76697369626c65) // of the draw whether anybody tells

enum pending_kind { PENDING_START, PENDING_HAPPEN, PENDING_TELL };

struct pending {
    int64_t at_ms;    // when the generator must look at it
    uint64_t order;   // among equals, what was planned first comes first
    int64_t time_ms;  // when it happens (or has happened)
    int64_t known_ms; // when its sender learns of it
    int64_t base_ms;  // of a repetition: its beginning
    uint64_t run;     // which run of the storyline, and of repeating steps on the way
    uint64_t life;    // which run of the storyline alone
    uint64_t occurrence;
    uint64_t parent_serial; // 0: none
    uint64_t serial;        // of one that has happened
    uint32_t parent_step;
    uint32_t index; // of the step, or of the storyline
    uint32_t person;
    uint32_t day;    // of a repetition so many a day
    uint32_t in_day; // occurrence within that day
    enum pending_kind kind;
};

/* What of an event is the same each time, per step. */
struct template
{
    struct sw_value fields[SW_FIELD_COUNT];
};

struct sw_generator {
    const struct sw_scenario *scenario;
    struct template *templates; // [step_count]
    uint64_t *sequences;        // [source_count]
    uint64_t serial;            // of events so far, hidden ones too
    uint64_t order;
    struct pending *heap; // [capacity], least first
    uint64_t count;
    uint64_t capacity;
};

static bool comes_before(const struct pending *a, const struct pending *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void push(struct sw_generator *generator, struct pending entry)
{
    SW_ASSERT(generator->count < generator->capacity);
    entry.order = generator->order++;
    struct pending *heap = generator->heap;
    uint64_t at = generator->count++;
    while (at > 0 && comes_before(&entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

static struct pending pop(struct sw_generator *generator)
{
    SW_ASSERT(generator->count > 0);
    struct pending *heap = generator->heap;
    struct pending least = heap[0];
    struct pending last = heap[--generator->count];
    uint64_t at = 0;
    for (uint64_t child = 1; child < generator->count; child = 2 * at + 1) {
        if (child + 1 < generator->count && comes_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!comes_before(&heap[child], &last)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return least;
}

static int64_t draw_delay(const struct sw_scenario_delay *delay, struct sw_random *random)
{
    switch (delay->spread) {
    case SW_SPREAD_FIXED:
        return delay->ms;
    case SW_SPREAD_EVEN:
        return delay->ms +
               (int64_t)sw_random_below(random, (uint64_t)(delay->ms_max - delay->ms) + 1);
    case SW_SPREAD_LOG_NORMAL: {
        double ms = sw_random_log_normal(random, (double)delay->ms, delay->sigma);
        return ms < (double)delay->ms_max ? (int64_t)ms : delay->ms_max;
    }
    }
    return 0;
}

static uint64_t times_on_day(const struct sw_generator *generator,
                             const struct sw_scenario_repeat *repeat, int64_t base_ms, uint32_t day)
{
    return sw_curve_day_count(&generator->scenario->curves[repeat->curve], repeat->per_day,
                              base_ms + generator->scenario->zone_ms, day);
}

/* Moves @entry to the next day on which something happens; false when the repetition is over. */
static bool skip_empty_days(const struct sw_generator *generator,
                            const struct sw_scenario_repeat *repeat, struct pending *entry)
{
    while (entry->day < repeat->days &&
           entry->in_day >= times_on_day(generator, repeat, entry->base_ms, entry->day)) {
        entry->day++;
        entry->in_day = 0;
    }
    return entry->day < repeat->days;
}

/* When @entry's occurrence is. Each falls at random into its own share of the time, so that they
 * come in order without being sorted. */
static int64_t occurrence_ms(const struct sw_generator *generator,
                             const struct sw_scenario_repeat *repeat, const struct pending *entry,
                             struct sw_random *random)
{
    if (repeat->every_ms != 0 || (repeat->times != 0 && repeat->over_ms == 0)) {
        return entry->base_ms + (int64_t)entry->occurrence * repeat->every_ms;
    }
    double within = sw_random_unit(random);
    if (repeat->times != 0) {
        double part = ((double)entry->occurrence + within) / (double)repeat->times;
        return entry->base_ms + (int64_t)(part * (double)repeat->over_ms);
    }
    uint64_t count = times_on_day(generator, repeat, entry->base_ms, entry->day);
    double quantile = ((double)entry->in_day + within) / (double)count;
    int64_t day_ms = entry->base_ms + entry->day * SW_DAY_MS;
    int64_t local_ms = day_ms + generator->scenario->zone_ms;
    int64_t of_day_ms = (local_ms % SW_DAY_MS + SW_DAY_MS) % SW_DAY_MS;
    return day_ms + sw_curve_moment(&generator->scenario->curves[repeat->curve], of_day_ms,
                                    quantile < 1.0 ? quantile : 1.0);
}

/* Plans @entry's occurrence of @repeat, unless the repetition is over. */
static void plan_occurrence(struct sw_generator *generator, const struct sw_scenario_repeat *repeat,
                            struct pending entry, uint64_t key)
{
    struct sw_random random;
    if (repeat->times != 0 ? entry.occurrence >= repeat->times
                           : !skip_empty_days(generator, repeat, &entry)) {
        return;
    }
    sw_random_init(&random, sw_random_key(sw_random_key(key, entry.run), entry.occurrence * 2 + 1));
    entry.time_ms = occurrence_ms(generator, repeat, &entry, &random);
    entry.at_ms = entry.time_ms;
    push(generator, entry);
}

static void plan_next(struct sw_generator *generator, const struct sw_scenario_repeat *repeat,
                      struct pending entry, uint64_t key)
{
    entry.occurrence++;
    entry.in_day++;
    plan_occurrence(generator, repeat, entry, key);
}

/* Plans step @index, which follows @before: its parent, or the start of its storyline. */
static void plan_step(struct sw_generator *generator, uint32_t index, const struct pending *before)
{
    const struct sw_scenario_step *step = &generator->scenario->steps[index];
    struct pending entry = *before;
    struct sw_random random;
    sw_random_init(&random, sw_random_key(sw_random_key(step->key, before->run), UINT64_MAX));
    entry.kind = PENDING_HAPPEN;
    entry.index = index;
    entry.occurrence = 0;
    entry.day = 0;
    entry.in_day = 0;
    entry.base_ms = before->time_ms + draw_delay(&step->delay, &random);
    entry.time_ms = entry.base_ms;
    entry.at_ms = entry.base_ms;
    if (step->repeat.repeats) {
        plan_occurrence(generator, &step->repeat, entry, step->key);
    } else {
        push(generator, entry);
    }
}

static void start_storyline(struct sw_generator *generator, const struct pending *entry)
{
    const struct sw_scenario_storyline *storyline = &generator->scenario->storylines[entry->index];
    uint32_t people = storyline->people_count > 0 ? storyline->people_count : 1;
    if (storyline->repeat.repeats) {
        plan_next(generator, &storyline->repeat, *entry, storyline->key);
    }
    for (uint32_t person = 0; person < people; person++) {
        struct pending start = *entry;
        start.person = person;
        start.life = sw_random_key(storyline->key, entry->occurrence * people + person);
        start.run = start.life;
        for (uint32_t i = 0; i < storyline->root_count; i++) {
            plan_step(generator, storyline->roots[i], &start);
        }
    }
}

/* ---- how much can be pending at once ---- */

static uint64_t multiply(uint64_t a, uint64_t b)
{
    return a != 0 && b > PENDING_MAX / a ? PENDING_MAX : a * b;
}

static int64_t repeat_length_ms(const struct sw_scenario_repeat *repeat)
{
    if (!repeat->repeats) {
        return 0;
    }
    if (repeat->times == 0) {
        return repeat->days * SW_DAY_MS;
    }
    return repeat->over_ms != 0 ? repeat->over_ms : (int64_t)repeat->times * repeat->every_ms;
}

/* The most occurrences of @repeat within any @window_ms. */
static uint64_t most_within(const struct sw_generator *generator,
                            const struct sw_scenario_repeat *repeat, int64_t window_ms)
{
    if (!repeat->repeats) {
        return 1;
    }
    if (repeat->times == 0) {
        uint64_t days = (uint64_t)(window_ms / SW_DAY_MS) + 2;
        days = days < repeat->days ? days : repeat->days;
        return multiply(days, sw_curve_day_count_max(&generator->scenario->curves[repeat->curve],
                                                     repeat->per_day));
    }
    double step_ms = repeat->over_ms != 0 ? (double)repeat->over_ms / (double)repeat->times
                                          : (double)repeat->every_ms;
    double most = step_ms > 0 ? (double)window_ms / step_ms + 2 : (double)repeat->times;
    return most < (double)repeat->times ? (uint64_t)most : repeat->times;
}

/* The most runs of @step's storyline or parent that start within @window_ms. */
static uint64_t most_before(const struct sw_generator *generator,
                            const struct sw_scenario_step *step, int64_t window_ms)
{
    uint64_t most = 1;
    const struct sw_scenario *scenario = generator->scenario;
    window_ms += step->delay.ms_max + repeat_length_ms(&step->repeat);
    for (uint32_t at = step->parent; at != SW_STEP_NONE; at = scenario->steps[at].parent) {
        const struct sw_scenario_step *parent = &scenario->steps[at];
        most = multiply(most, most_within(generator, &parent->repeat, window_ms));
        window_ms += parent->delay.ms_max + repeat_length_ms(&parent->repeat);
    }
    const struct sw_scenario_storyline *storyline = &scenario->storylines[step->storyline];
    most = multiply(most, most_within(generator, &storyline->repeat, window_ms));
    return multiply(most, storyline->people_count > 0 ? storyline->people_count : 1);
}

static uint64_t most_pending(const struct sw_generator *generator)
{
    const struct sw_scenario *scenario = generator->scenario;
    uint64_t most = scenario->storyline_count + 1;
    for (uint32_t i = 0; i < scenario->step_count && most < PENDING_MAX; i++) {
        const struct sw_scenario_step *step = &scenario->steps[i];
        uint64_t waiting = most_before(generator, step, 0);
        most += waiting;
        int64_t untold_ms = step->known.ms_max + step->fault.hold_ms;
        if (untold_ms > 0) {
            most += multiply(most_before(generator, step, untold_ms),
                             most_within(generator, &step->repeat, untold_ms));
        }
    }
    return most;
}

/* ---- events ---- */

static struct sw_text keep(struct sw_event *event, const char *bytes, uint32_t length)
{
    SW_ASSERT(event->storage_used + length <= SW_EVENT_STORAGE);
    char *to = event->storage + event->storage_used;
    memcpy(to, bytes, length);
    event->storage_used += length;
    return (struct sw_text){to, length};
}

static struct sw_text keep_token(struct sw_event *event, struct sw_text prefix, uint64_t key)
{
    char token[SW_SIM_TOKEN_BYTES];
    struct sw_text text = sw_sim_token(token, prefix, key);
    return keep(event, text.bytes, text.length);
}

/* "0000000017-notice": ascending, so that the log's index only ever appends, and readable. */
static struct sw_text keep_id(struct sw_event *event, const struct sw_scenario_step *step,
                              uint64_t serial)
{
    char id[SERIAL_DIGITS + 1 + SW_SCENARIO_NAME_MAX];
    for (int i = SERIAL_DIGITS - 1; i >= 0; i--) {
        id[i] = (char)('0' + serial % 10);
        serial /= 10;
    }
    id[SERIAL_DIGITS] = '-';
    memcpy(id + SERIAL_DIGITS + 1, step->name.bytes, step->name.length);
    return keep(event, id, SERIAL_DIGITS + 1 + step->name.length);
}

static uint32_t draw_share(const double *shares, uint32_t count, double unit)
{
    uint32_t at = 0;
    while (at + 1 < count && unit >= shares[at]) {
        at++;
    }
    return at;
}

static void set_draw(struct sw_event *event, const struct sw_scenario_draw *draw,
                     const struct pending *entry, uint64_t seed_key, struct sw_random *random)
{
    struct sw_value *field = &event->fields[draw->field];
    switch (draw->kind) {
    case SW_DRAW_PICK:
        *field = draw->values[draw_share(draw->shares, draw->value_count, sw_random_unit(random))];
        return;
    case SW_DRAW_BETWEEN: {
        uint64_t range = (uint64_t)(draw->max - draw->min) + 1;
        *field = (struct sw_value){.type = SW_VALUE_INTEGER,
                                   .integer = draw->min + (int64_t)sw_random_below(random, range)};
        return;
    }
    case SW_DRAW_LOG_NORMAL: {
        double number = sw_random_log_normal(random, draw->median, draw->sigma);
        number = number < (double)draw->min ? (double)draw->min : number;
        number = number > (double)draw->max ? (double)draw->max : number;
        *field = (struct sw_value){.type = SW_VALUE_INTEGER, .integer = (int64_t)number};
        return;
    }
    case SW_DRAW_TOKEN:
    case SW_DRAW_NEW: {
        uint64_t key = sw_random_key(entry->life, sw_text_hash(draw->prefix));
        if (draw->kind == SW_DRAW_NEW) {
            key = sw_random_key(sw_random_key(seed_key, entry->run), entry->occurrence);
        }
        *field =
            (struct sw_value){.type = SW_VALUE_TEXT, .text = keep_token(event, draw->prefix, key)};
        return;
    }
    }
}

static void set_data(struct sw_event *event, const struct sw_scenario_data *data,
                     const struct pending *entry, uint64_t seed_key, struct sw_random *random)
{
    for (uint32_t i = 0; i < data->field_count; i++) {
        event->fields[data->fields[i]] = data->values[i];
    }
    for (uint32_t i = 0; i < data->draw_count; i++) {
        set_draw(event, &data->draws[i], entry, seed_key, random);
    }
}

/* Steps that follow @entry are of this run. */
static uint64_t run_of_what_follows(const struct sw_scenario_step *step,
                                    const struct pending *entry)
{
    return step->repeat.repeats ? sw_random_key(entry->run, entry->occurrence) : entry->run;
}

static void set_token(struct sw_event *event, const struct sw_generator *generator,
                      const struct sw_scenario_step *step, const struct pending *entry,
                      bool vehicle)
{
    enum sw_token_of of = vehicle ? step->vehicle_of : step->subject_of;
    enum sw_field field = vehicle ? SW_FIELD_VEHICLE_TOK : SW_FIELD_SUBJECT_TOK;
    struct sw_text prefix = vehicle ? SW_TEXT("v") : SW_TEXT("p");
    const struct sw_scenario_storyline *storyline =
        &generator->scenario->storylines[step->storyline];
    if (of == SW_TOKEN_NONE) {
        return;
    }
    struct sw_text token = vehicle ? step->vehicle : step->subject;
    if (of == SW_TOKEN_RUN && !vehicle && storyline->people_count > 0) {
        token = storyline->people[entry->person];
    } else if (of == SW_TOKEN_RUN) {
        token = keep_token(event, prefix, sw_random_key(entry->life, vehicle ? 2 : 1));
    } else if (of == SW_TOKEN_NEW) {
        uint64_t key = sw_random_key(step->token_key, vehicle ? 2 : 1);
        token = keep_token(event, prefix, sw_random_key(key, run_of_what_follows(step, entry)));
    }
    sw_event_set_text(event, field, token);
}

struct party {
    enum sw_field agency;
    enum sw_field class;
    enum sw_field system; // SW_FIELD_COUNT: it has none
};

static const struct party parties[3] = {
    {SW_FIELD_ACTOR_AGENCY, SW_FIELD_ACTOR_CLASS, SW_FIELD_ACTOR_SYSTEM},
    {SW_FIELD_RECIPIENT_AGENCY, SW_FIELD_RECIPIENT_CLASS, SW_FIELD_RECIPIENT_SYSTEM},
    {SW_FIELD_BEHALF_AGENCY, SW_FIELD_BEHALF_CLASS, SW_FIELD_COUNT},
};

static uint32_t party_actor(const struct sw_scenario_step *step, int party)
{
    return party == 0 ? step->actor : party == 1 ? step->recipient : step->behalf;
}

/* Of actors with several agencies, one acts; the same one wherever the actor stands in the step. */
static void set_agencies(struct sw_event *event, const struct sw_scenario *scenario,
                         const struct sw_scenario_step *step, const struct pending *entry)
{
    for (int party = 0; party < 3; party++) {
        uint32_t index = party_actor(step, party);
        if (index == SW_ACTOR_NONE || scenario->actors[index].agency_count < 2) {
            continue;
        }
        const struct sw_scenario_actor *actor = &scenario->actors[index];
        struct sw_random random;
        uint64_t key = sw_random_key(sw_random_key(step->key, entry->run), entry->occurrence);
        sw_random_init(&random, sw_random_key(key, sw_text_hash(actor->name)));
        uint64_t pick = sw_random_below(&random, actor->agency_count);
        sw_event_set_text(event, parties[party].agency, actor->agencies[pick]);
    }
}

static void fill_template(const struct sw_scenario *scenario, const struct sw_scenario_step *step,
                          struct template *template)
{
    struct sw_event event = {0};
    for (int party = 0; party < 3; party++) {
        uint32_t index = party_actor(step, party);
        if (index == SW_ACTOR_NONE) {
            continue;
        }
        const struct sw_scenario_actor *actor = &scenario->actors[index];
        sw_event_set_text(&event, parties[party].agency, actor->agencies[0]);
        if (actor->class_code != 0) {
            sw_event_set_code(&event, parties[party].class, actor->class_code);
        }
        if (actor->system.length > 0 && parties[party].system != SW_FIELD_COUNT) {
            sw_event_set_text(&event, parties[party].system, actor->system);
        }
        if (party == 0 && actor->role_code != 0) {
            sw_event_set_code(&event, SW_FIELD_ACTOR_ROLE, actor->role_code);
        }
    }
    memcpy(template->fields, event.fields, sizeof(template->fields));
    for (uint32_t i = 0; i < step->data.field_count; i++) {
        template->fields[step->data.fields[i]] = step->data.values[i];
    }
}

static void fill_envelope(const struct sw_generator *generator, const struct sw_scenario_step *step,
                          const struct pending *entry, struct sw_event *event)
{
    const struct sw_scenario *scenario = generator->scenario;
    event->storage_used = 0;
    event->item_count = 0;
    event->id = keep_id(event, step, entry->serial);
    event->source = scenario->sources[step->source];
    event->reporter = scenario->actors[step->actor].reporter;
    event->kind = step->kind;
    event->action = step->action;
    event->time_ms = entry->time_ms;
    event->recorded_ms = entry->known_ms;
    event->parent = entry->parent_serial != 0
                        ? keep_id(event, &scenario->steps[entry->parent_step], entry->parent_serial)
                        : (struct sw_text){0};
    event->correction = step->corrects;
    event->synthetic = true;
}

/* Whether anybody tells the monitor of @entry. */
static bool is_told(const struct sw_scenario_step *step, const struct pending *entry)
{
    if (step->visible <= 0 || step->visible >= 1) {
        return step->visible > 0;
    }
    struct sw_random random;
    uint64_t key = sw_random_key(sw_random_key(step->key, entry->run), entry->occurrence);
    sw_random_init(&random, sw_random_key(key, VISIBLE_SALT));
    return sw_random_unit(&random) < step->visible;
}

static void tell(struct sw_generator *generator, const struct pending *entry,
                 struct sw_scenario_event *out)
{
    const struct sw_scenario *scenario = generator->scenario;
    const struct sw_scenario_step *step = &scenario->steps[entry->index];
    struct sw_random random;
    const struct pending *drawn = entry;
    struct pending own;
    uint64_t key = sw_random_key(step->key, entry->run);
    sw_random_init(&random, sw_random_key(key, entry->occurrence * 2));
    if (step->automatic) {
        own = *entry;
        own.life = entry->run; // a number that a repeated step set off is its own
        drawn = &own;
    }
    fill_envelope(generator, step, entry, &out->event);
    memcpy(out->event.fields, generator->templates[entry->index].fields, sizeof(out->event.fields));
    set_agencies(&out->event, scenario, step, entry);
    set_token(&out->event, generator, step, entry, false);
    set_token(&out->event, generator, step, entry, true);
    double unit = sw_random_unit(&random);
    set_data(&out->event, &step->data, drawn, step->key, &random);
    out->expect = &step->expect;
    out->fault = step->fault;
    if (step->way_count > 0) {
        uint32_t at = 0;
        while (at + 1 < step->way_count && unit >= step->ways[at].share) {
            at++;
        }
        set_data(&out->event, &step->ways[at].data, drawn, step->key, &random);
        out->expect = &step->ways[at].expect;
        out->fault = step->ways[at].fault;
    }
    out->emit_ms = entry->at_ms;
    out->step = entry->index;
    out->source = step->source;
    out->hidden = !is_told(step, entry);
    out->event.sequence = out->hidden ? 0 : ++generator->sequences[step->source];
}

/* For how long a fault holds back on its way what was known at @known_ms. */
static int64_t held_ms(const struct sw_generator *generator, const struct sw_scenario_fault *fault,
                       int64_t known_ms, struct sw_random *random)
{
    if (fault->kind == SW_FAULT_BURST) {
        return fault->hold_ms - (known_ms - generator->scenario->start_ms) % fault->hold_ms;
    }
    if (fault->kind == SW_FAULT_REORDERED) {
        return (int64_t)(sw_random_unit(random) * (double)fault->hold_ms);
    }
    return 0;
}

/* Lets @entry happen: plans what comes of it. True when there is something to tell now. */
static bool happen(struct sw_generator *generator, struct pending *entry)
{
    const struct sw_scenario_step *step = &generator->scenario->steps[entry->index];
    struct sw_random random;
    if (step->repeat.repeats) {
        plan_next(generator, &step->repeat, *entry, step->key);
    }
    uint64_t key = sw_random_key(sw_random_key(step->key, entry->run), ~entry->occurrence);
    sw_random_init(&random, key);
    if (step->probability < 1 && sw_random_unit(&random) >= step->probability) {
        return false;
    }
    entry->serial = ++generator->serial;
    struct pending before = *entry;
    if (is_told(step, entry)) {
        before.parent_serial = entry->serial;
        before.parent_step = entry->index;
    }
    before.run = run_of_what_follows(step, entry);
    for (uint32_t i = 0; i < step->child_count; i++) {
        plan_step(generator, step->children[i], &before);
    }
    entry->known_ms = entry->time_ms + draw_delay(&step->known, &random);
    entry->at_ms = entry->known_ms + held_ms(generator, &step->fault, entry->known_ms, &random);
    if (entry->at_ms == entry->time_ms) {
        return true;
    }
    entry->kind = PENDING_TELL;
    push(generator, *entry);
    return false;
}

enum sw_status sw_generator_next(struct sw_generator *generator, struct sw_scenario_event *event)
{
    while (generator->count > 0) {
        struct pending entry = pop(generator);
        switch (entry.kind) {
        case PENDING_START:
            start_storyline(generator, &entry);
            break;
        case PENDING_HAPPEN:
            if (happen(generator, &entry)) {
                tell(generator, &entry, event);
                return SW_OK;
            }
            break;
        case PENDING_TELL:
            tell(generator, &entry, event);
            return SW_OK;
        }
    }
    return SW_EMPTY;
}

uint64_t sw_generator_sequence(const struct sw_generator *generator, uint32_t source)
{
    SW_ASSERT(source < generator->scenario->source_count);
    return generator->sequences[source];
}

static void plan_storylines(struct sw_generator *generator)
{
    const struct sw_scenario *scenario = generator->scenario;
    for (uint32_t i = 0; i < scenario->storyline_count; i++) {
        const struct sw_scenario_storyline *storyline = &scenario->storylines[i];
        struct sw_random random;
        sw_random_init(&random, storyline->key);
        struct pending entry = {.kind = PENDING_START, .index = i, .run = storyline->key};
        entry.base_ms = scenario->start_ms + draw_delay(&storyline->at, &random);
        entry.time_ms = entry.base_ms;
        entry.at_ms = entry.base_ms;
        if (storyline->repeat.repeats) {
            plan_occurrence(generator, &storyline->repeat, entry, storyline->key);
        } else {
            push(generator, entry);
        }
    }
}

enum sw_status sw_generator_open(struct sw_generator **out, const struct sw_scenario *scenario)
{
    struct sw_generator *generator = calloc(1, sizeof(*generator));
    *out = generator;
    if (generator == NULL) {
        return SW_NO_MEMORY;
    }
    generator->scenario = scenario;
    generator->capacity = most_pending(generator);
    if (generator->capacity >= PENDING_MAX) {
        sw_generator_close(generator);
        *out = NULL;
        return SW_TOO_LONG;
    }
    generator->templates = calloc(scenario->step_count + 1, sizeof(generator->templates[0]));
    generator->sequences = calloc(scenario->source_count + 1, sizeof(generator->sequences[0]));
    generator->heap = calloc(generator->capacity, sizeof(generator->heap[0]));
    if (generator->templates == NULL || generator->sequences == NULL || generator->heap == NULL) {
        sw_generator_close(generator);
        *out = NULL;
        return SW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        fill_template(scenario, &scenario->steps[i], &generator->templates[i]);
    }
    plan_storylines(generator);
    return SW_OK;
}

void sw_generator_close(struct sw_generator *generator)
{
    if (generator != NULL) {
        free(generator->heap);
        free(generator->sequences);
        free(generator->templates);
        free(generator);
    }
}
