/**
 * The rows of a log held against what the replay makes; private to the replay. Only the first
 * difference is kept.
 */
#ifndef SHAREWATCH_REPLAY_ROWS_H
#define SHAREWATCH_REPLAY_ROWS_H

#include "replay.h"

struct sqlite3_stmt;

/** The row of @table that a cursor stands on. */
struct sw_replay_row {
    struct sw_replay *replay;
    struct sqlite3_stmt *statement;
    const char *table;
};

/** The text in a column; lives until the cursor moves. */
struct sw_text sw_replay_column(struct sqlite3_stmt *statement, int column);

/** Whether a column holds this; else that is the difference. */
bool sw_replay_is_number(const struct sw_replay_row *row, int column, const char *name,
                         int64_t number);
bool sw_replay_is_text(const struct sw_replay_row *row, int column, const char *name,
                       struct sw_text text);

/** Names as they stand in the log. */
struct sw_text sw_replay_edge(const struct sw_replay *replay, uint16_t edge);
struct sw_text sw_replay_duties(uint32_t duties, char text[SW_DUTIES_TEXT_BYTES]);
const struct sw_rule *sw_replay_rule(const struct sw_replay *replay, uint32_t index);
struct sw_text sw_replay_cite(const struct sw_replay *replay, const struct sw_alert *alert);

/** Keeps a difference that concerns the event being judged. */
void sw_replay_differ(struct sw_replay *replay, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Keeps a difference that concerns no single event. */
void sw_replay_differ_in(struct sw_replay *replay, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The log could not be read: its sentence is kept. */
void sw_replay_fail(struct sw_replay *replay);

/** Moves a cursor to its next row; false: there is none. */
bool sw_replay_step(struct sw_replay *replay, enum sw_logged_statement which);

/** The columns of the event against what its payload says. */
void sw_replay_compare_event(struct sw_replay *replay);

/** One judgement against hop, findings, chain and alert. Takes them in order. */
void sw_replay_compare_outputs(struct sw_replay *replay, const struct sw_log_subject *subject,
                               const struct sw_event *event, const struct sw_outputs *outputs);

/** Whether a judgement is asked for. */
bool sw_replay_in_filter(const struct sw_replay *replay, const struct sw_event *event,
                         const struct sw_outputs *outputs);

/** A hop of the event, or one that it taught, that did not come out. */
void sw_replay_check_left(struct sw_replay *replay);

/** Rows of hops, alerts, chains and counts that no event made. */
void sw_replay_compare_ends(struct sw_replay *replay);

/** A chain's new row: by its sum, or looked up. */
bool sw_replay_same_chain(struct sw_replay *replay, const struct sw_log_subject *subject,
                          const struct sw_chain *chain);

/** All rows of chains: as many as came out, and the same ones. */
void sw_replay_compare_chains(struct sw_replay *replay);

/** From now on the chain @key may have a row. */
void sw_replay_note_known(struct sw_replay *replay, struct sw_text key);

/** True when the chain @key may have a row that an earlier event made. */
bool sw_replay_may_know(const struct sw_replay *replay, struct sw_text key);

/** True when the event cannot be judged: it is gone, or hangs on one that is. It counts so. */
bool sw_replay_is_lost(struct sw_replay *replay);

/** Such an event: its number came, and its hops are taken as they were logged. */
void sw_replay_take_lost(struct sw_replay *replay);

/** Takes the logged hops of this event, and those it taught, from the cursor on. */
void sw_replay_take_hops(struct sw_replay *replay);

/** What the judge is told of an earlier event that is gone. */
enum sw_status sw_replay_leave(struct sw_replay *replay) SW_MUST_CHECK;

/** @rules as they judge where events are gone. */
struct sw_rules sw_replay_rules(struct sw_replay *replay, struct sw_rules rules);

/** @rules counting, if that was asked for, how often each could be tested, see sw_tested_open(). */
struct sw_rules sw_replay_count_tested(struct sw_replay *replay, struct sw_rules rules);

/** Before the rules go: ends the count, and tells it or throws it away. */
void sw_replay_end_tested(struct sw_replay *replay, bool tell);

/** As many events are gone as were deleted on purpose. */
void sw_replay_compare_gone(struct sw_replay *replay);

/** Counts the hop being compared to the daily alert @alert. */
void sw_replay_count_daily(struct sw_replay *replay, uint64_t alert, int64_t time_ms);

/** Moves the findings' cursor past those of the hop being compared. */
void sw_replay_pass_findings(struct sw_replay *replay);

/** What the log says was lost in the run that ends here. */
void sw_replay_compare_losses(struct sw_replay *replay);

/** Gaps against the numbers of all events, and the rows of refused packets. */
void sw_replay_compare_gaps(struct sw_replay *replay);

#endif
