#include "policy_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/policy.h>

#include "sigma_reference.h"

#define RULE_BYTES  2048
#define EVENT_BYTES 8192
#define SHOWN_MAX   10
#define MARK        "# sharewatch-file: rules.yml\n"

struct sides {
    struct sw_policy *policy;
    struct sw_scratch *scratch;
    struct sw_yaml yaml; // the same rules, for the reference
    struct sw_text source;
    struct comparison *total;
    bool sparse;             // which of the two ways of the engine
    enum sw_machine machine; // and on what kind of machine
};

/* The document that starts in @line of @source. */
static struct sw_text document_at(struct sw_text source, uint32_t line)
{
    uint32_t at = 0;
    for (; line > 1; at++) {
        line -= source.bytes[at] == '\n' ? 1 : 0;
    }
    uint32_t end = at;
    while (end + 3 < source.length && memcmp(source.bytes + end, "---", 3) != 0) {
        end++;
    }
    return (struct sw_text){source.bytes + at, end - at};
}

static void show(const struct sides *sides, uint32_t rule, struct sw_text event, bool engine)
{
    if (sides->total->mismatches++ < SHOWN_MAX) {
        const struct sw_yaml_node *node = sides->yaml.documents[rule];
        struct sw_text text = document_at(sides->source, node->place.line);
        (void)printf("engine %s, reference %s\n%.*sevent %.*s\n\n", engine ? "yes" : "no",
                     engine ? "no" : "yes", SW_TEXT_FORMAT(text), SW_TEXT_FORMAT(event));
    }
}

static void compare_event(struct sides *sides, struct sw_text event, uint32_t rules)
{
    struct sw_arena arena = {0};
    struct sw_line line;
    const struct reference_event *tree = reference_read(&arena, event);
    enum sw_status status = sw_policy_match_line(sides->scratch, event, &line);
    if (status != SW_OK || tree == NULL) {
        (void)printf("not read: %.*s (%s)\n", SW_TEXT_FORMAT(event), line.error);
    }
    SW_ASSERT(status == SW_OK);
    SW_ASSERT(tree != NULL);
    uint32_t at = 0;
    for (uint32_t rule = 0; rule < rules; rule++) { // ids ascend, as numbers do
        bool engine = at < line.count && line.rules[at] == rule;
        at += engine ? 1 : 0;
        if (reference_match(sides->yaml.documents[rule], tree) != engine) {
            show(sides, rule, event, engine);
        }
    }
    sides->total->pairs += rules;
    sides->total->hits += line.count;
    sw_arena_free(&arena);
}

static void open_sides(struct sides *sides, struct sw_text content)
{
    struct sw_report report = {0};
    const struct sw_policy_options options = {.sparse = sides->sparse, .machine = sides->machine};
    enum sw_status status = sw_policy_open_content(&sides->policy, content, &options, &report);
    sw_report_print(&report, stderr);
    SW_ASSERT(status == SW_OK);
    struct sw_text rules = {content.bytes + sizeof(MARK) - 1,
                            content.length - (uint32_t)sizeof(MARK) + 1};
    sides->source = rules;
    status = sw_yaml_parse(&sides->yaml, "rules.yml", rules, &report);
    SW_ASSERT(status == SW_OK);
    sw_report_free(&report);
    sides->scratch = sw_scratch_open_lines(sides->policy);
}

void policy_compare(uint64_t seed, enum rule_mix mix, uint32_t rules, uint32_t events,
                    struct comparison *total)
{
    struct random random = {seed * 2 + 1};
    struct sides sides = {
        .total = total, .sparse = seed % 2 == 0, .machine = (enum sw_machine)(seed / 2 % 4)};
    uint32_t bytes = rules * RULE_BYTES + 64;
    char *content = malloc(bytes);
    char *event = malloc(EVENT_BYTES);
    SW_ASSERT(content != NULL);
    SW_ASSERT(event != NULL);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, content, bytes);
    sw_buffer_append_string(&buffer, MARK);
    for (uint32_t i = 0; i < rules; i++) {
        random_rule(&random, mix, i, &buffer);
    }
    SW_ASSERT(!buffer.overflowed);
    open_sides(&sides, sw_buffer_text(&buffer));
    for (uint32_t i = 0; i < events; i++) {
        sw_buffer_init(&buffer, event, EVENT_BYTES);
        random_event(&random, mix, &buffer);
        SW_ASSERT(!buffer.overflowed);
        compare_event(&sides, sw_buffer_text(&buffer), rules);
    }
    sw_scratch_close(sides.scratch);
    sw_policy_close(sides.policy);
    sw_yaml_free(&sides.yaml);
    free(content);
    free(event);
}
