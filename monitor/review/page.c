/* Each character that means something to a form is escaped where it is written, and nowhere else.
 */
#include "page.h"

#include <string.h>

#include <sharewatch/html.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border-top:1px solid #bbb;"
    "padding:.3em .7em;text-align:left;vertical-align:top}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums}tr:last-child td{font-weight:600}"
    "@media print{body{margin:0}table{page-break-inside:avoid}}";

/* A cell of CSV. What a spreadsheet would take for a formula gets an apostrophe. */
static void write_csv(FILE *stream, struct sw_text text)
{
    bool formula =
        text.length > 0 && text.bytes[0] != '\0' && strchr("=+-@\t\r", text.bytes[0]) != NULL;
    (void)fputc('"', stream);
    if (formula) {
        (void)fputc('\'', stream);
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '"') {
            (void)fputc('"', stream);
        }
        (void)fputc(text.bytes[i], stream);
    }
    (void)fputc('"', stream);
}

static void write_markdown(FILE *stream, struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '\n' || c == '\r') {
            c = ' ';
        } else if (c != '\0' && strchr("\\`*_[]<>|#~&", c) != NULL) {
            (void)fputc('\\', stream);
        }
        (void)fputc(c, stream);
    }
}

static void write_html(FILE *stream, struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        const char *entity = sw_html_entity(text.bytes[i]);
        if (entity != NULL) {
            (void)fputs(entity, stream);
        } else {
            (void)fputc(text.bytes[i], stream);
        }
    }
}

static void write(const struct sw_page *page, struct sw_text text)
{
    switch (page->form) {
    case SW_PAGE_MARKDOWN:
        write_markdown(page->stream, text);
        break;
    case SW_PAGE_CSV:
        write_csv(page->stream, text);
        break;
    case SW_PAGE_HTML:
        write_html(page->stream, text);
        break;
    }
}

/* Our own sentences; only what HTML needs is escaped, so that Markdown shows them as they are. */
static void write_sentence(const struct sw_page *page, const char *text)
{
    if (page->form == SW_PAGE_HTML) {
        write_html(page->stream, sw_text_from(text));
    } else {
        (void)fputs(text, page->stream);
    }
}

void sw_page_begin(struct sw_page *page, FILE *stream, enum sw_page_form form, const char *title)
{
    *page = (struct sw_page){.stream = stream, .form = form};
    if (form == SW_PAGE_HTML) {
        (void)fprintf(stream, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>");
        write_sentence(page, title);
        (void)fprintf(stream, "</title><style>%s</style>\n<h1>", style);
        write_sentence(page, title);
        (void)fprintf(stream, "</h1>\n");
    } else if (form == SW_PAGE_MARKDOWN) {
        (void)fprintf(stream, "# %s\n", title);
    }
}

void sw_page_end(struct sw_page *page)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "</html>\n");
    }
}

void sw_page_heading(struct sw_page *page, const char *text)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "<h2>");
        write_sentence(page, text);
        (void)fprintf(page->stream, "</h2>\n");
    } else if (page->form == SW_PAGE_MARKDOWN) {
        (void)fprintf(page->stream, "\n## %s\n", text);
    }
}

void sw_page_paragraph(struct sw_page *page, const char *text)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "<p>");
        write_sentence(page, text);
        (void)fprintf(page->stream, "</p>\n");
    } else if (page->form == SW_PAGE_MARKDOWN) {
        (void)fprintf(page->stream, "\n%s\n", text);
    }
}

void sw_page_fact(struct sw_page *page, const char *name, const char *text)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "<p><b>");
        write_sentence(page, name);
        (void)fprintf(page->stream, ":</b> ");
        write_html(page->stream, sw_text_from(text));
        (void)fprintf(page->stream, "</p>\n");
    } else if (page->form == SW_PAGE_MARKDOWN) {
        (void)fprintf(page->stream, "\n**%s:** ", name);
        write_markdown(page->stream, sw_text_from(text));
        (void)fprintf(page->stream, "\n");
    }
}

void sw_page_table(struct sw_page *page, const char *name, const char *const *columns,
                   uint32_t count)
{
    page->table = name;
    page->cells = 0;
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "<table><tr>");
        for (uint32_t i = 0; i < count; i++) {
            (void)fprintf(page->stream, "<th>");
            write_sentence(page, columns[i]);
            (void)fprintf(page->stream, "</th>");
        }
        (void)fprintf(page->stream, "</tr>\n");
        return;
    }
    if (page->form == SW_PAGE_CSV) {
        (void)fprintf(page->stream, "\"table\"");
    } else {
        (void)fprintf(page->stream, "\n");
    }
    for (uint32_t i = 0; i < count; i++) {
        (void)fputs(page->form == SW_PAGE_CSV ? "," : "| ", page->stream);
        write(page, sw_text_from(columns[i]));
        (void)fputs(page->form == SW_PAGE_CSV ? "" : " ", page->stream);
    }
    (void)fputs(page->form == SW_PAGE_CSV ? "\r\n" : "|\n", page->stream);
    for (uint32_t i = 0; page->form == SW_PAGE_MARKDOWN && i < count; i++) {
        (void)fputs(i + 1 < count ? "|---" : "|---|\n", page->stream);
    }
}

static void open_cell(struct sw_page *page, bool number)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "%s<td%s>", page->cells == 0 ? "<tr>" : "",
                      number ? " class=\"n\"" : "");
    } else if (page->form == SW_PAGE_CSV) {
        if (page->cells == 0) {
            write_csv(page->stream, sw_text_from(page->table));
        }
        (void)fputc(',', page->stream);
    } else {
        (void)fputs("| ", page->stream);
    }
    page->cells++;
}

static void close_cell(struct sw_page *page)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fputs("</td>", page->stream);
    } else if (page->form == SW_PAGE_MARKDOWN) {
        (void)fputc(' ', page->stream);
    }
}

void sw_page_cell(struct sw_page *page, struct sw_text text)
{
    open_cell(page, false);
    write(page, text);
    close_cell(page);
}

void sw_page_number(struct sw_page *page, uint64_t number)
{
    open_cell(page, true);
    (void)fprintf(page->stream, "%llu", (unsigned long long)number);
    close_cell(page);
}

void sw_page_row_end(struct sw_page *page)
{
    (void)fputs(page->form == SW_PAGE_HTML  ? "</tr>\n"
                : page->form == SW_PAGE_CSV ? "\r\n"
                                            : "|\n",
                page->stream);
    page->cells = 0;
}

void sw_page_table_end(struct sw_page *page)
{
    if (page->form == SW_PAGE_HTML) {
        (void)fprintf(page->stream, "</table>\n");
    }
    page->table = NULL;
}
