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
#include <unistd.h>

#include <sharewatch/assert.h>

#define SELF            "/proc/self/exe"
#define WAIT_MS         60000 // a machine under load; nothing is lost meanwhile
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

void sw_signer_stop(struct sw_signer *signer)
{
    if (signer->pid != 0) {
        (void)close(signer->socket); // it ends by that
        while (waitpid(signer->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        signer->pid = 0;
    }
    signer->state = SW_SIGNER_GONE;
}

/* Notes how it ended, or makes it end. */
static enum sw_status bury(struct sw_signer *signer)
{
    int status = 0;
    (void)close(signer->socket);
    (void)kill(signer->pid, SIGKILL); // it may have closed its socket and live on
    while (waitpid(signer->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence),
                       "the signer was killed by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    } else {
        (void)snprintf(signer->sentence, sizeof(signer->sentence), "the signer ended with code %d",
                       WEXITSTATUS(status));
    }
    signer->pid = 0;
    signer->state = SW_SIGNER_GONE;
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
    do {
        count = recv(signer->socket, &signer->answer, sizeof(signer->answer), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return SW_EMPTY;
    }
    if (count != (ssize_t)sizeof(signer->answer)) {
        return bury(signer);
    }
    signer->signed_size = signer->answer.signed_size;
    if (signer->answer.kind == SW_WIRE_FAILED) {
        (void)snprintf(signer->sentence, sizeof(signer->sentence), "%s", signer->answer.sentence);
    }
    if (signer->state == SW_SIGNER_OPENING && signer->answer.kind == SW_WIRE_FAILED) {
        sw_signer_stop(signer); // it ends by itself
    } else {
        signer->state = SW_SIGNER_IDLE;
    }
    return SW_OK;
}

enum sw_status sw_signer_wait(struct sw_signer *signer)
{
    struct pollfd waiting = {.fd = signer->socket, .events = POLLIN};
    if (signer->state == SW_SIGNER_GONE) {
        return SW_EMPTY;
    }
    int code = 0;
    do {
        code = poll(&waiting, 1, WAIT_MS);
    } while (code < 0 && errno == EINTR);
    if (code == 0) { // it hangs
        return bury(signer);
    }
    return sw_signer_look(signer);
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

enum sw_status sw_signer_seal(struct sw_signer *signer, struct sw_log *log)
{
    enum sw_status status = signer->state == SW_SIGNER_ASKED ? finish_asking(signer, log) : SW_OK;
    if (status == SW_OK) {
        status = sw_log_commit(log);
    }
    if (status != SW_OK) {
        return status;
    }
    if (signer->state == SW_SIGNER_GONE) {
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
