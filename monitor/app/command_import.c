/* `sharewatch import flock`: audit files of plate searches as events of a log, and a report. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <sharewatch/command.h>
#include <sharewatch/keys.h>

#include "import.h"
#include "import_log.h"
#include "knowledge.h"
#include "verbs.h"

static struct sw_import import;
static struct sw_import_log into;
static struct sw_knowledge knowledge;
static struct sw_token_key token_key;

struct arguments {
    const char *agency;
    const char *log;
    const char *map;
    const char *policy;
    const char *key_dir;
    bool json;
    bool strict;
};

/* AGENCY=FILE names the agency of one file; a path with a slash before the sign is a path. */
static const char *split(const char *argument, struct sw_text *agency)
{
    const char *sign = strchr(argument, '=');
    const char *slash = strchr(argument, '/');
    if (sign == NULL || sign == argument || (slash != NULL && slash < sign)) {
        return argument;
    }
    *agency = (struct sw_text){argument, (uint32_t)(sign - argument)};
    return sign + 1;
}

static uint64_t sum_bytes(char **files, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct sw_text agency;
        struct stat info;
        if (stat(split(files[i], &agency), &info) == 0 && info.st_size > 0) {
            bytes += (uint64_t)info.st_size;
        }
    }
    return bytes;
}

static enum sw_status import_all(const struct arguments *arguments, char **files, uint32_t count)
{
    enum sw_status status = SW_OK;
    for (uint32_t i = 0; status == SW_OK && i < count; i++) {
        struct sw_text agency = sw_text_from(arguments->agency);
        const char *path = split(files[i], &agency);
        status = sw_import_file(&import, path, agency);
    }
    return status;
}

static int tell(const struct arguments *arguments)
{
    bool passed_over = false;
    if (arguments->json) {
        sw_import_print_json(&import, stdout);
    } else {
        sw_import_print(&import, stdout);
        if (arguments->log != NULL) {
            (void)printf("\n%s: %llu new events, %llu alerts\n", arguments->log,
                         (unsigned long long)into.events, (unsigned long long)into.alerts);
        }
    }
    for (uint32_t i = 0; i < import.file_count; i++) {
        enum sw_import_skip skipped = import.files[i].skipped;
        if (skipped != SW_IMPORT_READ && skipped != SW_IMPORT_SEEN) {
            (void)fprintf(stderr, "sharewatch import: %s: %s\n", import.files[i].name,
                          sw_import_skip_text(skipped));
            passed_over = true;
        }
    }
    bool strict = arguments->strict && import.counts.quarantined > 0;
    return passed_over ? SW_EXIT_ENVIRONMENT : strict ? SW_EXIT_NO : SW_EXIT_OK;
}

/* A key that was asked for and cannot be had is no reason to go on without. */
static bool load_key(const struct arguments *arguments)
{
    char sentence[SW_KEY_SENTENCE_BYTES];
    if (arguments->key_dir == NULL ||
        sw_token_key_load(arguments->key_dir, &token_key, sentence) == SW_OK) {
        return true;
    }
    (void)fprintf(stderr, "sharewatch import: %s\n", sentence);
    return false;
}

static int run(const struct arguments *arguments, char **files, uint32_t count)
{
    if (!load_key(arguments)) {
        return SW_EXIT_ENVIRONMENT;
    }
    if (!sw_knowledge_load(&knowledge, "import", arguments->map, arguments->policy)) {
        return SW_EXIT_ENVIRONMENT;
    }
    bool logged = arguments->log != NULL;
    enum sw_status status = logged ? sw_import_log_open(&into, arguments->log, &knowledge) : SW_OK;
    if (status == SW_OK) {
        status = sw_import_open(&import, &knowledge.map, logged ? &into.sink : NULL,
                                sum_bytes(files, count));
    }
    if (status == SW_OK) {
        import.tokens = arguments->key_dir != NULL ? &token_key : NULL;
        status = import_all(arguments, files, count);
        sw_import_close(&import);
    }
    if (logged && into.log.database != NULL && sw_import_log_close(&into) != SW_OK) {
        status = SW_DATABASE;
    }
    sw_knowledge_close(&knowledge);
    if (status != SW_OK) {
        sw_keys_forget(&token_key, sizeof(token_key));
        (void)fprintf(stderr, "sharewatch import: %s\n",
                      into.log.sentence[0] != '\0' ? into.log.sentence : sw_status_text(status));
        return SW_EXIT_ENVIRONMENT;
    }
    int code = tell(arguments); // names the key by its fingerprint
    sw_keys_forget(&token_key, sizeof(token_key));
    return code;
}

int sw_command_import(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct sw_option options[] = {
        {.name = "log",
         .value = "FILE",
         .text = &arguments.log,
         .about = "add the events to this log, made when it is not there"},
        {.name = "agency",
         .value = "NAME",
         .text = &arguments.agency,
         .about = "whose files these are: LAPD, or \"Oakland CA PD\""},
        {.name = "map",
         .value = "FILE",
         .text = &arguments.map,
         .about = "sharing map (default: Los Angeles)"},
        {.name = "policy",
         .value = "PACK[,PACK…]|DIR",
         .text = &arguments.policy,
         .about = "packs of rules (default: " SW_POLICY_DEFAULT ")"},
        {.name = "key-dir",
         .value = "DIR",
         .text = &arguments.key_dir,
         .about = "make tokens of plates and case numbers by the key in this folder"},
        {.name = "json", .flag = &arguments.json, .about = "print the report as JSON"},
        {.name = "strict", .flag = &arguments.strict, .about = "exit 1 when a row was quarantined"},
    };
    const struct sw_command command = {
        .name = "import",
        .arguments = "flock [AGENCY=]FILE.csv…",
        .about = "read audit files of plate searches, report on them, and log their searches",
        .details =
            "Reads portal search audits, organization and network audits and event logs as text,\n"
            "cells parted by commas, semicolons or tabs, in UTF-8 or UTF-16, in any of their\n"
            "layouts; a spreadsheet or PDF is passed over (exit 3) and the other files are read.\n"
            "Each search counts once, in however many files it stands; give files that belong\n"
            "together in one call. Without --log only the report is made. "
            "Plates,\n"
            "names of officers and case numbers are not kept; reasons are scrubbed. A row that\n"
            "cannot be read is quarantined with a reason, and the rest goes on.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 2,
        .arguments_max = 1 + SW_IMPORT_FILES_MAX,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (strcmp(argv[1], "flock") != 0) {
        return sw_command_usage_error(&command, "there is no importer '%s'; there is: flock",
                                      argv[1]);
    }
    return run(&arguments, argv + 2, count - 1);
}
