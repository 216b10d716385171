/**
 * Checkpoints: the head of a log's tree as C2SP tlog-checkpoint has it, in a signed note.
 *
 *   sharewatch.log/5f0c1a2b3c4d5e6f          the log's name, for good
 *   1234                                     entries
 *   u3bQ…=                                   root of the tree, base64
 *
 *   — sharewatch.log/5f0c1a2b3c4d5e6f Xk9u…= name of the key, base64(hash of the key ‖ signature)
 *
 * The key has the log's name. Its hash is the first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖
 * public key); 0x01 says Ed25519. As text a public key is NAME+HASH+BASE64(0x01 ‖ public key): what
 * verifiers of such notes, Go's sumdb/note among them, want.
 */
#ifndef SHAREWATCH_NOTE_H
#define SHAREWATCH_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/keys.h>
#include <sharewatch/log.h>
#include <sharewatch/text.h>

#include "hash.h"

#define SW_NOTE_BYTES          512
#define SW_VERIFIER_KEY_BYTES  192
#define SW_BASE64_BYTES(count) (((count) + 2) / 3 * 4 + 1)

/** What a checkpoint says. */
struct sw_head {
    char origin[SW_LOG_ORIGIN_BYTES];
    uint64_t size;
    uint8_t root[SW_HASH_BYTES];
};

/** Base64 with padding, and back. False: @text is none, or not of @count bytes. */
void sw_base64(const uint8_t *bytes, uint32_t count, char *text);
bool sw_unbase64(struct sw_text text, uint8_t *bytes, uint32_t count);

/** Ed25519. False: the library refused; or the signature is not of this key. */
bool sw_sign(const uint8_t seed[SW_KEY_BYTES], struct sw_text message,
             uint8_t signature[SW_SIGNATURE_BYTES]);
bool sw_is_signed(const uint8_t public_key[SW_KEY_BYTES], struct sw_text message,
                  const uint8_t signature[SW_SIGNATURE_BYTES]);
bool sw_public_key_of(const uint8_t seed[SW_KEY_BYTES], uint8_t public_key[SW_KEY_BYTES]);

/** Writes the note of @head, signed with @seed, whose public key is @public_key. */
bool sw_note_sign(const struct sw_head *head, const uint8_t seed[SW_KEY_BYTES],
                  const uint8_t public_key[SW_KEY_BYTES], char note[SW_NOTE_BYTES]);

/** Reads the head of @note. False: it is no checkpoint. @length: bytes that it takes of @note. */
bool sw_note_read(struct sw_text note, struct sw_head *head, uint32_t *length);

/** True when a line of @note is the signature of @public_key under the note's own origin. */
bool sw_note_is_signed(struct sw_text note, const uint8_t public_key[SW_KEY_BYTES]);

/** The public key as text; and back. False: it is none, or of another @origin. */
void sw_verifier_key(const char *origin, const uint8_t public_key[SW_KEY_BYTES],
                     char text[SW_VERIFIER_KEY_BYTES]);
bool sw_verifier_key_read(struct sw_text text, const char *origin,
                          uint8_t public_key[SW_KEY_BYTES]);

/** The public key that somebody gave: as such text, as its base64 alone, or as a file with either
 *  in its first line. False: it is none, or of another @origin. */
bool sw_verifier_key_given(const char *given, const char *origin, uint8_t public_key[SW_KEY_BYTES]);

/** What an old key signs to hand over to a new one. */
#define SW_ENDORSED_BYTES 128
struct sw_text sw_endorsed_text(const uint8_t to[SW_KEY_BYTES], char text[SW_ENDORSED_BYTES]);

#endif
