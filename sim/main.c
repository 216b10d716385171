/*
 * sharewatch-sim: makes the events of a scenario and sends them to a broker or writes them to a
 * file. People call `sharewatch sim SCENARIO`.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/data.h>
#include <sharewatch/map.h>
#include <sharewatch/mqtt.h>
#include <sharewatch/now.h>
#include <sharewatch/scenario.h>
#include <sharewatch/time.h>

#include "clock.h"
#include "hold.h"
#include "progress.h"
#include "publisher.h"
#include "timeline.h"
#include "truth_file.h"
#include "writer.h"

static struct sw_mqtt_options mqtt_options;
static const char *to;
static const char *truth_path;
static const char *speed_text = "max";
static const char *pause_text;
static const char *seed_text;
static const char *variant;
static const char *instance;
static const char *status_fd_text;
static bool no_receipts;
static bool hold_wanted;
static bool dry_run;
static bool list;

static const struct sw_option options[] = {
    {"to", "FILE", NULL, &to, "write JSON lines to a file, or to standard output (-)"},
    {"truth", "FILE", NULL, &truth_path,
     "with --to: what really crossed, told or not, and a score"},
    {"speed", "N", NULL, &speed_text, "virtual seconds a second: 1, 3600, or max (the default)"},
    {"pause-max", "TIME", NULL, &pause_text, "cut longer waits to this: 2s"},
    {"seed", "N", NULL, &seed_text, "another seed than the scenario's"},
    {"variant", "NAME", NULL, &variant, "which variant; the first by default"},
    {"instance", "NAME", NULL, &instance, "tells two runs of one scenario apart"},
    {"no-receipts", NULL, &no_receipts, NULL, "do not wait for a monitor's receipts"},
    {"dry-run", NULL, &dry_run, NULL, "print the timeline and what is expected; send nothing"},
    {"list", NULL, &list, NULL, "print title and variants; send nothing"},
    {"hold", NULL, &hold_wanted, NULL,
     "at each change of rules or machines, ask on --status-fd and wait for SIGUSR1"},
    {"status-fd", "N", NULL, &status_fd_text, "progress as JSON lines on this descriptor"},
    SW_MQTT_OPTION_ROWS(mqtt_options),
};

static const struct sw_command command = {
    .name = "sim",
    .arguments = "SCENARIO",
    .about = "send the events of a scenario to a broker, or write them to a file",
    .details = "SCENARIO is a folder with scenario.yaml in it, or such a file.\n"
               "Events that a monitor has receipted are not sent again: a simulator that was\n"
               "stopped goes on where it was. To run a scenario once more on the same broker,\n"
               "give the new run a name with --instance.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .arguments_min = 1,
    .arguments_max = 1,
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    if (stop != 0) {
        _exit(SW_EXIT_INTERRUPTED);
    }
    stop = number;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

/* Loads the scenario, with names checked against its map when that map is at hand: in @map. */
static enum sw_status load(struct sw_scenario *scenario, const char *path,
                           struct sw_scenario_options *wanted, struct sw_map *map)
{
    struct sw_report report = {0};
    char map_path[SW_PATH_BYTES];
    enum sw_status status = sw_scenario_open(scenario, path, wanted, &report);
    if (status == SW_OK && scenario->map.length < 64) {
        char name[96];
        (void)snprintf(name, sizeof(name), "maps/%.*s.yaml", SW_TEXT_FORMAT(scenario->map));
        if (sw_data_path(name, map_path) == SW_OK && sw_map_open(map, map_path, &report) == SW_OK) {
            sw_report_free(&report); // the second look says it again
            wanted->map = map;
            sw_scenario_free(scenario);
            status = sw_scenario_open(scenario, path, wanted, &report);
            wanted->map = NULL;
        }
    }
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    return status;
}

static int exit_of(enum sw_status status)
{
    if (stop != 0) {
        return SW_EXIT_INTERRUPTED;
    }
    return status == SW_OK ? SW_EXIT_OK : SW_EXIT_ENVIRONMENT;
}

/* To a file, and what really happened to another. */
static enum sw_status write_files(const struct sw_scenario *scenario, struct sw_map *map,
                                  struct sw_clock *clock, struct sw_progress *progress,
                                  uint64_t *events)
{
    struct sw_truth_file *truth = NULL;
    enum sw_status status = SW_OK;
    if (truth_path != NULL && map->node_count == 0) {
        (void)fprintf(stderr, "sharewatch sim: --truth needs the scenario's map\n");
        return SW_NOT_FOUND;
    }
    if (truth_path != NULL) {
        status = sw_truth_file_open(&truth, truth_path, scenario, map);
    }
    if (status == SW_OK) {
        status = sw_writer_run(scenario, to, truth, clock, progress, &stop, events);
    }
    if (status == SW_OK && stop == 0 && truth != NULL) {
        status = sw_truth_file_finish(truth);
    }
    sw_truth_file_close(truth);
    return status;
}

/* Alone, the simulator sends the events; it cannot give others their rules. */
static void say_changes(const struct sw_scenario *scenario, const struct sw_hold *hold)
{
    if (scenario->change_count > 0 && hold->status_fd < 0) {
        (void)fprintf(stderr,
                      "sharewatch sim: the scenario changes rules or machines %u time%s; "
                      "`sharewatch run` makes these changes, this only sends the events\n",
                      scenario->change_count, scenario->change_count == 1 ? "" : "s");
    }
}

static int run(const struct sw_scenario *scenario, struct sw_map *map, double speed,
               int64_t pause_ms_max, int status_fd)
{
    struct sw_clock clock;
    struct sw_progress progress;
    struct sw_hold hold;
    uint64_t events = 0;
    sw_clock_init(&clock, speed, pause_ms_max);
    sw_progress_init(&progress, status_fd, scenario->events_expected, sw_steady_ms());
    sw_hold_init(&hold, hold_wanted ? status_fd : -1);
    say_changes(scenario, &hold);
    catch_signals();
    enum sw_status status = to != NULL ? write_files(scenario, map, &clock, &progress, &events)
                                       : sw_publisher_run(scenario, &mqtt_options, !no_receipts,
                                                          &clock, &progress, &hold, &stop, &events);
    if (status == SW_OK && stop == 0) {
        sw_progress_done(&progress, events, sw_steady_ms());
    }
    return exit_of(status);
}

/* Checks what only this verb can check; SW_EXIT_OK when all is well. */
static int read_numbers(double *speed, int64_t *pause_ms_max, int *status_fd,
                        struct sw_scenario_options *wanted)
{
    int64_t number = -1;
    if ((to == NULL) == (mqtt_options.broker == NULL) && !dry_run && !list) {
        return sw_command_usage_error(&command, "give either --broker URL or --to FILE");
    }
    if (truth_path != NULL && to == NULL) {
        return sw_command_usage_error(&command, "--truth belongs to --to FILE; `run` ends with a "
                                                "score by itself");
    }
    if (sw_clock_parse(speed_text, speed) != SW_OK) {
        return sw_command_usage_error(&command, "--speed %s is neither a number nor max",
                                      speed_text);
    }
    if (pause_text != NULL && sw_duration_parse(sw_text_from(pause_text), pause_ms_max) != SW_OK) {
        return sw_command_usage_error(&command, "--pause-max %s is no length of time", pause_text);
    }
    if (status_fd_text != NULL && sw_command_number(status_fd_text, 0, 1 << 20, &number) != SW_OK) {
        return sw_command_usage_error(&command, "--status-fd %s is no descriptor", status_fd_text);
    }
    if (hold_wanted && status_fd_text == NULL) {
        return sw_command_usage_error(&command, "--hold asks on --status-fd: give one");
    }
    *status_fd = (int)number;
    if (seed_text != NULL) {
        if (sw_command_number(seed_text, 0, INT64_MAX, &number) != SW_OK) {
            return sw_command_usage_error(&command, "--seed %s is no whole number", seed_text);
        }
        wanted->has_seed = true;
        wanted->seed = (uint64_t)number;
    }
    wanted->variant = variant;
    wanted->instance = instance;
    return SW_EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "sim") == 0) {
        argc--;
        argv++;
    }
    uint32_t argument_count;
    enum sw_status parsed = sw_command_parse(&command, argc, argv, &argument_count);
    if (parsed != SW_OK) {
        return parsed == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    double speed = 0;
    int status_fd = -1;
    struct sw_scenario_options wanted = {0};
    int64_t pause_ms_max = 0;
    int exit_code = read_numbers(&speed, &pause_ms_max, &status_fd, &wanted);
    if (exit_code != SW_EXIT_OK) {
        return exit_code;
    }
    static struct sw_scenario scenario;
    static struct sw_map map;
    enum sw_status status = load(&scenario, argv[1], &wanted, &map);
    if (status != SW_OK) {
        exit_code = status == SW_IO ? SW_EXIT_ENVIRONMENT : SW_EXIT_NO;
    } else if (list) {
        sw_timeline_list(&scenario, stdout);
    } else if (dry_run) {
        exit_code = exit_of(sw_timeline_print(&scenario, stdout));
    } else {
        exit_code = run(&scenario, &map, speed, pause_ms_max, status_fd);
    }
    sw_scenario_free(&scenario);
    sw_map_free(&map);
    return exit_code;
}
