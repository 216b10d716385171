#include "sentence.h"

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/time.h>

#define PART_BYTES SW_SENTENCE_MAX // one clause

/* Adds @part as the next sentence, whole or not at all. */
static void add(struct sw_buffer *buffer, const struct sw_buffer *part)
{
    if (part->length == 0 || part->length + 1 >= buffer->capacity - buffer->length) {
        return;
    }
    sw_buffer_append_string(buffer, buffer->length > 0 ? " " : "");
    sw_buffer_append(buffer, sw_buffer_text(part));
}

/* The name for people of one side of the hop: its system, else its agency; empty when unknown. */
static struct sw_text side_name(const struct sw_telling *telling, uint16_t node,
                                enum sw_field agency)
{
    if (node != SW_NONE) {
        return telling->map->nodes[node].name;
    }
    struct sw_text id = sw_event_text(telling->event, agency);
    uint16_t index = id.length > 0 ? sw_map_agency(telling->map, id) : SW_NONE;
    return index != SW_NONE ? telling->map->agencies[index].name : id;
}

static const struct sw_edge *edge_of(const struct sw_telling *telling)
{
    return telling->hop->edge != SW_NONE ? &telling->map->edges[telling->hop->edge] : NULL;
}

/* Words for people for a class of data. */
static void append_data_class(struct sw_buffer *part, uint16_t data_class)
{
    static const char *const words[SW_DATA_CLASS_COUNT] = {
        [SW_DATA_CLASS_PRINTS] = "prints",
        [SW_DATA_CLASS_DEMOGRAPHICS] = "demographics",
        [SW_DATA_CLASS_ARREST] = "the arrest",
        [SW_DATA_CLASS_RELEASE_TIME] = "the time of release",
        [SW_DATA_CLASS_HOME_WORK_ADDRESS] = "a home or work address",
        [SW_DATA_CLASS_STATUS] = "immigration status",
        [SW_DATA_CLASS_CRIM_HISTORY] = "criminal history",
        [SW_DATA_CLASS_ALPR_READ] = "plate reads",
        [SW_DATA_CLASS_ALPR_SEARCH_RESULT] = "results of a plate search",
        [SW_DATA_CLASS_HOTLIST_ENTRY] = "a hot-list entry",
        [SW_DATA_CLASS_STOP_RECORD] = "the record of a stop",
        [SW_DATA_CLASS_FI_CARD] = "an interview card",
        [SW_DATA_CLASS_COURT_DATE] = "a court date",
        [SW_DATA_CLASS_CUSTODY_ACCESS] = "access to a person in custody",
        [SW_DATA_CLASS_CASE_INTELLIGENCE] = "case intelligence",
        [SW_DATA_CLASS_REGISTRATION] = "licence or registration",
        [SW_DATA_CLASS_SETTING] = "a setting",
    };
    SW_ASSERT(words[data_class] != NULL);
    sw_buffer_append_string(part, words[data_class]);
}

static void append_from_to(const struct sw_telling *telling, struct sw_buffer *part)
{
    struct sw_text from = side_name(telling, telling->hop->from, SW_FIELD_ACTOR_AGENCY);
    struct sw_text to = side_name(telling, telling->hop->to, SW_FIELD_RECIPIENT_AGENCY);
    if (to.length == 0) {
        to = side_name(telling, SW_NONE, SW_FIELD_BEHALF_AGENCY);
    }
    const char *open = " (";
    if (from.length > 0) {
        sw_buffer_append_format(part, "%sfrom %.*s", open, SW_TEXT_FORMAT(from));
        open = " ";
    }
    if (to.length > 0) {
        sw_buffer_append_format(part, "%sto %.*s", open, SW_TEXT_FORMAT(to));
        open = " ";
    }
    if (telling->hop->data_class != 0) {
        sw_buffer_append_string(part, *open == ' ' && open[1] == '(' ? " (" : ": ");
        append_data_class(part, telling->hop->data_class);
        open = " ";
    }
    sw_buffer_append_string(part, open[1] == '(' ? "" : ")");
}

static void append_what(const struct sw_telling *telling, struct sw_buffer *part)
{
    const struct sw_edge *edge = edge_of(telling);
    if (edge != NULL) {
        sw_buffer_append(part, edge->name);
    } else {
        sw_buffer_append_format(
            part, "A %s %s event%s", sw_kind_name(telling->event->kind),
            sw_action_name(telling->event->action),
            telling->route->names_recipient ? " that fits no edge of the sharing map" : "");
    }
}

static void tell_what(const struct sw_telling *telling, struct sw_buffer *part)
{
    append_what(telling, part);
    append_from_to(telling, part);
    sw_buffer_append_string(part, ".");
}

static void append_duration(struct sw_buffer *part, int64_t duration_ms)
{
    if (duration_ms >= 2 * SW_DAY_MS) {
        sw_buffer_append_format(part, "%lld days", (long long)(duration_ms / SW_DAY_MS));
    } else if (duration_ms >= 2 * SW_HOUR_MS) {
        sw_buffer_append_format(part, "%lld hours", (long long)(duration_ms / SW_HOUR_MS));
    } else if (duration_ms >= SW_MINUTE_MS) {
        sw_buffer_append_format(part, "%lld min", (long long)(duration_ms / SW_MINUTE_MS));
    } else {
        sw_buffer_append_string(part, "under a minute");
    }
}

/* The data went no further yet, but can by itself. */
static void tell_onward(const struct sw_telling *telling, struct sw_buffer *part)
{
    const struct sw_route *route = telling->route;
    struct sw_text last = telling->map->nodes[route->path[route->path_count - 1]].name;
    sw_buffer_append_format(part, "From there it can go on by itself to %.*s",
                            SW_TEXT_FORMAT(last));
    if (route->hops > 1) {
        sw_buffer_append_format(part, " in %u more hop%s, typically ", route->hops - 1U,
                                route->hops > 2 ? "s" : "");
        append_duration(part, route->onward_ms);
    }
    sw_buffer_append_string(part, ".");
}

static void tell_level(const struct sw_telling *telling, struct sw_buffer *part)
{
    static const char *const levels[SW_LEVEL_COUNT] = {
        [SW_LEVEL_NONE] = "No immigration agency received it.",
        [SW_LEVEL_SEARCHED] = "It was compared with a DHS system; no match is reported.",
        [SW_LEVEL_MATCHED] = "An immigration agency was told of this person or vehicle.",
        [SW_LEVEL_INFORMED] = "An immigration officer got what can be acted on.",
        [SW_LEVEL_CUSTODY] = "It ended in federal immigration custody.",
    };
    /* From what it is said to be for: that it arrived is not on record. */
    static const char *const stated[SW_LEVEL_COUNT] = {
        [SW_LEVEL_MATCHED] = "It counts as telling an immigration agency.",
        [SW_LEVEL_INFORMED] = "It counts as informing an immigration officer.",
        [SW_LEVEL_CUSTODY] = "It counts as federal immigration custody.",
    };
    bool seen = telling->hop->crosses == SW_CROSSES_DIRECT || stated[telling->hop->level] == NULL;
    bool onward = telling->hop->level == SW_LEVEL_NONE &&
                  telling->hop->crosses == SW_CROSSES_REACHABLE && telling->route->path_count > 0;
    uint16_t passed_on = sw_event_code(telling->event, SW_FIELD_FLOW_ONWARD);
    if (onward) {
        tell_onward(telling, part);
    } else {
        sw_buffer_append_string(part, (seen ? levels : stated)[telling->hop->level]);
    }
    if (passed_on == SW_CROSSES_DIRECT) {
        sw_buffer_append_string(part, " The data was passed on to one later.");
    } else if (passed_on == SW_CROSSES_REACHABLE) {
        sw_buffer_append_string(part, " The data was passed on later.");
    }
    if (telling->hop->fed_reach) {
        sw_buffer_append_string(part,
                                " A federal agency that is no immigration agency received it.");
    }
}

/* "Gov. Code 7284.6 (ca-state)" */
static void append_cite(const struct sw_rule *rule, struct sw_buffer *part)
{
    struct sw_text cite = rule->cite.length > 0 ? rule->cite : rule->title;
    sw_buffer_append(part, cite);
    if (rule->pack.length > 0) {
        sw_buffer_append_format(part, " (%.*s)", SW_TEXT_FORMAT(rule->pack));
    }
}

/* The fact that a rule misses, if its verdict rests on that. */
static void append_missing(const struct sw_telling *telling, struct sw_buffer *part)
{
    const struct sw_hop *hop = telling->hop;
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        if (finding->has_verdict && finding->verdict == hop->verdict &&
            finding->missing < SW_FIELD_COUNT) {
            sw_buffer_append_format(part, "; the event does not say %s",
                                    sw_field_info(finding->missing)->name);
            return;
        }
    }
}

static void tell_rule(const struct sw_telling *telling, struct sw_buffer *part)
{
    static const char *const starts[SW_VERDICT_COUNT] = {
        [SW_VERDICT_NONE] = "No rule in force forbade it: ",
        [SW_VERDICT_FED] = "Wholly in federal or private hands, no local rule applies: ",
        [SW_VERDICT_AUTO] = "No rule in force forbade it, and nobody chose it at the time: ",
        [SW_VERDICT_DISC] = "A local choice that no rule in force forbade: ",
        [SW_VERDICT_REVIEW] = "Needs review: ",
        [SW_VERDICT_PROH] = "A rule in force forbids it: ",
    };
    sw_buffer_append_string(part, starts[telling->hop->verdict]);
    append_cite(telling->rule, part);
    append_missing(telling, part);
    sw_buffer_append_string(part, ".");
}

/* No rule gave a verdict: it is the default of the map. */
static void tell_default(const struct sw_telling *telling, struct sw_buffer *part)
{
    const struct sw_edge *edge = edge_of(telling);
    struct sw_text basis = edge != NULL ? edge->basis : (struct sw_text){0};
    switch (telling->hop->verdict) {
    case SW_VERDICT_NONE:
        sw_buffer_append_string(part, "No rule in force forbade it.");
        return;
    case SW_VERDICT_FED:
        sw_buffer_append_string(part, "Wholly in federal or private hands: no local rule applies.");
        return;
    case SW_VERDICT_AUTO:
        sw_buffer_append_string(
            part, "No rule in force forbade it: it happens by itself, without a local choice.");
        return;
    case SW_VERDICT_DISC:
        sw_buffer_append_string(part, "A local choice; no rule in force forbade it.");
        return;
    case SW_VERDICT_REVIEW:
        if (edge == NULL) {
            sw_buffer_append_string(
                part, "Needs review: neither the map nor a rule in force speaks of it.");
            return;
        }
        sw_buffer_append_string(part, "Needs review: no rule in force speaks of it");
        break;
    case SW_VERDICT_PROH:
        sw_buffer_append_string(part, "Prohibited by the sharing map; no loaded rule speaks of it");
        break;
    case SW_VERDICT_COUNT:
        break;
    }
    if (basis.length > 0) {
        sw_buffer_append_format(part, " (%.*s)", SW_TEXT_FORMAT(basis));
    }
    sw_buffer_append_string(part, ".");
}

static bool is_record(const struct sw_rule *rule)
{
    return rule != NULL && !rule->has_verdict;
}

static void tell_duties(const struct sw_telling *telling, struct sw_buffer *part)
{
    static const char *const words[SW_DUTY_COUNT] = {
        "log the purpose",
        "serve the person a copy",
        "give the consent form",
        "report to the state Department of Justice",
        "keep it as a public record",
        "revoke the share",
        "hold the yearly community forum",
    };
    bool first = true;
    for (uint32_t bit = 0; bit < SW_DUTY_COUNT; bit++) {
        if ((telling->hop->duties & UINT32_C(1) << bit) != 0) {
            sw_buffer_append_string(part, first ? "Owed: " : ", ");
            sw_buffer_append_string(part, words[bit]);
            first = false;
        }
    }
    if (!first && is_record(telling->rule) &&
        telling->rule->cite.length > 0) { // the rule that is told says why it is owed
        sw_buffer_append_string(part, ", by ");
        append_cite(telling->rule, part);
    }
    sw_buffer_append_string(part, first ? "" : ".");
}

static void tell_off_switch(const struct sw_telling *telling, struct sw_buffer *part)
{
    const struct sw_edge *edge = edge_of(telling);
    struct sw_text who = telling->rule != NULL ? telling->rule->off_switch : (struct sw_text){0};
    if (who.length == 0 && edge != NULL) {
        who = edge->off_switch;
    }
    if (who.length > 0) {
        sw_buffer_append_format(part, "Who could stop it: %.*s.", SW_TEXT_FORMAT(who));
    }
}

static void tell_standing(const struct sw_telling *telling, struct sw_buffer *part)
{
    if (telling->hop->revision > 0) {
        sw_buffer_append_string(part, "Judged again with what was learned later.");
    } else if (telling->hop->late) {
        sw_buffer_append_string(part, "Learned after later hops of its chain.");
    }
}

/* The start of @text that fits with an ellipsis behind it; no character is cut. */
static void append_cut(struct sw_buffer *buffer, struct sw_text text)
{
    static const char ellipsis[] = "…";
    uint32_t room = buffer->capacity - buffer->length - (uint32_t)sizeof(ellipsis);
    uint32_t length = text.length < room ? text.length : room;
    while (length > 0 && ((unsigned char)text.bytes[length] & 0xc0) == 0x80) {
        length--;
    }
    sw_buffer_append(buffer, (struct sw_text){text.bytes, length});
    sw_buffer_append_string(buffer, ellipsis);
}

static void write_title(const struct sw_telling *telling, struct sw_alert *alert)
{
    struct sw_buffer title;
    sw_buffer_init(&title, alert->title, sizeof(alert->title));
    const struct sw_edge *edge = edge_of(telling);
    struct sw_text text = edge != NULL ? edge->name : (struct sw_text){0};
    if (telling->rule != NULL && telling->rule->title.length > 0) {
        text = telling->rule->title;
    }
    if (text.length == 0) {
        append_what(telling, &title);
    } else if (text.length < title.capacity) {
        sw_buffer_append(&title, text);
    } else {
        append_cut(&title, text);
    }
    SW_ASSERT(title.length > 0);
}

void sw_sentence_write(const struct sw_telling *telling, struct sw_alert *alert)
{
    typedef void (*tell_fn)(const struct sw_telling *telling, struct sw_buffer *part);
    bool by_rule = telling->rule != NULL && !is_record(telling->rule);
    const tell_fn parts[] = {tell_what,   tell_level,      by_rule ? tell_rule : tell_default,
                             tell_duties, tell_off_switch, tell_standing};
    write_title(telling, alert);
    struct sw_buffer sentence;
    sw_buffer_init(&sentence, alert->sentence, sizeof(alert->sentence));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char bytes[PART_BYTES];
        struct sw_buffer part;
        sw_buffer_init(&part, bytes, sizeof(bytes));
        parts[i](telling, &part);
        add(&sentence, &part);
    }
    SW_ASSERT(sentence.length > 0);
}
