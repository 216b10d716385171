#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>

#define SELF            "/proc/self/exe"
#define WAIT_MS         60000 // a machine under load; nothing is lost meanwhile
#define STOP_MS         20000 // until one that is to end is killed: it may be writing
#define KILL_MS         5000  // until one that was killed is left alone
#define REAP_PAUSE_NS   2000000L
#define ENVIRONMENT_MAX 16

extern char **environ;

/* ---- its life ---- */

/* The signer gets nothing of the environment but what sanitizers and the loader read; least of all
 * something that would be loaded into it. */
static void choose_environment(char *chosen[ENVIRONMENT_MAX])
{
    static const char *const names[] = {
        "ASAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=", "LD_LIBRARY_PATH="};
    uint32_t count = 0;
    for (char **at = environ; *at != NULL && count + 1 < ENVIRONMENT_MAX; at++) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (strncmp(*at, names[i], strlen(names[i])) == 0) {
                chosen[count++] = *at;
                break;
            }
        }
    }
    chosen[count] = NULL;
}

static int spawn(struct sw_signer *signer, int other_end)
{
    char program[] = "sharewatch-monitor";
    char verb[] = SW_SIGNER_VERB;
    char *arguments[] = {program, verb, signer->folder, NULL};
    char *environment[ENVIRONMENT_MAX];
    posix_spawn_file_actions_t actions;
    choose_environment(environment);
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) {
        return code;
    }
    code = posix_spawn_file_actions_adddup2(&actions, other_end, SW_SIGNER_DESCRIPTOR);
    code = code != 0
               ? code
               : posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    code = code != 0 ? code
                     : posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                                        O_WRONLY, 0);
    code =
        code != 0 ? code : posix_spawn(&signer->pid, SELF, &actions, NULL, arguments, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

enum sw_status sw_signer_start(struct sw_signer *signer, const char *folder)
{
    char sentence[SW_KEY_SENTENCE_BYTES];
    int ends[2];
    SW_ASSERT(signer->state == SW_SIGNER_GONE);
    signer->quiet = false;
    enum sw_status status = sw_keys_folder(folder, signer->folder, sentence);
    if (status != SW_OK) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence), "%s", sentence);
        return status;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence),
                       "the signer cannot be started: %s", strerror(errno));
        return SW_IO;
    }
    int code = spawn(signer, ends[1]);
    (void)close(ends[1]);
    if (code != 0) {
        (void)close(ends[0]);
        signer->pid = 0;
        (void)snprintf(signer->sentence, sizeof(signer->sentence),
                       "the signer cannot be started: %s", strerror(code));
        return SW_IO;
    }
    signer->socket = ends[0];
    signer->state = SW_SIGNER_OPENING;
    return SW_OK;
}

/* Waits @wait_ms at most for the end of a process. False: it goes on. */
static bool reap(pid_t pid, int *status, int64_t wait_ms)
{
    const struct timespec pause = {.tv_nsec = REAP_PAUSE_NS};
    int64_t until = sw_steady_ms() + wait_ms;
    for (;;) {
        pid_t found = waitpid(pid, status, WNOHANG);
        if (found == pid || (found < 0 && errno != EINTR)) {
            return true;
        }
        if (sw_steady_ms() >= until) {
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
}

void sw_signer_dismiss(struct sw_signer *signer, bool quiet)
{
    SW_ASSERT(signer->pid > 0);
    if (signer->state != SW_SIGNER_LEAVING) {
        (void)close(signer->socket);
        (void)kill(signer->pid, SIGKILL);
        signer->state = SW_SIGNER_LEAVING;
        signer->quiet = quiet;
    }
}

void sw_signer_stop(struct sw_signer *signer)
{
    int status = 0;
    if (signer->pid != 0 && signer->state != SW_SIGNER_LEAVING) {
        (void)close(signer->socket); // it ends by that
    }
    if (signer->pid != 0 && !reap(signer->pid, &status, STOP_MS)) {
        (void)kill(signer->pid, SIGKILL);
        (void)reap(signer->pid, &status, KILL_MS); // else it hangs in the kernel, and is left there
    }
    signer->pid = 0;
    signer->state = SW_SIGNER_GONE;
}

static void describe_end(struct sw_signer *signer, int status)
{
    if (WIFSIGNALED(status)) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence),
                       "the signer was killed by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    } else {
        (void)snprintf(signer->sentence, sizeof(signer->sentence), "the signer ended with code %d",
                       WEXITSTATUS(status));
    }
}

/* Looks whether it is gone, waiting @wait_ms at most, and notes how it ended. */
static enum sw_status look_for_end(struct sw_signer *signer, int64_t wait_ms)
{
    int status = 0;
    if (!reap(signer->pid, &status, wait_ms)) {
        return SW_EMPTY;
    }
    signer->pid = 0;
    signer->state = SW_SIGNER_GONE;
    if (signer->quiet) {
        return SW_EMPTY;
    }
    describe_end(signer, status);
    return SW_NETWORK;
}

/* ---- questions and answers ---- */

/* A send that fails is not told of here: the next look finds the signer gone. */
static void put_question(struct sw_signer *signer, enum sw_wire_kind kind)
{
    struct sw_signer_question question = {.kind = (uint32_t)kind, .request = signer->request};
    ssize_t count = 0;
    do {
        count = send(signer->socket, &question, sizeof(question), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
}

void sw_signer_introduce(struct sw_signer *signer, const char *origin)
{
    SW_ASSERT(signer->state == SW_SIGNER_OPENING);
    signer->request = (struct sw_signing_request){.size = 0};
    (void)snprintf(signer->request.origin, sizeof(signer->request.origin), "%s", origin);
    put_question(signer, SW_WIRE_OPEN);
}

void sw_signer_ask(struct sw_signer *signer)
{
    SW_ASSERT(signer->state == SW_SIGNER_IDLE);
    put_question(signer, SW_WIRE_SIGN);
    signer->state = SW_SIGNER_ASKED;
}

enum sw_status sw_signer_look(struct sw_signer *signer)
{
    ssize_t count = 0;
    if (signer->state == SW_SIGNER_GONE) {
        return SW_EMPTY;
    }
    if (signer->state == SW_SIGNER_LEAVING) {
        return look_for_end(signer, 0);
    }
    do {
        count = recv(signer->socket, &signer->answer, sizeof(signer->answer), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return SW_EMPTY;
    }
    if (count != (ssize_t)sizeof(signer->answer)) { // it may have closed its socket and live on
        sw_signer_dismiss(signer, false);
        return look_for_end(signer, 0);
    }
    signer->signed_size = signer->answer.signed_size;
    if (signer->answer.kind == SW_WIRE_FAILED) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence), "%s", signer->answer.sentence);
    }
    if (signer->state == SW_SIGNER_OPENING && signer->answer.kind == SW_WIRE_FAILED) {
        sw_signer_dismiss(signer, true); // it has nothing more to do
    } else {
        signer->state = SW_SIGNER_IDLE;
    }
    return SW_OK;
}

/* Of one that was killed. */
static enum sw_status wait_for_end(struct sw_signer *signer)
{
    enum sw_status status = look_for_end(signer, KILL_MS);
    if (signer->state == SW_SIGNER_LEAVING) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence),
                       "the signer, process %d, hangs in the kernel and cannot be ended",
                       (int)signer->pid);
        signer->pid = 0;
        signer->state = SW_SIGNER_GONE;
        status = SW_NETWORK;
    }
    return status;
}

enum sw_status sw_signer_wait(struct sw_signer *signer)
{
    struct pollfd waiting = {.fd = signer->socket, .events = POLLIN};
    int code = 0;
    if (signer->state == SW_SIGNER_GONE) {
        return SW_EMPTY;
    }
    if (signer->state == SW_SIGNER_LEAVING) {
        return wait_for_end(signer);
    }
    do {
        code = poll(&waiting, 1, WAIT_MS);
    } while (code < 0 && errno == EINTR);
    if (code == 0) { // it hangs
        sw_signer_dismiss(signer, false);
        return wait_for_end(signer);
    }
    enum sw_status status = sw_signer_look(signer);
    return status == SW_EMPTY && signer->state == SW_SIGNER_LEAVING ? wait_for_end(signer) : status;
}

void sw_signer_explain_refusal(struct sw_signer *signer, const char *path)
{
    struct sw_signer_memory memory;
    bool named = sw_signer_memory_path(signer->folder, signer->request.origin, &memory) == SW_OK;
    (void)snprintf(signer->sentence, sizeof(signer->sentence),
                   "INTEGRITY: the signer refuses log %s: its %llu entries do not extend the %llu "
                   "that were signed last. It was put back to an older state, or written anew. "
                   "Copy it before anything else, and compare: `sharewatch verify %s --witness "
                   "%s`. If it was replaced on purpose, stop the monitor and say `sharewatch keys "
                   "accept %s`",
                   path, (unsigned long long)signer->request.size,
                   (unsigned long long)signer->signed_size, path, named ? memory.path : "FILE",
                   path);
}

/* ---- with waiting ---- */

static enum sw_status become_known(struct sw_signer *signer, struct sw_log *log)
{
    sw_signer_introduce(signer, sw_log_origin(log));
    enum sw_status status = sw_signer_wait(signer);
    if (status == SW_OK && signer->answer.kind == SW_WIRE_FAILED) {
        status = (enum sw_status)signer->answer.status;
        sw_signer_stop(signer);
    }
    return status;
}

bool sw_signer_open(struct sw_signer *signer, enum sw_status started, struct sw_log *log,
                    const char *verb, bool given, int64_t now_ms)
{
    enum sw_status status = started;
    if (status == SW_OK) {
        status = become_known(signer, log);
    }
    if (status == SW_OK) {
        if (!signer->answer.confined) {
            (void)fprintf(stderr,
                          "sharewatch %s: the signer runs without a sandbox, this kernel "
                          "has no filter of system calls\n",
                          verb);
        }
        if (signer->signed_size == 0 && sw_log_was_signed(log)) {
            (void)fprintf(stderr,
                          "sharewatch %s: the signer has no memory of log %s, which is "
                          "signed; it takes it as it is now\n",
                          verb, log->path);
        }
        return sw_log_sign_with(log, &signer->answer.key, now_ms) == SW_OK;
    }
    if (given || status == SW_INVALID || status == SW_FULL) {
        (void)snprintf(log->sentence, sizeof(log->sentence), "%.500s", signer->sentence);
        return false;
    }
    (void)fprintf(stderr, "sharewatch %s: the log is sealed, but not signed: %s\n", verb,
                  signer->sentence);
    return true;
}

/* Waits for the signature that was asked for, and adds it. */
static enum sw_status finish_asking(struct sw_signer *signer, struct sw_log *log)
{
    enum sw_status status = sw_signer_wait(signer);
    if (status != SW_OK) {
        return status;
    }
    switch ((enum sw_wire_kind)signer->answer.kind) {
    case SW_WIRE_SIGNED:
        sw_log_add_checkpoint(log, &signer->request, signer->answer.note);
        return log->failed ? SW_DATABASE : SW_OK;
    case SW_WIRE_REFUSED:
        sw_signer_explain_refusal(signer, log->path);
        return SW_INVALID;
    case SW_WIRE_FAILED:
    case SW_WIRE_READY:
    case SW_WIRE_OPEN:
    case SW_WIRE_SIGN:
        break;
    }
    return SW_IO;
}

/* One that was just started again says that it is there, and with which key. SW_OK also when it
 * is not. */
static enum sw_status finish_opening(struct sw_signer *signer, struct sw_log *log)
{
    enum sw_status status = sw_signer_wait(signer);
    if (status != SW_OK || signer->answer.kind == SW_WIRE_FAILED) {
        sw_signer_stop(signer);
        return SW_OK;
    }
    status = sw_log_commit(log);
    if (status == SW_OK) {
        status = sw_log_sign_with(log, &signer->answer.key, sw_now_ms());
    }
    if (status == SW_INVALID) { // another key lies there now
        (void)snprintf(signer->sentence, sizeof(signer->sentence), "%s", log->sentence);
    }
    return status;
}

enum sw_status sw_signer_seal(struct sw_signer *signer, struct sw_log *log)
{
    enum sw_status status = signer->state == SW_SIGNER_ASKED     ? finish_asking(signer, log)
                            : signer->state == SW_SIGNER_OPENING ? finish_opening(signer, log)
                                                                 : SW_OK;
    if (status == SW_OK) {
        status = sw_log_commit(log);
    }
    if (status != SW_OK) {
        return status;
    }
    if (signer->state == SW_SIGNER_GONE || signer->state == SW_SIGNER_LEAVING) {
        return SW_EMPTY;
    }
    if (!sw_log_head(log, signer->signed_size, &signer->request)) {
        return log->failed ? SW_DATABASE : SW_OK;
    }
    if (fdatasync(sw_log_sync_descriptor(log)) != 0) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence),
                       "log %s cannot be made safe on disk: %s", log->path, strerror(errno));
        return SW_IO;
    }
    sw_signer_ask(signer);
    return finish_asking(signer, log);
}

enum sw_status sw_signer_end_run(struct sw_signer *signer, struct sw_log *log, const char *verb,
                                 int64_t now_ms)
{
    enum sw_status status = sw_signer_seal(signer, log);
    if (status == SW_DATABASE) {
        return status;
    }
    if (status != SW_OK && sw_log_was_signed(log)) {
        (void)fprintf(stderr, "sharewatch %s: the end of log %s is not signed: %s\n", verb,
                      log->path, status == SW_EMPTY ? "there is no signer" : signer->sentence);
        return sw_log_commit(log);
    }
    return sw_log_end_run(log, now_ms);
}
