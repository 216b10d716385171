/* The signer's side: no head without the proof that it extends the last one. */
#include <sharewatch/signing.h>

#include <assert.h>
#include <string.h>

#include "note.h"
#include "tree.h"

static_assert(SW_SIGNING_HASH_BYTES == SW_HASH_BYTES, "hashes are those of the tree");
static_assert(SW_SIGNING_PROOF_HASHES == SW_PROOF_HASHES, "and so are proofs");

static bool extends(const struct sw_signing_request *request, const struct sw_signed_head *last)
{
    struct sw_hasher hasher;
    if (last->size == 0) {
        return true;
    }
    return request->from == last->size && request->proof_count <= SW_PROOF_HASHES &&
           sw_tree_has_grown(last->size, last->root, request->size, request->root, &hasher,
                             request->proof, request->proof_count);
}

enum sw_status sw_signing_sign(const struct sw_signing_request *request,
                               const struct sw_signing_key *key, struct sw_signed_head *last,
                               char note[SW_LOG_NOTE_BYTES])
{
    struct sw_head head = {.size = request->size};
    if (request->size == 0 || !extends(request, last)) {
        return SW_INVALID;
    }
    memcpy(head.origin, request->origin, sizeof(head.origin));
    head.origin[sizeof(head.origin) - 1] = '\0';
    memcpy(head.root, request->root, sizeof(head.root));
    if (!sw_note_sign(&head, key->seed, key->open.bytes, note)) {
        return SW_NO_MEMORY;
    }
    last->size = request->size;
    memcpy(last->root, request->root, sizeof(last->root));
    return SW_OK;
}

static bool is_signed(struct sw_text note, const struct sw_public_key *key)
{
    bool found = sw_note_is_signed(note, key->bytes);
    for (uint32_t i = 0; i < key->endorsement_count && !found; i++) {
        found = sw_note_is_signed(note, key->endorsements[i].from);
    }
    return found;
}

enum sw_status sw_signing_recall(struct sw_text note, const char *origin,
                                 const struct sw_public_key *key, struct sw_signed_head *last)
{
    struct sw_head head;
    uint32_t length = 0;
    if (!sw_note_read(note, &head, &length) || strcmp(head.origin, origin) != 0 ||
        !is_signed((struct sw_text){note.bytes, length}, key)) {
        return SW_INVALID;
    }
    last->size = head.size;
    memcpy(last->root, head.root, sizeof(last->root));
    return SW_OK;
}
