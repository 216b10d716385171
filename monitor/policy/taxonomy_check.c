#include "taxonomy_check.h"

#include <stdio.h>

#include <sharewatch/assert.h>

#include "predicate.h"

#define FOLD_BYTES 256 // the longest value of the taxonomy, folded

bool sw_taxonomy_check_field(struct sw_text name, struct sw_place place, struct sw_report *report)
{
    if (sw_field_find(name) != SW_FIELD_COUNT) {
        return true;
    }
    char hint[128];
    sw_report_error(report, place, sw_field_hint(name, hint, sizeof(hint)),
                    "the taxonomy has no field %.*s", SW_TEXT_FORMAT(name));
    return false;
}

/* Values are offered one by one; passes when one of them passes the predicate. */
struct offer {
    const struct sw_predicate *predicate;
    struct sw_tools tools;
    struct sw_suggestion suggestion;
    bool passed;
};

static void offer_start(struct offer *offer, const struct sw_predicate *predicate)
{
    *offer = (struct offer){.predicate = predicate};
    sw_tools_open(&offer->tools, FOLD_BYTES);
    sw_suggestion_init(&offer->suggestion, predicate->source);
}

static void offer_value(struct offer *offer, const char *value)
{
    struct sw_datum datum;
    sw_datum_text(&datum, sw_text_from(value));
    offer->tools.fold_used = 0;
    offer->passed = offer->passed || sw_predicate_test(offer->predicate, &offer->tools, &datum);
    sw_suggestion_offer(&offer->suggestion, sw_text_from(value));
}

/* Ends the offers; reports when none passed. @what says what the values are. */
static bool offer_end(struct offer *offer, struct sw_text field, const char *what,
                      struct sw_place place, struct sw_report *report)
{
    sw_tools_close(&offer->tools);
    if (!offer->passed) {
        char hint[128];
        sw_report_error(report, place, sw_suggestion_hint(&offer->suggestion, hint, sizeof(hint)),
                        "%.*s can never be %.*s: it is %s", SW_TEXT_FORMAT(field),
                        SW_TEXT_FORMAT(offer->predicate->source), what);
    }
    return offer->passed;
}

static bool check_enum(const struct sw_field_info *info, struct sw_text field,
                       const struct sw_predicate *predicate, struct sw_place place,
                       struct sw_report *report)
{
    struct offer offer;
    offer_start(&offer, predicate);
    for (uint16_t code = 1; code <= info->values->value_count; code++) {
        offer_value(&offer, info->values->values[code]);
    }
    char what[96];
    (void)snprintf(what, sizeof(what), "one of the list %s", info->values->name);
    return offer_end(&offer, field, what, place, report);
}

static bool check_bool(struct sw_text field, const struct sw_predicate *predicate,
                       struct sw_place place, struct sw_report *report)
{
    struct offer offer;
    offer_start(&offer, predicate);
    offer_value(&offer, "true");
    offer_value(&offer, "false");
    return offer_end(&offer, field, "true or false", place, report);
}

static bool check_kind(struct sw_text field, const struct sw_predicate *predicate,
                       struct sw_place place, struct sw_report *report)
{
    struct offer offer;
    offer_start(&offer, predicate);
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        offer_value(&offer, sw_kind_name((enum sw_kind)kind));
    }
    return offer_end(&offer, field, "a kind of event", place, report);
}

static bool check_action(struct sw_text field, enum sw_kind only,
                         const struct sw_predicate *predicate, struct sw_place place,
                         struct sw_report *report)
{
    struct offer offer;
    offer_start(&offer, predicate);
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        uint32_t count = sw_kind_action_count((enum sw_kind)kind);
        int first = (int)sw_kind_first_action((enum sw_kind)kind);
        for (uint32_t i = 0; i < count && (only == SW_KIND_NONE || (int)only == kind); i++) {
            offer_value(&offer, sw_action_name((enum sw_action)(first + (int)i)));
        }
    }
    char what[96];
    (void)snprintf(what, sizeof(what), "an action of %s",
                   only == SW_KIND_NONE ? "some kind" : sw_kind_name(only));
    return offer_end(&offer, field, what, place, report);
}

static bool is_number_test(enum sw_op op)
{
    return op >= SW_OP_NUMBER && op <= SW_OP_GREATER_EQUAL;
}

static bool check_integer(const struct sw_field_info *info, struct sw_text field,
                          const struct sw_predicate *predicate, struct sw_place place,
                          struct sw_report *report)
{
    struct sw_number number = predicate->number;
    if (!is_number_test(predicate->op) &&
        !(predicate->op == SW_OP_EQUAL && sw_number_parse(predicate->text, &number))) {
        sw_report_error(report, place, NULL, "%.*s is a number, compare it as one",
                        SW_TEXT_FORMAT(field));
        return false;
    }
    struct sw_number min = sw_number_integer(info->min);
    struct sw_number max = sw_number_integer(info->max);
    if (sw_number_compare(&number, &min) < 0 || sw_number_compare(&number, &max) > 0) {
        sw_report_error(report, place, NULL, "%.*s lies between %lld and %lld",
                        SW_TEXT_FORMAT(field), (long long)info->min, (long long)info->max);
        return false;
    }
    return true;
}

/* Agencies and systems are not listed here, but no name of one has other letters. */
static bool check_name(struct sw_text field, const struct sw_predicate *predicate,
                       struct sw_place place, struct sw_report *report)
{
    struct sw_text text = predicate->text;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        bool good =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (!good) {
            sw_report_error(report, place, "capital letters, digits and -",
                            "%.*s can never be %.*s", SW_TEXT_FORMAT(field),
                            SW_TEXT_FORMAT(predicate->source));
            return false;
        }
    }
    return true;
}

bool sw_taxonomy_check(struct sw_text name, enum sw_kind kind, const struct sw_predicate *predicate,
                       struct sw_place place, struct sw_report *report)
{
    enum sw_field field = sw_field_find(name);
    bool presence = predicate->op == SW_OP_EXISTS || predicate->op == SW_OP_NULL ||
                    predicate->op == SW_OP_FIELD;
    if (field == SW_FIELD_COUNT || presence) {
        return true; // a keyword, or nothing that depends on the value
    }
    const struct sw_field_info *info = sw_field_info(field);
    if (info->type == SW_TYPE_INTEGER) {
        return check_integer(info, name, predicate, place, report);
    }
    if (is_number_test(predicate->op) &&
        (predicate->op != SW_OP_NUMBER || predicate->part != SW_PART_NONE)) {
        sw_report_error(report, place, NULL, "%.*s is no number", SW_TEXT_FORMAT(name));
        return false;
    }
    if (field == SW_FIELD_KIND) {
        return check_kind(name, predicate, place, report);
    }
    if (field == SW_FIELD_ACTION) {
        return check_action(name, kind, predicate, place, report);
    }
    switch (info->type) {
    case SW_TYPE_ENUM:
        return check_enum(info, name, predicate, place, report);
    case SW_TYPE_BOOL:
        return check_bool(name, predicate, place, report);
    case SW_TYPE_AGENCY:
    case SW_TYPE_NODE:
        return check_name(name, predicate, place, report);
    case SW_TYPE_INTEGER:
    case SW_TYPE_TOKEN:
    case SW_TYPE_TEXT:
    case SW_TYPE_WORD:
        break;
    }
    return true;
}
