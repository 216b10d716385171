/**
 * Is a log whole? Computes everything again: rows against the commitments of their entries, entries
 * against the tree, the tree against its signed checkpoints and against heads that witnesses keep,
 * and what is kept in place against the rows that it follows from.
 *
 * What this proves. No row was changed, taken away, put in or moved since it was written, as far as
 * a signed checkpoint covers it and its key was only in the hands of the monitor. Who holds the key
 * and the machine can write another history, unless a head of this one is kept elsewhere: that is
 * what witnesses are for. Nothing here says that what was written was true.
 */
#ifndef SHAREWATCH_VERIFY_H
#define SHAREWATCH_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>
#include <sharewatch/status.h>

#define SW_VERIFY_SENTENCE_BYTES 1024
#define SW_VERIFY_WITNESSES_MAX  32
#define SW_VERIFY_KEY_BYTES      192 // a public key as text, with the NUL
#define SW_VERIFY_THREADS_MAX    16

enum sw_verify_state {
    SW_VERIFY_WHOLE,
    SW_VERIFY_BROKEN,   // report->problem names the first bad place
    SW_VERIFY_UNSEALED, // nothing can be said: the log has no seal
};

/** Gets how many of the @total entries are checked, some hundred times a second. False: stop. */
typedef bool (*sw_verify_progress_fn)(void *context, uint64_t entries, uint64_t total);

struct sw_verify_options {
    const char *key;              // public key to trust, NAME+HASH+BASE64, or a file with it; NULL:
                                  // the one that the log names itself
    const char *const *witnesses; // [witness_count] files of checkpoints
    uint32_t witness_count;       // at most SW_VERIFY_WITNESSES_MAX
    uint32_t threads;             // that check, at most SW_VERIFY_THREADS_MAX; 0: one for each core
    sw_verify_progress_fn progress; // NULL: nobody wants to know
    void *context;                  // of progress
};

struct sw_verify_report {
    enum sw_verify_state state;
    char problem[SW_VERIFY_SENTENCE_BYTES]; // of a broken log; or why it cannot be read
    int64_t bad_entry;                      // where the problem is; -1: not in one entry

    char origin[SW_LOG_ORIGIN_BYTES]; // the log's name
    uint64_t entries;
    uint64_t rows; // that entries stand for
    uint64_t events, judgements, alerts;
    uint8_t root[32];       // of the tree over all entries
    uint64_t redactions;    // acts of deletion
    uint64_t payloads_gone; // events whose payload was deleted, with a reason in the log
    uint64_t keys_gone;     // judgements whose chain key was deleted, likewise

    uint64_t checkpoints;             // signed heads in the log
    uint64_t signed_entries;          // the newest one covers so many
    int64_t signed_ms;                // time of the newest of them
    uint64_t unsigned_entries;        // behind it, those aside that tell of a head and of an end
    bool unsigned_deletion;           // all of them are of a deletion or a hold, after a run's end
    char signer[SW_VERIFY_KEY_BYTES]; // public key that signed it; empty: none did
    bool signer_trusted;              // it was given, or leads back to the one that was
    bool ended;                       // the last run ended in order, so nothing may be unsigned

    uint32_t witness_count;     // files that were given
    uint32_t witness_agree;     // of them, that know a head of this log, all in it
    uint64_t witnessed_entries; // covered by the newest head that a witness keeps

    double seconds;
};

/**
 * Verifies the log at @path, which may be in use. SW_OK: report->state has the answer, the same for
 * any number of threads. SW_STOPPED: options->progress said so. SW_NOT_FOUND, SW_DATABASE,
 * SW_INVALID (a key or witness file), SW_NO_MEMORY: report->problem says why there is none.
 */
enum sw_status sw_verify_log(const char *path, const struct sw_verify_options *options,
                             struct sw_verify_report *report) SW_MUST_CHECK;

#endif
