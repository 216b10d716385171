/* Thousands of broken files, made from seeds. Whatever they hold, the import goes on, every row is
 * counted once, what is whole is found, and nothing of a person comes out. */
#include <sw_test.h>

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sharewatch/event.h>
#include <sharewatch/pipeline.h>

#include "import.h"
#include "mangled.h"

#define FILES    2000
#define BATCH    250
#define SEEN_MAX (UINT32_C(1) << 18)

static struct sw_map map;
static struct sw_pipeline *pipeline;
static struct sw_import import;
static struct mangled mangled;
static int file;
static char path[64];

static struct {
    uint64_t events[SEEN_MAX]; // hashes of payloads that were taken, found by themselves
    uint64_t added;
    uint64_t quarantined;
    uint32_t index; // of the file, for messages
} got;

static void assert_no_secret(const char *bytes, size_t count, const char *where)
{
    for (size_t i = 0; i < MANGLED_SECRETS; i++) {
        const char *at = memmem(bytes, count, mangled_secrets[i], strlen(mangled_secrets[i]));
        if (at != NULL) {
            size_t before = (size_t)(at - bytes) < 200 ? (size_t)(at - bytes) : 200;
            fail_msg("file %u: %s in %s: %.*s", got.index, mangled_secrets[i], where,
                     (int)(before + strlen(mangled_secrets[i])), at - before);
        }
    }
}

/* True: it was not there. */
static bool remember(struct sw_text payload)
{
    uint64_t hash = sw_text_hash(payload) ^ sw_text_mix(payload) << 1;
    uint32_t place = (uint32_t)(hash % SEEN_MAX);
    while (got.events[place] != 0 && got.events[place] != hash) {
        place = (place + 1) % SEEN_MAX;
    }
    bool is_new = got.events[place] == 0;
    got.events[place] = hash;
    got.added += is_new ? 1 : 0;
    return is_new;
}

static enum sw_status take(void *context, struct sw_text topic, struct sw_text payload,
                           struct sw_import_answer *answer)
{
    static struct sw_event event;
    (void)context;
    struct sw_packet packet = {
        .topic = topic, .payload = payload, .received_ms = INT64_C(1790000000000)};
    struct sw_rejection rejection = {0};
    enum sw_status status = sw_pipeline_decode(pipeline, &packet, &event, &rejection);
    if (status != SW_OK) {
        fail_msg("file %u: %s %s: %.*s", got.index, rejection.code, rejection.field,
                 (int)payload.length, payload.bytes);
    }
    assert_no_secret(payload.bytes, payload.length, "an event");
    answer->event_row = 1;
    return remember(payload) ? SW_OK : SW_EXISTS;
}

static void begin_file(void *context, const struct sw_import_file *begun)
{
    (void)context;
    assert_int_not_equal(begun->kind, SW_FLOCK_NONE);
}

static void add_evidence(void *context, uint64_t row, uint64_t line, int64_t event_row,
                         uint32_t masks)
{
    (void)context;
    (void)masks;
    assert_true(row >= 2 && line >= 1 && event_row == 1);
}

static void quarantine(void *context, const struct sw_import_file *of,
                       const struct sw_import_row *row, const char *code)
{
    (void)context;
    assert_true(code[0] != '\0');
    assert_true(row->offset + row->bytes <= of->bytes);
    got.quarantined++;
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

static int open_all(void **state)
{
    (void)state;
    struct sw_report report = {0};
    if (sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report) != SW_OK) {
        sw_report_print(&report, stderr);
        return -1;
    }
    pipeline =
        sw_pipeline_init(calloc(1, sw_pipeline_bytes()), &(struct sw_pipeline_config){.map = &map});
    mangled.bytes = malloc(2 * (size_t)MANGLED_BYTES_MAX);
    file = memfd_create("mangled", MFD_CLOEXEC);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    return mangled.bytes != NULL && file >= 0 ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    free(pipeline);
    free(mangled.bytes);
    sw_map_free(&map);
    return close(file);
}

static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void write_file(void)
{
    assert_int_equal(ftruncate(file, 0), 0);
    assert_int_equal(pwrite(file, mangled.bytes, mangled.count, 0), (ssize_t)mangled.count);
}

/* Every record is a row, a header, an empty line; every row ends as one thing. */
static void check_books(const struct sw_import_counts *before, const struct sw_import_file *of)
{
    const struct sw_import_counts *now = &import.counts;
    uint64_t headers = of->headers + (of->kind != SW_FLOCK_NONE ? 1 : 0);
    uint64_t rows = now->rows - before->rows;
    assert_int_equal(of->rows, rows);
    assert_int_equal(rows, of->searches + of->duplicates + of->changes + of->quarantined +
                               now->other_entities - before->other_entities);
    assert_int_equal(import.csv.row, rows + headers + now->blank_lines - before->blank_lines);
    assert_int_equal(now->unlinked, 0);
}

/* Of a file whose records are whole, the number of each kind is known. */
static void check_against_what_was_made(const struct sw_import_counts *before,
                                        const struct sw_import_file *of)
{
    uint64_t found = of->searches + of->duplicates;
    uint64_t blanks = import.counts.blank_lines - before->blank_lines;
    bool whole = mangled.rough || (of->rows == mangled.rows && blanks == mangled.blanks &&
                                   of->headers + 1 == mangled.headers);
    bool all = found + mangled.joined >= mangled.sure;
    if (mangled.headers > 0 && (!whole || !all)) {
        fail_msg("file %u: %llu rows of %u, %llu blank lines of %u, %llu headers beyond the first "
                 "of %u, %llu searches and copies of %u, %u joined",
                 got.index, (unsigned long long)of->rows, mangled.rows, (unsigned long long)blanks,
                 mangled.blanks, (unsigned long long)of->headers, mangled.headers,
                 (unsigned long long)found, mangled.sure, mangled.joined);
    }
}

static void import_one(uint32_t index, bool again)
{
    struct sw_import_counts before = import.counts;
    uint64_t added = got.added;
    got.index = index;
    mangled_make(&mangled, index);
    write_file();
    assert_int_equal(sw_import_file(&import, path, SW_TEXT("LAPD")), SW_OK);
    const struct sw_import_file *of = &import.files[import.file_count - 1];
    if (of->skipped == SW_IMPORT_SEEN) { // another empty one
        return;
    }
    assert_int_equal(of->skipped, SW_IMPORT_READ);
    for (uint32_t i = 0; i < of->unknown_count; i++) {
        assert_no_secret(of->unknown[i], strlen(of->unknown[i]), "a column's name");
    }
    check_books(&before, of);
    check_against_what_was_made(&before, of);
    if (again) {
        assert_int_equal(got.added, added);
    } else {
        assert_true(got.added - added >= (mangled.rough ? 0 : mangled.distinct));
    }
}

static void check_report(void)
{
    char *report = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&report, &size);
    sw_import_print(&import, stream);
    sw_import_print_json(&import, stream);
    assert_int_equal(fclose(stream), 0);
    assert_no_secret(report, size, "a report");
    free(report);
}

static void import_batch(uint32_t first, bool again)
{
    assert_int_equal(sw_import_open(&import, &map, &sink, (uint64_t)BATCH * 16384), SW_OK);
    got.quarantined = 0;
    import_one(first, again);
    size_t used = memory_in_use();
    for (uint32_t i = 1; i < BATCH; i++) {
        import_one(first + i, again);
    }
    assert_true(memory_in_use() <= used + 4096);
    assert_int_equal(got.quarantined, import.counts.quarantined);
    check_report();
    sw_import_close(&import);
}

static void takes_every_file_and_counts_every_row_once(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < FILES; first += BATCH) {
        import_batch(first, false);
    }
    assert_true(got.added > FILES);
}

/* Made anew from their seeds, and imported by an import that knows nothing of the first. */
static void the_same_files_again_add_nothing(void **state)
{
    (void)state;
    uint64_t added = got.added;
    for (uint32_t first = 0; first < FILES; first += 4 * BATCH) {
        import_batch(first, true);
    }
    assert_int_equal(got.added, added);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_file_and_counts_every_row_once),
        cmocka_unit_test(the_same_files_again_add_nothing),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
