#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sharewatch/now.h>
#include <sharewatch/wire.h>

#define OUTPUT_BYTES (SW_SCENARIO_PACKET_MAX * 4)

struct output {
    struct sw_truth_file *truth; // NULL: nobody wants it
    int fd;
    const char *path;
    uint32_t used;
    char bytes[OUTPUT_BYTES];
};

static enum sw_status flush(struct output *output)
{
    uint32_t written = 0;
    while (written < output->used) {
        ssize_t got = write(output->fd, output->bytes + written, output->used - written);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            (void)fprintf(stderr, "sharewatch sim: %s: %s\n", output->path, strerror(errno));
            return SW_IO;
        }
        written += (uint32_t)got;
    }
    output->used = 0;
    return SW_OK;
}

static enum sw_status write_packet(struct output *output, const struct sw_scenario_event *made,
                                   uint32_t index)
{
    if (output->used + SW_SCENARIO_PACKET_MAX + 1 > OUTPUT_BYTES) {
        enum sw_status status = flush(output);
        if (status != SW_OK) {
            return status;
        }
    }
    char topic_bytes[SW_TOPIC_BYTES_MAX];
    struct sw_buffer topic;
    struct sw_buffer payload;
    sw_buffer_init(&topic, topic_bytes, sizeof(topic_bytes));
    sw_buffer_init(&payload, output->bytes + output->used, SW_SCENARIO_PACKET_MAX);
    sw_scenario_write_packet(made, index, &topic, &payload);
    output->used += payload.length;
    output->bytes[output->used++] = '\n';
    return SW_OK;
}

static enum sw_status write_event(struct output *output, const struct sw_scenario_event *made)
{
    enum sw_status status = SW_OK;
    for (uint32_t i = 0; i < sw_scenario_packet_count(made) && status == SW_OK; i++) {
        status = write_packet(output, made, i);
    }
    return status;
}

/* Waits for the event's time; what was written before is to be seen meanwhile. */
static enum sw_status wait_for(struct output *output, struct sw_clock *clock, int64_t virtual_ms,
                               const volatile sig_atomic_t *stop)
{
    int64_t wait_ms;
    while (*stop == 0 && (wait_ms = sw_clock_wait_ms(clock, virtual_ms, sw_steady_ms())) > 0) {
        enum sw_status status = flush(output);
        if (status != SW_OK) {
            return status;
        }
        sw_clock_sleep(wait_ms < 200 ? wait_ms : 200);
    }
    return SW_OK;
}

static enum sw_status write_all(struct output *output, struct sw_generator *generator,
                                struct sw_clock *clock, struct sw_progress *progress,
                                const volatile sig_atomic_t *stop, uint64_t *events)
{
    static struct sw_scenario_event made;
    enum sw_status status = SW_OK;
    bool paced = clock->speed > 0;
    while (*stop == 0 && status == SW_OK && sw_generator_next(generator, &made) == SW_OK) {
        if (output->truth != NULL) {
            sw_truth_file_take(output->truth, &made);
        }
        if (made.hidden) {
            continue;
        }
        if (paced) {
            status = wait_for(output, clock, made.emit_ms, stop);
        }
        if (status == SW_OK && *stop == 0) {
            status = write_event(output, &made);
            ++*events;
        }
        if (paced || *events % 4096 == 0) {
            sw_progress_running(progress, *events, made.emit_ms, sw_steady_ms());
        }
    }
    enum sw_status flushed = status == SW_OK ? flush(output) : status;
    return flushed;
}

enum sw_status sw_writer_run(const struct sw_scenario *scenario, const char *path,
                             struct sw_truth_file *truth, struct sw_clock *clock,
                             struct sw_progress *progress, const volatile sig_atomic_t *stop,
                             uint64_t *events)
{
    static struct output output;
    struct sw_generator *generator = NULL;
    bool standard = strcmp(path, "-") == 0;
    output.truth = truth;
    output.path = standard ? "standard output" : path;
    output.fd =
        standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    *events = 0;
    if (output.fd < 0) {
        (void)fprintf(stderr, "sharewatch sim: %s: %s\n", path, strerror(errno));
        return SW_IO;
    }
    enum sw_status status = sw_generator_open(&generator, scenario);
    if (status == SW_OK) {
        sw_progress_ready(progress);
        status = write_all(&output, generator, clock, progress, stop, events);
    } else {
        (void)fprintf(stderr, "sharewatch sim: %s\n",
                      status == SW_TOO_LONG ? SW_GENERATOR_TOO_LONG : sw_status_text(status));
    }
    sw_generator_close(generator);
    if (!standard && close(output.fd) != 0 && status == SW_OK) {
        (void)fprintf(stderr, "sharewatch sim: %s: %s\n", path, strerror(errno));
        status = SW_IO;
    }
    return status;
}
