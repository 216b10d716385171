/*
 * A key file is text. token.key: one line, `sharewatch-token-1 HEX`. signing.key: one line,
 * `sharewatch-signing-1 HEX`, then a line for each rotation, `endorsed FROM TO SIGNATURE`, base64.
 *
 * A file comes into being whole: it is written under another name, and linked or renamed.
 */
#include <sharewatch/keys.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <sharewatch/assert.h>

#include "note.h"

#define TOKEN_FILE    "token.key"
#define SIGNING_FILE  "signing.key"
#define PUBLIC_FILE   "signing.pub"
#define TOKEN_WORD    "sharewatch-token-1 "
#define SIGNING_WORD  "sharewatch-signing-1 "
#define ENDORSED_WORD "endorsed "
#define FILE_BYTES    (256 + SW_ENDORSEMENTS_MAX * 256)

enum sw_status sw_keys_folder(const char *given, char path[SW_KEY_PATH_BYTES],
                              char sentence[SW_KEY_SENTENCE_BYTES])
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = 0;
    sentence[0] = '\0';
    if (given != NULL) {
        length = snprintf(path, SW_KEY_PATH_BYTES, "%s", given);
    } else if (state != NULL && state[0] == '/') {
        length = snprintf(path, SW_KEY_PATH_BYTES, "%s/sharewatch", state);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(path, SW_KEY_PATH_BYTES, "%s/.local/state/sharewatch", home);
    } else {
        (void)snprintf(sentence, SW_KEY_SENTENCE_BYTES,
                       "neither XDG_STATE_HOME nor HOME is set; say --key-dir DIR");
        return SW_NOT_FOUND;
    }
    if (length < 0 || length >= SW_KEY_PATH_BYTES - 32) {
        (void)snprintf(sentence, SW_KEY_SENTENCE_BYTES, "the path of the keys is too long");
        return SW_TOO_LONG;
    }
    return SW_OK;
}

void sw_keys_forget(void *key, uint32_t bytes)
{
    OPENSSL_cleanse(key, bytes);
}

/* ---- files ---- */

static enum sw_status say(char *sentence, enum sw_status status, const char *path, const char *what)
{
    (void)snprintf(sentence, SW_KEY_SENTENCE_BYTES, "%s: %s", path, what);
    return status;
}

static void path_of(const char *folder, const char *name, char path[SW_KEY_PATH_BYTES])
{
    (void)snprintf(path, SW_KEY_PATH_BYTES, "%s/%s", folder, name);
}

static bool make_folder(const char *folder)
{
    char path[SW_KEY_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s", folder);
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0700);
            *at = '/';
        }
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* Reads @path, which only its owner may read, as text. */
static enum sw_status read_secret(const char *path, char text[FILE_BYTES], char *sentence)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return say(sentence, errno == ENOENT ? SW_NOT_FOUND : SW_IO, path, strerror(errno));
    }
    bool known = fstat(file, &status) == 0;
    if (!known || !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0) {
        (void)close(file);
        return say(sentence, SW_INVALID, path,
                   "others than its owner may read this key: chmod 600 it, and make another if "
                   "somebody may have read it");
    }
    ssize_t count = read(file, text, FILE_BYTES - 1);
    (void)close(file);
    if (count < 0) {
        return say(sentence, SW_IO, path, strerror(errno));
    }
    text[count] = '\0';
    return SW_OK;
}

static bool write_all(int file, const char *text)
{
    size_t length = strlen(text);
    return write(file, text, length) == (ssize_t)length && fsync(file) == 0;
}

/* Makes @path of @text with @mode; in place of the one that is there only when @replace. */
static enum sw_status write_file(const char *path, const char *text, mode_t mode, bool replace,
                                 char *sentence)
{
    char fresh[SW_KEY_PATH_BYTES + 16];
    (void)snprintf(fresh, sizeof(fresh), "%s.%ld", path, (long)getpid());
    (void)unlink(fresh);
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool done = file >= 0 && fchmod(file, mode) == 0 && write_all(file, text);
    int error = errno;
    if (file >= 0) {
        (void)close(file);
    }
    if (done) {
        done = (replace ? rename(fresh, path) : link(fresh, path)) == 0;
        error = errno;
    }
    (void)unlink(fresh);
    if (done) {
        return SW_OK;
    }
    return say(sentence, error == EEXIST ? SW_EXISTS : SW_IO, path,
               error == EEXIST ? "there is a key already" : strerror(error));
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads @word and 64 digits behind it. */
static bool read_hex(const char *text, const char *word, uint8_t bytes[SW_KEY_BYTES])
{
    size_t skipped = strlen(word);
    if (strncmp(text, word, skipped) != 0 || strlen(text) < skipped + 64) {
        return false;
    }
    for (size_t i = 0; i < SW_KEY_BYTES; i++) {
        int high = digit(text[skipped + 2 * i]);
        int low = digit(text[skipped + 2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return text[skipped + 64] == '\n';
}

static bool draw(uint8_t bytes[SW_KEY_BYTES])
{
    return getrandom(bytes, SW_KEY_BYTES, 0) == SW_KEY_BYTES;
}

/* ---- the token key ---- */

enum sw_status sw_token_key_load(const char *folder, struct sw_token_key *key,
                                 char sentence[SW_KEY_SENTENCE_BYTES])
{
    char path[SW_KEY_PATH_BYTES];
    char text[FILE_BYTES];
    path_of(folder, TOKEN_FILE, path);
    enum sw_status status = read_secret(path, text, sentence);
    if (status == SW_OK && !read_hex(text, TOKEN_WORD, key->bytes)) {
        status = say(sentence, SW_INVALID, path, "this is no token key, or it is damaged");
    }
    sw_keys_forget(text, sizeof(text));
    return status;
}

static enum sw_status write_token_key(const char *folder, bool replace, char *sentence)
{
    char path[SW_KEY_PATH_BYTES];
    char text[sizeof(TOKEN_WORD) + 66];
    uint8_t bytes[SW_KEY_BYTES];
    path_of(folder, TOKEN_FILE, path);
    if (!make_folder(folder) || !draw(bytes)) {
        return say(sentence, SW_IO, folder, strerror(errno));
    }
    (void)snprintf(text, sizeof(text), "%s", TOKEN_WORD);
    sw_text_hex(bytes, sizeof(bytes), text + strlen(text));
    (void)strncat(text, "\n", sizeof(text) - strlen(text) - 1);
    enum sw_status status = write_file(path, text, 0600, replace, sentence);
    sw_keys_forget(text, sizeof(text));
    sw_keys_forget(bytes, sizeof(bytes));
    return status;
}

enum sw_status sw_token_key_create(const char *folder, char sentence[SW_KEY_SENTENCE_BYTES])
{
    return write_token_key(folder, false, sentence);
}

enum sw_status sw_token_key_rotate(const char *folder, char sentence[SW_KEY_SENTENCE_BYTES])
{
    struct sw_token_key old;
    enum sw_status status = sw_token_key_load(folder, &old, sentence);
    sw_keys_forget(&old, sizeof(old));
    return status == SW_OK ? write_token_key(folder, true, sentence) : status;
}

static void keyed(const struct sw_token_key *key, const char *domain, struct sw_text text,
                  uint8_t *hash)
{
    uint8_t bytes[512];
    unsigned int length = 0;
    size_t used = strlen(domain) + 1;
    SW_ASSERT(used + text.length <= sizeof(bytes));
    memcpy(bytes, domain, used);
    if (text.length > 0) {
        memcpy(bytes + used, text.bytes, text.length);
    }
    const uint8_t *done = HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes), bytes,
                               used + text.length, hash, &length);
    SW_ASSERT(done != NULL);
    SW_ASSERT(length == SW_HASH_BYTES);
}

void sw_token(const struct sw_token_key *key, enum sw_token_domain domain,
              struct sw_text identifier, char token[SW_TOKEN_BYTES])
{
    static const char *const domains[] = {
        [SW_TOKEN_VEHICLE] = "sharewatch-token-1 vehicle",
        [SW_TOKEN_PERSON] = "sharewatch-token-1 person",
        [SW_TOKEN_CASE] = "sharewatch-token-1 case",
    };
    uint8_t hash[SW_HASH_BYTES];
    keyed(key, domains[domain], identifier, hash);
    sw_text_hex(hash, 16, token);
}

void sw_token_key_fingerprint(const struct sw_token_key *key, char text[SW_TOKEN_BYTES])
{
    uint8_t hash[SW_HASH_BYTES];
    keyed(key, "sharewatch-token-1 fingerprint", (struct sw_text){0}, hash);
    sw_text_hex(hash, 8, text);
}

/* ---- the signing key ---- */

void sw_public_key_fingerprint(const uint8_t public_key[SW_KEY_BYTES], char text[SW_TOKEN_BYTES])
{
    struct sw_hasher hasher;
    uint8_t hash[SW_HASH_BYTES];
    sw_hasher_begin(&hasher);
    sw_hasher_add(&hasher, public_key, SW_KEY_BYTES);
    sw_hasher_end(&hasher, hash);
    sw_text_hex(hash, 8, text);
}

static bool take_base64(const char **at, uint8_t *bytes, uint32_t count)
{
    uint32_t length = SW_BASE64_BYTES(count) - 1;
    if (strlen(*at) <= length || !sw_unbase64((struct sw_text){*at, length}, bytes, count)) {
        return false;
    }
    *at += length + 1;
    return true;
}

static bool read_endorsements(const char *text, struct sw_signing_key *key)
{
    const char *at = strchr(text, '\n') + 1;
    key->open.endorsement_count = 0;
    while (*at != '\0') {
        struct sw_endorsement *next = &key->open.endorsements[key->open.endorsement_count];
        if (key->open.endorsement_count == SW_ENDORSEMENTS_MAX ||
            strncmp(at, ENDORSED_WORD, strlen(ENDORSED_WORD)) != 0) {
            return false;
        }
        at += strlen(ENDORSED_WORD);
        if (!take_base64(&at, next->from, sizeof(next->from)) ||
            !take_base64(&at, next->to, sizeof(next->to)) ||
            !take_base64(&at, next->signature, sizeof(next->signature))) {
            return false;
        }
        key->open.endorsement_count++;
    }
    return true;
}

enum sw_status sw_signing_key_load(const char *folder, struct sw_signing_key *key,
                                   char sentence[SW_KEY_SENTENCE_BYTES])
{
    char path[SW_KEY_PATH_BYTES];
    char text[FILE_BYTES];
    path_of(folder, SIGNING_FILE, path);
    enum sw_status status = read_secret(path, text, sentence);
    if (status == SW_OK &&
        (!read_hex(text, SIGNING_WORD, key->seed) || !read_endorsements(text, key) ||
         !sw_public_key_of(key->seed, key->open.bytes))) {
        status = say(sentence, SW_INVALID, path, "this is no signing key, or it is damaged");
    }
    sw_keys_forget(text, sizeof(text));
    return status;
}

static void write_endorsement(const struct sw_endorsement *endorsement, struct sw_buffer *buffer)
{
    char base64[SW_BASE64_BYTES(SW_SIGNATURE_BYTES)];
    sw_buffer_append_string(buffer, ENDORSED_WORD);
    sw_base64(endorsement->from, SW_KEY_BYTES, base64);
    sw_buffer_append_format(buffer, "%s ", base64);
    sw_base64(endorsement->to, SW_KEY_BYTES, base64);
    sw_buffer_append_format(buffer, "%s ", base64);
    sw_base64(endorsement->signature, SW_SIGNATURE_BYTES, base64);
    sw_buffer_append_format(buffer, "%s\n", base64);
}

static enum sw_status write_signing_key(const char *folder, const struct sw_signing_key *key,
                                        bool replace, char *sentence)
{
    char path[SW_KEY_PATH_BYTES];
    char text[FILE_BYTES];
    char hex[2 * SW_KEY_BYTES + 1];
    char base64[SW_BASE64_BYTES(SW_KEY_BYTES) + 1];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, sizeof(text));
    sw_text_hex(key->seed, SW_KEY_BYTES, hex);
    sw_buffer_append_format(&buffer, SIGNING_WORD "%s\n", hex);
    for (uint32_t i = 0; i < key->open.endorsement_count; i++) {
        write_endorsement(&key->open.endorsements[i], &buffer);
    }
    SW_ASSERT(!buffer.overflowed);
    path_of(folder, SIGNING_FILE, path);
    enum sw_status status = write_file(path, text, 0600, replace, sentence);
    sw_keys_forget(text, sizeof(text));
    sw_keys_forget(hex, sizeof(hex));
    if (status == SW_OK) {
        sw_base64(key->open.bytes, SW_KEY_BYTES, base64);
        (void)strncat(base64, "\n", sizeof(base64) - strlen(base64) - 1);
        path_of(folder, PUBLIC_FILE, path);
        status = write_file(path, base64, 0644, true, sentence);
    }
    return status;
}

enum sw_status sw_signing_key_create(const char *folder, char sentence[SW_KEY_SENTENCE_BYTES])
{
    static struct sw_signing_key key;
    key = (struct sw_signing_key){0};
    if (!make_folder(folder) || !draw(key.seed) || !sw_public_key_of(key.seed, key.open.bytes)) {
        return say(sentence, SW_IO, folder, strerror(errno));
    }
    enum sw_status status = write_signing_key(folder, &key, false, sentence);
    sw_keys_forget(&key, sizeof(key));
    return status;
}

enum sw_status sw_signing_key_rotate(const char *folder, char sentence[SW_KEY_SENTENCE_BYTES])
{
    static struct sw_signing_key key;
    char text[SW_ENDORSED_BYTES];
    uint8_t old[SW_KEY_BYTES];
    enum sw_status status = sw_signing_key_load(folder, &key, sentence);
    if (status == SW_OK && key.open.endorsement_count == SW_ENDORSEMENTS_MAX) {
        status = say(sentence, SW_FULL, folder, "this key was replaced too often; make new logs");
    }
    if (status != SW_OK) {
        sw_keys_forget(&key, sizeof(key));
        return status;
    }
    struct sw_endorsement *next = &key.open.endorsements[key.open.endorsement_count++];
    memcpy(old, key.seed, sizeof(old));
    memcpy(next->from, key.open.bytes, sizeof(next->from));
    bool done = draw(key.seed) && sw_public_key_of(key.seed, key.open.bytes);
    memcpy(next->to, key.open.bytes, sizeof(next->to));
    done = done && sw_sign(old, sw_endorsed_text(next->to, text), next->signature);
    status = done ? write_signing_key(folder, &key, true, sentence)
                  : say(sentence, SW_IO, folder, "the new key could not be made");
    sw_keys_forget(old, sizeof(old));
    sw_keys_forget(&key, sizeof(key));
    return status;
}
