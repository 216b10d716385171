#include "sw_test.h"

#include <time.h>

#include <sharewatch/now.h>
#include <sharewatch/time.h>

static void reads_what_rfc_3339_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01", 0},
        {"2026-11-24T10:15:00.123Z", INT64_C(1795515300123)},
        {"2026-11-24T02:15:00.123-08:00", INT64_C(1795515300123)},
        {"2024-02-29", INT64_C(1709164800000)},
        {"1979-11-27", INT64_C(312508800000)},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-11-24T10:15:00.1239Z", INT64_C(1795515300123)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t time_ms = 0;
        assert_int_equal(sw_time_parse(sw_text_from(cases[i].text), &time_ms), SW_OK);
        assert_int_equal(time_ms, cases[i].time_ms);
    }
}

static void refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2026",
        "2026-13-01",
        "2026-02-29",
        "2026-11-24T",
        "2026-1-1",
        "2026-11-24T25:00:00Z",
        "2026-11-24T10:15:00",
        "2026-11-24T10:15:00.Z",
        "2026-11-24T10:15:00Zx",
        "2026-11-24T10:15:00+8",
        "yesterday",
        "99999-01-01",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t time_ms = 7;
        assert_int_equal(sw_time_parse(sw_text_from(cases[i]), &time_ms), SW_MALFORMED);
        assert_int_equal(time_ms, 7);
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    for (int64_t time_ms = -SW_DAY_MS * 365 * 1000; time_ms < SW_DAY_MS * 365 * 3000;
         time_ms += SW_DAY_MS * 17 + 12345678) {
        char text[SW_TIME_BYTES];
        int64_t read_ms = 0;
        sw_time_format(time_ms, text);
        assert_int_equal(sw_time_parse(sw_text_from(text), &read_ms), SW_OK);
        assert_int_equal(read_ms, time_ms);
    }
}

static void durations_add_up(void **state)
{
    (void)state;
    int64_t duration_ms = 0;
    assert_int_equal(sw_duration_parse(SW_TEXT("1h20m"), &duration_ms), SW_OK);
    assert_int_equal(duration_ms, 80 * SW_MINUTE_MS);
    assert_int_equal(sw_duration_parse(SW_TEXT("250ms"), &duration_ms), SW_OK);
    assert_int_equal(duration_ms, 250);
    assert_int_equal(sw_duration_parse(SW_TEXT("2w3d"), &duration_ms), SW_OK);
    assert_int_equal(duration_ms, 17 * SW_DAY_MS);
    static const char *const wrong[] = {"", "1", "h", "1x", "1h2", "101w1000000000d", "-1h"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sw_duration_parse(sw_text_from(wrong[i]), &duration_ms), SW_MALFORMED);
    }
}

static void tells_what_time_it_is(void **state)
{
    (void)state;
    int64_t before_ms = (int64_t)time(NULL) * SW_SECOND_MS;
    int64_t steady_ms = sw_steady_ms();
    double steady_s = sw_steady_s();

    assert_in_range(sw_now_ms() - before_ms, 0, SW_HOUR_MS);
    assert_true(sw_steady_ms() >= steady_ms);
    assert_true(steady_s * 1000 + 1 >= (double)steady_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_time_it_is),   cmocka_unit_test(reads_what_rfc_3339_writes),
        cmocka_unit_test(refuses_what_is_no_time), cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(durations_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
