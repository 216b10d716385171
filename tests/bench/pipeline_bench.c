/* What one event costs in the pipeline alone: `pipeline_bench [EVENTS]`.
 *
 * Events of the kinds that a deployment sees most, about 450 bytes each, with ids, tokens and
 * numbers that differ, against the map of Los Angeles and without rules. Prints nanoseconds an
 * event for writing, decoding and stepping, each the least of several rounds: the machine is never
 * quiet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sharewatch/diagnostic.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/policy.h>
#include <sharewatch/wire.h>

#define EVENTS_DEFAULT 200000
#define ROUNDS         5
#define KINDS          6
#define PAYLOAD_BYTES  640
#define NOW_MS         INT64_C(1795687200000)

static const struct {
    const char *topic;
    const char *parts[4]; // of the payload, with a number between each two
} samples[KINDS] = {
    {"sharewatch/v1/event/LAPD/plate",
     {"{\"specversion\":\"1.0\",\"id\":\"r-",
      "\",\"source\":\"urn:sharewatch:agency:LAPD:sim-"
      "bench\","
      "\"type\":\"org.sharewatch.plate.read.v1\",\"time\":\"2026-11-24T10:15:00.000Z\","
      "\"sequence\":"
      "\"",
      "\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"LAPD\",\"class\":\"local\","
      "\"role\":\"system\",\"system\":\"LAPD-READER\"},\"data_class\":\"alpr_read\",\"hit\":false,"
      "\"place\":\"Central division\",\"recipient\":{\"agency\":\"LAPD\",\"class\":\"local\","
      "\"system\":\"LAPD-ALPR\"},\"trigger\":\"automation\",\"vehicle_tok\":\"v-",
      "\"}}"}},
    {"sharewatch/v1/event/LAPD/plate",
     {"{\"specversion\":\"1.0\",\"id\":\"q-",
      "\",\"source\":\"urn:sharewatch:agency:LAPD:sim-"
      "bench\","
      "\"type\":\"org.sharewatch.plate.search.v1\",\"time\":\"2026-11-24T10:15:00.000Z\","
      "\"sequence\":"
      "\"",
      "\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"SISTER\",\"class\":"
      "\"local\","
      "\"system\":\"LAPD-ALPR\"},\"agreement_id\":\"agreement-7\",\"data_class\":"
      "\"alpr_search_result\",\"networks\":347,\"reason\":\"robbery investigation, follow up\","
      "\"recipient\":{\"agency\":\"SISTER\",\"system\":\"SISTER\"},\"vehicle_tok\":\"v-",
      "\"}}"}},
    {"sharewatch/v1/event/LAPD/booking",
     {"{\"specversion\":\"1.0\",\"id\":\"b-",
      "\",\"source\":\"urn:sharewatch:agency:LAPD:sim-"
      "bench\","
      "\"type\":\"org.sharewatch.booking.booked.v1\",\"time\":\"2026-11-24T10:15:00.000Z\","
      "\"sequence\":"
      "\"",
      "\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"LAPD\",\"class\":\"local\","
      "\"role\":\"jail_clerk\",\"system\":\"LAPD-JAIL\"},\"charge_class\":\"wobbler\","
      "\"charge_offence\":\"422(a) PC\",\"custody_state\":\"booked\",\"data_class\":[\"prints\","
      "\"demographics\"],\"subject_tok\":\"p-",
      "\",\"trigger\":\"automation\"}}"}},
    {"sharewatch/v1/event/FBI/fingerprint",
     {"{\"specversion\":\"1.0\",\"id\":\"f-",
      "\",\"source\":\"urn:sharewatch:agency:FBI:sim-"
      "bench\","
      "\"type\":\"org.sharewatch.fingerprint.searched.v1\",\"time\":\"2026-11-24T10:15:00.000Z\","
      "\"sequence\":\"",
      "\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"FBI\","
      "\"class\":"
      "\"fed_nonimm\",\"role\":\"system\",\"system\":\"NGI\"},\"data_class\":\"prints\","
      "\"recipient\":"
      "{\"agency\":\"DHS-OBIM\",\"class\":\"fed_imm\",\"system\":\"IDENT\"},\"subject_tok\":"
      "\"p-",
      "\",\"tot\":\"CAR\",\"trigger\":\"automation\"}}"}},
    {"sharewatch/v1/event/LAPD/stop",
     {"{\"specversion\":\"1.0\",\"id\":\"s-",
      "\",\"source\":\"urn:sharewatch:agency:LAPD:sim-"
      "bench\","
      "\"type\":\"org.sharewatch.stop.stopped.v1\",\"time\":\"2026-11-24T10:15:00.000Z\","
      "\"sequence\":"
      "\"",
      "\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"LAPD\",\"class\":\"local\","
      "\"role\":\"patrol_officer\",\"system\":\"LAPD-STAFF\"},\"data_class\":\"stop_record\","
      "\"place\":\"77th Street\",\"recipient\":{\"system\":\"SDCS\"},\"stop_result\":[\"warning\"],"
      "\"subject_tok\":\"p-",
      "\",\"trigger\":\"officer_initiated\"}}"}},
    {"sharewatch/v1/event/LAPD/notice",
     {"{\"specversion\":\"1.0\",\"id\":\"n-",
      "\",\"source\":\"urn:sharewatch:agency:LAPD:sim-"
      "bench\","
      "\"type\":\"org.sharewatch.notice.answered.v1\",\"time\":\"2026-11-24T10:15:00.000Z\","
      "\"sequence\":"
      "\"",
      "\",\"swsynthetic\":true,\"data\":{\"actor\":{\"agency\":\"LAPD\",\"class\":\"local\","
      "\"system\":\"LAPD-JAIL\"},\"data_class\":\"release_time\",\"instrument\":\"I-247A\","
      "\"public_already\":false,\"purpose_code\":\"immigration\",\"recipient\":{\"agency\":\"ICE\","
      "\"class\":\"fed_imm\",\"system\":\"ERO-LA\"},\"subject_tok\":\"p-",
      "\"}}"}},
};

static uint64_t now_ns(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void fail(const char *what)
{
    (void)fprintf(stderr, "pipeline_bench: %s\n", what);
    exit(EXIT_FAILURE);
}

struct bench {
    uint32_t count;
    char *payloads; // [count * PAYLOAD_BYTES]
    uint64_t bytes; // of all payloads
    struct sw_map map;
    struct sw_pipeline_config config;
    void *memory;
};

static void prepare(struct bench *bench, uint32_t count)
{
    struct sw_report report = {0};
    if (sw_map_open(&bench->map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report) !=
        SW_OK) {
        sw_report_print(&report, stderr);
        fail("the map does not load");
    }
    sw_report_free(&report);
    bench->count = count;
    bench->payloads = calloc(count, PAYLOAD_BYTES);
    bench->memory = malloc(sw_pipeline_bytes());
    if (bench->payloads == NULL || bench->memory == NULL) {
        fail("no memory");
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = i / KINDS + 1;
        int length = snprintf(bench->payloads + (size_t)i * PAYLOAD_BYTES, PAYLOAD_BYTES,
                              "%s%09u%s%020u%s%016u%s", samples[i % KINDS].parts[0], i,
                              samples[i % KINDS].parts[1], number, samples[i % KINDS].parts[2],
                              i / 7, samples[i % KINDS].parts[3]);
        if (length >= PAYLOAD_BYTES) {
            fail("a payload is cut");
        }
        bench->bytes += (uint64_t)length;
    }
}

struct figures {
    double decode_ns, step_ns, write_ns;
    uint32_t alerts;
};

/* One round over all events; the sequence numbers of the sources are not in order, as they mix. */
static void run(struct bench *bench, struct sw_rules rules, struct figures *least)
{
    static struct sw_event event;
    static struct sw_outputs outputs;
    static char written[SW_PACKET_BYTES_MAX];
    uint64_t decode_ns = 0;
    uint64_t step_ns = 0;
    uint64_t write_ns = 0;
    uint32_t alerts = 0;
    memset(bench->memory, 0, sw_pipeline_bytes());
    bench->config = (struct sw_pipeline_config){.map = &bench->map, .rules = rules};
    struct sw_pipeline *pipeline = sw_pipeline_init(bench->memory, &bench->config);
    for (uint32_t i = 0; i < bench->count; i++) {
        struct sw_packet packet = {.topic = sw_text_from(samples[i % KINDS].topic),
                                   .payload =
                                       sw_text_from(bench->payloads + (size_t)i * PAYLOAD_BYTES),
                                   .received_ms = NOW_MS};
        struct sw_rejection rejection;
        uint64_t before = now_ns();
        if (sw_pipeline_decode(pipeline, &packet, &event, &rejection) != SW_OK) {
            (void)fprintf(stderr, "%s %s\n", rejection.code, rejection.field);
            fail("an event is refused");
        }
        uint64_t decoded = now_ns();
        struct sw_buffer buffer;
        sw_buffer_init(&buffer, written, sizeof(written));
        sw_wire_write_event(&event, &buffer);
        uint64_t wrote = now_ns();
        sw_pipeline_step(pipeline, &event, NOW_MS, &outputs);
        uint64_t stepped = now_ns();
        alerts += outputs.has_alert ? 1 : 0;
        decode_ns += decoded - before;
        write_ns += wrote - decoded;
        step_ns += stepped - wrote;
    }

    double count = bench->count;
    double decode = (double)decode_ns / count;
    double step = (double)step_ns / count;
    double write = (double)write_ns / count;
    bool first = least->alerts == 0;
    least->decode_ns = first || decode < least->decode_ns ? decode : least->decode_ns;
    least->step_ns = first || step < least->step_ns ? step : least->step_ns;
    least->write_ns = first || write < least->write_ns ? write : least->write_ns;
    least->alerts = alerts;
}

static struct figures measure(struct bench *bench, struct sw_rules rules)
{
    struct figures least = {0};
    for (int round = 0; round < ROUNDS; round++) {
        run(bench, rules, &least);
    }
    return least;
}

static struct sw_policy *open_policy(void)
{
    static const char *const packs[] = {SW_SOURCE_DIR "/monitor/policies/ca-state",
                                        SW_SOURCE_DIR "/monitor/policies/la-city-2024"};
    struct sw_policy *policy = NULL;
    struct sw_report report = {0};
    struct sw_policy_options options = {0};
    if (sw_policy_open(&policy, packs, 2, &options, &report) != SW_OK) {
        sw_report_print(&report, stderr);
        fail("the packs do not load");
    }
    sw_report_free(&report);
    return policy;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : EVENTS_DEFAULT;
    if (count == 0) {
        fail("EVENTS is a number above 0");
    }
    prepare(&bench, count);
    struct figures bare = measure(&bench, (struct sw_rules){0});
    struct sw_policy *policy = open_policy();
    struct sw_scratch *scratch = sw_scratch_open(policy);
    struct sw_rules rules = sw_policy_rules(policy, scratch);
    struct figures ruled = measure(&bench, rules);
    (void)printf("%u events of %llu bytes on average, %zu bytes of state\n", count,
                 (unsigned long long)(bench.bytes / count), sw_pipeline_bytes());
    (void)printf("decode %.0f ns, step %.0f ns, together %.0f ns; write %.0f ns\n", bare.decode_ns,
                 bare.step_ns, bare.decode_ns + bare.step_ns, bare.write_ns);
    (void)printf("with %u rules: step %.0f ns, together %.0f ns; alerts of %u events\n",
                 rules.count, ruled.step_ns, ruled.decode_ns + ruled.step_ns, ruled.alerts);
    sw_scratch_close(scratch);
    sw_policy_close(policy);
    free(bench.payloads);
    free(bench.memory);
    sw_map_free(&bench.map);
    return EXIT_SUCCESS;
}
