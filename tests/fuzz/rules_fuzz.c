/* Any bytes as a file of rules. What loads matches the same events by rows of bits and by keys,
 * loads again from its own content, and can be explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/policy.h>

#include "fuzz.h"

#define MARK "# sharewatch-file: rules.yml\n"

static const char *const events[] = {
    "{}",
    "{\"f\":\"ABC\",\"g\":[7,null,\"x y\"],\"h\":{\"i\":true},\"time\":\"2026-01-01T00:00:00Z\"}",
    "{\"kind\":\"custody\",\"action\":\"transferred\",\"actor\":{\"class\":\"county\",\"agency\":"
    "\"LASD\"},\"recipient.class\":\"fed_imm\",\"time\":1795000000}",
    "{\"f\":\"10.1.2.3\",\"k\":1,\"u\":\"-a "
    "/b\",\"CommandLine\":\"aGVsbG8=\",\"f\":\"2026-11-24\"}",
};
#define EVENT_COUNT (sizeof(events) / sizeof(events[0]))

static struct sw_policy *load(struct sw_text content, bool sparse)
{
    const struct sw_policy_options options = {
        .sparse = sparse, .lint = true, .state_mib = 1, .line_bytes = 4096};
    struct sw_policy *policy = NULL;
    struct sw_report report = {0};
    enum sw_status status = sw_policy_open_content(&policy, content, &options, &report);
    SW_ASSERT((status == SW_OK) == (policy != NULL));
    SW_ASSERT(status == SW_OK || report.error_total > 0);
    sw_report_free(&report);
    return policy;
}

/* Matches all events twice, so that correlations move, by both sets. */
static void match_both(struct sw_policy *dense, struct sw_policy *sparse, FILE *sink)
{
    struct sw_scratch *left = sw_scratch_open_lines(dense);
    struct sw_scratch *right = sw_scratch_open_lines(sparse);
    for (size_t i = 0; i < 2 * EVENT_COUNT; i++) {
        struct sw_line a;
        struct sw_line b;
        struct sw_text event = sw_text_from(events[i % EVENT_COUNT]);
        enum sw_status first = sw_policy_match_line(left, event, &a);
        enum sw_status second = sw_policy_match_line(right, event, &b);
        SW_ASSERT(first == SW_OK);
        SW_ASSERT(second == SW_OK);
        SW_ASSERT(a.count == b.count);
        SW_ASSERT(a.count == 0 || memcmp(a.rules, b.rules, a.count * sizeof(uint32_t)) == 0);
        uint32_t count = 0;
        (void)sw_policy_rule_list(dense, &count);
        for (uint32_t rule = 0; rule < count && rule < 4; rule++) {
            sw_policy_explain(left, rule, &a, i % 2 == 0, sink);
        }
    }
    sw_scratch_close(left);
    sw_scratch_close(right);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static FILE *sink;
    if (sink == NULL) {
        sink = fopen("/dev/null", "w");
        SW_ASSERT(sink != NULL);
    }
    char *content = malloc(length + sizeof(MARK));
    SW_ASSERT(content != NULL);
    memcpy(content, MARK, sizeof(MARK) - 1);
    memcpy(content + sizeof(MARK) - 1, bytes, length);
    struct sw_text text = {content, (uint32_t)(length + sizeof(MARK) - 1)};
    struct sw_policy *dense = load(text, false);
    if (dense != NULL) {
        struct sw_policy *sparse = load(sw_policy_content(dense), true);
        SW_ASSERT(sparse != NULL);
        SW_ASSERT(memcmp(sw_policy_digest(dense), sw_policy_digest(sparse), 32) == 0);
        match_both(dense, sparse, sink);
        sw_policy_close(sparse);
    }
    sw_policy_close(dense);
    free(content);
    return 0;
}
