#include "processes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

static void must(bool holds, const char *what)
{
    if (!holds) {
        perror(what);
        abort();
    }
}

void test_sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&left, NULL);
}

int64_t test_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &length) == 0,
         "no free port");
    (void)close(listener);
    return ntohs(address.sin_port);
}

bool test_port_is_open(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    bool open = connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(descriptor);
    return open;
}

void test_place_open(struct test_place *place, const char *parent)
{
    bool memory = access("/dev/shm", W_OK | X_OK) == 0;
    (void)snprintf(place->folder, sizeof(place->folder), "%s/sharewatch-test-XXXXXX",
                   parent != NULL ? parent
                   : memory       ? "/dev/shm"
                                  : "/tmp");
    must(mkdtemp(place->folder) != NULL, "no folder");
    place->port = free_port();
    (void)snprintf(place->url, sizeof(place->url), "mqtt://127.0.0.1:%u", place->port);
}

void test_place_close(struct test_place *place, bool failed)
{
    char command[TEST_PATH_BYTES + 16];
    if (failed) {
        (void)fprintf(stderr, "the files of the failed test are in %s\n", place->folder);
        return;
    }
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", place->folder);
    must(system(command) == 0, command); // NOLINT(cert-env33-c): a fixed command
}

const char *test_path(const struct test_place *place, const char *name, char path[TEST_PATH_BYTES])
{
    int length = snprintf(path, TEST_PATH_BYTES, "%s/%s", place->folder, name);
    must(length > 0 && length < TEST_PATH_BYTES, "path too long");
    return path;
}

/* In the child. */
static void become(const char *output, const char *const *arguments)
{
    int file = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
    must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && file >= 0 && dup2(file, 1) == 1 &&
             dup2(file, 2) == 2,
         output);
    char *copy[32];
    size_t count = 0;
    for (; arguments[count] != NULL; count++) {
        must(count < 31, "too many arguments");
        copy[count] = strdup(arguments[count]);
    }
    copy[count] = NULL;
    (void)execvp(copy[0], copy);
    perror(copy[0]);
    _exit(127);
}

void test_start(const struct test_place *place, struct test_child *child, const char *name,
                const char *const *arguments)
{
    char file[64];
    struct stat status;
    *child = (struct test_child){0};
    (void)snprintf(file, sizeof(file), "%s.out", name);
    (void)test_path(place, file, child->output);
    child->output_from = stat(child->output, &status) == 0 ? (long)status.st_size : 0;
    child->pid = fork();
    must(child->pid >= 0, "fork");
    if (child->pid == 0) {
        become(child->output, arguments);
    }
}

static bool output_holds(const struct test_child *child, const char *text)
{
    static char bytes[1 << 22];
    FILE *output = fopen(child->output, "r");
    if (output == NULL) {
        return false; // it has not begun yet
    }
    bool skipped = fseek(output, child->output_from, SEEK_SET) == 0;
    size_t count = skipped ? fread(bytes, 1, sizeof(bytes) - 1, output) : 0;
    (void)fclose(output);
    bytes[count] = '\0';
    return strstr(bytes, text) != NULL;
}

/* A child that a test kills tells no exit code of what a sanitizer found in it before. */
static void has_ended(struct test_child *child)
{
    char command[TEST_PATH_BYTES + 16];
    child->pid = 0;
    if (output_holds(child, "Sanitizer: ") || output_holds(child, ": runtime error: ")) {
        (void)fflush(stdout);
        (void)snprintf(command, sizeof(command), "cat '%s'", child->output);
        (void)system(command); // NOLINT(cert-env33-c): a fixed command
        must(false, "a sanitizer found something in a child");
    }
}

bool test_is_running(struct test_child *child)
{
    if (child->pid > 0 && waitpid(child->pid, &child->status, WNOHANG) == child->pid) {
        has_ended(child);
    }
    return child->pid > 0;
}

void test_end(struct test_child *child, int number)
{
    if (child->pid > 0) {
        (void)kill(child->pid, number);
        must(waitpid(child->pid, &child->status, 0) == child->pid, "waitpid");
        has_ended(child);
    }
}

bool test_wait_end(struct test_child *child, int64_t timeout_ms)
{
    int64_t until_ms = test_now_ms() + timeout_ms;
    while (test_is_running(child)) {
        if (test_now_ms() > until_ms) {
            return false;
        }
        test_sleep_ms(5);
    }
    return true;
}

bool test_wait_output(struct test_child *child, const char *text, int64_t timeout_ms)
{
    int64_t until_ms = test_now_ms() + timeout_ms;
    for (;;) {
        bool running = test_is_running(child);
        if (output_holds(child, text)) {
            return true;
        }
        if (!running || test_now_ms() > until_ms) {
            return false;
        }
        test_sleep_ms(10);
    }
}

void test_start_broker(const struct test_place *place, struct test_child *child)
{
    char path[TEST_PATH_BYTES];
    FILE *file = fopen(test_path(place, "broker.conf", path), "w");
    must(file != NULL, path);
    (void)fprintf(file,
                  "listener %u 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n"
                  "log_type error\nlog_type warning\npersistence true\n"
                  "persistence_location %s/\nautosave_interval 1\nautosave_on_changes true\n"
                  "max_queued_messages 0\nmax_inflight_messages 1000\n%s",
                  place->port, place->folder, geteuid() == 0 ? "user root\n" : "");
    must(fclose(file) == 0, path);
    const char *program =
        access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
    test_start(place, child, "broker", (const char *const[]){program, "-c", path, NULL});
    for (int i = 0; i < 1000 && !test_port_is_open(place->port); i++) {
        must(test_is_running(child), "mosquitto does not start");
        test_sleep_ms(10);
    }
}

int64_t test_number(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        (void)sqlite3_busy_timeout(database, 5000);
        if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW) {
            number = sqlite3_column_int64(statement, 0);
        }
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return number;
}

bool test_wait_number(const char *path, const char *sql, int64_t number, int64_t timeout_ms)
{
    int64_t until_ms = test_now_ms() + timeout_ms;
    while (test_number(path, sql) != number) {
        if (test_now_ms() > until_ms) {
            return false;
        }
        test_sleep_ms(20);
    }
    return true;
}

void test_print_output(const struct test_place *place, const char *name)
{
    char command[TEST_PATH_BYTES * 2];
    (void)snprintf(command, sizeof(command), "echo '--- %s'; tail -n 20 '%s/%s.out'", name,
                   place->folder, name);
    (void)fflush(stdout);
    must(system(command) >= 0, command); // NOLINT(cert-env33-c): a fixed command
}

const char *test_program(void)
{
    const char *program = getenv("SHAREWATCH");
    must(program != NULL, "SHAREWATCH is set by ctest");
    return program;
}
