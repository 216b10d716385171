/* Memory that cannot be had ends the program: a rehearsal that goes on without it would judge
 * otherwise than the monitor. */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#define NOTES_AT_FIRST  4096
#define CHAINS_AT_FIRST 512

enum sw_status sw_notes_open(struct sw_notes *notes)
{
    *notes = (struct sw_notes){.capacity = NOTES_AT_FIRST,
                               .chain_capacity = CHAINS_AT_FIRST,
                               .place_count = CHAINS_AT_FIRST * 2};
    notes->items = calloc(notes->capacity, sizeof(notes->items[0]));
    notes->chains = calloc(notes->chain_capacity, sizeof(notes->chains[0]));
    notes->places = calloc(notes->place_count, sizeof(notes->places[0]));
    bool good = notes->items != NULL && notes->chains != NULL && notes->places != NULL;
    return good ? SW_OK : SW_NO_MEMORY;
}

void sw_notes_close(struct sw_notes *notes)
{
    for (uint64_t i = 0; notes->items != NULL && i < notes->capacity; i++) {
        free(notes->items[i].payload);
        free(notes->items[i].causes);
    }
    free(notes->items);
    free(notes->chains);
    free(notes->places);
    *notes = (struct sw_notes){0};
}

uint64_t sw_notes_serial(struct sw_text id)
{
    uint64_t serial = 0;
    for (uint32_t i = 0; i < id.length && id.bytes[i] >= '0' && id.bytes[i] <= '9'; i++) {
        serial = serial * 10 + (uint64_t)(id.bytes[i] - '0');
    }
    return serial;
}

struct sw_note *sw_notes_of(struct sw_notes *notes, uint64_t serial)
{
    SW_ASSERT(notes->capacity > 0);
    while (serial >= notes->capacity) {
        uint64_t capacity = notes->capacity * 2;
        struct sw_note *items = realloc(notes->items, capacity * sizeof(items[0]));
        SW_ASSERT(items != NULL);
        memset(items + notes->capacity, 0, notes->capacity * sizeof(items[0]));
        notes->items = items;
        notes->capacity = capacity;
    }
    return &notes->items[serial];
}

void sw_note_keep_payload(struct sw_note *note, struct sw_text payload)
{
    if (note->payload == NULL) {
        note->payload = malloc(payload.length);
        SW_ASSERT(note->payload != NULL);
        memcpy(note->payload, payload.bytes, payload.length);
        note->payload_bytes = payload.length;
    }
}

void sw_note_add_cause(struct sw_note *note, uint64_t cause)
{
    uint64_t *causes = realloc(note->causes, (note->revisions + 1) * sizeof(causes[0]));
    SW_ASSERT(causes != NULL);
    causes[note->revisions++] = cause;
    note->causes = causes;
}

void sw_note_take_hop(struct sw_note *note, const struct sw_hop *hop, uint32_t phase)
{
    note->has_hop = true;
    note->phase = (uint8_t)phase;
    note->fed_reach = hop->fed_reach;
    note->edge = hop->edge;
    note->level = hop->level;
    note->verdict = hop->verdict;
    note->crosses = hop->crosses;
    note->duties = hop->duties;
    note->verdicts = 0;
    note->finding_count = 0;
    for (uint32_t i = 0; i < hop->finding_count; i++) {
        const struct sw_finding *finding = &hop->findings[i];
        note->verdicts |= finding->has_verdict ? 1U << finding->verdict : 0;
        if (note->finding_count < SW_NOTE_FINDINGS_MAX) {
            note->findings[note->finding_count++] = finding->rule;
        }
    }
}

enum sw_status sw_notes_find_event(struct sw_notes *notes, uint64_t serial,
                                   struct sw_log_event *found, char *payload)
{
    const struct sw_note *note = sw_notes_of(notes, serial);
    if (!note->accepted || note->payload == NULL) {
        return SW_NOT_FOUND;
    }
    SW_ASSERT(note->payload_bytes <= SW_PACKET_BYTES_MAX);
    SW_ASSERT(note->source.length > 0);
    SW_ASSERT(note->source.length < sizeof(found->source));
    *found = (struct sw_log_event){.id = (int64_t)serial,
                                   .logged_ms = note->received_ms,
                                   .kind = note->kind,
                                   .payload_length = note->payload_bytes,
                                   .next_revision = note->revisions + 1};
    memcpy(found->source, note->source.bytes, note->source.length);
    memcpy(found->digest, note->digest, sizeof(found->digest));
    memcpy(payload, note->payload, note->payload_bytes);
    return SW_OK;
}

enum sw_status sw_notes_find_cause(struct sw_notes *notes, uint64_t serial, uint32_t revision,
                                   struct sw_log_event *found, char *payload)
{
    const struct sw_note *note = sw_notes_of(notes, serial);
    if (revision == 0 || revision > note->revisions) {
        return SW_NOT_FOUND;
    }
    return sw_notes_find_event(notes, note->causes[revision - 1], found, payload);
}

/* The place of @key: that of its chain, or the free one where it belongs. */
static uint32_t place_of(const struct sw_notes *notes, struct sw_text key)
{
    uint32_t mask = notes->place_count - 1;
    uint32_t place = (uint32_t)sw_text_hash(key) & mask;
    while (notes->places[place] != 0 &&
           !sw_text_equal(sw_text_from(notes->chains[notes->places[place] - 1].key), key)) {
        place = (place + 1) & mask;
    }
    return place;
}

/* Twice the room; at most half of the places are taken, so that searching ends soon. */
static void grow_chains(struct sw_notes *notes)
{
    uint32_t capacity = notes->chain_capacity * 2;
    struct sw_chain *chains = realloc(notes->chains, capacity * sizeof(chains[0]));
    uint32_t *places = calloc((size_t)capacity * 2, sizeof(places[0]));
    SW_ASSERT(chains != NULL);
    SW_ASSERT(places != NULL);
    free(notes->places);
    notes->chains = chains;
    notes->chain_capacity = capacity;
    notes->places = places;
    notes->place_count = capacity * 2;
    for (uint32_t i = 0; i < notes->chain_count; i++) {
        notes->places[place_of(notes, sw_text_from(chains[i].key))] = i + 1;
    }
}

void sw_notes_set_chain(struct sw_notes *notes, const struct sw_chain *chain)
{
    uint32_t place = place_of(notes, sw_text_from(chain->key));
    if (notes->places[place] == 0) {
        if (notes->chain_count == notes->chain_capacity) {
            grow_chains(notes);
            place = place_of(notes, sw_text_from(chain->key));
        }
        notes->places[place] = ++notes->chain_count;
    }
    notes->chains[notes->places[place] - 1] = *chain;
}

const struct sw_chain *sw_notes_chain(const struct sw_notes *notes, struct sw_text key)
{
    uint32_t index = notes->places[place_of(notes, key)];
    return index != 0 ? &notes->chains[index - 1] : NULL;
}
