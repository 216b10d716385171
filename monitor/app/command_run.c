/*
 * `sharewatch run`: a scenario from beginning to end on this machine alone.
 *
 * Five processes at most: this one, a private broker, the monitor, the simulator, and the dashboard
 * when somebody looks. They are started one after the other, each when the one before is ready, and
 * end in the opposite order, so that what was sent is judged and what was judged is logged. Alerts
 * are read from the log, like everybody else reads them. A child that is killed is started again,
 * since nothing is lost by that; one that gives up by itself ends the run.
 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/bar.h>
#include <sharewatch/command.h>
#include <sharewatch/map.h>
#include <sharewatch/time.h>

#include "expect.h"
#include "rules_folder.h"
#include "score.h"
#include "summary.h"
#include "verbs.h"

#define TICK_MS       250
#define PLAIN_TICKS   20  // between progress lines where there is no terminal
#define STORY_MAX     100 // events of a scenario that is told whole, not only by its alerts
#define FOOTER_BYTES  200
#define SPEED_DEFAULT "1200" // an hour in three seconds
#define PAUSE_DEFAULT "2s"   // and what happens weeks later in two

/* ---- talk ---- */

void sw_run_complain(struct sw_run *run, const char *sentence)
{
    sw_footer_clear(&run->footer);
    (void)fprintf(stderr, "sharewatch run: %s\n", sentence);
}

static void describe_progress(const struct sw_run *run, char *text, size_t text_bytes)
{
    char time[SW_TIME_BYTES] = "not yet begun   ";
    char bar[SW_BAR_BYTES];
    const char *dot = run->render.ascii ? "-" : "·";
    if (run->sim_says.virtual_ms != 0) {
        sw_time_format(run->sim_says.virtual_ms, time);
        time[10] = ' ';
    }
    sw_bar_write(bar, &(struct sw_bar){.done = run->monitor_says.events,
                                       .total = run->scenario.events_expected,
                                       .unit = "events",
                                       .rate = run->rate,
                                       .ascii = run->render.ascii});
    (void)snprintf(text, text_bytes, "%.16s %s %s %.2f s behind %s %llu alert%s", time, bar, dot,
                   (double)run->monitor_says.lag_ms / 1000.0, dot,
                   (unsigned long long)run->alert_total, run->alert_total == 1 ? "" : "s");
}

/* What came before the alert @alert_id, or all there is when that is 0. */
static void tell_story(struct sw_run *run, int64_t alert_id)
{
    if (run->alerts_only || run->scenario.events_expected > STORY_MAX || !run->follow.open) {
        return;
    }
    sw_footer_clear(&run->footer);
    sw_story_tell(&run->story, &run->follow.reader, alert_id, &run->render, stdout);
}

void sw_run_catch_up(struct sw_run *run)
{
    sw_follow_drain(&run->follow); // alerts first, so that the story does not run ahead of them
    tell_story(run, 0);
}

static void on_tick(uv_timer_t *timer)
{
    struct sw_run *run = timer->data;
    sw_run_catch_up(run);
    char text[FOOTER_BYTES];
    double now = (double)(run->monitor_says.events - run->events_before) * 1000.0 / TICK_MS;
    run->rate = run->monitor_says.events < run->events_before ? 0 : run->rate * 0.75 + now * 0.25;
    run->events_before = run->monitor_says.events;
    describe_progress(run, text, sizeof(text));
    run->ticks++;
    if (run->footer.terminal) {
        sw_footer_show(&run->footer, text);
    } else if (run->ticks % PLAIN_TICKS == 0) {
        (void)fprintf(stderr, "%s\n", text);
    }
}

void sw_run_on_alert(struct sw_follow *follow, const struct sw_log_alert *alert)
{
    struct sw_run *run = follow->context;
    static char bytes[SW_RENDER_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    tell_story(run, alert->id);
    sw_render_alert(&run->render, alert, &buffer);
    sw_footer_clear(&run->footer);
    (void)fwrite(buffer.bytes, 1, buffer.length, stdout);
    (void)fflush(stdout);
    run->alert_total++;
}

void sw_run_on_follow_failed(struct sw_follow *follow)
{
    sw_run_complain(follow->context, follow->reader.sentence);
}

/* What really happened is only known of a scenario that came to its end. */
static void print_score(struct sw_run *run)
{
    struct sw_truth_score score;
    if (!run->finished || run->interrupted) {
        return;
    }
    if (!sw_score_log(&run->scenario, run->log, run->policy, "run", &score) ||
        (run->score_path != NULL && !sw_score_write(&score, run->score_path, "run"))) {
        run->code = run->code == SW_EXIT_OK ? SW_EXIT_ENVIRONMENT : run->code;
        return;
    }
    sw_score_print(&score, stdout);
    (void)printf("\n");
}

static void print_summary(struct sw_run *run)
{
    char sentence[SW_LOG_SENTENCE_BYTES];
    (void)printf("\n");
    if (run->code != SW_EXIT_OK) {
        (void)printf(
            "The run broke off: what follows is of the events that were logged until then.\n");
    }
    if (sw_summary_print(run->log, &run->render, stdout, sentence) != SW_OK) {
        sw_run_complain(run, sentence);
        return;
    }
    print_score(run);
    (void)printf("Ask the log:\n"
                 "  sqlite3 %s \"SELECT time, edge, crosses, level, verdict FROM hop_text\"\n",
                 run->log);
}

/* With --keep: all is told, and everything but the simulator stays. */
void sw_run_stay(struct sw_run *run)
{
    run->staying = true;
    (void)uv_timer_stop(&run->tick);
    sw_run_catch_up(run);
    sw_footer_clear(&run->footer);
    print_summary(run);
    if (run->page[0] != '\0') {
        (void)printf("\nThe page:\n  %s\n", run->page);
    }
    (void)printf("\nEvents of your own:\n  mosquitto_pub -h 127.0.0.1 -p %u -u %s -P \"$(cat %s)\" "
                 "-q 1 -t sharewatch/v1/event/AGENCY/KIND -f event.json\n\n"
                 "Everything stays until Ctrl-C.\n",
                 run->broker.port, SW_BROKER_USER, run->broker.password_file);
    (void)fflush(stdout);
}

/* ---- ending ---- */

void sw_run_close(struct sw_run *run)
{
    if (uv_is_closing((uv_handle_t *)&run->tick)) {
        return;
    }
    sw_footer_clear(&run->footer);
    sw_run_catch_up(run);
    sw_follow_stop(&run->follow);
    uv_close((uv_handle_t *)&run->tick, NULL);
    uv_close((uv_handle_t *)&run->disk, NULL);
    uv_close((uv_handle_t *)&run->interrupt, NULL);
    uv_close((uv_handle_t *)&run->terminate, NULL);
    uv_close((uv_handle_t *)&run->hangup, NULL);
}

/* The first Ctrl-C ends in order, the second at once. */
static void on_signal(uv_signal_t *handle, int number)
{
    struct sw_run *run = handle->data;
    (void)number;
    if (run->interrupted) {
        sw_child_signal(&run->sim, SIGKILL);
        sw_child_signal(&run->dashboard, SIGKILL);
        sw_child_signal(&run->monitor, SIGKILL);
        sw_child_signal(&run->broker.child, SIGKILL);
    } else {
        run->interrupted = true;
        sw_run_complain(run, "ending; Ctrl-C once more ends at once");
    }
    if (!run->staying) {
        run->code = SW_EXIT_INTERRUPTED;
    }
    run->ending = true;
    sw_run_advance_end(run);
}

/* ---- before the start ---- */

static struct sw_scenario_options scenario_options(const struct sw_run *run)
{
    return (struct sw_scenario_options){
        .variant = run->variant, .has_seed = run->seed_text != NULL, .seed = (uint64_t)run->seed};
}

static enum sw_status open_scenario(struct sw_run *run, const struct sw_scenario_options *options,
                                    struct sw_report *report)
{
    enum sw_status status = sw_scenario_open(&run->scenario, run->scenario_path, options, report);
    sw_report_print(report, stderr);
    sw_report_free(report);
    return status;
}

/* Reads the scenario here too: its mistakes are told before anything is started. */
static bool read_scenario(struct sw_run *run)
{
    struct sw_report report = {0};
    struct sw_scenario_options options = scenario_options(run);
    if (open_scenario(run, &options, &report) != SW_OK) {
        return false;
    }
    const struct sw_scenario *scenario = &run->scenario;
    if (scenario->map.length != 0) {
        char name[96];
        (void)snprintf(name, sizeof(name), "maps/%.*s.yaml", SW_TEXT_FORMAT(scenario->map));
        if (sw_data_path(name, run->map) != SW_OK) {
            (void)fprintf(stderr, "sharewatch run: the scenario's map is not at %s\n", run->map);
            return false;
        }
    }
    struct sw_buffer packs;
    sw_buffer_init(&packs, run->packs, sizeof(run->packs));
    if (run->policy != NULL) {
        sw_buffer_append_string(&packs, run->policy);
    }
    for (uint32_t i = 0; run->policy == NULL && i < scenario->pack_count; i++) {
        sw_buffer_append_format(&packs, "%s%.*s", i != 0 ? "," : "",
                                SW_TEXT_FORMAT(scenario->packs[i]));
    }
    return true;
}

static bool make_folder(const char *path)
{
    if (mkdir(path, 0750) == 0 || errno == EEXIST) {
        return true;
    }
    (void)fprintf(stderr,
                  "sharewatch run: cannot make the folder %s: %s; say with --log where the "
                  "log goes\n",
                  path, strerror(errno));
    return false;
}

/* The log's own folder: out/NAME-TIME below the current one, or where --log says. */
static bool choose_log(struct sw_run *run)
{
    char stamp[32];
    char folder[SW_LOG_PATH_BYTES - 16];
    time_t now = time(NULL);
    struct tm parts = {0};
    if (run->log_given != NULL) {
        int length = snprintf(run->log, sizeof(run->log), "%s", run->log_given);
        return length < (int)sizeof(run->log);
    }
    stamp[strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", gmtime_r(&now, &parts))] = '\0';
    (void)snprintf(folder, sizeof(folder), "out/%.*s-%s", SW_TEXT_FORMAT(run->scenario.name),
                   stamp);
    (void)snprintf(run->log, sizeof(run->log), "%s/log.db", folder);
    return make_folder("out") && make_folder(folder);
}

/* A scenario that changes the rules gets a folder for them, beside the log. */
static bool place_rules(struct sw_run *run)
{
    bool changes = false;
    for (uint32_t i = 0; i < run->scenario.change_count; i++) {
        changes = changes || run->scenario.changes[i].kind == SW_CHANGE_RULES;
    }
    if (!changes) {
        return true;
    }
    int length = snprintf(run->rules, sizeof(run->rules), "%s.rules", run->log);
    if (length >= (int)sizeof(run->rules) - 32 || strchr(run->rules, ',') != NULL) {
        (void)fprintf(stderr, "sharewatch run: %s: choose a shorter --log, without commas\n",
                      run->log);
        return false;
    }
    (void)snprintf(run->map, sizeof(run->map), "%s/map.yaml", run->rules);
    /* Packs that the user chose stand throughout; then only edges and maps change. */
    (void)snprintf(run->packs, sizeof(run->packs), "%s%s%s/policy",
                   run->policy != NULL ? run->policy : "", run->policy != NULL ? "," : "",
                   run->rules);
    return sw_run_write_rules(run, 0);
}

static bool find_programs(struct sw_run *run)
{
    ssize_t length = readlink("/proc/self/exe", run->folder, sizeof(run->folder) - 1);
    if (length <= 0) {
        (void)fprintf(stderr, "sharewatch run: /proc/self/exe: %s\n", strerror(errno));
        return false;
    }
    run->folder[length] = '\0';
    char *slash = strrchr(run->folder, '/');
    *(slash != NULL ? slash : run->folder) = '\0';
    return true;
}

static void print_head(const struct sw_run *run)
{
    const struct sw_scenario *scenario = &run->scenario;
    (void)printf("%.*s", SW_TEXT_FORMAT(scenario->title));
    if (scenario->variant.length != 0) {
        (void)printf(", variant %.*s", SW_TEXT_FORMAT(scenario->variant));
    }
    (void)printf(": about %llu synthetic events, seed %llu\nlog  %s\n\n",
                 (unsigned long long)scenario->events_expected, (unsigned long long)scenario->seed,
                 run->log);
    (void)fflush(stdout);
}

static void start_listening(struct sw_run *run)
{
    uv_signal_t *const handles[] = {&run->interrupt, &run->terminate, &run->hangup};
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < 3; i++) {
        (void)uv_signal_init(&run->loop, handles[i]);
        handles[i]->data = run;
        (void)uv_signal_start(handles[i], on_signal, numbers[i]);
    }
    (void)uv_timer_init(&run->loop, &run->disk);
    run->disk.data = run;
    (void)uv_timer_init(&run->loop, &run->tick);
    run->tick.data = run;
    (void)uv_timer_start(&run->tick, on_tick, TICK_MS, TICK_MS);
}

/* All of it is in the log once the monitor has ended in order. */
static void remove_spool(const struct sw_run *run)
{
    char path[SW_LOG_PATH_BYTES + 8];
    bool drained = run->monitor.start_total != 0 && run->monitor.exit_signal == 0 &&
                   run->monitor.exit_code == 0;
    (void)snprintf(path, sizeof(path), "%s.spool", run->log);
    if (drained) {
        (void)unlink(path);
    }
}

static void run_loop(struct sw_run *run)
{
    char sentence[SW_CHILD_LINE_BYTES];
    start_listening(run);
    sw_run_prepare_children(run);
    /* A log that goes on has events and alerts that are no news. */
    struct sw_log_reader reader = {0};
    if (sw_log_reader_open(&reader, run->log) == SW_OK &&
        sw_log_newest(&reader, &run->story.last_event, &run->follow.last_id) != SW_OK) {
        sw_run_complain(run, reader.sentence);
    }
    sw_log_reader_close(&reader);
    if (sw_broker_start(&run->broker, &run->loop, run->port, sentence) != SW_OK) {
        sw_run_complain(run, sentence);
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    }
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&run->loop);
    sw_broker_remove_folder(&run->broker);
    remove_spool(run);
    if (run->rules[0] != '\0') {
        sw_rules_folder_remove(run->rules);
    }
}

static const char details[] =
    "Starts a private broker, the monitor and the simulator, and at a terminal a page in the\n"
    "browser; shows each alert as it comes, and ends with a summary and a score: what really\n"
    "crossed in the simulation, what was foreseen, and what was missed. Nothing leaves this "
    "machine. SCENARIO is a folder, a file, or the name of one that comes with sharewatch.\n"
    "Ctrl-C ends in order, a second one at once. Exit 0: done; 1: --expect found a difference;\n"
    "3: something could not be started, or died.\n";

int sw_command_run(int argc, char **argv)
{
    static struct sw_run run = {.speed = SPEED_DEFAULT};
    const char *color = NULL;
    bool ascii = false;
    const struct sw_option options[] = {
        {.name = "variant",
         .value = "NAME",
         .text = &run.variant,
         .about = "which variant; the first by default"},
        {.name = "seed",
         .value = "N",
         .text = &run.seed_text,
         .about = "another seed than the file's"},
        {.name = "speed",
         .value = "N|max",
         .text = &run.speed,
         .about = "scenario seconds a second (default " SPEED_DEFAULT ")"},
        {.name = "pause-max",
         .value = "TIME",
         .text = &run.pause,
         .about = "skip what lasts longer (default " PAUSE_DEFAULT " with the default speed)"},
        {.name = "log",
         .value = "FILE",
         .text = &run.log_given,
         .about = "the log (default out/NAME-TIME/log.db)"},
        {.name = "policy",
         .value = "PACK[,PACK…]",
         .text = &run.policy,
         .about = "rules (default: the scenario's, else today's)"},
        {.name = "port",
         .value = "N",
         .text = &run.port_text,
         .about = "of the broker (default: a free one)"},
        {.name = "expect",
         .flag = &run.expect,
         .about = "compare each hop with what the scenario expects"},
        {.name = "score-json",
         .value = "FILE",
         .text = &run.score_path,
         .about = "write the score at the end as JSON, too"},
        {.name = "alerts-only",
         .flag = &run.alerts_only,
         .about = "do not tell the events between the alerts of a small scenario"},
        {.name = "keep",
         .flag = &run.stay,
         .about = "stay after the end, with page and broker, until Ctrl-C"},
        {.name = "no-dashboard", .flag = &run.no_dashboard, .about = "no page in the browser"},
        {.name = "color", .value = "WHEN", .text = &color, .about = "auto, always or never"},
        {.name = "ascii", .flag = &ascii, .about = "no characters beyond ASCII of our own"},
    };
    const struct sw_command command = {
        .name = "run",
        .arguments = "SCENARIO",
        .about = "Run a scenario end to end, and judge its events live",
        .details = details,
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    int64_t port = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (run.port_text != NULL && sw_command_number(run.port_text, 1, UINT16_MAX, &port) != SW_OK) {
        return sw_command_usage_error(&command, "--port is a number from 1 to 65535");
    }
    if (run.seed_text != NULL &&
        sw_command_number(run.seed_text, 0, INT64_MAX, &run.seed) != SW_OK) {
        return sw_command_usage_error(&command, "--seed is a whole number");
    }
    if (sw_render_init(&run.render, stdout, color) != SW_OK) {
        return sw_command_usage_error(&command, "--color is auto, always or never");
    }
    run.port = (uint16_t)port;
    run.render.ascii = ascii;
    run.scenario_path = argv[1];
    if (run.pause == NULL && strcmp(run.speed, SPEED_DEFAULT) == 0) {
        run.pause = PAUSE_DEFAULT;
    }
    if (!read_scenario(&run) || !find_programs(&run) || !choose_log(&run) || !place_rules(&run)) {
        return SW_EXIT_ENVIRONMENT;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    sw_footer_init(&run.footer, stderr);
    int loop = uv_loop_init(&run.loop);
    SW_ASSERT(loop == 0);
    print_head(&run);
    run_loop(&run);
    /* Nothing is logged when the monitor did not start. */
    if (!run.staying && access(run.log, F_OK) == 0) {
        print_summary(&run);
    }
    if (run.expect && run.code == SW_EXIT_OK) {
        struct sw_scenario_options options_used = scenario_options(&run);
        run.code = sw_expect(run.scenario_path, &options_used, run.log, run.policy, stdout);
    }
    sw_scenario_free(&run.scenario);
    return run.code;
}
