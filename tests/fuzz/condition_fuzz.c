/* Any bytes as the condition of a rule. One that is accepted means the same to the engine and to
 * the reference, for every way its identifiers can come out. */
#include <stdio.h>
#include <string.h>

#include <sharewatch/policy.h>
#include <sharewatch/yaml.h>

#include "fuzz.h"
#include "sigma_reference.h"

#define CONDITION_MAX 200
#define MARK          "# sharewatch-file: rule.yml\n"

static void compare(struct sw_policy *policy, const struct sw_yaml_node *rule)
{
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    for (unsigned values = 0; values < 8; values++) {
        char event[64];
        struct sw_arena arena = {0};
        (void)snprintf(event, sizeof(event), "{\"f\":%u,\"g\":%u,\"h\":%u}", values & 1,
                       values >> 1 & 1, values >> 2 & 1);
        struct sw_line line;
        enum sw_status status = sw_policy_match_line(scratch, sw_text_from(event), &line);
        SW_ASSERT(status == SW_OK);
        const struct reference_event *tree = reference_read(&arena, sw_text_from(event));
        bool same = reference_match(rule, tree) == (line.count == 1);
        SW_ASSERT(same);
        sw_arena_free(&arena);
    }
    sw_scratch_close(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char content[2048];
    struct sw_buffer buffer;
    if (length > CONDITION_MAX) {
        return 0;
    }
    sw_buffer_init(&buffer, content, sizeof(content));
    sw_buffer_append_string(&buffer, MARK "title: T\nlogsource: {product: any}\ndetection:\n"
                                          "  sel_a: {f: 1}\n  sel_b: {g: 1}\n  _c: {h: 1}\n"
                                          "  condition: ");
    sw_buffer_append_json(&buffer, (struct sw_text){(const char *)bytes, (uint32_t)length});
    sw_buffer_append_string(&buffer, "\n");
    SW_ASSERT(!buffer.overflowed);
    const struct sw_policy_options options = {.state_mib = 1, .line_bytes = 4096};
    struct sw_policy *policy = NULL;
    struct sw_report report = {0};
    struct sw_text text = sw_buffer_text(&buffer);
    if (sw_policy_open_content(&policy, text, &options, &report) == SW_OK) {
        struct sw_yaml yaml = {0};
        enum sw_status status = sw_yaml_parse(&yaml, "rule.yml", text, &report);
        SW_ASSERT(status == SW_OK);
        compare(policy, yaml.documents[0]);
        sw_yaml_free(&yaml);
        sw_policy_close(policy);
    }
    sw_report_free(&report);
    return 0;
}
