/* A child that is killed is started again, since nothing is lost by that; one that gives up by
 * itself ends the run. */
#include "run.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>
#include <sharewatch/json.h>

#define RESTARTS_MAX 5     // of each child
#define GRACE_MS     10000 // to end in order, before a child is killed

/* ---- ending ---- */

/* The next step down: called at the end of the run and whenever a child has ended after that. */
void sw_run_advance_end(struct sw_run *run)
{
    sw_run_free_disk(run);
    if (run->sim.running) {
        sw_child_stop(&run->sim, GRACE_MS);
    } else if (run->dashboard.running) {
        sw_child_stop(&run->dashboard, GRACE_MS);
    } else if (run->monitor.running) {
        sw_child_stop(&run->monitor, GRACE_MS);
    } else if (run->broker.child.running) {
        sw_child_stop(&run->broker.child, GRACE_MS);
    } else {
        sw_run_close(run);
    }
}

void sw_run_end(struct sw_run *run, int code)
{
    if (!run->ending) {
        run->ending = true;
        run->code = code;
    }
    sw_run_advance_end(run);
}

/* ---- what the children say ---- */

static bool is_text(const char *string, struct sw_text text)
{
    return sw_text_equal(text, sw_text_from(string));
}

/* Reads `{"state":"…","events":N,…}`; true when the state is @wanted. */
static bool read_status(struct sw_text line, const char *wanted, struct sw_run_progress *progress)
{
    struct sw_json json;
    char scratch[256];
    bool found = false;
    struct sw_text key = {0};
    sw_json_init(&json, line, scratch, sizeof(scratch));
    for (enum sw_json_token token = sw_json_next(&json);
         token != SW_JSON_END && token != SW_JSON_ERROR; token = sw_json_next(&json)) {
        if (token == SW_JSON_KEY) {
            key = json.text;
        } else if (token == SW_JSON_TEXT && is_text("state", key)) {
            found = is_text(wanted, json.text);
            (void)snprintf(progress->state, sizeof(progress->state), "%.*s",
                           SW_TEXT_FORMAT(json.text));
        } else if (token == SW_JSON_TEXT && is_text("url", key)) {
            (void)snprintf(progress->url, sizeof(progress->url), "%.*s", SW_TEXT_FORMAT(json.text));
        } else if (token == SW_JSON_INTEGER && is_text("events", key)) {
            progress->events = (uint64_t)json.integer;
        } else if (token == SW_JSON_INTEGER && is_text("total", key)) {
            progress->total = (uint64_t)json.integer;
        } else if (token == SW_JSON_INTEGER && is_text("virtual_ms", key)) {
            progress->virtual_ms = json.integer;
        } else if (token == SW_JSON_INTEGER && is_text("change", key)) {
            progress->change = json.integer;
        } else if (token == SW_JSON_INTEGER && is_text("lag_ms", key)) {
            progress->lag_ms = json.integer;
        }
    }
    return found;
}

/* ---- starting ---- */

struct arguments {
    const char *list[SW_CHILD_ARGUMENTS_MAX];
    uint32_t count;
};

static void add(struct arguments *arguments, const char *option, const char *value)
{
    if (value != NULL) {
        SW_ASSERT(arguments->count + 3 < SW_CHILD_ARGUMENTS_MAX);
        arguments->list[arguments->count++] = option;
        arguments->list[arguments->count++] = value;
    }
}

static void add_broker(struct arguments *arguments, const struct sw_run *run)
{
    add(arguments, "--broker", run->broker.url);
    add(arguments, "--username", SW_BROKER_USER);
    add(arguments, "--password-file", run->broker.password_file);
    add(arguments, "--status-fd", "3");
    static_assert(SW_CHILD_STATUS_FD == 3, "the number is text above");
}

static void start_child(struct sw_run *run, struct sw_child *child, const char *program,
                        const struct arguments *arguments)
{
    char path[PATH_MAX + 32];
    char sentence[SW_CHILD_LINE_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", run->folder, program);
    if (sw_child_start(child, &run->loop, path, arguments->list, sentence) != SW_OK) {
        sw_run_complain(run, sentence);
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    }
}

void sw_run_start_monitor(struct sw_run *run)
{
    struct arguments arguments = {.list = {"sharewatch", "monitor"}, .count = 2};
    add_broker(&arguments, run);
    add(&arguments, "--log", run->log);
    add(&arguments, "--map", run->map[0] != '\0' ? run->map : NULL);
    add(&arguments, "--policy", run->packs[0] != '\0' ? run->packs : NULL);
    start_child(run, &run->monitor, "sharewatch-monitor", &arguments);
}

static void start_sim(struct sw_run *run)
{
    struct arguments arguments = {.list = {"sharewatch", "sim", run->scenario_path}, .count = 3};
    run->sim_started = true;
    add_broker(&arguments, run);
    add(&arguments, "--variant", run->variant);
    add(&arguments, "--seed", run->seed_text);
    add(&arguments, "--speed", run->speed);
    add(&arguments, "--pause-max", run->pause);
    SW_ASSERT(arguments.count + 1 < SW_CHILD_ARGUMENTS_MAX);
    arguments.list[arguments.count++] = "--hold";
    start_child(run, &run->sim, "sharewatch-sim", &arguments);
}

/* Its page is for somebody who looks: at a terminal, or with --keep. */
static void start_dashboard(struct sw_run *run)
{
    char path[PATH_MAX + 32];
    struct arguments arguments = {.list = {"sharewatch", "dashboard"}, .count = 2};
    (void)snprintf(path, sizeof(path), "%s/sharewatch-dashboard", run->folder);
    if (run->no_dashboard || !(run->stay || run->render.terminal) || access(path, X_OK) != 0) {
        return;
    }
    add(&arguments, "--log", run->log);
    add(&arguments, "--listen", "127.0.0.1:0");
    add(&arguments, "--status-fd", "3");
    start_child(run, &run->dashboard, "sharewatch-dashboard", &arguments);
}

/* ---- life of the children ---- */

static void on_broker_ready(struct sw_broker *broker)
{
    struct sw_run *run = broker->context;
    if (!run->ending && !run->monitor.running) {
        sw_run_start_monitor(run);
    }
    sw_run_recovered(run, &broker->child);
}

static void on_broker_failed(struct sw_broker *broker, const char *sentence)
{
    struct sw_run *run = broker->context;
    sw_run_complain(run, sentence);
    if (!broker->port_taken) {
        sw_child_print_tail(&broker->child, "  broker: ");
    }
    sw_run_end(run, SW_EXIT_ENVIRONMENT);
}

static void on_monitor_status(struct sw_child *child, struct sw_text line)
{
    struct sw_run *run = child->context;
    bool ready = read_status(line, "ready", &run->monitor_says);
    run->monitor_ready = run->monitor_ready || ready;
    sw_run_monitor_said(run, run->monitor_says.state);
    if (ready) {
        sw_run_recovered(run, child);
    }
    if (!ready || run->sim_started || run->ending) {
        return;
    }
    if (sw_follow_start(&run->follow, &run->loop, run->log) != SW_OK) {
        sw_run_complain(run, run->follow.reader.sentence);
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
        return;
    }
    start_dashboard(run);
    start_sim(run);
}

/* The page's link works once; the next one is told when it was used. */
static void on_dashboard_status(struct sw_child *child, struct sw_text line)
{
    struct sw_run *run = child->context;
    struct sw_run_progress says = {0};
    bool ready = read_status(line, "ready", &says);
    if (says.url[0] == '\0') {
        return;
    }
    (void)snprintf(run->page, sizeof(run->page), "%s", says.url);
    sw_footer_clear(&run->footer);
    (void)printf(ready ? "page %s\n\n" : "The link was used; the next one is %s\n", run->page);
    (void)fflush(stdout);
}

static void on_sim_status(struct sw_child *child, struct sw_text line)
{
    struct sw_run *run = child->context;
    if (read_status(line, "waiting", &run->sim_says)) {
        sw_run_change(run, (uint32_t)run->sim_says.change);
    }
}

/* Tells how @child died; true when it may be started again: it was killed, and not too often. */
static bool mourn(struct sw_run *run, struct sw_child *child)
{
    if (child->planned) {
        child->planned = false;
        child->start_total--;
        return true;
    }
    char reason[128];
    char sentence[256];
    sw_child_reason(child, reason, sizeof(reason));
    bool wants = child->exit_signal != 0 || child->exit_code == SW_EXIT_AGAIN;
    bool again = wants && child->start_total <= RESTARTS_MAX;
    (void)snprintf(sentence, sizeof(sentence), "the %s %s%s", child->name, reason,
                   again ? "; it is started again" : "");
    sw_run_complain(run, sentence);
    if (!again) {
        char prefix[32];
        (void)snprintf(prefix, sizeof(prefix), "  %s: ", child->name);
        sw_child_print_tail(child, prefix);
    }
    return again;
}

static void on_broker_end(struct sw_broker *broker)
{
    struct sw_run *run = broker->context;
    char sentence[SW_CHILD_LINE_BYTES];
    if (run->ending) {
        sw_run_advance_end(run);
    } else if (!mourn(run, &broker->child)) {
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    } else if (sw_broker_start_again(broker, sentence) != SW_OK) {
        sw_run_complain(run, sentence);
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    }
}

static void on_monitor_end(struct sw_child *child)
{
    struct sw_run *run = child->context;
    run->monitor_ready = false;
    if (run->ending) {
        if (child->exit_signal != 0 || child->exit_code != 0) {
            (void)mourn(run, child);
            run->code = run->code == SW_EXIT_OK ? SW_EXIT_ENVIRONMENT : run->code;
        }
        sw_run_advance_end(run);
    } else if (run->disk_full) {
        sw_run_complain(run, "the monitor has ended; it is started again when the disk has room");
    } else if (mourn(run, child)) {
        sw_run_start_monitor(run);
    } else {
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    }
}

/* The run goes on without its page. */
static void on_dashboard_end(struct sw_child *child)
{
    struct sw_run *run = child->context;
    if (run->ending) {
        sw_run_advance_end(run);
    } else {
        (void)mourn(run, child);
        run->page[0] = '\0';
    }
}

static void on_sim_end(struct sw_child *child)
{
    struct sw_run *run = child->context;
    if (run->ending) {
        sw_run_advance_end(run);
    } else if (child->exit_signal == 0 && child->exit_code == 0) {
        run->finished = true;
        if (run->stay) {
            sw_run_stay(run);
        } else {
            sw_run_end(run, SW_EXIT_OK);
        }
    } else if (mourn(run, child)) {
        start_sim(run);
    } else {
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    }
}

void sw_run_prepare_children(struct sw_run *run)
{
    run->broker.context = run;
    run->broker.save_each = run->stay; // people may publish, too
    run->broker.on_ready = on_broker_ready;
    run->broker.on_failed = on_broker_failed;
    run->broker.on_end = on_broker_end;
    run->monitor.name = "monitor";
    run->monitor.context = run;
    run->monitor.on_status = on_monitor_status;
    run->monitor.on_end = on_monitor_end;
    run->dashboard.name = "dashboard";
    run->dashboard.context = run;
    run->dashboard.on_status = on_dashboard_status;
    run->dashboard.on_end = on_dashboard_end;
    run->sim.name = "simulator";
    run->sim.context = run;
    run->sim.on_status = on_sim_status;
    run->sim.on_end = on_sim_end;
    run->follow.context = run;
    run->follow.on_alert = sw_run_on_alert;
    run->follow.on_failed = sw_run_on_follow_failed;
}
