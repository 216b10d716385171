/* sharewatch-dashboard: opens the files, starts the parts in order, waits for a signal, and ends
 * the parts in the opposite order. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>

#include "server.h"

#define DEFAULT_LISTEN "127.0.0.1:8470"
#define PEM_BYTES      (64 * 1024)
#define GOODBYE_MS     50 // for the last event of live pages
#define FILES_MIN      1024

struct options {
    const char *log;
    const char *reviews;
    const char *listen;
    const char *host;
    const char *assets;
    const char *as;
    const char *users;
    const char *add_user;
    const char *tls_cert;
    const char *tls_key;
    const char *status_fd;
    const char *key;
    const char *witness;
};

static struct options options = {.listen = DEFAULT_LISTEN};

static const struct sw_option option_rows[] = {
    {"log", "FILE", NULL, &options.log, "the log of a monitor, running or not"},
    {"reviews", "FILE", NULL, &options.reviews, "where reviews are kept; beside the log"},
    {"listen", "ADDRESS:PORT", NULL, &options.listen, "default " DEFAULT_LISTEN "; port 0: any"},
    {"host", "NAME", NULL, &options.host, "another name that the page may be asked for by"},
    {"users", "FILE", NULL, &options.users, "named users with roles; needed beyond loopback"},
    {"tls-cert", "FILE", NULL, &options.tls_cert, "certificate (PEM); needed beyond loopback"},
    {"tls-key", "FILE", NULL, &options.tls_key, "its key (PEM)"},
    {"key", "KEY", NULL, &options.key, "whom `verify` trusts to have signed the log"},
    {"witness", "FILE[,FILE…]", NULL, &options.witness, "heads of the log that are kept elsewhere"},
    {"as", "NAME", NULL, &options.as, "who reviews, when there are no named users; $USER"},
    {"add-user", "NAME:ROLE", NULL, &options.add_user,
     "write a user into the users file; the password is read from standard input"},
    {"assets", "DIR", NULL, &options.assets, "the page's files from DIR, while working on them"},
    {"status-fd", "N", NULL, &options.status_fd, "write JSON lines of progress to descriptor N"},
};

static const struct sw_command command = {
    .name = "dashboard",
    .arguments = "",
    .about = "serve the page: what crossed, how far, and under which rule",
    .details = "Prints a link that works once. On loopback that link is the key; elsewhere\n"
               "(--listen) the page is only served over TLS and to named users, whose roles\n"
               "are reader, reviewer and custodian. The log is only read.\n",
    .options = option_rows,
    .option_count = sizeof(option_rows) / sizeof(option_rows[0]),
};

static struct sw_server server; // 4 MB: the answer's block, bodies, live pages
static char tls_cert[PEM_BYTES];
static char tls_key[PEM_BYTES];
static uv_signal_t on_interrupt, on_terminate;
static uv_timer_t goodbye;
static int exit_code = SW_EXIT_OK;

static int complain(const char *message)
{
    (void)fprintf(stderr, "sharewatch dashboard: %s\n", message);
    return SW_EXIT_ENVIRONMENT;
}

/* Tells the link, on standard output and to the caller's descriptor. */
static void print_link(struct sw_server *of, const char *state)
{
    const char *scheme = of->tls ? "https" : "http";
    char url[256];
    (void)snprintf(url, sizeof(url), "%s://%s/%s%s", scheme, of->hosts[0],
                   of->access.named ? "" : "open/", of->access.named ? "" : of->access.link);
    if (of->status_fd >= 0) {
        (void)dprintf(of->status_fd, "{\"state\":\"%s\",\"url\":\"%s\"}\n", state, url);
    } else {
        (void)printf(strcmp(state, "ready") == 0 ? "The page is at %s\n"
                                                 : "The link was used. The next one is %s\n",
                     url);
        (void)fflush(stdout);
    }
}

static void print_next_link(struct sw_server *of)
{
    print_link(of, "link");
}

static void end_loop(uv_timer_t *timer)
{
    sw_http_stop(&server.http);
    uv_close((uv_handle_t *)timer, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)handle;
    exit_code = number == SIGINT ? SW_EXIT_INTERRUPTED : SW_EXIT_OK;
    sw_watch_stop(&server.watch);
    sw_live_stop(&server.live);
    sw_job_stop(&server.whatif.job);
    sw_job_stop(&server.replay);
    sw_job_stop(&server.verified.job);
    uv_close((uv_handle_t *)&on_interrupt, NULL);
    uv_close((uv_handle_t *)&on_terminate, NULL);
    (void)uv_timer_start(&goodbye, end_loop, GOODBYE_MS, 0);
}

/* Splits ADDRESS:PORT or [ADDRESS]:PORT. */
static bool parse_listen(const char *text, char address[64], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    int64_t number;
    if (colon == NULL || sw_command_number(colon + 1, 0, UINT16_MAX, &number) != SW_OK) {
        return false;
    }
    size_t length = (size_t)(colon - text);
    if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= 64) {
        return false;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    *port = (uint16_t)number;
    return true;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool read_pem(const char *path, char bytes[PEM_BYTES])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, bytes, PEM_BYTES - 1);
    if (file >= 0) {
        (void)close(file);
    }
    if (got <= 0) {
        (void)fprintf(stderr, "sharewatch dashboard: %s: %s\n", path,
                      got < 0 ? strerror(errno) : "the file is empty");
        return false;
    }
    bytes[got] = '\0';
    return true;
}

static int add_user(void)
{
    char password[256];
    char problem[256];
    if (options.users == NULL) {
        return sw_command_usage_error(&command, "--add-user goes with --users FILE");
    }
    if (isatty(STDIN_FILENO) == 1) {
        (void)fprintf(stderr, "Password (it is shown): ");
    }
    if (fgets(password, sizeof(password), stdin) == NULL) {
        return complain("no password on standard input");
    }
    password[strcspn(password, "\r\n")] = '\0';
    enum sw_status status = sw_access_add_user(options.users, options.add_user, password, problem);
    explicit_bzero(password, sizeof(password));
    return status == SW_OK ? SW_EXIT_OK : complain(problem);
}

/* What the command line must have beyond loopback. */
static int check_access(const char *address)
{
    if ((options.tls_cert == NULL) != (options.tls_key == NULL)) {
        return sw_command_usage_error(&command, "--tls-cert and --tls-key go together");
    }
    if (is_loopback(address)) {
        return SW_EXIT_OK;
    }
    if (options.tls_cert == NULL || options.users == NULL) {
        return sw_command_usage_error(
            &command, "%s is not loopback: give --tls-cert, --tls-key and --users", address);
    }
    return SW_EXIT_OK;
}

static int open_access(void)
{
    char problem[256];
    const char *actor = options.as != NULL ? options.as : getenv("USER");
    if (sw_access_init(&server.access, actor != NULL ? actor : "operator") != SW_OK) {
        return complain("the kernel gave no random bytes");
    }
    if (options.users != NULL && sw_access_load(&server.access, options.users, problem) != SW_OK) {
        return complain(problem);
    }
    if (options.tls_cert != NULL &&
        (!read_pem(options.tls_cert, tls_cert) || !read_pem(options.tls_key, tls_key))) {
        return SW_EXIT_ENVIRONMENT;
    }
    server.tls = options.tls_cert != NULL;
    return SW_EXIT_OK;
}

static int open_files(void)
{
    if (sw_store_open(&server.store, options.log, options.reviews) != SW_OK ||
        sw_inbox_open(&server.inbox, &server.store) != SW_OK) {
        return complain(server.store.problem);
    }
    if (!server.store.reviewable) {
        (void)fprintf(stderr, "sharewatch dashboard: reviews are off, %s cannot be written\n",
                      server.store.reviews_path);
    }
    if (sw_reviews_verify(&server.store, &server.edited_row) == SW_INVALID) {
        (void)fprintf(stderr,
                      "sharewatch dashboard: %s: row %lld is not as it was written; the page says "
                      "so\n",
                      server.store.reviews_path, (long long)server.edited_row);
    } else {
        server.edited_row = 0;
    }
    (void)sw_inbox_tail(&server.inbox);
    return SW_EXIT_OK;
}

static int start(uv_loop_t *loop, const char *address, uint16_t port)
{
    char problem[256];
    struct sw_http_config config = {
        .address = address,
        .port = port,
        .tls_cert = server.tls ? tls_cert : NULL,
        .tls_key = server.tls ? tls_key : NULL,
        .per_address = is_loopback(address) ? SW_CONNECTIONS_MAX : SW_CONNECTIONS_PER_ADDRESS,
        .handle = sw_server_handle,
        .completed = sw_server_completed,
        .context = &server,
    };
    if (sw_http_start(&server.http, loop, &config, problem) != SW_OK) {
        return complain(problem);
    }
    (void)snprintf(server.cookie, sizeof(server.cookie), "sharewatch_%u", server.http.port);
    if (sw_server_set_hosts(&server, address, &options.host, options.host != NULL ? 1 : 0) !=
        SW_OK) {
        return complain("the --host name is too long");
    }
    sw_whatif_init(&server.whatif, loop, &server.http, server.store.log_path);
    sw_verified_init(&server.verified, loop, &server.http, server.store.log_path, options.key,
                     options.witness);
    sw_asof_init(&server.asof, &server.store);
    sw_pace_init(&server.pace, &server.store);
    sw_job_init(&server.replay, loop, &server.http, server.replay_bytes,
                sizeof(server.replay_bytes));
    sw_live_start(&server.live, loop, &server.store, &server.inbox, &server.http);
    if (sw_watch_start(&server.watch, loop, server.store.log_path, sw_server_look, &server) !=
        SW_OK) {
        (void)complain("the log's folder cannot be watched; new rows show within a second");
    }
    sw_watch_hurry(&server.watch);
    server.link_used = print_next_link;
    print_link(&server, "ready");
    return SW_EXIT_OK;
}

static void start_signals(uv_loop_t *loop)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)uv_signal_init(loop, &on_interrupt);
    (void)uv_signal_init(loop, &on_terminate);
    (void)uv_timer_init(loop, &goodbye);
    (void)uv_signal_start(&on_interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&on_terminate, on_signal, SIGTERM);
}

/* 384 connections, the two files and their small ones, exports: the usual limit may be too low. */
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_MIN) {
        files.rlim_cur = files.rlim_max < FILES_MIN ? files.rlim_max : FILES_MIN;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int serve(void)
{
    char address[64];
    uint16_t port;
    int64_t status_fd = -1;
    if (!parse_listen(options.listen, address, &port)) {
        return sw_command_usage_error(&command, "'%s' is no ADDRESS:PORT", options.listen);
    }
    if (options.status_fd != NULL &&
        sw_command_number(options.status_fd, 0, INT16_MAX, &status_fd) != SW_OK) {
        return sw_command_usage_error(&command, "--status-fd is the number of a descriptor");
    }
    int code = check_access(address);
    if (code == SW_EXIT_OK) {
        code = open_access();
    }
    if (code == SW_EXIT_OK) {
        code = open_files();
    }
    if (code != SW_EXIT_OK) {
        return code;
    }
    uv_loop_t *loop = uv_default_loop();
    server.loop = loop;
    server.status_fd = (int)status_fd;
    server.asset_folder = options.assets;
    start_signals(loop);
    code = start(loop, address, port);
    if (code != SW_EXIT_OK) {
        sw_store_close(&server.store);
        return code;
    }
    (void)uv_run(loop, UV_RUN_DEFAULT);
    sw_store_close(&server.store);
    return exit_code;
}

int main(int argc, char **argv)
{
    uint32_t argument_count;
    static char name[] = "dashboard";
    if (argc > 1 && strcmp(argv[1], "dashboard") == 0) {
        argc--;
        argv++;
    } else {
        argv[0] = name;
    }
    enum sw_status status = sw_command_parse(&command, argc, argv, &argument_count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    raise_file_limit();
    if (options.add_user != NULL) {
        return add_user();
    }
    if (options.log == NULL) {
        return sw_command_usage_error(&command, "--log FILE is missing");
    }
    return serve();
}
