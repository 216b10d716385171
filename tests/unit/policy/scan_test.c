/* The ways through a line, from the slow one that knows everything to the fastest this machine has,
 * must say the same of every line, sound or broken. */
#include "policy_test.h"

#include <sharewatch/policy.h>

#include "policy_random.h"
#include "quotes.h"

#define RULES       100
#define RULES_BYTES 262144
#define LINE_BYTES  8192
#define MACHINES    3

static const enum sw_machine machines[MACHINES] = {SW_MACHINE_PORTABLE, SW_MACHINE_AVX2,
                                                   SW_MACHINE_AVX512};

struct ways {
    struct sw_policy *policies[MACHINES];
    struct sw_scratch *scratches[MACHINES];
};

static void open_ways(struct ways *ways, struct sw_text content)
{
    for (int i = 0; i < MACHINES; i++) {
        const struct sw_policy_options options = {.machine = machines[i], .line_bytes = 65536};
        struct sw_report report = {0};
        assert_int_equal(sw_policy_open_content(&ways->policies[i], content, &options, &report),
                         SW_OK);
        ways->scratches[i] = sw_scratch_open_lines(ways->policies[i]);
        sw_report_free(&report);
    }
}

static void close_ways(struct ways *ways)
{
    for (int i = 0; i < MACHINES; i++) {
        sw_scratch_close(ways->scratches[i]);
        sw_policy_close(ways->policies[i]);
    }
}

/* Matches @text on all ways, compares, and returns how many rules matched; UINT32_MAX: no event. */
static uint32_t match_line(const struct ways *ways, struct sw_text text)
{
    struct sw_line first;
    enum sw_status status = sw_policy_match_line(ways->scratches[0], text, &first);
    for (int i = 1; i < MACHINES; i++) {
        struct sw_line line;
        enum sw_status other = sw_policy_match_line(ways->scratches[i], text, &line);
        if (other != status || line.count != first.count) {
            print_message("%.*s\n", SW_TEXT_FORMAT(text));
        }
        assert_int_equal(other, status);
        assert_int_equal(line.count, first.count);
        assert_int_equal(line.error_position, first.error_position);
        assert_string_equal(line.error != NULL ? line.error : "",
                            first.error != NULL ? first.error : "");
        if (line.count > 0) {
            assert_memory_equal(line.rules, first.rules, line.count * sizeof(uint32_t));
        }
    }
    return status == SW_OK ? first.count : UINT32_MAX;
}

static uint32_t match_string(const struct ways *ways, const char *string)
{
    return match_line(ways, sw_text_from(string));
}

#define RULE(id, detection)                                                                        \
    "title: T\nid: " id "\nlogsource: {product: any}\ndetection: {s: {" detection                  \
    "}, condition: s}\n---\n"

static const char odd_rules[] = "# sharewatch-file: rules.yml\n" RULE("r0", "a: x")
    RULE("r1", "a.b: x") RULE("r2", "a.b: null") RULE("r3", "c|gte: 7") RULE("r4", "d: true")
        RULE("r5", "a|exists: true") RULE("r6", "list: [p, q]") RULE("r7", "list|endswith: q")
            RULE("r8", "a_long_name_of_a_field: Seventeen_and_more")
                RULE("r9", "deep.er.and.deep.er.still.and.on.and.on: x");

/* Each line is odd in one way that the fast way leaves to the slow one, or is near to one. */
static void odd_lines_match_alike(void **state)
{
    (void)state;
    struct ways ways;
    open_ways(&ways, SW_TEXT(odd_rules));
    assert_int_equal(match_string(&ways, "{}"), 1); // a.b is missing
    assert_int_equal(match_string(&ways, "{\"a\":\"x\"}"), 3);
    assert_int_equal(match_string(&ways, "{\"a\":\"X\",\"z\":\"y\"}"), 3);
    assert_int_equal(match_string(&ways, "{\"a\":\"x\",\"a\":\"y\"}"), 2);
    assert_int_equal(match_string(&ways, "{\"a\":{\"b\":\"x\"},\"a\":{\"c\":1}}"), 2);
    assert_int_equal(match_string(&ways, "{\"a\":{\"c\":1},\"a\":{\"b\":\"x\"}}"), 2);
    assert_int_equal(match_string(&ways, "{\"a.b\":\"x\",\"a\":{\"b\":\"y\"}}"), 2);
    assert_int_equal(match_string(&ways, "{\"a\":{\"b\":\"x\"}}"), 2);
    assert_int_equal(match_string(&ways, "{ \"a\" : { \"b\" : \"x\" } }"), 2);
    assert_int_equal(match_string(&ways, "{\"a\": {\"b\": \"x\"}, \"c\": 8, \"d\": true}"), 4);
    assert_int_equal(match_string(&ways, "{\"c\":7.0,\"d\":null}"), 2);
    assert_int_equal(match_string(&ways, "{\"c\":6.99e0,\"d\":false}"), 1);
    assert_int_equal(match_string(&ways, "{\"list\":[\"o\",\"p\"],\"c\":-8}"), 2);
    assert_int_equal(match_string(&ways, "{\"list\":[\"p\", \"q\"]}"), 3);
    assert_int_equal(match_string(&ways, "{\"list\":[],\"x\":[],\"y\":[1,true,null]}"), 1);
    assert_int_equal(match_string(&ways, "{\"list\":[[\"p\"],{\"q\":1}]}"), 2);
    assert_int_equal(match_string(&ways, "{\"list\":[\"p\"],\"list\":[\"o\"]}"), 1);
    assert_int_equal(match_string(&ways, "{\"a_long_name_of_a_field\":\"SEVENTEEN_AND_MORE\"}"), 2);
    assert_int_equal(match_string(&ways, "{\"deep\":{\"er\":{\"and\":{\"deep\":{\"er\":{\"still\":{"
                                         "\"and\":{\"on\":{\"and\":{\"on\":\"x\"}}}}}}}}}}"),
                     2);
    assert_int_equal(match_string(&ways, "{\"a\":\"\\u0078\"}"), 3);
    assert_int_equal(match_string(&ways, "{\"a\":\"x\"}\n"), 3);
    assert_int_equal(match_string(&ways, "{\"z\":\"\xc3\xa4\",\"a\":\"x\"}"), 3);
    close_ways(&ways);
}

static void broken_lines_fail_alike(void **state)
{
    (void)state;
    struct ways ways;
    open_ways(&ways, SW_TEXT(odd_rules));
    const char *const broken[] = {
        "",
        "{",
        "{\"",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":\"",
        "{\"a\":\"x",
        "{\"a\":\"x\"",
        "{\"a\":\"x\",",
        "{\"a\":\"x\",}",
        "{\"a\":truex}",
        "{\"a\":tru",
        "{\"c\":07}",
        "{\"c\":-}",
        "{\"c\":1.}",
        "{\"c\":1e999}",
        "{\"a\":[\"x\",]}",
        "{\"a\":[}",
        "{\"a\"x:1}",
        "{a\":\"x\"}",
        "{\"a\":\"x\"]",
        "{\"a\":\"x\"}}",
        "[\"a\"]",
        "{\"a\":\"x\"\"b\":1}",
        "{\"a\":\"x\",,\"b\":1}",
        "{\"a\"::\"x\"}",
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(match_string(&ways, broken[i]), UINT32_MAX);
    }
    close_ways(&ways);
}

/* One byte of a sound line goes, comes or changes, or the end is cut off. */
static void mutate(struct random *random, struct sw_buffer *line)
{
    static const char bytes[] = "\"\"\"\\{}[]:,,  0179-.eEtfnaxu\x80\xc3\n";
    uint32_t at = random_below(random, line->length);
    char byte = bytes[random_below(random, sizeof(bytes) - 1)];
    switch (random_below(random, 4)) {
    case 0:
        line->bytes[at] = byte;
        break;
    case 1:
        memmove(line->bytes + at, line->bytes + at + 1, line->length - at - 1);
        line->length--;
        break;
    case 2:
        memmove(line->bytes + at + 1, line->bytes + at, line->length - at);
        line->bytes[at] = byte;
        line->length++;
        break;
    default:
        line->length = at;
    }
}

static void run_random_lines(enum rule_mix mix, uint32_t count)
{
    static char content[RULES_BYTES];
    static char bytes[LINE_BYTES];
    struct random random = {7};
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, content, sizeof(content));
    sw_buffer_append_string(&buffer, "# sharewatch-file: rules.yml\n");
    for (uint32_t i = 0; i < RULES; i++) {
        random_rule(&random, mix, i, &buffer);
    }
    assert_false(buffer.overflowed);
    struct ways ways;
    open_ways(&ways, sw_buffer_text(&buffer));
    uint32_t sound = 0;
    for (uint32_t i = 0; i < count; i++) {
        sw_buffer_init(&buffer, bytes, sizeof(bytes) - 8);
        random_event(&random, mix, &buffer);
        assert_false(buffer.overflowed);
        for (uint32_t changes = random_below(&random, 3); changes > 0 && buffer.length > 1;
             changes--) {
            mutate(&random, &buffer);
        }
        /* In memory of its own size, so that a byte too far is found. */
        char *exact = malloc(buffer.length + 1);
        assert_non_null(exact);
        memcpy(exact, bytes, buffer.length);
        sound += match_line(&ways, (struct sw_text){exact, buffer.length}) != UINT32_MAX ? 1 : 0;
        free(exact);
    }
    assert_in_range(sound, count / 4, count - count / 10);
    close_ways(&ways);
}

static void changed_lines_of_the_domain_match_alike(void **state)
{
    (void)state;
    run_random_lines(RULE_MIX_DOMAIN, 10000);
}

static void changed_wild_lines_match_alike(void **state)
{
    (void)state;
    run_random_lines(RULE_MIX_WILD, 10000);
}

static void finds_every_quote_of_plain_text(void **state)
{
    (void)state;
    static char bytes[1000];
    struct random random = {3};
    for (int machine = 0; machine < MACHINES; machine++) {
        struct sw_quotes quotes;
        sw_quotes_open(&quotes, machines[machine]);
        for (uint32_t length = 0; length < sizeof(bytes); length++) {
            bool plain = length % 5 != 0;
            for (uint32_t i = 0; i < length; i++) {
                bytes[i] = (char)(random_below(&random, 3) == 0 ? '"' : ' ' + i % 60);
            }
            if (!plain && length > 0) {
                bytes[random_below(&random, length)] = "\\\n\x80\x1f"[length % 4];
            }
            bool found = sw_quotes_find(&quotes, (struct sw_text){bytes, length});
            assert_true(!found || plain || length == 0);
            assert_true(found || !plain || quotes.machine == SW_MACHINE_PORTABLE);
            uint32_t count = 0;
            for (uint32_t i = 0; found && i < length; i++) {
                if (bytes[i] == '"') {
                    assert_int_equal(quotes.positions[count++], i);
                }
            }
            if (found) {
                assert_int_equal(quotes.positions[count], length);
                assert_memory_equal(quotes.bytes, bytes, length);
                assert_int_equal(quotes.bytes[length + 63], ' ');
            }
        }
        sw_quotes_close(&quotes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_lines_match_alike),
        cmocka_unit_test(broken_lines_fail_alike),
        cmocka_unit_test(changed_lines_of_the_domain_match_alike),
        cmocka_unit_test(changed_wild_lines_match_alike),
        cmocka_unit_test(finds_every_quote_of_plain_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
