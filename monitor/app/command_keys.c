/* `sharewatch keys`: make, show and replace the secrets of a deployment. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/keys.h>
#include <sharewatch/now.h>
#include <sharewatch/verify.h>

#include "memories.h"
#include "signer_memory.h"
#include "verbs.h"

static int fail(const char *sentence)
{
    (void)fprintf(stderr, "sharewatch keys: %s\n", sentence);
    return SW_EXIT_ENVIRONMENT;
}

static void show_token(const char *folder, char *sentence)
{
    struct sw_token_key key;
    char fingerprint[SW_TOKEN_BYTES];
    if (sw_token_key_load(folder, &key, sentence) == SW_OK) {
        sw_token_key_fingerprint(&key, fingerprint);
        (void)printf("token    %s\n", fingerprint);
    } else {
        (void)printf("token    none: %s\n", sentence);
    }
    sw_keys_forget(&key, sizeof(key));
}

static void show_signing(const char *folder, char *sentence)
{
    static struct sw_signing_key key;
    char fingerprint[SW_TOKEN_BYTES];
    if (sw_signing_key_load(folder, &key, sentence) == SW_OK) {
        sw_public_key_fingerprint(key.open.bytes, fingerprint);
        (void)printf("signing  %s, replaced %u time%s; its public half is %s/signing.pub\n",
                     fingerprint, key.open.endorsement_count,
                     key.open.endorsement_count == 1 ? "" : "s", folder);
    } else {
        (void)printf("signing  none: %s\n", sentence);
    }
    sw_keys_forget(&key, sizeof(key));
}

static int show(const char *folder)
{
    char sentence[SW_KEY_SENTENCE_BYTES];
    (void)printf("keys in %s, by their fingerprints:\n", folder);
    show_token(folder, sentence);
    show_signing(folder, sentence);
    return SW_EXIT_OK;
}

static int create(const char *folder)
{
    char sentence[SW_KEY_SENTENCE_BYTES];
    enum sw_status token = sw_token_key_create(folder, sentence);
    if (token != SW_OK && token != SW_EXISTS) {
        return fail(sentence);
    }
    enum sw_status signing = sw_signing_key_create(folder, sentence);
    if (signing != SW_OK && signing != SW_EXISTS) {
        return fail(sentence);
    }
    if (token == SW_EXISTS && signing == SW_EXISTS) {
        return fail("both keys are there already; `sharewatch keys rotate` replaces one");
    }
    return show(folder);
}

static int rotate(const char *folder, const char *which)
{
    char sentence[SW_KEY_SENTENCE_BYTES];
    bool token = strcmp(which, "token") == 0;
    enum sw_status status =
        token ? sw_token_key_rotate(folder, sentence) : sw_signing_key_rotate(folder, sentence);
    if (status != SW_OK) {
        return fail(sentence);
    }
    if (token) {
        (void)printf(
            "The token key was replaced and the old one is gone. Tokens from now on cannot "
            "be linked with those before, by anybody: that is what this is for.\n");
    } else {
        (void)printf("The signing key was replaced; the old one signed the new one and is gone. "
                     "Logs note that in a sealed row when they are written next.\n");
    }
    return show(folder);
}

/* ---- a log that was put back on purpose ---- */

/* What the signer remembers is kept under another name: it is a witness of the former log. */
static int set_aside(const struct sw_signer_memory *memory, const char *log,
                     const struct sw_verify_report *report)
{
    char kept[sizeof(memory->path) + 32];
    int file = open(memory->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 && errno == ENOENT) {
        (void)printf("The signer remembers nothing of log %s: there is nothing to accept.\n", log);
        return SW_EXIT_NO;
    }
    (void)snprintf(kept, sizeof(kept), "%s.%" PRId64, memory->path, sw_now_ms());
    bool locked = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
    bool done = locked && rename(memory->path, kept) == 0;
    int error = errno;
    if (file >= 0) {
        (void)close(file);
    }
    if (!done) {
        (void)fprintf(stderr, "sharewatch keys: %s: %s\n", memory->path,
                      error == EWOULDBLOCK
                          ? "a signer is at work on this log; stop the monitor first"
                          : strerror(error));
        return SW_EXIT_ENVIRONMENT;
    }
    (void)printf("Accepted: log %s as it is now, with %" PRIu64 " entries. The next monitor has it "
                 "signed from here on.\nWhat the signer had signed last is kept in %s.\n",
                 log, report->entries, kept);
    return SW_EXIT_OK;
}

static int accept(const char *folder, const char *log)
{
    static struct sw_verify_report report;
    struct sw_verify_options options = {.key = NULL};
    struct sw_signer_memory memory;
    if (sw_verify_log(log, &options, &report) != SW_OK) {
        return fail(report.problem);
    }
    if (report.state != SW_VERIFY_WHOLE ||
        sw_signer_memory_path(folder, report.origin, &memory) != SW_OK) {
        (void)fprintf(stderr, "sharewatch keys: log %s is not whole and is not accepted: %s\n", log,
                      report.state == SW_VERIFY_BROKEN ? report.problem : "it has no seal");
        return SW_EXIT_NO;
    }
    return set_aside(&memory, log, &report);
}

int sw_command_keys(int argc, char **argv)
{
    const char *given = NULL;
    char folder[SW_KEY_PATH_BYTES];
    char sentence[SW_KEY_SENTENCE_BYTES];
    const struct sw_option options[] = {
        {"key-dir", "DIR", NULL, &given, "where they are (default: the state folder of the user)"},
    };
    const struct sw_command command = {
        .name = "keys",
        .arguments = "create|show|rotate|accept|forget [token|signing|LOG|HEAD]",
        .about = "make, show or replace the key of the tokens and the key that signs logs",
        .details =
            "Keys are files of mode 0600; only fingerprints are ever printed. To replace the\n"
            "token key breaks the link between tokens before and after, on purpose. To replace\n"
            "the signing key has the old one sign the new one. The signer remembers the last\n"
            "head of each log and refuses one that does not extend it; `accept LOG` is for a\n"
            "log that was put back from a copy on purpose. `show` lists these heads, and\n"
            "`forget HEAD` deletes one whose log is gone for good.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 2,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (sw_keys_folder(given, folder, sentence) != SW_OK) {
        return fail(sentence);
    }
    if (count == 1 && strcmp(argv[1], "create") == 0) {
        return create(folder);
    }
    if (count == 1 && strcmp(argv[1], "show") == 0) {
        int code = show(folder);
        sw_memories_show(folder);
        return code;
    }
    if (count == 2 && strcmp(argv[1], "forget") == 0) {
        return sw_memories_forget(folder, argv[2]);
    }
    if (count == 2 && strcmp(argv[1], "rotate") == 0 &&
        (strcmp(argv[2], "token") == 0 || strcmp(argv[2], "signing") == 0)) {
        return rotate(folder, argv[2]);
    }
    if (count == 2 && strcmp(argv[1], "accept") == 0) {
        return accept(folder, argv[2]);
    }
    return sw_command_usage_error(&command,
                                  "say create, show, rotate token, rotate signing, accept LOG or "
                                  "forget HEAD");
}
