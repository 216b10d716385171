#include <sw_test.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sharewatch/event.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/time.h>

#include "import.h"

#define DATA       SW_SOURCE_DIR "/tests/data/flock/"
#define EVENTS_MAX 64

static struct sw_map map;
static struct sw_pipeline *pipeline;
static struct sw_import import;

/* Keeps every event that came, decoded as the monitor would. */
static struct {
    char payloads[EVENTS_MAX][2048];
    struct sw_event events[EVENTS_MAX];
    uint32_t count;
    uint32_t evidence;
    uint32_t quarantined;
    char codes[EVENTS_MAX][24];
} got;

static enum sw_status take(void *context, struct sw_text topic, struct sw_text payload,
                           struct sw_import_answer *answer)
{
    (void)context;
    assert_true(got.count < EVENTS_MAX);
    assert_true(payload.length < sizeof(got.payloads[0]));
    memcpy(got.payloads[got.count], payload.bytes, payload.length);
    got.payloads[got.count][payload.length] = '\0';
    struct sw_packet packet = {.topic = topic,
                               .payload = {got.payloads[got.count], payload.length},
                               .received_ms = INT64_C(1790000000000)};
    struct sw_rejection rejection = {0};
    enum sw_status status =
        sw_pipeline_decode(pipeline, &packet, &got.events[got.count], &rejection);
    if (status != SW_OK) {
        print_error("%s %s at %u: %s\n", rejection.code, rejection.field, rejection.position,
                    got.payloads[got.count]);
    }
    assert_int_equal(status, SW_OK);
    answer->event_row = ++got.count;
    return SW_OK;
}

static void begin_file(void *context, const struct sw_import_file *file)
{
    (void)context;
    assert_int_equal(file->skipped, SW_IMPORT_READ);
}

static void add_evidence(void *context, uint64_t row, uint64_t line, int64_t event_row,
                         uint32_t masks)
{
    (void)context;
    (void)masks;
    assert_true(row >= 2 && line >= row && event_row >= 1);
    got.evidence++;
}

static void quarantine(void *context, const struct sw_import_file *file,
                       const struct sw_import_row *row, const char *code)
{
    (void)context;
    assert_true(row->offset + row->bytes <= file->bytes);
    assert_true(got.quarantined < EVENTS_MAX);
    (void)snprintf(got.codes[got.quarantined++], sizeof(got.codes[0]), "%s", code);
}

static enum sw_status commit(void *context)
{
    (void)context;
    return SW_OK;
}

static const struct sw_import_sink sink = {.take = take,
                                           .begin_file = begin_file,
                                           .add_evidence = add_evidence,
                                           .quarantine = quarantine,
                                           .commit = commit};

static int open_all(void **state)
{
    (void)state;
    struct sw_report report = {0};
    if (sw_map_open(&map, SW_SOURCE_DIR "/monitor/maps/los-angeles.yaml", &report) != SW_OK) {
        sw_report_print(&report, stderr);
        return -1;
    }
    pipeline =
        sw_pipeline_init(calloc(1, sw_pipeline_bytes()), &(struct sw_pipeline_config){.map = &map});
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    free(pipeline);
    sw_map_free(&map);
    return 0;
}

static int open_import(void **state)
{
    (void)state;
    memset(&got, 0, sizeof(got));
    return sw_import_open(&import, &map, &sink, 100000) == SW_OK ? 0 : -1;
}

static int close_import(void **state)
{
    (void)state;
    sw_import_close(&import);
    return 0;
}

static void import_file(const char *name, const char *agency)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : DATA, name);
    assert_int_equal(sw_import_file(&import, path, sw_text_from(agency)), SW_OK);
}

static void import_bytes(const char *bytes, size_t count, const char *agency)
{
    char path[] = "/tmp/sharewatch-import-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, count), (ssize_t)count);
    assert_int_equal(close(descriptor), 0);
    import_file(path, agency);
    assert_int_equal(unlink(path), 0);
}

static void import_text(const char *text, const char *agency)
{
    import_bytes(text, strlen(text), agency);
}

/* The event of the search whose payload holds @text. */
static const struct sw_event *event_with(const char *text)
{
    for (uint32_t i = 0; i < got.count; i++) {
        if (strstr(got.payloads[i], text) != NULL) {
            return &got.events[i];
        }
    }
    fail_msg("no event with %s", text);
    return NULL;
}

static void makes_one_event_of_each_search(void **state)
{
    (void)state;
    import_file("network_13.csv", "LAPD");
    assert_int_equal(import.counts.rows, 10);
    assert_int_equal(import.counts.searches, 10);
    assert_int_equal(import.counts.quarantined, 0);
    assert_int_equal(got.count, 10);
    assert_int_equal(got.evidence, 10);
    assert_int_equal(import.files[0].kind, SW_FLOCK_NETWORK);

    const struct sw_event *own = event_with("ICE hold");
    assert_text_equal(sw_event_text(own, SW_FIELD_ACTOR_AGENCY), "LAPD");
    assert_text_equal(sw_event_text(own, SW_FIELD_RECIPIENT_AGENCY), "");
    assert_text_equal(own->source, "urn:sharewatch:agency:FLOCK:import-audit");
    assert_false(own->synthetic);

    const struct sw_event *outside = event_with("\"immigration\"");
    assert_text_equal(sw_event_text(outside, SW_FIELD_RECIPIENT_AGENCY), "HOUSTON-TX-PD");
    assert_int_equal(sw_event_code(outside, SW_FIELD_RECIPIENT_CLASS), SW_AGENCY_CLASS_OOS);
    assert_text_equal(sw_event_text(outside, SW_FIELD_EDGE), "E24");
    assert_text_equal(sw_event_text(outside, SW_FIELD_ACTOR_SYSTEM), "FLOCK");
    char time[SW_TIME_BYTES];
    sw_time_format(outside->time_ms, time);
    assert_string_equal(time, "2025-03-08T23:30:00.000Z");

    const struct sw_event *inside = event_with("\"investigation\"");
    assert_text_equal(sw_event_text(inside, SW_FIELD_ACTOR_AGENCY), "OAKLAND-CA-PD");
    assert_text_equal(sw_event_text(inside, SW_FIELD_RECIPIENT_AGENCY), "");

    const struct sw_event *unknown = event_with("METRO-TASK-GROUP");
    assert_text_equal(sw_event_text(unknown, SW_FIELD_RECIPIENT_AGENCY), "METRO-TASK-GROUP");
    assert_int_equal(sw_event_code(unknown, SW_FIELD_RECIPIENT_CLASS), 0);
}

/* Nothing of a person leaves the import: not in an event, not in the report. */
static void scrubs_before_anything_is_made_of_a_row(void **state)
{
    (void)state;
    char *report = NULL;
    size_t size = 0;
    import_file("network_13.csv", "LAPD");
    import_file("events.csv", "LAPD");
    FILE *stream = open_memstream(&report, &size);
    sw_import_print(&import, stream);
    sw_import_print_json(&import, stream);
    assert_int_equal(fclose(stream), 0);
    const struct sw_event *event = event_with("SAN-DIEGO-COUNTY-CA-SO");
    assert_text_equal(sw_event_text(event, SW_FIELD_REASON),
                      "stolen [plate] DOB [date] call [phone]");
    assert_int_equal(import.counts.scrubbed, 1);
    static const char *const secrets[] = {"7ABC123", "01/31/1990", "555-0100", "25-012345"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        assert_null(strstr(report, secrets[i]));
        for (uint32_t k = 0; k < got.count; k++) {
            assert_null(strstr(got.payloads[k], secrets[i]));
        }
    }
    free(report);
}

static void counts_searches_and_not_rows(void **state)
{
    (void)state;
    import_file("network_13.csv", "LAPD");
    import_file("network_8.csv", "Oakland CA PD");
    import_file("network_11.csv", "Fresno CA PD");
    import_file("network_5.csv", "San Diego CA PD");
    assert_int_equal(import.counts.rows, 10 + 8 + 10 + 6);
    assert_int_equal(import.counts.searches, 10);
    assert_int_equal(import.counts.duplicates, 24);
    assert_int_equal(import.files[1].duplicates, 8);
    assert_int_equal(import.files[3].duplicates, 6);
    assert_int_equal(got.evidence, 34);
    assert_int_equal(import.counts.quarantined, 0);
}

/* An agency's own log implies whose it is; the network audit names it in another way. */
static void links_an_own_log_and_a_network_audit(void **state)
{
    (void)state;
    import_file("network_13.csv", "LAPD");
    import_file("own_split.csv", "LAPD");
    assert_int_equal(import.files[1].duplicates, 1);
    assert_int_equal(import.counts.searches, 12);
}

/* The order of files must not matter for what is known in the end. */
static void links_logs_in_any_order(void **state)
{
    (void)state;
    import_file("network_5.csv", "San Diego CA PD");
    import_file("network_11.csv", "Fresno CA PD");
    import_file("network_8.csv", "Oakland CA PD");
    import_file("network_13.csv", "LAPD");
    assert_int_equal(import.counts.searches, 10);
    assert_int_equal(import.counts.names_immigration, 3);
}

/* One log masks what another one shows. */
static void corrects_a_search_by_a_copy_that_says_more(void **state)
{
    (void)state;
    import_file("network_13.csv", "LAPD");
    assert_int_equal(import.counts.names_immigration, 2);
    assert_int_equal(import.counts.reason_state[SW_CELL_EMPTY], 1);
    uint32_t before = got.count;
    import_file("network_11.csv", "Fresno CA PD");
    assert_int_equal(import.counts.corrections, 2);
    assert_int_equal(got.count, before + 2);
    assert_int_equal(import.counts.names_immigration, 3); // "investigation" was an ICE detainer
    assert_int_equal(import.counts.reason_state[SW_CELL_EMPTY], 0);
    const struct sw_event *correction = event_with("ICE detainer");
    assert_true(correction->correction);
    const struct sw_event *parent = event_with("OAKLAND-CA-PD");
    assert_int_equal(correction->parent.length, parent->id.length);
    assert_memory_equal(correction->parent.bytes, parent->id.bytes, parent->id.length);
    assert_true(import.counts.reasons_differ > 0);
}

static void reports_what_cannot_be_assessed(void **state)
{
    (void)state;
    import_file("portal.csv", "LAPD");
    assert_int_equal(import.files[0].kind, SW_FLOCK_PORTAL);
    assert_int_equal(import.counts.searches, 5);
    assert_int_equal(import.counts.names_immigration, 1); // ero
    assert_int_equal(import.counts.not_assessable, 2);    // vague, masked
    assert_int_equal(import.counts.reason_state[SW_CELL_REDACTED], 1);
    assert_int_equal(import.counts.reason_quality[SW_REASON_QUALITY_VAGUE], 1);
    import_file("network_5.csv", "LAPD");
    assert_int_equal(import.counts.searches, 11);
    assert_int_equal(import.counts.not_assessable, 8);
    assert_int_equal(import.counts.reason_state[SW_CELL_NOT_EXPORTED], 6);
}

static void reads_split_times_offences_and_unknown_columns(void **state)
{
    (void)state;
    import_file("own_split.csv", "LAPD");
    assert_int_equal(import.files[0].kind, SW_FLOCK_OWN);
    assert_int_equal(import.counts.searches, 3);
    assert_int_equal(import.files[0].unknown_count, 1);
    assert_string_equal(import.files[0].unknown[0], "Dispatcher Note");
    assert_int_equal(import.counts.reason_class[SW_PURPOSE_CLASS_DROPDOWN_IMMIGRATION], 1);
    assert_int_equal(import.counts.reason_quality[SW_REASON_QUALITY_BLANK], 1);
    assert_int_equal(import.counts.reason_quality[SW_REASON_QUALITY_CODE], 1);
    const struct sw_event *blank = event_with("n/a");
    assert_int_equal(sw_event_code(blank, SW_FIELD_PURPOSE_CODE), SW_PURPOSE_UNKNOWN);
    assert_text_equal(sw_event_text(blank, SW_FIELD_ACTOR_AGENCY), "LAPD");
}

static void reads_changes_of_sharing(void **state)
{
    (void)state;
    import_file("events.csv", "LAPD");
    assert_int_equal(import.files[0].kind, SW_FLOCK_EVENTS);
    assert_int_equal(import.counts.changes, 6);
    assert_int_equal(import.counts.other_entities, 1); // the hot list
    assert_int_equal(import.counts.duplicates, 1);
    assert_int_equal(import.counts.faults[SW_FAULT_SHARE], 2);
    assert_int_equal(got.count, 6);
    const struct sw_event *national = &got.events[0];
    assert_int_equal(national->action, SW_ACTION_PLATE_SETTINGS);
    assert_int_equal(sw_event_code(national, SW_FIELD_SHARE_SCOPE), SW_SHARE_SCOPE_NATIONAL);
    assert_true(sw_event_flag(national, SW_FIELD_ENABLED));
    assert_text_equal(sw_event_text(national, SW_FIELD_EDGE), "E24");
    const struct sw_event *share = &got.events[1];
    assert_int_equal(share->action, SW_ACTION_PLATE_SHARE);
    assert_text_equal(sw_event_text(share, SW_FIELD_RECIPIENT_AGENCY), "HSI");
    assert_false(sw_event_flag(&got.events[3], SW_FIELD_ENABLED));
    assert_false(sw_event_flag(&got.events[5], SW_FIELD_ENABLED));
}

#define HEADER "ID,Org Name,Total Networks Searched,Reason,Search Time\n"
#define TIME   "\"03/08/2025, 09:15:01 AM UTC\""

static void survives_repeated_and_stacked_headers(void **state)
{
    (void)state;
    import_text("Network Audit\n\n" HEADER "a,Oakland CA PD,1,burglary," TIME "\n" HEADER
                "b,Oakland CA PD,1,burglary," TIME "\n"
                "Org Name,Search Time,Reason,Total Networks Searched\n"
                "Oakland CA PD,\"03/08/2025, 09:16:01 AM UTC\",robbery,2\n",
                "LAPD");
    assert_int_equal(import.counts.searches, 3);
    assert_int_equal(import.counts.headers, 2);
    assert_int_equal(import.files[0].headers, 2);
    assert_int_equal(import.counts.quarantined, 1); // the title is no header and no row
    assert_string_equal(got.codes[0], "no_header");
}

static size_t append(char *bytes, size_t length, struct sw_text text)
{
    memcpy(bytes + length, text.bytes, text.length);
    return length + text.length;
}

static void quarantines_what_is_wrong_and_goes_on(void **state)
{
    (void)state;
    static const char head[] = HEADER "a,Oakland CA PD,1,burg\0lary," TIME "\n"
                                      "b,Oakland CA PD,1,Jos\xE9," TIME "\n"
                                      "c,\"SMITH, JOHN\",1,x," TIME "\n"
                                      "d,Oakland CA PD,1,x,never\n"
                                      "e,1,Oakland CA PD,x," TIME "\n"
                                      "f,Oakland CA PD,1,x\n"
                                      "g,Oakland CA PD,1,x," TIME ",more\n";
    static const char tail[] = "\nh,Oakland CA PD,1,fine," TIME "\n"
                               "i,\"Oakland CA PD,1,x," TIME "\n"
                               "j,Oakland CA PD,1,also fine," TIME "\n";
    const size_t big = (size_t)1 << 20;
    char *bytes = malloc(sizeof(head) + big + sizeof(tail) + 64);
    assert_non_null(bytes);
    size_t length = append(bytes, 0, (struct sw_text){head, sizeof(head) - 1});
    length = append(bytes, length, SW_TEXT("z,Oakland CA PD,1,"));
    memset(bytes + length, 'x', big);
    length = append(bytes, length + big, SW_TEXT("," TIME));
    length = append(bytes, length, (struct sw_text){tail, sizeof(tail) - 1});
    import_bytes(bytes, length, "LAPD");
    free(bytes);
    assert_int_equal(import.counts.faults[SW_FAULT_NUL], 1);
    assert_int_equal(import.counts.faults[SW_FAULT_UTF8], 1);
    assert_int_equal(import.counts.faults[SW_FAULT_PERSONAL], 1);
    assert_int_equal(import.counts.faults[SW_FAULT_TIME], 1);
    assert_int_equal(import.counts.faults[SW_FAULT_SHIFTED], 1);
    assert_int_equal(import.counts.faults[SW_FAULT_TEXT_LENGTH], 1);
    assert_int_equal(import.counts.faults[SW_FAULT_CELLS], 2 + 1);
    assert_int_equal(import.counts.searches, 2);
    assert_int_equal(import.counts.rows, import.counts.searches + import.counts.quarantined);
    assert_int_equal(got.quarantined, import.counts.quarantined);
    (void)event_with("also fine");
}

static void passes_over_files_that_are_no_csv(void **state)
{
    (void)state;
    import_text("PK\x03\x04 not really", "");
    import_text("%PDF-1.7", "");
    import_text("{\\rtf1 text}", "");
    import_text("just a text\nof two lines\n", "");
    import_text("", "");
    import_file("/nowhere/at/all.csv", "");
    assert_int_equal(import.file_count, 6);
    assert_int_equal(import.files[0].skipped, SW_IMPORT_SHEET);
    assert_int_equal(import.files[1].skipped, SW_IMPORT_PDF);
    assert_int_equal(import.files[2].skipped, SW_IMPORT_PAGE);
    assert_int_equal(import.files[3].skipped, SW_IMPORT_READ);
    assert_int_equal(import.files[3].quarantined, 2);
    assert_int_equal(import.counts.faults[SW_FAULT_NO_HEADER], 2);
    assert_int_equal(import.files[5].skipped, SW_IMPORT_UNREADABLE);
    import_file("portal.csv", "");
    import_file("portal.csv", "");
    assert_int_equal(import.files[7].skipped, SW_IMPORT_SEEN);
    assert_int_equal(import.counts.searches, 5);
}

/* What spreadsheets write in other countries, and under "Unicode text". */
static void reads_other_signs_and_text_of_two_bytes_a_letter(void **state)
{
    (void)state;
    static const char text[] = "ID\tOrg Name\tSearch Time\tReason\r\n"
                               "a\tOakland CA PD\t03/08/2025, 09:15:01 AM UTC\tburglary\r\n"
                               "b\tHouston TX PD\tnever\tburglary\r\n";
    char wide[2 * sizeof(text)] = "\xFF\xFE";
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        wide[2 + 2 * i] = text[i];
    }
    import_text("sep=;\r\nID;Org Name;Search Time;Reason\r\n"
                "c;Oakland CA PD;03/08/2025, 09:16:01 AM UTC;\"robbery; armed\"\r\n",
                "LAPD");
    import_bytes(wide, 2 * sizeof(text), "LAPD");
    assert_int_equal(import.counts.searches, 2);
    (void)event_with("robbery; armed");
    (void)event_with("burglary");
    assert_int_equal(import.files[1].rows, 2);
    assert_int_equal(import.counts.faults[SW_FAULT_TIME], 1);
    assert_int_equal(import.csv.offset, 2 + 2 * 86);
}

/* When the end of a header is lost, the first row's cells are no names to show; when the end of a
 * row is lost, names behind it are not where rows have them. */
static void keeps_a_row_that_was_joined_to_a_header_to_itself(void **state)
{
    (void)state;
    import_text("Org Name,Search Time,ID,Name,Networksa,J. Doe,Oakland CA PD,1,b\n"
                "Oakland CA PD," TIME ",c,J. Doe,1\n",
                "LAPD");
    assert_int_equal(import.files[0].unknown_count, 0);
    assert_int_equal(import.counts.searches, 1);
    import_text("Org Name,Search Time,ID,Name,Networks,Note\n"
                "Oakland CA PD," TIME ",d,J. Doe,1,Org Name,Search Time,ID,Name,Networks,Note\n"
                "Oakland CA PD," TIME ",e,J. Doe,1,x\n"
                "Oakland CA PD," TIME ",f,J. Doe,1,x\n",
                "LAPD");
    assert_int_equal(import.counts.searches, 3);
    assert_int_equal(import.counts.faults[SW_FAULT_CELLS], 1);
    assert_int_equal(import.files[1].unknown_count, 1);
    assert_string_equal(import.files[1].unknown[0], "Note");
}

/* Where a cell was left out, the next one stands under the reason. */
static void takes_no_reason_from_a_row_that_may_be_shifted(void **state)
{
    (void)state;
    import_text("ID,Org Name,Search Time,Reason,License Plate,Note\n"
                "a,Oakland CA PD," TIME ",LKV9042,x\n"
                "b,Oakland CA PD," TIME "\n"
                "c,Oakland CA PD," TIME ",burglary,LKV9042,x\n",
                "LAPD");
    assert_int_equal(import.counts.faults[SW_FAULT_CELLS], 1);
    assert_int_equal(import.counts.searches, 2);
    assert_null(strstr(got.payloads[0], "LKV9042"));
}

/* A masked organisation is not nobody: a person must decide. */
static void names_a_recipient_when_the_searcher_is_masked(void **state)
{
    (void)state;
    import_text(HEADER "a,***,1,burglary," TIME "\n", "LAPD");
    assert_int_equal(import.counts.searches, 1);
    assert_text_equal(sw_event_text(&got.events[0], SW_FIELD_RECIPIENT_AGENCY), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_one_event_of_each_search, open_import, close_import),
        cmocka_unit_test_setup_teardown(scrubs_before_anything_is_made_of_a_row, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(counts_searches_and_not_rows, open_import, close_import),
        cmocka_unit_test_setup_teardown(links_an_own_log_and_a_network_audit, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(links_logs_in_any_order, open_import, close_import),
        cmocka_unit_test_setup_teardown(corrects_a_search_by_a_copy_that_says_more, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(reports_what_cannot_be_assessed, open_import, close_import),
        cmocka_unit_test_setup_teardown(reads_split_times_offences_and_unknown_columns, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(reads_changes_of_sharing, open_import, close_import),
        cmocka_unit_test_setup_teardown(survives_repeated_and_stacked_headers, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(quarantines_what_is_wrong_and_goes_on, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(passes_over_files_that_are_no_csv, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(reads_other_signs_and_text_of_two_bytes_a_letter,
                                        open_import, close_import),
        cmocka_unit_test_setup_teardown(keeps_a_row_that_was_joined_to_a_header_to_itself,
                                        open_import, close_import),
        cmocka_unit_test_setup_teardown(takes_no_reason_from_a_row_that_may_be_shifted, open_import,
                                        close_import),
        cmocka_unit_test_setup_teardown(names_a_recipient_when_the_searcher_is_masked, open_import,
                                        close_import),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
