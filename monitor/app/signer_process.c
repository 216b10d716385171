/*
 * The signer. It alone has the key: it reads it, opens its memory of one log, locks itself in, and
 * answers until its writer is gone. It holds nothing else, so that who gets into the monitor, which
 * reads what strangers send, has no key, and cannot have another history signed.
 *
 * It ends with _exit(): what libraries do at an end is not on the list of the sandbox.
 */
#include "signer_wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sharewatch/command.h>

#include "sandbox.h"
#include "signer_memory.h"

struct process {
    struct sw_signing_key key;
    struct sw_signer_memory memory;
    struct sw_signed_head last;
    struct sw_signer_question question;
    struct sw_signer_answer answer;
};

static struct process process;

static bool receive(void)
{
    ssize_t count = 0;
    do {
        count = recv(SW_SIGNER_DESCRIPTOR, &process.question, sizeof(process.question), 0);
    } while (count < 0 && errno == EINTR);
    process.question.request.origin[SW_LOG_ORIGIN_BYTES - 1] = '\0';
    return count == (ssize_t)sizeof(process.question);
}

static bool answer(enum sw_wire_kind kind)
{
    ssize_t count = 0;
    process.answer.kind = kind;
    process.answer.signed_size = process.last.size;
    do {
        count = send(SW_SIGNER_DESCRIPTOR, &process.answer, sizeof(process.answer), MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof(process.answer);
}

static enum sw_status load_key(const char *folder)
{
    enum sw_status status = sw_signing_key_load(folder, &process.key, process.answer.sentence);
    if (status == SW_NOT_FOUND) {
        status = sw_signing_key_create(folder, process.answer.sentence);
        if (status == SW_OK || status == SW_EXISTS) { // another process was faster
            status = sw_signing_key_load(folder, &process.key, process.answer.sentence);
        }
    }
    return status;
}

/* OpenSSL opens files when it is first used, which it cannot do any more later. */
static bool try_out(void)
{
    struct sw_signing_request request = {.origin = "sharewatch.log/none", .size = 1};
    struct sw_signed_head none = {.size = 0};
    struct sw_signed_head read;
    char note[SW_LOG_NOTE_BYTES];
    return sw_signing_sign(&request, &process.key, &none, note) == SW_OK &&
           sw_signing_recall(sw_text_from(note), request.origin, &process.key.open, &read) == SW_OK;
}

static enum sw_status open_all(const char *folder)
{
    enum sw_status status = load_key(folder);
    if (status == SW_OK && !try_out()) {
        (void)snprintf(process.answer.sentence, sizeof(process.answer.sentence),
                       "the cryptographic library cannot sign");
        status = SW_NO_MEMORY;
    }
    if (status == SW_OK) {
        status = sw_signer_memory_open(&process.memory, folder, process.question.request.origin,
                                       &process.key.open, &process.last, process.answer.sentence);
    }
    process.answer.status = status;
    return status;
}

/* The head is remembered before anybody gets the signature. */
static bool sign(void)
{
    struct sw_signed_head next = process.last;
    enum sw_status status =
        sw_signing_sign(&process.question.request, &process.key, &next, process.answer.note);
    if (status == SW_INVALID) {
        return answer(SW_WIRE_REFUSED);
    }
    if (status == SW_OK) {
        status = sw_signer_memory_keep(&process.memory, process.answer.note);
    }
    process.answer.status = status;
    if (status != SW_OK) {
        (void)snprintf(process.answer.sentence, sizeof(process.answer.sentence), "%.1000s: %s",
                       process.memory.path,
                       status == SW_IO ? strerror(errno) : "the library cannot sign");
        process.answer.note[0] = '\0';
        return answer(SW_WIRE_FAILED);
    }
    process.last = next;
    return answer(SW_WIRE_SIGNED);
}

static bool is_question(enum sw_wire_kind kind, const char *origin)
{
    return process.question.kind == kind && strcmp(process.question.request.origin, origin) == 0;
}

static void serve(const char *folder)
{
    char origin[SW_LOG_ORIGIN_BYTES];
    if (!receive() || process.question.kind != SW_WIRE_OPEN) {
        return;
    }
    memcpy(origin, process.question.request.origin, sizeof(origin));
    if (open_all(folder) != SW_OK) {
        (void)answer(SW_WIRE_FAILED);
        return;
    }
    process.answer.key = process.key.open;
    process.answer.confined = sw_sandbox_close();
    if (answer(SW_WIRE_READY)) {
        while (receive() && is_question(SW_WIRE_SIGN, origin) && sign()) {
        }
    }
}

int sw_signer_process(int argc, char **argv)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
    int type = 0;
    socklen_t length = sizeof(type);
    if (argc != 2 || getsockopt(SW_SIGNER_DESCRIPTOR, SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
        type != SOCK_SEQPACKET) {
        (void)fprintf(stderr, SW_SIGNER_VERB ": is for sharewatch itself\n");
        return SW_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        (void)signal(ignored[i], SIG_IGN); // its writer ends it
    }
    sw_sandbox_begin(SW_SIGNER_DESCRIPTOR);
    (void)mlock(&process.key, sizeof(process.key)); // never on a disk; a limit may forbid it
    serve(argv[1]);
    sw_keys_forget(&process.key, sizeof(process.key));
    _exit(SW_EXIT_OK);
}
