/* Names of packs and edges were checked letter by letter (query.c), and the program is started
 * without a shell; nothing that a reader types can become an option or a path. */
#include "whatif.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/yaml.h>

#define PROGRAM "sharewatch-monitor"

static void find_program(struct sw_whatif *whatif)
{
    char path[SW_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    whatif->program[0] = '\0';
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
        memcpy(whatif->program, path, sizeof(path));
    }
}

static void copy_scalar(const struct sw_yaml_node *node, const char *key, char *out,
                        size_t out_bytes)
{
    const struct sw_yaml_node *value = sw_yaml_get(node, key);
    (void)snprintf(out, out_bytes, "%.*s", value != NULL ? (int)value->text.length : 0,
                   value != NULL ? value->text.bytes : "");
}

static void add_pack(struct sw_whatif *whatif, const char *folder, const char *name)
{
    struct sw_whatif_pack *pack = &whatif->packs[whatif->pack_count];
    struct sw_report report = {0};
    struct sw_yaml yaml;
    char path[2 * SW_PATH_BYTES];
    if (strlen(name) >= sizeof(pack->name) || name[0] == '.') {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/%s/pack.yaml", folder, name);
    if (access(path, R_OK) != 0) {
        return;
    }
    if (sw_yaml_open(&yaml, path, &report) == SW_OK && yaml.document_count == 1) {
        (void)snprintf(pack->name, sizeof(pack->name), "%s", name);
        copy_scalar(yaml.documents[0], "title", pack->title, sizeof(pack->title));
        copy_scalar(yaml.documents[0], "version", pack->version, sizeof(pack->version));
        whatif->pack_count++;
    }
    sw_yaml_free(&yaml);
    sw_report_free(&report);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sw_whatif_pack *)a)->name,
                  ((const struct sw_whatif_pack *)b)->name);
}

static void find_packs(struct sw_whatif *whatif)
{
    char folder[SW_PATH_BYTES];
    if (sw_data_path("policies", folder) != SW_OK) {
        return;
    }
    DIR *directory = opendir(folder);
    for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL;
         entry != NULL && whatif->pack_count < SW_WHATIF_PACKS_MAX; entry = readdir(directory)) {
        add_pack(whatif, folder, entry->d_name);
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    qsort(whatif->packs, whatif->pack_count, sizeof(whatif->packs[0]), by_name);
}

void sw_whatif_init(struct sw_whatif *whatif, uv_loop_t *loop, struct sw_http *http,
                    const char *log_path)
{
    memset(whatif, 0, sizeof(*whatif));
    whatif->loop = loop;
    whatif->http = http;
    whatif->log_path = log_path;
    find_program(whatif);
    find_packs(whatif);
}

/* The program and its pipes are closed: the connection that waited asks again. */
static void one_closed(uv_handle_t *handle)
{
    struct sw_whatif *whatif = handle->data;
    if (--whatif->handles > 0) {
        return;
    }
    if (whatif->state == SW_WHATIF_RUNNING) {
        whatif->state = SW_WHATIF_FAILED;
    }
    if (whatif->connection != NULL) {
        MHD_resume_connection(whatif->connection);
        whatif->connection = NULL;
        sw_http_kick(whatif->http);
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
    struct sw_whatif *whatif = process->data;
    bool good = signal_number == 0 && (code == 0 || code == 1) && whatif->length > 0 &&
                whatif->length < SW_WHATIF_BYTES;
    whatif->state = good ? SW_WHATIF_DONE : SW_WHATIF_FAILED;
    if (signal_number != 0) {
        (void)snprintf(whatif->error, sizeof(whatif->error),
                       "It took longer than %u seconds. Ask `sharewatch diff` in a terminal.",
                       SW_WHATIF_SECONDS);
    }
    uv_close((uv_handle_t *)process, one_closed);
    uv_close((uv_handle_t *)&whatif->timeout, one_closed);
}

static void lend_out(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct sw_whatif *whatif = handle->data;
    (void)suggested;
    *buffer =
        uv_buf_init(whatif->bytes + whatif->length, (unsigned)(SW_WHATIF_BYTES - whatif->length));
}

static void read_out(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct sw_whatif *whatif = stream->data;
    (void)buffer;
    if (got < 0) {
        close_pipe(&whatif->out);
    } else {
        whatif->length += (uint32_t)got;
    }
}

static void lend_error(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    static char rest[1024];
    struct sw_whatif *whatif = handle->data;
    size_t room = sizeof(whatif->error) - 1 - whatif->error_length;
    (void)suggested;
    *buffer = room > 0 ? uv_buf_init(whatif->error + whatif->error_length, (unsigned)room)
                       : uv_buf_init(rest, sizeof(rest));
}

static void read_error(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct sw_whatif *whatif = stream->data;
    if (got < 0) {
        close_pipe(&whatif->err);
    } else if (buffer->base == whatif->error + whatif->error_length) {
        whatif->error_length += (uint32_t)got;
        whatif->error[whatif->error_length] = '\0';
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct sw_whatif *whatif = timer->data;
    (void)uv_process_kill(&whatif->process, SIGKILL);
}

static char *list[16];

static char **arguments(struct sw_whatif *whatif, const struct sw_query *query)
{
    static char words[8][16] = {"sharewatch", "diff", "--json", "--policy", "--without-edge"};
    static char values[3][SW_LIST_BYTES];
    static char log[SW_PATH_BYTES];
    int count = 0;
    (void)snprintf(log, sizeof(log), "%s", whatif->log_path);
    (void)snprintf(values[0], sizeof(values[0]), "%s", query->policy_a);
    (void)snprintf(values[1], sizeof(values[1]), "%s", query->policy_b);
    (void)snprintf(values[2], sizeof(values[2]), "%s", query->without);
    list[count++] = words[0];
    list[count++] = words[1];
    list[count++] = log;
    list[count++] = words[2];
    for (int i = 0; i < 2; i++) {
        if (values[i][0] != '\0') {
            list[count++] = words[3];
            list[count++] = values[i];
        }
    }
    if (values[2][0] != '\0') {
        list[count++] = words[4];
        list[count++] = values[2];
    }
    list[count] = NULL;
    return list;
}

static enum sw_status start(struct sw_whatif *whatif, const struct sw_query *query)
{
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
    uv_process_options_t options = {.exit_cb = process_ended,
                                    .file = whatif->program,
                                    .args = arguments(whatif, query),
                                    .stdio = stdio,
                                    .stdio_count = 3};
    (void)uv_pipe_init(whatif->loop, &whatif->out, 0);
    (void)uv_pipe_init(whatif->loop, &whatif->err, 0);
    (void)uv_timer_init(whatif->loop, &whatif->timeout);
    stdio[1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[1].data.stream = (uv_stream_t *)&whatif->out;
    stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[2].data.stream = (uv_stream_t *)&whatif->err;
    whatif->process.data = whatif;
    whatif->out.data = whatif;
    whatif->err.data = whatif;
    whatif->timeout.data = whatif;
    whatif->length = 0;
    whatif->error_length = 0;
    whatif->error[0] = '\0';
    whatif->handles = 4;
    whatif->state = SW_WHATIF_RUNNING;
    int code = uv_spawn(whatif->loop, &whatif->process, &options);
    if (code != 0) {
        (void)snprintf(whatif->error, sizeof(whatif->error), "%s: %s", whatif->program,
                       uv_strerror(code));
        uv_close((uv_handle_t *)&whatif->process, one_closed);
        uv_close((uv_handle_t *)&whatif->timeout, one_closed);
        close_pipe(&whatif->out);
        close_pipe(&whatif->err);
        return SW_IO;
    }
    (void)uv_read_start((uv_stream_t *)&whatif->out, lend_out, read_out);
    (void)uv_read_start((uv_stream_t *)&whatif->err, lend_error, read_error);
    (void)uv_timer_start(&whatif->timeout, on_timeout, SW_WHATIF_SECONDS * UINT64_C(1000), 0);
    return SW_OK;
}

enum sw_status sw_whatif_ask(struct sw_whatif *whatif, const struct sw_query *query, int64_t head,
                             struct MHD_Connection *connection)
{
    char asked[SW_WHATIF_ASKED];
    (void)snprintf(asked, sizeof(asked), "%.120s|%.120s|%.120s|%lld", query->policy_a,
                   query->policy_b, query->without, (long long)head);
    if (whatif->program[0] == '\0' || whatif->ending) {
        return SW_NOT_FOUND;
    }
    bool same = strcmp(asked, whatif->asked) == 0;
    bool busy = whatif->handles > 0;
    if (!busy && same && whatif->state == SW_WHATIF_DONE) {
        return SW_OK;
    }
    if (!busy && same && whatif->state == SW_WHATIF_FAILED) {
        whatif->asked[0] = '\0'; // the next one tries again
        return SW_INVALID;
    }
    if (busy) {
        return SW_FULL;
    }
    memcpy(whatif->asked, asked, sizeof(asked));
    whatif->connection = connection;
    MHD_suspend_connection(connection);
    (void)start(whatif, query); // a failure shows when the connection goes on
    return SW_EMPTY;
}

void sw_whatif_stop(struct sw_whatif *whatif)
{
    whatif->ending = true;
    if (whatif->state == SW_WHATIF_RUNNING && whatif->handles > 0) {
        (void)uv_process_kill(&whatif->process, SIGKILL);
    }
}
