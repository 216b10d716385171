/* `sharewatch prune`: retention, legal hold, and the deletion of a single event. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/now.h>
#include <sharewatch/prune.h>
#include <sharewatch/time.h>

#include "signer.h"
#include "spool.h"
#include "verbs.h"

struct arguments {
    const char *now, *hold, *release, *redact, *reason, *key_dir, *spool;
    bool dry_run;
};

static struct sw_log log_file;
static struct sw_signer signer;

static int fail(const char *sentence)
{
    (void)fprintf(stderr, "sharewatch prune: %s\n", sentence);
    return SW_EXIT_ENVIRONMENT;
}

/* The ring behind the header keeps packets that were taken long ago. What was not taken stays. */
static bool wipe_spool(const char *path)
{
    static const char zeros[65536];
    struct stat status;
    struct sw_spool_header header;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT;
    }
    bool done = fstat(file, &status) == 0 &&
                read(file, &header, sizeof(header)) == (ssize_t)sizeof(header) &&
                memcmp(header.magic, "swspool1", sizeof(header.magic)) == 0 &&
                atomic_load(&header.head) == atomic_load(&header.tail) &&
                (uint64_t)status.st_size > header.ring_bytes;
    off_t at = done ? (off_t)((uint64_t)status.st_size - header.ring_bytes) : 0;
    while (done && at < status.st_size) {
        size_t count = (size_t)(status.st_size - at) < sizeof(zeros) ? (size_t)(status.st_size - at)
                                                                     : sizeof(zeros);
        done = pwrite(file, zeros, count, at) == (ssize_t)count;
        at += (off_t)count;
    }
    done = done && fsync(file) == 0;
    (void)close(file);
    return done;
}

static void tell(const struct sw_prune_counts *counts, bool dry)
{
    (void)printf("%s: payloads of %" PRIu64 " plate events after 60 days, of %" PRIu64
                 " events after 1 year, of %" PRIu64 " on request; %" PRIu64
                 " judgements lose the key of their chain\n",
                 dry ? "would go" : "gone", counts->plates, counts->events, counts->request,
                 counts->keys);
    if (counts->held > 0) {
        (void)printf("kept by a legal hold: %" PRIu64 " events that are over 60 days old\n",
                     counts->held);
    }
}

/* Does what was asked for in a transaction; says what kept it from that. */
static enum sw_status work(const struct arguments *arguments, int64_t event, int64_t now_ms,
                           struct sw_prune_counts *counts)
{
    const char *chain = arguments->hold != NULL ? arguments->hold : arguments->release;
    enum sw_status status = SW_OK;
    if (chain != NULL) {
        status = sw_hold(&log_file, chain, arguments->hold != NULL, arguments->reason, now_ms);
    } else if (event > 0) {
        status = sw_redact(&log_file, event, arguments->reason, now_ms, counts);
    } else {
        status = sw_prune(&log_file, now_ms, counts) ? SW_OK : SW_DATABASE;
    }
    if (status == SW_NOT_FOUND) {
        (void)fail(chain != NULL ? "there is no such chain in the log"
                                 : "there is no such event in the log, or its payload is gone");
    } else if (status == SW_INVALID) {
        (void)fail("the chain of this event is on hold; `--release` lets it go first");
    } else if (status != SW_OK) {
        (void)fail(log_file.sentence);
    }
    return status;
}

/* Has all signed and commits. False: it told why not. */
static bool seal(void)
{
    enum sw_status status = sw_signer_seal(&signer, &log_file);
    if (status == SW_OK || (status == SW_EMPTY && !sw_log_was_signed(&log_file))) {
        status = sw_log_commit(&log_file);
    }
    if (status != SW_OK) {
        (void)fail(status == SW_DATABASE ? log_file.sentence
                   : status == SW_EMPTY  ? "the log is signed, and nobody could sign it now"
                                         : signer.sentence);
    }
    return status == SW_OK;
}

static int finish(const struct arguments *arguments, const char *path,
                  const struct sw_prune_counts *counts)
{
    char spool[SW_LOG_PATH_BYTES + 8];
    bool chain = arguments->hold != NULL || arguments->release != NULL;
    if (!seal()) {
        return SW_EXIT_ENVIRONMENT;
    }
    if (chain) {
        (void)printf("%s\n",
                     arguments->hold != NULL ? "held: prune leaves the chain alone" : "released");
        return SW_EXIT_OK;
    }
    if (sw_prune_wipe(&log_file) != SW_OK) {
        return fail(log_file.sentence);
    }
    (void)snprintf(spool, sizeof(spool), "%s.spool", path);
    if (!wipe_spool(arguments->spool != NULL ? arguments->spool : spool)) {
        return fail("the spool still holds packets that are in no log, or cannot be written; start "
                    "the monitor once and stop it, then call prune again");
    }
    tell(counts, false);
    return SW_EXIT_OK;
}

static int run(const struct arguments *arguments, const char *path, int64_t event, int64_t now_ms)
{
    struct sw_prune_counts counts = {0};
    if (access(path, F_OK) != 0) {
        (void)fprintf(stderr, "sharewatch prune: there is no log at %s\n", path);
        return SW_EXIT_ENVIRONMENT;
    }
    enum sw_status started = sw_signer_start(&signer, arguments->key_dir);
    if (sw_log_open(&log_file, path) != SW_OK ||
        !sw_signer_open(&signer, started, &log_file, "prune", arguments->key_dir != NULL, now_ms)) {
        return fail(log_file.sentence);
    }
    if (!arguments->dry_run && !seal()) { // before anything is deleted from a log that is refused
        return SW_EXIT_ENVIRONMENT;
    }
    if (work(arguments, event, now_ms, &counts) != SW_OK) {
        return SW_EXIT_ENVIRONMENT;
    }
    if (arguments->dry_run) {
        tell(&counts, true); // the transaction is never committed
        return SW_EXIT_OK;
    }
    return finish(arguments, path, &counts);
}

int sw_command_prune(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct sw_option options[] = {
        {"dry-run", NULL, &arguments.dry_run, NULL, "say what would go, change nothing"},
        {"now", "TIME", NULL, &arguments.now, "count the periods from this time (default: now)"},
        {"redact", "EVENT", NULL, &arguments.redact, "delete this one event, by its row"},
        {"hold", "CHAIN", NULL, &arguments.hold, "put a chain on legal hold"},
        {"release", "CHAIN", NULL, &arguments.release, "let go of a chain on hold"},
        {"reason", "TEXT", NULL, &arguments.reason, "why; it stays in the log, so name nobody"},
        {"key-dir", "DIR", NULL, &arguments.key_dir, "folder of the key that signs the log"},
        {"spool", "FILE", NULL, &arguments.spool, "the monitor's spool (default: LOG.spool)"},
    };
    const struct sw_command command = {
        .name = "prune",
        .arguments = "LOG",
        .about = "delete what was kept long enough, and keep the proofs",
        .details =
            "Payloads of plate events that are no finding go after 60 days, those of other events\n"
            "after 1 year, keys of chains with findings after 5 years, all from when they were\n"
            "logged. Entries and proofs stay, `verify` passes and says what went and why. The\n"
            "monitor must not be writing the log.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    int64_t now_ms = sw_now_ms();
    int64_t event = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (arguments.now != NULL && sw_time_parse(sw_text_from(arguments.now), &now_ms) != SW_OK) {
        return sw_command_usage_error(&command, "--now wants a time such as 2026-11-24");
    }
    if (arguments.redact != NULL &&
        sw_command_number(arguments.redact, 1, INT64_MAX, &event) != SW_OK) {
        return sw_command_usage_error(&command, "--redact wants the row of an event");
    }
    int single = (arguments.hold != NULL) + (arguments.release != NULL) + (event > 0);
    if (single > 1 || (single == 1 && (arguments.reason == NULL || arguments.dry_run))) {
        return sw_command_usage_error(&command,
                                      "say one of --redact, --hold and --release, with a --reason");
    }
    int code = run(&arguments, argv[1], event, now_ms);
    sw_signer_stop(&signer);
    sw_log_close(&log_file);
    return code;
}
