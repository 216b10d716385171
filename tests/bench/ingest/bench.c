/*
 * What the monitor costs beside a subscriber that only counts, on the same machine in one run, so
 * that the ratios say more than the figures.
 *
 *   bench_ingest [EVENTS [mosquitto]]     EVENTS of each full-speed run, 200,000 by default;
 *                                         with `mosquitto` only those through it
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "processes.h"

#define EVENTS       200000
#define LATENCY_S    6
#define RUNS         3 // of each; the median counts
#define START_MS_MAX 10000

struct subject {
    const char *name; // "bare" or "monitor"
    struct test_child child;
    double cpu_before_s;
};

struct result {
    double rate;   // events a second
    double cpu_us; // of the subscriber, an event
    double p50_ms, p99_ms;
    uint32_t alerts;
    long resident_kib; // at the most
};

static struct test_place place;
static uint32_t load_count;

/* CPU seconds of all threads of @pid. */
static double cpu_seconds(pid_t pid)
{
    char path[128];
    double total_ns = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        unsigned long long ns = 0;
        char name[512];
        (void)snprintf(name, sizeof(name), "%s/%s/schedstat", path, task->d_name);
        FILE *file = task->d_name[0] != '.' ? fopen(name, "re") : NULL;
        if (file != NULL) {
            if (fscanf(file, "%llu", &ns) == 1) { // NOLINT(cert-err34-c): the kernel's own number
                total_ns += (double)ns;
            }
            (void)fclose(file);
        }
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
    return total_ns / 1e9;
}

static long resident_kib_most(pid_t pid)
{
    char path[64];
    char line[256];
    long kib = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}

static void note_cpu(void *context)
{
    struct subject *subject = context;
    subject->cpu_before_s = cpu_seconds(subject->child.pid);
}

static void start_subject(struct subject *subject, uint16_t port, uint32_t events)
{
    char url[64];
    char count[16];
    char log[TEST_PATH_BYTES];
    (void)snprintf(url, sizeof(url), "mqtt://127.0.0.1:%u", port);
    (void)snprintf(count, sizeof(count), "%u", events);
    (void)test_path(&place, "bench.db", log);
    if (strcmp(subject->name, "bare") == 0) {
        test_start(&place, &subject->child, "bare",
                   (const char *const[]){SW_BENCH_BARE, url, count, NULL});
    } else {
        test_start(
            &place, &subject->child, "monitor",
            (const char *const[]){test_program(), "monitor", "--broker", url, "--log", log, NULL});
    }
}

static struct load new_load(uint32_t events, uint32_t rate)
{
    struct load load = {.events = events, .rate = rate};
    (void)snprintf(load.instance, sizeof(load.instance), "bench-%u", ++load_count);
    return load;
}

static void remove_log(void)
{
    static const char *const names[] = {"bench.db", "bench.db-wal", "bench.db-shm",
                                        "bench.db.spool"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[TEST_PATH_BYTES];
        (void)unlink(test_path(&place, names[i], path));
    }
}

/* One run. @broker: the port of a real one, or 0 for the load generator itself. */
static struct result run_once(const char *name, uint16_t broker, uint32_t events, uint32_t rate)
{
    struct subject subject = {.name = name};
    struct load load = new_load(events, rate);
    uint16_t port = broker;
    int listener = broker == 0 ? load_listen(&port) : -1;
    start_subject(&subject, port, events);
    if (broker != 0) {
        test_sleep_ms(1000); // until it has subscribed
    }
    bool done = broker == 0 ? load_serve(listener, &load, note_cpu, &subject)
                            : load_publish(broker, &load, note_cpu, &subject);
    struct result result = {.rate = events / load.seconds,
                            .cpu_us = (cpu_seconds(subject.child.pid) - subject.cpu_before_s) *
                                      1e6 / events,
                            .p50_ms = load.p50_ms,
                            .p99_ms = load.p99_ms,
                            .alerts = load.alerts,
                            .resident_kib = resident_kib_most(subject.child.pid)};
    test_end(&subject.child, SIGKILL);
    remove_log();
    if (listener >= 0) {
        (void)close(listener);
    }
    if (!done) {
        (void)fprintf(stderr, "the run with %s did not end\n", name);
        test_print_output(&place, name);
        exit(1);
    }
    return result;
}

static int by_rate(const void *left, const void *right)
{
    double a = ((const struct result *)left)->rate;
    double b = ((const struct result *)right)->rate;
    return (a > b) - (a < b);
}

static struct result median(const char *name, uint16_t broker, uint32_t events)
{
    struct result results[RUNS];
    for (int i = 0; i < RUNS; i++) {
        results[i] = run_once(name, broker, events, 0);
    }
    qsort(results, RUNS, sizeof(results[0]), by_rate);
    return results[RUNS / 2];
}

static void compare(const char *title, uint16_t broker, uint32_t events)
{
    struct result bare = median("bare", broker, events);
    struct result monitor = median("monitor", broker, events);
    (void)printf("%-22s  bare %7.0f/s %6.1f us   monitor %7.0f/s %6.1f us   "
                 "ratio %.2f  above %5.1f us  resident %.1f MiB\n",
                 title, bare.rate, bare.cpu_us, monitor.rate, monitor.cpu_us,
                 monitor.rate / bare.rate, monitor.cpu_us - bare.cpu_us,
                 (double)monitor.resident_kib / 1024);
    (void)fflush(stdout);
}

static void delays(const char *title, uint16_t broker)
{
    static const uint32_t rates[] = {1000, 5000, 10000};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct result result = run_once("monitor", broker, rates[i] * LATENCY_S, rates[i]);
        (void)printf("%-22s  %5u/s  publish to alert, after the fdatasync: p50 %6.2f ms  "
                     "p99 %6.2f ms  (%u alerts)\n",
                     title, rates[i], result.p50_ms, result.p99_ms, result.alerts);
        (void)fflush(stdout);
    }
}

/* Not for durability here, but to see what the monitor takes of it. */
static void start_broker(struct test_child *broker)
{
    char path[TEST_PATH_BYTES];
    FILE *file = fopen(test_path(&place, "fast.conf", path), "we");
    if (file == NULL) {
        exit(1);
    }
    (void)fprintf(file,
                  "listener %u 127.0.0.1\nallow_anonymous true\nlog_dest stderr\nlog_type "
                  "error\nlog_type warning\nlog_type notice\npersistence false\n"
                  "max_queued_messages 0\nmax_inflight_messages 1000\nset_tcp_nodelay true\n%s",
                  place.port, geteuid() == 0 ? "user root\n" : "");
    (void)fclose(file);
    const char *program =
        access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
    test_start(&place, broker, "broker", (const char *const[]){program, "-c", path, NULL});
    for (int i = 0; i < START_MS_MAX / 10 && !test_port_is_open(place.port); i++) {
        test_sleep_ms(10);
    }
}

int main(int argc, char **argv)
{
    uint32_t events = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : EVENTS;
    struct test_child broker;
    const char *folder = getenv("SHAREWATCH_BENCH_FOLDER");
    test_place_open(&place, folder);
    (void)printf("%u events of about 450 bytes at QoS 1, one alert in %d; CPU of the subscriber's "
                 "process, an event; the log in %s\n",
                 events, LOAD_ALERT_EVERY, place.folder);
    if (argc < 3) {
        compare("generator is broker", 0, events);
        delays("generator is broker", 0);
    }
    start_broker(&broker);
    compare("mosquitto", place.port, events);
    delays("mosquitto", place.port);
    test_end(&broker, SIGTERM);
    test_place_close(&place, false);
    return 0;
}
