/*
 * The tether stands between fork and exec because libuv offers no hook there: PR_SET_PDEATHSIG
 * belongs to the process and outlives exec, as long as the program does not change its user.
 */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>

#define EXIT_NO_PROGRAM 127 // as shells have it
#define SELF            "/proc/self/exe"

/* ---- what the child writes ---- */

static void keep_in_tail(struct sw_child *child, struct sw_text line)
{
    char *slot = child->tail[child->tail_total % SW_CHILD_TAIL_LINES];
    (void)snprintf(slot, SW_CHILD_LINE_BYTES, "%.*s", SW_TEXT_FORMAT(line));
    child->tail_total++;
    if (child->on_error != NULL) {
        child->on_error(child, line);
    }
}

static void pass_status(struct sw_child *child, struct sw_text line)
{
    if (child->on_status != NULL) {
        child->on_status(child, line);
    }
}

static void flush_line(struct sw_child_stream *stream)
{
    if (stream->used != 0) {
        struct sw_text line = {.bytes = stream->line, .length = stream->used};
        stream->used = 0;
        stream->on_line(stream->child, line);
    }
}

static void take_bytes(struct sw_child_stream *stream, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            flush_line(stream);
        } else if (stream->used < sizeof(stream->line) - 1) {
            stream->line[stream->used++] = bytes[i];
        }
    }
}

/* ---- its end ---- */

/* The end is told once process and pipes are closed: then all was read, and a new start is safe. */
static void on_closed(uv_handle_t *handle)
{
    struct sw_child *child = handle->data;
    SW_ASSERT(child->handles_open > 0);
    child->handles_open--;
    if (child->handles_open == 0) {
        child->running = false;
        child->on_end(child);
    }
}

static void close_stream(struct sw_child_stream *stream)
{
    flush_line(stream);
    uv_close((uv_handle_t *)&stream->pipe, on_closed);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer)
{
    struct sw_child *child = handle->data;
    struct sw_child_stream *stream =
        handle == (uv_stream_t *)&child->status.pipe ? &child->status : &child->errors;
    if (count < 0) {
        close_stream(stream);
        return;
    }
    take_bytes(stream, buffer->base, (size_t)count);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct sw_child *child = handle->data;
    *buffer = uv_buf_init(child->read_buffer, sizeof(child->read_buffer));
}

static void on_exit_of(uv_process_t *process, int64_t code, int signal)
{
    struct sw_child *child = process->data;
    child->exit_code = code;
    child->exit_signal = signal;
    /* Whatever the child had started itself would keep its pipes open. */
    (void)kill(-process->pid, SIGKILL);
    uv_close((uv_handle_t *)process, on_closed);
    uv_close((uv_handle_t *)&child->patience, on_closed);
}

/* ---- start and stop ---- */

static void open_stream(struct sw_child *child, uv_loop_t *loop, struct sw_child_stream *stream,
                        sw_child_line_fn on_line)
{
    stream->child = child;
    stream->on_line = on_line;
    stream->used = 0;
    int code = uv_pipe_init(loop, &stream->pipe, 0);
    SW_ASSERT(code == 0);
    stream->pipe.data = child;
}

static int spawn(struct sw_child *child, uv_loop_t *loop, const char **arguments)
{
    uv_stdio_container_t streams[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&child->errors.pipe},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&child->status.pipe},
    };
    /* libuv takes the strings as writable but does not write to them. */
    union {
        const char **given;
        char **taken;
    } list = {.given = arguments};
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = SELF,
        .args = list.taken,
        .flags = UV_PROCESS_DETACHED, // a session of its own
        .stdio_count = 4,
        .stdio = streams,
    };
    return uv_spawn(loop, &child->process, &options);
}

static void on_failed_closed(uv_handle_t *handle)
{
    struct sw_child *child = handle->data;
    child->handles_open--;
}

enum sw_status sw_child_start(struct sw_child *child, uv_loop_t *loop, const char *program,
                              const char *const *arguments, char *sentence)
{
    SW_ASSERT(!child->running && child->handles_open == 0);
    SW_ASSERT(child->on_end != NULL);
    char parent[16];
    (void)snprintf(parent, sizeof(parent), "%d", (int)getpid());
    const char *all[SW_CHILD_ARGUMENTS_MAX + 5] = {"sharewatch-monitor", "tether", parent, program};
    uint32_t count = 4;
    for (uint32_t i = 0; arguments[i] != NULL; i++) {
        SW_ASSERT(i < SW_CHILD_ARGUMENTS_MAX);
        all[count++] = arguments[i];
    }
    open_stream(child, loop, &child->status, pass_status);
    open_stream(child, loop, &child->errors, keep_in_tail);
    child->process.data = child;
    (void)uv_timer_init(loop, &child->patience); // cannot fail
    child->patience.data = child;
    child->exit_code = 0;
    child->exit_signal = 0;
    child->handles_open = 4;
    int code = spawn(child, loop, all);
    if (code != 0) {
        (void)snprintf(sentence, SW_CHILD_LINE_BYTES, "%s could not be started: %s", child->name,
                       uv_strerror(code));
        uv_close((uv_handle_t *)&child->status.pipe, on_failed_closed);
        uv_close((uv_handle_t *)&child->errors.pipe, on_failed_closed);
        uv_close((uv_handle_t *)&child->process, on_failed_closed);
        uv_close((uv_handle_t *)&child->patience, on_failed_closed);
        return SW_IO;
    }
    child->running = true;
    child->start_total++;
    code = uv_read_start((uv_stream_t *)&child->status.pipe, on_alloc, on_read);
    SW_ASSERT(code == 0);
    code = uv_read_start((uv_stream_t *)&child->errors.pipe, on_alloc, on_read);
    SW_ASSERT(code == 0);
    return SW_OK;
}

void sw_child_signal(struct sw_child *child, int signal)
{
    if (child->running && !uv_is_closing((uv_handle_t *)&child->process)) {
        /* The group exists from the moment the child runs; before, the child itself is reached. */
        if (kill(-child->process.pid, signal) != 0) {
            (void)kill(child->process.pid, signal);
        }
    }
}

static void on_patience_over(uv_timer_t *timer)
{
    sw_child_signal(timer->data, SIGKILL);
}

void sw_child_stop(struct sw_child *child, uint64_t grace_ms)
{
    sw_child_signal(child, SIGTERM);
    if (child->running && !uv_is_closing((uv_handle_t *)&child->patience)) {
        (void)uv_timer_start(&child->patience, on_patience_over, grace_ms, 0);
    }
}

void sw_child_reason(const struct sw_child *child, char *text, size_t text_bytes)
{
    if (child->exit_signal != 0) {
        (void)snprintf(text, text_bytes, "was killed by signal %d (%s)", child->exit_signal,
                       strsignal(child->exit_signal));
    } else {
        (void)snprintf(text, text_bytes, "ended with exit code %lld", (long long)child->exit_code);
    }
}

void sw_child_print_tail(const struct sw_child *child, const char *prefix)
{
    uint32_t count =
        child->tail_total < SW_CHILD_TAIL_LINES ? child->tail_total : SW_CHILD_TAIL_LINES;
    for (uint32_t i = child->tail_total - count; i < child->tail_total; i++) {
        (void)fprintf(stderr, "%s%s\n", prefix, child->tail[i % SW_CHILD_TAIL_LINES]);
    }
}

/* ---- the tether ---- */

int sw_child_tether(int argc, char **argv)
{
    int64_t parent = 0;
    if (argc < 4 || sw_command_number(argv[1], 1, INT32_MAX, &parent) != SW_OK) {
        (void)fprintf(stderr, "tether: is for sharewatch itself\n");
        return SW_EXIT_USAGE;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The parent may have died before the kernel was told. */
    if ((int64_t)getppid() != parent) {
        return SW_EXIT_ENVIRONMENT;
    }
    /* A limit on the size of files then fails a write, as a full disk does, and kills nobody. */
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)execv(argv[2], argv + 3);
    (void)fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
    return EXIT_NO_PROGRAM;
}
