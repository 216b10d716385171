/*
 * How much memory counts over time take: a sequence of four rules over 120 days, for a million
 * people, in the default 256 MiB.
 *
 *   state_bench [SUBJECTS]    1,000,000 unless told otherwise
 *
 * Each person is booked, one every ten seconds of event time, so that all are within the time span.
 * Then the first one is matched, released and arrested: a sequence that began before everybody
 * else's must still be known. Prints the bytes touched for each person, and how many were given up
 * too early; ends with 1 when there were any.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <sharewatch/assert.h>
#include <sharewatch/policy.h>
#include <sharewatch/time.h>

#define SUBJECTS 1000000
#define START_MS INT64_C(1767225600000) // 2026-01-01
#define RULE(name)                                                                                 \
    "title: " name "\nname: " name "\nlogsource: {product: any}\ndetection:\n  s: {k: " name       \
    "}\n  condition: s\n---\n"

static const char content[] = "# sharewatch-file: rules.yml\n" RULE("booked") RULE("matched")
    RULE("released") RULE("arrested") "title: pipeline\nid: pipeline\ncorrelation: {type: "
                                      "temporal_ordered, rules: [booked, matched, released, "
                                      "arrested], group-by: [u], timespan: 120d}\n";

static uint64_t resident_bytes(void)
{
    struct rusage usage;
    int code = getrusage(RUSAGE_SELF, &usage);
    SW_ASSERT(code == 0);
    return (uint64_t)usage.ru_maxrss * 1024; // the most so far
}

/* How many rules fire. */
static uint32_t tell(struct sw_scratch *scratch, const char *what, long subject, int64_t time_ms)
{
    char event[192];
    char time[SW_TIME_BYTES];
    struct sw_line line;
    sw_time_format(time_ms, time);
    (void)snprintf(event, sizeof(event), "{\"k\":\"%s\",\"u\":\"s-%ld\",\"time\":\"%s\"}", what,
                   subject, time);
    enum sw_status status = sw_policy_match_line(scratch, sw_text_from(event), &line);
    SW_ASSERT(status == SW_OK);
    return line.count;
}

int main(int argc, char **argv)
{
    const long subjects = argc > 1 ? strtol(argv[1], NULL, 10) : SUBJECTS;
    const struct sw_policy_options options = {0};
    struct sw_report report = {0};
    struct sw_policy *policy = NULL;
    enum sw_status status = sw_policy_open_content(&policy, SW_TEXT(content), &options, &report);
    SW_ASSERT(status == SW_OK);
    struct sw_scratch *scratch = sw_scratch_open_lines(policy);
    int64_t time_ms = START_MS;
    uint64_t before = resident_bytes();
    for (long i = 0; i < subjects; i++, time_ms += 10 * SW_SECOND_MS) {
        (void)tell(scratch, "booked", i, time_ms);
    }
    uint64_t bytes = resident_bytes() - before;
    uint32_t fired = tell(scratch, "matched", 0, time_ms) + tell(scratch, "released", 0, time_ms) +
                     tell(scratch, "arrested", 0, time_ms);
    uint64_t evicted = sw_policy_counters(scratch).groups_evicted_total;
    (void)printf("%ld people over %lld days: %.1f MiB touched (%.0f bytes a person) of %d, %llu "
                 "given up too early; the first one's sequence %s\n",
                 subjects, (long long)((time_ms - START_MS) / SW_DAY_MS), (double)bytes / (1 << 20),
                 (double)bytes / (double)subjects, SW_POLICY_STATE_MIB, (unsigned long long)evicted,
                 fired == 1 ? "fired" : "did not fire");
    sw_scratch_close(scratch);
    sw_policy_close(policy);
    return evicted == 0 && fired == 1 ? 0 : 1;
}
