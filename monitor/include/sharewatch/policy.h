/**
 * The policy engine: Sigma 2.1 rules, read from files, compiled once, matched against events.
 *
 *   open → (match …) → close
 *
 * A policy is a set of rules, correlations and filters from one or more packs. Opening reads,
 * checks and compiles; the result never changes. Matching takes two kinds of events over one core:
 * a decoded and enriched `struct sw_event` (the monitor, through sw_policy_rules()), or any JSON
 * object (the verb `match`). What changes while matching stands in a scratch, one a thread, whose
 * memory is reserved when it is opened; matching allocates nothing.
 *
 * Files. A path is a file (`*.yml`, `*.yaml`), a pack (a folder with `pack.yaml`; its rules are its
 * `*.yml`), or any other folder (all `*.yml` and `*.yaml` below it). `lists/NAME.txt` (one value a
 * line) or `lists/NAME.yaml` (a sequence) beside a rule, or beside its pack, resolve `%NAME%` for
 * the modifier `expand`. pack.yaml holds {pack, version, title, layer, about, extends: [pack, …],
 * overlay}; the packs it extends are folders beside it and are loaded with it.
 *
 * Beyond Sigma, a rule may hold
 *
 *   x_policy:
 *     verdict: PROH                 # NONE FED AUTO DISC REVIEW PROH; without it: a record finding
 *     cross_level: informed         # at least this level: 0 to 4, or its word
 *     cite: Gov. Code 7284.6(a)(1)
 *     in_force: {from: 2018-01-01, until: 2026-01-01}   # event time; from inclusive, until not
 *     if_missing: {instrument: REVIEW}
 *     duties: [SERVE_COPY]
 *     layer: state                  # federal state county city department; else the pack's
 *     alert: each                   # each daily never
 *     off_switch: Sheriff           # who could stop what the rule finds
 *
 * What a missing fact does (`if_missing`). A field is missing when the event does not have it or
 * has null. While a field named here is missing, every test of it counts as unknown, except
 * `exists` and `null`, which ask for just that. `and`, `or` and `not` follow Kleene: false and
 * unknown is false, true or unknown is true, everything else with unknown is unknown. A rule that
 * comes out true matches with its own verdict: the fact would not have changed it. One that comes
 * out false does not match. One that comes out unknown gives a finding with verdict REVIEW and
 * `missing` names the first field of the list on which the answer hangs. So `selection and not
 * filter` is REVIEW, not PROH, while the filter's field is missing; and a rule whose selection
 * tests the missing field is REVIEW too, as long as nothing else rules it out.
 */
#ifndef SHAREWATCH_POLICY_H
#define SHAREWATCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/diagnostic.h>
#include <sharewatch/finding.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/yaml.h>

#define SW_POLICY_RULES_MAX     32768              // rules, correlations and filters of one set
#define SW_POLICY_STATE_MIB     256                // memory for correlations, unless told otherwise
#define SW_POLICY_STATE_MIB_MAX 65536              // that an option takes
#define SW_POLICY_LINE_BYTES    (4U * 1024 * 1024) // the longest JSON event that is matched

struct sw_policy;  // a compiled set
struct sw_map;     // of sharing, map.h
struct sw_scratch; // what one thread needs to match against it

/** Machines that the engine has instructions for. Each has those of the ones below it. */
enum sw_machine {
    SW_MACHINE_THIS, // whatever it is
    SW_MACHINE_PORTABLE,
    SW_MACHINE_AVX2,
    SW_MACHINE_AVX512,
};

/** How to read the files. A zeroed struct is the usual way. */
struct sw_policy_options {
    bool strict;             // check fields and values of every rule against the taxonomy, not only
                             // of those with `product: sharewatch`
    bool sparse;             // find candidates by keys even where rows of bits would fit; for tests
    enum sw_machine machine; // at most such a machine; for tests
    bool lint;               // also warn of what is allowed but probably not meant
    uint32_t state_mib;      // memory for correlations; 0: SW_POLICY_STATE_MIB
    uint32_t line_bytes;     // the longest JSON event; 0: SW_POLICY_LINE_BYTES
    const char *time_field;  // of JSON events; NULL: `time`
    const char *log_source_fields[3]; // of JSON events: where product, category and service stand;
                                      // NULL: not in the event
};

/** A pack that was loaded. */
struct sw_policy_pack {
    struct sw_text name;
    struct sw_text version;
    struct sw_text title;
    struct sw_text layer;
    struct sw_text about;
    const struct sw_yaml_node *overlay; // its `overlay`, for the map's loader; NULL: none
};

/**
 * Loads the rules under @paths [path_count]. SW_INVALID: @report says what is wrong; SW_IO: a path
 * cannot be read. In both cases *@policy is NULL. Warnings do not stop it.
 */
enum sw_status sw_policy_open(struct sw_policy **policy, const char *const *paths,
                              uint32_t path_count, const struct sw_policy_options *options,
                              struct sw_report *report) SW_MUST_CHECK;

/** As sw_policy_open() from the content of an earlier set, as the log keeps it: for a replay. */
enum sw_status sw_policy_open_content(struct sw_policy **policy, struct sw_text content,
                                      const struct sw_policy_options *options,
                                      struct sw_report *report) SW_MUST_CHECK;

/** Frees the set. Accepts NULL. Its scratches must be closed before. */
void sw_policy_close(struct sw_policy *policy);

/** The names of the packs (or files) joined by `+`: "ca-state+la-city-2024". */
struct sw_text sw_policy_name(const struct sw_policy *policy);

/** All files as one YAML stream, in the order read, each after a line `# file: PACK/NAME`. */
struct sw_text sw_policy_content(const struct sw_policy *policy);

/** SHA-256 of the content. */
const uint8_t *sw_policy_digest(const struct sw_policy *policy);

/** The packs, [*count]; none when plain files or folders were given. */
const struct sw_policy_pack *sw_policy_packs(const struct sw_policy *policy, uint32_t *count);

/** Changes @map by the overlays of the packs: what-if. SW_INVALID: @report says what is wrong. */
enum sw_status sw_policy_overlay(const struct sw_policy *policy, struct sw_map *map,
                                 struct sw_report *report) SW_MUST_CHECK;

/** The rules, [*count], in order of id; findings name them by index. */
const struct sw_rule *sw_policy_rule_list(const struct sw_policy *policy, uint32_t *count);

/** True when the rule at @index counts over many events: what it says hangs on earlier ones. */
bool sw_policy_is_correlation(const struct sw_policy *policy, uint32_t index);

/** A scratch for one thread. The policy must outlive it. Ends the program when memory is short. */
struct sw_scratch *sw_scratch_open(const struct sw_policy *policy);

/** Frees it. Accepts NULL. */
void sw_scratch_close(struct sw_scratch *scratch);

/** What the rules say of one JSON event. */
struct sw_line {
    const uint32_t *rules; // [count], indices in order, valid until the next event
    uint32_t count;
    const char *error;       // NULL, or why the line is no event
    uint32_t error_position; // byte
    bool has_time;           // else it counts as happening at the latest time seen
    int64_t time_ms;
};

/** A scratch for JSON events. As sw_scratch_open(), with room for a line. */
struct sw_scratch *sw_scratch_open_lines(const struct sw_policy *policy);

/** From now on only rules run that ask for nothing but this log source; empty texts stand for what
 *  is not known. Without this call, all rules run. */
void sw_scratch_log_source(struct sw_scratch *scratch, struct sw_text product,
                           struct sw_text category, struct sw_text service);

/** Matches the JSON object @text. SW_MALFORMED: it is none, see @line. */
enum sw_status sw_policy_match_line(struct sw_scratch *scratch, struct sw_text text,
                                    struct sw_line *line) SW_MUST_CHECK;

/** The index of the rule with id or name @name, or UINT32_MAX. */
uint32_t sw_policy_find_rule(const struct sw_policy *policy, struct sw_text name);

/**
 * Writes why rule @rule matches the last line, or does not: the rule as a tree, each part true,
 * false or not testable, and its citation, dates, verdict and what is missing. @json: as one JSON
 * object instead of text.
 */
void sw_policy_explain(struct sw_scratch *scratch, uint32_t rule, const struct sw_line *line,
                       bool json, FILE *stream);

/**
 * How often each rule could be tested at all. A field that is missing is no error in Sigma, only a
 * test that comes out false: a rule whose fields no event has finds nothing and looks content.
 * sw_tested_count() counts the last line of @scratch, for each rule that asks for its log source;
 * sw_tested_write() has a line for each rule that lacked something, with the fields that it lacked
 * most, and a sum.
 */
struct sw_tested;

/** Starts at zero. @policy outlives it. Ends the program when memory is short. */
struct sw_tested *sw_tested_open(const struct sw_policy *policy);
void sw_tested_count(struct sw_tested *tested, const struct sw_scratch *scratch);
void sw_tested_write(const struct sw_tested *tested, FILE *stream);

/** Accepts NULL. */
void sw_tested_close(struct sw_tested *tested);

/** Losses, each of which is a fact to report; and what matching took. */
struct sw_policy_counters {
    uint64_t groups_evicted_total; // of correlations, before their time was over
    uint64_t group_missing_total;  // events without a field that a correlation groups by
    uint64_t values_dropped_total; // of sums and the like, beyond the most in one group
    uint64_t regex_exceeded_total; // regular expressions that hit their limit: no match
    uint64_t values_refused_total; // values of an event beyond the most that are looked at
    uint64_t candidates_total;     // no loss: rules that were looked at one by one
};
struct sw_policy_counters sw_policy_counters(const struct sw_scratch *scratch);

/**
 * The state of correlations, for the log. sw_policy_state_drain() hands out what changed since it
 * was last called, as pairs of key and value; an empty value means that the key is gone. The caller
 * keeps them, one row a key, in the transaction that has the events, each with a rising number; a
 * pair that comes again replaces the row and takes a new number. After a restart it gives the rows
 * back in order of that number with sw_policy_state_put(), which is false for a row that no
 * correlation of this policy knows (its rule is gone or has changed): such rows may be deleted.
 * Keys are SW_POLICY_STATE_KEY bytes. Both are opaque and hold hashes instead of values.
 */
#define SW_POLICY_STATE_KEY 24

typedef void (*sw_policy_state_fn)(void *context, struct sw_text key, struct sw_text value);

void sw_policy_state_drain(struct sw_scratch *scratch, sw_policy_state_fn tell, void *context);
bool sw_policy_state_put(struct sw_scratch *scratch, struct sw_text key, struct sw_text value);

/** Forgets all state, as if the scratch were new: before it is put back from the log. */
void sw_policy_state_clear(struct sw_scratch *scratch);

/**
 * Reloading: open the new set beside the old one; if that fails, go on with the old. Else open a
 * scratch on it, let it take over the state, then close the old scratch and the old set. What was
 * drained and put before stays valid, since rows are known by their rule.
 */
void sw_scratch_take_over(struct sw_scratch *scratch, struct sw_scratch *old);

/** The set as the pipeline uses it, over @scratch. */
struct sw_rules sw_policy_rules(const struct sw_policy *policy, struct sw_scratch *scratch);

#endif
