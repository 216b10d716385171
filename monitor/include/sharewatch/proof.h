/**
 * The proof of one alert: a text file with which anybody can check, without the log, that the alert
 * stood in it as told, with its hop, its findings and the standing of its chain, and nothing more
 * of the log is given away.
 *
 *   sharewatch-proof-1
 *   key NAME+HASH+BASE64                 public key of the log
 *   entry BASE64                         what was hashed as the leaf, see log/entry.h
 *   group 0 SALT ROWS                    base64: rows in canonical bytes (log/row.h) and their salt
 *   group 1 SALT ROWS                    the key of the chain; missing when it is withheld
 *
 *   c2sp.org/tlog-proof@v1               from here on a proof of inclusion as C2SP has it
 *   index N
 *   BASE64                               the hashes beside the way to the root, from the leaf up
 *
 *   the signed checkpoint
 */
#ifndef SHAREWATCH_PROOF_H
#define SHAREWATCH_PROOF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/verify.h>

/** Writes the proof of alert @alert of the log at @path to @stream; @withhold: without the key of
 *  its chain. SW_NOT_FOUND: there is no such alert, or no log. SW_EMPTY: no signed head covers it.
 *  SW_DATABASE, SW_NO_MEMORY. @sentence says why. */
enum sw_status sw_proof_write(const char *path, int64_t alert, bool withhold, FILE *stream,
                              char sentence[SW_VERIFY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** What a proof that holds says. */
struct sw_proof_report {
    char origin[SW_LOG_ORIGIN_BYTES];
    uint64_t index, size; // place of the entry, entries that the head covers
    int64_t logged_ms;
    char signer[SW_VERIFY_KEY_BYTES];
    bool signer_trusted; // it is the key that was given
};

/**
 * Checks the proof in the file at @path; @key as in sw_verify_options. What it discloses is written
 * to @rows, a line a column, unless that is NULL. SW_OK: it holds. SW_INVALID: it does not;
 * SW_MALFORMED: it is no proof; SW_IO: it cannot be read. @sentence says why.
 */
enum sw_status sw_proof_check(const char *path, const char *key, FILE *rows,
                              struct sw_proof_report *report,
                              char sentence[SW_VERIFY_SENTENCE_BYTES]) SW_MUST_CHECK;

#endif
