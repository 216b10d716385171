/* The folder is watched and not the -wal file, which is deleted and made again. */
#include "watch.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/data.h>

#define SECOND_MS 1000

static const uint32_t delays_ms[] = {0, 1, 1, 2, 4, 8, 16, 32};
#define DELAY_COUNT (sizeof(delays_ms) / sizeof(delays_ms[0]))

static void look_again(uv_timer_t *timer)
{
    struct sw_watch *watch = timer->data;
    if (watch->look(watch->context)) {
        watch->step = DELAY_COUNT;
    } else if (++watch->step < DELAY_COUNT) {
        (void)uv_timer_start(timer, look_again, delays_ms[watch->step], 0);
    }
}

static void start_looks(struct sw_watch *watch)
{
    watch->step = 0;
    (void)uv_timer_start(&watch->again, look_again, delays_ms[0], 0);
}

static void on_touch(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct sw_watch *watch = event->data;
    (void)events;
    if (status == 0 && (name == NULL || strncmp(name, watch->name, strlen(watch->name)) == 0)) {
        start_looks(watch);
    }
}

static void each_second(uv_timer_t *timer)
{
    struct sw_watch *watch = timer->data;
    (void)watch->look(watch->context);
}

enum sw_status sw_watch_start(struct sw_watch *watch, uv_loop_t *loop, const char *path,
                              sw_look_fn look, void *context)
{
    char folder[SW_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    *watch = (struct sw_watch){.look = look, .context = context, .step = DELAY_COUNT};
    (void)snprintf(watch->name, sizeof(watch->name), "%s", slash != NULL ? slash + 1 : path);
    (void)snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
                   slash != NULL ? path : ".");
    (void)uv_timer_init(loop, &watch->again);
    (void)uv_timer_init(loop, &watch->second);
    (void)uv_fs_event_init(loop, &watch->folder);
    watch->again.data = watch;
    watch->second.data = watch;
    watch->folder.data = watch;
    (void)uv_timer_start(&watch->second, each_second, SECOND_MS, SECOND_MS);
    return uv_fs_event_start(&watch->folder, on_touch, folder, 0) == 0 ? SW_OK : SW_IO;
}

void sw_watch_hurry(struct sw_watch *watch)
{
    start_looks(watch);
}

void sw_watch_stop(struct sw_watch *watch)
{
    uv_close((uv_handle_t *)&watch->again, NULL);
    uv_close((uv_handle_t *)&watch->second, NULL);
    uv_close((uv_handle_t *)&watch->folder, NULL);
}
