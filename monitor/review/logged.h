/**
 * A log read from its start, in logged order: what a replay feeds on and compares with.
 *
 * All of it is read in one read transaction, so that a monitor may go on writing meanwhile. Texts
 * of a row live until the next row of the same table is read.
 */
#ifndef SHAREWATCH_LOGGED_H
#define SHAREWATCH_LOGGED_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>
#include <sharewatch/wire.h>

#include "knowledge.h"

// X(name): the statements, in the order of logged.c
#define SW_LOGGED_STATEMENT_LIST(X)                                                                \
    X(EVENTS)                                                                                      \
    X(HOPS)                                                                                        \
    X(FINDINGS)                                                                                    \
    X(ALERTS)                                                                                      \
    X(CHAIN_ROW)                                                                                   \
    X(CHAINS)                                                                                      \
    X(ALERT_COUNTS)                                                                                \
    X(GAPS)                                                                                        \
    X(SOURCES)                                                                                     \
    X(QUARANTINE)                                                                                  \
    X(LOSSES)                                                                                      \
    X(FIND_EVENT)                                                                                  \
    X(FIND_ANY_EVENT)                                                                              \
    X(EVENT)                                                                                       \
    X(FIND_CAUSE)                                                                                  \
    X(NEXT_REVISION)                                                                               \
    X(CHAIN_BEFORE)                                                                                \
    X(RUN)                                                                                         \
    X(FINDINGS_OF)                                                                                 \
    X(REDACTIONS)                                                                                  \
    X(GONE_CHAINS)

#define SW_LOGGED_STATEMENT_ENUM(name) SW_LOGGED_##name,
enum sw_logged_statement {
    SW_LOGGED_STATEMENT_LIST(SW_LOGGED_STATEMENT_ENUM) SW_LOGGED_STATEMENT_COUNT
};
#undef SW_LOGGED_STATEMENT_ENUM

/** Columns of SW_LOGGED_EVENTS, for who compares them. */
enum sw_logged_event_column {
    SW_LOGGED_EVENT_ROW,
    SW_LOGGED_EVENT_RUN,
    SW_LOGGED_EVENT_LOGGED,
    SW_LOGGED_EVENT_SOURCE, // its row
    SW_LOGGED_EVENT_ID,
    SW_LOGGED_EVENT_KIND,
    SW_LOGGED_EVENT_ACTION,
    SW_LOGGED_EVENT_TIME,
    SW_LOGGED_EVENT_RECORDED,
    SW_LOGGED_EVENT_SEQUENCE, // 0: none
    SW_LOGGED_EVENT_SYNTHETIC,
    SW_LOGGED_EVENT_SCRUBBED,
    SW_LOGGED_EVENT_PAYLOAD,
    SW_LOGGED_EVENT_DIGEST,
};

struct sw_logged_event {
    int64_t id, run_id;
    int64_t logged_ms;
    struct sw_text source, event_id, kind, payload;
    bool scrubbed;
    uint8_t digest[32];
};

struct sw_logged_source {
    int64_t id;
    uint32_t length;
    uint32_t agency_first, agency_length; // of the agency in the name; 0: it has none
    char name[SW_SOURCE_BYTES_MAX];
};

struct sw_logged_run {
    int64_t map_id, policy_id;
    int64_t started_ms, ended_ms; // ended_ms 0: still running, or killed
    uint32_t state_mib; // memory for what rules over many events count; 0: the log does not say
    bool tells_losses;  // a monitor wrote it, and told at its end of all that was lost
};

/** A rule by the policy and the index that findings name it with. */
struct sw_logged_rule {
    int64_t policy_id;
    uint32_t rule;
    char name[80];
};

struct sw_logged {
    struct sw_log_reader reader;
    struct sqlite3_stmt *statements[SW_LOGGED_STATEMENT_COUNT];
    struct sw_logged_rule *rules; // [rule_count], in order of policy and index
    uint32_t rule_count;
    struct sw_logged_source *sources; // [source_count], in order of row
    uint32_t source_count;
    uint32_t source_last; // index of the source that was looked for last
    uint32_t state_mib;   // in place of what the log says of its runs; 0: that
    char topic[SW_TOPIC_BYTES_MAX];
};

/** Opens the log at @path. SW_NOT_FOUND, SW_DATABASE: the sentence of its reader says why. */
enum sw_status sw_logged_open(struct sw_logged *logged, const char *path) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_logged_close(struct sw_logged *logged);

/** The next event. SW_EMPTY: there is none. SW_DATABASE: reading failed. */
enum sw_status sw_logged_next_event(struct sw_logged *logged,
                                    struct sw_logged_event *event) SW_MUST_CHECK;

/** True when the payload of @event was deleted on purpose, so that it cannot be judged again. */
bool sw_logged_is_gone(const struct sw_logged_event *event);

/** The topic that @event was sent to; lives until the next call. */
struct sw_text sw_logged_topic(struct sw_logged *logged, const struct sw_logged_event *event);

/** All tables are read from their start again. */
void sw_logged_rewind(struct sw_logged *logged);

/** What a run was judged by, and when. SW_NOT_FOUND: there is no such run. */
enum sw_status sw_logged_run(struct sw_logged *logged, int64_t run_id,
                             struct sw_logged_run *run) SW_MUST_CHECK;

/**
 * Loads into the empty @knowledge what @run was judged by, or the map in the file @map or the packs
 * in @policy in place of the log's own; with the memory that the run had. False: what is wrong was
 * printed for @verb; @knowledge is empty.
 */
bool sw_logged_load(struct sw_logged *logged, const struct sw_logged_run *run, const char *verb,
                    const char *map, const char *policy, struct sw_knowledge *knowledge);

/** The newest run, 0 when there is none. */
int64_t sw_logged_last_run(struct sw_logged *logged);

/** The name of a rule that findings name by @policy_id and @rule; "?" when it is not known. */
const char *sw_logged_rule_name(const struct sw_logged *logged, int64_t policy_id, int64_t rule);

/** As sw_log_find_event(), among the events up to @until. next_revision is left to the caller. */
enum sw_status sw_logged_find_event(struct sw_logged *logged, struct sw_text source,
                                    struct sw_text event_id, int64_t until,
                                    struct sw_log_event *found, char *payload) SW_MUST_CHECK;

/** Finds the event in row @row. SW_NOT_FOUND. */
enum sw_status sw_logged_event(struct sw_logged *logged, int64_t row, struct sw_log_event *found,
                               char *payload) SW_MUST_CHECK;

/** Finds the event that caused @revision of the hop of the event in row @row. SW_NOT_FOUND. */
enum sw_status sw_logged_find_cause(struct sw_logged *logged, int64_t row, uint32_t revision,
                                    struct sw_log_event *found, char *payload) SW_MUST_CHECK;

/** The revision that the event in row @row gets when the event in row @before teaches of it. */
uint32_t sw_logged_next_revision(struct sw_logged *logged, int64_t row, int64_t before);

/** The newest row of the chain @key that an event up to @until made. SW_NOT_FOUND: there is none.
 */
enum sw_status sw_logged_chain_before(struct sw_logged *logged, struct sw_text key, int64_t until,
                                      struct sw_chain *chain) SW_MUST_CHECK;

/** Brings into @pipeline what the log knew just before the event @before, as a monitor that starts
 *  then does: chains, daily alerts, the last alert's number. */
enum sw_status sw_logged_restore(struct sw_logged *logged, struct sw_pipeline *pipeline,
                                 int64_t before) SW_MUST_CHECK;

#endif
