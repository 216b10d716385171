#include "heads.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "database.h"
#include "entry.h"

#define SIGNERS_MAX   64
#define WITNESS_BYTES ((size_t)1 << 30)

struct signers {
    uint8_t keys[SIGNERS_MAX][SW_KEY_BYTES];
    uint32_t count;
    uint32_t trusted; // from this one on
    bool found;       // the key that was given is among them
};

void sw_heads_close(struct sw_heads *heads)
{
    for (uint32_t i = 0; i < SW_VERIFY_WITNESSES_MAX; i++) {
        free(heads->witnesses[i]);
    }
    free(heads->heads);
    *heads = (struct sw_heads){0};
}

static enum sw_status broken(struct sw_verify_report *report, const char *problem)
{
    (void)snprintf(report->problem, sizeof(report->problem), "%s", problem);
    report->state = SW_VERIFY_BROKEN;
    return SW_INVALID;
}

static bool add(struct sw_heads *heads, const struct sw_head *head, int32_t witness)
{
    if (heads->count == heads->capacity) {
        uint64_t capacity = heads->capacity == 0 ? 256 : heads->capacity * 2;
        struct sw_known_head *grown = realloc(heads->heads, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        heads->heads = grown;
        heads->capacity = capacity;
    }
    struct sw_known_head *known = &heads->heads[heads->count++];
    known->size = head->size;
    known->witness = witness;
    memcpy(known->root, head->root, sizeof(known->root));
    return true;
}

/* ---- the keys ---- */

static bool is_endorsed(const struct signers *signers, const char *signature)
{
    uint8_t bytes[SW_SIGNATURE_BYTES];
    char text[SW_ENDORSED_BYTES];
    return sw_unbase64(sw_text_from(signature), bytes, sizeof(bytes)) &&
           sw_is_signed(signers->keys[signers->count - 1],
                        sw_endorsed_text(signers->keys[signers->count], text), bytes);
}

static enum sw_status read_signers(sqlite3 *database, struct signers *signers,
                                   struct sw_verify_report *report)
{
    sqlite3_stmt *statement = NULL;
    char text[SW_VERIFIER_KEY_BYTES];
    char signature[SW_BASE64_BYTES(SW_SIGNATURE_BYTES)];
    enum sw_status status = SW_OK;
    int code = sqlite3_prepare_v2(database, "SELECT key, endorsement FROM signer ORDER BY id", -1,
                                  &statement, NULL);
    while (status == SW_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        sw_database_copy(statement, 0, text, sizeof(text));
        sw_database_copy(statement, 1, signature, sizeof(signature));
        if (signers->count == SIGNERS_MAX ||
            !sw_verifier_key_read(sw_text_from(text), report->origin,
                                  signers->keys[signers->count])) {
            status = broken(report, "a key in `signer` is none, or of another log");
        } else if (signers->count > 0 && !is_endorsed(signers, signature)) {
            status = broken(report, "a key in `signer` was not signed by the one before it");
        } else {
            signers->count++;
        }
    }
    (void)sqlite3_finalize(statement);
    return status == SW_OK && code != SQLITE_DONE ? SW_DATABASE : status;
}

/* The key that was given: text or a file of it, as a verifier's key or as signing.pub has it. */
static enum sw_status read_key(const char *given, const char *origin, uint8_t key[SW_KEY_BYTES],
                               struct sw_verify_report *report)
{
    if (sw_verifier_key_given(given, origin, key)) {
        return SW_OK;
    }
    (void)snprintf(report->problem, sizeof(report->problem),
                   "--key %s: this is no public key of this log; `sharewatch keys show` prints it",
                   given);
    report->state = SW_VERIFY_WHOLE;
    return SW_INVALID;
}

static enum sw_status find_trust(struct signers *signers, const struct sw_verify_options *options,
                                 struct sw_verify_report *report)
{
    uint8_t key[SW_KEY_BYTES];
    if (options->key == NULL) {
        return SW_OK;
    }
    enum sw_status status = read_key(options->key, report->origin, key, report);
    for (uint32_t i = 0; status == SW_OK && i < signers->count && !signers->found; i++) {
        signers->found = memcmp(signers->keys[i], key, sizeof(key)) == 0;
        signers->trusted = i;
    }
    return status;
}

/* ---- the log's own checkpoints ---- */

struct own {
    const struct signers *signers;
    uint32_t signer; // of the newest checkpoint; keys are never taken back
    uint64_t size;
};

static enum sw_status take_checkpoint(struct sw_heads *heads, struct own *own,
                                      sqlite3_stmt *statement, struct sw_verify_report *report)
{
    char note[SW_NOTE_BYTES];
    char problem[128];
    struct sw_head head;
    uint32_t length = 0;
    int64_t id = sqlite3_column_int64(statement, 0);
    sw_database_copy(statement, 3, note, sizeof(note));
    struct sw_text text = sw_text_from(note);
    (void)snprintf(problem, sizeof(problem), "checkpoint %" PRId64, id);
    if (!sw_note_read(text, &head, &length) || length != text.length ||
        strcmp(head.origin, report->origin) != 0 ||
        head.size != (uint64_t)sqlite3_column_int64(statement, 1) || head.size <= own->size ||
        id != (int64_t)report->checkpoints + 1) {
        (void)snprintf(problem, sizeof(problem), "checkpoint %" PRId64 " was changed or moved", id);
        return broken(report, problem);
    }
    if (head.size > report->entries) {
        (void)snprintf(problem, sizeof(problem),
                       "checkpoint %" PRId64 " covers %" PRIu64 " entries, only %" PRIu64
                       " are left",
                       id, head.size, report->entries);
        return broken(report, problem);
    }
    while (own->signer < own->signers->count &&
           !sw_note_is_signed(text, own->signers->keys[own->signer])) {
        own->signer++;
    }
    if (own->signer >= own->signers->count) {
        (void)snprintf(problem, sizeof(problem), "the signature of checkpoint %" PRId64 " is wrong",
                       id);
        return broken(report, problem);
    }
    own->size = head.size;
    report->checkpoints++;
    report->signed_entries = head.size;
    report->signed_ms = sqlite3_column_int64(statement, 2);
    return add(heads, &head, SW_HEAD_OWN) ? SW_OK : SW_NO_MEMORY;
}

/* The newest checkpoint has no entry yet, and its time is not signed: it is that of an entry. */
static bool is_time_right(sqlite3 *database, const struct sw_verify_report *report)
{
    sqlite3_stmt *statement = NULL;
    struct sw_entry entry;
    bool right =
        sqlite3_prepare_v2(database, "SELECT data FROM entry WHERE id = ?1", -1, &statement,
                           NULL) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 1, (int64_t)report->signed_entries - 1) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW &&
        sw_entry_read(sqlite3_column_blob(statement, 0),
                      (uint32_t)sqlite3_column_bytes(statement, 0), &entry) &&
        entry.time_ms == report->signed_ms;
    (void)sqlite3_finalize(statement);
    return right;
}

static enum sw_status read_checkpoints(struct sw_heads *heads, sqlite3 *database,
                                       struct signers *signers, struct sw_verify_report *report)
{
    sqlite3_stmt *statement = NULL;
    struct own own = {.signers = signers};
    enum sw_status status = SW_OK;
    int code =
        sqlite3_prepare_v2(database, "SELECT id, size, made_ms, note FROM checkpoint ORDER BY id",
                           -1, &statement, NULL);
    while (status == SW_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = take_checkpoint(heads, &own, statement, report);
    }
    (void)sqlite3_finalize(statement);
    if (status != SW_OK || code != SQLITE_DONE) {
        return status != SW_OK ? status : SW_DATABASE;
    }
    if (report->checkpoints > 0) {
        if (!is_time_right(database, report)) {
            return broken(report,
                          "the time of the newest checkpoint was changed, or its last entry");
        }
        sw_verifier_key(report->origin, signers->keys[own.signer], report->signer);
        report->signer_trusted = signers->found && own.signer >= signers->trusted;
    }
    return SW_OK;
}

/* ---- witnesses ---- */

static char *read_file(const char *path, size_t *length, struct sw_verify_report *report)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t capacity = 65536;
    *length = 0;
    bool done = file != NULL;
    while (done) {
        char *grown = realloc(text, capacity);
        if (grown == NULL || capacity > WITNESS_BYTES) {
            errno = ENOMEM;
            done = false;
            text = grown != NULL ? grown : text;
            break;
        }
        text = grown;
        *length += fread(text + *length, 1, capacity - *length, file);
        if (*length < capacity) {
            done = ferror(file) == 0;
            break;
        }
        capacity *= 2;
    }
    if (!done) {
        (void)snprintf(report->problem, sizeof(report->problem), "witness %s: %s", path,
                       strerror(errno));
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

static bool signed_by_any(struct sw_text note, const struct signers *signers)
{
    for (uint32_t i = 0; i < signers->count; i++) {
        if (sw_note_is_signed(note, signers->keys[i])) {
            return true;
        }
    }
    return false;
}

/* A head of this log in a witness's file. */
static enum sw_status take_witnessed(struct sw_heads *heads, const struct sw_head *head,
                                     struct sw_text note, const struct signers *signers,
                                     uint32_t witness, const struct sw_verify_options *options,
                                     struct sw_verify_report *report)
{
    char problem[SW_VERIFY_SENTENCE_BYTES];
    if (head->size > report->entries) {
        (void)snprintf(problem, sizeof(problem),
                       "the log was cut off or rolled back: witness %s has seen %" PRIu64
                       " entries of it, %" PRIu64 " are left%s",
                       options->witnesses[witness], head->size, report->entries,
                       signed_by_any(note, signers) ? ""
                                                    : " (by a key that the log does not name)");
        return broken(report, problem);
    }
    if (head->size > report->witnessed_entries) {
        report->witnessed_entries = head->size;
    }
    return add(heads, head, (int32_t)witness) ? SW_OK : SW_NO_MEMORY;
}

static enum sw_status read_witness(struct sw_heads *heads, const struct signers *signers,
                                   uint32_t witness, const struct sw_verify_options *options,
                                   struct sw_verify_report *report)
{
    const char *text = heads->witnesses[witness];
    size_t length = heads->witness_bytes[witness];
    bool knows = false;
    enum sw_status status = SW_OK;
    for (size_t at = 0; status == SW_OK && at < length;) {
        struct sw_head head;
        size_t left = length - at;
        struct sw_text note = {text + at, left < SW_NOTE_BYTES ? (uint32_t)left : SW_NOTE_BYTES};
        uint32_t used = 0;
        if (text[at] == '\n') {
            at++;
        } else if (sw_note_read(note, &head, &used)) {
            if (strcmp(head.origin, report->origin) == 0) {
                knows = true;
                note.length = used;
                status = take_witnessed(heads, &head, note, signers, witness, options, report);
            }
            at += used;
        } else {
            (void)snprintf(report->problem, sizeof(report->problem),
                           "witness %s: what stands at byte %zu is no checkpoint",
                           options->witnesses[witness], at);
            status = SW_INVALID;
        }
    }
    report->witness_agree += knows && status == SW_OK;
    return status;
}

static int by_size(const void *one, const void *other)
{
    uint64_t a = ((const struct sw_known_head *)one)->size;
    uint64_t b = ((const struct sw_known_head *)other)->size;
    return a < b ? -1 : a > b;
}

enum sw_status sw_heads_read(struct sw_heads *heads, const struct sw_verify_options *options,
                             struct sw_verify_report *report)
{
    for (uint32_t i = 0; i < options->witness_count; i++) {
        heads->witnesses[i] = read_file(options->witnesses[i], &heads->witness_bytes[i], report);
        if (heads->witnesses[i] == NULL) {
            report->state = SW_VERIFY_WHOLE;
            return SW_INVALID;
        }
    }
    return SW_OK;
}

enum sw_status sw_heads_open(struct sw_heads *heads, sqlite3 *database,
                             const struct sw_verify_options *options,
                             struct sw_verify_report *report)
{
    struct signers signers = {0};
    enum sw_status status = read_signers(database, &signers, report);
    if (status == SW_OK) {
        status = find_trust(&signers, options, report);
    }
    if (status == SW_OK) {
        status = read_checkpoints(heads, database, &signers, report);
    }
    if (status == SW_OK && options->key != NULL && !report->signer_trusted) {
        status = broken(report, report->checkpoints == 0
                                    ? "the log has no signed checkpoint, and a key was given"
                                    : "the log is not signed with the key that was given");
    }
    report->witness_count = options->witness_count;
    for (uint32_t i = 0; status == SW_OK && i < options->witness_count; i++) {
        status = read_witness(heads, &signers, i, options, report);
    }
    if (status == SW_OK && heads->count > 0) {
        qsort(heads->heads, heads->count, sizeof(heads->heads[0]), by_size);
    }
    return status;
}

bool sw_heads_wants(const struct sw_heads *heads, uint64_t size)
{
    return heads->next < heads->count && heads->heads[heads->next].size <= size;
}

enum sw_status sw_heads_check(struct sw_heads *heads, uint64_t size,
                              const uint8_t root[SW_HASH_BYTES],
                              const struct sw_verify_options *options,
                              struct sw_verify_report *report)
{
    for (; sw_heads_wants(heads, size); heads->next++) {
        const struct sw_known_head *head = &heads->heads[heads->next];
        char problem[SW_VERIFY_SENTENCE_BYTES];
        SW_ASSERT(head->size == size || head->size == 0);
        if (head->size != size || memcmp(head->root, root, sizeof(head->root)) == 0) {
            continue;
        }
        if (head->witness == SW_HEAD_OWN) {
            (void)snprintf(problem, sizeof(problem),
                           "the first %" PRIu64 " entries are not those that a checkpoint signed",
                           size);
        } else {
            (void)snprintf(problem, sizeof(problem),
                           "the first %" PRIu64 " entries are not those that witness %s has seen: "
                           "the log was written anew",
                           size, options->witnesses[head->witness]);
        }
        return broken(report, problem);
    }
    return SW_OK;
}
