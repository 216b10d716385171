/* Any bytes as a JSON event. What the strict reader takes for an object, the engine takes too, and
 * its rules say the same as the reference. The ways of all machines say the same of any bytes. */
#include <string.h>

#include <sharewatch/json.h>
#include <sharewatch/policy.h>
#include <sharewatch/yaml.h>

#include "fuzz.h"
#include "sigma_reference.h"

#define LINE_MAX_BYTES 2000

static const char rules[] =
    "# sharewatch-file: rules.yml\n"
    "title: A\nid: r0\nlogsource: {product: any}\ndetection: {s: {f: abc}, condition: s}\n---\n"
    "title: B\nid: r1\nlogsource: {product: any}\ndetection: {s: {f.g: 7}, condition: s}\n---\n"
    "title: C\nid: r2\nlogsource: {product: any}\ndetection: {s: {f|contains: b}, condition: s}\n"
    "---\n"
    "title: D\nid: r3\nlogsource: {product: any}\ndetection: {s: {f: null}, condition: s}\n---\n"
    "title: E\nid: r4\nlogsource: {product: any}\ndetection: {s: {f.g|exists: true}, condition: "
    "s}\n---\n"
    "title: F\nid: r5\nlogsource: {product: any}\ndetection: {s: {f|lt: 7.5}, condition: s}\n---\n"
    "title: G\nid: r6\nlogsource: {product: any}\ndetection: {s: {f: 'a?c*'}, condition: s}\n";

#define MACHINES 3

static struct sw_policy *policies[MACHINES];
static struct sw_scratch *scratches[MACHINES];
static struct sw_yaml yaml;

static void load(void)
{
    static const enum sw_machine machines[MACHINES] = {SW_MACHINE_THIS, SW_MACHINE_PORTABLE,
                                                       SW_MACHINE_AVX2};
    struct sw_report report = {0};
    for (int i = 0; i < MACHINES; i++) {
        const struct sw_policy_options options = {
            .state_mib = 1, .line_bytes = 65536, .machine = machines[i]};
        enum sw_status status =
            sw_policy_open_content(&policies[i], SW_TEXT(rules), &options, &report);
        SW_ASSERT(status == SW_OK);
        scratches[i] = sw_scratch_open_lines(policies[i]);
    }
    enum sw_status status = sw_yaml_parse(&yaml, "rules.yml", SW_TEXT(rules), &report);
    SW_ASSERT(status == SW_OK);
    sw_report_free(&report);
}

/* Matches on the other machines what gave @status and @line on this one. */
static void match_again(struct sw_text text, enum sw_status status, const struct sw_line *line)
{
    for (int i = 1; i < MACHINES; i++) {
        struct sw_line other;
        enum sw_status again = sw_policy_match_line(scratches[i], text, &other);
        SW_ASSERT(again == status);
        SW_ASSERT(other.count == line->count);
        bool same_error =
            other.error == line->error ||
            (other.error != NULL && line->error != NULL && strcmp(other.error, line->error) == 0);
        SW_ASSERT(same_error);
        SW_ASSERT(other.error_position == line->error_position);
        bool same = memcmp(other.rules, line->rules, line->count * sizeof(uint32_t)) == 0;
        SW_ASSERT(same);
    }
}

static bool is_object(struct sw_text text)
{
    static char bytes[LINE_MAX_BYTES + 1];
    struct sw_json json;
    sw_json_init(&json, text, bytes, sizeof(bytes));
    enum sw_json_token first = sw_json_next(&json);
    return first == SW_JSON_OBJECT && sw_json_skip(&json, first) &&
           sw_json_next(&json) == SW_JSON_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (policies[0] == NULL) {
        load();
    }
    if (length > LINE_MAX_BYTES) {
        return 0;
    }
    struct sw_text text = {(const char *)bytes, (uint32_t)length};
    struct sw_line line;
    enum sw_status status = sw_policy_match_line(scratches[0], text, &line);
    SW_ASSERT((status == SW_OK) == (line.error == NULL));
    match_again(text, status, &line);
    if (!is_object(text)) {
        return 0;
    }
    SW_ASSERT(status == SW_OK);
    struct sw_arena arena = {0};
    const struct reference_event *event = reference_read(&arena, text);
    uint32_t at = 0;
    for (uint32_t rule = 0; rule < yaml.document_count; rule++) {
        bool engine = at < line.count && line.rules[at] == rule;
        at += engine ? 1 : 0;
        bool same = reference_match(yaml.documents[rule], event) == engine;
        SW_ASSERT(same);
    }
    sw_arena_free(&arena);
    return 0;
}
