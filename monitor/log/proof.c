#include <sharewatch/proof.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "database.h"
#include "part.h"
#include "proof_text.h"
#include "tile.h"
#include "tree.h"

struct prover {
    struct sw_part part;
    sqlite3_stmt *tile;
    const char *path;
    char *sentence;
};

static enum sw_status unreadable(struct prover *prover)
{
    char text[SW_LOG_SENTENCE_BYTES];
    sw_database_explain(prover->part.database, prover->path, "reading", text);
    (void)snprintf(prover->sentence, SW_VERIFY_SENTENCE_BYTES, "%s", text);
    return SW_DATABASE;
}

/* Hashes of leaves, from their entries; at most half a tile. */
static bool root_of_entries(struct prover *prover, uint64_t first, uint32_t count, uint8_t *root)
{
    uint8_t hashes[SW_TILE_HASHES][SW_HASH_BYTES];
    sqlite3_stmt *entries = prover->part.entries;
    uint32_t found = 0;
    SW_ASSERT(count <= SW_TILE_HASHES);
    (void)sqlite3_bind_int64(entries, 1, (int64_t)first);
    while (found < count && sqlite3_step(entries) == SQLITE_ROW) {
        sw_hash_leaf(&prover->part.hasher, sqlite3_column_blob(entries, 1),
                     (size_t)sqlite3_column_bytes(entries, 1), hashes[found++]);
    }
    (void)sqlite3_reset(entries);
    if (found < count) {
        return false;
    }
    sw_tree_fold(&prover->part.hasher, hashes, count, root);
    return true;
}

/* From a full tile where there is one; else from the two halves, down to the entries. The depth is
 * that of the tree. */
static bool subtree(void *context, uint32_t bits, uint64_t place,
                    uint8_t hash[SW_HASH_BYTES]) // NOLINT(misc-no-recursion)
{
    struct prover *prover = context;
    uint8_t hashes[SW_TILE_HASHES][SW_HASH_BYTES];
    uint32_t level = bits / 8;
    uint32_t rest = bits % 8;
    uint32_t count = UINT32_C(1) << rest;
    if (sw_tile_copy(prover->tile, level, place >> (8 - rest),
                     (uint32_t)(place << rest) & (SW_TILE_HASHES - 1), count, hashes)) {
        sw_tree_fold(&prover->part.hasher, hashes, count, hash);
        return true;
    }
    if (bits < 8) {
        return root_of_entries(prover, place << bits, UINT32_C(1) << bits, hash);
    }
    uint8_t right[SW_HASH_BYTES];
    if (!subtree(context, bits - 1, 2 * place, hash) ||
        !subtree(context, bits - 1, 2 * place + 1, right)) {
        return false;
    }
    sw_hash_node(&prover->part.hasher, hash, right, hash);
    return true;
}

/* The judgement that brought the alert. */
static enum sw_status find_entry(struct prover *prover, int64_t alert, struct sw_proof *proof)
{
    char sql[256];
    sqlite3_stmt *statement = NULL;
    enum sw_status status = SW_NOT_FOUND;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT data, salts FROM entry WHERE substr(data, 2, 1) = x'%02x' AND "
                   "substr(data, 29, 8) = x'%016" PRIx64 "'",
                   (unsigned)SW_ENTRY_JUDGEMENT, alert);
    if (sqlite3_prepare_v2(prover->part.database, sql, -1, &statement, NULL) != SQLITE_OK) {
        return unreadable(prover);
    }
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        proof->entry_bytes = (uint32_t)sqlite3_column_bytes(statement, 0);
        proof->group_count = (uint32_t)sqlite3_column_bytes(statement, 1) / SW_SALT_BYTES;
        if (proof->entry_bytes <= sizeof(proof->entry) && proof->group_count >= 1 &&
            proof->group_count <= SW_ENTRY_GROUPS) {
            memcpy(proof->entry, sqlite3_column_blob(statement, 0), proof->entry_bytes);
            memcpy(proof->salts, sqlite3_column_blob(statement, 1),
                   (size_t)proof->group_count * SW_SALT_BYTES);
            status = SW_OK;
        }
    }
    (void)sqlite3_finalize(statement);
    if (status == SW_NOT_FOUND) {
        (void)snprintf(prover->sentence, SW_VERIFY_SENTENCE_BYTES,
                       "log %s has no sealed alert %" PRId64, prover->path, alert);
    }
    return status;
}

static enum sw_status find_head(struct prover *prover, uint64_t index, struct sw_proof *proof)
{
    sqlite3_stmt *statement = NULL;
    bool found = sqlite3_prepare_v2(prover->part.database,
                                    "SELECT note, (SELECT key FROM signer ORDER BY id DESC) FROM "
                                    "checkpoint WHERE size > ?1 ORDER BY id DESC LIMIT 1",
                                    -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_bind_int64(statement, 1, (int64_t)index) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    if (found) {
        sw_database_copy(statement, 0, proof->note, sizeof(proof->note));
        sw_database_copy(statement, 1, proof->key, sizeof(proof->key));
    }
    (void)sqlite3_finalize(statement);
    if (!found) {
        (void)snprintf(prover->sentence, SW_VERIFY_SENTENCE_BYTES,
                       "log %s has no signed head that covers this alert", prover->path);
    }
    return found ? SW_OK : SW_EMPTY;
}

static enum sw_status prove(struct prover *prover, int64_t alert, bool withhold,
                            struct sw_proof *proof)
{
    struct sw_entry entry;
    struct sw_head head;
    uint32_t length = 0;
    enum sw_status status = find_entry(prover, alert, proof);
    if (status != SW_OK) {
        return status;
    }
    if (!sw_entry_read(proof->entry, proof->entry_bytes, &entry) ||
        sw_fetch_entry(&prover->part.fetch, &entry) != SW_OK) {
        (void)snprintf(prover->sentence, SW_VERIFY_SENTENCE_BYTES,
                       "log %s: rows of this alert are missing; `sharewatch verify` tells more",
                       prover->path);
        return SW_DATABASE;
    }
    proof->group_count = withhold ? 1 : proof->group_count;
    proof->rows = &prover->part.fetch.rows;
    status = find_head(prover, entry.index, proof);
    if (status != SW_OK) {
        return status;
    }
    if (!sw_note_read(sw_text_from(proof->note), &head, &length) || head.size <= entry.index ||
        !sw_tree_prove(head.size, entry.index, &prover->part.hasher, subtree, prover, proof->path,
                       &proof->path_count)) {
        return unreadable(prover);
    }
    proof->index = entry.index;
    return SW_OK;
}

enum sw_status sw_proof_write(const char *path, int64_t alert, bool withhold, FILE *stream,
                              char sentence[SW_VERIFY_SENTENCE_BYTES])
{
    struct sw_log_reader reader;
    struct sw_proof *proof = calloc(1, sizeof(*proof));
    struct prover *prover = calloc(1, sizeof(*prover));
    enum sw_status status = SW_NO_MEMORY;
    (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "not enough memory");
    if (proof != NULL && prover != NULL) {
        prover->path = path;
        prover->sentence = sentence;
        status = sw_log_reader_open(&reader, path);
        if (status != SW_OK) {
            (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "%s", reader.sentence);
        } else {
            bool sealed = sw_database_number(reader.database, "PRAGMA user_version", 0) > 1;
            sw_log_reader_close(&reader);
            if (sealed) {
                status = sw_part_open(&prover->part, path, sentence);
            } else {
                (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES,
                               "log %.200s was written by an older sharewatch, which did not seal "
                               "its rows: nothing in it can be proven. `sharewatch replay LOG --to "
                               "NEW` makes a log of its events that is sealed from today on",
                               path);
                status = SW_DATABASE;
            }
        }
    }
    if (status == SW_OK && sqlite3_prepare_v2(prover->part.database, SW_TILE_SQL, -1, &prover->tile,
                                              NULL) != SQLITE_OK) {
        status = unreadable(prover);
    }
    if (status == SW_OK) {
        status = prove(prover, alert, withhold, proof);
    }
    if (status == SW_OK && !sw_proof_print(proof, stream)) {
        (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "the proof cannot be written: %s",
                       strerror(errno));
        status = SW_IO;
    }
    if (prover != NULL) {
        (void)sqlite3_finalize(prover->tile);
        sw_part_close(&prover->part);
    }
    free(prover);
    free(proof);
    return status;
}
