/**
 * What goes over MQTT: topics, and the envelope of an event.
 *
 *   sharewatch/v1/event/AGENCY/KIND     events: CloudEvents 1.0, structured JSON, QoS 1
 *   sharewatch/v1/replay/AGENCY/KIND    events of a log that is replayed: no monitor takes them,
 *                                       and each has "swreplay": true, which a monitor refuses
 *   sharewatch/v1/alert/VERDICT/RULE    alerts, once they are safe in the log
 *   sharewatch/v1/receipt/SOURCE        retained: the number up to which all is in the log, or
 *                                       told as a gap or a refusal
 *   sharewatch/v1/status/NODE           retained, with a last will: online, offline or ended
 *
 * An event, with every attribute that is read:
 *
 *   { "specversion": "1.0",
 *     "id": "b-17",                                   unique within its source, at most 64 bytes
 *     "source": "urn:sharewatch:agency:LAPD",         the agency is the one in the topic;
 *                                                     `:PART` may follow, one for each publisher
 *     "type": "org.sharewatch.booking.booked.v1",     KIND.ACTION; the kind is the one in the topic
 *     "time": "2026-11-24T10:15:00Z",                 when it happened
 *     "recordedtime": "2026-11-24T10:15:02Z",         optional: when the sender learned of it
 *     "sequence": "00000000000000000017",             optional: counts the source's events from 1
 *     "swparent": "b-16",                             optional: the event this one follows from
 *     "swcorrects": true,                             optional: corrects swparent by its `data`
 *     "swsynthetic": true,                            optional: made by a simulator
 *     "datacontenttype": "application/json",          optional
 *     "data": { "actor": {"agency": "LAPD"}, … } }    fields of the taxonomy, by: sender
 */
#ifndef SHAREWATCH_WIRE_H
#define SHAREWATCH_WIRE_H

#include <stdint.h>

#include <sharewatch/event.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_TOPIC_BYTES_MAX  192
#define SW_TOPIC_EVENTS     "sharewatch/v1/event/+/+"
#define SW_TOPIC_ALERTS     "sharewatch/v1/alert/+/+"
#define SW_TOPIC_RECEIPTS   "sharewatch/v1/receipt/#"
#define SW_TOPIC_STATUS     "sharewatch/v1/status/+"
#define SW_SOURCE_PREFIX    "urn:sharewatch:agency:"
#define SW_SOURCE_BYTES_MAX 128

/** Writes the topic of @event into @buffer. */
void sw_wire_event_topic(const struct sw_event *event, struct sw_buffer *buffer);

/** Writes @event, its sender's fields only, as JSON into @buffer. The opposite of decoding: what
 *  this writes decodes to the same event. */
void sw_wire_write_event(const struct sw_event *event, struct sw_buffer *buffer);

/** Takes AGENCY and KIND out of an event topic. SW_MALFORMED: it is none. */
enum sw_status sw_wire_parse_event_topic(struct sw_text topic, struct sw_text *agency,
                                         struct sw_text *kind) SW_MUST_CHECK;

/** Takes the agency out of a source. SW_MALFORMED: it is none. */
enum sw_status sw_wire_parse_source(struct sw_text source, struct sw_text *agency) SW_MUST_CHECK;

#endif
