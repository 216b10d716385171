#include <sw_test.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "csv.h"

static char buffer[SW_CSV_BUFFER_BYTES];
static struct sw_csv csv;
static FILE *file;

static void open_bytes(const char *bytes, size_t count)
{
    file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    sw_csv_init(&csv, fileno(file), buffer);
}

static void open_text(const char *text)
{
    open_bytes(text, strlen(text));
}

static int close_file(void **state)
{
    (void)state;
    if (file != NULL) {
        (void)fclose(file);
        file = NULL;
    }
    return 0;
}

static void assert_row(const char *const *cells, uint32_t count)
{
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_int_equal(csv.cell_count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_text_equal(csv.cells[i], cells[i]);
    }
}

#define ASSERT_ROW(...)                                                                            \
    assert_row((const char *const[]){__VA_ARGS__},                                                 \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void reads_plain_and_quoted_cells(void **state)
{
    (void)state;
    open_text("a,b,c\n\"x, y\",\"say \"\"hi\"\"\",\n,,\n");
    ASSERT_ROW("a", "b", "c");
    ASSERT_ROW("x, y", "say \"hi\"", "");
    ASSERT_ROW("", "", "");
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
}

static void knows_every_end_of_line_and_a_file_without_the_last(void **state)
{
    (void)state;
    open_text("\xEF\xBB\xBF\"a\",b\r\n\"c\",d\n\"e\",f\r\"g\",h");
    ASSERT_ROW("a", "b");
    ASSERT_ROW("c", "d");
    ASSERT_ROW("e", "f");
    ASSERT_ROW("g", "h");
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
}

static void counts_rows_lines_and_bytes(void **state)
{
    (void)state;
    open_text("a,b\n\"03/01/2025\n03/02/2025\",x\nc,d\n");
    ASSERT_ROW("a", "b");
    ASSERT_ROW("03/01/2025\n03/02/2025", "x");
    assert_int_equal(csv.row, 2);
    assert_int_equal(csv.line, 2);
    assert_int_equal(csv.offset, 4);
    assert_int_equal(csv.bytes, 26);
    ASSERT_ROW("c", "d");
    assert_int_equal(csv.row, 3);
    assert_int_equal(csv.line, 4);
}

/* Quotes that nobody doubled, as hand-made exports have them. */
static void takes_a_stray_quote_as_a_letter(void **state)
{
    (void)state;
    open_text("\"he said \"ICE\" hold\",b\nsix\" pipe,c\n");
    ASSERT_ROW("he said \"ICE\" hold", "b");
    assert_true(csv.irregular);
    ASSERT_ROW("six\" pipe", "c");
    assert_false(csv.irregular);
}

static void finds_the_delimiter_in_the_first_line(void **state)
{
    (void)state;
    open_text("a;\"b,1\";c\n1;2;3\n");
    ASSERT_ROW("a", "b,1", "c");
    ASSERT_ROW("1", "2", "3");
    (void)fclose(file);
    open_text("a\tb\n1\t2,5\n");
    ASSERT_ROW("a", "b");
    ASSERT_ROW("1", "2,5");
}

/* One quote that is never closed must not take the rest of the file with it. */
static void goes_back_behind_the_first_line_of_an_unclosed_quote(void **state)
{
    (void)state;
    open_text("a,b\n\"broken,1\nc,d\ne,f\n");
    ASSERT_ROW("a", "b");
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_true(csv.unclosed);
    assert_true(sw_csv_again(&csv));
    ASSERT_ROW("c", "d");
    assert_int_equal(csv.line, 3);
    ASSERT_ROW("e", "f");
    assert_false(sw_csv_again(&csv));
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
}

static void keeps_nul_and_bad_bytes(void **state)
{
    (void)state;
    open_bytes("a\0b,\xFF\n", 6);
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_int_equal(csv.cells[0].length, 3);
    assert_memory_equal(csv.cells[0].bytes, "a\0b", 3);
    assert_int_equal(csv.cells[1].length, 1);
}

/* Rows fall on every place of the buffer's end; a file of several buffers reads like a small one.
 */
static void reads_on_over_the_end_of_the_buffer(void **state)
{
    (void)state;
    file = tmpfile();
    assert_non_null(file);
    const uint32_t rows = 300000;
    for (uint32_t i = 0; i < rows; i++) {
        assert_true(fprintf(file, "%u,\"a \"\"b\"\"\n%u\"\r\n", i, i) > 0);
    }
    assert_int_equal(fflush(file), 0);
    assert_true(lseek(fileno(file), 0, SEEK_CUR) > SW_CSV_BUFFER_BYTES);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    sw_csv_init(&csv, fileno(file), buffer);
    for (uint32_t i = 0; i < rows; i++) {
        char number[16];
        char text[32];
        (void)snprintf(number, sizeof(number), "%u", i);
        (void)snprintf(text, sizeof(text), "a \"b\"\n%u", i);
        ASSERT_ROW(number, text);
        assert_int_equal(csv.line, 2 * (uint64_t)i + 1);
    }
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
}

static size_t append(char *bytes, size_t length, struct sw_text text)
{
    memcpy(bytes + length, text.bytes, text.length);
    return length + text.length;
}

static void keeps_a_cell_of_a_megabyte_and_cuts_a_row_over_the_limit(void **state)
{
    (void)state;
    const size_t big = (size_t)1 << 20;
    const size_t huge = SW_CSV_BUFFER_BYTES + 10;
    char *bytes = malloc(big + huge + 32);
    assert_non_null(bytes);
    size_t length = 0;
    bytes[length++] = '"';
    memset(bytes + length, 'x', big);
    length = append(bytes, length + big, SW_TEXT("\",1\n\""));
    memset(bytes + length, 'y', huge);
    length = append(bytes, length + huge, SW_TEXT("\",2\nz,3\n"));
    open_bytes(bytes, length);
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_int_equal(csv.cells[0].length, big);
    assert_text_equal(csv.cells[1], "1");
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_true(csv.too_long);
    assert_int_equal(sw_csv_next(&csv), SW_OK); // what is left of it
    ASSERT_ROW("z", "3");
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
    free(bytes);
}

static void counts_cells_beyond_the_most(void **state)
{
    (void)state;
    char text[SW_CSV_CELLS_MAX + 8 + 3];
    memset(text, ',', sizeof(text));
    text[sizeof(text) - 4] = 'x'; // a spreadsheet's empty cells cost nothing
    text[sizeof(text) - 2] = 'y';
    text[sizeof(text) - 1] = '\n';
    open_bytes(text, sizeof(text));
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_int_equal(csv.cell_count, SW_CSV_CELLS_MAX);
    assert_int_equal(csv.cells_over, 2);
}

/* A title, or what a spreadsheet writes to say which sign it takes, stands above the header. */
static void finds_the_delimiter_below_a_title(void **state)
{
    (void)state;
    open_text("Audit, of March\na;b;c;d\n1;2,5;3;4\n");
    ASSERT_ROW("Audit, of March");
    ASSERT_ROW("a", "b", "c", "d");
    ASSERT_ROW("1", "2,5", "3", "4");
}

/* With lone CRs, too, one bad row costs one row. */
static void goes_back_behind_a_lone_carriage_return(void **state)
{
    (void)state;
    open_text("a,b\r\"broken,1\rc,d\r");
    ASSERT_ROW("a", "b");
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_true(csv.unclosed);
    assert_true(sw_csv_again(&csv));
    ASSERT_ROW("c", "d");
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
}

/* A quote that nobody closed swallows rows up to the next one: that is told. */
static void tells_of_a_cell_that_swallowed_a_row(void **state)
{
    (void)state;
    open_text("\"a,1\nb,\"x\",2\n\"c \"d\"\",3\n");
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_true(csv.torn);
    assert_true(sw_csv_again(&csv));
    ASSERT_ROW("b", "x", "2");
    assert_false(csv.torn);
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_true(csv.irregular);
    assert_false(csv.torn);
}

/* Writes @text, plain letters but for two characters, as UTF-16. */
static size_t widen(const char *text, bool big, bool marked, char *bytes)
{
    static const uint16_t others[] = {0xE9, 0xD83D, 0xDE00}; // for '~' and '^'
    size_t length = 0;
    uint16_t units[256];
    size_t count = 0;
    if (marked) {
        units[count++] = 0xFEFF;
    }
    for (const char *at = text; *at != '\0'; at++) {
        assert_true(count + 2 < sizeof(units) / sizeof(units[0]));
        if (*at == '^') {
            units[count++] = others[1];
            units[count++] = others[2];
        } else {
            units[count++] = *at == '~' ? others[0] : (uint16_t)(unsigned char)*at;
        }
    }
    for (size_t i = 0; i < count; i++) {
        bytes[length++] = (char)(big ? units[i] >> 8 : units[i] & 0xFF);
        bytes[length++] = (char)(big ? units[i] & 0xFF : units[i] >> 8);
    }
    return length;
}

static void reads_text_of_two_bytes_a_letter(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        char bytes[512];
        bool marked = kind >= 2;
        uint64_t mark = marked ? 2 : 0;
        size_t length =
            widen("first\tsecond\r\n\"~\"\t^\r\nlast\tend", kind % 2 == 1, marked, bytes);
        open_bytes(bytes, length);
        ASSERT_ROW("first", "second");
        assert_int_equal(csv.offset, mark);
        assert_int_equal(csv.bytes, 28);
        ASSERT_ROW("\xC3\xA9", "\xF0\x9F\x98\x80");
        assert_int_equal(csv.offset, mark + 28);
        ASSERT_ROW("last", "end");
        assert_int_equal(csv.offset + csv.bytes, length);
        assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
        (void)fclose(file);
        file = NULL;
    }
}

/* Half a pair, and half a unit at the end, are no text; places stay right when it goes back. */
static void keeps_what_is_no_text_as_such(void **state)
{
    (void)state;
    char bytes[512];
    size_t length = widen("a,b,c,d\n\"broken,1\nc,^,", false, true, bytes);
    bytes[length - 4] = bytes[length - 6]; // the second half of the pair is a first one
    bytes[length - 3] = bytes[length - 5];
    bytes[length++] = 'x';
    open_bytes(bytes, length);
    ASSERT_ROW("a", "b", "c", "d");
    assert_int_equal(sw_csv_next(&csv), SW_OK);
    assert_int_equal(csv.offset, 2 + 16);
    assert_true(sw_csv_again(&csv));
    ASSERT_ROW("c", "\xED\xA0\xBD\xED\xA0\xBD", "\xFF");
    assert_int_equal(csv.offset, 2 + 16 + 20);
    assert_int_equal(csv.offset + csv.bytes, length);
}

static void reads_wide_text_over_the_end_of_its_buffer(void **state)
{
    (void)state;
    file = tmpfile();
    assert_non_null(file);
    const uint32_t rows = 20000;
    for (uint32_t i = 0; i < rows; i++) {
        char text[64];
        char bytes[256];
        (void)snprintf(text, sizeof(text), "%u,\"a \"\"^\"\"\",~\n", i);
        size_t length = widen(text, true, i == 0, bytes);
        assert_int_equal(fwrite(bytes, 1, length, file), length);
    }
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    sw_csv_init(&csv, fileno(file), buffer);
    for (uint32_t i = 0; i < rows; i++) {
        char number[16];
        (void)snprintf(number, sizeof(number), "%u", i);
        ASSERT_ROW(number, "a \"\xF0\x9F\x98\x80\"", "\xC3\xA9");
    }
    assert_int_equal(sw_csv_next(&csv), SW_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_plain_and_quoted_cells, close_file),
        cmocka_unit_test_teardown(knows_every_end_of_line_and_a_file_without_the_last, close_file),
        cmocka_unit_test_teardown(counts_rows_lines_and_bytes, close_file),
        cmocka_unit_test_teardown(takes_a_stray_quote_as_a_letter, close_file),
        cmocka_unit_test_teardown(finds_the_delimiter_in_the_first_line, close_file),
        cmocka_unit_test_teardown(goes_back_behind_the_first_line_of_an_unclosed_quote, close_file),
        cmocka_unit_test_teardown(keeps_nul_and_bad_bytes, close_file),
        cmocka_unit_test_teardown(reads_on_over_the_end_of_the_buffer, close_file),
        cmocka_unit_test_teardown(keeps_a_cell_of_a_megabyte_and_cuts_a_row_over_the_limit,
                                  close_file),
        cmocka_unit_test_teardown(counts_cells_beyond_the_most, close_file),
        cmocka_unit_test_teardown(finds_the_delimiter_below_a_title, close_file),
        cmocka_unit_test_teardown(goes_back_behind_a_lone_carriage_return, close_file),
        cmocka_unit_test_teardown(tells_of_a_cell_that_swallowed_a_row, close_file),
        cmocka_unit_test_teardown(reads_text_of_two_bytes_a_letter, close_file),
        cmocka_unit_test_teardown(keeps_what_is_no_text_as_such, close_file),
        cmocka_unit_test_teardown(reads_wide_text_over_the_end_of_its_buffer, close_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
