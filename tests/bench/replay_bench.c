/*
 * How fast a log is replayed: `replay_bench LOG`.
 *
 * Reads all columns of the log's events with a bare SELECT, then replays and compares it. Prints
 * events a second of processor time of both, since other work on the machine is not theirs, and
 * their ratio.
 */
#include <stdio.h>
#include <time.h>

#include <sqlite3.h>

#include "replay.h"

#define RUNS 3

static struct sw_replay replay;

static double used_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double scan(const char *path, uint64_t *rows)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    double start = used_s();
    uint64_t bytes = 0;
    *rows = 0;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(database,
                           "SELECT event.id, run_id, ts_logged, source.name, event_id, kind, "
                           "payload, digest FROM event JOIN source ON source.id = event.source_id "
                           "ORDER BY event.id",
                           -1, &statement, NULL) == SQLITE_OK) {
        while (sqlite3_step(statement) == SQLITE_ROW) {
            for (int column = 0; column < 8; column++) {
                bytes += sqlite3_column_blob(statement, column) != NULL ? 1 : 0;
            }
            ++*rows;
        }
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return bytes > 0 ? used_s() - start : 0;
}

static double replay_once(const char *path, enum sw_status *status)
{
    double seconds = 0;
    *status = sw_replay_open(&replay, path);
    if (*status == SW_OK) {
        double start = used_s();
        *status = sw_replay_run(&replay);
        seconds = used_s() - start;
    }
    sw_replay_close(&replay);
    return seconds;
}

int main(int argc, char **argv)
{
    uint64_t rows = 0;
    double scanned = 1e9;
    double replayed = 1e9;
    enum sw_status status = SW_OK;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: replay_bench LOG\n");
        return 2;
    }
    for (int run = 0; run < RUNS && (status == SW_OK || status == SW_INVALID); run++) {
        double seconds = scan(argv[1], &rows);
        scanned = seconds < scanned ? seconds : scanned;
        seconds = replay_once(argv[1], &status);
        replayed = seconds < replayed ? seconds : replayed;
    }
    if (status != SW_OK) {
        (void)fprintf(stderr, "%s\n", replay.difference);
        return 1;
    }
    (void)printf("events %llu, hops %llu, findings %llu, chain rows %llu\n",
                 (unsigned long long)rows, (unsigned long long)replay.counts.hops,
                 (unsigned long long)replay.counts.findings,
                 (unsigned long long)replay.counts.chains);
    (void)printf("bare SELECT: %10.0f events/s\n", (double)rows / scanned);
    (void)printf("replay:      %10.0f events/s\n", (double)rows / replayed);
    (void)printf("ratio:       %10.3f\n", scanned / replayed);
    return 0;
}
