/** The file of a proof, inside: see <sharewatch/proof.h>. */
#ifndef SHAREWATCH_PROOF_TEXT_H
#define SHAREWATCH_PROOF_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "entry.h"
#include "note.h"
#include "row.h"
#include "tree.h"

#define SW_PROOF_FIRST_LINE "sharewatch-proof-1\n"
#define SW_PROOF_TLOG_LINE  "c2sp.org/tlog-proof@v1\n"

struct sw_proof {
    char key[SW_VERIFIER_KEY_BYTES];
    uint8_t entry[SW_ENTRY_BYTES_MAX];
    uint32_t entry_bytes;
    uint32_t group_count; // that are disclosed
    uint8_t salts[SW_ENTRY_GROUPS][SW_SALT_BYTES];
    const struct sw_rows *rows;
    uint64_t index;
    uint8_t path[SW_PROOF_HASHES][SW_HASH_BYTES];
    uint32_t path_count;
    char note[SW_NOTE_BYTES];
};

/** Writes @proof to @stream. False: it could not. */
bool sw_proof_print(const struct sw_proof *proof, FILE *stream);

#endif
