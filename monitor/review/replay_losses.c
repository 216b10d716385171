/*
 * What the log says is missing, held against what is there.
 *
 * The pipeline that replayed all events knows which numbers no event has. Each of those was told as
 * a gap, or waits for its grace time beyond the number up to which the log vouches for the source,
 * or belongs to a packet that was refused, whose number the log does not keep: of those there are
 * no more than rows of quarantine.
 */
#include "replay_rows.h"

#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/json.h>

#include "database.h"

/* A run of numbers; empty when first > last. */
struct numbers {
    uint64_t first, last;
};

/* One source as it is looked at. */
struct ledger {
    struct sw_replay *replay;
    const char *name;
    uint32_t source; // index in the pipeline, UINT32_MAX: none of its events has a number
    uint32_t cursor; // of the holes
    bool hole_there;
    struct numbers hole;
    uint64_t highest;    // of the events
    uint64_t told;       // numbers of holes that gap rows tell of
    uint64_t untold;     // numbers of holes that none does
    int64_t vouched;     // up to there the log vouches for the source
    int64_t gap;         // row of the gap that is open, 0: none
    struct numbers left; // of it: what is not yet known to have come
};

static void next_hole(struct ledger *ledger)
{
    ledger->hole_there = ledger->source != UINT32_MAX &&
                         sw_pipeline_hole(ledger->replay->pipeline, ledger->source, &ledger->cursor,
                                          &ledger->hole.first, &ledger->hole.last);
}

/* Counts the numbers of holes before @until as untold, up to where the log vouches. */
static void pass_holes(struct ledger *ledger, uint64_t until)
{
    while (ledger->hole_there && ledger->hole.first < until) {
        struct numbers part = ledger->hole;
        bool whole = part.last < until;
        part.last = whole ? part.last : until - 1;
        if (part.first <= (uint64_t)ledger->vouched) {
            uint64_t end =
                part.last < (uint64_t)ledger->vouched ? part.last : (uint64_t)ledger->vouched;
            ledger->untold += end - part.first + 1;
        }
        if (whole) {
            next_hole(ledger);
        } else {
            ledger->hole.first = until;
        }
    }
}

/* @missing is told as missing to this day: no event has a number of it. */
static void tell_missing(struct ledger *ledger, struct numbers missing)
{
    if (missing.first > missing.last) {
        return;
    }
    pass_holes(ledger, missing.first);
    uint64_t at = missing.first;
    while (at <= missing.last && at <= ledger->highest) {
        if (!ledger->hole_there || ledger->hole.first > at) {
            sw_replay_differ_in(ledger->replay,
                                "gap %lld says that number %llu of %s never came, an event has it",
                                (long long)ledger->gap, (unsigned long long)at, ledger->name);
            return;
        }
        uint64_t end = ledger->hole.last < missing.last ? ledger->hole.last : missing.last;
        ledger->told += end - at + 1;
        at = end + 1;
        if (end == ledger->hole.last) {
            next_hole(ledger);
        } else {
            ledger->hole.first = at;
        }
    }
}

struct gap {
    int64_t id, first, last, opened_ms, logged_ms;
    bool filled;
};

static bool is_possible(struct ledger *ledger, const struct gap *gap)
{
    bool grace = gap->logged_ms - gap->opened_ms >= SW_HOLE_GRACE_MS;
    if (gap->first < 1 || gap->first > gap->last) {
        sw_replay_differ_in(ledger->replay, "gap %lld of %s goes from %lld to %lld",
                            (long long)gap->id, ledger->name, (long long)gap->first,
                            (long long)gap->last);
    } else if (gap->filled ? gap->logged_ms != gap->opened_ms : !grace) {
        sw_replay_differ_in(
            ledger->replay, "gap %lld of %s was logged at %lld and opened at %lld, which cannot be",
            (long long)gap->id, ledger->name, (long long)gap->logged_ms, (long long)gap->opened_ms);
    } else {
        return true;
    }
    return false;
}

/* Rows come by number; a gap is followed by the rows that say what of it came. */
static void take_gap(struct ledger *ledger, const struct gap *gap)
{
    if (!is_possible(ledger, gap)) {
        return;
    }
    uint64_t first = (uint64_t)gap->first;
    uint64_t last = (uint64_t)gap->last;
    if (gap->filled) {
        if (gap->id < ledger->gap || first < ledger->left.first || last > ledger->left.last) {
            sw_replay_differ_in(ledger->replay,
                                "gap %lld says that number %llu of %s came after all, it was not "
                                "told as missing",
                                (long long)gap->id, (unsigned long long)first, ledger->name);
            return;
        }
        tell_missing(ledger, (struct numbers){ledger->left.first, first - 1});
        ledger->left.first = last + 1;
        return;
    }
    if (ledger->gap != 0 && first <= ledger->left.last && ledger->left.first <= ledger->left.last) {
        sw_replay_differ_in(ledger->replay, "gaps %lld and %lld of %s tell of the same numbers",
                            (long long)ledger->gap, (long long)gap->id, ledger->name);
        return;
    }
    tell_missing(ledger, ledger->left);
    ledger->gap = gap->id;
    ledger->left = (struct numbers){first, last};
}

static void take_gaps(struct ledger *ledger, int64_t source_id)
{
    struct sw_replay *replay = ledger->replay;
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_GAPS];
    (void)sqlite3_bind_int64(statement, 1, source_id);
    while (!replay->differs && sw_replay_step(replay, SW_LOGGED_GAPS)) {
        struct gap gap = {.id = sqlite3_column_int64(statement, 0),
                          .first = sqlite3_column_int64(statement, 1),
                          .last = sqlite3_column_int64(statement, 2),
                          .opened_ms = sqlite3_column_int64(statement, 3),
                          .logged_ms = sqlite3_column_int64(statement, 4),
                          .filled = sqlite3_column_int(statement, 5) != 0};
        replay->counts.gaps++;
        take_gap(ledger, &gap);
    }
    (void)sqlite3_reset(statement);
    if (!replay->differs) {
        tell_missing(ledger, ledger->left);
        pass_holes(ledger, UINT64_MAX);
    }
}

/* Numbers of one source. Returns how many of them only a refused packet can explain. */
static uint64_t compare_source(struct sw_replay *replay, sqlite3_stmt *statement)
{
    char name[SW_SOURCE_BYTES_MAX + 1];
    sw_database_copy(statement, 1, name, sizeof(name));
    struct ledger ledger = {.replay = replay,
                            .name = name,
                            .vouched = sqlite3_column_int64(statement, 3),
                            .left = {1, 0}};
    ledger.source = sw_pipeline_source(replay->pipeline, sw_text_from(name));
    ledger.highest = ledger.source == UINT32_MAX
                         ? 0
                         : sw_pipeline_source_highest(replay->pipeline, ledger.source);
    int64_t highest = sqlite3_column_int64(statement, 2);
    if (highest < (int64_t)ledger.highest || ledger.vouched > highest) {
        sw_replay_differ_in(replay,
                            "source %s was logged with %lld as its highest number, and %lld as the "
                            "one up to which all is known; an event has %llu",
                            name, (long long)highest, (long long)ledger.vouched,
                            (unsigned long long)ledger.highest);
        return 0;
    }
    next_hole(&ledger);
    take_gaps(&ledger, sqlite3_column_int64(statement, 0));
    return ledger.untold;
}

/* --- refused packets --- */

static bool is_known_code(struct sw_text code)
{
    static const char *const codes[] = {
#define CODE(name, code, text) (code),
        SW_REFUSAL_LIST(CODE) SW_JSON_ERROR_LIST(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (sw_text_equal(code, sw_text_from(codes[i]))) {
            return true;
        }
    }
    return false;
}

/* Rows of imported files have codes and places of their own. */
static const char *fault_of_packet(sqlite3_stmt *statement)
{
    char reason[64];
    int64_t position = sqlite3_column_int64(statement, 2);
    int64_t bytes = sqlite3_column_int64(statement, 3);
    bool imported = sqlite3_column_int(statement, 6) != 0;
    sw_database_copy(statement, 1, reason, sizeof(reason));
    bool too_long = strcmp(reason, "packet_too_long") == 0;
    if (sqlite3_column_int(statement, 4) != 32) {
        return "a digest that is none";
    }
    if (sqlite3_column_type(statement, 5) == SQLITE_NULL) {
        return "a run that is not in the log";
    }
    if (imported) {
        return NULL;
    }
    if (!is_known_code(sw_text_from(reason))) {
        return "a reason that sharewatch does not give";
    }
    if (too_long != (bytes > SW_PACKET_BYTES_MAX)) {
        return "a length that does not fit its reason";
    }
    return position < 0 || position > bytes ? "a place beyond its length" : NULL;
}

static uint64_t compare_quarantine(struct sw_replay *replay)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_QUARANTINE];
    uint64_t packets = 0;
    while (!replay->differs && sw_replay_step(replay, SW_LOGGED_QUARANTINE)) {
        int64_t id = sqlite3_column_int64(statement, 0);
        const char *fault = fault_of_packet(statement);
        replay->counts.quarantined++;
        packets += sqlite3_column_int(statement, 6) == 0 ? 1 : 0;
        if (id != (int64_t)replay->counts.quarantined) {
            sw_replay_differ_in(replay, "row %llu of quarantine is not in the log",
                                (unsigned long long)replay->counts.quarantined);
        } else if (fault != NULL) {
            sw_replay_differ_in(replay, "row %lld of quarantine has %s", (long long)id, fault);
        }
    }
    return packets;
}

void sw_replay_compare_gaps(struct sw_replay *replay)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_SOURCES];
    struct sw_pipeline_counters counters = sw_pipeline_counters(replay->pipeline);
    uint64_t refused = compare_quarantine(replay);
    if (counters.holes_merged_total > 0 || counters.sources_refused_total > 0) {
        return; // the numbers could not all be followed
    }
    while (!replay->differs && sw_replay_step(replay, SW_LOGGED_SOURCES)) {
        uint64_t untold = compare_source(replay, statement);
        if (untold > refused) {
            sw_replay_differ_in(
                replay,
                "%llu numbers of source %s came with no event, and neither a gap nor quarantine "
                "tells of them",
                (unsigned long long)(untold - refused),
                (const char *)sqlite3_column_text(statement, 1));
            return;
        }
        refused -= untold;
    }
}

/* --- losses --- */

static const char *const loss_names[SW_REPLAY_LOSS_COUNT] = {
    [SW_REPLAY_CHAINS_EVICTED] = "chains_evicted",
    [SW_REPLAY_DAILY_EVICTED] = "daily_evicted",
    [SW_REPLAY_CUTS_EVICTED] = "cuts_evicted",
    [SW_REPLAY_FINDINGS_OVER] = "findings_left_out",
    [SW_REPLAY_PARENTS_MISSING] = "parents_missing",
    [SW_REPLAY_CAUSES_MISSING] = "causes_missing",
    [SW_REPLAY_GROUPS_EVICTED] = "correlation_groups_evicted",
};

static void count_losses(const struct sw_replay *replay, uint64_t totals[SW_REPLAY_LOSS_COUNT])
{
    struct sw_pipeline_counters counters = sw_pipeline_counters(replay->pipeline);
    totals[SW_REPLAY_CHAINS_EVICTED] = counters.chains_evicted_total;
    totals[SW_REPLAY_DAILY_EVICTED] = counters.daily_evicted_total;
    totals[SW_REPLAY_CUTS_EVICTED] = counters.cuts_evicted_total;
    totals[SW_REPLAY_FINDINGS_OVER] = replay->judge.findings_over_total;
    totals[SW_REPLAY_PARENTS_MISSING] = replay->judge.parents_missing_total;
    totals[SW_REPLAY_CAUSES_MISSING] = replay->judge.causes_missing_total;
    totals[SW_REPLAY_GROUPS_EVICTED] =
        sw_policy_counters(replay->knowledge.scratch).groups_evicted_total;
}

static int find_loss(struct sw_text name)
{
    int which = 0;
    while (which < SW_REPLAY_LOSS_COUNT && !sw_text_equal(name, sw_text_from(loss_names[which]))) {
        which++;
    }
    return which;
}

/* Groups are given up for want of memory: that is the same where there is as much of it, and in a
 * log's first run, which finds it empty. What is brought back later need not come in one order. */
static bool is_comparable(const struct sw_replay *replay, int which)
{
    uint32_t given = replay->logged.state_mib;
    return which != SW_REPLAY_GROUPS_EVICTED || (replay->run_id == 1 && replay->state_mib > 0 &&
                                                 (given == 0 || given == replay->state_mib));
}

/* The last rows of a run against all that it lost. */
static void compare_totals(struct sw_replay *replay, const uint64_t last[SW_REPLAY_LOSS_COUNT])
{
    uint64_t totals[SW_REPLAY_LOSS_COUNT];
    count_losses(replay, totals);
    for (int i = 0; i < SW_REPLAY_LOSS_COUNT && !replay->differs; i++) {
        bool wrong = replay->tells_losses ? last[i] != totals[i] : last[i] > totals[i];
        if (wrong && is_comparable(replay, i)) {
            sw_replay_differ_in(replay,
                                "run %lld: %s was logged as %llu, in the replay it came to %llu",
                                (long long)replay->run_id, loss_names[i],
                                (unsigned long long)last[i], (unsigned long long)totals[i]);
        }
    }
}

/* A monitor tells of losses once a second and at its end. One that was killed has not told of the
 * last second's: then a row says at most what the replay lost too. */
void sw_replay_compare_losses(struct sw_replay *replay)
{
    sqlite3_stmt *statement = replay->logged.statements[SW_LOGGED_LOSSES];
    uint64_t last[SW_REPLAY_LOSS_COUNT] = {0};
    if (replay->differs || replay->failed) {
        return;
    }
    (void)sqlite3_bind_int64(statement, 1, replay->run_id);
    while (!replay->differs && sw_replay_step(replay, SW_LOGGED_LOSSES)) {
        struct sw_text what = {(const char *)sqlite3_column_text(statement, 0),
                               (uint32_t)sqlite3_column_bytes(statement, 0)};
        int64_t total = sqlite3_column_int64(statement, 1);
        int which = find_loss(what);
        replay->counts.losses++;
        if (which == SW_REPLAY_LOSS_COUNT) {
            continue; // of what happened outside of the events
        }
        replay->counts.losses_unsure += replay->counts.gone > 0 ? 1 : 0;
        replay->counts.groups_unsure +=
            replay->counts.gone == 0 && !is_comparable(replay, which) ? 1 : 0;
        if (total <= 0 || (uint64_t)total <= last[which]) {
            sw_replay_differ_in(replay, "run %lld: %s does not grow from row to row",
                                (long long)replay->run_id, loss_names[which]);
        }
        last[which] = total > 0 ? (uint64_t)total : 0;
    }
    (void)sqlite3_reset(statement);
    if (replay->counts.gone == 0) {
        compare_totals(replay, last);
    }
}
