/*
 * The keys that sign a log, and its signed heads.
 *
 * A head is signed elsewhere, and its row comes when the signature does, behind entries that were
 * added meanwhile. That row's own entry is added together with the next row, so that exactly the
 * newest checkpoint has none: a checkpoint cannot be taken out unseen.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/signing.h>

#include "database.h"
#include "note.h"
#include "seal.h"
#include "writer.h"

static_assert(SW_NOTE_BYTES == SW_LOG_NOTE_BYTES, "the log keeps a note");

/* Runs @sql with texts and a number; the row's id is the next. */
static bool insert(struct sw_log *log, const char *sql, int64_t id, struct sw_text text,
                   int64_t number, struct sw_text more)
{
    sqlite3_stmt *statement = NULL;
    bool done = sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_bind_int64(statement, 1, id) == SQLITE_OK &&
                sw_database_bind(statement, 2, text) &&
                sqlite3_bind_int64(statement, 3, number) == SQLITE_OK &&
                sw_database_bind(statement, 4, more) && sqlite3_step(statement) == SQLITE_DONE;
    if (!done) {
        sw_writer_fail(log);
    }
    (void)sqlite3_finalize(statement);
    return done;
}

static bool add_signer(struct sw_log *log, int64_t id, const uint8_t public_key[SW_KEY_BYTES],
                       const struct sw_endorsement *endorsement, int64_t now_ms)
{
    char key[SW_VERIFIER_KEY_BYTES];
    char signature[SW_BASE64_BYTES(SW_SIGNATURE_BYTES)] = "";
    sw_verifier_key(log->seal->origin, public_key, key);
    if (endorsement != NULL) {
        sw_base64(endorsement->signature, SW_SIGNATURE_BYTES, signature);
    }
    if (!sw_writer_begin(log) || !insert(log, "INSERT INTO signer VALUES (?1, ?2, ?3, ?4)", id,
                                         sw_text_from(key), now_ms, sw_text_from(signature))) {
        return false;
    }
    sw_seal_row(log, SW_ENTRY_SIGNER, id, now_ms);
    return !log->failed;
}

/* The newest signer of the log. False: it has none. */
static bool find_signer(struct sw_log *log, int64_t *id, uint8_t public_key[SW_KEY_BYTES])
{
    sqlite3_stmt *statement = NULL;
    char text[SW_VERIFIER_KEY_BYTES];
    bool found =
        sqlite3_prepare_v2(log->database, "SELECT id, key FROM signer ORDER BY id DESC LIMIT 1", -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW;
    *id = 0;
    if (found) {
        *id = sqlite3_column_int64(statement, 0);
        sw_database_copy(statement, 1, text, sizeof(text));
        found = sw_verifier_key_read(sw_text_from(text), log->seal->origin, public_key);
    }
    (void)sqlite3_finalize(statement);
    return found;
}

/* Notes each key from the log's newest one to the new one. False: no way leads there. */
static bool hand_over(struct sw_log *log, const struct sw_public_key *key, int64_t id,
                      uint8_t from[SW_KEY_BYTES], int64_t now_ms)
{
    for (uint32_t i = 0; i < key->endorsement_count; i++) {
        const struct sw_endorsement *step = &key->endorsements[i];
        if (memcmp(step->from, from, SW_KEY_BYTES) == 0) {
            if (!add_signer(log, ++id, step->to, step, now_ms)) {
                return false;
            }
            memcpy(from, step->to, SW_KEY_BYTES);
        }
    }
    return memcmp(from, key->bytes, SW_KEY_BYTES) == 0;
}

enum sw_status sw_log_sign_with(struct sw_log *log, const struct sw_public_key *key, int64_t now_ms)
{
    struct sw_seal *seal = log->seal;
    uint8_t newest[SW_KEY_BYTES];
    int64_t id = 0;
    SW_ASSERT(!log->writing);
    if (!find_signer(log, &id, newest)) {
        (void)add_signer(log, id + 1, key->bytes, NULL, now_ms);
    } else if (!hand_over(log, key, id, newest, now_ms) && !log->failed) {
        char fingerprint[SW_TOKEN_BYTES];
        sw_public_key_fingerprint(newest, fingerprint);
        (void)snprintf(
            log->sentence, sizeof(log->sentence),
            "log %s is signed with the key %s, which did not hand over to the one given; "
            "say where that key is (--key-dir), or choose another log",
            log->path, fingerprint);
        return SW_INVALID;
    }
    seal->signs = true;
    seal->checkpoint_id = sw_database_number(log->database, "SELECT max(id) FROM checkpoint", 0);
    seal->signed_size =
        (uint64_t)sw_database_number(log->database, "SELECT max(size) FROM checkpoint", 0);
    return sw_log_commit(log);
}

bool sw_log_head(struct sw_log *log, uint64_t from, struct sw_signing_request *request)
{
    struct sw_seal *seal = log->seal;
    SW_ASSERT(!log->writing);
    if (!seal->signs || log->failed || seal->tree.size == seal->quiet_size ||
        seal->tree.size <= seal->signed_size) {
        return false;
    }
    memset(request, 0, sizeof(*request));
    memcpy(request->origin, seal->origin, sizeof(request->origin));
    request->size = seal->tree.size;
    request->time_ms = seal->time_ms;
    request->from = from;
    sw_seal_root(log, request->root);
    if (from > 0 && from <= request->size &&
        !sw_tree_prove_growth(from, request->size, &seal->hasher, sw_seal_subtree, log,
                              request->proof, &request->proof_count)) {
        sw_writer_fail(log);
        return false;
    }
    return true;
}

static bool add_row(struct sw_log *log, const struct sw_signing_request *request, const char *note)
{
    sqlite3_stmt *statement = NULL;
    bool done = sqlite3_prepare_v2(log->database, "INSERT INTO checkpoint VALUES (?1,?2,?3,?4)", -1,
                                   &statement, NULL) == SQLITE_OK &&
                sqlite3_bind_int64(statement, 1, log->seal->checkpoint_id + 1) == SQLITE_OK &&
                sqlite3_bind_int64(statement, 2, (int64_t)request->size) == SQLITE_OK &&
                sqlite3_bind_int64(statement, 3, request->time_ms) == SQLITE_OK &&
                sw_database_bind(statement, 4, sw_text_from(note)) &&
                sqlite3_step(statement) == SQLITE_DONE;
    if (!done) {
        sw_writer_fail(log);
    }
    (void)sqlite3_finalize(statement);
    return done;
}

void sw_log_add_checkpoint(struct sw_log *log, const struct sw_signing_request *request,
                           const char *note)
{
    struct sw_seal *seal = log->seal;
    bool quiet = seal->tree.size == request->size;
    SW_ASSERT(request->size > seal->signed_size);
    if (!sw_writer_begin(log)) {
        return;
    }
    if (seal->checkpoint_id > 0) {
        sw_seal_row(log, SW_ENTRY_CHECKPOINT, seal->checkpoint_id, 0);
    }
    if (log->failed || !add_row(log, request, note)) {
        return;
    }
    seal->checkpoint_id++;
    seal->signed_size = request->size;
    seal->quiet_size = quiet ? seal->tree.size : 0;
    (void)snprintf(log->note, sizeof(log->note), "%s", note);
}

const char *sw_log_origin(const struct sw_log *log)
{
    return log->seal->origin;
}

bool sw_log_was_signed(const struct sw_log *log)
{
    return sw_database_number(log->database, "SELECT max(id) FROM checkpoint", 0) > 0;
}
