#include <sharewatch/evidence.h>

#include <sharewatch/assert.h>

#include "database.h"
#include "seal.h"
#include "writer.h"

enum sw_status sw_evidence_open(struct sw_evidence *evidence, struct sw_log *log)
{
    *evidence = (struct sw_evidence){.log = log};
    const struct {
        struct sqlite3_stmt **statement;
        const char *sql;
    } statements[] = {
        {&evidence->add_file,
         "INSERT INTO evidence_file (digest, name, kind, agency, bytes, run_id) "
         "VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT (digest) DO NOTHING"},
        {&evidence->find_file, "SELECT id FROM evidence_file WHERE digest = ?1"},
        {&evidence->add_row, "INSERT INTO evidence VALUES (?1,?2,?3,?4,?5) ON CONFLICT DO NOTHING"},
    };
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        if (sqlite3_prepare_v3(log->database, statements[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                               statements[i].statement, NULL) != SQLITE_OK) {
            sw_writer_fail(log);
            sw_evidence_close(evidence);
            return SW_DATABASE;
        }
    }
    return SW_OK;
}

void sw_evidence_close(struct sw_evidence *evidence)
{
    (void)sqlite3_finalize(evidence->add_file);
    (void)sqlite3_finalize(evidence->find_file);
    (void)sqlite3_finalize(evidence->add_row);
    *evidence = (struct sw_evidence){0};
}

/* Runs a statement that gives no rows. */
static void run(struct sw_evidence *evidence, struct sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) {
        sw_writer_fail(evidence->log);
    }
    (void)sqlite3_reset(statement);
}

static int64_t find_file(struct sw_evidence *evidence, const uint8_t digest[32])
{
    int64_t id = 0;
    (void)sqlite3_bind_blob(evidence->find_file, 1, digest, 32, SQLITE_STATIC);
    if (sqlite3_step(evidence->find_file) == SQLITE_ROW) {
        id = sqlite3_column_int64(evidence->find_file, 0);
    } else {
        sw_writer_fail(evidence->log);
    }
    (void)sqlite3_reset(evidence->find_file);
    return id;
}

void sw_evidence_begin_file(struct sw_evidence *evidence, const struct sw_evidence_file *file)
{
    struct sqlite3_stmt *statement = evidence->add_file;
    evidence->file = 0;
    if (!sw_writer_begin(evidence->log)) {
        return;
    }
    (void)sqlite3_bind_blob(statement, 1, file->digest, sizeof(file->digest), SQLITE_STATIC);
    (void)sw_database_bind(statement, 2, file->name);
    (void)sw_database_bind(statement, 3, file->kind);
    (void)sw_database_bind(statement, 4, file->agency);
    (void)sqlite3_bind_int64(statement, 5, (int64_t)file->bytes);
    (void)sqlite3_bind_int64(statement, 6, evidence->log->run_id);
    run(evidence, statement);
    bool added = sqlite3_changes(evidence->log->database) > 0;
    evidence->file = find_file(evidence, file->digest);
    if (added) {
        sw_seal_row(evidence->log, SW_ENTRY_EVIDENCE_FILE, evidence->file, 0);
    }
}

void sw_evidence_add(struct sw_evidence *evidence, uint64_t row, uint64_t line, int64_t event,
                     uint32_t masks)
{
    struct sqlite3_stmt *statement = evidence->add_row;
    SW_ASSERT(event > 0);
    if (!sw_writer_begin(evidence->log)) {
        return;
    }
    SW_ASSERT(evidence->file > 0);
    struct sw_row added = sw_row_begin(sw_seal_begin(evidence->log), statement, SW_TABLE_EVIDENCE);
    sw_row_integer(&added, evidence->file);
    sw_row_integer(&added, (int64_t)row);
    sw_row_integer(&added, (int64_t)line);
    sw_row_integer(&added, event);
    sw_row_integer(&added, masks);
    run(evidence, statement);
    if (!evidence->log->failed && sqlite3_changes(evidence->log->database) > 0) {
        const int64_t number = (int64_t)row;
        sw_seal_add(evidence->log, SW_ENTRY_EVIDENCE, evidence->file, 0, &number, 1);
    }
}
