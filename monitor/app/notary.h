/**
 * The monitor's dealings with its signer: once a second a head of what is safe on disk, its
 * signature into the log when it comes, and another signer when the one has died.
 *
 * Nothing here waits. The log goes on without a signature; it and the status say so.
 *
 *   tick ─► due    before_sync: the head of what is committed    safe: asked    heard ─► written
 */
#ifndef SHAREWATCH_NOTARY_H
#define SHAREWATCH_NOTARY_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>

#include "signer.h"

struct sw_notary {
    struct sw_signer signer;
    struct sw_log *log;
    const char *folder;     // of the key; NULL: the default one
    enum sw_status started; // of the first start
    bool wanted;            // the log is to be signed
    bool due;               // a second has passed since the last head
    bool captured;          // signer.request waits until its entries are safe
    bool heard;             // signer.answer has not been dealt with
    bool refused;           // the log does not extend what was signed: it is not asked any more
    bool complained;        // said why there is no signature, since the last one
    int64_t hang_ms;        // a signer that does not answer for so long is ended
    int64_t asked_ms;       // steady, when it was last asked or started
    int64_t retry_ms;       // steady, when another is started
    int64_t pause_ms;       // until the next try after that
    uint64_t ended_total;   // signers that died
    uint64_t refused_total; // heads
};

#define SW_NOTARY_HANG_MS 60000 // a disk under load takes its time

/** Starts the signer with the key in @folder, or the default one when NULL. One that does not
 *  answer within @hang_ms is ended. */
void sw_notary_start(struct sw_notary *notary, const char *folder, int64_t hang_ms);

/** Waits for it and notes its key in @log. False: log->sentence says what is wrong. */
bool sw_notary_open(struct sw_notary *notary, struct sw_log *log, int64_t now_ms);

/** Once a second: a head is due; a signer that died is started again, one that hangs is ended. */
void sw_notary_tick(struct sw_notary *notary);

/** An fdatasync begins, no transaction is open: takes the head of what it makes safe, if one is
 *  due. */
void sw_notary_before_sync(struct sw_notary *notary);

/** It is done: asks for the signature. */
void sw_notary_safe(struct sw_notary *notary);

/** Looks for an answer, and whether the signer lives. True: sw_notary_write() has something to add
 *  to the log. */
bool sw_notary_look(struct sw_notary *notary);

/** True when sw_notary_write() wants no open transaction. */
bool sw_notary_wants_commit(const struct sw_notary *notary);

/** Adds what the answer brought to the running transaction. A log that has failed says so itself.
 */
void sw_notary_write(struct sw_notary *notary, int64_t now_ms);

/** For the status: "signs", "away", "refused", or "none" when nobody is to sign. */
const char *sw_notary_state(const struct sw_notary *notary);

#endif
