/* The few forms of JSON that the answers are made of. */
#include "answers.h"

#include <string.h>

static void comma(struct sw_buffer *out)
{
    char last = '\0';
    if (out->length > 0) {
        last = out->bytes[out->length - 1];
    }
    if (last != '{' && last != '[' && last != '\0') {
        sw_buffer_append_string(out, ",");
    }
}

static void key_of(struct sw_buffer *out, const char *key)
{
    comma(out);
    sw_buffer_append_format(out, "\"%s\":", key);
}

void sw_json_text(struct sw_buffer *out, const char *key, const char *text)
{
    key_of(out, key);
    sw_buffer_append_json(out, sw_text_from(text));
}

void sw_json_number(struct sw_buffer *out, const char *key, int64_t number)
{
    key_of(out, key);
    sw_buffer_append_format(out, "%lld", (long long)number);
}

void sw_json_id(struct sw_buffer *out, const char *key, int64_t id)
{
    key_of(out, key);
    sw_buffer_append_format(out, "\"%lld\"", (long long)id);
}

void sw_json_names(struct sw_buffer *out, const char *key, const char *names)
{
    key_of(out, key);
    sw_buffer_append_string(out, "[");
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        comma(out);
        sw_buffer_append_json(out, (struct sw_text){.bytes = names, .length = (uint32_t)length});
        names += length;
        names += *names == ',' ? 1 : 0;
    }
    sw_buffer_append_string(out, "]");
}
