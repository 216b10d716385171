#include "packets.h"

#include <string.h>

static uint16_t read_16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static size_t write_16(uint8_t *bytes, size_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return 2;
}

static size_t write_text(uint8_t *bytes, const char *text)
{
    size_t length = strlen(text);
    uint8_t *place = bytes + write_16(bytes, length);
    for (size_t i = 0; i < length; i++) {
        place[i] = (uint8_t)text[i];
    }
    return length + 2;
}

/* Section 2.2.3: seven bits a byte, at most four bytes. */
static size_t write_header(uint8_t *bytes, uint8_t first, size_t remaining)
{
    size_t count = 0;
    bytes[count++] = first;
    do {
        uint8_t digit = (uint8_t)(remaining & 0x7f);
        remaining >>= 7;
        bytes[count++] = (uint8_t)(digit | (remaining > 0 ? 0x80 : 0));
    } while (remaining > 0);
    return count;
}

bool packet_read(const uint8_t *bytes, size_t length, struct packet *packet)
{
    size_t remaining = 0;
    size_t count = 1;
    for (unsigned shift = 0;; shift += 7, count++) {
        if (count >= length || shift > 21) {
            return false;
        }
        remaining |= (size_t)(bytes[count] & 0x7f) << shift;
        if ((bytes[count] & 0x80) == 0) {
            count++;
            break;
        }
    }
    *packet = (struct packet){.type = (uint8_t)(bytes[0] >> 4),
                              .flags = bytes[0] & 0x0f,
                              .body = bytes + count,
                              .body_bytes = remaining,
                              .bytes = count + remaining};
    return packet->bytes <= length;
}

bool packet_read_publish(const struct packet *packet, struct publish *publish)
{
    size_t identifier_bytes = (packet->flags & 6) != 0 ? 2 : 0;
    size_t topic_bytes = packet->body_bytes >= 2 ? read_16(packet->body) : 0;
    size_t head = 2 + topic_bytes + identifier_bytes;
    if (packet->body_bytes < head) {
        return false;
    }
    *publish = (struct publish){
        .topic = (const char *)packet->body + 2,
        .topic_bytes = topic_bytes,
        .payload = (const char *)packet->body + head,
        .payload_bytes = packet->body_bytes - head,
        .identifier = identifier_bytes > 0 ? read_16(packet->body + 2 + topic_bytes) : 0};
    return true;
}

size_t packet_write_publish(uint8_t *bytes, const char *topic, const char *payload,
                            size_t payload_bytes, uint16_t identifier)
{
    size_t count = write_header(bytes, PACKET_PUBLISH << 4 | 2, 4 + strlen(topic) + payload_bytes);
    count += write_text(bytes + count, topic);
    count += write_16(bytes + count, identifier);
    memcpy(bytes + count, payload, payload_bytes);
    return count + payload_bytes;
}

size_t packet_write_short(uint8_t *bytes, uint8_t type, uint16_t identifier)
{
    bool has_identifier = type == PACKET_PUBACK || type == PACKET_CONNACK;
    size_t count = write_header(bytes, (uint8_t)(type << 4), has_identifier ? 2 : 0);
    return has_identifier ? count + write_16(bytes + count, identifier) : count;
}

size_t packet_write_connect(uint8_t *bytes, const char *client_id)
{
    uint8_t *body = bytes + 2;
    size_t count = write_text(body, "MQTT");
    body[count++] = 4; // the protocol's level
    body[count++] = 2; // clean session
    count += write_16(body + count, 0);
    count += write_text(body + count, client_id);
    (void)write_header(bytes, PACKET_CONNECT << 4, count); // two bytes, as a name is short
    return count + 2;
}

size_t packet_write_subscribe(uint8_t *bytes, uint16_t identifier, const char *topic)
{
    size_t count = write_header(bytes, PACKET_SUBSCRIBE << 4 | 2, 2 + 2 + strlen(topic) + 1);
    count += write_16(bytes + count, identifier);
    count += write_text(bytes + count, topic);
    bytes[count++] = 1;
    return count;
}

size_t packet_write_suback(uint8_t *bytes, const struct packet *subscribe)
{
    size_t topics = 0;
    for (size_t at = 2; at + 2 < subscribe->body_bytes; topics++) {
        at += 2 + (size_t)read_16(subscribe->body + at) + 1;
    }
    size_t count = write_header(bytes, PACKET_SUBACK << 4, 2 + topics);
    count += write_16(bytes + count, read_16(subscribe->body));
    memset(bytes + count, 1, topics);
    return count + topics;
}
