#include "policy_random.h"

#include <stdbool.h>
#include <stddef.h>

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

/* A field with the values it takes. Agencies and tokens have made-up ones. */
struct field {
    const char *name;
    const char *const *values;
    uint32_t count;
};

#define VALUES(name, ...) static const char *const name[] = {__VA_ARGS__};
VALUES(kinds, "booking", "fingerprint", "plate", "stop", "notice", "custody", "query", "court")
VALUES(actions, "booked", "searched", "matched", "read", "hit", "search", "share", "stopped",
       "sent", "requested", "answered", "arrested", "held", "detainer", "released", "transferred")
VALUES(classes, "local", "county", "state", "oos", "fed_nonimm", "fed_imm", "vendor", "private",
       "court", "public")
VALUES(agencies, "LAPD", "LASD", "LA-CITY", "DOJ-CA", "ICE", "CBP", "HSI", "FBI", "ATF", "USMS",
       "PASADENA-PD", "BURBANK-PD", "GLENDALE-PD", "LONG-BEACH-PD", "TORRANCE-PD", "CHP", "LAX-PD",
       "FLOCK", "MOTOROLA", "JRIC", "OC-SHERIFF", "SB-SHERIFF", "VENTURA-SO", "PERC", "DHS-OBIM")
VALUES(systems, "LAPD-JAIL", "LACRIS", "CAL-DOJ", "NGI", "IDENT", "LESC", "LAPD-ALPR", "FLOCK",
       "LEARN", "NVLS", "CLETS", "NLETS", "CONSOLIDATED", "PALANTIR", "ENFORCE")
VALUES(data_classes, "prints", "demographics", "arrest", "release_time", "home_work_address",
       "status", "crim_history", "alpr_read", "alpr_search_result", "hotlist_entry", "stop_record",
       "fi_card", "court_date", "custody_access", "case_intelligence", "registration", "setting")
VALUES(triggers, "automation", "request_in", "officer_initiated", "config_change", "vendor_fault")
VALUES(purposes, "criminal", "immigration", "admin", "unknown")
VALUES(instruments, "none", "I-247A", "I-200", "I-205", "judicial_warrant", "judicial_pc",
       "admin_subpoena", "court_order")
VALUES(custody_states, "pre_booking", "booked", "held", "bailed", "cited", "released")
VALUES(charges, "F", "M", "I", "wobbler")
VALUES(convictions, "none", "a1", "a2", "a3", "a4", "a5", "prop47", "unknown")
VALUES(roles, "jail_clerk", "patrol_officer", "detective", "task_force_officer", "analyst",
       "system", "alpr_administrator", "immigration_liaison", "prosecutor", "other")
VALUES(scopes, "one_to_one", "state", "national")
VALUES(outcomes, "complied", "declined", "partial", "pending", "no_record", "bond", "served")
VALUES(tristates, "true", "false", "unknown")
VALUES(reasons, "stolen vehicle follow up", "ICE hold check", "ero assist, detainer",
       "case 24-119283", "investigation", "amber alert", "immigration", "HSI task force lead",
       "parking", "removal order service")
VALUES(crossings, "none", "reachable", "direct")
VALUES(modes, "automatic", "mandated", "discretionary", "prohibited", "third_party", "federal")
#undef VALUES

#define FIELD(name, values)                                                                        \
    {                                                                                              \
        name, values, COUNT(values)                                                                \
    }
static const struct field fields[] = {
    FIELD("kind", kinds),
    FIELD("action", actions),
    FIELD("actor.agency", agencies),
    FIELD("actor.class", classes),
    FIELD("actor.system", systems),
    FIELD("actor.role", roles),
    FIELD("recipient.agency", agencies),
    FIELD("recipient.class", classes),
    FIELD("recipient.system", systems),
    FIELD("data_class", data_classes),
    FIELD("trigger", triggers),
    FIELD("purpose_code", purposes),
    FIELD("instrument", instruments),
    FIELD("custody_state", custody_states),
    FIELD("charge_class", charges),
    FIELD("conviction_basis", convictions),
    FIELD("share_scope", scopes),
    FIELD("outcome", outcomes),
    FIELD("public_already", tristates),
    FIELD("flow.crosses", crossings),
    FIELD("flow.mode", modes),
};
static const char *const flags[] = {"past_release",    "magistrate_872",  "civil_warrant",
                                    "status_asked",    "joint_operation", "consent_form",
                                    "liaison_approval"};
#define FIELD_REASON "reason"
#define FIELD_HOPS   "flow.hops"

uint32_t random_below(struct random *random, uint32_t limit)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % limit);
}

static bool chance(struct random *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

static const char *pick(struct random *random, const struct field *field)
{
    return field->values[random_below(random, field->count)];
}

/* --- the domain's mix --------------------------------------------------------------------------
 */

static void put_codes(struct random *random, const struct field *field, struct sw_buffer *buffer)
{
    uint32_t count = 1 + random_below(random, 3);
    sw_buffer_append_format(buffer, "        %s: [", field->name);
    for (uint32_t i = 0; i < count; i++) {
        sw_buffer_append_format(buffer, "%s'%s'", i > 0 ? ", " : "", pick(random, field));
    }
    sw_buffer_append_string(buffer, "]\n");
}

/* One item on field number @index; those past the codes are flags, text and numbers. */
static void put_item(struct random *random, uint32_t index, struct sw_buffer *buffer)
{
    static const char *const words[] = {"hold", "detainer", "removal", "ero", "task force", "case"};
    if (index < COUNT(fields)) {
        put_codes(random, &fields[index], buffer);
    } else if (index < COUNT(fields) + COUNT(flags)) {
        sw_buffer_append_format(buffer, "        %s: %s\n", flags[index - COUNT(fields)],
                                chance(random, 50) ? "true" : "false");
    } else if (chance(random, 50)) {
        sw_buffer_append_format(buffer, "        " FIELD_HOPS "|gte: %u\n",
                                1 + random_below(random, 5));
    } else if (chance(random, 80)) {
        sw_buffer_append_format(buffer, "        " FIELD_REASON "|contains: '%s'\n",
                                words[random_below(random, COUNT(words))]);
    } else {
        sw_buffer_append_format(buffer, "        " FIELD_REASON "|re|i: '(^|[^a-z])%s'\n",
                                words[random_below(random, COUNT(words))]);
    }
}

static void put_selection(struct random *random, const char *name, uint32_t items,
                          struct sw_buffer *buffer)
{
    uint32_t total = COUNT(fields) + COUNT(flags) + 1;
    uint32_t index = random_below(random, total);
    sw_buffer_append_format(buffer, "    %s:\n", name);
    for (uint32_t i = 0; i < items; i++) {
        put_item(random, index, buffer);
        index = (index + 1 + random_below(random, total / 5)) % total;
    }
}

static void domain_rule(struct random *random, uint32_t number, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer,
                            "title: Rule %u\nid: r%05u\nlogsource: {product: any}\n"
                            "detection:\n",
                            number, number);
    put_selection(random, "selection", 2 + random_below(random, 4), buffer);
    bool filter = chance(random, 60);
    bool second = filter && chance(random, 30);
    if (filter) {
        put_selection(random, "filter_main", 1 + random_below(random, 2), buffer);
    }
    if (second) {
        put_selection(random, "filter_other", 1, buffer);
    }
    sw_buffer_append_format(buffer, "    condition: selection%s\n---\n",
                            filter ? " and not 1 of filter_*" : "");
}

static void put_pair(struct random *random, const struct field *field, const char *before,
                     const char *name, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer, "%s\"%s\":\"%s\"", before, name, pick(random, field));
}

static void put_token(struct random *random, const char *name, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer, ",\"%s\":\"%08x%08x\"", name, random_below(random, 1U << 30),
                            random_below(random, 1U << 30));
}

static void domain_event(struct random *random, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer, "{\"time\":\"2026-11-24T%02u:%02u:%02uZ\"",
                            random_below(random, 24), random_below(random, 60),
                            random_below(random, 60));
    put_pair(random, &fields[0], ",", "kind", buffer);
    put_pair(random, &fields[1], ",", "action", buffer);
    put_token(random, "chain_id", buffer);
    put_token(random, "subject_tok", buffer);
    put_pair(random, &fields[2], ",\"actor\":{", "agency", buffer);
    put_pair(random, &fields[3], ",", "class", buffer);
    put_pair(random, &fields[4], ",", "system", buffer);
    put_pair(random, &fields[5], ",", "role", buffer);
    put_token(random, "role_tok", buffer);
    put_pair(random, &fields[6], "},\"recipient\":{", "agency", buffer);
    put_pair(random, &fields[7], ",", "class", buffer);
    put_pair(random, &fields[8], ",", "system", buffer);
    sw_buffer_append_string(buffer, "}");
    for (uint32_t i = 9; i <= 18; i++) {
        if (chance(random, 80)) {
            put_pair(random, &fields[i], ",", fields[i].name, buffer);
        }
    }
    for (uint32_t i = 0; i < COUNT(flags); i++) {
        if (chance(random, 60)) {
            sw_buffer_append_format(buffer, ",\"%s\":%s", flags[i],
                                    chance(random, 50) ? "true" : "false");
        }
    }
    sw_buffer_append_format(buffer, ",\"reason\":\"%s\"",
                            reasons[random_below(random, COUNT(reasons))]);
    put_pair(random, &fields[19], ",\"flow\":{", "crosses", buffer);
    put_pair(random, &fields[20], ",", "mode", buffer);
    sw_buffer_append_format(buffer, ",\"hops\":%u,\"path\":[\"NGI\",\"IDENT\"]},\"seq\":%u}",
                            random_below(random, 6), random_below(random, 1U << 30));
}

/* --- the wild mix ------------------------------------------------------------------------------
 */

/* Values that have met before in rules and events, so that they often meet. YAML text, and the same
 * as JSON. */
static const struct {
    const char *yaml;
    const char *json;
} odd_values[] = {
    {"a", "\"A\""},
    {"abc", "\"ABC\""},
    {"'a*c'", "\"a*c\""},
    {"'a?c'", "\"axc\""},
    {"'\\*'", "\"*\""},
    {"'a\\\\*'", "\"a\\\\b\""},
    {"'*'", "\"\""},
    {"''", "\"a\\\\\""},
    {"'?*b'", "\"\xc3\xa4"
              "b\""},
    {"'\xc3\x84'", "\"\xc3\xa4\""},
    {"'\xc7\x85x'", "\"\xc7\x84X\""},
    {"7", "7"},
    {"'7'", "7.0"},
    {"'007'", "\"007\""},
    {"7.5", "75e-1"},
    {"-3", "-3"},
    {"9007199254740993", "9007199254740993"},
    {"9007199254740992", "9007199254740992"},
    {"true", "true"},
    {"false", "\"False\""},
    {"yes", "\"yes\""},
    {"'aab'", "\"aaab\""},
    {"'*aab'", "\"aabaab\""},
    {"'ab*ab'", "\"abab\""},
    {"b", "\"bcd\\nabc\""},
    {"'-a'", "\"x /a -b\""},
    {"'10.1.2.3'", "\"10.1.2.3\""},
    {"abcd", "\"abcd\""},
    {"'bcda*abcd'", "\"xBCDAxABCDx\""},
    {"'Abcde?ab'", "\"Abcde\xc3\xa4"
                   "ab\""},
    {"'dabc'", "\"abcdabcdABCDEXAB\""},
    {"'\xe2\x84\xaa'", "\"abc\xe2\x84\xaa\xe2\x84\xaa"
                       "abc\""},
    {"kkab", "\"k\xe2\x84\xaa"
             "ab\""},
    {"12345", "12345.0"},
    {"'2345'", "123450"},
};

static const char *const odd_names[] = {"f", "g", "h.i", "h.j", "k.l.m"};

static const char *odd_yaml(struct random *random)
{
    return odd_values[random_below(random, COUNT(odd_values))].yaml;
}

static void put_odd_list(struct random *random, struct sw_buffer *buffer)
{
    uint32_t count = 1 + random_below(random, 3);
    sw_buffer_append_string(buffer, "[");
    for (uint32_t i = 0; i < count; i++) {
        sw_buffer_append_format(buffer, "%s%s", i > 0 ? ", " : "", odd_yaml(random));
    }
    sw_buffer_append_string(buffer, "]");
}

static void put_odd_item(struct random *random, struct sw_buffer *buffer)
{
    static const char *const forms[] = {"",
                                        "|contains",
                                        "|startswith",
                                        "|endswith",
                                        "|cased",
                                        "|contains|all",
                                        "|contains|cased",
                                        "|neq",
                                        "|endswith|neq",
                                        "|windash|contains"};
    static const char *const special[] = {
        "|exists: true",
        "|exists: false",
        ": null",
        "|gt: 5",
        "|gte: 7",
        "|lt: 7.5",
        "|lte: -3",
        "|re: 'a.?b'",
        "|re|i: '^[ABC]+$'",
        "|re: '^$'",
        "|cidr: 10.0.0.0/8",
        "|fieldref: g",
        "|fieldref|neq: f",
        "|fieldref|contains: h.i",
        "|base64offset|contains: ab",
    };
    const char *name = odd_names[random_below(random, COUNT(odd_names))];
    if (chance(random, 30)) {
        sw_buffer_append_format(buffer, "%s%s", name,
                                special[random_below(random, COUNT(special))]);
        return;
    }
    sw_buffer_append_format(buffer, "%s%s: ", name, forms[random_below(random, COUNT(forms))]);
    put_odd_list(random, buffer);
}

static void put_odd_map(struct random *random, struct sw_buffer *buffer)
{
    sw_buffer_append_string(buffer, "{");
    put_odd_item(random, buffer);
    if (chance(random, 40)) { // a second item, whose key is surely another one
        sw_buffer_append_format(buffer, ", n|neq: %s", odd_yaml(random));
    } else if (chance(random, 20)) {
        sw_buffer_append_string(buffer, ", '|re': '[ab]'");
    }
    sw_buffer_append_string(buffer, "}");
}

static void put_odd_search(struct random *random, struct sw_buffer *buffer)
{
    uint32_t form = random_below(random, 10);
    if (form < 6) {
        put_odd_map(random, buffer);
    } else if (form < 8) {
        sw_buffer_append_string(buffer, "[");
        put_odd_map(random, buffer);
        sw_buffer_append_string(buffer, ", ");
        put_odd_map(random, buffer);
        sw_buffer_append_string(buffer, "]");
    } else {
        put_odd_list(random, buffer);
    }
}

static void wild_rule(struct random *random, uint32_t number, struct sw_buffer *buffer)
{
    static const char *const conditions[] = {
        "a",
        "a and b",
        "a or b and c",
        "(a or b) and not c",
        "not a and not b",
        "a and not 1 of c*",
        "1 of them",
        "all of them",
        "not 1 of them",
        "not (a and not (b or c))",
        "1 of * and not all of *",
    };
    uint32_t condition = random_below(random, COUNT(conditions));
    sw_buffer_append_format(buffer,
                            "title: Rule %u\nid: r%05u\nlogsource: {product: any}\ndetection:\n",
                            number, number);
    for (int name = 'a'; name <= 'c'; name++) {
        sw_buffer_append_format(buffer, "    %c: ", name);
        put_odd_search(random, buffer);
        sw_buffer_append_string(buffer, "\n");
    }
    sw_buffer_append_format(buffer, "    condition: %s\n---\n", conditions[condition]);
}

static void put_odd_json(struct random *random, uint32_t depth, struct sw_buffer *buffer)
{
    uint32_t form = random_below(random, 20);
    if (form == 0) {
        sw_buffer_append_string(buffer, "null");
    } else if (form == 1) {
        sw_buffer_append_string(buffer, "[]");
    } else if (form < 5 && depth < 3) {
        uint32_t count = 1 + random_below(random, 3);
        sw_buffer_append_string(buffer, "[");
        for (uint32_t i = 0; i < count; i++) {
            sw_buffer_append_string(buffer, i > 0 ? "," : "");
            put_odd_json(random, depth + 1, buffer);
        }
        sw_buffer_append_string(buffer, "]");
    } else {
        sw_buffer_append_string(buffer, odd_values[random_below(random, COUNT(odd_values))].json);
    }
}

static void put_odd_pair(struct random *random, const char *name, struct sw_buffer *buffer)
{
    bool first = buffer->length > 0 && buffer->bytes[buffer->length - 1] == '{';
    sw_buffer_append_format(buffer, "%s\"%s\":", first ? "" : ",", name);
    put_odd_json(random, 0, buffer);
}

static void put_odd_object(struct random *random, const char *const *names, uint32_t count,
                           struct sw_buffer *buffer)
{
    sw_buffer_append_string(buffer, "{");
    for (uint32_t i = 0; i < count; i++) {
        if (chance(random, 60)) {
            put_odd_pair(random, names[i], buffer);
        }
    }
    sw_buffer_append_string(buffer, "}");
}

static void wild_event(struct random *random, struct sw_buffer *buffer)
{
    static const char *const inner[] = {"i", "j", "i", "x"};
    sw_buffer_append_string(buffer, "{");
    for (uint32_t i = 0; i < 3; i++) {
        if (chance(random, 70)) {
            put_odd_pair(random, i == 2 ? "g" : odd_names[i], buffer);
        }
    }
    if (chance(random, 15)) {
        put_odd_pair(random, "h.i", buffer);
    }
    if (chance(random, 70)) {
        bool first = buffer->bytes[buffer->length - 1] == '{';
        bool list = chance(random, 30);
        sw_buffer_append_format(buffer, "%s\"h\":%s", first ? "" : ",", list ? "[" : "");
        put_odd_object(random, inner, COUNT(inner), buffer);
        if (list) {
            sw_buffer_append_string(buffer, ",");
            put_odd_object(random, inner, COUNT(inner), buffer);
            sw_buffer_append_string(buffer, "]");
        }
    }
    if (chance(random, 30)) {
        bool first = buffer->bytes[buffer->length - 1] == '{';
        sw_buffer_append_format(buffer, "%s\"k\":{\"l\":", first ? "" : ",");
        static const char *const leaves[] = {"m"};
        put_odd_object(random, leaves, 1, buffer);
        sw_buffer_append_string(buffer, "}");
    }
    sw_buffer_append_string(buffer, "}");
}

void random_rule(struct random *random, enum rule_mix mix, uint32_t number,
                 struct sw_buffer *buffer)
{
    if (mix == RULE_MIX_DOMAIN) {
        domain_rule(random, number, buffer);
    } else {
        wild_rule(random, number, buffer);
    }
}

void random_event(struct random *random, enum rule_mix mix, struct sw_buffer *buffer)
{
    if (mix == RULE_MIX_DOMAIN) {
        domain_event(random, buffer);
    } else {
        wild_event(random, buffer);
    }
}
