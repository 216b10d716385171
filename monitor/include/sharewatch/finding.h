/**
 * What a rule is to the rest of the system, and what it says of one event: a finding.
 *
 * The policy engine (policy.h) loads rules and matches events; the pipeline knows it only through
 * these types and one function, so that core stands below policy.
 */
#ifndef SHAREWATCH_FINDING_H
#define SHAREWATCH_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/event.h>
#include <sharewatch/text.h>
#include <sharewatch/verdict.h>

#define SW_FINDINGS_MAX 32 // of one hop; more are counted, see sw_match_fn

/** How the alerts of a rule are told. */
enum sw_alert_mode {
    SW_ALERT_EACH,  // one alert a hop
    SW_ALERT_DAILY, // one alert a day (UTC), edge, verdict and level, with a count
    SW_ALERT_NEVER, // the finding is kept, nobody is told
};

struct sw_rule {
    struct sw_text id;    // the rule's id, else its name, else its file's name
    struct sw_text name;  // short, fit for a topic: letters, digits, _ and -
    struct sw_text title; // one line for people
    struct sw_text pack;  // "la-city-2024"
    struct sw_text file;
    struct sw_text cite;       // section of the law or order
    struct sw_text layer;      // federal, state, county, city or department
    struct sw_text off_switch; // who could stop what it finds; empty: whoever the edge names
    bool has_verdict;          // false: a record finding that leaves the verdict alone
    enum sw_verdict verdict;
    enum sw_level level; // at least this level; SW_LEVEL_NONE adds nothing
    uint32_t duties;     // bits of enum sw_duty
    int64_t from_ms;     // in force from, inclusive; INT64_MIN when always
    int64_t until_ms;    // in force until, exclusive; INT64_MAX when open
    enum sw_alert_mode alert;
};

struct sw_finding {
    uint32_t rule;           // index in the set of rules
    bool has_verdict;        // as the rule's
    enum sw_verdict verdict; // the rule's, or REVIEW when a fact it needs is missing
    enum sw_field missing;   // that fact, else SW_FIELD_COUNT
};

/**
 * Matches @event, after enrichment, against all rules in force at its time. Writes at most
 * @capacity findings in order of rule index and returns how many there were (which may be more).
 * @again: the event was matched before (it is judged again with later knowledge), so that counts
 * over time are not to be moved a second time.
 */
typedef uint32_t (*sw_match_fn)(void *context, const struct sw_event *event, bool again,
                                struct sw_finding *findings, uint32_t capacity);

/** A loaded set of rules as the pipeline uses it. */
struct sw_rules {
    const struct sw_rule *rules; // [count]
    uint32_t count;
    sw_match_fn match;
    void *context;
};

/** The index of the rule called @name, UINT32_MAX when there is none. */
uint32_t sw_rules_find(const struct sw_rules *rules, struct sw_text name);

#endif
