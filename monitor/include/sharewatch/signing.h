/**
 * What passes between who writes a log and who signs its heads.
 *
 * The two are separate processes: the writer has the log, the signer has the key and remembers the
 * last head that it signed of each log. The writer shows with a proof that its tree has grown from
 * there; a head that does not extend the last one gets no signature.
 */
#ifndef SHAREWATCH_SIGNING_H
#define SHAREWATCH_SIGNING_H

#include <stdint.h>

#include <sharewatch/keys.h>
#include <sharewatch/log.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_SIGNING_HASH_BYTES   32
#define SW_SIGNING_PROOF_HASHES 41 // as SW_PROOF_HASHES

/** A head that wants a signature. */
struct sw_signing_request {
    char origin[SW_LOG_ORIGIN_BYTES]; // name of the log
    uint64_t size;                    // entries, at least 1
    uint8_t root[SW_SIGNING_HASH_BYTES];
    int64_t time_ms; // of the newest of them; the signer does not look at it
    uint64_t from;   // entries of the head that was signed last, as the writer knows it; 0: none
    uint32_t proof_count;
    uint8_t proof[SW_SIGNING_PROOF_HASHES][SW_SIGNING_HASH_BYTES]; // that it has grown from there
};

/** What was signed last of one log. */
struct sw_signed_head {
    uint64_t size; // 0: nothing
    uint8_t root[SW_SIGNING_HASH_BYTES];
};

/* ---- the writer ---- */

/** Notes in @log that @key signs it from now on; commits. SW_INVALID: the log was signed with
 *  another key, which did not hand over to this one; log->sentence says what to do. SW_DATABASE. */
enum sw_status sw_log_sign_with(struct sw_log *log, const struct sw_public_key *key,
                                int64_t now_ms) SW_MUST_CHECK;

/**
 * Fills @request with the head of all that was committed, and the proof that it has grown from the
 * first @from entries; without one where it has fewer. No transaction is open. False: nothing is
 * new since the last checkpoint, or nobody signs.
 */
bool sw_log_head(struct sw_log *log, uint64_t from, struct sw_signing_request *request);

/** Adds @note, the signature of the head in @request, to the running transaction, or begins one. It
 *  stays in log->note until the next. */
void sw_log_add_checkpoint(struct sw_log *log, const struct sw_signing_request *request,
                           const char *note);

/** The name of @log for good. */
const char *sw_log_origin(const struct sw_log *log);

/** True when a head of it was signed, in this run or before. */
bool sw_log_was_signed(const struct sw_log *log);

/* ---- the signer ---- */

/** Writes the signed note of the head in @request, which becomes @last. SW_INVALID: it does not
 *  extend @last. SW_NO_MEMORY: the library refused. @last stays as it was then. */
enum sw_status sw_signing_sign(const struct sw_signing_request *request,
                               const struct sw_signing_key *key, struct sw_signed_head *last,
                               char note[SW_LOG_NOTE_BYTES]) SW_MUST_CHECK;

/** Reads back which head @note, a signed note of the log @origin, was. SW_INVALID: it is none, or
 *  neither @key nor one before it signed it. */
enum sw_status sw_signing_recall(struct sw_text note, const char *origin,
                                 const struct sw_public_key *key,
                                 struct sw_signed_head *last) SW_MUST_CHECK;

#endif
