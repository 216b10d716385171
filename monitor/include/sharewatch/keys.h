/**
 * The two secrets of a deployment, each in a file of mode 0600 in one folder, never in arguments,
 * environment, log or output.
 *
 *   token.key    turns a plate, a person's or a case's identifier into a token: HMAC-SHA-256 with a
 *                domain, 128 bits kept. Who has it can try out all plates; who has it not, none.
 *   signing.key  Ed25519: signs the heads of logs, so that they can be checked by anybody who has
 *                the public key. It may be replaced: the old key signs the new one before it goes.
 *
 * The folder is the one that was given, else $XDG_STATE_HOME/sharewatch, else
 * ~/.local/state/sharewatch: not beside the log, so that a copy of the log has no key with it.
 */
#ifndef SHAREWATCH_KEYS_H
#define SHAREWATCH_KEYS_H

#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_KEY_BYTES          32
#define SW_KEY_SENTENCE_BYTES 1280
#define SW_KEY_PATH_BYTES     1024
#define SW_TOKEN_BYTES        33 // 32 hexadecimal digits and the NUL
#define SW_SIGNATURE_BYTES    64
#define SW_ENDORSEMENTS_MAX   64 // rotations of one signing key

/** Writes the folder of the keys into @path: @given, or the default when NULL. SW_NOT_FOUND: there
 *  is no home to have one in; SW_TOO_LONG. @sentence says so. */
enum sw_status sw_keys_folder(const char *given, char path[SW_KEY_PATH_BYTES],
                              char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/* ---- tokens ---- */

struct sw_token_key {
    uint8_t bytes[SW_KEY_BYTES];
};

/** What a token stands for; the same identifier gives other tokens in other domains. */
enum sw_token_domain { SW_TOKEN_VEHICLE, SW_TOKEN_PERSON, SW_TOKEN_CASE };

/** Loads the token key of @folder. SW_NOT_FOUND: there is none. SW_INVALID: others may read it, or
 *  it is damaged. SW_IO. @sentence says what to do. */
enum sw_status sw_token_key_load(const char *folder, struct sw_token_key *key,
                                 char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Makes it. SW_EXISTS: there is one. SW_IO. */
enum sw_status sw_token_key_create(const char *folder,
                                   char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Puts another in its place: tokens from now on have nothing to do with those before.
 * SW_NOT_FOUND, SW_INVALID, SW_IO. */
enum sw_status sw_token_key_rotate(const char *folder,
                                   char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** The token of @identifier, normalised by the caller, in hexadecimal digits. */
void sw_token(const struct sw_token_key *key, enum sw_token_domain domain,
              struct sw_text identifier, char token[SW_TOKEN_BYTES]);

/** A name for the key that gives nothing away: 16 hexadecimal digits. */
void sw_token_key_fingerprint(const struct sw_token_key *key, char text[SW_TOKEN_BYTES]);

/* ---- signatures ---- */

/** That @from signed @to as its follower. */
struct sw_endorsement {
    uint8_t from[SW_KEY_BYTES];
    uint8_t to[SW_KEY_BYTES];
    uint8_t signature[SW_SIGNATURE_BYTES];
};

/** What anybody may know of a signing key: its public half, and how it came to be the one. */
struct sw_public_key {
    uint8_t bytes[SW_KEY_BYTES];
    struct sw_endorsement endorsements[SW_ENDORSEMENTS_MAX]; // the oldest first
    uint32_t endorsement_count;
};

struct sw_signing_key {
    uint8_t seed[SW_KEY_BYTES]; // the secret
    struct sw_public_key open;
};

/** As for the token key. Beside it stands signing.pub, which anybody may read. */
enum sw_status sw_signing_key_load(const char *folder, struct sw_signing_key *key,
                                   char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;
enum sw_status sw_signing_key_create(const char *folder,
                                     char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** SW_FULL: it was rotated SW_ENDORSEMENTS_MAX times. */
enum sw_status sw_signing_key_rotate(const char *folder,
                                     char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** A name for the public key: the first 16 digits of its SHA-256. */
void sw_public_key_fingerprint(const uint8_t public_key[SW_KEY_BYTES], char text[SW_TOKEN_BYTES]);

/** Overwrites a key that is not needed any more. */
void sw_keys_forget(void *key, uint32_t bytes);

#endif
