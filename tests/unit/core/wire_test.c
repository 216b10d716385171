#include "fixture.h"

#include <sharewatch/taxonomy.h>

static struct sw_map map;
static struct sw_pipeline *pipeline;

static int set_up(void **state)
{
    (void)state;
    fixture_map(&map, small_map_text);
    pipeline = fixture_pipeline(&map, (struct sw_rules){0});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(pipeline);
    sw_map_free(&map);
    return 0;
}

/* A value that any field of the taxonomy that a sender may fill in accepts. */
static void fill_scalar(struct sw_value *value, enum sw_field field, uint32_t turn)
{
    const struct sw_field_info *info = sw_field_info(field);
    *value = (struct sw_value){.type = SW_VALUE_TEXT};
    switch (info->type) {
    case SW_TYPE_ENUM:
        value->code = (uint16_t)(1 + turn % info->values->value_count);
        value->text = sw_text_from(info->values->values[value->code]);
        break;
    case SW_TYPE_BOOL:
        *value = (struct sw_value){.type = SW_VALUE_BOOL, .boolean = turn % 2 == 0};
        break;
    case SW_TYPE_INTEGER:
        *value = (struct sw_value){.type = SW_VALUE_INTEGER,
                                   .integer = turn % 2 == 0 ? info->min : info->max};
        break;
    case SW_TYPE_TOKEN:
        value->text = SW_TEXT("tok:a_1.b-2");
        break;
    case SW_TYPE_AGENCY:
        value->text = SW_TEXT("POLICE-14");
        break;
    case SW_TYPE_NODE:
        value->text = SW_TEXT("JAIL");
        break;
    case SW_TYPE_TEXT:
        value->text = SW_TEXT("\"two\nlines\", a back\\slash, é and 😀");
        break;
    case SW_TYPE_WORD:
        value->text = SW_TEXT("422(a) PC");
        break;
    }
}

static void fill_event(struct sw_event *event, uint32_t turn)
{
    *event = (struct sw_event){
        .id = SW_TEXT("b-17"),
        .source = SW_TEXT("urn:sharewatch:agency:LAPD:jail-1"),
        .reporter = SW_TEXT("LAPD"),
        .kind = SW_KIND_BOOKING,
        .action = SW_ACTION_BOOKING_BOOKED,
        .time_ms = NOW_MS - 90061,
        .recorded_ms = NOW_MS - 5,
        .sequence = UINT64_C(9223372036854775807),
        .parent = SW_TEXT("b-16"),
        .correction = turn % 2 == 0,
        .synthetic = turn % 3 == 0,
    };
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        const struct sw_field_info *info = sw_field_info((enum sw_field)field);
        bool skipped = turn > 0 && ((uint32_t)field + turn) % 3 == 0;
        if (info->by != SW_BY_SENDER || field == SW_FIELD_EDGE || skipped) {
            continue;
        }
        struct sw_value *value = &event->fields[field];
        if (info->list_max > 1 && turn % 2 == 1) {
            struct sw_value *items = &event->items[event->item_count];
            fill_scalar(&items[0], (enum sw_field)field, turn);
            fill_scalar(&items[1], (enum sw_field)field, turn + 1);
            event->item_count += 2;
            *value = (struct sw_value){.type = SW_VALUE_LIST, .count = 2, .items = items};
        } else {
            fill_scalar(value, (enum sw_field)field, turn);
        }
    }
}

static void assert_same_value(const struct sw_value *a, const struct sw_value *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->code, b->code);
    switch ((enum sw_value_type)a->type) {
    case SW_VALUE_BOOL:
        assert_int_equal(a->boolean, b->boolean);
        break;
    case SW_VALUE_INTEGER:
        assert_true(a->integer == b->integer);
        break;
    case SW_VALUE_TEXT:
        assert_true(sw_text_equal(a->text, b->text));
        break;
    case SW_VALUE_LIST:
        assert_int_equal(a->count, b->count);
        for (uint32_t i = 0; i < a->count; i++) {
            assert_same_value(&a->items[i], &b->items[i]);
        }
        break;
    case SW_VALUE_MISSING:
    case SW_VALUE_NULL:
    case SW_VALUE_REAL:
        break;
    }
}

static void assert_same_event(const struct sw_event *a, const struct sw_event *b)
{
    assert_true(sw_text_equal(a->id, b->id));
    assert_true(sw_text_equal(a->source, b->source));
    assert_true(sw_text_equal(a->reporter, b->reporter));
    assert_true(sw_text_equal(a->parent, b->parent));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->action, b->action);
    assert_true(a->time_ms == b->time_ms && a->recorded_ms == b->recorded_ms);
    assert_true(a->sequence == b->sequence);
    assert_int_equal(a->correction, b->correction);
    assert_int_equal(a->synthetic, b->synthetic);
    for (int field = 0; field < SW_FIELD_COUNT; field++) {
        if (sw_field_info((enum sw_field)field)->by == SW_BY_SENDER) {
            assert_same_value(&a->fields[field], &b->fields[field]);
        }
    }
}

static void what_is_written_decodes_to_the_same_event(void **state)
{
    (void)state;
    for (uint32_t turn = 0; turn < 24; turn++) {
        static struct sw_event event;
        static struct sw_event decoded;
        static char bytes[SW_PACKET_BYTES_MAX];
        char topic[SW_TOPIC_BYTES_MAX];
        struct sw_buffer buffer;
        struct sw_rejection rejection = {0};
        fill_event(&event, turn);
        sw_buffer_init(&buffer, topic, sizeof(topic));
        sw_wire_event_topic(&event, &buffer);
        assert_string_equal(topic, "sharewatch/v1/event/LAPD/booking");

        sw_buffer_init(&buffer, bytes, sizeof(bytes));
        sw_wire_write_event(&event, &buffer);
        assert_false(buffer.overflowed);
        struct sw_packet packet = fixture_packet(topic, sw_buffer_text(&buffer));
        enum sw_status status = sw_pipeline_decode(pipeline, &packet, &decoded, &rejection);

        if (status != SW_OK) {
            print_error("%s: %s %s at %u\n", bytes, rejection.code, rejection.field,
                        rejection.position);
        }
        assert_int_equal(status, SW_OK);
        assert_same_event(&event, &decoded);
        assert_int_equal(decoded.mask_count, 0);
    }
}

static void an_event_that_does_not_fit_is_seen(void **state)
{
    (void)state;
    static struct sw_event event;
    char bytes[64];
    struct sw_buffer buffer;
    fill_event(&event, 0);
    sw_buffer_init(&buffer, bytes, sizeof(bytes));

    sw_wire_write_event(&event, &buffer);

    assert_true(buffer.overflowed);
}

static void topics_are_taken_apart(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "sharewatch/v1/event",
        "sharewatch/v1/event/",
        "sharewatch/v1/event/LAPD",
        "sharewatch/v1/event/LAPD/",
        "sharewatch/v1/event//booking",
        "sharewatch/v1/event/LAPD/booking/x",
        "sharewatch/v2/event/LAPD/booking",
    };
    struct sw_text agency;
    struct sw_text kind;
    assert_int_equal(
        sw_wire_parse_event_topic(SW_TEXT("sharewatch/v1/event/LAPD/booking"), &agency, &kind),
        SW_OK);
    assert_text_equal(agency, "LAPD");
    assert_text_equal(kind, "booking");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sw_wire_parse_event_topic(sw_text_from(wrong[i]), &agency, &kind),
                         SW_MALFORMED);
    }
}

static void sources_are_taken_apart(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "urn:sharewatch:agency:",
        "urn:sharewatch:agency:lapd",
        "urn:sharewatch:agency:LAPD:",
        "urn:sharewatch:agency:LAPD/x",
        "urn:sharewatch:agency:LAPD:a/b",
        "urn:sharewatch:agency:LAPD:a+b",
        "urn:sharewatch:system:LAPD",
    };
    struct sw_text agency;
    assert_int_equal(sw_wire_parse_source(SW_TEXT("urn:sharewatch:agency:LAPD"), &agency), SW_OK);
    assert_text_equal(agency, "LAPD");
    assert_int_equal(
        sw_wire_parse_source(SW_TEXT("urn:sharewatch:agency:OOS-TX:sim-a-1:x"), &agency), SW_OK);
    assert_text_equal(agency, "OOS-TX");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sw_wire_parse_source(sw_text_from(wrong[i]), &agency), SW_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_decodes_to_the_same_event),
        cmocka_unit_test(an_event_that_does_not_fit_is_seen),
        cmocka_unit_test(topics_are_taken_apart),
        cmocka_unit_test(sources_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
