/* sharewatch-monitor: finds the verb in the table and calls its command. People call `sharewatch`.
 */
#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>

#include "signer_wire.h"
#include "supervisor.h"
#include "verbs.h"

struct verb {
    const char *name;
    int (*command)(int argc, char **argv);
};

#define VERB_ROW(verb, arguments, about) {#verb, sw_command_##verb},
static const struct verb verbs[] = {SW_MONITOR_VERBS(VERB_ROW)};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "tether") == 0) { // no verb for people, see supervisor.h
        return sw_child_tether(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], SW_SIGNER_VERB) == 0) { // nor this, see signer.h
        return sw_signer_process(argc - 1, argv + 1);
    }
    for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            return verbs[i].command(argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "sharewatch-monitor: no such verb; call `sharewatch --help`\n");
    return SW_EXIT_USAGE;
}
