/**
 * How far long work is, in one line for people: a bar, the rate and the time that is left.
 */
#ifndef SHAREWATCH_BAR_H
#define SHAREWATCH_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SW_BAR_BYTES 160

struct sw_bar {
    uint64_t done;
    uint64_t total;   // an estimate; 0: unknown, then there is no bar
    const char *unit; // "events"
    double rate;      // of units a second, lately; 0: none yet
    bool ascii;       // no other characters
};

/** Writes "▮▮▯▯▯▯▯▯ 250 of 1000 events · 50/s · 15 s left" into @text. */
void sw_bar_write(char text[SW_BAR_BYTES], const struct sw_bar *bar);

#endif
