/**
 * Between the process that writes a log and its signer: one message a packet over a socketpair, as
 * structs, for both ends are the same program.
 *
 *   writer   SW_WIRE_OPEN, once: which log                 SW_WIRE_SIGN: a head, with its proof
 *   signer   SW_WIRE_READY or SW_WIRE_FAILED             SW_WIRE_SIGNED, _REFUSED or _FAILED
 *
 * The end of either process is the end of the conversation: the other reads nothing more.
 */
#ifndef SHAREWATCH_SIGNER_WIRE_H
#define SHAREWATCH_SIGNER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/keys.h>
#include <sharewatch/signing.h>

#define SW_SIGNER_VERB       "signer" // no verb for people
#define SW_SIGNER_DESCRIPTOR 3        // the signer's end
#define SW_SIGNER_HEADS      "heads"  // folder beside the key: one file a log

enum sw_wire_kind {
    SW_WIRE_OPEN = 1,
    SW_WIRE_SIGN,
    SW_WIRE_READY,
    SW_WIRE_SIGNED,
    SW_WIRE_REFUSED, // the head does not extend the last one
    SW_WIRE_FAILED,  // `sentence` says why
};

struct sw_signer_question {
    uint32_t kind;
    struct sw_signing_request request; // of SW_WIRE_OPEN only the origin
};

struct sw_signer_answer {
    uint32_t kind;
    uint32_t status;              // enum sw_status of SW_WIRE_FAILED
    uint64_t signed_size;         // entries of the last head that was signed of this log
    bool confined;                // the kernel lets it call only what it needs
    struct sw_public_key key;     // of SW_WIRE_READY
    char note[SW_LOG_NOTE_BYTES]; // of SW_WIRE_SIGNED
    char sentence[SW_KEY_SENTENCE_BYTES];
};

/** The signer: `signer FOLDER`, with the key in FOLDER and the socket as descriptor 3. */
int sw_signer_process(int argc, char **argv);

#endif
