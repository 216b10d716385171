/* Words are compared whole and without case. The order of the tests matters: "ICE" before the state
 * that a field office stands in, a state's own agencies before its cities. */
#include "organisation.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/taxonomy.h>

#define WORDS_MAX 16

struct words {
    struct sw_text items[WORDS_MAX];
    uint32_t count;
};

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* Dots and apostrophes are left out of words: "U.S." is "US". */
static void cut(struct sw_text name, char *bytes, uint32_t capacity, struct words *words)
{
    uint32_t length = 0;
    words->count = 0;
    uint32_t start = 0;
    for (uint32_t i = 0; i <= name.length; i++) {
        char c = (char)(i < name.length ? name.bytes[i] : ' ');
        if (in_word(c) && length < capacity) {
            bytes[length++] = upper(c);
        } else if (c != '.' && c != '\'') {
            if (length > start && words->count < WORDS_MAX) {
                words->items[words->count++] = (struct sw_text){bytes + start, length - start};
            }
            start = length;
        }
    }
}

static bool is(struct sw_text word, const char *wanted)
{
    return sw_text_equal(word, sw_text_from(wanted));
}

static bool is_one_of(struct sw_text word, const char *const *wanted)
{
    for (; *wanted != NULL; wanted++) {
        if (is(word, *wanted)) {
            return true;
        }
    }
    return false;
}

static bool has_one_of(const struct words *words, const char *const *wanted)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (is_one_of(words->items[i], wanted)) {
            return true;
        }
    }
    return false;
}

static bool has_pair(const struct words *words, const char *first, const char *second)
{
    for (uint32_t i = 0; i + 1 < words->count; i++) {
        if (is(words->items[i], first) && is(words->items[i + 1], second)) {
            return true;
        }
    }
    return false;
}

/* --- what it is in law --- */

static bool is_immigration(const struct words *words)
{
    static const char *const names[] = {"ICE",   "HSI", "ERO",         "CBP", "USBP",
                                        "USCIS", "DHS", "IMMIGRATION", NULL};
    return has_one_of(words, names) || has_pair(words, "BORDER", "PATROL") ||
           has_pair(words, "HOMELAND", "SECURITY") || has_pair(words, "BORDER", "PROTECTION");
}

static bool is_federal(const struct words *words)
{
    static const char *const names[] = {"FBI",  "DEA",   "ATF", "USMS", "USSS",    "USPIS",
                                        "NCIS", "AFOSI", "IRS", "NPS",  "FEDERAL", "AMTRAK",
                                        "BLM",  "HIDTA", "US",  NULL};
    return has_one_of(words, names) || has_pair(words, "SECRET", "SERVICE") ||
           has_pair(words, "UNITED", "STATES") || has_pair(words, "AIR", "FORCE") ||
           has_pair(words, "VETERANS", "AFFAIRS") || has_pair(words, "POSTAL", "INSPECTION");
}

static bool names_other_state(const struct words *words)
{
    static const char *const codes[] = {
        "AL", "AK", "AZ", "AR", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL",
        "IN", "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT",
        "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI",
        "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", NULL};
    static const char *const names[] = {
        "ALABAMA",      "ALASKA",        "ARIZONA",  "ARKANSAS",  "COLORADO",    "CONNECTICUT",
        "DELAWARE",     "FLORIDA",       "GEORGIA",  "HAWAII",    "IDAHO",       "ILLINOIS",
        "INDIANA",      "IOWA",          "KANSAS",   "KENTUCKY",  "LOUISIANA",   "MAINE",
        "MARYLAND",     "MASSACHUSETTS", "MICHIGAN", "MINNESOTA", "MISSISSIPPI", "MISSOURI",
        "MONTANA",      "NEBRASKA",      "NEVADA",   "OHIO",      "OKLAHOMA",    "OREGON",
        "PENNSYLVANIA", "TENNESSEE",     "TEXAS",    "UTAH",      "VERMONT",     "VIRGINIA",
        "WISCONSIN",    "WYOMING",       NULL};
    /* "La Habra CA PD": a code that begins the name is a word of it. */
    for (uint32_t i = 1; i < words->count; i++) {
        if (is_one_of(words->items[i], codes)) {
            return true;
        }
    }
    return has_one_of(words, names) || has_pair(words, "NEW", "JERSEY") ||
           has_pair(words, "NEW", "MEXICO") || has_pair(words, "NEW", "YORK");
}

static bool is_private(const struct words *words)
{
    static const char *const names[] = {"HOA", "LLC", "INC", "MALL", "ASSOCIATION", "RETAIL", NULL};
    return has_one_of(words, names);
}

static uint16_t class_of(const struct words *words)
{
    static const char *const california[] = {"CA", "CALIFORNIA", NULL};
    static const char *const police[] = {"PD", "POLICE",   "SO",        "SHERIFF", "SHERIFFS",
                                         "DA", "DISTRICT", "PROBATION", NULL};
    static const char *const county[] = {"SO", "SHERIFF", "SHERIFFS", "COUNTY", NULL};
    static const char *const state[] = {"CHP", "DOJ", "CDCR", "DMV", NULL};
    if (is_immigration(words)) {
        return SW_AGENCY_CLASS_FED_IMM;
    }
    if (is_private(words)) {
        return SW_AGENCY_CLASS_PRIVATE;
    }
    bool californian = has_one_of(words, california);
    if (!californian && names_other_state(words)) {
        return SW_AGENCY_CLASS_OOS;
    }
    if (is_federal(words)) {
        return SW_AGENCY_CLASS_FED_NONIMM;
    }
    bool highway = has_pair(words, "HIGHWAY", "PATROL");
    if (has_one_of(words, (const char *const[]){"CHP", NULL}) ||
        (californian && (highway || has_one_of(words, state)))) {
        return SW_AGENCY_CLASS_STATE;
    }
    if (!californian) {
        return 0;
    }
    if (has_one_of(words, county)) {
        return SW_AGENCY_CLASS_COUNTY;
    }
    return has_one_of(words, police) ? SW_AGENCY_CLASS_LOCAL : 0;
}

/* --- its id --- */

/* "PD" and "Police Department" are one, and so are the state's ways of being left out. */
static bool is_filler(struct sw_text word)
{
    static const char *const fillers[] = {"CA",     "CALIFORNIA", "DEPARTMENT", "DEPT",
                                          "OFFICE", "OF",         "THE",        NULL};
    return is_one_of(word, fillers);
}

static struct sw_text common_form(struct sw_text word)
{
    static const char *const sheriffs[] = {"SO", "SHERIFFS", "SHERIFF", NULL};
    if (is(word, "PD")) {
        return SW_TEXT("POLICE");
    }
    return is_one_of(word, sheriffs) ? SW_TEXT("SHERIFF") : word;
}

static uint32_t next_word(const struct words *words, uint32_t index)
{
    while (index < words->count && is_filler(words->items[index])) {
        index++;
    }
    return index;
}

static bool same_name(const struct words *a, const struct words *b)
{
    uint32_t i = next_word(a, 0);
    uint32_t k = next_word(b, 0);
    while (i < a->count && k < b->count) {
        if (!sw_text_equal(common_form(a->items[i]), common_form(b->items[k]))) {
            return false;
        }
        i = next_word(a, i + 1);
        k = next_word(b, k + 1);
    }
    return i == a->count && k == b->count;
}

static uint16_t find_on_map(const struct sw_map *map, const struct words *words, struct sw_text id)
{
    uint16_t index = sw_map_agency(map, id);
    for (uint16_t i = 0; index == SW_NONE && i < map->agency_count; i++) {
        char bytes[128];
        struct words name;
        cut(map->agencies[i].name, bytes, sizeof(bytes), &name);
        index = same_name(words, &name) ? i : SW_NONE;
    }
    return index;
}

/* The words joined by hyphens. What is cut off is stood for by a few digits of its hash, so that
 * two long names stay two agencies. */
static void write_id(const struct words *words, struct sw_text name,
                     char id[SW_ORGANISATION_ID_BYTES])
{
    char bytes[160];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    for (uint32_t i = 0; i < words->count; i++) {
        sw_buffer_append_string(&buffer, i > 0 ? "-" : "");
        sw_buffer_append(&buffer, words->items[i]);
    }
    if (buffer.length < SW_ORGANISATION_ID_BYTES && !buffer.overflowed) {
        memcpy(id, bytes, buffer.length + 1);
        return;
    }
    (void)snprintf(id, SW_ORGANISATION_ID_BYTES, "%.*s-%04X", SW_ORGANISATION_ID_BYTES - 6, bytes,
                   (unsigned)(sw_text_hash(name) & 0xFFFF));
}

void sw_organisation_read(const struct sw_map *map, struct sw_text name,
                          struct sw_organisation *organisation)
{
    char bytes[128];
    struct words words;
    cut(name, bytes, sizeof(bytes), &words);
    *organisation = (struct sw_organisation){0};
    write_id(&words, name, organisation->id);
    organisation->class_code = class_of(&words);
    uint16_t index =
        map != NULL ? find_on_map(map, &words, sw_text_from(organisation->id)) : SW_NONE;
    if (index != SW_NONE) {
        struct sw_buffer id;
        memset(organisation->id, 0, sizeof(organisation->id));
        sw_buffer_init(&id, organisation->id, SW_ORGANISATION_ID_BYTES);
        sw_buffer_append(&id, map->agencies[index].id);
        organisation->class_code = map->agencies[index].class_code;
        organisation->on_map = true;
    }
}

bool sw_organisation_is_californian(uint16_t class_code)
{
    return class_code == SW_AGENCY_CLASS_LOCAL || class_code == SW_AGENCY_CLASS_COUNTY ||
           class_code == SW_AGENCY_CLASS_STATE;
}
