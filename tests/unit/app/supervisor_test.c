/* This program is its own tether: started with "tether" it does what sharewatch-monitor does. */
#include "sw_test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervisor.h"

struct scene {
    uv_loop_t loop;
    struct sw_child child;
    char status[256]; // all status lines, each with a bar behind it
    uint32_t ends;
    uint32_t starts_wanted;
    const char *script;
};

static void on_status(struct sw_child *child, struct sw_text line)
{
    struct scene *scene = child->context;
    size_t used = strlen(scene->status);
    (void)snprintf(scene->status + used, sizeof(scene->status) - used, "%.*s|",
                   SW_TEXT_FORMAT(line));
}

static void start(struct scene *scene)
{
    char sentence[SW_CHILD_LINE_BYTES];
    const char *const arguments[] = {"sh", "-c", scene->script, NULL};
    assert_int_equal(sw_child_start(&scene->child, &scene->loop, "/bin/sh", arguments, sentence),
                     SW_OK);
}

static void on_end(struct sw_child *child)
{
    struct scene *scene = child->context;
    scene->ends++;
    if (scene->ends < scene->starts_wanted) {
        start(scene);
    }
}

static void prepare(struct scene *scene, const char *script)
{
    *scene = (struct scene){.script = script, .starts_wanted = 1};
    scene->child.name = "child";
    scene->child.context = scene;
    scene->child.on_status = on_status;
    scene->child.on_end = on_end;
    assert_int_equal(uv_loop_init(&scene->loop), 0);
}

static void run(struct scene *scene)
{
    (void)alarm(30);
    assert_int_equal(uv_run(&scene->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
}

static void tells_status_lines_last_words_and_exit_code(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "echo one >&3; printf 'two\nthree' >&3; echo sorry >&2; exit 7");
    start(&scene);

    run(&scene);

    char reason[100];
    sw_child_reason(&scene.child, reason, sizeof(reason));
    assert_string_equal(scene.status, "one|two|three|");
    assert_string_equal(reason, "ended with exit code 7");
    assert_int_equal(scene.child.tail_total, 1);
    assert_string_equal(scene.child.tail[0], "sorry");
    assert_false(scene.child.running);
}

static void tells_the_signal_that_killed(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "kill -SEGV $$");
    start(&scene);

    run(&scene);

    char reason[100];
    sw_child_reason(&scene.child, reason, sizeof(reason));
    assert_string_equal(reason, "was killed by signal 11 (Segmentation fault)");
}

static void cuts_a_line_that_is_too_long_and_keeps_the_last_lines(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "i=0; while [ $i -lt 9 ]; do i=$((i+1)); echo line $i >&2; done;"
                    "head -c 5000 /dev/zero | tr '\\0' x >&2");
    start(&scene);

    run(&scene);

    assert_int_equal(scene.child.tail_total, 10);
    assert_int_equal(strlen(scene.child.tail[9 % SW_CHILD_TAIL_LINES]), SW_CHILD_LINE_BYTES - 1);
    assert_string_equal(scene.child.tail[8 % SW_CHILD_TAIL_LINES], "line 9");
    assert_string_equal(scene.child.tail[4 % SW_CHILD_TAIL_LINES], "line 5");
}

static void a_program_that_is_not_there_says_so(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "");
    char sentence[SW_CHILD_LINE_BYTES];
    const char *const arguments[] = {"nothing", NULL};

    assert_int_equal(
        sw_child_start(&scene.child, &scene.loop, "/nowhere/nothing", arguments, sentence), SW_OK);
    run(&scene);

    assert_int_equal(scene.child.exit_code, 127);
    assert_string_equal(scene.child.tail[0], "/nowhere/nothing: No such file or directory");
}

static void may_be_started_again_when_it_has_ended(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "echo x >&3");
    scene.starts_wanted = 3;
    start(&scene);

    run(&scene);

    assert_int_equal(scene.child.start_total, 3);
    assert_string_equal(scene.status, "x|x|x|");
}

static void kill_at_first_word(struct sw_child *child, struct sw_text line)
{
    (void)line;
    sw_child_signal(child, SIGTERM);
}

static void a_signal_reaches_all_that_the_child_started(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "sleep 1000 & echo ready >&3; wait");
    scene.child.on_status = kill_at_first_word;
    start(&scene);

    run(&scene); // ends only when the sleeper, who holds the pipes, is gone

    assert_int_equal(scene.child.exit_signal, SIGTERM);
}

static void stop_at_first_word(struct sw_child *child, struct sw_text line)
{
    (void)line;
    sw_child_stop(child, 50);
}

static void a_child_that_does_not_listen_is_killed_after_its_grace(void **state)
{
    (void)state;
    static struct scene scene;
    prepare(&scene, "trap '' TERM; echo ready >&3; while :; do sleep 1; done");
    scene.child.on_status = stop_at_first_word;
    start(&scene);

    run(&scene);

    assert_int_equal(scene.child.exit_signal, SIGKILL);
}

/* The parent of the test below: starts a child, tells its process id, waits to be killed. */
static void be_a_parent(int tell)
{
    static struct scene scene;
    prepare(&scene, "exec sleep 1000");
    start(&scene);
    int pid = scene.child.process.pid;
    (void)!write(tell, &pid, sizeof(pid));
    (void)uv_run(&scene.loop, UV_RUN_DEFAULT);
    _exit(1);
}

static void no_child_outlives_a_supervisor_that_is_killed(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t parent = fork();
    if (parent == 0) {
        be_a_parent(told[1]);
    }
    int child = 0;
    assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000L},
                    NULL); // the tether is tied after the fork

    assert_int_equal(kill(parent, SIGKILL), 0);

    int status = 0;
    (void)alarm(30);
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "tether") == 0) {
        return sw_child_tether(argc - 1, argv + 1);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_status_lines_last_words_and_exit_code),
        cmocka_unit_test(tells_the_signal_that_killed),
        cmocka_unit_test(cuts_a_line_that_is_too_long_and_keeps_the_last_lines),
        cmocka_unit_test(a_program_that_is_not_there_says_so),
        cmocka_unit_test(may_be_started_again_when_it_has_ended),
        cmocka_unit_test(a_signal_reaches_all_that_the_child_started),
        cmocka_unit_test(a_child_that_does_not_listen_is_killed_after_its_grace),
        cmocka_unit_test(no_child_outlives_a_supervisor_that_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
