/*
 * How fast a log is replayed: `replay_bench LOG`.
 *
 * Reads the log's events with a bare SELECT, then all rows that a replay looks at; then replays
 * without comparing, and with. Prints events a second of processor time of each, since other work
 * on the machine is not theirs, what each stage takes of an event, and the ratio to both SELECTs.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "replay.h"

#define RUNS 3

static struct sw_replay replay;

static double used_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A query and what its columns hold: i a number, t text, b bytes. */
struct query {
    const char *sql;
    const char *columns;
};

static const struct query events_query = {
    "SELECT id, run_id, ts_logged, source_id, event_id, kind, action, ts_event, ts_recorded, "
    "sequence, synthetic, scrubbed, payload, digest FROM event ORDER BY id",
    "iiiitttiiiiitb"};

static const struct query other_queries[] = {
    {"SELECT event, revision, cause, chain, edge, from_node, to_node, data_class, crosses, level, "
     "verdict, duties, fed_reach, late, ts_event, alert, synthetic, id FROM hop ORDER BY id",
     "iiittttttittiiiiii"},
    {"SELECT hop, policy_id, rule, verdict, missing FROM finding", "iiitt"},
    {"SELECT chain, verdict, verdicts, duties, revision, event, level, fed_reach, hops, first_ms, "
     "last_ms, synthetic FROM chain",
     "ttttiiiiiiii"},
    {"SELECT hop, chain, edge, rule, cite, level, verdict, duties, title, sentence, path, "
     "ts_event, ts_logged, daily, id, synthetic FROM alert ORDER BY id",
     "ittttitttttiiiii"},
};

/* Reads each column as a program does that knows the types. */
static void read_columns(sqlite3_stmt *statement, const char *columns)
{
    for (int column = 0; columns[column] != '\0'; column++) {
        if (columns[column] == 'i') {
            (void)sqlite3_column_int64(statement, column);
        } else {
            (void)(columns[column] == 't' ? sqlite3_column_text(statement, column)
                                          : sqlite3_column_blob(statement, column));
            (void)sqlite3_column_bytes(statement, column);
        }
    }
}

static uint64_t read_rows(sqlite3 *database, const struct query *query)
{
    sqlite3_stmt *statement = NULL;
    uint64_t rows = 0;
    int status = sqlite3_prepare_v2(database, query->sql, -1, &statement, NULL);
    SW_ASSERT(status == SQLITE_OK);
    SW_ASSERT((size_t)sqlite3_column_count(statement) == strlen(query->columns));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        read_columns(statement, query->columns);
        rows++;
    }
    (void)sqlite3_finalize(statement);
    return rows;
}

/* The log is opened as the replay opens it; opening and closing count, here and there. */
static double scan(const char *path, bool all, uint64_t *events)
{
    sqlite3 *database = NULL;
    double start = used_s();
    *events = 0;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(database, "PRAGMA mmap_size = 1099511627776", NULL, NULL, NULL) == SQLITE_OK) {
        *events = read_rows(database, &events_query);
        for (size_t i = 0; all && i < sizeof(other_queries) / sizeof(other_queries[0]); i++) {
            (void)read_rows(database, &other_queries[i]);
        }
    }
    (void)sqlite3_close(database);
    return used_s() - start;
}

static double replay_once(const char *path, bool plain, enum sw_status *status)
{
    double start = used_s();
    *status = sw_replay_open(&replay, path);
    replay.plain = plain;
    if (*status == SW_OK) {
        *status = sw_replay_run(&replay);
    }
    sw_replay_close(&replay);
    return used_s() - start;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void print(const char *what, double seconds, uint64_t events)
{
    (void)printf("%-44s %10.0f events/s  %6.2f µs an event\n", what, (double)events / seconds,
                 seconds * 1e6 / (double)events);
}

int main(int argc, char **argv)
{
    uint64_t events = 0;
    double scanned = 1e9;
    double all = 1e9;
    double judged = 1e9;
    double replayed = 1e9;
    enum sw_status status = SW_OK;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: replay_bench LOG\n");
        return 2;
    }
    for (int run = 0; run < RUNS && status == SW_OK; run++) {
        scanned = least(scanned, scan(argv[1], false, &events));
        all = least(all, scan(argv[1], true, &events));
        judged = least(judged, replay_once(argv[1], true, &status));
        if (status == SW_OK) {
            replayed = least(replayed, replay_once(argv[1], false, &status));
        }
    }
    if (status != SW_OK || events == 0) {
        (void)fprintf(stderr, "%s\n", events == 0 ? "the log has no events" : replay.difference);
        return 1;
    }
    (void)printf("events %llu, hops %llu, findings %llu, chain rows %llu\n",
                 (unsigned long long)events, (unsigned long long)replay.counts.hops,
                 (unsigned long long)replay.counts.findings,
                 (unsigned long long)replay.counts.chains);
    print("bare SELECT of the events", scanned, events);
    print("bare SELECT of all rows that are compared", all, events);
    print("decode and judge, compare nothing", judged, events);
    print("replay", replayed, events);
    (void)printf("ratio to the SELECT of the events %.3f, of all rows %.3f\n", scanned / replayed,
                 all / replayed);
    return 0;
}
