#include <sw_test.h>

#include <stdio.h>
#include <unistd.h>

#include "flock.h"
#include <sharewatch/time.h>

static char buffer[SW_CSV_BUFFER_BYTES];
static struct sw_csv csv;
static FILE *file;

static void open_text(const char *text)
{
    if (file != NULL) {
        (void)fclose(file);
    }
    file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    sw_csv_init(&csv, fileno(file), buffer);
    assert_int_equal(sw_csv_next(&csv), SW_OK);
}

static void assert_state(const char *text, enum sw_cell_state state, const char *rest)
{
    struct sw_flock_cell cell = sw_flock_cell(sw_text_from(text));
    if (cell.state != state) {
        print_error("\"%s\" is %s\n", text, sw_cell_state_text(cell.state));
    }
    assert_int_equal(cell.state, state);
    assert_text_equal(cell.text, rest);
}

static void tells_the_states_of_cells_apart(void **state)
{
    (void)state;
    assert_state("", SW_CELL_EMPTY, "");
    assert_state("  \n ", SW_CELL_EMPTY, "");
    assert_state("***", SW_CELL_REDACTED, "");
    assert_state("* * *", SW_CELL_REDACTED, "");
    assert_state("REDACTED", SW_CELL_REDACTED, "");
    assert_state("[REDACTED]", SW_CELL_REDACTED, "");
    assert_state("[Redacted]", SW_CELL_REDACTED, "");
    assert_state("###", SW_CELL_REDACTED, "");
    assert_state("\xE2\x96\x88\xE2\x96\x88\xE2\x96\x88", SW_CELL_REDACTED, "");
    assert_state("7923.600 GC", SW_CELL_REDACTED, "");
    assert_state("GC 7923.600", SW_CELL_REDACTED, "");
    assert_state("*** homicide", SW_CELL_PARTIAL, "homicide");
    assert_state("[REDACTED] stolen vehicle", SW_CELL_PARTIAL, "stolen vehicle");
    assert_state("stolen ### vehicle", SW_CELL_PARTIAL, "vehicle");
    assert_state("investigation", SW_CELL_VALUE, "investigation");
    assert_state("case #12", SW_CELL_VALUE, "case #12");
    assert_state("5 * 4", SW_CELL_VALUE, "5 * 4");
    assert_state("unredacted", SW_CELL_VALUE, "unredacted");
    assert_state("459 PC", SW_CELL_VALUE, "459 PC");
}

static void assert_time(const char *text, const char *expected)
{
    int64_t time_ms = 0;
    char formatted[SW_TIME_BYTES];
    assert_int_equal(sw_flock_time(sw_text_from(text), &time_ms), SW_OK);
    sw_time_format(time_ms, formatted);
    assert_string_equal(formatted, expected);
}

static void reads_every_form_of_time(void **state)
{
    (void)state;
    assert_time("03/01/2025, 07:05:09 PM UTC", "2025-03-01T19:05:09.000Z");
    assert_time("3/1/2025, 7:05:09 PM UTC", "2025-03-01T19:05:09.000Z");
    assert_time("03/01/2025, 12:00:00 AM UTC", "2025-03-01T00:00:00.000Z");
    assert_time("03/01/2025, 12:30:00 PM UTC", "2025-03-01T12:30:00.000Z");
    assert_time("02/29/2024, 01:02:03 AM UTC", "2024-02-29T01:02:03.000Z");
    assert_time("2026-03-10T04:31:52.901Z", "2026-03-10T04:31:52.000Z");
    assert_time("2026-03-10 04:31:52", "2026-03-10T04:31:52.000Z");
    assert_time("2026-03-10T04:31:52-08:00", "2026-03-10T12:31:52.000Z");
    assert_time("2026-03-10", "2026-03-10T00:00:00.000Z");
    assert_time("45717.5", "2025-03-01T12:00:00.000Z");
    int64_t time_ms = 7;
    const char *const bad[] = {"",
                               "lookup",
                               "02/30/2025, 01:00:00 AM UTC",
                               "13/01/2025",
                               "03/01/2025, 25:00:00 UTC",
                               "2025",
                               "***",
                               "1234567",
                               "03/01/2025, 07:05:09 PM UTC x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sw_flock_time(sw_text_from(bad[i]), &time_ms), SW_MALFORMED);
        assert_int_equal(time_ms, 7);
    }
}

/* All header variants of the domain notes, found by name. */
static void knows_every_header(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum sw_flock_kind kind;
    } cases[] = {
        {"id,userId,searchDate,networkCount,reason", SW_FLOCK_PORTAL},
        {"id,userId,searchDate,networkCount", SW_FLOCK_PORTAL},
        {"id,userId,searchDate,networkCount,reason,caseNumber,offenseType", SW_FLOCK_PORTAL},
        {"ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,Filters,"
         "Search Time,Search Type,Text Prompt,Moderation",
         SW_FLOCK_NETWORK},
        {"Name,Org Name,Total Networks Searched,Total Devices Searched,Time Frame,License Plate,"
         "Reason,Case #,Filters,Search Time,Search Type",
         SW_FLOCK_NETWORK},
        {"ID,Name,Org Name,Total Networks Searched,Search Time,Reason,Case #,License Plate",
         SW_FLOCK_NETWORK},
        {"org,networks searched,time frame,search time,search type", SW_FLOCK_NETWORK},
        {"Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,Offense Type,"
         "Search Time",
         SW_FLOCK_OWN},
        {"Org Name,Search Date,Search Time,Reason", SW_FLOCK_NETWORK},
        {"Timestamp,User,Event Type,Entity Type,Entity Details,Event Id", SW_FLOCK_EVENTS},
        {"ORG NAME,search_time,REASON", SW_FLOCK_NETWORK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_flock_header header;
        open_text(cases[i].header);
        assert_true(sw_flock_read_header(&csv, &header));
        assert_int_equal(header.kind, cases[i].kind);
        assert_int_equal(header.unknown_count, 0);
    }
    struct sw_flock_header header;
    open_text("Network Audit of March,,\n");
    assert_false(sw_flock_read_header(&csv, &header));
    open_text("Org Name,Search Time,Drone Model\n");
    assert_true(sw_flock_read_header(&csv, &header));
    assert_int_equal(header.unknown_count, 1);
    assert_int_equal(header.unknown[0], 2);
}

static enum sw_flock_fault read_second(const char *text, struct sw_flock_row *row)
{
    struct sw_flock_header header;
    open_text(text);
    assert_true(sw_flock_read_header(&csv, &header));
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    return sw_flock_read_row(&csv, &header, row);
}

#define HEADER                                                                                     \
    "ID,Org Name,Total Networks Searched,Time Frame,Reason,Case #,Search Time,Search Type\n"

static void reads_a_search(void **state)
{
    (void)state;
    struct sw_flock_row row;
    assert_int_equal(read_second(HEADER "u1,Oakland CA PD,347,\"03/01/2025, 12:00:00 AM UTC\n"
                                        "03/02/2025, 12:00:00 AM UTC\",burglary,***,"
                                        "\"03/02/2025, 07:05:09 PM UTC\",lookup - Mobile\n",
                                 &row),
                     SW_FAULT_NONE);
    assert_text_equal(row.id.text, "u1");
    assert_text_equal(row.org.text, "Oakland CA PD");
    assert_int_equal(row.networks, 347);
    assert_true(row.frame_to_ms - row.frame_from_ms == SW_DAY_MS);
    assert_text_equal(row.reason.text, "burglary");
    assert_true(row.has_case);
    assert_text_equal(row.search_type.text, "lookup - Mobile");
    assert_int_equal(read_second(HEADER "u1,A CA PD,1,03/01/2025 to 03/02/2025,x,,"
                                        "\"03/02/2025, 07:05:09 PM UTC\",search\n",
                                 &row),
                     SW_FAULT_NONE);
    assert_true(row.frame_to_ms - row.frame_from_ms == SW_DAY_MS);
    assert_false(row.has_case);
}

static void joins_a_date_and_a_time_in_two_columns(void **state)
{
    (void)state;
    struct sw_flock_row row;
    assert_int_equal(
        read_second("Org Name,Search Date,Search Time,Reason\nA,2025-03-02,19:05:09,x\n", &row),
        SW_FAULT_NONE);
    char time[SW_TIME_BYTES];
    sw_time_format(row.time_ms, time);
    assert_string_equal(time, "2025-03-02T19:05:09.000Z");
    assert_int_equal(row.networks, -1);
}

static void takes_the_offence_type_where_there_is_no_reason(void **state)
{
    (void)state;
    struct sw_flock_row row;
    assert_int_equal(read_second("id,userId,searchDate,networkCount,offenseType\n"
                                 "\"a\",\"***\",\"2026-03-10T04:31:52.901Z\",\"1\",\"Burglary\"\n",
                                 &row),
                     SW_FAULT_NONE);
    assert_text_equal(row.reason.text, "Burglary");
    assert_int_equal(
        read_second("id,userId,searchDate,networkCount\na,***,2026-03-10T04:31:52Z,1\n", &row),
        SW_FAULT_NONE);
    assert_int_equal(row.reason.state, SW_CELL_NOT_EXPORTED);
}

static void faults_rows_that_are_none(void **state)
{
    (void)state;
    struct sw_flock_row row;
    static const struct {
        const char *row;
        enum sw_flock_fault fault;
    } cases[] = {
        {"u1,A,1,,x,,***,search\n", SW_FAULT_TIME},
        {"u1,A,1,,x,,\"01/01/1970, 12:00:00 AM UTC\",search\n", SW_FAULT_TIME},
        {"u1,A,1,,x,,\"01/01/2100, 12:00:00 AM UTC\",search\n", SW_FAULT_TIME},
        {"u1,A,1,x,,\"03/02/2025, 07:05:09 PM UTC\",search\n", SW_FAULT_CELLS},
        {"u1,A,1,,x,,\"03/02/2025, 07:05:09 PM UTC\",search,7ABC123\n", SW_FAULT_CELLS},
        {"u1,1,A,,x,,\"03/02/2025, 07:05:09 PM UTC\",search\n", SW_FAULT_SHIFTED},
        {"u1,A,1,lookup,x,,\"03/02/2025, 07:05:09 PM UTC\",search\n", SW_FAULT_SHIFTED},
        {"u1,A,1,,Jos\xE9,,\"03/02/2025, 07:05:09 PM UTC\",search\n", SW_FAULT_UTF8},
        {"u1,A,1,,\xED\xA0\x80,,\"03/02/2025, 07:05:09 PM UTC\",search\n", SW_FAULT_UTF8},
        {"u1,A,1,,\"x,,03/02/2025", SW_FAULT_QUOTE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text), "%s%s", HEADER, cases[i].row);
        enum sw_flock_fault fault = read_second(text, &row);
        assert_string_equal(sw_flock_fault_code(fault), sw_flock_fault_code(cases[i].fault));
    }
}

static void finds_the_value_behind_a_label(void **state)
{
    (void)state;
    struct sw_text details =
        SW_TEXT("Network Name: Metro\r\nPermissions: view\nReceiving Organization:  Texas DPS \n");
    assert_text_equal(sw_flock_detail(details, "receiving organization"), "Texas DPS");
    assert_text_equal(sw_flock_detail(details, "network name"), "Metro");
    assert_text_equal(sw_flock_detail(details, "national"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_states_of_cells_apart),
        cmocka_unit_test(reads_every_form_of_time),
        cmocka_unit_test(knows_every_header),
        cmocka_unit_test(reads_a_search),
        cmocka_unit_test(joins_a_date_and_a_time_in_two_columns),
        cmocka_unit_test(takes_the_offence_type_where_there_is_no_reason),
        cmocka_unit_test(faults_rows_that_are_none),
        cmocka_unit_test(finds_the_value_behind_a_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
