/* A reason is cut into words once; every test then looks at words and their neighbours. */
#include "reason.h"

#include <stdbool.h>

#include <sharewatch/taxonomy.h>

#include "form.h"

#define WORDS_MAX        96 // later words are not read
#define WORD_DIGITS_CASE 5  // digits in a word that make it a number of a case
#define CUE_DISTANCE     2  // words between "ice" and what makes it a drug
#define CODE_WORDS_MAX   3

struct words {
    struct sw_text items[WORDS_MAX];
    uint32_t count;
    uint32_t initials; // a bit each letter that a word begins with, whatever its case
    struct sw_text text;
};

static bool in_word(char c)
{
    return sw_form_is_letter(c) || sw_form_is_digit(c) || (unsigned char)c >= 0x80;
}

static uint32_t word_end(struct sw_text text, uint32_t start)
{
    uint32_t end = start;
    while (end < text.length && in_word(text.bytes[end])) {
        end++;
    }
    return end;
}

static uint32_t initial(char c)
{
    return sw_form_is_letter(c) ? UINT32_C(1) << (((unsigned char)c | 0x20U) - 'a') : 0;
}

/* Masks such as [plate] are no words. */
static void cut(struct sw_text text, struct words *words)
{
    words->count = 0;
    words->initials = 0;
    words->text = text;
    bool masked = false;
    for (uint32_t at = 0; at < text.length && words->count < WORDS_MAX;) {
        char c = text.bytes[at];
        masked = c == '[' || (masked && c != ']');
        if (masked || !in_word(c)) {
            at++;
            continue;
        }
        uint32_t end = word_end(text, at);
        words->items[words->count++] = (struct sw_text){text.bytes + at, end - at};
        words->initials |= initial(c);
        at = end;
    }
}

/* Letters that differ in more than their case cannot begin the same word: most words go here. */
static bool begins_alike(struct sw_text word, const char *wanted)
{
    return word.length > 0 &&
           (((unsigned char)word.bytes[0] ^ (unsigned char)wanted[0]) & ~0x20) == 0;
}

static bool is(struct sw_text word, const char *wanted)
{
    return begins_alike(word, wanted) && sw_text_equal_fold(word, sw_text_from(wanted));
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

static bool starts(struct sw_text word, const char *prefix)
{
    if (!begins_alike(word, prefix)) {
        return false;
    }
    struct sw_text wanted = sw_text_from(prefix);
    return word.length >= wanted.length &&
           sw_text_equal_fold((struct sw_text){word.bytes, wanted.length}, wanted);
}

/* The word @offset from @index, or the empty one. */
static struct sw_text near(const struct words *words, uint32_t index, int32_t offset)
{
    int64_t at = (int64_t)index + offset;
    return at >= 0 && at < (int64_t)words->count ? words->items[at] : (struct sw_text){0};
}

static bool has_word(const struct words *words, const char *const *wanted)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (is_one_of(words->items[i], wanted)) {
            return true;
        }
    }
    return false;
}

static bool has_pair(const struct words *words, const char *first, const char *const *second)
{
    for (uint32_t i = 0; i + 1 < words->count; i++) {
        if (is(words->items[i], first) && is_one_of(words->items[i + 1], second)) {
            return true;
        }
    }
    return false;
}

/* --- ice --- */

/* "I.C.E." comes as the three words i, c, e with dots between. */
static uint32_t ice_length(const struct words *words, uint32_t index)
{
    if (is(words->items[index], "ice")) {
        return 1;
    }
    const char *first = words->items[index].bytes;
    bool letters = is(words->items[index], "i") && is(near(words, index, 1), "c") &&
                   is(near(words, index, 2), "e");
    bool spelled =
        letters && near(words, index, 2).bytes - first == 4 && first[1] == '.' && first[3] == '.';
    return spelled ? 3 : 0;
}

/* "meth ice", "crystal ice", "two grams of ice", "ice cream", "ice chest" */
static bool is_other_ice(const struct words *words, uint32_t index)
{
    static const char *const drugs[] = {"meth",
                                        "methamphetamine",
                                        "methamphetamines",
                                        "crystal",
                                        "shabu",
                                        "gram",
                                        "grams",
                                        "ounce",
                                        "ounces",
                                        "lb",
                                        "lbs",
                                        "pound",
                                        "pounds",
                                        "kilo",
                                        "kilos",
                                        "kg",
                                        "pipe",
                                        "smoking",
                                        "dope",
                                        NULL};
    static const char *const things[] = {"cream",  "chest", "rink", "skating", "machine", "box",
                                         "hockey", "storm", "cold", "maker",   NULL};
    static const char *const before[] = {"black", "dry", NULL};
    for (int32_t offset = -CUE_DISTANCE; offset <= CUE_DISTANCE; offset++) {
        if (offset != 0 && is_one_of(near(words, index, offset), drugs)) {
            return true;
        }
    }
    return is_one_of(near(words, index, 1), things) || is_one_of(near(words, index, -1), before);
}

static bool is_detainer_phrase(const struct words *words, uint32_t index, uint32_t length)
{
    static const char *const single[] = {"hold",   "holds",          "detainer", "detainers",
                                         "pickup", "administrative", NULL};
    static const char *const up[] = {"up", "ups", NULL};
    struct sw_text next = near(words, index, (int32_t)length);
    return is_one_of(next, single) ||
           (is(next, "pick") && is_one_of(near(words, index, (int32_t)length + 1), up));
}

static bool names_detainer(const struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        uint32_t length = ice_length(words, i);
        if (length > 0 && is_detainer_phrase(words, i, length)) {
            return true;
        }
    }
    return false;
}

static bool names_ice(const struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (ice_length(words, i) > 0 && !is_other_ice(words, i)) {
            return true;
        }
    }
    return false;
}

/* --- the others --- */

/* DHS is also the county's Department of Health Services. */
static bool names_dhs(const struct words *words)
{
    static const char *const health[] = {"county",  "health", "hospital", "clinic", "medical",
                                         "patient", "nurse",  "services", "social", NULL};
    static const char *const homeland[] = {"homeland", NULL};
    static const char *const security[] = {"security", NULL};
    static const char *const dhs[] = {"dhs", NULL};
    if (has_pair(words, "homeland", security)) {
        return true;
    }
    return has_word(words, dhs) && (!has_word(words, health) || has_word(words, homeland));
}

static bool names_removal(const struct words *words)
{
    static const char *const order[] = {"order", "orders", NULL};
    for (uint32_t i = 0; i < words->count; i++) {
        if (starts(words->items[i], "deport")) {
            return true;
        }
    }
    return has_pair(words, "removal", order);
}

static bool names_border(const struct words *words)
{
    static const char *const border[] = {"cbp", "usbp", NULL};
    static const char *const patrol[] = {"patrol", NULL};
    return has_word(words, border) || has_pair(words, "border", patrol);
}

/* The drop-down value "Immigration (…". */
static bool names_dropdown(const struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        struct sw_text word = words->items[i];
        const char *behind = word.bytes + word.length;
        const char *end = words->text.bytes + words->text.length;
        bool spaced = behind + 1 < end && behind[0] == ' ' && behind[1] == '(';
        bool bare = behind < end && behind[0] == '(';
        if (is(word, "immigration") && (spaced || bare)) {
            return true;
        }
    }
    return false;
}

static bool names_immigration(const struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (starts(words->items[i], "immigra")) {
            return true;
        }
    }
    return false;
}

uint16_t sw_reason_class(struct sw_text reason)
{
    static const char *const hsi[] = {"hsi", NULL};
    static const char *const ero[] = {"ero", NULL};
    static const char *const uscis[] = {"uscis", NULL};
    static const char initials[] = "bcdehiru"; // of all that is looked for
    uint32_t wanted = 0;
    struct words words;
    cut(reason, &words);
    for (const char *c = initials; *c != '\0'; c++) {
        wanted |= initial(*c);
    }
    if ((words.initials & wanted) == 0) {
        return SW_PURPOSE_CLASS_NONE;
    }
    if (names_detainer(&words)) {
        return SW_PURPOSE_CLASS_DETAINER;
    }
    if (names_ice(&words)) {
        return SW_PURPOSE_CLASS_ICE;
    }
    if (has_word(&words, hsi)) {
        return SW_PURPOSE_CLASS_HSI;
    }
    if (has_word(&words, ero)) {
        return SW_PURPOSE_CLASS_ERO;
    }
    if (names_border(&words)) {
        return SW_PURPOSE_CLASS_CBP;
    }
    if (names_removal(&words)) {
        return SW_PURPOSE_CLASS_DEPORT;
    }
    if (names_dhs(&words)) {
        return SW_PURPOSE_CLASS_DHS;
    }
    if (has_word(&words, uscis)) {
        return SW_PURPOSE_CLASS_USCIS;
    }
    if (names_dropdown(&words)) {
        return SW_PURPOSE_CLASS_DROPDOWN_IMMIGRATION;
    }
    return names_immigration(&words) ? SW_PURPOSE_CLASS_IMMIGRATION : SW_PURPOSE_CLASS_NONE;
}

/* --- quality --- */

/* By first letter. */
static bool is_vague(struct sw_text word)
{
    static const char *const vague[26][12] = {
        ['a' - 'a'] = {"assist", "a", "an", "and", "agency", "active", "attempt", "atl"},
        ['b' - 'a'] = {"business", "by"},
        ['c' - 'a'] = {"case", "crime", "crimes", "criminal", "check", "car"},
        ['d' - 'a'] = {"detective"},
        ['e' - 'a'] = {"enforcement"},
        ['f' - 'a'] = {"follow", "followup", "for"},
        ['g' - 'a'] = {"general"},
        ['h' - 'a'] = {"hit"},
        ['i' - 'a'] = {"investigation", "investigations", "investigative", "investigate", "invest",
                       "inv", "info", "information", "intel", "intelligence", "in"},
        ['l' - 'a'] = {"law", "lookup", "look", "locate"},
        ['m' - 'a'] = {"misc"},
        ['o' - 'a'] = {"official", "other", "of", "on", "outside", "ongoing"},
        ['p' - 'a'] = {"police", "patrol", "plate", "person"},
        ['q' - 'a'] = {"query"},
        ['r' - 'a'] = {"request"},
        ['s' - 'a'] = {"suspect", "susp", "subject", "search"},
        ['t' - 'a'] = {"test", "the", "to"},
        ['u' - 'a'] = {"up", "use", "unit"},
        ['v' - 'a'] = {"vehicle", "veh"},
        ['w' - 'a'] = {"work", "wanted"},
    };
    uint32_t letter = ((unsigned char)word.bytes[0] | 0x20U) - 'a';
    return letter < 26 && is_one_of(word, vague[letter]);
}

static bool is_blank_word(struct sw_text word)
{
    static const char *const blank[] = {"n",        "a",       "na", "none", "nil", "null",
                                        "redacted", "unknown", "x",  "xx",   "xxx", NULL};
    return is_one_of(word, blank);
}

static uint32_t count_digits(struct sw_text word)
{
    uint32_t digits = 0;
    for (uint32_t i = 0; i < word.length; i++) {
        digits += sw_form_is_digit(word.bytes[i]) ? 1 : 0;
    }
    return digits;
}

/* 459, 10851, 211a; and the codes that stand beside such numbers. */
static bool is_code(struct sw_text word)
{
    static const char *const codes[] = {"pc", "vc", "hs", "wi", "bp", "usc", "cpc", "cvc", NULL};
    uint32_t digits = count_digits(word);
    return (digits > 0 && digits <= WORD_DIGITS_CASE && word.length <= digits + 2) ||
           (word.length == 1 && digits == 0) || is_one_of(word, codes);
}

static bool contains(struct sw_text text, const char *wanted)
{
    struct sw_text part = sw_text_from(wanted);
    for (uint32_t i = 0; i + part.length <= text.length; i++) {
        if (sw_text_equal((struct sw_text){text.bytes + i, part.length}, part)) {
            return true;
        }
    }
    return false;
}

static bool all_words(const struct words *words, bool (*test)(struct sw_text))
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (!test(words->items[i])) {
            return false;
        }
    }
    return true;
}

static bool has_case_number(const struct words *words)
{
    if (contains(words->text, "[case]") || contains(words->text, "[number]")) {
        return true;
    }
    for (uint32_t i = 0; i < words->count; i++) {
        if (count_digits(words->items[i]) > WORD_DIGITS_CASE) {
            return true;
        }
    }
    return false;
}

uint16_t sw_reason_quality(struct sw_text reason)
{
    struct words words;
    cut(reason, &words);
    if (has_case_number(&words)) {
        return SW_REASON_QUALITY_CASE_NUMBER;
    }
    if (words.count == 0 || all_words(&words, is_blank_word)) {
        return SW_REASON_QUALITY_BLANK;
    }
    if (all_words(&words, is_vague)) {
        return SW_REASON_QUALITY_VAGUE;
    }
    return words.count <= CODE_WORDS_MAX && all_words(&words, is_code)
               ? SW_REASON_QUALITY_CODE
               : SW_REASON_QUALITY_DESCRIPTIVE;
}
