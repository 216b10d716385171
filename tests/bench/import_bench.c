/*
 * How fast audit files are read: `import_bench [ROWS [FILE]]`; FILE is kept.
 *
 * Makes a network audit of 13 columns with the mix of reasons, organisations and copies that the
 * domain notes measured, then reads it twice: counting lines only, and with the whole import short
 * of the log. Prints rows a second of both and their ratio.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>

#include "import.h"

#define ROWS_DEFAULT 1000000
#define RUNS         3

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A quarter blank, a quarter vague, codes, case numbers, and the rest in words. */
static void write_reason(FILE *file, uint64_t random)
{
    static const char *const words[] = {
        "stolen vehicle", "burglary suspect vehicle", "homicide",        "missing person",
        "narcotics",      "robbery follow up",        "warrant service", "hit and run"};
    uint64_t kind = random % 100;
    if (kind < 24) {
        (void)fputs("", file);
    } else if (kind < 49) {
        (void)fputs("investigation", file);
    } else if (kind < 69) {
        (void)fprintf(file, "%llu PC", (unsigned long long)(random / 100 % 900 + 100));
    } else if (kind < 77) {
        (void)fprintf(file, "25-%06llu", (unsigned long long)(random / 100 % 1000000));
    } else {
        (void)fputs(random % 2500 == 99 ? "immigration" : words[random / 100 % 8], file);
    }
}

static void write_row(FILE *file, uint64_t row, uint64_t *state)
{
    static const char *const places[] = {"Oakland CA PD", "Fresno CA PD",  "Ventura County CA SO",
                                         "Houston TX PD", "Phoenix AZ PD", "San Mateo CA PD"};
    uint64_t search =
        row - row % 20 + (row % 20 == 0 ? 1 : row % 20); // one row in twenty is a copy
    uint64_t second = search / 3;
    (void)fprintf(file,
                  "\"%08llx-0b6e-4b7e-9c39-000000000000\",\"***\",\"%s\",\"%llu\","
                  "\"03/01/2025, 12:00:00 AM UTC\n03/08/2025, 11:59:59 PM UTC\",\"***\",\"",
                  (unsigned long long)search, places[search % 6],
                  (unsigned long long)(search * 7919 % 6000));
    write_reason(file, next_random(state));
    (void)fprintf(file,
                  "\",\"\",\"{}\",\"03/%02llu/2025, %02llu:%02llu:%02llu AM UTC\","
                  "\"lookup\",\"\",\"\"\r\n",
                  (unsigned long long)(second / 43200 % 31 + 1),
                  (unsigned long long)(second / 3600 % 11 + 1),
                  (unsigned long long)(second / 60 % 60), (unsigned long long)(second % 60));
}

/* At @path, or without a name when NULL. */
static int make_file(uint64_t rows, const char *path)
{
    FILE *file = path != NULL ? fopen(path, "w+") : tmpfile();
    uint64_t state = 1;
    SW_ASSERT(file != NULL);
    (void)fputs("ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,"
                "Filters,Search Time,Search Type,Text Prompt,Moderation\r\n",
                file);
    for (uint64_t row = 0; row < rows; row++) {
        write_row(file, row, &state);
    }
    (void)fflush(file);
    SW_ASSERT(ferror(file) == 0);
    return fileno(file);
}

static double count_lines(const char *path, uint64_t *lines)
{
    static char buffer[256 * 1024];
    double start = now_s();
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = 0;
    *lines = 0;
    SW_ASSERT(descriptor >= 0);
    while ((count = read(descriptor, buffer, sizeof(buffer))) > 0) {
        const char *end = buffer + count;
        for (const char *at = buffer; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
            ++*lines;
        }
    }
    (void)close(descriptor);
    return now_s() - start;
}

static double import_once(struct sw_import *import, const struct sw_map *map, const char *path,
                          uint64_t bytes)
{
    double start = now_s();
    enum sw_status status = sw_import_open(import, map, NULL, bytes);
    if (status == SW_OK) {
        status = sw_import_file(import, path, SW_TEXT("LAPD"));
    }
    SW_ASSERT(status == SW_OK);
    double seconds = now_s() - start;
    sw_import_close(import);
    return seconds;
}

int main(int argc, char **argv)
{
    static struct sw_import import;
    static struct sw_map map;
    struct sw_report report = {0};
    uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : ROWS_DEFAULT;
    char path[64];
    uint64_t lines = 0;
    double scan = 1e9;
    double whole = 1e9;
    enum sw_status status =
        sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report);
    SW_ASSERT(status == SW_OK);
    int descriptor = make_file(rows, argc > 2 ? argv[2] : NULL);
    off_t bytes = lseek(descriptor, 0, SEEK_END);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    for (int run = 0; run < RUNS; run++) {
        double seconds = count_lines(path, &lines);
        scan = seconds < scan ? seconds : scan;
        seconds = import_once(&import, &map, path, (uint64_t)bytes);
        whole = seconds < whole ? seconds : whole;
    }
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("rows %llu, bytes %llu, searches %llu, duplicates %llu, quarantined %llu\n",
                 (unsigned long long)rows, (unsigned long long)bytes,
                 (unsigned long long)import.counts.searches,
                 (unsigned long long)import.counts.duplicates,
                 (unsigned long long)import.counts.quarantined);
    (void)printf("counting lines:  %10.0f rows/s (%llu lines)\n", (double)rows / scan,
                 (unsigned long long)lines);
    (void)printf("import, no log:  %10.0f rows/s, %.0f MB/s\n", (double)rows / whole,
                 (double)bytes / whole / 1e6);
    (void)printf("ratio:           %10.3f\n", scan / whole);
    (void)printf("most memory:     %10ld KiB\n", usage.ru_maxrss);
    return import.counts.rows == rows ? 0 : 1;
}
