/**
 * The writer's end of the signer: starts it, asks it, hears of its death.
 *
 * The key sits in a process of its own, signer_process.c, which this program starts from its own
 * binary. It never waits for anybody but its writer, and the writer's loop never waits for it:
 * sw_signer_ask(), sw_signer_look() and sw_signer_dismiss() return at once. Programs without a loop
 * take sw_signer_open(), sw_signer_seal() and sw_signer_end_run(), which wait, but not for ever: a
 * signer that hangs is killed.
 *
 * A head is asked for only when all that it covers is safe on disk: what the signer remembers must
 * be there after a power cut.
 */
#ifndef SHAREWATCH_SIGNER_H
#define SHAREWATCH_SIGNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sharewatch/log.h>
#include <sharewatch/signing.h>

#include "signer_memory.h"
#include "signer_wire.h"

#define SW_SIGNER_SENTENCE_BYTES 2048

enum sw_signer_state {
    SW_SIGNER_GONE,    // there is none
    SW_SIGNER_OPENING, // it reads the key and its memory of the log
    SW_SIGNER_IDLE,
    SW_SIGNER_ASKED,   // for a signature of `request`
    SW_SIGNER_LEAVING, // it was killed, and the kernel has not told of its end
};

struct sw_signer {
    enum sw_signer_state state;
    int socket;
    pid_t pid;  // 0: none
    bool quiet; // nobody is to hear of its end
    char folder[SW_KEY_PATH_BYTES];
    uint64_t signed_size; // entries of the last head that it signed, of this log
    struct sw_signing_request request;
    struct sw_signer_answer answer;
    char sentence[SW_SIGNER_SENTENCE_BYTES];
};

/** Starts the signer with the key in @folder, or in the default one when NULL. SW_NOT_FOUND,
 *  SW_TOO_LONG: there is no such folder. SW_IO. signer->sentence says why. */
enum sw_status sw_signer_start(struct sw_signer *signer, const char *folder) SW_MUST_CHECK;

/** Tells it which log. The answer is SW_WIRE_READY or SW_WIRE_FAILED. */
void sw_signer_introduce(struct sw_signer *signer, const char *origin);

/** Asks for a signature of signer->request. */
void sw_signer_ask(struct sw_signer *signer);

/** SW_OK: signer->answer came; after SW_WIRE_FAILED to an opening one it leaves. SW_EMPTY: none
 * yet. SW_NETWORK: it has ended, signer->sentence says how; it is GONE and can be started again. */
enum sw_status sw_signer_look(struct sw_signer *signer) SW_MUST_CHECK;

/** The same, waiting for it. */
enum sw_status sw_signer_wait(struct sw_signer *signer) SW_MUST_CHECK;

/** Kills it; looks tell of its end, when it has come, or nothing when @quiet. */
void sw_signer_dismiss(struct sw_signer *signer, bool quiet);

/** Ends it: waits some seconds for it, then kills it. Accepts a zeroed one. */
void sw_signer_stop(struct sw_signer *signer);

/** Writes into signer->sentence what a refusal means for the log at @path, and what to do. */
void sw_signer_explain_refusal(struct sw_signer *signer, const char *path);

/* ---- with waiting ---- */

/**
 * Introduces @signer, which was started with the result @started, to @log, waits for the key and
 * notes it in the log. Where no key can be kept at all the log goes on unsigned, and a line on
 * standard error that begins with @verb says so; not when the folder was @given. False:
 * log->sentence says what is wrong.
 */
bool sw_signer_open(struct sw_signer *signer, enum sw_status started, struct sw_log *log,
                    const char *verb, bool given, int64_t now_ms);

/**
 * Commits, and has all that is in @log signed; the checkpoint is in a new transaction. SW_OK also
 * when nothing is new. SW_EMPTY: there is no signer. SW_INVALID: it refused, SW_NETWORK: it ended,
 * SW_IO: it failed; signer->sentence says more. SW_DATABASE: the log's sentence.
 */
enum sw_status sw_signer_seal(struct sw_signer *signer, struct sw_log *log) SW_MUST_CHECK;

/** Seals, and notes the end of the run; commits. When a log that is signed gets no signature, the
 *  end is not noted and a line on standard error says why. SW_DATABASE: the log's sentence. */
enum sw_status sw_signer_end_run(struct sw_signer *signer, struct sw_log *log, const char *verb,
                                 int64_t now_ms) SW_MUST_CHECK;

#endif
