#include <sharewatch/html.h>

#include <stddef.h>

const char *sw_html_entity(char character)
{
    switch (character) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void sw_html(struct sw_buffer *out, const char *text)
{
    const char *start = text;
    for (const char *p = text;; p++) {
        const char *entity = sw_html_entity(*p);
        if (entity != NULL || *p == '\0') {
            sw_buffer_append(out,
                             (struct sw_text){.bytes = start, .length = (uint32_t)(p - start)});
            sw_buffer_append_string(out, entity != NULL ? entity : "");
            start = p + 1;
        }
        if (*p == '\0') {
            return;
        }
    }
}
