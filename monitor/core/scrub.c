/* Matchers by hand rather than by regular expression: each is anchored at the start of a word, has
 * a bound on what it reads, and stands in one table with its mask. */
#include "scrub.h"

#include <string.h>

#include <sharewatch/assert.h>

#include "form.h"

#define EMAIL_LOCAL_MAX   64
#define STREET_WORDS_MAX  3
#define NAME_BYTES_MIN    2
#define NAME_BYTES_MAX    24
#define LONG_NUMBER_MIN   7 // digits: booking, FBI and state numbers begin there
#define LONG_NUMBER_MAX   32
#define CASE_DIGITS_MIN   4
#define PLATE_BYTES_MIN   5
#define PLATE_BYTES_MAX   8
#define LICENCE_BYTES_MAX 13
#define DEPTH_MAX         32
#define CUE_GAP_MAX       4 // of ":#. " between a cue such as "SSN" and its number

/* --- reading --- */

/* NUL behind the end. */
static char at(struct sw_text text, uint32_t position)
{
    return (char)(position < text.length ? text.bytes[position] : 0);
}

static bool is_alnum(char c)
{
    return sw_form_is_letter(c) || sw_form_is_digit(c);
}

/* A word ends here: what follows goes on with neither letter nor digit. */
static bool ends(struct sw_text text, uint32_t position)
{
    return !is_alnum(at(text, position));
}

/* The position behind exactly @count digits at @position, or 0. Positions behind something are
 * never 0, so 0 stands for "no". */
static uint32_t digits(struct sw_text text, uint32_t position, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!sw_form_is_digit(at(text, position + i))) {
            return 0;
        }
    }
    return position + count;
}

static uint32_t count_digits(struct sw_text text, uint32_t position, uint32_t most)
{
    uint32_t count = 0;
    while (count < most && sw_form_is_digit(at(text, position + count))) {
        count++;
    }
    return count;
}

static uint32_t count_letters(struct sw_text text, uint32_t position, uint32_t most)
{
    uint32_t count = 0;
    while (count < most && sw_form_is_letter(at(text, position + count))) {
        count++;
    }
    return count;
}

static struct sw_text slice(struct sw_text text, uint32_t first, uint32_t end)
{
    return (struct sw_text){text.bytes + first, end - first};
}

static bool is_one_of(struct sw_text word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (sw_text_equal_fold(word, sw_text_from(*words))) {
            return true;
        }
    }
    return false;
}

static uint32_t number_at(struct sw_text text, uint32_t position, uint32_t count)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < count; i++) {
        number = number * 10 + (uint32_t)(at(text, position + i) - '0');
    }
    return number;
}

/* Behind the run ":#. " after a cue word that ended at @position; 0: the run is missing or long. */
static uint32_t behind_cue(struct sw_text text, uint32_t position)
{
    uint32_t gap = 0;
    while (gap <= CUE_GAP_MAX && at(text, position + gap) != '\0' &&
           strchr(":#. ", at(text, position + gap)) != NULL) {
        gap++;
    }
    return gap >= 1 && gap <= CUE_GAP_MAX ? position + gap : 0;
}

/* --- matchers: the end of the match that starts at @start, or 0 --- */

static uint32_t match_email(struct sw_text text, uint32_t start)
{
    uint32_t position = start;
    while (position - start < EMAIL_LOCAL_MAX &&
           (is_alnum(at(text, position)) ||
            (at(text, position) != '\0' && strchr("._%+-", at(text, position)) != NULL))) {
        position++;
    }
    if (position == start || at(text, position) != '@') {
        return 0;
    }
    uint32_t end = 0;
    position++;
    while (is_alnum(at(text, position)) || at(text, position) == '-' || at(text, position) == '.') {
        bool tld = at(text, position) == '.' && count_letters(text, position + 1, 2) == 2;
        if (tld) {
            end = position + 1 + count_letters(text, position + 1, EMAIL_LOCAL_MAX);
        }
        position++;
    }
    return end;
}

/* 000-00-0000 or 000 00 0000 */
static uint32_t match_ssn(struct sw_text text, uint32_t start)
{
    uint32_t position = digits(text, start, 3);
    char separator = at(text, position);
    if (position == 0 || (separator != '-' && separator != ' ')) {
        return 0;
    }
    position = digits(text, position + 1, 2);
    if (position == 0 || at(text, position) != separator) {
        return 0;
    }
    position = digits(text, position + 1, 4);
    return position != 0 && ends(text, position) ? position : 0;
}

/* 213-555-0100, 213.555.0100, 213 555 0100, (213) 555-0100, each perhaps after +1 or 1- */
static uint32_t match_phone(struct sw_text text, uint32_t start)
{
    uint32_t position = start;
    if (at(text, position) == '+') {
        position++;
    }
    if (at(text, position) == '1' && at(text, position + 1) != '\0' &&
        strchr("-. (", at(text, position + 1)) != NULL) {
        position += at(text, position + 1) == '(' ? 1 : 2;
    }
    bool bracket = at(text, position) == '(';
    position = digits(text, position + (bracket ? 1 : 0), 3);
    if (position == 0 || (bracket && at(text, position) != ')')) {
        return 0;
    }
    position += bracket ? 1 : 0;
    bool separated = at(text, position) != '\0' && strchr("-. ", at(text, position)) != NULL;
    if (!separated && !bracket) {
        return 0;
    }
    position = digits(text, position + (separated ? 1 : 0), 3);
    if (position == 0 || at(text, position) == '\0' || strchr("-. ", at(text, position)) == NULL) {
        return 0;
    }
    position = digits(text, position + 1, 4);
    return position != 0 && ends(text, position) ? position : 0;
}

static bool is_month_name(struct sw_text word)
{
    static const char *const months[] = {
        "jan",  "feb",    "mar",       "apr",     "may",      "jun",      "jul",   "aug",   "sep",
        "sept", "oct",    "nov",       "dec",     "january",  "february", "march", "april", "june",
        "july", "august", "september", "october", "november", "december", NULL};
    return is_one_of(word, months);
}

static bool is_year(struct sw_text text, uint32_t position)
{
    uint32_t end = digits(text, position, 4);
    uint32_t year = end != 0 ? number_at(text, position, 4) : 0;
    return year >= 1900 && year <= 2099 && ends(text, end);
}

/* 2026-01-31, also with slashes or dots */
static uint32_t match_year_first(struct sw_text text, uint32_t start)
{
    uint32_t position = digits(text, start, 4);
    uint32_t year = position != 0 ? number_at(text, start, 4) : 0;
    char separator = at(text, position);
    if (year < 1900 || year > 2099 || (separator != '-' && separator != '/' && separator != '.')) {
        return 0;
    }
    uint32_t end = digits(text, position + 1, 2);
    if (end == 0 || at(text, end) != separator || digits(text, end + 1, 2) == 0) {
        return 0;
    }
    uint32_t month = number_at(text, position + 1, 2);
    uint32_t day = number_at(text, end + 1, 2);
    end = digits(text, end + 1, 2);
    bool valid = month >= 1 && month <= 12 && day >= 1 && day <= 31;
    return valid && !sw_form_is_digit(at(text, end)) ? end : 0;
}

/* 1/31/2026, 01-31-2026, 1/31/26 (two digits of a year only with slashes) */
static uint32_t match_month_first(struct sw_text text, uint32_t start)
{
    uint32_t first = count_digits(text, start, 2);
    char separator = at(text, start + first);
    if (first == 0 || (separator != '/' && separator != '-')) {
        return 0;
    }
    uint32_t middle = start + first + 1;
    uint32_t second = count_digits(text, middle, 2);
    if (second == 0 || at(text, middle + second) != separator) {
        return 0;
    }
    uint32_t month = number_at(text, start, first);
    uint32_t day = number_at(text, middle, second);
    bool valid = month >= 1 && day >= 1 && (month <= 12 || day <= 12) && month <= 31 && day <= 31;
    uint32_t last = middle + second + 1;
    if (valid && is_year(text, last)) {
        return last + 4;
    }
    uint32_t end = separator == '/' ? digits(text, last, 2) : 0;
    return valid && end != 0 && ends(text, end) ? end : 0;
}

/* 31 Jan 2026 and Jan 31, 2026 */
static uint32_t match_month_name(struct sw_text text, uint32_t start)
{
    uint32_t letters = count_letters(text, start, 9);
    uint32_t day_digits = 0;
    uint32_t position = start;
    if (letters > 0) {
        if (!is_month_name(slice(text, start, start + letters)) ||
            at(text, start + letters) != ' ') {
            return 0;
        }
        day_digits = count_digits(text, start + letters + 1, 2);
        position = start + letters + 1 + day_digits;
        position += at(text, position) == ',' ? 1 : 0;
    } else {
        day_digits = count_digits(text, start, 2);
        uint32_t month = start + day_digits + 1;
        letters = count_letters(text, month, 9);
        if (at(text, month - 1) != ' ' || letters == 0 ||
            !is_month_name(slice(text, month, month + letters))) {
            return 0;
        }
        position = month + letters;
    }
    if (day_digits == 0 || at(text, position) != ' ' || !is_year(text, position + 1)) {
        return 0;
    }
    return position + 5;
}

static uint32_t match_date(struct sw_text text, uint32_t start)
{
    uint32_t end = match_year_first(text, start);
    if (end == 0) {
        end = match_month_first(text, start);
    }
    return end != 0 ? end : match_month_name(text, start);
}

/* The California shapes: 7ABC123 and, for commercial vehicles, 8D12345. */
static uint32_t match_plate(struct sw_text text, uint32_t start)
{
    if (!sw_form_is_digit(at(text, start))) {
        return 0;
    }
    uint32_t letters = count_letters(text, start + 1, 4);
    uint32_t wanted = letters == 3 ? 3 : letters == 1 ? 5 : 0;
    uint32_t end = wanted > 0 ? digits(text, start + 1 + letters, wanted) : 0;
    return end != 0 && ends(text, end) ? end : 0;
}

/* A run of capitals and digits between @least and @most bytes with a digit in it. */
static uint32_t match_code(struct sw_text text, uint32_t start, uint32_t least, uint32_t most)
{
    uint32_t position = start;
    bool digit = false;
    while (position - start < most &&
           (sw_form_is_upper(at(text, position)) || sw_form_is_digit(at(text, position)))) {
        digit = digit || sw_form_is_digit(at(text, position));
        position++;
    }
    return digit && position - start >= least && ends(text, position) ? position : 0;
}

/* A California driver's licence: a letter and seven digits. */
static uint32_t match_licence(struct sw_text text, uint32_t start)
{
    uint32_t end = sw_form_is_upper(at(text, start)) ? digits(text, start + 1, 7) : 0;
    return end != 0 && ends(text, end) ? end : 0;
}

/* A-numbers and state numbers (A and 8 or 9 digits, in groups or not). */
static uint32_t match_a_number(struct sw_text text, uint32_t start)
{
    if (at(text, start) != 'A') {
        return 0;
    }
    uint32_t position = start + 1;
    uint32_t count = 0;
    while (count < 10 && (sw_form_is_digit(at(text, position)) ||
                          ((at(text, position) == ' ' || at(text, position) == '-') &&
                           sw_form_is_digit(at(text, position + 1))))) {
        count += sw_form_is_digit(at(text, position)) ? 1 : 0;
        position++;
    }
    return (count == 8 || count == 9) && ends(text, position) ? position : 0;
}

static uint32_t match_long_number(struct sw_text text, uint32_t start)
{
    uint32_t count = count_digits(text, start, LONG_NUMBER_MAX);
    return count >= LONG_NUMBER_MIN && ends(text, start + count) ? start + count : 0;
}

/* 24-123456 and 2024-12345 */
static uint32_t match_case(struct sw_text text, uint32_t start)
{
    uint32_t year = count_digits(text, start, 5);
    if ((year != 2 && year != 4) || at(text, start + year) != '-') {
        return 0;
    }
    uint32_t count = count_digits(text, start + year + 1, 10);
    uint32_t end = start + year + 1 + count;
    return count >= CASE_DIGITS_MIN && count <= 9 && ends(text, end) ? end : 0;
}

static uint32_t capitals_at(struct sw_text text, uint32_t start)
{
    uint32_t position = start;
    while (sw_form_is_upper(at(text, position)) ||
           (position > start && (at(text, position) == '-' || at(text, position) == '\'') &&
            sw_form_is_upper(at(text, position + 1)))) {
        position++;
    }
    return position - start;
}

/* Words that stand in capitals in reasons and are no names: agencies, crimes, police talk. */
static bool is_police_word(struct sw_text word)
{
    static const char *const words[] = {"ice",        "ero",         "hsi",        "cbp",
                                        "usbp",       "dhs",         "uscis",      "lapd",
                                        "lasd",       "fbi",         "dea",        "atf",
                                        "chp",        "usms",        "ncis",       "irs",
                                        "opd",        "sfpd",        "sdpd",       "pd",
                                        "so",         "da",          "doj",        "ca",
                                        "la",         "us",          "uc",         "bolo",
                                        "assist",     "agency",      "other",      "request",
                                        "warrant",    "search",      "stolen",     "vehicle",
                                        "veh",        "theft",       "robbery",    "burglary",
                                        "assault",    "adw",         "gta",        "homicide",
                                        "murder",     "shooting",    "stabbing",   "kidnap",
                                        "kidnapping", "missing",     "person",     "persons",
                                        "hit",        "run",         "dui",        "traffic",
                                        "crime",      "crimes",      "drugs",      "narcotics",
                                        "meth",       "fraud",       "id",         "gang",
                                        "weapon",     "weapons",     "gun",        "felony",
                                        "arrest",     "suspect",     "susp",       "victim",
                                        "witness",    "wanted",      "invest",     "investigation",
                                        "followup",   "follow",      "up",         "case",
                                        "report",     "arson",       "rape",       "sex",
                                        "offense",    "trafficking", "pursuit",    "evading",
                                        "alert",      "amber",       "silver",     "parole",
                                        "probation",  "larceny",     "carjacking", "vandalism",
                                        "threats",    "immigration", "deport",     "deportation",
                                        "removal",    "detainer",    "hold",       "border",
                                        "patrol",     "task",        "force",      "tf",
                                        "none",       "test",        "training",   "audit",
                                        "parking",    "permit",      "recovery",   "recovered",
                                        "property",   "battery",     "domestic",   "violence",
                                        "dv",         "elder",       "child",      "abuse",
                                        "police",     "sheriff",     "city",       "county",
                                        "state",      "federal",     "los",        "angeles",
                                        "san",        "diego",       "ventura",    "orange",
                                        "oakland",    "hollywood",   "valley",     "central",
                                        "north",      "south",       "east",       "west",
                                        "unit",       "detective",   NULL};
    return is_one_of(word, words);
}

/* LAST, FIRST in capitals; neither a word of the trade. */
static uint32_t match_name(struct sw_text text, uint32_t start)
{
    uint32_t last = capitals_at(text, start);
    uint32_t comma = start + last;
    if (last < NAME_BYTES_MIN || last > NAME_BYTES_MAX || at(text, comma) != ',') {
        return 0;
    }
    uint32_t given = comma + (at(text, comma + 1) == ' ' ? 2 : 1);
    uint32_t first = capitals_at(text, given);
    if (first < NAME_BYTES_MIN || first > NAME_BYTES_MAX || !ends(text, given + first)) {
        return 0;
    }
    bool trade = is_police_word(slice(text, start, comma)) ||
                 is_police_word(slice(text, given, given + first));
    return trade ? 0 : given + first;
}

static bool is_street(struct sw_text word)
{
    static const char *const streets[] = {
        "st",      "street", "ave",    "avenue", "blvd",  "boulevard", "rd", "road",  "dr",
        "drive",   "ln",     "lane",   "ct",     "court", "way",       "pl", "place", "ter",
        "terrace", "cir",    "circle", "pkwy",   "hwy",   "highway",   NULL};
    return is_one_of(word, streets);
}

/* 123 Main St, 4500 N Figueroa Street */
static uint32_t match_address(struct sw_text text, uint32_t start)
{
    uint32_t count = count_digits(text, start, 6);
    if (count == 0 || count > 5) {
        return 0;
    }
    uint32_t position = start + count;
    for (uint32_t word = 0; word <= STREET_WORDS_MAX; word++) {
        if (at(text, position) != ' ' || !is_alnum(at(text, position + 1))) {
            return 0;
        }
        uint32_t end = ++position;
        while (is_alnum(at(text, end))) {
            end++;
        }
        if (word > 0 && is_street(slice(text, position, end))) {
            return end;
        }
        position = end + (at(text, end) == '.' ? 1 : 0);
    }
    return 0;
}

/* What a cue word says of the number after it; the mask takes both places but not the cue. */
static uint32_t match_cued(struct sw_text text, uint32_t start, const char **mask,
                           uint32_t *cue_end)
{
    static const char *const plates[] = {"plate", "lp", "license", "lic", "tag", NULL};
    static const char *const licences[] = {"cdl", "dl", "oln", NULL};
    static const char *const numbers[] = {"ssn", "cii", "fbi", "sid", "ucn", "arn", "bkg", NULL};
    static const char *const cases[] = {"case", "dr", "incident", NULL};
    uint32_t letters = count_letters(text, start, 16);
    uint32_t behind = letters > 0 && letters < 16 ? behind_cue(text, start + letters) : 0;
    if (behind == 0) {
        return 0;
    }
    struct sw_text cue = slice(text, start, start + letters);
    *cue_end = behind;
    if (is_one_of(cue, plates)) {
        *mask = "[plate]";
        return match_code(text, behind, PLATE_BYTES_MIN, PLATE_BYTES_MAX);
    }
    if (is_one_of(cue, licences)) {
        *mask = "[licence]";
        return match_code(text, behind, PLATE_BYTES_MIN, LICENCE_BYTES_MAX);
    }
    if (is_one_of(cue, numbers)) {
        *mask = sw_text_equal_fold(cue, SW_TEXT("ssn")) ? "[ssn]" : "[number]";
        return match_code(text, behind, PLATE_BYTES_MIN, LICENCE_BYTES_MAX);
    }
    if (is_one_of(cue, cases)) {
        *mask = "[case]";
        return match_code(text, behind, CASE_DIGITS_MIN, LICENCE_BYTES_MAX);
    }
    return 0;
}

struct matcher {
    uint32_t (*match)(struct sw_text text, uint32_t start);
    const char *mask;
};

/* In order: the more particular shape first. */
static const struct matcher matchers[] = {
    {match_email, "[email]"},     {match_ssn, "[ssn]"},
    {match_phone, "[phone]"},     {match_date, "[date]"},
    {match_plate, "[plate]"},     {match_licence, "[licence]"},
    {match_a_number, "[number]"}, {match_long_number, "[number]"},
    {match_case, "[case]"},       {match_address, "[address]"},
    {match_name, "[name]"},
};

/* Nothing to find in text without digit, at sign and comma: most reasons end here. */
static bool may_hold(struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (sw_form_is_digit(c) || c == '@' || c == ',') {
            return true;
        }
    }
    return false;
}

/* Tries all shapes at @start. The end of what is replaced, 0: nothing; from @first on. */
static uint32_t match_any(struct sw_text text, uint32_t start, uint32_t *first, const char **mask)
{
    *first = start;
    uint32_t end = match_cued(text, start, mask, first);
    if (end != 0) {
        return end;
    }
    *first = start;
    for (size_t i = 0; i < sizeof(matchers) / sizeof(matchers[0]); i++) {
        end = matchers[i].match(text, start);
        if (end != 0) {
            *mask = matchers[i].mask;
            return end;
        }
    }
    return 0;
}

/*
 * Scrubs @text, which stands before the end or before a mask: both end a word.
 *
 * What is before a match has to be looked at once more, now that it ends there: a run of capitals
 * too long for a name, say, may be a name when its end was part of an address. So what comes out
 * holds nothing more to mask. Each time the text is shorter; who nests such texts too deep to be
 * anything but hostile gets one mask for the rest.
 */
static uint32_t scrub_part(struct sw_text text, uint32_t depth, struct sw_buffer *buffer)
{
    uint32_t masks = 0;
    uint32_t kept = 0; // up to here it is written
    uint32_t position = 0;
    if (!may_hold(text)) {
        sw_buffer_append(buffer, text);
        return 0;
    }
    if (depth == DEPTH_MAX) {
        sw_buffer_append_string(buffer, "[name]");
        return 1;
    }
    while (position < text.length) {
        /* A mask that was just written ends a word too. */
        bool starts = position == kept || !is_alnum(text.bytes[position - 1]);
        uint32_t first = 0;
        const char *mask = NULL;
        uint32_t end = starts ? match_any(text, position, &first, &mask) : 0;
        if (end == 0) {
            position++;
            continue;
        }
        SW_ASSERT(end > position);
        if (first > kept) {
            masks += scrub_part(slice(text, kept, first), depth + 1, buffer);
        }
        sw_buffer_append_string(buffer, mask);
        masks++;
        kept = end;
        position = end;
    }
    sw_buffer_append(buffer, slice(text, kept, text.length));
    return masks;
}

uint32_t sw_scrub_text(struct sw_text text, struct sw_buffer *buffer)
{
    return scrub_part(text, 0, buffer);
}

bool sw_scrub_token_is_personal(struct sw_text text)
{
    bool digit = false;
    bool lower = false;
    for (uint32_t i = 0; i < text.length; i++) {
        digit = digit || sw_form_is_digit(text.bytes[i]);
        lower = lower || (text.bytes[i] >= 'a' && text.bytes[i] <= 'z');
    }
    if (!digit || lower || text.length > LONG_NUMBER_MAX) {
        return false;
    }
    return match_ssn(text, 0) == text.length || match_phone(text, 0) == text.length ||
           match_date(text, 0) == text.length || match_plate(text, 0) == text.length ||
           match_licence(text, 0) == text.length || match_a_number(text, 0) == text.length;
}

bool sw_scrub_token_is_plate(struct sw_text text)
{
    bool letter = false;
    for (uint32_t i = 0; i < text.length; i++) {
        letter = letter || sw_form_is_letter(text.bytes[i]);
    }
    return letter && match_code(text, 0, PLATE_BYTES_MIN, PLATE_BYTES_MAX) == text.length;
}

bool sw_scrub_word_is_address(struct sw_text text)
{
    return match_address(text, 0) != 0;
}
