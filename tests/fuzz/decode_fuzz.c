/* Any bytes as a packet: topic, newline, payload. What is accepted must survive being written and
 * decoded again, must be scrubbed for good, and must be judged without a crash; what names a
 * recipient or takes an edge must have a hop. */
#include <stdlib.h>
#include <string.h>

#include <sharewatch/pipeline.h>
#include <sharewatch/wire.h>

#include "fuzz.h"
#include "small_map.h"

#define NOW_MS      INT64_C(1795687200000)
#define WRITTEN_MAX (8 * SW_PACKET_BYTES_MAX)

static struct sw_map map;
static struct sw_pipeline *pipeline;

static void start(void)
{
    struct sw_report report = {0};
    enum sw_status status = sw_map_parse(&map, "small", sw_text_from(small_map_text), &report);
    SW_ASSERT(status == SW_OK);
    void *memory = calloc(1, sw_pipeline_bytes());
    SW_ASSERT(memory != NULL);
    pipeline = sw_pipeline_init(memory, &(struct sw_pipeline_config){.map = &map});
}

static enum sw_status decode(struct sw_text topic, struct sw_text payload, struct sw_event *event)
{
    struct sw_rejection rejection = {0};
    struct sw_packet packet = {.topic = topic, .payload = payload, .received_ms = NOW_MS};
    enum sw_status status = sw_pipeline_decode(pipeline, &packet, event, &rejection);
    if (status != SW_OK) {
        SW_ASSERT(rejection.reason != SW_REFUSAL_NONE);
        SW_ASSERT(rejection.code != NULL);
        SW_ASSERT(rejection.position <= payload.length);
    }
    return status;
}

/* What is stored of @payload decodes to the same and holds nothing more to mask. */
static void check_scrubbed(struct sw_text topic, struct sw_text payload,
                           const struct sw_event *event)
{
    static char bytes[WRITTEN_MAX];
    static struct sw_event again;
    struct sw_buffer buffer;
    struct sw_packet packet = {.topic = topic, .payload = payload, .received_ms = NOW_MS};
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_pipeline_write_scrubbed(&packet, event, &buffer);
    SW_ASSERT(!buffer.overflowed);
    if (buffer.length <= SW_PACKET_BYTES_MAX) {
        SW_ASSERT(decode(topic, sw_buffer_text(&buffer), &again) == SW_OK);
        SW_ASSERT(again.mask_count == 0);
        SW_ASSERT(sw_text_equal(again.id, event->id));
    }
}

static void check_written(struct sw_text topic, const struct sw_event *event)
{
    static char first[WRITTEN_MAX];
    static char second[WRITTEN_MAX];
    static struct sw_event again;
    struct sw_buffer one;
    struct sw_buffer two;
    sw_buffer_init(&one, first, sizeof(first));
    sw_wire_write_event(event, &one);
    SW_ASSERT(!one.overflowed);
    SW_ASSERT(decode(topic, sw_buffer_text(&one), &again) == SW_OK);
    sw_buffer_init(&two, second, sizeof(second));
    sw_wire_write_event(&again, &two);
    SW_ASSERT(sw_text_equal(sw_buffer_text(&one), sw_buffer_text(&two)));
}

static void check_judged(struct sw_event *event)
{
    static struct sw_outputs outputs;
    bool recipient = sw_event_text(event, SW_FIELD_RECIPIENT_AGENCY).length > 0;
    bool edge = sw_event_text(event, SW_FIELD_EDGE).length > 0;
    sw_pipeline_step(pipeline, event, NOW_MS, &outputs);
    SW_ASSERT(outputs.gap_count <= SW_GAPS_PER_STEP);
    if (event->correction) {
        SW_ASSERT(outputs.judge_parent_again);
        return;
    }
    SW_ASSERT(outputs.has_hop || (!recipient && !edge));
    if (outputs.has_hop && outputs.hop.edge == SW_NONE &&
        sw_event_code(event, SW_FIELD_FLOW_CROSSES) == SW_CROSSES_DIRECT) {
        SW_ASSERT(outputs.hop.verdict != SW_VERDICT_NONE);
    }
    SW_ASSERT(!outputs.has_alert || outputs.alert.repeated || outputs.alert.sentence[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct sw_event event;
    if (pipeline == NULL) {
        start();
    }
    const char *text = (const char *)bytes;
    const char *newline = length > 0 ? memchr(text, '\n', length) : NULL;
    size_t topic_length = newline != NULL ? (size_t)(newline - text) : 0;
    size_t skipped = newline != NULL ? topic_length + 1 : 0;
    struct sw_text topic = {text, (uint32_t)topic_length};
    struct sw_text payload = {text + skipped, (uint32_t)(length - skipped)};
    if (decode(topic, payload, &event) == SW_OK) {
        check_scrubbed(topic, payload, &event);
        check_written(topic, &event);
        check_judged(&event);
    }
    return 0;
}
