/* Open addressing over indices, and a list in order of use through the entries. Removing shifts the
 * following slots back, so that no tombstones pile up over a long run. */
#include "chain.h"

#include <assert.h>
#include <string.h>

#include <sharewatch/assert.h>

static_assert((SW_CHAIN_SLOTS & (SW_CHAIN_SLOTS - 1)) == 0, "slots are found by masking");
static_assert(sizeof("vehicle:") + SW_ID_BYTES_MAX <= SW_CHAIN_KEY_MAX, "token keys fit");

void sw_chain_key(const struct sw_event *event, uint64_t source_hash, struct sw_chain_key *key)
{
    static_assert(sizeof("event:@") + SW_ID_BYTES_MAX + 16 <= SW_CHAIN_KEY_MAX, "event keys fit");
    struct sw_text chain = sw_event_text(event, SW_FIELD_CHAIN_ID);
    struct sw_text subject = sw_event_text(event, SW_FIELD_SUBJECT_TOK);
    struct sw_text vehicle = sw_event_text(event, SW_FIELD_VEHICLE_TOK);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, key->bytes, SW_CHAIN_KEY_MAX);
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
        for (uint32_t i = 0; i < sizeof(hash); i++) {
            hash[i] = digits[source_hash >> (60 - 4 * i) & 15];
        }
        sw_buffer_append(&buffer, SW_TEXT("event:"));
        sw_buffer_append(&buffer, event->id);
        sw_buffer_append(&buffer, SW_TEXT("@"));
        sw_buffer_append(&buffer, (struct sw_text){hash, sizeof(hash)});
    }
    SW_ASSERT(!buffer.overflowed);
    key->length = buffer.length;
    key->hash = sw_text_mix(sw_buffer_text(&buffer));
}

/* What a slot keeps of a hash: mostly it tells without a look at the entry whether it is the one,
 * and always where a search for it begins. */
static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static uint32_t home(uint32_t tag)
{
    return tag & (SW_CHAIN_SLOTS - 1);
}

/* The slot that holds the chain called @key, or the free one where it would be. */
static uint32_t find_slot(const struct sw_chains *chains, const struct sw_chain_key *key)
{
    uint32_t tag = tag_of(key->hash);
    uint32_t slot = home(tag);
    while (chains->slots[slot].number != 0) {
        const struct sw_chain_entry *entry = &chains->entries[chains->slots[slot].number - 1];
        if (chains->slots[slot].tag == tag && entry->hash == key->hash &&
            strcmp(entry->chain.key, key->bytes) == 0) {
            break;
        }
        slot = (slot + 1) & (SW_CHAIN_SLOTS - 1);
    }
    return slot;
}

void sw_chain_key_set(struct sw_chain_key *key, struct sw_text text)
{
    SW_ASSERT(text.length < SW_CHAIN_KEY_MAX);
    memcpy(key->bytes, text.bytes, text.length);
    key->bytes[text.length] = '\0';
    key->length = text.length;
    key->hash = sw_text_mix(text);
}

/* Each of these is far from everything read lately; all at once they cost one wait instead of
 * three. */
void sw_chains_expect(const struct sw_chains *chains, const struct sw_chain_key *key)
{
    __builtin_prefetch(&chains->slots[home(tag_of(key->hash))], 1);
    if (chains->count == SW_CHAINS_MAX) { // then one must go
        const struct sw_chain_entry *oldest = &chains->entries[chains->oldest - 1];
        __builtin_prefetch(&chains->slots[home(tag_of(oldest->hash))], 1);
        __builtin_prefetch(&chains->entries[oldest->newer - 1], 1);
    }
}

const struct sw_chain *sw_chains_find(const struct sw_chains *chains,
                                      const struct sw_chain_key *key)
{
    uint32_t number = chains->slots[find_slot(chains, key)].number;
    return number == 0 ? NULL : &chains->entries[number - 1].chain;
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
    while (chains->slots[next].number != 0) {
        uint32_t wanted = home(chains->slots[next].tag);
        uint32_t distance = (next - wanted) & (SW_CHAIN_SLOTS - 1);
        if (distance >= ((next - hole) & (SW_CHAIN_SLOTS - 1))) {
            chains->slots[hole] = chains->slots[next];
            hole = next;
        }
        next = (next + 1) & (SW_CHAIN_SLOTS - 1);
    }
    chains->slots[hole] = (struct sw_chain_slot){0};
}

/* A place for one more entry; the one used longest ago makes room when there is none. */
static uint32_t take_entry(struct sw_chains *chains)
{
    if (chains->count < SW_CHAINS_MAX) {
        return ++chains->count;
    }
    uint32_t number = chains->oldest;
    uint32_t slot = home(tag_of(chains->entries[number - 1].hash));
    while (chains->slots[slot].number != number) {
        SW_ASSERT(chains->slots[slot].number != 0);
        slot = (slot + 1) & (SW_CHAIN_SLOTS - 1);
    }
    free_slot(chains, slot);
    unlink_entry(chains, number);
    chains->evicted_total++;
    return number;
}

/* The entry called @key, which belongs into @slot, as the last used, added when it is new. */
static struct sw_chain *use(struct sw_chains *chains, const struct sw_chain_key *key, uint32_t slot)
{
    uint32_t number = chains->slots[slot].number;
    if (number != 0) {
        unlink_entry(chains, number);
    } else {
        bool full = chains->count == SW_CHAINS_MAX;
        number = take_entry(chains);
        slot = full ? find_slot(chains, key) : slot; // making room may have moved slots
        chains->slots[slot] = (struct sw_chain_slot){.number = number, .tag = tag_of(key->hash)};
        struct sw_chain_entry *entry = &chains->entries[number - 1];
        *entry = (struct sw_chain_entry){.hash = key->hash};
        memcpy(entry->chain.key, key->bytes, key->length + 1);
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

void sw_chains_add(struct sw_chains *chains, const struct sw_chain_key *key,
                   const struct sw_hop *hop, int64_t time_ms, bool first,
                   struct sw_outputs *outputs)
{
    uint32_t slot = find_slot(chains, key);
    outputs->has_chain = chains->slots[slot].number != 0 || has_news(hop);
    outputs->chain_changed = false;
    if (!outputs->has_chain) {
        outputs->chain = (struct sw_chain){0};
        memcpy(outputs->chain.key, key->bytes, key->length + 1);
        return;
    }
    struct sw_chain *chain = use(chains, key, slot);
    outputs->chain_changed = raise(chain, hop, time_ms, first);
    outputs->chain = *chain;
}

void sw_chains_restore(struct sw_chains *chains, const struct sw_chain *chain)
{
    struct sw_chain_key key;
    sw_chain_key_set(&key, sw_text_from(chain->key));
    *use(chains, &key, find_slot(chains, &key)) = *chain;
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
