/* One process, two pipes and a limit of time; when all four are closed the connection that waited
 * goes on. */
#include "job.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PROGRAM         "sharewatch-monitor"
#define WORDS_MAX       16
#define BACKGROUND_NICE 15 // of 19: yields to the monitor and to the page

static void find_program(struct sw_job *job)
{
    char path[SW_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    job->program[0] = '\0';
    if (length <= 0) {
        return;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = sizeof(path) - (size_t)(slash != NULL ? slash + 1 - path : 0);
    if (slash == NULL || room <= strlen(PROGRAM)) {
        return;
    }
    (void)snprintf(slash + 1, room, "%s", PROGRAM);
    if (access(path, X_OK) == 0) {
        memcpy(job->program, path, sizeof(path));
    }
}

void sw_job_init(struct sw_job *job, uv_loop_t *loop, struct sw_http *http, char *bytes,
                 uint32_t capacity)
{
    memset(job, 0, sizeof(*job));
    job->loop = loop;
    job->http = http;
    job->bytes = bytes;
    job->capacity = capacity;
    job->seconds = SW_JOB_SECONDS;
    find_program(job);
}

/* The program and its pipes are closed: the connection that waited asks again. */
static void one_closed(uv_handle_t *handle)
{
    struct sw_job *job = handle->data;
    if (--job->handles > 0) {
        return;
    }
    if (job->state == SW_JOB_RUNNING) {
        job->state = SW_JOB_FAILED;
    }
    if (job->connection != NULL) {
        MHD_resume_connection(job->connection);
        job->connection = NULL;
        sw_http_kick(job->http);
    }
}

static void close_pipe(uv_pipe_t *pipe)
{
    if (uv_is_closing((uv_handle_t *)pipe) == 0) {
        uv_close((uv_handle_t *)pipe, one_closed);
    }
}

/* `diff` answers 0 or 1; both come with a result. */
static void process_ended(uv_process_t *process, int64_t code, int signal_number)
{
    struct sw_job *job = process->data;
    bool good = signal_number == 0 && (code == 0 || code == 1) && job->length > 0 &&
                job->length < job->capacity;
    job->state = good ? SW_JOB_DONE : SW_JOB_FAILED;
    if (signal_number != 0) {
        (void)snprintf(job->error, sizeof(job->error),
                       "It took longer than %u seconds. Run it in a terminal.", job->seconds);
    }
    uv_close((uv_handle_t *)process, one_closed);
    uv_close((uv_handle_t *)&job->timeout, one_closed);
}

static void lend_out(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct sw_job *job = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(job->bytes + job->length, (unsigned)(job->capacity - job->length));
}

static void read_out(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct sw_job *job = stream->data;
    (void)buffer;
    if (got < 0) {
        close_pipe(&job->out);
    } else {
        job->length += (uint32_t)got;
    }
}

static void lend_error(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    static char rest[1024];
    struct sw_job *job = handle->data;
    size_t room = sizeof(job->error) - 1 - job->error_length;
    (void)suggested;
    *buffer = room > 0 ? uv_buf_init(job->error + job->error_length, (unsigned)room)
                       : uv_buf_init(rest, sizeof(rest));
}

static void read_error(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct sw_job *job = stream->data;
    if (got < 0) {
        close_pipe(&job->err);
    } else if (buffer->base == job->error + job->error_length) {
        job->error_length += (uint32_t)got;
        job->error[job->error_length] = '\0';
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct sw_job *job = timer->data;
    (void)uv_process_kill(&job->process, SIGKILL);
}

/* As uv_spawn() takes them: the name first, without const, although it only reads. */
static char **arguments(const char *const *words)
{
    static char *list[WORDS_MAX + 2];
    static char name[] = "sharewatch";
    uint32_t count = 0;
    list[count++] = name;
    while (count <= WORDS_MAX && words[count - 1] != NULL) {
        list[count] = sw_http_memory(words[count - 1]);
        count++;
    }
    list[count] = NULL;
    return list;
}

static enum sw_status start(struct sw_job *job, const char *const *words)
{
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
    uv_process_options_t options = {.exit_cb = process_ended,
                                    .file = job->program,
                                    .args = arguments(words),
                                    .stdio = stdio,
                                    .stdio_count = 3};
    (void)uv_pipe_init(job->loop, &job->out, 0);
    (void)uv_pipe_init(job->loop, &job->err, 0);
    (void)uv_timer_init(job->loop, &job->timeout);
    stdio[1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[1].data.stream = (uv_stream_t *)&job->out;
    stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[2].data.stream = (uv_stream_t *)&job->err;
    job->process.data = job;
    job->out.data = job;
    job->err.data = job;
    job->timeout.data = job;
    job->length = 0;
    job->error_length = 0;
    job->error[0] = '\0';
    job->handles = 4;
    job->state = SW_JOB_RUNNING;
    int code = uv_spawn(job->loop, &job->process, &options);
    if (code != 0) {
        (void)snprintf(job->error, sizeof(job->error), "%s: %s", job->program, uv_strerror(code));
        uv_close((uv_handle_t *)&job->process, one_closed);
        uv_close((uv_handle_t *)&job->timeout, one_closed);
        close_pipe(&job->out);
        close_pipe(&job->err);
        return SW_IO;
    }
    if (job->background) {
        (void)setpriority(PRIO_PROCESS, (id_t)job->process.pid, BACKGROUND_NICE);
    }
    (void)uv_read_start((uv_stream_t *)&job->out, lend_out, read_out);
    (void)uv_read_start((uv_stream_t *)&job->err, lend_error, read_error);
    (void)uv_timer_start(&job->timeout, on_timeout, job->seconds * UINT64_C(1000), 0);
    return SW_OK;
}

enum sw_status sw_job_ask(struct sw_job *job, const char *const *words, const char *asked,
                          struct MHD_Connection *connection)
{
    if (job->program[0] == '\0' || job->ending) {
        return SW_NOT_FOUND;
    }
    bool same = strcmp(asked, job->asked) == 0;
    bool busy = job->handles > 0;
    if (!busy && same && job->state == SW_JOB_DONE) {
        return SW_OK;
    }
    if (!busy && same && job->state == SW_JOB_FAILED) {
        job->asked[0] = '\0'; // the next one tries again
        return SW_INVALID;
    }
    if (busy) {
        return SW_FULL;
    }
    (void)snprintf(job->asked, sizeof(job->asked), "%s", asked);
    job->connection = connection;
    if (connection != NULL) {
        MHD_suspend_connection(connection);
    }
    (void)start(job, words); // a failure shows when the connection goes on
    return SW_EMPTY;
}

void sw_job_stop(struct sw_job *job)
{
    job->ending = true;
    if (job->state == SW_JOB_RUNNING && job->handles > 0) {
        (void)uv_process_kill(&job->process, SIGKILL);
    }
}
