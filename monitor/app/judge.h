/**
 * From one packet to its rows: decodes it, asks whether it is new, steps the pipeline, has the
 * parent judged again when the event teaches something of it, and hands every judgement on in the
 * order in which it is logged.
 *
 * The monitor, the import and a log that is written anew keep what comes in a log, the replay
 * compares it with one, the rehearsal of a scenario counts it; that all of them do the same is the
 * point of this file.
 */
#ifndef SHAREWATCH_JUDGE_H
#define SHAREWATCH_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/event.h>
#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>

/** What stands around the judge. Those that find may be NULL for a judge over a log, those that
 *  keep for one that is only given events. */
struct sw_judge_calls {
    /** As sw_log_find_event(). SW_STOPPED: the parent is left alone, nothing comes out for it. */
    enum sw_status (*find_event)(void *context, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload);
    /** As sw_log_find_cause(). SW_STOPPED: as above. */
    enum sw_status (*find_cause)(void *context, int64_t row, uint32_t revision,
                                 struct sw_log_event *found, char *payload);
    /** The newest standing of a chain that the pipeline forgot for want of room. SW_NOT_FOUND. */
    enum sw_status (*find_chain)(void *context, struct sw_text key, struct sw_chain *chain);
    /** Keeps @event, decoded from @packet, as @row. SW_OK: it is new. SW_EXISTS: its source and id
     *  are there with the same digest. SW_INVALID: they are there with another. SW_DATABASE. */
    enum sw_status (*keep_event)(void *context, const struct sw_packet *packet,
                                 const struct sw_event *event, int64_t *row);
    /** Keeps that @packet was refused, and why. */
    void (*keep_refusal)(void *context, const struct sw_packet *packet,
                         const struct sw_rejection *rejection);
    /** Takes what was judged of @event. @outputs without a hop says that there is nothing. */
    void (*take)(void *context, const struct sw_log_subject *subject, const struct sw_event *event,
                 const struct sw_outputs *outputs);
    /** Takes one gap, noticed at @at_ms. */
    void (*take_gap)(void *context, const struct sw_gap *gap, int64_t at_ms);
};

/** Bytes that always suffice for what is stored of a packet. */
#define SW_JUDGE_STORED_MAX (SW_PACKET_BYTES_MAX + SW_EVENT_MASKS_MAX * 6 * SW_TEXT_BYTES_MAX)

/** What is to be stored of @packet, from which @event was decoded: the bytes as received, unless
 *  free text in them was scrubbed; then they stand in @bytes. */
struct sw_text sw_judge_stored(const struct sw_packet *packet, const struct sw_event *event,
                               char bytes[SW_JUDGE_STORED_MAX]);

/** The same as if something had been scrubbed: of a packet of which something was, earlier. */
struct sw_text sw_judge_scrubbed(const struct sw_packet *packet, const struct sw_event *event,
                                 char bytes[SW_JUDGE_STORED_MAX]);

struct sw_judge {
    struct sw_pipeline *pipeline;
    struct sw_log *log; // in which earlier events and chains are found; NULL: ask the calls
    const struct sw_judge_calls *calls;
    void *context;          // of the calls
    struct sw_event event;  // the caller decodes into it
    struct sw_event parent; // being judged again
    struct sw_event cause;  // of an earlier revision of it
    struct sw_outputs outputs;
    char parent_payload[SW_PACKET_BYTES_MAX];
    char cause_payload[SW_PACKET_BYTES_MAX];
    uint64_t parents_missing_total;
    uint64_t causes_missing_total; // earlier knowledge that could not be brought back
    uint64_t findings_over_total;
};

/** @judge is large: place it statically. */
void sw_judge_init(struct sw_judge *judge, struct sw_pipeline *pipeline,
                   const struct sw_judge_calls *calls, void *context);

/** The same for a log that is being written: earlier events and chains are found in @log. */
void sw_judge_init_log(struct sw_judge *judge, struct sw_pipeline *pipeline, struct sw_log *log,
                       const struct sw_judge_calls *calls, void *context);

/**
 * Takes one packet as it came: decodes, keeps and judges it. SW_EXISTS: it came before, and nothing
 * is done. SW_MALFORMED: it was refused, see sw_judge_refuse(); also when its id stands for other
 * content. SW_DATABASE: it could not be kept.
 */
enum sw_status sw_judge_packet(struct sw_judge *judge,
                               const struct sw_packet *packet) SW_MUST_CHECK;

/** Judges judge->event, which is new in the log as row @row and was received at @at_ms. */
void sw_judge_event(struct sw_judge *judge, int64_t row, int64_t at_ms);

/** Carries the chain called @key on by @hop, which was logged and cannot be judged again, see
 *  sw_pipeline_take_hop(); judge->outputs then tells of the chain. */
void sw_judge_take_hop(struct sw_judge *judge, const char *key, const struct sw_hop *hop,
                       int64_t time_ms);

/** Takes the number of a packet that was refused, see sw_pipeline_take_refused(). The index of its
 *  source, UINT32_MAX when that cannot be told. */
uint32_t sw_judge_refused(struct sw_judge *judge, const struct sw_rejection *rejection,
                          int64_t at_ms);

/** Refuses @packet: that is kept, and its number is missing no more. Then judge->outputs.source is
 *  the index of its source, UINT32_MAX when that cannot be told. */
void sw_judge_refuse(struct sw_judge *judge, const struct sw_packet *packet,
                     const struct sw_rejection *rejection);

/** Looks for holes that became gaps; about once a second. */
void sw_judge_tick(struct sw_judge *judge, int64_t at_ms);

#endif
