#include "sw_test.h"

#include <stdlib.h>
#include <unistd.h>

#include "render.h"

static struct sw_log_alert sample(void)
{
    return (struct sw_log_alert){.id = 12,
                                 .time_ms = 1795516500000, // 2026-11-24T10:35:00Z
                                 .level = SW_LEVEL_INFORMED,
                                 .verdict = SW_VERDICT_PROH,
                                 .hops = 1,
                                 .cite = "Gov. Code 7284.6",
                                 .title = "Jail sent a release time",
                                 .path = "LAPD jail › Support centre › ERO Los Angeles"};
}

static const char *rendered(struct sw_render *render, const struct sw_log_alert *alert)
{
    static char bytes[SW_RENDER_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_render_alert(render, alert, &buffer);
    assert_false(buffer.overflowed);
    return bytes;
}

static void two_lines_on_a_terminal_and_the_date_once(void **state)
{
    (void)state;
    struct sw_render render = {.terminal = true, .columns = 120};
    struct sw_log_alert alert = sample();

    assert_string_equal(
        rendered(&render, &alert),
        "── 2026-11-24 UTC ──\n"
        "10:35:00  ◆ PROHIBITED     ▮▮▮▯ informed  Jail sent a release time\n"
        "          LAPD jail › Support centre › ERO Los Angeles   Gov. Code 7284.6   alert 12\n");
    assert_string_equal(
        rendered(&render, &alert),
        "10:35:00  ◆ PROHIBITED     ▮▮▮▯ informed  Jail sent a release time\n"
        "          LAPD jail › Support centre › ERO Los Angeles   Gov. Code 7284.6   alert 12\n");
}

static void one_plain_line_in_a_pipe(void **state)
{
    (void)state;
    struct sw_render render = {.columns = 40};
    struct sw_log_alert alert = sample();
    alert.synthetic = true;
    alert.duties = SW_DUTY_SERVE_COPY;
    alert.hops = 71;

    assert_string_equal(
        rendered(&render, &alert),
        "2026-11-24T10:35:00Z  PROH    3 informed  Jail sent a release time (×71)  |  LAPD jail › "
        "Support centre › ERO Los Angeles  |  Gov. Code 7284.6  |  owed: SERVE_COPY  |  alert 12 "
        "(synthetic)\n");
}

static void keeps_to_ascii_when_asked(void **state)
{
    (void)state;
    struct sw_render render = {.terminal = true, .ascii = true, .columns = 120};
    struct sw_log_alert alert = sample();
    alert.hops = 2;

    for (const char *byte = rendered(&render, &alert); *byte != '\0'; byte++) {
        assert_true((unsigned char)*byte < 0x80);
    }
    assert_non_null(strstr(rendered(&render, &alert), "! PROHIBITED     ###. informed"));
    assert_non_null(strstr(rendered(&render, &alert), "LAPD jail > Support centre > ERO"));
    assert_non_null(strstr(rendered(&render, &alert), "(x2)"));
}

static void every_verdict_has_its_shape_word_and_color(void **state)
{
    (void)state;
    const char *const expected[SW_VERDICT_COUNT] = {
        [SW_VERDICT_NONE] = "\x1b[2m● none\x1b[0m",
        [SW_VERDICT_FED] = "\x1b[34m● federal\x1b[0m",
        [SW_VERDICT_AUTO] = "\x1b[34m● automatic\x1b[0m",
        [SW_VERDICT_DISC] = "\x1b[36m■ discretionary\x1b[0m",
        [SW_VERDICT_REVIEW] = "\x1b[33m▲ needs review\x1b[0m",
        [SW_VERDICT_PROH] = "\x1b[1;31m◆ PROHIBITED\x1b[0m",
    };
    struct sw_render render = {.color = true};
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        char bytes[64];
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, bytes, sizeof(bytes));
        sw_render_verdict(&render, (enum sw_verdict)verdict, &buffer);
        assert_string_equal(bytes, expected[verdict]);
    }
}

static void a_narrow_terminal_cuts_the_middle_of_the_way_and_never_its_end(void **state)
{
    (void)state;
    struct sw_render render = {.terminal = true, .columns = 75};
    struct sw_log_alert alert = sample();

    assert_non_null(
        strstr(rendered(&render, &alert),
               "          LAPD jail › … › ERO Los Angeles   Gov. Code 7284.6   alert 12\n"));
    render.columns = 60;
    assert_non_null(strstr(rendered(&render, &alert),
                           "          … › ERO Los Angeles   Gov. Code 7284.6   alert 12\n"));
}

static void a_long_title_gets_a_line_of_its_own_and_is_not_cut(void **state)
{
    (void)state;
    struct sw_render render = {.terminal = true, .columns = 80};
    struct sw_log_alert alert = sample();
    (void)snprintf(alert.title, sizeof(alert.title),
                   "An LAPD officer searches plates for immigration agents (side door)");

    assert_non_null(strstr(rendered(&render, &alert),
                           "◆ PROHIBITED     ▮▮▮▯ informed\n"
                           "          An LAPD officer searches plates for immigration agents "
                           "(side door)\n"
                           "          LAPD jail › "));
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct sw_render render = {.terminal = true, .columns = 200};
    struct sw_log_alert alert = sample();
    (void)snprintf(alert.title, sizeof(alert.title),
                   "a\x1b[2Jb\xc2\x9b"
                   "c\rd\xc3\xa9");
    (void)snprintf(alert.path, sizeof(alert.path), "x\ny › \x07z");

    const char *text = rendered(&render, &alert);
    assert_non_null(strstr(text, "a?[2Jb?c?d\xc3\xa9\n"));
    assert_non_null(strstr(text, "x?y › ?z"));
}

static void what_needs_no_alert_takes_one_line_in_the_same_columns(void **state)
{
    (void)state;
    char bytes[512];
    struct sw_buffer buffer;
    struct sw_render terminal = {.terminal = true, .columns = 120, .last_day = 1};
    struct sw_render pipe = {.columns = 120};
    struct sw_render_step hop = {.time_ms = 1795516500000,
                                 .has_hop = true,
                                 .level = SW_LEVEL_SEARCHED,
                                 .verdict = SW_VERDICT_AUTO,
                                 .what = SW_TEXT("A search")};
    struct sw_render_step event = {.time_ms = 1795516500000, .what = SW_TEXT("custody: released")};

    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_render_step(&terminal, &hop, &buffer);
    sw_render_step(&terminal, &event, &buffer);
    assert_string_equal(bytes, "── 2026-11-24 UTC ──\n"
                               "10:35:00  ● automatic      ▮▯▯▯ searched  A search\n"
                               "10:35:00                                  custody: released\n");

    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_render_step(&pipe, &hop, &buffer);
    sw_render_step(&pipe, &event, &buffer);
    assert_string_equal(bytes, "2026-11-24T10:35:00Z  AUTO    1 searched  A search\n"
                               "2026-11-24T10:35:00Z  -       -           custody: released\n");
}

static void the_longest_alert_fits_its_buffer(void **state)
{
    (void)state;
    struct sw_log_alert alert = sample();
    memset(alert.title, 'x', sizeof(alert.title) - 1);
    memset(alert.path, 'x', sizeof(alert.path) - 1);
    memset(alert.cite, 'x', sizeof(alert.cite) - 1);
    alert.duties = (1U << SW_DUTY_COUNT) - 1;
    alert.hops = UINT64_MAX;
    struct sw_render terminal = {.terminal = true, .color = true, .columns = 400};
    struct sw_render pipe = {.columns = 400};

    assert_non_null(strstr(rendered(&terminal, &alert), "alert 12"));
    assert_non_null(strstr(rendered(&pipe, &alert), "alert 12"));
}

static void color_follows_the_environment_and_the_option_wins(void **state)
{
    (void)state;
    struct sw_render render;
    FILE *file = tmpfile();
    assert_non_null(file);

    assert_int_equal(sw_render_init(&render, file, NULL), SW_OK);
    assert_false(render.color || render.terminal);
    assert_int_equal(sw_render_init(&render, file, "always"), SW_OK);
    assert_true(render.color);
    assert_int_equal(sw_render_init(&render, file, "never"), SW_OK);
    assert_false(render.color);
    assert_int_equal(sw_render_init(&render, file, "blue"), SW_MALFORMED);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_lines_on_a_terminal_and_the_date_once),
        cmocka_unit_test(one_plain_line_in_a_pipe),
        cmocka_unit_test(keeps_to_ascii_when_asked),
        cmocka_unit_test(every_verdict_has_its_shape_word_and_color),
        cmocka_unit_test(a_narrow_terminal_cuts_the_middle_of_the_way_and_never_its_end),
        cmocka_unit_test(a_long_title_gets_a_line_of_its_own_and_is_not_cut),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(what_needs_no_alert_takes_one_line_in_the_same_columns),
        cmocka_unit_test(the_longest_alert_fits_its_buffer),
        cmocka_unit_test(color_follows_the_environment_and_the_option_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
