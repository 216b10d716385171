/**
 * What every unit test includes: cmocka with the headers it needs, and comparisons of sw_text.
 */
#ifndef SHAREWATCH_SW_TEST_H
#define SHAREWATCH_SW_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sharewatch/text.h>

#define assert_text_equal(text, string)                                                            \
    do {                                                                                           \
        struct sw_text compared_ = (text);                                                         \
        assert_int_equal(compared_.length, strlen(string));                                        \
        assert_memory_equal(compared_.bytes != NULL ? compared_.bytes : "", string,                \
                            compared_.length);                                                     \
    } while (0)

#endif
