/* Open addressing over indices, and a list in order of use through the entries. Removing shifts the
 * following slots back, so that no tombstones pile up over a long run. */
#include "chain.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

static_assert((SW_CHAIN_SLOTS & (SW_CHAIN_SLOTS - 1)) == 0, "slots are found by masking");
static_assert(sizeof("vehicle:") + SW_ID_BYTES_MAX <= SW_CHAIN_KEY_MAX, "token keys fit");

void sw_chain_key(const struct sw_event *event, char key[SW_CHAIN_KEY_MAX])
{
    static_assert(sizeof("event:@") + SW_ID_BYTES_MAX + 16 <= SW_CHAIN_KEY_MAX, "event keys fit");
    struct sw_text chain = sw_event_text(event, SW_FIELD_CHAIN_ID);
    struct sw_text subject = sw_event_text(event, SW_FIELD_SUBJECT_TOK);
    struct sw_text vehicle = sw_event_text(event, SW_FIELD_VEHICLE_TOK);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, key, SW_CHAIN_KEY_MAX);
    if (chain.length > 0) {
        sw_buffer_append(&buffer, chain);
    } else if (subject.length > 0) {
        sw_buffer_append(&buffer, SW_TEXT("subject:"));
        sw_buffer_append(&buffer, subject);
    } else if (vehicle.length > 0) {
        sw_buffer_append(&buffer, SW_TEXT("vehicle:"));
        sw_buffer_append(&buffer, vehicle);
    } else {
        static const char digits[] = "0123456789abcdef";
        char hash[16]; // of the source, whose name would not fit
        uint64_t number = sw_text_hash(event->source);
        for (uint32_t i = 0; i < sizeof(hash); i++) {
            hash[i] = digits[number >> (60 - 4 * i) & 15];
        }
        sw_buffer_append(&buffer, SW_TEXT("event:"));
        sw_buffer_append(&buffer, event->id);
        sw_buffer_append(&buffer, SW_TEXT("@"));
        sw_buffer_append(&buffer, (struct sw_text){hash, sizeof(hash)});
    }
    SW_ASSERT(!buffer.overflowed);
}

static uint32_t home(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32) & (SW_CHAIN_SLOTS - 1);
}

/* The slot that holds the chain called @key, or the free one where it would be. */
static uint32_t find_slot(const struct sw_chains *chains, const char *key, uint64_t hash)
{
    uint32_t slot = home(hash);
    while (chains->slots[slot] != 0) {
        const struct sw_chain_entry *entry = &chains->entries[chains->slots[slot] - 1];
        if (entry->hash == hash && strcmp(entry->chain.key, key) == 0) {
            break;
        }
        slot = (slot + 1) & (SW_CHAIN_SLOTS - 1);
    }
    return slot;
}

const struct sw_chain *sw_chains_find(const struct sw_chains *chains, const char *key)
{
    uint32_t slot = find_slot(chains, key, sw_text_mix(sw_text_from(key)));
    return chains->slots[slot] == 0 ? NULL : &chains->entries[chains->slots[slot] - 1].chain;
}

static void unlink_entry(struct sw_chains *chains, uint32_t number)
{
    struct sw_chain_entry *entry = &chains->entries[number - 1];
    *(entry->older != 0 ? &chains->entries[entry->older - 1].newer : &chains->oldest) =
        entry->newer;
    *(entry->newer != 0 ? &chains->entries[entry->newer - 1].older : &chains->newest) =
        entry->older;
}

static void link_newest(struct sw_chains *chains, uint32_t number)
{
    struct sw_chain_entry *entry = &chains->entries[number - 1];
    entry->older = chains->newest;
    entry->newer = 0;
    *(chains->newest != 0 ? &chains->entries[chains->newest - 1].newer : &chains->oldest) = number;
    chains->newest = number;
}

/* Frees @slot and moves what was pushed past it back, so that every search still ends right. */
static void free_slot(struct sw_chains *chains, uint32_t slot)
{
    uint32_t hole = slot;
    uint32_t next = (slot + 1) & (SW_CHAIN_SLOTS - 1);
    while (chains->slots[next] != 0) {
        uint32_t wanted = home(chains->entries[chains->slots[next] - 1].hash);
        uint32_t distance = (next - wanted) & (SW_CHAIN_SLOTS - 1);
        if (distance >= ((next - hole) & (SW_CHAIN_SLOTS - 1))) {
            chains->slots[hole] = chains->slots[next];
            hole = next;
        }
        next = (next + 1) & (SW_CHAIN_SLOTS - 1);
    }
    chains->slots[hole] = 0;
}

/* A place for one more entry; the one used longest ago makes room when there is none. */
static uint32_t take_entry(struct sw_chains *chains)
{
    if (chains->count < SW_CHAINS_MAX) {
        return ++chains->count;
    }
    uint32_t number = chains->oldest;
    uint32_t slot = home(chains->entries[number - 1].hash);
    while (chains->slots[slot] != number) {
        SW_ASSERT(chains->slots[slot] != 0);
        slot = (slot + 1) & (SW_CHAIN_SLOTS - 1);
    }
    free_slot(chains, slot);
    unlink_entry(chains, number);
    chains->evicted_total++;
    return number;
}

/* The entry called @key as the last used, added when it is new. */
static struct sw_chain *use(struct sw_chains *chains, const char *key, uint64_t hash)
{
    uint32_t slot = find_slot(chains, key, hash);
    uint32_t number = chains->slots[slot];
    if (number != 0) {
        unlink_entry(chains, number);
    } else {
        number = take_entry(chains);
        slot = find_slot(chains, key, hash); // taking may have moved slots
        chains->slots[slot] = number;
        struct sw_chain_entry *entry = &chains->entries[number - 1];
        *entry = (struct sw_chain_entry){.hash = hash};
        struct sw_text text = sw_text_from(key);
        SW_ASSERT(text.length < SW_CHAIN_KEY_MAX);
        memcpy(entry->chain.key, key, text.length + 1);
    }
    link_newest(chains, number);
    return &chains->entries[number - 1].chain;
}

static bool has_news(const struct sw_hop *hop)
{
    return hop->level > SW_LEVEL_NONE || hop->verdict != SW_VERDICT_NONE || hop->duties != 0;
}

/* Adds what @hop says to @chain. True: the standing changed. */
static bool raise(struct sw_chain *chain, const struct sw_hop *hop, int64_t time_ms, bool first)
{
    uint32_t verdicts = chain->verdicts | UINT32_C(1) << hop->verdict;
    uint32_t duties = chain->duties | hop->duties;
    bool fresh = chain->revision == 0;
    bool changed = fresh || hop->level > chain->level || verdicts != chain->verdicts ||
                   duties != chain->duties || (hop->fed_reach && !chain->fed_reach);
    chain->level = hop->level > chain->level ? hop->level : chain->level;
    chain->verdict = sw_verdict_strictest(chain->verdict, hop->verdict);
    chain->verdicts = verdicts;
    chain->duties = duties;
    chain->fed_reach = chain->fed_reach || hop->fed_reach;
    chain->hops += first ? 1 : 0;
    chain->first_ms = fresh || time_ms < chain->first_ms ? time_ms : chain->first_ms;
    chain->last_ms = fresh || time_ms > chain->last_ms ? time_ms : chain->last_ms;
    chain->revision += changed ? 1 : 0;
    return changed;
}

void sw_chains_add(struct sw_chains *chains, const char *key, const struct sw_hop *hop,
                   int64_t time_ms, bool first, struct sw_outputs *outputs)
{
    uint64_t hash = sw_text_mix(sw_text_from(key));
    bool known = chains->slots[find_slot(chains, key, hash)] != 0;
    outputs->has_chain = known || has_news(hop);
    outputs->chain_changed = false;
    if (!outputs->has_chain) {
        outputs->chain = (struct sw_chain){0};
        memcpy(outputs->chain.key, key, strlen(key) + 1);
        return;
    }
    struct sw_chain *chain = use(chains, key, hash);
    outputs->chain_changed = raise(chain, hop, time_ms, first);
    outputs->chain = *chain;
}

void sw_chains_restore(struct sw_chains *chains, const struct sw_chain *chain)
{
    *use(chains, chain->key, sw_text_mix(sw_text_from(chain->key))) = *chain;
}

bool sw_chain_merge(struct sw_chain *chain, const struct sw_chain *older)
{
    SW_ASSERT(strcmp(chain->key, older->key) == 0);
    bool changed = chain->level > older->level || (chain->verdicts & ~older->verdicts) != 0 ||
                   (chain->duties & ~older->duties) != 0 || (chain->fed_reach && !older->fed_reach);
    chain->level = chain->level > older->level ? chain->level : older->level;
    chain->verdict = sw_verdict_strictest(chain->verdict, older->verdict);
    chain->verdicts |= older->verdicts;
    chain->duties |= older->duties;
    chain->fed_reach = chain->fed_reach || older->fed_reach;
    chain->hops += older->hops;
    chain->first_ms = older->first_ms < chain->first_ms ? older->first_ms : chain->first_ms;
    chain->last_ms = older->last_ms > chain->last_ms ? older->last_ms : chain->last_ms;
    chain->revision = older->revision + (changed ? 1 : 0);
    return changed;
}
