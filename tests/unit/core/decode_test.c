#include "fixture.h"

#define TOPIC "sharewatch/v1/event/LAPD/booking"
#define ENVELOPE                                                                                   \
    "\"specversion\":\"1.0\",\"id\":\"b-1\",\"source\":\"urn:sharewatch:agency:LAPD\","            \
    "\"type\":\"org.sharewatch.booking.booked.v1\",\"time\":\"2026-11-24T10:15:00Z\""
#define WITH_DATA(data) "{" ENVELOPE ",\"data\":" data "}"

static struct sw_map map;
static struct sw_pipeline *pipeline;
static struct sw_event event;

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

static enum sw_status decode(const char *topic, struct sw_text payload,
                             struct sw_rejection *rejection)
{
    *rejection = (struct sw_rejection){0};
    struct sw_packet packet = fixture_packet(topic, payload);
    return sw_pipeline_decode(pipeline, &packet, &event, rejection);
}

struct refusal {
    const char *payload;
    const char *code;
    const char *at; // the value or key it points to: its first occurrence in the payload
    const char *field;
};

static void assert_refused(const char *topic, const struct refusal *wanted)
{
    struct sw_rejection rejection;
    enum sw_status status = decode(topic, sw_text_from(wanted->payload), &rejection);
    const char *at = wanted->at != NULL ? strstr(wanted->payload, wanted->at) : wanted->payload;
    assert_non_null(at);
    if (status == SW_OK || strcmp(rejection.code, wanted->code) != 0) {
        print_error("%s\n  is %s, not %s\n", wanted->payload,
                    status == SW_OK ? "accepted" : rejection.code, wanted->code);
    }
    assert_int_equal(status, SW_MALFORMED);
    assert_string_equal(rejection.code, wanted->code);
    assert_string_equal(rejection.field, wanted->field);
    assert_int_equal(rejection.position, at - wanted->payload);
    assert_true(strlen(sw_refusal_text(rejection.reason)) > 0);
}

static void the_smallest_event_is_accepted(void **state)
{
    (void)state;
    struct sw_rejection rejection;

    assert_int_equal(decode(TOPIC, SW_TEXT(WITH_DATA("{}")), &rejection), SW_OK);

    assert_text_equal(event.id, "b-1");
    assert_text_equal(event.reporter, "LAPD");
    assert_int_equal(event.kind, SW_KIND_BOOKING);
    assert_int_equal(event.action, SW_ACTION_BOOKING_BOOKED);
    assert_true(event.time_ms == event.recorded_ms);
    assert_int_equal(event.sequence, 0);
    assert_text_equal(sw_event_text(&event, SW_FIELD_KIND), "booking");
    assert_text_equal(sw_event_text(&event, SW_FIELD_ACTION), "booked");
    assert_text_equal(sw_event_text(&event, SW_FIELD_REPORTER), "LAPD");
}

static void fields_are_read_by_their_types(void **state)
{
    (void)state;
    struct sw_rejection rejection;
    struct sw_text payload = SW_TEXT(
        WITH_DATA("{\"public_already\":true,\"actor\":{\"agency\":\"LAPD\",\"class\":\"local\","
                  "\"system\":\"JAIL\"},\"data_class\":[\"prints\",\"arrest\"],\"networks\":12,"
                  "\"hit\":false,\"reason\":\"a\\u00e9b\",\"charge_offence\":\"422(a) PC\"}"));

    assert_int_equal(decode(TOPIC, payload, &rejection), SW_OK);

    assert_int_equal(sw_event_code(&event, SW_FIELD_PUBLIC_ALREADY), SW_TRISTATE_TRUE);
    assert_int_equal(sw_event_code(&event, SW_FIELD_ACTOR_CLASS), SW_AGENCY_CLASS_LOCAL);
    assert_text_equal(sw_event_text(&event, SW_FIELD_ACTOR_SYSTEM), "JAIL");
    assert_true(sw_event_has(&event, SW_FIELD_DATA_CLASS, SW_DATA_CLASS_PRINTS));
    assert_true(sw_event_has(&event, SW_FIELD_DATA_CLASS, SW_DATA_CLASS_ARREST));
    assert_int_equal(event.fields[SW_FIELD_NETWORKS].integer, 12);
    assert_int_equal(event.fields[SW_FIELD_HIT].type, SW_VALUE_BOOL);
    assert_text_equal(sw_event_text(&event, SW_FIELD_REASON), "aéb");
}

static void what_json_forbids_is_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"", "json_truncated", NULL, ""},
        {"[]", "wrong_type", NULL, ""},
        {"\"x\"", "wrong_type", NULL, ""},
        {WITH_DATA("{}") "x", "json_trailing", "x", ""},
        {WITH_DATA("{\"reason\":\"\xff\"}"), "utf8", "\xff", ""},
        {WITH_DATA("{\"reason\":\"a\\u0000b\"}"), "json_escape", "\\u0000", ""},
        {WITH_DATA("{\"reason\":\"a\tb\"}"), "json_control", "\t", ""},
        {WITH_DATA("{\"networks\":01}"), "json_syntax", "1}", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(TOPIC, &cases[i]);
    }
}

static void data_beside_the_taxonomy_is_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {WITH_DATA("{\"name\":\"x\"}"), "unknown_field", "\"name\"", "?"},
        {WITH_DATA("{\"subject_tk\":\"x\"}"), "unknown_field", "\"subject_tk\"",
         "subject_tk (subject_tok?)"},
        {WITH_DATA("{\"actor\":{\"agncy\":\"LAPD\"}}"), "unknown_field", "\"agncy\"",
         "actor.agncy (agency?)"},
        {WITH_DATA("{\"actor.agency\":\"LAPD\"}"), "unknown_field", "\"actor.agency\"", "?"},
        {WITH_DATA("{\"late\":true}"), "monitor_field", "\"late\"", "late"},
        {WITH_DATA("{\"flow\":{\"hops\":2}}"), "monitor_field", "\"hops\"", "flow.hops"},
        {WITH_DATA("{\"kind\":\"booking\"}"), "monitor_field", "\"kind\"", "kind"},
        {WITH_DATA("{\"reason\":\"a\",\"hit\":true,\"reason\":\"b\"}"), "duplicate_key",
         "\"reason\":\"b\"", "reason"},
        {WITH_DATA("{\"actor\":{\"class\":\"local\",\"class\":\"county\"}}"), "duplicate_key",
         "\"class\":\"county\"", "actor.class"},
        {WITH_DATA("{\"actor\":{},\"actor\":{}}"), "duplicate_key", "\"actor\":{}}", "actor"},
        {WITH_DATA("{\"actor\":\"LAPD\"}"), "wrong_type", "\"LAPD\"}", "data"},
        {WITH_DATA("{\"hit\":\"true\"}"), "wrong_type", "\"true\"", "hit"},
        {WITH_DATA("{\"hit\":null}"), "wrong_type", "null", "hit"},
        {WITH_DATA("{\"reason\":{}}"), "wrong_type", "{}", "reason"},
        {WITH_DATA("{\"reason\":[\"a\"]}"), "wrong_type", "[", "reason"},
        {WITH_DATA("{\"networks\":1.5}"), "wrong_type", "1.5", "networks"},
        {WITH_DATA("{\"networks\":-1}"), "out_of_range", "-1}", "networks"},
        {WITH_DATA("{\"networks\":100001}"), "out_of_range", "100001", "networks"},
        {WITH_DATA("{\"trigger\":\"accident\"}"), "unknown_value", "\"accident\"", "trigger"},
        {WITH_DATA("{\"trigger\":true}"), "wrong_type", "true}", "trigger"},
        {WITH_DATA("{\"public_already\":\"true\"}"), "wrong_type", "\"true\"", "public_already"},
        {WITH_DATA("{\"public_already\":\"maybe\"}"), "unknown_value", "\"maybe\"",
         "public_already"},
        {WITH_DATA("{\"data_class\":[\"prints\",\"arrest\",\"status\",\"fi_card\",\"prints\"]}"),
         "list_too_long", "\"prints\"]", "data_class"},
        {WITH_DATA("{\"data_class\":[]}"), "list_too_long", "]", "data_class"},
        {WITH_DATA("{\"data_class\":[[\"prints\"]]}"), "wrong_type", "[\"prints\"]]", "data_class"},
        {WITH_DATA("{\"subject_tok\":\"has space\"}"), "wrong_format", "\"has space\"",
         "subject_tok"},
        {WITH_DATA("{\"subject_tok\":\"\"}"), "wrong_format", "\"\"}", "subject_tok"},
        {WITH_DATA("{\"actor\":{\"agency\":\"Lapd\"}}"), "wrong_format", "\"Lapd\"",
         "actor.agency"},
        {WITH_DATA("{\"place\":\"a long name of a place that goes on\"}"), "text_too_long",
         "\"a long", "place"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(TOPIC, &cases[i]);
    }
}

static void personal_data_is_refused_where_none_may_be(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {WITH_DATA("{\"subject_tok\":\"123-45-6789\"}"), "personal_data", "\"123", "subject_tok"},
        {WITH_DATA("{\"subject_tok\":\"A123456789\"}"), "personal_data", "\"A1", "subject_tok"},
        {WITH_DATA("{\"subject_tok\":\"1234567\"}"), "personal_data", "\"1234567", "subject_tok"},
        {WITH_DATA("{\"vehicle_tok\":\"7ABC123\"}"), "personal_data", "\"7ABC", "vehicle_tok"},
        {WITH_DATA("{\"vehicle_tok\":\"ABC1234\"}"), "personal_data", "\"ABC1", "vehicle_tok"},
        {WITH_DATA("{\"chain_id\":\"1990-04-01\"}"), "personal_data", "\"1990", "chain_id"},
        {WITH_DATA("{\"place\":\"123 Main St\"}"), "personal_data", "\"123 Main", "place"},
        {WITH_DATA("{\"case_tok\":\"24123456\"}"), "personal_data", "\"2412", "case_tok"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(TOPIC, &cases[i]);
    }
    struct sw_rejection rejection;
    assert_int_equal(decode(TOPIC,
                            SW_TEXT(WITH_DATA("{\"place\":\"77th Street\",\"vehicle_tok\":"
                                              "\"9f8e7d6c5b4a39281706\",\"subject_tok\":\"s-a\","
                                              "\"chain_id\":\"tcn-2026-11-24-000017\"}")),
                            &rejection),
                     SW_OK);
}

static void envelopes_are_checked(void **state)
{
    (void)state;
#define EVENT(version, id, source, type, time, more)                                               \
    "{\"specversion\":" version ",\"id\":" id ",\"source\":" source ",\"type\":" type              \
    ",\"time\":" time more ",\"data\":{}}"
#define LAPD   "\"urn:sharewatch:agency:LAPD\""
#define BOOKED "\"org.sharewatch.booking.booked.v1\""
#define T1     "\"2026-11-24T10:15:00Z\""
    static const struct refusal cases[] = {
        {EVENT("\"0.3\"", "\"a\"", LAPD, BOOKED, T1, ""), "specversion", "\"0.3\"", "specversion"},
        {EVENT("1.0", "\"a\"", LAPD, BOOKED, T1, ""), "wrong_type", "1.0", "specversion"},
        {EVENT("\"1.0\"", "\"\"", LAPD, BOOKED, T1, ""), "wrong_format", "\"\"", "id"},
        {EVENT("\"1.0\"", "\"a/b\"", LAPD, BOOKED, T1, ""), "wrong_format", "\"a/b\"", "id"},
        {EVENT("\"1.0\"", "\"123-45-6789\"", LAPD, BOOKED, T1, ""), "personal_data", "\"123", "id"},
        {EVENT("\"1.0\"", "\"a\"", "\"LAPD\"", BOOKED, T1, ""), "envelope", "\"LAPD\"", "source"},
        {EVENT("\"1.0\"", "\"a\"", "\"urn:sharewatch:agency:LASD\"", BOOKED, T1, ""),
         "topic_agency", "\"urn:sharewatch:agency:LASD\"", "source"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, "\"booked\"", T1, ""), "envelope", "\"booked\"", "type"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, "\"org.sharewatch.booking.read.v1\"", T1, ""),
         "unknown_value", "\"org", "type"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, "\"org.sharewatch.plate.read.v1\"", T1, ""), "topic_kind",
         "\"org", "type"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, "\"2026-11-24\"", ""), "time", "\"2026", "time"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, "\"1970-01-01T00:00:00Z\"", ""), "time", "\"1970",
         "time"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, "\"2100-01-01T00:00:00Z\"", ""), "time", "\"2100",
         "time"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"recordedtime\":\"now\""), "time",
         "\"now\"", "recordedtime"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"sequence\":17"), "wrong_type", "17",
         "sequence"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"sequence\":\"0\""), "out_of_range",
         "\"0\"", "sequence"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"sequence\":\"x\""), "wrong_format",
         "\"x\"", "sequence"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"sequence\":\"9223372036854775808\""),
         "out_of_range", "\"9223", "sequence"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"traceparent\":\"x\""), "unknown_field",
         "\"traceparent\"", "?"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"id\":\"b\""), "duplicate_key",
         "\"id\":\"b\"", "id"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"datacontenttype\":\"text/xml\""),
         "envelope", "\"text/xml\"", "datacontenttype"},
        {EVENT("\"1.0\"", "\"a\"", LAPD, BOOKED, T1, ",\"swsynthetic\":1"), "wrong_type", "1,\"da",
         "swsynthetic"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(TOPIC, &cases[i]);
    }
}

static void each_required_attribute_is_missed(void **state)
{
    (void)state;
    static const char *const attributes[][2] = {
        {"specversion", "\"specversion\":\"1.0\","},
        {"id", "\"id\":\"b-1\","},
        {"source", "\"source\":\"urn:sharewatch:agency:LAPD\","},
        {"type", "\"type\":\"org.sharewatch.booking.booked.v1\","},
        {"time", ",\"time\":\"2026-11-24T10:15:00Z\""},
        {"data", ",\"data\":{}"},
    };
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        char payload[512] = WITH_DATA("{}");
        char *cut = strstr(payload, attributes[i][1]);
        assert_non_null(cut);
        size_t length = strlen(attributes[i][1]);
        memmove(cut, cut + length, strlen(cut + length) + 1);
        struct sw_rejection rejection;
        assert_int_equal(decode(TOPIC, sw_text_from(payload), &rejection), SW_MALFORMED);
        assert_int_equal(rejection.reason, SW_REFUSAL_ENVELOPE);
        assert_string_equal(rejection.field, attributes[i][0]);
    }
}

static void topics_and_sizes_are_checked(void **state)
{
    (void)state;
    static char large[SW_PACKET_BYTES_MAX + 1];
    struct sw_rejection rejection;
    memset(large, ' ', sizeof(large));
    assert_int_equal(decode(TOPIC, (struct sw_text){large, sizeof(large)}, &rejection),
                     SW_MALFORMED);
    assert_int_equal(rejection.reason, SW_REFUSAL_SIZE);
    assert_int_equal(decode("sharewatch/v1/event/LAPD", SW_TEXT(WITH_DATA("{}")), &rejection),
                     SW_MALFORMED);
    assert_int_equal(rejection.reason, SW_REFUSAL_TOPIC);
}

static void events_must_fit_the_map(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {WITH_DATA("{\"actor\":{\"system\":\"PRISON\"}}"), "unknown_node", "\"PRISON\"",
         "actor.system"},
        {WITH_DATA("{\"recipient\":{\"agency\":\"ICE\",\"class\":\"local\"}}"), "agency_class",
         "\"local\"", "recipient.class"},
        {WITH_DATA("{\"edge\":\"E99\"}"), "unknown_edge", "\"E99\"", "edge"},
        {WITH_DATA("{\"edge\":\"E04\"}"), "unknown_edge", "\"E04\"", "edge"},
        {WITH_DATA("{\"edge\":\"E01\",\"actor\":{\"system\":\"ALPR\"}}"), "unknown_edge", "\"E01\"",
         "edge"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(TOPIC, &cases[i]);
    }
    struct sw_rejection rejection;
    assert_int_equal(
        decode(TOPIC,
               SW_TEXT(WITH_DATA("{\"edge\":\"E01\",\"actor\":{\"agency\":\"SHERIFF-9\""
                                 ",\"class\":\"county\",\"system\":\"JAIL\"}}")),
               &rejection),
        SW_OK);
}

/* A refused packet came all the same: its number is not missing, if it is whose its topic says. */
static void refusals_tell_whose_and_which_they_are(void **state)
{
    (void)state;
#define NUMBERED(source, sequence, data)                                                           \
    "{\"specversion\":\"1.0\",\"time\":\"1970-01-01T00:00:00Z\",\"source\":\"" source              \
    "\",\"sequence\":\"" sequence "\",\"id\":\"a\",\"data\":" data
    static const struct {
        const char *payload;
        uint64_t sequence;
    } cases[] = {
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "0017", "{}}"), 17},
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "17", "{\"a\":[[{\"b\":1}]]}}x"), 17},
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "17", "{\"reason\":\"\xff\"}}"), 17},
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "17", "{"), 17},
        {NUMBERED("urn:sharewatch:agency:LASD:x", "17", "{}}"), 0},
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "x", "{}}"), 0},
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "0", "{}}"), 0},
        {NUMBERED("urn:sharewatch:agency:LAPD:x", "9223372036854775808", "{}}"), 0},
        {"\xef\xbb\xbf" NUMBERED("urn:sharewatch:agency:LAPD:x", "17", "{}}"), 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_rejection rejection;
        assert_int_equal(decode(TOPIC, sw_text_from(cases[i].payload), &rejection), SW_MALFORMED);
        assert_true(rejection.sequence == cases[i].sequence);
        assert_int_equal(rejection.source.length > 0, cases[i].sequence > 0);
    }
}

/* What is stored is what came, but for the free text; and it decodes to the same event. */
static void the_stored_payload_is_scrubbed(void **state)
{
    (void)state;
    struct sw_rejection rejection;
    struct sw_text payload =
        SW_TEXT(WITH_DATA("{ \"hit\" : true, \"reason\":\"plate 7ABC123 \\\"x\\\"\\n\" }"));
    char bytes[1024];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    assert_int_equal(decode(TOPIC, payload, &rejection), SW_OK);
    assert_text_equal(sw_event_text(&event, SW_FIELD_REASON), "plate [plate] \"x\"\n");
    assert_int_equal(event.mask_count, 1);

    struct sw_packet packet = fixture_packet(TOPIC, payload);
    sw_pipeline_write_scrubbed(&packet, &event, &buffer);

    assert_string_equal(bytes,
                        WITH_DATA("{ \"hit\" : true, \"reason\":\"plate [plate] \\\"x\\\"\\n\" }"));
    static char again[1024];
    memcpy(again, bytes, sizeof(again));
    assert_int_equal(decode(TOPIC, sw_text_from(again), &rejection), SW_OK);
    assert_int_equal(event.mask_count, 0);
    assert_text_equal(sw_event_text(&event, SW_FIELD_REASON), "plate [plate] \"x\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_event_is_accepted),
        cmocka_unit_test(fields_are_read_by_their_types),
        cmocka_unit_test(what_json_forbids_is_refused),
        cmocka_unit_test(data_beside_the_taxonomy_is_refused),
        cmocka_unit_test(personal_data_is_refused_where_none_may_be),
        cmocka_unit_test(envelopes_are_checked),
        cmocka_unit_test(each_required_attribute_is_missed),
        cmocka_unit_test(topics_and_sizes_are_checked),
        cmocka_unit_test(events_must_fit_the_map),
        cmocka_unit_test(refusals_tell_whose_and_which_they_are),
        cmocka_unit_test(the_stored_payload_is_scrubbed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
