/* In children: what was taken from a process does not come back. */
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for MAP_ANONYMOUS
#include "sw_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#define CONFINED   0
#define NO_SANDBOX 77

/* Runs @try where the sandbox is closed. False: this kernel has none. */
static bool run_confined(int (*try)(void), int *code)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        sw_sandbox_begin(STDERR_FILENO);
        _exit(sw_sandbox_close() ? try() : NO_SANDBOX);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    *code = WEXITSTATUS(status);
    return *code != NO_SANDBOX;
}

static int map_to_write(void)
{
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return 1;
    }
    memory[0] = 1;
    return munmap(memory, 4096) == 0 ? CONFINED : 2;
}

static int map_to_execute(void)
{
    int both = PROT_READ | PROT_EXEC;
    errno = 0;
    if (mmap(NULL, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
        return 1;
    }
    return errno == EPERM ? CONFINED : 2;
}

static int make_executable(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return 1;
    }
    errno = 0;
    return mprotect(memory, 4096, PROT_READ | PROT_EXEC) != 0 && errno == EPERM ? CONFINED : 2;
}

static int open_file(void)
{
    errno = 0;
    return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM ? CONFINED : 1;
}

static void check(int (*try)(void))
{
    int code = 0;
    if (!run_confined(try, &code)) {
        skip();
    }
    assert_int_equal(code, CONFINED);
}

static void memory_can_be_had(void **state)
{
    (void)state;
    check(map_to_write);
}

static void no_memory_can_be_executed(void **state)
{
    (void)state;
    check(map_to_execute);
    check(make_executable);
}

static void no_file_can_be_opened(void **state)
{
    (void)state;
    check(open_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_can_be_had),
        cmocka_unit_test(no_memory_can_be_executed),
        cmocka_unit_test(no_file_can_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
