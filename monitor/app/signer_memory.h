/**
 * What a signer remembers of one log: the last note that it signed, in a file of its own beside the
 * key, `heads/NAME`. It outlives the log: a log that was put back to an older state is noticed.
 *
 * The file is always of the same length, below a sector of any disk, and is written in place, so
 * that a power cut leaves the old or the new note. It is locked while it is open: of two copies of
 * a log only one gets signatures. A witness's file has the same form, see `verify --witness`.
 */
#ifndef SHAREWATCH_SIGNER_MEMORY_H
#define SHAREWATCH_SIGNER_MEMORY_H

#include <sharewatch/keys.h>
#include <sharewatch/signing.h>

#define SW_SIGNER_MEMORY_BYTES 512

struct sw_signer_memory {
    int descriptor;
    char path[SW_KEY_PATH_BYTES + SW_LOG_ORIGIN_BYTES + 16];
};

/** Writes into @path where the memory of the log @origin is. SW_INVALID: that is no log's name. */
enum sw_status sw_signer_memory_path(const char *folder, const char *origin,
                                     struct sw_signer_memory *memory) SW_MUST_CHECK;

/** Opens it, or makes it, and reads the head that was signed last into @last. SW_FULL: somebody has
 *  it open. SW_INVALID, SW_IO. @sentence says what to do. */
enum sw_status sw_signer_memory_open(struct sw_signer_memory *memory, const char *folder,
                                     const char *origin, const struct sw_public_key *key,
                                     struct sw_signed_head *last,
                                     char sentence[SW_KEY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Keeps @note, safe from a power cut when it returns. SW_IO: errno says why. */
enum sw_status sw_signer_memory_keep(struct sw_signer_memory *memory,
                                     const char note[SW_LOG_NOTE_BYTES]) SW_MUST_CHECK;

#endif
