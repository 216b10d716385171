/**
 * The pipeline: what one packet means, worked out without a clock, socket, file or allocation.
 *
 * Two calls an event. sw_pipeline_decode() checks and scrubs a packet; the shell then knows whether
 * it is new (the log says so), and calls sw_pipeline_step(), which enriches from the map, matches
 * the rules, judges, and moves the chain. The same packets in the same order with the same times,
 * map and rules give the same outputs, row for row: live, in replay and in the tests.
 */
#ifndef SHAREWATCH_PIPELINE_H
#define SHAREWATCH_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/event.h>
#include <sharewatch/finding.h>
#include <sharewatch/map.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/verdict.h>

#define SW_CHAINS_MAX    65536 // chains with anything to tell, in memory at once
#define SW_SOURCES_MAX   4096  // publishers
#define SW_HOLES_MAX     65536 // runs of missing sequence numbers, over all sources
#define SW_DAILY_MAX     4096  // daily alerts in memory
#define SW_CHAIN_KEY_MAX 96    // bytes, with its NUL
#define SW_TITLE_MAX     160   // bytes
#define SW_SENTENCE_MAX  640   // bytes
#define SW_HOLE_GRACE_MS 60000 // a hole older than this is a gap
#define SW_GAPS_PER_STEP 16
#define SW_TIME_MIN_MS   INT64_C(283996800000)  // 1979-01-01, the first rule is of that year
#define SW_TIME_AHEAD_MS (SW_DAY_MS * 366 * 10) // simulated clocks run ahead

/** A message as it came from the broker. */
struct sw_packet {
    struct sw_text topic;
    struct sw_text payload;
    uint8_t digest[32];  // SHA-256 of the payload
    int64_t received_ms; // by the receiver's clock: the `ts_logged` of its rows
};

// X(name, code as it stands in the quarantine table, text for people). JSON errors keep the codes
// of json.h.
#define SW_REFUSAL_LIST(X)                                                                         \
    X(SW_REFUSAL_NONE, "none", "nothing wrong")                                                    \
    X(SW_REFUSAL_JSON, "json", "not strict JSON")                                                  \
    X(SW_REFUSAL_SIZE, "packet_too_long", "packet over the limit")                                 \
    X(SW_REFUSAL_TOPIC, "topic", "topic is not sharewatch/v1/event/AGENCY/KIND")                   \
    X(SW_REFUSAL_ENVELOPE, "envelope", "a CloudEvents attribute is missing or wrong")              \
    X(SW_REFUSAL_VERSION, "specversion", "specversion is not 1.0")                                 \
    X(SW_REFUSAL_DUPLICATE_KEY, "duplicate_key", "the same key twice")                             \
    X(SW_REFUSAL_UNKNOWN_FIELD, "unknown_field", "a field that the taxonomy does not have")        \
    X(SW_REFUSAL_NOT_FOR_SENDER, "monitor_field", "a field that only the monitor may fill in")     \
    X(SW_REFUSAL_TYPE, "wrong_type", "a value of the wrong type")                                  \
    X(SW_REFUSAL_VALUE, "unknown_value", "a value that the taxonomy does not have")                \
    X(SW_REFUSAL_FORMAT, "wrong_format", "text of the wrong form")                                 \
    X(SW_REFUSAL_TEXT_LENGTH, "text_too_long", "text over its limit")                              \
    X(SW_REFUSAL_RANGE, "out_of_range", "number out of its range")                                 \
    X(SW_REFUSAL_LIST_LENGTH, "list_too_long", "more items than allowed")                          \
    X(SW_REFUSAL_TIME, "time", "not a time, or out of range")                                      \
    X(SW_REFUSAL_TOPIC_AGENCY, "topic_agency", "topic and source name different agencies")         \
    X(SW_REFUSAL_TOPIC_KIND, "topic_kind", "topic and type name different kinds")                  \
    X(SW_REFUSAL_AGENCY_CLASS, "agency_class", "the map gives this agency another class")          \
    X(SW_REFUSAL_NODE, "unknown_node", "a system that the map does not have")                      \
    X(SW_REFUSAL_EDGE, "unknown_edge", "an edge that the map does not have or that does not fit")  \
    X(SW_REFUSAL_PERSONAL, "personal_data",                                                        \
      "text that looks like personal data where none may be")                                      \
    X(SW_REFUSAL_CONFLICT, "id_reused", "an id that was logged with other content")

#define SW_REFUSAL_ENUM(name, code, text) name,
enum sw_refusal { SW_REFUSAL_LIST(SW_REFUSAL_ENUM) };
#undef SW_REFUSAL_ENUM

/** Why a packet goes to quarantine. */
struct sw_rejection {
    enum sw_refusal reason;
    const char *code;  // of the reason, or of the JSON error
    uint32_t position; // byte of the payload
    char field[64];    // the field, attribute or key concerned, scrubbed; empty when there is none
    struct sw_text source; // whose packet it is, as its topic agrees; empty when it does not tell
    uint64_t sequence;     // the number its source stamped it with; 0 when that cannot be told
};

/** One judgement of one event: a hop, or its judgement again. */
struct sw_hop {
    uint16_t edge;     // index in the map, SW_NONE when the event takes no edge of it
    uint16_t from, to; // systems, SW_NONE when unknown
    uint16_t data_class;
    uint16_t crosses; // SW_CROSSES_…
    enum sw_level level;
    enum sw_verdict verdict;
    uint32_t duties;
    bool fed_reach;    // a federal recipient that is no immigration component
    bool late;         // learned after later hops of its chain
    uint32_t revision; // 0, then 1, 2, … each time it is judged again
    bool defaulted;    // the verdict is the map's, no rule spoke
    struct sw_finding findings[SW_FINDINGS_MAX];
    uint32_t finding_count;
    uint32_t findings_over; // that did not fit
};

/** The standing of a chain after this event; a row is added when level, verdicts, duties or reach
 *  changed. `hops` and `last_ms` move with every hop, so that a row's are those of its time. */
struct sw_chain {
    char key[SW_CHAIN_KEY_MAX]; // NUL-terminated: "tcn-…", "subject:…", "vehicle:…"
    uint32_t revision;          // from 1
    enum sw_level level;        // the highest that was reached
    enum sw_verdict verdict;    // the strictest
    uint32_t verdicts;          // bits 1 << enum sw_verdict
    uint32_t duties;
    uint32_t hops;
    int64_t first_ms, last_ms;
    bool fed_reach;
};

struct sw_alert {
    bool repeated;     // adds to the count of the daily alert `alert_id`
    uint64_t alert_id; // given by the pipeline, gapless from 1
    enum sw_verdict verdict;
    enum sw_level level;
    uint32_t duties;
    uint32_t rule; // that made the headline; UINT32_MAX when it is the map's default
    uint16_t edge;
    char title[SW_TITLE_MAX];       // one line
    char sentence[SW_SENTENCE_MAX]; // what happened, how far, under which rule, and who could stop
                                    // it
};

/** A run of sequence numbers of one source that never came, or came after all. */
struct sw_gap {
    uint32_t source;      // index in the pipeline's table of sources
    uint64_t first, last; // sequence numbers
    int64_t opened_ms;    // when the hole was noticed
    bool filled;          // true: this run, reported before, has come
};

struct sw_outputs {
    uint32_t source; // index of the event's source, UINT32_MAX when it stamps no sequence
    bool has_hop;
    struct sw_hop hop;
    bool chain_changed; // `chain` is a new revision
    bool has_chain;     // false: nothing to tell; of `chain` only the key counts
    struct sw_chain chain;
    bool has_alert;
    struct sw_alert alert;
    struct sw_gap gaps[SW_GAPS_PER_STEP];
    uint32_t gap_count;
    bool judge_parent_again; // the shell is to load `event->parent` and call sw_pipeline_again();
                             // has the log no such event: sw_pipeline_orphan()
};

/** Set up from the outside; constant while the pipeline runs. */
struct sw_pipeline_config {
    const struct sw_map *map;
    struct sw_rules rules;
};

/** The state of the pipeline; sized in core/pipeline_state.h, placed by the caller. */
struct sw_pipeline;

/** Bytes that the state takes. */
size_t sw_pipeline_bytes(void);

/** Starts an empty pipeline in @memory of sw_pipeline_bytes() zeroed bytes. */
struct sw_pipeline *sw_pipeline_init(void *memory, const struct sw_pipeline_config *config);

/**
 * Decodes, checks and scrubs @packet into @event. SW_MALFORMED: @rejection says why and where.
 * Needs the map for names of systems and classes of agencies; changes no state.
 */
enum sw_status sw_pipeline_decode(const struct sw_pipeline *pipeline,
                                  const struct sw_packet *packet, struct sw_event *event,
                                  struct sw_rejection *rejection) SW_MUST_CHECK;

/**
 * Writes what is to be stored of @packet: the bytes received with each free text that held personal
 * data replaced by its scrubbed form. Only needed when @event, decoded from it, has `mask_count` >
 * 0. A buffer of SW_PACKET_BYTES_MAX + SW_EVENT_MASKS_MAX * 6 * SW_TEXT_BYTES_MAX bytes always
 * suffices.
 */
void sw_pipeline_write_scrubbed(const struct sw_packet *packet, const struct sw_event *event,
                                struct sw_buffer *buffer);

/**
 * Judges the new @event, received at @now_ms, and moves chain, source and alert state. A correction
 * is no hop of its own: it only asks for its parent to be judged again.
 */
void sw_pipeline_step(struct sw_pipeline *pipeline, struct sw_event *event, int64_t now_ms,
                      struct sw_outputs *outputs);

/**
 * Takes the number of a refused packet: it came, so it is missing no more, though it says nothing.
 * Of @outputs only `source` and `gaps` are filled. For a packet refused by the log (id_reused) the
 * shell fills in `source` and `sequence` from the event.
 */
void sw_pipeline_take_refused(struct sw_pipeline *pipeline, const struct sw_rejection *rejection,
                              int64_t now_ms, struct sw_outputs *outputs);

/**
 * Judges @parent, logged before, again with what @late taught: its corrected fields, or that its
 * data went on. @revision is that of the new row. @late was stepped before; @parent comes fresh
 * from sw_pipeline_decode(). No hop comes out when @late is no correction and takes no edge that
 * the parent's edge arms. An alert only comes out when the judgement differs from the first.
 */
void sw_pipeline_again(struct sw_pipeline *pipeline, struct sw_event *parent,
                       const struct sw_event *late, uint32_t revision, int64_t now_ms,
                       struct sw_outputs *outputs);

/**
 * Gives @parent, decoded afresh, what @earlier taught of it before: the fields that a correction
 * carries, or that its data went on. To be called for the cause of each earlier revision, the first
 * one first, so that sw_pipeline_again() stands on all that is known. Copies; @earlier, decoded
 * afresh too, may go. SW_FULL: it does not fit into @parent, which then knows it in part.
 */
enum sw_status sw_pipeline_learn(struct sw_pipeline *pipeline, struct sw_event *parent,
                                 struct sw_event *earlier) SW_MUST_CHECK;

/**
 * Judges the correction @event, whose parent the log does not have, for itself: a fact that
 * corrects nothing known is still a fact. Does nothing for an event that is no correction.
 */
void sw_pipeline_orphan(struct sw_pipeline *pipeline, struct sw_event *event, int64_t now_ms,
                        struct sw_outputs *outputs);

/**
 * Moves the chain called @key by a hop at @time_ms that was judged before and cannot be judged
 * again, since its event is gone from the log. Of @hop only level, verdict, duties, fed_reach and
 * revision count; of @outputs only the chain is filled.
 */
void sw_pipeline_take_hop(struct sw_pipeline *pipeline, const char *key, const struct sw_hop *hop,
                          int64_t time_ms, struct sw_outputs *outputs);

/** Turns holes older than the grace time into gaps; the shell calls it about once a second. At
 *  most SW_GAPS_PER_STEP a call: true when there are more. */
bool sw_pipeline_tick(struct sw_pipeline *pipeline, int64_t now_ms, struct sw_outputs *outputs);

/** The source says that it has stamped @last in all (its retained status): holes up to there are
 *  gaps once the grace time is over. */
void sw_pipeline_source_ended(struct sw_pipeline *pipeline, struct sw_text source, uint64_t last,
                              int64_t now_ms);

/** What the shell restores after a restart, from the log; chains in the order of their last hop,
 * the newest last. A chain that was forgotten (see the counters) and comes again starts at revision
 * 1: when anything was ever evicted the shell looks in the log, merges with sw_chain_merge() and
 * restores the result. A daily alert goes by the names of its rule and its edge, which may be
 * empty; one whose rule is no more is passed over. */
void sw_pipeline_restore_chain(struct sw_pipeline *pipeline, const struct sw_chain *chain);
void sw_pipeline_restore_source(struct sw_pipeline *pipeline, struct sw_text source,
                                uint64_t highest);
void sw_pipeline_restore_hole(struct sw_pipeline *pipeline, struct sw_text source, uint64_t first,
                              uint64_t last, int64_t opened_ms, bool reported);
void sw_pipeline_restore_daily(struct sw_pipeline *pipeline, struct sw_text rule,
                               struct sw_text edge, enum sw_verdict verdict, enum sw_level level,
                               int64_t day, uint64_t alert_id);
void sw_pipeline_restore_alert_id(struct sw_pipeline *pipeline, uint64_t last_alert_id);

/** Adds what @older, the newest row of the same chain in the log, knows to @chain, whose revision
 *  then follows it. True: @chain now differs from @older, so a row is due. */
bool sw_chain_merge(struct sw_chain *chain, const struct sw_chain *older);

/** Writes the systems that @event passes, and those it can go on to by itself, in names for people
 *  joined by " › ". For an event that was stepped. */
void sw_pipeline_write_path(const struct sw_pipeline *pipeline, const struct sw_event *event,
                            struct sw_buffer *buffer);

/** How many sources there are; their indexes count from 0 in the order of their first number. */
uint32_t sw_pipeline_source_count(const struct sw_pipeline *pipeline);

/** Index of @source in the table of sources, or UINT32_MAX; its name; the highest number up to
 *  which every number has come or was given out as a gap, so that a receipt goes on after a loss;
 *  the highest seen. */
uint32_t sw_pipeline_source(const struct sw_pipeline *pipeline, struct sw_text source);
struct sw_text sw_pipeline_source_name(const struct sw_pipeline *pipeline, uint32_t source);
uint64_t sw_pipeline_source_contiguous(const struct sw_pipeline *pipeline, uint32_t source);
uint64_t sw_pipeline_source_highest(const struct sw_pipeline *pipeline, uint32_t source);

/** Goes on where @former was, under another map or other rules: chains, sources, open alerts and
 * the number of the last one. @pipeline was just begun; @former's map and rules are still there. */
void sw_pipeline_go_on(struct sw_pipeline *pipeline, const struct sw_pipeline *former);

/** The next run of numbers of @source that never came, in order; @cursor begins as 0. Also those
 * that were given out as gaps. False: there are no more. */
bool sw_pipeline_hole(const struct sw_pipeline *pipeline, uint32_t source, uint32_t *cursor,
                      uint64_t *first, uint64_t *last);

/** Goes on with the sources and their numbers as @former knew them: for a replay, in which nothing
 *  is lost where a monitor was restarted. */
void sw_pipeline_take_sources(struct sw_pipeline *pipeline, const struct sw_pipeline *former);

/** Losses of memory, each of which is a fact to report: chains, sources, holes and daily alerts
 * that did not fit their tables. */
struct sw_pipeline_counters {
    uint64_t chains_evicted_total;
    uint64_t sources_refused_total;
    uint64_t holes_merged_total; // runs forgotten or joined to others
    uint64_t daily_evicted_total;
    uint64_t cuts_evicted_total; // chains of which an overlay's cut was forgotten
};
struct sw_pipeline_counters sw_pipeline_counters(const struct sw_pipeline *pipeline);

/** The text of @reason for people. */
const char *sw_refusal_text(enum sw_refusal reason);

#endif
