#include "render.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#define COLUMNS_USUAL   80
#define COLUMNS_MIN     40
#define COLUMNS_MAX     400
#define VERDICT_COLUMNS 13 // "discretionary"
#define LEVEL_COLUMNS   8  // "searched", "informed"
#define TITLE_COLUMN    42 // where the title starts
#define INDENT          10
#define SEPARATOR       " › "

struct look {
    const char *shape;
    char ascii;
    const char *word;
    const char *color; // SGR
};

static const struct look looks[SW_VERDICT_COUNT] = {
    [SW_VERDICT_NONE] = {"●", '-', "none", "2"},
    [SW_VERDICT_FED] = {"●", '-', "federal", "34"},
    [SW_VERDICT_AUTO] = {"●", '-', "automatic", "34"},
    [SW_VERDICT_DISC] = {"■", '~', "discretionary", "36"},
    [SW_VERDICT_REVIEW] = {"▲", '?', "needs review", "33"},
    [SW_VERDICT_PROH] = {"◆", '!', "PROHIBITED", "1;31"},
};

/* ---- texts ---- */

uint32_t sw_render_columns(struct sw_text text)
{
    uint32_t columns = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        columns += ((unsigned char)text.bytes[i] & 0xC0U) != 0x80U;
    }
    return columns;
}

/* Copies, with a question mark for every control character: C0, DEL, and C1 (U+0080 to U+009F). */
static void append_clean(struct sw_buffer *buffer, struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        unsigned char next = i + 1 < text.length ? (unsigned char)text.bytes[i + 1] : 0;
        if (byte == 0xC2U && next >= 0x80U && next <= 0x9FU) {
            i++;
            sw_buffer_append_string(buffer, "?");
        } else if (byte < 0x20U || byte == 0x7FU) {
            sw_buffer_append_string(buffer, "?");
        } else {
            sw_buffer_append(buffer, (struct sw_text){.bytes = &text.bytes[i], .length = 1});
        }
    }
}

static void append_color(const struct sw_render *render, const char *sgr, struct sw_buffer *buffer)
{
    if (render->color) {
        sw_buffer_append_format(buffer, "\x1b[%sm", sgr);
    }
}

static void append_spaces(struct sw_buffer *buffer, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sw_buffer_append_string(buffer, " ");
    }
}

void sw_render_verdict(const struct sw_render *render, enum sw_verdict verdict,
                       struct sw_buffer *buffer)
{
    SW_ASSERT(verdict < SW_VERDICT_COUNT);
    const struct look *look = &looks[verdict];
    append_color(render, look->color, buffer);
    if (render->ascii) {
        sw_buffer_append_format(buffer, "%c %s", look->ascii, look->word);
    } else {
        sw_buffer_append_format(buffer, "%s %s", look->shape, look->word);
    }
    append_color(render, "0", buffer);
}

void sw_render_level(const struct sw_render *render, enum sw_level level, struct sw_buffer *buffer)
{
    SW_ASSERT(level < SW_LEVEL_COUNT);
    for (int i = 1; i < SW_LEVEL_COUNT; i++) {
        bool filled = i <= (int)level;
        sw_buffer_append_string(buffer,
                                render->ascii ? (filled ? "#" : ".") : (filled ? "▮" : "▯"));
    }
    sw_buffer_append_format(buffer, " %s", sw_level_word(level));
}

/* ---- the way the data went ---- */

static void append_system(const struct sw_render *render, struct sw_text name, bool first,
                          struct sw_buffer *buffer)
{
    if (!first) {
        sw_buffer_append_string(buffer, render->ascii ? " > " : SEPARATOR);
    }
    append_clean(buffer, name);
}

/* Takes the first system off @path. */
static struct sw_text next_system(struct sw_text *path)
{
    const uint32_t separator_length = sizeof(SEPARATOR) - 1;
    for (uint32_t i = 0; i + separator_length <= path->length; i++) {
        if (memcmp(path->bytes + i, SEPARATOR, separator_length) == 0) {
            struct sw_text name = {.bytes = path->bytes, .length = i};
            path->bytes += i + separator_length;
            path->length -= i + separator_length;
            return name;
        }
    }
    struct sw_text name = *path;
    path->length = 0;
    return name;
}

static struct sw_text last_system(struct sw_text path)
{
    struct sw_text name = path;
    while (path.length != 0) {
        name = next_system(&path);
    }
    return name;
}

/* Leaves out the middle where @columns are too few; the last system always stands. */
static void append_path(const struct sw_render *render, const char *text, uint32_t columns,
                        struct sw_buffer *buffer)
{
    struct sw_text path = sw_text_from(text);
    const char *dots = render->ascii ? "..." : "…";
    if (sw_render_columns(path) <= columns) {
        for (bool first = true; path.length != 0; first = false) {
            append_system(render, next_system(&path), first, buffer);
        }
        return;
    }
    struct sw_text last = last_system(path);
    struct sw_text first = next_system(&path);
    bool fits = sw_render_columns(first) + sw_render_columns(last) + 9 <= columns;
    if (fits) {
        append_system(render, first, true, buffer);
    }
    append_system(render, sw_text_from(dots), !fits, buffer);
    append_system(render, last, false, buffer);
}

/* ---- times ---- */

static bool split(const struct sw_render *render, int64_t time_ms, struct tm *parts)
{
    time_t seconds = (time_t)(time_ms / SW_SECOND_MS);
    return (render->local ? localtime_r(&seconds, parts) : gmtime_r(&seconds, parts)) != NULL;
}

static void append_day(const struct tm *parts, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer, "%04d-%02d-%02d", parts->tm_year + 1900, parts->tm_mon + 1,
                            parts->tm_mday);
}

static void append_clock(const struct tm *parts, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer, "%02d:%02d:%02d", parts->tm_hour, parts->tm_min, parts->tm_sec);
}

static void append_zone(const struct sw_render *render, const struct tm *parts, bool by_name,
                        struct sw_buffer *buffer)
{
    char zone[32] = "";
    if (!render->local) {
        sw_buffer_append_string(buffer, by_name ? "UTC" : "Z");
        return;
    }
    size_t length = by_name ? strftime(zone, sizeof(zone), "%Z", parts)
                            : strftime(zone, sizeof(zone), "%z", parts);
    zone[length] = '\0';
    sw_buffer_append_string(buffer, zone);
}

/* Simulated days pass quickly, so the date stands on a line of its own when it changes. */
static void append_date_line(struct sw_render *render, const struct tm *parts,
                             struct sw_buffer *buffer)
{
    int64_t day = (int64_t)parts->tm_year * 366 + parts->tm_yday + 1;
    if (day == render->last_day) {
        return;
    }
    render->last_day = day;
    append_color(render, "2", buffer);
    sw_buffer_append_string(buffer, render->ascii ? "-- " : "── ");
    append_day(parts, buffer);
    sw_buffer_append_string(buffer, " ");
    append_zone(render, parts, true, buffer);
    sw_buffer_append_string(buffer, render->ascii ? " --" : " ──");
    append_color(render, "0", buffer);
    sw_buffer_append_string(buffer, "\n");
}

/* ---- an alert ---- */

static void append_title(const struct sw_render *render, const struct sw_log_alert *alert,
                         struct sw_buffer *buffer)
{
    append_clean(buffer, sw_text_from(alert->title));
    if (alert->hops > 1) {
        sw_buffer_append_format(buffer, " (%s%llu)", render->ascii ? "x" : "×",
                                (unsigned long long)alert->hops);
    }
}

/* What stands behind the path; @separator between its parts. */
static void append_rest(const struct sw_log_alert *alert, const char *separator,
                        struct sw_buffer *buffer)
{
    char duties[SW_DUTIES_TEXT_BYTES];
    if (alert->cite[0] != '\0') {
        append_clean(buffer, sw_text_from(alert->cite));
        sw_buffer_append_string(buffer, separator);
    }
    if (alert->duties != 0) {
        sw_buffer_append_format(buffer, "owed: %s%s", sw_duties_text(alert->duties, duties),
                                separator);
    }
    sw_buffer_append_format(buffer, "alert %lld", (long long)alert->id);
    if (alert->synthetic) {
        sw_buffer_append_string(buffer, " (synthetic)");
    }
}

static void append_first_line(struct sw_render *render, const struct sw_log_alert *alert,
                              struct sw_buffer *buffer)
{
    struct tm parts = {0};
    if (split(render, alert->time_ms, &parts)) {
        append_date_line(render, &parts, buffer);
        append_clock(&parts, buffer);
    }
    append_spaces(buffer, 2);
    sw_render_verdict(render, alert->verdict, buffer);
    append_spaces(buffer, VERDICT_COLUMNS + 2 - (uint32_t)strlen(looks[alert->verdict].word));
    sw_render_level(render, alert->level, buffer);
    char title_bytes[SW_TITLE_MAX * 2];
    struct sw_buffer title;
    sw_buffer_init(&title, title_bytes, sizeof(title_bytes));
    append_title(render, alert, &title);
    if (TITLE_COLUMN + sw_render_columns(sw_buffer_text(&title)) <= render->columns) {
        append_spaces(buffer, LEVEL_COLUMNS + 2 - (uint32_t)strlen(sw_level_word(alert->level)));
    } else {
        sw_buffer_append_string(buffer, "\n");
        append_spaces(buffer, INDENT);
    }
    sw_buffer_append(buffer, sw_buffer_text(&title));
    sw_buffer_append_string(buffer, "\n");
}

static void append_second_line(const struct sw_render *render, const struct sw_log_alert *alert,
                               struct sw_buffer *buffer)
{
    char rest_bytes[1024];
    struct sw_buffer rest;
    sw_buffer_init(&rest, rest_bytes, sizeof(rest_bytes));
    append_rest(alert, "   ", &rest);
    uint32_t taken = INDENT + 3 + sw_render_columns(sw_buffer_text(&rest));
    append_spaces(buffer, INDENT);
    append_color(render, "2", buffer);
    if (alert->path[0] != '\0') {
        append_path(render, alert->path, render->columns > taken ? render->columns - taken : 0,
                    buffer);
        append_spaces(buffer, 3);
    }
    sw_buffer_append(buffer, sw_buffer_text(&rest));
    append_color(render, "0", buffer);
    sw_buffer_append_string(buffer, "\n");
}

static void append_plain(const struct sw_render *render, const struct sw_log_alert *alert,
                         struct sw_buffer *buffer)
{
    struct tm parts = {0};
    if (split(render, alert->time_ms, &parts)) {
        append_day(&parts, buffer);
        sw_buffer_append_string(buffer, "T");
        append_clock(&parts, buffer);
        append_zone(render, &parts, false, buffer);
    }
    sw_buffer_append_format(buffer, "  %-6s  %d %-8s  ", sw_verdict_code(alert->verdict),
                            (int)alert->level, sw_level_word(alert->level));
    append_title(render, alert, buffer);
    sw_buffer_append_string(buffer, "  |  ");
    if (alert->path[0] != '\0') {
        append_path(render, alert->path, UINT32_MAX, buffer);
        sw_buffer_append_string(buffer, "  |  ");
    }
    append_rest(alert, "  |  ", buffer);
    sw_buffer_append_string(buffer, "\n");
}

void sw_render_alert(struct sw_render *render, const struct sw_log_alert *alert,
                     struct sw_buffer *buffer)
{
    if (render->terminal) {
        append_first_line(render, alert, buffer);
        append_second_line(render, alert, buffer);
    } else {
        append_plain(render, alert, buffer);
    }
}

/* ---- what needs no alert ---- */

static void append_step_columns(const struct sw_render *render, const struct sw_render_step *step,
                                struct sw_buffer *buffer)
{
    const struct sw_render quiet = {.ascii = render->ascii};
    if (!step->has_hop) {
        append_spaces(buffer, TITLE_COLUMN - INDENT);
        return;
    }
    sw_render_verdict(&quiet, step->verdict, buffer);
    append_spaces(buffer, VERDICT_COLUMNS + 2 - (uint32_t)strlen(looks[step->verdict].word));
    sw_render_level(&quiet, step->level, buffer);
    append_spaces(buffer, LEVEL_COLUMNS + 2 - (uint32_t)strlen(sw_level_word(step->level)));
}

static void append_step_plain(const struct sw_render_step *step, struct sw_buffer *buffer)
{
    if (step->has_hop) {
        sw_buffer_append_format(buffer, "%-6s  %d %-8s  ", sw_verdict_code(step->verdict),
                                (int)step->level, sw_level_word(step->level));
    } else {
        sw_buffer_append_format(buffer, "%-6s  %-10s  ", "-", "-");
    }
}

void sw_render_step(struct sw_render *render, const struct sw_render_step *step,
                    struct sw_buffer *buffer)
{
    struct tm parts = {0};
    if (split(render, step->time_ms, &parts) && render->terminal) {
        append_date_line(render, &parts, buffer);
        append_color(render, "2", buffer);
        append_clock(&parts, buffer);
    } else {
        append_day(&parts, buffer);
        sw_buffer_append_string(buffer, "T");
        append_clock(&parts, buffer);
        append_zone(render, &parts, false, buffer);
    }
    append_spaces(buffer, 2);
    if (render->terminal) {
        append_step_columns(render, step, buffer);
    } else {
        append_step_plain(step, buffer);
    }
    append_clean(buffer, step->what);
    if (render->terminal) {
        append_color(render, "0", buffer);
    }
    sw_buffer_append_string(buffer, "\n");
}

/* ---- terminals ---- */

static uint32_t columns_of(FILE *stream)
{
    struct winsize size = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return COLUMNS_USUAL;
    }
    uint32_t columns = size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
    return columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
}

static bool environment_has(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

enum sw_status sw_render_init(struct sw_render *render, FILE *stream, const char *color)
{
    const char *term = getenv("TERM");
    *render =
        (struct sw_render){.terminal = isatty(fileno(stream)) == 1, .columns = columns_of(stream)};
    render->color = render->terminal && !environment_has("NO_COLOR") && term != NULL &&
                    strcmp(term, "dumb") != 0;
    if (color != NULL && strcmp(color, "auto") != 0) {
        if (strcmp(color, "always") != 0 && strcmp(color, "never") != 0) {
            return SW_MALFORMED;
        }
        render->color = strcmp(color, "always") == 0;
    }
    return SW_OK;
}

void sw_footer_init(struct sw_footer *footer, FILE *stream)
{
    *footer = (struct sw_footer){
        .stream = stream, .terminal = isatty(fileno(stream)) == 1, .columns = columns_of(stream)};
}

void sw_footer_show(struct sw_footer *footer, const char *text)
{
    if (!footer->terminal) {
        return;
    }
    struct sw_text line = sw_text_from(text);
    while (sw_render_columns(line) >= footer->columns) {
        line.length--;
    }
    (void)fprintf(footer->stream, "\r\x1b[K%.*s", SW_TEXT_FORMAT(line));
    (void)fflush(footer->stream);
    footer->shown = true;
}

void sw_footer_clear(struct sw_footer *footer)
{
    if (footer->shown) {
        (void)fprintf(footer->stream, "\r\x1b[K");
        (void)fflush(footer->stream);
        footer->shown = false;
    }
}
