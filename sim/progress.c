#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/bar.h>
#include <sharewatch/time.h>

#define INTERVAL_MS 250
#define LINE_BYTES  200

void sw_progress_init(struct sw_progress *progress, int status_fd, uint64_t total, int64_t now_ms)
{
    *progress = (struct sw_progress){.status_fd = status_fd,
                                     .terminal = status_fd < 0 && isatty(STDERR_FILENO) == 1,
                                     .total = total,
                                     .started_ms = now_ms,
                                     .shown_ms = now_ms - INTERVAL_MS};
}

/* A supervisor that is gone is no reason to stop. */
static void say(const struct sw_progress *progress, const char *line)
{
    if (progress->status_fd >= 0) {
        ssize_t written = write(progress->status_fd, line, strlen(line));
        (void)written;
    }
}

void sw_progress_ready(struct sw_progress *progress)
{
    say(progress, "{\"state\":\"ready\"}\n");
}

static void show_line(const struct sw_progress *progress, uint64_t events, int64_t virtual_ms,
                      int64_t now_ms)
{
    char time[SW_TIME_BYTES];
    char bar[SW_BAR_BYTES];
    double seconds = (double)(now_ms - progress->started_ms) / 1000.0;
    sw_time_format(virtual_ms, time);
    sw_bar_write(bar, &(struct sw_bar){.done = events,
                                       .total = progress->total,
                                       .unit = "events",
                                       .rate = seconds > 0 ? (double)events / seconds : 0});
    (void)fprintf(stderr, "\r%.16s  %s\033[K", time, bar);
    (void)fflush(stderr);
}

void sw_progress_running(struct sw_progress *progress, uint64_t events, int64_t virtual_ms,
                         int64_t now_ms)
{
    if (now_ms - progress->shown_ms < INTERVAL_MS) {
        return;
    }
    progress->shown_ms = now_ms;
    if (progress->terminal) {
        show_line(progress, events, virtual_ms, now_ms);
    }
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof(line),
                   "{\"state\":\"running\",\"virtual_ms\":%lld,\"events\":%llu,\"total\":%llu}\n",
                   (long long)virtual_ms, (unsigned long long)events,
                   (unsigned long long)(progress->total > events ? progress->total : events));
    say(progress, line);
}

void sw_progress_done(struct sw_progress *progress, uint64_t events, int64_t now_ms)
{
    if (progress->terminal) {
        double seconds = (double)(now_ms - progress->started_ms) / 1000.0;
        (void)fprintf(stderr, "\r\033[K%llu events in %.1f s\n", (unsigned long long)events,
                      seconds);
    }
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof(line), "{\"state\":\"done\",\"events\":%llu}\n",
                   (unsigned long long)events);
    say(progress, line);
}
