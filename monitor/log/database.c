#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/verdict.h>

/* Of the SQLite file format, section 1.3 "The Database Header". */
#define HEADER_BYTES     100
#define HEADER_PAGE_SIZE 16
#define HEADER_CHANGES   24
#define HEADER_PAGES     28
#define HEADER_VALID_FOR 92

#define FOREIGN "%s is not a log of sharewatch; it was left alone, choose another file"

void sw_database_explain(sqlite3 *database, const char *path, const char *doing,
                         char sentence[SW_LOG_SENTENCE_BYTES])
{
    const char *advice = "";
    switch (sqlite3_errcode(database) & 0xff) {
    case SQLITE_FULL:
        advice = "; the disk is full: free some space and start again, nothing that was "
                 "acknowledged is lost";
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        advice = "; the file, or its folder, is not ours to write";
        break;
    case SQLITE_CANTOPEN:
        advice = "; does the folder exist, and may this user write there?";
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        advice = "; another program holds it: stop that, or choose another log";
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        advice =
            "; the file is damaged: keep it as it is, and restore a copy or choose another log";
        break;
    case SQLITE_IOERR:
        advice = "; the disk does not work as it should, look at the system's log";
        break;
    default:
        break;
    }
    (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES, "log %s: %s: %s%s", path, doing,
                   sqlite3_errmsg(database), advice);
}

static uint32_t big_endian(const unsigned char *bytes, int count)
{
    uint32_t number = 0;
    for (int i = 0; i < count; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static int64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

/* What the header says against what the file is. A WAL may hold the missing pages after a crash in
 * a checkpoint, so only a log without one can be called cut short. */
static enum sw_status check_header(const unsigned char *header, const char *path, int64_t bytes,
                                   char *sentence)
{
    char wal[SW_LOG_PATH_BYTES + 8];
    uint32_t page_bytes = big_endian(header + HEADER_PAGE_SIZE, 2);
    page_bytes = page_bytes == 1 ? 65536 : page_bytes;
    bool counted = memcmp(header + HEADER_CHANGES, header + HEADER_VALID_FOR, 4) == 0;
    int64_t needed = (int64_t)page_bytes * big_endian(header + HEADER_PAGES, 4);
    if (memcmp(header, "SQLite format 3", 16) != 0) {
        (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES, FOREIGN, path);
        return SW_DATABASE;
    }
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    if (counted && bytes < needed && file_bytes(wal) <= 0) {
        (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES,
                       "log %s is cut short: %lld of %lld bytes are there; keep it as it is, and "
                       "restore a copy or choose another log",
                       path, (long long)bytes, (long long)needed);
        return SW_DATABASE;
    }
    return SW_OK;
}

/* A log that was made a moment ago and whose first pages are still in the WAL has an empty file. */
enum sw_status sw_database_inspect(const char *path, char sentence[SW_LOG_SENTENCE_BYTES])
{
    unsigned char header[HEADER_BYTES];
    sentence[0] = '\0';
    int64_t bytes = file_bytes(path);
    if (bytes <= 0) {
        return SW_NOT_FOUND;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file >= 0 ? read(file, header, sizeof(header)) : -1;
    int error = errno;
    if (file >= 0) {
        (void)close(file);
    }
    if (count < 0) {
        (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES, "log %s: %s", path, strerror(error));
        return SW_DATABASE;
    }
    if (count < HEADER_BYTES) {
        memset(header, 0, sizeof(header));
    }
    return check_header(header, path, bytes, sentence);
}

enum sw_status sw_database_identify(sqlite3 *database, const char *path,
                                    char sentence[SW_LOG_SENTENCE_BYTES])
{
    int64_t application = sw_database_number(database, "PRAGMA application_id", -1);
    int64_t tables = sw_database_number(database, "SELECT count(*) FROM sqlite_schema", -1);
    if (application < 0 || tables < 0) {
        sw_database_explain(database, path, "opening", sentence);
        return SW_DATABASE;
    }
    if (application == 0 && tables == 0) {
        return SW_EMPTY;
    }
    if (application != SW_LOG_APPLICATION_ID) {
        (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES, FOREIGN, path);
        return SW_DATABASE;
    }
    return SW_OK;
}

int64_t sw_database_number(sqlite3 *database, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = otherwise;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return number;
}

void sw_database_copy(sqlite3_stmt *statement, int column, char *text, size_t capacity)
{
    const unsigned char *bytes = sqlite3_column_text(statement, column);
    int length = sqlite3_column_bytes(statement, column);
    SW_ASSERT(capacity > 0);
    size_t kept = bytes == NULL ? 0 : (size_t)length;
    kept = kept < capacity ? kept : capacity - 1;
    if (kept > 0) {
        memcpy(text, bytes, kept);
    }
    text[kept] = '\0';
}

bool sw_database_bind(sqlite3_stmt *statement, int index, struct sw_text text)
{
    const char *bytes = text.bytes != NULL ? text.bytes : "";
    return sqlite3_bind_text(statement, index, bytes, (int)text.length, SQLITE_STATIC) == SQLITE_OK;
}

bool sw_database_has_settings(sqlite3 *database)
{
    return sw_database_number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'setting'",
                              0) > 0;
}

uint32_t sw_database_duties(const char *names)
{
    uint32_t duties = 0;
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        duties |= sw_duty_find((struct sw_text){names, (uint32_t)length});
        names += names[length] == ',' ? length + 1 : length;
    }
    return duties;
}

static uint32_t verdict_bits(const char *codes)
{
    uint32_t bits = 0;
    while (*codes != '\0') {
        size_t length = strcspn(codes, ",");
        enum sw_verdict verdict = sw_verdict_find((struct sw_text){codes, (uint32_t)length});
        bits |= verdict < SW_VERDICT_COUNT ? UINT32_C(1) << verdict : 0;
        codes += codes[length] == ',' ? length + 1 : length;
    }
    return bits;
}

void sw_database_chain(sqlite3_stmt *statement, struct sw_chain *chain)
{
    char text[SW_DUTIES_TEXT_BYTES];
    *chain = (struct sw_chain){.revision = (uint32_t)sqlite3_column_int64(statement, 1),
                               .level = (enum sw_level)sqlite3_column_int(statement, 2),
                               .hops = (uint32_t)sqlite3_column_int64(statement, 6),
                               .first_ms = sqlite3_column_int64(statement, 7),
                               .last_ms = sqlite3_column_int64(statement, 8),
                               .fed_reach = sqlite3_column_int(statement, 9) != 0};
    sw_database_copy(statement, 0, chain->key, sizeof(chain->key));
    sw_database_copy(statement, 3, text, sizeof(text));
    chain->verdict = sw_verdict_find(sw_text_from(text));
    sw_database_copy(statement, 4, text, sizeof(text));
    chain->verdicts = verdict_bits(text);
    sw_database_copy(statement, 5, text, sizeof(text));
    chain->duties = sw_database_duties(text);
}
