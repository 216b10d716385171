/**
 * For system tests in C: real programs as children that cannot outlive the test, a broker whose
 * state survives its death, and questions to a log.
 */
#ifndef SHAREWATCH_PROCESSES_H
#define SHAREWATCH_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TEST_PATH_BYTES 256

/** A folder of the test's own and a free port. */
struct test_place {
    char folder[TEST_PATH_BYTES];
    uint16_t port;
    char url[64]; // mqtt://127.0.0.1:PORT
};

struct test_child {
    char output[TEST_PATH_BYTES]; // the file of what it writes: NAME.out in the folder
    long output_from;             // byte of it at which this start begins
    pid_t pid;                    // 0 when it does not run
    int status;                   // as of waitpid(), when it has ended
};

/** Makes the folder below @parent, or in memory where there is room when that is NULL. */
void test_place_open(struct test_place *place, const char *parent);

/** Removes the folder; when the test @failed it stays and its name is printed. */
void test_place_close(struct test_place *place, bool failed);

/** Writes FOLDER/@name into @path. */
const char *test_path(const struct test_place *place, const char *name, char path[TEST_PATH_BYTES]);

/** Starts @arguments (NULL at the end). */
void test_start(const struct test_place *place, struct test_child *child, const char *name,
                const char *const *arguments);

/** True while it runs; notes its status when it has ended. When a child has ended, here or below,
 *  and a sanitizer found something in it, the test prints that and fails. */
bool test_is_running(struct test_child *child);

/** Sends @number and waits for the end; does nothing when it has ended. */
void test_end(struct test_child *child, int number);

/** Waits until it has ended by itself. */
bool test_wait_end(struct test_child *child, int64_t timeout_ms);

/** Waits until its output holds @text; its output begins anew with each start. False: it does not,
 *  or the child has ended without it. */
bool test_wait_output(struct test_child *child, const char *text, int64_t timeout_ms);

/** Starts mosquitto with settings that lose nothing that it has acknowledged, and waits until it
 *  listens. */
void test_start_broker(const struct test_place *place, struct test_child *child);

/** True when somebody listens on the port. */
bool test_port_is_open(uint16_t port);

void test_sleep_ms(int64_t ms);
int64_t test_now_ms(void);

/** The single number that @sql gives from the log at @path; -1 when there is no log yet. */
int64_t test_number(const char *path, const char *sql);

/** Waits until @sql gives @number, at most @timeout_ms. */
bool test_wait_number(const char *path, const char *sql, int64_t number, int64_t timeout_ms);

/** Prints the last lines of the child's output. */
void test_print_output(const struct test_place *place, const char *name);

/** The programs of this build, by the name that people type. */
const char *test_program(void);

#endif
