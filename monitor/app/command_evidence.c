/* `sharewatch evidence`: one alert as a file that can be read without sharewatch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/command.h>
#include <sharewatch/data.h>
#include <sharewatch/log.h>
#include <sharewatch/now.h>
#include <sharewatch/proof.h>

#include "exhibit.h"
#include "verbs.h"

#define FILE_BYTES (UINT32_C(32) << 20) // 64 payloads of 64 kB, with room for escapes

struct arguments {
    const char *html;
    const char *json;
    const char *redact;
};

static int complain(const char *path, const char *why)
{
    (void)fprintf(stderr, "sharewatch evidence: %s cannot be written: %s\n", path, why);
    return SW_EXIT_ENVIRONMENT;
}

/* Writes beside the file that is asked for, so that no half file is ever found there. */
static int save(const char *path, struct sw_text text)
{
    char beside[SW_PATH_BYTES];
    if (strcmp(path, "-") == 0) {
        bool written = fwrite(text.bytes, 1, text.length, stdout) == text.length;
        return written && fflush(stdout) == 0 ? SW_EXIT_OK
                                              : complain("standard output", strerror(errno));
    }
    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside)) {
        return complain(path, "the path is too long");
    }
    FILE *stream = fopen(beside, "w");
    if (stream == NULL) {
        return complain(path, strerror(errno));
    }
    bool written = fwrite(text.bytes, 1, text.length, stream) == text.length;
    written = fclose(stream) == 0 && written;
    if (!written || rename(beside, path) != 0) {
        int code = complain(path, strerror(errno));
        (void)unlink(beside);
        return code;
    }
    return SW_EXIT_OK;
}

static int write_form(struct sw_log_reader *reader, const struct sw_exhibit *exhibit,
                      const char *path, char *bytes)
{
    struct sw_buffer out;
    sw_buffer_init(&out, bytes, FILE_BYTES);
    if (sw_exhibit_write(exhibit, &out) != SW_OK) {
        (void)fprintf(stderr, "sharewatch evidence: the log cannot be read: %s\n",
                      sqlite3_errmsg(reader->database));
        return SW_EXIT_ENVIRONMENT;
    }
    if (out.overflowed) {
        return complain(path, "it would be larger than 32 MB; try --redact public");
    }
    return save(path, sw_buffer_text(&out));
}

static int write_both(struct sw_log_reader *reader, struct sw_exhibit *exhibit,
                      const struct arguments *arguments)
{
    char *bytes = malloc(FILE_BYTES);
    int code = SW_EXIT_OK;
    if (bytes == NULL) {
        (void)fprintf(stderr, "sharewatch evidence: not enough memory\n");
        return SW_EXIT_ENVIRONMENT;
    }
    if (arguments->html != NULL) {
        code = write_form(reader, exhibit, arguments->html, bytes);
    }
    if (code == SW_EXIT_OK && arguments->json != NULL) {
        exhibit->form = SW_EXHIBIT_JSON;
        code = write_form(reader, exhibit, arguments->json, bytes);
    }
    free(bytes);
    return code;
}

/* What to try instead: alerts are numbered from 1 without a hole. */
static int no_such_alert(int64_t alert, int64_t newest)
{
    if (newest == 0) {
        (void)fprintf(stderr, "sharewatch evidence: the log has no alerts\n");
    } else {
        (void)fprintf(stderr,
                      "sharewatch evidence: there is no alert %lld; the log has 1 to %lld; did you "
                      "mean %lld?\n  `sharewatch watch --log FILE --once` lists them\n",
                      (long long)alert, (long long)newest, (long long)(alert < 1 ? 1 : newest));
    }
    return SW_EXIT_NO;
}

/* The proof of @alert, to be freed; NULL when there is none, for example because nothing is signed
 * yet: the file says so. */
static char *prove(const char *log, int64_t alert)
{
    char sentence[SW_VERIFY_SENTENCE_BYTES];
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);
    if (stream == NULL) {
        return NULL;
    }
    enum sw_status status = sw_proof_write(log, alert, false, stream, sentence);
    bool written = fclose(stream) == 0;
    if (status != SW_OK || !written) {
        free(text);
        (void)fprintf(stderr, "sharewatch evidence: without a proof: %s\n",
                      status != SW_OK ? sentence : strerror(errno));
        return NULL;
    }
    return text;
}

static int run(const struct arguments *arguments, const char *log, int64_t alert)
{
    struct sw_log_reader reader;
    int64_t newest_event = 0;
    int64_t newest = 0;
    if (sw_log_reader_open(&reader, log) != SW_OK) {
        (void)fprintf(stderr, "sharewatch evidence: %s\n", reader.sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    struct sw_exhibit exhibit = {
        .database = reader.database,
        .alert = alert,
        .full = arguments->redact == NULL,
        .form = SW_EXHIBIT_HTML,
        .now_ms = sw_now_ms(),
    };
    int code = SW_EXIT_ENVIRONMENT;
    if (sqlite3_exec(reader.database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        sw_log_newest(&reader, &newest_event, &newest) != SW_OK) {
        (void)fprintf(stderr, "sharewatch evidence: the log cannot be read: %s\n",
                      sqlite3_errmsg(reader.database));
    } else if (alert < 1 || alert > newest) {
        code = no_such_alert(alert, newest);
    } else {
        char *proof = exhibit.full ? prove(log, alert) : NULL;
        exhibit.proof = proof;
        code = write_both(&reader, &exhibit, arguments);
        free(proof);
    }
    sw_log_reader_close(&reader);
    return code;
}

int sw_command_evidence(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct sw_option options[] = {
        {"html", "FILE", NULL, &arguments.html, "write HTML to this file (default: to the screen)"},
        {"json", "FILE", NULL, &arguments.json, "write JSON to this file, - for the screen"},
        {"redact", "public", NULL, &arguments.redact,
         "leave out what links records of one person, times of day, small numbers"},
    };
    const struct sw_command command = {
        .name = "evidence",
        .arguments = "LOG ALERT",
        .about = "one alert as a file: what happened, the law, each hop, and the digests",
        .details =
            "The HTML stands by itself: no script, no address, fit for printing. It has the law\n"
            "in our words with its citation, the digests of rule, policy, map and entries, rows "
            "of\n"
            "imported files, and a list of what was left out.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 2,
        .arguments_max = 2,
    };
    uint32_t count = 0;
    int64_t alert = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (sw_command_number(argv[2], INT64_MIN, INT64_MAX, &alert) != SW_OK) {
        return sw_command_usage_error(&command, "ALERT is the number of an alert, not '%s'",
                                      argv[2]);
    }
    if (arguments.redact != NULL && strcmp(arguments.redact, "public") != 0) {
        return sw_command_usage_error(&command, "--redact is public, not '%s'", arguments.redact);
    }
    if (arguments.html == NULL && arguments.json == NULL) {
        arguments.html = "-";
    }
    return run(&arguments, argv[1], alert);
}
