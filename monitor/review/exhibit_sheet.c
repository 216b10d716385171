/* No script, no address, one short style. Everything that came from the log is escaped here. */
#include "exhibit_sheet.h"

#include <sharewatch/html.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #bbb;padding:.4em .6em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}dt{font-weight:600}"
    "dd{white-space:pre-wrap;overflow-wrap:anywhere}td{white-space:pre-wrap;font-size:13px}"
    "@media print{body{margin:0;max-width:none}tr{page-break-inside:avoid}}";

static bool is_html(const struct sw_exhibit_sheet *sheet)
{
    return sheet->form == SW_EXHIBIT_HTML;
}

static void tag(struct sw_exhibit_sheet *sheet, const char *name, const char *text)
{
    sw_buffer_append_format(sheet->out, "<%s>", name);
    sw_html(sheet->out, text);
    sw_buffer_append_format(sheet->out, "</%s>", name);
}

/* `"KEY":` with a comma before unless it is the first. */
static void member(struct sw_exhibit_sheet *sheet, const char *key)
{
    sw_buffer_append_format(sheet->out, "%s\"%s\":", sheet->first ? "" : ",", key);
    sheet->first = false;
}

void sw_exhibit_begin(struct sw_exhibit_sheet *sheet, const char *title)
{
    sheet->first = true;
    if (is_html(sheet)) {
        sw_buffer_append_string(sheet->out,
                                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
        tag(sheet, "title", title);
        sw_buffer_append_format(sheet->out, "<style>%s</style>\n", style);
        tag(sheet, "h1", title);
    } else {
        sw_buffer_append_string(sheet->out, "{");
        sw_exhibit_fact(sheet, "title", "", title);
    }
}

void sw_exhibit_end(struct sw_exhibit_sheet *sheet)
{
    sw_buffer_append_string(sheet->out, is_html(sheet) ? "</html>\n" : "}\n");
}

static void heading_tag(struct sw_exhibit_sheet *sheet, const char *heading)
{
    if (heading != NULL) {
        sw_buffer_append_string(sheet->out, "\n");
        tag(sheet, "h2", heading);
    }
}

void sw_exhibit_facts(struct sw_exhibit_sheet *sheet, const char *key, const char *heading)
{
    if (is_html(sheet)) {
        heading_tag(sheet, heading);
        sw_buffer_append_string(sheet->out, "\n<dl>");
    } else {
        member(sheet, key);
        sw_buffer_append_string(sheet->out, "{");
        sheet->first = true;
    }
}

void sw_exhibit_fact(struct sw_exhibit_sheet *sheet, const char *key, const char *name,
                     const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (is_html(sheet)) {
        tag(sheet, "dt", name);
        tag(sheet, "dd", text);
    } else {
        member(sheet, key);
        sw_buffer_append_json(sheet->out, sw_text_from(text));
    }
}

void sw_exhibit_facts_end(struct sw_exhibit_sheet *sheet)
{
    sw_buffer_append_string(sheet->out, is_html(sheet) ? "</dl>\n" : "}");
    sheet->first = false;
}

void sw_exhibit_table(struct sw_exhibit_sheet *sheet, const char *key, const char *heading,
                      const char *const *columns, uint32_t count)
{
    if (!is_html(sheet)) {
        member(sheet, key);
        sw_buffer_append_string(sheet->out, "[");
        return;
    }
    heading_tag(sheet, heading);
    sw_buffer_append_string(sheet->out, "<table><tr>");
    for (uint32_t i = 0; i < count; i++) {
        tag(sheet, "th", columns[i]);
    }
    sw_buffer_append_string(sheet->out, "</tr>\n");
}

void sw_exhibit_row(struct sw_exhibit_sheet *sheet, bool first)
{
    sw_buffer_append_string(sheet->out, is_html(sheet) ? "<tr>" : first ? "{" : ",{");
    sheet->first = true;
}

void sw_exhibit_cell(struct sw_exhibit_sheet *sheet, const char *key, const char *text)
{
    if (is_html(sheet)) {
        tag(sheet, "td", text);
    } else {
        member(sheet, key);
        sw_buffer_append_json(sheet->out, sw_text_from(text));
    }
}

void sw_exhibit_row_end(struct sw_exhibit_sheet *sheet)
{
    sw_buffer_append_string(sheet->out, is_html(sheet) ? "</tr>\n" : "}");
}

void sw_exhibit_table_end(struct sw_exhibit_sheet *sheet)
{
    sw_buffer_append_string(sheet->out, is_html(sheet) ? "</table>\n" : "]");
    sheet->first = false;
}

void sw_exhibit_list(struct sw_exhibit_sheet *sheet, const char *key, const char *heading,
                     const char *const *sentences, uint32_t count)
{
    if (is_html(sheet)) {
        heading_tag(sheet, heading);
        sw_buffer_append_string(sheet->out, "<ul>");
    } else {
        member(sheet, key);
        sw_buffer_append_string(sheet->out, "[");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (is_html(sheet)) {
            tag(sheet, "li", sentences[i]);
        } else {
            sw_buffer_append_string(sheet->out, i > 0 ? "," : "");
            sw_buffer_append_json(sheet->out, sw_text_from(sentences[i]));
        }
    }
    sw_buffer_append_string(sheet->out, is_html(sheet) ? "</ul>\n" : "]");
    sheet->first = false;
}
