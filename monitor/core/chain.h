/**
 * The chains with anything to tell: how far each got, and by which verdicts.
 *
 * A chain is what belongs together: what the sender says does, else one person, else one vehicle,
 * else the single event. At most SW_CHAINS_MAX are in memory. When one more comes, the chain whose
 * last hop was processed longest ago is forgotten and counted; the log still has it.
 */
#ifndef SHAREWATCH_CHAIN_H
#define SHAREWATCH_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/pipeline.h>

#define SW_CHAIN_SLOTS (2 * SW_CHAINS_MAX) // a power of two; half stays free

/** The key of a chain, with what finding it takes. */
struct sw_chain_key {
    char bytes[SW_CHAIN_KEY_MAX]; // NUL-terminated
    uint32_t length;              // without the NUL
    uint64_t hash;
};

struct sw_chain_entry {
    struct sw_chain chain;
    uint64_t hash;         // of the key
    uint32_t older, newer; // neighbours in order of use, 1 + index; 0: none
};

struct sw_chain_slot {
    uint32_t number; // 1 + index, 0: free
    uint32_t tag;    // of the entry's hash
};

struct sw_chains {
    struct sw_chain_entry entries[SW_CHAINS_MAX];
    struct sw_chain_slot slots[SW_CHAIN_SLOTS];
    uint32_t count;
    uint32_t oldest, newest; // 1 + index; 0: none
    uint64_t evicted_total;
};

/** Writes the key of the chain that @event belongs to; @source_hash is sw_text_hash() of its
 * source.
 */
void sw_chain_key(const struct sw_event *event, uint64_t source_hash, struct sw_chain_key *key);

/** Writes the key @text, of less than SW_CHAIN_KEY_MAX bytes. */
void sw_chain_key_set(struct sw_chain_key *key, struct sw_text text);

/** The chain called @key will be looked for, and perhaps added, soon: fetches what is read then. */
void sw_chains_expect(const struct sw_chains *chains, const struct sw_chain_key *key);

/** The chain called @key, or NULL. */
const struct sw_chain *sw_chains_find(const struct sw_chains *chains,
                                      const struct sw_chain_key *key);

/** Adds @hop at @time_ms to the chain called @key and writes its standing to @outputs. @first: the
 *  hop is new, not judged again. A chain without anything to tell is not kept. */
void sw_chains_add(struct sw_chains *chains, const struct sw_chain_key *key,
                   const struct sw_hop *hop, int64_t time_ms, bool first,
                   struct sw_outputs *outputs);

/** Puts @chain in as the last used, in place of one with its key. */
void sw_chains_restore(struct sw_chains *chains, const struct sw_chain *chain);

#endif
