#include <sharewatch/bar.h>

#include <stdio.h>
#include <string.h>

#define CELLS 8

static void add(char text[SW_BAR_BYTES], const char *more)
{
    size_t length = strlen(text);
    (void)snprintf(text + length, SW_BAR_BYTES - length, "%s", more);
}

static void add_cells(char text[SW_BAR_BYTES], const struct sw_bar *bar)
{
    uint64_t done = bar->done < bar->total ? bar->done : bar->total;
    uint64_t full = (uint64_t)((double)done / (double)bar->total * CELLS);
    for (uint64_t i = 0; i < CELLS; i++) {
        add(text, bar->ascii ? (i < full ? "#" : "-") : (i < full ? "▮" : "▯"));
    }
    add(text, " ");
}

/* Units that people count in: not "5400 s". */
static void add_left(char text[SW_BAR_BYTES], double seconds)
{
    char left[48];
    if (seconds < 100) {
        (void)snprintf(left, sizeof(left), "%.0f s left", seconds);
    } else if (seconds < 100 * 60) {
        (void)snprintf(left, sizeof(left), "%.0f min left", seconds / 60);
    } else {
        (void)snprintf(left, sizeof(left), "%.0f h left", seconds / 3600);
    }
    add(text, left);
}

void sw_bar_write(char text[SW_BAR_BYTES], const struct sw_bar *bar)
{
    char part[96];
    const char *dot = bar->ascii ? " - " : " · ";
    text[0] = '\0';
    if (bar->total > 0) {
        add_cells(text, bar);
        (void)snprintf(part, sizeof(part), "%llu of %llu %s", (unsigned long long)bar->done,
                       (unsigned long long)bar->total, bar->unit);
    } else {
        (void)snprintf(part, sizeof(part), "%llu %s", (unsigned long long)bar->done, bar->unit);
    }
    add(text, part);
    if (bar->rate > 0) {
        (void)snprintf(part, sizeof(part), bar->rate < 10 ? "%s%.1f/s" : "%s%.0f/s", dot,
                       bar->rate);
        add(text, part);
        if (bar->total > bar->done) {
            add(text, dot);
            add_left(text, (double)(bar->total - bar->done) / bar->rate);
        }
    }
}
