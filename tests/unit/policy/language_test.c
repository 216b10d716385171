/* The language, row by row: a detection, an event, and whether it matches. The choices where
 * engines differ each have a row. */
#include "policy_test.h"

struct row {
    const char *detection;
    const char *event;
    bool matches;
};

static bool matches(const char *detection, const char *event)
{
    char yaml[4096];
    int length =
        snprintf(yaml, sizeof(yaml), "title: T\nid: t\nlogsource: {product: any}\ndetection:\n%s\n",
                 detection);
    assert_in_range(length, 1, (int)sizeof(yaml) - 1);
    struct sw_policy *policy = load_good(yaml);
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    struct sw_line line;
    enum sw_status status = sw_policy_match_line(scratch, sw_text_from(event), &line);
    if (status != SW_OK) {
        print_message("%s: %s at %u\n", event, line.error, line.error_position);
    }
    assert_int_equal(status, SW_OK);
    bool matched = line.count == 1;
    sw_scratch_close(scratch);
    sw_policy_close(policy);
    return matched;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(rows[i].detection, rows[i].event) != rows[i].matches) {
            fail_msg("expected %s: %s with %s", rows[i].matches ? "a match" : "no match",
                     rows[i].detection, rows[i].event);
        }
    }
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof((rows)[0]))
#define S(map)           "  s: " map "\n  condition: s"

static void text_is_compared_whole_and_without_case(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f: abc}"), "{\"f\":\"ABC\"}", true},
        {S("{f: abc}"), "{\"f\":\"xabc\"}", false},
        {S("{f: ''}"), "{\"f\":\"\"}", true},
        {S("{f: ''}"), "{\"f\":null}", false},
        {S("{f: ''}"), "{}", false},
        {S("{f: 'stra\xc3\x9f"
           "e'}"),
         "{\"f\":\"STRA\xe1\xba\x9e"
         "E\"}",
         true},
        {S("{f: '\xce\xa3'}"), "{\"f\":\"\xcf\x82\"}", true},
        {S("{f: '\xc3\x84'}"), "{\"f\":\"\\u00e4\"}", true},
        {S("{f: [x, y]}"), "{\"f\":\"Y\"}", true},
        {S("{f|cased: abc}"), "{\"f\":\"ABC\"}", false},
        {S("{f|cased: abc}"), "{\"f\":\"abc\"}", true},
        {S("{f|contains|cased: B}"), "{\"f\":\"aBc\"}", true},
        {S("{f|contains|cased: B}"), "{\"f\":\"abc\"}", false},
        {S("{F: abc}"), "{\"f\":\"abc\"}", false},
    };
    CHECK_ROWS(rows);
}

static void wildcards_and_escapes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f: 'a*c'}"), "{\"f\":\"abbbc\"}", true},
        {S("{f: 'a*c'}"), "{\"f\":\"a\\n\\nc\"}", true},
        {S("{f: 'a?c'}"), "{\"f\":\"abc\"}", true},
        {S("{f: 'a?c'}"), "{\"f\":\"ac\"}", false},
        {S("{f: 'a?c'}"),
         "{\"f\":\"a\xe2\x82\xac"
         "c\"}",
         true},
        {S("{f: 'a\\*c'}"), "{\"f\":\"a*c\"}", true},
        {S("{f: 'a\\*c'}"), "{\"f\":\"abc\"}", false},
        {S("{f: 'a\\\\*'}"), "{\"f\":\"a\\\\bc\"}", true},
        {S("{f: 'a\\\\*'}"), "{\"f\":\"a*\"}", false},
        {S("{f: 'a\\b'}"), "{\"f\":\"a\\\\b\"}", true},
        {S("{f: 'a\\\\b'}"), "{\"f\":\"a\\\\b\"}", true},
        {S("{f: 'a\\\\\\\\b'}"), "{\"f\":\"a\\\\\\\\b\"}", true},
        {S("{f|startswith: 'a?c'}"), "{\"f\":\"axcd\"}", true},
        {S("{f|endswith: 'a*d'}"), "{\"f\":\"zzaxxd\"}", true},
        {S("{f|contains: 'b?d'}"), "{\"f\":\"abcde\"}", true},
        {S("{f|contains: 'b?d'}"), "{\"f\":\"abde\"}", false},
        {S("{f: '*'}"), "{\"f\":\"\"}", true},
        {S("{f: '*'}"), "{\"f\":null}", false},
        {S("{f: '?*'}"), "{\"f\":\"\"}", false},
        {S("{f: '*ab*ab*'}"), "{\"f\":\"xxabab\"}", true},
        {S("{f: '*aab'}"), "{\"f\":\"aaab\"}", true},
    };
    CHECK_ROWS(rows);
}

static void lists_maps_and_keywords(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f: a, g: b}"), "{\"f\":\"a\",\"g\":\"b\"}", true},
        {S("{f: a, g: b}"), "{\"f\":\"a\"}", false},
        {S("[{f: a}, {g: b}]"), "{\"g\":\"b\"}", true},
        {S("{f|contains|all: [a, b]}"), "{\"f\":\"xbxa\"}", true},
        {S("{f|contains|all: [a, b]}"), "{\"f\":\"a\"}", false},
        {S("[ice hold, x]"), "{\"f\":{\"g\":[\"an ICE hold\"]}}", true},
        {S("[ice hold]"), "{\"ice hold\":1}", false},
        {S("[4711]"), "{\"f\":14711}", true},
        {S("bare"), "{\"f\":\"a bare word\"}", true},
        {S("[{f: a}, word]"), "{\"g\":\"word\"}", true},
        {S("{'|all': [one, two]}"), "{\"f\":\"one\",\"g\":\"two\"}", true},
        {S("{'|all': [one, two]}"), "{\"f\":\"one\"}", false},
        {S("{'|re': 'o.e'}"), "{\"f\":\"a one\"}", true},
        {S("{f: [a, b], f|endswith: b}"), "{\"f\":\"b\"}", true},
        {S("[[x, y], z]"), "{\"f\":\"y\"}", true},
    };
    CHECK_ROWS(rows);
}

static void missing_null_and_presence(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f: null}"), "{}", true},
        {S("{f: null}"), "{\"f\":null}", true},
        {S("{f: null}"), "{\"f\":\"\"}", false},
        {S("{f: null}"), "{\"f\":[]}", false},
        {S("{f: null}"), "{\"f\":[null,1]}", true},
        {S("{f|exists: true}"), "{\"f\":null}", true},
        {S("{f|exists: true}"), "{\"f\":\"\"}", true},
        {S("{f|exists: true}"), "{\"f\":{\"x\":1}}", true},
        {S("{f|exists: true}"), "{}", false},
        {S("{f|exists: false}"), "{}", true},
        {S("{f|exists: false}"), "{\"f\":null}", false},
        {S("{f|neq: a}"), "{}", true},
        {S("{f|neq: a}"), "{\"f\":\"a\"}", false},
        {S("{f|neq: a}"), "{\"f\":\"b\"}", true},
        {S("{f|neq: [a, b]}"), "{\"f\":\"b\"}", false},
        {S("{f|neq: [a, b]}"), "{\"f\":\"c\"}", true},
        {S("{f|neq: a}"), "{\"f\":[\"b\",\"a\"]}", false},
        {S("{f|contains|neq: a}"), "{\"f\":\"xay\"}", false},
        {S("{f|neq: null}"), "{\"f\":1}", true},
    };
    CHECK_ROWS(rows);
}

static void names_reach_into_objects_and_arrays(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{a.b: x}"), "{\"a\":{\"b\":\"x\"}}", true},
        {S("{a.b: x}"), "{\"a.b\":\"x\"}", true},
        {S("{a.b: x}"), "{\"a.b\":\"y\",\"a\":{\"b\":\"x\"}}", false},
        {S("{a.b: x}"), "{\"a\":{\"b\":\"x\"},\"a.b\":\"y\"}", false},
        {S("{a.b: x}"), "{\"a\":[{\"b\":\"y\"},{\"b\":\"x\"}]}", true},
        {S("{a.b: x}"), "{\"a\":[{\"b\":[\"y\",\"x\"]}]}", true},
        {S("{a: x}"), "{\"a\":[[\"x\"]]}", true},
        {S("{a|all: [x, y]}"), "{\"a\":[\"x\",\"y\"]}", true},
        {S("{a: x}"), "{\"a\":\"x\",\"a\":\"y\"}", false},
        {S("{a: y}"), "{\"a\":\"x\",\"a\":\"y\"}", true},
        {S("{a.b: x}"), "{\"a\":{\"b\":\"x\"},\"a\":{}}", false},
        {S("{a.b: null}"), "{\"a\":{\"b\":\"x\"},\"a\":{}}", true},
        {S("{a: x}"), "{\"b\":{\"a\":\"x\"}}", false},
        {S("{a.b: x}"), "{\"a\":{\"b\":{\"c\":\"x\"}}}", false},
    };
    CHECK_ROWS(rows);
}

static void numbers_and_booleans(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f: 7}"), "{\"f\":7}", true},
        {S("{f: 7}"), "{\"f\":\"7\"}", true},
        {S("{f: 7}"), "{\"f\":7.0}", true},
        {S("{f: 7}"), "{\"f\":\"7.0\"}", true},
        {S("{f: 7.5}"), "{\"f\":75e-1}", true},
        {S("{f: '7'}"), "{\"f\":7}", true},
        {S("{f: '7'}"), "{\"f\":7.0}", true},
        {S("{f: '007'}"), "{\"f\":7}", false},
        {S("{f: '007'}"), "{\"f\":\"007\"}", true},
        {S("{f: 9007199254740993}"), "{\"f\":9007199254740993}", true},
        {S("{f: 9007199254740993}"), "{\"f\":9007199254740992}", false},
        {S("{f: 18446744073709551615}"), "{\"f\":18446744073709551615}", true},
        {S("{f: 18446744073709551615}"), "{\"f\":18446744073709551614}", false},
        {S("{f: -3}"), "{\"f\":-3}", true},
        {S("{f|gt: 5}"), "{\"f\":\"6\"}", true},
        {S("{f|gt: 5}"), "{\"f\":5}", false},
        {S("{f|gte: 5}"), "{\"f\":5}", true},
        {S("{f|lt: 5}"), "{\"f\":-1e3}", true},
        {S("{f|lte: 5}"), "{\"f\":5.0000001}", false},
        {S("{f|gt: 5}"), "{\"f\":\"x\"}", false},
        {S("{f|gt: 5}"), "{}", false},
        {S("{f|gt: 1, f|lt: 3}"), "{\"f\":2}", true},
        {S("{f: true}"), "{\"f\":true}", true},
        {S("{f: true}"), "{\"f\":\"True\"}", true},
        {S("{f: true}"), "{\"f\":1}", false},
        {S("{f: yes}"), "{\"f\":\"yes\"}", true},
        {S("{f: yes}"), "{\"f\":true}", false},
        {S("{f: 'true'}"), "{\"f\":true}", true},
        {S("{f|startswith: 7}"), "{\"f\":71}", true},
        {S("{f|contains: 1}"), "{\"f\":\"a1b\"}", true},
    };
    CHECK_ROWS(rows);
}

static void regular_expressions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f|re: 'b.d'}"), "{\"f\":\"abcde\"}", true},
        {S("{f|re: 'B.D'}"), "{\"f\":\"abcde\"}", false},
        {S("{f|re|i: 'B.D'}"), "{\"f\":\"abcde\"}", true},
        {S("{f|re: '^b'}"), "{\"f\":\"a\\nb\"}", false},
        {S("{f|re|m: '^b'}"), "{\"f\":\"a\\nb\"}", true},
        {S("{f|re: 'a.b'}"), "{\"f\":\"a\\nb\"}", false},
        {S("{f|re|s: 'a.b'}"), "{\"f\":\"a\\nb\"}", true},
        {S("{f|re|i|s: 'A.B'}"), "{\"f\":\"a\\nb\"}", true},
        {S("{f|re: '^7[0-9]$'}"), "{\"f\":75}", true},
        {S("{f|re: 'x'}"), "{}", false},
        {S("{f|re: ['x', 'y']}"), "{\"f\":\"y\"}", true},
        {S("{f|re|all: ['x', 'y']}"), "{\"f\":\"y\"}", false},
        {S("{f|re|neq: 'x'}"), "{\"f\":\"y\"}", true},
        {S("{f|re: '^a.c$'}"),
         "{\"f\":\"a\xe2\x82\xac"
         "c\"}",
         true},
    };
    CHECK_ROWS(rows);
}

static void networks_references_and_times(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f|cidr: 10.0.0.0/8}"), "{\"f\":\"10.255.1.2\"}", true},
        {S("{f|cidr: 10.0.0.0/8}"), "{\"f\":\"11.0.0.1\"}", false},
        {S("{f|cidr: 10.1.2.3}"), "{\"f\":\"10.1.2.3\"}", true},
        {S("{f|cidr: [192.168.0.0/23, '2001:db8::/33']}"), "{\"f\":\"192.168.1.9\"}", true},
        {S("{f|cidr: '2001:db8::/33'}"), "{\"f\":\"2001:DB8:7fff::1\"}", true},
        {S("{f|cidr: '2001:db8::/33'}"), "{\"f\":\"2001:db8:8000::1\"}", false},
        {S("{f|cidr: 0.0.0.0/0}"), "{\"f\":\"1.2.3.4\"}", true},
        {S("{f|cidr: 0.0.0.0/0}"), "{\"f\":\"::1\"}", false},
        {S("{f|cidr: 10.0.0.0/8}"), "{\"f\":\"ten\"}", false},
        {S("{f|fieldref: g}"), "{\"f\":\"A\",\"g\":\"a\"}", true},
        {S("{f|fieldref: g}"), "{\"f\":7,\"g\":7.0}", true},
        {S("{f|fieldref: g}"), "{\"f\":\"a\"}", false},
        {S("{f|fieldref: g}"), "{}", false},
        {S("{f|fieldref|neq: g}"), "{\"f\":\"a\",\"g\":\"b\"}", true},
        {S("{f|fieldref|contains: g}"), "{\"f\":\"xaby\",\"g\":\"AB\"}", true},
        {S("{f|fieldref|startswith: g}"), "{\"f\":\"xaby\",\"g\":\"ab\"}", false},
        {S("{f|fieldref|endswith: g}"), "{\"f\":\"xab\",\"g\":\"ab\"}", true},
        {S("{f|fieldref: g.h}"), "{\"f\":\"x\",\"g\":[{\"h\":\"y\"},{\"h\":\"x\"}]}", true},
        {S("{f|hour: 23}"), "{\"f\":\"2026-11-24T23:15:00+01:00\"}", true},
        {S("{f|minute: 15}"), "{\"f\":\"2026-11-24 23:15\"}", true},
        {S("{f|day: 24, f|month: 11, f|year: 2026}"), "{\"f\":\"2026-11-24\"}", true},
        {S("{f|week: 53}"), "{\"f\":\"2027-01-03\"}", true},
        {S("{f|week: 1}"), "{\"f\":\"2027-01-04\"}", true},
        {S("{f|hour|gte: 22}"), "{\"f\":\"2026-11-24T23:15:00Z\"}", true},
        {S("{f|hour: 23}"), "{\"f\":\"2026-11-24\"}", false},
        {S("{f|year: 2026}"), "{\"f\":1795000000000}", true},
    };
    CHECK_ROWS(rows);
}

static void encodings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {S("{f|base64: hello}"), "{\"f\":\"aGVsbG8=\"}", true},
        {S("{f|base64|contains: hello!}"), "{\"f\":\"xxaGVsbG8hyy\"}", true},
        // "a hello", "ab hello" … in base64, at each of the three alignments
        {S("{f|base64offset|contains: hello}"), "{\"f\":\"aGVsbG8gd29ybGQ=\"}", true},
        {S("{f|base64offset|contains: hello}"), "{\"f\":\"eGhlbGxvIHdvcmxk\"}", true},
        {S("{f|base64offset|contains: hello}"), "{\"f\":\"eHhoZWxsbyB3b3JsZA==\"}", true},
        {S("{f|base64offset|contains: hello}"), "{\"f\":\"aGVscCBtZQ==\"}", false},
        {S("{f|wide|base64|contains: ab}"), "{\"f\":\"YQBiAA==\"}", true},
        {S("{f|utf16le|base64: ab}"), "{\"f\":\"YQBiAA==\"}", true},
        {S("{f|utf16be|base64: ab}"), "{\"f\":\"AGEAYg==\"}", true},
        {S("{f|utf16|base64: ab}"), "{\"f\":\"//5hAGIA\"}", true},
        {S("{f|windash|contains: ' -enc'}"), "{\"f\":\"x /ENC y\"}", true},
        {S("{f|windash|contains: ' -enc'}"),
         "{\"f\":\"x \xe2\x80\x95"
         "enc y\"}",
         true},
        {S("{f|windash|contains: ' /enc'}"), "{\"f\":\"x -enc y\"}", true},
        {S("{f|windash|contains: 'a-b'}"), "{\"f\":\"a/b\"}", false},
        {S("{f|windash|contains: 'a-b'}"), "{\"f\":\"a-b\"}", true},
        {S("{f|windash|contains|all: ['-a -b']}"),
         "{\"f\":\"/a \xe2\x80\x93"
         "b\"}",
         true},
    };
    CHECK_ROWS(rows);
}

#define IDS "  a: {f: 1}\n  b: {g: 1}\n  _c: {h: 1}\n  condition: "

static void conditions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {IDS "a and b", "{\"f\":1}", false},
        {IDS "a or b and _c", "{\"f\":1}", true},
        {IDS "(a or b) and _c", "{\"f\":1}", false},
        {IDS "not a and b", "{\"g\":1}", true},
        {IDS "not (a or b)", "{}", true},
        {IDS "not not a", "{\"f\":1}", true},
        {IDS "1 of them", "{\"h\":1}", false},
        {IDS "1 of them", "{\"g\":1}", true},
        {IDS "any of them", "{\"g\":1}", true},
        {IDS "all of them", "{\"f\":1,\"g\":1}", true},
        {IDS "1 of _*", "{\"h\":1}", true},
        {IDS "1 of *c", "{\"h\":1}", true},
        {IDS "all of *", "{\"f\":1,\"g\":1}", false},
        {IDS "a and not 1 of b*", "{\"f\":1,\"g\":1}", false},
        {IDS "[a, b]", "{\"g\":1}", true},
        {IDS "not all of them", "{\"f\":1}", true},
        {"  and-x: {f: 1}\n  condition: and-x", "{\"f\":1}", true},
        {"  1: {f: 1}\n  condition: 1", "{\"f\":1}", true},
    };
    CHECK_ROWS(rows);
}

static void what_is_not_sigma_is_refused(void **state)
{
    (void)state;
#define BAD(detection, message, line, column)                                                      \
    assert_refused("title: T\nlogsource: {product: any}\ndetection:\n" detection "\n", message,    \
                   line, column)
    BAD("  s: {f: 1}", "there is no condition", 4, 3);
    BAD("  s: {f: 1}\n  condition: s | count() > 5", "not \"|\"", 5, 16);
    BAD("  s: {f: 1}\n  condition: s AND s", "not \"AND\"", 5, 16);
    BAD("  s: {f: 1}\n  condition: (s", "expected `)`", 5, 16);
    BAD("  s: {f: 1}\n  condition: 2 of s*", "expected 1, any or all", 5, 14);
    BAD("  s: {f: 1}\n  condition: s and", "but it ends here", 5, 19);
    BAD("  s: {f|base64: 'a*'}\n  condition: s", "wildcards cannot be encoded", 4, 17);
    BAD("  s: {f|exists: maybe}\n  condition: s", "exists needs true or false", 4, 17);
    BAD("  s: {f|gt: x}\n  condition: s", "a number was expected", 4, 13);
    BAD("  s: {f|cidr: 10.0.0.0/33}\n  condition: s", "cidr needs a network", 4, 15);
    BAD("  s: {f|i: x}\n  condition: s", "flags of re", 4, 7);
    BAD("  s: {f|re|cidr: x}\n  condition: s", "only one of re", 4, 7);
    BAD("  s: {f|expand: '%nothing%'}\n  condition: s", "no list for the placeholder", 4, 17);
    BAD("  s: {f: {g: 1}}\n  condition: s", "not a map", 4, 10);
    BAD("  s: {f: []}\n  condition: s", "list of values is empty", 4, 10);
    BAD("  s: {}\n  condition: s", "s is empty", 4, 6);
#undef BAD
}

static void lines_that_are_no_events_are_told(void **state)
{
    (void)state;
    struct sw_policy *policy = load_good("title: T\nlogsource: {product: any}\ndetection:\n"
                                         "  s: {f: 1}\n  condition: s\n");
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    static const struct {
        const char *text;
        uint32_t position;
    } bad[] = {
        {"[1]", 0},        {"{\"f\":1", 6},         {"{\"f\":1} x", 8},     {"{\"f\":01}", 5},
        {"{f:1}", 1},      {"{\"f\":\"\xff\"}", 6}, {"{\"f\":\"a\n\"}", 7}, {"{\"f\" 1}", 5},
        {"{\"f\":1,}", 7}, {"{\"f\":tru}", 5},      {"{\"f\":\"\\x\"}", 6}, {"{\"f\":-}", 5},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sw_line line;
        assert_int_equal(sw_policy_match_line(scratch, sw_text_from(bad[i].text), &line),
                         SW_MALFORMED);
        assert_non_null(line.error);
        assert_int_equal(line.error_position, bad[i].position);
        assert_int_equal(line.count, 0);
    }
    sw_scratch_close(scratch);
    sw_policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_compared_whole_and_without_case),
        cmocka_unit_test(wildcards_and_escapes),
        cmocka_unit_test(lists_maps_and_keywords),
        cmocka_unit_test(missing_null_and_presence),
        cmocka_unit_test(names_reach_into_objects_and_arrays),
        cmocka_unit_test(numbers_and_booleans),
        cmocka_unit_test(regular_expressions),
        cmocka_unit_test(networks_references_and_times),
        cmocka_unit_test(encodings),
        cmocka_unit_test(conditions),
        cmocka_unit_test(what_is_not_sigma_is_refused),
        cmocka_unit_test(lines_that_are_no_events_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
