/*
 * `sharewatch expect`: did the log come out as the scenario says? For tests of a policy pack or a
 * map: change it, run the scenario, and see which step is judged otherwise.
 */
#include <sharewatch/command.h>

#include "expect.h"
#include "score.h"
#include "verbs.h"

static const char *log_path;
static const char *variant;
static const char *seed_text;
static const char *instance;
static const char *under;
static const char *score_path;
static bool with_score;

static const struct sw_option options[] = {
    {"log", "FILE", NULL, &log_path, "the log to compare"},
    {"variant", "NAME", NULL, &variant, "the variant that ran; the first by default"},
    {"seed", "N", NULL, &seed_text, "the seed it ran with, when not the scenario's"},
    {"instance", "NAME", NULL, &instance, "the instance it ran as"},
    {"under", "PACK", NULL, &under, "the policy pack of the log, when not the scenario's own"},
    {"score", NULL, &with_score, NULL, "say what really happened, and what the log knows of it"},
    {"score-json", "FILE", NULL, &score_path, "write that as JSON"},
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

static bool score(const char *path, const struct sw_scenario_options *wanted)
{
    static struct sw_scenario scenario;
    struct sw_truth_score score;
    struct sw_report report = {0};
    bool good = sw_scenario_open(&scenario, path, wanted, &report) == SW_OK &&
                sw_score_log(&scenario, log_path, under, "expect", &score);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    sw_scenario_free(&scenario);
    if (good && with_score) {
        sw_score_print(&score, stdout);
    }
    return good && (score_path == NULL || sw_score_write(&score, score_path, "expect"));
}

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
    int code = sw_expect(argv[1], &wanted, log_path, under, stdout);
    if ((with_score || score_path != NULL) && code != SW_EXIT_ENVIRONMENT &&
        !score(argv[1], &wanted)) {
        return SW_EXIT_ENVIRONMENT;
    }
    return code;
}
