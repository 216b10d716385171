/**
 * Text within HTML, for the files that stand by themselves: evidence and reports.
 */
#ifndef SHAREWATCH_HTML_H
#define SHAREWATCH_HTML_H

#include <sharewatch/text.h>

/** What stands for @character within HTML, in text and in quoted attributes; NULL: itself. */
const char *sw_html_entity(char character);

/** Appends @text so that HTML shows it as it is. */
void sw_html(struct sw_buffer *out, const char *text);

#endif
