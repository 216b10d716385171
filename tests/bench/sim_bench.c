/*
 * What an event of the simulator costs: `sim_bench [SCENARIO…]`, by default a day in Los Angeles
 * and the back door. Prints events a second and nanoseconds of CPU an event, for making them alone
 * and for writing them as packets too (which is what `sim --to /dev/null` does), each the best of
 * several rounds, since the machine is never quiet; then the memory that was taken, which must not
 * depend on how long the scenario is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sys/resource.h>

#include <sharewatch/scenario.h>
#include <sharewatch/wire.h>

#define ROUNDS 5

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Makes all events of @scenario, and writes them when @writes; the CPU seconds it took. */
static double run_once(const struct sw_scenario *scenario, bool writes, uint64_t *events,
                       uint64_t *bytes)
{
    static struct sw_scenario_event made;
    static char topic_bytes[SW_TOPIC_BYTES_MAX];
    static char payload_bytes[SW_SCENARIO_PACKET_MAX];
    struct sw_generator *generator = NULL;
    double start = cpu_seconds();
    *events = 0;
    *bytes = 0;
    if (sw_generator_open(&generator, scenario) != SW_OK) {
        return 0;
    }
    while (sw_generator_next(generator, &made) == SW_OK) {
        ++*events;
        for (uint32_t i = 0; writes && i < sw_scenario_packet_count(&made); i++) {
            struct sw_buffer topic;
            struct sw_buffer payload;
            sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
            sw_buffer_init(&payload, payload_bytes, sizeof(payload_bytes));
            sw_scenario_write_packet(&made, i, &topic, &payload);
            *bytes += payload.length;
        }
    }
    sw_generator_close(generator);
    return cpu_seconds() - start;
}

static void measure(const struct sw_scenario *scenario, bool writes)
{
    double best = 1e9;
    uint64_t events = 0;
    uint64_t bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double seconds = run_once(scenario, writes, &events, &bytes);
        best = seconds < best ? seconds : best;
    }
    double each = events > 0 ? best / (double)events : 0;
    (void)printf("%-20.*s %-10s %9llu events  %6.0f ns each  %5.2f M/s",
                 SW_TEXT_FORMAT(scenario->name), writes ? "written" : "made",
                 (unsigned long long)events, each * 1e9, each > 0 ? 1e-6 / each : 0);
    if (writes) {
        (void)printf("  %4llu bytes each", (unsigned long long)(events > 0 ? bytes / events : 0));
    }
    (void)printf("\n");
}

static int measure_file(const char *path)
{
    static struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = {0};
    enum sw_status status = sw_scenario_open(&scenario, path, &options, &report);
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (status == SW_OK) {
        measure(&scenario, false);
        measure(&scenario, true);
    }
    sw_scenario_free(&scenario);
    return status == SW_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int failed = 0;
    if (argc < 2) {
        failed |= measure_file(SW_SOURCE_DIR "/scenarios/los-angeles-day");
        failed |= measure_file(SW_SOURCE_DIR "/scenarios/back-door");
    }
    for (int i = 1; i < argc; i++) {
        failed |= measure_file(argv[i]);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        (void)printf("memory at most %ld KiB\n", usage.ru_maxrss);
    }
    return failed;
}
