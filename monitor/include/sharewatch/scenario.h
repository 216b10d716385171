/**
 * A scenario: who does what when, and what the monitor must say of it.
 *
 * A person writes it as YAML (scenarios/README.md). Loading resolves one variant into storylines of
 * steps; the generator (below) then makes the events one after the other in the order of virtual
 * time. Events are made, not stored, so a simulated year takes the memory of a simulated hour.
 *
 * All chance is drawn from the seed by the name of the step and the number of the occurrence, never
 * from a running stream: a variant that adds a step leaves every other draw as it was, so that two
 * variants differ by what was changed and by nothing else.
 */
#ifndef SHAREWATCH_SCENARIO_H
#define SHAREWATCH_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/arena.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/event.h>
#include <sharewatch/map.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/status.h>
#include <sharewatch/taxonomy.h>
#include <sharewatch/text.h>
#include <sharewatch/verdict.h>
#include <sharewatch/yaml.h>

#define SW_SCENARIO_NAME_MAX    40 // bytes: a scenario, variant, storyline, step, person or actor
#define SW_SCENARIO_STEPS_MAX   1024
#define SW_SCENARIO_SOURCES_MAX 256
#define SW_SCENARIO_PACKS_MAX   8
#define SW_SCENARIO_UNDER_MAX   4
#define SW_SCENARIO_COUNTS_MAX  32
#define SW_SCENARIO_CHANGES_MAX 32 // of rules, and faults of machines
#define SW_SCENARIO_EDGES_MAX   16 // that one change switches
#define SW_SCORE_TOLD           20
#define SW_CURVE_HOURS          24

/** Which parts of an expectation the scenario states. */
enum sw_expect_part {
    SW_EXPECT_VERDICT = 1 << 0,
    SW_EXPECT_LEVEL = 1 << 1,
    SW_EXPECT_DUTIES = 1 << 2,
    SW_EXPECT_FED_REACH = 1 << 3,
    SW_EXPECT_ALERT = 1 << 4,
    SW_EXPECT_EDGE = 1 << 5,
    SW_EXPECT_VERDICTS = 1 << 6,
    SW_EXPECT_FINDINGS = 1 << 7,
    SW_EXPECT_REFUSED = 1 << 8,
};

/** What the monitor must say of one event. */
struct sw_expectation {
    uint32_t parts; // bits of enum sw_expect_part; 0: nothing is expected
    struct sw_place place;
    enum sw_verdict verdict;
    enum sw_level level;
    uint32_t duties; // bits of enum sw_duty, exactly these
    bool fed_reach;
    bool alert;
    struct sw_text edge;    // empty: no edge of the map
    uint32_t verdicts;      // bits 1 << enum sw_verdict, of all findings, exactly these
    struct sw_text refused; // reason code in the quarantine table
    const struct sw_text
        *findings; // [finding_count], names of rules that must be among those found
    uint32_t finding_count;
    /* The same event under another policy pack: the parts given there stand in for those above. */
    struct sw_text under_packs[SW_SCENARIO_UNDER_MAX];
    const struct sw_expectation *unders; // [under_count]
    uint32_t under_count;
};

/** What was seen of one event, from the pipeline or from a log. */
struct sw_observation {
    bool has_hop; // false: verdict NONE, level 0, no duties
    enum sw_verdict verdict;
    enum sw_level level;
    uint32_t duties;
    bool fed_reach;
    bool alert;
    struct sw_text edge;            // empty: none
    uint32_t verdicts;              // of all findings
    const struct sw_text *findings; // [finding_count], names of rules
    uint32_t finding_count;
    struct sw_text refused; // reason code when the event was quarantined, else empty
};

/** What a chain must come to. */
struct sw_chain_expectation {
    struct sw_text who; // name of the person or vehicle
    char key[96];       // of the chain, as the pipeline makes it; for the seed as loaded
    struct sw_place place;
    uint32_t parts; // SW_EXPECT_LEVEL, _VERDICT, _VERDICTS, _DUTIES
    enum sw_level level;
    enum sw_verdict verdict;
    uint32_t verdicts;
    uint32_t duties;
};

/** How many hops must have this verdict and level. */
struct sw_count_expectation {
    struct sw_place place;
    enum sw_verdict verdict;
    enum sw_level level;
    uint64_t count;
};

/** A total that must hold; @given is false when the scenario does not state it. */
struct sw_total {
    bool given;
    uint64_t count;
    struct sw_place place;
};

struct sw_scenario_totals {
    struct sw_total events;                    // accepted
    struct sw_total alerts;                    // a daily alert counts once
    struct sw_total crossings;                 // hops at level 1 or higher
    struct sw_total prohibited;                // hops that a rule in force forbids
    struct sw_total quarantined;               // packets
    struct sw_total gaps;                      // runs of events that never came
    const struct sw_count_expectation *counts; // [count_count]
    uint32_t count_count;
    const struct sw_chain_expectation *chains; // [chain_count]
    uint32_t chain_count;
};

/** A length of time: fixed, evenly spread, or log-normal (the shape of most human delays). */
enum sw_spread { SW_SPREAD_FIXED, SW_SPREAD_EVEN, SW_SPREAD_LOG_NORMAL };

struct sw_scenario_delay {
    enum sw_spread spread;
    int64_t ms;     // fixed; least of an even spread; median of a log-normal one
    int64_t ms_max; // the most
    double sigma;   // of a log-normal one: standard deviation of the logarithm
};

/** Weights of the hours of a day and of the days of a week (Monday first), each 1 on average. */
struct sw_curve {
    struct sw_text name;
    double hours[SW_CURVE_HOURS];
    double days[7];
};

/** How often something happens. */
struct sw_scenario_repeat {
    bool repeats;
    uint64_t times;   // of `times`; 0 when it is so many a day
    int64_t every_ms; // of `every`; 0 when spread over a time
    int64_t over_ms;  // of `over`
    double per_day;   // 0 when it is so many times
    uint32_t days;    // of `per_day`
    uint32_t curve;   // index in `curves`
};

/** A value of a field that differs from event to event. */
enum sw_draw_kind { SW_DRAW_PICK, SW_DRAW_BETWEEN, SW_DRAW_LOG_NORMAL, SW_DRAW_TOKEN, SW_DRAW_NEW };

struct sw_scenario_draw {
    enum sw_field field;
    enum sw_draw_kind kind;
    const struct sw_value *values; // [value_count], of a pick
    const double *shares;          // [value_count], running sum up to 1
    uint32_t value_count;
    int64_t min, max; // of a number
    double median, sigma;
    struct sw_text prefix; // of a token
};

/** Fields with fixed values, and those that are drawn. */
struct sw_scenario_data {
    const enum sw_field *fields;   // [field_count]
    const struct sw_value *values; // [field_count]
    uint32_t field_count;
    const struct sw_scenario_draw *draws; // [draw_count]
    uint32_t draw_count;
};

/** What goes wrong between the sender's knowledge and the monitor. X(name, as written, what) */
#define SW_FAULT_LIST(X)                                                                           \
    X(SW_FAULT_NONE, "none", "nothing goes wrong")                                                 \
    X(SW_FAULT_LOST, "lost", "it was counted by its source and never came")                        \
    X(SW_FAULT_DUPLICATE, "duplicate", "it comes twice, the same bytes")                           \
    X(SW_FAULT_ID_REUSED, "id-reused", "it comes twice, the second time with other content")       \
    X(SW_FAULT_CLOCK, "clock", "its sender's clock is wrong, or local time passes as UTC")         \
    X(SW_FAULT_BURST, "burst", "its sender holds all back for a while and then sends it at once")  \
    X(SW_FAULT_REORDERED, "reordered", "it comes later by chance, so that others overtake it")     \
    X(SW_FAULT_TIME_1970, "time-1970", "it is dated 1970")                                         \
    X(SW_FAULT_TIME_2100, "time-2100", "it is dated 2100")                                         \
    X(SW_FAULT_TRUNCATED, "truncated", "the end is missing")                                       \
    X(SW_FAULT_TRAILING, "trailing", "something stands behind the end")                            \
    X(SW_FAULT_BOM, "bom", "a byte order mark stands in front")                                    \
    X(SW_FAULT_NUL, "nul", "a NUL byte stands in a text")                                          \
    X(SW_FAULT_UTF8, "utf8", "a byte is no UTF-8")                                                 \
    X(SW_FAULT_SURROGATE, "surrogate", "half of a character stands in a text")                     \
    X(SW_FAULT_DEEP, "deep", "it is nested forty levels deep")                                     \
    X(SW_FAULT_HUGE, "huge", "it is longer than a packet may be")                                  \
    X(SW_FAULT_LONG_TEXT, "long-text", "a text is longer than allowed")                            \
    X(SW_FAULT_DUPLICATE_KEY, "duplicate-key", "a key stands twice")                               \
    X(SW_FAULT_UNKNOWN_FIELD, "unknown-field", "a field that nobody knows, such as a name")        \
    X(SW_FAULT_MONITOR_FIELD, "monitor-field", "a field that only the monitor may fill in")        \
    X(SW_FAULT_WRONG_TYPE, "wrong-type", "text where a number belongs")                            \
    X(SW_FAULT_UNKNOWN_VALUE, "unknown-value", "a value that nobody knows")                        \
    X(SW_FAULT_UNKNOWN_EDGE, "unknown-edge", "an edge that the map does not have")                 \
    X(SW_FAULT_UNKNOWN_SYSTEM, "unknown-system", "a system that the map does not have")            \
    X(SW_FAULT_WRONG_CLASS, "wrong-class", "an agency passes for a federal one")                   \
    X(SW_FAULT_FORGED, "forged", "a publisher passes for another agency")                          \
    X(SW_FAULT_TOPIC_KIND, "topic-kind", "topic and type disagree")

#define SW_FAULT_ENUM(name, word, what) name,
enum sw_fault_kind { SW_FAULT_LIST(SW_FAULT_ENUM) SW_FAULT_COUNT };
#undef SW_FAULT_ENUM

struct sw_scenario_fault {
    enum sw_fault_kind kind;
    int64_t clock_ms; // of SW_FAULT_CLOCK: how far the clock is ahead
    int64_t hold_ms;  // of SW_FAULT_BURST and SW_FAULT_REORDERED: the longest that it is held back
};

/** One of several ways in which a step may turn out. */
struct sw_scenario_way {
    double share; // running sum up to 1
    struct sw_scenario_fault fault;
    struct sw_scenario_data data;
    struct sw_expectation expect;
};

struct sw_scenario_actor {
    struct sw_text name;
    const struct sw_text *agencies; // [agency_count]; one of them a time
    uint32_t agency_count;
    uint16_t class_code; // 0: left to the map
    struct sw_text system;
    uint16_t role_code;
    struct sw_text reporter; // who reports what this actor does
    struct sw_place place;
};

#define SW_ACTOR_NONE UINT32_MAX
#define SW_STEP_NONE  UINT32_MAX

enum sw_token_of { SW_TOKEN_NONE, SW_TOKEN_NAMED, SW_TOKEN_RUN, SW_TOKEN_NEW };

struct sw_scenario_step {
    struct sw_text name;
    struct sw_place place;
    uint32_t storyline;
    uint32_t
        parent; // step it follows, or SW_STEP_NONE: it is timed from the start of its storyline
    struct sw_scenario_delay delay;
    struct sw_scenario_delay known; // until the sender learns of it; 0: at once
    double probability;             // of happening at all
    struct sw_scenario_repeat repeat;
    double visible; // share that the monitor is told of; 0: it happens, and nobody tells
    bool automatic; // the map says that it follows by itself
    bool corrects;  // corrects its parent
    struct sw_scenario_fault fault;
    enum sw_kind kind;
    enum sw_action action;
    uint32_t actor, recipient, behalf; // indices in `actors`, or SW_ACTOR_NONE
    uint32_t source;                   // index in `sources`
    enum sw_token_of subject_of;
    struct sw_text subject; // its token when named
    enum sw_token_of vehicle_of;
    struct sw_text vehicle;
    struct sw_scenario_data data;
    const struct sw_scenario_way *ways; // [way_count]; none: the step has one way to turn out
    uint32_t way_count;
    struct sw_expectation expect;
    const uint32_t *children; // [child_count], steps that follow this one
    uint32_t child_count;
    uint64_t key;       // of its draws
    uint64_t token_key; // of its new tokens: what follows by itself keeps those of what set it off
};

struct sw_scenario_storyline {
    struct sw_text name;
    struct sw_place place;
    struct sw_scenario_delay at;
    struct sw_scenario_repeat repeat;
    const struct sw_text *people; // [people_count], tokens; it runs once for each
    uint32_t people_count;
    const uint32_t *roots; // [root_count], steps timed from its start
    uint32_t root_count;
    uint64_t key;
};

struct sw_scenario_variant {
    struct sw_text name;
    struct sw_text about;
};

/** What happens to the rules, or to the machines, at a time of the scenario. X(name, word, what) */
#define SW_CHANGE_LIST(X)                                                                          \
    X(SW_CHANGE_RULES, "rules", "other policy packs, another map, or edges switched off or on")    \
    X(SW_CHANGE_BROKER_RESTART, "broker-restart", "the broker is killed and started again")        \
    X(SW_CHANGE_MONITOR_RESTART, "monitor-restart", "the monitor ends in order and starts again")  \
    X(SW_CHANGE_MONITOR_KILL, "monitor-kill", "the monitor is killed and started again")           \
    X(SW_CHANGE_DISK_FULL, "disk-full", "the monitor cannot write to its disk for a while")

#define SW_CHANGE_ENUM(name, word, what) name,
enum sw_change_kind { SW_CHANGE_LIST(SW_CHANGE_ENUM) SW_CHANGE_COUNT };
#undef SW_CHANGE_ENUM

/** An edge that is switched off, or on again. */
struct sw_scenario_switch {
    struct sw_text edge; // "E16"
    bool on;
};

/** One line of `changes` or of `faults`; what it does not name stays as it was. */
struct sw_scenario_change {
    struct sw_text name; // of a change of rules; of a fault, its word
    struct sw_place place;
    enum sw_change_kind kind;
    int64_t at_ms;                               // before every event told then or later
    int64_t lasts_ms;                            // real time: how long the disk is full
    struct sw_text packs[SW_SCENARIO_PACKS_MAX]; // [pack_count]; 0: the packs stay
    uint32_t pack_count;
    struct sw_text map; // empty: the map stays
    struct sw_scenario_switch switches[SW_SCENARIO_EDGES_MAX];
    uint32_t switch_count;
};

struct sw_scenario {
    struct sw_text name; // "subject-a"
    struct sw_text title;
    struct sw_text from; // the sentence or case it comes from
    struct sw_text about;
    struct sw_text map; // "los-angeles"
    struct sw_text packs[SW_SCENARIO_PACKS_MAX];
    struct sw_text variant; // the one that was loaded; empty when the scenario has none
    const struct sw_scenario_variant *variants; // [variant_count]
    uint32_t variant_count;
    struct sw_text instance; // empty, or tells two runs of one scenario apart
    uint64_t seed;
    int64_t start_ms;
    int64_t zone_ms; // local time minus UTC at the start
    struct sw_curve *curves;
    uint32_t curve_count;
    const struct sw_scenario_actor *actors;
    uint32_t actor_count;
    const struct sw_scenario_storyline *storylines; // [storyline_count]
    const struct sw_scenario_step *steps;
    uint32_t pack_count, storyline_count, step_count;
    struct sw_text sources[SW_SCENARIO_SOURCES_MAX]; // urn:sharewatch:agency:LAPD:sim-…
    uint32_t source_count;
    bool own_seed; // the seed is the file's: totals that chance moves are written for it
    struct sw_scenario_totals totals;
    const struct sw_scenario_change *changes; // [change_count], in order of time
    uint32_t change_count;
    uint64_t events_expected; // a good guess: chance may make it more or less
    struct sw_arena arena;
    struct sw_yaml yaml;
    struct sw_yaml automatic; // what moves by itself, when the scenario says so
};

/**
 * What if a number were wrong? The first number on @line of the scenario's file, or of the file of
 * what moves by itself, is taken @factor times: 8% twice is 16%, 10m half is 300s. A share stays
 * below 100%. Nothing changes when there is no number on that line.
 */
struct sw_scenario_doubt {
    bool automatic; // in the file of what moves by itself
    uint32_t line;  // counted from 1
    double factor;
};

struct sw_scenario_options {
    const char *variant;  // NULL: the first
    const char *instance; // NULL: none
    bool has_seed;        // false: the file's
    uint64_t seed;
    const struct sw_map *map; // NULL: names of systems and edges are not checked
    /* What is to be otherwise than in the file, [set_count]: "dhs-match.chance=4%", the name of a
     * step or storyline, the keys down to the value, and the value. At most 32. */
    const char *const *sets;
    uint32_t set_count;
    const struct sw_scenario_doubt *doubt; // NULL: none
};

/**
 * Loads one variant of the scenario at @path: a file, a folder that holds scenario.yaml, or the
 * name of one that comes with the program. SW_INVALID, SW_IO or SW_NOT_FOUND: @report says what
 * is wrong; @scenario is to be freed in either case.
 */
enum sw_status sw_scenario_open(struct sw_scenario *scenario, const char *path,
                                const struct sw_scenario_options *options,
                                struct sw_report *report) SW_MUST_CHECK;

void sw_scenario_free(struct sw_scenario *scenario);

/** Checks the scenario at @path with each of its variants; every mistake is reported once. */
enum sw_status sw_scenario_check(const char *path, const struct sw_map *map,
                                 struct sw_report *report) SW_MUST_CHECK;

/** Checks the file MAP.automatic.yaml at @path: what moves by itself along @map in a simulation.
 *  SW_INVALID or SW_IO: @report says what is wrong. */
enum sw_status sw_automatic_check(const char *path, const struct sw_map *map,
                                  struct sw_report *report) SW_MUST_CHECK;

/** As it is written in a scenario: "broker-restart". The change called @word, or SW_CHANGE_COUNT.
 */
const char *sw_change_word(enum sw_change_kind kind);
enum sw_change_kind sw_change_find(struct sw_text word);

/**
 * The rules that are in force after the first @count changes of a scenario, as seen from its start.
 */
struct sw_scenario_rules {
    struct sw_text map;
    struct sw_text packs[SW_SCENARIO_PACKS_MAX]; // [pack_count]
    uint32_t pack_count;
    struct sw_text edges_off[SW_SCENARIO_CHANGES_MAX * SW_SCENARIO_EDGES_MAX]; // [edge_off_count]
    uint32_t edge_off_count;
};

void sw_scenario_rules_after(const struct sw_scenario *scenario, uint32_t count,
                             struct sw_scenario_rules *rules);

/** The parts of @expectation that hold under @pack, in @under; @pack empty: @expectation itself. */
void sw_expectation_under(const struct sw_expectation *expectation, struct sw_text pack,
                          struct sw_expectation *under);

/** Compares; when they differ, writes how in one line (`level 3 (informed) expected, 0 (none)
 *  found; …`) and returns false. */
bool sw_expectation_holds(const struct sw_expectation *expectation,
                          const struct sw_observation *observation, struct sw_buffer *difference);

/**
 * Compares all that a scenario expects with all that was seen, in process or in a log. Each
 * difference is one line, `FILE:LINE: VARIANT: STEP: verdict PROH expected, NONE found`.
 */
struct sw_score {
    const struct sw_scenario *scenario;
    struct sw_text under; // the pack, when it is another than the scenario's own; else empty
    FILE *stream; // where differences are told, the first SW_SCORE_TOLD of them; NULL: nowhere
    uint64_t differences;
    uint64_t events;    // accepted
    uint64_t crossings; // hops at level 1 or higher
    uint64_t prohibited;
    uint64_t counts[SW_SCENARIO_COUNTS_MAX]; // of each of the scenario's counts
};

void sw_score_init(struct sw_score *score, const struct sw_scenario *scenario, struct sw_text under,
                   FILE *stream);

/** One event of step @step: what was @expected of it and how its newest judgement was @seen. */
void sw_score_event(struct sw_score *score, uint32_t step, const struct sw_expectation *expected,
                    const struct sw_observation *seen);

/** The standing of chain @index of the scenario's expectations; @seen NULL: there is none. */
void sw_score_chain(struct sw_score *score, uint32_t index, const struct sw_chain *seen);

/** The totals, once all events were told. Under another pack, or with another seed, they are not
 *  compared: they are written for the scenario's own. */
void sw_score_finish(struct sw_score *score, uint64_t alerts, uint64_t quarantined, uint64_t gaps);

/** One event as the generator makes it. */
struct sw_scenario_event {
    struct sw_event event; // its texts live until the next call
    int64_t emit_ms;       // virtual time at which its sender tells of it
    uint32_t step;         // index in `steps`
    uint32_t source;       // index in `sources`
    bool hidden;           // nobody tells the monitor
    struct sw_scenario_fault fault;
    const struct sw_expectation *expect;
};

#define SW_SCENARIO_PACKET_MAX (SW_PACKET_BYTES_MAX + 8192) // a fault may make it too long

/** How many packets @made makes: usually 1, 0 when it is hidden or lost, 2 for some faults. */
uint32_t sw_scenario_packet_count(const struct sw_scenario_event *made);

/** Writes packet @index of @made, with its fault, into @topic and @payload, each empty and large
 *  enough: SW_TOPIC_BYTES_MAX and SW_SCENARIO_PACKET_MAX. */
void sw_scenario_write_packet(const struct sw_scenario_event *made, uint32_t index,
                              struct sw_buffer *topic, struct sw_buffer *payload);

/** As it is written in a scenario: "truncated". The fault called @word, or SW_FAULT_COUNT. */
const char *sw_fault_word(enum sw_fault_kind fault);
enum sw_fault_kind sw_fault_find(struct sw_text word);

struct sw_generator;

#define SW_GENERATOR_TOO_LONG                                                                      \
    "too many steps would wait at once; shorten the delays, or let fewer follow each other"

/** Starts the generator at the beginning. It reserves its memory here, and none later. SW_TOO_LONG:
 *  more than 16 million steps would wait at once, by rates and delays. SW_NO_MEMORY: there is not
 *  enough. */
enum sw_status sw_generator_open(struct sw_generator **generator,
                                 const struct sw_scenario *scenario) SW_MUST_CHECK;

/** The next event in the order of virtual time. SW_EMPTY: the scenario is over. */
enum sw_status sw_generator_next(struct sw_generator *generator,
                                 struct sw_scenario_event *event) SW_MUST_CHECK;

/** The last sequence number that @source stamped so far. */
uint64_t sw_generator_sequence(const struct sw_generator *generator, uint32_t source);

/** Frees the generator; accepts NULL. */
void sw_generator_close(struct sw_generator *generator);

#endif
