/* `sharewatch report`: the counts that laws and directives ask for, from a log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/data.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/time.h>

#include "report.h"
#include "verbs.h"

static struct sw_account account;

struct arguments {
    const char *kind;
    const char *from;
    const char *to;
    const char *format;
    const char *output;
    bool public;
    enum sw_account_kind which;
    enum sw_page_form form;
    int64_t from_ms, to_ms;
};

/* Writes to a file beside the one that is asked for, so that no half report is ever found there. */
static int write_file(const struct arguments *arguments)
{
    char path[SW_PATH_BYTES];
    int length = snprintf(path, sizeof(path), "%s.new", arguments->output);
    FILE *stream = length < (int)sizeof(path) ? fopen(path, "w") : NULL;
    if (stream == NULL) {
        (void)fprintf(stderr, "sharewatch report: %s cannot be written: %s\n", arguments->output,
                      length < (int)sizeof(path) ? strerror(errno) : "the path is too long");
        return SW_EXIT_ENVIRONMENT;
    }
    enum sw_status status = sw_account_write(&account, arguments->which, stream, arguments->form);
    bool written = ferror(stream) == 0;
    written = fclose(stream) == 0 && written;
    if (status == SW_OK && written && rename(path, arguments->output) == 0) {
        return SW_EXIT_OK;
    }
    (void)fprintf(stderr, "sharewatch report: %s\n",
                  status != SW_OK ? account.reader.sentence : strerror(errno));
    (void)unlink(path);
    return SW_EXIT_ENVIRONMENT;
}

static int write_out(const struct arguments *arguments)
{
    enum sw_status status = sw_account_write(&account, arguments->which, stdout, arguments->form);
    if (status != SW_OK) {
        (void)fprintf(stderr, "sharewatch report: %s\n", account.reader.sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    return fflush(stdout) == 0 ? SW_EXIT_OK : SW_EXIT_ENVIRONMENT;
}

static int run(const struct arguments *arguments, const char *log)
{
    if (sw_account_open(&account, log) != SW_OK) {
        (void)fprintf(stderr, "sharewatch report: %s\n", account.reader.sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    account.from_ms = arguments->from != NULL ? arguments->from_ms : account.from_ms;
    account.to_ms = arguments->to != NULL ? arguments->to_ms : account.to_ms;
    account.public = arguments->public;
    if (account.public) {
        sw_account_round(&account);
    }
    int code = arguments->output != NULL ? write_file(arguments) : write_out(arguments);
    sw_account_close(&account);
    return code;
}

/* --- the command line --- */

/* Writes the names of all reports into @text, and what was meant by @word. */
static const char *meant(const char *word, char text[256])
{
    struct sw_suggestion suggestion;
    struct sw_buffer buffer;
    char hint[64];
    sw_suggestion_init(&suggestion, sw_text_from(word));
    sw_buffer_init(&buffer, text, 256);
    sw_buffer_append_string(&buffer, "there are:");
    for (int kind = 0; kind < SW_ACCOUNT_KIND_COUNT; kind++) {
        const char *name = sw_account_word((enum sw_account_kind)kind);
        sw_suggestion_offer(&suggestion, sw_text_from(name));
        sw_buffer_append_format(&buffer, " %s", name);
    }
    const char *found = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    sw_buffer_append_format(&buffer, "%s%s", found != NULL ? "; " : "", found != NULL ? found : "");
    return text;
}

static bool find_form(const char *word, enum sw_page_form *form)
{
    static const char *const words[] = {"md", "csv", "html"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(words[i], word) == 0) {
            *form = (enum sw_page_form)i;
            return true;
        }
    }
    return false;
}

static bool read_time(const char *text, int64_t *time_ms)
{
    return text == NULL || sw_time_parse(sw_text_from(text), time_ms) == SW_OK;
}

static int check(const struct sw_command *command, struct arguments *arguments)
{
    char names[256];
    arguments->which = sw_account_find(arguments->kind);
    if (arguments->which == SW_ACCOUNT_KIND_COUNT) {
        return sw_command_usage_error(command, "there is no report '%s'; %s", arguments->kind,
                                      meant(arguments->kind, names));
    }
    if (!find_form(arguments->format, &arguments->form)) {
        return sw_command_usage_error(command, "--format is md, csv or html, not '%s'",
                                      arguments->format);
    }
    if (!read_time(arguments->from, &arguments->from_ms) ||
        !read_time(arguments->to, &arguments->to_ms)) {
        return sw_command_usage_error(
            command, "--from and --to want a time such as 2026-11-24T10:15:00Z or 2026-11-24");
    }
    if (arguments->from != NULL && arguments->to != NULL &&
        arguments->from_ms >= arguments->to_ms) {
        return sw_command_usage_error(command, "--from is not before --to");
    }
    return SW_EXIT_OK;
}

int sw_command_report(int argc, char **argv)
{
    struct arguments arguments = {.kind = "transparency", .format = "md"};
    const struct sw_option options[] = {
        {"kind", "REPORT", NULL, &arguments.kind,
         "which report, see above (default: transparency)"},
        {"from", "TIME", NULL, &arguments.from, "count events from this time on (default: all)"},
        {"to", "TIME", NULL, &arguments.to, "count events before this time"},
        {"format", "FORM", NULL, &arguments.format, "md, csv or html (default: md)"},
        {"public", NULL, &arguments.public, NULL,
         "withhold small numbers and single rows, for a copy to publish"},
        {"output", "FILE", NULL, &arguments.output, "write to this file; short: -o FILE"},
    };
    const struct sw_command command = {
        .name = "report",
        .arguments = "LOG",
        .about = "the counts that laws and directives ask for, with what cannot be assessed",
        .details =
            "  sb54-c1       joint task forces and their arrests    Gov. Code 7284.6(c)(1)\n"
            "  sb54-c2       transfers to immigration agents        Gov. Code 7284.6(c)(2)\n"
            "  ordinance     what city rules found                  LA Ordinance 188441\n"
            "  directive     federal activity, month by month       Executive Directives 12, 17\n"
            "  alpr-access   each plate search, in four elements    Civ. Code 1798.90.52(b)\n"
            "  transparency  searches, crossings, and their wholes\n"
            "Each number says what it counts and which law asks for it. Numbers are as known\n"
            "today: with corrections, by the newest judgement.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    for (int i = 1; i < argc; i++) { // the one short form that everybody types
        static char output[] = "--output";
        argv[i] = strcmp(argv[i], "-o") == 0 ? output : argv[i];
    }
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    int code = check(&command, &arguments);
    return code != SW_EXIT_OK ? code : run(&arguments, argv[1]);
}
