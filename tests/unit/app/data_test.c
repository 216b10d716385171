#include "sw_test.h"

#include <stdlib.h>

#include <sharewatch/data.h>

static void finds_the_files_of_the_source_tree(void **state)
{
    (void)state;
    char path[SW_PATH_BYTES];
    (void)unsetenv("SHAREWATCH_DATA");

    assert_int_equal(sw_data_path("core/taxonomy.yaml", path), SW_OK);

    assert_string_equal(path, SW_SOURCE_DIR "/monitor/core/taxonomy.yaml");
    assert_int_equal(sw_data_path("scenarios/subject-a/scenario.yaml", path), SW_OK);
    assert_string_equal(path, SW_SOURCE_DIR "/scenarios/subject-a/scenario.yaml");
}

static void prefers_the_folder_that_the_user_names(void **state)
{
    (void)state;
    char path[SW_PATH_BYTES];
    assert_int_equal(setenv("SHAREWATCH_DATA", SW_SOURCE_DIR "/tests", 1), 0);

    assert_int_equal(sw_data_path("support/sw_test.h", path), SW_OK);

    assert_string_equal(path, SW_SOURCE_DIR "/tests/support/sw_test.h");
}

static void says_where_it_looked(void **state)
{
    (void)state;
    char path[SW_PATH_BYTES];
    assert_int_equal(setenv("SHAREWATCH_DATA", "/nowhere", 1), 0);

    assert_int_equal(sw_data_path("maps/x.yaml", path), SW_NOT_FOUND);

    assert_string_equal(path, "/nowhere/maps/x.yaml");
}

static void refuses_a_path_over_its_limit(void **state)
{
    (void)state;
    char path[SW_PATH_BYTES];
    char name[SW_PATH_BYTES + 1];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';

    assert_int_equal(sw_data_path(name, path), SW_TOO_LONG);

    assert_string_equal(path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_files_of_the_source_tree),
        cmocka_unit_test(prefers_the_folder_that_the_user_names),
        cmocka_unit_test(says_where_it_looked),
        cmocka_unit_test(refuses_a_path_over_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
