/*
 * The simulator comes to each change of the scenario between the right events, says so and waits.
 * Rules: the folder that the monitor reads is written anew, the monitor gets SIGHUP, and when it
 * says that it has read them the simulator may go on. Machines: they are hit at once, while the
 * simulator goes on; what that loses on the way it sends again.
 */
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for prlimit()
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <sharewatch/assert.h>
#include <sharewatch/command.h>

#include "rules_folder.h"

#define SENTENCE_BYTES (SW_PATH_BYTES + 512)

static const struct sw_scenario_change *current(const struct sw_run *run)
{
    SW_ASSERT(run->changes_done < run->scenario.change_count);
    return &run->scenario.changes[run->changes_done];
}

static void grant(struct sw_run *run)
{
    run->changes_done++;
    run->reload_due = false;
    sw_child_signal(&run->sim, SIGUSR1);
}

static void tell(struct sw_run *run, const char *what)
{
    char sentence[256];
    (void)snprintf(sentence, sizeof(sentence), "the scenario: %.*s%s%s",
                   SW_TEXT_FORMAT(current(run)->name), what[0] != '\0' ? ", " : "", what);
    sw_run_catch_up(run);
    sw_run_complain(run, sentence);
}

bool sw_run_write_rules(struct sw_run *run, uint32_t changes)
{
    static struct sw_scenario_rules rules;
    char sentence[SENTENCE_BYTES];
    sw_scenario_rules_after(&run->scenario, changes, &rules);
    if (sw_rules_folder_write(run->rules, &rules, run->policy == NULL, sentence,
                              sizeof(sentence))) {
        return true;
    }
    sw_run_complain(run, sentence);
    return false;
}

static void change_rules(struct sw_run *run)
{
    const struct sw_scenario_change *change = current(run);
    if (run->policy != NULL && change->switch_count == 0 && change->map.length == 0) {
        tell(run, "not made: the rules of --policy stand throughout");
        grant(run);
        return;
    }
    if (!sw_run_write_rules(run, run->changes_done + 1)) {
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
        return;
    }
    run->reload_due = true;
    if (run->monitor_ready) {
        sw_child_signal(&run->monitor, SIGHUP);
    }
}

void sw_run_monitor_said(struct sw_run *run, const char *state)
{
    if (!run->reload_due || run->ending) {
        return;
    }
    if (strcmp(state, "ready") == 0) {
        /* It was started before the folder was written, or after: it reads it in any case. */
        sw_child_signal(&run->monitor, SIGHUP);
    } else if (strcmp(state, "reloaded") == 0) {
        tell(run, "other rules from here on");
        grant(run);
    } else if (strcmp(state, "kept") == 0) {
        tell(run, "the monitor cannot use these rules");
        sw_child_print_tail(&run->monitor, "  monitor: ");
        sw_run_end(run, SW_EXIT_ENVIRONMENT);
    }
}

/* ---- a full disk ---- */

/* How much the monitor may write into a file. The other processes write elsewhere. */
static bool limit_files(const struct sw_run *run, rlim_t bytes)
{
    struct rlimit limit;
    pid_t process = run->monitor.process.pid;
    if (!run->monitor.running || prlimit(process, RLIMIT_FSIZE, NULL, &limit) != 0) {
        return false;
    }
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    return prlimit(process, RLIMIT_FSIZE, &limit, NULL) == 0;
}

void sw_run_free_disk(struct sw_run *run)
{
    if (!run->disk_full) {
        return;
    }
    run->disk_full = false;
    (void)uv_timer_stop(&run->disk);
    (void)limit_files(run, RLIM_INFINITY);
    sw_run_complain(run, "the scenario: the disk has room again");
    if (!run->monitor.running && !run->ending) {
        sw_run_start_monitor(run);
    }
    sw_run_recovered(run, NULL);
}

static void on_disk_free(uv_timer_t *timer)
{
    sw_run_free_disk(timer->data);
}

static void fill_disk(struct sw_run *run)
{
    if (!limit_files(run, 0)) {
        tell(run, "but it cannot be done here");
        return;
    }
    run->disk_full = true;
    tell(run, "the monitor can write no more");
    (void)uv_timer_start(&run->disk, on_disk_free, (uint64_t)current(run)->lasts_ms, 0);
}

/* ---- what the simulator asks for ---- */

static void hit(struct sw_run *run, struct sw_child *child, int number)
{
    tell(run, "");
    run->hit = child;
    child->planned = true;
    sw_child_signal(child, number);
}

/* A machine that is down cannot fail: one fault follows when the one before is over. */
static bool all_work(const struct sw_run *run)
{
    return run->hit == NULL && !run->disk_full && run->broker.ready && run->monitor_ready;
}

static void fail_machine(struct sw_run *run)
{
    run->fault_due = !all_work(run);
    if (run->fault_due) {
        return;
    }
    switch (current(run)->kind) {
    case SW_CHANGE_BROKER_RESTART:
        hit(run, &run->broker.child, SIGKILL);
        break;
    case SW_CHANGE_MONITOR_RESTART:
        hit(run, &run->monitor, SIGTERM);
        break;
    case SW_CHANGE_MONITOR_KILL:
        hit(run, &run->monitor, SIGKILL);
        break;
    case SW_CHANGE_DISK_FULL:
        fill_disk(run);
        break;
    case SW_CHANGE_RULES:
    case SW_CHANGE_COUNT:
        break;
    }
    grant(run);
}

void sw_run_recovered(struct sw_run *run, const struct sw_child *child)
{
    run->hit = run->hit == child ? NULL : run->hit;
    if (run->fault_due && !run->ending) {
        fail_machine(run);
    }
}

void sw_run_change(struct sw_run *run, uint32_t change)
{
    if (run->ending || change > run->changes_done || change >= run->scenario.change_count) {
        return;
    }
    if (change < run->changes_done) {
        sw_child_signal(&run->sim, SIGUSR1); // it was killed and comes by once more
        return;
    }
    if (current(run)->kind != SW_CHANGE_RULES) {
        fail_machine(run);
    } else if (!run->reload_due) {
        change_rules(run);
    }
}
