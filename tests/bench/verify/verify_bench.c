/*
 * How fast a log is verified: `verify_bench LOG`, by tests/bench/verify/run.
 *
 * Beside it, in the same run and on one thread: a bare SELECT of all rows of the tables that are
 * sealed and of their entries; and the same with a SHA-256 of each row, and a leaf and a node for
 * each entry, which is as far as the hash lets anybody come.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <sqlite3.h>

#include <sharewatch/now.h>
#include <sharewatch/verify.h>

#define RUNS       3
#define LEAF_BYTES 144 // of an entry, about
#define NODE_BYTES 65

struct took {
    double cpu_s, wall_s;
};

static double used_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct took since(struct took start)
{
    return (struct took){used_s() - start.cpu_s, sw_steady_s() - start.wall_s};
}

static void keep_least(struct took *least, struct took took)
{
    if (least->wall_s == 0 || took.cpu_s < least->cpu_s) {
        *least = took;
    }
}

static const char *const tables[] = {
    "entry",  "run",        "map",           "map_node", "map_edge",   "policy",    "rule",
    "source", "event",      "hop",           "finding",  "chain",      "alert",     "gap",
    "loss",   "quarantine", "evidence_file", "evidence", "checkpoint", "redaction", "hold",
};

static void hash_bytes(EVP_MD_CTX *context, const EVP_MD *sha256, const void *bytes, size_t count)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    (void)EVP_DigestInit_ex2(context, sha256, NULL);
    (void)EVP_DigestUpdate(context, bytes, count);
    (void)EVP_DigestFinal_ex(context, hash, NULL);
}

/* The row's columns one behind the other, as far as there is room. */
static size_t row_bytes(sqlite3_stmt *statement, int columns, unsigned char *bytes, size_t capacity)
{
    size_t length = 0;
    for (int column = 0; column < columns; column++) {
        int type = sqlite3_column_type(statement, column);
        sqlite3_int64 number = type == SQLITE_INTEGER ? sqlite3_column_int64(statement, column) : 0;
        bool inside = type == SQLITE_TEXT || type == SQLITE_BLOB;
        const void *from = inside ? sqlite3_column_blob(statement, column) : &number;
        size_t count = inside ? (size_t)sqlite3_column_bytes(statement, column) : sizeof(number);
        if (count <= capacity - length && count > 0) {
            memcpy(bytes + length, from, count);
            length += count;
        }
    }
    return length;
}

/* Steps through all rows; with @hashes, hashes them as well. False: SQLite could not. */
static bool read_all(sqlite3 *database, bool hashes)
{
    static unsigned char bytes[1 << 17];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    bool well = context != NULL && sha256 != NULL;
    for (size_t i = 0; well && i < sizeof(tables) / sizeof(tables[0]); i++) {
        char sql[64];
        sqlite3_stmt *statement = NULL;
        (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s", tables[i]);
        well = sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK;
        int columns = sqlite3_column_count(statement);
        while (well && sqlite3_step(statement) == SQLITE_ROW) {
            size_t length = row_bytes(statement, columns, bytes, sizeof(bytes));
            if (hashes && i == 0) {
                hash_bytes(context, sha256, bytes, LEAF_BYTES);
                hash_bytes(context, sha256, bytes, NODE_BYTES);
            } else if (hashes) {
                hash_bytes(context, sha256, bytes, length);
            }
        }
        (void)sqlite3_finalize(statement);
    }
    EVP_MD_free(sha256);
    EVP_MD_CTX_free(context);
    return well;
}

static bool measure_read(const char *path, bool hashes, struct took *least)
{
    sqlite3 *database = NULL;
    struct took start = {used_s(), sw_steady_s()};
    bool well =
        sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(database, "PRAGMA mmap_size = 1099511627776", NULL, NULL, NULL) == SQLITE_OK &&
        read_all(database, hashes);
    if (!well) {
        (void)fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database));
    }
    (void)sqlite3_close(database);
    keep_least(least, since(start));
    return well;
}

static bool measure_verify(const char *path, uint32_t threads, struct sw_verify_report *report,
                           struct took *least)
{
    struct took start = {used_s(), sw_steady_s()};
    struct sw_verify_options options = {.threads = threads};
    enum sw_status status = sw_verify_log(path, &options, report);
    if (status != SW_OK || report->state != SW_VERIFY_WHOLE) {
        (void)fprintf(stderr, "%s: %s\n", path, report->problem);
        return false;
    }
    keep_least(least, since(start));
    return true;
}

static void print(const char *what, struct took took, uint64_t rows)
{
    (void)printf("%-44s %10.0f rows/s, %10.0f rows/s of a core's time\n", what,
                 (double)rows / took.wall_s, (double)rows / took.cpu_s);
}

int main(int argc, char **argv)
{
    static struct sw_verify_report report;
    struct took read = {0};
    struct took hashed = {0};
    struct took one = {0};
    struct took two = {0};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: verify_bench LOG\n");
        return 2;
    }
    for (int run = 0; run < RUNS; run++) {
        if (!measure_read(argv[1], false, &read) || !measure_read(argv[1], true, &hashed) ||
            !measure_verify(argv[1], 1, &report, &one) ||
            !measure_verify(argv[1], 2, &report, &two)) {
            return 3;
        }
    }
    (void)printf("%llu rows in %llu entries\n", (unsigned long long)report.rows,
                 (unsigned long long)report.entries);
    print("bare SELECT of the rows", read, report.rows);
    print("the same, and SHA-256 of rows and tree", hashed, report.rows);
    print("verify, one thread", one, report.rows);
    print("verify, two threads", two, report.rows);
    (void)printf("of the SELECT's speed %.2f, of the hash's own limit %.2f; two threads: %.2f of "
                 "one's time\n",
                 read.cpu_s / one.cpu_s, hashed.cpu_s / one.cpu_s, two.wall_s / one.wall_s);
    return 0;
}
