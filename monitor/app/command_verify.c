/* `sharewatch verify`: is a log whole, and who says so? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/proof.h>
#include <sharewatch/time.h>
#include <sharewatch/verify.h>

#include "verbs.h"

static void tell_redactions(const struct sw_verify_report *report)
{
    if (report->redactions > 0) {
        (void)printf("deleted on purpose, as %" PRIu64 " redaction%s in the log tell%s: %" PRIu64
                     " payloads, %" PRIu64 " chain keys; their entries and proofs stand\n",
                     report->redactions, report->redactions == 1 ? "" : "s",
                     report->redactions == 1 ? "s" : "", report->payloads_gone, report->keys_gone);
    }
}

/* Who vouches for the root, and against whom. */
static void tell_signatures(const struct sw_verify_report *report)
{
    if (report->checkpoints == 0) {
        (void)printf("signed by nobody: who can write the file can write another history\n");
        return;
    }
    (void)printf("signed: %" PRIu64 " of %" PRIu64 " entries, by %s%s\n", report->signed_entries,
                 report->entries, report->signer,
                 report->signer_trusted ? ", as given"
                                        : "; the log names this key itself, --key says whom you "
                                          "trust");
    if (report->unsigned_entries > 0) {
        char since[SW_TIME_BYTES];
        sw_time_format(report->signed_ms, since);
        (void)printf("not signed since %s: the newest %" PRIu64 " entries; %s\n", since,
                     report->unsigned_entries,
                     report->unsigned_deletion
                         ? "a deletion or a legal hold was broken off before it was signed; the "
                           "next `sharewatch prune`, or the next monitor, signs it"
                         : "the run goes on, was killed, or its signer was away or refused");
    }
    if (report->witness_agree == 0) {
        (void)printf("witnessed by nobody: who holds the signing key can still write another "
                     "history or roll this one back; keep its heads on another machine\n");
    } else {
        (void)printf("witnessed by %" PRIu32 " of %" PRIu32 ": the first %" PRIu64
                     " entries cannot have been written anew since\n",
                     report->witness_agree, report->witness_count, report->witnessed_entries);
    }
}

static void tell_whole(const char *log, const struct sw_verify_report *report)
{
    char root[65];
    sw_text_hex(report->root, sizeof(report->root), root);
    (void)printf("%s: whole\n", log);
    (void)printf("%" PRIu64 " entries for %" PRIu64 " rows (%" PRIu64 " events, %" PRIu64
                 " judgements, %" PRIu64 " alerts) computed again in %.2f s, %.0f rows a second\n",
                 report->entries, report->rows, report->events, report->judgements, report->alerts,
                 report->seconds,
                 report->seconds > 0 ? (double)report->rows / report->seconds : 0.0);
    (void)printf("log %s, root %s\n", report->origin, root);
    tell_redactions(report);
    tell_signatures(report);
}

static int tell(const char *log, const struct sw_verify_report *report)
{
    switch (report->state) {
    case SW_VERIFY_WHOLE:
        tell_whole(log, report);
        return SW_EXIT_OK;
    case SW_VERIFY_BROKEN:
        (void)printf("%s: NOT whole\nfirst bad place: %s\n", log, report->problem);
        return SW_EXIT_NO;
    case SW_VERIFY_UNSEALED:
        (void)printf(
            "%s: not sealed; nothing can be proven of it. Logs that this sharewatch writes "
            "are sealed as they are written; `sharewatch replay %s --to NEW` makes one of its "
            "events, sealed from today on\n",
            log, log);
        return SW_EXIT_NO;
    }
    return SW_EXIT_NO;
}

static int tell_json(const struct sw_verify_report *report)
{
    static const char *const states[] = {"whole", "broken", "not sealed"};
    char bytes[2 * SW_VERIFY_SENTENCE_BYTES];
    char root[65];
    struct sw_buffer buffer;
    sw_text_hex(report->root, sizeof(report->root), root);
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_buffer_append_json(&buffer, sw_text_from(report->problem));
    (void)printf(
        "{\"state\":\"%s\",\"problem\":%s,\"bad_entry\":%" PRId64
        ",\"origin\":\"%s\",\"entries\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"events\":%" PRIu64
        ",\"judgements\":%" PRIu64 ",\"alerts\":%" PRIu64 ",\"root\":\"%s\",\"redactions\":%" PRIu64
        ",\"payloads_gone\":%" PRIu64 ",\"keys_gone\":%" PRIu64 ",\"checkpoints\":%" PRIu64
        ",\"signed_entries\":%" PRIu64 ",\"signed_ms\":%" PRId64 ",\"unsigned_entries\":%" PRIu64
        ",\"unsigned_deletion\":%s,\"signer\":\"%s\",\"signer_trusted\":%s,\"witnesses\":%" PRIu32
        ",\"witnesses_agree\":%" PRIu32 ",\"witnessed_entries\":%" PRIu64 ",\"seconds\":%.3f}\n",
        states[report->state], buffer.overflowed ? "\"\"" : bytes, report->bad_entry,
        report->origin, report->entries, report->rows, report->events, report->judgements,
        report->alerts, root, report->redactions, report->payloads_gone, report->keys_gone,
        report->checkpoints, report->signed_entries, report->signed_ms, report->unsigned_entries,
        report->unsigned_deletion ? "true" : "false", report->signer,
        report->signer_trusted ? "true" : "false", report->witness_count, report->witness_agree,
        report->witnessed_entries, report->seconds);
    return report->state == SW_VERIFY_WHOLE ? SW_EXIT_OK : SW_EXIT_NO;
}

static int check_proof(const char *path, const char *key)
{
    char sentence[SW_VERIFY_SENTENCE_BYTES];
    struct sw_proof_report report;
    enum sw_status status = sw_proof_check(path, key, stdout, &report, sentence);
    if (status == SW_IO) {
        (void)fprintf(stderr, "sharewatch verify: %s: %s\n", path, sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    if (status != SW_OK) {
        (void)printf("%s: the proof does NOT hold: %s\n", path, sentence);
        return SW_EXIT_NO;
    }
    (void)printf(
        "%s: the proof holds. These rows are entry %" PRIu64 " of log %s, as its head over "
        "%" PRIu64 " entries says, signed by %s%s\n",
        path, report.index, report.origin, report.size, report.signer,
        report.signer_trusted ? ", as given"
                              : "; the proof names this key itself, --key says whom you trust");
    return SW_EXIT_OK;
}

int sw_command_verify(int argc, char **argv)
{
    static struct sw_verify_report report;
    bool json = false;
    const char *key = NULL;
    const char *proof = NULL;
    const char *witness = NULL;
    const char *threads = NULL;
    const struct sw_option options[] = {
        {"proof", "FILE", NULL, &proof, "check one alert's proof, without the log"},
        {"key", "KEY|FILE", NULL, &key, "public key that must have signed the log"},
        {"witness", "FILE[,FILE…]", NULL, &witness, "heads that were kept elsewhere"},
        {"threads", "N", NULL, &threads, "check on so many threads (default: one for each core)"},
        {"json", NULL, &json, NULL, "print the result as JSON"},
    };
    const struct sw_command command = {
        .name = "verify",
        .arguments = "LOG | --proof FILE",
        .about = "is a log whole: nothing changed, deleted, put in or moved?",
        .details =
            "Computes everything again: rows against the entries that were sealed with them,\n"
            "entries against the tree, counters against the rows that they follow from. Exit\n"
            "0: whole; 1: it is not, and the first bad place is named, or it has no seal.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 0,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if ((count == 1) == (proof != NULL)) {
        return sw_command_usage_error(&command, "say LOG, or --proof FILE");
    }
    if (proof != NULL) {
        return check_proof(proof, key);
    }
    static char paths[SW_LOG_PATH_BYTES];
    const char *witnesses[SW_VERIFY_WITNESSES_MAX];
    struct sw_verify_options verify = {.key = key, .witnesses = witnesses};
    int64_t thread_count = 0;
    if (threads != NULL &&
        sw_command_number(threads, 1, SW_VERIFY_THREADS_MAX, &thread_count) != SW_OK) {
        return sw_command_usage_error(&command, "--threads is a number from 1 to 16");
    }
    verify.threads = (uint32_t)thread_count;
    if (witness != NULL) {
        (void)snprintf(paths, sizeof(paths), "%s", witness);
        for (char *at = strtok(paths, ","); at != NULL; at = strtok(NULL, ",")) {
            if (verify.witness_count == SW_VERIFY_WITNESSES_MAX) {
                return sw_command_usage_error(&command, "--witness takes at most 32 files");
            }
            witnesses[verify.witness_count++] = at;
        }
    }
    if (sw_verify_log(argv[1], &verify, &report) != SW_OK) {
        (void)fprintf(stderr, "sharewatch verify: %s\n", report.problem);
        return SW_EXIT_ENVIRONMENT;
    }
    return json ? tell_json(&report) : tell(argv[1], &report);
}
