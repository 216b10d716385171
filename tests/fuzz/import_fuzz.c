/* Any bytes as an audit file: the import must take them, count every row once, and make only events
 * that the decoder accepts. The bytes stand in one file in memory that each run writes anew. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/event.h>
#include <sharewatch/pipeline.h>

#include "fuzz.h"
#include "import.h"

static struct {
    struct sw_map map;
    struct sw_pipeline *pipeline;
    int file; // in memory, without a name
    char path[64];
    struct sw_import import;
    struct sw_event event;
} fuzz;

static enum sw_status take(void *context, struct sw_text topic, struct sw_text payload,
                           struct sw_import_answer *answer)
{
    (void)context;
    struct sw_packet packet = {
        .topic = topic, .payload = payload, .received_ms = INT64_C(1790000000000)};
    struct sw_rejection rejection = {0};
    enum sw_status status = sw_pipeline_decode(fuzz.pipeline, &packet, &fuzz.event, &rejection);
    answer->event_row = 1;
    answer->code = rejection.code;
    SW_ASSERT(status == SW_OK || rejection.reason != SW_REFUSAL_JSON);
    return status;
}

static void begin_file(void *context, const struct sw_import_file *file)
{
    (void)context;
    (void)file;
}

static void add_evidence(void *context, uint64_t row, uint64_t line, int64_t event_row,
                         uint32_t masks)
{
    (void)context;
    (void)event_row;
    (void)masks;
    SW_ASSERT(row >= 1 && line >= 1);
}

static void quarantine(void *context, const struct sw_import_file *file,
                       const struct sw_import_row *row, const char *code)
{
    (void)context;
    (void)code;
    SW_ASSERT(row->offset + row->bytes <= file->bytes);
}

static enum sw_status commit(void *context)
{
    (void)context;
    return SW_OK;
}

static const struct sw_import_sink sink = {.take = take,
                                           .begin_file = begin_file,
                                           .add_evidence = add_evidence,
                                           .quarantine = quarantine,
                                           .commit = commit};

static void start(void)
{
    struct sw_report report = {0};
    enum sw_status status =
        sw_map_open(&fuzz.map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    SW_ASSERT(status == SW_OK);
    fuzz.pipeline = sw_pipeline_init(calloc(1, sw_pipeline_bytes()),
                                     &(struct sw_pipeline_config){.map = &fuzz.map});
    (void)snprintf(fuzz.path, sizeof(fuzz.path), "/sharewatch-fuzz-%ld", (long)getpid());
    fuzz.file = shm_open(fuzz.path, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    SW_ASSERT(fuzz.file > 0);
    (void)shm_unlink(fuzz.path);
    (void)snprintf(fuzz.path, sizeof(fuzz.path), "/proc/self/fd/%d", fuzz.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (fuzz.file == 0) {
        start();
    }
    bool written =
        ftruncate(fuzz.file, 0) == 0 && pwrite(fuzz.file, bytes, count, 0) == (ssize_t)count;
    SW_ASSERT(written);
    enum sw_status status = sw_import_open(&fuzz.import, &fuzz.map, &sink, 0);
    SW_ASSERT(status == SW_OK);
    status = sw_import_file(&fuzz.import, fuzz.path, SW_TEXT("LAPD"));
    SW_ASSERT(status == SW_OK);
    const struct sw_import_counts *counts = &fuzz.import.counts;
    SW_ASSERT(counts->rows == counts->searches + counts->duplicates + counts->changes +
                                  counts->other_entities + counts->quarantined);
    sw_import_close(&fuzz.import);
    return 0;
}
