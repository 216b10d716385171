/*
 * sharewatch: the one name that people type. It finds the program that has the verb and becomes it.
 *
 * The programs stand beside this one, so that a build folder and an installed system work alike and
 * $PATH cannot put a stranger's program in between.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/text.h>

#include "verbs.h"

#define HINT_BYTES 64

struct verb {
    const char *name;
    const char *program;
    const char *arguments;
    const char *about;
};

#define MONITOR_ROW(verb, arguments, about)        {#verb, "sharewatch-monitor", arguments, about},
#define OTHER_ROW(verb, program, arguments, about) {#verb, program, arguments, about},
static const struct verb verbs[] = {SW_MONITOR_VERBS(MONITOR_ROW) SW_OTHER_VERBS(OTHER_ROW)};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(FILE *stream)
{
    (void)fprintf(stream,
                  "sharewatch: did local police data cross into a federal immigration system, and\n"
                  "did any rule in force forbid that?\n"
                  "\n"
                  "Usage: sharewatch VERB [ARGUMENTS] [OPTIONS]\n"
                  "\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        (void)fprintf(stream, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    }
    (void)fprintf(stream, "\n"
                          "`sharewatch VERB --help` tells about one verb, `sharewatch --version` "
                          "which build this is.\n"
                          "Exit: 0 done, 1 the answer is no, 2 usage, 3 broker, log or file, 130 "
                          "interrupted.\n");
}

static int refuse(const char *given)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, sw_text_from(given));
    for (size_t i = 0; i < VERB_COUNT; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(verbs[i].name));
    }
    char hint[HINT_BYTES];
    const char *found = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    (void)fprintf(stderr, "sharewatch: there is no verb '%s'%s%s\n  see: sharewatch --help\n",
                  given, found != NULL ? "; " : "", found != NULL ? found : "");
    return SW_EXIT_USAGE;
}

/* Becomes @verb's program; returns only when that fails. */
static int become(const struct verb *verb, char **argv)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length < 0) {
        (void)fprintf(stderr, "sharewatch: /proc/self/exe: %s\n", strerror(errno));
        return SW_EXIT_ENVIRONMENT;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = slash == NULL ? 0 : sizeof(path) - (size_t)(slash + 1 - path);
    if (room <= strlen(verb->program)) {
        (void)fprintf(stderr, "sharewatch: the path of this program is too long\n");
        return SW_EXIT_ENVIRONMENT;
    }
    (void)snprintf(slash + 1, room, "%s", verb->program);
    (void)execv(path, argv);
    (void)fprintf(stderr,
                  "sharewatch: `%s` needs %s: %s\n  build it: cmake --build build/release\n",
                  verb->name, path, strerror(errno));
    return SW_EXIT_ENVIRONMENT;
}

static const struct verb *find(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

/* `help VERB` is `VERB --help`. */
static int help(int argc, char **argv)
{
    if (argc < 3) {
        print_help(stdout);
        return SW_EXIT_OK;
    }
    const struct verb *verb = find(argv[2]);
    char option[] = "--help";
    char *arguments[] = {argv[0], argv[2], option, NULL};
    return verb != NULL ? become(verb, arguments) : refuse(argv[2]);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return SW_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        return help(argc, argv);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("sharewatch %s\n", SW_VERSION);
        return SW_EXIT_OK;
    }
    const struct verb *verb = find(argv[1]);
    return verb != NULL ? become(verb, argv) : refuse(argv[1]);
}
