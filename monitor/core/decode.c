/* One pass over the packet, key by key: each is looked up, its value checked against the taxonomy
 * and stored, and the first thing that is wrong ends it with its byte position. What concerns the
 * packet as a whole (missing attributes, topic, map) is checked after the pass. */
#include <sharewatch/pipeline.h>

#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/json.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/time.h>
#include <sharewatch/wire.h>

#include "form.h"
#include "pipeline_state.h"
#include "scrub.h"

#define TYPE_PREFIX         "org.sharewatch."
#define TYPE_SUFFIX         ".v1"
#define TIME_LENGTH_MIN     20 // "2026-11-24T10:15:00Z": CloudEvents times are no bare dates
#define NEAR_KEY_LENGTH_MIN 5  // shorter unknown keys are near to anything
#define NUMBER_LENGTH_MAX   12 // digits; longer runs may be a keyed token in hex by chance

struct decoder {
    const struct sw_pipeline *pipeline;
    const struct sw_packet *packet;
    struct sw_event *event;
    struct sw_rejection *rejection;
    struct sw_json json;
    uint32_t attributes;                              // bits 1 << enum sw_attribute that were seen
    uint32_t attribute_positions[SW_ATTRIBUTE_COUNT]; // of their values
    uint32_t groups;                                  // bits 1 << group that were seen
    uint32_t field_positions[SW_FIELD_COUNT]; // of the values of the fields that are present
};

static const char *const refusal_codes[] = {
#define REFUSAL_CODE(name, code, text) [name] = (code),
    SW_REFUSAL_LIST(REFUSAL_CODE)
#undef REFUSAL_CODE
};

const char *sw_refusal_text(enum sw_refusal reason)
{
    static const char *const texts[] = {
#define REFUSAL_TEXT(name, code, text) [name] = (text),
        SW_REFUSAL_LIST(REFUSAL_TEXT)
#undef REFUSAL_TEXT
    };
    SW_ASSERT(reason < sizeof(texts) / sizeof(texts[0]));
    return texts[reason];
}

static bool refuse(struct decoder *decoder, enum sw_refusal reason, uint32_t position,
                   const char *field)
{
    *decoder->rejection = (struct sw_rejection){
        .reason = reason, .code = refusal_codes[reason], .position = position};
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, decoder->rejection->field, sizeof(decoder->rejection->field));
    sw_buffer_append_string(&buffer, field);
    return false;
}

/* Refuses for what the JSON reader found. */
static bool refuse_json(struct decoder *decoder)
{
    SW_ASSERT(decoder->json.error != SW_JSON_ERROR_NONE);
    (void)refuse(decoder, SW_REFUSAL_JSON, decoder->json.error_position, "");
    decoder->rejection->code = sw_json_error_code(decoder->json.error);
    return false;
}

static bool refuse_value(struct decoder *decoder, enum sw_refusal reason, const char *field)
{
    return refuse(decoder, reason, decoder->json.token_position, field);
}

/* Refuses an unknown key. The key itself is only told when it is nearly a known one: a stranger's
 * key could be somebody's name. */
static bool refuse_key(struct decoder *decoder, uint8_t scope)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, decoder->json.text);
    const struct sw_names *names = &decoder->pipeline->names;
    for (uint32_t i = 0; i < SW_NAMES_SLOTS; i++) {
        if (names->slots[i].kind != SW_NAME_UNKNOWN && names->slots[i].scope == scope) {
            sw_suggestion_offer(&suggestion, names->slots[i].key);
        }
    }
    char field[64] = "";
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, field, sizeof(field));
    if (scope >= SW_SCOPE_GROUPS) {
        sw_buffer_append(&buffer, names->groups[scope - SW_SCOPE_GROUPS]);
        sw_buffer_append_string(&buffer, ".");
    }
    uint32_t length = decoder->json.text.length;
    bool near = suggestion.best.length > 0 && length >= NEAR_KEY_LENGTH_MIN &&
                suggestion.distance <= length / 4;
    if (near && sw_form_is_token(decoder->json.text)) {
        sw_buffer_append(&buffer, decoder->json.text);
        sw_buffer_append_format(&buffer, " (%.*s?)", SW_TEXT_FORMAT(suggestion.best));
    } else {
        sw_buffer_append_string(&buffer, "?");
    }
    return refuse_value(decoder, SW_REFUSAL_UNKNOWN_FIELD, field);
}

/* What the text just read stands for as a key, or as a part of it. */
static const struct sw_name *find_name(const struct decoder *decoder, uint8_t scope,
                                       struct sw_text key)
{
    const struct sw_json *json = &decoder->json;
    uintptr_t first = (uintptr_t)json->bytes;
    uintptr_t at = (uintptr_t)key.bytes; // in the packet, or in the scratch when it had escapes
    bool in_packet = at >= first && at - first < json->length;
    uint32_t readable = in_packet ? json->length - (uint32_t)(at - first) : key.length;
    return sw_names_find(&decoder->pipeline->names, scope, key, readable);
}

/* The next token must be @wanted. */
static bool expect(struct decoder *decoder, enum sw_json_token wanted, const char *field)
{
    enum sw_json_token token = sw_json_next(&decoder->json);
    if (token == SW_JSON_ERROR) {
        return refuse_json(decoder);
    }
    return token == wanted || refuse_value(decoder, SW_REFUSAL_TYPE, field);
}

/* --- fields of `data` --- */

static bool accept_enum(struct decoder *decoder, const struct sw_field_info *info,
                        enum sw_json_token token, struct sw_value *value)
{
    struct sw_text text = decoder->json.text;
    bool truth = sw_text_equal(text, SW_TEXT("true")) || sw_text_equal(text, SW_TEXT("false"));
    if (token == SW_JSON_BOOL) { // of a tristate: bare
        text = decoder->json.boolean ? SW_TEXT("true") : SW_TEXT("false");
    } else if (token != SW_JSON_TEXT || truth) {
        return refuse_value(decoder, SW_REFUSAL_TYPE, info->name);
    }
    uint16_t code = sw_enum_find(info->values, text);
    if (code == 0) {
        return refuse_value(decoder, token == SW_JSON_BOOL ? SW_REFUSAL_TYPE : SW_REFUSAL_VALUE,
                            info->name);
    }
    *value = (struct sw_value){
        .type = SW_VALUE_TEXT, .code = code, .text = sw_enum_text(info->values, code)};
    return true;
}

static bool accept_integer(struct decoder *decoder, const struct sw_field_info *info,
                           enum sw_json_token token, struct sw_value *value)
{
    if (token != SW_JSON_INTEGER) {
        return refuse_value(decoder, SW_REFUSAL_TYPE, info->name);
    }
    int64_t integer = decoder->json.integer;
    if (integer < info->min || integer > info->max) {
        return refuse_value(decoder, SW_REFUSAL_RANGE, info->name);
    }
    *value = (struct sw_value){.type = SW_VALUE_INTEGER, .integer = integer};
    return true;
}

static bool only_digits(struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        if (!sw_form_is_digit(text.bytes[i])) {
            return false;
        }
    }
    return true;
}

/* Tokens of persons, vehicles and cases are keyed hashes: a bare number is what they stand for. */
static bool token_is_personal(enum sw_field field, struct sw_text text)
{
    if (sw_scrub_token_is_personal(text)) {
        return true;
    }
    if (field == SW_FIELD_VEHICLE_TOK && sw_scrub_token_is_plate(text)) {
        return true;
    }
    bool keyed = field == SW_FIELD_SUBJECT_TOK || field == SW_FIELD_VEHICLE_TOK ||
                 field == SW_FIELD_CASE_TOK || field == SW_FIELD_ACTOR_ROLE_TOK;
    return keyed && text.length <= NUMBER_LENGTH_MAX && only_digits(text);
}

static bool has_form(enum sw_field_type type, struct sw_text text)
{
    switch (type) {
    case SW_TYPE_TOKEN:
        return sw_form_is_token(text);
    case SW_TYPE_AGENCY:
    case SW_TYPE_NODE:
        return sw_form_is_agency(text);
    case SW_TYPE_WORD:
        return sw_form_is_word(text);
    case SW_TYPE_ENUM:
    case SW_TYPE_BOOL:
    case SW_TYPE_INTEGER:
    case SW_TYPE_TEXT:
        break;
    }
    return true;
}

/* The most bytes of short text: beyond it is too long rather than malformed. */
static uint32_t length_max(const struct sw_field_info *info)
{
    switch (info->type) {
    case SW_TYPE_TEXT:
        return (uint32_t)info->max;
    case SW_TYPE_AGENCY:
    case SW_TYPE_NODE:
    case SW_TYPE_WORD:
        return SW_WORD_BYTES_MAX;
    case SW_TYPE_TOKEN:
    case SW_TYPE_ENUM:
    case SW_TYPE_BOOL:
    case SW_TYPE_INTEGER:
        break;
    }
    return SW_ID_BYTES_MAX;
}

/* Scrubs the free text just read behind what is used of the event's storage, and keeps the result
 * when it differs. */
static bool scrub_text(struct decoder *decoder, enum sw_field field, struct sw_text *text)
{
    struct sw_event *event = decoder->event;
    struct sw_json *json = &decoder->json;
    const struct sw_field_info *info = sw_field_info(field);
    uint32_t room = SW_EVENT_STORAGE - json->scratch_used;
    if (room < 2 * text->length + 2) {
        return refuse_value(decoder, SW_REFUSAL_TEXT_LENGTH, info->name);
    }
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, event->storage + json->scratch_used, room);
    if (sw_scrub_text(*text, &buffer) == 0) {
        return true;
    }
    if (buffer.overflowed || buffer.length > info->max || event->mask_count == SW_EVENT_MASKS_MAX) {
        return refuse_value(decoder, SW_REFUSAL_TEXT_LENGTH, info->name);
    }
    event->masks[event->mask_count++] = (struct sw_event_mask){
        .field = field, .first = json->token_position, .end = json->position};
    json->scratch_used += buffer.length;
    *text = sw_buffer_text(&buffer);
    return true;
}

static bool accept_text(struct decoder *decoder, enum sw_field field, enum sw_json_token token,
                        struct sw_value *value)
{
    const struct sw_field_info *info = sw_field_info(field);
    struct sw_text text = decoder->json.text;
    if (token != SW_JSON_TEXT) {
        return refuse_value(decoder, SW_REFUSAL_TYPE, info->name);
    }
    if (text.length > length_max(info)) {
        return refuse_value(decoder, SW_REFUSAL_TEXT_LENGTH, info->name);
    }
    if (!has_form(info->type, text)) {
        return refuse_value(decoder, SW_REFUSAL_FORMAT, info->name);
    }
    bool personal = (info->type == SW_TYPE_TOKEN && token_is_personal(field, text)) ||
                    (info->type == SW_TYPE_WORD &&
                     (sw_scrub_token_is_personal(text) || sw_scrub_word_is_address(text)));
    if (personal) {
        return refuse_value(decoder, SW_REFUSAL_PERSONAL, info->name);
    }
    if (info->type == SW_TYPE_TEXT && !scrub_text(decoder, field, &text)) {
        return false;
    }
    *value = (struct sw_value){.type = SW_VALUE_TEXT, .text = text};
    return true;
}

/* Checks the scalar that @token began and stores it in @value. */
static bool accept_scalar(struct decoder *decoder, enum sw_field field, enum sw_json_token token,
                          struct sw_value *value)
{
    const struct sw_field_info *info = sw_field_info(field);
    switch (info->type) {
    case SW_TYPE_ENUM:
        return accept_enum(decoder, info, token, value);
    case SW_TYPE_BOOL:
        *value = (struct sw_value){.type = SW_VALUE_BOOL, .boolean = decoder->json.boolean};
        return token == SW_JSON_BOOL || refuse_value(decoder, SW_REFUSAL_TYPE, info->name);
    case SW_TYPE_INTEGER:
        return accept_integer(decoder, info, token, value);
    case SW_TYPE_TOKEN:
    case SW_TYPE_AGENCY:
    case SW_TYPE_NODE:
    case SW_TYPE_TEXT:
    case SW_TYPE_WORD:
        return accept_text(decoder, field, token, value);
    }
    return false;
}

/* Reads the items up to the end of the list; at least one. */
static bool read_list(struct decoder *decoder, enum sw_field field, struct sw_value *value)
{
    const struct sw_field_info *info = sw_field_info(field);
    struct sw_event *event = decoder->event;
    struct sw_value *items = event->items + event->item_count;
    uint32_t count = 0;
    for (;;) {
        enum sw_json_token token = sw_json_next(&decoder->json);
        if (token == SW_JSON_ERROR) {
            return refuse_json(decoder);
        }
        if (token == SW_JSON_ARRAY_END) {
            break;
        }
        if (count == info->list_max || event->item_count == SW_EVENT_ITEMS_MAX) {
            return refuse_value(decoder, SW_REFUSAL_LIST_LENGTH, info->name);
        }
        if (!accept_scalar(decoder, field, token, &items[count])) {
            return false;
        }
        count++;
        event->item_count++;
    }
    if (count == 0) {
        return refuse_value(decoder, SW_REFUSAL_LIST_LENGTH, info->name);
    }
    *value = (struct sw_value){.type = SW_VALUE_LIST, .count = count, .items = items};
    return true;
}

static bool read_field(struct decoder *decoder, enum sw_field field)
{
    const struct sw_field_info *info = sw_field_info(field);
    struct sw_value *value = &decoder->event->fields[field];
    if (info->by != SW_BY_SENDER) {
        return refuse_value(decoder, SW_REFUSAL_NOT_FOR_SENDER, info->name);
    }
    if (value->type != SW_VALUE_MISSING) {
        return refuse_value(decoder, SW_REFUSAL_DUPLICATE_KEY, info->name);
    }
    enum sw_json_token token = sw_json_next(&decoder->json);
    decoder->field_positions[field] = decoder->json.token_position;
    if (token == SW_JSON_ERROR) {
        return refuse_json(decoder);
    }
    if (token == SW_JSON_ARRAY && info->list_max > 1) {
        return read_list(decoder, field, value);
    }
    return accept_scalar(decoder, field, token, value);
}

/* Reads the members of `data` or of one of its groups up to the end of the object. Groups hold no
 * groups, so this calls itself once at most. */
static bool read_members(struct decoder *decoder, uint8_t scope)
{
    for (;;) {
        enum sw_json_token token = sw_json_next(&decoder->json);
        if (token == SW_JSON_OBJECT_END) {
            return true;
        }
        if (token == SW_JSON_ERROR) {
            return refuse_json(decoder);
        }
        SW_ASSERT(token == SW_JSON_KEY);
        const struct sw_name *name = find_name(decoder, scope, decoder->json.text);
        if (name->kind == SW_NAME_FIELD) {
            if (!read_field(decoder, (enum sw_field)name->target)) {
                return false;
            }
            continue;
        }
        if (name->kind != SW_NAME_GROUP) {
            return refuse_key(decoder, scope);
        }
        if ((decoder->groups & UINT32_C(1) << name->target) != 0) {
            (void)refuse_value(decoder, SW_REFUSAL_DUPLICATE_KEY, "");
            memcpy(decoder->rejection->field, name->key.bytes, name->key.length);
            return false;
        }
        decoder->groups |= UINT32_C(1) << name->target;
        if (!expect(decoder, SW_JSON_OBJECT, "data") ||
            !read_members(decoder, (uint8_t)(SW_SCOPE_GROUPS + name->target))) {
            return false;
        }
    }
}

/* --- the envelope --- */

static bool parse_type(struct decoder *decoder, struct sw_text type)
{
    struct sw_text prefix = SW_TEXT(TYPE_PREFIX);
    struct sw_text suffix = SW_TEXT(TYPE_SUFFIX);
    bool framed =
        type.length > prefix.length + suffix.length && sw_text_starts_with(type, prefix) &&
        memcmp(type.bytes + type.length - suffix.length, suffix.bytes, suffix.length) == 0;
    if (!framed) {
        return refuse_value(decoder, SW_REFUSAL_ENVELOPE, "type");
    }
    struct sw_text names = {type.bytes + prefix.length,
                            type.length - prefix.length - suffix.length};
    const struct sw_name *name = find_name(decoder, SW_SCOPE_TYPE, names);
    if (name->kind != SW_NAME_ACTION) {
        return refuse_value(decoder, SW_REFUSAL_VALUE, "type");
    }
    decoder->event->kind = (enum sw_kind)name->event;
    decoder->event->action = (enum sw_action)name->target;
    return true;
}

static bool parse_time(struct decoder *decoder, const char *name, int64_t *time_ms)
{
    struct sw_text text = decoder->json.text;
    if (text.length < TIME_LENGTH_MIN || sw_time_parse(text, time_ms) != SW_OK ||
        *time_ms < SW_TIME_MIN_MS || *time_ms > decoder->packet->received_ms + SW_TIME_AHEAD_MS) {
        return refuse_value(decoder, SW_REFUSAL_TIME, name);
    }
    return true;
}

/* The number that @text writes in decimal digits, at most that which the log's integers hold; 0:
 * it is none. */
static uint64_t number_of(struct sw_text text)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        uint64_t digit = (uint64_t)(text.bytes[i] - '0');
        if (number > ((uint64_t)INT64_MAX - digit) / 10) {
            return 0;
        }
        number = number * 10 + digit;
    }
    return number;
}

static bool parse_sequence(struct decoder *decoder)
{
    struct sw_text text = decoder->json.text;
    if (text.length == 0 || text.length > SW_SEQUENCE_DIGITS || !only_digits(text)) {
        return refuse_value(decoder, SW_REFUSAL_FORMAT, "sequence");
    }
    decoder->event->sequence = number_of(text);
    return decoder->event->sequence > 0 || refuse_value(decoder, SW_REFUSAL_RANGE, "sequence");
}

static bool parse_id(struct decoder *decoder, const char *name, struct sw_text *id)
{
    *id = decoder->json.text;
    if (id->length > SW_ID_BYTES_MAX) {
        return refuse_value(decoder, SW_REFUSAL_TEXT_LENGTH, name);
    }
    if (!sw_form_is_token(*id)) {
        return refuse_value(decoder, SW_REFUSAL_FORMAT, name);
    }
    return !sw_scrub_token_is_personal(*id) || refuse_value(decoder, SW_REFUSAL_PERSONAL, name);
}

static bool parse_source(struct decoder *decoder)
{
    struct sw_event *event = decoder->event;
    event->source = decoder->json.text;
    if (event->source.length > SW_SOURCE_BYTES_MAX) {
        return refuse_value(decoder, SW_REFUSAL_TEXT_LENGTH, "source");
    }
    if (sw_wire_parse_source(event->source, &event->reporter) != SW_OK) {
        return refuse_value(decoder, SW_REFUSAL_ENVELOPE, "source");
    }
    uint32_t skipped = (uint32_t)sizeof(SW_SOURCE_PREFIX) - 1 + event->reporter.length;
    struct sw_text part = {event->source.bytes + skipped, event->source.length - skipped};
    if (part.length > 1) {
        part = (struct sw_text){part.bytes + 1, part.length - 1};
    }
    return !sw_scrub_token_is_personal(part) ||
           refuse_value(decoder, SW_REFUSAL_PERSONAL, "source");
}

static bool parse_text_attribute(struct decoder *decoder, enum sw_attribute attribute)
{
    struct sw_event *event = decoder->event;
    struct sw_text text = decoder->json.text;
    switch (attribute) {
    case SW_ATTRIBUTE_SPECVERSION:
        return sw_text_equal(text, SW_TEXT("1.0")) ||
               refuse_value(decoder, SW_REFUSAL_VERSION, "specversion");
    case SW_ATTRIBUTE_ID:
        return parse_id(decoder, "id", &event->id);
    case SW_ATTRIBUTE_SOURCE:
        return parse_source(decoder);
    case SW_ATTRIBUTE_TYPE:
        return parse_type(decoder, text);
    case SW_ATTRIBUTE_TIME:
        return parse_time(decoder, "time", &event->time_ms);
    case SW_ATTRIBUTE_RECORDEDTIME:
        return parse_time(decoder, "recordedtime", &event->recorded_ms);
    case SW_ATTRIBUTE_SEQUENCE:
        return parse_sequence(decoder);
    case SW_ATTRIBUTE_SWPARENT:
        return parse_id(decoder, "swparent", &event->parent);
    case SW_ATTRIBUTE_DATACONTENTTYPE:
        return sw_text_equal(text, SW_TEXT("application/json")) ||
               refuse_value(decoder, SW_REFUSAL_ENVELOPE, "datacontenttype");
    case SW_ATTRIBUTE_SWCORRECTS:
    case SW_ATTRIBUTE_SWSYNTHETIC:
    case SW_ATTRIBUTE_DATA:
    case SW_ATTRIBUTE_COUNT:
        break;
    }
    SW_NEVER("an attribute that is no text");
}

static bool read_flag(struct decoder *decoder, const char *name, bool *flag)
{
    if (!expect(decoder, SW_JSON_BOOL, name)) {
        return false;
    }
    *flag = decoder->json.boolean;
    return true;
}

static bool read_attribute(struct decoder *decoder, enum sw_attribute attribute)
{
    const char *name = sw_attribute_name(attribute);
    if ((decoder->attributes & UINT32_C(1) << attribute) != 0) {
        return refuse_value(decoder, SW_REFUSAL_DUPLICATE_KEY, name);
    }
    decoder->attributes |= UINT32_C(1) << attribute;
    if (attribute == SW_ATTRIBUTE_DATA) {
        return expect(decoder, SW_JSON_OBJECT, name) && read_members(decoder, SW_SCOPE_DATA);
    }
    if (attribute == SW_ATTRIBUTE_SWCORRECTS) {
        return read_flag(decoder, name, &decoder->event->correction);
    }
    if (attribute == SW_ATTRIBUTE_SWSYNTHETIC) {
        return read_flag(decoder, name, &decoder->event->synthetic);
    }
    if (!expect(decoder, SW_JSON_TEXT, name)) {
        return false;
    }
    decoder->attribute_positions[attribute] = decoder->json.token_position;
    return parse_text_attribute(decoder, attribute);
}

static bool read_packet(struct decoder *decoder)
{
    if (!expect(decoder, SW_JSON_OBJECT, "")) {
        return false;
    }
    enum sw_json_token token = sw_json_next(&decoder->json);
    while (token == SW_JSON_KEY) {
        const struct sw_name *name = find_name(decoder, SW_SCOPE_ENVELOPE, decoder->json.text);
        if (name->kind != SW_NAME_ATTRIBUTE) {
            return refuse_key(decoder, SW_SCOPE_ENVELOPE);
        }
        if (!read_attribute(decoder, (enum sw_attribute)name->target)) {
            return false;
        }
        token = sw_json_next(&decoder->json);
    }
    if (token == SW_JSON_ERROR || sw_json_next(&decoder->json) != SW_JSON_END) {
        return refuse_json(decoder);
    }
    return true;
}

/* --- the packet as a whole --- */

static bool check_envelope(struct decoder *decoder)
{
    static const enum sw_attribute required[] = {SW_ATTRIBUTE_SPECVERSION, SW_ATTRIBUTE_ID,
                                                 SW_ATTRIBUTE_SOURCE,      SW_ATTRIBUTE_TYPE,
                                                 SW_ATTRIBUTE_TIME,        SW_ATTRIBUTE_DATA};
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if ((decoder->attributes & UINT32_C(1) << required[i]) == 0) {
            return refuse(decoder, SW_REFUSAL_ENVELOPE, decoder->packet->payload.length,
                          sw_attribute_name(required[i]));
        }
    }
    struct sw_event *event = decoder->event;
    if ((decoder->attributes & UINT32_C(1) << SW_ATTRIBUTE_RECORDEDTIME) == 0) {
        event->recorded_ms = event->time_ms;
    }
    if (event->correction && event->parent.length == 0) {
        return refuse(decoder, SW_REFUSAL_ENVELOPE, decoder->packet->payload.length, "swparent");
    }
    return true;
}

static bool check_topic(struct decoder *decoder, struct sw_text agency, struct sw_text kind)
{
    const struct sw_event *event = decoder->event;
    if (!sw_text_equal(agency, event->reporter)) {
        return refuse(decoder, SW_REFUSAL_TOPIC_AGENCY,
                      decoder->attribute_positions[SW_ATTRIBUTE_SOURCE], "source");
    }
    if (!sw_text_equal(kind, sw_text_from(sw_kind_name(event->kind)))) {
        return refuse(decoder, SW_REFUSAL_TOPIC_KIND,
                      decoder->attribute_positions[SW_ATTRIBUTE_TYPE], "type");
    }
    return true;
}

static bool refuse_field(struct decoder *decoder, enum sw_refusal reason, enum sw_field field)
{
    return refuse(decoder, reason, decoder->field_positions[field], sw_field_info(field)->name);
}

/* A class that the sender states must be the map's for an agency that the map knows. */
static bool check_class(struct decoder *decoder, enum sw_field agency, enum sw_field class)
{
    uint16_t code = sw_event_code(decoder->event, class);
    struct sw_text name = sw_event_text(decoder->event, agency);
    if (code == 0 || name.length == 0) {
        return true;
    }
    const struct sw_map *map = decoder->pipeline->config.map;
    uint16_t index = sw_map_agency(map, name);
    return index == SW_NONE || map->agencies[index].class_code == code ||
           refuse_field(decoder, SW_REFUSAL_AGENCY_CLASS, class);
}

static bool check_system(struct decoder *decoder, enum sw_field system)
{
    struct sw_text name = sw_event_text(decoder->event, system);
    return name.length == 0 || sw_map_node(decoder->pipeline->config.map, name) != SW_NONE ||
           refuse_field(decoder, SW_REFUSAL_NODE, system);
}

static bool is_end_of(const struct sw_edge *edge, uint16_t node)
{
    bool found = false;
    for (uint16_t i = 0; i < edge->from_count; i++) {
        found = found || edge->from[i] == node;
    }
    for (uint16_t i = 0; i < edge->via_count; i++) {
        found = found || edge->via[i] == node;
    }
    for (uint16_t i = 0; i < edge->to_count; i++) {
        found = found || edge->to[i] == node;
    }
    return found;
}

/* A system that the event names is one of the edge's, on whichever side: some edges run both ways.
 */
static bool has_end(const struct decoder *decoder, const struct sw_edge *edge, enum sw_field system)
{
    struct sw_text name = sw_event_text(decoder->event, system);
    return name.length == 0 || is_end_of(edge, sw_map_node(decoder->pipeline->config.map, name));
}

/* An edge that the sender names must be on the map, made by this kind of event, and touch the
 * systems that the event names. */
static bool check_edge(struct decoder *decoder)
{
    const struct sw_event *event = decoder->event;
    struct sw_text name = sw_event_text(event, SW_FIELD_EDGE);
    if (name.length == 0) {
        return true;
    }
    const struct sw_map *map = decoder->pipeline->config.map;
    uint16_t index = sw_map_edge(map, name);
    bool fits = index != SW_NONE && sw_map_edge_takes(&map->edges[index], event) &&
                has_end(decoder, &map->edges[index], SW_FIELD_ACTOR_SYSTEM) &&
                has_end(decoder, &map->edges[index], SW_FIELD_RECIPIENT_SYSTEM);
    return fits || refuse_field(decoder, SW_REFUSAL_EDGE, SW_FIELD_EDGE);
}

static bool check_map(struct decoder *decoder)
{
    return check_class(decoder, SW_FIELD_ACTOR_AGENCY, SW_FIELD_ACTOR_CLASS) &&
           check_class(decoder, SW_FIELD_RECIPIENT_AGENCY, SW_FIELD_RECIPIENT_CLASS) &&
           check_class(decoder, SW_FIELD_BEHALF_AGENCY, SW_FIELD_BEHALF_CLASS) &&
           check_system(decoder, SW_FIELD_ACTOR_SYSTEM) &&
           check_system(decoder, SW_FIELD_RECIPIENT_SYSTEM) && check_edge(decoder);
}

/* Everything but the storage and the items, whose counters say how much of them counts. */
static void clear(struct sw_event *event)
{
    event->id = event->source = event->reporter = event->parent = (struct sw_text){0};
    event->kind = SW_KIND_NONE;
    event->action = SW_ACTION_NONE;
    event->time_ms = 0;
    event->recorded_ms = 0;
    event->sequence = 0;
    event->correction = false;
    event->synthetic = false;
    memset(event->fields, 0, sizeof(event->fields));
    event->item_count = 0;
    event->mask_count = 0;
    event->storage_used = 0;
}

static bool decode(struct decoder *decoder)
{
    const struct sw_packet *packet = decoder->packet;
    struct sw_text agency;
    struct sw_text kind;
    if (packet->payload.length > SW_PACKET_BYTES_MAX) {
        return refuse(decoder, SW_REFUSAL_SIZE, SW_PACKET_BYTES_MAX, "");
    }
    if (packet->topic.length > SW_TOPIC_BYTES_MAX ||
        sw_wire_parse_event_topic(packet->topic, &agency, &kind) != SW_OK) {
        return refuse(decoder, SW_REFUSAL_TOPIC, 0, "");
    }
    return read_packet(decoder) && check_envelope(decoder) && check_topic(decoder, agency, kind) &&
           check_map(decoder);
}

/* Takes what the attribute @key says of whose the packet is, and which. */
static void tell_attribute(struct sw_text key, struct sw_text value, struct sw_text topic_agency,
                           struct sw_rejection *rejection)
{
    struct sw_text agency;
    bool number = value.length > 0 && value.length <= SW_SEQUENCE_DIGITS && only_digits(value);
    if (sw_text_equal(key, SW_TEXT("sequence")) && number) {
        rejection->sequence = number_of(value);
    } else if (sw_text_equal(key, SW_TEXT("source")) &&
               sw_wire_parse_source(value, &agency) == SW_OK &&
               sw_text_equal(agency, topic_agency)) {
        rejection->source = value;
    }
}

/* Reads the refused packet once more, its envelope only and as far as it goes: what came is not to
 * be taken for lost. Whose it is must agree with its topic. */
static void tell_sequence(const struct sw_packet *packet, struct sw_rejection *rejection)
{
    struct sw_json json;
    struct sw_text agency;
    struct sw_text kind;
    char none[1]; // text with escapes does not fit and ends the reading
    sw_json_init(&json, packet->payload, none, 0);
    if (packet->payload.length > SW_PACKET_BYTES_MAX ||
        sw_wire_parse_event_topic(packet->topic, &agency, &kind) != SW_OK ||
        sw_json_next(&json) != SW_JSON_OBJECT) {
        return;
    }
    while (sw_json_next(&json) == SW_JSON_KEY) {
        struct sw_text key = json.text;
        enum sw_json_token token = sw_json_next(&json);
        if (token == SW_JSON_TEXT) {
            tell_attribute(key, json.text, agency, rejection);
        } else if (!sw_json_skip(&json, token)) {
            break;
        }
    }
    if (rejection->source.length == 0 || rejection->sequence == 0) {
        rejection->source = (struct sw_text){0};
        rejection->sequence = 0;
    }
}

enum sw_status sw_pipeline_decode(const struct sw_pipeline *pipeline,
                                  const struct sw_packet *packet, struct sw_event *event,
                                  struct sw_rejection *rejection)
{
    struct decoder decoder;
    decoder.pipeline = pipeline;
    decoder.packet = packet;
    decoder.event = event;
    decoder.rejection = rejection;
    decoder.attributes = 0;
    decoder.groups = 0;
    clear(event);
    sw_json_init(&decoder.json, packet->payload, event->storage, SW_EVENT_STORAGE);
    bool accepted = decode(&decoder);
    event->storage_used = decoder.json.scratch_used;
    if (!accepted) {
        tell_sequence(packet, rejection);
        return SW_MALFORMED;
    }
    sw_event_set_text(event, SW_FIELD_KIND, sw_text_from(sw_kind_name(event->kind)));
    sw_event_set_text(event, SW_FIELD_ACTION, sw_text_from(sw_action_name(event->action)));
    sw_event_set_text(event, SW_FIELD_REPORTER, event->reporter);
    return SW_OK;
}

void sw_pipeline_write_scrubbed(const struct sw_packet *packet, const struct sw_event *event,
                                struct sw_buffer *buffer)
{
    uint32_t written = 0; // bytes of the payload so far
    for (uint32_t i = 0; i < event->mask_count; i++) {
        const struct sw_event_mask *mask = &event->masks[i];
        SW_ASSERT(mask->first >= written);
        SW_ASSERT(mask->end <= packet->payload.length);
        sw_buffer_append(buffer,
                         (struct sw_text){packet->payload.bytes + written, mask->first - written});
        sw_buffer_append_json(buffer, sw_event_text(event, mask->field));
        written = mask->end;
    }
    sw_buffer_append(buffer, (struct sw_text){packet->payload.bytes + written,
                                              packet->payload.length - written});
}
