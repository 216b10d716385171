#include "follow.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

#define RECHECK_MS 5
#define POLL_MS    1000
#define TURN_MAX   200 // alerts a turn of the loop, so that Ctrl-C is heard in between

/* True when the log is there and open. */
static bool opened(struct sw_follow *follow)
{
    if (follow->open) {
        return true;
    }
    enum sw_status status = sw_log_reader_open(&follow->reader, follow->path);
    follow->open = status == SW_OK;
    if (status == SW_DATABASE) {
        sw_follow_stop(follow);
        follow->on_failed(follow);
    }
    return follow->open;
}

/* Tells of at most @most alerts; true when there may be more. */
static bool tell(struct sw_follow *follow, uint32_t most)
{
    for (uint32_t i = 0; i < most && follow->active; i++) {
        if (!opened(follow)) {
            return false;
        }
        struct sw_log_alert alert;
        enum sw_status status = sw_log_alert_after(&follow->reader, follow->last_id, &alert);
        if (status == SW_EMPTY) {
            return false;
        }
        if (status != SW_OK) {
            sw_follow_stop(follow);
            follow->on_failed(follow);
            return false;
        }
        follow->last_id = alert.id;
        follow->on_alert(follow, &alert);
    }
    return follow->active;
}

static void on_recheck(uv_timer_t *timer)
{
    struct sw_follow *follow = timer->data;
    if (tell(follow, TURN_MAX)) {
        (void)uv_timer_start(&follow->recheck, on_recheck, 0, 0);
    }
}

static void look(struct sw_follow *follow)
{
    bool more = tell(follow, TURN_MAX);
    if (follow->active) {
        (void)uv_timer_start(&follow->recheck, on_recheck, more ? 0 : RECHECK_MS, 0);
    }
}

static void on_change(uv_fs_event_t *watch, const char *name, int events, int code)
{
    (void)name;
    (void)events;
    (void)code;
    look(watch->data);
}

static void on_poll(uv_timer_t *timer)
{
    look(timer->data);
}

static void folder_of(const char *path, char *folder, size_t folder_bytes)
{
    (void)snprintf(folder, folder_bytes, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, folder_bytes, ".");
    } else {
        slash[slash == folder ? 1 : 0] = '\0';
    }
}

enum sw_status sw_follow_start(struct sw_follow *follow, uv_loop_t *loop, const char *path)
{
    SW_ASSERT(follow->on_alert != NULL && follow->on_failed != NULL);
    char folder[SW_LOG_PATH_BYTES];
    folder_of(path, folder, sizeof(folder));
    follow->path = path;
    enum sw_status status = sw_log_reader_open(&follow->reader, path);
    follow->open = status == SW_OK;
    if (status != SW_OK && status != SW_NOT_FOUND) {
        return status;
    }
    int code = uv_fs_event_init(loop, &follow->watch);
    SW_ASSERT(code == 0);
    code = uv_timer_init(loop, &follow->recheck);
    SW_ASSERT(code == 0);
    code = uv_timer_init(loop, &follow->poll);
    SW_ASSERT(code == 0);
    follow->watch.data = follow;
    follow->recheck.data = follow;
    follow->poll.data = follow;
    follow->active = true;
    code = uv_fs_event_start(&follow->watch, on_change, folder, 0);
    if (code != 0) {
        (void)snprintf(follow->reader.sentence, sizeof(follow->reader.sentence),
                       "cannot watch the folder %s: %s", folder, uv_strerror(code));
        sw_follow_stop(follow);
        return SW_IO;
    }
    (void)uv_timer_start(&follow->recheck, on_recheck, 0, 0);
    (void)uv_timer_start(&follow->poll, on_poll, POLL_MS, POLL_MS);
    return SW_OK;
}

void sw_follow_drain(struct sw_follow *follow)
{
    while (tell(follow, TURN_MAX)) {
    }
}

void sw_follow_stop(struct sw_follow *follow)
{
    if (follow->active) {
        follow->active = false;
        uv_close((uv_handle_t *)&follow->watch, NULL);
        uv_close((uv_handle_t *)&follow->recheck, NULL);
        uv_close((uv_handle_t *)&follow->poll, NULL);
    }
    if (follow->open) {
        follow->open = false;
        sw_log_reader_close(&follow->reader);
    }
}
