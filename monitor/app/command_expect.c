/*
 * `sharewatch expect`: did the log come out as the scenario says? For tests of a policy pack or a
 * map: change it, run the scenario, and see which step is judged otherwise.
 */
#include <sharewatch/command.h>

#include "expect.h"
#include "verbs.h"

static const char *log_path;
static const char *variant;
static const char *seed_text;
static const char *instance;
static const char *under;

static const struct sw_option options[] = {
    {"log", "FILE", NULL, &log_path, "the log to compare"},
    {"variant", "NAME", NULL, &variant, "the variant that ran; the first by default"},
    {"seed", "N", NULL, &seed_text, "the seed it ran with, when not the scenario's"},
    {"instance", "NAME", NULL, &instance, "the instance it ran as"},
    {"under", "PACK", NULL, &under, "the policy pack of the log, when not the scenario's own"},
};

static const struct sw_command command = {
    .name = "expect",
    .arguments = "SCENARIO",
    .about = "compare a log with what a scenario expects",
    .details = "Each difference is one line with the place in the scenario, the step, what was\n"
               "expected and what was found. Exit 0 when there is none, 1 when there is one.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .arguments_min = 1,
    .arguments_max = 1,
};

int sw_command_expect(int argc, char **argv)
{
    uint32_t argument_count;
    struct sw_scenario_options wanted = {0};
    int64_t seed = 0;
    enum sw_status parsed = sw_command_parse(&command, argc, argv, &argument_count);
    if (parsed != SW_OK) {
        return parsed == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (log_path == NULL) {
        return sw_command_usage_error(&command, "--log FILE is needed");
    }
    if (seed_text != NULL) {
        if (sw_command_number(seed_text, 0, INT64_MAX, &seed) != SW_OK) {
            return sw_command_usage_error(&command, "--seed %s is no whole number", seed_text);
        }
        wanted.has_seed = true;
        wanted.seed = (uint64_t)seed;
    }
    wanted.variant = variant;
    wanted.instance = instance;
    return sw_expect(argv[1], &wanted, log_path, under, stdout);
}
