/**
 * Alerts for people in a terminal, and as plain lines for a pipe.
 *
 *   05:58:03  ◆ PROHIBITED     ▮▮▮▯ informed  Sister agency sent plate history on
 *             LAPD plate reader › Sister agency 14 › HSI Los Angeles   Civ. Code 1798.90.55(b)
 * alert 12
 *
 * Shape, word and bar carry the meaning; colour only repeats it. What came from a log or a broker
 * is never trusted to be free of control characters.
 */
#ifndef SHAREWATCH_RENDER_H
#define SHAREWATCH_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/log.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_RENDER_BYTES 8192 // one alert, however long its texts

struct sw_render {
    bool terminal;    // two lines an alert; else one, with the whole date
    bool color;       // 16-colour palette
    bool ascii;       // no character beyond ASCII of our own
    bool local;       // times in the zone of this machine; else UTC
    uint32_t columns; // of the terminal
    int64_t last_day; // of the date line that was written last; 0: none yet
};

/**
 * Looks at @stream and the environment: a terminal has colour unless TERM is `dumb` or NO_COLOR is
 * set; @color `always` or `never` decides it, `auto` or NULL leaves it. SW_MALFORMED: another word.
 */
enum sw_status sw_render_init(struct sw_render *render, FILE *stream,
                              const char *color) SW_MUST_CHECK;

/** Appends @alert with its line ends; on a terminal a date line before the first of each day. */
void sw_render_alert(struct sw_render *render, const struct sw_log_alert *alert,
                     struct sw_buffer *buffer);

/** Something that happened and needs no alert. */
struct sw_render_step {
    int64_t time_ms;
    bool has_hop; // false: no data moved, and there is neither verdict nor level
    enum sw_level level;
    enum sw_verdict verdict;
    struct sw_text what;
};

/** Appends @step as one line, quieter than an alert, in the same columns. */
void sw_render_step(struct sw_render *render, const struct sw_render_step *step,
                    struct sw_buffer *buffer);

/** Appends the verdict as on a terminal: "◆ PROHIBITED", without padding. */
void sw_render_verdict(const struct sw_render *render, enum sw_verdict verdict,
                       struct sw_buffer *buffer);

/** Appends the level as on a terminal: "▮▮▮▯ informed". */
void sw_render_level(const struct sw_render *render, enum sw_level level, struct sw_buffer *buffer);

/** How many columns @text takes: its characters; all that we show are one column wide. */
uint32_t sw_render_columns(struct sw_text text);

/**
 * One line at the bottom of a terminal that is written over in place. Everything else that goes to
 * the terminal is written between sw_footer_clear() and sw_footer_show().
 */
struct sw_footer {
    FILE *stream;
    bool terminal; // false: nothing is ever shown
    bool shown;
    uint32_t columns;
};

void sw_footer_init(struct sw_footer *footer, FILE *stream);
void sw_footer_show(struct sw_footer *footer, const char *text);
void sw_footer_clear(struct sw_footer *footer);

#endif
