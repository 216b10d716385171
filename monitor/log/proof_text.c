#include "proof_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <sharewatch/assert.h>
#include <sharewatch/proof.h>

#define PROOF_BYTES_MAX ((size_t)1 << 20)

/* ---- writing ---- */

static bool print_base64(const uint8_t *bytes, size_t count, FILE *stream)
{
    char *text = malloc(SW_BASE64_BYTES(count));
    if (text == NULL) {
        return false;
    }
    sw_base64(bytes, (uint32_t)count, text);
    bool done = fputs(text, stream) >= 0;
    free(text);
    return done;
}

bool sw_proof_print(const struct sw_proof *proof, FILE *stream)
{
    bool done = fprintf(stream, SW_PROOF_FIRST_LINE "key %s\nentry ", proof->key) > 0 &&
                print_base64(proof->entry, proof->entry_bytes, stream);
    for (uint32_t i = 0; done && i < proof->group_count; i++) {
        done = fprintf(stream, "\ngroup %" PRIu32 " ", i) > 0 &&
               print_base64(proof->salts[i], SW_SALT_BYTES, stream) && fputc(' ', stream) != EOF &&
               print_base64(proof->rows->groups[i].bytes, proof->rows->groups[i].length, stream);
    }
    done =
        done && fprintf(stream, "\n\n" SW_PROOF_TLOG_LINE "index %" PRIu64 "\n", proof->index) > 0;
    for (uint32_t i = 0; done && i < proof->path_count; i++) {
        done = print_base64(proof->path[i], SW_HASH_BYTES, stream) && fputc('\n', stream) != EOF;
    }
    return done && fprintf(stream, "\n%s", proof->note) > 0 && fflush(stream) == 0;
}

/* ---- reading ---- */

/* A proof being read; lines are cut in place. */
struct check {
    char *text;
    char *at;
    struct sw_proof proof;
    struct sw_rows rows;
};

static char *take_line(struct check *check)
{
    char *line = check->at;
    char *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    check->at = end + 1;
    return line;
}

/* What stands behind @word, or NULL. */
static char *behind(char *line, const char *word)
{
    size_t length = strlen(word);
    return line != NULL && strncmp(line, word, length) == 0 ? line + length : NULL;
}

/* Decodes @text into at most @capacity @bytes. False: it is no base64. */
static bool decode(const char *text, uint8_t *bytes, size_t capacity, size_t *count)
{
    size_t length = strlen(text);
    size_t padding = 0;
    if (length == 0) {
        *count = 0;
        return true;
    }
    if (length % 4 != 0 || length / 4 * 3 > capacity) {
        return false;
    }
    while (padding < 2 && text[length - 1 - padding] == '=') {
        padding++;
    }
    int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    if (decoded < 0) {
        return false;
    }
    *count = (size_t)decoded - padding;
    return true;
}

static bool read_group(struct check *check, uint32_t group, char *line)
{
    char *space = strchr(line, ' ');
    size_t length = 0;
    if (space == NULL) {
        return false;
    }
    *space = '\0';
    if (!sw_unbase64(sw_text_from(line), check->proof.salts[group], SW_SALT_BYTES) ||
        !decode(space + 1, check->rows.groups[group].bytes, check->rows.groups[group].capacity,
                &length)) {
        return false;
    }
    check->rows.groups[group].length = length;
    return true;
}

static bool read_rows(struct check *check)
{
    uint8_t entry[SW_ENTRY_BYTES_MAX + 4];
    size_t length = 0;
    char *line = behind(take_line(check), "key ");
    if (line == NULL || strlen(line) >= sizeof(check->proof.key)) {
        return false;
    }
    (void)snprintf(check->proof.key, sizeof(check->proof.key), "%s", line);
    line = behind(take_line(check), "entry ");
    if (line == NULL || !decode(line, entry, sizeof(entry), &length) ||
        length > sizeof(check->proof.entry)) {
        return false;
    }
    memcpy(check->proof.entry, entry, length);
    check->proof.entry_bytes = (uint32_t)length;
    while ((line = take_line(check)) != NULL && line[0] != '\0') {
        char word[] = "group 0 ";
        word[6] = (char)('0' + check->proof.group_count);
        line = check->proof.group_count < SW_ENTRY_GROUPS ? behind(line, word) : NULL;
        if (line == NULL || !read_group(check, check->proof.group_count, line)) {
            return false;
        }
        check->proof.group_count++;
    }
    return line != NULL && check->proof.group_count > 0;
}

static bool read_path(struct check *check)
{
    char *end = NULL;
    char *line = take_line(check);
    if (line == NULL || strncmp(line, SW_PROOF_TLOG_LINE, strlen(SW_PROOF_TLOG_LINE) - 1) != 0) {
        return false;
    }
    line = behind(take_line(check), "index ");
    if (line == NULL || line[0] < '0' || line[0] > '9') {
        return false;
    }
    check->proof.index = strtoull(line, &end, 10);
    while (*end == '\0' && (line = take_line(check)) != NULL && line[0] != '\0') {
        if (check->proof.path_count == SW_PROOF_HASHES ||
            !sw_unbase64(sw_text_from(line), check->proof.path[check->proof.path_count++],
                         SW_HASH_BYTES)) {
            return false;
        }
    }
    if (*end != '\0' || line == NULL || strlen(check->at) >= sizeof(check->proof.note)) {
        return false;
    }
    (void)snprintf(check->proof.note, sizeof(check->proof.note), "%s", check->at);
    return true;
}

/* ---- checking ---- */

static enum sw_status no(char *sentence, const char *why)
{
    (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "%s", why);
    return SW_INVALID;
}

/* The key that was given must be that of the proof, which signed. */
static bool is_given(const char *given, const char *key, const char *origin)
{
    uint8_t one[SW_KEY_BYTES];
    uint8_t other[SW_KEY_BYTES];
    return sw_verifier_key_read(sw_text_from(key), origin, one) &&
           sw_verifier_key_given(given, origin, other) && memcmp(one, other, sizeof(one)) == 0;
}

static enum sw_status check_head(struct sw_proof *proof, const uint8_t *leaf,
                                 struct sw_proof_report *report, char *sentence)
{
    struct sw_head head;
    struct sw_hasher hasher;
    uint8_t key[SW_KEY_BYTES];
    uint8_t root[SW_HASH_BYTES];
    uint32_t length = 0;
    struct sw_text note = sw_text_from(proof->note);
    if (!sw_note_read(note, &head, &length) || length != note.length) {
        return no(sentence, "its checkpoint cannot be read");
    }
    if (!sw_verifier_key_read(sw_text_from(proof->key), head.origin, key) ||
        !sw_note_is_signed(note, key)) {
        return no(sentence, "the signature of its checkpoint is wrong");
    }
    if (!sw_tree_root_of(head.size, proof->index, &hasher, leaf, proof->path, proof->path_count,
                         root) ||
        memcmp(root, head.root, sizeof(root)) != 0) {
        return no(sentence, "the entry is not in the tree that the checkpoint signed");
    }
    (void)snprintf(report->origin, sizeof(report->origin), "%s", head.origin);
    report->size = head.size;
    return SW_OK;
}

static enum sw_status check_entry(struct check *check, struct sw_proof_report *report,
                                  char *sentence)
{
    struct sw_proof *proof = &check->proof;
    struct sw_hasher hasher;
    struct sw_entry entry;
    uint8_t hash[SW_HASH_BYTES];
    if (!sw_entry_read(proof->entry, proof->entry_bytes, &entry) || entry.index != proof->index ||
        proof->group_count > entry.group_count) {
        return no(sentence, "its entry is none, or of another place");
    }
    for (uint32_t i = 0; i < proof->group_count; i++) {
        sw_entry_commit(&hasher, i, proof->salts[i], check->rows.groups[i].bytes,
                        check->rows.groups[i].length, hash);
        if (memcmp(hash, entry.commitments[i], sizeof(hash)) != 0) {
            return no(sentence, "its rows are not those that the log sealed");
        }
    }
    report->index = entry.index;
    report->logged_ms = entry.time_ms;
    sw_hash_leaf(&hasher, proof->entry, proof->entry_bytes, hash);
    return check_head(proof, hash, report, sentence);
}

/* ---- what is disclosed ---- */

static bool print_value(const uint8_t *bytes, size_t length, size_t *at, FILE *stream)
{
    char type = (char)bytes[(*at)++];
    if (type == 'n') {
        return fputs("NULL\n", stream) >= 0;
    }
    if (type == 'i' && length - *at >= 8) {
        int64_t number = (int64_t)sw_get_number(bytes + *at);
        *at += 8;
        return fprintf(stream, "%" PRId64 "\n", number) > 0;
    }
    if ((type != 't' && type != 'b') || length - *at < 4) {
        return false;
    }
    size_t count = (size_t)bytes[*at] << 24 | (size_t)bytes[*at + 1] << 16 |
                   (size_t)bytes[*at + 2] << 8 | bytes[*at + 3];
    *at += 4;
    if (length - *at < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) { // no control character reaches a terminal
        uint8_t byte = bytes[*at + i];
        (void)fputc(byte < ' ' || byte == 0x7f ? '.' : byte, stream);
    }
    *at += count;
    return fputc('\n', stream) != EOF;
}

/* The rows of @group, a line a column; they were checked, so what they are is what they were. */
static bool print_rows(const struct sw_rows *rows, uint32_t group, FILE *stream)
{
    const uint8_t *bytes = rows->groups[group].bytes;
    size_t length = rows->groups[group].length;
    for (size_t at = 0; at < length;) {
        if (bytes[at] >= SW_TABLE_COUNT) {
            return false;
        }
        const struct sw_table_info *info = sw_table_info((enum sw_table)bytes[at++]);
        const char *name = info->columns;
        for (uint32_t column = 0; *name != '\0'; column++) {
            size_t width = strcspn(name, ",");
            if ((info->deletable >> column & 1) == group) {
                (void)fprintf(stream, "  %s.%.*s = ", info->name, (int)width, name);
                if (at >= length || !print_value(bytes, length, &at, stream)) {
                    return false;
                }
            }
            name += width + (name[width] == ',' ? 2 : 0);
        }
    }
    return true;
}

static enum sw_status check_text(struct check *check, const char *key, FILE *rows,
                                 struct sw_proof_report *report, char *sentence)
{
    check->at = check->text;
    if (strncmp(check->text, SW_PROOF_FIRST_LINE, strlen(SW_PROOF_FIRST_LINE)) != 0) {
        (void)no(sentence, "this is no proof of sharewatch");
        return SW_MALFORMED;
    }
    check->at += strlen(SW_PROOF_FIRST_LINE);
    if (!read_rows(check) || !read_path(check)) {
        (void)no(sentence, "the proof is cut short or was changed, it cannot be read");
        return SW_MALFORMED;
    }
    enum sw_status status = check_entry(check, report, sentence);
    if (status != SW_OK) {
        return status;
    }
    (void)snprintf(report->signer, sizeof(report->signer), "%s", check->proof.key);
    report->signer_trusted = key != NULL && is_given(key, check->proof.key, report->origin);
    if (key != NULL && !report->signer_trusted) {
        return no(sentence, "it is not signed with the key that was given");
    }
    for (uint32_t i = 0; rows != NULL && i < check->proof.group_count; i++) {
        if (!print_rows(&check->rows, i, rows)) {
            return no(sentence, "its rows are none of sharewatch");
        }
    }
    return SW_OK;
}

enum sw_status sw_proof_check(const char *path, const char *key, FILE *rows,
                              struct sw_proof_report *report,
                              char sentence[SW_VERIFY_SENTENCE_BYTES])
{
    struct check *check = calloc(1, sizeof(*check));
    FILE *file = fopen(path, "rb");
    enum sw_status status = SW_IO;
    *report = (struct sw_proof_report){0};
    (void)snprintf(sentence, SW_VERIFY_SENTENCE_BYTES, "%s", strerror(errno));
    if (file != NULL && check != NULL && sw_rows_open(&check->rows, PROOF_BYTES_MAX) == SW_OK) {
        check->text = calloc(1, PROOF_BYTES_MAX + 1);
        if (check->text != NULL && fread(check->text, 1, PROOF_BYTES_MAX, file) > 0) {
            status = check_text(check, key, rows, report, sentence);
        } else {
            (void)no(sentence, "it is empty or cannot be read");
        }
        free(check->text);
        sw_rows_close(&check->rows);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(check);
    return status;
}
