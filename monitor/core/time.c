/* Dates by the days-from-civil arithmetic of the proleptic Gregorian calendar: timegm() is no part
 * of C17 or POSIX.1-2008, and this has no time zone to get wrong. */
#include <sharewatch/time.h>

#include <stdbool.h>

#define YEAR_DAYS       INT64_C(365)
#define ERA_YEARS       INT64_C(400)
#define ERA_DAYS        INT64_C(146097) // days in 400 years
#define EPOCH_DAYS      719468          // from 0000-03-01 to 1970-01-01
#define DURATION_MAX_MS (100 * YEAR_DAYS * SW_DAY_MS)

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month <= 2 ? year - 1 : year; // years begin in March
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_YEARS - 1)) / ERA_YEARS;
    int64_t year_of_era = shifted - era * ERA_YEARS;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * YEAR_DAYS + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t shifted = days + EPOCH_DAYS;
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t day_of_era = shifted - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / YEAR_DAYS;
    int64_t day_of_year =
        day_of_era - (YEAR_DAYS * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(year_of_era + era * ERA_YEARS + (*month <= 2 ? 1 : 0));
}

static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % ERA_YEARS == 0);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* A cursor over the text; a failed read makes every later one fail. */
struct reader {
    struct sw_text text;
    uint32_t position;
    bool failed;
};

static int64_t read_digits(struct reader *reader, uint32_t digits, int64_t min, int64_t max)
{
    int64_t number = 0;
    for (uint32_t i = 0; i < digits; i++) {
        if (reader->position >= reader->text.length || reader->text.bytes[reader->position] < '0' ||
            reader->text.bytes[reader->position] > '9') {
            reader->failed = true;
            return min;
        }
        number = number * 10 + (reader->text.bytes[reader->position++] - '0');
    }
    reader->failed = reader->failed || number < min || number > max;
    return reader->failed ? min : number;
}

static bool read_char(struct reader *reader, const char *accepted)
{
    if (reader->position < reader->text.length) {
        for (const char *c = accepted; *c != '\0'; c++) {
            if (reader->text.bytes[reader->position] == *c) {
                reader->position++;
                return true;
            }
        }
    }
    return false;
}

static void expect_char(struct reader *reader, const char *accepted)
{
    if (!read_char(reader, accepted)) {
        reader->failed = true;
    }
}

/* ".123" → 123; digits beyond the third are dropped. */
static int64_t read_fraction_ms(struct reader *reader)
{
    int64_t fraction_ms = 0;
    int64_t unit_ms = 100;
    uint32_t digits = 0;
    while (reader->position < reader->text.length && digits < 9 &&
           reader->text.bytes[reader->position] >= '0' &&
           reader->text.bytes[reader->position] <= '9') {
        fraction_ms += unit_ms * (reader->text.bytes[reader->position++] - '0');
        unit_ms /= 10;
        digits++;
    }
    reader->failed = reader->failed || digits == 0;
    return fraction_ms;
}

static int64_t read_offset_ms(struct reader *reader)
{
    if (read_char(reader, "Zz")) {
        return 0;
    }
    int64_t sign = read_char(reader, "+") ? 1 : -1;
    if (sign < 0) {
        expect_char(reader, "-");
    }
    int64_t hours = read_digits(reader, 2, 0, 23);
    expect_char(reader, ":");
    int64_t minutes = read_digits(reader, 2, 0, 59);
    return sign * (hours * SW_HOUR_MS + minutes * SW_MINUTE_MS);
}

enum sw_status sw_time_parse(struct sw_text text, int64_t *time_ms)
{
    struct reader reader = {.text = text};
    int64_t year = read_digits(&reader, 4, 0, 9999);
    expect_char(&reader, "-");
    int64_t month = read_digits(&reader, 2, 1, 12);
    expect_char(&reader, "-");
    int64_t day = read_digits(&reader, 2, 1, 31);
    if (reader.failed || day > days_in_month(year, month)) {
        return SW_MALFORMED;
    }
    int64_t result_ms = days_from_civil(year, month, day) * SW_DAY_MS;
    if (reader.position < text.length) {
        expect_char(&reader, "Tt ");
        result_ms += read_digits(&reader, 2, 0, 23) * SW_HOUR_MS;
        expect_char(&reader, ":");
        result_ms += read_digits(&reader, 2, 0, 59) * SW_MINUTE_MS;
        expect_char(&reader, ":");
        result_ms += read_digits(&reader, 2, 0, 60) * SW_SECOND_MS; // 60: a leap second
        if (read_char(&reader, ".")) {
            result_ms += read_fraction_ms(&reader);
        }
        result_ms -= read_offset_ms(&reader);
    }
    if (reader.failed || reader.position != text.length) {
        return SW_MALFORMED;
    }
    *time_ms = result_ms;
    return SW_OK;
}

static void write_digits(char *text, int digits, int number)
{
    for (int i = digits - 1; i >= 0; i--) {
        text[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

void sw_time_format(int64_t time_ms, char text[SW_TIME_BYTES])
{
    const int64_t first_ms = days_from_civil(0, 1, 1) * SW_DAY_MS;
    const int64_t last_ms = days_from_civil(10000, 1, 1) * SW_DAY_MS - 1;
    int64_t clamped_ms = time_ms < first_ms ? first_ms : time_ms > last_ms ? last_ms : time_ms;
    int64_t days = clamped_ms / SW_DAY_MS - (clamped_ms % SW_DAY_MS < 0 ? 1 : 0);
    int64_t rest_ms = clamped_ms - days * SW_DAY_MS;
    int year = 0;
    int month = 0;
    int day = 0;
    civil_from_days(days, &year, &month, &day);
    write_digits(text, 4, year % 10000);
    text[4] = '-';
    write_digits(text + 5, 2, month);
    text[7] = '-';
    write_digits(text + 8, 2, day);
    text[10] = 'T';
    write_digits(text + 11, 2, (int)(rest_ms / SW_HOUR_MS));
    text[13] = ':';
    write_digits(text + 14, 2, (int)(rest_ms / SW_MINUTE_MS % 60));
    text[16] = ':';
    write_digits(text + 17, 2, (int)(rest_ms / SW_SECOND_MS % 60));
    text[19] = '.';
    write_digits(text + 20, 3, (int)(rest_ms % SW_SECOND_MS));
    text[23] = 'Z';
    text[24] = '\0';
}

/* Milliseconds of the unit at the cursor, or 0. */
static int64_t read_unit_ms(struct reader *reader)
{
    if (read_char(reader, "m")) {
        return read_char(reader, "s") ? 1 : SW_MINUTE_MS;
    }
    if (read_char(reader, "s")) {
        return SW_SECOND_MS;
    }
    if (read_char(reader, "h")) {
        return SW_HOUR_MS;
    }
    if (read_char(reader, "d")) {
        return SW_DAY_MS;
    }
    return read_char(reader, "w") ? 7 * SW_DAY_MS : 0;
}

enum sw_status sw_duration_parse(struct sw_text text, int64_t *duration_ms)
{
    if (sw_text_equal(text, SW_TEXT("0"))) {
        *duration_ms = 0;
        return SW_OK;
    }
    struct reader reader = {.text = text};
    int64_t sum_ms = 0;
    while (reader.position < text.length) {
        int64_t number = 0;
        uint32_t digits = 0;
        while (reader.position < text.length && text.bytes[reader.position] >= '0' &&
               text.bytes[reader.position] <= '9' && digits < 12) {
            number = number * 10 + (text.bytes[reader.position++] - '0');
            digits++;
        }
        int64_t unit_ms = read_unit_ms(&reader);
        if (digits == 0 || unit_ms == 0 || number > DURATION_MAX_MS / unit_ms) {
            return SW_MALFORMED;
        }
        sum_ms += number * unit_ms;
        if (sum_ms > DURATION_MAX_MS) {
            return SW_MALFORMED;
        }
    }
    if (text.length == 0) {
        return SW_MALFORMED;
    }
    *duration_ms = sum_ms;
    return SW_OK;
}
