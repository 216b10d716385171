/*
 * `sharewatch check`: finds the mistakes in files that people write, before anything runs.
 *
 * What a file is shows in its top-level keys, not in its name. Folders are searched for *.yaml and
 * *.yml. All files are read and all mistakes shown in one run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sharewatch/command.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/yaml.h>

#include "verbs.h"

#define PATH_BYTES_MAX 4096
#define DEPTH_MAX      16 // folders, one in another

struct check {
    struct sw_report report;
    uint32_t file_count;
    bool unreadable; // a file or folder could not be read
};

static void check_file(struct check *check, const char *path)
{
    struct sw_yaml yaml = {0};
    enum sw_status status = sw_yaml_open(&yaml, path, &check->report);
    check->file_count++;
    check->unreadable = check->unreadable || status == SW_IO;
    sw_yaml_free(&yaml);
}

static bool is_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');
    return name[0] != '.' && dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void check_path(struct check *check, const char *path, bool named, uint32_t depth);

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void check_folder(struct check *check, const char *path, uint32_t depth)
{
    struct dirent **entries = NULL;
    int count = depth < DEPTH_MAX ? scandir(path, &entries, visible, alphasort) : 0;
    if (count < 0) {
        sw_report_error(&check->report, (struct sw_place){.file = path}, NULL,
                        "cannot read the folder: %s", strerror(errno));
        check->unreadable = true;
        return;
    }
    for (int i = 0; i < count; i++) {
        char child[PATH_BYTES_MAX];
        int length = snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
        if (length > 0 && (size_t)length < sizeof(child)) {
            check_path(check, child, false, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
}

/* @named: the user gave this path, so that it is a file to check whatever it is called. */
static void check_path(struct check *check, const char *path, bool named, uint32_t depth)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        sw_report_error(&check->report, (struct sw_place){.file = path}, NULL, "cannot read it: %s",
                        strerror(errno));
        check->unreadable = true;
    } else if (S_ISDIR(info.st_mode)) {
        check_folder(check, path, depth);
    } else if (named || is_yaml(path)) {
        check_file(check, path);
    }
}

int sw_command_check(int argc, char **argv)
{
    bool json = false;
    const struct sw_option options[] = {
        {.name = "json", .flag = &json, .about = "print one JSON array instead of lines"},
    };
    const struct sw_command command = {
        .name = "check",
        .arguments = "FILE|DIR…",
        .about = "Find the mistakes in maps, policy packs and scenarios",
        .details = "Each mistake is told as FILE:LINE:COLUMN with a hint. Exit 0: no errors; 1: "
                   "errors; 3: a file\ncannot be read.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = UINT32_MAX,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    struct check check = {0};
    for (uint32_t i = 1; i <= count; i++) {
        check_path(&check, argv[i], true, 0);
    }
    if (json) {
        sw_report_print_json(&check.report, stdout);
    } else {
        sw_report_print(&check.report, stdout);
        (void)printf("%u file%s checked: %u error%s, %u warning%s\n", check.file_count,
                     check.file_count == 1 ? "" : "s", check.report.error_total,
                     check.report.error_total == 1 ? "" : "s", check.report.warning_total,
                     check.report.warning_total == 1 ? "" : "s");
    }
    int code = check.unreadable                ? SW_EXIT_ENVIRONMENT
               : check.report.error_total != 0 ? SW_EXIT_NO
                                               : SW_EXIT_OK;
    sw_report_free(&check.report);
    return code;
}
