/**
 * The notes of a rehearsal: in memory, what a log would keep of each event and of each chain.
 *
 * Events go by their serial number, which the generator puts in front of their id. Memory grows
 * with the number of events: later knowledge may still change how one is judged. Only of those that
 * may be judged again, or that taught something of another, are the bytes kept.
 */
#ifndef SHAREWATCH_NOTES_H
#define SHAREWATCH_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/scenario.h>

#define SW_NOTE_FINDINGS_MAX 8

struct sw_note {
    const struct sw_expectation *expect; // NULL: no such event
    uint32_t step;
    const char *refused; // reason code, or NULL
    bool accepted;
    uint8_t digest[32]; // of an accepted one, as the following
    enum sw_kind kind;
    struct sw_text source; // lives as long as the scenario
    int64_t received_ms;
    char *payload; // as a log would store it, or NULL
    uint32_t payload_bytes;
    uint64_t *causes;   // [revision_count], serials of the events that taught something of it
    uint32_t revisions; // of its judgement, the first not counted
    bool alert;         // somebody was told of it, at any time
    /* Of its newest judgement. */
    bool has_hop;
    bool fed_reach;
    uint8_t phase; // whose edge and rules these are
    uint16_t edge;
    uint16_t crosses;
    enum sw_level level;
    enum sw_verdict verdict;
    uint32_t duties;
    uint32_t verdicts;
    uint32_t findings[SW_NOTE_FINDINGS_MAX]; // indexes of rules
    uint32_t finding_count;
};

struct sw_notes {
    struct sw_note *items;   // [capacity], by serial
    uint64_t capacity;       // a power of two
    struct sw_chain *chains; // [chain_count], as they stand
    uint32_t chain_count, chain_capacity;
    uint32_t *places; // [place_count], a power of two: index in `chains` + 1 by hash, 0: free
    uint32_t place_count;
};

/** SW_NO_MEMORY: there is not enough; @notes is to be closed all the same. */
enum sw_status sw_notes_open(struct sw_notes *notes) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_notes_close(struct sw_notes *notes);

/** The number in front of "0000000017-notice"; 0 when it is no event of a scenario. */
uint64_t sw_notes_serial(struct sw_text id);

/** The note of event @serial, zeroed when it is new. Valid until the next call. */
struct sw_note *sw_notes_of(struct sw_notes *notes, uint64_t serial);

/** Keeps @payload as what is stored of the event of @note. */
void sw_note_keep_payload(struct sw_note *note, struct sw_text payload);

/** The event @cause has caused the next revision of the judgement in @note. */
void sw_note_add_cause(struct sw_note *note, uint64_t cause);

/** Copies the judgement @hop, made in @phase, into @note as its newest. */
void sw_note_take_hop(struct sw_note *note, const struct sw_hop *hop, uint32_t phase);

/** As sw_log_find_event() and sw_log_find_cause(), with the event's serial for its row. */
enum sw_status sw_notes_find_event(struct sw_notes *notes, uint64_t serial,
                                   struct sw_log_event *found, char *payload) SW_MUST_CHECK;
enum sw_status sw_notes_find_cause(struct sw_notes *notes, uint64_t serial, uint32_t revision,
                                   struct sw_log_event *found, char *payload) SW_MUST_CHECK;

/** Notes how @chain stands now. */
void sw_notes_set_chain(struct sw_notes *notes, const struct sw_chain *chain);

/** How the chain called @key stands, or NULL. Valid until another is set. */
const struct sw_chain *sw_notes_chain(const struct sw_notes *notes, struct sw_text key);

#endif
