/**
 * Just enough MQTT 3.1.1 for a load generator that is itself the broker, or a publisher at a real
 * one: packets into and out of bounded buffers. Section numbers are those of the standard.
 */
#ifndef SHAREWATCH_PACKETS_H
#define SHAREWATCH_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_CONNECT    1
#define PACKET_CONNACK    2
#define PACKET_PUBLISH    3
#define PACKET_PUBACK     4
#define PACKET_SUBSCRIBE  8
#define PACKET_SUBACK     9
#define PACKET_PINGREQ    12
#define PACKET_PINGRESP   13
#define PACKET_DISCONNECT 14

struct packet {
    uint8_t type;        // PACKET_…
    uint8_t flags;       // low half of the first byte
    const uint8_t *body; // [body_bytes], behind the fixed header
    size_t body_bytes;
    size_t bytes; // of the whole packet
};

/** Finds a whole packet at the start of @bytes [length]. False: more bytes are needed. */
bool packet_read(const uint8_t *bytes, size_t length, struct packet *packet);

/** Of a PUBLISH: its topic, payload and, at QoS 1, identifier. */
struct publish {
    const char *topic;
    size_t topic_bytes;
    const char *payload;
    size_t payload_bytes;
    uint16_t identifier; // 0 at QoS 0
};
bool packet_read_publish(const struct packet *packet, struct publish *publish);

/** Each writes a packet at @bytes and returns its length. */
size_t packet_write_publish(uint8_t *bytes, const char *topic, const char *payload,
                            size_t payload_bytes, uint16_t identifier);
size_t packet_write_short(uint8_t *bytes, uint8_t type, uint16_t identifier);
size_t packet_write_connect(uint8_t *bytes, const char *client_id);
size_t packet_write_subscribe(uint8_t *bytes, uint16_t identifier, const char *topic);

/** Writes the SUBACK that grants QoS 1 for every topic of @subscribe. */
size_t packet_write_suback(uint8_t *bytes, const struct packet *subscribe);

#endif
