#include "sw_test.h"

#include <sqlite3.h>

#include <sharewatch/log.h>

#define RESERVED ((size_t)1 << 20)

static void gives_blocks_that_hold_what_was_asked(void **state)
{
    (void)state;
    for (int bytes = 1; bytes < 20000; bytes += 37) {
        unsigned char *memory = sqlite3_malloc(bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        assert_true(sqlite3_msize(memory) >= (sqlite3_uint64)bytes);
        assert_true(bytes < 64 || sqlite3_msize(memory) <= (sqlite3_uint64)bytes * 5 / 4);
        memset(memory, 0xa5, (size_t)bytes);
        sqlite3_free(memory);
    }
}

static void keeps_the_content_when_it_grows_and_shrinks(void **state)
{
    (void)state;
    unsigned char *memory = sqlite3_malloc(100);
    assert_non_null(memory);
    memset(memory, 7, 100);
    memory = sqlite3_realloc(memory, 5000);
    assert_non_null(memory);
    memory = sqlite3_realloc(memory, 50);
    assert_non_null(memory);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(memory[i], 7);
    }
    sqlite3_free(memory);
}

static void uses_freed_blocks_again(void **state)
{
    (void)state;
    void *first = sqlite3_malloc(3000);
    sqlite3_free(first);

    void *second = sqlite3_malloc(2900);

    assert_ptr_equal(first, second);
    sqlite3_free(second);
}

static void says_when_it_is_used_up(void **state)
{
    (void)state;
    static void *blocks[RESERVED / 10000];
    uint32_t count = 0;
    for (; count < RESERVED / 10000; count++) {
        blocks[count] = sqlite3_malloc(10000);
        if (blocks[count] == NULL) {
            break;
        }
    }
    assert_true(count > 50);
    assert_null(sqlite3_malloc(10000));
    assert_null(sqlite3_malloc(100 * 1000 * 1000));
    for (uint32_t i = 0; i < count; i++) {
        sqlite3_free(blocks[i]);
    }
    void *again = sqlite3_malloc(10000);
    assert_non_null(again);
    sqlite3_free(again);
}

static int reserve(void **state)
{
    (void)state;
    return sw_log_reserve_memory(RESERVED) == SW_OK && sqlite3_initialize() == SQLITE_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_blocks_that_hold_what_was_asked),
        cmocka_unit_test(keeps_the_content_when_it_grows_and_shrinks),
        cmocka_unit_test(uses_freed_blocks_again),
        cmocka_unit_test(says_when_it_is_used_up),
    };
    return cmocka_run_group_tests(tests, reserve, NULL);
}
