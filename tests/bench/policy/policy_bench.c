/*
 * How fast the rules run, and that they run right.
 *
 *   policy_bench                  µs of CPU an event at 300 and 3,000 rules, against the naïve
 *                                 evaluator on a share of the same events; matches of both
 *   policy_bench RULES            the same at so many rules
 *   policy_bench spin RULES ROUNDS [MACHINE]   nothing but matching, for a profiler; MACHINE as in
 *                                 enum sw_machine: 1 portable, 2 AVX2, 3 AVX-512
 *   policy_bench compare PAIRS    random rule × event pairs, wild ones too, against the reference
 *   policy_bench write DIR RULES EVENTS   the same rules and events as files, for other engines
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sharewatch/assert.h>
#include <sharewatch/policy.h>

#include "policy_compare.h"
#include "policy_random.h"
#include "sigma_reference.h"

#define SEED         42
#define EVENT_COUNT  20000
#define ROUNDS       10
#define NAIVE_EVENTS 40
#define MARK         "# sharewatch-file: rules.yml\n"

struct corpus {
    char *rules; // content of a policy
    uint32_t rules_bytes;
    char *events;          // lines
    struct sw_text *lines; // [EVENT_COUNT]
    uint64_t events_bytes;
};

static double cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void make_corpus(struct corpus *corpus, uint32_t rule_count, uint32_t event_count)
{
    struct random random = {SEED};
    uint32_t rule_bytes = rule_count * 2048 + 64;
    uint32_t event_bytes = event_count * 1024 + 64;
    *corpus = (struct corpus){.rules = malloc(rule_bytes),
                              .events = malloc(event_bytes),
                              .lines = calloc(event_count, sizeof(struct sw_text))};
    SW_ASSERT(corpus->rules != NULL);
    SW_ASSERT(corpus->events != NULL);
    SW_ASSERT(corpus->lines != NULL);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, corpus->rules, rule_bytes);
    sw_buffer_append_string(&buffer, MARK);
    for (uint32_t i = 0; i < rule_count; i++) {
        random_rule(&random, RULE_MIX_DOMAIN, i, &buffer);
    }
    SW_ASSERT(!buffer.overflowed);
    corpus->rules_bytes = buffer.length;
    random.state = SEED; // events do not depend on how many rules there are
    sw_buffer_init(&buffer, corpus->events, event_bytes);
    for (uint32_t i = 0; i < event_count; i++) {
        uint32_t start = buffer.length;
        random_event(&random, RULE_MIX_DOMAIN, &buffer);
        corpus->lines[i] = (struct sw_text){corpus->events + start, buffer.length - start};
        sw_buffer_append_string(&buffer, "\n");
    }
    SW_ASSERT(!buffer.overflowed);
    corpus->events_bytes = buffer.length;
}

static void free_corpus(struct corpus *corpus)
{
    free(corpus->rules);
    free(corpus->events);
    free(corpus->lines);
}

/* Matches the first @count events; returns how many matches there were. */
static uint64_t match_events(struct sw_scratch *scratch, const struct corpus *corpus,
                             uint32_t count)
{
    uint64_t hits = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct sw_line line;
        enum sw_status status = sw_policy_match_line(scratch, corpus->lines[i], &line);
        SW_ASSERT(status == SW_OK);
        hits += line.count;
    }
    return hits;
}

/* The naïve way: every rule over a tree of the event. */
static uint64_t match_naively(const struct corpus *corpus, uint32_t rule_count, uint32_t count,
                              double *us)
{
    struct sw_report report = {0};
    struct sw_yaml yaml = {0};
    struct sw_text rules = {corpus->rules + sizeof(MARK) - 1,
                            corpus->rules_bytes - (uint32_t)sizeof(MARK) + 1};
    enum sw_status status = sw_yaml_parse(&yaml, "rules.yml", rules, &report);
    SW_ASSERT(status == SW_OK);
    uint64_t hits = 0;
    double start = cpu_us();
    for (uint32_t i = 0; i < count; i++) {
        struct sw_arena arena = {0};
        const struct reference_event *event = reference_read(&arena, corpus->lines[i]);
        for (uint32_t rule = 0; rule < rule_count; rule++) {
            hits += reference_match(yaml.documents[rule], event) ? 1 : 0;
        }
        sw_arena_free(&arena);
    }
    *us = (cpu_us() - start) / count;
    sw_yaml_free(&yaml);
    sw_report_free(&report);
    return hits;
}

static void measure(uint32_t rule_count)
{
    struct corpus corpus;
    make_corpus(&corpus, rule_count, EVENT_COUNT);
    struct sw_report report = {0};
    struct sw_policy *policy = NULL;
    double start = cpu_us();
    enum sw_status status = sw_policy_open_content(
        &policy, (struct sw_text){corpus.rules, corpus.rules_bytes}, NULL, &report);
    double load_ms = (cpu_us() - start) / 1e3;
    sw_report_print(&report, stderr);
    SW_ASSERT(status == SW_OK);
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    uint64_t hits = match_events(scratch, &corpus, EVENT_COUNT); // also warms up
    double candidates = (double)sw_policy_counters(scratch).candidates_total / EVENT_COUNT;
    double best = 1e9;
    double sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
        start = cpu_us();
        uint64_t again = match_events(scratch, &corpus, EVENT_COUNT);
        double us = (cpu_us() - start) / EVENT_COUNT;
        SW_ASSERT(again == hits);
        best = us < best ? us : best;
        sum += us;
    }
    double naive_us = 0;
    uint64_t naive = match_naively(&corpus, rule_count, NAIVE_EVENTS, &naive_us);
    uint64_t same = match_events(scratch, &corpus, NAIVE_EVENTS);
    (void)printf("%5u rules  load %5.0f ms  %.3f µs an event (best %.3f)  %llu matches in %d "
                 "events of %.0f bytes\n"
                 "             %.1f candidates and %.1f matches an event\n"
                 "             naïve %.0f µs an event, %.0f times as much; on %d events %llu and "
                 "%llu matches: %s\n",
                 rule_count, load_ms, sum / ROUNDS, best, (unsigned long long)hits, EVENT_COUNT,
                 (double)corpus.events_bytes / EVENT_COUNT, candidates, (double)hits / EVENT_COUNT,
                 naive_us, naive_us / (sum / ROUNDS), NAIVE_EVENTS, (unsigned long long)same,
                 (unsigned long long)naive, same == naive ? "equal" : "DIFFERENT");
    sw_scratch_close(scratch);
    sw_policy_close(policy);
    sw_report_free(&report);
    free_corpus(&corpus);
}

static void spin(uint32_t rule_count, uint32_t rounds, enum sw_machine machine)
{
    const struct sw_policy_options options = {.machine = machine};
    struct corpus corpus;
    make_corpus(&corpus, rule_count, EVENT_COUNT);
    struct sw_report report = {0};
    struct sw_policy *policy = NULL;
    enum sw_status status = sw_policy_open_content(
        &policy, (struct sw_text){corpus.rules, corpus.rules_bytes}, &options, &report);
    SW_ASSERT(status == SW_OK);
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    double best = 1e9;
    for (uint32_t round = 0; round < rounds; round++) {
        double start = cpu_us();
        (void)match_events(scratch, &corpus, EVENT_COUNT);
        double us = (cpu_us() - start) / EVENT_COUNT;
        best = us < best ? us : best;
    }
    (void)printf("%u rules  best %.3f µs an event\n", rule_count, best);
    sw_scratch_close(scratch);
    sw_policy_close(policy);
    sw_report_free(&report);
    free_corpus(&corpus);
}

static int compare(const char *text)
{
    uint64_t wanted = strtoull(text, NULL, 10);
    struct comparison total = {0};
    for (uint64_t seed = 1; total.pairs < wanted; seed++) {
        policy_compare(seed, seed % 8 < 2 ? RULE_MIX_DOMAIN : RULE_MIX_WILD, 200, 200, &total);
    }
    (void)printf("%llu pairs, %llu matches, %llu differences\n", (unsigned long long)total.pairs,
                 (unsigned long long)total.hits, (unsigned long long)total.mismatches);
    return total.mismatches == 0 ? 0 : 1;
}

static int write_file(const char *folder, const char *name, const char *bytes, size_t length)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *stream = fopen(path, "wb");
    bool good = stream != NULL && fwrite(bytes, 1, length, stream) == length;
    if (stream == NULL || fclose(stream) != 0 || !good) {
        (void)fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

static int write_corpus(const char *folder, const char *rules, const char *events)
{
    struct corpus corpus;
    make_corpus(&corpus, (uint32_t)strtoul(rules, NULL, 10), (uint32_t)strtoul(events, NULL, 10));
    int failed = write_file(folder, "rules.yml", corpus.rules + sizeof(MARK) - 1,
                            corpus.rules_bytes - sizeof(MARK) + 1);
    failed |= write_file(folder, "events.jsonl", corpus.events, corpus.events_bytes);
    free_corpus(&corpus);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "compare") == 0) {
        return compare(argv[2]);
    }
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "spin") == 0) {
        unsigned long machine = argc == 5 ? strtoul(argv[4], NULL, 10) : SW_MACHINE_THIS;
        spin((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10),
             machine <= SW_MACHINE_AVX512 ? (enum sw_machine)machine : SW_MACHINE_THIS);
        return 0;
    }
    if (argc == 5 && strcmp(argv[1], "write") == 0) {
        return write_corpus(argv[2], argv[3], argv[4]);
    }
    if (argc == 2 && strtoul(argv[1], NULL, 10) > 0) {
        measure((uint32_t)strtoul(argv[1], NULL, 10));
        return 0;
    }
    if (argc != 1) {
        (void)fprintf(stderr,
                      "usage: policy_bench [RULES | spin RULES ROUNDS [MACHINE] | compare PAIRS | "
                      "write DIR RULES EVENTS]\n");
        return 2;
    }
    measure(300);
    measure(3000);
    return 0;
}
