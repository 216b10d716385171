/**
 * The log: one SQLite file that holds every event, what was judged of it, and what was lost.
 *
 * schema.sql is the format and is meant for people. Here are the writer, of which a log has one at
 * a time (the monitor, or a replay into a file of its own), and the reader, of which there may be
 * many, also of another user, while the monitor runs and after it stopped: the log keeps its `-wal`
 * and
 * `-shm` files, and its mode is 0640.
 *
 * The writer collects rows in a transaction that begins by itself. A failed call to SQLite is kept
 * and makes every further call do nothing, so that it is enough to look at the answer of
 * sw_log_commit(). COMMIT writes into the page cache only (synchronous=NORMAL); what was committed
 * before an fdatasync() of sw_log_sync_descriptor() began is safe from a power cut when that
 * returns. Checkpoints are the caller's to start, on another thread.
 */
#ifndef SHAREWATCH_LOG_H
#define SHAREWATCH_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/event.h>
#include <sharewatch/map.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/status.h>
#include <sharewatch/wire.h>

#define SW_LOG_APPLICATION_ID 0x73777431 // 'swt1'
#define SW_LOG_VERSION        2          // of the schema
#define SW_LOG_VERSION_OLDEST 1          // that can be read: 1 had no seal
#define SW_LOG_ORIGIN_BYTES   64         // its name for good, with the NUL
#define SW_LOG_NOTE_BYTES     512        // a checkpoint, with the NUL
#define SW_LOG_SENTENCE_BYTES 512
#define SW_LOG_PATH_BYTES     4096
#define SW_LOG_SOURCES_CACHED 1024 // names of sources whose row number is at hand; a power of two
#define SW_LOG_ROLLUPS_MAX    512  // sums of one transaction; a power of two
#define SW_LOG_PATH_TEXT_MAX  512  // bytes of alert.path

struct sqlite3;
struct sqlite3_stmt;
struct sw_seal;

// X(name): the writer's statements, in the order of log/writer.c
#define SW_LOG_STATEMENT_LIST(X)                                                                   \
    X(BEGIN)                                                                                       \
    X(COMMIT)                                                                                      \
    X(SOURCE_FIND)                                                                                 \
    X(SOURCE_ADD)                                                                                  \
    X(SOURCE_SET)                                                                                  \
    X(EVENT_ADD)                                                                                   \
    X(EVENT_SAME)                                                                                  \
    X(EVENT_FIND)                                                                                  \
    X(EVENT_FIND_ANY)                                                                              \
    X(CAUSE_FIND)                                                                                  \
    X(HOP_ADD)                                                                                     \
    X(FINDING_ADD)                                                                                 \
    X(CHAIN_FIND)                                                                                  \
    X(CHAIN_ADD)                                                                                   \
    X(ALERT_FIND)                                                                                  \
    X(ALERT_ADD)                                                                                   \
    X(ALERT_COUNT)                                                                                 \
    X(GAP_ADD)                                                                                     \
    X(QUARANTINE_ADD)                                                                              \
    X(LOSS_ADD)                                                                                    \
    X(EDGE_HOUR)                                                                                   \
    X(EDGE_DAY)                                                                                    \
    X(SPOOL_SET)                                                                                   \
    X(STATE_SET)                                                                                   \
    X(STATE_FORGET)

#define SW_LOG_STATEMENT_ENUM(name) SW_LOG_##name,
enum sw_log_statement { SW_LOG_STATEMENT_LIST(SW_LOG_STATEMENT_ENUM) SW_LOG_STATEMENT_COUNT };
#undef SW_LOG_STATEMENT_ENUM

struct sw_log_source {
    char name[SW_SOURCE_BYTES_MAX]; // empty: a free place
    uint32_t length;
    int64_t id;
};

/** A sum of the running transaction: hops of one hour, edge, pair of systems, verdict and level. */
struct sw_log_rollup {
    int64_t hour;
    uint16_t edge, from, to;
    uint8_t verdict, level;
    uint32_t hops; // 0: a free place
};

/** The writer. */
struct sw_log {
    struct sqlite3 *database;
    struct sqlite3_stmt *statements[SW_LOG_STATEMENT_COUNT];
    struct sw_seal *seal;         // of what is written, see log/seal.h
    int sync_descriptor;          // of the -wal file
    char note[SW_LOG_NOTE_BYTES]; // the newest signed head; empty: none since it was opened
    bool failed;                  // a call to SQLite failed; `sentence` says which
    bool writing;                 // a transaction has begun
    char sentence[SW_LOG_SENTENCE_BYTES];
    char path[SW_LOG_PATH_BYTES];
    int64_t run_id, map_id, policy_id;
    int64_t event_id, hop_id, alert_id; // the newest rows
    int64_t told;                       // as the row of the spool has it
    int64_t state_number;               // of the newest row of correlations
    uint32_t row_count;                 // rows of the running transaction
    int64_t wal_pages;                  // after the last commit
    const struct sw_map *map;
    const struct sw_rule *rules; // of the policy
    uint32_t rule_count;
    struct sw_log_source sources[SW_LOG_SOURCES_CACHED];
    struct sw_log_rollup rollups[SW_LOG_ROLLUPS_MAX];
    uint32_t rollup_count;
};

/** What a run works with; all of it outlives the log. */
struct sw_log_run {
    const char *version; // of sharewatch
    const char *broker;  // as shown to people
    int64_t started_ms;
    const struct sw_map *map;
    struct sw_text map_content; // of its file
    struct sw_text policy_name; // "ca-state+la-city-2024"
    uint8_t policy_digest[32];
    struct sw_text policy_content; // all its files
    const struct sw_rule *rules;   // [rule_count]
    uint32_t rule_count;
    uint32_t state_mib; // memory for what rules over many events count; 0: not told
};

/**
 * Reserves @bytes, of which SQLite lives in this process from now on, so that no event allocates.
 * Once, before any other use of SQLite. SW_NO_MEMORY: it cannot be had.
 */
enum sw_status sw_log_reserve_memory(size_t bytes) SW_MUST_CHECK;

/**
 * Opens the log at @path for writing, or makes it; an older one is brought up to date. SW_DATABASE:
 * log->sentence says what is wrong and what to do; @log is closed.
 */
enum sw_status sw_log_open(struct sw_log *log, const char *path) SW_MUST_CHECK;

/** Commits nothing, copies the WAL into the log and closes it; its -wal and -shm files stay.
 *  Accepts a zeroed log. */
void sw_log_close(struct sw_log *log);

/** Adds the row of @run, and map and policy if their content is new; commits. As sw_log_open(). */
enum sw_status sw_log_start_run(struct sw_log *log, const struct sw_log_run *run) SW_MUST_CHECK;

/** Notes that the run ended at @now_ms; commits. */
enum sw_status sw_log_end_run(struct sw_log *log, int64_t now_ms) SW_MUST_CHECK;

/**
 * Takes another policy (or map) into use, as after SIGHUP. When they are others than before, a new
 * row of `run` says so, which begins in the millisecond in which the former one ends: so that a
 * replay knows from which event on they were used. Rows from now on name these. Commits.
 */
enum sw_status sw_log_set_policy(struct sw_log *log, const struct sw_log_run *run) SW_MUST_CHECK;

/**
 * Adds @event, decoded from @packet; @payload is what is stored of it: as received, or scrubbed.
 * SW_OK: it is new and log->event_id is its row. SW_EXISTS: its source and id are there with the
 * same digest. SW_INVALID: they are there with another digest. SW_DATABASE: the log has failed.
 */
enum sw_status sw_log_add_event(struct sw_log *log, const struct sw_packet *packet,
                                const struct sw_event *event, struct sw_text payload) SW_MUST_CHECK;

/** An event that was logged before. */
struct sw_log_event {
    int64_t id;
    int64_t logged_ms;
    char source[SW_SOURCE_BYTES_MAX]; // NUL-terminated
    enum sw_kind kind;
    uint8_t digest[32];
    uint32_t payload_length;
    uint32_t next_revision; // of a hop of it, at least 1: an event without a hop may get one later
};

/**
 * Finds the event that the sender calls @event_id, of @source or, if that has none, the newest of
 * any source, and copies its payload to @payload [SW_PACKET_BYTES_MAX]. SW_NOT_FOUND: there is
 * none. SW_DATABASE: the log has failed.
 */
enum sw_status sw_log_find_event(struct sw_log *log, struct sw_text source, struct sw_text event_id,
                                 struct sw_log_event *found, char *payload) SW_MUST_CHECK;

/** Finds the event that caused @revision of the hop of the event in row @row, as above. */
enum sw_status sw_log_find_cause(struct sw_log *log, int64_t row, uint32_t revision,
                                 struct sw_log_event *found, char *payload) SW_MUST_CHECK;

/** One alert as people are told of it. Texts are NUL-terminated, cut at their capacity. */
struct sw_log_alert {
    int64_t id;
    int64_t time_ms;   // when it happened
    int64_t logged_ms; // when it was logged
    enum sw_level level;
    enum sw_verdict verdict;
    uint32_t duties;
    bool daily;    // stands for all of its day
    uint64_t hops; // how many it stands for, at least 1
    bool synthetic;
    char chain[SW_CHAIN_KEY_MAX];
    char edge[16]; // empty when none
    char rule[80]; // empty when the map's default
    char cite[160];
    char title[SW_TITLE_MAX];
    char sentence[SW_SENTENCE_MAX];
    char path[SW_LOG_PATH_TEXT_MAX];
};

/** Copies alert @id of the log that is being written. SW_NOT_FOUND; SW_DATABASE: the log has
 *  failed. */
enum sw_status sw_log_find_alert(struct sw_log *log, int64_t id,
                                 struct sw_log_alert *alert) SW_MUST_CHECK;

/** Whose outputs are added, see sw_log_add_outputs(). */
struct sw_log_subject {
    int64_t event_id;    // row of the event that was judged
    int64_t cause_id;    // of a revision: row of the event that taught it; else 0
    struct sw_text path; // for an alert: the systems on the way, in names for people
    int64_t time_ms;     // of the judged event
    int64_t logged_ms;   // now
    bool synthetic;
};

/**
 * Adds what was judged: hop, findings, chain, alert, roll-ups. A new alert, one that is not only
 * counted, is copied to @alert; true when there is one. Gaps: sw_log_add_gap().
 */
bool sw_log_add_outputs(struct sw_log *log, const struct sw_log_subject *subject,
                        const struct sw_outputs *outputs, struct sw_log_alert *alert);

/** Copies the newest row of the chain with @key to @chain. SW_NOT_FOUND: it has none. SW_DATABASE:
 *  the log has failed. */
enum sw_status sw_log_find_chain(struct sw_log *log, struct sw_text key,
                                 struct sw_chain *chain) SW_MUST_CHECK;

/** Adds one gap of @source. */
void sw_log_add_gap(struct sw_log *log, struct sw_text source, const struct sw_gap *gap,
                    int64_t now_ms);

/** Adds @packet, refused for @rejection, without its bytes. */
void sw_log_add_quarantine(struct sw_log *log, const struct sw_packet *packet,
                           const struct sw_rejection *rejection);

/** Adds that @total of @what were lost since the run began. */
void sw_log_add_loss(struct sw_log *log, const char *what, uint64_t total, int64_t now_ms);

/** Keeps the numbers of @source up to date. */
void sw_log_set_source(struct sw_log *log, struct sw_text source, uint64_t highest,
                       uint64_t contiguous);

/** Keeps the place in the spool up to which all is in the log, and the number of the last alert up
 *  to which the broker has taken all. */
void sw_log_set_spool(struct sw_log *log, int64_t file, int64_t position, int64_t told);

/** Keeps @value under @key, as sw_policy_state_drain() hands them out; an empty value takes the row
 *  away. */
void sw_log_set_state(struct sw_log *log, struct sw_text key, struct sw_text value);

/** Ends the transaction, if one has begun. SW_DATABASE: the log has failed since it began and
 *  nothing of the transaction is in it; log->sentence says why. */
enum sw_status sw_log_commit(struct sw_log *log) SW_MUST_CHECK;

/** A descriptor to fdatasync(), on any thread. */
int sw_log_sync_descriptor(const struct sw_log *log);

/** Bytes of the -wal file that a checkpoint would copy, about. */
int64_t sw_log_wal_bytes(const struct sw_log *log);

/**
 * Copies what is in the WAL into the log, through a connection of its own; runs on any thread while
 * the writer goes on. When the writer rests meanwhile, the WAL starts anew with its next
 * transaction. SW_DATABASE: it could not, @sentence says why; nothing is lost.
 */
enum sw_status sw_log_checkpoint(const char *path,
                                 char sentence[SW_LOG_SENTENCE_BYTES]) SW_MUST_CHECK;

/** What a restart needs besides the pipeline: the place in the spool, {0, 0} in a new log, and the
 *  last alert up to which all were published. */
struct sw_log_spool {
    int64_t file;
    int64_t position;
    int64_t told;
};

/**
 * Brings back into @pipeline what the log knows: chains, sources, holes, today's alerts, the last
 * alert's number. Call it once, after sw_log_start_run(). SW_DATABASE: as always.
 */
enum sw_status sw_log_restore(struct sw_log *log, struct sw_pipeline *pipeline,
                              struct sw_log_spool *spool) SW_MUST_CHECK;

typedef bool (*sw_log_put_fn)(void *context, struct sw_text key, struct sw_text value);

/** Gives back what sw_log_set_state() kept, in the order of the last changes. A row that @put
 *  answers with false belongs to a rule that is gone; it is deleted with the next commit.
 *  SW_DATABASE: as always. */
enum sw_status sw_log_restore_state(struct sw_log *log, sw_log_put_fn put,
                                    void *context) SW_MUST_CHECK;

/* ---- reading ---- */

#define SW_LOG_POLICY_BYTES 128

struct sw_log_reader {
    struct sqlite3 *database;
    struct sqlite3_stmt *alert_after;
    struct sqlite3_stmt *hop_of;
    struct sqlite3_stmt *chain_of;
    char sentence[SW_LOG_SENTENCE_BYTES];
};

/** The newest judgement of one event. */
struct sw_log_hop {
    int64_t event_id;
    bool has_hop; // false: the event moves no data; level NONE, verdict NONE
    uint32_t revision;
    enum sw_level level;
    enum sw_verdict verdict;
    uint32_t duties;
    bool fed_reach;
    bool late;
    char edge[16];
    char chain[SW_CHAIN_KEY_MAX];
    char rules[512];   // names of the rules that spoke, joined by commas
    uint32_t verdicts; // bits 1 << enum sw_verdict, of all their findings
    int64_t alert_id;  // the newest alert that tells of the event; 0: none does
};

/** The log in numbers. */
struct sw_log_totals {
    uint64_t events, hops, revisions, alerts, chains, quarantined;
    uint64_t missing; // sequence numbers in gap rows that were not filled
    uint64_t gaps;    // runs of them, filled later or not
    uint64_t sources;
    uint64_t hops_by_verdict[SW_VERDICT_COUNT]; // newest judgement of each event
    uint64_t chains_by_level[SW_LEVEL_COUNT];   // today's standing
    uint64_t alerts_by_verdict[SW_VERDICT_COUNT];
    int64_t first_ms, last_ms; // times of the events; 0 when there are none
};

/** By what a log is judged, and how much of it is signed. */
struct sw_log_standing {
    char policy[SW_LOG_POLICY_BYTES]; // of the newest run; empty: no monitor has begun to write
    int64_t sealed;                   // sealed records; 0: the log has no seal
    int64_t signed_records;           // of them, covered by the newest checkpoint
};

/** Opens the log at @path for reading. SW_NOT_FOUND: there is none; SW_DATABASE: it cannot be read;
 *  reader->sentence says why and what to do. A reader is used by one thread at a time. */
enum sw_status sw_log_reader_open(struct sw_log_reader *reader, const char *path) SW_MUST_CHECK;

/** Accepts a zeroed reader. */
void sw_log_reader_close(struct sw_log_reader *reader);

/** The oldest alert after row @id. SW_EMPTY: there is none yet. Holds no lock when it returns. */
enum sw_status sw_log_alert_after(struct sw_log_reader *reader, int64_t id,
                                  struct sw_log_alert *alert) SW_MUST_CHECK;

/** The newest judgement of the event that @source calls @event_id. SW_NOT_FOUND: not in the log. */
enum sw_status sw_log_hop_of(struct sw_log_reader *reader, struct sw_text source,
                             struct sw_text event_id, struct sw_log_hop *hop) SW_MUST_CHECK;

/** Today's standing of the chain @key. SW_NOT_FOUND: there is nothing to tell of it. */
enum sw_status sw_log_chain_of(struct sw_log_reader *reader, struct sw_text key,
                               struct sw_chain *chain) SW_MUST_CHECK;

/** Counts; reads the whole log, so not for a loop. */
enum sw_status sw_log_totals(struct sw_log_reader *reader,
                             struct sw_log_totals *totals) SW_MUST_CHECK;

/** The newest event's and alert's row, 0 when there is none: cheap, for asking whether something is
 *  new. */
enum sw_status sw_log_newest(struct sw_log_reader *reader, int64_t *event_id,
                             int64_t *alert_id) SW_MUST_CHECK;

/** How the log stands. SW_DATABASE: reader->sentence says why it cannot be read. */
enum sw_status sw_log_standing(struct sw_log_reader *reader,
                               struct sw_log_standing *standing) SW_MUST_CHECK;

#endif
