/* `sharewatch switches`: the smallest sets of edges that would have cut every path taken. */
#include <stdio.h>

#include <sharewatch/command.h>

#include "switches_log.h"
#include "verbs.h"

static struct sw_switches switches;

int sw_command_switches(int argc, char **argv)
{
    bool json = false;
    const struct sw_option options[] = {
        {"json", NULL, &json, NULL, "print the answer as JSON"},
    };
    const struct sw_command command = {
        .name = "switches",
        .arguments = "LOG",
        .about = "which switched-off edges would have kept every record from immigration agencies",
        .details =
            "For the chains that got to level 2 (matched) or further: what each edge alone would\n"
            "have cut, who could turn it off, and the smallest sets of edges that cut every path\n"
            "taken. `sharewatch diff LOG --without-edge EDGE` shows one of them chain by chain.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (sw_switches_open(&switches, argv[1]) != SW_OK) {
        (void)fprintf(stderr, "sharewatch switches: %s\n", switches.reader.sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    (json ? sw_switches_print_json : sw_switches_print)(&switches, stdout);
    sw_switches_close(&switches);
    return SW_EXIT_OK;
}
