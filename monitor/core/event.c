#include <sharewatch/event.h>

#include <sharewatch/assert.h>

struct sw_text sw_event_text(const struct sw_event *event, enum sw_field field)
{
    SW_ASSERT(field < SW_FIELD_COUNT);
    const struct sw_value *value = &event->fields[field];
    return value->type == SW_VALUE_TEXT ? value->text : (struct sw_text){0};
}

uint16_t sw_event_code(const struct sw_event *event, enum sw_field field)
{
    SW_ASSERT(field < SW_FIELD_COUNT);
    return event->fields[field].type == SW_VALUE_TEXT ? event->fields[field].code : 0;
}

bool sw_event_has(const struct sw_event *event, enum sw_field field, uint16_t code)
{
    SW_ASSERT(field < SW_FIELD_COUNT);
    const struct sw_value *value = &event->fields[field];
    if (value->type != SW_VALUE_LIST) {
        return value->type == SW_VALUE_TEXT && value->code == code;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->items[i].type == SW_VALUE_TEXT && value->items[i].code == code) {
            return true;
        }
    }
    return false;
}

bool sw_event_flag(const struct sw_event *event, enum sw_field field)
{
    SW_ASSERT(field < SW_FIELD_COUNT);
    return event->fields[field].type == SW_VALUE_BOOL && event->fields[field].boolean;
}

void sw_event_set_code(struct sw_event *event, enum sw_field field, uint16_t code)
{
    const struct sw_field_info *info = sw_field_info(field);
    SW_ASSERT(info->type == SW_TYPE_ENUM);
    SW_ASSERT(code >= 1 && code <= info->values->value_count);
    event->fields[field] = (struct sw_value){
        .type = SW_VALUE_TEXT, .code = code, .text = sw_enum_text(info->values, code)};
}

void sw_event_set_text(struct sw_event *event, enum sw_field field, struct sw_text text)
{
    SW_ASSERT(sw_field_info(field)->type != SW_TYPE_ENUM);
    event->fields[field] = (struct sw_value){.type = SW_VALUE_TEXT, .text = text};
}

void sw_event_set_integer(struct sw_event *event, enum sw_field field, int64_t integer)
{
    SW_ASSERT(sw_field_info(field)->type == SW_TYPE_INTEGER);
    event->fields[field] = (struct sw_value){.type = SW_VALUE_INTEGER, .integer = integer};
}

void sw_event_set_bool(struct sw_event *event, enum sw_field field, bool boolean)
{
    SW_ASSERT(sw_field_info(field)->type == SW_TYPE_BOOL);
    event->fields[field] = (struct sw_value){.type = SW_VALUE_BOOL, .boolean = boolean};
}
