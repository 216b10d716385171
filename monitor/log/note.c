#include "note.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <sharewatch/assert.h>

#define ED25519  1
#define DASH     "\xe2\x80\x94 " // an em dash and a space
#define BLOB_MAX 128

void sw_base64(const uint8_t *bytes, uint32_t count, char *text)
{
    int written = EVP_EncodeBlock((unsigned char *)text, bytes, (int)count);
    SW_ASSERT(written >= 0);
}

bool sw_unbase64(struct sw_text text, uint8_t *bytes, uint32_t count)
{
    uint8_t decoded[BLOB_MAX];
    char again[SW_BASE64_BYTES(BLOB_MAX)];
    if (count > BLOB_MAX - 3 || text.length != SW_BASE64_BYTES(count) - 1 ||
        EVP_DecodeBlock(decoded, (const unsigned char *)text.bytes, (int)text.length) < 0) {
        return false;
    }
    sw_base64(decoded, count, again);
    if (memcmp(again, text.bytes, text.length) != 0) {
        return false; // more than one text for the same bytes
    }
    memcpy(bytes, decoded, count);
    return true;
}

/* ---- Ed25519 ---- */

bool sw_sign(const uint8_t seed[SW_KEY_BYTES], struct sw_text message,
             uint8_t signature[SW_SIGNATURE_BYTES])
{
    size_t length = SW_SIGNATURE_BYTES;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SW_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = key != NULL && context != NULL &&
                EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &length, (const uint8_t *)message.bytes,
                               message.length) == 1 &&
                length == SW_SIGNATURE_BYTES;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return done;
}

bool sw_is_signed(const uint8_t public_key[SW_KEY_BYTES], struct sw_text message,
                  const uint8_t signature[SW_SIGNATURE_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, SW_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right = key != NULL && context != NULL &&
                 EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                 EVP_DigestVerify(context, signature, SW_SIGNATURE_BYTES,
                                  (const uint8_t *)message.bytes, message.length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return right;
}

bool sw_public_key_of(const uint8_t seed[SW_KEY_BYTES], uint8_t public_key[SW_KEY_BYTES])
{
    size_t length = SW_KEY_BYTES;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SW_KEY_BYTES);
    bool done = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &length) == 1 &&
                length == SW_KEY_BYTES;
    EVP_PKEY_free(key);
    return done;
}

/* ---- keys as text ---- */

/* Four bytes that tell which key signed. */
static void key_hash(struct sw_text name, const uint8_t public_key[SW_KEY_BYTES], uint8_t hash[4])
{
    static const uint8_t between[] = {'\n', ED25519};
    struct sw_hasher hasher;
    uint8_t full[SW_HASH_BYTES];
    sw_hasher_begin(&hasher);
    sw_hasher_add(&hasher, name.bytes, name.length);
    sw_hasher_add(&hasher, between, sizeof(between));
    sw_hasher_add(&hasher, public_key, SW_KEY_BYTES);
    sw_hasher_end(&hasher, full);
    memcpy(hash, full, 4);
}

void sw_verifier_key(const char *origin, const uint8_t public_key[SW_KEY_BYTES],
                     char text[SW_VERIFIER_KEY_BYTES])
{
    uint8_t hash[4];
    uint8_t bytes[SW_KEY_BYTES + 1] = {ED25519};
    char base64[SW_BASE64_BYTES(sizeof(bytes))];
    key_hash(sw_text_from(origin), public_key, hash);
    memcpy(bytes + 1, public_key, SW_KEY_BYTES);
    sw_base64(bytes, sizeof(bytes), base64);
    (void)snprintf(text, SW_VERIFIER_KEY_BYTES, "%s+%02x%02x%02x%02x+%s", origin, hash[0], hash[1],
                   hash[2], hash[3], base64);
}

bool sw_verifier_key_read(struct sw_text text, const char *origin, uint8_t public_key[SW_KEY_BYTES])
{
    uint8_t bytes[SW_KEY_BYTES + 1];
    char again[SW_VERIFIER_KEY_BYTES];
    uint32_t last = text.length;
    while (last > 0 && text.bytes[last - 1] != '+') {
        last--;
    }
    /* The base64 may hold a + itself: it is as long as it is. */
    uint32_t length = SW_BASE64_BYTES(sizeof(bytes)) - 1;
    if (last == 0 || text.length < length ||
        !sw_unbase64((struct sw_text){text.bytes + text.length - length, length}, bytes,
                     sizeof(bytes)) ||
        bytes[0] != ED25519) {
        return false;
    }
    sw_verifier_key(origin, bytes + 1, again);
    memcpy(public_key, bytes + 1, SW_KEY_BYTES);
    return sw_text_equal(text, sw_text_from(again));
}

bool sw_verifier_key_given(const char *given, const char *origin, uint8_t public_key[SW_KEY_BYTES])
{
    char text[SW_VERIFIER_KEY_BYTES] = "";
    FILE *file = fopen(given, "r");
    if (file != NULL) {
        if (fgets(text, sizeof(text), file) == NULL) {
            text[0] = '\0';
        }
        (void)fclose(file);
    } else {
        (void)snprintf(text, sizeof(text), "%s", given);
    }
    text[strcspn(text, "\r\n")] = '\0';
    return sw_unbase64(sw_text_from(text), public_key, SW_KEY_BYTES) ||
           sw_verifier_key_read(sw_text_from(text), origin, public_key);
}

struct sw_text sw_endorsed_text(const uint8_t to[SW_KEY_BYTES], char text[SW_ENDORSED_BYTES])
{
    char base64[SW_BASE64_BYTES(SW_KEY_BYTES)];
    sw_base64(to, SW_KEY_BYTES, base64);
    int length = snprintf(text, SW_ENDORSED_BYTES, "sharewatch: signed on by %s\n", base64);
    SW_ASSERT(length > 0 && length < SW_ENDORSED_BYTES);
    return (struct sw_text){text, (uint32_t)length};
}

/* ---- notes ---- */

bool sw_note_sign(const struct sw_head *head, const uint8_t seed[SW_KEY_BYTES],
                  const uint8_t public_key[SW_KEY_BYTES], char note[SW_NOTE_BYTES])
{
    char root[SW_BASE64_BYTES(SW_HASH_BYTES)];
    uint8_t signature[4 + SW_SIGNATURE_BYTES];
    char base64[SW_BASE64_BYTES(sizeof(signature))];
    sw_base64(head->root, SW_HASH_BYTES, root);
    int length =
        snprintf(note, SW_NOTE_BYTES, "%s\n%" PRIu64 "\n%s\n", head->origin, head->size, root);
    SW_ASSERT(length > 0 && length < SW_NOTE_BYTES / 2);
    key_hash(sw_text_from(head->origin), public_key, signature);
    if (!sw_sign(seed, (struct sw_text){note, (uint32_t)length}, signature + 4)) {
        return false;
    }
    sw_base64(signature, sizeof(signature), base64);
    (void)snprintf(note + length, SW_NOTE_BYTES - (size_t)length, "\n" DASH "%s %s\n", head->origin,
                   base64);
    return true;
}

/* Takes the line that begins at *@at, without its end. False: there is no whole one. */
static bool take_line(struct sw_text text, uint32_t *at, struct sw_text *line)
{
    const char *start = text.bytes + *at;
    const char *end = *at < text.length ? memchr(start, '\n', text.length - *at) : NULL;
    if (end == NULL) {
        return false;
    }
    *line = (struct sw_text){start, (uint32_t)(end - start)};
    *at += line->length + 1;
    return true;
}

static bool read_size(struct sw_text line, uint64_t *size)
{
    *size = 0;
    if (line.length == 0 || line.length > 18 || (line.bytes[0] == '0' && line.length > 1)) {
        return false;
    }
    for (uint32_t i = 0; i < line.length; i++) {
        if (line.bytes[i] < '0' || line.bytes[i] > '9') {
            return false;
        }
        *size = *size * 10 + (uint64_t)(line.bytes[i] - '0');
    }
    return true;
}

/* The head's three lines and the empty one; @at is behind them. */
static bool read_head(struct sw_text note, struct sw_head *head, uint32_t *at)
{
    struct sw_text line;
    *at = 0;
    if (!take_line(note, at, &line) || line.length == 0 || line.length >= sizeof(head->origin)) {
        return false;
    }
    memcpy(head->origin, line.bytes, line.length);
    head->origin[line.length] = '\0';
    return take_line(note, at, &line) && read_size(line, &head->size) &&
           take_line(note, at, &line) && sw_unbase64(line, head->root, SW_HASH_BYTES) &&
           take_line(note, at, &line) && line.length == 0;
}

bool sw_note_read(struct sw_text note, struct sw_head *head, uint32_t *length)
{
    struct sw_text line;
    uint32_t at = 0;
    uint32_t signatures = 0;
    if (!read_head(note, head, &at)) {
        return false;
    }
    *length = at;
    while (take_line(note, &at, &line) && sw_text_starts_with(line, SW_TEXT(DASH))) {
        signatures++;
        *length = at;
    }
    return signatures > 0;
}

bool sw_note_is_signed(struct sw_text note, const uint8_t public_key[SW_KEY_BYTES])
{
    struct sw_head head;
    struct sw_text line;
    uint8_t signature[4 + SW_SIGNATURE_BYTES];
    uint8_t hash[4];
    uint32_t at = 0;
    if (!read_head(note, &head, &at)) {
        return false;
    }
    struct sw_text body = {note.bytes, at - 1};
    struct sw_text name = sw_text_from(head.origin);
    uint32_t skipped = (uint32_t)sizeof(DASH) - 1 + name.length + 1;
    key_hash(name, public_key, hash);
    while (take_line(note, &at, &line) && sw_text_starts_with(line, SW_TEXT(DASH))) {
        struct sw_text named = {line.bytes + sizeof(DASH) - 1,
                                line.length - (uint32_t)(sizeof(DASH) - 1)};
        if (line.length > skipped && sw_text_starts_with(named, name) &&
            line.bytes[skipped - 1] == ' ' &&
            sw_unbase64((struct sw_text){line.bytes + skipped, line.length - skipped}, signature,
                        sizeof(signature)) &&
            memcmp(signature, hash, sizeof(hash)) == 0 &&
            sw_is_signed(public_key, body, signature + 4)) {
            return true;
        }
    }
    return false;
}
