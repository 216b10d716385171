/**
 * What tests of the policy engine share: a set of rules from text, and what it says of an event.
 */
#ifndef SHAREWATCH_POLICY_TEST_H
#define SHAREWATCH_POLICY_TEST_H

#include "sw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sharewatch/event.h>
#include <sharewatch/policy.h>

/** Loads @yaml as the file rule.yml. NULL when it is refused; @report says why. */
static inline struct sw_policy *load_yaml(const char *yaml, struct sw_report *report)
{
    size_t bytes = strlen(yaml) + 64;
    char *content = malloc(bytes);
    assert_non_null(content);
    (void)snprintf(content, bytes, "# sharewatch-file: rule.yml\n%s", yaml);
    struct sw_policy *policy = NULL;
    struct sw_policy_options options = {.lint = true};
    enum sw_status status =
        sw_policy_open_content(&policy, sw_text_from(content), &options, report);
    assert_true((status == SW_OK) == (policy != NULL));
    free(content);
    return policy;
}

/** Loads @yaml, which must be good. */
static inline struct sw_policy *load_good(const char *yaml)
{
    struct sw_report report = {0};
    struct sw_policy *policy = load_yaml(yaml, &report);
    if (policy == NULL) {
        sw_report_print(&report, stdout);
    }
    assert_non_null(policy);
    sw_report_free(&report);
    return policy;
}

/** Asserts that @yaml is refused with an error that has @message, at @line and @column. */
static inline void assert_refused(const char *yaml, const char *message, uint32_t line,
                                  uint32_t column)
{
    struct sw_report report = {0};
    struct sw_policy *policy = load_yaml(yaml, &report);
    bool found = false;
    for (uint32_t i = 0; i < report.count; i++) {
        const struct sw_diagnostic *item = &report.items[i];
        found = found || (item->severity == SW_SEVERITY_ERROR && item->line == line &&
                          item->column == column && strstr(item->message, message) != NULL);
    }
    if (policy != NULL || !found) {
        print_message("expected %u:%u: %s\n", line, column, message);
        sw_report_print(&report, stdout);
    }
    assert_null(policy);
    assert_true(found);
    sw_report_free(&report);
}

#endif
